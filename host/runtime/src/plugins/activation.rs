//! Which release runs a block: consensus data, decided by height.

use crate::execution::{LoadedPrecompile, Machine, VmSet};
use proz_manifest::{PluginId, Requirement, Subject, ranked};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// From which block on a requirement decides.
#[derive(
    Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct ActivationRule {
    /// VM type or plugin id with a range of versions, such as `evm@^1.1`.
    #[schemars(with = "String")]
    pub vm: Requirement,
    /// First block.
    #[serde(default)]
    pub from_block: u64,
}

/// The activation schedule of a chain.
///
/// For plain code the last rule for `evm` that has begun decides; without one the best loaded
/// release runs. Packs likewise, rule by rule: as soon as one rule names a pack, only packs named
/// by rules are active. Containers carry their own requirement and are not scheduled.
///
/// A rule that has begun and that nothing loaded satisfies stops every transaction of its blocks
/// before anything is executed.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Activation {
    rules: Vec<ActivationRule>,
}

impl Activation {
    /// A schedule; rules may come in any order.
    #[must_use]
    pub fn new(mut rules: Vec<ActivationRule>) -> Self {
        rules.sort_by_key(|rule| rule.from_block);
        Self { rules }
    }

    /// Rules by height.
    #[must_use]
    pub fn rules(&self) -> &[ActivationRule] {
        &self.rules
    }

    /// Heights at which something changes, genesis included.
    fn heights(&self) -> Vec<u64> {
        let mut heights = vec![0];
        heights.extend(self.rules.iter().map(|rule| rule.from_block));
        heights.sort_unstable();
        heights.dedup();
        heights
    }

    /// The sets of VMs by the height from which they are in force.
    pub(crate) fn resolve(
        &self,
        machines: &[Arc<Machine>],
        packs: &[Pack],
        quarantined: &BTreeSet<u64>,
    ) -> Vec<(u64, Arc<VmSet>)> {
        let at = |height: u64| {
            let plain = self.plain_at(height, machines);
            let precompiles = self.precompiles_at(height, packs);
            let mut set = VmSet::new(plain, machines.to_vec(), precompiles);
            set.missing = self.missing_at(height, machines, packs);
            set.quarantined = quarantined.clone();
            Arc::new(set)
        };
        self.heights()
            .into_iter()
            .map(|height| (height, at(height)))
            .collect()
    }

    /// The first rule in force that nothing loaded satisfies.
    ///
    /// Rules for the VM of plain code follow one another whichever way they name it; all others
    /// follow those that name the same type or plugin.
    fn missing_at(&self, height: u64, machines: &[Arc<Machine>], packs: &[Pack]) -> Option<String> {
        let mut in_force: BTreeMap<String, &Requirement> = BTreeMap::new();
        for rule in self.rules.iter().filter(|rule| rule.from_block <= height) {
            let key = if is_plain(&rule.vm.subject, machines) {
                "plain code".to_owned()
            } else {
                format!("{:?}", rule.vm.subject)
            };
            in_force.insert(key, &rule.vm);
        }
        let is_loaded = |requirement: &Requirement| {
            best(requirement, machines).is_some() || best_pack(requirement, packs).is_some()
        };
        in_force
            .into_values()
            .find(|requirement| !is_loaded(requirement))
            .map(ToString::to_string)
    }

    fn plain_at(&self, height: u64, machines: &[Arc<Machine>]) -> Result<Arc<Machine>, String> {
        let mut begun = self.rules.iter().filter(|rule| rule.from_block <= height);
        let requirement = begun
            .rfind(|rule| is_plain(&rule.vm.subject, machines))
            .map_or_else(plain_default, |rule| rule.vm.clone());
        best(&requirement, machines).ok_or_else(|| requirement.to_string())
    }

    fn precompiles_at(&self, height: u64, packs: &[Pack]) -> Vec<Arc<LoadedPrecompile>> {
        let is_pack_rule = |rule: &&ActivationRule| match &rule.vm.subject {
            Subject::VmType(vm_type) => vm_type.is_precompile(),
            Subject::Plugin(id) => packs.iter().any(|pack| pack.id() == Some(id)),
        };
        let mut in_force: BTreeMap<String, &Requirement> = BTreeMap::new();
        let mut is_scheduled = false;
        for rule in self.rules.iter().filter(is_pack_rule) {
            is_scheduled = true;
            if rule.from_block <= height {
                in_force.insert(format!("{:?}", rule.vm.subject), &rule.vm);
            }
        }
        let chosen: Vec<&Pack> = if is_scheduled {
            in_force
                .values()
                .filter_map(|requirement| best_pack(requirement, packs))
                .collect()
        } else {
            let ids: BTreeSet<_> = packs.iter().filter_map(Pack::id).cloned().collect();
            ids.into_iter()
                .filter_map(|id| best_pack(&Requirement::any(Subject::Plugin(id)), packs))
                .collect()
        };
        let mut by_address: BTreeMap<_, Arc<LoadedPrecompile>> = BTreeMap::new();
        for pack in chosen {
            for entry in &pack.precompiles {
                by_address
                    .entry((entry.address, entry.from))
                    .or_insert_with(|| entry.clone());
            }
        }
        by_address.into_values().collect()
    }
}

/// The precompiles of one loaded pack.
#[derive(Clone)]
pub(crate) struct Pack {
    pub(crate) precompiles: Vec<Arc<LoadedPrecompile>>,
}

impl Pack {
    fn id(&self) -> Option<&PluginId> {
        Some(&self.precompiles.first()?.identity.id)
    }
}

/// Plain code runs in the VM of type `evm`.
fn plain_default() -> Requirement {
    Requirement::any(Subject::VmType(evm_type()))
}

fn evm_type() -> proz_manifest::VmType {
    #[expect(clippy::expect_used, reason = "a constant that a test parses")]
    proz_manifest::VmType::new("evm").expect("`evm` is a valid VM type")
}

/// Whether a rule is about the VM of plain code.
fn is_plain(subject: &Subject, machines: &[Arc<Machine>]) -> bool {
    match subject {
        Subject::VmType(vm_type) => *vm_type == evm_type(),
        Subject::Plugin(id) => machines
            .iter()
            .any(|m| m.identity.id == *id && m.identity.vm_type == evm_type()),
    }
}

/// Best machine for a requirement.
pub(crate) fn best(requirement: &Requirement, machines: &[Arc<Machine>]) -> Option<Arc<Machine>> {
    let identities = machines.iter().map(|machine| &*machine.identity);
    let generation = ranked(requirement, identities).first()?.generation;
    machines
        .iter()
        .find(|machine| machine.identity.generation == generation)
        .cloned()
}

fn best_pack<'a>(requirement: &Requirement, packs: &'a [Pack]) -> Option<&'a Pack> {
    let identities = packs
        .iter()
        .filter_map(|pack| Some(&*pack.precompiles.first()?.identity));
    let generation = ranked(requirement, identities).first()?.generation;
    packs.iter().find(|pack| {
        pack.precompiles
            .first()
            .is_some_and(|entry| entry.identity.generation == generation)
    })
}
