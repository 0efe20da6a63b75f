//! What one frame may ask of the host: the callbacks behind [`StateAccess`].

use super::{Executor, bounds::Refusal, create::Creation};
use crate::transaction::delegate_of;
use alloy_primitives::Address as Account;
use proz_interface::abi_stable::std_types::{ROption, RResult, RSlice, RStr};
use proz_interface::v1::{
    AccessStatus, AccountInfo, Address, B256, CallOutcome, CallRequest, CallTarget, CodeView,
    CreateOutcome, CreateRequest, Extension, HostError, Message, MessageKind, Revision,
    SelfDestruct, StateAccess, StorageLoad, StorageStore, Word,
};
use proz_state::{AccountId, Checkpoint};

/// Most topics of a log. Spec: Yellow Paper, LOG4.
const MAX_TOPICS: usize = 4;

/// Access of one frame. Lives as long as the frame runs.
pub(crate) struct FrameAccess<'f, 'a> {
    executor: &'f mut Executor<'a>,
    message: &'f Message<'f>,
    recipient: AccountId,
    /// Why a callback of this frame last failed without abandoning the transaction.
    refusal: Option<Refusal>,
    checkpoints: Vec<Checkpoint>,
}

impl<'f, 'a> FrameAccess<'f, 'a> {
    pub(crate) const fn new(
        executor: &'f mut Executor<'a>,
        message: &'f Message<'f>,
        recipient: AccountId,
    ) -> Self {
        Self {
            executor,
            message,
            recipient,
            refusal: None,
            checkpoints: Vec::new(),
        }
    }

    /// See [`Executor::settle`].
    pub(crate) const fn refusal(&self) -> Option<Refusal> {
        self.refusal
    }

    #[cold]
    fn refuse(&mut self, error: HostError) -> HostError {
        self.refusal = Some(Refusal::Callback(error));
        error
    }

    /// Fails in static mode, and when the transaction is being abandoned.
    #[inline]
    fn check_may_write(&mut self) -> Result<(), HostError> {
        self.executor.check_alive()?;
        if self.message.is_static {
            return Err(self.refuse(HostError::STATIC_VIOLATION));
        }
        Ok(())
    }

    fn load_slot(&mut self, key: &Word) -> Result<StorageLoad, HostError> {
        self.executor.check_alive()?;
        let loaded = self
            .executor
            .journal
            .storage_load(self.recipient, key.to_u256());
        let loaded = self.executor.state(loaded)?;
        if self.executor.watcher.is_some() {
            let address = self.message.recipient.into();
            self.executor
                .watch_storage(address, key.to_u256(), loaded.value, None, false);
        }
        Ok(StorageLoad {
            value: loaded.value.into(),
            status: status(loaded.status),
        })
    }

    fn store_slot(&mut self, key: &Word, value: &Word) -> Result<StorageStore, HostError> {
        self.check_may_write()?;
        let stored =
            self.executor
                .journal
                .storage_store(self.recipient, key.to_u256(), value.to_u256());
        let stored = self.executor.state(stored)?;
        if self.executor.watcher.is_some() {
            self.executor.watch_storage(
                self.message.recipient.into(),
                key.to_u256(),
                stored.current,
                Some(stored.new),
                false,
            );
        }
        Ok(StorageStore {
            original: stored.original.into(),
            current: stored.current.into(),
            new: stored.new.into(),
            status: status(stored.status),
        })
    }

    fn look_at(&mut self, address: Account) -> Result<(AccountId, AccessStatus), HostError> {
        self.executor.check_alive()?;
        let loaded = self.executor.journal.load(address);
        let (id, loaded) = self.executor.state(loaded)?;
        Ok((id, status(loaded)))
    }

    fn account_info(&mut self, address: Account) -> Result<AccountInfo, HostError> {
        let (id, status) = self.look_at(address)?;
        let is_absent = !self.executor.journal.exists(id);
        let account = self.executor.journal.account(id);
        Ok(AccountInfo {
            balance: account.balance().into(),
            nonce: account.nonce(),
            code_hash: if is_absent {
                B256::default()
            } else {
                account.code_hash().into()
            },
            status,
            is_absent,
        })
    }

    fn target(&mut self, address: Account) -> Result<CallTarget, HostError> {
        let (id, status) = self.look_at(address)?;
        let mut target = CallTarget {
            status,
            is_absent: !self.executor.journal.exists(id),
            delegate_status: AccessStatus::WARM,
            delegate: ROption::RNone,
        };
        let rules = self.executor.surroundings.rules;
        if rules.revision.enables(Revision::Prague) && self.executor.journal.account(id).has_code()
        {
            let delegate = self.executor.journal.code(id).map(|code| delegate_of(code));
            if let Some(delegate) = self.executor.state(delegate)? {
                target.delegate_status = self.look_at(delegate)?.1;
                target.delegate = ROption::RSome(delegate.into());
            }
        }
        Ok(target)
    }

    fn code_view(&mut self, address: Account) -> Result<CodeView<'_>, HostError> {
        let (id, status) = self.look_at(address)?;
        let code_hash = self.executor.journal.account(id).code_hash();
        let loaded = self.executor.journal.code(id).map(|_| ());
        self.executor.state(loaded)?;
        let code = self.executor.journal.code(id);
        Ok(CodeView {
            code: RSlice::from_slice(code.map_or(&[], |bytes| &bytes[..])),
            code_hash: code_hash.into(),
            status,
        })
    }

    fn emit(&mut self, topics: &[B256], data: &[u8]) -> Result<(), HostError> {
        self.check_may_write()?;
        if topics.len() > MAX_TOPICS {
            return Err(self.refuse(HostError::INVALID_ARGUMENT));
        }
        self.executor.require_memory(data.len())?;
        let mut words = [alloy_primitives::B256::ZERO; MAX_TOPICS];
        for (word, topic) in words.iter_mut().zip(topics) {
            *word = (*topic).into();
        }
        let address = self.message.recipient.into();
        let words = &words[..topics.len()];
        self.executor.journal.log(address, words, data);
        self.executor.watch_log(address, words, data);
        Ok(())
    }

    fn destroy(&mut self, beneficiary: Account) -> Result<SelfDestruct, HostError> {
        self.check_may_write()?;
        let value = self.executor.journal.account(self.recipient).balance();
        self.executor
            .watch_selfdestruct(self.message.recipient.into(), beneficiary, value);
        let done = self
            .executor
            .journal
            .selfdestruct(self.recipient, beneficiary);
        let done = self.executor.state(done)?;
        Ok(SelfDestruct {
            had_value: done.had_value,
            beneficiary_exists: done.target_exists,
            previously_destroyed: done.previously_destroyed,
            status: status(done.target_status),
        })
    }

    fn call_other(&mut self, request: &CallRequest<'_>) -> Result<CallOutcome, HostError> {
        self.executor.check_alive()?;
        let own = self.message;
        let (sender, recipient, value) = match request.kind {
            MessageKind::CALL => (own.recipient, request.target, request.value),
            MessageKind::STATIC_CALL => (own.recipient, request.target, Word::ZERO),
            MessageKind::CALL_CODE => (own.recipient, own.recipient, request.value),
            MessageKind::DELEGATE_CALL => (own.sender, own.recipient, own.value),
            _ => return Err(self.refuse(HostError::INVALID_ARGUMENT)),
        };
        if own.is_static && request.kind == MessageKind::CALL && !request.value.is_zero() {
            return Err(self.refuse(HostError::STATIC_VIOLATION));
        }
        self.executor.call(Message {
            kind: request.kind,
            depth: own.depth.saturating_add(1),
            is_static: own.is_static || request.kind == MessageKind::STATIC_CALL,
            gas_limit: request.gas_limit,
            sender,
            recipient,
            code_address: request.target,
            code_hash: B256::default(),
            value,
            input: request.input,
        })
    }

    fn create_other(&mut self, request: &CreateRequest<'_>) -> Result<CreateOutcome, HostError> {
        self.check_may_write()?;
        if !request.kind.is_create() {
            return Err(self.refuse(HostError::INVALID_ARGUMENT));
        }
        let init_code = request.init_code.as_slice();
        if self.executor.is_init_code_too_large(init_code) {
            self.refusal = Some(Refusal::InitCodeTooLarge);
            return Err(HostError::INVALID_ARGUMENT);
        }
        self.executor.create(&Creation {
            kind: request.kind,
            creator: self.message.recipient.into(),
            depth: self.message.depth.saturating_add(1),
            gas_limit: request.gas_limit,
            value: request.value.into(),
            salt: request.salt.into(),
            init_code,
        })
    }

    fn run_pure(
        &mut self,
        address: Account,
        input: &[u8],
        gas_limit: u64,
    ) -> Result<CallOutcome, HostError> {
        self.executor.check_alive()?;
        self.executor
            .precompile(address, input, gas_limit, self.message, self.recipient)
            .inspect_err(|&error| {
                if error == HostError::UNSUPPORTED {
                    self.refusal = Some(Refusal::Callback(error));
                }
            })
    }

    fn mark(&mut self) -> Result<u64, HostError> {
        self.executor.check_alive()?;
        self.checkpoints.push(self.executor.journal.checkpoint());
        Ok(self.checkpoints.len() as u64)
    }

    fn unwind(&mut self, number: u64) -> Result<(), HostError> {
        self.executor.check_alive()?;
        let index = usize::try_from(number).ok().and_then(|n| n.checked_sub(1));
        let Some(checkpoint) = index.and_then(|i| self.checkpoints.get(i).copied()) else {
            return Err(self.refuse(HostError::INVALID_ARGUMENT));
        };
        self.checkpoints.truncate(index.unwrap_or(0));
        self.executor.journal.revert_to(checkpoint);
        Ok(())
    }
}

#[inline]
const fn status(status: proz_state::AccessStatus) -> AccessStatus {
    if status.is_cold() {
        AccessStatus::COLD
    } else {
        AccessStatus::WARM
    }
}

impl StateAccess for FrameAccess<'_, '_> {
    #[inline]
    fn storage_load(&mut self, key: &Word) -> RResult<StorageLoad, HostError> {
        self.executor.watch_callback("storage_load");
        self.load_slot(key).into()
    }

    #[inline]
    fn storage_store(&mut self, key: &Word, value: &Word) -> RResult<StorageStore, HostError> {
        self.executor.watch_callback("storage_store");
        self.store_slot(key, value).into()
    }

    fn transient_load(&mut self, key: &Word) -> RResult<Word, HostError> {
        self.executor.watch_callback("transient_load");
        let journal = &self.executor.journal;
        self.executor
            .check_alive()
            .map(|()| journal.transient_load(self.recipient, key.to_u256()).into())
            .into()
    }

    fn transient_store(&mut self, key: &Word, value: &Word) -> RResult<(), HostError> {
        self.executor.watch_callback("transient_store");
        self.check_may_write()
            .map(|()| {
                self.executor.journal.transient_store(
                    self.recipient,
                    key.to_u256(),
                    value.to_u256(),
                );
            })
            .into()
    }

    fn account(&mut self, address: &Address) -> RResult<AccountInfo, HostError> {
        self.executor.watch_callback("account");
        self.account_info((*address).into()).into()
    }

    fn call_target(&mut self, address: &Address) -> RResult<CallTarget, HostError> {
        self.executor.watch_callback("call_target");
        self.target((*address).into()).into()
    }

    fn code(&mut self, address: &Address) -> RResult<CodeView<'_>, HostError> {
        self.executor.watch_callback("code");
        self.code_view((*address).into()).into()
    }

    fn block_hash(&mut self, number: u64) -> RResult<B256, HostError> {
        self.executor.watch_callback("block_hash");
        let current = self.executor.surroundings.block.number;
        if number >= current || current - number > 256 {
            return RResult::ROk(B256::default());
        }
        let hash = self.executor.journal.block_hash(number);
        self.executor.state(hash).map(Into::into).into()
    }

    fn log(&mut self, topics: RSlice<'_, B256>, data: RSlice<'_, u8>) -> RResult<(), HostError> {
        self.executor.watch_callback("log");
        self.emit(topics.as_slice(), data.as_slice()).into()
    }

    fn selfdestruct(&mut self, beneficiary: &Address) -> RResult<SelfDestruct, HostError> {
        self.executor.watch_callback("selfdestruct");
        self.destroy((*beneficiary).into()).into()
    }

    fn call(&mut self, request: &CallRequest<'_>) -> RResult<CallOutcome, HostError> {
        self.executor.watch_callback("call");
        self.call_other(request).into()
    }

    fn create(&mut self, request: &CreateRequest<'_>) -> RResult<CreateOutcome, HostError> {
        self.executor.watch_callback("create");
        self.create_other(request).into()
    }

    fn precompile(
        &mut self,
        address: &Address,
        input: RSlice<'_, u8>,
        gas_limit: u64,
    ) -> RResult<CallOutcome, HostError> {
        self.executor.watch_callback("precompile");
        self.run_pure((*address).into(), input.as_slice(), gas_limit)
            .into()
    }

    fn checkpoint(&mut self) -> RResult<u64, HostError> {
        self.executor.watch_callback("checkpoint");
        self.mark().into()
    }

    fn rollback(&mut self, checkpoint: u64) -> RResult<(), HostError> {
        self.executor.watch_callback("rollback");
        self.unwind(checkpoint).into()
    }

    fn extension(&mut self, id: RStr<'_>) -> ROption<Extension> {
        self.executor.extension(id.as_str()).into()
    }
}
