//! The binary form of a program.
//!
//! Invariant: canonical. `encode(decode(bytes)) == bytes` for every input that `decode` accepts.
//! Memory use is linear in the input: counts come from lengths that were checked against the bytes present.
//!
//! Spec: F-1 to F-12.

mod decode;
mod encode;

use decode::{Reader, decode_header, decode_section};
use encode::{encode_header, encode_section};

use crate::isa::Instruction;
use crate::program::Program;
use crate::rules::{Rejection, Rule};

/// First bytes of every program.
pub const MAGIC: [u8; 4] = *b"PZ64";
/// Bytes of the header.
pub const HEADER_SIZE: usize = 32;
/// Bytes before the payload of a section: its id and its length.
const SECTION_HEADER: usize = 5;

/// Sections, in the order of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Section {
    /// Signatures.
    Types = 1,
    /// Syscalls.
    Imports,
    /// Functions.
    Functions,
    /// 64-bit constants.
    Constants,
    /// Instructions.
    Code,
    /// Switch tables.
    SwitchTables,
    /// Functions with handles.
    FunctionTable,
    /// Read-only data.
    Rodata,
    /// Initialised data.
    Data,
    /// Exports.
    Exports,
    /// Metadata.
    Custom,
}

impl Section {
    /// All sections, in the order of the file.
    pub const ALL: [Self; 11] = [
        Self::Types,
        Self::Imports,
        Self::Functions,
        Self::Constants,
        Self::Code,
        Self::SwitchTables,
        Self::FunctionTable,
        Self::Rodata,
        Self::Data,
        Self::Exports,
        Self::Custom,
    ];

    /// What the specification calls it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Types => "types",
            Self::Imports => "imports",
            Self::Functions => "functions",
            Self::Constants => "constants",
            Self::Code => "code",
            Self::SwitchTables => "switch tables",
            Self::FunctionTable => "function table",
            Self::Rodata => "read-only data",
            Self::Data => "data",
            Self::Exports => "exports",
            Self::Custom => "custom",
        }
    }
}

impl Program {
    /// Reads the binary form.
    ///
    /// # Errors
    ///
    /// A [`Rejection`] under one of the rules F-1 to F-9. Whether the program makes sense is for
    /// [`verify`](crate::verify) to say.
    pub fn decode(bytes: &[u8]) -> Result<Self, Rejection> {
        Self::read(bytes, false)
    }

    /// Reads the binary form without names, custom blocks and plain exports: what running does not need.
    pub(crate) fn decode_bare(bytes: &[u8]) -> Result<Self, Rejection> {
        Self::read(bytes, true)
    }

    fn read(bytes: &[u8], bare: bool) -> Result<Self, Rejection> {
        let mut reader = Reader { bytes, at: 0 };
        let mut program = decode_header(&mut reader)?;
        let mut previous = 0;
        while reader.at < bytes.len() {
            let start = reader.at;
            let id = reader.u8()?;
            let section = Section::ALL
                .into_iter()
                .find(|&section| section as u8 == id);
            let section = section.filter(|_| id > previous).ok_or_else(|| {
                let detail =
                    format!("expected a section id above {previous} and below 12, found {id}");
                Rejection::new(Rule::SectionOrder, start, detail)
            })?;
            previous = id;
            let length = reader.u32()? as usize;
            if length == 0 {
                return Err(Rejection::new(
                    Rule::SectionOrder,
                    start,
                    "a section must not be empty",
                ));
            }
            let base = reader.at;
            let payload = reader.take(length)?;
            decode_section(
                &mut program,
                section,
                Reader {
                    bytes: &bytes[..base + payload.len()],
                    at: base,
                },
                bare,
            )?;
        }
        Ok(program)
    }

    /// Writes the binary form.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = encode_header(self);
        for section in Section::ALL {
            let payload = encode_section(self, section);
            if !payload.is_empty() {
                out.push(section as u8);
                out.extend((payload.len() as u32).to_le_bytes());
                out.extend(payload);
            }
        }
        out
    }

    /// Bytes of the binary form.
    pub fn encoded_size(&self) -> usize {
        let sizes = Section::ALL
            .into_iter()
            .map(|section| section_size(self, section))
            .filter(|&size| size > 0);
        HEADER_SIZE + sizes.map(|size| SECTION_HEADER + size).sum::<usize>()
    }

    /// Bytes of the payload of a section in the binary form; zero when it is left out.
    pub fn section_size(&self, section: Section) -> usize {
        section_size(self, section)
    }

    /// Byte offset of the payload of a section in the binary form; where it would be, if it is empty.
    pub fn section_offset(&self, section: Section) -> usize {
        let before = Section::ALL
            .into_iter()
            .take_while(|&earlier| earlier < section);
        let sizes = before
            .map(|earlier| section_size(self, earlier))
            .filter(|&size| size > 0);
        HEADER_SIZE + sizes.map(|size| SECTION_HEADER + size).sum::<usize>() + SECTION_HEADER
    }
}

/// Encoded size of a section's payload.
fn section_size(program: &Program, section: Section) -> usize {
    match section {
        Section::Types => 2 * program.types.len(),
        Section::Imports => 4 * program.imports.len(),
        Section::Functions => 8 * program.functions.len(),
        Section::Constants => 8 * program.constants.len(),
        Section::Code => Instruction::SIZE * program.code.len(),
        Section::SwitchTables => program
            .switch_tables
            .iter()
            .map(|table| 4 + 4 * table.targets.len())
            .sum(),
        Section::FunctionTable => 4 * program.function_table.len(),
        Section::Rodata => program.rodata.len(),
        Section::Data => program.data.len(),
        Section::Exports => program
            .exports
            .iter()
            .map(|export| EXPORT_FIXED + export.name.len())
            .sum(),
        Section::Custom => program
            .custom
            .iter()
            .map(|custom| 6 + custom.name.len() + custom.data.len())
            .sum(),
    }
}

/// Most bytes of a name.
pub(crate) const NAME_LIMIT: usize = 255;
/// Bytes of an export without its name.
pub(crate) const EXPORT_FIXED: usize = 12;
