#!/usr/bin/env python3
"""Writes a C header of selectors and topics from a list of signatures.

    signatures.py signatures.txt > signatures.h

Lines are `NAME = transfer(address,uint256)`: a constant of four bytes, or, when the name begins with EVENT_,
a `word` of 32. Lines that begin with # are comments.
"""
import sys

MASK = 2**64 - 1


def rotate(lane, count):
    return (lane << count % 64 | lane >> (64 - count % 64)) & MASK


def permute(lanes):
    state = 1
    for _ in range(24):
        column = [lanes[x][0] ^ lanes[x][1] ^ lanes[x][2] ^ lanes[x][3] ^ lanes[x][4] for x in range(5)]
        mix = [column[x - 1] ^ rotate(column[(x + 1) % 5], 1) for x in range(5)]
        lanes = [[lane ^ mix[x] for lane in lanes[x]] for x in range(5)]
        x, y, moving = 1, 0, lanes[1][0]
        for step in range(24):
            x, y = y, (2 * x + 3 * y) % 5
            moving, lanes[x][y] = lanes[x][y], rotate(moving, (step + 1) * (step + 2) // 2)
        for y in range(5):
            row = [lanes[x][y] for x in range(5)]
            for x in range(5):
                lanes[x][y] = row[x] ^ (~row[(x + 1) % 5] & row[(x + 2) % 5])
        for bit in range(7):
            state = (state << 1 ^ (state >> 7) * 0x171) % 256
            lanes[0][0] ^= (state >> 1 & 1) << (1 << bit) - 1
    return lanes


def keccak256(data):
    padded = bytearray(data) + b"\x01"
    padded += bytes(-len(padded) % 136)
    padded[-1] |= 0x80
    lanes = [[0] * 5 for _ in range(5)]
    for block in range(0, len(padded), 136):
        for at in range(17):
            lane = padded[block + 8 * at : block + 8 * at + 8]
            lanes[at % 5][at // 5] ^= int.from_bytes(lane, "little")
        lanes = permute(lanes)
    return b"".join(lanes[at][0].to_bytes(8, "little") for at in range(4))


def main(path):
    assert keccak256(b"").hex() == "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"
    print("/* Made by signatures.py. */\n#ifndef SIGNATURES_H\n#define SIGNATURES_H\n\n#include <proz/word.h>\n")
    for line in open(path):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        name, signature = [part.strip() for part in line.split("=")]
        digest = keccak256(signature.encode())
        print(f"/* {signature} */")
        if name.startswith("EVENT_"):
            parts = ", ".join("0x" + digest[at : at + 8].hex() for at in range(0, 32, 8))
            print(f"static const word {name} __attribute__((unused)) = WORD4({parts});")
        else:
            print(f"#define {name} 0x{digest[:4].hex()}u")
    print("\n#endif")


main(sys.argv[1])
