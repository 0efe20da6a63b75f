//! All scenes by name.

use crate::{Scene, caches, evm, limits, mixed, precompiles, prozvm, wasm};

/// A scene by name; made when it is needed, since some are large.
pub struct Row {
    /// Group and words, such as `evm: KECCAK256 of 128 KiB`.
    pub name: String,
    make: Box<dyn Fn() -> Scene>,
}

impl Row {
    pub(crate) fn new(name: impl Into<String>, make: impl Fn() -> Scene + 'static) -> Self {
        Self {
            name: name.into(),
            make: Box::new(make),
        }
    }

    /// Makes the scene.
    #[must_use]
    pub fn scene(&self) -> Scene {
        (self.make)()
    }
}

/// Every scene.
#[must_use]
pub fn rows() -> Vec<Row> {
    let mut all = evm::rows();
    all.extend(limits::rows());
    all.extend(precompiles::rows());
    all.extend(wasm::rows());
    all.extend(prozvm::rows());
    all.extend(caches::rows());
    all.extend(mixed::rows());
    all
}
