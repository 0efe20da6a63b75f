//! Calls are coded by signature and arguments.

use alloy_primitives::hex;
use proz_artifact::{
    ReadOptions, decode_input, decode_output, encode_call, encode_constructor, parse_signature,
    read_abi_file, read_file, resolve_function,
};

use crate::common::{assert_error, corpus, own_contract, words};

const ALICE: &str = "0x00000000000000000000000000000000000000aa";

#[test]
fn encodes_the_calls_that_the_ethereum_documents_show() {
    // Solidity, "Contract ABI Specification", examples.
    for (signature, arguments, selector, body) in [
        (
            "baz(uint32,bool)",
            vec!["69", "true"],
            "cdcd77c0",
            words(&["45", "1"]),
        ),
        (
            "bar(bytes3[2])",
            vec!["[0x616263, 0x646566]"],
            "fce353f6",
            words(&[&format!("{:0<64}", "616263"), &format!("{:0<64}", "646566")]),
        ),
        (
            "sam(bytes,bool,uint[])",
            vec!["0x64617665", "true", "[1,2,3]"],
            "a5643bf2",
            words(&[
                "60",
                "1",
                "a0",
                "4",
                &format!("{:0<64}", "64617665"),
                "3",
                "1",
                "2",
                "3",
            ]),
        ),
        (
            "f(uint256,uint32[],bytes10,bytes)",
            vec![
                "0x123",
                "[0x456, 0x789]",
                "0x31323334353637383930",
                "0x48656c6c6f2c20776f726c6421",
            ],
            "8be65246",
            words(&[
                "123",
                "80",
                &format!("{:0<64}", "31323334353637383930"),
                "e0",
                "2",
                "456",
                "789",
                "d",
                &format!("{:0<64}", "48656c6c6f2c20776f726c6421"),
            ]),
        ),
        (
            "g(uint256[][],string[])",
            vec!["[[1,2],[3]]", r#"[one, "two", 'three']"#],
            "2289b18c",
            words(&[
                "40",
                "140",
                "2",
                "40",
                "a0",
                "2",
                "1",
                "2",
                "1",
                "3",
                "3",
                "60",
                "a0",
                "e0",
                "3",
                &format!("{:0<64}", "6f6e65"),
                "3",
                &format!("{:0<64}", "74776f"),
                "5",
                &format!("{:0<64}", "7468726565"),
            ]),
        ),
    ] {
        let data = encode_call(signature, &arguments).unwrap();
        assert_eq!(hex::encode(&data[..4]), selector, "{signature}");
        assert_eq!(hex::encode(&data[4..]), hex::encode(body), "{signature}");
    }
}

#[test]
fn understands_signatures_as_cast_and_solidity_write_them() {
    for (text, canonical) in [
        ("transfer(address,uint256)", "transfer(address,uint256)()"),
        ("transfer(address,uint)", "transfer(address,uint256)()"),
        ("balanceOf(address)(uint)", "balanceOf(address)(uint256)"),
        (
            "balanceOf(address account) returns (uint256 balance)",
            "balanceOf(address)(uint256)",
        ),
        (
            "function name() external view returns (string memory)",
            "name()(string)",
        ),
        (
            "f((uint,(int,bytes)[])[2],address)((bool,string))",
            "f((uint256,(int256,bytes)[])[2],address)((bool,string))",
        ),
        (" get () (uint8, uint16) ", "get()(uint8,uint16)"),
    ] {
        let function = parse_signature(text).unwrap();
        assert_eq!(function.signature_with_outputs(), canonical, "{text}");
    }
    let data = encode_call("transfer(address,uint)", &[ALICE, "5"]).unwrap();
    assert_eq!(hex::encode(&data[..4]), "a9059cbb");
}

#[test]
fn says_what_is_wrong_with_a_signature() {
    let hint = "expected a signature such as `transfer(address,uint256)(bool)`, found";
    for (text, rest) in [
        ("transfer", "`transfer`: the parameter list is missing"),
        (
            "transfer(address",
            "`transfer(address`: 1 opening and 0 closing parentheses",
        ),
        ("(address)", "`(address)`: the name is missing"),
        ("f(uint7)", "`f(uint7)`: `uint7` is no type"),
        ("f(foo)", "`f(foo)`: `foo` is no type"),
        ("f(uint[)", "`f(uint[)`: 1 opening and 0 closing brackets"),
        (
            "f(a b c d)",
            "`f(a b c d)`: expected a name and types in parentheses",
        ),
    ] {
        assert_error(parse_signature(text), &format!("{hint} {rest}"));
    }
    let deep = format!("f({}uint{})", "(".repeat(40), ")".repeat(40));
    let error = parse_signature(&deep).unwrap_err().to_string();
    assert!(error.ends_with("types nest deeper than 32"), "{error}");
    let wide = format!("f({})", vec!["uint256[][]"; 200].join(","));
    assert_eq!(parse_signature(&wide).unwrap().inputs.len(), 200);
    assert!(parse_signature(&"(".repeat(1 << 20)).is_err());
}

#[test]
fn names_argument_type_and_text_when_an_argument_does_not_fit() {
    for (signature, arguments, expected) in [
        (
            "f(address,uint256)",
            vec![ALICE, "12x"],
            "argument 2: expected uint256, found `12x`: `x` is no unit (wei, kwei, mwei, gwei, szabo, \
             finney, ether)",
        ),
        (
            "f(address to)",
            vec!["0xaa"],
            "argument 1 `to`: expected address, found `0xaa`: it takes 20 byte(s), there are 1",
        ),
        (
            "f(address)",
            vec!["bob"],
            "argument 1: expected address, found `bob`: `o` is no hexadecimal digit",
        ),
        (
            "f(uint8)",
            vec!["256"],
            "argument 1: expected uint8, found `256`: the value does not fit into 8 bits",
        ),
        (
            "f(uint8)",
            vec!["-1"],
            "argument 1: expected uint8, found `-1`: the type has no sign",
        ),
        (
            "f(bool)",
            vec!["yes"],
            "argument 1: expected bool, found `yes`: write `true` or `false`",
        ),
        (
            "f(bytes)",
            vec![""],
            "argument 1: expected bytes, found ``: write `0x` for no bytes",
        ),
        (
            "f(bytes)",
            vec!["0x123"],
            "argument 1: expected bytes, found `0x123`: expected an even number of hexadecimal digits, found 3",
        ),
        (
            "f(bytes4)",
            vec!["0x1234567890"],
            "argument 1: expected bytes4, found `0x1234567890`: it takes 4 byte(s), there are 5",
        ),
        (
            "f(uint256[])",
            vec!["1,2"],
            "argument 1: expected uint256[], found `1,2`: write it as `[…, …]`",
        ),
        (
            "f(uint256[] amounts)",
            vec!["[1, two]"],
            "argument 1 `amounts`[1]: expected uint256, found `two`: `t` is no digit",
        ),
        (
            "f((uint256,(bool,int8))[])",
            vec!["[(1, (true, 2)), (2, (true, 200))]"],
            "argument 1[1][1][1]: expected int8, found `200`: the value does not fit into 8 bits",
        ),
        (
            "f(uint256[2])",
            vec!["[1]"],
            "argument 1: expected uint256[2], found `[1]`: it takes 2 element(s), there are 1",
        ),
        (
            "f((uint256,bool))",
            vec!["(1)"],
            "argument 1: expected (uint256,bool), found `(1)`: it takes 2 element(s), there are 1",
        ),
        (
            "f(uint256[])",
            vec!["[1,,2]"],
            "argument 1: expected uint256[], found `[1,,2]`: element 1 is empty",
        ),
        (
            "f(uint256[][])",
            vec!["[[1,2]"],
            "argument 1: expected uint256[][], found `[[1,2]`: `[` is not closed",
        ),
        (
            "f(string[])",
            vec![r#"["a]"#],
            r#"argument 1: expected string[], found `[\"a]`: `"` is not closed"#,
        ),
        (
            "f(string[])",
            vec![r#"["a\q"]"#],
            r#"argument 1[0]: expected string, found `\"a\\q\"`: `\q` is no escape"#,
        ),
    ] {
        assert_error(encode_call(signature, &arguments), expected);
    }
    assert_error(
        encode_call("f(address,uint256)", &[ALICE]),
        "`f(address,uint256)` takes 2 argument(s), found 1",
    );
}

#[test]
fn takes_strings_as_they_are_and_quoted_ones_with_escapes() {
    let text_of = |argument: &str| {
        let data = encode_call("f(string)", &[argument]).unwrap();
        decode_input(&parse_signature("f(string)").unwrap(), &data).unwrap()[0]
            .value
            .clone()
    };
    for (argument, expected) in [
        ("hello, (world]", "hello, (world]"),
        ("  spaced ", "  spaced "),
        ("", ""),
        ("\"quoted\"", "quoted"),
        (
            r#""line\nbreak \u{1F600} \"x\" \\""#,
            "line\nbreak 😀 \"x\" \\",
        ),
        ("'tis", "'tis"),
        ("\"a\" and \"b\"", "\"a\" and \"b\""),
    ] {
        assert_eq!(
            text_of(argument),
            proz_artifact::Value::String(expected.to_owned()),
            "{argument}"
        );
    }
}

#[test]
fn finds_functions_of_an_abi_by_name_signature_and_selector() {
    let token = own_contract("Token").abi;
    let found = |text: &str, arguments| resolve_function(text, token.as_ref(), arguments);
    for text in [
        "balanceOf",
        "balanceOf(address)",
        "0x70a08231",
        "balanceOf(address)(uint256)",
    ] {
        assert_eq!(
            found(text, 1).unwrap().signature_with_outputs(),
            "balanceOf(address)(uint256)"
        );
    }
    // Return types that are stated win over the ABI's.
    assert_eq!(
        found("balanceOf(address)(int256)", 1)
            .unwrap()
            .signature_with_outputs(),
        "balanceOf(address)(int256)"
    );
    assert_error(
        resolve_function("balanceOf", None, 1),
        "`balanceOf` names a function, but there is no ABI; give its signature, such as `balanceOf(address)`",
    );
    let error = found("balance", 1).unwrap_err().to_string();
    assert!(
        error.starts_with("the ABI has no function `balance`; found: allowance(address,address), "),
        "{error}"
    );
}

#[test]
fn tells_overloads_apart_by_the_number_of_arguments() {
    let Some(folder) = corpus("evm-contracts") else {
        return;
    };
    let file = folder.join("OZ4-ERC721PresetMinterPauserAutoId.json");
    let abi = read_abi_file(&file, &ReadOptions::default()).unwrap();
    let name = "safeTransferFrom";
    let signature =
        |arguments| resolve_function(name, Some(&abi), arguments).map(|found| found.signature());
    assert_eq!(
        signature(3).unwrap(),
        "safeTransferFrom(address,address,uint256)"
    );
    assert_eq!(
        signature(4).unwrap(),
        "safeTransferFrom(address,address,uint256,bytes)"
    );
    assert_error(
        signature(1),
        "`safeTransferFrom` fits several functions, give one signature of: \
         safeTransferFrom(address,address,uint256), safeTransferFrom(address,address,uint256,bytes)",
    );
}

#[test]
fn encodes_constructor_arguments_after_the_creation_code() {
    let token = own_contract("Token");
    let code = token.creation_call(&["Alpha", "A"]).unwrap();
    let arguments = code.strip_prefix(token.creation_code().unwrap()).unwrap();
    let expected = words(&[
        "40",
        "80",
        "5",
        &format!("{:0<64}", "416c706861"),
        "1",
        &format!("{:0<64}", "41"),
    ]);
    assert_eq!(arguments, expected);
    assert_error(
        token.creation_call(&["Alpha"]),
        "`constructor(string,string)` takes 2 argument(s), found 1",
    );
    let router = own_contract("Router");
    assert_eq!(
        router.creation_call::<&str>(&[]).unwrap(),
        router.creation_code().unwrap()
    );
    assert_error(
        encode_constructor(None, &["1"]),
        "`constructor()` takes 0 argument(s), found 1",
    );
}

#[test]
fn encodes_the_constructor_arguments_that_the_corpus_gives_as_examples() {
    let Some(folder) = corpus("evm-contracts") else {
        return;
    };
    let index = std::fs::read(folder.join("index.json")).unwrap();
    let index: Vec<serde_json::Value> = serde_json::from_slice(&index).unwrap();
    let mut compared = 0;
    for entry in &index {
        let Some(example) = entry["example_constructor_args"].as_str() else {
            continue;
        };
        let name = entry["name"].as_str().unwrap();
        let contract = read_file(
            &folder.join(format!("{name}.json")),
            &ReadOptions::default(),
        )
        .unwrap();
        let abi = contract.abi.as_ref().unwrap();
        let example = hex::decode(example).unwrap();
        // Decode the example by the constructor's types, write the values as text, encode them again.
        let inputs = &abi.constructor.as_ref().unwrap().inputs;
        let mut function = parse_signature("constructor_()").unwrap();
        function.outputs = inputs.clone();
        let values = decode_output(&function, &example).unwrap();
        let texts: Vec<_> = values.iter().map(|value| value.value.to_string()).collect();
        assert_eq!(
            encode_constructor(Some(abi), &texts).unwrap(),
            example,
            "{name}: {texts:?}"
        );
        compared += 1;
    }
    assert!(
        compared >= 5,
        "the index gives too few examples: {compared}"
    );
}
