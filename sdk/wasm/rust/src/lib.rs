//! Host functions for ProzChain contracts in Rust: the native set, import module `env`.
//!
//! No allocator, no standard library, no dependency; Rust 1.63 or later.
//!
//! ```ignore
//! #![no_std]
//! #![no_main]
//! use proz_contract as host;
//!
//! proz_contract::entry!(main);
//!
//! fn main() {
//!     let mut count = host::storage::get(&[0; 32]);
//!     count[31] = count[31].wrapping_add(1);
//!     host::storage::set(&[0; 32], &count);
//!     host::finish(&count)
//! }
//! ```
//!
//! Build with `rustc --crate-type cdylib --target wasm32-unknown-unknown -C panic=abort
//! -C link-arg=-zstack-size=16384`. A panic traps, which takes the call's gas: revert instead.
#![no_std]
#![deny(missing_docs)]

/// A 32-byte word, big-endian.
pub type Word = [u8; 32];
/// An account's address.
pub type Address = [u8; 20];

mod imports {
    #[link(wasm_import_module = "env")]
    extern "C" {
        pub fn input_size() -> u32;
        pub fn input_copy(dst: *mut u8, offset: u32, size: u32);
        #[link_name = "return"]
        pub fn finish(output: *const u8, size: u32) -> !;
        pub fn revert(output: *const u8, size: u32) -> !;
        pub fn storage_get(key: *const u8, value: *mut u8) -> u32;
        pub fn storage_set(key: *const u8, value: *const u8);
        pub fn storage_read(key: *const u8, key_size: u32, dst: *mut u8, room: u32) -> i32;
        pub fn storage_write(key: *const u8, key_size: u32, value: *const u8, size: u32);
        pub fn storage_remove(key: *const u8, key_size: u32);
        pub fn transient_get(key: *const u8, value: *mut u8);
        pub fn transient_set(key: *const u8, value: *const u8);
        pub fn emit_event(topics: *const u8, count: u32, data: *const u8, size: u32);
        pub fn call(
            kind: u32,
            address: *const u8,
            value: *const u8,
            gas: u64,
            input: *const u8,
            size: u32,
        ) -> u32;
        pub fn create(
            kind: u32,
            value: *const u8,
            salt: *const u8,
            code: *const u8,
            size: u32,
            address: *mut u8,
        ) -> u32;
        pub fn return_data_size() -> u32;
        pub fn return_data_copy(dst: *mut u8, offset: u32, size: u32);
        pub fn caller(dst: *mut u8);
        pub fn address(dst: *mut u8);
        pub fn origin(dst: *mut u8);
        pub fn value(dst: *mut u8);
        pub fn gas_price(dst: *mut u8);
        pub fn gas_left() -> u64;
        pub fn is_static() -> u32;
        pub fn coinbase(dst: *mut u8);
        pub fn prev_randao(dst: *mut u8);
        pub fn base_fee(dst: *mut u8);
        pub fn blob_base_fee(dst: *mut u8);
        pub fn blob_hash(index: u32, dst: *mut u8) -> u32;
        pub fn chain_id() -> u64;
        pub fn block_number() -> u64;
        pub fn block_timestamp() -> u64;
        pub fn block_gas_limit() -> u64;
        pub fn block_hash(number: u64, dst: *mut u8) -> u32;
        pub fn balance(address: *const u8, dst: *mut u8);
        pub fn code_hash(address: *const u8, dst: *mut u8);
        pub fn code_size(address: *const u8) -> u32;
        pub fn code_copy(address: *const u8, offset: u32, size: u32, dst: *mut u8) -> u32;
        pub fn keccak256(data: *const u8, size: u32, dst: *mut u8);
        pub fn sha256(data: *const u8, size: u32, dst: *mut u8);
        pub fn ecrecover(input: *const u8, dst: *mut u8) -> u32;
        pub fn precompile(address: *const u8, gas: u64, input: *const u8, size: u32) -> u32;
    }
}

/// Exports `$function` as the contract's entry point, and adds the panic handler.
#[macro_export]
macro_rules! entry {
    ($function:path) => {
        #[no_mangle]
        pub extern "C" fn main() {
            $function()
        }

        #[panic_handler]
        fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
            core::arch::wasm32::unreachable()
        }
    };
}

/// Exports `$function` as the contract's constructor.
#[macro_export]
macro_rules! constructor {
    ($function:path) => {
        #[no_mangle]
        pub extern "C" fn constructor() {
            $function()
        }
    };
}

/// Returns the number of bytes of call data.
pub fn input_size() -> usize {
    unsafe { imports::input_size() as usize }
}

/// Copies call data from `offset` on; bytes past its end are zero.
pub fn input_copy(dst: &mut [u8], offset: usize) {
    unsafe { imports::input_copy(dst.as_mut_ptr(), offset as u32, dst.len() as u32) }
}

/// Returns `SIZE` bytes of call data from `offset` on; bytes past its end are zero.
pub fn input<const SIZE: usize>(offset: usize) -> [u8; SIZE] {
    let mut bytes = [0; SIZE];
    input_copy(&mut bytes, offset);
    bytes
}

/// Ends the call with success.
pub fn finish(output: &[u8]) -> ! {
    unsafe { imports::finish(output.as_ptr(), output.len() as u32) }
}

/// Ends the call, undoes its changes and gives the remaining gas back.
pub fn revert(output: &[u8]) -> ! {
    unsafe { imports::revert(output.as_ptr(), output.len() as u32) }
}

/// Storage of this contract.
pub mod storage {
    use super::{imports, Word};

    /// Returns a slot's word, zero where nothing was written.
    pub fn get(key: &Word) -> Word {
        let mut value = [0; 32];
        unsafe { imports::storage_get(key.as_ptr(), value.as_mut_ptr()) };
        value
    }

    /// Writes a slot.
    pub fn set(key: &Word, value: &Word) {
        unsafe { imports::storage_set(key.as_ptr(), value.as_ptr()) }
    }

    /// Reads a value of any length; returns its length, which may exceed the room.
    pub fn read(key: &[u8], room: &mut [u8]) -> Option<usize> {
        let size = unsafe {
            imports::storage_read(key.as_ptr(), key.len() as u32, room.as_mut_ptr(), room.len() as u32)
        };
        if size < 0 {
            None
        } else {
            Some(size as usize)
        }
    }

    /// Writes a value of any length: keys up to 64 KiB, values up to 128 KiB; empty removes.
    pub fn write(key: &[u8], value: &[u8]) {
        unsafe {
            imports::storage_write(key.as_ptr(), key.len() as u32, value.as_ptr(), value.len() as u32)
        }
    }

    /// Removes a value of any length.
    pub fn remove(key: &[u8]) {
        unsafe { imports::storage_remove(key.as_ptr(), key.len() as u32) }
    }

    /// Returns a slot that lives until the transaction ends.
    pub fn transient(key: &Word) -> Word {
        let mut value = [0; 32];
        unsafe { imports::transient_get(key.as_ptr(), value.as_mut_ptr()) };
        value
    }

    /// Writes a slot that lives until the transaction ends.
    pub fn set_transient(key: &Word, value: &Word) {
        unsafe { imports::transient_set(key.as_ptr(), value.as_ptr()) }
    }
}

/// Emits a log with at most four topics.
pub fn emit_event(topics: &[Word], data: &[u8]) {
    unsafe {
        imports::emit_event(topics.as_ptr().cast(), topics.len() as u32, data.as_ptr(), data.len() as u32)
    }
}

/// How a nested call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Its changes stand.
    Success,
    /// It undid itself; the return data says why.
    Reverted,
    /// It ended in any other way.
    Failed,
}

impl Status {
    fn from_word(word: u32) -> Self {
        match word {
            0 => Status::Success,
            1 => Status::Reverted,
            _ => Status::Failed,
        }
    }
}

/// As much gas as may be given: all but one 64th.
pub const ALL_GAS: u64 = u64::MAX;

/// Calls a contract in whichever VM it lives.
pub fn call(address: &Address, value: &Word, gas: u64, input: &[u8]) -> Status {
    call_with(0, address, value, gas, input)
}

/// Calls a contract that must not change state.
pub fn static_call(address: &Address, gas: u64, input: &[u8]) -> Status {
    call_with(1, address, &[0; 32], gas, input)
}

/// Runs another contract's code on this contract's storage.
pub fn delegate_call(address: &Address, gas: u64, input: &[u8]) -> Status {
    call_with(2, address, &[0; 32], gas, input)
}

fn call_with(kind: u32, address: &Address, value: &Word, gas: u64, input: &[u8]) -> Status {
    Status::from_word(unsafe {
        imports::call(kind, address.as_ptr(), value.as_ptr(), gas, input.as_ptr(), input.len() as u32)
    })
}

/// Creates a contract; with a salt its address depends on salt and code alone.
///
/// # Errors
///
/// How the creation ended, when it did not succeed.
pub fn create(code: &[u8], value: &Word, salt: Option<&Word>) -> Result<Address, Status> {
    let mut address = [0; 20];
    let none = [0; 32];
    let status = unsafe {
        imports::create(
            salt.is_some() as u32,
            value.as_ptr(),
            salt.unwrap_or(&none).as_ptr(),
            code.as_ptr(),
            code.len() as u32,
            address.as_mut_ptr(),
        )
    };
    match Status::from_word(status) {
        Status::Success => Ok(address),
        other => Err(other),
    }
}

/// Returns the number of bytes that the last call or creation returned.
pub fn return_data_size() -> usize {
    unsafe { imports::return_data_size() as usize }
}

/// Copies what the last call or creation returned; reaching past its end halts.
pub fn return_data_copy(dst: &mut [u8], offset: usize) {
    unsafe { imports::return_data_copy(dst.as_mut_ptr(), offset as u32, dst.len() as u32) }
}

macro_rules! fields {
    ($($(#[$doc:meta])* $name:ident: $ty:ty = $size:literal;)*) => {
        $($(#[$doc])* pub fn $name() -> $ty {
            let mut bytes = [0; $size];
            unsafe { imports::$name(bytes.as_mut_ptr()) };
            bytes
        })*
    };
}

fields! {
    /// Returns the account that called.
    caller: Address = 20;
    /// Returns this contract's account.
    address: Address = 20;
    /// Returns the account that signed the transaction.
    origin: Address = 20;
    /// Returns the value sent with the call, in wei.
    value: Word = 32;
    /// Returns the price of gas, in wei.
    gas_price: Word = 32;
    /// Returns the block's fee recipient.
    coinbase: Address = 20;
    /// Returns the block's randomness.
    prev_randao: Word = 32;
    /// Returns the block's base fee, in wei.
    base_fee: Word = 32;
    /// Returns the block's blob base fee, in wei.
    blob_base_fee: Word = 32;
}

macro_rules! numbers {
    ($($(#[$doc:meta])* $name:ident;)*) => {
        $($(#[$doc])* pub fn $name() -> u64 {
            unsafe { imports::$name() }
        })*
    };
}

numbers! {
    /// Returns the gas left.
    gas_left;
    /// Returns the chain's id.
    chain_id;
    /// Returns the block's height.
    block_number;
    /// Returns the block's time in Unix seconds.
    block_timestamp;
    /// Returns the block's gas limit.
    block_gas_limit;
}

/// Tells whether state changes are forbidden.
pub fn is_static() -> bool {
    unsafe { imports::is_static() != 0 }
}

/// Returns the hash of one of the last 256 blocks.
pub fn block_hash(number: u64) -> Option<Word> {
    let mut hash = [0; 32];
    match unsafe { imports::block_hash(number, hash.as_mut_ptr()) } {
        0 => None,
        _ => Some(hash),
    }
}

/// Returns the versioned hash of a blob of the transaction.
pub fn blob_hash(index: u32) -> Option<Word> {
    let mut hash = [0; 32];
    match unsafe { imports::blob_hash(index, hash.as_mut_ptr()) } {
        0 => None,
        _ => Some(hash),
    }
}

/// Returns an account's balance in wei.
pub fn balance(address: &Address) -> Word {
    let mut word = [0; 32];
    unsafe { imports::balance(address.as_ptr(), word.as_mut_ptr()) };
    word
}

/// Returns the hash of an account's code, zero for an account that does not exist.
pub fn code_hash(address: &Address) -> Word {
    let mut word = [0; 32];
    unsafe { imports::code_hash(address.as_ptr(), word.as_mut_ptr()) };
    word
}

/// Returns the size of an account's code.
pub fn code_size(address: &Address) -> usize {
    unsafe { imports::code_size(address.as_ptr()) as usize }
}

/// Copies what there is of an account's code from `offset` on; returns how much that was.
pub fn code_copy(address: &Address, offset: usize, dst: &mut [u8]) -> usize {
    unsafe {
        imports::code_copy(address.as_ptr(), offset as u32, dst.len() as u32, dst.as_mut_ptr()) as usize
    }
}

/// Returns the Keccak-256 hash of `data`.
pub fn keccak256(data: &[u8]) -> Word {
    let mut word = [0; 32];
    unsafe { imports::keccak256(data.as_ptr(), data.len() as u32, word.as_mut_ptr()) };
    word
}

/// Returns the SHA-256 hash of `data`.
pub fn sha256(data: &[u8]) -> Word {
    let mut word = [0; 32];
    unsafe { imports::sha256(data.as_ptr(), data.len() as u32, word.as_mut_ptr()) };
    word
}

/// Returns who signed: `input` is hash, v, r and s, 32 bytes each.
pub fn ecrecover(input: &[u8; 128]) -> Option<Address> {
    let mut address = [0; 20];
    match unsafe { imports::ecrecover(input.as_ptr(), address.as_mut_ptr()) } {
        0 => None,
        _ => Some(address),
    }
}

/// Runs a precompile without a frame; its output becomes the return data.
pub fn precompile(address: &Address, gas: u64, input: &[u8]) -> Status {
    Status::from_word(unsafe {
        imports::precompile(address.as_ptr(), gas, input.as_ptr(), input.len() as u32)
    })
}
