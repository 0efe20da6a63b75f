//! What a program of the kit does. The exact contract of each stands in `CONFORMANCE.md`.

use crate::conformance::frame::{SELF, word};
use proz_interface::v1::{StatusCode, Word};

/// A behaviour that a plugin supplies a program for, in its own bytecode.
///
/// Names are given once and never change; later kits may know more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Behaviour {
    /// Ends successfully and does nothing.
    Succeed,
    /// Returns the bytes 1 to 32.
    ReturnData,
    /// Returns its input.
    Echo,
    /// Reverts with its input as data.
    Revert,
    /// Works as many rounds as the first word of its input says, then returns that word.
    Compute,
    /// Never ends by itself.
    Loop,
    /// Uses as many bytes of memory as the first word of its input says.
    Memory,
    /// Halts with `INVALID_INSTRUCTION`.
    HaltInvalidInstruction,
    /// Halts with `STACK_UNDERFLOW`.
    HaltStackUnderflow,
    /// Halts with `STACK_OVERFLOW`.
    HaltStackOverflow,
    /// Halts with `INVALID_JUMP`.
    HaltInvalidJump,
    /// Halts with `RETURN_DATA_OUT_OF_BOUNDS`.
    HaltReturnDataOutOfBounds,
    /// Halts with `TRAP`.
    HaltTrap,
    /// Halts with `MEMORY_OUT_OF_BOUNDS`.
    HaltMemoryOutOfBounds,
    /// Halts with `STACK_HEIGHT`.
    HaltStackHeight,
    /// Halts with a status of the VM's own, 1000 or above.
    HaltCustom,
    /// Returns the sender.
    Sender,
    /// Returns the recipient.
    Recipient,
    /// Returns the value in wei.
    Value,
    /// Returns the depth of the frame.
    Depth,
    /// Returns the gas left.
    GasLeft,
    /// Returns the account that signed the transaction.
    Origin,
    /// Returns the gas price.
    GasPrice,
    /// Returns the versioned hash of the blob whose index is its input.
    BlobHash,
    /// Returns the block's number.
    BlockNumber,
    /// Returns the block's time.
    Timestamp,
    /// Returns the block's gas limit.
    BlockGasLimit,
    /// Returns the chain id.
    ChainId,
    /// Returns the fee recipient.
    Coinbase,
    /// Returns the base fee.
    BaseFee,
    /// Returns the block's randomness.
    PrevRandao,
    /// Returns the blob base fee.
    BlobBaseFee,
    /// Returns the hash of the block whose number is its input.
    BlockHash,
    /// Stores: slot, value.
    StorageStore,
    /// Returns the value of the slot that its input names.
    StorageLoad,
    /// Stores in transient storage: slot, value.
    TransientStore,
    /// Returns the value of the transient slot that its input names.
    TransientLoad,
    /// Returns the balance of the account that its input names.
    Balance,
    /// Returns the code of the account that its input names.
    Code,
    /// Returns the code hash of the account that its input names.
    CodeHash,
    /// Destroys itself in favour of the account that its input names.
    Selfdestruct,
    /// Emits its input as a log without topics.
    Log0,
    /// Emits a log: one topic, data.
    Log1,
    /// Emits a log: two topics, data.
    Log2,
    /// Emits a log: three topics, data.
    Log3,
    /// Emits a log: four topics, data.
    Log4,
    /// Calls: target, value, gas, input. Returns 1 or 0 and the callee's data.
    Call,
    /// As [`Self::Call`], by a static call.
    StaticCall,
    /// As [`Self::Call`], by a delegate call.
    DelegateCall,
    /// As [`Self::Call`], by a call of foreign code on the own storage.
    CallCode,
    /// Creates: value, init code. Returns the address or 0, and the revert data.
    Create,
    /// Creates: value, salt, init code. Returns the address or 0, and the revert data.
    Create2,
    /// Succeeds in a creation frame.
    Constructor,
    /// Runs a precompile directly: address, gas, input. Returns 1 or 0 and the output.
    Precompile,
}

use Behaviour as B;

impl Behaviour {
    /// All behaviours, with their names.
    pub const ALL: &'static [(Self, &'static str)] = &[
        (B::Succeed, "succeed"),
        (B::ReturnData, "return_data"),
        (B::Echo, "echo"),
        (B::Revert, "revert"),
        (B::Compute, "compute"),
        (B::Loop, "loop"),
        (B::Memory, "memory"),
        (B::HaltInvalidInstruction, "halt_invalid_instruction"),
        (B::HaltStackUnderflow, "halt_stack_underflow"),
        (B::HaltStackOverflow, "halt_stack_overflow"),
        (B::HaltInvalidJump, "halt_invalid_jump"),
        (
            B::HaltReturnDataOutOfBounds,
            "halt_return_data_out_of_bounds",
        ),
        (B::HaltTrap, "halt_trap"),
        (B::HaltMemoryOutOfBounds, "halt_memory_out_of_bounds"),
        (B::HaltStackHeight, "halt_stack_height"),
        (B::HaltCustom, "halt_custom"),
        (B::Sender, "sender"),
        (B::Recipient, "recipient"),
        (B::Value, "value"),
        (B::Depth, "depth"),
        (B::GasLeft, "gas_left"),
        (B::Origin, "origin"),
        (B::GasPrice, "gas_price"),
        (B::BlobHash, "blob_hash"),
        (B::BlockNumber, "block_number"),
        (B::Timestamp, "timestamp"),
        (B::BlockGasLimit, "block_gas_limit"),
        (B::ChainId, "chain_id"),
        (B::Coinbase, "coinbase"),
        (B::BaseFee, "base_fee"),
        (B::PrevRandao, "prev_randao"),
        (B::BlobBaseFee, "blob_base_fee"),
        (B::BlockHash, "block_hash"),
        (B::StorageStore, "storage_store"),
        (B::StorageLoad, "storage_load"),
        (B::TransientStore, "transient_store"),
        (B::TransientLoad, "transient_load"),
        (B::Balance, "balance"),
        (B::Code, "code"),
        (B::CodeHash, "code_hash"),
        (B::Selfdestruct, "selfdestruct"),
        (B::Log0, "log0"),
        (B::Log1, "log1"),
        (B::Log2, "log2"),
        (B::Log3, "log3"),
        (B::Log4, "log4"),
        (B::Call, "call"),
        (B::StaticCall, "static_call"),
        (B::DelegateCall, "delegate_call"),
        (B::CallCode, "call_code"),
        (B::Create, "create"),
        (B::Create2, "create2"),
        (B::Constructor, "constructor"),
        (B::Precompile, "precompile"),
    ];

    /// Name as it stands in the file of programs.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(behaviour, _)| *behaviour == self)
            .map_or("?", |(_, name)| name)
    }

    /// The status of a behaviour that halts; `None` for the others and for
    /// [`Self::HaltCustom`], whose status is the VM's own.
    #[must_use]
    pub const fn halt(self) -> Option<StatusCode> {
        Some(match self {
            Self::HaltInvalidInstruction => StatusCode::INVALID_INSTRUCTION,
            Self::HaltStackUnderflow => StatusCode::STACK_UNDERFLOW,
            Self::HaltStackOverflow => StatusCode::STACK_OVERFLOW,
            Self::HaltInvalidJump => StatusCode::INVALID_JUMP,
            Self::HaltReturnDataOutOfBounds => StatusCode::RETURN_DATA_OUT_OF_BOUNDS,
            Self::HaltTrap => StatusCode::TRAP,
            Self::HaltMemoryOutOfBounds => StatusCode::MEMORY_OUT_OF_BOUNDS,
            Self::HaltStackHeight => StatusCode::STACK_HEIGHT,
            _ => return None,
        })
    }

    /// An input that the behaviour accepts, for cases that run every program.
    pub(crate) fn sample_input(self) -> Vec<u8> {
        let words = |words: &[Word]| words.iter().flat_map(|word| word.to_be_bytes()).collect();
        let other = word(&crate::conformance::frame::OTHER);
        match self {
            Self::Echo | Self::Revert | Self::Log0 => (0..77).collect(),
            Self::Compute => words(&[Word::from(20)]),
            Self::Memory => words(&[Word::from(4096)]),
            Self::BlobHash => words(&[Word::from(1)]),
            Self::BlockHash => words(&[Word::from(999)]),
            Self::StorageStore | Self::TransientStore => words(&[Word::from(5), Word::from(6)]),
            Self::StorageLoad | Self::TransientLoad => words(&[Word::from(5)]),
            Self::Balance | Self::Code | Self::CodeHash | Self::Selfdestruct => words(&[other]),
            Self::Log1 => words(&[Word::from(1), Word::from(9)]),
            Self::Log2 => words(&[1, 2, 9].map(Word::from)),
            Self::Log3 => words(&[1, 2, 3, 9].map(Word::from)),
            Self::Log4 => words(&[1, 2, 3, 4, 9].map(Word::from)),
            Self::Call | Self::StaticCall | Self::DelegateCall | Self::CallCode => {
                words(&[other, Word::ZERO, Word::from(5000), word(&SELF)])
            }
            Self::Create => words(&[Word::ZERO, Word::from(7)]),
            Self::Create2 => words(&[Word::ZERO, Word::from(3), Word::from(7)]),
            Self::Precompile => words(&[Word::from(2), Word::from(5000), Word::from(7)]),
            _ => Vec::new(),
        }
    }
}

impl std::fmt::Display for Behaviour {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// The text names no behaviour.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no behaviour of the conformance kit")]
pub struct UnknownBehaviour(pub String);

impl std::str::FromStr for Behaviour {
    type Err = UnknownBehaviour;

    fn from_str(text: &str) -> Result<Self, UnknownBehaviour> {
        Self::ALL
            .iter()
            .find(|(_, name)| *name == text)
            .map(|(behaviour, _)| *behaviour)
            .ok_or_else(|| UnknownBehaviour(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_parse_back() {
        for (behaviour, name) in Behaviour::ALL {
            assert_eq!(name.parse(), Ok(*behaviour));
            assert_eq!(behaviour.name(), *name);
        }
    }

    #[test]
    fn the_document_lists_every_behaviour_in_order() {
        let document = include_str!("../../CONFORMANCE.md");
        let rows = document.lines().filter_map(|line| line.strip_prefix("| `"));
        let listed: Vec<_> = rows.filter_map(|row| row.split('`').next()).collect();
        let known: Vec<_> = Behaviour::ALL.iter().map(|(_, name)| *name).collect();
        assert_eq!(listed, known);
    }
}
