//! From the command line to call data.

use crate::{args::TargetArgs, error::ToolError, program::Loaded};
use alloy_json_abi::{Function, JsonAbi};
use alloy_primitives::U256;
use proz_artifact::{
    ReadOptions, encode_function, parse_signature, read_abi_file, read_hex, resolve_function,
};
use proz_prozvm_core::ExportKind;

/// A call of the contract.
pub(crate) struct ContractCall {
    pub(crate) input: Vec<u8>,
    pub(crate) value: U256,
    pub(crate) gas_limit: u64,
    /// The function that is called, where it is known.
    pub(crate) function: Option<Function>,
    /// The contract's ABI, where it is known.
    pub(crate) abi: Option<JsonAbi>,
}

/// Takes the call from the command line.
pub(crate) fn read_call(loaded: &Loaded, target: &TargetArgs) -> Result<ContractCall, ToolError> {
    let abi = target.world.abi.as_ref();
    let abi = abi
        .map(|file| read_abi_file(file, &ReadOptions::default()))
        .transpose()
        .map_err(|error| ToolError::because("the ABI cannot be read", error))?;
    let mut call = ContractCall {
        input: Vec::new(),
        value: target.world.value,
        gas_limit: target.gas,
        function: None,
        abi,
    };
    if let Some(hex) = &target.input {
        call.input =
            read_hex(hex).map_err(|error| ToolError::because("the call data is no hex", error))?;
    } else if let Some(text) = &target.call {
        let unfit = |error| {
            ToolError::because(format!("cannot call `{text}`"), error)
                .hint(format!("methods: {}", methods(loaded).join(", ")))
        };
        let count = target.arguments.len();
        let function = match named(loaded, text) {
            Some(signature) if call.abi.is_none() => parse_signature(signature),
            _ => resolve_function(text, call.abi.as_ref(), count),
        };
        let function = function.map_err(unfit)?;
        call.input = encode_function(&function, &target.arguments).map_err(unfit)?;
        call.function = Some(function);
    } else {
        let exports = loaded.program().exports.iter();
        let exports: Vec<_> = exports.map(|export| export.name.as_str()).collect();
        let error = ToolError::new("nothing says what to run: name --function, --call or --input");
        return Err(match exports.is_empty() {
            true => error.hint("the program exports nothing; --function takes any function"),
            false => error.hint(format!("exports: {}", exports.join(", "))),
        });
    }
    Ok(call)
}

/// The only method with a bare name, by its signature.
fn named<'a>(loaded: &'a Loaded, text: &str) -> Option<&'a str> {
    let mut fitting = loaded.program().exports.iter().filter(|export| {
        let (name, _) = export.name.split_once('(').unwrap_or_default();
        matches!(export.kind, ExportKind::Method(_)) && name == text
    });
    let only = fitting.next()?;
    fitting.next().is_none().then_some(&only.name)
}

fn methods(loaded: &Loaded) -> Vec<String> {
    let exports = loaded.program().exports.iter();
    let methods = exports.filter(|export| matches!(export.kind, ExportKind::Method(_)));
    methods.map(|export| export.name.clone()).collect()
}

/// Arguments of a constructor: their types, then the values.
pub(crate) fn constructor_arguments(words: &[String]) -> Result<Vec<u8>, ToolError> {
    let (types, arguments) = words
        .split_first()
        .map_or(("()", words), |(types, rest)| (types.as_str(), rest));
    let unfit = |error| {
        ToolError::because("the constructor's arguments cannot be encoded", error)
            .hint("--constructor takes the parameter types in parentheses, then the arguments")
    };
    let function = parse_signature(&format!("constructor{types}")).map_err(unfit)?;
    let data = encode_function(&function, arguments).map_err(unfit)?;
    Ok(data[4..].to_vec())
}
