//! What the debugger shows.

use super::{
    Debugger,
    points::{self, key_text, number_text},
};
use crate::{plain::shown, source::Line};
use alloy_primitives::U256;
use proz_prozvm_core::{Location, Reference, handle_index, register_name, register_number};

/// Instructions before and behind the place that is shown.
const AROUND: (u32, u32) = (3, 6);
/// Source lines before and behind.
const LINES: (u32, u32) = (4, 5);
/// Most bytes of a memory dump.
const LONGEST_DUMP: u64 = 64 << 10;

impl Debugger<'_> {
    /// Says where the run stands and why.
    pub(super) fn show_stop(&self, run: &Reference<'_>, reason: &str) {
        let place = points::describe(self.loaded, run.code_index());
        let reason = match reason {
            "" => String::new(),
            reason => format!("{reason}: "),
        };
        outln!("{reason}{place}, {} gas left", self.gas(run));
        if let Some(line) = self.line(run)
            && let Some((number, text)) = self.loaded.sources.around(&line, 0, 0).pop()
        {
            outln!("{number:>6}  {text}");
        }
        outln!("    =>  {}", self.loaded.text(run.code_index()));
    }

    /// Says where the run stands.
    pub(super) fn show_place(&self, run: &Reference<'_>) {
        self.show_stop(run, "");
    }

    fn gas(&self, run: &Reference<'_>) -> u64 {
        run.gas_left() / self.units_per_gas
    }

    /// Gas left, and the machine's units where they are others.
    pub(super) fn show_gas(&self, run: &Reference<'_>) {
        match self.units_per_gas {
            1 => outln!("{} gas left", run.gas_left()),
            _ => outln!("{} gas left ({} units)", self.gas(run), run.gas_left()),
        }
    }

    fn line(&self, run: &Reference<'_>) -> Option<Line> {
        self.loaded.sources.line(run.location())
    }

    /// Registers that are not zero, those that changed since the last stop marked.
    pub(super) fn show_registers(&self, run: &Reference<'_>, frame: usize) {
        let Some(registers) = run.registers_of(frame) else {
            outln!("there are {} frames", run.depth());
            return;
        };
        let depth = run.depth() - frame;
        let before = match &self.shown {
            Some((before, shown_depth)) if *shown_depth == depth => Some(before),
            _ => None,
        };
        let mut line = String::new();
        let mut cells = 0;
        for (index, &value) in registers.iter().enumerate().skip(1) {
            let is_changed = before.is_some_and(|before| before[index] != value);
            if value == 0 && !is_changed {
                continue;
            }
            let mark = if is_changed { '*' } else { ' ' };
            let name = register_name(index as u8);
            line.push_str(&format!("{mark}{name:<4}{value:#018x}  "));
            cells += 1;
            if cells % 4 == 0 {
                outln!("{}", line.trim_end());
                line.clear();
            }
        }
        if !line.is_empty() {
            outln!("{}", line.trim_end());
        }
        outln!(" all others are zero");
    }

    /// A value in several forms.
    pub(super) fn print(&self, run: &Reference<'_>, text: &str) {
        let value = match points::value(self.loaded, run, text) {
            Ok(value) => value,
            Err(wrong) => return outln!("{wrong}"),
        };
        let name = text.strip_prefix('$').unwrap_or(text);
        let table = &self.loaded.program().function_table;
        let function = handle_index(value)
            .filter(|_| register_number(name).is_some())
            .and_then(|index| table.get(index))
            .map(|&function| format!("  handle of {}", self.loaded.name(function)));
        outln!(
            "{value:#x}  {}{}",
            shown(value),
            function.unwrap_or_default()
        );
    }

    /// Memory as bytes and characters.
    pub(super) fn show_memory(&self, run: &Reference<'_>, address: &str, length: u64) {
        let address = match points::value(self.loaded, run, address) {
            Ok(address) => address,
            Err(wrong) => return outln!("{wrong}"),
        };
        if length > LONGEST_DUMP {
            return outln!("expected at most {LONGEST_DUMP} bytes");
        }
        let bytes = match run.memory().slice(address, length) {
            Ok(bytes) => bytes,
            Err(fault) => return outln!("{fault}"),
        };
        for (index, row) in bytes.chunks(16).enumerate() {
            let hex: Vec<String> = row.iter().map(|byte| format!("{byte:02x}")).collect();
            let characters: String = row
                .iter()
                .map(|&byte| match byte {
                    b' '..=b'~' => byte as char,
                    _ => '.',
                })
                .collect();
            outln!(
                "{:#010x}  {:<47}  {characters}",
                address + 16 * index as u64,
                hex.join(" ")
            );
        }
    }

    /// A 256-bit number in memory, little-endian as the wide instructions take it and big-endian as syscalls do.
    pub(super) fn show_wide(&self, run: &Reference<'_>, address: &str) {
        let address = match points::value(self.loaded, run, address) {
            Ok(address) => address,
            Err(wrong) => return outln!("{wrong}"),
        };
        match run.memory().read::<32>(address) {
            Ok(bytes) => {
                outln!("little-endian  {:#x}", U256::from_le_bytes(bytes));
                outln!("big-endian     {:#x}", U256::from_be_bytes(bytes));
            }
            Err(fault) => outln!("{fault}"),
        }
    }

    /// Slots that are known.
    pub(super) fn show_storage(&self) {
        if self.storage.known.is_empty() {
            outln!("nothing is known of the storage: none was given, read or written");
        }
        for (key, value) in &self.storage.known {
            let value = match value.len() {
                32 => number_text(value),
                _ => alloy_primitives::hex::encode_prefixed(value),
            };
            outln!("{} = {value}", key_text(key));
        }
    }

    /// Open functions, innermost first.
    pub(super) fn show_backtrace(&self, run: &Reference<'_>) {
        for (number, place) in run.backtrace().into_iter().rev().enumerate() {
            // Callers stand behind their calls; the call itself is what people look for.
            let place = match number {
                0 => place,
                _ => Location {
                    instruction: place.instruction.saturating_sub(1),
                    ..place
                },
            };
            let at = crate::plain::code_index(self.loaded, place);
            outln!("#{number}  {}", points::describe(self.loaded, at));
        }
    }

    /// A function, or what is around this place, with the costs of blocks.
    pub(super) fn disassemble(&self, run: Option<&Reference<'_>>, name: Option<&str>) {
        let here = run.map(Reference::code_index);
        let (from, to) = match (name, here) {
            (Some(name), _) => {
                let function = match self.loaded.function(name) {
                    Ok(function) => function,
                    Err(_) => return outln!("there is no function `{name}`"),
                };
                let info = self.loaded.verified.functions()[function as usize];
                (info.start, info.start + info.length)
            }
            (None, Some(here)) => {
                let function = self.loaded.verified.function_of(here);
                let info = self.loaded.verified.functions()[function];
                let from = here.saturating_sub(AROUND.0).max(info.start);
                let to = (here + AROUND.1 + 1).min(info.start + info.length);
                (from, to)
            }
            (None, None) => return,
        };
        for at in from..to {
            let mark = if Some(at) == here { "=>" } else { "  " };
            let place = self.loaded.place(self.loaded.verified.location_of(at));
            let block = self.loaded.verified.block_starting_at(at);
            let cost = block.map_or_else(String::new, |block| format!("{} gas", block.cost));
            outln!("{mark} {place:<24} {cost:>9}  {}", self.loaded.text(at));
        }
    }

    /// Source around this place, or around a line of its file.
    pub(super) fn show_source(&self, run: &Reference<'_>, number: Option<u32>) {
        let Some(mut line) = self.line(run) else {
            return outln!("no source line is known for this place");
        };
        let here = line.number;
        if let Some(number) = number {
            line.number = number;
        }
        let text = self.loaded.sources.around(&line, LINES.0, LINES.1);
        if text.is_empty() {
            return outln!(
                "{}:{} is not there; --sources names its folder",
                line.file,
                line.number
            );
        }
        for (number, text) in text {
            let mark = if number == here { "=>" } else { "  " };
            outln!("{}", format!("{mark}{number:>4}  {text}").trim_end());
        }
    }

    /// Breakpoints and watches.
    pub(super) fn show_points(&self) {
        if self.points.is_empty() {
            outln!("no breakpoints or watches");
        }
        for point in &self.points {
            outln!("{point}");
        }
    }
}
