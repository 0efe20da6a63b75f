//! Tests of the format VMTests: one frame, the state and gas that it leaves.
//!
//! Older than every fork but the first: they run under Frontier. A test without `post` expects the
//! frame to fail.

use crate::{
    case::{hash_of_logs, in_one_line},
    error::Flaw,
    format::{Exec, Name, Pairs, Post, Test},
    number::{Account, Text as _},
    report::{CaseId, CaseResult, Compared, Outcome},
    world,
};
use proz_host::{
    ChainConfig, ExecutionResult, Revision, VmFactory,
    inspection::InspectorCell,
    transaction::{FrameRequest, execute_frame},
};
use proz_state::{MemoryDb, StateDbMut as _};

/// Name of the format, in place of a fork.
pub(crate) const FORK: &str = "VMTests";

/// Runs the test.
pub(crate) fn run(
    vms: &VmFactory,
    id: CaseId,
    test: &Test<'_>,
    exec: &Exec,
    inspector: Option<&InspectorCell>,
) -> Result<CaseResult, Flaw> {
    if test
        .callcreates
        .as_ref()
        .is_some_and(|calls| !calls.is_empty())
    {
        let reason = "expects calls that are recorded and not made".to_owned();
        return Ok(CaseResult::not_run(id, Outcome::Skipped, reason));
    }
    let env = test.env.as_ref().ok_or_else(|| Flaw::missing("env"))?;
    let rules = ChainConfig::ethereum(Revision::Frontier).rules(Revision::Frontier);
    let block = crate::fork::block(env, 1, &rules);
    let before = world::build(&test.pre, "pre")?;
    let expected = test.post.as_ref().map(after).transpose()?;
    let frame = FrameRequest {
        code: exec.code.0.clone(),
        recipient: exec.address.0,
        sender: exec.caller.0,
        origin: exec.origin.0,
        gas_price: exec.gas_price.0,
        value: exec.value.0,
        input: exec.data.0.clone(),
        gas_limit: exec.gas.0,
    };
    let lease = vms.registry().lease(block.number, block.timestamp);
    Ok(
        match execute_frame(lease.set(), &rules, &block, &before, &frame, inspector) {
            Ok(found) => judge(id, test, &before, expected.as_ref(), &found, exec),
            Err(error) => CaseResult::not_run(id, Outcome::Failed, in_one_line(&error)),
        },
    )
}

/// The state that the test expects.
fn after(post: &Pairs<Name<'_>, Post<'_>>) -> Result<MemoryDb, Flaw> {
    let mut accounts = Vec::with_capacity(post.0.len());
    for (name, entry) in &post.0 {
        match (Account::read(&name.0), entry) {
            (Some(address), Post::Account(account)) => accounts.push((address.0, account)),
            (None, _) => {
                let problem = format!("expected an address, found `{}`", name.0);
                return Err(Flaw::new("post", problem));
            }
            (_, Post::Cases(_)) => {
                let problem = format!("expected an account at `{}`", name.0);
                return Err(Flaw::new("post", problem));
            }
        }
    }
    world::build_from(accounts.into_iter(), "post")
}

fn judge(
    id: CaseId,
    test: &Test<'_>,
    before: &MemoryDb,
    expected: Option<&MemoryDb>,
    found: &ExecutionResult,
    exec: &Exec,
) -> CaseResult {
    let mut reasons = Vec::new();
    let mut state_root = None;
    let mut logs_hash = None;
    match (expected, found.is_success()) {
        (None, false) => {}
        (None, true) => reasons.push("expected a failure, the frame succeeded".to_owned()),
        (Some(_), false) => {
            reasons.push(format!(
                "expected a success, the frame ended with {}",
                found.status
            ));
        }
        (Some(expected), true) => {
            let roots = Compared {
                expected: expected.state_root(),
                found: before.state_root_after(&found.state_changes),
            };
            if roots.expected != roots.found {
                let mut after = before.clone();
                match after.apply(&found.state_changes) {
                    Ok(()) => reasons.extend(world::differences(expected, &after)),
                    Err(error) => reasons.push(in_one_line(&error)),
                }
            }
            state_root = Some(roots);
            let gas_left = exec.gas.0 - found.gas_used;
            differ(
                &mut reasons,
                "gas left",
                test.gas.map(|gas| gas.0),
                gas_left,
            );
            differ(
                &mut reasons,
                "output",
                test.out.as_ref().map(|out| &out.0),
                &found.return_data,
            );
            let logs = hash_of_logs(&found.state_changes);
            differ(
                &mut reasons,
                "logs hash",
                test.logs.map(|logs| logs.0),
                logs,
            );
            logs_hash = test.logs.map(|expected| Compared {
                expected: expected.0,
                found: logs,
            });
        }
    }
    CaseResult {
        id,
        outcome: if reasons.is_empty() {
            Outcome::Passed
        } else {
            Outcome::Failed
        },
        reasons,
        gas_used: Some(found.gas_used),
        state_root,
        logs_hash,
        exception: Compared {
            expected: None,
            found: None,
        },
    }
}

fn differ<T: PartialEq + std::fmt::Display>(
    reasons: &mut Vec<String>,
    what: &str,
    expected: Option<T>,
    found: T,
) {
    if let Some(expected) = expected.filter(|expected| *expected != found) {
        reasons.push(format!("{what}: expected {expected}, found {found}"));
    }
}
