//! The engines that run the kernels.

#[cfg(native)]
mod native;
mod polka;
mod prozvm;
mod wasm;

#[cfg(native)]
pub use native::Native;
pub use polka::PolkaInterpreter;
pub use prozvm::{ProzReference, ProzThreaded};
pub use wasm::{Wasmi, Wasmtime};

use crate::Kernel;

/// What a run gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// The number that the kernel gives.
    pub result: u64,
    /// Gas or fuel that the run used, in units of the engine.
    pub metered: Option<u64>,
}

/// Something that runs kernels, loaded and compiled beforehand.
pub trait Engine {
    /// How tables call it.
    fn name(&self) -> &'static str;
    /// Runs a kernel in a fresh memory.
    fn run(&mut self, kernel: &Kernel, size: u64) -> Run;
}

/// Gas or fuel that no kernel uses up.
const PLENTY: u64 = 1 << 50;

/// All metered engines that have a full column in the table, and native code where a compiler was found.
pub fn all() -> Vec<Box<dyn Engine>> {
    vec![
        #[cfg(native)]
        Box::new(Native),
        Box::new(Wasmtime::new()),
        Box::new(ProzThreaded::new()),
        Box::new(Wasmi::new()),
        Box::new(PolkaInterpreter::new()),
    ]
}
