//! How often instructions ran and what they cost.

use crate::opcodes;
use proz_sdk::{Metrics, OpcodeCount};
use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};

/// Counts and gas by opcode.
#[derive(Clone)]
pub(crate) struct Tally {
    counts: Box<[(u64, u64); 256]>,
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            counts: Box::new([(0, 0); 256]),
        }
    }
}

impl Tally {
    /// Counts one instruction.
    #[inline]
    pub(crate) fn count(&mut self, opcode: u8, gas: u64) {
        let (count, sum) = &mut self.counts[opcode as usize];
        *count = count.wrapping_add(1);
        *sum = sum.wrapping_add(gas);
    }

    fn add(&mut self, other: &Self) {
        for (own, other) in self.counts.iter_mut().zip(other.counts.iter()) {
            own.0 = own.0.wrapping_add(other.0);
            own.1 = own.1.wrapping_add(other.1);
        }
    }
}

/// The counters of a machine.
#[derive(Default)]
pub(crate) struct Counters {
    is_on: AtomicBool,
    total: Mutex<Tally>,
}

impl Counters {
    /// Whether frames that start now are counted.
    #[inline]
    pub(crate) fn is_on(&self) -> bool {
        self.is_on.load(Ordering::Relaxed)
    }

    /// Adds what a frame counted.
    pub(crate) fn add(&self, tally: &Tally) {
        self.total
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .add(tally);
    }
}

impl Metrics for Counters {
    fn enable(&self, on: bool) -> bool {
        self.is_on.swap(on, Ordering::Relaxed)
    }

    fn take(&self) -> Vec<OpcodeCount> {
        let mut total = self.total.lock().unwrap_or_else(PoisonError::into_inner);
        let tally = std::mem::take(&mut *total);
        drop(total);
        (0..=u8::MAX)
            .zip(tally.counts.iter())
            .filter(|(_, (count, _))| *count > 0)
            .map(|(opcode, &(count, gas))| OpcodeCount {
                opcode: u32::from(opcode),
                name: opcodes::name(opcode).unwrap_or("UNDEFINED").into(),
                count,
                gas,
            })
            .collect()
    }
}
