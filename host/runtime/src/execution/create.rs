//! Creations: address, collision, constructor, deposit of code.

use super::{Executor, Surroundings, bounds::words_of};
use crate::container::{self, Container};
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use proz_interface::abi_stable::std_types::RSlice;
use proz_interface::v1::{
    Buffer, CreateOutcome, FrameResult, HostError, Message, MessageKind, Revision, StatusCode,
    VmError, VmErrorCode,
};
use proz_state::AccountId;

/// Gas of one byte of deployed code. Spec: Yellow Paper, G_codedeposit.
const DEPOSIT_BYTE: u64 = 200;

/// Gas of one byte of a container that its VM validates before it is deployed. Validation is
/// linear in the size; a native VM may compile at the same time.
const VALIDATION_BYTE: u64 = 20;

/// What a creation is asked for.
pub(crate) struct Creation<'a> {
    pub(crate) kind: MessageKind,
    pub(crate) creator: Address,
    pub(crate) depth: u32,
    pub(crate) gas_limit: u64,
    pub(crate) value: U256,
    pub(crate) salt: B256,
    pub(crate) init_code: &'a [u8],
}

impl Executor<'_> {
    /// Executes a creation. Gas of the outcome is right in every case.
    pub(crate) fn create(&mut self, creation: &Creation<'_>) -> Result<CreateOutcome, HostError> {
        if self.watcher.is_none() {
            return self.enter_creation(creation);
        }
        let address = self.address_of(creation)?;
        let message = message_of(creation, address);
        self.watched(&message, creation.init_code, |executor| {
            executor.enter_creation(creation)
        })
    }

    /// Address that a creation will get. Spec: Yellow Paper section 7; EIP-1014.
    fn address_of(&mut self, creation: &Creation<'_>) -> Result<Address, HostError> {
        if creation.kind == MessageKind::CREATE2 {
            let hash = keccak256(creation.init_code);
            return Ok(creation.creator.create2(creation.salt, hash));
        }
        let creator = self.journal.peek(creation.creator);
        let creator = self.state(creator)?;
        let nonce = self.journal.account(creator).nonce();
        Ok(creation.creator.create(nonce))
    }

    /// Whether plain init code is larger than a creation may have. Spec: EIP-3860.
    ///
    /// A frame of whatever VM that asks for such a creation halts exceptionally, as by running out
    /// of gas: all its gas is taken, no nonce moves, no address becomes warm. Containers have a
    /// limit of their own.
    pub(super) fn is_init_code_too_large(&self, init_code: &[u8]) -> bool {
        let rules = self.surroundings.rules;
        rules.revision.enables(Revision::Shanghai)
            && init_code.len() as u64 > rules.limits.init_code_size_bytes
            && !(rules.containers && container::is_container(init_code))
    }

    fn enter_creation(&mut self, creation: &Creation<'_>) -> Result<CreateOutcome, HostError> {
        let gas_limit = creation.gas_limit;
        // A nested one is refused before; a transaction is invalid; this is a simulation's.
        if self.is_init_code_too_large(creation.init_code) {
            return Ok(failed(StatusCode::INIT_CODE_TOO_LARGE, 0));
        }
        if creation.depth > self.surroundings.rules.limits.call_depth {
            return Ok(failed(StatusCode::CALL_DEPTH_EXCEEDED, gas_limit));
        }
        let creator = self.journal.load(creation.creator);
        let (creator, _) = self.state(creator)?;
        if self.journal.account(creator).balance() < creation.value {
            return Ok(failed(StatusCode::INSUFFICIENT_BALANCE, gas_limit));
        }
        let address = self.address_of(creation)?;
        if self.journal.increment_nonce(creator).is_err() {
            return Ok(failed(StatusCode::NONCE_OVERFLOW, gas_limit));
        }
        // The address stays warm even when the creation fails. Spec: EIP-2929.
        let account = self.journal.load(address);
        let (account, _) = self.state(account)?;

        let checkpoint = self.journal.checkpoint();
        let collides = self.journal.has_collision(account);
        if self.state(collides)? {
            return Ok(failed(StatusCode::ADDRESS_COLLISION, 0));
        }
        self.journal.create_account(account);
        if self
            .journal
            .transfer(creator, account, creation.value)
            .is_err()
        {
            // Only an overflow of the recipient's balance is left to fail.
            self.journal.revert_to(checkpoint);
            return Ok(failed(StatusCode::INSUFFICIENT_BALANCE, gas_limit));
        }

        let result = self.construct(creation, address, account)?;
        if !result.status.is_success() {
            self.journal.revert_to(checkpoint);
            return Ok(CreateOutcome {
                status: result.status,
                gas_left: result.gas_left,
                gas_refund: 0,
                address: Address::ZERO.into(),
                output: result.output,
            });
        }
        Ok(CreateOutcome {
            status: result.status,
            gas_left: result.gas_left,
            gas_refund: result.gas_refund,
            address: address.into(),
            output: result.output,
        })
    }

    /// Runs the constructor and deposits the code. The output of a success is empty.
    fn construct(
        &mut self,
        creation: &Creation<'_>,
        address: Address,
        account: AccountId,
    ) -> Result<FrameResult, HostError> {
        let rules = self.surroundings.rules;
        let mut message = message_of(creation, address);
        if rules.containers && container::is_container(creation.init_code) {
            return self.construct_container(creation, &mut message, account);
        }
        if creation.init_code.is_empty() {
            return Ok(FrameResult::success(creation.gas_limit, Buffer::empty()));
        }
        let Some(machine) = self.plain_machine()? else {
            return Ok(FrameResult::halt(StatusCode::VM_UNAVAILABLE));
        };
        let result = self.run(machine, creation.init_code, &message, account)?;
        if !result.status.is_success() {
            return Ok(result);
        }
        self.deposit_plain(result, account)
    }

    /// Stores what init code returned. Spec: EIP-2, EIP-170, EIP-3541.
    fn deposit_plain(
        &mut self,
        result: FrameResult,
        account: AccountId,
    ) -> Result<FrameResult, HostError> {
        let rules = self.surroundings.rules;
        let code = result.output.as_slice();
        // Only a validated container may be stored as one, whatever the revision.
        let is_reserved = rules.revision.enables(Revision::London) && code.first() == Some(&0xef);
        if is_reserved || (rules.containers && container::is_container(code)) {
            return Ok(FrameResult::halt(StatusCode::CODE_REFUSED));
        }
        if rules.revision.enables(Revision::SpuriousDragon)
            && code.len() as u64 > rules.limits.code_size_bytes
        {
            return Ok(FrameResult::halt(StatusCode::CODE_TOO_LARGE));
        }
        let cost = DEPOSIT_BYTE.saturating_mul(code.len() as u64);
        Ok(match result.gas_left.checked_sub(cost) {
            Some(gas_left) => {
                self.store(code, account)?;
                FrameResult {
                    gas_left,
                    output: Buffer::empty(),
                    ..result
                }
            }
            // Frontier keeps the account without code. Spec: EIP-2.
            None if !rules.revision.enables(Revision::Homestead) => FrameResult {
                output: Buffer::empty(),
                ..result
            },
            None => FrameResult::halt(StatusCode::OUT_OF_GAS),
        })
    }

    /// Validates a container, runs its constructor with the trailing arguments, stores it.
    fn construct_container<'c>(
        &mut self,
        creation: &'c Creation<'_>,
        message: &mut Message<'c>,
        account: AccountId,
    ) -> Result<FrameResult, HostError> {
        let rules = self.surroundings.rules;
        let Ok(container) = Container::parse(creation.init_code) else {
            return Ok(FrameResult::halt(StatusCode::CODE_REFUSED));
        };
        let size = container.size_bytes as u64;
        let code_size = container.payload.size_bytes() as u64;
        if size.max(code_size) > rules.limits.container_size_bytes {
            return Ok(FrameResult::halt(StatusCode::CODE_TOO_LARGE));
        }
        // What is read and unpacked is paid before.
        let price = VALIDATION_BYTE.saturating_mul(size.max(code_size));
        let Some(gas) = message.gas_limit.checked_sub(price) else {
            return Ok(FrameResult::halt(StatusCode::OUT_OF_GAS));
        };
        if !super::set::is_requirement(container.requirement) {
            return Ok(FrameResult::halt(StatusCode::CODE_REFUSED));
        }
        let Surroundings { set, view, .. } = self.surroundings;
        let Some(machine) = set.route(view, &container) else {
            return Ok(FrameResult::halt(StatusCode::VM_UNAVAILABLE));
        };
        self.require_in_service(&machine.identity)?;
        let Ok(payload) = container.payload.unpack(code_size) else {
            return Ok(FrameResult::halt(StatusCode::CODE_REFUSED));
        };
        let verdict = machine.vm.validate_code(RSlice::from_slice(&payload));
        if let Err(error) = Result::<(), VmError>::from(verdict) {
            return match error.code() {
                VmErrorCode::RESOURCES => Err(self.lacks(&machine.identity, words_of(&error))),
                VmErrorCode::HOST => Err(self.fault(&machine.identity, words_of(&error))),
                code if code.is_fault() => Err(self.fault(&machine.identity, words_of(&error))),
                _ => Ok(FrameResult::halt(StatusCode::CODE_REFUSED)),
            };
        }

        let code = &creation.init_code[..container.size_bytes];
        message.gas_limit = gas;
        message.input = RSlice::from_slice(container.trailing);
        message.code_hash = keccak256(code).into();
        let result = self.run(machine, &payload, message, account)?;
        if !result.status.is_success() {
            return Ok(result);
        }
        let Some(gas_left) = result
            .gas_left
            .checked_sub(DEPOSIT_BYTE.saturating_mul(size))
        else {
            return Ok(FrameResult::halt(StatusCode::OUT_OF_GAS));
        };
        self.store(code, account)?;
        Ok(FrameResult {
            gas_left,
            output: Buffer::empty(),
            ..result
        })
    }

    fn store(&mut self, code: &[u8], account: AccountId) -> Result<(), HostError> {
        self.require_memory(code.len())?;
        let hash = keccak256(code);
        self.journal
            .set_code(account, Bytes::copy_from_slice(code), hash);
        Ok(())
    }
}

/// The message of a creation's frame, as the EVM sees it: without call data.
fn message_of<'m>(creation: &Creation<'_>, address: Address) -> Message<'m> {
    Message {
        kind: creation.kind,
        depth: creation.depth,
        is_static: false,
        gas_limit: creation.gas_limit,
        sender: creation.creator.into(),
        recipient: address.into(),
        code_address: address.into(),
        code_hash: B256::ZERO.into(),
        value: creation.value.into(),
        input: RSlice::EMPTY,
    }
}

/// A creation that failed before its constructor ran.
fn failed(status: StatusCode, gas_left: u64) -> CreateOutcome {
    CreateOutcome {
        status,
        gas_left,
        gas_refund: 0,
        address: Address::ZERO.into(),
        output: Buffer::empty(),
    }
}
