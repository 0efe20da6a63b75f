//! Release 1.1.0 of the EVM plugin: the rules from Frontier to Osaka.

use proz_evm::{Evm, EvmConfig};
use proz_sdk::{Revision, VmType};

proz_sdk::export_vm! {
    id: "proz-evm",
    vm_type: VmType::EVM,
    version: env!("CARGO_PKG_VERSION"),
    features: "frontier,homestead,tangerine,spurious,byzantium,constantinople,petersburg,istanbul,berlin,london,paris,shanghai,cancun,prague,osaka",
    create: |configuration: EvmConfig, _host| Evm::new(Revision::Osaka, &configuration),
}
