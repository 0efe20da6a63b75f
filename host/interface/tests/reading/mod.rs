//! Reads what the source of the crate, its golden layout and its document say, so that they can be compared.
//!
//! Line by line: the source is formatted by rustfmt, so an item begins where its line says.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

/// Numbers of open integers: name and number by type.
pub(crate) type Numbers = BTreeMap<String, BTreeMap<String, u64>>;

/// One text of the crate, relative to its root.
pub(crate) fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// What the source declares.
#[derive(Default)]
pub(crate) struct Source {
    /// Public names of the generation and of the descriptor.
    pub(crate) items: BTreeSet<String>,
    /// Numbers of the open integers.
    pub(crate) numbers: Numbers,
    /// Signatures of each trait's methods, in order.
    pub(crate) methods: BTreeMap<String, Vec<String>>,
    /// Constants that are no numbers of open integers, with their values as written.
    pub(crate) constants: BTreeMap<String, String>,
}

impl Source {
    /// Reads the modules of generation 1 and the descriptor.
    pub(crate) fn of_generation_1() -> Self {
        let mut source = Self::default();
        let lobby = read("src/v1/mod.rs");
        for statement in lobby.split(';') {
            let Some((_, names)) = statement.split_once("pub use ") else {
                continue;
            };
            let (_, names) = names.split_once("::").unwrap_or(("", names));
            let names = names.trim_matches(['{', '}']).split(',').map(str::trim);
            source
                .items
                .extend(names.filter(|name| !name.is_empty()).map(str::to_owned));
        }
        source.read_module(&lobby);
        for module in lobby.lines().filter_map(|line| line.strip_prefix("mod ")) {
            source.read_module(&read(&format!(
                "src/v1/{}.rs",
                module.trim_end_matches(';')
            )));
        }
        let descriptor = read("src/descriptor.rs");
        for line in descriptor.lines() {
            for word in ["pub struct ", "pub const "] {
                if let Some(rest) = line.strip_prefix(word) {
                    source.items.insert(first_name(rest));
                }
            }
        }
        source.items.insert("GENERATION".into());
        source.read_module(&descriptor);
        source
    }

    fn read_module(&mut self, text: &str) {
        let text = text.split("#[cfg(test)]").next().unwrap_or_default();
        // The type whose block a line is in: `impl X {`, `pub trait X {`, or the macro that numbers it.
        let mut owner = String::new();
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            if line.starts_with('}') {
                owner.clear();
            } else if let Some(rest) = line.strip_prefix("impl ") {
                owner = first_name(rest);
            } else if let Some(rest) = line.strip_prefix("pub trait ") {
                owner = first_name(rest);
            } else if let Some(owner_of) =
                [("revisions! {", "Revision"), ("statuses! {", "StatusCode")]
                    .iter()
                    .find_map(|(begin, name)| (line == *begin).then_some(name))
            {
                owner = (*owner_of).into();
            } else if line.starts_with("    fn ") && !owner.is_empty() {
                let mut signature = line.to_owned();
                while !signature.ends_with([';', '{']) {
                    signature.push_str(lines.next().expect("a signature ends"));
                }
                self.methods
                    .entry(owner.clone())
                    .or_default()
                    .push(one_line(&signature));
            } else if let Some((name, value)) = numbered(line) {
                self.numbers
                    .entry(owner.clone())
                    .or_default()
                    .insert(name, value);
            } else if let Some(rest) = line.trim_start().strip_prefix("pub const ") {
                self.read_constant(&owner, rest);
            }
        }
        self.methods.retain(|name, _| {
            text.contains(&format!("pub trait {name}")) || self.items.contains(name)
        });
    }

    fn read_constant(&mut self, owner: &str, text: &str) {
        let Some((name, rest)) = text.split_once(": ") else {
            return;
        };
        let Some((of, value)) = rest.trim_end_matches(';').split_once(" = ") else {
            return;
        };
        if of.contains("Self") || name.contains('(') {
            return;
        }
        let name = if owner.is_empty() {
            name.to_owned()
        } else {
            format!("{owner}::{name}")
        };
        self.constants.insert(name, value.to_owned());
    }
}

/// `NAME = 3, "text";` of the numbering macros, or `pub const NAME: Self = Self(3);`.
fn numbered(line: &str) -> Option<(String, u64)> {
    let line = line.trim();
    let (name, value) = match line.strip_prefix("pub const ") {
        Some(rest) => rest.strip_suffix(");")?.split_once(": Self = Self(")?,
        None => line.split_once(',')?.0.split_once(" = ")?,
    };
    let is_name = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    Some((name.to_owned(), value.parse().ok().filter(|_| is_name)?))
}

fn first_name(text: &str) -> String {
    text.chars()
        .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
        .collect()
}

/// A signature on one line, without the blanks and commas of a broken one.
fn one_line(text: &str) -> String {
    let words: Vec<_> = text
        .trim_end_matches([';', '{'])
        .split_whitespace()
        .collect();
    words
        .join(" ")
        .replace("( ", "(")
        .replace(", )", ")")
        .replace(",)", ")")
}

/// Size, alignment and fields (offset, name, type) of the crate's structures, by name.
pub(crate) type Layouts = BTreeMap<String, (String, Vec<[String; 3]>)>;

/// Reads the golden file; tables of functions are left to the traits.
pub(crate) fn layouts(golden: &str) -> Layouts {
    let mut layouts = Layouts::new();
    for block in golden.split("\n\n") {
        let mut lines = block.lines();
        let Some(head) = lines.next().and_then(|line| line.strip_prefix("struct ")) else {
            continue;
        };
        let (name, size) = head
            .split_once(": size ")
            .expect("a block begins with name and size");
        if name.ends_with("_TO") {
            continue;
        }
        let fields = lines.map(|line| {
            let (offset, rest) = line.trim().split_once(' ').expect("a field has an offset");
            let (field, of) = rest.split_once(": ").expect("a field has a type");
            [offset.into(), field.replace("field_", ""), of.into()]
        });
        layouts.insert(name.to_owned(), (format!("Size {size}."), fields.collect()));
    }
    layouts
}

/// What the document says.
#[derive(Default)]
pub(crate) struct Document {
    /// Names in the headings of items, and constants.
    pub(crate) items: BTreeSet<String>,
    /// Text of each item's section.
    pub(crate) sections: BTreeMap<String, String>,
    /// Tables of fields: offset, name, type.
    pub(crate) fields: BTreeMap<String, Vec<[String; 3]>>,
    /// Tables of numbers.
    pub(crate) numbers: Numbers,
    /// Tables of methods.
    pub(crate) methods: BTreeMap<String, Vec<String>>,
    /// The table of constants.
    pub(crate) constants: BTreeMap<String, String>,
}

impl Document {
    /// Reads the document's headings and tables.
    pub(crate) fn parse(text: &str) -> Self {
        let mut document = Self::default();
        let (mut name, mut table) = (String::new(), "");
        for line in text.lines() {
            if line.starts_with('#') {
                let names: Vec<_> = line
                    .split('`')
                    .skip(1)
                    .step_by(2)
                    .map(str::to_owned)
                    .collect();
                name = names.first().cloned().unwrap_or_default();
                if line.starts_with("### ") {
                    document.items.extend(names);
                }
            } else if let Some(row) = line.strip_prefix("| ") {
                let cells: Vec<_> = row
                    .trim_end_matches(" |")
                    .split(" | ")
                    .map(|cell| cell.trim_matches('`'))
                    .collect();
                document.read_row(&name, &mut table, &cells);
            } else if !line.starts_with('|') {
                table = "";
            }
            document
                .sections
                .entry(name.clone())
                .or_default()
                .push_str(&format!("{line}\n"));
        }
        document
    }

    fn read_row(&mut self, name: &str, table: &mut &'static str, cells: &[&str]) {
        match (*table, cells) {
            ("", ["offset", ..]) => *table = "fields",
            ("", ["number", ..]) => *table = "numbers",
            ("", ["method", ..]) => *table = "methods",
            ("", ["constant", ..]) => *table = "constants",
            ("", _) => *table = "other",
            ("fields", [offset, field, of, ..]) => {
                let row = [(*offset).into(), (*field).into(), (*of).into()];
                self.fields.entry(name.into()).or_default().push(row);
            }
            ("numbers", [number, constant, ..]) => {
                let number = number.parse().expect("the first column holds numbers");
                self.numbers
                    .entry(name.into())
                    .or_default()
                    .insert((*constant).into(), number);
            }
            ("methods", [signature, ..]) => {
                self.methods
                    .entry(name.into())
                    .or_default()
                    .push((*signature).into());
            }
            ("constants", [constant, value, ..]) => {
                self.constants.insert((*constant).into(), (*value).into());
                if !constant.contains(':') {
                    self.items.insert((*constant).into());
                }
            }
            _ => {}
        }
    }
}
