//! `inspect`: what a program consists of.

use crate::{
    args::InspectArgs,
    error::{Outcome, ToolError},
    out::count,
    program::{self, Loaded},
    table::{Align, Table},
};
use proz_prozvm_core::{
    Block, ExportKind, Features, Import, Layout, MEMORY_BASE, Mutability, Program, Section,
    Signature,
};
use proz_prozvm_syscalls::CHAIN;
use serde_json::{Value, json};
use std::process::ExitCode;

pub(crate) fn run(json: bool, args: &InspectArgs) -> Outcome {
    let loaded = program::load(&args.file)?;
    let chosen = args
        .function
        .iter()
        .map(|name| loaded.function(name))
        .collect::<Result<Vec<_>, ToolError>>()?;
    if json {
        let functions = functions_json(&loaded, &chosen);
        let value = if chosen.is_empty() {
            whole_json(&loaded, functions)
        } else {
            json!({ "functions": functions })
        };
        outln!("{value}");
    } else if chosen.is_empty() {
        show_header(&loaded);
        show_sections(loaded.program());
        show_memory(loaded.verified.layout());
        show_imports(loaded.program());
        show_exports(&loaded);
        show_functions(&loaded);
        if args.blocks {
            show_blocks(&loaded);
        }
    } else {
        for function in chosen {
            show_function(&loaded, function);
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn show_header(loaded: &Loaded) {
    let program = loaded.program();
    outln!(
        "{}: PZ64 version {}, {} bytes",
        loaded.path.display(),
        proz_prozvm_core::FORMAT_VERSION,
        program.encoded_size()
    );
    let features = features(program.features);
    let features = match features.is_empty() {
        true => "no features".to_owned(),
        false => format!("features {}", features.join(" ")),
    };
    outln!("gas schedule {}, {features}", program.gas_schedule);
    outln!(
        "memory {} from the start for {} gas, at most {}",
        count(loaded.verified.layout().pages() as usize, "page"),
        loaded.verified.memory_cost(),
        program.max_pages
    );
}

fn show_sections(program: &Program) {
    let mut table = Table::new(&[
        ("section", Align::Left),
        ("offset", Align::Right),
        ("bytes", Align::Right),
        ("elements", Align::Right),
    ]);
    for section in sections(program) {
        table.row([
            section.name().to_owned(),
            program.section_offset(section).to_string(),
            program.section_size(section).to_string(),
            elements(program, section).to_string(),
        ]);
    }
    outln!("\n{table}");
}

fn show_memory(layout: &Layout) {
    let mut table = Table::new(&[
        ("region", Align::Left),
        ("from", Align::Right),
        ("to", Align::Right),
    ]);
    for (name, from, to) in regions(layout) {
        table.row([name.to_owned(), format!("{from:#x}"), format!("{to:#x}")]);
    }
    outln!("{table}");
}

fn show_imports(program: &Program) {
    if program.imports.is_empty() {
        return;
    }
    let mut table = Table::new(&[
        ("import", Align::Right),
        ("syscall", Align::Left),
        ("type", Align::Left),
    ]);
    for import in &program.imports {
        table.row([
            import.number.to_string(),
            syscall_name(import).to_owned(),
            signature(import.signature),
        ]);
    }
    outln!("{table}");
}

fn show_exports(loaded: &Loaded) {
    if loaded.program().exports.is_empty() {
        return;
    }
    let mut table = Table::new(&[
        ("export", Align::Left),
        ("kind", Align::Left),
        ("selector", Align::Left),
        ("mutability", Align::Left),
        ("function", Align::Left),
    ]);
    for export in &loaded.program().exports {
        let (kind, selector) = kind(export.kind);
        table.row([
            export.name.clone(),
            kind.to_owned(),
            selector.unwrap_or_default(),
            mutability(export.mutability).to_owned(),
            loaded.name(export.function).to_owned(),
        ]);
    }
    outln!("{table}");
}

fn show_functions(loaded: &Loaded) {
    let mut table = Table::new(&[
        ("function", Align::Left),
        ("type", Align::Left),
        ("code", Align::Right),
        ("instructions", Align::Right),
        ("blocks", Align::Right),
        ("gas of all", Align::Right),
    ]);
    for (index, function) in loaded.verified.functions().iter().enumerate() {
        let blocks = blocks(loaded, index as u32);
        table.row([
            loaded.name(index as u32).to_owned(),
            signature(function.signature),
            function.start.to_string(),
            function.length.to_string(),
            blocks.len().to_string(),
            cost(blocks).to_string(),
        ]);
    }
    out!("{table}");
}

fn show_blocks(loaded: &Loaded) {
    let mut table = Table::new(&[
        ("block", Align::Left),
        ("instructions", Align::Right),
        ("gas", Align::Right),
        ("source", Align::Left),
    ]);
    for block in loaded.verified.blocks() {
        table.row([
            loaded.place(loaded.verified.location_of(block.start)),
            block.length.to_string(),
            block.cost.to_string(),
            loaded.source(block.start).unwrap_or_default(),
        ]);
    }
    out!("\n{table}");
}

fn show_function(loaded: &Loaded, function: u32) {
    let info = loaded.verified.functions()[function as usize];
    let blocks = blocks(loaded, function);
    outln!(
        "{} {}: {}, {}, {} gas of all",
        loaded.name(function),
        signature(info.signature),
        count(info.length as usize, "instruction"),
        count(blocks.len(), "block"),
        cost(blocks)
    );
    for block in blocks {
        let place = loaded.place(loaded.verified.location_of(block.start));
        let source = loaded.source(block.start);
        let source = source.map_or_else(String::new, |source| format!("  {source}"));
        outln!("  {place}  {} gas{source}", block.cost);
        for at in block.start..block.start + block.length {
            outln!("    {:>5}  {}", at - info.start, loaded.text(at));
        }
    }
}

fn whole_json(loaded: &Loaded, functions: Vec<Value>) -> Value {
    let program = loaded.program();
    let sections: Vec<_> = sections(program)
        .map(|section| {
            json!({
                "name": section.name(),
                "offset": program.section_offset(section),
                "size_bytes": program.section_size(section),
                "elements": elements(program, section),
            })
        })
        .collect();
    let regions: Vec<_> = regions(loaded.verified.layout())
        .into_iter()
        .map(|(name, from, to)| json!({ "name": name, "from": from, "to": to }))
        .collect();
    let imports: Vec<_> = program
        .imports
        .iter()
        .map(|import| {
            json!({
                "number": import.number,
                "name": syscall_name(import),
                "parameters": import.signature.parameters,
                "results": import.signature.results,
            })
        })
        .collect();
    let exports: Vec<_> = program
        .exports
        .iter()
        .map(|export| {
            let (kind, selector) = kind(export.kind);
            json!({
                "name": export.name,
                "kind": kind,
                "selector": selector,
                "mutability": mutability(export.mutability),
                "function": loaded.name(export.function),
            })
        })
        .collect();
    let custom: Vec<_> = program
        .custom
        .iter()
        .map(|custom| json!({ "name": custom.name, "size_bytes": custom.data.len() }))
        .collect();
    json!({
        "format_version": proz_prozvm_core::FORMAT_VERSION,
        "size_bytes": program.encoded_size(),
        "gas_schedule": program.gas_schedule,
        "features": features(program.features),
        "stack_bytes": program.stack_size,
        "bss_bytes": program.bss_size,
        "heap_pages": program.heap_pages,
        "max_pages": program.max_pages,
        "pages": loaded.verified.layout().pages(),
        "memory_gas": loaded.verified.memory_cost(),
        "sections": sections,
        "regions": regions,
        "imports": imports,
        "exports": exports,
        "custom": custom,
        "functions": functions,
    })
}

/// The chosen functions, or all.
fn functions_json(loaded: &Loaded, chosen: &[u32]) -> Vec<Value> {
    let all = 0..loaded.verified.functions().len() as u32;
    let is_wanted = |index: &u32| chosen.is_empty() || chosen.contains(index);
    all.filter(is_wanted)
        .map(|index| {
            let info = loaded.verified.functions()[index as usize];
            let blocks: Vec<_> = blocks(loaded, index)
                .iter()
                .map(|block| block_json(loaded, block, !chosen.is_empty()))
                .collect();
            json!({
                "name": loaded.name(index),
                "parameters": info.signature.parameters,
                "results": info.signature.results,
                "start": info.start,
                "instructions": info.length,
                "blocks": blocks,
            })
        })
        .collect()
}

fn block_json(loaded: &Loaded, block: &Block, with_text: bool) -> Value {
    let mut value = json!({
        "offset": loaded.verified.location_of(block.start).instruction,
        "instructions": block.length,
        "gas": block.cost,
        "source": loaded.source(block.start),
    });
    if with_text {
        let texts = (block.start..block.start + block.length).map(|at| loaded.text(at));
        value["text"] = texts.collect();
    }
    value
}

fn sections(program: &Program) -> impl Iterator<Item = Section> + '_ {
    Section::ALL
        .into_iter()
        .filter(|&section| program.section_size(section) > 0)
}

fn elements(program: &Program, section: Section) -> usize {
    match section {
        Section::Types => program.types.len(),
        Section::Imports => program.imports.len(),
        Section::Functions => program.functions.len(),
        Section::Constants => program.constants.len(),
        Section::Code => program.code.len(),
        Section::SwitchTables => program.switch_tables.len(),
        Section::FunctionTable => program.function_table.len(),
        Section::Rodata => program.rodata.len(),
        Section::Data => program.data.len(),
        Section::Exports => program.exports.len(),
        Section::Custom => program.custom.len(),
    }
}

/// Name, first address and the address behind each region that is not empty.
fn regions(layout: &Layout) -> Vec<(&'static str, u64, u64)> {
    let all = [
        ("read-only", u64::from(MEMORY_BASE), layout.stack_start),
        ("stack", layout.stack_start, layout.data_start),
        ("data", layout.data_start, layout.bss_start),
        ("bss", layout.bss_start, layout.heap_start),
        ("heap", layout.heap_start, layout.end),
    ];
    all.into_iter().filter(|(_, from, to)| from < to).collect()
}

/// The blocks of a function.
fn blocks(loaded: &Loaded, function: u32) -> &[Block] {
    let info = loaded.verified.functions()[function as usize];
    let blocks = loaded.verified.blocks();
    let at = |start: u32| blocks.partition_point(|block| block.start < start);
    &blocks[at(info.start)..at(info.start + info.length)]
}

fn cost(blocks: &[Block]) -> u64 {
    blocks.iter().map(|block| u64::from(block.cost)).sum()
}

fn features(features: Features) -> Vec<&'static str> {
    let all = [(Features::WIDE, "wide"), (Features::HASH, "hash")];
    let present = all.into_iter().filter(|&(bit, _)| features.contains(bit));
    let names: Vec<_> = present.map(|(_, name)| name).collect();
    if names.is_empty() {
        vec!["none"]
    } else {
        names
    }
}

fn signature(signature: Signature) -> String {
    format!("({}) -> {}", signature.parameters, signature.results)
}

fn syscall_name(import: &Import) -> &'static str {
    CHAIN.get(import.number).map_or("?", |entry| entry.name)
}

fn kind(kind: ExportKind) -> (&'static str, Option<String>) {
    match kind {
        ExportKind::Method(selector) => (
            "method",
            Some(format!("{:#010x}", u32::from_be_bytes(selector))),
        ),
        ExportKind::Constructor => ("constructor", None),
        ExportKind::Fallback => ("fallback", None),
        ExportKind::Receive => ("receive", None),
        ExportKind::Plain => ("plain", None),
    }
}

fn mutability(mutability: Mutability) -> &'static str {
    match mutability {
        Mutability::NonPayable => "nonpayable",
        Mutability::Payable => "payable",
        Mutability::View => "view",
        Mutability::Pure => "pure",
    }
}
