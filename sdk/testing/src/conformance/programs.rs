//! The file of programs that a plugin ships beside its manifest.

use super::{Behaviour, UnknownBehaviour};
use alloy_primitives::hex;
use proz_interface::v1::Revision;
use serde::Deserialize;
use std::{
    collections::BTreeMap,
    fs, io,
    path::{Component, Path, PathBuf},
};

/// Ends the name of a file of programs: `evm-1.1.toml` has `evm-1.1.conformance.toml` beside it.
pub const PROGRAMS_SUFFIX: &str = ".conformance.toml";

/// Format that this kit reads.
const FORMAT: u32 = 1;

/// Largest file that is read, in bytes.
const MAX_FILE_BYTES: u64 = 16 * 1024 * 1024;

/// Gas of a frame unless the file says otherwise.
const GAS_LIMIT: u64 = 10_000_000;

/// A plugin's programs, by behaviour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Programs {
    /// VM type that the programs are for.
    pub vm_type: String,
    /// Rules that they run under.
    pub revision: Revision,
    /// Gas with which each of them ends, given the inputs of the kit.
    pub gas_limit: u64,
    programs: BTreeMap<Behaviour, Program>,
    absent: BTreeMap<Behaviour, String>,
}

/// One program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// The code that `execute` is given.
    pub code: Vec<u8>,
    /// Bytes that stand before the input of every call of it, by which a program of several
    /// behaviours knows which is meant.
    pub selector: Vec<u8>,
}

impl Program {
    /// The input of a call: the selector and what the behaviour's contract says.
    #[must_use]
    pub fn call_data(&self, input: &[u8]) -> Vec<u8> {
        [&self.selector, input].concat()
    }
}

/// Why a file of programs cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProgramsError {
    /// The file cannot be read.
    #[error("cannot read {}", file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is too large.
    #[error("{}: expected at most {MAX_FILE_BYTES} bytes, found {found}", file.display())]
    TooLarge {
        /// The file.
        file: PathBuf,
        /// Its size in bytes.
        found: u64,
    },
    /// It is no TOML of this format.
    #[error("{}: {message}", file.display())]
    Malformed {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        message: String,
    },
    /// It names a behaviour that the kit does not know.
    #[error("{}", file.display())]
    Behaviour {
        /// The file.
        file: PathBuf,
        /// Which.
        source: UnknownBehaviour,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: u32,
    vm_type: String,
    revision: String,
    #[serde(default = "default_gas")]
    gas_limit: u64,
    /// Code of every program that brings none of its own.
    code: Option<String>,
    file: Option<PathBuf>,
    #[serde(default)]
    program: BTreeMap<String, Entry>,
    #[serde(default)]
    absent: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    code: Option<String>,
    file: Option<PathBuf>,
    #[serde(default)]
    selector: String,
}

const fn default_gas() -> u64 {
    GAS_LIMIT
}

impl Programs {
    /// No program: what the kit can still tell of a plugin without a file.
    #[must_use]
    pub fn none(vm_type: &str) -> Self {
        Self {
            vm_type: vm_type.to_owned(),
            revision: Revision::LATEST,
            gas_limit: GAS_LIMIT,
            programs: BTreeMap::new(),
            absent: BTreeMap::new(),
        }
    }

    /// The file that belongs to a manifest: the same name with [`PROGRAMS_SUFFIX`].
    #[must_use]
    pub fn file_beside(manifest: &Path) -> PathBuf {
        let stem = manifest.file_stem().unwrap_or_default().to_string_lossy();
        manifest.with_file_name(format!("{stem}{PROGRAMS_SUFFIX}"))
    }

    /// Reads a file, and the files of code that it names, which lie in its folder or below.
    ///
    /// # Errors
    ///
    /// [`ProgramsError`].
    pub fn read(file: &Path) -> Result<Self, ProgramsError> {
        let bytes = read_bounded(file)?;
        let text = String::from_utf8(bytes).map_err(|_| malformed(file, "not UTF-8"))?;
        Self::from_toml(&text, file)
    }

    /// Reads the text of `file`; see [`Self::read`].
    ///
    /// # Errors
    ///
    /// [`ProgramsError`].
    pub fn from_toml(text: &str, file: &Path) -> Result<Self, ProgramsError> {
        let parsed: File = toml::from_str(text)
            .map_err(|error| malformed(file, error.to_string().trim().to_owned()))?;
        if parsed.format != FORMAT {
            let message = format!("expected format {FORMAT}, found {}", parsed.format);
            return Err(malformed(file, message));
        }
        let revision = parsed
            .revision
            .parse()
            .map_err(|error| malformed(file, format!("`revision`: {error}")))?;
        let folder = file.parent().unwrap_or(Path::new(""));
        let shared = code_of("the file", &parsed.code, &parsed.file, folder, file)?;
        let mut programs = BTreeMap::new();
        for (name, entry) in parsed.program {
            let own = code_of(&name, &entry.code, &entry.file, folder, file)?;
            let Some(code) = own.or_else(|| shared.clone()) else {
                return Err(malformed(file, format!("`{name}` has no code")));
            };
            let selector = from_hex(&entry.selector)
                .map_err(|message| malformed(file, format!("`{name}.selector`: {message}")))?;
            programs.insert(behaviour(&name, file)?, Program { code, selector });
        }
        let mut absent = BTreeMap::new();
        for (name, reason) in parsed.absent {
            let behaviour = behaviour(&name, file)?;
            if programs.contains_key(&behaviour) {
                return Err(malformed(
                    file,
                    format!("`{name}` is both there and absent"),
                ));
            }
            absent.insert(behaviour, reason);
        }
        Ok(Self {
            vm_type: parsed.vm_type,
            revision,
            gas_limit: parsed.gas_limit,
            programs,
            absent,
        })
    }

    /// The program of a behaviour.
    #[must_use]
    pub fn get(&self, behaviour: Behaviour) -> Option<&Program> {
        self.programs.get(&behaviour)
    }

    /// Sets the program of a behaviour.
    pub fn set(&mut self, behaviour: Behaviour, program: Program) {
        self.programs.insert(behaviour, program);
    }

    /// All programs, in the order of behaviours.
    pub fn iter(&self) -> impl Iterator<Item = (Behaviour, &Program)> {
        self.programs.iter().map(|(b, program)| (*b, program))
    }

    /// Why a behaviour has no program, in the author's words where there are any.
    #[must_use]
    pub fn why_absent(&self, behaviour: Behaviour) -> String {
        match self.absent.get(&behaviour) {
            Some(reason) => format!("no program `{behaviour}`: {reason}"),
            None => format!("no program `{behaviour}`"),
        }
    }
}

fn malformed(file: &Path, message: impl Into<String>) -> ProgramsError {
    ProgramsError::Malformed {
        file: file.to_path_buf(),
        message: message.into(),
    }
}

fn behaviour(name: &str, file: &Path) -> Result<Behaviour, ProgramsError> {
    name.parse().map_err(|source| ProgramsError::Behaviour {
        file: file.to_path_buf(),
        source,
    })
}

fn code_of(
    name: &str,
    code: &Option<String>,
    code_file: &Option<PathBuf>,
    folder: &Path,
    file: &Path,
) -> Result<Option<Vec<u8>>, ProgramsError> {
    match (code, code_file) {
        (None, None) => Ok(None),
        (Some(_), Some(_)) => Err(malformed(file, format!("{name} has both code and file"))),
        (Some(text), None) => from_hex(text)
            .map(Some)
            .map_err(|message| malformed(file, format!("code of {name}: {message}"))),
        (None, Some(path)) => {
            let is_below = path
                .components()
                .all(|part| matches!(part, Component::Normal(_)));
            if !is_below {
                let message = format!("{name}: `{}` leaves the folder", path.display());
                return Err(malformed(file, message));
            }
            read_bounded(&folder.join(path)).map(Some)
        }
    }
}

/// Reads hexadecimal digits; blanks do not count, nor does anything from `;` to the line's end.
fn from_hex(text: &str) -> Result<Vec<u8>, String> {
    let digits: String = text
        .lines()
        .map(|line| line.split(';').next().unwrap_or_default())
        .flat_map(str::chars)
        .filter(|c| !c.is_whitespace())
        .collect();
    hex::decode(digits.trim_start_matches("0x")).map_err(|error| error.to_string())
}

fn read_bounded(file: &Path) -> Result<Vec<u8>, ProgramsError> {
    let unreadable = |source| ProgramsError::Read {
        file: file.to_path_buf(),
        source,
    };
    let found = fs::metadata(file).map_err(unreadable)?.len();
    if found > MAX_FILE_BYTES {
        return Err(ProgramsError::TooLarge {
            file: file.to_path_buf(),
            found,
        });
    }
    fs::read(file).map_err(unreadable)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "format = 1\nvm_type = \"x\"\nrevision = \"Cancun\"\n";

    fn parse(text: &str) -> Result<Programs, String> {
        Programs::from_toml(&format!("{HEAD}{text}"), Path::new("x.conformance.toml")).map_err(
            |error| match std::error::Error::source(&error) {
                Some(source) => format!("{error}: {source}"),
                None => error.to_string(),
            },
        )
    }

    #[test]
    fn code_is_hex_with_blanks_and_comments() {
        let text = "[program.echo]\ncode = \"\"\"\n60 01 ; PUSH1 1\n  5 f ; PUSH0\n\"\"\"\n";
        let programs = parse(text).unwrap();
        let echo = programs.get(Behaviour::Echo).unwrap();
        assert_eq!(echo.code, [0x60, 0x01, 0x5f]);
        assert_eq!(programs.revision, Revision::Cancun);
    }

    #[test]
    fn programs_may_share_code_and_tell_themselves_apart_by_a_selector() {
        let text = "code = \"aabb\"\n[program.echo]\nselector = \"01\"\n[program.revert]\n";
        let programs = parse(text).unwrap();
        let echo = programs.get(Behaviour::Echo).unwrap();
        assert_eq!(echo.call_data(&[7]), [1, 7]);
        assert_eq!(programs.get(Behaviour::Revert).unwrap().code, echo.code);
    }

    #[test]
    fn mistakes_are_named() {
        for (text, part) in [
            ("[program.ecko]\ncode = \"\"", "`ecko` is no behaviour"),
            ("[program.echo]\ncode = \"6\"", "code of echo"),
            ("[program.echo]\n", "`echo` has no code"),
            (
                "[program.echo]\ncode = \"\"\nfile = \"a\"",
                "both code and file",
            ),
            ("[program.echo]\nfile = \"../a\"", "leaves the folder"),
            ("[program.echo]\nfile = \"/a\"", "leaves the folder"),
            ("[program.echo]\nfile = \"gone\"", "cannot read gone"),
            (
                "[program.echo]\ncode = \"\"\n[absent]\necho = \"no\"",
                "both there and absent",
            ),
            ("[program.echo]\ncod = \"\"", "unknown field `cod`"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        }
        let error = Programs::from_toml(
            "format = 2\nvm_type = \"x\"\nrevision = \"Cancun\"",
            Path::new("x"),
        );
        assert!(
            error
                .unwrap_err()
                .to_string()
                .contains("expected format 1, found 2")
        );
    }

    #[test]
    fn the_file_lies_beside_its_manifest() {
        let file = Programs::file_beside(Path::new("plugins/evm-1.1.toml"));
        assert_eq!(file, Path::new("plugins/evm-1.1.conformance.toml"));
    }
}
