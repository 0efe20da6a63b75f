//! Whole transactions that the bytes choose, here and on revm.
//!
//! The plugins are those that `cargo xtask stage` has built, or those in the folder that `PROZ_FUZZ_PLUGINS` names.
#![no_main]

use proz_differential::{Here, compare_bytes};
use std::{env, path::PathBuf, sync::LazyLock};

static HERE: LazyLock<Here> = LazyLock::new(|| {
    let staged = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/release/plugins");
    let folder = env::var_os("PROZ_FUZZ_PLUGINS").map_or_else(|| PathBuf::from(staged), PathBuf::from);
    Here::load(&folder).unwrap_or_else(|error| panic!("cannot load plugins of {}: {error}", folder.display()))
});

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Err(report) = compare_bytes(&HERE, data) {
        panic!("{report}");
    }
});
