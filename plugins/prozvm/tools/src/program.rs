//! Programs on disk: reading, verifying, names of their functions.

use crate::{error::ToolError, source::Sources};
use proz_prozvm_asm::{assemble, disassemble_instruction, function_names};
use proz_prozvm_core::{
    Instruction, Location, MAGIC, Program, Rejection, Section, Verified, VmConfig, verify,
};
use proz_prozvm_syscalls::CHAIN;
use std::{
    fs,
    io::Read as _,
    path::{Path, PathBuf},
    sync::Arc,
};
use strsim::osa_distance;

/// A verified program with what tools call its parts.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) path: PathBuf,
    pub(crate) verified: Arc<Verified>,
    /// Names of the functions.
    pub(crate) names: Vec<String>,
    pub(crate) sources: Sources,
}

/// Reads a file; `-` is standard input.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, ToolError> {
    let cannot = |error| ToolError::because(format!("cannot read `{}`", path.display()), error);
    if path == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::stdin().read_to_end(&mut bytes).map_err(cannot)?;
        return Ok(bytes);
    }
    fs::read(path).map_err(|error| {
        let missing = error.kind() == std::io::ErrorKind::NotFound;
        let error = cannot(error);
        if missing {
            error.hint("the path is taken from the current folder")
        } else {
            error
        }
    })
}

/// Writes a file.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), ToolError> {
    fs::write(path, bytes).map_err(|error| {
        ToolError::because(format!("cannot write `{}`", path.display()), error)
            .hint("name another place with --output")
    })
}

/// Assembles text.
pub(crate) fn from_text(path: &Path, bytes: &[u8]) -> Result<Program, ToolError> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        ToolError::because(format!("`{}` is no text", path.display()), error)
            .hint("binary programs begin with `PZ64`; text is UTF-8")
    })?;
    assemble(text, &CHAIN).map_err(|error| {
        ToolError::because(format!("cannot assemble `{}`", path.display()), error)
            .hint("plugins/prozvm/SPEC.md describes the text form under A")
    })
}

/// Decodes the binary form, or assembles whatever does not begin as it does.
pub(crate) fn decode(path: &Path, bytes: &[u8]) -> Result<Result<Program, Rejection>, ToolError> {
    if bytes.starts_with(b"\x7fELF") {
        let shown = path.display();
        return Err(ToolError::new(format!("`{shown}` is an ELF file"))
            .hint(format!("make a program of it: proz prozvm link {shown}")));
    }
    let is_text = path.extension().is_some_and(|extension| extension == "pzs");
    if bytes.starts_with(&MAGIC) || !is_text {
        return Ok(Program::decode(bytes));
    }
    from_text(path, bytes).map(Ok)
}

/// Reads and verifies a program.
pub(crate) fn load(path: &Path) -> Result<Loaded, ToolError> {
    let program = decode(path, &read(path)?)?;
    let program = program.map_err(|rejection| refusal(path, rejection, None))?;
    let verified = verified(path, program)?;
    Ok(Loaded {
        path: path.to_owned(),
        names: function_names(verified.program()),
        sources: Sources::of(verified.program(), path)?,
        verified: Arc::new(verified),
    })
}

/// Verifies a program that came from a file.
pub(crate) fn verified(path: &Path, program: Program) -> Result<Verified, ToolError> {
    let kept = program.clone();
    verify(program, &VmConfig::default(), &CHAIN)
        .map_err(|rejection| refusal(path, rejection, Some(&kept)))
}

/// The error of a program that no machine runs, and the instruction that it is about.
fn refusal(path: &Path, rejection: Rejection, program: Option<&Program>) -> ToolError {
    let rule = rejection.rule;
    let instruction = program.and_then(|program| instruction_at(program, rejection.offset));
    let place = instruction.map_or_else(String::new, |place| format!("look at {place}; "));
    ToolError::because(format!("`{}` is refused", path.display()), rejection)
        .hint(format!("{place}plugins/prozvm/SPEC.md has rule {rule}"))
        .refused()
}

/// `name+3`, by the offset of an instruction in the binary form.
fn instruction_at(program: &Program, offset: usize) -> Option<String> {
    let into = offset.checked_sub(program.section_offset(Section::Code))?;
    let mut index = into / Instruction::SIZE;
    if index >= program.code.len() {
        return None;
    }
    for (function, name) in program.functions.iter().zip(function_names(program)) {
        if index < function.length as usize {
            return Some(format!("`{name}+{index}`"));
        }
        index -= function.length as usize;
    }
    None
}

impl Loaded {
    /// The program.
    pub(crate) fn program(&self) -> &Program {
        self.verified.program()
    }

    /// Finds a function by the name of an export, by its own name, or by its index as `f12`.
    pub(crate) fn function(&self, name: &str) -> Result<u32, ToolError> {
        if let Some(export) = self.program().export(name) {
            return Ok(export.function);
        }
        let own = self.names.iter().position(|known| known == name);
        if let Some(index) = own {
            return Ok(index as u32);
        }
        let exports = self.program().exports.iter().map(|export| &export.name);
        let known: Vec<_> = exports.chain(&self.names).map(String::as_str).collect();
        let error = ToolError::new(format!(
            "`{}` has no function `{name}`",
            self.path.display()
        ));
        Err(match closest(name, &known) {
            Some(near) => error.hint(format!("did you mean `{near}`?")),
            None => error.hint(format!(
                "`proz prozvm inspect {}` lists the functions",
                self.path.display()
            )),
        })
    }

    /// `name` or `name+3`.
    pub(crate) fn place(&self, location: Location) -> String {
        let name = self.name(location.function);
        match location.instruction {
            0 => name.to_owned(),
            offset => format!("{name}+{offset}"),
        }
    }

    /// The name of a function.
    pub(crate) fn name(&self, function: u32) -> &str {
        self.names.get(function as usize).map_or("?", |name| name)
    }

    /// Source file and line of the instruction at an index of the code, where the program carries them.
    pub(crate) fn source(&self, code_index: u32) -> Option<String> {
        let line = self.sources.line(self.verified.location_of(code_index))?;
        Some(format!("{}:{}", line.name(), line.number))
    }

    /// The instruction at an index of the code.
    pub(crate) fn instruction(&self, code_index: u32) -> Option<Instruction> {
        self.program().code.get(code_index as usize).copied()
    }

    /// The text of the instruction at an index of the code, with syscalls by name.
    pub(crate) fn text(&self, code_index: u32) -> String {
        let Some(instruction) = self.instruction(code_index) else {
            return String::new();
        };
        let text = disassemble_instruction(self.program(), &self.names, instruction);
        match self.syscall_name(instruction) {
            Some(name) => format!("{text} ; {name}"),
            None => text,
        }
    }

    fn syscall_name(&self, instruction: Instruction) -> Option<&'static str> {
        if instruction.class() != proz_prozvm_core::Class::Syscall {
            return None;
        }
        let import = self.program().imports.get(instruction.index())?;
        CHAIN.get(import.number).map(|entry| entry.name)
    }
}

/// The known name that differs least, if it differs little.
pub(crate) fn closest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let near = known
        .iter()
        .map(|candidate| (osa_distance(name, candidate), *candidate));
    let (distance, best) = near.min()?;
    (distance <= 1 + name.chars().count() / 4).then_some(best)
}

#[cfg(test)]
mod tests {
    use super::closest;

    #[test]
    fn names_are_suggested_when_they_are_near() {
        assert_eq!(closest("trasnfer", &["mint", "transfer"]), Some("transfer"));
        assert_eq!(closest("fub", &["fib", "main"]), Some("fib"));
        assert_eq!(closest("approve", &["fib", "main"]), None);
        assert_eq!(closest("x", &[]), None);
    }
}
