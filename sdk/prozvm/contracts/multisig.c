/* A wallet whose owners agree on calls before it makes them, to contracts of any VM.
 * Constructor: (address[] owners, uint256 threshold).
 *
 *   submit(address target, uint256 value, bytes input) returns (uint256 id)   confirms as well
 *   confirm(uint256 id), revoke(uint256 id)
 *   execute(uint256 id) returns what the callee returns
 *   proposalCount(), threshold(), isOwner(address), confirmations(uint256 id)
 *   proposal(uint256 id) returns (address target, uint256 value, bool executed)
 *
 * Storage: threshold 0, count 1, owners 2 (address => bool), confirmed 3 (id => address => bool),
 * proposals 4 (id => target, value, confirmations, executed in four slots); a proposal's input lies
 * under its id as a value of any length.
 */
#include <proz.h>
#include "signatures.h"

PZ_STACK(16384);

static const word THRESHOLD_SLOT = WORD(0), COUNT_SLOT = WORD(1), OWNERS_SLOT = WORD(2), CONFIRMED_SLOT = WORD(3),
                  PROPOSALS_SLOT = WORD(4), ONE = WORD(1), ZERO = WORD(0);
enum { TARGET, VALUE, CONFIRMATIONS, EXECUTED };
enum { LONGEST_INPUT = 8192, MOST_OWNERS = 50 };

static void owner_slot(word *out, const account *owner) { mapping_slot(out, &owner->as_word, &OWNERS_SLOT); }

static void proposal_slot(word *out, const word *id, uint64_t field) {
    mapping_slot(out, id, &PROPOSALS_SLOT);
    slot_after(out, out, field);
}

static void confirmed_slot(word *out, const word *id, const account *owner) {
    mapping_slot(out, id, &CONFIRMED_SLOT);
    mapping_slot(out, &owner->as_word, out);
}

static void only_owner(account *sender) {
    word slot, value;
    caller(sender);
    owner_slot(&slot, sender);
    if (!pz_storage_get(&slot, &value)) revert_error_1(NOT_OWNER, &sender->as_word);
}

static void require_open(const word *id) {
    word slot, value;
    storage_word(&value, &COUNT_SLOT);
    if (!word_less(id, &value)) revert_error_1(NO_SUCH_PROPOSAL, id);
    proposal_slot(&slot, id, EXECUTED);
    if (pz_storage_get(&slot, &value)) revert_error_1(ALREADY_EXECUTED, id);
}

static void tell(const word *event, const word *id, const account *owner) {
    struct {
        word event, id;
        account owner;
    } topics = {*event, *id, *owner};
    pz_log(&topics, 3, 0, 0);
}

/* Counts the confirmations of a proposal up or down. */
static void count(const word *id, int up) {
    static const u256 one = U256(1);
    word slot;
    u256 number;
    proposal_slot(&slot, id, CONFIRMATIONS);
    storage_number(&number, &slot);
    if (up)
        checked_add(&number, &number, &one);
    else
        checked_sub(&number, &number, &one);
    storage_keep(&slot, &number);
}

static void agree(const word *id, const account *owner) {
    word slot, value;
    confirmed_slot(&slot, id, owner);
    if (pz_storage_get(&slot, &value)) revert_error_2(ALREADY_CONFIRMED, id, &owner->as_word);
    storage_set(&slot, &ONE);
    count(id, 1);
    tell(&EVENT_CONFIRMED, id, owner);
}

PZ_METHOD("submit(address,uint256,bytes)", submit) {
    word in[3], id, slot;
    account owner;
    u256 number;
    static const u256 one = U256(1);
    uint8_t input[LONGEST_INPUT];
    arguments(in, 3);
    as_account(&in[0]);
    span bytes = as_bytes(&in[2]);
    require(bytes.count <= sizeof input);
    only_owner(&owner);
    pz_input_copy(input, bytes.offset, bytes.count);

    storage_word(&id, &COUNT_SLOT);
    u256_load(&number, &id);
    checked_add(&number, &number, &one);
    storage_keep(&COUNT_SLOT, &number);
    proposal_slot(&slot, &id, TARGET);
    storage_set(&slot, &in[0]);
    slot_after(&slot, &slot, 1);
    storage_set(&slot, &in[1]);
    pz_storage_write(&id, 32, input, bytes.count);

    struct {
        word event, id;
        account owner;
        word target, value;
    } log = {EVENT_SUBMITTED, id, owner, in[0], in[1]};
    pz_log(&log, 3, &log.target, 64);
    agree(&id, &owner);
    return_word(&id);
}

PZ_METHOD("confirm(uint256)", confirm) {
    word id;
    account owner;
    arguments(&id, 1);
    only_owner(&owner);
    require_open(&id);
    agree(&id, &owner);
}

PZ_METHOD("revoke(uint256)", revoke) {
    word id, slot, value;
    account owner;
    arguments(&id, 1);
    only_owner(&owner);
    require_open(&id);
    confirmed_slot(&slot, &id, &owner);
    if (!pz_storage_get(&slot, &value)) revert_error_2(NOT_CONFIRMED, &id, &owner.as_word);
    storage_set(&slot, &ZERO);
    count(&id, 0);
    tell(&EVENT_REVOKED, &id, &owner);
}

PZ_METHOD("execute(uint256)", execute) {
    word id, slot, needed, given, value;
    account owner, target;
    uint8_t bytes[LONGEST_INPUT];
    arguments(&id, 1);
    only_owner(&owner);
    require_open(&id);
    storage_word(&needed, &THRESHOLD_SLOT);
    proposal_slot(&slot, &id, CONFIRMATIONS);
    storage_word(&given, &slot);
    if (word_less(&given, &needed)) revert_error_2(TOO_FEW_CONFIRMATIONS, &given, &needed);

    proposal_slot(&slot, &id, EXECUTED);
    storage_set(&slot, &ONE);
    proposal_slot(&slot, &id, TARGET);
    storage_account(&target, &slot);
    slot_after(&slot, &slot, 1);
    storage_word(&value, &slot);
    int64_t size = pz_storage_read(&id, 32, bytes, sizeof bytes);
    uint64_t status =
        pz_call(PZ_CALL_PLAIN, account_bytes(&target), &value, PZ_ALL_GAS, bytes, size < 0 ? 0 : (uint64_t)size);
    uint64_t returned = pz_return_data_size();
    if (returned > sizeof bytes) returned = sizeof bytes;
    pz_return_data_copy(bytes, 0, returned);
    if (status != PZ_OK) {
        if (returned) pz_revert(bytes, returned);
        revert_error_1(CALL_FAILED, &id);
    }
    struct {
        word event, id;
    } topics = {EVENT_EXECUTED, id};
    pz_log(&topics, 2, 0, 0);
    pz_return(bytes, returned);
}

PZ_VIEW("proposalCount()", proposal_count) {
    word out;
    storage_word(&out, &COUNT_SLOT);
    return_word(&out);
}

PZ_VIEW("threshold()", threshold) {
    word out;
    storage_word(&out, &THRESHOLD_SLOT);
    return_word(&out);
}

PZ_VIEW("isOwner(address)", is_owner) {
    word in, slot;
    arguments(&in, 1);
    owner_slot(&slot, as_account(&in));
    storage_word(&in, &slot);
    return_word(&in);
}

PZ_VIEW("confirmations(uint256)", confirmations) {
    word id, slot;
    arguments(&id, 1);
    proposal_slot(&slot, &id, CONFIRMATIONS);
    storage_word(&id, &slot);
    return_word(&id);
}

PZ_VIEW("proposal(uint256)", proposal) {
    word id, slot, out[3];
    arguments(&id, 1);
    proposal_slot(&slot, &id, TARGET);
    storage_word(&out[0], &slot);
    slot_after(&slot, &slot, 1);
    storage_word(&out[1], &slot);
    slot_after(&slot, &slot, 2);
    storage_word(&out[2], &slot);
    return_words(out, 3);
}

PZ_CONSTRUCTOR(construct) {
    word in[2], owners[MOST_OWNERS], value;
    constructor_arguments(in, 2);
    span list = as_span(&in[0], PZ_CONSTRUCTOR_START, 32);
    if (list.count == 0 || list.count > MOST_OWNERS || word_is_zero(&in[1]) || !word_fits_64(&in[1]) ||
        word_low(&in[1]) > list.count)
        revert_error(INVALID_OWNERS);
    span_words(owners, &list, 0, list.count);
    for (uint64_t at = 0; at < list.count; at++) {
        word slot;
        const account *owner = as_account(&owners[at]);
        owner_slot(&slot, owner);
        if (account_is_zero(owner) || pz_storage_get(&slot, &value)) revert_error(INVALID_OWNERS);
        storage_set(&slot, &ONE);
    }
    storage_set(&THRESHOLD_SLOT, &in[1]);
}

/* Plain transfers are welcome. */
PZ_RECEIVE(receive) {}
