// Contracts in C++20 that speak Solidity's ABI: proz.h with operators, and hashes of signatures at compile time.
//
//     #include <proz.hpp>
//     using namespace proz;
//
//     PZ_METHOD("add(uint256)", add) {
//         auto [more] = arguments<Number>();
//         Slot<Number> number{0};
//         number = number.get() + more;
//     }
//
// Freestanding: no allocation, no exceptions, no destructors, nothing from the standard library. Operators on
// Number revert with Solidity's panics; wrapping arithmetic is that of pz64.h.
#ifndef PROZ_HPP
#define PROZ_HPP

#include <proz.h>

namespace proz {

// Keccak-256 at compile time.
namespace hash {
constexpr uint64_t rotate(uint64_t lane, unsigned count) {
    return count ? lane << count | lane >> (64 - count) : lane;
}

struct Digest {
    uint64_t lane[4];
};

consteval void permute(uint64_t (&lanes)[25]) {
    unsigned state = 1;
    for (int round = 0; round < 24; round++) {
        uint64_t column[5] = {};
        for (int at = 0; at < 25; at++) column[at % 5] ^= lanes[at];
        for (int at = 0; at < 25; at++) lanes[at] ^= column[(at + 4) % 5] ^ rotate(column[(at + 1) % 5], 1);
        int x = 1, y = 0;
        uint64_t moving = lanes[1];
        for (int step = 0; step < 24; step++) {
            int next = (2 * x + 3 * y) % 5;
            x = y;
            y = next;
            uint64_t kept = lanes[x + 5 * y];
            lanes[x + 5 * y] = rotate(moving, (step + 1) * (step + 2) / 2 % 64);
            moving = kept;
        }
        for (int row = 0; row < 25; row += 5) {
            uint64_t old[5];
            for (int at = 0; at < 5; at++) old[at] = lanes[row + at];
            for (int at = 0; at < 5; at++) lanes[row + at] = old[at] ^ (~old[(at + 1) % 5] & old[(at + 2) % 5]);
        }
        for (int bit = 0; bit < 7; bit++) {
            state = (state << 1 ^ (state >> 7) * 0x171) % 256;
            lanes[0] ^= (uint64_t)(state >> 1 & 1) << ((1 << bit) - 1);
        }
    }
}

consteval Digest keccak256(const char *text, unsigned size) {
    uint64_t lanes[25] = {};
    unsigned place = 0;
    auto absorb = [&](unsigned byte) { lanes[place / 8] ^= (uint64_t)byte << (8 * (place % 8)); };
    for (unsigned at = 0; at < size; at++) {
        absorb((unsigned char)text[at]);
        if (++place == 136) {
            permute(lanes);
            place = 0;
        }
    }
    absorb(1);
    place = 135;
    absorb(0x80);
    permute(lanes);
    return {{lanes[0], lanes[1], lanes[2], lanes[3]}};
}
}  // namespace hash

// Topic of an event: topic("Transfer(address,address,uint256)").
template <unsigned N> consteval ::word topic(const char (&signature)[N]) {
    hash::Digest digest = hash::keccak256(signature, N - 1);
    return {{digest.lane[0], digest.lane[1], digest.lane[2], digest.lane[3]}};
}

// Selector of a function or an error, as proz.h takes it.
template <unsigned N> consteval uint32_t selector(const char (&signature)[N]) {
    return __builtin_bswap32((uint32_t)hash::keccak256(signature, N - 1).lane[0]);
}

// A 256-bit number. Arithmetic reverts on overflow and on division by zero, as in Solidity.
struct Number {
    u256 value;

    Number() = default;
    Number(uint64_t small) { u256_set(&value, small); }
    static Number of(const ::word &from) {
        Number out;
        u256_load(&out.value, &from);
        return out;
    }
    ::word to_word() const {
        ::word out;
        u256_store(&out, &value);
        return out;
    }

    friend Number operator+(const Number &a, const Number &b) {
        Number out;
        checked_add(&out.value, &a.value, &b.value);
        return out;
    }
    friend Number operator-(const Number &a, const Number &b) {
        Number out;
        checked_sub(&out.value, &a.value, &b.value);
        return out;
    }
    friend Number operator*(const Number &a, const Number &b) {
        Number out;
        checked_mul(&out.value, &a.value, &b.value);
        return out;
    }
    friend Number operator/(const Number &a, const Number &b) {
        Number out;
        checked_div(&out.value, &a.value, &b.value);
        return out;
    }
    friend Number operator%(const Number &a, const Number &b) {
        if (u256_is_zero(&b.value)) panic(0x12);
        Number out;
        u256_mod(&out.value, &a.value, &b.value);
        return out;
    }
    Number &operator+=(const Number &b) { return checked_add(&value, &value, &b.value), *this; }
    Number &operator-=(const Number &b) { return checked_sub(&value, &value, &b.value), *this; }
    friend bool operator==(const Number &a, const Number &b) { return u256_equal(&a.value, &b.value); }
    friend bool operator<(const Number &a, const Number &b) { return u256_less(&a.value, &b.value); }
    friend bool operator>(const Number &a, const Number &b) { return b < a; }
    friend bool operator<=(const Number &a, const Number &b) { return !(b < a); }
    friend bool operator>=(const Number &a, const Number &b) { return !(a < b); }
};

// An address.
struct Account {
    ::account value;

    static Account of(const ::word &from) { return {*as_account(&from)}; }
    static Account caller() {
        Account out;
        ::caller(&out.value);
        return out;
    }
    static Account self() {
        Account out;
        ::self(&out.value);
        return out;
    }
    ::word to_word() const { return value.as_word; }
    bool is_zero() const { return account_is_zero(&value); }
    friend bool operator==(const Account &a, const Account &b) { return account_equal(&a.value, &b.value); }
};

// 32 bytes.
struct Bytes32 {
    ::word value;

    static Bytes32 of(const ::word &from) { return {from}; }
    ::word to_word() const { return value; }
};

// Arguments of static types, checked: auto [to, amount] = arguments<Account, Number>();
template <class... T> struct Values;
template <class A> struct Values<A> {
    A a;
};
template <class A, class B> struct Values<A, B> {
    A a;
    B b;
};
template <class A, class B, class C> struct Values<A, B, C> {
    A a;
    B b;
    C c;
};
template <class A, class B, class C, class D> struct Values<A, B, C, D> {
    A a;
    B b;
    C c;
    D d;
};
template <class... T> Values<T...> arguments() {
    ::word in[sizeof...(T)];
    ::arguments(in, sizeof...(T));
    const ::word *at = in;
    return {T::of(*at++)...};
}

// A slot of storage.
template <class T> struct Slot {
    ::word key;

    Slot(uint64_t number) { word_set(&key, number); }
    Slot(const ::word &key) : key(key) {}
    T get() const {
        ::word out;
        storage_word(&out, &key);
        return T::of(out);
    }
    void operator=(const T &value) {
        ::word out = value.to_word();
        storage_set(&key, &out);
    }
};

// mapping(K => V); nested: Mapping<Account, Mapping<Account, Number>>.
template <class K, class V> struct Mapping {
    ::word key;

    Mapping(uint64_t number) { word_set(&key, number); }
    Mapping(const ::word &key) : key(key) {}
    auto operator[](const K &at) const {
        ::word inner = at.to_word(), slot;
        mapping_slot(&slot, &inner, &key);
        return inside(slot, (V *)0);
    }

  private:
    template <class A, class B> static Mapping<A, B> inside(const ::word &slot, Mapping<A, B> *) { return {slot}; }
    template <class T> static Slot<T> inside(const ::word &slot, T *) { return {slot}; }
};

// Emits an event, indexed values first: emit(topic("Transfer(address,address,uint256)"), from, to)(amount);
template <class... T> struct Topics {
    ::word topics[1 + sizeof...(T)];

    template <class... D> void operator()(const D &...data) {
        ::word out[sizeof...(D) ? sizeof...(D) : 1] = {data.to_word()...};
        pz_log(topics, 1 + sizeof...(T), out, 32 * sizeof...(D));
    }
};
template <class... T> Topics<T...> emit(const ::word &event, const T &...indexed) {
    return {{event, indexed.to_word()...}};
}

// Ends the call with results.
template <class... T> [[noreturn]] void finish(const T &...results) {
    ::word out[sizeof...(T)] = {results.to_word()...};
    return_words(out, sizeof...(T));
}

}  // namespace proz
#endif
