//! Programs in C and Zig, compiled at every level, give what they give on the host.

use crate::running::{Both, fixture};
use proz_prozvm_link::{LinkOptions, link_with_statistics};

/// Arguments of `zoo.c`, in its order.
const INPUTS: [[u64; 2]; 8] = [
    [0, 0],
    [1, 2],
    [!0, 1],
    [1 << 63, !0],
    [0x1234_5678_9abc_def0, 0xfedc_ba98_7654_3210],
    [5, 7],
    [0xffff_ffff, 0x8000_0000],
    [77, 1_000_000_007],
];

fn assert_zoo(elf: &str, expected: &str, tests: usize, options: &LinkOptions) {
    let linked = link_with_statistics(&fixture(elf), options)
        .unwrap_or_else(|error| panic!("{elf}: {error}"));
    let both = Both::new(linked.program, options);
    let expected = String::from_utf8(fixture(expected)).unwrap();
    let lines = expected.lines().take(tests * INPUTS.len());
    let mut compared = 0;
    for (index, line) in lines.enumerate() {
        let (name, value) = line.split_once(' ').unwrap();
        let value = u64::from_str_radix(value, 16).unwrap();
        let arguments = &INPUTS[index % INPUTS.len()];
        assert_eq!(
            both.result(name, arguments),
            value,
            "{elf}: {name}{arguments:x?}"
        );
        compared += 1;
    }
    assert_eq!(compared, tests * INPUTS.len());
}

macro_rules! zoo {
    ($expected:literal $($test:ident $file:literal $tests:literal)*) => {
        $(
            #[test]
            fn $test() {
                assert_zoo($file, $expected, $tests, &LinkOptions::default());
                let mut plain = LinkOptions {
                    optimise: false,
                    replace_memory_functions: false,
                    ..LinkOptions::default()
                };
                assert_zoo($file, $expected, $tests, &plain);
                plain.config.optimization.strip_callee_saves = false;
                assert_zoo($file, $expected, $tests, &plain);
            }
        )*
    };
}

zoo! {
    "zoo.expected"
    clang_without_optimisation "zoo.clang-O0.elf" 9
    clang_at_level_1 "zoo.clang-O1.elf" 9
    clang_at_level_2 "zoo.clang-O2.elf" 9
    clang_at_level_3 "zoo.clang-O3.elf" 9
    clang_for_size "zoo.clang-Os.elf" 9
    clang_with_conditional_zeros "zoo.clang-zicond.elf" 9
    clang_with_addresses_relative_to_the_code "zoo.clang-medany.elf" 9
    clang_with_relative_addresses_without_optimisation "zoo.clang-medany-O0.elf" 9
    clang_through_a_global_offset_table "zoo.clang-pic.elf" 9
    gcc_with_relative_addresses_without_optimisation "zoo.gcc-medany-O0.elf" 9
    zig_cc_without_optimisation "zoo.zigcc-O0.elf" 9
    zig_cc_at_level_2 "zoo.zigcc-O2.elf" 9
    gcc_without_optimisation "zoo.gcc-O0.elf" 9
    gcc_at_level_1 "zoo.gcc-O1.elf" 9
    gcc_at_level_2 "zoo.gcc-O2.elf" 9
    gcc_at_level_3 "zoo.gcc-O3.elf" 9
    gcc_for_size "zoo.gcc-Os.elf" 9
    gcc_with_addresses_relative_to_the_code "zoo.gcc-medany.elf" 9
}

zoo! {
    "zoo-zig.expected"
    zig_with_safety "zoo.zig-ReleaseSafe.elf" 5
    zig_for_speed "zoo.zig-ReleaseFast.elf" 5
    zig_for_size "zoo.zig-ReleaseSmall.elf" 5
}
