//! Measures how many million gas a second of processor time serves, for each hostile program, with a cache that keeps
//! nothing.
//!
//! `cargo run --release -p proz-prozvm --features testing --example hostile [NAME]`
//!
//! The host is the one of tests and takes what the real one does: 100 gas for a call, 2,500 more for the first of an
//! account, the price of preparation for the first of a code.

use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use proz_prozvm::testing::{Hostile, Use, hostile};
use proz_prozvm::{ProzVmConfig, ProzVmMachine};
use proz_sdk::{
    Address, B256, Buffer, CallOutcome, CallRequest, FrameResult, HostError, Message, MessageKind,
    Revision, StatusCode, VirtualMachine as _,
};
use proz_sdk_testing::mock::{Environment, MockAccount, MockHost};
use rustix::time::{ClockId, clock_gettime};

const GAS: u64 = 1 << 24;

fn cpu_time() -> Duration {
    let now = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(now.tv_sec as u64, now.tv_nsec as u32)
}

fn main() {
    let only = std::env::args().nth(1).unwrap_or_default();
    let mut rates: Vec<(f64, String)> = Vec::new();
    for program in hostile() {
        if !program.name.contains(&only) {
            continue;
        }
        let mut least = f64::MAX;
        for round in 0..3 {
            let (gas, time) = transaction(&program, round);
            least = least.min(time.as_secs_f64() / gas as f64);
        }
        rates.push((
            1e-6 / least,
            format!("{:?}: {}", program.usage, program.name),
        ));
    }
    rates.sort_by(|a, b| a.0.total_cmp(&b.0));
    for (rate, name) in rates {
        println!("{rate:8.0} {name}");
    }
}

struct World {
    machine: Arc<ProzVmMachine>,
    environment: Environment,
    host: MockHost,
    paid: BTreeSet<[u8; 32]>,
}

impl World {
    fn new(sequence: u64) -> Self {
        let mut config = ProzVmConfig::default();
        config.optimization.code_cache_bytes = 0;
        let mut host = MockHost::new(Address::default());
        host.observes = false;
        let mut environment = Environment::new(Revision::LATEST);
        environment.transaction.sequence = sequence + 1;
        let machine = Arc::new(ProzVmMachine::new(config).expect("the default is valid"));
        let nested = Arc::clone(&machine);
        let sequence = environment.transaction.sequence;
        host.on_call = Some(Rc::new(
            move |host: &mut MockHost, request: &CallRequest<'_>| {
                nested_call(&nested, sequence, host, request)
            },
        ));
        Self {
            machine,
            environment,
            host,
            paid: BTreeSet::new(),
        }
    }

    /// Sends a call from a contract; gives the gas that it takes from its caller.
    fn call(&mut self, code: &[u8], hash: [u8; 32], gas: u64) -> u64 {
        let mut price = 100;
        let mut limit = gas;
        if self.paid.insert(hash) {
            price += 2_500;
            let preparation = self.machine.prices().preparation(code.len() as u64);
            if preparation > limit {
                self.paid.remove(&hash);
                return price + gas;
            }
            limit -= preparation;
        }
        let result = self.execute(code, hash, MessageKind::CALL, limit);
        price + gas - result.gas_left
    }

    fn execute(&mut self, code: &[u8], hash: [u8; 32], kind: MessageKind, gas: u64) -> FrameResult {
        let mut message = Environment::call(Address([1; 20]), gas, &[]);
        message.kind = kind;
        message.depth = 1;
        message.code_hash = B256(hash);
        let context = self.environment.context(message);
        let before = self.host.state.clone();
        let result = self
            .machine
            .execute(code, &context, &mut self.host.host())
            .expect("nothing fails");
        self.host.state = before;
        result
    }
}

/// Gas that a transaction used, and its time.
fn transaction(program: &Hostile, round: u64) -> (u64, Duration) {
    let mut world = World::new(round);
    let account = MockAccount::with_code(program.code.clone());
    world.host.state.accounts.insert(Address([1; 20]), account);
    world.host.recipient = Address([1; 20]);
    let hash = |code: &[u8]| MockAccount::with_code(code.to_vec()).code_hash().0;
    match program.usage {
        Use::Call => {
            let hash = hash(&program.code);
            let start = cpu_time();
            let used = 21_000 + world.call(&program.code, hash, GAS - 21_000);
            (used, cpu_time() - start)
        }
        Use::Loop { gas } => {
            let hash = hash(&program.code);
            let start = cpu_time();
            let mut used = 21_000;
            while used + gas + 2_600 < GAS {
                used += world.call(&program.code, hash, gas);
            }
            (used, cpu_time() - start)
        }
        Use::Victims => {
            let count = (GAS
                / world
                    .machine
                    .prices()
                    .preparation(program.code.len() as u64))
            .clamp(1, 4_000) as u32;
            let victims: Vec<_> = (0..count)
                .map(|number| {
                    let code = program.variant(number);
                    (hash(&code), code)
                })
                .collect();
            let start = cpu_time();
            let mut used = 21_000;
            for (hash, code) in &victims {
                if used + 200_000 > GAS {
                    break;
                }
                used += world.call(code, *hash, GAS - used);
            }
            // What is pinned is freed by the next transaction.
            world.environment.transaction.sequence += 1_000;
            world.call(&victims[0].1, victims[0].0, 200_000);
            (used, cpu_time() - start)
        }
        Use::Deploy => {
            let start = cpu_time();
            let bytes = program.code.len() as u64;
            let valid = world.machine.validate_code(&program.code).is_ok();
            assert!(valid, "{}", program.name);
            let result = world.execute(&program.code, [0; 32], MessageKind::CREATE, GAS);
            let frame = GAS - result.gas_left;
            (
                32_000 + 16 * bytes + 20 * bytes + 200 * bytes + frame,
                cpu_time() - start,
            )
        }
    }
}

fn nested_call(
    machine: &ProzVmMachine,
    sequence: u64,
    host: &mut MockHost,
    request: &CallRequest<'_>,
) -> Result<CallOutcome, HostError> {
    let code = host
        .state
        .accounts
        .get(&request.target)
        .map(|account| account.code.clone());
    let code = code.unwrap_or_default();
    let outcome = |status, gas_left| CallOutcome {
        status,
        gas_left,
        gas_refund: 0,
        output: Buffer::empty(),
    };
    if code.is_empty() {
        return Ok(outcome(StatusCode::SUCCESS, request.gas_limit));
    }
    let mut environment = Environment::new(Revision::LATEST);
    environment.transaction.sequence = sequence;
    let mut message: Message<'_> = Environment::call(request.target, request.gas_limit, &[]);
    message.depth = 2;
    message.code_hash = MockAccount::with_code(code.clone()).code_hash();
    let context = environment.context(message);
    match machine.execute(&code, &context, &mut host.host()) {
        Ok(result) => Ok(outcome(result.status, result.gas_left)),
        Err(_) => Err(HostError::ABORTED),
    }
}
