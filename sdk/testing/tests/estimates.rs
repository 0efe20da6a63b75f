//! The trial that finds a gas limit, over figures at the ends of their range.
#![allow(clippy::unwrap_used, reason = "a test")]

use proz_sdk::{
    Address, Buffer, ExecutionContext, FrameResult, Host, Revision, StatusCode, VirtualMachine,
    VmError, VmErrorCode, estimate_by_trial,
};
use proz_sdk_testing::mock::{Environment, MockHost};

/// Succeeds with `needed` gas or more, and spends `spent` of it.
struct Needs {
    needed: u64,
    spent: u64,
}

impl VirtualMachine for Needs {
    fn execute(
        &self,
        _code: &[u8],
        context: &ExecutionContext<'_>,
        _host: &mut Host<'_>,
    ) -> Result<FrameResult, VmError> {
        let gas_limit = context.message.gas_limit;
        if gas_limit < self.needed {
            return Ok(FrameResult::halt(StatusCode::OUT_OF_GAS));
        }
        Ok(FrameResult::success(
            gas_limit - self.spent,
            Buffer::empty(),
        ))
    }

    fn validate_code(&self, _code: &[u8]) -> Result<(), VmError> {
        Ok(())
    }
}

/// Figures near every border that arithmetic has here.
fn extremes() -> Vec<u64> {
    let borders = [0, 63, 64, 68, 21_000, 1 << 24, 1 << 32, 1 << 63, u64::MAX];
    // Of which 63 63rds and one more are beyond the range, and just within it.
    let scaled = [u64::MAX / 64 * 63, 18_158_513_697_557_840_240];
    let all = borders.iter().chain(&scaled);
    let mut figures: Vec<u64> = all
        .flat_map(|n| [n.saturating_sub(1), *n, n.saturating_add(1)])
        .collect();
    figures.sort_unstable();
    figures.dedup();
    figures
}

#[test]
fn finds_the_least_limit_to_within_its_tolerance_whatever_the_figures() {
    const SELF: Address = Address([1; 20]);
    let environment = Environment::new(Revision::Osaka);
    let figures = extremes();
    for &limit in &figures {
        for &needed in &figures {
            for spent in [needed, needed / 64 * 63, needed / 2, 0] {
                let machine = Needs { needed, spent };
                let context = environment.context(Environment::call(SELF, limit, &[]));
                let mut host = MockHost::new(SELF);
                let found = estimate_by_trial(&machine, &[], &[], &context, &mut host.host());
                let case = format!("limit {limit}, needed {needed}, spent {spent}");
                if needed > limit {
                    let code = found.unwrap_err().code();
                    assert_eq!(code, VmErrorCode::OUT_OF_GAS, "{case}");
                    continue;
                }
                let found = found.unwrap();
                assert!((needed..=limit).contains(&found.gas), "{case}: {found:?}");
                // 1.5 % above the least at most, or one.
                let above = u128::from(found.gas - needed);
                assert!(
                    above <= 1 || above * 1_000 <= u128::from(needed) * 15,
                    "{case}: {found:?}"
                );
                assert!(found.executions <= 132, "{case}: {found:?}");
            }
        }
    }
}
