//! Runs test files through the plugins of a folder: `statetest PLUGINS [--fork F] [--name N] PATH…`.
//!
//! Prints each case that does not pass, and at the end the counts with the CPU time of the process.

use proz_host::{SearchPath, VmFactory, VmFactoryConfig};
use proz_statetest::{CaseResult, NameFilter, Options, Progress, run};
use std::{env, error::Error, fs, process::ExitCode, time::Instant};

struct Printer;

impl Progress for Printer {
    fn case(&self, result: &CaseResult) {
        println!("{:?} {} {}", result.outcome, result.id.location, result.id);
        for reason in &result.reasons {
            println!("    {reason}");
        }
    }
}

/// Clock ticks of user and system time, in hundredths of a second on Linux.
fn cpu_ticks() -> u64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default();
    let number = |place| fields.split_whitespace().nth(place)?.parse::<u64>().ok();
    number(11).unwrap_or(0) + number(12).unwrap_or(0)
}

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let plugins = arguments.next().ok_or("no folder of plugins")?;
    let mut options = Options::default();
    let mut paths = Vec::new();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--fork" => options.fork = arguments.next(),
            "--name" => options.name = arguments.next().map(|name| NameFilter::new(&name)),
            "--threads" => options.threads = arguments.next().and_then(|n| n.parse().ok()),
            _ => paths.push(argument.into()),
        }
    }
    let vms = VmFactory::new(VmFactoryConfig {
        search_path: SearchPath::explicit([plugins]),
        ..VmFactoryConfig::default()
    })?;
    let (begin, before) = (Instant::now(), cpu_ticks());
    let summary = run(&vms, &paths, &options, &Printer)?;
    let cpu = (cpu_ticks() - before) as f64 / 100.0;
    println!("{:?}", summary.counts);
    for (reason, count) in &summary.skipped_because {
        println!("    skipped {count}: {reason}");
    }
    println!(
        "{} files, {} Mgas, {cpu} s of CPU, {:.2?}",
        summary.files,
        summary.gas_used / 1_000_000,
        begin.elapsed()
    );
    Ok(ExitCode::from(u8::from(!summary.is_success())))
}
