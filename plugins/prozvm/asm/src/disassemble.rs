//! Program to text.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use proz_prozvm_core::{
    Class, ExportKind, Features, Instruction, Mutability, Operand, Program, Signature,
    register_name,
};

use crate::operand::is_name;

/// Custom section with the names of the functions, one a line, in the order of the functions.
pub const NAMES_SECTION: &str = "names";

/// Names of the functions: from the custom section `names` if it is sound, else `f0`, `f1`…
pub fn function_names(program: &Program) -> Vec<String> {
    sound_names(program).unwrap_or_else(|| {
        (0..program.functions.len())
            .map(|index| format!("f{index}"))
            .collect()
    })
}

/// Writes a program as text that assembles to the same program.
pub fn disassemble(program: &Program) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = write_program(&mut out, program);
    out
}

/// Writes one instruction; `names` are those of the functions, labels are `L` and the target's index.
pub fn disassemble_instruction(
    program: &Program,
    names: &[String],
    instruction: Instruction,
) -> String {
    let mut out = String::from(instruction.opcode.mnemonic());
    for (index, &operand) in instruction.class().operands().iter().enumerate() {
        out.push_str(if index == 0 { " " } else { ", " });
        out.push_str(&operand_text(program, names, instruction, operand));
    }
    out
}

fn sound_names(program: &Program) -> Option<Vec<String>> {
    let custom = program
        .custom
        .iter()
        .find(|custom| custom.name == NAMES_SECTION)?;
    let names: Vec<String> = std::str::from_utf8(&custom.data)
        .ok()?
        .split('\n')
        .map(str::to_owned)
        .collect();
    let unique = names.iter().collect::<BTreeSet<_>>().len() == names.len();
    (unique && names.len() == program.functions.len() && names.iter().all(|name| is_name(name)))
        .then_some(names)
}

fn write_program(out: &mut String, program: &Program) -> std::fmt::Result {
    let names = function_names(program);
    writeln!(out, ".schedule {}", program.gas_schedule)?;
    let features = [(Features::WIDE, " wide"), (Features::HASH, " hash")];
    let features = features
        .into_iter()
        .filter(|&(bit, _)| program.features.contains(bit));
    writeln!(
        out,
        ".features{}",
        features.map(|(_, name)| name).collect::<String>()
    )?;
    writeln!(out, ".stack {}", program.stack_size)?;
    writeln!(out, ".bss {}", program.bss_size)?;
    writeln!(out, ".heap {}", program.heap_pages)?;
    writeln!(out, ".pages {}", program.max_pages)?;
    for &signature in &program.types {
        writeln!(out, ".type {}", signature_text(signature))?;
    }
    for import in &program.imports {
        writeln!(
            out,
            ".import {} {}",
            import.number,
            signature_text(import.signature)
        )?;
    }
    for constant in &program.constants {
        writeln!(out, ".const {constant:#x}")?;
    }
    let mut start = 0;
    for (function, name) in program.functions.iter().zip(&names) {
        let body = &program.code[start..start + function.length as usize];
        let signature = program
            .types
            .get(usize::from(function.signature))
            .copied()
            .unwrap_or_default();
        writeln!(out, "\n.func {name} {}", signature_text(signature))?;
        write_body(out, program, &names, body)?;
        start += body.len();
    }
    out.push('\n');
    for &function in &program.function_table {
        writeln!(out, ".table {}", names[function as usize])?;
    }
    write_bytes(out, ".rodata", &program.rodata)?;
    write_bytes(out, ".data", &program.data)?;
    write_exports(out, program, &names)?;
    for custom in &program.custom {
        if custom.name == NAMES_SECTION && sound_names(program).is_some() {
            writeln!(out, ".names")?;
        } else {
            writeln!(
                out,
                ".custom {} {}",
                quoted(&custom.name),
                hex_text(&custom.data)
            )?;
        }
    }
    Ok(())
}

fn write_body(
    out: &mut String,
    program: &Program,
    names: &[String],
    body: &[Instruction],
) -> std::fmt::Result {
    let mut labels = BTreeSet::new();
    for instruction in body {
        match instruction.class() {
            Class::Branch | Class::Jump => _ = labels.insert(instruction.imm as u32),
            Class::Switch => labels.extend(
                program.switch_tables[instruction.index()]
                    .targets
                    .iter()
                    .copied(),
            ),
            _ => {}
        }
    }
    for (at, &instruction) in body.iter().enumerate() {
        if labels.contains(&(at as u32)) {
            writeln!(out, "L{at}:")?;
        }
        writeln!(
            out,
            "    {}",
            disassemble_instruction(program, names, instruction)
        )?;
    }
    Ok(())
}

fn write_exports(out: &mut String, program: &Program, names: &[String]) -> std::fmt::Result {
    for export in &program.exports {
        let kind = match export.kind {
            ExportKind::Method(selector) => {
                format!("selector {:#010x}", u32::from_be_bytes(selector))
            }
            ExportKind::Constructor => "constructor".to_owned(),
            ExportKind::Fallback => "fallback".to_owned(),
            ExportKind::Receive => "receive".to_owned(),
            ExportKind::Plain => "plain".to_owned(),
        };
        let mutability = match export.mutability {
            Mutability::NonPayable => "nonpayable",
            Mutability::Payable => "payable",
            Mutability::View => "view",
            Mutability::Pure => "pure",
        };
        writeln!(
            out,
            ".export {} {} {kind} {mutability}",
            quoted(&export.name),
            names[export.function as usize]
        )?;
    }
    Ok(())
}

fn write_bytes(out: &mut String, section: &str, bytes: &[u8]) -> std::fmt::Result {
    if !bytes.is_empty() {
        writeln!(out, "{section}")?;
    }
    for line in bytes.chunks(32) {
        writeln!(out, "    .hex {}", hex_text(line))?;
    }
    Ok(())
}

fn operand_text(program: &Program, names: &[String], i: Instruction, operand: Operand) -> String {
    let address = |register: u8| format!("({})", register_name(register));
    match operand {
        Operand::Destination => register_name(i.rd).to_owned(),
        Operand::DestinationAddress => address(i.rd),
        Operand::First => register_name(i.rs1).to_owned(),
        Operand::Second => register_name(i.rs2).to_owned(),
        Operand::FirstAddress => address(i.rs1),
        Operand::SecondAddress => address(i.rs2),
        Operand::ThirdAddress => address(i.imm as u8),
        Operand::Displaced => format!("{}{}", i.imm, address(i.rs1)),
        Operand::Immediate | Operand::Shift64 | Operand::Shift32 | Operand::TrapCode => {
            i.imm.to_string()
        }
        Operand::Constant => format!(
            "{:#x}",
            program
                .constants
                .get(i.index())
                .copied()
                .unwrap_or_default()
        ),
        Operand::Target => format!("L{}", i.imm),
        Operand::Function => names.get(i.index()).cloned().unwrap_or_default(),
        Operand::Signature => {
            signature_text(program.types.get(i.index()).copied().unwrap_or_default())
        }
        Operand::Table => {
            let targets = program
                .switch_tables
                .get(i.index())
                .map_or(&[][..], |table| &table.targets[..]);
            targets
                .iter()
                .map(|target| format!("L{target}"))
                .collect::<Vec<_>>()
                .join(", ")
        }
        Operand::Import => program
            .imports
            .get(i.index())
            .map_or(0, |import| import.number)
            .to_string(),
    }
}

fn signature_text(signature: Signature) -> String {
    format!("({}) -> {}", signature.parameters, signature.results)
}

fn hex_text(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            // `str::lines` takes a carriage return before a line break away.
            '\r' => out.push_str("\\x0d"),
            other => out.push(other),
        }
    }
    out.push('"');
    out
}
