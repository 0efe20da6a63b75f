//! From what was typed to code and call data.

use crate::{
    args::{Reading, RunArgs},
    error::CliError,
    session::Session,
};
use alloy_json_abi::{Function, JsonAbi};
use alloy_primitives::{Address, Bytes, address};
use proz_artifact::{
    CodeKind, Contract, Format, ReadOptions, encode_function, read_abi_file, read_argument,
    read_hex, resolve_function,
};
use proz_host::container;
use std::path::{Path, PathBuf};

/// Where code without an account runs.
pub(crate) const SCRATCH: Address = address!("000000000000000000000000000000000000c0de");

/// What a run calls.
pub(crate) struct Target {
    pub(crate) address: Address,
    pub(crate) abi: Option<JsonAbi>,
    /// Code to put at the address first.
    pub(crate) code: Option<Bytes>,
}

/// Call data, and the function it calls where that is known.
pub(crate) struct Input {
    pub(crate) data: Bytes,
    pub(crate) function: Option<Function>,
}

/// Finds the contract or code that a run names.
pub(crate) fn find(session: &Session, args: &RunArgs) -> Result<Target, CliError> {
    if let Some(named) = session.names.0.get(&args.target) {
        return Ok(Target {
            address: named.address,
            abi: named.abi.clone(),
            code: None,
        });
    }
    if let Ok(address) = args.target.parse::<Address>() {
        let named = session.names.0.values().find(|n| n.address == address);
        return Ok(Target {
            address,
            abi: named.and_then(|n| n.abi.clone()),
            code: None,
        });
    }
    let contract = read_with_abi(&args.target, &args.reading, args.abi.first())?;
    let code = contract.runtime_code()?;
    Ok(Target {
        address: SCRATCH,
        code: Some(enclose(&contract, code, &args.reading)?),
        abi: contract.abi,
    })
}

/// VMs whose code this program knows by its form; the files of any other are taken as they are.
const KNOWN_VMS: [&str; 3] = ["evm", "wasm", "prozvm"];

/// Whether a file holds code of a VM that is not known here, byte for byte, such as a script.
fn is_foreign(text: &str, reading: &Reading) -> bool {
    let is_known = |vm: &String| KNOWN_VMS.contains(&vm.as_str());
    let path = Path::new(text);
    let is_coded = path.extension().is_some_and(|e| e == "hex" || e == "json");
    reading.vm.as_ref().is_some_and(|vm| !is_known(vm)) && path.is_file() && !is_coded
}

/// Reads code from a literal or a file.
pub(crate) fn read(text: &str, reading: &Reading) -> Result<Contract, CliError> {
    let options = ReadOptions {
        contract: reading.contract.clone(),
        ..ReadOptions::default()
    };
    if is_foreign(text, reading) {
        let code = std::fs::read(text)
            .map_err(|error| CliError::because(format!("cannot read `{text}`"), error))?;
        return Ok(Contract::plain(code, Format::Binary));
    }
    read_argument(text, &options)
        .map_err(|error| CliError::because(format!("cannot take code from `{text}`"), error))
}

/// Reads code, and gives it an ABI where it comes without.
pub(crate) fn read_with_abi(
    text: &str,
    reading: &Reading,
    abi: Option<&PathBuf>,
) -> Result<Contract, CliError> {
    let mut contract = read(text, reading)?;
    if let (None, Some(path)) = (&contract.abi, abi) {
        contract.abi = Some(read_abi_file(path, &ReadOptions::default())?);
    }
    Ok(contract)
}

/// VM that code is for.
pub(crate) fn vm_of(contract: &Contract, reading: &Reading) -> Result<String, CliError> {
    if let Some(vm) = &reading.vm {
        return Ok(vm.clone());
    }
    contract
        .kind
        .vm_type()
        .map(ToOwned::to_owned)
        .ok_or_else(|| {
            CliError::new(format!("cannot tell which VM runs {}", contract.kind))
                .hint("name it with --vm")
        })
}

/// Puts code of VMs other than the EVM into a container.
pub(crate) fn enclose(
    contract: &Contract,
    code: &[u8],
    reading: &Reading,
) -> Result<Bytes, CliError> {
    if contract.kind == CodeKind::Container {
        return Ok(Bytes::copy_from_slice(code));
    }
    let vm = vm_of(contract, reading)?;
    if vm == "evm" {
        return Ok(Bytes::copy_from_slice(code));
    }
    let requirement = if reading.vm_version == "*" {
        ""
    } else {
        &reading.vm_version
    };
    let plain = container::encode(&vm, requirement, code)?;
    if reading.compress == Some(false) {
        return Ok(plain.into());
    }
    let compressed = container::encode_compressed(&vm, requirement, code)?;
    // Small code gains little by compression and would be dearer to call; random code gains nothing.
    const WORTH_COMPRESSING_BYTES: usize = 24_576;
    let is_worth = code.len() > WORTH_COMPRESSING_BYTES && compressed.len() < plain.len() * 9 / 10;
    Ok(match reading.compress {
        None if !is_worth => plain.into(),
        _ => compressed.into(),
    })
}

/// Puts addresses in place of names: `@Token`, `@sender`.
pub(crate) fn resolve(
    session: &Session,
    sender: Address,
    arguments: &[String],
) -> Result<Vec<String>, CliError> {
    let resolve_one = |argument: &String| {
        let Some(name) = argument.strip_prefix('@') else {
            return Ok(argument.clone());
        };
        if name == "sender" {
            return Ok(sender.to_string());
        }
        match session.names.0.get(name) {
            Some(named) => Ok(named.address.to_string()),
            None => {
                let known: Vec<_> = session.names.0.keys().map(String::as_str).collect();
                Err(CliError::new(format!("no contract is named `{name}`"))
                    .hint(format!("known: {}", known.join(", "))))
            }
        }
    };
    arguments.iter().map(resolve_one).collect()
}

/// Call data of a run.
pub(crate) fn input(
    session: &Session,
    args: &RunArgs,
    abi: Option<&JsonAbi>,
) -> Result<Input, CliError> {
    if let Some(hex) = &args.input {
        return Ok(Input {
            data: read_hex(hex)?.into(),
            function: None,
        });
    }
    let Some((signature, arguments)) = args.call.split_first() else {
        return Ok(Input {
            data: Bytes::new(),
            function: None,
        });
    };
    let arguments = resolve(session, args.sending.sender, arguments)?;
    let function = resolve_function(signature, abi, arguments.len())?;
    Ok(Input {
        data: encode_function(&function, &arguments)?.into(),
        function: Some(function),
    })
}
