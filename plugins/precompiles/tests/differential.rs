//! Both packs against revm-precompile, which stands on other libraries for most operations, on
//! recombined vectors and on edge values.
#![allow(clippy::unwrap_used, missing_docs)]

#[allow(dead_code)]
mod support;

use proptest::{collection::vec, prelude::*, sample::select};
use proz_precompiles::{PACK_1, PACK_2, Pack, Revision, fuzz_packs};
use revm_precompile::{PrecompileSpecId, PrecompileStatus, Precompiles, u64_to_address};
use std::sync::LazyLock;

/// Bounds the time of one call; above it, all must agree that the gas is out.
const GAS_LIMIT: u64 = 500_000;

/// One revision of each repricing, with revm's name for it.
const REVISIONS: [(Revision, PrecompileSpecId); 7] = [
    (Revision::Frontier, PrecompileSpecId::HOMESTEAD),
    (Revision::Byzantium, PrecompileSpecId::BYZANTIUM),
    (Revision::Istanbul, PrecompileSpecId::ISTANBUL),
    (Revision::Berlin, PrecompileSpecId::BERLIN),
    (Revision::Cancun, PrecompileSpecId::CANCUN),
    (Revision::Prague, PrecompileSpecId::PRAGUE),
    (Revision::Osaka, PrecompileSpecId::OSAKA),
];

fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(cases)
    }
}

/// Gas and output, or `None` for any halt.
type Outcome = Option<(u64, Vec<u8>)>;

fn by_pack(pack: &Pack, address: u64, revision: Revision, input: &[u8]) -> Option<Outcome> {
    let entry = pack.find(address, revision)?;
    let mut output = Vec::new();
    let gas = entry.run(input, GAS_LIMIT, revision, &mut output);
    Some(gas.ok().map(|gas| (gas, output)))
}

fn by_revm(address: u64, spec: PrecompileSpecId, input: &[u8]) -> Option<Outcome> {
    let precompile = Precompiles::new(spec).get(&u64_to_address(address))?;
    let output = precompile.execute(input, GAS_LIMIT, 0).unwrap();
    Some(match output.status {
        PrecompileStatus::Success => Some((output.gas_used, output.bytes.to_vec())),
        _ => None,
    })
}

/// Compares all three under every revision; returns how many calls succeeded.
#[track_caller]
fn assert_agree(address: u64, input: &[u8]) -> usize {
    let mut successes = 0;
    for (revision, spec) in REVISIONS {
        let expected = by_revm(address, spec, input);
        let found = by_pack(&PACK_2, address, revision, input);
        assert_eq!(
            found,
            expected,
            "{address:#x} {revision:?} {}",
            hex::encode(input)
        );
        if address <= 0x09 {
            let found = by_pack(&PACK_1, address, revision, input);
            assert_eq!(
                found,
                expected,
                "{address:#x} {revision:?} {}",
                hex::encode(input)
            );
        }
        successes += usize::from(expected.flatten().is_some());
    }
    successes
}

/// Every input of the corpus, by address.
static CORPUS: LazyLock<Vec<(u64, Vec<u8>)>> = LazyLock::new(|| {
    let inputs = |(file, vectors): &(support::IndexFile, Vec<support::Vector>)| {
        let address = file.address();
        let decode = move |vector: &support::Vector| (address, hex::decode(&vector.input).unwrap());
        vectors.iter().map(decode).collect::<Vec<_>>()
    };
    support::vectors()
        .unwrap_or_default()
        .iter()
        .flat_map(inputs)
        .collect()
});

/// Distinct pieces of the corpus' inputs for one address: points, scalars or pairs.
fn pieces(address: u64, size: usize) -> Vec<Vec<u8>> {
    let inputs = CORPUS.iter().filter(|(of, _)| *of == address);
    let mut pieces: Vec<Vec<u8>> = inputs
        .flat_map(|(_, input)| input.chunks(size).map(<[u8]>::to_vec).collect::<Vec<_>>())
        .chain([vec![0; size], vec![0xff; size]])
        .collect();
    pieces.sort();
    pieces.dedup();
    pieces
}

/// Joins random pieces, and at times spoils a byte or the length.
fn recombined(address: u64, size: usize, count: std::ops::Range<usize>) -> BoxedStrategy<Vec<u8>> {
    let joined = vec(select(pieces(address, size)), count).prop_map(|pieces| pieces.concat());
    (joined, 0..8_u8, any::<prop::sample::Index>(), any::<u8>())
        .prop_map(|(mut input, spoil, index, byte)| {
            if !input.is_empty() {
                let index = index.index(input.len());
                match spoil {
                    0 => input[index] ^= byte,
                    1 => input.truncate(index),
                    _ => {}
                }
            }
            input
        })
        .boxed()
}

/// Coordinates at and around the bounds of alt_bn128's field.
fn bn254_edges() -> Vec<Vec<u8>> {
    let modulus = "30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd47";
    let order = "30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001";
    let modulus = num_bigint::BigUint::parse_bytes(modulus.as_bytes(), 16).unwrap();
    let order = num_bigint::BigUint::parse_bytes(order.as_bytes(), 16).unwrap();
    let one = num_bigint::BigUint::from(1_u8);
    let word = |number: &num_bigint::BigUint| {
        let bytes = number.to_bytes_be();
        [vec![0; 32 - bytes.len()], bytes].concat()
    };
    [
        &modulus - &one,
        modulus.clone(),
        &modulus + &one,
        &modulus + 2_u8,
        &modulus - 2_u8,
        &order - &one,
        order.clone(),
        &order + &one,
        one.clone(),
        &one + &one,
        (one << 256_u32) - 1_u8,
    ]
    .iter()
    .map(word)
    .chain([vec![0; 32]])
    .collect()
}

#[test]
fn every_vector_agrees_under_every_revision() {
    let mut successes = 0;
    for (address, input) in CORPUS.iter() {
        successes += assert_agree(*address, input);
    }
    println!("{} inputs, {successes} successes", CORPUS.len());
    assert!(CORPUS.is_empty() || successes > CORPUS.len());
}

#[test]
fn edge_coordinates_of_bn254_agree() {
    let edges = bn254_edges();
    let mut successes = 0;
    for x in &edges {
        for y in &edges {
            for rest in &edges {
                let input = [x.as_slice(), y, rest].concat();
                successes += assert_agree(0x06, &input);
                successes += assert_agree(0x07, &input);
            }
        }
    }
    // Infinity, the generator and its negative are among them.
    assert!(successes > 3 * edges.len());
}

#[test]
fn cut_and_lengthened_inputs_agree() {
    for (address, input) in CORPUS.iter().step_by(37) {
        for length in [
            0, 1, 31, 32, 63, 64, 95, 96, 127, 128, 129, 159, 160, 161, 191, 192, 193,
        ] {
            assert_agree(*address, &input[..length.min(input.len())]);
        }
        assert_agree(*address, &[input.as_slice(), &[0]].concat());
        assert_agree(*address, &[input.as_slice(), &[7; 40]].concat());
    }
}

#[test]
fn points_outside_the_subgroup_of_bn254_are_refused_by_all() {
    use ark_bn254::{Fq, Fq2, G2Affine};
    use ark_ff::{BigInteger, PrimeField};
    let mut found = 0;
    for seed in 1..60_u64 {
        let x = Fq2::new(Fq::from(seed), Fq::from(seed * seed + 1));
        let Some(point) = G2Affine::get_point_from_x_unchecked(x, seed % 2 == 0) else {
            continue;
        };
        let mut input = vec![0; 64];
        input[31] = 1;
        input[63] = 2;
        for field in [point.x.c1, point.x.c0, point.y.c1, point.y.c0] {
            input.extend(field.into_bigint().to_bytes_be());
        }
        assert_eq!(assert_agree(0x08, &input), 0);
        // A finite point that is no member is refused beside the point at infinity too.
        input[..64].fill(0);
        assert_eq!(assert_agree(0x08, &input), 0);
        found += 1;
    }
    assert!(found > 10);
}

proptest! {
    #![proptest_config(cases(96))]

    #[test]
    fn hashes_and_identity_agree(input in vec(any::<u8>(), 0..600)) {
        for address in [0x02, 0x03, 0x04] {
            assert_agree(address, &input);
        }
    }

    #[test]
    fn ecrecover_agrees(
        input in recombined(0x01, 32, 0..6),
        random in vec(any::<u8>(), 32),
        v in 25..31_u8,
    ) {
        assert_agree(0x01, &input);
        let mut signed = [random.as_slice(), &[0; 32], &random, &random].concat();
        signed[63] = v;
        signed[64] &= 0x7f;
        assert_agree(0x01, &signed);
    }

    #[test]
    fn modexp_agrees(
        lengths in prop::array::uniform3(select(vec![0_u64, 1, 2, 7, 8, 9, 31, 32, 33, 64, 65, 130, 1_024, 1_025])),
        operands in vec(select(vec![0_u8, 0, 1, 2, 3, 0x80, 0xfe, 0xff, 0x5a]), 0..300),
        huge in 0..12_usize,
    ) {
        let mut input = Vec::new();
        for length in lengths {
            input.extend_from_slice(&[0; 24]);
            input.extend_from_slice(&length.to_be_bytes());
        }
        if let Some(byte) = input.get_mut(8 * huge) {
            // One length in twelve is beyond all bounds.
            if huge % 4 == 0 && operands.len() % 5 == 0 {
                *byte = 1;
            }
        }
        input.extend(operands);
        assert_agree(0x05, &input);
    }

    #[test]
    fn bn254_agrees(
        add in recombined(0x06, 64, 0..4),
        mul in recombined(0x07, 32, 0..5),
        scalar in vec(any::<u8>(), 32),
    ) {
        assert_agree(0x06, &add);
        assert_agree(0x07, &mul);
        let mut generator = vec![0; 64];
        generator[31] = 1;
        generator[63] = 2;
        generator.extend(scalar);
        prop_assert!(assert_agree(0x07, &generator) > 0);
    }

    #[test]
    fn blake2f_agrees(rounds in 0..40_u8, body in vec(any::<u8>(), 208), flag in 0..3_u8) {
        let input = [&[0, 0, 0, rounds][..], &body, &[flag]].concat();
        assert_agree(0x09, &input);
    }

    #[test]
    fn point_evaluation_agrees(input in recombined(0x0a, 48, 4..5)) {
        assert_agree(0x0a, &input);
    }

    #[test]
    fn bls12_381_additions_and_maps_agree(
        g1 in recombined(0x0b, 128, 2..3),
        g2 in recombined(0x0d, 256, 2..3),
        map_g1 in recombined(0x10, 64, 1..2),
        map_g2 in recombined(0x11, 64, 2..3),
    ) {
        assert_agree(0x0b, &g1);
        assert_agree(0x0d, &g2);
        assert_agree(0x10, &map_g1);
        assert_agree(0x11, &map_g2);
    }

    #[test]
    fn p256verify_agrees(input in recombined(0x100, 32, 5..6)) {
        assert_agree(0x100, &input);
    }
}

proptest! {
    #![proptest_config(cases(24))]

    #[test]
    fn pairings_agree(bn254 in recombined(0x08, 192, 0..4), bls in recombined(0x0f, 384, 0..4)) {
        assert_agree(0x08, &bn254);
        assert_agree(0x0f, &bls);
    }

    #[test]
    fn multi_scalar_multiplications_agree(
        g1 in recombined(0x0c, 160, 1..14),
        g2 in recombined(0x0e, 288, 1..8),
    ) {
        assert_agree(0x0c, &g1);
        assert_agree(0x0e, &g2);
    }
}

#[test]
fn the_fuzz_body_holds_on_mutated_vectors() {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = |bound: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695);
        (state >> 33) as usize % bound
    };
    let entries = PACK_2.entries();
    for (address, input) in CORPUS.iter().step_by(9) {
        let index = entries
            .iter()
            .position(|entry| entry.address() == *address)
            .unwrap();
        let mut bytes = vec![index as u8, next(15) as u8];
        bytes.extend_from_slice(input);
        fuzz_packs(&bytes);
        for _ in 0..1 + next(4) {
            let at = next(bytes.len());
            bytes[at] = bytes[at].wrapping_add(next(256) as u8);
        }
        bytes.truncate(bytes.len() - next(3));
        fuzz_packs(&bytes);
    }
}
