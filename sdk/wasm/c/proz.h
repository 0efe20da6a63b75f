/* Host functions for ProzChain contracts in C and C++: the native set, import module `env`.
 *
 *   clang --target=wasm32 -O2 -nostdlib -ffreestanding -I sdk/wasm/c \
 *         -Wl,--no-entry -Wl,-z,stack-size=16384 -o contract.wasm contract.c
 *
 * A contract exports `main` (see PROZ_MAIN) and, if it needs one, `constructor`. It hands its
 * output over by proz_return or proz_revert, which do not come back; or it returns a status from
 * `main`, 0 for success, and exports the variables `output_ptr` and `output_len`.
 *
 * Pointers are addresses in linear memory. Addresses of accounts are 20 bytes, words 32 bytes,
 * both big-endian. A pointer that reaches outside memory, or an argument outside its range, ends
 * the call with all its gas. Each function's price is in plugins/wasm/src/gas.rs; storage, calls
 * and accounts follow Ethereum's cold and warm prices.
 */
#ifndef PROZ_H
#define PROZ_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#define PROZ_NORETURN [[noreturn]]
#else
#define PROZ_NORETURN _Noreturn
#endif

#define PROZ_IMPORT(name) __attribute__((import_module("env"), import_name(#name)))
#define PROZ_EXPORT(name) __attribute__((export_name(name)))
/* Marks the entry point: PROZ_MAIN void contract(void) { ... } */
#define PROZ_MAIN PROZ_EXPORT("main")
/* Marks the constructor: PROZ_CONSTRUCTOR void construct(void) { ... } */
#define PROZ_CONSTRUCTOR PROZ_EXPORT("constructor")

/* Input and result. */

/* Bytes of call data. */
PROZ_IMPORT(input_size) uint32_t proz_input_size(void);
/* Copies call data from `offset`; bytes past its end are zero. */
PROZ_IMPORT(input_copy) void proz_input_copy(void *dst, uint32_t offset, uint32_t size);
/* Ends the call with success. */
PROZ_NORETURN PROZ_IMPORT(return) void proz_return(const void *output, uint32_t size);
/* Ends the call, undoes its changes and gives the remaining gas back. */
PROZ_NORETURN PROZ_IMPORT(revert) void proz_revert(const void *output, uint32_t size);

/* Storage. */

/* Reads a slot; returns 1 when it is not zero. */
PROZ_IMPORT(storage_get) uint32_t proz_storage_get(const void *key, void *value);
/* Writes a slot. */
PROZ_IMPORT(storage_set) void proz_storage_set(const void *key, const void *value);
/* Reads a value of any length into `room` bytes; returns its length, or -1 for none. */
PROZ_IMPORT(storage_read)
int32_t proz_storage_read(const void *key, uint32_t key_size, void *dst, uint32_t room);
/* Writes a value of any length: keys up to 64 KiB, values up to 128 KiB; an empty value removes. */
PROZ_IMPORT(storage_write)
void proz_storage_write(const void *key, uint32_t key_size, const void *value, uint32_t size);
/* Removes a value of any length. */
PROZ_IMPORT(storage_remove) void proz_storage_remove(const void *key, uint32_t key_size);
/* Reads a slot that lives until the transaction ends. */
PROZ_IMPORT(transient_get) void proz_transient_get(const void *key, void *value);
/* Writes a slot that lives until the transaction ends. */
PROZ_IMPORT(transient_set) void proz_transient_set(const void *key, const void *value);

/* Events, calls, creations. */

/* Emits a log with at most four topics of 32 bytes, one after another. */
PROZ_IMPORT(emit_event)
void proz_emit_event(const void *topics, uint32_t count, const void *data, uint32_t size);

enum proz_call_kind { PROZ_CALL = 0, PROZ_STATIC_CALL = 1, PROZ_DELEGATE_CALL = 2 };
enum proz_create_kind { PROZ_CREATE = 0, PROZ_CREATE2 = 1 };
enum proz_status { PROZ_OK = 0, PROZ_REVERTED = 1, PROZ_FAILED = 2 };
/* As much gas as may be given: all but one 64th. */
#define PROZ_ALL_GAS UINT64_MAX

/* Calls a contract in whichever VM it lives; `value` is a word, read only by PROZ_CALL. */
PROZ_IMPORT(call)
uint32_t proz_call(uint32_t kind, const void *address, const void *value, uint64_t gas,
                   const void *input, uint32_t size);
/* Creates a contract and writes its address; `salt` is a word, read only by PROZ_CREATE2. */
PROZ_IMPORT(create)
uint32_t proz_create(uint32_t kind, const void *value, const void *salt, const void *code,
                     uint32_t size, void *address);
/* Bytes that the last call or creation returned. */
PROZ_IMPORT(return_data_size) uint32_t proz_return_data_size(void);
/* Copies them; reaching past their end halts. */
PROZ_IMPORT(return_data_copy) void proz_return_data_copy(void *dst, uint32_t offset, uint32_t size);

/* The message, its transaction, the block. */

PROZ_IMPORT(caller) void proz_caller(void *address);
PROZ_IMPORT(address) void proz_address(void *address);
PROZ_IMPORT(origin) void proz_origin(void *address);
PROZ_IMPORT(value) void proz_value(void *word);
PROZ_IMPORT(gas_price) void proz_gas_price(void *word);
PROZ_IMPORT(gas_left) uint64_t proz_gas_left(void);
/* 1 when state changes are forbidden. */
PROZ_IMPORT(is_static) uint32_t proz_is_static(void);
PROZ_IMPORT(coinbase) void proz_coinbase(void *address);
PROZ_IMPORT(prev_randao) void proz_prev_randao(void *word);
PROZ_IMPORT(base_fee) void proz_base_fee(void *word);
PROZ_IMPORT(blob_base_fee) void proz_blob_base_fee(void *word);
/* Versioned hash of a blob of the transaction; returns 0 and writes zeros where there is none. */
PROZ_IMPORT(blob_hash) uint32_t proz_blob_hash(uint32_t index, void *word);
PROZ_IMPORT(chain_id) uint64_t proz_chain_id(void);
PROZ_IMPORT(block_number) uint64_t proz_block_number(void);
/* Unix seconds. */
PROZ_IMPORT(block_timestamp) uint64_t proz_block_timestamp(void);
PROZ_IMPORT(block_gas_limit) uint64_t proz_block_gas_limit(void);
/* Hash of one of the last 256 blocks; returns 0 and writes zeros for others. */
PROZ_IMPORT(block_hash) uint32_t proz_block_hash(uint64_t number, void *word);

/* Accounts. */

PROZ_IMPORT(balance) void proz_balance(const void *address, void *word);
PROZ_IMPORT(code_hash) void proz_code_hash(const void *address, void *word);
PROZ_IMPORT(code_size) uint32_t proz_code_size(const void *address);
/* Copies what there is from `offset` on; returns how much that was. */
PROZ_IMPORT(code_copy)
uint32_t proz_code_copy(const void *address, uint32_t offset, uint32_t size, void *dst);

/* Hashes and signatures. */

PROZ_IMPORT(keccak256) void proz_keccak256(const void *data, uint32_t size, void *word);
PROZ_IMPORT(sha256) void proz_sha256(const void *data, uint32_t size, void *word);
/* Input: hash, v, r, s, 32 bytes each. Writes the signer and returns 1, or returns 0. */
PROZ_IMPORT(ecrecover) uint32_t proz_ecrecover(const void *input, void *address);
/* Runs a precompile without a frame; its output becomes the return data. */
PROZ_IMPORT(precompile)
uint32_t proz_precompile(const void *address, uint64_t gas, const void *input, uint32_t size);

/* Debug output: only where the configuration says `debug_log`, refused elsewhere. */
PROZ_IMPORT(log_debug) void proz_log_debug(const void *text, uint32_t size);

#ifdef __cplusplus
}
#endif
#endif
