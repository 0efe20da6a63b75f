//! The one place that says a chain's consensus data in the host's words.

use proz_host::{
    Activation, ActivationRule, Block, ChainConfig, Revision, RevisionSchedule, RevisionStart,
};

use crate::Chain;

/// Every history's chain.
pub(crate) const CHAIN_ID: u64 = 1;

/// The chain and its schedule of releases.
///
/// # Errors
///
/// What the host does not take, in one line.
pub(crate) fn consensus(chain: &Chain) -> Result<(ChainConfig, Activation), String> {
    let mut starts = Vec::new();
    for start in &chain.revisions {
        let revision: Revision = start.revision.parse().map_err(|e| format!("{e}"))?;
        starts.push((RevisionStart::Block(start.from_block), revision));
    }
    let revisions = RevisionSchedule::new(starts).map_err(|error| error.to_string())?;
    let mut rules = Vec::new();
    for release in &chain.releases {
        let requirement = format!("plugin:{}@={}", release.plugin, release.version);
        rules.push(ActivationRule {
            vm: requirement
                .parse()
                .map_err(|e| format!("{requirement}: {e}"))?,
            from_block: release.from_block,
        });
    }
    let config = ChainConfig {
        revisions,
        ..ChainConfig::prozchain()
    };
    Ok((config, Activation::new(rules)))
}

/// The block of a height: everything else of it follows from that.
pub(crate) fn block(number: u64) -> Block {
    Block {
        number,
        timestamp: 1_700_000_000 + 12 * number,
        gas_limit: 100_000_000,
        chain_id: CHAIN_ID,
        coinbase: alloy_primitives::Address::repeat_byte(0xcb).into(),
        base_fee: alloy_primitives::U256::from(7).into(),
        blob_base_fee: alloy_primitives::U256::from(1).into(),
        prev_randao: alloy_primitives::keccak256(number.to_be_bytes()).into(),
        ..Block::default()
    }
}
