//! Code that transactions deploy: init code and containers of every type, good and bad.

use std::fs;

use alloy_primitives::{Address, U256};
use proz_artifact::{encode_call, encode_constructor};
use proz_host::container;
use proz_tests::{
    arena::fixture,
    evm::{assemble, assemble_with, init_code, opcode},
    random::Random,
    workspace_root,
};

use crate::{programs, requirements::named};

/// What a contract answers to, as far as callers need to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Numbers in storage.
    Counter,
    /// ERC-20.
    Token,
    /// One effect per function, as the fixtures in C have it.
    Probe,
    /// The same in Solidity, with more functions.
    SolidityProbe,
    /// A list of calls and creations: see [`batch`].
    Batch,
    /// Account and call data.
    Forward,
    /// Anything.
    Raw,
}

/// Code to deploy, as a transaction carries it, and what it becomes.
#[derive(Clone, Debug)]
pub(crate) struct Deployment {
    pub(crate) init_code: Vec<u8>,
    pub(crate) kind: Kind,
}

/// Executes a list of calls and creations and logs how each ended and the gas that was left.
///
/// An entry is kind (1 byte), account (20), gas (4, all ones for all), value (1), length of data (2),
/// data. Kinds are 0 call, 1 call code, 2 delegate call, 3 static call, 4 CREATE, 5 CREATE2 with the
/// salt 0, both of data.
pub(crate) fn batch() -> Vec<u8> {
    assemble(
        ":next CALLDATASIZE 0 MLOAD LT ISZERO @done JUMPI
         0 MLOAD CALLDATALOAD
         DUP1 248 SHR 32 MSTORE
         DUP1 88 SHR 0xffffffffffffffffffffffffffffffffffffffff AND 64 MSTORE
         DUP1 56 SHR 0xffffffff AND 96 MSTORE
         DUP1 48 SHR 0xff AND 128 MSTORE
         32 SHR 0xffff AND 160 MSTORE
         160 MLOAD 0 MLOAD 28 ADD 256 CALLDATACOPY
         160 MLOAD 0 MLOAD ADD 28 ADD 0 MSTORE
         32 MLOAD 1 EQ @callcode JUMPI
         32 MLOAD 2 EQ @delegate JUMPI
         32 MLOAD 3 EQ @static JUMPI
         32 MLOAD 4 EQ @create JUMPI
         32 MLOAD 5 EQ @create2 JUMPI
         0 0 160 MLOAD 256 128 MLOAD 64 MLOAD 96 MLOAD CALL @after JUMP
         :callcode 0 0 160 MLOAD 256 128 MLOAD 64 MLOAD 96 MLOAD CALLCODE @after JUMP
         :delegate 0 0 160 MLOAD 256 64 MLOAD 96 MLOAD DELEGATECALL @after JUMP
         :static 0 0 160 MLOAD 256 64 MLOAD 96 MLOAD STATICCALL @after JUMP
         :create 160 MLOAD 256 128 MLOAD CREATE @after JUMP
         :create2 0 160 MLOAD 256 128 MLOAD CREATE2
         :after RETURNDATASIZE 0 256 RETURNDATACOPY
         GAS SWAP1 RETURNDATASIZE 256 LOG2 @next JUMP
         :done STOP",
    )
}

/// Code that creates its call data and returns the address.
pub(crate) fn factory() -> Vec<u8> {
    assemble("CALLDATASIZE 0 0 CALLDATACOPY CALLDATASIZE 0 CALLVALUE CREATE 0 MSTORE 32 0 RETURN")
}

/// Code that calls the account in its first 20 bytes of call data with the rest; returns what comes.
pub(crate) fn forward(kind: &str) -> Vec<u8> {
    let value = if kind == "CALL" { "CALLVALUE" } else { "" };
    assemble(&format!(
        "20 CALLDATASIZE SUB 20 0 CALLDATACOPY 0 0 20 CALLDATASIZE SUB 0 {value}
         0 CALLDATALOAD 96 SHR GAS {kind} 0 MSTORE
         RETURNDATASIZE 0 32 RETURNDATACOPY 32 RETURNDATASIZE ADD 0 RETURN"
    ))
}

/// EVM code made by chance: effects with operands that make sense, and anything.
pub(crate) fn evm_program(random: &mut Random, accounts: &[Address]) -> Vec<u8> {
    if random.one_in(12) {
        let length = random.below(90) as usize;
        return random.bytes(length);
    }
    let mut code = Vec::new();
    let number = |code: &mut Vec<u8>, number: u64| {
        proz_tests::evm::push(code, U256::from(number));
    };
    for _ in 0..8 {
        number(&mut code, random.below(70));
    }
    let names = |code: &mut Vec<u8>, random: &mut Random, names: &[&str]| {
        code.extend(opcode(random.pick::<&str>(names)));
    };
    for _ in 0..6 + random.below(24) {
        match random.below(14) {
            0..=2 => number(&mut code, random.below(80)),
            3 => names(
                &mut code,
                random,
                &[
                    "ADD",
                    "MUL",
                    "DIV",
                    "SMOD",
                    "EXP",
                    "SHL",
                    "NOT",
                    "BYTE",
                    "KECCAK256",
                    "CLZ",
                ],
            ),
            4 => names(
                &mut code,
                random,
                &[
                    "GAS",
                    "MSIZE",
                    "PC",
                    "CALLDATASIZE",
                    "CODESIZE",
                    "SELFBALANCE",
                    "NUMBER",
                    "PREVRANDAO",
                    "BASEFEE",
                    "PUSH0",
                    "BLOBBASEFEE",
                ],
            ),
            5 | 6 => {
                number(&mut code, random.below(3));
                number(&mut code, random.below(4));
                names(
                    &mut code,
                    random,
                    &["SSTORE", "SSTORE", "TSTORE", "MSTORE", "MSTORE8"],
                );
            }
            7 => {
                number(&mut code, random.below(3));
                names(
                    &mut code,
                    random,
                    &["SLOAD", "TLOAD", "MLOAD", "CALLDATALOAD", "BLOCKHASH"],
                );
            }
            8 => {
                code.push(0x73);
                code.extend(random.pick(accounts).as_slice());
                names(
                    &mut code,
                    random,
                    &["BALANCE", "EXTCODESIZE", "EXTCODEHASH", "EXTCODEHASH"],
                );
            }
            9..=11 => {
                let kind =
                    *random.pick(&["CALL", "CALL", "CALLCODE", "DELEGATECALL", "STATICCALL"]);
                for size in [80, 40, 80, 40] {
                    number(&mut code, random.below(size));
                }
                if kind.starts_with("CALL") {
                    number(&mut code, u64::from(random.one_in(4)));
                }
                code.push(0x73);
                code.extend(random.pick(accounts).as_slice());
                match random.below(3) {
                    0 => code.extend(opcode("GAS")),
                    _ => number(&mut code, random.below(200_000)),
                }
                code.extend(opcode(kind));
            }
            12 => {
                number(&mut code, random.below(60));
                number(&mut code, random.below(60));
                names(
                    &mut code,
                    random,
                    &[
                        "LOG0",
                        "RETURN",
                        "REVERT",
                        "LOG1",
                        "SELFDESTRUCT",
                        "CREATE",
                        "INVALID",
                    ],
                );
            }
            _ => code.push(random.byte()),
        }
    }
    code
}

/// Init code in the EVM's own language.
pub(crate) fn plain(random: &mut Random, accounts: &[Address]) -> Deployment {
    let (init_code, kind) = match random.below(12) {
        0 => (init_code(&batch()), Kind::Batch),
        1 => (init_code(&factory()), Kind::Raw),
        2 => {
            let kind = random.pick(&["CALL", "DELEGATECALL", "STATICCALL"]);
            (init_code(&forward(kind)), Kind::Forward)
        }
        3 => return solidity(random),
        4 => {
            // What begins with 0xef, containers among it, is not for the EVM to deposit.
            let code = match random.below(5) {
                0 => vec![0xef, b'P', 1],
                1 => vec![0xef],
                2 => [&[0xef, 1, 0][..], &[0x20; 20]].concat(),
                3 => container::encode("evm", "", &[0x60, 0, 0x60, 0, 0xfd]).unwrap_or_default(),
                _ => container::encode("nosuch", "", b"x").unwrap_or_default(),
            };
            (init_code(&code), Kind::Raw)
        }
        5 => {
            // Around the limits of code (EIP-170) and of init code (EIP-3860).
            let size = random.pick(&[24_575, 24_576, 24_577, 49_152, 49_153]);
            (assemble(&format!("{size} 0 RETURN")), Kind::Raw)
        }
        6 => {
            let pad = *random.pick(&[49_100, 49_152, 49_153, 60_000]);
            (assemble_with("STOP", &vec![0; pad - 1]), Kind::Raw)
        }
        7 => (evm_program(random, accounts), Kind::Raw),
        _ => (init_code(&evm_program(random, accounts)), Kind::Raw),
    };
    Deployment { init_code, kind }
}

fn solidity(random: &mut Random) -> Deployment {
    if random.one_in(2) {
        return Deployment {
            init_code: solidity_code("Probe", &[]),
            kind: Kind::SolidityProbe,
        };
    }
    Deployment {
        init_code: solidity_code("Token", &["Gold".to_owned(), "AU".to_owned()]),
        kind: Kind::Token,
    }
}

pub(crate) fn solidity_code(name: &str, arguments: &[String]) -> Vec<u8> {
    let contract = fixture(name);
    contract
        .creation_call(arguments)
        .unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// A file of the fixtures.
pub(crate) fn artefact(path: &str) -> Vec<u8> {
    let file = workspace_root().join("tests/fixtures").join(path);
    fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// Fixtures: type, file, kind.
const FIXTURES: [(&str, &str, Kind); 16] = [
    ("wasm", "wasm/artifacts/counter.wasm", Kind::Counter),
    ("wasm", "wasm/artifacts/stylus-counter.wasm", Kind::Counter),
    ("wasm", "wasm/artifacts/stylus-counter.wasm", Kind::Counter),
    ("wasm", "wasm/artifacts/rust-counter.wasm", Kind::Raw),
    ("wasm", "wasm/artifacts/zig-counter.wasm", Kind::Raw),
    (
        "wasm",
        "wasm/artifacts/assemblyscript-counter.wasm",
        Kind::Raw,
    ),
    ("wasm", "wasm/artifacts/probe.wasm", Kind::Probe),
    ("wasm", "wasm/artifacts/stylus-probe.wasm", Kind::Probe),
    ("wasm", "wasm/artifacts/token.wasm", Kind::Token),
    ("wasm", "wasm/artifacts/stylus-token.wasm", Kind::Token),
    ("wasm", "wasm/artifacts/multicall.wasm", Kind::Raw),
    ("prozvm", "prozvm/artifacts/counter-c.pz", Kind::Counter),
    ("prozvm", "prozvm/artifacts/counter-zig.pz", Kind::Counter),
    ("prozvm", "prozvm/artifacts/token.pz", Kind::Token),
    ("prozvm", "prozvm/artifacts/intrinsics.pz", Kind::Raw),
    ("prozvm", "prozvm/artifacts/vault.pz", Kind::Raw),
];

/// A container of any type, with what its constructor may need behind it.
pub(crate) fn contained(random: &mut Random, accounts: &[Address]) -> Deployment {
    let (vm_type, mut payload, kind) = match random.below(10) {
        0 | 1 => ("evm", evm_program(random, accounts), Kind::Raw),
        2 => ("evm", batch(), Kind::Batch),
        3..=5 => ("wasm", programs::wasm(random), Kind::Forward),
        6 | 7 => ("prozvm", programs::prozvm(random), Kind::Forward),
        _ => {
            let (vm_type, file, kind) = random.pick(&FIXTURES);
            (*vm_type, artefact(file), *kind)
        }
    };
    if random.one_in(12) {
        damage(random, &mut payload);
    }
    let (vm_type, requirement) = named(random, vm_type);
    let mut init_code = enclose(&vm_type, &requirement, &payload);
    match random.below(30) {
        0 => damage(random, &mut init_code),
        1 => init_code.truncate(random.below(init_code.len() as u64 + 1) as usize),
        _ => {}
    }
    if kind == Kind::Token {
        let arguments = ["Gold".to_owned(), "AU".to_owned()];
        let abi = fixture("Token").abi;
        init_code.extend(encode_constructor(abi.as_ref(), &arguments).unwrap_or_default());
    } else if random.one_in(4) {
        let length = random.below(80) as usize;
        init_code.extend(random.bytes(length));
    }
    Deployment { init_code, kind }
}

/// A container, whatever its texts are.
pub(crate) fn enclose(vm_type: &str, requirement: &str, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0xef, b'P', 1, vm_type.len() as u8, requirement.len() as u8];
    bytes.extend((payload.len() as u32).to_be_bytes());
    bytes.extend(vm_type.as_bytes());
    bytes.extend(requirement.as_bytes());
    bytes.extend(payload);
    bytes
}

fn damage(random: &mut Random, bytes: &mut [u8]) {
    if bytes.is_empty() {
        return;
    }
    for _ in 0..=random.below(3) {
        let at = random.below(bytes.len() as u64) as usize;
        bytes[at] ^= 1 << random.below(8);
    }
}

/// Call data that a contract of a kind understands, or nearly.
pub(crate) fn input(random: &mut Random, kind: Kind, accounts: &[Address]) -> Vec<u8> {
    if random.one_in(20) {
        let length = random.below(70) as usize;
        return random.bytes(length);
    }
    let account = random.pick(accounts).to_string();
    let number = random.below(5).to_string();
    let call = function;
    match kind {
        Kind::Counter | Kind::Raw if random.one_in(2) => match random.below(4) {
            0 => call("setNumber(uint256)", &[number]),
            1 => call("number()", &[]),
            2 => call("changes(address)", &[account]),
            _ => call("increment()", &[]),
        },
        Kind::Token => match random.below(4) {
            0 => call("mint(address,uint256)", &[account, number]),
            1 => call("approve(address,uint256)", &[account, number]),
            2 => call("balanceOf(address)", &[account]),
            _ => call("transfer(address,uint256)", &[account, number]),
        },
        Kind::Probe => match random.below(5) {
            0 => call("hash(bytes)", &["0x0102".to_owned()]),
            1 => call("context()", &[]),
            2 => call("account(address)", &[account]),
            3 => {
                let code = contained(random, accounts).init_code;
                let (salt, code) = (format!("0x{:064x}", random.below(4)), hex(&code));
                let kind = random.below(2).to_string();
                call("create(uint256,bytes32,bytes)", &[kind, salt, code])
            }
            _ => {
                let kind = random.below(3).to_string();
                let data = hex(&call("increment()", &[]));
                let arguments = [kind, account, "0".to_owned(), data];
                call("call(uint256,address,uint256,bytes)", &arguments)
            }
        },
        Kind::SolidityProbe => match random.below(6) {
            0 => call("recurse(address,uint256)", &[account, number]),
            1 => call("context()", &[]),
            2 => call("destroy(address)", &[account]),
            3 => {
                let code = hex(&contained(random, accounts).init_code);
                call("create(uint256,bytes)", &["0".to_owned(), code])
            }
            4 => {
                let data = hex(&call("increment()", &[]));
                call("forwardDelegatecall(address,bytes)", &[account, data])
            }
            _ => {
                let data = hex(&call("number()", &[]));
                let gas = (random.below(300) * 1_000).to_string();
                call(
                    "tryStaticcall(address,uint256,bytes)",
                    &[account, gas, data],
                )
            }
        },
        Kind::Batch => entries(random, accounts),
        Kind::Forward => {
            let mut data = random.pick(accounts).to_vec();
            data.extend(match random.below(3) {
                0 => call("increment()", &[]),
                1 => contained(random, accounts).init_code,
                _ => Vec::new(),
            });
            data
        }
        _ => {
            let length = *random.pick(&[0, 1, 4, 32, 36, 68]);
            random.bytes(length)
        }
    }
}

/// Call data of a function.
fn function(signature: &str, arguments: &[String]) -> Vec<u8> {
    encode_call(signature, arguments).unwrap_or_default()
}

fn hex(bytes: &[u8]) -> String {
    alloy_primitives::hex::encode_prefixed(bytes)
}

/// Entries for [`batch`].
fn entries(random: &mut Random, accounts: &[Address]) -> Vec<u8> {
    let mut all = Vec::new();
    for _ in 0..1 + random.below(4) {
        let kind = random.below(6) as u8;
        let data = if kind >= 4 {
            match random.below(3) {
                0 => plain(random, accounts).init_code,
                _ => contained(random, accounts).init_code,
            }
        } else {
            match random.below(4) {
                0 => function("increment()", &[]),
                1 => function("number()", &[]),
                2 => random.pick(accounts).to_vec(),
                _ => Vec::new(),
            }
        };
        let gas = match random.below(4) {
            0 => random.below(3_000) as u32,
            1 => random.below(300_000) as u32,
            _ => u32::MAX,
        };
        all.extend(entry(
            kind,
            random.pick(accounts),
            gas,
            random.one_in(6),
            &data,
        ));
    }
    all
}

/// One entry for [`batch`], with a wei or none.
pub(crate) fn entry(kind: u8, to: &Address, gas: u32, value: bool, data: &[u8]) -> Vec<u8> {
    let Ok(length) = u16::try_from(data.len()) else {
        return Vec::new();
    };
    let mut bytes = vec![kind];
    bytes.extend(to.as_slice());
    bytes.extend(gas.to_be_bytes());
    bytes.push(u8::from(value));
    bytes.extend(length.to_be_bytes());
    bytes.extend(data);
    bytes
}
