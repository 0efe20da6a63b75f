//! A host of few syscalls that remembers what happened.

use crate::gas::OutOfGas;
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
    /// Gas that the run gets later, a part at a time.
    pub aside: u64,
    /// Size of a part.
    pub part: u64,
}

impl TestHost {
    fn charge(&mut self, guest: &mut Guest<'_>, cost: u64) -> Result<(), OutOfGas> {
        let left = guest.gas_left();
        if left < cost && cost - left <= self.aside {
            self.aside -= cost - left;
            guest.set_gas_left(cost);
        }
        guest.charge(cost)
    }
}

impl Syscalls for TestHost {
    fn call(&mut self, number: u16, arguments: [u64; 6], guest: &mut Guest<'_>) -> Control {
        let gas_left = guest.gas_left() + self.aside;
        self.calls.push((number, arguments, gas_left));
        let served = match number {
            1 => Ok(gas_left),
            2 => self
                .charge(guest, arguments[0] & 0x1ff)
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
    fn refill(&mut self, left: u64) -> Option<u64> {
        let part = self.part.min(self.aside);
        self.aside -= part;
        (part > 0).then_some(left + part)
    }
}
