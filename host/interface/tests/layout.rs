//! Fails when the memory layout of a released generation changes.
//!
//! `abi/v1.layout` is what a plugin in the field was compiled against. A change of it refuses that plugin: intended
//! only before a generation is released, with `UPDATE_LAYOUT=1 cargo test -p proz-interface --test layout`.

mod golden;

use golden::{differences, render};
use proz_interface::abi_stable::StableAbi;
use proz_interface::v1::{InspectTable, MetricsTable, PluginModule_Ref, TraceSink};
use std::{fs, path::Path};

/// What crosses the border by itself; every other type is reached from these.
fn generation_1() -> String {
    let roots = [
        <PluginModule_Ref as StableAbi>::LAYOUT,
        <TraceSink as StableAbi>::LAYOUT,
        <MetricsTable as StableAbi>::LAYOUT,
        <InspectTable as StableAbi>::LAYOUT,
    ];
    golden::descriptor() + &render(&roots, "proz-interface")
}

#[test]
#[cfg(target_pointer_width = "64")]
fn generation_1_is_laid_out_as_released() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("abi/v1.layout");
    let found = generation_1();
    if std::env::var_os("UPDATE_LAYOUT").is_some() {
        fs::write(&file, &found).unwrap();
    }
    let released = fs::read_to_string(&file).unwrap();
    let differences = differences(&released, &found);
    assert!(
        differences.is_empty(),
        "the layout of a released generation changed:\n{}\nA plugin in the field would be refused. Add an extension \
         or a new generation instead.",
        differences.join("\n")
    );
}

#[test]
fn every_public_structure_is_in_the_golden_file() {
    let found = generation_1();
    let names: Vec<_> = found
        .lines()
        .filter_map(|line| line.strip_prefix("struct ")?.split([':', '<']).next())
        .collect();
    for name in [
        "Descriptor",
        "ExecutionContext",
        "FrameResult",
        "CallRequest",
        "StorageStore",
        "VmErrorBody",
        "StepEvent",
        "OpcodeCount",
    ] {
        assert!(names.contains(&name), "{name} is missing:\n{found}");
    }
}

/// Two fields of one size each, and what might happen to them.
mod pair {
    macro_rules! variant {
        ($module:ident { $($field:ident: $type:ty),* }) => {
            pub(super) mod $module {
                #![allow(dead_code, non_local_definitions, non_camel_case_types)]
                use proz_interface::abi_stable::StableAbi;

                /// A pair.
                #[repr(C)]
                #[derive(StableAbi)]
                pub(crate) struct Pair {
                    $(/// A half.
                    pub(crate) $field: $type,)*
                }
            }
        };
    }
    variant!(released {
        first: u64,
        second: i64
    });
    variant!(swapped {
        second: i64,
        first: u64
    });
    variant!(renamed {
        first: u64,
        other: i64
    });
    variant!(retyped {
        first: u64,
        second: u64
    });
    variant!(grown {
        first: u64,
        second: i64,
        third: u8
    });
    variant!(shrunk { first: u64 });
}

fn pair<T: StableAbi>() -> String {
    render(&[T::LAYOUT], "proz-interface")
}

#[test]
fn a_change_within_a_structure_is_a_difference_even_at_the_same_size() {
    let released = pair::<pair::released::Pair>();
    assert_eq!(differences(&released, &released), Vec::<String>::new());
    for (change, text, expected) in [
        (
            "swap",
            pair::<pair::swapped::Pair>(),
            "Pair: expected `0 first: u64`, found `0 second: i64`",
        ),
        (
            "rename",
            pair::<pair::renamed::Pair>(),
            "Pair: expected `8 second: i64`, found `8 other: i64`",
        ),
        (
            "retype",
            pair::<pair::retyped::Pair>(),
            "Pair: expected `8 second: i64`, found `8 second: u64`",
        ),
        (
            "growth",
            pair::<pair::grown::Pair>(),
            "Pair: expected nothing, found `16 third: u8`",
        ),
        (
            "shrinkage",
            pair::<pair::shrunk::Pair>(),
            "Pair: expected `8 second: i64`, found nothing",
        ),
    ] {
        let found = differences(&released, &text);
        assert!(
            found.iter().any(|line| line == expected),
            "{change}: {found:#?}"
        );
    }
}

#[test]
fn a_type_that_appears_or_vanishes_is_a_difference() {
    let two =
        "struct A: size 8, alignment 8\n  0 a: u64\n\nstruct B: size 1, alignment 1\n  0 b: u8\n";
    let one = "struct A: size 8, alignment 8\n  0 a: u64\n";
    assert_eq!(differences(two, one), ["B: expected a type, found none"]);
    assert_eq!(
        differences(one, two),
        ["B: expected no such type, found one"]
    );
}
