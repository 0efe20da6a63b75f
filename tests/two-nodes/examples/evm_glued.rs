//! A type whose name is the EVM's and a digit.

mod impostor;

impostor::impostor!("glued-evm", "evm1", "1.0.0", "osaka");
