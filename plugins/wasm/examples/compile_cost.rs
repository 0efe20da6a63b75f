//! Compares the price of compilation with the time that it takes.
//!
//! For each module (binary or text) the least CPU time of three compilations, its price, and the
//! quotient of the two in millions of gas a second; 50 is the least that is right.
//!
//!     cargo run --release -p proz-wasm --features testing --example compile_cost -- FILE…
#![allow(clippy::unwrap_used, reason = "a tool of those who fit the model")]

use proz_wasm::{MachineConfig, WasmConfig, WasmMachine, validate};
use rustix::time::{ClockId, clock_gettime};

fn main() {
    let config = WasmConfig {
        machine: MachineConfig {
            pooled_instances: 4,
            memory_cache_bytes: 0,
            ..MachineConfig::default()
        },
        ..WasmConfig::default()
    };
    println!("module bytes price price/byte milliseconds Mgas/s");
    for path in std::env::args().skip(1) {
        let code = wat::parse_bytes(&std::fs::read(&path).unwrap())
            .unwrap()
            .into_owned();
        let price = match validate(&code, &config) {
            Ok(facts) => facts.preparation.compile_gas,
            Err(refusal) => {
                println!("{path} {} refused: {refusal}", code.len());
                continue;
            }
        };
        let least = (0..3)
            .map(|_| milliseconds(&config, &code))
            .fold(f64::MAX, f64::min);
        println!(
            "{path} {} {price} {:.1} {least:.2} {:.1}",
            code.len(),
            price as f64 / code.len() as f64,
            price as f64 / least / 1_000.0
        );
    }
}

/// CPU time of the process, since a thread of its own compiles.
fn milliseconds(config: &WasmConfig, code: &[u8]) -> f64 {
    let machine = WasmMachine::new(config.clone()).unwrap();
    let now = || {
        let time = clock_gettime(ClockId::ProcessCPUTime);
        time.tv_sec as f64 * 1e3 + time.tv_nsec as f64 / 1e6
    };
    let start = now();
    machine.warm(code).unwrap();
    now() - start
}
