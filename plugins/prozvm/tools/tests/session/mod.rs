//! A folder to work in, and what the commands run there printed.

use std::{
    fmt::Write as _,
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

pub(crate) struct Session {
    folder: tempfile::TempDir,
    pub(crate) log: String,
}

impl Session {
    /// A folder with the fixtures.
    pub(crate) fn new() -> Self {
        let session = Self {
            folder: tempfile::tempdir().unwrap(),
            log: String::new(),
        };
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
        for entry in fs::read_dir(fixtures).unwrap() {
            let entry = entry.unwrap();
            if entry.path().is_file() {
                fs::copy(entry.path(), session.folder.path().join(entry.file_name())).unwrap();
            }
        }
        session
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    #[allow(dead_code, reason = "not every suite writes files")]
    pub(crate) fn write(&self, name: &str, bytes: &[u8]) {
        fs::write(self.path(name), bytes).unwrap();
    }

    /// Runs the tools with these words; quotes join words.
    fn output(&self, command: &str, input: &str) -> Output {
        let mut child = Command::new(env!("CARGO_BIN_EXE_proz-prozvm"))
            .args(words(command))
            .current_dir(self.folder.path())
            .env_clear()
            .env("HOME", self.folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        // A program that reads nothing may be gone already.
        let _ = stdin.write_all(input.as_bytes());
        drop(stdin);
        child.wait_with_output().unwrap()
    }

    /// Runs a command and writes down everything that a user sees.
    pub(crate) fn run(&mut self, command: &str) -> &mut Self {
        self.feed(command, "")
    }

    /// As [`run`](Self::run), with text on standard input.
    pub(crate) fn feed(&mut self, command: &str, input: &str) -> &mut Self {
        let output = self.output(command, input);
        writeln!(self.log, "$ proz prozvm {}", command.trim()).unwrap();
        for (name, bytes) in [("", &output.stdout), ("stderr: ", &output.stderr)] {
            let text = std::str::from_utf8(bytes).unwrap();
            let text = text.replace(&*self.folder.path().to_string_lossy(), "FOLDER");
            for line in text.lines() {
                writeln!(self.log, "{}", format!("{name}{line}").trim_end()).unwrap();
            }
        }
        writeln!(self.log, "exit code {}\n", output.status.code().unwrap()).unwrap();
        self
    }

    /// What a command prints as JSON.
    #[allow(dead_code, reason = "not every suite reads JSON")]
    pub(crate) fn json(&self, command: &str) -> serde_json::Value {
        let output = self.output(command, "");
        serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)))
    }
}

fn words(command: &str) -> Vec<String> {
    let quoted = command.split('\'').enumerate();
    quoted
        .flat_map(|(index, part)| match index % 2 {
            0 => part.split_whitespace().map(str::to_owned).collect(),
            _ => vec![part.to_owned()],
        })
        .collect()
}

/// Compares what a session printed with what it should.
#[macro_export]
macro_rules! assert_session {
    ($session:expr) => {
        insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!($session.log);
        });
    };
}
