//! Contract code is read from every form in which tools write it.

use std::collections::BTreeMap;

use crate::common::{assert_error, corpus, fixture, named, own_contract};
use alloy_primitives::{Address, hex, keccak256};
use proz_artifact::{
    ArtifactError, CodeKind, Format, ReadOptions, contract_names, read_abi, read_abi_file,
    read_argument, read_code, read_file,
};
use serde_json::{Value, json};

fn plain() -> ReadOptions {
    ReadOptions::default()
}

fn from_file(file_name: &str) -> ReadOptions {
    ReadOptions {
        file_name: Some(file_name.to_owned()),
        ..ReadOptions::default()
    }
}

fn read_json(
    artifact: &Value,
    options: &ReadOptions,
) -> proz_artifact::Result<proz_artifact::Contract> {
    read_code(artifact.to_string().as_bytes(), options)
}

#[test]
fn reads_every_contract_of_the_corpus_with_the_sizes_of_its_index() {
    let Some(folder) = corpus("evm-contracts") else {
        return;
    };
    let index = std::fs::read(folder.join("index.json")).unwrap();
    let index: Vec<Value> = serde_json::from_slice(&index).unwrap();
    assert_eq!(index.len(), 23);
    for entry in &index {
        let name = entry["name"].as_str().unwrap();
        let contract = read_file(&folder.join(format!("{name}.json")), &plain()).unwrap();
        assert_eq!(
            (contract.name.as_deref(), contract.format),
            (Some(name), Format::Truffle)
        );
        assert_eq!(contract.kind, CodeKind::Evm, "{name}");
        let creation = contract.creation_code().unwrap();
        assert_eq!(
            Some(creation.len() as u64),
            entry["creation_bytes"].as_u64(),
            "{name}"
        );
        match entry["runtime_bytes"].as_u64() {
            Some(size) => assert_eq!(
                contract.runtime_code().unwrap().len() as u64,
                size,
                "{name}"
            ),
            None => assert!(
                matches!(contract.runtime_code(), Err(ArtifactError::NoCode { .. })),
                "{name}"
            ),
        }
        let functions = contract.abi.as_ref().unwrap().functions().count() as u64;
        assert_eq!(Some(functions), entry["functions"].as_u64(), "{name}");
    }
}

#[test]
fn reads_the_own_contracts_with_what_compiled_them() {
    for (name, evm_version) in [
        ("Token", "paris"),
        ("Pair", "paris"),
        ("Router", "paris"),
        ("Probe", "cancun"),
    ] {
        let contract = own_contract(name);
        assert_eq!(contract.name.as_deref(), Some(name));
        assert_eq!(contract.source, Some(format!("{name}.sol")));
        assert_eq!(contract.format, Format::StandardJson);
        let compiler = contract.compiler.as_ref().unwrap();
        assert_eq!(compiler.name.as_deref(), Some("solc"));
        assert!(
            compiler
                .version
                .as_ref()
                .unwrap()
                .starts_with("0.8.37+commit")
        );
        assert_eq!(compiler.evm_version.as_deref(), Some(evm_version));
        assert_eq!(compiler.optimizer_runs, Some(200));
        // Creation code holds the runtime code; immutables are zero in both.
        let (creation, runtime) = (
            contract.creation_code().unwrap(),
            contract.runtime_code().unwrap(),
        );
        assert!(
            creation
                .windows(runtime.len())
                .any(|window| window == runtime),
            "{name}"
        );
    }
}

#[test]
fn the_selectors_of_the_abi_are_those_that_solc_computed() {
    for name in ["Token", "Pair", "Router", "Probe"] {
        let text =
            std::fs::read_to_string(fixture(&format!("solidity/artifacts/{name}.json"))).unwrap();
        let artifact: Value = serde_json::from_str(&text).unwrap();
        let methods =
            &artifact["contracts"][format!("{name}.sol")][name]["evm"]["methodIdentifiers"];
        let methods = methods.as_object().unwrap();
        let abi = own_contract(name).abi.unwrap();
        assert_eq!(abi.functions().count(), methods.len());
        for function in abi.functions() {
            let expected = methods[&function.signature()].as_str().unwrap();
            assert_eq!(
                hex::encode(function.selector()),
                expected,
                "{}",
                function.signature()
            );
        }
    }
}

#[test]
fn reads_the_same_library_from_solc_hardhat_and_foundry() {
    let standard = read_file(&fixture("artifact-shapes/standard.json"), &named("Sums")).unwrap();
    let hardhat = read_file(&fixture("artifact-shapes/hardhat/Sums.json"), &plain()).unwrap();
    let foundry = read_file(&fixture("artifact-shapes/foundry/Sums.json"), &plain()).unwrap();
    assert_eq!(
        [standard.format, hardhat.format, foundry.format],
        [Format::StandardJson, Format::Hardhat, Format::Foundry]
    );
    for contract in [&hardhat, &foundry] {
        assert_eq!(contract.name.as_deref(), Some("Sums"));
        assert_eq!(
            contract.creation_code().unwrap(),
            standard.creation_code().unwrap()
        );
        assert_eq!(
            contract.runtime_code().unwrap(),
            standard.runtime_code().unwrap()
        );
        assert_eq!(contract.abi, standard.abi);
    }
    assert_eq!(foundry.source.as_deref(), Some("src/Linked.sol"));
    let compiler = foundry.compiler.unwrap();
    assert_eq!(
        (compiler.evm_version.as_deref(), compiler.optimizer_runs),
        (Some("paris"), Some(200))
    );
}

#[test]
fn reads_combined_json_as_old_and_new_compilers_write_it() {
    let token = own_contract("Token");
    let abi = serde_json::to_value(token.abi.as_ref().unwrap()).unwrap();
    for abi_field in [abi.clone(), Value::String(abi.to_string())] {
        let combined = json!({
            "contracts": {
                "src/Token.sol:Token": {
                    "abi": abi_field,
                    "bin": hex::encode(token.creation_code().unwrap()),
                    "bin-runtime": hex::encode(token.runtime_code().unwrap()),
                },
                "src/Interfaces.sol:IERC20": { "abi": [], "bin": "", "bin-runtime": "" },
            },
            "version": "0.8.37+commit.f401782d",
        });
        let read = read_json(&combined, &plain()).unwrap();
        assert_eq!(read.format, Format::CombinedJson);
        assert_eq!(
            (read.name.as_deref(), read.source.as_deref()),
            (Some("Token"), Some("src/Token.sol"))
        );
        assert_eq!(
            read.creation_code().unwrap(),
            token.creation_code().unwrap()
        );
        assert_eq!(read.runtime_code().unwrap(), token.runtime_code().unwrap());
        assert_eq!(read.abi, token.abi);
        assert_eq!(
            read.compiler.unwrap().version.as_deref(),
            Some("0.8.37+commit.f401782d")
        );
    }
}

#[test]
fn reads_a_build_info_file_around_the_compilers_output() {
    let output: Value =
        serde_json::from_slice(&std::fs::read(fixture("artifact-shapes/standard.json")).unwrap())
            .unwrap();
    let build_info = json!({
        "_format": "hh-sol-build-info-1",
        "solcLongVersion": "0.8.37+commit.f401782d",
        "input": { "settings": { "evmVersion": "paris", "optimizer": { "enabled": false, "runs": 200 } } },
        "output": output,
    });
    let contract = read_json(&build_info, &named("src/Linked.sol:Sums")).unwrap();
    let compiler = contract.compiler.unwrap();
    assert_eq!(compiler.version.as_deref(), Some("0.8.37+commit.f401782d"));
    assert_eq!(
        (compiler.evm_version.as_deref(), compiler.optimizer_runs),
        (Some("paris"), None)
    );
}

#[test]
fn asks_for_a_name_when_an_artefact_holds_several_contracts_with_code() {
    let path = fixture("artifact-shapes/standard.json");
    assert_error(
        read_file(&path, &plain()),
        "the artefact holds several contracts, name one of: src/Linked.sol:Ledger, src/Linked.sol:Sums",
    );
    assert_error(
        read_file(&path, &named("Missing")),
        "no contract is called `Missing`; found: src/Linked.sol:ILedger, src/Linked.sol:Ledger, \
         src/Linked.sol:Sums",
    );
    let (format, names) = contract_names(&std::fs::read(&path).unwrap()).unwrap();
    assert_eq!((format, names.len()), (Format::StandardJson, 2));
    // The same name in two files needs the file.
    let twins = json!({ "contracts": {
        "a.sol:A": { "bin": "6001", "abi": [] },
        "b.sol:A": { "bin": "6002", "abi": [] },
    } });
    assert_error(
        read_json(&twins, &named("A")),
        "the artefact holds several contracts, name one of: a.sol:A, b.sol:A",
    );
    assert_eq!(
        read_json(&twins, &named("b.sol:A"))
            .unwrap()
            .creation_code()
            .unwrap(),
        [0x60, 2]
    );
}

#[test]
fn names_each_missing_library_with_its_positions_in_every_shape() {
    for path in ["hardhat/Ledger.json", "foundry/Ledger.json"] {
        let error = read_file(&fixture("artifact-shapes").join(path), &plain()).unwrap_err();
        let ArtifactError::UnresolvedLibraries {
            part, libraries, ..
        } = error
        else {
            panic!("{error}")
        };
        assert_eq!(part, "creation");
        assert_eq!(libraries.len(), 1);
        assert!(
            libraries[0].library.ends_with("/Linked.sol:Sums"),
            "{}",
            libraries[0].library
        );
        assert_eq!(libraries[0].positions_bytes, [226, 791, 910]);
    }
    assert_error(
        read_file(&fixture("artifact-shapes/standard.json"), &named("Ledger")),
        "creation code of `src/Linked.sol:Ledger` is not linked: library `src/Linked.sol:Sums` is \
         missing at byte 226, 791, 910",
    );
    // Its ABI can be read all the same.
    let abi = read_abi_file(&fixture("artifact-shapes/foundry/Ledger.json"), &plain()).unwrap();
    assert!(abi.function("sumTwice").is_some());
}

#[test]
fn links_libraries_that_are_given_by_either_name() {
    let library = Address::repeat_byte(0x5A);
    let linked = |name: &str, path: &str| {
        let libraries = BTreeMap::from([(name.to_owned(), library)]);
        read_file(
            &fixture(path),
            &ReadOptions {
                libraries,
                ..named("Ledger")
            },
        )
        .unwrap()
    };
    let short = linked("Sums", "artifact-shapes/foundry/Ledger.json");
    let long = linked("src/Linked.sol:Sums", "artifact-shapes/standard.json");
    assert_eq!(
        short.creation_code().unwrap(),
        long.creation_code().unwrap()
    );
    for position in [226, 791, 910] {
        assert_eq!(
            &short.creation_code().unwrap()[position..position + 20],
            library.as_slice()
        );
    }
    assert!(short.runtime_code().is_ok());
}

#[test]
fn says_that_an_interface_has_no_code() {
    for path in ["hardhat/ILedger.json", "foundry/ILedger.json"] {
        let contract = read_file(&fixture("artifact-shapes").join(path), &plain()).unwrap();
        assert_error(
            contract.creation_code().map(<[u8]>::to_vec),
            &format!(
                "`{}` has no creation code (is it an interface or an abstract contract?)",
                contract.name.as_deref().unwrap()
            ),
        );
        assert!(contract.abi.unwrap().function("sum").is_some());
    }
}

#[test]
fn reads_plain_code_as_text_and_as_bytes() {
    let code = own_contract("Token").runtime_code().unwrap().to_vec();
    let digits = hex::encode(&code);
    let wrapped: String = digits
        .as_bytes()
        .chunks(76)
        .map(|line| format!("{}\n", std::str::from_utf8(line).unwrap()))
        .collect();
    for (text, format) in [
        (digits.clone().into_bytes(), Format::Hex),
        (format!("0x{digits}\n").into_bytes(), Format::Hex),
        (wrapped.into_bytes(), Format::Hex),
        (code.clone(), Format::Binary),
    ] {
        let contract = read_code(&text, &plain()).unwrap();
        assert_eq!((contract.format, contract.kind), (format, CodeKind::Evm));
        assert_eq!(contract.creation_code().unwrap(), code);
        assert_eq!(contract.runtime_code().unwrap(), code);
    }
}

#[test]
fn reads_the_file_that_solc_writes_with_its_notes_on_libraries() {
    let hash = hex::encode(keccak256("src/Linked.sol:Sums"));
    let hash = &hash[..34];
    let file = format!("6001__${hash}$__00\n\n// ${hash}$ -> src/Linked.sol:Sums\n");
    assert_error(
        read_code(file.as_bytes(), &from_file("Ledger.bin")),
        "creation code of `Ledger.bin` is not linked: library `src/Linked.sol:Sums` is missing at byte 2",
    );
}

#[test]
fn classifies_code_by_its_first_bytes() {
    for (code, kind, vm_type) in [
        (&b"\0asm\x01\0\0\0"[..], CodeKind::Wasm, Some("wasm")),
        (b"PZ64\x01\0", CodeKind::ProzVm, Some("prozvm")),
        (
            b"\xA1\x1C\xEB\x0B\x06\0\0\0",
            CodeKind::Move,
            Some("movevm"),
        ),
        (b"\xEFP\x01", CodeKind::Container, None),
        (b"\xEF\x01\x00\xAA", CodeKind::Delegation, Some("evm")),
        (b"\xEF\x00\x01", CodeKind::EvmObject, None),
        (b"\x7fELF\x02", CodeKind::Elf, None),
        (b"\x60\x01\x60\x02", CodeKind::Evm, Some("evm")),
    ] {
        let contract = read_code(code, &plain()).unwrap();
        assert_eq!((contract.kind, contract.kind.vm_type()), (kind, vm_type));
        let as_text = read_code(hex::encode_prefixed(code).as_bytes(), &plain()).unwrap();
        assert_eq!((as_text.kind, as_text.format), (kind, Format::Hex));
    }
    let text = read_code(b"  ;; empty\n(module)\n", &plain()).unwrap();
    assert_eq!((text.kind, text.format), (CodeKind::Wasm, Format::WasmText));
    assert_eq!(text.creation_code().unwrap(), b"\0asm\x01\0\0\0");
    let fields = read_code(b"(func)", &from_file("a.WAT")).unwrap();
    assert_eq!(fields.kind, CodeKind::Wasm);
    let error = read_code(b"(module (fun))", &from_file("a.wat")).unwrap_err();
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert!(source.contains("a.wat:1:10"), "{source}");
}

#[test]
fn takes_an_argument_as_literal_or_as_file() {
    assert_eq!(
        read_argument("0x6001", &plain())
            .unwrap()
            .creation_code()
            .unwrap(),
        [0x60, 1]
    );
    assert_eq!(read_argument("6001", &plain()).unwrap().format, Format::Hex);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("code.hex");
    std::fs::write(&path, "0x6002").unwrap();
    let contract = read_argument(path.to_str().unwrap(), &plain()).unwrap();
    assert_eq!(contract.creation_code().unwrap(), [0x60, 2]);
    let missing = folder.path().join("missing.json");
    let error = read_argument(missing.to_str().unwrap(), &plain()).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("cannot read `{}`", missing.display())
    );
}

#[test]
fn says_what_is_wrong_with_an_input_that_is_no_code() {
    for (content, options, expected) in [
        (&b""[..], plain(), "expected contract code, found nothing"),
        (b" \n", plain(), "expected contract code, found nothing"),
        (b"0x", plain(), "expected contract code, found nothing"),
        (b"0x600", plain(), "expected an even number of hexadecimal digits, found 3"),
        (b"hello", plain(), "expected hexadecimal code, found `h` at character 0"),
        (b"0x60 6g", plain(), "expected hexadecimal code, found `g` at character 6"),
        (b"\x60\x01\x00", from_file("a.wasm"), "expected a Wasm module (it begins with `00 61 73 6d`), found `600100`"),
        (
            b"{",
            plain(),
            "the artefact is not valid JSON <- EOF while parsing an object at line 1 column 1",
        ),
        (
            b"{\"a\": 1}",
            plain(),
            "expected a compiler's artefact (solc standard or combined JSON, Foundry, Hardhat, Truffle), \
             found an object with the keys `a`",
        ),
        (
            b"[]",
            plain(),
            "expected a compiler's artefact (solc standard or combined JSON, Foundry, Hardhat, Truffle), \
             found an array (an ABI alone has no code)",
        ),
        (b"{\"contracts\": {}}", plain(), "the artefact holds no contract"),
        (
            b"{\"errors\": [{\"severity\": \"error\", \"formattedMessage\": \"ParserError: no\\n\"}]}",
            plain(),
            "the compiler reported an error: ParserError: no",
        ),
        (
            b"{\"contractName\": \"A\", \"abi\": [], \"bytecode\": 5}",
            plain(),
            "`bytecode` of `A`: expected hexadecimal code, found `5`",
        ),
        (
            b"{\"contractName\": \"A\", \"abi\": [], \"bytecode\": \"0x6z\"}",
            plain(),
            "`bytecode` of `A` is not code <- expected hexadecimal code, found `z` at character 3",
        ),
    ] {
        assert_error(read_code(content, &options), expected);
    }
}

#[test]
fn refuses_an_abi_that_nests_too_deep_or_is_malformed() {
    let abi = |ty: &str| json!([{ "type": "function", "name": "f", "stateMutability": "view", "outputs": [], "inputs": [{ "name": "x", "type": ty }] }]);
    let read = |ty: &str| read_abi(abi(ty).to_string().as_bytes(), &plain());
    assert!(read("uint256[][]").is_ok());
    assert_error(
        read(&format!("uint256{}", "[]".repeat(50_000))),
        "the ABI of `the file` cannot be read: a type nests 50000 deep or more, expected at most 32",
    );
    assert!(matches!(read("uint256["), Err(ArtifactError::Abi { .. })));
}
