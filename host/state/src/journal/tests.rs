//! One test for each rule, run under every revision's rules it speaks about.

use alloy_primitives::{Address, B256, Bytes, KECCAK256_EMPTY, U256, keccak256};

use super::*;
use crate::{
    AccessStatus::{Cold, Warm},
    AccountInfo, JournalRules, MemoryDb, NonceOverflow, StateDbMut, TransferError, WarmSet,
};

const FRONTIER: JournalRules = JournalRules::FRONTIER;
const SPURIOUS: JournalRules = JournalRules::SPURIOUS_DRAGON;
const BERLIN: JournalRules = JournalRules::BERLIN;
const CANCUN: JournalRules = JournalRules::CANCUN;
const ALL: [JournalRules; 4] = [FRONTIER, SPURIOUS, BERLIN, CANCUN];

/// Has 100 wei, nonce 1.
const RICH: Address = Address::repeat_byte(1);
/// A contract with slot 1 = 11, 5 wei.
const CONTRACT: Address = Address::repeat_byte(2);
/// Exists and is empty.
const EMPTY: Address = Address::repeat_byte(3);
/// Does not exist.
const ABSENT: Address = Address::repeat_byte(4);
/// Has only storage: slot 1 = 44 (EIP-7610).
const HOLLOW: Address = Address::repeat_byte(5);
const RIPEMD: Address = Address::with_last_byte(3);

fn word(value: u64) -> U256 {
    U256::from(value)
}

fn world() -> MemoryDb {
    let info = |balance, nonce| AccountInfo {
        balance: word(balance),
        nonce,
        ..AccountInfo::default()
    };
    let mut db = MemoryDb::new();
    db.insert_account(RICH, info(100, 1));
    db.insert_account(CONTRACT, info(5, 1));
    db.set_code(CONTRACT, Bytes::from_static(&[0x60, 0x00]));
    db.set_storage(CONTRACT, word(1), word(11));
    db.insert_account(EMPTY, info(0, 0));
    db.set_storage(HOLLOW, word(1), word(44));
    db
}

fn id(journal: &mut Journal<'_>, address: Address) -> AccountId {
    journal.peek(address).unwrap()
}

/// Runs `steps` as a whole transaction and returns the world after it.
fn after(rules: JournalRules, steps: impl FnOnce(&mut Journal<'_>)) -> MemoryDb {
    after_in(world(), rules, steps)
}

fn after_in(
    mut db: MemoryDb,
    rules: JournalRules,
    steps: impl FnOnce(&mut Journal<'_>),
) -> MemoryDb {
    let mut journal = Journal::new(&db, rules);
    steps(&mut journal);
    let changes = journal.finish();
    db.apply(&changes).unwrap();
    db
}

fn balance(db: &MemoryDb, address: Address) -> Option<u64> {
    db.get(&address).map(|account| account.info.balance.to())
}

#[test]
fn first_access_to_an_account_is_cold_from_berlin_on() {
    let db = world();
    for rules in ALL {
        let first = if rules.access_status { Cold } else { Warm };
        let mut journal = Journal::new(&db, rules);
        for address in [RICH, ABSENT] {
            assert_eq!(journal.is_cold(address), first == Cold);
            assert_eq!(journal.load(address).unwrap().1, first);
            assert!(!journal.is_cold(address));
            assert_eq!(journal.load(address).unwrap().1, Warm);
        }
    }
}

#[test]
fn first_access_to_a_slot_is_cold_from_berlin_on() {
    let db = world();
    for rules in ALL {
        let first = if rules.access_status { Cold } else { Warm };
        let mut journal = Journal::new(&db, rules);
        let contract = id(&mut journal, CONTRACT);
        for key in [word(1), word(2)] {
            assert_eq!(journal.storage_is_cold(contract, key), first == Cold);
            assert_eq!(journal.storage_load(contract, key).unwrap().status, first);
            assert!(!journal.storage_is_cold(contract, key));
            assert_eq!(journal.storage_load(contract, key).unwrap().status, Warm);
        }
        let store = journal.storage_store(contract, word(3), word(1)).unwrap();
        assert_eq!(store.status, first);
    }
}

#[test]
fn a_frame_that_fails_leaves_cold_what_it_warmed() {
    let db = world();
    let mut journal = Journal::new(&db, BERLIN);
    let contract = id(&mut journal, CONTRACT);
    let checkpoint = journal.checkpoint();
    journal.load(RICH).unwrap();
    journal.storage_load(contract, word(1)).unwrap();
    journal.revert_to(checkpoint);
    assert!(journal.is_cold(RICH));
    assert!(journal.storage_is_cold(contract, word(1)));
    assert_eq!(journal.load(RICH).unwrap().1, Cold);
    let load = journal.storage_load(contract, word(1)).unwrap();
    assert_eq!((load.value, load.status), (word(11), Cold));
}

#[test]
fn what_is_warm_from_the_start_stays_warm_when_a_frame_fails() {
    let db = world();
    let warm_set: WarmSet = [RIPEMD].into_iter().collect();
    let mut journal = Journal::new(&db, BERLIN);
    journal.set_warm_set(&warm_set);
    journal.warm_address(CONTRACT);
    journal.warm_slot(CONTRACT, word(1));
    journal.warm_slot(RICH, word(9));
    assert!(
        journal.is_cold(RICH),
        "a warm slot does not warm its account"
    );
    for _ in 0..2 {
        let checkpoint = journal.checkpoint();
        assert!(!journal.is_cold(RIPEMD) && !journal.is_cold(CONTRACT));
        assert_eq!(journal.load(RIPEMD).unwrap().1, Warm);
        let (contract, status) = journal.load(CONTRACT).unwrap();
        assert_eq!(status, Warm);
        assert!(!journal.storage_is_cold(contract, word(1)));
        let load = journal.storage_load(contract, word(1)).unwrap();
        assert_eq!((load.value, load.status), (word(11), Warm));
        journal.revert_to(checkpoint);
    }
}

#[test]
fn peeking_leaves_the_access_status_alone() {
    let db = world();
    let mut journal = Journal::new(&db, BERLIN);
    let contract = journal.peek(CONTRACT).unwrap();
    assert_eq!(journal.storage_peek(contract, word(1)).unwrap(), word(11));
    assert!(journal.is_cold(CONTRACT) && journal.storage_is_cold(contract, word(1)));
    assert_eq!(journal.load(CONTRACT).unwrap(), (contract, Cold));
    assert_eq!(
        journal.storage_load(contract, word(1)).unwrap().status,
        Cold
    );
}

#[test]
fn a_store_tells_original_current_and_new() {
    let db = world();
    let mut journal = Journal::new(&db, CANCUN);
    let contract = id(&mut journal, CONTRACT);
    for (new, current) in [(12, 11), (12, 12), (0, 12), (11, 0)] {
        let store = journal.storage_store(contract, word(1), word(new)).unwrap();
        assert_eq!(store.original, word(11));
        assert_eq!(store.current, word(current));
        assert_eq!(store.new, word(new));
    }
    assert!(journal.finish().is_empty(), "the slot is what it was");
}

#[test]
fn existence_is_emptiness_under_state_clearing_and_presence_before() {
    // Address, exists on Frontier, exists from Spurious Dragon on.
    let cases = [
        (RICH, true, true),
        (CONTRACT, true, true),
        (EMPTY, true, false),
        (ABSENT, false, false),
    ];
    let db = world();
    for (address, before, since) in cases {
        for rules in ALL {
            let mut journal = Journal::new(&db, rules);
            let account = id(&mut journal, address);
            let expected = if rules.state_clearing { since } else { before };
            assert_eq!(journal.exists(account), expected, "{address} {rules:?}");
            journal.touch(account);
            let expected = if rules.state_clearing { since } else { true };
            assert_eq!(
                journal.exists(account),
                expected,
                "{address} touched {rules:?}"
            );
        }
    }
}

#[test]
fn a_touched_empty_account_vanishes_or_comes_to_be() {
    for rules in ALL {
        for address in [EMPTY, ABSENT] {
            let db = after(rules, |journal| {
                let (from, to) = (id(journal, RICH), id(journal, address));
                journal.transfer(from, to, U256::ZERO).unwrap();
            });
            assert_eq!(
                db.get(&address).is_some(),
                !rules.state_clearing,
                "{rules:?}"
            );
        }
        let untouched = after(rules, |journal| {
            journal.load(EMPTY).unwrap();
        });
        assert_eq!(untouched, world());
    }
}

#[test]
fn a_touch_is_undone_except_that_of_account_3_under_state_clearing() {
    for rules in ALL {
        for address in [EMPTY, RIPEMD] {
            let mut db = world();
            db.insert_account(RIPEMD, AccountInfo::default());
            let db = after_in(db, rules, |journal| {
                let checkpoint = journal.checkpoint();
                let (target, _) = journal.load(address).unwrap();
                journal.touch(target);
                journal.revert_to(checkpoint);
            });
            let vanishes = rules.state_clearing && address == RIPEMD;
            assert_eq!(db.get(&address).is_none(), vanishes, "{address} {rules:?}");
        }
    }
}

#[test]
fn a_transfer_moves_value_or_changes_nothing() {
    let mut db = world();
    db.insert_account(
        EMPTY,
        AccountInfo {
            balance: U256::MAX,
            ..AccountInfo::default()
        },
    );
    // From, to, value, outcome.
    let cases = [
        (RICH, ABSENT, 100, Ok(())),
        (RICH, ABSENT, 101, Err(TransferError::InsufficientBalance)),
        (RICH, RICH, 100, Ok(())),
        (RICH, RICH, 101, Err(TransferError::InsufficientBalance)),
        (RICH, EMPTY, 1, Err(TransferError::BalanceOverflow)),
        (ABSENT, RICH, 0, Ok(())),
    ];
    for (from, to, value, outcome) in cases {
        let mut journal = Journal::new(&db, CANCUN);
        let (payer, payee) = (id(&mut journal, from), id(&mut journal, to));
        let start = (
            journal.account(payer).balance(),
            journal.account(payee).balance(),
        );
        assert_eq!(journal.transfer(payer, payee, word(value)), outcome);
        let end = (
            journal.account(payer).balance(),
            journal.account(payee).balance(),
        );
        if outcome.is_ok() && from != to {
            assert_eq!(end, (start.0 - word(value), start.1 + word(value)));
        } else {
            assert_eq!(end, start);
            assert!(outcome.is_ok() || journal.finish().is_empty());
        }
    }
}

#[test]
fn balances_and_nonces_do_not_wrap() {
    let db = world();
    let mut journal = Journal::new(&db, CANCUN);
    let rich = id(&mut journal, RICH);
    assert_eq!(
        journal.sub_balance(rich, word(101)),
        Err(TransferError::InsufficientBalance)
    );
    assert_eq!(
        journal.add_balance(rich, U256::MAX),
        Err(TransferError::BalanceOverflow)
    );
    assert_eq!(journal.increment_nonce(rich), Ok(1));
    assert_eq!(journal.account(rich).nonce(), 2);
    journal.set_nonce(rich, u64::MAX);
    assert_eq!(journal.increment_nonce(rich), Err(NonceOverflow));
    assert_eq!(journal.account(rich).nonce(), u64::MAX);
}

#[test]
fn a_nonce_code_or_storage_is_a_collision() {
    let db = world();
    for rules in ALL {
        let mut journal = Journal::new(&db, rules);
        for (address, collides) in [
            (RICH, true),
            (CONTRACT, true),
            (HOLLOW, true),
            (EMPTY, false),
            (ABSENT, false),
        ] {
            let account = id(&mut journal, address);
            assert_eq!(
                journal.has_collision(account).unwrap(),
                collides,
                "{address}"
            );
        }
        let absent = id(&mut journal, ABSENT);
        journal.create_account(absent);
        assert_eq!(
            journal.has_collision(absent).unwrap(),
            rules.state_clearing,
            "the nonce of a new contract is 1 only under state clearing"
        );
    }
}

#[test]
fn a_new_contract_keeps_its_balance_and_starts_with_the_nonce_of_its_revision() {
    let mut funded = world();
    funded.insert_account(
        EMPTY,
        AccountInfo {
            balance: word(7),
            ..AccountInfo::default()
        },
    );
    for rules in ALL {
        let db = after_in(funded.clone(), rules, |journal| {
            let target = id(journal, EMPTY);
            journal.create_account(target);
            let code = Bytes::from_static(b"\x00");
            let hash = keccak256(&code);
            journal.set_code(target, code, hash);
            journal.storage_store(target, word(1), word(2)).unwrap();
        });
        let account = db.get(&EMPTY).unwrap();
        assert_eq!(account.info.balance, word(7));
        assert_eq!(account.info.nonce, u64::from(rules.state_clearing));
        assert_eq!(
            db.get_code(&account.info.code_hash).unwrap().as_ref(),
            b"\x00"
        );
        assert_eq!(account.storage(&word(1)), word(2));
    }
}

#[test]
fn creating_over_storage_replaces_it_and_undoing_brings_it_back() {
    for rules in ALL {
        let db = after(rules, |journal| {
            let hollow = id(journal, HOLLOW);
            let checkpoint = journal.checkpoint();
            journal.create_account(hollow);
            assert_eq!(
                journal.storage_load(hollow, word(1)).unwrap().value,
                U256::ZERO
            );
            journal.revert_to(checkpoint);
            assert_eq!(
                journal.storage_load(hollow, word(1)).unwrap().value,
                word(44)
            );
            let checkpoint = journal.checkpoint();
            journal.create_account(hollow);
            let store = journal.storage_store(hollow, word(1), word(9)).unwrap();
            assert_eq!((store.original, store.current), (U256::ZERO, U256::ZERO));
            journal.revert_to(checkpoint);
            assert_eq!(
                journal.storage_load(hollow, word(1)).unwrap().value,
                word(44)
            );
            journal.create_account(hollow);
            journal.storage_store(hollow, word(2), word(8)).unwrap();
        });
        assert_eq!(
            db.get(&HOLLOW).unwrap().sorted_storage(),
            [(word(2), word(8))]
        );
    }
}

#[test]
fn an_empty_contract_stays_only_before_state_clearing_or_with_its_nonce() {
    for rules in ALL {
        let db = after(rules, |journal| {
            let target = id(journal, ABSENT);
            journal.create_account(target);
        });
        let account = db.get(&ABSENT).unwrap();
        assert_eq!(account.info.nonce, u64::from(rules.state_clearing));
    }
}

#[test]
fn self_destruction_pays_the_target_and_deletes_by_revision() {
    // Rules, created in the transaction, gone afterwards.
    let cases = [
        (FRONTIER, false, true),
        (SPURIOUS, false, true),
        (BERLIN, false, true),
        (CANCUN, false, false),
        (FRONTIER, true, true),
        (CANCUN, true, true),
    ];
    for (rules, created, gone) in cases {
        let address = if created { ABSENT } else { CONTRACT };
        let db = after(rules, |journal| {
            let (rich, account) = (id(journal, RICH), id(journal, address));
            if created {
                journal.create_account(account);
                journal.transfer(rich, account, word(5)).unwrap();
            }
            let answer = journal.selfdestruct(account, EMPTY).unwrap();
            assert!(answer.had_value && !answer.previously_destroyed);
            assert_eq!(answer.target_exists, !rules.state_clearing);
            assert_eq!(answer.target_status.is_cold(), rules.access_status);
            let again = journal.selfdestruct(account, EMPTY).unwrap();
            assert_eq!(again.previously_destroyed, gone);
            assert!(!again.had_value && again.target_exists);
            assert_eq!(again.target_status, Warm);
        });
        assert_eq!(db.get(&address).is_none(), gone, "{rules:?} {created}");
        assert_eq!(balance(&db, EMPTY), Some(5));
        if !gone {
            let account = db.get(&address).unwrap();
            assert_eq!(account.info.balance, U256::ZERO);
            assert_eq!(account.storage(&word(1)), word(11));
        }
    }
}

#[test]
fn self_destruction_to_itself_burns_only_what_is_deleted() {
    for rules in ALL {
        let db = after(rules, |journal| {
            let contract = id(journal, CONTRACT);
            assert!(
                journal
                    .selfdestruct(contract, CONTRACT)
                    .unwrap()
                    .target_exists
            );
        });
        let kept = rules.selfdestruct_only_created.then_some(5);
        assert_eq!(balance(&db, CONTRACT), kept);

        let db = after(rules, |journal| {
            let (rich, fresh) = (id(journal, RICH), id(journal, ABSENT));
            journal.create_account(fresh);
            journal.transfer(rich, fresh, word(5)).unwrap();
            journal.selfdestruct(fresh, ABSENT).unwrap();
            assert_eq!(journal.account(fresh).balance(), U256::ZERO);
        });
        assert_eq!(balance(&db, ABSENT), None);
        assert_eq!(balance(&db, RICH), Some(95));
    }
}

#[test]
fn value_sent_to_a_destroyed_account_is_lost_with_it() {
    for rules in [FRONTIER, SPURIOUS, BERLIN] {
        let db = after(rules, |journal| {
            let (rich, contract) = (id(journal, RICH), id(journal, CONTRACT));
            journal.selfdestruct(contract, RICH).unwrap();
            journal.transfer(rich, contract, word(50)).unwrap();
            assert!(
                journal.account(contract).has_code(),
                "it runs until the end"
            );
            assert_eq!(
                journal.storage_load(contract, word(1)).unwrap().value,
                word(11)
            );
        });
        assert_eq!(balance(&db, CONTRACT), None);
        assert_eq!(balance(&db, RICH), Some(55));
    }
}

#[test]
fn undoing_gives_back_everything_a_frame_changed() {
    for rules in ALL {
        let db = world();
        let mut journal = Journal::new(&db, rules);
        let (rich, contract) = (id(&mut journal, RICH), id(&mut journal, CONTRACT));
        let absent = id(&mut journal, ABSENT);
        journal.transient_store(contract, word(1), word(1));
        journal.log(CONTRACT, &[B256::ZERO], b"kept");
        let checkpoint = journal.checkpoint();

        journal.create_account(absent);
        journal.transfer(rich, absent, word(9)).unwrap();
        journal.set_code(absent, Bytes::from_static(b"x"), keccak256(b"x"));
        journal.set_code(contract, Bytes::new(), KECCAK256_EMPTY);
        journal.increment_nonce(rich).unwrap();
        journal.storage_store(contract, word(1), word(2)).unwrap();
        journal.transient_store(contract, word(1), word(0));
        journal.transient_store(contract, word(2), word(5));
        journal.log(RICH, &[], b"lost");
        journal.selfdestruct(absent, EMPTY).unwrap();
        journal.revert_to(checkpoint);

        let account = journal.account(absent);
        assert!(account.is_empty() && !account.is_created());
        assert!(!account.is_touched() && !account.is_destroyed());
        assert_eq!(journal.account(rich).info(), &db.get(&RICH).unwrap().info);
        assert_eq!(journal.code(contract).unwrap().as_ref(), &[0x60, 0x00]);
        assert_eq!(journal.storage_peek(contract, word(1)).unwrap(), word(11));
        assert_eq!(journal.transient_load(contract, word(1)), word(1));
        assert_eq!(journal.transient_load(contract, word(2)), word(0));
        assert_eq!(journal.logs().len(), 1);
        let changes = journal.finish();
        assert!(changes.accounts().is_empty());
        assert_eq!(changes.logs().get(0).unwrap().data, b"kept");
    }
}

#[test]
fn changes_are_sorted_and_hold_only_what_differs() {
    let db = world();
    let mut journal = Journal::new(&db, CANCUN);
    let contract = id(&mut journal, CONTRACT);
    for key in [9, 3, 7] {
        journal
            .storage_store(contract, word(key), word(key))
            .unwrap();
    }
    journal.storage_store(contract, word(1), word(0)).unwrap();
    let (rich, absent) = (id(&mut journal, RICH), id(&mut journal, ABSENT));
    journal.transfer(rich, absent, word(1)).unwrap();
    let empty = id(&mut journal, EMPTY);
    journal.touch(empty);

    let changes = journal.finish();
    let addresses: Vec<_> = changes
        .accounts()
        .iter()
        .map(|account| account.address)
        .collect();
    assert_eq!(addresses, [RICH, CONTRACT, EMPTY, ABSENT]);
    let (change, storage) = changes.get(&CONTRACT).unwrap();
    assert_eq!(change.before, change.after);
    let slots: Vec<_> = storage
        .iter()
        .map(|slot| (slot.key.to(), slot.before.to(), slot.after.to()))
        .collect::<Vec<(u64, u64, u64)>>();
    assert_eq!(slots, [(1, 11, 0), (3, 0, 3), (7, 0, 7), (9, 0, 9)]);
    assert!(changes.get(&EMPTY).unwrap().0.is_deleted());
    let (change, _) = changes.get(&ABSENT).unwrap();
    assert_eq!(
        (change.before, change.after.map(|info| info.balance)),
        (None, Some(word(1)))
    );

    let json = serde_json::to_value(&changes).unwrap();
    assert_eq!(json["accounts"][1]["storage"][0]["after"], "0x0");
    assert_eq!(json["accounts"][2]["deleted"], true);
    assert_eq!(json["accounts"][3]["after"]["nonce"], 0);
}

#[test]
fn memory_used_again_holds_nothing_of_the_transaction_before() {
    let db = world();
    let mut journal = Journal::new(&db, CANCUN);
    let contract = id(&mut journal, CONTRACT);
    for key in 0..100_000 {
        journal.storage_store(contract, word(key), word(1)).unwrap();
    }
    journal.transient_store(contract, word(1), word(1));
    journal.log(CONTRACT, &[], b"");
    let mut changes = crate::StateChanges::new();
    journal.finish_into(&mut changes);
    assert_eq!(changes.storage(&changes.accounts()[0]).len(), 100_000);

    let mut buffers = journal.into_buffers();
    for _ in 0..3 {
        let mut journal = Journal::with_buffers(&db, CANCUN, buffers);
        assert!(journal.is_cold(CONTRACT) && journal.logs().is_empty());
        let contract = id(&mut journal, CONTRACT);
        assert_eq!(
            journal.storage_load(contract, word(1)).unwrap().status,
            Cold
        );
        assert_eq!(
            journal.storage_load(contract, word(2)).unwrap().value,
            U256::ZERO
        );
        assert_eq!(journal.transient_load(contract, word(1)), U256::ZERO);
        journal.finish_into(&mut changes);
        assert!(changes.is_empty());
        buffers = journal.into_buffers();
    }
}

/// A store that has accounts and cannot read storage, code, blocks or the account [`ABSENT`].
struct Broken(MemoryDb);

impl StateDb for Broken {
    fn account(&self, address: &Address) -> Result<Option<AccountInfo>, StateError> {
        if *address == ABSENT {
            Err(failure())
        } else {
            self.0.account(address)
        }
    }
    fn code(&self, _: &B256) -> Result<Bytes, StateError> {
        Err(failure())
    }
    fn storage(&self, _: &Address, _: &U256) -> Result<U256, StateError> {
        Err(failure())
    }
    fn has_storage(&self, _: &Address) -> Result<bool, StateError> {
        Err(failure())
    }
    fn block_hash(&self, _: u64) -> Result<B256, StateError> {
        Err(failure())
    }
}

fn failure() -> StateError {
    StateError::Backend {
        operation: "read",
        source: "the disk is gone".into(),
    }
}

#[test]
fn a_failing_store_is_an_error_and_changes_nothing() {
    let db = Broken(world());
    for rules in ALL {
        let mut journal = Journal::new(&db, rules);
        let error = journal.load(ABSENT).unwrap_err();
        assert_eq!(error.to_string(), "the state store failed to read");
        assert!(journal.peek(ABSENT).is_err() && journal.block_hash(1).is_err());
        assert_eq!(journal.is_cold(ABSENT), rules.access_status);

        let contract = id(&mut journal, CONTRACT);
        assert!(journal.code(contract).is_err());
        assert!(journal.storage_peek(contract, word(1)).is_err());
        for _ in 0..2 {
            assert!(journal.storage_load(contract, word(1)).is_err());
            assert!(journal.storage_store(contract, word(1), word(2)).is_err());
            assert_eq!(
                journal.storage_is_cold(contract, word(1)),
                rules.access_status
            );
        }
        assert!(journal.selfdestruct(contract, ABSENT).is_err());
        assert_eq!(journal.account(contract).balance(), word(5));
        let empty = id(&mut journal, EMPTY);
        assert!(journal.has_collision(empty).is_err());
        assert!(journal.finish().is_empty());
    }
}

#[test]
fn a_new_contract_needs_no_storage_of_the_store() {
    let db = Broken(world());
    let mut journal = Journal::new(&db, CANCUN);
    let empty = id(&mut journal, EMPTY);
    journal.create_account(empty);
    assert_eq!(
        journal.storage_load(empty, word(1)).unwrap().value,
        U256::ZERO
    );
}

#[test]
fn a_journal_can_move_to_another_thread() {
    fn assert_send<T: Send>() {}
    assert_send::<Journal<'static>>();
    assert_send::<JournalBuffers>();
    assert_send::<crate::StateChanges>();
}
