//! The machine: its configuration chooses what it does wrong.

use std::sync::atomic::{AtomicU64, Ordering};

use proz_sdk::{
    Buffer, CallRequest, CreateRequest, ExecutionContext, FrameResult, GasEstimate, GasMeter, Host, MessageKind, StatusCode, VirtualMachine,
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
    /// Claims as much refund as can be said.
    HugeRefund,
    /// Says that a callback failed, though none did.
    FalseHostError,
    /// Says that it was cancelled, though nobody asked.
    FalseCancel,
    /// Calls itself with the rest of its input, and goes on whatever comes of it.
    IgnoreNestedFault,
    /// Starts threads that outlive the frame, and returns its input.
    SpawnThreads,
    /// Returns a megabyte for no gas.
    HugeOutput,
    /// Returns an internal error of a megabyte.
    LongError,
    /// Creates a contract with as many zeros of init code as the first four bytes of the input
    /// say, passes failures on, and returns the status as four bytes.
    CreateZeros,
    /// The first byte of the input chooses; see [`CHAOS`].
    Chaos,
}

/// What the first byte of the input chooses, in order; a larger one echoes.
pub const CHAOS: [Behaviour; 15] = [
    Behaviour::Good,
    Behaviour::PanicInExecute,
    Behaviour::PanicAfterStore,
    Behaviour::GasAboveLimit,
    Behaviour::MalformedOutput,
    Behaviour::UnknownStatus,
    Behaviour::InternalError,
    Behaviour::SpinUntilCancelled,
    Behaviour::IgnoreHostErrors,
    Behaviour::StoreThenRevert,
    Behaviour::HugeRefund,
    Behaviour::FalseHostError,
    Behaviour::FalseCancel,
    Behaviour::IgnoreNestedFault,
    Behaviour::SpawnThreads,
];

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
            if behaviour == Behaviour::Chaos {
                // This library's own hook: thousands of panics would fill the log of the tests.
                std::panic::set_hook(Box::new(|_| {}));
            }
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
        let behaviour = match (self.0, input.first()) {
            (Behaviour::Chaos, Some(choice)) => {
                let chosen = CHAOS.get(usize::from(*choice));
                chosen.copied().unwrap_or_default()
            }
            (behaviour, _) => behaviour,
        };
        match behaviour {
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
            Behaviour::HugeRefund => {
                return Ok(FrameResult {
                    gas_refund: i64::MAX,
                    ..FrameResult::success(gas_limit, input.into())
                });
            }
            Behaviour::HugeOutput => {
                return Ok(FrameResult::success(gas_limit, vec![1; 1 << 20].into()));
            }
            Behaviour::LongError => {
                return Err(VmError::new(VmErrorCode::INTERNAL, "x".repeat(1 << 20)));
            }
            Behaviour::CreateZeros => {
                let size = input.first_chunk().map_or(0, |size| u32::from_be_bytes(*size));
                let outcome = host.create(&CreateRequest {
                    kind: MessageKind::CREATE,
                    gas_limit: gas_limit / 2,
                    value: Word::ZERO,
                    salt: Default::default(),
                    init_code: vec![0; size as usize].as_slice().into(),
                })?;
                let status = outcome.status.0.to_be_bytes();
                return Ok(FrameResult::success(gas_limit / 2, status.as_slice().into()));
            }
            Behaviour::FalseHostError => {
                return Err(VmError::new(VmErrorCode::HOST, "a callback failed"));
            }
            Behaviour::FalseCancel => {
                return Err(VmError::new(VmErrorCode::CANCELLED, "cancelled"));
            }
            Behaviour::IgnoreNestedFault => {
                let _ = host.call(&CallRequest {
                    kind: MessageKind::CALL,
                    gas_limit: gas_limit / 2,
                    target: context.message.recipient,
                    value: Word::ZERO,
                    input: input.get(1..).unwrap_or_default().into(),
                });
                return Ok(FrameResult::success(gas_limit / 2, input.into()));
            }
            Behaviour::SpawnThreads => {
                for number in 0..3_u64 {
                    std::thread::spawn(move || {
                        std::thread::sleep(std::time::Duration::from_millis(number));
                        assert!(number != 1, "a thread of a plugin panics by itself");
                    });
                }
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
