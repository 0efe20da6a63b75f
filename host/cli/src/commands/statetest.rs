//! `proz statetest`: Ethereum's official tests, run by the host's rules through the loaded plugins.

use crate::{
    args::{Common, StatetestArgs},
    error::{FAILED, Outcome},
    session::load_without_chain,
    tracers::eip3155,
};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use proz_host::{VmFactory, VmFactoryConfig};
use proz_statetest::{
    CaseResult, NameFilter, Options, Outcome as Ending, Progress, Summary, run as run_all, run_case,
};
use std::{cell::RefCell, process::ExitCode};

/// Width of the columns of the table of forks.
const COLUMN: usize = 10;

pub(crate) fn run(common: &Common, args: &StatetestArgs) -> Outcome {
    let vms = load_without_chain(common, only_what_ethereum_needs)?;
    let options = Options {
        fork: args.fork.clone(),
        name: args.name.as_deref().map(NameFilter::new),
        threads: args.threads,
        report_passed: common.json,
        check_envelopes: args.envelopes,
    };
    let follower = Follower {
        bar: bar(),
        vms: &vms,
        is_json: common.json,
        traces: args.trace,
    };
    let summary = run_all(&vms, &args.paths, &options, &follower)?;
    follower.bar.finish_and_clear();
    if common.json {
        outln!("{}", serde_json::to_string(&summary)?);
    } else {
        print(&summary);
    }
    Ok(if summary.is_success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(FAILED)
    })
}

/// Without a word on what to load: the best EVM and the best precompiles. Other VMs run no test, and
/// loading them would take longer than most files do.
fn only_what_ethereum_needs(config: &mut VmFactoryConfig) {
    if config.require.is_empty() {
        let wanted = ["evm", "precompile"];
        config.require = wanted.iter().filter_map(|text| text.parse().ok()).collect();
    }
}

/// Progress by bytes read; drawn on a terminal only.
fn bar() -> ProgressBar {
    let template = "{elapsed_precise} [{bar:30}] {bytes}/{total_bytes} {msg}";
    let style =
        ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr()).with_style(style)
}

/// Prints cases as they end.
struct Follower<'a> {
    bar: ProgressBar,
    vms: &'a VmFactory,
    is_json: bool,
    traces: bool,
}

impl Progress for Follower<'_> {
    fn begin(&self, total_bytes: u64) {
        self.bar.set_length(total_bytes);
    }

    fn advance(&self, bytes: u64) {
        self.bar.inc(bytes);
    }

    fn case(&self, result: &CaseResult) {
        self.bar.suspend(|| {
            if self.is_json {
                // A case is plain data: it has no form that JSON lacks.
                outln!("{}", serde_json::to_string(result).unwrap_or_default());
            } else {
                tell(result);
            }
            if self.traces && result.outcome == Ending::Failed {
                self.trace(result);
            }
        });
    }
}

impl Follower<'_> {
    /// Runs a case again, each instruction a line on stderr.
    fn trace(&self, result: &CaseResult) {
        eprintln!("trace of {}", result.id);
        let inspector = RefCell::new(eip3155(|line| eprintln!("{line}")));
        if let Err(error) = run_case(self.vms, &result.id, Some(&inspector)) {
            eprintln!("cannot be run again: {error}");
        }
    }
}

fn tell(result: &CaseResult) {
    let outcome = match result.outcome {
        Ending::Passed => "passed",
        Ending::Failed => "FAILED",
        Ending::Skipped => "skipped",
    };
    if result.id.test.is_empty() {
        outln!("{outcome} {}", result.id.location);
    } else {
        outln!("{outcome} {} {}", result.id.location, result.id);
    }
    for reason in &result.reasons {
        outln!("    {reason}");
    }
}

fn print(summary: &Summary) {
    outln!(
        "{:<24} {:>COLUMN$} {:>COLUMN$} {:>COLUMN$}",
        "fork",
        "passed",
        "failed",
        "skipped"
    );
    for (fork, counts) in &summary.forks {
        outln!(
            "{fork:<24} {:>COLUMN$} {:>COLUMN$} {:>COLUMN$}",
            counts.passed,
            counts.failed,
            counts.skipped
        );
    }
    for (reason, count) in &summary.skipped_because {
        outln!("skipped {count}: {reason}");
    }
    let counts = summary.counts;
    outln!(
        "{} passed, {} failed, {} skipped in {} files",
        counts.passed,
        counts.failed,
        counts.skipped,
        summary.files
    );
}
