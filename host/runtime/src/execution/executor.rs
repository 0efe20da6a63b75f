//! The state of one running transaction.

use super::{ExecutionError, Machine, PluginIdentity, RevisionView, VmSet, watcher::Watcher};
use crate::chain::ChainRules;
use alloy_primitives::{B256, Bytes};
use proz_interface::v1::{
    BlockContext, CancelFlag, FrameResult, HostError, StatusCode, TransactionContext, VmError,
    VmErrorCode,
};
use proz_state::{Journal, StateError};
use std::collections::BTreeMap;

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
    /// `refusal` is the last error that a callback of this very frame returned without abandoning
    /// the transaction: a frame that passes it on halts.
    pub(crate) fn settle(
        &mut self,
        plugin: &PluginIdentity,
        gas_limit: u64,
        result: Result<FrameResult, VmError>,
        refusal: Option<HostError>,
    ) -> Result<FrameResult, HostError> {
        self.check_alive()?;
        let result = match result {
            Ok(result) => result,
            Err(error) => return self.settle_error(plugin, &error, refusal),
        };
        if result.gas_left > gas_limit {
            let message = format!("returned {} gas of a limit of {gas_limit}", result.gas_left);
            return Err(self.fault(plugin, message));
        }
        if result.output.is_malformed() {
            let message = format!(
                "returned a malformed output of {} bytes",
                result.output.len()
            );
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
        refusal: Option<HostError>,
    ) -> Result<FrameResult, HostError> {
        match (error.code(), refusal) {
            (VmErrorCode::HOST, Some(HostError::STATIC_VIOLATION)) => {
                Ok(FrameResult::halt(StatusCode::STATIC_VIOLATION))
            }
            (VmErrorCode::HOST, Some(_)) => Ok(FrameResult::halt(StatusCode::INVALID_ARGUMENT)),
            (VmErrorCode::CANCELLED, _) if self.surroundings.cancel.is_set() => {
                Err(self.abandon(Abort::Cancelled))
            }
            (VmErrorCode::UNSUPPORTED, _) => Err(self.abandon(Abort::Unsupported {
                plugin: plugin.clone(),
                message: error.to_string(),
            })),
            // Code that an earlier release took, or that nobody validated.
            (VmErrorCode(16..=31), _) => Ok(FrameResult::halt(StatusCode::CODE_REFUSED)),
            (VmErrorCode::RESOURCES, _) => Err(self.lacks(plugin, error.to_string())),
            _ => Err(self.fault(plugin, error.to_string())),
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
