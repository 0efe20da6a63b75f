//! PE: the headers of a Windows DLL.

use super::ImageFault;
use super::bytes::Numbers;

/// Offset of the field that holds the offset of the PE header.
const HEADER_OFFSET_AT: u64 = 0x3c;
const SIGNATURE: u32 = u32::from_le_bytes(*b"PE\0\0");
const HEADER_BYTES: u64 = 24;
const CHARACTERISTIC_DLL: u16 = 0x2000;
const MACHINE_X86: u16 = 0x14c;
const MACHINE_X86_64: u16 = 0x8664;
const MACHINE_ARM64: u16 = 0xaa64;
const HOST_MACHINE: u16 = if cfg!(target_arch = "aarch64") {
    MACHINE_ARM64
} else if cfg!(target_arch = "x86") {
    MACHINE_X86
} else {
    MACHINE_X86_64
};
const SECTION_BYTES: u64 = 40;

/// Checks that `bytes` are a DLL for this machine whose sections are within the file.
pub(super) fn check(bytes: &[u8]) -> Result<(), ImageFault> {
    let numbers = Numbers {
        bytes,
        big_endian: false,
    };
    let truncated = |part, expected_bytes| ImageFault::Truncated {
        part,
        expected_bytes,
    };
    let header: u64 = numbers
        .u32(HEADER_OFFSET_AT)
        .ok_or_else(|| truncated("DOS header", HEADER_OFFSET_AT + 4))?
        .into();
    let fields = (
        numbers.u32(header),
        numbers.u16(header + 4),
        numbers.u16(header + 6),
        numbers.u16(header + 20),
        numbers.u16(header + 22),
    );
    let (
        Some(signature),
        Some(machine),
        Some(sections),
        Some(optional_bytes),
        Some(characteristics),
    ) = fields
    else {
        return Err(truncated("PE header", header + HEADER_BYTES));
    };
    if signature != SIGNATURE {
        return Err(ImageFault::NotALibrary("a DOS program"));
    }
    if machine != HOST_MACHINE {
        let (expected, found) = (machine_name(HOST_MACHINE), machine_name(machine));
        return Err(ImageFault::ForeignArchitecture { expected, found });
    }
    if characteristics & CHARACTERISTIC_DLL == 0 {
        return Err(ImageFault::NotALibrary("an executable"));
    }
    let table = header + HEADER_BYTES + u64::from(optional_bytes);
    for index in 0..u64::from(sections) {
        let section = table + index * SECTION_BYTES;
        let (Some(raw_bytes), Some(raw_at)) =
            (numbers.u32(section + 16), numbers.u32(section + 20))
        else {
            return Err(truncated("section headers", section + SECTION_BYTES));
        };
        let end = u64::from(raw_at) + u64::from(raw_bytes);
        if end > bytes.len() as u64 {
            return Err(truncated("sections", end));
        }
    }
    Ok(())
}

fn machine_name(machine: u16) -> String {
    match machine {
        MACHINE_X86 => "x86".to_owned(),
        MACHINE_X86_64 => "x86-64".to_owned(),
        MACHINE_ARM64 => "AArch64".to_owned(),
        _ => format!("PE machine {machine:#x}"),
    }
}
