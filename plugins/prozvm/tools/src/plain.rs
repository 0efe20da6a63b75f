//! Runs of plain functions: arguments are numbers, and there is no chain.

use crate::{args::TargetArgs, error::ToolError, out::count, program::Loaded};
use proz_prozvm_core::{Call, Control, Guest, Location, Outcome, RunResult, Syscalls, Trap};
use proz_prozvm_syscalls::number;
use serde_json::{Value, json};

/// A call of a function with numbers.
#[derive(Clone, Debug)]
pub(crate) struct PlainCall {
    pub(crate) function: u32,
    pub(crate) arguments: Vec<u64>,
    pub(crate) gas_limit: u64,
}

impl PlainCall {
    /// Takes the call from the command line.
    pub(crate) fn new(loaded: &Loaded, name: &str, target: &TargetArgs) -> Result<Self, ToolError> {
        let function = loaded.function(name)?;
        let signature = loaded.verified.functions()[function as usize].signature;
        let arguments = target.arguments.iter().map(|text| {
            number_of(text).ok_or_else(|| {
                ToolError::new(format!("expected a number of 64 bits, found `{text}`"))
                    .hint("decimal or 0x…, with a minus sign or without")
            })
        });
        let arguments = arguments.collect::<Result<Vec<_>, _>>()?;
        let (expected, found) = (usize::from(signature.parameters), arguments.len());
        if expected != found {
            return Err(ToolError::new(format!(
                "`{name}` takes {}, found {found}",
                count(expected, "argument")
            ))
            .hint("arguments follow the file name"));
        }
        Ok(Self {
            function,
            arguments,
            gas_limit: target.gas,
        })
    }

    /// The call as the machine takes it.
    pub(crate) fn call(&self) -> Call<'_> {
        Call {
            function: self.function,
            arguments: &self.arguments,
            gas_limit: self.gas_limit,
        }
    }
}

/// Reads a number of 64 bits, signed or unsigned.
pub(crate) fn number_of(text: &str) -> Option<u64> {
    let (is_negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let digits = digits.replace('_', "");
    if digits.starts_with('+') {
        return None;
    }
    let value = match digits.strip_prefix("0x") {
        Some(hex) if !hex.starts_with('+') => u64::from_str_radix(hex, 16).ok()?,
        Some(_) => return None,
        None => digits.parse().ok()?,
    };
    if is_negative {
        (value <= 1 << 63).then(|| value.wrapping_neg())
    } else {
        Some(value)
    }
}

/// The syscalls that make sense without a chain: gas left and text. Every other traps.
#[derive(Debug, Default)]
pub(crate) struct PlainSyscalls {
    /// Number of the syscall that was refused.
    pub(crate) refused: Option<u16>,
}

impl Syscalls for PlainSyscalls {
    fn call(&mut self, number: u16, arguments: [u64; 6], guest: &mut Guest<'_>) -> Control {
        match number {
            number::GAS_LEFT => Control::Continue(guest.gas_left()),
            number::DEBUG_PRINT => match guest.read(arguments[0], arguments[1]) {
                Ok(text) => {
                    eprintln!("debug: {}", String::from_utf8_lossy(text));
                    Control::Continue(0)
                }
                Err(fault) => fault.into(),
            },
            _ => {
                self.refused = Some(number);
                Control::Trap
            }
        }
    }
}

/// The end of a plain run as lines of text.
pub(crate) fn text(loaded: &Loaded, call: &PlainCall, result: &RunResult) -> String {
    let info = loaded.verified.functions()[call.function as usize];
    let headline = match result.outcome {
        Outcome::Finished(results) => {
            let results = &results[..usize::from(info.signature.results)];
            let results: Vec<_> = results.iter().map(|&value| shown(value)).collect();
            match results.is_empty() {
                true => "finished".to_owned(),
                false => format!("finished: {}", results.join(", ")),
            }
        }
        Outcome::Stopped => "stopped".to_owned(),
        Outcome::OutOfGas => "out of gas".to_owned(),
        Outcome::NoMemory => "this machine has no memory left".to_owned(),
        Outcome::Trapped(trap) => format!("trapped: {trap}"),
    };
    let place = result.location.map_or_else(String::new, |location| {
        format!("\nat {}", place(loaded, location))
    });
    let used = call.gas_limit - result.gas_left;
    format!("{headline}{place}\ngas used {used} of {}\n", call.gas_limit)
}

/// The end of a plain run as data.
pub(crate) fn data(loaded: &Loaded, call: &PlainCall, result: &RunResult) -> Value {
    let info = loaded.verified.functions()[call.function as usize];
    let (outcome, results, reason) = match result.outcome {
        Outcome::Finished(results) => (
            "finished",
            results[..usize::from(info.signature.results)].to_vec(),
            None,
        ),
        Outcome::Stopped => ("stopped", Vec::new(), None),
        Outcome::OutOfGas => ("out_of_gas", Vec::new(), None),
        Outcome::NoMemory => ("no_memory", Vec::new(), None),
        Outcome::Trapped(trap) => ("trapped", Vec::new(), Some(trap.to_string())),
    };
    let location = result.location.map(|location| {
        let at = code_index(loaded, location);
        json!({
            "function": loaded.name(location.function),
            "instruction": location.instruction,
            "text": loaded.text(at),
            "source": loaded.source(at),
        })
    });
    json!({
        "outcome": outcome,
        // As text: numbers of JSON do not hold 64 bits everywhere.
        "results": results.iter().map(u64::to_string).collect::<Vec<_>>(),
        "trap": reason,
        "gas_used": call.gas_limit - result.gas_left,
        "gas_left": result.gas_left,
        "location": location,
    })
}

/// What to do about an end that surprises.
pub(crate) fn hint(result: &RunResult, syscalls: &PlainSyscalls) -> Option<String> {
    match (result.outcome, syscalls.refused) {
        (Outcome::Trapped(Trap::Syscall), Some(number)) => {
            let name = proz_prozvm_syscalls::CHAIN.get(number)?.name;
            Some(format!(
                "the syscall `{name}` needs a chain: run a method with --call"
            ))
        }
        _ => None,
    }
}

/// `name+3: instruction`, with its source line.
fn place(loaded: &Loaded, location: Location) -> String {
    let at = code_index(loaded, location);
    let source = loaded.source(at);
    let source = source.map_or_else(String::new, |source| format!(" ({source})"));
    format!("{}{source}: {}", loaded.place(location), loaded.text(at))
}

/// Index in the code of a place.
pub(crate) fn code_index(loaded: &Loaded, location: Location) -> u32 {
    let functions = loaded.verified.functions();
    let start = functions.get(location.function as usize);
    start.map_or(0, |info| info.start) + location.instruction
}

/// A value as unsigned number, and as signed where it is negative.
pub(crate) fn shown(value: u64) -> String {
    let signed = value as i64;
    if signed < 0 {
        format!("{value} ({signed})")
    } else {
        value.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::number_of;

    #[test]
    fn numbers_of_64_bits_are_read_and_others_refused() {
        assert_eq!(number_of("-1"), Some(u64::MAX));
        assert_eq!(number_of("0xff_ff"), Some(0xffff));
        assert_eq!(number_of("18446744073709551615"), Some(u64::MAX));
        assert_eq!(number_of("-9223372036854775808"), Some(1 << 63));
        for wrong in [
            "",
            "-",
            "0x",
            "+1",
            "-+1",
            "0x+1",
            "1.5",
            "18446744073709551616",
            "-9223372036854775809",
        ] {
            assert_eq!(number_of(wrong), None, "{wrong}");
        }
    }
}
