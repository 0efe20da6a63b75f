//! A host function's view of the contract that called it: its gas and its linear memory.

use wasmtime::Caller;

use crate::frame::{Exit, Frame};
use crate::gas::{FUEL_PER_GAS, SENTINEL, WasmGasCosts, take};
use proz_sdk::{Address, VmError, VmErrorCode, Word};

/// Result of a host function.
pub(crate) type Served<T> = Result<T, Exit>;

/// The contract that called a host function.
pub(crate) struct Guest<'caller> {
    caller: Caller<'caller, Frame>,
}

impl<'caller> Guest<'caller> {
    /// Takes over the engine's view of the caller.
    pub(crate) fn new(caller: Caller<'caller, Frame>) -> Self {
        Self { caller }
    }

    /// Returns the running frame.
    #[inline]
    pub(crate) fn frame(&mut self) -> &mut Frame {
        self.caller.data_mut()
    }

    /// Pays for the crossing, for pages grown since the last one, and `gas` more.
    #[inline]
    pub(crate) fn enter(&mut self, gas: u64) -> Served<()> {
        let cost = self.frame().toll().saturating_add(gas);
        self.charge(cost)
    }

    /// As [`enter`](Self::enter), for host functions that copy `size` bytes.
    pub(crate) fn enter_copying(&mut self, gas: u64, size: u32) -> Served<()> {
        let copy = WasmGasCosts::words(self.caller.data().prices.host.copy_word, u64::from(size));
        self.enter(gas.saturating_add(copy))
    }

    /// Pays `gas`; takes everything when less is left.
    #[inline]
    pub(crate) fn charge(&mut self, gas: u64) -> Served<()> {
        let fuel = self.raw_fuel();
        self.charge_from(fuel, gas)
    }

    /// As [`charge`](Self::charge), where the counter was read already: reading it is a call into
    /// the engine.
    #[inline]
    pub(crate) fn charge_from(&mut self, fuel: u64, gas: u64) -> Served<()> {
        let left = take(fuel, gas);
        self.set_fuel(left.unwrap_or(0));
        left.map(|_| ()).ok_or(Exit::OUT_OF_GAS)
    }

    /// Returns the fuel left to the contract.
    pub(crate) fn fuel(&self) -> u64 {
        self.raw_fuel().saturating_sub(SENTINEL)
    }

    #[inline]
    pub(super) fn raw_fuel(&self) -> u64 {
        // Fails only on an engine that does not count fuel; ours always does.
        self.caller.get_fuel().unwrap_or(0)
    }

    #[inline]
    fn set_fuel(&mut self, fuel: u64) {
        // As above.
        let _ = self.caller.set_fuel(fuel);
        self.frame().pages.budget = fuel;
    }

    /// Returns the gas left, rounded down.
    pub(crate) fn gas_left(&self) -> u64 {
        gas_of(self.raw_fuel())
    }

    /// Takes the gas for a nested frame that wants `wanted`. Spec: EIP-150.
    pub(crate) fn take_child_gas(&mut self, wanted: u64) -> u64 {
        let left = self.gas_left();
        let child = wanted.min(left - left / 64);
        self.set_fuel(
            self.raw_fuel()
                .saturating_sub(child.saturating_mul(FUEL_PER_GAS)),
        );
        child
    }

    /// Gives back what a nested frame left.
    pub(crate) fn give_back(&mut self, gas: u64) {
        self.set_fuel(
            self.raw_fuel()
                .saturating_add(gas.saturating_mul(FUEL_PER_GAS)),
        );
    }

    /// Returns linear memory with the frame beside it. Finding memory is a call into the engine: host
    /// functions on the hot path do it once.
    #[inline]
    pub(super) fn memory_and_frame(&mut self) -> Served<(&mut [u8], &mut Frame)> {
        let memory = self.caller.data().memory.ok_or_else(no_memory)?;
        Ok(memory.data_and_store_mut(&mut self.caller))
    }

    /// Returns `size` bytes of linear memory at `at`.
    pub(crate) fn bytes(&self, at: u32, size: u32) -> Served<&[u8]> {
        let memory = self.caller.data().memory.ok_or_else(no_memory)?;
        slice(memory.data(&self.caller), at, size)
    }

    /// Returns `size` bytes of linear memory at `at`, with the frame beside them.
    pub(crate) fn bytes_and_frame(&mut self, at: u32, size: u32) -> Served<(&[u8], &mut Frame)> {
        let (bytes, frame) = self.memory_and_frame()?;
        Ok((slice(bytes, at, size)?, frame))
    }

    /// Returns `size` bytes of linear memory at `at` for writing, with the frame beside them.
    pub(crate) fn bytes_mut(&mut self, at: u32, size: u32) -> Served<(&mut [u8], &mut Frame)> {
        let (bytes, frame) = self.memory_and_frame()?;
        Ok((slice_mut(bytes, at, size)?, frame))
    }

    /// Reads an array of fixed size.
    #[inline]
    pub(crate) fn read<const SIZE: usize>(&self, at: u32) -> Served<[u8; SIZE]> {
        let bytes = self.bytes(at, SIZE as u32)?;
        bytes.try_into().map_err(|_| Exit::OUT_OF_BOUNDS)
    }

    /// Reads a 32-byte word as a number.
    #[inline]
    pub(crate) fn read_word(&self, at: u32) -> Served<Word> {
        let memory = self.caller.data().memory.ok_or_else(no_memory)?;
        word_at(memory.data(&self.caller), at)
    }

    /// Reads an address.
    pub(crate) fn read_address(&self, at: u32) -> Served<Address> {
        Ok(Address(self.read(at)?))
    }

    /// Writes bytes to linear memory.
    pub(crate) fn write(&mut self, at: u32, bytes: &[u8]) -> Served<()> {
        let size = u32::try_from(bytes.len()).map_err(|_| Exit::OUT_OF_BOUNDS)?;
        self.bytes_mut(at, size)?.0.copy_from_slice(bytes);
        Ok(())
    }

    /// Writes a number as a 32-byte word.
    #[inline]
    pub(crate) fn write_word(&mut self, at: u32, word: Word) -> Served<()> {
        put_word(self.memory_and_frame()?.0, at, &word)
    }
}

/// Returns the gas that the counter's reading `fuel` stands for, rounded down.
#[inline]
pub(super) const fn gas_of(fuel: u64) -> u64 {
    fuel.saturating_sub(SENTINEL) / FUEL_PER_GAS
}

/// Reads a 32-byte word of linear memory as a number.
#[inline]
pub(super) fn word_at(memory: &[u8], at: u32) -> Served<Word> {
    let bytes = memory
        .get(at as usize..)
        .and_then(|rest| rest.first_chunk());
    bytes
        .map(|bytes| Word::from_be_bytes(*bytes))
        .ok_or(Exit::OUT_OF_BOUNDS)
}

/// Writes a number to linear memory as a 32-byte word.
#[inline]
pub(super) fn put_word(memory: &mut [u8], at: u32, word: &Word) -> Served<()> {
    let room = memory
        .get_mut(at as usize..)
        .and_then(|rest| rest.first_chunk_mut::<32>());
    // By limbs, straight to where they belong: see `Word`.
    let room = room.ok_or(Exit::OUT_OF_BOUNDS)?.as_chunks_mut::<8>().0;
    for (bytes, limb) in room.iter_mut().zip(word.0.iter().rev()) {
        *bytes = limb.to_be_bytes();
    }
    Ok(())
}

#[inline]
fn slice_mut(bytes: &mut [u8], at: u32, size: u32) -> Served<&mut [u8]> {
    let end = u64::from(at) + u64::from(size);
    bytes
        .get_mut(at as usize..end as usize)
        .ok_or(Exit::OUT_OF_BOUNDS)
}

#[inline]
fn slice(bytes: &[u8], at: u32, size: u32) -> Served<&[u8]> {
    let end = u64::from(at) + u64::from(size);
    bytes
        .get(at as usize..end as usize)
        .ok_or(Exit::OUT_OF_BOUNDS)
}

#[cold]
fn no_memory() -> Exit {
    Exit::Host(VmError::new(
        VmErrorCode::INTERNAL,
        "host function called before the instance was made",
    ))
}
