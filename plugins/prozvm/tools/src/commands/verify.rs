//! `verify`: whether a program may run, and the rule that it breaks.

use crate::{
    args::VerifyArgs,
    error::{FAILED, Outcome},
    out::count,
    program,
};
use proz_prozvm_core::{VmConfig, verify};
use proz_prozvm_syscalls::CHAIN;
use std::process::ExitCode;

pub(crate) fn run(json: bool, args: &VerifyArgs) -> Outcome {
    let decoded = program::decode(&args.file, &program::read(&args.file)?)?;
    let shown = args.file.display();
    let verdict = decoded.and_then(|program| verify(program, &VmConfig::default(), &CHAIN));
    match verdict {
        Ok(verified) => {
            let program = verified.program();
            if json {
                let json = serde_json::json!({
                    "valid": true,
                    "size_bytes": program.encoded_size(),
                    "functions": program.functions.len(),
                    "instructions": program.code.len(),
                    "blocks": verified.blocks().len(),
                    "memory_gas": verified.memory_cost(),
                });
                outln!("{json}");
            } else {
                outln!(
                    "{shown}: valid, {} bytes, {}, {}, {}",
                    program.encoded_size(),
                    count(program.functions.len(), "function"),
                    count(verified.blocks().len(), "block"),
                    count(program.code.len(), "instruction"),
                );
            }
            Ok(ExitCode::SUCCESS)
        }
        Err(rejection) => {
            if json {
                let json = serde_json::json!({
                    "valid": false,
                    "rule": rejection.rule.id(),
                    "offset": rejection.offset,
                    "message": rejection.detail,
                });
                outln!("{json}");
            } else {
                outln!("{shown}: refused by {rejection}");
            }
            Ok(ExitCode::from(FAILED))
        }
    }
}
