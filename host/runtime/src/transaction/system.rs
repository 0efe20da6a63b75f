//! Calls that the protocol itself makes at the start and the end of a block.

use super::{Fee, Mode, TransactOptions, Transaction, transact};
use crate::{
    chain::ChainRules,
    execution::{ExecutionError, ExecutionResult, Status, VmSet},
};
use alloy_primitives::{Address, B256, Bytes, address};
use proz_interface::v1::{BlockContext, Revision};
use proz_state::StateDb;

/// Sender of system calls. Spec: EIP-4788.
pub const SYSTEM_ADDRESS: Address = address!("fffffffffffffffffffffffffffffffffffffffe");
/// Spec: EIP-4788.
pub const BEACON_ROOTS_ADDRESS: Address = address!("000f3df6d732807ef1319fb7b8bb8522d0beac02");
/// Spec: EIP-2935.
pub const HISTORY_STORAGE_ADDRESS: Address = address!("0000f90827f1c53a10cb7a02335b175320002935");
/// Spec: EIP-7002.
pub const WITHDRAWAL_REQUEST_ADDRESS: Address =
    address!("00000961ef480eb55e80d19ad83579a64c007002");
/// Spec: EIP-7251.
pub const CONSOLIDATION_REQUEST_ADDRESS: Address =
    address!("0000bbddc7ce488642fb579f8b00f3a590007251");

/// Gas of a system call; it counts neither against the block nor to anybody's cost.
const SYSTEM_GAS: u64 = 30_000_000;

/// One call of the protocol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SystemCall {
    /// Contract.
    pub to: Address,
    /// Call data.
    pub input: Bytes,
    /// Type of the requests that it returns. Spec: EIP-7685. The block is invalid when such a call
    /// fails or finds no contract (EIP-7002, EIP-7251); any other is passed over then.
    pub request_type: Option<u8>,
}

/// Why the end of a block makes it invalid.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BlockEndError {
    /// A contract that every chain has from Prague on is not there. Spec: EIP-7002, EIP-7251.
    #[error("no code at {address}, expected the contract of requests of type {request_type}")]
    ContractMissing {
        /// Where it should be.
        address: Address,
        /// Type of its requests.
        request_type: u8,
    },
    /// It did not succeed. Spec: EIP-7002, EIP-7251.
    #[error("the contract of requests of type {request_type} at {address} failed: {status}")]
    CallFailed {
        /// Where it is.
        address: Address,
        /// Type of its requests.
        request_type: u8,
        /// How it ended.
        status: Status,
    },
    /// The call could not be executed.
    #[error(transparent)]
    Execution(#[from] ExecutionError),
}

/// Calls at the start of a block: beacon root and parent hash. Spec: EIP-4788, EIP-2935.
#[must_use]
pub fn block_start_calls(
    revision: Revision,
    parent_beacon_root: Option<B256>,
    parent_hash: B256,
) -> Vec<SystemCall> {
    let mut calls = Vec::new();
    if let Some(root) = parent_beacon_root.filter(|_| revision.enables(Revision::Cancun)) {
        calls.push(SystemCall {
            to: BEACON_ROOTS_ADDRESS,
            input: root.0.into(),
            request_type: None,
        });
    }
    if revision.enables(Revision::Prague) {
        calls.push(SystemCall {
            to: HISTORY_STORAGE_ADDRESS,
            input: parent_hash.0.into(),
            request_type: None,
        });
    }
    calls
}

/// Calls at the end of a block; their outputs are the requests of EIP-7685, types 1 and 2.
#[must_use]
pub fn block_end_calls(revision: Revision) -> Vec<SystemCall> {
    if !revision.enables(Revision::Prague) {
        return Vec::new();
    }
    [
        (WITHDRAWAL_REQUEST_ADDRESS, 1),
        (CONSOLIDATION_REQUEST_ADDRESS, 2),
    ]
    .map(|(to, request_type)| SystemCall {
        to,
        input: Bytes::new(),
        request_type: Some(request_type),
    })
    .into()
}

/// Executes one system call: no fee, no nonce, no change where the contract is absent.
///
/// # Errors
///
/// As [`transact`].
pub fn system_call(
    set: &VmSet,
    rules: &ChainRules,
    block: &BlockContext,
    db: &dyn StateDb,
    call: &SystemCall,
) -> Result<ExecutionResult, ExecutionError> {
    let transaction = Transaction {
        sender: SYSTEM_ADDRESS,
        to: Some(call.to),
        gas_limit: SYSTEM_GAS,
        fee: Fee::Legacy { gas_price: 0 },
        input: call.input.clone(),
        ..Transaction::default()
    };
    let options = TransactOptions {
        mode: Mode::System,
        ..TransactOptions::default()
    };
    transact(set, rules, block, db, &transaction, options)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_come_with_their_revisions() {
        let root = Some(B256::repeat_byte(1));
        let count = |revision| block_start_calls(revision, root, B256::ZERO).len();
        assert_eq!(count(Revision::Shanghai), 0);
        assert_eq!(count(Revision::Cancun), 1);
        assert_eq!(count(Revision::Prague), 2);
        assert_eq!(block_end_calls(Revision::Cancun).len(), 0);
        assert_eq!(block_end_calls(Revision::Prague).len(), 2);
    }
}
