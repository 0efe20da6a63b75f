//! What contract code may ask for, by way of both import modules.

use std::rc::Rc;

use alloy_primitives::{U256, keccak256};
use proz_sdk::{Buffer, CallOutcome, MessageKind, StatusCode, Word};
use proz_sdk_testing::mock::Environment;

use proz_wasm::testing::{ALICE, GAS, World, address, assert_output, assert_status, wat, word};

/// A contract with imports of `env`, `$return` among them, whose `main` is `body`.
fn env(imports: &[(&str, &str)], body: &str) -> Vec<u8> {
    contract(
        "env",
        imports,
        &format!(r#"(func (export "main") {body})"#),
        r#"(import "env" "return" (func $return (param i32 i32)))"#,
    )
}

/// A contract with imports of `vm_hooks`, `$write_result` among them.
fn hooks(imports: &[(&str, &str)], body: &str) -> Vec<u8> {
    contract(
        "vm_hooks",
        imports,
        &format!(
            r#"(func (export "user_entrypoint") (param i32) (result i32) {body} (i32.const 0))"#
        ),
        r#"(import "vm_hooks" "write_result" (func $write_result (param i32 i32)))"#,
    )
}

fn contract(module: &str, imports: &[(&str, &str)], entry: &str, result: &str) -> Vec<u8> {
    let imports: String = imports
        .iter()
        .map(|(name, ty)| format!(r#"(import "{module}" "{name}" (func ${name} {ty}))"#))
        .collect();
    wat(&format!(
        r#"(module {result} {imports} (memory (export "memory") 4)
            (data (i32.const 31) "\01") (data (i32.const 63) "\02") (data (i32.const 128) "some bytes to work with, more than one word of them")
            {entry})"#
    ))
}

#[test]
fn storage_keeps_words_and_says_whether_there_is_one() {
    let mut world = World::new();
    let code = env(
        &[
            ("storage_get", "(param i32 i32) (result i32)"),
            ("storage_set", "(param i32 i32)"),
        ],
        "(i32.store (i32.const 256) (call $storage_get (i32.const 0) (i32.const 512)))
         (call $storage_set (i32.const 0) (i32.const 32))
         (i32.store (i32.const 260) (call $storage_get (i32.const 0) (i32.const 264)))
         (call $return (i32.const 256) (i32.const 40))",
    );
    world.install(address(1), &code);
    let mut expected = vec![0, 0, 0, 0, 1, 0, 0, 0];
    expected.extend(word(2));
    assert_output(&world.call(address(1), &[]), &expected);
    assert_eq!(world.host.state.slot(address(1), 1), Word::from(2));
}

#[test]
fn values_of_any_length_lie_over_slots_as_solidity_lays_bytes() {
    let code = env(
        &[
            ("storage_write", "(param i32 i32 i32 i32)"),
            ("storage_read", "(param i32 i32 i32 i32) (result i32)"),
            ("storage_remove", "(param i32 i32)"),
            ("input_copy", "(param i32 i32 i32)"),
            ("input_size", "(result i32)"),
        ],
        // Key: 3 bytes at 128. Input: the value; empty input removes. Output: what is read back.
        "(call $input_copy (i32.const 4096) (i32.const 0) (call $input_size))
         (if (call $input_size)
            (then (call $storage_write (i32.const 128) (i32.const 3) (i32.const 4096) (call $input_size)))
            (else (call $storage_remove (i32.const 128) (i32.const 3))))
         (i32.store (i32.const 8192) (call $storage_read (i32.const 128) (i32.const 3) (i32.const 8196) (i32.const 300)))
         (call $return (i32.const 8192) (i32.const 304))",
    );
    let id = U256::from_be_bytes(keccak256("proz.wasm.values").0) - U256::ONE;
    let mut base = keccak256(id.to_be_bytes::<32>());
    base.0[31] = 0;
    let header = keccak256([b"som".as_slice(), base.as_slice()].concat());
    let mut world = World::new();
    world.install(address(1), &code);
    for size in [1_usize, 31, 32, 33, 64, 300, 40, 5] {
        let value: Vec<u8> = (0..size).map(|at| at as u8 + 1).collect();
        let result = world.call(address(1), &value);
        assert_status(&result, StatusCode::SUCCESS);
        assert_eq!(result.output.as_slice()[..4], (size as u32).to_le_bytes());
        assert_eq!(result.output.as_slice()[4..4 + size], value);
        // Solidity's layout: short values share the header's word with twice their length.
        let slot = world
            .host
            .state
            .slot(address(1), Word::from_be_bytes(header.0))
            .to_be_bytes();
        let used: usize = world
            .host
            .state
            .storage
            .values()
            .filter(|value| !value.is_zero())
            .count();
        if size < 32 {
            assert_eq!((&slot[..size], slot[31] as usize), (&value[..], size * 2));
            assert_eq!(used, 1, "shrinking clears the slots of the longer value");
        } else {
            assert_eq!(U256::from_be_bytes(slot), U256::from(size * 2 + 1));
            let first = world
                .host
                .state
                .slot(address(1), Word::from_be_bytes(keccak256(header).0));
            assert_eq!(first.to_be_bytes()[..], value[..32]);
            assert_eq!(used, 1 + size.div_ceil(32));
        }
    }
    let result = world.call(address(1), &[]);
    assert_eq!(result.output.as_slice()[..4], (-1_i32).to_le_bytes());
    assert!(world.host.state.storage.values().all(Word::is_zero));
}

#[test]
fn stylus_storage_is_written_back_only_by_a_flush_and_in_key_order() {
    let stores = "(call $storage_cache_bytes32 (i32.const 32) (i32.const 0))
                  (call $storage_cache_bytes32 (i32.const 0) (i32.const 32))";
    let imports = [
        ("storage_load_bytes32", "(param i32 i32)"),
        ("storage_cache_bytes32", "(param i32 i32)"),
        ("storage_flush_cache", "(param i32)"),
    ];
    // What is cached is seen by the contract itself, flushed or not.
    let read = "(call $storage_load_bytes32 (i32.const 0) (i32.const 256)) (call $write_result (i32.const 256) (i32.const 32))";
    for (flush, kept) in [
        ("", 0),
        ("(call $storage_flush_cache (i32.const 1))", 2),
        ("(call $storage_flush_cache (i32.const 0))", 2),
    ] {
        let mut world = World::new();
        world.install(
            address(1),
            &hooks(&imports, &format!("{stores} {flush} {read}")),
        );
        world.host.observes = true;
        assert_output(&world.call(address(1), &[]), &word(2));
        assert_eq!(world.host.state.slot(address(1), 1), Word::from(kept));
        let writes: Vec<String> = world
            .host
            .transcript()
            .into_iter()
            .filter(|line| line.starts_with("StorageStore"))
            .collect();
        if kept > 0 {
            assert_eq!(writes, ["StorageStore 1 = 2", "StorageStore 2 = 1"]);
        }
    }
}

#[test]
fn a_flush_writes_only_what_changed() {
    let mut world = World::new();
    let code = hooks(
        &[
            ("storage_load_bytes32", "(param i32 i32)"),
            ("storage_cache_bytes32", "(param i32 i32)"),
            ("storage_flush_cache", "(param i32)"),
        ],
        "(call $storage_load_bytes32 (i32.const 0) (i32.const 256))
         (call $storage_cache_bytes32 (i32.const 0) (i32.const 256))
         (call $storage_flush_cache (i32.const 0)) (call $storage_flush_cache (i32.const 1))",
    );
    world.install(address(1), &code);
    world.host.observes = true;
    assert_output(&world.call(address(1), &[]), &[]);
    assert!(
        !world
            .host
            .transcript()
            .iter()
            .any(|line| line.starts_with("StorageStore"))
    );
}

#[test]
fn transient_storage_is_served_by_both_modules() {
    let native = env(
        &[("transient_get", "(param i32 i32)"), ("transient_set", "(param i32 i32)")],
        "(call $transient_set (i32.const 0) (i32.const 32)) (call $transient_get (i32.const 0) (i32.const 256))
         (call $return (i32.const 256) (i32.const 32))",
    );
    let stylus = hooks(
        &[("transient_load_bytes32", "(param i32 i32)"), ("transient_store_bytes32", "(param i32 i32)")],
        "(call $transient_store_bytes32 (i32.const 0) (i32.const 32)) (call $transient_load_bytes32 (i32.const 0) (i32.const 256))
         (call $write_result (i32.const 256) (i32.const 32))",
    );
    for code in [native, stylus] {
        assert_output(&World::run_code(&code, &[]), &word(2));
    }
}

#[test]
fn events_carry_topics_and_data() {
    for count in 0..=4 {
        let mut world = World::new();
        let native = env(
            &[("emit_event", "(param i32 i32 i32 i32)")],
            &format!(
                "(call $emit_event (i32.const 0) (i32.const {count}) (i32.const 128) (i32.const 10))"
            ),
        );
        world.install(address(1), &native);
        assert_output(&world.call(address(1), &[]), &[]);
        let log = &world.host.state.logs[0];
        assert_eq!(
            (log.topics.len(), log.data.as_slice()),
            (count, b"some bytes".as_slice())
        );
        if count > 1 {
            assert_eq!(log.topics[1].0, word(2));
        }
    }
    let mut world = World::new();
    let stylus = hooks(
        &[("emit_log", "(param i32 i32 i32)")],
        "(call $emit_log (i32.const 0) (i32.const 69) (i32.const 2))",
    );
    world.install(address(1), &stylus);
    assert_output(&world.call(address(1), &[]), &[]);
    let log = &world.host.state.logs[0];
    assert_eq!(
        (log.topics[0].0, log.topics[1].0, log.data.len()),
        (word(1), word(2), 5)
    );
}

#[test]
fn absurd_arguments_halt() {
    for (import, ty, call) in [
        (
            "emit_event",
            "(param i32 i32 i32 i32)",
            "(call $emit_event (i32.const 0) (i32.const 5) (i32.const 0) (i32.const 0))",
        ),
        (
            "call",
            "(param i32 i32 i32 i64 i32 i32) (result i32)",
            "(drop (call $call (i32.const 3) (i32.const 0) (i32.const 0) (i64.const 0) (i32.const 0) (i32.const 0)))",
        ),
        (
            "create",
            "(param i32 i32 i32 i32 i32 i32) (result i32)",
            "(drop (call $create (i32.const 2) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)))",
        ),
        (
            "storage_write",
            "(param i32 i32 i32 i32)",
            "(call $storage_write (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 131073))",
        ),
        (
            "storage_write",
            "(param i32 i32 i32 i32)",
            "(call $storage_write (i32.const 0) (i32.const 65537) (i32.const 0) (i32.const 1))",
        ),
    ] {
        assert_status(
            &World::run_code(&env(&[(import, ty)], call), &[]),
            StatusCode::INVALID_ARGUMENT,
        );
    }
    let copy = env(
        &[("return_data_copy", "(param i32 i32 i32)")],
        "(call $return_data_copy (i32.const 0) (i32.const 0) (i32.const 1))",
    );
    assert_status(
        &World::run_code(&copy, &[]),
        StatusCode::RETURN_DATA_OUT_OF_BOUNDS,
    );
}

/// Calls the address in the first 20 input bytes with the rest and returns status and output.
fn forwarder(kind: u32, gas: &str) -> Vec<u8> {
    env(
        &[
            ("call", "(param i32 i32 i32 i64 i32 i32) (result i32)"),
            ("input_copy", "(param i32 i32 i32)"),
            ("input_size", "(result i32)"),
            ("return_data_size", "(result i32)"),
            ("return_data_copy", "(param i32 i32 i32)"),
        ],
        &format!(
            "(call $input_copy (i32.const 4096) (i32.const 0) (call $input_size))
             (i32.store (i32.const 8192) (call $call (i32.const {kind}) (i32.const 4096) (i32.const 1024) (i64.const {gas})
                (i32.const 4116) (i32.sub (call $input_size) (i32.const 20))))
             (call $return_data_copy (i32.const 8196) (i32.const 0) (call $return_data_size))
             (call $return (i32.const 8192) (i32.add (i32.const 4) (call $return_data_size)))"
        ),
    )
}

fn to(target: proz_sdk::Address, input: &[u8]) -> Vec<u8> {
    [target.0.as_slice(), input].concat()
}

#[test]
fn nested_calls_bring_status_and_output_back() {
    let echo = env(
        &[("input_copy", "(param i32 i32 i32)"), ("input_size", "(result i32)"), ("revert", "(param i32 i32)")],
        "(call $input_copy (i32.const 0) (i32.const 0) (call $input_size))
         (if (i32.eq (i32.load8_u (i32.const 0)) (i32.const 88)) (then (call $revert (i32.const 1) (i32.const 2))))
         (if (i32.eq (i32.load8_u (i32.const 0)) (i32.const 89)) (then (unreachable)))
         (call $return (i32.const 0) (call $input_size))",
    );
    for kind in [0, 1, 2] {
        let mut world = World::new();
        world.install(address(1), &forwarder(kind, "-1"));
        world.install(address(2), &echo);
        for (input, status, output) in [
            (b"hello".as_slice(), 0_u32, b"hello".as_slice()),
            (b"Xno", 1, b"no"),
            (b"Y", 2, b""),
        ] {
            // A trap takes the gas it was given: all but one 64th.
            let result = world.call(address(1), &to(address(2), input));
            assert_output(&result, &[status.to_le_bytes().as_slice(), output].concat());
            assert_eq!(
                result.gas_left < GAS / 32,
                status == 2,
                "{status}: {}",
                result.gas_left
            );
        }
    }
}

#[test]
fn delegate_calls_work_on_the_callers_storage_and_keep_its_sender() {
    let writer = env(
        &[("storage_set", "(param i32 i32)"), ("caller", "(param i32)"), ("address", "(param i32)")],
        "(call $storage_set (i32.const 0) (i32.const 32)) (call $caller (i32.const 256)) (call $address (i32.const 276))
         (call $return (i32.const 256) (i32.const 40))",
    );
    for (kind, owner, sender) in [(0, address(2), address(1)), (2, address(1), ALICE)] {
        let mut world = World::new();
        world.install(address(1), &forwarder(kind, "-1"));
        world.install(address(2), &writer);
        let result = world.call(address(1), &to(address(2), &[]));
        assert_output(&result, &[[0; 4].as_slice(), &sender.0, &owner.0].concat());
        assert_eq!(world.host.state.slot(owner, 1), Word::from(2));
    }
}

#[test]
fn a_nested_revert_undoes_the_nested_frame_only() {
    let writer = env(
        &[
            ("storage_set", "(param i32 i32)"),
            ("revert", "(param i32 i32)"),
        ],
        "(call $storage_set (i32.const 0) (i32.const 32)) (call $revert (i32.const 0) (i32.const 0))",
    );
    let outer = env(
        &[("call", "(param i32 i32 i32 i64 i32 i32) (result i32)"), ("input_copy", "(param i32 i32 i32)"), ("storage_set", "(param i32 i32)")],
        "(call $input_copy (i32.const 4096) (i32.const 0) (i32.const 20))
         (call $storage_set (i32.const 0) (i32.const 32))
         (drop (call $call (i32.const 0) (i32.const 4096) (i32.const 1024) (i64.const -1) (i32.const 0) (i32.const 0)))",
    );
    let mut world = World::new();
    world.install(address(1), &outer);
    world.install(address(2), &writer);
    assert_output(&world.call(address(1), &address(2).0), &[]);
    assert_eq!(world.host.state.slot(address(1), 1), Word::from(2));
    assert_eq!(world.host.state.slot(address(2), 1), Word::ZERO);
}

#[test]
fn value_is_transferred_and_seen_by_the_callee() {
    let shows = env(
        &[("value", "(param i32)"), ("balance", "(param i32 i32)"), ("address", "(param i32)")],
        "(call $value (i32.const 256)) (call $address (i32.const 512)) (call $balance (i32.const 512) (i32.const 288))
         (call $return (i32.const 256) (i32.const 64))",
    );
    let pays = env(
        &[("call", "(param i32 i32 i32 i64 i32 i32) (result i32)"), ("input_copy", "(param i32 i32 i32)"), ("return_data_copy", "(param i32 i32 i32)")],
        "(call $input_copy (i32.const 4096) (i32.const 0) (i32.const 20))
         (drop (call $call (i32.const 0) (i32.const 4096) (i32.const 32) (i64.const -1) (i32.const 0) (i32.const 0)))
         (call $return_data_copy (i32.const 256) (i32.const 0) (i32.const 64)) (call $return (i32.const 256) (i32.const 64))",
    );
    let mut world = World::new();
    world.install(address(1), &pays);
    world.install(address(2), &shows);
    world
        .host
        .state
        .accounts
        .get_mut(&address(1))
        .unwrap()
        .balance = Word::from(100);
    assert_output(
        &world.call(address(1), &address(2).0),
        &[word(2), word(2)].concat(),
    );
    assert_eq!(
        world.host.state.accounts[&address(1)].balance,
        Word::from(98)
    );
}

#[test]
fn a_callee_gets_the_asked_gas_and_at_most_all_but_one_64th() {
    let shows = env(
        &[("gas_left", "(result i64)")],
        "(i64.store (i32.const 256) (call $gas_left)) (call $return (i32.const 256) (i32.const 8))",
    );
    let seen = |gas: &str| {
        let mut world = World::new();
        world.install(address(1), &forwarder(0, gas));
        world.install(address(2), &shows);
        let result = world.call(address(1), &to(address(2), &[]));
        u64::from_le_bytes(result.output.as_slice()[4..12].try_into().unwrap())
    };
    assert!(
        (94_000..95_000).contains(&seen("100000")),
        "{}",
        seen("100000")
    );
    let all = seen("-1");
    assert!(all < GAS / 64 * 63 && all > GAS / 64 * 62, "{all}");
}

#[test]
fn stylus_calls_write_the_output_size_and_read_it_in_parts() {
    let echo = env(
        &[
            ("input_copy", "(param i32 i32 i32)"),
            ("input_size", "(result i32)"),
        ],
        "(call $input_copy (i32.const 0) (i32.const 0) (call $input_size)) (call $return (i32.const 0) (call $input_size))",
    );
    for call in [
        "(call $call_contract (i32.const 4096) (i32.const 128) (i32.const 10) (i32.const 1024) (i64.const -1) (i32.const 260))",
        "(call $static_call_contract (i32.const 4096) (i32.const 128) (i32.const 10) (i64.const -1) (i32.const 260))",
        "(call $delegate_call_contract (i32.const 4096) (i32.const 128) (i32.const 10) (i64.const -1) (i32.const 260))",
    ] {
        let code = hooks(
            &[
                ("read_args", "(param i32)"),
                ("call_contract", "(param i32 i32 i32 i32 i64 i32) (result i32)"),
                ("static_call_contract", "(param i32 i32 i32 i64 i32) (result i32)"),
                ("delegate_call_contract", "(param i32 i32 i32 i64 i32) (result i32)"),
                ("read_return_data", "(param i32 i32 i32) (result i32)"),
            ],
            &format!(
                "(call $read_args (i32.const 4096)) (i32.store (i32.const 256) {call})
                 (i32.store (i32.const 264) (call $read_return_data (i32.const 268) (i32.const 5) (i32.const 100)))
                 (call $write_result (i32.const 256) (i32.const 20))"
            ),
        );
        let mut world = World::new();
        world.install(address(1), &code);
        world.install(address(2), &echo);
        let result = world.call(address(1), &address(2).0);
        assert_output(&result, b"\0\0\0\0\x0a\0\0\0\x05\0\0\0bytes\0\0\0");
    }
}

#[test]
fn contracts_create_contracts() {
    let child = env(&[], "(call $return (i32.const 128) (i32.const 4))");
    for (kind, stylus) in [(0, false), (1, false), (0, true), (1, true)] {
        let code = if stylus {
            let call = if kind == 0 {
                "(call $create1 (i32.const 4096) (local.get 0) (i32.const 1024) (i32.const 256) (i32.const 300))"
            } else {
                "(call $create2 (i32.const 4096) (local.get 0) (i32.const 1024) (i32.const 0) (i32.const 256) (i32.const 300))"
            };
            hooks(
                &[
                    ("read_args", "(param i32)"),
                    ("create1", "(param i32 i32 i32 i32 i32)"),
                    ("create2", "(param i32 i32 i32 i32 i32 i32)"),
                ],
                &format!(
                    "(call $read_args (i32.const 4096)) {call} (call $write_result (i32.const 256) (i32.const 20))"
                ),
            )
        } else {
            env(
                &[
                    ("create", "(param i32 i32 i32 i32 i32 i32) (result i32)"),
                    ("input_copy", "(param i32 i32 i32)"),
                    ("input_size", "(result i32)"),
                    ("revert", "(param i32 i32)"),
                ],
                &format!(
                    "(call $input_copy (i32.const 4096) (i32.const 0) (call $input_size))
                     (if (call $create (i32.const {kind}) (i32.const 1024) (i32.const 0) (i32.const 4096) (call $input_size) (i32.const 256))
                        (then (call $revert (i32.const 0) (i32.const 0))))
                     (call $return (i32.const 256) (i32.const 20))"
                ),
            )
        };
        let mut world = World::new();
        world.install(address(1), &code);
        let result = world.call(address(1), &child);
        assert_status(&result, StatusCode::SUCCESS);
        let created = proz_sdk::Address(result.output.as_slice().try_into().unwrap());
        assert_ne!(created.0, [0; 20]);
        assert_output(&world.call(created, &[]), b"some");
        // What validation refuses is not created.
        let refused = world.call(address(1), b"no module");
        if stylus {
            assert_output(&refused, &[0; 20]);
        } else {
            assert_status(&refused, StatusCode::REVERT);
        }
    }
}

#[test]
fn a_contract_sees_that_it_was_called_back() {
    // Returns msg_reentrant; calls itself once when it is not.
    let code = hooks(
        &[
            ("msg_reentrant", "(result i32)"),
            ("contract_address", "(param i32)"),
            ("call_contract", "(param i32 i32 i32 i32 i64 i32) (result i32)"),
            ("read_return_data", "(param i32 i32 i32) (result i32)"),
        ],
        "(i32.store8 (i32.const 256) (call $msg_reentrant))
         (if (i32.eqz (call $msg_reentrant)) (then
            (call $contract_address (i32.const 512))
            (drop (call $call_contract (i32.const 512) (i32.const 0) (i32.const 0) (i32.const 1024) (i64.const -1) (i32.const 600)))
            (drop (call $read_return_data (i32.const 257) (i32.const 0) (i32.const 1)))))
         (call $write_result (i32.const 256) (i32.const 2))",
    );
    assert_output(&World::run_code(&code, &[]), &[0, 1]);
}

#[test]
fn block_and_transaction_fields_are_the_hosts() {
    let mut world = World::new();
    let code = env(
        &[
            ("caller", "(param i32)"),
            ("origin", "(param i32)"),
            ("coinbase", "(param i32)"),
            ("gas_price", "(param i32)"),
            ("base_fee", "(param i32)"),
            ("prev_randao", "(param i32)"),
            ("chain_id", "(result i64)"),
            ("block_number", "(result i64)"),
            ("block_timestamp", "(result i64)"),
            ("block_gas_limit", "(result i64)"),
            ("block_hash", "(param i64 i32) (result i32)"),
        ],
        "(call $caller (i32.const 1000)) (call $origin (i32.const 1020)) (call $coinbase (i32.const 1040))
         (call $gas_price (i32.const 1060)) (call $base_fee (i32.const 1092)) (call $prev_randao (i32.const 1124))
         (i64.store (i32.const 1156) (call $chain_id)) (i64.store (i32.const 1164) (call $block_number))
         (i64.store (i32.const 1172) (call $block_timestamp)) (i64.store (i32.const 1180) (call $block_gas_limit))
         (i32.store (i32.const 1188) (call $block_hash (i64.const 999) (i32.const 1192)))
         (call $return (i32.const 1000) (i32.const 224))",
    );
    world.host.block_hashes.insert(999, proz_sdk::B256([9; 32]));
    world.install(address(1), &code);
    let block = world.environment.block;
    let expected = [
        ALICE.0.as_slice(),
        &world.environment.transaction.origin.0,
        &block.coinbase.0,
        &world.environment.transaction.gas_price.to_be_bytes(),
        &block.base_fee.to_be_bytes(),
        &block.prev_randao.0,
        &block.chain_id.to_le_bytes(),
        &block.number.to_le_bytes(),
        &block.timestamp.to_le_bytes(),
        &block.gas_limit.to_le_bytes(),
        &1_u32.to_le_bytes(),
        &[9; 32],
    ]
    .concat();
    assert_output(&world.call(address(1), &[]), &expected);
}

#[test]
fn code_of_other_accounts_can_be_read() {
    let mut world = World::new();
    let code = env(
        &[
            ("code_size", "(param i32) (result i32)"),
            ("code_hash", "(param i32 i32)"),
            ("code_copy", "(param i32 i32 i32 i32) (result i32)"),
            ("input_copy", "(param i32 i32 i32)"),
        ],
        "(call $input_copy (i32.const 4096) (i32.const 0) (i32.const 20))
         (i32.store (i32.const 1000) (call $code_size (i32.const 4096)))
         (call $code_hash (i32.const 4096) (i32.const 1004))
         (i32.store (i32.const 1036) (call $code_copy (i32.const 4096) (i32.const 1) (i32.const 100) (i32.const 1040)))
         (call $return (i32.const 1000) (i32.const 44))",
    );
    world.install(address(1), &code);
    world.host.state.accounts.insert(
        address(2),
        proz_sdk_testing::mock::MockAccount::with_code(vec![1, 2, 3, 4]),
    );
    let hash = keccak256([1, 2, 3, 4]);
    assert_output(
        &world.call(address(1), &address(2).0),
        &[
            [4, 0, 0, 0].as_slice(),
            hash.as_slice(),
            &[3, 0, 0, 0],
            &[2, 3, 4, 0],
        ]
        .concat(),
    );
    assert_output(&world.call(address(1), &address(9).0), &[0; 44]);
}

#[test]
fn hashes_and_signers() {
    let mut world = World::new();
    let code = env(
        &[
            ("keccak256", "(param i32 i32 i32)"),
            ("sha256", "(param i32 i32 i32)"),
            ("ecrecover", "(param i32 i32) (result i32)"),
        ],
        "(call $keccak256 (i32.const 128) (i32.const 10) (i32.const 1000))
         (call $sha256 (i32.const 128) (i32.const 10) (i32.const 1032))
         (i32.store (i32.const 1064) (call $ecrecover (i32.const 0) (i32.const 1068)))
         (call $return (i32.const 1000) (i32.const 88))",
    );
    world.install(address(1), &code);
    world.host.on_precompile = Some(Rc::new(|address, input, gas| {
        let output = match address.0[19] {
            1 => [[0; 12].as_slice(), &[0x51; 20]].concat(),
            _ => vec![input.len() as u8; 32],
        };
        Ok(CallOutcome {
            status: StatusCode::SUCCESS,
            gas_left: gas - 60,
            gas_refund: 0,
            output: Buffer::from(output),
        })
    }));
    let expected = [
        keccak256("some bytes").as_slice(),
        &[10; 32],
        &[1, 0, 0, 0],
        &[0x51; 20],
    ]
    .concat();
    assert_output(&world.call(address(1), &[]), &expected);
}

#[test]
fn wide_arithmetic_follows_the_evm() {
    let max = U256::MAX;
    let run = |name: &str, operands: &[U256]| {
        let places = ["(i32.const 4096)", "(i32.const 4128)", "(i32.const 4160)"][..operands.len()]
            .join(" ");
        let params = "i32 ".repeat(operands.len());
        let code = hooks(
            &[
                ("read_args", "(param i32)"),
                (name, &format!("(param {params})")),
            ],
            &format!(
                "(call $read_args (i32.const 4096)) (call ${name} {places}) (call $write_result (i32.const 4096) (i32.const 32))"
            ),
        );
        let input: Vec<u8> = operands
            .iter()
            .flat_map(|operand| operand.to_be_bytes::<32>())
            .collect();
        U256::from_be_slice(World::run_code(&code, &input).output.as_slice())
    };
    let n = |number: u64| U256::from(number);
    for (name, operands, expected) in [
        ("math_div", vec![n(100), n(7)], n(14)),
        ("math_div", vec![max, U256::ZERO], U256::ZERO),
        ("math_mod", vec![n(100), n(7)], n(2)),
        ("math_mod", vec![max, U256::ZERO], U256::ZERO),
        ("math_pow", vec![n(3), n(5)], n(243)),
        ("math_pow", vec![n(2), n(256)], U256::ZERO),
        ("math_add_mod", vec![max, n(2), n(10)], n(7)),
        ("math_mul_mod", vec![max, max, n(12)], n(9)),
        ("math_mul_mod", vec![max, max, U256::ZERO], U256::ZERO),
    ] {
        assert_eq!(run(name, &operands), expected, "{name}");
    }
}

#[test]
fn ink_is_gas_times_ten_thousand() {
    let code = hooks(
        &[("evm_gas_left", "(result i64)"), ("evm_ink_left", "(result i64)"), ("tx_ink_price", "(result i32)"), ("pay_for_memory_grow", "(param i32)")],
        "(call $pay_for_memory_grow (i32.const 0))
         (i64.store (i32.const 256) (call $evm_gas_left)) (i64.store (i32.const 264) (call $evm_ink_left))
         (i32.store (i32.const 272) (call $tx_ink_price)) (call $write_result (i32.const 256) (i32.const 20))",
    );
    let result = World::run_code(&code, &[]);
    let bytes = result.output.as_slice();
    let gas = u64::from_le_bytes(bytes[..8].try_into().unwrap());
    let ink = u64::from_le_bytes(bytes[8..16].try_into().unwrap());
    // One host call lies between the two readings.
    assert!(
        ink < gas * 10_000 && ink > (gas - 12) * 10_000,
        "{gas} {ink}"
    );
    assert_eq!(bytes[16..], 10_000_u32.to_le_bytes());
}

#[test]
fn a_static_frame_stays_static_below() {
    let writer = env(
        &[
            ("storage_set", "(param i32 i32)"),
            ("is_static", "(result i32)"),
        ],
        "(if (i32.eqz (call $is_static)) (then (unreachable))) (call $storage_set (i32.const 0) (i32.const 32))",
    );
    let mut world = World::new();
    world.install(address(1), &forwarder(0, "-1"));
    world.install(address(2), &writer);
    let input = to(address(2), &[]);
    let mut message = Environment::call(address(1), GAS, &input);
    message.is_static = true;
    message.kind = MessageKind::STATIC_CALL;
    let result = world.send(message).unwrap();
    assert_output(&result, &2_u32.to_le_bytes());
    assert_eq!(world.host.state.slot(address(2), 1), Word::ZERO);
}
