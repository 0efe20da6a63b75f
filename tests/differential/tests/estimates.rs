//! Gas estimates of random transactions: enough, and hardly more than enough.

use alloy_primitives::B256;
use proz_differential::Scenario;
use proz_host::{
    Block, ChainConfig, EstimateError, Host, Revision, SearchPath, Transaction, VmFactoryConfig,
};
use proz_state::MemoryDb;
use proz_tests::plugins_dir;

/// Scenarios that are tried; most are refused, revert or halt whatever their limit.
const SCENARIOS: u64 = 20_000;
/// What `GasEstimate::executions` documents as its bound.
const MOST_EXECUTIONS: u32 = 30;
/// Limits below an estimate that are tried to find one that fails.
const PROBES: u64 = 200;

struct Case<'h> {
    host: &'h Host,
    revision: Revision,
    block: Block,
    state: MemoryDb,
    transaction: Transaction,
}

impl Case<'_> {
    fn succeeds(&self, gas_limit: u64) -> bool {
        if gas_limit < self.floor() {
            return false;
        }
        let transaction = Transaction {
            gas_limit,
            ..self.transaction.clone()
        };
        let result = self.host.call(&self.block, &self.state, &transaction);
        result.expect("it is executed").is_success()
    }

    /// Limit below which no transaction with such call data is valid. Spec: EIP-7623.
    fn floor(&self) -> u64 {
        if self.revision < Revision::Prague {
            return 0;
        }
        let tokens = |byte: &u8| if *byte == 0 { 1 } else { 4 };
        21_000 + 10 * self.transaction.input.iter().map(tokens).sum::<u64>()
    }

    /// The least limit by halving, where success is what more gas cannot spoil.
    fn least(&self, floor: u64, high: u64) -> u64 {
        let (mut low, mut high) = (floor - 1, high);
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if self.succeeds(middle) {
                high = middle;
            } else {
                low = middle;
            }
        }
        high
    }

    /// Whether any of many limits within 1.5 % below `gas` fails.
    fn fails_just_below(&self, gas: u64) -> bool {
        // The least integer that is not more than 1.5 % below.
        let least = (gas * 1_000).div_ceil(1_015);
        let step = (gas - least) / PROBES + 1;
        (least - 1..gas)
            .step_by(step as usize)
            .any(|limit| !self.succeeds(limit))
    }
}

#[test]
fn estimates_of_random_transactions_suffice_and_lie_at_most_a_sixtieth_above() {
    let host = |revision| {
        let plugins = VmFactoryConfig {
            search_path: SearchPath::explicit([plugins_dir()]),
            ..VmFactoryConfig::default()
        };
        Host::new(ChainConfig::ethereum(revision), plugins).expect("the shipped plugins load")
    };
    let hosts = [
        (Revision::Homestead, host(Revision::Homestead)),
        (Revision::London, host(Revision::London)),
        (Revision::Osaka, host(Revision::Osaka)),
    ];
    let (mut estimated, mut failing, mut most, mut total) = (0, 0, 0, 0_u64);
    for number in 0..SCENARIOS {
        let scenario = Scenario::new(number);
        let known = hosts
            .iter()
            .find(|(revision, _)| *revision == scenario.revision);
        let Some((revision, host)) = known else {
            continue;
        };
        let case = Case {
            host,
            revision: *revision,
            block: Block {
                prev_randao: B256::repeat_byte(1).into(),
                ..scenario.block()
            },
            state: scenario.state(),
            transaction: Transaction {
                gas_limit: 2_000_000,
                ..scenario.transaction
            },
        };
        let name = format!("scenario {number} under {revision}");
        let estimate = match host.estimate_gas(&case.block, &case.state, &case.transaction) {
            Ok(estimate) => estimate,
            Err(EstimateError::Reverted { .. } | EstimateError::Halted { .. }) => {
                assert!(!case.succeeds(2_000_000), "{name}");
                failing += 1;
                continue;
            }
            Err(EstimateError::IntrinsicGas { needed, .. }) => {
                assert!(needed > 2_000_000, "{name}");
                continue;
            }
            Err(error) => panic!("{name}: {error}"),
        };
        assert!(case.succeeds(estimate.gas), "{name}: {estimate:?}");
        assert!(
            estimate.executions <= MOST_EXECUTIONS,
            "{name}: {estimate:?}"
        );
        // Where more gas may spoil what less achieves, there are several least limits, and the
        // estimate must be hardly more than one of them.
        let least = case.least(21_000, estimate.gas);
        let is_near = estimate.gas * 1_000 <= least * 1_015;
        assert!(
            is_near || case.fails_just_below(estimate.gas),
            "{name}: {estimate:?}, least {least}"
        );
        estimated += 1;
        most = most.max(estimate.executions);
        total += u64::from(estimate.executions);
    }
    println!(
        "{estimated} estimates, {:.1} executions each, {most} at most; {failing} fail with any limit",
        total as f64 / f64::from(estimated)
    );
    assert!(estimated > 500, "{estimated}");
}
