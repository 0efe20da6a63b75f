//! Loads plugin libraries: staging, `dlopen`, handshake. The only crate of the host that needs `unsafe`.
//!
//! One load is a row of steps, each with its own [`LoadError`]:
//!
//! 1. the file is read **once**, and looked at as bytes: a shared library, whole, for this machine ([`LibraryImage`]);
//! 2. its SHA-256 is compared with the manifest's, where the manifest has one;
//! 3. its descriptor is read from the bytes and compared with the manifest: a wrong plugin is refused before any of its
//!    code runs, constructors included;
//! 4. the bytes that were checked are staged as a private copy and opened with `RTLD_NOW | RTLD_LOCAL`;
//! 5. the descriptor is read again through the opened library;
//! 6. `abi_stable` compares the layouts of the interface, and the root module is initialised;
//! 7. [`LoadedPlugin::create`] makes an instance and checks that it is what the descriptor says.
//!
//! # What stays
//!
//! An opened library is **never unmapped**, not even when a later step refuses it: threads, thread-local destructors and
//! signal handlers of a plugin outlive any handle to it. So loads are counted by content: a library whose bytes are
//! mapped already is not mapped again, whatever its path, and its memory does not grow with the number of loads
//! ([`Residency::Shared`]). Each instance is independent all the same; only the library's statics are shared.
//! [`Residency::Separate`] maps another copy with statics of its own, for the rare plugin whose statics went bad.
//!
//! # What a load cannot protect against
//!
//! A plugin is native code in this process. Its constructors run when it is opened, and a plugin that aborts, overflows
//! the stack or writes where it must not takes the process along. Refusals here are for mistakes, not for malice: trust
//! is decided by hash and signature before the load.
#![expect(
    unsafe_code,
    reason = "opening a library and reading its symbols is unsafe by nature"
)]

mod descriptor;
mod error;
mod handshake;
mod image;
pub mod inspect;
mod instance;
mod loader;
pub mod metrics;
mod resident;
mod staging;
pub mod trace;

pub use descriptor::{HOST_TARGET, PluginIdentity};
pub use error::{Detail, LoadError};
pub use image::{LibraryImage, MAX_LIBRARY_BYTES, fuzz_image};
pub use loader::{LoadTimings, LoadedPlugin, Loader, Residency};
pub use staging::Staging;
