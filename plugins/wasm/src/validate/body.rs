//! The rules of function bodies: refused operators, locals, blocks, targets.

use wasmparser::{
    FuncToValidate, FuncType, FuncValidatorAllocations, FunctionBody, Operator, Parser, Payload,
    ValidatorResources,
};

use super::Pass;
use super::shape::Meter;
use crate::cost::{MAX_BLOCKS, MAX_BRANCH_ARGUMENTS};
use crate::error::{FunctionRef, ValidationError};
use crate::operators::{OperatorClass, class_of, computes, name_of};

impl Pass<'_> {
    pub(super) fn body(
        &mut self,
        to_validate: FuncToValidate<ValidatorResources>,
        body: &FunctionBody<'_>,
        allocations: FuncValidatorAllocations,
        code: &[u8],
    ) -> Result<FuncValidatorAllocations, ValidationError> {
        let index = to_validate.index;
        let size = body.range().len() as u64;
        self.cap(
            &format!("bytes in the body of function {index}"),
            size,
            self.limits.body_size_bytes,
        )?;
        let mut validator = to_validate.into_validator(allocations);
        let mut declared = 0_u64;
        let mut locals = body.get_locals_reader()?;
        for _ in 0..locals.get_count() {
            let offset = locals.original_position();
            let (count, ty) = locals.read()?;
            declared = declared.saturating_add(u64::from(count));
            self.cap(
                &format!("locals in function {index}"),
                declared,
                self.limits.locals,
            )?;
            self.value_type(ty, offset)?;
            validator.define_locals(offset, count, ty)?;
        }
        let mut facts = std::mem::take(self.functions.get_mut(self.bodies).ok_or_else(|| {
            ValidationError::InvalidWasmModule {
                offset: body.range().start,
                reason: "body without a function".to_owned(),
            }
        })?);
        facts.locals = validator.len_locals();
        facts.size_bytes = size as u32;
        let results = self
            .types
            .get(facts.type_index as usize)
            .map_or(0, |ty| ty.results().len());
        let mut meter = Meter::new(facts.locals, results);
        let mut reader = body.get_operators_reader()?;
        while !reader.eof() {
            let (operator, offset) = reader.read_with_offset()?;
            let class = class_of(&operator);
            if self.refuses(class) {
                return Err(ValidationError::ProhibitedOperator {
                    function: FunctionRef {
                        index,
                        name: function_name(code, index),
                    },
                    operator: name_of(&operator),
                    class: class.label(),
                    offset,
                    deterministic: matches!(class, OperatorClass::Float | OperatorClass::Simd),
                });
            }
            validator.op(offset, &operator)?;
            let called = self.called(&operator);
            meter.see(&operator, &self.types, called);
            facts.operands = facts.operands.max(validator.operand_stack_height());
            facts.values += u32::from(computes(&operator));
            match operator {
                Operator::Call { function_index } => facts.calls.push(function_index),
                Operator::CallIndirect { type_index, .. } => facts.indirect_calls.push(type_index),
                Operator::RefFunc { function_index } => self.table_functions.push(function_index),
                Operator::BrTable { ref targets } => {
                    let what = format!("br_table targets in function {index}");
                    self.cap(&what, u64::from(targets.len()), self.limits.branch_targets)?;
                }
                Operator::Block { .. } | Operator::Loop { .. } | Operator::If { .. } => {
                    let what = format!("nested blocks in function {index}");
                    self.cap(
                        &what,
                        u64::from(validator.control_stack_height()),
                        self.limits.block_depth,
                    )?;
                }
                _ => {}
            }
            if self.count_operators {
                *self.operators.entry(name_of(&operator)).or_default() += 1;
            }
        }
        reader.finish()?;
        facts.shape = meter.finish();
        if self.is_contract {
            let shape = &facts.shape;
            for (what, count, limit) in [
                (
                    "branch arguments",
                    shape.branch_arguments,
                    MAX_BRANCH_ARGUMENTS,
                ),
                ("blocks", shape.blocks, MAX_BLOCKS),
            ] {
                self.cap(&format!("{what} in function {index}"), count, limit as u32)?;
            }
        }
        facts.calls.sort_unstable();
        facts.calls.dedup();
        facts.indirect_calls.sort_unstable();
        facts.indirect_calls.dedup();
        if let Some(slot) = self.functions.get_mut(self.bodies) {
            *slot = facts;
        }
        self.bodies += 1;
        Ok(validator.into_allocations())
    }

    /// Returns the type of the function that an operator calls.
    fn called(&self, operator: &Operator<'_>) -> Option<&FuncType> {
        let type_index = match *operator {
            Operator::Call { function_index } => self.type_index_of(function_index),
            Operator::CallIndirect { type_index, .. } => Some(type_index),
            _ => None,
        };
        self.types.get(type_index? as usize)
    }

    fn refuses(&self, class: OperatorClass) -> bool {
        match class {
            OperatorClass::Core | OperatorClass::Bulk | OperatorClass::Reference => false,
            OperatorClass::Float | OperatorClass::Simd => self.config.deterministic,
            OperatorClass::TableGrow => self.is_contract,
            OperatorClass::RelaxedSimd | OperatorClass::Threads | OperatorClass::Other => true,
        }
    }
}

/// Looks `index` up in the name section; only error messages need it.
fn function_name(code: &[u8], index: u32) -> Option<String> {
    for payload in Parser::new(0).parse_all(code) {
        let Payload::CustomSection(section) = payload.ok()? else {
            continue;
        };
        let wasmparser::KnownCustom::Name(names) = section.as_known() else {
            continue;
        };
        for subsection in names {
            let Ok(wasmparser::Name::Function(names)) = subsection else {
                continue;
            };
            for naming in names {
                let naming = naming.ok()?;
                if naming.index == index {
                    return Some(naming.name.chars().take(200).collect());
                }
            }
        }
    }
    None
}
