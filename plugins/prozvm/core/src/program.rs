//! A program as data: what the binary format and the text form both describe.
//!
//! A `Program` may be wrong; [`verify`](crate::verify) tells. Only a [`Verified`](crate::Verified) program runs.

use crate::isa::Instruction;
pub use crate::targets::Targets;

/// Format version that this crate reads and writes.
pub const FORMAT_VERSION: u16 = 1;

/// Bytes of a page of guest memory.
pub const PAGE_SIZE: u32 = 4096;

/// First address that is ever mapped: read-only data begins here.
pub const MEMORY_BASE: u32 = 0x1_0000;

/// Optional parts of the instruction set that a program declares to use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Features(u32);

impl Features {
    /// No optional instruction.
    pub const NONE: Self = Self(0);
    /// The 256-bit instructions.
    pub const WIDE: Self = Self(1);
    /// `keccak256` and `sha256`.
    pub const HASH: Self = Self(2);
    /// Every feature of format version 1.
    pub const ALL: Self = Self(3);

    /// Takes the bits of a header; `None` when an unknown bit is set.
    pub const fn from_bits(bits: u32) -> Option<Self> {
        if bits & !Self::ALL.0 == 0 {
            Some(Self(bits))
        } else {
            None
        }
    }

    /// The bits of the header.
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// Whether all of `other` is included.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Both sets together.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// Number of values that a function takes and gives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Signature {
    /// Arguments, in `a0`…`a7`.
    pub parameters: u8,
    /// Results, in `a0`, `a1`.
    pub results: u8,
}

impl Signature {
    /// Creates a signature.
    pub const fn new(parameters: u8, results: u8) -> Self {
        Self {
            parameters,
            results,
        }
    }
}

/// A syscall that the program uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Import {
    /// Consensus number of the syscall.
    pub number: u16,
    /// Its signature: at most six parameters, at most one result.
    pub signature: Signature,
}

/// A function: a run of the code section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Function {
    /// Index into the types.
    pub signature: u16,
    /// Number of instructions.
    pub length: u32,
}

/// A switch table: targets of one `switch`; the last is the default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SwitchTable {
    /// Instruction indices inside the function.
    pub targets: Targets,
}

/// How an export is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ExportKind {
    /// A contract method, by its four-byte Solidity selector.
    Method([u8; 4]),
    /// Runs once, at deployment.
    Constructor,
    /// Runs when no method matches.
    Fallback,
    /// Runs on empty input with value.
    Receive,
    /// A function that tools call by name, with arguments in registers.
    Plain,
}

/// What a method promises about state and value, as in Solidity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mutability {
    /// Changes state, refuses value.
    #[default]
    NonPayable,
    /// Changes state, accepts value.
    Payable,
    /// Reads state.
    View,
    /// Depends on its input only.
    Pure,
}

/// A function visible from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Export {
    /// How it is reached.
    pub kind: ExportKind,
    /// What it promises.
    pub mutability: Mutability,
    /// Function index.
    pub function: u32,
    /// Name; for methods the Solidity signature, `transfer(address,uint256)`.
    pub name: String,
}

/// A named block of bytes without meaning for execution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Custom {
    /// Name, unique in the program.
    pub name: String,
    /// Contents.
    pub data: Vec<u8>,
}

/// A whole program.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Program {
    /// Gas schedule that the program was made for.
    pub gas_schedule: u16,
    /// Optional instructions that it uses.
    pub features: Features,
    /// Bytes of stack; a multiple of the page size, at least one page.
    pub stack_size: u32,
    /// Bytes of zeroed data behind the initialised data.
    pub bss_size: u32,
    /// Pages of heap mapped from the start.
    pub heap_pages: u32,
    /// Most pages of memory, all regions together, that the program may ever have.
    pub max_pages: u32,
    /// Function signatures, without duplicates.
    pub types: Vec<Signature>,
    /// Syscalls, by ascending number.
    pub imports: Vec<Import>,
    /// Functions, in the order of the code.
    pub functions: Vec<Function>,
    /// 64-bit constants, without duplicates.
    pub constants: Vec<u64>,
    /// Instructions of all functions.
    pub code: Vec<Instruction>,
    /// Switch tables, each used by exactly one `switch`.
    pub switch_tables: Vec<SwitchTable>,
    /// Functions that `callr` can reach; entry `i` has the handle `8 * (i + 1)`.
    pub function_table: Vec<u32>,
    /// Read-only data, at [`MEMORY_BASE`].
    pub rodata: Vec<u8>,
    /// Initialised data, above the stack.
    pub data: Vec<u8>,
    /// Functions visible from outside.
    pub exports: Vec<Export>,
    /// Metadata.
    pub custom: Vec<Custom>,
}

impl Program {
    /// Finds an export by its name.
    pub fn export(&self, name: &str) -> Option<&Export> {
        self.exports.iter().find(|export| export.name == name)
    }

    /// Finds the method with this selector.
    pub fn method(&self, selector: [u8; 4]) -> Option<&Export> {
        self.special(ExportKind::Method(selector))
    }

    /// Finds the export of this kind.
    pub fn special(&self, kind: ExportKind) -> Option<&Export> {
        self.exports.iter().find(|export| export.kind == kind)
    }
}

/// The handle by which `callr` reaches entry `index` of the function table.
///
/// Handles are multiples of eight and never zero, so that null and tagged pointers of C and C++ stay distinct.
///
/// Spec: P-7.
pub const fn function_handle(index: usize) -> u64 {
    8 * (index as u64 + 1)
}

/// The function table index behind a handle, if it has the form of one.
pub const fn handle_index(handle: u64) -> Option<usize> {
    if handle.is_multiple_of(8) && handle != 0 {
        Some((handle / 8 - 1) as usize)
    } else {
        None
    }
}
