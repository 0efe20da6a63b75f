//! How long the steps of a load take, per plugin: `cargo bench -p proz-tests --bench load [-- LIBRARY...]`.
//!
//! Without arguments it measures the staged plugins of `target/release/plugins` (`cargo xtask stage`). Not criterion:
//! every cold load maps a copy that is never unmapped, so the number of samples must stay small.

use std::path::PathBuf;
use std::time::Duration;

use proz_loader::{LibraryImage, LoadError, LoadTimings, Loader, Residency};
use proz_manifest::{DiscoveryOptions, SearchPath, discover};

/// Loads of each plugin.
const SAMPLES: usize = 15;

fn main() -> Result<(), LoadError> {
    let libraries = libraries();
    if libraries.is_empty() {
        println!("no plugins: run `cargo xtask stage`, or name libraries");
    }
    println!(
        "{:<32} {:>8} {:>6}  {:>7} {:>7} {:>7} {:>7} {:>7} {:>7}  {:>7} {:>9}",
        "milliseconds, median",
        "KiB",
        "state",
        "read",
        "hash",
        "descr.",
        "stage",
        "open",
        "layout",
        "total",
        "max total"
    );
    for library in libraries {
        let name = library
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        for residency in [Residency::Separate, Residency::Shared] {
            let mut samples = Vec::new();
            let mut size_bytes = 0;
            for _ in 0..=SAMPLES {
                let image = LibraryImage::read(&library)?;
                size_bytes = image.size_bytes();
                samples.push(
                    Loader::default()
                        .load_image(&image, None, residency)?
                        .timings,
                );
            }
            // The first one reads the file from the disk, or maps what the others share.
            samples.remove(0);
            let state = if residency == Residency::Shared {
                "mapped"
            } else {
                "new"
            };
            report(&name, size_bytes / 1024, state, &samples);
        }
    }
    Ok(())
}

fn libraries() -> Vec<PathBuf> {
    let named: Vec<_> = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with('-'))
        .map(PathBuf::from)
        .collect();
    if !named.is_empty() {
        return named;
    }
    let staged = proz_tests::workspace_root().join("target/release/plugins");
    let options = DiscoveryOptions {
        supported_generations: vec![1],
        ..Default::default()
    };
    let found = discover(&SearchPath::explicit([staged]), &options);
    found
        .taken
        .into_iter()
        .map(|candidate| candidate.library_path)
        .collect()
}

fn report(name: &str, size_kib: u64, state: &str, samples: &[LoadTimings]) {
    let column = |of: fn(&LoadTimings) -> Duration| {
        let mut times: Vec<_> = samples.iter().map(of).collect();
        times.sort_unstable();
        times
    };
    let median = |of| column(of)[samples.len() / 2].as_secs_f64() * 1e3;
    let max = column(LoadTimings::total)[samples.len() - 1].as_secs_f64() * 1e3;
    println!(
        "{name:<32} {size_kib:>8} {state:>6}  {:>7.2} {:>7.2} {:>7.2} {:>7.2} {:>7.2} {:>7.2}  {:>7.2} {max:>9.2}",
        median(|timings| timings.read),
        median(|timings| timings.hash),
        median(|timings| timings.descriptor),
        median(|timings| timings.stage),
        median(|timings| timings.open),
        median(|timings| timings.layout),
        median(LoadTimings::total),
    );
}
