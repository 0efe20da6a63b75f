/* Made by signatures.py. */
#ifndef SIGNATURES_H
#define SIGNATURES_H

#include <proz/word.h>

/* Changed(address,uint256) */
static const word EVENT_CHANGED __attribute__((unused)) = WORD4(0xb52dda022b6c1a1f, 0x40905a85f257f689, 0xaa5d69d850e49cf9, 0x39d688fbe5af5946);

#endif
