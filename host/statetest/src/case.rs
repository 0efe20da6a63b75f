//! One test of a file, ready to run its cases, and what a case gives.

use crate::{
    error::Flaw,
    exception::Refusal,
    fork,
    format::{AccountState, Expectation, Pairs, Test},
    number::{Account, Data, Text as _},
    report::{CaseId, CaseResult, Compared, Outcome},
    transaction::{Builder, Unbuilt},
    world,
};
use alloy_primitives::{Address, B256, b256};
use proz_host::{
    ExecutionError, Revision, StateChanges, TransactOptions, Transaction, VmFactory,
    inspection::InspectorCell, transaction::transact,
};
use proz_state::{AccountInfo, MemoryDb, StateDbMut as _};

/// Chain that signs where a file names none.
const MAINNET: u64 = 1;

/// Keccak-256 of the RLP of no logs.
pub(crate) const NO_LOGS: B256 =
    b256!("1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347");

/// A state test with its state built.
pub(crate) struct StateTest<'t> {
    test: &'t Test<'t>,
    env: &'t crate::format::Env,
    before: MemoryDb,
    builder: Builder<'t>,
    chain_id: u64,
}

/// What a case gave.
pub(crate) struct Found {
    pub(crate) state_root: B256,
    pub(crate) logs_hash: B256,
    /// Gas paid for; absent when the transaction was refused.
    pub(crate) gas_used: Option<u64>,
    pub(crate) refusal: Option<Refusal>,
    /// Differences that no hash shows, such as a plugin's fault.
    pub(crate) problems: Vec<String>,
    changes: StateChanges,
}

impl<'t> StateTest<'t> {
    /// Builds the state and the transactions' common parts.
    pub(crate) fn new(test: &'t Test<'t>) -> Result<Self, Flaw> {
        let transaction = test.transaction.as_ref();
        let transaction = transaction.ok_or_else(|| Flaw::missing("transaction"))?;
        let chain_id = test.config.chainid.map_or(MAINNET, |id| id.0);
        Ok(Self {
            test,
            env: test.env.as_ref().ok_or_else(|| Flaw::missing("env"))?,
            before: world::build(&test.pre, "pre")?,
            builder: Builder::new(transaction, chain_id)?,
            chain_id,
        })
    }

    /// Runs the transaction of a case.
    pub(crate) fn run(
        &self,
        vms: &VmFactory,
        fork: &str,
        revision: proz_host::Revision,
        case: &Expectation<'_>,
        inspector: Option<&InspectorCell>,
    ) -> Result<Found, Flaw> {
        let rules = fork::rules(fork, revision, &self.test.config);
        let block = fork::block(self.env, self.chain_id, &rules);
        let refused = |refusal| Found {
            state_root: if case.has_reward() {
                self.rewarded(revision, block.coinbase.into())
            } else {
                self.before.state_root()
            },
            refusal: Some(refusal),
            ..self.untouched()
        };
        let transaction = match self.builder.build(case.indexes) {
            Ok(transaction) => transaction,
            Err(Unbuilt::Unencodable(field)) => {
                return Ok(refused(Refusal::Unencodable(field)));
            }
            Err(Unbuilt::Flaw(flaw)) => return Err(flaw),
        };
        let lease = vms.registry().lease(block.number, block.timestamp);
        let options = TransactOptions {
            inspector,
            ..TransactOptions::default()
        };
        let result = transact(
            lease.set(),
            &rules,
            &block,
            &self.before,
            &transaction,
            options,
        );
        Ok(match result {
            Ok(result) => Found {
                state_root: self.before.state_root_after(&result.state_changes),
                logs_hash: hash_of_logs(&result.state_changes),
                gas_used: Some(result.gas_used),
                refusal: None,
                problems: Vec::new(),
                changes: result.state_changes,
            },
            Err(ExecutionError::Invalid(reason)) => refused(Refusal::Invalid(reason)),
            Err(error) => Found {
                problems: vec![in_one_line(&error)],
                ..self.untouched()
            },
        })
    }

    /// Reads the signed transaction of a case and says how it differs from the one of its parts.
    pub(crate) fn check_envelope(
        &self,
        revision: Revision,
        case: &Expectation<'_>,
    ) -> Result<Option<String>, Flaw> {
        let Some(text) = &case.txbytes else {
            return Ok(None);
        };
        let bytes = Data::read(text).ok_or_else(|| Flaw::new("post.txbytes", Data::EXPECTED))?;
        let built = match self.builder.build(case.indexes) {
            Ok(built) => Some(built),
            Err(Unbuilt::Unencodable(_)) => None,
            Err(Unbuilt::Flaw(flaw)) => return Err(flaw),
        };
        Ok(match (Transaction::decode(&bytes.0, revision), built) {
            (Ok(read), Some(mut built)) => {
                // The parts do not say whether a legacy transaction is protected by EIP-155.
                if built.kind() == 0 && read.chain_id.is_none_or(|id| id == self.chain_id) {
                    built.chain_id = read.chain_id;
                }
                (read != built).then(|| format!("txbytes: expected {built:?}, found {read:?}"))
            }
            (Ok(_), None) => Some("txbytes: expected nothing that can be read".to_owned()),
            (Err(error), Some(_)) if case.expect_exception.is_none() => {
                Some(format!("txbytes: {}", in_one_line(&error)))
            }
            (Err(_), _) => None,
        })
    }

    /// State root of a block without transactions whose miner has a reward of zero: it makes an
    /// empty account of one that is not there, until such accounts are cleared. Spec: EIP-161; the
    /// fees of an executed transaction touch the same account.
    fn rewarded(&self, revision: Revision, coinbase: Address) -> B256 {
        if revision.enables(Revision::SpuriousDragon) || self.before.get(&coinbase).is_some() {
            return self.before.state_root();
        }
        let mut after = self.before.clone();
        after.insert_account(coinbase, AccountInfo::default());
        after.state_root()
    }

    fn untouched(&self) -> Found {
        Found {
            state_root: self.before.state_root(),
            logs_hash: NO_LOGS,
            gas_used: None,
            refusal: None,
            problems: Vec::new(),
            changes: StateChanges::new(),
        }
    }

    /// Compares with what the file expects, and says what differs.
    pub(crate) fn judge(&self, id: CaseId, expected: &Expectation<'_>, found: Found) -> CaseResult {
        let mut reasons = self.reasons(expected, &found);
        reasons.splice(0..0, found.problems);
        CaseResult {
            id,
            outcome: if reasons.is_empty() {
                Outcome::Passed
            } else {
                Outcome::Failed
            },
            reasons,
            gas_used: found.gas_used,
            state_root: Some(Compared {
                expected: expected.hash.0,
                found: found.state_root,
            }),
            logs_hash: Some(Compared {
                expected: expected.logs.0,
                found: found.logs_hash,
            }),
            exception: Compared {
                expected: expected.expect_exception.as_ref().map(|e| e.to_string()),
                found: found.refusal.map(|refusal| refusal.to_string()),
            },
        }
    }

    fn reasons(&self, expected: &Expectation<'_>, found: &Found) -> Vec<String> {
        let mut reasons = Vec::new();
        match (&expected.expect_exception, &found.refusal) {
            (None, Some(refusal)) => {
                reasons.push(format!("expected an execution, was refused: {refusal}"));
            }
            (Some(exception), None) => {
                reasons.push(format!("expected {exception}, was executed"));
            }
            _ => {}
        }
        if found.logs_hash != expected.logs.0 {
            reasons.push(format!(
                "logs hash: expected {}, found {}",
                expected.logs.0, found.logs_hash
            ));
        }
        if found.state_root != expected.hash.0 {
            reasons.push(format!(
                "state root: expected {}, found {}",
                expected.hash.0, found.state_root
            ));
            reasons.extend(self.differences(expected, found));
        }
        reasons
    }

    /// Differences account by account, where the file holds the whole state.
    fn differences(&self, expected: &Expectation<'_>, found: &Found) -> Vec<String> {
        let Some(state) = expected.state else {
            return Vec::new();
        };
        let accounts: Result<Pairs<Account, AccountState>, _> = serde_json::from_str(state.get());
        let expected = match accounts.map(|accounts| world::build(&accounts, "post.state")) {
            Ok(Ok(expected)) => expected,
            Ok(Err(flaw)) => return vec![format!("{}: {}", flaw.at, flaw.problem)],
            Err(error) => return vec![format!("post.state: {error}")],
        };
        let mut after = self.before.clone();
        match after.apply(&found.changes) {
            Ok(()) => world::differences(&expected, &after),
            Err(error) => vec![in_one_line(&error)],
        }
    }
}

impl Found {
    /// Whether all is as the file expects.
    pub(crate) fn is_as(&self, expected: &Expectation<'_>) -> bool {
        self.problems.is_empty()
            && self.state_root == expected.hash.0
            && self.logs_hash == expected.logs.0
            && self.refusal.is_some() == expected.expect_exception.is_some()
    }
}

pub(crate) fn hash_of_logs(changes: &StateChanges) -> B256 {
    if changes.logs().is_empty() {
        NO_LOGS
    } else {
        changes.logs().hash()
    }
}

/// An error with its causes.
pub(crate) fn in_one_line(error: &dyn std::error::Error) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        line.push_str(": ");
        line.push_str(&error.to_string());
        cause = error.source();
    }
    line
}
