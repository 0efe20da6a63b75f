//! The WebAssembly specification's suite.
//!
//! A file is run from its first directive to its last on one store. Modules that use what this VM
//! does not serve are refused, and what depends on them is skipped; both are counted by file, so
//! that a feature lost by accident shows as a changed count.

use std::collections::BTreeMap;

use wasmtime::{
    Engine, Extern, Global, GlobalType, Instance, Linker, Memory, MemoryType, Module, Mutability,
    Ref, Store, Table, TableType, Trap, Val, ValType,
};
use wast::core::{NanPattern, V128Pattern, WastArgCore, WastRetCore};
use wast::parser::{self, ParseBuffer};
use wast::{QuoteWat, WastArg, WastDirective, WastExecute, WastInvoke, WastRet};

use super::{prepare, settings, unpack};
use crate::config::WasmConfig;
use crate::engine;

/// Directives whose expectation was set up by a module that is refused: it has a second memory,
/// and would have written what is read here.
const AFTER_REFUSED: [(&str, usize); 6] = [
    ("linking0.wast", 42),
    ("load1.wast", 25),
    ("load1.wast", 26),
    ("load1.wast", 27),
    ("load1.wast", 28),
    ("load1.wast", 29),
];

#[derive(Default, Debug)]
struct Counts {
    passed: u32,
    refused: u32,
    skipped: u32,
    failed: Vec<(usize, String)>,
    reasons: BTreeMap<String, u32>,
}

/// Why a directive did not pass.
enum Miss {
    /// It needs a module that was refused.
    Skipped,
    Failed(String),
}

struct Script<'a> {
    engine: &'a Engine,
    settings: &'a WasmConfig,
    store: Store<()>,
    linker: Linker<()>,
    current: Option<Instance>,
    named: BTreeMap<String, Option<Instance>>,
    refused: u32,
    reasons: BTreeMap<String, u32>,
}

const FUEL: u64 = 1 << 40;

impl<'a> Script<'a> {
    fn new(engine: &'a Engine, settings: &'a WasmConfig) -> Self {
        let mut store = Store::new(engine, ());
        store.set_fuel(FUEL).unwrap();
        let linker = spectest(engine, &mut store);
        Self {
            engine,
            settings,
            store,
            linker,
            current: None,
            named: BTreeMap::new(),
            refused: 0,
            reasons: BTreeMap::new(),
        }
    }

    fn instantiate(&mut self, code: &[u8]) -> Result<Instance, wasmtime::Error> {
        let module = Module::new(self.engine, code)?;
        self.store.set_fuel(FUEL)?;
        self.linker.instantiate(&mut self.store, &module)
    }

    fn instance(&self, name: Option<wast::token::Id<'_>>) -> Result<Instance, Miss> {
        match name {
            Some(name) => self.named.get(name.name()).copied().flatten(),
            None => self.current,
        }
        .ok_or(Miss::Skipped)
    }

    fn directive(&mut self, directive: WastDirective<'_>) -> Result<(), Miss> {
        match directive {
            WastDirective::Module(mut module) => {
                let name = module.name().map(|id| id.name().to_owned());
                let code = module
                    .encode()
                    .map_err(|error| Miss::Failed(error.to_string()))?;
                self.current = None;
                let made = match prepare(&code, self.settings) {
                    Ok(code) => self
                        .instantiate(&code)
                        .map_err(|error| format!("{error:#}")),
                    Err(refusal) => Err(refusal),
                };
                if let Err(reason) = &made {
                    self.refused += 1;
                    // Offsets and names differ, the words before them do not.
                    let words: String = reason
                        .split(": ")
                        .last()
                        .unwrap_or_default()
                        .chars()
                        .take(60)
                        .collect();
                    *self.reasons.entry(words).or_default() += 1;
                }
                self.current = made.ok();
                if let Some(name) = name {
                    self.named.insert(name, self.current);
                }
                Ok(())
            }
            WastDirective::Register { name, module, .. } => {
                let instance = self.instance(module)?;
                self.linker.allow_shadowing(true);
                self.linker
                    .instance(&mut self.store, name, instance)
                    .map(|_| ())
                    .map_err(|error| Miss::Failed(error.to_string()))
            }
            WastDirective::Invoke(invoke) => self.invoke(invoke)?.map(|_| ()).map_err(failed),
            WastDirective::AssertReturn { exec, results, .. } => {
                let values = self.execute(exec)?.map_err(failed)?;
                if values.len() != results.len() {
                    return Err(Miss::Failed(format!("{} results", values.len())));
                }
                for (value, expected) in values.iter().zip(&results) {
                    let WastRet::Core(expected) = expected else {
                        return Err(Miss::Skipped);
                    };
                    if !self.matches(value, expected) {
                        return Err(Miss::Failed(format!("{value:?} for {expected:?}")));
                    }
                }
                Ok(())
            }
            WastDirective::AssertTrap { exec, message, .. } => match self.execute(exec)? {
                Ok(values) => Err(Miss::Failed(format!("{values:?} for a trap: {message}"))),
                Err(error) => match error.downcast_ref::<Trap>() {
                    Some(Trap::OutOfFuel | Trap::StackOverflow) => Err(failed(error)),
                    _ => Ok(()),
                },
            },
            WastDirective::AssertExhaustion { call, .. } => match self.invoke(call)? {
                Ok(values) => Err(Miss::Failed(format!("{values:?} for exhaustion"))),
                // The counter's own trap, never the engine's net.
                Err(error) => match error.downcast_ref::<Trap>() {
                    Some(Trap::UnreachableCodeReached) => Ok(()),
                    _ => Err(failed(error)),
                },
            },
            WastDirective::AssertInvalid { mut module, .. }
            | WastDirective::AssertMalformed { mut module, .. } => {
                let Ok(code) = module.encode() else {
                    return Ok(());
                };
                match prepare(&code, self.settings) {
                    Ok(code) if Module::validate(self.engine, &code).is_ok() => {
                        Err(Miss::Failed("an invalid module is accepted".to_owned()))
                    }
                    _ => Ok(()),
                }
            }
            WastDirective::AssertUnlinkable { module, .. } => {
                let mut module = QuoteWat::Wat(module);
                let code = module
                    .encode()
                    .map_err(|error| Miss::Failed(error.to_string()))?;
                let Ok(code) = prepare(&code, self.settings) else {
                    return Err(Miss::Skipped);
                };
                match self.instantiate(&code) {
                    Ok(_) => Err(Miss::Failed("an unlinkable module is linked".to_owned())),
                    Err(_) => Ok(()),
                }
            }
            _ => Err(Miss::Skipped),
        }
    }

    fn execute(&mut self, execute: WastExecute<'_>) -> Result<wasmtime::Result<Vec<Val>>, Miss> {
        match execute {
            WastExecute::Invoke(invoke) => self.invoke(invoke),
            WastExecute::Wat(module) => {
                let mut module = QuoteWat::Wat(module);
                let code = module
                    .encode()
                    .map_err(|error| Miss::Failed(error.to_string()))?;
                let Ok(code) = prepare(&code, self.settings) else {
                    return Err(Miss::Skipped);
                };
                Ok(self.instantiate(&code).map(|_| Vec::new()))
            }
            WastExecute::Get { module, global, .. } => {
                let instance = self.instance(module)?;
                let found = instance.get_global(&mut self.store, global);
                let global = found.ok_or_else(|| Miss::Failed(format!("no global {global}")))?;
                Ok(Ok(vec![global.get(&mut self.store)]))
            }
        }
    }

    fn invoke(&mut self, invoke: WastInvoke<'_>) -> Result<wasmtime::Result<Vec<Val>>, Miss> {
        let instance = self.instance(invoke.module)?;
        let found = instance.get_func(&mut self.store, invoke.name);
        let function = found.ok_or_else(|| Miss::Failed(format!("no function {}", invoke.name)))?;
        let arguments = invoke
            .args
            .iter()
            .map(argument)
            .collect::<Option<Vec<_>>>()
            .ok_or(Miss::Skipped)?;
        let mut results = vec![Val::I32(0); function.ty(&self.store).results().len()];
        self.store.set_fuel(FUEL).map_err(failed)?;
        // Each call of the suite is a frame of its own: the counter starts anew.
        if let Some(counter) = instance.get_global(&mut self.store, crate::validate::STACK_EXPORT) {
            let full = i32::try_from(self.settings.max_stack_height).unwrap_or(i32::MAX);
            counter
                .set(&mut self.store, Val::I32(full))
                .map_err(failed)?;
        }
        Ok(function
            .call(&mut self.store, &arguments, &mut results)
            .map(|()| results))
    }

    fn matches(&mut self, value: &Val, expected: &WastRetCore<'_>) -> bool {
        match (value, expected) {
            (Val::I32(found), WastRetCore::I32(expected)) => found == expected,
            (Val::I64(found), WastRetCore::I64(expected)) => found == expected,
            (Val::F32(found), WastRetCore::F32(expected)) => match expected {
                NanPattern::CanonicalNan => found & 0x7fff_ffff == 0x7fc0_0000,
                NanPattern::ArithmeticNan => found & 0x7fc0_0000 == 0x7fc0_0000,
                NanPattern::Value(expected) => *found == expected.bits,
            },
            (Val::F64(found), WastRetCore::F64(expected)) => match expected {
                NanPattern::CanonicalNan => found & !(1 << 63) == 0x7ff8 << 48,
                NanPattern::ArithmeticNan => found & (0x7ff8 << 48) == 0x7ff8 << 48,
                NanPattern::Value(expected) => *found == expected.bits,
            },
            (Val::V128(found), WastRetCore::V128(expected)) => vector(found.as_u128(), expected),
            (Val::FuncRef(found), WastRetCore::RefNull(_)) => found.is_none(),
            (Val::FuncRef(found), WastRetCore::RefFunc(_)) => found.is_some(),
            (_, WastRetCore::Either(choices)) => {
                choices.iter().any(|expected| self.matches(value, expected))
            }
            _ => false,
        }
    }
}

fn failed(error: wasmtime::Error) -> Miss {
    Miss::Failed(format!("{error:#}"))
}

fn argument(argument: &WastArg<'_>) -> Option<Val> {
    let WastArg::Core(argument) = argument else {
        return None;
    };
    Some(match argument {
        WastArgCore::I32(value) => Val::I32(*value),
        WastArgCore::I64(value) => Val::I64(*value),
        WastArgCore::F32(value) => Val::F32(value.bits),
        WastArgCore::F64(value) => Val::F64(value.bits),
        WastArgCore::V128(value) => Val::V128(u128::from_le_bytes(value.to_le_bytes()).into()),
        WastArgCore::RefNull(_) => Val::FuncRef(None),
        _ => return None,
    })
}

fn vector(found: u128, expected: &V128Pattern) -> bool {
    let bytes = found.to_le_bytes();
    let lane = |at: usize, size: usize| {
        let mut lane = [0; 8];
        lane[..size].copy_from_slice(&bytes[at * size..(at + 1) * size]);
        u64::from_le_bytes(lane)
    };
    match expected {
        V128Pattern::I8x16(lanes) => lanes
            .iter()
            .enumerate()
            .all(|(at, e)| lane(at, 1) as i8 == *e),
        V128Pattern::I16x8(lanes) => lanes
            .iter()
            .enumerate()
            .all(|(at, e)| lane(at, 2) as i16 == *e),
        V128Pattern::I32x4(lanes) => lanes
            .iter()
            .enumerate()
            .all(|(at, e)| lane(at, 4) as i32 == *e),
        V128Pattern::I64x2(lanes) => lanes
            .iter()
            .enumerate()
            .all(|(at, e)| lane(at, 8) as i64 == *e),
        V128Pattern::F32x4(lanes) => lanes.iter().enumerate().all(|(at, e)| {
            let found = lane(at, 4) as u32;
            match e {
                NanPattern::CanonicalNan => found & 0x7fff_ffff == 0x7fc0_0000,
                NanPattern::ArithmeticNan => found & 0x7fc0_0000 == 0x7fc0_0000,
                NanPattern::Value(e) => found == e.bits,
            }
        }),
        V128Pattern::F64x2(lanes) => lanes.iter().enumerate().all(|(at, e)| {
            let found = lane(at, 8);
            match e {
                NanPattern::CanonicalNan => found & !(1 << 63) == 0x7ff8 << 48,
                NanPattern::ArithmeticNan => found & (0x7ff8 << 48) == 0x7ff8 << 48,
                NanPattern::Value(e) => found == e.bits,
            }
        }),
    }
}

/// The module that the suite's scripts import.
fn spectest(engine: &Engine, store: &mut Store<()>) -> Linker<()> {
    let mut linker = Linker::new(engine);
    let module = "spectest";
    linker.func_wrap(module, "print", || {}).unwrap();
    linker.func_wrap(module, "print_i32", |_: i32| {}).unwrap();
    linker.func_wrap(module, "print_i64", |_: i64| {}).unwrap();
    linker.func_wrap(module, "print_f32", |_: f32| {}).unwrap();
    linker.func_wrap(module, "print_f64", |_: f64| {}).unwrap();
    linker
        .func_wrap(module, "print_i32_f32", |_: i32, _: f32| {})
        .unwrap();
    linker
        .func_wrap(module, "print_f64_f64", |_: f64, _: f64| {})
        .unwrap();
    for (name, ty, value) in [
        ("global_i32", ValType::I32, Val::I32(666)),
        ("global_i64", ValType::I64, Val::I64(666)),
        ("global_f32", ValType::F32, Val::F32(666.6_f32.to_bits())),
        ("global_f64", ValType::F64, Val::F64(666.6_f64.to_bits())),
    ] {
        let global =
            Global::new(&mut *store, GlobalType::new(ty, Mutability::Const), value).unwrap();
        linker
            .define(&*store, module, name, Extern::Global(global))
            .unwrap();
    }
    let table = TableType::new(wasmtime::RefType::FUNCREF, 10, Some(20));
    let table = Table::new(&mut *store, table, Ref::Func(None)).unwrap();
    linker.define(&*store, module, "table", table).unwrap();
    let memory = Memory::new(&mut *store, MemoryType::new(1, Some(2))).unwrap();
    linker.define(&*store, module, "memory", memory).unwrap();
    linker
}

fn run_file(text: &str, engine: &Engine, settings: &WasmConfig) -> Result<Counts, String> {
    let mut lexer = wast::lexer::Lexer::new(text);
    lexer.allow_confusing_unicode(true);
    let buffer = ParseBuffer::new_with_lexer(lexer).map_err(|error| error.to_string())?;
    let script = parser::parse::<wast::Wast<'_>>(&buffer).map_err(|error| error.to_string())?;
    let mut counts = Counts::default();
    let mut run = Script::new(engine, settings);
    for directive in script.directives {
        let (line, _) = directive.span().linecol_in(text);
        match run.directive(directive) {
            Ok(()) => counts.passed += 1,
            Err(Miss::Skipped) => counts.skipped += 1,
            Err(Miss::Failed(reason)) => counts.failed.push((line + 1, reason)),
        }
    }
    counts.refused = run.refused;
    counts.reasons = run.reasons;
    counts.passed -= run.refused;
    Ok(counts)
}

#[test]
fn the_specifications_suite_passes_wherever_its_features_are_served() {
    let Some(files) = unpack("WebAssembly-testsuite-193e551.tar.zst") else {
        return;
    };
    let settings = settings();
    let engine = Engine::new(&engine::settings(&settings)).unwrap();
    let (mut passed, mut skipped, mut whole) = (0, 0, 0);
    let mut partly = Vec::new();
    let mut unread = Vec::new();
    let mut failures = Vec::new();
    let mut reasons = BTreeMap::new();
    for (path, bytes) in &files {
        let name = path.trim_start_matches("./");
        // Proposals and superseded forms lie in folders of their own.
        if name.contains('/') || !name.ends_with(".wast") {
            continue;
        }
        match run_file(&String::from_utf8_lossy(bytes), &engine, &settings) {
            Ok(counts) => {
                passed += counts.passed;
                skipped += counts.skipped + counts.refused;
                if counts.refused == 0 && counts.skipped == 0 {
                    whole += 1;
                } else {
                    partly.push(format!(
                        "{name} {}/{}/{}",
                        counts.passed, counts.refused, counts.skipped
                    ));
                }
                for (reason, count) in counts.reasons {
                    *reasons.entry(reason).or_insert(0) += count;
                }
                for (line, reason) in counts.failed {
                    if AFTER_REFUSED.contains(&(name, line)) {
                        skipped += 1;
                    } else {
                        failures.push(format!("{name}:{line}: {reason}"));
                    }
                }
            }
            Err(reason) => unread.push(format!(
                "{name}: {}",
                reason.lines().next().unwrap_or_default()
            )),
        }
    }
    println!(
        "specification suite: {passed} directives passed, {skipped} refused or skipped, {whole} files whole"
    );
    println!(
        "partly (passed/refused modules/skipped): {}",
        partly.join(", ")
    );
    println!("reasons of refusals: {reasons:#?}");
    println!("not readable: {unread:#?}");
    assert!(
        failures.is_empty(),
        "{} failures: {failures:#?}",
        failures.len()
    );
    assert!(passed > 60_000 && whole > 130, "{passed} {whole}");
}
