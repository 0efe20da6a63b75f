//! Why an ELF file cannot become a program, and what to do about it.

use std::fmt;

use proz_prozvm_core::Rejection;

/// An instruction set extension that PZ64 does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Extension {
    /// 16-bit instructions.
    Compressed,
    /// Floating point.
    Float,
    /// Atomic memory operations.
    Atomic,
    /// Vectors.
    Vector,
    /// Control and status registers.
    ControlRegisters,
    /// `ecall`.
    Environment,
    /// A custom opcode that stands for no PZ64 instruction.
    Custom,
    /// Anything else.
    Other,
}

impl Extension {
    /// The extension whose words look like this one.
    pub(crate) const fn of(word: u32) -> Self {
        let width = word >> 12 & 7;
        match word & 0x7f {
            0x07 | 0x27 if width == 0 || width > 4 => Self::Vector,
            0x07 | 0x27 | 0x43 | 0x47 | 0x4b | 0x4f | 0x53 => Self::Float,
            0x2f => Self::Atomic,
            0x57 => Self::Vector,
            0x0b | 0x2b | 0x5b | 0x7b => Self::Custom,
            _ => Self::Other,
        }
    }
}

impl fmt::Display for Extension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Compressed => {
                "a compressed instruction; compile with -march=rv64im_zba_zbb_zicond, without `c`"
            }
            Self::Float => {
                "a floating-point instruction; compile with -march=rv64im_zba_zbb_zicond -mabi=lp64"
            }
            Self::Atomic => {
                "an atomic instruction; compile with -march=rv64im_zba_zbb_zicond, without `a`"
            }
            Self::Vector => {
                "a vector instruction; compile with -march=rv64im_zba_zbb_zicond, without `v`"
            }
            Self::ControlRegisters => "an access to a control register, which PZ64 does not have",
            Self::Environment => "`ecall`; syscalls are written `.insn i 0x0b, 0, x0, x0, number`",
            Self::Custom => "a custom opcode that stands for no PZ64 instruction",
            Self::Other => "an unknown instruction; compile with -march=rv64im_zba_zbb_zicond",
        })
    }
}

/// Why linking failed. Addresses are those of the ELF file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LinkError {
    /// The bytes are no ELF file, or a damaged one.
    #[error("expected an ELF file, found {0}")]
    Malformed(String),
    /// The file is for another machine.
    #[error("expected a 64-bit little-endian RISC-V executable, found {found}")]
    Machine {
        /// What the header says.
        found: String,
    },
    /// The file is not statically linked.
    #[error(
        "expected a statically linked executable, found {found}; link with -static -nostdlib, without -pie"
    )]
    NotStatic {
        /// What was found.
        found: &'static str,
    },
    /// The header announces an extension or an ABI that PZ64 does not have.
    #[error("the file was compiled for {0}")]
    Flags(Extension),
    /// The file has no relocations.
    #[error("the file has no relocations; link with -Wl,--emit-relocs")]
    NoRelocations,
    /// The file has no symbols.
    #[error("the file has no symbols; do not strip it")]
    NoSymbols,
    /// An instruction that PZ64 does not have.
    #[error("found {extension} ({word:#010x} at {address:#x} in `{function}`)")]
    Instruction {
        /// Function that contains it.
        function: String,
        /// Its address.
        address: u64,
        /// The word.
        word: u32,
        /// What it seems to belong to.
        extension: Extension,
    },
    /// A relocation of a kind that is not known here.
    #[error("found relocation type {kind} at {address:#x}: {advice}")]
    Relocation {
        /// Number of the type in the RISC-V ELF specification.
        kind: u32,
        /// Its address.
        address: u64,
        /// What to do.
        advice: &'static str,
    },
    /// A relocation and the instruction or the bytes at its place contradict one another.
    #[error(
        "the relocation at {address:#x} does not fit the instruction there; link with -Wl,--no-relax"
    )]
    RelocationMismatch {
        /// Its address.
        address: u64,
    },
    /// An address computation without a relocation.
    #[error(
        "the instruction at {address:#x} in `{function}` computes an address without a relocation; link with -Wl,--emit-relocs"
    )]
    Unrelocated {
        /// Function that contains it.
        function: String,
        /// Its address.
        address: u64,
    },
    /// An address relative to the global pointer whose relocation a linker took away.
    #[error(
        "the instruction at {address:#x} in `{function}` is relative to `gp`; link with -Wl,--no-relax"
    )]
    GlobalPointer {
        /// Function that contains it.
        function: String,
        /// Its address.
        address: u64,
    },
    /// A reference to something that no section of the program holds.
    #[error("the reference at {address:#x} leads to {target:#x}, which is {what}")]
    Reference {
        /// Where it stands.
        address: u64,
        /// Where it leads.
        target: u64,
        /// What is there.
        what: &'static str,
    },
    /// A jump out of a function to a place that is not the beginning of another.
    #[error("`{function}` jumps at {address:#x} into the middle of `{target}`")]
    JumpIntoFunction {
        /// Function that jumps.
        function: String,
        /// Address of the jump.
        address: u64,
        /// Function that contains the target.
        target: String,
    },
    /// A jump or call to a place where no code is.
    #[error("`{function}` goes at {address:#x} to {target:#x}, where no code is")]
    NoCode {
        /// Function that contains the jump.
        function: String,
        /// Address of the jump.
        address: u64,
        /// Where it goes.
        target: u64,
    },
    /// A jump through a table that was not understood.
    #[error(
        "`{function}` jumps at {address:#x} through a table that is not understood; compile with -fno-jump-tables"
    )]
    JumpTable {
        /// Function that jumps.
        function: String,
        /// Address of the jump.
        address: u64,
    },
    /// A call that keeps its return address in an unusual register.
    #[error(
        "`{function}` calls at {address:#x} with a return address in x{register}; compile with -mno-save-restore"
    )]
    LinkRegister {
        /// Function that calls.
        function: String,
        /// Address of the call.
        address: u64,
        /// The register.
        register: u8,
    },
    /// An instruction whose result goes to `zero`.
    #[error("the PZ64 instruction at {address:#x} in `{function}` writes its result to `zero`")]
    ResultDiscarded {
        /// Function that contains it.
        function: String,
        /// Its address.
        address: u64,
    },
    /// A syscall that does not exist.
    #[error("`{function}` uses syscall {number} at {address:#x}, which does not exist")]
    Syscall {
        /// Function that uses it.
        function: String,
        /// Address of the syscall.
        address: u64,
        /// Its number.
        number: u16,
    },
    /// Constructors that would have to run before everything else.
    #[error("section `{0}` holds constructors, which never run; initialise at compile time")]
    Constructors(String),
    /// Thread-local data.
    #[error("section `{0}` holds thread-local data; compile without `thread_local`")]
    ThreadLocal(String),
    /// Sections that need more memory than addresses reach, or a greater alignment than can be kept.
    #[error("expected {expected}, found {found}")]
    Memory {
        /// What can be had.
        expected: &'static str,
        /// What the file asks for.
        found: u64,
    },
    /// More code than the limits of the configuration allow.
    #[error("expected at most {limit} instructions, found more")]
    TooLarge {
        /// The limit.
        limit: usize,
    },
    /// More functions than the limits of the configuration allow.
    #[error("expected at most {limit} functions, found more")]
    TooMany {
        /// The limit.
        limit: usize,
    },
    /// Nothing would be reachable.
    #[error("nothing is exported; fill section `.pz.exports` or export all symbols")]
    NoExports,
    /// An entry of `.pz.exports` is wrong.
    #[error("entry {index} of `.pz.exports`: expected {expected}, found {found}")]
    Export {
        /// Number of the entry.
        index: usize,
        /// What an entry needs.
        expected: &'static str,
        /// What was found.
        found: String,
    },
    /// An entry of `.pz.config` is wrong.
    #[error("`.pz.config`: expected {expected}, found {found}")]
    Setting {
        /// What an entry needs.
        expected: &'static str,
        /// What was found.
        found: u64,
    },
    /// The finished program breaks a rule, most often a limit of the configuration.
    #[error("the program is refused")]
    Rejected(#[source] Rejection),
}
