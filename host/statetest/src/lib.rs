//! Runs Ethereum's official tests on the host: GeneralStateTests and the state tests of
//! execution-spec-tests, and the older format VMTests.
//!
//! Tests are read from files, folders and `.tar.zst` archives, which are never unpacked to the
//! disk, and run on all cores. Each case is executed by the host's own transaction rules through
//! the loaded plugins, as a block's transaction would be; then the state root and the hash of the
//! logs are compared with the file's.
//!
//! ```no_run
//! use proz_host::{SearchPath, VmFactory, VmFactoryConfig};
//! use proz_statetest::{Options, Silent, run};
//!
//! let vms = VmFactory::new(VmFactoryConfig {
//!     search_path: SearchPath::explicit(["target/release/plugins"]),
//!     ..VmFactoryConfig::default()
//! })?;
//! let summary = run(&vms, &["GeneralStateTests".into()], &Options::default(), &Silent)?;
//! println!("{} passed, {} failed", summary.counts.passed, summary.counts.failed);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | to | look at |
//! |---|---|
//! | run many | [`run`], [`Options`], [`Progress`] |
//! | read what came out | [`Summary`], [`CaseResult`] |
//! | look at one case | [`run_case`], [`CaseId`] |

mod case;
mod error;
mod exception;
mod file;
mod filter;
mod fork;
mod format;
mod number;
mod report;
mod runner;
mod signer;
mod source;
mod transaction;
mod vm_test;
mod world;

pub use error::StateTestError;
pub use file::fuzz_file;
pub use filter::NameFilter;
pub use fork::revision_of;
pub use format::Indexes;
pub use report::{CaseId, CaseResult, Compared, Counts, Outcome, Summary};
pub use runner::{Options, Progress, Silent, run, run_case};
pub use source::Location;
