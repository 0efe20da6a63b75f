/* Call data: static and dynamic arguments, checked as Solidity checks them. What is malformed reverts. */
#ifndef PROZ_ARGUMENT_H
#define PROZ_ARGUMENT_H

#include <proz/result.h>

/* Where arguments begin: behind a method's selector, or at once for a constructor. */
enum { PZ_METHOD_START = 4, PZ_CONSTRUCTOR_START = 0 };

/* The first `count` words of the arguments: all of them if all are static. */
PZ_INLINE void arguments(word *out, uint64_t count) {
    require(pz_input_size() >= PZ_METHOD_START + 32 * count);
    pz_input_copy(out, PZ_METHOD_START, 32 * count);
}
PZ_INLINE void constructor_arguments(word *out, uint64_t count) {
    require(pz_input_size() >= 32 * count);
    pz_input_copy(out, PZ_CONSTRUCTOR_START, 32 * count);
}

/* Words as other types. */
PZ_INLINE const account *as_account(const word *in) {
    require(word_is_account(in));
    return (const account *)in;
}
PZ_INLINE int as_bool(const word *in) {
    require(word_fits_64(in) & (word_low(in) <= 1));
    return (int)word_low(in);
}
/* uint8 to uint64: reverts above `limit`. */
PZ_INLINE uint64_t as_small(const word *in, uint64_t limit) {
    require(word_fits_64(in) & (word_low(in) <= limit));
    return word_low(in);
}

/* A place in call data. */
typedef struct {
    uint64_t offset, count;
} span;

/* An argument of dynamic type: `head` is its word among the arguments, `item` the bytes of one item in call
 * data (1 for bytes and string, 32 for arrays of static words). Copy with pz_input_copy or span_words. */
static __attribute__((noinline, unused)) span as_span(const word *head, uint64_t start, uint64_t item) {
    uint64_t size = pz_input_size();
    word length;
    span out;
    require(word_fits_64(head) & (word_low(head) < size));
    out.offset = start + word_low(head);
    require(out.offset + 32 <= size);
    pz_input_copy(&length, out.offset, 32);
    out.offset += 32;
    require(word_fits_64(&length));
    out.count = word_low(&length);
    require(out.count <= (size - out.offset) / item);
    return out;
}
/* bytes or string of a method. */
PZ_INLINE span as_bytes(const word *head) { return as_span(head, PZ_METHOD_START, 1); }
/* An array of words of a method. */
PZ_INLINE span as_array(const word *head) { return as_span(head, PZ_METHOD_START, 32); }

/* Copies `count` words of an array, from item `first`; reverts past its end. */
PZ_INLINE void span_words(word *out, const span *from, uint64_t first, uint64_t count) {
    require((first <= from->count) & (count <= from->count - first));
    pz_input_copy(out, from->offset + 32 * first, 32 * count);
}

#endif
