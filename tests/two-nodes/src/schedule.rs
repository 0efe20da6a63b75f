//! The one place that says a chain's consensus data in the host's words.

use std::{collections::BTreeSet, path::Path, sync::Arc};

use proz_host::{
    Block, ChainConfig, ConsensusOptions, ETHEREUM_LIMITS, Release, ReleaseKey, Revision, Schedule,
    Start, Upgrade,
};

use crate::{Chain, install::candidates};

/// Every history's chain.
pub(crate) const CHAIN_ID: u64 = 1;

/// The chain with its schedule of releases.
///
/// Type and features of a release are those that its manifest in `plugins` says.
///
/// # Errors
///
/// What the host does not take, in one line.
pub(crate) fn consensus(chain: &Chain, plugins: &Path) -> Result<ChainConfig, String> {
    let revisions = chain.revisions.iter().map(|start| start.from_block);
    let releases = chain.releases.iter().map(|release| release.from_block);
    let retired = chain.retired.iter().map(|release| release.from_block);
    let heights: BTreeSet<u64> = revisions.chain(releases).chain(retired).collect();
    let upgrades = heights
        .into_iter()
        .map(|height| upgrade(chain, height, plugins))
        .collect::<Result<Vec<_>, String>>()?;
    let schedule = Schedule::new(ETHEREUM_LIMITS, &upgrades).map_err(|e| e.to_string())?;
    Ok(ChainConfig {
        schedule: Some(Arc::new(schedule)),
        ..ChainConfig::prozchain()
    })
}

/// What begins and ends at a height.
fn upgrade(chain: &Chain, height: u64, plugins: &Path) -> Result<Upgrade, String> {
    let installed = candidates(plugins);
    let mut upgrade = Upgrade {
        start: Start::Block(height),
        revision: None,
        limits: None,
        blobs: None,
        activate: Vec::new(),
        retire: Vec::new(),
    };
    for start in chain.revisions.iter().filter(|s| s.from_block == height) {
        let revision: Result<Revision, _> = start.revision.parse();
        upgrade.revision = Some(revision.map_err(|error| format!("{error}"))?);
    }
    for entry in chain.releases.iter().filter(|r| r.from_block == height) {
        let wrong = |error: &dyn std::fmt::Display| format!("{}: {error}", entry.name());
        let manifest = installed.iter().map(|candidate| &candidate.manifest);
        let manifest = manifest
            .into_iter()
            .find(|m| format!("{}@{}", m.id, m.version) == entry.name())
            .ok_or_else(|| wrong(&"not installed"))?;
        let replaced = entry.replaces.iter().map(|version| version.parse());
        upgrade.activate.push(Release {
            plugin: manifest.id.clone(),
            version: manifest.version.clone(),
            vm_type: manifest.vm_type.clone(),
            features: manifest.features.clone(),
            options: ConsensusOptions::new(entry.options.clone()).map_err(|e| wrong(&e))?,
            replaces: replaced.collect::<Result<_, _>>().map_err(|e| wrong(&e))?,
            addresses: None,
            fingerprint: None,
        });
    }
    for entry in chain.retired.iter().filter(|r| r.from_block == height) {
        let wrong = |error: &dyn std::fmt::Display| format!("{}: {error}", entry.name());
        upgrade.retire.push(ReleaseKey {
            plugin: entry.plugin.parse().map_err(|e| wrong(&e))?,
            version: entry.version.parse().map_err(|e| wrong(&e))?,
        });
    }
    Ok(upgrade)
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
