//! Encoding and decoding undo each other, and text and value do.

use alloy_dyn_abi::{DynSolType, DynSolValue};
use alloy_primitives::{Address, B256, Function, I256, U256};
use proptest::prelude::*;
use proz_artifact::{
    Value, decode_input, encode_function, parse_signature, read_code, read_hex, read_value,
};

/// Any type of the ABI, arrays and tuples up to three deep.
fn types() -> impl Strategy<Value = DynSolType> {
    let leaf = prop_oneof![
        Just(DynSolType::Bool),
        Just(DynSolType::Address),
        Just(DynSolType::Function),
        Just(DynSolType::Bytes),
        Just(DynSolType::String),
        (1..=32_usize).prop_map(|bytes| DynSolType::Uint(bytes * 8)),
        (1..=32_usize).prop_map(|bytes| DynSolType::Int(bytes * 8)),
        (1..=32_usize).prop_map(DynSolType::FixedBytes),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|ty| DynSolType::Array(Box::new(ty))),
            (inner.clone(), 1..4_usize)
                .prop_map(|(ty, size)| DynSolType::FixedArray(Box::new(ty), size)),
            prop::collection::vec(inner, 1..4).prop_map(DynSolType::Tuple),
        ]
    })
}

/// Any value of a type.
fn values(ty: &DynSolType) -> BoxedStrategy<DynSolValue> {
    match ty {
        DynSolType::Bool => any::<bool>().prop_map(DynSolValue::Bool).boxed(),
        DynSolType::Address => any::<[u8; 20]>()
            .prop_map(|bytes| DynSolValue::Address(Address::from(bytes)))
            .boxed(),
        DynSolType::Function => any::<[u8; 24]>()
            .prop_map(|bytes| DynSolValue::Function(Function::from(bytes)))
            .boxed(),
        &DynSolType::Uint(bits) => any::<[u8; 32]>()
            .prop_map(move |bytes| {
                DynSolValue::Uint(U256::from_be_bytes(bytes) >> (256 - bits), bits)
            })
            .boxed(),
        &DynSolType::Int(bits) => any::<[u8; 32]>()
            .prop_map(move |bytes| {
                DynSolValue::Int(I256::from_be_bytes(bytes).asr(256 - bits), bits)
            })
            .boxed(),
        &DynSolType::FixedBytes(size) => any::<[u8; 32]>()
            .prop_map(move |bytes| {
                DynSolValue::FixedBytes(B256::right_padding_from(&bytes[..size]), size)
            })
            .boxed(),
        DynSolType::Bytes => prop::collection::vec(any::<u8>(), 0..70)
            .prop_map(DynSolValue::Bytes)
            .boxed(),
        DynSolType::String => any::<String>().prop_map(DynSolValue::String).boxed(),
        DynSolType::Array(inner) => prop::collection::vec(values(inner), 0..4)
            .prop_map(DynSolValue::Array)
            .boxed(),
        DynSolType::FixedArray(inner, size) => prop::collection::vec(values(inner), *size)
            .prop_map(DynSolValue::FixedArray)
            .boxed(),
        DynSolType::Tuple(types) => types
            .iter()
            .map(values)
            .collect::<Vec<_>>()
            .prop_map(DynSolValue::Tuple)
            .boxed(),
    }
}

fn typed_values() -> impl Strategy<Value = (DynSolType, DynSolValue)> {
    types().prop_flat_map(|ty| (Just(ty.clone()), values(&ty)))
}

proptest! {
    #[test]
    fn a_value_is_read_back_from_its_text((ty, value) in typed_values()) {
        let text = Value::new(&value, &[]).to_string();
        prop_assert_eq!(read_value(&ty, &text), Ok(value), "{}", text);
    }

    #[test]
    fn arguments_are_decoded_as_they_were_encoded(
        arguments in prop::collection::vec(typed_values(), 0..4),
    ) {
        let types: Vec<_> = arguments.iter().map(|(ty, _)| ty.sol_type_name().into_owned()).collect();
        let function = parse_signature(&format!("f({})", types.join(","))).unwrap();
        let given: Vec<_> = arguments.iter().map(|(_, value)| Value::new(value, &[])).collect();
        let texts: Vec<_> = given.iter().map(Value::to_string).collect();
        let data = encode_function(&function, &texts).unwrap();
        let decoded = decode_input(&function, &data).unwrap();
        let decoded_texts: Vec<_> = decoded.iter().map(|value| value.value.to_string()).collect();
        prop_assert_eq!(decoded_texts, texts);
        // The other coder's bytes are the same.
        let values = arguments.into_iter().map(|(_, value)| value).collect();
        prop_assert_eq!(&data[4..], DynSolValue::Tuple(values).abi_encode_params());
    }

    #[test]
    fn hexadecimal_is_read_back(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert_eq!(read_hex(&alloy_primitives::hex::encode(&bytes)).unwrap(), bytes);
    }

    #[test]
    fn no_text_or_bytes_make_a_reader_panic(
        ty in types(),
        text in any::<String>(),
        shaped in "[\\[\\]()\",'\\\\0-9a-fx{}:_$. -]{0,60}",
        bytes in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        for text in [&text, &shaped] {
            let _ = read_value(&ty, text);
            let _ = parse_signature(text);
            let _ = parse_signature(&format!("f({text})"));
            let _ = read_code(text.as_bytes(), &Default::default());
        }
        let _ = read_code(&bytes, &Default::default());
        let function = parse_signature(&format!("f()({})", ty.sol_type_name())).unwrap();
        let _ = proz_artifact::decode_output(&function, &bytes);
    }
}
