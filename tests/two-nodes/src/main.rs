//! The program: a node, a campaign, or a history from a file.

use std::{
    env,
    io::{BufWriter, stdin, stdout},
    path::{Path, PathBuf},
    process::ExitCode,
};

use proz_two_nodes::{Campaign, Finding, History, Workshop, cases, play, serve, shrink};

const HELP: &str = "\
Usage: proz-two-nodes campaign [--blocks COUNT] [--seed NUMBER] [--keep FILE]
       proz-two-nodes replay FILE…
       proz-two-nodes cases [WORD]

A campaign plays histories until that many blocks were compared, or until nodes differ; then it
writes the history, shortened, to FILE. `replay` plays such files, `cases` the histories that have a name.";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let outcome = match arguments.split_first() {
        Some((first, [])) if first == "node" => {
            serve(stdin().lock(), BufWriter::new(stdout().lock()))
        }
        Some((first, rest)) if first == "campaign" => campaign(rest),
        Some((first, files)) if first == "replay" && !files.is_empty() => replay(files),
        Some((first, words)) if first == "cases" => named(words),
        _ => Err(HELP.to_owned()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

fn here() -> Result<(PathBuf, Workshop), String> {
    let program = env::current_exe().map_err(|error| error.to_string())?;
    let workshop = Workshop::new().map_err(|error| error.to_string())?;
    Ok((program, workshop))
}

fn campaign(arguments: &[String]) -> Result<(), String> {
    let mut campaign = Campaign {
        blocks: 400,
        seed: 1,
    };
    let mut keep = PathBuf::from("two-nodes-difference.json");
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        let value = arguments.next().ok_or(HELP)?;
        match argument.as_str() {
            "--blocks" => campaign.blocks = value.parse().map_err(|_| HELP)?,
            "--seed" => campaign.seed = value.parse().map_err(|_| HELP)?,
            "--keep" => keep = value.into(),
            _ => return Err(HELP.to_owned()),
        }
    }
    let (program, workshop) = here()?;
    let mut progress = |totals: &proz_two_nodes::Totals| {
        if totals.histories.is_multiple_of(10) {
            println!("{totals}");
        }
    };
    match campaign.run(&program, &workshop, &mut progress) {
        Ok(totals) => {
            println!("no difference: {totals}");
            Ok(())
        }
        Err(found) => {
            let (finding, history) = *found;
            Err(report(&program, &workshop, &finding, history, &keep))
        }
    }
}

/// Writes a history that shows a finding, as it is and then shortened; says where.
fn report(
    program: &Path,
    workshop: &Workshop,
    finding: &Finding,
    mut history: History,
    file: &Path,
) -> String {
    let seed = history.note.clone();
    eprintln!("{seed}: {finding}\nshortening the history");
    history.note = format!("{seed}: {}", finding.headline);
    let whole = history.write(file);
    let (short, shown) = shrink(program, workshop, &history, finding);
    let written = whole.and_then(|()| short.write(file));
    let place = written.map_or_else(
        |error| format!("not written: {error}"),
        |()| format!("proz-two-nodes replay {}", file.display()),
    );
    format!(
        "\nafter shortening to {} blocks: {shown}\n{place}",
        short.blocks()
    )
}

fn replay(files: &[String]) -> Result<(), String> {
    let histories = files.iter().map(|file| {
        let history = History::read(Path::new(file))?;
        Ok((file.clone(), history))
    });
    play_all(histories.collect::<Result<_, String>>()?)
}

fn named(words: &[String]) -> Result<(), String> {
    let cases = cases()
        .into_iter()
        .map(|(name, history)| (name.to_owned(), history));
    let is_wanted = |name: &str| words.iter().all(|word| name.contains(word.as_str()));
    play_all(cases.filter(|(name, _)| is_wanted(name)).collect())
}

fn play_all(histories: Vec<(String, History)>) -> Result<(), String> {
    let (program, workshop) = here()?;
    let count = histories.len();
    let mut failed = 0;
    for (name, history) in histories {
        match play(&program, &workshop, &history) {
            Ok(stops) => {
                println!("{name}: all nodes agree");
                for stop in stops {
                    println!(
                        "  {} stopped at block {}: {}",
                        stop.node, stop.block, stop.words
                    );
                }
            }
            Err(finding) => {
                failed += 1;
                println!("{name}: {finding}");
            }
        }
    }
    if failed == 0 {
        return Ok(());
    }
    Err(format!("{failed} of {count} histories show a difference"))
}
