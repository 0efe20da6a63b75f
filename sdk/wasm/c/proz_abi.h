/* Solidity's ABI for contracts in C: 256-bit numbers, arguments, results, errors, mappings.
 *
 * Contracts written with it answer the selectors of their Solidity counterparts, so callers in the
 * EVM, `cast` and ethers need not know the difference. Everything is `ABI`; what is not
 * used costs nothing.
 */
#ifndef PROZ_ABI_H
#define PROZ_ABI_H

#include <proz.h>

/* Kept out of line: contracts pay for their size. */
#define ABI static __attribute__((noinline, unused))

typedef struct { uint8_t bytes[32]; } word;    /* big-endian, as it crosses to the host */
typedef struct { uint64_t limb[4]; } u256;     /* least significant limb first */
typedef struct { uint8_t bytes[20]; } account;

/* The compiler turns plain copies and fills into calls of these. */
void *memcpy(void *dst, const void *src, __SIZE_TYPE__ size);
void *memset(void *dst, int byte, __SIZE_TYPE__ size);

/* Numbers. */

static inline u256 u256_from(uint64_t value) { return (u256){{value, 0, 0, 0}}; }

ABI u256 u256_load(const void *bytes) {
    u256 out;
    for (int i = 0; i < 4; i++) {
        uint64_t limb;
        __builtin_memcpy(&limb, (const uint8_t *)bytes + 8 * (3 - i), 8);
        out.limb[i] = __builtin_bswap64(limb);
    }
    return out;
}

ABI void u256_store(void *bytes, u256 value) {
    for (int i = 0; i < 4; i++) {
        uint64_t limb = __builtin_bswap64(value.limb[i]);
        __builtin_memcpy((uint8_t *)bytes + 8 * (3 - i), &limb, 8);
    }
}

ABI int u256_is_zero(u256 a) { return !(a.limb[0] | a.limb[1] | a.limb[2] | a.limb[3]); }

ABI int u256_cmp(u256 a, u256 b) {
    for (int i = 3; i >= 0; i--)
        if (a.limb[i] != b.limb[i]) return a.limb[i] < b.limb[i] ? -1 : 1;
    return 0;
}

/* Writes a + b and returns the carry. */
ABI int u256_add(u256 *out, u256 a, u256 b) {
    uint64_t carry = 0;
    for (int i = 0; i < 4; i++) {
        uint64_t sum = a.limb[i] + carry;
        carry = sum < carry;
        out->limb[i] = sum + b.limb[i];
        carry += out->limb[i] < sum;
    }
    return (int)carry;
}

/* Writes a - b and returns the borrow. */
ABI int u256_sub(u256 *out, u256 a, u256 b) {
    uint64_t borrow = 0;
    for (int i = 0; i < 4; i++) {
        uint64_t difference = a.limb[i] - b.limb[i];
        uint64_t next = a.limb[i] < b.limb[i];
        out->limb[i] = difference - borrow;
        borrow = next + (difference < borrow);
    }
    return (int)borrow;
}

ABI void u256_digits(uint32_t *digits, u256 a) {
    for (int i = 0; i < 4; i++) {
        digits[2 * i] = (uint32_t)a.limb[i];
        digits[2 * i + 1] = (uint32_t)(a.limb[i] >> 32);
    }
}

ABI u256 u256_of_digits(const uint32_t *digits) {
    u256 out;
    for (int i = 0; i < 4; i++) out.limb[i] = digits[2 * i] | (uint64_t)digits[2 * i + 1] << 32;
    return out;
}

/* Writes a * b and returns whether it does not fit. */
ABI int u256_mul(u256 *out, u256 a, u256 b) {
    uint32_t x[8], y[8], product[16] = {0};
    u256_digits(x, a);
    u256_digits(y, b);
    for (int i = 0; i < 8; i++) {
        uint64_t carry = 0;
        if (!x[i]) continue;
        for (int j = 0; j < 8; j++) {
            carry += (uint64_t)x[i] * y[j] + product[i + j];
            product[i + j] = (uint32_t)carry;
            carry >>= 32;
        }
        product[i + 8] = (uint32_t)carry;
    }
    *out = u256_of_digits(product);
    uint32_t high = 0;
    for (int i = 8; i < 16; i++) high |= product[i];
    return high != 0;
}

/* Returns a / b, rounded down; 0 when b is 0. Knuth's algorithm D on 32-bit digits. */
ABI u256 u256_div(u256 a, u256 b) {
    uint32_t u[9] = {0}, v[8], q[8] = {0};
    u256_digits(u, a);
    u256_digits(v, b);
    int n = 8;
    while (n && !v[n - 1]) n--;
    if (!n) return u256_from(0);
    if (n == 1) {
        uint64_t rest = 0;
        for (int i = 7; i >= 0; i--) {
            rest = rest << 32 | u[i];
            q[i] = (uint32_t)(rest / v[0]);
            rest %= v[0];
        }
        return u256_of_digits(q);
    }
    int shift = __builtin_clz(v[n - 1]);
    if (shift) {
        for (int i = n - 1; i > 0; i--) v[i] = v[i] << shift | v[i - 1] >> (32 - shift);
        v[0] <<= shift;
        u[8] = u[7] >> (32 - shift);
        for (int i = 7; i > 0; i--) u[i] = u[i] << shift | u[i - 1] >> (32 - shift);
        u[0] <<= shift;
    }
    for (int j = 8 - n; j >= 0; j--) {
        uint64_t top = (uint64_t)u[j + n] << 32 | u[j + n - 1];
        uint64_t digit = top / v[n - 1], rest = top % v[n - 1];
        while (digit >> 32 || digit * v[n - 2] > (rest << 32 | u[j + n - 2])) {
            digit--;
            rest += v[n - 1];
            if (rest >> 32) break;
        }
        int64_t borrow = 0;
        uint64_t carry = 0;
        for (int i = 0; i < n; i++) {
            carry += digit * v[i];
            int64_t difference = (int64_t)u[i + j] - borrow - (int64_t)(uint32_t)carry;
            u[i + j] = (uint32_t)difference;
            borrow = difference < 0;
            carry >>= 32;
        }
        int64_t difference = (int64_t)u[j + n] - borrow - (int64_t)carry;
        u[j + n] = (uint32_t)difference;
        if (difference < 0) {
            digit--;
            carry = 0;
            for (int i = 0; i < n; i++) {
                carry += (uint64_t)u[i + j] + v[i];
                u[i + j] = (uint32_t)carry;
                carry >>= 32;
            }
            u[j + n] += (uint32_t)carry;
        }
        q[j] = (uint32_t)digit;
    }
    return u256_of_digits(q);
}

/* Endings. */

typedef struct {
    uint8_t bytes[4 + 32 * 8];
    uint32_t size;
} encoder;

ABI encoder abi_error(uint32_t selector) {
    encoder out;
    out.bytes[0] = (uint8_t)(selector >> 24);
    out.bytes[1] = (uint8_t)(selector >> 16);
    out.bytes[2] = (uint8_t)(selector >> 8);
    out.bytes[3] = (uint8_t)selector;
    out.size = 4;
    return out;
}

/* A call's data begins as an error does: selector, then arguments. */
#define abi_call abi_error

ABI encoder abi_result(void) {
    encoder out;
    out.size = 0;
    return out;
}

ABI void abi_put(encoder *out, u256 value) {
    u256_store(out->bytes + out->size, value);
    out->size += 32;
}

ABI void abi_put_account(encoder *out, account value) {
    __builtin_memset(out->bytes + out->size, 0, 12);
    __builtin_memcpy(out->bytes + out->size + 12, value.bytes, 20);
    out->size += 32;
}

PROZ_NORETURN ABI void abi_return(const encoder *out) { proz_return(out->bytes, out->size); }
PROZ_NORETURN ABI void abi_revert(const encoder *out) { proz_revert(out->bytes, out->size); }

PROZ_NORETURN ABI void return_number(u256 value) {
    encoder out = abi_result();
    abi_put(&out, value);
    abi_return(&out);
}

PROZ_NORETURN ABI void return_account(account value) {
    encoder out = abi_result();
    abi_put_account(&out, value);
    abi_return(&out);
}

PROZ_NORETURN ABI void return_nothing(void) { proz_return(0, 0); }
PROZ_NORETURN ABI void revert_empty(void) { proz_revert(0, 0); }

PROZ_NORETURN ABI void revert_with(uint32_t selector) {
    encoder out = abi_error(selector);
    abi_revert(&out);
}

PROZ_NORETURN ABI void revert_number(uint32_t selector, u256 value) {
    encoder out = abi_error(selector);
    abi_put(&out, value);
    abi_revert(&out);
}

PROZ_NORETURN ABI void revert_account(uint32_t selector, account value) {
    encoder out = abi_error(selector);
    abi_put_account(&out, value);
    abi_revert(&out);
}

/* Solidity's Panic(uint256): 0x11 overflow, 0x12 division by zero. */
PROZ_NORETURN ABI void panic(uint32_t code) { revert_number(0x4e487b71u, u256_from(code)); }

ABI u256 checked_add(u256 a, u256 b) {
    u256 out;
    if (u256_add(&out, a, b)) panic(0x11);
    return out;
}

ABI u256 checked_sub(u256 a, u256 b) {
    u256 out;
    if (u256_sub(&out, a, b)) panic(0x11);
    return out;
}

ABI u256 checked_mul(u256 a, u256 b) {
    u256 out;
    if (u256_mul(&out, a, b)) panic(0x11);
    return out;
}

ABI u256 checked_div(u256 a, u256 b) {
    if (u256_is_zero(b)) panic(0x12);
    return u256_div(a, b);
}

/* Arguments. */

/* The selector, 0 for shorter call data. */
ABI uint32_t abi_selector(void) {
    uint8_t bytes[4];
    if (proz_input_size() < 4) return 0;
    proz_input_copy(bytes, 0, 4);
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/* Word number `at` after `start` bytes (4 for calls, 0 for constructors); reverts when missing. */
ABI word abi_word(uint32_t start, uint32_t at) {
    word out;
    uint32_t offset = start + 32 * at;
    if (proz_input_size() < offset + 32) revert_empty();
    proz_input_copy(out.bytes, offset, 32);
    return out;
}

ABI u256 arg_number(uint32_t at) {
    word out = abi_word(4, at);
    return u256_load(out.bytes);
}

ABI account account_of(word in) {
    account out;
    for (int i = 0; i < 12; i++)
        if (in.bytes[i]) revert_empty();
    __builtin_memcpy(out.bytes, in.bytes + 12, 20);
    return out;
}

ABI account arg_account(uint32_t at) { return account_of(abi_word(4, at)); }

/* Place and size of argument `at` of a dynamic type; reverts when it reaches past the input. */
ABI uint32_t abi_dynamic(uint32_t start, uint32_t at, uint32_t *size) {
    word head = abi_word(start, at);
    u256 offset = u256_load(head.bytes);
    uint32_t total = proz_input_size();
    if (offset.limb[3] | offset.limb[2] | offset.limb[1] || offset.limb[0] > total) revert_empty();
    uint32_t place = start + (uint32_t)offset.limb[0];
    if (place + 32 > total) revert_empty();
    proz_input_copy(head.bytes, place, 32);
    u256 length = u256_load(head.bytes);
    if (length.limb[3] | length.limb[2] | length.limb[1] || length.limb[0] > total) revert_empty();
    *size = (uint32_t)length.limb[0];
    if (place + 32 + *size > total) revert_empty();
    return place + 32;
}

ABI int account_equal(account a, account b) { return !__builtin_memcmp(a.bytes, b.bytes, 20); }
ABI int account_less(account a, account b) { return __builtin_memcmp(a.bytes, b.bytes, 20) < 0; }

ABI int account_is_zero(account a) {
    uint8_t any = 0;
    for (int i = 0; i < 20; i++) any |= a.bytes[i];
    return !any;
}

ABI account caller(void) {
    account out;
    proz_caller(out.bytes);
    return out;
}

ABI account self(void) {
    account out;
    proz_address(out.bytes);
    return out;
}

/* Reverts when value was sent. */
ABI void not_payable(void) {
    word value;
    proz_value(value.bytes);
    if (!u256_is_zero(u256_load(value.bytes))) revert_empty();
}

/* Storage in Solidity's layout. */

ABI word slot_number(uint32_t number) {
    word out;
    u256_store(out.bytes, u256_from(number));
    return out;
}

ABI word word_of(account key) {
    word out;
    __builtin_memset(out.bytes, 0, 12);
    __builtin_memcpy(out.bytes + 12, key.bytes, 20);
    return out;
}

/* Slot of mapping[key]. */
ABI word slot_of(word key, word mapping) {
    uint8_t preimage[64];
    word out;
    __builtin_memcpy(preimage, key.bytes, 32);
    __builtin_memcpy(preimage + 32, mapping.bytes, 32);
    proz_keccak256(preimage, 64, out.bytes);
    return out;
}

ABI word slot_after(word slot, uint32_t count) {
    u256 sum;
    u256_add(&sum, u256_load(slot.bytes), u256_from(count));
    word out;
    u256_store(out.bytes, sum);
    return out;
}

ABI u256 load(word slot) {
    word value;
    proz_storage_get(slot.bytes, value.bytes);
    return u256_load(value.bytes);
}

ABI void store(word slot, u256 value) {
    word bytes;
    u256_store(bytes.bytes, value);
    proz_storage_set(slot.bytes, bytes.bytes);
}

ABI account load_account(word slot) {
    word value;
    account out;
    proz_storage_get(slot.bytes, value.bytes);
    __builtin_memcpy(out.bytes, value.bytes + 12, 20);
    return out;
}

ABI void store_account(word slot, account value) {
    word bytes = word_of(value);
    proz_storage_set(slot.bytes, bytes.bytes);
}

/* Writes a string or bytes value; the slot must have been empty. */
ABI void store_bytes(word slot, const uint8_t *bytes, uint32_t size) {
    word value;
    __builtin_memset(value.bytes, 0, 32);
    if (size < 32) {
        __builtin_memcpy(value.bytes, bytes, size);
        value.bytes[31] = (uint8_t)(size * 2);
        proz_storage_set(slot.bytes, value.bytes);
        return;
    }
    word data;
    proz_keccak256(slot.bytes, 32, data.bytes);
    for (uint32_t done = 0; done < size; done += 32) {
        uint32_t part = size - done < 32 ? size - done : 32;
        __builtin_memset(value.bytes, 0, 32);
        __builtin_memcpy(value.bytes, bytes + done, part);
        word at = slot_after(data, done / 32);
        proz_storage_set(at.bytes, value.bytes);
    }
    store(slot, u256_from((uint64_t)size * 2 + 1));
}

/* Reads a string or bytes value of at most `room` bytes; returns its size. */
ABI uint32_t load_bytes(word slot, uint8_t *dst, uint32_t room) {
    word value;
    proz_storage_get(slot.bytes, value.bytes);
    if (!(value.bytes[31] & 1)) {
        uint32_t size = value.bytes[31] / 2;
        __builtin_memcpy(dst, value.bytes, size);
        return size;
    }
    uint32_t size = (uint32_t)(u256_load(value.bytes).limb[0] / 2);
    if (size > room) size = room;
    word data;
    proz_keccak256(slot.bytes, 32, data.bytes);
    for (uint32_t done = 0; done < size; done += 32) {
        uint32_t part = size - done < 32 ? size - done : 32;
        word at = slot_after(data, done / 32);
        proz_storage_get(at.bytes, value.bytes);
        __builtin_memcpy(dst + done, value.bytes, part);
    }
    return size;
}

/* Events. */

ABI void emit_event_1(const uint8_t *signature, word indexed, const void *data, uint32_t size) {
    word topics[2];
    __builtin_memcpy(topics[0].bytes, signature, 32);
    topics[1] = indexed;
    proz_emit_event(topics, 2, data, size);
}

ABI void emit_event_2(const uint8_t *signature, word first, word second, const void *data, uint32_t size) {
    word topics[3];
    __builtin_memcpy(topics[0].bytes, signature, 32);
    topics[1] = first;
    topics[2] = second;
    proz_emit_event(topics, 3, data, size);
}

#endif
