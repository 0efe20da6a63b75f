//! Relocates data.
//!
//! Spec: L-5, L-7, L-11.

use super::Linker;
use crate::elf::Kind;
use crate::error::LinkError;
use crate::placement::Target;

/// Relocation types of data.
mod kind {
    pub(super) const ABSOLUTE_32: u32 = 1;
    pub(super) const ABSOLUTE_64: u32 = 2;
    /// `ADD8` to `SUB64`, differences of addresses.
    pub(super) const DIFFERENCES: std::ops::RangeInclusive<u32> = 33..=40;
    pub(super) const NONE: u32 = 0;
    pub(super) const RELAX: u32 = 51;
    /// `SUB6` to `SET32`.
    pub(super) const SETS: std::ops::RangeInclusive<u32> = 52..=56;
    pub(super) const SUB_ULEB128: u32 = 61;
    pub(super) const SET_ULEB128: u32 = 60;
}

impl Linker<'_, '_> {
    /// Writes moved addresses and handles into data.
    pub(super) fn relocate_data(&mut self) -> Result<(), LinkError> {
        for relocation in &self.image.relocations {
            let address = relocation.address;
            let section = self
                .image
                .section_at(address)
                .map(|index| self.image.sections[index]);
            let is_data = section.is_some_and(|s| matches!(s.kind, Kind::ReadOnly | Kind::Data));
            if !is_data {
                continue;
            }
            let size = match relocation.kind {
                kind::NONE | kind::RELAX => continue,
                kind::ABSOLUTE_32 => 4,
                kind::ABSOLUTE_64 => 8,
                other if kind::DIFFERENCES.contains(&other) || kind::SETS.contains(&other) => {
                    self.difference(relocation)?;
                    continue;
                }
                kind::SUB_ULEB128 | kind::SET_ULEB128 => continue,
                other => {
                    return Err(LinkError::Relocation {
                        kind: other,
                        address,
                        advice: "unknown in data; link with -static, without -fpic and -pie",
                    });
                }
            };
            let target = self.placement.target(self.image, relocation)?;
            let value = match target {
                Target::Value(value) => value,
                Target::Code(code) => match self.functions.entry(code) {
                    Some(function) => self.handles.of(function),
                    None => {
                        if let Some(owner) = self.functions.owner(code) {
                            self.labels.entry(owner).or_default().push(address);
                        }
                        0
                    }
                },
            };
            let place = self.placement.moved(self.image, address);
            let place = place.and_then(|place| self.placement.at(place, size));
            let place = place.ok_or(LinkError::RelocationMismatch { address })?;
            place.copy_from_slice(&value.to_le_bytes()[..size]);
        }
        Ok(())
    }

    /// A difference of two addresses is right as it stands when both are in one section; differences of code
    /// addresses are jump tables, and what else there is of them is left to whoever reads it.
    fn difference(&mut self, relocation: &crate::elf::Relocation) -> Result<(), LinkError> {
        if let Ok(Target::Code(code)) = self.placement.target(self.image, relocation)
            && let Some(owner) = self.functions.owner(code)
        {
            self.labels
                .entry(owner)
                .or_default()
                .push(relocation.address);
        }
        Ok(())
    }
}
