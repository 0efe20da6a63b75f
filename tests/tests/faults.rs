//! Plugins that misbehave while they run: the documented outcome, the state untouched, everybody
//! else unaffected; counted, quarantined, replaced where the policy allows.
#![allow(clippy::unwrap_used, reason = "a test")]

use alloy_primitives::{Address, Bytes, U256, address};
use proz_host::{
    ChainConfig, Deadline, EstimateError, ExecutionError, ExecutionResult, FallBack, FaultPolicy,
    GenerationState, Host, Mode, RegistryError, Revision, RevisionSchedule, SearchPath, StatusCode,
    TransactOptions, VmFactoryConfig, container,
};
use proz_host::{
    inspection::{FrameEnd, FrameStart, Inspector},
    transaction::{FrameRequest, execute_frame},
};
use proz_interface::v1::TraceMask;
use proz_manifest::Candidate;
use proz_state::{MemoryDb, StateDbMut as _};
use proz_tests::{
    arena::{Arena, Deployed, GAS_LIMIT, block, transaction},
    build_example, plugins_dir,
};
use std::{
    cell::RefCell,
    env::consts::{DLL_PREFIX, DLL_SUFFIX},
    fs,
    path::Path,
    thread,
    time::{Duration, Instant},
};
use tempfile::TempDir;

const BAD: Address = address!("0x00000000000000000000000000000000000000bd");
/// What the bad plugin's first byte of input chooses, by position.
mod chaos {
    pub(super) const GOOD: u8 = 0;
    pub(super) const PANIC: u8 = 1;
    pub(super) const PANIC_AFTER_STORE: u8 = 2;
    pub(super) const GAS_ABOVE_LIMIT: u8 = 3;
    pub(super) const MALFORMED_OUTPUT: u8 = 4;
    pub(super) const UNKNOWN_STATUS: u8 = 5;
    pub(super) const INTERNAL_ERROR: u8 = 6;
    pub(super) const SPIN_UNTIL_CANCELLED: u8 = 7;
    pub(super) const IGNORE_HOST_ERRORS: u8 = 8;
    pub(super) const STORE_THEN_REVERT: u8 = 9;
    pub(super) const HUGE_REFUND: u8 = 10;
    pub(super) const FALSE_HOST_ERROR: u8 = 11;
    pub(super) const FALSE_CANCEL: u8 = 12;
    pub(super) const IGNORE_NESTED_FAULT: u8 = 13;
    pub(super) const SPAWN_THREADS: u8 = 14;
}

/// Puts one build of the bad plugin into a folder; `build` is appended to the library, so that
/// builds of one release differ in content and in nothing else.
fn install(folder: &Path, example: &str, version: &str, behaviour: &str, build: &[u8]) {
    let stem = format!("{example}_{}", build.len());
    let library = fs::read(build_example("tests/bad-plugins/rust", example)).unwrap();
    let file = folder.join(format!("{DLL_PREFIX}{stem}{DLL_SUFFIX}"));
    fs::write(file, [&library, build].concat()).unwrap();
    let manifest = format!(
        "manifest_version = 1\nid = \"bad-plugin\"\nkind = \"vm\"\nvm_type = \"bad\"\n\
         version = \"{version}\"\nfeatures = [\"echo\"]\nabi = {{ generation = 1 }}\n\
         library = \"{stem}\"\n[config]\nbehaviour = \"{behaviour}\"\n"
    );
    fs::write(folder.join(format!("{stem}.toml")), manifest).unwrap();
}

fn folder_with(behaviour: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    install(folder.path(), "good", "1.0.0", behaviour, &[]);
    folder
}

/// The EVM and the bad plugin, with a contract of the latter and a `Probe`.
fn arena(folder: &Path, faults: FaultPolicy) -> (Arena, Deployed) {
    let plugins = VmFactoryConfig {
        search_path: SearchPath::explicit([folder.to_path_buf(), plugins_dir()]),
        faults,
        ..VmFactoryConfig::default()
    };
    let mut arena = Arena::new(ChainConfig::prozchain(), plugins);
    let probe = arena.deploy_fixture("Probe");
    let code = container::encode("bad", "", b"code").unwrap();
    arena.state.set_code(BAD, code.into());
    (arena, probe)
}

const COUNT_ONLY: FaultPolicy = FaultPolicy {
    quarantine_after: 0,
    fall_back: FallBack::Never,
};

fn run(
    host: &Host,
    state: &MemoryDb,
    to: Address,
    input: &[u8],
) -> Result<ExecutionResult, ExecutionError> {
    let transaction = transaction(Some(to), Bytes::copy_from_slice(input));
    host.execute(&block(1), state, &transaction, TransactOptions::default())
}

/// Asserts that a call of the bad plugin is a fault of it that says `message`.
#[track_caller]
fn assert_fault(result: Result<ExecutionResult, ExecutionError>, message: &str) {
    match result {
        Err(ExecutionError::PluginFault {
            plugin,
            message: found,
            ..
        }) => {
            assert_eq!(plugin, "bad-plugin");
            assert!(found.contains(message), "expected {message}, found {found}");
        }
        other => panic!("expected a fault that says `{message}`, found {other:?}"),
    }
}

#[test]
fn each_fault_is_told_by_its_name_and_leaves_the_host_working() {
    for (behaviour, message) in [
        (
            "panic-in-execute",
            "the plugin panicked: a value that is no text",
        ),
        ("panic-after-store", "the plugin panicked: after a store"),
        ("gas-above-limit", "gas of a limit of"),
        (
            "malformed-output",
            "returned a malformed output of 64 bytes",
        ),
        ("internal-error", "the plugin lost its way"),
        (
            "huge-refund",
            "returned a refund of 9223372036854775807 for 0 gas, which earns 24000 at most",
        ),
        (
            "huge-output",
            "returned an output of 1048576 bytes for 0 gas",
        ),
        ("false-host-error", "a callback failed"),
        ("false-cancel", "cancelled"),
    ] {
        let folder = folder_with(behaviour);
        let (arena, probe) = arena(folder.path(), COUNT_ONLY);
        for _ in 0..3 {
            assert_fault(run(&arena.host, &arena.state, BAD, b"input"), message);
        }
        // From a contract in another VM that would swallow any failure of its callee.
        let input = probe.call("tryCall", &[&BAD.to_string(), "0", "100000", "0x01"]);
        assert_fault(
            run(&arena.host, &arena.state, probe.address, &input),
            message,
        );
        let echo = probe.call("returnRaw", &["0x1234"]);
        let result = run(&arena.host, &arena.state, probe.address, &echo).unwrap();
        assert_eq!(result.return_data[..], [0x12, 0x34]);
        let generations = arena.host.factory().registry().generations();
        let bad = generations.iter().find(|g| g.id == "bad-plugin").unwrap();
        assert_eq!(
            (bad.faults, bad.state),
            (4, GenerationState::Active),
            "{behaviour}"
        );
    }
}

#[test]
fn a_panic_while_code_is_judged_deploys_nothing() {
    let folder = folder_with("panic-in-validate");
    let plugins = VmFactoryConfig {
        search_path: SearchPath::explicit([folder.path()]),
        ..VmFactoryConfig::default()
    };
    // The self-test judges code, so such a plugin is not even loaded.
    let error = Host::new(ChainConfig::prozchain(), plugins).err().unwrap();
    assert_eq!(
        error.to_string(),
        "`bad-plugin` 1.0.0 failed its self-test: validate_code: the plugin panicked: panic in validate_code"
    );
}

#[test]
fn a_panic_in_the_plugins_own_estimate_does_not_reach_the_hosts() {
    let folder = folder_with("panic-in-estimate");
    let (arena, _) = arena(folder.path(), COUNT_ONLY);
    let call = transaction(Some(BAD), Bytes::from_static(b"echo"));
    let estimate = arena
        .host
        .estimate_gas(&block(1), &arena.state, &call)
        .unwrap();
    // Four bytes of call data, and one gas a byte for the echo; the floor of EIP-7623 is above.
    assert_eq!(estimate.gas, 21_000 + 4 * 40);
}

#[test]
fn what_a_plugin_says_is_cut_before_it_is_kept() {
    let folder = folder_with("long-error");
    let (arena, _) = arena(folder.path(), policy(FallBack::Never));
    for _ in 0..3 {
        let error = run(&arena.host, &arena.state, BAD, &[])
            .unwrap_err()
            .to_string();
        assert!(error.len() < 5_000, "{} bytes", error.len());
        assert!(error.ends_with("x… (1048576 bytes)"));
    }
    let incidents = arena.host.factory().registry().incidents();
    assert!(incidents[0].last_fault.len() < 5_000);
}

/// As the EVM does it, whatever the VM of the creator: its frame halts. Spec: EIP-3860.
#[test]
fn no_vm_creates_with_more_init_code_than_the_rules_allow() {
    let folder = folder_with("create-zeros");
    let (shanghai, _) = arena(folder.path(), COUNT_ONLY);
    let paris = {
        let plugins = VmFactoryConfig {
            search_path: SearchPath::explicit([folder.path().to_path_buf(), plugins_dir()]),
            ..VmFactoryConfig::default()
        };
        let chain = ChainConfig {
            revisions: RevisionSchedule::always(Revision::Paris),
            ..ChainConfig::prozchain()
        };
        let mut arena = Arena::new(chain, plugins);
        let code = container::encode("bad", "", b"code").unwrap();
        arena.state.set_code(BAD, code.into());
        arena
    };
    for (arena, size, halts) in [
        (&shanghai, 49_152_u32, false),
        (&shanghai, 49_153, true),
        (&paris, 49_153, false),
    ] {
        let result = run(&arena.host, &arena.state, BAD, &size.to_be_bytes()).unwrap();
        if halts {
            assert_eq!(result.halt_reason(), Some(StatusCode::INIT_CODE_TOO_LARGE));
            assert_eq!(result.gas_used, GAS_LIMIT);
        } else {
            assert_eq!(result.return_data[..], [0; 4], "{size}: {}", result.status);
        }
    }
    // What would be an invalid transaction is refused in a simulation as well.
    let creation = transaction(None, vec![0; 49_153].into());
    let result = shanghai.host.call(&block(1), &shanghai.state, &creation);
    let reason = result.unwrap().halt_reason();
    assert_eq!(reason, Some(StatusCode::INIT_CODE_TOO_LARGE));
}

/// Counts starts and ends of frames.
#[derive(Default)]
struct Ends(u64, u64);

impl Inspector for Ends {
    fn mask(&self) -> TraceMask {
        TraceMask::FRAMES
    }

    fn frame_start(&mut self, _frame: &FrameStart<'_>) {
        self.0 += 1;
    }

    fn frame_end(&mut self, _end: &FrameEnd<'_>) {
        self.1 += 1;
    }
}

#[test]
fn an_inspector_sees_the_end_of_every_frame_whatever_becomes_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let library = folder.path().join(format!("{DLL_PREFIX}evmx{DLL_SUFFIX}"));
    fs::copy(
        build_example("tests/bad-plugins/rust", "other_evm"),
        library,
    )
    .unwrap();
    let manifest = "manifest_version = 1\nid = \"evmx\"\nkind = \"vm\"\nvm_type = \"evm\"\n\
                    version = \"9.9.9\"\nfeatures = [\"echo\"]\nabi = { generation = 1 }\n\
                    library = \"evmx\"\n[config]\nbehaviour = \"chaos\"\n";
    fs::write(folder.path().join("evmx.toml"), manifest).unwrap();
    let plugins = VmFactoryConfig {
        search_path: SearchPath::explicit([folder.path()]),
        faults: COUNT_ONLY,
        ..VmFactoryConfig::default()
    };
    let host = Host::new(ChainConfig::prozchain(), plugins).unwrap();
    let mut state = MemoryDb::new();
    state.set_code(BAD, Bytes::from_static(b"code"));
    for input in [[chaos::GOOD], [chaos::PANIC], [chaos::STORE_THEN_REVERT]] {
        let inspector = RefCell::new(Ends::default());
        let frame = FrameRequest {
            code: Bytes::from_static(b"code"),
            recipient: BAD,
            input: Bytes::copy_from_slice(&input),
            gas_limit: 100_000,
            ..FrameRequest::default()
        };
        let block = block(1);
        let (lease, rules) = (host.lease(&block), host.rules(&block));
        let single = execute_frame(
            lease.set(),
            &rules,
            &block,
            &state,
            &frame,
            Some(&inspector),
        );
        let options = TransactOptions {
            inspector: Some(&inspector),
            mode: Mode::Simulation,
            ..TransactOptions::default()
        };
        let call = transaction(Some(BAD), Bytes::copy_from_slice(&input));
        let whole = host.execute(&block, &state, &call, options);
        assert_eq!(single.is_err(), input == [chaos::PANIC]);
        assert_eq!(whole.is_err(), input == [chaos::PANIC]);
        let ends = inspector.into_inner();
        assert_eq!((ends.0, ends.1), (2, 2), "{input:?}");
    }
}

/// Whoever may call an RPC must not be able to stop the contracts of a VM.
#[test]
fn simulations_never_count_towards_quarantine() {
    let folder = folder_with("chaos");
    let (arena, _) = arena(folder.path(), policy(FallBack::Never));
    let call = transaction(Some(BAD), Bytes::from_static(&[chaos::PANIC]));
    let simulated = TransactOptions {
        mode: Mode::Simulation,
        ..TransactOptions::default()
    };
    for _ in 0..5 {
        let (host, state) = (&arena.host, &arena.state);
        assert_fault(host.call(&block(1), state, &call), "panicked");
        assert_fault(host.execute(&block(1), state, &call, simulated), "panicked");
        let estimate = host.estimate_gas(&block(1), state, &call);
        assert!(matches!(estimate, Err(EstimateError::Execution(_))));
    }
    let registry = arena.host.factory().registry();
    assert!(registry.generations().iter().all(|g| g.faults == 0));
    assert!(registry.incidents().is_empty());
    panic_times(&arena, 3);
    assert_eq!(registry.incidents().len(), 1);
}

#[test]
fn a_status_that_nobody_knows_halts_the_frame() {
    let folder = folder_with("unknown-status");
    let (arena, probe) = arena(folder.path(), COUNT_ONLY);
    let result = run(&arena.host, &arena.state, BAD, &[]).unwrap();
    assert_eq!(result.halt_reason(), Some(StatusCode(0x7777_7777)));
    assert_eq!(result.gas_used, GAS_LIMIT);
    let input = probe.call("tryCall", &[&BAD.to_string(), "0", "100000", "0x"]);
    let result = run(&arena.host, &arena.state, probe.address, &input).unwrap();
    assert!(result.is_success(), "the caller goes on: {}", result.status);
}

#[test]
fn an_endless_loop_ends_at_its_deadline_with_nothing_done() {
    let folder = folder_with("spin-until-cancelled");
    let (arena, probe) = arena(folder.path(), COUNT_ONLY);
    let store = probe.call(
        "store",
        &[
            "0x".to_owned() + &"00".repeat(32),
            "0x".to_owned() + &"01".repeat(32),
        ]
        .each_ref()
        .map(String::as_str),
    );
    let spin = probe.call("tryCall", &[&BAD.to_string(), "0", "100000", "0x"]);
    let batch = format!(
        "[{},{}]",
        alloy_primitives::hex::encode_prefixed(store),
        alloy_primitives::hex::encode_prefixed(spin)
    );
    let transaction = transaction(Some(probe.address), probe.call("batch", &[&batch]).into());
    let started = Instant::now();
    let deadline = Deadline::after(Duration::from_millis(50));
    let options = TransactOptions {
        cancel: Some(deadline.flag()),
        ..TransactOptions::default()
    };
    let result = arena
        .host
        .execute(&block(1), &arena.state, &transaction, options);
    assert!(
        matches!(result, Err(ExecutionError::Cancelled)),
        "{result:?}"
    );
    let took = started.elapsed();
    assert!(
        took >= Duration::from_millis(50) && took < Duration::from_secs(20),
        "{took:?}"
    );
    let registry = arena.host.factory().registry();
    assert!(
        registry.generations().iter().all(|g| g.faults == 0),
        "being cancelled is no fault"
    );
}

/// Numbers that look random and are the same each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }
}

/// What the host must say of a transaction.
#[derive(Debug, PartialEq)]
enum Expected {
    /// Success, with this output.
    Output(Vec<u8>),
    Revert(Vec<u8>),
    Halt,
    Fault,
    Cancelled,
}

/// What the plugin's input must lead to.
fn expected(input: &[u8]) -> Expected {
    match input[0] {
        chaos::GOOD | chaos::SPAWN_THREADS | chaos::IGNORE_HOST_ERRORS => {
            Expected::Output(input.to_vec())
        }
        chaos::STORE_THEN_REVERT => Expected::Revert(input.to_vec()),
        chaos::UNKNOWN_STATUS => Expected::Halt,
        chaos::SPIN_UNTIL_CANCELLED => Expected::Cancelled,
        chaos::IGNORE_NESTED_FAULT => match expected(&input[1..]) {
            // A nested frame that only failed is none of the outer one's business.
            Expected::Output(_) | Expected::Revert(_) | Expected::Halt => {
                Expected::Output(input.to_vec())
            }
            stopped => stopped,
        },
        chaos::PANIC
        | chaos::PANIC_AFTER_STORE
        | chaos::GAS_ABOVE_LIMIT
        | chaos::MALFORMED_OUTPUT
        | chaos::HUGE_REFUND
        | chaos::INTERNAL_ERROR
        | chaos::FALSE_HOST_ERROR
        | chaos::FALSE_CANCEL => Expected::Fault,
        other => unreachable!("{other}"),
    }
}

/// An input that is mostly faults, rarely a loop.
fn random_input(dice: &mut Dice) -> Vec<u8> {
    let mut input = Vec::new();
    loop {
        let choice = match dice.roll(400) {
            0 => chaos::SPIN_UNTIL_CANCELLED,
            1 => chaos::SPAWN_THREADS,
            roll => [
                chaos::GOOD,
                chaos::PANIC,
                chaos::PANIC_AFTER_STORE,
                chaos::GAS_ABOVE_LIMIT,
                chaos::MALFORMED_OUTPUT,
                chaos::UNKNOWN_STATUS,
                chaos::INTERNAL_ERROR,
                chaos::IGNORE_HOST_ERRORS,
                chaos::STORE_THEN_REVERT,
                chaos::HUGE_REFUND,
                chaos::FALSE_HOST_ERROR,
                chaos::FALSE_CANCEL,
                chaos::IGNORE_NESTED_FAULT,
            ][(roll % 13) as usize],
        };
        input.push(choice);
        if choice != chaos::IGNORE_NESTED_FAULT || input.len() > 20 {
            break;
        }
    }
    // The chain must end in something that is not nested.
    if input.last() == Some(&chaos::IGNORE_NESTED_FAULT) {
        input.push(chaos::GOOD);
    }
    input.extend((0..dice.roll(40)).map(|_| 0x55));
    input
}

/// One thread of the chaos: faults, and between them transactions that must be right to the gas.
fn make_chaos(
    host: &Host,
    start: &MemoryDb,
    probe: &Deployed,
    echo_gas: u64,
    seed: u64,
    faults: u64,
) -> (u64, u64) {
    let mut dice = Dice(seed);
    let mut state = start.clone();
    let (mut transactions, mut faulted, mut stored) = (0, 0, 0_u64);
    let word = |number: u64| {
        alloy_primitives::hex::encode_prefixed(U256::from(number).to_be_bytes::<32>())
    };
    while faulted < faults {
        let input = random_input(&mut dice);
        let expected = expected(&input);
        let text = alloy_primitives::hex::encode_prefixed(&input);
        // Either straight, or behind a store of Solidity's that must be undone with it.
        let is_nested = dice.roll(2) == 0;
        let (to, data) = if is_nested {
            let store = probe.call("store", &[&word(7), &word(transactions + 1)]);
            let call = probe.call("forwardCall", &[&BAD.to_string(), "0", &text]);
            let [store, call] = [store, call].map(alloy_primitives::hex::encode_prefixed);
            (
                probe.address,
                probe.call("batch", &[&format!("[{store},{call}]")]),
            )
        } else {
            (BAD, input.clone())
        };
        let deadline =
            (expected == Expected::Cancelled).then(|| Deadline::after(Duration::from_millis(3)));
        let options = TransactOptions {
            cancel: deadline.as_ref().map(Deadline::flag),
            ..TransactOptions::default()
        };
        let before = state.state_root();
        let result = host.execute(
            &block(1),
            &state,
            &transaction(Some(to), data.into()),
            options,
        );
        transactions += 1;
        match (&expected, result) {
            (Expected::Fault, Err(ExecutionError::PluginFault { plugin, .. })) => {
                assert_eq!(plugin, "bad-plugin");
                assert_eq!(state.state_root(), before);
                faulted += 1;
            }
            (Expected::Cancelled, Err(ExecutionError::Cancelled)) => faulted += 1,
            (Expected::Output(output), Ok(result)) => {
                assert!(result.is_success(), "{input:02x?}: {}", result.status);
                if !is_nested {
                    assert_eq!(result.return_data[..], output[..]);
                }
                state.apply(&result.state_changes).unwrap();
                if is_nested {
                    stored = transactions;
                }
            }
            (Expected::Revert(output), Ok(result)) => {
                assert_eq!(result.status.0, StatusCode::REVERT, "{input:02x?}");
                assert_eq!(result.return_data[..], output[..]);
                state.apply(&result.state_changes).unwrap();
            }
            (Expected::Halt, Ok(result)) => {
                let is_passed_on = is_nested && result.status.0 == StatusCode::REVERT;
                assert!(
                    is_passed_on || result.halt_reason().is_some(),
                    "{}",
                    result.status
                );
                state.apply(&result.state_changes).unwrap();
            }
            (expected, found) => panic!("{input:02x?}: expected {expected:?}, found {found:?}"),
        }
        let slot = state.get(&probe.address).unwrap().storage(&U256::from(7));
        assert_eq!(slot, U256::from(stored), "{input:02x?}");

        // Somebody else's transaction right behind it.
        let echo = probe.call("returnRaw", &["0x1234"]);
        let result = run(host, &state, probe.address, &echo).unwrap();
        assert_eq!(
            (result.gas_used, &result.return_data[..]),
            (echo_gas, &[0x12, 0x34][..])
        );
        transactions += 1;
    }
    (transactions, faulted)
}

#[test]
fn ten_thousand_random_faults_lose_no_transaction_and_spoil_none() {
    const THREADS: u64 = 4;
    const FAULTS: u64 = 2_600;
    let folder = folder_with("chaos");
    let (arena, probe) = arena(folder.path(), COUNT_ONLY);
    // What somebody else's transaction costs while all is quiet.
    let echo = probe.call("returnRaw", &["0x1234"]);
    let quiet = run(&arena.host, &arena.state, probe.address, &echo).unwrap();
    let echo_gas = quiet.gas_used;
    let (mut transactions, mut faults) = (0, 0);
    thread::scope(|scope| {
        let threads: Vec<_> = (1..=THREADS)
            .map(|seed| {
                let (host, state, probe) = (&arena.host, &arena.state, &probe);
                scope.spawn(move || {
                    make_chaos(host, state, probe, echo_gas, seed * 0x9e37_79b9, FAULTS)
                })
            })
            .collect();
        for thread in threads {
            let (run, faulted) = thread.join().unwrap();
            transactions += run;
            faults += faulted;
        }
    });
    println!("{transactions} transactions, {faults} of them faulted or cancelled: 0 lost, 0 wrong");
    assert!(faults >= 10_000);
}

/// Host with the releases of the bad plugin that are installed; and the candidate of a version.
fn release(host: &Host, library: &str) -> Candidate {
    let discovery = host.factory().rediscover();
    let mut taken = discovery.taken.into_iter();
    taken
        .find(|c| c.manifest.library.to_string() == library)
        .unwrap()
}

fn bad_generation(host: &Host) -> u64 {
    let generations = host.factory().registry().generations();
    let bad = generations.iter().find(|g| g.id == "bad-plugin");
    bad.unwrap().generation
}

fn panic_times(arena: &Arena, times: u64) {
    for _ in 0..times {
        assert_fault(
            run(&arena.host, &arena.state, BAD, &[chaos::PANIC]),
            "panicked",
        );
    }
}

fn policy(fall_back: FallBack) -> FaultPolicy {
    FaultPolicy {
        quarantine_after: 3,
        fall_back,
    }
}

#[test]
fn a_build_that_keeps_faulting_is_set_aside_and_nothing_takes_its_place() {
    let folder = folder_with("chaos");
    install(folder.path(), "release_2", "2.0.0", "chaos", &[]);
    // Both releases run; the container takes any, so the higher one.
    let (arena, probe) = arena(folder.path(), policy(FallBack::SameRelease));
    panic_times(&arena, 3);
    for input in [chaos::PANIC, chaos::GOOD] {
        let error = run(&arena.host, &arena.state, BAD, &[input]).unwrap_err();
        assert!(
            matches!(&error, ExecutionError::Quarantined { version, .. } if version == "2.0.0"),
            "never the other release in silence: {error}"
        );
    }
    let input = probe.call("tryCall", &[&BAD.to_string(), "0", "100000", "0x00"]);
    let error = run(&arena.host, &arena.state, probe.address, &input).unwrap_err();
    assert!(
        matches!(error, ExecutionError::Quarantined { .. }),
        "{error}"
    );
    let echo = probe.call("returnRaw", &["0x1234"]);
    assert!(
        run(&arena.host, &arena.state, probe.address, &echo).is_ok(),
        "others go on"
    );

    let registry = arena.host.factory().registry();
    let incidents = registry.incidents();
    assert_eq!(incidents.len(), 1);
    assert_eq!(incidents[0].quarantined.version, "2.0.0");
    assert_eq!(incidents[0].quarantined.faults, 3);
    assert_eq!(incidents[0].replacement, None);
    assert!(incidents[0].last_fault.contains("panicked"));

    // Somebody has looked at it.
    let number = incidents[0].quarantined.generation;
    registry.release(number).unwrap();
    assert!(
        run(&arena.host, &arena.state, BAD, &[chaos::GOOD])
            .unwrap()
            .is_success()
    );
    assert_eq!(
        registry.release(number),
        Err(RegistryError::NotQuarantined { number })
    );
}

#[test]
fn the_former_build_of_the_same_release_takes_over() {
    let folder = folder_with("chaos");
    let (arena, _) = arena(folder.path(), policy(FallBack::SameRelease));
    let former = bad_generation(&arena.host);
    install(folder.path(), "good", "1.0.0", "chaos", b"a second build");
    fs::remove_file(folder.path().join("good_0.toml")).unwrap();
    let second = release(&arena.host, "good_14");
    let second = arena.host.factory().swap(former, &second).unwrap();

    panic_times(&arena, 3);
    let registry = arena.host.factory().registry();
    let incidents = registry.incidents();
    assert_eq!(incidents[0].quarantined.generation, second.generation);
    assert_eq!(
        incidents[0].replacement.as_ref().unwrap().generation,
        former
    );
    assert!(!incidents[0].changes_release);
    assert!(
        run(&arena.host, &arena.state, BAD, &[chaos::GOOD])
            .unwrap()
            .is_success()
    );
    assert_eq!(bad_generation(&arena.host), former);

    // The former one fails as well: now there is nobody left.
    panic_times(&arena, 3);
    let error = run(&arena.host, &arena.state, BAD, &[chaos::GOOD]).unwrap_err();
    assert!(
        matches!(error, ExecutionError::Quarantined { .. }),
        "{error}"
    );
    assert_eq!(registry.incidents()[1].replacement, None);
}

#[test]
fn another_release_takes_over_only_where_the_policy_says_so() {
    for (fall_back, takes_over) in [
        (FallBack::Never, false),
        (FallBack::SameRelease, false),
        (FallBack::AnyRelease, true),
    ] {
        let folder = folder_with("chaos");
        let (arena, _) = arena(folder.path(), policy(fall_back));
        let former = bad_generation(&arena.host);
        install(folder.path(), "release_2", "2.0.0", "chaos", &[]);
        let newer = release(&arena.host, "release_2_0");
        arena.host.factory().swap(former, &newer).unwrap();
        panic_times(&arena, 3);
        let incident = &arena.host.factory().registry().incidents()[0];
        assert_eq!(incident.changes_release, takes_over, "{fall_back:?}");
        assert_eq!(incident.replacement.is_some(), takes_over, "{fall_back:?}");
        let result = run(&arena.host, &arena.state, BAD, &[chaos::GOOD]);
        assert_eq!(result.is_ok(), takes_over, "{fall_back:?}");
    }
}

#[test]
fn a_pinned_build_is_counted_and_stays() {
    let folder = folder_with("chaos");
    let (arena, _) = arena(folder.path(), policy(FallBack::SameRelease));
    let number = bad_generation(&arena.host);
    arena.host.factory().registry().pin(number, true).unwrap();
    panic_times(&arena, 5);
    let generations = arena.host.factory().registry().generations();
    let bad = generations.iter().find(|g| g.generation == number).unwrap();
    assert_eq!((bad.faults, bad.state), (5, GenerationState::Active));
}

/// An address whose pack is set aside must not look like one without a precompile.
#[test]
fn a_pack_that_is_set_aside_keeps_its_addresses() {
    let folder = folder_with("good");
    let (arena, probe) = arena(folder.path(), policy(FallBack::SameRelease));
    let registry = arena.host.factory().registry();
    let generations = registry.generations();
    let pack = generations
        .iter()
        .find(|g| g.id == "proz-precompiles" && g.version == "2.0.0");
    let number = pack.unwrap().generation;
    let sha256 = Address::with_last_byte(2);
    let inside = probe.call("tryCall", &[&sha256.to_string(), "0", "100000", "0x616263"]);
    let both = [(sha256, b"abc".to_vec()), (probe.address, inside)];
    let run_both = || {
        let run = |(to, input): &(Address, Vec<u8>)| run(&arena.host, &arena.state, *to, input);
        both.iter().map(run).collect::<Vec<_>>()
    };
    let before: Vec<_> = run_both()
        .into_iter()
        .map(|r| r.unwrap().gas_used)
        .collect();

    registry.quarantine(number, "by hand").unwrap();
    for result in run_both() {
        let error = result.unwrap_err();
        assert!(
            matches!(&error, ExecutionError::Quarantined { plugin, .. } if plugin == "proz-precompiles"),
            "{error}"
        );
    }
    assert_eq!(registry.incidents()[0].last_fault, "by hand");
    let echo = probe.call("returnRaw", &["0x1234"]);
    assert!(
        run(&arena.host, &arena.state, probe.address, &echo).is_ok(),
        "others go on"
    );

    registry.release(number).unwrap();
    let after: Vec<_> = run_both()
        .into_iter()
        .map(|r| r.unwrap().gas_used)
        .collect();
    assert_eq!(after, before);
    let unknown = registry.quarantine(u64::MAX, "nobody");
    assert!(matches!(
        unknown,
        Err(RegistryError::UnknownGeneration { .. })
    ));
}

/// Builds exchanged, set aside and taken back while threads execute and fault.
#[test]
fn faults_swaps_and_quarantines_at_once_give_documented_outcomes_only() {
    const ROUNDS: usize = 300;
    let folder = folder_with("chaos");
    let (arena, _) = arena(folder.path(), policy(FallBack::SameRelease));
    let first = release(&arena.host, "good_0");
    fs::remove_file(folder.path().join("good_0.toml")).unwrap();
    install(folder.path(), "good", "1.0.0", "chaos", b"a second build");
    let builds = [release(&arena.host, "good_14"), first];
    let stop = std::sync::atomic::AtomicBool::new(false);
    let registry = arena.host.factory().registry();
    let (mut good, mut faulted, mut refused) = (0_u64, 0_u64, 0_u64);
    thread::scope(|scope| {
        let (host, state, stop) = (&arena.host, &arena.state, &stop);
        let threads: Vec<_> = (1..=3)
            .map(|seed| {
                scope.spawn(move || {
                    let mut dice = Dice(seed);
                    let mut counts = [0_u64; 3];
                    while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                        let input = [[chaos::GOOD, chaos::PANIC][usize::from(dice.roll(50) == 0)]];
                        let outcome = match run(host, state, BAD, &input) {
                            Ok(result) => {
                                assert_eq!(input[0], chaos::GOOD);
                                assert_eq!(result.return_data[..], input);
                                0
                            }
                            Err(ExecutionError::PluginFault { .. }) => {
                                assert_eq!(input[0], chaos::PANIC);
                                1
                            }
                            Err(ExecutionError::Quarantined { .. }) => 2,
                            Err(other) => panic!("{other}"),
                        };
                        counts[outcome] += 1;
                    }
                    counts
                })
            })
            .collect();
        for round in 0..ROUNDS {
            let old = registry
                .generations()
                .into_iter()
                .find(|g| g.id == "bad-plugin")
                .unwrap();
            // The former build may have come back in between: then the number is unknown.
            match arena
                .host
                .factory()
                .swap(old.generation, &builds[round % 2])
            {
                Ok(_) | Err(proz_host::FactoryError::Registry(_)) => {}
                Err(other) => panic!("{other}"),
            }
            thread::sleep(Duration::from_millis(1));
            for incident in registry.incidents().iter().rev().take(2) {
                // Released by an earlier round, perhaps.
                let _ = registry.release(incident.quarantined.generation);
            }
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        for thread in threads {
            let [a, b, c] = thread.join().unwrap();
            (good, faulted, refused) = (good + a, faulted + b, refused + c);
        }
    });
    println!(
        "{good} right, {faulted} faulted, {refused} refused, {} quarantined",
        registry.incidents().len()
    );
    assert!(good > 0 && faulted > 0 && !registry.incidents().is_empty());
    let active = registry.generations().into_iter();
    let active: Vec<_> = active.filter(|g| g.id == "bad-plugin").collect();
    let running = active.iter().filter(|g| {
        matches!(g.state, GenerationState::Active)
            || (g.state == GenerationState::Quarantined && registry.release(g.generation).is_ok())
    });
    assert!(running.count() >= 1);
    assert!(run(&arena.host, &arena.state, BAD, &[chaos::GOOD]).is_ok());
}
