//! ELF: the headers that `dlopen` relies on, and the symbols that a library exports.
//!
//! Spec: System V ABI, chapters 4 (object files) and 5 (program loading).

use super::bytes::Numbers;
use super::{ImageFault, SymbolBytes};

const CLASS_OFFSET: u64 = 4;
const DATA_OFFSET: u64 = 5;
const CLASS_32: u8 = 1;
const CLASS_64: u8 = 2;
const DATA_BIG_ENDIAN: u8 = 2;

const TYPE_RELOCATABLE: u16 = 1;
const TYPE_EXECUTABLE: u16 = 2;
const TYPE_DYNAMIC: u16 = 3;
const TYPE_CORE: u16 = 4;

const SEGMENT_LOAD: u32 = 1;
const SEGMENT_DYNAMIC: u32 = 2;
const SECTION_DYNAMIC_SYMBOLS: u32 = 11;

/// Tag of the dynamic entry that holds [`FLAG_EXECUTABLE`].
const DYNAMIC_FLAGS_1: u64 = 0x6fff_fffb;
/// Marks an executable that can be placed anywhere; by its type it is a shared library.
const FLAG_EXECUTABLE: u64 = 0x0800_0000;

/// Most symbols that are looked at.
const MAX_SYMBOLS: u64 = 1 << 20;
/// Most entries of the dynamic table that are looked at.
const MAX_DYNAMIC_ENTRIES: u64 = 4096;

/// Class, byte order and machine number of the host.
const HOST_CLASS: u8 = if cfg!(target_pointer_width = "64") {
    CLASS_64
} else {
    CLASS_32
};
const HOST_BIG_ENDIAN: bool = cfg!(target_endian = "big");
const HOST_MACHINE: u16 = if cfg!(target_arch = "x86_64") {
    62
} else if cfg!(target_arch = "aarch64") {
    183
} else if cfg!(any(target_arch = "riscv64", target_arch = "riscv32")) {
    243
} else if cfg!(target_arch = "x86") {
    3
} else if cfg!(target_arch = "arm") {
    40
} else if cfg!(target_arch = "powerpc64") {
    21
} else if cfg!(target_arch = "s390x") {
    22
} else if cfg!(target_arch = "loongarch64") {
    258
} else {
    0
};

/// Checks that `bytes` are a whole shared library for this machine.
pub(super) fn check(bytes: &[u8]) -> Result<(), ImageFault> {
    let elf = Elf::new(bytes)?;
    elf.check_architecture()?;
    match elf.file_type {
        TYPE_DYNAMIC => {}
        TYPE_EXECUTABLE => return Err(ImageFault::NotALibrary("an executable")),
        TYPE_RELOCATABLE => return Err(ImageFault::NotALibrary("an object file")),
        TYPE_CORE => return Err(ImageFault::NotALibrary("a core dump")),
        _ => return Err(ImageFault::NotALibrary("an ELF file of unknown type")),
    }
    elf.check_whole()?;
    if elf.is_executable() {
        return Err(ImageFault::NotALibrary("an executable"));
    }
    Ok(())
}

/// Returns the initial content of the exported `name`.
pub(super) fn symbol<'a>(bytes: &'a [u8], name: &str) -> SymbolBytes<'a> {
    let Ok(elf) = Elf::new(bytes) else {
        return SymbolBytes::Unknown;
    };
    elf.symbol(name).unwrap_or(SymbolBytes::Unknown)
}

/// A table of equal entries inside the file.
#[derive(Clone, Copy)]
struct Table {
    offset: u64,
    entry_bytes: u64,
    entries: u64,
}

impl Table {
    fn end(self) -> u64 {
        self.offset
            .saturating_add(self.entries.saturating_mul(self.entry_bytes))
    }

    /// Returns the offset of each entry.
    fn iter(self) -> impl Iterator<Item = u64> {
        (0..self.entries).map(move |index| {
            self.offset
                .saturating_add(index.saturating_mul(self.entry_bytes))
        })
    }
}

/// A segment: part of the file and where it is mapped.
struct Segment {
    kind: u32,
    offset: u64,
    address: u64,
    file_bytes: u64,
}

struct Elf<'a> {
    numbers: Numbers<'a>,
    is_64: bool,
    file_type: u16,
    machine: u16,
    segments: Table,
    sections: Table,
}

impl<'a> Elf<'a> {
    fn new(bytes: &'a [u8]) -> Result<Self, ImageFault> {
        let header_bytes = if bytes.get(CLASS_OFFSET as usize) == Some(&CLASS_32) {
            52
        } else {
            64
        };
        let cut_off = ImageFault::Truncated {
            part: "ELF header",
            expected_bytes: header_bytes,
        };
        Self::parse(bytes).ok_or(cut_off)
    }

    fn parse(bytes: &'a [u8]) -> Option<Self> {
        let big_endian = bytes.get(DATA_OFFSET as usize) == Some(&DATA_BIG_ENDIAN);
        let numbers = Numbers { bytes, big_endian };
        let is_64 = numbers.u8(CLASS_OFFSET)? != CLASS_32;
        let (segments, sections) = if is_64 {
            (
                Table {
                    offset: numbers.u64(32)?,
                    entry_bytes: numbers.u16(54)?.into(),
                    entries: numbers.u16(56)?.into(),
                },
                Table {
                    offset: numbers.u64(40)?,
                    entry_bytes: numbers.u16(58)?.into(),
                    entries: numbers.u16(60)?.into(),
                },
            )
        } else {
            (
                Table {
                    offset: numbers.u32(28)?.into(),
                    entry_bytes: numbers.u16(42)?.into(),
                    entries: numbers.u16(44)?.into(),
                },
                Table {
                    offset: numbers.u32(32)?.into(),
                    entry_bytes: numbers.u16(46)?.into(),
                    entries: numbers.u16(48)?.into(),
                },
            )
        };
        let header_end = if is_64 { 62 } else { 50 };
        numbers.u16(header_end)?;
        Some(Self {
            numbers,
            is_64,
            file_type: numbers.u16(16)?,
            machine: numbers.u16(18)?,
            segments,
            sections,
        })
    }

    fn check_architecture(&self) -> Result<(), ImageFault> {
        let class = if self.is_64 { CLASS_64 } else { CLASS_32 };
        let found = (class, self.numbers.big_endian, self.machine);
        let expected = (HOST_CLASS, HOST_BIG_ENDIAN, HOST_MACHINE);
        if found == expected {
            return Ok(());
        }
        Err(ImageFault::ForeignArchitecture {
            expected: architecture(expected),
            found: architecture(found),
        })
    }

    /// Checks that all that the headers name lies within the file.
    fn check_whole(&self) -> Result<(), ImageFault> {
        let found = self.numbers.bytes.len() as u64;
        let within = |part, expected_bytes| {
            if expected_bytes <= found {
                Ok(())
            } else {
                Err(ImageFault::Truncated {
                    part,
                    expected_bytes,
                })
            }
        };
        within("program headers", self.segments.end())?;
        for offset in self.segments.iter() {
            let Some(segment) = self.segment(offset) else {
                return Err(ImageFault::NotALibrary(
                    "an ELF file with malformed program headers",
                ));
            };
            if segment.kind == SEGMENT_LOAD {
                within(
                    "segments",
                    segment.offset.saturating_add(segment.file_bytes),
                )?;
            }
        }
        if self.sections.offset > 0 {
            within("section headers", self.sections.end())?;
        }
        Ok(())
    }

    fn segment(&self, at: u64) -> Option<Segment> {
        let numbers = self.numbers;
        let field = |offset: u64| at.checked_add(offset);
        Some(if self.is_64 {
            Segment {
                kind: numbers.u32(at)?,
                offset: numbers.u64(field(8)?)?,
                address: numbers.u64(field(16)?)?,
                file_bytes: numbers.u64(field(32)?)?,
            }
        } else {
            Segment {
                kind: numbers.u32(at)?,
                offset: numbers.u32(field(4)?)?.into(),
                address: numbers.u32(field(8)?)?.into(),
                file_bytes: numbers.u32(field(16)?)?.into(),
            }
        })
    }

    /// Reads a number of the size of an address.
    fn word(&self, offset: u64) -> Option<u64> {
        if self.is_64 {
            self.numbers.u64(offset)
        } else {
            self.numbers.u32(offset).map(u64::from)
        }
    }

    fn is_executable(&self) -> bool {
        self.flags_1()
            .is_some_and(|flags| flags & FLAG_EXECUTABLE != 0)
    }

    fn flags_1(&self) -> Option<u64> {
        let dynamic = self
            .segments
            .iter()
            .filter_map(|offset| self.segment(offset))
            .find(|segment| segment.kind == SEGMENT_DYNAMIC)?;
        let word_bytes = if self.is_64 { 8 } else { 4 };
        let table = Table {
            offset: dynamic.offset,
            entry_bytes: 2 * word_bytes,
            entries: (dynamic.file_bytes / (2 * word_bytes)).min(MAX_DYNAMIC_ENTRIES),
        };
        let entry = table
            .iter()
            .find(|offset| self.word(*offset) == Some(DYNAMIC_FLAGS_1))?;
        self.word(entry.checked_add(word_bytes)?)
    }

    /// Looks `name` up in the table of dynamic symbols; `None` when the file has no such table.
    fn symbol(&self, name: &str) -> Option<SymbolBytes<'a>> {
        let section = self
            .sections
            .iter()
            .find(|at| self.numbers.u32(at.saturating_add(4)) == Some(SECTION_DYNAMIC_SYMBOLS))?;
        let (symbols_at, symbols_bytes) = self.section_range(section)?;
        let link_offset = if self.is_64 { 40 } else { 24 };
        let strings_index: u64 = self.numbers.u32(section.checked_add(link_offset)?)?.into();
        let (strings_at, strings_bytes) = self.section_range(
            self.sections
                .iter()
                .nth(usize::try_from(strings_index).ok()?)?,
        )?;
        let strings = slice(self.numbers.bytes, strings_at, strings_bytes)?;

        let entry_bytes = if self.is_64 { 24 } else { 16 };
        let table = Table {
            offset: symbols_at,
            entry_bytes,
            entries: (symbols_bytes / entry_bytes).min(MAX_SYMBOLS),
        };
        for at in table.iter() {
            let name_at = self.numbers.u32(at)? as usize;
            let defined_in =
                self.numbers
                    .u16(at.checked_add(if self.is_64 { 6 } else { 14 })?)?;
            let is_named = strings
                .get(name_at..)
                .and_then(|rest| rest.strip_prefix(name.as_bytes()))
                .is_some_and(|rest| rest.first() == Some(&0));
            if is_named && defined_in != 0 {
                let (value_at, size_at) = if self.is_64 { (8, 16) } else { (4, 8) };
                let address = self.word(at.checked_add(value_at)?)?;
                let size_bytes = self.word(at.checked_add(size_at)?)?;
                return Some(
                    self.mapped(address, size_bytes)
                        .map_or(SymbolBytes::Unknown, SymbolBytes::Found),
                );
            }
        }
        Some(SymbolBytes::Absent)
    }

    /// Returns offset and size of the section whose header is at `at`.
    fn section_range(&self, at: u64) -> Option<(u64, u64)> {
        let (offset, size) = if self.is_64 { (24, 32) } else { (16, 20) };
        Some((
            self.word(at.checked_add(offset)?)?,
            self.word(at.checked_add(size)?)?,
        ))
    }

    /// Returns the bytes of the file that are mapped at `address`.
    fn mapped(&self, address: u64, size_bytes: u64) -> Option<&'a [u8]> {
        let segment = self
            .segments
            .iter()
            .filter_map(|at| self.segment(at))
            .find(|segment| {
                segment.kind == SEGMENT_LOAD
                    && address
                        .checked_sub(segment.address)
                        .and_then(|start| start.checked_add(size_bytes))
                        .is_some_and(|end| end <= segment.file_bytes)
            })?;
        let start = address.checked_sub(segment.address)?;
        slice(
            self.numbers.bytes,
            segment.offset.checked_add(start)?,
            size_bytes,
        )
    }
}

fn slice(bytes: &[u8], offset: u64, size_bytes: u64) -> Option<&[u8]> {
    let start = usize::try_from(offset).ok()?;
    let end = start.checked_add(usize::try_from(size_bytes).ok()?)?;
    bytes.get(start..end)
}

fn architecture((class, big_endian, machine): (u8, bool, u16)) -> String {
    let bits = if class == CLASS_32 { 32 } else { 64 };
    let order = if big_endian { "big" } else { "little" };
    let name = match machine {
        3 => "x86",
        8 => "MIPS",
        20 | 21 => "PowerPC",
        22 => "S/390",
        40 => "ARM",
        62 => "x86-64",
        183 => "AArch64",
        243 => "RISC-V",
        247 => "BPF",
        258 => "LoongArch",
        _ => return format!("ELF machine {machine} ({bits} bits, {order} endian)"),
    };
    format!("{name} ({bits} bits, {order} endian)")
}
