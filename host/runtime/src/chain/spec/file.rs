//! The text of a specification: what `chain.toml` says and how it is written.

use super::{ChainSpec, GenesisPart, SPEC_VERSION, SpecError};
use crate::{
    chain::{ETHEREUM_LIMITS, Release, ReleaseKey, Start, Upgrade},
    transaction::BlobParams,
};
use proz_interface::v1::{Limits, Revision};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// A whole file. Its canonical form is this structure as JSON, see `canonical.rs`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    spec_version: u32,
    pub(super) genesis: Genesis,
    #[serde(default, rename = "upgrade", skip_serializing_if = "Vec::is_empty")]
    pub(super) upgrades: Vec<UpgradeEntry>,
}

/// The part that never changes.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Genesis {
    name: String,
    chain_id: u64,
    /// Whether code containers are accepted.
    containers: bool,
    revision: RevisionName,
    #[serde(default)]
    limits: LimitsEntry,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    blobs: Option<BlobsEntry>,
    #[serde(default)]
    activate: Vec<Release>,
}

/// One upgrade.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct UpgradeEntry {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    block: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    timestamp: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    revision: Option<RevisionName>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    limits: Option<LimitsEntry>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    blobs: Option<BlobsEntry>,
    #[serde(default)]
    activate: Vec<Release>,
    #[serde(default)]
    retire: Vec<ReleaseKey>,
}

/// A revision by its name.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
struct RevisionName(Revision);

impl TryFrom<String> for RevisionName {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        let known = Revision::ALL.iter().copied();
        let found = known
            .clone()
            .find(|revision| revision.to_string().eq_ignore_ascii_case(&name));
        found.map(Self).ok_or_else(|| {
            let names: Vec<_> = known.map(|revision| revision.to_string()).collect();
            format!(
                "`{name}` is no revision; expected one of {}",
                names.join(", ")
            )
        })
    }
}

impl From<RevisionName> for String {
    fn from(name: RevisionName) -> Self {
        name.0.to_string()
    }
}

/// Resource limits. Absent ones are Ethereum's.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct LimitsEntry {
    call_depth: u32,
    code_size_bytes: u64,
    init_code_size_bytes: u64,
    container_size_bytes: u64,
    memory_bytes: u64,
}

impl Default for LimitsEntry {
    fn default() -> Self {
        ETHEREUM_LIMITS.into()
    }
}

impl From<Limits> for LimitsEntry {
    fn from(limits: Limits) -> Self {
        Self {
            call_depth: limits.call_depth,
            code_size_bytes: limits.code_size_bytes,
            init_code_size_bytes: limits.init_code_size_bytes,
            container_size_bytes: limits.container_size_bytes,
            memory_bytes: limits.memory_bytes,
        }
    }
}

impl From<LimitsEntry> for Limits {
    fn from(limits: LimitsEntry) -> Self {
        Self {
            call_depth: limits.call_depth,
            code_size_bytes: limits.code_size_bytes,
            init_code_size_bytes: limits.init_code_size_bytes,
            container_size_bytes: limits.container_size_bytes,
            memory_bytes: limits.memory_bytes,
        }
    }
}

/// Blob parameters, all of them.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct BlobsEntry {
    max_per_transaction: u64,
    max_per_block: u64,
    target_per_block: u64,
    reserve_gas: u64,
    update_fraction: u64,
    min_base_fee: u64,
}

impl From<BlobParams> for BlobsEntry {
    fn from(blobs: BlobParams) -> Self {
        Self {
            max_per_transaction: blobs.max_per_transaction as u64,
            max_per_block: blobs.max_per_block,
            target_per_block: blobs.target_per_block,
            reserve_gas: blobs.reserve_gas,
            update_fraction: blobs.update_fraction,
            min_base_fee: blobs.min_base_fee,
        }
    }
}

impl From<BlobsEntry> for BlobParams {
    fn from(blobs: BlobsEntry) -> Self {
        Self {
            max_per_transaction: usize::try_from(blobs.max_per_transaction).unwrap_or(usize::MAX),
            max_per_block: blobs.max_per_block,
            target_per_block: blobs.target_per_block,
            reserve_gas: blobs.reserve_gas,
            update_fraction: blobs.update_fraction,
            min_base_fee: blobs.min_base_fee,
        }
    }
}

impl UpgradeEntry {
    fn upgrade(self) -> Result<Upgrade, String> {
        let start = match (self.block, self.timestamp) {
            (Some(block), None) => Start::Block(block),
            (None, Some(time)) => Start::Timestamp(time),
            _ => return Err("an upgrade begins at either a `block` or a `timestamp`".to_owned()),
        };
        if self.blobs.is_some_and(|blobs| blobs.update_fraction == 0) {
            return Err("`blobs.update_fraction` divides and cannot be 0".to_owned());
        }
        Ok(Upgrade {
            start,
            revision: self.revision.map(|name| name.0),
            limits: self.limits.map(Limits::from),
            blobs: self.blobs.map(BlobParams::from),
            activate: self.activate,
            retire: self.retire,
        })
    }
}

impl From<&Upgrade> for UpgradeEntry {
    fn from(upgrade: &Upgrade) -> Self {
        let (block, timestamp) = match upgrade.start {
            Start::Block(block) => (Some(block), None),
            Start::Timestamp(time) => (None, Some(time)),
        };
        Self {
            block,
            timestamp,
            revision: upgrade.revision.map(RevisionName),
            limits: upgrade.limits.map(LimitsEntry::from),
            blobs: upgrade.blobs.map(BlobsEntry::from),
            activate: upgrade.activate.clone(),
            retire: upgrade.retire.clone(),
        }
    }
}

impl From<&ChainSpec> for File {
    fn from(spec: &ChainSpec) -> Self {
        let first = &spec.upgrades[0];
        let revision = spec.schedule.epochs()[0].revision;
        Self {
            spec_version: SPEC_VERSION,
            genesis: Genesis {
                name: spec.name.clone(),
                chain_id: spec.chain_id,
                containers: spec.containers,
                revision: RevisionName(revision),
                limits: first.limits.unwrap_or(spec.limits).into(),
                blobs: first.blobs.map(BlobsEntry::from),
                activate: first.activate.clone(),
            },
            upgrades: spec.upgrades[1..].iter().map(UpgradeEntry::from).collect(),
        }
    }
}

/// Longest name of a chain, in bytes.
const MAX_NAME_BYTES: usize = 64;

fn is_name(name: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    !name.is_empty() && name.len() <= MAX_NAME_BYTES && name.bytes().all(allowed)
}

/// Reads a text.
pub(super) fn read(text: &str, file: &Path) -> Result<ChainSpec, SpecError> {
    let malformed = |detail: String| SpecError::Malformed {
        file: file.to_path_buf(),
        detail,
    };
    let parsed: File = toml::from_str(text).map_err(|error| malformed(error.to_string()))?;
    if parsed.spec_version != SPEC_VERSION {
        return Err(malformed(format!(
            "`spec_version`: expected {SPEC_VERSION}, found {}",
            parsed.spec_version
        )));
    }
    let genesis = parsed.genesis;
    if !is_name(&genesis.name) {
        return Err(malformed(format!(
            "`genesis.name`: expected 1 to {MAX_NAME_BYTES} lower-case letters, digits and hyphens, \
             found `{}`",
            genesis.name.escape_debug()
        )));
    }
    let limits = Limits::from(genesis.limits);
    let first = UpgradeEntry {
        block: Some(0),
        timestamp: None,
        revision: Some(genesis.revision),
        limits: None,
        blobs: genesis.blobs,
        activate: genesis.activate,
        retire: Vec::new(),
    };
    let upgrades = std::iter::once(first)
        .chain(parsed.upgrades)
        .map(UpgradeEntry::upgrade)
        .collect::<Result<Vec<_>, _>>()
        .map_err(malformed)?;
    let part = GenesisPart {
        name: genesis.name,
        chain_id: genesis.chain_id,
        containers: genesis.containers,
        limits,
    };
    ChainSpec::new(part, upgrades).map_err(|source| SpecError::Schedule {
        file: file.to_path_buf(),
        source,
    })
}

/// Writes the text.
pub(super) fn write(spec: &ChainSpec) -> String {
    #[expect(
        clippy::expect_used,
        reason = "tables of integers, texts and lists; a test writes every field"
    )]
    let text = toml::to_string_pretty(&File::from(spec)).expect("a specification is a table");
    text
}
