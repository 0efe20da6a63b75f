//! The cases, one room per subject.

mod accounts;
mod calls;
mod code;
mod creations;
mod determinism;
mod environment;
mod estimates;
mod failures;
mod gas;
mod identity;
mod logs;
mod outcomes;
mod static_mode;
mod storage;

use super::Case;

/// All cases, group by group.
pub(super) const ALL: &[&[Case]] = &[
    identity::CASES,
    outcomes::CASES,
    gas::CASES,
    environment::CASES,
    storage::CASES,
    accounts::CASES,
    logs::CASES,
    calls::CASES,
    creations::CASES,
    static_mode::CASES,
    failures::CASES,
    code::CASES,
    estimates::CASES,
    determinism::CASES,
];

/// Builds the list of a room: name, needs, check.
macro_rules! cases {
    ($group:ident: $($name:ident [$($need:ident),*] $check:expr;)*) => {
        &[$($crate::conformance::Case {
            name: stringify!($name),
            group: $crate::conformance::Group::$group,
            needs: &[$($crate::conformance::Behaviour::$need),*],
            check: $check,
        }),*]
    };
}
use cases;
