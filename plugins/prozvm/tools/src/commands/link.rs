//! `link`: RISC-V executable to program.

use crate::{
    args::LinkArgs,
    commands::asm::{output, report},
    error::{Outcome, ToolError},
    program,
};
use proz_prozvm_link::{LinkOptions, link};
use std::process::ExitCode;

pub(crate) fn run(json: bool, args: &LinkArgs) -> Outcome {
    let output = output(&args.file, args.output.as_deref(), "pz")?;
    let mut options = LinkOptions {
        stack_bytes: args.stack,
        max_pages: args.max_pages,
        heap_pages: args.heap,
        export_symbols: args.export_symbols,
        plain_results: args.plain_results,
        names: !args.strip,
        lines: !args.strip,
        optimise: !args.no_optimise,
        ..LinkOptions::default()
    };
    options.config.optimization.strip_callee_saves = !args.no_optimise;
    let elf = program::read(&args.file)?;
    let linked = link(&elf, &options).map_err(|error| {
        ToolError::because(format!("cannot link `{}`", args.file.display()), error).hint(
            "compile for rv64im_zba_zbb_zicond, link statically with --emit-relocs and without relaxation; \
             plugins/prozvm/README.md has the command",
        )
    })?;
    let verified = program::verified(&output, linked)?;
    let bytes = verified.program().encode();
    program::write(&output, &bytes)?;
    report(json, &output, &verified, bytes.len());
    Ok(ExitCode::SUCCESS)
}
