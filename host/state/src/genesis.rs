//! Import and export of a world as a genesis alloc.
//!
//! The format is that of geth's genesis files, understood alone (accounts by address) or inside
//! such a file (under `alloc`). Export is deterministic: sorted, every number in hexadecimal.

use std::{collections::BTreeMap, fmt, fs, path::Path};

use alloy_genesis::GenesisAccount;
use alloy_primitives::{Address, B256, KECCAK256_EMPTY};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{Error, IgnoredAny, MapAccess, Visitor},
};

use crate::{AccountInfo, MemoryDb, StateDb, StateError};

/// Accounts by address, as genesis files and state tests hold them.
///
/// Reads the bare object and the genesis file around it; refuses an address given twice.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Alloc(pub BTreeMap<Address, GenesisAccount>);

impl Alloc {
    /// Reads an alloc from JSON text.
    ///
    /// # Errors
    ///
    /// [`StateError::AllocMalformed`] with line and column.
    pub fn from_json(json: &str) -> Result<Self, StateError> {
        serde_json::from_str(json).map_err(|source| StateError::AllocMalformed { source })
    }

    /// Reads an alloc from a JSON file.
    ///
    /// # Errors
    ///
    /// [`StateError::AllocUnreadable`] when the file cannot be read, otherwise as
    /// [`Self::from_json`].
    pub fn from_file(path: &Path) -> Result<Self, StateError> {
        let json = fs::read_to_string(path).map_err(|source| StateError::AllocUnreadable {
            path: path.to_owned(),
            source,
        })?;
        Self::from_json(&json)
    }

    /// Writes the alloc as JSON text with a line for each item.
    ///
    /// # Errors
    ///
    /// [`StateError::AllocMalformed`] if the JSON writer refuses it.
    pub fn to_json(&self) -> Result<String, StateError> {
        serde_json::to_string_pretty(self).map_err(|source| StateError::AllocMalformed { source })
    }
}

impl MemoryDb {
    /// Makes a world from the accounts of a genesis file.
    ///
    /// Slots that are zero are left out; empty accounts are kept.
    pub fn from_alloc<'a>(
        alloc: impl IntoIterator<Item = (&'a Address, &'a GenesisAccount)>,
    ) -> Self {
        let mut db = Self::new();
        for (address, account) in alloc {
            let code_hash = match account.non_empty_code() {
                Some(code) => db.insert_code(code.clone()),
                None => KECCAK256_EMPTY,
            };
            let info = AccountInfo {
                balance: account.balance,
                nonce: account.nonce.unwrap_or_default(),
                code_hash,
            };
            db.insert_account(*address, info);
            for (key, value) in account.storage_slots() {
                if !value.is_zero() {
                    db.set_storage(*address, key.into(), value);
                }
            }
        }
        db
    }

    /// Makes a world from JSON text, see [`Alloc`].
    ///
    /// # Errors
    ///
    /// As [`Alloc::from_json`].
    pub fn from_alloc_json(json: &str) -> Result<Self, StateError> {
        Ok(Self::from_alloc(&Alloc::from_json(json)?.0))
    }

    /// Makes a world from a JSON file, see [`Alloc`].
    ///
    /// # Errors
    ///
    /// As [`Alloc::from_file`].
    pub fn from_alloc_file(path: &Path) -> Result<Self, StateError> {
        Ok(Self::from_alloc(&Alloc::from_file(path)?.0))
    }

    /// Exports the world as a genesis alloc.
    ///
    /// # Errors
    ///
    /// [`StateError::CodeMissing`] when an account names code that is not here.
    pub fn to_alloc(&self) -> Result<Alloc, StateError> {
        let mut alloc = BTreeMap::new();
        for (address, account) in self.sorted_accounts() {
            let info = &account.info;
            let code = info
                .has_code()
                .then(|| self.code(&info.code_hash))
                .transpose()?;
            let storage: BTreeMap<B256, B256> = account
                .sorted_storage()
                .into_iter()
                .map(|(key, value)| (B256::from(key), B256::from(value)))
                .collect();
            let exported = GenesisAccount::default()
                .with_balance(info.balance)
                .with_nonce(Some(info.nonce))
                .with_code(code)
                .with_storage((!storage.is_empty()).then_some(storage));
            alloc.insert(*address, exported);
        }
        Ok(Alloc(alloc))
    }
}

impl<'de> Deserialize<'de> for Alloc {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(AllocVisitor)
    }
}

struct AllocVisitor;

impl<'de> Visitor<'de> for AllocVisitor {
    type Value = Alloc;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object of accounts by address, or a genesis file")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Alloc, M::Error> {
        let mut accounts = BTreeMap::new();
        let mut nested = None;
        let mut stranger = None;
        while let Some(key) = map.next_key::<String>()? {
            if key == "alloc" {
                if nested.replace(map.next_value::<Alloc>()?).is_some() {
                    return Err(M::Error::custom("`alloc` is given twice"));
                }
            } else if let Ok(address) = key.parse::<Address>() {
                if accounts.insert(address, map.next_value()?).is_some() {
                    return Err(M::Error::custom(format_args!(
                        "account {address} is given twice"
                    )));
                }
            } else {
                map.next_value::<IgnoredAny>()?;
                stranger.get_or_insert(key);
            }
        }
        match (nested, stranger) {
            // A genesis file: the other keys are the header and the chain configuration.
            (Some(alloc), _) if accounts.is_empty() => Ok(alloc),
            (Some(_), _) => Err(M::Error::custom(
                "accounts stand both beside and in `alloc`",
            )),
            (None, Some(key)) => Err(M::Error::custom(format_args!(
                "expected an address of 20 hexadecimal bytes, found `{key}`"
            ))),
            (None, None) => Ok(Alloc(accounts)),
        }
    }
}
