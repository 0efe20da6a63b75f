//! The bytes that a manifest's signature covers.
//!
//! They depend on what the manifest says, not on how the file is laid out: comments, order of keys and spelling of
//! numbers do not matter, every value does. The encoding is this crate's own, so that no release of a TOML library can
//! change it:
//!
//! - [`SIGNING_DOMAIN`], so that the signature is of no use for anything else;
//! - then the manifest as a table without `signature`.
//!
//! A value is one tag byte and its content; lengths and counts are 8 bytes, little endian.
//!
//! | tag | value | content |
//! |---|---|---|
//! | `t` | table | count, then per key in byte order: length, key, value |
//! | `a` | array | count, then the values |
//! | `s` | string | length, UTF-8 |
//! | `i` | integer | 8 bytes, two's complement |
//! | `f` | float | 8 bytes, IEEE 754; every NaN is `0x7ff8000000000000` |
//! | `b` | boolean | 1 byte, 0 or 1 |
//! | `d` | date-time | length, RFC 3339 text |
//!
//! Optional keys that are absent, an empty `features`, `config` or `precompile` are left out; `abi.generation` is a
//! number when there is one and a sorted list otherwise; `features` are sorted.

use toml::Value;

use crate::manifest::Manifest;

/// What the signed bytes begin with.
pub const SIGNING_DOMAIN: &[u8] = b"proz plugin manifest, signature scheme 1\0";

impl Manifest {
    /// Returns the bytes that [`Manifest::signature`] is made over.
    ///
    /// Equal manifests give equal bytes, different ones different bytes; the signature itself is left out.
    pub fn signing_bytes(&self) -> Vec<u8> {
        let unsigned = Self {
            signature: None,
            ..self.clone()
        };
        let value = Value::try_from(unsigned).expect("every field of a manifest has a TOML form");
        let mut bytes = SIGNING_DOMAIN.to_vec();
        encode(&value, &mut bytes);
        bytes
    }
}

fn encode(value: &Value, bytes: &mut Vec<u8>) {
    match value {
        Value::Table(table) => {
            bytes.push(b't');
            encode_length(table.len(), bytes);
            // Sorted here: a build may switch the TOML library to insertion order.
            let mut entries: Vec<_> = table.iter().collect();
            entries.sort_unstable_by_key(|(key, _)| key.as_bytes());
            for (key, value) in entries {
                encode_text(key, bytes);
                encode(value, bytes);
            }
        }
        Value::Array(values) => {
            bytes.push(b'a');
            encode_length(values.len(), bytes);
            values.iter().for_each(|value| encode(value, bytes));
        }
        Value::String(text) => {
            bytes.push(b's');
            encode_text(text, bytes);
        }
        Value::Integer(number) => {
            bytes.push(b'i');
            bytes.extend(number.to_le_bytes());
        }
        Value::Float(number) => {
            bytes.push(b'f');
            let bits = if number.is_nan() {
                0x7ff8_0000_0000_0000
            } else {
                number.to_bits()
            };
            bytes.extend(bits.to_le_bytes());
        }
        Value::Boolean(flag) => bytes.extend([b'b', u8::from(*flag)]),
        Value::Datetime(datetime) => {
            bytes.push(b'd');
            encode_text(&datetime.to_string(), bytes);
        }
    }
}

fn encode_text(text: &str, bytes: &mut Vec<u8>) {
    encode_length(text.len(), bytes);
    bytes.extend(text.as_bytes());
}

fn encode_length(length: usize, bytes: &mut Vec<u8>) {
    bytes.extend((length as u64).to_le_bytes());
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    const HEAD: &str = "manifest_version = 1\n";
    const BODY: &str = r#"
        id = "proz-evm"
        kind = "vm"
        vm_type = "evm"
        version = "1.1.0"
        features = ["osaka", "blobs"]
        abi = { generation = 1 }
        library = "proz_evm"
        [config]
        size = 1_000
        nested = { b = 2.5, a = [true, 1979-05-27T07:32:00Z] }
    "#;

    fn parse(text: &str) -> Manifest {
        Manifest::from_toml(text, Path::new("test.toml")).unwrap()
    }

    #[test]
    fn layout_and_signature_do_not_change_the_signed_bytes() {
        let plain = parse(&format!("{HEAD}{BODY}"));
        let other = parse(&format!(
            "{HEAD}# a comment\nsignature = \"{}\"\n{}",
            "ab".repeat(64),
            BODY.replace("1_000", "0x3e8")
                .replace("generation = 1", "generation = [1]")
                .replace(r#"["osaka", "blobs"]"#, r#"["blobs", "osaka"]"#)
                .replace(
                    "b = 2.5, a = [true, 1979-05-27T07:32:00Z]",
                    "a = [true, 1979-05-27T07:32:00Z], b = 2.5"
                )
        ));
        assert!(other.signature.is_some());
        assert_eq!(plain.signing_bytes(), other.signing_bytes());
    }

    #[test]
    fn every_value_changes_the_signed_bytes() {
        let plain = parse(&format!("{HEAD}{BODY}")).signing_bytes();
        for (from, to) in [
            ("proz-evm", "proz-evn"),
            ("vm_type = \"evm\"", "vm_type = \"evn\""),
            ("1.1.0", "1.1.0+b"),
            ("\"blobs\"", "\"blob\""),
            ("generation = 1", "generation = [1, 2]"),
            ("proz_evm", "proz_evn"),
            ("1_000", "1_001"),
            ("1_000", "1000.0"),
            ("1_000", "\"1000\""),
            ("b = 2.5", "c = 2.5"),
            ("2.5", "2.25"),
            ("true", "false"),
            ("07:32:00Z", "07:32:01Z"),
        ] {
            let changed = BODY.replace(from, to);
            assert_ne!(changed, BODY, "{from} is in the manifest");
            assert_ne!(
                parse(&format!("{HEAD}{changed}")).signing_bytes(),
                plain,
                "{from} -> {to}"
            );
        }
        let with_hash = format!("{HEAD}sha256 = \"{}\"\n{BODY}", "00".repeat(32));
        assert_ne!(parse(&with_hash).signing_bytes(), plain);
    }

    #[test]
    fn the_encoding_is_fixed() {
        let manifest = parse(
            "manifest_version = 1\nid = \"a\"\nkind = \"vm\"\nvm_type = \"b\"\nversion = \"0.0.1\"\n\
             abi = { generation = 1 }\nlibrary = \"c\"",
        );
        let text = |text: &str| [&(text.len() as u64).to_le_bytes()[..], text.as_bytes()].concat();
        let string = |key: &str, value: &str| [text(key), b"s".to_vec(), text(value)].concat();
        let one = [b"i".to_vec(), 1_u64.to_le_bytes().to_vec()].concat();
        let expected = [
            SIGNING_DOMAIN.to_vec(),
            b"t".to_vec(),
            7_u64.to_le_bytes().to_vec(),
            [
                text("abi"),
                b"t".to_vec(),
                1_u64.to_le_bytes().to_vec(),
                text("generation"),
                one.clone(),
            ]
            .concat(),
            string("id", "a"),
            string("kind", "vm"),
            string("library", "c"),
            [text("manifest_version"), one].concat(),
            string("version", "0.0.1"),
            string("vm_type", "b"),
        ]
        .concat();
        assert_eq!(manifest.signing_bytes(), expected);
    }
}
