//! Everything that is wrong with an installation for a chain, where loading stops at the first.

use super::{
    FactoryError, Generation, VmFactory, VmFactoryConfig, active::Plan, builds::choose_build,
    factory::check_schedule,
};
use crate::chain::{ChainConfig, Release, ReleaseKey, Schedule, Start};
use std::sync::Arc;

/// One thing that is wrong with an installation for a chain.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChainProblem {
    /// A release is not installed.
    #[error("{release} is not installed: no block from {since} on can be executed")]
    Missing {
        /// The release.
        release: ReleaseKey,
        /// Start from which it is active.
        since: Start,
    },
    /// A release is installed and cannot be used.
    #[error("{release}, active from {since}, cannot be used")]
    Unusable {
        /// The release.
        release: ReleaseKey,
        /// Start from which it is active.
        since: Start,
        /// Why.
        source: Box<FactoryError>,
    },
    /// The operator set what the schedule decides, or the whole contradicts itself.
    #[error(transparent)]
    Whole(Box<FactoryError>),
}

impl VmFactory {
    /// Finds everything that keeps a chain with a schedule from running on what is installed. What
    /// is found is loaded and started to see it, and given up again.
    ///
    /// Nothing is found for a development chain.
    #[must_use]
    pub fn examine(config: VmFactoryConfig, chain: &ChainConfig) -> Vec<ChainProblem> {
        let Some(schedule) = &chain.schedule else {
            return Vec::new();
        };
        let whole = |error| ChainProblem::Whole(Box::new(error));
        let mut problems = Vec::new();
        let decided = config.decided_by_schedule();
        problems.extend(
            decided
                .into_iter()
                .map(|key| whole(FactoryError::ScheduleDecides { key })),
        );
        let factory = match Self::empty(config, Plan::Scheduled(schedule.clone())) {
            Ok(factory) => factory,
            Err(error) => {
                problems.push(whole(error));
                return problems;
            }
        };
        let mut loaded = Vec::new();
        for release in schedule.releases() {
            match factory.examine_one(schedule, release) {
                Ok(generation) => loaded.push(generation),
                Err(problem) => problems.push(problem),
            }
        }
        if let Err(error) = check_schedule(schedule, &loaded) {
            problems.push(whole(error));
        }
        problems
    }

    fn examine_one(
        &self,
        schedule: &Schedule,
        release: &Release,
    ) -> Result<Arc<Generation>, ChainProblem> {
        let since = schedule.first_start(release);
        let unusable = |error: FactoryError| ChainProblem::Unusable {
            release: release.key(),
            since,
            source: Box::new(error),
        };
        let candidate = choose_build(self.discovery(), release, &self.config().builds);
        let Some(candidate) = candidate.map_err(|error| unusable(error.into()))? else {
            return Err(ChainProblem::Missing {
                release: release.key(),
                since,
            });
        };
        let generation = self
            .start_scheduled(&candidate, release)
            .map_err(unusable)?;
        check_schedule(schedule, std::slice::from_ref(&generation)).map_err(unusable)?;
        Ok(generation)
    }

    /// What is loaded, as entries of a schedule: exact versions with the options in force.
    #[must_use]
    pub fn releases(&self) -> Vec<Release> {
        let active = self.registry().active();
        active
            .iter()
            .map(|generation| generation.release())
            .collect()
    }
}
