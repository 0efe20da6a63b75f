//! Breakpoints and watches: where a run stops, and what it stops for.

use super::storage::Key;
use crate::{
    plain::number_of,
    program::{Loaded, closest},
};
use proz_artifact::number::read_uint;
use proz_prozvm_core::{Location, Memory, Reference, register_number};
use std::fmt;

/// Most bytes that a watch compares.
const LONGEST_WATCH: u64 = 4096;

/// Why a run stops.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    /// Before these instructions, by index in the code.
    Break { words: String, at: Vec<u32> },
    /// After bytes of memory have changed.
    Memory { address: u64, bytes: Vec<u8> },
    /// After a slot has been written.
    Storage(Key),
}

/// A breakpoint or watch.
#[derive(Clone, Debug)]
pub(crate) struct Point {
    /// Number, never given again.
    pub(crate) number: usize,
    pub(crate) kind: Kind,
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = self.number;
        match &self.kind {
            Kind::Break { words, .. } => write!(f, "{number}: breakpoint at {words}"),
            Kind::Memory { address, bytes } => {
                write!(
                    f,
                    "{number}: watch of {} bytes at {address:#x}",
                    bytes.len()
                )
            }
            Kind::Storage(key) => write!(f, "{number}: watch of storage {}", key_text(key)),
        }
    }
}

/// A key as people write it.
pub(crate) fn key_text(key: &Key) -> String {
    match key {
        Key::Slot(key) => number_text(key),
        Key::Transient(key) => format!("transient {}", number_text(key)),
        Key::Long(key) => format!("key {}", alloy_primitives::hex::encode_prefixed(key)),
    }
}

/// A word as a number.
pub(crate) fn number_text(word: &[u8]) -> String {
    format!(
        "{:#x}",
        alloy_primitives::U256::try_from_be_slice(word).unwrap_or_default()
    )
}

/// Finds the place that a breakpoint means.
pub(crate) fn breakpoint(loaded: &Loaded, words: &str) -> Result<Kind, String> {
    if let Some((file, line)) = words.rsplit_once(':') {
        return line_breakpoint(loaded, file, line);
    }
    let (name, offset) = match words.rsplit_once('+') {
        Some((name, offset)) => {
            let offset = number_of(offset).and_then(|offset| u32::try_from(offset).ok());
            let offset =
                offset.ok_or_else(|| format!("expected FUNCTION+OFFSET, found `{words}`"))?;
            (name, offset)
        }
        None => (words, 0),
    };
    let program = loaded.program();
    let function = program
        .export(name)
        .map(|export| export.function)
        .or_else(|| {
            loaded
                .names
                .iter()
                .position(|known| known == name)
                .map(|i| i as u32)
        });
    let Some(function) = function else {
        let exports = program.exports.iter().map(|export| &export.name);
        let known: Vec<_> = exports.chain(&loaded.names).map(String::as_str).collect();
        let near = closest(name, &known);
        let near = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
        return Err(format!("there is no function `{name}`{near}"));
    };
    let info = loaded.verified.functions()[function as usize];
    if offset >= info.length {
        return Err(format!("`{name}` has {} instructions", info.length));
    }
    Ok(Kind::Break {
        words: describe(loaded, info.start + offset),
        at: vec![info.start + offset],
    })
}

fn line_breakpoint(loaded: &Loaded, file: &str, line: &str) -> Result<Kind, String> {
    let number = line
        .parse()
        .map_err(|_| format!("expected FILE:LINE, found `{file}:{line}`"))?;
    if loaded.sources.is_empty() {
        return Err("the program carries no source lines; compile with -g".to_owned());
    }
    let Some((found, places)) = loaded.sources.places(file, number) else {
        let files = loaded.sources.files().join(", ");
        return Err(format!(
            "no code comes from `{file}:{line}`; files: {files}"
        ));
    };
    let at: Vec<u32> = places
        .iter()
        .map(|&place| code_index(loaded, place))
        .collect();
    let places: Vec<_> = places.iter().map(|&place| loaded.place(place)).collect();
    Ok(Kind::Break {
        words: format!("{file}:{found} ({})", places.join(", ")),
        at,
    })
}

fn code_index(loaded: &Loaded, place: Location) -> u32 {
    crate::plain::code_index(loaded, place)
}

/// `name+3 (file.c:12)`.
pub(crate) fn describe(loaded: &Loaded, at: u32) -> String {
    let place = loaded.place(loaded.verified.location_of(at));
    match loaded.source(at) {
        Some(source) => format!("{place} ({source})"),
        None => place,
    }
}

/// Finds what a watch means.
pub(crate) fn watch(
    loaded: &Loaded,
    run: &Reference<'_>,
    words: &[String],
) -> Result<Kind, String> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    if let ["storage", key] = words[..] {
        let key = read_uint(key, 256).map_err(|error| error.to_string())?;
        return Ok(Kind::Storage(Key::Slot(key.to_be_bytes())));
    }
    let (address, length) = match words[..] {
        ["storage"] => return Err("`watch storage` needs a key".to_owned()),
        [address] => (address, 8),
        [address, length] => {
            let length = number_of(length);
            let length = length.filter(|length| (1..=LONGEST_WATCH).contains(length));
            let length = length.ok_or_else(|| format!("expected 1 to {LONGEST_WATCH} bytes"))?;
            (address, length)
        }
        _ => return Err("`watch` takes an address and a length".to_owned()),
    };
    let address = value(loaded, run, address)?;
    let bytes = run.memory().slice(address, length);
    let bytes = bytes.map_err(|fault| fault.to_string())?.to_vec();
    Ok(Kind::Memory { address, bytes })
}

/// Computes an address or another value: numbers, registers and regions, added and subtracted.
pub(crate) fn value(loaded: &Loaded, run: &Reference<'_>, text: &str) -> Result<u64, String> {
    let mut sum = 0u64;
    let mut rest = text;
    let mut is_added = true;
    loop {
        let end = rest
            .char_indices()
            .skip(1)
            .find(|&(_, c)| c == '+' || c == '-')
            .map_or(rest.len(), |(index, _)| index);
        let (term, behind) = rest.split_at(end);
        let amount = term_value(loaded, run, term)?;
        sum = if is_added {
            sum.wrapping_add(amount)
        } else {
            sum.wrapping_sub(amount)
        };
        match behind.chars().next() {
            Some(sign) => {
                is_added = sign == '+';
                rest = &behind[1..];
            }
            None => return Ok(sum),
        }
    }
}

fn term_value(loaded: &Loaded, run: &Reference<'_>, term: &str) -> Result<u64, String> {
    let name = term.strip_prefix('$').unwrap_or(term);
    if let Some(register) = register_number(name) {
        return Ok(run.registers()[usize::from(register)]);
    }
    let layout = loaded.verified.layout();
    match name {
        "rodata" => return Ok(u64::from(proz_prozvm_core::MEMORY_BASE)),
        "stack" => return Ok(layout.stack_start),
        "data" => return Ok(layout.data_start),
        "bss" => return Ok(layout.bss_start),
        "heap" => return Ok(layout.heap_start),
        "end" => return Ok(run.memory().end()),
        _ => {}
    }
    number_of(term).ok_or_else(|| format!("`{term}` is no number, register or region"))
}

/// The bytes of a watch after a step, if they differ from those before.
pub(crate) fn changed(memory: &Memory, address: u64, before: &[u8]) -> Option<Vec<u8>> {
    let now = memory.slice(address, before.len() as u64).ok()?;
    (now != before).then(|| now.to_vec())
}
