//! Reads source lines from DWARF.
//!
//! Damaged debug information gives fewer lines or none; it never keeps a program from being linked.
//!
//! Spec: D-5.

use std::collections::{BTreeMap, BTreeSet};

use gimli::{AttributeValue, Dwarf, EndianSlice, LittleEndian, Reader as _, Section as _, Unit};
use proz_prozvm_core::Program;

use crate::elf::Image;
use crate::lines::{LineRow, LineTable};

type Slice<'a> = EndianSlice<'a, LittleEndian>;

/// Most rows that are read, over all units.
const ROW_LIMIT: usize = 1 << 22;
/// Most units, and most bytes of abbreviations read for all of them.
const UNIT_LIMIT: usize = 1 << 14;
const WORK_LIMIT: usize = 1 << 28;
/// Most bytes of a path.
const PATH_LIMIT: usize = 1 << 10;

/// Source line of each address from one on, up to the next.
#[derive(Default)]
struct Addresses {
    files: Vec<String>,
    /// Places of the files.
    numbers: BTreeMap<String, u32>,
    /// File and line, or nothing behind the end of a sequence.
    rows: BTreeMap<u64, Option<(u32, u32)>>,
}

/// Makes the line table of a program from the debug information of the file it comes from; `origins` has the address
/// of each instruction in the file.
pub(crate) fn line_table(
    image: &Image<'_>,
    program: &Program,
    origins: &[u64],
) -> Option<LineTable> {
    let addresses = Addresses::read(image);
    if addresses.rows.is_empty() {
        return None;
    }
    let mut table = LineTable::default();
    // Only files that occur are kept, in the order of their first use.
    let mut files: BTreeMap<u32, u32> = BTreeMap::new();
    let mut start = 0;
    for function in &program.functions {
        let end = start + function.length as usize;
        let mut rows: Vec<LineRow> = Vec::new();
        for (instruction, &origin) in origins[start..end].iter().enumerate() {
            let found = addresses.find(origin);
            let (file, line) = match found {
                Some((file, line)) => {
                    let next = files.len() as u32;
                    let index = *files.entry(file).or_insert(next);
                    if index == next && table.files.len() == next as usize {
                        table.files.push(addresses.files[file as usize].clone());
                    }
                    (index, line)
                }
                None => (0, 0),
            };
            if rows
                .last()
                .is_none_or(|last| (last.file, last.line) != (file, line))
            {
                rows.push(LineRow {
                    instruction: instruction as u32,
                    file,
                    line,
                });
            }
        }
        table.functions.push(rows);
        start = end;
    }
    (!table.files.is_empty()).then_some(table)
}

impl Addresses {
    fn read(image: &Image<'_>) -> Self {
        let section = |id: gimli::SectionId| {
            let found = image.debug.iter().find(|(name, _)| *name == id.name());
            Ok::<_, gimli::Error>(EndianSlice::new(
                found.map_or(&[][..], |(_, data)| data),
                LittleEndian,
            ))
        };
        let mut addresses = Self::default();
        let Ok(dwarf) = Dwarf::load(section) else {
            return addresses;
        };
        let mut seen = BTreeSet::new();
        let mut left = ROW_LIMIT;
        // Each unit reads its abbreviations, so their number is bounded with their size.
        let abbreviations = dwarf.debug_abbrev.reader().len();
        let mut units_left = (WORK_LIMIT / abbreviations.max(1)).min(UNIT_LIMIT);
        let mut units = dwarf.units();
        while let Ok(Some(header)) = units.next() {
            units_left = match units_left.checked_sub(1) {
                Some(left) => left,
                None => break,
            };
            let Ok(unit) = dwarf.unit(header) else {
                continue;
            };
            // What one damaged unit has wrong does not concern the others.
            let _ = addresses.unit(&dwarf, &unit, &mut seen, &mut left);
        }
        addresses
    }

    fn unit(
        &mut self,
        dwarf: &Dwarf<Slice<'_>>,
        unit: &Unit<Slice<'_>>,
        seen: &mut BTreeSet<usize>,
        left: &mut usize,
    ) -> gimli::Result<()> {
        let Some(program) = unit.line_program.clone() else {
            return Ok(());
        };
        if !seen.insert(program.header().offset().0) {
            return Ok(());
        }
        let mut names: BTreeMap<u64, Option<u32>> = BTreeMap::new();
        let mut rows = program.rows();
        while let Some((header, row)) = rows.next_row()? {
            *left = left.saturating_sub(1);
            if *left == 0 {
                return Ok(());
            }
            if row.end_sequence() {
                self.rows.entry(row.address()).or_insert(None);
                continue;
            }
            let index = row.file_index();
            let file = match names.get(&index) {
                Some(&known) => known,
                None => {
                    let name = path(dwarf, unit, header, index);
                    let number = name.map(|name| self.file(name));
                    names.insert(index, number);
                    number
                }
            };
            let line = row
                .line()
                .map_or(0, |line| u32::try_from(line.get()).unwrap_or(0));
            let place = file.filter(|_| line != 0).map(|file| (file, line));
            self.rows.insert(row.address(), place);
        }
        Ok(())
    }

    fn file(&mut self, name: String) -> u32 {
        let next = self.files.len() as u32;
        let number = *self.numbers.entry(name.clone()).or_insert(next);
        if number == next {
            self.files.push(name);
        }
        number
    }

    fn find(&self, address: u64) -> Option<(u32, u32)> {
        self.rows
            .range(..=address)
            .next_back()
            .and_then(|(_, place)| *place)
    }
}

/// The path of a file as the compiler was given it: without the directory of the compilation.
fn path(
    dwarf: &Dwarf<Slice<'_>>,
    unit: &Unit<Slice<'_>>,
    header: &gimli::LineProgramHeader<Slice<'_>>,
    index: u64,
) -> Option<String> {
    let file = header.file(index)?;
    let text = |value: AttributeValue<Slice<'_>>| {
        let slice = dwarf.attr_string(unit, value).ok()?;
        (slice.len() <= PATH_LIMIT).then(|| slice.to_string_lossy().into_owned())
    };
    let name = text(file.path_name())?;
    if file.directory_index() == 0 || name.starts_with('/') {
        return Some(name);
    }
    match file.directory(header).and_then(text) {
        Some(directory) => Some(format!("{directory}/{name}")),
        None => Some(name),
    }
}
