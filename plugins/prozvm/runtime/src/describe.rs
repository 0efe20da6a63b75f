//! Tells people what a program is: the facts of the extension `proz.inspect/1`.

use std::collections::BTreeMap;

use proz_prozvm_core::{ExportKind, Features, Mutability, PAGE_SIZE, Program, Section};
use proz_sdk::{CodeFact, Inspect, VmError, fact, pricing};

use crate::contract::Contract;
use crate::machine::ProzVmMachine;

impl Inspect for ProzVmMachine {
    fn inspect(&self, code: &[u8]) -> Result<Vec<CodeFact>, VmError> {
        let contract = self.prepare(code)?;
        Ok(describe(&contract, self))
    }
}

fn describe(contract: &Contract, machine: &ProzVmMachine) -> Vec<CodeFact> {
    let verified = contract.program();
    let program = verified.program();
    let layout = verified.layout();
    let memory_gas = verified.memory_cost() / machine.prices().units_per_gas;
    let entry_gas = machine.prices().enter;
    let preparation_gas = machine.prices().preparation(contract.code_bytes);
    vec![
        fact("header", header(program)),
        fact(
            "size",
            [
                format!("{} bytes", contract.code_bytes),
                counted(program.functions.len(), "function"),
                counted(program.code.len(), "instruction"),
                counted(verified.blocks().len(), "block"),
                format!("{} bytes prepared", contract.engine.size_bytes()),
            ],
        ),
        fact("sections", sections(program)),
        fact(
            "memory",
            [
                format!("{} bytes of read-only data", program.rodata.len()),
                format!("{} bytes of stack", program.stack_size),
                format!("{} bytes of data", program.data.len()),
                format!("{} bytes of bss", program.bss_size),
                counted(program.heap_pages as usize, "page") + " of heap",
                format!(
                    "{} ({} KiB) at the start, at most {}",
                    counted(layout.pages() as usize, "page"),
                    layout.pages() * u64::from(PAGE_SIZE) / 1024,
                    program.max_pages
                ),
            ],
        ),
        fact("syscalls", syscalls(program, machine)),
        fact("exports", program.exports.iter().map(export)),
        fact("functions", functions(contract)),
        fact("instructions", instructions(program)),
        fact("entry gas", entry(entry_gas, memory_gas, preparation_gas)),
    ]
}

/// What is due before the first instruction, and whether a plain transfer can pay it.
fn entry(entry_gas: u64, memory_gas: u64, preparation_gas: u64) -> Vec<String> {
    let mut said = vec![
        format!("{entry_gas} for each call, {memory_gas} for its memory"),
        format!("{preparation_gas} for the first call in a transaction"),
    ];
    let all = entry_gas
        .saturating_add(memory_gas)
        .saturating_add(preparation_gas);
    if all > pricing::CALL_STIPEND {
        said.push(format!(
            "hint: {all} is more than the {} of a plain transfer, which cannot reach it; declare less memory or strip \
             the program",
            pricing::CALL_STIPEND
        ));
    }
    said
}

fn header(program: &Program) -> Vec<String> {
    let mut said = vec![
        format!("version {}", proz_prozvm_core::FORMAT_VERSION),
        format!("gas schedule {}", program.gas_schedule),
    ];
    for (name, feature) in [("wide", Features::WIDE), ("hash", Features::HASH)] {
        if program.features.contains(feature) {
            said.push(format!("feature {name}"));
        }
    }
    said
}

fn sections(program: &Program) -> Vec<String> {
    let mut ends: Vec<(Section, usize)> = Section::ALL
        .into_iter()
        .map(|section| (section, program.section_offset(section)))
        .collect();
    let end = program.encoded_size();
    let mut said = Vec::new();
    // An empty section has the place of the next: only where bytes follow is one.
    while let Some((section, start)) = ends.first().copied() {
        ends.remove(0);
        let next = ends.first().map_or(end + 5, |&(_, next)| next);
        let size = next.saturating_sub(start + 5);
        if next > start {
            said.push(format!(
                "{} {size} bytes at {start:#x}",
                format!("{section:?}").to_lowercase()
            ));
        }
    }
    said
}

fn syscalls(program: &Program, machine: &ProzVmMachine) -> Vec<String> {
    let table = machine.config().release.syscalls();
    let imports = program.imports.iter();
    imports
        .map(|import| match table.get(import.number) {
            Some(entry) => format!("{} {}", import.number, entry.name),
            None => import.number.to_string(),
        })
        .collect()
}

fn export(export: &proz_prozvm_core::Export) -> String {
    let how = match export.kind {
        ExportKind::Method([a, b, c, d]) => format!("method {a:02x}{b:02x}{c:02x}{d:02x}"),
        ExportKind::Constructor => "constructor".to_owned(),
        ExportKind::Fallback => "fallback".to_owned(),
        ExportKind::Receive => "receive".to_owned(),
        ExportKind::Plain => "plain".to_owned(),
    };
    let promise = match export.mutability {
        Mutability::NonPayable => "",
        Mutability::Payable => ", payable",
        Mutability::View => ", view",
        Mutability::Pure => ", pure",
    };
    format!(
        "{} ({how}{promise}, function {})",
        export.name, export.function
    )
}

/// Functions and how much of the code each is.
fn functions(contract: &Contract) -> Vec<String> {
    let verified = contract.program();
    let describe = |(index, function): (usize, &proz_prozvm_core::FunctionInfo)| {
        let names: Vec<&str> = verified
            .program()
            .exports
            .iter()
            .filter(|export| export.function as usize == index)
            .map(|export| export.name.as_str())
            .collect();
        let names = if names.is_empty() {
            String::new()
        } else {
            format!(" {}", names.join(" "))
        };
        let offset = contract.code_offset + u64::from(function.start) * 8;
        format!(
            "{index}{names} ({}) -> {}, {} at {offset:#x}",
            function.signature.parameters,
            function.signature.results,
            counted(function.length as usize, "instruction"),
        )
    };
    verified
        .functions()
        .iter()
        .enumerate()
        .map(describe)
        .collect()
}

fn instructions(program: &Program) -> Vec<String> {
    let mut counts = BTreeMap::new();
    for instruction in &program.code {
        *counts
            .entry(instruction.opcode.mnemonic())
            .or_insert(0_usize) += 1;
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|&(name, count)| (std::cmp::Reverse(count), name));
    counts
        .into_iter()
        .map(|(name, count)| format!("{name} {count}"))
        .collect()
}

fn counted(count: usize, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}
