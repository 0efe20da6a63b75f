//! Programs in text: they assemble, verify, run and come back unchanged.

#![allow(clippy::unwrap_used)]

use proz_prozvm_asm::{assemble, disassemble, fuzz_text};
use proz_prozvm_core::{
    Call, NoSyscalls, Outcome, Program, Reference, SyscallTable, VmConfig, verify,
};

fn run(source: &str, function: &str, arguments: &[u64]) -> Outcome {
    let program = assemble(source, &SyscallTable::EMPTY).unwrap();
    let again = assemble(&disassemble(&program), &SyscallTable::EMPTY).unwrap();
    assert_eq!(again, program, "{}", disassemble(&program));
    assert_eq!(Program::decode(&program.encode()).unwrap(), program);
    let function = program.export(function).unwrap().function;
    let verified = verify(program, &VmConfig::default(), &SyscallTable::EMPTY).unwrap();
    let call = Call {
        function,
        arguments,
        gas_limit: 1_000_000,
    };
    Reference::new(&verified, &call)
        .unwrap()
        .run(&mut NoSyscalls)
        .outcome
}

#[test]
fn fibonacci_recurses() {
    let source = r#"
        .func fib (1) -> 1
            li   t0, 2
            bltu a0, t0, done
            addi t1, a0, -2
            addi a0, a0, -1
            call fib
            mv   t2, a0
            mv   a0, t1
            call fib
            add  a0, a0, t2
        done:
            ret
        .export "fib" fib plain
    "#;
    assert_eq!(run(source, "fib", &[15]), Outcome::Finished([610, 0]));
}

#[test]
fn data_names_handles_and_switches_resolve() {
    let source = r#"
        .stack 8192
        .bss 64
        .heap 1
        .func pick (2) -> 1
            la     t0, handlers
            sh3add t0, a0, t0
            ld     t0, 0(t0)
            mv     a0, a1
            callr  t0, (1) -> 1
            switch a0, zero_, one, other
        zero_:
            lc     a0, 0x123456789abcdef0
            ret
        one:
            la     a0, __heap
            ret
        other:
            la     t0, text+1
            lbu    a0, 0(t0)
            ret
        .func half (1) -> 1
            srli a0, a0, 1
            ret
        .func double (1) -> 1
            slli a0, a0, 1
            ret
        .table half, double
        .rodata
            text: .ascii "a,b;\x01" ; comment
        .data
            .u8 1, 2
            .align 8
            handlers: .u64 &half, &double
        .export "pick" pick plain
        .names
    "#;
    assert_eq!(
        run(source, "pick", &[0, 1]),
        Outcome::Finished([0x1234_5678_9abc_def0, 0])
    );
    assert_eq!(
        run(source, "pick", &[0, 2]),
        Outcome::Finished([0x1_0000 + 4 * 4096, 0])
    );
    assert_eq!(
        run(source, "pick", &[1, 2]),
        Outcome::Finished([u64::from(b','), 0])
    );
}

#[test]
fn wide_instructions_work_on_memory() {
    let source = r#"
        .func product (2) -> 2
            la  t0, x
            la  t1, y
            la  t2, m
            sd  a0, 0(t0)
            sd  a1, 0(t1)
            u256.mulmod (t1), (t0), (t1), (t2)
            ld  a0, 0(t1)
            ld  a1, 8(t1)
            ret
        .data
            x: .u64 0, 1, 0, 0
            y: .u64 0, 1, 0, 0
            m: .u64 0, 0, 1, 0
        .export "product" product plain
    "#;
    // (2^64 + 3) * (2^64 + 5) mod 2^128
    assert_eq!(run(source, "product", &[3, 5]), Outcome::Finished([15, 8]));
}

/// A-2, on texts with slips: lines left out, doubled and exchanged, bytes changed.
#[test]
fn texts_with_slips_are_refused_or_go_round() {
    let good = "
        .stack 4096
        .features wide hash
        .func main (2) -> 2
            lc t0, 0x123456789abcdef0
            la t1, table
            ld t1, 0(t1)
            callr t1, (1) -> 1
            switch a0, one, other
        one:
            u256.mulmod (sp), (sp), (sp), (t0)
        other:
            keccak256 (t0), (sp), a1
            ret
        .func twice (1) -> 1
            slli a0, a0, 1
            ret
        .table twice
        .rodata
            text: .ascii \"a,b;\\x01\"
        .data
            table: .u64 &twice, text
        .bss
            room: .zero 40
        .export \"main\" main plain pure
        .custom \"note\" 00ff
        .names
    ";
    let lines: Vec<&str> = good.lines().collect();
    for left_out in 0..lines.len() {
        let mut fewer = lines.clone();
        fewer.remove(left_out);
        fuzz_text(fewer.join("\n").as_bytes(), &SyscallTable::EMPTY);
        let mut doubled = lines.clone();
        doubled.insert(left_out, lines[left_out]);
        fuzz_text(doubled.join("\n").as_bytes(), &SyscallTable::EMPTY);
        for other in 0..lines.len() {
            let mut exchanged = lines.clone();
            exchanged.swap(left_out, other);
            fuzz_text(exchanged.join("\n").as_bytes(), &SyscallTable::EMPTY);
        }
    }
    for at in 0..good.len() {
        for byte in [b'0', b'-', b'(', b' ', b'\n', b'\\', b'.'] {
            let mut changed = good.as_bytes().to_vec();
            changed[at] = byte;
            fuzz_text(&changed, &SyscallTable::EMPTY);
        }
    }
}
