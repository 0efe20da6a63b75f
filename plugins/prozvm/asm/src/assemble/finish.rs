//! The second pass: fills in what the first could not know.

use super::{Assembler, Hole};
use proz_prozvm_core::{
    Class, Features, Layout, MEMORY_BASE, Program, SwitchTable, function_handle,
};

use crate::error::{AsmError, expected};
use crate::operand::number;

impl Assembler {
    pub(super) fn finish(mut self) -> Result<Program, AsmError> {
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
                let hash = class == Class::Hash;
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
