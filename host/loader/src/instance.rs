//! From a loaded library to a running plugin.

use std::collections::BTreeSet;

use proz_interface::v1::{HostInfo, Instance, VirtualMachineBox, VmErrorCode};
use proz_manifest::{FeatureName, FeatureSet, PluginKind};

use crate::error::{LoadError, one_line};
use crate::loader::LoadedPlugin;

impl LoadedPlugin {
    /// Creates an instance with `configuration`, a TOML table as text.
    ///
    /// May be called any number of times; instances are independent of one another. The instance is checked against the
    /// descriptor: one machine of the announced type and version, or precompiles at addresses of their own.
    ///
    /// # Errors
    ///
    /// [`LoadError::CreateRefused`] when the plugin says no (a bad configuration, as a rule),
    /// [`LoadError::CreatePanicked`], and [`LoadError::Instance`].
    pub fn create(&self, configuration: &str, host: &HostInfo<'_>) -> Result<Instance, LoadError> {
        let create = self.module.create();
        let instance = create(configuration.into(), host)
            .into_result()
            .map_err(|error| {
                let file = self.path.clone();
                let message = one_line(error.message());
                if error.code() == VmErrorCode::PANICKED {
                    LoadError::CreatePanicked { file, message }
                } else {
                    LoadError::CreateRefused {
                        file,
                        code: error.code().0,
                        message,
                    }
                }
            })?;
        if let Err(error) = self.check_instance(&instance) {
            // Nothing runs on it yet, but it may have started threads.
            instance
                .machines
                .iter()
                .for_each(|machine| machine.shutdown());
            return Err(error);
        }
        Ok(instance)
    }

    fn check_instance(&self, instance: &Instance) -> Result<(), LoadError> {
        let (machines, precompiles) = (
            instance.machines.as_slice(),
            instance.precompiles.as_slice(),
        );
        let refused = |expected: &str| {
            let found = format!(
                "{} machines and {} precompiles",
                machines.len(),
                precompiles.len()
            );
            self.unexpected_instance(expected.to_owned(), found)
        };
        match (self.identity.kind, machines, precompiles) {
            (PluginKind::Vm, [machine], []) => self.check_machine(machine),
            (PluginKind::Vm, ..) => Err(refused("1 machine and 0 precompiles")),
            (PluginKind::Precompiles, [], [_, ..]) => {
                let addresses: BTreeSet<_> = precompiles
                    .iter()
                    .map(|precompile| precompile.address().0)
                    .collect();
                if addresses.len() == precompiles.len() {
                    return Ok(());
                }
                Err(self.unexpected_instance(
                    format!("{} precompiles at as many addresses", precompiles.len()),
                    format!("{} addresses", addresses.len()),
                ))
            }
            _ => Err(refused("0 machines and 1 or more precompiles")),
        }
    }

    fn check_machine(&self, machine: &VirtualMachineBox) -> Result<(), LoadError> {
        let identity = &self.identity;
        let vm_type = machine.vm_type();
        if vm_type.as_str() != identity.vm_type.as_str() {
            return Err(self.unexpected_instance(
                format!("VM type {}", identity.vm_type),
                one_line(vm_type.as_str()),
            ));
        }
        let found = machine.vm_version();
        // The interface's version has no room for build metadata.
        let mut expected = identity.version.clone();
        expected.build = semver::BuildMetadata::EMPTY;
        if found.to_string() != expected.to_string() {
            return Err(self
                .unexpected_instance(format!("version {expected}"), one_line(&found.to_string())));
        }
        let names: Result<FeatureSet, _> = found
            .features
            .iter()
            .map(|name| FeatureName::new(name.as_str()))
            .collect();
        if names.as_ref().ok() == Some(&identity.features) {
            return Ok(());
        }
        let names: Vec<_> = found.features.iter().map(|name| name.as_str()).collect();
        Err(self.unexpected_instance(
            format!("features [{}]", identity.features),
            format!("[{}]", one_line(&names.join(","))),
        ))
    }

    fn unexpected_instance(&self, expected: String, found: String) -> LoadError {
        LoadError::Instance {
            file: self.path.clone(),
            expected,
            found,
        }
    }
}
