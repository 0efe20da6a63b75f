//! Decides whether code may be deployed.

use crate::{config::Settings, opcodes};
use proz_sdk::{Revision, VmError, VmErrorCode};

/// First byte that London reserves. Spec: EIP-3541.
const RESERVED: u8 = 0xef;

/// Checks code against the settings: size, reserved first byte, disabled opcodes.
///
/// Undefined opcodes are no fault: Ethereum deploys them, and they halt when they are reached.
pub(crate) fn validate(code: &[u8], settings: &Settings) -> Result<(), VmError> {
    if code.len() as u64 > settings.code_size_bytes {
        return Err(VmError::new(
            VmErrorCode::CODE_TOO_LARGE,
            format!(
                "code of {} bytes, expected at most {}",
                code.len(),
                settings.code_size_bytes
            ),
        ));
    }
    if settings.newest.enables(Revision::London) && code.first() == Some(&RESERVED) {
        return Err(VmError::new(
            VmErrorCode::INVALID_CODE,
            "code starts with 0xef, which EIP-3541 reserves since London",
        )
        .at(0));
    }
    let mut offset = 0;
    while let Some(&opcode) = code.get(offset) {
        if settings.disabled[opcode as usize] {
            let name = opcodes::name(opcode).unwrap_or("undefined");
            return Err(VmError::new(
                VmErrorCode::PROHIBITED_INSTRUCTION,
                format!("{name} ({opcode:#04x}) is disabled by configuration"),
            )
            .at(offset as u64));
        }
        offset += 1 + opcodes::immediate_bytes(opcode);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{EvmConfig, OpcodeName};

    fn settings(newest: Revision, disabled: &[u8]) -> Settings {
        EvmConfig {
            max_code_size: Some(64),
            disabled_opcodes: disabled.iter().map(|n| OpcodeName::Number(*n)).collect(),
            ..EvmConfig::default()
        }
        .check(newest)
        .unwrap()
    }

    #[test]
    fn accepts_and_refuses_with_offset_and_name() {
        let shanghai = settings(Revision::Shanghai, &[0xff, 0x5b]);
        let berlin = settings(Revision::Berlin, &[]);
        let too_large = [0; 65];
        type Refusal = (VmErrorCode, Option<u64>);
        let cases: &[(&Settings, &[u8], Option<Refusal>)] = &[
            (&shanghai, &[], None),
            (&shanghai, &[0; 64], None),
            (
                &shanghai,
                &too_large,
                Some((VmErrorCode::CODE_TOO_LARGE, None)),
            ),
            (
                &shanghai,
                &[0xef],
                Some((VmErrorCode::INVALID_CODE, Some(0))),
            ),
            (&berlin, &[0xef], None),
            (&shanghai, &[0x60, 0xff, 0x00], None),
            (
                &shanghai,
                &[0x60, 0x00, 0xff],
                Some((VmErrorCode::PROHIBITED_INSTRUCTION, Some(2))),
            ),
            // PUSH0 carries no data, so the next byte is an instruction.
            (
                &shanghai,
                &[0x5f, 0xff],
                Some((VmErrorCode::PROHIBITED_INSTRUCTION, Some(1))),
            ),
            (&shanghai, &[0x7f, 0xff, 0x5b], None),
            (
                &shanghai,
                &[0x0c, 0x5b],
                Some((VmErrorCode::PROHIBITED_INSTRUCTION, Some(1))),
            ),
        ];
        for (settings, code, expected) in cases {
            let found = validate(code, settings)
                .err()
                .map(|e| (e.code(), e.offset()));
            assert_eq!(found, *expected, "{code:02x?}");
        }
        let error = validate(&[0x00, 0xff], &shanghai).unwrap_err();
        assert_eq!(
            error.to_string(),
            "SELFDESTRUCT (0xff) is disabled by configuration (at offset 0x1)"
        );
    }
}
