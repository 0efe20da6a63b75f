//! Settings of ProzVM, under the specification's names.
//!
//! `memory_model`, `stack_limit`, `register_config`, `gas_schedule` and `limits` are consensus data: every node of a
//! chain needs the same. `machine` belongs to one machine and never shows in a result.
//!
//! Spec: C-1 to C-6.

use std::collections::BTreeMap;

use proz_prozvm_core::{
    GasSchedule, Limits, MemoryKind, MemoryModel, Opcode, OptimizationConfig, RegisterConfig,
    StackLimit, Tier, VmConfig,
};
use serde::Deserialize;

use crate::gas::ChainPrices;
use crate::release::Release;

/// Settings of ProzVM.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ProzVmConfig {
    /// Guest memory. Spec: C-1.
    pub memory_model: MemoryModelConfig,
    /// Limits on the two stacks. Spec: C-2.
    pub stack_limit: StackLimitConfig,
    /// Registers that programs may name. Spec: C-3.
    pub register_config: RegisterFileConfig,
    /// Prices. Spec: C-4.
    pub gas_schedule: GasScheduleConfig,
    /// What never shows in a result. Spec: C-5.
    #[serde(rename = "machine")]
    pub optimization: OptimizationSettings,
    /// Sizes of programs. Spec: C-6.
    pub limits: LimitsConfig,
    /// Release whose instructions and syscalls are served; the plugin library sets it.
    #[serde(skip)]
    pub release: Release,
}

/// Kind of guest memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MemoryKindName {
    /// One range of byte addresses below 2^32.
    #[default]
    Linear32,
}

/// Guest memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MemoryModelConfig {
    /// Kind of addressing.
    pub kind: MemoryKindName,
    /// Most pages of 4 KiB that a program may declare or grow to.
    pub max_pages: u32,
}

impl Default for MemoryModelConfig {
    fn default() -> Self {
        let MemoryModel { max_pages, .. } = MemoryModel::default();
        Self {
            kind: MemoryKindName::Linear32,
            max_pages,
        }
    }
}

/// Limits on the two stacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StackLimitConfig {
    /// Most bytes of stack that a program may declare.
    pub bytes: u32,
    /// Most function frames open at once in one call.
    pub call_depth: u32,
}

impl Default for StackLimitConfig {
    fn default() -> Self {
        let StackLimit { bytes, call_depth } = StackLimit::default();
        Self { bytes, call_depth }
    }
}

/// Registers that programs may name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RegisterFileConfig {
    /// 32, or 16 for programs of the embedded profile.
    pub count: u8,
    /// Width in bits; 64.
    pub width_bits: u8,
}

impl Default for RegisterFileConfig {
    fn default() -> Self {
        let RegisterConfig { count, width_bits } = RegisterConfig::default();
        Self { count, width_bits }
    }
}

/// The gas schedule: a number, and what a schedule of another number costs.
///
/// Number 1 is the plugin's own and cannot be changed. A chain of its own gives its prices another number, which
/// programs then name in their header.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GasScheduleConfig {
    /// Number that programs name.
    pub id: u16,
    /// Units of each page of memory, declared or grown.
    pub page: Option<u64>,
    /// Units of each block of 136 bytes that `keccak256` hashes.
    pub keccak256_block: Option<u64>,
    /// Units of each block of 64 bytes that `sha256` hashes.
    pub sha256_block: Option<u64>,
    /// Units of each 64 bytes that are copied or filled.
    pub copy_block: Option<u64>,
    /// Units of each byte of an exponent.
    pub exponent_byte: Option<u64>,
    /// Static costs of instructions by mnemonic, in units.
    pub costs: BTreeMap<String, u32>,
    /// Units in one gas of the chain.
    pub units_per_gas: Option<u64>,
    /// Gas of entering a contract.
    pub enter: Option<u64>,
    /// Gas of preparing 1,024 bytes of a program.
    pub prepare_kib: Option<u64>,
    /// Units of a syscall beyond the instruction.
    pub syscall: Option<u64>,
    /// Units of each 32 bytes that a syscall copies.
    pub copy_word: Option<u64>,
}

impl Default for GasScheduleConfig {
    fn default() -> Self {
        Self {
            id: 1,
            page: None,
            keccak256_block: None,
            sha256_block: None,
            copy_block: None,
            exponent_byte: None,
            costs: BTreeMap::new(),
            units_per_gas: None,
            enter: None,
            prepare_kib: None,
            syscall: None,
            copy_word: None,
        }
    }
}

/// Which interpreter runs programs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TierName {
    /// The plain one: slow, and the definition of what the other must do.
    Reference,
    /// The direct-threaded one.
    Interpreter,
    /// The fastest at hand.
    #[default]
    Auto,
}

/// Choices that change speed, or what a node prints, and no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OptimizationSettings {
    /// Which interpreter runs programs.
    pub tier: TierName,
    /// Join frequent runs of instructions when a program is prepared.
    pub fusion: bool,
    /// Let the linker drop the saving of registers that frames keep anyway.
    pub strip_callee_saves: bool,
    /// Bytes that prepared programs may take in memory.
    pub code_cache_bytes: usize,
    /// Write what contracts print to the standard error stream.
    pub debug_log: bool,
}

impl Default for OptimizationSettings {
    fn default() -> Self {
        let OptimizationConfig {
            fusion,
            strip_callee_saves,
            code_cache_bytes,
            ..
        } = OptimizationConfig::default();
        Self {
            tier: TierName::Auto,
            fusion,
            strip_callee_saves,
            code_cache_bytes,
            debug_log: false,
        }
    }
}

/// Bounds on the size of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LimitsConfig {
    /// Most bytes of a program.
    pub program_bytes: usize,
    /// Most functions.
    pub functions: usize,
    /// Most instructions.
    pub instructions: usize,
}

impl Default for LimitsConfig {
    fn default() -> Self {
        let Limits {
            program_bytes,
            functions,
            instructions,
        } = Limits::default();
        Self {
            program_bytes,
            functions,
            instructions,
        }
    }
}

impl GasScheduleConfig {
    /// Makes the schedule and the prices beyond it.
    fn build(&self) -> Result<(GasSchedule, ChainPrices), String> {
        if self.id == 1
            && *self
                != (Self {
                    id: 1,
                    ..Self::default()
                })
        {
            return Err(
                "gas_schedule.id is 1, whose prices are fixed; expected another number for other prices"
                    .to_owned(),
            );
        }
        let mut costs = Vec::with_capacity(self.costs.len());
        for (mnemonic, &cost) in &self.costs {
            let opcode = Opcode::ALL.iter().find(|op| op.mnemonic() == mnemonic);
            let opcode = opcode.ok_or_else(|| {
                format!(
                    "gas_schedule.costs names `{mnemonic}`, expected a mnemonic of an instruction"
                )
            })?;
            costs.push((*opcode, cost));
        }
        let mut schedule = GasSchedule::version_1().with_costs(self.id, &costs);
        let dynamic = [
            (&mut schedule.page, self.page),
            (&mut schedule.keccak256_block, self.keccak256_block),
            (&mut schedule.sha256_block, self.sha256_block),
            (&mut schedule.copy_block, self.copy_block),
            (&mut schedule.exponent_byte, self.exponent_byte),
        ];
        let mut prices = ChainPrices::V1;
        let chain = [
            (&mut prices.units_per_gas, self.units_per_gas),
            (&mut prices.enter, self.enter),
            (&mut prices.prepare_kib, self.prepare_kib),
            (&mut prices.syscall, self.syscall),
            (&mut prices.copy_word, self.copy_word),
        ];
        for (price, wanted) in dynamic.into_iter().chain(chain) {
            *price = wanted.unwrap_or(*price);
        }
        if !(1..=1 << 20).contains(&prices.units_per_gas) {
            return Err(format!(
                "gas_schedule.units_per_gas is {}, expected 1 to {}",
                prices.units_per_gas,
                1 << 20
            ));
        }
        Ok((schedule, prices))
    }
}

impl ProzVmConfig {
    /// Makes the machine's configuration and the prices beyond it.
    pub(crate) fn build(&self) -> Result<(VmConfig, ChainPrices), String> {
        let (gas_schedule, prices) = self.gas_schedule.build()?;
        let OptimizationSettings {
            tier,
            fusion,
            strip_callee_saves,
            code_cache_bytes,
            debug_log: _,
        } = self.optimization;
        let config = VmConfig {
            memory_model: MemoryModel {
                kind: match self.memory_model.kind {
                    MemoryKindName::Linear32 => MemoryKind::Linear32,
                },
                max_pages: self.memory_model.max_pages,
            },
            stack_limit: StackLimit {
                bytes: self.stack_limit.bytes,
                call_depth: self.stack_limit.call_depth,
            },
            register_config: RegisterConfig {
                count: self.register_config.count,
                width_bits: self.register_config.width_bits,
            },
            gas_schedule,
            limits: Limits {
                program_bytes: self.limits.program_bytes,
                functions: self.limits.functions,
                instructions: self.limits.instructions,
            },
            optimization: OptimizationConfig {
                tier: match tier {
                    TierName::Reference => Tier::Reference,
                    TierName::Interpreter => Tier::Interpreter,
                    TierName::Auto => Tier::Auto,
                },
                fusion,
                strip_callee_saves,
                code_cache_bytes,
            },
        };
        config.check().map_err(|error| error.to_string())?;
        Ok((config, prices))
    }
}
