//! Geth's `prestateTracer`: the accounts and slots that a transaction looked at, as they were before.

use alloy_primitives::{Address, B256, KECCAK256_EMPTY, U256};
use proz_host::inspection::{
    FrameCode, FrameStart, Inspector, StepEvent, StorageAccess, TraceMask,
};
use proz_state::{StateDb, StateError};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Instructions of the EVM whose topmost item is an account: BALANCE, EXTCODESIZE, EXTCODECOPY,
/// EXTCODEHASH, SELFDESTRUCT.
const LOOKS: [u32; 5] = [0x31, 0x3b, 0x3c, 0x3f, 0xff];

/// Notes what is looked at.
#[derive(Debug, Default)]
pub(crate) struct Prestate {
    touched: BTreeMap<Address, BTreeSet<U256>>,
    is_evm: bool,
}

impl Prestate {
    /// The object: accounts that existed, with the slots that were accessed.
    pub(crate) fn trace(&self, state: &dyn StateDb) -> Result<Value, StateError> {
        let mut accounts = Map::new();
        for (address, keys) in &self.touched {
            let Some(info) = state.account(address)? else {
                continue;
            };
            let mut account = json!({ "balance": format!("{:#x}", info.balance) });
            if info.nonce != 0 {
                account["nonce"] = json!(info.nonce);
            }
            if info.code_hash != KECCAK256_EMPTY {
                account["code"] = json!(state.code(&info.code_hash)?);
            }
            let mut slots = Map::new();
            for key in keys {
                let value = B256::from(state.storage(address, key)?);
                slots.insert(B256::from(*key).to_string(), json!(value));
            }
            if !slots.is_empty() {
                account["storage"] = Value::Object(slots);
            }
            accounts.insert(format!("{address:#x}"), account);
        }
        Ok(Value::Object(accounts))
    }

    fn touch(&mut self, address: Address) {
        self.touched.entry(address).or_default();
    }
}

impl Inspector for Prestate {
    fn mask(&self) -> TraceMask {
        let frames = TraceMask::FRAMES.union(TraceMask::STORAGE);
        frames.union(TraceMask::STEPS).union(TraceMask::STACK)
    }

    fn frame_start(&mut self, frame: &FrameStart<'_>) {
        for address in [frame.sender, frame.recipient, frame.code_address] {
            self.touch(address);
        }
    }

    fn frame_code(&mut self, code: FrameCode<'_>) {
        self.is_evm = code.vm_type == "evm";
    }

    fn storage(&mut self, access: &StorageAccess) {
        if !access.is_transient {
            self.touched
                .entry(access.address)
                .or_default()
                .insert(access.key);
        }
    }

    fn selfdestruct(&mut self, address: Address, beneficiary: Address, _value: U256) {
        self.touch(address);
        self.touch(beneficiary);
    }

    fn step(&mut self, event: &StepEvent<'_>) {
        // Only the EVM reports steps by these numbers.
        if self.is_evm
            && LOOKS.contains(&event.opcode)
            && let Some(top) = event.stack.last()
        {
            self.touch(Address::from_word(top.to_u256().into()));
        }
    }
}
