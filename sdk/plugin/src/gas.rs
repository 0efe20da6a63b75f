//! The gas of one frame.

/// Less gas is left than a charge asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutOfGas;

impl std::fmt::Display for OutOfGas {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("out of gas")
    }
}

impl std::error::Error for OutOfGas {}

/// Counts the gas of one frame. All arithmetic is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GasMeter {
    left: u64,
    refund: i64,
}

impl GasMeter {
    /// A meter with `limit` gas.
    #[must_use]
    pub const fn new(limit: u64) -> Self {
        Self {
            left: limit,
            refund: 0,
        }
    }

    /// Gas not spent yet.
    #[inline]
    #[must_use]
    pub const fn left(&self) -> u64 {
        self.left
    }

    /// Refund counter, signed and uncapped.
    #[inline]
    #[must_use]
    pub const fn refund(&self) -> i64 {
        self.refund
    }

    /// Charges `cost` gas. Nothing is charged on failure.
    ///
    /// # Errors
    ///
    /// [`OutOfGas`] when less than `cost` is left.
    #[inline]
    pub const fn charge(&mut self, cost: u64) -> Result<(), OutOfGas> {
        match self.left.checked_sub(cost) {
            Some(left) => {
                self.left = left;
                Ok(())
            }
            None => Err(OutOfGas),
        }
    }

    /// Takes the gas for a nested call that wants `wanted`: at most all but one 64th of what is
    /// left, which is charged here. Spec: EIP-150.
    pub const fn child(&mut self, wanted: u64) -> u64 {
        let most = self.left - self.left / 64;
        let given = if wanted < most { wanted } else { most };
        self.left -= given;
        given
    }

    /// Takes back what a nested call left, and its refund.
    pub const fn restore(&mut self, gas_left: u64, gas_refund: i64) {
        self.left = self.left.saturating_add(gas_left);
        self.refund = self.refund.saturating_add(gas_refund);
    }

    /// Adds to the refund counter; negative to take back.
    pub const fn add_refund(&mut self, gas: i64) {
        self.refund = self.refund.saturating_add(gas);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn charges_exactly_or_not_at_all() {
        let mut gas = GasMeter::new(10);
        assert_eq!(gas.charge(11), Err(OutOfGas));
        assert_eq!((gas.charge(10), gas.left()), (Ok(()), 0));
    }

    #[test]
    fn a_child_gets_at_most_all_but_one_64th() {
        let mut gas = GasMeter::new(6400);
        assert_eq!((gas.child(u64::MAX), gas.left()), (6300, 100));
        gas.restore(300, -5);
        assert_eq!((gas.left(), gas.refund()), (400, -5));
        assert_eq!((gas.child(7), gas.left()), (7, 393));
    }
}
