//! One frame by itself: code and a message, no transaction around them.
//!
//! Nobody pays, no nonce moves, no value is transferred; the frame sees the value it is told. What
//! tests of a VM, and tools that look at a single frame, ask for.

use super::run::{BUFFERS, mask_of, next_sequence};
use crate::{
    chain::ChainRules,
    execution::{
        ExecutionError, ExecutionResult, Executor, Status, Steps, Surroundings, VmSet, Watcher,
    },
    inspection::InspectorCell,
};
use alloy_primitives::{Address, Bytes, U256, keccak256};
use proz_interface::abi_stable::std_types::RSlice;
use proz_interface::v1::{
    BlockContext, CancelFlag, FrameResult, HostError, Message, MessageKind, StatusCode,
    TransactionContext,
};
use proz_loader::trace::StepBridge;
use proz_state::{Journal, StateDb};
use std::{cell::RefCell, sync::atomic::AtomicBool};

static NEVER: AtomicBool = AtomicBool::new(false);

/// A frame to execute.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FrameRequest {
    /// Code that runs, in the VM of plain code.
    pub code: Bytes,
    /// Account that it works on.
    pub recipient: Address,
    /// Account that sent the message.
    pub sender: Address,
    /// Account that signed the transaction around it.
    pub origin: Address,
    /// Price per gas that the code sees, in wei.
    pub gas_price: U256,
    /// Value that the code sees, in wei.
    pub value: U256,
    /// Call data.
    pub input: Bytes,
    /// Gas that it may spend.
    pub gas_limit: u64,
}

/// Executes one frame and returns its result; the state is not written.
///
/// `gas_used` is what the frame spent, without a refund; `gas_refunded` is its refund, uncapped.
///
/// # Errors
///
/// [`ExecutionError`]; nothing has changed then.
pub fn execute_frame(
    set: &VmSet,
    rules: &ChainRules,
    block: &BlockContext,
    db: &dyn StateDb,
    frame: &FrameRequest,
    inspector: Option<&InspectorCell>,
) -> Result<ExecutionResult, ExecutionError> {
    set.require_whole(block.number)?;
    let context = TransactionContext {
        origin: frame.origin.into(),
        gas_price: frame.gas_price.into(),
        blob_hashes: RSlice::EMPTY,
        sequence: next_sequence(),
    };
    let view = set.view(rules.revision);
    let buffers = BUFFERS.with(RefCell::take);
    let mut journal = Journal::with_buffers(db, rules.journal(), buffers);
    journal.set_warm_set(&view.precompiles.warm);
    let surroundings = Surroundings {
        set,
        view,
        rules,
        block,
        transaction: &context,
        cancel: CancelFlag(&NEVER),
    };
    let steps = inspector.map(Steps);
    let bridge = steps
        .as_ref()
        .map(|steps| StepBridge::new(steps, mask_of(inspector)));
    let watcher = inspector
        .zip(bridge.as_ref())
        .map(|(inspector, bridge)| Watcher::new(inspector, bridge));
    let mut executor = Executor::new(journal, surroundings, watcher);
    let Ok(end) = run(&mut executor, frame) else {
        return Err(executor.into_error());
    };
    let mut result = ExecutionResult {
        status: Status(end.status),
        gas_used: frame.gas_limit - end.gas_left,
        gas_spent: frame.gas_limit - end.gas_left,
        gas_refunded: u64::try_from(end.gas_refund).unwrap_or(0),
        return_data: end.output.into(),
        ..ExecutionResult::default()
    };
    executor.journal.finish_into(&mut result.state_changes);
    let buffers = executor.journal.into_buffers();
    BUFFERS.with(|cell| cell.replace(buffers));
    Ok(result)
}

fn run(executor: &mut Executor<'_>, frame: &FrameRequest) -> Result<FrameResult, HostError> {
    let recipient = executor.journal.load(frame.recipient);
    let (recipient, _) = executor.state(recipient)?;
    let checkpoint = executor.journal.checkpoint();
    let machine = executor.plain_machine()?;
    let message = Message {
        kind: MessageKind::CALL,
        depth: 0,
        is_static: false,
        gas_limit: frame.gas_limit,
        sender: frame.sender.into(),
        recipient: frame.recipient.into(),
        code_address: frame.recipient.into(),
        code_hash: keccak256(&frame.code).into(),
        value: frame.value.into(),
        input: RSlice::from_slice(&frame.input),
    };
    let result = executor.watched(&message, &frame.input, |executor| match machine {
        Some(machine) => executor.run(machine, &frame.code, &message, recipient),
        None => Ok(FrameResult::halt(StatusCode::VM_UNAVAILABLE)),
    })?;
    executor.check_alive()?;
    executor.require_memory(result.output.len())?;
    if !result.status.is_success() {
        executor.journal.revert_to(checkpoint);
    }
    Ok(result)
}
