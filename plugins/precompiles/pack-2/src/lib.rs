//! Ethereum's precompiles up to Osaka, on the fastest libraries measured.

use proz_precompiles::PACK_2;
use serde::Deserialize;

/// The pack has nothing to configure; a key is an error.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {}

proz_sdk::export_precompiles! {
    id: "proz-precompiles",
    version: env!("CARGO_PKG_VERSION"),
    features: "",
    create: |_config: Config, _host| {
        // Less than a millisecond here, so that not even the first call waits for it.
        PACK_2.prepare();
        Ok(PACK_2.precompiles())
    },
}
