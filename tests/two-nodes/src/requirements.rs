//! VM types and version requirements as users write them, well and ill.

use proz_tests::random::Random;

/// Requirements that something may satisfy.
const SATISFIABLE: [&str; 14] = [
    "",
    "",
    "",
    "1",
    "^1",
    "^1.0",
    "=1.0.0",
    "=1.1.0",
    "~1.0",
    "~1.1",
    "*",
    ">=1",
    "<1.1",
    ">=1.0.0, <1.2.0",
];

/// Requirements that nothing scheduled satisfies; some are satisfied by what may be installed.
const UNSATISFIABLE: [&str; 14] = [
    "2",
    "^2",
    "^9",
    "=1.1.7",
    ">=1.1.5",
    "=1.0.5",
    "=1.1.0-rc.1",
    ">=1, <1",
    "^0.1",
    "=9.9.9",
    "^1[nosuch]",
    "~1.2",
    "=1.0.0-alpha",
    ">1.1.0",
];

/// Requirements with features.
const FEATURES: [&str; 6] = [
    "^1[stylus]",
    "[stylus]",
    "^1.0[osaka]",
    "^1[mvp, stylus]",
    "*[deterministic]",
    "<1.1[osaka]",
];

/// Texts that are no requirement.
const MALFORMED: [&str; 12] = [
    "garbage", "1.x.y.z", "^one", "=", "1.0.0.0", " ", "1 ", "^1[", "^1]", "\u{7f}", "1,", "v1",
];

/// Types of the shipped machines.
pub(crate) const TYPES: [&str; 3] = ["evm", "wasm", "prozvm"];

/// Types that no shipped machine serves, glued names among them.
const STRANGE: [&str; 14] = [
    "nosuch",
    "evm1",
    "wasm1",
    "prozvm1",
    "wasm2",
    "was",
    "e",
    "evmevm",
    "movevm",
    "precompile",
    "wasm-1",
    "evm2",
    "prozv",
    "wasm11",
];

/// A requirement, mostly one that is satisfied.
pub(crate) fn requirement(random: &mut Random) -> String {
    let from: &[&str] = match random.below(20) {
        0..=11 => &SATISFIABLE,
        12..=14 => &UNSATISFIABLE,
        15 | 16 => &FEATURES,
        17 => &MALFORMED,
        18 => {
            return format!(
                "={}.{}.{}",
                random.below(3),
                random.below(3),
                random.below(8)
            );
        }
        _ => return damaged(random),
    };
    (*random.pick(from)).to_owned()
}

fn damaged(random: &mut Random) -> String {
    let mut text = (*random.pick(&SATISFIABLE)).to_owned();
    for _ in 0..=random.below(3) {
        let at = random.below(text.len() as u64 + 1) as usize;
        text.insert(
            at,
            *random.pick(&['1', '.', '=', ' ', '^', '[', ',', 'x', '0', '*']),
        );
    }
    text
}

/// A type and a requirement for code of `vm_type`: mostly this type and something that is satisfied.
///
/// Sometimes the border between the two lies elsewhere, or the type is another.
pub(crate) fn named(random: &mut Random, vm_type: &str) -> (String, String) {
    match random.below(24) {
        0 => ((*random.pick(&STRANGE)).to_owned(), requirement(random)),
        1 => ((*random.pick(&TYPES)).to_owned(), requirement(random)),
        2 | 3 => {
            let version = random.pick(&["1", "2", "10", "1.0"]);
            if random.one_in(2) {
                (vm_type.to_owned(), (*version).to_owned())
            } else {
                // The same characters; a dot is none of a name.
                let (head, tail) = version.split_at(1);
                (format!("{vm_type}{head}"), tail.to_owned())
            }
        }
        4 => {
            let cut = 1 + random.below(vm_type.len() as u64) as usize;
            let (head, tail) = vm_type.split_at(cut);
            (head.to_owned(), format!("{tail}{}", requirement(random)))
        }
        _ => (vm_type.to_owned(), requirement(random)),
    }
}
