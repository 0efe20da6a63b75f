//! The two packs: which implementation serves which address, and from which revision on.

use proz_sdk::Precompile;

use crate::{
    Entry, Revision, blake2f, bls12_381, bn254, ecrecover, entry::run_with, halt::Halt, identity,
    kzg, modexp, p256, ripemd160, sha256,
};

/// A named list of precompiles, ordered by address.
#[derive(Debug, Clone, Copy)]
pub struct Pack {
    entries: &'static [Entry],
    prepare: fn(),
}

/// Lists entries: address, name, first revision, price, computation.
///
/// Each row gets a function of its own in which price and computation are called directly; called
/// through two pointers they would cost the cheapest operations a quarter more.
macro_rules! entries {
    ($($address:literal, $name:literal, $from:ident, $gas:path, $compute:path;)*) => {
        &[$({
            fn run(
                input: &[u8],
                gas_limit: u64,
                revision: Revision,
                output: &mut Vec<u8>,
            ) -> Result<u64, Halt> {
                run_with($gas, $compute, input, gas_limit, revision, output)
            }
            Entry::new($address, $name, Revision::$from, $gas, $compute, run)
        }),*]
    };
}

/// Pack 1.x: 0x01 to 0x09 on secp256k1, sha2, ripemd, substrate-bn and plain BLAKE2.
pub const PACK_1: Pack = Pack {
    entries: entries! {
        0x01, "ECRECOVER", Frontier, ecrecover::gas, ecrecover::run;
        0x02, "SHA256", Frontier, sha256::gas, sha256::run;
        0x03, "RIPEMD160", Frontier, ripemd160::gas, ripemd160::run_ripemd;
        0x04, "IDENTITY", Frontier, identity::gas, identity::run;
        0x05, "MODEXP", Byzantium, modexp::gas, modexp::run_aurora;
        0x06, "BN254_ADD", Byzantium, bn254::add_gas, bn254::substrate::add;
        0x07, "BN254_MUL", Byzantium, bn254::mul_gas, bn254::substrate::mul;
        0x08, "BN254_PAIRING", Byzantium, bn254::pairing_gas, bn254::substrate::pairing;
        0x09, "BLAKE2F", Istanbul, blake2f::gas, blake2f::run_portable;
    },
    prepare: || {},
};

/// Pack 2.x: everything up to Osaka, each on the fastest library measured.
pub const PACK_2: Pack = Pack {
    entries: entries! {
        0x01, "ECRECOVER", Frontier, ecrecover::gas, ecrecover::run;
        0x02, "SHA256", Frontier, sha256::gas, sha256::run;
        0x03, "RIPEMD160", Frontier, ripemd160::gas, ripemd160::run_interleaved;
        0x04, "IDENTITY", Frontier, identity::gas, identity::run;
        0x05, "MODEXP", Byzantium, modexp::gas, modexp::run_fastest;
        0x06, "BN254_ADD", Byzantium, bn254::add_gas, bn254::arkworks::add;
        0x07, "BN254_MUL", Byzantium, bn254::mul_gas, bn254::arkworks::mul;
        0x08, "BN254_PAIRING", Byzantium, bn254::pairing_gas, bn254::arkworks::pairing;
        0x09, "BLAKE2F", Istanbul, blake2f::gas, blake2f::run_fastest;
        0x0a, "KZG_POINT_EVALUATION", Cancun, kzg::gas, kzg::run;
        0x0b, "BLS12_G1ADD", Prague, bls12_381::g1_add_gas, bls12_381::g1_add;
        0x0c, "BLS12_G1MSM", Prague, bls12_381::g1_msm_gas, bls12_381::g1_msm;
        0x0d, "BLS12_G2ADD", Prague, bls12_381::g2_add_gas, bls12_381::g2_add;
        0x0e, "BLS12_G2MSM", Prague, bls12_381::g2_msm_gas, bls12_381::g2_msm;
        0x0f, "BLS12_PAIRING_CHECK", Prague, bls12_381::pairing_gas, bls12_381::pairing;
        0x10, "BLS12_MAP_FP_TO_G1", Prague, bls12_381::map_to_g1_gas, bls12_381::map_to_g1;
        0x11, "BLS12_MAP_FP2_TO_G2", Prague, bls12_381::map_to_g2_gas, bls12_381::map_to_g2;
        0x100, "P256VERIFY", Osaka, p256::gas, p256::run;
    },
    prepare: kzg::prepare,
};

impl Pack {
    /// Returns every precompile of the pack, active or not, ordered by address.
    pub const fn entries(&self) -> &'static [Entry] {
        self.entries
    }

    /// Returns the precompile at `address` that is active under `revision`.
    pub fn find(&self, address: u64, revision: Revision) -> Option<&'static Entry> {
        let index = self
            .entries
            .binary_search_by_key(&address, Entry::address)
            .ok()?;
        self.entries
            .get(index)
            .filter(|entry| entry.is_active(revision))
    }

    /// Returns the pack as the plugin interface wants it.
    pub fn precompiles(&self) -> Vec<Box<dyn Precompile>> {
        let boxed = |entry: &Entry| Box::new(*entry) as Box<dyn Precompile>;
        self.entries.iter().map(boxed).collect()
    }

    /// Computes the constants that a first call would otherwise have to; optional.
    pub fn prepare(&self) {
        (self.prepare)();
    }
}
