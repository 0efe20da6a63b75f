//! A library that is right.

proz_sdk::export_vm! {
    id: "bad-plugin",
    vm_type: "bad",
    version: "1.0.0",
    features: "echo",
    create: |config: bad_plugins::Config, _host| bad_plugins::create(config),
}
