/* Gives out tokens to the accounts of a Merkle tree, each once.
 * Constructor: (address token, bytes32 root).
 *
 *   claim(uint256 index, address receiver, uint256 amount, bytes32[] proof)
 *   isClaimed(uint256 index), token(), root()
 *
 * A leaf is keccak256(keccak256(abi.encode(index, receiver, amount))), a node the hash of its two children in
 * ascending order, as OpenZeppelin's tools build them. Storage: token 0, root 1, claimed 2 (index / 256 => bits).
 */
#include "transfers.h"

PZ_STACK(4096);

static const word TOKEN_SLOT = WORD(0), ROOT_SLOT = WORD(1), CLAIMED_SLOT = WORD(2);

enum { LONGEST_PROOF = 256 };

/* The word of the bitmap for an index: its slot, its value, and the bit. */
typedef struct {
    word slot;
    u256 bits, bit;
} flag;

static int load_flag(flag *out, const word *index) {
    static const u256 one = U256(1);
    u256 number;
    word key;
    u256_load(&number, index);
    pz_u256_shl(&out->bit, &one, number.limb[0] & 255);
    pz_u256_shr(&number, &number, 8);
    u256_store(&key, &number);
    mapping_slot(&out->slot, &key, &CLAIMED_SLOT);
    storage_number(&out->bits, &out->slot);
    pz_u256_and(&number, &out->bits, &out->bit);
    return !u256_is_zero(&number);
}

/* Hashes a node with its sibling. */
static void climb(word *node, const word *sibling) {
    word pair[2];
    int right = word_less(sibling, node);
    pair[right] = *node;
    pair[!right] = *sibling;
    pz_keccak256(node, pair, 64);
}

PZ_METHOD("claim(uint256,address,uint256,bytes32[])", claim) {
    enum { INDEX, RECEIVER, AMOUNT, PROOF, COUNT };
    word in[COUNT], node, root, sibling;
    account token;
    flag claimed;
    arguments(in, COUNT);
    as_account(&in[RECEIVER]);
    span proof = as_array(&in[PROOF]);
    require(proof.count <= LONGEST_PROOF);
    if (load_flag(&claimed, &in[INDEX])) revert_error_1(ALREADY_CLAIMED, &in[INDEX]);

    pz_keccak256(&node, in, 96);
    pz_keccak256(&node, &node, 32);
    for (uint64_t at = 0; at < proof.count; at++) {
        span_words(&sibling, &proof, at, 1);
        climb(&node, &sibling);
    }
    storage_word(&root, &ROOT_SLOT);
    if (!word_equal(&node, &root)) revert_error_1(WRONG_PROOF, &node);

    pz_u256_or(&claimed.bits, &claimed.bits, &claimed.bit);
    storage_keep(&claimed.slot, &claimed.bits);
    struct {
        word event, index, receiver, amount;
    } log = {EVENT_DROPPED, in[INDEX], in[RECEIVER], in[AMOUNT]};
    pz_log(&log, 3, &log.amount, 32);

    MESSAGE(2) give;
    message_select(&give, TRANSFER);
    give.words[0] = in[RECEIVER];
    give.words[1] = in[AMOUNT];
    storage_account(&token, &TOKEN_SLOT);
    move_tokens(&token, message_data(&give), message_size(2));
}

PZ_VIEW("isClaimed(uint256)", is_claimed) {
    word index;
    flag claimed;
    arguments(&index, 1);
    return_small((uint64_t)load_flag(&claimed, &index));
}

PZ_VIEW("token()", token) {
    word out;
    storage_word(&out, &TOKEN_SLOT);
    return_word(&out);
}

PZ_VIEW("root()", root) {
    word out;
    storage_word(&out, &ROOT_SLOT);
    return_word(&out);
}

PZ_CONSTRUCTOR(construct) {
    word in[2];
    constructor_arguments(in, 2);
    storage_keep_account(&TOKEN_SLOT, as_account(&in[0]));
    storage_set(&ROOT_SLOT, &in[1]);
}
