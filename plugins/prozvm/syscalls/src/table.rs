//! The table: each syscall once.

use proz_prozvm_core::{Signature, SyscallEntry, SyscallTable};

macro_rules! syscalls {
    ($($(#[$doc:meta])* $number:literal $constant:ident $name:literal ($parameters:literal) -> $results:literal;)*) => {
        /// Numbers by name, for the code that serves them.
        pub mod number {
            $($(#[$doc])* pub const $constant: u16 = $number;)*
        }

        /// Every syscall of the chain, by ascending number.
        pub const CHAIN: SyscallTable = SyscallTable::new(&[
            $(SyscallEntry {
                number: $number,
                name: $name,
                signature: Signature::new($parameters, $results),
            },)*
        ]);
    };
}

// Addresses are 20 bytes, words 32 bytes, both as Ethereum writes them: big-endian. Lengths are in bytes.
syscalls! {
    // Input and result.
    /// Bytes of call data.
    1 INPUT_SIZE "input_size" (0) -> 1;
    /// `(to, offset, length)`: copies call data; zeros past its end.
    2 INPUT_COPY "input_copy" (3) -> 0;
    /// `(from, length)`: ends the call with success.
    3 RETURN "return" (2) -> 0;
    /// `(from, length)`: ends the call, undoes its changes and gives the remaining gas back.
    4 REVERT "revert" (2) -> 0;

    // Storage.
    /// `(key, to)`: reads a slot; 1 when it is not zero.
    16 STORAGE_GET "storage_get" (2) -> 1;
    /// `(key, value)`: writes a slot.
    17 STORAGE_SET "storage_set" (2) -> 0;
    /// `(key, key length, to, room)`: reads a value of any length; gives its length, or -1 for none.
    18 STORAGE_READ "storage_read" (4) -> 1;
    /// `(key, key length, value, length)`: writes a value of any length; an empty one removes.
    19 STORAGE_WRITE "storage_write" (4) -> 0;
    /// `(key, to)`: reads a slot that lives until the transaction ends; 1 when it is not zero.
    20 TRANSIENT_GET "transient_get" (2) -> 1;
    /// `(key, value)`: writes such a slot.
    21 TRANSIENT_SET "transient_set" (2) -> 0;

    // Events, calls, creations.
    /// `(topics, count, data, length)`: emits a log with at most four topics, one behind the other.
    32 LOG "log" (4) -> 0;
    /// `(kind, address, value, gas, input, length)`: calls a contract of any VM. Kind 0 call, 1 static, 2
    /// delegate. Gives 0 for success, 1 for a revert, 2 for a failure.
    33 CALL "call" (6) -> 1;
    /// `(kind, value, salt, code, length, address)`: creates a contract and writes its address. Kind 0 CREATE,
    /// 1 CREATE2. Gives 0, 1, 2 as `call`.
    34 CREATE "create" (6) -> 1;
    /// Bytes that the last call or creation returned.
    35 RETURN_DATA_SIZE "return_data_size" (0) -> 1;
    /// `(to, offset, length)`: copies them; reaching past their end traps.
    36 RETURN_DATA_COPY "return_data_copy" (3) -> 0;
    /// `(address, gas, input, length)`: runs a precompile without a frame. Gives 0, 1, 2 as `call`.
    37 PRECOMPILE "precompile" (4) -> 1;

    // The message and its transaction.
    /// `(to)`: the account that called.
    48 CALLER "caller" (1) -> 0;
    /// `(to)`: the account whose storage this is.
    49 ADDRESS "address" (1) -> 0;
    /// `(to)`: the account that signed the transaction.
    50 ORIGIN "origin" (1) -> 0;
    /// `(to)`: wei sent along, a word.
    51 VALUE "value" (1) -> 0;
    /// `(to)`: wei per gas, a word.
    52 GAS_PRICE "gas_price" (1) -> 0;
    /// Gas left, in the chain's gas.
    53 GAS_LEFT "gas_left" (0) -> 1;
    /// 1 when state changes are forbidden.
    54 IS_STATIC "is_static" (0) -> 1;

    // The block.
    /// `(to)`: fee recipient.
    64 COINBASE "coinbase" (1) -> 0;
    /// `(to)`: beacon-chain randomness, a word.
    65 PREV_RANDAO "prev_randao" (1) -> 0;
    /// `(to)`: wei per gas, a word.
    66 BASE_FEE "base_fee" (1) -> 0;
    /// `(to)`: wei per blob gas, a word.
    67 BLOB_BASE_FEE "blob_base_fee" (1) -> 0;
    /// `(index, to)`: versioned hash of a blob of the transaction; 0 and zeros where there is none.
    68 BLOB_HASH "blob_hash" (2) -> 1;
    /// Chain id.
    69 CHAIN_ID "chain_id" (0) -> 1;
    /// Height.
    70 BLOCK_NUMBER "block_number" (0) -> 1;
    /// Unix seconds.
    71 BLOCK_TIMESTAMP "block_timestamp" (0) -> 1;
    /// Gas limit of the block.
    72 BLOCK_GAS_LIMIT "block_gas_limit" (0) -> 1;
    /// `(number, to)`: hash of one of the last 256 blocks; 0 and zeros for others.
    73 BLOCK_HASH "block_hash" (2) -> 1;

    // Accounts.
    /// `(address, to)`: wei, a word.
    80 BALANCE "balance" (2) -> 0;
    /// `(address, to)`: Keccak-256 of the code; zeros for an absent account.
    81 CODE_HASH "code_hash" (2) -> 0;
    /// `(address)`: bytes of code.
    82 CODE_SIZE "code_size" (1) -> 1;
    /// `(address, offset, length, to)`: copies what there is of the code; gives how much that was.
    83 CODE_COPY "code_copy" (4) -> 1;

    // Signatures. Hashes are instructions.
    /// `(input, to)`: input is hash, v, r, s of 32 bytes each. Writes the signer's address and gives 1, or 0.
    96 ECRECOVER "ecrecover" (2) -> 1;

    // Debugging.
    /// `(from, length)`: text for whoever runs the contract by hand; no effect on anything else.
    112 DEBUG_PRINT "debug_print" (2) -> 0;
}

#[cfg(test)]
mod tests {
    use super::CHAIN;

    #[test]
    fn numbers_ascend_and_signatures_fit_the_machine() {
        let entries = CHAIN.entries();
        assert!(
            entries
                .windows(2)
                .all(|pair| pair[0].number < pair[1].number)
        );
        for entry in entries {
            assert!(
                entry.signature.parameters <= 6 && entry.signature.results <= 1,
                "{entry:?}"
            );
        }
    }
}
