//! Reads the binary form: header, sections, elements.

use super::{EXPORT_FIXED, HEADER_SIZE, MAGIC, NAME_LIMIT, Section};
use crate::isa::Instruction;
use crate::program::{
    Custom, Export, ExportKind, FORMAT_VERSION, Features, Function, Import, Mutability, Program,
    Signature, SwitchTable,
};
use crate::rules::{Rejection, Rule};

pub(super) fn decode_header(reader: &mut Reader<'_>) -> Result<Program, Rejection> {
    if reader.bytes.len() < HEADER_SIZE || reader.bytes[..4] != MAGIC {
        let detail = format!("expected a header of {HEADER_SIZE} bytes that begins with `PZ64`");
        return Err(Rejection::new(Rule::Magic, 0, detail));
    }
    reader.at = 4;
    let version = reader.u16()?;
    if version != FORMAT_VERSION {
        return Err(Rejection::new(
            Rule::Version,
            4,
            format!("expected version {FORMAT_VERSION}, found {version}"),
        ));
    }
    let gas_schedule = reader.u16()?;
    let bits = reader.u32()?;
    let features = Features::from_bits(bits).ok_or_else(|| {
        Rejection::new(
            Rule::HeaderBits,
            8,
            format!("expected known feature bits, found {bits:#x}"),
        )
    })?;
    let (stack_size, bss_size) = (reader.u32()?, reader.u32()?);
    let (heap_pages, max_pages) = (reader.u32()?, reader.u32()?);
    let reserved = reader.u32()?;
    if reserved != 0 {
        return Err(Rejection::new(
            Rule::HeaderBits,
            28,
            format!("expected zero, found {reserved:#x}"),
        ));
    }
    Ok(Program {
        gas_schedule,
        features,
        stack_size,
        bss_size,
        heap_pages,
        max_pages,
        ..Program::default()
    })
}

/// Reads a section into the program; a `bare` one gets no names, no custom blocks and no plain exports, which are only
/// looked at.
pub(super) fn decode_section(
    program: &mut Program,
    section: Section,
    mut r: Reader<'_>,
    bare: bool,
) -> Result<(), Rejection> {
    match section {
        Section::Types => program.types = r.list(2, |r| Ok(Signature::new(r.u8()?, r.u8()?)))?,
        Section::Imports => {
            program.imports = r.list(4, |r| {
                Ok(Import {
                    number: r.u16()?,
                    signature: Signature::new(r.u8()?, r.u8()?),
                })
            })?;
        }
        Section::Functions => {
            program.functions = r.list(8, |r| {
                let signature = r.u16()?;
                r.zero_u16()?;
                Ok(Function {
                    signature,
                    length: r.u32()?,
                })
            })?;
        }
        Section::Constants => program.constants = r.list(8, Reader::u64)?,
        Section::Code => program.code = r.list(Instruction::SIZE, Reader::instruction)?,
        Section::SwitchTables => {
            // As many as there can be with one target each, so that nothing moves; memory that is not used is not touched.
            program.switch_tables.reserve_exact(r.left() / 8);
            while !r.is_done() {
                let count = r.u32()? as usize;
                let targets = r.take(count.saturating_mul(4))?;
                let targets = targets
                    .chunks_exact(4)
                    .map(|c| u32::from_le_bytes([c[0], c[1], c[2], c[3]]))
                    .collect();
                program.switch_tables.push(SwitchTable { targets });
            }
            program.switch_tables.shrink_to_fit();
        }
        Section::FunctionTable => program.function_table = r.list(4, Reader::u32)?,
        Section::Rodata => program.rodata = r.rest().to_vec(),
        Section::Data => program.data = r.rest().to_vec(),
        Section::Exports => {
            program.exports.reserve_exact(r.left() / (EXPORT_FIXED + 1));
            while !r.is_done() {
                let at = r.at;
                let (mut export, name) = r.export()?;
                if !bare {
                    name.clone_into(&mut export.name);
                    program.exports.push(export);
                    continue;
                }
                // Of what is not kept, the rules are asked here. Functions come first in the file.
                if name.len() > NAME_LIMIT || export.function as usize >= program.functions.len() {
                    let detail = "expected a short name and a function that exists";
                    return Err(Rejection::new(Rule::Exports, at, detail));
                }
                if export.kind != ExportKind::Plain {
                    program.exports.push(export);
                }
            }
        }
        Section::Custom => {
            while !r.is_done() {
                let at = r.at;
                let name = r.name()?;
                let length = r.u32()? as usize;
                let data = r.take(length)?;
                if bare && name.len() > NAME_LIMIT {
                    return Err(Rejection::new(Rule::Customs, at, "expected a short name"));
                }
                if !bare {
                    program.custom.push(Custom {
                        name: name.to_owned(),
                        data: data.to_vec(),
                    });
                }
            }
        }
    }
    Ok(())
}

/// Reads little-endian values and knows its place.
pub(super) struct Reader<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) at: usize,
}

impl<'a> Reader<'a> {
    fn is_done(&self) -> bool {
        self.at >= self.bytes.len()
    }

    /// Bytes that are left.
    const fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    fn rest(&mut self) -> &'a [u8] {
        let rest = &self.bytes[self.at..];
        self.at = self.bytes.len();
        rest
    }

    pub(super) fn take(&mut self, count: usize) -> Result<&'a [u8], Rejection> {
        let left = self.bytes.len() - self.at;
        if count > left {
            let detail = format!("expected {count} more bytes, found {left}");
            return Err(Rejection::new(Rule::SectionLength, self.at, detail));
        }
        let taken = &self.bytes[self.at..self.at + count];
        self.at += count;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Rejection> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    pub(super) fn u8(&mut self) -> Result<u8, Rejection> {
        Ok(u8::from_le_bytes(self.array()?))
    }

    fn u16(&mut self) -> Result<u16, Rejection> {
        Ok(u16::from_le_bytes(self.array()?))
    }

    pub(super) fn u32(&mut self) -> Result<u32, Rejection> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    fn u64(&mut self) -> Result<u64, Rejection> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    fn zero_u16(&mut self) -> Result<(), Rejection> {
        let at = self.at;
        match self.u16()? {
            0 => Ok(()),
            found => Err(Rejection::new(
                Rule::ElementReserved,
                at,
                format!("expected zero, found {found:#x}"),
            )),
        }
    }

    /// Reads elements of a fixed size up to the end of the section.
    fn list<T>(
        &mut self,
        size: usize,
        mut element: impl FnMut(&mut Self) -> Result<T, Rejection>,
    ) -> Result<Vec<T>, Rejection> {
        let length = self.bytes.len() - self.at;
        if !length.is_multiple_of(size) {
            let detail = format!("expected a multiple of {size} bytes, found {length}");
            return Err(Rejection::new(Rule::SectionLength, self.at, detail));
        }
        let mut list = Vec::with_capacity(length / size);
        while !self.is_done() {
            list.push(element(self)?);
        }
        Ok(list)
    }

    fn instruction(&mut self) -> Result<Instruction, Rejection> {
        let at = self.at;
        let bytes = self.array()?;
        let unknown = || {
            Rejection::new(
                Rule::Opcode,
                at,
                format!("unknown opcode {:#04x}", bytes[0]),
            )
        };
        Instruction::decode(bytes).ok_or_else(unknown)
    }

    fn name(&mut self) -> Result<&'a str, Rejection> {
        let length = self.u16()?;
        let at = self.at;
        let bytes = self.take(usize::from(length))?;
        match std::str::from_utf8(bytes) {
            Ok(name) => Ok(name),
            Err(error) => Err(Rejection::new(
                Rule::Name,
                at + error.valid_up_to(),
                "expected UTF-8",
            )),
        }
    }

    /// An export whose name is empty, and its name.
    fn export(&mut self) -> Result<(Export, &'a str), Rejection> {
        let at = self.at;
        let (kind, mutability) = (self.u8()?, self.u8()?);
        let selector = self.array()?;
        let value = |what, found| {
            let detail = format!("unknown {what} {found}");
            Rejection::new(Rule::ElementValue, at, detail)
        };
        let kind = match kind {
            0 => ExportKind::Method(selector),
            1 => ExportKind::Constructor,
            2 => ExportKind::Fallback,
            3 => ExportKind::Receive,
            4 => ExportKind::Plain,
            other => return Err(value("export kind", other)),
        };
        if !matches!(kind, ExportKind::Method(_)) && selector != [0; 4] {
            return Err(Rejection::new(
                Rule::ElementReserved,
                at + 2,
                "only methods have a selector",
            ));
        }
        let mutability = match mutability {
            0 => Mutability::NonPayable,
            1 => Mutability::Payable,
            2 => Mutability::View,
            3 => Mutability::Pure,
            other => return Err(value("mutability", other)),
        };
        let export = Export {
            kind,
            mutability,
            function: self.u32()?,
            name: String::new(),
        };
        Ok((export, self.name()?))
    }
}
