//! Writes an ELF file as a linker with `--emit-relocs` does: one that Linux runs and that the linker here reads.

/// Which section something is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Code.
    Text,
    /// Read-only data.
    ReadOnly,
    /// Data.
    Data,
    /// Zeroed data.
    Zero,
    /// `.pz.exports`.
    Exports,
    /// `.pz.config`.
    Settings,
    /// No section: a number.
    Absolute,
}

const PLACES: [(Place, &str); 6] = [
    (Place::Text, ".text"),
    (Place::ReadOnly, ".rodata"),
    (Place::Exports, ".pz.exports"),
    (Place::Settings, ".pz.config"),
    (Place::Data, ".data"),
    (Place::Zero, ".bss"),
];

/// Kind of a symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SymbolKind {
    /// A function.
    Function,
    /// No type, as labels have.
    Label,
}

/// Relocation types used by tests.
pub mod relocation {
    /// `R_RISCV_32`
    pub const ABSOLUTE_32: u32 = 1;
    /// `R_RISCV_64`
    pub const ABSOLUTE_64: u32 = 2;
    /// `R_RISCV_CALL_PLT`
    pub const CALL: u32 = 19;
    /// `R_RISCV_PCREL_HI20`
    pub const PCREL_HI20: u32 = 23;
    /// `R_RISCV_PCREL_LO12_I`
    pub const PCREL_LO12_I: u32 = 24;
    /// `R_RISCV_HI20`
    pub const HI20: u32 = 26;
    /// `R_RISCV_LO12_I`
    pub const LO12_I: u32 = 27;
    /// `R_RISCV_LO12_S`
    pub const LO12_S: u32 = 28;
    /// `R_RISCV_ADD32`
    pub const ADD_32: u32 = 35;
    /// `R_RISCV_SUB32`
    pub const SUB_32: u32 = 39;
}

/// A relocation.
#[derive(Clone, Copy, Debug)]
pub struct Relocated {
    /// Section of the relocated bytes.
    pub place: Place,
    /// Offset of them.
    pub offset: u64,
    /// Type.
    pub kind: u32,
    /// Index of the symbol.
    pub symbol: usize,
    /// Addend.
    pub addend: i64,
}

#[derive(Clone, Debug)]
struct Symbol {
    name: String,
    place: Place,
    offset: u64,
    size: u64,
    kind: SymbolKind,
    is_global: bool,
}

/// An executable as it grows.
#[derive(Clone, Debug)]
pub struct Executable {
    /// Code.
    pub text: Vec<u8>,
    /// Read-only data.
    pub rodata: Vec<u8>,
    /// Data.
    pub data: Vec<u8>,
    /// Bytes of zeroed data.
    pub bss: u64,
    /// Contents of `.pz.exports`.
    pub exports: Vec<u8>,
    /// Contents of `.pz.config`.
    pub settings: Vec<u8>,
    /// Relocations.
    pub relocations: Vec<Relocated>,
    /// `e_flags`.
    pub flags: u32,
    /// Whether relocations are written.
    pub emits_relocations: bool,
    /// Alignment of every section.
    pub align: u64,
    symbols: Vec<Symbol>,
}

/// Where the file is loaded, and what its headers take.
const BASE: u64 = 0x1_0000;
const HEADERS: u64 = 64 + 56;

impl Default for Executable {
    fn default() -> Self {
        Self {
            text: Vec::new(),
            rodata: Vec::new(),
            data: Vec::new(),
            bss: 0,
            exports: Vec::new(),
            settings: Vec::new(),
            relocations: Vec::new(),
            flags: 0,
            emits_relocations: true,
            align: 16,
            symbols: Vec::new(),
        }
    }
}

impl Executable {
    /// Adds a symbol and gives its index.
    pub fn symbol(
        &mut self,
        name: &str,
        place: Place,
        offset: u64,
        size: u64,
        kind: SymbolKind,
        is_global: bool,
    ) -> usize {
        self.symbols.push(Symbol {
            name: name.to_owned(),
            place,
            offset,
            size,
            kind,
            is_global,
        });
        self.symbols.len() - 1
    }

    /// Adds a function symbol for code from `offset` on, and gives its index.
    pub fn function(&mut self, name: &str, offset: u64, size: u64) -> usize {
        self.symbol(name, Place::Text, offset, size, SymbolKind::Function, true)
    }

    /// Sets where a symbol that was added too early is.
    pub fn place_symbol(&mut self, symbol: usize, offset: u64, size: u64) {
        let symbol = &mut self.symbols[symbol];
        (symbol.offset, symbol.size) = (offset, size);
    }

    /// Adds a relocation.
    pub fn relocate(&mut self, place: Place, offset: u64, kind: u32, symbol: usize, addend: i64) {
        self.relocations.push(Relocated {
            place,
            offset,
            kind,
            symbol,
            addend,
        });
    }

    /// Adds an export of kind `plain` with the name of its function's symbol.
    pub fn export(&mut self, symbol: usize) {
        let name = self.symbols[symbol].name.clone();
        self.export_as(symbol, 4, 0, &name);
    }

    /// Adds an export.
    pub fn export_as(&mut self, symbol: usize, kind: u32, mutability: u32, name: &str) {
        let offset = self.rodata.len() as u64;
        self.rodata.extend_from_slice(name.as_bytes());
        self.rodata.push(0);
        let text = self.symbol("", Place::ReadOnly, offset, 0, SymbolKind::Label, false);
        let record = self.exports.len() as u64;
        self.exports.extend_from_slice(&[0; 8]);
        self.exports.extend_from_slice(&kind.to_le_bytes());
        self.exports.extend_from_slice(&mutability.to_le_bytes());
        self.exports.extend_from_slice(&[0; 8]);
        self.relocate(Place::Exports, record, relocation::ABSOLUTE_64, symbol, 0);
        self.relocate(
            Place::Exports,
            record + 16,
            relocation::ABSOLUTE_64,
            text,
            0,
        );
    }

    fn contents(&self, place: Place) -> &[u8] {
        match place {
            Place::Text => &self.text,
            Place::ReadOnly => &self.rodata,
            Place::Data => &self.data,
            Place::Zero | Place::Absolute => &[],
            Place::Exports => &self.exports,
            Place::Settings => &self.settings,
        }
    }

    fn size(&self, place: Place) -> u64 {
        match place {
            Place::Zero => self.bss,
            other => self.contents(other).len() as u64,
        }
    }

    /// Address at which a section is loaded.
    pub fn address(&self, place: Place) -> u64 {
        if place == Place::Absolute {
            return 0;
        }
        let mut address = BASE + HEADERS;
        for (other, _) in PLACES {
            address = address.next_multiple_of(self.align.max(1));
            if other == place {
                break;
            }
            address += self.size(other);
        }
        address
    }

    /// Writes the file, with all relocations applied; Linux enters at the first byte of the code.
    pub fn build(&self) -> Vec<u8> {
        let mut file = vec![0; HEADERS as usize];
        let mut headers = vec![SectionHeader::default()];
        let mut names = vec![0];
        let name = |text: &str, names: &mut Vec<u8>| {
            let at = names.len() as u32;
            names.extend_from_slice(text.as_bytes());
            names.push(0);
            at
        };
        for (place, text) in PLACES {
            let address = self.address(place);
            if place != Place::Zero {
                file.resize((address - BASE) as usize, 0);
                file.extend_from_slice(&self.relocated(place));
            }
            headers.push(SectionHeader {
                name: name(text, &mut names),
                kind: if place == Place::Zero { 8 } else { 1 },
                flags: match place {
                    Place::Text => 6,
                    Place::ReadOnly | Place::Exports | Place::Settings => 2,
                    Place::Data | Place::Zero | Place::Absolute => 3,
                },
                address,
                offset: address - BASE,
                size: self.size(place),
                align: self.align,
                ..SectionHeader::default()
            });
        }
        let loaded = file.len() as u64;
        let symbols = PLACES.len() as u32 + 1;
        let (table, strings) = self.symbol_table();
        headers.push(SectionHeader {
            name: name(".symtab", &mut names),
            kind: 2,
            link: symbols + 1,
            entry: 24,
            ..append(&mut file, &table)
        });
        headers.push(SectionHeader {
            name: name(".strtab", &mut names),
            kind: 3,
            ..append(&mut file, &strings)
        });
        for (index, (place, text)) in PLACES.into_iter().enumerate() {
            let entries = self.relocation_table(place);
            if entries.is_empty() || !self.emits_relocations {
                continue;
            }
            headers.push(SectionHeader {
                name: name(&format!(".rela{text}"), &mut names),
                kind: 4,
                link: symbols,
                info: index as u32 + 1,
                entry: 24,
                ..append(&mut file, &entries)
            });
        }
        let at = name(".shstrtab", &mut names);
        headers.push(SectionHeader {
            name: at,
            kind: 3,
            ..append(&mut file, &names)
        });
        let table = file.len() as u64;
        headers.iter().for_each(|header| header.write(&mut file));
        let start = self.header(table, headers.len() as u16, loaded);
        file[..start.len()].copy_from_slice(&start);
        file
    }

    fn header(&self, table: u64, count: u16, loaded: u64) -> Vec<u8> {
        let mut out = vec![0x7f, b'E', b'L', b'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        let mut put = |bytes: &[u8]| out.extend_from_slice(bytes);
        put(&2u16.to_le_bytes());
        put(&243u16.to_le_bytes());
        put(&1u32.to_le_bytes());
        put(&self.address(Place::Text).to_le_bytes());
        put(&64u64.to_le_bytes());
        put(&table.to_le_bytes());
        put(&self.flags.to_le_bytes());
        for half in [64, 56, 1, 64, count, count - 1] {
            put(&u16::to_le_bytes(half));
        }
        // One segment for everything, readable, writable and executable.
        put(&1u32.to_le_bytes());
        put(&7u32.to_le_bytes());
        let memory = self.address(Place::Zero) + self.bss - BASE;
        for word in [0, BASE, BASE, loaded, memory.max(loaded), 4096] {
            put(&word.to_le_bytes());
        }
        out
    }

    fn symbol_table(&self) -> (Vec<u8>, Vec<u8>) {
        let (mut table, mut strings) = (vec![0; 24], vec![0]);
        for symbol in &self.symbols {
            table.extend_from_slice(&(strings.len() as u32).to_le_bytes());
            strings.extend_from_slice(symbol.name.as_bytes());
            strings.push(0);
            let kind = match symbol.kind {
                SymbolKind::Function => 2,
                SymbolKind::Label => 0,
            };
            table.push(u8::from(symbol.is_global) << 4 | kind);
            table.push(0);
            let section = PLACES.iter().position(|(place, _)| *place == symbol.place);
            let section = section.map_or(0xfff1, |index| index as u16 + 1);
            table.extend_from_slice(&section.to_le_bytes());
            table.extend_from_slice(&(self.address(symbol.place) + symbol.offset).to_le_bytes());
            table.extend_from_slice(&symbol.size.to_le_bytes());
        }
        (table, strings)
    }

    fn relocation_table(&self, place: Place) -> Vec<u8> {
        let mut out = Vec::new();
        let address = self.address(place);
        for entry in self.relocations.iter().filter(|entry| entry.place == place) {
            out.extend_from_slice(&(address + entry.offset).to_le_bytes());
            let info = (entry.symbol as u64 + 1) << 32 | u64::from(entry.kind);
            out.extend_from_slice(&info.to_le_bytes());
            out.extend_from_slice(&entry.addend.to_le_bytes());
        }
        out
    }

    /// The contents of a section with its relocations applied, as far as they are of the kinds named here.
    fn relocated(&self, place: Place) -> Vec<u8> {
        let mut bytes = self.contents(place).to_vec();
        let value = |entry: &Relocated| {
            let symbol = &self.symbols[entry.symbol];
            (self.address(symbol.place) + symbol.offset).wrapping_add_signed(entry.addend)
        };
        for entry in self.relocations.iter().filter(|entry| entry.place == place) {
            let target = value(entry);
            let pc = self.address(place) + entry.offset;
            let at = entry.offset as usize;
            let relative = target.wrapping_sub(pc);
            match entry.kind {
                relocation::ABSOLUTE_64 => bytes[at..at + 8].copy_from_slice(&target.to_le_bytes()),
                relocation::ABSOLUTE_32 => {
                    bytes[at..at + 4].copy_from_slice(&(target as u32).to_le_bytes())
                }
                relocation::ADD_32 => {
                    patch(&mut bytes, at, |word| word.wrapping_add(target as u32))
                }
                relocation::SUB_32 => {
                    patch(&mut bytes, at, |word| word.wrapping_sub(target as u32))
                }
                relocation::HI20 => patch(&mut bytes, at, |word| word | high(target)),
                relocation::PCREL_HI20 => patch(&mut bytes, at, |word| word | high(relative)),
                relocation::LO12_I => patch(&mut bytes, at, |word| word | (target as u32) << 20),
                relocation::LO12_S => patch(&mut bytes, at, |word| {
                    word | (target as u32 & 31) << 7 | (target as u32 >> 5 & 0x7f) << 25
                }),
                relocation::PCREL_LO12_I => {
                    // The symbol is the `auipc`, which has the real target.
                    let pair = self.relocations.iter().find(|high| {
                        high.place == place
                            && high.kind == relocation::PCREL_HI20
                            && self.address(place) + high.offset == target
                    });
                    let low = pair.map_or(0, |pair| value(pair).wrapping_sub(target) as u32);
                    patch(&mut bytes, at, |word| word | low << 20);
                }
                relocation::CALL => {
                    patch(&mut bytes, at, |word| word | high(relative));
                    patch(&mut bytes, at + 4, |word| word | (relative as u32) << 20);
                }
                _ => {}
            }
        }
        bytes
    }
}

const fn high(value: u64) -> u32 {
    (value as u32).wrapping_add(0x800) & 0xffff_f000
}

fn patch(bytes: &mut [u8], at: usize, change: impl FnOnce(u32) -> u32) {
    let mut word = [0; 4];
    word.copy_from_slice(&bytes[at..at + 4]);
    bytes[at..at + 4].copy_from_slice(&change(u32::from_le_bytes(word)).to_le_bytes());
}

#[derive(Clone, Copy, Default)]
struct SectionHeader {
    name: u32,
    kind: u32,
    flags: u64,
    address: u64,
    offset: u64,
    size: u64,
    link: u32,
    info: u32,
    align: u64,
    entry: u64,
}

impl SectionHeader {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.name.to_le_bytes());
        out.extend_from_slice(&self.kind.to_le_bytes());
        for word in [self.flags, self.address, self.offset, self.size] {
            out.extend_from_slice(&word.to_le_bytes());
        }
        out.extend_from_slice(&self.link.to_le_bytes());
        out.extend_from_slice(&self.info.to_le_bytes());
        out.extend_from_slice(&self.align.to_le_bytes());
        out.extend_from_slice(&self.entry.to_le_bytes());
    }
}

/// Appends contents and gives a header for them.
fn append(file: &mut Vec<u8>, contents: &[u8]) -> SectionHeader {
    file.resize(file.len().next_multiple_of(8), 0);
    let offset = file.len() as u64;
    file.extend_from_slice(contents);
    SectionHeader {
        offset,
        size: contents.len() as u64,
        align: 8,
        ..SectionHeader::default()
    }
}
