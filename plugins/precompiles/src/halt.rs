//! Why a precompile refused its input.
//!
//! A halt is an outcome, part of consensus: it consumes all gas given to the call. Which of the
//! variants it is, is told to people only.

use thiserror::Error;

/// Reason of a failed call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Halt {
    /// The price is above the gas given to the call.
    #[error("out of gas: {required} required, {limit} given")]
    OutOfGas {
        /// Price of the input.
        required: u64,
        /// Gas given to the call.
        limit: u64,
    },
    /// The input has another length than the operation defines.
    #[error("input of {found} bytes, expected {expected}")]
    InputLength {
        /// The only accepted length in bytes.
        expected: usize,
        /// Length of the input in bytes.
        found: usize,
    },
    /// The input is not a list of whole items, or an empty list where one item is the least.
    #[error("input of {found} bytes, expected {}a multiple of {item}", if *.allow_empty {""} else {"at least one and "})]
    InputItems {
        /// Length of one item in bytes.
        item: u16,
        /// Whether the empty list is accepted.
        allow_empty: bool,
        /// Length of the input in bytes.
        found: usize,
    },
    /// A length that the header of the input announces is above the limit.
    #[error("operand of {found} bytes, expected at most {limit}")]
    OperandLength {
        /// Largest accepted length in bytes.
        limit: u64,
        /// Announced length in bytes, saturated.
        found: u64,
    },
    /// A flag byte is neither 0 nor 1.
    #[error("final block flag {found}, expected 0 or 1")]
    FinalFlag {
        /// The byte found.
        found: u8,
    },
    /// A coordinate is not below the field modulus.
    #[error("field element not below the modulus")]
    FieldElement,
    /// The padding of a field element is not zero.
    #[error("field element padding not zero")]
    FieldPadding,
    /// A scalar is not below the group order.
    #[error("scalar not below the group order")]
    Scalar,
    /// A point's encoding is malformed.
    #[error("malformed point encoding")]
    PointEncoding,
    /// A point does not satisfy the curve equation.
    #[error("point not on the curve")]
    PointNotOnCurve,
    /// A point is outside the prime-order subgroup.
    #[error("point not in the subgroup")]
    PointNotInSubgroup,
    /// The versioned hash is not that of the commitment.
    #[error("versioned hash does not match the commitment")]
    VersionedHash,
    /// The proof does not verify.
    #[error("proof does not verify")]
    Proof,
}
