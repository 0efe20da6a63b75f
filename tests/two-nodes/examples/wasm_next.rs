//! The next generation of a scheduled plugin.

mod impostor;

impostor::impostor!("proz-wasm", "wasm", "2.0.0", "mvp");
