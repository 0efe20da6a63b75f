//! Why a module is refused.
//!
//! Every variant carries what was found and what would have been accepted; messages are quoted by
//! users, so they must stand alone.

/// Why `validate_code` refuses a module.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ValidationError {
    /// The bytes are no WebAssembly module, or use what this VM does not serve.
    #[error("invalid WebAssembly module at offset {offset:#x}: {reason}")]
    InvalidWasmModule {
        /// Byte offset of the fault.
        offset: usize,
        /// What the validator found.
        reason: String,
    },
    /// The module is larger than the limit.
    #[error("module of {size_bytes} bytes exceeds the limit of {limit_bytes} bytes")]
    CodeTooLarge {
        /// Size of the module.
        size_bytes: usize,
        /// Largest size allowed.
        limit_bytes: u32,
    },
    /// An export that the entry protocols need is missing.
    #[error("missing required export: needs {required}; the module exports {available}")]
    MissingRequiredExport {
        /// What is needed, in words.
        required: String,
        /// What the module exports, comma-separated.
        available: String,
    },
    /// An export has a required name and the wrong kind or type.
    #[error("export `{export}` is {found}, expected {expected}")]
    WrongExportType {
        /// Name of the export.
        export: String,
        /// Kind or type found.
        found: String,
        /// Kinds or types accepted.
        expected: String,
    },
    /// An import is not served or not allowed.
    #[error("prohibited import `{import}`; allowed are {allowed}")]
    ProhibitedImport {
        /// The import, written `module.name`.
        import: String,
        /// Every import that is allowed, comma-separated.
        allowed: String,
    },
    /// An import has a served name and another type.
    #[error("import `{import}` has type {found}, expected {expected}")]
    WrongImportType {
        /// The import, written `module.name`.
        import: String,
        /// Type the module declares.
        found: String,
        /// Type the host serves.
        expected: String,
    },
    /// The declared memory exceeds the limit.
    #[error("memory of {declared_pages} pages exceeds the limit of {limit_pages} pages")]
    MemoryTooLarge {
        /// Pages the module declares at the start.
        declared_pages: u64,
        /// Largest number of pages.
        limit_pages: u32,
    },
    /// The module has more of something than the limit.
    #[error("{count} {what} exceed the limit of {limit}")]
    TooMany {
        /// What is counted, with its place where it has one.
        what: String,
        /// How many the module has.
        count: u64,
        /// How many are allowed.
        limit: u32,
    },
    /// A function uses an operator that is refused.
    #[error(
        "function {function} uses `{operator}` ({class}) at offset {offset:#x}, which {} refuses",
        if *.deterministic { "deterministic mode" } else { "this VM" }
    )]
    ProhibitedOperator {
        /// The function, by index and, where the module names it, by name.
        function: FunctionRef,
        /// The operator in text form.
        operator: String,
        /// The operator's class in words.
        class: &'static str,
        /// Byte offset of the operator.
        offset: usize,
        /// Whether only deterministic mode refuses it.
        deterministic: bool,
    },
    /// The module uses something outside functions that is refused.
    #[error("{feature} at offset {offset:#x} is refused: {reason}")]
    ProhibitedFeature {
        /// What was found.
        feature: String,
        /// Byte offset of it.
        offset: usize,
        /// Why it is refused.
        reason: &'static str,
    },
}

/// A function named by its index and, where the module has a name section, by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionRef {
    /// Index in the module's function space.
    pub index: u32,
    /// Name from the name section.
    pub name: Option<String>,
}

impl std::fmt::Display for FunctionRef {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.name {
            Some(name) => write!(formatter, "{} (`{name}`)", self.index),
            None => write!(formatter, "{}", self.index),
        }
    }
}

impl From<wasmparser::Error> for ValidationError {
    fn from(error: wasmparser::Error) -> Self {
        Self::InvalidWasmModule {
            offset: error.offset(),
            reason: error.message().to_string(),
        }
    }
}
