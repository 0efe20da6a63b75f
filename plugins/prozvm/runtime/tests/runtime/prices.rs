//! What syscalls cost, to the unit.

use proz_sdk::{StatusCode, Word};
use proz_sdk_testing::mock::{Environment, MockAccount};

use crate::support::{World, address, assembled, assert_status, fallback, machine_of, number};

/// Schedule 1 but for its number, with gas and units the same: so `gas_left` counts units.
const EXACT: &str = "gas_schedule = { id = 7, units_per_gas = 1 }";

/// A world whose contract has written slots: 1 at slot 1 before the transaction, all else zero.
fn world(body: &str) -> World {
    let mut world = World::with_machine(machine_of(EXACT));
    let source = format!(
        ".schedule 7\n.stack 4096\n.export \"fallback\" main fallback payable\n
        .func main () -> 0\n addi sp, sp, -1024\n li s1, 1\n rev8 s1, s1\n sd s1, 24(sp)\n
        sys gas_left\n mv s0, a0\n {body}\n sys gas_left\n sub a0, s0, a0\n sd a0, 0(sp)\n
        mv a0, sp\n li a1, 8\n sys return\n ret\n"
    );
    world.install(address(1), &assembled(&source));
    world.host.state.set_slot(address(1), 1, 1);
    world
        .host
        .state
        .original
        .insert((address(1), crate::support::word(1)), Word::from(1));
    world
        .host
        .state
        .accounts
        .insert(address(2), MockAccount::with_balance(5));
    world
}

fn used(body: &str) -> u64 {
    let mut world = world(body);
    number(&world.call(address(1), &[]))
}

/// Units of syscall `name` after `setup`, its instruction and its toll taken off.
#[track_caller]
fn price(setup: &str, name: &str) -> u64 {
    used(&format!("{setup}\n sys {name}")) - used(setup) - 8 - 8
}

/// Sets arguments: registers a0… from what is given.
fn arguments(values: &[&str]) -> String {
    let set = |(index, value): (usize, &&str)| {
        if value.parse::<i64>().is_ok() {
            format!("li a{index}, {value}\n")
        } else {
            format!("addi a{index}, {value}\n")
        }
    };
    values.iter().enumerate().map(set).collect()
}

/// An address that is address(2), at 512(sp); one that nobody has touched.
const OTHER: &str = "sb zero, 511(sp)\n li s2, 0x10\n sb s2, 512(sp)\n li s2, 2\n sb s2, 531(sp)\n";

/// S-12, S-20, S-21, S-22, S-40, S-41, S-45, S-46, S-47, S-60: what takes no state costs what it copies.
#[test]
fn copies_are_paid_by_the_word() {
    for name in [
        "input_size",
        "return_data_size",
        "gas_left",
        "is_static",
        "chain_id",
        "block_number",
        "block_timestamp",
        "block_gas_limit",
    ] {
        assert_eq!(price("", name), 0, "{name}");
    }
    for (name, words) in [
        ("caller", 1),
        ("address", 1),
        ("origin", 1),
        ("value", 1),
        ("gas_price", 1),
        ("coinbase", 1),
        ("prev_randao", 1),
        ("base_fee", 1),
        ("blob_base_fee", 1),
    ] {
        assert_eq!(price(&arguments(&["sp, 64"]), name), 4 * words, "{name}");
    }
    assert_eq!(price(&arguments(&["0", "sp, 64"]), "blob_hash"), 4);
    assert_eq!(price(&arguments(&["999", "sp, 64"]), "block_hash"), 4 + 20);
    for (bytes, words) in [(0, 0), (1, 1), (32, 1), (33, 2), (512, 16)] {
        let length = bytes.to_string();
        let copy = arguments(&["sp, 64", "0", &length]);
        assert_eq!(price(&copy, "input_copy"), 4 * words);
        let print = arguments(&["sp, 64", &length]);
        assert_eq!(price(&print, "debug_print"), 4 * words);
    }
}

/// S-24, S-25, S-26: slots by EIP-2929 and EIP-2200.
#[test]
fn slots_cost_what_ethereum_asks() {
    let slot = |number: u32| format!("li s2, {number}\n sb s2, 159(sp)\n addi a0, sp, 128\n");
    let get = |number| format!("{} addi a1, sp, 192\n", slot(number));
    assert_eq!(price(&get(1), "storage_get"), 8 + 2_100);
    let again = format!("{}sys storage_get\n{}", get(1), get(1));
    assert_eq!(price(&again, "storage_get"), 8 + 100);
    // (slot, value, gas): 0 to 1, 1 to 0, 1 to 1, 1 to 2.
    for (number, value, gas) in [
        (5, 1, 2_100 + 20_000),
        (1, 0, 5_000),
        (1, 1, 2_200),
        (1, 2, 5_000),
    ] {
        let set = format!(
            "{} addi a1, sp, 192\n li s2, {value}\n sb s2, 223(sp)\n",
            slot(number)
        );
        assert_eq!(price(&set, "storage_set"), 8 + gas, "{number} to {value}");
    }
}

/// S-26, EIP-2200
#[test]
fn a_frame_on_its_last_gas_cannot_write() {
    let set = fallback("addi a0, sp, 0\n addi a1, sp, 32\n sys storage_set");
    let ends = |gas: u64| {
        let mut world = World::new();
        world.install(address(1), &set);
        world.host.state.warm_slots.insert((address(1), [0; 32]));
        let result = world.send(Environment::call(address(1), gas, &[])).unwrap();
        (result.status, result.gas_left)
    };
    let (status, left) = ends(10_000);
    assert_eq!(status, StatusCode::SUCCESS);
    let needed = 10_000 - left;
    // Writing zero over zero costs 100, but 2,300 must be left and one more.
    assert_eq!(ends(needed).0, StatusCode::OUT_OF_GAS);
    let least = (needed..needed + 2_300).find(|&gas| ends(gas).0.is_success());
    let least = least.unwrap();
    assert!(
        (needed + 2_200..=needed + 2_202).contains(&least),
        "{least} {needed}"
    );
}

/// S-30, S-31, S-32
#[test]
fn transient_slots_and_logs_cost_what_ethereum_asks() {
    assert_eq!(
        price(&arguments(&["sp, 64", "sp, 128"]), "transient_get"),
        8 + 100
    );
    assert_eq!(
        price(&arguments(&["sp, 64", "sp, 128"]), "transient_set"),
        8 + 100
    );
    for (topics, bytes) in [(0_u64, 0_u64), (1, 0), (4, 33)] {
        let (count, length) = (topics.to_string(), bytes.to_string());
        let setup = arguments(&["sp, 64", &count, "sp, 256", &length]);
        assert_eq!(price(&setup, "log"), 375 + 375 * topics + 8 * bytes);
    }
}

/// S-33, S-35, S-36, S-37, S-19: calls, and the stipend that comes with a value.
#[test]
fn calls_cost_what_ethereum_asks() {
    let call = |kind: &str, value: u32| {
        let setup = arguments(&[kind, "sp, 512", "sp, 256", "0", "sp, 64", "33"]);
        format!("{OTHER} li s2, {value}\n sb s2, 287(sp)\n{setup}")
    };
    // 33 + 52 bytes are three words.
    assert_eq!(price(&call("0", 0), "call"), 12 + 2_600);
    let again = format!("{}sys call\n{}", call("0", 0), call("0", 0));
    assert_eq!(price(&again, "call"), 12 + 100);
    assert_eq!(price(&call("1", 9), "call"), 12 + 2_600);
    assert_eq!(price(&call("2", 9), "call"), 12 + 2_600);
    let paid = |body: &str| {
        let mut world = world(body);
        let account = MockAccount::with_balance(100);
        let code = world.host.state.accounts[&address(1)].code.clone();
        let account = MockAccount { code, ..account };
        world.host.state.accounts.insert(address(1), account);
        number(&world.call(address(1), &[]))
    };
    let with_value = call("0", 3);
    let spent = paid(&format!("{with_value}\n sys call")) - paid(&with_value) - 16;
    // The stipend was not used and comes back.
    assert_eq!(spent, 12 + 2_600 + 9_000 - 2_300);
    let precompile = format!("{OTHER}{}", arguments(&["sp, 512", "0", "sp, 64", "0"]));
    assert_eq!(price(&precompile, "precompile"), 4 + 100);
    assert_eq!(
        price(&arguments(&["sp, 64", "0", "0"]), "return_data_copy"),
        0
    );
}

/// S-34
#[test]
fn creations_cost_what_ethereum_asks() {
    for (kind, word) in [("0", 2), ("1", 8)] {
        let setup = arguments(&[kind, "sp, 256", "sp, 256", "sp, 64", "33", "sp, 600"]);
        // What the host refuses takes all gas that was given; so what is measured is what is left of it.
        let mut world = world(&format!("{setup} sys create"));
        world.host.on_create = Some(std::rc::Rc::new(|_, request| {
            Ok(proz_sdk::CreateOutcome {
                status: StatusCode::REVERT,
                gas_left: request.gas_limit,
                gas_refund: 0,
                address: proz_sdk::Address::default(),
                output: proz_sdk::Buffer::empty(),
            })
        }));
        let spent = number(&world.call(address(1), &[])) - used(&setup) - 16;
        // 33 bytes and 84 are four words; 33 bytes of code two.
        assert_eq!(spent, 16 + 32_000 + 2 * word, "kind {kind}");
    }
}

/// S-50, S-51, S-52, S-53
#[test]
fn accounts_cost_what_ethereum_asks() {
    let ask = |rest: &[&str]| {
        let all: Vec<&str> = ["sp, 512"].iter().chain(rest).copied().collect();
        format!("{OTHER}{}", arguments(&all))
    };
    let rows: [(&str, &[&str], u64); 4] = [
        ("balance", &["sp, 64"], 8),
        ("code_hash", &["sp, 64"], 8),
        ("code_size", &[], 4),
        ("code_copy", &["0", "33", "sp, 64"], 8),
    ];
    for (name, rest, copy) in rows {
        assert_eq!(price(&ask(rest), name), copy + 2_600, "{name}");
        let again = format!("{}sys {name}\n{}", ask(rest), ask(rest));
        assert_eq!(price(&again, name), copy + 100, "{name}");
    }
}

/// S-27, S-28, S-29: values of any length.
#[test]
fn long_values_cost_their_slots_and_hashes() {
    let hash = |bytes: u64| 30 + 6 * bytes.div_ceil(32);
    let read = arguments(&["sp, 64", "5", "sp, 256", "512"]);
    assert_eq!(price(&read, "storage_read"), 4 + hash(37) + 2_100);
    let write = |length: &str| arguments(&["sp, 64", "5", "sp, 256", length]);
    // A short value: the header is read and written, 20,000 from zero.
    assert_eq!(
        price(&write("31"), "storage_write"),
        4 + hash(37) + 4 + 2_100 + 20_000
    );
    // A long one: its words, zeros here, are written for the first time, and its header.
    assert_eq!(
        price(&write("64"), "storage_write"),
        4 + hash(37) + 8 + 2_100 + hash(32) + 2 * 2_200 + 20_000
    );
}

/// S-10, S-11, G-5
#[test]
fn a_frame_pays_for_its_entry() {
    let mut world = World::new();
    let code = fallback("");
    world.install(address(1), &code);
    let entry = 60;
    let result = world.call(address(1), &[]);
    // One page, two instructions of cost 1 and 2: 156 units.
    assert_eq!(crate::support::GAS - result.gas_left, entry + 78);
    for (gas, status) in [
        (entry - 1, StatusCode::OUT_OF_GAS),
        (entry + 77, StatusCode::OUT_OF_GAS),
        (entry + 78, StatusCode::SUCCESS),
    ] {
        let message = Environment::call(address(1), gas, &[]);
        assert_status(&world.send(message).unwrap(), status);
    }
}
