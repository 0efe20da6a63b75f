//! The border to the world: numbered syscalls, given by whoever embeds the machine.
//!
//! The core knows numbers, signatures and guest memory; it never sees a host type.
//!
//! Spec: S-1 to S-5.

use crate::gas::{OutOfGas, charge};
use crate::memory::{Memory, MemoryFault};
use crate::program::Signature;

/// What the verifier knows of a syscall.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SyscallEntry {
    /// Consensus number.
    pub number: u16,
    /// Name, for tools.
    pub name: &'static str,
    /// Signature; at most six parameters and one result.
    pub signature: Signature,
}

/// The syscalls that programs may import.
#[derive(Clone, Copy, Debug, Default)]
pub struct SyscallTable {
    entries: &'static [SyscallEntry],
}

impl SyscallTable {
    /// No syscall at all.
    pub const EMPTY: Self = Self { entries: &[] };

    /// Makes a table from entries in any order.
    pub const fn new(entries: &'static [SyscallEntry]) -> Self {
        Self { entries }
    }

    /// Finds a syscall by its number.
    pub fn get(&self, number: u16) -> Option<&'static SyscallEntry> {
        self.entries.iter().find(|entry| entry.number == number)
    }

    /// Finds a syscall by its name.
    pub fn by_name(&self, name: &str) -> Option<&'static SyscallEntry> {
        self.entries.iter().find(|entry| entry.name == name)
    }

    /// All entries.
    pub const fn entries(&self) -> &'static [SyscallEntry] {
        self.entries
    }
}

/// What a syscall tells the machine to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    /// Go on; the value goes to `a0` if the signature has a result.
    Continue(u64),
    /// Stop the program here. The implementation remembers why (returned, reverted, a fault of its own).
    Stop,
    /// Stop with outcome out of gas.
    OutOfGas,
    /// Trap: the guest handed over addresses that are not mapped, or broke another rule of the call.
    Trap,
}

impl From<OutOfGas> for Control {
    fn from(_: OutOfGas) -> Self {
        Self::OutOfGas
    }
}

impl From<MemoryFault> for Control {
    fn from(_: MemoryFault) -> Self {
        Self::Trap
    }
}

/// Serves the syscalls of one run.
pub trait Syscalls {
    /// Serves syscall `number`. Arguments behind those of the signature are zero.
    ///
    /// The static cost has been charged; `guest` charges what comes on top.
    fn call(&mut self, number: u16, arguments: [u64; 6], guest: &mut Guest<'_>) -> Control;

    /// Asked when a block, or the dynamic cost of an instruction, takes more than the `left` gas. Gives the gas that is
    /// left from now on, for embedders that hand gas out in parts; `None` lets the run end out of gas.
    ///
    /// Syscalls charge for themselves, and are not tried again.
    ///
    /// Spec: G-10.
    fn refill(&mut self, left: u64) -> Option<u64> {
        let _ = left;
        None
    }

    /// Most pages of memory that the embedder lets the program grow to.
    ///
    /// Spec: M-9.
    fn page_limit(&self) -> u32 {
        u32::MAX
    }
}

/// No syscall: each one traps.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoSyscalls;

impl Syscalls for NoSyscalls {
    fn call(&mut self, _number: u16, _arguments: [u64; 6], _guest: &mut Guest<'_>) -> Control {
        Control::Trap
    }
}

/// What a syscall may touch of the calling program.
#[derive(Debug)]
pub struct Guest<'a> {
    pub(crate) memory: &'a mut Memory,
    pub(crate) gas: &'a mut u64,
}

impl Guest<'_> {
    /// Gas left, exact at this instruction.
    pub const fn gas_left(&self) -> u64 {
        *self.gas
    }

    /// Charges gas beyond the static cost.
    ///
    /// # Errors
    ///
    /// [`OutOfGas`] when less is left; then nothing is charged.
    pub fn charge(&mut self, cost: u64) -> Result<(), OutOfGas> {
        charge(self.gas, cost)
    }

    /// Sets the gas left, for calls that gave gas away and got some back.
    ///
    /// Spec: S-4.
    pub const fn set_gas_left(&mut self, gas: u64) {
        *self.gas = gas;
    }

    /// Reads guest memory.
    ///
    /// # Errors
    ///
    /// [`MemoryFault`] when a byte of the range is not mapped.
    pub fn read(&self, address: u64, length: u64) -> Result<&[u8], MemoryFault> {
        self.memory.slice(address, length)
    }

    /// Reads a fixed number of bytes of guest memory.
    ///
    /// # Errors
    ///
    /// [`MemoryFault`] when a byte of the range is not mapped.
    pub fn read_array<const N: usize>(&self, address: u64) -> Result<[u8; N], MemoryFault> {
        self.memory.read(address)
    }

    /// Gives guest memory for writing.
    ///
    /// # Errors
    ///
    /// [`MemoryFault`] when a byte of the range cannot be written.
    pub fn read_mut(&mut self, address: u64, length: u64) -> Result<&mut [u8], MemoryFault> {
        self.memory.slice_mut(address, length)
    }

    /// Writes guest memory.
    ///
    /// # Errors
    ///
    /// [`MemoryFault`] when a byte of the range cannot be written; then nothing is.
    pub fn write(&mut self, address: u64, bytes: &[u8]) -> Result<(), MemoryFault> {
        self.memory
            .slice_mut(address, bytes.len() as u64)?
            .copy_from_slice(bytes);
        Ok(())
    }
}
