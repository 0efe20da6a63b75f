//! Storage, transient storage, accounts, logs.

use crate::kit::{Frame, OTHER, RETURN_TOP, SELF, code, push, push_address};
use proz_sdk::{Revision, StatusCode, Word};
use proz_sdk_testing::mock::MockAccount;
use revm_interpreter::bytecode::opcode as op;

/// Gas and refund of writing a slot `original` to each value in turn, the pushes left out.
fn store(revision: Revision, original: u64, values: &[u64]) -> (u64, i64) {
    let program: Vec<u8> = values
        .iter()
        .flat_map(|value| [op::PUSH1, *value as u8, op::PUSH1, 0, op::SSTORE])
        .collect();
    let mut frame = Frame::new(revision, &program);
    frame.host.state.set_slot(SELF, 0, original);
    let result = frame.run();
    assert_eq!(result.status, StatusCode::SUCCESS);
    (
        100_000 - result.gas_left - 6 * values.len() as u64,
        result.gas_refund,
    )
}

#[test]
fn constantinople_prices_storage_by_eip_1283() {
    // The test cases that the EIP lists: code, used gas, refund, original, values.
    let table: &[(u64, &[u64], u64, i64)] = &[
        (0, &[0, 0], 400, 0),
        (0, &[0, 1], 20_200, 0),
        (0, &[1, 0], 20_200, 19_800),
        (0, &[1, 2], 20_200, 0),
        (0, &[1, 1], 20_200, 0),
        (1, &[0, 0], 5_200, 15_000),
        (1, &[0, 1], 5_200, 4_800),
        (1, &[0, 2], 5_200, 0),
        (1, &[2, 0], 5_200, 15_000),
        (1, &[2, 3], 5_200, 0),
        (1, &[2, 1], 5_200, 4_800),
        (1, &[2, 2], 5_200, 0),
        (1, &[1, 0], 5_200, 15_000),
        (1, &[1, 2], 5_200, 0),
        (1, &[1, 1], 400, 0),
        (0, &[1, 0, 1], 40_200, 19_800),
        (1, &[0, 1, 0], 10_200, 19_800),
    ];
    for (original, values, gas, refund) in table {
        assert_eq!(
            store(Revision::Constantinople, *original, values),
            (*gas, *refund),
            "{original} -> {values:?}"
        );
    }
}

#[test]
fn storage_prices_follow_the_rule_sets() {
    // Rows: original, values; columns by rule set.
    type Row = (u64, &'static [u64], &'static [(Revision, u64, i64)]);
    let rows: &[Row] = &[
        (
            0,
            &[1],
            &[
                (Revision::Frontier, 20_000, 0),
                (Revision::Byzantium, 20_000, 0),
                (Revision::Petersburg, 20_000, 0),
                (Revision::Istanbul, 20_000, 0),
                (Revision::Berlin, 22_100, 0),
                (Revision::Osaka, 22_100, 0),
            ],
        ),
        (
            1,
            &[0],
            &[
                (Revision::Frontier, 5_000, 15_000),
                (Revision::Petersburg, 5_000, 15_000),
                (Revision::Istanbul, 5_000, 15_000),
                (Revision::Berlin, 5_000, 15_000),
                (Revision::London, 5_000, 4_800),
            ],
        ),
        (
            1,
            &[1],
            &[
                (Revision::Petersburg, 5_000, 0),
                (Revision::Constantinople, 200, 0),
                (Revision::Istanbul, 800, 0),
                (Revision::Berlin, 2_200, 0),
            ],
        ),
        (
            0,
            &[1, 0],
            &[
                (Revision::Petersburg, 25_000, 15_000),
                (Revision::Istanbul, 20_800, 19_200),
                (Revision::Berlin, 22_200, 19_900),
                (Revision::London, 22_200, 19_900),
            ],
        ),
    ];
    for (original, values, columns) in rows {
        for (revision, gas, refund) in *columns {
            assert_eq!(
                store(*revision, *original, values),
                (*gas, *refund),
                "{original} -> {values:?} in {revision}"
            );
        }
    }
}

#[test]
fn the_stipend_guard_of_storage_begins_with_istanbul() {
    for (revision, status) in [
        (Revision::Constantinople, StatusCode::SUCCESS),
        (Revision::Istanbul, StatusCode::OUT_OF_GAS),
        (Revision::Osaka, StatusCode::OUT_OF_GAS),
    ] {
        let mut frame = Frame::new(revision, &[op::PUSH1, 1, op::PUSH1, 0, op::SSTORE]);
        frame.host.state.set_slot(SELF, 0, 1);
        frame.message.gas_limit = 6 + 2_300;
        assert_eq!(frame.run().status, status, "{revision}");
    }
}

#[test]
fn loads_cost_by_rule_set_and_first_touch() {
    let cases: &[(Revision, &[u8], u64, u64)] = &[
        (Revision::Frontier, &[op::SLOAD], 50, 50),
        (Revision::TangerineWhistle, &[op::SLOAD], 200, 200),
        (Revision::Istanbul, &[op::SLOAD], 800, 800),
        (Revision::Berlin, &[op::SLOAD], 2_100, 100),
        (Revision::Frontier, &[op::BALANCE], 20, 20),
        (Revision::Istanbul, &[op::BALANCE], 700, 700),
        (Revision::Berlin, &[op::BALANCE], 2_600, 100),
        (Revision::Berlin, &[op::EXTCODESIZE], 2_600, 100),
        (Revision::Berlin, &[op::EXTCODEHASH], 2_600, 100),
        (Revision::Cancun, &[op::TLOAD], 100, 100),
    ];
    for (revision, part, first, second) in cases {
        let target = code(&[&push(0x22), part]);
        let gas = |program: &[u8]| 100_000 - Frame::new(*revision, program).run().gas_left;
        let once = gas(&target);
        assert_eq!(once, first + 3, "{revision} {part:02x?}");
        assert_eq!(
            gas(&target.repeat(2)) - once,
            second + 3,
            "{revision} {part:02x?}"
        );
    }
}

#[test]
fn values_round_trip_through_both_storages() {
    for (set, get) in [(op::SSTORE, op::SLOAD), (op::TSTORE, op::TLOAD)] {
        let key = Word([1, 2, 3, 4]);
        let value = Word([5, 6, 7, 8]);
        let program = code(&[
            &push(value),
            &push(key),
            &[set],
            &push(key),
            &[get],
            RETURN_TOP,
        ]);
        let result = Frame::new(Revision::Cancun, &program).run();
        assert_eq!(result.output.to_vec(), value.to_be_bytes());
    }
}

#[test]
fn accounts_show_balance_code_and_hash() {
    let other = MockAccount {
        balance: Word::from(77),
        nonce: 0,
        code: vec![1, 2, 3],
    };
    let cases: &[(Vec<u8>, Vec<u8>)] = &[
        (
            code(&[&push_address(OTHER), &[op::BALANCE]]),
            Word::from(77).to_be_bytes().to_vec(),
        ),
        (
            code(&[&push_address(OTHER), &[op::EXTCODESIZE]]),
            Word::from(3).to_be_bytes().to_vec(),
        ),
        (
            code(&[&push_address(OTHER), &[op::EXTCODEHASH]]),
            other.code_hash().0.to_vec(),
        ),
        (code(&[&push(9), &[op::EXTCODEHASH]]), vec![0; 32]),
        (vec![op::SELFBALANCE], Word::from(5).to_be_bytes().to_vec()),
    ];
    for (part, expected) in cases {
        let mut frame = Frame::new(Revision::Osaka, &code(&[part, RETURN_TOP]));
        frame.host.state.accounts.insert(OTHER, other.clone());
        frame.host.state.accounts.get_mut(&SELF).unwrap().balance = Word::from(5);
        assert_eq!(frame.run().output.to_vec(), *expected, "{part:02x?}");
    }
    // An account with a balance and no code has the hash of nothing, an empty one none.
    let mut frame = Frame::new(
        Revision::Osaka,
        &code(&[&push_address(OTHER), &[op::EXTCODEHASH], RETURN_TOP]),
    );
    frame
        .host
        .state
        .accounts
        .insert(OTHER, MockAccount::with_balance(1));
    assert_eq!(
        frame.run().output.to_vec(),
        MockAccount::default().code_hash().0
    );
    frame
        .host
        .state
        .accounts
        .insert(OTHER, MockAccount::default());
    assert_eq!(frame.run().output.to_vec(), [0; 32]);
}

#[test]
fn foreign_code_is_copied_with_zeroes_behind_its_end() {
    for (offset, len, expected) in [
        (0_u64, 4_u8, [1, 2, 3, 0]),
        (2, 4, [3, 0, 0, 0]),
        (u64::MAX, 4, [0; 4]),
        (0, 0, [0xee; 4]),
    ] {
        let program = code(&[
            &push(Word([0, 0, 0, 0xeeee_eeee_0000_0000])),
            &[op::PUSH1, 0, op::MSTORE, op::PUSH1, len],
            &push(offset),
            &[op::PUSH1, 0],
            &push_address(OTHER),
            &[op::EXTCODECOPY, op::PUSH1, 4, op::PUSH1, 0, op::RETURN],
        ]);
        let mut frame = Frame::new(Revision::Osaka, &program);
        frame
            .host
            .state
            .accounts
            .insert(OTHER, MockAccount::with_code([1, 2, 3]));
        assert_eq!(frame.run().output.to_vec(), expected, "{offset} {len}");
    }
}

#[test]
fn logs_carry_topics_in_order_and_data() {
    let program = code(&[
        &push(0xabcd),
        &[op::PUSH1, 0, op::MSTORE, op::PUSH1, 2, op::PUSH1, 1],
        &[op::PUSH1, 2, op::PUSH1, 30, op::LOG2],
    ]);
    let mut frame = Frame::new(Revision::Osaka, &program);
    let result = frame.run();
    // 8 pushes and MSTORE with one word; the log: 375 + 2 topics + 2 bytes.
    assert_eq!(100_000 - result.gas_left, 6 * 3 + 3 + 3 + 375 * 3 + 16);
    let [log] = frame.host.state.logs.as_slice() else {
        panic!("one log")
    };
    assert_eq!(
        (log.address, log.data.as_slice()),
        (SELF, [0xab, 0xcd].as_slice())
    );
    let topics: Vec<u8> = log.topics.iter().map(|topic| topic.0[31]).collect();
    assert_eq!(topics, [1, 2]);
}

#[test]
fn self_destruction_is_priced_by_rule_set_and_beneficiary() {
    let program = code(&[&push_address(OTHER), &[op::SELFDESTRUCT]]);
    for (revision, has_balance, exists, gas, refund) in [
        (Revision::Frontier, true, false, 0, 24_000),
        (Revision::TangerineWhistle, false, false, 30_000, 24_000),
        (Revision::TangerineWhistle, true, true, 5_000, 24_000),
        (Revision::SpuriousDragon, false, false, 5_000, 24_000),
        (Revision::SpuriousDragon, true, false, 30_000, 24_000),
        (Revision::Berlin, true, true, 7_600, 24_000),
        (Revision::London, true, false, 32_600, 0),
    ] {
        let mut frame = Frame::new(revision, &program);
        if has_balance {
            frame.host.state.accounts.get_mut(&SELF).unwrap().balance = Word::from(1);
        }
        if exists {
            frame
                .host
                .state
                .accounts
                .insert(OTHER, MockAccount::with_balance(1));
        }
        let result = frame.run();
        assert_eq!(result.status, StatusCode::SUCCESS);
        assert_eq!(
            (100_000 - result.gas_left - 3, result.gas_refund),
            (gas, refund),
            "{revision} balance {has_balance} exists {exists}"
        );
    }
}
