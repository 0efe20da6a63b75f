//! Releases of the plugin: which instructions and syscalls each serves.
//!
//! Invariant: a later release serves all that an earlier one serves, with the same meaning and price.

use std::sync::LazyLock;

use proz_prozvm_core::{Features, SyscallEntry, SyscallTable};
use proz_prozvm_syscalls::{CHAIN, number};

/// Features of release 1.0, comma-separated, as `vm_version` reports them.
pub const FEATURES_1_0: &str = "pz64,block-gas";

/// Features of release 1.1.
pub const FEATURES_1_1: &str = "pz64,block-gas,wide,hash,transient,blobs";

/// A release of the plugin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Release {
    /// 1.0: the 64-bit instructions and the syscalls that every chain has.
    V1_0,
    /// 1.1: 256-bit and hash instructions, transient storage, blobs.
    #[default]
    V1_1,
}

/// Syscalls that came with release 1.1.
const SINCE_1_1: [u16; 4] = [
    number::TRANSIENT_GET,
    number::TRANSIENT_SET,
    number::BLOB_BASE_FEE,
    number::BLOB_HASH,
];

static TABLE_1_0: LazyLock<SyscallTable> = LazyLock::new(|| {
    let entries: Vec<SyscallEntry> = CHAIN
        .entries()
        .iter()
        .filter(|entry| !SINCE_1_1.contains(&entry.number))
        .copied()
        .collect();
    SyscallTable::new(entries.leak())
});

impl Release {
    /// Syscalls that programs of this release may import.
    #[must_use]
    pub fn syscalls(self) -> SyscallTable {
        match self {
            Self::V1_0 => *TABLE_1_0,
            Self::V1_1 => CHAIN,
        }
    }

    /// Optional instructions that programs of this release may use.
    #[must_use]
    pub const fn instructions(self) -> Features {
        match self {
            Self::V1_0 => Features::NONE,
            Self::V1_1 => Features::ALL,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_release_lacks_what_came_later() {
        let (first, second) = (Release::V1_0.syscalls(), Release::V1_1.syscalls());
        assert_eq!(
            first.entries().len() + SINCE_1_1.len(),
            second.entries().len()
        );
        for entry in first.entries() {
            assert_eq!(second.get(entry.number), Some(entry));
        }
        assert!(first.get(number::TRANSIENT_GET).is_none());
    }
}
