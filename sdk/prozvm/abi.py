#!/usr/bin/env python3
"""Writes a contract's ABI as JSON, from Solidity's declarations.

    abi.py contract.abi > contract.abi.json

Lines are as in a Solidity interface, without semicolons: constructor(address asset), function count() view returns
(uint256), event Held(uint256 indexed id), error NotOpen(uint256 id), receive. Lines that begin with // are comments.
"""
import json
import re
import sys

MUTABILITIES = ("payable", "view", "pure")


def parameters(text, is_event=False):
    out = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        words = part.split()
        entry = {"name": words[-1] if len(words) > 1 and words[-1] != "indexed" else "", "type": words[0]}
        entry["internalType"] = words[0]
        if is_event:
            entry["indexed"] = "indexed" in words
        out.append(entry)
    return out


def declaration(line):
    found = re.fullmatch(r"(\w+)(?:\s+(\w+))?\s*(?:\((.*?)\))?\s*(\w*)\s*(?:returns\s*\((.*)\))?", line)
    if not found:
        raise SystemExit(f"abi.py: expected a declaration, found `{line}`")
    kind, name, inputs, mutability, outputs = found.groups()
    if kind not in ("constructor", "function", "event", "error", "receive", "fallback"):
        raise SystemExit(f"abi.py: expected constructor, function, event, error, receive or fallback, found `{kind}`")
    out = {"type": kind}
    if name:
        out["name"] = name
    if kind not in ("receive", "fallback"):
        out["inputs"] = parameters(inputs or "", kind == "event")
    if kind == "event":
        out["anonymous"] = False
    elif kind != "error":
        default = "payable" if kind == "receive" else "nonpayable"
        out["stateMutability"] = mutability if mutability in MUTABILITIES else default
    if kind == "function":
        out["outputs"] = parameters(outputs or "")
    return out


def main(path):
    lines = [line.strip() for line in open(path)]
    entries = [declaration(line) for line in lines if line and not line.startswith("//")]
    print(json.dumps(entries, indent=1))


main(sys.argv[1])
