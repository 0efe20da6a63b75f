/* An ERC-20 token whose owner mints: takes the place of tests/fixtures/solidity/src/Token.sol.
 * Constructor: (string name, string symbol).
 */
#include "erc20.h"

PZ_STACK(4096);

static const word OWNER_SLOT = WORD(5);

static void own(const account *from, const account *to) {
    struct {
        word event;
        account from, to;
    } topics = {EVENT_OWNERSHIP_TRANSFERRED, *from, *to};
    storage_keep_account(&OWNER_SLOT, to);
    pz_log(&topics, 3, 0, 0);
}

static void only_owner(account *sender) {
    account owner;
    caller(sender);
    storage_account(&owner, &OWNER_SLOT);
    if (!account_equal(sender, &owner)) revert_error_1(OWNABLE_UNAUTHORIZED_ACCOUNT, &sender->as_word);
}

/* Stores a string of the constructor's arguments. */
static void keep_text(const word *slot, const word *head) {
    uint8_t text[LONGEST_TEXT];
    span from = as_span(head, PZ_CONSTRUCTOR_START, 1);
    require(from.count <= sizeof text);
    pz_input_copy(text, from.offset, from.count);
    storage_put_bytes(slot, text, from.count);
}

PZ_CONSTRUCTOR(construct) {
    word in[2];
    account none = {WORD(0)}, sender;
    constructor_arguments(in, 2);
    keep_text(&NAME_SLOT, &in[0]);
    keep_text(&SYMBOL_SLOT, &in[1]);
    caller(&sender);
    own(&none, &sender);
}

PZ_METHOD("mint(address,uint256)", mint) {
    word in[2];
    account sender;
    u256 amount;
    arguments(in, 2);
    const account *to = as_account(&in[0]);
    only_owner(&sender);
    if (account_is_zero(to)) revert_error_1(ERC20_INVALID_RECEIVER, &to->as_word);
    u256_load(&amount, &in[1]);
    issue(to, &amount);
}

PZ_METHOD("burn(uint256)", burn) {
    word in;
    account sender;
    u256 amount;
    arguments(&in, 1);
    caller(&sender);
    u256_load(&amount, &in);
    redeem(&sender, &amount);
}

PZ_VIEW("owner()", owner) {
    word out;
    storage_word(&out, &OWNER_SLOT);
    return_word(&out);
}

PZ_METHOD("transferOwnership(address)", transfer_ownership) {
    word in;
    account sender;
    arguments(&in, 1);
    const account *to = as_account(&in);
    only_owner(&sender);
    own(&sender, to);
}
