//! The Wasm VM from outside: contracts as text and as artefacts, real modules, the specification's
//! suite, hostile modules.
#![expect(
    clippy::unwrap_used,
    reason = "the helpers of a test may panic as the test may"
)]

#[path = "../../src/suites/archive.rs"]
mod archive;
mod bad_input;
mod bounds;
mod conformance;
mod contracts;
mod corpus;
mod disk;
mod execute;
mod gas;
mod host_functions;
mod refusals;
mod resources;
mod stack;
