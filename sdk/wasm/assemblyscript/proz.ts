// Host functions for ProzChain contracts in AssemblyScript: the native set, import module `env`.
//
//   npx asc counter.ts -O3 --runtime stub --use abort= --initialMemory 1 -o counter.wasm
//
// Pointers are addresses in linear memory; addresses of accounts are 20 bytes, words 32 bytes,
// both big-endian. sdk/wasm/c/proz.h says what each function does.

@external("env", "input_size") export declare function inputSize(): u32;
@external("env", "input_copy") export declare function inputCopy(dst: usize, offset: u32, size: u32): void;
@external("env", "return") export declare function finish(output: usize, size: u32): void;
@external("env", "revert") export declare function revert(output: usize, size: u32): void;
@external("env", "storage_get") export declare function storageGet(key: usize, value: usize): u32;
@external("env", "storage_set") export declare function storageSet(key: usize, value: usize): void;
@external("env", "storage_read") export declare function storageRead(key: usize, keySize: u32, dst: usize, room: u32): i32;
@external("env", "storage_write") export declare function storageWrite(key: usize, keySize: u32, value: usize, size: u32): void;
@external("env", "storage_remove") export declare function storageRemove(key: usize, keySize: u32): void;
@external("env", "transient_get") export declare function transientGet(key: usize, value: usize): void;
@external("env", "transient_set") export declare function transientSet(key: usize, value: usize): void;
@external("env", "emit_event") export declare function emitEvent(topics: usize, count: u32, data: usize, size: u32): void;
@external("env", "call") export declare function call(kind: u32, address: usize, value: usize, gas: u64, input: usize, size: u32): u32;
@external("env", "create") export declare function create(kind: u32, value: usize, salt: usize, code: usize, size: u32, address: usize): u32;
@external("env", "return_data_size") export declare function returnDataSize(): u32;
@external("env", "return_data_copy") export declare function returnDataCopy(dst: usize, offset: u32, size: u32): void;
@external("env", "caller") export declare function caller(dst: usize): void;
@external("env", "address") export declare function address(dst: usize): void;
@external("env", "origin") export declare function origin(dst: usize): void;
@external("env", "value") export declare function value(dst: usize): void;
@external("env", "gas_price") export declare function gasPrice(dst: usize): void;
@external("env", "gas_left") export declare function gasLeft(): u64;
@external("env", "is_static") export declare function isStatic(): u32;
@external("env", "coinbase") export declare function coinbase(dst: usize): void;
@external("env", "prev_randao") export declare function prevRandao(dst: usize): void;
@external("env", "base_fee") export declare function baseFee(dst: usize): void;
@external("env", "blob_base_fee") export declare function blobBaseFee(dst: usize): void;
@external("env", "blob_hash") export declare function blobHash(index: u32, dst: usize): u32;
@external("env", "chain_id") export declare function chainId(): u64;
@external("env", "block_number") export declare function blockNumber(): u64;
@external("env", "block_timestamp") export declare function blockTimestamp(): u64;
@external("env", "block_gas_limit") export declare function blockGasLimit(): u64;
@external("env", "block_hash") export declare function blockHash(number: u64, dst: usize): u32;
@external("env", "balance") export declare function balance(address: usize, dst: usize): void;
@external("env", "code_hash") export declare function codeHash(address: usize, dst: usize): void;
@external("env", "code_size") export declare function codeSize(address: usize): u32;
@external("env", "code_copy") export declare function codeCopy(address: usize, offset: u32, size: u32, dst: usize): u32;
@external("env", "keccak256") export declare function keccak256(data: usize, size: u32, dst: usize): void;
@external("env", "sha256") export declare function sha256(data: usize, size: u32, dst: usize): void;
@external("env", "ecrecover") export declare function ecrecover(input: usize, dst: usize): u32;
@external("env", "precompile") export declare function precompile(address: usize, gas: u64, input: usize, size: u32): u32;
