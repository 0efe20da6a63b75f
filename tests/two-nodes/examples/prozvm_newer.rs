//! A newer release of a scheduled plugin.

mod impostor;

impostor::impostor!("proz-prozvm", "prozvm", "1.1.7", "mvp");
