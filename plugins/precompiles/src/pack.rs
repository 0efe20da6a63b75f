//! The two packs: which implementation serves which address, and from which revision on.

use proz_sdk::Precompile;

use crate::{
    Entry, Revision, blake2f, bls12_381, bn254, ecrecover, identity, kzg, modexp, p256, ripemd160,
    sha256,
};

/// A named list of precompiles, ordered by address.
#[derive(Debug, Clone, Copy)]
pub struct Pack {
    entries: &'static [Entry],
    prepare: fn(),
}

/// Pack 1.x: 0x01 to 0x09 on secp256k1, sha2, ripemd, substrate-bn and plain BLAKE2.
pub const PACK_1: Pack = Pack {
    entries: &[
        Entry::new(
            0x01,
            "ECRECOVER",
            Revision::Frontier,
            ecrecover::gas,
            ecrecover::run,
        ),
        Entry::new(0x02, "SHA256", Revision::Frontier, sha256::gas, sha256::run),
        Entry::new(
            0x03,
            "RIPEMD160",
            Revision::Frontier,
            ripemd160::gas,
            ripemd160::run,
        ),
        Entry::new(
            0x04,
            "IDENTITY",
            Revision::Frontier,
            identity::gas,
            identity::run,
        ),
        Entry::new(
            0x05,
            "MODEXP",
            Revision::Byzantium,
            modexp::gas,
            modexp::run_aurora,
        ),
        Entry::new(
            0x06,
            "BN254_ADD",
            Revision::Byzantium,
            bn254::add_gas,
            bn254::substrate::add,
        ),
        Entry::new(
            0x07,
            "BN254_MUL",
            Revision::Byzantium,
            bn254::mul_gas,
            bn254::substrate::mul,
        ),
        Entry::new(
            0x08,
            "BN254_PAIRING",
            Revision::Byzantium,
            bn254::pairing_gas,
            bn254::substrate::pairing,
        ),
        Entry::new(
            0x09,
            "BLAKE2F",
            Revision::Istanbul,
            blake2f::gas,
            blake2f::run_portable,
        ),
    ],
    prepare: || {},
};

/// Pack 2.x: everything up to Osaka, each on the fastest library measured.
pub const PACK_2: Pack = Pack {
    entries: &[
        Entry::new(
            0x01,
            "ECRECOVER",
            Revision::Frontier,
            ecrecover::gas,
            ecrecover::run,
        ),
        Entry::new(0x02, "SHA256", Revision::Frontier, sha256::gas, sha256::run),
        Entry::new(
            0x03,
            "RIPEMD160",
            Revision::Frontier,
            ripemd160::gas,
            ripemd160::run,
        ),
        Entry::new(
            0x04,
            "IDENTITY",
            Revision::Frontier,
            identity::gas,
            identity::run,
        ),
        Entry::new(
            0x05,
            "MODEXP",
            Revision::Byzantium,
            modexp::gas,
            modexp::run_fastest,
        ),
        Entry::new(
            0x06,
            "BN254_ADD",
            Revision::Byzantium,
            bn254::add_gas,
            bn254::arkworks::add,
        ),
        Entry::new(
            0x07,
            "BN254_MUL",
            Revision::Byzantium,
            bn254::mul_gas,
            bn254::arkworks::mul,
        ),
        Entry::new(
            0x08,
            "BN254_PAIRING",
            Revision::Byzantium,
            bn254::pairing_gas,
            bn254::arkworks::pairing,
        ),
        Entry::new(
            0x09,
            "BLAKE2F",
            Revision::Istanbul,
            blake2f::gas,
            blake2f::run_fastest,
        ),
        Entry::new(
            0x0a,
            "KZG_POINT_EVALUATION",
            Revision::Cancun,
            kzg::gas,
            kzg::run,
        ),
        Entry::new(
            0x0b,
            "BLS12_G1ADD",
            Revision::Prague,
            bls12_381::g1_add_gas,
            bls12_381::g1_add,
        ),
        Entry::new(
            0x0c,
            "BLS12_G1MSM",
            Revision::Prague,
            bls12_381::g1_msm_gas,
            bls12_381::g1_msm,
        ),
        Entry::new(
            0x0d,
            "BLS12_G2ADD",
            Revision::Prague,
            bls12_381::g2_add_gas,
            bls12_381::g2_add,
        ),
        Entry::new(
            0x0e,
            "BLS12_G2MSM",
            Revision::Prague,
            bls12_381::g2_msm_gas,
            bls12_381::g2_msm,
        ),
        Entry::new(
            0x0f,
            "BLS12_PAIRING_CHECK",
            Revision::Prague,
            bls12_381::pairing_gas,
            bls12_381::pairing,
        ),
        Entry::new(
            0x10,
            "BLS12_MAP_FP_TO_G1",
            Revision::Prague,
            bls12_381::map_to_g1_gas,
            bls12_381::map_to_g1,
        ),
        Entry::new(
            0x11,
            "BLS12_MAP_FP2_TO_G2",
            Revision::Prague,
            bls12_381::map_to_g2_gas,
            bls12_381::map_to_g2,
        ),
        Entry::new(0x100, "P256VERIFY", Revision::Osaka, p256::gas, p256::run),
    ],
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
