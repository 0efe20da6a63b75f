// What the targets do differently: how a kernel is exported, and the product of two 64-bit numbers.
#pragma once

typedef unsigned long long u64;
typedef unsigned int u32;
typedef unsigned char u8;

// KERNEL(name) begins the definition of an exported `u64 name(u64 size)`.
#if defined(__wasm__)

#define KERNEL(name) __attribute__((export_name(#name))) u64 kernel_##name

#elif defined(POLKAVM)

struct metadata {
    u8 version;
    u32 flags;
    u32 length;
    const char *symbol;
    u8 inputs;
    u8 outputs;
} __attribute__((packed));

#define KERNEL(name)                                                                             \
    u64 kernel_##name(u64);                                                                      \
    static const char symbol_##name[] = #name;                                                   \
    __attribute__((used, section(".polkavm_metadata"))) const struct metadata metadata_##name = \
        {1, 0, sizeof(#name) - 1, symbol_##name, 1, 1};                                          \
    __asm__(".pushsection .polkavm_exports,\"Ra\",@note\n"                                       \
            ".byte 1\n"                                                                          \
            "auipc zero, %pcrel_hi(metadata_" #name ")\n"                                        \
            ".4byte 0\n"                                                                         \
            "auipc zero, %pcrel_hi(kernel_" #name ")\n"                                          \
            ".4byte 0\n"                                                                         \
            ".popsection\n");                                                                    \
    u64 kernel_##name

#elif defined(__riscv)

#include "pz64.h"

#define KERNEL(name)                  \
    u64 kernel_##name(u64);           \
    PZ_PLAIN(#name, kernel_##name);   \
    u64 kernel_##name

#else

#define KERNEL(name) u64 kernel_##name

#endif

// *high : *low = a * b + c + d, which cannot overflow.
static inline __attribute__((always_inline)) u64 multiply_add(u64 a, u64 b, u64 c, u64 d, u64 *high)
{
#if defined(__wasm__)
    // Wasm has no wide product, and clang would call a function of its runtime library.
    u64 a0 = (u32)a, a1 = a >> 32, b0 = (u32)b, b1 = b >> 32;
    u64 low = a0 * b0, middle = a1 * b0 + (low >> 32), cross = a0 * b1 + (u32)middle;
    u64 upper = a1 * b1 + (middle >> 32) + (cross >> 32);
    low = cross << 32 | (u32)low;
    low += c;
    upper += low < c;
    low += d;
    upper += low < d;
    *high = upper;
    return low;
#else
    unsigned __int128 sum = (unsigned __int128)a * b + c + d;
    *high = (u64)(sum >> 64);
    return (u64)sum;
#endif
}
