//! The code: two bytes of header, then instructions with their immediates.

use proz_sdk::{VmError, VmErrorCode, Word};
use std::collections::BTreeSet;

/// First bytes of all code: the machine and the version of its format.
pub(crate) const HEADER: [u8; 2] = [b'S', 1];

/// One instruction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Instruction {
    Stop,
    Push(Word),
    Pop,
    /// Copies the item so many below the top.
    Copy(u8),
    /// Exchanges the top with the item so many below it.
    Swap(u8),
    Add,
    Subtract,
    Less,
    Equal,
    IsZero,
    Jump(u16),
    JumpIf(u16),
    Input,
    InputSize,
    Sender,
    Value,
    Recipient,
    GasLeft,
    Load,
    Store,
    /// Appends so many low bytes of the top to the buffer.
    Append(u8),
    /// Appends the input from an offset on.
    AppendInput,
    /// Appends the last call's output from an offset on.
    AppendOutput,
    /// Logs the buffer with so many topics.
    Log(u8),
    Call,
    Output,
    OutputSize,
    Return,
    Revert,
}

/// Reads the instruction at `offset`; returns it with the offset behind it, `None` where there is none.
pub(crate) fn decode(code: &[u8], offset: usize) -> Option<(Instruction, usize)> {
    use Instruction as I;
    let byte = |i: usize| code.get(offset + i).copied();
    let target = || Some(u16::from_be_bytes([byte(1)?, byte(2)?]));
    Some(match byte(0)? {
        0x00 => (I::Stop, offset + 1),
        0x01 => {
            let size = usize::from(byte(1)?);
            let bytes = code.get(offset + 2..offset + 2 + size)?;
            let mut word = [0; 32];
            word.get_mut(32_usize.checked_sub(size)?..)?
                .copy_from_slice(bytes);
            (I::Push(Word::from_be_bytes(word)), offset + 2 + size)
        }
        0x02 => (I::Pop, offset + 1),
        0x03 => (I::Copy(byte(1)?), offset + 2),
        0x04 => (I::Swap(byte(1)?), offset + 2),
        0x10 => (I::Add, offset + 1),
        0x11 => (I::Subtract, offset + 1),
        0x12 => (I::Less, offset + 1),
        0x13 => (I::Equal, offset + 1),
        0x14 => (I::IsZero, offset + 1),
        0x20 => (I::Jump(target()?), offset + 3),
        0x21 => (I::JumpIf(target()?), offset + 3),
        0x30 => (I::Input, offset + 1),
        0x31 => (I::InputSize, offset + 1),
        0x32 => (I::Sender, offset + 1),
        0x33 => (I::Value, offset + 1),
        0x34 => (I::GasLeft, offset + 1),
        0x35 => (I::Recipient, offset + 1),
        0x40 => (I::Load, offset + 1),
        0x41 => (I::Store, offset + 1),
        0x50 => (I::Append(byte(1).filter(|size| *size <= 32)?), offset + 2),
        0x51 => (I::Log(byte(1).filter(|topics| *topics <= 4)?), offset + 2),
        0x52 => (I::Call, offset + 1),
        0x53 => (I::Output, offset + 1),
        0x54 => (I::OutputSize, offset + 1),
        0x55 => (I::AppendInput, offset + 1),
        0x56 => (I::AppendOutput, offset + 1),
        0x60 => (I::Return, offset + 1),
        0x61 => (I::Revert, offset + 1),
        _ => return None,
    })
}

/// Decides whether code may be deployed: every byte belongs to an instruction, and every jump leads to one.
pub(crate) fn validate(code: &[u8]) -> Result<(), VmError> {
    if !code.starts_with(&HEADER) {
        let found: Vec<_> = code.iter().take(2).collect();
        let message = format!("expected code that begins with {HEADER:02x?}, found {found:02x?}");
        return Err(VmError::new(VmErrorCode::INVALID_CODE, message).at(0));
    }
    let (mut starts, mut jumps) = (BTreeSet::new(), Vec::new());
    let mut offset = HEADER.len();
    while offset < code.len() {
        let Some((instruction, next)) = decode(code, offset) else {
            let message = format!("expected a whole instruction, found {:#04x}", code[offset]);
            let error = VmError::new(VmErrorCode::PROHIBITED_INSTRUCTION, message);
            return Err(error.at(offset as u64));
        };
        if let Instruction::Jump(target) | Instruction::JumpIf(target) = instruction {
            jumps.push((offset, usize::from(target)));
        }
        starts.insert(offset);
        offset = next;
    }
    match jumps.iter().find(|(_, target)| !starts.contains(target)) {
        None => Ok(()),
        Some((offset, target)) => {
            let message = format!("expected a jump to an instruction, found one to {target}");
            Err(VmError::new(VmErrorCode::INVALID_CODE, message).at(*offset as u64))
        }
    }
}
