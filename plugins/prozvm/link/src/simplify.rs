//! Removes what a PZ64 frame makes needless, and computes in advance what is constant.
//!
//! Spec: L-18 to L-20.

use proz_prozvm_core::{Class, Opcode, SP};

use crate::constants::{State, advance, entry_states, value};
use crate::handles::Handles;
use crate::ir::{Body, Code, FunctionId};
use crate::liveness::{RESULTS, Signatures, live_out};

/// Registers that a RISC-V function keeps for its caller: `ra` and `s0` to `s11`.
const KEPT: u32 = 1 << 1 | 1 << 8 | 1 << 9 | 0x3ff << 18;

/// `s0`, which may be the frame pointer.
const FRAME_POINTER: u8 = 8;

/// Deletes stores into the frame of registers that still hold what they held at the entry: they only keep it for the caller, whose
/// registers a PZ64 call keeps anyway. Gives how many.
pub(crate) fn strip_saves(body: &mut Body) -> usize {
    // Registers of the set that may have been written when a block is entered.
    let mut written: Vec<Option<u32>> = vec![None; body.blocks.len()];
    written[0] = Some(0);
    let mut work = vec![0];
    while let Some(block) = work.pop() {
        let Some(entry) = written[block] else {
            continue;
        };
        let end = body.blocks[block]
            .code
            .iter()
            .fold(entry, |set, code| set | code.writes());
        body.successors(block, |successor| {
            let met = written[successor].unwrap_or(0) | end;
            if written[successor] != Some(met) {
                written[successor] = Some(met);
                work.push(successor);
            }
        });
    }
    let mut deleted = 0;
    for (block, entry) in body.blocks.iter_mut().zip(written) {
        let Some(mut set) = entry else {
            continue;
        };
        block.code.retain(|code| {
            let is_frame = code.rs1 == SP || code.rs1 == FRAME_POINTER;
            let is_save = code.opcode == Opcode::Sd && is_frame && KEPT & !set & 1 << code.rs2 != 0;
            set |= code.writes();
            deleted += usize::from(is_save);
            !is_save
        });
    }
    deleted
}

/// Replaces computations whose result is known, and operands that are known by immediates.
pub(crate) fn fold_constants(body: &mut Body, handles: &Handles) {
    let states = entry_states(body);
    for (block, state) in body.blocks.iter_mut().zip(states) {
        let Some(mut state) = state else {
            continue;
        };
        for code in &mut block.code {
            let before = state;
            advance(&mut state, code);
            *code = folded(&before, *code, handles);
        }
        let Some(&last) = block.code.last() else {
            continue;
        };
        if last.class() == Class::Branch {
            let (first, second) = (before_last(&state, last.rs1), before_last(&state, last.rs2));
            let taken = first
                .zip(second)
                .and_then(|(a, b)| last.opcode.evaluate(a, b));
            if let Some(taken) = taken {
                block.code.pop();
                if taken == 1 {
                    block.next = Some(last.imm as usize);
                }
            }
        }
    }
}

/// A branch writes nothing, so what holds behind it held before.
fn before_last(state: &State, register: u8) -> Option<u64> {
    state[usize::from(register)]
}

fn folded(state: &State, code: Code, handles: &Handles) -> Code {
    let known = |register: u8| state[usize::from(register)];
    if let Some(value) = value(state, &code) {
        return Code::li(code.rd, value, code.pc);
    }
    let mut code = code;
    if code.class() == Class::Binary {
        code = with_immediate(code, known(code.rs1), known(code.rs2));
    }
    match code.class() {
        Class::Binary | Class::Branch => {
            if known(code.rs1) == Some(0) {
                code.rs1 = 0;
            }
            if known(code.rs2) == Some(0) {
                code.rs2 = 0;
            }
        }
        Class::Load | Class::Store => {
            if let Some(base) = known(code.rs1) {
                let address = base.wrapping_add(code.imm as u64);
                if i32::try_from(address).is_ok() {
                    (code.rs1, code.imm) = (0, address as i64);
                }
            }
            if code.class() == Class::Store && known(code.rs2) == Some(0) {
                code.rs2 = 0;
            }
        }
        Class::CallIndirect => {
            if let Some(function) = known(code.rs1).and_then(|handle| handles.function(handle)) {
                code = Code::new(Opcode::Call, 0, 0, 0, function as i64, code.pc);
            }
        }
        _ => {}
    }
    normal(code)
}

/// The form of a binary instruction with an immediate, when an operand is known and fits.
fn with_immediate(code: Code, first: Option<u64>, second: Option<u64>) -> Code {
    use Opcode::*;
    let Code {
        rd, rs1, rs2, pc, ..
    } = code;
    let fits = |value: u64| i32::try_from(value as i64).ok().map(i64::from);
    let immediate = |opcode, register, imm| Code::new(opcode, rd, register, 0, imm, pc);
    let form = match code.opcode {
        Add => Some((Addi, true)),
        Addw => Some((Addiw, true)),
        And => Some((Andi, true)),
        Or => Some((Ori, true)),
        Xor => Some((Xori, true)),
        Slt => Some((Slti, false)),
        Sltu => Some((Sltiu, false)),
        _ => None,
    };
    if let Some((opcode, commutes)) = form {
        if let Some(imm) = second.and_then(fits) {
            return immediate(opcode, rs1, imm);
        }
        if let Some(imm) = first.and_then(fits).filter(|_| commutes) {
            return immediate(opcode, rs2, imm);
        }
    }
    if let Some(amount) = second {
        let negated = fits(amount.wrapping_neg());
        let (six, five) = ((amount & 63) as i64, (amount & 31) as i64);
        return match (code.opcode, negated) {
            (Sub, Some(imm)) => immediate(Addi, rs1, imm),
            (Subw, Some(imm)) => immediate(Addiw, rs1, imm),
            (Sll, _) => immediate(Slli, rs1, six),
            (Srl, _) => immediate(Srli, rs1, six),
            (Sra, _) => immediate(Srai, rs1, six),
            (Ror, _) => immediate(Rori, rs1, six),
            (Rol, _) => immediate(Rori, rs1, (64 - six) & 63),
            (Sllw, _) => immediate(Slliw, rs1, five),
            (Srlw, _) => immediate(Srliw, rs1, five),
            (Sraw, _) => immediate(Sraiw, rs1, five),
            (Rorw, _) => immediate(Roriw, rs1, five),
            (Rolw, _) => immediate(Roriw, rs1, (32 - five) & 31),
            _ => code,
        };
    }
    code
}

/// The usual form: `mv` and `li` for additions of nothing or to nothing.
pub(crate) fn normal(code: Code) -> Code {
    let Code {
        rd,
        rs1,
        rs2,
        imm,
        pc,
        ..
    } = code;
    let copy = |register| Code::new(Opcode::Mv, rd, register, 0, 0, pc);
    match code.opcode {
        Opcode::Addi
        | Opcode::Ori
        | Opcode::Xori
        | Opcode::Slli
        | Opcode::Srli
        | Opcode::Srai
        | Opcode::Rori
            if imm == 0 =>
        {
            copy(rs1)
        }
        Opcode::Addi if rs1 == 0 => Code::li(rd, imm as u64, pc),
        Opcode::Add | Opcode::Or | Opcode::Xor if rs2 == 0 => copy(rs1),
        Opcode::Add | Opcode::Or | Opcode::Xor if rs1 == 0 => copy(rs2),
        Opcode::Sub if rs2 == 0 => copy(rs1),
        Opcode::Mv if rs1 == 0 => Code::li(rd, 0, pc),
        _ => code,
    }
}

/// Reads through copies inside a block, and through additions of constants where memory is accessed.
pub(crate) fn propagate_copies(body: &mut Body, signatures: &Signatures) {
    for block in &mut body.blocks {
        let mut known = Copies::new();
        for code in &mut block.code {
            substitute(code, &known.source);
            known.displace(code);
            let mut assigned = signatures.assigns(code);
            if matches!(code.class(), Class::Call | Class::CallIndirect) {
                assigned |= RESULTS;
            }
            known.forget(assigned);
            known.learn(code);
        }
        block
            .code
            .retain(|code| code.opcode != Opcode::Mv || code.rd != code.rs1);
    }
}

/// What registers are copies or sums of, at one place of a block.
struct Copies {
    /// The register that each one is a copy of; itself if none.
    source: [u8; 32],
    /// The register and the constant of which each one is the sum.
    sum: [Option<(u8, i64)>; 32],
}

impl Copies {
    fn new() -> Self {
        Self {
            source: std::array::from_fn(|register| register as u8),
            sum: [None; 32],
        }
    }

    /// Makes an access through a sum one with a displacement.
    fn displace(&self, code: &mut Code) {
        if !matches!(code.class(), Class::Load | Class::Store) {
            return;
        }
        if let Some((base, constant)) = self.sum[usize::from(code.rs1)] {
            let imm = code.imm + constant;
            if i32::try_from(imm).is_ok_and(|imm| imm > i32::MIN / 2) {
                (code.rs1, code.imm) = (base, imm);
            }
        }
    }

    fn forget(&mut self, assigned: u32) {
        for register in 0..32 {
            if assigned & (1 << register | 1 << self.source[register]) != 0 {
                self.source[register] = register as u8;
            }
            let base = self.sum[register].map_or(0, |(base, _)| 1 << base);
            if assigned & (1 << register | base) != 0 {
                self.sum[register] = None;
            }
        }
    }

    fn learn(&mut self, code: &Code) {
        let Code { rd, rs1, imm, .. } = *code;
        if rd == rs1 || rd == 0 || rd == SP {
            return;
        }
        match code.opcode {
            Opcode::Mv if rs1 != SP => self.source[usize::from(rd)] = rs1,
            Opcode::Addi => self.sum[usize::from(rd)] = Some((rs1, imm)),
            _ => {}
        }
    }
}

fn substitute(code: &mut Code, source: &[u8; 32]) {
    use proz_prozvm_core::Operand;
    for operand in code.class().operands() {
        match operand {
            Operand::DestinationAddress => code.rd = source[usize::from(code.rd)],
            Operand::First | Operand::FirstAddress | Operand::Displaced => {
                code.rs1 = source[usize::from(code.rs1)];
            }
            Operand::Second | Operand::SecondAddress => code.rs2 = source[usize::from(code.rs2)],
            Operand::ThirdAddress => code.imm = i64::from(source[(code.imm & 31) as usize]),
            _ => {}
        }
    }
}

/// Deletes instructions whose result nobody needs. Loads may trap, so only those from the stack go, and only if
/// `loads`. Gives how many went.
pub(crate) fn delete_dead(
    body: &mut Body,
    function: FunctionId,
    signatures: &Signatures,
    loads: bool,
) -> usize {
    let out = live_out(body, function, signatures);
    let mut deleted = 0;
    for (block, end) in body.blocks.iter_mut().zip(out) {
        let mut live = end;
        let mut kept = Vec::with_capacity(block.code.len());
        for code in block.code.iter().rev() {
            let removable =
                code.is_pure() || (loads && code.class() == Class::Load && code.rs1 == SP);
            if removable && code.writes() & live == 0 {
                deleted += 1;
                continue;
            }
            live = signatures.before(function, code, live);
            kept.push(*code);
        }
        kept.reverse();
        block.code = kept;
    }
    deleted
}

/// Deletes the stack frame of a function that keeps nothing in it. Gives whether it had one.
pub(crate) fn delete_frame(body: &mut Body) -> bool {
    let adjusts = |code: &Code| code.opcode == Opcode::Addi && code.rd == SP && code.rs1 == SP;
    let mut codes = body.blocks.iter().flat_map(|block| &block.code);
    let uses = |code: &Code| (code.reads() | code.writes()) & 1 << SP != 0;
    if codes.any(|code| uses(code) && !adjusts(code)) {
        return false;
    }
    let before = body.size();
    for block in &mut body.blocks {
        block.code.retain(|code| !adjusts(code));
    }
    body.size() != before
}
