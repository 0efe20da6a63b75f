//! The functions of the file, by their symbols.
//!
//! Spec: L-9.

use crate::elf::{Image, Kind};
use crate::ir::FunctionId;

/// A function of the file.
#[derive(Clone, Debug)]
pub(crate) struct FunctionSymbol<'a> {
    pub(crate) name: &'a str,
    pub(crate) address: u64,
    /// First address behind it.
    pub(crate) end: u64,
    /// Whether the symbol says how long it is.
    pub(crate) is_sized: bool,
    pub(crate) is_global: bool,
    /// Whether the symbol says that it is a function's.
    is_typed: bool,
}

/// All functions, by ascending address.
#[derive(Debug)]
pub(crate) struct Functions<'a> {
    list: Vec<FunctionSymbol<'a>>,
    /// Addresses where a function or a piece of one begins.
    borders: Vec<u64>,
}

impl<'a> Functions<'a> {
    /// Collects functions from symbols. Symbols of one address are one function; pieces that a compiler moved away
    /// from their function (`name.cold`) are none.
    pub(crate) fn of(image: &Image<'a>) -> Self {
        let mut list = Vec::new();
        let mut borders = Vec::new();
        for symbol in &image.symbols {
            let section = symbol.section.and_then(|index| image.sections.get(index));
            let Some(section) = section.filter(|section| section.kind == Kind::Text) else {
                continue;
            };
            let is_entry = symbol.is_function || (symbol.is_label && symbol.is_global);
            if !is_entry || !section.contains(symbol.value) || !symbol.value.is_multiple_of(4) {
                continue;
            }
            borders.push(symbol.value);
            if symbol.name.ends_with(".cold") || symbol.name.contains(".cold.") {
                continue;
            }
            let most = section.address + section.size;
            let end = match symbol.size {
                0 => most,
                size => symbol.value.saturating_add(size).min(most),
            };
            list.push(FunctionSymbol {
                name: symbol.name,
                address: symbol.value,
                end,
                is_sized: symbol.size != 0,
                is_global: symbol.is_global,
                is_typed: symbol.is_function,
            });
        }
        // Of several symbols of one address a function's that is global and has the least name gives the name.
        list.sort_by_key(|function: &FunctionSymbol<'_>| {
            (
                function.address,
                !function.is_typed,
                !function.is_global,
                function.name,
            )
        });
        list.dedup_by_key(|function| function.address);
        borders.sort_unstable();
        for function in &mut list {
            let next = borders.partition_point(|&border| border <= function.address);
            if let Some(&border) = borders.get(next) {
                function.end = function.end.min(border);
            }
        }
        Self { list, borders }
    }

    /// The function that begins at an address.
    pub(crate) fn entry(&self, address: u64) -> Option<FunctionId> {
        self.list
            .binary_search_by_key(&address, |function| function.address)
            .ok()
    }

    /// The function that contains an address.
    pub(crate) fn owner(&self, address: u64) -> Option<FunctionId> {
        let behind = self
            .list
            .partition_point(|function| function.address <= address);
        let index = behind.checked_sub(1)?;
        (address < self.list[index].end).then_some(index)
    }

    /// Whether a function, or a piece that was moved away from one, begins at an address.
    pub(crate) fn is_border(&self, address: u64) -> bool {
        self.borders.binary_search(&address).is_ok()
    }

    pub(crate) fn get(&self, function: FunctionId) -> &FunctionSymbol<'a> {
        &self.list[function]
    }

    pub(crate) fn name(&self, function: FunctionId) -> &'a str {
        self.list[function].name
    }

    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }
}
