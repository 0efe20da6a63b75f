//! Frames of several machines in one another, and containers as such.

use proz_tests::evm::assemble;

use crate::{
    prozvm,
    rows::Row,
    scene::{Scene, calls, container, creates_with, forever, victim},
    wasm,
};

/// A module that calls `to` with all gas, again and again.
fn wasm_caller(to: usize) -> Vec<u8> {
    let bytes: String = victim(to)
        .iter()
        .map(|byte| format!("\\{byte:02x}"))
        .collect();
    let items = format!("(data (i32.const 64) \"{bytes}\")");
    let main = "(loop $again (drop (call $call (i32.const 0) (i32.const 64) (i32.const 128)
        (i64.const -1) (i32.const 0) (i32.const 0))) (br $again))";
    container("wasm", &wasm::module(1, &items, main, 0))
}

/// A program that calls `to` with all gas, again and again.
fn prozvm_caller(to: usize) -> Vec<u8> {
    let bytes: String = victim(to)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let body = "addi sp, sp, -256\n again:\n li a0, 0\n la a1, peer\n mv a2, sp\n li a3, -1\n mv a4, sp\n li a5, 0\n sys call\n j again";
    let memory = format!(".stack 4096\n.rodata\npeer: .hex {bytes}\n.align 8\n");
    container("prozvm", &prozvm::program(&memory, body, "", 0))
}

pub(crate) fn rows() -> Vec<Row> {
    vec![
        Row::new("mixed: Wasm calls an EVM STOP", || {
            Scene::call(wasm_caller(0)).account(victim(0), vec![0])
        }),
        Row::new("mixed: Wasm calls a small program of ProzVM", || {
            let small = container("prozvm", &prozvm::program(".stack 4096", "", "", 0));
            Scene::call(wasm_caller(0)).account(victim(0), small)
        }),
        Row::new("mixed: ProzVM calls a small module", || {
            let small = container("wasm", &wasm::module(1, "", "", 0));
            Scene::call(prozvm_caller(0)).account(victim(0), small)
        }),
        Row::new("mixed: ProzVM calls an EVM STOP", || {
            Scene::call(prozvm_caller(0)).account(victim(0), vec![0])
        }),
        Row::new("mixed: all machines in one another down to the end", || {
            let chain = assemble(&format!("0 0 0 0 0 {} GAS CALL POP", victim(1)));
            Scene::call(chain.clone())
                .account(victim(0), chain)
                .account(victim(1), wasm_caller(2))
                .account(victim(2), prozvm_caller(0))
        }),
        Row::new("container: an EVM payload called again and again", || {
            Scene::call(calls(victim(0), 100_000)).account(victim(0), container("evm", &[0]))
        }),
        Row::new("container: a type that nobody has, called", || {
            Scene::call(calls(victim(0), 100)).account(victim(0), container("nosuch", &[0; 20_000]))
        }),
        Row::new(
            "container: a requirement that nothing satisfies, called",
            || {
                let code = proz_host::container::encode("wasm", "=7.7.7", &[0; 20_000]);
                Scene::call(calls(victim(0), 100)).account(victim(0), code.unwrap_or_default())
            },
        ),
        Row::new("container: a type that nobody has, created", || {
            let code = container("nosuch", &[0; 200]);
            let salt_at = code.len() - 32;
            creates_with(&code, salt_at, 40_000 + 3 * code.len() as u64)
        }),
        Row::new("container: other requirements of one code, created", || {
            let code = proz_host::container::encode("wasm", ">0.0.0", &wasm::refusing("", 0));
            let code = code.unwrap_or_default();
            let salt_at = code.len() - 32;
            creates_with(&code, salt_at, 40_000 + 3 * code.len() as u64)
        }),
        Row::new(
            "container: an EVM payload of 40 KB of JUMPDEST, created",
            || {
                let mut payload = vec![0x5b; 40_000];
                payload.extend(assemble("0 0 REVERT"));
                payload.extend([0; 32]);
                let code = container("evm", &payload);
                let salt_at = code.len() - 32;
                creates_with(&code, salt_at, 40_000 + 3 * code.len() as u64)
            },
        ),
        Row::new("container: cut off, created", || {
            let mut code = container("wasm", &wasm::module(1, "", "", 0));
            code.truncate(code.len() - 1);
            let salt_at = code.len() - 32;
            creates_with(&code, salt_at, 40_000 + 3 * code.len() as u64)
        }),
        Row::new("container: copied by EXTCODECOPY", || {
            let body = format!("102400 0 0 {} EXTCODECOPY", victim(0));
            let code = container("wasm", &vec![7; 1_000_000]);
            Scene::call(forever("", &body, 16)).account(victim(0), code)
        }),
        Row::new("container: its hash and size", || {
            let body = format!("{0} EXTCODEHASH POP {0} EXTCODESIZE POP", victim(0));
            let code = container("wasm", &vec![7; 1_000_000]);
            Scene::call(forever("", &body, 32)).account(victim(0), code)
        }),
        Row::new("container: 1 MB of a code that is cut off, called", || {
            let mut code = container("wasm", &vec![7; 1_000_000]);
            code.truncate(900_000);
            Scene::call(calls(victim(0), 3_000)).account(victim(0), code)
        }),
    ]
}
