//! The JSON of test files: state tests of ethereum/tests and execution-spec-tests, and VM tests.
//!
//! Fields that decide nothing (`_info`, fill-in data) are passed over without being kept. What a
//! file may leave out is optional here; who needs it says so.

use crate::number::{Account, Callee, Data, Hash, Number, Quantity, Word};
use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor, value},
};
use serde_json::value::RawValue;
use std::{borrow::Cow, fmt};

/// All tests of a file in their order, by name.
pub(crate) type Tests<'a> = Pairs<Name<'a>, Test<'a>>;

/// A name, borrowed from the file where it holds no escapes.
#[derive(Debug, Clone, Deserialize)]
#[serde(transparent)]
pub(crate) struct Name<'a>(#[serde(borrow)] pub(crate) Cow<'a, str>);

/// A JSON object as a list, in the order of the file.
#[derive(Debug)]
pub(crate) struct Pairs<K, V>(pub(crate) Vec<(K, V)>);

impl<K, V> Default for Pairs<K, V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

/// One test: a state test, a VM test, or another kind that is not run.
#[derive(Debug, Deserialize)]
pub(crate) struct Test<'a> {
    pub(crate) env: Option<Env>,
    #[serde(default)]
    pub(crate) pre: Pairs<Account, AccountState>,
    #[serde(borrow, default)]
    pub(crate) config: Config<'a>,
    /// Of a state test.
    pub(crate) transaction: Option<TransactionParts>,
    /// Of a VM test.
    pub(crate) exec: Option<Exec>,
    #[serde(borrow)]
    pub(crate) post: Option<Pairs<Name<'a>, Post<'a>>>,
    /// Gas left, of a VM test that ends well.
    pub(crate) gas: Option<Number>,
    pub(crate) out: Option<Data>,
    pub(crate) logs: Option<Hash>,
    #[serde(default)]
    pub(crate) callcreates: Option<Vec<IgnoredAny>>,
    /// Of a blockchain test.
    pub(crate) blocks: Option<IgnoredAny>,
}

/// Rules beyond the fork's name.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Config<'a> {
    #[serde(alias = "chainId")]
    pub(crate) chainid: Option<Number>,
    #[serde(borrow, default)]
    pub(crate) blob_schedule: Pairs<Name<'a>, BlobEntry>,
}

/// Blob parameters of one fork. Spec: EIP-7840.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BlobEntry {
    pub(crate) max: Number,
    pub(crate) base_fee_update_fraction: Number,
}

/// The block.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Env {
    pub(crate) current_coinbase: Account,
    pub(crate) current_gas_limit: Number,
    pub(crate) current_number: Number,
    pub(crate) current_timestamp: Number,
    pub(crate) current_difficulty: Option<Word>,
    pub(crate) current_random: Option<Hash>,
    pub(crate) current_base_fee: Option<Word>,
    pub(crate) current_excess_blob_gas: Option<Number>,
    pub(crate) current_blob_base_fee: Option<Word>,
}

/// An account before or after.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct AccountState {
    #[serde(default)]
    pub(crate) balance: Word,
    #[serde(default)]
    pub(crate) nonce: Number,
    #[serde(default)]
    pub(crate) code: Data,
    #[serde(default)]
    pub(crate) storage: Pairs<Word, Word>,
}

/// The parts that a state test's transactions are made of.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TransactionParts {
    pub(crate) data: Vec<Data>,
    pub(crate) gas_limit: Vec<Quantity>,
    pub(crate) value: Vec<Quantity>,
    pub(crate) nonce: Option<Quantity>,
    #[serde(default)]
    pub(crate) to: Option<Callee>,
    pub(crate) secret_key: Option<Hash>,
    pub(crate) sender: Option<Account>,
    pub(crate) gas_price: Option<Quantity>,
    pub(crate) max_fee_per_gas: Option<Quantity>,
    pub(crate) max_priority_fee_per_gas: Option<Quantity>,
    pub(crate) max_fee_per_blob_gas: Option<Quantity>,
    pub(crate) blob_versioned_hashes: Option<Vec<Hash>>,
    #[serde(default)]
    pub(crate) access_lists: Vec<Option<Vec<AccessListEntry>>>,
    pub(crate) authorization_list: Option<Vec<AuthorizationEntry>>,
}

/// Spec: EIP-2930.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AccessListEntry {
    pub(crate) address: Account,
    #[serde(default)]
    pub(crate) storage_keys: Vec<Hash>,
}

/// Spec: EIP-7702. The signer is recovered, not believed.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AuthorizationEntry {
    pub(crate) chain_id: Quantity,
    pub(crate) address: Account,
    pub(crate) nonce: Quantity,
    pub(crate) v: Option<Quantity>,
    pub(crate) y_parity: Option<Quantity>,
    pub(crate) r: Quantity,
    pub(crate) s: Quantity,
}

/// What is expected under one key of `post`.
#[derive(Debug)]
pub(crate) enum Post<'a> {
    /// Of a state test: the cases of a fork.
    Cases(Vec<Expectation<'a>>),
    /// Of a VM test: an account.
    Account(AccountState),
}

/// What one case expects.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Expectation<'a> {
    pub(crate) hash: Hash,
    pub(crate) logs: Hash,
    pub(crate) indexes: Indexes,
    #[serde(borrow)]
    pub(crate) expect_exception: Option<Cow<'a, str>>,
    /// The signed transaction; read only when it is asked for.
    #[serde(borrow)]
    pub(crate) txbytes: Option<Cow<'a, str>>,
    /// The whole state, in newer files; parsed only when a case fails.
    #[serde(borrow)]
    pub(crate) state: Option<&'a RawValue>,
}

impl Expectation<'_> {
    /// Whether the file was filled with a miner's reward of zero: by retesteth, whose names of
    /// exceptions, such as `TR_TypeNotSupported`, have no class before them. Its successor
    /// execution-spec-tests gives no reward at all.
    pub(crate) fn has_reward(&self) -> bool {
        let is_classed = |name: &str| name.starts_with("TransactionException.");
        self.expect_exception
            .as_deref()
            .is_some_and(|name| !is_classed(name))
    }
}

/// Which of the transaction's data, gas limits and values a case takes.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize, serde::Serialize,
)]
pub struct Indexes {
    /// Place in `data` and in `accessLists`.
    pub data: usize,
    /// Place in `gasLimit`.
    pub gas: usize,
    /// Place in `value`.
    pub value: usize,
}

/// The frame of a VM test.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Exec {
    pub(crate) address: Account,
    pub(crate) caller: Account,
    pub(crate) origin: Account,
    pub(crate) code: Data,
    pub(crate) data: Data,
    pub(crate) gas: Number,
    pub(crate) gas_price: Word,
    pub(crate) value: Word,
}

struct PairsVisitor<K, V>(std::marker::PhantomData<(K, V)>);

impl<'de, K: Deserialize<'de>, V: Deserialize<'de>> Visitor<'de> for PairsVisitor<K, V> {
    type Value = Pairs<K, V>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
        let mut pairs = Vec::new();
        while let Some(pair) = map.next_entry()? {
            pairs.push(pair);
        }
        Ok(Pairs(pairs))
    }
}

impl<'de, K: Deserialize<'de>, V: Deserialize<'de>> Deserialize<'de> for Pairs<K, V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(PairsVisitor(std::marker::PhantomData))
    }
}

struct PostVisitor<'a>(std::marker::PhantomData<&'a ()>);

impl<'de: 'a, 'a> Visitor<'de> for PostVisitor<'a> {
    type Value = Post<'a>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of cases, or an account")
    }

    fn visit_seq<S: SeqAccess<'de>>(self, seq: S) -> Result<Post<'a>, S::Error> {
        Deserialize::deserialize(value::SeqAccessDeserializer::new(seq)).map(Post::Cases)
    }

    fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<Post<'a>, M::Error> {
        Deserialize::deserialize(value::MapAccessDeserializer::new(map)).map(Post::Account)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Post<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PostVisitor(std::marker::PhantomData))
    }
}
