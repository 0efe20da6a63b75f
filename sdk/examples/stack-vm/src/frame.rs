//! One running frame.

use crate::{
    Config,
    code::{HEADER, Instruction, decode},
    gas, word,
};
use proz_sdk::{
    B256, CallRequest, ExecutionContext, FrameResult, GasMeter, Host, HostError, Message,
    MessageKind, OutOfGas, StatusCode, VmError, VmErrorCode, Word, pricing,
};

/// Why a frame ends before its program does.
pub(crate) enum Stop {
    /// By the rules of the machine: part of consensus.
    Halt(StatusCode),
    /// The host failed or gave up: passed on as it is.
    Failed(VmError),
}

impl From<OutOfGas> for Stop {
    fn from(_: OutOfGas) -> Self {
        Self::Halt(StatusCode::OUT_OF_GAS)
    }
}

impl From<HostError> for Stop {
    fn from(error: HostError) -> Self {
        Self::Failed(error.into())
    }
}

/// The state of one frame.
pub(crate) struct Frame<'a> {
    config: &'a Config,
    context: &'a ExecutionContext<'a>,
    gas: GasMeter,
    stack: Vec<Word>,
    buffer: Vec<u8>,
    /// What the last call returned.
    output: Vec<u8>,
}

impl<'a> Frame<'a> {
    /// A frame at its beginning.
    pub(crate) fn new(config: &'a Config, context: &'a ExecutionContext<'a>) -> Self {
        Self {
            config,
            context,
            gas: GasMeter::new(context.message.gas_limit),
            stack: Vec::new(),
            buffer: Vec::new(),
            output: Vec::new(),
        }
    }

    /// Runs the program to its end.
    ///
    /// Code from a genesis file has not been validated, so nothing is taken for granted here.
    pub(crate) fn run(mut self, code: &[u8], host: &mut Host<'_>) -> Result<FrameResult, Stop> {
        self.check_cancel()?;
        let mut offset = HEADER.len();
        while offset < code.len() {
            let invalid = Stop::Halt(StatusCode::INVALID_INSTRUCTION);
            let (instruction, next) = decode(code, offset).ok_or(invalid)?;
            match instruction {
                Instruction::Stop => break,
                Instruction::Jump(target) => {
                    self.gas.charge(gas::JUMP)?;
                    offset = self.jump(target, offset)?;
                    continue;
                }
                Instruction::JumpIf(target) => {
                    self.gas.charge(gas::JUMP)?;
                    if !self.pop()?.is_zero() {
                        offset = self.jump(target, offset)?;
                        continue;
                    }
                }
                Instruction::Return => {
                    return Ok(FrameResult {
                        gas_refund: self.gas.refund(),
                        ..FrameResult::success(self.gas.left(), self.buffer.into())
                    });
                }
                Instruction::Revert => {
                    return Ok(FrameResult::revert(self.gas.left(), self.buffer.into()));
                }
                other => self.step(other, host)?,
            }
            offset = next;
        }
        Ok(FrameResult {
            gas_refund: self.gas.refund(),
            ..FrameResult::success(self.gas.left(), Default::default())
        })
    }

    /// Executes an instruction that neither jumps nor ends the frame.
    fn step(&mut self, instruction: Instruction, host: &mut Host<'_>) -> Result<(), Stop> {
        let message: &Message<'a> = &self.context.message;
        self.gas.charge(gas::BASE)?;
        match instruction {
            Instruction::Push(value) => self.push(value),
            Instruction::Pop => self.pop().map(drop),
            Instruction::Copy(depth) => self.item(depth).and_then(|i| self.push(self.stack[i])),
            Instruction::Swap(depth) => {
                let (item, top) = (self.item(depth)?, self.item(0)?);
                self.stack.swap(item, top);
                Ok(())
            }
            Instruction::Add => self.combine(word::add),
            Instruction::Subtract => self.combine(word::subtract),
            Instruction::Less => self.combine(|a, b| word::flag(word::is_less(a, b))),
            Instruction::Equal => self.combine(|a, b| word::flag(a == b)),
            Instruction::IsZero => {
                let value = self.pop()?;
                self.push(word::flag(value.is_zero()))
            }
            Instruction::Input => {
                let offset = self.pop()?;
                self.push(word::at_offset(message.input.as_slice(), offset))
            }
            Instruction::InputSize => self.push(Word::from(message.input.len() as u64)),
            Instruction::Sender => self.push(word::from_address(message.sender)),
            Instruction::Recipient => self.push(word::from_address(message.recipient)),
            Instruction::Value => self.push(message.value),
            Instruction::GasLeft => self.push(Word::from(self.gas.left())),
            Instruction::Output => {
                let offset = self.pop()?;
                self.push(word::at_offset(&self.output, offset))
            }
            Instruction::OutputSize => self.push(Word::from(self.output.len() as u64)),
            Instruction::Append(size) => {
                let word = self.pop()?.to_be_bytes();
                self.append(word.get(32 - usize::from(size)..).unwrap_or_default())
            }
            Instruction::AppendInput => {
                let offset = self.pop()?;
                self.append(word::tail(message.input.as_slice(), offset))
            }
            Instruction::AppendOutput => {
                let offset = self.pop()?;
                let output = std::mem::take(&mut self.output);
                let appended = self.append(word::tail(&output, offset));
                self.output = output;
                appended
            }
            Instruction::Load => {
                let key = self.pop()?;
                let load = host.storage_load(&key)?;
                self.gas.charge(pricing::storage_load(load.status))?;
                self.push(load.value)
            }
            Instruction::Store => self.store(host),
            Instruction::Log(topics) => self.log(usize::from(topics), host),
            Instruction::Call => self.call(host),
            Instruction::Stop
            | Instruction::Jump(_)
            | Instruction::JumpIf(_)
            | Instruction::Return
            | Instruction::Revert => Ok(()),
        }
    }

    fn store(&mut self, host: &mut Host<'_>) -> Result<(), Stop> {
        let (key, value) = (self.pop()?, self.pop()?);
        // Less than a stipend may not write. Spec: EIP-2200.
        if self.gas.left() <= pricing::STORE_STIPEND_GUARD {
            return Err(OutOfGas.into());
        }
        let store = host.storage_store(&key, &value)?;
        let (cost, refund) = pricing::storage_store(&store);
        self.gas.charge(cost)?;
        self.gas.add_refund(refund);
        Ok(())
    }

    fn log(&mut self, count: usize, host: &mut Host<'_>) -> Result<(), Stop> {
        self.gas.charge(pricing::log(count, self.buffer.len()))?;
        let mut topics = [B256::default(); 4];
        for topic in &mut topics[..count] {
            *topic = B256(self.pop()?.to_be_bytes());
        }
        host.log(&topics[..count], &self.buffer)?;
        self.buffer.clear();
        Ok(())
    }

    /// Calls with the buffer as input; pushes whether it succeeded.
    fn call(&mut self, host: &mut Host<'_>) -> Result<(), Stop> {
        let (wanted, target, value) = (self.pop()?, word::to_address(self.pop()?), self.pop()?);
        let looked_at = host.call_target(&target)?;
        let transfers = !value.is_zero();
        self.gas
            .charge(pricing::call(&looked_at, transfers, true))?;
        let given = self.gas.child(word::saturate(wanted));
        let stipend = if transfers { pricing::CALL_STIPEND } else { 0 };
        let outcome = host.call(&CallRequest {
            kind: MessageKind::CALL,
            gas_limit: given.saturating_add(stipend),
            target,
            value,
            input: self.buffer.as_slice().into(),
        })?;
        self.buffer.clear();
        self.gas.restore(outcome.gas_left, outcome.gas_refund);
        self.output = outcome.output.as_slice().to_vec();
        self.push(word::flag(outcome.status.is_success()))
    }

    fn append(&mut self, bytes: &[u8]) -> Result<(), Stop> {
        let cost = gas::BUFFER_BYTE.saturating_mul(bytes.len() as u64);
        self.gas.charge(cost)?;
        if self.buffer.len() + bytes.len() > self.config.max_buffer_bytes {
            return Err(Stop::Halt(StatusCode::MEMORY_LIMIT));
        }
        self.buffer.extend_from_slice(bytes);
        Ok(())
    }

    fn jump(&self, target: u16, from: usize) -> Result<usize, Stop> {
        let target = usize::from(target);
        if target <= from {
            self.check_cancel()?;
        }
        Ok(target)
    }

    /// Gas ends every loop in the end; the flag lets the host end it sooner.
    fn check_cancel(&self) -> Result<(), Stop> {
        if self.context.cancel.is_set() {
            let error = VmError::new(VmErrorCode::CANCELLED, "asked to stop");
            return Err(Stop::Failed(error));
        }
        Ok(())
    }

    fn combine(&mut self, operation: impl FnOnce(Word, Word) -> Word) -> Result<(), Stop> {
        let (top, below) = (self.pop()?, self.pop()?);
        self.push(operation(below, top))
    }

    fn item(&self, depth: u8) -> Result<usize, Stop> {
        let index = self.stack.len().checked_sub(1 + usize::from(depth));
        index.ok_or(Stop::Halt(StatusCode::STACK_UNDERFLOW))
    }

    fn push(&mut self, value: Word) -> Result<(), Stop> {
        if self.stack.len() >= self.config.max_stack_items {
            return Err(Stop::Halt(StatusCode::STACK_OVERFLOW));
        }
        self.stack.push(value);
        Ok(())
    }

    fn pop(&mut self) -> Result<Word, Stop> {
        self.stack
            .pop()
            .ok_or(Stop::Halt(StatusCode::STACK_UNDERFLOW))
    }
}
