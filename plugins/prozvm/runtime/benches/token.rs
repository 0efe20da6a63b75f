//! The token of the kit, in C, beside the one in Solidity on the EVM plugin: the same calls on the same host.
//!
//! Batches of the two alternate and are timed by the thread's own CPU time; the least of each counts. Results,
//! storage and logs are compared before anything is timed.
//!
//!     cargo bench -p proz-prozvm --bench token
#![allow(missing_docs, clippy::unwrap_used, reason = "a bench")]

use std::hint::black_box;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use hashbrown::HashMap;
use proz_evm::{Evm, EvmConfig};
use proz_interface::abi_stable::std_types::{ROption, RResult, RSlice, RStr};
use proz_interface::v1::{
    AccessStatus, AccountInfo, Address, B256, BlockContext, CallOutcome, CallRequest, CallTarget,
    CancelFlag, CodeView, CreateOutcome, CreateRequest, ExecutionContext, Extension, HostError,
    Limits, Message, MessageKind, Revision, SelfDestruct, StateAccess, StorageLoad, StorageStore,
    TransactionContext, Word,
};
use proz_prozvm::{ProzVmConfig, ProzVmMachine};
use proz_sdk::{Host, VirtualMachine};
use rustix::time::{ClockId, clock_gettime};
use sha3::{Digest as _, Keccak256};

const ROUNDS: usize = 31;
const GAS: u64 = 1_000_000_000;
const TOKEN: Address = Address([0xbe; 20]);
const ALICE: Address = Address([0xaa; 20]);
const BOB: Address = Address([0xbb; 20]);

/// A host that does as little as can be: a table of slots, everything warm.
#[derive(Clone, Default, PartialEq, Debug)]
struct Slots {
    storage: HashMap<[u8; 32], Word, foldhash::fast::FixedState>,
    logs: u64,
}

impl StateAccess for Slots {
    fn storage_load(&mut self, key: &Word) -> RResult<StorageLoad, HostError> {
        let value = self.storage.get(&key.to_be_bytes());
        RResult::ROk(StorageLoad {
            value: value.copied().unwrap_or_default(),
            status: AccessStatus::WARM,
        })
    }
    fn storage_store(&mut self, key: &Word, value: &Word) -> RResult<StorageStore, HostError> {
        let old = self.storage.insert(key.to_be_bytes(), *value);
        let current = old.unwrap_or_default();
        RResult::ROk(StorageStore {
            original: current,
            current,
            new: *value,
            status: AccessStatus::WARM,
        })
    }
    fn transient_load(&mut self, _key: &Word) -> RResult<Word, HostError> {
        RResult::ROk(Word::ZERO)
    }
    fn transient_store(&mut self, _key: &Word, _value: &Word) -> RResult<(), HostError> {
        RResult::ROk(())
    }
    fn account(&mut self, _address: &Address) -> RResult<AccountInfo, HostError> {
        RResult::RErr(HostError::UNSUPPORTED)
    }
    fn call_target(&mut self, _address: &Address) -> RResult<CallTarget, HostError> {
        RResult::RErr(HostError::UNSUPPORTED)
    }
    fn code(&mut self, _address: &Address) -> RResult<CodeView<'_>, HostError> {
        RResult::RErr(HostError::UNSUPPORTED)
    }
    fn block_hash(&mut self, _number: u64) -> RResult<B256, HostError> {
        RResult::ROk(B256::default())
    }
    fn log(&mut self, topics: RSlice<'_, B256>, data: RSlice<'_, u8>) -> RResult<(), HostError> {
        self.logs += topics.len() as u64 + data.len() as u64;
        RResult::ROk(())
    }
    fn selfdestruct(&mut self, _beneficiary: &Address) -> RResult<SelfDestruct, HostError> {
        RResult::RErr(HostError::UNSUPPORTED)
    }
    fn call(&mut self, _request: &CallRequest<'_>) -> RResult<CallOutcome, HostError> {
        RResult::RErr(HostError::UNSUPPORTED)
    }
    fn create(&mut self, _request: &CreateRequest<'_>) -> RResult<CreateOutcome, HostError> {
        RResult::RErr(HostError::UNSUPPORTED)
    }
    fn precompile(
        &mut self,
        _address: &Address,
        _input: RSlice<'_, u8>,
        _gas_limit: u64,
    ) -> RResult<CallOutcome, HostError> {
        RResult::RErr(HostError::UNSUPPORTED)
    }
    fn checkpoint(&mut self) -> RResult<u64, HostError> {
        RResult::RErr(HostError::UNSUPPORTED)
    }
    fn rollback(&mut self, _checkpoint: u64) -> RResult<(), HostError> {
        RResult::RErr(HostError::UNSUPPORTED)
    }
    fn extension(&mut self, _id: RStr<'_>) -> ROption<Extension> {
        ROption::RNone
    }
}

fn keccak(bytes: &[u8]) -> [u8; 32] {
    Keccak256::digest(bytes).into()
}

fn word(account: Address) -> [u8; 32] {
    let mut word = [0; 32];
    word[12..].copy_from_slice(&account.0);
    word
}

fn slot(number: u8) -> [u8; 32] {
    let mut word = [0; 32];
    word[31] = number;
    word
}

fn mapping(key: Address, slot: [u8; 32]) -> [u8; 32] {
    keccak(&[word(key), slot].concat())
}

/// Both parties hold much, and ALICE has allowed herself much.
fn state() -> Slots {
    let much = Word([0, 0, 0, 1 << 40]);
    let mut host = Slots::default();
    for owner in [ALICE, BOB] {
        host.storage.insert(mapping(owner, slot(3)), much);
    }
    let allowance = mapping(ALICE, mapping(ALICE, slot(4)));
    host.storage.insert(allowance, much);
    host
}

/// Success, gas used, output.
type Ended = (bool, u64, Vec<u8>);
type Run<'a> = &'a dyn Fn(&[u8], &ExecutionContext<'_>, &mut Host<'_>) -> Ended;

struct Contract<'a> {
    machine: Run<'a>,
    code: Vec<u8>,
    hash: B256,
}

fn run(contract: &Contract<'_>, input: &[u8], host: &mut Slots) -> Ended {
    let transaction = TransactionContext {
        origin: ALICE,
        gas_price: Word([1, 0, 0, 0]),
        blob_hashes: RSlice::from_slice(&[]),
        sequence: 1,
    };
    let block = BlockContext {
        number: 1,
        timestamp: 1,
        gas_limit: GAS,
        chain_id: 1,
        coinbase: Address::default(),
        base_fee: Word::ZERO,
        difficulty: Word::ZERO,
        prev_randao: B256::default(),
        blob_base_fee: Word::ZERO,
    };
    let limits = Limits {
        call_depth: 1024,
        code_size_bytes: 0x6000,
        init_code_size_bytes: 0xc000,
        container_size_bytes: 1 << 20,
        memory_bytes: u64::MAX,
    };
    let cancel = AtomicBool::new(false);
    let context = ExecutionContext {
        message: Message {
            kind: MessageKind::CALL,
            depth: 0,
            is_static: false,
            gas_limit: GAS,
            sender: ALICE,
            recipient: TOKEN,
            code_address: TOKEN,
            code_hash: contract.hash,
            value: Word::ZERO,
            input: RSlice::from_slice(input),
        },
        transaction: &transaction,
        block: &block,
        limits: &limits,
        revision: Revision::Cancun,
        cancel: CancelFlag(&cancel),
    };
    (contract.machine)(&contract.code, &context, &mut Host::from_impl(host))
}

fn now_ns() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 * 1e9 + time.tv_nsec as f64
}

fn batch(contract: &Contract<'_>, inputs: &[Vec<u8>], host: &mut Slots) -> f64 {
    const COUNT: usize = 4_096;
    let start = now_ns();
    for input in inputs.iter().cycle().take(COUNT) {
        black_box(run(contract, black_box(input), host));
    }
    (now_ns() - start) / COUNT as f64
}

fn executed<M: VirtualMachine>(
    machine: &M,
) -> impl Fn(&[u8], &ExecutionContext<'_>, &mut Host<'_>) -> Ended + '_ {
    |code, context, host| {
        let result = machine.execute(code, context, host).unwrap();
        let output = result.output.as_slice().to_vec();
        (result.status.is_success(), GAS - result.gas_left, output)
    }
}

fn main() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../tests/fixtures");
    let text = std::fs::read_to_string(fixtures.join("solidity/artifacts/Token.json")).unwrap();
    let token: serde_json::Value = serde_json::from_str(&text).unwrap();
    let token = &token["contracts"]["Token.sol"]["Token"]["evm"]["deployedBytecode"]["object"];
    let evm_code = alloy_primitives::hex::decode(token.as_str().unwrap()).unwrap();
    let program = std::fs::read(fixtures.join("prozvm/artifacts/token.pz")).unwrap();

    let evm = Evm::new(Revision::Cancun, &EvmConfig::default()).unwrap();
    let proz = ProzVmMachine::new(ProzVmConfig::default()).unwrap();
    let (run_evm, run_proz) = (executed(&evm), executed(&proz));
    let contract = |code: Vec<u8>, machine| Contract {
        hash: B256(keccak(&code)),
        machine,
        code,
    };
    let solidity = contract(evm_code, &run_evm);
    let kit = contract(program, &run_proz);

    let call = |signature: &str, words: &[[u8; 32]]| {
        [&keccak(signature.as_bytes())[..4], &words.concat()].concat()
    };
    let holder = |number: u32| {
        let mut account = BOB;
        account.0[..4].copy_from_slice(&number.to_be_bytes());
        account
    };
    let transfer = "transfer(address,uint256)";
    let crowd = |number| call(transfer, &[word(holder(number)), slot(1)]);
    let calls = [
        ("transfer", vec![call(transfer, &[word(BOB), slot(1)])]),
        (
            "transfer to 4,096 accounts in turn",
            (0..4_096).map(crowd).collect(),
        ),
        (
            "transferFrom",
            vec![call(
                "transferFrom(address,address,uint256)",
                &[word(ALICE), word(BOB), slot(1)],
            )],
        ),
        (
            "approve",
            vec![call("approve(address,uint256)", &[word(BOB), slot(1)])],
        ),
        ("balanceOf", vec![call("balanceOf(address)", &[word(BOB)])]),
        ("decimals", vec![call("decimals()", &[])]),
    ];
    println!("| call | Solidity, EVM | C, ProzVM | ratio | gas in Solidity | gas in C |");
    println!("|---|---|---|---|---|---|");
    for (name, inputs) in calls {
        let input = &inputs[0];
        let (mut ours, mut theirs) = (state(), state());
        let (expected, found) = (
            run(&solidity, input, &mut theirs),
            run(&kit, input, &mut ours),
        );
        assert!(expected.0 && found.0, "{name}");
        assert_eq!(found.2, expected.2, "{name}");
        assert_eq!(ours, theirs, "{name}");
        let mut least = [f64::MAX; 2];
        for _ in 0..ROUNDS {
            least[0] = least[0].min(batch(&solidity, &inputs, &mut theirs));
            least[1] = least[1].min(batch(&kit, &inputs, &mut ours));
        }
        let ratio = least[1] / least[0];
        println!(
            "| {name} | {:.0} ns | {:.0} ns | {ratio:.2} | {} | {} |",
            least[0], least[1], expected.1, found.1
        );
    }
}
