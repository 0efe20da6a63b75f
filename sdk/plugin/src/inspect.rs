//! What a machine sees in code.

use crate::{CodeFact, VmError};

/// Describes code, for machines that can. See the extension `proz.inspect/1`.
pub trait Inspect: Send + Sync {
    /// Facts about `code` in the order in which to show them. Pure.
    ///
    /// # Errors
    ///
    /// Those of `validate_code`.
    fn inspect(&self, code: &[u8]) -> Result<Vec<CodeFact>, VmError>;
}

/// Name of the fact that says what a call costs before any code of the contract runs. Each number in
/// its values is gas, and they add up: `proz validate` warns where the sum, with the price of
/// preparation, is above what a plain transfer brings.
pub const ENTRY_GAS: &str = "entry gas";

/// Makes a fact.
#[must_use]
pub fn fact(name: &str, values: impl IntoIterator<Item = impl Into<String>>) -> CodeFact {
    CodeFact {
        name: name.into(),
        values: values
            .into_iter()
            .map(|value| value.into().into())
            .collect(),
    }
}
