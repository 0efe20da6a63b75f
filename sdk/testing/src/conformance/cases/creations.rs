//! Creations: the request, the outcome, the frame of a constructor.

use super::cases;
use crate::conformance::{
    Behaviour, Case,
    check::{Check, Failure, same},
    frame::{Bench, End, OTHER, input, wide, word},
};
use proz_interface::v1::{
    Address, B256, Buffer, CreateOutcome, CreateRequest, MessageKind, StatusCode, Word,
};
use std::{cell::RefCell, rc::Rc};

pub(super) const CASES: &[Case] = cases! { Creations:
    a_creation_carries_value_and_init_code [Create] |b| carries(b, Behaviour::Create);
    a_salted_creation_carries_its_salt [Create2] |b| carries(b, Behaviour::Create2);
    a_creation_gives_the_new_address [Create] success;
    a_reverted_creation_gives_zero_and_its_data [Create] revert;
    a_halted_creation_gives_zero [Create] halt;
    the_gas_of_a_creation_is_charged_to_the_unit [Create] exact;
    a_creations_refund_is_added [Create] refund;
    a_constructor_runs_in_a_creation_frame [Constructor] constructor;
};

fn arguments(behaviour: Behaviour, value: Word) -> Vec<u8> {
    match behaviour {
        Behaviour::Create2 => input(&[value, wide(5)], b"init code"),
        _ => input(&[value], b"init code"),
    }
}

fn carries(bench: &Bench, behaviour: Behaviour) -> Check {
    type Seen = (MessageKind, Word, B256, Vec<u8>);
    let value = Word::from(77);
    let mut frame = bench.frame(behaviour, &arguments(behaviour, value))?;
    let seen: Rc<RefCell<Vec<Seen>>> = Rc::default();
    let sink = seen.clone();
    frame.host.on_create = Some(Rc::new(move |_, request| {
        let CreateRequest {
            kind,
            value,
            salt,
            init_code,
            ..
        } = *request;
        sink.borrow_mut()
            .push((kind, value, salt, init_code.to_vec()));
        Ok(outcome(StatusCode::SUCCESS, request.gas_limit, &[]))
    }));
    frame.succeed()?;
    let (kind, salt) = match behaviour {
        Behaviour::Create2 => (MessageKind::CREATE2, B256(wide(5).to_be_bytes())),
        _ => (MessageKind::CREATE, B256::default()),
    };
    let expected = (kind, value, salt, b"init code".to_vec());
    same("requests", vec![expected], seen.borrow().clone())
}

fn outcome(status: StatusCode, gas_left: u64, output: &[u8]) -> CreateOutcome {
    CreateOutcome {
        status,
        gas_left,
        gas_refund: 0,
        address: if status.is_success() {
            OTHER
        } else {
            Address::default()
        },
        output: Buffer::from(output),
    }
}

/// Runs a creation that ends so after `spent` gas.
fn answered(
    bench: &Bench,
    status: StatusCode,
    spent: u64,
    gas_refund: i64,
    output: &[u8],
) -> Result<End, Failure> {
    let mut frame = bench.frame(Behaviour::Create, &arguments(Behaviour::Create, Word::ZERO))?;
    let output = output.to_vec();
    frame.host.on_create = Some(Rc::new(move |_, request| {
        let gas_left = request.gas_limit.saturating_sub(spent);
        Ok(CreateOutcome {
            gas_refund,
            ..outcome(status, gas_left, &output)
        })
    }));
    frame.succeed()
}

fn success(bench: &Bench) -> Check {
    let end = answered(bench, StatusCode::SUCCESS, 10, 0, &[])?;
    same("output", input(&[word(&OTHER)], &[]), end.output)
}

fn revert(bench: &Bench) -> Check {
    let end = answered(bench, StatusCode::REVERT, 10, 0, b"no")?;
    same("output", input(&[Word::ZERO], b"no"), end.output)
}

fn halt(bench: &Bench) -> Check {
    for status in [StatusCode::ADDRESS_COLLISION, StatusCode::CODE_REFUSED] {
        let end = answered(bench, status, 1000, 0, &[])?;
        same("output", input(&[Word::ZERO], &[]), end.output)?;
    }
    Ok(())
}

fn exact(bench: &Bench) -> Check {
    let free = answered(bench, StatusCode::SUCCESS, 0, 0, &[])?.gas_used;
    for spent in [1, 4321] {
        let used = answered(bench, StatusCode::SUCCESS, spent, 0, &[])?.gas_used;
        same(
            &format!("gas used by a creation that spends {spent}"),
            free + spent,
            used,
        )?;
    }
    Ok(())
}

fn refund(bench: &Bench) -> Check {
    let end = answered(bench, StatusCode::SUCCESS, 10, 4800, &[])?;
    same("refund", 4800, end.gas_refund)
}

fn constructor(bench: &Bench) -> Check {
    for kind in [MessageKind::CREATE, MessageKind::CREATE2] {
        let mut frame = bench.frame(Behaviour::Constructor, &[])?;
        frame.kind = kind;
        // Init code is not worth caching, and the account has no code yet.
        frame.code_hash = B256::default();
        frame.host.state.accounts.clear();
        frame.succeed()?;
    }
    Ok(())
}
