//! The artefacts are what their sources make: programs of the executables, executables of the C.

use proz_prozvm_core::{Class, ExportKind, Instruction, Opcode, Program};
use proz_prozvm_link::{LinkOptions, link};
use proz_prozvm_syscalls::CHAIN;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../tests/fixtures/prozvm")
}

#[test]
fn programs_are_linked_from_the_executables_beside_them() {
    let mut count = 0;
    for entry in std::fs::read_dir(fixtures().join("artifacts")).unwrap() {
        let file = entry.unwrap().path();
        if file.extension().is_none_or(|extension| extension != "elf") {
            continue;
        }
        let program = link(&std::fs::read(&file).unwrap(), &LinkOptions::default()).unwrap();
        let expected = std::fs::read(file.with_extension("pz")).unwrap();
        assert!(
            program.encode() == expected,
            "{} has changed: run tests/fixtures/prozvm/build.sh --link",
            file.with_extension("pz").display()
        );
        count += 1;
    }
    assert_eq!(count, 12);
}

fn program(name: &str) -> Program {
    Program::decode(&crate::world::artefact(name)).unwrap()
}

/// The instructions of a function.
fn code(program: &Program, function: u32) -> &[Instruction] {
    let lengths = program
        .functions
        .iter()
        .map(|function| function.length as usize);
    let start = lengths.clone().take(function as usize).sum();
    let length = lengths.clone().nth(function as usize).unwrap();
    &program.code[start..][..length]
}

#[test]
fn each_intrinsic_is_linked_to_its_instruction_or_syscall() {
    assert_intrinsics(&program("intrinsics"));
}

/// The other compilers and languages of the header, when this machine has them.
#[test]
fn every_compiler_makes_the_instructions_of_the_intrinsics() {
    const COMMON: &str = "-mabi=lp64 -mno-relax -ffreestanding -fno-pic -nostdlib -static -Wall \
        -Wextra -Werror -Wl,--emit-relocs -Wl,--no-relax -Wl,-e,0";
    const CLANG: &str = "--target=riscv64 -march=rv64im_zba_zbb_zicond -fuse-ld=lld";
    const GCC: &str = "-march=rv64im_zba_zbb";
    const CPP: &str = "-x c++ -std=c++20 -fno-exceptions -fno-rtti";
    let source = fixtures().join("src/intrinsics.c");
    let kit = fixtures().join("../../../sdk/prozvm/c");
    let folder = std::env::temp_dir().join(format!("proz-intrinsics-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    for (compiler, flags, language) in [
        ("clang-19", CLANG, "-O0"),
        ("clang-19", CLANG, "-Os"),
        ("clang-19", CLANG, CPP),
        ("riscv64-unknown-elf-gcc", GCC, "-O0"),
        ("riscv64-unknown-elf-gcc", GCC, "-O2"),
        ("riscv64-unknown-elf-g++", GCC, CPP),
    ] {
        let elf = folder.join("intrinsics.elf");
        let output = Command::new(compiler)
            .args(COMMON.split_whitespace())
            .args(flags.split_whitespace())
            .args(language.split_whitespace())
            .arg("-I")
            .args([&kit, &PathBuf::from("-o"), &elf, &source])
            .output();
        let Ok(output) = output else {
            println!("skipped {compiler} {language}: this machine lacks it");
            continue;
        };
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{compiler} {language}: {errors}");
        let program = link(&std::fs::read(&elf).unwrap(), &LinkOptions::default());
        assert_intrinsics(
            &program.unwrap_or_else(|error| panic!("{compiler} {language}: {error}")),
        );
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

/// Asserts that each export of `intrinsics.c` contains its instruction, and no other of its kind.
#[track_caller]
fn assert_intrinsics(program: &Program) {
    let is_special = |class: Class| {
        let classes = [
            Class::Hash,
            Class::Copy,
            Class::Fill,
            Class::Grow,
            Class::Syscall,
        ];
        class.is_wide() || classes.contains(&class)
    };
    let found = |name: &str| {
        let name = format!("{name}()");
        let export = program.exports.iter().find(|export| export.name == name);
        let function = export
            .unwrap_or_else(|| panic!("{name} is missing"))
            .function;
        let special = code(program, function).iter();
        let special = special.filter(|instruction| is_special(instruction.opcode.class()));
        special.copied().collect::<Vec<_>>()
    };
    let mut count = 0;
    for &opcode in Opcode::ALL {
        if is_special(opcode.class()) && opcode != Opcode::Syscall {
            let instructions = found(&opcode.mnemonic().replace('.', "_"));
            assert_eq!(instructions.len(), 1, "{opcode:?}");
            assert_eq!(instructions[0].opcode, opcode);
            count += 1;
        }
    }
    for entry in CHAIN.entries() {
        let instructions = found(entry.name);
        assert_eq!(instructions.len(), 1, "{}", entry.name);
        let import = &program.imports[instructions[0].imm as usize];
        assert_eq!(import.number, entry.number, "{}", entry.name);
        count += 1;
    }
    assert_eq!(count, program.exports.len());
}

fn json(file: PathBuf) -> serde_json::Value {
    serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
}

#[test]
fn programs_export_what_their_abis_say() {
    let mut expected = Vec::new();
    for name in ["Token", "Pair", "Router"] {
        let file = fixtures().join(format!("../solidity/artifacts/{name}.json"));
        let abi = json(file)["contracts"][format!("{name}.sol")][name]["abi"].take();
        expected.push((name.to_lowercase(), abi));
    }
    for name in ["multisig", "htlc", "airdrop", "vault", "counter"] {
        let abi = json(fixtures().join(format!("artifacts/{name}.abi.json")));
        let programs = match name {
            "counter" => ["counter-c", "counter-cpp", "counter-zig", "counter-rust"].to_vec(),
            name => vec![name],
        };
        expected.extend(
            programs
                .into_iter()
                .map(|name| (name.to_owned(), abi.clone())),
        );
    }
    for (name, abi) in expected {
        let functions = abi.as_array().unwrap().iter();
        let functions = functions.filter(|entry| entry["type"] == "function");
        let declared: BTreeSet<_> = functions
            .map(|function| {
                let inputs = function["inputs"].as_array().unwrap().iter();
                let types: Vec<_> = inputs
                    .map(|input| input["type"].as_str().unwrap())
                    .collect();
                let signature = format!(
                    "{}({})",
                    function["name"].as_str().unwrap(),
                    types.join(",")
                );
                (
                    signature,
                    function["stateMutability"].as_str().unwrap().to_owned(),
                )
            })
            .collect();
        let program = program(&name);
        let exports = program.exports.iter();
        let methods = exports.filter(|export| matches!(export.kind, ExportKind::Method(_)));
        let exported: BTreeSet<_> = methods
            .map(|export| {
                let mutability = format!("{:?}", export.mutability).to_lowercase();
                (export.name.clone(), mutability)
            })
            .collect();
        let pure_or_view = |set: BTreeSet<(String, String)>| -> BTreeSet<_> {
            let same =
                |(name, mutability): (String, String)| (name, mutability.replace("pure", "view"));
            set.into_iter().map(same).collect()
        };
        assert_eq!(pure_or_view(exported), pure_or_view(declared), "{name}");
    }
}

/// The compiler that made the artefacts, when this machine has it.
fn has_compiler() -> bool {
    let output = |program: &str| Command::new(program).arg("--version").output();
    let says = |program: &str, version: &str| {
        output(program).is_ok_and(|found| String::from_utf8_lossy(&found.stdout).contains(version))
    };
    says("clang-19", "19.1.7") && says("ld.lld-19", "19.1.7") && says("python3", "Python 3")
}

#[test]
fn executables_are_compiled_from_the_c_of_the_kit() {
    if !has_compiler() {
        println!("skipped: this machine lacks clang-19 19.1.7, ld.lld-19 or python3");
        return;
    }
    let output = Command::new(fixtures().join("build.sh"))
        .args(["--check", "--c"])
        // Programs are the other test's; it needs no compiler.
        .env("PZLINK", "true")
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(
        output.status.success(),
        "{}{}",
        text(&output.stdout),
        text(&output.stderr)
    );
    assert!(text(&output.stdout).contains("as their sources make them"));
}
