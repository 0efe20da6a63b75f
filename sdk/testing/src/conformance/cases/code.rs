//! Code: good, bad, cut off, random; and what it may be cached by.

use super::cases;
use crate::conformance::{
    Behaviour, Case,
    check::{Check, Failure, same},
    frame::Bench,
};
use proz_interface::v1::{B256, VmError, VmErrorCode};

pub(super) const CASES: &[Case] = cases! { Code:
    every_program_is_valid [] programs;
    random_bytes_are_judged_without_a_panic [] random;
    cut_off_programs_are_judged_without_a_panic [] truncated;
    altered_programs_are_judged_without_a_panic [] altered;
    accepted_bytes_execute_without_a_fault [] accepted;
    refused_bytes_execute_without_a_panic [] refused;
    huge_code_is_judged_without_a_panic [] huge;
    a_verdict_on_code_never_changes [] stable;
    a_zero_code_hash_is_no_cache_key [ReturnData, Echo] zero_hash;
    code_may_lie_elsewhere_in_the_next_frame [Echo] moved;
};

/// Numbers that look random and are the same in every run. Spec: xorshift64, Marsaglia 2003.
struct Numbers(u64);

impl Numbers {
    const fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % (bound.max(1) as u64)) as usize
    }

    fn bytes(&mut self, most: usize) -> Vec<u8> {
        let size = self.below(most + 1);
        (0..size).map(|_| self.next() as u8).collect()
    }
}

/// Asks for a verdict, which must not be a fault of the plugin.
fn verdict(bench: &Bench, code: &[u8], what: &str) -> Result<Result<(), VmError>, Failure> {
    let verdict = bench.machine.validate_code(code.into()).into_result();
    match verdict {
        Err(error) if error.code().is_fault() => {
            let shown = &code[..code.len().min(64)];
            Err(Failure(format!("{what} ({shown:02x?}…): {error}")))
        }
        verdict => Ok(verdict),
    }
}

fn programs(bench: &Bench) -> Check {
    for (behaviour, program) in bench.programs.iter() {
        let verdict = verdict(bench, &program.code, behaviour.name())?;
        if let Err(error) = verdict {
            return Err(Failure(format!(
                "the program `{behaviour}` is refused: {error}"
            )));
        }
    }
    Ok(())
}

fn random(bench: &Bench) -> Check {
    let mut numbers = Numbers(0x5eed);
    for _ in 0..3000 {
        let code = numbers.bytes(200);
        verdict(bench, &code, "random bytes")?.ok();
    }
    Ok(())
}

fn truncated(bench: &Bench) -> Check {
    for (behaviour, program) in bench.programs.iter() {
        let step = program.code.len() / 200 + 1;
        for end in (0..program.code.len()).step_by(step) {
            verdict(bench, &program.code[..end], behaviour.name())?.ok();
        }
    }
    Ok(())
}

/// Programs with a few bytes changed.
fn mutants(bench: &Bench, count: usize) -> Vec<Vec<u8>> {
    let mut numbers = Numbers(0xa17e);
    let mut mutants = Vec::new();
    for (_, program) in bench.programs.iter() {
        for _ in 0..count {
            let mut code = program.code.clone();
            for _ in 0..=numbers.below(3) {
                let at = numbers.below(code.len());
                if let Some(byte) = code.get_mut(at) {
                    *byte = numbers.next() as u8;
                }
            }
            mutants.push(code);
        }
    }
    mutants
}

fn altered(bench: &Bench) -> Check {
    for code in mutants(bench, 40) {
        verdict(bench, &code, "an altered program")?.ok();
    }
    Ok(())
}

/// Executes altered programs and random bytes with `wanted` verdict.
fn execute_all(bench: &Bench, wanted: bool, is_bad: fn(VmErrorCode) -> bool) -> Check {
    let mut numbers = Numbers(0xacce);
    let mut codes = mutants(bench, 12);
    codes.extend((0..500).map(|_| numbers.bytes(100)));
    for code in codes {
        if verdict(bench, &code, "code")?.is_ok() != wanted {
            continue;
        }
        let shown = format!("{:02x?}", &code[..code.len().min(64)]);
        let mut frame = bench.frame_of(code, vec![0; 96]);
        frame.gas_limit = frame.gas_limit.min(300_000);
        if let Err(error) = frame.attempt()? {
            ensure!(!is_bad(error.code()), "execution of {shown}: {error}");
        }
    }
    Ok(())
}

fn accepted(bench: &Bench) -> Check {
    execute_all(bench, true, |code| {
        code.is_fault() || code == VmErrorCode::UNSUPPORTED || code == VmErrorCode::INVALID_CODE
    })
}

fn refused(bench: &Bench) -> Check {
    execute_all(bench, false, |code| code == VmErrorCode::PANICKED)
}

fn huge(bench: &Bench) -> Check {
    for byte in [0x00, 0x5b, 0xff] {
        verdict(bench, &vec![byte; 4 << 20], "4 MiB of one byte")?.ok();
    }
    Ok(())
}

fn stable(bench: &Bench) -> Check {
    let mut numbers = Numbers(0x57ab);
    let mut codes: Vec<_> = bench.programs.iter().map(|(_, p)| p.code.clone()).collect();
    codes.extend((0..200).map(|_| numbers.bytes(60)));
    let judge = |code: &[u8]| {
        let verdict = verdict(bench, code, "code")?;
        let told = verdict.map_err(|e| (e.code(), e.offset(), e.message().to_owned()));
        Ok::<_, Failure>(told)
    };
    let first = codes
        .iter()
        .map(|code| judge(code))
        .collect::<Result<Vec<_>, _>>()?;
    for (code, expected) in codes.iter().zip(&first).rev() {
        same("verdict", expected, &judge(code)?)?;
    }
    Ok(())
}

fn zero_hash(bench: &Bench) -> Check {
    for _ in 0..2 {
        let mut frame = bench.frame(Behaviour::ReturnData, &[])?;
        frame.code_hash = B256::default();
        same("output", (1..=32).collect(), frame.succeed()?.output)?;
        let mut frame = bench.frame(Behaviour::Echo, b"other code")?;
        frame.code_hash = B256::default();
        same("output", b"other code".to_vec(), frame.succeed()?.output)?;
    }
    Ok(())
}

fn moved(bench: &Bench) -> Check {
    let mut kept = Vec::new();
    for number in 0..50_u8 {
        let bytes = [number; 40];
        let mut frame = bench.frame(Behaviour::Echo, &bytes)?;
        // Another place each time, and what lay there before is overwritten.
        let mut code = Vec::with_capacity(frame.code.len() + usize::from(number) * 64);
        code.extend_from_slice(&frame.code);
        frame.code.fill(0xfe);
        kept.push(std::mem::replace(&mut frame.code, code));
        same("output", bytes.to_vec(), frame.succeed()?.output)?;
    }
    Ok(())
}
