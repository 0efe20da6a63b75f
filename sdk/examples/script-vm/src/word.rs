//! Numbers of 256 bits between the script, the interpreter and the host.

use proz_sdk::{Address, Word};
use rhai::{Dynamic, EvalAltResult};
use ruint::aliases::U256;

/// What a function of the language returns.
pub(crate) type Fallible<T> = Result<T, Box<EvalAltResult>>;

pub(crate) fn to_word(number: U256) -> Word {
    Word(number.into_limbs())
}

pub(crate) fn from_word(word: Word) -> U256 {
    U256::from_limbs(word.0)
}

pub(crate) fn from_address(address: Address) -> U256 {
    let mut bytes = [0; 32];
    bytes[12..].copy_from_slice(&address.0);
    U256::from_be_bytes(bytes)
}

/// The low 20 bytes.
pub(crate) fn to_address(number: U256) -> Address {
    let bytes: [u8; 32] = number.to_be_bytes();
    let mut address = [0; 20];
    address.copy_from_slice(&bytes[12..]);
    Address(address)
}

/// Takes a number, a truth value, or a whole number of the interpreter that is not negative.
pub(crate) fn number(value: &Dynamic) -> Fallible<U256> {
    if let Some(number) = value.clone().try_cast::<U256>() {
        return Ok(number);
    }
    if let Ok(flag) = value.as_bool() {
        return Ok(U256::from(u8::from(flag)));
    }
    match value.as_int() {
        Ok(integer) => whole(integer),
        Err(found) => Err(format!("expected a number, found {found}").into()),
    }
}

/// A number of the interpreter as a word.
pub(crate) fn whole(integer: i64) -> Fallible<U256> {
    u64::try_from(integer)
        .map(U256::from)
        .map_err(|_| format!("expected a number from 0 on, found {integer}").into())
}
