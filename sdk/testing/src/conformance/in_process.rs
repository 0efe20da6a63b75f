//! A plugin under test without a library: through the same export as a library, fence included.

use proz_interface::v1::{HostInfo, PrecompileBox, VirtualMachineBox, VmError, VmErrorCode};
use proz_sdk::{
    __private::{create_machine, create_precompiles},
    Identity, Precompile, VirtualMachine,
};

/// No configuration: the plugin was made by the test.
#[derive(serde::Deserialize)]
struct Nothing {}

const HOST: HostInfo<'static> = HostInfo {
    version: proz_interface::abi_stable::std_types::RStr::from_str("0.0.0"),
    data_dir: proz_interface::abi_stable::std_types::RStr::from_str(""),
};

/// Exports a machine as [`export_vm!`](proz_sdk::export_vm) does, without a library.
///
/// # Errors
///
/// `INTERNAL` when the export makes no machine, which it always does.
pub fn machine_in_process<V: VirtualMachine>(
    identity: &'static Identity,
    machine: V,
) -> Result<VirtualMachineBox, VmError> {
    let create = |_: Nothing, _: &HostInfo<'_>| Ok(machine);
    let instance = create_machine(identity, "".into(), &HOST, create).into_result()?;
    let mut machines = instance.machines.into_iter();
    machines
        .next()
        .ok_or_else(|| VmError::new(VmErrorCode::INTERNAL, "the export made no machine"))
}

/// Exports a pack as [`export_precompiles!`](proz_sdk::export_precompiles) does, without a library.
///
/// # Errors
///
/// None but those of the export itself, which has none.
pub fn pack_in_process(pack: Vec<Box<dyn Precompile>>) -> Result<Vec<PrecompileBox>, VmError> {
    let create = |_: Nothing, _: &HostInfo<'_>| Ok(pack);
    let instance = create_precompiles("".into(), &HOST, create).into_result()?;
    Ok(instance.precompiles.into_iter().collect())
}
