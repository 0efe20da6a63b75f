//! The published test strings of SHA-256 and RIPEMD-160, and the identity.
#![allow(clippy::unwrap_used, missing_docs)]

use proz_precompiles::{PACK_1, PACK_2, Revision};

/// Runs one input on both packs.
#[track_caller]
fn assert_output(address: u64, input: &[u8], gas: u64, expected: &str) {
    for pack in [PACK_1, PACK_2] {
        let entry = pack.find(address, Revision::Frontier).unwrap();
        let mut output = Vec::new();
        let gas_used = entry.run(input, u64::MAX, Revision::Frontier, &mut output);
        assert_eq!(gas_used, Ok(gas));
        assert_eq!(hex::encode(output), expected);
    }
}

const ALPHABET: &[u8] = b"abcdefghijklmnopqrstuvwxyz";
const MIXED: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const TWO_BLOCKS: &[u8] = b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";

#[test]
fn sha256_gives_the_digests_of_fips_180() {
    let long = vec![b'a'; 1_000_000];
    for (input, gas, digest) in [
        (
            &b""[..],
            60,
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        ),
        (
            b"abc",
            72,
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        ),
        (
            TWO_BLOCKS,
            84,
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
        ),
        (
            &long,
            375_060,
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
        ),
    ] {
        assert_output(0x02, input, gas, digest);
    }
}

#[test]
fn ripemd160_gives_the_digests_of_its_authors() {
    let long = vec![b'a'; 1_000_000];
    let eighty = b"1234567890".repeat(8);
    for (input, gas, digest) in [
        (&b""[..], 600, "9c1185a5c5e9fc54612808977ee8f548b2258d31"),
        (b"a", 720, "0bdc9d2d256b3ee9daae347be6f4dc835a467ffe"),
        (b"abc", 720, "8eb208f7e05d987a9b044a8e98c6b087f15a0bfc"),
        (
            b"message digest",
            720,
            "5d0689ef49d2fae572b881b123a85ffa21595f36",
        ),
        (ALPHABET, 720, "f71c27109c692c1b56bbdceb5b9d2865b3708dbc"),
        (TWO_BLOCKS, 840, "12a053384a9c0c88e405a06c27dcf49ada62eb2b"),
        (MIXED, 840, "b0e20b6e3116640286ed3a87a5713079b21f5189"),
        (&eighty, 960, "9b752e45573d4b39f4dbd3323cab82bf63326bfb"),
        (&long, 3_750_600, "52783243c1697bdbe16d37f97f68f08325dc1528"),
    ] {
        assert_output(0x03, input, gas, &format!("{:0>64}", digest));
    }
}

#[test]
fn identity_returns_its_input() {
    assert_output(0x04, b"", 15, "");
    assert_output(0x04, MIXED, 21, &hex::encode(MIXED));
}
