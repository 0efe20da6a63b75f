//! Who a VM is: its type and its version.

use abi_stable::{
    StableAbi,
    std_types::{RString, RVec},
};

/// Kind of virtual machine: a lower-case name such as `evm`, `wasm` or `prozvm`.
///
/// The set is open; third parties bring their own names.
#[repr(transparent)]
#[derive(StableAbi, Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VmType(pub RString);

impl VmType {
    /// Ethereum virtual machine.
    pub const EVM: &'static str = "evm";
    /// WebAssembly.
    pub const WASM: &'static str = "wasm";
    /// ProzChain's own VM.
    pub const PROZVM: &'static str = "prozvm";
    /// Move.
    pub const MOVEVM: &'static str = "movevm";
    /// Precompiled contracts.
    pub const PRECOMPILE: &'static str = "precompile";

    /// Longest name, in bytes.
    pub const MAX_BYTES: usize = 32;

    /// Whether `name` may name a VM type: `[a-z][a-z0-9-]*`, at most 32 bytes.
    #[must_use]
    pub fn is_valid_name(name: &str) -> bool {
        name.len() <= Self::MAX_BYTES
            && name.starts_with(|c: char| c.is_ascii_lowercase())
            && name
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl From<&str> for VmType {
    fn from(name: &str) -> Self {
        Self(name.into())
    }
}

impl std::fmt::Display for VmType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Version of a VM: semantic version and the features it offers.
#[repr(C)]
#[derive(StableAbi, Debug, Clone, PartialEq, Eq)]
pub struct VmVersion {
    /// Incompatible changes.
    pub major: u64,
    /// Compatible additions.
    pub minor: u64,
    /// Corrections.
    pub patch: u64,
    /// Pre-release identifiers without the hyphen; empty for a release.
    pub pre: RString,
    /// Feature names, such as `shanghai` or `simd`.
    pub features: RVec<RString>,
}

impl std::fmt::Display for VmVersion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)?;
        if !self.pre.is_empty() {
            write!(f, "-{}", self.pre)?;
        }
        Ok(())
    }
}
