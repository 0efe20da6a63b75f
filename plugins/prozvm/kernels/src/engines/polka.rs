//! PolkaVM's interpreter, with gas.

use polkavm::{
    BackendKind, Config, GasMeteringKind, InterruptKind, Module, ModuleConfig, ProgramBlob,
    ProgramCounter, Reg,
};

use super::{Engine, PLENTY, Run};
use crate::Kernel;

const BLOB: &[u8] = include_bytes!("../../artefacts/kernels.polkavm");

/// PolkaVM's interpreter with synchronous gas.
#[allow(missing_debug_implementations, reason = "its module has none")]
pub struct PolkaInterpreter {
    module: Module,
    exports: Vec<(Vec<u8>, ProgramCounter)>,
}

impl PolkaInterpreter {
    /// Reads the kernels.
    pub fn new() -> Self {
        let mut config = Config::new();
        config.set_backend(Some(BackendKind::Interpreter));
        let engine = polkavm::Engine::new(&config).unwrap();
        let mut config = ModuleConfig::new();
        config.set_gas_metering(Some(GasMeteringKind::Sync));
        let blob = ProgramBlob::parse(BLOB.into()).unwrap();
        let module = Module::from_blob(&engine, &config, blob).unwrap();
        let exports = module.exports();
        let exports = exports
            .map(|export| {
                (
                    export.symbol().as_bytes().to_vec(),
                    export.program_counter(),
                )
            })
            .collect();
        Self { module, exports }
    }
}

impl Default for PolkaInterpreter {
    fn default() -> Self {
        Self::new()
    }
}

impl Engine for PolkaInterpreter {
    fn name(&self) -> &'static str {
        "polkavm 0.37 interpreter + gas"
    }

    fn run(&mut self, kernel: &Kernel, size: u64) -> Run {
        let name = kernel.portable.as_bytes();
        let (_, entry) = self
            .exports
            .iter()
            .find(|(symbol, _)| symbol == name)
            .unwrap();
        let mut instance = self.module.instantiate().unwrap();
        instance.set_gas(PLENTY as i64);
        instance.prepare_call_untyped(*entry, &[size]);
        assert!(matches!(instance.run().unwrap(), InterruptKind::Finished));
        Run {
            result: instance.reg(Reg::A0),
            metered: Some(PLENTY - instance.gas() as u64),
        }
    }
}
