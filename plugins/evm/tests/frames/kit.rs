//! What every test here needs: a machine, a frame, a way to run code.

use proz_evm::{Evm, EvmConfig};
use proz_sdk::{
    Address, B256, FrameResult, Message, Revision, StatusCode, VirtualMachine as _, VmError, Word,
};
use proz_sdk_testing::mock::{Environment, MockAccount, MockHost};

/// Account that runs the code under test.
pub(crate) const SELF: Address = Address([0x11; 20]);
/// Some other account.
pub(crate) const OTHER: Address = Address([0x22; 20]);

/// One frame to run.
pub(crate) struct Frame<'a> {
    pub(crate) evm: Evm,
    pub(crate) environment: Environment,
    pub(crate) host: MockHost,
    pub(crate) message: Message<'a>,
    pub(crate) code: Vec<u8>,
}

impl Frame<'_> {
    /// A call of `SELF`, which has `code`, with 100,000 gas.
    pub(crate) fn new(revision: Revision, code: &[u8]) -> Self {
        Self::configured(revision, "", code)
    }

    pub(crate) fn configured(revision: Revision, config: &str, code: &[u8]) -> Self {
        let config: EvmConfig = toml::from_str(config).unwrap();
        let mut host = MockHost::new(SELF);
        host.tracks_access = revision >= Revision::Berlin;
        host.state
            .accounts
            .insert(SELF, MockAccount::with_code(code));
        host.state.warm_accounts.insert(SELF);
        let mut message = Environment::call(SELF, 100_000, &[]);
        message.code_hash = host.state.accounts[&SELF].code_hash();
        Self {
            evm: Evm::new(Revision::Osaka, &config).unwrap(),
            environment: Environment::new(revision),
            host,
            message,
            code: code.to_vec(),
        }
    }

    pub(crate) fn try_run(&mut self) -> Result<FrameResult, VmError> {
        let context = self.environment.context(self.message);
        self.evm
            .execute(&self.code, &context, &mut self.host.host())
    }

    pub(crate) fn run(&mut self) -> FrameResult {
        self.try_run().unwrap()
    }
}

/// Runs `code` and returns the result with gas used.
pub(crate) fn run(revision: Revision, code: &[u8]) -> (StatusCode, u64, Vec<u8>) {
    let result = Frame::new(revision, code).run();
    (
        result.status,
        100_000 - result.gas_left,
        result.output.to_vec(),
    )
}

/// `PUSH32 value`.
pub(crate) fn push(value: impl Into<Word>) -> Vec<u8> {
    let mut code = vec![0x7f];
    code.extend(value.into().to_be_bytes());
    code
}

/// `PUSH20 address`.
pub(crate) fn push_address(address: Address) -> Vec<u8> {
    let mut code = vec![0x73];
    code.extend(address.0);
    code
}

/// Pieces of code in a row.
pub(crate) fn code(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}

/// Returns the top of the stack.
pub(crate) const RETURN_TOP: &[u8] = &[0x60, 0, 0x52, 0x60, 0x20, 0x60, 0, 0xf3];

/// A word as output.
pub(crate) fn output(value: impl Into<Word>) -> Vec<u8> {
    value.into().to_be_bytes().to_vec()
}

/// A hash of one repeated byte.
pub(crate) const fn hash(byte: u8) -> B256 {
    B256([byte; 32])
}
