/* ERC-20 bookkeeping for `token` and for the liquidity shares of `pair`, with the ABI, the errors, the events
 * and the storage layout of tests/fixtures/solidity/src/ERC20.sol.
 */
#ifndef ERC20_H
#define ERC20_H

#include <proz.h>
#include "signatures.h"

static const word NAME_SLOT = WORD(0), SYMBOL_SLOT = WORD(1), SUPPLY_SLOT = WORD(2), BALANCES_SLOT = WORD(3),
                  ALLOWANCES_SLOT = WORD(4);

/* An event with two indexed accounts and an amount: the topics, and the data right behind them. */
typedef struct {
    word event;
    account from, to;
    word amount;
} movement;

PZ_INLINE void emit(const movement *it) { pz_log(it, 3, &it->amount, 32); }

PZ_INLINE void balance_slot(word *out, const account *owner) { mapping_slot(out, &owner->as_word, &BALANCES_SLOT); }

PZ_INLINE void allowance_slot(word *out, const account *owner, const account *spender) {
    mapping_slot(out, &owner->as_word, &ALLOWANCES_SLOT);
    mapping_slot(out, &spender->as_word, out);
}

static void debit(const account *from, const u256 *amount) {
    word slot;
    u256 balance;
    balance_slot(&slot, from);
    storage_number(&balance, &slot);
    if (u256_less(&balance, amount)) {
        word held, needed;
        u256_store(&held, &balance);
        u256_store(&needed, amount);
        revert_error_3(ERC20_INSUFFICIENT_BALANCE, &from->as_word, &held, &needed);
    }
    pz_u256_sub(&balance, &balance, amount);
    storage_keep(&slot, &balance);
}

/* Cannot overflow: the sum of all balances is the supply. */
static void credit(const account *to, const u256 *amount) {
    word slot;
    u256 balance;
    balance_slot(&slot, to);
    storage_number(&balance, &slot);
    pz_u256_add(&balance, &balance, amount);
    storage_keep(&slot, &balance);
}

/* Moves `it->amount` and tells of it. */
static void move(movement *it) {
    u256 amount;
    if (account_is_zero(&it->to)) revert_error_1(ERC20_INVALID_RECEIVER, &it->to.as_word);
    u256_load(&amount, &it->amount);
    debit(&it->from, &amount);
    credit(&it->to, &amount);
    it->event = EVENT_TRANSFER;
    emit(it);
}

static void issue(const account *to, const u256 *amount) {
    movement it;
    u256 supply;
    storage_number(&supply, &SUPPLY_SLOT);
    checked_add(&supply, &supply, amount);
    storage_keep(&SUPPLY_SLOT, &supply);
    credit(to, amount);
    it.event = EVENT_TRANSFER;
    word_set(&it.from.as_word, 0);
    it.to = *to;
    u256_store(&it.amount, amount);
    emit(&it);
}

static void redeem(const account *from, const u256 *amount) {
    movement it;
    u256 supply;
    debit(from, amount);
    storage_number(&supply, &SUPPLY_SLOT);
    pz_u256_sub(&supply, &supply, amount);
    storage_keep(&SUPPLY_SLOT, &supply);
    it.event = EVENT_TRANSFER;
    it.from = *from;
    word_set(&it.to.as_word, 0);
    u256_store(&it.amount, amount);
    emit(&it);
}

/* An allowance of 2^256 - 1 is never spent. */
static void spend(const account *from, const account *spender, const word *amount) {
    word slot;
    u256 allowed, spent;
    allowance_slot(&slot, from, spender);
    storage_number(&allowed, &slot);
    if (u256_is_max(&allowed)) return;
    u256_load(&spent, amount);
    if (u256_less(&allowed, &spent)) {
        word left;
        u256_store(&left, &allowed);
        revert_error_3(ERC20_INSUFFICIENT_ALLOWANCE, &spender->as_word, &left, amount);
    }
    pz_u256_sub(&allowed, &allowed, &spent);
    storage_keep(&slot, &allowed);
}

PZ_METHOD("transfer(address,uint256)", transfer) {
    movement it;
    /* The arguments are the receiver and the amount, as they stand in `it`. */
    arguments(&it.to.as_word, 2);
    as_account(&it.to.as_word);
    caller(&it.from);
    move(&it);
    return_true();
}

PZ_METHOD("transferFrom(address,address,uint256)", transfer_from) {
    movement it;
    account spender;
    arguments(&it.from.as_word, 3);
    as_account(&it.from.as_word);
    as_account(&it.to.as_word);
    caller(&spender);
    spend(&it.from, &spender, &it.amount);
    move(&it);
    return_true();
}

PZ_METHOD("approve(address,uint256)", approve) {
    movement it;
    word slot;
    arguments(&it.to.as_word, 2);
    as_account(&it.to.as_word);
    caller(&it.from);
    allowance_slot(&slot, &it.from, &it.to);
    storage_set(&slot, &it.amount);
    it.event = EVENT_APPROVAL;
    emit(&it);
    return_true();
}

PZ_VIEW("balanceOf(address)", balance_of) {
    word owner, slot;
    arguments(&owner, 1);
    balance_slot(&slot, as_account(&owner));
    storage_word(&owner, &slot);
    return_word(&owner);
}

PZ_VIEW("allowance(address,address)", allowance) {
    word in[2], slot;
    arguments(in, 2);
    allowance_slot(&slot, as_account(&in[0]), as_account(&in[1]));
    storage_word(&in[0], &slot);
    return_word(&in[0]);
}

PZ_VIEW("totalSupply()", total_supply) {
    word supply;
    storage_word(&supply, &SUPPLY_SLOT);
    return_word(&supply);
}

PZ_PURE("decimals()", decimals) { return_small(18); }

enum { LONGEST_TEXT = 1024 };

PZ_NORETURN static void return_text(const word *slot) {
    word out[2 + LONGEST_TEXT / 32];
    return_bytes(out, storage_get_bytes(slot, out + 2, LONGEST_TEXT));
}

PZ_VIEW("name()", name) { return_text(&NAME_SLOT); }
PZ_VIEW("symbol()", symbol) { return_text(&SYMBOL_SLOT); }

#endif
