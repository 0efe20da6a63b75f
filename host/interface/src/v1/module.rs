//! The root of a plugin library.

use super::{PrecompileBox, VirtualMachineBox, VmError};
use abi_stable::{
    StableAbi,
    library::RootModule,
    sabi_types::VersionStrings,
    std_types::{RResult, RStr, RVec},
};

/// What the host tells a plugin about itself when it creates an instance.
#[repr(C)]
#[derive(StableAbi, Debug, Clone, Copy)]
pub struct HostInfo<'a> {
    /// Version of the host, semantic.
    pub version: RStr<'a>,
    /// Folder in which the plugin may keep files of its own, such as compiled code; empty when
    /// it must not write.
    pub data_dir: RStr<'a>,
}

/// What a plugin's `create` returns: machines and precompiles.
///
/// A library of kind `vm` returns one machine, of kind `precompiles` at least one precompile.
#[repr(C)]
#[derive(StableAbi)]
pub struct Instance {
    /// Virtual machines.
    pub machines: RVec<VirtualMachineBox>,
    /// Precompiles, one per address.
    pub precompiles: RVec<PrecompileBox>,
}

/// Root module of a plugin library.
#[repr(C)]
#[derive(StableAbi)]
#[sabi(kind(Prefix(prefix_ref = PluginModule_Ref)))]
#[sabi(missing_field(panic))]
pub struct PluginModule {
    /// Creates an instance from a configuration, a TOML table as text. May be called repeatedly.
    ///
    /// Unknown keys and bad values are refused with `INVALID_CONFIGURATION`.
    #[sabi(last_prefix_field)]
    pub create:
        extern "C" fn(configuration: RStr<'_>, host: &HostInfo<'_>) -> RResult<Instance, VmError>,
}

impl RootModule for PluginModule_Ref {
    abi_stable::declare_root_module_statics! {PluginModule_Ref}
    const BASE_NAME: &'static str = "proz_plugin";
    const NAME: &'static str = "proz_plugin";
    // The version of the generation, not of this crate: the generation is frozen.
    const VERSION_STRINGS: VersionStrings = VersionStrings::new("1.0.0");
}
