//! The binary form of a program.
//!
//! Invariant: canonical. `encode(decode(bytes)) == bytes` for every input that `decode` accepts.
//! Memory use is linear in the input: counts come from lengths that were checked against the bytes present.
//!
//! Spec: F-1 to F-12.

use crate::isa::Instruction;
use crate::program::{
    Custom, Export, ExportKind, FORMAT_VERSION, Features, Function, Import, Mutability, Program,
    Signature, SwitchTable,
};
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
}

impl Program {
    /// Reads the binary form.
    ///
    /// # Errors
    ///
    /// A [`Rejection`] under one of the rules F-1 to F-9. Whether the program makes sense is for
    /// [`verify`](crate::verify) to say.
    pub fn decode(bytes: &[u8]) -> Result<Self, Rejection> {
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

fn decode_header(reader: &mut Reader<'_>) -> Result<Program, Rejection> {
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

fn encode_header(program: &Program) -> Vec<u8> {
    let mut out = MAGIC.to_vec();
    out.extend(FORMAT_VERSION.to_le_bytes());
    out.extend(program.gas_schedule.to_le_bytes());
    let words = [
        program.features.bits(),
        program.stack_size,
        program.bss_size,
        program.heap_pages,
        program.max_pages,
        0,
    ];
    out.extend(words.into_iter().flat_map(u32::to_le_bytes));
    out
}

fn decode_section(
    program: &mut Program,
    section: Section,
    mut r: Reader<'_>,
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
            while !r.is_done() {
                let count = r.u32()? as usize;
                let targets = r.take(count.saturating_mul(4))?;
                let targets = targets
                    .chunks_exact(4)
                    .map(|c| u32::from_le_bytes([c[0], c[1], c[2], c[3]]))
                    .collect();
                program.switch_tables.push(SwitchTable { targets });
            }
        }
        Section::FunctionTable => program.function_table = r.list(4, Reader::u32)?,
        Section::Rodata => program.rodata = r.rest().to_vec(),
        Section::Data => program.data = r.rest().to_vec(),
        Section::Exports => {
            while !r.is_done() {
                program.exports.push(r.export()?);
            }
        }
        Section::Custom => {
            while !r.is_done() {
                let name = r.name()?;
                let length = r.u32()? as usize;
                program.custom.push(Custom {
                    name,
                    data: r.take(length)?.to_vec(),
                });
            }
        }
    }
    Ok(())
}

fn encode_section(program: &Program, section: Section) -> Vec<u8> {
    let mut out = Vec::with_capacity(section_size(program, section));
    match section {
        Section::Types => out.extend(program.types.iter().flat_map(|t| [t.parameters, t.results])),
        Section::Imports => {
            for import in &program.imports {
                out.extend(import.number.to_le_bytes());
                out.extend([import.signature.parameters, import.signature.results]);
            }
        }
        Section::Functions => {
            for function in &program.functions {
                out.extend(function.signature.to_le_bytes());
                out.extend([0, 0]);
                out.extend(function.length.to_le_bytes());
            }
        }
        Section::Constants => out.extend(program.constants.iter().flat_map(|c| c.to_le_bytes())),
        Section::Code => out.extend(program.code.iter().flat_map(|i| i.encode())),
        Section::SwitchTables => {
            for table in &program.switch_tables {
                out.extend((table.targets.len() as u32).to_le_bytes());
                out.extend(table.targets.iter().flat_map(|t| t.to_le_bytes()));
            }
        }
        Section::FunctionTable => {
            out.extend(program.function_table.iter().flat_map(|f| f.to_le_bytes()))
        }
        Section::Rodata => out.extend(&program.rodata),
        Section::Data => out.extend(&program.data),
        Section::Exports => program
            .exports
            .iter()
            .for_each(|export| encode_export(&mut out, export)),
        Section::Custom => {
            for custom in &program.custom {
                encode_name(&mut out, &custom.name);
                out.extend((custom.data.len() as u32).to_le_bytes());
                out.extend(&custom.data);
            }
        }
    }
    out
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

/// Bytes of an export without its name.
pub(crate) const EXPORT_FIXED: usize = 12;

fn encode_export(out: &mut Vec<u8>, export: &Export) {
    let (kind, selector) = match export.kind {
        ExportKind::Method(selector) => (0, selector),
        ExportKind::Constructor => (1, [0; 4]),
        ExportKind::Fallback => (2, [0; 4]),
        ExportKind::Receive => (3, [0; 4]),
        ExportKind::Plain => (4, [0; 4]),
    };
    out.extend([kind, export.mutability as u8]);
    out.extend(selector);
    out.extend(export.function.to_le_bytes());
    encode_name(out, &export.name);
}

fn encode_name(out: &mut Vec<u8>, name: &str) {
    out.extend((name.len() as u16).to_le_bytes());
    out.extend(name.as_bytes());
}

/// Reads little-endian values and knows its place.
struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn is_done(&self) -> bool {
        self.at >= self.bytes.len()
    }

    fn rest(&mut self) -> &'a [u8] {
        let rest = &self.bytes[self.at..];
        self.at = self.bytes.len();
        rest
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], Rejection> {
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

    fn u8(&mut self) -> Result<u8, Rejection> {
        Ok(u8::from_le_bytes(self.array()?))
    }

    fn u16(&mut self) -> Result<u16, Rejection> {
        Ok(u16::from_le_bytes(self.array()?))
    }

    fn u32(&mut self) -> Result<u32, Rejection> {
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

    fn name(&mut self) -> Result<String, Rejection> {
        let length = self.u16()?;
        let at = self.at;
        let bytes = self.take(usize::from(length))?;
        match std::str::from_utf8(bytes) {
            Ok(name) => Ok(name.to_owned()),
            Err(error) => Err(Rejection::new(
                Rule::Name,
                at + error.valid_up_to(),
                "expected UTF-8",
            )),
        }
    }

    fn export(&mut self) -> Result<Export, Rejection> {
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
        Ok(Export {
            kind,
            mutability,
            function: self.u32()?,
            name: self.name()?,
        })
    }
}
