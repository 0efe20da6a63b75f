//! ABI generation 1, frozen at its first release.

mod buffer;
mod context;
mod error;
mod extension;
mod identity;
mod inspect;
mod message;
mod metrics;
mod module;
mod precompile;
mod primitives;
mod result;
mod revision;
mod state;
mod trace;
mod vm;

pub use buffer::Buffer;
pub use context::{BlockContext, CancelFlag, ExecutionContext, Limits, TransactionContext};
pub use error::{HostError, VmError, VmErrorBody, VmErrorCode};
pub use extension::Extension;
pub use identity::{VmType, VmVersion};
pub use inspect::{CodeFact, INSPECT_EXTENSION, InspectTable};
pub use message::{CallRequest, CreateRequest, Message, MessageKind};
pub use metrics::{METRICS_EXTENSION, MetricsTable, OpcodeCount};
pub use module::{HostInfo, Instance, PluginModule, PluginModule_Ref};
pub use precompile::{Precompile, Precompile_TO, PrecompileBox};
pub use primitives::{Address, B256, Word};
pub use result::{CallOutcome, CreateOutcome, FrameResult, GasEstimate, StatusCode};
pub use revision::Revision;
pub use state::{
    AccessStatus, AccountInfo, CallTarget, CodeView, SelfDestruct, StateAccess, StateAccess_TO,
    StateAccessMut, StorageLoad, StorageStore,
};
pub use trace::{StepEvent, TRACE_EXTENSION, TraceMask, TraceSink};
pub use vm::{PreparationPrice, VirtualMachine, VirtualMachine_TO, VirtualMachineBox, VmTerms};

/// Number of this generation, as manifests and descriptors carry it.
pub const GENERATION: u32 = 1;
