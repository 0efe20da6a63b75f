//! Recognises the shapes in which compilers write their artefacts.
//!
//! Finds the descriptions of contracts inside the JSON and nothing more; [`crate::selection`]
//! chooses one and reads its code.

use serde_json::{Map, Value};

use crate::contract::{Compiler, Format};
use crate::error::{ArtifactError, Result, excerpt};

/// One contract as an artefact describes it, its parts still unread.
#[derive(Clone, Debug, Default)]
pub(crate) struct Description<'a> {
    pub(crate) source: Option<&'a str>,
    pub(crate) name: Option<&'a str>,
    pub(crate) abi: Option<&'a Value>,
    pub(crate) creation: Part<'a>,
    pub(crate) runtime: Part<'a>,
    pub(crate) compiler: Option<Compiler>,
}

/// Creation or runtime code as an artefact describes it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Part<'a> {
    /// Where in the artefact it stands, for errors.
    pub(crate) field: &'static str,
    pub(crate) code: Option<&'a Value>,
    /// `{ source: { library: [{ start, length }] } }`.
    pub(crate) links: Option<&'a Value>,
}

impl Description<'_> {
    /// `source.sol:Name`, as far as known.
    pub(crate) fn qualified_name(&self) -> Option<String> {
        match (self.source, self.name) {
            (Some(source), Some(name)) => Some(format!("{source}:{name}")),
            (None, Some(name)) => Some(name.to_owned()),
            _ => None,
        }
    }

    /// Whether there is anything that a transaction could create or run.
    pub(crate) fn has_code(&self) -> bool {
        let filled = |part: &Part<'_>| match part.code {
            Some(Value::String(text)) => !matches!(text.trim(), "" | "0x"),
            other => other.is_some(),
        };
        filled(&self.creation) || filled(&self.runtime)
    }
}

/// Lists the contracts that an artefact describes, in the artefact's order of names.
pub(crate) fn describe(artifact: &Value) -> Result<(Format, Vec<Description<'_>>)> {
    let Value::Object(fields) = artifact else {
        return Err(unknown(artifact));
    };
    // A build-info file wraps the compiler's input and output.
    if let Some(output @ Value::Object(_)) = fields.get("output")
        && output.get("contracts").is_some()
    {
        let (format, mut contracts) = describe(output)?;
        let compiler = build_info_compiler(fields);
        contracts.iter_mut().for_each(|contract| {
            contract.compiler.get_or_insert_with(|| compiler.clone());
        });
        return Ok((format, contracts));
    }
    if let Some(Value::Object(contracts)) = fields.get("contracts") {
        return if contracts.values().any(is_combined) {
            Ok((Format::CombinedJson, combined(fields, contracts)))
        } else {
            Ok((Format::StandardJson, standard(fields, contracts)))
        };
    }
    if let Some(message) = compiler_error(fields) {
        return Err(ArtifactError::CompilerFailed { message });
    }
    let (format, description) = single(fields);
    if description.creation.code.is_none()
        && description.runtime.code.is_none()
        && description.abi.is_none()
    {
        return Err(unknown(artifact));
    }
    Ok((format, vec![description]))
}

/// One file, one contract: Foundry, Hardhat, Truffle and their relatives.
fn single(fields: &Map<String, Value>) -> (Format, Description<'_>) {
    const CREATION: [&str; 6] = [
        "bytecode",
        "creation_bytecode",
        "creationBytecode",
        "creationCode",
        "bin",
        "initCode",
    ];
    const RUNTIME: [&str; 7] = [
        "deployedBytecode",
        "deployed_bytecode",
        "runtime_bytecode",
        "runtimeBytecode",
        "bytecode_runtime",
        "bin-runtime",
        "runtimeCode",
    ];
    let creation = first_part(fields, &CREATION, "linkReferences");
    let runtime = first_part(fields, &RUNTIME, "deployedLinkReferences");
    let text = |key: &str| fields.get(key).and_then(Value::as_str);
    let metadata = fields.get("metadata");
    let description = Description {
        source: text("sourceName").or_else(|| target(metadata).map(|(source, _)| source)),
        name: text("contractName")
            .or_else(|| target(metadata).map(|(_, name)| name))
            .or_else(|| text("name")),
        abi: fields.get("abi"),
        creation,
        runtime,
        compiler: compiler_of(fields),
    };
    let is_object = |key: &str| fields.get(key).is_some_and(Value::is_object);
    let format = if text("_format").is_some_and(|format| format.starts_with("hh")) {
        Format::Hardhat
    } else if is_object("bytecode") || is_object("deployedBytecode") {
        Format::Foundry
    } else {
        Format::Truffle
    };
    (format, description)
}

/// The first of `keys` that is there: hexadecimal text, or an object around it.
fn first_part<'a>(fields: &'a Map<String, Value>, keys: &[&'static str], links: &str) -> Part<'a> {
    for &field in keys {
        match fields.get(field) {
            None | Some(Value::Null) => {}
            Some(Value::Object(part)) => {
                return Part {
                    field,
                    code: part.get("object"),
                    links: part.get("linkReferences"),
                };
            }
            code => {
                return Part {
                    field,
                    code,
                    links: fields.get(links),
                };
            }
        }
    }
    Part {
        field: keys.first().copied().unwrap_or_default(),
        ..Part::default()
    }
}

/// `{ contracts: { source: { Name: { abi, evm: { bytecode, deployedBytecode } } } } }`.
fn standard<'a>(
    fields: &'a Map<String, Value>,
    contracts: &'a Map<String, Value>,
) -> Vec<Description<'a>> {
    let mut found = Vec::new();
    for (source, contracts) in contracts {
        for (name, contract) in contracts.as_object().into_iter().flatten() {
            let part = |key: &str, field: &'static str| {
                let part = contract.get("evm").and_then(|evm| evm.get(key));
                Part {
                    field,
                    code: part.and_then(|part| part.get("object")),
                    links: part.and_then(|part| part.get("linkReferences")),
                }
            };
            found.push(Description {
                source: Some(source),
                name: Some(name),
                abi: contract.get("abi"),
                creation: part("bytecode", "evm.bytecode.object"),
                runtime: part("deployedBytecode", "evm.deployedBytecode.object"),
                compiler: contract
                    .as_object()
                    .and_then(compiler_of)
                    .or_else(|| compiler_of(fields)),
            });
        }
    }
    found
}

fn is_combined(contract: &Value) -> bool {
    ["bin", "bin-runtime", "srcmap"]
        .iter()
        .any(|&key| contract.get(key).is_some_and(Value::is_string))
        || contract
            .get("abi")
            .is_some_and(|abi| abi.is_array() || abi.is_string())
}

/// `{ contracts: { "source.sol:Name": { bin, bin-runtime, abi } }, version }`.
fn combined<'a>(
    fields: &'a Map<String, Value>,
    contracts: &'a Map<String, Value>,
) -> Vec<Description<'a>> {
    let version = fields.get("version").and_then(Value::as_str);
    let describe = |(key, contract): (&'a String, &'a Value)| {
        let (source, name) = match key.rsplit_once(':') {
            Some((source, name)) => (Some(source), name),
            None => (None, key.as_str()),
        };
        let part = |field| Part {
            field,
            code: contract.get(field),
            links: None,
        };
        Description {
            source,
            name: Some(name),
            abi: contract.get("abi"),
            creation: part("bin"),
            runtime: part("bin-runtime"),
            compiler: version.map(|version| Compiler {
                name: Some("solc".to_owned()),
                version: Some(version.to_owned()),
                ..Compiler::default()
            }),
        }
    };
    contracts.iter().map(describe).collect()
}

/// The `compiler` and `metadata` sections say what compiled a contract.
fn compiler_of(fields: &Map<String, Value>) -> Option<Compiler> {
    let parsed;
    let metadata = match fields.get("metadata") {
        Some(Value::String(text)) => {
            parsed = serde_json::from_str::<Value>(text).unwrap_or_default();
            Some(&parsed)
        }
        other => other,
    };
    let section =
        |holder: Option<&Value>| holder.and_then(|holder| holder.get("compiler")).cloned();
    let compiler = fields
        .get("compiler")
        .cloned()
        .or_else(|| section(metadata))?;
    let settings = compiler
        .get("settings")
        .or_else(|| metadata.and_then(|metadata| metadata.get("settings")));
    Some(Compiler {
        name: compiler
            .get("name")
            .and_then(Value::as_str)
            .map(str::to_owned),
        version: compiler
            .get("version")
            .and_then(Value::as_str)
            .map(str::to_owned),
        ..compiler_settings(settings)
    })
}

fn build_info_compiler(fields: &Map<String, Value>) -> Compiler {
    let version = fields
        .get("solcLongVersion")
        .or_else(|| fields.get("solcVersion"));
    Compiler {
        name: Some("solc".to_owned()),
        version: version.and_then(Value::as_str).map(str::to_owned),
        ..compiler_settings(fields.get("input").and_then(|input| input.get("settings")))
    }
}

fn compiler_settings(settings: Option<&Value>) -> Compiler {
    let optimizer = settings.and_then(|settings| settings.get("optimizer"));
    let enabled = optimizer
        .and_then(|optimizer| optimizer.get("enabled"))
        .and_then(Value::as_bool);
    let runs = optimizer
        .and_then(|optimizer| optimizer.get("runs"))
        .and_then(Value::as_u64);
    let evm_version = settings.and_then(|settings| settings.get("evmVersion"));
    Compiler {
        evm_version: evm_version.and_then(Value::as_str).map(str::to_owned),
        optimizer_runs: runs.filter(|_| enabled == Some(true)),
        ..Compiler::default()
    }
}

/// `metadata.settings.compilationTarget` is `{ source: Name }`.
fn target(metadata: Option<&Value>) -> Option<(&str, &str)> {
    let target = metadata?
        .get("settings")?
        .get("compilationTarget")?
        .as_object()?;
    let (source, name) = target.iter().next()?;
    Some((source, name.as_str()?))
}

fn compiler_error(fields: &Map<String, Value>) -> Option<String> {
    let errors = fields.get("errors")?.as_array()?;
    let is_error = |error: &&Value| error.get("severity").and_then(Value::as_str) == Some("error");
    let error = errors.iter().find(is_error)?;
    let text = error
        .get("formattedMessage")
        .or_else(|| error.get("message"))?
        .as_str()?;
    Some(text.trim().to_owned())
}

fn unknown(artifact: &Value) -> ArtifactError {
    let found = match artifact {
        Value::Object(fields) => {
            let keys: Vec<_> = fields
                .keys()
                .take(8)
                .map(|key| format!("`{}`", excerpt(key)))
                .collect();
            format!(
                "an object with the keys {}",
                if keys.is_empty() {
                    "(none)".to_owned()
                } else {
                    keys.join(", ")
                }
            )
        }
        Value::Array(_) => "an array (an ABI alone has no code)".to_owned(),
        other => format!("`{}`", excerpt(&other.to_string())),
    };
    ArtifactError::UnknownShape { found }
}
