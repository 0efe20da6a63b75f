/* A counter: one number, and how often each account changed it. */
#include <proz.h>
#include "signatures.h"

PZ_STACK(4096);

static const word NUMBER_SLOT = WORD(0), CHANGES_SLOT = WORD(1);
static const u256 ONE = U256(1);

/* Writes the number, counts the change and tells of it. */
static void change(const u256 *number) {
    struct {
        word event;
        account who;
        word number;
    } log;
    word slot;
    u256 changes;
    log.event = EVENT_CHANGED;
    caller(&log.who);
    u256_store(&log.number, number);
    storage_set(&NUMBER_SLOT, &log.number);
    mapping_slot(&slot, &log.who.as_word, &CHANGES_SLOT);
    storage_number(&changes, &slot);
    checked_add(&changes, &changes, &ONE);
    storage_keep(&slot, &changes);
    pz_log(&log, 2, &log.number, 32);
}

static void add_to_number(const u256 *more) {
    u256 number;
    storage_number(&number, &NUMBER_SLOT);
    checked_add(&number, &number, more);
    change(&number);
}

PZ_METHOD("increment()", increment) { add_to_number(&ONE); }

PZ_METHOD("add(uint256)", add) {
    word in;
    u256 more;
    arguments(&in, 1);
    u256_load(&more, &in);
    add_to_number(&more);
}

PZ_METHOD("setNumber(uint256)", set_number) {
    word in;
    u256 number;
    arguments(&in, 1);
    u256_load(&number, &in);
    change(&number);
}

PZ_VIEW("number()", number) {
    word out;
    storage_word(&out, &NUMBER_SLOT);
    return_word(&out);
}

PZ_VIEW("changes(address)", changes) {
    word in, slot;
    arguments(&in, 1);
    as_account(&in);
    mapping_slot(&slot, &in, &CHANGES_SLOT);
    storage_word(&in, &slot);
    return_word(&in);
}
