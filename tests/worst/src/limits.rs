//! Transactions that are large themselves: call data, access lists, authorizations, values.

use alloy_primitives::{Address, B256, U256};
use proz_host::{AccessListItem, Authorization};
use proz_tests::evm::assemble;

use crate::{
    rows::Row,
    scene::{GAS, Scene, forever, victim},
};

pub(crate) fn rows() -> Vec<Row> {
    vec![
        Row::new("transaction: call data of zeros", || {
            let size = (GAS - 30_000) / 10;
            Scene::call(vec![0]).input(vec![0; size as usize])
        }),
        Row::new("transaction: call data of ones", || {
            let size = (GAS - 30_000) / 40;
            Scene::call(vec![0]).input(vec![1; size as usize])
        }),
        Row::new(
            "transaction: call data, handed down again and again",
            || {
                let size = 300_000;
                let body = format!("0 0 {size} 0 0 {} 100 CALL POP", victim(0));
                let setup = format!("{size} 0 0 CALLDATACOPY");
                let scene = Scene::call(forever(&setup, &body, 16)).account(victim(0), vec![0]);
                scene.input(vec![0; size])
            },
        ),
        Row::new("transaction: access list of accounts", || {
            let item = |number| AccessListItem {
                address: victim(number),
                slots: Vec::new(),
            };
            let mut scene = Scene::call(vec![0]);
            scene.transaction.access_list = Some((0..6_900).map(item).collect());
            scene
        }),
        Row::new("transaction: access list of slots", || {
            let slots = (0..8_700).map(|slot| B256::from(U256::from(slot)));
            let mut scene = Scene::call(vec![0]);
            scene.transaction.access_list = Some(vec![AccessListItem {
                address: victim(0),
                slots: slots.collect(),
            }]);
            scene
        }),
        Row::new("transaction: authorizations", || {
            let one = |number| Authorization {
                authority: Some(victim(number)),
                chain_id: U256::ZERO,
                address: Address::repeat_byte(7),
                nonce: 0,
            };
            Scene::call(vec![0]).authorizations((0..660).map(one).collect())
        }),
        Row::new("transaction: large return of a call", || {
            Scene::call(assemble("2800000 0 RETURN"))
        }),
        Row::new("transaction: large revert of a call", || {
            Scene::call(assemble("2800000 0 REVERT"))
        }),
    ]
}
