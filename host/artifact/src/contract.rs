//! One contract's code and ABI, whatever file it came from.

use std::collections::BTreeMap;

use alloy_json_abi::JsonAbi;
use alloy_primitives::Address;
use serde::Serialize;

use crate::error::{ArtifactError, Result};
use crate::kind::CodeKind;

/// How code was written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Format {
    /// Hexadecimal text.
    Hex,
    /// The bytes themselves.
    Binary,
    /// WebAssembly text.
    WasmText,
    /// solc's standard JSON output, or a build-info file around it.
    StandardJson,
    /// The output of `solc --combined-json`.
    CombinedJson,
    /// An artefact of Foundry.
    Foundry,
    /// An artefact of Hardhat.
    Hardhat,
    /// `{ abi, bytecode, deployedBytecode }` and its relatives.
    Truffle,
}

/// Which compiler made a contract, as far as the artefact tells.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Compiler {
    /// The program, such as `solc`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its version, as it writes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The revision that it compiled for, such as `paris`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evm_version: Option<String>,
    /// The optimizer's `runs`, when it was on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub optimizer_runs: Option<u64>,
}

/// A contract read from a file or a literal.
#[derive(Clone, Debug, PartialEq)]
pub struct Contract {
    /// Its name, where the artefact tells it.
    pub name: Option<String>,
    /// The source file that it was compiled from, where the artefact tells it.
    pub source: Option<String>,
    /// How it was written down.
    pub format: Format,
    /// What its code is.
    pub kind: CodeKind,
    /// Its interface, where the artefact holds one.
    pub abi: Option<JsonAbi>,
    /// What compiled it, where the artefact tells it.
    pub compiler: Option<Compiler>,
    pub(crate) creation: Option<Vec<u8>>,
    pub(crate) runtime: Option<Vec<u8>>,
}

/// What the reader is told beyond the file.
#[derive(Clone, Debug, Default)]
pub struct ReadOptions {
    /// Which contract of the artefact to take, as `Name` or `source.sol:Name`.
    pub contract: Option<String>,
    /// Library addresses to fill in, by `Name` or `source.sol:Name`.
    pub libraries: BTreeMap<String, Address>,
    /// The name of the file that the bytes came from; only its extension matters.
    pub file_name: Option<String>,
}

impl Contract {
    /// Wraps code that came without any description.
    #[must_use]
    pub fn plain(code: Vec<u8>, format: Format) -> Self {
        Self {
            name: None,
            source: None,
            format,
            kind: CodeKind::of(&code),
            abi: None,
            compiler: None,
            creation: Some(code.clone()),
            runtime: Some(code),
        }
    }

    /// Returns the code that a creation runs, without constructor arguments.
    ///
    /// Plain code does not say whether it is for creation or for execution: it counts as both.
    ///
    /// # Errors
    ///
    /// [`ArtifactError::NoCode`] when the artefact has none.
    pub fn creation_code(&self) -> Result<&[u8]> {
        self.part(self.creation.as_deref(), "creation")
    }

    /// Returns the code that an account of this contract holds, immutables left zero.
    ///
    /// # Errors
    ///
    /// [`ArtifactError::NoCode`] when the artefact has none.
    pub fn runtime_code(&self) -> Result<&[u8]> {
        self.part(self.runtime.as_deref(), "runtime")
    }

    /// Returns the creation code followed by the constructor's arguments.
    ///
    /// # Errors
    ///
    /// [`ArtifactError::NoCode`], and what [`encode_constructor`](crate::encode_constructor)
    /// reports.
    pub fn creation_call<S: AsRef<str>>(&self, arguments: &[S]) -> Result<Vec<u8>> {
        let mut code = self.creation_code()?.to_vec();
        code.extend(crate::encode_constructor(self.abi.as_ref(), arguments)?);
        Ok(code)
    }

    fn part<'a>(&self, code: Option<&'a [u8]>, part: &'static str) -> Result<&'a [u8]> {
        code.ok_or_else(|| ArtifactError::NoCode {
            contract: self
                .name
                .clone()
                .unwrap_or_else(|| "the contract".to_owned()),
            part,
        })
    }
}
