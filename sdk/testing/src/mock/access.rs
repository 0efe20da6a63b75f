//! The callbacks.

use super::{Callback, MockHost, MockLog};
use alloy_primitives::hex;
use proz_interface::abi_stable::std_types::{ROption, RResult, RSlice, RStr};
use proz_interface::v1::{
    AccessStatus, AccountInfo, Address, B256, Buffer, CallOutcome, CallRequest, CallTarget,
    CodeView, CreateOutcome, CreateRequest, Extension, HostError, SelfDestruct, StateAccess,
    StatusCode, StorageLoad, StorageStore, TRACE_EXTENSION, Word,
};

fn short(word: &Word) -> String {
    let bytes = word.to_be_bytes();
    let digits = hex::encode(bytes);
    let digits = digits.trim_start_matches('0');
    format!("{:0>1}", digits)
}

fn touched(status: AccessStatus) -> &'static str {
    if status.is_cold() { "cold" } else { "warm" }
}

impl MockHost {
    fn load(&mut self, key: &Word) -> Result<StorageLoad, HostError> {
        self.begin()?;
        let slot = (self.recipient, key.to_be_bytes());
        let status = self.state.touch_slot(slot, self.tracks_access);
        let value = self.state.storage.get(&slot).copied().unwrap_or_default();
        self.observe(Callback::StorageLoad, None, || {
            format!("{} -> {} {}", short(key), short(&value), touched(status))
        });
        Ok(StorageLoad { value, status })
    }

    fn store(&mut self, key: &Word, value: &Word) -> Result<StorageStore, HostError> {
        self.begin()?;
        self.observe(Callback::StorageStore, None, || {
            format!("{} = {}", short(key), short(value))
        });
        self.refuse_when_static()?;
        let slot = (self.recipient, key.to_be_bytes());
        let status = self.state.touch_slot(slot, self.tracks_access);
        let current = self.state.storage.insert(slot, *value).unwrap_or_default();
        let original = *self.state.original.entry(slot).or_insert(current);
        Ok(StorageStore {
            original,
            current,
            new: *value,
            status,
        })
    }

    fn look(&mut self, address: &Address) -> Result<AccountInfo, HostError> {
        self.begin()?;
        let status = self.state.touch_account(*address, self.tracks_access);
        self.observe(Callback::Account, None, || {
            format!("{} {}", hex::encode(address.0), touched(status))
        });
        let account = self.state.accounts.get(address);
        Ok(AccountInfo {
            balance: account.map(|account| account.balance).unwrap_or_default(),
            nonce: account.map(|account| account.nonce).unwrap_or_default(),
            code_hash: account
                .map(|account| account.code_hash())
                .unwrap_or_default(),
            status,
            is_absent: account.is_none_or(|account| account.is_empty()),
        })
    }

    fn target(&mut self, address: &Address) -> Result<CallTarget, HostError> {
        self.begin()?;
        let status = self.state.touch_account(*address, self.tracks_access);
        self.observe(Callback::CallTarget, None, || {
            format!("{} {}", hex::encode(address.0), touched(status))
        });
        let delegate = self.state.delegate(*address);
        let delegate_status = delegate.map_or(AccessStatus::WARM, |delegate| {
            self.state.touch_account(delegate, self.tracks_access)
        });
        let account = self.state.accounts.get(address);
        Ok(CallTarget {
            status,
            is_absent: account.is_none_or(|account| account.is_empty()),
            delegate_status,
            delegate: delegate.into(),
        })
    }

    fn view(&mut self, address: &Address) -> Result<CodeView<'_>, HostError> {
        self.begin()?;
        let status = self.state.touch_account(*address, self.tracks_access);
        self.observe(Callback::Code, None, || {
            format!("{} {}", hex::encode(address.0), touched(status))
        });
        let account = self.state.accounts.get(address);
        Ok(CodeView {
            code: RSlice::from_slice(account.map(|a| a.code.as_slice()).unwrap_or_default()),
            code_hash: account.map(|a| a.code_hash()).unwrap_or_default(),
            status,
        })
    }

    fn emit(&mut self, topics: &[B256], data: &[u8]) -> Result<(), HostError> {
        self.begin()?;
        self.observe(Callback::Log, None, || {
            format!("{} topics, {} bytes", topics.len(), data.len())
        });
        self.refuse_when_static()?;
        if topics.len() > 4 {
            return Err(HostError::INVALID_ARGUMENT);
        }
        self.state.logs.push(MockLog {
            address: self.recipient,
            topics: topics.to_vec(),
            data: data.to_vec(),
        });
        Ok(())
    }

    fn destroy(&mut self, beneficiary: &Address) -> Result<SelfDestruct, HostError> {
        self.begin()?;
        self.observe(Callback::Selfdestruct, None, || hex::encode(beneficiary.0));
        self.refuse_when_static()?;
        let status = self.state.touch_account(*beneficiary, self.tracks_access);
        let accounts = &self.state.accounts;
        let balance = accounts
            .get(&self.recipient)
            .map(|account| account.balance)
            .unwrap_or_default();
        let beneficiary_exists = accounts
            .get(beneficiary)
            .is_some_and(|account| !account.is_empty());
        if *beneficiary != self.recipient {
            self.state.transfer(self.recipient, *beneficiary, balance);
        }
        Ok(SelfDestruct {
            had_value: !balance.is_zero(),
            beneficiary_exists,
            previously_destroyed: !self.state.destroyed.insert(self.recipient),
            status,
        })
    }

    fn nested_call(&mut self, request: &CallRequest<'_>) -> Result<CallOutcome, HostError> {
        self.begin()?;
        self.observe(Callback::Call, Some(request.gas_limit), || {
            format!(
                "{} {} value {} input {}",
                request.kind.name().unwrap_or("?"),
                hex::encode(request.target.0),
                short(&request.value),
                hex::encode(request.input.as_slice()),
            )
        });
        match self.on_call.clone() {
            Some(handler) => handler(self, request),
            None => Ok(self.call_by_default(request)),
        }
    }

    fn nested_create(&mut self, request: &CreateRequest<'_>) -> Result<CreateOutcome, HostError> {
        self.begin()?;
        self.observe(Callback::Create, Some(request.gas_limit), || {
            format!(
                "{} value {} salt {} init code {}",
                request.kind.name().unwrap_or("?"),
                short(&request.value),
                hex::encode(request.salt.0),
                hex::encode(request.init_code.as_slice()),
            )
        });
        self.refuse_when_static()?;
        match self.on_create.clone() {
            Some(handler) => handler(self, request),
            None => Ok(CreateOutcome {
                status: StatusCode::CODE_REFUSED,
                gas_left: 0,
                gas_refund: 0,
                address: Address::default(),
                output: Buffer::empty(),
            }),
        }
    }

    fn direct(
        &mut self,
        address: &Address,
        input: &[u8],
        gas: u64,
    ) -> Result<CallOutcome, HostError> {
        self.begin()?;
        self.observe(Callback::Precompile, Some(gas), || {
            format!("{} input {}", hex::encode(address.0), hex::encode(input))
        });
        match self.on_precompile.clone() {
            Some(handler) => handler(address, input, gas),
            None => Err(HostError::UNSUPPORTED),
        }
    }

    fn remember(&mut self) -> Result<u64, HostError> {
        self.begin()?;
        self.next_checkpoint += 1;
        self.checkpoints
            .push((self.next_checkpoint, self.state.clone()));
        Ok(self.next_checkpoint)
    }

    fn undo(&mut self, checkpoint: u64) -> Result<(), HostError> {
        self.begin()?;
        while let Some((number, state)) = self.checkpoints.pop() {
            if number == checkpoint {
                self.state = state;
                return Ok(());
            }
        }
        Err(HostError::INVALID_ARGUMENT)
    }
}

impl StateAccess for MockHost {
    fn storage_load(&mut self, key: &Word) -> RResult<StorageLoad, HostError> {
        self.load(key).into()
    }

    fn storage_store(&mut self, key: &Word, value: &Word) -> RResult<StorageStore, HostError> {
        self.store(key, value).into()
    }

    fn transient_load(&mut self, key: &Word) -> RResult<Word, HostError> {
        if let Err(error) = self.begin() {
            return RResult::RErr(error);
        }
        self.observe(Callback::TransientLoad, None, || short(key));
        let slot = (self.recipient, key.to_be_bytes());
        RResult::ROk(self.state.transient.get(&slot).copied().unwrap_or_default())
    }

    fn transient_store(&mut self, key: &Word, value: &Word) -> RResult<(), HostError> {
        if let Err(error) = self.begin().and_then(|()| self.refuse_when_static()) {
            return RResult::RErr(error);
        }
        self.observe(Callback::TransientStore, None, || {
            format!("{} = {}", short(key), short(value))
        });
        let slot = (self.recipient, key.to_be_bytes());
        self.state.transient.insert(slot, *value);
        RResult::ROk(())
    }

    fn account(&mut self, address: &Address) -> RResult<AccountInfo, HostError> {
        self.look(address).into()
    }

    fn call_target(&mut self, address: &Address) -> RResult<CallTarget, HostError> {
        self.target(address).into()
    }

    fn code(&mut self, address: &Address) -> RResult<CodeView<'_>, HostError> {
        self.view(address).into()
    }

    fn block_hash(&mut self, number: u64) -> RResult<B256, HostError> {
        if let Err(error) = self.begin() {
            return RResult::RErr(error);
        }
        self.observe(Callback::BlockHash, None, || number.to_string());
        RResult::ROk(self.block_hashes.get(&number).copied().unwrap_or_default())
    }

    fn log(&mut self, topics: RSlice<'_, B256>, data: RSlice<'_, u8>) -> RResult<(), HostError> {
        self.emit(topics.as_slice(), data.as_slice()).into()
    }

    fn selfdestruct(&mut self, beneficiary: &Address) -> RResult<SelfDestruct, HostError> {
        self.destroy(beneficiary).into()
    }

    fn call(&mut self, request: &CallRequest<'_>) -> RResult<CallOutcome, HostError> {
        self.nested_call(request).into()
    }

    fn create(&mut self, request: &CreateRequest<'_>) -> RResult<CreateOutcome, HostError> {
        self.nested_create(request).into()
    }

    fn precompile(
        &mut self,
        address: &Address,
        input: RSlice<'_, u8>,
        gas_limit: u64,
    ) -> RResult<CallOutcome, HostError> {
        self.direct(address, input.as_slice(), gas_limit).into()
    }

    fn checkpoint(&mut self) -> RResult<u64, HostError> {
        self.remember().into()
    }

    fn rollback(&mut self, checkpoint: u64) -> RResult<(), HostError> {
        self.undo(checkpoint).into()
    }

    fn extension(&mut self, id: RStr<'_>) -> ROption<Extension> {
        match &self.recorder {
            Some(recorder) if id.as_str() == TRACE_EXTENSION => {
                ROption::RSome(Extension::new(recorder.table()))
            }
            _ => ROption::RNone,
        }
    }
}
