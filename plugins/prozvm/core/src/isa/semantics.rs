//! The semantics column of the table as zero-sized types, one per instruction.
//!
//! Both interpreters are generic over these traits, so an instruction means the same in each tier.

#![allow(clippy::redundant_closure_call)]

use super::scalar;
use super::table::instructions;
use super::wide::{self, Wide};

/// `rd <- f(first, second)`; the second operand is a register or an immediate.
pub(crate) trait Binary {
    fn eval(a: u64, b: u64) -> u64;
}

/// `rd <- f(first)`.
pub(crate) trait Unary {
    fn eval(a: u64) -> u64;
}

/// A load of `SIZE` bytes.
pub(crate) trait Load {
    const SIZE: usize;
    /// Extends the raw little-endian bytes, given zero-extended.
    fn extend(raw: u64) -> u64;
}

/// A store of `SIZE` bytes.
pub(crate) trait Store {
    const SIZE: usize;
}

/// A conditional branch.
pub(crate) trait Branch {
    fn taken(a: u64, b: u64) -> bool;
}

/// `wide <- f(wide, wide)`.
pub(crate) trait WideBinary {
    fn eval(a: Wide, b: Wide) -> Wide;
}

/// `wide <- f(wide, wide, wide)`.
pub(crate) trait WideTernary {
    fn eval(a: Wide, b: Wide, m: Wide) -> Wide;
}

/// `wide <- f(wide, amount)`.
pub(crate) trait WideShift {
    fn eval(a: Wide, amount: u64) -> Wide;
}

/// `rd <- f(wide, wide)`.
pub(crate) trait WideCompare {
    fn eval(a: Wide, b: Wide) -> u64;
}

/// `wide <- f(wide)`.
pub(crate) trait WideUnary {
    fn eval(a: Wide) -> Wide;
}

/// `wide <- f(rs1)`.
pub(crate) trait WideExtend {
    fn eval(a: u64) -> Wide;
}

/// `64 bytes <- f(wide, wide)`.
pub(crate) trait WideProduct {
    fn eval(a: Wide, b: Wide) -> [u64; 8];
}

/// `32 bytes <- f(bytes)`.
pub(crate) trait Hash {
    fn eval(bytes: &[u8]) -> [u8; 32];
}

// Calls through these bounds give the closures of the table their parameter types.
#[inline(always)]
fn apply1<A, R>(a: A, f: impl FnOnce(A) -> R) -> R {
    f(a)
}

#[inline(always)]
fn apply2<A, B, R>(a: A, b: B, f: impl FnOnce(A, B) -> R) -> R {
    f(a, b)
}

macro_rules! implement {
    (Binary $name:ident {$($f:tt)*}) => { implement!(@two Binary eval(u64, u64) -> u64, $name {$($f)*}); };
    (Immediate $name:ident {$($f:tt)*}) => { implement!(@two Binary eval(u64, u64) -> u64, $name {$($f)*}); };
    (Shift64 $name:ident {$($f:tt)*}) => { implement!(@two Binary eval(u64, u64) -> u64, $name {$($f)*}); };
    (Shift32 $name:ident {$($f:tt)*}) => { implement!(@two Binary eval(u64, u64) -> u64, $name {$($f)*}); };
    (Branch $name:ident {$($f:tt)*}) => { implement!(@two Branch taken(u64, u64) -> bool, $name {$($f)*}); };
    (WideBinary $name:ident {$($f:tt)*}) => { implement!(@two WideBinary eval(Wide, Wide) -> Wide, $name {$($f)*}); };
    (WideShift $name:ident {$($f:tt)*}) => { implement!(@two WideShift eval(Wide, u64) -> Wide, $name {$($f)*}); };
    (WideCompare $name:ident {$($f:tt)*}) => { implement!(@two WideCompare eval(Wide, Wide) -> u64, $name {$($f)*}); };
    (WideProduct $name:ident {$($f:tt)*}) => { implement!(@two WideProduct eval(Wide, Wide) -> [u64; 8], $name {$($f)*}); };
    (Unary $name:ident {$($f:tt)*}) => { implement!(@one Unary eval(u64) -> u64, $name {$($f)*}); };
    (WideUnary $name:ident {$($f:tt)*}) => { implement!(@one WideUnary eval(Wide) -> Wide, $name {$($f)*}); };
    (WideExtend $name:ident {$($f:tt)*}) => { implement!(@one WideExtend eval(u64) -> Wide, $name {$($f)*}); };
    (Hash $name:ident {$($f:tt)*}) => { implement!(@one Hash eval(&[u8]) -> [u8; 32], $name {$($f)*}); };
    (WideTernary $name:ident {$f:expr}) => {
        pub(crate) struct $name;
        impl WideTernary for $name {
            #[inline(always)]
            fn eval(a: Wide, b: Wide, m: Wide) -> Wide {
                ($f)(a, b, m)
            }
        }
    };
    (Load $name:ident {$type:ty}) => {
        pub(crate) struct $name;
        impl Load for $name {
            const SIZE: usize = size_of::<$type>();
            #[inline(always)]
            fn extend(raw: u64) -> u64 {
                raw as $type as i64 as u64
            }
        }
    };
    (Store $name:ident {$type:ty}) => {
        pub(crate) struct $name;
        impl Store for $name {
            const SIZE: usize = size_of::<$type>();
        }
    };
    ($class:ident $name:ident {}) => {};
    (@two $trait:ident $method:ident($a:ty, $b:ty) -> $r:ty, $name:ident {$($f:tt)*}) => {
        pub(crate) struct $name;
        impl $trait for $name {
            #[inline(always)]
            fn $method(a: $a, b: $b) -> $r {
                apply2(a, b, $($f)*)
            }
        }
    };
    (@one $trait:ident $method:ident($a:ty) -> $r:ty, $name:ident {$($f:tt)*}) => {
        pub(crate) struct $name;
        impl $trait for $name {
            #[inline(always)]
            fn $method(a: $a) -> $r {
                apply1(a, $($f)*)
            }
        }
    };
}

macro_rules! define_semantics {
    ($($class:ident { $($code:literal $name:ident $text:literal $cost:literal $semantics:tt)* })*) => {
        /// One type per instruction whose semantics is a function.
        pub(crate) mod op {
            use super::*;
            $($(implement!($class $name $semantics);)*)*
        }
    };
}

instructions!(define_semantics);
