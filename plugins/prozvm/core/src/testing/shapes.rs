//! Programs that take long to prepare for their size, in many ways.
//!
//! Each shape is one way to give the decoder, the verifier or the translator as much to do as the format lets a byte
//! ask for. Prices of preparation are measured over them, so a new idea belongs here.

use crate::isa::{Instruction, Opcode};
use crate::program::{Custom, Export, ExportKind, Function, Mutability, Signature, SwitchTable};
use crate::{Features, Program};

/// Registers that no calling convention assigns at first.
const FREE: [u8; 29] = [
    1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27,
    28, 29, 30,
];

/// Names of all shapes.
pub const SHAPES: &[&str] = &[
    "straight addi",
    "straight fused",
    "straight mixed",
    "fused leave",
    "branches around",
    "branches everywhere",
    "ladder of assignments",
    "ladder and loops",
    "waves",
    "jumps backwards",
    "descending returns",
    "one switch",
    "many switches",
    "functions of one",
    "calls everywhere",
    "constants",
    "exports",
    "methods",
    "function table",
    "customs",
    "data",
    "wide",
];

/// A program of about `bytes` bytes that does nothing when its fallback is called, of a shape in [`SHAPES`].
///
/// # Panics
///
/// When there is no such shape.
pub fn shape(name: &str, bytes: usize) -> Program {
    let mut program = base();
    // Room for header, sections and the entry.
    let room = bytes.saturating_sub(200);
    let count = (room / Instruction::SIZE).max(64);
    let i = Instruction::new;
    let body: Vec<Instruction> = match name {
        "straight addi" => ended(vec![i(Opcode::Addi, 5, 0, 0, 1); count]),
        "straight fused" => {
            let pattern = [
                i(Opcode::Addi, 5, 2, 0, 1),
                i(Opcode::Li, 6, 0, 0, 2),
                i(Opcode::Addi, 7, 6, 0, 1),
                i(Opcode::Ld, 8, 2, 0, 0),
                i(Opcode::Sd, 0, 8, 5, 8),
                i(Opcode::Ld, 9, 8, 0, 16),
            ];
            ended(cycle(&pattern, count))
        }
        "straight mixed" => {
            let opcodes: Vec<_> = Opcode::ALL
                .iter()
                .copied()
                .filter(|op| op.class() == crate::Class::Binary)
                .collect();
            let body = (0..count).map(|at| {
                let opcode = opcodes[(at * 7 + at / 31) % opcodes.len()];
                let register = |n: usize| FREE[n % FREE.len()];
                match at < FREE.len() {
                    true => i(Opcode::Li, register(at), 0, 0, 1),
                    false => i(
                        opcode,
                        register(at),
                        register(at * 5 + 1),
                        register(at * 11 + 2),
                        0,
                    ),
                }
            });
            ended(body.collect())
        }
        "fused leave" => {
            let mut body = Vec::with_capacity(count);
            while body.len() + 3 < count {
                let next = body.len() as i32 + 3;
                body.push(i(Opcode::Addi, 5, 2, 0, 1));
                body.push(i(Opcode::Addi, 5, 5, 0, 1));
                body.push(i(Opcode::Bne, 0, 5, 0, next));
            }
            ended(body)
        }
        "branches around" => {
            let next = |at: usize| i(Opcode::Beq, 0, 0, 0, at as i32 + 1);
            ended((0..count).map(next).collect())
        }
        "branches everywhere" => {
            let target = |at: usize| ((at * 7_919 + 13) % count) as i32;
            ended(
                (0..count)
                    .map(|at| i(Opcode::Beq, 0, 0, 0, target(at)))
                    .collect(),
            )
        }
        "ladder of assignments" => ladder(count, |at, chain, length| {
            (chain + (at * 7_919 + 13) % length) as i32
        }),
        "ladder and loops" => ladder(count, |at, chain, length| {
            (chain + length - 1 - at % length) as i32
        }),
        "waves" => waves(count),
        "jumps backwards" => {
            // Entered at the end; each block goes to the one before.
            let mut body = vec![i(Opcode::Jump, 0, 0, 0, count as i32 - 1)];
            body.push(i(Opcode::Return, 0, 0, 0, 0));
            for at in 2..count {
                body.push(i(Opcode::Jump, 0, 0, 0, at as i32 - 1));
            }
            body
        }
        "descending returns" => {
            let mut body = Vec::with_capacity(count);
            for at in 0..count / 2 {
                let target = ((at * 31 + 7) % (count / 2) * 2) as i32;
                body.push(i(Opcode::Bne, 0, 2, 0, target));
                body.push(i(Opcode::Addi, FREE[at % 29], 2, 0, 1));
            }
            ended(body)
        }
        "one switch" => {
            let targets = room / 8;
            let length = room / 2 / Instruction::SIZE;
            let targets = (0..targets)
                .map(|at| 1 + (at * 7 % length) as u32)
                .collect();
            program.switch_tables.push(SwitchTable { targets });
            let mut body = vec![i(Opcode::Switch, 0, 2, 0, 0)];
            body.extend(vec![i(Opcode::Return, 0, 0, 0, 0); length]);
            body
        }
        "many switches" => {
            // A switch takes 8 bytes and its table 8 with one target.
            let count = room / 16;
            for at in 0..count {
                let targets = [((at * 7_919 + 13) % count) as u32].into_iter().collect();
                program.switch_tables.push(SwitchTable { targets });
            }
            (0..count)
                .map(|at| i(Opcode::Switch, 0, 2, 0, at as i32))
                .collect()
        }
        "functions of one" => {
            let extra = (room / 16).min(16_000);
            program.functions.extend(vec![
                Function {
                    signature: 0,
                    length: 1
                };
                extra
            ]);
            let mut body = ended(vec![i(Opcode::Addi, 5, 0, 0, 1); (room - extra * 16) / 8]);
            program.functions[0].length = body.len() as u32;
            body.extend(vec![i(Opcode::Return, 0, 0, 0, 0); extra]);
            body
        }
        "calls everywhere" => ended(vec![i(Opcode::Call, 0, 0, 0, 0); count]),
        "constants" => {
            program.constants = (0..count as u64)
                .map(|n| n.wrapping_mul(0x9e37_79b9_7f4a_7c15))
                .collect();
            ended(Vec::new())
        }
        "exports" => {
            // Twelve bytes and a short name each.
            let mut at = 0usize;
            let mut size = 0;
            while size < room {
                let name = short_name(at);
                size += 12 + name.len();
                program.exports.push(export(ExportKind::Plain, name));
                at += 1;
            }
            ended(Vec::new())
        }
        "methods" => {
            let mut size = 0;
            let mut at = 0usize;
            while size < room {
                let selector = (at as u32).wrapping_mul(0x9e37_79b9).to_be_bytes();
                let name = short_name(at);
                size += 12 + name.len();
                program
                    .exports
                    .push(export(ExportKind::Method(selector), name));
                at += 1;
            }
            ended(Vec::new())
        }
        "function table" => {
            program.function_table = vec![0; room / 4];
            ended(Vec::new())
        }
        "customs" => {
            let (mut at, mut size) = (0usize, 0);
            while size < room {
                let name = short_name(at);
                size += 6 + name.len();
                program.custom.push(Custom {
                    name,
                    data: Vec::new(),
                });
                at += 1;
            }
            ended(Vec::new())
        }
        "data" => {
            program.data = vec![7; room];
            program.max_pages = (room / 4096 + 8) as u32;
            ended(Vec::new())
        }
        "wide" => {
            program.features = Features::ALL;
            ended(vec![i(Opcode::WideAddmod, 2, 2, 2, 2); count])
        }
        other => panic!("no shape `{other}`"),
    };
    if program.functions.len() == 1 {
        program.functions[0].length = body.len() as u32;
    }
    // The entry that is called: one instruction, behind the rest.
    let entry = program.functions.len() as u32;
    program.functions.push(Function {
        signature: 0,
        length: 1,
    });
    program.code = body;
    program.code.push(i(Opcode::Return, 0, 0, 0, 0));
    program.exports.push(Export {
        kind: ExportKind::Fallback,
        mutability: Mutability::Payable,
        function: entry,
        name: "fallback".to_owned(),
    });
    program
}

/// Rungs that each leave another register unassigned and lead into one long chain.
fn ladder(count: usize, target: impl Fn(usize, usize, usize) -> i32) -> Vec<Instruction> {
    let i = Instruction::new;
    let rungs = FREE.len();
    let chain = 3 * rungs + 1;
    let length = count.saturating_sub(chain + 1).max(1);
    let mut body = Vec::with_capacity(count);
    for (at, &register) in FREE.iter().enumerate() {
        body.push(i(Opcode::Beq, 0, 0, 0, (2 * rungs + 1 + at) as i32));
        body.push(i(Opcode::Li, register, 0, 0, 1));
    }
    body.push(i(Opcode::Jump, 0, 0, 0, chain as i32));
    body.extend(vec![i(Opcode::Jump, 0, 0, 0, chain as i32); rungs]);
    body.extend((0..length).map(|at| i(Opcode::Beq, 0, 0, 0, target(at, chain, length))));
    ended(body)
}

/// One long chain that loses a register in each round: the loss of each comes over one loop more than that before, in
/// the order of the code and in reverse post-order alike.
fn waves(count: usize) -> Vec<Instruction> {
    let i = Instruction::new;
    let rungs = FREE.len();
    let chain = 3 * rungs;
    let length = count.saturating_sub(chain + 2 * rungs + 1).max(1);
    let hops = chain + length;
    let mut body = Vec::with_capacity(count);
    for (at, &register) in FREE.iter().enumerate() {
        // What lacks the most comes to the last hop.
        let hop = hops + 2 * (rungs - 1 - at);
        body.push(i(Opcode::Beq, 0, 0, 0, 3 * at as i32 + 2));
        body.push(i(Opcode::Jump, 0, 0, 0, hop as i32));
        body.push(i(Opcode::Li, register, 0, 0, 1));
    }
    body.extend((0..length).map(|at| i(Opcode::Beq, 0, 0, 0, (chain + at) as i32 + 1)));
    for hop in 0..rungs {
        let back = if hop == 0 { chain } else { hops + 2 * hop - 2 };
        body.push(i(Opcode::Beq, 0, 0, 0, (hops + 2 * hop) as i32 + 2));
        body.push(i(Opcode::Jump, 0, 0, 0, back as i32));
    }
    ended(body)
}

fn base() -> Program {
    Program {
        gas_schedule: 1,
        stack_size: 4096,
        max_pages: 8,
        types: vec![Signature::default()],
        functions: vec![Function {
            signature: 0,
            length: 1,
        }],
        ..Program::default()
    }
}

fn ended(mut body: Vec<Instruction>) -> Vec<Instruction> {
    body.push(Instruction::new(Opcode::Return, 0, 0, 0, 0));
    body
}

fn cycle(pattern: &[Instruction], count: usize) -> Vec<Instruction> {
    let mut body = vec![Instruction::new(Opcode::Mv, 8, 2, 0, 0)];
    body.extend(pattern.iter().copied().cycle().take(count));
    body
}

fn export(kind: ExportKind, name: String) -> Export {
    Export {
        kind,
        mutability: Mutability::NonPayable,
        function: 0,
        name,
    }
}

/// The shortest names, in an order that is not that of the alphabet.
fn short_name(at: usize) -> String {
    let mut left = at;
    let mut name = String::new();
    loop {
        name.push(char::from(b'0' + (left % 64) as u8));
        left /= 64;
        if left == 0 {
            return name;
        }
    }
}
