//! Which cases are chosen.

use proz_host::Revision;
use regex::{Regex, RegexBuilder};

/// Most memory of a compiled pattern, in bytes.
const PATTERN_BYTES: usize = 1 << 20;

/// Chooses tests by a part of their name or by a regular expression.
#[derive(Debug, Clone)]
pub struct NameFilter {
    text: String,
    pattern: Option<Regex>,
}

impl NameFilter {
    /// A filter for names that contain `text`, or that it matches as a regular expression.
    ///
    /// Names of tests hold brackets; a text that is no valid expression is a text only.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let is_plain = regex::escape(text) == text;
        let pattern = RegexBuilder::new(text).size_limit(PATTERN_BYTES).build();
        Self {
            text: text.to_owned(),
            pattern: pattern.ok().filter(|_| !is_plain),
        }
    }

    /// Whether a name is chosen.
    #[must_use]
    pub fn accepts(&self, name: &str) -> bool {
        let is_match = |pattern: &Regex| pattern.is_match(name);
        name.contains(&self.text) || self.pattern.as_ref().is_some_and(is_match)
    }
}

/// Whether a fork of a suite is the one asked for, by either of its names.
pub(crate) fn is_fork(wanted: &str, fork: &str, revision: Option<Revision>) -> bool {
    wanted.eq_ignore_ascii_case(fork)
        || revision.is_some_and(|revision| crate::fork::revision_of(wanted) == Some(revision))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_chosen_by_part_or_pattern() {
        let name = "tests/x.py::test_call[fork_Osaka-call_opcode_CALL]";
        for (text, accepted) in [
            ("test_call[fork_Osaka", true),
            ("call_opcode", true),
            (r"fork_(Prague|Osaka)", true),
            ("^test_call", false),
            ("[", true),
            ("Prague", false),
        ] {
            assert_eq!(NameFilter::new(text).accepts(name), accepted, "{text}");
        }
    }

    #[test]
    fn forks_answer_to_their_names_and_their_suites_names() {
        let tangerine = Some(Revision::TangerineWhistle);
        for (wanted, accepted) in [
            ("EIP150", true),
            ("TangerineWhistle", true),
            ("eip150", true),
            ("EIP158", false),
        ] {
            assert_eq!(is_fork(wanted, "EIP150", tangerine), accepted, "{wanted}");
        }
        assert!(is_fork("Amsterdam", "Amsterdam", None));
        assert!(!is_fork("Cancun", "Amsterdam", None));
    }
}
