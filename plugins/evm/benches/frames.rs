//! Frames of the EVM behind the ABI, fence and all.
//!
//!     cargo bench -p proz-evm --bench frames
#![allow(missing_docs, unreachable_pub)]

mod shared;

use criterion::{Criterion, criterion_group, criterion_main};
use shared::{Case, Simple, Surroundings, execute, machine, stop, transfer};
use std::hint::black_box;

/// `SLOAD` of slot 0, a hundred times.
fn loads() -> Case {
    Case {
        name: "100 SLOAD".into(),
        code: [0x5f, 0x54, 0x50].repeat(100),
        ..stop()
    }
}

/// A call of another contract with empty input, a hundred times; the host answers at once.
fn calls() -> Case {
    let call = [
        0x5f, 0x5f, 0x5f, 0x5f, 0x5f, 0x30, 0x61, 0xff, 0xff, 0xf1, 0x50,
    ];
    Case {
        name: "100 CALL".into(),
        code: call.repeat(100),
        ..stop()
    }
}

fn frames(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("evm frame");
    let machine = machine();
    for case in [stop(), loads(), calls(), transfer()] {
        let surroundings = Surroundings::new();
        let context = surroundings.context(&case, case.code_hash());
        let mut host = Simple::new(&case);
        let checked = execute(&machine, &case.code, &context, &mut host);
        assert!(
            checked.status.is_success(),
            "{}: {}",
            case.name,
            checked.status
        );
        group.bench_function(&case.name, |bencher| {
            bencher.iter(|| {
                execute(
                    &machine,
                    black_box(&case.code),
                    black_box(&context),
                    &mut host,
                )
            });
        });
    }
    group.finish();
}

criterion_group!(benches, frames);
criterion_main!(benches);
