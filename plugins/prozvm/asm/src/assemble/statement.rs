//! Instructions: mnemonics and their operands.

use super::{Assembler, Hole, Place};
use proz_prozvm_core::{Import, Instruction, Opcode, Operand};

use crate::error::{AsmError, expected};
use crate::operand::{
    address, displaced, integer, is_name, register, signature, split_list, value64,
};

impl Assembler {
    pub(super) fn statement(
        &mut self,
        line: usize,
        word: &str,
        rest: &str,
    ) -> Result<(), AsmError> {
        if self.place != Place::Code {
            return Err(AsmError::Misplaced {
                line,
                found: word.to_owned(),
            });
        }
        let pieces = split_list(rest);
        if word == "la" {
            let [rd, symbol] = pieces[..] else {
                return Err(expected(line, "a register and a symbol", rest));
            };
            self.holes.push((
                line,
                self.program.code.len(),
                Hole::Symbol(symbol.to_owned()),
            ));
            self.program
                .code
                .push(Instruction::new(Opcode::Li, register(line, rd)?, 0, 0, 0));
            return Ok(());
        }
        let opcode = Opcode::from_mnemonic(word);
        let opcode = opcode.ok_or_else(|| AsmError::Unknown {
            line,
            found: word.to_owned(),
        })?;
        let operands = opcode.class().operands();
        let is_switch = operands.contains(&Operand::Table);
        if pieces.len() != operands.len() && !(is_switch && pieces.len() > operands.len()) {
            return Err(expected(line, format!("{} operands", operands.len()), rest));
        }
        let mut instruction = Instruction::new(opcode, 0, 0, 0, 0);
        for (&operand, text) in operands.iter().zip(&pieces) {
            self.operand(line, &mut instruction, operand, text)?;
        }
        if is_switch {
            let targets = pieces[1..].iter().map(|&label| label.to_owned()).collect();
            instruction.imm = self.switches.len() as i32;
            self.switches.push((line, self.bodies.len() - 1, targets));
        }
        self.program.code.push(instruction);
        Ok(())
    }

    fn operand(
        &mut self,
        line: usize,
        i: &mut Instruction,
        operand: Operand,
        text: &str,
    ) -> Result<(), AsmError> {
        let at = self.program.code.len();
        match operand {
            Operand::Destination => i.rd = register(line, text)?,
            Operand::DestinationAddress => i.rd = address(line, text)?,
            Operand::First => i.rs1 = register(line, text)?,
            Operand::Second => i.rs2 = register(line, text)?,
            Operand::FirstAddress => i.rs1 = address(line, text)?,
            Operand::SecondAddress => i.rs2 = address(line, text)?,
            Operand::ThirdAddress => i.imm = i32::from(address(line, text)?),
            Operand::Displaced => (i.imm, i.rs1) = displaced(line, text)?,
            Operand::Immediate | Operand::Shift64 | Operand::Shift32 | Operand::TrapCode => {
                i.imm = integer(line, text)?;
            }
            Operand::Constant => {
                let value = value64(line, text)?;
                let constants = &mut self.program.constants;
                let known = constants.iter().position(|&known| known == value);
                i.imm = known.unwrap_or_else(|| {
                    constants.push(value);
                    constants.len() - 1
                }) as i32;
            }
            Operand::Signature => {
                let signature = signature(line, text)?;
                i.imm = i32::from(self.type_index(signature));
            }
            Operand::Target => self.holes.push((line, at, Hole::Label(text.to_owned()))),
            Operand::Function => self.holes.push((line, at, Hole::Function(text.to_owned()))),
            Operand::Table => {}
            Operand::Import => {
                let number = self.syscall(line, text)?;
                self.holes.push((line, at, Hole::Import(number)));
            }
        }
        Ok(())
    }

    /// The number of a syscall; imports it if no directive did.
    fn syscall(&mut self, line: usize, text: &str) -> Result<u16, AsmError> {
        let named = self.syscalls.by_name(text).map(|entry| entry.number);
        let number = match named {
            Some(number) => number,
            None if is_name(text) => {
                return Err(AsmError::Undefined {
                    line,
                    name: text.to_owned(),
                });
            }
            None => integer(line, text)?,
        };
        if !self
            .program
            .imports
            .iter()
            .any(|import| import.number == number)
        {
            let entry = self.syscalls.get(number);
            let entry = entry.ok_or_else(|| AsmError::Undefined {
                line,
                name: text.to_owned(),
            })?;
            self.program.imports.push(Import {
                number,
                signature: entry.signature,
            });
        }
        Ok(number)
    }
}
