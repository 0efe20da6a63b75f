//! The table: all kernels on all engines in one run.
//!
//! Each round runs a kernel on every engine once; the least time of the thread's own processor time counts.
//!
//!     cargo run --release --bin bench -- [--rounds N] [--json]

#![allow(clippy::unwrap_used, reason = "a bench: what fails must stop it")]

use std::process::ExitCode;

use proz_prozvm_kernels::engines::{self, Engine, ProzReference};
use proz_prozvm_kernels::measure::{Cell, geometric_mean, measure};
use proz_prozvm_kernels::{KERNELS, PLAIN};
use serde_json::{Value, json};

struct Options {
    rounds: usize,
    json: bool,
}

fn options() -> Result<Options, String> {
    let mut options = Options {
        rounds: 7,
        json: false,
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--json" => options.json = true,
            "--rounds" => {
                let count = arguments.next().and_then(|count| count.parse().ok());
                options.rounds = count.ok_or("expected a number behind --rounds")?;
            }
            other => return Err(format!("expected --rounds N or --json, found {other}")),
        }
    }
    Ok(options)
}

/// One engine's cells, a kernel each.
struct Row {
    name: &'static str,
    cells: Vec<Cell>,
}

impl Row {
    /// Times as multiples of those of another row.
    fn ratios<'a>(&'a self, base: &'a Self) -> impl Iterator<Item = f64> + 'a {
        let pairs = self.cells.iter().zip(&base.cells);
        pairs.map(|(cell, base)| cell.seconds / base.seconds)
    }

    /// Geometric mean of the multiples over the kernels in plain C.
    fn mean(&self, base: &Self) -> f64 {
        geometric_mean(self.ratios(base).take(PLAIN))
    }
}

fn rows(rounds: usize) -> Vec<Row> {
    let mut engines = engines::all();
    let mut rows: Vec<Row> = engines
        .iter()
        .map(|engine| Row {
            name: engine.name(),
            cells: Vec::new(),
        })
        .collect();
    for kernel in &KERNELS {
        for (row, cell) in rows.iter_mut().zip(measure(kernel, &mut engines, rounds)) {
            row.cells.push(cell);
        }
    }
    rows
}

/// Instructions of each kernel on ProzVM, by the reference interpreter, whose gas must be that of the other.
fn instructions(threaded: &Row) -> Vec<u64> {
    let mut reference = ProzReference::new();
    let counts = KERNELS.iter().zip(&threaded.cells).map(|(kernel, cell)| {
        let run = reference.run(kernel, kernel.size);
        assert_eq!(run, cell.run, "{} on the reference", kernel.name);
        reference.instructions
    });
    counts.collect()
}

fn line(name: &str, cells: impl IntoIterator<Item = String>) {
    let cells: Vec<_> = cells.into_iter().collect();
    println!("| {name} | {} |", cells.join(" | "));
}

fn heading(first: &str, last: &str) {
    line(
        first,
        KERNELS
            .iter()
            .map(|kernel| kernel.name.to_owned())
            .chain([last.to_owned()]),
    );
    println!("|{}", "---|".repeat(KERNELS.len() + 2));
}

/// The goals, each with what was measured.
fn goals(rows: &[Row]) -> Vec<(&'static str, f64, f64)> {
    let row = |name: &str| rows.iter().find(|row| row.name.starts_with(name)).unwrap();
    let (native, proz) = (row("native"), row("ProzVM"));
    let wide = proz.ratios(native).nth(PLAIN).unwrap();
    vec![
        ("geometric mean, of native", proz.mean(native), 9.0),
        ("geometric mean, of wasmi", proz.mean(row("wasmi")), 0.95),
        ("geometric mean, of polkavm", proz.mean(row("polkavm")), 0.5),
        ("mulmod_wide, of native", wide, 3.3),
    ]
}

fn print(rows: &[Row], instructions: &[u64]) {
    let native = &rows[0];
    println!("Times as multiples of native code's; the mean is over the kernels in plain C.\n");
    heading("engine", "mean");
    line(
        "native, ms",
        native
            .cells
            .iter()
            .map(|cell| format!("{:.2}", cell.seconds * 1e3))
            .chain([String::new()]),
    );
    for row in &rows[1..] {
        let mean = format!("**{:.2}**", row.mean(native));
        let ratios = row.ratios(native).map(|ratio| format!("{ratio:.2}"));
        line(row.name, ratios.chain([mean]));
    }
    println!("\nProzVM's work:\n");
    heading("", "all");
    let proz = rows
        .iter()
        .find(|row| row.name.starts_with("ProzVM"))
        .unwrap();
    let gas: Vec<u64> = proz
        .cells
        .iter()
        .filter_map(|cell| cell.run.metered)
        .collect();
    let millions = |counts: &[u64]| {
        let cells = counts
            .iter()
            .map(|&count| format!("{:.1}", count as f64 / 1e6));
        cells.collect::<Vec<_>>().into_iter().chain([String::new()])
    };
    line("instructions, M", millions(instructions));
    line("gas, M", millions(&gas));
    let rates = gas.iter().zip(&proz.cells);
    let rates = rates.map(|(&gas, cell)| gas as f64 / cell.seconds / 1e9);
    let mean = geometric_mean(rates.clone());
    line(
        "gas per ns",
        rates.chain([mean]).map(|rate| format!("{rate:.2}")),
    );
    let mut spreads: Vec<f64> = rows
        .iter()
        .flat_map(|row| &row.cells)
        .map(|cell| cell.spread)
        .collect();
    spreads.sort_by(f64::total_cmp);
    let [middle, most] = [spreads[spreads.len() / 2], spreads[spreads.len() - 1]];
    println!(
        "\nThe median run took {:.0} % longer than the least in the middle cell, {:.0} % in the worst.\n",
        middle * 100.0,
        most * 100.0
    );
    for (what, measured, goal) in goals(rows) {
        let verdict = if measured <= goal { "met" } else { "MISSED" };
        println!("{what}: {measured:.2}, goal {goal}: {verdict}");
    }
}

fn to_json(rows: &[Row], instructions: &[u64]) -> Value {
    let engines: serde_json::Map<_, _> = rows
        .iter()
        .map(|row| {
            let cells: serde_json::Map<_, _> = KERNELS
                .iter()
                .zip(&row.cells)
                .map(|(kernel, cell)| {
                    let value = json!({
                        "seconds": cell.seconds,
                        "spread": cell.spread,
                        "metered": cell.run.metered,
                        "result": format!("{:#018x}", cell.run.result),
                    });
                    (kernel.name.to_owned(), value)
                })
                .collect();
            let value = json!({ "kernels": cells, "mean_of_native": row.mean(&rows[0]) });
            (row.name.to_owned(), value)
        })
        .collect();
    let counts: serde_json::Map<_, _> = KERNELS
        .iter()
        .zip(instructions)
        .map(|(kernel, &count)| (kernel.name.to_owned(), count.into()))
        .collect();
    let goals: Vec<_> = goals(rows)
        .into_iter()
        .map(|(what, measured, goal)| json!({ "what": what, "measured": measured, "goal": goal }))
        .collect();
    json!({ "engines": engines, "prozvm_instructions": counts, "goals": goals })
}

fn main() -> ExitCode {
    let options = match options() {
        Ok(options) => options,
        Err(message) => {
            eprintln!("{message}");
            return ExitCode::FAILURE;
        }
    };
    if !cfg!(native) {
        eprintln!("the table needs native code: install clang-19 and build again");
        return ExitCode::FAILURE;
    }
    let rows = rows(options.rounds);
    let threaded = rows
        .iter()
        .find(|row| row.name.starts_with("ProzVM"))
        .unwrap();
    let instructions = instructions(threaded);
    if options.json {
        println!("{:#}", to_json(&rows, &instructions));
    } else {
        print(&rows, &instructions);
    }
    ExitCode::SUCCESS
}
