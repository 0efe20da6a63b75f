//! `asm`: text to program.

use crate::{
    args::AsmArgs,
    error::{Outcome, ToolError},
    out::count,
    program,
};
use proz_prozvm_core::Verified;
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

pub(crate) fn run(json: bool, args: &AsmArgs) -> Outcome {
    let output = output(&args.file, args.output.as_deref(), "pz")?;
    let assembled = program::from_text(&args.file, &program::read(&args.file)?)?;
    // A program that no machine runs is not written.
    let verified = program::verified(&args.file, assembled)?;
    let bytes = verified.program().encode();
    program::write(&output, &bytes)?;
    report(json, &output, &verified, bytes.len());
    Ok(ExitCode::SUCCESS)
}

/// Tells what was written.
pub(crate) fn report(json: bool, output: &Path, verified: &Verified, size_bytes: usize) {
    let program = verified.program();
    let (functions, instructions) = (program.functions.len(), program.code.len());
    let shown = output.display();
    if json {
        let json = serde_json::json!({
            "output": shown.to_string(),
            "size_bytes": size_bytes,
            "functions": functions,
            "instructions": instructions,
        });
        outln!("{json}");
    } else {
        outln!(
            "{shown}: {size_bytes} bytes, {}, {}, verified",
            count(functions, "function"),
            count(instructions, "instruction")
        );
    }
}

/// Where a result goes: as asked, else beside its source with another ending.
pub(crate) fn output(
    source: &Path,
    asked: Option<&Path>,
    extension: &str,
) -> Result<PathBuf, ToolError> {
    let output = match asked {
        Some(asked) => asked.to_owned(),
        None if source == Path::new("-") => {
            return Err(ToolError::new("standard input has no name to write beside")
                .hint("name the result with --output"));
        }
        None => source.with_extension(extension),
    };
    if output == source {
        return Err(
            ToolError::new(format!("the result would replace `{}`", source.display()))
                .hint("name it with --output"),
        );
    }
    Ok(output)
}
