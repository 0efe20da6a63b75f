//! Tells by its first bytes what a piece of code is.
//!
//! Only a classification: whether the code is valid is for its virtual machine to say.

use std::fmt;

use serde::Serialize;

/// The bytes that every binary Wasm module begins with.
pub const WASM_MAGIC: [u8; 4] = *b"\0asm";
/// The bytes that every ProzVM program begins with.
pub const PROZVM_MAGIC: [u8; 4] = *b"PZ64";
/// The bytes that a code container begins with: `0xEF`, `P`.
pub const CONTAINER_MAGIC: [u8; 2] = [0xEF, b'P'];
/// The bytes that an EIP-7702 delegation begins with.
pub const DELEGATION_MAGIC: [u8; 3] = [0xEF, 0x01, 0x00];
const EOF_MAGIC: [u8; 2] = [0xEF, 0x00];
const ELF_MAGIC: [u8; 4] = *b"\x7fELF";
const MOVE_MAGIC: [u8; 4] = [0xA1, 0x1C, 0xEB, 0x0B];

/// What a piece of code is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CodeKind {
    /// EVM code: whatever is none of the others.
    Evm,
    /// A binary Wasm module.
    Wasm,
    /// A ProzVM program.
    ProzVm,
    /// A Move module.
    Move,
    /// A code container, which names its virtual machine itself.
    Container,
    /// An EIP-7702 delegation to another account.
    Delegation,
    /// A container of the withdrawn EVM object format.
    EvmObject,
    /// An ELF program, to be translated before use.
    Elf,
}

impl CodeKind {
    /// Classifies code by its first bytes.
    #[must_use]
    pub fn of(code: &[u8]) -> Self {
        const MAGICS: [(&[u8], CodeKind); 7] = [
            (&WASM_MAGIC, CodeKind::Wasm),
            (&PROZVM_MAGIC, CodeKind::ProzVm),
            (&MOVE_MAGIC, CodeKind::Move),
            (&CONTAINER_MAGIC, CodeKind::Container),
            (&DELEGATION_MAGIC, CodeKind::Delegation),
            (&EOF_MAGIC, CodeKind::EvmObject),
            (&ELF_MAGIC, CodeKind::Elf),
        ];
        let found = MAGICS.iter().find(|(magic, _)| code.starts_with(magic));
        found.map_or(CodeKind::Evm, |&(_, kind)| kind)
    }

    /// Returns the `vm_type` that runs such code, where the kind alone tells it.
    #[must_use]
    pub fn vm_type(self) -> Option<&'static str> {
        match self {
            Self::Evm | Self::Delegation => Some("evm"),
            Self::Wasm => Some("wasm"),
            Self::ProzVm => Some("prozvm"),
            Self::Move => Some("movevm"),
            Self::Container | Self::EvmObject | Self::Elf => None,
        }
    }
}

impl fmt::Display for CodeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Evm => "EVM code",
            Self::Wasm => "a Wasm module",
            Self::ProzVm => "a ProzVM program",
            Self::Move => "a Move module",
            Self::Container => "a code container",
            Self::Delegation => "an EIP-7702 delegation",
            Self::EvmObject => "an EVM object format container",
            Self::Elf => "an ELF program",
        })
    }
}
