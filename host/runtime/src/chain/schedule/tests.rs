use super::*;
use crate::chain::ETHEREUM_LIMITS;

fn release(plugin: &str, version: &str) -> Release {
    let vm_type = plugin.trim_start_matches("proz-").trim_end_matches("-b");
    Release {
        plugin: plugin.parse().unwrap(),
        version: version.parse().unwrap(),
        vm_type: vm_type.parse().unwrap(),
        features: FeatureSet::new(),
        options: ConsensusOptions::default(),
        replaces: BTreeSet::new(),
        addresses: None,
        fingerprint: None,
    }
}

fn replacing(plugin: &str, version: &str, replaced: &[&str]) -> Release {
    Release {
        replaces: replaced.iter().map(|v| v.parse().unwrap()).collect(),
        ..release(plugin, version)
    }
}

fn upgrade(block: u64, activate: Vec<Release>) -> Upgrade {
    Upgrade {
        start: Start::Block(block),
        revision: (block == 0).then_some(Revision::Shanghai),
        limits: None,
        blobs: None,
        activate,
        retire: Vec::new(),
    }
}

fn retiring(block: u64, plugin: &str, version: &str) -> Upgrade {
    Upgrade {
        retire: vec![release(plugin, version).key()],
        ..upgrade(block, Vec::new())
    }
}

fn schedule(upgrades: &[Upgrade]) -> Result<Schedule, ScheduleError> {
    Schedule::new(ETHEREUM_LIMITS, upgrades)
}

/// Active releases of a block as `plugin version(answers for)`.
fn active(schedule: &Schedule, block: u64) -> Vec<String> {
    let active = schedule.active_at(block, 0).iter();
    active
        .map(|s| {
            let versions: Vec<_> = s.answers_for.iter().map(ToString::to_string).collect();
            format!("{}({})", s.release.key(), versions.join(","))
        })
        .collect()
}

#[test]
fn several_releases_are_active_until_one_is_replaced() {
    let schedule = schedule(&[
        upgrade(0, vec![release("proz-wasm", "1.0.0")]),
        upgrade(5, vec![release("proz-wasm", "1.1.0")]),
        upgrade(9, vec![replacing("proz-wasm", "1.2.0", &["1.1.0"])]),
        upgrade(12, vec![replacing("proz-wasm", "1.3.0", &["1.2.0"])]),
    ])
    .unwrap();
    assert_eq!(active(&schedule, 4), ["proz-wasm 1.0.0()"]);
    assert_eq!(
        active(&schedule, 5),
        ["proz-wasm 1.0.0()", "proz-wasm 1.1.0()"]
    );
    assert_eq!(
        active(&schedule, 9),
        ["proz-wasm 1.0.0()", "proz-wasm 1.2.0(1.1.0)"]
    );
    // What 1.2.0 answered for, 1.3.0 answers for.
    assert_eq!(
        active(&schedule, 100),
        ["proz-wasm 1.0.0()", "proz-wasm 1.3.0(1.1.0,1.2.0)"]
    );
}

#[test]
fn a_release_that_runs_again_answers_for_itself() {
    let schedule = schedule(&[
        upgrade(0, vec![release("proz-wasm", "1.0.0")]),
        upgrade(5, vec![replacing("proz-wasm", "1.1.0", &["1.0.0"])]),
        upgrade(9, vec![release("proz-wasm", "1.0.0")]),
    ])
    .unwrap();
    assert_eq!(active(&schedule, 5), ["proz-wasm 1.1.0(1.0.0)"]);
    assert_eq!(
        active(&schedule, 9),
        ["proz-wasm 1.1.0()", "proz-wasm 1.0.0()"]
    );
}

#[test]
fn other_options_are_another_instance_of_the_release() {
    let mut changed = release("proz-wasm", "1.0.0");
    changed.options = ConsensusOptions::new(toml::toml! { max_memory_pages = 5 }).unwrap();
    let schedule = schedule(&[
        upgrade(0, vec![release("proz-wasm", "1.0.0")]),
        upgrade(5, vec![changed.clone()]),
    ])
    .unwrap();
    assert_eq!(schedule.active_at(4, 0)[0].release.options.table().len(), 0);
    assert_eq!(schedule.active_at(5, 0)[0].release, changed);
    assert_eq!(schedule.active_at(5, 0).len(), 1);
    assert_eq!(schedule.releases().len(), 2);
}

#[test]
fn heights_come_before_times() {
    let at_time = |time, activate| Upgrade {
        start: Start::Timestamp(time),
        ..upgrade(1, activate)
    };
    let schedule = schedule(&[
        upgrade(0, vec![release("proz-wasm", "1.0.0")]),
        upgrade(5, vec![release("proz-wasm", "1.1.0")]),
        at_time(1000, vec![release("proz-wasm", "1.2.0")]),
    ])
    .unwrap();
    assert_eq!(schedule.active_at(7, 999).len(), 2);
    assert_eq!(schedule.active_at(7, 1000).len(), 3);
    let back = super::Schedule::new(
        ETHEREUM_LIMITS,
        &[
            upgrade(0, vec![]),
            at_time(1000, vec![]),
            upgrade(9, vec![]),
        ],
    );
    assert!(matches!(back, Err(ScheduleError::Order { .. })));
}

#[test]
fn refuses_what_leaves_a_choice_open() {
    type Case = (&'static str, Vec<Upgrade>);
    let cases: [Case; 8] = [
        ("the first upgrade", vec![]),
        ("the first upgrade", vec![upgrade(1, vec![])]),
        (
            "not active; active: proz-wasm 1.0.0",
            vec![
                upgrade(0, vec![release("proz-wasm", "1.0.0")]),
                retiring(5, "proz-wasm", "1.1.0"),
            ],
        ),
        (
            "not active; active: nothing",
            vec![upgrade(
                0,
                vec![replacing("proz-wasm", "1.1.0", &["1.0.0"])],
            )],
        ),
        (
            "names a build of one",
            vec![upgrade(0, vec![release("proz-wasm", "1.0.0+build5")])],
        ),
        (
            "named twice",
            vec![upgrade(
                0,
                vec![release("proz-wasm", "1.0.0"), release("proz-wasm", "1.0.0")],
            )],
        ),
        (
            "nothing tells which runs",
            vec![
                upgrade(0, vec![release("proz-wasm", "1.0.0")]),
                upgrade(3, vec![release("proz-wasm-b", "1.0.0")]),
            ],
        ),
        (
            "follows one at block 5",
            vec![upgrade(0, vec![]), upgrade(5, vec![]), upgrade(5, vec![])],
        ),
    ];
    for (expected, upgrades) in cases {
        let error = schedule(&upgrades).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn a_revision_never_goes_back() {
    let back = Upgrade {
        revision: Some(Revision::Paris),
        ..upgrade(5, vec![])
    };
    assert_eq!(
        schedule(&[upgrade(0, vec![]), back]),
        Err(ScheduleError::RevisionBack {
            start: Start::Block(5),
            from: Revision::Shanghai,
            to: Revision::Paris
        })
    );
}
