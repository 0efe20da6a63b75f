//! The behaviour of a release as one hash: outcomes, gas and refusals of a fixed set of vectors.
//!
//! A chain specification may pin it. A build with one changed price or limit then cannot be loaded
//! under the version whose behaviour was pinned. The vectors of a VM type lie beside the manifest,
//! in `TYPE.vectors.toml`; they are part of the hash.

use super::Generation;
use crate::{
    chain::{ChainConfig, ReleaseKey},
    container,
    execution::{ActiveMachine, ExecutionError, ExecutionResult, VmSet},
    transaction::{Mode, TransactOptions, Transaction, transact},
};
use alloy_primitives::{Address, B256, Bytes, Keccak256, U256, address};
use proz_interface::abi_stable::std_types::RSlice;
use proz_interface::v1::{BlockContext, Revision, VmError};
use proz_manifest::VECTORS_SUFFIX;
use proz_state::{AccountInfo, MemoryDb, StateChanges};
use serde::Deserialize;
use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
};

/// Largest file of vectors, in bytes.
const MAX_FILE_BYTES: u64 = 16 << 20;

const DOMAIN: &[u8] = b"proz-behaviour/1";
const SENDER: Address = address!("00000000000000000000000000000000000a11ce");
const CONTRACT: Address = address!("00000000000000000000000000000000000070c3");
/// An account with balance and no code, for calls and reads.
const OTHER: Address = address!("000000000000000000000000000000000000bbbb");

/// What a release is asked to do.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vectors {
    /// The single vectors, in order.
    #[serde(rename = "vector")]
    vectors: Vec<Vector>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Vector {
    /// For people.
    name: String,
    /// Code of the VM; absent for a precompile.
    #[serde(default)]
    code: Bytes,
    /// The precompile that is called instead of code.
    #[serde(default)]
    address: Option<Address>,
    #[serde(default)]
    input: Bytes,
    gas: u64,
    /// Whether the code is deployed, with `input` for its constructor.
    #[serde(default)]
    create: bool,
}

/// Why a behaviour could not be told.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FingerprintError {
    /// There are no vectors, or they cannot be read.
    #[error("cannot read the vectors {}", file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file holds no vectors.
    #[error("{} holds no vectors: {detail}", file.display())]
    Malformed {
        /// The file.
        file: PathBuf,
        /// What is wrong and where.
        detail: String,
    },
    /// A vector ended in no outcome.
    #[error("vector `{name}` could not be executed")]
    Execution {
        /// Its name.
        name: String,
        /// Why.
        source: Box<ExecutionError>,
    },
    /// The release behaves otherwise than its specification says.
    #[error(
        "{release} behaves otherwise than the chain specification says: expected {expected}, found {found}"
    )]
    Differs {
        /// The release.
        release: ReleaseKey,
        /// What is pinned.
        expected: B256,
        /// What it does.
        found: B256,
    },
}

impl Vectors {
    /// Reads the vectors of a VM type that lie beside a manifest.
    ///
    /// # Errors
    ///
    /// [`FingerprintError::Read`], [`FingerprintError::Malformed`].
    pub fn beside(manifest: &Path, vm_type: &str) -> Result<Self, FingerprintError> {
        let file = manifest.with_file_name(format!("{vm_type}{VECTORS_SUFFIX}"));
        let read = || {
            let size = fs::metadata(&file)?.len();
            if size > MAX_FILE_BYTES {
                let detail = format!("{size} bytes, at most {MAX_FILE_BYTES} are read");
                return Err(io::Error::other(detail));
            }
            fs::read_to_string(&file)
        };
        let text = read().map_err(|source| FingerprintError::Read {
            file: file.clone(),
            source,
        })?;
        toml::from_str(&text).map_err(|error| FingerprintError::Malformed {
            file,
            detail: error.to_string(),
        })
    }
}

impl Generation {
    /// Runs the vectors under each rule set that the release runs.
    ///
    /// # Errors
    ///
    /// [`FingerprintError::Execution`].
    pub(crate) fn fingerprint(&self, vectors: &Vectors) -> Result<B256, FingerprintError> {
        let mut hasher = Keccak256::new();
        hasher.update(DOMAIN);
        let machines = self.machine.iter().map(|machine| ActiveMachine {
            machine: machine.clone(),
            answers_for: BTreeSet::new(),
        });
        let precompiles = self.pack.iter().flat_map(|pack| pack.precompiles.clone());
        let set = VmSet::new(machines.collect(), precompiles.collect(), true);
        for revision in Revision::ALL.iter().copied() {
            let runs = |g: &Self| {
                g.machine
                    .as_ref()
                    .is_none_or(|m| m.revisions.contains(&revision))
            };
            if !runs(self) {
                continue;
            }
            hasher.update(revision.0.to_be_bytes());
            for vector in &vectors.vectors {
                self.run(&set, revision, vector, &mut hasher)
                    .map_err(|source| FingerprintError::Execution {
                        name: vector.name.clone(),
                        source: Box::new(source),
                    })?;
            }
        }
        Ok(hasher.finalize())
    }

    fn run(
        &self,
        set: &VmSet,
        revision: Revision,
        vector: &Vector,
        hasher: &mut Keccak256,
    ) -> Result<(), ExecutionError> {
        for part in [&vector.code, &vector.input] {
            hasher.update((part.len() as u64).to_be_bytes());
            hasher.update(part);
        }
        if let (Some(machine), None) = (&self.machine, vector.address) {
            let verdict = machine.vm.validate_code(RSlice::from_slice(&vector.code));
            let verdict = Result::<(), VmError>::from(verdict);
            let refusal = verdict.err().map(|e| (e.code().0, e.offset()));
            let (code, offset) = refusal.unwrap_or_default();
            hasher.update(code.to_be_bytes());
            hasher.update(offset.unwrap_or(u64::MAX).to_be_bytes());
        }
        let result = self.execute(set, revision, vector, vector.gas)?;
        absorb(&result, hasher);
        if result.is_success() && result.gas_spent > 0 {
            // Where exactly the gas runs out.
            let less = self.execute(set, revision, vector, result.gas_spent - 1)?;
            absorb(&less, hasher);
        }
        Ok(())
    }

    fn execute(
        &self,
        set: &VmSet,
        revision: Revision,
        vector: &Vector,
        gas_limit: u64,
    ) -> Result<ExecutionResult, ExecutionError> {
        let mut rules = ChainConfig::prozchain().rules(revision);
        rules.containers = true;
        let vm_type = self.identity.vm_type.as_str();
        let code: Bytes = match vm_type {
            "evm" => vector.code.clone(),
            _ => container::encode(vm_type, "", &vector.code)
                .unwrap_or_default()
                .into(),
        };
        let mut db = world();
        let target = vector.address.unwrap_or(CONTRACT);
        let (to, input) = if vector.create {
            (None, [&code[..], &vector.input].concat().into())
        } else {
            if vector.address.is_none() {
                db.set_code(CONTRACT, code);
            }
            (Some(target), vector.input.clone())
        };
        let transaction = Transaction {
            sender: SENDER,
            to,
            gas_limit,
            input,
            ..Transaction::default()
        };
        // A call of the protocol is a frame and nothing around it; a creation needs its sender.
        let mode = if vector.create {
            Mode::Simulation
        } else {
            Mode::System
        };
        let options = TransactOptions {
            mode,
            ..TransactOptions::default()
        };
        transact(set, &rules, &BLOCK, &db, &transaction, options)
    }
}

/// The block that vectors run in: no field is zero.
const BLOCK: BlockContext = BlockContext {
    number: 1_000,
    timestamp: 2_000,
    gas_limit: 30_000_000,
    chain_id: 1,
    coinbase: proz_interface::v1::Address([0xc0; 20]),
    base_fee: proz_interface::v1::Word([7, 0, 0, 0]),
    difficulty: proz_interface::v1::Word([9, 0, 0, 0]),
    prev_randao: proz_interface::v1::B256([0xab; 32]),
    blob_base_fee: proz_interface::v1::Word([3, 0, 0, 0]),
};

fn world() -> MemoryDb {
    let mut db = MemoryDb::new();
    let rich = AccountInfo {
        balance: U256::from(1) << 96,
        nonce: 1,
        ..AccountInfo::default()
    };
    for account in [SENDER, CONTRACT, OTHER] {
        db.insert_account(account, rich);
    }
    for (key, value) in [(0, 0), (1, 1), (2, u64::MAX)] {
        db.set_storage(CONTRACT, U256::from(key), U256::from(value));
    }
    for number in 900..1_000 {
        db.set_block_hash(number, B256::repeat_byte(number as u8));
    }
    db
}

fn absorb(result: &ExecutionResult, hasher: &mut Keccak256) {
    hasher.update(result.status.0.0.to_be_bytes());
    for number in [result.gas_used, result.gas_spent, result.gas_refunded] {
        hasher.update(number.to_be_bytes());
    }
    hasher.update((result.return_data.len() as u64).to_be_bytes());
    hasher.update(&result.return_data);
    absorb_changes(&result.state_changes, hasher);
}

fn absorb_changes(changes: &StateChanges, hasher: &mut Keccak256) {
    for (account, slots) in changes.iter() {
        hasher.update(account.address);
        if let Some(after) = &account.after {
            hasher.update(after.nonce.to_be_bytes());
            hasher.update(after.balance.to_be_bytes::<32>());
            hasher.update(after.code_hash);
        }
        for slot in slots {
            hasher.update(slot.key.to_be_bytes::<32>());
            hasher.update(slot.after.to_be_bytes::<32>());
        }
    }
    for log in changes.logs().iter() {
        hasher.update(log.address);
        hasher.update((log.topics.len() as u64).to_be_bytes());
        for topic in log.topics {
            hasher.update(topic);
        }
        hasher.update((log.data.len() as u64).to_be_bytes());
        hasher.update(log.data);
    }
}
