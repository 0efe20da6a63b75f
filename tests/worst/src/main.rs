//! The program: measures all scenes, or one in this process.

use std::{env, path::Path, process::ExitCode};

use proz_worst::{measure, prepare, report, rows};

const HELP: &str = "\
Usage: proz-worst bench [--json] [--filter WORD] [--runs COUNT]
       proz-worst list
       proz-worst measure NAME [FOLDER]
       proz-worst prepare NAME FOLDER

`bench` runs every scene whose name contains the word in processes of its own. `measure` runs one in
this process, with the files that `prepare` left in the folder.";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match words.as_slice() {
        ["bench", rest @ ..] => bench(rest),
        ["list"] => {
            for row in rows() {
                println!("{}", row.name);
            }
            Ok(())
        }
        ["measure", name] => one(name, None),
        ["measure", name, folder] => one(name, Some(Path::new(folder))),
        ["prepare", name, folder] => {
            scene(name).and_then(|scene| prepare(&scene, Path::new(folder)))
        }
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

fn scene(name: &str) -> Result<proz_worst::Scene, String> {
    let found = rows().into_iter().find(|row| row.name == name);
    found
        .map(|row| row.scene())
        .ok_or_else(|| format!("no scene `{name}`"))
}

fn one(name: &str, folder: Option<&Path>) -> Result<(), String> {
    let measured = measure(&scene(name)?, folder)?;
    let json = serde_json::to_string(&measured).map_err(|error| error.to_string())?;
    println!("{json}");
    Ok(())
}

fn bench(arguments: &[&str]) -> Result<(), String> {
    let mut is_json = false;
    let mut filter = String::new();
    let mut runs = 5;
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or(HELP);
        match *argument {
            "--json" => is_json = true,
            "--filter" => filter = (*value()?).to_owned(),
            "--runs" => runs = value()?.parse().map_err(|_| HELP)?,
            _ => return Err(HELP.to_owned()),
        }
    }
    let program = env::current_exe().map_err(|error| error.to_string())?;
    let wanted = rows().into_iter().filter(|row| row.name.contains(&filter));
    let mut lines: Vec<_> = wanted
        .map(|row| report::line(&program, &row, runs))
        .collect();
    report::sort(&mut lines);
    if is_json {
        let json = serde_json::to_string_pretty(&lines).map_err(|error| error.to_string())?;
        println!("{json}");
    } else {
        report::print(&lines);
    }
    Ok(())
}
