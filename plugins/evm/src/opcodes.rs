//! Names and shapes of opcodes.

use revm_interpreter::bytecode::opcode::{DIFFICULTY, KECCAK256, OPCODE_INFO, PUSH1, PUSH32};

/// Name of an opcode as the field writes it, `None` where nothing is defined.
pub(crate) fn name(opcode: u8) -> Option<&'static str> {
    match opcode {
        // revm numbers what only later rules define; they are undefined in every rule set here.
        0x4b | 0xe6..=0xe8 => None,
        _ => OPCODE_INFO[opcode as usize].map(|info| info.name()),
    }
}

/// The opcode with this name, in any case. Knows the names before and after a renaming.
pub(crate) fn by_name(text: &str) -> Option<u8> {
    let upper = text.to_ascii_uppercase();
    match upper.as_str() {
        "SHA3" => return Some(KECCAK256),
        "PREVRANDAO" => return Some(DIFFICULTY),
        "SUICIDE" => return by_name("SELFDESTRUCT"),
        _ => {}
    }
    (0..=u8::MAX).find(|opcode| name(*opcode) == Some(upper.as_str()))
}

/// Bytes of data that follow an opcode: `PUSH1` to `PUSH32` have them, `PUSH0` has none.
pub(crate) const fn immediate_bytes(opcode: u8) -> usize {
    if opcode >= PUSH1 && opcode <= PUSH32 {
        (opcode - PUSH1) as usize + 1
    } else {
        0
    }
}

/// Whether the opcode leaves more items on the stack than it takes.
pub(crate) fn grows_stack(opcode: u8) -> bool {
    OPCODE_INFO[opcode as usize].is_some_and(|info| info.outputs() > info.inputs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_agree() {
        for (text, opcode) in [
            ("STOP", 0x00),
            ("sstore", 0x55),
            ("PUSH0", 0x5f),
            ("PUSH32", 0x7f),
            ("SHA3", 0x20),
            ("KECCAK256", 0x20),
            ("PREVRANDAO", 0x44),
            ("SelfDestruct", 0xff),
            ("CLZ", 0x1e),
        ] {
            assert_eq!(by_name(text), Some(opcode), "{text}");
        }
        assert_eq!(by_name("NOP"), None);
        assert_eq!(name(0x0c), None);
    }

    #[test]
    fn only_pushes_with_data_skip_bytes() {
        assert_eq!([0x5f, 0x60, 0x7f, 0x80].map(immediate_bytes), [0, 1, 32, 0]);
    }

    #[test]
    fn dups_and_environment_grow_the_stack_and_swaps_do_not() {
        for (opcode, grows) in [
            (0x80, true),
            (0x30, true),
            (0x60, true),
            (0x90, false),
            (0xf1, false),
        ] {
            assert_eq!(grows_stack(opcode), grows, "{opcode:#x}");
        }
    }
}
