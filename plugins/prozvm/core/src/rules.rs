//! Rules by which programs are refused, under their numbers in SPEC.md.

use std::fmt;

macro_rules! rules {
    ($($(#[$doc:meta])* $name:ident $id:literal)*) => {
        /// A rule of the specification that a program can break.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Rule {
            $($(#[$doc])* $name,)*
        }

        impl Rule {
            /// Every rule.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The number in SPEC.md.
            pub const fn id(self) -> &'static str {
                match self {
                    $(Self::$name => $id,)*
                }
            }
        }
    };
}

rules! {
    /// The header is complete and begins with the magic bytes.
    Magic "F-1"
    /// The version is known.
    Version "F-2"
    /// Feature bits are known, reserved bytes are zero.
    HeaderBits "F-3"
    /// Sections are known, in ascending order, none empty.
    SectionOrder "F-4"
    /// A section's length fits the file and its elements.
    SectionLength "F-5"
    /// Reserved bytes of elements are zero.
    ElementReserved "F-6"
    /// Enumerations have known values.
    ElementValue "F-7"
    /// Names are UTF-8.
    Name "F-8"
    /// Opcodes are known.
    Opcode "F-9"
    /// Sizes stay inside the configured limits.
    Limits "V-1"
    /// The gas schedule is the configured one.
    GasSchedule "V-2"
    /// Memory regions fit the memory model and the stack limit.
    Memory "V-3"
    /// Types are unique and within bounds.
    Types "V-4"
    /// Imports ascend, are known, and have the signature of the syscall.
    Imports "V-5"
    /// Functions have a known type, at least one instruction, and cover the code exactly.
    Functions "V-6"
    /// Constants are unique.
    Constants "V-7"
    /// Function table entries name functions.
    FunctionTable "V-8"
    /// Exports name functions of the right type and are unique.
    Exports "V-9"
    /// Custom names are unique.
    Customs "V-10"
    /// Fields that an instruction does not use are zero.
    UnusedField "V-11"
    /// Register numbers exist in the register configuration.
    Register "V-12"
    /// The destination is not `zero`.
    DestinationZero "V-13"
    /// Immediates are in the range of their class.
    Immediate "V-14"
    /// Indices of constants, functions, types, tables, imports exist.
    Index "V-15"
    /// Branch and switch targets lie inside the function.
    Target "V-16"
    /// A function ends in a terminator.
    FunctionEnd "V-17"
    /// The switches of the code use the switch tables one after the other, each once.
    SwitchUse "V-18"
    /// Instructions of a feature appear only with its bit.
    Feature "V-19"
    /// Every register is assigned before it is read, on every path.
    Assignment "V-20"
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

/// Why a program is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("rule {rule} at byte {offset}: {detail}")]
pub struct Rejection {
    /// The rule broken.
    pub rule: Rule,
    /// Byte offset in the encoded program.
    pub offset: usize,
    /// What was expected and found.
    pub detail: String,
}

impl Rejection {
    pub(crate) fn new(rule: Rule, offset: usize, detail: impl Into<String>) -> Self {
        Self {
            rule,
            offset,
            detail: detail.into(),
        }
    }
}
