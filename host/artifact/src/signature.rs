//! Reads function signatures in `cast`'s syntax and finds functions in an ABI.
//!
//! `transfer(address,uint256)`, `balanceOf(address)(uint256)`, and Solidity's own
//! `function balanceOf(address account) view returns (uint256)` are all understood.

use alloy_dyn_abi::Specifier as _;
use alloy_json_abi::{EventParam, Function, JsonAbi, Param};
use alloy_primitives::{Selector, hex};

use crate::error::{ArtifactError, Result, excerpt};

/// How deep types may nest. Solidity's own code generator gives up far earlier.
const DEEPEST_TYPE: usize = 32;
/// The longest signature that is read, in bytes.
const LONGEST_SIGNATURE: usize = 16 << 10;

/// Reads a function signature, with or without the types that it returns.
///
/// Types become canonical (`uint` is `uint256`), so that the selector is right.
///
/// # Errors
///
/// [`ArtifactError::Signature`].
pub fn parse_signature(text: &str) -> Result<Function> {
    let refuse = |reason: &dyn ToString| ArtifactError::Signature {
        text: excerpt(text),
        reason: reason.to_string(),
    };
    if text.len() > LONGEST_SIGNATURE {
        return Err(refuse(&format!(
            "it is longer than {LONGEST_SIGNATURE} bytes"
        )));
    }
    if nesting(text) > DEEPEST_TYPE {
        return Err(refuse(&format!("types nest deeper than {DEEPEST_TYPE}")));
    }
    if !text.contains('(') {
        return Err(refuse(&"the parameter list is missing"));
    }
    let mut function = Function::parse(text.trim()).map_err(|_| refuse(&fault(text)))?;
    for param in function.inputs.iter_mut().chain(&mut function.outputs) {
        canonicalise(param).map_err(|reason| refuse(&reason))?;
    }
    Ok(function)
}

/// Finds the function that `text` means: a signature, or with an ABI also a name or a selector.
///
/// A signature that the ABI knows gets the names and return types from there, unless it states
/// return types itself. Overloads are told apart by the number of arguments.
///
/// # Errors
///
/// [`ArtifactError::Signature`], [`ArtifactError::NoAbi`], [`ArtifactError::FunctionMissing`],
/// [`ArtifactError::FunctionAmbiguous`].
pub fn resolve_function(text: &str, abi: Option<&JsonAbi>, arguments: usize) -> Result<Function> {
    let text = text.trim();
    if text.contains('(') {
        let function = parse_signature(text)?;
        let signature = function.signature();
        let known = abi
            .and_then(|abi| abi.function(&function.name))
            .and_then(|overloads| {
                overloads
                    .iter()
                    .find(|known| known.signature() == signature)
            });
        return Ok(match known {
            Some(known) if function.outputs.is_empty() => known.clone(),
            _ => function,
        });
    }
    let Some(abi) = abi else {
        let is_name = text.starts_with(|found: char| found.is_alphabetic() || found == '_');
        return if is_name {
            Err(ArtifactError::NoAbi {
                text: excerpt(text),
            })
        } else {
            parse_signature(text)
        };
    };
    let selector = text
        .strip_prefix("0x")
        .and_then(|digits| hex::decode(digits).ok());
    let fitting: Vec<&Function> = match selector.as_deref().map(Selector::try_from) {
        Some(Ok(selector)) => abi
            .functions()
            .filter(|known| known.selector() == selector)
            .collect(),
        _ => abi.function(text).into_iter().flatten().collect(),
    };
    let taking: Vec<_> = fitting
        .iter()
        .copied()
        .filter(|known| known.inputs.len() == arguments)
        .collect();
    match (fitting.as_slice(), taking.as_slice()) {
        ([], _) => Err(ArtifactError::FunctionMissing {
            text: excerpt(text),
            found: abi.functions().map(Function::signature).collect(),
        }),
        ([known], _) | (_, [known]) => Ok((*known).clone()),
        (several, _) => Err(ArtifactError::FunctionAmbiguous {
            text: excerpt(text),
            found: several.iter().map(|known| known.signature()).collect(),
        }),
    }
}

/// Refuses an ABI whose types nest so deep that working with them could exhaust the stack.
pub(crate) fn check_abi(abi: &JsonAbi) -> Result<(), String> {
    let inputs = abi.constructor.iter().flat_map(|item| &item.inputs);
    let functions = abi
        .functions()
        .flat_map(|item| item.inputs.iter().chain(&item.outputs));
    let errors = abi.errors().flat_map(|item| &item.inputs);
    let params = inputs
        .chain(functions)
        .chain(errors)
        .map(|param| param_nesting(param, 0));
    let events = abi
        .events()
        .flat_map(|item| &item.inputs)
        .map(event_nesting);
    match params.chain(events).max() {
        Some(depth) if depth > DEEPEST_TYPE => Err(format!(
            "a type nests {depth} deep or more, expected at most {DEEPEST_TYPE}"
        )),
        _ => Ok(()),
    }
}

fn event_nesting(param: &EventParam) -> usize {
    let inner = param
        .components
        .iter()
        .map(|param| param_nesting(param, 1))
        .max();
    nesting(&param.ty) + inner.unwrap_or(0)
}

fn param_nesting(param: &Param, depth: usize) -> usize {
    let own = depth + nesting(&param.ty);
    if own > DEEPEST_TYPE {
        return own;
    }
    let inner = param
        .components
        .iter()
        .map(|inner| param_nesting(inner, own + 1))
        .max();
    inner.unwrap_or(own)
}

/// How deep a type or signature nests: parentheses, and the array suffixes after one another.
fn nesting(text: &str) -> usize {
    let (mut depth, mut suffixes, mut deepest) = (0_usize, 0_usize, 0_usize);
    for byte in text.bytes() {
        match byte {
            b'(' => (depth, suffixes) = (depth + 1, 0),
            b')' => (depth, suffixes) = (depth.saturating_sub(1), 0),
            b',' => suffixes = 0,
            b'[' => suffixes += 1,
            _ => {}
        }
        deepest = deepest.max(depth + suffixes);
    }
    deepest
}

/// Replaces `uint` by `uint256` and its like, and checks that the type exists.
fn canonicalise(param: &mut Param) -> Result<(), String> {
    if param.components.is_empty() {
        let ty = param
            .resolve()
            .map_err(|_| format!("`{}` is no type", excerpt(&param.ty)))?;
        param.ty = ty.sol_type_name().into_owned();
        return Ok(());
    }
    param.components.iter_mut().try_for_each(canonicalise)
}

/// The parser's own messages show positions in inner text; this names what people get wrong.
fn fault(text: &str) -> String {
    let count = |wanted: char| text.chars().filter(|&found| found == wanted).count();
    if count('(') != count(')') {
        return format!(
            "{} opening and {} closing parentheses",
            count('('),
            count(')')
        );
    }
    if count('[') != count(']') {
        return format!("{} opening and {} closing brackets", count('['), count(']'));
    }
    let name = text
        .trim()
        .trim_start_matches("function ")
        .split('(')
        .next()
        .unwrap_or_default();
    if name.trim().is_empty() {
        return "the name is missing".to_owned();
    }
    "expected a name and types in parentheses".to_owned()
}
