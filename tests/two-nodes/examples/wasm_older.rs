//! A release between two scheduled ones.

mod impostor;

impostor::impostor!("proz-wasm", "wasm", "1.0.5", "mvp");
