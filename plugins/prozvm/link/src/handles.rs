//! Handles of functions whose address is taken.
//!
//! Spec: L-7, P-7.

use std::collections::BTreeMap;

use proz_prozvm_core::{function_handle, handle_index};

use crate::ir::FunctionId;

/// The function table, as it grows.
#[derive(Debug, Default)]
pub(crate) struct Handles {
    table: Vec<FunctionId>,
    places: BTreeMap<FunctionId, usize>,
}

impl Handles {
    /// The handle of a function, which gets one if it has none yet.
    pub(crate) fn of(&mut self, function: FunctionId) -> u64 {
        let next = self.table.len();
        let place = *self.places.entry(function).or_insert(next);
        if place == next {
            self.table.push(function);
        }
        function_handle(place)
    }

    /// Functions by their place in the table.
    pub(crate) fn table(&self) -> &[FunctionId] {
        &self.table
    }

    /// The function behind a handle.
    pub(crate) fn function(&self, handle: u64) -> Option<FunctionId> {
        self.table.get(handle_index(handle)?).copied()
    }
}
