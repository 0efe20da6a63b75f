//! The gas of one frame: what the machine counts down, and what is kept aside.
//!
//! The machine gets its gas in slices, so that a frame with more gas than a block holds still looks at the host's
//! cancel flag, and so that any gas limit fits the machine's counter. Slices are whole numbers of gas: how gas is
//! sliced never shows.
//!
//! Spec: G-10, S-10, S-11.

use proz_prozvm_core::Guest;

use crate::serve::{Exit, Served};

/// Units in a slice: some tenths of a second.
pub(crate) const SLICE_UNITS: u64 = 1 << 28;

/// How a purse hands out gas. Nothing of it shows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    /// Most units that the machine holds, but for what costs more at once.
    pub(crate) most_units: u64,
    /// Gas of the first slice, if less.
    pub(crate) first_gas: Option<u64>,
    /// Units that the first slice has at least.
    pub(crate) least_units: u64,
}

/// Least gas of a first slice.
const LEAST_SLICE: u64 = 4_096;

/// Gas that the machine does not have.
#[derive(Debug)]
pub(crate) struct Purse {
    units_per_gas: u64,
    /// In gas.
    aside: u64,
    /// Most units that the machine holds unless it asks for more.
    most_units: u64,
    /// Units left when gas was asked for last, and how much the machine gets next.
    starved_at: u64,
    slice: u64,
}

impl Purse {
    /// Splits `gas` into what is kept aside and units for the machine.
    pub(crate) fn new(gas: u64, units_per_gas: u64, sizes: &Sizes) -> (Self, u64) {
        let most_units = sizes.most_units;
        let slice = most_units / units_per_gas;
        let first = sizes
            .first_gas
            .map_or(slice, |first| slice.min(first.max(LEAST_SLICE)));
        let least = sizes.least_units.div_ceil(units_per_gas);
        let first = gas.min(first.max(least)).min(u64::MAX / units_per_gas);
        let purse = Self {
            units_per_gas,
            aside: gas - first,
            most_units,
            starved_at: u64::MAX,
            slice,
        };
        (purse, first * units_per_gas)
    }

    /// Gives the machine, which has `left` units, another slice; `None` when nothing is aside.
    ///
    /// What costs more than a slice asks again at once, and gets twice as much each time.
    pub(crate) fn refill(&mut self, left: u64) -> Option<u64> {
        if self.aside == 0 {
            return None;
        }
        if left == self.starved_at {
            self.slice = self.slice.saturating_mul(2);
        } else {
            self.slice = self.most_units / self.units_per_gas;
        }
        let room = (u64::MAX - left) / self.units_per_gas;
        let given = self.slice.min(self.aside).min(room);
        if given == 0 {
            return None;
        }
        self.aside -= given;
        let units = left + given * self.units_per_gas;
        self.starved_at = units;
        Some(units)
    }

    /// Gas left when the machine has `units`, rounded down.
    pub(crate) const fn gas_left(&self, units: u64) -> u64 {
        self.aside.saturating_add(units / self.units_per_gas)
    }

    /// Charges units.
    pub(crate) fn charge_units(&mut self, guest: &mut Guest<'_>, units: u64) -> Served<()> {
        if guest.charge(units).is_ok() {
            return Ok(());
        }
        let left = guest.gas_left();
        let missing = (units - left).div_ceil(self.units_per_gas);
        let aside = self.aside.checked_sub(missing).ok_or(Exit::OutOfGas)?;
        self.aside = aside;
        // At most one gas more than was missing.
        let change = missing
            .saturating_mul(self.units_per_gas)
            .saturating_sub(units - left);
        guest.set_gas_left(change);
        Ok(())
    }

    /// Charges gas.
    pub(crate) fn charge(&mut self, guest: &mut Guest<'_>, gas: u64) -> Served<()> {
        let from_aside = self.aside.min(gas);
        let units = (gas - from_aside).checked_mul(self.units_per_gas);
        let paid = units.is_some_and(|units| guest.charge(units).is_ok());
        if !paid {
            return Err(Exit::OutOfGas);
        }
        self.aside -= from_aside;
        Ok(())
    }

    /// Takes the gas for a nested frame that wants `wanted`. Spec: EIP-150.
    pub(crate) fn take_child(&mut self, guest: &mut Guest<'_>, wanted: u64) -> Served<u64> {
        let left = self.gas_left(guest.gas_left());
        let child = wanted.min(left - left / 64);
        self.charge(guest, child)?;
        Ok(child)
    }

    /// Takes back what a nested frame left.
    pub(crate) fn give_back(&mut self, guest: &mut Guest<'_>, gas: u64) {
        let left = guest.gas_left();
        let room = self.most_units.saturating_sub(left) / self.units_per_gas;
        let to_machine = gas.min(room);
        guest.set_gas_left(left + to_machine * self.units_per_gas);
        self.aside = self.aside.saturating_add(gas - to_machine);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_limit_is_given_out_to_the_last_gas() {
        for gas in [0, 1, 30_000_000, 1 << 40, u64::MAX] {
            let sizes = Sizes {
                most_units: SLICE_UNITS,
                first_gas: Some(10),
                least_units: 99,
            };
            let (mut purse, mut units) = Purse::new(gas, 8, &sizes);
            let mut spent = 0_u128;
            loop {
                assert_eq!(
                    u128::from(purse.gas_left(units)) + spent / 8,
                    u128::from(gas)
                );
                // Spends nothing at first: what is dearer than a slice gets more each time.
                match purse.refill(units) {
                    Some(more) => units = more,
                    None => break,
                }
                if units > 1 << 50 {
                    spent += u128::from(units);
                    units = 0;
                }
            }
            assert_eq!(spent + u128::from(units), u128::from(gas) * 8);
        }
    }
}
