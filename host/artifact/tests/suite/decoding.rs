//! What comes back is decoded: outputs, revert reasons and events.

use alloy_primitives::{Address, B256, U256, address, keccak256};
use proz_artifact::{
    AbiBook, ArtifactError, Presentation, ReadOptions, RevertReason, decode_input, decode_output,
    decode_returns, encode_call, encode_function, parse_signature, read_abi_file, resolve_function,
};
use serde_json::json;

use crate::common::{corpus, fixture, own_contract, words};

const ALICE: &str = "0x00000000000000000000000000000000000000aa";

#[test]
fn decodes_outputs_by_signature_for_people_and_programs() {
    let output = words(&["de0b6b3a7640000"]);
    let values = decode_returns("balanceOf(address)(uint256)", &output).unwrap();
    let hinted = Presentation {
        magnitudes: true,
        ..Presentation::default()
    };
    assert_eq!(values[0].render(&hinted), "1000000000000000000 [1e18]");
    assert_eq!(
        values[0].render(&Presentation::default()),
        "1000000000000000000"
    );
    assert_eq!(
        serde_json::to_value(&values).unwrap(),
        json!([{ "name": "", "type": "uint256", "value": "1000000000000000000" }])
    );
    let output = words(&[
        "1",
        &"f".repeat(64),
        "aa",
        "80",
        "4",
        &format!("{:0<64}", "0a1b5b31"),
    ]);
    let values =
        decode_returns("f()(bool ok,int256 low,address who,string text)", &output).unwrap();
    let texts: Vec<_> = values.iter().map(|value| value.render(&hinted)).collect();
    assert_eq!(
        texts,
        [
            "ok: true",
            "low: -1",
            "who: 0x00000000000000000000000000000000000000aa",
            r#"text: "\n\u{1b}[1""#
        ]
        .map(|text| text.replace("00aa", "00AA"))
    );
}

#[test]
fn decodes_structs_with_the_names_of_their_fields() {
    let abi = read_abi_file(
        &fixture("artifact-shapes/hardhat/Ledger.json"),
        &ReadOptions::default(),
    )
    .unwrap();
    let function = resolve_function("entries", Some(&abi), 0).unwrap();
    let record = resolve_function("record", Some(&abi), 1).unwrap();
    let entry = format!("({ALICE}, -5, \"rent, \\\"March\\\"\")");
    let input = encode_function(&record, &[&entry]).unwrap();
    let decoded = decode_input(&record, &input).unwrap();
    assert_eq!(
        decoded[0].render(&Presentation::default()),
        r#"entry: (account: 0x00000000000000000000000000000000000000AA, amount: -5, note: "rent, \"March\"")"#
    );
    // One entry returned: an array of one tuple, which the call's argument was.
    let mut output = words(&["20", "1"]);
    output.extend(&input[4..]);
    let returned = decode_output(&function, &output).unwrap();
    assert_eq!(
        serde_json::to_value(&returned[0].value).unwrap(),
        json!([{ "account": ALICE, "amount": "-5", "note": "rent, \"March\"" }])
    );
}

#[test]
fn refuses_output_that_does_not_follow_its_types() {
    for (signature, output, expected) in [
        (
            "f()(uint256)",
            vec![],
            "0 bytes of output do not decode as `(uint256)`",
        ),
        (
            "f()(string)",
            words(&["20", &"f".repeat(64)]),
            "64 bytes of output do not decode as `(string)`",
        ),
        (
            "f()(uint256[])",
            words(&["20", "ffffffff"]),
            "64 bytes of output do not decode as `(uint256[])`",
        ),
        (
            "f()(uint256[1000000000000])",
            words(&["1"]),
            "32 bytes of output do not decode as `(uint256[1000000000000])`",
        ),
    ] {
        let error = decode_returns(signature, &output).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}");
    }
}

#[test]
fn decodes_revert_reasons() {
    let probe = own_contract("Probe").abi.unwrap();
    let mut book = AbiBook::new();
    book.add_anywhere(probe);
    let here = Address::ZERO;
    let message = encode_call("Error(string)", &["not enough"]).unwrap();
    let custom = encode_call("CustomError(uint256,address,string)", &["7", ALICE, "bad"]).unwrap();
    for (data, rendered, form) in [
        (vec![], "no reason given", json!({ "kind": "empty" })),
        (
            message,
            "not enough",
            json!({ "kind": "message", "message": "not enough" }),
        ),
        (
            encode_call("Panic(uint256)", &["0x11"]).unwrap(),
            "panic 0x11: arithmetic overflow or underflow",
            json!({ "kind": "panic", "code": "0x11", "meaning": "arithmetic overflow or underflow" }),
        ),
        (
            encode_call("Panic(uint256)", &["0x99"]).unwrap(),
            "panic 0x99: unknown panic code",
            json!({ "kind": "panic", "code": "0x99", "meaning": "unknown panic code" }),
        ),
        (
            custom,
            "CustomError(code: 7, sender: 0x00000000000000000000000000000000000000AA, text: \"bad\")",
            json!({
                "kind": "custom",
                "name": "CustomError",
                "signature": "CustomError(uint256,address,string)",
                "arguments": [
                    { "name": "code", "type": "uint256", "value": "7" },
                    { "name": "sender", "type": "address", "value": ALICE },
                    { "name": "text", "type": "string", "value": "bad" },
                ],
            }),
        ),
        (
            vec![0xde, 0xad, 0xbe, 0xef],
            "0xdeadbeef",
            json!({ "kind": "raw", "data": "0xdeadbeef" }),
        ),
        (vec![1], "0x01", json!({ "kind": "raw", "data": "0x01" })),
        // The selector of Error(string) with a body that is no string.
        (
            vec![0x08, 0xc3, 0x79, 0xa0, 1],
            "0x08c379a001",
            json!({ "kind": "raw", "data": "0x08c379a001" }),
        ),
    ] {
        let reason = book.decode_revert(here, &data);
        assert_eq!(reason.to_string(), rendered);
        assert_eq!(serde_json::to_value(&reason).unwrap(), form);
    }
    assert_eq!(RevertReason::decode(&[], []), RevertReason::Empty);
}

#[test]
fn gives_each_panic_code_of_solidity_its_meaning() {
    for code in [0x00, 0x01, 0x11, 0x12, 0x21, 0x22, 0x31, 0x32, 0x41, 0x51] {
        assert_ne!(
            RevertReason::panic_meaning(U256::from(code)),
            "unknown panic code",
            "{code:#x}"
        );
    }
    assert_eq!(RevertReason::panic_meaning(U256::MAX), "unknown panic code");
}

fn topic(address: Address) -> B256 {
    address.into_word()
}

#[test]
fn decodes_events_and_tells_erc20_from_erc721_by_the_topics() {
    let Some(folder) = corpus("evm-contracts") else {
        return;
    };
    let mut book = AbiBook::new();
    let nft = read_abi_file(
        &folder.join("OZ4-ERC721PresetMinterPauserAutoId.json"),
        &ReadOptions::default(),
    );
    book.add_anywhere(nft.unwrap());
    book.add_anywhere(own_contract("Token").abi.unwrap());
    let (from, to) = (
        address!("0x00000000000000000000000000000000000000aa"),
        Address::repeat_byte(0xBB),
    );
    let signature = keccak256("Transfer(address,address,uint256)");
    let fungible = book
        .decode_log(
            Address::ZERO,
            &[signature, topic(from), topic(to)],
            &words(&["5"]),
        )
        .unwrap();
    let names: Vec<_> = fungible
        .parameters
        .iter()
        .map(|parameter| parameter.name.as_str())
        .collect();
    assert_eq!(names, ["from", "to", "amount"]);
    let id = B256::with_last_byte(7);
    let unique = book
        .decode_log(Address::ZERO, &[signature, topic(from), topic(to), id], &[])
        .unwrap();
    assert_eq!(
        unique.parameters[2].render(&Presentation::default()),
        "tokenId: 7"
    );
    // Neither fits: too few topics, other data, another event.
    assert_eq!(
        book.decode_log(Address::ZERO, &[signature, topic(from)], &words(&["5"])),
        None
    );
    assert_eq!(
        book.decode_log(Address::ZERO, &[signature, topic(from), topic(to)], &[1]),
        None
    );
    assert_eq!(book.decode_log(Address::ZERO, &[id], &[]), None);
    assert_eq!(book.decode_log(Address::ZERO, &[], &[]), None);
}

#[test]
fn shows_an_indexed_string_as_the_hash_that_it_is() {
    let abi = read_abi_file(
        &fixture("artifact-shapes/hardhat/Ledger.json"),
        &ReadOptions::default(),
    )
    .unwrap();
    let mut book = AbiBook::new();
    book.add_anywhere(abi);
    let signature = keccak256("Recorded(uint256,string,(address,int128,string))");
    let topics = [signature, B256::with_last_byte(3), keccak256("rent")];
    let data = words(&["20", "aa", "9", "60", "4", &format!("{:0<64}", "72656e74")]);
    let log = book.decode_log(Address::ZERO, &topics, &data).unwrap();
    let texts: Vec<_> = log
        .parameters
        .iter()
        .map(|value| value.render(&Presentation::default()))
        .collect();
    assert_eq!(
        texts,
        [
            "id: 3".to_owned(),
            format!("note: keccak256 {}", keccak256("rent")),
            "entry: (account: 0x00000000000000000000000000000000000000AA, amount: 9, note: \"rent\")".to_owned(),
        ]
    );
}

#[test]
fn asks_a_contracts_own_abi_before_those_of_others() {
    let (mine, other) = (Address::repeat_byte(1), Address::repeat_byte(2));
    let abi = |items: &[&str]| alloy_json_abi::JsonAbi::parse(items.iter().copied()).unwrap();
    let mut book = AbiBook::new();
    book.add(mine, "Mine", Some(abi(&["function f(uint256 mine)"])));
    book.add(
        other,
        "Other",
        Some(abi(&["function f(uint256 others)", "function g()"])),
    );
    let input = encode_call("f(uint256)", &["1"]).unwrap();
    assert_eq!(
        book.decode_call(mine, &input).unwrap().arguments[0].name,
        "mine"
    );
    assert_eq!(
        book.decode_call(other, &input).unwrap().arguments[0].name,
        "others"
    );
    assert_eq!(
        book.decode_call(mine, &encode_call::<&str>("g()", &[]).unwrap())
            .unwrap()
            .name,
        "g"
    );
    assert_eq!(book.decode_call(mine, &[1, 2, 3]), None);
    assert_eq!(book.decode_call(mine, &[1, 2, 3, 4]), None);
    assert!(matches!(
        decode_input(&parse_signature("f(uint256)").unwrap(), &[1, 2, 3, 4]),
        Err(ArtifactError::Decode { what: "input", .. })
    ));
}
