//! Jump destinations by blocks of 16 bytes, in the same time whatever the code.
//!
//! Going from instruction to instruction takes longest where nobody can foresee which byte begins
//! one: a contract of such code, called once, costs 2,600 gas and its analysis would be most of the
//! work. So each block is answered for all of its 16 possible entries at once, by doubling: what an
//! entry reaches, and where its last instruction leads, is what its instruction reaches and that of
//! the next one. Only the choice of the entry goes from block to block.

use std::arch::x86_64::*;

/// Bytes of a block.
const BLOCK: usize = 16;

/// Entries of a block, and beyond it what the longest PUSH of the block before may reach.
const ENTRIES: usize = BLOCK + 32 + 1;

/// Blocks that are passed over at once where they are nothing but zeros.
const ZERO_BLOCKS: usize = 16;

/// Marks the destinations of `padded`, whose first `len` bytes are code and at least 15 more are
/// zeros, in `destinations`, which has a bit for each byte of whole blocks; `false` where this
/// machine cannot.
pub(super) fn mark(padded: &[u8], len: usize, destinations: &mut [u8]) -> bool {
    if !is_x86_feature_detected!("ssse3") {
        return false;
    }
    // SAFETY: the instructions are there.
    unsafe { mark_blocks(padded, len, destinations) };
    true
}

#[target_feature(enable = "ssse3")]
fn mark_blocks(padded: &[u8], len: usize, destinations: &mut [u8]) {
    // By entry: instructions that begin in the low and the high half of the block, as bits, and
    // where the entry leads. An entry beyond the block reaches nothing and leads to itself.
    let (mut low, mut high) = ([0_u8; ENTRIES], [0_u8; ENTRIES]);
    let mut next: [u8; ENTRIES] = std::array::from_fn(|entry| entry as u8);
    let mut entry = 0_usize;
    let blocks = len.div_ceil(BLOCK);
    let (code, _) = padded[..blocks * BLOCK].as_chunks::<BLOCK>();
    let (marks, _) = destinations[..blocks * 2].as_chunks_mut::<2>();
    let mut at = 0;
    while at < blocks {
        if at % ZERO_BLOCKS == 0
            && let Some(run) = code.get(at..at + ZERO_BLOCKS)
            && run.as_flattened().iter().fold(0, |all, byte| all | byte) == 0
        {
            // Data or not, nothing in it is pushed over.
            entry = 0;
            at += ZERO_BLOCKS;
            continue;
        }
        let jumps = answer(
            &code[at],
            first(&mut low),
            first(&mut high),
            first(&mut next),
        );
        let begins = u16::from_le_bytes([low[entry], high[entry]]);
        marks[at] = (begins & jumps).to_le_bytes();
        entry = usize::from(next[entry]) - BLOCK;
        at += 1;
    }
}

/// The entries of the block itself.
fn first(entries: &mut [u8; ENTRIES]) -> &mut [u8; BLOCK] {
    entries
        .first_chunk_mut()
        .expect("there are more entries than a block has bytes")
}

/// Answers a block for each of its entries; returns which bytes could be a JUMPDEST.
#[target_feature(enable = "ssse3")]
fn answer(
    code: &[u8; BLOCK],
    low: &mut [u8; BLOCK],
    high: &mut [u8; BLOCK],
    next: &mut [u8; BLOCK],
) -> u16 {
    // SAFETY: 16 bytes are read, which the reference has; no alignment is asked for.
    let code = unsafe { _mm_loadu_si128(code.as_ptr().cast()) };
    let is_push = _mm_cmpeq_epi8(
        _mm_and_si128(code, _mm_set1_epi8(0xe0_u8 as i8)),
        _mm_set1_epi8(0x60),
    );
    let pushed = _mm_add_epi8(_mm_and_si128(code, _mm_set1_epi8(0x1f)), _mm_set1_epi8(1));
    let places = _mm_setr_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    let behind = _mm_add_epi8(places, _mm_set1_epi8(1));
    let mut leads = _mm_add_epi8(behind, _mm_and_si128(pushed, is_push));
    let mut begins_low = _mm_setr_epi8(1, 2, 4, 8, 16, 32, 64, -128, 0, 0, 0, 0, 0, 0, 0, 0);
    let mut begins_high = _mm_setr_epi8(0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, -128);
    // After as many rounds an entry has gone 16 instructions, or left the block.
    for _ in 0..BLOCK.ilog2() {
        let has_left = _mm_cmpgt_epi8(leads, _mm_set1_epi8(BLOCK as i8 - 1));
        // A set high bit chooses zero.
        let chosen = _mm_or_si128(leads, has_left);
        begins_low = _mm_or_si128(begins_low, _mm_shuffle_epi8(begins_low, chosen));
        begins_high = _mm_or_si128(begins_high, _mm_shuffle_epi8(begins_high, chosen));
        leads = _mm_or_si128(
            _mm_shuffle_epi8(leads, chosen),
            _mm_and_si128(leads, has_left),
        );
    }
    // SAFETY: 16 bytes are written each, which the references have; no alignment is asked for.
    unsafe {
        _mm_storeu_si128(low.as_mut_ptr().cast(), begins_low);
        _mm_storeu_si128(high.as_mut_ptr().cast(), begins_high);
        _mm_storeu_si128(next.as_mut_ptr().cast(), leads);
    }
    _mm_movemask_epi8(_mm_cmpeq_epi8(code, _mm_set1_epi8(0x5b))) as u16
}
