//! Another plugin for plain code, of a higher version than any.

mod impostor;

impostor::impostor!("evmx", "evm", "9.9.9", "osaka");
