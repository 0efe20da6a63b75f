//! Writes the binary form.

use super::{MAGIC, Section, section_size};
use crate::program::{Export, ExportKind, FORMAT_VERSION, Program};

pub(super) fn encode_header(program: &Program) -> Vec<u8> {
    let mut out = MAGIC.to_vec();
    out.extend(FORMAT_VERSION.to_le_bytes());
    out.extend(program.gas_schedule.to_le_bytes());
    let words = [
        program.features.bits(),
        program.stack_size,
        program.bss_size,
        program.heap_pages,
        program.max_pages,
        0,
    ];
    out.extend(words.into_iter().flat_map(u32::to_le_bytes));
    out
}

pub(super) fn encode_section(program: &Program, section: Section) -> Vec<u8> {
    let mut out = Vec::with_capacity(section_size(program, section));
    match section {
        Section::Types => out.extend(program.types.iter().flat_map(|t| [t.parameters, t.results])),
        Section::Imports => {
            for import in &program.imports {
                out.extend(import.number.to_le_bytes());
                out.extend([import.signature.parameters, import.signature.results]);
            }
        }
        Section::Functions => {
            for function in &program.functions {
                out.extend(function.signature.to_le_bytes());
                out.extend([0, 0]);
                out.extend(function.length.to_le_bytes());
            }
        }
        Section::Constants => out.extend(program.constants.iter().flat_map(|c| c.to_le_bytes())),
        Section::Code => out.extend(program.code.iter().flat_map(|i| i.encode())),
        Section::SwitchTables => {
            for table in &program.switch_tables {
                out.extend((table.targets.len() as u32).to_le_bytes());
                out.extend(table.targets.iter().flat_map(|t| t.to_le_bytes()));
            }
        }
        Section::FunctionTable => {
            out.extend(program.function_table.iter().flat_map(|f| f.to_le_bytes()))
        }
        Section::Rodata => out.extend(&program.rodata),
        Section::Data => out.extend(&program.data),
        Section::Exports => program
            .exports
            .iter()
            .for_each(|export| encode_export(&mut out, export)),
        Section::Custom => {
            for custom in &program.custom {
                encode_name(&mut out, &custom.name);
                out.extend((custom.data.len() as u32).to_le_bytes());
                out.extend(&custom.data);
            }
        }
    }
    out
}

fn encode_export(out: &mut Vec<u8>, export: &Export) {
    let (kind, selector) = match export.kind {
        ExportKind::Method(selector) => (0, selector),
        ExportKind::Constructor => (1, [0; 4]),
        ExportKind::Fallback => (2, [0; 4]),
        ExportKind::Receive => (3, [0; 4]),
        ExportKind::Plain => (4, [0; 4]),
    };
    out.extend([kind, export.mutability as u8]);
    out.extend(selector);
    out.extend(export.function.to_le_bytes());
    encode_name(out, &export.name);
}

fn encode_name(out: &mut Vec<u8>, name: &str) {
    out.extend((name.len() as u16).to_le_bytes());
    out.extend(name.as_bytes());
}
