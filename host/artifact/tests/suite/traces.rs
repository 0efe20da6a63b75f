//! Traces read like `cast run`'s and say the same as JSON.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, Bytes, U256, address, keccak256};
use proz_artifact::trace::{
    AccountChange, CallKind, CallNode, CallStatus, CallView, Change, ChangeView, GasReport,
    LogNode, LogView, Step, Style, render_calls, render_changes, render_gas, render_logs,
    render_outcome,
};
use proz_artifact::{AbiBook, encode_call};

use crate::common::own_contract;

const ALICE: Address = address!("0x00000000000000000000000000000000000a11ce");
const ALPHA: Address = address!("0x000000000000000000000000000000000000a1fa");
const BETA: Address = address!("0x000000000000000000000000000000000000be7a");
const PAIR: Address = address!("0x000000000000000000000000000000000000fa18");
const ROUTER: Address = address!("0x0000000000000000000000000000000000002007");
const STRANGER: Address = address!("0x0000000000000000000000000000000000000bad");

fn book() -> AbiBook {
    let mut book = AbiBook::new();
    book.add(ALICE, "Alice", None);
    for (address, name, contract) in [
        (ALPHA, "Alpha", "Token"),
        (BETA, "Beta", "Token"),
        (PAIR, "Pair", "Pair"),
        (ROUTER, "Router", "Router"),
    ] {
        book.add(address, name, own_contract(contract).abi);
    }
    book
}

fn call(
    from: Address,
    to: Address,
    gas_used: u64,
    signature: &str,
    arguments: &[&str],
) -> CallNode {
    CallNode {
        kind: CallKind::Call,
        vm: "evm".into(),
        from,
        to,
        name: None,
        value: U256::ZERO,
        gas_limit: gas_used * 2,
        gas_used,
        status: CallStatus::Success,
        input: encode_call(signature, arguments).unwrap().into(),
        output: Bytes::new(),
        steps: Vec::new(),
    }
}

/// Encodes values as a function returns them.
fn output(types: &str, values: &[&str]) -> Bytes {
    encode_call(&format!("f({types})"), values).unwrap()[4..]
        .to_vec()
        .into()
}

fn log(
    address: Address,
    signature: &str,
    indexed: &[Address],
    types: &str,
    data: &[&str],
) -> LogNode {
    let topics = indexed.iter().map(|topic| topic.into_word());
    LogNode {
        address,
        topics: std::iter::once(keccak256(signature))
            .chain(topics)
            .collect(),
        data: output(types, data),
    }
}

fn transfer(token: Address, from: Address, to: Address, amount: &str) -> Step {
    Step::Log(log(
        token,
        "Transfer(address,address,uint256)",
        &[from, to],
        "uint256",
        &[amount],
    ))
}

/// A swap of Alpha for Beta: the pair lives in another VM, and the call tree shows it.
fn swap() -> CallNode {
    let text = |address: Address| address.to_string();
    let mut pull = call(
        ROUTER,
        ALPHA,
        29_000,
        "transferFrom(address,address,uint256)",
        &[&text(ALICE), &text(PAIR), "10ether"],
    );
    pull.steps.push(transfer(ALPHA, ALICE, PAIR, "10ether"));
    pull.output = output("bool", &["true"]);

    let mut quote = call(
        ROUTER,
        PAIR,
        900,
        "getAmountOut(address,uint256)",
        &[&text(ALPHA), "10ether"],
    );
    quote.kind = CallKind::StaticCall;
    quote.vm = "wasm 1.2.0".into();
    quote.output = output("uint256", &["39564434073827154614"]);

    let mut send = call(
        PAIR,
        BETA,
        24_000,
        "transfer(address,uint256)",
        &[&text(ALICE), "39564434073827154614"],
    );
    send.steps
        .push(transfer(BETA, PAIR, ALICE, "39564434073827154614"));
    send.output = output("bool", &["true"]);

    let mut settle = call(
        ROUTER,
        PAIR,
        41_000,
        "swap(uint256,uint256,address)",
        &["0", "39564434073827154614", &text(ALICE)],
    );
    settle.vm = "wasm 1.2.0".into();
    settle.steps.push(Step::Call(send));
    settle.steps.push(Step::Log(log(
        PAIR,
        "Sync(uint112,uint112)",
        &[],
        "uint112,uint112",
        &["1260", "4960"],
    )));

    let mut root = call(
        ALICE,
        ROUTER,
        99_439,
        "swapExactInput(address,address,uint256,uint256,address,uint256)",
        &[
            &text(PAIR),
            &text(ALPHA),
            "10ether",
            "0",
            &text(ALICE),
            "1700000000",
        ],
    );
    root.steps = vec![Step::Call(pull), Step::Call(quote), Step::Call(settle)];
    root.output = output("uint256", &["39564434073827154614"]);
    root
}

/// One frame of every kind and every ending.
fn zoo() -> CallNode {
    let text = |address: Address| address.to_string();
    let mut refused = call(
        ROUTER,
        ALPHA,
        700,
        "mint(address,uint256)",
        &[&text(ALICE), "1"],
    );
    refused.status = CallStatus::Revert;
    refused.output = encode_call("OwnableUnauthorizedAccount(address)", &[text(ROUTER)])
        .unwrap()
        .into();

    let mut foreign = call(ROUTER, STRANGER, 650, "unknown(uint256)", &["5"]);
    foreign.kind = CallKind::DelegateCall;
    foreign.status = CallStatus::Revert;
    foreign.output = encode_call("Panic(uint256)", &["0x12"]).unwrap().into();
    foreign.steps.push(Step::Log(LogNode {
        address: ROUTER,
        topics: vec![B256::repeat_byte(7)],
        data: vec![1, 2, 3].into(),
    }));

    let mut halted = call(ROUTER, STRANGER, 5_000, "f()", &[]);
    halted.input = Bytes::new();
    halted.value = U256::from(1_000_000);
    halted.status = CallStatus::Halt("out of gas".into());

    let mut payment = call(ROUTER, ALICE, 0, "f()", &[]);
    payment.vm = String::new();
    payment.input = Bytes::new();
    payment.value = U256::from(5);

    let mut precompile = call(ROUTER, Address::with_last_byte(2), 72, "f()", &[]);
    precompile.vm = "precompile".into();
    precompile.name = Some("sha256".into());
    precompile.input = vec![0xab; 100].into();
    precompile.output = vec![0xcd; 32].into();

    let mut created = call(ROUTER, BETA, 598_000, "f()", &[]);
    created.kind = CallKind::Create2;
    created.input = own_contract("Token")
        .creation_code()
        .unwrap()
        .to_vec()
        .into();
    created.output = own_contract("Token")
        .runtime_code()
        .unwrap()
        .to_vec()
        .into();

    let mut failed = created.clone();
    failed.kind = CallKind::Create;
    failed.to = STRANGER;
    failed.status = CallStatus::Revert;
    failed.output = encode_call("Error(string)", &["no \u{1b}[2J escape"])
        .unwrap()
        .into();

    let mut root = call(ALICE, ROUTER, 700_000, "f()", &[]);
    root.input = vec![1, 2].into();
    root.steps = [
        refused, foreign, halted, payment, precompile, created, failed,
    ]
    .map(Step::Call)
    .into();
    root
}

fn changes() -> BTreeMap<Address, AccountChange> {
    let mut alice = AccountChange {
        balance: Some(Change {
            before: U256::from(1_000_000),
            after: U256::from(999_000),
        }),
        nonce: Some(Change {
            before: 4,
            after: 5,
        }),
        ..AccountChange::default()
    };
    let slot = |slot: u64, before: u128, after: u128| {
        (
            U256::from(slot),
            Change {
                before: U256::from(before),
                after: U256::from(after),
            },
        )
    };
    let beta = AccountChange {
        is_created: true,
        code_size_bytes: Some(Change {
            before: 0,
            after: 2141,
        }),
        nonce: Some(Change {
            before: 0,
            after: 1,
        }),
        storage: [slot(2, 0, 10_u128.pow(21)), slot(7, 3, 0)].into(),
        ..AccountChange::default()
    };
    let stranger = AccountChange {
        is_destroyed: true,
        balance: Some(Change {
            before: U256::ZERO,
            after: U256::from(7),
        }),
        ..AccountChange::default()
    };
    alice.storage.clear();
    [
        (ALICE, alice),
        (BETA, beta),
        (STRANGER, stranger),
        (PAIR, AccountChange::default()),
    ]
    .into()
}

#[test]
fn draws_a_swap_through_two_virtual_machines() {
    insta::assert_snapshot!(render_calls(&swap(), &book(), Style::default()));
}

#[test]
fn draws_a_swap_by_names_alone() {
    let style = Style {
        names_only: true,
        ..Style::default()
    };
    insta::assert_snapshot!(render_calls(&swap(), &book(), style));
}

#[test]
fn draws_a_swap_without_any_abi() {
    insta::assert_snapshot!(render_calls(&swap(), &AbiBook::new(), Style::default()));
}

#[test]
fn draws_every_kind_of_frame_and_ending() {
    insta::assert_snapshot!(render_calls(&zoo(), &book(), Style::default()));
}

#[test]
fn colours_add_escapes_and_nothing_else() {
    let coloured = Style {
        colour: true,
        ..Style::default()
    };
    for tree in [swap(), zoo()] {
        let text = render_calls(&tree, &book(), coloured);
        assert!(text.contains("\u{1b}[32m"));
        let mut plain = String::new();
        let mut rest = text.as_str();
        while let Some((before, after)) = rest.split_once('\u{1b}') {
            plain.push_str(before);
            rest = after.split_once('m').unwrap().1;
        }
        plain.push_str(rest);
        assert_eq!(plain, render_calls(&tree, &book(), Style::default()));
    }
}

#[test]
fn text_of_contracts_never_reaches_the_terminal_as_control_characters() {
    let mut tree = zoo();
    tree.vm = "evil\u{1b}[31m".into();
    let text = render_calls(&tree, &book(), Style::default());
    assert!(
        text.chars()
            .all(|found| found == '\n' || !found.is_control()),
        "{text:?}"
    );
}

#[test]
fn counts_the_frames_below_the_deepest_that_are_shown() {
    let style = Style {
        deepest: Some(1),
        ..Style::default()
    };
    insta::assert_snapshot!(render_calls(&swap(), &book(), style));
}

#[test]
fn draws_a_thousand_nested_frames() {
    let mut node = call(ROUTER, PAIR, 1, "getReserves()", &[]);
    for _ in 0..1023 {
        let mut outer = call(ROUTER, PAIR, 1, "getReserves()", &[]);
        outer.steps.push(Step::Call(node));
        node = outer;
    }
    let text = render_calls(&node, &book(), Style::default());
    assert_eq!(text.lines().count(), 2 * 1024);
    let json = serde_json::to_string(&CallView::new(&node, &book())).unwrap();
    assert_eq!(json.matches("\"kind\":\"call\"").count(), 1024);
}

#[test]
fn lists_outcome_gas_logs_and_changes() {
    let (book, style) = (book(), Style::default());
    let gas = GasReport {
        gas_limit: 1_000_000,
        gas_used: 94_639,
        gas_refunded: 4_800,
        intrinsic_gas: Some(22_512),
    };
    let logs: Vec<_> = swap()
        .children()
        .flat_map(|child| child.logs().cloned().collect::<Vec<_>>())
        .collect();
    let parts = [
        render_outcome(&swap(), &book, style),
        render_outcome(zoo().children().next().unwrap(), &book, style),
        render_gas(&gas, style),
        render_gas(
            &GasReport {
                gas_limit: 5,
                gas_used: 3,
                ..GasReport::default()
            },
            style,
        ),
        render_logs(&logs, &book, style),
        render_changes(&changes(), &book, style),
    ];
    insta::assert_snapshot!(parts.join("\n"));
}

#[test]
fn says_the_same_as_json() {
    let view = CallView::new(&swap(), &book());
    insta::assert_snapshot!(serde_json::to_string_pretty(&view).unwrap());
}

#[test]
fn changes_and_reasons_as_json() {
    let book = book();
    let zoo = zoo();
    let reasons: Vec<_> = zoo
        .children()
        .map(|child| CallView::new(child, &book))
        .map(|view| (view.status, view.reason))
        .collect();
    let log = LogView::new(
        swap().children().next().unwrap().logs().next().unwrap(),
        &book,
    );
    let parts = serde_json::json!({
        "changes": ChangeView::all(&changes(), &book),
        "reasons": reasons,
        "log": log,
    });
    insta::assert_snapshot!(serde_json::to_string_pretty(&parts).unwrap());
}
