//! Extension `proz.inspect/1`: what a VM sees in a piece of code.

use super::VmError;
use abi_stable::{
    StableAbi,
    std_types::{RResult, RSlice, RString, RVec},
};

/// Id under which the host asks a VM for an [`InspectTable`].
pub const INSPECT_EXTENSION: &str = "proz.inspect/1";

/// Something that a VM says of code: `imports`, `memory`, `operators`.
#[repr(C)]
#[derive(StableAbi, Debug, Clone, PartialEq, Eq)]
pub struct CodeFact {
    /// Name of the fact, lower case, the same in every answer of one VM.
    pub name: RString,
    /// What is said, for people; a list where there is one to give.
    pub values: RVec<RString>,
}

/// The function by which the host asks a VM what it sees in code.
///
/// Callable from any thread.
#[repr(C)]
#[derive(StableAbi)]
pub struct InspectTable {
    /// The VM; first argument of the function.
    pub vm: *const (),
    /// Facts in the order in which to show them; refuses what `validate_code` refuses.
    pub inspect: unsafe extern "C" fn(
        vm: *const (),
        code: RSlice<'_, u8>,
    ) -> RResult<RVec<CodeFact>, VmError>,
}

// SAFETY: the function may be called from any thread, as documented.
unsafe impl Send for InspectTable {}
// SAFETY: as above.
unsafe impl Sync for InspectTable {}
