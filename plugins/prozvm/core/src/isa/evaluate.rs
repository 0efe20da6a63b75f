//! The value of an instruction that depends on its operands only, for tools that compute in advance.
//!
//! Derived from the semantics column of the table, so it cannot differ from what the interpreters do.

use super::instruction::Opcode;
use super::semantics::{self, op};
use super::table::instructions;

impl Opcode {
    /// The result for operands `a` and `b`, the second a register or an immediate, ignored where there is none.
    /// For branches 1 when taken, else 0. `None` when more than operands decides, or something happens besides.
    pub fn evaluate(self, a: u64, b: u64) -> Option<u64> {
        macro_rules! arm {
            (Binary $name:ident) => {
                Some(<op::$name as semantics::Binary>::eval(a, b))
            };
            (Immediate $name:ident) => {
                Some(<op::$name as semantics::Binary>::eval(a, b))
            };
            (Shift64 $name:ident) => {
                Some(<op::$name as semantics::Binary>::eval(a, b))
            };
            (Shift32 $name:ident) => {
                Some(<op::$name as semantics::Binary>::eval(a, b))
            };
            (Unary $name:ident) => {
                Some(<op::$name as semantics::Unary>::eval(a))
            };
            (Branch $name:ident) => {
                Some(u64::from(<op::$name as semantics::Branch>::taken(a, b)))
            };
            ($class:ident $name:ident) => {
                None
            };
        }
        macro_rules! dispatch {
            ($($class:ident { $($code:literal $name:ident $text:literal $cost:literal $semantics:tt)* })*) => {
                match self {
                    $($(Self::$name => arm!($class $name),)*)*
                }
            };
        }
        instructions!(dispatch)
    }
}

#[cfg(test)]
mod tests {
    use super::Opcode;

    #[test]
    fn evaluates_what_depends_on_operands_only() {
        assert_eq!(
            Opcode::Addw.evaluate(0x7fff_ffff, 1),
            Some(0xffff_ffff_8000_0000)
        );
        assert_eq!(Opcode::Srli.evaluate(256, 4), Some(16));
        assert_eq!(Opcode::Clz.evaluate(1, 0), Some(63));
        assert_eq!(Opcode::Bltu.evaluate(1, 2), Some(1));
        assert_eq!(Opcode::Bltu.evaluate(2, 2), Some(0));
        for opcode in [
            Opcode::Ld,
            Opcode::Sd,
            Opcode::Call,
            Opcode::WideAdd,
            Opcode::Syscall,
        ] {
            assert_eq!(opcode.evaluate(1, 2), None, "{opcode:?}");
        }
    }
}
