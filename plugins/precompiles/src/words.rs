//! 32-byte words: prices by the word, and results.

/// Returns `base + per_word * ceil(length / 32)`, saturated.
///
/// Spec: Yellow Paper, appendix E (precompiled contracts).
#[inline]
pub(crate) fn gas(length: usize, base: u64, per_word: u64) -> u64 {
    let words = u64::try_from(length.div_ceil(32)).unwrap_or(u64::MAX);
    per_word.saturating_mul(words).saturating_add(base)
}

/// Appends bytes. Making a vector of the right size takes half the time of growing an empty one.
#[inline]
pub(crate) fn push(output: &mut Vec<u8>, bytes: &[u8]) {
    if output.capacity() == 0 {
        *output = bytes.to_vec();
    } else {
        output.extend_from_slice(bytes);
    }
}

/// Appends a truth value.
pub(crate) fn push_truth(output: &mut Vec<u8>, truth: bool) {
    let mut word = [0; 32];
    word[31] = u8::from(truth);
    push(output, &word);
}

/// Appends an address or another 20-byte result, left-padded.
pub(crate) fn push_short(output: &mut Vec<u8>, bytes: &[u8; 20]) {
    let mut word = [0; 32];
    word[12..].copy_from_slice(bytes);
    push(output, &word);
}

#[cfg(test)]
mod tests {
    use super::gas;

    #[test]
    fn a_started_word_costs_a_whole_one() {
        assert_eq!(gas(0, 15, 3), 15);
        assert_eq!(gas(1, 15, 3), 18);
        assert_eq!(gas(32, 15, 3), 18);
        assert_eq!(gas(33, 15, 3), 21);
    }
}
