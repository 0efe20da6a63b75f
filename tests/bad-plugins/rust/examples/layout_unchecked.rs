//! A library that carries no layouts, so that nothing could be compared.

bad_plugins::export_machines!(
    No,
    [bad_plugins::RawMachine {
        vm_type: "bad",
        minor: 0
    }]
);
