//! Measures what a compiler will have to do for a function, in one pass over its operators.
//!
//! A compiler's work is not linear in the bytes: a value that may differ where branches meet becomes
//! an argument of every branch to that place, and a value that is alive across blocks takes room in
//! each of them. Both are counted here, from above, without building what the compiler builds.

use wasmparser::{BlockType, FuncType, Operator};

use crate::operators::computes;

/// What a compiler will have to do for one function.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shape {
    /// Time that its operators take one by one, in nanoseconds.
    pub work_ns: u64,
    /// Straight pieces of code.
    pub blocks: u64,
    /// Arguments of all branches: values that may differ where branches meet.
    pub branch_arguments: u64,
    /// Locals that are read or written.
    pub locals: u64,
    /// Operators whose value an optimiser may keep instead of computing it again.
    pub values: u64,
    /// Calls, at each of which what is alive must be somewhere that the callee leaves alone.
    pub calls: u64,
    /// Bytes of machine code, from above.
    pub native_bytes: u64,
}

/// One open block.
struct Open {
    /// Position of its first operator.
    start: u32,
    is_loop: bool,
    /// Branches to it.
    edges: u64,
    /// Values that a branch to it carries on the stack.
    carried: u64,
    /// Distinct locals written inside, less those counted in the blocks within.
    written: i64,
}

/// Sees the operators of one function after the other.
pub(super) struct Meter {
    shape: Shape,
    open: Vec<Open>,
    /// Position after the last write of each local; 0 for none.
    written_at: Vec<u32>,
    is_touched: Vec<bool>,
    position: u32,
}

/// A value of the compiler's own that is written in every block: the counter of fuel.
const OWN_VALUES: u64 = 1;

impl Meter {
    /// Starts a function with `locals` locals, parameters included, and `results` results.
    pub(super) fn new(locals: u32, results: usize) -> Self {
        let body = Open {
            start: 0,
            is_loop: false,
            edges: 1,
            carried: results as u64,
            written: 0,
        };
        Self {
            shape: Shape {
                blocks: 1,
                ..Shape::default()
            },
            open: vec![body],
            written_at: vec![0; locals as usize],
            is_touched: vec![false; locals as usize],
            position: 0,
        }
    }

    /// Sees one operator. `called` is the type of the function that it calls.
    pub(super) fn see(
        &mut self,
        operator: &Operator<'_>,
        types: &[FuncType],
        called: Option<&FuncType>,
    ) {
        self.position = self.position.saturating_add(1);
        let weight = weight(operator, called);
        self.shape.work_ns = self.shape.work_ns.saturating_add(weight.ns);
        self.shape.native_bytes = self.shape.native_bytes.saturating_add(weight.bytes);
        self.shape.values += u64::from(computes(operator));
        self.shape.calls += u64::from(called.is_some());
        match *operator {
            Operator::Block { blockty } => self.enter(false, 1, arity(blockty, types).1),
            Operator::Loop { blockty } => {
                self.shape.blocks += 3;
                self.enter(true, 1, arity(blockty, types).0);
            }
            Operator::If { blockty } => {
                self.shape.blocks += 2;
                self.enter(false, 2, arity(blockty, types).1);
            }
            Operator::Else => self.shape.blocks += 1,
            Operator::End => self.leave(),
            Operator::Br { relative_depth } => self.branch(relative_depth),
            Operator::BrIf { relative_depth } => {
                self.shape.blocks += 1;
                self.branch(relative_depth);
            }
            Operator::BrTable { ref targets } => {
                self.shape.blocks += 1;
                for depth in targets.targets().flatten() {
                    self.branch(depth);
                }
                self.branch(targets.default());
            }
            Operator::Return => self.branch(self.open.len().saturating_sub(1) as u32),
            Operator::LocalGet { local_index } => self.touch(local_index),
            Operator::LocalSet { local_index } | Operator::LocalTee { local_index } => {
                self.touch(local_index);
                self.write(local_index);
            }
            _ => {}
        }
    }

    /// Ends the function.
    pub(super) fn finish(mut self) -> Shape {
        while !self.open.is_empty() {
            self.leave();
        }
        self.shape
    }

    fn enter(&mut self, is_loop: bool, edges: u64, carried: u64) {
        self.open.push(Open {
            start: self.position,
            is_loop,
            edges,
            carried,
            written: 0,
        });
    }

    fn leave(&mut self) {
        let Some(open) = self.open.pop() else {
            return;
        };
        let written = u64::try_from(open.written).unwrap_or(0);
        // A block that only its end leads to joins nothing.
        if open.is_loop || open.edges > 1 {
            self.shape.blocks += 1;
            let each = written
                .saturating_add(open.carried)
                .saturating_add(OWN_VALUES);
            let all = each.saturating_mul(open.edges);
            self.shape.branch_arguments = self.shape.branch_arguments.saturating_add(all);
        }
        if let Some(outer) = self.open.last_mut() {
            outer.written += open.written;
        }
    }

    fn branch(&mut self, depth: u32) {
        let at = self.open.len().checked_sub(depth as usize + 1);
        if let Some(open) = at.and_then(|at| self.open.get_mut(at)) {
            open.edges += 1;
        }
    }

    fn touch(&mut self, local: u32) {
        if let Some(is_touched) = self.is_touched.get_mut(local as usize)
            && !*is_touched
        {
            *is_touched = true;
            self.shape.locals += 1;
        }
    }

    /// Counts a write once in each open block that has not seen one of this local.
    fn write(&mut self, local: u32) {
        let Some(last) = self.written_at.get_mut(local as usize) else {
            return;
        };
        let last = std::mem::replace(last, self.position);
        // Blocks are opened one after the other, so those that began after the last write are the
        // innermost ones.
        let first_new = if last == 0 {
            0
        } else {
            self.open.partition_point(|open| open.start < last)
        };
        if first_new == self.open.len() {
            return;
        }
        if let Some(inner) = self.open.last_mut() {
            inner.written += 1;
        }
        if let Some(outer) = first_new.checked_sub(1)
            && let Some(outer) = self.open.get_mut(outer)
        {
            outer.written -= 1;
        }
    }
}

fn arity(ty: BlockType, types: &[FuncType]) -> (u64, u64) {
    match ty {
        BlockType::Empty => (0, 0),
        BlockType::Type(_) => (0, 1),
        BlockType::FuncType(index) => types.get(index as usize).map_or((0, 0), |ty| {
            (ty.params().len() as u64, ty.results().len() as u64)
        }),
    }
}

/// What one operator costs by itself.
struct Weight {
    ns: u64,
    bytes: u64,
}

const fn of(ns: u64, bytes: u64) -> Weight {
    Weight { ns, bytes }
}

/// Time and machine code of operators, measured as `examples/compile_cost.rs` does and rounded up;
/// bulk and table operators are calls into the engine between two checks.
fn weight(operator: &Operator<'_>, called: Option<&FuncType>) -> Weight {
    let (params, results) = called.map_or((0, 0), |ty| {
        (ty.params().len() as u64, ty.results().len() as u64)
    });
    let values = of(600 * params + 1_200 * results, 8 * params + 8 * results);
    match operator {
        Operator::Nop | Operator::End | Operator::Drop => of(100, 1),
        Operator::LocalGet { .. } | Operator::LocalSet { .. } | Operator::LocalTee { .. } => {
            of(180, 4)
        }
        Operator::I32Const { .. } | Operator::I64Const { .. } => of(250, 6),
        Operator::Block { .. } => of(700, 1),
        Operator::Loop { .. } => of(18_000, 90),
        Operator::If { .. } | Operator::BrIf { .. } => of(3_500, 28),
        Operator::Else => of(3_000, 20),
        Operator::Br { .. } | Operator::Return | Operator::Unreachable => of(1_500, 14),
        Operator::BrTable { targets } => {
            let targets = u64::from(targets.len());
            of(7_000 + 1_200 * targets, 60 + 40 * targets)
        }
        Operator::Call { .. } => of(5_000 + values.ns, 40 + values.bytes),
        Operator::CallIndirect { .. } => of(25_000 + values.ns, 130 + values.bytes),
        Operator::MemoryCopy { .. }
        | Operator::MemoryFill { .. }
        | Operator::MemoryInit { .. }
        | Operator::MemoryGrow { .. } => of(42_000, 200),
        Operator::TableCopy { .. } | Operator::TableInit { .. } => of(185_000, 620),
        Operator::TableFill { .. } => of(55_000, 240),
        Operator::TableGet { .. } | Operator::TableSet { .. } => of(16_000, 80),
        Operator::RefFunc { .. } | Operator::MemorySize { .. } => of(4_000, 16),
        Operator::I32DivS
        | Operator::I32DivU
        | Operator::I64DivS
        | Operator::I64DivU
        | Operator::I32RemS
        | Operator::I32RemU
        | Operator::I64RemS
        | Operator::I64RemU => of(3_500, 40),
        _ if touches_memory(operator) => of(2_200, 16),
        _ => of(800, 8),
    }
}

/// Reads or writes linear memory.
fn touches_memory(operator: &Operator<'_>) -> bool {
    matches!(
        operator,
        Operator::I32Load { .. }
            | Operator::I64Load { .. }
            | Operator::F32Load { .. }
            | Operator::F64Load { .. }
            | Operator::I32Load8S { .. }
            | Operator::I32Load8U { .. }
            | Operator::I32Load16S { .. }
            | Operator::I32Load16U { .. }
            | Operator::I64Load8S { .. }
            | Operator::I64Load8U { .. }
            | Operator::I64Load16S { .. }
            | Operator::I64Load16U { .. }
            | Operator::I64Load32S { .. }
            | Operator::I64Load32U { .. }
            | Operator::I32Store { .. }
            | Operator::I64Store { .. }
            | Operator::F32Store { .. }
            | Operator::F64Store { .. }
            | Operator::I32Store8 { .. }
            | Operator::I32Store16 { .. }
            | Operator::I64Store8 { .. }
            | Operator::I64Store16 { .. }
            | Operator::I64Store32 { .. }
    )
}
