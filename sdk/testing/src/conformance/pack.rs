//! The kit for packs of precompiled contracts. Needs no programs: a precompile is its own.

use super::{
    CaseReport, Report,
    case::judge,
    check::{Check, Failure, same},
};
use crate::mock::{Environment, MockHost};
use proz_interface::abi_stable::{
    sabi_trait::TD_Opaque,
    sabi_types::RMut,
    std_types::{ROption, RSlice},
};
use proz_interface::v1::{Message, PrecompileBox, Revision, StateAccess_TO, StatusCode, VmError};
use std::{collections::BTreeSet, thread, time::Instant};

/// One case of the kit for packs.
pub struct PackCase {
    /// Name, a claim about the pack.
    pub name: &'static str,
    check: fn(&[PrecompileBox]) -> Check,
}

/// Gas of every run unless a case says otherwise.
const GAS_LIMIT: u64 = 5_000_000;

macro_rules! pack_cases {
    ($($name:ident $check:expr;)*) => {
        &[$(PackCase { name: stringify!($name), check: $check }),*]
    };
}

static CASES: &[PackCase] = pack_cases! {
    the_pack_is_not_empty not_empty;
    addresses_are_unique_and_not_zero addresses;
    names_are_there_and_unique names;
    revisions_are_known_and_in_order revisions;
    identity_never_changes stable;
    costs_are_repeatable repeatable_costs;
    gas_below_the_cost_halts below_cost;
    exactly_the_cost_is_enough exact_cost;
    a_success_uses_what_the_cost_says used;
    gas_left_never_exceeds_the_limit bounded;
    the_greatest_limit_does_not_overflow greatest;
    empty_input_is_an_outcome empty;
    inputs_of_any_size_are_outcomes sizes;
    random_inputs_are_outcomes random;
    claims_of_an_input_are_not_believed claims;
    a_huge_input_is_an_outcome huge;
    the_same_input_gives_the_same_result repeatable;
    another_thread_gives_the_same elsewhere;
    a_pure_precompile_asks_nothing_of_the_host pure;
    a_later_revision_does_no_harm later;
};

/// Every case for packs, in the order of reports.
pub fn pack_cases() -> impl Iterator<Item = &'static PackCase> {
    CASES.iter()
}

impl PackCase {
    /// Runs the case. A panic is a failure.
    #[must_use]
    pub fn run(&self, pack: &[PrecompileBox]) -> CaseReport {
        let started = Instant::now();
        let (verdict, detail) = judge(|| (self.check)(pack));
        CaseReport {
            group: "precompiles",
            name: self.name,
            verdict,
            detail,
            time: started.elapsed(),
        }
    }
}

/// Runs every case on a pack.
#[must_use]
pub fn run_pack(pack: &[PrecompileBox]) -> Report {
    Report {
        cases: pack_cases().map(|case| case.run(pack)).collect(),
    }
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
struct End {
    status: StatusCode,
    gas_left: u64,
    output: Vec<u8>,
    callbacks: usize,
}

/// The revision at which a precompile is run.
fn revision_of(entry: &PrecompileBox) -> Revision {
    match entry.active_until() {
        ROption::RSome(until) => Revision(until.0.saturating_sub(1)),
        ROption::RNone => Revision(entry.active_from().0.max(Revision::LATEST.0)),
    }
}

fn cost(entry: &PrecompileBox, input: &[u8]) -> u64 {
    entry.gas_cost(RSlice::from_slice(input), revision_of(entry))
}

fn execute(
    entry: &PrecompileBox,
    revision: Revision,
    input: &[u8],
    gas_limit: u64,
) -> Result<Result<End, VmError>, Failure> {
    let environment = Environment::new(revision);
    let address = entry.address();
    let mut host = MockHost::new(address);
    let message = Message {
        input: RSlice::from_slice(input),
        ..Environment::call(address, gas_limit, &[])
    };
    let state = StateAccess_TO::from_ptr(RMut::new(&mut host), TD_Opaque);
    let context = environment.context(message);
    let result = entry.execute(&context, RSlice::from_slice(input), state);
    let result = match result.into_result() {
        Ok(result) => result,
        Err(error) => return Ok(Err(error)),
    };
    ensure!(
        result.gas_left <= gas_limit,
        "{} returned {} gas of a limit of {gas_limit}",
        entry.name(),
        result.gas_left
    );
    ensure!(
        !result.output.is_malformed(),
        "{} returned a malformed output",
        entry.name()
    );
    Ok(Ok(End {
        status: result.status,
        gas_left: result.gas_left,
        output: result.output.to_vec(),
        callbacks: host.callbacks,
    }))
}

/// Runs a precompile, whose every answer must be an outcome.
fn run(entry: &PrecompileBox, input: &[u8], gas_limit: u64) -> Result<End, Failure> {
    execute(entry, revision_of(entry), input, gas_limit)?.map_err(|error| {
        let shown = &input[..input.len().min(48)];
        Failure(format!(
            "{} failed on {} bytes ({shown:02x?}…): {error}",
            entry.name(),
            input.len()
        ))
    })
}

/// Inputs that every precompile is run with: sizes on either side of what the EIPs ask for.
fn samples() -> Vec<Vec<u8>> {
    let mut samples = Vec::new();
    for size in [
        0, 1, 31, 32, 64, 96, 127, 128, 160, 192, 213, 256, 288, 384, 512,
    ] {
        samples.push(vec![0; size]);
        samples.push((0..size).map(|i| (i * 7 + 1) as u8).collect());
    }
    samples
}

fn each(pack: &[PrecompileBox], check: impl Fn(&PrecompileBox, &[u8]) -> Check) -> Check {
    let samples = samples();
    for entry in pack {
        for sample in &samples {
            check(entry, sample)?;
        }
    }
    Ok(())
}

fn not_empty(pack: &[PrecompileBox]) -> Check {
    ensure!(!pack.is_empty(), "no precompile");
    Ok(())
}

fn addresses(pack: &[PrecompileBox]) -> Check {
    let mut seen = BTreeSet::new();
    for entry in pack {
        let address = entry.address();
        ensure!(
            address.0 != [0; 20],
            "{} has the zero address",
            entry.name()
        );
        ensure!(
            seen.insert(address),
            "{} shares its address with another",
            entry.name()
        );
    }
    Ok(())
}

fn names(pack: &[PrecompileBox]) -> Check {
    let mut seen = BTreeSet::new();
    for entry in pack {
        let name = entry.name().to_string();
        let is_printable = !name.is_empty() && name.chars().all(|c| c.is_ascii_graphic());
        ensure!(is_printable, "`{name}` is no name of printable characters");
        ensure!(seen.insert(name.clone()), "`{name}` names two precompiles");
    }
    Ok(())
}

fn revisions(pack: &[PrecompileBox]) -> Check {
    for entry in pack {
        let from = entry.active_from();
        ensure!(
            from.name().is_some(),
            "{} begins at an unknown {from}",
            entry.name()
        );
        if let ROption::RSome(until) = entry.active_until() {
            ensure!(
                until > from,
                "{} ends at {until}, and begins at {from}",
                entry.name()
            );
        }
    }
    Ok(())
}

fn stable(pack: &[PrecompileBox]) -> Check {
    let identity = |entry: &PrecompileBox| {
        (
            entry.name().to_string(),
            entry.address(),
            entry.active_from(),
            entry.active_until(),
            entry.is_stateful(),
        )
    };
    let before: Vec<_> = pack.iter().map(identity).collect();
    for entry in pack {
        run(entry, &[1], GAS_LIMIT)?;
    }
    same("identities", before, pack.iter().map(identity).collect())
}

fn repeatable_costs(pack: &[PrecompileBox]) -> Check {
    each(pack, |entry, input| {
        for revision in Revision::ALL {
            let price = || entry.gas_cost(RSlice::from_slice(input), *revision);
            same(
                &format!("cost of {} at {revision}", entry.name()),
                price(),
                price(),
            )?;
        }
        Ok(())
    })
}

fn below_cost(pack: &[PrecompileBox]) -> Check {
    each(pack, |entry, input| {
        let cost = cost(entry, input);
        for gas_limit in [0, cost / 2, cost.saturating_sub(1)] {
            if gas_limit < cost {
                let end = run(entry, input, gas_limit)?;
                ensure!(
                    end.status == StatusCode::OUT_OF_GAS,
                    "{} costs {cost} gas and ends with {} on {gas_limit}",
                    entry.name(),
                    end.status
                );
            }
        }
        Ok(())
    })
}

fn exact_cost(pack: &[PrecompileBox]) -> Check {
    each(pack, |entry, input| {
        let cost = cost(entry, input);
        if cost > GAS_LIMIT || entry.is_stateful() {
            return Ok(());
        }
        let end = run(entry, input, cost)?;
        ensure!(
            end.status != StatusCode::OUT_OF_GAS,
            "{} runs out of gas on its own cost of {cost}",
            entry.name()
        );
        Ok(())
    })
}

fn used(pack: &[PrecompileBox]) -> Check {
    each(pack, |entry, input| {
        let cost = cost(entry, input);
        let end = run(entry, input, GAS_LIMIT)?;
        if end.status.is_success() && !entry.is_stateful() {
            let used = GAS_LIMIT - end.gas_left;
            same(&format!("gas used by {}", entry.name()), cost, used)?;
        }
        Ok(())
    })
}

fn bounded(pack: &[PrecompileBox]) -> Check {
    each(pack, |entry, input| {
        let mut gas_limit = 0;
        while gas_limit < 100_000 {
            run(entry, input, gas_limit)?;
            gas_limit = gas_limit * 5 + 3;
        }
        Ok(())
    })
}

fn greatest(pack: &[PrecompileBox]) -> Check {
    each(pack, |entry, input| {
        let cost = cost(entry, input);
        if cost > GAS_LIMIT {
            return Ok(());
        }
        let end = run(entry, input, u64::MAX)?;
        if end.status.is_success() && !entry.is_stateful() {
            let used = u64::MAX - end.gas_left;
            same(&format!("gas used by {}", entry.name()), cost, used)?;
        }
        Ok(())
    })
}

fn empty(pack: &[PrecompileBox]) -> Check {
    for entry in pack {
        run(entry, &[], GAS_LIMIT)?;
    }
    Ok(())
}

fn sizes(pack: &[PrecompileBox]) -> Check {
    each(pack, |entry, input| run(entry, input, GAS_LIMIT).map(drop))
}

fn random(pack: &[PrecompileBox]) -> Check {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    for entry in pack {
        for number in 0..60 {
            let input: Vec<u8> = (0..number * 8)
                .map(|_| {
                    state ^= state << 13;
                    state ^= state >> 7;
                    state ^= state << 17;
                    state as u8
                })
                .collect();
            run(entry, &input, GAS_LIMIT)?;
        }
    }
    Ok(())
}

/// Lengths and counts that an input may claim, far beyond what it holds.
fn claims(pack: &[PrecompileBox]) -> Check {
    for entry in pack {
        for size in [4, 32, 64, 96, 97, 213] {
            run(entry, &vec![0xff; size], GAS_LIMIT)?;
        }
        // Three lengths of 2^40, as MODEXP reads them.
        let mut input = vec![0; 96];
        for word in input.chunks_mut(32) {
            word[26] = 1;
        }
        run(entry, &input, GAS_LIMIT)?;
    }
    Ok(())
}

fn huge(pack: &[PrecompileBox]) -> Check {
    let input: Vec<u8> = (0..1_u32 << 20).map(|i| (i % 239) as u8).collect();
    for entry in pack {
        run(entry, &input, GAS_LIMIT)?;
    }
    Ok(())
}

fn repeatable(pack: &[PrecompileBox]) -> Check {
    each(pack, |entry, input| {
        let first = run(entry, input, GAS_LIMIT)?;
        same(entry.name().as_str(), first, run(entry, input, GAS_LIMIT)?)
    })
}

fn elsewhere(pack: &[PrecompileBox]) -> Check {
    let all = || {
        let mut ends = Vec::new();
        for entry in pack {
            for input in samples() {
                ends.push(run(entry, &input, GAS_LIMIT)?);
            }
        }
        Ok::<_, Failure>(ends)
    };
    let here = all()?;
    let there = thread::scope(|scope| {
        let threads = [scope.spawn(all), scope.spawn(all)];
        threads.map(|thread| {
            thread
                .join()
                .unwrap_or_else(|_| Err(Failure("a thread panicked".into())))
        })
    });
    for found in there {
        same("results", &here, &found?)?;
    }
    Ok(())
}

fn pure(pack: &[PrecompileBox]) -> Check {
    each(pack, |entry, input| {
        if entry.is_stateful() {
            return Ok(());
        }
        let end = run(entry, input, GAS_LIMIT)?;
        same(&format!("callbacks of {}", entry.name()), 0, end.callbacks)
    })
}

fn later(pack: &[PrecompileBox]) -> Check {
    for entry in pack {
        let end = execute(entry, Revision(1000), &[1; 64], GAS_LIMIT)?;
        if let Err(error) = end {
            ensure!(
                !error.code().is_fault(),
                "{} at revision 1000: {error}",
                entry.name()
            );
        }
    }
    Ok(())
}
