//! The state of one running transaction.

use super::{
    ExecutionError, Machine, PluginIdentity, RevisionView, VmSet,
    bounds::{Bounds, Refusal, words_of},
    watcher::Watcher,
};
use crate::chain::ChainRules;
use alloy_primitives::{B256, Bytes};
use proz_interface::v1::{
    BlockContext, CancelFlag, FrameResult, HostError, StatusCode, TransactionContext, VmError,
    VmErrorCode,
};
use proz_state::{Journal, StateError};
use std::collections::BTreeMap;

/// Copies from this size on are asked for before they are made, in bytes.
const LARGE_COPY_BYTES: usize = 64 * 1024;

/// What a transaction runs in; fixed while it runs.
#[derive(Clone, Copy)]
pub(crate) struct Surroundings<'a> {
    pub(crate) set: &'a VmSet,
    /// What the set offers under the rules.
    pub(crate) view: &'a RevisionView,
    pub(crate) rules: &'a ChainRules,
    pub(crate) block: &'a BlockContext,
    pub(crate) transaction: &'a TransactionContext<'a>,
    pub(crate) cancel: CancelFlag<'a>,
}

/// One running transaction: its journal and what would stop it.
pub(crate) struct Executor<'a> {
    pub(crate) journal: Journal<'a>,
    pub(crate) surroundings: Surroundings<'a>,
    /// Who watches, if anybody does.
    pub(crate) watcher: Option<Watcher<'a>>,
    /// Set once; from then on every callback fails and the transaction is undone.
    pub(crate) abort: Option<Abort>,
    /// Codes whose preparation this transaction has paid, each on its machine, with what was
    /// unpacked. Reverts do not undo it: the work was done.
    pub(crate) prepared: BTreeMap<(u64, B256), Option<Bytes>>,
}

/// Why a running transaction is abandoned.
#[derive(Debug)]
pub(crate) enum Abort {
    State(StateError),
    Fault {
        plugin: PluginIdentity,
        message: String,
    },
    Unsupported {
        plugin: PluginIdentity,
        message: String,
    },
    Resources {
        plugin: PluginIdentity,
        message: String,
    },
    /// What the host itself lacks.
    HostResources {
        message: String,
    },
    VmUnavailable {
        required: String,
    },
    Quarantined {
        plugin: PluginIdentity,
    },
    Cancelled,
}

impl<'a> Executor<'a> {
    pub(crate) const fn new(
        journal: Journal<'a>,
        surroundings: Surroundings<'a>,
        watcher: Option<Watcher<'a>>,
    ) -> Self {
        Self {
            journal,
            surroundings,
            watcher,
            abort: None,
            prepared: BTreeMap::new(),
        }
    }

    /// Abandons the transaction; the first reason stands.
    #[cold]
    pub(crate) fn abandon(&mut self, abort: Abort) -> HostError {
        let error = match abort {
            Abort::State(_) => HostError::DATABASE,
            _ => HostError::ABORTED,
        };
        self.abort.get_or_insert(abort);
        error
    }

    /// Unwraps a result of the journal, abandoning the transaction on failure.
    #[inline]
    pub(crate) fn state<T>(&mut self, result: Result<T, StateError>) -> Result<T, HostError> {
        result.map_err(|error| self.abandon(Abort::State(error)))
    }

    /// Fails when the transaction is being abandoned.
    #[inline]
    pub(crate) fn check_alive(&self) -> Result<(), HostError> {
        if self.abort.is_some() {
            return Err(HostError::ABORTED);
        }
        Ok(())
    }

    /// Judges what a plugin returned for a frame.
    ///
    /// `refusal` is why a callback of this very frame last failed without abandoning the
    /// transaction: a frame that passes it on halts.
    pub(crate) fn settle(
        &mut self,
        plugin: &PluginIdentity,
        bounds: Bounds,
        result: Result<FrameResult, VmError>,
        refusal: Option<Refusal>,
    ) -> Result<FrameResult, HostError> {
        self.check_alive()?;
        let result = match result {
            Ok(result) => result,
            Err(error) => return self.settle_error(plugin, &error, refusal),
        };
        if let Err(message) = bounds.judge(&result) {
            return Err(self.fault(plugin, message));
        }
        if result.status.is_success() {
            return Ok(result);
        }
        if result.status.is_revert() {
            return Ok(FrameResult {
                gas_refund: 0,
                ..result
            });
        }
        Ok(FrameResult::halt(result.status))
    }

    fn settle_error(
        &mut self,
        plugin: &PluginIdentity,
        error: &VmError,
        refusal: Option<Refusal>,
    ) -> Result<FrameResult, HostError> {
        match (error.code(), refusal) {
            (VmErrorCode::HOST, Some(refusal)) => Ok(FrameResult::halt(refusal.status())),
            (VmErrorCode::CANCELLED, _) if self.surroundings.cancel.is_set() => {
                Err(self.abandon(Abort::Cancelled))
            }
            (VmErrorCode::UNSUPPORTED, _) => Err(self.abandon(Abort::Unsupported {
                plugin: plugin.clone(),
                message: words_of(error),
            })),
            // Code that an earlier release took, or that nobody validated.
            (VmErrorCode(16..=31), _) => Ok(FrameResult::halt(StatusCode::CODE_REFUSED)),
            (VmErrorCode::RESOURCES, _) => Err(self.lacks(plugin, words_of(error))),
            _ => Err(self.fault(plugin, words_of(error))),
        }
    }

    #[cold]
    pub(crate) fn fault(&mut self, plugin: &PluginIdentity, message: String) -> HostError {
        self.abandon(Abort::Fault {
            plugin: plugin.clone(),
            message,
        })
    }

    /// This node lacks what a plugin needs: the block cannot be executed here.
    #[cold]
    pub(crate) fn lacks(&mut self, plugin: &PluginIdentity, message: String) -> HostError {
        self.abandon(Abort::Resources {
            plugin: plugin.clone(),
            message,
        })
    }

    /// Fails when this node has no memory for what a frame leaves with the host, so that a large
    /// copy does not end the process. Small ones are not asked for: where they fail, it ends.
    #[inline]
    pub(crate) fn require_memory(&mut self, size_bytes: usize) -> Result<(), HostError> {
        if size_bytes < LARGE_COPY_BYTES {
            return Ok(());
        }
        let mut room = Vec::<u8>::new();
        if room.try_reserve_exact(size_bytes).is_ok() {
            return Ok(());
        }
        Err(self.abandon(Abort::HostResources {
            message: format!("{size_bytes} bytes of memory"),
        }))
    }

    /// Fails when a build is set aside: what needs it cannot be executed.
    #[inline]
    pub(crate) fn require_in_service(&mut self, plugin: &PluginIdentity) -> Result<(), HostError> {
        let quarantined = &self.surroundings.set.quarantined;
        if quarantined.is_empty() || !quarantined.contains(&plugin.generation) {
            return Ok(());
        }
        let plugin = plugin.clone();
        Err(self.abandon(Abort::Quarantined { plugin }))
    }

    /// The machine of plain code; `None` when the chain's schedule has none, which is an outcome.
    pub(crate) fn plain_machine(&mut self) -> Result<Option<&'a Machine>, HostError> {
        let Surroundings { set, view, .. } = self.surroundings;
        match set.plain(view) {
            None if !set.is_scheduled() => {
                let required = format!("evm that runs {}", self.surroundings.rules.revision);
                Err(self.abandon(Abort::VmUnavailable { required }))
            }
            machine => Ok(machine),
        }
    }

    /// The error of the abandoned transaction.
    pub(crate) fn into_error(self) -> ExecutionError {
        let Self {
            surroundings,
            abort,
            ..
        } = self;
        match abort {
            Some(Abort::State(error)) => error.into(),
            Some(Abort::Fault { plugin, message }) => ExecutionError::PluginFault {
                plugin: plugin.id.to_string(),
                version: plugin.version.to_string(),
                generation: plugin.generation,
                message,
            },
            Some(Abort::Unsupported { plugin, message }) => ExecutionError::Unsupported {
                plugin: plugin.id.to_string(),
                version: plugin.version.to_string(),
                message,
            },
            Some(Abort::Resources { plugin, message }) => ExecutionError::Resources {
                plugin: plugin.id.to_string(),
                version: plugin.version.to_string(),
                message,
            },
            Some(Abort::HostResources { message }) => ExecutionError::Resources {
                plugin: env!("CARGO_PKG_NAME").to_owned(),
                version: env!("CARGO_PKG_VERSION").to_owned(),
                message,
            },
            Some(Abort::Quarantined { plugin }) => ExecutionError::Quarantined {
                plugin: plugin.id.to_string(),
                version: plugin.version.to_string(),
                generation: plugin.generation,
            },
            Some(Abort::VmUnavailable { required }) => ExecutionError::VmUnavailable {
                block: surroundings.block.number,
                required,
                loaded: surroundings.set.describe(),
            },
            Some(Abort::Cancelled) | None => ExecutionError::Cancelled,
        }
    }
}
