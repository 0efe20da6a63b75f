//! Reads contract code from bytes, from a literal or from a file, whatever its form.
//!
//! | the input | is read as |
//! |---|---|
//! | begins with `{` or `[` | a compiler's artefact |
//! | only hexadecimal digits, white space, a leading `0x` | hexadecimal code |
//! | begins with `(module` or `;;`, or comes from a `.wat` file | WebAssembly text, which is assembled |
//! | other text | an error that names the first character that does not belong |
//! | anything else | the code itself |

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use alloy_json_abi::JsonAbi;
use alloy_primitives::hex;
use serde_json::Value;

use crate::contract::{Contract, Format, ReadOptions};
use crate::error::{ArtifactError, Result};
use crate::hexadecimal::is_hex;
use crate::kind::WASM_MAGIC;
use crate::selection;

/// The largest file that is read, in bytes; build-info files of large projects reach a tenth of it.
pub const LARGEST_FILE_BYTES: u64 = 256 << 20;

/// Reads contract code from the content of a file.
///
/// # Errors
///
/// Every variant of [`ArtifactError`] that is about code or artefacts.
pub fn read_code(content: &[u8], options: &ReadOptions) -> Result<Contract> {
    let extension = options.file_name.as_deref().and_then(extension_of);
    if content.trim_ascii().is_empty() {
        return Err(ArtifactError::Empty);
    }
    if extension.as_deref() == Some("wasm") && !content.starts_with(&WASM_MAGIC) {
        let found = hex::encode(&content[..content.len().min(4)]);
        return Err(ArtifactError::NotWasm { found });
    }
    let Some(text) = as_text(content) else {
        return Ok(Contract::plain(content.to_vec(), Format::Binary));
    };
    if text.starts_with(['{', '[']) {
        let artifact = serde_json::from_str(text).map_err(ArtifactError::Json)?;
        return selection::read_contract(&artifact, options);
    }
    if is_wasm_text(text, extension.as_deref()) {
        return assemble(text, options.file_name.as_deref());
    }
    read_hex_code(text, options)
}

/// Reads code given on a command line: hexadecimal with `0x`, else the path of a file, else
/// hexadecimal without `0x`.
///
/// # Errors
///
/// As [`read_code`] and [`read_file`].
pub fn read_argument(text: &str, options: &ReadOptions) -> Result<Contract> {
    let trimmed = text.trim();
    let is_prefixed = trimmed.starts_with("0x") || trimmed.starts_with("0X");
    let is_bare = !trimmed.is_empty() && is_hex(trimmed) && !Path::new(text).exists();
    if is_prefixed || is_bare {
        return read_hex_code(trimmed, options);
    }
    read_file(Path::new(text), options)
}

/// Reads contract code from a file.
///
/// # Errors
///
/// [`ArtifactError::Read`], [`ArtifactError::TooLarge`], and as [`read_code`].
pub fn read_file(path: &Path, options: &ReadOptions) -> Result<Contract> {
    let content = read_content(path)?;
    let file_name = path
        .file_name()
        .map(|name| name.to_string_lossy().into_owned());
    read_code(
        &content,
        &ReadOptions {
            file_name,
            ..options.clone()
        },
    )
}

/// Reads an ABI from the content of a file: the ABI itself or any artefact that holds one.
///
/// # Errors
///
/// [`ArtifactError::Json`], [`ArtifactError::Abi`], and those of choosing a contract.
pub fn read_abi(content: &[u8], options: &ReadOptions) -> Result<JsonAbi> {
    let artifact: Value = serde_json::from_slice(content).map_err(ArtifactError::Json)?;
    selection::read_abi(&artifact, options)
}

/// Reads an ABI from a file; see [`read_abi`].
///
/// # Errors
///
/// [`ArtifactError::Read`], [`ArtifactError::TooLarge`], and as [`read_abi`].
pub fn read_abi_file(path: &Path, options: &ReadOptions) -> Result<JsonAbi> {
    read_abi(&read_content(path)?, options)
}

/// Lists the contracts with code in an artefact, as `source.sol:Name` where both are known.
///
/// # Errors
///
/// [`ArtifactError::Json`] and [`ArtifactError::UnknownShape`].
pub fn contract_names(content: &[u8]) -> Result<(Format, Vec<String>)> {
    let artifact: Value = serde_json::from_slice(content).map_err(ArtifactError::Json)?;
    selection::names(&artifact)
}

/// WebAssembly text, which becomes the module that it describes.
fn assemble(text: &str, file_name: Option<&str>) -> Result<Contract> {
    let module = wat::parse_str(text).map_err(|mut error| {
        if let Some(name) = file_name {
            error.set_path(Path::new(name));
        }
        ArtifactError::WasmText(error)
    })?;
    Ok(Contract::plain(module, Format::WasmText))
}

/// Hexadecimal code, which a file of `solc --bin` may hold with library marks.
fn read_hex_code(text: &str, options: &ReadOptions) -> Result<Contract> {
    // solc explains the marks after the code: `// $hash$ -> source.sol:Name`.
    let (code, notes) = text.split_once("//").unwrap_or((text, ""));
    let known = notes
        .split("->")
        .skip(1)
        .filter_map(|note| note.split_whitespace().next().map(str::to_owned))
        .collect();
    let linker = crate::linking::Linker {
        contract: options.file_name.as_deref().unwrap_or("the contract"),
        part: "creation",
        references: std::collections::BTreeMap::new(),
        known: &known,
        libraries: &options.libraries,
    };
    let code = linker.link(code)?;
    if code.is_empty() {
        return Err(ArtifactError::Empty);
    }
    Ok(Contract::plain(code, Format::Hex))
}

/// Text is UTF-8 without control characters other than white space.
fn as_text(content: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(content).ok()?;
    let is_plain = |found: char| !found.is_control() || found.is_ascii_whitespace();
    text.chars().all(is_plain).then(|| text.trim())
}

fn is_wasm_text(text: &str, extension: Option<&str>) -> bool {
    matches!(extension, Some("wat" | "wast"))
        || text.starts_with("(module")
        || text.starts_with(";;")
}

fn extension_of(file_name: &str) -> Option<String> {
    let (_, extension) = file_name.rsplit_once('.')?;
    Some(extension.to_ascii_lowercase())
}

fn read_content(path: &Path) -> Result<Vec<u8>> {
    let failed = |source| ArtifactError::Read {
        path: path.to_owned(),
        source,
    };
    let file = File::open(path).map_err(failed)?;
    let size_bytes = file.metadata().map_err(failed)?.len();
    let mut content = Vec::new();
    file.take(LARGEST_FILE_BYTES + 1)
        .read_to_end(&mut content)
        .map_err(failed)?;
    if content.len() as u64 > LARGEST_FILE_BYTES {
        return Err(ArtifactError::TooLarge {
            path: path.to_owned(),
            limit_bytes: LARGEST_FILE_BYTES,
            size_bytes: size_bytes.max(content.len() as u64),
        });
    }
    Ok(content)
}
