//! What each syscall means.

use proz_sdk::{Address, CallOutcome, HostError, MessageKind, StatusCode, Word};
use proz_sdk_testing::mock::{Environment, MockAccount};
use std::rc::Rc;

use crate::support::{
    ALICE, GAS, GIVE_A0, TAKE_INPUT, World, address, assembled, assert_output, assert_status,
    fallback, give, keccak256, number, word,
};

/// S-20, S-21, S-22
#[test]
fn input_is_copied_and_padded() {
    let body = format!(
        "mv a0, sp\n li a1, 2\n li a2, 8\n sys input_copy\n{}",
        give(8)
    );
    let result = World::eval(&body, &[1, 2, 3, 4, 5]);
    assert_output(&result, &[3, 4, 5, 0, 0, 0, 0, 0]);
    let far = format!(
        "mv a0, sp\n li a1, -1\n li a2, 8\n sys input_copy\n{}",
        give(8)
    );
    assert_output(&World::eval(&far, &[1; 5]), &[0; 8]);
    let size = format!("sys input_size\n{GIVE_A0}");
    assert_eq!(number(&World::eval(&size, &[9; 33])), 33);
}

/// S-23: the output of a revert arrives, its gas comes back, its changes are gone.
#[test]
fn a_revert_undoes_and_tells() {
    let body = "li t0, 7\n sb t0, 31(sp)\n mv a0, sp\n mv a1, sp\n sys storage_set\n
        li t0, 0x4241\n sh t0, 0(sp)\n mv a0, sp\n li a1, 2\n sys revert";
    let mut world = World::new();
    world.install(address(1), &fallback(body));
    let result = world.call(address(1), &[]);
    assert_status(&result, StatusCode::REVERT);
    assert_eq!(result.output.as_slice(), b"AB");
    assert!(result.gas_left > GAS - 30_000);
    assert!(world.host.state.slot(address(1), 7).is_zero());
}

/// S-24, S-25, S-30, S-31
#[test]
fn slots_are_read_and_written() {
    for (get, set) in [
        ("storage_get", "storage_set"),
        ("transient_get", "transient_set"),
    ] {
        let body = format!(
            "{TAKE_INPUT} mv a0, sp\n addi a1, sp, 32\n sys {set}\n
             mv a0, sp\n addi a1, sp, 64\n sys {get}\n sb a0, 96(sp)\n
             addi a0, sp, 128\n addi a1, sp, 160\n sys {get}\n sb a0, 97(sp)\n
             addi a0, sp, 64\n li a1, 34\n sys return"
        );
        let input = [word(7), word(0x1234)].concat();
        let result = World::eval(&body, &input);
        assert_output(&result, &[&word(0x1234)[..], &[1, 0]].concat());
    }
}

/// S-25: clearing a slot that was full gives the refund.
#[test]
fn refunds_are_handed_on() {
    let body = format!("{TAKE_INPUT} mv a0, sp\n addi a1, sp, 32\n sys storage_set");
    let mut world = World::new();
    world.install(address(1), &fallback(&body));
    world.host.state.set_slot(address(1), 1, 5);
    let five = Word::from(5);
    world
        .host
        .state
        .original
        .insert((address(1), word(1)), five);
    let result = world.call(address(1), &[word(1), word(0)].concat());
    assert_status(&result, StatusCode::SUCCESS);
    assert_eq!(result.gas_refund, 4_800);
}

/// The slot of a value under `key`. Spec: S-27.
fn header_slot(key: &[u8]) -> [u8; 32] {
    let mut id = keccak256(b"proz.prozvm.values");
    id[31] -= 1;
    let mut mapping = keccak256(&id);
    mapping[31] = 0;
    keccak256(&[key, &mapping].concat())
}

/// S-27, S-28, S-29
#[test]
fn values_of_any_length_lie_as_solidity_lays_them() {
    // Input: length of the value, the value. Writes it under the key "k", then gives length and up to 40 bytes back.
    let body = format!(
        "{TAKE_INPUT} li t0, 0x6b\n sb t0, 512(sp)\n addi a0, sp, 512\n li a1, 1\n addi a2, sp, 1\n lbu a3, 0(sp)\n
         sys storage_write\n addi a0, sp, 512\n li a1, 1\n addi a2, sp, 600\n li a3, 40\n sys storage_read\n
         sd a0, 592(sp)\n addi a0, sp, 592\n li a1, 48\n sys return"
    );
    let mut world = World::new();
    world.install(address(1), &fallback(&body));
    let header = header_slot(b"k");
    let data = keccak256(&header);
    let slot = |world: &World, key: [u8; 32]| {
        let value = world.host.state.storage.get(&(address(1), key));
        value.copied().unwrap_or(Word::ZERO).to_be_bytes()
    };
    for length in [70_u8, 31, 32, 33, 1, 0] {
        let value: Vec<u8> = (1..=length).collect();
        let result = world.call(address(1), &[&[length], &value[..]].concat());
        let mut expected = [0; 48];
        let seen = value.len().min(40);
        let length_seen = if length == 0 {
            u64::MAX
        } else {
            u64::from(length)
        };
        expected[..8].copy_from_slice(&length_seen.to_le_bytes());
        expected[8..8 + seen].copy_from_slice(&value[..seen]);
        assert_output(&result, &expected);
        let head = slot(&world, header);
        if length < 32 {
            assert_eq!(head[..value.len()], value[..]);
            assert_eq!(head[31], 2 * length);
            assert_eq!(slot(&world, data), [0; 32], "{length}");
        } else {
            assert_eq!(head, word(u64::from(length) * 2 + 1));
            assert_eq!(slot(&world, data)[..], value[..32]);
        }
    }
    // Nothing is left of the longest.
    let left = world.host.state.storage.values().filter(|v| !v.is_zero());
    assert_eq!(left.count(), 0);
}

/// S-27: bounds of keys and values.
#[test]
fn long_keys_and_values_are_refused() {
    for (setup, name) in [
        ("li a1, 65537\n", "storage_read"),
        ("li a1, 65537\n li a3, 0\n", "storage_write"),
        ("li a1, 1\n li a3, 131073\n", "storage_write"),
    ] {
        let body = format!("mv a0, sp\n mv a2, sp\n li a3, 0\n{setup} sys {name}");
        assert_status(&World::eval(&body, &[]), StatusCode::INVALID_ARGUMENT);
    }
}

/// S-32
#[test]
fn logs_have_topics_and_data() {
    let body = format!(
        "{TAKE_INPUT} mv a0, sp\n lbu a1, 0(sp)\n addi a0, sp, 1\n addi a2, sp, 129\n li a3, 3\n sys log"
    );
    let mut world = World::new();
    world.install(address(1), &fallback(&body));
    let topics: Vec<u8> = (0..128).collect();
    for count in 0..=4_u8 {
        let result = world.call(address(1), &[&[count], &topics[..], b"abc"].concat());
        assert_status(&result, StatusCode::SUCCESS);
        let log = world.host.state.logs.last().unwrap();
        assert_eq!((log.address, &log.data[..]), (address(1), &b"abc"[..]));
        let seen: Vec<u8> = log.topics.iter().flat_map(|topic| topic.0).collect();
        assert_eq!(seen, topics[..usize::from(count) * 32]);
    }
    let five = world.call(address(1), &[5]);
    assert_status(&five, StatusCode::INVALID_ARGUMENT);
}

/// Calls what the input names: kind, address of 20 bytes, value, then data. Gives status, size and the return data.
const CALLER: &str = "
    sys input_size\n mv s1, a0\n mv a0, sp\n li a1, 0\n mv a2, s1\n sys input_copy
    lbu a0, 0(sp)\n addi a1, sp, 1\n addi a2, sp, 21\n li a3, -1\n addi a4, sp, 53\n addi a5, s1, -53\n sys call
    sb a0, 512(sp)\n sys return_data_size\n sb a0, 513(sp)\n mv s2, a0
    addi a0, sp, 514\n li a1, 0\n mv a2, s2\n sys return_data_copy
    addi a0, sp, 512\n addi a1, s2, 2\n sys return\n";

fn request(kind: u8, target: Address, value: u64, data: &[u8]) -> Vec<u8> {
    [&[kind], &target.0[..], &word(value), data].concat()
}

fn pair_of(callee: &str) -> World {
    let mut world = World::new();
    world.install(address(1), &fallback(CALLER));
    world.install(address(2), &fallback(callee));
    let rich = world.host.state.accounts.get_mut(&address(1)).unwrap();
    rich.balance = Word::from(1_000);
    world
}

/// S-33, S-35, S-36, S-40: who the callee sees, and what of it comes back.
#[test]
fn calls_reach_other_contracts() {
    let who = format!(
        "mv a0, sp\n sys caller\n addi a0, sp, 20\n sys address\n addi a0, sp, 40\n sys origin\n
         addi a0, sp, 60\n sys value\n sys is_static\n sb a0, 92(sp)\n{}",
        give(93)
    );
    let mut world = pair_of(&who);
    for (kind, value, sender, account, is_static) in [
        (0, 5, address(1), address(2), 0),
        (1, 5, address(1), address(2), 1),
        (2, 5, ALICE, address(1), 0),
    ] {
        let result = world.call(address(1), &request(kind, address(2), value, b"x"));
        let seen = if kind == 0 { word(5) } else { word(0) };
        let expected = [
            &[0, 93],
            &sender.0[..],
            &account.0,
            &ALICE.0,
            &seen,
            &[is_static],
        ]
        .concat();
        assert_output(&result, &expected);
    }
    assert_eq!(
        world.host.state.accounts[&address(2)].balance,
        Word::from(5)
    );
    let unknown = world.call(address(1), &request(3, address(2), 0, &[]));
    assert_status(&unknown, StatusCode::INVALID_ARGUMENT);
}

/// S-33, S-16: 1 for a revert with its data, 2 for a halt without, and the caller lives on.
#[test]
fn ends_of_a_callee_are_told_apart() {
    for (callee, expected) in [
        ("mv a0, sp\n li a1, 3\n sys revert", &[1, 3, 0, 0, 0][..]),
        ("trap 7", &[2, 0]),
        ("li t0, 0\n ld t0, 0(t0)", &[2, 0]),
        ("again: j again", &[2, 0]),
        ("ret", &[0, 0]),
    ] {
        let mut world = pair_of(callee);
        let result = world.call(address(1), &request(0, address(2), 0, &[]));
        assert_output(&result, expected);
    }
}

/// S-19: the 63/64 rule, the stipend, refunds of nested frames.
#[test]
fn gas_of_nested_frames() {
    let mut world = pair_of(&format!("sys gas_left\n{GIVE_A0}"));
    let seen = |world: &mut World, value| {
        let result = world.call(address(1), &request(0, address(2), value, &[]));
        assert_status(&result, StatusCode::SUCCESS);
        u64::from_le_bytes(result.output.as_slice()[2..].try_into().unwrap())
    };
    let plain = seen(&mut world, 0);
    assert!(
        (GAS - GAS / 64 - 4_000..GAS - GAS / 64).contains(&plain),
        "{plain}"
    );
    let warm = seen(&mut world, 0);
    // Warm now; with a value 9,000 are paid and a 64th of them, and 2,300 come on top.
    let with_value = seen(&mut world, 1);
    assert!(
        (warm - with_value).abs_diff(9_000 - 9_000 / 64 - 2_300) <= 2,
        "{warm} {with_value}"
    );

    let clear = "li t0, 1\n sb t0, 31(sp)\n mv a0, sp\n addi a1, sp, 32\n sys storage_set";
    for (callee, refund) in [(clear.to_owned(), 4_800), (format!("{clear}\n trap 0"), 0)] {
        let mut world = pair_of(&callee);
        world.host.state.set_slot(address(2), 1, 5);
        let five = Word::from(5);
        world
            .host
            .state
            .original
            .insert((address(2), word(1)), five);
        let result = world.call(address(1), &request(0, address(2), 0, &[]));
        assert_eq!(result.gas_refund, refund);
    }
}

/// S-36, EIP-211
#[test]
fn return_data_is_not_padded() {
    let mut world = pair_of(&give(3));
    let beyond = CALLER.replace("mv a2, s2", "addi a2, s2, 1");
    world.install(address(1), &fallback(&beyond));
    let result = world.call(address(1), &request(0, address(2), 0, &[]));
    assert_status(&result, StatusCode::RETURN_DATA_OUT_OF_BOUNDS);
}

/// S-34, S-14, S-15: creations run the constructor; kinds, value, address.
#[test]
fn contracts_create_contracts() {
    let creator = "
        sys input_size\n mv s1, a0\n mv a0, sp\n li a1, 0\n mv a2, s1\n sys input_copy
        lbu a0, 0(sp)\n addi a1, sp, 1\n addi a2, sp, 1\n addi a3, sp, 33\n addi a4, s1, -33\n addi a5, sp, 901\n sys create
        sb a0, 900(sp)\n addi a0, sp, 900\n li a1, 21\n sys return\n";
    let child = assembled(
        ".stack 4096\n.export \"constructor\" make constructor payable\n.export \"fallback\" make fallback
        .func make () -> 0\n addi sp, sp, -64\n li t0, 9\n sb t0, 63(sp)\n mv a0, sp\n addi a1, sp, 32\n sys storage_set\n ret",
    );
    let mut world = World::new();
    world.install(address(1), &fallback(creator));
    let rich = world.host.state.accounts.get_mut(&address(1)).unwrap();
    rich.balance = Word::from(1_000);
    for kind in [0, 1] {
        let input = [&[kind], &word(3)[..], &child].concat();
        let result = world.call(address(1), &input);
        assert_status(&result, StatusCode::SUCCESS);
        assert_eq!(result.output.as_slice()[0], 0);
        let made = Address(result.output.as_slice()[1..].try_into().unwrap());
        assert_eq!(world.host.state.slot(made, 0), Word::from(9));
        assert_eq!(world.host.state.accounts[&made].balance, Word::from(3));
    }
    let broken = [&[0], &word(0)[..], b"no program"].concat();
    let result = world.call(address(1), &broken);
    assert_output(&result, &[&[2][..], &[0; 20]].concat());
    let unknown = world.call(address(1), &[2; 40]);
    assert_status(&unknown, StatusCode::INVALID_ARGUMENT);
}

/// S-37, S-55: precompiles are asked without a frame.
#[test]
fn precompiles_are_asked_without_a_frame() {
    let serve = |world: &mut World| {
        world.host.on_precompile = Some(Rc::new(|address, input, gas| {
            let output = match (address.0[19], input.first()) {
                (1, Some(0)) => vec![],
                (1, _) => [&[0; 12], &[0x77; 20][..]].concat(),
                (4, _) => input.to_vec(),
                _ => return Err(HostError::UNSUPPORTED),
            };
            Ok(CallOutcome {
                status: StatusCode::SUCCESS,
                gas_left: gas - 3,
                gas_refund: 0,
                output: output.into(),
            })
        }));
    };
    let ask =
        "addi sp, sp, -512\n sys input_size\n mv a2, a0\n mv a0, sp\n li a1, 0\n sys input_copy
        mv a0, sp\n li a1, 100\n addi a2, sp, 20\n li a3, 2\n sys precompile
        sb a0, 0(sp)\n sys return_data_size\n sb a0, 1(sp)\n mv a0, sp\n li a1, 2\n sys return";
    for (number, expected) in [(4, [0, 2]), (9, [2, 0])] {
        let mut world = World::new();
        serve(&mut world);
        world.install(address(1), &fallback(ask));
        let mut input = [0; 22];
        input[19] = number;
        assert_output(&world.call(address(1), &input), &expected);
    }
    let recover = format!(
        "{TAKE_INPUT} mv a0, sp\n addi a1, sp, 200\n sys ecrecover\n sb a0, 220(sp)\n
        addi a0, sp, 200\n li a1, 21\n sys return"
    );
    for (first, expected) in [
        (1, [[0x77; 20].as_slice(), &[1]].concat()),
        (0, vec![0; 21]),
    ] {
        let mut world = World::new();
        serve(&mut world);
        world.install(address(1), &fallback(&recover));
        assert_output(&world.call(address(1), &[first; 128]), &expected);
    }
    // Without a pack there is nobody to ask.
    let alone = World::eval(&recover, &[1; 128]);
    assert_status(&alone, StatusCode::PRECOMPILE_FAILURE);
}

/// S-40, S-45, S-46, S-47
#[test]
fn message_and_block_are_shown() {
    let block = Environment::new(proz_sdk::Revision::LATEST).block;
    for (name, expected) in [
        ("chain_id", block.chain_id),
        ("block_number", block.number),
        ("block_timestamp", block.timestamp),
        ("block_gas_limit", block.gas_limit),
    ] {
        let body = format!("sys {name}\n{GIVE_A0}");
        assert_eq!(number(&World::eval(&body, &[])), expected, "{name}");
    }
    for (name, expected) in [
        ("coinbase", block.coinbase.0.to_vec()),
        ("prev_randao", block.prev_randao.0.to_vec()),
        ("base_fee", block.base_fee.to_be_bytes().to_vec()),
        ("blob_base_fee", block.blob_base_fee.to_be_bytes().to_vec()),
        ("gas_price", word(10).to_vec()),
    ] {
        let body = format!("mv a0, sp\n sys {name}\n{}", give(expected.len() as u32));
        assert_output(&World::eval(&body, &[]), &expected);
    }
    let blob = |index: i64| {
        let body = format!(
            "li a0, {index}\n mv a1, sp\n sys blob_hash\n sb a0, 32(sp)\n{}",
            give(33)
        );
        World::eval(&body, &[])
    };
    assert_output(&blob(1), &[&[2; 32][..], &[1]].concat());
    assert_output(&blob(2), &[0; 33]);
    assert_output(&blob(-1), &[0; 33]);
    let body = format!(
        "li a0, 999\n mv a1, sp\n sys block_hash\n sb a0, 32(sp)\n{}",
        give(33)
    );
    let mut world = World::new();
    world.install(address(1), &fallback(&body));
    assert_output(&world.call(address(1), &[]), &[0; 33]);
    world.host.block_hashes.insert(999, proz_sdk::B256([8; 32]));
    assert_output(&world.call(address(1), &[]), &[&[8; 32][..], &[1]].concat());
}

/// S-50, S-51, S-52, S-53
#[test]
fn other_accounts_are_looked_at() {
    let code = b"some code".to_vec();
    let run = |body: &str, target: Address| {
        let mut world = World::new();
        world.install(address(1), &fallback(&format!("{TAKE_INPUT}{body}")));
        let account = MockAccount {
            code: code.clone(),
            ..MockAccount::with_balance(77)
        };
        world.host.state.accounts.insert(address(2), account);
        world.call(address(1), &target.0)
    };
    let put = |name: &str| {
        format!(
            "mv a0, sp\n addi a1, sp, 64\n sys {name}\n addi a0, sp, 64\n li a1, 32\n sys return"
        )
    };
    assert_output(&run(&put("balance"), address(2)), &word(77));
    assert_output(&run(&put("balance"), address(3)), &word(0));
    assert_output(&run(&put("code_hash"), address(2)), &keccak256(&code));
    assert_output(&run(&put("code_hash"), address(3)), &[0; 32]);
    let size = format!("mv a0, sp\n sys code_size\n{GIVE_A0}");
    assert_eq!(number(&run(&size, address(2))), 9);
    for (offset, length, expected) in [
        (0, 64, &b"some code"[..]),
        (5, 2, b"co"),
        (9, 4, b""),
        (-1, 4, b""),
    ] {
        let copy = format!(
            "mv a0, sp\n li a1, {offset}\n li a2, {length}\n addi a3, sp, 64\n sys code_copy\n mv a1, a0\n
             addi a0, sp, 64\n sys return"
        );
        assert_output(&run(&copy, address(2)), expected);
    }
}

/// S-41: what `gas_left` says is what is left behind it.
#[test]
fn gas_left_is_exact() {
    let body = format!("sys gas_left\n{GIVE_A0}");
    let result = World::eval(&body, &[]);
    let seen = number(&result);
    // Behind it: a block of five instructions that costs 12 units, a return that costs 8 and 4 more.
    assert_eq!(seen - result.gas_left, 12);
}

/// S-13
#[test]
fn a_static_frame_changes_nothing() {
    let value = "li t0, 1\n sb t0, 287(sp)\n";
    for (setup, name) in [
        ("", "storage_set"),
        ("li a1, 1\n li a3, 1\n", "storage_write"),
        ("", "transient_set"),
        ("li a1, 0\n li a3, 0\n", "log"),
        ("li a0, 0\n li a4, 0\n", "create"),
        (
            &*format!("{value} li a0, 0\n addi a2, sp, 256\n li a5, 0\n"),
            "call",
        ),
    ] {
        let body = format!(
            "mv a0, sp\n mv a1, sp\n mv a2, sp\n mv a3, sp\n mv a4, sp\n mv a5, sp\n{setup} sys {name}"
        );
        for is_static in [true, false] {
            let mut world = World::new();
            world.install(address(1), &fallback(&body));
            let mut message = Environment::call(address(1), GAS, &[]);
            message.is_static = is_static;
            let result = world.send(message).unwrap();
            let expected = if is_static {
                StatusCode::STATIC_VIOLATION
            } else {
                StatusCode::SUCCESS
            };
            assert_eq!(result.status, expected, "{name}");
        }
    }
}

/// S-17: errors of the host end the transaction, whichever syscall meets them.
#[test]
fn errors_of_the_host_are_carried_through() {
    for name in [
        "storage_get",
        "storage_set",
        "balance",
        "code_hash",
        "code_size",
        "block_hash",
    ] {
        let body = format!("mv a0, sp\n mv a1, sp\n sys {name}");
        for error in [HostError::DATABASE, HostError::ABORTED] {
            let mut world = World::new();
            world.install(address(1), &fallback(&body));
            world.host.failure = Some((0, error));
            let message = Environment::call(address(1), GAS, &[]);
            let found = world.send(message).unwrap_err();
            assert_eq!(found.code(), proz_sdk::VmErrorCode::HOST, "{name}");
        }
    }
}

/// S-18: memory that is not there is refused by each syscall that takes an address.
#[test]
fn memory_that_is_not_mapped_is_refused() {
    for entry in proz_prozvm_syscalls::CHAIN.entries() {
        let kinds = ["call", "create"].contains(&entry.name);
        let addresses =
            entry.signature.parameters > 0 && !["gas_left", "input_size"].contains(&entry.name);
        if !addresses {
            continue;
        }
        // Every argument is an address just below the end of memory, where 7 bytes are, or a small number.
        let mut setup = String::new();
        for register in 0..entry.signature.parameters {
            setup += &format!("li a{register}, 16\n");
        }
        if kinds {
            setup += "li a0, 0\n";
        }
        if entry.name == "return_data_copy" {
            // Nothing has been returned, and an empty range needs no memory: another rule speaks first.
            continue;
        }
        let result = World::eval(&format!("{setup} sys {}", entry.name), &[]);
        let expected = if entry.name == "log" {
            StatusCode::INVALID_ARGUMENT
        } else {
            StatusCode::MEMORY_OUT_OF_BOUNDS
        };
        assert_eq!(result.status, expected, "{}", entry.name);
    }
}

/// S-18, M-3: read-only data can be handed over, but not written to.
#[test]
fn read_only_data_is_not_written() {
    let source = |call: &str| {
        assembled(&format!(
            ".stack 4096\n.export \"fallback\" main fallback\n.func main () -> 0\n la a0, text\n{call}\n ret\n
             .rodata\n text: .ascii \"0123456789012345678901234567890123456789\""
        ))
    };
    let given = World::run(&source("li a1, 4\n sys return"), &[]);
    assert_output(&given, b"0123");
    for call in ["sys caller", "li a1, 0\n li a2, 4\n sys input_copy"] {
        let result = World::run(&source(call), &[]);
        assert_status(&result, StatusCode::MEMORY_OUT_OF_BOUNDS);
    }
}

/// S-60
#[test]
fn printing_has_no_effect() {
    let body = "mv a0, sp\n li a1, 5\n sys debug_print";
    assert_output(&World::eval(body, &[]), &[]);
}

/// S-14, S-15
#[test]
fn messages_find_their_function() {
    let give = |value: u32| {
        format!(
            "addi sp, sp, -16\n li a0, {value}\n sd a0, 0(sp)\n mv a0, sp\n li a1, 8\n sys return\n ret\n"
        )
    };
    let exports = [
        ("first()", "first", "selector 0x01020304", 1),
        ("second()", "second", "selector 0xfffefdfc payable", 2),
        ("receive", "receive", "receive payable", 3),
        ("fallback", "fallback", "fallback", 4),
        ("constructor", "construct", "constructor", 5),
    ];
    let program = |left_out: &str| {
        let kept = exports.iter().filter(|(name, ..)| *name != left_out);
        let text = kept.map(|(name, function, how, value)| {
            format!(
                ".export \"{name}\" {function} {how}\n.func {function} () -> 0\n{}",
                give(*value)
            )
        });
        assembled(&format!(".stack 4096\n{}", text.collect::<String>()))
    };
    let whole = program("");
    let send = |code: &[u8], kind: MessageKind, value: u64, input: &[u8]| {
        let mut world = World::new();
        world.install(address(1), code);
        let mut message = Environment::call(address(1), GAS, input);
        message.kind = kind;
        message.value = Word::from(value);
        world.send(message).unwrap()
    };
    let call = MessageKind::CALL;
    for (input, expected) in [
        (&[1, 2, 3, 4][..], 1),
        (&[1, 2, 3, 4, 9], 1),
        (&[0xff, 0xfe, 0xfd, 0xfc], 2),
        (&[], 3),
        (&[1, 2, 3], 4),
        (&[1, 2, 3, 5], 4),
    ] {
        assert_eq!(number(&send(&whole, call, 0, input)), expected, "{input:?}");
    }
    assert_eq!(
        number(&send(&whole, MessageKind::CREATE2, 0, &[1, 2, 3, 4])),
        5
    );
    assert_eq!(number(&send(&program("receive"), call, 0, &[])), 4);
    let reverted = |result: proz_sdk::FrameResult| {
        assert_status(&result, StatusCode::REVERT);
        assert!(result.output.is_empty());
        // A creation pays for its preparation.
        assert!(result.gas_left > GAS - 150);
    };
    reverted(send(&program("fallback"), call, 0, &[1, 2, 3]));
    reverted(send(&program("fallback"), call, 0, &[9; 4]));
    for kind in [call, MessageKind::CREATE] {
        reverted(send(&whole, kind, 1, &[1, 2, 3, 4]));
    }
    assert_eq!(number(&send(&whole, call, 1, &[0xff, 0xfe, 0xfd, 0xfc])), 2);
    assert_eq!(number(&send(&whole, call, 1, &[])), 3);
    // Without a constructor a contract is deployed as it is.
    let bare = send(&program("constructor"), MessageKind::CREATE, 0, &[]);
    assert_output(&bare, &[]);
    reverted(send(&program("constructor"), MessageKind::CREATE, 1, &[]));
}

/// S-16
#[test]
fn traps_halt_and_take_all_gas() {
    let deep = assembled(
        ".stack 4096\n.export \"fallback\" main fallback\n.func main () -> 0\n call main\n ret",
    );
    let indirect = fallback("li t0, 3\n callr t0, () -> 0");
    for (code, status) in [
        (fallback("trap 1"), StatusCode::TRAP),
        (indirect, StatusCode::TRAP),
        (
            fallback("li t0, 0\n sd t0, 0(t0)"),
            StatusCode::MEMORY_OUT_OF_BOUNDS,
        ),
        (deep, StatusCode::STACK_HEIGHT),
        (fallback("again: j again"), StatusCode::OUT_OF_GAS),
    ] {
        let result = World::run(&code, &[]);
        assert_status(&result, status);
        assert_eq!(result.gas_left, 0);
    }
}
