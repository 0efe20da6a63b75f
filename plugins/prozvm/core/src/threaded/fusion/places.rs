//! Where the operands of fused instructions come from.

use super::super::translate::written_after;
use crate::isa::{Class, Instruction, Opcode};

/// Where an operand of a fused instruction comes from. The types in `from` have the same names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum From {
    /// The frame; for operands that do not exist as well.
    Own,
    /// Register 0.
    Zero,
    /// First operand, second operand and result of the first instruction.
    X1,
    Y1,
    R1,
    /// The same of the second.
    X2,
    Y2,
    R2,
}

/// An instruction's opcode and where its operands come from.
pub(crate) type Place = (Opcode, [From; 2]);

/// How many registers an instruction reads as operands of its own: none, `rs1`, or `rs1` and `rs2`.
pub(super) const fn operands(class: Class) -> usize {
    match class {
        Class::Binary | Class::Branch | Class::Store => 2,
        Class::Immediate | Class::Shift64 | Class::Shift32 | Class::Unary | Class::Load => 1,
        _ => 0,
    }
}

/// Where the operands of instructions that follow one another come from.
pub(in super::super) fn places<const N: usize>(body: [Instruction; N]) -> [Place; N] {
    const READ: [[From; 2]; 2] = [[From::X1, From::Y1], [From::X2, From::Y2]];
    const MADE: [From; 2] = [From::R1, From::R2];
    // Registers whose values are at hand; the last entry of one counts.
    let mut known = [(0, From::Own); 6];
    let mut count = 0;
    let mut learn = |known: &mut [(u8, From); 6], register, from| {
        known[count] = (register, from);
        count += 1;
    };
    let mut places = body.map(|instruction| (instruction.opcode, [From::Own; 2]));
    for (at, instruction) in body.iter().enumerate() {
        let registers = [instruction.rs1, instruction.rs2];
        for operand in 0..operands(instruction.class()) {
            let register = registers[operand];
            let found = known.iter().rev().find(|&&(held, _)| held == register);
            places[at].1[operand] = match found {
                _ if register == 0 => From::Zero,
                Some(&(_, from)) => from,
                None => {
                    if at < READ.len() {
                        learn(&mut known, register, READ[at][operand]);
                    }
                    From::Own
                }
            };
        }
        if at < MADE.len() && written_after(*instruction, None).is_some() {
            learn(&mut known, instruction.rd, MADE[at]);
        }
    }
    places
}

/// The same, but for values of the instruction right before: what is in the table for more programs.
pub(super) fn relaxed<const N: usize>(places: [Place; N]) -> [Place; N] {
    let mut before = From::Own;
    let mut next = [From::R1, From::R2].into_iter();
    places.map(|(opcode, sources)| {
        let relaxed = sources.map(|from| if from == before { from } else { From::Own });
        before = next.next().unwrap_or(From::Own);
        (opcode, relaxed)
    })
}
