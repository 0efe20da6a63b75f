//! Transactions as they travel: typed envelopes, whose signer is recovered.
//!
//! The bytes are those of a block's body: a blob transaction comes without its blobs.

use super::{
    AccessListItem, Authorization, Blobs, Fee, Transaction,
    signature::{is_malleable, recover},
};
use alloy_consensus::{
    EthereumTxEnvelope, SignableTransaction, Signed, Transaction as _, TxEip4844,
};
use alloy_eips::{eip2718::Decodable2718 as _, eip2930::AccessList, eip7702::SignedAuthorization};
use alloy_primitives::{Address, Signature, U256};
use proz_interface::v1::Revision;

/// Why bytes are no signed transaction.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EnvelopeError {
    /// The first byte begins no transaction. Spec: EIP-2718.
    #[error("unknown transaction type {found:#04x}, expected 0x01 to 0x04 or a legacy transaction")]
    UnknownType {
        /// The byte.
        found: u8,
    },
    /// No RLP, or not that of the type: too few or too many fields, numbers too large or not in
    /// their shortest form.
    #[error("malformed transaction of {size_bytes} bytes")]
    Malformed {
        /// Length of the input.
        size_bytes: usize,
        /// What is wrong with it.
        #[source]
        source: alloy_rlp::Error,
    },
    /// The transaction ends before the bytes do.
    #[error("{found} bytes follow the transaction, expected none")]
    TrailingBytes {
        /// How many.
        found: usize,
    },
    /// A signature in its second form. Spec: EIP-2.
    #[error("`s` of the signature is {s:#x}, expected at most half of the curve's order")]
    HighS {
        /// The value.
        s: U256,
    },
    /// No key signs like this.
    #[error("the signature belongs to no account")]
    Signature,
    /// The chain id came with a later revision. Spec: EIP-155.
    #[error(
        "signed for chain {chain_id}, which needs {}; the rules are {revision}",
        Revision::SpuriousDragon
    )]
    ChainIdTooEarly {
        /// The chain.
        chain_id: u64,
        /// Rules in force.
        revision: Revision,
    },
}

impl Transaction {
    /// Reads a signed transaction and recovers who signed it.
    ///
    /// Whether the rules know the type, and all that needs block or state, is checked when the
    /// transaction is executed.
    ///
    /// # Errors
    ///
    /// [`EnvelopeError`].
    ///
    /// Spec: EIP-2718, EIP-155, EIP-2930, EIP-1559, EIP-4844, EIP-7702.
    pub fn decode(bytes: &[u8], revision: Revision) -> Result<Self, EnvelopeError> {
        match bytes.first() {
            Some(1..=4 | 0xc0..) | None => {}
            Some(&found) => return Err(EnvelopeError::UnknownType { found }),
        }
        let mut rest = bytes;
        let envelope = EthereumTxEnvelope::<TxEip4844>::decode_2718(&mut rest);
        let envelope = envelope.map_err(|error| EnvelopeError::Malformed {
            size_bytes: bytes.len(),
            source: error.into(),
        })?;
        if !rest.is_empty() {
            return Err(EnvelopeError::TrailingBytes { found: rest.len() });
        }
        let sender = match &envelope {
            EthereumTxEnvelope::Legacy(signed) => signer(signed, revision)?,
            EthereumTxEnvelope::Eip2930(signed) => signer(signed, revision)?,
            EthereumTxEnvelope::Eip1559(signed) => signer(signed, revision)?,
            EthereumTxEnvelope::Eip4844(signed) => signer(signed, revision)?,
            EthereumTxEnvelope::Eip7702(signed) => signer(signed, revision)?,
        };
        let max_fee = envelope.max_fee_per_gas();
        Ok(Self {
            sender,
            to: envelope.to(),
            nonce: Some(envelope.nonce()),
            gas_limit: envelope.gas_limit(),
            fee: match envelope.max_priority_fee_per_gas() {
                Some(max_priority_fee) => Fee::Dynamic {
                    max_fee,
                    max_priority_fee,
                },
                None => Fee::Legacy { gas_price: max_fee },
            },
            value: envelope.value(),
            input: envelope.input().clone(),
            chain_id: envelope.chain_id(),
            access_list: envelope.access_list().map(access_list),
            blobs: envelope.blob_versioned_hashes().map(|hashes| Blobs {
                hashes: hashes.to_vec(),
                max_fee: envelope.max_fee_per_blob_gas().unwrap_or_default(),
            }),
            authorizations: envelope
                .authorization_list()
                .map(|list| list.iter().map(authorization).collect()),
        })
    }
}

fn signer<T: SignableTransaction<Signature>>(
    signed: &Signed<T>,
    revision: Revision,
) -> Result<Address, EnvelopeError> {
    if let Some(chain_id) = signed.tx().chain_id()
        && !revision.enables(Revision::SpuriousDragon)
    {
        return Err(EnvelopeError::ChainIdTooEarly { chain_id, revision });
    }
    let signature = signed.signature();
    let s = signature.s();
    if revision.enables(Revision::Homestead) && is_malleable(s) {
        return Err(EnvelopeError::HighS { s });
    }
    recover(signed.signature_hash(), signature.v(), signature.r(), s)
        .ok_or(EnvelopeError::Signature)
}

fn access_list(list: &AccessList) -> Vec<AccessListItem> {
    let items = list.0.iter().map(|item| AccessListItem {
        address: item.address,
        slots: item.storage_keys.clone(),
    });
    items.collect()
}

fn authorization(entry: &SignedAuthorization) -> Authorization {
    Authorization::signed(
        entry.inner().clone(),
        entry.y_parity(),
        entry.r(),
        entry.s(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::{address, hex};

    /// The example of EIP-155.
    const LEGACY: [u8; 110] = hex!(
        "f86c098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a764000080"
        "25a028ef61340bd939bc2195fe537567866003e1a15d3c71ff63e1590620aa636276"
        "a067cbe9d8997f761aecb703304b3800ccf555c9f3dc64214b297fb1966a3b6d83"
    );

    #[test]
    fn reads_the_example_of_eip_155() {
        let transaction = Transaction::decode(&LEGACY, Revision::Osaka).unwrap();
        let expected = Transaction {
            sender: address!("9d8a62f656a8d1615c1294fd71e9cfb3e4855a4f"),
            to: Some(address!("3535353535353535353535353535353535353535")),
            nonce: Some(9),
            gas_limit: 21_000,
            fee: Fee::Legacy {
                gas_price: 20_000_000_000,
            },
            value: U256::from(1_000_000_000_000_000_000_u64),
            chain_id: Some(1),
            ..Transaction::default()
        };
        assert_eq!(transaction, expected);
    }

    #[test]
    fn each_flaw_has_its_error() {
        let decode = |bytes: &[u8], revision| Transaction::decode(bytes, revision).unwrap_err();
        for type_byte in [0x00, 0x05, 0x7f, 0x80, 0xbf] {
            let mut typed = LEGACY.to_vec();
            typed.insert(0, type_byte);
            assert_eq!(
                decode(&typed, Revision::Osaka),
                EnvelopeError::UnknownType { found: type_byte }
            );
        }
        assert_eq!(
            decode(&[&LEGACY[..], &[0; 3]].concat(), Revision::Osaka),
            EnvelopeError::TrailingBytes { found: 3 }
        );
        assert_eq!(
            decode(&LEGACY, Revision::Homestead),
            EnvelopeError::ChainIdTooEarly {
                chain_id: 1,
                revision: Revision::Homestead
            }
        );
        let mut no_signature = LEGACY;
        no_signature[45..77].fill(0xff);
        assert_eq!(
            decode(&no_signature, Revision::Osaka),
            EnvelopeError::Signature
        );
        let mut high_s = LEGACY;
        high_s[78] = 0xf0;
        assert!(matches!(
            decode(&high_s, Revision::Osaka),
            EnvelopeError::HighS { .. }
        ));
        for malformed in [
            &[][..],
            &[0xc0],
            &[0x01],
            &[0x02, 0xc0],
            &[0xf9, 0xff, 0xff],
        ] {
            assert!(
                matches!(
                    decode(malformed, Revision::Osaka),
                    EnvelopeError::Malformed { .. }
                ),
                "{malformed:02x?}"
            );
        }
    }

    /// Before Homestead both forms of a signature hold, and name the same account.
    #[test]
    fn frontier_takes_the_second_form_of_a_signature() {
        const ORDER: U256 = U256::from_limbs([
            0xbfd2_5e8c_d036_4141,
            0xbaae_dce6_af48_a03b,
            0xffff_ffff_ffff_fffe,
            0xffff_ffff_ffff_ffff,
        ]);
        // Unprotected: 27 in place of 37, so that Frontier knows it; somebody's signature.
        let mut first = LEGACY;
        first[43] = 27;
        let sender = |bytes: &[u8], revision| {
            Transaction::decode(bytes, revision).map(|transaction| transaction.sender)
        };
        let mut second = first;
        second[43] = 28;
        let s = ORDER - U256::from_be_slice(&first[78..]);
        second[78..].copy_from_slice(&s.to_be_bytes::<32>());
        assert_eq!(
            sender(&first, Revision::Frontier),
            sender(&second, Revision::Frontier)
        );
        assert!(sender(&first, Revision::Frontier).is_ok());
        assert_eq!(
            sender(&second, Revision::Homestead),
            Err(EnvelopeError::HighS { s })
        );
    }

    #[test]
    fn damaged_bytes_are_read_or_refused() {
        let mut refused = 0;
        for index in 0..LEGACY.len() {
            let cut = Transaction::decode(&LEGACY[..index], Revision::Osaka);
            assert!(cut.is_err(), "{index}");
            for bit in 0..8 {
                let mut damaged = LEGACY;
                damaged[index] ^= 1 << bit;
                match Transaction::decode(&damaged, Revision::Osaka) {
                    // Whoever signed that, it was not the same account with the same words.
                    Ok(read) => {
                        assert_ne!(read, Transaction::decode(&LEGACY, Revision::Osaka).unwrap())
                    }
                    Err(_) => refused += 1,
                }
            }
        }
        assert!(refused > 100, "{refused}");
    }
}
