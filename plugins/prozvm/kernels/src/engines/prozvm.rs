//! ProzVM's two interpreters.

use std::sync::Arc;

use proz_prozvm_core::{
    Call, NoSyscalls, Outcome, Prepared, Program, Reference, RunResult, SyscallTable, Verified,
    VmConfig, verify,
};

use super::{Engine, PLENTY, Run};
use crate::Kernel;

const PROGRAM: &[u8] = include_bytes!("../../artefacts/kernels.pz");

fn load() -> Arc<Verified> {
    let program = Program::decode(PROGRAM).unwrap();
    Arc::new(verify(program, &VmConfig::default(), &SyscallTable::EMPTY).unwrap())
}

fn call<'a>(program: &Verified, kernel: &Kernel, arguments: &'a [u64; 1]) -> Call<'a> {
    Call {
        function: program.program().export(kernel.name).unwrap().function,
        arguments,
        gas_limit: PLENTY,
    }
}

fn finished(result: RunResult) -> Run {
    let Outcome::Finished([value, _]) = result.outcome else {
        panic!("a kernel ended with {:?}", result.outcome);
    };
    Run {
        result: value,
        metered: Some(PLENTY - result.gas_left),
    }
}

/// The threaded interpreter.
#[derive(Debug)]
pub struct ProzThreaded(Prepared);

impl ProzThreaded {
    /// Verifies and prepares the kernels.
    pub fn new() -> Self {
        Self(Prepared::new(load()))
    }
}

impl Default for ProzThreaded {
    fn default() -> Self {
        Self::new()
    }
}

impl Engine for ProzThreaded {
    fn name(&self) -> &'static str {
        "ProzVM threaded"
    }

    fn run(&mut self, kernel: &Kernel, size: u64) -> Run {
        let arguments = [size];
        let call = call(self.0.program(), kernel, &arguments);
        finished(self.0.run(&call, &mut NoSyscalls).unwrap())
    }
}

/// The reference interpreter, which also counts instructions.
#[derive(Debug)]
pub struct ProzReference {
    program: Arc<Verified>,
    /// Instructions of the last run.
    pub instructions: u64,
}

impl ProzReference {
    /// Verifies the kernels.
    pub fn new() -> Self {
        Self {
            program: load(),
            instructions: 0,
        }
    }
}

impl Default for ProzReference {
    fn default() -> Self {
        Self::new()
    }
}

impl Engine for ProzReference {
    fn name(&self) -> &'static str {
        "ProzVM reference"
    }

    fn run(&mut self, kernel: &Kernel, size: u64) -> Run {
        let arguments = [size];
        let call = call(&self.program, kernel, &arguments);
        let mut run = Reference::new(&self.program, &call).unwrap();
        self.instructions = 0;
        loop {
            self.instructions += 1;
            if let Some(result) = run.step(&mut NoSyscalls) {
                return finished(result);
            }
        }
    }
}
