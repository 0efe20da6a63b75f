//! Reads the ELF file: sections, symbols and relocations of a statically linked RISC-V executable.
//!
//! Everything that cannot become a program by its headers alone is refused here.
//!
//! Spec: L-1, L-2.

use object::LittleEndian as LE;
use object::elf;
use object::read::elf::{
    FileHeader as _, ProgramHeader as _, Rela as _, SectionHeader as _, Sym as _,
};

use crate::error::{Extension, LinkError};

/// What a section becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Instructions.
    Text,
    /// Read-only data.
    ReadOnly,
    /// Initialised data.
    Data,
    /// Zeroed data.
    Zero,
    /// The list of exports.
    Exports,
    /// Settings.
    Settings,
    /// Allocated, but nothing of it is kept.
    Dropped,
}

/// A section that occupies addresses.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Section<'a> {
    pub(crate) name: &'a str,
    pub(crate) kind: Kind,
    pub(crate) address: u64,
    pub(crate) size: u64,
    pub(crate) align: u64,
    /// Contents, as many bytes as `size`; empty for zeroed data.
    pub(crate) data: &'a [u8],
}

impl Section<'_> {
    pub(crate) const fn contains(&self, address: u64) -> bool {
        address.wrapping_sub(self.address) < self.size
    }
}

/// A symbol.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Symbol<'a> {
    pub(crate) name: &'a str,
    pub(crate) value: u64,
    pub(crate) size: u64,
    /// Index into the sections of the image; `None` for absolute and undefined ones.
    pub(crate) section: Option<usize>,
    pub(crate) is_function: bool,
    pub(crate) is_global: bool,
    /// A symbol of no type, as assembler labels have.
    pub(crate) is_label: bool,
    /// Belongs to a section that has no address, or is undefined and not weak.
    pub(crate) is_foreign: bool,
}

/// A relocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Relocation {
    pub(crate) address: u64,
    pub(crate) kind: u32,
    pub(crate) symbol: usize,
    pub(crate) addend: i64,
}

/// The file, read.
#[derive(Debug)]
pub(crate) struct Image<'a> {
    pub(crate) sections: Vec<Section<'a>>,
    pub(crate) symbols: Vec<Symbol<'a>>,
    /// Of sections that are kept, by ascending address.
    pub(crate) relocations: Vec<Relocation>,
    /// Whether the file has any relocations, of debug information too.
    pub(crate) has_relocations: bool,
    /// Debug sections by name.
    pub(crate) debug: Vec<(&'a str, &'a [u8])>,
    /// Indices of the sections that are not empty, by ascending address.
    by_address: Vec<usize>,
}

/// Most sections that occupy memory.
const SECTION_LIMIT: usize = 1024;

type Header = elf::FileHeader64<LE>;

fn malformed(error: object::Error) -> LinkError {
    LinkError::Malformed(error.to_string())
}

impl<'a> Image<'a> {
    /// Reads a file.
    pub(crate) fn read(bytes: &'a [u8]) -> Result<Self, LinkError> {
        check_identity(bytes)?;
        let header = Header::parse(bytes).map_err(malformed)?;
        check_header(header, bytes)?;
        let table = header.sections(LE, bytes).map_err(malformed)?;
        // Index of each section of the file among those of the image.
        let mut places = Vec::new();
        let mut image = Self {
            sections: Vec::new(),
            symbols: Vec::new(),
            relocations: Vec::new(),
            has_relocations: false,
            debug: Vec::new(),
            by_address: Vec::new(),
        };
        for section in table.iter() {
            let name = table.section_name(LE, section).map_err(malformed)?;
            let name = std::str::from_utf8(name)
                .map_err(|_| LinkError::Malformed("a section name that is not UTF-8".to_owned()))?;
            let flags = section.sh_flags(LE);
            places.push(None);
            let compressed = flags & u64::from(elf::SHF_COMPRESSED) != 0;
            if flags & u64::from(elf::SHF_ALLOC) == 0 {
                if name.starts_with(".debug_") && !compressed {
                    image
                        .debug
                        .push((name, section.data(LE, bytes).map_err(malformed)?));
                }
                continue;
            }
            let kind = match kind_of(name, section.sh_type(LE), flags) {
                Err(_) if section.sh_size(LE) == 0 => continue,
                kind => kind?,
            };
            let data = section.data(LE, bytes).map_err(malformed)?;
            places.pop();
            places.push(Some(image.sections.len()));
            image.sections.push(Section {
                name,
                kind,
                address: section.sh_addr(LE),
                size: section.sh_size(LE),
                align: section.sh_addralign(LE).max(1),
                data,
            });
        }
        image.order_sections()?;
        let symbols = table
            .symbols(LE, bytes, elf::SHT_SYMTAB)
            .map_err(malformed)?;
        if symbols.is_empty() {
            return Err(LinkError::NoSymbols);
        }
        for symbol in symbols.iter() {
            let name = symbols.symbol_name(LE, symbol).unwrap_or_default();
            let index = symbol.st_shndx(LE);
            let section = places.get(usize::from(index)).copied().flatten();
            let is_weak = symbol.st_bind() == elf::STB_WEAK;
            let undefined = index == elf::SHN_UNDEF && !is_weak;
            image.symbols.push(Symbol {
                name: std::str::from_utf8(name).unwrap_or_default(),
                value: symbol.st_value(LE),
                size: symbol.st_size(LE),
                section,
                is_function: matches!(symbol.st_type(), elf::STT_FUNC | elf::STT_GNU_IFUNC),
                is_global: symbol.st_bind() != elf::STB_LOCAL,
                is_label: symbol.st_type() == elf::STT_NOTYPE,
                is_foreign: undefined
                    || (index < elf::SHN_LORESERVE && index != 0 && section.is_none()),
            });
        }
        for section in table.iter() {
            let Some((relocations, _)) = section.rela(LE, bytes).map_err(malformed)? else {
                continue;
            };
            image.has_relocations = true;
            let target = places.get(section.sh_info(LE) as usize).copied().flatten();
            let kept = target.and_then(|index| image.sections.get(index));
            if kept.is_none_or(|section| section.kind == Kind::Dropped) {
                continue;
            }
            image
                .relocations
                .extend(relocations.iter().map(|relocation| Relocation {
                    address: relocation.r_offset(LE),
                    kind: relocation.r_type(LE, false),
                    symbol: relocation.r_sym(LE, false) as usize,
                    addend: relocation.r_addend(LE),
                }));
        }
        image
            .relocations
            .sort_by_key(|relocation| relocation.address);
        Ok(image)
    }

    /// Relocations at exactly this address.
    pub(crate) fn relocations_at(&self, address: u64) -> &[Relocation] {
        let start = self.relocations.partition_point(|r| r.address < address);
        let count = self.relocations[start..]
            .iter()
            .take_while(|r| r.address == address)
            .count();
        &self.relocations[start..start + count]
    }

    /// The section that contains an address.
    pub(crate) fn section_at(&self, address: u64) -> Option<usize> {
        let behind = self
            .by_address
            .partition_point(|&index| self.sections[index].address <= address);
        let index = *self.by_address.get(behind.checked_sub(1)?)?;
        self.sections[index].contains(address).then_some(index)
    }

    /// Bytes at an address, if one section holds them all.
    pub(crate) fn bytes<const N: usize>(&self, address: u64) -> Option<[u8; N]> {
        let section = &self.sections[self.section_at(address)?];
        let start = (address - section.address) as usize;
        section
            .data
            .get(start..start.checked_add(N)?)?
            .try_into()
            .ok()
    }

    /// The instruction word at an address of code.
    pub(crate) fn word(&self, address: u64) -> Option<u32> {
        let section = &self.sections[self.section_at(address)?];
        if section.kind != Kind::Text {
            return None;
        }
        self.bytes(address).map(u32::from_le_bytes)
    }

    /// The NUL-terminated text at an address, if it has at most `limit` bytes.
    pub(crate) fn text(&self, address: u64, limit: usize) -> Option<&'a str> {
        let section = self.sections[self.section_at(address)?];
        let data = section.data.get((address - section.address) as usize..)?;
        let end = data.iter().take(limit + 1).position(|&byte| byte == 0)?;
        std::str::from_utf8(&data[..end]).ok()
    }

    /// Orders the sections, which must not overlap.
    fn order_sections(&mut self) -> Result<(), LinkError> {
        let sections = &self.sections;
        let mut order: Vec<usize> = (0..sections.len())
            .filter(|&index| sections[index].size != 0)
            .collect();
        order.sort_by_key(|&index| sections[index].address);
        let mut end = 0;
        for section in order.iter().map(|&index| sections[index]) {
            let next = section.address.checked_add(section.size);
            end = next.filter(|_| section.address >= end).ok_or_else(|| {
                LinkError::Malformed(format!("section `{}` where others are", section.name))
            })?;
        }
        if sections.len() > SECTION_LIMIT {
            return Err(LinkError::Memory {
                expected: "at most 1,024 sections that occupy memory",
                found: sections.len() as u64,
            });
        }
        self.by_address = order;
        Ok(())
    }
}

fn check_identity(bytes: &[u8]) -> Result<(), LinkError> {
    let Some(identity) = bytes
        .get(..20)
        .filter(|start| start.starts_with(&elf::ELFMAG))
    else {
        return Err(LinkError::Malformed("other bytes".to_owned()));
    };
    let machine = |found: String| Err(LinkError::Machine { found });
    if identity[4] != elf::ELFCLASS64 {
        return machine("a 32-bit file".to_owned());
    }
    if identity[5] != elf::ELFDATA2LSB {
        return machine("a big-endian file".to_owned());
    }
    match u16::from_le_bytes([identity[18], identity[19]]) {
        elf::EM_RISCV => Ok(()),
        other => machine(format!("machine number {other}")),
    }
}

fn check_header(header: &Header, bytes: &[u8]) -> Result<(), LinkError> {
    let found = match header.e_type(LE) {
        elf::ET_EXEC => None,
        elf::ET_REL => Some("an object file that is not linked yet"),
        elf::ET_DYN => Some("a shared object or position-independent executable"),
        _ => Some("a file of another type"),
    };
    if let Some(found) = found {
        return Err(LinkError::NotStatic { found });
    }
    let segments = header.program_headers(LE, bytes).map_err(malformed)?;
    if segments
        .iter()
        .any(|segment| matches!(segment.p_type(LE), elf::PT_DYNAMIC | elf::PT_INTERP))
    {
        let found = "a dynamically linked executable";
        return Err(LinkError::NotStatic { found });
    }
    let flags = header.e_flags(LE);
    if flags & elf::EF_RISCV_RVC != 0 {
        return Err(LinkError::Flags(Extension::Compressed));
    }
    if flags & elf::EF_RISCV_FLOAT_ABI != 0 {
        return Err(LinkError::Flags(Extension::Float));
    }
    Ok(())
}

/// What an allocated section becomes.
fn kind_of(name: &str, section_type: u32, flags: u64) -> Result<Kind, LinkError> {
    let has = |flag: u32| flags & u64::from(flag) != 0;
    if has(elf::SHF_TLS) {
        return Err(LinkError::ThreadLocal(name.to_owned()));
    }
    if has(elf::SHF_EXECINSTR) {
        return Ok(Kind::Text);
    }
    let constructors = [".init_array", ".preinit_array", ".ctors"];
    if constructors.iter().any(|start| name.starts_with(start))
        || matches!(section_type, elf::SHT_INIT_ARRAY | elf::SHT_PREINIT_ARRAY)
    {
        return Err(LinkError::Constructors(name.to_owned()));
    }
    Ok(match name {
        ".pz.exports" => Kind::Exports,
        ".pz.config" => Kind::Settings,
        ".got" | ".got.plt" | ".eh_frame" | ".eh_frame_hdr" => Kind::Dropped,
        _ if name.starts_with(".gcc_except_table") => Kind::Dropped,
        _ if section_type == elf::SHT_NOTE || section_type == elf::SHT_FINI_ARRAY => Kind::Dropped,
        _ if section_type == elf::SHT_NOBITS => Kind::Zero,
        _ if section_type != elf::SHT_PROGBITS => Kind::Dropped,
        _ if name.starts_with(".data.rel.ro") || !has(elf::SHF_WRITE) => Kind::ReadOnly,
        _ => Kind::Data,
    })
}
