//! What a run is asked to do.

use crate::program::Signature;
use crate::verify::Verified;

/// A call of one function from outside.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// Function index.
    pub function: u32,
    /// Arguments, as many as the function has parameters.
    pub arguments: &'a [u64],
    /// Gas that the run may use.
    pub gas_limit: u64,
}

/// A call that does not fit the program.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// The function index is out of range.
    #[error("expected a function below {count}, found {found}")]
    Function {
        /// Functions in the program.
        count: usize,
        /// Index asked for.
        found: u32,
    },
    /// The number of arguments is not that of the parameters.
    #[error("expected {expected} arguments, found {found}")]
    Arguments {
        /// Parameters of the function.
        expected: usize,
        /// Arguments given.
        found: usize,
    },
}

impl Call<'_> {
    /// Checks the call against the program and gives the signature of the function.
    pub(crate) fn check(&self, program: &Verified) -> Result<Signature, CallError> {
        let (count, found) = (program.functions().len(), self.function);
        let function = program
            .functions()
            .get(found as usize)
            .ok_or(CallError::Function { count, found })?;
        let expected = usize::from(function.signature.parameters);
        if self.arguments.len() != expected {
            return Err(CallError::Arguments {
                expected,
                found: self.arguments.len(),
            });
        }
        Ok(function.signature)
    }
}
