//! The journal against a naive model that clones its whole world at each checkpoint.
//!
//! Random transactions with nested frames run on both, under the rules of every revision. After
//! every step all that can be observed must agree, and at the end the world that is left.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::{BTreeMap, BTreeSet};

use alloy_primitives::{Address, B256, Bytes, KECCAK256_EMPTY, U256, keccak256};
use proptest::prelude::*;
use proz_state::{
    AccountInfo, Journal, JournalBuffers, JournalRules, LogRef, MemoryDb, StateChanges, StateDbMut,
    WarmSet,
};

const RULES: [JournalRules; 4] = [
    JournalRules::FRONTIER,
    JournalRules::SPURIOUS_DRAGON,
    JournalRules::BERLIN,
    JournalRules::CANCUN,
];
const RIPEMD: Address = Address::with_last_byte(3);
const KEYS: u64 = 3;

/// An account of each kind.
const ADDRESSES: [Address; 6] = [
    // The store has it, empty; it is also warm from the start.
    RIPEMD,
    // With balance, nonce, code and storage.
    Address::repeat_byte(1),
    // With a balance only.
    Address::repeat_byte(2),
    // With storage only.
    Address::repeat_byte(4),
    // Absent.
    Address::repeat_byte(5),
    Address::with_last_byte(0xff),
];
const CODES: [&[u8]; 3] = [b"", b"\x00", b"\x5b\x5b"];

fn world() -> MemoryDb {
    let mut db = MemoryDb::new();
    let info = |balance: u64, nonce| AccountInfo {
        balance: U256::from(balance),
        nonce,
        ..AccountInfo::default()
    };
    db.insert_account(ADDRESSES[0], info(0, 0));
    db.insert_account(ADDRESSES[1], info(9, 1));
    db.set_code(ADDRESSES[1], Bytes::from_static(CODES[1]));
    db.set_storage(ADDRESSES[1], U256::ZERO, U256::from(5));
    db.set_storage(ADDRESSES[1], U256::from(1), U256::from(6));
    db.insert_account(ADDRESSES[2], info(20, 0));
    db.set_storage(ADDRESSES[3], U256::from(1), U256::from(7));
    db
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Load(usize),
    StorageLoad(usize, u64),
    StorageStore(usize, u64, u64),
    TransientStore(usize, u64, u64),
    Transfer(usize, usize, u64),
    AddBalance(usize, u64),
    SubBalance(usize, u64),
    IncrementNonce(usize),
    SetNonce(usize, u64),
    SetCode(usize, usize),
    Touch(usize),
    Create(usize),
    SelfDestruct(usize, usize),
    Log(usize, usize),
    Checkpoint,
    /// Undoes the given number of open frames, at least one.
    Revert(usize),
    Commit,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    use Step::*;
    let account = 0..ADDRESSES.len();
    let (key, value) = (0..KEYS, 0..3u64);
    let step = prop_oneof![
        2 => account.clone().prop_map(Load),
        3 => (account.clone(), key.clone()).prop_map(|(a, k)| StorageLoad(a, k)),
        4 => (account.clone(), key.clone(), value.clone())
            .prop_map(|(a, k, v)| StorageStore(a, k, v)),
        2 => (account.clone(), key, value).prop_map(|(a, k, v)| TransientStore(a, k, v)),
        3 => (account.clone(), account.clone(), 0..12u64).prop_map(|(a, b, v)| Transfer(a, b, v)),
        1 => (account.clone(), 0..3u64).prop_map(|(a, v)| AddBalance(a, v)),
        1 => (account.clone(), 0..3u64).prop_map(|(a, v)| SubBalance(a, v)),
        1 => account.clone().prop_map(IncrementNonce),
        1 => (account.clone(), prop_oneof![Just(0), Just(u64::MAX)])
            .prop_map(|(a, n)| SetNonce(a, n)),
        2 => (account.clone(), 0..CODES.len()).prop_map(|(a, c)| SetCode(a, c)),
        1 => account.clone().prop_map(Touch),
        3 => account.clone().prop_map(Create),
        2 => (account.clone(), account.clone()).prop_map(|(a, b)| SelfDestruct(a, b)),
        1 => (account, 0..5usize).prop_map(|(a, n)| Log(a, n)),
        5 => Just(Checkpoint),
        3 => (1..4usize).prop_map(Revert),
        2 => Just(Commit),
    ];
    prop::collection::vec(step, 1..40)
}

#[derive(Clone, Debug, Default)]
struct ModelAccount {
    existed: bool,
    info: AccountInfo,
    touched: bool,
    created: bool,
    destroyed: bool,
    warm: bool,
    original: BTreeMap<U256, U256>,
    storage: BTreeMap<U256, U256>,
    warm_slots: BTreeSet<U256>,
    transient: BTreeMap<U256, U256>,
}

impl ModelAccount {
    fn slot(&self, key: U256) -> U256 {
        self.storage.get(&key).copied().unwrap_or_default()
    }
}

#[derive(Clone, Debug)]
struct Model {
    rules: JournalRules,
    accounts: Vec<ModelAccount>,
    logs: Vec<(Address, Vec<B256>, Vec<u8>)>,
}

impl Model {
    fn new(db: &MemoryDb, rules: JournalRules) -> Self {
        let account = |address: &Address| {
            let stored = db.get(address);
            let storage: BTreeMap<_, _> = stored
                .map(|account| account.sorted_storage())
                .unwrap_or_default()
                .into_iter()
                .collect();
            ModelAccount {
                existed: stored.is_some(),
                info: stored.map(|account| account.info).unwrap_or_default(),
                original: storage.clone(),
                storage,
                ..ModelAccount::default()
            }
        };
        Self {
            rules,
            accounts: ADDRESSES.iter().map(account).collect(),
            logs: Vec::new(),
        }
    }

    fn is_cold(&self, account: usize) -> bool {
        self.rules.access_status && !self.accounts[account].warm && account != 0
    }

    fn is_slot_cold(&self, account: usize, key: U256) -> bool {
        self.rules.access_status && !self.accounts[account].warm_slots.contains(&key)
    }

    fn exists(&self, account: usize) -> bool {
        let account = &self.accounts[account];
        if self.rules.state_clearing {
            !account.info.is_empty()
        } else {
            account.existed || account.touched
        }
    }

    /// The world after the transaction.
    fn finish(&self) -> MemoryDb {
        let mut db = MemoryDb::new();
        for (address, account) in ADDRESSES.iter().zip(&self.accounts) {
            let cleared = self.rules.state_clearing && account.touched && account.info.is_empty();
            let is_there = account.existed || account.touched;
            if account.destroyed || cleared || !is_there {
                continue;
            }
            db.insert_account(*address, account.info);
            for (key, value) in &account.storage {
                db.set_storage(*address, *key, *value);
            }
        }
        db
    }
}

/// Both sides of the comparison, with the frames open in them.
struct Run<'db> {
    journal: Journal<'db>,
    model: Model,
    frames: Vec<(proz_state::Checkpoint, Model)>,
}

impl Run<'_> {
    fn step(&mut self, step: Step) {
        let journal = &mut self.journal;
        let model = &mut self.model;
        let mut id = |account: usize| journal.peek(ADDRESSES[account]).unwrap();
        match step {
            Step::Load(a) => {
                let (_, status) = journal.load(ADDRESSES[a]).unwrap();
                assert_eq!(status.is_cold(), model.is_cold(a));
                model.accounts[a].warm = true;
            }
            Step::StorageLoad(a, key) => {
                let (id, key) = (id(a), U256::from(key));
                let load = journal.storage_load(id, key).unwrap();
                assert_eq!(load.status.is_cold(), model.is_slot_cold(a, key));
                assert_eq!(load.value, model.accounts[a].slot(key));
                model.accounts[a].warm_slots.insert(key);
            }
            Step::StorageStore(a, key, value) => {
                let (id, key, value) = (id(a), U256::from(key), U256::from(value));
                let store = journal.storage_store(id, key, value).unwrap();
                assert_eq!(store.status.is_cold(), model.is_slot_cold(a, key));
                let account = &mut model.accounts[a];
                assert_eq!(store.current, account.slot(key));
                let original = account.original.get(&key).copied().unwrap_or_default();
                assert_eq!((store.original, store.new), (original, value));
                account.touched |= store.current != value;
                account.storage.insert(key, value);
                account.warm_slots.insert(key);
            }
            Step::TransientStore(a, key, value) => {
                let (id, key, value) = (id(a), U256::from(key), U256::from(value));
                journal.transient_store(id, key, value);
                model.accounts[a].transient.insert(key, value);
            }
            Step::Transfer(a, b, value) => {
                let (from, to, value) = (id(a), id(b), U256::from(value));
                let moved = journal.transfer(from, to, value).is_ok();
                assert_eq!(moved, model.accounts[a].info.balance >= value);
                if moved {
                    model.accounts[a].info.balance -= value;
                    model.accounts[b].info.balance += value;
                    model.accounts[a].touched |= !value.is_zero();
                    model.accounts[b].touched = true;
                }
            }
            Step::AddBalance(a, value) => {
                let id = id(a);
                journal.add_balance(id, U256::from(value)).unwrap();
                model.accounts[a].info.balance += U256::from(value);
                model.accounts[a].touched = true;
            }
            Step::SubBalance(a, value) => {
                let id = id(a);
                let account = &mut model.accounts[a];
                let taken = journal.sub_balance(id, U256::from(value)).is_ok();
                assert_eq!(taken, account.info.balance >= U256::from(value));
                if taken {
                    account.info.balance -= U256::from(value);
                    account.touched = true;
                }
            }
            Step::IncrementNonce(a) => {
                let id = id(a);
                let account = &mut model.accounts[a];
                let before = journal.increment_nonce(id).ok();
                assert_eq!(
                    before,
                    (account.info.nonce != u64::MAX).then_some(account.info.nonce)
                );
                if before.is_some() {
                    account.info.nonce += 1;
                    account.touched = true;
                }
            }
            Step::SetNonce(a, nonce) => {
                let id = id(a);
                journal.set_nonce(id, nonce);
                model.accounts[a].info.nonce = nonce;
                model.accounts[a].touched = true;
            }
            Step::SetCode(a, code) => {
                let id = id(a);
                let code = Bytes::from_static(CODES[code]);
                let hash = keccak256(&code);
                journal.set_code(id, code, hash);
                model.accounts[a].info.code_hash = hash;
                model.accounts[a].touched = true;
            }
            Step::Touch(a) => {
                let id = id(a);
                journal.touch(id);
                model.accounts[a].touched = true;
            }
            Step::Create(a) => {
                let id = id(a);
                let has_code_or_nonce = {
                    let info = &model.accounts[a].info;
                    info.nonce != 0 || info.code_hash != KECCAK256_EMPTY
                };
                let account = &mut model.accounts[a];
                // Accounts 1 and 3 have storage; account 1 can lose its code and nonce.
                let has_storage = [1, 3].contains(&a) && !account.created;
                let collides = journal.has_collision(id).unwrap();
                assert_eq!(collides, has_code_or_nonce || has_storage);
                // A host of old may create over storage; no host creates over code.
                if !has_code_or_nonce && !account.created {
                    journal.create_account(id);
                    account.created = true;
                    account.touched = true;
                    account.storage.clear();
                    account.original.clear();
                    account.info.nonce = u64::from(model.rules.state_clearing);
                }
            }
            Step::SelfDestruct(a, b) => {
                let id = id(a);
                let answer = journal.selfdestruct(id, ADDRESSES[b]).unwrap();
                assert_eq!(answer.target_status.is_cold(), model.is_cold(b));
                assert_eq!(answer.target_exists, model.exists(b));
                model.accounts[b].warm = true;
                let account = &mut model.accounts[a];
                let destroys = account.created || !model.rules.selfdestruct_only_created;
                let balance = account.info.balance;
                assert_eq!(answer.had_value, !balance.is_zero());
                assert_eq!(answer.previously_destroyed, account.destroyed);
                if destroys || a != b {
                    account.destroyed |= destroys;
                    account.info.balance = U256::ZERO;
                    account.touched = true;
                }
                if a != b {
                    model.accounts[b].info.balance += balance;
                    model.accounts[b].touched = true;
                }
            }
            Step::Log(a, topics) => {
                let topics = vec![B256::repeat_byte(7); topics];
                let data = vec![1; topics.len() * 3];
                journal.log(ADDRESSES[a], &topics, &data);
                model.logs.push((ADDRESSES[a], topics, data));
            }
            Step::Checkpoint => self.frames.push((journal.checkpoint(), model.clone())),
            Step::Commit => drop(self.frames.pop()),
            Step::Revert(count) => {
                let open = self.frames.len().saturating_sub(count);
                let undone = self.frames.drain(open..).next();
                if let Some((checkpoint, before)) = undone {
                    journal.revert_to(checkpoint);
                    let touched = model.rules.state_clearing && model.accounts[0].touched;
                    *model = before;
                    model.accounts[0].touched |= touched;
                    // The exemption reaches every frame that is still open.
                    for (_, outer) in &mut self.frames {
                        outer.accounts[0].touched |= touched;
                    }
                }
            }
        }
    }

    /// Compares all that can be seen.
    fn compare(&mut self) {
        let (journal, model) = (&mut self.journal, &self.model);
        for (a, account) in model.accounts.iter().enumerate() {
            assert_eq!(journal.is_cold(ADDRESSES[a]), model.is_cold(a));
            let id = journal.peek(ADDRESSES[a]).unwrap();
            assert_eq!(journal.is_cold(ADDRESSES[a]), model.is_cold(a));
            assert_eq!(journal.exists(id), model.exists(a));
            let entry = journal.account(id);
            assert_eq!(entry.info(), &account.info);
            assert_eq!(entry.is_created(), account.created);
            assert_eq!(entry.is_destroyed(), account.destroyed);
            assert_eq!(entry.is_touched(), account.touched);
            let code = journal.code(id).unwrap();
            assert_eq!(keccak256(code), account.info.code_hash);
            for key in (0..KEYS).map(U256::from) {
                assert_eq!(journal.storage_is_cold(id, key), model.is_slot_cold(a, key));
                assert_eq!(journal.storage_peek(id, key).unwrap(), account.slot(key));
                assert_eq!(journal.storage_is_cold(id, key), model.is_slot_cold(a, key));
                let transient = account.transient.get(&key).copied().unwrap_or_default();
                assert_eq!(journal.transient_load(id, key), transient);
            }
        }
        let logs: Vec<_> = journal
            .logs()
            .iter()
            .map(
                |LogRef {
                     address,
                     topics,
                     data,
                 }| (address, topics.to_vec(), data.to_vec()),
            )
            .collect();
        assert_eq!(logs, model.logs);
    }
}

/// Runs `steps` and returns the run with the journal's memory coming from `buffers`.
fn run<'db>(
    db: &'db MemoryDb,
    warm_set: &'db WarmSet,
    rules: JournalRules,
    buffers: JournalBuffers,
    steps: &[Step],
) -> Run<'db> {
    let mut journal = Journal::with_buffers(db, rules, buffers);
    journal.set_warm_set(warm_set);
    let mut model = Model::new(db, rules);
    // An access list: an account, a slot of another, a slot of an absent one.
    journal.warm_address(ADDRESSES[2]);
    model.accounts[2].warm = true;
    for (a, key) in [(1, U256::ZERO), (3, U256::from(1)), (4, U256::from(2))] {
        journal.warm_slot(ADDRESSES[a], key);
        model.accounts[a].warm_slots.insert(key);
    }
    let mut run = Run {
        journal,
        model,
        frames: Vec::new(),
    };
    for step in steps {
        run.step(*step);
    }
    run
}

/// What the changes say must be so: before is the old world, nothing listed is unchanged.
fn check_changes(db: &MemoryDb, after: &MemoryDb, changes: &StateChanges) {
    let addresses: Vec<_> = changes
        .accounts()
        .iter()
        .map(|account| account.address)
        .collect();
    assert!(addresses.is_sorted_by(|a, b| a < b));
    for (change, slots) in changes.iter() {
        let before = db.get(&change.address);
        let after = after.get(&change.address);
        assert_eq!(change.before, before.map(|account| account.info));
        assert_eq!(change.after, after.map(|account| account.info));
        assert!(change.before != change.after || !slots.is_empty() || change.created);
        assert!(change.after.is_some() || slots.is_empty());
        assert!(slots.is_sorted_by(|a, b| a.key < b.key));
        for slot in slots {
            assert_ne!(slot.before, slot.after);
            let stored = before
                .map(|account| account.storage(&slot.key))
                .unwrap_or_default();
            assert_eq!(
                slot.before,
                if change.created { U256::ZERO } else { stored }
            );
            assert_eq!(
                after.map(|account| account.storage(&slot.key)),
                Some(slot.after)
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn the_journal_agrees_with_the_model_after_every_step(steps in steps()) {
        let db = world();
        let warm_set: WarmSet = [RIPEMD].into_iter().collect();
        for rules in RULES {
            let mut buffers = JournalBuffers::default();
            // A comparison loads everything, so each step is compared on a run of its own.
            for end in 0..=steps.len() {
                let mut run = run(&db, &warm_set, rules, buffers, &steps[..end]);
                run.compare();
                buffers = run.journal.into_buffers();
            }
            for compared in [false, true] {
                let mut run = run(&db, &warm_set, rules, buffers, &steps);
                if compared {
                    run.compare();
                }
                let changes = run.journal.finish();
                let mut after = db.clone();
                after.apply(&changes).unwrap();
                prop_assert_eq!(&after, &run.model.finish());
                prop_assert_eq!(after.state_root(), run.model.finish().state_root());
                check_changes(&db, &after, &changes);
                buffers = run.journal.into_buffers();
            }
        }
    }
}
