//! The ProzVM plugin from outside: contracts as text on the in-memory host, hostile programs, the conformance kit.
#![allow(clippy::unwrap_used)]

#[path = "../../conformance/build.rs"]
mod build;
mod conformance;
mod prices;
mod support;
