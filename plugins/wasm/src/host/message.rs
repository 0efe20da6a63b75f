//! Input and output, the message, its transaction, the block, other accounts, debug output.

use proz_sdk::{Word, pricing};

use super::guest::{Guest, Served};
use crate::frame::Exit;

impl Guest<'_> {
    pub(super) fn input_size(&mut self) -> Served<u32> {
        self.enter(0)?;
        Ok(self.frame().context().message.input.len() as u32)
    }

    /// Copies call data; bytes past its end are zero, as for CALLDATACOPY.
    pub(super) fn input_copy(&mut self, dst: u32, offset: u32, size: u32) -> Served<()> {
        self.enter_copying(0, size)?;
        let (room, frame) = self.bytes_mut(dst, size)?;
        let input = frame.context().message.input.as_slice();
        copy_padded(room, input.get(offset as usize..).unwrap_or_default());
        Ok(())
    }

    pub(super) fn read_args(&mut self, dst: u32) -> Served<()> {
        let size = self.frame().context().message.input.len() as u32;
        self.input_copy(dst, 0, size)
    }

    pub(super) fn write_result(&mut self, at: u32, size: u32) -> Served<()> {
        self.enter_copying(0, size)?;
        let (bytes, frame) = self.bytes_and_frame(at, size)?;
        frame.output.clear();
        frame.output.extend_from_slice(bytes);
        Ok(())
    }

    pub(super) fn finish(&mut self, at: u32, size: u32) -> Served<()> {
        self.write_result(at, size)?;
        Err(Exit::Return)
    }

    pub(super) fn revert(&mut self, at: u32, size: u32) -> Served<()> {
        self.write_result(at, size)?;
        Err(Exit::Revert)
    }

    pub(super) fn exit_early(&mut self, status: u32) -> Served<()> {
        self.enter(0)?;
        Err(if status == 0 {
            Exit::Return
        } else {
            Exit::Revert
        })
    }

    pub(super) fn caller(&mut self, dst: u32) -> Served<()> {
        self.enter(0)?;
        let address = self.frame().context().message.sender;
        self.write(dst, &address.0)
    }

    pub(super) fn address(&mut self, dst: u32) -> Served<()> {
        self.enter(0)?;
        let address = self.frame().context().message.recipient;
        self.write(dst, &address.0)
    }

    pub(super) fn origin(&mut self, dst: u32) -> Served<()> {
        self.enter(0)?;
        let address = self.frame().context().transaction.origin;
        self.write(dst, &address.0)
    }

    pub(super) fn coinbase(&mut self, dst: u32) -> Served<()> {
        self.enter(0)?;
        let address = self.frame().context().block.coinbase;
        self.write(dst, &address.0)
    }

    fn put_word(&mut self, dst: u32, word: Word) -> Served<()> {
        self.enter(0)?;
        self.write_word(dst, word)
    }

    pub(super) fn value(&mut self, dst: u32) -> Served<()> {
        let word = self.frame().context().message.value;
        self.put_word(dst, word)
    }

    pub(super) fn gas_price(&mut self, dst: u32) -> Served<()> {
        let word = self.frame().context().transaction.gas_price;
        self.put_word(dst, word)
    }

    pub(super) fn base_fee(&mut self, dst: u32) -> Served<()> {
        let word = self.frame().context().block.base_fee;
        self.put_word(dst, word)
    }

    pub(super) fn blob_base_fee(&mut self, dst: u32) -> Served<()> {
        let word = self.frame().context().block.blob_base_fee;
        self.put_word(dst, word)
    }

    /// Returns 1 and writes the versioned hash of a blob, or returns 0 and writes zeros.
    pub(super) fn blob_hash(&mut self, index: u32, dst: u32) -> Served<u32> {
        self.enter(0)?;
        let hashes = self.frame().context().transaction.blob_hashes.as_slice();
        let found = hashes.get(index as usize).copied();
        self.write(dst, &found.unwrap_or_default().0)?;
        Ok(u32::from(found.is_some()))
    }

    pub(super) fn prev_randao(&mut self, dst: u32) -> Served<()> {
        self.enter(0)?;
        let hash = self.frame().context().block.prev_randao;
        self.write(dst, &hash.0)
    }

    pub(super) fn chain_id(&mut self) -> Served<u64> {
        self.enter(0)?;
        Ok(self.frame().context().block.chain_id)
    }

    pub(super) fn block_number(&mut self) -> Served<u64> {
        self.enter(0)?;
        Ok(self.frame().context().block.number)
    }

    pub(super) fn block_timestamp(&mut self) -> Served<u64> {
        self.enter(0)?;
        Ok(self.frame().context().block.timestamp)
    }

    pub(super) fn block_gas_limit(&mut self) -> Served<u64> {
        self.enter(0)?;
        Ok(self.frame().context().block.gas_limit)
    }

    pub(super) fn gas_remaining(&mut self) -> Served<u64> {
        self.enter(0)?;
        Ok(self.gas_left())
    }

    pub(super) fn is_static(&mut self) -> Served<u32> {
        self.enter(0)?;
        Ok(u32::from(self.frame().context().message.is_static))
    }

    pub(super) fn msg_reentrant(&mut self) -> Served<u32> {
        self.enter(0)?;
        Ok(u32::from(self.frame().is_reentrant))
    }

    /// Returns 1 and writes the hash of a recent block, or returns 0 and writes zeros.
    pub(super) fn block_hash(&mut self, number: u64, dst: u32) -> Served<u32> {
        let gas = self.frame().prices.host.block_hash;
        self.enter(gas)?;
        let hash = self.frame().host().block_hash(number)?;
        self.write(dst, &hash.0)?;
        Ok(u32::from(hash.0 != [0; 32]))
    }

    pub(super) fn balance(&mut self, address: u32, dst: u32) -> Served<()> {
        self.enter(0)?;
        let address = self.read_address(address)?;
        let account = self.frame().host().account(&address)?;
        self.charge(pricing::account_access(account.status))?;
        self.write_word(dst, account.balance)
    }

    /// Spec: EIP-1052, zero for an account that does not exist.
    pub(super) fn code_hash(&mut self, address: u32, dst: u32) -> Served<()> {
        self.enter(0)?;
        let address = self.read_address(address)?;
        let account = self.frame().host().account(&address)?;
        self.charge(pricing::account_access(account.status))?;
        let hash = if account.is_absent {
            [0; 32]
        } else {
            account.code_hash.0
        };
        self.write(dst, &hash)
    }

    pub(super) fn code_size(&mut self, address: u32) -> Served<u32> {
        self.enter(0)?;
        let address = self.read_address(address)?;
        let (status, size) = {
            let view = self.frame().host().code(&address)?;
            (view.status, view.code.len() as u32)
        };
        self.charge(pricing::account_access(status))?;
        Ok(size)
    }

    /// Copies what there is of an account's code and returns how much that was.
    pub(super) fn code_copy(
        &mut self,
        address: u32,
        offset: u32,
        size: u32,
        dst: u32,
    ) -> Served<u32> {
        self.enter_copying(0, size)?;
        let address = self.read_address(address)?;
        let (room, frame) = self.bytes_mut(dst, size)?;
        let view = frame.host().code(&address)?;
        let code = view
            .code
            .as_slice()
            .get(offset as usize..)
            .unwrap_or_default();
        let part = code.len().min(room.len());
        if let (Some(room), Some(code)) = (room.get_mut(..part), code.get(..part)) {
            room.copy_from_slice(code);
        }
        let status = view.status;
        self.charge(pricing::account_access(status))?;
        Ok(part as u32)
    }

    /// Writes a line of debug output to the standard error stream.
    pub(super) fn log_text(&mut self, at: u32, size: u32) -> Served<()> {
        let gas = self.frame().prices.host.log_debug;
        self.enter_copying(gas, size)?;
        let text = String::from_utf8_lossy(self.bytes(at, size)?).into_owned();
        self.log_line(&text)
    }

    pub(super) fn log_number(&mut self, number: i64) -> Served<()> {
        let gas = self.frame().prices.host.log_debug;
        self.enter(gas)?;
        self.log_line(&number.to_string())
    }

    pub(super) fn log_i32(&mut self, number: i32) -> Served<()> {
        self.log_number(i64::from(number))
    }

    pub(super) fn log_f32(&mut self, number: f32) -> Served<()> {
        self.log_float(f64::from(number))
    }

    pub(super) fn log_float(&mut self, number: f64) -> Served<()> {
        let gas = self.frame().prices.host.log_debug;
        self.enter(gas)?;
        self.log_line(&number.to_string())
    }

    fn log_line(&mut self, text: &str) -> Served<()> {
        let address = alloy_primitives::Address::from(self.frame().context().message.recipient);
        eprintln!("contract {address}: {}", text.escape_debug());
        Ok(())
    }
}

fn copy_padded(room: &mut [u8], bytes: &[u8]) {
    let part = bytes.len().min(room.len());
    let (filled, rest) = room.split_at_mut(part);
    filled.copy_from_slice(bytes.get(..part).unwrap_or_default());
    rest.fill(0);
}
