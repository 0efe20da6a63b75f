//! Gives a module a logical stack-height limit.
//!
//! The depth at which native code overflows depends on the compiler, so the limit is counted in
//! *slots* of the Wasm machine: a frame of a function takes its parameters, its locals, its
//! largest operand stack, a share of the values it computes and [`CALL_SLOTS`]. A counter (a global) holds the slots that are left.
//!
//! Only functions that can be active more than once at a time, the ones on a cycle of the call
//! graph, and the entry points touch the counter. Each of them takes its own slots plus the most
//! that the other functions below it can take before the next counted one; that number is known
//! from the call graph. So straight code runs at full speed, and at each moment the counted slots
//! are at least the slots in use.
//!
//! The rewriting wraps the body in a block: branches keep their depth, and `return` becomes a
//! branch to that block. When too few slots are left the counter is set to [`OVERFLOW_MARK`] and
//! the module traps.

use std::collections::BTreeMap;

use wasm_encoder::{
    BlockType, CodeSection, ConstExpr, Encode, ExportKind, ExportSection, Function, GlobalSection,
    GlobalType, Instruction, Module, RawSection, SectionId, TypeSection,
};
use wasmparser::{FuncType, FunctionBody, Operator, Parser, Payload, ValType};

use crate::error::ValidationError;
use crate::validate::{ModuleFacts, STACK_EXPORT};

/// Slots that every frame takes besides its values: return address and saved registers.
pub const CALL_SLOTS: u32 = 8;

/// Computed values that take one slot together.
///
/// A compiler may keep a computed value alive and reuse it where the source computes it again, so
/// a native frame can hold more values than the Wasm machine shows. Counting a share of them
/// keeps native frames in proportion to slots: at most [`BYTES_PER_SLOT`].
pub const VALUES_PER_SLOT: u32 = 4;

/// Native stack that one slot may stand for, in bytes.
pub const BYTES_PER_SLOT: u32 = 32;

/// Value of the counter after an overflow.
pub(crate) const OVERFLOW_MARK: i32 = -1;

/// Version of the rewriting, part of the key of compiled code.
pub const INSTRUMENTATION_VERSION: u32 = 2;

/// Slots each function takes from the counter; `None` leaves the function as it is.
///
/// Indexed like [`ModuleFacts::functions`].
#[must_use]
pub fn charges(facts: &ModuleFacts) -> Vec<Option<u32>> {
    let graph = CallGraph::new(facts);
    let order = graph.components();
    let imported = facts.import_types.len() as u32;
    let mut counted = vec![false; facts.functions.len()];
    for (name, kind, index) in &facts.exports {
        let is_entry = matches!(name.as_str(), "main" | "user_entrypoint" | "constructor");
        if is_entry
            && *kind == wasmparser::ExternalKind::Func
            && *index >= imported
            && let Some(slot) = counted.get_mut((*index - imported) as usize)
        {
            *slot = true;
        }
    }
    for component in &order {
        let recursive = component.len() > 1
            || component
                .iter()
                .any(|&node| graph.edges(node).contains(&node));
        if recursive {
            for &node in component {
                if let Some(slot) = counted.get_mut(node as usize) {
                    *slot = true;
                }
            }
        }
    }
    // Components come callees first, so what a callee needs is known when its caller is reached.
    let mut below = vec![0_u32; graph.len()];
    for component in &order {
        // Types before functions: a function's sum may need that of a type in its own cycle.
        let mut members = component.clone();
        members.sort_unstable_by(|left, right| right.cmp(left));
        for node in members {
            let mut deepest = 0;
            for &callee in graph.edges(node) {
                let is_counted = counted.get(callee as usize).copied().unwrap_or(false);
                if !is_counted {
                    let own = facts.functions.get(callee as usize).map_or(0, slots);
                    let under = below.get(callee as usize).copied().unwrap_or(0);
                    deepest = deepest.max(own.saturating_add(under));
                }
            }
            if let Some(slot) = below.get_mut(node as usize) {
                *slot = deepest;
            }
        }
    }
    facts
        .functions
        .iter()
        .zip(counted)
        .zip(below)
        .map(|((function, counted), below)| counted.then(|| slots(function).saturating_add(below)))
        .collect()
}

/// Functions with a body that can be reached other than by a direct call.
pub(crate) fn escaping(facts: &ModuleFacts) -> Vec<bool> {
    let imported = facts.import_types.len() as u32;
    let mut escapes = vec![false; facts.functions.len()];
    let exported = facts
        .exports
        .iter()
        .filter(|(_, kind, _)| *kind == wasmparser::ExternalKind::Func)
        .map(|(_, _, index)| *index);
    for index in exported.chain(facts.table_functions.iter().copied()) {
        let local = index.checked_sub(imported).map(|local| local as usize);
        if let Some(slot) = local.and_then(|local| escapes.get_mut(local)) {
            *slot = true;
        }
    }
    escapes
}

fn slots(function: &crate::validate::FunctionFacts) -> u32 {
    function
        .locals
        .saturating_add(function.operands)
        .saturating_add(function.values / VALUES_PER_SLOT)
        .saturating_add(CALL_SLOTS)
}

/// Rewrites `code` so that counted functions keep the counter, which starts at `limit` slots.
///
/// # Errors
///
/// [`ValidationError`] when `code` is not the module that `facts` describes.
pub fn instrument(
    code: &[u8],
    facts: &ModuleFacts,
    limit: u32,
) -> Result<Vec<u8>, ValidationError> {
    let charges = charges(facts);
    let results = ResultTypes::new(facts, &charges);
    let counter = facts.globals;
    let mut module = Module::new();
    let mut bodies = CodeSection::new();
    let mut at = 0;
    let mut has_globals = false;
    for payload in Parser::new(0).parse_all(code) {
        let payload = payload?;
        let id = payload.as_section().map(|(id, _)| id);
        // The counter needs a global section even where the module has none; it comes before
        // exports (section 7).
        if !has_globals && id.is_some_and(|id| id > u8::from(SectionId::Global) && id != 0) {
            module.section(&counter_global(GlobalSection::new(), limit));
            has_globals = true;
        }
        match payload {
            Payload::TypeSection(reader) => {
                let mut section = RawAppend::new(code, reader.range(), reader.count())?;
                let mut extra = TypeSection::new();
                for ty in &results.appended {
                    extra.ty().function([], ty.iter().copied().map(value_type));
                }
                section.append(&extra);
                section.write(SectionId::Type, &mut module);
            }
            Payload::GlobalSection(reader) => {
                let mut section = RawAppend::new(code, reader.range(), reader.count())?;
                section.append(&counter_global(GlobalSection::new(), limit));
                section.write(SectionId::Global, &mut module);
                has_globals = true;
            }
            Payload::ExportSection(reader) => {
                let mut section = RawAppend::new(code, reader.range(), reader.count())?;
                let mut extra = ExportSection::new();
                extra.export(STACK_EXPORT, ExportKind::Global, counter);
                section.append(&extra);
                section.write(SectionId::Export, &mut module);
            }
            Payload::CodeSectionEntry(body) => {
                let charge = charges.get(at).copied().flatten();
                match (charge, facts.functions.get(at)) {
                    (Some(charge), Some(function)) => {
                        let block = results.block_type(facts, function.type_index);
                        bodies.function(&rewrite(code, &body, charge, counter, block)?);
                    }
                    _ => {
                        bodies.raw(slice(code, body.range())?);
                    }
                }
                at += 1;
                if at == facts.functions.len() {
                    module.section(&bodies);
                }
            }
            Payload::CodeSectionStart { .. }
            | Payload::CustomSection(_)
            | Payload::Version { .. }
            | Payload::End(_) => {}
            other => {
                if let Some((id, range)) = other.as_section() {
                    module.section(&RawSection {
                        id,
                        data: slice(code, range)?,
                    });
                }
            }
        }
    }
    Ok(module.finish())
}

fn slice(code: &[u8], range: std::ops::Range<usize>) -> Result<&[u8], ValidationError> {
    let offset = range.start;
    code.get(range)
        .ok_or_else(|| ValidationError::InvalidWasmModule {
            offset,
            reason: "section outside the module".to_owned(),
        })
}

fn counter_global(mut section: GlobalSection, limit: u32) -> GlobalSection {
    let start = i32::try_from(limit).unwrap_or(i32::MAX);
    section.global(
        GlobalType {
            val_type: wasm_encoder::ValType::I32,
            mutable: true,
            shared: false,
        },
        &ConstExpr::i32_const(start),
    );
    section
}

/// Writes one counted body: take slots, run the body in a block, give them back.
fn rewrite(
    code: &[u8],
    body: &FunctionBody<'_>,
    charge: u32,
    counter: u32,
    block: BlockType,
) -> Result<Function, ValidationError> {
    let mut locals = Vec::new();
    for local in body.get_locals_reader()? {
        let (count, ty) = local?;
        locals.push((count, value_type(ty)));
    }
    let charge = i32::try_from(charge).unwrap_or(i32::MAX);
    let mut function = Function::new(locals);
    for instruction in [
        Instruction::GlobalGet(counter),
        Instruction::I32Const(charge),
        Instruction::I32LtS,
        Instruction::If(BlockType::Empty),
        Instruction::I32Const(OVERFLOW_MARK),
        Instruction::GlobalSet(counter),
        Instruction::Unreachable,
        Instruction::End,
        Instruction::GlobalGet(counter),
        Instruction::I32Const(charge),
        Instruction::I32Sub,
        Instruction::GlobalSet(counter),
        Instruction::Block(block),
    ] {
        function.instruction(&instruction);
    }
    let mut reader = body.get_operators_reader()?;
    let mut copied = reader.original_position();
    let mut depth = 0_u32;
    while !reader.eof() {
        let (operator, offset) = reader.read_with_offset()?;
        match operator {
            Operator::Block { .. } | Operator::Loop { .. } | Operator::If { .. } => depth += 1,
            // The last `end` closes the body and, from now on, the added block.
            Operator::End => depth = depth.saturating_sub(1),
            Operator::Return => {
                function.raw(slice(code, copied..offset)?.iter().copied());
                function.instruction(&Instruction::Br(depth));
                copied = reader.original_position();
            }
            _ => {}
        }
    }
    function.raw(slice(code, copied..body.range().end)?.iter().copied());
    for instruction in [
        Instruction::GlobalGet(counter),
        Instruction::I32Const(charge),
        Instruction::I32Add,
        Instruction::GlobalSet(counter),
        Instruction::End,
    ] {
        function.instruction(&instruction);
    }
    Ok(function)
}

fn value_type(ty: ValType) -> wasm_encoder::ValType {
    match ty {
        ValType::I32 => wasm_encoder::ValType::I32,
        ValType::I64 => wasm_encoder::ValType::I64,
        ValType::F32 => wasm_encoder::ValType::F32,
        ValType::F64 => wasm_encoder::ValType::F64,
        ValType::V128 => wasm_encoder::ValType::V128,
        // Validation lets no other reference through than `funcref`.
        ValType::Ref(_) => wasm_encoder::ValType::FUNCREF,
    }
}

/// A section whose items stay as they are and which gets more items at its end.
struct RawAppend<'code> {
    count: u32,
    items: &'code [u8],
    extra: Vec<u8>,
}

impl<'code> RawAppend<'code> {
    fn new(
        code: &'code [u8],
        range: std::ops::Range<usize>,
        count: u32,
    ) -> Result<Self, ValidationError> {
        let bytes = slice(code, range)?;
        // The section begins with its item count, a LEB128 number that may be padded.
        let prefix = bytes
            .iter()
            .position(|byte| byte & 0x80 == 0)
            .map_or(0, |at| at + 1);
        Ok(Self {
            count,
            items: bytes.get(prefix..).unwrap_or_default(),
            extra: Vec::new(),
        })
    }

    fn append(&mut self, section: &impl Encode) {
        // An encoded section is its byte length, its item count and its items.
        let mut bytes = Vec::new();
        section.encode(&mut bytes);
        let mut reader = wasmparser::BinaryReader::new(&bytes, 0);
        if let (Ok(_), Ok(count)) = (reader.read_var_u32(), reader.read_var_u32()) {
            self.count = self.count.saturating_add(count);
            self.extra
                .extend_from_slice(bytes.get(reader.original_position()..).unwrap_or_default());
        }
    }

    fn write(self, id: SectionId, module: &mut Module) {
        let mut data = Vec::with_capacity(self.items.len() + self.extra.len() + 5);
        self.count.encode(&mut data);
        data.extend_from_slice(self.items);
        data.extend_from_slice(&self.extra);
        module.section(&RawSection {
            id: id.into(),
            data: &data,
        });
    }
}

/// Block types of counted functions; several results need a type of their own.
struct ResultTypes {
    first: u32,
    appended: Vec<Vec<ValType>>,
    index: BTreeMap<Vec<ValType>, u32>,
}

impl ResultTypes {
    fn new(facts: &ModuleFacts, charges: &[Option<u32>]) -> Self {
        let mut appended: Vec<Vec<ValType>> = Vec::new();
        let mut index = BTreeMap::new();
        for (function, charge) in facts.functions.iter().zip(charges) {
            let Some(ty) = facts.types.get(function.type_index as usize) else {
                continue;
            };
            if charge.is_some() && ty.results().len() > 1 && !index.contains_key(ty.results()) {
                index.insert(ty.results().to_vec(), appended.len() as u32);
                appended.push(ty.results().to_vec());
            }
        }
        Self {
            first: facts.types.len() as u32,
            appended,
            index,
        }
    }

    fn block_type(&self, facts: &ModuleFacts, type_index: u32) -> BlockType {
        let results = facts
            .types
            .get(type_index as usize)
            .map_or(&[][..], FuncType::results);
        match results {
            [] => BlockType::Empty,
            [one] => BlockType::Result(value_type(*one)),
            many => {
                let at = self.index.get(many).copied().unwrap_or(0);
                BlockType::FunctionType(self.first + at)
            }
        }
    }
}

/// Who may call whom. Nodes are the functions with a body, then one node per type called through
/// a table, which stands for every function of that type a table may hold.
struct CallGraph {
    edges: Vec<Vec<u32>>,
}

impl CallGraph {
    fn new(facts: &ModuleFacts) -> Self {
        let imported = facts.import_types.len() as u32;
        let functions = facts.functions.len() as u32;
        // Types are equal by structure, whatever their index.
        let mut type_nodes: BTreeMap<(&[ValType], &[ValType]), u32> = BTreeMap::new();
        let mut edges: Vec<Vec<u32>> = Vec::with_capacity(facts.functions.len());
        let mut shape = |index: u32| {
            let ty = facts.types.get(index as usize)?;
            let next = functions + type_nodes.len() as u32;
            Some(
                *type_nodes
                    .entry((ty.params(), ty.results()))
                    .or_insert(next),
            )
        };
        for function in &facts.functions {
            let direct = function.calls.iter().filter(|&&callee| callee >= imported);
            let mut targets: Vec<u32> = direct.map(|callee| callee - imported).collect();
            targets.extend(function.indirect_calls.iter().filter_map(|&ty| shape(ty)));
            edges.push(targets);
        }
        let mut held: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for &index in &facts.table_functions {
            let Some(local) = index.checked_sub(imported) else {
                continue;
            };
            let Some(function) = facts.functions.get(local as usize) else {
                continue;
            };
            if let Some(node) = shape(function.type_index) {
                held.entry(node).or_default().push(local);
            }
        }
        let total = functions as usize + type_nodes.len();
        edges.resize_with(total, Vec::new);
        for (node, targets) in held {
            if let Some(slot) = edges.get_mut(node as usize) {
                *slot = targets;
            }
        }
        Self { edges }
    }

    fn len(&self) -> usize {
        self.edges.len()
    }

    fn edges(&self, node: u32) -> &[u32] {
        self.edges.get(node as usize).map_or(&[], Vec::as_slice)
    }

    /// Returns the strongly connected components, callees before callers (Tarjan, without
    /// recursion: call graphs can be deep).
    fn components(&self) -> Vec<Vec<u32>> {
        const UNSEEN: u32 = u32::MAX;
        let mut index = vec![UNSEEN; self.len()];
        let mut low = vec![0_u32; self.len()];
        let mut on_stack = vec![false; self.len()];
        let mut stack = Vec::new();
        let mut next = 0_u32;
        let mut found = Vec::new();
        let mut work: Vec<(u32, usize)> = Vec::new();
        for root in 0..self.len() as u32 {
            if index[root as usize] != UNSEEN {
                continue;
            }
            work.push((root, 0));
            while let Some((node, edge)) = work.pop() {
                let at = node as usize;
                if edge == 0 {
                    index[at] = next;
                    low[at] = next;
                    next += 1;
                    stack.push(node);
                    on_stack[at] = true;
                }
                if let Some(&callee) = self.edges(node).get(edge) {
                    work.push((node, edge + 1));
                    let to = callee as usize;
                    if index[to] == UNSEEN {
                        work.push((callee, 0));
                    } else if on_stack[to] {
                        low[at] = low[at].min(index[to]);
                    }
                    continue;
                }
                if let Some(&(parent, _)) = work.last() {
                    low[parent as usize] = low[parent as usize].min(low[at]);
                }
                if low[at] == index[at] {
                    let mut component = Vec::new();
                    while let Some(member) = stack.pop() {
                        on_stack[member as usize] = false;
                        component.push(member);
                        if member == node {
                            break;
                        }
                    }
                    found.push(component);
                }
            }
        }
        found
    }
}
