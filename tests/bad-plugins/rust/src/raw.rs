//! What is needed to export a library without the SDK's macro.

use abi_stable::{
    sabi_trait::TD_Opaque,
    std_types::{ROption, RResult, RSlice, RStr, RVec},
};
use proz_interface::v1::{
    ExecutionContext, Extension, FrameResult, GasEstimate, Instance, PreparationPrice, Revision,
    StateAccessMut, StatusCode, VirtualMachine, VirtualMachine_TO, VmError, VmTerms, VmType,
    VmVersion,
};

/// A machine that says of itself what it is told to.
pub struct RawMachine {
    /// The VM type.
    pub vm_type: &'static str,
    /// The minor version; the version is `1.minor.0`.
    pub minor: u64,
}

impl VirtualMachine for RawMachine {
    fn execute(
        &self,
        _: RSlice<'_, u8>,
        _: &ExecutionContext<'_>,
        _: StateAccessMut<'_>,
    ) -> RResult<FrameResult, VmError> {
        RResult::ROk(FrameResult::halt(StatusCode::NO_RESULT))
    }

    fn estimate_gas(
        &self,
        _: RSlice<'_, u8>,
        _: RSlice<'_, u8>,
        _: &ExecutionContext<'_>,
        _: StateAccessMut<'_>,
    ) -> RResult<GasEstimate, VmError> {
        RResult::ROk(GasEstimate {
            gas: 0,
            executions: 0,
        })
    }

    fn validate_code(&self, _: RSlice<'_, u8>) -> RResult<(), VmError> {
        RResult::ROk(())
    }

    fn vm_type(&self) -> VmType {
        VmType::from(self.vm_type)
    }

    fn vm_version(&self) -> VmVersion {
        VmVersion {
            major: 1,
            minor: self.minor,
            patch: 0,
            pre: "".into(),
            features: vec!["echo".into()].into(),
        }
    }

    fn terms(&self) -> VmTerms {
        VmTerms {
            stack_bytes: 0,
            first_revision: Revision::Frontier,
            last_revision: Revision::LATEST,
            preparation: PreparationPrice::default(),
        }
    }

    fn shutdown(&self) {}

    fn extension(&self, _: RStr<'_>) -> ROption<Extension> {
        ROption::RNone
    }
}

/// Makes an instance of `machines`.
pub fn instance(machines: impl IntoIterator<Item = RawMachine>) -> RResult<Instance, VmError> {
    let machines = machines
        .into_iter()
        .map(|machine| VirtualMachine_TO::from_value(machine, TD_Opaque));
    RResult::ROk(Instance {
        machines: machines.collect(),
        precompiles: RVec::new(),
    })
}

/// Exports a descriptor that is right, and the header of a root module of type `$module` that `$root` makes.
#[macro_export]
macro_rules! export {
    ($module:ty, $check:ident, $root:expr) => {
        #[unsafe(export_name = "PROZ_PLUGIN_DESCRIPTOR")]
        pub static DESCRIPTOR: proz_sdk::Descriptor = proz_sdk::Descriptor::new(
            proz_sdk::PluginKind::VM,
            "bad-plugin",
            "1.0.0",
            "bad",
            "echo",
            proz_sdk::__private::COMPILER,
            proz_sdk::__private::TARGET,
        );

        extern "C" fn root() -> $crate::abi_stable::library::RootModuleResult {
            $crate::abi_stable::library::__call_root_module_loader($root)
        }

        // SAFETY: the root function makes the module type that the header is made for, or the host refuses the header
        // before it calls the function.
        #[unsafe(export_name = "_1as_0lib_1header_0root_bmodule_bloader")]
        pub static HEADER: $crate::abi_stable::library::LibHeader = unsafe {
            $crate::abi_stable::library::LibHeader::from_constructor::<$module>(
                root,
                $crate::abi_stable::library::CheckTypeLayout::$check,
            )
        };
    };
}

/// Exports the interface's root module with `$machines` as what it creates.
#[macro_export]
macro_rules! export_machines {
    ($check:ident, $machines:expr) => {
        extern "C" fn create(
            _: $crate::abi_stable::std_types::RStr<'_>,
            _: &proz_interface::v1::HostInfo<'_>,
        ) -> $crate::abi_stable::std_types::RResult<
            proz_interface::v1::Instance,
            proz_interface::v1::VmError,
        > {
            $crate::instance($machines)
        }

        fn module() -> proz_interface::v1::PluginModule_Ref {
            use $crate::abi_stable::prefix_type::PrefixTypeTrait as _;
            proz_interface::v1::PluginModule { create }.leak_into_prefix()
        }

        $crate::export!(proz_interface::v1::PluginModule_Ref, $check, module);
    };
}
