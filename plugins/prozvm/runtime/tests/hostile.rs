//! The hostile programs are what they say, and end the same with and without a cache.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use proz_prozvm::testing::{Use, hostile};
use proz_prozvm::{ProzVmConfig, ProzVmMachine};
use proz_sdk::VirtualMachine as _;

#[test]
fn every_hostile_program_is_valid_and_has_a_name_of_its_own() {
    let machine = ProzVmMachine::new(ProzVmConfig::default()).unwrap();
    let all = hostile();
    let names: BTreeSet<_> = all.iter().map(|program| &program.name).collect();
    assert_eq!(names.len(), all.len());
    assert!(all.len() > 60, "{}", all.len());
    for program in &all {
        machine.validate_code(&program.code).unwrap();
        if program.usage == Use::Victims {
            let (one, two) = (program.variant(1), program.variant(2));
            assert_ne!(one, two);
            machine.validate_code(&one).unwrap();
        }
    }
}
