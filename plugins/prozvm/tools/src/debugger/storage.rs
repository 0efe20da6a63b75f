//! The contract's storage as far as a debugger sees it: what it began with, and what the frame read and wrote.

use proz_prozvm_core::{Control, Guest, Syscalls};
use proz_prozvm_syscalls::number;
use std::collections::BTreeMap;

/// A kind of storage and a key in it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Key {
    /// A slot that lasts.
    Slot([u8; 32]),
    /// A slot that lasts until the transaction ends.
    Transient([u8; 32]),
    /// A value of any length under a key of any length.
    Long(Vec<u8>),
}

/// What is known of the storage.
#[derive(Clone, Debug, Default)]
pub(crate) struct Storage {
    pub(crate) known: BTreeMap<Key, Vec<u8>>,
    /// Slots that the last syscall wrote.
    pub(crate) written: Vec<Key>,
}

/// Serves syscalls, and notes what passes to and from storage.
pub(crate) struct Noting<'a> {
    pub(crate) syscalls: &'a mut dyn Syscalls,
    pub(crate) storage: &'a mut Storage,
}

impl Syscalls for Noting<'_> {
    fn call(&mut self, number: u16, arguments: [u64; 6], guest: &mut Guest<'_>) -> Control {
        self.storage.written.clear();
        let [first, second, third, fourth, ..] = arguments;
        // Read before: a syscall may write over its own key.
        let word = |guest: &Guest<'_>, at| guest.read_array::<32>(at).ok();
        let long = |guest: &Guest<'_>, at, length| guest.read(at, length).ok().map(<[u8]>::to_vec);
        let key = match number {
            number::STORAGE_GET | number::STORAGE_SET => word(guest, first).map(Key::Slot),
            number::TRANSIENT_GET | number::TRANSIENT_SET => word(guest, first).map(Key::Transient),
            number::STORAGE_READ | number::STORAGE_WRITE => {
                long(guest, first, second).map(Key::Long)
            }
            _ => None,
        };
        let new = match number {
            number::STORAGE_SET | number::TRANSIENT_SET => word(guest, second).map(Vec::from),
            number::STORAGE_WRITE => long(guest, third, fourth),
            _ => None,
        };
        let control = self.syscalls.call(number, arguments, guest);
        let (Control::Continue(result), Some(key)) = (control, key) else {
            return control;
        };
        let found = match number {
            number::STORAGE_GET | number::TRANSIENT_GET => word(guest, second).map(Vec::from),
            number::STORAGE_READ if result == u64::MAX => Some(Vec::new()),
            number::STORAGE_READ if result <= fourth => long(guest, third, result),
            _ => None,
        };
        if let Some(value) = found {
            self.storage.known.insert(key, value);
        } else if let Some(value) = new {
            self.storage.written.push(key.clone());
            self.storage.known.insert(key, value);
        }
        control
    }

    fn refill(&mut self, left: u64) -> Option<u64> {
        self.syscalls.refill(left)
    }

    fn page_limit(&self) -> u32 {
        self.syscalls.page_limit()
    }
}
