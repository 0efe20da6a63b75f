//! Which ABI generations a plugin speaks.
//!
//! A generation is a frozen set of interface types; generations are numbered from 1. A library may carry entry points of
//! several generations, so a manifest names a set.

use std::collections::BTreeSet;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Most generations that one manifest may name.
const MAX_GENERATIONS: usize = 64;

/// The `abi` table of a manifest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AbiRange {
    /// The ABI generations that the library speaks: one number or a list of numbers.
    pub generation: AbiGenerations,
}

/// A non-empty set of ABI generation numbers.
///
/// In text `1` and `[1]` are the same; one generation is written as a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AbiGenerations(BTreeSet<u32>);

impl AbiGenerations {
    /// Returns the set that holds only `generation`.
    pub fn only(generation: u32) -> Self {
        Self(BTreeSet::from([generation]))
    }

    /// Tells whether `generation` is in the set.
    pub fn contains(&self, generation: u32) -> bool {
        self.0.contains(&generation)
    }

    /// Walks the generations in ascending order.
    pub fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        self.0.iter().copied()
    }

    /// Returns the newest generation that both this set and `supported` hold.
    pub fn newest_common(&self, supported: &[u32]) -> Option<u32> {
        self.0
            .iter()
            .rev()
            .copied()
            .find(|generation| supported.contains(generation))
    }
}

impl fmt::Display for AbiGenerations {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, generation) in self.0.iter().enumerate() {
            let separator = if index > 0 { ", " } else { "" };
            write!(formatter, "{separator}{generation}")?;
        }
        Ok(())
    }
}

impl Serialize for AbiGenerations {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.first() {
            Some(generation) if self.0.len() == 1 => serializer.serialize_u32(*generation),
            _ => self.0.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for AbiGenerations {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Generations;

        impl<'de> Visitor<'de> for Generations {
            type Value = AbiGenerations;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an ABI generation (1 or more) or a list of them")
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<AbiGenerations, E> {
                checked(number).map(AbiGenerations::only)
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<AbiGenerations, E> {
                checked(number).map(AbiGenerations::only)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<AbiGenerations, A::Error> {
                let mut generations = BTreeSet::new();
                while let Some(number) = list.next_element::<i64>()? {
                    if generations.len() == MAX_GENERATIONS {
                        return Err(de::Error::custom(format_args!(
                            "more than {MAX_GENERATIONS} ABI generations"
                        )));
                    }
                    if !generations.insert(checked(number)?) {
                        return Err(de::Error::custom(format_args!(
                            "ABI generation {number} is listed twice"
                        )));
                    }
                }
                if generations.is_empty() {
                    return Err(de::Error::invalid_length(0, &self));
                }
                Ok(AbiGenerations(generations))
            }
        }

        deserializer.deserialize_any(Generations)
    }
}

impl JsonSchema for AbiGenerations {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "AbiGenerations".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let generation = json_schema!({ "type": "integer", "minimum": 1, "maximum": u32::MAX });
        json_schema!({
            "oneOf": [
                generation,
                {
                    "type": "array",
                    "items": generation,
                    "minItems": 1,
                    "maxItems": MAX_GENERATIONS,
                    "uniqueItems": true,
                },
            ],
        })
    }
}

fn checked<N: TryInto<u32> + fmt::Display + Copy, E: de::Error>(number: N) -> Result<u32, E> {
    match number.try_into() {
        Ok(generation) if generation >= 1 => Ok(generation),
        _ => Err(E::custom(format_args!(
            "ABI generation {number} does not exist, expected 1 or more"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<AbiGenerations, toml::de::Error> {
        toml::from_str::<AbiRange>(&format!("generation = {text}")).map(|range| range.generation)
    }

    #[test]
    fn a_number_and_a_list_of_one_are_the_same() {
        assert_eq!(parse("1").unwrap(), parse("[1]").unwrap());
        assert_eq!(parse("[3, 1]").unwrap().to_string(), "1, 3");
    }

    #[test]
    fn refuses_zero_negative_repeated_empty_and_textual_generations() {
        for text in [
            "0",
            "-1",
            "4294967296",
            "[]",
            "[1, 1]",
            "[0]",
            "\"1\"",
            "1.0",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_newest_common_generation_is_chosen() {
        let generations = parse("[1, 2, 4]").unwrap();
        assert_eq!(generations.newest_common(&[1, 2, 3]), Some(2));
        assert_eq!(generations.newest_common(&[3]), None);
    }
}
