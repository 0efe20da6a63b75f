#!/usr/bin/env python3
"""Chooses what the threaded interpreter fuses, from the output of the bin `blocks`.

    fusions.py ENTRIES FILE[=WEIGHT] ...

Each program of a file weighs the same, times WEIGHT (1 unless given). Begins with everything that occurs, lets each
block choose its cheapest handlers by the costs of `core/src/threaded/fusion/choose.rs`, and drops what is used least,
until ENTRIES are left. Prints the body of the table in `core/src/threaded/fusion/table.rs`.
"""

import collections
import sys

DISPATCH, READ, READ_FRESH, FRESH = 2, 1, 3, 5
BRANCHES = {"Beq", "Bne", "Blt", "Bge", "Bltu", "Bgeu"}
LEAVES = {"Jump", "Call", "Return"}
OPERANDS = {"Binary": 2, "Branch": 2, "Store": 2, "Immediate": 1, "Shift64": 1, "Shift32": 1, "Unary": 1, "Load": 1}
WRITES = {"Binary", "Immediate", "Shift64", "Shift32", "Unary", "LoadImmediate", "LoadConstant", "Load"}
STRAIGHT = WRITES | {"Store"}
LAST = {"Branch"} | LEAVES


def places(body):
    """As `places` in places.rs."""
    known, result = {}, []
    for at, (opcode, rd, rs1, rs2, kind) in enumerate(body):
        sources = ["Own", "Own"]
        for operand, register in enumerate((rs1, rs2)[: OPERANDS.get(kind, 0)]):
            if register == 0:
                sources[operand] = "Zero"
            elif register in known:
                sources[operand] = known[register]
            elif at < 2:
                known[register] = "XY"[operand] + str(at + 1)
        if kind in WRITES and at < 2:
            known[rd] = f"R{at + 1}"
        result.append((opcode, *sources))
    return tuple(result)


def relaxed(entry):
    """As `relaxed` in places.rs."""
    return tuple(
        (opcode, *(source if source == f"R{at}" else "Own" for source in sources))
        for at, (opcode, *sources) in enumerate(entry)
    )


def candidates(body):
    """For each place and number of instructions, entries that would serve, with their costs; the exact one first."""
    acc, in_acc, written, reads = None, [], {}, []
    for at, (_, rd, rs1, rs2, kind) in enumerate(body):
        in_acc.append(acc)
        count = OPERANDS.get(kind, 0)
        fresh = [register in written and at - written[register] <= FRESH for register in (rs1, rs2)]
        reads.append([0 if operand >= count else READ_FRESH if fresh[operand] else READ for operand in (0, 1)])
        if kind in WRITES:
            written[rd] = at
        acc = rd if kind in WRITES else acc if kind == "Store" else None

    def cost(at, entry):
        total = DISPATCH
        for index, (_, *sources) in enumerate(entry):
            registers = body[at + index][2:4]
            for operand, source in enumerate(sources):
                held = index == 0 and in_acc[at] is not None and registers[operand] == in_acc[at]
                if held and operand == 1 and registers[0] == registers[1]:
                    held = False
                if source == "Own" and not held:
                    total += reads[at + index][operand]
        return total

    result = []
    for at in range(len(body)):
        options = [[(None, cost(at, places(body[at : at + 1])))]]
        for length in (2, 3):
            part = body[at : at + length]
            kinds = [instruction[4] for instruction in part]
            if len(part) < length or not set(kinds[:-1]) <= STRAIGHT or kinds[-1] not in STRAIGHT | LAST:
                break
            exact = places(part)
            entries = dict.fromkeys((exact, relaxed(exact)))
            options.append([(entry, cost(at, entry)) for entry in entries])
        result.append(options)
    return result


def use(blocks, table):
    """How often, by weight, each entry serves, and the total cost."""
    used, total = collections.Counter(), 0.0
    for weight, places_of in blocks:
        costs = [0] * (len(places_of) + 1)
        chosen = [None] * len(places_of)
        for at in range(len(places_of) - 1, -1, -1):
            best = None
            for length, options in reversed(list(enumerate(places_of[at], 1))):
                for entry, cost in options:
                    if entry is None or entry in table:
                        if best is None or costs[at + length] + cost < best[0]:
                            best = (costs[at + length] + cost, length, entry)
                        break
            costs[at], *chosen[at] = best
        total += weight * costs[0]
        at = 0
        while at < len(places_of):
            length, entry = chosen[at]
            if entry:
                used[entry] += weight
            at += length
    return used, total


def read(path, weight):
    programs = []
    for line in open(path, encoding="utf-8"):
        first, *rest = line.split()
        if first == "program":
            programs.append([])
            continue
        fields = [text.split(":") for text in rest]
        body = [(opcode, int(rd), int(rs1), int(rs2), kind) for opcode, rd, rs1, rs2, kind in fields]
        programs[-1].append((int(first), body))
    for program in programs:
        instructions = sum(count * len(body) for count, body in program)
        for count, body in program:
            yield weight * count / instructions, candidates(body)


def main():
    wanted, *files = sys.argv[1:]
    blocks = []
    for name in files:
        path, _, weight = name.partition("=")
        blocks.extend(read(path, float(weight or 1)))
    table = {entry for _, block in blocks for place in block for option in place for entry, _ in option if entry}
    while True:
        used, total = use(blocks, table)
        table = {entry for entry in table if used[entry] > 0}
        if len(table) <= int(wanted):
            break
        least = sorted(table, key=lambda entry: (used[entry], entry))
        table -= set(least[: max(1, min(len(table) - int(wanted), len(table) // 12))])
    sections = {f"{count}{ending}": [] for count in ("two", "three") for ending in ("", "_branch", "_leave")}
    for entry in sorted(table, key=lambda entry: (-used[entry], entry)):
        last = entry[-1][0]
        ending = "_leave" if last in LEAVES else "_branch" if last in BRANCHES else ""
        sections[("two", "three")[len(entry) - 2] + ending].append(entry)
    print(f"{len(table)} entries, cost {total:.3f}", file=sys.stderr)
    for name, entries in sections.items():
        print(f"            {name} {{")
        for entry in entries:
            print("                " + ", ".join(p[0] if p[0] in LEAVES else " ".join(p) for p in entry) + ";")
        print("            }")


main()
