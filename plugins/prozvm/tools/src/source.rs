//! Source lines of a program: what the linker kept, and the files themselves.

use crate::error::ToolError;
use proz_prozvm_core::{Location, Program};
use proz_prozvm_link::LineTable;
use std::{
    cell::RefCell,
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// Source lines of a program. Empty when it carries none.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    table: LineTable,
    /// Where files are looked for besides their own paths.
    folders: Vec<PathBuf>,
    /// Files that were read, line by line; `None` for those that were not found.
    texts: RefCell<BTreeMap<String, Option<Vec<String>>>>,
}

/// A line of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    /// Path as the compiler was given it.
    pub(crate) file: String,
    /// From 1.
    pub(crate) number: u32,
}

impl Line {
    /// The name of the file without its folders.
    pub(crate) fn name(&self) -> &str {
        let name = Path::new(&self.file).file_name();
        name.and_then(|name| name.to_str()).unwrap_or(&self.file)
    }
}

impl Sources {
    /// Takes the lines from a program that lies in `folder`.
    pub(crate) fn of(program: &Program, path: &Path) -> Result<Self, ToolError> {
        let table = LineTable::of(program).map_err(|error| {
            ToolError::because(
                format!("the source lines of `{}` are damaged", path.display()),
                error,
            )
            .hint("link the program again")
        })?;
        Ok(Self {
            table: table.unwrap_or_default(),
            folders: path.parent().map(Path::to_owned).into_iter().collect(),
            texts: RefCell::default(),
        })
    }

    /// Looks for files in further folders.
    pub(crate) fn search(&mut self, folders: &[PathBuf]) {
        self.folders.extend_from_slice(folders);
    }

    /// Whether the program carries no lines.
    pub(crate) fn is_empty(&self) -> bool {
        self.table.functions.iter().all(Vec::is_empty)
    }

    /// The line that an instruction comes from.
    pub(crate) fn line(&self, at: Location) -> Option<Line> {
        let (file, number) = self.table.find(at.function, at.instruction)?;
        Some(Line {
            file: file.to_owned(),
            number,
        })
    }

    /// Places where a line of a file begins; of the nearest line behind that has code when this one has none.
    pub(crate) fn places(&self, file: &str, number: u32) -> Option<(u32, Vec<Location>)> {
        let is_meant: Vec<bool> = self
            .table
            .files
            .iter()
            .map(|path| ends(path, file))
            .collect();
        let rows = self.table.functions.iter().flatten();
        let rows = rows.filter(|row| is_meant.get(row.file as usize) == Some(&true));
        let line = rows
            .map(|row| row.line)
            .filter(|&line| line >= number)
            .min()?;
        let mut places: Vec<Location> = self
            .table
            .places(file, line)
            .into_iter()
            .map(|(function, instruction)| Location {
                function,
                instruction,
            })
            .collect();
        places.sort_unstable();
        // One stop for each function: where the line is reached first.
        places.dedup_by_key(|place| place.function);
        Some((line, places))
    }

    /// Files that lines come from.
    pub(crate) fn files(&self) -> &[String] {
        &self.table.files
    }

    /// Lines of a file around one; each with its number. Empty when the file is not there.
    pub(crate) fn around(&self, line: &Line, before: u32, behind: u32) -> Vec<(u32, String)> {
        let mut texts = self.texts.borrow_mut();
        let text = texts
            .entry(line.file.clone())
            .or_insert_with(|| self.read(&line.file));
        let Some(text) = text else {
            return Vec::new();
        };
        let first = line.number.saturating_sub(before).max(1);
        let numbered = (1u32..).zip(text.iter());
        numbered
            .skip_while(|&(number, _)| number < first)
            .take_while(|&(number, _)| number <= line.number.saturating_add(behind))
            .map(|(number, text)| (number, text.clone()))
            .collect()
    }

    /// Reads a file from its own path, or from one of the folders by its path or its name.
    fn read(&self, file: &str) -> Option<Vec<String>> {
        let path = Path::new(file);
        let name = path.file_name().map(Path::new);
        let beside = self.folders.iter().flat_map(|folder| {
            let by_path = folder.join(path);
            let by_name = name.map(|name| folder.join(name));
            [Some(by_path), by_name].into_iter().flatten()
        });
        let text = std::iter::once(path.to_owned())
            .chain(beside)
            .find_map(|path| fs::read_to_string(path).ok())?;
        Some(text.lines().map(str::to_owned).collect())
    }
}

/// Whether a path ends with another, from a whole component on.
fn ends(path: &str, end: &str) -> bool {
    path.strip_suffix(end)
        .is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
}
