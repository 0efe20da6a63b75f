//! What nodes are like, by chance: everything that must not show.

use std::collections::BTreeMap;

use proz_tests::random::Random;

use crate::{Setup, install::extras};

/// Settings by VM type.
const SETTINGS: [(&str, &[&str]); 1] = [(
    "wasm",
    &[
        "memory_cache_bytes = 1",
        "optimize = false",
        "optimize = false\nnative_stack_bytes = 1048576",
        "signals_based_traps = false",
        "pooled_instances = 1\nuninterrupted_gas = 0",
        "keep_resident_bytes = 0\nmemory_cache_bytes = 100000",
        "native_stack_bytes = 1572864\npooled_instances = 3",
        "disk_cache_bytes = 1",
    ],
)];

/// Limits of the operating system, as `ulimit` takes them.
const LIMITS: [&str; 14] = [
    "-d 48000",
    "-d 30000",
    "-d 80000",
    "-d 120000",
    "-d 200000",
    "-v 2000000000",
    "-v 20000000",
    "-v 300000",
    "-s 256",
    "-s 1024",
    "-s 64",
    "-u 1",
    "-d 60000 -s 512",
    "-n 24",
];

/// Nodes of a history: a plain one, and others that differ from it each in its way.
pub(crate) fn setups(random: &mut Random, count: usize, with_limits: bool) -> Vec<Setup> {
    let mut nodes = vec![Setup {
        name: "plain".to_owned(),
        ..Setup::default()
    }];
    for number in 1..count {
        nodes.push(setup(random, number));
    }
    if with_limits {
        nodes.push(Setup {
            name: "limited".to_owned(),
            limits: random.pick(&LIMITS).split(' ').map(str::to_owned).collect(),
            ..Setup::default()
        });
    }
    nodes
}

fn setup(random: &mut Random, number: usize) -> Setup {
    let mut settings = BTreeMap::new();
    for (vm_type, choices) in SETTINGS {
        if random.below(3) > 0 {
            let text = random.pick(choices);
            let table = text
                .parse()
                .unwrap_or_else(|error| panic!("{text}: {error}"));
            settings.insert(vm_type.to_owned(), table);
        }
    }
    let installable = extras();
    let extra = (0..random.below(4)).map(|_| (*random.pick(&installable)).to_owned());
    let mut extra: Vec<_> = extra.collect();
    extra.sort();
    extra.dedup();
    Setup {
        name: format!("node {number}"),
        extra,
        lacks: Vec::new(),
        rebuilt: random.one_in(3),
        settings,
        keeps_files: random.one_in(2),
        threads: random.below(3) as usize,
        limits: Vec::new(),
    }
}

/// Releases that an operator might try to put in one another's place.
pub(crate) fn exchange(random: &mut Random) -> (String, String) {
    let (old, new) = random.pick(&[
        ("proz-wasm@1.1.0", "proz-wasm@1.0.0"),
        ("proz-wasm@1.0.0", "proz-wasm@1.1.0"),
        ("proz-evm@1.0.0", "proz-evm@1.1.0"),
        ("proz-evm@1.1.0", "proz-evm@1.0.0"),
        ("proz-prozvm@1.1.0", "proz-prozvm@1.0.0"),
        ("proz-wasm@1.0.0", "proz-prozvm@1.0.0"),
        ("proz-precompiles@2.0.0", "proz-precompiles@1.0.0"),
    ]);
    ((*old).to_owned(), (*new).to_owned())
}
