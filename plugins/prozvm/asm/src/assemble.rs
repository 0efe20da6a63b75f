//! Text to program.
//!
//! Two passes: the first reads lines into a program with holes, the second fills in labels, functions, syscalls and
//! addresses, when all are known.

use std::collections::BTreeMap;

use proz_prozvm_core::{
    Custom, Export, ExportKind, Features, Function, Import, Instruction, Layout, MEMORY_BASE,
    Mutability, Opcode, Operand, PAGE_SIZE, Program, Signature, SwitchTable, SyscallTable,
    function_handle,
};

use crate::data::DataSection;
use crate::disassemble::NAMES_SECTION;
use crate::error::{AsmError, expected};
use crate::operand::{
    address, displaced, hex, integer, is_name, number, register, signature, split_list,
    strip_comment, text_string, value64,
};

/// Assembles a text; `syscalls` gives names and signatures for `sys`.
///
/// # Errors
///
/// [`AsmError`] for the first line that is wrong. The program is not verified.
pub fn assemble(text: &str, syscalls: &SyscallTable) -> Result<Program, AsmError> {
    let mut assembler = Assembler::new(*syscalls);
    for (index, line) in text.lines().enumerate() {
        assembler.line(index + 1, strip_comment(line).trim())?;
    }
    assembler.finish()
}

/// Where lines go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Outside,
    Code,
    Rodata,
    Data,
    Bss,
}

/// A use of a name that is filled in at the end.
#[derive(Debug)]
enum Hole {
    Label(String),
    Function(String),
    Symbol(String),
    /// A syscall by number.
    Import(u16),
}

/// A function while it is read.
#[derive(Debug, Default)]
struct Body {
    name: String,
    labels: BTreeMap<String, u32>,
    start: usize,
}

struct Assembler {
    syscalls: SyscallTable,
    program: Program,
    place: Place,
    bodies: Vec<Body>,
    functions: BTreeMap<String, u32>,
    holes: Vec<(usize, usize, Hole)>,
    switches: Vec<(usize, usize, Vec<String>)>,
    exports: Vec<(usize, String)>,
    table: Vec<(usize, String)>,
    rodata: DataSection,
    data: DataSection,
    bss: DataSection,
    names_wanted: Option<usize>,
    pages_given: bool,
    features_given: bool,
}

impl Assembler {
    fn new(syscalls: SyscallTable) -> Self {
        let program = Program {
            gas_schedule: 1,
            stack_size: 16 * PAGE_SIZE,
            ..Program::default()
        };
        Self {
            syscalls,
            program,
            place: Place::Outside,
            bodies: Vec::new(),
            functions: BTreeMap::new(),
            holes: Vec::new(),
            switches: Vec::new(),
            exports: Vec::new(),
            table: Vec::new(),
            rodata: DataSection::default(),
            data: DataSection::default(),
            bss: DataSection::default(),
            names_wanted: None,
            pages_given: false,
            features_given: false,
        }
    }

    fn line(&mut self, line: usize, text: &str) -> Result<(), AsmError> {
        if text.is_empty() {
            return Ok(());
        }
        if let Some((label, rest)) = text.split_once(':')
            && is_name(label.trim())
        {
            self.label(line, label.trim())?;
            return self.line(line, rest.trim());
        }
        let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let rest = rest.trim();
        if word.starts_with('.') {
            self.directive(line, word, rest)
        } else {
            self.statement(line, word, rest)
        }
    }

    fn label(&mut self, line: usize, name: &str) -> Result<(), AsmError> {
        match (self.place, self.bodies.last_mut()) {
            (Place::Code, Some(body)) => {
                let at = (self.program.code.len() - body.start) as u32;
                match body.labels.insert(name.to_owned(), at) {
                    None => Ok(()),
                    Some(_) => Err(AsmError::Duplicate {
                        line,
                        name: name.to_owned(),
                    }),
                }
            }
            (Place::Rodata, _) => self.rodata.define(line, name),
            (Place::Data, _) => self.data.define(line, name),
            (Place::Bss, _) => self.bss.define(line, name),
            _ => Err(AsmError::Misplaced {
                line,
                found: name.to_owned(),
            }),
        }
    }

    fn directive(&mut self, line: usize, word: &str, rest: &str) -> Result<(), AsmError> {
        let program = &mut self.program;
        match word {
            ".schedule" => program.gas_schedule = integer(line, rest)?,
            ".stack" => program.stack_size = integer(line, rest)?,
            ".bss" if rest.is_empty() => self.place = Place::Bss,
            ".bss" => program.bss_size = integer(line, rest)?,
            ".heap" => program.heap_pages = integer(line, rest)?,
            ".pages" => {
                program.max_pages = integer(line, rest)?;
                self.pages_given = true;
            }
            ".features" => {
                self.features_given = true;
                for feature in rest.split_whitespace() {
                    program.features = program.features.union(match feature {
                        "wide" => Features::WIDE,
                        "hash" => Features::HASH,
                        other => return Err(expected(line, "`wide` or `hash`", other)),
                    });
                }
            }
            ".type" => {
                let signature = signature(line, rest)?;
                program.types.push(signature);
            }
            ".import" => self.import(line, rest)?,
            ".const" => program.constants.push(value64(line, rest)?),
            ".func" => self.function(line, rest)?,
            ".table" => self.table.extend(
                split_list(rest)
                    .into_iter()
                    .map(|name| (line, name.to_owned())),
            ),
            ".rodata" => self.place = Place::Rodata,
            ".data" => self.place = Place::Data,
            ".export" => self.export(line, rest)?,
            ".names" => {
                self.names_wanted = Some(program.custom.len());
                program.custom.push(Custom {
                    name: NAMES_SECTION.to_owned(),
                    data: Vec::new(),
                });
            }
            ".custom" => {
                let (name, data) = text_string(line, rest)?;
                program.custom.push(Custom {
                    name,
                    data: hex(line, data)?,
                });
            }
            _ => match self.place {
                Place::Rodata => self.rodata.directive(line, word, rest)?,
                Place::Data => self.data.directive(line, word, rest)?,
                Place::Bss if matches!(word, ".zero" | ".align") => {
                    self.bss.directive(line, word, rest)?
                }
                _ => {
                    return Err(AsmError::Unknown {
                        line,
                        found: word.to_owned(),
                    });
                }
            },
        }
        Ok(())
    }

    fn import(&mut self, line: usize, rest: &str) -> Result<(), AsmError> {
        let (number, rest) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        let import = Import {
            number: integer(line, number)?,
            signature: signature(line, rest.trim())?,
        };
        self.program.imports.push(import);
        Ok(())
    }

    fn function(&mut self, line: usize, rest: &str) -> Result<(), AsmError> {
        let (name, rest) = rest
            .split_once([' ', '\t', '('])
            .map_or((rest, ""), |(name, _)| (name, &rest[name.len()..]));
        if !is_name(name) {
            return Err(expected(line, "a function name", name));
        }
        let rest = rest.trim();
        let signature = if rest.is_empty() {
            Signature::default()
        } else {
            signature(line, rest)?
        };
        let signature = self.type_index(signature);
        if self
            .functions
            .insert(name.to_owned(), self.bodies.len() as u32)
            .is_some()
        {
            return Err(AsmError::Duplicate {
                line,
                name: name.to_owned(),
            });
        }
        let start = self.program.code.len();
        self.bodies.push(Body {
            name: name.to_owned(),
            start,
            ..Body::default()
        });
        self.program.functions.push(Function {
            signature,
            length: 0,
        });
        self.place = Place::Code;
        Ok(())
    }

    fn type_index(&mut self, signature: Signature) -> u16 {
        let types = &mut self.program.types;
        let known = types.iter().position(|&known| known == signature);
        known.unwrap_or_else(|| {
            types.push(signature);
            types.len() - 1
        }) as u16
    }

    fn export(&mut self, line: usize, rest: &str) -> Result<(), AsmError> {
        let (name, rest) = text_string(line, rest)?;
        let mut words = rest.split_whitespace();
        let function = words
            .next()
            .ok_or_else(|| expected(line, "a function name", rest))?;
        let (mut kind, mut mutability) = (ExportKind::Plain, Mutability::NonPayable);
        while let Some(word) = words.next() {
            match word {
                "selector" => {
                    let selector = words.next().unwrap_or_default();
                    kind = ExportKind::Method(integer::<u32>(line, selector)?.to_be_bytes());
                }
                "constructor" => kind = ExportKind::Constructor,
                "fallback" => kind = ExportKind::Fallback,
                "receive" => kind = ExportKind::Receive,
                "plain" => kind = ExportKind::Plain,
                "nonpayable" => mutability = Mutability::NonPayable,
                "payable" => mutability = Mutability::Payable,
                "view" => mutability = Mutability::View,
                "pure" => mutability = Mutability::Pure,
                other => return Err(expected(line, "a kind of export or mutability", other)),
            }
        }
        self.exports.push((line, function.to_owned()));
        self.program.exports.push(Export {
            kind,
            mutability,
            function: 0,
            name,
        });
        Ok(())
    }

    fn statement(&mut self, line: usize, word: &str, rest: &str) -> Result<(), AsmError> {
        if self.place != Place::Code {
            return Err(AsmError::Misplaced {
                line,
                found: word.to_owned(),
            });
        }
        let pieces = split_list(rest);
        if word == "la" {
            let [rd, symbol] = pieces[..] else {
                return Err(expected(line, "a register and a symbol", rest));
            };
            self.holes.push((
                line,
                self.program.code.len(),
                Hole::Symbol(symbol.to_owned()),
            ));
            self.program
                .code
                .push(Instruction::new(Opcode::Li, register(line, rd)?, 0, 0, 0));
            return Ok(());
        }
        let opcode = Opcode::from_mnemonic(word);
        let opcode = opcode.ok_or_else(|| AsmError::Unknown {
            line,
            found: word.to_owned(),
        })?;
        let operands = opcode.class().operands();
        let is_switch = operands.contains(&Operand::Table);
        if pieces.len() != operands.len() && !(is_switch && pieces.len() > operands.len()) {
            return Err(expected(line, format!("{} operands", operands.len()), rest));
        }
        let mut instruction = Instruction::new(opcode, 0, 0, 0, 0);
        for (&operand, text) in operands.iter().zip(&pieces) {
            self.operand(line, &mut instruction, operand, text)?;
        }
        if is_switch {
            let targets = pieces[1..].iter().map(|&label| label.to_owned()).collect();
            instruction.imm = self.switches.len() as i32;
            self.switches.push((line, self.bodies.len() - 1, targets));
        }
        self.program.code.push(instruction);
        Ok(())
    }

    fn operand(
        &mut self,
        line: usize,
        i: &mut Instruction,
        operand: Operand,
        text: &str,
    ) -> Result<(), AsmError> {
        let at = self.program.code.len();
        match operand {
            Operand::Destination => i.rd = register(line, text)?,
            Operand::DestinationAddress => i.rd = address(line, text)?,
            Operand::First => i.rs1 = register(line, text)?,
            Operand::Second => i.rs2 = register(line, text)?,
            Operand::FirstAddress => i.rs1 = address(line, text)?,
            Operand::SecondAddress => i.rs2 = address(line, text)?,
            Operand::ThirdAddress => i.imm = i32::from(address(line, text)?),
            Operand::Displaced => (i.imm, i.rs1) = displaced(line, text)?,
            Operand::Immediate | Operand::Shift64 | Operand::Shift32 | Operand::TrapCode => {
                i.imm = integer(line, text)?;
            }
            Operand::Constant => {
                let value = value64(line, text)?;
                let constants = &mut self.program.constants;
                let known = constants.iter().position(|&known| known == value);
                i.imm = known.unwrap_or_else(|| {
                    constants.push(value);
                    constants.len() - 1
                }) as i32;
            }
            Operand::Signature => {
                let signature = signature(line, text)?;
                i.imm = i32::from(self.type_index(signature));
            }
            Operand::Target => self.holes.push((line, at, Hole::Label(text.to_owned()))),
            Operand::Function => self.holes.push((line, at, Hole::Function(text.to_owned()))),
            Operand::Table => {}
            Operand::Import => {
                let number = self.syscall(line, text)?;
                self.holes.push((line, at, Hole::Import(number)));
            }
        }
        Ok(())
    }

    /// The number of a syscall; imports it if no directive did.
    fn syscall(&mut self, line: usize, text: &str) -> Result<u16, AsmError> {
        let named = self.syscalls.by_name(text).map(|entry| entry.number);
        let number = match named {
            Some(number) => number,
            None if is_name(text) => {
                return Err(AsmError::Undefined {
                    line,
                    name: text.to_owned(),
                });
            }
            None => integer(line, text)?,
        };
        if !self
            .program
            .imports
            .iter()
            .any(|import| import.number == number)
        {
            let entry = self.syscalls.get(number);
            let entry = entry.ok_or_else(|| AsmError::Undefined {
                line,
                name: text.to_owned(),
            })?;
            self.program.imports.push(Import {
                number,
                signature: entry.signature,
            });
        }
        Ok(number)
    }

    fn finish(mut self) -> Result<Program, AsmError> {
        let end = self.program.code.len();
        let starts: Vec<usize> = self
            .bodies
            .iter()
            .map(|body| body.start)
            .chain([end])
            .collect();
        for (function, window) in self.program.functions.iter_mut().zip(starts.windows(2)) {
            function.length = (window[1] - window[0]) as u32;
        }
        self.program.imports.sort_by_key(|import| import.number);
        for (line, name) in std::mem::take(&mut self.table) {
            let function = self.function_index(line, &name)?;
            self.program.function_table.push(function);
        }
        self.program.rodata = std::mem::take(&mut self.rodata.bytes);
        self.program.data = std::mem::take(&mut self.data.bytes);
        self.program.bss_size = self.program.bss_size.max(self.bss.bytes.len() as u32);
        self.patch_data()?;
        for (line, at, hole) in std::mem::take(&mut self.holes) {
            self.program.code[at].imm = match hole {
                Hole::Label(name) => {
                    let body = self.bodies.partition_point(|body| body.start <= at) - 1;
                    self.target(line, body, &name)? as i32
                }
                Hole::Function(name) => self.function_index(line, &name)? as i32,
                Hole::Symbol(name) => {
                    let value = self.symbol(line, &name)?;
                    i32::try_from(value)
                        .map_err(|_| expected(line, "an address below 2^31", name))?
                }
                Hole::Import(number) => {
                    let found = self
                        .program
                        .imports
                        .iter()
                        .position(|import| import.number == number);
                    found.unwrap_or_default() as i32
                }
            };
        }
        for (line, body, names) in std::mem::take(&mut self.switches) {
            let targets = names
                .iter()
                .map(|name| self.target(line, body, name))
                .collect::<Result<_, _>>()?;
            self.program.switch_tables.push(SwitchTable { targets });
        }
        for (index, (line, name)) in std::mem::take(&mut self.exports).into_iter().enumerate() {
            self.program.exports[index].function = self.function_index(line, &name)?;
        }
        self.defaults();
        Ok(self.program)
    }

    /// Fills in what the text left open: names, features and pages.
    fn defaults(&mut self) {
        if let Some(index) = self.names_wanted {
            let names: Vec<&str> = self.bodies.iter().map(|body| body.name.as_str()).collect();
            self.program.custom[index].data = names.join("\n").into_bytes();
        }
        if !self.features_given {
            for instruction in &self.program.code {
                let class = instruction.class();
                let hash = class == proz_prozvm_core::Class::Hash;
                let wanted = if hash { Features::HASH } else { Features::NONE };
                let wide = if class.is_wide() {
                    Features::WIDE
                } else {
                    Features::NONE
                };
                self.program.features = self.program.features.union(wanted).union(wide);
            }
        }
        if !self.pages_given {
            self.program.max_pages = Layout::of(&self.program).pages() as u32;
        }
    }

    fn patch_data(&mut self) -> Result<(), AsmError> {
        let rodata = std::mem::take(&mut self.rodata.patches)
            .into_iter()
            .map(|patch| (patch, true));
        let data = std::mem::take(&mut self.data.patches)
            .into_iter()
            .map(|patch| (patch, false));
        for ((at, line, name), in_rodata) in rodata.chain(data).collect::<Vec<_>>() {
            let value = self.symbol(line, &name)?.to_le_bytes();
            let bytes = if in_rodata {
                &mut self.program.rodata
            } else {
                &mut self.program.data
            };
            bytes[at..at + 8].copy_from_slice(&value);
        }
        Ok(())
    }

    fn target(&self, line: usize, body: usize, name: &str) -> Result<u32, AsmError> {
        let found = self.bodies[body].labels.get(name).copied();
        found.ok_or_else(|| AsmError::Undefined {
            line,
            name: name.to_owned(),
        })
    }

    fn function_index(&self, line: usize, name: &str) -> Result<u32, AsmError> {
        let found = self.functions.get(name).copied();
        found.ok_or_else(|| AsmError::Undefined {
            line,
            name: name.to_owned(),
        })
    }

    /// The value of `name`, `name+4`, `name-4` or `&function`.
    fn symbol(&self, line: usize, text: &str) -> Result<u64, AsmError> {
        if let Some(function) = text.strip_prefix('&') {
            let function = self.function_index(line, function)?;
            let index = self
                .program
                .function_table
                .iter()
                .position(|&entry| entry == function);
            let index =
                index.ok_or_else(|| expected(line, "a function of the function table", text))?;
            return Ok(function_handle(index));
        }
        let sign = text[1.min(text.len())..].find(['+', '-']).map(|at| at + 1);
        let (name, offset) = text.split_at(sign.unwrap_or(text.len()));
        let offset = if offset.is_empty() {
            0
        } else {
            number(line, offset.strip_prefix('+').unwrap_or(offset))?
        };
        let name = name.trim();
        let rodata = self
            .rodata
            .names
            .get(name)
            .map(|at| u64::from(MEMORY_BASE) + at);
        let layout = Layout::of(&self.program);
        let data = || self.data.names.get(name).map(|at| layout.data_start + at);
        let bss = || self.bss.names.get(name).map(|at| layout.bss_start + at);
        let special = || match name {
            "__bss" => Some(layout.bss_start),
            "__heap" => Some(layout.heap_start),
            _ => None,
        };
        let base = rodata.or_else(data).or_else(bss).or_else(special);
        let base = base.ok_or_else(|| AsmError::Undefined {
            line,
            name: name.to_owned(),
        })?;
        u64::try_from(i128::from(base) + offset).map_err(|_| expected(line, "an address", text))
    }
}
