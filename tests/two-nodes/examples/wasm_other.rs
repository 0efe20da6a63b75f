//! Another plugin for the same code, of a higher version than any.

mod impostor;

impostor::impostor!("other-wasm", "wasm", "9.9.9", "mvp,stylus");
