//! The next release of the same plugin line.

proz_sdk::export_vm! {
    id: "bad-plugin",
    vm_type: "bad",
    version: "2.0.0",
    features: "echo",
    create: |config: bad_plugins::Config, _host| bad_plugins::create(config),
}
