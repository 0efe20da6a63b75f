//! The life of plugins: loading, the registry of loaded builds, which of them runs a block.

mod active;
mod builds;
mod examine;
mod factory;
mod faults;
mod fingerprint;
mod generation;
mod registry;
mod self_test;

pub use builds::BuildError;
pub use examine::ChainProblem;
pub use factory::{CodeRefused, FactoryError, VmFactory, VmFactoryConfig, VmHandle};
pub use faults::{FallBack, FaultPolicy, Incident};
pub use fingerprint::{FingerprintError, Vectors};
pub(crate) use generation::Generation;
pub use generation::{GenerationInfo, GenerationState};
pub use registry::{Lease, Registry, RegistryError};
