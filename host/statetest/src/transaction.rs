//! Transactions of a state test: the parts of a file, put together by indexes.

use crate::{
    error::Flaw,
    format::{AccessListEntry, Indexes, TransactionParts},
    number::Quantity,
    signer,
};
use alloy_primitives::Address;
use proz_host::{AccessListItem, Blobs, Fee, Transaction};

/// Builds the transactions of one test.
pub(crate) struct Builder<'t> {
    parts: &'t TransactionParts,
    /// All that does not depend on indexes; `Err` names a field that no encoding can hold.
    template: Result<Transaction, &'static str>,
    chain_id: u64,
}

/// Why there is no transaction to execute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Unbuilt {
    /// The bytes on the wire would be no transaction: the named field is too large.
    Unencodable(&'static str),
    /// The file is wrong.
    Flaw(Flaw),
}

impl From<Flaw> for Unbuilt {
    fn from(flaw: Flaw) -> Self {
        Self::Flaw(flaw)
    }
}

impl<'t> Builder<'t> {
    pub(crate) fn new(parts: &'t TransactionParts, chain_id: u64) -> Result<Self, Flaw> {
        let template = match template(parts, sender(parts)?) {
            Ok(template) => Ok(template),
            Err(Unbuilt::Unencodable(field)) => Err(field),
            Err(Unbuilt::Flaw(flaw)) => return Err(flaw),
        };
        Ok(Self {
            parts,
            template,
            chain_id,
        })
    }

    /// The transaction of a case.
    pub(crate) fn build(&self, indexes: Indexes) -> Result<Transaction, Unbuilt> {
        let parts = self.parts;
        let data = pick(&parts.data, indexes.data, "transaction.data")?;
        let gas_limit = pick(&parts.gas_limit, indexes.gas, "transaction.gasLimit")?;
        let value = pick(&parts.value, indexes.value, "transaction.value")?;
        let mut transaction = match &self.template {
            Ok(template) => template.clone(),
            Err(field) => return Err(Unbuilt::Unencodable(field)),
        };
        transaction.input = data.0.clone();
        transaction.gas_limit = fits(*gas_limit, "gasLimit")?;
        transaction.value = value.value().ok_or(Unbuilt::Unencodable("value"))?;
        if let Some(Some(list)) = parts.access_lists.get(indexes.data) {
            transaction.access_list = Some(list.iter().map(item).collect());
        }
        if transaction.kind() > 0 {
            transaction.chain_id = Some(self.chain_id);
        }
        Ok(transaction)
    }
}

/// The signer: the key's account, which a file may also name.
fn sender(parts: &TransactionParts) -> Result<Address, Flaw> {
    let stated = parts.sender.map(|account| account.0);
    let Some(key) = parts.secret_key else {
        return stated.ok_or_else(|| Flaw::missing("transaction.secretKey"));
    };
    let address = signer::address_of_key(key.0)?;
    match stated {
        Some(stated) if stated != address => Err(Flaw::new(
            "transaction.sender",
            format!("expected {address}, the account of `secretKey`, found {stated}"),
        )),
        _ => Ok(address),
    }
}

fn template(parts: &TransactionParts, sender: Address) -> Result<Transaction, Unbuilt> {
    let nonce = parts
        .nonce
        .ok_or_else(|| Flaw::missing("transaction.nonce"))?;
    let authorizations = parts
        .authorization_list
        .as_ref()
        .map(|list| list.iter().map(signer::authority).collect())
        .transpose()
        .map_err(Unbuilt::Unencodable)?;
    Ok(Transaction {
        sender,
        to: parts.to.unwrap_or_default().0,
        nonce: Some(fits(nonce, "nonce")?),
        fee: fee(parts)?,
        blobs: blobs(parts)?,
        authorizations,
        ..Transaction::default()
    })
}

fn fee(parts: &TransactionParts) -> Result<Fee, Unbuilt> {
    if let Some(max_fee) = parts.max_fee_per_gas {
        let tip = parts.max_priority_fee_per_gas;
        return Ok(Fee::Dynamic {
            max_fee: fits(max_fee, "maxFeePerGas")?,
            max_priority_fee: tip.map_or(Ok(0), |tip| fits(tip, "maxPriorityFeePerGas"))?,
        });
    }
    let gas_price = parts
        .gas_price
        .ok_or_else(|| Flaw::missing("transaction.gasPrice"))?;
    Ok(Fee::Legacy {
        gas_price: fits(gas_price, "gasPrice")?,
    })
}

fn blobs(parts: &TransactionParts) -> Result<Option<Blobs>, Unbuilt> {
    let Some(max_fee) = parts.max_fee_per_blob_gas else {
        return Ok(None);
    };
    let hashes = parts.blob_versioned_hashes.iter().flatten();
    Ok(Some(Blobs {
        hashes: hashes.map(|hash| hash.0).collect(),
        max_fee: fits(max_fee, "maxFeePerBlobGas")?,
    }))
}

fn item(entry: &AccessListEntry) -> AccessListItem {
    AccessListItem {
        address: entry.address.0,
        slots: entry.storage_keys.iter().map(|key| key.0).collect(),
    }
}

fn pick<'p, T>(list: &'p [T], index: usize, at: &'static str) -> Result<&'p T, Flaw> {
    list.get(index).ok_or_else(|| {
        Flaw::new(
            at,
            format!("a case takes entry {index} of a list of {}", list.len()),
        )
    })
}

fn fits<T: TryFrom<alloy_primitives::U256>>(
    quantity: Quantity,
    field: &'static str,
) -> Result<T, Unbuilt> {
    quantity.to().ok_or(Unbuilt::Unencodable(field))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::{U256, address};

    const PARTS: &str = r#"{
        "data": ["0x", "0x01"],
        "gasLimit": ["0x5208", "0x10000000000000000"],
        "value": ["0x00", "0x:bigint 0x10000000000000000000000000000000000000000000000000000000000000001"],
        "nonce": "0x00",
        "gasPrice": "0x0a",
        "to": "",
        "secretKey": "0x45a915e4d060149eb4365960e6a7a45f334393093061116b197e3240065ff2d8",
        "sender": "0xa94f5374fce5edbc8e2a8697c15331677e6ebf0b",
        "accessLists": [null, [{"address": "0x0101010101010101010101010101010101010101", "storageKeys": ["0x01"]}]]
    }"#;

    fn read(json: &str) -> TransactionParts {
        serde_json::from_str(json).unwrap()
    }

    fn indexes(data: usize, gas: usize, value: usize) -> Indexes {
        Indexes { data, gas, value }
    }

    #[test]
    fn indexes_choose_data_gas_value_and_access_list() {
        let parts = read(PARTS);
        let builder = Builder::new(&parts, 5).unwrap();
        let legacy = builder.build(indexes(0, 0, 0)).unwrap();
        assert_eq!((legacy.kind(), legacy.chain_id), (0, None));
        assert_eq!((legacy.gas_limit, legacy.value), (21_000, U256::ZERO));
        assert_eq!(
            legacy.sender,
            address!("a94f5374fce5edbc8e2a8697c15331677e6ebf0b")
        );
        let listed = builder.build(indexes(1, 0, 0)).unwrap();
        assert_eq!((listed.kind(), listed.chain_id), (1, Some(5)));
        assert_eq!(listed.input[..], [1]);
        assert_eq!(listed.access_list.map(|list| list[0].slots[0][31]), Some(1));
    }

    #[test]
    fn what_cannot_be_encoded_is_told_from_a_wrong_file() {
        let parts = read(PARTS);
        let builder = Builder::new(&parts, 1).unwrap();
        let unencodable = |indexes| match builder.build(indexes) {
            Err(Unbuilt::Unencodable(field)) => field,
            other => panic!("{other:?}"),
        };
        assert_eq!(unencodable(indexes(0, 1, 0)), "gasLimit");
        assert_eq!(unencodable(indexes(0, 0, 1)), "value");
        let missing = builder.build(indexes(2, 0, 0));
        assert!(
            matches!(&missing, Err(Unbuilt::Flaw(flaw)) if flaw.at == "transaction.data"),
            "{missing:?}"
        );
    }

    #[test]
    fn a_sender_that_does_not_own_the_key_is_an_error() {
        for (from, to, at) in [
            ("0xa94f", "0xa950", "transaction.sender"),
            ("0x45a9", "0x", "transaction.sender"),
            (r#""gasPrice""#, r#""other""#, "transaction.gasPrice"),
            (r#""nonce""#, r#""other""#, "transaction.nonce"),
        ] {
            let parts = read(&PARTS.replacen(from, to, 1));
            let flaw = Builder::new(&parts, 1).err().map(|flaw| flaw.at);
            assert_eq!(flaw, Some(at), "{from}");
        }
    }
}
