//! What the journal costs: each access, a frame's undoing, a whole transaction.
//!
//! `cargo bench -p proz-state --bench journal`

use std::{hint::black_box, time::Duration};

use alloy_primitives::{Address, U256};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use proz_state::{
    AccountInfo, Journal, JournalBuffers, JournalRules, MemoryDb, StateChanges, StateDbMut,
};

const RULES: JournalRules = JournalRules::LATEST;
const SENDER: Address = Address::repeat_byte(1);
const RECIPIENT: Address = Address::repeat_byte(2);
const COINBASE: Address = Address::repeat_byte(3);
const SLOTS: u64 = 64;

fn world() -> MemoryDb {
    let mut db = MemoryDb::new();
    for address in [SENDER, RECIPIENT, COINBASE] {
        let balance = U256::from(1) << 100;
        db.insert_account(
            address,
            AccountInfo {
                balance,
                nonce: 1,
                ..AccountInfo::default()
            },
        );
    }
    for key in 0..SLOTS {
        db.set_storage(RECIPIENT, U256::from(key), U256::from(key + 1));
    }
    db
}

fn accesses(criterion: &mut Criterion) {
    let db = world();
    let mut journal = Journal::new(&db, RULES);
    let (id, _) = journal
        .load(RECIPIENT)
        .unwrap_or_else(|error| panic!("{error}"));
    let mut key = 0;
    let mut next = || {
        key = (key + 1) % SLOTS;
        U256::from(key)
    };
    criterion.bench_function("load account, warm", |bench| {
        bench.iter(|| journal.load(black_box(RECIPIENT)).is_ok());
    });
    criterion.bench_function("load slot, warm", |bench| {
        bench.iter(|| {
            journal
                .storage_load(id, black_box(next()))
                .map(|load| load.value)
                .ok()
        });
    });
    let checkpoint = journal.checkpoint();
    let mut value = 0;
    criterion.bench_function("store slot, warm, new value", |bench| {
        bench.iter(|| {
            value += 1;
            // Forget the steps back now and then, or they fill the memory.
            if value % 4096 == 0 {
                journal.revert_to(checkpoint);
            }
            journal
                .storage_store(id, black_box(next()), U256::from(value))
                .is_ok()
        });
    });
    criterion.bench_function("checkpoint, store, revert", |bench| {
        bench.iter(|| {
            let checkpoint = journal.checkpoint();
            let stored = journal
                .storage_store(id, black_box(next()), U256::from(7))
                .is_ok();
            journal.revert_to(checkpoint);
            stored
        });
    });
    criterion.bench_function("transient store and load", |bench| {
        bench.iter(|| {
            let key = black_box(next());
            let checkpoint = journal.checkpoint();
            journal.transient_store(id, key, U256::from(7));
            let value = journal.transient_load(id, key);
            journal.revert_to(checkpoint);
            value
        });
    });
    criterion.bench_function("64 slots, cold", |bench| {
        bench.iter_batched_ref(
            || Journal::new(&db, RULES),
            |journal| {
                let id = journal.load(RECIPIENT).map(|(id, _)| id).ok()?;
                (0..SLOTS)
                    .map(|key| {
                        journal
                            .storage_load(id, U256::from(key))
                            .map(|load| load.value)
                    })
                    .try_fold(U256::ZERO, |sum, value| value.map(|value| sum + value))
                    .ok()
            },
            BatchSize::SmallInput,
        );
    });
}

/// A transfer without code: what a host does around an empty frame.
fn transaction(
    db: &MemoryDb,
    buffers: JournalBuffers,
    changes: &mut StateChanges,
) -> JournalBuffers {
    let mut journal = Journal::with_buffers(db, RULES, buffers);
    let fee = U256::from(21_000);
    let mut run = || {
        journal.warm_address(COINBASE);
        let (sender, _) = journal.load(SENDER).ok()?;
        let (recipient, _) = journal.load(RECIPIENT).ok()?;
        journal.sub_balance(sender, fee).ok()?;
        journal.increment_nonce(sender).ok()?;
        let _checkpoint = journal.checkpoint();
        journal.transfer(sender, recipient, U256::from(1)).ok()?;
        let coinbase = journal.peek(COINBASE).ok()?;
        journal.add_balance(coinbase, fee).ok()
    };
    assert!(run().is_some(), "the transfer is funded");
    journal.finish_into(changes);
    journal.into_buffers()
}

fn transactions(criterion: &mut Criterion) {
    let mut db = world();
    let mut changes = StateChanges::new();
    let mut buffers = Some(transaction(&db, JournalBuffers::default(), &mut changes));
    assert_eq!(changes.accounts().len(), 3);
    criterion.bench_function("transfer transaction", |bench| {
        bench.iter(|| {
            let memory = buffers.take().unwrap_or_default();
            buffers = Some(transaction(&db, memory, &mut changes));
        });
    });
    criterion.bench_function("apply a transfer", |bench| {
        bench.iter(|| db.apply(black_box(&changes)).is_ok());
    });
    criterion.bench_function("empty transaction", |bench| {
        bench.iter(|| {
            let memory = buffers.take().unwrap_or_default();
            let mut journal = Journal::with_buffers(&db, RULES, memory);
            journal.finish_into(&mut changes);
            buffers = Some(journal.into_buffers());
        });
    });
    criterion.bench_function("state root, one account changed", |bench| {
        let mut nonce = 0;
        bench.iter(|| {
            nonce += 1;
            db.insert_account(
                SENDER,
                AccountInfo {
                    nonce,
                    ..AccountInfo::default()
                },
            );
            db.state_root()
        });
    });
}

criterion_group! {
    name = journal;
    config = Criterion::default()
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_millis(600))
        .sample_size(20);
    targets = accesses, transactions
}
criterion_main!(journal);
