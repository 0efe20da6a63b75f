//! What can be wrong with an artefact, a signature or an argument.
//!
//! Every variant is an operation error: it says what was expected and what was found, and never
//! stands for an outcome of execution.

use std::fmt;
use std::path::PathBuf;

/// The result of this crate's operations.
pub type Result<T, E = ArtifactError> = std::result::Result<T, E>;

/// Why an artefact could not be read or a call could not be coded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArtifactError {
    /// The file could not be opened or read.
    #[error("cannot read `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The file is larger than any sensible artefact.
    #[error("`{}` is too large: expected at most {limit_bytes} bytes, found {size_bytes}", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The most that is read.
        limit_bytes: u64,
        /// What the file holds.
        size_bytes: u64,
    },
    /// The input holds nothing.
    #[error("expected contract code, found nothing")]
    Empty,
    /// The text is hexadecimal but for one character.
    #[error("expected hexadecimal code, found `{}` at character {position}", found.escape_default())]
    HexDigit {
        /// The first character that is no hexadecimal digit.
        found: char,
        /// Its place in the text, from 0.
        position: usize,
    },
    /// The hexadecimal text ends in half a byte.
    #[error("expected an even number of hexadecimal digits, found {digits}")]
    OddHex {
        /// How many digits there are.
        digits: usize,
    },
    /// A file says by its name that it is a Wasm module, but it does not begin like one.
    #[error("expected a Wasm module (it begins with `00 61 73 6d`), found `{found}`")]
    NotWasm {
        /// The first bytes, in hexadecimal.
        found: String,
    },
    /// WebAssembly text that cannot be assembled.
    #[error("the WebAssembly text is not valid")]
    WasmText(#[source] wat::Error),
    /// The text begins as JSON and is none.
    #[error("the artefact is not valid JSON")]
    Json(#[source] serde_json::Error),
    /// The JSON is not shaped like any known artefact.
    #[error(
        "expected a compiler's artefact (solc standard or combined JSON, Foundry, Hardhat, Truffle), \
         found {found}"
    )]
    UnknownShape {
        /// What the JSON is: its type or its keys.
        found: String,
    },
    /// The compiler's output reports errors and holds no contract.
    #[error("the compiler reported an error: {message}")]
    CompilerFailed {
        /// The first error.
        message: String,
    },
    /// The artefact holds no contract at all.
    #[error("the artefact holds no contract")]
    NoContracts,
    /// The artefact holds several contracts and none was named.
    #[error("the artefact holds several contracts, name one of: {}", found.join(", "))]
    ContractAmbiguous {
        /// The names to choose from.
        found: Vec<String>,
    },
    /// The named contract is not in the artefact.
    #[error("no contract is called `{name}`; found: {}", found.join(", "))]
    ContractMissing {
        /// The name asked for.
        name: String,
        /// The names that there are.
        found: Vec<String>,
    },
    /// The contract has no code of this part, as interfaces and abstract contracts have none.
    #[error("`{contract}` has no {part} code (is it an interface or an abstract contract?)")]
    NoCode {
        /// The contract.
        contract: String,
        /// `creation` or `runtime`.
        part: &'static str,
    },
    /// The code calls libraries whose addresses have not been filled in.
    #[error("{part} code of `{contract}` is not linked: {}", list(libraries))]
    UnresolvedLibraries {
        /// The contract.
        contract: String,
        /// `creation` or `runtime`.
        part: &'static str,
        /// The libraries, in the order of their first use.
        libraries: Vec<LibraryReference>,
    },
    /// A field of the artefact holds something else than it should.
    #[error("`{field}` of `{contract}`: expected {expected}, found {found}")]
    Field {
        /// The contract.
        contract: String,
        /// The field, by its path in the artefact.
        field: String,
        /// What belongs there.
        expected: &'static str,
        /// What is there.
        found: String,
    },
    /// The code of a field is not hexadecimal.
    #[error("`{field}` of `{contract}` is not code")]
    FieldCode {
        /// The contract.
        contract: String,
        /// The field, by its path in the artefact.
        field: String,
        /// What is wrong with it.
        #[source]
        source: Box<ArtifactError>,
    },
    /// The ABI of the contract does not follow the ABI's JSON format.
    #[error("the ABI of `{contract}` cannot be read: {reason}")]
    Abi {
        /// The contract.
        contract: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The text is no function signature.
    #[error(
        "expected a signature such as `transfer(address,uint256)(bool)`, found `{text}`: {reason}"
    )]
    Signature {
        /// The text.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A function was asked for by name, and there is no ABI to look it up in.
    #[error(
        "`{text}` names a function, but there is no ABI; give its signature, such as `{text}(address)`"
    )]
    NoAbi {
        /// The name.
        text: String,
    },
    /// The ABI has no such function.
    #[error("the ABI has no function `{text}`; found: {}", found.join(", "))]
    FunctionMissing {
        /// The name, signature or selector asked for.
        text: String,
        /// The signatures that there are.
        found: Vec<String>,
    },
    /// Several functions of the ABI fit.
    #[error("`{text}` fits several functions, give one signature of: {}", found.join(", "))]
    FunctionAmbiguous {
        /// The name asked for.
        text: String,
        /// The signatures that fit.
        found: Vec<String>,
    },
    /// More or fewer arguments than parameters.
    #[error("`{signature}` takes {expected} argument(s), found {found}")]
    ArgumentCount {
        /// The function or constructor.
        signature: String,
        /// How many it takes.
        expected: usize,
        /// How many were given.
        found: usize,
    },
    /// One argument does not fit its parameter.
    #[error(transparent)]
    Argument(Box<crate::argument::ArgumentError>),
    /// Data does not follow the types that it is said to have.
    #[error("{size_bytes} bytes of {what} do not decode as `{types}`: {reason}")]
    Decode {
        /// `output`, `input`, `event` or `revert data`.
        what: &'static str,
        /// The types.
        types: String,
        /// The size of the data.
        size_bytes: usize,
        /// Where decoding stopped.
        reason: String,
    },
}

/// A library that code calls and that has no address yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LibraryReference {
    /// The library, as `source.sol:Name` where the artefact tells it, else the mark.
    pub library: String,
    /// Where its address belongs in the code, in bytes.
    pub positions_bytes: Vec<usize>,
}

impl fmt::Display for LibraryReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "library `{}` is missing at byte", self.library)?;
        let positions: Vec<_> = self.positions_bytes.iter().map(usize::to_string).collect();
        write!(f, " {}", positions.join(", "))
    }
}

fn list(libraries: &[LibraryReference]) -> String {
    let texts: Vec<_> = libraries.iter().map(LibraryReference::to_string).collect();
    texts.join("; ")
}

/// Shortens text that came from outside so that it fits into one line of an error.
pub(crate) fn excerpt(text: &str) -> String {
    const LONGEST: usize = 60;
    let mut shown: String = text
        .chars()
        .take(LONGEST)
        .flat_map(char::escape_debug)
        .collect();
    if text.chars().nth(LONGEST).is_some() {
        shown.push('…');
    }
    shown
}
