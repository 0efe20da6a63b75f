//! Machines and precompiles, ready to run.

use alloy_primitives::Address;
use proz_interface::abi_stable::std_types::ROption;
use proz_interface::v1::{PrecompileBox, PreparationPrice, Revision, VirtualMachineBox};
use proz_manifest::{FeatureSet, Offered, PluginId, VmType};
use proz_state::WarmSet;
use semver::Version;
use std::{collections::BTreeMap, ops::RangeInclusive, sync::Arc};

/// Who a loaded build is, for matching, messages and quarantine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PluginIdentity {
    /// Line of releases.
    pub(crate) id: PluginId,
    /// VM type served.
    pub(crate) vm_type: VmType,
    /// Release.
    pub(crate) version: Version,
    /// What it offers beyond its version.
    pub(crate) features: FeatureSet,
    /// Number of the loaded build, unique in the process and growing.
    pub(crate) generation: u64,
}

impl Offered for PluginIdentity {
    fn plugin_id(&self) -> &PluginId {
        &self.id
    }

    fn vm_type(&self) -> &VmType {
        &self.vm_type
    }

    fn version(&self) -> &Version {
        &self.version
    }

    fn features(&self) -> &FeatureSet {
        &self.features
    }

    /// The newest of several builds of one release wins.
    fn rank(&self) -> usize {
        usize::MAX - usize::try_from(self.generation).unwrap_or(usize::MAX)
    }
}

/// A virtual machine ready to execute.
pub(crate) struct Machine {
    pub(crate) identity: Arc<PluginIdentity>,
    /// Type and version, such as `evm@1.1.0`.
    pub(crate) label: String,
    pub(crate) vm: VirtualMachineBox,
    /// Native stack that one frame may use, in bytes.
    pub(crate) stack_bytes: usize,
    /// Rule sets that it runs.
    pub(crate) revisions: RangeInclusive<Revision>,
    /// Gas before the first call of a code in a transaction.
    pub(crate) preparation: PreparationPrice,
}

/// Most native stack that a frame may ask for, in bytes; a plugin that asks for more errs.
const MAX_STACK_BYTES: usize = 64 * 1024 * 1024;

impl Machine {
    /// Takes a machine of a plugin in.
    pub(crate) fn new(vm: VirtualMachineBox, identity: Arc<PluginIdentity>) -> Self {
        let terms = vm.terms();
        let stack_bytes = usize::try_from(terms.stack_bytes).unwrap_or(usize::MAX);
        Self {
            label: format!("{}@{}", identity.vm_type, identity.version),
            stack_bytes: stack_bytes.min(MAX_STACK_BYTES),
            revisions: terms.first_revision..=terms.last_revision,
            preparation: terms.preparation,
            identity,
            vm,
        }
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        self.vm.shutdown();
    }
}

/// A precompile ready to run.
pub(crate) struct LoadedPrecompile {
    pub(crate) identity: Arc<PluginIdentity>,
    pub(crate) address: Address,
    pub(crate) name: String,
    pub(crate) from: Revision,
    pub(crate) until: Option<Revision>,
    pub(crate) code: PrecompileBox,
    pub(crate) is_stateful: bool,
}

impl LoadedPrecompile {
    /// Takes a precompile of a pack in.
    pub(crate) fn new(identity: Arc<PluginIdentity>, code: PrecompileBox) -> Self {
        Self {
            identity,
            address: code.address().into(),
            name: code.name().as_str().to_owned(),
            from: code.active_from(),
            until: match code.active_until() {
                ROption::RSome(revision) => Some(revision),
                ROption::RNone => None,
            },
            is_stateful: code.is_stateful(),
            code,
        }
    }

    /// What users see of it.
    pub(crate) fn info(&self) -> PrecompileInfo {
        PrecompileInfo {
            address: self.address,
            name: self.name.clone(),
            from: self.from,
            until: self.until,
            is_stateful: self.is_stateful,
            pack: self.identity.id.to_string(),
            version: self.identity.version.clone(),
        }
    }

    fn is_active(&self, revision: Revision) -> bool {
        revision.enables(self.from) && self.until.is_none_or(|until| !revision.enables(until))
    }
}

/// A precompile of a loaded pack.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct PrecompileInfo {
    /// Address at which it is called.
    pub address: Address,
    /// Name as the EIPs write it.
    pub name: String,
    /// First revision at which it is active.
    #[serde(serialize_with = "by_name")]
    pub from: Revision,
    /// First revision at which it is active no more.
    #[serde(
        serialize_with = "by_name_if_any",
        skip_serializing_if = "Option::is_none"
    )]
    pub until: Option<Revision>,
    /// Whether it works on storage.
    pub is_stateful: bool,
    /// Plugin id of its pack.
    pub pack: String,
    /// Version of its pack.
    pub version: Version,
}

fn by_name<S: serde::Serializer>(revision: &Revision, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(revision)
}

fn by_name_if_any<S: serde::Serializer>(
    revision: &Option<Revision>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match revision {
        Some(revision) => serializer.collect_str(revision),
        None => serializer.serialize_none(),
    }
}

/// Precompiles of one revision.
#[derive(Default)]
pub(crate) struct PrecompileTable {
    /// Addresses below 0x200 by their number, where Ethereum keeps its precompiles.
    low: Vec<Option<Arc<LoadedPrecompile>>>,
    /// All others.
    high: BTreeMap<Address, Arc<LoadedPrecompile>>,
    /// Addresses that are warm when a transaction begins. Spec: EIP-2929.
    pub(crate) warm: WarmSet,
}

const LOW_ADDRESSES: usize = 0x200;

impl PrecompileTable {
    pub(super) fn new(precompiles: &[Arc<LoadedPrecompile>], revision: Revision) -> Self {
        let mut table = Self::default();
        for entry in precompiles.iter().filter(|e| e.is_active(revision)) {
            table.warm.insert(entry.address);
            match low_number(&entry.address) {
                Some(number) => {
                    if table.low.len() <= number {
                        table.low.resize(number + 1, None);
                    }
                    table.low[number] = Some(entry.clone());
                }
                None => {
                    table.high.insert(entry.address, entry.clone());
                }
            }
        }
        table
    }

    /// The precompile at an address.
    #[inline]
    pub(crate) fn get(&self, address: &Address) -> Option<&Arc<LoadedPrecompile>> {
        match low_number(address) {
            Some(number) => self.low.get(number)?.as_ref(),
            None if self.high.is_empty() => None,
            None => self.high.get(address),
        }
    }
}

/// The number of an address below [`LOW_ADDRESSES`].
#[inline]
fn low_number(address: &Address) -> Option<usize> {
    let (high, low) = address.0.split_at(18);
    let number = usize::from(u16::from_be_bytes([low[0], low[1]]));
    (number < LOW_ADDRESSES && high.iter().all(|b| *b == 0)).then_some(number)
}
