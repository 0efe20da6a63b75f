//! Field elements as EIP-2537 writes them: 48 big-endian bytes after 16 zero bytes.

use crate::halt::Halt;
use blst::{blst_bendian_from_fp, blst_fp, blst_fp_from_bendian, blst_fp2};

/// A padded field element.
pub(super) const FIELD_BYTES: usize = 64;
/// A scalar; any 256-bit value is one.
pub(super) const SCALAR_BYTES: usize = 32;

const PADDING_BYTES: usize = 16;

/// The field modulus, big-endian.
const MODULUS: [u8; 48] = [
    0x1a, 0x01, 0x11, 0xea, 0x39, 0x7f, 0xe6, 0x9a, 0x4b, 0x1b, 0xa7, 0xb6, 0x43, 0x4b, 0xac, 0xd7,
    0x64, 0x77, 0x4b, 0x84, 0xf3, 0x85, 0x12, 0xbf, 0x67, 0x30, 0xd2, 0xa0, 0xf6, 0xb0, 0xf6, 0x24,
    0x1e, 0xab, 0xff, 0xfe, 0xb1, 0x53, 0xff, 0xff, 0xb9, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xaa, 0xab,
];

/// Reads an element of the base field from exactly [`FIELD_BYTES`].
pub(super) fn read_field(bytes: &[u8]) -> Result<blst_fp, Halt> {
    let (padding, number) = bytes.split_at(PADDING_BYTES);
    if padding != [0; PADDING_BYTES] {
        return Err(Halt::FieldPadding);
    }
    let number: &[u8; 48] = number.try_into().map_err(|_| Halt::FieldElement)?;
    if *number >= MODULUS {
        return Err(Halt::FieldElement);
    }
    let mut field = blst_fp::default();
    // SAFETY: reads the 48 bytes of the array and writes one element.
    unsafe { blst_fp_from_bendian(&mut field, number.as_ptr()) };
    Ok(field)
}

/// Reads an element of the extension field, the real part first.
pub(super) fn read_extension(bytes: &[u8]) -> Result<blst_fp2, Halt> {
    let (real, imaginary) = bytes.split_at(FIELD_BYTES);
    Ok(blst_fp2 {
        fp: [read_field(real)?, read_field(imaginary)?],
    })
}

pub(super) fn push_field(output: &mut Vec<u8>, field: &blst_fp) {
    let mut bytes = [0; FIELD_BYTES - PADDING_BYTES];
    // SAFETY: writes the 48 bytes of the array.
    unsafe { blst_bendian_from_fp(bytes.as_mut_ptr(), field) };
    output.extend_from_slice(&[0; PADDING_BYTES]);
    output.extend_from_slice(&bytes);
}

pub(super) fn push_extension(output: &mut Vec<u8>, field: &blst_fp2) {
    let [real, imaginary] = &field.fp;
    push_field(output, real);
    push_field(output, imaginary);
}
