//! Other accounts: balance and code.

use proz_prozvm_core::Guest;
use proz_sdk::pricing;

use super::{Served, Server, read_address, write_word};

impl Server<'_, '_> {
    /// Spec: S-50.
    pub(super) fn balance(&mut self, a: [u64; 6], guest: &mut Guest<'_>) -> Served<()> {
        let [address, to, ..] = a;
        self.pay(guest, 52)?;
        self.require_touch(guest)?;
        let account = self.host.account(&read_address(guest, address)?)?;
        self.charge(guest, pricing::account_access(account.status))?;
        write_word(guest, to, account.balance)
    }

    /// Zeros for an account that does not exist. Spec: S-51, EIP-1052.
    pub(super) fn code_hash(&mut self, a: [u64; 6], guest: &mut Guest<'_>) -> Served<()> {
        let [address, to, ..] = a;
        self.pay(guest, 52)?;
        self.require_touch(guest)?;
        let account = self.host.account(&read_address(guest, address)?)?;
        self.charge(guest, pricing::account_access(account.status))?;
        let hash = if account.is_absent {
            [0; 32]
        } else {
            account.code_hash.0
        };
        Ok(guest.write(to, &hash)?)
    }

    /// Spec: S-52.
    pub(super) fn code_size(&mut self, a: [u64; 6], guest: &mut Guest<'_>) -> Served<u64> {
        self.pay(guest, 20)?;
        self.require_touch(guest)?;
        let view = self.host.code(&read_address(guest, a[0])?)?;
        let (status, size) = (view.status, view.code.len() as u64);
        self.charge(guest, pricing::account_access(status))?;
        Ok(size)
    }

    /// Copies what there is and gives how much that was. Spec: S-53.
    pub(super) fn code_copy(&mut self, a: [u64; 6], guest: &mut Guest<'_>) -> Served<u64> {
        let [address, offset, length, to, ..] = a;
        self.pay(guest, length.saturating_add(20))?;
        let address = read_address(guest, address)?;
        self.require_touch(guest)?;
        let room = guest.read_mut(to, length)?;
        let view = self.host.code(&address)?;
        let status = view.status;
        let code = view.code.as_slice();
        let code = usize::try_from(offset).ok().and_then(|at| code.get(at..));
        let code = code.unwrap_or_default();
        let part = code.len().min(room.len());
        if let (Some(room), Some(code)) = (room.get_mut(..part), code.get(..part)) {
            room.copy_from_slice(code);
        }
        self.charge(guest, pricing::account_access(status))?;
        Ok(part as u64)
    }
}
