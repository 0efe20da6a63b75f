/* Token transfers that accept tokens returning nothing and refuse those returning false. */
#ifndef TRANSFERS_H
#define TRANSFERS_H

#include <proz.h>
#include "signatures.h"

static __attribute__((noinline)) void move_tokens(const account *token, const void *input, uint64_t size) {
    call_contract(PZ_CALL_PLAIN, token, input, size);
    uint64_t returned = pz_return_data_size();
    int accepted;
    if (returned == 0) {
        accepted = pz_code_size(account_bytes(token)) > 0;
    } else {
        word out;
        require(returned >= 32);
        pz_return_data_copy(&out, 0, 32);
        accepted = as_bool(&out);
    }
    if (!accepted) revert_error_1(TRANSFER_FAILED, &token->as_word);
}

static __attribute__((unused)) void pull(const account *token, const account *from, const account *to, const word *amount) {
    MESSAGE(3) take;
    message_select(&take, TRANSFER_FROM);
    take.words[0] = from->as_word;
    take.words[1] = to->as_word;
    take.words[2] = *amount;
    move_tokens(token, message_data(&take), message_size(3));
}

#endif
