//! The Stylus set, import modules `vm_hooks` and `console`.

use wasmtime::Linker;

use super::serve;
use crate::frame::Frame;

/// Puts the Stylus set into `linker`.
pub(super) fn link(linker: &mut Linker<Frame>) -> wasmtime::Result<()> {
    serve!(linker, "vm_hooks",
        "read_args" => read_args(dst: u32) -> ();
        "write_result" => write_result(at: u32, size: u32) -> ();
        "exit_early" => exit_early(status: u32) -> ();
        "storage_load_bytes32" => storage_load_bytes32(key: u32, dst: u32) -> ();
        "storage_cache_bytes32" => storage_cache_bytes32(key: u32, value: u32) -> ();
        "storage_flush_cache" => storage_flush_cache(clear: u32) -> ();
        "transient_load_bytes32" => transient_get(key: u32, dst: u32) -> ();
        "transient_store_bytes32" => transient_set(key: u32, value: u32) -> ();
        "call_contract" => call_contract(target: u32, input: u32, size: u32, value: u32, gas: u64, returned: u32) -> u32;
        "delegate_call_contract" => delegate_call_contract(target: u32, input: u32, size: u32, gas: u64, returned: u32) -> u32;
        "static_call_contract" => static_call_contract(target: u32, input: u32, size: u32, gas: u64, returned: u32) -> u32;
        "create1" => create1(code: u32, size: u32, value: u32, dst: u32, returned: u32) -> ();
        "create2" => create2(code: u32, size: u32, value: u32, salt: u32, dst: u32, returned: u32) -> ();
        "read_return_data" => read_return_data(dst: u32, offset: u32, size: u32) -> u32;
        "return_data_size" => return_data_size() -> u32;
        "emit_log" => emit_log(data: u32, size: u32, topics: u32) -> ();
        "account_balance" => balance(address: u32, dst: u32) -> ();
        "account_code" => code_copy(address: u32, offset: u32, size: u32, dst: u32) -> u32;
        "account_code_size" => code_size(address: u32) -> u32;
        "account_codehash" => code_hash(address: u32, dst: u32) -> ();
        "evm_gas_left" => gas_remaining() -> u64;
        "evm_ink_left" => ink_left() -> u64;
        "block_basefee" => base_fee(dst: u32) -> ();
        "block_coinbase" => coinbase(dst: u32) -> ();
        "block_gas_limit" => block_gas_limit() -> u64;
        "block_number" => block_number() -> u64;
        "block_timestamp" => block_timestamp() -> u64;
        "chainid" => chain_id() -> u64;
        "contract_address" => address(dst: u32) -> ();
        "math_div" => math_div(a: u32, b: u32) -> ();
        "math_mod" => math_mod(a: u32, b: u32) -> ();
        "math_pow" => math_pow(a: u32, exponent: u32) -> ();
        "math_add_mod" => math_add_mod(a: u32, b: u32, modulus: u32) -> ();
        "math_mul_mod" => math_mul_mod(a: u32, b: u32, modulus: u32) -> ();
        "msg_reentrant" => msg_reentrant() -> u32;
        "msg_sender" => caller(dst: u32) -> ();
        "msg_value" => value(dst: u32) -> ();
        "tx_gas_price" => gas_price(dst: u32) -> ();
        "tx_ink_price" => ink_price() -> u32;
        "tx_origin" => origin(dst: u32) -> ();
        "native_keccak256" => keccak256(at: u32, size: u32, dst: u32) -> ();
        "pay_for_memory_grow" => pay_for_memory_grow(pages: u32) -> ();
    );
    Ok(())
}

/// Puts the module `console` into `linker`.
pub(super) fn link_debug(linker: &mut Linker<Frame>) -> wasmtime::Result<()> {
    serve!(linker, "console",
        "log_txt" => log_text(at: u32, size: u32) -> ();
        "log_i32" => log_i32(number: i32) -> ();
        "log_i64" => log_number(number: i64) -> ();
        "log_f32" => log_f32(number: f32) -> ();
        "log_f64" => log_float(number: f64) -> ();
    );
    Ok(())
}
