//! Speed against revm-precompile.

fn main() {}
