//! Moves sections to where PZ64 has them, and references with them.
//!
//! Invariant: an address keeps its distance from the beginning of its section, and that beginning its alignment.
//!
//! Spec: L-5 to L-8.

use proz_prozvm_core::{Layout, MEMORY_BASE, PAGE_SIZE, Program};

use crate::elf::{Image, Kind, Relocation, Symbol};
use crate::error::LinkError;
use crate::options::LinkOptions;

/// What a reference leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// A number, or an address of the program.
    Value(u64),
    /// An address of the file, in code.
    Code(u64),
}

/// Memory of the program: where each section lies.
#[derive(Debug)]
pub(crate) struct Placement {
    /// New address of each section of the image; `None` for those that are not kept.
    addresses: Vec<Option<u64>>,
    pub(crate) stack_size: u32,
    pub(crate) heap_pages: u32,
    pub(crate) bss_size: u32,
    /// As asked for.
    pub(crate) max_pages: Option<u32>,
    pub(crate) layout: Layout,
    pub(crate) rodata: Vec<u8>,
    pub(crate) data: Vec<u8>,
}

const MEMORY_LIMIT: u64 = 1 << 31;

impl Placement {
    /// Places all sections.
    pub(crate) fn of(image: &Image<'_>, options: &LinkOptions) -> Result<Self, LinkError> {
        let settings = Settings::read(image)?;
        let stack = options.stack_bytes.or(settings.stack).unwrap_or(1 << 16);
        let stack = u64::from(stack).next_multiple_of(u64::from(PAGE_SIZE));
        let heap_pages = options.heap_pages.or(settings.heap_pages).unwrap_or(0);
        let mut placement = Self {
            addresses: vec![None; image.sections.len()],
            stack_size: u32::try_from(stack).unwrap_or(u32::MAX),
            heap_pages,
            bss_size: 0,
            max_pages: options.max_pages.or(settings.max_pages),
            layout: Layout::new(0, 0, 0, 0, 0),
            rodata: Vec::new(),
            data: Vec::new(),
        };
        let rodata = placement.region(image, Kind::ReadOnly, u64::from(MEMORY_BASE))?;
        let rodata_size = rodata - u64::from(MEMORY_BASE);
        let data_start = Layout::new(rodata_size, stack, 0, 0, 0).data_start;
        let data_end = placement.region(image, Kind::Data, data_start)?;
        // Zeroed data begins where data ends; what its alignment needs is filled in as data.
        let zeroed = image
            .sections
            .iter()
            .filter(|section| section.kind == Kind::Zero);
        let align = zeroed.map(|section| section.align).max().unwrap_or(1);
        let bss_start = data_end.next_multiple_of(align.min(u64::from(PAGE_SIZE)));
        let bss_end = placement.region(image, Kind::Zero, bss_start)?;
        placement.bss_size = (bss_end - bss_start) as u32;
        placement.layout = Layout::new(
            rodata_size,
            stack,
            bss_start - data_start,
            bss_end - bss_start,
            u64::from(heap_pages),
        );
        let most = options.config.memory_model.max_pages;
        if placement.layout.end > MEMORY_LIMIT || placement.layout.pages() > u64::from(most) {
            return Err(LinkError::Memory {
                expected: "memory below 2 GiB and of at most the configuration's pages",
                found: placement.layout.end,
            });
        }
        placement.rodata = vec![0; rodata_size as usize];
        placement.data = vec![0; (bss_start - data_start) as usize];
        for (index, section) in image.sections.iter().enumerate() {
            if let (Some(to), Kind::ReadOnly | Kind::Data) =
                (placement.addresses[index], section.kind)
                && let Some(bytes) = placement.at(to, section.data.len())
            {
                bytes.copy_from_slice(section.data);
            }
        }
        Ok(placement)
    }

    /// Places the sections of one kind behind one another, and gives the end.
    fn region(&mut self, image: &Image<'_>, kind: Kind, start: u64) -> Result<u64, LinkError> {
        let mut end = start;
        for (index, section) in image.sections.iter().enumerate() {
            if section.kind != kind {
                continue;
            }
            if !section.align.is_power_of_two() || section.align > u64::from(PAGE_SIZE) {
                return Err(LinkError::Memory {
                    expected: "sections aligned to at most 4,096 bytes",
                    found: section.align,
                });
            }
            let from = end.next_multiple_of(section.align);
            self.addresses[index] = Some(from);
            end = from.saturating_add(section.size);
            if end > MEMORY_LIMIT {
                return Err(LinkError::Memory {
                    expected: "memory below 2 GiB",
                    found: end,
                });
            }
        }
        Ok(end)
    }

    /// What a relocation refers to.
    pub(crate) fn target(
        &self,
        image: &Image<'_>,
        relocation: &Relocation,
    ) -> Result<Target, LinkError> {
        let symbol = image
            .symbols
            .get(relocation.symbol)
            .ok_or(LinkError::Malformed(
                "a relocation without symbol".to_owned(),
            ))?;
        let value = symbol.value.wrapping_add_signed(relocation.addend);
        self.symbol_target(image, symbol, value, relocation.address)
    }

    fn symbol_target(
        &self,
        image: &Image<'_>,
        symbol: &Symbol<'_>,
        value: u64,
        address: u64,
    ) -> Result<Target, LinkError> {
        let refuse = |what| LinkError::Reference {
            address,
            target: value,
            what,
        };
        if symbol.is_foreign {
            return Err(refuse("undefined"));
        }
        // Absolute, or weak and undefined.
        let Some(index) = symbol.section else {
            return Ok(Target::Value(value));
        };
        self.section_target(image, index, value)
            .ok_or_else(|| refuse("in a section that is not kept"))
    }

    fn section_target(&self, image: &Image<'_>, index: usize, value: u64) -> Option<Target> {
        let section = image.sections.get(index)?;
        if section.kind == Kind::Text {
            return Some(Target::Code(value));
        }
        let base = self.addresses.get(index).copied().flatten()?;
        Some(Target::Value(
            base.wrapping_add(value.wrapping_sub(section.address)),
        ))
    }

    /// The new address of an address of the file, when it lies in a section that is kept.
    pub(crate) fn moved(&self, image: &Image<'_>, address: u64) -> Option<u64> {
        let index = image.section_at(address)?;
        let base = self.addresses[index]?;
        Some(base + (address - image.sections[index].address))
    }

    /// The address of the file from which a place of the program's memory was moved.
    pub(crate) fn origin(&self, image: &Image<'_>, address: u64) -> Option<u64> {
        let places = self.addresses.iter().zip(&image.sections);
        places
            .filter_map(|(base, section)| Some((address.checked_sub((*base)?)?, section)))
            .find(|(offset, section)| *offset < section.size)
            .map(|(offset, section)| section.address + offset)
    }

    /// Initialised bytes at an address of the program.
    pub(crate) fn at(&mut self, address: u64, length: usize) -> Option<&mut [u8]> {
        let base = u64::from(MEMORY_BASE);
        let (region, start) = if address < base + self.rodata.len() as u64 {
            (&mut self.rodata, base)
        } else {
            (&mut self.data, self.layout.data_start)
        };
        let start = usize::try_from(address.checked_sub(start)?).ok()?;
        region.get_mut(start..start.checked_add(length)?)
    }

    /// Fills in what the program needs.
    pub(crate) fn finish(self, program: &mut Program, grows: bool) {
        let pages = u32::try_from(self.layout.pages()).unwrap_or(u32::MAX);
        program.max_pages = self
            .max_pages
            .unwrap_or(pages + if grows { 256 } else { 0 });
        program.stack_size = self.stack_size;
        program.bss_size = self.bss_size;
        program.heap_pages = self.heap_pages;
        program.rodata = self.rodata;
        program.data = self.data;
    }
}

/// What `.pz.config` says.
#[derive(Default)]
struct Settings {
    stack: Option<u32>,
    max_pages: Option<u32>,
    heap_pages: Option<u32>,
}

impl Settings {
    fn read(image: &Image<'_>) -> Result<Self, LinkError> {
        let mut settings = Self::default();
        let sections = image
            .sections
            .iter()
            .filter(|section| section.kind == Kind::Settings);
        for section in sections {
            if !section.data.len().is_multiple_of(8) {
                return Err(LinkError::Setting {
                    expected: "entries of 8 bytes",
                    found: section.size,
                });
            }
            for entry in section.data.chunks_exact(8) {
                let [a, b, c, d, e, f, g, h] = *entry else {
                    continue;
                };
                let value = Some(u32::from_le_bytes([e, f, g, h]));
                match u32::from_le_bytes([a, b, c, d]) {
                    1 => settings.stack = value,
                    2 => settings.max_pages = value,
                    3 => settings.heap_pages = value,
                    key => {
                        return Err(LinkError::Setting {
                            expected: "key 1 (stack bytes), 2 (max pages) or 3 (heap pages)",
                            found: u64::from(key),
                        });
                    }
                }
            }
        }
        Ok(settings)
    }
}
