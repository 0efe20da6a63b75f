//! Which inputs buy the most work for their gas under Osaka: every vector, failing ones included, and
//! sizes of MODEXP beyond them. `PROZ_SLOWEST=1` runs it, alone on the machine.
#![allow(clippy::unwrap_used, reason = "a test")]

#[allow(dead_code, reason = "one room for several suites")]
mod support;

use proz_precompiles::{PACK_2, Revision};
use rustix::time::{ClockId, clock_gettime};

/// Gas that the goal asks of a second of CPU.
const GOAL: f64 = 50e6;

/// Gas of the call itself, a warm account.
const CALL_GAS: u64 = 100;

fn cpu_seconds() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 * 1e-9
}

/// Gas per second of CPU; the best of five.
fn rate(address: u64, input: &[u8]) -> Option<f64> {
    let entry = PACK_2.find(address, Revision::Osaka)?;
    let gas = entry.gas(input, Revision::Osaka);
    if gas > 1 << 24 {
        return None;
    }
    let mut output = Vec::new();
    let rounds = 200_000 / (gas + CALL_GAS).max(1_000) + 1;
    let mut least = f64::MAX;
    for _ in 0..5 {
        let start = cpu_seconds();
        for _ in 0..rounds {
            let _ = std::hint::black_box(entry.run(
                std::hint::black_box(input),
                gas,
                Revision::Osaka,
                &mut output,
            ));
        }
        least = least.min((cpu_seconds() - start) / rounds as f64);
    }
    Some((gas + CALL_GAS) as f64 / least)
}

/// MODEXP of these sizes, with even and odd moduli and dense and sparse exponents.
fn modular_powers() -> Vec<(String, Vec<u8>)> {
    let mut inputs = Vec::new();
    for base in [1_usize, 8, 32, 33, 64, 256, 1_024] {
        for exponent in [1_usize, 8, 32, 33, 128, 1_024] {
            for modulus in [1_usize, 8, 16, 24, 32, 40, 64, 65, 128, 256, 512, 1_024] {
                for (last, fill) in [(0xff_u8, 0xff_u8), (0, 0xff), (1, 0), (0x80, 0)] {
                    let mut input = Vec::new();
                    for size in [base, exponent, modulus] {
                        input.extend([0; 24]);
                        input.extend((size as u64).to_be_bytes());
                    }
                    input.extend(vec![0xff; base + exponent]);
                    let mut number = vec![fill; modulus];
                    number[0] = 0x81;
                    *number.last_mut().unwrap() = last;
                    input.extend(number);
                    let name = format!("modexp {base} {exponent} {modulus} {fill:02x}..{last:02x}");
                    inputs.push((name, input));
                }
            }
        }
    }
    inputs
}

#[test]
fn every_input_buys_its_time() {
    if std::env::var_os("PROZ_SLOWEST").is_none() {
        println!("skipped: PROZ_SLOWEST is not set");
        return;
    }
    let mut rates = Vec::new();
    for (file, vectors) in support::vectors().unwrap_or_default() {
        for vector in vectors {
            let input = hex::decode(&vector.input).unwrap();
            if let Some(rate) = rate(file.address(), &input) {
                rates.push((rate, format!("{} {}", file.file, vector.name)));
            }
        }
    }
    for (name, input) in modular_powers() {
        rates.extend(rate(5, &input).map(|rate| (rate, name)));
    }
    rates.sort_by(|a, b| a.0.total_cmp(&b.0));
    for (rate, name) in rates.iter().take(25) {
        println!("{:6.1} Mgas/s  {name}", rate / 1e6);
    }
    let slow: Vec<_> = rates.iter().filter(|(rate, _)| *rate < GOAL).collect();
    assert!(slow.is_empty(), "{} inputs of {}", slow.len(), rates.len());
}
