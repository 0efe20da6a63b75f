//! Names and sorts WebAssembly operators.
//!
//! The list comes from wasmparser's own table, so an operator that a later release adds cannot be
//! forgotten: it lands in [`OperatorClass::Other`] until this room says otherwise, and validation
//! refuses `Other`.

use wasmparser::Operator;

/// What an operator asks of the machine, as far as validation and prices care.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum OperatorClass {
    /// Integer arithmetic, control, variables, calls, linear memory: always served.
    Core,
    /// Bulk memory and table operators: served, priced by size.
    Bulk,
    /// References to functions and tables: served, except `table.grow`.
    Reference,
    /// `table.grow`: refused, a table has the size its module declares.
    TableGrow,
    /// Reads or computes a floating-point value.
    Float,
    /// 128-bit vectors.
    Simd,
    /// Vectors whose results may differ between machines.
    RelaxedSimd,
    /// Atomics and shared memory.
    Threads,
    /// Any proposal that this VM does not serve.
    Other,
}

impl OperatorClass {
    /// Returns the word that error messages use for this class.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Core => "core",
            Self::Bulk => "bulk memory",
            Self::Reference => "reference types",
            Self::TableGrow => "table growth",
            Self::Float => "floating point",
            Self::Simd => "SIMD",
            Self::RelaxedSimd => "relaxed SIMD",
            Self::Threads => "threads",
            Self::Other => "an unserved proposal",
        }
    }
}

/// Words that stand before the dot in an operator's text form.
const PREFIXES: [&str; 22] = [
    "i32", "i64", "f32", "f64", "v128", "i8x16", "i16x8", "i32x4", "i64x2", "f32x4", "f64x2",
    "local", "global", "memory", "table", "ref", "data", "elem", "atomic", "struct", "array",
    "cont",
];

const fn same(left: &[u8], right: &[u8]) -> bool {
    if left.len() != right.len() {
        return false;
    }
    let mut at = 0;
    while at < left.len() {
        if left[at] != right[at] {
            return false;
        }
        at += 1;
    }
    true
}

/// Tells whether one of the `_`-separated words of `name` is `word`.
const fn has_word(name: &[u8], word: &[u8]) -> bool {
    let mut start = 0;
    let mut at = 0;
    while at <= name.len() {
        if at == name.len() || name[at] == b'_' {
            if at - start == word.len() {
                let mut inner = 0;
                while inner < word.len() && name[start + inner] == word[inner] {
                    inner += 1;
                }
                if inner == word.len() {
                    return true;
                }
            }
            start = at + 1;
        }
        at += 1;
    }
    false
}

pub(crate) const fn classify(proposal: &str, visit: &str) -> OperatorClass {
    let proposal = proposal.as_bytes();
    let visit = visit.as_bytes();
    if same(proposal, b"relaxed_simd") {
        return OperatorClass::RelaxedSimd;
    }
    if same(proposal, b"simd") {
        return OperatorClass::Simd;
    }
    if same(proposal, b"threads") {
        return OperatorClass::Threads;
    }
    if same(visit, b"visit_table_grow") {
        return OperatorClass::TableGrow;
    }
    if same(proposal, b"reference_types") {
        return OperatorClass::Reference;
    }
    if same(proposal, b"bulk_memory") {
        return OperatorClass::Bulk;
    }
    if same(proposal, b"mvp")
        || same(proposal, b"sign_extension")
        || same(proposal, b"saturating_float_to_int")
    {
        if has_word(visit, b"f32") || has_word(visit, b"f64") {
            return OperatorClass::Float;
        }
        return OperatorClass::Core;
    }
    OperatorClass::Other
}

macro_rules! define_lookups {
    ($(@$proposal:ident $op:ident $({ $($arg:ident: $argty:ty),* })? => $visit:ident ($($ann:tt)*))*) => {
        /// Returns the class of `operator`.
        #[must_use]
        pub fn class_of(operator: &Operator<'_>) -> OperatorClass {
            match operator {
                $(Operator::$op { .. } => const { classify(stringify!($proposal), stringify!($visit)) },)*
                _ => OperatorClass::Other,
            }
        }

        fn visit_name(operator: &Operator<'_>) -> &'static str {
            match operator {
                $(Operator::$op { .. } => stringify!($visit),)*
                _ => "visit_unknown",
            }
        }
    };
}
wasmparser::for_each_operator!(define_lookups);

/// Tells whether `operator` computes a value, rather than moving one or branching.
#[must_use]
pub(crate) fn computes(operator: &Operator<'_>) -> bool {
    !matches!(
        operator,
        Operator::Unreachable
            | Operator::Nop
            | Operator::Block { .. }
            | Operator::Loop { .. }
            | Operator::If { .. }
            | Operator::Else
            | Operator::End
            | Operator::Br { .. }
            | Operator::BrIf { .. }
            | Operator::BrTable { .. }
            | Operator::Return
            | Operator::Drop
            | Operator::LocalGet { .. }
            | Operator::LocalSet { .. }
            | Operator::LocalTee { .. }
            | Operator::GlobalSet { .. }
            | Operator::I32Const { .. }
            | Operator::I64Const { .. }
    )
}

/// Returns the name of `operator` as the text format writes it, such as `f64.add`.
#[must_use]
pub fn name_of(operator: &Operator<'_>) -> String {
    text_name(visit_name(operator))
}

/// Turns the name of a visitor method (`visit_f64_add`) into the text form (`f64.add`).
pub(crate) fn text_name(visit: &str) -> String {
    let bare = visit.strip_prefix("visit_").unwrap_or(visit);
    match bare.split_once('_') {
        Some((prefix, rest)) if PREFIXES.contains(&prefix) => format!("{prefix}.{rest}"),
        _ => bare.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_follow_the_proposal_and_the_float_words() {
        for (proposal, visit, class) in [
            ("mvp", "visit_i32_add", OperatorClass::Core),
            ("mvp", "visit_f32_load", OperatorClass::Float),
            ("mvp", "visit_i64_reinterpret_f64", OperatorClass::Float),
            (
                "saturating_float_to_int",
                "visit_i32_trunc_sat_f32_s",
                OperatorClass::Float,
            ),
            ("sign_extension", "visit_i32_extend8_s", OperatorClass::Core),
            ("bulk_memory", "visit_memory_copy", OperatorClass::Bulk),
            (
                "reference_types",
                "visit_table_set",
                OperatorClass::Reference,
            ),
            (
                "reference_types",
                "visit_table_grow",
                OperatorClass::TableGrow,
            ),
            ("simd", "visit_f32x4_add", OperatorClass::Simd),
            (
                "relaxed_simd",
                "visit_i8x16_relaxed_swizzle",
                OperatorClass::RelaxedSimd,
            ),
            ("threads", "visit_atomic_fence", OperatorClass::Threads),
            ("tail_call", "visit_return_call", OperatorClass::Other),
        ] {
            assert_eq!(classify(proposal, visit), class, "{visit}");
        }
    }

    #[test]
    fn names_read_as_the_text_format() {
        for (visit, name) in [
            ("visit_f64_add", "f64.add"),
            ("visit_br_if", "br_if"),
            ("visit_memory_grow", "memory.grow"),
            ("visit_i32_trunc_sat_f32_s", "i32.trunc_sat_f32_s"),
            ("visit_call_indirect", "call_indirect"),
        ] {
            assert_eq!(text_name(visit), name);
        }
    }
}
