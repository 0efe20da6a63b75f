//! Why a plugin cannot be loaded: one variant per step of the handshake.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::PathBuf;

use proz_manifest::Sha256Digest;

/// A refusal or failure while a plugin is loaded.
///
/// Every message is one line that names the file and what was expected and found; what is longer is the
/// [source](std::error::Error::source).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The file cannot be read.
    #[error("{}: cannot read the library", file.display())]
    Read {
        /// The library.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },

    /// The path names a directory, a device or the like.
    #[error("{}: expected a regular file, found {found}", file.display())]
    NotAFile {
        /// The path.
        file: PathBuf,
        /// What is there.
        found: &'static str,
    },

    /// The file has no bytes.
    #[error("{}: expected a shared library, found an empty file", file.display())]
    Empty {
        /// The library.
        file: PathBuf,
    },

    /// The file is larger than any plugin may be.
    #[error("{}: expected at most {limit_bytes} bytes, found {found_bytes}", file.display())]
    TooLarge {
        /// The library.
        file: PathBuf,
        /// Largest library accepted.
        limit_bytes: u64,
        /// Size of this one, as far as it was read.
        found_bytes: u64,
    },

    /// The file is not a shared library of this platform.
    #[error("{}: expected {expected}, found {found}", file.display())]
    NotALibrary {
        /// The library.
        file: PathBuf,
        /// The format of this platform.
        expected: &'static str,
        /// What the file begins like.
        found: &'static str,
    },

    /// The library was built for another processor.
    #[error("{}: expected a library for {expected}, found one for {found}", file.display())]
    ForeignArchitecture {
        /// The library.
        file: PathBuf,
        /// The processor of this host.
        expected: String,
        /// The processor of the library.
        found: String,
    },

    /// The library ends before its own headers say.
    #[error("{}: the file is cut off, expected {expected_bytes} bytes for its {part}, found {found_bytes}", file.display())]
    Truncated {
        /// The library.
        file: PathBuf,
        /// What is cut off.
        part: &'static str,
        /// Size that the part needs the file to have.
        expected_bytes: u64,
        /// Size of the file.
        found_bytes: u64,
    },

    /// The library's content is not what the manifest was written for.
    #[error("{}: expected sha256 {expected}, found {found}", file.display())]
    HashMismatch {
        /// The library.
        file: PathBuf,
        /// The manifest's hash.
        expected: Sha256Digest,
        /// The file's hash.
        found: Sha256Digest,
    },

    /// No private copy can be made.
    #[error("{}: cannot stage a private copy of the library in {place}", file.display())]
    Stage {
        /// The library.
        file: PathBuf,
        /// Where the copy was to be.
        place: String,
        /// What the system said.
        source: io::Error,
    },

    /// The system refuses to open the library.
    #[error("{}: expected a library that can be opened, found one that the system refuses", file.display())]
    Open {
        /// The library.
        file: PathBuf,
        /// What the system said.
        source: Detail,
    },

    /// A symbol that every plugin exports is missing.
    #[error("{}: expected the symbol `{symbol}`, found none; is this a ProzChain VM plugin?", file.display())]
    SymbolMissing {
        /// The library.
        file: PathBuf,
        /// The symbol.
        symbol: &'static str,
    },

    /// The descriptor does not begin with the magic bytes.
    #[error("{}: expected a descriptor that begins with {expected:?}, found {found:?}", file.display())]
    WrongMagic {
        /// The library.
        file: PathBuf,
        /// The magic bytes as text.
        expected: String,
        /// The bytes found, as text.
        found: String,
    },

    /// The descriptor has a size that no descriptor has.
    #[error("{}: expected a descriptor of {expected_bytes} bytes or more, found {found_bytes}", file.display())]
    DescriptorSize {
        /// The library.
        file: PathBuf,
        /// The size of the shortest descriptor.
        expected_bytes: u64,
        /// The size found.
        found_bytes: u64,
    },

    /// A field of the descriptor holds what such a field cannot hold.
    #[error("{}: expected {expected} as the descriptor's {field}, found {found}", file.display())]
    DescriptorField {
        /// The library.
        file: PathBuf,
        /// The field.
        field: &'static str,
        /// What it can hold.
        expected: String,
        /// What it holds.
        found: String,
    },

    /// The plugin was built for an ABI generation that this host does not speak.
    #[error("{}: expected ABI generation {expected}, found {found}", file.display())]
    Generation {
        /// The library.
        file: PathBuf,
        /// The generations accepted, by the host and by the manifest.
        expected: String,
        /// The plugin's generation.
        found: u32,
    },

    /// The plugin was built for another target.
    #[error("{}: expected a plugin for {expected}, found one for {found}", file.display())]
    ForeignTarget {
        /// The library.
        file: PathBuf,
        /// The host's target triple.
        expected: String,
        /// The plugin's.
        found: String,
    },

    /// The descriptor says other than the manifest.
    #[error("{}: the manifest says {field} {expected}, the library says {found}", file.display())]
    Contradiction {
        /// The library.
        file: PathBuf,
        /// The field.
        field: &'static str,
        /// The manifest's value.
        expected: String,
        /// The descriptor's value.
        found: String,
    },

    /// The opened library shows another descriptor than its file.
    #[error("{}: expected the descriptor of the file, found another one in the opened library", file.display())]
    DescriptorChanged {
        /// The library.
        file: PathBuf,
    },

    /// The library's abi_stable cannot be talked to.
    #[error("{}: expected abi_stable {expected}, found {found}", file.display())]
    AbiHeader {
        /// The library.
        file: PathBuf,
        /// The host's version of the header.
        expected: String,
        /// The library's.
        found: String,
    },

    /// The two compilers pass arguments differently.
    #[error("{}: expected the host's C calling convention, found another one", file.display())]
    CallingConvention {
        /// The library.
        file: PathBuf,
        /// What the check says.
        source: Detail,
    },

    /// The root module has another version than the generation's.
    #[error("{}: expected interface version {expected}, found {found}", file.display())]
    ModuleVersion {
        /// The library.
        file: PathBuf,
        /// The generation's version.
        expected: String,
        /// The library's.
        found: String,
    },

    /// The library carries no layouts to check.
    #[error("{}: expected the layouts of the interface in the library, found none", file.display())]
    LayoutUnchecked {
        /// The library.
        file: PathBuf,
    },

    /// The types of the interface are laid out differently.
    #[error("{}: expected the layouts of ABI generation {generation}, found {differences}: {summary}", file.display())]
    Layout {
        /// The library.
        file: PathBuf,
        /// The generation that the library claims.
        generation: u32,
        /// How many differences there are, in words.
        differences: String,
        /// The first difference.
        summary: String,
        /// Every difference; may be tens of kilobytes, for the log.
        source: Detail,
    },

    /// The plugin's root module reports an error.
    #[error("{}: expected a root module, found an error: {message}", file.display())]
    RootRefused {
        /// The library.
        file: PathBuf,
        /// The first line of what the plugin says.
        message: String,
        /// All of it.
        source: Detail,
    },

    /// The plugin panicked while it made its root module.
    #[error("{}: expected a root module, found a panic", file.display())]
    RootPanicked {
        /// The library.
        file: PathBuf,
    },

    /// The plugin refuses to create an instance.
    #[error("{}: the plugin refuses to start: {message} (error {code})", file.display())]
    CreateRefused {
        /// The library.
        file: PathBuf,
        /// The number of the error, a `VmErrorCode`.
        code: u32,
        /// What the plugin says.
        message: String,
    },

    /// The plugin panicked while it created an instance.
    #[error("{}: the plugin panicked when it was started: {message}", file.display())]
    CreatePanicked {
        /// The library.
        file: PathBuf,
        /// What the plugin says.
        message: String,
    },

    /// The instance is not what the descriptor announced.
    #[error("{}: expected an instance with {expected}, found {found}", file.display())]
    Instance {
        /// The library.
        file: PathBuf,
        /// What the descriptor announced.
        expected: String,
        /// What the instance holds.
        found: String,
    },
}

/// A long explanation, kept out of the one-line message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detail(pub String);

impl fmt::Display for Detail {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl Error for Detail {}

/// Most bytes of a foreign text that a message repeats.
const LINE_BYTES: usize = 200;

/// Makes one bounded, printable line of a text that came from a plugin.
pub(crate) fn one_line(text: &str) -> String {
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        for character in word.chars() {
            if line.len() >= LINE_BYTES {
                line.push('…');
                return line;
            }
            if character.is_control() {
                line.extend(character.escape_default());
            } else {
                line.push(character);
            }
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_becomes_one_bounded_line() {
        assert_eq!(one_line("\n\tstack of\n  3\u{7}\n"), "stack of 3\\u{7}");
        let long = one_line(&"ä ".repeat(5000));
        assert!(
            long.len() < LINE_BYTES + 10 && long.ends_with('…'),
            "{long}"
        );
    }
}
