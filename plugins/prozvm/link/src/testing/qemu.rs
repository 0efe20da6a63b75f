//! Compares random executables with qemu, which nobody here wrote.

use std::io;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use proz_prozvm_core::{Call, NoSyscalls, Outcome, Prepared, Reference, verify};

use super::random::Batch;
use crate::{LinkOptions, link};

/// The emulator of user programs, from Debian's package `qemu-user`.
const QEMU: &str = "qemu-riscv64";

/// What to say when the emulator is not there.
pub const QEMU_MISSING: &str =
    "skipped: qemu-riscv64 is not installed; apt-get install -y qemu-user";

/// Whether the emulator can be run.
pub fn has_qemu() -> bool {
    Command::new(QEMU).arg("--version").output().is_ok()
}

/// Runs an executable, kept in `directory` meanwhile, as Linux would and gives what it writes.
///
/// # Errors
///
/// What keeps it from running, or how it ended if not well.
pub fn run_on_qemu(directory: &Path, elf: &[u8]) -> io::Result<Vec<u8>> {
    std::fs::create_dir_all(directory)?;
    let path = directory.join("program.elf");
    std::fs::write(&path, elf)?;
    #[cfg(unix)]
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
    let output = Command::new(QEMU)
        .args(["-cpu", "rv64,zba=true,zbb=true"])
        .arg(&path)
        .output();
    std::fs::remove_dir_all(directory)?;
    let output = output?;
    if !output.status.success() {
        return Err(io::Error::other(format!("qemu: {}", output.status)));
    }
    Ok(output.stdout)
}

/// Runs a batch on qemu and, linked, on both interpreters. Gives how many times a random function was called on each.
///
/// # Panics
///
/// When the batch cannot be linked or run, or any hash differs.
#[allow(clippy::expect_used)]
pub fn compare_with_qemu(directory: &Path, batch: &Batch, options: &LinkOptions) -> u64 {
    let expected = run_on_qemu(directory, &batch.elf).expect("qemu runs the batch");
    assert_eq!(
        expected.len(),
        8 * batch.drivers.len(),
        "qemu wrote something else"
    );
    let program = link(&batch.elf, options).expect("random functions can be linked");
    let program =
        Arc::new(verify(program, &options.config, &options.syscalls).expect("it was verified"));
    let prepared = Prepared::new(Arc::clone(&program));
    for (driver, hash) in batch.drivers.iter().zip(expected.chunks_exact(8)) {
        let hash = hash
            .iter()
            .rev()
            .fold(0, |value, &byte| value << 8 | u64::from(byte));
        let export = program
            .program()
            .export(driver)
            .expect("drivers are exported");
        let call = Call {
            function: export.function,
            arguments: &[],
            gas_limit: u64::MAX,
        };
        let reference = Reference::new(&program, &call)
            .expect("the call fits")
            .run(&mut NoSyscalls);
        let result = prepared.run(&call, &mut NoSyscalls).expect("the call fits");
        assert_eq!(result, reference, "{driver}: the interpreters differ");
        assert_eq!(
            result.outcome,
            Outcome::Finished([hash, 0]),
            "{driver}: qemu differs"
        );
    }
    batch.drivers.len() as u64 * u64::from(batch.calls)
}
