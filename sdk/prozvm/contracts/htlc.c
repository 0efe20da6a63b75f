/* Hash-time locks: value or tokens that whoever knows a secret claims for the receiver until the deadline, and
 * that go back to the sender afterwards. The digest is SHA-256 of the 32-byte secret, as other chains use it.
 * Not for tokens that keep a part of what is moved: the lock is over what was asked, not over what arrived.
 *
 *   lock(address receiver, bytes32 digest, uint256 deadline) payable returns (uint256 id)
 *   lockTokens(address token, uint256 amount, address receiver, bytes32 digest, uint256 deadline)
 *       returns (uint256 id)
 *   claim(uint256 id, bytes32 secret), until the deadline's second
 *   refund(uint256 id), after it
 *   locks(uint256 id) returns (address sender, address receiver, address token, uint256 amount,
 *       bytes32 digest, uint256 deadline, uint256 state): 0 none, 1 open, 2 claimed, 3 refunded
 *
 * Storage: count 0, locks 1 (id => the seven of `locks`).
 */
#include "transfers.h"

PZ_STACK(8192);

static const word COUNT_SLOT = WORD(0), LOCKS_SLOT = WORD(1), CLAIMED = WORD(2), REFUNDED = WORD(3);

/* A lock, as it lies in storage. */
typedef struct {
    account sender, receiver, token;
    word amount, digest, deadline, state;
} hash_lock;

enum { FIELDS = sizeof(hash_lock) / sizeof(word), STATE = FIELDS - 1 };

static void load_lock(hash_lock *out, word *slot, const word *id) {
    word at;
    mapping_slot(slot, id, &LOCKS_SLOT);
    at = *slot;
    for (word *field = (word *)out; field != (word *)(out + 1); field++) {
        storage_word(field, &at);
        slot_after(&at, &at, 1);
    }
}

static void set_state(const word *first, const word *state) {
    word at;
    slot_after(&at, first, STATE);
    storage_set(&at, state);
}

/* Keeps a lock and tells of it. */
PZ_NORETURN static void keep(hash_lock *it) {
    static const u256 one = U256(1);
    word id, at, now;
    u256 number;
    word_set(&now, pz_block_timestamp());
    if (word_is_zero(&it->amount)) revert_error(NOTHING_LOCKED);
    if (!word_less(&now, &it->deadline)) revert_error_2(EXPIRED, &it->deadline, &now);
    storage_word(&id, &COUNT_SLOT);
    u256_load(&number, &id);
    checked_add(&number, &number, &one);
    storage_keep(&COUNT_SLOT, &number);
    caller(&it->sender);
    word_set(&it->state, 1);
    mapping_slot(&at, &id, &LOCKS_SLOT);
    for (const word *field = (const word *)it; field != (const word *)(it + 1); field++) {
        storage_set(&at, field);
        slot_after(&at, &at, 1);
    }
    struct {
        word event, id;
        account sender, receiver, token;
        word amount, digest, deadline;
    } log = {EVENT_HELD, id, it->sender, it->receiver, it->token, it->amount, it->digest, it->deadline};
    pz_log(&log, 4, &log.token, 128);
    return_word(&id);
}

PZ_PAYABLE("lock(address,bytes32,uint256)", lock_value) {
    word in[3];
    hash_lock it;
    arguments(in, 3);
    it.receiver = *as_account(&in[0]);
    it.digest = in[1];
    it.deadline = in[2];
    word_set(&it.token.as_word, 0);
    pz_value(&it.amount);
    keep(&it);
}

PZ_METHOD("lockTokens(address,uint256,address,bytes32,uint256)", lock_tokens) {
    word in[5];
    hash_lock it;
    account sender, own;
    arguments(in, 5);
    it.token = *as_account(&in[0]);
    it.amount = in[1];
    it.receiver = *as_account(&in[2]);
    it.digest = in[3];
    it.deadline = in[4];
    require(!account_is_zero(&it.token));
    caller(&sender);
    self(&own);
    pull(&it.token, &sender, &own, &it.amount);
    keep(&it);
}

static void pay(const hash_lock *it, const account *to) {
    if (account_is_zero(&it->token)) {
        if (pz_call(PZ_CALL_PLAIN, account_bytes(to), &it->amount, PZ_ALL_GAS, 0, 0) != PZ_OK) revert_as_callee();
        return;
    }
    MESSAGE(2) give;
    message_select(&give, TRANSFER);
    give.words[0] = to->as_word;
    give.words[1] = it->amount;
    move_tokens(&it->token, message_data(&give), message_size(2));
}

static void require_open(const hash_lock *it, const word *id) {
    if (!word_fits_64(&it->state) || word_low(&it->state) != 1) revert_error_2(NOT_OPEN, id, &it->state);
}

PZ_METHOD("claim(uint256,bytes32)", claim) {
    word in[2], slot, digest, now;
    hash_lock it;
    arguments(in, 2);
    load_lock(&it, &slot, &in[0]);
    require_open(&it, &in[0]);
    word_set(&now, pz_block_timestamp());
    if (word_less(&it.deadline, &now)) revert_error_2(EXPIRED, &it.deadline, &now);
    pz_sha256(&digest, &in[1], 32);
    if (!word_equal(&digest, &it.digest)) revert_error_2(WRONG_SECRET, &in[0], &digest);
    set_state(&slot, &CLAIMED);
    struct {
        word event, id, secret;
    } log = {EVENT_CLAIMED, in[0], in[1]};
    pz_log(&log, 2, &log.secret, 32);
    pay(&it, &it.receiver);
}

PZ_METHOD("refund(uint256)", refund) {
    word id, slot, now;
    hash_lock it;
    arguments(&id, 1);
    load_lock(&it, &slot, &id);
    require_open(&it, &id);
    word_set(&now, pz_block_timestamp());
    if (!word_less(&it.deadline, &now)) revert_error_2(NOT_YET, &it.deadline, &now);
    set_state(&slot, &REFUNDED);
    struct {
        word event, id;
    } log = {EVENT_REFUNDED, id};
    pz_log(&log, 2, 0, 0);
    pay(&it, &it.sender);
}

PZ_VIEW("locks(uint256)", locks) {
    word id, slot;
    hash_lock it;
    arguments(&id, 1);
    load_lock(&it, &slot, &id);
    return_words((const word *)&it, FIELDS);
}

PZ_VIEW("count()", count) {
    word out;
    storage_word(&out, &COUNT_SLOT);
    return_word(&out);
}
