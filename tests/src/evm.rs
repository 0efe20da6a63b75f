//! EVM code from text, for programs that a test writes by hand or makes by the thousand.
//!
//! Words are opcodes by name, numbers (the shortest PUSH), `:name` for a JUMPDEST, `@name` for its
//! offset, and `$data` for the offset of what follows the code. Nothing is checked beyond that: wrong
//! code is what many tests want.

use std::collections::BTreeMap;

use alloy_primitives::U256;

/// Opcodes by number; names as in the execution specifications.
const NAMES: [(u8, &str); 4] = [
    (
        0x00,
        "STOP ADD MUL SUB DIV SDIV MOD SMOD ADDMOD MULMOD EXP SIGNEXTEND",
    ),
    (
        0x10,
        "LT GT SLT SGT EQ ISZERO AND OR XOR NOT BYTE SHL SHR SAR CLZ",
    ),
    (
        0x30,
        "ADDRESS BALANCE ORIGIN CALLER CALLVALUE CALLDATALOAD CALLDATASIZE CALLDATACOPY CODESIZE \
         CODECOPY GASPRICE EXTCODESIZE EXTCODECOPY RETURNDATASIZE RETURNDATACOPY EXTCODEHASH \
         BLOCKHASH COINBASE TIMESTAMP NUMBER PREVRANDAO GASLIMIT CHAINID SELFBALANCE BASEFEE \
         BLOBHASH BLOBBASEFEE",
    ),
    (
        0x50,
        "POP MLOAD MSTORE MSTORE8 SLOAD SSTORE JUMP JUMPI PC MSIZE GAS JUMPDEST TLOAD TSTORE \
         MCOPY PUSH0",
    ),
];

/// Opcodes outside the rows.
const SINGLE: [(u8, &str); 11] = [
    (0x20, "KECCAK256"),
    (0xf0, "CREATE"),
    (0xf1, "CALL"),
    (0xf2, "CALLCODE"),
    (0xf3, "RETURN"),
    (0xf4, "DELEGATECALL"),
    (0xf5, "CREATE2"),
    (0xfa, "STATICCALL"),
    (0xfd, "REVERT"),
    (0xfe, "INVALID"),
    (0xff, "SELFDESTRUCT"),
];

/// Returns the opcode of a name.
#[must_use]
pub fn opcode(name: &str) -> Option<u8> {
    for (first, names) in NAMES {
        let place = names.split_whitespace().position(|known| known == name);
        if let Some(place) = place {
            return Some(first + u8::try_from(place).ok()?);
        }
    }
    let numbered = |prefix: &str, first: u8, count: u8| {
        let number: u8 = name.strip_prefix(prefix)?.parse().ok()?;
        (number < count).then(|| first + number)
    };
    SINGLE
        .iter()
        .find_map(|(code, known)| (*known == name).then_some(*code))
        .or_else(|| numbered("DUP", 0x7f, 17))
        .or_else(|| numbered("SWAP", 0x8f, 17))
        .or_else(|| numbered("LOG", 0xa0, 5))
}

/// Appends the shortest PUSH of a number; zero is PUSH1 0, which every revision has.
pub fn push(code: &mut Vec<u8>, number: U256) {
    let bytes = number.to_be_bytes::<32>();
    let zeros = number.leading_zeros() / 8;
    let bytes = &bytes[zeros.min(31)..];
    code.push(0x5f + bytes.len() as u8);
    code.extend(bytes);
}

/// Assembles text.
///
/// # Panics
///
/// When a word is neither of the above or names a label that is not there.
#[must_use]
pub fn assemble(text: &str) -> Vec<u8> {
    assemble_with(text, &[])
}

/// Assembles text and puts data behind it, whose offset is `$data`.
///
/// # Panics
///
/// As [`assemble`].
#[must_use]
pub fn assemble_with(text: &str, data: &[u8]) -> Vec<u8> {
    let mut code = Vec::new();
    let mut labels = BTreeMap::new();
    let mut uses = Vec::new();
    let words = text.lines().flat_map(|line| {
        let code = line.split("//").next().unwrap_or_default();
        code.split_whitespace()
    });
    for word in words {
        if let Some(name) = word.strip_prefix(':') {
            labels.insert(name, code.len());
            code.push(0x5b);
        } else if word.starts_with(['@', '$']) {
            code.push(0x62);
            uses.push((code.len(), word));
            code.extend([0; 3]);
        } else if let Some(opcode) = opcode(word) {
            code.push(opcode);
        } else {
            let number = word.parse::<U256>();
            push(
                &mut code,
                number.unwrap_or_else(|error| panic!("`{word}`: {error}")),
            );
        }
    }
    labels.insert("data", code.len());
    for (at, name) in uses {
        let place = labels.get(&name[1..]);
        let place = place.unwrap_or_else(|| panic!("no label for `{name}`"));
        code[at..at + 3].copy_from_slice(&place.to_be_bytes()[5..]);
    }
    code.extend(data);
    code
}

/// Init code that deploys `code` as it is.
#[must_use]
pub fn init_code(code: &[u8]) -> Vec<u8> {
    let text = format!("{0} $data 0 CODECOPY {0} 0 RETURN", code.len());
    assemble_with(&text, code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_becomes_the_bytes_that_it_says() {
        let code = assemble_with("0 256 :l DUP1 SWAP16 LOG4 @l JUMP CLZ $data PUSH0", b"xy");
        let expected = [
            0x60, 0, 0x61, 1, 0, 0x5b, 0x80, 0x9f, 0xa4, 0x62, 0, 0, 5, 0x56, 0x1e, 0x62, 0, 0, 20,
            0x5f, b'x', b'y',
        ];
        assert_eq!(code, expected);
    }
}
