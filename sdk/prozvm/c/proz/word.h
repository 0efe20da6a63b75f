/* Words and accounts: 32 bytes as the host, topics, slots and the ABI have them. */
#ifndef PROZ_WORD_H
#define PROZ_WORD_H

#include <proz/number.h>

/* Big-endian bytes, moved as four lanes. */
typedef struct {
    uint64_t lane[4];
} __attribute__((may_alias)) word;

/* An address, right-aligned in a word: twelve zero bytes, then its twenty. */
typedef struct {
    word as_word;
} __attribute__((may_alias)) account;

#define PZ_SWAP(n) __builtin_bswap64(n)

/* A constant: static const word OWNER = WORD(5); */
#define WORD(n) {{0, 0, 0, PZ_SWAP((uint64_t)(n))}}
/* A constant of four 64-bit numbers, the most significant first. */
#define WORD4(a, b, c, d) {{PZ_SWAP(a), PZ_SWAP(b), PZ_SWAP(c), PZ_SWAP(d)}}

PZ_INLINE void u256_load(u256 *out, const word *from) { pz_u256_bswap(out, from); }
PZ_INLINE void u256_store(word *out, const u256 *from) { pz_u256_bswap(out, from); }

PZ_INLINE void word_set(word *out, uint64_t value) {
    out->lane[0] = out->lane[1] = out->lane[2] = 0;
    out->lane[3] = PZ_SWAP(value);
}
PZ_INLINE int word_is_zero(const word *a) { return !(a->lane[0] | a->lane[1] | a->lane[2] | a->lane[3]); }
PZ_INLINE int word_fits_64(const word *a) { return !(a->lane[0] | a->lane[1] | a->lane[2]); }
/* The low 64 bits. */
PZ_INLINE uint64_t word_low(const word *a) { return PZ_SWAP(a->lane[3]); }
PZ_INLINE int word_equal(const word *a, const word *b) {
    return !((a->lane[0] ^ b->lane[0]) | (a->lane[1] ^ b->lane[1]) | (a->lane[2] ^ b->lane[2]) |
             (a->lane[3] ^ b->lane[3]));
}
/* Whether a < b as numbers. */
PZ_INLINE int word_less(const word *a, const word *b) {
    u256 x, y;
    u256_load(&x, a);
    u256_load(&y, b);
    return u256_less(&x, &y);
}

/* Whether a word holds an address: its first twelve bytes are zero. */
PZ_INLINE int word_is_account(const word *a) { return !(a->lane[0] | (uint32_t)a->lane[1]); }

/* The twenty bytes, as syscalls take them. */
PZ_INLINE const void *account_bytes(const account *a) { return (const uint8_t *)a + 12; }
PZ_INLINE int account_equal(const account *a, const account *b) {
    return !((a->as_word.lane[1] ^ b->as_word.lane[1]) | (a->as_word.lane[2] ^ b->as_word.lane[2]) |
             (a->as_word.lane[3] ^ b->as_word.lane[3]));
}
PZ_INLINE int account_is_zero(const account *a) { return !(a->as_word.lane[1] | a->as_word.lane[2] | a->as_word.lane[3]); }
PZ_INLINE int account_less(const account *a, const account *b) { return word_less(&a->as_word, &b->as_word); }

/* Where a syscall may write the twenty bytes of an account. */
PZ_INLINE void *account_room(account *out) {
    out->as_word.lane[0] = out->as_word.lane[1] = 0;
    return (uint8_t *)out + 12;
}

/* The account that called, and this contract's own. */
PZ_INLINE void caller(account *out) { pz_caller(account_room(out)); }
PZ_INLINE void self(account *out) { pz_address(account_room(out)); }

#endif
