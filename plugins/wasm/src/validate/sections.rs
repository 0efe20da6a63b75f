//! The rules of everything but function bodies: counts, imports, memory, tables, segments.

use wasmparser::{
    CompositeInnerType, ConstExpr, DataKind, ElementKind, Operator, Payload, TypeRef, ValType,
};

use super::{FunctionFacts, Pass, STACK_EXPORT, type_text};
use crate::config::{PAGE_BYTES, WasmConfig};
use crate::error::ValidationError;
use crate::imports;

impl Pass<'_> {
    pub(super) fn section(&mut self, payload: &Payload<'_>) -> Result<(), ValidationError> {
        match payload {
            Payload::TypeSection(reader) => {
                self.cap("types", u64::from(reader.count()), self.limits.types)?;
                for group in reader.clone() {
                    for ty in group?.into_types() {
                        self.function_type(ty.composite_type.inner)?;
                    }
                }
            }
            Payload::ImportSection(reader) => {
                for import in reader.clone().into_imports() {
                    let import = import?;
                    self.import(import.module, import.name, import.ty)?;
                    self.cap("imports", self.imports.len() as u64, self.limits.imports)?;
                }
            }
            Payload::FunctionSection(reader) => {
                self.cap(
                    "functions",
                    u64::from(reader.count()),
                    self.limits.functions,
                )?;
                for type_index in reader.clone() {
                    self.functions.push(FunctionFacts {
                        type_index: type_index?,
                        ..FunctionFacts::default()
                    });
                }
            }
            Payload::TableSection(reader) => {
                self.cap("tables", u64::from(reader.count()), self.limits.tables)?;
                for table in reader.clone() {
                    let initial = table?.ty.initial;
                    self.cap("table elements", initial, self.limits.table_elements)?;
                    self.tables.push(initial);
                }
            }
            Payload::MemorySection(reader) => {
                for memory in reader.clone() {
                    let memory = memory?;
                    if memory.shared {
                        return Err(ValidationError::ProhibitedFeature {
                            feature: "shared memory".to_owned(),
                            offset: reader.range().start,
                            reason: "contracts run on one thread",
                        });
                    }
                    if memory.initial > u64::from(self.config.max_memory_pages) {
                        return Err(ValidationError::MemoryTooLarge {
                            declared_pages: memory.initial,
                            limit_pages: self.config.max_memory_pages,
                        });
                    }
                    self.memory = Some((memory.initial, memory.maximum));
                }
            }
            Payload::GlobalSection(reader) => {
                self.cap("globals", u64::from(reader.count()), self.limits.globals)?;
                for global in reader.clone() {
                    let global = global?;
                    self.value_type(global.ty.content_type, reader.range().start)?;
                    self.globals
                        .push((global.ty.content_type, global.ty.mutable));
                    for operator in global.init_expr.get_operators_reader() {
                        if let Operator::RefFunc { function_index } = operator? {
                            self.table_functions.push(function_index);
                        }
                    }
                }
            }
            Payload::ExportSection(reader) => {
                self.cap("exports", u64::from(reader.count()), self.limits.exports)?;
                for export in reader.clone() {
                    let export = export?;
                    if export.name == STACK_EXPORT {
                        return Err(ValidationError::ProhibitedFeature {
                            feature: format!("export `{STACK_EXPORT}`"),
                            offset: reader.range().start,
                            reason: "the name is reserved for the stack height counter",
                        });
                    }
                    self.exports
                        .push((export.name.to_owned(), export.kind, export.index));
                }
            }
            Payload::StartSection { range, .. } if self.is_contract => {
                return Err(ValidationError::ProhibitedFeature {
                    feature: "start section".to_owned(),
                    offset: range.start,
                    reason: "a contract runs only through its entry point",
                });
            }
            Payload::ElementSection(reader) => {
                self.cap(
                    "element segments",
                    u64::from(reader.count()),
                    self.limits.element_segments,
                )?;
                for element in reader.clone() {
                    self.element(element?)?;
                }
            }
            Payload::DataSection(reader) => {
                self.cap(
                    "data segments",
                    u64::from(reader.count()),
                    self.limits.data_segments,
                )?;
                for data in reader.clone() {
                    let data = data?;
                    self.data_bytes = self.data_bytes.saturating_add(data.data.len() as u64);
                    if let DataKind::Active { offset_expr, .. } = data.kind {
                        let room = self.memory.map_or(0, |(pages, _)| pages * PAGE_BYTES);
                        let size = data.data.len() as u64;
                        self.segment("data segment", &offset_expr, size, room, data.range.start)?;
                    }
                }
            }
            Payload::Version {
                encoding: wasmparser::Encoding::Component,
                ..
            } => {
                return Err(ValidationError::InvalidWasmModule {
                    offset: 4,
                    reason: "a component was given, expected a core module".to_owned(),
                });
            }
            _ => {}
        }
        Ok(())
    }

    pub(super) fn function_type(&mut self, ty: CompositeInnerType) -> Result<(), ValidationError> {
        let CompositeInnerType::Func(function) = ty else {
            return Err(ValidationError::InvalidWasmModule {
                offset: 0,
                reason: "only function types are served".to_owned(),
            });
        };
        let at = self.types.len();
        self.cap(
            &format!("parameters in type {at}"),
            function.params().len() as u64,
            self.limits.params,
        )?;
        self.cap(
            &format!("results in type {at}"),
            function.results().len() as u64,
            self.limits.results,
        )?;
        for &ty in function.params().iter().chain(function.results()) {
            self.value_type(ty, 0)?;
        }
        self.types.push(function);
        Ok(())
    }

    /// Refuses vector types in deterministic mode; floats may be carried, not computed with.
    pub(super) fn value_type(&self, ty: ValType, offset: usize) -> Result<(), ValidationError> {
        if self.config.deterministic && ty == ValType::V128 {
            return Err(ValidationError::ProhibitedFeature {
                feature: "type v128".to_owned(),
                offset,
                reason: "deterministic mode refuses SIMD",
            });
        }
        Ok(())
    }

    pub(super) fn import(
        &mut self,
        module: &str,
        name: &str,
        ty: TypeRef,
    ) -> Result<(), ValidationError> {
        if !self.is_contract {
            match ty {
                TypeRef::Func(type_index) => self.import_types.push(type_index),
                TypeRef::Global(_) => self.imported_globals += 1,
                _ => {}
            }
            return Ok(());
        }
        let path = format!("{module}.{name}");
        let served = imports::find(module, name).filter(|_| is_allowed(self.config, &path));
        let (Some(served), TypeRef::Func(type_index)) = (served, ty) else {
            return Err(ValidationError::ProhibitedImport {
                import: match ty {
                    TypeRef::Func(_) | TypeRef::FuncExact(_) => path,
                    TypeRef::Memory(_) => format!("{path} (a memory)"),
                    TypeRef::Table(_) => format!("{path} (a table)"),
                    TypeRef::Global(_) => format!("{path} (a global)"),
                    TypeRef::Tag(_) => format!("{path} (a tag)"),
                },
                allowed: allowed_imports(self.config).join(", "),
            });
        };
        let found = self
            .types
            .get(type_index as usize)
            .map(type_text)
            .unwrap_or_default();
        if found != served.signature() {
            return Err(ValidationError::WrongImportType {
                import: path,
                found,
                expected: served.signature(),
            });
        }
        self.imports.push(path);
        self.import_types.push(type_index);
        Ok(())
    }

    pub(super) fn element(
        &mut self,
        element: wasmparser::Element<'_>,
    ) -> Result<(), ValidationError> {
        let mut count = 0_u64;
        match element.items {
            wasmparser::ElementItems::Functions(items) => {
                for item in items {
                    self.table_functions.push(item?);
                    count += 1;
                }
            }
            wasmparser::ElementItems::Expressions(_, items) => {
                for item in items {
                    count += 1;
                    for operator in item?.get_operators_reader() {
                        if let Operator::RefFunc { function_index } = operator? {
                            self.table_functions.push(function_index);
                        }
                    }
                }
            }
        }
        self.cap(
            "items in an element segment",
            count,
            self.limits.table_elements,
        )?;
        if let ElementKind::Active {
            table_index,
            offset_expr,
        } = element.kind
        {
            let table = table_index.unwrap_or(0) as usize;
            let room = self.tables.get(table).copied().unwrap_or(0);
            self.segment(
                "element segment",
                &offset_expr,
                count,
                room,
                element.range.start,
            )?;
        }
        Ok(())
    }

    /// Refuses an active segment that would not fit, which would trap before the first operator.
    fn segment(
        &self,
        what: &str,
        place: &ConstExpr<'_>,
        size: u64,
        room: u64,
        offset: usize,
    ) -> Result<(), ValidationError> {
        let mut start = 0;
        for operator in place.get_operators_reader() {
            if let Operator::I32Const { value } = operator? {
                start = u64::from(value as u32);
            }
        }
        if self.is_contract && start.saturating_add(size) > room {
            return Err(ValidationError::InvalidWasmModule {
                offset,
                reason: format!("{what} of {size} at {start} does not fit the declared {room}"),
            });
        }
        Ok(())
    }
}

/// Tells whether the configuration allows the import `path`.
fn is_allowed(config: &WasmConfig, path: &str) -> bool {
    let served = imports::HOST_FUNCTIONS
        .iter()
        .find(|function| function.path() == path);
    served.is_some_and(|function| {
        config.release.serves(function.module) && (!function.debug || config.debug_log)
    }) && config
        .allowed_imports
        .as_ref()
        .is_none_or(|allowed| allowed.contains(path))
}

/// Returns every import the configuration allows, in the order of the table.
#[must_use]
pub fn allowed_imports(config: &WasmConfig) -> Vec<String> {
    imports::HOST_FUNCTIONS
        .iter()
        .map(imports::HostFunction::path)
        .filter(|path| is_allowed(config, path))
        .collect()
}
