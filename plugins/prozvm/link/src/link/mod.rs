//! The steps of a link, in their order.

mod data;
mod output;

use std::collections::{BTreeMap, BTreeSet};

use proz_prozvm_core::{Class, Program};

use crate::assignment::assign_all;
use crate::discover::{Choices, discover};
use crate::elf::{Image, Kind};
use crate::error::LinkError;
use crate::exports::{Exported, exports};
use crate::functions::Functions;
use crate::handles::Handles;
use crate::infer::{Root, infer};
use crate::ir::{Body, Code, FunctionId};
use crate::liveness::Signatures;
use crate::lower::Lowering;
use crate::options::{LinkOptions, Linked, Statistics};
use crate::placement::Placement;
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

impl Linker<'_, '_> {
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
}
