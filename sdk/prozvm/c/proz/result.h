/* How a call ends: results, errors, and the messages that carry both. */
#ifndef PROZ_RESULT_H
#define PROZ_RESULT_H

#include <proz/memory.h>
#include <proz/word.h>

/* Selectors are written as in Solidity's documentation: 0xa9059cbb is transfer(address,uint256). */

/* A selector and words behind it: call data or an error. The words are aligned, so the selector stands at
 * the end of a padding; message_data() is its first byte. */
#define MESSAGE(count) \
    struct { \
        uint32_t padding[7], selector; \
        word words[count]; \
    }
#define message_select(message, value) ((message)->selector = __builtin_bswap32(value))
#define message_data(message) ((const void *)&(message)->selector)
#define message_size(count) (4 + 32 * (uint64_t)(count))

PZ_NORETURN PZ_INLINE void return_nothing(void) { pz_return(0, 0); }
PZ_NORETURN PZ_INLINE void return_words(const word *words, uint64_t count) { pz_return(words, 32 * count); }
PZ_NORETURN PZ_INLINE void return_word(const word *value) { pz_return(value, 32); }
PZ_NORETURN PZ_INLINE void return_account(const account *value) { pz_return(value, 32); }
PZ_NORETURN PZ_INLINE void return_number(const u256 *value) {
    word out;
    u256_store(&out, value);
    pz_return(&out, 32);
}
PZ_NORETURN PZ_INLINE void return_small(uint64_t value) {
    word out;
    word_set(&out, value);
    pz_return(&out, 32);
}
PZ_NORETURN PZ_INLINE void return_true(void) {
    static const word yes = WORD(1);
    pz_return(&yes, 32);
}

/* bytes or string: `head` is two words with room for the bytes, padded to words, behind them; `size` bytes
 * have been written there. */
PZ_NORETURN PZ_INLINE void return_bytes(word *head, uint64_t size) {
    uint8_t *bytes = (uint8_t *)(head + 2);
    uint64_t padded = (size + 31) & ~(uint64_t)31;
    word_set(&head[0], 32);
    word_set(&head[1], size);
    pz_mem_fill(bytes + size, 0, padded - size);
    pz_return(head, 64 + padded);
}

/* Solidity's `require` without a reason. */
PZ_NORETURN PZ_INLINE void revert_empty(void) { pz_revert(0, 0); }
PZ_INLINE void require(int condition) {
    if (__builtin_expect(!condition, 0)) revert_empty();
}

/* Custom errors with 0 to 3 words. Out of line: they are the rare way. */
#define PZ_RARE PZ_NORETURN static __attribute__((noinline, cold, unused))
PZ_RARE void revert_error(uint32_t selector) {
    uint32_t out = __builtin_bswap32(selector);
    pz_revert(&out, 4);
}
PZ_RARE void revert_error_1(uint32_t selector, const word *a) {
    MESSAGE(1) out;
    message_select(&out, selector);
    out.words[0] = *a;
    pz_revert(message_data(&out), message_size(1));
}
PZ_RARE void revert_error_2(uint32_t selector, const word *a, const word *b) {
    MESSAGE(2) out;
    message_select(&out, selector);
    out.words[0] = *a;
    out.words[1] = *b;
    pz_revert(message_data(&out), message_size(2));
}
PZ_RARE void revert_error_3(uint32_t selector, const word *a, const word *b, const word *c) {
    MESSAGE(3) out;
    message_select(&out, selector);
    out.words[0] = *a;
    out.words[1] = *b;
    out.words[2] = *c;
    pz_revert(message_data(&out), message_size(3));
}

/* Solidity's Error(string): revert_text("too late", 8), or REVERT("too late"). */
PZ_RARE void revert_text(const char *text, uint64_t size) {
    MESSAGE(6) out;
    if (size > 128) size = 128;
    message_select(&out, 0x08c379a0);
    word_set(&out.words[0], 32);
    word_set(&out.words[1], size);
    pz_mem_fill(&out.words[2], 0, 128);
    pz_mem_copy(&out.words[2], text, size);
    pz_revert(message_data(&out), message_size(2 + (size + 31) / 32));
}
#define REVERT(literal) revert_text(literal, sizeof(literal) - 1)

/* Solidity's Panic(uint256): 0x11 overflow, 0x12 division by zero, 0x32 index out of bounds. */
PZ_RARE void panic(uint64_t code) {
    word value;
    word_set(&value, code);
    revert_error_1(0x4e487b71, &value);
}

/* Arithmetic as Solidity checks it. */
PZ_INLINE void checked_add(u256 *out, const u256 *a, const u256 *b) {
    if (__builtin_expect(u256_add(out, a, b), 0)) panic(0x11);
}
PZ_INLINE void checked_sub(u256 *out, const u256 *a, const u256 *b) {
    if (__builtin_expect(u256_sub(out, a, b), 0)) panic(0x11);
}
PZ_INLINE void checked_mul(u256 *out, const u256 *a, const u256 *b) {
    if (__builtin_expect(u256_mul(out, a, b), 0)) panic(0x11);
}
PZ_INLINE void checked_div(u256 *out, const u256 *a, const u256 *b) {
    if (__builtin_expect(u256_is_zero(b), 0)) panic(0x12);
    u256_div(out, a, b);
}

#endif
