//! wasmtime and wasmi, both with fuel.

use super::{Engine, PLENTY, Run};
use crate::Kernel;

const MODULE: &[u8] = include_bytes!("../../artefacts/kernels.wasm");

/// wasmtime with its optimising compiler and fuel.
#[derive(Debug)]
pub struct Wasmtime {
    engine: wasmtime::Engine,
    module: wasmtime::Module,
}

impl Wasmtime {
    /// Compiles the kernels.
    pub fn new() -> Self {
        let mut config = wasmtime::Config::new();
        config.consume_fuel(true);
        let engine = wasmtime::Engine::new(&config).unwrap();
        let module = wasmtime::Module::new(&engine, MODULE).unwrap();
        Self { engine, module }
    }
}

impl Default for Wasmtime {
    fn default() -> Self {
        Self::new()
    }
}

impl Engine for Wasmtime {
    fn name(&self) -> &'static str {
        "wasmtime 48 + fuel"
    }

    fn run(&mut self, kernel: &Kernel, size: u64) -> Run {
        let mut store = wasmtime::Store::new(&self.engine, ());
        store.set_fuel(PLENTY).unwrap();
        let instance = wasmtime::Instance::new(&mut store, &self.module, &[]).unwrap();
        let function = instance
            .get_typed_func::<u64, u64>(&mut store, kernel.portable)
            .unwrap();
        let result = function.call(&mut store, size).unwrap();
        Run {
            result,
            metered: Some(PLENTY - store.get_fuel().unwrap()),
        }
    }
}

/// wasmi with fuel.
#[derive(Debug)]
pub struct Wasmi {
    engine: wasmi::Engine,
    module: wasmi::Module,
}

impl Wasmi {
    /// Translates the kernels.
    pub fn new() -> Self {
        let mut config = wasmi::Config::default();
        config.consume_fuel(true);
        config.compilation_mode(wasmi::CompilationMode::Eager);
        let engine = wasmi::Engine::new(&config);
        let module = wasmi::Module::new(&engine, MODULE).unwrap();
        Self { engine, module }
    }
}

impl Default for Wasmi {
    fn default() -> Self {
        Self::new()
    }
}

impl Engine for Wasmi {
    fn name(&self) -> &'static str {
        "wasmi 2.0 + fuel"
    }

    fn run(&mut self, kernel: &Kernel, size: u64) -> Run {
        let mut store = wasmi::Store::new(&self.engine, ());
        store.set_fuel(PLENTY).unwrap();
        let linker = wasmi::Linker::new(&self.engine);
        let instance = linker
            .instantiate_and_start(&mut store, &self.module)
            .unwrap();
        let function = instance
            .get_typed_func::<u64, u64>(&store, kernel.portable)
            .unwrap();
        let result = function.call(&mut store, size).unwrap();
        Run {
            result,
            metered: Some(PLENTY - store.get_fuel().unwrap()),
        }
    }
}
