//! `proz validate`: decides whether code may be deployed, and says why not.

use crate::{
    args::{Common, ValidateArgs},
    error::{CliError, FAILED, Outcome},
    session::{Session, load},
    target,
};
use proz_artifact::CodeKind;
use proz_host::{
    CodeError, CodeFact, CodeRefused, Requirement, StatusCode, VmFactory, VmHandle,
    container::Container,
};
use std::{borrow::Cow, process::ExitCode};

pub(crate) fn run(common: &Common, args: &ValidateArgs) -> Outcome {
    let factory = load(common)?;
    let contract = target::read(&args.code, &args.reading)?;
    let code = contract.runtime_code()?;
    let (vm, payload) = if contract.kind == CodeKind::Container && args.reading.vm.is_none() {
        let container = Container::parse(code)?;
        let vm = find(&factory, container.vm_type, wanted(&container))?;
        (vm, unpacked(&container)?)
    } else {
        let vm_type = target::vm_of(&contract, &args.reading)?;
        (
            find(&factory, &vm_type, &args.reading.vm_version)?,
            Cow::Borrowed(code),
        )
    };
    let name = format!("{}@{}", vm.vm_type(), vm.vm_version());
    // The VM itself says what it sees in the code: it alone knows the format, its own rules and
    // its prices, and a VM of a third party can say as much as ours.
    let verdict = match vm.inspect(&payload) {
        Some(facts) => facts,
        None => vm.validate_code(&payload).map(|()| Vec::new()),
    };
    match verdict {
        Ok(facts) if common.json => {
            let facts: serde_json::Map<_, _> = facts
                .iter()
                .map(|fact| (fact.name.to_string(), texts(fact).collect()))
                .collect();
            let json = serde_json::json!({
                "valid": true,
                "vm": name,
                "size_bytes": payload.len(),
                "facts": facts,
            });
            outln!("{json}");
            Ok(ExitCode::SUCCESS)
        }
        Ok(facts) => {
            outln!("valid {name} code of {} bytes", payload.len());
            show(&facts);
            let before_code = gas_before_code(&vm, &facts, payload.len());
            if before_code > STIPEND {
                eprintln!(
                    "hint: a call costs {before_code} gas before any code runs, more than the \
                     {STIPEND} that Solidity's `transfer` and `send` leave: this contract cannot \
                     be paid by them; less memory makes its entry cheaper"
                );
            }
            Ok(ExitCode::SUCCESS)
        }
        Err(refusal) => {
            if common.json {
                let json = serde_json::json!({
                    "valid": false,
                    "vm": name,
                    "code": refusal.code.0,
                    "offset": refusal.offset,
                    "message": refusal.message,
                });
                outln!("{json}");
            } else {
                outln!("{}", sentence(&name, &refusal));
            }
            Ok(ExitCode::from(FAILED))
        }
    }
}

/// Name of the fact that says what a call costs before code runs; the SDK documents it.
const ENTRY_GAS: &str = "entry gas";

/// Gas that a plain transfer of value leaves to its recipient. Spec: Yellow Paper, G_callstipend.
const STIPEND: u64 = 2_300;

/// Gas of a call before code of the contract runs, as far as the VM tells: what the host takes for
/// preparing the code, and each number of the fact `entry gas`.
fn gas_before_code(vm: &VmHandle, facts: &[CodeFact], size_bytes: usize) -> u64 {
    let preparation = vm.preparation_gas(size_bytes as u64);
    let entry = facts.iter().filter(|fact| fact.name == ENTRY_GAS);
    let words = entry.flat_map(texts).flat_map(str::split_whitespace);
    let numbers = words.filter_map(|word| word.trim_end_matches([',', ';']).parse().ok());
    numbers.fold(preparation, u64::saturating_add)
}

/// Tells on stderr why code was refused, or what would run it, which no receipt says.
pub(crate) fn explain(session: &Session, status: StatusCode, code: &[u8]) {
    let is_asked = matches!(
        status,
        StatusCode::CODE_REFUSED | StatusCode::VM_UNAVAILABLE
    );
    if let (true, Err(error)) = (is_asked, session.host.check_code(&session.block, code)) {
        eprintln!("{}", in_words(&error));
    }
}

fn in_words(error: &CodeError) -> String {
    match error {
        CodeError::Refused { vm, source } => format!(
            "{}\nhint: `proz validate` judges code without deploying it",
            sentence(vm, source)
        ),
        CodeError::Unavailable {
            vm_type,
            requirement,
            active,
        } => {
            let requirement = match requirement.as_str() {
                "" => "*",
                text => text,
            };
            if let Err(error) = format!("{vm_type}@{requirement}").parse::<Requirement>() {
                return format!("refused by the host: {error}");
            }
            format!(
                "nothing that is active satisfies `{vm_type}@{requirement}`; active: {active}\n\
                 hint: `proz why` tells what fits and what does not"
            )
        }
        error => format!("refused by the host: {error}"),
    }
}

/// The versions that a container asks for.
fn wanted<'a>(container: &Container<'a>) -> &'a str {
    match container.requirement {
        "" => "*",
        requirement => requirement,
    }
}

/// Code of a container, as large as any chain allows.
fn unpacked<'a>(container: &Container<'a>) -> Result<Cow<'a, [u8]>, CliError> {
    const MOST_BYTES: u64 = 64 << 20;
    Ok(container.payload.unpack(MOST_BYTES)?)
}

fn sentence(vm: &str, refusal: &CodeRefused) -> String {
    let place = refusal
        .offset
        .map_or_else(String::new, |offset| format!(" at offset {offset:#x}"));
    format!("refused by {vm}{place}: {refusal}")
}

fn texts(fact: &CodeFact) -> impl Iterator<Item = &str> {
    fact.values.iter().map(|value| value.as_str())
}

/// Longest line of a list of values, in characters.
const LINE: usize = 100;

/// Prints facts one below the other, their values wrapped beside the names.
fn show(facts: &[CodeFact]) {
    let width = facts.iter().map(|fact| fact.name.len()).max().unwrap_or(0);
    for fact in facts {
        let mut line = format!("{:width$} ", fact.name.as_str());
        let mut values = texts(fact).peekable();
        if values.peek().is_none() {
            line.push_str(" none");
        }
        while let Some(value) = values.next() {
            let comma = if values.peek().is_some() { "," } else { "" };
            if line.len() > width + 2 && line.len() + value.len() + 2 > LINE {
                outln!("{line}");
                line = " ".repeat(width + 1);
            }
            line.push_str(&format!(" {value}{comma}"));
        }
        outln!("{line}");
    }
}

fn find(factory: &VmFactory, vm_type: &str, versions: &str) -> Result<VmHandle, CliError> {
    let requirement = format!("{vm_type}@{versions}").parse()?;
    factory.get(&requirement).ok_or_else(|| {
        CliError::new(format!("no loaded plugin satisfies `{requirement}`"))
            .hint("`proz plugin list` shows what is there")
    })
}
