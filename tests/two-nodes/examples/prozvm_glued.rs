//! A type whose name is another's and a digit.

mod impostor;

impostor::impostor!("glued-prozvm", "prozvm1", "1.0.0", "mvp");
