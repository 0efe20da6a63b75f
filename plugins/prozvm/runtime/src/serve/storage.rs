//! Storage, transient storage and logs.
//!
//! Values of any length are laid over slots as Solidity lays a `mapping(bytes => bytes)` at the ERC-7201 slot of
//! `proz.prozvm.values`, so that contracts of other VMs can read them.

use std::sync::LazyLock;

use proz_prozvm_core::Guest;
use proz_sdk::{B256, Word, pricing};
use sha3::Digest as _;

use super::{Exit, Served, Server, read_word, write_word};

type Bytes32 = [u8; 32];

/// Longest key of a value of any length, in bytes.
pub const MAX_KEY_BYTES: u64 = 64 << 10;
/// Longest value, in bytes.
pub const MAX_VALUE_BYTES: u64 = 128 << 10;

/// Slot of the mapping that holds values of any length. Spec: S-27.
static VALUES_SLOT: LazyLock<Bytes32> = LazyLock::new(|| {
    let mut id = keccak256(&[b"proz.prozvm.values"]);
    // One less; the hash does not end in a zero byte.
    id[31] -= 1;
    let mut slot = keccak256(&[&id]);
    slot[31] = 0;
    slot
});

fn keccak256(parts: &[&[u8]]) -> Bytes32 {
    let mut hasher = sha3::Keccak256::new();
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize().into()
}

impl Server<'_, '_> {
    /// Reads a slot and pays for it.
    fn load_slot(&mut self, guest: &mut Guest<'_>, key: &Word) -> Served<Word> {
        self.require_touch(guest)?;
        let loaded = self.host.storage_load(key)?;
        self.charge(guest, pricing::storage_load(loaded.status))?;
        Ok(loaded.value)
    }

    /// Writes a slot and pays for it.
    fn store_slot(&mut self, guest: &mut Guest<'_>, key: &Word, value: &Word) -> Served<()> {
        // Spec: EIP-2200, a frame on its last gas cannot write.
        if self.purse.gas_left(guest.gas_left()) <= pricing::STORE_STIPEND_GUARD {
            return Err(Exit::OutOfGas);
        }
        let stored = self.host.storage_store(key, value)?;
        let (gas, refund) = pricing::storage_store(&stored);
        self.charge(guest, gas)?;
        self.gas_refund = self.gas_refund.saturating_add(refund);
        Ok(())
    }

    /// Spec: S-24.
    pub(super) fn storage_get(&mut self, a: [u64; 6], guest: &mut Guest<'_>) -> Served<u64> {
        let [key, to, ..] = a;
        self.pay(guest, 64)?;
        let key = read_word(guest, key)?;
        let value = self.load_slot(guest, &key)?;
        write_word(guest, to, value)?;
        Ok(u64::from(!value.is_zero()))
    }

    /// Spec: S-25.
    pub(super) fn storage_set(&mut self, a: [u64; 6], guest: &mut Guest<'_>) -> Served<()> {
        let [key, value, ..] = a;
        self.pay(guest, 64)?;
        self.require_mutable()?;
        let (key, value) = (read_word(guest, key)?, read_word(guest, value)?);
        self.store_slot(guest, &key, &value)
    }

    /// Spec: S-30.
    pub(super) fn transient_get(&mut self, a: [u64; 6], guest: &mut Guest<'_>) -> Served<u64> {
        let [key, to, ..] = a;
        self.pay(guest, 64)?;
        self.charge(guest, pricing::TRANSIENT)?;
        let value = self.host.transient_load(&read_word(guest, key)?)?;
        write_word(guest, to, value)?;
        Ok(u64::from(!value.is_zero()))
    }

    /// Spec: S-31.
    pub(super) fn transient_set(&mut self, a: [u64; 6], guest: &mut Guest<'_>) -> Served<()> {
        let [key, value, ..] = a;
        self.pay(guest, 64)?;
        self.charge(guest, pricing::TRANSIENT)?;
        self.require_mutable()?;
        let (key, value) = (read_word(guest, key)?, read_word(guest, value)?);
        Ok(self.host.transient_store(&key, &value)?)
    }

    /// The slot that holds the header of the value under a key. Spec: S-27.
    fn header_slot(&mut self, guest: &mut Guest<'_>, key: u64, length: u64) -> Served<Bytes32> {
        if length > MAX_KEY_BYTES {
            return Err(Exit::INVALID_ARGUMENT);
        }
        self.pay(guest, length)?;
        self.charge(guest, pricing::keccak256(length as usize + 32))?;
        Ok(keccak256(&[guest.read(key, length)?, &*VALUES_SLOT]))
    }

    /// Spec: S-28.
    pub(super) fn storage_read(&mut self, a: [u64; 6], guest: &mut Guest<'_>) -> Served<u64> {
        let [key, key_length, to, room, ..] = a;
        let slot = self.header_slot(guest, key, key_length)?;
        let header = self.load_slot(guest, &Word::from_be_bytes(slot))?;
        let header = header.to_be_bytes();
        if header == [0; 32] {
            return Ok(u64::MAX);
        }
        let size = stored_size(&header);
        let wanted = size.min(room);
        let units = self.prices.copy(wanted);
        self.purse.charge_units(guest, units)?;
        guest.read_mut(to, wanted)?;
        if header[31] & 1 == 0 {
            guest.write(to, header.get(..wanted as usize).unwrap_or_default())?;
            return Ok(size);
        }
        self.charge(guest, pricing::keccak256(32))?;
        let mut words = DataSlots::of(&slot);
        let mut done = 0;
        while done < wanted {
            let word = self.load_slot(guest, &words.next_slot())?.to_be_bytes();
            let part = (wanted - done).min(32);
            guest.write(to + done, word.get(..part as usize).unwrap_or_default())?;
            done += part;
        }
        Ok(size)
    }

    /// Spec: S-29.
    pub(super) fn storage_write(&mut self, a: [u64; 6], guest: &mut Guest<'_>) -> Served<()> {
        let [key, key_length, value, size, ..] = a;
        self.require_mutable()?;
        if size > MAX_VALUE_BYTES {
            return Err(Exit::INVALID_ARGUMENT);
        }
        let slot = self.header_slot(guest, key, key_length)?;
        let units = self.prices.copy(size);
        self.purse.charge_units(guest, units)?;
        guest.read(value, size)?;
        let header_slot = Word::from_be_bytes(slot);
        let old = self.load_slot(guest, &header_slot)?.to_be_bytes();
        let old_words = if old[31] & 1 == 0 {
            0
        } else {
            stored_size(&old).div_ceil(32)
        };
        let new_words = if size < 32 { 0 } else { size.div_ceil(32) };
        if old_words > 0 || new_words > 0 {
            self.charge(guest, pricing::keccak256(32))?;
        }
        let mut words = DataSlots::of(&slot);
        for at in 0..new_words {
            let part = (size - at * 32).min(32);
            let mut word = [0; 32];
            let bytes = guest.read(value + at * 32, part)?;
            word.iter_mut()
                .zip(bytes)
                .for_each(|(to, from)| *to = *from);
            let word = Word::from_be_bytes(word);
            self.store_slot(guest, &words.next_slot(), &word)?;
        }
        for _ in new_words..old_words {
            self.store_slot(guest, &words.next_slot(), &Word::ZERO)?;
        }
        let mut header = [0; 32];
        if size < 32 {
            let bytes = guest.read(value, size)?;
            header
                .iter_mut()
                .zip(bytes)
                .for_each(|(to, from)| *to = *from);
            header[31] = (size * 2) as u8;
        } else {
            header[24..].copy_from_slice(&(size * 2 + 1).to_be_bytes());
        }
        self.store_slot(guest, &header_slot, &Word::from_be_bytes(header))
    }

    /// Spec: S-32.
    pub(super) fn log(&mut self, a: [u64; 6], guest: &mut Guest<'_>) -> Served<()> {
        let [topics, count, data, length, ..] = a;
        if count > 4 {
            return Err(Exit::INVALID_ARGUMENT);
        }
        self.pay(guest, 0)?;
        let gas = pricing::LOG
            .saturating_add(pricing::LOG_TOPIC * count)
            .saturating_add(pricing::LOG_BYTE.saturating_mul(length));
        self.charge(guest, gas)?;
        self.require_mutable()?;
        let mut words = [B256::default(); 4];
        let bytes = guest.read(topics, count * 32)?;
        for (word, bytes) in words.iter_mut().zip(bytes.as_chunks::<32>().0) {
            *word = B256(*bytes);
        }
        let words = words.get(..count as usize).unwrap_or_default();
        Ok(self.host.log(words, guest.read(data, length)?)?)
    }
}

/// Reads the length from a header word; absurd lengths, which only foreign writes can leave, are cut to the longest
/// value.
fn stored_size(header: &Bytes32) -> u64 {
    if header[31] & 1 == 0 {
        return u64::from(header[31] / 2).min(31);
    }
    let Word([low, high @ ..]) = Word::from_be_bytes(*header);
    if high == [0; 3] {
        (low / 2).min(MAX_VALUE_BYTES)
    } else {
        MAX_VALUE_BYTES
    }
}

/// The slots of a long value, one after the other.
struct DataSlots(Word);

impl DataSlots {
    fn of(header_slot: &Bytes32) -> Self {
        Self(Word::from_be_bytes(keccak256(&[header_slot])))
    }

    fn next_slot(&mut self) -> Word {
        let now = self.0;
        for limb in &mut self.0.0 {
            *limb = limb.wrapping_add(1);
            if *limb != 0 {
                break;
            }
        }
        now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mapping_lies_at_its_erc_7201_slot() {
        // The shortcut of the subtraction is right, and the last byte of the slot is free.
        assert_ne!(keccak256(&[b"proz.prozvm.values"])[31], 0);
        assert_eq!(VALUES_SLOT[31], 0);
    }

    #[test]
    fn slots_of_a_value_carry_over() {
        let mut slots = DataSlots(Word([u64::MAX, u64::MAX, 7, 0]));
        slots.next_slot();
        assert_eq!(slots.next_slot(), Word([0, 0, 8, 0]));
    }
}
