//! `proz bench swap`: exchanges a plugin while transactions run, and counts what it costs them.

use crate::{
    args::{Common, Reading},
    configuration::InForce,
    error::{CliError, FAILED, Outcome},
    session::{DEFAULT_SENDER, block, refuse_chain},
    target,
};
use alloy_primitives::{Address, Bytes, U256};
use clap::{Args, Subcommand};
use proz_artifact::read_hex;
use proz_host::{
    ChainConfig, ExecutionResult, Host, Mode, Requirement, Revision, RevisionSchedule,
    TransactOptions, Transaction, VmFactoryConfig,
    inspection::{FrameCode, Inspector},
};
use proz_interface::v1::TraceMask;
use proz_manifest::{Candidate, choose};
use proz_state::{AccountInfo, MemoryDb};
use std::{
    cell::RefCell,
    collections::BTreeMap,
    process::ExitCode,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

#[derive(Args)]
pub(crate) struct BenchArgs {
    #[command(subcommand)]
    command: BenchCommand,
}

#[derive(Subcommand)]
enum BenchCommand {
    /// Swaps one release for another and rolls back, again and again, while transactions run.
    ///
    /// Every transaction must end as it does on one of the two releases at rest, and on one alone.
    Swap(SwapArgs),
}

#[derive(Args)]
struct SwapArgs {
    /// Release that runs first, such as `evm@=1.0.0`.
    from: Requirement,
    /// Release that takes its place, such as `evm@=1.1.0`.
    to: Requirement,
    /// Code that the transactions call: hex or a file.
    #[arg(long)]
    code: String,
    /// Call data as hex.
    #[arg(long, default_value = "0x")]
    input: String,
    /// Swaps, and as many roll-backs.
    #[arg(long, default_value_t = 100)]
    swaps: u32,
    /// Threads that execute.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=256))]
    threads: u16,
    /// Rules, from Frontier to Osaka; both releases must know them.
    #[arg(long, default_value = "latest", value_name = "NAME")]
    revision: Revision,
    #[command(flatten)]
    reading: Reading,
}

const CONTRACT: Address = target::SCRATCH;

/// How a transaction ended: what must be the same each time on one release.
#[derive(Debug, Clone, PartialEq, Eq)]
struct End {
    status: String,
    gas_used: u64,
    output: Bytes,
}

/// What the threads saw.
#[derive(Default)]
struct Seen {
    times: Vec<Duration>,
    by_release: BTreeMap<String, u64>,
    failed: u64,
    mixed: u64,
}

pub(crate) fn run(common: &Common, args: &BenchArgs) -> Outcome {
    let BenchCommand::Swap(args) = &args.command;
    let (host, newer) = load(common, args)?;
    let contract = target::read(&args.code, &args.reading)?;
    let code = target::enclose(&contract, contract.runtime_code()?, &args.reading)?;
    let state = state(code);
    let transaction = Transaction {
        sender: DEFAULT_SENDER,
        to: Some(CONTRACT),
        gas_limit: 10_000_000,
        input: read_hex(&args.input)?.into(),
        ..Transaction::default()
    };
    let expected = at_rest(&host, &newer, &state, &transaction)?;

    let stop = AtomicBool::new(false);
    let execute = || load_until(&stop, &host, &state, &transaction, &expected);
    let (swaps, seen) = thread::scope(|scope| {
        let workers: Vec<_> = (0..args.threads).map(|_| scope.spawn(execute)).collect();
        let swaps = swap_again_and_again(&host, &newer, args.swaps);
        stop.store(true, Ordering::Relaxed);
        let mut seen = Seen::default();
        for worker in workers {
            match worker.join() {
                Ok(part) => seen.add(part),
                Err(_) => seen.failed += 1,
            }
        }
        (swaps, seen)
    });
    report(common, args, &swaps?, seen)
}

/// A host that runs the first release, and the candidate for the second.
fn load(common: &Common, args: &SwapArgs) -> Result<(Host, Candidate), CliError> {
    refuse_chain(common);
    let in_force = InForce::find(common)?;
    let plugins = VmFactoryConfig {
        require: vec![args.from.clone()],
        ..in_force
            .configuration
            .factory(in_force.search_path(common))?
    };
    let chain = ChainConfig {
        revisions: RevisionSchedule::always(args.revision),
        ..ChainConfig::prozchain()
    };
    let host = Host::new(chain, plugins)?;
    let newer = choose(&args.to, &host.factory().discovery().taken)?.clone();
    Ok((host, newer))
}

fn state(code: Bytes) -> MemoryDb {
    let mut state = MemoryDb::new();
    let rich = AccountInfo {
        balance: U256::from(1) << 200,
        ..AccountInfo::default()
    };
    state.insert_account(DEFAULT_SENDER, rich);
    state.set_code(CONTRACT, code);
    state
}

/// Releases that ran the frames of one transaction.
#[derive(Default)]
struct Releases(Vec<String>);

impl Inspector for Releases {
    fn mask(&self) -> TraceMask {
        TraceMask::FRAMES
    }

    fn frame_code(&mut self, code: FrameCode<'_>) {
        if !self.0.iter().any(|name| name == code.name) {
            self.0.push(code.name.to_owned());
        }
    }
}

/// Executes once; tells how it ended and on which releases.
fn execute(
    host: &Host,
    state: &MemoryDb,
    transaction: &Transaction,
) -> Result<(End, Vec<String>), CliError> {
    let releases = RefCell::new(Releases::default());
    let options = TransactOptions {
        inspector: Some(&releases),
        mode: Mode::Simulation,
        ..TransactOptions::default()
    };
    let result: ExecutionResult = host.execute(&block(1, 1, 1), state, transaction, options)?;
    let end = End {
        status: result.status.to_string(),
        gas_used: result.gas_used,
        output: result.return_data,
    };
    Ok((end, releases.into_inner().0))
}

/// How the transaction ends on each of the two releases while nothing changes.
fn at_rest(
    host: &Host,
    newer: &Candidate,
    state: &MemoryDb,
    transaction: &Transaction,
) -> Result<BTreeMap<String, End>, CliError> {
    let mut ends = BTreeMap::new();
    let mut look = |host: &Host| -> Result<(), CliError> {
        let (end, releases) = execute(host, state, transaction)?;
        match &releases[..] {
            [release] => drop(ends.insert(release.clone(), end)),
            other => {
                return Err(CliError::new(format!(
                    "the transaction runs on {} releases, expected one",
                    other.len()
                )));
            }
        }
        Ok(())
    };
    look(host)?;
    host.factory().swap(active(host)?, newer)?;
    look(host)?;
    host.factory().registry().roll_back()?;
    if ends.len() != 2 {
        return Err(CliError::new("the two requirements name the same release"));
    }
    Ok(ends)
}

fn load_until(
    stop: &AtomicBool,
    host: &Host,
    state: &MemoryDb,
    transaction: &Transaction,
    expected: &BTreeMap<String, End>,
) -> Seen {
    let mut seen = Seen::default();
    while !stop.load(Ordering::Relaxed) {
        let started = Instant::now();
        let executed = execute(host, state, transaction);
        seen.times.push(started.elapsed());
        match executed {
            Ok((end, releases)) => match &releases[..] {
                [release] if expected.get(release) == Some(&end) => {
                    *seen.by_release.entry(release.clone()).or_default() += 1;
                }
                [_] => seen.failed += 1,
                _ => seen.mixed += 1,
            },
            Err(_) => seen.failed += 1,
        }
    }
    seen
}

/// Times of the changes, in the order of their names.
struct Swaps {
    load_and_swap: Vec<Duration>,
    publish: Vec<Duration>,
}

fn swap_again_and_again(host: &Host, newer: &Candidate, count: u32) -> Result<Swaps, CliError> {
    let mut swaps = Swaps {
        load_and_swap: Vec::new(),
        publish: Vec::new(),
    };
    for _ in 0..count {
        let started = Instant::now();
        host.factory().swap(active(host)?, newer)?;
        swaps.load_and_swap.push(started.elapsed());
        thread::sleep(Duration::from_micros(500));
        // Nothing is loaded here: the time is that of one publication.
        let started = Instant::now();
        host.factory().registry().roll_back()?;
        swaps.publish.push(started.elapsed());
        thread::sleep(Duration::from_micros(500));
    }
    Ok(swaps)
}

fn active(host: &Host) -> Result<u64, CliError> {
    let generations = host.factory().registry().generations();
    let first = generations.first().map(|g| g.generation);
    first.ok_or_else(|| CliError::new("nothing is loaded"))
}

fn report(common: &Common, args: &SwapArgs, swaps: &Swaps, mut seen: Seen) -> Outcome {
    let transactions = seen.times.len();
    seen.times.sort_unstable();
    let sorted = |times: &[Duration]| {
        let mut times = times.to_vec();
        times.sort_unstable();
        times
    };
    let (load, publish) = (sorted(&swaps.load_and_swap), sorted(&swaps.publish));
    if common.json {
        let times = |times: &[Duration]| serde_json::json!({ "median_us": micros(at(times, 50)), "p99_us": micros(at(times, 99)) });
        let json = serde_json::json!({
            "swaps": args.swaps, "roll_backs": args.swaps, "threads": args.threads,
            "transactions": transactions, "failed": seen.failed, "mixed": seen.mixed,
            "by_release": seen.by_release,
            "transaction": times(&seen.times), "swap": times(&load), "publication": times(&publish),
        });
        outln!("{}", serde_json::to_string_pretty(&json)?);
    } else {
        outln!("swaps         {} and as many roll-backs", args.swaps);
        outln!("transactions  {transactions} on {} threads", args.threads);
        for (release, count) in &seen.by_release {
            outln!("  {release:<20} {count}");
        }
        outln!("failed        {}", seen.failed);
        outln!("mixed         {}", seen.mixed);
        for (name, times) in [
            ("transaction", &seen.times),
            ("swap", &load),
            ("publication", &publish),
        ] {
            let (median, p99) = (at(times, 50), at(times, 99));
            outln!(
                "{name:<13} median {:>9.1} µs, p99 {:>9.1} µs",
                micros(median),
                micros(p99)
            );
        }
    }
    Ok(if seen.failed + seen.mixed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(FAILED)
    })
}

fn at(sorted: &[Duration], percent: usize) -> Duration {
    let index = sorted.len() * percent / 100;
    sorted
        .get(index)
        .or(sorted.last())
        .copied()
        .unwrap_or_default()
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

impl Seen {
    fn add(&mut self, other: Self) {
        self.times.extend(other.times);
        for (release, count) in other.by_release {
            *self.by_release.entry(release).or_default() += count;
        }
        self.failed += other.failed;
        self.mixed += other.mixed;
    }
}
