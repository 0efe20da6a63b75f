//! Compares scenarios by number: `campaign PLUGINS FIRST COUNT`. Prints what differs, and the totals.

use proz_differential::{Ending, Here, Remains, compare};
use std::{env, error::Error, path::Path, process::ExitCode, time::Instant};

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [plugins, first, count] = arguments.as_slice() else {
        return Err("expected PLUGINS FIRST COUNT".into());
    };
    let here = Here::load(Path::new(plugins))?;
    let (first, count): (u64, u64) = (first.parse()?, count.parse()?);
    let started = Instant::now();
    let (mut refused, mut success, mut revert, mut halt, mut differ) = (0, 0, 0, 0, 0);
    for number in first..first + count {
        match compare(&here, number) {
            Ok(Remains::Refused) => refused += 1,
            Ok(Remains::Executed(executed)) => match executed.ending {
                Ending::Success => success += 1,
                Ending::Revert => revert += 1,
                Ending::Halt => halt += 1,
            },
            Err(report) => {
                differ += 1;
                if differ <= 3 {
                    println!("{report}");
                }
            }
        }
    }
    println!(
        "{count} transactions from {first} on: {success} succeeded, {revert} reverted, {halt} halted, \
         {refused} refused; {differ} differ; {:.0?}",
        started.elapsed()
    );
    Ok(ExitCode::from(u8::from(differ > 0)))
}
