//! One transaction from validation to state changes.

use super::{
    Transaction, access_list, authorization,
    fees::{self, capped_refund, coinbase_price, effective_gas_price},
    intrinsic::{IntrinsicGas, intrinsic_gas},
    validation::{check_sender, check_stateless},
};
use crate::{
    chain::ChainRules,
    execution::{
        ExecutionError, ExecutionResult, Executor, Status, Steps, Surroundings, VmSet, Watcher,
    },
    inspection::InspectorCell,
};
use alloy_primitives::{Address, B256, Bytes, U256};
use proz_interface::abi_stable::std_types::RSlice;
use proz_interface::v1::{
    BlockContext, CallOutcome, CancelFlag, HostError, Message, MessageKind, Revision, StatusCode,
    TraceMask, TransactionContext,
};
use proz_loader::trace::StepBridge;
use proz_state::{AccountId, Journal, JournalBuffers, StateDb};
use std::{
    cell::RefCell,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
};

thread_local! {
    /// Journal storage kept from transaction to transaction, so that none allocates anew.
    pub(super) static BUFFERS: RefCell<JournalBuffers> = RefCell::default();
}

static SEQUENCE: AtomicU64 = AtomicU64::new(0);
static NEVER: AtomicBool = AtomicBool::new(false);

/// A number that no other transaction of the process has.
pub(super) fn next_sequence() -> u64 {
    SEQUENCE.fetch_add(1, Ordering::Relaxed)
}

/// How a transaction is run.
#[derive(Clone, Copy, Default)]
pub struct TransactOptions<'a> {
    /// Somebody who watches the execution.
    pub inspector: Option<&'a InspectorCell>,
    /// Flag by which another thread stops the execution.
    pub cancel: Option<&'a AtomicBool>,
    /// What is executed.
    pub mode: Mode,
}

/// What is executed, and which rules therefore hold.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mode {
    /// A transaction of a block: every rule holds.
    #[default]
    Transaction,
    /// What a transaction would do, for `eth_call` and estimation: without fees, nonce, balance
    /// for gas, code of the sender and the block's gas limit. Nothing is paid for gas.
    Simulation,
    /// A call of the protocol itself: no intrinsic gas, no nonce, no fees. Spec: EIP-4788.
    System,
}

/// Executes one transaction on a state and returns its result; the state is not written.
///
/// # Errors
///
/// [`ExecutionError`]; nothing has changed then.
pub fn transact(
    set: &VmSet,
    rules: &ChainRules,
    block: &BlockContext,
    db: &dyn StateDb,
    transaction: &Transaction,
    options: TransactOptions<'_>,
) -> Result<ExecutionResult, ExecutionError> {
    set.require_whole(block.number)?;
    let intrinsic = match options.mode {
        Mode::Transaction => check_stateless(transaction, block, rules)?,
        Mode::Simulation => intrinsic_gas(transaction, rules.revision),
        Mode::System => IntrinsicGas::default(),
    };
    let gas_price = effective_gas_price(transaction, block);
    let blob_hashes: &[B256] = transaction.blobs.as_ref().map_or(&[], |b| &b.hashes);
    let blob_hashes: Vec<_> = blob_hashes.iter().map(|hash| (*hash).into()).collect();
    let context = TransactionContext {
        origin: transaction.sender.into(),
        gas_price: gas_price.into(),
        blob_hashes: RSlice::from_slice(&blob_hashes),
        sequence: next_sequence(),
    };
    let view = set.view(rules.revision);

    let buffers = BUFFERS.with(RefCell::take);
    let mut journal = Journal::with_buffers(db, rules.journal(), buffers);
    journal.set_warm_set(&view.precompiles.warm);
    let inspector = options.inspector;
    let steps = inspector.map(Steps);
    let bridge = steps
        .as_ref()
        .map(|steps| StepBridge::new(steps, mask_of(inspector)));
    let watcher = inspector
        .zip(bridge.as_ref())
        .map(|(inspector, bridge)| Watcher::new(inspector, bridge));
    let mut executor = Executor::new(
        journal,
        Surroundings {
            set,
            view,
            rules,
            block,
            transaction: &context,
            cancel: CancelFlag(options.cancel.unwrap_or(&NEVER)),
        },
        watcher,
    );

    let mut run = Run {
        transaction,
        rules,
        block,
        gas_price,
        floor: intrinsic.floor,
        mode: options.mode,
        executor: &mut executor,
    };
    let outcome = run.execute(intrinsic.initial);
    match outcome {
        Ok(mut result) => {
            executor.journal.finish_into(&mut result.state_changes);
            let buffers = executor.journal.into_buffers();
            BUFFERS.with(|cell| cell.replace(buffers));
            Ok(result)
        }
        Err(RunError::Invalid(error)) => Err(error),
        Err(RunError::Abandoned) => Err(executor.into_error()),
    }
}

pub(super) fn mask_of(inspector: Option<&InspectorCell>) -> TraceMask {
    inspector.map_or_else(TraceMask::default, |inspector| inspector.borrow().mask())
}

struct Run<'r, 'a> {
    transaction: &'r Transaction,
    rules: &'r ChainRules,
    block: &'r BlockContext,
    gas_price: U256,
    floor: u64,
    mode: Mode,
    executor: &'r mut Executor<'a>,
}

enum RunError {
    Invalid(ExecutionError),
    /// The executor knows why.
    Abandoned,
}

impl From<HostError> for RunError {
    fn from(_: HostError) -> Self {
        Self::Abandoned
    }
}

/// What the outermost frame left.
struct Outermost {
    status: StatusCode,
    gas_left: u64,
    gas_refund: i64,
    output: Bytes,
    created: Option<Address>,
}

impl Run<'_, '_> {
    fn execute(&mut self, initial_gas: u64) -> Result<ExecutionResult, RunError> {
        let sender = self.executor.journal.load(self.transaction.sender);
        let (sender, _) = self.executor.state(sender)?;
        if self.mode == Mode::Transaction {
            check_sender(
                &mut self.executor.journal,
                sender,
                self.transaction,
                self.rules,
            )
            .map_err(RunError::Invalid)?;
        }
        access_list::warm(
            &mut self.executor.journal,
            self.transaction,
            self.block.coinbase.into(),
            self.rules.revision,
        );
        self.pay_in_advance(sender);

        let gas_limit = self.transaction.gas_limit;
        let outermost = match gas_limit.checked_sub(initial_gas) {
            Some(gas) => self.outermost_frame(sender, gas)?,
            // Only a simulation gets here with less than its intrinsic gas.
            None => Outermost {
                status: StatusCode::OUT_OF_GAS,
                gas_left: 0,
                gas_refund: 0,
                output: Bytes::new(),
                created: None,
            },
        };
        self.settle_fees(sender, outermost)
    }

    /// Takes the price of all gas and blobs from the sender.
    fn pay_in_advance(&mut self, sender: AccountId) {
        if self.mode != Mode::Transaction {
            return;
        }
        let gas = self.gas_price * U256::from(self.transaction.gas_limit);
        let blobs = self
            .block
            .blob_base_fee
            .to_u256()
            .saturating_mul(U256::from(fees::blob_gas(self.transaction)));
        let journal = &mut self.executor.journal;
        let balance = journal.account(sender).balance();
        // Validation has seen that the balance covers it.
        journal.set_balance(sender, balance.saturating_sub(gas.saturating_add(blobs)));
    }

    fn outermost_frame(&mut self, sender: AccountId, gas: u64) -> Result<Outermost, RunError> {
        match self.transaction.to {
            Some(to) => self.outermost_call(sender, to, gas),
            None => self.outermost_creation(gas),
        }
    }

    fn outermost_call(
        &mut self,
        sender: AccountId,
        to: Address,
        gas: u64,
    ) -> Result<Outermost, RunError> {
        let transaction = self.transaction;
        if self.mode != Mode::System {
            // Validation has seen that the nonce can grow; a simulation may stand at the maximum.
            let _ = self.executor.journal.increment_nonce(sender);
        }
        let mut refund = 0;
        if transaction.authorizations.is_some() && self.rules.revision.enables(Revision::Prague) {
            let applied =
                authorization::apply(&mut self.executor.journal, transaction, self.block.chain_id);
            refund = self.executor.state(applied)?;
        }
        let CallOutcome {
            status,
            gas_left,
            gas_refund,
            output,
        } = self.executor.call(Message {
            kind: MessageKind::CALL,
            depth: 0,
            is_static: false,
            gas_limit: gas,
            sender: transaction.sender.into(),
            recipient: to.into(),
            code_address: to.into(),
            code_hash: B256::ZERO.into(),
            value: transaction.value.into(),
            input: RSlice::from_slice(&transaction.input),
        })?;
        self.executor.check_alive()?;
        self.executor.require_memory(output.len())?;
        // What authorizations earn stands even if the call fails. Spec: EIP-7702.
        Ok(Outermost {
            status,
            gas_left,
            gas_refund: gas_refund.saturating_add(refund),
            output: output.into(),
            created: None,
        })
    }

    fn outermost_creation(&mut self, gas: u64) -> Result<Outermost, RunError> {
        let transaction = self.transaction;
        let outcome = self.executor.create(&crate::execution::Creation {
            kind: MessageKind::CREATE,
            creator: transaction.sender,
            depth: 0,
            gas_limit: gas,
            value: transaction.value,
            salt: B256::ZERO,
            init_code: &transaction.input,
        })?;
        self.executor.check_alive()?;
        let created = outcome
            .status
            .is_success()
            .then(|| Address::from(outcome.address));
        let output = match created {
            Some(address) => {
                let code = self.executor.journal.peek(address);
                let account = self.executor.state(code)?;
                let code = self.executor.journal.code(account).cloned();
                self.executor.state(code)?
            }
            None => {
                self.executor.require_memory(outcome.output.len())?;
                outcome.output.into()
            }
        };
        Ok(Outermost {
            status: outcome.status,
            gas_left: outcome.gas_left,
            gas_refund: outcome.gas_refund,
            output,
            created,
        })
    }

    /// Refunds, pays the coinbase, builds the result.
    fn settle_fees(
        &mut self,
        sender: AccountId,
        outermost: Outermost,
    ) -> Result<ExecutionResult, RunError> {
        let gas_limit = self.transaction.gas_limit;
        let gas_spent = gas_limit.saturating_sub(outermost.gas_left);
        let refunded = capped_refund(gas_spent, outermost.gas_refund, self.rules.revision);
        let gas_used = (gas_spent - refunded).max(self.floor).min(gas_limit);
        if self.mode == Mode::Transaction {
            self.reimburse(sender, gas_limit - gas_used)?;
        }
        Ok(ExecutionResult {
            status: Status(outermost.status),
            gas_used,
            gas_refunded: refunded,
            gas_spent: gas_spent.max(self.floor),
            return_data: outermost.output,
            created: outermost.created,
            ..ExecutionResult::default()
        })
    }

    fn reimburse(&mut self, sender: AccountId, gas_left: u64) -> Result<(), RunError> {
        let journal = &mut self.executor.journal;
        let back = self.gas_price * U256::from(gas_left);
        let balance = journal.account(sender).balance();
        journal.set_balance(sender, balance.saturating_add(back));

        let coinbase = journal.peek(self.block.coinbase.into());
        let coinbase = self.executor.state(coinbase)?;
        let price = coinbase_price(self.gas_price, self.block, self.rules.revision);
        let reward = price * U256::from(self.transaction.gas_limit - gas_left);
        let journal = &mut self.executor.journal;
        let balance = journal.account(coinbase).balance();
        journal.set_balance(coinbase, balance.saturating_add(reward));
        Ok(())
    }
}
