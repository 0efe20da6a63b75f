//! The specification of a chain: a file of its own, `chain.toml`, with a hash that nodes compare.
//!
//! A fixed genesis part and upgrades that are only ever appended. It is consensus data and nothing
//! else: what an operator may choose stands in `proz.toml`. Unknown keys are errors, ranges of
//! versions are refused.

mod canonical;
mod change;
mod file;

pub use canonical::{ForkId, ForkMismatch};
pub use change::{DifferenceKind, SpecChange, SpecDifference};

use super::{ChainConfig, RevisionSchedule, Schedule, ScheduleError, Start, Upgrade};
use proz_interface::v1::Limits;
use std::{
    fs,
    io::{self, Read as _},
    path::{Path, PathBuf},
    sync::Arc,
};

/// The version of the format that this release reads and writes.
pub const SPEC_VERSION: u32 = 1;

/// Largest file that is read, in bytes.
const MAX_FILE_BYTES: u64 = 4 << 20;

/// The specification of a chain.
///
/// ```
/// use proz_host::ChainSpec;
///
/// let spec = ChainSpec::from_toml(r#"
///     spec_version = 1
///
///     [genesis]
///     name = "example"
///     chain_id = 7
///     containers = true
///     revision = "Osaka"
///
///     [[genesis.activate]]
///     plugin = "proz-evm"
///     version = "1.1.0"
///     vm_type = "evm"
///     features = ["osaka"]
///
///     [[upgrade]]
///     block = 1000
///
///     [[upgrade.activate]]
///     plugin = "proz-wasm"
///     version = "1.1.0"
///     vm_type = "wasm"
/// "#, "chain.toml".as_ref())?;
/// assert_eq!(spec.config().chain_id, 7);
/// assert_eq!(spec.schedule().active_at(1000, 0).len(), 2);
/// assert_ne!(spec.fork_id(999, 0).hash, spec.fork_id(1000, 0).hash);
/// # Ok::<(), proz_host::SpecError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainSpec {
    name: String,
    chain_id: u64,
    containers: bool,
    limits: Limits,
    /// The genesis first.
    upgrades: Vec<Upgrade>,
    schedule: Arc<Schedule>,
}

/// What the genesis part of a specification fixes for ever.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GenesisPart {
    /// Name of the chain, for people and for keys that may sign for it.
    pub name: String,
    /// Spec: EIP-155.
    pub chain_id: u64,
    /// Whether code containers are accepted.
    pub containers: bool,
    /// Resource limits until an upgrade changes them.
    pub limits: Limits,
}

/// Why a specification cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SpecError {
    /// The file cannot be read.
    #[error("cannot read the chain specification {}", file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is too large.
    #[error("{} has more than {MAX_FILE_BYTES} bytes", file.display())]
    TooLarge {
        /// The file.
        file: PathBuf,
    },
    /// The file is no specification; the detail names line and column.
    #[error("{} is no chain specification: {detail}", file.display())]
    Malformed {
        /// The file.
        file: PathBuf,
        /// What is wrong and where.
        detail: String,
    },
    /// The upgrades contradict each other.
    #[error("{}: {source}", file.display())]
    Schedule {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        source: ScheduleError,
    },
}

impl ChainSpec {
    /// Makes a specification; the first upgrade is the genesis.
    ///
    /// # Errors
    ///
    /// [`ScheduleError`].
    pub fn new(genesis: GenesisPart, upgrades: Vec<Upgrade>) -> Result<Self, ScheduleError> {
        let schedule = Arc::new(Schedule::new(genesis.limits, &upgrades)?);
        Ok(Self {
            name: genesis.name,
            chain_id: genesis.chain_id,
            containers: genesis.containers,
            limits: genesis.limits,
            upgrades,
            schedule,
        })
    }

    /// Reads and checks a file.
    ///
    /// # Errors
    ///
    /// [`SpecError`].
    pub fn read(file: &Path) -> Result<Self, SpecError> {
        let unreadable = |source| SpecError::Read {
            file: file.to_path_buf(),
            source,
        };
        // A device has no size and no end: what is read is counted, not what is said.
        let mut text = String::new();
        let mut bounded = fs::File::open(file)
            .map_err(unreadable)?
            .take(MAX_FILE_BYTES + 1);
        bounded.read_to_string(&mut text).map_err(unreadable)?;
        if text.len() as u64 > MAX_FILE_BYTES {
            return Err(SpecError::TooLarge {
                file: file.to_path_buf(),
            });
        }
        Self::from_toml(&text, file)
    }

    /// Checks a text; `file` is named in errors.
    ///
    /// # Errors
    ///
    /// [`SpecError::Malformed`], [`SpecError::Schedule`].
    pub fn from_toml(text: &str, file: &Path) -> Result<Self, SpecError> {
        file::read(text, file)
    }

    /// The file's text, every default written out. Reads back as an equal specification.
    #[must_use]
    pub fn to_toml(&self) -> String {
        file::write(self)
    }

    /// Name of the chain.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The upgrades in the order in which they begin, the genesis first.
    #[must_use]
    pub fn upgrades(&self) -> &[Upgrade] {
        &self.upgrades
    }

    /// The releases by height.
    #[must_use]
    pub fn schedule(&self) -> &Arc<Schedule> {
        &self.schedule
    }

    /// What a host needs to run this chain.
    #[must_use]
    pub fn config(&self) -> ChainConfig {
        let first = &self.schedule.epochs()[0];
        ChainConfig {
            chain_id: self.chain_id,
            // The schedule decides; this is what `ChainConfig::rules` of no block begins with.
            revisions: RevisionSchedule::always(first.revision),
            containers: self.containers,
            limits: self.limits,
            blobs: first.blobs,
            schedule: Some(self.schedule.clone()),
        }
    }

    /// The number of upgrades that have begun at a block, the genesis included.
    fn begun(&self, number: u64, timestamp: u64) -> usize {
        self.schedule.index_at(number, timestamp) + 1
    }

    /// Starts of the upgrades after the genesis.
    fn starts(&self) -> impl Iterator<Item = Start> + '_ {
        self.upgrades.iter().map(|upgrade| upgrade.start)
    }
}

#[cfg(test)]
mod tests;
