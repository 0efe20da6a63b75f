//! A host of few syscalls that remembers what happened.

use crate::program::Signature;
use crate::syscalls::{Control, Guest, SyscallEntry, SyscallTable, Syscalls};

const ENTRIES: [SyscallEntry; 6] = [
    SyscallEntry {
        number: 1,
        name: "gas_left",
        signature: Signature::new(0, 1),
    },
    SyscallEntry {
        number: 2,
        name: "charge",
        signature: Signature::new(1, 0),
    },
    SyscallEntry {
        number: 3,
        name: "fill",
        signature: Signature::new(3, 1),
    },
    SyscallEntry {
        number: 4,
        name: "stop",
        signature: Signature::new(1, 0),
    },
    SyscallEntry {
        number: 5,
        name: "sum",
        signature: Signature::new(2, 1),
    },
    SyscallEntry {
        number: 9,
        name: "sum6",
        signature: Signature::new(6, 1),
    },
];

/// The syscalls that [`TestHost`] serves.
pub const TEST_SYSCALLS: SyscallTable = SyscallTable::new(&ENTRIES);

/// Serves [`TEST_SYSCALLS`] and keeps a record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TestHost {
    /// Number, arguments and gas of each call.
    pub calls: Vec<(u16, [u64; 6], u64)>,
}

impl Syscalls for TestHost {
    fn call(&mut self, number: u16, arguments: [u64; 6], guest: &mut Guest<'_>) -> Control {
        self.calls.push((number, arguments, guest.gas_left()));
        let served = match number {
            1 => Ok(guest.gas_left()),
            2 => guest
                .charge(arguments[0] & 0x1ff)
                .map(|()| 0)
                .map_err(Control::from),
            3 => match guest.read_mut(arguments[0], arguments[2] & 0xff) {
                Ok(bytes) => {
                    bytes.fill(arguments[1] as u8);
                    Ok(bytes.len() as u64)
                }
                Err(fault) => Err(Control::from(fault)),
            },
            4 if arguments[0].is_multiple_of(4) => Err(Control::Stop),
            _ => Ok(arguments.into_iter().fold(0, u64::wrapping_add)),
        };
        match served {
            Ok(value) => Control::Continue(value),
            Err(control) => control,
        }
    }
}
