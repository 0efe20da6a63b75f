/* A constant-product market for two ERC-20 tokens of any VM, with a fee of 0.3 %: takes the place of
 * tests/fixtures/solidity/src/Pair.sol, but for the tokens, which are slots 6 and 7 here.
 * Constructor: (address tokenA, address tokenB).
 */
#include "erc20.h"

PZ_STACK(8192);

/* Slot 5: reserve0 (112 bits), reserve1 (112 bits), the lock (32 bits), from the low end. */
static const word RESERVES_SLOT = WORD(5), TOKEN0_SLOT = WORD(6), TOKEN1_SLOT = WORD(7);
static const u256 MINIMUM = U256(1000), KEPT = U256(997), FEE = U256(3), WHOLE = U256(1000), WHOLE_SQUARED = U256(1000000),
                  NONE = U256(0);

typedef struct {
    u256 first, second;
} amounts;

typedef struct {
    account first, second;
} tokens;

static const uint64_t HIGH_48 = 0xffffffffffff;

static void load_tokens(tokens *out) {
    storage_account(&out->first, &TOKEN0_SLOT);
    storage_account(&out->second, &TOKEN1_SLOT);
}

static void unpack(amounts *out, const u256 *packed) {
    const uint64_t *limb = packed->limb;
    out->first.limb[0] = limb[0];
    out->first.limb[1] = limb[1] & HIGH_48;
    out->first.limb[2] = out->first.limb[3] = 0;
    out->second.limb[0] = limb[1] >> 48 | limb[2] << 16;
    out->second.limb[1] = limb[2] >> 48 | (limb[3] & 0xffffffff) << 16;
    out->second.limb[2] = out->second.limb[3] = 0;
}

static void load_reserves(amounts *out) {
    u256 packed;
    storage_number(&packed, &RESERVES_SLOT);
    unpack(out, &packed);
}

static const uint64_t LOCK_BIT = 1ull << 32;

/* Locks, and gives the packed slot with the lock set. */
static void lock(u256 *packed) {
    storage_number(packed, &RESERVES_SLOT);
    if (packed->limb[3] >> 32) revert_error(LOCKED);
    packed->limb[3] |= LOCK_BIT;
    storage_keep(&RESERVES_SLOT, packed);
}

static void unlock(u256 *packed) {
    packed->limb[3] &= ~LOCK_BIT;
    storage_keep(&RESERVES_SLOT, packed);
}

static void require_112(const u256 *balance) {
    if (balance->limb[3] | balance->limb[2] | balance->limb[1] >> 48) {
        word out;
        u256_store(&out, balance);
        revert_error_1(RESERVE_OVERFLOW, &out);
    }
}

/* Writes the balances as reserves into the locked slot. */
static void settle(u256 *packed, const amounts *now) {
    const u256 *a = &now->first, *b = &now->second;
    struct {
        word event, first, second;
    } log;
    require_112(a);
    require_112(b);
    packed->limb[0] = a->limb[0];
    packed->limb[1] = a->limb[1] | b->limb[0] << 48;
    packed->limb[2] = b->limb[0] >> 16 | b->limb[1] << 48;
    packed->limb[3] = (b->limb[1] >> 16) | LOCK_BIT;
    storage_keep(&RESERVES_SLOT, packed);
    log.event = EVENT_SYNC;
    u256_store(&log.first, a);
    u256_store(&log.second, b);
    pz_log(&log, 1, &log.first, 64);
}

static void load_balances(amounts *out, const tokens *of) {
    MESSAGE(1) ask;
    message_select(&ask, BALANCE_OF);
    self((account *)&ask.words[0]);
    CALL_WORDS(PZ_CALL_STATIC, &of->first, &ask, 1, (word *)&out->first, 1);
    CALL_WORDS(PZ_CALL_STATIC, &of->second, &ask, 1, (word *)&out->second, 1);
    pz_u256_bswap(&out->first, &out->first);
    pz_u256_bswap(&out->second, &out->second);
}

#include "transfers.h"

static void send(const account *token, const account *to, const u256 *amount) {
    MESSAGE(2) give;
    message_select(&give, TRANSFER);
    give.words[0] = to->as_word;
    u256_store(&give.words[1], amount);
    move_tokens(token, message_data(&give), message_size(2));
}

/* Newton's iteration from above; the root rounded down. */
static void square_root(u256 *root, const u256 *value) {
    static const u256 one = U256(1);
    u256 next;
    *root = *value;
    pz_u256_shr(&next, value, 1);
    pz_u256_add(&next, &next, &one);
    while (u256_less(&next, root)) {
        *root = next;
        pz_u256_div(&next, value, root);
        pz_u256_add(&next, &next, root);
        pz_u256_shr(&next, &next, 1);
    }
}

/* a * b / c as Solidity checks it. */
static void scale(u256 *out, const u256 *a, const u256 *b, const u256 *c) {
    checked_mul(out, a, b);
    checked_div(out, out, c);
}

PZ_METHOD("mint(address)", mint) {
    word argument;
    u256 packed, supply, shares;
    amounts held, now, in;
    tokens of;
    arguments(&argument, 1);
    const account *to = as_account(&argument);
    lock(&packed);
    unpack(&held, &packed);
    load_tokens(&of);
    load_balances(&now, &of);
    checked_sub(&in.first, &now.first, &held.first);
    checked_sub(&in.second, &now.second, &held.second);
    storage_number(&supply, &SUPPLY_SLOT);
    if (u256_is_zero(&supply)) {
        static const account nobody = {WORD(0)};
        u256 product, root;
        checked_mul(&product, &in.first, &in.second);
        square_root(&root, &product);
        if (u256_compare(&root, &MINIMUM) <= 0) revert_error(INSUFFICIENT_LIQUIDITY_MINTED);
        pz_u256_sub(&shares, &root, &MINIMUM);
        issue(&nobody, &MINIMUM);
    } else {
        u256 other;
        scale(&shares, &in.first, &supply, &held.first);
        scale(&other, &in.second, &supply, &held.second);
        if (u256_compare(&other, &shares) <= 0) shares = other;
        if (u256_is_zero(&shares)) revert_error(INSUFFICIENT_LIQUIDITY_MINTED);
    }
    issue(to, &shares);
    settle(&packed, &now);
    struct {
        word event;
        account sender;
        word first, second;
    } log;
    log.event = EVENT_MINT;
    caller(&log.sender);
    u256_store(&log.first, &in.first);
    u256_store(&log.second, &in.second);
    pz_log(&log, 2, &log.first, 64);
    unlock(&packed);
    return_number(&shares);
}

PZ_METHOD("burn(address)", burn) {
    word argument, slot;
    u256 packed, supply, shares;
    amounts now, out;
    tokens of;
    account own;
    arguments(&argument, 1);
    const account *to = as_account(&argument);
    lock(&packed);
    load_tokens(&of);
    load_balances(&now, &of);
    self(&own);
    balance_slot(&slot, &own);
    storage_number(&shares, &slot);
    storage_number(&supply, &SUPPLY_SLOT);
    if (u256_is_zero(&supply)) revert_error(INSUFFICIENT_LIQUIDITY);
    scale(&out.first, &shares, &now.first, &supply);
    scale(&out.second, &shares, &now.second, &supply);
    if (u256_is_zero(&out.first) | u256_is_zero(&out.second)) revert_error(INSUFFICIENT_LIQUIDITY_BURNED);
    redeem(&own, &shares);
    send(&of.first, to, &out.first);
    send(&of.second, to, &out.second);
    load_balances(&now, &of);
    settle(&packed, &now);
    struct {
        word event;
        account sender, to;
        word first, second;
    } log;
    log.event = EVENT_BURN;
    caller(&log.sender);
    log.to = *to;
    u256_store(&log.first, &out.first);
    u256_store(&log.second, &out.second);
    pz_log(&log, 3, &log.first, 64);
    unlock(&packed);
    return_words(&log.first, 2);
}

/* What of `balance` is beyond `held - out`. */
static void arrived(u256 *in, const u256 *balance, const u256 *held, const u256 *out) {
    u256 expected;
    checked_sub(&expected, held, out);
    if (u256_sub(in, balance, &expected)) *in = NONE;
}

/* A balance in thousandths, less the fee on what came in. */
static void charge(u256 *out, const u256 *balance, const u256 *in) {
    u256 fee;
    checked_mul(out, balance, &WHOLE);
    checked_mul(&fee, in, &FEE);
    checked_sub(out, out, &fee);
}

PZ_METHOD("swap(uint256,uint256,address)", swap) {
    word argument[3];
    u256 packed, before, after;
    amounts held, now, in, out;
    tokens of;
    arguments(argument, 3);
    const account *to = as_account(&argument[2]);
    u256_load(&out.first, &argument[0]);
    u256_load(&out.second, &argument[1]);
    lock(&packed);
    if (u256_is_zero(&out.first) & u256_is_zero(&out.second)) revert_error(INSUFFICIENT_OUTPUT);
    unpack(&held, &packed);
    if (!u256_less(&out.first, &held.first) || !u256_less(&out.second, &held.second))
        revert_error(INSUFFICIENT_LIQUIDITY);
    load_tokens(&of);
    if (account_equal(to, &of.first) | account_equal(to, &of.second)) revert_error_1(INVALID_RECEIVER, &to->as_word);
    if (!u256_is_zero(&out.first)) send(&of.first, to, &out.first);
    if (!u256_is_zero(&out.second)) send(&of.second, to, &out.second);
    load_balances(&now, &of);
    arrived(&in.first, &now.first, &held.first, &out.first);
    arrived(&in.second, &now.second, &held.second, &out.second);
    if (u256_is_zero(&in.first) & u256_is_zero(&in.second)) revert_error(INSUFFICIENT_INPUT);
    settle(&packed, &now);

    amounts charged;
    checked_mul(&before, &held.first, &held.second);
    checked_mul(&before, &before, &WHOLE_SQUARED);
    charge(&charged.first, &now.first, &in.first);
    charge(&charged.second, &now.second, &in.second);
    checked_mul(&after, &charged.first, &charged.second);
    if (u256_less(&after, &before)) {
        word reason[2];
        u256_store(&reason[0], &before);
        u256_store(&reason[1], &after);
        revert_error_2(PRODUCT_FELL, &reason[0], &reason[1]);
    }
    struct {
        word event;
        account sender, to;
        word in[2], out[2];
    } log;
    log.event = EVENT_SWAP;
    caller(&log.sender);
    log.to = *to;
    u256_store(&log.in[0], &in.first);
    u256_store(&log.in[1], &in.second);
    log.out[0] = argument[0];
    log.out[1] = argument[1];
    pz_log(&log, 3, log.in, 128);
    unlock(&packed);
}

PZ_VIEW("getReserves()", get_reserves) {
    amounts held;
    word out[2];
    load_reserves(&held);
    u256_store(&out[0], &held.first);
    u256_store(&out[1], &held.second);
    return_words(out, 2);
}

PZ_VIEW("getAmountOut(address,uint256)", get_amount_out) {
    word argument[2];
    amounts held;
    tokens of;
    u256 in, taken, base;
    arguments(argument, 2);
    const account *token = as_account(&argument[0]);
    u256_load(&in, &argument[1]);
    load_tokens(&of);
    int first = account_equal(token, &of.first);
    if (!first && !account_equal(token, &of.second)) revert_error_1(INVALID_TOKEN, &token->as_word);
    load_reserves(&held);
    const u256 *from = first ? &held.first : &held.second, *to = first ? &held.second : &held.first;
    if (u256_is_zero(&in)) revert_error(INSUFFICIENT_INPUT);
    if (u256_is_zero(from) || u256_is_zero(to)) revert_error(INSUFFICIENT_LIQUIDITY);
    checked_mul(&taken, &in, &KEPT);
    checked_mul(&base, from, &WHOLE);
    checked_add(&base, &base, &taken);
    scale(&taken, &taken, to, &base);
    return_number(&taken);
}

PZ_VIEW("token0()", token0) {
    word out;
    storage_word(&out, &TOKEN0_SLOT);
    return_word(&out);
}

PZ_VIEW("token1()", token1) {
    word out;
    storage_word(&out, &TOKEN1_SLOT);
    return_word(&out);
}

PZ_PURE("MINIMUM_LIQUIDITY()", minimum_liquidity) { return_number(&MINIMUM); }

PZ_CONSTRUCTOR(construct) {
    word in[2];
    constructor_arguments(in, 2);
    const account *a = as_account(&in[0]), *b = as_account(&in[1]);
    if (account_equal(a, b)) revert_error_1(IDENTICAL_TOKENS, &a->as_word);
    int sorted = account_less(a, b);
    storage_keep_account(&TOKEN0_SLOT, sorted ? a : b);
    storage_keep_account(&TOKEN1_SLOT, sorted ? b : a);
    storage_put_bytes(&NAME_SLOT, "Pair shares", 11);
    storage_put_bytes(&SYMBOL_SLOT, "SHARE", 5);
}
