//! Times a kernel on engines in turns.

use crate::Kernel;
use crate::clock::thread_seconds;
use crate::engines::{Engine, Run};

/// What an engine took for a kernel.
#[derive(Clone, Copy, Debug)]
pub struct Cell {
    /// The least time of a run, in seconds of processor time.
    pub seconds: f64,
    /// How much longer the median run took, as a share of the least.
    pub spread: f64,
    /// What the runs gave; all gave the same.
    pub run: Run,
}

/// Runs a kernel on all engines, one after the other, `rounds` times over.
///
/// # Panics
///
/// When results differ.
pub fn measure(kernel: &Kernel, engines: &mut [Box<dyn Engine>], rounds: usize) -> Vec<Cell> {
    // What a kernel gives and how it is metered does not depend on the round.
    let runs: Vec<Run> = engines
        .iter_mut()
        .map(|engine| engine.run(kernel, kernel.size))
        .collect();
    for (run, engine) in runs.iter().zip(&*engines) {
        assert_eq!(
            run.result,
            runs[0].result,
            "{} on {}",
            kernel.name,
            engine.name()
        );
    }
    let mut times = vec![Vec::with_capacity(rounds); engines.len()];
    for _ in 0..rounds.max(1) {
        for ((engine, times), expected) in engines.iter_mut().zip(&mut times).zip(&runs) {
            let start = thread_seconds();
            let run = engine.run(kernel, kernel.size);
            times.push(thread_seconds() - start);
            assert_eq!(run, *expected, "{} on {}", kernel.name, engine.name());
        }
    }
    let cells = times.into_iter().zip(runs).map(|(mut times, run)| {
        times.sort_by(f64::total_cmp);
        Cell {
            seconds: times[0],
            spread: times[times.len() / 2] / times[0] - 1.0,
            run,
        }
    });
    cells.collect()
}

/// The geometric mean.
pub fn geometric_mean(values: impl IntoIterator<Item = f64>) -> f64 {
    let (sum, count) = values.into_iter().fold((0.0, 0u32), |(sum, count), value| {
        (sum + value.ln(), count + 1)
    });
    (sum / f64::from(count)).exp()
}
