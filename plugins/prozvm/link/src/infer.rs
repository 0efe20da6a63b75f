//! Finds out what functions take and give.
//!
//! A function takes the argument registers that it reads before it writes them, and gives the result registers that a
//! caller reads behind a call. Both only grow until nothing changes.
//!
//! Spec: L-16, L-17.

use std::collections::{BTreeMap, BTreeSet};

use proz_prozvm_core::{A0, Class, MAX_PARAMETERS, SyscallTable};

use crate::ir::{Body, FunctionId};
use crate::liveness::{RESULTS, Signatures, arguments, live_at_entry, live_out};

/// How a function is reached from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Root {
    /// With registers, by tools.
    Plain,
    /// By the runtime: neither parameters nor results.
    Entry,
}

/// Infers the signatures of all functions that are reached.
pub(crate) fn infer(
    bodies: &BTreeMap<FunctionId, Body>,
    count: usize,
    roots: &BTreeMap<FunctionId, Root>,
    address_taken: &BTreeSet<FunctionId>,
    plain_results: u8,
    syscalls: SyscallTable,
) -> Signatures {
    let mut signatures = Signatures {
        parameters: vec![0; count],
        results: vec![0; count],
        indirect_parameters: 0,
        indirect_results: 0,
        syscalls,
    };
    for (&function, root) in roots {
        if *root == Root::Plain {
            signatures.results[function] = plain_results.min(2);
        }
    }
    let (callers, indirect_callers) = callers(bodies);
    // In rounds, so that a function with many callees is not looked at again for each of them.
    let mut work: BTreeSet<FunctionId> = BTreeSet::new();
    let mut round: Vec<FunctionId> = bodies.keys().copied().collect();
    while let Some(function) = next(&mut round, &mut work) {
        let body = &bodies[&function];
        let out = live_out(body, function, &signatures);
        let fixed = roots.get(&function) == Some(&Root::Entry);
        let entry = live_at_entry(body, function, &signatures, &out);
        let parameters = if fixed { 0 } else { highest(entry) };
        if parameters > signatures.parameters[function] {
            signatures.parameters[function] = parameters;
            work.extend(callers.get(&function).into_iter().flatten());
            if address_taken.contains(&function) && parameters > signatures.indirect_parameters {
                signatures.indirect_parameters = parameters;
                work.extend(&indirect_callers);
            }
        }
        let mut wanted: Vec<(Option<FunctionId>, u8)> = Vec::new();
        for (block, &end) in body.blocks.iter().zip(&out) {
            let mut live = end;
            for code in block.code.iter().rev() {
                let results = highest(live & RESULTS);
                match code.class() {
                    Class::Call => wanted.push((Some(code.imm as usize), results)),
                    Class::CallIndirect => wanted.push((None, results)),
                    _ => {}
                }
                live = signatures.before(function, code, live);
            }
        }
        for (callee, results) in wanted {
            let callees = match callee {
                Some(callee) => vec![callee],
                None if results > signatures.indirect_results => {
                    signatures.indirect_results = results;
                    address_taken.iter().copied().collect()
                }
                None => continue,
            };
            for callee in callees {
                let is_entry = roots.get(&callee) == Some(&Root::Entry);
                if results > signatures.results[callee] && !is_entry {
                    signatures.results[callee] = results;
                    work.insert(callee);
                }
            }
        }
    }
    signatures
}

/// The next function of the round, or the first of the next round.
fn next(round: &mut Vec<FunctionId>, work: &mut BTreeSet<FunctionId>) -> Option<FunctionId> {
    if round.is_empty() {
        round.extend(std::mem::take(work));
    }
    round.pop()
}

/// Number of argument registers up to the highest one in a set.
fn highest(set: u32) -> u8 {
    let set = (set & arguments(MAX_PARAMETERS)) >> A0;
    (u32::BITS - set.leading_zeros()) as u8
}

type Callers = BTreeMap<FunctionId, BTreeSet<FunctionId>>;

fn callers(bodies: &BTreeMap<FunctionId, Body>) -> (Callers, BTreeSet<FunctionId>) {
    let mut callers = Callers::new();
    let mut indirect = BTreeSet::new();
    for (&function, body) in bodies {
        for code in body.blocks.iter().flat_map(|block| &block.code) {
            match code.class() {
                Class::Call => {
                    _ = callers
                        .entry(code.imm as usize)
                        .or_default()
                        .insert(function)
                }
                Class::CallIndirect => _ = indirect.insert(function),
                _ => {}
            }
        }
    }
    (callers, indirect)
}
