//! Who signed: addresses of secret keys, and of the authorities of EIP-7702.

use crate::{error::Flaw, format::AuthorizationEntry};
use alloy_primitives::{Address, B256};
use proz_host::{Authorization, transaction::account_of_key};
use secp256k1::{PublicKey, SecretKey};
use std::{cell::RefCell, collections::HashMap};

/// Most keys that a thread remembers; the older suites use the same few for thousands of tests.
const KEYS_KEPT: usize = 4_096;

thread_local! {
    static ADDRESSES: RefCell<HashMap<B256, Address>> = RefCell::default();
}

/// Address of the account that a secret key controls.
pub(crate) fn address_of_key(key: B256) -> Result<Address, Flaw> {
    if let Some(address) = ADDRESSES.with_borrow(|known| known.get(&key).copied()) {
        return Ok(address);
    }
    let secret = SecretKey::from_secret_bytes(key.0)
        .map_err(|_| Flaw::new("transaction.secretKey", "no key of the curve secp256k1"))?;
    let address = account_of_key(&PublicKey::from_secret_key(&secret));
    ADDRESSES.with_borrow_mut(|known| {
        if known.len() >= KEYS_KEPT {
            known.clear();
        }
        known.insert(key, address);
    });
    Ok(address)
}

/// An authorization with the account that signed it.
///
/// `Err` names the field that no encoded transaction can hold. Spec: EIP-7702.
pub(crate) fn authority(entry: &AuthorizationEntry) -> Result<Authorization, &'static str> {
    let chain_id = entry.chain_id.value().ok_or("authorization.chainId")?;
    let nonce = entry.nonce.to::<u64>().ok_or("authorization.nonce")?;
    let parity = entry.y_parity.or(entry.v).ok_or("authorization.v")?;
    let parity = parity.to::<u8>().ok_or("authorization.v")?;
    let r = entry.r.value().ok_or("authorization.r")?;
    let s = entry.s.value().ok_or("authorization.s")?;
    let signed = alloy_eip7702::Authorization {
        chain_id,
        address: entry.address.0,
        nonce,
    };
    Ok(Authorization::signed(signed, parity, r, s))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::{address, b256};

    /// Key and account of nearly all of ethereum/tests.
    #[test]
    fn a_key_controls_one_account() {
        let key = b256!("45a915e4d060149eb4365960e6a7a45f334393093061116b197e3240065ff2d8");
        let account = address!("a94f5374fce5edbc8e2a8697c15331677e6ebf0b");
        for _ in 0..2 {
            assert_eq!(address_of_key(key), Ok(account));
        }
        assert!(address_of_key(B256::ZERO).is_err());
        assert!(address_of_key(B256::repeat_byte(0xff)).is_err());
    }

    const ENTRY: &str = r#"{
        "chainId": "0x00",
        "address": "0x56e466108a081afb4ce5391af12719df196107c1",
        "nonce": "0x00",
        "v": "0x01",
        "r": "0xe6b9cd3abcbc37d07e4a0dff2da32460514ef809c5ef01cebb81d1ed40b95811",
        "s": "0x20b6d6a152bf6c8c56e8e80b1f8979192e9f7ca4de96657626fa30046873d362",
        "signer": "0x56e466108a081afb4ce5391af12719df196107c1",
        "yParity": "0x01"
    }"#;

    fn read(json: &str) -> AuthorizationEntry {
        serde_json::from_str(json).unwrap()
    }

    /// An entry of the execution-spec tests, which also says who signed.
    #[test]
    fn recovers_who_signed_an_authorization() {
        let signed = authority(&read(ENTRY)).unwrap();
        let signer = address!("56e466108a081afb4ce5391af12719df196107c1");
        assert_eq!(signed.authority, Some(signer));
    }

    #[test]
    fn a_signature_outside_the_rules_is_nobodys() {
        for (from, to) in [
            (r#""yParity": "0x01""#, r#""yParity": "0x02""#),
            ("0x20b6d6a1", "0xf0b6d6a1"),
            (
                "0x20b6d6a152bf6c8c56e8e80b1f8979192e9f7ca4de96657626fa30046873d362",
                "0x0",
            ),
        ] {
            let entry = read(&ENTRY.replace(from, to));
            assert_eq!(authority(&entry).unwrap().authority, None, "{to}");
        }
    }

    #[test]
    fn a_field_that_cannot_be_encoded_spoils_the_transaction() {
        for (from, to, field) in [
            (
                r#""nonce": "0x00""#,
                r#""nonce": "0x10000000000000000""#,
                "authorization.nonce",
            ),
            (
                r#""yParity": "0x01""#,
                r#""yParity": "0x100""#,
                "authorization.v",
            ),
        ] {
            assert_eq!(authority(&read(&ENTRY.replace(from, to))), Err(field));
        }
    }
}
