//! Writes the finished program.
//!
//! Spec: L-7, L-22, D-2.

use std::collections::{BTreeMap, BTreeSet};

use proz_prozvm_asm::NAMES_SECTION;
use proz_prozvm_core::{Class, Custom, Export, Opcode, Signature, verify};

use super::Linker;
use crate::debug::line_table;
use crate::emit::Emitter;
use crate::error::LinkError;
use crate::exports::Exported;
use crate::infer::Root;
use crate::ir::{Block, Body, Code, FunctionId};
use crate::liveness::Signatures;
use crate::options::Linked;

impl Linker<'_, '_> {
    /// Writes the program, thunks and exports included, and verifies it.
    pub(super) fn emit(
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
