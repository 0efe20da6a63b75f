//! The canonical form of a specification and the hashes that nodes compare.
//!
//! The canonical form of a part is its JSON without white space, keys in alphabetical order, every
//! key of `spec_version` 1 written out, absent values left out. A later version of the format adds
//! keys under a later number only, so a hash once published stays.
//!
//! ```text
//! H(0)   = keccak256("proz-chain/1" ++ canonical(genesis))
//! H(n+1) = keccak256(H(n) ++ canonical(upgrade n+1))
//! ```
//!
//! A node announces H of the upgrades that have begun, and start and H of the next one, as
//! EIP-2124 does with forks.

use super::{
    ChainSpec,
    file::{File, UpgradeEntry},
};
use crate::chain::Start;
use alloy_primitives::{B256, keccak256};
use serde::Serialize;

const DOMAIN: &[u8] = b"proz-chain/1";

/// Where a node stands in the history of a specification. Spec: in the manner of EIP-2124.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ForkId {
    /// Hash of the genesis part and of the upgrades that have begun.
    pub hash: B256,
    /// Start of the next upgrade and the hash that it leads to, if one is known.
    pub next: Option<(Start, B256)>,
}

/// Why two nodes do not follow one specification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ForkMismatch {
    /// The other node follows another history, or knows nothing of an upgrade that has begun.
    #[error("the other node stands at {found}, which is no point of this specification")]
    Other {
        /// Its hash.
        found: B256,
    },
    /// The other node is at an earlier point and will take another way.
    #[error("the other node is behind and announces {found:?} next, expected {expected:?}")]
    WrongNext {
        /// What this specification has there.
        expected: Option<(Start, B256)>,
        /// What it announces.
        found: Option<(Start, B256)>,
    },
    /// Both stand at one point, but the other announces an upgrade that should have begun here.
    #[error("the other node announces an upgrade at {start} that has begun here and is not known")]
    Missed {
        /// Start of the upgrade.
        start: Start,
    },
    /// Both stand at one point and announce different upgrades next.
    #[error("the other node announces {found:?} next, this one {expected:?}")]
    Announced {
        /// What this specification announces.
        expected: (Start, B256),
        /// What the other announces.
        found: (Start, B256),
    },
}

impl ChainSpec {
    /// The genesis part in canonical form.
    #[must_use]
    pub fn canonical_genesis(&self) -> Vec<u8> {
        canonical(&File::from(self).genesis)
    }

    /// Hashes along the upgrades: the first is of the genesis part, the last of everything.
    #[must_use]
    pub fn hashes(&self) -> Vec<B256> {
        let mut hash = keccak256([DOMAIN, &self.canonical_genesis()[..]].concat());
        let mut hashes = vec![hash];
        for upgrade in &self.upgrades[1..] {
            let form = canonical(&UpgradeEntry::from(upgrade));
            hash = keccak256([hash.as_slice(), &form[..]].concat());
            hashes.push(hash);
        }
        hashes
    }

    /// Hash of the genesis part.
    #[must_use]
    pub fn genesis_hash(&self) -> B256 {
        self.hashes()[0]
    }

    /// Hash of everything, announced upgrades included.
    #[must_use]
    pub fn hash(&self) -> B256 {
        let hashes = self.hashes();
        hashes[hashes.len() - 1]
    }

    /// Where a node at a head stands.
    #[must_use]
    pub fn fork_id(&self, number: u64, timestamp: u64) -> ForkId {
        let hashes = self.hashes();
        let begun = self.begun(number, timestamp);
        ForkId {
            hash: hashes[begun - 1],
            next: self.starts().zip(hashes).nth(begun),
        }
    }

    /// Whether a node that announces `remote` can agree with one at this head.
    ///
    /// # Errors
    ///
    /// [`ForkMismatch`].
    pub fn check_fork_id(
        &self,
        (number, timestamp): (u64, u64),
        remote: ForkId,
    ) -> Result<(), ForkMismatch> {
        let hashes = self.hashes();
        let steps: Vec<(Start, B256)> = self.starts().zip(hashes).collect();
        let begun = self.begun(number, timestamp);
        let place = steps.iter().position(|(_, hash)| *hash == remote.hash);
        let Some(place) = place else {
            return Err(ForkMismatch::Other { found: remote.hash });
        };
        if place + 1 > begun {
            // Ahead of us, along what we have announced.
            return Ok(());
        }
        let expected = steps.get(place + 1).copied();
        if place + 1 < begun {
            return if remote.next == expected {
                Ok(())
            } else {
                Err(ForkMismatch::WrongNext {
                    expected,
                    found: remote.next,
                })
            };
        }
        match (expected, remote.next) {
            (_, Some((start, _))) if start.has_begun(number, timestamp) => {
                Err(ForkMismatch::Missed { start })
            }
            (Some(expected), Some(found)) if expected != found => {
                Err(ForkMismatch::Announced { expected, found })
            }
            // One of the two does not know of the next upgrade yet.
            _ => Ok(()),
        }
    }
}

fn canonical(part: &impl Serialize) -> Vec<u8> {
    #[expect(
        clippy::expect_used,
        reason = "tables of integers, texts and lists; a test writes every field"
    )]
    let value = serde_json::to_value(part).expect("a specification is JSON");
    let mut text = String::new();
    write(&value, &mut text);
    text.into_bytes()
}

/// Writes JSON with sorted keys, whichever order the crate's features keep them in.
fn write(value: &serde_json::Value, text: &mut String) {
    use serde_json::Value;
    match value {
        Value::Array(items) => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                write(item, text);
            }
            text.push(']');
        }
        Value::Object(map) => {
            let sorted: std::collections::BTreeMap<_, _> = map.iter().collect();
            text.push('{');
            for (index, (key, item)) in sorted.into_iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                text.push_str(&Value::from(key.as_str()).to_string());
                text.push(':');
                write(item, text);
            }
            text.push('}');
        }
        scalar => text.push_str(&scalar.to_string()),
    }
}
