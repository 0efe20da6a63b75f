//! Ethereum's precompiles 0x01 to 0x09, on secp256k1, sha2, ripemd, substrate-bn and plain BLAKE2.

use proz_precompiles::PACK_1;
use serde::Deserialize;

/// The pack has nothing to configure; a key is an error.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {}

proz_sdk::export_precompiles! {
    id: "proz-precompiles",
    version: env!("CARGO_PKG_VERSION"),
    features: "",
    create: |_config: Config, _host| Ok(PACK_1.precompiles()),
}
