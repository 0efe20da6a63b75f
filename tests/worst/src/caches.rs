//! Codes that a node cannot keep prepared: more of them than its caches hold, or after a restart.

use proz_tests::workspace_root;

use crate::{
    rows::Row,
    scene::{Files, Scene, call, calls_in_turn, container, victim},
    {prozvm, wasm},
};

/// Settings of a node that keeps hardly anything prepared.
const NOTHING_KEPT: [(&str, &str); 2] = [
    ("wasm", "memory_cache_bytes = 1"),
    ("prozvm", "code_cache_bytes = 1"),
];

pub(crate) fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for (name, codes, gas) in families() {
        for (settings, keeps) in [("first touch", true), ("one-entry cache", false)] {
            rows.push(Row::new(
                format!("cache: {name}, {settings}, no disk"),
                move || {
                    let mut scene = thrash(codes(), gas);
                    if !keeps {
                        for (vm_type, toml) in NOTHING_KEPT {
                            scene = scene.settings(vm_type, toml);
                        }
                    }
                    scene
                },
            ));
        }
        rows.push(Row::new(
            format!("cache: {name}, restart with intact artefacts"),
            move || {
                let mut scene = thrash(codes(), gas);
                scene.files = Files::Kept;
                let count = scene.accounts.len() - 1;
                scene.before = (0..count)
                    .map(|number| call(victim(number), Vec::new()))
                    .collect();
                scene
            },
        ));
    }
    rows
}

/// Calls of all in turn.
fn thrash(codes: Vec<Vec<u8>>, gas: u64) -> Scene {
    let mut scene = Scene::call(calls_in_turn(codes.len(), gas));
    for (number, code) in codes.into_iter().enumerate() {
        scene = scene.account(victim(number), code);
    }
    scene
}

/// Codes of a kind, made when they are needed.
type Codes = fn() -> Vec<Vec<u8>>;

/// Codes of a kind, and the gas of each call.
fn families() -> Vec<(&'static str, Codes, u64)> {
    vec![
        ("2 small modules in turn", || small(2), 3_000),
        ("200 small modules in turn", || small(200), 30_000),
        ("40 tokens in turn", tokens, 150_000),
        (
            "20 modules with many loops in turn",
            || many_loops(20),
            300_000,
        ),
        (
            "2 modules with many loops in turn",
            || many_loops(2),
            300_000,
        ),
        ("2 programs of ProzVM in turn", || programs(2), 30_000),
        ("60 programs of ProzVM in turn", || programs(60), 200_000),
    ]
}

fn small(count: u64) -> Vec<Vec<u8>> {
    (0..count)
        .map(|salt| container("wasm", &wasm::module(1, "", "", salt)))
        .collect()
}

fn many_loops(count: u64) -> Vec<Vec<u8>> {
    let items = wasm::functions(1, "", &"loop end ".repeat(400));
    (0..count)
        .map(|salt| container("wasm", &wasm::module(1, &items, "", salt)))
        .collect()
}

fn tokens() -> Vec<Vec<u8>> {
    let file = workspace_root().join("tests/fixtures/wasm/artifacts/token.wasm");
    let code = std::fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let with_salt = |salt: u64| {
        let mut code = code.clone();
        code.extend([0, 10, 1, b's']);
        code.extend(salt.to_be_bytes());
        container("wasm", &code)
    };
    (0..40).map(with_salt).collect()
}

fn programs(count: u64) -> Vec<Vec<u8>> {
    (0..count)
        .map(|salt| container("prozvm", &prozvm::shapes("branches", 1_500, salt)))
        .collect()
}
