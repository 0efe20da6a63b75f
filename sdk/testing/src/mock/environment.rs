//! Block, transaction and limits of a test.

use proz_interface::abi_stable::std_types::RSlice;
use proz_interface::v1::{
    Address, B256, BlockContext, CancelFlag, ExecutionContext, Limits, Message, MessageKind,
    Revision, TransactionContext, Word,
};
use std::sync::atomic::AtomicBool;

/// What surrounds the messages of a test.
#[derive(Debug)]
pub struct Environment {
    /// The transaction.
    pub transaction: TransactionContext<'static>,
    /// The block.
    pub block: BlockContext,
    /// Limits beyond gas.
    pub limits: Limits,
    /// Rule set.
    pub revision: Revision,
    /// Asks frames to stop when set.
    pub cancel: AtomicBool,
}

impl Environment {
    /// Ethereum's limits, an ordinary block, the given rules.
    #[must_use]
    pub const fn new(revision: Revision) -> Self {
        Self {
            transaction: TransactionContext {
                origin: Address([0xaa; 20]),
                gas_price: Word([10, 0, 0, 0]),
                blob_hashes: RSlice::from_slice(&[B256([1; 32]), B256([2; 32])]),
                sequence: 0,
            },
            block: BlockContext {
                number: 1000,
                timestamp: 1_700_000_000,
                gas_limit: 30_000_000,
                chain_id: 1,
                coinbase: Address([0xcb; 20]),
                base_fee: Word([7, 0, 0, 0]),
                difficulty: Word([0x20000, 0, 0, 0]),
                prev_randao: B256([0x5a; 32]),
                blob_base_fee: Word([3, 0, 0, 0]),
            },
            limits: Limits {
                call_depth: 1024,
                code_size_bytes: 0x6000,
                init_code_size_bytes: 0xc000,
                container_size_bytes: 0x10_0000,
                memory_bytes: 1 << 30,
            },
            revision,
            cancel: AtomicBool::new(false),
        }
    }

    /// A plain call of `recipient` with `gas_limit` and `input`. Change what a test needs.
    #[must_use]
    pub fn call<'a>(recipient: Address, gas_limit: u64, input: &'a [u8]) -> Message<'a> {
        Message {
            kind: MessageKind::CALL,
            depth: 0,
            is_static: false,
            gas_limit,
            sender: Address([0xaa; 20]),
            recipient,
            code_address: recipient,
            code_hash: B256::default(),
            value: Word::ZERO,
            input: RSlice::from_slice(input),
        }
    }

    /// The context of a message.
    #[must_use]
    pub const fn context<'a>(&'a self, message: Message<'a>) -> ExecutionContext<'a> {
        ExecutionContext {
            message,
            transaction: &self.transaction,
            block: &self.block,
            limits: &self.limits,
            revision: self.revision,
            cancel: CancelFlag(&self.cancel),
        }
    }
}
