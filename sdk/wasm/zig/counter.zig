//! A counter with the Solidity ABI: number(), setNumber(uint256), increment().
//!
//!   zig build-exe counter.zig -target wasm32-freestanding -O ReleaseSmall -fno-entry \
//!       --export=main --stack 8192 -femit-bin=counter.wasm
//!
//! The functions are those of sdk/wasm/c/proz.h.

const env = struct {
    extern "env" fn input_copy(dst: [*]u8, offset: u32, size: u32) void;
    extern "env" fn @"return"(output: [*]const u8, size: u32) noreturn;
    extern "env" fn revert(output: [*]const u8, size: u32) noreturn;
    extern "env" fn storage_get(key: [*]const u8, value: [*]u8) u32;
    extern "env" fn storage_set(key: [*]const u8, value: [*]const u8) void;
};

const key: [32]u8 = @splat(0);
var word: [32]u8 = undefined;

export fn main() void {
    var selector: [4]u8 = undefined;
    env.input_copy(&selector, 0, 4);
    switch (@as(u32, selector[0]) << 24 | @as(u32, selector[1]) << 16 | @as(u32, selector[2]) << 8 | selector[3]) {
        0x8381f58a => { // number()
            _ = env.storage_get(&key, &word);
            env.@"return"(&word, 32);
        },
        0x3fb5c1cb => { // setNumber(uint256)
            env.input_copy(&word, 4, 32);
            env.storage_set(&key, &word);
        },
        0xd09de08a => { // increment()
            _ = env.storage_get(&key, &word);
            var at: usize = 32;
            while (at > 0) {
                at -= 1;
                word[at] +%= 1;
                if (word[at] != 0) break;
            }
            env.storage_set(&key, &word);
        },
        else => env.revert(&word, 0),
    }
}
