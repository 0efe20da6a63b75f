//! Typed options of the machines that this project ships. What they mean is the plugins' business: the host hands them
//! on as a table.

use alloy_primitives::Address;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Options of the EVM; absent ones take the plugin's defaults, which are Ethereum's.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvmOptions {
    /// Newest revision to accept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// Compiled tier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enable_jit: Option<bool>,
    /// Whether growing memory costs gas; off only for experiments.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub charge_memory_expansion: Option<bool>,
    /// Most memory of a frame, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_memory_size: Option<u64>,
    /// Items on the operand stack.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stack_limit: Option<u64>,
    /// Deepest frame.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call_depth_limit: Option<u32>,
    /// Most contracts that one frame may create.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub create_contract_limit: Option<u64>,
    /// Largest deployed code, in bytes. Spec: EIP-170.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_code_size: Option<u64>,
    /// Opcodes that halt, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub disabled_opcodes: Vec<String>,
    /// Addresses at which precompiles are active; `None` for all of the pack. Served by the host.
    #[serde(skip)]
    pub precompile_addresses: Option<BTreeSet<Address>>,
}

/// Options of the Wasm VM; absent ones take the plugin's defaults.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WasmOptions {
    /// Most memory, in pages of 64 KiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_memory_pages: Option<u32>,
    /// Logical height of the call stack.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_stack_height: Option<u32>,
    /// Version of the table of operator costs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gas_costs: Option<u32>,
    /// Imports that a module may use, as `module.name`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed_imports: Option<BTreeSet<String>>,
    /// Refuses floats and whatever else might differ between machines.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deterministic: Option<bool>,
}

/// Options of ProzVM; absent ones take the plugin's defaults. All but `optimization` are consensus data.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProzVmOptions {
    /// Guest memory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_model: Option<MemoryModelOptions>,
    /// Limits on the data stack and on calls.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stack_limit: Option<StackLimitOptions>,
    /// Registers that programs may name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub register_config: Option<RegisterOptions>,
    /// Gas schedule: its number as `id`, and for numbers beyond 1 the prices that differ.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gas_schedule: Option<toml::Table>,
    /// What changes speed and nothing else.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub optimization: Option<OptimizationOptions>,
}

/// Guest memory of ProzVM.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MemoryModelOptions {
    /// Kind of addressing, `linear32`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Most pages of 4 KiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_pages: Option<u32>,
}

/// Stacks of ProzVM.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StackLimitOptions {
    /// Most bytes of stack that a program may declare.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u32>,
    /// Most function frames open at once in one call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call_depth: Option<u32>,
}

/// Registers of ProzVM.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegisterOptions {
    /// 32 or 16.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u8>,
    /// Width in bits, 64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub width_bits: Option<u8>,
}

/// How ProzVM runs programs. See the specification's `OptimizationConfig`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OptimizationOptions {
    /// `reference`, `interpreter` or `auto`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tier: Option<String>,
    /// Joins frequent runs of instructions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fusion: Option<bool>,
    /// Lets the linker drop the saving of registers that frames keep anyway.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strip_callee_saves: Option<bool>,
    /// Bytes that prepared programs may take in memory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code_cache_bytes: Option<u64>,
}
