//! The PZ64 machine: instructions that RISC-V does not have, and syscalls.
//!
//! Operands of 256-bit instructions are 32 little-endian bytes at any address; addresses of accounts are 20 bytes,
//! words of syscalls 32, big-endian. Semantics: `plugins/prozvm/SPEC.md`, sections I and S.
//!
//! Safety of all: pointers must be valid for what the instruction reads and writes.

use core::arch::asm;

macro_rules! instructions {
    // to <- op(a, b)
    (three $($(#[$doc:meta])* $name:ident $op:literal;)*) => {$(
        $(#[$doc])*
        #[inline(always)]
        pub unsafe fn $name(to: usize, a: usize, b: usize) {
            asm!(
                concat!(".insn r 0x2b, ", $op, " >> 7, ", $op, " & 0x7f, {0}, {1}, {2}"),
                in(reg) to, in(reg) a, in(reg) b,
                options(nostack),
            );
        }
    )*};
    // to <- op(a)
    (two $($(#[$doc:meta])* $name:ident $op:literal;)*) => {$(
        $(#[$doc])*
        #[inline(always)]
        pub unsafe fn $name(to: usize, a: usize) {
            asm!(
                concat!(".insn r 0x2b, ", $op, " >> 7, ", $op, " & 0x7f, {0}, {1}, x0"),
                in(reg) to, in(reg) a,
                options(nostack),
            );
        }
    )*};
    // to <- op(a, b, c)
    (four $($(#[$doc:meta])* $name:ident $op:literal;)*) => {$(
        $(#[$doc])*
        #[inline(always)]
        pub unsafe fn $name(to: usize, a: usize, b: usize, c: usize) {
            asm!(
                concat!(".insn r4 0x5b, 0, ", $op, " - 0xa0, {0}, {1}, {2}, {3}"),
                in(reg) to, in(reg) a, in(reg) b, in(reg) c,
                options(nostack),
            );
        }
    )*};
    // op(a, b)
    (compare $($(#[$doc:meta])* $name:ident $op:literal;)*) => {$(
        $(#[$doc])*
        #[inline(always)]
        pub unsafe fn $name(a: usize, b: usize) -> isize {
            let result: isize;
            asm!(
                concat!(".insn r 0x2b, ", $op, " >> 7, ", $op, " & 0x7f, {0}, {1}, {2}"),
                out(reg) result, in(reg) a, in(reg) b,
                options(nostack, readonly),
            );
            result
        }
    )*};
}

instructions! { three
    /// Sum.
    u256_add 0x90;
    /// Difference.
    u256_sub 0x91;
    /// Product.
    u256_mul 0x92;
    /// Quotient; by zero zero.
    u256_div 0x93;
    /// Remainder; by zero zero.
    u256_mod 0x94;
    /// Signed quotient.
    u256_sdiv 0x95;
    /// Signed remainder.
    u256_smod 0x96;
    /// Bitwise and.
    u256_and 0x97;
    /// Bitwise or.
    u256_or 0x98;
    /// Bitwise exclusive or.
    u256_xor 0x99;
    /// Shift left by `b` bits.
    u256_shl 0xa4;
    /// Shift right by `b` bits.
    u256_shr 0xa5;
    /// Signed shift right by `b` bits.
    u256_sar 0xa6;
    /// The whole product, 64 bytes.
    u256_product 0xb4;
    /// Power.
    u256_exp 0xb8;
    /// Keccak-256 of `b` bytes at `a`.
    keccak256 0xc0;
    /// SHA-256 of `b` bytes at `a`.
    sha256 0xc1;
    /// Moves `b` bytes from `a`.
    mem_copy 0xc8;
    /// Writes `b` copies of the low byte of `a`.
    mem_fill 0xc9;
}
instructions! { four
    /// `(a + b) % c`.
    u256_addmod 0xa0;
    /// `(a * b) % c`.
    u256_mulmod 0xa1;
    /// Montgomery product modulo `c`.
    u256_mulmont 0xa2;
}
instructions! { compare
    /// -1, 0 or 1.
    u256_cmp 0xa8;
    /// -1, 0 or 1, signed.
    u256_scmp 0xa9;
}
instructions! { two
    /// Complement.
    u256_not 0xac;
    /// Reverses the bytes.
    u256_bswap 0xad;
    /// Extends the number `a`.
    u256_zext 0xb0;
    /// Extends the signed number `a`.
    u256_sext 0xb1;
}

/// Maps more zeroed pages and gives their address; -1 beyond the program's most.
#[inline(always)]
pub unsafe fn heap_grow(pages: usize) -> isize {
    let result: isize;
    asm!(
        concat!(".insn r 0x2b, ", 0xca, " >> 7, ", 0xca, " & 0x7f, {0}, {1}, x0"),
        out(reg) result, in(reg) pages,
        options(nostack),
    );
    result
}

/// Ends the call as failed: all its gas is gone.
#[inline(always)]
pub fn trap() -> ! {
    unsafe { asm!("unimp", options(noreturn, nostack)) }
}

macro_rules! syscalls {
    ($($(#[$doc:meta])* $name:ident $number:literal ($($argument:ident $register:tt),*) $kind:tt;)*) => {$(
        syscalls! { @one $(#[$doc])* $name $number ($($argument $register),*) $kind }
    )*};
    (@one $(#[$doc:meta])* $name:ident $number:literal ($($argument:ident $register:tt),*) tells) => {
        $(#[$doc])*
        #[inline(always)]
        pub unsafe fn $name($($argument: usize),*) {
            asm!(concat!(".insn i 0x0b, 0, x0, x0, ", $number), $(in($register) $argument,)* options(nostack));
        }
    };
    (@one $(#[$doc:meta])* $name:ident $number:literal ($($argument:ident $register:tt),*) ends) => {
        $(#[$doc])*
        #[inline(always)]
        pub unsafe fn $name($($argument: usize),*) -> ! {
            asm!(concat!(".insn i 0x0b, 0, x0, x0, ", $number, "\n\tunimp"),
                $(in($register) $argument,)* options(noreturn, nostack));
        }
    };
    (@one $(#[$doc:meta])* $name:ident $number:literal () asks) => {
        $(#[$doc])*
        #[inline(always)]
        pub unsafe fn $name() -> usize {
            let result: usize;
            asm!(concat!(".insn i 0x0b, 0, x0, x0, ", $number), out("a0") result, options(nostack));
            result
        }
    };
    (@one $(#[$doc:meta])* $name:ident $number:literal
        ($first:ident "a0" $(, $argument:ident $register:tt)*) asks) => {
        $(#[$doc])*
        #[inline(always)]
        pub unsafe fn $name($first: usize $(, $argument: usize)*) -> usize {
            let result: usize;
            asm!(concat!(".insn i 0x0b, 0, x0, x0, ", $number),
                inlateout("a0") $first => result, $(in($register) $argument,)* options(nostack));
            result
        }
    };
}

syscalls! {
    /// Bytes of call data.
    input_size 1 () asks;
    /// Copies call data; zeros past its end.
    input_copy 2 (to "a0", offset "a1", length "a2") tells;
    /// Ends the call with success.
    return_ 3 (from "a0", length "a1") ends;
    /// Ends the call, undoes its changes and gives the remaining gas back.
    revert 4 (from "a0", length "a1") ends;
    /// Reads a slot; 1 when it is not zero.
    storage_get 16 (key "a0", to "a1") asks;
    /// Writes a slot.
    storage_set 17 (key "a0", value "a1") tells;
    /// Reads a value of any length; its length, or -1 for none.
    storage_read 18 (key "a0", key_length "a1", to "a2", room "a3") asks;
    /// Writes a value of any length; an empty one removes.
    storage_write 19 (key "a0", key_length "a1", value "a2", length "a3") tells;
    /// Reads a slot that lives until the transaction ends.
    transient_get 20 (key "a0", to "a1") asks;
    /// Writes such a slot.
    transient_set 21 (key "a0", value "a1") tells;
    /// Emits a log with at most four topics, one behind the other.
    log 32 (topics "a0", count "a1", data "a2", length "a3") tells;
    /// Calls a contract: kind 0 call, 1 static, 2 delegate. 0 success, 1 revert, 2 failure.
    call 33 (kind "a0", address "a1", value "a2", gas "a3", input "a4", length "a5") asks;
    /// Creates a contract: kind 0 CREATE, 1 CREATE2. 0 success, 1 revert, 2 failure.
    create 34 (kind "a0", value "a1", salt "a2", code "a3", length "a4", address "a5") asks;
    /// Bytes that the last call or creation returned.
    return_data_size 35 () asks;
    /// Copies them; reaching past their end traps.
    return_data_copy 36 (to "a0", offset "a1", length "a2") tells;
    /// Runs a precompile without a frame.
    precompile 37 (address "a0", gas "a1", input "a2", length "a3") asks;
    /// The account that called.
    caller 48 (to "a0") tells;
    /// The account whose storage this is.
    address 49 (to "a0") tells;
    /// The account that signed the transaction.
    origin 50 (to "a0") tells;
    /// Wei sent along.
    value 51 (to "a0") tells;
    /// Wei per gas.
    gas_price 52 (to "a0") tells;
    /// Gas left.
    gas_left 53 () asks;
    /// 1 when state changes are forbidden.
    is_static 54 () asks;
    /// Fee recipient.
    coinbase 64 (to "a0") tells;
    /// Beacon-chain randomness.
    prev_randao 65 (to "a0") tells;
    /// Wei per gas.
    base_fee 66 (to "a0") tells;
    /// Wei per blob gas.
    blob_base_fee 67 (to "a0") tells;
    /// Versioned hash of a blob; 0 and zeros where there is none.
    blob_hash 68 (index "a0", to "a1") asks;
    /// Chain id.
    chain_id 69 () asks;
    /// Height.
    block_number 70 () asks;
    /// Unix seconds.
    block_timestamp 71 () asks;
    /// Gas limit of the block.
    block_gas_limit 72 () asks;
    /// Hash of one of the last 256 blocks; 0 and zeros for others.
    block_hash 73 (number "a0", to "a1") asks;
    /// Wei of an account.
    balance 80 (account "a0", to "a1") tells;
    /// Keccak-256 of the code of an account.
    code_hash 81 (account "a0", to "a1") tells;
    /// Bytes of code.
    code_size 82 (account "a0") asks;
    /// Copies what there is of the code; gives how much that was.
    code_copy 83 (account "a0", offset "a1", length "a2", to "a3") asks;
    /// Recovers a signer from hash, v, r, s; 1, or 0.
    ecrecover 96 (input "a0", to "a1") asks;
    /// Text for whoever runs the contract by hand.
    debug_print 112 (from "a0", length "a1") tells;
}
