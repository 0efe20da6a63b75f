//! Contracts that answer `recurse(address,uint256)` as the Solidity probe does, in other machines' text forms.

/// For Wasm.
pub const WASM: &str = r#"(module
    (import "env" "input_copy" (func $input_copy (param i32 i32 i32)))
    (import "env" "address" (func $address (param i32)))
    (import "env" "call" (func $call (param i32 i32 i32 i64 i32 i32) (result i32)))
    (import "env" "return_data_size" (func $size (result i32)))
    (import "env" "return_data_copy" (func $copy (param i32 i32 i32)))
    (import "env" "return" (func $return (param i32 i32)))
    (memory (export "memory") 1)
    ;; 0: call data of 68 bytes; 100: the peer; 200: 32 zero bytes; 300: the result.
    (func (export "main") (local $depth i32)
        (call $input_copy (i32.const 0) (i32.const 0) (i32.const 68))
        (local.set $depth (i32.or
            (i32.shl (i32.load8_u (i32.const 66)) (i32.const 8)) (i32.load8_u (i32.const 67))))
        (if (i32.eqz (local.get $depth)) (then (call $return (i32.const 200) (i32.const 32))))
        (memory.copy (i32.const 100) (i32.const 16) (i32.const 20))
        (call $address (i32.const 16))
        (local.set $depth (i32.sub (local.get $depth) (i32.const 1)))
        (i32.store8 (i32.const 66) (i32.shr_u (local.get $depth) (i32.const 8)))
        (i32.store8 (i32.const 67) (local.get $depth))
        (if (call $call (i32.const 0) (i32.const 100) (i32.const 200) (i64.const -1)
                (i32.const 0) (i32.const 68))
            (then (call $return (i32.const 200) (i32.const 32))))
        (call $copy (i32.const 300) (i32.const 0) (i32.const 32))
        (local.set $depth (i32.add (i32.const 1) (i32.or
            (i32.shl (i32.load8_u (i32.const 330)) (i32.const 8)) (i32.load8_u (i32.const 331)))))
        (i32.store8 (i32.const 330) (i32.shr_u (local.get $depth) (i32.const 8)))
        (i32.store8 (i32.const 331) (local.get $depth))
        (call $return (i32.const 300) (i32.const 32))))"#;

/// For ProzVM.
pub const PROZVM: &str = r#"
        .stack 4096
        .export "fallback" recurse fallback
        ; 0: call data of 68 bytes; 128: the peer; 160: a word of zeros; 192: the result.
        .func recurse () -> 0
            addi    sp, sp, -256
            mv      a0, sp
            li      a1, 0
            li      a2, 68
            sys     input_copy
            lbu     t0, 66(sp)
            lbu     s0, 67(sp)
            slli    t0, t0, 8
            or      s0, s0, t0
            bne     s0, zero, deeper
        last:
            addi    a0, sp, 160
            li      a1, 32
            sys     return
            ret
        deeper:
            addi    t0, sp, 128
            addi    t1, sp, 16
            li      t2, 20
            mem.copy (t0), (t1), t2
            addi    a0, sp, 16
            sys     address
            addi    s0, s0, -1
            srli    t0, s0, 8
            sb      t0, 66(sp)
            sb      s0, 67(sp)
            li      a0, 0
            addi    a1, sp, 128
            addi    a2, sp, 160
            li      a3, -1
            mv      a4, sp
            li      a5, 68
            sys     call
            bne     a0, zero, last
            addi    a0, sp, 192
            li      a1, 0
            li      a2, 32
            sys     return_data_copy
            lbu     t0, 222(sp)
            lbu     t1, 223(sp)
            slli    t0, t0, 8
            or      t0, t0, t1
            addi    t0, t0, 1
            srli    t1, t0, 8
            sb      t1, 222(sp)
            sb      t0, 223(sp)
            addi    a0, sp, 192
            li      a1, 32
            sys     return
            ret
"#;
