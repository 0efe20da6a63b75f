//! A plugin of another author for plain code, with a version above all others.

proz_sdk::export_vm! {
    id: "evmx",
    vm_type: "evm",
    version: "9.9.9",
    features: "echo",
    create: |config: bad_plugins::Config, _host| bad_plugins::create(config),
}
