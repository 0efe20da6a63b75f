//! `proz why`: which release runs the code of a contract, and why.

use crate::{
    args::{Common, WhyArgs},
    error::{FAILED, Outcome},
    session::Session,
    target,
};
use alloy_primitives::Address;
use proz_host::{CodeForm, Explanation, Requirement, Verdict};
use std::process::ExitCode;

pub(crate) fn run(common: &Common, args: &WhyArgs) -> Outcome {
    let session = Session::open(common, &args.world)?;
    let named = session.names.0.get(&args.target).map(|named| named.address);
    let address = named.or_else(|| args.target.parse::<Address>().ok());
    let explanation = match address {
        Some(address) => session
            .host
            .explain(&session.block, &session.state, address)?,
        None => {
            let contract = target::read(&args.target, &args.reading)?;
            let code = target::enclose(&contract, contract.runtime_code()?, &args.reading)?;
            session.host.explain_code(&session.block, &code)
        }
    };
    if common.json {
        outln!("{}", serde_json::to_string_pretty(&explanation)?);
    } else {
        print(&explanation);
    }
    let runs = matches!(
        explanation.verdict,
        Verdict::Succeeds | Verdict::Runs { refusal: None, .. }
    );
    Ok(if runs {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(FAILED)
    })
}

fn print(explanation: &Explanation) {
    outln!(
        "block   {} at time {}, {}, {}",
        explanation.block,
        explanation.timestamp,
        explanation.revision,
        if explanation.is_scheduled {
            "by the chain's schedule"
        } else {
            "development chain: the best that is loaded"
        }
    );
    if let Some(delegate) = &explanation.delegate {
        outln!("        delegates to {delegate} (EIP-7702), whose code is");
    }
    outln!("code    {}", form(&explanation.code));
    for (index, candidate) in explanation.candidates.iter().enumerate() {
        let head = if index == 0 { "active" } else { "" };
        let fit = match (&candidate.misfit, &candidate.fits_as) {
            (Some(misfit), _) => format!("no: {misfit}"),
            (None, Some(version)) if *version != candidate.version => {
                format!("fits, answering for {version}")
            }
            _ => "fits".to_owned(),
        };
        outln!(
            "{head:<7} {:<20} {:<10} {fit}",
            format!("{} {}", candidate.plugin, candidate.version),
            candidate.vm_type
        );
    }
    outln!("call    {}", verdict(explanation));
}

fn form(code: &CodeForm) -> String {
    match code {
        CodeForm::None => "none".to_owned(),
        CodeForm::Precompile { name, .. } => format!("precompile {name}"),
        CodeForm::Plain { size_bytes } => {
            format!("plain EVM code of {size_bytes} bytes: the highest active `evm` runs it")
        }
        CodeForm::Container {
            vm_type,
            requirement,
            size_bytes,
        } => {
            let asked = format!("{vm_type}@{requirement}");
            if let Err(error) = asked.parse::<Requirement>() {
                return format!(
                    "container of {size_bytes} bytes that nothing can satisfy: {error}"
                );
            }
            format!(
                "container of {size_bytes} bytes that asks for `{asked}`: the highest active \
                 release that fits runs it"
            )
        }
        CodeForm::Malformed { reason } => format!("no valid container: {reason}"),
        _ => "of a form that this program does not know".to_owned(),
    }
}

fn verdict(explanation: &Explanation) -> String {
    match &explanation.verdict {
        Verdict::Succeeds => "succeeds at once: there is no code to run".to_owned(),
        Verdict::Runs {
            plugin,
            version,
            refusal: None,
        } => format!("runs on {plugin} {version}"),
        Verdict::Runs {
            plugin,
            version,
            refusal: Some(refusal),
        } => format!(
            "halts: {plugin} {version} refuses the code, and the call's gas is gone: {refusal}"
        ),
        Verdict::Halts { status } => format!("halts: {status}; the call's gas is gone"),
        Verdict::Stops { reason } => format!("stops the block on this node: {reason}"),
        _ => "does what this program does not know".to_owned(),
    }
}
