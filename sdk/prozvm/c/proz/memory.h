/* What compilers expect of a C library: copies and fills are single instructions. */
#ifndef PROZ_MEMORY_H
#define PROZ_MEMORY_H

#include <pz64.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Weak, so that every file of a contract may include this; unused ones go with --gc-sections. */
#define PZ_LIBRARY __attribute__((weak, noinline))

PZ_LIBRARY void *memcpy(void *to, const void *from, __SIZE_TYPE__ size) {
    pz_mem_copy(to, from, size);
    return to;
}

PZ_LIBRARY void *memmove(void *to, const void *from, __SIZE_TYPE__ size) {
    pz_mem_copy(to, from, size);
    return to;
}

PZ_LIBRARY void *memset(void *to, int byte, __SIZE_TYPE__ size) {
    pz_mem_fill(to, (uint64_t)byte, size);
    return to;
}

PZ_LIBRARY int memcmp(const void *a, const void *b, __SIZE_TYPE__ size) {
    const uint8_t *x = (const uint8_t *)a, *y = (const uint8_t *)b;
    for (; size; size--, x++, y++)
        if (*x != *y) return *x < *y ? -1 : 1;
    return 0;
}

#ifdef __cplusplus
}
#endif
#endif
