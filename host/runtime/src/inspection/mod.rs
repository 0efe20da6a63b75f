//! Watching an execution: frames, storage, logs and, from VMs that report them, single steps.
//!
//! Nothing is paid for what nobody watches.

mod call_tree;
mod pair;

pub use call_tree::{CallLog, CallTree, CallTreeInspector};
pub use proz_interface::v1::{StepEvent, TraceMask};

use alloy_primitives::{Address, B256, U256};
use proz_interface::v1::{MessageKind, StatusCode};
use std::cell::RefCell;

/// A frame that begins.
#[derive(Debug, Clone, Copy)]
pub struct FrameStart<'a> {
    /// How it was entered.
    pub kind: MessageKind,
    /// 0 at the outermost frame.
    pub depth: u32,
    /// Whether state changes are forbidden.
    pub is_static: bool,
    /// Gas it may spend.
    pub gas_limit: u64,
    /// Account that sent the message.
    pub sender: Address,
    /// Account that it works on; of a creation the new address.
    pub recipient: Address,
    /// Account whose code runs.
    pub code_address: Address,
    /// Value in wei.
    pub value: U256,
    /// Call data or init code.
    pub input: &'a [u8],
}

/// What runs in a frame.
#[derive(Debug, Clone, Copy)]
pub struct FrameCode<'a> {
    /// VM type and version such as `evm@1.1.0`, or a precompile's name.
    pub name: &'a str,
    /// VM type; `precompile` for one.
    pub vm_type: &'a str,
}

/// A frame that ends.
#[derive(Debug, Clone, Copy)]
pub struct FrameEnd<'a> {
    /// How it ended.
    pub status: StatusCode,
    /// Gas that it spent.
    pub gas_used: u64,
    /// Output or revert data; of a successful creation the deployed code.
    pub output: &'a [u8],
}

/// A storage slot that was read or written.
#[derive(Debug, Clone, Copy)]
pub struct StorageAccess {
    /// Account.
    pub address: Address,
    /// Slot.
    pub key: U256,
    /// Value read, or value before the write.
    pub value: U256,
    /// Value after the write; `None` for a read.
    pub new: Option<U256>,
    /// Whether the slot is transient. Spec: EIP-1153.
    pub is_transient: bool,
}

/// An inspector, shared between the host's own events and the steps of the running VM.
pub type InspectorCell = RefCell<dyn Inspector>;

/// Somebody who watches an execution. Called on the executing thread, in order.
///
/// A frame's steps come between its start and its end. An inspector must not panic.
pub trait Inspector {
    /// Which events are wanted; asked once, before the execution.
    fn mask(&self) -> TraceMask;

    /// A frame begins. Always followed by its end.
    fn frame_start(&mut self, _frame: &FrameStart<'_>) {}

    /// What runs in the frame that began last is known now; not called for accounts without code.
    fn frame_code(&mut self, _code: FrameCode<'_>) {}

    /// The frame that began last and has not ended ends.
    fn frame_end(&mut self, _end: &FrameEnd<'_>) {}

    /// A slot was accessed.
    fn storage(&mut self, _access: &StorageAccess) {}

    /// A log was emitted.
    fn log(&mut self, _address: Address, _topics: &[B256], _data: &[u8]) {}

    /// An account was destroyed.
    fn selfdestruct(&mut self, _address: Address, _beneficiary: Address, _value: U256) {}

    /// The running frame called back. Told whatever the mask says; named as in
    /// [`StateAccess`](proz_interface::v1::StateAccess).
    fn callback(&mut self, _name: &'static str) {}

    /// An instruction is about to execute.
    fn step(&mut self, _event: &StepEvent<'_>) {}

    /// The instruction reported last has executed.
    fn step_end(&mut self, _gas_left: u64, _has_failed: bool) {}
}
