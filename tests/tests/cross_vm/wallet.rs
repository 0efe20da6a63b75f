//! A wallet whose owners agree on calls of Solidity contracts, in Wasm and in ProzVM.

use crate::world::{ALICE, Vm, World, args, assert_status, enclosed, hex, module, program};
use alloy_primitives::{Address, U256};
use proz_artifact::{encode_call, parse_signature};
use proz_host::{StatusCode, Transaction};

const BOB: Address = Address::repeat_byte(0xbb);

impl World {
    fn call_as(
        &mut self,
        sender: Address,
        to: Address,
        signature: &str,
        args: &[String],
    ) -> StatusCode {
        let result = self.transact(&Transaction {
            sender,
            to: Some(to),
            gas_limit: 10_000_000,
            input: encode_call(signature, args).unwrap().into(),
            ..Transaction::default()
        });
        result.status.0
    }
}

#[test]
fn owners_in_wasm_move_tokens_in_solidity() {
    owners_move_tokens(enclosed(&module(Vm::Native, "multisig")));
}

#[test]
fn owners_in_prozvm_move_tokens_in_solidity() {
    owners_move_tokens(program("multisig"));
}

fn owners_move_tokens(code: Vec<u8>) {
    let mut world = World::new();
    let coin = world.deploy(Vm::Evm, "Token", args!["Gold", "AU"]);
    let constructor = parse_signature("constructed(address[],uint256)").unwrap();
    let owners = format!("[{ALICE},{BOB}]");
    let arguments = proz_artifact::encode_arguments("", &constructor.inputs, args![owners, 2]);
    let init_code = [code, arguments.unwrap()].concat();
    let created = world.create(init_code);
    assert_status(&created, StatusCode::SUCCESS);
    let wallet = created.created.unwrap();
    world.ok(coin, "mint(address,uint256)", args![wallet, 500]);

    let pay = encode_call("transfer(address,uint256)", args![BOB, 200]).unwrap();
    let submit = args![coin, 0, hex(&pay)];
    let id = world.number(wallet, "submit(address,uint256,bytes)", submit);
    let execute = "execute(uint256)";
    assert_eq!(
        world.call_as(ALICE, wallet, execute, args![id]),
        StatusCode::REVERT
    );
    let confirm = "confirm(uint256)";
    assert_eq!(
        world.call_as(BOB, wallet, confirm, args![id]),
        StatusCode::SUCCESS
    );
    assert_eq!(
        world.call_as(BOB, wallet, execute, args![id]),
        StatusCode::SUCCESS
    );
    assert_eq!(
        world.call_as(BOB, wallet, execute, args![id]),
        StatusCode::REVERT
    );
    assert_eq!(
        world.number(coin, "balanceOf(address)", args![BOB]),
        U256::from(200)
    );
    assert_eq!(
        world.number(coin, "balanceOf(address)", args![wallet]),
        U256::from(300)
    );
}
