//! Verifies everything but the code.
//!
//! Spec: V-1 to V-10.

use std::hash::BuildHasher as _;

use foldhash::fast::RandomState;
use hashbrown::{HashSet, HashTable};

use super::{Context, FunctionInfo};
use crate::format::{EXPORT_FIXED, NAME_LIMIT, Section};
use crate::isa::register::{A0, MAX_PARAMETERS, MAX_RESULTS};
use crate::layout::Layout;
use crate::program::{ExportKind, PAGE_SIZE, Signature};
use crate::rules::{Rejection, Rule};

/// An empty set with room for `count` members; its order is never looked at.
fn set_of<T>(count: usize) -> HashSet<T, RandomState> {
    HashSet::with_capacity_and_hasher(count, RandomState::default())
}

/// Finds names that occur twice. Keeps their numbers, which take less room than the names.
struct Unique<'a, F> {
    name: F,
    seen: HashTable<u32>,
    state: RandomState,
    marker: std::marker::PhantomData<&'a str>,
}

impl<'a, F: Fn(usize) -> &'a str> Unique<'a, F> {
    fn new(count: usize, name: F) -> Self {
        Self {
            name,
            seen: HashTable::with_capacity(count),
            state: RandomState::default(),
            marker: std::marker::PhantomData,
        }
    }

    /// Adds the name with this number; `false` when it has occurred.
    fn insert(&mut self, index: usize) -> bool {
        let Self {
            name, seen, state, ..
        } = self;
        let found = name(index);
        let hash = |name: &str| state.hash_one(name);
        let entry = seen.entry(
            hash(found),
            |&other| name(other as usize) == found,
            |&other| hash(name(other as usize)),
        );
        match entry {
            hashbrown::hash_table::Entry::Occupied(_) => false,
            hashbrown::hash_table::Entry::Vacant(entry) => {
                entry.insert(index as u32);
                true
            }
        }
    }
}

impl Context<'_> {
    /// V-1, V-2.
    pub(super) fn limits(&self) -> Result<(), Rejection> {
        let (program, limits) = (self.program, &self.config.limits);
        let size = self.bare_bytes.unwrap_or_else(|| program.encoded_size());
        let checks = [
            ("bytes", size, limits.program_bytes),
            ("functions", program.functions.len(), limits.functions),
            ("instructions", program.code.len(), limits.instructions),
            ("types", program.types.len(), usize::from(u16::MAX)),
        ];
        for (what, found, limit) in checks {
            if found > limit {
                return Err(Rejection::new(
                    Rule::Limits,
                    0,
                    format!("expected at most {limit} {what}, found {found}"),
                ));
            }
        }
        let (expected, found) = (self.config.gas_schedule.id, program.gas_schedule);
        if expected != found {
            let detail = format!("expected gas schedule {expected}, found {found}");
            return Err(Rejection::new(Rule::GasSchedule, 6, detail));
        }
        Ok(())
    }

    /// V-3.
    pub(super) fn memory(&self) -> Result<(), Rejection> {
        let program = self.program;
        let (stack, limit) = (program.stack_size, self.config.stack_limit.bytes);
        if stack == 0 || !stack.is_multiple_of(PAGE_SIZE) || stack > limit {
            let detail =
                format!("expected a stack of whole pages up to {limit} bytes, found {stack} bytes");
            return Err(Rejection::new(Rule::Memory, 12, detail));
        }
        let (most, limit) = (program.max_pages, self.config.memory_model.max_pages);
        if most > limit {
            return Err(Rejection::new(
                Rule::Memory,
                24,
                format!("expected at most {limit} pages, found {most}"),
            ));
        }
        let declared = Layout::of(program).pages();
        if declared > u64::from(most) {
            let detail = format!("expected the regions to fit {most} pages, found {declared}");
            return Err(Rejection::new(Rule::Memory, 24, detail));
        }
        Ok(())
    }

    /// V-4, V-5, V-7 to V-10.
    pub(super) fn tables(&self) -> Result<(), Rejection> {
        self.types()?;
        self.imports()?;
        self.constants()?;
        self.function_table()?;
        self.exports()?;
        self.customs()
    }

    fn types(&self) -> Result<(), Rejection> {
        let parameters = MAX_PARAMETERS.min(self.config.register_config.count.saturating_sub(A0));
        let mut seen = set_of(0);
        for (index, &found) in self.program.types.iter().enumerate() {
            let refuse = |detail| self.element(Rule::Types, Section::Types, 2, index, detail);
            if found.parameters > parameters || found.results > MAX_RESULTS {
                let detail = format!(
                    "expected up to {parameters} parameters and {MAX_RESULTS} results, found {} and {}",
                    found.parameters, found.results
                );
                return Err(refuse(detail));
            }
            if !seen.insert(found) {
                return Err(refuse("the type occurs twice".to_owned()));
            }
        }
        Ok(())
    }

    fn imports(&self) -> Result<(), Rejection> {
        let mut previous = None;
        for (index, import) in self.program.imports.iter().enumerate() {
            let refuse = |detail| self.element(Rule::Imports, Section::Imports, 4, index, detail);
            if previous.is_some_and(|previous| previous >= import.number) {
                return Err(refuse(format!(
                    "syscall {} is not in ascending order",
                    import.number
                )));
            }
            previous = Some(import.number);
            let known = self.syscalls.get(import.number);
            let known =
                known.ok_or_else(|| refuse(format!("syscall {} is unknown", import.number)))?;
            if known.signature != import.signature {
                let detail = format!(
                    "expected `{}` with {:?}, found {:?}",
                    known.name, known.signature, import.signature
                );
                return Err(refuse(detail));
            }
        }
        Ok(())
    }

    fn constants(&self) -> Result<(), Rejection> {
        let mut seen = set_of(self.program.constants.len());
        for (index, constant) in self.program.constants.iter().enumerate() {
            if !seen.insert(constant) {
                let detail = format!("the constant {constant:#x} occurs twice");
                return Err(self.element(Rule::Constants, Section::Constants, 8, index, detail));
            }
        }
        Ok(())
    }

    fn function_table(&self) -> Result<(), Rejection> {
        let count = self.program.functions.len();
        for (index, &function) in self.program.function_table.iter().enumerate() {
            if function as usize >= count {
                let detail = format!("expected a function below {count}, found {function}");
                return Err(self.element(
                    Rule::FunctionTable,
                    Section::FunctionTable,
                    4,
                    index,
                    detail,
                ));
            }
        }
        Ok(())
    }

    fn exports(&self) -> Result<(), Rejection> {
        let mut offset = self.program.section_offset(Section::Exports);
        let exports = &self.program.exports;
        let is_whole = self.bare_bytes.is_none();
        let kept = if is_whole { exports.len() } else { 0 };
        let mut names = Unique::new(kept, |index| exports[index].name.as_str());
        let (mut selectors, mut specials) = (set_of(kept), set_of(0));
        for (index, export) in exports.iter().enumerate() {
            let name = &export.name;
            let refuse = |detail: String| Rejection::new(Rule::Exports, offset, detail);
            if name.len() > NAME_LIMIT {
                return Err(refuse(format!(
                    "expected a name of up to {NAME_LIMIT} bytes"
                )));
            }
            let function = self.program.functions.get(export.function as usize);
            let function = function
                .ok_or_else(|| refuse(format!("function {} does not exist", export.function)))?;
            // A type index out of range is refused with its function.
            let signature = self
                .program
                .types
                .get(usize::from(function.signature))
                .copied()
                .unwrap_or_default();
            if export.kind != ExportKind::Plain {
                if signature != Signature::default() {
                    return Err(refuse(format!(
                        "`{}` is entered without parameters and results",
                        name
                    )));
                }
                let is_new = match export.kind {
                    ExportKind::Method(_) if !is_whole => true,
                    ExportKind::Method(selector) => selectors.insert(selector),
                    kind => specials.insert(kind),
                };
                if !is_new {
                    return Err(refuse(format!("the entry of `{}` occurs twice", name)));
                }
            }
            if is_whole && !names.insert(index) {
                return Err(refuse(format!("the name `{name}` occurs twice")));
            }
            offset += EXPORT_FIXED + name.len();
        }
        Ok(())
    }

    fn customs(&self) -> Result<(), Rejection> {
        let mut offset = self.program.section_offset(Section::Custom);
        let mut names = set_of(self.program.custom.len());
        for custom in &self.program.custom {
            if custom.name.len() > NAME_LIMIT || !names.insert(&custom.name) {
                let detail =
                    format!("expected a name of up to {NAME_LIMIT} bytes that occurs once");
                return Err(Rejection::new(Rule::Customs, offset, detail));
            }
            offset += 6 + custom.name.len() + custom.data.len();
        }
        Ok(())
    }

    /// V-6.
    pub(super) fn functions(&self) -> Result<Vec<FunctionInfo>, Rejection> {
        let program = self.program;
        let mut start = 0u32;
        let mut functions = Vec::with_capacity(program.functions.len());
        for (index, function) in program.functions.iter().enumerate() {
            let refuse =
                |detail: &str| self.element(Rule::Functions, Section::Functions, 8, index, detail);
            let signature = program.types.get(usize::from(function.signature)).copied();
            let signature = signature.ok_or_else(|| refuse("the type does not exist"))?;
            let end = start
                .checked_add(function.length)
                .filter(|&end| end as usize <= program.code.len());
            let end = end.ok_or_else(|| refuse("the function reaches beyond the code"))?;
            if end == start {
                return Err(refuse("the function is empty"));
            }
            let signature_index = function.signature;
            functions.push(FunctionInfo {
                start,
                length: function.length,
                signature,
                signature_index,
            });
            start = end;
        }
        if start as usize != program.code.len() {
            let detail = format!(
                "expected the functions to cover {} instructions, found {start}",
                program.code.len()
            );
            return Err(self.element(Rule::Functions, Section::Functions, 8, 0, detail));
        }
        Ok(functions)
    }
}
