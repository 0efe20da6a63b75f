//! Mach-O: the header of a 64-bit image.

use super::ImageFault;
use super::bytes::Numbers;

const HEADER_BYTES: u64 = 32;
const TYPE_EXECUTABLE: u32 = 2;
const TYPE_LIBRARY: u32 = 6;
const TYPE_BUNDLE: u32 = 8;
const CPU_X86_64: u32 = 0x0100_0007;
const CPU_ARM64: u32 = 0x0100_000c;
const HOST_CPU: u32 = if cfg!(target_arch = "aarch64") {
    CPU_ARM64
} else {
    CPU_X86_64
};

/// Checks that `bytes` are a dynamic library for this machine whose load commands are within the file.
pub(super) fn check(bytes: &[u8]) -> Result<(), ImageFault> {
    let numbers = Numbers {
        bytes,
        big_endian: false,
    };
    let header = (
        numbers.u32(4),
        numbers.u32(12),
        numbers.u32(20),
        numbers.u32(28),
    );
    let (Some(cpu), Some(file_type), Some(commands_bytes), Some(_)) = header else {
        return Err(ImageFault::Truncated {
            part: "Mach-O header",
            expected_bytes: HEADER_BYTES,
        });
    };
    if cpu != HOST_CPU {
        let (expected, found) = (cpu_name(HOST_CPU), cpu_name(cpu));
        return Err(ImageFault::ForeignArchitecture { expected, found });
    }
    match file_type {
        TYPE_LIBRARY | TYPE_BUNDLE => {}
        TYPE_EXECUTABLE => return Err(ImageFault::NotALibrary("an executable")),
        _ => return Err(ImageFault::NotALibrary("a Mach-O file of another type")),
    }
    let expected_bytes = HEADER_BYTES + u64::from(commands_bytes);
    if expected_bytes > bytes.len() as u64 {
        return Err(ImageFault::Truncated {
            part: "load commands",
            expected_bytes,
        });
    }
    Ok(())
}

fn cpu_name(cpu: u32) -> String {
    match cpu {
        CPU_X86_64 => "x86-64".to_owned(),
        CPU_ARM64 => "AArch64".to_owned(),
        _ => format!("Mach-O processor {cpu:#x}"),
    }
}
