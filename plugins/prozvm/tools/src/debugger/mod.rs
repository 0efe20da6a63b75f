//! A debugger for the terminal: it drives a run, stops where it was told, and answers questions there.

mod command;
mod console;
mod points;
mod show;
mod storage;

pub(crate) use storage::{Key, Storage};

use crate::program::Loaded;
use command::{Command, HELP, parse};
use console::{Console, Interrupts};
use points::{Kind, Point};
use proz_prozvm_core::{Driver, Outcome, REGISTERS, Reference, RunResult, Syscalls, Trap};
use storage::Noting;

/// How a run goes on after a stop.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Mode {
    Continue,
    /// So many instructions; over calls means: of frames not deeper than this one.
    Instructions {
        left: u64,
        depth: Option<usize>,
    },
    /// To another line; over calls likewise.
    Lines {
        left: u64,
        depth: Option<usize>,
        from: Option<String>,
        frame: usize,
    },
    /// Until fewer frames are open.
    Finish {
        depth: usize,
    },
}

/// What is to happen with the run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It goes on.
    #[default]
    Run,
    /// It begins anew.
    Restart,
    /// The debugger ends.
    Quit,
}

/// The state of a session. Points outlive a restart.
pub(crate) struct Debugger<'a> {
    loaded: &'a Loaded,
    console: Console,
    interrupts: Interrupts,
    points: Vec<Point>,
    last_number: usize,
    mode: Mode,
    again: Option<Command>,
    verdict: Verdict,
    storage: Storage,
    /// Registers and depth at the last stop, to mark what changed.
    shown: Option<([u64; REGISTERS], usize)>,
    /// Units of the machine in what the run calls gas.
    units_per_gas: u64,
}

impl<'a> Debugger<'a> {
    /// A session that has not begun.
    pub(crate) fn new(loaded: &'a Loaded) -> Self {
        Self {
            loaded,
            console: Console::new(),
            interrupts: Interrupts::listen(),
            points: Vec::new(),
            last_number: 0,
            mode: Mode::Continue,
            again: None,
            verdict: Verdict::Run,
            storage: Storage::default(),
            shown: None,
            units_per_gas: 1,
        }
    }

    /// Makes ready for a run on this storage, whose gas is worth so many units of the machine.
    pub(crate) fn begin(&mut self, storage: Storage, units_per_gas: u64) {
        self.storage = storage;
        self.units_per_gas = units_per_gas;
        self.verdict = Verdict::Run;
        self.mode = Mode::Continue;
        self.shown = None;
    }

    /// What was decided during the run.
    pub(crate) const fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// Takes commands after the run has ended, until one of them decides.
    pub(crate) fn after(&mut self) -> Verdict {
        loop {
            let Some(line) = self.console.read() else {
                return Verdict::Quit;
            };
            match parse(&line) {
                Ok(Command::Quit) => return Verdict::Quit,
                Ok(Command::Restart) => return Verdict::Restart,
                Ok(Command::Again) => {}
                Ok(Command::Help) => out!("{HELP}"),
                Ok(Command::Points) => self.show_points(),
                Ok(Command::Delete(number)) => self.delete(number),
                Ok(Command::Break(words)) => self.add_breakpoint(&words),
                Ok(Command::Storage) => self.show_storage(),
                Ok(Command::Disassemble(Some(name))) => self.disassemble(None, Some(&name)),
                Ok(_) => outln!("the program has ended; `restart` runs it again"),
                Err(wrong) => outln!("{wrong}"),
            }
        }
    }

    /// One step, with what it does to watches.
    fn advance(
        &mut self,
        run: &mut Reference<'_>,
        syscalls: &mut dyn Syscalls,
    ) -> (Option<RunResult>, Option<String>) {
        let at = run.code_index();
        self.storage.written.clear();
        let result = run.step(&mut Noting {
            syscalls,
            storage: &mut self.storage,
        });
        let mut reason = None;
        for point in &mut self.points {
            match &mut point.kind {
                Kind::Break { .. } => {}
                Kind::Memory { address, bytes } => {
                    if let Some(now) = points::changed(run.memory(), *address, bytes) {
                        let hex = |bytes: &[u8]| alloy_primitives::hex::encode(bytes);
                        let by = points::describe(self.loaded, at);
                        reason = Some(format!(
                            "watch {}: {} -> {} at {address:#x} by {by}",
                            point.number,
                            hex(bytes),
                            hex(&now)
                        ));
                        *bytes = now;
                    }
                }
                Kind::Storage(key) => {
                    if self.storage.written.contains(key) {
                        let value = self.storage.known.get(key).map_or(&[][..], |value| value);
                        let by = points::describe(self.loaded, at);
                        reason = Some(format!(
                            "watch {}: storage {} = {} by {by}",
                            point.number,
                            points::key_text(key),
                            points::number_text(value)
                        ));
                    }
                }
            }
        }
        (result, reason)
    }

    /// Why the run stops before the next instruction, if it does.
    fn reason_to_stop(&mut self, run: &Reference<'_>) -> Option<String> {
        if self.interrupts.take() {
            return Some("interrupted".to_owned());
        }
        let at = run.code_index();
        for point in &self.points {
            if let Kind::Break { at: places, .. } = &point.kind
                && places.contains(&at)
            {
                return Some(format!("breakpoint {}", point.number));
            }
        }
        let depth_now = run.depth();
        let is_over = |depth: &Option<usize>| depth.is_none_or(|depth| depth_now <= depth);
        match &mut self.mode {
            Mode::Continue => None,
            Mode::Finish { depth } => (depth_now < *depth).then(|| "returned".to_owned()),
            Mode::Instructions { left, depth } => {
                if is_over(depth) {
                    *left = left.saturating_sub(1);
                }
                (*left == 0).then(String::new)
            }
            Mode::Lines {
                left,
                depth,
                from,
                frame,
            } => {
                if !is_over(depth) {
                    return None;
                }
                let now = self.loaded.source(at);
                // A caller's line is the rest of one where a call stood: that is another stop.
                let is_other = now.is_some() && (now != *from || depth_now < *frame);
                if is_other {
                    *left = left.saturating_sub(1);
                    (*from, *frame) = (now, depth_now);
                }
                (*left == 0).then(String::new)
            }
        }
    }

    /// Shows a stop and takes commands until one lets the run go on.
    fn stop(&mut self, run: &Reference<'_>, reason: &str) {
        self.show_stop(run, reason);
        while self.verdict == Verdict::Run {
            let Some(line) = self.console.read() else {
                self.verdict = Verdict::Quit;
                break;
            };
            let command = match parse(&line) {
                Ok(Command::Again) => match self.again.clone() {
                    Some(command) => command,
                    None => continue,
                },
                Ok(command) => command,
                Err(wrong) => {
                    outln!("{wrong}");
                    continue;
                }
            };
            self.again = None;
            if self.obey(run, &command) {
                if !matches!(command, Command::Continue | Command::Finish) {
                    self.again = Some(command);
                }
                break;
            }
        }
        self.shown = Some((*run.registers(), run.depth()));
    }

    /// Does what a command says; whether the run goes on.
    fn obey(&mut self, run: &Reference<'_>, command: &Command) -> bool {
        let depth = run.depth();
        let mode = match command {
            Command::Continue => Mode::Continue,
            Command::Finish => Mode::Finish { depth },
            Command::StepInstruction(left) => Mode::Instructions {
                left: *left,
                depth: None,
            },
            Command::NextInstruction(left) => Mode::Instructions {
                left: *left,
                depth: Some(depth),
            },
            Command::Step(left) => self.line_mode(run, *left, None),
            Command::Next(left) => self.line_mode(run, *left, Some(depth)),
            _ => {
                self.answer(run, command);
                return self.verdict != Verdict::Run;
            }
        };
        self.mode = mode;
        true
    }

    fn line_mode(&self, run: &Reference<'_>, left: u64, depth: Option<usize>) -> Mode {
        if self.loaded.sources.is_empty() {
            return Mode::Instructions { left, depth };
        }
        Mode::Lines {
            left,
            depth,
            from: self.loaded.source(run.code_index()),
            frame: run.depth(),
        }
    }

    /// Answers a question, or changes what the session knows.
    fn answer(&mut self, run: &Reference<'_>, command: &Command) {
        match command {
            Command::Restart => self.verdict = Verdict::Restart,
            Command::Quit => self.verdict = Verdict::Quit,
            Command::Help => out!("{HELP}"),
            Command::Break(words) => self.add_breakpoint(words),
            Command::Delete(number) => self.delete(*number),
            Command::Points => self.show_points(),
            Command::Watch(words) => match points::watch(self.loaded, run, words) {
                Ok(kind) => self.add(kind),
                Err(wrong) => outln!("{wrong}"),
            },
            Command::Registers(frame) => self.show_registers(run, *frame),
            Command::Print(text) => self.print(run, text),
            Command::Memory(address, length) => self.show_memory(run, address, *length),
            Command::Wide(address) => self.show_wide(run, address),
            Command::Storage => self.show_storage(),
            Command::Backtrace => self.show_backtrace(run),
            Command::Disassemble(name) => self.disassemble(Some(run), name.as_deref()),
            Command::List(line) => self.show_source(run, *line),
            Command::Gas => self.show_gas(run),
            Command::Where => self.show_place(run),
            Command::Again
            | Command::Step(_)
            | Command::Next(_)
            | Command::StepInstruction(_)
            | Command::NextInstruction(_)
            | Command::Finish
            | Command::Continue => {}
        }
    }

    fn add_breakpoint(&mut self, words: &str) {
        match points::breakpoint(self.loaded, words) {
            Ok(kind) => self.add(kind),
            Err(wrong) => outln!("{wrong}"),
        }
    }

    fn add(&mut self, kind: Kind) {
        self.last_number += 1;
        let point = Point {
            number: self.last_number,
            kind,
        };
        outln!("{point}");
        self.points.push(point);
    }

    fn delete(&mut self, number: Option<usize>) {
        let before = self.points.len();
        self.points
            .retain(|point| number.is_some_and(|number| number != point.number));
        match number {
            Some(number) if self.points.len() == before => outln!("there is no point {number}"),
            _ => outln!("deleted"),
        }
    }
}

impl Driver for Debugger<'_> {
    fn drive(&mut self, run: &mut Reference<'_>, syscalls: &mut dyn Syscalls) -> RunResult {
        // Memory is fresh, so watches begin anew.
        for point in &mut self.points {
            if let Kind::Memory { address, bytes } = &mut point.kind
                && let Ok(now) = run.memory().slice(*address, bytes.len() as u64)
            {
                *bytes = now.to_vec();
            }
        }
        self.stop(run, "entry");
        while self.verdict == Verdict::Run {
            let (result, reason) = self.advance(run, syscalls);
            if let Some(result) = result {
                let reason = match result.outcome {
                    Outcome::Finished(_) | Outcome::Stopped => return result,
                    Outcome::OutOfGas => "out of gas".to_owned(),
                    Outcome::NoMemory => "this machine has no memory left".to_owned(),
                    Outcome::Trapped(trap) => format!("trapped: {trap}"),
                };
                self.stop(run, &reason);
                return result;
            }
            let reason = reason.or_else(|| self.reason_to_stop(run));
            if let Some(reason) = reason {
                self.stop(run, &reason);
            }
        }
        // Given up: the result is not looked at.
        RunResult {
            outcome: Outcome::Trapped(Trap::Explicit(0)),
            gas_left: run.gas_left(),
            location: Some(run.location()),
        }
    }
}
