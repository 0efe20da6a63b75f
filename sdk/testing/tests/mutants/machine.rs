//! A machine whose programs are written in Rust: the second byte of the code chooses the behaviour.

use proz_sdk::{
    Address, B256, Buffer, CallOutcome, CallRequest, CreateRequest, ExecutionContext, FrameResult,
    GasEstimate, GasMeter, Host, HostError, Identity, MessageKind, StatusCode, VirtualMachine,
    VmError, VmErrorCode, Word, estimate_by_trial,
};
use proz_sdk_testing::conformance::Behaviour;
use std::{
    cell::Cell,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

/// First byte of all code.
pub(crate) const MAGIC: u8 = 0xb7;

pub(crate) static IDENTITY: Identity = Identity {
    id: "native",
    vm_type: "native",
    version: "1.0.0",
    features: "",
};

/// What a machine does wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    ClaimsGas,
    ChargesLess,
    ChargesByHistory,
    ChargesByThread,
    ChargesTraced,
    LosesRevertData,
    HaltsByRevert,
    CutsLargeInput,
    IgnoresMemoryLimit,
    SwapsSenderAndOrigin,
    CutsValue,
    StoresTwice,
    MixesStorages,
    SwapsTopics,
    CallsPlainly,
    KeepsCalleeGas,
    DropsRefund,
    SharesOutput,
    IgnoresStaticMode,
    IgnoresHostErrors,
    CallsOnAfterErrors,
    IgnoresCancel,
    PanicsOnRandomCode,
    PanicsOnAcceptedCode,
    CachesByZeroHash,
    RunsAnyRevision,
    RunsAnyKind,
    EstimatesTooMuch,
    EstimatesTooLittle,
    EstimatesRealStores,
    EstimatesReverts,
}

thread_local! {
    /// Frames that this thread has run.
    static FRAMES: Cell<u64> = const { Cell::new(0) };
}

pub(crate) struct Native {
    fault: Option<Fault>,
    frames: AtomicU64,
    /// What [`Fault::CachesByZeroHash`] remembers.
    cached: Mutex<Option<Vec<u8>>>,
    /// What [`Fault::SharesOutput`] keeps for all frames.
    shared: Mutex<Vec<u8>>,
}

/// Why a frame ended early.
enum Stop {
    End(FrameResult),
    Error(VmError),
}

impl From<HostError> for Stop {
    fn from(error: HostError) -> Self {
        if error == HostError::STATIC_VIOLATION {
            return Self::End(FrameResult::halt(StatusCode::STATIC_VIOLATION));
        }
        Self::Error(error.into())
    }
}

impl From<proz_sdk::OutOfGas> for Stop {
    fn from(_: proz_sdk::OutOfGas) -> Self {
        Self::End(FrameResult::halt(StatusCode::OUT_OF_GAS))
    }
}

const fn halt(status: StatusCode) -> Stop {
    Stop::End(FrameResult::halt(status))
}

impl Native {
    pub(crate) fn new(fault: Option<Fault>) -> Self {
        Self {
            fault,
            frames: AtomicU64::new(0),
            cached: Mutex::default(),
            shared: Mutex::default(),
        }
    }

    fn is(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }

    fn behaviour(&self, code: &[u8], hash: B256) -> Option<Behaviour> {
        let mut code = code.to_vec();
        if self.is(Fault::CachesByZeroHash) && hash == B256::default() {
            let mut cached = self.cached.lock().unwrap_or_else(PoisonError::into_inner);
            code = cached.get_or_insert(code).clone();
        }
        let &[MAGIC, number] = code.as_slice() else {
            return None;
        };
        Behaviour::ALL.get(usize::from(number)).map(|(b, _)| *b)
    }
}

/// One running frame.
struct Frame<'f, 'c, 'h> {
    machine: &'f Native,
    context: &'f ExecutionContext<'c>,
    host: &'f mut Host<'h>,
    gas: GasMeter,
    refund: i64,
    input: &'f [u8],
}

impl VirtualMachine for Native {
    fn execute(
        &self,
        code: &[u8],
        context: &ExecutionContext<'_>,
        host: &mut Host<'_>,
    ) -> Result<FrameResult, VmError> {
        let frames = self.frames.fetch_add(1, Ordering::Relaxed);
        let own_frames = FRAMES.replace(FRAMES.get() + 1);
        let message = &context.message;
        let unsupported = |what| Err(VmError::new(VmErrorCode::UNSUPPORTED, what));
        if context.revision.name().is_none() && !self.is(Fault::RunsAnyRevision) {
            return unsupported("unknown revision");
        }
        if message.kind.name().is_none() && !self.is(Fault::RunsAnyKind) {
            return unsupported("unknown message kind");
        }
        let Some(behaviour) = self.behaviour(code, message.code_hash) else {
            return Ok(FrameResult::halt(StatusCode::INVALID_INSTRUCTION));
        };
        let selector = message.input.len().min(3);
        assert!(
            !self.is(Fault::PanicsOnAcceptedCode) || message.input.as_slice() != [0; 96],
            "on accepted code"
        );
        let is_traced = host.tracer().is_some();
        let mut frame = Frame {
            machine: self,
            context,
            host,
            gas: GasMeter::new(message.gas_limit),
            refund: 0,
            input: &message.input.as_slice()[selector..],
        };
        let mut extra = 0;
        if self.is(Fault::ChargesByHistory) {
            extra = frames % 7;
        }
        if self.is(Fault::ChargesByThread) {
            extra = u64::from(own_frames < 60);
        }
        if self.is(Fault::ChargesTraced) {
            extra = u64::from(is_traced);
        }
        let result = frame.gas.charge(10 + extra).map_err(Stop::from);
        let result = result.and_then(|()| frame.run(behaviour));
        let (left, refund) = (frame.gas.left(), frame.refund);
        match result {
            Ok(output) => {
                let mut result = FrameResult::success(left, output.into());
                result.gas_refund = refund;
                if self.is(Fault::ClaimsGas) {
                    result.gas_left = left.saturating_add(11);
                }
                if self.is(Fault::ChargesLess) && behaviour == Behaviour::Compute {
                    result.gas_left = (left + 1).min(message.gas_limit);
                }
                Ok(result)
            }
            Err(Stop::End(mut end)) => {
                if end.status.is_revert() {
                    end.gas_left = left;
                }
                Ok(end)
            }
            Err(Stop::Error(error)) => Err(error),
        }
    }

    fn validate_code(&self, code: &[u8]) -> Result<(), VmError> {
        assert!(
            !self.is(Fault::PanicsOnRandomCode) || code.len() < 150 || code[3] != 7,
            "on random code"
        );
        match self.behaviour(code, B256([1; 32])) {
            Some(_) => Ok(()),
            None => Err(VmError::new(
                VmErrorCode::INVALID_CODE,
                "expected two bytes",
            )),
        }
    }

    fn estimate_gas(
        &self,
        code: &[u8],
        input: &[u8],
        context: &ExecutionContext<'_>,
        host: &mut Host<'_>,
    ) -> Result<GasEstimate, VmError> {
        if self.is(Fault::EstimatesRealStores) {
            let result = self.execute(code, context, host)?;
            return Ok(GasEstimate {
                gas: context.message.gas_limit - result.gas_left
                    + self.frames.load(Ordering::Relaxed) % 2,
                executions: 1,
            });
        }
        let mut estimate = match estimate_by_trial(self, code, input, context, host) {
            Err(error)
                if error.code() == VmErrorCode::REVERTED && self.is(Fault::EstimatesReverts) =>
            {
                return Ok(GasEstimate {
                    gas: 1,
                    executions: 1,
                });
            }
            estimate => estimate?,
        };
        if self.is(Fault::EstimatesTooMuch) {
            estimate.gas += estimate.gas / 50 + 2;
        }
        if self.is(Fault::EstimatesTooLittle) {
            estimate.gas -= 1;
        }
        Ok(estimate)
    }
}

impl Frame<'_, '_, '_> {
    fn word(&self, index: usize) -> Word {
        let mut bytes = [0; 32];
        let part = self.input.get(index * 32..).unwrap_or_default();
        let size = part.len().min(32);
        bytes[..size].copy_from_slice(&part[..size]);
        Word::from_be_bytes(bytes)
    }

    fn address(&self, index: usize) -> Address {
        let mut address = [0; 20];
        address.copy_from_slice(&self.word(index).to_be_bytes()[12..]);
        Address(address)
    }

    fn rest(&self, words: usize) -> &[u8] {
        self.input.get(words * 32..).unwrap_or_default()
    }

    fn is(&self, fault: Fault) -> bool {
        self.machine.is(fault)
    }

    fn run(&mut self, behaviour: Behaviour) -> Result<Vec<u8>, Stop> {
        use Behaviour as B;
        if let Some(status) = behaviour.halt() {
            if self.is(Fault::HaltsByRevert) {
                return Err(Stop::End(FrameResult::revert(0, Buffer::empty())));
            }
            return Err(halt(status));
        }
        let transaction = self.context.transaction;
        let block = self.context.block;
        let message = &self.context.message;
        let word = |word: Word| Ok(word.to_be_bytes().to_vec());
        let number = |number: u64| word(Word::from(number));
        let address = |address: Address| {
            let mut bytes = vec![0; 12];
            bytes.extend(address.0);
            Ok(bytes)
        };
        match behaviour {
            B::Succeed | B::Constructor => Ok(Vec::new()),
            B::ReturnData => Ok((1..=32).collect()),
            B::Echo => self.echo(),
            B::Revert => {
                let data = if self.is(Fault::LosesRevertData) {
                    &[]
                } else {
                    self.input
                };
                Err(Stop::End(FrameResult::revert(0, data.into())))
            }
            B::Compute => self.compute(),
            B::Loop => self.endless(),
            B::Memory => self.memory(),
            B::HaltCustom => Err(halt(StatusCode(1234))),
            B::Sender if self.is(Fault::SwapsSenderAndOrigin) => address(transaction.origin),
            B::Sender => address(message.sender),
            B::Recipient => address(message.recipient),
            B::Value if self.is(Fault::CutsValue) => number(message.value.0[0]),
            B::Value => word(message.value),
            B::Depth => number(u64::from(message.depth)),
            B::GasLeft => number(self.gas.left()),
            B::Origin => address(transaction.origin),
            B::GasPrice => word(transaction.gas_price),
            B::BlobHash => {
                let index = self.word(0).0[0] as usize;
                let hash = transaction.blob_hashes.get(index).copied();
                Ok(hash.unwrap_or_default().0.to_vec())
            }
            B::BlockNumber => number(block.number),
            B::Timestamp => number(block.timestamp),
            B::BlockGasLimit => number(block.gas_limit),
            B::ChainId => number(block.chain_id),
            B::Coinbase => address(block.coinbase),
            B::BaseFee => word(block.base_fee),
            B::PrevRandao => Ok(block.prev_randao.0.to_vec()),
            B::BlobBaseFee => word(block.blob_base_fee),
            B::Log0 => self.log(0),
            B::Log1 => self.log(1),
            B::Log2 => self.log(2),
            B::Log3 => self.log(3),
            B::Log4 => self.log(4),
            B::Call => self.call(MessageKind::CALL),
            B::StaticCall if self.is(Fault::CallsPlainly) => self.call(MessageKind::CALL),
            B::StaticCall => self.call(MessageKind::STATIC_CALL),
            B::DelegateCall => self.call(MessageKind::DELEGATE_CALL),
            B::CallCode => self.call(MessageKind::CALL_CODE),
            B::Create => self.create(MessageKind::CREATE, 1),
            B::Create2 => self.create(MessageKind::CREATE2, 2),
            _ => self.touch(behaviour),
        }
    }

    /// Behaviours that reach the state.
    fn touch(&mut self, behaviour: Behaviour) -> Result<Vec<u8>, Stop> {
        use Behaviour as B;
        self.gas.charge(100)?;
        let (first, second) = (self.word(0), self.word(1));
        let target = self.address(0);
        match behaviour {
            B::StorageLoad => {
                let load = match self.host.storage_load(&first) {
                    Err(_) if self.is(Fault::IgnoresHostErrors) => return Ok(vec![0; 32]),
                    load => load?,
                };
                if load.status.is_cold() {
                    self.gas.charge(2000)?;
                }
                Ok(load.value.to_be_bytes().to_vec())
            }
            B::StorageStore => self.store(&first, &second),
            B::TransientStore if self.is(Fault::MixesStorages) => self.store(&first, &second),
            B::TransientStore => {
                self.host.transient_store(&first, &second)?;
                Ok(Vec::new())
            }
            B::TransientLoad => Ok(self.host.transient_load(&first)?.to_be_bytes().to_vec()),
            B::Balance => Ok(self.host.account(&target)?.balance.to_be_bytes().to_vec()),
            B::CodeHash => Ok(self.host.account(&target)?.code_hash.0.to_vec()),
            B::Code => Ok(self.host.code(&target)?.code.to_vec()),
            B::BlockHash => Ok(self.host.block_hash(first.0[0])?.0.to_vec()),
            B::Selfdestruct => {
                self.host.selfdestruct(&target)?;
                Ok(Vec::new())
            }
            B::Precompile => {
                let gas = self.word(1).0[0].min(self.gas.left());
                self.gas.charge(gas)?;
                let data = self.rest(2).to_vec();
                let outcome = self.host.precompile(&target, &data, gas)?;
                Ok(self.reply(&outcome, true))
            }
            _ => Err(halt(StatusCode::INVALID_INSTRUCTION)),
        }
    }

    fn store(&mut self, key: &Word, value: &Word) -> Result<Vec<u8>, Stop> {
        if self.is(Fault::StoresTwice) {
            self.host.storage_store(key, &Word::ZERO)?;
        }
        match self.host.storage_store(key, value) {
            Err(HostError::STATIC_VIOLATION) if self.is(Fault::IgnoresStaticMode) => {}
            Err(error) if self.is(Fault::CallsOnAfterErrors) => {
                let _ = self.host.storage_load(key);
                return Err(error.into());
            }
            store => {
                let store = store?;
                if store.status.is_cold() {
                    self.gas.charge(2000)?;
                }
            }
        }
        Ok(Vec::new())
    }

    fn echo(&mut self) -> Result<Vec<u8>, Stop> {
        self.gas.charge(self.input.len() as u64 / 32)?;
        let size = if self.is(Fault::CutsLargeInput) {
            self.input.len().min(0xffff)
        } else {
            self.input.len()
        };
        Ok(self.input[..size].to_vec())
    }

    fn compute(&mut self) -> Result<Vec<u8>, Stop> {
        for _ in 0..self.word(0).0[0] {
            self.gas.charge(3)?;
        }
        Ok(self.word(0).to_be_bytes().to_vec())
    }

    fn endless(&mut self) -> Result<Vec<u8>, Stop> {
        loop {
            self.gas.charge(1 << 8)?;
            if self.context.cancel.is_set() && !self.is(Fault::IgnoresCancel) {
                return Err(Stop::Error(VmError::new(
                    VmErrorCode::CANCELLED,
                    "cancelled",
                )));
            }
        }
    }

    fn memory(&mut self) -> Result<Vec<u8>, Stop> {
        let size = self.word(0).0[0];
        self.gas.charge(size / 32)?;
        if size > self.context.limits.memory_bytes && !self.is(Fault::IgnoresMemoryLimit) {
            return Err(halt(StatusCode::MEMORY_LIMIT));
        }
        Ok(Vec::new())
    }

    fn log(&mut self, count: usize) -> Result<Vec<u8>, Stop> {
        self.gas.charge(50)?;
        let mut topics: Vec<_> = (0..count)
            .map(|index| B256(self.word(index).to_be_bytes()))
            .collect();
        if self.is(Fault::SwapsTopics) {
            topics.reverse();
        }
        let data = self.rest(count).to_vec();
        self.host.log(&topics, &data)?;
        Ok(Vec::new())
    }

    fn call(&mut self, kind: MessageKind) -> Result<Vec<u8>, Stop> {
        self.gas.charge(100)?;
        let Word([gas, high @ ..]) = self.word(2);
        let gas = if high == [0; 3] { gas } else { u64::MAX };
        let gas_limit = gas.min(self.gas.left() - self.gas.left() / 64);
        self.gas.charge(gas_limit)?;
        let input = self.rest(3).to_vec();
        let request = CallRequest {
            kind,
            gas_limit,
            target: self.address(0),
            value: self.word(1),
            input: input.as_slice().into(),
        };
        if self.is(Fault::SharesOutput) {
            let mut shared = self
                .machine
                .shared
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            shared.push(1);
        }
        let outcome = self.host.call(&request)?;
        Ok(self.reply(&outcome, outcome.status.is_revert()))
    }

    /// Takes gas and refund back, and answers with success and data.
    fn reply(&mut self, outcome: &CallOutcome, keeps_data: bool) -> Vec<u8> {
        if !self.is(Fault::KeepsCalleeGas) {
            self.gas.restore(outcome.gas_left, 0);
        }
        let is_success = outcome.status.is_success();
        if is_success && !self.is(Fault::DropsRefund) {
            self.refund += outcome.gas_refund;
        }
        let mut reply = Word::from(u64::from(is_success)).to_be_bytes().to_vec();
        if is_success || keeps_data {
            reply.extend_from_slice(&outcome.output);
        }
        if self.is(Fault::SharesOutput) {
            let shared = self
                .machine
                .shared
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            reply.truncate(32 + 32 * (shared.len() % 20));
        }
        reply
    }

    fn create(&mut self, kind: MessageKind, words: usize) -> Result<Vec<u8>, Stop> {
        self.gas.charge(1000)?;
        let gas_limit = self.gas.left() - self.gas.left() / 64;
        self.gas.charge(gas_limit)?;
        let init_code = self.rest(words).to_vec();
        let salt = if words == 2 { self.word(1) } else { Word::ZERO };
        let request = CreateRequest {
            kind,
            gas_limit,
            value: self.word(0),
            salt: B256(salt.to_be_bytes()),
            init_code: init_code.as_slice().into(),
        };
        let outcome = self.host.create(&request)?;
        self.gas.restore(outcome.gas_left, 0);
        let mut reply = vec![0; 32];
        if outcome.status.is_success() {
            self.refund += outcome.gas_refund;
            reply[12..].copy_from_slice(&outcome.address.0);
        }
        if outcome.status.is_revert() {
            reply.extend_from_slice(&outcome.output);
        }
        Ok(reply)
    }
}
