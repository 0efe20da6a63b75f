//! Fails when `ABI.md` and the crate drift apart, whichever of the two changed.

mod reading;

use reading::{Document, Source, layouts, read};
use std::{collections::BTreeMap, fmt::Debug};

/// Everything that one of document and crate has and the other has not, or has otherwise.
fn drift(document: &str, source: &Source) -> Vec<String> {
    let document = Document::parse(document);
    let mut drift = Vec::new();
    for name in source.items.symmetric_difference(&document.items) {
        let (has, lacks) = if source.items.contains(name) {
            ("crate", "document")
        } else {
            ("document", "crate")
        };
        drift.push(format!("`{name}` is in the {has}, not in the {lacks}"));
    }
    compare("numbers", &source.numbers, &document.numbers, &mut drift);
    compare("methods", &source.methods, &document.methods, &mut drift);
    compare("value", &source.constants, &document.constants, &mut drift);

    let layouts = layouts(&read("abi/v1.layout"));
    for (name, (size, fields)) in &layouts {
        let section = document.sections.get(name).map_or("", String::as_str);
        if !section.contains(size.as_str()) {
            drift.push(format!("`{name}`: the document does not say `{size}`"));
        }
        let documented = document.fields.get(name);
        // An open integer has a table of numbers instead.
        if documented.is_none() && document.numbers.contains_key(name) {
            continue;
        }
        if documented != Some(fields) {
            drift.push(format!(
                "fields of `{name}`: crate {fields:?}, document {documented:?}"
            ));
        }
    }
    for name in document
        .fields
        .keys()
        .filter(|name| !layouts.contains_key(*name))
    {
        drift.push(format!(
            "fields of `{name}` are documented, but it has none"
        ));
    }
    drift
}

fn compare<T: PartialEq + Debug>(
    what: &str,
    source: &BTreeMap<String, T>,
    document: &BTreeMap<String, T>,
    drift: &mut Vec<String>,
) {
    let names: std::collections::BTreeSet<_> = source.keys().chain(document.keys()).collect();
    for name in names {
        let (expected, found) = (source.get(name), document.get(name));
        if expected != found {
            drift.push(format!(
                "{what} of `{name}`: crate {expected:?}, document {found:?}"
            ));
        }
    }
}

#[test]
fn the_document_says_what_the_crate_says() {
    let drift = drift(&read("ABI.md"), &Source::of_generation_1());
    assert!(
        drift.is_empty(),
        "ABI.md and the crate differ:\n{}",
        drift.join("\n")
    );
}

#[test]
fn the_crate_is_read_as_it_is() {
    let source = Source::of_generation_1();
    for (name, count) in [
        ("Revision", 15),
        ("StatusCode", 26),
        ("HostError", 5),
        ("VmErrorCode", 17),
        ("TraceMask", 6),
    ] {
        assert_eq!(source.numbers[name].len(), count, "{name}");
    }
    for (name, count) in [
        ("VirtualMachine", 8),
        ("Precompile", 7),
        ("StateAccess", 16),
    ] {
        assert_eq!(source.methods[name].len(), count, "{name}");
    }
    assert_eq!(source.numbers["StatusCode"]["STATIC_VIOLATION"], 8);
    assert_eq!(source.constants["VmType::EVM"], "\"evm\"");
    assert!(source.items.contains("StateAccess_TO") && source.items.contains("Descriptor"));
}

#[test]
fn a_slip_in_the_document_is_found() {
    let (text, source) = (read("ABI.md"), Source::of_generation_1());
    for (before, after) in [
        ("| 2 | `OUT_OF_GAS` |", "| 3 | `OUT_OF_GAS` |"),
        ("| 14 | `Osaka` |", "| 14 | `Amsterdam` |"),
        (
            "| 32 | `status` | `AccessStatus` |",
            "| 28 | `status` | `AccessStatus` |",
        ),
        ("| `gas_left` | `u64` |", "| `gas_left` | `i64` |"),
        ("| `is_absent` |", "| `absent` |"),
        (
            "fn checkpoint(&mut self) -> RResult<u64, HostError>",
            "fn checkpoint(&mut self)",
        ),
        ("### `GasEstimate`", "### `Estimate`"),
        ("Size 104, alignment 8.", "Size 96, alignment 8."),
        ("`\"proz.trace/1\"`", "`\"proz.trace/2\"`"),
        ("| 5 | `UNSUPPORTED` | The host", "The host"),
    ] {
        assert_eq!(drift(&text, &source), Vec::<String>::new());
        assert!(text.contains(before), "the document has no `{before}`");
        let changed = text.replacen(before, after, 1);
        assert!(
            !drift(&changed, &source).is_empty(),
            "`{after}` passes for `{before}`"
        );
    }
}
