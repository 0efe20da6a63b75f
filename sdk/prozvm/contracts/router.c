/* Adds and removes liquidity and swaps through pairs of any VM: takes the place of
 * tests/fixtures/solidity/src/Router.sol.
 */
#include "transfers.h"

PZ_STACK(8192);

static void before(const word *deadline) {
    word now;
    word_set(&now, pz_block_timestamp());
    if (word_less(deadline, &now)) revert_error_2(EXPIRED, deadline, &now);
}

static void require_amount(const account *token, const word *amount, const word *minimum) {
    if (word_less(amount, minimum)) revert_error_3(INSUFFICIENT_AMOUNT, &token->as_word, amount, minimum);
}

/* Asks a pair for `count` words. */
static void ask(const account *pair, uint32_t selector, word *out, uint64_t count) {
    uint32_t input = __builtin_bswap32(selector);
    call_words(PZ_CALL_STATIC, pair, &input, 4, out, count);
}

static void token_of(const account *pair, uint32_t selector, account *out) {
    ask(pair, selector, &out->as_word, 1);
    as_account(&out->as_word);
}

static void reserves_of(const account *pair, u256 *first, u256 *second) {
    word out[2];
    ask(pair, GET_RESERVES, out, 2);
    u256_load(first, &out[0]);
    u256_load(second, &out[1]);
    require(!(first->limb[1] >> 48 | first->limb[2] | first->limb[3] | second->limb[1] >> 48 | second->limb[2] |
              second->limb[3]));
}

/* The amounts that a deposit of at most `desired` takes. */
static void quote(const account *pair, const word *desired, word *out) {
    u256 reserve0, reserve1, amount0, amount1, matching;
    reserves_of(pair, &reserve0, &reserve1);
    out[0] = desired[0];
    out[1] = desired[1];
    if (u256_is_zero(&reserve0) & u256_is_zero(&reserve1)) return;
    u256_load(&amount0, &desired[0]);
    u256_load(&amount1, &desired[1]);
    checked_mul(&matching, &amount0, &reserve1);
    checked_div(&matching, &matching, &reserve0);
    if (u256_compare(&matching, &amount1) <= 0) {
        u256_store(&out[1], &matching);
        return;
    }
    checked_mul(&matching, &amount1, &reserve0);
    checked_div(&matching, &matching, &reserve1);
    u256_store(&out[0], &matching);
}

static void deposit(const account *token, const account *pair, const word *amount, const word *minimum) {
    account sender;
    require_amount(token, amount, minimum);
    caller(&sender);
    pull(token, &sender, pair, amount);
}

PZ_METHOD("addLiquidity(address,uint256,uint256,uint256,uint256,address,uint256)", add_liquidity) {
    enum { PAIR, DESIRED, MINIMUM = DESIRED + 2, TO = MINIMUM + 2, DEADLINE, COUNT };
    word in[COUNT], out[3];
    account token;
    MESSAGE(1) mint;
    arguments(in, COUNT);
    const account *pair = as_account(&in[PAIR]);
    as_account(&in[TO]);
    before(&in[DEADLINE]);
    quote(pair, &in[DESIRED], out);
    token_of(pair, TOKEN0, &token);
    deposit(&token, pair, &out[0], &in[MINIMUM]);
    token_of(pair, TOKEN1, &token);
    deposit(&token, pair, &out[1], &in[MINIMUM + 1]);
    message_select(&mint, MINT);
    mint.words[0] = in[TO];
    CALL_WORDS(PZ_CALL_PLAIN, pair, &mint, 1, &out[2], 1);
    return_words(out, 3);
}

PZ_METHOD("removeLiquidity(address,uint256,uint256,uint256,address,uint256)", remove_liquidity) {
    enum { PAIR, SHARES, MINIMUM, TO = MINIMUM + 2, DEADLINE, COUNT };
    word in[COUNT], out[2];
    account token, sender;
    MESSAGE(1) burn;
    arguments(in, COUNT);
    const account *pair = as_account(&in[PAIR]);
    as_account(&in[TO]);
    before(&in[DEADLINE]);
    caller(&sender);
    pull(pair, &sender, pair, &in[SHARES]);
    message_select(&burn, BURN);
    burn.words[0] = in[TO];
    CALL_WORDS(PZ_CALL_PLAIN, pair, &burn, 1, out, 2);
    token_of(pair, TOKEN0, &token);
    require_amount(&token, &out[0], &in[MINIMUM]);
    token_of(pair, TOKEN1, &token);
    require_amount(&token, &out[1], &in[MINIMUM + 1]);
    return_words(out, 2);
}

/* Swaps what has arrived at the pair; gives the other token and its amount. */
static void swap(const account *pair, const account *in, const word *amount_in, const account *to, account *out,
                 word *amount_out) {
    account token0, token1;
    MESSAGE(2) price;
    MESSAGE(3) order;
    token_of(pair, TOKEN0, &token0);
    token_of(pair, TOKEN1, &token1);
    message_select(&price, GET_AMOUNT_OUT);
    price.words[0] = in->as_word;
    price.words[1] = *amount_in;
    CALL_WORDS(PZ_CALL_STATIC, pair, &price, 2, amount_out, 1);
    int first = account_equal(in, &token0);
    if (!first && !account_equal(in, &token1)) revert_error_2(INVALID_TOKEN_OF_PAIR, &pair->as_word, &in->as_word);
    message_select(&order, SWAP);
    word_set(&order.words[0], 0);
    word_set(&order.words[1], 0);
    order.words[first] = *amount_out;
    order.words[2] = to->as_word;
    call_contract(PZ_CALL_PLAIN, pair, message_data(&order), message_size(3));
    *out = first ? token1 : token0;
}

PZ_NORETURN static void swapped(const account *sender, const account *in, const account *out, const word *amount_in,
                                const word *amount_out, const word *least, const account *to) {
    if (word_less(amount_out, least)) revert_error_2(INSUFFICIENT_OUTPUT_AMOUNT, amount_out, least);
    struct {
        word event;
        account sender, in, out;
        word amount_in, amount_out;
        account to;
    } log = {EVENT_SWAPPED, *sender, *in, *out, *amount_in, *amount_out, *to};
    pz_log(&log, 4, &log.amount_in, 96);
    return_word(amount_out);
}

PZ_METHOD("swapExactInput(address,address,uint256,uint256,address,uint256)", swap_exact_input) {
    enum { PAIR, TOKEN, AMOUNT, LEAST, TO, DEADLINE, COUNT };
    word in[COUNT], amount_out;
    account sender, token_out;
    arguments(in, COUNT);
    const account *pair = as_account(&in[PAIR]), *token_in = as_account(&in[TOKEN]), *to = as_account(&in[TO]);
    before(&in[DEADLINE]);
    caller(&sender);
    pull(token_in, &sender, pair, &in[AMOUNT]);
    swap(pair, token_in, &in[AMOUNT], to, &token_out, &amount_out);
    swapped(&sender, token_in, &token_out, &in[AMOUNT], &amount_out, &in[LEAST], to);
}

static void pair_of(const span *pairs, uint64_t at, word *out) {
    span_words(out, pairs, at, 1);
    as_account(out);
}

PZ_METHOD("swapExactInputThrough(address[],address,uint256,uint256,address,uint256)", swap_exact_input_through) {
    enum { PAIRS, TOKEN, AMOUNT, LEAST, TO, DEADLINE, COUNT };
    word in[COUNT], amount, pair, next;
    account sender, token, other;
    arguments(in, COUNT);
    span pairs = as_array(&in[PAIRS]);
    const account *token_in = as_account(&in[TOKEN]), *to = as_account(&in[TO]);
    before(&in[DEADLINE]);
    if (pairs.count == 0) revert_error(EMPTY_PATH);
    caller(&sender);
    pair_of(&pairs, 0, &pair);
    pull(token_in, &sender, (const account *)&pair, &in[AMOUNT]);
    token = *token_in;
    amount = in[AMOUNT];
    for (uint64_t at = 0; at < pairs.count; at++) {
        if (at + 1 < pairs.count)
            pair_of(&pairs, at + 1, &next);
        else
            next = to->as_word;
        swap((const account *)&pair, &token, &amount, (const account *)&next, &other, &amount);
        token = other;
        pair = next;
    }
    swapped(&sender, token_in, &token, &in[AMOUNT], &amount, &in[LEAST], to);
}

PZ_VIEW("quoteLiquidity(address,uint256,uint256)", quote_liquidity) {
    word in[3], out[2];
    arguments(in, 3);
    quote(as_account(&in[0]), &in[1], out);
    return_words(out, 2);
}
