//! What a contract call costs in ProzVM, Wasm and the EVM: the same token's transfer through the same host.
//!
//! Batches of the machines alternate and are timed by the thread's own CPU time; the median of each counts. First the
//! machines alone, behind the border, on a host in memory that does as little as can be; then whole transactions.
//! Last, how long a unit of gas takes on each, for calibrating the prices of schedule 1.
//!
//!     cargo xtask stage && cargo bench -p proz-tests --bench prozvm
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used)]

#[path = "../../plugins/evm/benches/shared/mod.rs"]
mod shared;

use alloy_primitives::{Address, Bytes, U256, keccak256};
use proz_artifact::encode_call;
use proz_host::{
    Block, ChainConfig, Revision, SearchPath, TransactOptions, Transaction, VmFactory,
    VmFactoryConfig, container, transaction::transact,
};
use proz_interface::abi_stable::{
    sabi_trait::TD_Opaque,
    sabi_types::RMut,
    std_types::{RSlice, RStr},
};
use proz_interface::v1::{B256, FrameResult, HostInfo, StateAccess_TO, VirtualMachineBox};
use proz_loader::Loader;
use proz_state::{AccountInfo, MemoryDb};
use proz_tests::{plugins_dir, workspace_root};
use rustix::time::{ClockId, clock_gettime};
use shared::{Case, Simple, Surroundings, transfer};
use std::{fs, hint::black_box};

const BATCHES: usize = 41;
/// Time of a batch, in nanoseconds.
const BATCH_NS: f64 = 4e6;

fn now_ns() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 * 1e9 + time.tv_nsec as f64
}

/// Something to time.
type Body<'a> = Box<dyn FnMut() + 'a>;

/// Median time of each body, in nanoseconds.
fn race(bodies: &mut [Body<'_>]) -> Vec<f64> {
    let time = |count: usize, body: &mut Body<'_>| {
        let start = now_ns();
        for _ in 0..count {
            body();
        }
        (now_ns() - start) / count as f64
    };
    let counts: Vec<usize> = bodies
        .iter_mut()
        .map(|body| (BATCH_NS / time(20, body).max(1.0)).clamp(1.0, 1e5) as usize)
        .collect();
    let mut times = vec![Vec::new(); bodies.len()];
    for _ in 0..BATCHES {
        for ((body, &count), times) in bodies.iter_mut().zip(&counts).zip(&mut times) {
            times.push(time(count, body));
        }
    }
    times
        .into_iter()
        .map(|mut times| {
            times.sort_by(f64::total_cmp);
            times[times.len() / 2]
        })
        .collect()
}

fn fixture(path: &str) -> Vec<u8> {
    fs::read(workspace_root().join("tests/fixtures").join(path)).unwrap()
}

/// The token of each machine, by the name of its library.
fn tokens() -> [(&'static str, &'static str, Vec<u8>); 3] {
    [
        ("EVM", "proz_evm_1_1", transfer().code),
        (
            "Wasm",
            "proz_wasm_1_1",
            fixture("wasm/artifacts/token.wasm"),
        ),
        (
            "ProzVM",
            "proz_prozvm_1_1",
            fixture("prozvm/artifacts/token.pz"),
        ),
    ]
}

fn load(library: &str) -> VirtualMachineBox {
    let name = format!(
        "{}{library}{}",
        std::env::consts::DLL_PREFIX,
        std::env::consts::DLL_SUFFIX
    );
    let plugin = Loader::default()
        .load(&plugins_dir().join(name), None)
        .unwrap();
    let host = HostInfo {
        version: RStr::from_str("0.1.0"),
        data_dir: RStr::from_str(""),
    };
    let instance = plugin.create("", &host).unwrap();
    instance.machines.into_iter().next().unwrap()
}

/// Gas of each frame: what a block holds.
const GAS: u64 = 30_000_000;

fn run(
    vm: &VirtualMachineBox,
    case: &Case,
    code_hash: B256,
    around: &Surroundings,
    host: &mut Simple,
) -> FrameResult {
    let mut context = around.context(case, code_hash);
    context.message.gas_limit = GAS;
    let access = StateAccess_TO::from_ptr(RMut::new(host), TD_Opaque);
    vm.execute(RSlice::from_slice(&case.code), &context, access)
        .into_result()
        .unwrap()
}

/// A frame of each machine, timed; gives time and gas of each.
fn frames(title: &str, cases: Vec<(String, VirtualMachineBox, Case)>) -> Vec<(String, f64, u64)> {
    let around = Surroundings::new();
    let mut gas = Vec::new();
    let mut bodies: Vec<Body<'_>> = Vec::new();
    for (name, vm, case) in &cases {
        let mut host = Simple::new(case);
        let hash = case.code_hash();
        let checked = run(vm, case, hash, &around, &mut host);
        assert!(checked.status.is_success(), "{name}: {}", checked.status);
        let second = run(vm, case, hash, &around, &mut host);
        gas.push(GAS - second.gas_left);
        let around = &around;
        bodies.push(Box::new(move || {
            black_box(run(vm, black_box(case), hash, around, &mut host));
        }));
    }
    let times = race(&mut bodies);
    drop(bodies);
    println!("\n{title}");
    let first = times[0];
    let mut rows = Vec::new();
    for (((name, ..), time), gas) in cases.iter().zip(times).zip(gas) {
        println!(
            "  {name:<24} {time:>10.0} ns  {:>5.2} x EVM  {gas:>9} gas  {:>6.2} ns/gas",
            time / first,
            time / gas as f64
        );
        rows.push((name.clone(), time, gas));
    }
    rows
}

fn transfers() {
    let cases = tokens().map(|(name, library, code)| {
        let case = Case { code, ..transfer() };
        (name.to_owned(), load(library), case)
    });
    frames("ERC-20 transfer, the machine alone", cases.into());
}

/// The same work as a contract of each machine, in the order of [`tokens`].
fn kernels() -> Vec<(&'static str, [Vec<u8>; 3])> {
    let assembled = |body: &str| {
        let text = format!(".stack 4096\n.export \"f\" f fallback\n.func f () -> 0\n{body}");
        let program = proz_prozvm_asm::assemble(&text, &proz_prozvm_syscalls::CHAIN);
        program.unwrap().encode()
    };
    let module = |imports: &str, body: &str| {
        let text = format!(
            "(module (import \"env\" \"return\" (func $return (param i32 i32))) {imports} (memory (export \"memory\") 1)
               (func (export \"main\") (local $n i32) (local $x i64) {body}
                 (call $return (i32.const 0) (i32.const 0))))"
        );
        wat::parse_str(text).unwrap()
    };
    let code = |text: &str| hex::decode(text.replace(' ', "")).unwrap();
    let xorshift = [
        // PUSH2 10000, PUSH1 1; JUMPDEST, three shifts, the counter, JUMPI; MSTORE, RETURN.
        code(
            "612710 6001 5b 80600d1b18 8060071c18 8060111b18 90 60019003 90 81 6005 57 5f52 60205ff3",
        ),
        module(
            "",
            "(local.set $n (i32.const 10000)) (local.set $x (i64.const 1))
             (loop $l
               (local.set $x (i64.xor (local.get $x) (i64.shl (local.get $x) (i64.const 13))))
               (local.set $x (i64.xor (local.get $x) (i64.shr_u (local.get $x) (i64.const 7))))
               (local.set $x (i64.xor (local.get $x) (i64.shl (local.get $x) (i64.const 17))))
               (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
             (i64.store (i32.const 0) (local.get $x))",
        ),
        assembled(
            "li s0, 10000\n li a0, 1\n l: slli t0, a0, 13\n xor a0, a0, t0\n srli t0, a0, 7\n xor a0, a0, t0
             slli t0, a0, 17\n xor a0, a0, t0\n addi s0, s0, -1\n bne s0, zero, l\n sd a0, -8(sp)\n ret",
        ),
    ];
    let memory = [
        // MSTORE at 0, 32, … 4064 again and again: PUSH1 8 rounds of 128 words.
        code("6008 5b 611000 5b 6020 9003 80 81 52 80 6006 57 50 6001 9003 80 6002 57 00"),
        module(
            "",
            "(local.set $n (i32.const 1024))
             (loop $l
               (local.set $n (i32.sub (local.get $n) (i32.const 1)))
               (i64.store (i32.shl (i32.and (local.get $n) (i32.const 127)) (i32.const 5)) (i64.const 7))
               (br_if $l (local.get $n)))",
        ),
        assembled(
            "li t1, -4096\n add t1, sp, t1\n li s0, 1024\n l: addi s0, s0, -1\n andi t0, s0, 127\n slli t0, t0, 5
             add t0, t0, t1\n sd s0, 0(t0)\n bne s0, zero, l\n ret",
        ),
    ];
    let hashes = [
        // PUSH2 1000; KECCAK256 of the first 64 bytes to the first 32.
        code("6103e8 5b 60405f20 5f52 60019003 80 6003 57 00"),
        module(
            r#"(import "env" "keccak256" (func $hash (param i32 i32 i32)))"#,
            "(local.set $n (i32.const 1000))
             (loop $l (call $hash (i32.const 0) (i32.const 64) (i32.const 0))
               (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))",
        ),
        assembled(
            "addi sp, sp, -64\n li s0, 1000\n li t0, 64\n l: keccak256 (sp), (sp), t0\n addi s0, s0, -1
             bne s0, zero, l\n ret",
        ),
    ];
    vec![
        ("xorshift, 10,000 rounds", xorshift),
        ("stores, 1,024", memory),
        ("Keccak-256 of 64 bytes, 1,000", hashes),
    ]
}

/// Time for a unit of gas, on the same work.
fn calibration() {
    for (title, codes) in kernels() {
        let cases = tokens()
            .into_iter()
            .zip(codes)
            .map(|((name, library, _), code)| {
                let case = Case {
                    name: title.to_owned(),
                    code,
                    input: Vec::new(),
                    storage: Default::default(),
                };
                (name.to_owned(), load(library), case)
            });
        frames(title, cases.collect());
    }
}

/// Slot of a holder's balance in the fixtures.
fn balance_slot(holder: Address) -> U256 {
    let mut preimage = [0; 64];
    preimage[12..32].copy_from_slice(holder.as_slice());
    preimage[63] = 3;
    U256::from_be_bytes(keccak256(preimage).0)
}

fn transactions() {
    let vms = VmFactory::new(VmFactoryConfig {
        search_path: SearchPath::explicit([plugins_dir()]),
        ..VmFactoryConfig::default()
    })
    .unwrap();
    let holder = Address::repeat_byte(0xbb);
    let sender = Address::repeat_byte(0xaa);
    let many = U256::from(1_u64 << 60);
    let arguments = [holder.to_string(), "1".to_owned()];
    let input = Bytes::from(encode_call("transfer(address,uint256)", &arguments).unwrap());
    let block = Block {
        number: 1,
        timestamp: 1,
        gas_limit: 30_000_000,
        chain_id: 1,
        ..Block::default()
    };
    let rules = ChainConfig::prozchain().rules(Revision::Cancun);
    let lease = vms.registry().lease(1, 1);
    let mut names = Vec::new();
    let mut bodies: Vec<Body<'_>> = Vec::new();
    for (index, (name, _, code)) in tokens().into_iter().enumerate() {
        let token = Address::repeat_byte(0x70 + index as u8);
        let mut state = MemoryDb::new();
        let rich = AccountInfo {
            balance: many,
            ..AccountInfo::default()
        };
        state.insert_account(sender, rich);
        let code = match name {
            "EVM" => code,
            other => container::encode(&other.to_lowercase(), "", &code).unwrap(),
        };
        state.set_code(token, Bytes::from(code));
        for holder in [sender, holder] {
            state.set_storage(token, balance_slot(holder), many);
        }
        let transaction = Transaction {
            sender,
            to: Some(token),
            gas_limit: 200_000,
            input: input.clone(),
            ..Transaction::default()
        };
        let (vms, rules, block) = (lease.set(), &rules, &block);
        names.push(name);
        bodies.push(Box::new(move || {
            let options = TransactOptions::default();
            let result = transact(vms, rules, block, &state, black_box(&transaction), options);
            let result = result.unwrap();
            assert!(result.is_success(), "{name}: {}", result.status);
            black_box(result);
        }));
    }
    let times = race(&mut bodies);
    println!("\nERC-20 transfer, whole transaction");
    for (name, time) in names.iter().zip(&times) {
        println!(
            "  {name:<24} {time:>10.0} ns  {:>5.2} x EVM",
            time / times[0]
        );
    }
}

fn main() {
    transfers();
    transactions();
    calibration();
}
