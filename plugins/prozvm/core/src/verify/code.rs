//! Verifies each instruction by itself, and the ends of functions.
//!
//! Spec: V-11 to V-19.

use super::leaders::Leaders;
use super::shape::{DISPLACEMENTS, LIMITS, Limit, shape};
use super::{Context, FunctionInfo};
use crate::format::Section;
use crate::isa::{Class, Instruction, Operand};
use crate::program::{Features, MEMORY_BASE};
use crate::rules::{Rejection, Rule};

/// Lowest displacement of a memory operand, so that offsets from the memory base fit 32 bits.
pub(crate) const DISPLACEMENT_MIN: i32 = i32::MIN + MEMORY_BASE as i32;
/// Highest trap code.
pub(crate) const TRAP_CODE_MAX: i32 = 0xffff;

impl Context<'_> {
    /// Checks all instructions and finds where blocks begin. What masks and limits refuse is looked at again, rule by
    /// rule, for the reason.
    pub(super) fn instructions(&self, functions: &[FunctionInfo]) -> Result<Leaders, Rejection> {
        if let Some(leaders) = self.scan(functions) {
            return Ok(leaders);
        }
        self.explain(functions)?;
        // The masks are stricter than the rules: `explain` decides, and blocks are found without them.
        Ok(self.leaders(functions))
    }

    fn scan(&self, functions: &[FunctionInfo]) -> Option<Leaders> {
        let program = self.program;
        let has_16 = self.config.register_config.count == 16;
        let features = program.features.bits() as u8;
        let mut limits = [u64::MAX; LIMITS];
        limits[Limit::Displacement as usize] = DISPLACEMENTS;
        limits[Limit::Constant as usize] = program.constants.len() as u64;
        limits[Limit::Function as usize] = program.functions.len() as u64;
        limits[Limit::Signature as usize] = program.types.len() as u64;
        limits[Limit::Table as usize] = program.switch_tables.len() as u64;
        limits[Limit::Import as usize] = program.imports.len() as u64;
        let mut leaders = Leaders::new(program.code.len());
        let mut tables_used = 0;
        for function in functions {
            let start = function.start as usize;
            let body = &program.code[start..start + function.length as usize];
            limits[Limit::Target as usize] = body.len() as u64;
            leaders.insert(start);
            let mut refused = false;
            for (at, &instruction) in body.iter().enumerate() {
                let shape = shape(instruction);
                if shape.refuses(instruction, has_16, &limits, features) {
                    refused = true;
                    break;
                }
                if shape.ends_block {
                    leaders.insert(start + at + 1);
                    match shape.limit {
                        Limit::Target => leaders.insert(start + instruction.index()),
                        Limit::Table => {
                            let table = instruction.index();
                            self.switch(start + at, table, body.len(), &mut tables_used)
                                .ok()?;
                            for &target in program.switch_tables[table].targets.iter() {
                                leaders.insert(start + target as usize);
                            }
                        }
                        _ => {}
                    }
                }
            }
            if refused || !body.last().is_some_and(|&last| shape(last).is_terminator) {
                return None;
            }
        }
        leaders.count_up();
        (tables_used == program.switch_tables.len()).then_some(leaders)
    }

    fn explain(&self, functions: &[FunctionInfo]) -> Result<(), Rejection> {
        let mut tables_used = 0;
        for function in functions {
            let start = function.start as usize;
            let body = &self.program.code[start..start + function.length as usize];
            for (at, &instruction) in body.iter().enumerate() {
                self.fields(start + at, instruction)?;
                self.feature(start + at, instruction)?;
                match instruction.class() {
                    Class::Branch | Class::Jump if instruction.index() >= body.len() => {
                        return Err(self.target(start + at, instruction.imm, body.len()));
                    }
                    Class::Switch => self.switch(
                        start + at,
                        instruction.index(),
                        body.len(),
                        &mut tables_used,
                    )?,
                    _ => {}
                }
            }
            if !body.last().is_some_and(|last| last.class().is_terminator()) {
                let detail = "expected the last instruction to be `j`, `switch`, `ret` or `trap`";
                return Err(self.instruction(Rule::FunctionEnd, start + body.len() - 1, detail));
            }
        }
        if tables_used < self.program.switch_tables.len() {
            let detail = "no `switch` uses the table".to_owned();
            return Err(self.table(Rule::SwitchUse, tables_used, detail));
        }
        Ok(())
    }

    /// V-11 to V-15.
    fn fields(&self, at: usize, instruction: Instruction) -> Result<(), Rejection> {
        let Instruction {
            rd, rs1, rs2, imm, ..
        } = instruction;
        let (mut uses_rd, mut uses_rs1, mut uses_rs2, mut uses_imm) = (false, false, false, false);
        for &operand in instruction.class().operands() {
            match operand {
                Operand::Destination => {
                    uses_rd = true;
                    self.register(at, i32::from(rd))?;
                    if rd == 0 {
                        return Err(self.instruction(
                            Rule::DestinationZero,
                            at,
                            "`zero` cannot be written",
                        ));
                    }
                }
                Operand::DestinationAddress => {
                    uses_rd = true;
                    self.register(at, i32::from(rd))?;
                }
                Operand::First | Operand::FirstAddress => {
                    uses_rs1 = true;
                    self.register(at, i32::from(rs1))?;
                }
                Operand::Second | Operand::SecondAddress => {
                    uses_rs2 = true;
                    self.register(at, i32::from(rs2))?;
                }
                Operand::ThirdAddress => {
                    uses_imm = true;
                    self.register(at, imm)?;
                }
                Operand::Displaced => {
                    (uses_rs1, uses_imm) = (true, true);
                    self.register(at, i32::from(rs1))?;
                    self.range(at, imm, DISPLACEMENT_MIN, i32::MAX)?;
                }
                Operand::Immediate => uses_imm = true,
                Operand::Shift64 | Operand::Shift32 | Operand::TrapCode => {
                    uses_imm = true;
                    let most = match operand {
                        Operand::Shift64 => 63,
                        Operand::Shift32 => 31,
                        _ => TRAP_CODE_MAX,
                    };
                    self.range(at, imm, 0, most)?;
                }
                Operand::Constant
                | Operand::Function
                | Operand::Signature
                | Operand::Table
                | Operand::Import => {
                    uses_imm = true;
                    self.index(at, operand, instruction.index())?;
                }
                // Checked by the caller, who knows the function.
                Operand::Target => uses_imm = true,
            }
        }
        let idle = (!uses_rd && rd != 0)
            || (!uses_rs1 && rs1 != 0)
            || (!uses_rs2 && rs2 != 0)
            || (!uses_imm && imm != 0);
        if idle {
            let detail = format!(
                "`{}` leaves a field unused that is not zero",
                instruction.opcode.mnemonic()
            );
            return Err(self.instruction(Rule::UnusedField, at, detail));
        }
        Ok(())
    }

    fn register(&self, at: usize, number: i32) -> Result<(), Rejection> {
        let count = i32::from(self.config.register_config.count);
        if (0..count).contains(&number) {
            return Ok(());
        }
        Err(self.instruction(
            Rule::Register,
            at,
            format!("expected a register below {count}, found {number}"),
        ))
    }

    fn range(&self, at: usize, imm: i32, least: i32, most: i32) -> Result<(), Rejection> {
        if (least..=most).contains(&imm) {
            return Ok(());
        }
        Err(self.instruction(
            Rule::Immediate,
            at,
            format!("expected {least} to {most}, found {imm}"),
        ))
    }

    fn index(&self, at: usize, operand: Operand, index: usize) -> Result<(), Rejection> {
        let program = self.program;
        let (what, count) = match operand {
            Operand::Constant => ("constant", program.constants.len()),
            Operand::Function => ("function", program.functions.len()),
            Operand::Signature => ("type", program.types.len()),
            Operand::Table => ("switch table", program.switch_tables.len()),
            _ => ("import", program.imports.len()),
        };
        if index < count {
            return Ok(());
        }
        Err(self.instruction(
            Rule::Index,
            at,
            format!("expected a {what} below {count}, found {}", index as i32),
        ))
    }

    /// V-19.
    fn feature(&self, at: usize, instruction: Instruction) -> Result<(), Rejection> {
        let class = instruction.class();
        let needed = match class {
            Class::Hash => Features::HASH,
            _ if class.is_wide() => Features::WIDE,
            _ => Features::NONE,
        };
        if self.program.features.contains(needed) {
            return Ok(());
        }
        let detail = format!(
            "`{}` needs feature bits {:#x}",
            instruction.opcode.mnemonic(),
            needed.bits()
        );
        Err(self.instruction(Rule::Feature, at, detail))
    }

    /// V-16, V-18.
    fn switch(
        &self,
        at: usize,
        table: usize,
        length: usize,
        used: &mut usize,
    ) -> Result<(), Rejection> {
        if table != *used {
            let detail = format!("expected the next switch table, {used}, found {table}");
            return Err(self.instruction(Rule::SwitchUse, at, detail));
        }
        *used += 1;
        let targets = &self.program.switch_tables[table].targets;
        if targets.is_empty() {
            return Err(self.table(
                Rule::Target,
                table,
                "a switch needs a default target".to_owned(),
            ));
        }
        match targets.iter().find(|&&target| target as usize >= length) {
            Some(target) => Err(self.table(
                Rule::Target,
                table,
                format!("expected targets below {length}, found {target}"),
            )),
            None => Ok(()),
        }
    }

    /// Refuses a switch table.
    fn table(&self, rule: Rule, table: usize, detail: String) -> Rejection {
        let before = self.program.switch_tables.iter().take(table);
        let offset = before
            .map(|table| 4 + 4 * table.targets.len())
            .sum::<usize>();
        Rejection::new(
            rule,
            self.program.section_offset(Section::SwitchTables) + offset,
            detail,
        )
    }

    fn target(&self, at: usize, target: i32, length: usize) -> Rejection {
        self.instruction(
            Rule::Target,
            at,
            format!("expected a target below {length}, found {target}"),
        )
    }
}
