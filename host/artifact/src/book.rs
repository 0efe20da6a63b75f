//! An address book of contracts: who lives where, and how to read what they say.
//!
//! A contract's own ABI is asked first, then those of all others, because a contract passes on the
//! errors of those it calls and emits the events of libraries. Equal inputs give equal answers,
//! whatever the order in which contracts were added at different addresses.

use std::collections::BTreeMap;

use alloy_dyn_abi::EventExt as _;
use alloy_json_abi::{Error as ErrorItem, Event, Function, JsonAbi};
use alloy_primitives::{Address, B256, Selector};
use serde::Serialize;

use crate::call::{decode_input, decode_output};
use crate::revert::RevertReason;
use crate::value::NamedValue;

/// Labels and ABIs by address, and ABIs that hold anywhere.
#[derive(Clone, Debug, Default)]
pub struct AbiBook {
    contracts: BTreeMap<Address, Entry>,
    /// ABIs without an address, in the order in which they were added.
    anywhere: Vec<Index>,
}

#[derive(Clone, Debug)]
struct Entry {
    name: String,
    abi: Option<Index>,
}

/// An ABI by what stands in call data, logs and revert data.
#[derive(Clone, Debug, Default)]
struct Index {
    functions: BTreeMap<Selector, Vec<Function>>,
    events: BTreeMap<B256, Vec<Event>>,
    anonymous_events: Vec<Event>,
    errors: BTreeMap<Selector, Vec<ErrorItem>>,
}

impl Index {
    fn new(abi: JsonAbi) -> Self {
        let mut index = Self::default();
        for function in abi.functions.into_values().flatten() {
            index
                .functions
                .entry(function.selector())
                .or_default()
                .push(function);
        }
        for event in abi.events.into_values().flatten() {
            if event.anonymous {
                index.anonymous_events.push(event);
            } else {
                index
                    .events
                    .entry(event.selector())
                    .or_default()
                    .push(event);
            }
        }
        for error in abi.errors.into_values().flatten() {
            index
                .errors
                .entry(error.selector())
                .or_default()
                .push(error);
        }
        index
    }
}

/// A call whose function and arguments are known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DecodedCall {
    /// The function's name.
    pub name: String,
    /// The function's signature.
    pub signature: String,
    /// The arguments.
    pub arguments: Vec<NamedValue>,
}

/// A log whose event and parameters are known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DecodedLog {
    /// The event's name.
    pub name: String,
    /// The event's signature.
    pub signature: String,
    /// The parameters in the order of the declaration.
    pub parameters: Vec<NamedValue>,
}

impl AbiBook {
    /// Makes an empty book.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Enters a contract under its address; a second entry replaces the first.
    pub fn add(&mut self, address: Address, name: impl Into<String>, abi: Option<JsonAbi>) {
        self.contracts.insert(
            address,
            Entry {
                name: name.into(),
                abi: abi.map(Index::new),
            },
        );
    }

    /// Enters an ABI that may hold for any address.
    pub fn add_anywhere(&mut self, abi: JsonAbi) {
        self.anywhere.push(Index::new(abi));
    }

    /// Returns the name of the contract at an address.
    #[must_use]
    pub fn name(&self, address: Address) -> Option<&str> {
        self.contracts
            .get(&address)
            .map(|entry| entry.name.as_str())
    }

    /// Lists the named addresses in ascending order.
    pub fn names(&self) -> impl Iterator<Item = (Address, &str)> {
        self.contracts
            .iter()
            .map(|(address, entry)| (*address, entry.name.as_str()))
    }

    /// Finds the function that a call of `address` with `input` means.
    #[must_use]
    pub fn function(&self, address: Address, input: &[u8]) -> Option<&Function> {
        let selector = Selector::from(*input.first_chunk::<4>()?);
        let mut known = self
            .abis(address)
            .filter_map(|abi| abi.functions.get(&selector))
            .flatten();
        known.find(|function| decode_input(function, input).is_ok())
    }

    /// Decodes a call's function and arguments.
    #[must_use]
    pub fn decode_call(&self, address: Address, input: &[u8]) -> Option<DecodedCall> {
        let function = self.function(address, input)?;
        Some(DecodedCall {
            name: function.name.clone(),
            signature: function.signature(),
            arguments: decode_input(function, input).ok()?,
        })
    }

    /// Decodes what a call returned; nothing when the function is unknown or the data do not fit.
    #[must_use]
    pub fn decode_output(
        &self,
        address: Address,
        input: &[u8],
        output: &[u8],
    ) -> Option<Vec<NamedValue>> {
        let function = self.function(address, input)?;
        decode_output(function, output).ok()
    }

    /// Decodes a log.
    ///
    /// Events that share a signature and differ in what is indexed, as the `Transfer` of ERC-20 and
    /// ERC-721 do, are told apart by the number of topics.
    #[must_use]
    pub fn decode_log(&self, address: Address, topics: &[B256], data: &[u8]) -> Option<DecodedLog> {
        self.abis(address).find_map(|abi| {
            // Anonymous events fit nearly everything, so named ones go first.
            let named = topics.first().and_then(|topic| abi.events.get(topic));
            let mut fitting = named.into_iter().flatten().chain(&abi.anonymous_events);
            fitting.find_map(|event| decode_event(event, topics, data))
        })
    }

    /// Decodes the data of a revert that came from `address`.
    #[must_use]
    pub fn decode_revert(&self, address: Address, data: &[u8]) -> RevertReason {
        let selector = data
            .first_chunk::<4>()
            .map(|selector| Selector::from(*selector));
        let known = self
            .abis(address)
            .filter_map(|abi| abi.errors.get(&selector?))
            .flatten();
        RevertReason::decode(data, known)
    }

    /// The ABI at an address, those without one, then the others by address.
    fn abis(&self, address: Address) -> impl Iterator<Item = &Index> {
        let own = self
            .contracts
            .get(&address)
            .and_then(|entry| entry.abi.as_ref());
        let others = self
            .contracts
            .iter()
            .filter(move |(other, _)| **other != address);
        own.into_iter()
            .chain(&self.anywhere)
            .chain(others.filter_map(|(_, entry)| entry.abi.as_ref()))
    }
}

/// Decodes a log by one event; nothing when it is another event's.
fn decode_event(event: &Event, topics: &[B256], data: &[u8]) -> Option<DecodedLog> {
    if event.num_topics() != topics.len() {
        return None;
    }
    if !event.anonymous && topics.first() != Some(&event.selector()) {
        return None;
    }
    let decoded = event.decode_log_parts(topics.iter().copied(), data).ok()?;
    let (mut indexed, mut body) = (decoded.indexed.iter(), decoded.body.iter());
    let mut parameters = Vec::with_capacity(event.inputs.len());
    for param in &event.inputs {
        let value = if param.indexed {
            indexed.next()
        } else {
            body.next()
        }?;
        parameters.push(NamedValue::of_event(param, value));
    }
    Some(DecodedLog {
        name: event.name.clone(),
        signature: event.signature(),
        parameters,
    })
}
