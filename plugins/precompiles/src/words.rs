//! Prices that are linear in the 32-byte words of the input.

/// Returns `base + per_word * ceil(length / 32)`, saturated.
///
/// Spec: Yellow Paper, appendix E (precompiled contracts).
#[inline]
pub(crate) fn gas(length: usize, base: u64, per_word: u64) -> u64 {
    let words = u64::try_from(length.div_ceil(32)).unwrap_or(u64::MAX);
    per_word.saturating_mul(words).saturating_add(base)
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
