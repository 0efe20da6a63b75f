//! What a chain and an operator may set.

use crate::opcodes;
use proz_sdk::{Revision, VmError, VmErrorCode};
use revm_interpreter::STACK_LIMIT;
use serde::Deserialize;

/// Configuration of the EVM, a TOML table. Every key may be left out.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EvmConfig {
    /// Newest rule set that is executed, by name; at most the release's own newest, which is also
    /// the default. A message under later rules is answered with `UNSUPPORTED`.
    pub revision: Option<String>,
    /// Whether growing memory costs gas. Off, memory is bounded by `max_memory_size` and the
    /// host's limit alone, and gas is no longer Ethereum's.
    pub charge_memory_expansion: bool,
    /// Memory that one frame may use, in bytes, besides the host's own limit.
    pub max_memory_size: Option<u64>,
    /// Items on the operand stack, at most 1,024, which is Ethereum's.
    pub stack_limit: usize,
    /// Deepest frame, besides the host's own limit. A call below it fails with its gas returned.
    pub call_depth_limit: Option<u32>,
    /// Contracts that one frame may create; a further CREATE fails with its gas returned. Counted
    /// for each frame alone, because a frame's result depends on its own message only.
    pub create_contract_limit: Option<u32>,
    /// Largest code in bytes, for `validate_code` and for what init code returns; init code itself
    /// may be twice as large. Besides the host's own limits.
    pub max_code_size: Option<u64>,
    /// Opcodes that halt with `INSTRUCTION_DISABLED`, by name or number.
    pub disabled_opcodes: Vec<OpcodeName>,
    /// What belongs to one machine and never shows in a result.
    pub machine: MachineSettings,
}

/// Settings that never show in a result; every other key is consensus data.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MachineSettings {
    /// Asks for compiled code. Accepted, and answered once with [`crate::NO_COMPILED_TIER`]: this
    /// release interprets.
    pub enable_jit: bool,
}

/// An opcode by name or number.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum OpcodeName {
    /// Number, 0 to 255.
    Number(u8),
    /// Name in any case, such as `SELFDESTRUCT`.
    Name(String),
}

impl Default for EvmConfig {
    fn default() -> Self {
        Self {
            revision: None,
            charge_memory_expansion: true,
            max_memory_size: None,
            stack_limit: STACK_LIMIT,
            call_depth_limit: None,
            create_contract_limit: None,
            max_code_size: None,
            disabled_opcodes: Vec::new(),
            machine: MachineSettings::default(),
        }
    }
}

/// A configuration that was checked against a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Settings {
    /// Newest rule set.
    pub(crate) newest: Revision,
    /// Whether growing memory costs gas.
    pub(crate) charge_memory_expansion: bool,
    /// Memory of one frame in bytes.
    pub(crate) memory_bytes: u64,
    /// Items on the stack.
    pub(crate) stack_limit: usize,
    /// Deepest frame.
    pub(crate) call_depth: u32,
    /// Creations of one frame.
    pub(crate) creations: u32,
    /// Largest code in bytes.
    pub(crate) code_size_bytes: u64,
    /// Disabled opcodes, by number.
    pub(crate) disabled: [bool; 256],
}

impl EvmConfig {
    /// Checks the configuration against a release whose newest rule set is `newest`.
    pub(crate) fn check(&self, newest: Revision) -> Result<Settings, VmError> {
        let revision = match &self.revision {
            None => newest,
            Some(text) => {
                let revision: Revision = text
                    .parse()
                    .map_err(|error| refuse(format!("`revision`: {error}")))?;
                if !newest.enables(revision) {
                    return Err(refuse(format!(
                        "`revision`: {revision} is later than {newest}, the newest rules of this \
                         release"
                    )));
                }
                revision
            }
        };
        if self.stack_limit == 0 || self.stack_limit > STACK_LIMIT {
            return Err(refuse(format!(
                "`stack_limit`: expected 1 to {STACK_LIMIT} items, found {}",
                self.stack_limit
            )));
        }
        if self.max_code_size == Some(0) {
            return Err(refuse(
                "`max_code_size`: expected at least 1 byte, found 0".to_owned(),
            ));
        }
        let mut disabled = [false; 256];
        for opcode in &self.disabled_opcodes {
            let number = match opcode {
                OpcodeName::Number(number) => *number,
                OpcodeName::Name(text) => opcodes::by_name(text).ok_or_else(|| {
                    refuse(format!("`disabled_opcodes`: `{text}` is no opcode's name"))
                })?,
            };
            disabled[number as usize] = true;
        }
        Ok(Settings {
            newest: revision,
            charge_memory_expansion: self.charge_memory_expansion,
            memory_bytes: self.max_memory_size.unwrap_or(u64::MAX),
            stack_limit: self.stack_limit,
            call_depth: self.call_depth_limit.unwrap_or(u32::MAX),
            creations: self.create_contract_limit.unwrap_or(u32::MAX),
            code_size_bytes: self.max_code_size.unwrap_or(u64::MAX),
            disabled,
        })
    }
}

fn refuse(message: String) -> VmError {
    VmError::new(VmErrorCode::INVALID_CONFIGURATION, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> String {
        let config: EvmConfig = toml::from_str(text).unwrap();
        let error = config.check(Revision::Shanghai).unwrap_err();
        assert_eq!(error.code(), VmErrorCode::INVALID_CONFIGURATION);
        error.message().to_owned()
    }

    #[test]
    fn an_empty_table_is_ethereum() {
        let config: EvmConfig = toml::from_str("").unwrap();
        let settings = config.check(Revision::Osaka).unwrap();
        assert_eq!(settings.newest, Revision::Osaka);
        assert_eq!(settings.stack_limit, 1024);
        assert!(settings.charge_memory_expansion && !settings.disabled.contains(&true));
    }

    #[test]
    fn every_key_of_the_specification_is_read() {
        let config: EvmConfig = toml::from_str(
            r#"
            revision = "london"
            charge_memory_expansion = false
            max_memory_size = 65536
            stack_limit = 512
            call_depth_limit = 100
            create_contract_limit = 2
            max_code_size = 1000
            disabled_opcodes = ["SELFDESTRUCT", 0xf2]
            machine = { enable_jit = true }
            "#,
        )
        .unwrap();
        let settings = config.check(Revision::Shanghai).unwrap();
        assert_eq!(settings.newest, Revision::London);
        assert!(settings.disabled[0xff] && settings.disabled[0xf2] && config.machine.enable_jit);
        assert_eq!((settings.memory_bytes, settings.stack_limit), (65536, 512));
        assert_eq!((settings.call_depth, settings.creations), (100, 2));
        assert_eq!(settings.code_size_bytes, 1000);
    }

    #[test]
    fn wrong_values_are_refused_with_what_is_allowed() {
        for (text, part) in [
            ("revision = 'Osaka'", "later than Shanghai"),
            ("revision = 'Atlantis'", "unknown revision `Atlantis`"),
            ("stack_limit = 1025", "expected 1 to 1024 items, found 1025"),
            ("stack_limit = 0", "found 0"),
            ("max_code_size = 0", "at least 1 byte"),
            ("disabled_opcodes = ['NOP']", "`NOP` is no opcode's name"),
        ] {
            assert!(refusal(text).contains(part), "{text}: {}", refusal(text));
        }
        assert!(toml::from_str::<EvmConfig>("stack_limt = 3").is_err());
        assert!(toml::from_str::<EvmConfig>("disabled_opcodes = [256]").is_err());
    }
}
