//! Runs exports of linked programs on both interpreters.

use std::path::PathBuf;
use std::sync::Arc;

use proz_prozvm_core::{
    Call, NoSyscalls, Outcome, Prepared, Program, Reference, SyscallTable, Verified, verify,
};
use proz_prozvm_link::LinkOptions;

/// A fixture by its name.
pub(crate) fn fixture(name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A program ready on both interpreters.
pub(crate) struct Both {
    pub(crate) program: Arc<Verified>,
    prepared: Prepared,
}

impl Both {
    pub(crate) fn new(program: Program, options: &LinkOptions) -> Self {
        let syscalls: SyscallTable = options.syscalls;
        let program = Arc::new(verify(program, &options.config, &syscalls).unwrap());
        let prepared = Prepared::new(Arc::clone(&program));
        Self { program, prepared }
    }

    /// Calls an export, with as many of the arguments as it takes, and gives how it ends.
    pub(crate) fn call(&self, name: &str, arguments: &[u64]) -> Outcome {
        let function = self
            .program
            .program()
            .export(name)
            .unwrap_or_else(|| panic!("no {name}"))
            .function;
        let parameters = self.program.functions()[function as usize]
            .signature
            .parameters;
        let mut arguments = arguments.to_vec();
        arguments.resize(usize::from(parameters), 0);
        let call = Call {
            function,
            arguments: &arguments,
            gas_limit: 1 << 40,
        };
        let expected = Reference::new(&self.program, &call)
            .unwrap()
            .run(&mut NoSyscalls);
        let result = self.prepared.run(&call, &mut NoSyscalls).unwrap();
        assert_eq!(
            result, expected,
            "{name}{arguments:x?}: the interpreters differ"
        );
        result.outcome
    }

    /// The first result of an export that finishes.
    pub(crate) fn result(&self, name: &str, arguments: &[u64]) -> u64 {
        match self.call(name, arguments) {
            Outcome::Finished([result, _]) => result,
            other => panic!("{name}{arguments:x?}: {other:?}"),
        }
    }
}
