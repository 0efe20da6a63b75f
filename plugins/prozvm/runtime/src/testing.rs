//! Programs that cost a node as much as they can for their gas.
//!
//! Each is one idea; how it is used says what a transaction does with it. Benches list them and say what a second of
//! processor time costs; a new idea belongs here. Programs that take long to prepare are the shapes of
//! [`proz_prozvm_core::testing`], in three sizes.

use proz_prozvm_asm::assemble;
use proz_prozvm_core::testing::{SHAPES, shape};
use proz_prozvm_core::{Custom, Program};
use proz_prozvm_syscalls::CHAIN;

/// How a transaction uses a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// Calls it once, with all gas.
    Call,
    /// Deploys it; again and again if gas is left.
    Deploy,
    /// Calls it in a loop, each time with so much gas.
    Loop {
        /// Gas of each call.
        gas: u64,
    },
    /// Calls many accounts with it one after the other; each has a code of its own, which
    /// [`variant`](Hostile::variant) makes.
    Victims,
}

/// A program and its use.
#[derive(Clone, Debug)]
pub struct Hostile {
    /// What it is, in a few words.
    pub name: String,
    /// How it is used.
    pub usage: Use,
    /// The program.
    pub code: Vec<u8>,
}

impl Hostile {
    /// The program with another code hash and the same work, for every number below 2^32.
    #[must_use]
    pub fn variant(&self, number: u32) -> Vec<u8> {
        let Ok(mut program) = Program::decode(&self.code) else {
            return self.code.clone();
        };
        program.custom.push(Custom {
            name: "variant".to_owned(),
            data: number.to_le_bytes().to_vec(),
        });
        program.encode()
    }
}

/// A program whose fallback has this body, behind room for 1,024 bytes at `sp`.
fn fallback(header: &str, body: &str) -> Vec<u8> {
    let text = format!(
        ".stack 4096\n{header}\n.export \"fallback\" main fallback payable\n.func main () -> 0\n addi sp, sp, -1024\n{body}\n ret\n"
    );
    match assemble(&text, &CHAIN) {
        Ok(program) => program.encode(),
        // A mistake of this table, which its test finds.
        Err(error) => unreachable!("{error}\n{text}"),
    }
}

/// A loop without end over many copies of some lines.
fn forever(setup: &str, lines: &str) -> String {
    format!(
        "{setup}\n again:\n{}\n j again",
        format!("{lines}\n").repeat(64)
    )
}

/// Writes pointers into `pages` pages behind bss, each to a line far away, and follows them without end.
fn pointers(pages: u32) -> String {
    let lines = pages * 64;
    // 2,654,435,761 is odd and the number of lines a power of two times an odd number: a step that meets all lines.
    format!(
        "la s0, __bss\n li s1, {lines}\n li t0, 0\n mv t1, s0\n li s3, 0\n
        make: li t2, 40503\n add t3, t0, t2\n remu t3, t3, s1\n slli t4, t3, 6\n add t4, t4, s0\n slli t5, t0, 6\n add t5, t5, s0\n
        sd t4, 0(t5)\n mv t0, t3\n addi s3, s3, 1\n bne s3, s1, make\n
        walk: {}\n j walk",
        "ld t1, 0(t1)\n".repeat(64)
    )
}

/// A new number at `sp` in each round, as a word.
const NEXT_WORD: &str = "addi s0, s0, 1\n sd s0, 24(sp)\n";

/// Every hostile program.
#[must_use]
pub fn hostile() -> Vec<Hostile> {
    let mut all = Vec::new();
    let mut add = |name: &str, usage, code| {
        all.push(Hostile {
            name: name.to_owned(),
            usage,
            code,
        });
    };
    let plain = |body: &str| fallback("", body);
    for (name, setup, line) in [
        ("u256.addmod", "", "u256.addmod (sp), (sp), (sp), (sp)"),
        (
            "u256.mulmod",
            "li t0, -1\n sd t0, 0(sp)\n sd t0, 24(sp)",
            "u256.mulmod (sp), (sp), (sp), (sp)",
        ),
        (
            "u256.sdiv",
            "li t0, -5\n sd t0, 0(sp)\n addi t1, sp, 32\n sd t0, 40(sp)",
            "u256.sdiv (sp), (t1), (sp)",
        ),
        (
            "u256.exp",
            "li t0, -1\n sd t0, 0(sp)\n sd t0, 8(sp)\n sd t0, 16(sp)\n sd t0, 24(sp)\n addi t1, sp, 64",
            "u256.exp (t1), (sp), (sp)",
        ),
        ("div", "li t0, -1\n li t1, 3", "divu t2, t0, t1"),
        ("cpop", "li t0, -1", "cpop t0, t0"),
        ("keccak256 of nothing", "", "keccak256 (sp), (sp), zero"),
        (
            "keccak256 of 135 bytes",
            "li t0, 135",
            "keccak256 (sp), (sp), t0",
        ),
        ("sha256 of 55 bytes", "li t0, 55", "sha256 (sp), (sp), t0"),
        (
            "mem.fill of nothing nowhere",
            "",
            "mem.fill (zero), zero, zero",
        ),
        ("mem.copy of 1 byte", "li t0, 1", "mem.copy (sp), (sp), t0"),
        (
            "mem.copy of 1,000 bytes",
            "li t0, 1000",
            "mem.copy (sp), (sp), t0",
        ),
        ("heap.grow by nothing", "", "heap.grow t0, zero"),
        (
            "input_copy of nothing",
            "",
            "li a0, 0\n li a1, 0\n li a2, 0\n sys input_copy",
        ),
        ("gas_left", "", "sys gas_left"),
        (
            "storage_get of new slots",
            "li s0, 0",
            "addi s0, s0, 1\n sd s0, 24(sp)\n mv a0, sp\n addi a1, sp, 64\n sys storage_get",
        ),
        (
            "storage_get of one slot",
            "",
            "mv a0, sp\n addi a1, sp, 64\n sys storage_get",
        ),
        (
            "transient_set of new slots",
            "li s0, 0",
            "addi s0, s0, 1\n sd s0, 24(sp)\n mv a0, sp\n mv a1, sp\n sys transient_set",
        ),
        (
            "balance of new accounts",
            "li s0, 0",
            "addi s0, s0, 1\n sd s0, 8(sp)\n mv a0, sp\n addi a1, sp, 64\n sys balance",
        ),
        (
            "code_copy of nothing",
            "",
            "mv a0, sp\n li a1, 0\n li a2, 0\n mv a3, sp\n sys code_copy",
        ),
        (
            "log without anything",
            "",
            "mv a0, sp\n li a1, 0\n mv a2, sp\n li a3, 0\n sys log",
        ),
        (
            "calls of nobody",
            "",
            "li a0, 1\n mv a1, sp\n mv a2, sp\n li a3, 0\n mv a4, sp\n li a5, 0\n sys call",
        ),
        (
            "ecrecover",
            "li t0, 27\n sb t0, 63(sp)\n sb t0, 95(sp)\n sb t0, 127(sp)",
            "mv a0, sp\n addi a1, sp, 256\n sys ecrecover",
        ),
        (
            "sha256 by precompile",
            "li t0, 2\n sb t0, 19(sp)",
            "mv a0, sp\n li a1, -1\n mv a2, sp\n li a3, 0\n sys precompile",
        ),
    ] {
        add(name, Use::Call, plain(&forever(setup, line)));
    }
    add(
        "storage_write of new keys",
        Use::Call,
        plain(&forever(
            "li s0, 0",
            &format!(
                "{NEXT_WORD} mv a0, sp\n li a1, 32\n mv a2, sp\n li a3, 1\n sys storage_write"
            ),
        )),
    );
    for pages in [250, 310, 500, 900] {
        let bss = pages * 4096;
        let code = fallback(
            &format!(".bss {bss}\n.pages {}", pages + 4),
            &pointers(pages),
        );
        add(&format!("pointers in {} KiB", pages * 4), Use::Call, code);
    }
    for gas in [70, 400, 30_000] {
        let code = fallback(".bss 16000000\n.pages 4096", "");
        add(
            &format!("16 MB of bss for {gas} gas"),
            Use::Loop { gas },
            code,
        );
        let grows = ".heap 0\n.pages 4096";
        let code = fallback(grows, "li t0, 4000\n heap.grow t0, t0");
        add(
            &format!("16 MB of heap for {gas} gas"),
            Use::Loop { gas },
            code,
        );
        let code = plain(&forever(
            "li s0, 0",
            "addi s0, s0, 1\n sd s0, 24(sp)\n mv a0, sp\n addi a1, sp, 64\n sys storage_get",
        ));
        add(
            &format!("cold slots for {gas} gas"),
            Use::Loop { gas },
            code,
        );
    }
    add(
        "1 MiB of memory in each of many frames",
        Use::Loop { gas: 200_000 },
        fallback(
            ".bss 1048576\n.pages 260",
            "la t0, __bss\n li t1, 1048576\n li t2, 1\n mem.fill (t0), t2, t1",
        ),
    );
    add(
        "itself, as deep as it goes",
        Use::Call,
        plain(
            "addi a0, sp, 64\n sys address\n li a0, 0\n addi a1, sp, 64\n addi a2, sp, 128\n li a3, -1\n mv a4, sp\n li a5, 0\n sys call",
        ),
    );
    add(
        "functions, as deep as they go",
        Use::Call,
        assembled_calls(),
    );
    for (size, bytes) in [("24 KB", 24_000), ("70 KB", 70_000), ("1 MiB", 1 << 20)] {
        for &name in SHAPES {
            let code = shape(name, bytes).encode();
            all.push(Hostile {
                name: format!("{size} of {name}"),
                usage: Use::Victims,
                code,
            });
        }
    }
    for &name in SHAPES {
        all.push(Hostile {
            name: format!("70 KB of {name}, deployed"),
            usage: Use::Deploy,
            code: shape(name, 70_000).encode(),
        });
    }
    all
}

/// Functions that call one another to the greatest depth, without end.
fn assembled_calls() -> Vec<u8> {
    let text = ".stack 4096\n.export \"fallback\" main fallback payable\n
        .func main () -> 0\n again: li a0, 1000\n call deep\n j again\n
        .func deep (1) -> 0\n beq a0, zero, done\n addi a0, a0, -1\n call deep\n done: ret\n";
    match assemble(text, &CHAIN) {
        Ok(program) => program.encode(),
        // A mistake of this table, which its test finds.
        Err(error) => unreachable!("{error}"),
    }
}
