//! Layouts as text, one block for each type, and what differs between two such texts.

use proz_interface::Descriptor;
use proz_interface::abi_stable::type_layout::{ReprAttr, TLData, TLField, TLFunction, TypeLayout};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    mem::offset_of,
};

/// Renders every type of `package` that is reached from `roots`, in the order of names, and the size of foreign types.
///
/// Offsets follow from the rule of `repr(C)`: each field at the next multiple of its alignment. That the rule gives the
/// compiler's size is asserted.
pub(crate) fn render(roots: &[&'static TypeLayout], package: &str) -> String {
    let mut walk = Walk {
        package,
        seen: BTreeSet::new(),
        blocks: BTreeMap::new(),
    };
    for root in roots {
        walk.visit(root);
    }
    let blocks: Vec<_> = walk.blocks.into_values().collect();
    blocks.join("\n")
}

/// A walk over everything that types hold, point to, take and return.
struct Walk<'a> {
    package: &'a str,
    seen: BTreeSet<String>,
    blocks: BTreeMap<String, String>,
}

impl Walk<'_> {
    fn visit(&mut self, layout: &'static TypeLayout) {
        if !self.seen.insert(format!("{:?}", layout.get_utypeid())) {
            return;
        }
        // Markers without size and the compiler's own types need no words.
        if layout.size() > 0 && !matches!(layout.data(), TLData::Primitive(_)) {
            let name = type_name(layout);
            let text = if layout.package().as_str() == self.package {
                block(&name, layout)
            } else {
                size_line("foreign", &name, layout)
            };
            let earlier = self.blocks.insert(name.clone(), text.clone());
            assert!(
                earlier.is_none_or(|earlier| earlier == text),
                "two types are called {name}"
            );
        }
        for field in fields(layout).chain(layout.phantom_fields().iter()) {
            self.visit(field.layout());
            for function in field.function_range().iter() {
                for parameter in function.param_type_layouts.iter() {
                    self.visit(parameter());
                }
                if let Some(result) = function.return_type_layout() {
                    self.visit(result());
                }
            }
        }
    }
}

fn size_line(word: &str, name: &str, layout: &TypeLayout) -> String {
    format!(
        "{word} {name}: size {}, alignment {}\n",
        layout.size(),
        layout.alignment()
    )
}

fn fields(layout: &'static TypeLayout) -> impl Iterator<Item = TLField> {
    layout
        .get_fields()
        .into_iter()
        .flat_map(|fields| fields.iter())
}

/// The type as Rust writes it, without lifetimes. abi_stable leaves the parameters of its own types out of its names;
/// they are found among the fields.
fn type_name(layout: &'static TypeLayout) -> String {
    let name = layout.name();
    let nth = |i: usize| fields(layout).nth(i).map(|field| type_name(field.layout()));
    let named = |name: &str| {
        let field = fields(layout).find(|field| field.name() == name);
        field.map(|field| type_name(field.layout()))
    };
    let target = || {
        layout
            .phantom_fields()
            .iter()
            .next()
            .map(|field| type_name(field.layout()))
    };
    let text = match name {
        "RVec" | "RBox" | "RSlice" => nth(0).and_then(|pointer| {
            let inner = pointer
                .strip_prefix("NonNull<")
                .and_then(|text| text.strip_suffix('>'))
                .unwrap_or(&pointer);
            Some(format!("{name}<{}>", inner.strip_prefix("*const ")?))
        }),
        "NonNull" => nth(0).map(|pointer| format!("NonNull<{pointer}>")),
        "RObject" => named("vtable").map(|table| format!("RObject<{table}>")),
        "ROption" | "Option" => nth(0).map(|some| format!("{name}<{some}>")),
        "RResult" => nth(0)
            .zip(nth(1))
            .map(|(ok, error)| format!("RResult<{ok}, {error}>")),
        "PrefixRef" => target().map(|target| format!("PrefixRef<{target}>")),
        // Every trait's table of functions has this name.
        "VTable" => {
            let path = layout.mod_path().to_string();
            let module = path.rsplit("::").next().unwrap_or_default();
            Some(format!("{module}::VTable"))
        }
        _ if matches!(layout.data(), TLData::Primitive(_)) => {
            let text = layout.full_type().to_string();
            let mark = ["*const ", "*mut ", "&'a  mut ", "&'a mut ", "&'a "]
                .into_iter()
                .find(|mark| text.starts_with(mark));
            mark.zip(target())
                .map(|(mark, target)| format!("{}{target}", mark.replace("'a ", "").trim_start()))
        }
        _ => None,
    };
    text.unwrap_or_else(|| {
        let text = layout.full_type().to_string();
        text.replace("<'a>", "")
            .replace("<'lt>", "")
            .trim()
            .to_owned()
    })
}

fn block(name: &str, layout: &'static TypeLayout) -> String {
    let word = if layout.is_prefix_kind() {
        "table"
    } else {
        "struct"
    };
    let mut text = size_line(word, name, layout);
    assert!(
        matches!(layout.repr_attr(), ReprAttr::C | ReprAttr::Transparent),
        "{name} is neither repr(C) nor repr(transparent)"
    );
    let mut end = 0_usize;
    for field in fields(layout) {
        let offset = end.next_multiple_of(field.layout().alignment());
        end = offset + field.layout().size();
        let _ = writeln!(text, "  {offset} {}: {}", field.name(), field_type(&field));
    }
    assert_eq!(
        end.next_multiple_of(layout.alignment()),
        layout.size(),
        "{name}: {text}"
    );
    text
}

fn field_type(field: &TLField) -> String {
    let functions: Vec<_> = field
        .function_range()
        .iter()
        .map(|function| signature(&function))
        .collect();
    match &functions[..] {
        [] => type_name(field.layout()),
        [function] if field.layout().name() == "Option" => format!("Option<{function}>"),
        functions => functions.join("; "),
    }
}

fn signature(function: &TLFunction) -> String {
    let mark = if function.fn_qualifs.is_unsafe() {
        "unsafe fn"
    } else {
        "fn"
    };
    let names = function.param_names.as_str().split_terminator(',');
    let types = function
        .param_type_layouts
        .iter()
        .map(|parameter| type_name(parameter()));
    let parameters: Vec<_> = names
        .zip(types)
        .map(|(name, of)| format!("{name}: {of}"))
        .collect();
    let result = function
        .return_type_layout()
        .map_or_else(String::new, |of| format!(" -> {}", type_name(of())));
    format!("{mark}({}){result}", parameters.join(", "))
}

/// The descriptor, which is a plain structure without abi_stable's description.
pub(crate) fn descriptor() -> String {
    let mut text = format!(
        "struct Descriptor: size {}, alignment {}\n",
        size_of::<Descriptor>(),
        align_of::<Descriptor>()
    );
    macro_rules! fields {
        ($($name:ident: $type:literal),*) => {
            $(let _ = writeln!(text, "  {} {}: {}", offset_of!(Descriptor, $name), stringify!($name), $type);)*
        };
    }
    fields! {
        magic: "[u8;8]", size_bytes: "u32", generation: "u32", kind: "u32", reserved: "u32",
        id: "Text<64>", version: "Text<48>", vm_type: "Text<32>", features: "Text<256>",
        compiler: "Text<80>", target: "Text<48>"
    }
    text + "\n"
}

/// What `found` has otherwise than `released`, one line for each difference.
pub(crate) fn differences(released: &str, found: &str) -> Vec<String> {
    let (released, found) = (blocks(released), blocks(found));
    let mut differences = Vec::new();
    for (name, expected) in &released {
        let Some(lines) = found.get(name) else {
            differences.push(format!("{name}: expected a type, found none"));
            continue;
        };
        for i in 0..expected.len().max(lines.len()) {
            let (expected, line) = (expected.get(i), lines.get(i));
            if expected != line {
                let quote = |line: Option<&&str>| {
                    line.map_or_else(|| "nothing".to_owned(), |line| format!("`{line}`"))
                };
                differences.push(format!(
                    "{name}: expected {}, found {}",
                    quote(expected),
                    quote(line)
                ));
            }
        }
    }
    for name in found.keys().filter(|name| !released.contains_key(*name)) {
        differences.push(format!("{name}: expected no such type, found one"));
    }
    differences
}

/// The lines of each block under the name of its type; the first is its size.
fn blocks(text: &str) -> BTreeMap<&str, Vec<&str>> {
    let mut blocks: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut name = "";
    for line in text
        .lines()
        .map(str::trim_end)
        .filter(|line| !line.is_empty())
    {
        match line.strip_prefix("  ") {
            Some(field) => blocks.entry(name).or_default().push(field),
            None => {
                let (head, size) = line.rsplit_once(": size").unwrap_or((line, ""));
                name = head.split_once(' ').map_or(head, |(_, name)| name);
                blocks.entry(name).or_default().push(size);
            }
        }
    }
    blocks
}
