//! Targets of a switch: a list that keeps few numbers in itself.
//!
//! A program can have a small table for each sixteen of its bytes, and an allocation for each of them would take longer
//! than everything else that is done with it.

use std::ops::{Deref, DerefMut};

/// Numbers that are kept without an allocation.
const FEW: usize = 5;

/// Instruction indices inside a function; the last is the default.
#[derive(Clone)]
pub struct Targets(List);

#[derive(Clone)]
enum List {
    Few(u8, [u32; FEW]),
    Many(Vec<u32>),
}

impl Default for Targets {
    fn default() -> Self {
        Self(List::Few(0, [0; FEW]))
    }
}

impl FromIterator<u32> for Targets {
    fn from_iter<I: IntoIterator<Item = u32>>(targets: I) -> Self {
        let mut targets = targets.into_iter();
        let mut few = [0; FEW];
        for count in 0..FEW {
            match targets.next() {
                Some(target) => few[count] = target,
                None => return Self(List::Few(count as u8, few)),
            }
        }
        let Some(next) = targets.next() else {
            return Self(List::Few(FEW as u8, few));
        };
        let mut many = Vec::with_capacity(FEW + 1 + targets.size_hint().0);
        many.extend(few);
        many.push(next);
        many.extend(targets);
        Self(List::Many(many))
    }
}

impl From<Vec<u32>> for Targets {
    fn from(targets: Vec<u32>) -> Self {
        targets.into_iter().collect()
    }
}

impl Deref for Targets {
    type Target = [u32];

    fn deref(&self) -> &[u32] {
        match &self.0 {
            List::Few(count, few) => &few[..usize::from(*count)],
            List::Many(many) => many,
        }
    }
}

impl DerefMut for Targets {
    fn deref_mut(&mut self) -> &mut [u32] {
        match &mut self.0 {
            List::Few(count, few) => &mut few[..usize::from(*count)],
            List::Many(many) => many,
        }
    }
}

impl std::fmt::Debug for Targets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        (**self).fmt(f)
    }
}

impl PartialEq for Targets {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Targets {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_every_length_hold_what_they_are_made_of() {
        for length in 0..20 {
            let numbers: Vec<u32> = (0..length).map(|n| n * 7).collect();
            let mut targets: Targets = numbers.clone().into();
            assert_eq!(*targets, *numbers);
            if let Some(first) = targets.first_mut() {
                *first += 1;
                assert_ne!(targets, numbers.into());
            }
        }
    }
}
