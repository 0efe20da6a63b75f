// Eight kernels, one source for every engine. Each takes its size and gives a number that depends on all of its work.
#include "target.h"

// One step of xorshift64, the kernels' source of data.
static inline u64 scramble(u64 x)
{
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    return x;
}

// Recursion: the Fibonacci number, without memory of what was computed before.
__attribute__((noinline)) static u64 fibonacci(u64 n)
{
    return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
}

KERNEL(fib)(u64 n)
{
    return fibonacci(n);
}

// Registers only: steps of xorshift, gathered by a linear congruence.
KERNEL(loop)(u64 n)
{
    u64 x = 88172645463325252u, sum = 0;
    for (u64 i = 0; i < n; i++) {
        x = scramble(x);
        sum = sum * 6364136223846793005u + x;
    }
    return sum;
}

// Bytes: primes below n, at most 2,000,000, by the sieve of Eratosthenes.
static u8 composite[2000000];

KERNEL(sieve)(u64 n)
{
    u64 count = 0;
    for (u64 i = 0; i < n; i++)
        composite[i] = 0;
    for (u64 i = 2; i < n; i++) {
        if (composite[i])
            continue;
        count++;
        for (u64 j = i * i; j < n; j += i)
            composite[j] = 1;
    }
    return count;
}

// What the hashes hash: n bytes, at most 2 MiB.
static u64 message[(2 << 20) / 8];

static void write_message(u64 n)
{
    u64 x = 88172645463325252u;
    for (u64 i = 0; i < (n + 7) / 8; i++)
        message[i] = x = scramble(x);
}

// SHA-256.
static const u32 round_constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static inline u32 rotate32(u32 x, u32 n)
{
    return x >> n | x << (32 - n);
}

static void sha256_block(u32 state[8], const u8 *block)
{
    u32 w[64];
    for (int i = 0; i < 16; i++)
        w[i] = (u32)block[4 * i] << 24 | (u32)block[4 * i + 1] << 16 | (u32)block[4 * i + 2] << 8 | block[4 * i + 3];
    for (int i = 16; i < 64; i++) {
        u32 s0 = rotate32(w[i - 15], 7) ^ rotate32(w[i - 15], 18) ^ w[i - 15] >> 3;
        u32 s1 = rotate32(w[i - 2], 17) ^ rotate32(w[i - 2], 19) ^ w[i - 2] >> 10;
        w[i] = w[i - 16] + s0 + w[i - 7] + s1;
    }
    u32 a = state[0], b = state[1], c = state[2], d = state[3];
    u32 e = state[4], f = state[5], g = state[6], h = state[7];
    for (int i = 0; i < 64; i++) {
        u32 s1 = rotate32(e, 6) ^ rotate32(e, 11) ^ rotate32(e, 25);
        u32 t1 = h + s1 + ((e & f) ^ (~e & g)) + round_constants[i] + w[i];
        u32 s0 = rotate32(a, 2) ^ rotate32(a, 13) ^ rotate32(a, 22);
        u32 t2 = s0 + ((a & b) ^ (a & c) ^ (b & c));
        h = g, g = f, f = e, e = d + t1;
        d = c, c = b, b = a, a = t1 + t2;
    }
    state[0] += a, state[1] += b, state[2] += c, state[3] += d;
    state[4] += e, state[5] += f, state[6] += g, state[7] += h;
}

// The first eight bytes of the digest of n bytes, a multiple of 64, as a big-endian number.
KERNEL(sha256)(u64 n)
{
    u32 state[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    u8 last[64];
    write_message(n);
    for (u64 i = 0; i < n; i += 64)
        sha256_block(state, (const u8 *)message + i);
    for (int i = 0; i < 64; i++)
        last[i] = i == 0 ? 0x80 : i < 56 ? 0 : (u8)(8 * n >> 8 * (63 - i));
    sha256_block(state, last);
    return (u64)state[0] << 32 | state[1];
}

// Keccak-256.
static const u64 iota[24] = {
    0x0000000000000001, 0x0000000000008082, 0x800000000000808a, 0x8000000080008000, 0x000000000000808b,
    0x0000000080000001, 0x8000000080008081, 0x8000000000008009, 0x000000000000008a, 0x0000000000000088,
    0x0000000080008009, 0x000000008000000a, 0x000000008000808b, 0x800000000000008b, 0x8000000000008089,
    0x8000000000008003, 0x8000000000008002, 0x8000000000000080, 0x000000000000800a, 0x800000008000000a,
    0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008,
};

static inline u64 rotate64(u64 x, u32 n)
{
    return n == 0 ? x : x << n | x >> (64 - n);
}

static void keccak_f(u64 state[25])
{
    static const u8 offsets[25] = {0, 1, 62, 28, 27, 36, 44, 6, 55, 20, 3, 10, 43, 25, 39, 41, 45, 15, 21, 8, 18, 2, 61, 56, 14};
    u64 a[25];
#pragma clang loop unroll(full)
    for (int i = 0; i < 25; i++)
        a[i] = state[i];
#pragma clang loop unroll(disable)
    for (int round = 0; round < 24; round++) {
        u64 b[25], c[5];
#pragma clang loop unroll(full)
        for (int x = 0; x < 5; x++)
            c[x] = a[x] ^ a[x + 5] ^ a[x + 10] ^ a[x + 15] ^ a[x + 20];
#pragma clang loop unroll(full)
        for (int x = 0; x < 5; x++) {
            u64 d = c[(x + 4) % 5] ^ rotate64(c[(x + 1) % 5], 1);
#pragma clang loop unroll(full)
            for (int y = 0; y < 5; y++) {
                int from = x + 5 * y, to = y + 5 * ((2 * x + 3 * y) % 5);
                b[to] = rotate64(a[from] ^ d, offsets[from]);
            }
        }
#pragma clang loop unroll(full)
        for (int y = 0; y < 25; y += 5)
#pragma clang loop unroll(full)
            for (int x = 0; x < 5; x++)
                a[y + x] = b[y + x] ^ (~b[y + (x + 1) % 5] & b[y + (x + 2) % 5]);
        a[0] ^= iota[round];
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < 25; i++)
        state[i] = a[i];
}

// The first eight bytes of the digest of n bytes, a multiple of 8 that leaves room for the padding, little-endian.
KERNEL(keccak)(u64 n)
{
    u64 state[25];
    for (int i = 0; i < 25; i++)
        state[i] = 0;
    write_message(n);
    const u64 *from = message;
    for (; n >= 136; n -= 136, from += 17) {
        for (int i = 0; i < 17; i++)
            state[i] ^= from[i];
        keccak_f(state);
    }
    for (u64 i = 0; i < n / 8; i++)
        state[i] ^= from[i];
    state[n / 8] ^= 1;
    state[16] ^= 1ull << 63;
    keccak_f(state);
    return state[0];
}

// Montgomery multiplications modulo the prime of secp256k1; operands are scanned once.
typedef struct {
    u64 limb[4];
} u256;

static const u256 prime = {{0xfffffffefffffc2f, 0xffffffffffffffff, 0xffffffffffffffff, 0xffffffffffffffff}};
static const u64 inverse = 0xd838091dd2253531;
static const u256 one_factor = {{0x123456789abcdef1, 0x0fedcba987654321, 0x0011223344556677, 0x7766554433221100}};
static const u256 other_factor = {{0xdeadbeefcafebabe, 0x0123456789abcdef, 0x5555aaaa3333cccc, 0x1122334455667788}};

static u256 montgomery(u256 a, u256 b)
{
    u64 t[5] = {0};
#pragma clang loop unroll(full)
    for (int i = 0; i < 4; i++) {
        u64 carry = 0, top;
#pragma clang loop unroll(full)
        for (int j = 0; j < 4; j++)
            t[j] = multiply_add(a.limb[j], b.limb[i], t[j], carry, &carry);
        top = t[4] + carry;
        u64 over = top < carry;
        u64 factor = t[0] * inverse;
        multiply_add(factor, prime.limb[0], t[0], 0, &carry);
#pragma clang loop unroll(full)
        for (int j = 1; j < 4; j++)
            t[j - 1] = multiply_add(factor, prime.limb[j], t[j], carry, &carry);
        t[3] = top + carry;
        t[4] = over + (t[3] < carry);
    }
    u256 sum, reduced;
    u64 borrow = 0;
#pragma clang loop unroll(full)
    for (int j = 0; j < 4; j++) {
        u64 first = t[j] - prime.limb[j];
        reduced.limb[j] = first - borrow;
        borrow = (t[j] < prime.limb[j]) | (first < borrow);
    }
    u64 keep = -(u64)(t[4] < borrow);
#pragma clang loop unroll(full)
    for (int j = 0; j < 4; j++)
        sum.limb[j] = (t[j] & keep) | (reduced.limb[j] & ~keep);
    return sum;
}

static u64 fold(u256 a)
{
    return a.limb[0] ^ a.limb[1] ^ a.limb[2] ^ a.limb[3];
}

KERNEL(mulmod)(u64 n)
{
    u256 a = one_factor, b = other_factor;
    for (u64 i = 0; i < n; i += 2) {
        a = montgomery(a, b);
        b = montgomery(b, a);
    }
    return fold(a) + fold(b);
}

#if defined(PZ64_H)
// The same with the machine's own instruction.
KERNEL(mulmod_wide)(u64 n)
{
    u256 a = one_factor, b = other_factor;
    for (u64 i = 0; i < n; i += 2) {
        pz_u256_mulmont(&a, &a, &b, &prime);
        pz_u256_mulmont(&b, &b, &a, &prime);
    }
    return fold(a) + fold(b);
}
#endif

// Product of two matrices of n by n, at most 200.
static u64 left[200 * 200], right[200 * 200], product[200 * 200];

KERNEL(matmul)(u64 n)
{
    u64 x = 88172645463325252u, sum = 0;
    for (u64 i = 0; i < n * n; i++) {
        left[i] = x = scramble(x);
        right[i] = x = scramble(x);
    }
    for (u64 i = 0; i < n; i++)
        for (u64 j = 0; j < n; j++) {
            u64 cell = 0;
            for (u64 k = 0; k < n; k++)
                cell += left[i * n + k] * right[k * n + j];
            product[i * n + j] = cell;
        }
    for (u64 i = 0; i < n * n; i++)
        sum = sum * 31 + product[i];
    return sum;
}

// Heap sort of n numbers, at most 200,000.
static u64 numbers[200000];

static void sift(u64 root, u64 end)
{
    u64 value = numbers[root];
    for (;;) {
        u64 child = 2 * root + 1;
        if (child >= end)
            break;
        if (child + 1 < end && numbers[child] < numbers[child + 1])
            child++;
        if (numbers[child] <= value)
            break;
        numbers[root] = numbers[child];
        root = child;
    }
    numbers[root] = value;
}

KERNEL(sort)(u64 n)
{
    u64 x = 88172645463325252u, sum = 0;
    for (u64 i = 0; i < n; i++)
        numbers[i] = x = scramble(x);
    for (u64 i = n / 2; i-- > 0;)
        sift(i, n);
    for (u64 end = n; end-- > 1;) {
        u64 greatest = numbers[0];
        numbers[0] = numbers[end];
        numbers[end] = greatest;
        sift(0, end);
    }
    for (u64 i = 0; i < n; i++)
        sum = sum * 31 + numbers[i];
    return sum;
}
