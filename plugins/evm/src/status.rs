//! From the interpreter's results to the numbers of the ABI.

use proz_sdk::StatusCode;
use revm_interpreter::InstructionResult;

/// Status of a frame that ended with `result`; `None` for results that are no outcome: a failed
/// host, or a suspension, which this plugin's instructions never ask for.
pub(crate) const fn status(result: InstructionResult) -> Option<StatusCode> {
    use InstructionResult as R;
    Some(match result {
        R::Stop | R::Return | R::SelfDestruct => StatusCode::SUCCESS,
        R::Revert => StatusCode::REVERT,
        R::OutOfGas
        | R::MemoryOOG
        | R::PrecompileOOG
        | R::InvalidOperandOOG
        | R::ReentrancySentryOOG => StatusCode::OUT_OF_GAS,
        R::MemoryLimitOOG => StatusCode::MEMORY_LIMIT,
        R::OpcodeNotFound | R::InvalidFEOpcode | R::NotActivated | R::InvalidImmediateEncoding => {
            StatusCode::INVALID_INSTRUCTION
        }
        R::CallNotAllowedInsideStatic | R::StateChangeDuringStaticCall => {
            StatusCode::STATIC_VIOLATION
        }
        R::InvalidJump => StatusCode::INVALID_JUMP,
        R::StackUnderflow => StatusCode::STACK_UNDERFLOW,
        R::StackOverflow => StatusCode::STACK_OVERFLOW,
        R::OutOfOffset => StatusCode::RETURN_DATA_OUT_OF_BOUNDS,
        R::CallTooDeep => StatusCode::CALL_DEPTH_EXCEEDED,
        R::OutOfFunds | R::OverflowPayment => StatusCode::INSUFFICIENT_BALANCE,
        R::CreateCollision => StatusCode::ADDRESS_COLLISION,
        R::NonceOverflow => StatusCode::NONCE_OVERFLOW,
        R::CreateContractSizeLimit => StatusCode::CODE_TOO_LARGE,
        R::CreateContractStartingWithEF | R::CreateInitCodeStartingEF00 | R::InvalidEOFInitCode => {
            StatusCode::CODE_REFUSED
        }
        R::CreateInitCodeSizeLimit => StatusCode::INIT_CODE_TOO_LARGE,
        R::PrecompileError => StatusCode::PRECOMPILE_FAILURE,
        R::InvalidExtDelegateCallTarget => StatusCode::INVALID_ARGUMENT,
        R::FatalExternalError | R::Suspend => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use InstructionResult as R;

    #[test]
    fn every_result_of_the_interpreter_has_the_status_of_the_specification() {
        let table = [
            (R::Stop, Some(0)),
            (R::Return, Some(0)),
            (R::SelfDestruct, Some(0)),
            (R::Suspend, None),
            (R::Revert, Some(1)),
            (R::CallTooDeep, Some(9)),
            (R::OutOfFunds, Some(10)),
            (R::CreateInitCodeStartingEF00, Some(14)),
            (R::InvalidEOFInitCode, Some(14)),
            (R::InvalidExtDelegateCallTarget, Some(22)),
            (R::OutOfGas, Some(2)),
            (R::MemoryOOG, Some(2)),
            (R::MemoryLimitOOG, Some(17)),
            (R::PrecompileOOG, Some(2)),
            (R::InvalidOperandOOG, Some(2)),
            (R::ReentrancySentryOOG, Some(2)),
            (R::OpcodeNotFound, Some(3)),
            (R::CallNotAllowedInsideStatic, Some(8)),
            (R::StateChangeDuringStaticCall, Some(8)),
            (R::InvalidFEOpcode, Some(3)),
            (R::InvalidJump, Some(6)),
            (R::NotActivated, Some(3)),
            (R::StackUnderflow, Some(4)),
            (R::StackOverflow, Some(5)),
            (R::OutOfOffset, Some(7)),
            (R::CreateCollision, Some(11)),
            (R::OverflowPayment, Some(10)),
            (R::PrecompileError, Some(16)),
            (R::NonceOverflow, Some(12)),
            (R::CreateContractSizeLimit, Some(13)),
            (R::CreateContractStartingWithEF, Some(14)),
            (R::CreateInitCodeSizeLimit, Some(15)),
            (R::FatalExternalError, None),
            (R::InvalidImmediateEncoding, Some(3)),
        ];
        for (result, number) in table {
            assert_eq!(status(result).map(|s| s.0), number, "{result:?}");
        }
        // Halts stay halts, reverts reverts: revm's own classes agree where both have one.
        for (result, number) in table {
            if let Some(number) = number
                && !matches!(result, R::CallTooDeep | R::OutOfFunds)
                && number != 14
                && number != 22
            {
                assert_eq!(
                    StatusCode(number).is_success(),
                    result.is_ok(),
                    "{result:?}"
                );
                assert_eq!(StatusCode(number).is_halt(), result.is_halt(), "{result:?}");
            }
        }
    }
}
