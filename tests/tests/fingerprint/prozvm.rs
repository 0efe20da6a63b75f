//! Vectors of ProzVM: each instruction, each syscall, and the limits of the machine.

use super::{head, push};
use proz_prozvm_asm::assemble;
use proz_prozvm_syscalls::CHAIN;

const GAS: u64 = 2_000_000;

/// A program whose fallback is `body`, with registers to work on; `None` when it is no program.
fn program(body: &str) -> Option<Vec<u8>> {
    let source = format!(
        ".schedule 1\n.stack 4096\n.export \"fallback\" main fallback payable\n
        .func main () -> 0\n addi sp, sp, -1024\n li t1, 123456789\n li t2, 13\n
        addi s1, sp, 256\n addi s2, sp, 320\n addi s3, sp, 384\n addi s4, sp, 512\n
        sd t1, 0(s1)\n sd t2, 0(s2)\n sd t1, 8(s3)\n {body}\n ret\n"
    );
    Some(assemble(&source, &CHAIN).ok()?.encode())
}

fn instructions() -> Vec<(String, String)> {
    let mut all = Vec::new();
    let mut add = |names: &[&str], operands: &str| {
        for name in names {
            all.push(((*name).to_owned(), format!("{name} {operands}\n")));
        }
    };
    add(
        &[
            "add",
            "sub",
            "sll",
            "srl",
            "sra",
            "and",
            "or",
            "xor",
            "slt",
            "sltu",
            "addw",
            "subw",
            "sllw",
            "srlw",
            "sraw",
            "mul",
            "mulh",
            "mulhsu",
            "mulhu",
            "div",
            "divu",
            "rem",
            "remu",
            "mulw",
            "divw",
            "divuw",
            "remw",
            "remuw",
            "add.uw",
            "sh1add",
            "sh2add",
            "sh3add",
            "sh1add.uw",
            "sh2add.uw",
            "sh3add.uw",
            "andn",
            "orn",
            "xnor",
            "min",
            "minu",
            "max",
            "maxu",
            "rol",
            "ror",
            "rolw",
            "rorw",
            "czero.eqz",
            "czero.nez",
        ],
        "t0, t1, t2",
    );
    add(
        &[
            "addi", "slti", "sltiu", "andi", "ori", "xori", "addiw", "slli", "srli", "srai",
            "rori", "slli.uw", "slliw", "srliw", "sraiw", "roriw",
        ],
        "t0, t1, 5",
    );
    add(
        &[
            "mv", "clz", "ctz", "cpop", "clzw", "ctzw", "cpopw", "sext.b", "sext.h", "zext.h",
            "orc.b", "rev8",
        ],
        "t0, t1",
    );
    add(&["li"], "t0, 77");
    add(&["lb", "lbu", "lh", "lhu", "lw", "lwu", "ld"], "t0, 0(s1)");
    add(&["sb", "sh", "sw", "sd"], "t1, 8(s4)");
    add(
        &[
            "u256.add",
            "u256.sub",
            "u256.mul",
            "u256.div",
            "u256.mod",
            "u256.sdiv",
            "u256.smod",
            "u256.and",
            "u256.or",
            "u256.xor",
            "u256.exp",
        ],
        "s4, s1, s2",
    );
    add(&["u256.product"], "s4, s1, s2");
    add(
        &["u256.addmod", "u256.mulmod", "u256.mulmont"],
        "s4, s1, s2, s3",
    );
    add(&["u256.shl", "u256.shr", "u256.sar"], "s4, s1, t2");
    add(&["u256.cmp", "u256.scmp"], "t0, s1, s2");
    add(&["u256.not", "u256.bswap"], "s4, s1");
    add(&["u256.zext", "u256.sext"], "s4, t1");
    add(&["keccak256", "sha256"], "s4, s1, t2");
    add(&["mem.copy"], "s4, s1, t2");
    add(&["mem.fill"], "s4, t1, t2");
    all
}

pub(super) fn vectors() -> String {
    let mut text = head("ProzVM releases");
    let input: Vec<u8> = (0..96).collect();
    for (name, body) in instructions() {
        // Often enough that half a gas shows.
        let code = program(&body.repeat(64)).unwrap_or_else(|| panic!("`{name}` is no program"));
        push(&mut text, &name, &code, &input, GAS, false);
    }
    for (name, body) in [
        ("branches", "beq t1, t2, out\n bne t1, t1, out\n blt t1, t2, out\n bge t2, t1, out\n bltu t1, t2, out\n bgeu t2, t1, out\n j out\nout:\n".to_owned()),
        ("grow by one page", "li t0, 1\n heap.grow t1, t0\n".to_owned()),
        ("grow beyond the limit", "li t0, 100000\n heap.grow t1, t0\n".to_owned()),
        ("trap", "trap\n".to_owned()),
        ("load out of bounds", "ld t0, 0(zero)\n".to_owned()),
        ("endless loop", "again:\n j again\n".to_owned()),
        ("exponent of 32 bytes", "sd t1, 24(s2)\n u256.exp s4, s1, s2\n".to_owned()),
        ("division by zero", "div t0, t1, zero\n remu t0, t1, zero\n".to_owned()),
    ] {
        let code = program(&body).unwrap_or_else(|| panic!("`{name}` is no program"));
        push(&mut text, name, &code, &input, GAS, false);
    }
    // Arguments by pattern: addresses on the stack and small numbers in turn.
    let patterns = [
        ["s1", "s2", "s3"],
        ["t2", "s1", "s2"],
        ["s1", "t2", "s4"],
        ["zero", "s1", "t2"],
    ];
    for entry in CHAIN.entries() {
        for (index, pattern) in patterns.iter().enumerate() {
            let arguments: String = (0..6)
                .map(|place| format!("addi a{place}, {}, 0\n", pattern[place % 3]))
                .collect();
            let call = format!("{arguments} sys {}\n", entry.name);
            let Some(code) = program(&call.repeat(2)) else {
                panic!("`{}` is no syscall", entry.name);
            };
            push(
                &mut text,
                &format!("{} {index}", entry.name),
                &code,
                &input,
                GAS,
                false,
            );
        }
    }
    push(
        &mut text,
        "creation",
        &program("").unwrap(),
        &input,
        GAS,
        true,
    );
    for stack in [4_096, 65_536, 1_048_576] {
        let source = format!(
            ".schedule 1\n.stack {stack}\n.export \"fallback\" main fallback payable\n.func main () -> 0\n ret\n"
        );
        let code = assemble(&source, &CHAIN).unwrap().encode();
        push(
            &mut text,
            &format!("entry with a stack of {stack}"),
            &code,
            &[],
            GAS,
            false,
        );
    }
    text
}
