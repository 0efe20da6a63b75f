//! Text to program.
//!
//! Two passes: the first reads lines into a program with holes, the second fills in labels, functions, syscalls and
//! addresses, when all are known.

mod finish;
mod statement;

use std::collections::BTreeMap;

use proz_prozvm_core::{
    Custom, Export, ExportKind, Features, Function, Import, Mutability, PAGE_SIZE, Program,
    Signature, SyscallTable,
};

use crate::data::DataSection;
use crate::disassemble::NAMES_SECTION;
use crate::error::{AsmError, expected};
use crate::operand::{
    hex, integer, is_name, signature, split_list, strip_comment, text_string, value64,
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
}
