//! Finds the jump destinations of code.

#[cfg(target_arch = "x86_64")]
mod blocks;

use revm_interpreter::{
    bytecode::{Bytecode, JumpTable, opcode as op},
    primitives::Bytes,
};

/// Zeros behind the code: what the longest PUSH may lack, and the STOP that ends every program.
const PADDING_BYTES: usize = 33;

/// Bytes that are looked at at once where code is nothing but zeros.
const RUN_BYTES: usize = 8;

/// Analyses code: marks its jump destinations and pads it so that no instruction reads past it.
///
/// Init code is analysed each time it runs, and often most of it is zeros: arguments, or memory that
/// nobody wrote. Runs of them are passed over eight at a time.
///
/// `None` when the machine lacks memory for it.
pub(crate) fn analyse(code: &[u8]) -> Option<Bytecode> {
    if code.is_empty() {
        return Some(Bytecode::new());
    }
    let mut padded = Vec::new();
    // Asked for first, because a failing allocation would end the process.
    padded.try_reserve_exact(code.len() + PADDING_BYTES).ok()?;
    padded.extend_from_slice(code);
    padded.resize(code.len() + PADDING_BYTES, 0);
    let mut destinations = Vec::<u8>::new();
    let table_bytes = code.len().div_ceil(8);
    // Twice, for the copy that is kept, and one more to fill up the last block.
    destinations.try_reserve_exact(2 * table_bytes + 1).ok()?;
    destinations.resize(table_bytes + 1, 0);
    mark(&padded, code.len(), &mut destinations);
    destinations.truncate(table_bytes);
    let table = JumpTable::from_slice(&destinations, code.len());
    // SAFETY: the code is padded by `PADDING_BYTES` zeros, so it ends with a STOP that is no data of
    // a PUSH, whatever precedes it; and the table has a bit for each byte of the code, set where a
    // JUMPDEST is an instruction, which is what revm's own analysis leaves.
    Some(unsafe { Bytecode::new_analyzed(Bytes::from(padded), code.len(), table) })
}

/// Sets the bits of the jump destinations of the first `len` bytes of `padded`.
fn mark(padded: &[u8], len: usize, destinations: &mut [u8]) {
    #[cfg(target_arch = "x86_64")]
    if blocks::mark(padded, len, destinations) {
        return;
    }
    mark_one_by_one(&padded[..len], destinations);
}

/// The same by going from instruction to instruction.
fn mark_one_by_one(code: &[u8], destinations: &mut [u8]) {
    let mut at = 0;
    while let Some(&byte) = code.get(at) {
        let pushed = byte.wrapping_sub(op::PUSH1);
        if byte == op::STOP {
            at += 1;
            while code.get(at..at + RUN_BYTES) == Some(&[0; RUN_BYTES]) {
                at += RUN_BYTES;
            }
        } else if pushed < 32 {
            at += usize::from(pushed) + 2;
        } else {
            if byte == op::JUMPDEST {
                destinations[at / 8] |= 1 << (at % 8);
            }
            at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bits of a table that belong to the code.
    fn destinations(code: &Bytecode, len: usize) -> Vec<usize> {
        let table = code.legacy_jump_table().expect("legacy code has a table");
        (0..len).filter(|at| table.is_valid(*at)).collect()
    }

    #[test]
    fn marks_what_revm_marks() {
        let mut state = 1_u64;
        let mut next = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 33) as usize
        };
        for round in 0..20_000 {
            let len = 1 + next() % if round % 10 == 0 { 1_500 } else { 120 };
            let code: Vec<u8> = (0..len)
                .map(|_| match next() % 4 {
                    0 => op::JUMPDEST,
                    1 => op::PUSH1 + (next() % 32) as u8,
                    2 if round % 2 == 0 => 0,
                    2 => next() as u8,
                    _ => 0,
                })
                .collect();
            let (ours, theirs) = (
                analyse(&code).unwrap(),
                Bytecode::new_legacy(code.clone().into()),
            );
            assert_eq!(
                destinations(&ours, len),
                destinations(&theirs, len),
                "{code:02x?}"
            );
            let mut one_by_one = vec![0; len.div_ceil(8)];
            mark_one_by_one(&code, &mut one_by_one);
            let marked = |at: &usize| one_by_one[at / 8] >> (at % 8) & 1 == 1;
            assert_eq!(
                (0..len).filter(marked).collect::<Vec<_>>(),
                destinations(&theirs, len),
                "{code:02x?}"
            );
            assert_eq!(ours.original_byte_slice(), code);
            // As long as revm's, or longer by zeros.
            assert!(ours.bytes_slice().starts_with(theirs.bytes_slice()));
        }
    }

    #[test]
    fn no_push_reads_past_the_padding() {
        for push in op::PUSH1..=op::PUSH32 {
            let code = analyse(&[push]).unwrap();
            let read = 1 + usize::from(push - op::PUSH1) + 1;
            assert!(code.bytes_slice().len() > read, "{push:#x}");
            assert_eq!(code.bytes_slice()[read..].first(), Some(&op::STOP));
        }
        assert!(analyse(&[]).unwrap().is_empty());
    }
}
