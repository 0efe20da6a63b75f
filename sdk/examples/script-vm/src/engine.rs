//! The interpreter: what the language offers, and how much of everything.

use crate::{frame, functions};
use rhai::{
    Dynamic, Engine, OptimizationLevel,
    packages::{
        ArithmeticPackage, BasicArrayPackage, BasicIteratorPackage, BasicMapPackage,
        BasicStringPackage, LogicPackage, MoreStringPackage, Package,
    },
};

/// Calls of functions within one frame.
const MAX_CALL_LEVELS: usize = 24;
/// Nesting of expressions and blocks, outside and inside of functions.
const MAX_EXPRESSION_DEPTH: usize = 32;
/// Items of an array or a map: what one operation may copy stays small.
const MAX_ITEMS: usize = 256;
/// Bytes of a string.
const MAX_STRING_BYTES: usize = 1_024;
/// Variables in scope.
const MAX_VARIABLES: usize = 256;
/// Functions of a script.
const MAX_FUNCTIONS: usize = 256;

/// Builds the interpreter that all frames share.
pub(crate) fn new() -> Engine {
    let mut engine = Engine::new_raw();
    engine
        .register_global_module(ArithmeticPackage::new().as_shared_module())
        .register_global_module(LogicPackage::new().as_shared_module())
        .register_global_module(BasicArrayPackage::new().as_shared_module())
        .register_global_module(BasicIteratorPackage::new().as_shared_module())
        .register_global_module(BasicMapPackage::new().as_shared_module())
        .register_global_module(BasicStringPackage::new().as_shared_module())
        .register_global_module(MoreStringPackage::new().as_shared_module());
    engine
        // Folding constants would call functions while nothing runs.
        .set_optimization_level(OptimizationLevel::None)
        .set_max_call_levels(MAX_CALL_LEVELS)
        .set_max_expr_depths(MAX_EXPRESSION_DEPTH, MAX_EXPRESSION_DEPTH)
        .set_max_array_size(MAX_ITEMS)
        .set_max_map_size(MAX_ITEMS)
        .set_max_string_size(MAX_STRING_BYTES)
        .set_max_variables(MAX_VARIABLES)
        .set_max_functions(MAX_FUNCTIONS)
        // Text would have to be compiled again in each frame, unpriced.
        .disable_symbol("eval")
        .on_print(|_| {})
        .on_debug(|_, _, _| {});
    engine.on_progress(|operations| {
        let is_stopped = frame::with(|frame| frame.charge_operations(operations).is_err());
        is_stopped.then_some(Dynamic::UNIT)
    });
    functions::register(&mut engine);
    engine
}
