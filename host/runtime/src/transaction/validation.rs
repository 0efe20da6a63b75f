//! Whether a transaction may be executed.

use super::{
    Fee, Transaction,
    authorization::delegate_of,
    blob::HASH_VERSION,
    fees,
    intrinsic::{IntrinsicGas, intrinsic_gas},
};
use crate::{
    chain::ChainRules,
    container,
    execution::{ExecutionError, InvalidTransaction},
};
use alloy_primitives::U256;
use proz_interface::v1::{BlockContext, Revision};
use proz_state::{AccountId, Journal};

/// Most gas of one transaction. Spec: EIP-7825.
pub const TRANSACTION_GAS_CAP: u64 = 1 << 24;

/// Checks everything that needs no state, and computes the intrinsic gas.
pub(crate) fn check_stateless(
    transaction: &Transaction,
    block: &BlockContext,
    rules: &ChainRules,
) -> Result<IntrinsicGas, InvalidTransaction> {
    check_type(transaction, block, rules)?;
    check_fees(transaction, block, rules.revision)?;
    check_blobs(transaction, block, rules)?;
    if let Some(authorizations) = &transaction.authorizations
        && authorizations.is_empty()
    {
        return Err(InvalidTransaction::NoAuthorizations);
    }
    check_gas(transaction, block, rules)
}

fn check_type(
    transaction: &Transaction,
    block: &BlockContext,
    rules: &ChainRules,
) -> Result<(), InvalidTransaction> {
    let kind = transaction.kind();
    let needed = match kind {
        0 => Revision::Frontier,
        1 => Revision::Berlin,
        2 => Revision::London,
        3 => Revision::Cancun,
        _ => Revision::Prague,
    };
    if !rules.revision.enables(needed) {
        return Err(InvalidTransaction::TypeNotSupported {
            found: kind,
            needed,
            revision: rules.revision,
        });
    }
    match transaction.chain_id {
        Some(found) if found != block.chain_id => Err(InvalidTransaction::ChainId {
            found,
            expected: block.chain_id,
        }),
        None if kind > 0 => Err(InvalidTransaction::ChainIdMissing { found: kind }),
        _ if kind >= 3 && transaction.to.is_none() => {
            Err(InvalidTransaction::CreationNotAllowed { found: kind })
        }
        _ => Ok(()),
    }
}

/// Spec: EIP-1559.
fn check_fees(
    transaction: &Transaction,
    block: &BlockContext,
    revision: Revision,
) -> Result<(), InvalidTransaction> {
    let cap = match transaction.fee {
        Fee::Legacy { gas_price } => gas_price,
        Fee::Dynamic {
            max_fee,
            max_priority_fee,
        } => {
            if max_priority_fee > max_fee {
                return Err(InvalidTransaction::PriorityFeeAboveCap {
                    priority: max_priority_fee,
                    cap: max_fee,
                });
            }
            max_fee
        }
    };
    let base_fee = block.base_fee.to_u256();
    if revision.enables(Revision::London) && U256::from(cap) < base_fee {
        return Err(InvalidTransaction::FeeBelowBase {
            found: cap,
            base_fee,
        });
    }
    Ok(())
}

/// Spec: EIP-4844.
fn check_blobs(
    transaction: &Transaction,
    block: &BlockContext,
    rules: &ChainRules,
) -> Result<(), InvalidTransaction> {
    let Some(blobs) = &transaction.blobs else {
        return Ok(());
    };
    let base_fee = block.blob_base_fee.to_u256();
    if U256::from(blobs.max_fee) < base_fee {
        return Err(InvalidTransaction::BlobFee {
            found: blobs.max_fee,
            base_fee,
        });
    }
    if blobs.hashes.is_empty() {
        return Err(InvalidTransaction::NoBlobs);
    }
    for (index, hash) in blobs.hashes.iter().enumerate() {
        if hash[0] != HASH_VERSION {
            return Err(InvalidTransaction::BlobVersion {
                index,
                found: hash[0],
            });
        }
    }
    let limit = rules.blobs.max_per_transaction;
    if blobs.hashes.len() > limit {
        return Err(InvalidTransaction::TooManyBlobs {
            found: blobs.hashes.len(),
            limit,
        });
    }
    Ok(())
}

fn check_gas(
    transaction: &Transaction,
    block: &BlockContext,
    rules: &ChainRules,
) -> Result<IntrinsicGas, InvalidTransaction> {
    let found = transaction.gas_limit;
    if rules.revision.enables(Revision::Osaka) && found > TRANSACTION_GAS_CAP {
        return Err(InvalidTransaction::GasLimitAboveCap {
            found,
            cap: TRANSACTION_GAS_CAP,
        });
    }
    if found > block.gas_limit {
        return Err(InvalidTransaction::GasLimitAboveBlock {
            found,
            limit: block.gas_limit,
        });
    }
    if transaction.to.is_none() && rules.revision.enables(Revision::Shanghai) {
        let limit = if rules.containers && container::is_container(&transaction.input) {
            rules.limits.container_size_bytes
        } else {
            rules.limits.init_code_size_bytes
        };
        if transaction.input.len() as u64 > limit {
            return Err(InvalidTransaction::InitCodeTooLarge {
                found: transaction.input.len() as u64,
                limit,
            });
        }
    }
    let gas = intrinsic_gas(transaction, rules.revision);
    if found < gas.initial {
        return Err(InvalidTransaction::IntrinsicGas {
            found,
            needed: gas.initial,
        });
    }
    if found < gas.floor {
        return Err(InvalidTransaction::FloorGas {
            found,
            needed: gas.floor,
        });
    }
    Ok(gas)
}

/// Checks the sender: code, nonce, balance.
pub(crate) fn check_sender(
    journal: &mut Journal<'_>,
    sender: AccountId,
    transaction: &Transaction,
    rules: &ChainRules,
) -> Result<(), ExecutionError> {
    let account = journal.account(sender);
    let (balance, nonce) = (account.balance(), account.nonce());
    // Spec: EIP-3607; a delegated account may send. Spec: EIP-7702.
    if account.has_code() {
        let is_delegated = rules.revision.enables(Revision::Prague)
            && delegate_of(journal.code(sender)?).is_some();
        if !is_delegated {
            return Err(InvalidTransaction::SenderHasCode {
                sender: transaction.sender,
            }
            .into());
        }
    }
    if let Some(found) = transaction.nonce
        && found != nonce
    {
        return Err(InvalidTransaction::Nonce {
            found,
            expected: nonce,
        }
        .into());
    }
    if nonce == u64::MAX {
        return Err(InvalidTransaction::NonceOverflow.into());
    }
    let needed = fees::worst_cost(transaction);
    if needed.is_none_or(|needed| balance < needed) {
        return Err(InvalidTransaction::InsufficientFunds {
            found: balance,
            needed: needed.unwrap_or(U256::MAX),
        }
        .into());
    }
    Ok(())
}
