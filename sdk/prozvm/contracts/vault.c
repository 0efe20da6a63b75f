/* Keeps deposits of one token and lends them within a call, to contracts of any VM: calls Solidity contracts
 * (the token, the borrower) and is called by them.
 * Constructor: (address asset).
 *
 *   deposit(uint256 amount), withdraw(uint256 amount), balanceOf(address), totalDeposits(), asset()
 *   flash(address borrower, uint256 amount, bytes data): sends `amount`, calls
 *       onFlash(address initiator, uint256 amount, bytes data) of the borrower, which pays it back to the vault,
 *       and gives on what it returned
 *
 * Storage: asset 0, total 1, deposits 2 (address => amount); transient slot 0 is the lock.
 */
#include "transfers.h"

PZ_STACK(16384);

static const word ASSET_SLOT = WORD(0), TOTAL_SLOT = WORD(1), DEPOSITS_SLOT = WORD(2), LOCK_SLOT = WORD(0),
                  CLOSED = WORD(1), OPEN = WORD(0);

enum { LONGEST_DATA = 4096 };

/* A lock in transient storage costs nothing to give back. */
static void lock(void) {
    word value;
    if (pz_transient_get(&LOCK_SLOT, &value)) revert_error(LOCKED);
    pz_transient_set(&LOCK_SLOT, &CLOSED);
}

static void unlock(void) { pz_transient_set(&LOCK_SLOT, &OPEN); }

static void send(const account *asset, const account *to, const word *amount) {
    MESSAGE(2) give;
    message_select(&give, TRANSFER);
    give.words[0] = to->as_word;
    give.words[1] = *amount;
    move_tokens(asset, message_data(&give), message_size(2));
}

static void own_balance(const account *asset, u256 *out) {
    MESSAGE(1) ask;
    message_select(&ask, BALANCE_OF);
    self((account *)&ask.words[0]);
    CALL_WORDS(PZ_CALL_STATIC, asset, &ask, 1, (word *)out, 1);
    pz_u256_bswap(out, out);
}

/* Books `amount` for the caller; gives the slot of its deposits. */
static void book(const account *of, const word *amount, int in) {
    word slot;
    u256 deposits, total, more;
    mapping_slot(&slot, &of->as_word, &DEPOSITS_SLOT);
    storage_number(&deposits, &slot);
    storage_number(&total, &TOTAL_SLOT);
    u256_load(&more, amount);
    if (in) {
        checked_add(&deposits, &deposits, &more);
        checked_add(&total, &total, &more);
    } else {
        if (u256_less(&deposits, &more)) REVERT("vault: more than deposited");
        pz_u256_sub(&deposits, &deposits, &more);
        pz_u256_sub(&total, &total, &more);
    }
    storage_keep(&slot, &deposits);
    storage_keep(&TOTAL_SLOT, &total);
}

PZ_METHOD("deposit(uint256)", deposit) {
    word amount;
    account asset, sender, own;
    arguments(&amount, 1);
    lock();
    storage_account(&asset, &ASSET_SLOT);
    caller(&sender);
    self(&own);
    book(&sender, &amount, 1);
    pull(&asset, &sender, &own, &amount);
    unlock();
}

PZ_METHOD("withdraw(uint256)", withdraw) {
    word amount;
    account asset, sender;
    arguments(&amount, 1);
    lock();
    storage_account(&asset, &ASSET_SLOT);
    caller(&sender);
    book(&sender, &amount, 0);
    send(&asset, &sender, &amount);
    unlock();
}

PZ_METHOD("flash(address,uint256,bytes)", flash) {
    word in[3];
    account asset;
    u256 before, after;
    MESSAGE(4 + LONGEST_DATA / 32) offer;
    arguments(in, 3);
    const account *borrower = as_account(&in[0]);
    span data = as_bytes(&in[2]);
    require(data.count <= LONGEST_DATA);
    lock();
    storage_account(&asset, &ASSET_SLOT);
    own_balance(&asset, &before);
    send(&asset, borrower, &in[1]);

    uint64_t padded = (data.count + 31) & ~31ull;
    message_select(&offer, ON_FLASH);
    caller((account *)&offer.words[0]);
    offer.words[1] = in[1];
    word_set(&offer.words[2], 96);
    word_set(&offer.words[3], data.count);
    if (padded) word_set(&offer.words[3 + padded / 32], 0);
    pz_input_copy(&offer.words[4], data.offset, data.count);
    call_contract(PZ_CALL_PLAIN, borrower, message_data(&offer), message_size(4) + padded);
    uint64_t size = pz_return_data_size();
    if (size > LONGEST_DATA) size = LONGEST_DATA;
    pz_return_data_copy(&offer.words[0], 0, size);

    own_balance(&asset, &after);
    if (u256_less(&after, &before)) {
        word reason[2];
        u256_store(&reason[0], &before);
        u256_store(&reason[1], &after);
        revert_error_2(NOT_PAID_BACK, &reason[0], &reason[1]);
    }
    struct {
        word event, borrower, amount;
    } log = {EVENT_LENT, in[0], in[1]};
    pz_log(&log, 2, &log.amount, 32);
    unlock();
    pz_return(&offer.words[0], size);
}

PZ_VIEW("balanceOf(address)", balance_of) {
    word in, slot;
    arguments(&in, 1);
    as_account(&in);
    mapping_slot(&slot, &in, &DEPOSITS_SLOT);
    storage_word(&in, &slot);
    return_word(&in);
}

PZ_VIEW("totalDeposits()", total_deposits) {
    word out;
    storage_word(&out, &TOTAL_SLOT);
    return_word(&out);
}

PZ_VIEW("asset()", asset) {
    word out;
    storage_word(&out, &ASSET_SLOT);
    return_word(&out);
}

PZ_CONSTRUCTOR(construct) {
    word in;
    constructor_arguments(&in, 1);
    storage_keep_account(&ASSET_SLOT, as_account(&in));
}
