/* The native set's functions on top of the Stylus set: put this folder before sdk/wasm/c in the
 * include path, and a contract written for `env` is built for `vm_hooks` and `user_entrypoint`
 * instead, to run on any host of that set.
 *
 * Storage writes are cached by the host there; they are flushed before calls and at the end. What
 * the Stylus set does not offer (values of any length, sha256, ecrecover, block hashes, the static
 * flag) is not declared here.
 */
#ifndef PROZ_H
#define PROZ_H

#include <stdint.h>

#define PROZ_NORETURN _Noreturn
#define PROZ_HOOK(name) __attribute__((import_module("vm_hooks"), import_name(#name)))
#define PROZ_EXPORT(name) __attribute__((export_name(name)))
/* Marks `void contract(void)`; the entry point below calls it. */
#define PROZ_MAIN
/* Marks `void construct(void)`. */
#define PROZ_CONSTRUCTOR                                                  \
    static void construct(void);                                          \
    PROZ_EXPORT("constructor") void proz_constructor(uint32_t size) {     \
        proz_take_input(size);                                            \
        construct();                                                      \
        proz_flush(0);                                                    \
    }                                                                     \
    static

PROZ_HOOK(read_args) void hook_read_args(void *dst);
PROZ_HOOK(write_result) void hook_write_result(const void *data, uint32_t size);
PROZ_NORETURN PROZ_HOOK(exit_early) void hook_exit_early(uint32_t status);
PROZ_HOOK(storage_load_bytes32) void hook_storage_load(const void *key, void *value);
PROZ_HOOK(storage_cache_bytes32) void hook_storage_cache(const void *key, const void *value);
PROZ_HOOK(storage_flush_cache) void hook_storage_flush(uint32_t clear);
PROZ_HOOK(transient_load_bytes32) void hook_transient_load(const void *key, void *value);
PROZ_HOOK(transient_store_bytes32) void hook_transient_store(const void *key, const void *value);
PROZ_HOOK(call_contract)
uint32_t hook_call(const void *address, const void *data, uint32_t size, const void *value,
                   uint64_t gas, uint32_t *returned);
PROZ_HOOK(static_call_contract)
uint32_t hook_static_call(const void *address, const void *data, uint32_t size, uint64_t gas, uint32_t *returned);
PROZ_HOOK(delegate_call_contract)
uint32_t hook_delegate_call(const void *address, const void *data, uint32_t size, uint64_t gas, uint32_t *returned);
PROZ_HOOK(create1)
void hook_create1(const void *code, uint32_t size, const void *value, void *address, uint32_t *returned);
PROZ_HOOK(create2)
void hook_create2(const void *code, uint32_t size, const void *value, const void *salt, void *address,
                  uint32_t *returned);
PROZ_HOOK(read_return_data) uint32_t hook_read_return_data(void *dst, uint32_t offset, uint32_t size);
PROZ_HOOK(emit_log) void hook_emit_log(const void *data, uint32_t size, uint32_t topics);
PROZ_HOOK(account_code) uint32_t hook_account_code(const void *address, uint32_t offset, uint32_t size, void *dst);
PROZ_HOOK(msg_reentrant) uint32_t proz_is_reentrant(void);
PROZ_HOOK(pay_for_memory_grow) void hook_pay_for_memory_grow(uint32_t pages);
PROZ_HOOK(return_data_size) uint32_t proz_return_data_size(void);
PROZ_HOOK(msg_sender) void proz_caller(void *address);
PROZ_HOOK(contract_address) void proz_address(void *address);
PROZ_HOOK(tx_origin) void proz_origin(void *address);
PROZ_HOOK(msg_value) void proz_value(void *word);
PROZ_HOOK(tx_gas_price) void proz_gas_price(void *word);
PROZ_HOOK(evm_gas_left) uint64_t proz_gas_left(void);
PROZ_HOOK(block_coinbase) void proz_coinbase(void *address);
PROZ_HOOK(block_basefee) void proz_base_fee(void *word);
PROZ_HOOK(chainid) uint64_t proz_chain_id(void);
PROZ_HOOK(block_number) uint64_t proz_block_number(void);
PROZ_HOOK(block_timestamp) uint64_t proz_block_timestamp(void);
PROZ_HOOK(block_gas_limit) uint64_t proz_block_gas_limit(void);
PROZ_HOOK(account_balance) void proz_balance(const void *address, void *word);
PROZ_HOOK(account_codehash) void proz_code_hash(const void *address, void *word);
PROZ_HOOK(account_code_size) uint32_t proz_code_size(const void *address);
PROZ_HOOK(native_keccak256) void proz_keccak256(const void *data, uint32_t size, void *word);

enum proz_call_kind { PROZ_CALL = 0, PROZ_STATIC_CALL = 1, PROZ_DELEGATE_CALL = 2 };
enum proz_create_kind { PROZ_CREATE = 0, PROZ_CREATE2 = 1 };
enum proz_status { PROZ_OK = 0, PROZ_REVERTED = 1, PROZ_FAILED = 2 };
#define PROZ_ALL_GAS UINT64_MAX

/* Longest call data and longest event of contracts built this way. */
#define PROZ_MAX_INPUT 16384
#define PROZ_MAX_EVENT 1024

static uint8_t proz_input[PROZ_MAX_INPUT];
static uint32_t proz_input_bytes;
static int proz_has_written;

static inline void proz_take_input(uint32_t size) {
    if (size > PROZ_MAX_INPUT) __builtin_trap();
    proz_input_bytes = size;
    hook_read_args(proz_input);
}

static inline uint32_t proz_input_size(void) { return proz_input_bytes; }

static inline void proz_input_copy(void *dst, uint32_t offset, uint32_t size) {
    uint32_t there = offset < proz_input_bytes ? proz_input_bytes - offset : 0;
    uint32_t part = size < there ? size : there;
    __builtin_memcpy(dst, proz_input + offset, part);
    __builtin_memset((uint8_t *)dst + part, 0, size - part);
}

static inline void proz_flush(uint32_t clear) {
    if (proz_has_written || clear) hook_storage_flush(clear);
    proz_has_written = 0;
}

PROZ_NORETURN static __attribute__((noinline, unused)) void proz_return(const void *output, uint32_t size) {
    proz_flush(0);
    hook_write_result(output, size);
    hook_exit_early(0);
}

PROZ_NORETURN static __attribute__((noinline, unused)) void proz_revert(const void *output, uint32_t size) {
    hook_write_result(output, size);
    hook_exit_early(1);
}

static inline uint32_t proz_storage_get(const void *key, void *value) {
    uint8_t any = 0;
    hook_storage_load(key, value);
    for (int i = 0; i < 32; i++) any |= ((uint8_t *)value)[i];
    return any != 0;
}

static inline void proz_storage_set(const void *key, const void *value) {
    hook_storage_cache(key, value);
    proz_has_written = 1;
}

static inline void proz_transient_get(const void *key, void *value) { hook_transient_load(key, value); }
static inline void proz_transient_set(const void *key, const void *value) { hook_transient_store(key, value); }

static __attribute__((noinline, unused)) void proz_emit_event(const void *topics, uint32_t count, const void *data, uint32_t size) {
    static uint8_t event[PROZ_MAX_EVENT];
    if (32 * count + size > sizeof event) __builtin_trap();
    __builtin_memcpy(event, topics, 32 * count);
    __builtin_memcpy(event + 32 * count, data, size);
    hook_emit_log(event, 32 * count + size, count);
}

static __attribute__((noinline, unused)) uint32_t proz_call(uint32_t kind, const void *address, const void *value, uint64_t gas,
                                 const void *input, uint32_t size) {
    uint32_t returned;
    if (kind == PROZ_STATIC_CALL) {
        proz_flush(0);
        return hook_static_call(address, input, size, gas, &returned);
    }
    /* The callee may come back and change what is cached here. */
    proz_flush(1);
    uint32_t status = kind == PROZ_CALL ? hook_call(address, input, size, value, gas, &returned)
                                        : hook_delegate_call(address, input, size, gas, &returned);
    return status;
}

static inline uint32_t proz_create(uint32_t kind, const void *value, const void *salt, const void *code,
                                   uint32_t size, void *address) {
    uint32_t returned;
    uint8_t any = 0;
    proz_flush(1);
    if (kind == PROZ_CREATE) hook_create1(code, size, value, address, &returned);
    else hook_create2(code, size, value, salt, address, &returned);
    for (int i = 0; i < 20; i++) any |= ((uint8_t *)address)[i];
    return any ? PROZ_OK : PROZ_REVERTED;
}

static inline void proz_return_data_copy(void *dst, uint32_t offset, uint32_t size) {
    if (hook_read_return_data(dst, offset, size) != size) __builtin_trap();
}

static inline uint32_t proz_code_copy(const void *address, uint32_t offset, uint32_t size, void *dst) {
    return hook_account_code(address, offset, size, dst);
}

void contract(void);

PROZ_EXPORT("user_entrypoint") uint32_t user_entrypoint(uint32_t size) {
    hook_pay_for_memory_grow(0);
    proz_take_input(size);
    contract();
    proz_flush(0);
    return 0;
}

#endif
