//! Reports what happens to an inspector, and nothing to nobody.

use super::Executor;
use crate::inspection::{FrameCode, FrameEnd, FrameStart, InspectorCell, StorageAccess};
use alloy_primitives::{Address, B256, U256};
use proz_interface::v1::{
    Buffer, CallOutcome, CreateOutcome, Extension, FrameResult, HostError, Message, StatusCode,
    StepEvent, TRACE_EXTENSION, TraceMask,
};
use proz_loader::trace::{StepBridge, StepReceiver};

/// An inspector shared between the host's own events and the steps of the running VM.
pub(crate) struct Watcher<'a> {
    mask: TraceMask,
    inspector: &'a InspectorCell,
    steps: &'a StepBridge<'a>,
}

/// Passes the steps of a VM on to an inspector.
pub(crate) struct Steps<'a>(pub(crate) &'a InspectorCell);

impl StepReceiver for Steps<'_> {
    fn step(&self, event: &StepEvent<'_>) {
        if let Ok(mut inspector) = self.0.try_borrow_mut() {
            inspector.step(event);
        }
    }

    fn step_end(&self, gas_left: u64, has_failed: bool) {
        if let Ok(mut inspector) = self.0.try_borrow_mut() {
            inspector.step_end(gas_left, has_failed);
        }
    }
}

impl<'a> Watcher<'a> {
    pub(crate) fn new(inspector: &'a InspectorCell, steps: &'a StepBridge<'a>) -> Self {
        Self {
            mask: inspector.borrow().mask(),
            inspector,
            steps,
        }
    }

    fn wants(&self, events: TraceMask) -> bool {
        self.mask.contains(events)
    }
}

/// How a frame ended, as an inspector is told.
pub(crate) trait Ended {
    fn status(&self) -> StatusCode;
    fn gas_left(&self) -> u64;
    /// Output, revert data, or the code that a creation has deployed.
    fn output(&self, executor: &mut Executor<'_>) -> Buffer;
}

macro_rules! ended_by_its_fields {
    ($($outcome:ty),*) => {$(
        impl Ended for $outcome {
            fn status(&self) -> StatusCode {
                self.status
            }

            fn gas_left(&self) -> u64 {
                self.gas_left
            }

            fn output(&self, _executor: &mut Executor<'_>) -> Buffer {
                self.output.clone()
            }
        }
    )*};
}

ended_by_its_fields!(CallOutcome, FrameResult);

impl Ended for CreateOutcome {
    fn status(&self) -> StatusCode {
        self.status
    }

    fn gas_left(&self) -> u64 {
        self.gas_left
    }

    fn output(&self, executor: &mut Executor<'_>) -> Buffer {
        if !self.status.is_success() {
            return self.output.clone();
        }
        let account = executor.journal.peek(self.address.into());
        let code = account.and_then(|account| executor.journal.code(account).cloned());
        code.map_or_else(|_| Buffer::empty(), Buffer::from)
    }
}

impl Executor<'_> {
    /// Runs a frame between its start and its end, both of which are told: the end whatever becomes
    /// of the frame.
    #[inline]
    pub(crate) fn watched<E: Ended>(
        &mut self,
        message: &Message<'_>,
        input: &[u8],
        run: impl FnOnce(&mut Self) -> Result<E, HostError>,
    ) -> Result<E, HostError> {
        if self.watcher.is_none() {
            return run(self);
        }
        let gas_limit = message.gas_limit;
        self.watch_start(message, input);
        let end = run(self);
        match &end {
            Ok(end) => {
                let gas_used = gas_limit.saturating_sub(end.gas_left());
                let output = end.output(self);
                self.watch_end(end.status(), gas_used, &output);
            }
            Err(_) => self.watch_end(StatusCode::VM_UNAVAILABLE, gas_limit, &[]),
        }
        end
    }

    /// Tells of a frame's start.
    #[inline]
    fn watch_start(&self, message: &Message<'_>, input: &[u8]) {
        if let Some(watcher) = &self.watcher
            && watcher.wants(TraceMask::FRAMES)
        {
            watcher.inspector.borrow_mut().frame_start(&FrameStart {
                kind: message.kind,
                depth: message.depth,
                is_static: message.is_static,
                gas_limit: message.gas_limit,
                sender: message.sender.into(),
                recipient: message.recipient.into(),
                code_address: message.code_address.into(),
                value: message.value.to_u256(),
                input,
            });
        }
    }

    /// Tells what runs in the frame.
    #[inline]
    pub(crate) fn watch_code(&self, name: &str, vm_type: &str) {
        if let Some(watcher) = &self.watcher
            && watcher.wants(TraceMask::FRAMES)
        {
            watcher
                .inspector
                .borrow_mut()
                .frame_code(FrameCode { name, vm_type });
        }
    }

    /// Tells of a frame's end.
    #[inline]
    fn watch_end(&self, status: StatusCode, gas_used: u64, output: &[u8]) {
        if let Some(watcher) = &self.watcher
            && watcher.wants(TraceMask::FRAMES)
        {
            watcher.inspector.borrow_mut().frame_end(&FrameEnd {
                status,
                gas_used,
                output,
            });
        }
    }

    /// Tells of a storage access.
    #[inline]
    pub(crate) fn watch_storage(
        &self,
        address: Address,
        key: U256,
        value: U256,
        new: Option<U256>,
        is_transient: bool,
    ) {
        if let Some(watcher) = &self.watcher
            && watcher.wants(TraceMask::STORAGE)
        {
            watcher.inspector.borrow_mut().storage(&StorageAccess {
                address,
                key,
                value,
                new,
                is_transient,
            });
        }
    }

    /// Tells that the running frame called back.
    #[inline]
    pub(crate) fn watch_callback(&self, name: &'static str) {
        if let Some(watcher) = &self.watcher {
            watcher.inspector.borrow_mut().callback(name);
        }
    }

    /// Tells of a log.
    #[inline]
    pub(crate) fn watch_log(&self, address: Address, topics: &[B256], data: &[u8]) {
        if let Some(watcher) = &self.watcher
            && watcher.wants(TraceMask::LOGS)
        {
            watcher.inspector.borrow_mut().log(address, topics, data);
        }
    }

    /// Tells of a self-destruction.
    pub(crate) fn watch_selfdestruct(&self, address: Address, beneficiary: Address, value: U256) {
        if let Some(watcher) = &self.watcher
            && watcher.wants(TraceMask::FRAMES)
        {
            watcher
                .inspector
                .borrow_mut()
                .selfdestruct(address, beneficiary, value);
        }
    }

    /// The host extension that a frame asks for.
    pub(crate) fn extension(&self, id: &str) -> Option<Extension> {
        let watcher = self.watcher.as_ref()?;
        (id == TRACE_EXTENSION && watcher.wants(TraceMask::STEPS))
            .then(|| watcher.steps.extension())
    }
}
