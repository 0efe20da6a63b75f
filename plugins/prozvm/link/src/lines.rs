//! Source lines of a program: the custom section `pz.lines`.
//!
//! Spec: D-1 to D-4.

use proz_prozvm_core::{Custom, Program};

/// Name of the custom section.
pub const LINES_SECTION: &str = "pz.lines";

const VERSION: u8 = 1;

/// Where instructions come from. A row holds from its instruction up to the next row of the function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineRow {
    /// Instruction index inside the function.
    pub instruction: u32,
    /// Index into the files.
    pub file: u32,
    /// Line, from 1; 0 when there is no source.
    pub line: u32,
}

/// Source lines of all functions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LineTable {
    /// Paths as the compiler was given them.
    pub files: Vec<String>,
    /// Rows of each function of the program, by ascending instruction.
    pub functions: Vec<Vec<LineRow>>,
}

/// Why a line table cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LineTableError {
    /// The version is not the one that this crate reads.
    #[error("expected version 1, found {0}")]
    Version(u8),
    /// The bytes end too early, or a number is too large.
    #[error("the section is damaged at byte {0}")]
    Damaged(usize),
    /// Bytes are left over.
    #[error("expected {expected} bytes, found {found}")]
    Length {
        /// Bytes that the table takes.
        expected: usize,
        /// Bytes of the section.
        found: usize,
    },
}

impl LineTable {
    /// Reads the table of a program; `None` when it has none, or one for another number of functions.
    ///
    /// # Errors
    ///
    /// [`LineTableError`] when the section is damaged.
    pub fn of(program: &Program) -> Result<Option<Self>, LineTableError> {
        let section = program
            .custom
            .iter()
            .find(|custom| custom.name == LINES_SECTION);
        let table = section
            .map(|section| Self::decode(&section.data))
            .transpose()?;
        Ok(table.filter(|table| table.functions.len() == program.functions.len()))
    }

    /// The section for a program.
    pub fn to_custom(&self) -> Custom {
        Custom {
            name: LINES_SECTION.to_owned(),
            data: self.encode(),
        }
    }

    /// The file and line of an instruction.
    pub fn find(&self, function: u32, instruction: u32) -> Option<(&str, u32)> {
        let rows = self.functions.get(function as usize)?;
        let behind = rows.partition_point(|row| row.instruction <= instruction);
        let row = rows.get(behind.checked_sub(1)?)?;
        let file = self.files.get(row.file as usize)?;
        (row.line != 0).then_some((file, row.line))
    }

    /// Places (function and instruction) where a line begins, for breakpoints. `file` is a path or its end, from a
    /// whole component on.
    pub fn places(&self, file: &str, line: u32) -> Vec<(u32, u32)> {
        let is_file = |row: &&LineRow| {
            let path = self.files.get(row.file as usize).map_or("", String::as_str);
            path.strip_suffix(file)
                .is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
        };
        let mut places = Vec::new();
        for (function, rows) in self.functions.iter().enumerate() {
            let rows = rows.iter().filter(|row| row.line == line).filter(is_file);
            places.extend(rows.map(|row| (function as u32, row.instruction)));
        }
        places
    }

    /// Writes the contents of the section.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = vec![VERSION];
        unsigned(&mut out, self.files.len() as u64);
        for file in &self.files {
            unsigned(&mut out, file.len() as u64);
            out.extend_from_slice(file.as_bytes());
        }
        unsigned(&mut out, self.functions.len() as u64);
        for rows in &self.functions {
            unsigned(&mut out, rows.len() as u64);
            let (mut instruction, mut line) = (0u32, 0u32);
            for row in rows {
                unsigned(
                    &mut out,
                    u64::from(row.instruction.wrapping_sub(instruction)),
                );
                unsigned(&mut out, u64::from(row.file));
                signed(&mut out, i64::from(row.line) - i64::from(line));
                (instruction, line) = (row.instruction, row.line);
            }
        }
        out
    }

    /// Reads the contents of the section.
    ///
    /// # Errors
    ///
    /// [`LineTableError`] with what is wrong.
    pub fn decode(bytes: &[u8]) -> Result<Self, LineTableError> {
        let mut reader = Reader { bytes, at: 0 };
        let version = reader.byte()?;
        if version != VERSION {
            return Err(LineTableError::Version(version));
        }
        let mut table = Self::default();
        for _ in 0..reader.number()? {
            table.files.push(reader.text()?);
        }
        for _ in 0..reader.number()? {
            table.functions.push(reader.rows(table.files.len())?);
        }
        if reader.at != bytes.len() {
            return Err(LineTableError::Length {
                expected: reader.at,
                found: bytes.len(),
            });
        }
        Ok(table)
    }
}

fn unsigned(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn signed(out: &mut Vec<u8>, mut value: i64) {
    loop {
        let byte = (value & 0x7f) as u8;
        value >>= 7;
        let done = (value == 0 && byte & 0x40 == 0) || (value == -1 && byte & 0x40 != 0);
        out.push(if done { byte } else { byte | 0x80 });
        if done {
            return;
        }
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn damaged<T>(&self) -> Result<T, LineTableError> {
        Err(LineTableError::Damaged(self.at))
    }

    fn byte(&mut self) -> Result<u8, LineTableError> {
        let Some(&byte) = self.bytes.get(self.at) else {
            return self.damaged();
        };
        self.at += 1;
        Ok(byte)
    }

    /// A LEB128 number of at most five bytes, and its length in bits.
    fn leb(&mut self) -> Result<(u64, u32, u8), LineTableError> {
        let (mut value, mut shift) = (0u64, 0);
        loop {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                return Ok((value, shift, byte));
            }
            if shift == 35 {
                return self.damaged();
            }
        }
    }

    fn number(&mut self) -> Result<u32, LineTableError> {
        let (value, ..) = self.leb()?;
        u32::try_from(value).or_else(|_| self.damaged())
    }

    fn difference(&mut self) -> Result<i64, LineTableError> {
        let (value, bits, last) = self.leb()?;
        let sign = if last & 0x40 != 0 { -1i64 << bits } else { 0 };
        Ok(value as i64 | sign)
    }

    fn text(&mut self) -> Result<String, LineTableError> {
        let length = self.number()? as usize;
        let end = self.at.checked_add(length);
        let bytes = end.and_then(|end| self.bytes.get(self.at..end));
        let text = bytes.and_then(|bytes| std::str::from_utf8(bytes).ok());
        let Some(text) = text else {
            return self.damaged();
        };
        self.at += length;
        Ok(text.to_owned())
    }

    fn rows(&mut self, files: usize) -> Result<Vec<LineRow>, LineTableError> {
        let mut rows: Vec<LineRow> = Vec::new();
        let (mut instruction, mut line) = (0u32, 0i64);
        for _ in 0..self.number()? {
            let advance = self.number()?;
            let next = instruction
                .checked_add(advance)
                .filter(|_| advance != 0 || rows.is_empty());
            let file = self.number()?;
            line += self.difference()?;
            let (Some(next), Ok(number)) = (next, u32::try_from(line)) else {
                return self.damaged();
            };
            if file as usize >= files {
                return self.damaged();
            }
            instruction = next;
            rows.push(LineRow {
                instruction,
                file,
                line: number,
            });
        }
        Ok(rows)
    }
}
