//! Every key of every shipped plugin is either consensus data or a setting of one machine.
//!
//! The keys are asked of the types that the plugins read, so one that a plugin adds fails here until
//! it has a row. A setting changes no outcome and no gas of any vector; consensus data changes one, or is
//! refused.
#![allow(clippy::unwrap_used, reason = "a test")]

use alloy_primitives::{Address, Bytes, address, hex};
use proz_host::{
    ChainConfig, ExecutionResult, Host, Mode, Revision, RevisionSchedule, SETTINGS_KEY, SearchPath,
    TransactOptions, VmFactoryConfig, container,
};
use proz_manifest::{Candidate, DiscoveryOptions, discover};
use proz_state::{MemoryDb, StateDbMut as _};
use proz_tests::{
    arena::{block, transaction, world},
    chains::configure,
    plugins_dir,
};
use serde::de::{self, Deserializer, IntoDeserializer, Visitor, value};
use std::{
    cell::Cell,
    collections::{BTreeMap, BTreeSet},
};

const CONTRACT: Address = address!("0x000000000000000000000000000000000000c0de");

/// One key with a value that must, or must never, show.
struct Row {
    key: &'static str,
    /// First release in which something depends on it.
    since: &'static str,
    /// What stands besides, before and after.
    besides: &'static str,
    value: &'static str,
}

const fn row(key: &'static str, value: &'static str) -> Row {
    Row {
        key,
        since: "1.0.0",
        besides: "",
        value,
    }
}

/// A price, which only a schedule of another number may change.
const fn price(key: &'static str, value: &'static str) -> Row {
    Row {
        besides: "gas_schedule.id = 7\n",
        ..row(key, value)
    }
}

/// A price of an instruction that the first release lacks.
const fn later_price(key: &'static str, value: &'static str) -> Row {
    Row {
        since: "1.1.0",
        ..price(key, value)
    }
}

const EVM: &[Row] = &[
    row("revision", "\"paris\""),
    row("charge_memory_expansion", "false"),
    row("max_memory_size", "65536"),
    row("stack_limit", "900"),
    row("call_depth_limit", "0"),
    row("create_contract_limit", "1"),
    row("max_code_size", "63"),
    row("disabled_opcodes", "[\"SELFDESTRUCT\"]"),
    row("machine.enable_jit", "true"),
];

const WASM: &[Row] = &[
    row("max_memory_pages", "9"),
    row("max_stack_height", "1000"),
    row("gas_costs", "2"),
    row("allowed_imports", "[\"env.return\"]"),
    row("deterministic", "false"),
    row("debug_log", "true"),
    row("limits.code_size_bytes", "100"),
    row("limits.types", "1"),
    row("limits.functions", "1"),
    row("limits.params", "1"),
    row("limits.results", "1"),
    row("limits.locals", "1"),
    row("limits.body_size_bytes", "8"),
    row("limits.imports", "1"),
    row("limits.exports", "1"),
    row("limits.globals", "1"),
    row("limits.tables", "0"),
    row("limits.table_elements", "1"),
    row("limits.element_segments", "1"),
    row("limits.data_segments", "1"),
    row("limits.branch_targets", "1"),
    row("limits.block_depth", "1"),
    row("machine.pooled_instances", "1"),
    row("machine.memory_cache_bytes", "0"),
    row("machine.disk_cache", "\"FOLDER\""),
    row("machine.disk_cache_bytes", "0"),
    row("machine.native_stack_bytes", "2097152"),
    row("machine.keep_resident_bytes", "0"),
    row("machine.uninterrupted_gas", "0"),
    row("machine.optimize", "false"),
    row("machine.signals_based_traps", "false"),
];

const PROZVM: &[Row] = &[
    row("memory_model.kind", "\"paged\""),
    row("memory_model.max_pages", "8"),
    row("stack_limit.bytes", "4096"),
    row("stack_limit.call_depth", "50"),
    row("register_config.count", "16"),
    row("register_config.width_bits", "32"),
    row("gas_schedule.id", "7"),
    price("gas_schedule.page", "9000"),
    later_price("gas_schedule.keccak256_block", "9000"),
    later_price("gas_schedule.sha256_block", "9000"),
    price("gas_schedule.copy_block", "9000"),
    later_price("gas_schedule.exponent_byte", "9000"),
    price("gas_schedule.costs", "{ add = 9000 }"),
    price("gas_schedule.units_per_gas", "1"),
    price("gas_schedule.enter", "9000"),
    price("gas_schedule.prepare_kib", "9000"),
    price("gas_schedule.syscall", "9000"),
    price("gas_schedule.copy_word", "9000"),
    row("limits.program_bytes", "64"),
    row("limits.functions", "1"),
    row("limits.instructions", "3"),
    row("machine.tier", "\"reference\""),
    row("machine.fusion", "false"),
    row("machine.strip_callee_saves", "false"),
    row("machine.code_cache_bytes", "0"),
    row("machine.debug_log", "true"),
];

fn rows(vm_type: &str) -> &'static [Row] {
    match vm_type {
        "evm" => EVM,
        "wasm" => WASM,
        "prozvm" => PROZVM,
        // Packs have no options: what they do stands in the EIPs.
        _ => &[],
    }
}

/// What is executed: code in an account, or its creation and a call of what was created.
enum Vector {
    Plain(Bytes),
    Container(Vec<u8>),
}

fn vectors(vm_type: &str) -> Vec<Vector> {
    match vm_type {
        "evm" => evm_vectors(),
        "wasm" => enclosed("wasm", wasm_vectors()),
        "prozvm" => enclosed("prozvm", prozvm_vectors()),
        _ => Vec::new(),
    }
}

fn enclosed(vm_type: &str, codes: Vec<Vec<u8>>) -> Vec<Vector> {
    let enclose = |code: Vec<u8>| container::encode(vm_type, "", &code).unwrap();
    codes
        .into_iter()
        .map(enclose)
        .map(Vector::Container)
        .collect()
}

fn evm_vectors() -> Vec<Vector> {
    let codes: [&[u8]; 7] = [
        // CALLER, SELFDESTRUCT
        &hex!("33ff"),
        // A thousand items
        &[&[0x5f; 1_000][..], &[0]].concat(),
        // MSTORE at 64 KiB, and at 4 MiB, which costs more gas than there is
        &hex!("5f6201000052"),
        &hex!("5f6240000052"),
        // Calls itself; returns what the call pushed
        &hex!("5f5f5f5f5f305af15f5260205ff3"),
        // Twice CREATE of nothing
        &hex!("5f5f5ff0505f5f5ff05f5260205ff3"),
        // CREATE of 64 bytes of code
        &hex!("6360405ff35f526004601c5ff05f5260205ff3"),
    ];
    codes
        .map(|code| Vector::Plain(Bytes::copy_from_slice(code)))
        .into()
}

fn wasm_vectors() -> Vec<Vec<u8>> {
    let module = |head: &str, body: &str| {
        wat::parse_str(format!(
            r#"(module (import "env" "return" (func $return (param i32 i32))) {head}
                (memory (export "memory") 1)
                (func $deeper (param i32) (result i32)
                    (if (result i32) (local.get 0)
                        (then (i32.add (i32.const 1) (call $deeper (i32.sub (local.get 0) (i32.const 1)))))
                        (else (i32.const 0))))
                (func (export "main") {body} (call $return (i32.const 0) (i32.const 32))))"#
        ))
        .unwrap()
    };
    let caller = r#"(import "env" "caller" (func $caller (param i32)))"#;
    vec![
        module("", "(i32.store (i32.const 0) (memory.grow (i32.const 9)))"),
        // The same page twice: what one call leaves must not be there in the next.
        module("", "(i32.store (i32.const 0) (i32.add (i32.const 7) (i32.load (i32.const 0))))"),
        module("", "(i32.store (i32.const 0) (call $deeper (i32.const 500)))"),
        module("", "(i32.store (i32.const 0) (call $deeper (i32.const 100000)))"),
        module("", "(drop (f64.add (f64.const 1) (f64.const 2)))"),
        module("", "(i32.store (i32.const 70000) (i32.const 1))"),
        module("", "(loop $l (br $l))"),
        module(caller, "(call $caller (i32.const 0))"),
        module(r#"(import "env" "log_debug" (func (param i32 i32)))"#, ""),
        // More than one of everything.
        module(
            caller,
            "(local i32 i64) (block (block (block
                (br_table 0 1 2 (i32.const 1)))))
             (call_indirect $t (param i32 i32) (result i32 i32) (i32.const 1) (i32.const 2) (i32.const 0))
             (drop) (drop))
             (table $t 4 4 funcref) (elem (i32.const 0) $two) (elem (i32.const 2) $two)
             (global i32 (i32.const 1)) (global i64 (i64.const 2))
             (data (i32.const 0) \"a\") (data (i32.const 9) \"b\")
             (func $two (param i32 i32) (result i32 i32) (local.get 0) (local.get 1))
             (func",
        ),
    ]
}

fn prozvm_vectors() -> Vec<Vec<u8>> {
    let program = |head: &str, body: &str| {
        let text = format!(
            "{head}\n.export \"fallback\" main fallback
            .func main () -> 0\n addi sp, sp, -1024\n {body}
            sd a0, 24(sp)\n mv a0, sp\n li a1, 32\n sys return\n ret
            .func deeper (1) -> 0\n beq a0, zero, done\n addi a0, a0, -1\n call deeper\n done: ret"
        );
        let program = proz_prozvm_asm::assemble(&text, &proz_prozvm_syscalls::CHAIN);
        program.unwrap_or_else(|e| panic!("{e}\n{text}")).encode()
    };
    let all = "li a0, 1\n heap.grow a0, a0\n add t1, sp, sp\n li t2, 200\n addi t0, sp, 256
        mem.copy (t0), (sp), t2\n mv a0, t0\n sys address\n ld a0, 0(sp)";
    let later = "li a0, 1\n li t2, 200\n addi t0, sp, 256\n li t1, 300\n sd t1, 0(sp)
        keccak256 (t0), (sp), t2\n sha256 (t0), (sp), t2\n u256.exp (t0), (sp), (sp)";
    let mut programs = Vec::new();
    for schedule in ["", ".schedule 7\n"] {
        for (head, body) in [
            (".stack 4096", all),
            (".features wide hash\n.stack 4096", later),
            (".stack 8192", "li a0, 1"),
            (".stack 4096\n.pages 9", "li a0, 8\n heap.grow a0, a0"),
            (".stack 4096", "li a0, 100\n call deeper"),
            (".stack 4096", "li a0, 1000000\n call deeper"),
            (".stack 4096", "li s5, 3\n mv a0, s5"),
            (
                ".stack 4096",
                "again: addi a0, a0, 1\n beq zero, zero, again",
            ),
            (".stack 4096", "li a1, 5\n mv a0, sp\n sys debug_print"),
        ] {
            programs.push(program(&format!("{schedule}{head}"), body));
        }
    }
    programs
}

/// The shipped releases.
fn releases() -> Vec<Candidate> {
    let options = DiscoveryOptions {
        supported_generations: vec![proz_host::ABI_GENERATION],
        ..DiscoveryOptions::default()
    };
    discover(&SearchPath::explicit([plugins_dir()]), &options).taken
}

/// Loads one release alone with its whole table; the plugin's own words when it refuses.
fn load(release: &Candidate, table: &str) -> Result<Host, String> {
    let manifest = &release.manifest;
    let exactly = format!("plugin:{}@={}", manifest.id, manifest.version);
    let mut config = VmFactoryConfig {
        search_path: SearchPath::explicit([plugins_dir()]),
        require: vec![exactly.parse().unwrap()],
        ..VmFactoryConfig::default()
    };
    configure(&mut config, manifest.id.as_str(), table);
    let chain = ChainConfig {
        revisions: RevisionSchedule::always(Revision::Shanghai),
        ..ChainConfig::prozchain()
    };
    Host::new(chain, config).map_err(|error| {
        let mut text = error.to_string();
        let mut cause = std::error::Error::source(&error);
        while let Some(error) = cause {
            text = format!("{text}: {error}");
            cause = error.source();
        }
        text
    })
}

/// Stands in for a configuration file, and hears which fields a type asks for at a path.
struct Asked<'a> {
    path: &'a [&'static str],
    fields: &'a Cell<Option<&'static [&'static str]>>,
}

impl<'de> Deserializer<'de> for Asked<'_> {
    type Error = value::Error;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, value::Error> {
        let Some((key, path)) = self.path.split_first() else {
            self.fields.set(Some(fields));
            return Err(de::Error::custom("heard"));
        };
        let inner = Asked { path, ..self };
        visitor.visit_map(value::MapDeserializer::new([(*key, inner)].into_iter()))
    }

    fn deserialize_any<V: Visitor<'de>>(self, _visitor: V) -> Result<V::Value, value::Error> {
        Err(de::Error::custom("a value"))
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

impl<'de> IntoDeserializer<'de, value::Error> for Asked<'_> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// Every key that a type reads, with the tables that it stands in.
fn keys<T: de::DeserializeOwned>() -> BTreeSet<String> {
    fn collect<T: de::DeserializeOwned>(path: &[&'static str], keys: &mut BTreeSet<String>) {
        let fields = Cell::new(None);
        let asked = Asked {
            path,
            fields: &fields,
        };
        assert!(T::deserialize(asked).is_err(), "nothing was given");
        match fields.get() {
            None => {
                keys.insert(path.join("."));
            }
            Some(fields) => {
                for field in fields {
                    collect::<T>(&[path, &[*field]].concat(), keys);
                }
            }
        }
    }
    let mut keys = BTreeSet::new();
    collect::<T>(&[], &mut keys);
    keys
}

/// What becomes of every vector, in words that compare.
fn observe(release: &Candidate, table: &str) -> Result<Vec<String>, String> {
    let host = load(release, table)?;
    let mut seen = Vec::new();
    for vector in vectors(release.manifest.vm_type.as_str()) {
        let mut state = world();
        let contract = match vector {
            Vector::Plain(code) => {
                state.set_code(CONTRACT, code);
                Some(CONTRACT)
            }
            Vector::Container(code) => send(&host, &mut state, None, code.into(), &mut seen),
        };
        if let Some(contract) = contract {
            // Twice: from the cache as from nothing.
            for _ in 0..2 {
                send(&host, &mut state, Some(contract), Bytes::new(), &mut seen);
            }
        }
    }
    Ok(seen)
}

fn send(
    host: &Host,
    state: &mut MemoryDb,
    to: Option<Address>,
    input: Bytes,
    seen: &mut Vec<String>,
) -> Option<Address> {
    let mut transaction = transaction(to, input);
    if to.is_some() {
        transaction.gas_limit = 2_000_000;
    }
    let options = TransactOptions {
        mode: Mode::Simulation,
        ..TransactOptions::default()
    };
    match host.execute(&block(1), state, &transaction, options) {
        Ok(result) => {
            seen.push(told(&result));
            state.apply(&result.state_changes).unwrap();
            result.created
        }
        Err(error) => {
            seen.push(error.to_string());
            None
        }
    }
}

fn told(result: &ExecutionResult) -> String {
    let ExecutionResult {
        status,
        gas_used,
        gas_refunded,
        return_data,
        state_changes,
        created,
        ..
    } = result;
    let changes: Vec<_> = state_changes
        .iter()
        .map(|(account, slots)| format!("{account:?} {slots:?}"))
        .collect();
    format!("{status} {gas_used} {gas_refunded} {return_data} {created:?} {changes:?}")
}

#[test]
fn every_key_of_every_plugin_has_a_row() {
    let found = [
        ("evm", keys::<proz_evm::EvmConfig>()),
        ("wasm", keys::<proz_wasm::WasmConfig>()),
        ("prozvm", keys::<proz_prozvm::ProzVmConfig>()),
    ];
    for (vm_type, keys) in &found {
        let known: BTreeSet<String> = rows(vm_type).iter().map(|r| r.key.to_owned()).collect();
        assert_eq!(*keys, known, "{vm_type}");
    }
    // Every shipped plugin is one of them, or takes no key at all.
    for release in releases() {
        let manifest = &release.manifest;
        let is_known = found
            .iter()
            .any(|(vm_type, _)| *vm_type == manifest.vm_type.as_str());
        let refusal = load(&release, "no_such_key = 1").err().unwrap();
        let takes_keys = refusal.contains("expected one of") || refusal.contains(", expected `");
        assert!(is_known || !takes_keys, "{}: {refusal}", manifest.id);
    }
}

#[test]
fn settings_never_show_and_consensus_data_does() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().to_str().unwrap();
    for release in releases() {
        let manifest = &release.manifest;
        let mut plain = BTreeMap::new();
        for row in rows(manifest.vm_type.as_str()) {
            let before = plain.entry(row.besides).or_insert_with(|| {
                let seen = observe(&release, row.besides);
                seen.unwrap_or_else(|error| panic!("{}: {error}", manifest.id))
            });
            let value = row.value.replace("FOLDER", folder);
            let table = format!("{}{} = {value}", row.besides, row.key);
            let after = observe(&release, &table);
            let name = format!("{} {}: {table}", manifest.id, manifest.version);
            if row.key.starts_with(&format!("{SETTINGS_KEY}.")) {
                assert_eq!(after.as_ref(), Ok(&*before), "{name} shows in a result");
            } else if manifest.version >= row.since.parse().unwrap() {
                assert_ne!(after.as_ref(), Ok(&*before), "{name} shows in no result");
            }
        }
    }
}
