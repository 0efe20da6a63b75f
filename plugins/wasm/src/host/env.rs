//! The native set, import module `env`.

use wasmtime::Linker;

use super::serve;
use crate::frame::Frame;

/// Puts the native set into `linker`.
pub(super) fn link(linker: &mut Linker<Frame>) -> wasmtime::Result<()> {
    serve!(linker, "env",
        "input_size" => input_size() -> u32;
        "input_copy" => input_copy(dst: u32, offset: u32, size: u32) -> ();
        "return" => finish(at: u32, size: u32) -> ();
        "revert" => revert(at: u32, size: u32) -> ();
        "storage_get" => storage_get(key: u32, dst: u32) -> u32;
        "storage_set" => storage_set(key: u32, value: u32) -> ();
        "storage_read" => storage_read(key: u32, key_size: u32, dst: u32, room: u32) -> u32;
        "storage_write" => storage_write(key: u32, key_size: u32, value: u32, size: u32) -> ();
        "storage_remove" => storage_remove(key: u32, key_size: u32) -> ();
        "transient_get" => transient_get(key: u32, dst: u32) -> ();
        "transient_set" => transient_set(key: u32, value: u32) -> ();
        "emit_event" => emit_event(topics: u32, count: u32, data: u32, size: u32) -> ();
        "call" => call(kind: u32, target: u32, value: u32, gas: u64, input: u32, size: u32) -> u32;
        "create" => create(kind: u32, value: u32, salt: u32, code: u32, size: u32, dst: u32) -> u32;
        "return_data_size" => return_data_size() -> u32;
        "return_data_copy" => return_data_copy(dst: u32, offset: u32, size: u32) -> ();
        "caller" => caller(dst: u32) -> ();
        "address" => address(dst: u32) -> ();
        "origin" => origin(dst: u32) -> ();
        "value" => value(dst: u32) -> ();
        "gas_price" => gas_price(dst: u32) -> ();
        "gas_left" => gas_remaining() -> u64;
        "is_static" => is_static() -> u32;
        "coinbase" => coinbase(dst: u32) -> ();
        "prev_randao" => prev_randao(dst: u32) -> ();
        "base_fee" => base_fee(dst: u32) -> ();
        "blob_base_fee" => blob_base_fee(dst: u32) -> ();
        "blob_hash" => blob_hash(index: u32, dst: u32) -> u32;
        "chain_id" => chain_id() -> u64;
        "block_number" => block_number() -> u64;
        "block_timestamp" => block_timestamp() -> u64;
        "block_gas_limit" => block_gas_limit() -> u64;
        "block_hash" => block_hash(number: u64, dst: u32) -> u32;
        "balance" => balance(address: u32, dst: u32) -> ();
        "code_hash" => code_hash(address: u32, dst: u32) -> ();
        "code_size" => code_size(address: u32) -> u32;
        "code_copy" => code_copy(address: u32, offset: u32, size: u32, dst: u32) -> u32;
        "keccak256" => keccak256(at: u32, size: u32, dst: u32) -> ();
        "sha256" => sha256(at: u32, size: u32, dst: u32) -> ();
        "ecrecover" => ecrecover(at: u32, dst: u32) -> u32;
        "precompile" => run_precompile(address: u32, gas: u64, at: u32, size: u32) -> u32;
    );
    Ok(())
}

/// Puts the debug output of the native set into `linker`.
pub(super) fn link_debug(linker: &mut Linker<Frame>) -> wasmtime::Result<()> {
    serve!(linker, "env",
        "log_debug" => log_text(at: u32, size: u32) -> ();
    );
    Ok(())
}
