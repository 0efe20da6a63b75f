//! Reads `.pz.exports`, and makes exports.
//!
//! Spec: L-23, L-24.

use std::collections::BTreeSet;

use proz_prozvm_core::{ExportKind, Mutability};
use sha3::{Digest as _, Keccak256};

use crate::elf::{Image, Kind};
use crate::error::LinkError;
use crate::functions::Functions;
use crate::infer::Root;
use crate::ir::FunctionId;
use crate::options::LinkOptions;

/// An export whose function is one of the file.
#[derive(Clone, Debug)]
pub(crate) struct Exported {
    pub(crate) kind: ExportKind,
    pub(crate) mutability: Mutability,
    pub(crate) function: FunctionId,
    pub(crate) name: String,
}

impl Exported {
    pub(crate) fn root(&self) -> Root {
        match self.kind {
            ExportKind::Plain => Root::Plain,
            _ => Root::Entry,
        }
    }
}

const RECORD: usize = 24;

/// Most bytes of a name.
const NAME_LIMIT: usize = 255;

/// Collects what the file exports.
pub(crate) fn exports(
    image: &Image<'_>,
    functions: &Functions<'_>,
    options: &LinkOptions,
) -> Result<Vec<Exported>, LinkError> {
    let mut exports = Vec::new();
    let sections = image
        .sections
        .iter()
        .filter(|section| section.kind == Kind::Exports);
    for section in sections {
        if !section.data.len().is_multiple_of(RECORD) {
            return Err(LinkError::Export {
                index: section.data.len() / RECORD,
                expected: "entries of 24 bytes",
                found: format!("{} bytes", section.data.len()),
            });
        }
        for (index, record) in section.data.chunks_exact(RECORD).enumerate() {
            exports.push(export(image, functions, index, record)?);
        }
    }
    if options.export_symbols {
        let mut known: BTreeSet<String> = exports
            .iter()
            .map(|export: &Exported| export.name.clone())
            .collect();
        let mut symbols: Vec<(FunctionId, &str)> = Vec::new();
        for symbol in image.symbols.iter().filter(|symbol| symbol.is_global) {
            let in_code = symbol.section.and_then(|index| image.sections.get(index));
            if in_code.is_none_or(|section| section.kind != Kind::Text) {
                continue;
            }
            // Of labels only those that alone make something a function.
            let function = functions
                .entry(symbol.value)
                .filter(|&function| symbol.is_function || functions.name(function) == symbol.name);
            symbols.extend(function.map(|function| (function, symbol.name)));
        }
        symbols.sort_unstable();
        for (function, name) in symbols {
            if (1..=NAME_LIMIT).contains(&name.len()) && known.insert(name.to_owned()) {
                exports.push(Exported {
                    kind: ExportKind::Plain,
                    mutability: Mutability::NonPayable,
                    function,
                    name: name.to_owned(),
                });
            }
        }
    }
    if exports.is_empty() {
        return Err(LinkError::NoExports);
    }
    Ok(exports)
}

fn export(
    image: &Image<'_>,
    functions: &Functions<'_>,
    index: usize,
    record: &[u8],
) -> Result<Exported, LinkError> {
    let word = |at: usize| u32::from_le_bytes([0, 1, 2, 3].map(|i| record[at + i]));
    let long = |at: usize| u64::from(word(at)) | u64::from(word(at + 4)) << 32;
    let refuse = |expected, found: String| LinkError::Export {
        index,
        expected,
        found,
    };
    let name = image.text(long(16), NAME_LIMIT);
    let name = name.ok_or_else(|| {
        refuse(
            "the address of a NUL-terminated name of at most 255 bytes",
            format!("{:#x}", long(16)),
        )
    })?;
    let kind = match word(8) {
        0 => {
            let hash = Keccak256::digest(name.as_bytes());
            ExportKind::Method([hash[0], hash[1], hash[2], hash[3]])
        }
        1 => ExportKind::Constructor,
        2 => ExportKind::Fallback,
        3 => ExportKind::Receive,
        4 => ExportKind::Plain,
        other => return Err(refuse("a kind of 0 to 4", other.to_string())),
    };
    let is_signature = name.ends_with(')') && name.contains('(') && !name.contains(' ');
    if word(8) == 0 && !is_signature {
        return Err(refuse(
            "a signature such as `transfer(address,uint256)`",
            format!("`{name}`"),
        ));
    }
    let mutability = match word(12) {
        0 => Mutability::NonPayable,
        1 => Mutability::Payable,
        2 => Mutability::View,
        3 => Mutability::Pure,
        other => return Err(refuse("a mutability of 0 to 3", other.to_string())),
    };
    let function = functions.entry(long(0));
    Ok(Exported {
        kind,
        mutability,
        function: function
            .ok_or_else(|| refuse("the address of a function", format!("{:#x}", long(0))))?,
        name: name.to_owned(),
    })
}
