//! The calls of the protocol at the start and the end of a block, on the contracts of mainnet.
#![allow(clippy::unwrap_used, reason = "a test")]

use alloy_eips::{eip2935, eip4788, eip7002, eip7251};
use alloy_primitives::{Address, B256, Bytes, U256};
use proz_host::{
    Block, ChainConfig, Host, Revision, SearchPath, StatusCode, Transaction, VmFactoryConfig,
    transaction::{
        BEACON_ROOTS_ADDRESS, BlockEndError, CONSOLIDATION_REQUEST_ADDRESS,
        HISTORY_STORAGE_ADDRESS, SYSTEM_ADDRESS, WITHDRAWAL_REQUEST_ADDRESS,
    },
};
use proz_state::{AccountInfo, MemoryDb};
use proz_tests::plugins_dir;

const ROOT: B256 = B256::repeat_byte(0xbe);
const PARENT: B256 = B256::repeat_byte(0xaa);
const USER: Address = Address::repeat_byte(0x11);

fn host(revision: Revision) -> Host {
    let plugins = VmFactoryConfig {
        search_path: SearchPath::explicit([plugins_dir()]),
        ..VmFactoryConfig::default()
    };
    Host::new(ChainConfig::ethereum(revision), plugins).unwrap()
}

fn block(number: u64) -> Block {
    Block {
        number,
        timestamp: 1_700_000_000 + 12 * number,
        gas_limit: 30_000_000,
        chain_id: 1,
        ..Block::default()
    }
}

/// All four contracts, and a rich user.
fn world() -> MemoryDb {
    let mut state = MemoryDb::new();
    for (address, code) in [
        (BEACON_ROOTS_ADDRESS, &eip4788::BEACON_ROOTS_CODE),
        (HISTORY_STORAGE_ADDRESS, &eip2935::HISTORY_STORAGE_CODE),
        (
            WITHDRAWAL_REQUEST_ADDRESS,
            &eip7002::WITHDRAWAL_REQUEST_PREDEPLOY_CODE,
        ),
        (
            CONSOLIDATION_REQUEST_ADDRESS,
            &eip7251::CONSOLIDATION_REQUEST_PREDEPLOY_CODE,
        ),
    ] {
        let info = AccountInfo {
            nonce: 1,
            ..AccountInfo::default()
        };
        state.insert_account(address, info);
        state.set_code(address, code.clone());
    }
    // What the constructors of the last two leave: no requests until a first block has ended.
    for address in [WITHDRAWAL_REQUEST_ADDRESS, CONSOLIDATION_REQUEST_ADDRESS] {
        state.set_storage(address, U256::ZERO, U256::MAX);
    }
    let rich = AccountInfo {
        balance: U256::from(10).pow(U256::from(20)),
        ..AccountInfo::default()
    };
    state.insert_account(USER, rich);
    state
}

/// Sends `value` wei with `input` from the user.
#[track_caller]
fn send(host: &Host, block: &Block, state: &mut MemoryDb, to: Address, value: u64, input: Bytes) {
    let transaction = Transaction {
        sender: USER,
        to: Some(to),
        gas_limit: 1_000_000,
        value: U256::from(value),
        input,
        chain_id: Some(1),
        ..Transaction::default()
    };
    let result = host.transact(block, state, &transaction).unwrap();
    assert!(result.is_success(), "{}", result.status);
}

/// What a contract answers to a user.
fn ask(host: &Host, block: &Block, state: &MemoryDb, to: Address, word: u64) -> (bool, Bytes) {
    let transaction = Transaction {
        sender: USER,
        to: Some(to),
        gas_limit: 1_000_000,
        input: U256::from(word).to_be_bytes::<32>().into(),
        ..Transaction::default()
    };
    let result = host.call(block, state, &transaction).unwrap();
    (result.is_success(), result.return_data)
}

#[test]
fn addresses_are_those_of_the_eips() {
    assert_eq!(SYSTEM_ADDRESS, eip4788::SYSTEM_ADDRESS);
    assert_eq!(BEACON_ROOTS_ADDRESS, eip4788::BEACON_ROOTS_ADDRESS);
    assert_eq!(HISTORY_STORAGE_ADDRESS, eip2935::HISTORY_STORAGE_ADDRESS);
    assert_eq!(
        WITHDRAWAL_REQUEST_ADDRESS,
        eip7002::WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS
    );
    assert_eq!(
        CONSOLIDATION_REQUEST_ADDRESS,
        eip7251::CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS
    );
}

#[test]
fn a_block_begins_with_the_beacon_root_and_the_parents_hash() {
    let host = host(Revision::Prague);
    let (mut state, block) = (world(), block(100));
    host.start_block(&block, &mut state, Some(ROOT), PARENT)
        .unwrap();
    let word = |hash: B256| (true, Bytes::from(hash.0));
    assert_eq!(
        ask(&host, &block, &state, BEACON_ROOTS_ADDRESS, block.timestamp),
        word(ROOT)
    );
    assert_eq!(
        ask(&host, &block, &state, HISTORY_STORAGE_ADDRESS, 99),
        word(PARENT)
    );
    // Not for a time without a block, nor for this block itself.
    let other_time = block.timestamp + 1;
    assert!(!ask(&host, &block, &state, BEACON_ROOTS_ADDRESS, other_time).0);
    assert!(!ask(&host, &block, &state, HISTORY_STORAGE_ADDRESS, 100).0);
    // Nobody paid, and the system's account did not come to be.
    assert!(state.get(&SYSTEM_ADDRESS).is_none());
    assert!(state.get(&block.coinbase.into()).is_none());
}

#[test]
fn each_revision_makes_its_own_calls() {
    for (revision, roots, hashes) in [
        (Revision::Shanghai, false, false),
        (Revision::Cancun, true, false),
        (Revision::Prague, true, true),
        (Revision::Osaka, true, true),
    ] {
        let host = host(revision);
        let mut state = world();
        host.start_block(&block(7), &mut state, Some(ROOT), PARENT)
            .unwrap();
        let has_slots = |address| state.get(&address).unwrap().has_storage();
        assert_eq!(has_slots(BEACON_ROOTS_ADDRESS), roots, "{revision}");
        assert_eq!(has_slots(HISTORY_STORAGE_ADDRESS), hashes, "{revision}");
    }
}

#[test]
fn a_chain_without_the_contracts_begins_its_blocks_unchanged() {
    let host = host(Revision::Osaka);
    let mut state = MemoryDb::new();
    host.start_block(&block(7), &mut state, Some(ROOT), PARENT)
        .unwrap();
    assert!(state.is_empty());
}

#[test]
fn a_block_ends_with_the_requests_that_were_made_in_it() {
    let host = host(Revision::Osaka);
    let (mut state, block) = (world(), block(7));
    assert_eq!(
        host.end_block(&block, &mut state).unwrap(),
        Vec::<Bytes>::new()
    );

    // Spec: EIP-7002, public key and amount; EIP-7251, two public keys.
    let amount = 1_000_000_u64;
    let withdrawal = [&[7; 48][..], &amount.to_be_bytes()].concat();
    let consolidation = [[8; 48], [9; 48]].concat();
    let mut nonce = 0;
    for (to, input) in [
        (WITHDRAWAL_REQUEST_ADDRESS, withdrawal),
        (CONSOLIDATION_REQUEST_ADDRESS, consolidation),
    ] {
        send(&host, &block, &mut state, to, 1, input.into());
        nonce += 1;
    }
    assert_eq!(state.get(&USER).unwrap().info.nonce, nonce);

    let requests = host.end_block(&block, &mut state).unwrap();
    let expected = [
        [&[1][..], USER.as_slice(), &[7; 48], &amount.to_le_bytes()].concat(),
        [&[2][..], USER.as_slice(), &[8; 48], &[9; 48]].concat(),
    ];
    assert_eq!(requests, expected.map(Bytes::from));
    // The queues are empty afterwards.
    assert_eq!(
        host.end_block(&block, &mut state).unwrap(),
        Vec::<Bytes>::new()
    );
    assert!(state.get(&SYSTEM_ADDRESS).is_none());
}

#[test]
fn a_block_cannot_end_without_the_contracts_of_requests() {
    let host = host(Revision::Prague);
    let mut state = world();
    state.remove_account(&CONSOLIDATION_REQUEST_ADDRESS);
    match host.end_block(&block(7), &mut state).unwrap_err() {
        BlockEndError::ContractMissing {
            address,
            request_type,
        } => assert_eq!((address, request_type), (CONSOLIDATION_REQUEST_ADDRESS, 2)),
        other => panic!("expected a missing contract, found {other}"),
    }
    let mut state = world();
    state.set_code(WITHDRAWAL_REQUEST_ADDRESS, Bytes::from_static(&[0xfe]));
    match host.end_block(&block(7), &mut state).unwrap_err() {
        BlockEndError::CallFailed { status, .. } => {
            assert_eq!(status.0, StatusCode::INVALID_INSTRUCTION);
        }
        other => panic!("expected a failed call, found {other}"),
    }
    // Before Prague there is nothing to do.
    let mut empty = MemoryDb::new();
    let cancun = self::host(Revision::Cancun);
    assert!(cancun.end_block(&block(7), &mut empty).unwrap().is_empty());
}

/// Spec: EIP-4788 and its successors: the call counts neither against the block's gas limit nor
/// against the cap of a transaction (EIP-7825).
#[test]
fn system_calls_have_their_own_gas() {
    let host = host(Revision::Osaka);
    let mut state = world();
    // Stores what gas there is.
    state.set_code(
        HISTORY_STORAGE_ADDRESS,
        Bytes::from_static(&[0x5a, 0x5f, 0x55]),
    );
    let small = Block {
        gas_limit: 5_000,
        ..block(7)
    };
    host.start_block(&small, &mut state, None, PARENT).unwrap();
    let gas = state
        .get(&HISTORY_STORAGE_ADDRESS)
        .unwrap()
        .storage(&U256::ZERO);
    assert_eq!(gas, U256::from(30_000_000 - 2));
}
