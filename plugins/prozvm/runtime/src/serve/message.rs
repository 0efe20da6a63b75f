//! Input and output, the message, its transaction, the block, debug output.

use proz_prozvm_core::Guest;
use proz_sdk::{Buffer, ExecutionContext};

use super::{Exit, Served, Server};
use crate::frame::no_memory;

/// Gas of looking up the hash of a block. Spec: Yellow Paper, G_blockhash.
const BLOCK_HASH: u64 = 20;

impl Server<'_, '_> {
    /// Spec: S-20.
    pub(super) fn input_size(&mut self, guest: &mut Guest<'_>) -> Served<u64> {
        self.number(guest, |context| context.message.input.len() as u64)
    }

    /// Bytes past the end are zero. Spec: S-21.
    pub(super) fn input_copy(&mut self, a: [u64; 6], guest: &mut Guest<'_>) -> Served<()> {
        let [to, offset, length, ..] = a;
        self.pay(guest, length)?;
        let room = guest.read_mut(to, length)?;
        let input = self.context.message.input.as_slice();
        let there = usize::try_from(offset).ok().and_then(|at| input.get(at..));
        let there = there.unwrap_or_default();
        let part = there.len().min(room.len());
        let (filled, rest) = room.split_at_mut(part);
        filled.copy_from_slice(there.get(..part).unwrap_or_default());
        rest.fill(0);
        Ok(())
    }

    /// Hands over the output and ends. Spec: S-22, S-23.
    pub(super) fn end(&mut self, exit: Exit, a: [u64; 6], guest: &mut Guest<'_>) -> Served<()> {
        let [from, length, ..] = a;
        self.pay(guest, length)?;
        let bytes = guest.read(from, length)?;
        let mut output = Vec::new();
        if output.try_reserve_exact(bytes.len()).is_err() {
            return Err(Exit::Host(no_memory()));
        }
        output.extend_from_slice(bytes);
        self.output = Buffer::from(output);
        Err(exit)
    }

    /// Writes a value that the context has. Spec: S-40, S-45.
    pub(super) fn put<const N: usize>(
        &mut self,
        guest: &mut Guest<'_>,
        a: [u64; 6],
        value: impl FnOnce(&ExecutionContext<'_>) -> [u8; N],
    ) -> Served<()> {
        self.pay(guest, N as u64)?;
        Ok(guest.write(a[0], &value(self.context))?)
    }

    /// Gives a number that the context has. Spec: S-40, S-45.
    pub(super) fn number(
        &mut self,
        guest: &mut Guest<'_>,
        value: impl FnOnce(&ExecutionContext<'_>) -> u64,
    ) -> Served<u64> {
        self.pay(guest, 0)?;
        Ok(value(self.context))
    }

    /// Gas left behind this very syscall, rounded down. Spec: S-41.
    pub(super) fn gas_left(&mut self, guest: &mut Guest<'_>) -> Served<u64> {
        self.pay(guest, 0)?;
        Ok(self.purse.gas_left(guest.gas_left()))
    }

    /// Spec: S-46.
    pub(super) fn blob_hash(&mut self, a: [u64; 6], guest: &mut Guest<'_>) -> Served<u64> {
        let [index, to, ..] = a;
        self.pay(guest, 32)?;
        let hashes = self.context.transaction.blob_hashes.as_slice();
        let found = usize::try_from(index).ok().and_then(|at| hashes.get(at));
        guest.write(to, &found.copied().unwrap_or_default().0)?;
        Ok(u64::from(found.is_some()))
    }

    /// Spec: S-47.
    pub(super) fn block_hash(&mut self, a: [u64; 6], guest: &mut Guest<'_>) -> Served<u64> {
        let [number, to, ..] = a;
        self.pay(guest, 32)?;
        self.charge(guest, BLOCK_HASH)?;
        let hash = self.host.block_hash(number)?.0;
        guest.write(to, &hash)?;
        Ok(u64::from(hash != [0; 32]))
    }

    /// Spec: S-60.
    pub(super) fn debug_print(&mut self, a: [u64; 6], guest: &mut Guest<'_>) -> Served<()> {
        let [from, length, ..] = a;
        self.pay(guest, length)?;
        let text = guest.read(from, length)?;
        if self.debug_log {
            let account = self.context.message.recipient;
            let account: String = account.0.iter().map(|byte| format!("{byte:02x}")).collect();
            let text = String::from_utf8_lossy(text);
            eprintln!("contract 0x{account}: {}", text.escape_debug());
        }
        Ok(())
    }
}
