//! EVM programs: one instruction or one kind of frame again and again, in its dearest form.

use alloy_primitives::Address;
use proz_tests::evm::{assemble, assemble_with, init_code};

use crate::{
    rows::Row,
    scene::{Scene, calls, calls_in_turn, creates, forever, forever_with, victim},
};

/// Name, what comes before the loop, body, how often the body stands in the loop.
type Loop = (&'static str, &'static str, &'static str, usize);

/// Instructions on the stack, memory and the transaction's own things.
const LOOPS: [Loop; 38] = [
    ("KECCAK256 of nothing", "", "0 0 KECCAK256 POP", 64),
    ("KECCAK256 of 32 bytes", "", "32 0 KECCAK256 POP", 64),
    ("KECCAK256 of 136 bytes", "", "136 0 KECCAK256 POP", 64),
    ("KECCAK256 of 1 KiB", "", "1024 0 KECCAK256 POP", 64),
    ("KECCAK256 of 128 KiB", "", "131072 0 KECCAK256 POP", 16),
    ("EXP of all bits", "0 NOT 3", "DUP2 DUP2 EXP POP", 64),
    ("EXP of one byte", "", "255 3 EXP POP", 64),
    (
        "MULMOD of large numbers",
        "0 NOT 1 0 NOT SUB 2 0 NOT SUB",
        "DUP1 DUP3 DUP5 MULMOD POP",
        64,
    ),
    (
        "ADDMOD of large numbers",
        "0 NOT 1 0 NOT SUB 2 0 NOT SUB",
        "DUP3 DUP3 DUP3 ADDMOD POP",
        64,
    ),
    (
        "DIV of large numbers",
        "0x100000000000000000000000000000001 0 NOT",
        "DUP2 DUP2 DIV POP",
        64,
    ),
    (
        "SDIV of large numbers",
        "0x10000000000000001 1 255 SHL",
        "DUP2 DUP2 SDIV POP",
        64,
    ),
    (
        "MOD of large numbers",
        "0xfffffffffffffffffffffffffffffffffffffffffffffffe 0 NOT",
        "DUP2 DUP2 MOD POP",
        64,
    ),
    (
        "SMOD of large numbers",
        "0xfffffffffffffffffffffffffffffffffffffffffffffffe 1 255 SHL",
        "DUP2 DUP2 SMOD POP",
        64,
    ),
    ("MUL", "0 NOT 0 NOT", "DUP2 DUP2 MUL POP", 64),
    ("SIGNEXTEND", "0 NOT", "DUP1 7 SIGNEXTEND POP", 64),
    ("SAR", "0 NOT", "DUP1 77 SAR POP", 64),
    ("BYTE", "0 NOT", "DUP1 7 BYTE POP", 64),
    ("jumps", "", "", 1),
    ("JUMPDEST", "", "JUMPDEST", 256),
    (
        "PUSH32",
        "",
        "0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff POP",
        200,
    ),
    (
        "SWAP16",
        "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17",
        "SWAP16",
        256,
    ),
    (
        "MLOAD far apart",
        "1000000 MLOAD POP",
        "999000 MLOAD POP 3 MLOAD POP",
        64,
    ),
    ("MSTORE8", "", "7 3 MSTORE8", 64),
    ("MCOPY of 32 bytes", "", "32 0 1 MCOPY", 64),
    ("MCOPY of 100 KiB, overlapping", "", "102400 0 1 MCOPY", 16),
    ("CALLDATACOPY of 100 KiB", "", "102400 0 0 CALLDATACOPY", 16),
    ("CODECOPY of 100 KiB", "", "102400 0 0 CODECOPY", 16),
    ("CODECOPY of one byte", "", "1 0 0 CODECOPY", 64),
    ("GAS", "", "GAS POP", 128),
    ("CALLER", "", "CALLER POP", 128),
    ("BLOCKHASH", "", "900 BLOCKHASH POP", 64),
    ("SELFBALANCE", "", "SELFBALANCE POP", 64),
    ("TLOAD", "", "7 TLOAD POP", 64),
    ("TSTORE of one slot", "", "GAS 7 TSTORE", 64),
    ("LOG0 of nothing", "", "0 0 LOG0", 64),
    ("LOG4 of nothing", "", "1 2 3 4 0 0 LOG4", 64),
    ("LOG0 of 64 KiB", "", "65536 0 LOG0", 8),
    ("LOG4 of 32 bytes", "", "1 2 3 4 32 0 LOG4", 64),
];

/// Instructions on state, at a place that a counter chooses anew each time.
const PLACES: [(&str, &str); 14] = [
    ("SLOAD of new slots", "DUP1 SLOAD POP"),
    ("SSTORE of new slots", "DUP1 DUP1 SSTORE"),
    ("SSTORE of zero to new slots", "0 DUP2 SSTORE"),
    ("SSTORE there and back", "1 DUP2 SSTORE 0 DUP2 SSTORE"),
    ("SSTORE of one slot", "DUP1 7 SSTORE"),
    ("SLOAD of one slot", "7 SLOAD POP"),
    ("TSTORE of new slots", "DUP1 DUP1 TSTORE"),
    ("BALANCE of new accounts", "DUP1 BALANCE POP"),
    ("EXTCODEHASH of new accounts", "DUP1 EXTCODEHASH POP"),
    ("EXTCODECOPY of new accounts", "32 0 0 DUP4 EXTCODECOPY"),
    (
        "STATICCALL of new accounts",
        "0 0 0 0 DUP5 GAS STATICCALL POP",
    ),
    (
        "CALL of new accounts with value",
        "0 0 0 0 1 DUP6 GAS CALL POP",
    ),
    (
        "DELEGATECALL of new accounts",
        "0 0 0 0 DUP5 GAS DELEGATECALL POP",
    ),
    ("MSTORE further and further", "1 DUP2 5 SHL MSTORE"),
];

pub(crate) fn rows() -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for (name, setup, body, count) in LOOPS {
        let make = move || Scene::call(forever(setup, body, count));
        rows.push(Row::new(format!("evm: {name}"), make));
    }
    for (name, body) in PLACES {
        let make = move || {
            // Accounts beyond the precompiles.
            Scene::call(forever("100000", &format!("{body} 1 ADD"), 16))
        };
        rows.push(Row::new(format!("evm: {name}"), make));
    }
    rows.extend(frames());
    rows.extend(creations());
    rows.extend(codes());
    rows
}

fn frames() -> Vec<Row> {
    let identity = Address::with_last_byte(4);
    vec![
        Row::new("evm: CALL of STOP", || {
            Scene::call(calls(victim(0), 100_000)).account(victim(0), vec![0])
        }),
        Row::new("evm: CALL with 1 wei", || {
            let body = format!("0 0 0 0 1 {} 5000 CALL POP", victim(0));
            Scene::call(forever("", &body, 16)).account(victim(0), vec![0])
        }),
        Row::new("evm: CALL with 1 MB of input", || {
            let body = format!("0 0 1000000 0 0 {} 100 CALL POP", victim(0));
            Scene::call(forever("1000000 MLOAD POP", &body, 16)).account(victim(0), vec![0])
        }),
        Row::new("evm: CALL that returns 1 MB", || {
            let back = assemble("1000000 0 RETURN");
            let body = format!("0 0 0 0 0 {} 3000000 CALL POP", victim(0));
            Scene::call(forever("", &body, 16)).account(victim(0), back)
        }),
        Row::new("evm: copies of 1 MB of returned data", move || {
            let setup = format!("0 0 1000000 0 {identity} GAS STATICCALL POP");
            Scene::call(forever(&setup, "1000000 0 0 RETURNDATACOPY", 16))
        }),
        Row::new("evm: calls that end out of gas", || {
            Scene::call(calls(victim(0), 300)).account(victim(0), forever("", "GAS POP", 8))
        }),
        Row::new("evm: calls that revert with 100 KiB", || {
            let back = assemble("102400 0 REVERT");
            Scene::call(calls(victim(0), 200_000)).account(victim(0), back)
        }),
        Row::new("evm: calls of oneself down to the end", || {
            Scene::call(assemble(
                "0 0 0 0 0 ADDRESS GAS CALL POP 0 0 0 0 0 ADDRESS GAS CALL",
            ))
        }),
        Row::new("evm: delegate calls of oneself down to the end", || {
            Scene::call(assemble(
                "0 0 0 0 ADDRESS GAS DELEGATECALL POP 0 0 0 0 ADDRESS GAS DELEGATECALL",
            ))
        }),
        Row::new("evm: nested frames with 20 KB of memory each", || {
            Scene::call(assemble(
                "20000 MLOAD POP 0 0 0 0 0 ADDRESS GAS CALL POP 0 0 0 0 0 ADDRESS GAS CALL",
            ))
        }),
        Row::new("evm: nested frames with 200 KB of memory each", || {
            Scene::call(assemble("200000 MLOAD POP 0 0 0 0 0 ADDRESS GAS CALL POP"))
        }),
        Row::new("evm: memory up to the last gas", || {
            Scene::call(assemble("2900000 MLOAD POP :again @again JUMP"))
        }),
        Row::new("evm: frames of 400 KB one after the other", || {
            Scene::call(calls(victim(0), 400_000)).account(victim(0), assemble("400000 MLOAD POP"))
        }),
        Row::new("evm: SSTORE in a frame that reverts", || {
            let writes: String = (0..20).map(|slot| format!("1 {slot} SSTORE ")).collect();
            let reverting = assemble(&format!("{writes} 0 0 REVERT"));
            Scene::call(calls(victim(0), 600_000)).account(victim(0), reverting)
        }),
        Row::new("evm: logs in a frame that reverts", || {
            let logs = "0 0 LOG0 ".repeat(200);
            let reverting = assemble(&format!("{logs} 0 0 REVERT"));
            Scene::call(calls(victim(0), 200_000)).account(victim(0), reverting)
        }),
        Row::new("evm: SELFDESTRUCT to new accounts", || {
            let body = format!(
                "DUP1 0 MSTORE 0 0 32 0 0 {} 100000 CALL POP 1 ADD",
                victim(0)
            );
            let end = assemble("0 CALLDATALOAD SELFDESTRUCT");
            Scene::call(forever("100000", &body, 8)).account(victim(0), end)
        }),
    ]
}

fn creations() -> Vec<Row> {
    vec![
        Row::new("evm: CREATE of nothing", || {
            Scene::call(forever("", "0 0 0 CREATE POP", 16))
        }),
        Row::new("evm: CREATE2 with 48 KiB of STOP", || {
            Scene::call(forever("0", "DUP1 49152 0 0 CREATE2 POP 1 ADD", 4))
        }),
        Row::new("evm: CREATE with 48 KiB of JUMPDEST", || {
            let code = [&assemble("STOP")[..], &vec![0x5b; 49_151]].concat();
            Scene::call(forever_with(&code, "", "49152 0 0 CREATE POP", 4))
        }),
        Row::new(
            "evm: CREATE with 48 KiB of PUSH and a jump to the end",
            || {
                let mut code = assemble("49151 JUMP");
                code.extend([0x60, 0x5b].repeat(24_576));
                code.truncate(49_150);
                code.extend([0x00, 0x5b]);
                Scene::call(creates(&code, 100))
            },
        ),
        Row::new("evm: CREATE of 24 KiB of code", || {
            let init = assemble("24576 0 RETURN");
            Scene::call(forever_with(
                &init,
                "",
                &format!("{} 0 0 CREATE POP", init.len()),
                4,
            ))
        }),
        Row::new("evm: CREATE in CREATE", || {
            // Init code that creates with itself until there is no gas.
            let init =
                assemble("CODESIZE 0 0 CODECOPY CODESIZE 0 0 CREATE POP CODESIZE 0 0 CREATE");
            Scene::call(forever_with(
                &init,
                "",
                &format!("{} 0 0 CREATE POP", init.len()),
                4,
            ))
        }),
        Row::new(
            "evm: a creation whose init code is 48 KiB of JUMPDEST",
            || Scene::create([vec![0x5b; 49_140], assemble("0 0 RETURN")].concat()),
        ),
        Row::new("evm: a constructor without an end", || {
            Scene::create(forever("", "32 0 KECCAK256 POP", 64))
        }),
        Row::new("evm: a creation of 24 KiB of code", || {
            Scene::create(init_code(&vec![0x5b; 24_576]))
        }),
    ]
}

/// Codes that must be prepared before they run.
fn codes() -> Vec<Row> {
    let jumps = |count: usize, gas: u64, code: fn(usize) -> Vec<u8>| {
        move || {
            let mut scene = Scene::call(calls_in_turn(count, gas));
            for number in 0..count {
                scene = scene.account(victim(number), code(number));
            }
            scene
        }
    };
    vec![
        Row::new(
            "evm: 24 KiB of JUMPDEST, in 400 codes",
            jumps(400, 3_000, |number| {
                let mut code = assemble("24570 JUMP");
                code.resize(24_570, 0x5b);
                code.extend(assemble(&format!(":end {number} POP STOP")));
                code
            }),
        ),
        Row::new(
            "evm: 24 KiB of PUSH1, in 400 codes",
            jumps(400, 3_000, |number| {
                let mut code = assemble("24570 JUMP");
                code.extend([0x60, 0x5b].repeat(12_400));
                code.truncate(24_570);
                code.extend(assemble(&format!(":end {number} POP STOP")));
                code
            }),
        ),
        Row::new(
            "evm: 24 KiB of PUSH32, in 400 codes",
            jumps(400, 3_000, |number| {
                let mut code = assemble("24573 JUMP");
                code.resize(24_573, 0x7f);
                code.extend(assemble(&format!(":end {number} POP STOP")));
                code
            }),
        ),
        Row::new("evm: EXTCODECOPY of 24 KiB of one code", || {
            let body = format!("24576 0 0 {} EXTCODECOPY", victim(0));
            Scene::call(forever("", &body, 16)).account(victim(0), vec![0x5b; 24_576])
        }),
        Row::new("evm: EXTCODECOPY of 24 KiB past the end", || {
            let body = format!("102400 0 NOT 0 {} EXTCODECOPY", victim(0));
            Scene::call(forever("", &body, 16)).account(victim(0), vec![0x5b; 24_576])
        }),
        Row::new("evm: code of 24 KiB of KECCAK256", || {
            let body = assemble("32 0 KECCAK256 POP").repeat(3_500);
            let code = [&assemble(":again")[..], &body, &assemble("0 JUMP")].concat();
            Scene::call(code)
        }),
        Row::new("evm: delegations met again and again", || {
            let code = [&[0xef, 0x01, 0x00][..], victim(1).as_slice()].concat();
            Scene::call(calls(victim(0), 30_000))
                .account(victim(0), code)
                .account(victim(1), vec![0])
        }),
        Row::new("evm: data behind the code", || {
            let copy = assemble_with("$data 0 0 CODECOPY 0 0 RETURN", &[7; 20_000]);
            Scene::call(calls(victim(0), 30_000)).account(victim(0), copy)
        }),
    ]
}
