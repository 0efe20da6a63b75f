//! Codes calls: arguments as text into call data, and data back into values.

use alloy_dyn_abi::{DynSolValue, FunctionExt as _, JsonAbiExt as _, Specifier as _};
use alloy_json_abi::{Function, JsonAbi, Param};

use crate::argument::{ArgumentError, read_value};
use crate::error::{ArtifactError, Result};
use crate::signature::parse_signature;
use crate::value::NamedValue;

/// Encodes a call by signature and arguments.
///
/// ```
/// let data = proz_artifact::encode_call(
///     "transfer(address,uint256)",
///     &["0x00000000000000000000000000000000000000aa", "1.5ether"],
/// )?;
/// assert_eq!(data[..4], [0xa9, 0x05, 0x9c, 0xbb]);
/// # Ok::<(), proz_artifact::ArtifactError>(())
/// ```
///
/// # Errors
///
/// [`ArtifactError::Signature`], [`ArtifactError::ArgumentCount`], [`ArtifactError::Argument`].
pub fn encode_call<S: AsRef<str>>(signature: &str, arguments: &[S]) -> Result<Vec<u8>> {
    encode_function(&parse_signature(signature)?, arguments)
}

/// Encodes a call of a function.
///
/// # Errors
///
/// [`ArtifactError::ArgumentCount`], [`ArtifactError::Argument`], [`ArtifactError::Signature`] for
/// a parameter whose type the ABI coder does not know.
pub fn encode_function<S: AsRef<str>>(function: &Function, arguments: &[S]) -> Result<Vec<u8>> {
    let mut data = function.selector().to_vec();
    data.extend(encode_arguments(
        &function.signature(),
        &function.inputs,
        arguments,
    )?);
    Ok(data)
}

/// Encodes the arguments of the constructor of `abi`; without one, of a constructor without
/// parameters.
///
/// # Errors
///
/// As [`encode_function`].
pub fn encode_constructor<S: AsRef<str>>(
    abi: Option<&JsonAbi>,
    arguments: &[S],
) -> Result<Vec<u8>> {
    let inputs = abi
        .and_then(|abi| abi.constructor.as_ref())
        .map(|item| item.inputs.as_slice());
    let inputs = inputs.unwrap_or_default();
    let types: Vec<_> = inputs.iter().map(Param::selector_type).collect();
    encode_arguments(
        &format!("constructor({})", types.join(",")),
        inputs,
        arguments,
    )
}

/// Encodes arguments for parameters; `signature` is for errors only.
///
/// # Errors
///
/// As [`encode_function`].
pub fn encode_arguments<S: AsRef<str>>(
    signature: &str,
    params: &[Param],
    arguments: &[S],
) -> Result<Vec<u8>> {
    if params.len() != arguments.len() {
        return Err(ArtifactError::ArgumentCount {
            signature: signature.to_owned(),
            expected: params.len(),
            found: arguments.len(),
        });
    }
    let mut values = Vec::with_capacity(params.len());
    for (index, (param, text)) in params.iter().zip(arguments).enumerate() {
        let ty = param
            .resolve()
            .map_err(|_| unknown_type(signature, param))?;
        let value = read_value(&ty, text.as_ref()).map_err(|fault| {
            ArtifactError::Argument(Box::new(ArgumentError {
                index: index + 1,
                name: param.name.clone(),
                ty: param.selector_type().into_owned(),
                fault,
            }))
        })?;
        values.push(value);
    }
    Ok(DynSolValue::Tuple(values).abi_encode_params())
}

/// Decodes what a call of `function` returned.
///
/// # Errors
///
/// [`ArtifactError::Decode`].
pub fn decode_output(function: &Function, output: &[u8]) -> Result<Vec<NamedValue>> {
    let decoded = function.abi_decode_output(output);
    named(&function.outputs, decoded, "output", output)
}

/// Decodes the arguments of a call of `function`, its selector included in `input`.
///
/// # Errors
///
/// [`ArtifactError::Decode`].
pub fn decode_input(function: &Function, input: &[u8]) -> Result<Vec<NamedValue>> {
    let Some(data) = input.strip_prefix(function.selector().as_slice()) else {
        return Err(ArtifactError::Decode {
            what: "input",
            types: function.signature(),
            size_bytes: input.len(),
            reason: format!("expected the selector {}", function.selector()),
        });
    };
    named(
        &function.inputs,
        function.abi_decode_input(data),
        "input",
        input,
    )
}

/// Decodes data by a signature that states what it returns, such as `balanceOf(address)(uint256)`.
///
/// # Errors
///
/// [`ArtifactError::Signature`], [`ArtifactError::Decode`].
pub fn decode_returns(signature: &str, output: &[u8]) -> Result<Vec<NamedValue>> {
    decode_output(&parse_signature(signature)?, output)
}

pub(crate) fn named(
    params: &[Param],
    decoded: alloy_dyn_abi::Result<Vec<DynSolValue>>,
    what: &'static str,
    data: &[u8],
) -> Result<Vec<NamedValue>> {
    match decoded {
        Ok(values) => Ok(params
            .iter()
            .zip(&values)
            .map(|(param, value)| NamedValue::new(param, value))
            .collect()),
        Err(error) => Err(ArtifactError::Decode {
            what,
            types: format!(
                "({})",
                params
                    .iter()
                    .map(Param::selector_type)
                    .collect::<Vec<_>>()
                    .join(",")
            ),
            size_bytes: data.len(),
            reason: error.to_string(),
        }),
    }
}

fn unknown_type(signature: &str, param: &Param) -> ArtifactError {
    ArtifactError::Signature {
        text: signature.to_owned(),
        reason: format!("`{}` is no type that the ABI coder knows", param.ty),
    }
}
