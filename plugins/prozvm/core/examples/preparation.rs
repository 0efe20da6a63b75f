//! Measures what preparing takes, shape by shape: decoding, verifying, translating.
//!
//! `cargo run --release -p proz-prozvm-core --features testing --example preparation [BYTES…]`

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use proz_prozvm_core::testing::{SHAPES, TEST_SYSCALLS, shape};
use proz_prozvm_core::{Prepared, Program, VmConfig, load, verify};

/// CPU time of this thread: others may be busy.
fn cpu_time() -> Duration {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(now.tv_sec as u64, now.tv_nsec as u32)
}

fn least<T>(mut body: impl FnMut() -> T) -> Duration {
    let begin = cpu_time();
    let mut least = Duration::MAX;
    while cpu_time() - begin < Duration::from_millis(60) {
        let start = cpu_time();
        black_box(body());
        least = least.min(cpu_time() - start);
    }
    least
}

fn main() {
    let sizes: Vec<usize> = std::env::args()
        .skip(1)
        .filter_map(|n| n.parse().ok())
        .collect();
    let sizes = if sizes.is_empty() {
        vec![24 << 10, 70 << 10, 1 << 20]
    } else {
        sizes
    };
    let config = VmConfig::default();
    for bytes in sizes {
        println!(
            "{bytes} bytes: ns per byte to decode all, load, translate, in all at first; later to prove, to fuse"
        );
        for &name in SHAPES {
            let code = shape(name, bytes).encode();
            let program = match Program::decode(&code) {
                Ok(program) => program,
                Err(error) => {
                    println!("{name:24} does not decode: {error}");
                    continue;
                }
            };
            let verified = match verify(program.clone(), &config, &TEST_SYSCALLS) {
                Ok(verified) => Arc::new(verified),
                Err(error) => {
                    println!("{name:24} is refused: {error}");
                    continue;
                }
            };
            let per = |time: Duration| time.as_nanos() as f64 / code.len() as f64;
            let decoded = least(|| Program::decode(&code));
            let both = least(|| load(&code, &config, &TEST_SYSCALLS, &|| false));
            let loaded = load(&code, &config, &TEST_SYSCALLS, &|| false);
            let at_once = loaded.is_ok_and(|loaded| loaded.is_proven());
            let proved =
                least(|| load(&code, &config, &TEST_SYSCALLS, &|| false).map(|l| l.prove()));
            let translated = least(|| Prepared::unfused(Arc::clone(&verified)));
            let fused = least(|| Prepared::new(Arc::clone(&verified)));
            let first = if at_once { both + translated } else { both };
            println!(
                "{name:24} {:7} bytes {} {:6.2} {:6.2} {:6.2} {:6.2} {:6.2} {:6.2}",
                code.len(),
                if at_once { "at once" } else { "later  " },
                per(decoded),
                per(both),
                per(translated),
                per(first),
                per(proved.saturating_sub(both)),
                per(fused.saturating_sub(translated))
            );
        }
    }
}
