//! The rules of exports: the two entry protocols and where the output lies.

use wasmparser::{ExternalKind, ValType};

use super::{EntryPoint, OutputGlobals, Pass, kind_word, type_text};
use crate::error::ValidationError;

impl Pass<'_> {
    pub(super) fn missing(&self, required: &str) -> ValidationError {
        let available = self
            .exports
            .iter()
            .map(|(name, kind, _)| format!("{name} ({})", kind_word(*kind)))
            .collect::<Vec<_>>();
        ValidationError::MissingRequiredExport {
            required: required.to_owned(),
            available: if available.is_empty() {
                "nothing".to_owned()
            } else {
                available.join(", ")
            },
        }
    }

    pub(super) fn export(
        &self,
        name: &str,
        kind: ExternalKind,
    ) -> Result<Option<u32>, ValidationError> {
        match self.exports.iter().find(|(export, _, _)| export == name) {
            None => Ok(None),
            Some((_, found, index)) if *found == kind => Ok(Some(*index)),
            Some((_, found, _)) => Err(ValidationError::WrongExportType {
                export: name.to_owned(),
                found: format!("a {}", kind_word(*found)),
                expected: format!("a {}", kind_word(kind)),
            }),
        }
    }

    /// Returns the index of the type of function `index`, imports counted.
    pub(super) fn type_index_of(&self, index: u32) -> Option<u32> {
        let index = index as usize;
        match self.import_types.get(index) {
            Some(type_index) => Some(*type_index),
            None => self
                .functions
                .get(index - self.import_types.len())
                .map(|facts| facts.type_index),
        }
    }

    /// Returns the type of function `index`, imports counted.
    pub(super) fn type_of(&self, index: u32) -> String {
        self.type_index_of(index)
            .and_then(|at| self.types.get(at as usize))
            .map(type_text)
            .unwrap_or_default()
    }

    pub(super) fn entry(&self) -> Result<EntryPoint, ValidationError> {
        if self.export("memory", ExternalKind::Memory)?.is_none() {
            return Err(self.missing("a memory named `memory`"));
        }
        if let Some(function) = self.export("user_entrypoint", ExternalKind::Func)? {
            let found = self.type_of(function);
            if found != "(i32) -> i32" {
                return Err(ValidationError::WrongExportType {
                    export: "user_entrypoint".to_owned(),
                    found,
                    expected: "(i32) -> i32".to_owned(),
                });
            }
            return Ok(EntryPoint::User);
        }
        let Some(function) = self.export("main", ExternalKind::Func)? else {
            return Err(self.missing(
                "a function `main` with the globals `output_ptr` and `output_len`, or a function `user_entrypoint`",
            ));
        };
        let (takes_length, returns_status) = self.shape("main", function)?;
        Ok(EntryPoint::Main {
            takes_length,
            returns_status,
            output: self.output()?,
        })
    }

    /// Checks the constructor, which is called as `main` is.
    pub(super) fn constructor(&self) -> Result<(), ValidationError> {
        match self.export("constructor", ExternalKind::Func)? {
            Some(function) => self.shape("constructor", function).map(|_| ()),
            None => Ok(()),
        }
    }

    /// Whether a function takes the input's length and whether it returns a status.
    fn shape(&self, name: &str, function: u32) -> Result<(bool, bool), ValidationError> {
        let found = self.type_of(function);
        match found.as_str() {
            "() -> i32" => Ok((false, true)),
            "() -> ()" => Ok((false, false)),
            "(i32) -> i32" => Ok((true, true)),
            "(i32) -> ()" => Ok((true, false)),
            _ => Err(ValidationError::WrongExportType {
                export: name.to_owned(),
                found,
                expected: "(), or (i32) for the input's length, to i32 for the status or nothing"
                    .to_owned(),
            }),
        }
    }

    pub(super) fn output(&self) -> Result<Option<OutputGlobals>, ValidationError> {
        let mut found = [None, None];
        for (slot, name) in found.iter_mut().zip(["output_ptr", "output_len"]) {
            let Some(index) = self.export(name, ExternalKind::Global)? else {
                continue;
            };
            let Some(&(ty, mutable)) = self.globals.get(index as usize) else {
                continue;
            };
            if ty != ValType::I32 {
                return Err(ValidationError::WrongExportType {
                    export: name.to_owned(),
                    found: format!("a global of type {ty}"),
                    expected: "a global of type i32".to_owned(),
                });
            }
            *slot = Some(mutable);
        }
        match found {
            [Some(ptr), Some(len)] if ptr == len => Ok(Some(OutputGlobals { indirect: !ptr })),
            [Some(ptr), Some(_)] => Err(ValidationError::WrongExportType {
                export: "output_len".to_owned(),
                found: format!("a{} global", if ptr { "n immutable" } else { " mutable" }),
                expected: "a global as mutable as `output_ptr`".to_owned(),
            }),
            // A module that imports `env.return` hands its output over by that.
            [None, None] if self.imports.iter().any(|import| import == "env.return") => Ok(None),
            [None, Some(_)] => Err(self.missing("a global named `output_ptr` beside `main`")),
            [Some(_), None] => Err(self.missing("a global named `output_len` beside `main`")),
            [None, None] => Err(self.missing(
                "globals named `output_ptr` and `output_len` beside `main` (or the import `env.return`)",
            )),
        }
    }
}
