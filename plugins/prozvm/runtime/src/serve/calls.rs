//! Nested calls and creations, into whichever VM the other contract lives in, and precompiles.

use proz_prozvm_core::Guest;
use proz_sdk::{
    Address, B256, CallOutcome, CallRequest, CreateRequest, HostError, MessageKind, StatusCode,
    Word, pricing,
};

use super::{Exit, Served, Server, read_address, read_word};

/// Precompile that recovers signers.
const ECRECOVER: Address = {
    let mut address = [0; 20];
    address[19] = 1;
    Address(address)
};

impl Server<'_, '_> {
    /// Spec: S-33.
    pub(super) fn call(&mut self, a: [u64; 6], guest: &mut Guest<'_>) -> Served<u64> {
        let [kind, target, value, gas, input, length] = a;
        self.pay(guest, length.saturating_add(52))?;
        let (kind, value) = match kind {
            0 => (MessageKind::CALL, read_word(guest, value)?),
            1 => (MessageKind::STATIC_CALL, Word::ZERO),
            2 => (MessageKind::DELEGATE_CALL, Word::ZERO),
            _ => return Err(Exit::INVALID_ARGUMENT),
        };
        let target = read_address(guest, target)?;
        let transfers = !value.is_zero();
        if transfers {
            self.require_mutable()?;
        }
        guest.read(input, length)?;
        self.require_touch(guest)?;
        let seen = self.host.call_target(&target)?;
        let price = pricing::call(&seen, transfers, kind == MessageKind::CALL);
        self.charge(guest, price)?;
        let child = self.purse.take_child(guest, gas)?;
        self.end_step(guest);
        let stipend = if transfers { pricing::CALL_STIPEND } else { 0 };
        let outcome = self.host.call(&CallRequest {
            kind,
            gas_limit: child.saturating_add(stipend),
            target,
            value,
            input: guest.read(input, length)?.into(),
        })?;
        self.take_back(guest, child, outcome.gas_left, outcome.gas_refund);
        self.return_data = outcome.output;
        Ok(number_of(outcome.status))
    }

    /// Spec: S-34.
    pub(super) fn create(&mut self, a: [u64; 6], guest: &mut Guest<'_>) -> Served<u64> {
        let [kind, value, salt, code, length, to] = a;
        self.pay(guest, length.saturating_add(84))?;
        let words = length.div_ceil(32);
        let mut gas = pricing::CREATE.saturating_add(pricing::INIT_CODE_WORD.saturating_mul(words));
        let salt = match kind {
            0 => None,
            1 => {
                gas = gas.saturating_add(pricing::KECCAK_WORD.saturating_mul(words));
                Some(B256(guest.read_array(salt)?))
            }
            _ => return Err(Exit::INVALID_ARGUMENT),
        };
        self.charge(guest, gas)?;
        self.require_mutable()?;
        let value = read_word(guest, value)?;
        guest.read(code, length)?;
        guest.read_mut(to, 20)?;
        let child = self.purse.take_child(guest, u64::MAX)?;
        self.end_step(guest);
        let outcome = self.host.create(&CreateRequest {
            kind: if salt.is_some() {
                MessageKind::CREATE2
            } else {
                MessageKind::CREATE
            },
            gas_limit: child,
            value,
            salt: salt.unwrap_or_default(),
            init_code: guest.read(code, length)?.into(),
        })?;
        self.take_back(guest, child, outcome.gas_left, outcome.gas_refund);
        self.return_data = outcome.output;
        guest.write(to, &outcome.address.0)?;
        Ok(number_of(outcome.status))
    }

    /// Spec: S-35.
    pub(super) fn return_data_size(&mut self, guest: &mut Guest<'_>) -> Served<u64> {
        self.pay(guest, 0)?;
        Ok(self.return_data.len() as u64)
    }

    /// Halts when the range reaches past the return data. Spec: S-36, EIP-211.
    pub(super) fn return_data_copy(&mut self, a: [u64; 6], guest: &mut Guest<'_>) -> Served<()> {
        let [to, offset, length, ..] = a;
        self.pay(guest, length)?;
        let data = self.return_data.as_slice();
        let range = offset
            .checked_add(length)
            .filter(|&end| end <= data.len() as u64)
            .and_then(|end| data.get(offset as usize..end as usize))
            .ok_or(Exit::Halt(StatusCode::RETURN_DATA_OUT_OF_BOUNDS))?;
        Ok(guest.write(to, range)?)
    }

    /// Runs a precompile of the pack without a frame and keeps its output. Spec: S-37.
    pub(super) fn precompile(&mut self, a: [u64; 6], guest: &mut Guest<'_>) -> Served<u64> {
        let [address, gas, input, length, ..] = a;
        self.pay(guest, length.saturating_add(20))?;
        let address = read_address(guest, address)?;
        let outcome = self.ask_pack(&address, gas, (input, length), guest)?;
        let status = outcome
            .as_ref()
            .map_or(2, |outcome| number_of(outcome.status));
        self.return_data = outcome.map(|outcome| outcome.output).unwrap_or_default();
        Ok(status)
    }

    /// Input: hash, v, r, s, 32 bytes each. Gives 1 and writes the signer, or gives 0. Spec: S-55.
    pub(super) fn ecrecover(&mut self, a: [u64; 6], guest: &mut Guest<'_>) -> Served<u64> {
        let [input, to, ..] = a;
        self.pay(guest, 148)?;
        let outcome = match self.ask_pack(&ECRECOVER, u64::MAX, (input, 128), guest)? {
            Some(outcome) if outcome.status.is_success() => outcome,
            Some(outcome) if outcome.status == StatusCode::OUT_OF_GAS => {
                return Err(Exit::OutOfGas);
            }
            _ => return Err(Exit::Halt(StatusCode::PRECOMPILE_FAILURE)),
        };
        let Some(word) = outcome.output.as_slice().first_chunk::<32>() else {
            return Ok(0);
        };
        guest.write(to, word.last_chunk::<20>().unwrap_or(&[0; 20]))?;
        Ok(1)
    }

    /// Runs a precompile and pays what it asks; `None` when no pack serves the address.
    fn ask_pack(
        &mut self,
        address: &Address,
        gas: u64,
        (input, length): (u64, u64),
        guest: &mut Guest<'_>,
    ) -> Served<Option<CallOutcome>> {
        self.charge(guest, pricing::WARM_ACCESS)?;
        guest.read(input, length)?;
        let child = self.purse.take_child(guest, gas)?;
        match self
            .host
            .precompile(address, guest.read(input, length)?, child)
        {
            Ok(outcome) => {
                self.purse.give_back(guest, outcome.gas_left);
                Ok(Some(outcome))
            }
            Err(HostError::UNSUPPORTED) => {
                self.purse.give_back(guest, child);
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }

    fn take_back(&mut self, guest: &mut Guest<'_>, given: u64, left: u64, refund: i64) {
        self.purse.give_back(guest, left);
        self.gas_refund = self.gas_refund.saturating_add(refund);
        self.nested_gas = self.nested_gas.saturating_add(given).saturating_sub(left);
    }

    /// Ends the step of a traced frame before a nested frame begins its own.
    fn end_step(&mut self, guest: &Guest<'_>) {
        if let Some(tracer) = self.open_step.take() {
            tracer.step_end(self.purse.gas_left(guest.gas_left()), false);
        }
    }
}

fn number_of(status: StatusCode) -> u64 {
    match status {
        StatusCode::SUCCESS => 0,
        StatusCode::REVERT => 1,
        _ => 2,
    }
}
