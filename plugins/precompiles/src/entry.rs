//! One precompile: where it lives, when it is active, what it costs and what it computes.
//!
//! Invariant: [`Entry::run`] prices the input before anything is computed or allocated, so the
//! work and the memory of a call are bounded by the gas that was given to it.

use crate::{Revision, halt::Halt};

/// Price of an input under a revision. Reads a bounded part of the input and allocates nothing.
pub type GasFunction = fn(input: &[u8], revision: Revision) -> u64;

/// Appends the result for an input that has been paid for.
pub(crate) type ComputeFunction =
    fn(input: &[u8], revision: Revision, output: &mut Vec<u8>) -> Result<(), Halt>;

/// Prices, refuses or computes; see [`Entry::run`].
pub(crate) type RunFunction =
    fn(input: &[u8], gas_limit: u64, revision: Revision, output: &mut Vec<u8>) -> Result<u64, Halt>;

/// A precompiled contract.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    address: u64,
    name: &'static str,
    from: Revision,
    until: Option<Revision>,
    gas: GasFunction,
    compute: ComputeFunction,
    run: RunFunction,
}

impl Entry {
    /// Describes a precompile that is active from `from` on.
    pub(crate) const fn new(
        address: u64,
        name: &'static str,
        from: Revision,
        gas: GasFunction,
        compute: ComputeFunction,
        run: RunFunction,
    ) -> Self {
        Self {
            address,
            name,
            from,
            until: None,
            gas,
            compute,
            run,
        }
    }

    /// Returns the address as a number; the 20-byte form is its big-endian encoding.
    pub const fn address(&self) -> u64 {
        self.address
    }

    /// Returns the name, as EIP-7910 writes it save for `ECRECOVER` and `IDENTITY`.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Returns the first revision at which the address is a precompile.
    pub const fn from(&self) -> Revision {
        self.from
    }

    /// Returns the first revision at which the address is a precompile no more, if there is one.
    pub const fn until(&self) -> Option<Revision> {
        self.until
    }

    /// Tells whether the address is a precompile under `revision`.
    pub fn is_active(&self, revision: Revision) -> bool {
        self.from <= revision && self.until.is_none_or(|until| revision < until)
    }

    /// Returns the gas that `input` costs under `revision`, `u64::MAX` when it exceeds 64 bits.
    ///
    /// Pure and cheap: never allocates, and reads no more than a header of the input.
    pub fn gas(&self, input: &[u8], revision: Revision) -> u64 {
        (self.gas)(input, revision)
    }

    /// Runs the precompile and returns the gas used; `output` then holds the result.
    ///
    /// Whatever `output` held before is dropped; its capacity is reused.
    ///
    /// # Errors
    ///
    /// [`Halt::OutOfGas`] when the price exceeds `gas_limit`, before any work; every other
    /// [`Halt`] when the operation refuses the input. `output` is empty then, and the whole
    /// `gas_limit` is consumed.
    pub fn run(
        &self,
        input: &[u8],
        gas_limit: u64,
        revision: Revision,
        output: &mut Vec<u8>,
    ) -> Result<u64, Halt> {
        (self.run)(input, gas_limit, revision, output)
    }

    /// Appends the result for an input whose price the caller has charged.
    pub(crate) fn run_paid(
        &self,
        input: &[u8],
        revision: Revision,
        output: &mut Vec<u8>,
    ) -> Result<(), Halt> {
        (self.compute)(input, revision, output)
    }
}

/// The rule that [`Entry::run`] follows, for one price and one computation.
#[inline(always)]
pub(crate) fn run_with(
    gas: impl Fn(&[u8], Revision) -> u64,
    compute: impl Fn(&[u8], Revision, &mut Vec<u8>) -> Result<(), Halt>,
    input: &[u8],
    gas_limit: u64,
    revision: Revision,
    output: &mut Vec<u8>,
) -> Result<u64, Halt> {
    output.clear();
    let gas_used = gas(input, revision);
    if gas_used > gas_limit {
        return Err(Halt::OutOfGas {
            required: gas_used,
            limit: gas_limit,
        });
    }
    match compute(input, revision, output) {
        Ok(()) => Ok(gas_used),
        Err(halt) => {
            output.clear();
            Err(halt)
        }
    }
}
