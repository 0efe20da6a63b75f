//! A newer release of a scheduled plugin.

mod impostor;

impostor::impostor!(
    "proz-wasm",
    "wasm",
    "1.1.7",
    "mvp,stylus,deterministic,nosuch"
);
