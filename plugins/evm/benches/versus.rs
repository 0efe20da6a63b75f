//! The plugin against revm's interpreter linked directly, on the same inputs, in one run.
//!
//! Batches of the two alternate and are timed by the thread's own CPU time; the least of each
//! counts. Both results are compared before anything is timed.
//!
//!     cargo bench -p proz-evm --bench versus -- [filter] [rounds=N]
#![allow(missing_docs, unreachable_pub)]

mod shared;

use revm_interpreter::{bytecode::Bytecode, primitives::Bytes};
use rustix::time::{ClockId, clock_gettime};
use shared::{Case, GAS, Revm, Simple, Surroundings, corpus, execute, machine, stop, transfer};
use std::hint::black_box;

/// Pairs of batches for each input.
const ROUNDS: usize = 15;
/// CPU time that a batch should take, in nanoseconds.
const BATCH_NS: f64 = 4e6;

fn now_ns() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 * 1e9 + time.tv_nsec as f64
}

fn batch(count: usize, run: &mut dyn FnMut()) -> f64 {
    let start = now_ns();
    for _ in 0..count {
        run();
    }
    (now_ns() - start) / count as f64
}

struct Row {
    plugin: f64,
    cached: f64,
    analysed: f64,
}

fn measure(case: &Case, rounds: usize) -> Row {
    let surroundings = Surroundings::new();
    let machine = machine();
    let hash = case.code_hash();
    let context = surroundings.context(case, hash);
    let input = Bytes::copy_from_slice(&case.input);
    let code = Bytes::copy_from_slice(&case.code);
    let analysed = Bytecode::new_legacy(code.clone());
    let mut revm = Revm::new();
    let (mut ours, mut theirs) = (Simple::new(case), Simple::new(case));

    let found = execute(&machine, &case.code, &context, &mut ours);
    let expected = revm.run(analysed.clone(), hash, &input, &mut theirs);
    assert_eq!(found.gas_left, expected.gas.remaining(), "{}", case.name);
    assert_eq!(
        found.output.as_slice(),
        &expected.output[..],
        "{}",
        case.name
    );
    assert_eq!(found.status.is_success(), expected.is_ok(), "{}", case.name);
    assert!(found.gas_left < GAS || case.code.len() == 1);

    let mut run_plugin = || {
        black_box(execute(
            &machine,
            black_box(&case.code),
            black_box(&context),
            &mut ours,
        ));
    };
    let once = batch(1, &mut run_plugin).min(batch(1, &mut run_plugin));
    let count = (BATCH_NS / once).clamp(1.0, 1e5) as usize;
    let mut revm_again = Revm::new();
    let mut theirs_again = Simple::new(case);
    let mut row = Row {
        plugin: f64::MAX,
        cached: f64::MAX,
        analysed: f64::MAX,
    };
    for _ in 0..rounds {
        row.plugin = row.plugin.min(batch(count, &mut run_plugin));
        row.cached = row.cached.min(batch(count, &mut || {
            black_box(revm.run(black_box(&analysed).clone(), hash, &input, &mut theirs));
        }));
        row.analysed = row.analysed.min(batch(count, &mut || {
            let analysed = Bytecode::new_legacy(black_box(&code).clone());
            black_box(revm_again.run(analysed, hash, &input, &mut theirs_again));
        }));
    }
    row
}

fn main() {
    let (mut filter, mut rounds) = (None, ROUNDS);
    for argument in std::env::args().skip(1) {
        match argument.strip_prefix("rounds=") {
            Some(number) => rounds = number.parse().expect("a number of rounds"),
            None if argument.starts_with('-') => {}
            None => filter = Some(argument),
        }
    }
    let mut cases = vec![stop(), transfer()];
    cases.extend(corpus("main"));
    cases.extend(corpus("micro"));
    println!(
        "{:<40} {:>12} {:>12} {:>8} {:>12} {:>8}",
        "input, ns of CPU", "plugin", "revm", "ratio", "+ analysis", "ratio"
    );
    let (mut sum_cached, mut sum_analysed, mut rows) = (0.0, 0.0, 0);
    for case in cases {
        if filter
            .as_ref()
            .is_some_and(|filter| !case.name.contains(filter.as_str()))
        {
            continue;
        }
        let row = measure(&case, rounds);
        let (cached, analysed) = (row.plugin / row.cached, row.plugin / row.analysed);
        println!(
            "{:<40} {:>12.1} {:>12.1} {:>8.3} {:>12.1} {:>8.3}",
            case.name, row.plugin, row.cached, cached, row.analysed, analysed
        );
        sum_cached += cached.ln();
        sum_analysed += analysed.ln();
        rows += 1;
    }
    if rows > 0 {
        let mean = |sum: f64| (sum / f64::from(rows)).exp();
        println!(
            "{:<40} {:>12} {:>12} {:>8.3} {:>12} {:>8.3}",
            "geometric mean",
            "",
            "",
            mean(sum_cached),
            "",
            mean(sum_analysed)
        );
    }
}
