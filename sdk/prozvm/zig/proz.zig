//! Contracts in Zig for ProzVM, in Solidity's ABI.
//!
//!     const proz = @import("proz.zig");
//!
//!     const number = proz.Slot(proz.U256){ .key = proz.word(0) };
//!
//!     fn add() void {
//!         const in = proz.arguments(struct { proz.U256 });
//!         number.set(number.get().add(in[0]));
//!     }
//!     comptime {
//!         proz.method("add(uint256)", .nonpayable, add);
//!     }
//!
//! `machine` has every PZ64 instruction that RISC-V lacks, `sys` every syscall. Arithmetic of `U256` reverts as
//! Solidity's does; selectors and topics are hashed at compile time.

const std = @import("std");

/// 256-bit instructions, hashes and memory instructions. Operands are 32 little-endian bytes.
pub const machine = struct {
    // Opcode bytes of plugins/prozvm/core/src/isa/table.rs.
    pub const U256_ADD = 0x90;
    pub const U256_SUB = 0x91;
    pub const U256_MUL = 0x92;
    pub const U256_DIV = 0x93;
    pub const U256_MOD = 0x94;
    pub const U256_SDIV = 0x95;
    pub const U256_SMOD = 0x96;
    pub const U256_AND = 0x97;
    pub const U256_OR = 0x98;
    pub const U256_XOR = 0x99;
    pub const U256_ADDMOD = 0xa0;
    pub const U256_MULMOD = 0xa1;
    pub const U256_MULMONT = 0xa2;
    pub const U256_SHL = 0xa4;
    pub const U256_SHR = 0xa5;
    pub const U256_SAR = 0xa6;
    pub const U256_CMP = 0xa8;
    pub const U256_SCMP = 0xa9;
    pub const U256_NOT = 0xac;
    pub const U256_BSWAP = 0xad;
    pub const U256_ZEXT = 0xb0;
    pub const U256_SEXT = 0xb1;
    pub const U256_PRODUCT = 0xb4;
    pub const U256_EXP = 0xb8;
    pub const KECCAK256 = 0xc0;
    pub const SHA256 = 0xc1;
    pub const MEM_COPY = 0xc8;
    pub const MEM_FILL = 0xc9;
    pub const HEAP_GROW = 0xca;

    fn text(comptime op: comptime_int, comptime operands: []const u8) []const u8 {
        return std.fmt.comptimePrint(".insn r 0x2b, {d}, {d}, {s}", .{ op >> 7, op & 0x7f, operands });
    }

    /// `to <- a op b`: 256-bit arithmetic, shifts (`b` a count), hashes (`b` a length), copies and fills.
    pub inline fn three(comptime op: comptime_int, to: usize, a: usize, b: usize) void {
        asm volatile (text(op, "%[to], %[a], %[b]")
            :
            : [to] "r" (to),
              [a] "r" (a),
              [b] "r" (b),
            : .{ .memory = true });
    }

    /// `to <- op a`: not, byte swap, extensions.
    pub inline fn two(comptime op: comptime_int, to: usize, a: usize) void {
        asm volatile (text(op, "%[to], %[a], x0")
            :
            : [to] "r" (to),
              [a] "r" (a),
            : .{ .memory = true });
    }

    /// `to <- op(a, b, c)`: addmod, mulmod, mulmont.
    pub inline fn four(comptime op: comptime_int, to: usize, a: usize, b: usize, c: usize) void {
        asm volatile (std.fmt.comptimePrint(".insn r4 0x5b, 0, {d}, %[to], %[a], %[b], %[c]", .{op - 0xa0})
            :
            : [to] "r" (to),
              [a] "r" (a),
              [b] "r" (b),
              [c] "r" (c),
            : .{ .memory = true });
    }

    /// -1, 0 or 1: `U256_CMP` and `U256_SCMP`.
    pub inline fn compare(comptime op: comptime_int, a: usize, b: usize) isize {
        return asm volatile (text(op, "%[out], %[a], %[b]")
            : [out] "=r" (-> isize),
            : [a] "r" (a),
              [b] "r" (b),
            : .{ .memory = true });
    }

    /// Maps more zeroed pages and gives their address; -1 beyond `Settings.max_pages`.
    pub inline fn heapGrow(pages: usize) isize {
        return asm volatile (text(HEAP_GROW, "%[out], %[pages], x0")
            : [out] "=r" (-> isize),
            : [pages] "r" (pages),
            : .{ .memory = true });
    }

    /// Ends the call as failed: all its gas is gone.
    pub inline fn trap() noreturn {
        asm volatile ("unimp");
        unreachable;
    }
};

/// Syscalls, with the numbers of plugins/prozvm/syscalls/src/table.rs. Addresses of accounts are 20 bytes, words 32,
/// big-endian.
pub const sys = struct {
    pub const INPUT_SIZE = 1;
    pub const INPUT_COPY = 2;
    pub const RETURN = 3;
    pub const REVERT = 4;
    pub const STORAGE_GET = 16;
    pub const STORAGE_SET = 17;
    pub const STORAGE_READ = 18;
    pub const STORAGE_WRITE = 19;
    pub const TRANSIENT_GET = 20;
    pub const TRANSIENT_SET = 21;
    pub const LOG = 32;
    pub const CALL = 33;
    pub const CREATE = 34;
    pub const RETURN_DATA_SIZE = 35;
    pub const RETURN_DATA_COPY = 36;
    pub const PRECOMPILE = 37;
    pub const CALLER = 48;
    pub const ADDRESS = 49;
    pub const ORIGIN = 50;
    pub const VALUE = 51;
    pub const GAS_PRICE = 52;
    pub const GAS_LEFT = 53;
    pub const IS_STATIC = 54;
    pub const COINBASE = 64;
    pub const PREV_RANDAO = 65;
    pub const BASE_FEE = 66;
    pub const BLOB_BASE_FEE = 67;
    pub const BLOB_HASH = 68;
    pub const CHAIN_ID = 69;
    pub const BLOCK_NUMBER = 70;
    pub const BLOCK_TIMESTAMP = 71;
    pub const BLOCK_GAS_LIMIT = 72;
    pub const BLOCK_HASH = 73;
    pub const BALANCE = 80;
    pub const CODE_HASH = 81;
    pub const CODE_SIZE = 82;
    pub const CODE_COPY = 83;
    pub const ECRECOVER = 96;
    pub const DEBUG_PRINT = 112;

    fn text(comptime number: comptime_int) []const u8 {
        return std.fmt.comptimePrint(".insn i 0x0b, 0, x0, x0, {d}", .{number});
    }

    inline fn argument(values: anytype, comptime at: usize) usize {
        return if (at < values.len) values[at] else undefined;
    }

    /// Performs a syscall without a result: `tell(CALLER, .{address})`.
    pub inline fn tell(comptime number: comptime_int, values: anytype) void {
        asm volatile (text(number)
            :
            : [a0] "{a0}" (argument(values, 0)),
              [a1] "{a1}" (argument(values, 1)),
              [a2] "{a2}" (argument(values, 2)),
              [a3] "{a3}" (argument(values, 3)),
              [a4] "{a4}" (argument(values, 4)),
              [a5] "{a5}" (argument(values, 5)),
            : .{ .memory = true });
    }
    /// Performs a syscall with a result: `ask(INPUT_SIZE, .{})`.
    pub inline fn ask(comptime number: comptime_int, values: anytype) usize {
        return asm volatile (text(number)
            : [out] "={a0}" (-> usize),
            : [a0] "{a0}" (argument(values, 0)),
              [a1] "{a1}" (argument(values, 1)),
              [a2] "{a2}" (argument(values, 2)),
              [a3] "{a3}" (argument(values, 3)),
              [a4] "{a4}" (argument(values, 4)),
              [a5] "{a5}" (argument(values, 5)),
            : .{ .memory = true });
    }
};

/// 32 bytes, big-endian, as the host, topics, slots and the ABI have them.
pub const Word = extern struct {
    lane: [4]u64,

    pub fn fromWord(from: Word) Word {
        return from;
    }
    pub fn toWord(self: Word) Word {
        return self;
    }
    pub fn isZero(self: Word) bool {
        return self.lane[0] | self.lane[1] | self.lane[2] | self.lane[3] == 0;
    }
};

/// A word that holds a small number.
pub fn word(value: u64) Word {
    return .{ .lane = .{ 0, 0, 0, @byteSwap(value) } };
}

/// A 256-bit number. Arithmetic reverts on overflow and on division by zero, as in Solidity.
pub const U256 = extern struct {
    limb: [4]u64,

    pub fn from(value: u64) U256 {
        return .{ .limb = .{ value, 0, 0, 0 } };
    }
    pub fn fromWord(in: Word) U256 {
        var out: U256 = undefined;
        machine.two(machine.U256_BSWAP, @intFromPtr(&out), @intFromPtr(&in));
        return out;
    }
    pub fn toWord(self: U256) Word {
        var out: Word = undefined;
        machine.two(machine.U256_BSWAP, @intFromPtr(&out), @intFromPtr(&self));
        return out;
    }
    /// -1, 0 or 1.
    pub fn compare(a: U256, b: U256) isize {
        return machine.compare(machine.U256_CMP, @intFromPtr(&a), @intFromPtr(&b));
    }
    pub fn isZero(self: U256) bool {
        return self.limb[0] | self.limb[1] | self.limb[2] | self.limb[3] == 0;
    }
    fn operate(comptime op: comptime_int, a: *const U256, b: *const U256) U256 {
        var out: U256 = undefined;
        machine.three(op, @intFromPtr(&out), @intFromPtr(a), @intFromPtr(b));
        return out;
    }
    pub fn add(a: U256, b: U256) U256 {
        const out = operate(machine.U256_ADD, &a, &b);
        if (out.compare(a) < 0) panic(0x11);
        return out;
    }
    pub fn sub(a: U256, b: U256) U256 {
        if (a.compare(b) < 0) panic(0x11);
        return operate(machine.U256_SUB, &a, &b);
    }
    pub fn mul(a: U256, b: U256) U256 {
        var out: [2]U256 = undefined;
        machine.three(machine.U256_PRODUCT, @intFromPtr(&out), @intFromPtr(&a), @intFromPtr(&b));
        if (!out[1].isZero()) panic(0x11);
        return out[0];
    }
    pub fn div(a: U256, b: U256) U256 {
        if (b.isZero()) panic(0x12);
        return operate(machine.U256_DIV, &a, &b);
    }
    pub fn mod(a: U256, b: U256) U256 {
        if (b.isZero()) panic(0x12);
        return operate(machine.U256_MOD, &a, &b);
    }
};

/// An address: twelve zero bytes, then its twenty.
pub const Account = extern struct {
    word: Word,

    /// Reverts when the word holds no address.
    pub fn fromWord(in: Word) Account {
        require(in.lane[0] | @as(u32, @truncate(in.lane[1])) == 0);
        return .{ .word = in };
    }
    pub fn toWord(self: Account) Word {
        return self.word;
    }
    /// The twenty bytes, for syscalls.
    pub fn bytes(self: *const Account) usize {
        return @intFromPtr(self) + 12;
    }
    fn ask(comptime number: comptime_int) Account {
        var out = Account{ .word = word(0) };
        sys.tell(number, .{ @intFromPtr(&out) + 12 });
        return out;
    }
    /// The account that called.
    pub fn caller() Account {
        return ask(sys.CALLER);
    }
    /// The account of this contract.
    pub fn current() Account {
        return ask(sys.ADDRESS);
    }
    pub fn equals(a: Account, b: Account) bool {
        return (a.word.lane[1] ^ b.word.lane[1]) | (a.word.lane[2] ^ b.word.lane[2]) | (a.word.lane[3] ^ b.word.lane[3]) == 0;
    }
};

/// Ends the call with success; the output is the memory of `output`.
pub inline fn finish(output: anytype) noreturn {
    sys.tell(sys.RETURN, .{ @intFromPtr(output), @sizeOf(@TypeOf(output.*)) });
    machine.trap();
}

/// Ends the call with one value.
pub fn give(value: anytype) noreturn {
    const out = value.toWord();
    finish(&out);
}

/// Ends the call with nothing said, its changes undone.
pub noinline fn revertEmpty() noreturn {
    @branchHint(.cold);
    sys.tell(sys.REVERT, .{ 0, 0 });
    machine.trap();
}

/// Solidity's `require` without a reason.
pub inline fn require(condition: bool) void {
    if (!condition) revertEmpty();
}

/// Ends the call with a custom error: `revertError("TooFew(uint256)", .{count})`.
pub noinline fn revertError(comptime signature: []const u8, words: anytype) noreturn {
    @branchHint(.cold);
    // The selector stands at the end of the first four bytes that are needed of a whole word.
    var out: [1 + words.len]Word = undefined;
    out[0].lane[3] = @as(u64, @byteSwap(selector(signature))) << 32;
    inline for (words, 1..) |value, at| out[at] = value.toWord();
    sys.tell(sys.REVERT, .{ @intFromPtr(&out) + 28, 4 + 32 * words.len });
    machine.trap();
}

/// Solidity's Panic(uint256).
pub noinline fn panic(code: u64) noreturn {
    @branchHint(.cold);
    revertError("Panic(uint256)", .{word(code)});
}

/// Keccak-256 at compile time.
fn keccak(comptime text: []const u8) [32]u8 {
    @setEvalBranchQuota(1_000_000);
    var out: [32]u8 = undefined;
    std.crypto.hash.sha3.Keccak256.hash(text, &out, .{});
    return out;
}

/// Selector of a function or an error.
pub fn selector(comptime signature: []const u8) u32 {
    return comptime std.mem.readInt(u32, keccak(signature)[0..4], .big);
}

/// Topic of an event.
pub fn topic(comptime signature: []const u8) Word {
    const bytes = comptime keccak(signature);
    return comptime .{ .lane = .{
        std.mem.readInt(u64, bytes[0..8], .little),
        std.mem.readInt(u64, bytes[8..16], .little),
        std.mem.readInt(u64, bytes[16..24], .little),
        std.mem.readInt(u64, bytes[24..32], .little),
    } };
}

/// Arguments of static types, as a tuple of values: `arguments(struct { Account, U256 })`.
pub inline fn arguments(comptime T: type) T {
    const types = @typeInfo(T).@"struct".field_types;
    var in: [types.len]Word = undefined;
    require(sys.ask(sys.INPUT_SIZE, .{}) >= 4 + 32 * types.len);
    sys.tell(sys.INPUT_COPY, .{ @intFromPtr(&in), 4, 32 * types.len });
    var out: T = undefined;
    inline for (types, 0..) |Type, at| out[at] = Type.fromWord(in[at]);
    return out;
}

/// A slot of storage that holds a `T`.
pub fn Slot(comptime T: type) type {
    return struct {
        key: Word,

        pub fn get(self: @This()) T {
            var out: Word = undefined;
            _ = sys.ask(sys.STORAGE_GET, .{ @intFromPtr(&self.key), @intFromPtr(&out) });
            return T.fromWord(out);
        }
        pub fn set(self: @This(), value: T) void {
            const out = value.toWord();
            sys.tell(sys.STORAGE_SET, .{ @intFromPtr(&self.key), @intFromPtr(&out) });
        }
    };
}

/// mapping(K => T); `V` is `Slot(T)`, or another `Mapping` for a nested one.
pub fn Mapping(comptime K: type, comptime V: type) type {
    return struct {
        key: Word,

        pub fn at(self: @This(), key: K) V {
            const preimage = [2]Word{ key.toWord(), self.key };
            var out: Word = undefined;
            machine.three(machine.KECCAK256, @intFromPtr(&out), @intFromPtr(&preimage), 64);
            return .{ .key = out };
        }
    };
}

/// Emits an event; `indexed` and `data` are tuples of values.
pub inline fn emit(comptime signature: []const u8, indexed: anytype, data: anytype) void {
    var topics: [1 + indexed.len]Word = undefined;
    var out: [data.len]Word = undefined;
    topics[0] = topic(signature);
    inline for (indexed, 1..) |value, at| topics[at] = value.toWord();
    inline for (data, 0..) |value, at| out[at] = value.toWord();
    sys.tell(sys.LOG, .{ @intFromPtr(&topics), topics.len, @intFromPtr(&out), 32 * out.len });
}

pub const Mutability = enum(u32) { nonpayable = 0, payable = 1, view = 2, pure = 3 };
const Kind = enum(u32) { method = 0, constructor = 1, fallback = 2, receive = 3, plain = 4 };
const Export = extern struct {
    function: *const fn () callconv(.c) void,
    kind: Kind,
    mutability: Mutability,
    name: [*:0]const u8,
};
const Setting = extern struct { key: u32, value: u32 };

fn declare(comptime kind: Kind, comptime mutability: Mutability, comptime name: [:0]const u8, comptime function: fn () void) void {
    const holder = struct {
        fn entry() callconv(.c) void {
            function();
        }
        var record: Export = .{ .function = &entry, .kind = kind, .mutability = mutability, .name = name.ptr };
    };
    @export(&holder.record, .{ .name = "pz_export " ++ name, .section = ".pz.exports" });
}

/// Exports a method by its Solidity signature.
pub fn method(comptime signature: [:0]const u8, comptime mutability: Mutability, comptime function: fn () void) void {
    declare(.method, mutability, signature, function);
}
/// Exports the constructor.
pub fn constructor(comptime mutability: Mutability, comptime function: fn () void) void {
    declare(.constructor, mutability, "constructor", function);
}
/// Exports what runs when no method fits.
pub fn fallback(comptime mutability: Mutability, comptime function: fn () void) void {
    declare(.fallback, mutability, "fallback", function);
}
/// Exports what runs on empty call data.
pub fn receive(comptime function: fn () void) void {
    declare(.receive, .payable, "receive", function);
}

/// Settings of a contract; what is null keeps the linker's default.
pub const Settings = struct { stack: ?u32 = null, max_pages: ?u32 = null, heap: ?u32 = null };

/// Declares settings.
pub fn configure(comptime settings: Settings) void {
    for (.{ settings.stack, settings.max_pages, settings.heap }, 1..) |value, key| {
        if (value) |some| {
            const holder = struct {
                var record: Setting = .{ .key = key, .value = some };
            };
            @export(&holder.record, .{ .name = std.fmt.comptimePrint("pz_config {d}", .{key}), .section = ".pz.config" });
        }
    }
}

// What the compiler expects of a C library.
export fn memcpy(to: [*]u8, from: [*]const u8, size: usize) callconv(.c) [*]u8 {
    machine.three(machine.MEM_COPY, @intFromPtr(to), @intFromPtr(from), size);
    return to;
}
export fn memmove(to: [*]u8, from: [*]const u8, size: usize) callconv(.c) [*]u8 {
    machine.three(machine.MEM_COPY, @intFromPtr(to), @intFromPtr(from), size);
    return to;
}
export fn memset(to: [*]u8, byte: c_int, size: usize) callconv(.c) [*]u8 {
    machine.three(machine.MEM_FILL, @intFromPtr(to), @as(usize, @bitCast(@as(isize, byte))), size);
    return to;
}
