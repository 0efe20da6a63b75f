//! The life of plugins: loading, the registry of loaded builds, which of them runs a block.

mod activation;
mod factory;
mod faults;
mod generation;
mod options;
mod registry;
mod self_test;

pub use activation::{Activation, ActivationRule};
pub use factory::{CodeRefused, FactoryError, VmFactory, VmFactoryConfig, VmHandle};
pub use faults::{FallBack, FaultPolicy, Incident};
pub(crate) use generation::Generation;
pub use generation::{GenerationInfo, GenerationState};
pub use options::{
    EvmOptions, MemoryModelOptions, OptimizationOptions, ProzVmOptions, RegisterOptions,
    StackLimitOptions, WasmOptions,
};
pub use registry::{Lease, Registry, RegistryError};
