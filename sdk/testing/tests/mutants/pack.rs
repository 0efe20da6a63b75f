//! The kit for packs, on a pack that is right and on ones that are not.

use proz_sdk::{
    Address, ExecutionContext, FrameResult, Host, Precompile, Revision, StatusCode, VmError,
    VmErrorCode,
};
use proz_sdk_testing::conformance::{Report, Verdict, pack_in_process, run_pack};
use std::sync::atomic::{AtomicU64, Ordering};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    SharesAddress,
    HasNoName,
    EndsBeforeItBegins,
    PricesByHistory,
    FailsOnEmptyInput,
    PanicsOnLongInput,
    UsesMore,
    ClaimsGas,
    AnswersByHistory,
    AsksTheHost,
    BelievesClaims,
}

/// Returns its input for one gas a byte and ten more.
struct Copier {
    number: u8,
    fault: Option<Fault>,
    runs: AtomicU64,
}

impl Copier {
    fn is(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }
}

impl Precompile for Copier {
    fn name(&self) -> &str {
        match self.number {
            _ if self.is(Fault::HasNoName) => "",
            1 => "COPY",
            _ => "COPY_AGAIN",
        }
    }

    fn address(&self) -> Address {
        let mut address = [0; 20];
        address[19] = if self.is(Fault::SharesAddress) {
            9
        } else {
            self.number
        };
        Address(address)
    }

    fn active_from(&self) -> Revision {
        Revision::Byzantium
    }

    fn active_until(&self) -> Option<Revision> {
        self.is(Fault::EndsBeforeItBegins)
            .then_some(Revision::Homestead)
    }

    fn gas_cost(&self, input: &[u8], _revision: Revision) -> u64 {
        if self.is(Fault::PricesByHistory) {
            return 10 + self.runs.fetch_add(1, Ordering::Relaxed);
        }
        if self.is(Fault::BelievesClaims) && input.starts_with(&[0xff; 4]) {
            assert!(input.len() > 1000, "as many bytes as the input claims");
        }
        10 + input.len() as u64
    }

    fn run(
        &self,
        input: &[u8],
        gas_left: u64,
        _context: &ExecutionContext<'_>,
        host: &mut Host<'_>,
    ) -> Result<FrameResult, VmError> {
        let runs = self.runs.fetch_add(1, Ordering::Relaxed);
        match self.fault {
            Some(Fault::FailsOnEmptyInput) if input.is_empty() => {
                return Err(VmError::new(VmErrorCode::INTERNAL, "no input"));
            }
            Some(Fault::PanicsOnLongInput) => assert!(input.len() < 10_000, "too long"),
            Some(Fault::UsesMore) => {
                return Ok(FrameResult::success(
                    gas_left.saturating_sub(1),
                    input.into(),
                ));
            }
            Some(Fault::ClaimsGas) => {
                return Ok(FrameResult::success(
                    gas_left.saturating_add(1000),
                    input.into(),
                ));
            }
            Some(Fault::AnswersByHistory) if runs % 2 == 1 => {
                return Ok(FrameResult::halt(StatusCode::PRECOMPILE_FAILURE));
            }
            Some(Fault::AsksTheHost) => {
                let _ = host.block_hash(1);
            }
            _ => {}
        }
        Ok(FrameResult::success(gas_left, input.into()))
    }
}

fn report(fault: Option<Fault>) -> Report {
    let entry = |number| -> Box<dyn Precompile> {
        Box::new(Copier {
            number,
            fault,
            runs: AtomicU64::new(0),
        })
    };
    run_pack(&pack_in_process(vec![entry(1), entry(2)]).unwrap())
}

#[test]
fn a_right_pack_passes_every_case() {
    let report = report(None);
    assert_eq!(
        report.count(Verdict::Passed),
        report.cases.len(),
        "{report}"
    );
}

#[test]
fn each_fault_of_a_pack_is_found_by_its_case() {
    for (fault, case) in [
        (Fault::SharesAddress, "addresses_are_unique_and_not_zero"),
        (Fault::HasNoName, "names_are_there_and_unique"),
        (
            Fault::EndsBeforeItBegins,
            "revisions_are_known_and_in_order",
        ),
        (Fault::PricesByHistory, "costs_are_repeatable"),
        (Fault::FailsOnEmptyInput, "empty_input_is_an_outcome"),
        (Fault::PanicsOnLongInput, "a_huge_input_is_an_outcome"),
        (Fault::UsesMore, "a_success_uses_what_the_cost_says"),
        (Fault::ClaimsGas, "gas_left_never_exceeds_the_limit"),
        (
            Fault::AnswersByHistory,
            "the_same_input_gives_the_same_result",
        ),
        (
            Fault::AsksTheHost,
            "a_pure_precompile_asks_nothing_of_the_host",
        ),
        (Fault::BelievesClaims, "claims_of_an_input_are_not_believed"),
    ] {
        let report = report(Some(fault));
        let failed: Vec<_> = report.with(Verdict::Failed).map(|case| case.name).collect();
        assert!(failed.contains(&case), "{fault:?} fails {failed:?}");
    }
}
