//! Addresses that are warm in every transaction of a revision: the precompiles.

use alloy_primitives::Address;
use hashbrown::HashSet;

/// Number of low addresses that are kept as bits.
const LOW_ADDRESSES: usize = 512;
const WORD_BITS: usize = 64;

/// A fixed set of addresses that are warm from the start.
///
/// It is made once per revision and lent to each [`Journal`](crate::Journal), so that a transaction
/// does not pay for warming each precompile.
///
/// Spec: EIP-2929, *"accessed_addresses is initialized to include … the set of all precompiles"*.
#[derive(Clone, Debug, Default)]
pub struct WarmSet {
    /// One bit for each of the addresses 0x00…0000 to 0x00…01ff.
    low: [u64; LOW_ADDRESSES / WORD_BITS],
    others: HashSet<Address, foldhash::fast::RandomState>,
}

impl WarmSet {
    /// Returns whether `address` is in the set.
    #[inline]
    pub fn contains(&self, address: &Address) -> bool {
        match low_number(address) {
            Some(number) => self
                .low
                .get(number / WORD_BITS)
                .is_some_and(|word| word >> (number % WORD_BITS) & 1 == 1),
            None => !self.others.is_empty() && self.others.contains(address),
        }
    }

    /// Adds `address` to the set.
    pub fn insert(&mut self, address: Address) {
        match low_number(&address) {
            Some(number) => {
                if let Some(word) = self.low.get_mut(number / WORD_BITS) {
                    *word |= 1 << (number % WORD_BITS);
                }
            }
            None => {
                self.others.insert(address);
            }
        }
    }
}

impl FromIterator<Address> for WarmSet {
    fn from_iter<I: IntoIterator<Item = Address>>(addresses: I) -> Self {
        let mut set = Self::default();
        set.extend(addresses);
        set
    }
}

impl Extend<Address> for WarmSet {
    fn extend<I: IntoIterator<Item = Address>>(&mut self, addresses: I) {
        for address in addresses {
            self.insert(address);
        }
    }
}

/// The address as a number if it is below [`LOW_ADDRESSES`].
#[inline]
fn low_number(address: &Address) -> Option<usize> {
    let (zeros, number) = address.split_at(18);
    let number = match number {
        [high, low] => usize::from(*high) << 8 | usize::from(*low),
        _ => return None,
    };
    (number < LOW_ADDRESSES && zeros.iter().all(|byte| *byte == 0)).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_exactly_what_was_put_in() {
        let low = |number: u64| Address::left_padding_from(&number.to_be_bytes());
        let inside = [
            low(1),
            low(17),
            low(0x100),
            low(511),
            low(512),
            low(0x1_0001),
            Address::repeat_byte(7),
        ];
        let outside = [
            low(0),
            low(2),
            low(0x101),
            low(510),
            low(513),
            low(0x1_0002),
            Address::repeat_byte(8),
        ];
        let set: WarmSet = inside.into_iter().collect();
        for address in inside {
            assert!(set.contains(&address), "{address}");
        }
        for address in outside {
            assert!(!set.contains(&address), "{address}");
        }
    }
}
