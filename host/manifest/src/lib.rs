//! Plugin manifests of the ProzChain VM host: the format, discovery and version matching.
//!
//! A manifest is a small TOML file beside a plugin's library. It says which plugin line and version the library holds,
//! which contract it serves and which ABI generations it speaks, so that the host can decide **before** it opens any
//! native code. This crate is pure data: it reads manifests and directory listings and never opens a library; it knows
//! nothing of the interface that plugins implement.
//!
//! - [`Manifest`] is the format; [`schema`](manifest_schema) describes it to editors.
//! - [`SearchPath`] and [`discover`] find manifests and explain each one taken or passed over.
//! - [`Requirement`] and [`choose`] pick one version, whatever the order of the candidates.
//!
//! ```
//! use proz_manifest::{Manifest, Requirement, choose};
//!
//! let old = Manifest::from_toml(r#"
//!     manifest_version = 1
//!     id = "proz-evm"
//!     kind = "vm"
//!     vm_type = "evm"
//!     version = "1.0.0"
//!     features = ["shanghai"]
//!     abi = { generation = 1 }
//!     library = "proz_evm"
//! "#, "old.toml".as_ref())?;
//! let mut new = old.clone();
//! new.version = semver::Version::new(1, 1, 0);
//! new.features.insert("osaka".parse()?);
//!
//! let requirement: Requirement = "evm@^1[osaka]".parse()?;
//! assert_eq!(choose(&requirement, [&old, &new])?.version, new.version);
//! # Ok::<(), proz_manifest::ManifestError>(())
//! ```

mod digest;
mod discovery;
mod error;
mod fuzz;
mod generations;
mod library;
mod manifest;
mod matching;
mod names;
mod requirement;
mod schema;
mod search_path;
mod signing;
mod walk;

pub use digest::{Sha256Digest, SignatureBytes};
pub use discovery::{
    Candidate, DISABLED_SUFFIX, DisabledBy, Discovery, DiscoveryOptions, LocationStatus,
    MAX_MANIFESTS_PER_DIRECTORY, PROGRAMS_SUFFIX, PassedOver, PassedOverReason, SearchedLocation,
    VECTORS_SUFFIX, discover,
};
pub use error::ManifestError;
pub use fuzz::fuzz_manifest;
pub use generations::{AbiGenerations, AbiRange};
pub use library::{LibraryEscape, LibraryStem, Platform};
pub use manifest::{
    CURRENT_MANIFEST_VERSION, MAX_MANIFEST_BYTES, Manifest, PluginKind, PrecompileAddress,
    PrecompileEntry,
};
pub use matching::{Misfit, NearMiss, Offered, choose, precedence, ranked};
pub use names::{FeatureName, FeatureSet, PluginId, RevisionName, VmType};
pub use requirement::{Requirement, Subject};
pub use schema::manifest_schema;
pub use search_path::{Origin, SearchEntry, SearchPath, StandardLocations};
pub use signing::SIGNING_DOMAIN;
