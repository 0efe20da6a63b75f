//! The machine: its configuration chooses what it does wrong.

use std::sync::atomic::{AtomicU64, Ordering};

use proz_sdk::{
    Buffer, ExecutionContext, FrameResult, GasEstimate, GasMeter, Host, StatusCode, VirtualMachine,
    VmError, VmErrorCode, Word,
};

/// How many instances this mapping of the library has created.
static INSTANCES: AtomicU64 = AtomicU64::new(0);

/// What a machine does wrong.
#[derive(serde::Deserialize, Clone, Copy, Default, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum Behaviour {
    /// Echoes.
    #[default]
    Good,
    /// Refuses to be created.
    RefuseCreate,
    /// Panics where it is created, with a text.
    PanicInCreate,
    /// Panics in `execute`, with a value that is no text.
    PanicInExecute,
    /// Calls back first, then panics.
    PanicAfterStore,
    /// Panics in `validate_code`.
    PanicInValidate,
    /// Panics in `estimate_gas`.
    PanicInEstimate,
    /// Panics in `shutdown`.
    PanicInShutdown,
    /// Returns more gas than it was given.
    GasAboveLimit,
    /// Returns an output that points nowhere.
    MalformedOutput,
    /// Returns a status that nobody knows.
    UnknownStatus,
    /// Returns an internal error.
    InternalError,
    /// Runs until it is cancelled.
    SpinUntilCancelled,
    /// Goes on after a callback failed, as if nothing had happened.
    IgnoreHostErrors,
    /// Stores in the account's first slot, then reverts.
    StoreThenRevert,
    /// Returns, as eight bytes, how many instances this mapping of the library has created.
    CountInstances,
}

/// The configuration: `behaviour = "…"`.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    #[serde(default)]
    behaviour: Behaviour,
}

/// A machine that misbehaves in one way.
///
/// Well behaved it echoes: every program returns its input, for one gas a byte.
pub struct Machine(Behaviour);

/// Creates the machine, unless it is told to fail.
pub fn create(config: Config) -> Result<Machine, VmError> {
    match config.behaviour {
        Behaviour::RefuseCreate => Err(VmError::new(
            VmErrorCode::INVALID_CONFIGURATION,
            "behaviour is refuse-create,\nexpected another one",
        )),
        Behaviour::PanicInCreate => panic!("behaviour is panic-in-create"),
        behaviour => {
            INSTANCES.fetch_add(1, Ordering::Relaxed);
            Ok(Machine(behaviour))
        }
    }
}

impl VirtualMachine for Machine {
    fn execute(
        &self,
        _code: &[u8],
        context: &ExecutionContext<'_>,
        host: &mut Host<'_>,
    ) -> Result<FrameResult, VmError> {
        let input = context.message.input.as_slice();
        let gas_limit = context.message.gas_limit;
        let one = {
            let mut bytes = [0; 32];
            bytes[31] = 1;
            Word::from_be_bytes(bytes)
        };
        match self.0 {
            Behaviour::PanicInExecute => std::panic::panic_any(17_u32),
            Behaviour::PanicAfterStore => {
                host.storage_store(&one, &one)?;
                panic!("after a store");
            }
            Behaviour::GasAboveLimit => {
                return Ok(FrameResult::success(
                    gas_limit.saturating_add(1),
                    Buffer::empty(),
                ));
            }
            Behaviour::MalformedOutput => {
                // SAFETY: nothing is released, and nobody may read a null pointer: that is the point.
                let output = unsafe { Buffer::from_raw_parts(std::ptr::null(), 64, 0, None) };
                return Ok(FrameResult::success(gas_limit, output));
            }
            Behaviour::UnknownStatus => return Ok(FrameResult::halt(StatusCode(0x7777_7777))),
            Behaviour::InternalError => {
                return Err(VmError::new(
                    VmErrorCode::INTERNAL,
                    "the plugin lost its way",
                ));
            }
            Behaviour::SpinUntilCancelled => {
                while !context.cancel.is_set() {
                    std::hint::spin_loop();
                }
                return Err(VmError::new(VmErrorCode::CANCELLED, "cancelled"));
            }
            Behaviour::IgnoreHostErrors => {
                let _ = host.storage_store(&one, &one);
            }
            Behaviour::StoreThenRevert => {
                host.storage_store(&one, &one)?;
                return Ok(FrameResult::revert(gas_limit, input.into()));
            }
            Behaviour::CountInstances => {
                let count = INSTANCES.load(Ordering::Relaxed).to_be_bytes();
                return Ok(FrameResult::success(gas_limit, count.as_slice().into()));
            }
            _ => {}
        }
        let mut gas = GasMeter::new(gas_limit);
        if gas.charge(input.len() as u64).is_err() {
            return Ok(FrameResult::halt(StatusCode::OUT_OF_GAS));
        }
        Ok(FrameResult::success(gas.left(), input.into()))
    }

    fn validate_code(&self, _code: &[u8]) -> Result<(), VmError> {
        assert!(
            self.0 != Behaviour::PanicInValidate,
            "panic in validate_code"
        );
        Ok(())
    }

    fn estimate_gas(
        &self,
        code: &[u8],
        input: &[u8],
        context: &ExecutionContext<'_>,
        host: &mut Host<'_>,
    ) -> Result<GasEstimate, VmError> {
        assert!(
            self.0 != Behaviour::PanicInEstimate,
            "panic in estimate_gas"
        );
        proz_sdk::estimate_by_trial(self, code, input, context, host)
    }

    fn shutdown(&self) {
        assert!(self.0 != Behaviour::PanicInShutdown, "panic in shutdown");
    }
}
