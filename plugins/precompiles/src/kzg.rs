//! 0x0a POINT_EVALUATION: checks that a committed polynomial has the value `y` at `z`.
//!
//! Of the ceremony's trusted set-up this needs one point, `[τ]` in the second group. Written as
//! `e(C - y·G + z·π, H) = e(π, [τ]H)`, both points of the second group are constants, so their
//! half of the Miller loops is computed once, and nothing else of the set-up is ever loaded.
//!
//! Spec: EIP-4844, "Point evaluation precompile".

use crate::{
    Revision,
    bls12_381::{G1, Group, sum_of_multiples},
    halt::Halt,
    padding, words,
};
use blst::{
    BLS12_381_G1, BLS12_381_G2, BLST_ERROR, blst_fp6, blst_fp12, blst_miller_loop_lines,
    blst_p1_affine, blst_p1_uncompress, blst_p2_affine, blst_p2_uncompress, blst_precompute_lines,
    blst_scalar, blst_scalar_fr_check, blst_scalar_from_bendian,
};
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

/// Price of every call.
const GAS: u64 = 50_000;
/// Versioned hash, `z`, `y`, commitment, proof.
const INPUT_BYTES: usize = 192;
/// First byte of a versioned hash.
const HASH_VERSION: u8 = 1;
/// Lines that the Miller loop draws through one point of the second group.
const LINES: usize = 68;

/// Field elements of a blob and the group order, a word each.
const VERIFIED: [u8; 64] = {
    let mut words = [0; 64];
    words[30] = 0x10;
    let order = 0x73ed_a753_299d_7d48_3339_d808_09a1_d805_u128.to_be_bytes();
    let order_low = 0x53bd_a402_fffe_5bfe_ffff_ffff_0000_0001_u128.to_be_bytes();
    let mut index = 0;
    while index < 16 {
        words[32 + index] = order[index];
        words[48 + index] = order_low[index];
        index += 1;
    }
    words
};

/// `[τ]` in the second group, compressed: `g2_monomial[1]` of the ceremony's
/// `trusted_setup_4096.json` (ethereum/consensus-specs, presets/mainnet/trusted_setups).
const TAU: [u8; 96] = [
    0xb5, 0xbf, 0xd7, 0xdd, 0x8c, 0xde, 0xb1, 0x28, 0x84, 0x3b, 0xc2, 0x87, 0x23, 0x0a, 0xf3, 0x89,
    0x26, 0x18, 0x70, 0x75, 0xcb, 0xfb, 0xef, 0xa8, 0x10, 0x09, 0xa2, 0xce, 0x61, 0x5a, 0xc5, 0x3d,
    0x29, 0x14, 0xe5, 0x87, 0x0c, 0xb4, 0x52, 0xd2, 0xaf, 0xaa, 0xab, 0x24, 0xf3, 0x49, 0x9f, 0x72,
    0x18, 0x5c, 0xbf, 0xee, 0x53, 0x49, 0x27, 0x14, 0x73, 0x44, 0x29, 0xb7, 0xb3, 0x86, 0x08, 0xe2,
    0x39, 0x26, 0xc9, 0x11, 0xcc, 0xec, 0xea, 0xc9, 0xa3, 0x68, 0x51, 0x47, 0x7b, 0xa4, 0xc6, 0x0b,
    0x08, 0x70, 0x41, 0xde, 0x62, 0x10, 0x00, 0xed, 0xc9, 0x8e, 0xda, 0xda, 0x20, 0xc1, 0xde, 0xf2,
];

/// The lines through the two constant points.
struct Lines {
    generator: [blst_fp6; LINES],
    tau: [blst_fp6; LINES],
}

/// Drawn at the first use: a fraction of a millisecond.
static LINES_DRAWN: LazyLock<Lines> = LazyLock::new(|| {
    let mut tau = blst_p2_affine::default();
    // SAFETY: reads the 96 bytes of the constant and writes one point.
    let read = unsafe { blst_p2_uncompress(&mut tau, TAU.as_ptr()) };
    assert_eq!(read, BLST_ERROR::BLST_SUCCESS, "the constant is a point");
    // SAFETY: a constant of the library, written by nobody.
    let generator = unsafe { &BLS12_381_G2 };
    Lines {
        generator: lines(generator),
        tau: lines(&tau),
    }
});

/// Computes the constants ahead of the first call.
pub(crate) fn prepare() {
    LazyLock::force(&LINES_DRAWN);
}

pub(crate) fn gas(_input: &[u8], _revision: Revision) -> u64 {
    GAS
}

pub(crate) fn run(input: &[u8], _revision: Revision, output: &mut Vec<u8>) -> Result<(), Halt> {
    let input: &[u8; INPUT_BYTES] = input.try_into().map_err(|_| Halt::InputLength {
        expected: INPUT_BYTES,
        found: input.len(),
    })?;
    let hash: [u8; 32] = padding::array(input, 0);
    let commitment: [u8; 48] = padding::array(input, 96);
    let mut expected: [u8; 32] = Sha256::digest(commitment).into();
    expected[0] = HASH_VERSION;
    if hash != expected {
        return Err(Halt::VersionedHash);
    }
    let z = read_scalar(&padding::array(input, 32))?;
    let y = read_scalar(&padding::array(input, 64))?;
    let commitment = read_point(&commitment)?;
    let proof = read_point(&padding::array(input, 144))?;
    if !verify(&commitment, &z, &y, &proof) {
        return Err(Halt::Proof);
    }
    words::push(output, &VERIFIED);
    Ok(())
}

/// Tells whether `e(C - y·G + z·π, H) = e(π, [τ]H)`.
fn verify(
    commitment: &blst_p1_affine,
    z: &blst_scalar,
    y: &blst_scalar,
    proof: &blst_p1_affine,
) -> bool {
    // SAFETY: a constant of the library, written by nobody.
    let generator = unsafe { &BLS12_381_G1 };
    let (points, scalars) = ([G1::negate(generator), *proof], [y.b, z.b]);
    // The generator is finite, the proof need not be.
    let finite = if G1::is_infinity(proof) { 1 } else { 2 };
    let mut sum = sum_of_multiples::<G1>(&points[..finite], &scalars[..finite]);
    G1::add_affine_assign(&mut sum, commitment);

    let drawn = &*LINES_DRAWN;
    let left = miller_loop(&drawn.generator, &G1::to_affine(&sum));
    let right = miller_loop(&drawn.tau, proof);
    blst_fp12::finalverify(&left, &right)
}

fn lines(point: &blst_p2_affine) -> [blst_fp6; LINES] {
    let mut lines = [blst_fp6::default(); LINES];
    // SAFETY: reads one valid point and writes the 68 lines that the function is documented to.
    unsafe { blst_precompute_lines(lines.as_mut_ptr(), point) };
    lines
}

fn miller_loop(lines: &[blst_fp6; LINES], point: &blst_p1_affine) -> blst_fp12 {
    let mut product = blst_fp12::default();
    if !G1::is_infinity(point) {
        // SAFETY: reads 68 lines and one valid finite point, writes one element.
        unsafe { blst_miller_loop_lines(&mut product, lines.as_ptr(), point) };
    }
    product
}

fn read_scalar(bytes: &[u8; 32]) -> Result<blst_scalar, Halt> {
    let mut scalar = blst_scalar::default();
    // SAFETY: reads the 32 bytes of the array and writes one scalar.
    unsafe { blst_scalar_from_bendian(&mut scalar, bytes.as_ptr()) };
    // SAFETY: reads one valid scalar.
    match unsafe { blst_scalar_fr_check(&scalar) } {
        true => Ok(scalar),
        false => Err(Halt::Scalar),
    }
}

/// Reads a compressed point of the subgroup.
fn read_point(bytes: &[u8; 48]) -> Result<blst_p1_affine, Halt> {
    let mut point = blst_p1_affine::default();
    // SAFETY: reads the 48 bytes of the array and writes one point.
    match unsafe { blst_p1_uncompress(&mut point, bytes.as_ptr()) } {
        BLST_ERROR::BLST_SUCCESS => {}
        BLST_ERROR::BLST_POINT_NOT_ON_CURVE => return Err(Halt::PointNotOnCurve),
        _ => return Err(Halt::PointEncoding),
    }
    if G1::is_infinity(&point) || G1::is_in_subgroup(&point) {
        return Ok(point);
    }
    Err(Halt::PointNotInSubgroup)
}
