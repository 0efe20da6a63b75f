/* Storage in Solidity's layout. */
#ifndef PROZ_STORAGE_H
#define PROZ_STORAGE_H

#include <proz/result.h>

PZ_INLINE void storage_word(word *out, const word *slot) { pz_storage_get(slot, out); }
PZ_INLINE void storage_number(u256 *out, const word *slot) {
    pz_storage_get(slot, out);
    pz_u256_bswap(out, out);
}
/* An address; what else lies in the slot is cut off. */
PZ_INLINE void storage_account(account *out, const word *slot) {
    pz_storage_get(slot, out);
    out->as_word.lane[0] = 0;
    out->as_word.lane[1] &= ~(uint64_t)0xffffffff;
}

PZ_INLINE void storage_set(const word *slot, const word *value) { pz_storage_set(slot, value); }
PZ_INLINE void storage_keep(const word *slot, const u256 *value) {
    word out;
    u256_store(&out, value);
    pz_storage_set(slot, &out);
}
PZ_INLINE void storage_keep_account(const word *slot, const account *value) { pz_storage_set(slot, value); }

/* The slot of mapping[key]; a nested mapping takes the outer one's result as its slot. One hash. */
PZ_INLINE void mapping_slot(word *out, const word *key, const word *mapping) {
    word preimage[2];
    preimage[0] = *key;
    preimage[1] = *mapping;
    pz_keccak256(out, preimage, 64);
}

/* The slot `count` behind another: members of a struct, items of an array. */
PZ_INLINE void slot_after(word *out, const word *slot, uint64_t count) {
    u256 number, more;
    u256_load(&number, slot);
    u256_set(&more, count);
    pz_u256_add(&number, &number, &more);
    u256_store(out, &number);
}

/* Where the items of the dynamic array in `slot` begin. One hash. */
PZ_INLINE void array_slot(word *out, const word *slot) { pz_keccak256(out, slot, 32); }

/* Writes a string or bytes value into a slot that was empty. */
static __attribute__((noinline, unused)) void storage_put_bytes(const word *slot, const void *bytes, uint64_t size) {
    word value, at;
    if (size < 32) {
        word_set(&value, 0);
        pz_mem_copy(&value, bytes, size);
        ((uint8_t *)&value)[31] = (uint8_t)(size * 2);
        pz_storage_set(slot, &value);
        return;
    }
    word_set(&value, size * 2 + 1);
    pz_storage_set(slot, &value);
    array_slot(&at, slot);
    for (uint64_t done = 0; done < size; done += 32) {
        uint64_t part = size - done < 32 ? size - done : 32;
        word_set(&value, 0);
        pz_mem_copy(&value, (const uint8_t *)bytes + done, part);
        pz_storage_set(&at, &value);
        slot_after(&at, &at, 1);
    }
}

/* Reads a string or bytes value, whole words at a time; gives its size, and reads no more than `room` bytes,
 * a multiple of 32. */
static __attribute__((noinline, unused)) uint64_t storage_get_bytes(const word *slot, void *to, uint64_t room) {
    word value, at;
    pz_storage_get(slot, &value);
    uint64_t last = ((uint8_t *)&value)[31];
    if (!(last & 1)) {
        ((uint8_t *)&value)[31] = 0;
        *(word *)to = value;
        return last / 2;
    }
    uint64_t size = word_low(&value) / 2;
    array_slot(&at, slot);
    for (uint64_t done = 0; done < size && done < room; done += 32) {
        pz_storage_get(&at, (uint8_t *)to + done);
        slot_after(&at, &at, 1);
    }
    return size;
}

#endif
