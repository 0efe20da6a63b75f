//! Powers and prices against num-bigint and against the figures of the EIPs.

use super::*;
use num_bigint::BigUint;
use proptest::prelude::*;

fn word(length: u64) -> [u8; 32] {
    let mut word = [0; 32];
    word[24..].copy_from_slice(&length.to_be_bytes());
    word
}

fn input(lengths: [u64; 3], operands: &[u8]) -> Vec<u8> {
    let [base, exponent, modulus] = lengths.map(word);
    [&base[..], &exponent, &modulus, operands].concat()
}

fn input_of(base: &[u8], exponent: &[u8], modulus: &[u8]) -> Vec<u8> {
    let lengths = [base, exponent, modulus].map(|operand| operand.len() as u64);
    input(lengths, &[base, exponent, modulus].concat())
}

fn compute(input: &[u8], power: Power) -> Result<Vec<u8>, Halt> {
    let mut output = Vec::new();
    run(input, Revision::Prague, &mut output, power)?;
    Ok(output)
}

/// What EIP-198 says, by the plainest means.
fn expected(base: &[u8], exponent: &[u8], modulus: &[u8]) -> Vec<u8> {
    let number = BigUint::from_bytes_be(modulus);
    let mut result = Vec::new();
    if number != BigUint::ZERO {
        result = BigUint::from_bytes_be(base)
            .modpow(&BigUint::from_bytes_be(exponent), &number)
            .to_bytes_be();
    }
    let result = strip_leading_zeros(&result);
    let mut padded = vec![0; modulus.len() - result.len()];
    padded.extend_from_slice(result);
    padded
}

#[track_caller]
fn assert_power(base: &[u8], exponent: &[u8], modulus: &[u8]) {
    let input = input_of(base, exponent, modulus);
    let expected = expected(base, exponent, modulus);
    assert_eq!(
        compute(&input, aurora::power).as_ref(),
        Ok(&expected),
        "aurora"
    );
    assert_eq!(
        compute(&input, fastest::power).as_ref(),
        Ok(&expected),
        "fastest"
    );
}

#[test]
fn edge_operands_have_the_results_of_eip_198() {
    let edges: [&[u8]; 9] = [
        &[],
        &[0],
        &[1],
        &[2],
        &[3],
        &[0xff; 8],
        &[0, 0, 0, 5],
        &[0x80, 0, 0, 0, 0, 0, 0, 0, 0],
        &[0xff; 33],
    ];
    for base in edges {
        for exponent in edges {
            for modulus in edges {
                assert_power(base, exponent, modulus);
            }
        }
    }
}

/// Moduli of every shape: odd, even, powers of two, with leading zeros.
fn modulus() -> impl Strategy<Value = Vec<u8>> {
    let any = prop::collection::vec(any::<u8>(), 0..80);
    (any, 0..3_u8, 0..40_usize).prop_map(|(mut bytes, shape, zeros)| {
        match shape {
            0 => {
                if let Some(last) = bytes.last_mut() {
                    *last |= 1;
                }
            }
            1 => bytes.extend(vec![0; zeros]),
            _ => {
                bytes.fill(0);
                bytes.push(1 << (zeros % 8));
                bytes.extend(vec![0; zeros]);
            }
        }
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1_000) })]

    #[test]
    fn powers_are_those_of_num_bigint(
        base in prop::collection::vec(any::<u8>(), 0..90),
        exponent in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..4),
            prop::collection::vec(any::<u8>(), 0..40),
        ],
        modulus in modulus(),
    ) {
        assert_power(&base, &exponent, &modulus);
    }

    #[test]
    fn zeros_that_the_input_leaves_out_count_as_written(
        base in prop::collection::vec(any::<u8>(), 1..20),
        exponent in prop::collection::vec(any::<u8>(), 1..20),
        modulus in prop::collection::vec(any::<u8>(), 1..20),
        cut in 0..60_usize,
    ) {
        let mut whole = input_of(&base, &exponent, &modulus);
        let kept = whole.len() - cut.min(whole.len() - 96);
        let short = whole[..kept].to_vec();
        whole[kept..].fill(0);
        for power in [aurora::power as Power, fastest::power] {
            prop_assert_eq!(compute(&short, power), compute(&whole, power));
        }
    }
}

#[test]
fn an_exponent_is_never_padded_out() {
    // 3 ^ (256 ^ 9999) mod 1000003, with one byte of exponent in the input.
    let lengths = [1, 10_000, 3];
    let modulus = [0x0f, 0x42, 0x43];
    let mut exponent = vec![0; 10_000];
    exponent[0] = 1;
    let number = |bytes: &[u8]| BigUint::from_bytes_be(bytes);
    let expected = number(&[3]).modpow(&number(&exponent), &number(&modulus));
    let header = Header::parse(&input(lengths, &[3, 1]));
    assert_eq!(header.exponent(&input(lengths, &[3, 1])), (&[1][..], 9_999));
    let power = raise(&[3], &[1], 9_999, &modulus, fastest::power);
    assert_eq!(BigUint::from_bytes_be(&power), expected);
}

#[test]
fn moduli_beyond_the_montgomery_limit_are_computed_too() {
    let mut modulus = vec![0x5a; 8_193];
    modulus[0] = 1;
    assert_power(&[0x77; 8_000], &[5], &modulus);
    *modulus.last_mut().unwrap() = 1;
    assert_power(&[0x77; 8_000], &[5], &modulus);
}

#[test]
fn huge_lengths_are_priced_and_never_allocated() {
    let huge = [1 << 24, 1 << 40, u64::MAX - 1, u64::MAX];
    for length in huge {
        for lengths in [[length, 1, 1], [1, 1, length], [length, length, length]] {
            let input = input(lengths, &[1, 2, 3]);
            for revision in [Revision::Byzantium, Revision::Berlin, Revision::Osaka] {
                assert!(
                    gas(&input, revision) > 800_000_000_000,
                    "{lengths:?} {revision:?}"
                );
            }
        }
    }
    for lengths in [[(1 << 24) + 1, 1, 1], [1, 1, u64::MAX], [u64::MAX; 3]] {
        let refused = compute(&input(lengths, &[]), fastest::power);
        assert!(
            matches!(refused, Err(Halt::OperandLength { .. })),
            "{lengths:?}"
        );
    }
}

#[test]
fn any_exponent_length_is_legal_without_base_and_modulus_before_osaka() {
    let mut input = input([0, 0, 0], &[]);
    input[32..64].fill(0xff);
    assert_eq!(gas(&input, Revision::Byzantium), 0);
    assert_eq!(gas(&input, Revision::Berlin), 200);
    assert_eq!(compute(&input, fastest::power), Ok(Vec::new()));
    let mut output = Vec::new();
    let refused = run(&input, Revision::Osaka, &mut output, fastest::power);
    assert_eq!(
        refused,
        Err(Halt::OperandLength {
            limit: 1_024,
            found: u64::MAX
        })
    );
}

#[test]
fn prices_are_those_of_the_eips() {
    let full = |length: u64| input([length; 3], &vec![0xff; 3 * length as usize]);
    let short = |length: u64, exponent: &[u8]| {
        let operands = [&vec![0xff; length as usize][..], exponent].concat();
        input([length, exponent.len() as u64, length], &operands)
    };
    for (input, berlin, osaka) in [
        (full(32), 1_360, 4_080),
        (short(32, &[1, 0, 1]), 200, 500),
        (short(256, &[1, 0, 1]), 5_461, 32_768),
        (full(256), 698_709, 7_862_272),
    ] {
        assert_eq!(gas(&input, Revision::Berlin), berlin);
        assert_eq!(gas(&input, Revision::Prague), berlin);
        let osaka_gas = gas(&input, Revision::Osaka);
        assert_eq!(osaka_gas, osaka);
    }
}
