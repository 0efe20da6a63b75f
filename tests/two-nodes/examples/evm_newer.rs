//! A newer release of the EVM.

mod impostor;

impostor::impostor!("proz-evm", "evm", "1.1.7", "osaka,nosuch");
