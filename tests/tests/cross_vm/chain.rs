//! One transaction through every machine: Solidity, Wasm, ProzVM and Solidity again, each of which changes its state on
//! the way down. What the innermost says arrives outside as it is, and its revert undoes all of them.

use crate::world::{ALICE, Vm, World, args, assembled, assert_status, enclosed, hex};
use alloy_primitives::{Address, B256, U256};
use proz_artifact::encode_call;
use proz_host::StatusCode;

/// Writes 1 to slot 0, calls the account in the first 20 bytes with the rest, and ends as the callee did.
const WASM_RELAY: &str = r#"(module
    (import "env" "input_size" (func $input_size (result i32)))
    (import "env" "input_copy" (func $input_copy (param i32 i32 i32)))
    (import "env" "storage_set" (func $storage_set (param i32 i32)))
    (import "env" "call" (func $call (param i32 i32 i32 i64 i32 i32) (result i32)))
    (import "env" "return_data_size" (func $size (result i32)))
    (import "env" "return_data_copy" (func $copy (param i32 i32 i32)))
    (import "env" "return" (func $return (param i32 i32)))
    (import "env" "revert" (func $revert (param i32 i32)))
    (memory (export "memory") 1)
    ;; 0: 32 zero bytes; 32: the word 1; 64: the input, then what came back.
    (func (export "main") (local $status i32)
        (i32.store8 (i32.const 63) (i32.const 1))
        (call $storage_set (i32.const 0) (i32.const 32))
        (call $input_copy (i32.const 64) (i32.const 0) (call $input_size))
        (local.set $status (call $call (i32.const 0) (i32.const 64) (i32.const 0) (i64.const -1)
            (i32.const 84) (i32.sub (call $input_size) (i32.const 20))))
        (call $copy (i32.const 64) (i32.const 0) (call $size))
        (if (local.get $status) (then (call $revert (i32.const 64) (call $size))))
        (call $return (i32.const 64) (call $size))))"#;

const PROZVM_RELAY: &str = r#"
    .stack 8192
    .export "fallback" relay fallback
    .func relay () -> 0
        li      t0, -4096
        add     sp, sp, t0
        li      t0, 1
        sb      t0, 63(sp)
        mv      a0, sp
        addi    a1, sp, 32
        sys     storage_set
        sys     input_size
        mv      s0, a0
        addi    a0, sp, 64
        li      a1, 0
        mv      a2, s0
        sys     input_copy
        li      a0, 0
        addi    a1, sp, 64
        mv      a2, sp
        li      a3, -1
        addi    a4, sp, 84
        addi    a5, s0, -20
        sys     call
        mv      s1, a0
        sys     return_data_size
        mv      s0, a0
        addi    a0, sp, 64
        li      a1, 0
        mv      a2, s0
        sys     return_data_copy
        addi    a0, sp, 64
        mv      a1, s0
        bne     s1, zero, failed
        sys     return
        ret
    failed:
        sys     revert
        ret
"#;

fn input(signature: &str, arguments: &[String]) -> Vec<u8> {
    encode_call(signature, arguments).unwrap()
}

/// What a probe in Solidity is asked to do: write 1 to slot 0, then `last`.
fn probe(last: &[u8]) -> Vec<u8> {
    let one = B256::with_last_byte(1);
    let store = input("store(bytes32,bytes32)", args![B256::ZERO, one]);
    let both = format!("[{},{}]", hex(&store), hex(last));
    input("batch(bytes[])", &[both])
}

/// The accounts of one world: probe, Wasm, ProzVM, probe.
fn world() -> (World, [Address; 4]) {
    let mut world = World::new();
    let first = world.deploy(Vm::Evm, "Probe", &[]);
    let last = world.deploy(Vm::Evm, "Probe", &[]);
    let mut create = |code| world.create(code).created.unwrap();
    let wasm = create(enclosed(&wat::parse_str(WASM_RELAY).unwrap()));
    let prozvm = create(assembled(PROZVM_RELAY));
    (world, [first, wasm, prozvm, last])
}

/// Call data for the first probe that goes through both relays, in either order, to the last probe.
fn through(relays: [Address; 2], last: Address, innermost: &[u8]) -> Vec<u8> {
    let relayed = [relays[1].as_slice(), last.as_slice(), &probe(innermost)].concat();
    let forward = "forwardCall(address,uint256,bytes)";
    probe(&input(forward, args![relays[0], 0, hex(&relayed)]))
}

#[test]
fn a_revert_at_the_end_of_the_chain_undoes_every_machine() {
    for is_wasm_first in [true, false] {
        let (mut world, [first, wasm, prozvm, last]) = world();
        let relays = if is_wasm_first {
            [wasm, prozvm]
        } else {
            [prozvm, wasm]
        };
        let accounts = [first, wasm, prozvm, last];
        let reason = input("revertRaw(bytes)", args!["0x0badc0de55"]);
        let reverted = world.send(first, through(relays, last, &reason));
        assert_status(&reverted, StatusCode::REVERT);
        assert_eq!(reverted.return_data[..], [0x0b, 0xad, 0xc0, 0xde, 0x55]);
        assert!(reverted.events().iter().next().is_none());
        for account in accounts {
            assert_eq!(world.slot(account, 0), U256::ZERO, "{account}");
        }
        // A halt leaves nothing either, and no reason.
        let halt = input("invalidOpcode()", &[]);
        let halted = world.send(first, through(relays, last, &halt));
        assert!(!halted.is_success() && halted.return_data.is_empty());
        for account in accounts {
            assert_eq!(world.slot(account, 0), U256::ZERO, "{account}");
        }
        // The same chain that ends well changes all four.
        let context = input("context()", &[]);
        let succeeded = world.send(first, through(relays, last, &context));
        assert_status(&succeeded, StatusCode::SUCCESS);
        for account in accounts {
            assert_eq!(world.slot(account, 0), U256::from(1), "{account}");
        }
        // The innermost saw the last relay as its caller and the signer as origin.
        let seen = succeeded.return_data.to_vec();
        for account in [relays[1], ALICE] {
            let word = [&[0; 12], account.as_slice()].concat();
            assert!(seen.windows(32).any(|w| w == word), "{account}");
        }
    }
}
