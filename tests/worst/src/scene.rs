//! One transaction with all the gas that it may have, and what it meets.

use alloy_primitives::{Address, Bytes, U256};
use proz_host::{Authorization, Transaction};
use proz_tests::evm::{assemble, assemble_with};

/// Gas of every measured transaction: the most that Osaka allows (EIP-7825).
pub const GAS: u64 = 1 << 24;

/// Who sends.
pub(crate) const SENDER: Address = Address::repeat_byte(0xa1);

/// Whom it calls, unless it creates.
pub(crate) const TARGET: Address = Address::repeat_byte(0xc1);

/// A contract that the target calls.
pub(crate) fn victim(number: usize) -> Address {
    let mut address = Address::repeat_byte(0xd1);
    address.0[12..].copy_from_slice(&(number as u64).to_be_bytes());
    address
}

/// Files of a node, such as compiled code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Files {
    /// It keeps none.
    None,
    /// It starts with what a process before it left, after the transactions before.
    Kept,
}

/// What is measured.
#[derive(Clone, Debug)]
pub struct Scene {
    /// Accounts with code.
    pub accounts: Vec<(Address, Vec<u8>)>,
    /// Transactions before, which are not measured.
    pub before: Vec<Transaction>,
    /// What is measured.
    pub transaction: Transaction,
    /// Settings of the node: VM type and TOML.
    pub settings: Vec<(&'static str, &'static str)>,
    /// Files of the node.
    pub files: Files,
}

impl Scene {
    /// A call of [`TARGET`], which has this code.
    pub(crate) fn call(code: Vec<u8>) -> Self {
        Self::with(call(TARGET, Vec::new())).account(TARGET, code)
    }

    /// A creation with this init code.
    pub(crate) fn create(init_code: Vec<u8>) -> Self {
        Self::with(Transaction {
            to: None,
            ..call(TARGET, init_code)
        })
    }

    pub(crate) const fn with(transaction: Transaction) -> Self {
        Self {
            accounts: Vec::new(),
            before: Vec::new(),
            transaction,
            settings: Vec::new(),
            files: Files::None,
        }
    }

    pub(crate) fn account(mut self, address: Address, code: Vec<u8>) -> Self {
        self.accounts.push((address, code));
        self
    }

    pub(crate) fn input(mut self, input: Vec<u8>) -> Self {
        self.transaction.input = input.into();
        self
    }

    pub(crate) fn authorizations(mut self, all: Vec<Authorization>) -> Self {
        self.transaction.fee = proz_host::Fee::Dynamic {
            max_fee: 0,
            max_priority_fee: 0,
        };
        self.transaction.authorizations = Some(all);
        self
    }

    pub(crate) fn settings(mut self, vm_type: &'static str, toml: &'static str) -> Self {
        self.settings.push((vm_type, toml));
        self
    }
}

/// A call with all gas.
pub(crate) fn call(to: Address, input: Vec<u8>) -> Transaction {
    Transaction {
        sender: SENDER,
        to: Some(to),
        gas_limit: GAS,
        value: U256::ZERO,
        input: Bytes::from(input),
        chain_id: Some(1),
        ..Transaction::default()
    }
}

/// EVM code that does `body`, which leaves the stack as it is, again and again until gas ends.
pub(crate) fn forever(setup: &str, body: &str, count: usize) -> Vec<u8> {
    assemble(&format!(
        "{setup} :again {} @again JUMP",
        format!("{body}\n").repeat(count)
    ))
}

/// The same with data in memory from 0 on.
pub(crate) fn forever_with(data: &[u8], setup: &str, body: &str, count: usize) -> Vec<u8> {
    let size = data.len();
    let text = format!(
        "{size} $data 0 CODECOPY {setup} :again {} @again JUMP",
        format!("{body}\n").repeat(count)
    );
    assemble_with(&text, data)
}

/// EVM code that calls `to` with this gas and no input, again and again.
pub(crate) fn calls(to: Address, gas: u64) -> Vec<u8> {
    forever("", &format!("0 0 0 0 0 {to} {gas} CALL POP"), 16)
}

/// EVM code that calls victims 0 to `count` in turn, with this gas each, again and again.
pub(crate) fn calls_in_turn(count: usize, gas: u64) -> Vec<u8> {
    let one = |number| format!("0 0 0 0 0 {} {gas} CALL POP\n", victim(number));
    let all: String = (0..count).map(one).collect();
    forever("", &all, 1)
}

/// EVM code that creates with `code` again and again, with a counter in the 32 bytes at `salt_at`.
pub(crate) fn creates(code: &[u8], salt_at: usize) -> Vec<u8> {
    let size = code.len();
    let text = format!(
        "{size} $data 0 CODECOPY
         :again 1 {counter} MLOAD ADD DUP1 {counter} MSTORE {place} MSTORE
         {size} 0 0 CREATE POP @again JUMP",
        // The counter lies behind the code and is copied into it.
        counter = size + 64,
        place = salt_at
    );
    assemble_with(&text, code)
}

/// A call of a contract that creates with `code` and this gas each time, as [`creates`] does: what a
/// creation that halts takes is no more than that.
pub(crate) fn creates_with(code: &[u8], salt_at: usize, gas: u64) -> Scene {
    let size = code.len();
    let factory =
        format!("{size} $data 0 CODECOPY 0 CALLDATALOAD {salt_at} MSTORE {size} 0 0 CREATE STOP");
    let body = format!(
        "1 0 MLOAD ADD 0 MSTORE 0 0 32 0 0 {} {gas} CALL POP",
        victim(0)
    );
    Scene::call(forever("", &body, 4)).account(victim(0), assemble_with(&factory, code))
}

/// A container, whatever the texts.
pub(crate) fn container(vm_type: &str, payload: &[u8]) -> Vec<u8> {
    proz_host::container::encode(vm_type, "", payload)
        .unwrap_or_else(|error| panic!("{vm_type}: {error}"))
}
