//! The functions of the language that are not Rhai's own: words, the message, the chain.

use crate::{
    abi,
    bytes::{self, Bytes, offset_of_word},
    frame::with,
    word::{Fallible, from_address, from_word, number, whole},
};
use proz_sdk::{B256, MessageKind, pricing};
use rhai::{Array, Dynamic, Engine, EvalAltResult, ImmutableString, Map};
use ruint::aliases::U256;

/// Most topics of a log, that of the event included.
const MAX_TOPICS: usize = 4;

/// Adds them to an interpreter.
pub(crate) fn register(engine: &mut Engine) {
    engine.register_type_with_name::<U256>("u256");
    bytes::register(engine);
    words(engine);
    message(engine);
    storage(engine);
    calls(engine);
}

/// Arithmetic of 256 bits that is never silently wrong, also with Rhai's own whole numbers.
fn words(engine: &mut Engine) {
    type Operation = fn(U256, U256) -> Option<U256>;
    const OPERATIONS: [(&str, Operation); 5] = [
        ("+", U256::checked_add),
        ("-", U256::checked_sub),
        ("*", U256::checked_mul),
        ("/", U256::checked_div),
        ("%", U256::checked_rem),
    ];
    for (name, operation) in OPERATIONS {
        let compute = move |a: U256, b: U256| -> Fallible<U256> {
            let error = || format!("{a} {name} {b} has no value of 256 bits").into();
            operation(a, b).ok_or_else(error)
        };
        engine
            .register_fn(name, compute)
            .register_fn(name, move |a: U256, b: i64| compute(a, whole(b)?))
            .register_fn(name, move |a: i64, b: U256| compute(whole(a)?, b));
    }
    type Comparison = fn(&U256, &U256) -> bool;
    const COMPARISONS: [(&str, Comparison); 6] = [
        ("==", U256::eq),
        ("!=", U256::ne),
        ("<", U256::lt),
        ("<=", U256::le),
        (">", U256::gt),
        (">=", U256::ge),
    ];
    for (name, compare) in COMPARISONS {
        engine
            .register_fn(name, move |a: U256, b: U256| compare(&a, &b))
            .register_fn(name, move |a: U256, b: i64| -> Fallible<bool> {
                Ok(compare(&a, &whole(b)?))
            })
            .register_fn(name, move |a: i64, b: U256| -> Fallible<bool> {
                Ok(compare(&whole(a)?, &b))
            });
    }
    engine
        .register_fn("u256", |value: Dynamic| -> Fallible<U256> {
            match value.clone().try_cast::<ImmutableString>() {
                Some(text) => text
                    .parse()
                    .map_err(|_| format!("expected a number of 256 bits, found `{text}`").into()),
                None => number(&value),
            }
        })
        .register_fn("to_string", |value: U256| value.to_string())
        .register_fn("to_int", |value: U256| -> Fallible<i64> {
            i64::try_from(value).map_err(|_| format!("{value} does not fit 63 bits").into())
        })
        .register_fn("keccak", |bytes: Bytes| -> Fallible<U256> {
            hash(bytes.as_slice())
        })
        .register_fn("map", |slot: Dynamic, key: Dynamic| -> Fallible<U256> {
            // As Solidity lays mappings out.
            let (slot, key) = (number(&slot)?, number(&key)?);
            hash([key.to_be_bytes::<32>(), slot.to_be_bytes()].as_flattened())
        });
}

/// The message, the transaction and the block.
fn message(engine: &mut Engine) {
    engine
        .register_fn("sender", || {
            with(|frame| from_address(frame.context().message.sender))
        })
        .register_fn("me", || {
            with(|frame| from_address(frame.context().message.recipient))
        })
        .register_fn("value", || {
            with(|frame| from_word(frame.context().message.value))
        })
        .register_fn("origin", || {
            with(|frame| from_address(frame.context().transaction.origin))
        })
        .register_fn("block_number", || {
            with(|frame| U256::from(frame.context().block.number))
        })
        .register_fn("timestamp", || {
            with(|frame| U256::from(frame.context().block.timestamp))
        })
        .register_fn("chain_id", || {
            with(|frame| U256::from(frame.context().block.chain_id))
        })
        .register_fn("gas_left", || with(|frame| U256::from(frame.gas_left())))
        .register_fn("input", || -> Fallible<Bytes> {
            let input = with(|frame| frame.context().message.input.as_slice().to_vec());
            Bytes::new(&[&input])
        })
        .register_fn("called", |signature: &str| {
            let selector = abi::selector(signature);
            with(|frame| {
                frame
                    .context()
                    .message
                    .input
                    .as_slice()
                    .starts_with(&selector)
            })
        })
        // A constructor's input has no selector.
        .register_fn("arg", |index: i64| -> Fallible<U256> {
            let offset = offset_of_word(index)?;
            Ok(with(|frame| {
                let message = &frame.context().message;
                let selector = if message.kind.is_create() { 0 } else { 4 };
                Bytes::word_at(message.input.as_slice(), offset + selector)
            }))
        });
}

fn storage(engine: &mut Engine) {
    engine
        .register_fn("load", |key: Dynamic| -> Fallible<U256> {
            let key = number(&key)?;
            with(|frame| frame.load(key))
        })
        .register_fn("store", |key: Dynamic, value: Dynamic| -> Fallible<()> {
            let (key, value) = (number(&key)?, number(&value)?);
            with(|frame| frame.store(key, value))
        })
        .register_fn("transient_load", |key: Dynamic| -> Fallible<U256> {
            let key = number(&key)?;
            with(|frame| frame.transient_load(key))
        })
        .register_fn(
            "transient_store",
            |key: Dynamic, value: Dynamic| -> Fallible<()> {
                let (key, value) = (number(&key)?, number(&value)?);
                with(|frame| frame.transient_store(key, value))
            },
        )
        .register_fn("balance", |address: Dynamic| -> Fallible<U256> {
            let address = number(&address)?;
            with(|frame| frame.balance(address))
        })
        .register_fn("emit", emit)
        .register_fn("log", |topics: Array, data: Bytes| {
            log(&topics, data.as_slice())
        });
}

/// Emits an event: its signature, its indexed values, its other values.
fn emit(signature: &str, indexed: Array, values: Array) -> Fallible<()> {
    let mut topics: Array = vec![Dynamic::from(U256::from_be_bytes(abi::keccak256(
        signature.as_bytes(),
    )))];
    topics.extend(indexed);
    log(&topics, &abi::encode_words(&values)?)
}

/// Emits a log with the topics as they are.
fn log(topics: &Array, data: &[u8]) -> Fallible<()> {
    if topics.len() > MAX_TOPICS {
        let found = topics.len();
        return Err(format!("expected at most {MAX_TOPICS} topics, found {found}").into());
    }
    let topics: Vec<_> = topics
        .iter()
        .map(|topic| Ok(B256(number(topic)?.to_be_bytes())))
        .collect::<Fallible<_>>()?;
    with(|frame| frame.log(&topics, data))
}

fn calls(engine: &mut Engine) {
    engine
        .register_fn(
            "invoke",
            |target: Dynamic, signature: &str, arguments: Array| -> Fallible<Bytes> {
                let input = abi::encode_call(signature, &arguments)?;
                succeeded(send(
                    MessageKind::CALL,
                    &target,
                    U256::ZERO,
                    u64::MAX,
                    &input,
                )?)
            },
        )
        .register_fn(
            "invoke_static",
            |target: Dynamic, signature: &str, arguments: Array| -> Fallible<Bytes> {
                let input = abi::encode_call(signature, &arguments)?;
                succeeded(send(
                    MessageKind::STATIC_CALL,
                    &target,
                    U256::ZERO,
                    u64::MAX,
                    &input,
                )?)
            },
        )
        .register_fn(
            "try_invoke",
            |target: Dynamic, value: Dynamic, gas: Dynamic, input: Bytes| -> Fallible<Map> {
                let value = number(&value)?;
                attempt(MessageKind::CALL, &target, value, &gas, input.as_slice())
            },
        )
        .register_fn(
            "try_invoke_static",
            |target: Dynamic, gas: Dynamic, input: Bytes| -> Fallible<Map> {
                attempt(
                    MessageKind::STATIC_CALL,
                    &target,
                    U256::ZERO,
                    &gas,
                    input.as_slice(),
                )
            },
        )
        .register_fn(
            "encode",
            |signature: &str, arguments: Array| -> Fallible<Bytes> {
                Bytes::new(&[&abi::encode_call(signature, &arguments)?])
            },
        );
}

fn send(
    kind: MessageKind,
    target: &Dynamic,
    value: U256,
    gas: u64,
    input: &[u8],
) -> Fallible<(bool, Bytes)> {
    let target = number(target)?;
    let (is_success, output) = with(|frame| frame.call(kind, target, value, gas, input))?;
    Ok((is_success, Bytes::new(&[&output])?))
}

/// A call whose failure the script looks at: `#{ ok, output }`.
fn attempt(
    kind: MessageKind,
    target: &Dynamic,
    value: U256,
    gas: &Dynamic,
    input: &[u8],
) -> Fallible<Map> {
    let gas = u64::try_from(number(gas)?).unwrap_or(u64::MAX);
    let (is_success, output) = send(kind, target, value, gas, input)?;
    let mut map = Map::new();
    map.insert("ok".into(), is_success.into());
    map.insert("output".into(), Dynamic::from(output));
    Ok(map)
}

/// The output, or the callee's revert thrown on.
fn succeeded((is_success, output): (bool, Bytes)) -> Fallible<Bytes> {
    if is_success {
        return Ok(output);
    }
    let thrown = Dynamic::from(output);
    Err(EvalAltResult::ErrorRuntime(thrown, rhai::Position::NONE).into())
}

fn hash(bytes: &[u8]) -> Fallible<U256> {
    with(|frame| frame.charge(pricing::keccak256(bytes.len())))?;
    Ok(U256::from_be_bytes(abi::keccak256(bytes)))
}
