//! A block, a small world and one transaction, made from a number or from bytes.

use crate::{
    random::Random,
    transaction::transaction,
    world::{Before, COINBASE, CONTRACTS, SENDER, accounts},
};
use alloy_primitives::{Address, B256};
use proz_host::{Revision, Transaction};

/// Rules that both sides have under one name. revm has no Constantinople of its own.
const REVISIONS: [Revision; 14] = [
    Revision::Frontier,
    Revision::Homestead,
    Revision::TangerineWhistle,
    Revision::SpuriousDragon,
    Revision::Byzantium,
    Revision::Petersburg,
    Revision::Istanbul,
    Revision::Berlin,
    Revision::London,
    Revision::Paris,
    Revision::Shanghai,
    Revision::Cancun,
    Revision::Prague,
    Revision::Osaka,
];

/// Height of the block.
pub(crate) const NUMBER: u64 = 3;
/// Hashes of the blocks before.
pub(crate) const HASHES: [B256; NUMBER as usize] = [
    B256::repeat_byte(0x77),
    B256::repeat_byte(0x78),
    B256::repeat_byte(0x79),
];

/// A block, a small world and one transaction.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// Rules.
    pub revision: Revision,
    /// Base fee in wei per gas; zero before London.
    pub base_fee: u64,
    /// Blob base fee in wei per blob gas.
    pub blob_base_fee: u64,
    /// Gas limit of the block.
    pub block_gas_limit: u64,
    /// Who gets the fees.
    pub coinbase: Address,
    /// The transaction.
    pub transaction: Transaction,
    /// Accounts before.
    pub accounts: Vec<Before>,
}

impl Scenario {
    /// Makes the scenario of a number.
    #[must_use]
    pub fn new(number: u64) -> Self {
        Self::random(&mut Random::new(number))
    }

    /// Makes the scenario that bytes choose, as a fuzzer gives them.
    #[must_use]
    pub fn of_bytes(bytes: &[u8]) -> Self {
        Self::random(&mut Random::of_bytes(bytes))
    }

    fn random(random: &mut Random<'_>) -> Self {
        let revision = random.pick(&REVISIONS);
        let base_fee = if revision >= Revision::London {
            random.pick(&[0, 7, 1_000])
        } else {
            0
        };
        let (accounts, nonce) = accounts(random, revision);
        Self {
            revision,
            base_fee,
            blob_base_fee: random.pick(&[1, 1, 1, 7]),
            block_gas_limit: if random.one_in(60) {
                300_000
            } else {
                30_000_000
            },
            coinbase: match random.below(20) {
                0 => SENDER,
                1 => random.pick(&CONTRACTS),
                2 => Address::with_last_byte(4),
                _ => COINBASE,
            },
            transaction: transaction(random, revision, base_fee, nonce),
            accounts,
        }
    }
}
