//! A host in memory, for tests of plugins.

mod access;
mod environment;
mod observation;
mod state;
mod trace;

pub use environment::Environment;
pub use observation::{Callback, Observation};
pub use state::{MockAccount, MockLog, MockState};
pub use trace::{RecordedStep, StepRecorder};

use proz_interface::v1::{
    Address, B256, Buffer, CallOutcome, CallRequest, CreateOutcome, CreateRequest, HostError,
    MessageKind, StatusCode,
};
use proz_sdk::Host;
use std::{collections::BTreeMap, rc::Rc};

/// Answers a nested call. May run a VM on the same mock: see [`MockHost::enter`].
pub type CallHandler =
    Rc<dyn Fn(&mut MockHost, &CallRequest<'_>) -> Result<CallOutcome, HostError>>;

/// Answers a nested creation.
pub type CreateHandler =
    Rc<dyn Fn(&mut MockHost, &CreateRequest<'_>) -> Result<CreateOutcome, HostError>>;

/// Answers a direct call of a precompile.
pub type PrecompileHandler = Rc<dyn Fn(&Address, &[u8], u64) -> Result<CallOutcome, HostError>>;

/// A host in memory that serves one frame at a time and the frames nested in it.
///
/// Without handlers a nested call transfers its value and succeeds with empty output and all its
/// gas, a creation ends with [`StatusCode::CODE_REFUSED`], and no precompile is served.
#[derive(Default)]
pub struct MockHost {
    /// Accounts, storage, logs.
    pub state: MockState,
    /// Account that the running frame works on.
    pub recipient: Address,
    /// Whether the running frame must not change state.
    pub is_static: bool,
    /// Whether first touches count as cold; off before Berlin.
    pub tracks_access: bool,
    /// Hashes of blocks; others are zero.
    pub block_hashes: BTreeMap<u64, B256>,
    /// Whether callbacks are recorded in [`observations`](Self::observations).
    pub observes: bool,
    /// What the frames asked for, in order.
    pub observations: Vec<Observation>,
    /// The callback with this number, counted from 0, fails with the error.
    pub failure: Option<(usize, HostError)>,
    /// Callbacks so far.
    pub callbacks: usize,
    /// Answers nested calls.
    pub on_call: Option<CallHandler>,
    /// Answers nested creations.
    pub on_create: Option<CreateHandler>,
    /// Answers direct calls of precompiles.
    pub on_precompile: Option<PrecompileHandler>,
    /// Receives steps, when set.
    pub recorder: Option<Box<StepRecorder>>,
    checkpoints: Vec<(u64, MockState)>,
    next_checkpoint: u64,
}

impl MockHost {
    /// A host whose running frame works on `recipient`, with access tracking and observation on.
    #[must_use]
    pub fn new(recipient: Address) -> Self {
        Self {
            recipient,
            tracks_access: true,
            observes: true,
            ..Self::default()
        }
    }

    /// This host as a frame of the SDK sees it.
    pub fn host(&mut self) -> Host<'_> {
        Host::from_impl(self)
    }

    /// Runs `body` as a nested frame on `recipient`; undoes its changes unless it succeeds.
    ///
    /// # Errors
    ///
    /// Those of `body`.
    pub fn enter<E>(
        &mut self,
        recipient: Address,
        is_static: bool,
        body: impl FnOnce(&mut Self) -> Result<CallOutcome, E>,
    ) -> Result<CallOutcome, E> {
        let before = self.state.clone();
        let outer = (self.recipient, self.is_static);
        self.recipient = recipient;
        self.is_static |= is_static;
        let outcome = body(self);
        (self.recipient, self.is_static) = outer;
        if !matches!(&outcome, Ok(outcome) if outcome.status.is_success()) {
            self.state = before;
        }
        outcome
    }

    /// The observations as lines of text.
    #[must_use]
    pub fn transcript(&self) -> Vec<String> {
        self.observations.iter().map(ToString::to_string).collect()
    }

    /// Counts a callback, and fails it where the test wants so.
    fn begin(&mut self) -> Result<(), HostError> {
        let number = self.callbacks;
        self.callbacks += 1;
        match self.failure {
            Some((at, error)) if at == number => Err(error),
            _ => Ok(()),
        }
    }

    fn observe(&mut self, callback: Callback, gas: Option<u64>, detail: impl FnOnce() -> String) {
        if self.observes {
            self.observations.push(Observation {
                callback,
                gas,
                detail: detail(),
            });
        }
    }

    fn refuse_when_static(&self) -> Result<(), HostError> {
        if self.is_static {
            return Err(HostError::STATIC_VIOLATION);
        }
        Ok(())
    }

    fn call_by_default(&mut self, request: &CallRequest<'_>) -> CallOutcome {
        let is_paid = request.kind != MessageKind::CALL
            || request.value.is_zero()
            || self
                .state
                .transfer(self.recipient, request.target, request.value);
        CallOutcome {
            status: if is_paid {
                StatusCode::SUCCESS
            } else {
                StatusCode::INSUFFICIENT_BALANCE
            },
            gas_left: request.gas_limit,
            gas_refund: 0,
            output: Buffer::empty(),
        }
    }
}
