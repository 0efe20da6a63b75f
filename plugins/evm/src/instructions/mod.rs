//! The instructions that reach state, other frames or the caller, and those that are faster here.

mod accounts;
mod calls;
mod control;
mod creations;
mod hashing;
mod limits;
mod logs;
mod storage;

use crate::{config::Settings, frame::FrameHost, opcodes, pool::Wire, rules::Table};
use proz_sdk::{Address, Buffer, Word};
use revm_interpreter::{
    Gas, Instruction, InstructionContext, InstructionExecResult, InstructionResult, Interpreter,
    as_usize_or_fail,
    bytecode::opcode as op,
    context_interface::cfg::GasParams,
    instruction_table,
    primitives::{Bytes, U256},
};
use std::ops::Range;

/// What an instruction works on.
pub(crate) type Context<'c, 'a, 'h> = InstructionContext<'c, FrameHost<'a, 'h>, Wire>;

/// Tables of one rule set; see [`Rules`](crate::rules::Rules).
pub(crate) struct Tables {
    pub(crate) plain: Table<'static, 'static>,
    pub(crate) stepping: Table<'static, 'static>,
    pub(crate) unlimited: Table<'static, 'static>,
}

impl Tables {
    /// Builds the tables. `has_net_metering`: storage is priced by EIP-1283 or EIP-2200.
    pub(crate) fn new(settings: &Settings, has_net_metering: bool) -> Self {
        let mut unlimited = complete(has_net_metering);
        for (entry, is_disabled) in unlimited.iter_mut().zip(settings.disabled) {
            if is_disabled {
                *entry = Instruction::new(limits::disabled);
            }
        }
        let mut stepping = unlimited;
        if settings.stack_limit < revm_interpreter::STACK_LIMIT {
            for (opcode, entry) in (0..=u8::MAX).zip(&mut stepping) {
                if opcodes::grows_stack(opcode) && !settings.disabled[opcode as usize] {
                    *entry = Instruction::new(limits::within_stack_limit);
                }
            }
        }
        let mut plain = stepping;
        if !settings.disabled[op::JUMPDEST as usize] {
            if !settings.disabled[op::JUMP as usize] {
                plain[op::JUMP as usize] = Instruction::new(control::jump_and_land);
            }
            if !settings.disabled[op::JUMPI as usize] {
                plain[op::JUMPI as usize] = Instruction::new(control::jumpi_and_land);
            }
        }
        Self {
            plain,
            stepping,
            unlimited,
        }
    }
}

/// revm's table with ours laid over it. Unknown opcodes and those of later rules halt by
/// themselves: every instruction looks at the rules it came with.
fn complete(has_net_metering: bool) -> Table<'static, 'static> {
    let mut table = instruction_table::<Wire, FrameHost<'static, 'static>>();
    let mut set = |opcode: u8, entry| table[opcode as usize] = entry;
    set(op::KECCAK256, Instruction::new(hashing::keccak256));
    set(op::BALANCE, Instruction::new(accounts::balance));
    set(op::SELFBALANCE, Instruction::new(accounts::selfbalance));
    set(op::EXTCODESIZE, Instruction::new(accounts::extcodesize));
    set(op::EXTCODECOPY, Instruction::new(accounts::extcodecopy));
    set(op::EXTCODEHASH, Instruction::new(accounts::extcodehash));
    set(op::SELFDESTRUCT, Instruction::new(accounts::selfdestruct));
    set(op::SLOAD, Instruction::new(storage::sload));
    let sstore = if has_net_metering {
        Instruction::new(storage::sstore::<true>)
    } else {
        Instruction::new(storage::sstore::<false>)
    };
    set(op::SSTORE, sstore);
    set(op::TLOAD, Instruction::new(storage::tload));
    set(op::TSTORE, Instruction::new(storage::tstore));
    set(op::JUMP, Instruction::new(control::jump));
    set(op::JUMPI, Instruction::new(control::jumpi));
    set(op::RETURN, Instruction::new(control::ret));
    set(op::REVERT, Instruction::new(control::revert));
    set(op::LOG0, Instruction::new(logs::log::<0>));
    set(op::LOG1, Instruction::new(logs::log::<1>));
    set(op::LOG2, Instruction::new(logs::log::<2>));
    set(op::LOG3, Instruction::new(logs::log::<3>));
    set(op::LOG4, Instruction::new(logs::log::<4>));
    set(op::CALL, Instruction::new(calls::call::<{ op::CALL }>));
    set(
        op::CALLCODE,
        Instruction::new(calls::call::<{ op::CALLCODE }>),
    );
    set(
        op::DELEGATECALL,
        Instruction::new(calls::call::<{ op::DELEGATECALL }>),
    );
    set(
        op::STATICCALL,
        Instruction::new(calls::call::<{ op::STATICCALL }>),
    );
    set(op::CREATE, Instruction::new(creations::create::<false>));
    set(op::CREATE2, Instruction::new(creations::create::<true>));
    table
}

/// A number as the ABI passes it.
#[inline]
const fn word(value: U256) -> Word {
    Word(value.into_limbs())
}

/// A number of the ABI.
#[inline]
const fn number(word: Word) -> U256 {
    U256::from_limbs(word.0)
}

/// The address in the low 20 bytes of a word.
#[inline]
fn address(value: U256) -> Address {
    let bytes = value.to_be_bytes::<32>();
    let mut address = [0; 20];
    address.copy_from_slice(&bytes[12..]);
    Address(address)
}

/// Grows memory to hold `len` bytes at `offset` and returns where they are. Nothing is touched,
/// and the offset does not matter, when `len` is 0.
#[inline]
fn memory_range(
    interpreter: &mut Interpreter<Wire>,
    params: &GasParams,
    offset: U256,
    len: U256,
) -> Result<Range<usize>, InstructionResult> {
    let len = as_usize_or_fail!(interpreter, len);
    if len == 0 {
        return Ok(0..0);
    }
    let offset = as_usize_or_fail!(interpreter, offset);
    interpreter.resize_memory(params, offset, len)?;
    Ok(offset..offset + len)
}

/// Farthest from zero that refunds of nested frames take a counter: whatever the frame's own
/// instructions add, it never wraps around.
const MOST_NESTED_REFUND: i64 = 1 << 62;

/// Adds what a nested frame is refunded, which may be of another VM.
#[inline]
fn add_refund(gas: &mut Gas, refund: i64) {
    let sum = gas.refunded().saturating_add(refund);
    gas.set_refund(sum.clamp(-MOST_NESTED_REFUND, MOST_NESTED_REFUND));
}

/// Largest output that is copied rather than kept in the other side's buffer: below, a copy is
/// cheaper than a counted owner.
const COPIED_OUTPUT_BYTES: usize = 1024;

/// Output of a nested frame as return data.
fn return_data(output: Buffer) -> Bytes {
    struct Owned(Buffer);

    impl AsRef<[u8]> for Owned {
        fn as_ref(&self) -> &[u8] {
            self.0.as_slice()
        }
    }

    if output.is_empty() {
        Bytes::new()
    } else if output.len() <= COPIED_OUTPUT_BYTES {
        Bytes::copy_from_slice(output.as_slice())
    } else {
        revm_interpreter::primitives::alloy_primitives::bytes::Bytes::from_owner(Owned(output))
            .into()
    }
}

/// Result of an instruction.
type Outcome = InstructionExecResult;
