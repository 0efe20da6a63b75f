//! Measures scenes in processes of their own and prints them, worst first.

use std::{
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use serde::Serialize;

use crate::{Files, Measured, Row};

/// Least rate that the project promises, in million gas a second of CPU.
pub const LEAST_RATE: f64 = 50.0;

/// Most memory that it promises, in bytes.
pub const MOST_MEMORY: u64 = 512 << 20;

/// Longest time of one run; a scene that takes longer is reported as such.
const PATIENCE: Duration = Duration::from_secs(600);

/// The best run of a scene, or why there is none.
#[derive(Clone, Debug, Serialize)]
pub struct Line {
    /// Name of the scene.
    pub name: String,
    /// Least CPU of all runs, most memory.
    pub measured: Option<Measured>,
    /// Million gas a second.
    pub rate: f64,
    /// Whether it is slower or larger than promised.
    pub marked: bool,
    /// Why there is no measurement.
    pub error: Option<String>,
}

/// Measures a scene in processes of its own, `runs` times.
///
/// Stops early when a run is slower than a twentieth of what is promised: another one tells nothing.
#[must_use]
pub fn line(program: &Path, row: &Row, runs: u32) -> Line {
    let folder = tempfile::tempdir();
    let data_dir = folder.as_ref().ok().map(tempfile::TempDir::path);
    let mut best: Option<Measured> = None;
    let mut error = None;
    let keeps = row.scene().files == Files::Kept;
    if keeps && let Err(message) = child(program, "prepare", &row.name, data_dir) {
        error = Some(message);
    }
    for _ in 0..runs {
        match child(program, "measure", &row.name, data_dir.filter(|_| keeps)) {
            Ok(Some(run)) => {
                let is_hopeless = run.rate() * 20.0 < LEAST_RATE;
                best = Some(match best {
                    None => run,
                    Some(best) => Measured {
                        cpu: best.cpu.min(run.cpu),
                        memory: best.memory.max(run.memory),
                        ..run
                    },
                });
                if is_hopeless {
                    break;
                }
            }
            Ok(None) => {}
            Err(message) => {
                error = Some(message);
                break;
            }
        }
    }
    let rate = best.as_ref().map_or(0.0, Measured::rate);
    let is_large = best.as_ref().is_some_and(|run| run.memory > MOST_MEMORY);
    Line {
        name: row.name.clone(),
        marked: error.is_some() || is_large || rate < LEAST_RATE,
        measured: best,
        rate,
        error,
    }
}

/// Runs this program for one scene; what it measured, if it was asked to.
fn child(
    program: &Path,
    what: &str,
    name: &str,
    data_dir: Option<&Path>,
) -> Result<Option<Measured>, String> {
    let mut command = Command::new(program);
    command.args([what, name]).args(data_dir);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut process = command.spawn().map_err(|error| error.to_string())?;
    let started = Instant::now();
    while process
        .try_wait()
        .map_err(|error| error.to_string())?
        .is_none()
    {
        if started.elapsed() > PATIENCE {
            let _ = process.kill();
            let _ = process.wait();
            return Err(format!("more than {} s", PATIENCE.as_secs()));
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    let output = process
        .wait_with_output()
        .map_err(|error| error.to_string())?;
    if !output.status.success() {
        let words = String::from_utf8_lossy(&output.stderr);
        let last = words.lines().last().unwrap_or_default();
        return Err(format!("{}: {last}", output.status));
    }
    if what == "prepare" {
        return Ok(None);
    }
    let measured = serde_json::from_slice(&output.stdout);
    measured.map(Some).map_err(|error| error.to_string())
}

/// Puts lines in order, worst first.
pub fn sort(lines: &mut [Line]) {
    lines.sort_by(|a, b| a.rate.total_cmp(&b.rate));
}

/// Prints lines as a table, and how many are marked.
pub fn print(lines: &[Line]) {
    println!("| program | gas | CPU s | Mgas/s | MB | ended |");
    println!("|---|---|---|---|---|---|");
    for line in lines {
        let mark = if line.marked { "**" } else { "" };
        match (&line.measured, &line.error) {
            (Some(run), None) => println!(
                "| {mark}{}{mark} | {} | {:.4} | {:.1} | {} | {} |",
                line.name,
                run.gas,
                run.cpu,
                line.rate,
                run.memory >> 20,
                run.status
            ),
            (_, error) => println!(
                "| {mark}{}{mark} | | | | | {} |",
                line.name,
                error.as_deref().unwrap_or("not measured")
            ),
        }
    }
    let slow = lines.iter().filter(|line| line.rate < LEAST_RATE).count();
    let large = lines.iter().filter_map(|line| line.measured.as_ref());
    let large = large.filter(|run| run.memory > MOST_MEMORY).count();
    println!(
        "\n{} programs; {slow} under {LEAST_RATE} Mgas/s, {large} above {} MB",
        lines.len(),
        MOST_MEMORY >> 20
    );
    let _ = std::io::stdout().flush();
}
