//! Histories from numbers, one after the other, until enough blocks were compared.

use std::{collections::BTreeMap, fmt, path::Path};

use crate::{Finding, Harness, History, Step, Workshop, blocks::Maker};

/// Blocks of one history.
const BLOCKS_EACH: u64 = 40;

/// What to play.
#[derive(Clone, Copy, Debug)]
pub struct Campaign {
    /// Blocks to compare.
    pub blocks: u64,
    /// Number of the first history; the next ones follow it.
    pub seed: u64,
}

/// What was played.
#[derive(Clone, Debug, Default)]
pub struct Totals {
    /// Histories.
    pub histories: u64,
    /// Blocks.
    pub blocks: u64,
    /// Transactions.
    pub transactions: u64,
    /// Transactions that created a contract.
    pub created: u64,
    /// Simulations on single nodes.
    pub simulations: u64,
    /// Restarts, swaps and the like.
    pub events: u64,
    /// Stops of nodes under limits.
    pub stops: u64,
    /// Transactions by how they ended.
    pub endings: BTreeMap<String, u64>,
    /// Blocks by the number of nodes that had to agree.
    pub nodes: BTreeMap<usize, u64>,
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} histories, {} blocks, {} transactions ({} contracts created), {} simulations, {} \
             restarts, swaps and exchanges, {} stops under limits; endings {:?}; blocks by nodes {:?}",
            self.histories,
            self.blocks,
            self.transactions,
            self.created,
            self.simulations,
            self.events,
            self.stops,
            self.endings,
            self.nodes
        )
    }
}

impl Totals {
    fn count(&mut self, history: &History) {
        for step in &history.steps {
            match step {
                Step::Block {
                    transactions,
                    meanwhile,
                    ..
                } => {
                    self.blocks += 1;
                    self.transactions += transactions.len() as u64;
                    let calls = meanwhile.iter().map(|calls| calls.calls.len() as u64);
                    self.simulations += calls.sum::<u64>();
                    *self.nodes.entry(history.nodes.len()).or_default() += 1;
                }
                Step::Simulate(calls) => self.simulations += calls.calls.len() as u64,
                _ => self.events += 1,
            }
        }
        self.histories += 1;
    }
}

impl Campaign {
    /// Plays histories until there are enough blocks; `progress` hears of each.
    ///
    /// # Errors
    ///
    /// The first finding and the history up to it.
    pub fn run(
        &self,
        program: &Path,
        workshop: &Workshop,
        progress: &mut dyn FnMut(&Totals),
    ) -> Result<Totals, Box<(Finding, History)>> {
        let mut totals = Totals::default();
        let mut seed = self.seed;
        while totals.blocks < self.blocks {
            let length = BLOCKS_EACH.min(self.blocks - totals.blocks);
            self.one(seed, length, program, workshop, &mut totals)?;
            progress(&totals);
            seed += 1;
        }
        Ok(totals)
    }

    fn one(
        &self,
        seed: u64,
        blocks: u64,
        program: &Path,
        workshop: &Workshop,
        totals: &mut Totals,
    ) -> Result<(), Box<(Finding, History)>> {
        let (mut maker, history) = Maker::new(seed, blocks);
        let started = Harness::start(program, workshop, &history);
        let mut harness = started.map_err(|finding| Box::new((finding, history.clone())))?;
        for _ in 0..blocks {
            let steps = maker.steps();
            for step in &steps {
                let outcomes = match harness.step(step) {
                    Ok(outcomes) => outcomes,
                    Err(finding) => return Err(Box::new((finding, harness.played().clone()))),
                };
                for outcome in &outcomes {
                    *totals.endings.entry(outcome.ending.clone()).or_default() += 1;
                    totals.created += u64::from(outcome.created.is_some());
                }
                let created: Vec<_> = outcomes.iter().map(|outcome| outcome.created).collect();
                maker.learn(&created);
            }
        }
        totals.stops += harness.stops.len() as u64;
        totals.count(harness.played());
        Ok(())
    }
}
