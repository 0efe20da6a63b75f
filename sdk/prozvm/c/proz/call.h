/* Calls of contracts in any VM, by Solidity's ABI. */
#ifndef PROZ_CALL_H
#define PROZ_CALL_H

#include <proz/argument.h>

/* Ends the call with what the callee said; data beyond 1,024 bytes are cut off. */
PZ_RARE void revert_as_callee(void) {
    uint8_t reason[1024];
    uint64_t size = pz_return_data_size();
    if (size > sizeof reason) size = sizeof reason;
    pz_return_data_copy(reason, 0, size);
    pz_revert(reason, size);
}

/* Calls without value, with all the gas there is; hands a failure on. */
PZ_INLINE void call_contract(uint64_t kind, const account *callee, const void *input, uint64_t size) {
    static const word nothing = WORD(0);
    if (__builtin_expect(pz_call(kind, account_bytes(callee), &nothing, PZ_ALL_GAS, input, size) != PZ_OK, 0))
        revert_as_callee();
}

/* The same for callees that return `count` words; fewer revert. */
PZ_INLINE void call_words(uint64_t kind, const account *callee, const void *input, uint64_t size, word *out,
                          uint64_t count) {
    call_contract(kind, callee, input, size);
    require(pz_return_data_size() >= 32 * count);
    pz_return_data_copy(out, 0, 32 * count);
}

/* Messages: CALL_WORDS(PZ_CALL_STATIC, &token, &message, 1, &balance, 1) sends a MESSAGE of one word. */
#define CALL_WORDS(kind, callee, message, sent, out, count) \
    call_words(kind, callee, message_data(message), message_size(sent), out, count)

#endif
