//! The instruction table: each instruction of PZ64 once, with all that defines it.
//!
//! A row is `code Name "text" cost {semantics}`; rows stand in classes, and the class gives the operands.
//! `instructions!(then)` hands the whole table to the macro `then`. Everything else in this crate (opcode
//! numbers, encoding, verification, text, default costs, both interpreters) is made from it.
//!
//! Invariant: a code or a mnemonic, once released, never changes its meaning.

macro_rules! instructions {
    ($then:ident) => {
        $then! {
            // rd <- f(rs1, rs2)
            Binary {
                0x01 Add "add" 1 {|a, b| a.wrapping_add(b)}
                0x02 Sub "sub" 1 {|a, b| a.wrapping_sub(b)}
                0x03 Sll "sll" 1 {|a, b| a << (b & 63)}
                0x04 Srl "srl" 1 {|a, b| a >> (b & 63)}
                0x05 Sra "sra" 1 {|a, b| ((a as i64) >> (b & 63)) as u64}
                0x06 And "and" 1 {|a, b| a & b}
                0x07 Or "or" 1 {|a, b| a | b}
                0x08 Xor "xor" 1 {|a, b| a ^ b}
                0x09 Slt "slt" 1 {|a, b| u64::from((a as i64) < (b as i64))}
                0x0a Sltu "sltu" 1 {|a, b| u64::from(a < b)}
                0x0b Addw "addw" 1 {|a, b| scalar::word(a.wrapping_add(b))}
                0x0c Subw "subw" 1 {|a, b| scalar::word(a.wrapping_sub(b))}
                0x0d Sllw "sllw" 1 {|a, b| scalar::word(u64::from((a as u32) << (b & 31)))}
                0x0e Srlw "srlw" 1 {|a, b| scalar::word(u64::from((a as u32) >> (b & 31)))}
                0x0f Sraw "sraw" 1 {|a, b| ((a as i32) >> (b & 31)) as u64}
                0x10 Mul "mul" 1 {|a, b| a.wrapping_mul(b)}
                0x11 Mulh "mulh" 2 {|a, b| ((i128::from(a as i64) * i128::from(b as i64)) >> 64) as u64}
                0x12 Mulhsu "mulhsu" 2 {|a, b| (i128::from(a as i64).wrapping_mul(i128::from(b)) >> 64) as u64}
                0x13 Mulhu "mulhu" 2 {|a, b| ((u128::from(a) * u128::from(b)) >> 64) as u64}
                0x14 Div "div" 5 {scalar::div}
                0x15 Divu "divu" 5 {scalar::divu}
                0x16 Rem "rem" 5 {scalar::rem}
                0x17 Remu "remu" 5 {scalar::remu}
                0x18 Mulw "mulw" 1 {|a, b| scalar::word(a.wrapping_mul(b))}
                0x19 Divw "divw" 5 {scalar::divw}
                0x1a Divuw "divuw" 5 {scalar::divuw}
                0x1b Remw "remw" 5 {scalar::remw}
                0x1c Remuw "remuw" 5 {scalar::remuw}
                0x1d AddUw "add.uw" 1 {|a, b| u64::from(a as u32).wrapping_add(b)}
                0x1e Sh1add "sh1add" 1 {|a, b| (a << 1).wrapping_add(b)}
                0x1f Sh2add "sh2add" 1 {|a, b| (a << 2).wrapping_add(b)}
                0x20 Sh3add "sh3add" 1 {|a, b| (a << 3).wrapping_add(b)}
                0x21 Sh1addUw "sh1add.uw" 1 {|a, b| (u64::from(a as u32) << 1).wrapping_add(b)}
                0x22 Sh2addUw "sh2add.uw" 1 {|a, b| (u64::from(a as u32) << 2).wrapping_add(b)}
                0x23 Sh3addUw "sh3add.uw" 1 {|a, b| (u64::from(a as u32) << 3).wrapping_add(b)}
                0x24 Andn "andn" 1 {|a, b| a & !b}
                0x25 Orn "orn" 1 {|a, b| a | !b}
                0x26 Xnor "xnor" 1 {|a, b| !(a ^ b)}
                0x27 Min "min" 1 {|a, b| (a as i64).min(b as i64) as u64}
                0x28 Minu "minu" 1 {|a, b| a.min(b)}
                0x29 Max "max" 1 {|a, b| (a as i64).max(b as i64) as u64}
                0x2a Maxu "maxu" 1 {|a, b| a.max(b)}
                0x2b Rol "rol" 1 {|a, b| a.rotate_left((b & 63) as u32)}
                0x2c Ror "ror" 1 {|a, b| a.rotate_right((b & 63) as u32)}
                0x2d Rolw "rolw" 1 {|a, b| scalar::word(u64::from((a as u32).rotate_left((b & 31) as u32)))}
                0x2e Rorw "rorw" 1 {|a, b| scalar::word(u64::from((a as u32).rotate_right((b & 31) as u32)))}
                0x2f CzeroEqz "czero.eqz" 1 {|a, b| if b == 0 { 0 } else { a }}
                0x30 CzeroNez "czero.nez" 1 {|a, b| if b == 0 { a } else { 0 }}
            }
            // rd <- f(rs1, sign-extended imm)
            Immediate {
                0x38 Addi "addi" 1 {|a, b| a.wrapping_add(b)}
                0x39 Slti "slti" 1 {|a, b| u64::from((a as i64) < (b as i64))}
                0x3a Sltiu "sltiu" 1 {|a, b| u64::from(a < b)}
                0x3b Andi "andi" 1 {|a, b| a & b}
                0x3c Ori "ori" 1 {|a, b| a | b}
                0x3d Xori "xori" 1 {|a, b| a ^ b}
                0x3e Addiw "addiw" 1 {|a, b| scalar::word(a.wrapping_add(b))}
            }
            // rd <- f(rs1, imm), imm in 0..=63
            Shift64 {
                0x40 Slli "slli" 1 {|a, b| a << (b & 63)}
                0x41 Srli "srli" 1 {|a, b| a >> (b & 63)}
                0x42 Srai "srai" 1 {|a, b| ((a as i64) >> (b & 63)) as u64}
                0x43 Rori "rori" 1 {|a, b| a.rotate_right((b & 63) as u32)}
                0x44 SlliUw "slli.uw" 1 {|a, b| u64::from(a as u32) << (b & 63)}
            }
            // rd <- f(rs1, imm), imm in 0..=31
            Shift32 {
                0x48 Slliw "slliw" 1 {|a, b| scalar::word(u64::from((a as u32) << (b & 31)))}
                0x49 Srliw "srliw" 1 {|a, b| scalar::word(u64::from((a as u32) >> (b & 31)))}
                0x4a Sraiw "sraiw" 1 {|a, b| ((a as i32) >> (b & 31)) as u64}
                0x4b Roriw "roriw" 1 {|a, b| scalar::word(u64::from((a as u32).rotate_right((b & 31) as u32)))}
            }
            // rd <- f(rs1)
            Unary {
                0x50 Mv "mv" 1 {|a| a}
                0x51 Clz "clz" 1 {|a| u64::from(a.leading_zeros())}
                0x52 Ctz "ctz" 1 {|a| u64::from(a.trailing_zeros())}
                0x53 Cpop "cpop" 1 {|a| u64::from(a.count_ones())}
                0x54 Clzw "clzw" 1 {|a| u64::from((a as u32).leading_zeros())}
                0x55 Ctzw "ctzw" 1 {|a| u64::from((a as u32).trailing_zeros())}
                0x56 Cpopw "cpopw" 1 {|a| u64::from((a as u32).count_ones())}
                0x57 SextB "sext.b" 1 {|a| a as i8 as u64}
                0x58 SextH "sext.h" 1 {|a| a as i16 as u64}
                0x59 ZextH "zext.h" 1 {|a| a & 0xffff}
                0x5a OrcB "orc.b" 1 {scalar::orc_b}
                0x5b Rev8 "rev8" 1 {|a| a.swap_bytes()}
            }
            // rd <- sign-extended imm
            LoadImmediate {
                0x60 Li "li" 1 {}
            }
            // rd <- constants[imm]
            LoadConstant {
                0x61 Lc "lc" 1 {}
            }
            // rd <- memory[rs1 + imm], extended as the type says
            Load {
                0x68 Lb "lb" 1 {i8}
                0x69 Lbu "lbu" 1 {u8}
                0x6a Lh "lh" 1 {i16}
                0x6b Lhu "lhu" 1 {u16}
                0x6c Lw "lw" 1 {i32}
                0x6d Lwu "lwu" 1 {u32}
                0x6e Ld "ld" 1 {u64}
            }
            // memory[rs1 + imm] <- low bytes of rs2
            Store {
                0x70 Sb "sb" 1 {u8}
                0x71 Sh "sh" 1 {u16}
                0x72 Sw "sw" 1 {u32}
                0x73 Sd "sd" 1 {u64}
            }
            // to imm if f(rs1, rs2)
            Branch {
                0x78 Beq "beq" 1 {|a, b| a == b}
                0x79 Bne "bne" 1 {|a, b| a != b}
                0x7a Blt "blt" 1 {|a, b| (a as i64) < (b as i64)}
                0x7b Bge "bge" 1 {|a, b| (a as i64) >= (b as i64)}
                0x7c Bltu "bltu" 1 {|a, b| a < b}
                0x7d Bgeu "bgeu" 1 {|a, b| a >= b}
            }
            Jump {
                0x80 Jump "j" 1 {}
            }
            Call {
                0x81 Call "call" 4 {}
            }
            // through the function table, handle in rs1, signature imm
            CallIndirect {
                0x82 CallIndirect "callr" 6 {}
            }
            // to entry rs1 of switch table imm, its last entry when rs1 is not below the others
            Switch {
                0x83 Switch "switch" 3 {}
            }
            Return {
                0x84 Return "ret" 2 {}
            }
            Trap {
                0x85 Trap "trap" 1 {}
            }
            Syscall {
                0x86 Syscall "sys" 8 {}
            }
            // wide[rd] <- f(wide[rs1], wide[rs2]); a wide is a 256-bit little-endian word in memory
            WideBinary {
                0x90 WideAdd "u256.add" 6 {wide::add}
                0x91 WideSub "u256.sub" 6 {wide::sub}
                0x92 WideMul "u256.mul" 9 {wide::mul}
                0x93 WideDiv "u256.div" 45 {wide::div}
                0x94 WideMod "u256.mod" 45 {wide::rem}
                0x95 WideSdiv "u256.sdiv" 48 {wide::sdiv}
                0x96 WideSmod "u256.smod" 48 {wide::smod}
                0x97 WideAnd "u256.and" 6 {|a, b| wide::zip(a, b, |x, y| x & y)}
                0x98 WideOr "u256.or" 6 {|a, b| wide::zip(a, b, |x, y| x | y)}
                0x99 WideXor "u256.xor" 6 {|a, b| wide::zip(a, b, |x, y| x ^ y)}
            }
            // wide[rd] <- f(wide[rs1], wide[rs2], wide[rs3])
            WideTernary {
                0xa0 WideAddmod "u256.addmod" 22 {wide::addmod}
                0xa1 WideMulmod "u256.mulmod" 85 {wide::mulmod}
                0xa2 WideMulmont "u256.mulmont" 40 {wide::mulmont}
            }
            // wide[rd] <- f(wide[rs1], rs2)
            WideShift {
                0xa4 WideShl "u256.shl" 12 {wide::shl}
                0xa5 WideShr "u256.shr" 12 {wide::shr}
                0xa6 WideSar "u256.sar" 12 {wide::sar}
            }
            // rd <- f(wide[rs1], wide[rs2])
            WideCompare {
                0xa8 WideCmp "u256.cmp" 5 {wide::cmp}
                0xa9 WideScmp "u256.scmp" 5 {wide::scmp}
            }
            // wide[rd] <- f(wide[rs1])
            WideUnary {
                0xac WideNot "u256.not" 5 {|a| a.map(|x| !x)}
                0xad WideBswap "u256.bswap" 5 {wide::bswap}
            }
            // wide[rd] <- f(rs1)
            WideExtend {
                0xb0 WideZext "u256.zext" 4 {|a| [a, 0, 0, 0]}
                0xb1 WideSext "u256.sext" 4 {wide::sext}
            }
            // 64 bytes at rd <- wide[rs1] * wide[rs2]
            WideProduct {
                0xb4 WideFullMul "u256.product" 13 {wide::product}
            }
            // wide[rd] <- wide[rs1] ^ wide[rs2]; cost grows with the exponent
            WidePower {
                0xb8 WideExp "u256.exp" 20 {}
            }
            // 32 bytes at rd <- hash of rs2 bytes at rs1; cost grows with rs2
            Hash {
                0xc0 Keccak256 "keccak256" 60 {crate::dynamic::keccak256}
                0xc1 Sha256 "sha256" 25 {crate::dynamic::sha256}
            }
            // rs2 bytes from rs1 to rd, as if through a buffer; cost grows with rs2
            Copy {
                0xc8 MemCopy "mem.copy" 8 {}
            }
            // rs2 bytes at rd <- low byte of rs1; cost grows with rs2
            Fill {
                0xc9 MemFill "mem.fill" 8 {}
            }
            // rd <- old end of memory, after growing it by rs1 pages; -1 when refused
            Grow {
                0xca HeapGrow "heap.grow" 10 {}
            }
        }
    };
}

pub(crate) use instructions;
