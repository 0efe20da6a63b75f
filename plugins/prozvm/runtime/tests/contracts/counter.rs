//! The counter in C, C++, Zig and Rust: four compilers, one behaviour.

use crate::world::Arg::{self, Account, Number};
use crate::world::{ALICE, BOB, CAROL, World, account, keccak, number};

const LANGUAGES: [&str; 4] = ["c", "cpp", "zig", "rust"];

#[test]
fn counters_of_all_languages_behave_alike() {
    for language in LANGUAGES {
        let mut world = World::new();
        let counter = world.deploy(1, &format!("counter-{language}"), &[]);
        assert_eq!(world.number(counter, "number()", &[]), 0, "{language}");
        assert!(world.ok(ALICE, counter, "increment()", &[]).is_empty());
        world.ok(BOB, counter, "add(uint256)", &[Number(41)]);
        assert_eq!(world.number(counter, "number()", &[]), 42, "{language}");
        let (topics, data) = world.last_event();
        let event = keccak(b"Changed(address,uint256)");
        assert_eq!(topics, [event, account(BOB)], "{language}");
        assert_eq!(data, number(42), "{language}");

        let near = [[0xff; 31].to_vec(), vec![0xfe]]
            .concat()
            .try_into()
            .unwrap();
        world.ok(BOB, counter, "setNumber(uint256)", &[Arg::Word(near)]);
        world.ok(ALICE, counter, "increment()", &[]);
        assert_eq!(
            world.ok(ALICE, counter, "number()", &[]),
            [0xff; 32],
            "{language}"
        );
        for call in [
            ("increment()", &[][..]),
            ("add(uint256)", &[Arg::Word([0xff; 32])]),
        ] {
            world.refused(ALICE, counter, call, "Panic(uint256)", &[Number(0x11)]);
        }
        let changes = [ALICE, BOB, CAROL]
            .map(|who| world.number(counter, "changes(address)", &[Account(who)]));
        assert_eq!(changes, [2, 2, 0], "{language}");
        let dirty = Arg::Word([0x01; 32]);
        world.refused(ALICE, counter, ("changes(address)", &[dirty]), "", &[]);
        // The layout is Solidity's.
        let preimage = [account(BOB), number(1)].concat();
        let slot = (counter, keccak(&preimage));
        assert_eq!(world.host.state.storage[&slot], 2_u64.into(), "{language}");
    }
}
