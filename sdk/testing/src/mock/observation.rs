//! What a frame asked of the mock.

/// A callback.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "named after the callbacks of `StateAccess`")]
pub enum Callback {
    StorageLoad,
    StorageStore,
    TransientLoad,
    TransientStore,
    Account,
    CallTarget,
    Code,
    BlockHash,
    Log,
    Selfdestruct,
    Call,
    Create,
    Precompile,
    Checkpoint,
    Rollback,
}

/// One callback with its arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observation {
    /// Which callback.
    pub callback: Callback,
    /// Gas that the frame handed over, for calls, creations and precompiles.
    pub gas: Option<u64>,
    /// Arguments, as text.
    pub detail: String,
}

impl std::fmt::Display for Observation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} {}", self.callback, self.detail)?;
        match self.gas {
            Some(gas) => write!(f, " gas {gas}"),
            None => Ok(()),
        }
    }
}
