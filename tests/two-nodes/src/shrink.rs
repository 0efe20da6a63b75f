//! Makes a history that shows a finding shorter, as long as it shows one.

use std::path::Path;

use crate::{Finding, History, Step, Workshop, play};

/// Trials of one shrinking.
const TRIALS: usize = 120;

/// Leaves out what is not needed: steps, transactions, accounts, nodes.
///
/// Returns the shortest history found and what it shows; any finding of the same headline counts.
#[must_use]
pub fn shrink(
    program: &Path,
    workshop: &Workshop,
    history: &History,
    finding: &Finding,
) -> (History, Finding) {
    let mut best = (history.clone(), finding.clone());
    let mut trials = 0;
    let mut try_one = |best: &mut (History, Finding), candidate: History| {
        if trials >= TRIALS {
            return false;
        }
        trials += 1;
        match play(program, workshop, &candidate) {
            Err(found) if found.headline == best.1.headline => {
                *best = (candidate, found);
                true
            }
            _ => false,
        }
    };
    // Steps: first halves, then quarters, down to single ones.
    let mut size = best.0.steps.len().div_ceil(2);
    while size > 0 {
        let mut from = 0;
        while from < best.0.steps.len() {
            let mut candidate = best.0.clone();
            let to = (from + size).min(candidate.steps.len());
            candidate.steps.drain(from..to);
            if candidate.steps.is_empty() || !try_one(&mut best, candidate) {
                from += size;
            }
        }
        size /= 2;
    }
    for node in (1..best.0.nodes.len()).rev() {
        if let Some(candidate) = without_node(&best.0, node) {
            try_one(&mut best, candidate);
        }
    }
    for place in 0..best.0.steps.len() {
        loop {
            let before = best.0.clone();
            let count = parts(&before.steps[place]);
            for part in (0..count).rev() {
                let mut candidate = best.0.clone();
                if parts(&candidate.steps[place]) > 1 {
                    remove_part(&mut candidate.steps[place], part);
                    try_one(&mut best, candidate);
                }
            }
            if parts(&best.0.steps[place]) == count {
                break;
            }
        }
    }
    for account in (0..best.0.genesis.len()).rev() {
        let mut candidate = best.0.clone();
        candidate.genesis.remove(account);
        try_one(&mut best, candidate);
    }
    best
}

/// Transactions or calls of a step.
fn parts(step: &Step) -> usize {
    match step {
        Step::Block { transactions, .. } => transactions.len(),
        Step::Simulate(calls) => calls.calls.len(),
        _ => 0,
    }
}

fn remove_part(step: &mut Step, part: usize) {
    match step {
        Step::Block { transactions, .. } => {
            transactions.remove(part);
        }
        Step::Simulate(calls) => {
            calls.calls.remove(part);
        }
        _ => {}
    }
}

/// The history without a node, if nothing happens to that one.
fn without_node(history: &History, gone: usize) -> Option<History> {
    let mut history = history.clone();
    history.nodes.remove(gone);
    if history.nodes.len() < 2 {
        return None;
    }
    let shift = |node: &mut usize| {
        let is_other = *node != gone;
        if *node > gone {
            *node -= 1;
        }
        is_other
    };
    history.steps.retain_mut(|step| match step {
        Step::Block { meanwhile, .. } => {
            meanwhile.retain_mut(|calls| shift(&mut calls.node));
            true
        }
        Step::Simulate(calls) => shift(&mut calls.node),
        Step::Restart { node }
        | Step::SwapBuilds { node }
        | Step::RollBack { node }
        | Step::Exchange { node, .. } => shift(node),
    });
    Some(history)
}
