//! 256-bit arithmetic of the Stylus set. Results overwrite the first operand.

use alloy_primitives::U256;
use proz_sdk::Word;

use super::guest::{Guest, Served};
use crate::gas::FUEL_PER_GAS;

/// Ink in one gas, the Stylus unit.
const INK_PER_GAS: u64 = 10_000;

impl Guest<'_> {
    fn operand(&self, at: u32) -> Served<U256> {
        Ok(self.read_word(at)?.into())
    }

    fn result(&mut self, at: u32, value: U256) -> Served<()> {
        self.write_word(at, Word::from(value))
    }

    fn enter_math(&mut self, gas: u64) -> Served<()> {
        let price = self.frame().prices.host.wide_math;
        self.enter(price.saturating_add(gas))
    }

    /// Division by zero gives zero, as in the EVM.
    pub(super) fn math_div(&mut self, a: u32, b: u32) -> Served<()> {
        self.enter_math(0)?;
        let value = self
            .operand(a)?
            .checked_div(self.operand(b)?)
            .unwrap_or_default();
        self.result(a, value)
    }

    pub(super) fn math_mod(&mut self, a: u32, b: u32) -> Served<()> {
        self.enter_math(0)?;
        let value = self
            .operand(a)?
            .checked_rem(self.operand(b)?)
            .unwrap_or_default();
        self.result(a, value)
    }

    /// Wraps around; each byte of the exponent is priced. Spec: EIP-160.
    pub(super) fn math_pow(&mut self, a: u32, exponent: u32) -> Served<()> {
        self.enter_math(0)?;
        let power = self.operand(exponent)?;
        let price = self.frame().prices.host.wide_power_byte;
        self.charge(price.saturating_mul(power.byte_len() as u64))?;
        let value = self.operand(a)?.wrapping_pow(power);
        self.result(a, value)
    }

    pub(super) fn math_add_mod(&mut self, a: u32, b: u32, modulus: u32) -> Served<()> {
        self.enter_math(0)?;
        let value = self
            .operand(a)?
            .add_mod(self.operand(b)?, self.operand(modulus)?);
        self.result(a, value)
    }

    pub(super) fn math_mul_mod(&mut self, a: u32, b: u32, modulus: u32) -> Served<()> {
        self.enter_math(0)?;
        let value = self
            .operand(a)?
            .mul_mod(self.operand(b)?, self.operand(modulus)?);
        self.result(a, value)
    }

    pub(super) fn ink_left(&mut self) -> Served<u64> {
        self.enter(0)?;
        Ok(self.fuel().saturating_mul(INK_PER_GAS / FUEL_PER_GAS))
    }

    pub(super) fn ink_price(&mut self) -> Served<u32> {
        self.enter(0)?;
        Ok(INK_PER_GAS as u32)
    }

    /// A marker: growth is priced where it happens.
    pub(super) fn pay_for_memory_grow(&mut self, _pages: u32) -> Served<()> {
        self.enter(0)
    }
}
