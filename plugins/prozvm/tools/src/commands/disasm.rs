//! `disasm`: program to text.

use crate::{args::DisasmArgs, error::Outcome, program};
use proz_prozvm_asm::disassemble;
use std::process::ExitCode;

pub(crate) fn run(json: bool, args: &DisasmArgs) -> Outcome {
    let loaded = program::load(&args.file)?;
    let text = disassemble(loaded.program());
    match &args.output {
        Some(output) => {
            program::write(output, text.as_bytes())?;
            let lines = text.lines().count();
            if json {
                let json = serde_json::json!({
                    "output": output.display().to_string(),
                    "lines": lines,
                });
                outln!("{json}");
            } else {
                outln!("{}: {lines} lines", output.display());
            }
        }
        None if json => outln!("{}", serde_json::json!({ "text": text })),
        None => out!("{text}"),
    }
    Ok(ExitCode::SUCCESS)
}
