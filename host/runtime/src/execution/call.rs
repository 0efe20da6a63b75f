//! Calls: checkpoint, value, routing by precompile, then by code.

use super::{
    Executor, Machine, Surroundings, access::FrameAccess, bounds::Bounds, stack::on_enough_stack,
};
use crate::{
    container::{self, Container, Payload},
    transaction::delegate_of,
};
use alloy_primitives::{Address, B256, Bytes};
use proz_interface::abi_stable::{sabi_trait::TD_Opaque, sabi_types::RMut, std_types::RSlice};
use proz_interface::v1::{
    CallOutcome, ExecutionContext, FrameResult, HostError, Message, MessageKind, PreparationPrice,
    Revision, StateAccess_TO, StatusCode,
};
use proz_state::AccountId;

/// Native stack that the host itself needs between two frames, in bytes.
const HOST_STACK_BYTES: usize = 32 * 1024;

/// Gas of 16 bytes that a compressed container unpacks to, before the first call of its code.
const UNPACK_BYTES_PER_GAS: u64 = 16;

/// Code that a frame runs, and where.
enum Route<'a> {
    /// No code: the call succeeds at once.
    Nothing,
    /// Code that no active VM runs, or that claims to be a container and is none.
    Refused(StatusCode),
    /// Plain code, or a container's payload.
    Code {
        machine: &'a Machine,
        code: Stored,
        hash: B256,
    },
}

/// Code as the account stores it.
enum Stored {
    Ready(Bytes),
    /// A whole container, whose payload is compressed.
    Compressed {
        container: Bytes,
        size_bytes: u64,
    },
}

impl Stored {
    fn size_bytes(&self) -> u64 {
        match self {
            Self::Ready(code) => code.len() as u64,
            Self::Compressed { size_bytes, .. } => *size_bytes,
        }
    }
}

impl<'a> Executor<'a> {
    /// Executes a call message. Gas of the outcome is right in every case.
    pub(crate) fn call(&mut self, message: Message<'_>) -> Result<CallOutcome, HostError> {
        self.watched(&message, message.input.as_slice(), |executor| {
            executor.enter(message)
        })
    }

    fn enter(&mut self, mut message: Message<'_>) -> Result<CallOutcome, HostError> {
        if message.depth > self.surroundings.rules.limits.call_depth {
            return Ok(refused(StatusCode::CALL_DEPTH_EXCEEDED, message.gas_limit));
        }
        let checkpoint = self.journal.checkpoint();
        let recipient = self.journal.load(message.recipient.into());
        let (recipient, _) = self.state(recipient)?;
        if !self.move_value(&message, recipient)? {
            self.journal.revert_to(checkpoint);
            return Ok(refused(StatusCode::INSUFFICIENT_BALANCE, message.gas_limit));
        }

        let code_address = Address::from(message.code_address);
        let precompiles = &self.surroundings.view.precompiles;
        let result = if let Some(precompile) = precompiles.get(&code_address) {
            self.run_precompile(precompile, &message, recipient)?
        } else {
            match self.route(code_address)? {
                Route::Nothing => FrameResult::success(message.gas_limit, Default::default()),
                Route::Refused(status) => FrameResult::halt(status),
                Route::Code {
                    machine,
                    code,
                    hash,
                } => match self.prepare(machine, hash, code, message.gas_limit) {
                    Ok((code, gas_left)) => {
                        message.gas_limit = gas_left;
                        message.code_hash = hash.into();
                        self.run(machine, &code, &message, recipient)?
                    }
                    Err(status) => FrameResult::halt(status),
                },
            }
        };
        if !result.status.is_success() {
            self.journal.revert_to(checkpoint);
        }
        Ok(CallOutcome {
            status: result.status,
            gas_left: result.gas_left,
            gas_refund: result.gas_refund,
            output: result.output,
        })
    }

    /// Transfers the value of a call; `false` when the sender has too little.
    fn move_value(
        &mut self,
        message: &Message<'_>,
        recipient: AccountId,
    ) -> Result<bool, HostError> {
        match message.kind {
            MessageKind::CALL => {
                let sender = self.journal.peek(message.sender.into());
                let sender = self.state(sender)?;
                let value = message.value.to_u256();
                Ok(self.journal.transfer(sender, recipient, value).is_ok())
            }
            // A transfer to itself: only the balance is checked. Spec: Yellow Paper, CALLCODE.
            MessageKind::CALL_CODE => {
                Ok(self.journal.account(recipient).balance() >= message.value.to_u256())
            }
            MessageKind::STATIC_CALL => {
                self.journal.touch(recipient);
                Ok(true)
            }
            _ => Ok(true),
        }
    }

    /// Finds code and machine for an account, through its delegation. Spec: EIP-7702.
    fn route(&mut self, address: Address) -> Result<Route<'a>, HostError> {
        let (mut code, mut hash) = self.code_of(address)?;
        if self.surroundings.rules.revision.enables(Revision::Prague)
            && let Some(delegate) = delegate_of(&code)
        {
            // A delegation to a precompile runs empty code. Spec: EIP-7702.
            if self.surroundings.view.precompiles.get(&delegate).is_some() {
                return Ok(Route::Nothing);
            }
            (code, hash) = self.code_of(delegate)?;
        }
        if code.is_empty() {
            return Ok(Route::Nothing);
        }
        if self.surroundings.rules.containers && container::is_container(&code) {
            return Ok(self.route_container(&code, hash));
        }
        Ok(match self.plain_machine()? {
            None => Route::Refused(StatusCode::VM_UNAVAILABLE),
            Some(machine) => Route::Code {
                machine,
                code: Stored::Ready(code),
                hash,
            },
        })
    }

    fn route_container(&self, code: &Bytes, hash: B256) -> Route<'a> {
        let Surroundings {
            set, view, rules, ..
        } = self.surroundings;
        // Deployment has checked the container; what it would refuse came by genesis or import.
        let Ok(container) = Container::parse(code) else {
            return Route::Refused(StatusCode::CODE_REFUSED);
        };
        let size_bytes = container.payload.size_bytes() as u64;
        if !container.trailing.is_empty() || size_bytes > rules.limits.container_size_bytes {
            return Route::Refused(StatusCode::CODE_REFUSED);
        }
        let Some(machine) = set.route(view, &container) else {
            return Route::Refused(StatusCode::VM_UNAVAILABLE);
        };
        Route::Code {
            machine,
            code: match container.payload {
                Payload::Plain(payload) => Stored::Ready(code.slice_ref(payload)),
                Payload::Compressed { .. } => Stored::Compressed {
                    container: code.clone(),
                    size_bytes,
                },
            },
            hash,
        }
    }

    fn code_of(&mut self, address: Address) -> Result<(Bytes, B256), HostError> {
        let account = self.journal.load(address);
        let (account, _) = self.state(account)?;
        let entry = self.journal.account(account);
        if !entry.has_code() {
            return Ok((Bytes::new(), entry.code_hash()));
        }
        let hash = entry.code_hash();
        let code = self.journal.code(account).cloned();
        Ok((self.state(code)?, hash))
    }

    /// Takes the price of preparing code at its first call in the transaction, and unpacks it;
    /// returns code and gas left. A frame that cannot pay halts and leaves the code unpaid.
    fn prepare(
        &mut self,
        machine: &Machine,
        hash: B256,
        stored: Stored,
        gas_limit: u64,
    ) -> Result<(Bytes, u64), StatusCode> {
        let is_free = machine.preparation == PreparationPrice::default();
        let stored = match stored {
            Stored::Ready(code) if is_free => return Ok((code, gas_limit)),
            stored => stored,
        };
        let key = (machine.identity.generation, hash);
        if let Some(unpacked) = self.prepared.get(&key) {
            let code = match (unpacked, stored) {
                (Some(unpacked), _) => unpacked.clone(),
                (None, Stored::Ready(code)) => code,
                (None, Stored::Compressed { .. }) => return Err(StatusCode::CODE_REFUSED),
            };
            return Ok((code, gas_limit));
        }
        let size_bytes = stored.size_bytes();
        let mut price = machine.preparation.gas(size_bytes);
        if let Stored::Compressed { .. } = stored {
            price = price.saturating_add(size_bytes.div_ceil(UNPACK_BYTES_PER_GAS));
        }
        let gas_left = gas_limit.checked_sub(price).ok_or(StatusCode::OUT_OF_GAS)?;
        match stored {
            Stored::Ready(code) => {
                self.prepared.insert(key, None);
                Ok((code, gas_left))
            }
            Stored::Compressed { container, .. } => {
                let code = unpack(&container, size_bytes).ok_or(StatusCode::CODE_REFUSED)?;
                self.prepared.insert(key, Some(code.clone()));
                Ok((code, gas_left))
            }
        }
    }

    /// Runs one frame in a machine and judges its result. The caller undoes what must be undone.
    pub(crate) fn run(
        &mut self,
        machine: &Machine,
        code: &[u8],
        message: &Message<'_>,
        recipient: AccountId,
    ) -> Result<FrameResult, HostError> {
        if self.surroundings.cancel.is_set() {
            return Err(self.abandon(super::Abort::Cancelled));
        }
        self.require_in_service(&machine.identity)?;
        let surroundings = self.surroundings;
        let context = ExecutionContext {
            message: *message,
            transaction: surroundings.transaction,
            block: surroundings.block,
            limits: &surroundings.rules.limits,
            revision: surroundings.rules.revision,
            cancel: surroundings.cancel,
        };
        self.watch_code(&machine.label, machine.identity.vm_type.as_str());
        let mut access = FrameAccess::new(self, message, recipient);
        let needed = machine.stack_bytes + HOST_STACK_BYTES;
        let result = on_enough_stack(needed, || {
            machine.vm.execute(
                RSlice::from_slice(code),
                &context,
                StateAccess_TO::from_ptr(RMut::new(&mut access), TD_Opaque),
            )
        });
        let refusal = access.refusal();
        let Ok(result) = result else {
            let message = format!("{needed} bytes of native stack for one more frame");
            return Err(self.lacks(&machine.identity, message));
        };
        let bounds = Bounds::of(message, code);
        self.settle(&machine.identity, bounds, result.into(), refusal)
    }
}

/// The code of a container whose size was bounded and paid.
fn unpack(container: &[u8], size_bytes: u64) -> Option<Bytes> {
    let payload = Container::parse(container).ok()?.payload;
    Some(payload.unpack(size_bytes).ok()?.into_owned().into())
}

/// A call that was refused before it began: its gas returns.
const fn refused(status: StatusCode, gas_limit: u64) -> CallOutcome {
    CallOutcome {
        status,
        gas_left: gas_limit,
        gas_refund: 0,
        output: proz_interface::v1::Buffer::empty(),
    }
}
