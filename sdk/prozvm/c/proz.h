/* Contracts in C that speak Solidity's ABI.
 *
 *     #include <proz.h>
 *
 *     static const word NUMBER = WORD(0);             // slot 0, as Solidity would lay it out
 *
 *     PZ_METHOD("add(uint256)", add) {
 *         word in[1];
 *         u256 number, more;
 *         arguments(in, 1);
 *         u256_load(&more, &in[0]);
 *         storage_number(&number, &NUMBER);
 *         checked_add(&number, &number, &more);
 *         storage_keep(&NUMBER, &number);
 *     }
 *
 * Three types carry everything: `u256` is a number as the 256-bit instructions want it, `word` is 32 bytes
 * as they cross to the host (big-endian), `account` is a word that holds an address. Functions take pointers
 * and work in place; results may overlap operands. Nothing here is slower than a few instructions unless its
 * comment says so, and what is not used costs nothing.
 */
#ifndef PROZ_H
#define PROZ_H

#include <pz64.h>
#include <proz/memory.h>
#include <proz/number.h>
#include <proz/word.h>
#include <proz/result.h>
#include <proz/argument.h>
#include <proz/storage.h>
#include <proz/call.h>

#endif
