//! ProzVM programs: dear to prepare, dear to run, dear to begin.

use crate::{
    rows::Row,
    scene::{Scene, calls, calls_in_turn, container, creates_with, victim},
};

/// Assembles a program; `salt` sits in its last section, in the last 32 bytes.
pub(crate) fn program(memory: &str, body: &str, more: &str, salt: u64) -> Vec<u8> {
    let text = format!(
        "{memory}\n.export \"fallback\" main fallback payable\n.custom \"s\" {salt:064x}\n
         .func main () -> 0\n{body}\n ret\n{more}"
    );
    let program = proz_prozvm_asm::assemble(&text, &proz_prozvm_syscalls::CHAIN);
    let program = program.unwrap_or_else(|error| panic!("{error}\n{text}"));
    program.encode()
}

/// A program without data that does `body` without an end.
fn forever(body: &str, count: usize) -> Vec<u8> {
    let body = format!(
        "addi sp, sp, -1024\n li t0, 7\n li t1, 9\n li t2, 33\n again:\n{}\n j again",
        format!("{body}\n").repeat(count)
    );
    program(STACK, &body, "", 0)
}

const STACK: &str = ".stack 65536";

/// Bodies of a loop without an end, with how often they stand in it.
const LOOPS: [(&str, usize, &str); 26] = [
    ("nothing", 1, ""),
    ("additions", 64, "add t0, t0, t1"),
    ("multiplications", 64, "mul t0, t0, t1"),
    ("high products", 64, "mulhu t0, t0, t1"),
    ("divisions", 64, "divu t3, t0, t1"),
    ("signed remainders", 64, "rem t3, t0, t1"),
    ("loads", 64, "ld t3, 0(sp)"),
    ("stores", 64, "sd t3, 0(sp)"),
    (
        "copies of 1 KiB",
        16,
        "li t2, 1024\n addi t3, sp, 0\n mem.copy (t3), (sp), t2",
    ),
    (
        "copies of 30 KiB",
        1,
        "li t2, 30000\n addi t3, sp, -61000\n addi t4, sp, -30500\n mem.copy (t3), (t4), t2",
    ),
    (
        "copies of one byte",
        16,
        "li t2, 1\n mem.copy (sp), (sp), t2",
    ),
    (
        "fills of 60 KiB",
        1,
        "li t2, 60000\n addi t3, sp, -61000\n mem.fill (t3), t0, t2",
    ),
    (
        "hashes of 32 bytes",
        16,
        "li t2, 32\n addi t3, sp, 64\n keccak256 (t3), (sp), t2",
    ),
    (
        "hashes of nothing",
        16,
        "li t2, 0\n addi t3, sp, 64\n keccak256 (t3), (sp), t2",
    ),
    (
        "hashes of 60 KiB",
        1,
        "li t2, 60000\n addi t4, sp, -61000\n addi t3, sp, 64\n keccak256 (t3), (t4), t2",
    ),
    (
        "SHA-256 of 60 KiB",
        1,
        "li t2, 60000\n addi t4, sp, -61000\n addi t3, sp, 64\n sha256 (t3), (t4), t2",
    ),
    (
        "256-bit divisions",
        16,
        "addi t3, sp, 64\n addi t4, sp, 128\n u256.div (t3), (sp), (t4)",
    ),
    (
        "256-bit products",
        16,
        "addi t3, sp, 64\n addi t4, sp, 128\n u256.mul (t3), (sp), (t4)",
    ),
    (
        "256-bit powers",
        16,
        "li t1, -1\n sd t1, 128(sp)\n sd t1, 136(sp)\n sd t1, 144(sp)\n sd t1, 152(sp)\n addi t3, sp, 64\n addi t4, sp, 128\n u256.exp (t3), (t4), (t4)",
    ),
    ("growth by nothing", 16, "li t1, 0\n heap.grow t3, t1"),
    (
        "growth that is refused",
        16,
        "li t1, 100000\n heap.grow t3, t1",
    ),
    ("gas left", 16, "sys gas_left"),
    (
        "reads of one slot",
        16,
        "mv a0, sp\n addi a1, sp, 64\n sys storage_get",
    ),
    (
        "reads of new slots",
        1,
        "addi t5, t5, 1\n sd t5, 0(sp)\n mv a0, sp\n addi a1, sp, 64\n sys storage_get",
    ),
    (
        "transient writes of new slots",
        1,
        "addi t5, t5, 1\n sd t5, 0(sp)\n mv a0, sp\n addi a1, sp, 64\n sys transient_set",
    ),
    (
        "logs of nothing",
        16,
        "mv a0, sp\n li a1, 0\n mv a2, sp\n li a3, 0\n sys log",
    ),
];

pub(crate) fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for (name, count, body) in LOOPS {
        let make = move || Scene::call(container("prozvm", &forever(&initialised(body), count)));
        rows.push(Row::new(format!("prozvm: {name}"), make));
    }
    rows.extend(memory());
    rows.extend(preparation());
    rows
}

/// Programs may read registers only after they were written.
fn initialised(body: &str) -> String {
    if body.contains("t5, t5") {
        return body
            .replace("addi t5, t5, 1", "addi t0, t0, 1")
            .replace("sd t5", "sd t0");
    }
    if body.contains("sd t3, 0(sp)") {
        return body.replace("sd t3", "sd t0");
    }
    body.to_owned()
}

fn memory() -> Vec<Row> {
    let mut rows = Vec::new();
    for (bss, gas) in [
        (16_000_000, 70),
        (16_000_000, 400),
        (16_000_000, 30_000),
        (16_000_000, 3_000_000),
        (1_000_000, 70),
        (1_000_000, 60_000),
        (100_000, 6_000),
        (4_096, 70),
        (4_096, 700),
    ] {
        rows.push(Row::new(
            format!("prozvm short: {bss} bytes of bss, {gas} gas a call"),
            move || {
                let memory = format!(".stack 4096\n.bss {bss}\n.pages 4096");
                let code = container("prozvm", &program(&memory, "", "", 0));
                Scene::call(calls(victim(0), gas)).account(victim(0), code)
            },
        ));
    }
    for gas in [200, 2_000, 50_000, 1_000_000] {
        rows.push(Row::new(
            format!("prozvm short: growth by 4000 pages, {gas} gas a call"),
            move || {
                let body = "li t0, 4000\n heap.grow t1, t0\n sd t0, 0(t1)";
                let code = container("prozvm", &program(".stack 4096\n.pages 4096", body, "", 0));
                Scene::call(calls(victim(0), gas)).account(victim(0), code)
            },
        ));
    }
    for pages in [1, 16, 64] {
        rows.push(Row::new(format!("prozvm: nested frames of {pages} pages, all touched"), move || {
            let body = format!(
                "addi sp, sp, -256\n la t0, __bss\n li t1, {pages}\n li t2, 4096\n touch:\n sd t1, 0(t0)\n add t0, t0, t2\n addi t1, t1, -1\n bne t1, zero, touch\n
                 mv a0, sp\n sys address\n li a0, 0\n mv a1, sp\n addi a2, sp, 64\n li a3, -1\n mv a4, sp\n li a5, 0\n sys call\n
                 li a0, 0\n mv a1, sp\n addi a2, sp, 64\n li a3, -1\n mv a4, sp\n li a5, 0\n sys call"
            );
            let memory = format!(".stack 4096\n.bss {}\n.pages 4096", pages * 4_096);
            Scene::call(container("prozvm", &program(&memory, &body, "", 0)))
        }));
    }
    rows.push(Row::new("prozvm: recursion to the limit, again and again", || {
        let body = "again:\n li a0, 1000\n call deeper\n j again";
        let more = ".func deeper (1) -> 1\n beq a0, zero, last\n addi a0, a0, -1\n call deeper\n last:\n ret";
        Scene::call(container("prozvm", &program(STACK, body, more, 0)))
    }));
    rows.push(Row::new("prozvm: loads that no cache holds", || {
        let body = "la t0, __bss\n mv t1, t0\n li t2, 65536\n li t3, 0\n
            fill:\n li t4, 1664525\n mul t4, t3, t4\n li t5, 0x3fffc0\n and t4, t4, t5\n add t4, t4, t0\n sd t4, 0(t1)\n
            addi t1, t1, 64\n addi t3, t3, 64\n addi t2, t2, -1\n bne t2, zero, fill\n
            chase:\n ld t0, 0(t0)\n j chase";
        Scene::call(container("prozvm", &program(".stack 4096\n.bss 4194368\n.pages 4096", body, "", 0)))
    }));
    rows
}

/// Bodies that take long to verify or to translate, by name; `count` instructions or so.
pub(crate) fn shapes(name: &str, count: usize, salt: u64) -> Vec<u8> {
    let (body, more) = match name {
        "straight" => (
            "addi t0, zero, 1\n".to_owned() + &"addi t0, t0, 1\n".repeat(count),
            String::new(),
        ),
        "branches" => {
            let one = |at| format!("bne t0, zero, l{at}\n addi t0, t0, 1\n l{at}:\n");
            (
                "li t0, 0\n".to_owned() + &(0..count / 2).map(one).collect::<String>(),
                String::new(),
            )
        }
        "far branches" => {
            let one = |at: usize| {
                format!(
                    "l{at}:\n beq t0, t1, l{}\n addi t0, t0, 1\n",
                    (at * 7_919) % (count / 2)
                )
            };
            (
                "li t0, 0\n li t1, 0\n".to_owned() + &(0..count / 2).map(one).collect::<String>(),
                String::new(),
            )
        }
        _ => {
            let one = |at| format!(".func f{at} () -> 0\n ret\n");
            (String::new(), (0..count).map(one).collect())
        }
    };
    program(STACK, &body, &more, salt)
}

fn preparation() -> Vec<Row> {
    let mut rows = Vec::new();
    for name in ["straight", "branches", "far branches", "functions"] {
        rows.push(Row::new(
            format!("prozvm: first calls of 40 large programs, {name}"),
            move || {
                let mut scene = Scene::call(calls_in_turn(40, 400_000));
                for number in 0..40 {
                    let code = container("prozvm", &shapes(name, 3_000, number as u64));
                    scene = scene.account(victim(number), code);
                }
                scene
            },
        ));
        for gas in [60_000, 200_000, 1_000_000] {
            rows.push(Row::new(
                format!("prozvm deploy: {name}, {gas} gas each"),
                move || {
                    let code = container("prozvm", &shapes(name, 3_000, 0));
                    let salt_at = code.len() - 32;
                    creates_with(&code, salt_at, gas)
                },
            ));
        }
    }
    for gas in [100, 1_000, 10_000] {
        rows.push(Row::new(
            format!("prozvm: garbage in containers, {gas} gas a call"),
            move || {
                let code = container("prozvm", &[0xff; 20_000]);
                Scene::call(calls(victim(0), gas)).account(victim(0), code)
            },
        ));
    }
    rows
}
