//! Every rule of SPEC.md is cited by a test.

use std::collections::BTreeSet;
use std::path::Path;

use proz_prozvm_core::Rule;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// Words of the form `V-12`.
fn rules_in(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
    let is_rule = |word: &&str| {
        let number = word.get(1..).and_then(|rest| rest.strip_prefix('-'));
        word.starts_with(|c: char| c.is_ascii_uppercase())
            && number.is_some_and(|n| n.parse::<u32>().is_ok())
    };
    words.filter(is_rule).map(str::to_owned).collect()
}

fn test_sources(directory: &Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            test_sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let is_test = path.components().any(|part| part.as_os_str() == "tests")
                || path.ends_with("tests.rs");
            // Comments here speak of rules without testing any.
            if is_test && !path.ends_with("citations.rs") {
                found.push(path);
            }
        }
    }
}

#[test]
fn every_rule_is_cited_by_a_test() {
    let spec = std::fs::read_to_string(root().join("SPEC.md")).unwrap();
    let defined: Vec<&str> = spec
        .lines()
        .filter_map(|line| line.strip_prefix("- **")?.split("**").next())
        .collect();
    let unique: BTreeSet<_> = defined.iter().collect();
    assert_eq!(unique.len(), defined.len(), "a rule is defined twice");
    let mut sources = Vec::new();
    test_sources(root(), &mut sources);
    let cited: BTreeSet<String> = sources
        .iter()
        .flat_map(|path| rules_in(&std::fs::read_to_string(path).unwrap()))
        .collect();
    let uncited: Vec<_> = defined
        .iter()
        .filter(|rule| !cited.contains(**rule))
        .collect();
    assert!(uncited.is_empty(), "rules without a test: {uncited:?}");
    let unknown: Vec<_> = cited
        .iter()
        .filter(|rule| !defined.contains(&rule.as_str()))
        .collect();
    assert!(
        unknown.is_empty(),
        "tests cite rules that do not exist: {unknown:?}"
    );
}

#[test]
fn rejections_name_rules_of_the_specification() {
    let spec = std::fs::read_to_string(root().join("SPEC.md")).unwrap();
    for rule in Rule::ALL {
        assert!(
            spec.contains(&format!("- **{rule}**")),
            "{rule} is not in SPEC.md"
        );
    }
}
