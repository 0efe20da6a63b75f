//! Calls of precompiles with inputs that are dear to compute.

use alloy_primitives::Address;

use crate::{
    rows::Row,
    scene::{Scene, forever_with},
};

/// A signature of secp256k1: hash, v, r, s.
const SIGNATURE: &str = "456e9aea5e197a1f1af7a3e85a3212fa4049a3ba34c2289b4c860fc0b0c64ef3\
    000000000000000000000000000000000000000000000000000000000000001c\
    9242685bf161793cc25603c231bc2f568eb630ea16aa137d2664ac8038825608\
    4f8ae3bd7535248d0bd448298cc2e2071e56992d0774dc340c368ae950852ada";
/// A signature of P-256: hash, r, s, x, y.
const P256: &str = "4cee90eb86eaa050036147a12d49004b6b9c72bd725d39d4785011fe190f0b4d\
    a73bd4903f0ce3b639bbbf6e8e80d16931ff4bcf5993d58468e8fb19086e8cac\
    36dbcd03009df8c59286b162af3bd7fcc0450c9aa81be5d10d312af6c66b1d60\
    4aebd3099c618202fcfe16ae7770b0c49ab5eadf74b754204a3bb6060e44eff3\
    7618b065f9832de4ca6ca971a7a1adc826d0f7c00181a5fb2ddf79ae00b4e10e";
/// The generator of alt_bn128's second group, imaginary parts first.
const BN_G2: &str = "198e9393920d483a7260bfb731fb5d25f1aa493335a9e71297e485b7aef312c2\
    1800deef121f1e76426a00665e5c4479674322d4f75edadd46debd5cd992f6ed\
    090689d0585ff075ec9e99ad690c3395bc4b313370b38ef355acdadcd122975b\
    12c85ea5db8c6deb4aab71808dcb408fe3d1e7690c43d37b4ce6cc0166fa7daa";
/// The generators of BLS12-381, each coordinate with 16 zeros in front.
const BLS_G1: [&str; 2] = [
    "17f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb",
    "08b3f481e3aaa0f1a09e30ed741d8ae4fcf5e095d5d00af600db18cb2c04b3edd03cc744a2888ae40caa232946c5e7e1",
];
const BLS_G2: [&str; 4] = [
    "024aa2b2f08f0a91260805272dc51051c6e47ad4fa403b02b4510b647ae3d1770bac0326a805bbefd48056c8c121bdb8",
    "13e02b6052719f607dacd3a088274f65596bd0d09920b61ab5da61bbdc7f5049334cf11213945d57e5ac7d055d042b7e",
    "0ce5d527727d6e118cc9cdc6da2e351aadfd9baa8cbdd3a76d429a695160d12c923ac9cc3baca289e193548608b82801",
    "0606c4a02ea734cc32acd2b02bc28b99cb3e287e85a763af267492ab572e99ab3f370d275cec1da1aaa9075ff05f79be",
];
/// The order of BLS12-381's groups, less one.
const BLS_SCALAR: &str = "73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000000";

fn bytes(text: &str) -> Vec<u8> {
    hex::decode(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn word(number: u64) -> Vec<u8> {
    let mut bytes = vec![0; 24];
    bytes.extend(number.to_be_bytes());
    bytes
}

/// Coordinates of BLS12-381, 64 bytes each.
fn padded(coordinates: &[&str]) -> Vec<u8> {
    let padded = coordinates
        .iter()
        .map(|text| [vec![0; 16], bytes(text)].concat());
    padded.collect::<Vec<_>>().concat()
}

/// Input of MODEXP with numbers of these sizes; all bits of base and exponent are set.
fn modexp(base: usize, exponent: usize, modulus: usize, last: u8) -> Vec<u8> {
    let mut input = [base, exponent, modulus]
        .map(|size| word(size as u64))
        .concat();
    input.extend(vec![0xff; base + exponent]);
    let mut number = vec![0xff; modulus];
    if let Some(byte) = number.last_mut() {
        *byte = last;
    }
    input.extend(number);
    input
}

/// Input of BLAKE2F with this many rounds.
fn blake2f(rounds: u32) -> Vec<u8> {
    let mut input = rounds.to_be_bytes().to_vec();
    input.extend([0x5a; 208]);
    input.push(1);
    input
}

/// Calls of the precompile at `address` with `input`, each with this gas or all.
fn row(name: &str, address: u16, input: impl Fn() -> Vec<u8> + 'static, gas: Option<u64>) -> Row {
    Row::new(format!("precompile: {name}"), move || {
        let input = input();
        let mut to = Address::ZERO;
        to.0[18..].copy_from_slice(&address.to_be_bytes());
        let gas = gas.map_or("GAS".to_owned(), |gas| gas.to_string());
        let body = format!("0 0 {} 0 {to} {gas} STATICCALL POP", input.len());
        Scene::call(forever_with(&input, "", &body, 16))
    })
}

pub(crate) fn rows() -> Vec<Row> {
    let bn_point = || [word(1), word(2)].concat();
    let bn_pairs = move |count: usize| [bn_point(), bytes(BN_G2)].concat().repeat(count);
    let g1 = || padded(&BLS_G1);
    let g2 = || padded(&BLS_G2);
    let scalar = || bytes(BLS_SCALAR);
    let mut rows = vec![
        row("ECRECOVER", 1, || bytes(SIGNATURE), None),
        row("ECRECOVER of zeros", 1, || vec![0; 128], None),
        row("SHA256 of nothing", 2, Vec::new, None),
        row("SHA256 of 100 KiB", 2, || vec![7; 102_400], None),
        row("RIPEMD160 of nothing", 3, Vec::new, None),
        row("RIPEMD160 of 100 KiB", 3, || vec![7; 102_400], None),
        row("IDENTITY of nothing", 4, Vec::new, None),
        row("IDENTITY of 1 MiB", 4, || vec![7; 1 << 20], None),
        row("BN ADD", 6, move || bn_point().repeat(2), None),
        row(
            "BN MUL",
            7,
            move || [bn_point(), vec![0xff; 32]].concat(),
            None,
        ),
        row("BN PAIRING of nothing", 8, Vec::new, None),
        row("BN PAIRING of 1 pair", 8, move || bn_pairs(1), None),
        row("BN PAIRING of 2 pairs", 8, move || bn_pairs(2), None),
        row("BN PAIRING of 40 pairs", 8, move || bn_pairs(40), None),
        row("BLAKE2F of 12 rounds", 9, || blake2f(12), None),
        row(
            "BLAKE2F of a million rounds",
            9,
            || blake2f(1_000_000),
            None,
        ),
        row("BLAKE2F of no rounds", 9, || blake2f(0), None),
        row("KZG, a proof that is wrong", 10, kzg, Some(50_000)),
        row("BLS G1ADD", 11, move || g1().repeat(2), None),
        row(
            "BLS G1MSM of 1",
            12,
            move || [g1(), scalar()].concat(),
            None,
        ),
        row(
            "BLS G1MSM of 128",
            12,
            move || [g1(), scalar()].concat().repeat(128),
            None,
        ),
        row("BLS G2ADD", 13, move || g2().repeat(2), None),
        row(
            "BLS G2MSM of 1",
            14,
            move || [g2(), scalar()].concat(),
            None,
        ),
        row(
            "BLS G2MSM of 128",
            14,
            move || [g2(), scalar()].concat().repeat(128),
            None,
        ),
        row(
            "BLS PAIRING of 1 pair",
            15,
            move || [g1(), g2()].concat(),
            None,
        ),
        row(
            "BLS PAIRING of 8 pairs",
            15,
            move || [g1(), g2()].concat().repeat(8),
            None,
        ),
        row(
            "BLS MAP_FP_TO_G1",
            16,
            || [vec![0; 16], vec![9; 48]].concat(),
            None,
        ),
        row(
            "BLS MAP_FP2_TO_G2",
            17,
            || [vec![0; 16], vec![9; 48]].concat().repeat(2),
            None,
        ),
        row("P256VERIFY", 0x100, || bytes(P256), None),
    ];
    for (base, exponent, modulus, last) in [
        (32, 32, 32, 0xff),
        (1, 1, 1, 0xff),
        (32, 1, 32, 0xfe),
        (64, 512, 64, 0xff),
        (256, 3, 256, 0xff),
        (1_024, 32, 1_024, 0xff),
        (1_024, 1_024, 1_024, 0xff),
        (1_024, 1, 1_024, 0xfe),
        (33, 33, 33, 0x00),
    ] {
        let name = format!("MODEXP of {base}, {exponent}, {modulus} bytes, ending in {last:02x}");
        rows.push(row(
            &name,
            5,
            move || modexp(base, exponent, modulus, last),
            None,
        ));
    }
    rows
}

/// A commitment and a proof that are points and do not belong together: refused after all pairings.
fn kzg() -> Vec<u8> {
    // The generator, compressed.
    let mut point = bytes(BLS_G1[0]);
    point[0] |= 0x80;
    let mut hash = sha256(&point);
    hash[0] = 1;
    [hash, word(2), word(3), point.clone(), point].concat()
}

/// SHA-256 of the compressed generator: the only one that is asked for.
fn sha256(point: &[u8]) -> Vec<u8> {
    use sha2::Digest as _;
    sha2::Sha256::digest(point).to_vec()
}
