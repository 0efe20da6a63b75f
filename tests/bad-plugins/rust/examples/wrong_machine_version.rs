//! A library whose machine has another version than announced.

bad_plugins::export_machines!(
    Yes,
    [bad_plugins::RawMachine {
        vm_type: "bad",
        minor: 1
    }]
);
