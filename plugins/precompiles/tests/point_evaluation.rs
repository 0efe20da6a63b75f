//! Point evaluation against c-kzg, which loads the whole trusted set-up.
#![allow(clippy::unwrap_used, missing_docs)]

use c_kzg::{Blob, Bytes32, ethereum_kzg_settings};
use proz_precompiles::{Halt, PACK_2, Revision};
use sha2::{Digest, Sha256};

const ORDER: &str = "73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001";

/// A blob whose elements `element` gives, each below the group order.
fn blob(element: impl Fn(usize) -> u64) -> Blob {
    let mut bytes = vec![0; 131_072];
    for (index, chunk) in bytes.chunks_exact_mut(32).enumerate() {
        chunk[24..].copy_from_slice(&element(index).to_be_bytes());
    }
    Blob::from_bytes(&bytes).unwrap()
}

fn input(z: &[u8], y: &[u8], commitment: &[u8], proof: &[u8]) -> Vec<u8> {
    let mut hash = Sha256::digest(commitment);
    hash[0] = 1;
    [hash.as_slice(), z, y, commitment, proof].concat()
}

fn run(input: &[u8]) -> Result<Vec<u8>, Halt> {
    let entry = PACK_2.find(0x0a, Revision::Cancun).unwrap();
    let mut output = Vec::new();
    assert_eq!(entry.gas(input, Revision::Cancun), 50_000);
    entry.run(input, 50_000, Revision::Cancun, &mut output)?;
    Ok(output)
}

#[test]
fn proofs_are_accepted_and_refused_as_by_c_kzg() {
    let settings = ethereum_kzg_settings(0);
    let order = hex::decode(ORDER).unwrap();
    let mut below = order.clone();
    below[31] = 0;
    let mut small = vec![0; 32];
    small[31] = 5;
    let root = "564c0a11a0f704f4fc3e8acfe0f8245f0ad1347b378fbf96e206da11a5d36306";
    let points = [vec![0; 32], small, below, hex::decode(root).unwrap()];
    let blobs = [
        blob(|_| 0),
        blob(|_| 7),
        blob(|index| index as u64),
        blob(|index| (index as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)),
    ];
    let mut accepted = 0;
    for blob in &blobs {
        let commitment = settings.blob_to_kzg_commitment(blob).unwrap();
        for z in &points {
            let point = Bytes32::from_bytes(z).unwrap();
            let (proof, y) = settings.compute_kzg_proof(blob, &point).unwrap();
            let (commitment, proof) = (commitment.to_bytes(), proof.to_bytes());
            let right = input(z, y.as_slice(), commitment.as_slice(), proof.as_slice());
            assert_eq!(
                hex::encode(run(&right).unwrap()),
                format!("{:064x}{ORDER}", 4_096)
            );
            accepted += 1;

            // Each part spoilt in turn; what c-kzg says decides.
            for (offset, byte) in [
                (63, 1),
                (95, 1),
                (143, 1),
                (191, 1),
                (96, 0x20),
                (144, 0x40),
            ] {
                let mut wrong = right.clone();
                wrong[offset] ^= byte;
                let mut hash = Sha256::digest(&wrong[96..144]);
                hash[0] = 1;
                wrong[..32].copy_from_slice(&hash);
                let verdict = settings.verify_kzg_proof(
                    &wrong[96..144].try_into().map(c_kzg::Bytes48::new).unwrap(),
                    &Bytes32::from_bytes(&wrong[32..64]).unwrap(),
                    &Bytes32::from_bytes(&wrong[64..96]).unwrap(),
                    &wrong[144..192].try_into().map(c_kzg::Bytes48::new).unwrap(),
                );
                assert_eq!(run(&wrong).is_ok(), verdict.unwrap_or(false), "{offset}");
            }
            let mut other_hash = right.clone();
            other_hash[1] ^= 1;
            assert_eq!(run(&other_hash), Err(Halt::VersionedHash));
            let mut long_scalar = right;
            long_scalar[32..64].copy_from_slice(&order);
            assert_eq!(run(&long_scalar), Err(Halt::Scalar));
        }
    }
    assert_eq!(accepted, 16);
}

#[test]
fn the_constants_take_no_time_worth_hiding() {
    let start = std::time::Instant::now();
    PACK_2.prepare();
    let elapsed = start.elapsed();
    println!("constants of point evaluation: {elapsed:?}");
    // Two seconds is what the whole set-up takes; this is a fraction of a millisecond.
    assert!(elapsed.as_millis() < 500, "{elapsed:?}");
}
