//! Which registers are still needed, at the end of each block.

use proz_prozvm_core::{A0, Class, SP, SyscallTable};

use crate::ir::{Body, Code, FunctionId};

/// What is known of the functions of the file.
#[derive(Clone, Debug)]
pub(crate) struct Signatures {
    pub(crate) parameters: Vec<u8>,
    pub(crate) results: Vec<u8>,
    /// Parameters and results of every indirect call.
    pub(crate) indirect_parameters: u8,
    pub(crate) indirect_results: u8,
    pub(crate) syscalls: SyscallTable,
}

/// The registers `a0`… of `count` arguments.
pub(crate) const fn arguments(count: u8) -> u32 {
    ((1 << count as u32) - 1) << A0
}

/// `a0` and `a1`.
pub(crate) const RESULTS: u32 = arguments(2);

impl Signatures {
    /// Registers that an instruction of `function` reads.
    pub(crate) fn reads(&self, function: FunctionId, code: &Code) -> u32 {
        let implied = match code.class() {
            Class::Call => arguments(self.parameters[code.imm as usize]) | 1 << SP,
            Class::CallIndirect => arguments(self.indirect_parameters) | 1 << SP,
            Class::Syscall => arguments(self.syscall(code).0),
            Class::Return => arguments(self.results[function]),
            _ => 0,
        };
        code.reads() | implied
    }

    /// Registers that an instruction assigns.
    pub(crate) fn assigns(&self, code: &Code) -> u32 {
        let implied = match code.class() {
            Class::Call => arguments(self.results[code.imm as usize]),
            Class::CallIndirect => arguments(self.indirect_results),
            Class::Syscall => arguments(self.syscall(code).1),
            _ => 0,
        };
        code.writes() | implied
    }

    /// Registers whose old value nobody can want behind an instruction. Calls end those of results, even when they
    /// have none: then nobody reads them.
    fn ends(&self, code: &Code) -> u32 {
        match code.class() {
            Class::Call | Class::CallIndirect => RESULTS,
            _ => self.assigns(code),
        }
    }

    /// Registers needed before an instruction, from those needed behind it.
    pub(crate) fn before(&self, function: FunctionId, code: &Code, live: u32) -> u32 {
        (live & !self.ends(code)) | self.reads(function, code)
    }

    fn syscall(&self, code: &Code) -> (u8, u8) {
        let entry = u16::try_from(code.imm)
            .ok()
            .and_then(|number| self.syscalls.get(number));
        entry.map_or((0, 0), |entry| {
            (entry.signature.parameters, entry.signature.results)
        })
    }
}

/// Registers needed at the end of each block.
pub(crate) fn live_out(body: &Body, function: FunctionId, signatures: &Signatures) -> Vec<u32> {
    let predecessors = body.predecessors();
    let mut out = vec![0u32; body.blocks.len()];
    let mut input = vec![0u32; body.blocks.len()];
    let mut queued = vec![true; body.blocks.len()];
    let mut work: Vec<usize> = (0..body.blocks.len()).collect();
    while let Some(block) = work.pop() {
        queued[block] = false;
        let mut live = 0;
        body.successors(block, |successor| live |= input[successor]);
        out[block] = live;
        for code in body.blocks[block].code.iter().rev() {
            live = signatures.before(function, code, live);
        }
        if live != input[block] {
            input[block] = live;
            for &predecessor in &predecessors[block] {
                if !std::mem::replace(&mut queued[predecessor], true) {
                    work.push(predecessor);
                }
            }
        }
    }
    out
}

/// Registers needed at the entry.
pub(crate) fn live_at_entry(
    body: &Body,
    function: FunctionId,
    signatures: &Signatures,
    out: &[u32],
) -> u32 {
    let code = body.blocks[0].code.iter().rev();
    code.fold(out[0], |live, code| signatures.before(function, code, live))
}
