//! What compiling a contract costs.
//!
//! The price is taken from the creating frame before the compiler starts, so it must never be less
//! than the work, and it depends on the module alone. The model is fitted to times measured on
//! ordinary modules and on modules made to be slow (`examples/compile_cost.rs`): a sum over
//! functions of what their operators take, of what branches carry, and of what is alive in blocks.
//!
//! Invariant: released prices never change; a new model is a new version of the prices.

use crate::stack_height::escaping;
use crate::validate::{FunctionFacts, ModuleFacts, Shape};

/// Gas for a thousand microseconds of the compiler, with a margin over 50 million gas a second.
const GAS_PER_MILLISECOND: u64 = 70_000;

/// Largest price of a module's compilation. What costs more is refused, whoever brings it.
pub const MAX_COMPILE_GAS: u64 = 1 << 26;
/// Most arguments that the branches of one function carry.
pub const MAX_BRANCH_ARGUMENTS: u64 = 32_768;
/// Most straight pieces of code in one function.
pub const MAX_BLOCKS: u64 = 32_768;

/// Nanoseconds for any module.
const MODULE_NS: u64 = 200_000;
/// Nanoseconds for any function.
const FUNCTION_NS: u64 = 36_000;
/// Nanoseconds for a function that a table, an export or a reference may lead to: it can be called
/// from outside, through code of its own.
const ESCAPING_NS: u64 = 30_000;
/// Nanoseconds for each parameter and result of such a function or of a type.
const VALUE_NS: u64 = 3_500;
/// Nanoseconds for a function type, which has code for calls to the host.
const TYPE_NS: u64 = 16_000;
/// Nanoseconds for an import.
const IMPORT_NS: u64 = 20_000;
/// Nanoseconds for each local, declared or not used.
const LOCAL_NS: u64 = 50;
/// Picoseconds for the square of the arguments of a function's branches.
const ARGUMENTS_SQUARED_PS: u64 = 900;
/// Picoseconds for the square of a function's blocks.
const BLOCKS_SQUARED_PS: u64 = 350;
/// Picoseconds for each local or operand in each block.
const ALIVE_PS: u64 = 80_000;
/// Locals and operands that a call finds room for in no time of its own.
const CALL_ALIVE_FREE: u64 = 16;
/// Picoseconds for each further local or operand at each call.
const CALL_ALIVE_PS: u64 = 90_000;

/// Picoseconds for each value in each block, with optimisation.
const KEPT_PS: u64 = 150_000;
/// Nanoseconds for each value, with optimisation.
const VALUE_OPTIMISE_NS: u64 = 10_000;

/// What preparing a module takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Preparation {
    /// Gas for compiling it, taken when it is deployed.
    pub compile_gas: u64,
    /// Bytes of its compiled form, from above.
    pub native_bytes: u64,
    /// Gas that compiling it with optimisation is worth; nobody pays it, a contract earns it by use.
    pub optimise_gas: u64,
}

/// Prices the compilation of a module.
#[must_use]
pub fn preparation(facts: &ModuleFacts) -> Preparation {
    let escapes = escaping(facts);
    let mut ns = MODULE_NS.saturating_add(IMPORT_NS.saturating_mul(facts.imports.len() as u64));
    let mut bytes = 4_096 + 300 * facts.imports.len() as u64;
    for ty in &facts.types {
        let values = (ty.params().len() + ty.results().len()) as u64;
        ns = ns.saturating_add(TYPE_NS + VALUE_NS * values);
        bytes += 1_200 + 16 * values;
    }
    for (function, escapes) in facts.functions.iter().zip(escapes) {
        ns = ns.saturating_add(function_ns(function));
        bytes = bytes.saturating_add(200 + function.shape.native_bytes);
        if escapes {
            let values = facts
                .types
                .get(function.type_index as usize)
                .map_or(0, |ty| (ty.params().len() + ty.results().len()) as u64);
            ns = ns.saturating_add(ESCAPING_NS + VALUE_NS * values);
            bytes += 240 + 32 * values;
        }
    }
    bytes = bytes.saturating_add(facts.data_bytes);
    Preparation {
        compile_gas: ns.saturating_mul(GAS_PER_MILLISECOND).div_ceil(1_000_000),
        native_bytes: bytes,
        optimise_gas: optimise_gas(facts, ns),
    }
}

/// An optimiser keeps values alive across blocks instead of computing them again.
fn optimise_gas(facts: &ModuleFacts, ns: u64) -> u64 {
    let more = facts.functions.iter().map(|function| {
        let Shape { blocks, values, .. } = function.shape;
        let kept = blocks.saturating_mul(values.saturating_add(blocks / 16));
        kept.saturating_mul(KEPT_PS) / 1_000 + values.saturating_mul(VALUE_OPTIMISE_NS)
    });
    let ns = more.fold(ns.saturating_mul(2), u64::saturating_add);
    ns.saturating_mul(GAS_PER_MILLISECOND).div_ceil(1_000_000)
}

/// Nanoseconds for what is alive at calls.
fn at_calls(calls: u64, alive: u64) -> u64 {
    let crowded = alive.saturating_sub(CALL_ALIVE_FREE);
    calls.saturating_mul(crowded).saturating_mul(CALL_ALIVE_PS) / 1_000
}

fn function_ns(function: &FunctionFacts) -> u64 {
    let shape = &function.shape;
    let squared = |count: u64, ps: u64| count.saturating_mul(count).saturating_mul(ps) / 1_000;
    let alive = shape.locals.saturating_add(u64::from(function.operands));
    FUNCTION_NS
        .saturating_add(u64::from(function.locals) * LOCAL_NS)
        .saturating_add(shape.work_ns)
        .saturating_add(squared(shape.branch_arguments, ARGUMENTS_SQUARED_PS))
        .saturating_add(squared(shape.blocks, BLOCKS_SQUARED_PS))
        .saturating_add(shape.blocks.saturating_mul(alive).saturating_mul(ALIVE_PS) / 1_000)
        .saturating_add(at_calls(shape.calls, alive))
}
