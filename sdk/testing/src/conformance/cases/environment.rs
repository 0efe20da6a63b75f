//! What a program sees of its message, transaction and block.

use super::cases;
use crate::conformance::{
    Behaviour, Case,
    check::Check,
    frame::{Bench, Frame, OTHER, SELF, SENDER, input, wide, word},
};
use proz_interface::abi_stable::std_types::RSlice;
use proz_interface::v1::{Address, B256, MessageKind, Word};

pub(super) const CASES: &[Case] = cases! { Environment:
    sees_the_sender [Sender] |b| sees(b, Behaviour::Sender, |_| word(&SENDER));
    sees_the_recipient [Recipient] |b| sees(b, Behaviour::Recipient, |_| word(&SELF));
    sees_the_value [Value] |b| sees(b, Behaviour::Value, |f| { f.value = wide(1); f.value });
    sees_the_depth [Depth] |b| sees(b, Behaviour::Depth, |f| { f.depth = 5; Word::from(5) });
    sees_the_origin [Origin] |b| sees(b, Behaviour::Origin, |f| word(&f.environment.transaction.origin));
    sees_the_gas_price [GasPrice] |b| sees(b, Behaviour::GasPrice, |f| {
        f.environment.transaction.gas_price = wide(2);
        wide(2)
    });
    sees_the_block_number [BlockNumber] |b| sees(b, Behaviour::BlockNumber, |f| {
        f.environment.block.number = 0x0123_4567_89ab;
        Word::from(0x0123_4567_89ab)
    });
    sees_the_timestamp [Timestamp] |b| sees(b, Behaviour::Timestamp, |f| Word::from(f.environment.block.timestamp));
    sees_the_block_gas_limit [BlockGasLimit] |b| sees(b, Behaviour::BlockGasLimit, |f| {
        f.environment.block.gas_limit = u64::MAX;
        Word::from(u64::MAX)
    });
    sees_the_chain_id [ChainId] |b| sees(b, Behaviour::ChainId, |f| {
        f.environment.block.chain_id = 0xfedc_ba98_7654;
        Word::from(0xfedc_ba98_7654)
    });
    sees_the_coinbase [Coinbase] |b| sees(b, Behaviour::Coinbase, |f| word(&f.environment.block.coinbase));
    sees_the_base_fee [BaseFee] |b| sees(b, Behaviour::BaseFee, |f| {
        f.environment.block.base_fee = wide(4);
        wide(4)
    });
    sees_the_randomness [PrevRandao] |b| sees(b, Behaviour::PrevRandao, |f| {
        f.environment.block.prev_randao = B256(wide(5).to_be_bytes());
        wide(5)
    });
    sees_the_blob_base_fee [BlobBaseFee] |b| sees(b, Behaviour::BlobBaseFee, |f| {
        f.environment.block.blob_base_fee = wide(6);
        wide(6)
    });
    sees_the_blob_hashes [BlobHash] blob_hashes;
    sees_block_hashes_of_the_host [BlockHash] block_hashes;
    a_delegated_frame_sees_its_parents_sender [Sender] delegated_sender;
    a_delegated_frame_sees_its_parents_value [Value] delegated_value;
    a_delegated_frame_works_on_its_parents_account [Recipient] delegated_recipient;
};

/// Prepares a frame, which must return the word that `prepare` says.
fn sees(bench: &Bench, behaviour: Behaviour, prepare: fn(&mut Frame) -> Word) -> Check {
    let mut frame = bench.frame(behaviour, &[])?;
    let expected = prepare(&mut frame);
    frame.returns(expected)
}

fn blob_hashes(bench: &Bench) -> Check {
    static HASHES: [B256; 2] = [B256([0x01; 32]), B256([0xf2; 32])];
    let outside = B256([0; 32]);
    for (number, expected) in [(0, HASHES[0]), (1, HASHES[1]), (2, outside)] {
        let mut frame = bench.frame(Behaviour::BlobHash, &input(&[Word::from(number)], &[]))?;
        frame.environment.transaction.blob_hashes = RSlice::from_slice(&HASHES);
        frame.returns(Word::from_be_bytes(expected.0))?;
    }
    Ok(())
}

fn block_hashes(bench: &Bench) -> Check {
    let mut frame = bench.frame(Behaviour::BlockHash, &input(&[Word::from(999)], &[]))?;
    frame.environment.block.number = 1000;
    let hash = B256(wide(7).to_be_bytes());
    frame.host.block_hashes.insert(999, hash);
    frame.returns(wide(7))
}

/// Code of another account on the frame's own.
fn delegate(frame: &mut Frame) {
    frame.kind = MessageKind::DELEGATE_CALL;
    frame.depth = 1;
    frame.code_address = OTHER;
}

fn delegated_sender(bench: &Bench) -> Check {
    let mut frame = bench.frame(Behaviour::Sender, &[])?;
    delegate(&mut frame);
    frame.sender = Address([0x77; 20]);
    frame.returns(word(&Address([0x77; 20])))
}

fn delegated_value(bench: &Bench) -> Check {
    let mut frame = bench.frame(Behaviour::Value, &[])?;
    delegate(&mut frame);
    frame.value = wide(8);
    frame.returns(wide(8))
}

fn delegated_recipient(bench: &Bench) -> Check {
    let mut frame = bench.frame(Behaviour::Recipient, &[])?;
    delegate(&mut frame);
    frame.returns(word(&SELF))
}
