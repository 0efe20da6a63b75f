//! From an author's type to an exported library.

use crate::{
    Address, CodeFact, ExecutionContext, FrameResult, GasEstimate, Host, OpcodeCount, Precompile,
    PreparationPrice, Revision, StatusCode, VirtualMachine, VmError, VmErrorCode, VmType,
    VmVersion,
    fence::{fence, fence_or},
};
use proz_interface::abi_stable::{
    sabi_trait::TD_Opaque,
    std_types::{ROption, RResult, RSlice, RStr, RString, RVec},
};
use proz_interface::v1::{
    Extension, HostInfo, INSPECT_EXTENSION, InspectTable, Instance, METRICS_EXTENSION,
    MetricsTable, Precompile_TO, StateAccessMut, VirtualMachine_TO, VmTerms,
};
use serde::de::DeserializeOwned;
use std::ops::RangeInclusive;

/// Who a plugin is, said once in the export macro.
#[derive(Debug, Clone, Copy)]
pub struct Identity {
    /// Line of releases, such as `proz-evm`.
    pub id: &'static str,
    /// VM type served, or `precompile`.
    pub vm_type: &'static str,
    /// Semantic version.
    pub version: &'static str,
    /// Feature names, comma-separated.
    pub features: &'static str,
}

/// Exports a virtual machine as a plugin library.
///
/// `create` is called with the typed configuration, read from the manifest's and the operator's
/// TOML table, and with the host's [`HostInfo`](crate::HostInfo). Use `deny_unknown_fields` on the
/// configuration, so that a misspelt key is an error.
#[macro_export]
macro_rules! export_vm {
    (
        id: $id:expr,
        vm_type: $vm_type:expr,
        version: $version:expr,
        features: $features:expr,
        create: $create:expr $(,)?
    ) => {
        $crate::__export!(
            $crate::PluginKind::VM,
            $id,
            $vm_type,
            $version,
            $features,
            |configuration, host| $crate::__private::create_machine(
                &IDENTITY,
                configuration,
                host,
                $create
            )
        );
    };
}

/// Exports a pack of precompiled contracts as a plugin library.
///
/// `create` returns `Vec<Box<dyn Precompile>>`, one per address.
#[macro_export]
macro_rules! export_precompiles {
    (
        id: $id:expr,
        version: $version:expr,
        features: $features:expr,
        create: $create:expr $(,)?
    ) => {
        $crate::__export!(
            $crate::PluginKind::PRECOMPILES,
            $id,
            $crate::VmType::PRECOMPILE,
            $version,
            $features,
            |configuration, host| $crate::__private::create_precompiles(
                configuration,
                host,
                $create
            )
        );
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __export {
    ($kind:expr, $id:expr, $vm_type:expr, $version:expr, $features:expr, $create:expr) => {
        #[doc(hidden)]
        #[allow(unsafe_code, missing_docs, unreachable_pub, clippy::all)]
        pub mod __proz_plugin {
            use super::*;
            use $crate::__private::abi_stable;

            pub static IDENTITY: $crate::Identity = $crate::Identity {
                id: $id,
                vm_type: $vm_type,
                version: $version,
                features: $features,
            };

            const _: () = $crate::__private::parse_version($version);

            #[unsafe(export_name = "PROZ_PLUGIN_DESCRIPTOR")]
            pub static DESCRIPTOR: $crate::Descriptor = $crate::Descriptor::new(
                $kind,
                $id,
                $version,
                $vm_type,
                $features,
                $crate::__private::COMPILER,
                $crate::__private::TARGET,
            );

            extern "C" fn create(
                configuration: abi_stable::std_types::RStr<'_>,
                host: &$crate::HostInfo<'_>,
            ) -> abi_stable::std_types::RResult<$crate::__private::Instance, $crate::VmError> {
                let create: fn(
                    abi_stable::std_types::RStr<'_>,
                    &$crate::HostInfo<'_>,
                ) -> abi_stable::std_types::RResult<
                    $crate::__private::Instance,
                    $crate::VmError,
                > = $create;
                create(configuration, host)
            }

            fn module() -> $crate::__private::PluginModule_Ref {
                use abi_stable::prefix_type::PrefixTypeTrait as _;
                $crate::__private::PluginModule { create }.leak_into_prefix()
            }

            extern "C" fn root() -> abi_stable::library::RootModuleResult {
                abi_stable::library::__call_root_module_loader(module)
            }

            // abi_stable's own name for the header; a test compares the two.
            #[unsafe(export_name = "_1as_0lib_1header_0root_bmodule_bloader")]
            pub static HEADER: abi_stable::library::LibHeader = unsafe {
                abi_stable::library::LibHeader::from_constructor::<
                    $crate::__private::PluginModule_Ref,
                >(root, abi_stable::library::CheckTypeLayout::Yes)
            };
        }
    };
}

/// Checks at compile time that `version` looks like `major.minor.patch…`; the loader parses it.
pub const fn parse_version(version: &str) {
    let bytes = version.as_bytes();
    let (mut dots, mut i) = (0, 0);
    while i < bytes.len() {
        match bytes[i] {
            b'.' => dots += 1,
            b'0'..=b'9' => {}
            b'-' | b'+' => break,
            _ => panic!("a plugin version is semantic: MAJOR.MINOR.PATCH"),
        }
        i += 1;
    }
    assert!(dots == 2, "a plugin version is semantic: MAJOR.MINOR.PATCH");
}

/// Creates the instance of a machine. Called by the export macro.
pub fn create_machine<C, V, F>(
    identity: &'static Identity,
    configuration: RStr<'_>,
    host: &HostInfo<'_>,
    create: F,
) -> RResult<Instance, VmError>
where
    C: DeserializeOwned,
    V: VirtualMachine,
    F: FnOnce(C, &HostInfo<'_>) -> Result<V, VmError>,
{
    fence(|| {
        let machine = Box::new(create(parse(configuration)?, host)?);
        let metrics = MetricsTable {
            vm: std::ptr::from_ref::<V>(&machine).cast(),
            enable: enable_metrics::<V>,
            take: take_metrics::<V>,
        };
        let inspect = InspectTable {
            vm: metrics.vm,
            inspect: inspect::<V>,
        };
        let exported = ExportedMachine {
            machine,
            metrics,
            inspect,
            identity,
        };
        Ok(Instance {
            machines: vec![VirtualMachine_TO::from_value(exported, TD_Opaque)].into(),
            precompiles: RVec::new(),
        })
    })
}

/// Creates the instance of a pack. Called by the export macro.
pub fn create_precompiles<C, F>(
    configuration: RStr<'_>,
    host: &HostInfo<'_>,
    create: F,
) -> RResult<Instance, VmError>
where
    C: DeserializeOwned,
    F: FnOnce(C, &HostInfo<'_>) -> Result<Vec<Box<dyn Precompile>>, VmError>,
{
    fence(|| {
        let precompiles = create(parse(configuration)?, host)?
            .into_iter()
            .map(|entry| Precompile_TO::from_value(ExportedPrecompile(entry), TD_Opaque))
            .collect();
        Ok(Instance {
            machines: RVec::new(),
            precompiles,
        })
    })
}

fn parse<C: DeserializeOwned>(configuration: RStr<'_>) -> Result<C, VmError> {
    toml::from_str(configuration.as_str()).map_err(|error| {
        VmError::new(
            VmErrorCode::INVALID_CONFIGURATION,
            error.message().trim().to_owned(),
        )
    })
}

/// Where each part of a semantic version starts; checked at compile time by [`parse_version`].
fn vm_version(identity: &Identity) -> VmVersion {
    let text = identity.version.split('+').next().unwrap_or_default();
    let (numbers, pre) = text.split_once('-').unwrap_or((text, ""));
    let mut numbers = numbers.split('.').map(|n| n.parse().unwrap_or(u64::MAX));
    let mut next = || numbers.next().unwrap_or_default();
    VmVersion {
        major: next(),
        minor: next(),
        patch: next(),
        pre: pre.into(),
        features: identity
            .features
            .split(',')
            .map(str::trim)
            .filter(|name| !name.is_empty())
            .map(RString::from)
            .collect(),
    }
}

/// What a machine runs whose answer panics: nothing.
const NO_REVISIONS: RangeInclusive<Revision> = Revision(u32::MAX)..=Revision(0);

/// What preparation costs on a machine whose answer panics: more than there is.
const UNPAYABLE: PreparationPrice = PreparationPrice {
    base_gas: u64::MAX,
    gas_per_kib: 0,
};

struct ExportedMachine<V> {
    machine: Box<V>,
    metrics: MetricsTable,
    inspect: InspectTable,
    identity: &'static Identity,
}

impl<V: VirtualMachine> proz_interface::v1::VirtualMachine for ExportedMachine<V> {
    fn execute(
        &self,
        code: RSlice<'_, u8>,
        context: &ExecutionContext<'_>,
        state: StateAccessMut<'_>,
    ) -> RResult<FrameResult, VmError> {
        fence(|| {
            self.machine
                .execute(code.as_slice(), context, &mut Host::new(state))
        })
    }

    fn estimate_gas(
        &self,
        code: RSlice<'_, u8>,
        input: RSlice<'_, u8>,
        context: &ExecutionContext<'_>,
        state: StateAccessMut<'_>,
    ) -> RResult<GasEstimate, VmError> {
        fence(|| {
            self.machine.estimate_gas(
                code.as_slice(),
                input.as_slice(),
                context,
                &mut Host::new(state),
            )
        })
    }

    fn validate_code(&self, code: RSlice<'_, u8>) -> RResult<(), VmError> {
        fence(|| self.machine.validate_code(code.as_slice()))
    }

    fn vm_type(&self) -> VmType {
        VmType::from(self.identity.vm_type)
    }

    fn vm_version(&self) -> VmVersion {
        vm_version(self.identity)
    }

    fn terms(&self) -> VmTerms {
        let revisions = fence_or(NO_REVISIONS, || self.machine.revisions());
        VmTerms {
            stack_bytes: fence_or(1024 * 1024, || self.machine.native_stack_bytes()),
            first_revision: *revisions.start(),
            last_revision: *revisions.end(),
            preparation: fence_or(UNPAYABLE, || self.machine.preparation_price()),
        }
    }

    fn shutdown(&self) {
        fence_or((), || self.machine.shutdown());
    }

    fn extension(&self, id: RStr<'_>) -> ROption<Extension> {
        let machine = &self.machine;
        match id.as_str() {
            METRICS_EXTENSION if fence_or(false, || machine.metrics().is_some()) => {
                ROption::RSome(Extension::new(&self.metrics))
            }
            INSPECT_EXTENSION if fence_or(false, || machine.inspector().is_some()) => {
                ROption::RSome(Extension::new(&self.inspect))
            }
            _ => ROption::RNone,
        }
    }
}

unsafe extern "C" fn enable_metrics<V: VirtualMachine>(vm: *const (), on: bool) -> bool {
    // SAFETY: `vm` is the machine that the table was made with, which outlives the table.
    let machine = unsafe { &*vm.cast::<V>() };
    fence_or(false, || {
        machine.metrics().is_some_and(|metrics| metrics.enable(on))
    })
}

unsafe extern "C" fn take_metrics<V: VirtualMachine>(vm: *const ()) -> RVec<OpcodeCount> {
    // SAFETY: as above.
    let machine = unsafe { &*vm.cast::<V>() };
    fence_or(RVec::new(), || {
        machine
            .metrics()
            .map(|metrics| metrics.take().into())
            .unwrap_or_default()
    })
}

unsafe extern "C" fn inspect<V: VirtualMachine>(
    vm: *const (),
    code: RSlice<'_, u8>,
) -> RResult<RVec<CodeFact>, VmError> {
    // SAFETY: as above.
    let machine = unsafe { &*vm.cast::<V>() };
    fence(|| {
        let facts = machine
            .inspector()
            .map(|inspector| inspector.inspect(code.as_slice()));
        Ok(facts.transpose()?.unwrap_or_default().into())
    })
}

struct ExportedPrecompile(Box<dyn Precompile>);

impl proz_interface::v1::Precompile for ExportedPrecompile {
    fn name(&self) -> RStr<'_> {
        RStr::from_str(self.0.name())
    }

    fn address(&self) -> Address {
        self.0.address()
    }

    fn active_from(&self) -> Revision {
        self.0.active_from()
    }

    fn active_until(&self) -> ROption<Revision> {
        self.0.active_until().into()
    }

    fn is_stateful(&self) -> bool {
        self.0.is_stateful()
    }

    fn gas_cost(&self, input: RSlice<'_, u8>, revision: Revision) -> u64 {
        fence_or(u64::MAX, || self.0.gas_cost(input.as_slice(), revision))
    }

    fn execute(
        &self,
        context: &ExecutionContext<'_>,
        input: RSlice<'_, u8>,
        state: StateAccessMut<'_>,
    ) -> RResult<FrameResult, VmError> {
        fence(|| {
            let input = input.as_slice();
            let cost = self.0.gas_cost(input, context.revision);
            match context.message.gas_limit.checked_sub(cost) {
                Some(gas_left) => self.0.run(input, gas_left, context, &mut Host::new(state)),
                None => Ok(FrameResult::halt(StatusCode::OUT_OF_GAS)),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_split_into_their_parts() {
        let identity = Identity {
            id: "x",
            vm_type: "x",
            version: "1.2.3-rc.1+build",
            features: "a, b",
        };
        let version = vm_version(&identity);
        assert_eq!(version.to_string(), "1.2.3-rc.1");
        assert_eq!(version.features.as_slice(), ["a", "b"]);
    }

    #[test]
    fn exports_the_header_under_abi_stables_name() {
        let source = include_str!("export.rs");
        let name = proz_interface::abi_stable::library::ROOT_MODULE_LOADER_NAME;
        assert!(
            source.contains(&format!("export_name = \"{name}\"")),
            "abi_stable calls its header `{name}`"
        );
    }

    #[test]
    fn misspelt_configuration_keys_are_refused() {
        #[derive(serde::Deserialize, Debug)]
        #[serde(deny_unknown_fields)]
        struct Config {
            #[allow(dead_code)]
            depth: u32,
        }
        let error = parse::<Config>("depht = 1".into()).unwrap_err();
        assert_eq!(error.code(), VmErrorCode::INVALID_CONFIGURATION);
        assert!(error.message().contains("depht"), "{error}");
    }
}
