//! What an author of a plugin uses: safe Rust on top of the stable ABI.
//!
//! Implement [`VirtualMachine`] (or [`Precompile`]), hand it to [`export_vm!`] (or
//! [`export_precompiles!`]), build a `cdylib`, write a manifest. The SDK fences panics, converts
//! types, meters gas, estimates it by trial, and refuses to be compiled with `panic = "abort"`.
//! `sdk/GUIDE.md` is the book; `proz plugin new` writes a whole crate to begin with.
//!
//! ```
//! use proz_sdk::{ExecutionContext, FrameResult, GasMeter, Host, StatusCode, VirtualMachine, VmError};
//!
//! /// A machine whose every program returns its input for one gas a byte.
//! struct Echo;
//!
//! impl VirtualMachine for Echo {
//!     fn execute(
//!         &self,
//!         _code: &[u8],
//!         context: &ExecutionContext<'_>,
//!         _host: &mut Host<'_>,
//!     ) -> Result<FrameResult, VmError> {
//!         let input = context.message.input.as_slice();
//!         let mut gas = GasMeter::new(context.message.gas_limit);
//!         if gas.charge(input.len() as u64).is_err() {
//!             return Ok(FrameResult::halt(StatusCode::OUT_OF_GAS));
//!         }
//!         Ok(FrameResult::success(gas.left(), input.into()))
//!     }
//!
//!     fn validate_code(&self, _code: &[u8]) -> Result<(), VmError> {
//!         Ok(())
//!     }
//! }
//!
//! #[derive(serde::Deserialize)]
//! #[serde(deny_unknown_fields)]
//! struct Config {}
//!
//! proz_sdk::export_vm! {
//!     id: "echo",
//!     vm_type: "echo",
//!     version: "0.1.0",
//!     features: "",
//!     create: |_config: Config, _host| Ok(Echo),
//! }
//! # fn main() {}
//! ```
#![expect(
    unsafe_code,
    reason = "the export macro emits the library's header; extension tables are raw pointers"
)]

#[cfg(panic = "abort")]
compile_error!(
    "a ProzChain plugin must unwind: remove `panic = \"abort\"` from the profile, or a panic in the \
     plugin would end the whole host"
);

mod estimate;
mod export;
mod fence;
mod gas;
mod host;
mod inspect;
mod machine;
mod metrics;
mod precompile;
pub mod pricing;
mod trace;

pub use estimate::estimate_by_trial;
pub use export::Identity;
pub use gas::{GasMeter, OutOfGas};
pub use host::Host;
pub use inspect::{ENTRY_GAS, Inspect, fact};
pub use machine::VirtualMachine;
pub use metrics::Metrics;
pub use precompile::Precompile;
pub use trace::Tracer;

pub use proz_interface::{
    Descriptor, PluginKind,
    v1::{
        AccessStatus, AccountInfo, Address, B256, BlockContext, Buffer, CallOutcome, CallRequest,
        CallTarget, CancelFlag, CodeFact, CodeView, CreateOutcome, CreateRequest, ExecutionContext,
        FrameResult, GasEstimate, HostError, Limits, Message, MessageKind, OpcodeCount,
        PreparationPrice, Revision, SelfDestruct, StatusCode, StepEvent, StorageLoad, StorageStore,
        TraceMask, TransactionContext, VmError, VmErrorCode, VmType, VmVersion, Word,
    },
};

#[doc(hidden)]
pub mod __private {
    pub use crate::export::{create_machine, create_precompiles, parse_version};
    pub use proz_interface::abi_stable;
    pub use proz_interface::v1::{HostInfo, Instance, PluginModule, PluginModule_Ref};
    /// Version text of the compiler that built the plugin.
    pub const COMPILER: &str = env!("PROZ_SDK_COMPILER");
    /// Target triple that the plugin was built for.
    pub const TARGET: &str = env!("PROZ_SDK_TARGET");
}

/// The guide's code is compiled with this crate's tests.
#[cfg(doctest)]
#[doc = include_str!("../../GUIDE.md")]
struct Guide;

/// What the host tells a plugin about itself. See [`proz_interface::v1::HostInfo`].
pub type HostInfo<'a> = proz_interface::v1::HostInfo<'a>;
