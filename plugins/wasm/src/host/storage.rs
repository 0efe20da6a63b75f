//! Storage, transient storage and events.
//!
//! Contracts see 32-byte slots. Values of any length are laid over slots as Solidity lays a
//! `mapping(bytes => bytes)` at [`LONG_VALUES_SLOT`], so that contracts of other VMs can read them.

use alloy_primitives::keccak256;
use proz_sdk::{B256, Word, pricing};

use super::guest::{Guest, Served, gas_of, put_word, word_at};
use crate::frame::{Bytes32, CachedSlot, Exit, Frame};
use crate::gas::WasmGasCosts;

/// Longest key of a value of any length, in bytes.
pub(crate) const MAX_KEY_BYTES: u32 = 64 << 10;
/// Longest value, in bytes.
pub(crate) const MAX_VALUE_BYTES: u32 = 128 << 10;

/// Slot of the mapping that holds values of any length: the ERC-7201 slot of `proz.wasm.values`.
pub(crate) fn long_values_slot() -> Bytes32 {
    static SLOT: std::sync::OnceLock<Bytes32> = std::sync::OnceLock::new();
    *SLOT.get_or_init(|| {
        let id = alloy_primitives::U256::from_be_bytes(keccak256("proz.wasm.values").0);
        let less_one = id.wrapping_sub(alloy_primitives::U256::ONE);
        let mut slot = keccak256(less_one.to_be_bytes::<32>()).0;
        slot[31] = 0;
        slot
    })
}

impl Guest<'_> {
    /// Halts when the call must not change state.
    pub(crate) fn require_mutable(&mut self) -> Served<()> {
        self.frame().require_mutable()
    }

    /// Reads a slot and pays for it.
    fn load_slot(&mut self, key: &Word) -> Served<Word> {
        let (value, gas) = load(self.frame(), key)?;
        self.charge(gas)?;
        Ok(value)
    }

    /// Writes a slot and pays for it, and `more` gas that is owed already.
    #[inline]
    fn store_slot(&mut self, key: &Word, value: &Word, more: u64) -> Served<()> {
        let fuel = self.raw_fuel();
        // Spec: EIP-2200, a frame on its last gas cannot write.
        if gas_of(fuel) <= pricing::STORE_STIPEND_GUARD.saturating_add(more) {
            return Err(Exit::OUT_OF_GAS);
        }
        let frame = self.frame();
        let stored = frame.host().storage_store(key, value)?;
        let (gas, refund) = pricing::storage_store(&stored);
        frame.add_refund(refund);
        self.charge_from(fuel, gas.saturating_add(more))
    }

    #[inline]
    pub(super) fn storage_get(&mut self, key: u32, dst: u32) -> Served<u32> {
        let (memory, frame) = self.memory_and_frame()?;
        let toll = frame.toll();
        let key = word_at(memory, key)?;
        let (value, gas) = load(frame, &key)?;
        let written = put_word(memory, dst, &value);
        self.charge(gas.saturating_add(toll))?;
        written?;
        Ok(u32::from(!value.is_zero()))
    }

    #[inline]
    pub(super) fn storage_set(&mut self, key: u32, value: u32) -> Served<()> {
        let (memory, frame) = self.memory_and_frame()?;
        frame.require_mutable()?;
        let toll = frame.toll();
        let (key, value) = (word_at(memory, key)?, word_at(memory, value)?);
        if !frame.slots.is_empty() {
            frame.slots.remove(&key.to_u256());
        }
        self.store_slot(&key, &value, toll)
    }

    pub(super) fn storage_load_bytes32(&mut self, key: u32, dst: u32) -> Served<()> {
        let (memory, frame) = self.memory_and_frame()?;
        let toll = frame.toll();
        let key = word_at(memory, key)?;
        let (value, gas) = load(frame, &key)?;
        frame.slots.entry(key.to_u256()).or_insert(CachedSlot {
            value,
            known: Some(value),
        });
        let written = put_word(memory, dst, &value);
        self.charge(gas.saturating_add(toll))?;
        written
    }

    pub(super) fn storage_cache_bytes32(&mut self, key: u32, value: u32) -> Served<()> {
        self.enter(0)?;
        let (memory, frame) = self.memory_and_frame()?;
        let (key, value) = (word_at(memory, key)?.to_u256(), word_at(memory, value)?);
        if let Some(slot) = frame.slots.get_mut(&key) {
            slot.value = value;
            return Ok(());
        }
        let price = frame.prices.host.cached_slot;
        self.charge(price)?;
        let slot = CachedSlot { value, known: None };
        self.frame().slots.insert(key, slot);
        Ok(())
    }

    /// In a static call there may be nothing to write: contracts flush as they end, whatever they did.
    pub(super) fn storage_flush_cache(&mut self, clear: u32) -> Served<()> {
        self.enter(0)?;
        let mut slots = std::mem::take(&mut self.frame().slots);
        for (key, slot) in &mut slots {
            if slot.known != Some(slot.value) {
                self.store_slot(&Word::from(*key), &slot.value, 0)?;
                slot.known = Some(slot.value);
            }
        }
        if clear == 0 {
            self.frame().slots = slots;
        }
        Ok(())
    }

    pub(super) fn transient_get(&mut self, key: u32, dst: u32) -> Served<()> {
        let gas = self.price_of_transient();
        self.enter(gas)?;
        let key = self.read_word(key)?;
        let value = self.frame().host().transient_load(&key)?;
        self.write_word(dst, value)
    }

    pub(super) fn transient_set(&mut self, key: u32, value: u32) -> Served<()> {
        let gas = self.price_of_transient();
        self.enter(gas)?;
        self.require_mutable()?;
        let (key, value) = (self.read_word(key)?, self.read_word(value)?);
        Ok(self.frame().host().transient_store(&key, &value)?)
    }

    fn load_bytes(&mut self, key: Bytes32) -> Served<Bytes32> {
        Ok(self.load_slot(&Word::from_be_bytes(key))?.to_be_bytes())
    }

    fn store_bytes(&mut self, key: Bytes32, value: Bytes32) -> Served<()> {
        let (key, value) = (Word::from_be_bytes(key), Word::from_be_bytes(value));
        self.store_slot(&key, &value, 0)
    }

    /// Returns the slot that holds the header of the value under `key`.
    fn header_slot(&mut self, at: u32, size: u32) -> Served<Bytes32> {
        if size > MAX_KEY_BYTES {
            return Err(Exit::INVALID_ARGUMENT);
        }
        let hash = pricing::keccak256(size as usize + 32);
        self.enter_copying(hash, size)?;
        let mut preimage = self.bytes(at, size)?.to_vec();
        preimage.extend_from_slice(&long_values_slot());
        Ok(keccak256(preimage).0)
    }

    pub(super) fn storage_read(
        &mut self,
        key: u32,
        key_size: u32,
        dst: u32,
        room: u32,
    ) -> Served<u32> {
        let slot = self.header_slot(key, key_size)?;
        let header = self.load_bytes(slot)?;
        if header == [0; 32] {
            return Ok(u32::MAX);
        }
        let size = stored_size(&header);
        let wanted = size.min(room);
        if header[31] & 1 == 0 {
            self.write(dst, header.get(..wanted as usize).unwrap_or_default())?;
            return Ok(size);
        }
        self.charge(pricing::keccak256(32))?;
        let words = DataSlots::of(&slot);
        let mut done = 0;
        while done < wanted {
            let word = self.load_bytes(words.at(done / 32))?;
            let part = (wanted - done).min(32);
            self.write(
                dst.saturating_add(done),
                word.get(..part as usize).unwrap_or_default(),
            )?;
            done += part;
        }
        Ok(size)
    }

    pub(super) fn storage_write(
        &mut self,
        key: u32,
        key_size: u32,
        value: u32,
        size: u32,
    ) -> Served<()> {
        self.require_mutable()?;
        if size > MAX_VALUE_BYTES {
            return Err(Exit::INVALID_ARGUMENT);
        }
        let slot = self.header_slot(key, key_size)?;
        let copy = WasmGasCosts::words(self.frame().prices.host.copy_word, u64::from(size));
        self.charge(copy)?;
        let bytes = self.bytes(value, size)?.to_vec();
        let old = self.load_bytes(slot)?;
        let old_words = if old[31] & 1 == 0 {
            0
        } else {
            stored_size(&old).div_ceil(32)
        };
        let new_words = if size < 32 { 0 } else { size.div_ceil(32) };
        if old_words > 0 || new_words > 0 {
            self.charge(pricing::keccak256(32))?;
        }
        let words = DataSlots::of(&slot);
        let mut header = [0; 32];
        if size < 32 {
            header[..bytes.len()].copy_from_slice(&bytes);
            header[31] = (size * 2) as u8;
        } else {
            header[24..].copy_from_slice(&(u64::from(size) * 2 + 1).to_be_bytes());
            for (at, chunk) in (0..).zip(bytes.chunks(32)) {
                let mut word = [0; 32];
                word[..chunk.len()].copy_from_slice(chunk);
                self.store_bytes(words.at(at), word)?;
            }
        }
        for at in new_words..old_words {
            self.store_bytes(words.at(at), [0; 32])?;
        }
        self.store_bytes(slot, header)
    }

    pub(super) fn storage_remove(&mut self, key: u32, key_size: u32) -> Served<()> {
        self.storage_write(key, key_size, 0, 0)
    }

    pub(super) fn emit_event(
        &mut self,
        topics: u32,
        count: u32,
        data: u32,
        size: u32,
    ) -> Served<()> {
        if count > 4 {
            return Err(Exit::INVALID_ARGUMENT);
        }
        let gas = self.price_of_event(count, size);
        self.enter(gas)?;
        self.require_mutable()?;
        let mut words = [B256::default(); 4];
        for (word, at) in words.iter_mut().zip(0..count) {
            *word = B256(self.read(topics.saturating_add(at * 32))?);
        }
        let (data, frame) = self.bytes_and_frame(data, size)?;
        Ok(frame
            .host()
            .log(words.get(..count as usize).unwrap_or_default(), data)?)
    }

    /// The Stylus form: topics stand before the data.
    pub(super) fn emit_log(&mut self, data: u32, size: u32, topics: u32) -> Served<()> {
        let Some(rest) = topics
            .checked_mul(32)
            .and_then(|words| size.checked_sub(words))
        else {
            return Err(Exit::INVALID_ARGUMENT);
        };
        self.emit_event(data, topics, data.saturating_add(topics * 32), rest)
    }

    fn price_of_transient(&mut self) -> u64 {
        self.frame().prices.host.transient
    }

    fn price_of_event(&mut self, topics: u32, size: u32) -> u64 {
        let prices = &self.frame().prices.host;
        prices
            .event
            .saturating_add(prices.event_topic.saturating_mul(u64::from(topics)))
            .saturating_add(prices.event_byte.saturating_mul(u64::from(size)))
    }
}

/// Reads a slot as the contract sees it; returns its value and what that costs.
#[inline]
fn load(frame: &mut Frame, key: &Word) -> Served<(Word, u64)> {
    if !frame.slots.is_empty()
        && let Some(cached) = frame.slots.get(&key.to_u256())
    {
        return Ok((cached.value, 0));
    }
    let loaded = frame.host().storage_load(key)?;
    Ok((loaded.value, pricing::storage_load(loaded.status)))
}

/// Reads the length from a header word; absurd lengths, which only foreign writes can leave, are
/// cut to the longest value.
fn stored_size(header: &Bytes32) -> u32 {
    if header[31] & 1 == 0 {
        return u32::from(header[31] / 2).min(31);
    }
    let is_small = header[..24] == [0; 24];
    let mut low = [0; 8];
    low.copy_from_slice(&header[24..]);
    let size = u64::from_be_bytes(low) / 2;
    if is_small {
        size.min(u64::from(MAX_VALUE_BYTES)) as u32
    } else {
        MAX_VALUE_BYTES
    }
}

/// The slots after a long value's header.
struct DataSlots(alloy_primitives::U256);

impl DataSlots {
    fn of(header_slot: &Bytes32) -> Self {
        Self(alloy_primitives::U256::from_be_bytes(
            keccak256(header_slot).0,
        ))
    }

    fn at(&self, index: u32) -> Bytes32 {
        self.0
            .wrapping_add(alloy_primitives::U256::from(index))
            .to_be_bytes()
    }
}
