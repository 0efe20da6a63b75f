//! Chooses one contract of an artefact and reads its code and ABI.

use std::collections::{BTreeMap, BTreeSet};

use alloy_json_abi::JsonAbi;
use serde_json::Value;

use crate::contract::{Contract, Format, ReadOptions};
use crate::error::{ArtifactError, Result, excerpt};
use crate::kind::CodeKind;
use crate::linking::Linker;
use crate::shape::{Description, Part, describe};
use crate::signature::check_abi;

/// Reads the contract that `options` ask for.
pub(crate) fn read_contract(artifact: &Value, options: &ReadOptions) -> Result<Contract> {
    let (format, contracts) = describe(artifact)?;
    let known = library_names(&contracts);
    let chosen = choose(&contracts, options.contract.as_deref())?;
    let label = chosen
        .qualified_name()
        .unwrap_or_else(|| "the contract".to_owned());
    let read = |part: &Part<'_>, name| read_part(part, name, &label, &known, options);
    let creation = read(&chosen.creation, "creation")?;
    let runtime = read(&chosen.runtime, "runtime")?;
    let code = runtime
        .as_deref()
        .or(creation.as_deref())
        .unwrap_or_default();
    Ok(Contract {
        name: chosen.name.map(str::to_owned),
        source: chosen.source.map(str::to_owned),
        format,
        kind: CodeKind::of(code),
        abi: read_abi_of(chosen, &label)?,
        compiler: chosen.compiler.clone(),
        creation,
        runtime,
    })
}

/// Reads the ABI alone, so that code which is not linked does no harm.
pub(crate) fn read_abi(artifact: &Value, options: &ReadOptions) -> Result<JsonAbi> {
    if artifact.is_array() {
        return parse_abi(artifact, "the file");
    }
    let (_, contracts) = describe(artifact)?;
    let chosen = choose(&contracts, options.contract.as_deref())?;
    let label = chosen
        .qualified_name()
        .unwrap_or_else(|| "the contract".to_owned());
    read_abi_of(chosen, &label)?.ok_or(ArtifactError::Field {
        contract: label,
        field: "abi".to_owned(),
        expected: "an ABI",
        found: "nothing".to_owned(),
    })
}

/// Lists the contracts of an artefact that have code, as `source.sol:Name`.
pub(crate) fn names(artifact: &Value) -> Result<(Format, Vec<String>)> {
    let (format, contracts) = describe(artifact)?;
    Ok((
        format,
        contracts
            .iter()
            .filter(|contract| contract.has_code())
            .map(name_of)
            .collect(),
    ))
}

/// Without a name, the only contract that has code.
fn choose<'a, 'b>(
    contracts: &'b [Description<'a>],
    name: Option<&str>,
) -> Result<&'b Description<'a>> {
    let fitting: Vec<_> = match name {
        Some(name) => contracts
            .iter()
            .filter(|contract| {
                contract.name == Some(name) || contract.qualified_name().as_deref() == Some(name)
            })
            .collect(),
        None if contracts.len() == 1 => contracts.iter().collect(),
        None => contracts
            .iter()
            .filter(|contract| contract.has_code())
            .collect(),
    };
    match (fitting.as_slice(), name) {
        ([chosen], _) => Ok(chosen),
        ([], _) if contracts.is_empty() => Err(ArtifactError::NoContracts),
        ([], Some(name)) => Err(ArtifactError::ContractMissing {
            name: name.to_owned(),
            found: contracts.iter().map(name_of).collect(),
        }),
        ([], None) => Err(ArtifactError::NoCode {
            contract: contracts.iter().map(name_of).collect::<Vec<_>>().join(", "),
            part: "creation",
        }),
        (several, _) => Err(ArtifactError::ContractAmbiguous {
            found: several.iter().map(|contract| name_of(contract)).collect(),
        }),
    }
}

fn name_of(contract: &Description<'_>) -> String {
    contract
        .qualified_name()
        .unwrap_or_else(|| "(unnamed)".to_owned())
}

fn read_part(
    part: &Part<'_>,
    part_name: &'static str,
    contract: &str,
    known: &BTreeSet<String>,
    options: &ReadOptions,
) -> Result<Option<Vec<u8>>> {
    let text = match part.code {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(text)) => text,
        Some(other) => {
            return Err(ArtifactError::Field {
                contract: contract.to_owned(),
                field: part.field.to_owned(),
                expected: "hexadecimal code",
                found: format!("`{}`", excerpt(&other.to_string())),
            });
        }
    };
    let linker = Linker {
        contract,
        part: part_name,
        references: references(part.links),
        known,
        libraries: &options.libraries,
    };
    match linker.link(text) {
        Ok(code) if code.is_empty() => Ok(None),
        Ok(code) => Ok(Some(code)),
        Err(unresolved @ ArtifactError::UnresolvedLibraries { .. }) => Err(unresolved),
        Err(source) => Err(ArtifactError::FieldCode {
            contract: contract.to_owned(),
            field: part.field.to_owned(),
            source: Box::new(source),
        }),
    }
}

/// `{ source: { library: [{ start, length }] } }` by position.
fn references(links: Option<&Value>) -> BTreeMap<usize, String> {
    let mut found = BTreeMap::new();
    for (source, libraries) in links.and_then(Value::as_object).into_iter().flatten() {
        for (library, places) in libraries.as_object().into_iter().flatten() {
            for place in places.as_array().into_iter().flatten() {
                let start = place.get("start").and_then(Value::as_u64);
                if let Some(start) = start.and_then(|start| usize::try_from(start).ok()) {
                    found.insert(start, format!("{source}:{library}"));
                }
            }
        }
    }
    found
}

fn library_names(contracts: &[Description<'_>]) -> BTreeSet<String> {
    contracts
        .iter()
        .filter_map(Description::qualified_name)
        .collect()
}

fn read_abi_of(contract: &Description<'_>, label: &str) -> Result<Option<JsonAbi>> {
    match contract.abi {
        None | Some(Value::Null) => Ok(None),
        // Combined JSON of solc before 0.8 holds the ABI as text.
        Some(Value::String(text)) => {
            let abi = serde_json::from_str(text).map_err(|error| ArtifactError::Abi {
                contract: label.to_owned(),
                reason: error.to_string(),
            })?;
            parse_abi(&abi, label).map(Some)
        }
        Some(abi) => parse_abi(abi, label).map(Some),
    }
}

fn parse_abi(abi: &Value, contract: &str) -> Result<JsonAbi> {
    let refuse = |reason: String| ArtifactError::Abi {
        contract: contract.to_owned(),
        reason,
    };
    // Through text: the ABI's reader borrows from its input.
    let abi: JsonAbi =
        serde_json::from_str(&abi.to_string()).map_err(|error| refuse(error.to_string()))?;
    check_abi(&abi).map_err(refuse)?;
    Ok(abi)
}
