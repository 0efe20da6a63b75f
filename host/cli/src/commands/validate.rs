//! `proz validate`: decides whether code may be deployed, and says why not.

use crate::{
    args::{Common, ValidateArgs},
    error::{CliError, FAILED, Outcome},
    session::load,
    target,
};
use proz_artifact::CodeKind;
use proz_host::{VmFactory, VmHandle, container::Container};
use std::process::ExitCode;

pub(crate) fn run(common: &Common, args: &ValidateArgs) -> Outcome {
    let factory = load(common)?;
    let contract = target::read(&args.code, &args.reading)?;
    let code = contract.runtime_code()?;
    let (vm, payload) = if contract.kind == CodeKind::Container && args.reading.vm.is_none() {
        let container = Container::parse(code)?;
        let requirement = match container.requirement {
            "" => "*",
            requirement => requirement,
        };
        let vm = find(&factory, container.vm_type, requirement)?;
        (vm, container.payload)
    } else {
        let vm_type = target::vm_of(&contract, &args.reading)?;
        (find(&factory, &vm_type, &args.reading.vm_version)?, code)
    };
    let name = format!("{}@{}", vm.vm_type(), vm.vm_version());
    match vm.validate_code(payload) {
        Ok(()) if common.json => {
            let json =
                serde_json::json!({ "valid": true, "vm": name, "size_bytes": payload.len() });
            outln!("{json}");
            Ok(ExitCode::SUCCESS)
        }
        Ok(()) => {
            outln!("valid {name} code of {} bytes", payload.len());
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
                let place = refusal
                    .offset
                    .map_or_else(String::new, |offset| format!(" at offset {offset:#x}"));
                outln!("refused by {name}{place}: {refusal}");
            }
            Ok(ExitCode::from(FAILED))
        }
    }
}

fn find(factory: &VmFactory, vm_type: &str, versions: &str) -> Result<VmHandle, CliError> {
    let requirement = format!("{vm_type}@{versions}").parse()?;
    factory.get(&requirement).ok_or_else(|| {
        CliError::new(format!("no loaded plugin satisfies `{requirement}`"))
            .hint("`proz plugin list` shows what is there")
    })
}
