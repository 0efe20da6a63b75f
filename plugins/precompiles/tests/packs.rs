//! The two packs as lists: order, revisions, and no difference where both serve an address.
#![allow(clippy::unwrap_used, missing_docs)]

use proz_precompiles::{PACK_1, PACK_2, Pack, Revision};

fn active(pack: &Pack, revision: Revision) -> usize {
    let is_active = |entry: &&proz_precompiles::Entry| entry.is_active(revision);
    pack.entries().iter().filter(is_active).count()
}

#[test]
fn each_revision_activates_what_its_eips_say() {
    for (revision, in_1, in_2) in [
        (Revision::Frontier, 4, 4),
        (Revision::SpuriousDragon, 4, 4),
        (Revision::Byzantium, 8, 8),
        (Revision::Petersburg, 8, 8),
        (Revision::Istanbul, 9, 9),
        (Revision::Shanghai, 9, 9),
        (Revision::Cancun, 9, 10),
        (Revision::Prague, 9, 17),
        (Revision::Osaka, 9, 18),
    ] {
        assert_eq!(active(&PACK_1, revision), in_1, "{revision:?}");
        assert_eq!(active(&PACK_2, revision), in_2, "{revision:?}");
    }
}

#[test]
fn entries_are_found_by_address_and_revision() {
    for pack in [PACK_1, PACK_2] {
        let addresses: Vec<u64> = pack.entries().iter().map(|entry| entry.address()).collect();
        assert!(addresses.is_sorted());
        for entry in pack.entries() {
            let found = pack.find(entry.address(), Revision::Osaka).unwrap();
            assert_eq!(found.name(), entry.name());
        }
        assert!(pack.find(0x00, Revision::Osaka).is_none());
        assert!(pack.find(0x12, Revision::Osaka).is_none());
        assert!(pack.find(0x05, Revision::SpuriousDragon).is_none());
        assert!(pack.find(0x05, Revision::Byzantium).is_some());
    }
}

#[test]
fn both_packs_name_and_price_alike() {
    let inputs: Vec<Vec<u8>> = (0..400).step_by(32).map(|length| vec![3; length]).collect();
    for entry in PACK_1.entries() {
        let other = PACK_2.find(entry.address(), Revision::Osaka).unwrap();
        assert_eq!((entry.name(), entry.from()), (other.name(), other.from()));
        for revision in Revision::ALL {
            for input in &inputs {
                assert_eq!(entry.gas(input, *revision), other.gas(input, *revision));
            }
        }
    }
}
