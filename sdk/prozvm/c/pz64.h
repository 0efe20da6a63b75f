/* The PZ64 machine for contracts in C and C++: instructions that RISC-V does not have, syscalls, exports.
 *
 * Each intrinsic is one instruction in RISC-V's custom opcode space; `proz-prozvm link` turns it into the
 * PZ64 instruction or syscall of the same name. Semantics: plugins/prozvm/SPEC.md, sections I and S.
 * Contracts that speak Solidity's ABI include proz.h, which builds on this.
 *
 * Addresses of accounts are 20 bytes and words of syscalls 32 bytes, as Ethereum writes them: big-endian.
 * Operands of the 256-bit instructions are 32 bytes, little-endian; pz_u256_bswap converts. No pointer
 * needs alignment. Operands may overlap the result.
 */
#ifndef PZ64_H
#define PZ64_H

#include <stdint.h>

/* Instructions: opcode bytes of plugins/prozvm/core/src/isa/table.rs. */

#define PZ_OP_U256_ADD 0x90
#define PZ_OP_U256_SUB 0x91
#define PZ_OP_U256_MUL 0x92
#define PZ_OP_U256_DIV 0x93
#define PZ_OP_U256_MOD 0x94
#define PZ_OP_U256_SDIV 0x95
#define PZ_OP_U256_SMOD 0x96
#define PZ_OP_U256_AND 0x97
#define PZ_OP_U256_OR 0x98
#define PZ_OP_U256_XOR 0x99
#define PZ_OP_U256_ADDMOD 0xa0
#define PZ_OP_U256_MULMOD 0xa1
#define PZ_OP_U256_MULMONT 0xa2
#define PZ_OP_U256_SHL 0xa4
#define PZ_OP_U256_SHR 0xa5
#define PZ_OP_U256_SAR 0xa6
#define PZ_OP_U256_CMP 0xa8
#define PZ_OP_U256_SCMP 0xa9
#define PZ_OP_U256_NOT 0xac
#define PZ_OP_U256_BSWAP 0xad
#define PZ_OP_U256_ZEXT 0xb0
#define PZ_OP_U256_SEXT 0xb1
#define PZ_OP_U256_PRODUCT 0xb4
#define PZ_OP_U256_EXP 0xb8
#define PZ_OP_KECCAK256 0xc0
#define PZ_OP_SHA256 0xc1
#define PZ_OP_MEM_COPY 0xc8
#define PZ_OP_MEM_FILL 0xc9
#define PZ_OP_HEAP_GROW 0xca

/* Syscalls: numbers of plugins/prozvm/syscalls/src/table.rs. */

#define PZ_SYS_INPUT_SIZE 1
#define PZ_SYS_INPUT_COPY 2
#define PZ_SYS_RETURN 3
#define PZ_SYS_REVERT 4
#define PZ_SYS_STORAGE_GET 16
#define PZ_SYS_STORAGE_SET 17
#define PZ_SYS_STORAGE_READ 18
#define PZ_SYS_STORAGE_WRITE 19
#define PZ_SYS_TRANSIENT_GET 20
#define PZ_SYS_TRANSIENT_SET 21
#define PZ_SYS_LOG 32
#define PZ_SYS_CALL 33
#define PZ_SYS_CREATE 34
#define PZ_SYS_RETURN_DATA_SIZE 35
#define PZ_SYS_RETURN_DATA_COPY 36
#define PZ_SYS_PRECOMPILE 37
#define PZ_SYS_CALLER 48
#define PZ_SYS_ADDRESS 49
#define PZ_SYS_ORIGIN 50
#define PZ_SYS_VALUE 51
#define PZ_SYS_GAS_PRICE 52
#define PZ_SYS_GAS_LEFT 53
#define PZ_SYS_IS_STATIC 54
#define PZ_SYS_COINBASE 64
#define PZ_SYS_PREV_RANDAO 65
#define PZ_SYS_BASE_FEE 66
#define PZ_SYS_BLOB_BASE_FEE 67
#define PZ_SYS_BLOB_HASH 68
#define PZ_SYS_CHAIN_ID 69
#define PZ_SYS_BLOCK_NUMBER 70
#define PZ_SYS_BLOCK_TIMESTAMP 71
#define PZ_SYS_BLOCK_GAS_LIMIT 72
#define PZ_SYS_BLOCK_HASH 73
#define PZ_SYS_BALANCE 80
#define PZ_SYS_CODE_HASH 81
#define PZ_SYS_CODE_SIZE 82
#define PZ_SYS_CODE_COPY 83
#define PZ_SYS_ECRECOVER 96
#define PZ_SYS_DEBUG_PRINT 112

/* How they are written. */

#define PZ_TEXT_(x) #x
#define PZ_TEXT(x) PZ_TEXT_(x)
#define PZ_JOIN_(a, b) a##b
#define PZ_JOIN(a, b) PZ_JOIN_(a, b)
#define PZ_INLINE static inline __attribute__((always_inline, unused))
#ifdef __cplusplus
#define PZ_NORETURN [[noreturn]]
#else
#define PZ_NORETURN _Noreturn
#endif

/* What an instruction reads and writes, for the compiler: it may then move other accesses across. */
typedef struct { uint8_t bytes[32]; } __attribute__((may_alias)) pz_bytes32;
typedef struct { uint8_t bytes[64]; } __attribute__((may_alias)) pz_bytes64;
#define PZ_IN(p) "m"(*(const pz_bytes32 *)(p))
#define PZ_OUT(p) "=m"(*(pz_bytes32 *)(p))

#define PZ_INSN(op, operands) \
    ".insn r 0x2b, (" PZ_TEXT(op) ") >> 7, (" PZ_TEXT(op) ") & 0x7f, " operands

#define PZ_WIDE_UNARY(op, to, a) \
    __asm__(PZ_INSN(op, "%1, %2, x0") : PZ_OUT(to) : "r"(to), "r"(a), PZ_IN(a))
#define PZ_WIDE_BINARY(op, to, a, b) \
    __asm__(PZ_INSN(op, "%1, %2, %3") : PZ_OUT(to) : "r"(to), "r"(a), "r"(b), PZ_IN(a), PZ_IN(b))
#define PZ_WIDE_TERNARY(op, to, a, b, c) \
    __asm__(".insn r4 0x5b, 0, (" PZ_TEXT(op) ") - 0xa0, %1, %2, %3, %4" \
            : PZ_OUT(to) \
            : "r"(to), "r"(a), "r"(b), "r"(c), PZ_IN(a), PZ_IN(b), PZ_IN(c))
#define PZ_WIDE_SHIFT(op, to, a, count) \
    __asm__(PZ_INSN(op, "%1, %2, %3") : PZ_OUT(to) : "r"(to), "r"(a), "r"(count), PZ_IN(a))
#define PZ_WIDE_COMPARE(op, result, a, b) \
    __asm__(PZ_INSN(op, "%0, %1, %2") : "=r"(result) : "r"(a), "r"(b), PZ_IN(a), PZ_IN(b))
#define PZ_WIDE_EXTEND(op, to, value) \
    __asm__(PZ_INSN(op, "%1, %2, x0") : PZ_OUT(to) : "r"(to), "r"(value))
#define PZ_SPAN(op, to, from, size) \
    __asm__ volatile(PZ_INSN(op, "%0, %1, %2") : : "r"(to), "r"(from), "r"(size) : "memory")

#define PZ_ECALL(number) ".insn i 0x0b, 0, x0, x0, " PZ_TEXT(number)
#define PZ_ARG(n, value) register uint64_t PZ_JOIN(pz_a, n) __asm__(PZ_TEXT(PZ_JOIN(a, n))) = (uint64_t)(value)

/* Syscalls without (TELL) and with (ASK) a result. */
#define PZ_TELL_1(number, x0) \
    do { PZ_ARG(0, x0); __asm__ volatile(PZ_ECALL(number) : : "r"(pz_a0) : "memory"); } while (0)
#define PZ_TELL_2(number, x0, x1) \
    do { \
        PZ_ARG(0, x0); PZ_ARG(1, x1); \
        __asm__ volatile(PZ_ECALL(number) : : "r"(pz_a0), "r"(pz_a1) : "memory"); \
    } while (0)
#define PZ_TELL_3(number, x0, x1, x2) \
    do { \
        PZ_ARG(0, x0); PZ_ARG(1, x1); PZ_ARG(2, x2); \
        __asm__ volatile(PZ_ECALL(number) : : "r"(pz_a0), "r"(pz_a1), "r"(pz_a2) : "memory"); \
    } while (0)
#define PZ_TELL_4(number, x0, x1, x2, x3) \
    do { \
        PZ_ARG(0, x0); PZ_ARG(1, x1); PZ_ARG(2, x2); PZ_ARG(3, x3); \
        __asm__ volatile(PZ_ECALL(number) \
                         : : "r"(pz_a0), "r"(pz_a1), "r"(pz_a2), "r"(pz_a3) : "memory"); \
    } while (0)
#define PZ_ASK_0(number) \
    register uint64_t pz_a0 __asm__("a0"); \
    __asm__ volatile(PZ_ECALL(number) : "=r"(pz_a0) : : "memory"); \
    return pz_a0
#define PZ_ASK_1(number, x0) \
    PZ_ARG(0, x0); \
    __asm__ volatile(PZ_ECALL(number) : "+r"(pz_a0) : : "memory"); \
    return pz_a0
#define PZ_ASK_2(number, x0, x1) \
    PZ_ARG(0, x0); PZ_ARG(1, x1); \
    __asm__ volatile(PZ_ECALL(number) : "+r"(pz_a0) : "r"(pz_a1) : "memory"); \
    return pz_a0
#define PZ_ASK_4(number, x0, x1, x2, x3) \
    PZ_ARG(0, x0); PZ_ARG(1, x1); PZ_ARG(2, x2); PZ_ARG(3, x3); \
    __asm__ volatile(PZ_ECALL(number) \
                     : "+r"(pz_a0) : "r"(pz_a1), "r"(pz_a2), "r"(pz_a3) : "memory"); \
    return pz_a0
#define PZ_ASK_6(number, x0, x1, x2, x3, x4, x5) \
    PZ_ARG(0, x0); PZ_ARG(1, x1); PZ_ARG(2, x2); PZ_ARG(3, x3); PZ_ARG(4, x4); PZ_ARG(5, x5); \
    __asm__ volatile(PZ_ECALL(number) \
                     : "+r"(pz_a0) \
                     : "r"(pz_a1), "r"(pz_a2), "r"(pz_a3), "r"(pz_a4), "r"(pz_a5) \
                     : "memory"); \
    return pz_a0
#define PZ_END_2(number, x0, x1) \
    PZ_ARG(0, x0); PZ_ARG(1, x1); \
    __asm__ volatile(PZ_ECALL(number) "\n\tunimp" : : "r"(pz_a0), "r"(pz_a1) : "memory"); \
    __builtin_unreachable()

/* 256-bit arithmetic, modulo 2^256. Division by zero gives zero. */

PZ_INLINE void pz_u256_add(void *to, const void *a, const void *b) { PZ_WIDE_BINARY(PZ_OP_U256_ADD, to, a, b); }
PZ_INLINE void pz_u256_sub(void *to, const void *a, const void *b) { PZ_WIDE_BINARY(PZ_OP_U256_SUB, to, a, b); }
PZ_INLINE void pz_u256_mul(void *to, const void *a, const void *b) { PZ_WIDE_BINARY(PZ_OP_U256_MUL, to, a, b); }
PZ_INLINE void pz_u256_div(void *to, const void *a, const void *b) { PZ_WIDE_BINARY(PZ_OP_U256_DIV, to, a, b); }
PZ_INLINE void pz_u256_mod(void *to, const void *a, const void *b) { PZ_WIDE_BINARY(PZ_OP_U256_MOD, to, a, b); }
PZ_INLINE void pz_u256_sdiv(void *to, const void *a, const void *b) { PZ_WIDE_BINARY(PZ_OP_U256_SDIV, to, a, b); }
PZ_INLINE void pz_u256_smod(void *to, const void *a, const void *b) { PZ_WIDE_BINARY(PZ_OP_U256_SMOD, to, a, b); }
PZ_INLINE void pz_u256_and(void *to, const void *a, const void *b) { PZ_WIDE_BINARY(PZ_OP_U256_AND, to, a, b); }
PZ_INLINE void pz_u256_or(void *to, const void *a, const void *b) { PZ_WIDE_BINARY(PZ_OP_U256_OR, to, a, b); }
PZ_INLINE void pz_u256_xor(void *to, const void *a, const void *b) { PZ_WIDE_BINARY(PZ_OP_U256_XOR, to, a, b); }
PZ_INLINE void pz_u256_not(void *to, const void *a) { PZ_WIDE_UNARY(PZ_OP_U256_NOT, to, a); }

/* (a + b) % m and (a * b) % m without overflow in between; a zero modulus gives zero. */
PZ_INLINE void pz_u256_addmod(void *to, const void *a, const void *b, const void *m) {
    PZ_WIDE_TERNARY(PZ_OP_U256_ADDMOD, to, a, b, m);
}
PZ_INLINE void pz_u256_mulmod(void *to, const void *a, const void *b, const void *m) {
    PZ_WIDE_TERNARY(PZ_OP_U256_MULMOD, to, a, b, m);
}
/* Montgomery product a * b / 2^256 modulo an odd m. */
PZ_INLINE void pz_u256_mulmont(void *to, const void *a, const void *b, const void *m) {
    PZ_WIDE_TERNARY(PZ_OP_U256_MULMONT, to, a, b, m);
}

/* Shifts by any count; 256 and more shift everything out. */
PZ_INLINE void pz_u256_shl(void *to, const void *a, uint64_t count) { PZ_WIDE_SHIFT(PZ_OP_U256_SHL, to, a, count); }
PZ_INLINE void pz_u256_shr(void *to, const void *a, uint64_t count) { PZ_WIDE_SHIFT(PZ_OP_U256_SHR, to, a, count); }
PZ_INLINE void pz_u256_sar(void *to, const void *a, uint64_t count) { PZ_WIDE_SHIFT(PZ_OP_U256_SAR, to, a, count); }

/* -1, 0 or 1; unsigned and signed. */
PZ_INLINE int64_t pz_u256_cmp(const void *a, const void *b) {
    int64_t result;
    PZ_WIDE_COMPARE(PZ_OP_U256_CMP, result, a, b);
    return result;
}
PZ_INLINE int64_t pz_u256_scmp(const void *a, const void *b) {
    int64_t result;
    PZ_WIDE_COMPARE(PZ_OP_U256_SCMP, result, a, b);
    return result;
}

/* Reverses the 32 bytes: from big-endian to little-endian and back. */
PZ_INLINE void pz_u256_bswap(void *to, const void *a) { PZ_WIDE_UNARY(PZ_OP_U256_BSWAP, to, a); }
/* Extends 64 bits to 256. */
PZ_INLINE void pz_u256_zext(void *to, uint64_t value) { PZ_WIDE_EXTEND(PZ_OP_U256_ZEXT, to, value); }
PZ_INLINE void pz_u256_sext(void *to, int64_t value) { PZ_WIDE_EXTEND(PZ_OP_U256_SEXT, to, value); }
/* The whole product: 64 bytes at `to`. */
PZ_INLINE void pz_u256_product(void *to, const void *a, const void *b) {
    __asm__(PZ_INSN(PZ_OP_U256_PRODUCT, "%1, %2, %3")
            : "=m"(*(pz_bytes64 *)to)
            : "r"(to), "r"(a), "r"(b), PZ_IN(a), PZ_IN(b));
}
/* base ^ exponent; costs by the bytes of the exponent. */
PZ_INLINE void pz_u256_exp(void *to, const void *base, const void *exponent) {
    PZ_WIDE_BINARY(PZ_OP_U256_EXP, to, base, exponent);
}

/* Hashes, memory. */

/* Writes the 32 bytes of the digest. */
PZ_INLINE void pz_keccak256(void *to, const void *from, uint64_t size) { PZ_SPAN(PZ_OP_KECCAK256, to, from, size); }
PZ_INLINE void pz_sha256(void *to, const void *from, uint64_t size) { PZ_SPAN(PZ_OP_SHA256, to, from, size); }
/* Moves bytes; the ranges may overlap. */
PZ_INLINE void pz_mem_copy(void *to, const void *from, uint64_t size) { PZ_SPAN(PZ_OP_MEM_COPY, to, from, size); }
PZ_INLINE void pz_mem_fill(void *to, uint64_t byte, uint64_t size) { PZ_SPAN(PZ_OP_MEM_FILL, to, byte, size); }
/* Maps more zeroed pages of 4,096 bytes and gives their address; -1 beyond PZ_MAX_PAGES. */
PZ_INLINE int64_t pz_heap_grow(uint64_t pages) {
    int64_t result;
    __asm__ volatile(PZ_INSN(PZ_OP_HEAP_GROW, "%0, %1, x0") : "=r"(result) : "r"(pages) : "memory");
    return result;
}
/* Ends the call as failed: all its gas is gone. */
PZ_NORETURN PZ_INLINE void pz_trap(void) {
    __asm__ volatile("unimp");
    __builtin_unreachable();
}

/* Input and result. */

/* Bytes of call data. */
PZ_INLINE uint64_t pz_input_size(void) { PZ_ASK_0(PZ_SYS_INPUT_SIZE); }
/* Copies call data from `offset`; bytes past its end are zero. */
PZ_INLINE void pz_input_copy(void *to, uint64_t offset, uint64_t size) { PZ_TELL_3(PZ_SYS_INPUT_COPY, to, offset, size); }
/* Ends the call with success. */
PZ_NORETURN PZ_INLINE void pz_return(const void *from, uint64_t size) { PZ_END_2(PZ_SYS_RETURN, from, size); }
/* Ends the call, undoes its changes and gives the remaining gas back. */
PZ_NORETURN PZ_INLINE void pz_revert(const void *from, uint64_t size) { PZ_END_2(PZ_SYS_REVERT, from, size); }

/* Storage. */

/* Reads a slot; 1 when it is not zero. */
PZ_INLINE uint64_t pz_storage_get(const void *key, void *to) { PZ_ASK_2(PZ_SYS_STORAGE_GET, key, to); }
PZ_INLINE void pz_storage_set(const void *key, const void *value) { PZ_TELL_2(PZ_SYS_STORAGE_SET, key, value); }
/* Reads a value of any length into `room` bytes; gives its length, or -1 for none. */
PZ_INLINE int64_t pz_storage_read(const void *key, uint64_t key_size, void *to, uint64_t room) {
    PZ_ASK_4(PZ_SYS_STORAGE_READ, key, key_size, to, room);
}
/* Writes a value of any length; an empty one removes. */
PZ_INLINE void pz_storage_write(const void *key, uint64_t key_size, const void *value, uint64_t size) {
    PZ_TELL_4(PZ_SYS_STORAGE_WRITE, key, key_size, value, size);
}
/* The same for slots that live until the transaction ends. */
PZ_INLINE uint64_t pz_transient_get(const void *key, void *to) { PZ_ASK_2(PZ_SYS_TRANSIENT_GET, key, to); }
PZ_INLINE void pz_transient_set(const void *key, const void *value) { PZ_TELL_2(PZ_SYS_TRANSIENT_SET, key, value); }

/* Events, calls, creations. */

enum pz_call_kind { PZ_CALL_PLAIN = 0, PZ_CALL_STATIC = 1, PZ_CALL_DELEGATE = 2 };
enum pz_create_kind { PZ_CREATE_PLAIN = 0, PZ_CREATE_SALTED = 1 };
enum pz_status { PZ_OK = 0, PZ_REVERTED = 1, PZ_FAILED = 2 };
/* As much gas as may be given: all but one 64th. */
#define PZ_ALL_GAS UINT64_MAX

/* Emits a log with at most four topics of 32 bytes, one behind the other. */
PZ_INLINE void pz_log(const void *topics, uint64_t count, const void *data, uint64_t size) {
    PZ_TELL_4(PZ_SYS_LOG, topics, count, data, size);
}
/* Calls a contract of any VM; `value` is a word, read only by PZ_CALL_PLAIN. */
PZ_INLINE uint64_t pz_call(uint64_t kind, const void *address, const void *value, uint64_t gas, const void *input,
                           uint64_t size) {
    PZ_ASK_6(PZ_SYS_CALL, kind, address, value, gas, input, size);
}
/* Creates a contract and writes its address; `salt` is a word, read only by PZ_CREATE_SALTED. */
PZ_INLINE uint64_t pz_create(uint64_t kind, const void *value, const void *salt, const void *code, uint64_t size,
                             void *address) {
    PZ_ASK_6(PZ_SYS_CREATE, kind, value, salt, code, size, address);
}
/* Bytes that the last call or creation returned. */
PZ_INLINE uint64_t pz_return_data_size(void) { PZ_ASK_0(PZ_SYS_RETURN_DATA_SIZE); }
/* Copies them; reaching past their end traps. */
PZ_INLINE void pz_return_data_copy(void *to, uint64_t offset, uint64_t size) {
    PZ_TELL_3(PZ_SYS_RETURN_DATA_COPY, to, offset, size);
}
/* Runs a precompile without a frame; its output becomes the return data. */
PZ_INLINE uint64_t pz_precompile(const void *address, uint64_t gas, const void *input, uint64_t size) {
    PZ_ASK_4(PZ_SYS_PRECOMPILE, address, gas, input, size);
}

/* The message and its transaction. */

PZ_INLINE void pz_caller(void *address) { PZ_TELL_1(PZ_SYS_CALLER, address); }
/* The account whose storage this is. */
PZ_INLINE void pz_address(void *address) { PZ_TELL_1(PZ_SYS_ADDRESS, address); }
PZ_INLINE void pz_origin(void *address) { PZ_TELL_1(PZ_SYS_ORIGIN, address); }
PZ_INLINE void pz_value(void *word) { PZ_TELL_1(PZ_SYS_VALUE, word); }
PZ_INLINE void pz_gas_price(void *word) { PZ_TELL_1(PZ_SYS_GAS_PRICE, word); }
PZ_INLINE uint64_t pz_gas_left(void) { PZ_ASK_0(PZ_SYS_GAS_LEFT); }
/* 1 when state changes are forbidden. */
PZ_INLINE uint64_t pz_is_static(void) { PZ_ASK_0(PZ_SYS_IS_STATIC); }

/* The block. */

PZ_INLINE void pz_coinbase(void *address) { PZ_TELL_1(PZ_SYS_COINBASE, address); }
PZ_INLINE void pz_prev_randao(void *word) { PZ_TELL_1(PZ_SYS_PREV_RANDAO, word); }
PZ_INLINE void pz_base_fee(void *word) { PZ_TELL_1(PZ_SYS_BASE_FEE, word); }
PZ_INLINE void pz_blob_base_fee(void *word) { PZ_TELL_1(PZ_SYS_BLOB_BASE_FEE, word); }
/* Versioned hash of a blob of the transaction; 0 and zeros where there is none. */
PZ_INLINE uint64_t pz_blob_hash(uint64_t index, void *word) { PZ_ASK_2(PZ_SYS_BLOB_HASH, index, word); }
PZ_INLINE uint64_t pz_chain_id(void) { PZ_ASK_0(PZ_SYS_CHAIN_ID); }
PZ_INLINE uint64_t pz_block_number(void) { PZ_ASK_0(PZ_SYS_BLOCK_NUMBER); }
/* Unix seconds. */
PZ_INLINE uint64_t pz_block_timestamp(void) { PZ_ASK_0(PZ_SYS_BLOCK_TIMESTAMP); }
PZ_INLINE uint64_t pz_block_gas_limit(void) { PZ_ASK_0(PZ_SYS_BLOCK_GAS_LIMIT); }
/* Hash of one of the last 256 blocks; 0 and zeros for others. */
PZ_INLINE uint64_t pz_block_hash(uint64_t number, void *word) { PZ_ASK_2(PZ_SYS_BLOCK_HASH, number, word); }

/* Accounts. */

PZ_INLINE void pz_balance(const void *address, void *word) { PZ_TELL_2(PZ_SYS_BALANCE, address, word); }
/* Zeros for an absent account. */
PZ_INLINE void pz_code_hash(const void *address, void *word) { PZ_TELL_2(PZ_SYS_CODE_HASH, address, word); }
PZ_INLINE uint64_t pz_code_size(const void *address) { PZ_ASK_1(PZ_SYS_CODE_SIZE, address); }
/* Copies what there is of the code; gives how much that was. */
PZ_INLINE uint64_t pz_code_copy(const void *address, uint64_t offset, uint64_t size, void *to) {
    PZ_ASK_4(PZ_SYS_CODE_COPY, address, offset, size, to);
}

/* Signatures and debugging. */

/* Input: hash, v, r, s, 32 bytes each. Writes the signer's address and gives 1, or 0. */
PZ_INLINE uint64_t pz_ecrecover(const void *input, void *address) { PZ_ASK_2(PZ_SYS_ECRECOVER, input, address); }
/* Text for whoever runs the contract by hand. */
PZ_INLINE void pz_debug_print(const char *text, uint64_t size) { PZ_TELL_2(PZ_SYS_DEBUG_PRINT, text, size); }

/* Exports.
 *
 * Each macro names a function that takes and gives nothing, and begins its definition:
 *
 *     PZ_METHOD("increment(uint256)", increment) { ... }
 *
 * or, with a semicolon, only declares it. Value sent to an export that is not payable reverts.
 */

enum pz_export_kind { PZ_KIND_METHOD = 0, PZ_KIND_CONSTRUCTOR = 1, PZ_KIND_FALLBACK = 2, PZ_KIND_RECEIVE = 3, PZ_KIND_PLAIN = 4 };
enum pz_mutability { PZ_IS_NONPAYABLE = 0, PZ_IS_PAYABLE = 1, PZ_IS_VIEW = 2, PZ_IS_PURE = 3 };

struct pz_export {
    void (*function)(void);
    uint32_t kind, mutability;
    const char *name;
};
struct pz_config {
    uint32_t key, value;
};

/* Against --gc-sections, where the compiler knows it. */
#if __has_attribute(retain)
#define PZ_RETAIN retain,
#else
#define PZ_RETAIN
#endif

#define PZ_RECORD(type, section_name, alignment) \
    __attribute__((used, PZ_RETAIN section(section_name), aligned(alignment))) static type PZ_JOIN( \
        pz_record_, __COUNTER__)
#define PZ_EXPORT(kind, mutability, name, function) \
    PZ_RECORD(struct pz_export, ".pz.exports", 8) = {function, kind, mutability, name}
#define PZ_ENTRY(kind, mutability, name, function) \
    static void function(void); \
    PZ_EXPORT(kind, mutability, name, function); \
    static void function(void)

#define PZ_METHOD(signature, function) PZ_ENTRY(PZ_KIND_METHOD, PZ_IS_NONPAYABLE, signature, function)
#define PZ_PAYABLE(signature, function) PZ_ENTRY(PZ_KIND_METHOD, PZ_IS_PAYABLE, signature, function)
#define PZ_VIEW(signature, function) PZ_ENTRY(PZ_KIND_METHOD, PZ_IS_VIEW, signature, function)
#define PZ_PURE(signature, function) PZ_ENTRY(PZ_KIND_METHOD, PZ_IS_PURE, signature, function)
#define PZ_CONSTRUCTOR(function) PZ_ENTRY(PZ_KIND_CONSTRUCTOR, PZ_IS_NONPAYABLE, "constructor", function)
#define PZ_PAYABLE_CONSTRUCTOR(function) PZ_ENTRY(PZ_KIND_CONSTRUCTOR, PZ_IS_PAYABLE, "constructor", function)
#define PZ_FALLBACK(function) PZ_ENTRY(PZ_KIND_FALLBACK, PZ_IS_NONPAYABLE, "fallback", function)
#define PZ_PAYABLE_FALLBACK(function) PZ_ENTRY(PZ_KIND_FALLBACK, PZ_IS_PAYABLE, "fallback", function)
#define PZ_RECEIVE(function) PZ_ENTRY(PZ_KIND_RECEIVE, PZ_IS_PAYABLE, "receive", function)
/* A function for tools and tests, with parameters and results; defined before. */
#define PZ_PLAIN(name, function) PZ_EXPORT(PZ_KIND_PLAIN, PZ_IS_NONPAYABLE, name, (void (*)(void))function)

/* Settings, at file level. Options of `proz-prozvm link` override them. */

#define PZ_SET(key, value) PZ_RECORD(struct pz_config, ".pz.config", 4) = {key, value}
/* Bytes of stack; whole pages of 4,096. */
#define PZ_STACK(bytes) PZ_SET(1, bytes)
/* Pages of memory that the program may reach by pz_heap_grow, everything included. */
#define PZ_MAX_PAGES(pages) PZ_SET(2, pages)
/* Pages of heap mapped from the start. */
#define PZ_HEAP(pages) PZ_SET(3, pages)

#endif
