//! Nested calls and creations, into whichever VM the other contract lives in.

use alloy_primitives::keccak256;
use proz_sdk::{
    Address, B256, Buffer, CallOutcome, CallRequest, CreateRequest, HostError, MessageKind,
    StatusCode, Word, pricing,
};

use super::guest::{Guest, Served};
use crate::frame::Exit;

/// The contract asked for whatever gas may be given.
pub(crate) const ALL_GAS: u64 = u64::MAX;

impl Guest<'_> {
    /// Calls another contract and keeps its output; returns 0 for success, 1 for a revert, 2 for
    /// any other end.
    fn call_with(
        &mut self,
        kind: MessageKind,
        target: Address,
        value: Word,
        gas: u64,
        (input, size): (u32, u32),
    ) -> Served<u32> {
        self.enter_copying(0, size)?;
        let transfers = !value.is_zero();
        if transfers {
            self.require_mutable()?;
        }
        self.bytes(input, size)?;
        let seen = self.frame().host().call_target(&target)?;
        self.charge(pricing::call(&seen, transfers, kind == MessageKind::CALL))?;
        let child = self.take_child_gas(gas);
        let stipend = if transfers { pricing::CALL_STIPEND } else { 0 };
        let (bytes, frame) = self.bytes_and_frame(input, size)?;
        let outcome = frame.host().call(&CallRequest {
            kind,
            gas_limit: child.saturating_add(stipend),
            target,
            value,
            input: bytes.into(),
        })?;
        frame.add_refund(outcome.gas_refund);
        frame.return_data = outcome.output;
        self.give_back(outcome.gas_left);
        Ok(status_word(outcome.status))
    }

    /// Creates a contract; the address is zero unless it succeeded.
    fn create_with(
        &mut self,
        salt: Option<B256>,
        value: Word,
        (code, size): (u32, u32),
    ) -> Served<(u32, Address)> {
        let words = u64::from(size.div_ceil(32));
        let mut gas = pricing::CREATE.saturating_add(pricing::INIT_CODE_WORD * words);
        if salt.is_some() {
            gas = gas.saturating_add(pricing::KECCAK_WORD * words);
        }
        self.enter_copying(gas, size)?;
        self.require_mutable()?;
        self.bytes(code, size)?;
        let child = self.take_child_gas(ALL_GAS);
        let (bytes, frame) = self.bytes_and_frame(code, size)?;
        let outcome = frame.host().create(&CreateRequest {
            kind: if salt.is_some() {
                MessageKind::CREATE2
            } else {
                MessageKind::CREATE
            },
            gas_limit: child,
            value,
            salt: salt.unwrap_or_default(),
            init_code: bytes.into(),
        })?;
        frame.add_refund(outcome.gas_refund);
        frame.return_data = outcome.output;
        self.give_back(outcome.gas_left);
        Ok((status_word(outcome.status), outcome.address))
    }

    pub(super) fn call(
        &mut self,
        kind: u32,
        target: u32,
        value: u32,
        gas: u64,
        input: u32,
        size: u32,
    ) -> Served<u32> {
        let (kind, value) = match kind {
            0 => (MessageKind::CALL, self.read_word(value)?),
            1 => (MessageKind::STATIC_CALL, Word::ZERO),
            2 => (MessageKind::DELEGATE_CALL, Word::ZERO),
            _ => return Err(Exit::INVALID_ARGUMENT),
        };
        let target = self.read_address(target)?;
        self.call_with(kind, target, value, gas, (input, size))
    }

    pub(super) fn create(
        &mut self,
        kind: u32,
        value: u32,
        salt: u32,
        code: u32,
        size: u32,
        dst: u32,
    ) -> Served<u32> {
        let salt = match kind {
            0 => None,
            1 => Some(B256(self.read(salt)?)),
            _ => return Err(Exit::INVALID_ARGUMENT),
        };
        let value = self.read_word(value)?;
        let (status, address) = self.create_with(salt, value, (code, size))?;
        self.write(dst, &address.0)?;
        Ok(status)
    }

    pub(super) fn call_contract(
        &mut self,
        target: u32,
        input: u32,
        size: u32,
        value: u32,
        gas: u64,
        returned: u32,
    ) -> Served<u32> {
        let (target, value) = (self.read_address(target)?, self.read_word(value)?);
        let status = self.call_with(MessageKind::CALL, target, value, gas, (input, size))?;
        self.write_returned_size(returned)?;
        Ok(status)
    }

    pub(super) fn delegate_call_contract(
        &mut self,
        target: u32,
        input: u32,
        size: u32,
        gas: u64,
        returned: u32,
    ) -> Served<u32> {
        self.call_without_value(
            MessageKind::DELEGATE_CALL,
            target,
            (input, size),
            gas,
            returned,
        )
    }

    pub(super) fn static_call_contract(
        &mut self,
        target: u32,
        input: u32,
        size: u32,
        gas: u64,
        returned: u32,
    ) -> Served<u32> {
        self.call_without_value(
            MessageKind::STATIC_CALL,
            target,
            (input, size),
            gas,
            returned,
        )
    }

    fn call_without_value(
        &mut self,
        kind: MessageKind,
        target: u32,
        input: (u32, u32),
        gas: u64,
        returned: u32,
    ) -> Served<u32> {
        let target = self.read_address(target)?;
        let status = self.call_with(kind, target, Word::ZERO, gas, input)?;
        self.write_returned_size(returned)?;
        Ok(status)
    }

    pub(super) fn create1(
        &mut self,
        code: u32,
        size: u32,
        value: u32,
        dst: u32,
        returned: u32,
    ) -> Served<()> {
        let value = self.read_word(value)?;
        let (_, address) = self.create_with(None, value, (code, size))?;
        self.write(dst, &address.0)?;
        self.write_returned_size(returned)
    }

    pub(super) fn create2(
        &mut self,
        code: u32,
        size: u32,
        value: u32,
        salt: u32,
        dst: u32,
        returned: u32,
    ) -> Served<()> {
        let (value, salt) = (self.read_word(value)?, B256(self.read(salt)?));
        let (_, address) = self.create_with(Some(salt), value, (code, size))?;
        self.write(dst, &address.0)?;
        self.write_returned_size(returned)
    }

    fn write_returned_size(&mut self, at: u32) -> Served<()> {
        let size = self.frame().return_data.len() as u32;
        self.write(at, &size.to_le_bytes())
    }

    pub(super) fn return_data_size(&mut self) -> Served<u32> {
        self.enter(0)?;
        Ok(self.frame().return_data.len() as u32)
    }

    /// Halts when the range reaches past the return data. Spec: EIP-211.
    pub(super) fn return_data_copy(&mut self, dst: u32, offset: u32, size: u32) -> Served<()> {
        self.enter_copying(0, size)?;
        let (room, frame) = self.bytes_mut(dst, size)?;
        let end = u64::from(offset) + u64::from(size);
        let data = frame
            .return_data
            .as_slice()
            .get(offset as usize..end as usize);
        room.copy_from_slice(data.ok_or(Exit::Halt(StatusCode::RETURN_DATA_OUT_OF_BOUNDS))?);
        Ok(())
    }

    /// The Stylus form: copies what there is and returns how much that was.
    pub(super) fn read_return_data(&mut self, dst: u32, offset: u32, size: u32) -> Served<u32> {
        self.enter_copying(0, size)?;
        let total = self.frame().return_data.len() as u64;
        let part = u64::from(size).min(total.saturating_sub(u64::from(offset))) as u32;
        let (room, frame) = self.bytes_mut(dst, part)?;
        let data = frame
            .return_data
            .as_slice()
            .get(offset as usize..)
            .unwrap_or_default();
        room.copy_from_slice(data.get(..part as usize).unwrap_or_default());
        Ok(part)
    }

    pub(super) fn keccak256(&mut self, at: u32, size: u32, dst: u32) -> Served<()> {
        let prices = self.frame().prices.host;
        let gas = prices.keccak.saturating_add(
            prices
                .keccak_word
                .saturating_mul(u64::from(size.div_ceil(32))),
        );
        self.enter(gas)?;
        let hash = keccak256(self.bytes(at, size)?);
        self.write(dst, &hash.0)
    }

    pub(super) fn sha256(&mut self, at: u32, size: u32, dst: u32) -> Served<()> {
        let output = self.precompile(2, at, size)?;
        let hash = output
            .as_slice()
            .first_chunk::<32>()
            .ok_or(Exit::Halt(StatusCode::PRECOMPILE_FAILURE))?;
        self.write(dst, hash)
    }

    /// Input: hash, v, r, s, 32 bytes each. Returns 1 and writes the signer, or returns 0.
    pub(super) fn ecrecover(&mut self, at: u32, dst: u32) -> Served<u32> {
        let output = self.precompile(1, at, 128)?;
        let Some(word) = output.as_slice().first_chunk::<32>() else {
            return Ok(0);
        };
        self.write(dst, word.last_chunk::<20>().unwrap_or(&[0; 20]))?;
        Ok(1)
    }

    /// Runs any precompile of the pack without a frame and keeps its output; returns as a call does.
    pub(super) fn run_precompile(
        &mut self,
        address: u32,
        gas: u64,
        at: u32,
        size: u32,
    ) -> Served<u32> {
        let address = self.read_address(address)?;
        let outcome = self.ask_precompile(address, gas, at, size)?;
        let status = outcome
            .as_ref()
            .map_or(2, |outcome| status_word(outcome.status));
        self.frame().return_data = outcome.map(|outcome| outcome.output).unwrap_or_default();
        Ok(status)
    }

    /// Runs the precompile `number`, which must succeed.
    fn precompile(&mut self, number: u8, at: u32, size: u32) -> Served<Buffer> {
        let mut address = Address::default();
        address.0[19] = number;
        let outcome = self.ask_precompile(address, ALL_GAS, at, size)?;
        match outcome {
            Some(outcome) if outcome.status.is_success() => Ok(outcome.output),
            Some(outcome) if outcome.status == StatusCode::OUT_OF_GAS => Err(Exit::OUT_OF_GAS),
            _ => Err(Exit::Halt(StatusCode::PRECOMPILE_FAILURE)),
        }
    }

    /// Runs a precompile and pays what it asks; `None` when no pack serves the address.
    fn ask_precompile(
        &mut self,
        address: Address,
        gas: u64,
        at: u32,
        size: u32,
    ) -> Served<Option<CallOutcome>> {
        self.enter_copying(pricing::WARM_ACCESS, size)?;
        self.bytes(at, size)?;
        let gas = self.take_child_gas(gas);
        let (input, frame) = self.bytes_and_frame(at, size)?;
        match frame.host().precompile(&address, input, gas) {
            Ok(outcome) => {
                self.give_back(outcome.gas_left);
                Ok(Some(outcome))
            }
            Err(HostError::UNSUPPORTED) => {
                self.give_back(gas);
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }
}

fn status_word(status: StatusCode) -> u32 {
    match status {
        StatusCode::SUCCESS => 0,
        StatusCode::REVERT => 1,
        _ => 2,
    }
}
