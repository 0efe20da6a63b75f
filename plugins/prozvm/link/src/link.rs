//! The steps of a link, in their order.

use std::collections::{BTreeMap, BTreeSet};

use proz_prozvm_asm::NAMES_SECTION;
use proz_prozvm_core::{Class, Custom, Export, Opcode, Program, Signature, verify};

use crate::assignment::assign_all;
use crate::debug::line_table;
use crate::discover::{Choices, discover};
use crate::elf::{Image, Kind};
use crate::emit::Emitter;
use crate::error::LinkError;
use crate::exports::{Exported, exports};
use crate::functions::Functions;
use crate::handles::Handles;
use crate::infer::{Root, infer};
use crate::ir::{Block, Body, Code, FunctionId};
use crate::liveness::Signatures;
use crate::lower::Lowering;
use crate::options::{LinkOptions, Linked, Statistics};
use crate::placement::{Placement, Target};
use crate::simplify;

/// Links a statically linked RISC-V executable to a program that passes the verifier, with figures about it.
///
/// # Errors
///
/// [`LinkError`] with what was found and what to do about it.
pub fn link_with_statistics(elf: &[u8], options: &LinkOptions) -> Result<Linked, LinkError> {
    let image = Image::read(elf)?;
    let placement = Placement::of(&image, options)?;
    let functions = Functions::of(&image);
    let exports = exports(&image, &functions, options)?;
    let mut linker = Linker {
        image: &image,
        placement,
        functions: &functions,
        options,
        handles: Handles::default(),
        bodies: BTreeMap::new(),
        labels: BTreeMap::new(),
        statistics: Statistics::default(),
    };
    linker.relocate_data()?;
    linker.collect(&exports)?;
    linker.finish(exports)
}

/// Links a statically linked RISC-V executable to a program that passes the verifier.
///
/// # Errors
///
/// [`LinkError`] with what was found and what to do about it.
pub fn link(elf: &[u8], options: &LinkOptions) -> Result<Program, LinkError> {
    link_with_statistics(elf, options).map(|linked| linked.program)
}

struct Linker<'a, 'b> {
    image: &'b Image<'a>,
    placement: Placement,
    functions: &'b Functions<'a>,
    options: &'b LinkOptions,
    handles: Handles,
    bodies: BTreeMap<FunctionId, Body>,
    /// Places in data that hold addresses inside functions.
    labels: BTreeMap<FunctionId, Vec<u64>>,
    statistics: Statistics,
}

/// Relocation types of data.
mod kind {
    pub(super) const ABSOLUTE_32: u32 = 1;
    pub(super) const ABSOLUTE_64: u32 = 2;
    /// `ADD8` to `SUB64`, differences of addresses.
    pub(super) const DIFFERENCES: std::ops::RangeInclusive<u32> = 33..=40;
    pub(super) const NONE: u32 = 0;
    pub(super) const RELAX: u32 = 51;
    /// `SUB6` to `SET32`.
    pub(super) const SETS: std::ops::RangeInclusive<u32> = 52..=56;
    pub(super) const SUB_ULEB128: u32 = 61;
    pub(super) const SET_ULEB128: u32 = 60;
}

impl Linker<'_, '_> {
    /// Writes moved addresses and handles into data.
    fn relocate_data(&mut self) -> Result<(), LinkError> {
        for relocation in &self.image.relocations {
            let address = relocation.address;
            let section = self
                .image
                .section_at(address)
                .map(|index| self.image.sections[index]);
            let is_data = section.is_some_and(|s| matches!(s.kind, Kind::ReadOnly | Kind::Data));
            if !is_data {
                continue;
            }
            let size = match relocation.kind {
                kind::NONE | kind::RELAX => continue,
                kind::ABSOLUTE_32 => 4,
                kind::ABSOLUTE_64 => 8,
                other if kind::DIFFERENCES.contains(&other) || kind::SETS.contains(&other) => {
                    self.difference(relocation)?;
                    continue;
                }
                kind::SUB_ULEB128 | kind::SET_ULEB128 => continue,
                other => {
                    return Err(LinkError::Relocation {
                        kind: other,
                        address,
                        advice: "unknown in data; link with -static, without -fpic and -pie",
                    });
                }
            };
            let target = self.placement.target(self.image, relocation)?;
            let value = match target {
                Target::Value(value) => value,
                Target::Code(code) => match self.functions.entry(code) {
                    Some(function) => self.handles.of(function),
                    None => {
                        if let Some(owner) = self.functions.owner(code) {
                            self.labels.entry(owner).or_default().push(address);
                        }
                        0
                    }
                },
            };
            let place = self.placement.moved(self.image, address);
            let place = place.and_then(|place| self.placement.at(place, size));
            let place = place.ok_or(LinkError::RelocationMismatch { address })?;
            place.copy_from_slice(&value.to_le_bytes()[..size]);
        }
        Ok(())
    }

    /// A difference of two addresses is right as it stands when both are in one section; differences of code
    /// addresses are jump tables, and what else there is of them is left to whoever reads it.
    fn difference(&mut self, relocation: &crate::elf::Relocation) -> Result<(), LinkError> {
        if let Ok(Target::Code(code)) = self.placement.target(self.image, relocation)
            && let Some(owner) = self.functions.owner(code)
        {
            self.labels
                .entry(owner)
                .or_default()
                .push(relocation.address);
        }
        Ok(())
    }

    /// Builds the bodies of all functions that are reached.
    fn collect(&mut self, exports: &[Exported]) -> Result<(), LinkError> {
        let full_limit = self.options.config.limits.instructions;
        let mut limit = full_limit;
        let mut work: BTreeSet<FunctionId> = exports.iter().map(|export| export.function).collect();
        let mut seen_handles = 0;
        loop {
            work.extend(&self.handles.table()[seen_handles..]);
            seen_handles = self.handles.table().len();
            let Some(function) = work.pop_first() else {
                break;
            };
            if self.bodies.contains_key(&function) {
                continue;
            }
            let choices = Choices {
                replace_memory_functions: self.options.replace_memory_functions,
                limit,
                full_limit,
            };
            let mut lowering = Lowering {
                image: self.image,
                placement: &self.placement,
                functions: self.functions,
                handles: &mut self.handles,
                function,
            };
            let labels = self.labels.get(&function).map_or(&[][..], |labels| labels);
            let found = discover(&mut lowering, choices, labels)?;
            limit = limit.saturating_sub(found.instructions);
            self.statistics.instructions_read += found.instructions;
            self.statistics.switches += found.switches;
            self.statistics.memory_calls += found.memory_calls;
            for code in found.body.blocks.iter().flat_map(|block| &block.code) {
                match code.class() {
                    Class::Call => _ = work.insert(code.imm as usize),
                    Class::Syscall => self.check_syscall(function, code)?,
                    _ => {}
                }
            }
            self.bodies.insert(function, found.body);
            if self.bodies.len() > self.options.config.limits.functions {
                return Err(LinkError::TooMany {
                    limit: self.options.config.limits.functions,
                });
            }
        }
        if !self.image.has_relocations && self.needs_relocations() {
            return Err(LinkError::NoRelocations);
        }
        Ok(())
    }

    /// Whether anything in the file could be an address.
    fn needs_relocations(&self) -> bool {
        let is_data = |kind| {
            matches!(
                kind,
                Kind::ReadOnly | Kind::Data | Kind::Zero | Kind::Exports
            )
        };
        self.image
            .sections
            .iter()
            .any(|section| is_data(section.kind) && section.size != 0)
    }

    fn check_syscall(&self, function: FunctionId, code: &Code) -> Result<(), LinkError> {
        let number = code.imm as u16;
        if self.options.syscalls.get(number).is_some() {
            return Ok(());
        }
        Err(LinkError::Syscall {
            function: self.functions.name(function).to_owned(),
            address: code.pc,
            number,
        })
    }

    fn signatures(&self, roots: &BTreeMap<FunctionId, Root>) -> Signatures {
        let taken: BTreeSet<FunctionId> = self.handles.table().iter().copied().collect();
        infer(
            &self.bodies,
            self.functions.len(),
            roots,
            &taken,
            self.options.plain_results,
            self.options.syscalls,
        )
    }

    /// Simplifies, and writes the program.
    fn finish(mut self, exports: Vec<Exported>) -> Result<Linked, LinkError> {
        let mut roots = BTreeMap::new();
        for export in &exports {
            let root = roots.entry(export.function).or_insert(Root::Plain);
            *root = (*root).max(export.root());
        }
        let strip = self.options.config.optimization.strip_callee_saves;
        if strip {
            for body in self.bodies.values_mut() {
                self.statistics.saves_deleted += simplify::strip_saves(body);
            }
        }
        let mut signatures = self.signatures(&roots);
        if self.options.optimise {
            for _ in 0..2 {
                self.simplify(&signatures, strip);
                self.drop_unreached(&exports);
                signatures = self.signatures(&roots);
            }
        }
        for (&function, body) in &mut self.bodies {
            self.statistics.zeroed_registers += assign_all(body, function, &signatures);
        }
        self.emit(exports, &roots, signatures)
    }

    fn simplify(&mut self, signatures: &Signatures, strip: bool) {
        for (&function, body) in &mut self.bodies {
            simplify::fold_constants(body, &self.handles);
            simplify::propagate_copies(body, signatures);
            self.statistics.dead_deleted +=
                simplify::delete_dead(body, function, signatures, strip);
            self.statistics.frames_deleted += usize::from(simplify::delete_frame(body));
        }
    }

    /// Drops functions that nothing calls any more.
    fn drop_unreached(&mut self, exports: &[Exported]) {
        let mut work: Vec<FunctionId> = exports.iter().map(|export| export.function).collect();
        work.extend(self.handles.table());
        let mut reached = BTreeSet::new();
        while let Some(function) = work.pop() {
            if let Some(body) = self
                .bodies
                .get(&function)
                .filter(|_| reached.insert(function))
            {
                let codes = body.blocks.iter().flat_map(|block| &block.code);
                let calls = codes.filter(|code| code.class() == Class::Call);
                work.extend(calls.map(|code| code.imm as usize));
            }
        }
        self.bodies.retain(|function, _| reached.contains(function));
    }

    fn emit(
        mut self,
        exports: Vec<Exported>,
        roots: &BTreeMap<FunctionId, Root>,
        mut signatures: Signatures,
    ) -> Result<Linked, LinkError> {
        let indirect = Signature::new(signatures.indirect_parameters, signatures.indirect_results);
        // A function that is only called indirectly takes that type; others get a thunk.
        let called: BTreeSet<usize> = self
            .bodies
            .values()
            .flat_map(|body| &body.blocks)
            .flat_map(|block| &block.code)
            .filter(|code| code.class() == Class::Call)
            .map(|code| code.imm as usize)
            .collect();
        let own = |signatures: &Signatures, function: usize| {
            Signature::new(
                signatures.parameters[function],
                signatures.results[function],
            )
        };
        let mut thunks = Vec::new();
        for &function in self.handles.table() {
            let signature = own(&signatures, function);
            if signature == indirect {
                continue;
            }
            let is_free = !called.contains(&function) && !roots.contains_key(&function);
            if is_free && signature.results == indirect.results {
                signatures.parameters[function] = indirect.parameters;
            } else {
                thunks.push(function);
            }
        }
        let mut emitter = Emitter::new(&self.bodies, &signatures);
        let mut names = Names::default();
        for (&function, body) in &self.bodies {
            emitter.function(own(&signatures, function), body);
            names.add(self.functions.name(function));
        }
        let mut table: BTreeMap<FunctionId, u32> = emitter.indices.clone();
        for &function in &thunks {
            let index = emitter.program.functions.len() as u32;
            table.insert(function, index);
            let missing = (own(&signatures, function).results..indirect.results)
                .map(|result| Code::li(10 + result, 0, self.functions.get(function).address));
            let pc = self.functions.get(function).address;
            let code = std::iter::once(Code::new(Opcode::Call, 0, 0, 0, function as i64, pc))
                .chain(missing)
                .chain([Code::new(Opcode::Return, 0, 0, 0, 0, pc)]);
            let block = Block {
                pc,
                code: code.collect(),
                next: None,
            };
            let body = Body {
                blocks: vec![block],
                switches: Vec::new(),
            };
            emitter.function(indirect, &body);
            names.add(&format!("{}.indirect", self.functions.name(function)));
        }
        let indices = std::mem::take(&mut emitter.indices);
        let mut program = emitter.program;
        let origins = emitter.origins;
        let entries = self
            .handles
            .table()
            .iter()
            .map(|function| table.get(function).copied().unwrap_or(u32::MAX));
        program.function_table = entries.collect();
        program.exports = exports
            .into_iter()
            .map(|export| Export {
                kind: export.kind,
                mutability: export.mutability,
                function: indices.get(&export.function).copied().unwrap_or(u32::MAX),
                name: export.name,
            })
            .collect();
        program.gas_schedule = self.options.config.gas_schedule.id;
        let grows = program
            .code
            .iter()
            .any(|code| code.opcode == Opcode::HeapGrow);
        let layout = self.placement.layout;
        self.placement.finish(&mut program, grows);
        debug_assert_eq!(layout, proz_prozvm_core::Layout::of(&program));
        if self.options.names {
            program.custom.push(Custom {
                name: NAMES_SECTION.to_owned(),
                data: names.list.join("\n").into_bytes(),
            });
        }
        let lines = self
            .options
            .lines
            .then(|| line_table(self.image, &program, &origins));
        program
            .custom
            .extend(lines.flatten().map(|lines| lines.to_custom()));
        self.statistics.functions = program.functions.len();
        self.statistics.dead_functions = self.functions.len() - self.bodies.len();
        self.statistics.instructions = program.code.len();
        self.statistics.thunks = thunks.len();
        let verified = verify(program, &self.options.config, &self.options.syscalls);
        let program = verified.map_err(LinkError::Rejected)?.program().clone();
        Ok(Linked {
            program,
            statistics: self.statistics,
        })
    }
}

/// Most characters of the name of a function.
const NAME_LIMIT: usize = 512;

/// Names of functions as the text form has them: each once, of its characters.
#[derive(Default)]
struct Names {
    list: Vec<String>,
    taken: BTreeSet<String>,
    /// The last number given to each name that occurs more than once.
    numbers: BTreeMap<String, usize>,
}

impl Names {
    fn add(&mut self, name: &str) {
        let mut clean: String = name
            .chars()
            .take(NAME_LIMIT)
            .map(|c| {
                if c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '$') {
                    c
                } else {
                    '_'
                }
            })
            .collect();
        if !clean.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_' || c == '.') {
            clean.insert(0, '_');
        }
        let mut unique = clean.clone();
        while !self.taken.insert(unique.clone()) {
            let number = self.numbers.entry(clean.clone()).or_insert(1);
            *number += 1;
            unique = format!("{clean}.{number}");
        }
        self.list.push(unique);
    }
}
