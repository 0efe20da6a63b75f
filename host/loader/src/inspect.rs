//! What a plugin sees in code: extension `proz.inspect/1`.

use proz_interface::abi_stable::std_types::{ROption, RSlice, RStr, RVec};
use proz_interface::v1::{CodeFact, INSPECT_EXTENSION, InspectTable, VirtualMachineBox, VmError};

/// Facts about `code`; `None` when the VM tells none.
///
/// # Errors
///
/// The VM's refusal of the code.
#[must_use]
pub fn inspect(vm: &VirtualMachineBox, code: &[u8]) -> Option<Result<Vec<CodeFact>, VmError>> {
    let table: &InspectTable = match vm.extension(RStr::from_str(INSPECT_EXTENSION)) {
        // SAFETY: the id names `InspectTable`, and the table lives as long as the VM.
        ROption::RSome(extension) => unsafe { extension.cast() }?,
        ROption::RNone => return None,
    };
    // SAFETY: the function is called with the VM that the plugin put beside it.
    let answer = unsafe { (table.inspect)(table.vm, RSlice::from_slice(code)) };
    Some(Result::from(answer).map(RVec::into_vec))
}
