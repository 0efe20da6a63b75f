//! Instructions, each with what it cost and what it did to storage.

use alloy_primitives::{Address, U256};
use proz_host::inspection::{FrameEnd, FrameStart, Inspector, StepEvent, StorageAccess, TraceMask};
use std::collections::BTreeMap;

/// An instruction that has executed.
#[derive(Debug, Clone)]
pub(super) struct Step {
    pub(super) program_counter: u64,
    pub(super) opcode: u32,
    pub(super) name: String,
    pub(super) gas: u64,
    /// What it charged, forwarded gas included.
    pub(super) gas_cost: u64,
    /// 1 at the outermost frame, as tracers count.
    pub(super) depth: usize,
    pub(super) refund: i64,
    /// Lowest item first.
    pub(super) stack: Vec<U256>,
    pub(super) memory_size_bytes: u64,
    /// Slots of the account that were accessed so far, if this instruction accessed one.
    pub(super) storage: Option<BTreeMap<U256, U256>>,
    /// Gas left by one that failed.
    failed_with: Option<u64>,
    /// Why it ended its frame, if it halted.
    pub(super) error: Option<String>,
}

/// Gives each instruction, when it has executed, to `sink`.
pub(super) struct Steps<F> {
    sink: F,
    /// Instruction that executes, in each open frame.
    open: Vec<Option<Step>>,
    storage: BTreeMap<Address, BTreeMap<U256, U256>>,
}

impl<F: FnMut(Step)> Steps<F> {
    pub(super) fn new(sink: F) -> Self {
        Self {
            sink,
            open: Vec::new(),
            storage: BTreeMap::new(),
        }
    }

    fn close(&mut self, gas_left: u64) {
        if let Some(mut step) = self.open.last_mut().and_then(Option::take) {
            step.gas_cost = step.gas.saturating_sub(gas_left);
            (self.sink)(step);
        }
    }
}

impl<F: FnMut(Step)> Inspector for Steps<F> {
    fn mask(&self) -> TraceMask {
        let frames = TraceMask::FRAMES.union(TraceMask::STORAGE);
        frames.union(TraceMask::STEPS).union(TraceMask::STACK)
    }

    fn frame_start(&mut self, _frame: &FrameStart<'_>) {
        self.open.push(None);
    }

    fn frame_end(&mut self, end: &FrameEnd<'_>) {
        if let Some(Some(mut step)) = self.open.pop() {
            // It halted, or its end was not told: it took what was there.
            let gas_left = step.failed_with.unwrap_or(0);
            step.gas_cost = step.gas.saturating_sub(gas_left);
            step.error = Some(end.status.to_string());
            (self.sink)(step);
        }
    }

    fn storage(&mut self, access: &StorageAccess) {
        if access.is_transient {
            return;
        }
        let slots = self.storage.entry(access.address).or_default();
        slots.insert(access.key, access.new.unwrap_or(access.value));
        if let Some(Some(step)) = self.open.last_mut() {
            step.storage = Some(slots.clone());
        }
    }

    fn step(&mut self, event: &StepEvent<'_>) {
        self.close(event.gas_left);
        let depth = self.open.len();
        let Some(open) = self.open.last_mut() else {
            return;
        };
        *open = Some(Step {
            program_counter: event.program_counter,
            opcode: event.opcode,
            name: event.name.to_string(),
            gas: event.gas_left,
            gas_cost: 0,
            depth,
            refund: event.gas_refund,
            stack: event.stack.iter().map(|word| word.to_u256()).collect(),
            memory_size_bytes: event.memory_size_bytes,
            storage: None,
            failed_with: None,
            error: None,
        });
    }

    fn step_end(&mut self, gas_left: u64, has_failed: bool) {
        // One that failed waits for its frame's end, which tells why.
        if let Some(Some(step)) = self.open.last_mut().filter(|_| has_failed) {
            step.failed_with = Some(gas_left);
        } else {
            self.close(gas_left);
        }
    }
}
