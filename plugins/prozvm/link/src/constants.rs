//! Which registers hold a known constant, at the beginning of each block.

use proz_prozvm_core::{A0, Class, REGISTERS};

use crate::ir::{Body, Code};

/// Known values of registers; `None` where anything may be.
pub(crate) type State = [Option<u64>; REGISTERS];

const NOTHING: State = {
    let mut state = [None; REGISTERS];
    state[0] = Some(0);
    state
};

/// The state at the entry of each block; `None` for blocks that are not reached.
pub(crate) fn entry_states(body: &Body) -> Vec<Option<State>> {
    let mut states: Vec<Option<State>> = vec![None; body.blocks.len()];
    states[0] = Some(NOTHING);
    let mut work = vec![0];
    while let Some(block) = work.pop() {
        let Some(mut state) = states[block] else {
            continue;
        };
        for code in &body.blocks[block].code {
            advance(&mut state, code);
        }
        body.successors(block, |successor| {
            let met = match states[successor] {
                None => state,
                Some(known) => meet(&known, &state),
            };
            if states[successor] != Some(met) {
                states[successor] = Some(met);
                work.push(successor);
            }
        });
    }
    states
}

/// What holds behind an instruction.
pub(crate) fn advance(state: &mut State, code: &Code) {
    let value = value(state, code);
    match code.class() {
        Class::Call | Class::CallIndirect => {
            state[usize::from(A0)] = None;
            state[usize::from(A0) + 1] = None;
        }
        Class::Syscall => state[usize::from(A0)] = None,
        _ if code.writes() != 0 => state[usize::from(code.rd)] = value,
        _ => {}
    }
}

/// The value that an instruction computes, if it is known.
pub(crate) fn value(state: &State, code: &Code) -> Option<u64> {
    let first = state[usize::from(code.rs1)];
    match code.class() {
        Class::LoadImmediate => Some(code.imm as u64),
        Class::Binary => code.opcode.evaluate(first?, state[usize::from(code.rs2)]?),
        Class::Immediate | Class::Shift64 | Class::Shift32 => {
            code.opcode.evaluate(first?, code.imm as u64)
        }
        Class::Unary => code.opcode.evaluate(first?, 0),
        _ => None,
    }
}

fn meet(a: &State, b: &State) -> State {
    std::array::from_fn(|register| a[register].filter(|_| a[register] == b[register]))
}
