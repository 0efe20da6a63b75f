//! ProzVM contracts in Rust, in Solidity's ABI: no allocator, no standard library, no dependency; Rust 1.63 or later.
//!
//! ```ignore
//! #![no_std]
//! #![no_main]
//! use proz_contract64::{arguments, method, Slot, U256};
//!
//! const NUMBER: Slot<U256> = Slot::at(0);
//!
//! fn add() {
//!     let [more] = arguments();
//!     NUMBER.set(NUMBER.get().add(U256::of(more)));
//! }
//! method!("add(uint256)", NonPayable, add);
//! ```
//!
//! Arithmetic of [`U256`] reverts as Solidity's does; selectors and topics are hashed at compile time. A panic traps,
//! which takes the call's gas: revert instead.
#![no_std]
#![deny(missing_docs)]

mod hash;
pub mod machine;

use core::marker::PhantomData;
use core::mem::MaybeUninit;

/// 32 bytes, big-endian, as the host, topics, slots and the ABI have them.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(C)]
pub struct Word(pub [u64; 4]);

impl Word {
    /// A small number.
    pub const fn from(number: u64) -> Self {
        Self([0, 0, 0, number.swap_bytes()])
    }

    /// Whether all bytes are zero.
    pub const fn is_zero(self) -> bool {
        self.0[0] | self.0[1] | self.0[2] | self.0[3] == 0
    }
}

/// What crosses to the host as a word.
pub trait Value: Copy {
    /// Reads it; reverts on a word that it cannot be.
    fn of(word: Word) -> Self;
    /// Writes it.
    fn to_word(self) -> Word;
}

impl Value for Word {
    fn of(word: Word) -> Self {
        word
    }
    fn to_word(self) -> Word {
        self
    }
}

/// Lets an instruction fill a value.
#[inline(always)]
fn filled<T>(fill: impl FnOnce(usize)) -> T {
    let mut out = MaybeUninit::<T>::uninit();
    fill(out.as_mut_ptr() as usize);
    // What fills it writes all of it.
    unsafe { out.assume_init() }
}

#[inline(always)]
fn place<T>(value: &T) -> usize {
    value as *const T as usize
}

/// A 256-bit number. Arithmetic reverts on overflow and on division by zero.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct U256(pub [u64; 4]);

impl Value for U256 {
    #[inline]
    fn of(word: Word) -> Self {
        filled(|out| unsafe { machine::u256_bswap(out, place(&word)) })
    }
    #[inline]
    fn to_word(self) -> Word {
        filled(|out| unsafe { machine::u256_bswap(out, place(&self)) })
    }
}

#[allow(clippy::should_implement_trait)]
impl U256 {
    /// A small number.
    pub const fn from(number: u64) -> Self {
        Self([number, 0, 0, 0])
    }
    /// Whether it is zero.
    pub const fn is_zero(self) -> bool {
        self.0[0] | self.0[1] | self.0[2] | self.0[3] == 0
    }
    /// -1, 0 or 1.
    #[inline]
    pub fn compare(&self, other: &Self) -> isize {
        unsafe { machine::u256_cmp(place(self), place(other)) }
    }
    /// Sum.
    #[inline]
    pub fn add(self, other: Self) -> Self {
        let sum: Self = filled(|out| unsafe { machine::u256_add(out, place(&self), place(&other)) });
        if sum.compare(&self) < 0 {
            panic(0x11)
        }
        sum
    }
    /// Difference.
    #[inline]
    pub fn sub(self, other: Self) -> Self {
        if self.compare(&other) < 0 {
            panic(0x11)
        }
        filled(|out| unsafe { machine::u256_sub(out, place(&self), place(&other)) })
    }
    /// Product.
    #[inline]
    pub fn mul(self, other: Self) -> Self {
        let [low, high]: [Self; 2] = filled(|out| unsafe { machine::u256_product(out, place(&self), place(&other)) });
        if !high.is_zero() {
            panic(0x11)
        }
        low
    }
    /// Quotient, rounded down.
    #[inline]
    pub fn div(self, other: Self) -> Self {
        if other.is_zero() {
            panic(0x12)
        }
        filled(|out| unsafe { machine::u256_div(out, place(&self), place(&other)) })
    }
    /// Remainder.
    #[inline]
    pub fn rem(self, other: Self) -> Self {
        if other.is_zero() {
            panic(0x12)
        }
        filled(|out| unsafe { machine::u256_mod(out, place(&self), place(&other)) })
    }
}

/// An address: twelve zero bytes, then its twenty.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(C)]
pub struct Account(Word);

impl Value for Account {
    #[inline]
    fn of(word: Word) -> Self {
        require(word.0[0] | u64::from(word.0[1] as u32) == 0);
        Self(word)
    }
    #[inline]
    fn to_word(self) -> Word {
        self.0
    }
}

impl Account {
    /// The account that called.
    #[inline]
    pub fn caller() -> Self {
        let mut out = Word::from(0);
        unsafe { machine::caller(&mut out as *mut Word as usize + 12) };
        Self(out)
    }
    /// The account of this contract.
    #[inline]
    pub fn current() -> Self {
        let mut out = Word::from(0);
        unsafe { machine::address(&mut out as *mut Word as usize + 12) };
        Self(out)
    }
    /// Where its twenty bytes lie, for [`machine`].
    pub fn bytes(&self) -> usize {
        place(self) + 12
    }
}

/// Ends the call with results.
#[inline(always)]
pub fn finish<const N: usize>(words: [Word; N]) -> ! {
    unsafe { machine::return_(place(&words), 32 * N) }
}

/// Ends the call with nothing said, its changes undone.
#[cold]
#[inline(never)]
pub fn revert_empty() -> ! {
    unsafe { machine::revert(0, 0) }
}

/// Solidity's `require` without a reason.
#[inline(always)]
pub fn require(condition: bool) {
    if !condition {
        revert_empty()
    }
}

/// Ends the call with a custom error: `revert_error(selector("TooFew(uint256)"), [count])`.
#[cold]
pub fn revert_error<const N: usize>(selector: u32, words: [Word; N]) -> ! {
    // The selector stands right before the first word, which is aligned.
    #[repr(C)]
    struct Message<const N: usize>([u32; 7], u32, [Word; N]);
    let message = Message([0; 7], selector.swap_bytes(), words);
    unsafe { machine::revert(place(&message) + 28, 4 + 32 * N) }
}

/// Solidity's Panic(uint256).
#[cold]
#[inline(never)]
pub fn panic(code: u64) -> ! {
    revert_error(0x4e48_7b71, [Word::from(code)])
}

/// Selector of a function or an error, at compile time.
pub const fn selector(signature: &str) -> u32 {
    (hash::keccak256(signature)[0] as u32).swap_bytes()
}

/// Topic of an event, at compile time.
pub const fn topic(signature: &str) -> Word {
    Word(hash::keccak256(signature))
}

/// Arguments of static types, as words.
#[inline(always)]
pub fn arguments<const N: usize>() -> [Word; N] {
    require(unsafe { machine::input_size() } >= 4 + 32 * N);
    filled(|out| unsafe { machine::input_copy(out, 4, 32 * N) })
}

/// A slot of storage that holds a `T`.
#[derive(Clone, Copy)]
pub struct Slot<T> {
    key: Word,
    holds: PhantomData<T>,
}

impl<T> Slot<T> {
    /// Slot number `number`.
    pub const fn at(number: u64) -> Self {
        Self::of(Word::from(number))
    }
    /// The slot with this key.
    pub const fn of(key: Word) -> Self {
        Self { key, holds: PhantomData }
    }
}

impl<T: Value> Slot<T> {
    /// Reads it.
    #[inline]
    pub fn get(&self) -> T {
        T::of(filled(|out| unsafe {
            machine::storage_get(place(&self.key), out);
        }))
    }
    /// Writes it.
    #[inline]
    pub fn set(&self, value: T) {
        let value = value.to_word();
        unsafe { machine::storage_set(place(&self.key), place(&value)) }
    }
}

/// mapping(K => T) in Solidity's layout.
#[derive(Clone, Copy)]
pub struct Mapping<K, T> {
    key: Word,
    holds: PhantomData<(K, T)>,
}

impl<K, T> Mapping<K, T> {
    /// The mapping in slot number `number`.
    pub const fn at(number: u64) -> Self {
        Self { key: Word::from(number), holds: PhantomData }
    }
}

impl<K: Value, T> Mapping<K, T> {
    fn slot(&self, key: K) -> Word {
        let preimage = [key.to_word(), self.key];
        filled(|out| unsafe { machine::keccak256(out, place(&preimage), 64) })
    }
    /// The slot of a key.
    #[inline]
    pub fn of(&self, key: K) -> Slot<T> {
        Slot::of(self.slot(key))
    }
}

impl<K: Value, L, T> Mapping<K, Mapping<L, T>> {
    /// The inner mapping of a key.
    #[inline]
    pub fn inner(&self, key: K) -> Mapping<L, T> {
        Mapping { key: self.slot(key), holds: PhantomData }
    }
}

/// Emits an event: its topics, the hash of its signature first, and the words of its data.
#[inline(always)]
pub fn emit<const N: usize, const M: usize>(topics: [Word; N], data: [Word; M]) {
    unsafe { machine::log(place(&topics), N, place(&data), 32 * M) }
}

/// An export, as the linker reads it; made by [`method!`] and its like.
#[repr(C)]
pub struct Export {
    /// What runs.
    pub function: extern "C" fn(),
    /// 0 method, 1 constructor, 2 fallback, 3 receive.
    pub kind: u32,
    /// What it promises.
    pub mutability: Mutability,
    /// Solidity signature, with a NUL behind it.
    pub name: *const u8,
}

// It is a constant: nobody writes it.
unsafe impl Sync for Export {}

/// What a method promises about state and value, as in Solidity.
#[derive(Clone, Copy)]
#[repr(u32)]
pub enum Mutability {
    /// Changes state, refuses value.
    NonPayable = 0,
    /// Changes state, accepts value.
    Payable = 1,
    /// Reads state.
    View = 2,
    /// Depends on its input only.
    Pure = 3,
}

/// Exports a function of no parameters: `export!(0, "number()", View, number)`.
#[macro_export]
macro_rules! export {
    ($kind:literal, $name:literal, $mutability:ident, $function:path) => {
        const _: () = {
            extern "C" fn entry() {
                $function();
            }
            #[used]
            #[link_section = ".pz.exports"]
            static EXPORT: $crate::Export = $crate::Export {
                function: entry,
                kind: $kind,
                mutability: $crate::Mutability::$mutability,
                name: concat!($name, "\0").as_ptr(),
            };
        };
    };
}

/// Exports a method by its Solidity signature: `method!("number()", View, number)`.
#[macro_export]
macro_rules! method {
    ($name:literal, $mutability:ident, $function:path) => {
        $crate::export!(0, $name, $mutability, $function);
    };
}

/// Exports the constructor: `constructor!(NonPayable, construct)`.
#[macro_export]
macro_rules! constructor {
    ($mutability:ident, $function:path) => {
        $crate::export!(1, "constructor", $mutability, $function);
    };
}

/// Exports what runs when no method fits.
#[macro_export]
macro_rules! fallback {
    ($mutability:ident, $function:path) => {
        $crate::export!(2, "fallback", $mutability, $function);
    };
}

/// Exports what runs on empty call data.
#[macro_export]
macro_rules! receive {
    ($function:path) => {
        $crate::export!(3, "receive", Payable, $function);
    };
}

/// Settings by number and value: 1 bytes of stack, 2 most pages, 3 pages of heap from the start.
#[macro_export]
macro_rules! configure {
    ($($key:literal = $value:expr),*) => {
        $(const _: () = {
            #[used]
            #[link_section = ".pz.config"]
            static SETTING: [u32; 2] = [$key, $value];
        };)*
    };
}

/// What the compiler expects of a C library.
mod library {
    use crate::machine;

    #[no_mangle]
    unsafe extern "C" fn memcpy(to: usize, from: usize, size: usize) -> usize {
        machine::mem_copy(to, from, size);
        to
    }
    #[no_mangle]
    unsafe extern "C" fn memmove(to: usize, from: usize, size: usize) -> usize {
        machine::mem_copy(to, from, size);
        to
    }
    #[no_mangle]
    unsafe extern "C" fn memset(to: usize, byte: usize, size: usize) -> usize {
        machine::mem_fill(to, byte, size);
        to
    }
}

#[panic_handler]
fn on_panic(_: &core::panic::PanicInfo<'_>) -> ! {
    machine::trap()
}
