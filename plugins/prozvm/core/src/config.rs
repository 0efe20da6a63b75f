//! Configuration of the machine: what a chain chooses.
//!
//! `memory_model`, `stack_limit`, `register_config` and `gas_schedule` are consensus data; `optimization` is not and
//! never changes a result.
//!
//! Spec: C-1 to C-6.

use crate::gas::GasSchedule;
use crate::isa::register::REGISTERS;

/// Kind of guest memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum MemoryKind {
    /// One range of byte addresses below 2^32.
    #[default]
    Linear32,
}

/// Guest memory of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryModel {
    /// Kind of addressing.
    pub kind: MemoryKind,
    /// Most pages of 4 KiB that a program may declare or grow to.
    pub max_pages: u32,
}

impl Default for MemoryModel {
    fn default() -> Self {
        Self {
            kind: MemoryKind::Linear32,
            max_pages: 4096,
        }
    }
}

/// Limits on the two stacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StackLimit {
    /// Most bytes of stack that a program may declare.
    pub bytes: u32,
    /// Most function frames open at once.
    pub call_depth: u32,
}

impl Default for StackLimit {
    fn default() -> Self {
        Self {
            bytes: 1 << 20,
            call_depth: 1024,
        }
    }
}

/// Registers that programs may name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RegisterConfig {
    /// 32, or 16 for programs compiled for the embedded profile of RISC-V.
    pub count: u8,
    /// Width in bits; 64.
    pub width_bits: u8,
}

impl Default for RegisterConfig {
    fn default() -> Self {
        Self {
            count: 32,
            width_bits: 64,
        }
    }
}

/// Which interpreter runs a program.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Tier {
    /// The plain `match` loop: the oracle.
    Reference,
    /// The direct-threaded interpreter.
    Interpreter,
    /// The fastest that is at hand.
    #[default]
    Auto,
}

/// Choices that change speed and nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OptimizationConfig {
    /// Which interpreter runs programs.
    pub tier: Tier,
    /// Join frequent pairs of instructions when a program is prepared.
    pub fusion: bool,
    /// Let the linker drop the saving of registers that frames keep anyway.
    pub strip_callee_saves: bool,
    /// Bytes that prepared programs may take in the code cache.
    pub code_cache_bytes: usize,
}

impl Default for OptimizationConfig {
    fn default() -> Self {
        Self {
            tier: Tier::Auto,
            fusion: true,
            strip_callee_saves: true,
            code_cache_bytes: 64 << 20,
        }
    }
}

/// Bounds on the size of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Most bytes of an encoded program.
    pub program_bytes: usize,
    /// Most functions.
    pub functions: usize,
    /// Most instructions.
    pub instructions: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            program_bytes: 4 << 20,
            functions: 16_384,
            instructions: 262_144,
        }
    }
}

/// The whole configuration of a ProzVM.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VmConfig {
    /// Guest memory.
    pub memory_model: MemoryModel,
    /// Stack limits.
    pub stack_limit: StackLimit,
    /// Register file.
    pub register_config: RegisterConfig,
    /// Gas costs.
    pub gas_schedule: GasSchedule,
    /// Sizes of programs.
    pub limits: Limits,
    /// Speed.
    pub optimization: OptimizationConfig,
}

/// A configuration that no machine can have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The register file has another shape than the two that exist.
    #[error("expected 16 or 32 registers of 64 bits, found {count} of {width_bits}")]
    Registers {
        /// Registers asked for.
        count: u8,
        /// Bits asked for.
        width_bits: u8,
    },
    /// More memory than 32-bit addresses reach.
    #[error("expected 2 to {limit} pages, found {found}")]
    Pages {
        /// Most pages possible.
        limit: u32,
        /// Pages asked for.
        found: u32,
    },
    /// No frame could be opened, or more than can be kept.
    #[error("expected a call depth of 1 to {limit}, found {found}")]
    CallDepth {
        /// Greatest depth possible.
        limit: u32,
        /// Depth asked for.
        found: u32,
    },
}

impl VmConfig {
    /// Most pages that fit below 2^32, above the unmapped ones.
    pub const PAGE_LIMIT: u32 = (1 << 20) - 16;
    /// Greatest call depth that can be configured.
    pub const CALL_DEPTH_LIMIT: u32 = 1 << 16;

    /// Checks that the parts make a machine.
    ///
    /// # Errors
    ///
    /// The first part that does not, as a [`ConfigError`].
    pub fn check(&self) -> Result<(), ConfigError> {
        let RegisterConfig { count, width_bits } = self.register_config;
        if !(count == 16 || usize::from(count) == REGISTERS) || width_bits != 64 {
            return Err(ConfigError::Registers { count, width_bits });
        }
        let found = self.memory_model.max_pages;
        if !(2..=Self::PAGE_LIMIT).contains(&found) {
            return Err(ConfigError::Pages {
                limit: Self::PAGE_LIMIT,
                found,
            });
        }
        let found = self.stack_limit.call_depth;
        if !(1..=Self::CALL_DEPTH_LIMIT).contains(&found) {
            return Err(ConfigError::CallDepth {
                limit: Self::CALL_DEPTH_LIMIT,
                found,
            });
        }
        Ok(())
    }
}
