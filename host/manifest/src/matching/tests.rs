use proptest::prelude::*;

use super::*;
use crate::names::FeatureName;
use crate::requirement::tests::{feature_set, requirement, version};

#[derive(Clone, Debug, PartialEq)]
struct Release {
    id: PluginId,
    vm_type: VmType,
    version: Version,
    features: FeatureSet,
    rank: usize,
}

impl Offered for Release {
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

    fn rank(&self) -> usize {
        self.rank
    }
}

fn release(id: &str, vm_type: &str, version: &str, features: &[&str]) -> Release {
    Release {
        id: PluginId::new(id).unwrap(),
        vm_type: VmType::new(vm_type).unwrap(),
        version: version.parse().unwrap(),
        features: features
            .iter()
            .map(|name| FeatureName::new(name).unwrap())
            .collect(),
        rank: 0,
    }
}

fn set() -> Vec<Release> {
    vec![
        release("proz-evm", "evm", "1.0.0", &["shanghai"]),
        release("proz-evm", "evm", "1.1.0", &["shanghai", "osaka", "blobs"]),
        release("proz-evm", "evm", "1.2.0", &["osaka"]),
        release("proz-evm", "evm", "2.0.0-rc.1", &["osaka"]),
        release("other-evm", "evm", "1.2.0", &["osaka"]),
        release("other-evm", "evm", "1.2.0+7", &[]),
        release("proz-wasm", "wasm", "1.0.0", &["simd"]),
        // An id that is another plugin's VM type answers for nothing but itself.
        release("wasm", "evm", "9.0.0", &["simd"]),
    ]
}

#[test]
fn chooses_the_highest_version_that_satisfies_range_and_features() {
    let set = set();
    for (requirement, id, version) in [
        ("evm@^1", "other-evm", "1.2.0+7"),
        ("evm@^1[osaka]", "other-evm", "1.2.0"),
        ("evm@^1[osaka,blobs]", "proz-evm", "1.1.0"),
        ("evm@~1.0", "proz-evm", "1.0.0"),
        ("evm@<1.2", "proz-evm", "1.1.0"),
        ("evm", "wasm", "9.0.0"),
        ("plugin:proz-evm", "proz-evm", "1.2.0"),
        ("plugin:proz-evm@=2.0.0-rc.1", "proz-evm", "2.0.0-rc.1"),
        ("plugin:proz-evm@>=2.0.0-alpha", "proz-evm", "2.0.0-rc.1"),
        ("wasm", "proz-wasm", "1.0.0"),
        ("wasm@*[simd]", "proz-wasm", "1.0.0"),
    ] {
        let chosen = choose(&requirement.parse().unwrap(), &set).unwrap();
        assert_eq!(
            (chosen.id.as_str(), chosen.version.to_string().as_str()),
            (id, version),
            "{requirement}"
        );
    }
}

#[test]
fn the_lowest_rank_wins_between_equal_releases() {
    let low = Release {
        rank: 1,
        ..release("a", "evm", "1.0.0", &[])
    };
    let high = Release {
        rank: 2,
        ..low.clone()
    };
    let requirement = "evm".parse().unwrap();
    assert_eq!(choose(&requirement, [&high, &low]).unwrap(), &low);
    assert_eq!(choose(&requirement, [&low, &high]).unwrap(), &low);
}

#[test]
fn says_which_versions_nearly_fit_and_why() {
    let set = set();
    let error = |text: &str| {
        choose(&text.parse().unwrap(), &set)
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        error("plugin:proz-evm@^2[simd]"),
        "no version satisfies `plugin:proz-evm@^2[simd]`; found \
         proz-evm 2.0.0-rc.1: a pre-release that the range does not name and lacks simd; \
         proz-evm 1.2.0: outside the range and lacks simd; \
         proz-evm 1.1.0: outside the range and lacks simd; \
         proz-evm 1.0.0: outside the range and lacks simd"
    );
    assert_eq!(
        error("wasm@^1[simd,threads]"),
        "no version satisfies `wasm@^1[simd,threads]`; found proz-wasm 1.0.0: lacks threads"
    );
    assert_eq!(
        error("movevm@^1"),
        "nothing offers `movevm@^1`; found VM types evm; wasm and plugins other-evm; proz-evm; proz-wasm; wasm"
    );
    let none: [&Release; 0] = [];
    assert_eq!(
        choose(&"evm".parse().unwrap(), none)
            .unwrap_err()
            .to_string(),
        "nothing offers `evm@*`; found VM types none and plugins none"
    );
}

/// Releases with names from a small set, so that requirements often match; ranks differ.
fn releases() -> impl Strategy<Value = Vec<Release>> {
    let small = || prop::sample::select(vec!["a", "b", "c"]);
    prop::collection::vec((small(), small(), version(), feature_set()), 0..12).prop_map(|list| {
        list.into_iter()
            .enumerate()
            .map(|(rank, (id, vm_type, version, features))| Release {
                id: PluginId::new(id).unwrap(),
                vm_type: VmType::new(vm_type).unwrap(),
                version,
                features,
                rank,
            })
            .collect()
    })
}

fn small_requirement() -> impl Strategy<Value = Requirement> {
    let subject = prop::sample::select(vec!["a", "b", "plugin:a", "plugin:c"]);
    (requirement(), subject, any::<bool>()).prop_map(|(requirement, subject, without_features)| {
        let subject = subject.parse::<Requirement>().unwrap().subject;
        let features = if without_features {
            FeatureSet::new()
        } else {
            requirement.features
        };
        Requirement {
            subject,
            features,
            ..requirement
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn the_choice_does_not_depend_on_the_order_of_candidates(
        (list, shuffled) in releases().prop_flat_map(|list| (Just(list.clone()), Just(list).prop_shuffle())),
        requirement in small_requirement(),
    ) {
        match (choose(&requirement, &list), choose(&requirement, &shuffled)) {
            (Ok(a), Ok(b)) => prop_assert_eq!(a, b),
            (Err(a), Err(b)) => prop_assert_eq!(a.to_string(), b.to_string()),
            (a, b) => prop_assert!(false, "{:?} and {:?}", a, b),
        }
        prop_assert_eq!(ranked(&requirement, &list), ranked(&requirement, &shuffled));
    }

    #[test]
    fn the_choice_satisfies_and_nothing_that_satisfies_is_newer(
        list in releases(),
        requirement in small_requirement(),
    ) {
        let fitting: Vec<_> = list
            .iter()
            .filter(|release| {
                let asked = match &requirement.subject {
                    Subject::VmType(vm_type) => &release.vm_type == vm_type,
                    Subject::Plugin(id) => &release.id == id,
                };
                asked
                    && requirement.versions.matches(&release.version)
                    && requirement.features.iter().all(|feature| release.features.contains(feature))
            })
            .collect();
        match choose(&requirement, &list) {
            Ok(chosen) => {
                prop_assert!(fitting.contains(&chosen));
                prop_assert!(fitting.iter().all(|release| release.version <= chosen.version));
            }
            Err(error) => {
                prop_assert!(fitting.is_empty(), "{}", error);
                if let ManifestError::VersionUnsatisfied { found, .. } = error {
                    prop_assert!(found.iter().all(|miss| !miss.misfits.is_empty()));
                }
            }
        }
    }
}
