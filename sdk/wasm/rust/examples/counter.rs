//! A counter with the Solidity ABI: number(), setNumber(uint256), increment().
#![no_std]
#![no_main]

use proz_contract as host;

host::entry!(counter);

const SLOT: host::Word = [0; 32];

fn counter() {
    match host::input::<4>(0) {
        // number()
        [0x83, 0x81, 0xf5, 0x8a] => host::finish(&host::storage::get(&SLOT)),
        // setNumber(uint256)
        [0x3f, 0xb5, 0xc1, 0xcb] => host::storage::set(&SLOT, &host::input(4)),
        // increment()
        [0xd0, 0x9d, 0xe0, 0x8a] => {
            let mut number = host::storage::get(&SLOT);
            for byte in number.iter_mut().rev() {
                *byte = byte.wrapping_add(1);
                if *byte != 0 {
                    break;
                }
            }
            host::storage::set(&SLOT, &number)
        }
        _ => host::revert(&[]),
    }
}
