//! What a contract call gave, as text and as data.

use super::{CONTRACT, ContractCall, World};
use alloy_json_abi::JsonAbi;
use alloy_primitives::{Address, B256, U256, hex};
use proz_artifact::{AbiBook, Presentation, RevertReason, decode_output};
use proz_sdk::{FrameResult, StatusCode};
use proz_sdk_testing::mock::MockState;
use serde_json::{Value, json};

/// A finished call and the states around it.
pub(crate) struct Report<'a> {
    pub(crate) call: &'a ContractCall,
    pub(crate) result: &'a FrameResult,
    pub(crate) before: &'a MockState,
    pub(crate) world: &'a World,
}

/// A slot that changed.
struct SlotChange {
    account: Address,
    key: U256,
    before: U256,
    after: U256,
}

/// Why a call failed, in words.
pub(crate) fn reason(result: &FrameResult, abi: Option<&JsonAbi>) -> String {
    if result.status == StatusCode::REVERT {
        let errors = abi.into_iter().flat_map(|abi| abi.errors());
        let reason = RevertReason::decode(result.output.as_slice(), errors);
        return format!("reverted: {}", reason.render(&Presentation::default()));
    }
    format!("halted: {}", result.status)
}

impl Report<'_> {
    fn gas_used(&self) -> u64 {
        self.call.gas_limit - self.result.gas_left
    }

    /// The report as lines of text.
    pub(crate) fn text(&self) -> String {
        let mut text = if self.result.status.is_success() {
            "success\n".to_owned()
        } else {
            format!("{}\n", reason(self.result, self.call.abi.as_ref()))
        };
        if self.result.status.is_success() {
            match self.returned() {
                Some(values) => {
                    for value in values {
                        let value = value.render(&Presentation {
                            magnitudes: true,
                            ..Presentation::default()
                        });
                        text.push_str(&format!("returned {value}\n"));
                    }
                }
                None if !self.result.output.is_empty() => {
                    let output = hex::encode_prefixed(self.result.output.as_slice());
                    text.push_str(&format!("returned {output}\n"));
                }
                None => {}
            }
        }
        text.push_str(&format!(
            "gas used {} of {} (the frame alone)\n",
            self.gas_used(),
            self.call.gas_limit
        ));
        if self.result.gas_refund != 0 {
            text.push_str(&format!("gas refund {}\n", self.result.gas_refund));
        }
        for log in &self.world.state().logs {
            text.push_str(&format!("log of {}\n", Address::from(log.address)));
            let topics: Vec<_> = log.topics.iter().map(|&topic| B256::from(topic)).collect();
            let mut book = AbiBook::new();
            if let Some(abi) = &self.call.abi {
                book.add(log.address.into(), "contract", Some(abi.clone()));
            }
            match book.decode_log(log.address.into(), &topics, &log.data) {
                Some(event) => {
                    let values = event.parameters.iter();
                    let values: Vec<_> = values
                        .map(|value| value.render(&Presentation::default()))
                        .collect();
                    text.push_str(&format!("  {}({})\n", event.name, values.join(", ")));
                }
                None => {
                    for topic in topics {
                        text.push_str(&format!("  topic {topic}\n"));
                    }
                    text.push_str(&format!("  data {}\n", hex::encode_prefixed(&log.data)));
                }
            }
        }
        for change in self.slots() {
            let account = match change.account {
                CONTRACT => String::new(),
                other => format!("{other} "),
            };
            text.push_str(&format!(
                "storage {account}{:#x}: {} -> {}\n",
                change.key, change.before, change.after
            ));
        }
        text
    }

    /// The report as data.
    pub(crate) fn data(&self) -> Value {
        let is_success = self.result.status.is_success();
        let logs = self.world.state().logs.iter().map(|log| {
            let topics: Vec<_> = log.topics.iter().map(|&topic| B256::from(topic)).collect();
            json!({
                "address": Address::from(log.address),
                "topics": topics,
                "data": hex::encode_prefixed(&log.data),
            })
        });
        let slots = self.slots().into_iter().map(|change| {
            json!({
                "address": change.account,
                "key": format!("{:#x}", change.key),
                "before": format!("{:#x}", change.before),
                "after": format!("{:#x}", change.after),
            })
        });
        let failure = (!is_success).then(|| reason(self.result, self.call.abi.as_ref()));
        json!({
            "status": self.result.status.to_string(),
            "success": is_success,
            "reason": failure,
            "output": hex::encode_prefixed(self.result.output.as_slice()),
            "returned": self.returned(),
            "gas_used": self.gas_used(),
            "gas_left": self.result.gas_left,
            "gas_refund": self.result.gas_refund,
            "logs": logs.collect::<Vec<_>>(),
            "storage": slots.collect::<Vec<_>>(),
        })
    }

    /// The output by the types of the function, where it states some.
    fn returned(&self) -> Option<Vec<proz_artifact::NamedValue>> {
        let function = self.call.function.as_ref()?;
        if function.outputs.is_empty() || !self.result.status.is_success() {
            return None;
        }
        decode_output(function, self.result.output.as_slice()).ok()
    }

    fn slots(&self) -> Vec<SlotChange> {
        let (before, after) = (&self.before.storage, &self.world.state().storage);
        let keys = before.keys().chain(after.keys());
        let keys: std::collections::BTreeSet<_> = keys.collect();
        let value = |storage: &std::collections::BTreeMap<_, _>, key| {
            let word: Option<&proz_sdk::Word> = storage.get(key);
            word.copied().unwrap_or_default().to_u256()
        };
        keys.into_iter()
            .map(|slot| SlotChange {
                account: slot.0.into(),
                key: U256::from_be_bytes(slot.1),
                before: value(before, slot),
                after: value(after, slot),
            })
            .filter(|change| change.before != change.after)
            .collect()
    }
}
