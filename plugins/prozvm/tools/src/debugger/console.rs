//! Where commands come from: a terminal with line editing, or standard input.

use rustyline::{DefaultEditor, error::ReadlineError};
use std::{
    io::{IsTerminal as _, stdin},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

/// What stands before a command.
const PROMPT: &str = "(pz) ";

/// A source of commands.
pub(crate) enum Console {
    /// A terminal: lines are edited, and remembered while the debugger runs.
    Terminal(Box<DefaultEditor>),
    /// Anything else: commands are printed behind the prompt, so that the output reads like a session.
    Stream,
}

impl Console {
    /// A terminal where there is one.
    pub(crate) fn new() -> Self {
        if stdin().is_terminal()
            && let Ok(editor) = DefaultEditor::new()
        {
            return Self::Terminal(Box::new(editor));
        }
        Self::Stream
    }

    /// The next command, without blanks at its ends; `None` when there are no more.
    pub(crate) fn read(&mut self) -> Option<String> {
        match self {
            Self::Terminal(editor) => loop {
                match editor.readline(PROMPT) {
                    Ok(line) => {
                        // A history that is full forgets; nothing else can fail in memory.
                        let _ = editor.add_history_entry(&line);
                        return Some(line.trim().to_owned());
                    }
                    Err(ReadlineError::Interrupted) => outln!("`quit` ends the debugger"),
                    Err(_) => return None,
                }
            },
            Self::Stream => {
                let mut line = String::new();
                match stdin().read_line(&mut line) {
                    Ok(length) if length > 0 => {
                        let line = line.trim().to_owned();
                        outln!("{PROMPT}{line}");
                        Some(line)
                    }
                    _ => None,
                }
            }
        }
    }
}

/// Whether somebody asked the running program to stop, by Ctrl-C.
#[derive(Clone, Debug, Default)]
pub(crate) struct Interrupts(Arc<AtomicBool>);

impl Interrupts {
    /// Takes the signal over; where that is not possible, it ends the debugger as it ends any program.
    pub(crate) fn listen() -> Self {
        let interrupts = Self::default();
        let flag = Arc::clone(&interrupts.0);
        if let Err(error) = ctrlc::set_handler(move || flag.store(true, Ordering::Relaxed)) {
            eprintln!("note: Ctrl-C will end the debugger: {error}");
        }
        interrupts
    }

    /// Whether there was one since the last time.
    pub(crate) fn take(&self) -> bool {
        self.0.load(Ordering::Relaxed) && self.0.swap(false, Ordering::Relaxed)
    }
}
