//! A library that announces a machine and creates none.

bad_plugins::export_machines!(Yes, []);
