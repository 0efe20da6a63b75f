//! Ethereum's official tests through the loaded plugins, all that are in the corpora.
#![allow(clippy::unwrap_used, reason = "a test")]

use proz_host::{SearchPath, VmFactory, VmFactoryConfig};
use proz_statetest::{CaseResult, Options, Progress, run};
use proz_tests::{corpora_dir, plugins_dir};
use std::time::Instant;

/// Prints what does not pass.
struct Printer;

impl Progress for Printer {
    fn case(&self, result: &CaseResult) {
        println!("{:?} {} {}", result.outcome, result.id.location, result.id);
        for reason in &result.reasons {
            println!("    {reason}");
        }
    }
}

/// Reading each signed transaction as well costs half of the time again, and finds a decoder that
/// takes or refuses what it should not.
#[test]
fn every_case_of_every_corpus_passes() {
    let Some(corpora) = corpora_dir() else { return };
    let vms = VmFactory::new(VmFactoryConfig {
        search_path: SearchPath::explicit([plugins_dir()]),
        require: vec![
            "evm@^1.1".parse().unwrap(),
            "plugin:proz-precompiles@^2".parse().unwrap(),
        ],
        ..VmFactoryConfig::default()
    })
    .unwrap();
    let folders = std::fs::read_dir(corpora.join("state-tests")).unwrap();
    let mut folders: Vec<_> = folders.map(|entry| entry.unwrap().path()).collect();
    folders.retain(|path| path.is_dir());
    folders.sort();
    assert!(
        !folders.is_empty(),
        "no state tests in {}",
        corpora.display()
    );
    let (mut failed, mut skipped) = (0, 0);
    for folder in folders {
        let started = Instant::now();
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        let options = Options {
            check_envelopes: true,
            ..Options::default()
        };
        let summary = run(&vms, &[folder], &options, &Printer).unwrap();
        let counts = summary.counts;
        println!(
            "{name}: {} passed, {} failed, {} skipped in {} files, {:.0?}",
            counts.passed,
            counts.failed,
            counts.skipped,
            summary.files,
            started.elapsed()
        );
        failed += counts.failed;
        skipped += counts.skipped;
    }
    assert_eq!((failed, skipped), (0, 0));
}
