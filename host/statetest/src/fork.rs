//! Names of forks, and the rules that a test runs under.

use crate::format::{BlobEntry, Config, Env};
use alloy_primitives::{B256, U256};
use proz_host::{Block, ChainConfig, ChainRules, Revision, transaction::BlobParams};

/// Most blobs of one transaction from Osaka on, whatever a block may hold. Spec: EIP-7594.
const OSAKA_BLOBS_PER_TRANSACTION: usize = 6;

/// Rule set that a suite's name for a fork stands for; `None` for one that is not known here.
///
/// Takes the suites' names, those of [`Revision`] itself, delays of the difficulty bomb, and the
/// forks that change blob parameters only, which the file states itself.
#[must_use]
pub fn revision_of(fork: &str) -> Option<Revision> {
    match fork {
        "MuirGlacier" => return Some(Revision::Istanbul),
        "ArrowGlacier" | "GrayGlacier" => return Some(Revision::London),
        "BPO1" | "BPO2" | "BPO3" | "BPO4" | "BPO5" => return Some(Revision::Osaka),
        _ => {}
    }
    fork.parse().ok()
}

/// Rules of a fork under a test's configuration.
pub(crate) fn rules(fork: &str, revision: Revision, config: &Config<'_>) -> ChainRules {
    let mut rules = ChainConfig::ethereum(revision).rules(revision);
    let schedule = &config.blob_schedule.0;
    if let Some((_, entry)) = schedule.iter().find(|(name, _)| name.0 == fork) {
        rules.blobs = blobs(entry, revision);
    }
    rules
}

fn blobs(entry: &BlobEntry, revision: Revision) -> BlobParams {
    let max = usize::try_from(entry.max.0).unwrap_or(usize::MAX);
    BlobParams {
        max_per_transaction: if revision.enables(Revision::Osaka) {
            max.min(OSAKA_BLOBS_PER_TRANSACTION)
        } else {
            max
        },
        // Zero would divide by zero; no chain has it.
        update_fraction: entry.base_fee_update_fraction.0.max(1),
        ..BlobParams::at(revision)
    }
}

/// The block of a test under the rules of a fork.
///
/// A file serves several forks: what a fork does not know is left out of its block.
pub(crate) fn block(env: &Env, chain_id: u64, rules: &ChainRules) -> Block {
    let enables = |revision| rules.revision.enables(revision);
    let difficulty = env.current_difficulty.unwrap_or_default().0;
    let base_fee = if enables(Revision::London) {
        env.current_base_fee.unwrap_or_default().0
    } else {
        U256::ZERO
    };
    let blob_base_fee = match (env.current_blob_base_fee, env.current_excess_blob_gas) {
        _ if !enables(Revision::Cancun) => U256::ZERO,
        (Some(fee), _) => fee.0,
        (None, excess) => rules.blobs.base_fee(excess.unwrap_or_default().0),
    };
    let random = env
        .current_random
        .map_or_else(|| B256::from(difficulty), |random| random.0);
    let is_merged = enables(Revision::Paris);
    Block {
        number: env.current_number.0,
        timestamp: env.current_timestamp.0,
        gas_limit: env.current_gas_limit.0,
        chain_id,
        coinbase: env.current_coinbase.0.into(),
        base_fee: base_fee.into(),
        difficulty: if is_merged { U256::ZERO } else { difficulty }.into(),
        prev_randao: if is_merged { random } else { B256::ZERO }.into(),
        blob_base_fee: blob_base_fee.into(),
    }
}
