//! Who the machine says it is, and what it says to what it does not know.

use super::cases;
use crate::conformance::{
    Behaviour, Case,
    check::{Check, same},
    frame::Bench,
};
use proz_interface::v1::{MessageKind, Revision, VmErrorCode, VmType};

pub(super) const CASES: &[Case] = cases! { Identity:
    type_is_a_valid_name_and_the_programs [] vm_type;
    type_and_version_never_change [] stable;
    terms_are_sane [] terms;
    an_unknown_revision_is_unsupported [Succeed] unknown_revision;
    an_unknown_message_kind_is_an_error [Succeed] unknown_kind;
    the_rules_of_the_programs_are_supported [Succeed] known_revision;
};

fn vm_type(bench: &Bench) -> Check {
    let found = bench.machine.vm_type();
    let name = found.as_str();
    ensure!(VmType::is_valid_name(name), "`{name}` is no VM type");
    same("VM type", bench.programs.vm_type.as_str(), name)
}

fn stable(bench: &Bench) -> Check {
    let machine = &bench.machine;
    let first = (machine.vm_type(), machine.vm_version());
    for _ in 0..3 {
        let _ = machine.validate_code([0xff; 7].as_slice().into());
        let again = (machine.vm_type(), machine.vm_version());
        same("type and version", &first, &again)?;
    }
    Ok(())
}

/// Most native stack that a frame may ask for, in bytes.
const MOST_STACK_BYTES: u64 = 64 * 1024 * 1024;

fn terms(bench: &Bench) -> Check {
    let terms = bench.machine.terms();
    ensure!(
        terms.stack_bytes <= MOST_STACK_BYTES,
        "a frame asks for {} bytes of native stack, expected at most {MOST_STACK_BYTES}",
        terms.stack_bytes
    );
    let (first, last) = (terms.first_revision, terms.last_revision);
    ensure!(first <= last, "runs no rule set: from {first} to {last}");
    same("terms", terms, bench.machine.terms())
}

fn unknown_revision(bench: &Bench) -> Check {
    for number in [1000, u32::MAX] {
        let mut frame = bench.frame(Behaviour::Succeed, &[])?;
        frame.environment.revision = Revision(number);
        frame.fails(VmErrorCode::UNSUPPORTED)?;
    }
    Ok(())
}

fn unknown_kind(bench: &Bench) -> Check {
    for number in [6, u32::MAX] {
        let mut frame = bench.frame(Behaviour::Succeed, &[])?;
        frame.kind = MessageKind(number);
        let error = frame.attempt()?.err();
        ensure!(error.is_some(), "message kind {number} was executed");
        let code = error.map(|error| error.code());
        let is_panic = code == Some(VmErrorCode::PANICKED);
        ensure!(!is_panic, "message kind {number} made the plugin panic");
    }
    Ok(())
}

fn known_revision(bench: &Bench) -> Check {
    bench.frame(Behaviour::Succeed, &[])?.succeed().map(drop)
}
