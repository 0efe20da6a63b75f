//! A multi-VM execution host as a library.
//!
//! The host owns state and frames; a VM computes one frame. [`Host`] loads VM plugins, executes
//! transactions by the rules of a chain, routes every nested call to the VM or precompile that its
//! target needs, and returns results whose events and state changes come from its own journal.
//!
//! | to | look at |
//! |---|---|
//! | execute transactions | [`Host`], [`Transaction`], [`ExecutionResult`] |
//! | read signed transactions | [`Transaction::decode`] |
//! | begin and end blocks | [`Host::start_block`], [`Host::end_block`] |
//! | describe a chain | [`ChainConfig`], [`ChainSpec`], [`Schedule`] |
//! | choose plugins | [`VmFactoryConfig`], [`VmFactory`] |
//! | read a configuration file | [`Configuration`] |
//! | decide which plugins are trusted | [`Trust`], [`PluginLock`] |
//! | limit the time of an execution | [`Deadline`] |
//! | store code that is not EVM code | [`container`] |
//! | watch an execution | [`inspection`] |

mod admission;
mod chain;
mod configuration;
pub mod container;
mod deadline;
mod estimate;
mod execution;
mod fuzz;
mod host;
pub mod inspection;
mod plugins;
pub mod transaction;
mod trust;

pub use admission::CodeError;
pub use chain::{
    ChainConfig, ChainRules, ConsensusOptions, ETHEREUM_LIMITS, MachineSettings, OptionsError,
    Release, ReleaseKey, RevisionSchedule, RevisionsError, SETTINGS_KEY, Schedule, ScheduleError,
    ScheduledRelease, Start, Upgrade,
    spec::{
        ChainSpec, DifferenceKind, ForkId, ForkMismatch, GenesisPart, SPEC_VERSION, SpecChange,
        SpecDifference, SpecError,
    },
};
pub use configuration::{
    CONFIG_VERSION, ChainSection, Configuration, ConfigurationError, PluginSection, TrustSection,
    configuration_reference, configuration_schema,
};
pub use deadline::Deadline;
pub use estimate::{EstimateError, GasEstimate};
pub use execution::{
    CandidateFit, CodeForm, ExecutionError, ExecutionResult, Explanation, InvalidTransaction,
    PrecompileInfo, Status, Verdict, VmSet,
};
pub use fuzz::{fuzz_chain_spec, fuzz_configuration, fuzz_container};
pub use host::{Block, Host};
pub use plugins::{
    BuildError, ChainProblem, CodeRefused, FactoryError, FallBack, FaultPolicy, FingerprintError,
    GenerationInfo, GenerationState, Incident, Lease, Registry, RegistryError, Vectors, VmFactory,
    VmFactoryConfig, VmHandle,
};
pub use proz_interface::v1::{
    CodeFact, GENERATION as ABI_GENERATION, Limits, MessageKind, OpcodeCount, Revision, StatusCode,
};
pub use proz_manifest::{Requirement, SearchPath, VmType};
pub use proz_state::StateChanges;
pub use transaction::{
    AccessListItem, Authorization, Blobs, BlockEndError, EnvelopeError, Fee, Mode,
    TRANSACTION_GAS_CAP, TransactOptions, Transaction,
};
pub use trust::{
    KeyError, LOCK_VERSION, LockError, LockedPlugin, PluginLock, PublicKey, SecretKey, Trust,
    TrustError, TrustPolicy, TrustedKey, manifest_digest,
};
