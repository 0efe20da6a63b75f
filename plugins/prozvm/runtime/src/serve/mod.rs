//! What a program may ask for: the chain's syscalls, served over the host's callbacks.
//!
//! `message` has input, output, the message, transaction and block; `accounts` other accounts; `storage` slots, values
//! of any length, transient slots and logs; `calls` calls, creations and precompiles.
//!
//! Each syscall pays before it reads or writes the program's memory, and a refusal by the host or by a rule ends the
//! run. Spec: S-10 to S-60.

mod accounts;
mod calls;
mod message;
mod storage;

use proz_prozvm_core::{Control, Guest, MemoryFault, Syscalls};
use proz_prozvm_syscalls::number as n;
use proz_sdk::{
    Address, Buffer, ExecutionContext, Host, HostError, StatusCode, Tracer, VmError, VmErrorCode,
    Word, pricing,
};

use crate::contract::Contract;
use crate::gas::ChainPrices;
use crate::purse::Purse;

pub use storage::{MAX_KEY_BYTES, MAX_VALUE_BYTES};

/// Why a syscall ended the run.
#[derive(Debug)]
pub(crate) enum Exit {
    /// The program handed over its output and ends normally.
    Return,
    /// The program handed over its output and undoes its changes.
    Revert,
    /// Gas ran out.
    OutOfGas,
    /// The program broke a rule.
    Halt(StatusCode),
    /// A callback of the host failed, or the transaction is cancelled; it is undone.
    Host(VmError),
}

/// Result of a syscall, or of a part of one.
pub(crate) type Served<T> = Result<T, Exit>;

impl Exit {
    /// An argument that no call may have.
    pub(crate) const INVALID_ARGUMENT: Self = Self::Halt(StatusCode::INVALID_ARGUMENT);
}

impl From<MemoryFault> for Exit {
    fn from(_: MemoryFault) -> Self {
        Self::Halt(StatusCode::MEMORY_OUT_OF_BOUNDS)
    }
}

impl From<HostError> for Exit {
    fn from(error: HostError) -> Self {
        match error {
            HostError::STATIC_VIOLATION => Self::Halt(StatusCode::STATIC_VIOLATION),
            HostError::INVALID_ARGUMENT => Self::INVALID_ARGUMENT,
            other => Self::Host(other.into()),
        }
    }
}

/// The host and the state of one frame, as syscalls see them.
pub(crate) struct Server<'r, 'h> {
    pub(crate) host: &'r mut Host<'h>,
    pub(crate) context: &'r ExecutionContext<'r>,
    pub(crate) contract: &'r Contract,
    /// Gas of the frame behind its entry.
    pub(crate) gas_at_start: u64,
    pub(crate) prices: &'r ChainPrices,
    pub(crate) purse: Purse,
    /// Most pages that the frame may have.
    pub(crate) page_limit: u32,
    pub(crate) debug_log: bool,
    /// Refund counter, signed and uncapped.
    pub(crate) gas_refund: i64,
    /// Output of the last nested call.
    pub(crate) return_data: Buffer,
    /// Output of this frame.
    pub(crate) output: Buffer,
    /// Why a syscall ended the run.
    pub(crate) exit: Option<Exit>,
    /// Gas given to nested frames and not given back.
    pub(crate) nested_gas: u64,
    /// The tracer of a traced frame whose present step has not been ended yet.
    pub(crate) open_step: Option<Tracer<'h>>,
}

impl Syscalls for Server<'_, '_> {
    fn call(&mut self, number: u16, arguments: [u64; 6], guest: &mut Guest<'_>) -> Control {
        match self.serve(number, arguments, guest) {
            Ok(value) => Control::Continue(value),
            Err(exit) => {
                let control = match exit {
                    Exit::OutOfGas => Control::OutOfGas,
                    Exit::Halt(_) => Control::Trap,
                    Exit::Return | Exit::Revert | Exit::Host(_) => Control::Stop,
                };
                self.exit = Some(exit);
                control
            }
        }
    }

    fn refill(&mut self, left: u64) -> Option<u64> {
        if self.context.cancel.is_set() {
            self.exit = Some(Exit::Host(cancelled()));
            return None;
        }
        if self
            .contract
            .gas_to_fuse()
            .is_some_and(|gas| self.own_gas(left) >= gas)
        {
            self.contract.engine.fuse();
        }
        self.purse.refill(left)
    }

    fn page_limit(&self) -> u32 {
        self.page_limit
    }
}

/// The error of a frame that saw the cancel flag.
pub(crate) fn cancelled() -> VmError {
    VmError::new(VmErrorCode::CANCELLED, "the transaction was cancelled")
}

impl Server<'_, '_> {
    /// Gas that the frame itself has used, nested frames left out.
    fn own_gas(&self, left: u64) -> u64 {
        let used = self.gas_at_start.saturating_sub(self.purse.gas_left(left));
        used.saturating_sub(self.nested_gas)
    }

    /// Tells the contract what the frame has used.
    pub(crate) fn count(&self, left: u64) {
        self.contract.count(self.own_gas(left));
    }

    fn serve(&mut self, number: u16, a: [u64; 6], guest: &mut Guest<'_>) -> Served<u64> {
        let nothing = |served: Served<()>| served.map(|()| 0);
        match number {
            n::INPUT_SIZE => self.input_size(guest),
            n::INPUT_COPY => nothing(self.input_copy(a, guest)),
            n::RETURN => nothing(self.end(Exit::Return, a, guest)),
            n::REVERT => nothing(self.end(Exit::Revert, a, guest)),
            n::STORAGE_GET => self.storage_get(a, guest),
            n::STORAGE_SET => nothing(self.storage_set(a, guest)),
            n::STORAGE_READ => self.storage_read(a, guest),
            n::STORAGE_WRITE => nothing(self.storage_write(a, guest)),
            n::TRANSIENT_GET => self.transient_get(a, guest),
            n::TRANSIENT_SET => nothing(self.transient_set(a, guest)),
            n::LOG => nothing(self.log(a, guest)),
            n::CALL => self.call(a, guest),
            n::CREATE => self.create(a, guest),
            n::RETURN_DATA_SIZE => self.return_data_size(guest),
            n::RETURN_DATA_COPY => nothing(self.return_data_copy(a, guest)),
            n::PRECOMPILE => self.precompile(a, guest),
            n::CALLER => nothing(self.put(guest, a, |c| c.message.sender.0)),
            n::ADDRESS => nothing(self.put(guest, a, |c| c.message.recipient.0)),
            n::ORIGIN => nothing(self.put(guest, a, |c| c.transaction.origin.0)),
            n::VALUE => nothing(self.put(guest, a, |c| c.message.value.to_be_bytes())),
            n::GAS_PRICE => nothing(self.put(guest, a, |c| c.transaction.gas_price.to_be_bytes())),
            n::GAS_LEFT => self.gas_left(guest),
            n::IS_STATIC => self.number(guest, |c| u64::from(c.message.is_static)),
            n::COINBASE => nothing(self.put(guest, a, |c| c.block.coinbase.0)),
            n::PREV_RANDAO => nothing(self.put(guest, a, |c| c.block.prev_randao.0)),
            n::BASE_FEE => nothing(self.put(guest, a, |c| c.block.base_fee.to_be_bytes())),
            n::BLOB_BASE_FEE => {
                nothing(self.put(guest, a, |c| c.block.blob_base_fee.to_be_bytes()))
            }
            n::BLOB_HASH => self.blob_hash(a, guest),
            n::CHAIN_ID => self.number(guest, |c| c.block.chain_id),
            n::BLOCK_NUMBER => self.number(guest, |c| c.block.number),
            n::BLOCK_TIMESTAMP => self.number(guest, |c| c.block.timestamp),
            n::BLOCK_GAS_LIMIT => self.number(guest, |c| c.block.gas_limit),
            n::BLOCK_HASH => self.block_hash(a, guest),
            n::BALANCE => nothing(self.balance(a, guest)),
            n::CODE_HASH => nothing(self.code_hash(a, guest)),
            n::CODE_SIZE => self.code_size(a, guest),
            n::CODE_COPY => self.code_copy(a, guest),
            n::ECRECOVER => self.ecrecover(a, guest),
            n::DEBUG_PRINT => nothing(self.debug_print(a, guest)),
            // The verifier admits known numbers only (V-5).
            _ => Err(Exit::INVALID_ARGUMENT),
        }
    }

    /// Pays for a syscall that copies `length` bytes. Spec: S-12.
    fn pay(&mut self, guest: &mut Guest<'_>, length: u64) -> Served<()> {
        let units = self.prices.syscall.saturating_add(self.prices.copy(length));
        self.purse.charge_units(guest, units)
    }

    /// Ends the run when less gas is left than a touch of state costs at least: then the host need not look.
    ///
    /// Whether it costs more the host says together with what it finds.
    fn require_touch(&self, guest: &Guest<'_>) -> Served<()> {
        if self.purse.gas_left(guest.gas_left()) < pricing::WARM_ACCESS {
            return Err(Exit::OutOfGas);
        }
        Ok(())
    }

    /// Pays gas.
    fn charge(&mut self, guest: &mut Guest<'_>, gas: u64) -> Served<()> {
        self.purse.charge(guest, gas)
    }

    /// Halts when the call must not change state. Spec: S-13.
    fn require_mutable(&self) -> Served<()> {
        if self.context.message.is_static {
            return Err(Exit::Halt(StatusCode::STATIC_VIOLATION));
        }
        Ok(())
    }
}

/// Reads a word as a number.
fn read_word(guest: &Guest<'_>, at: u64) -> Served<Word> {
    Ok(Word::from_be_bytes(guest.read_array(at)?))
}

/// Reads an address.
fn read_address(guest: &Guest<'_>, at: u64) -> Served<Address> {
    Ok(Address(guest.read_array(at)?))
}

/// Writes a number as a word.
fn write_word(guest: &mut Guest<'_>, at: u64, word: Word) -> Served<()> {
    Ok(guest.write(at, &word.to_be_bytes())?)
}
