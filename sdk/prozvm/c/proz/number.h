/* 256-bit numbers: four limbs, the least significant first. */
#ifndef PROZ_NUMBER_H
#define PROZ_NUMBER_H

#include <pz64.h>

/* May stand in the memory of a word or any other 32 bytes. */
typedef struct {
    uint64_t limb[4];
} __attribute__((may_alias)) u256;

/* A constant: static const u256 FEE = U256(997); */
#define U256(n) {{(n), 0, 0, 0}}

PZ_INLINE void u256_set(u256 *out, uint64_t value) { pz_u256_zext(out, value); }

PZ_INLINE int u256_is_zero(const u256 *a) { return !(a->limb[0] | a->limb[1] | a->limb[2] | a->limb[3]); }
PZ_INLINE int u256_is_max(const u256 *a) {
    return (a->limb[0] & a->limb[1] & a->limb[2] & a->limb[3]) == UINT64_MAX;
}
PZ_INLINE int u256_fits_64(const u256 *a) { return !(a->limb[1] | a->limb[2] | a->limb[3]); }
/* -1, 0, 1. */
PZ_INLINE int u256_compare(const u256 *a, const u256 *b) { return (int)pz_u256_cmp(a, b); }
PZ_INLINE int u256_less(const u256 *a, const u256 *b) { return pz_u256_cmp(a, b) < 0; }
PZ_INLINE int u256_equal(const u256 *a, const u256 *b) { return pz_u256_cmp(a, b) == 0; }

/* Sum modulo 2^256; gives the carry. */
PZ_INLINE int u256_add(u256 *out, const u256 *a, const u256 *b) {
    if (out != a) {
        pz_u256_add(out, a, b);
        return pz_u256_cmp(out, a) < 0;
    }
    if (out != b) {
        pz_u256_add(out, a, b);
        return pz_u256_cmp(out, b) < 0;
    }
    int carry = (int)(a->limb[3] >> 63);
    pz_u256_add(out, a, b);
    return carry;
}

/* Difference modulo 2^256; gives the borrow. */
PZ_INLINE int u256_sub(u256 *out, const u256 *a, const u256 *b) {
    int borrow = pz_u256_cmp(a, b) < 0;
    pz_u256_sub(out, a, b);
    return borrow;
}

static __attribute__((noinline, unused)) int u256_mul_long(u256 *out, const u256 *a, const u256 *b) {
    u256 product[2];
    pz_u256_product(product, a, b);
    *out = product[0];
    return !u256_is_zero(&product[1]);
}

/* Product modulo 2^256; gives whether it was larger. */
PZ_INLINE int u256_mul(u256 *out, const u256 *a, const u256 *b) {
    if (a->limb[2] | a->limb[3] | b->limb[2] | b->limb[3]) return u256_mul_long(out, a, b);
    pz_u256_mul(out, a, b);
    return 0;
}

/* Rounded down; zero when b is zero. */
PZ_INLINE void u256_div(u256 *out, const u256 *a, const u256 *b) { pz_u256_div(out, a, b); }
PZ_INLINE void u256_mod(u256 *out, const u256 *a, const u256 *b) { pz_u256_mod(out, a, b); }

#endif
