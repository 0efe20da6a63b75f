/* Made by signatures.py. */
#ifndef SIGNATURES_H
#define SIGNATURES_H

#include <proz/word.h>

/* balanceOf(address) */
#define BALANCE_OF 0x70a08231u
/* transfer(address,uint256) */
#define TRANSFER 0xa9059cbbu
/* transferFrom(address,address,uint256) */
#define TRANSFER_FROM 0x23b872ddu
/* Transfer(address,address,uint256) */
static const word EVENT_TRANSFER __attribute__((unused)) = WORD4(0xddf252ad1be2c89b, 0x69c2b068fc378daa, 0x952ba7f163c4a116, 0x28f55a4df523b3ef);
/* Approval(address,address,uint256) */
static const word EVENT_APPROVAL __attribute__((unused)) = WORD4(0x8c5be1e5ebec7d5b, 0xd14f71427d1e84f3, 0xdd0314c0f7b2291e, 0x5b200ac8c7c3b925);
/* OwnershipTransferred(address,address) */
static const word EVENT_OWNERSHIP_TRANSFERRED __attribute__((unused)) = WORD4(0x8be0079c53165914, 0x1344cd1fd0a4f284, 0x19497f9722a3daaf, 0xe3b4186f6b6457e0);
/* ERC20InsufficientBalance(address,uint256,uint256) */
#define ERC20_INSUFFICIENT_BALANCE 0xe450d38cu
/* ERC20InsufficientAllowance(address,uint256,uint256) */
#define ERC20_INSUFFICIENT_ALLOWANCE 0xfb8f41b2u
/* ERC20InvalidReceiver(address) */
#define ERC20_INVALID_RECEIVER 0xec442f05u
/* OwnableUnauthorizedAccount(address) */
#define OWNABLE_UNAUTHORIZED_ACCOUNT 0x118cdaa7u
/* token0() */
#define TOKEN0 0x0dfe1681u
/* token1() */
#define TOKEN1 0xd21220a7u
/* getReserves() */
#define GET_RESERVES 0x0902f1acu
/* getAmountOut(address,uint256) */
#define GET_AMOUNT_OUT 0xca706bcfu
/* mint(address) */
#define MINT 0x6a627842u
/* burn(address) */
#define BURN 0x89afcb44u
/* swap(uint256,uint256,address) */
#define SWAP 0x6d9a640au
/* Mint(address,uint256,uint256) */
static const word EVENT_MINT __attribute__((unused)) = WORD4(0x4c209b5fc8ad5075, 0x8f13e2e1088ba56a, 0x560dff690a1c6fef, 0x26394f4c03821c4f);
/* Burn(address,uint256,uint256,address) */
static const word EVENT_BURN __attribute__((unused)) = WORD4(0xdccd412f0b125281, 0x9cb1fd330b93224c, 0xa42612892bb3f4f7, 0x89976e6d81936496);
/* Swap(address,uint256,uint256,uint256,uint256,address) */
static const word EVENT_SWAP __attribute__((unused)) = WORD4(0xd78ad95fa46c994b, 0x6551d0da85fc275f, 0xe613ce37657fb8d5, 0xe3d130840159d822);
/* Sync(uint112,uint112) */
static const word EVENT_SYNC __attribute__((unused)) = WORD4(0x1c411e9a96e07124, 0x1c2f21f7726b17ae, 0x89e3cab4c78be50e, 0x062b03a9fffbbad1);
/* Locked() */
#define LOCKED 0x0f2e5b6cu
/* IdenticalTokens(address) */
#define IDENTICAL_TOKENS 0xcd8207e4u
/* InsufficientLiquidity() */
#define INSUFFICIENT_LIQUIDITY 0xbb55fd27u
/* InsufficientLiquidityMinted() */
#define INSUFFICIENT_LIQUIDITY_MINTED 0xd226f9d4u
/* InsufficientLiquidityBurned() */
#define INSUFFICIENT_LIQUIDITY_BURNED 0x749383adu
/* InsufficientInput() */
#define INSUFFICIENT_INPUT 0xf8b3bb61u
/* InsufficientOutput() */
#define INSUFFICIENT_OUTPUT 0xbb2875c3u
/* InvalidReceiver(address) */
#define INVALID_RECEIVER 0x9cfea583u
/* InvalidToken(address) */
#define INVALID_TOKEN 0x961c9a4fu
/* ProductFell(uint256,uint256) */
#define PRODUCT_FELL 0x4b786caau
/* ReserveOverflow(uint256) */
#define RESERVE_OVERFLOW 0xef63fb2bu
/* TransferFailed(address) */
#define TRANSFER_FAILED 0x39f1c8d9u
/* Expired(uint256,uint256) */
#define EXPIRED 0xaa2fd925u
/* InsufficientOutput(uint256,uint256) */
#define INSUFFICIENT_OUTPUT_AMOUNT 0x2c19b8b8u
/* InvalidToken(address,address) */
#define INVALID_TOKEN_OF_PAIR 0x0fc746a1u
/* Swapped(address,address,address,uint256,uint256,address) */
static const word EVENT_SWAPPED __attribute__((unused)) = WORD4(0x1eeaa4acf3c225a4, 0x033105c2647625db, 0xb298dec93b14e162, 0x53c4231e26c02b1d);
/* Submitted(uint256,address,address,uint256) */
static const word EVENT_SUBMITTED __attribute__((unused)) = WORD4(0xee0dc734eb5e239d, 0x4127a856586d5c92, 0xcd64f0cf80e1706c, 0xd69262b6acfabb3b);
/* Confirmed(uint256,address) */
static const word EVENT_CONFIRMED __attribute__((unused)) = WORD4(0x6f220d98c15dbd07, 0xfdc24781b682ea34, 0xf92411fc61b83c76, 0x1dd927afbe02d3fd);
/* Revoked(uint256,address) */
static const word EVENT_REVOKED __attribute__((unused)) = WORD4(0x0819476e55ffbe23, 0xdf64353d5f789842, 0x9609397cc93c4430, 0x0b058b51648f7878);
/* Executed(uint256) */
static const word EVENT_EXECUTED __attribute__((unused)) = WORD4(0xbcf6a68a2f901be4, 0xa23a41b53acd7697, 0x893a7e34def4e28a, 0xcba584da75283b67);
/* NotOwner(address) */
#define NOT_OWNER 0x245aecd3u
/* NoSuchProposal(uint256) */
#define NO_SUCH_PROPOSAL 0x6dca40dbu
/* AlreadyConfirmed(uint256,address) */
#define ALREADY_CONFIRMED 0x8f68cf72u
/* NotConfirmed(uint256,address) */
#define NOT_CONFIRMED 0xb29436e9u
/* AlreadyExecuted(uint256) */
#define ALREADY_EXECUTED 0x6a64e961u
/* TooFewConfirmations(uint256,uint256) */
#define TOO_FEW_CONFIRMATIONS 0x45deeae7u
/* CallFailed(uint256) */
#define CALL_FAILED 0x3f9a3b48u
/* InvalidOwners() */
#define INVALID_OWNERS 0xf02e8ac1u
/* InsufficientAmount(address,uint256,uint256) */
#define INSUFFICIENT_AMOUNT 0x5cc9e8cbu
/* EmptyPath() */
#define EMPTY_PATH 0x20a2d33du
/* Held(uint256,address,address,address,uint256,bytes32,uint256) */
static const word EVENT_HELD __attribute__((unused)) = WORD4(0x98605ff78a90bf6d, 0xd8fb49ede04ffcbe, 0x73718e436afe303f, 0x4dc2fe6ef9b3fde3);
/* Claimed(uint256,bytes32) */
static const word EVENT_CLAIMED __attribute__((unused)) = WORD4(0xd5a2476fc450083b, 0xbb092dd3f4be9269, 0x8ffdc2d213e6f1e7, 0x30c7f44a52f1ccfc);
/* Refunded(uint256) */
static const word EVENT_REFUNDED __attribute__((unused)) = WORD4(0x3d2a04f53164bedf, 0x9a8a46353305d6b2, 0xd2261410406df3b4, 0x1f99ce6489dc003c);
/* NothingLocked() */
#define NOTHING_LOCKED 0x1b50c191u
/* NotOpen(uint256,uint256) */
#define NOT_OPEN 0xbbd2c689u
/* WrongSecret(uint256,bytes32) */
#define WRONG_SECRET 0x7d62840bu
/* NotYet(uint256,uint256) */
#define NOT_YET 0x88855832u
/* Claimed(uint256,address,uint256) */
static const word EVENT_DROPPED __attribute__((unused)) = WORD4(0x4ec90e965519d926, 0x81267467f775ada5, 0xbd214aa92c0dc93d, 0x90a5e880ce9ed026);
/* AlreadyClaimed(uint256) */
#define ALREADY_CLAIMED 0xb3167bfau
/* WrongProof(bytes32) */
#define WRONG_PROOF 0x7b576d4fu
/* onFlash(address,uint256,bytes) */
#define ON_FLASH 0x75870edbu
/* Lent(address,uint256) */
static const word EVENT_LENT __attribute__((unused)) = WORD4(0x26ff3f6dedac6d27, 0x3c293b8c866e073f, 0x40896739d99ad513, 0x862fe7ba70cf63ca);
/* NotPaidBack(uint256,uint256) */
#define NOT_PAID_BACK 0xfc6cd755u

#endif
