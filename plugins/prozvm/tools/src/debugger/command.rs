//! The language of the debugger.

/// What can be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    /// Nothing: the last step again.
    Again,
    Help,
    /// To the next source line, into functions; an instruction where there are no lines.
    Step(u64),
    /// To the next source line of this function.
    Next(u64),
    StepInstruction(u64),
    NextInstruction(u64),
    Finish,
    Continue,
    Restart,
    Quit,
    /// A place in words: a function, with an offset or not, or `file:line`.
    Break(String),
    Delete(Option<usize>),
    /// Breakpoints and watches.
    Points,
    /// Address and length, or `storage` and a key.
    Watch(Vec<String>),
    /// All registers, or those of a caller so many frames out.
    Registers(usize),
    Print(String),
    /// Address, and length in bytes.
    Memory(String, u64),
    /// A 256-bit number at an address.
    Wide(String),
    Storage,
    Backtrace,
    /// Instructions of a function, or around this place.
    Disassemble(Option<String>),
    /// Source around this place, or around a line of its file.
    List(Option<u32>),
    Gas,
    Where,
}

/// The commands, for people.
pub(crate) const HELP: &str = "\
step [N], next [N]         to another source line, into calls or over them
stepi [N], nexti [N]       one instruction, into calls or over them; short: si, ni
finish, continue           until this function returns; until something stops it
break PLACE                PLACE is FUNCTION, FUNCTION+OFFSET or FILE:LINE
watch ADDRESS [LENGTH]     stops when memory changes (8 bytes unless said otherwise)
watch storage KEY          stops when a slot of the contract changes
points, delete [NUMBER]    shows breakpoints and watches; deletes one, or all
regs [FRAME]               registers; `*` marks those that changed since the last stop
print WHAT                 a register, a number, or a sum such as sp+16
x ADDRESS [LENGTH]         memory, 64 bytes unless said otherwise; u256 ADDRESS: a wide number
storage, gas, where        slots that are known; gas left; this place
backtrace                  open functions, innermost first
disas [FUNCTION]           instructions around this place, or of a function
list [LINE]                source around this place, or around a line
restart, quit, help        an empty line repeats the last step
addresses                  numbers, registers, stack, data, bss, heap, rodata, and sums of them
";

/// Understands a line.
///
/// # Errors
///
/// What is wrong with it, as a sentence.
pub(crate) fn parse(line: &str) -> Result<Command, String> {
    let mut words = line.split_whitespace();
    let Some(name) = words.next() else {
        return Ok(Command::Again);
    };
    let words: Vec<&str> = words.collect();
    let (name, joined) = match name.split_once('/') {
        // As other debuggers write it: x/16 sp.
        Some(("x", length)) => ("x", Some(length)),
        _ => (name, None),
    };
    let most = |most: usize| match words.get(most) {
        Some(extra) => Err(format!(
            "`{name}` takes no `{extra}`; `help` lists the commands"
        )),
        None => Ok(()),
    };
    let times = || {
        most(1)?;
        match words.first() {
            None => Ok(1),
            Some(text) => text
                .parse()
                .map_err(|_| format!("expected a number of times, found `{text}`")),
        }
    };
    let only = |command: Command| most(0).map(|()| command);
    let whole = || {
        if words.is_empty() {
            Err(format!(
                "`{name}` needs an operand; `help` lists the commands"
            ))
        } else {
            Ok(words.concat())
        }
    };
    match name {
        "help" | "h" | "?" => only(Command::Help),
        "step" | "s" => times().map(Command::Step),
        "next" | "n" => times().map(Command::Next),
        "stepi" | "si" => times().map(Command::StepInstruction),
        "nexti" | "ni" => times().map(Command::NextInstruction),
        "finish" | "fin" => only(Command::Finish),
        "continue" | "c" => only(Command::Continue),
        "restart" | "run" | "r" => only(Command::Restart),
        "quit" | "q" | "exit" => only(Command::Quit),
        "break" | "b" => whole().map(Command::Break),
        "delete" | "d" => {
            most(1)?;
            let number = words.first().map(|text| {
                text.parse()
                    .map_err(|_| format!("expected the number of a point, found `{text}`"))
            });
            number.transpose().map(Command::Delete)
        }
        "points" | "breakpoints" => only(Command::Points),
        "watch" | "w" => {
            whole()?;
            most(2)?;
            let words = words.iter().map(|word| (*word).to_owned());
            Ok(Command::Watch(words.collect()))
        }
        "regs" | "registers" => {
            most(1)?;
            let frame = words.first().map_or(Ok(0), |text| {
                text.parse()
                    .map_err(|_| format!("expected the number of a frame, found `{text}`"))
            });
            frame.map(Command::Registers)
        }
        "print" | "p" => whole().map(Command::Print),
        "x" => {
            let length = match (joined, &words[..]) {
                (Some(length), [_]) => Some(length),
                (None, [_, length]) => Some(*length),
                (None, [_]) => None,
                _ => return Err("`x` takes an address and a length".to_owned()),
            };
            let length = length.map_or(Ok(64), |text| {
                crate::plain::number_of(text)
                    .ok_or_else(|| format!("expected a number of bytes, found `{text}`"))
            });
            Ok(Command::Memory(words[0].to_owned(), length?))
        }
        "u256" => whole().map(Command::Wide),
        "storage" => only(Command::Storage),
        "backtrace" | "bt" => only(Command::Backtrace),
        "disas" | "disassemble" => {
            most(1)?;
            Ok(Command::Disassemble(
                words.first().map(|&word| word.to_owned()),
            ))
        }
        "list" | "l" => {
            most(1)?;
            let line = words.first().map(|text| {
                text.parse()
                    .map_err(|_| format!("expected the number of a line, found `{text}`"))
            });
            line.transpose().map(Command::List)
        }
        "gas" => only(Command::Gas),
        "where" => only(Command::Where),
        _ => Err(format!("there is no command `{name}`; `help` lists them")),
    }
}

#[cfg(test)]
mod tests {
    use super::{Command, HELP, parse};

    #[test]
    fn commands_are_understood_and_slips_explained() {
        assert_eq!(parse(""), Ok(Command::Again));
        assert_eq!(parse("step 3"), Ok(Command::Step(3)));
        assert_eq!(parse("b main + 3"), Ok(Command::Break("main+3".to_owned())));
        assert_eq!(parse("x/16 sp"), Ok(Command::Memory("sp".to_owned(), 16)));
        assert_eq!(parse("x sp 0x20"), Ok(Command::Memory("sp".to_owned(), 32)));
        assert_eq!(parse("x sp"), Ok(Command::Memory("sp".to_owned(), 64)));
        for wrong in [
            "stp",
            "step x",
            "break",
            "x",
            "x/1 a b",
            "delete x",
            "finish 1",
            "watch a b c",
            "list x",
        ] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn help_names_every_command() {
        for name in [
            "step",
            "next",
            "stepi",
            "nexti",
            "finish",
            "continue",
            "break",
            "watch",
            "points",
            "delete",
            "regs",
            "print",
            "x",
            "u256",
            "storage",
            "gas",
            "where",
            "backtrace",
            "disas",
            "list",
            "restart",
            "quit",
            "help",
        ] {
            let words = HELP.split(|c: char| !c.is_alphanumeric());
            assert!(words.into_iter().any(|word| word == name), "{name}");
        }
    }
}
