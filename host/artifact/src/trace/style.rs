//! How traces look: colours and limits.

use crate::book::AbiBook;
use crate::presentation::Presentation;

/// How a trace is rendered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Whether to colour with ANSI escapes; the text means the same without.
    pub colour: bool,
    /// Frames nested deeper than this are counted instead of shown.
    pub deepest: Option<usize>,
    /// Whether known addresses are shown by name alone; [`AbiBook::names`] makes a legend.
    pub names_only: bool,
    /// Longer bytes are cut; none shows all.
    pub longest_bytes: Option<usize>,
}

impl Default for Style {
    fn default() -> Self {
        Self {
            colour: false,
            deepest: None,
            names_only: false,
            longest_bytes: Some(64),
        }
    }
}

/// The colours' meanings.
#[derive(Clone, Copy)]
pub(super) enum Ink {
    Good = 32,
    Bad = 31,
    Event = 36,
    Changed = 33,
    Faint = 90,
}

impl Style {
    pub(super) fn paint(self, ink: Ink, text: &str) -> String {
        if self.colour {
            format!("\x1b[{}m{text}\x1b[0m", ink as u8)
        } else {
            text.to_owned()
        }
    }

    pub(super) fn presentation(self, book: &AbiBook) -> Presentation<'_> {
        Presentation {
            magnitudes: true,
            longest_bytes: self.longest_bytes,
            book: Some(book),
            names_only: self.names_only,
        }
    }
}
