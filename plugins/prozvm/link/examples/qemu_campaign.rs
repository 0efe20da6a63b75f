//! Compares the linker and both interpreters with qemu on random functions, for as long as it is told.
//!
//! ```console
//! $ cargo run --release -p proz-prozvm-link --example qemu_campaign -- [programs [functions [calls [first seed]]]]
//! ```

use std::time::Instant;

use proz_prozvm_core::testing::Entropy;
use proz_prozvm_link::LinkOptions;
use proz_prozvm_link::testing::{QEMU_MISSING, compare_with_qemu, has_qemu, random_batch};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    if !has_qemu() {
        println!("{QEMU_MISSING}");
        return Ok(());
    }
    let arguments: Vec<u64> = std::env::args()
        .skip(1)
        .map(|text| text.parse())
        .collect::<Result<_, _>>()?;
    let argument =
        |index: usize, otherwise: u64| arguments.get(index).copied().unwrap_or(otherwise);
    let (programs, functions, calls) = (argument(0, 500), argument(1, 200), argument(2, 100));
    let directory = std::env::temp_dir().join(format!("proz-qemu-campaign-{}", std::process::id()));
    let start = Instant::now();
    let mut executions = 0;
    for seed in argument(3, 0)..argument(3, 0) + programs {
        let batch = random_batch(
            &mut Entropy::new(&seed.to_le_bytes()),
            functions as usize,
            calls as u32,
        );
        // Every fourth program is linked without any simplification.
        let mut options = LinkOptions::default();
        if seed % 4 == 3 {
            options.optimise = false;
            options.replace_memory_functions = false;
            options.config.optimization.strip_callee_saves = false;
        }
        executions += compare_with_qemu(&directory.join(seed.to_string()), &batch, &options);
    }
    std::fs::remove_dir_all(&directory)?;
    println!(
        "linker against qemu: {programs} programs, {} functions, {executions} executions, no difference, {:.0} s",
        programs * functions,
        start.elapsed().as_secs_f64()
    );
    Ok(())
}
