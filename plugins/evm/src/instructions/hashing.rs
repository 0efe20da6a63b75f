//! Hashes.

use super::{Context, Outcome};
use crate::hashes;
use revm_interpreter::{
    as_usize_or_fail, gas,
    interpreter::resize_memory,
    popn_top,
    primitives::{KECCAK_EMPTY, U256},
};

/// `KECCAK256`.
pub(super) fn keccak256(context: Context<'_, '_, '_>) -> Outcome {
    let Context { interpreter, host } = context;
    popn_top!([offset], top, interpreter);
    let params = &host.rules.params;
    let len = as_usize_or_fail!(interpreter, top);
    gas!(interpreter, params.keccak256_cost(len));
    let hash = if len == 0 {
        KECCAK_EMPTY
    } else {
        let offset = as_usize_or_fail!(interpreter, offset);
        let (gas, memory) = (&mut interpreter.gas, &mut interpreter.memory);
        resize_memory(gas, memory, params, offset, len)?;
        hashes::hash(&memory.bytes()[offset..offset + len])
    };
    *top = U256::from_be_bytes(hash.0);
    Ok(())
}
