//! Who signed: accounts of public keys, and those that signatures name.

use super::Authorization;
use alloy_primitives::{Address, B256, U256, keccak256, uint};
use secp256k1::{
    Message, PublicKey,
    ecdsa::{RecoverableSignature, RecoveryId},
};

/// Half of the order of secp256k1. Spec: EIP-2.
const HALF_ORDER: U256 =
    uint!(0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0_U256);

/// Account that the owner of a key controls. Spec: Yellow Paper, appendix F.
#[must_use]
pub fn account_of_key(key: &PublicKey) -> Address {
    let hash = keccak256(&key.serialize_uncompressed()[1..]);
    Address::from_slice(&hash[12..])
}

/// Account that signed `digest`; `None` when the signature holds for nobody.
#[must_use]
pub fn recover(digest: B256, is_odd: bool, r: U256, s: U256) -> Option<Address> {
    let parity = if is_odd {
        RecoveryId::One
    } else {
        RecoveryId::Zero
    };
    let mut signature = [0; 64];
    signature[..32].copy_from_slice(&r.to_be_bytes::<32>());
    signature[32..].copy_from_slice(&s.to_be_bytes::<32>());
    let key = RecoverableSignature::from_compact(&signature, parity)
        .ok()?
        .recover_ecdsa(Message::from_digest(digest.0))
        .ok()?;
    Some(account_of_key(&key))
}

/// Whether `s` is above half of the order, so that the same signature has a second form. Such a
/// transaction is invalid since Homestead, such an authorization always. Spec: EIP-2, EIP-7702.
#[must_use]
pub(super) fn is_malleable(s: U256) -> bool {
    s > HALF_ORDER
}

impl Authorization {
    /// An authorization as it is signed; one whose signature holds for nobody has no authority.
    ///
    /// Spec: EIP-7702.
    #[must_use]
    pub fn signed(
        authorization: alloy_eip7702::Authorization,
        y_parity: u8,
        r: U256,
        s: U256,
    ) -> Self {
        let digest = authorization.signature_hash();
        let alloy_eip7702::Authorization {
            chain_id,
            address,
            nonce,
        } = authorization;
        let authority = match y_parity {
            0 | 1 if !is_malleable(s) => recover(digest, y_parity == 1, r, s),
            _ => None,
        };
        Self {
            authority,
            chain_id,
            address,
            nonce,
        }
    }
}
