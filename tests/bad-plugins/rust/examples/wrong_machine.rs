//! A library whose machine is of another type than announced.

bad_plugins::export_machines!(
    Yes,
    [bad_plugins::RawMachine {
        vm_type: "good",
        minor: 0
    }]
);
