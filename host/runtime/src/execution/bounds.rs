//! What a plugin may say of a frame: gas, refund, output, words.
//!
//! What is beyond these bounds cannot have come from executing the frame, whatever the VM, so it is
//! a fault of the plugin that said it and reaches no caller.

use proz_interface::v1::{FrameResult, HostError, Message, StatusCode, VmError};

/// Largest refund that one instruction earns or takes back. Spec: Yellow Paper, R_selfdestruct;
/// EIP-2200 and EIP-3529 stay below.
const REFUND_GAS: i64 = 24_000;

/// Least gas for which one more refund is earned: a call in Frontier, whose self-destruction is
/// free. A store costs 100 at least.
const GAS_PER_REFUND: u64 = 40;

/// Bytes of output that one gas can have bought at most. A page of Wasm memory has 65,536 for
/// 1,024 gas, a page of ProzVM 4,096 for 150, a word of the EVM 32 for 3.
const BYTES_PER_GAS: u64 = 64;

/// Bytes of output that a frame may have had for nothing, beside its code and its input.
const FREE_BYTES: u64 = 64 * 1024;

/// Longest text of a plugin that is kept, in bytes.
const TEXT_BYTES: usize = 4 * 1024;

/// What the result of a frame is held against.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    gas_limit: u64,
    /// Bytes that the frame was given.
    held_bytes: u64,
}

impl Bounds {
    /// The bounds of a frame that runs `code`.
    #[inline]
    pub(crate) fn of(message: &Message<'_>, code: &[u8]) -> Self {
        Self {
            gas_limit: message.gas_limit,
            held_bytes: (code.len() as u64).saturating_add(message.input.len() as u64),
        }
    }

    /// Judges a result; the error says what is wrong with it.
    #[inline]
    pub(crate) fn judge(self, result: &FrameResult) -> Result<(), String> {
        let Some(spent) = self.gas_limit.checked_sub(result.gas_left) else {
            return Err(self.excess_gas(result.gas_left));
        };
        if result.output.is_malformed() {
            return Err(malformed(result.output.len()));
        }
        // Nearly every frame is below what any frame may have.
        if result.gas_refund != 0 {
            let most = most_refund(spent);
            if result.gas_refund.unsigned_abs() > most.unsigned_abs() {
                return Err(excess_refund(result.gas_refund, spent, most));
            }
        }
        let size = result.output.len() as u64;
        if size > FREE_BYTES && size > self.most_output(spent) {
            return Err(excess_output(size, spent, self.most_output(spent)));
        }
        Ok(())
    }

    const fn most_output(self, spent: u64) -> u64 {
        BYTES_PER_GAS
            .saturating_mul(spent)
            .saturating_add(FREE_BYTES)
            .saturating_add(self.held_bytes)
    }

    #[cold]
    fn excess_gas(self, gas_left: u64) -> String {
        format!("returned {gas_left} gas of a limit of {}", self.gas_limit)
    }
}

/// Largest refund, of either sign, that a frame and its children can have earned with `spent` gas:
/// one for the frame itself and one for each further call or store.
fn most_refund(spent: u64) -> i64 {
    let others = i64::try_from(spent / GAS_PER_REFUND).unwrap_or(i64::MAX);
    others.saturating_add(1).saturating_mul(REFUND_GAS)
}

#[cold]
fn malformed(size: usize) -> String {
    format!("returned a malformed output of {size} bytes")
}

#[cold]
fn excess_refund(found: i64, spent: u64, most: i64) -> String {
    format!("returned a refund of {found} for {spent} gas, which earns {most} at most")
}

#[cold]
fn excess_output(size: u64, spent: u64, most: u64) -> String {
    format!("returned an output of {size} bytes for {spent} gas, which buys {most} at most")
}

/// Why a callback failed without abandoning the transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The callback's own error.
    Callback(HostError),
    /// Spec: EIP-3860.
    InitCodeTooLarge,
}

impl Refusal {
    /// How a frame ends that passes it on.
    pub(crate) const fn status(self) -> StatusCode {
        match self {
            Self::Callback(HostError::STATIC_VIOLATION) => StatusCode::STATIC_VIOLATION,
            Self::Callback(_) => StatusCode::INVALID_ARGUMENT,
            Self::InitCodeTooLarge => StatusCode::INIT_CODE_TOO_LARGE,
        }
    }
}

/// What a plugin says of an error, no longer than is worth keeping.
pub(crate) fn words_of(error: &VmError) -> String {
    let words = cut(error.message());
    match error.offset() {
        Some(offset) => format!("{words} (at offset {offset:#x})"),
        None => words,
    }
}

/// A text of a plugin, cut where it is too long to be kept or logged.
pub(crate) fn cut(text: &str) -> String {
    if text.len() <= TEXT_BYTES {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(TEXT_BYTES);
    format!("{}… ({} bytes)", &text[..end], text.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proz_interface::v1::{Buffer, VmErrorCode};

    fn judge(gas_limit: u64, gas_left: u64, gas_refund: i64, size: usize) -> Result<(), String> {
        let bounds = Bounds {
            gas_limit,
            held_bytes: 0,
        };
        bounds.judge(&FrameResult {
            gas_refund,
            ..FrameResult::success(gas_left, Buffer::from(vec![0; size]))
        })
    }

    #[test]
    fn takes_what_gas_can_have_bought() {
        for (limit, left, refund, size) in [
            (0, 0, 24_000, 0),
            (5_100, 0, 19_900, 0),
            (100, 0, -15_000, 0),
            (u64::MAX, 0, i64::MAX, 0),
            (0, 0, 0, 65_536),
            (1_024, 0, 0, 2 * 65_536),
        ] {
            assert_eq!(judge(limit, left, refund, size), Ok(()));
        }
    }

    #[test]
    fn tells_what_gas_cannot_have_bought() {
        for (limit, left, refund, size, expected) in [
            (9, 10, 0, 0, "returned 10 gas of a limit of 9"),
            (
                100,
                100,
                24_001,
                0,
                "returned a refund of 24001 for 0 gas, which earns 24000 at most",
            ),
            (
                80,
                0,
                i64::MIN,
                0,
                "returned a refund of -9223372036854775808 for 80 gas, which earns 72000 at most",
            ),
            (
                200,
                100,
                0,
                80_000,
                "returned an output of 80000 bytes for 100 gas, which buys 71936 at most",
            ),
        ] {
            assert_eq!(judge(limit, left, refund, size), Err(expected.to_owned()));
        }
    }

    #[test]
    fn what_a_frame_was_given_it_may_return() {
        let bounds = Bounds {
            gas_limit: 0,
            held_bytes: 1 << 20,
        };
        let result = FrameResult::success(0, Buffer::from(vec![0; (1 << 20) + 65_536]));
        assert_eq!(bounds.judge(&result), Ok(()));
    }

    #[test]
    fn long_words_are_cut_between_characters() {
        let error = VmError::new(VmErrorCode::INTERNAL, "ä".repeat(1 << 20)).at(16);
        let words = words_of(&error);
        assert!(words.len() < TEXT_BYTES + 64);
        assert!(words.ends_with("ä… (2097152 bytes) (at offset 0x10)"));
        assert_eq!(cut("short"), "short");
    }
}
