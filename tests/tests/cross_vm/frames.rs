//! Kinds of frames across the border: reverts, static calls, delegation, creation, recursion.

use crate::world::{
    ALICE, Vm, World, account, args, assembled, assert_status, enclosed, hex, module, solidity,
    word,
};
use alloy_primitives::{Address, U256, keccak256};
use proz_artifact::encode_call;
use proz_host::StatusCode;
use proz_tests::recursion;

/// Word in which a Wasm probe says how a call ended.
const SUCCEEDED: u64 = 0;
const REVERTED: u64 = 1;
const FAILED: u64 = 2;

const CALL: u64 = 0;
const STATIC_CALL: u64 = 1;
const DELEGATE_CALL: u64 = 2;

/// Lets the Wasm probe call; returns how it ended and what came back.
fn wasm_calls(
    world: &mut World,
    probe: Address,
    kind: u64,
    target: Address,
    input: &[u8],
) -> (u64, Vec<u8>) {
    let signature = "call(uint256,address,uint256,bytes)";
    let output = world.ok(probe, signature, args![kind, target, 0, hex(input)]);
    (word(&output, 0).to(), output[32..].to_vec())
}

fn input(signature: &str, arguments: &[String]) -> Vec<u8> {
    encode_call(signature, arguments).unwrap()
}

#[test]
fn a_revert_in_wasm_reaches_solidity_as_it_is_and_undoes_wasm_alone() {
    for vm in Vm::WASM {
        let mut world = World::new();
        let probe = world.deploy(Vm::Evm, "Probe", &[]);
        let inner = world.deploy(vm, "Probe", &[]);
        let counter = world.deploy(vm, "Counter", &[]);
        // Wasm probe: counts up, then reverts with what came back, which is nothing.
        let count = input("increment()", &[]);
        let reverting = input("callAndRevert(address,bytes)", args![counter, hex(&count)]);
        let tried = world.ok(
            probe,
            "tryCall(address,uint256,uint256,bytes)",
            args![inner, 0, U256::MAX, hex(&reverting)],
        );
        assert_eq!(word(&tried, 0), U256::ZERO, "{vm:?}");
        assert_eq!(world.slot(counter, 0), U256::ZERO, "{vm:?}");
        // The custom error of a Wasm token is what Solidity hands on.
        let token = world.deploy(vm, "Token", args!["Gold", "AU"]);
        let transfer = input("transfer(address,uint256)", args![ALICE, 5]);
        let forwarded = world.call(
            probe,
            "forwardCall(address,uint256,bytes)",
            args![token, 0, hex(&transfer)],
        );
        assert_status(&forwarded, StatusCode::REVERT);
        let error = keccak256("ERC20InsufficientBalance(address,uint256,uint256)");
        assert_eq!(forwarded.return_data[..4], error[..4], "{vm:?}");
        assert_eq!(word(&forwarded.return_data[4..], 2), U256::from(5));
    }
}

#[test]
fn a_revert_in_solidity_reaches_wasm_as_it_is() {
    for vm in Vm::WASM {
        let mut world = World::new();
        let probe = world.deploy(vm, "Probe", &[]);
        let target = world.deploy(Vm::Evm, "Probe", &[]);
        let reason = input("revertRaw(bytes)", args!["0x0123456789"]);
        let (status, output) = wasm_calls(&mut world, probe, CALL, target, &reason);
        assert_eq!(
            (status, output),
            (REVERTED, vec![1, 0x23, 0x45, 0x67, 0x89])
        );
        let (status, output) = wasm_calls(
            &mut world,
            probe,
            CALL,
            target,
            &input("invalidOpcode()", &[]),
        );
        assert_eq!((status, output.len()), (FAILED, 0));
        let echo = input("returnRaw(bytes)", args!["0xabcdef"]);
        let (status, output) = wasm_calls(&mut world, probe, CALL, target, &echo);
        assert_eq!((status, output), (SUCCEEDED, vec![0xab, 0xcd, 0xef]));
    }
}

#[test]
fn a_static_call_forbids_changes_in_the_other_vm() {
    for vm in Vm::WASM {
        let mut world = World::new();
        let (evm, wasm) = (
            world.deploy(Vm::Evm, "Probe", &[]),
            world.deploy(vm, "Probe", &[]),
        );
        let counter = world.deploy(vm, "Counter", &[]);
        let asks = |call: Vec<u8>| args![counter, 1_000_000, hex(&call)].to_vec();
        let signature = "tryStaticcall(address,uint256,bytes)";
        let reading = world.ok(evm, signature, &asks(input("number()", &[])));
        assert_eq!(word(&reading, 0), U256::from(1), "{vm:?}");
        let writing = world.ok(evm, signature, &asks(input("increment()", &[])));
        assert_eq!(word(&writing, 0), U256::ZERO, "{vm:?}");
        // A halt takes all gas that was given.
        assert!(word(&writing, 2) >= U256::from(1_000_000), "{vm:?}");

        let reading = input("load(bytes32)", args![hex(&[0; 32])]);
        let (status, output) = wasm_calls(&mut world, wasm, STATIC_CALL, evm, &reading);
        assert_eq!((status, output), (SUCCEEDED, vec![0; 32]));
        let writing = input(
            "store(bytes32,bytes32)",
            args![hex(&[0; 32]), hex(&[1; 32])],
        );
        let (status, _) = wasm_calls(&mut world, wasm, STATIC_CALL, evm, &writing);
        assert_eq!(status, FAILED);
        // Static reaches through: Wasm asked statically may not let Solidity write.
        let nested = input(
            "call(uint256,address,uint256,bytes)",
            args![CALL, evm, 0, hex(&writing)],
        );
        let tried = world.ok(evm, signature, args![wasm, 1_000_000, hex(&nested)]);
        let (success, status) = (word(&tried, 0), word(&tried, 4));
        assert_eq!((success.to(), status.to()), (1, FAILED), "{vm:?}");
        assert_eq!(world.slot(evm, 0), U256::ZERO);
    }
}

#[test]
fn delegation_runs_the_other_vms_code_on_ones_own_storage() {
    for vm in Vm::WASM {
        let mut world = World::new();
        let (evm, wasm) = (
            world.deploy(Vm::Evm, "Probe", &[]),
            world.deploy(vm, "Probe", &[]),
        );
        let counter = world.deploy(vm, "Counter", &[]);
        let set = input("setNumber(uint256)", args![77]);
        world.ok(
            evm,
            "forwardDelegatecall(address,bytes)",
            args![counter, hex(&set)],
        );
        assert_eq!(world.slot(evm, 0), U256::from(77), "{vm:?}");
        assert_eq!(world.slot(counter, 0), U256::ZERO, "{vm:?}");

        let store = input(
            "store(bytes32,bytes32)",
            args![hex(&[0; 32]), hex(&[9; 32])],
        );
        let (status, _) = wasm_calls(&mut world, wasm, DELEGATE_CALL, evm, &store);
        assert_eq!(status, SUCCEEDED);
        assert_eq!(world.slot(wasm, 0), U256::from_be_bytes([9; 32]), "{vm:?}");
        assert_eq!(world.slot(evm, 0), U256::from(77), "{vm:?}");

        // Sender and recipient stay those of the delegating frame.
        let asked = input("context()", &[]);
        let (_, output) = wasm_calls(&mut world, wasm, DELEGATE_CALL, evm, &asked);
        assert_eq!(account(&output, 0), wasm, "{vm:?}");
        assert_eq!(account(&output, 1), ALICE, "{vm:?}");
        let output = world.ok(
            evm,
            "forwardDelegatecall(address,bytes)",
            args![wasm, hex(&asked)],
        );
        assert_eq!(account(&output, 0), evm, "{vm:?}");
        assert_eq!(account(&output, 1), ALICE, "{vm:?}");
    }
}

#[test]
fn each_vm_creates_contracts_of_the_other() {
    for vm in Vm::WASM {
        let mut world = World::new();
        let evm = world.deploy(Vm::Evm, "Probe", &[]);
        let wasm = world.deploy(vm, "Probe", &[]);
        let container = enclosed(&module(vm, "counter"));
        let salt = [7; 32];

        let expected = evm.create2(salt, keccak256(&container));
        let created = world.ok(
            evm,
            "create2(uint256,bytes32,bytes)",
            args![0, hex(&salt), hex(&container)],
        );
        assert_eq!(account(&created, 0), expected, "{vm:?}");
        world.ok(expected, "setNumber(uint256)", args![5]);
        world.ok(expected, "increment()", &[]);
        assert_eq!(world.number(expected, "number()", &[]), U256::from(6));
        let code = world.ok(evm, "codeOf(address)", args![expected]);
        assert_eq!(&code[64..64 + container.len()], container, "{vm:?}");

        // What the VM refuses is not created, and the creator lives on.
        let mut broken = container.clone();
        *broken.last_mut().unwrap() ^= 0xff;
        broken.truncate(container.len() - 3);
        let refused = world.ok(evm, "create(uint256,bytes)", args![0, hex(&broken)]);
        assert_eq!(word(&refused, 0), U256::ZERO, "{vm:?}");

        let init_code = solidity("Router").creation_code().unwrap().to_vec();
        for (kind, expected) in [
            (0, wasm.create(1)),
            (1, wasm.create2(salt, keccak256(&init_code))),
        ] {
            let created = world.ok(
                wasm,
                "create(uint256,bytes32,bytes)",
                args![kind, hex(&salt), hex(&init_code)],
            );
            assert_eq!(account(&created, 0), expected, "{vm:?}");
            let expired = world.call(
                expected,
                "swapExactInput(address,address,uint256,uint256,address,uint256)",
                args![evm, evm, 1, 1, ALICE, 0],
            );
            assert_eq!(
                expired.return_data[..4],
                keccak256("Expired(uint256,uint256)")[..4]
            );
        }
    }
}

#[test]
fn recursion_through_all_vms_goes_as_deep_as_the_chain_allows() {
    let mut world = World::new();
    let evm = world.deploy(Vm::Evm, "Probe", &[]);
    let mut create = |code: Vec<u8>| {
        let created = world.create(code);
        assert_status(&created, StatusCode::SUCCESS);
        created.created.unwrap()
    };
    let wasm = create(enclosed(&wat::parse_str(recursion::WASM).unwrap()));
    let prozvm = create(assembled(recursion::PROZVM));
    let mixes = [
        (evm, wasm),
        (wasm, evm),
        (evm, prozvm),
        (prozvm, evm),
        (wasm, prozvm),
        (prozvm, wasm),
        (prozvm, prozvm),
    ];
    for (first, peer) in mixes {
        let mut reach = |depth: u64| {
            let recurse = input("recurse(address,uint256)", args![peer, depth]);
            let result = world.transact(&proz_host::Transaction {
                sender: ALICE,
                to: Some(first),
                // A 64th stays behind at each of a thousand calls.
                gas_limit: 1 << 50,
                input: recurse.into(),
                ..proz_host::Transaction::default()
            });
            assert_status(&result, StatusCode::SUCCESS);
            word(&result.return_data, 0)
        };
        for depth in [0, 1, 2, 3, 50, 1_024] {
            assert_eq!(reach(depth), U256::from(depth), "from {first} to {peer}");
        }
        // One call too many is refused without harm to those above.
        assert_eq!(reach(1_025), U256::from(1_024), "from {first} to {peer}");
    }
}

/// Traps, exhausted gas and exhausted stack inside a nested frame end that frame alone.
#[test]
fn a_trap_in_a_nested_frame_leaves_the_caller_alive() {
    let bodies = [
        ("unreachable", "unreachable"),
        (
            "division by zero",
            "(drop (i32.div_u (i32.const 1) (i32.const 0)))",
        ),
        ("memory out of bounds", "(drop (i32.load (i32.const -4)))"),
        ("endless loop", "(loop (br 0))"),
        ("endless recursion", "(call $main)"),
        (
            "memory without end",
            "(loop (drop (memory.grow (i32.const 1))) (br 0))",
        ),
    ];
    for (name, body) in bodies {
        let mut world = World::new();
        let evm = world.deploy(Vm::Evm, "Probe", &[]);
        let text = format!(
            "(module (import \"env\" \"return\" (func (param i32 i32)))
                (memory (export \"memory\") 1) (func $main (export \"main\") {body}))"
        );
        let created = world.create(enclosed(&wat::parse_str(text).unwrap()));
        assert_status(&created, StatusCode::SUCCESS);
        let trap = created.created.unwrap();
        let tried = world.ok(
            evm,
            "tryCall(address,uint256,uint256,bytes)",
            args![trap, 0, 5_000_000, "0x"],
        );
        assert_eq!(word(&tried, 0), U256::ZERO, "{name}");
        // Nothing is given back, and nothing beyond what was given is taken.
        let gas: u64 = word(&tried, 2).to();
        assert!((5_000_000..5_010_000).contains(&gas), "{name}: {gas}");
    }
}
