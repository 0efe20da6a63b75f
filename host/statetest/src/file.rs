//! One test file: reading it, and running its cases.

use crate::{
    case::StateTest,
    error::{Flaw, StateTestError},
    filter::is_fork,
    fork::revision_of,
    format::{Exec, Expectation, Indexes, Post, Test, Tests},
    report::{CaseId, CaseResult, Outcome, Summary},
    runner::Options,
    source::Location,
    vm_test,
};
use proz_host::{Revision, VmFactory, inspection::InspectorCell};
use std::{path::Path, sync::Arc};

/// Reads a file.
pub(crate) fn parse<'a>(
    location: &Location,
    contents: &'a [u8],
) -> Result<Tests<'a>, StateTestError> {
    serde_json::from_slice(contents).map_err(|error| {
        // Once more, slowly, to learn where it is.
        let json = &mut serde_json::Deserializer::from_slice(contents);
        let (at, source) = match serde_path_to_error::deserialize::<_, Tests<'_>>(json) {
            Err(error) => (error.path().to_string(), error.into_inner()),
            Ok(_) => (".".to_owned(), error),
        };
        StateTestError::Malformed {
            file: location.to_string(),
            at,
            source,
        }
    })
}

/// Reads bytes as a test file and builds every state test in it, without running any: the body of a fuzz target.
///
/// Never panics, whatever the bytes; that is what it is for.
pub fn fuzz_file(bytes: &[u8]) {
    let location = Location {
        file: Path::new("fuzz.json").into(),
        entry: None,
    };
    if let Ok(tests) = parse(&location, bytes) {
        for (_, test) in &tests.0 {
            let _ = StateTest::new(test);
        }
    }
}

/// Runs cases and keeps account of them.
pub(crate) struct FileRun<'r> {
    vms: &'r VmFactory,
    options: &'r Options,
    location: Location,
    pub(crate) summary: Summary,
    /// Results to be told: all that did not pass, or all.
    pub(crate) results: Vec<CaseResult>,
}

impl<'r> FileRun<'r> {
    pub(crate) fn new(vms: &'r VmFactory, options: &'r Options, location: Location) -> Self {
        Self {
            vms,
            options,
            location,
            summary: Summary::default(),
            results: Vec::new(),
        }
    }

    /// Runs everything that the contents hold.
    pub(crate) fn run(&mut self, contents: &[u8]) {
        self.summary.files += 1;
        match parse(&self.location, contents) {
            Ok(tests) => {
                for (name, test) in &tests.0 {
                    if self.options.accepts(&name.0) {
                        self.run_test(&name.0, test);
                    }
                }
            }
            Err(error) => self.fail(&error),
        }
    }

    /// Counts something that could not be read as a failure.
    pub(crate) fn fail(&mut self, error: &StateTestError) {
        let id = self.id(&"".into(), "", Indexes::default());
        self.tell(CaseResult::not_run(
            id,
            Outcome::Failed,
            error.in_one_line(),
        ));
    }

    fn run_test(&mut self, name: &str, test: &Test<'_>) {
        let name: Arc<str> = name.into();
        let ran = match (&test.exec, &test.transaction) {
            (Some(exec), _) => self.run_vm_test(&name, test, exec),
            (None, Some(_)) => self.run_state_test(&name, test),
            (None, None) => {
                let reason = if test.blocks.is_some() {
                    "a blockchain test"
                } else {
                    "neither a state test nor a VM test"
                };
                let id = self.id(&name, "", Indexes::default());
                self.tell(CaseResult::not_run(id, Outcome::Skipped, reason.to_owned()));
                Ok(())
            }
        };
        if let Err(flaw) = ran {
            self.fail(&inconsistent(&self.location, &name, flaw));
        }
    }

    fn run_vm_test(&mut self, name: &Arc<str>, test: &Test<'_>, exec: &Exec) -> Result<(), Flaw> {
        if let Some(wanted) = &self.options.fork
            && !is_fork(wanted, vm_test::FORK, None)
        {
            return Ok(());
        }
        let id = self.id(name, vm_test::FORK, Indexes::default());
        let result = vm_test::run(self.vms, id, test, exec, None)?;
        self.tell(result);
        Ok(())
    }

    fn run_state_test(&mut self, name: &Arc<str>, test: &Test<'_>) -> Result<(), Flaw> {
        let posts = test.post.as_ref().ok_or_else(|| Flaw::missing("post"))?;
        // Built when the first case needs it: a filter may leave none.
        let mut prepared = None;
        for (fork, post) in &posts.0 {
            let Post::Cases(cases) = post else {
                let problem = format!("expected a list of cases at `{}`", fork.0);
                return Err(Flaw::new("post", problem));
            };
            let revision = revision_of(&fork.0);
            if let Some(wanted) = &self.options.fork
                && !is_fork(wanted, &fork.0, revision)
            {
                continue;
            }
            let Some(revision) = revision else {
                for case in cases {
                    let id = self.id(name, &fork.0, case.indexes);
                    let reason = format!("the fork {} is not known", fork.0);
                    self.tell(CaseResult::not_run(id, Outcome::Skipped, reason));
                }
                continue;
            };
            let state_test = match &mut prepared {
                Some(prepared) => prepared,
                none => none.insert(StateTest::new(test)?),
            };
            self.run_cases(state_test, name, &fork.0, revision, cases)?;
        }
        Ok(())
    }

    fn run_cases(
        &mut self,
        state_test: &StateTest<'_>,
        name: &Arc<str>,
        fork: &str,
        revision: Revision,
        cases: &[Expectation<'_>],
    ) -> Result<(), Flaw> {
        let mut passed = 0;
        for case in cases {
            let mut found = state_test.run(self.vms, fork, revision, case, None)?;
            if self.options.check_envelopes {
                found
                    .problems
                    .extend(state_test.check_envelope(revision, case)?);
            }
            if found.is_as(case) && !self.options.report_passed {
                self.summary.gas_used += found.gas_used.unwrap_or(0);
                passed += 1;
            } else {
                let id = self.id(name, fork, case.indexes);
                self.tell(state_test.judge(id, case, found));
            }
        }
        if passed > 0 {
            self.summary.counts.passed += passed;
            self.counts_of(fork).passed += passed;
        }
        Ok(())
    }

    fn counts_of(&mut self, fork: &str) -> &mut crate::report::Counts {
        self.summary.forks.entry(fork.to_owned()).or_default()
    }

    fn tell(&mut self, result: CaseResult) {
        self.summary.counts.add(result.outcome);
        self.summary.gas_used += result.gas_used.unwrap_or(0);
        if !result.id.fork.is_empty() {
            self.counts_of(&result.id.fork).add(result.outcome);
        }
        if result.outcome == Outcome::Skipped {
            let reason = result.reasons.join("; ");
            *self.summary.skipped_because.entry(reason).or_default() += 1;
        }
        if result.outcome != Outcome::Passed || self.options.report_passed {
            self.results.push(result);
        }
    }

    fn id(&self, test: &Arc<str>, fork: &str, indexes: Indexes) -> CaseId {
        CaseId {
            location: self.location.clone(),
            test: test.clone(),
            fork: fork.into(),
            indexes,
        }
    }
}

/// Runs one case again, with somebody watching.
pub(crate) fn run_one(
    vms: &VmFactory,
    id: &CaseId,
    contents: &[u8],
    inspector: Option<&InspectorCell>,
) -> Result<CaseResult, StateTestError> {
    let tests = parse(&id.location, contents)?;
    let no_such_case = || StateTestError::NoSuchCase {
        file: id.location.to_string(),
        case: id.to_string(),
    };
    let test = tests.0.iter().find(|(name, _)| *name.0 == *id.test);
    let (name, test) = test.ok_or_else(no_such_case)?;
    let inconsistent = |flaw| inconsistent(&id.location, &name.0, flaw);
    if let Some(exec) = &test.exec {
        return vm_test::run(vms, id.clone(), test, exec, inspector).map_err(inconsistent);
    }
    let posts = test.post.as_ref().ok_or_else(no_such_case)?;
    let case = posts.0.iter().find_map(|(fork, post)| match post {
        Post::Cases(cases) if *fork.0 == *id.fork => {
            cases.iter().find(|case| case.indexes == id.indexes)
        }
        _ => None,
    });
    let case = case.ok_or_else(no_such_case)?;
    let revision = revision_of(&id.fork).ok_or_else(no_such_case)?;
    let run = || {
        let state_test = StateTest::new(test)?;
        let found = state_test.run(vms, &id.fork, revision, case, inspector)?;
        Ok(state_test.judge(id.clone(), case, found))
    };
    run().map_err(inconsistent)
}

fn inconsistent(location: &Location, test: &str, flaw: Flaw) -> StateTestError {
    StateTestError::Inconsistent {
        file: location.to_string(),
        at: format!("{test}.{}", flaw.at),
        problem: flaw.problem,
    }
}

#[cfg(test)]
mod tests {
    use super::fuzz_file;

    #[test]
    fn files_with_slips_are_refused_or_built() {
        let good = include_bytes!("../../../tests/fixtures/statetest/passes.json");
        for at in (0..good.len()).step_by(1 + good.len() / 2_000) {
            fuzz_file(&good[..at]);
            for byte in [b'"', b'0', b'{', b'f', 0xff] {
                let mut bytes = good.to_vec();
                bytes[at] = byte;
                fuzz_file(&bytes);
            }
        }
        fuzz_file(good);
    }
}
