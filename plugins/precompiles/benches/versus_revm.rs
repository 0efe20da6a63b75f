//! Every operation of pack 2 against revm-precompile's default for the same input.
//!
//! First a table of ratios, each from alternating batches of both, so that what else the machine
//! does hits both alike; then criterion's figures of the same calls. Both sides are compared for
//! output and gas before they are timed. Inputs are geth's vectors where they exist.
//!
//! The table shows CPU time of the whole process, and the ratio of wall time beside it: revm's
//! multi-scalar multiplications of 32 points and more run on all processors, those of the pack on one.
//!
//!     cargo bench -p proz-precompiles --bench versus_revm              everything
//!     cargo bench -p proz-precompiles --bench versus_revm -- ratios    the table only

#[path = "../tests/support/mod.rs"]
#[allow(dead_code, clippy::unwrap_used)]
mod support;

use criterion::Criterion;
use proz_precompiles::{Entry, PACK_2, Revision};
use revm_precompile::{Precompile, PrecompileSpecId, Precompiles, u64_to_address};
use rustix::time::{ClockId, clock_gettime};
use std::{
    hint::black_box,
    time::{Duration, Instant},
};

/// Alternating batches of each side; the best of each counts.
const BATCHES: usize = 25;
/// Shortest batch.
const BATCH_TIME: Duration = Duration::from_millis(2);

/// One timed call.
struct Case {
    name: String,
    entry: &'static Entry,
    revm: &'static Precompile,
    input: Vec<u8>,
}

impl Case {
    /// Pairs both sides up and checks that they agree.
    fn new(name: &str, address: u64, input: Vec<u8>) -> Self {
        let revision = Revision::Osaka;
        let case = Self {
            name: name.to_owned(),
            entry: PACK_2.find(address, revision).expect("active at Osaka"),
            revm: Precompiles::new(PrecompileSpecId::OSAKA)
                .get(&u64_to_address(address))
                .expect("active at Osaka"),
            input,
        };
        let expected = case
            .revm
            .execute(&case.input, u64::MAX, 0)
            .expect("not fatal");
        let mut output = Vec::new();
        let gas_used = case.entry.run(&case.input, u64::MAX, revision, &mut output);
        assert_eq!(gas_used, Ok(expected.gas_used), "{name}");
        assert_eq!(output, expected.bytes, "{name}");
        case
    }

    fn run_ours(&self) {
        // A fresh output each time, as behind the plugin interface.
        let mut output = Vec::new();
        let gas = self.entry.run(
            black_box(&self.input),
            u64::MAX,
            Revision::Osaka,
            &mut output,
        );
        let _ = black_box((gas, output));
    }

    fn run_revm(&self) {
        let _ = black_box(self.revm.execute(black_box(&self.input), u64::MAX, 0));
    }

    /// Prints both times, their ratio, and how much gas one second of ours is worth.
    fn print_ratio(&self) -> f64 {
        let count = batch_size(|| self.run_revm());
        let mut ours = Spent::MAX;
        let mut revm = Spent::MAX;
        for _ in 0..BATCHES {
            ours = ours.least(time(count, || self.run_ours()));
            revm = revm.least(time(count, || self.run_revm()));
        }
        let nanos = |time: Duration| time.as_secs_f64() * 1e9 / f64::from(count);
        let (cpu, revm_cpu) = (nanos(ours.cpu), nanos(revm.cpu));
        let gas = self.entry.gas(&self.input, Revision::Osaka) as f64;
        println!(
            "{:32} {cpu:>12.0} {revm_cpu:>12.0} {:>6.2} {:>6.2} {:>9.0}",
            self.name,
            cpu / revm_cpu,
            nanos(ours.wall) / nanos(revm.wall),
            gas * 1e3 / cpu,
        );
        cpu / revm_cpu
    }
}

/// What a batch took.
#[derive(Clone, Copy)]
struct Spent {
    cpu: Duration,
    wall: Duration,
}

impl Spent {
    const MAX: Self = Self {
        cpu: Duration::MAX,
        wall: Duration::MAX,
    };

    fn least(self, other: Self) -> Self {
        Self {
            cpu: self.cpu.min(other.cpu),
            wall: self.wall.min(other.wall),
        }
    }
}

/// CPU time of all threads of this process.
fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

fn time(count: u32, run: impl Fn()) -> Spent {
    let (wall, cpu) = (Instant::now(), cpu_time());
    for _ in 0..count {
        run();
    }
    Spent {
        cpu: cpu_time() - cpu,
        wall: wall.elapsed(),
    }
}

fn batch_size(run: impl Fn()) -> u32 {
    let mut count = 1;
    while time(count, &run).cpu < BATCH_TIME {
        count *= 2;
    }
    count
}

/// Bytes without a pattern, the same every time.
fn bytes(length: usize, mut state: u64) -> Vec<u8> {
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 56) as u8
    };
    (0..length).map(|_| next()).collect()
}

fn modexp(base: usize, exponent: &[u8], modulus: usize, is_odd: bool) -> Vec<u8> {
    let mut input = Vec::new();
    for length in [base, exponent.len(), modulus] {
        input.extend_from_slice(&[0; 24]);
        input.extend_from_slice(&(length as u64).to_be_bytes());
    }
    input.extend(bytes(base, 1));
    input.extend_from_slice(exponent);
    let mut modulus = bytes(modulus, 2);
    modulus[0] |= 0x80;
    if let Some(last) = modulus.last_mut() {
        *last = *last & 0xf0 | u8::from(is_odd);
    }
    input.extend(modulus);
    input
}

/// The operations without vectors of their own, and modexp in its shapes.
fn made() -> Vec<Case> {
    let mut cases = Vec::new();
    for length in [0, 64, 1_024, 65_536] {
        cases.push(Case::new(
            &format!("sha256 {length} B"),
            0x02,
            bytes(length, 3),
        ));
        cases.push(Case::new(
            &format!("ripemd160 {length} B"),
            0x03,
            bytes(length, 3),
        ));
        cases.push(Case::new(
            &format!("identity {length} B"),
            0x04,
            bytes(length, 3),
        ));
    }
    for size in [1, 8, 16, 32, 64, 128, 256, 512, 1_024] {
        for (label, exponent) in [
            ("e=3", vec![3]),
            ("e=65537", vec![1, 0, 1]),
            ("e full", bytes(size.min(256), 9)),
        ] {
            let name = format!("modexp {size} B odd, {label}");
            cases.push(Case::new(&name, 0x05, modexp(size, &exponent, size, true)));
        }
        let full = bytes(size.min(256), 9);
        let name = format!("modexp {size} B even, e full");
        cases.push(Case::new(&name, 0x05, modexp(size, &full, size, false)));
    }
    let mut power = modexp(256, &bytes(256, 9), 256, false);
    let modulus = power.len() - 256;
    power[modulus + 1..].fill(0);
    cases.push(Case::new("modexp 256 B, 2^2047", 0x05, power.clone()));
    power[modulus + 128] = 1;
    cases.push(Case::new("modexp 256 B, odd * 2^1016", 0x05, power));
    cases
}

/// The operations on curves, from the vectors.
fn from_vectors() -> Vec<Case> {
    let Some(files) = support::vectors() else {
        println!("no corpora: only made inputs are timed");
        return Vec::new();
    };
    let find = |file: &str, name: &str| -> Vec<u8> {
        let (_, vectors) = files
            .iter()
            .find(|(index, _)| index.file == file)
            .expect("file");
        let found = vectors.iter().find(|vector| vector.name.contains(name));
        hex::decode(&found.expect("vector").input).expect("hexadecimal")
    };
    // The first `count` different items of all inputs of a file.
    let items = |file: &str, item: usize, count: usize| -> Vec<u8> {
        let (_, vectors) = files
            .iter()
            .find(|(index, _)| index.file == file)
            .expect("file");
        let mut list: Vec<Vec<u8>> = Vec::new();
        for vector in vectors {
            let input = hex::decode(&vector.input).expect("hexadecimal");
            for chunk in input.chunks_exact(item) {
                if list.len() < count && chunk[..64] != [0; 64] && !list.iter().any(|l| l == chunk)
                {
                    list.push(chunk.to_vec());
                }
            }
        }
        assert!(!list.is_empty());
        list.iter().cycle().take(count).flatten().copied().collect()
    };

    let mut cases = vec![
        Case::new("ecrecover", 0x01, find("ecRecover.json", "ValidKey")),
        Case::new("bn254 add", 0x06, find("bn256Add.json", "chfast1")),
        Case::new(
            "bn254 mul, 63 bits",
            0x07,
            find("bn256ScalarMul.json", "chfast1"),
        ),
        Case::new(
            "bn254 mul, 254 bits",
            0x07,
            find("bn256ScalarMul.json", "cdetrio11"),
        ),
        Case::new("point evaluation", 0x0a, find("pointEvaluation.json", "")),
        Case::new("bls g1 add", 0x0b, items("blsG1Add.json", 256, 1)),
        Case::new("bls g2 add", 0x0d, items("blsG2Add.json", 512, 1)),
        Case::new("bls map to g1", 0x10, items("blsMapG1.json", 64, 1)),
        Case::new("bls map to g2", 0x11, items("blsMapG2.json", 128, 1)),
        Case::new(
            "p256verify",
            0x100,
            find("p256Verify.json", "CallP256Verify"),
        ),
    ];
    for pairs in [1, 2, 3, 4, 8] {
        let input = items("bn256Pairing.json", 192, pairs);
        cases.push(Case::new(&format!("bn254 pairing {pairs}"), 0x08, input));
        let input = items("blsPairing.json", 384, pairs);
        cases.push(Case::new(&format!("bls pairing {pairs}"), 0x0f, input));
    }
    for pairs in [1, 2, 3, 4, 8, 16, 32, 64, 128] {
        let input = items("blsG1MultiExp.json", 160, pairs);
        cases.push(Case::new(&format!("bls g1 msm {pairs}"), 0x0c, input));
        let input = items("blsG2MultiExp.json", 288, pairs);
        cases.push(Case::new(&format!("bls g2 msm {pairs}"), 0x0e, input));
    }
    for rounds in [0_u32, 1, 12, 1_000, 100_000] {
        let mut input = find("blake2F.json", "vector 5");
        input[..4].copy_from_slice(&rounds.to_be_bytes());
        cases.push(Case::new(&format!("blake2f {rounds}"), 0x09, input));
    }
    cases
}

fn main() {
    let start = Instant::now();
    PACK_2.prepare();
    println!("constants of point evaluation: {:.0?}", start.elapsed());
    let start = Instant::now();
    let mut cases = from_vectors();
    println!(
        "revm's first point evaluation and all checks: {:.0?}",
        start.elapsed()
    );
    cases.extend(made());

    let filter = std::env::args()
        .skip(1)
        .find(|argument| !argument.starts_with('-'));
    let only = filter
        .as_deref()
        .and_then(|filter| filter.strip_prefix("ratios"));
    println!(
        "{:32} {:>12} {:>12} {:>6} {:>6} {:>9}",
        "operation", "ours ns", "revm ns", "ratio", "wall", "Mgas/s"
    );
    let mut above = Vec::new();
    for case in &cases {
        if only.is_some_and(|part| !case.name.contains(part.trim_start_matches(':'))) {
            continue;
        }
        let ratio = case.print_ratio();
        if ratio > 1.0 {
            above.push(format!("{} {ratio:.2}", case.name));
        }
    }
    println!(
        "above 1.00: {}",
        if above.is_empty() {
            "none".to_owned()
        } else {
            above.join(", ")
        }
    );
    if only.is_some() {
        return;
    }

    let mut criterion = Criterion::default().configure_from_args().sample_size(20);
    for case in &cases {
        let mut group = criterion.benchmark_group(&case.name);
        group.warm_up_time(Duration::from_millis(200));
        group.measurement_time(Duration::from_millis(600));
        group.bench_function("ours", |bencher| bencher.iter(|| case.run_ours()));
        group.bench_function("revm", |bencher| bencher.iter(|| case.run_revm()));
        group.finish();
    }
    criterion.final_summary();
}
