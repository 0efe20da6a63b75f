//! Whether code may stand in an account that no creation of this chain made: genesis, import.
//!
//! A creation validates a container before it is stored. What comes by another way must have been
//! able to be created, or nodes would keep code that none of them deployed.

use crate::{
    Block, CodeRefused, Host,
    container::{self, Container, ContainerError, UnpackError},
};
use proz_interface::abi_stable::std_types::RSlice;
use proz_interface::v1::VmError;

/// Why code may not stand in an account.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CodeError {
    /// It claims to be a container and is none.
    #[error(transparent)]
    Container(#[from] ContainerError),
    /// Bytes follow the container.
    #[error("{found} bytes follow the container; only init code has arguments there")]
    Trailing {
        /// Bytes that follow.
        found: usize,
    },
    /// Its payload cannot be unpacked, or is larger than the chain allows.
    #[error(transparent)]
    Unpack(#[from] UnpackError),
    /// No active release satisfies what it asks for.
    #[error("no active release satisfies `{vm_type}@{requirement}`; active: {active}")]
    Unavailable {
        /// VM type.
        vm_type: String,
        /// Requirement on the version.
        requirement: String,
        /// What is active.
        active: String,
    },
    /// The VM refuses the code.
    #[error("refused by {vm}: {source}")]
    Refused {
        /// Type and version.
        vm: String,
        /// Why.
        source: CodeRefused,
    },
}

impl Host {
    /// Checks that code could have been deployed at a block. Plain code always could: what init
    /// code returns is not validated.
    ///
    /// # Errors
    ///
    /// [`CodeError`].
    pub fn check_code(&self, block: &Block, code: &[u8]) -> Result<(), CodeError> {
        let rules = self.rules(block);
        if !rules.containers || !container::is_container(code) {
            return Ok(());
        }
        let container = Container::parse(code)?;
        if !container.trailing.is_empty() {
            return Err(CodeError::Trailing {
                found: container.trailing.len(),
            });
        }
        let payload = container
            .payload
            .unpack(rules.limits.container_size_bytes)?;
        let lease = self.lease(block);
        let set = lease.set();
        let Some(machine) = set.route(set.view(rules.revision), &container) else {
            return Err(CodeError::Unavailable {
                vm_type: container.vm_type.to_owned(),
                requirement: container.requirement.to_owned(),
                active: set.describe(),
            });
        };
        let verdict = machine.vm.validate_code(RSlice::from_slice(&payload));
        Result::<(), VmError>::from(verdict).map_err(|error| CodeError::Refused {
            vm: machine.label.clone(),
            source: error.into(),
        })
    }
}
