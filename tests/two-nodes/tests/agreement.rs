//! Nodes agree: on histories by name, on those that were found, and on random ones.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::{fs, path::Path};

use proz_two_nodes::{Campaign, History, Workshop, cases, play};

/// Blocks of the random histories.
const BLOCKS: u64 = 240;

fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_proz-two-nodes"))
}

/// Plays histories; all findings are reported, not the first.
fn play_all(histories: impl IntoIterator<Item = (String, History)>) {
    let workshop = Workshop::new().unwrap();
    let mut played = 0;
    let mut found = Vec::new();
    for (name, history) in histories {
        played += 1;
        if let Err(finding) = play(program(), &workshop, &history) {
            found.push(format!("{name}: {finding}"));
        }
    }
    println!("{played} histories");
    assert!(found.is_empty(), "{}", found.join("\n\n"));
}

#[test]
fn named_histories_are_the_same_on_all_nodes() {
    play_all(
        cases()
            .into_iter()
            .map(|(name, history)| (name.to_owned(), history)),
    );
}

#[test]
fn what_was_found_once_stays_mended() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases");
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path())
        .collect();
    files.retain(|file| {
        file.extension()
            .is_some_and(|extension| extension == "json")
    });
    files.sort();
    play_all(
        files
            .iter()
            .map(|file| (file.display().to_string(), History::read(file).unwrap())),
    );
}

#[test]
fn random_histories_are_the_same_on_all_nodes() {
    let workshop = Workshop::new().unwrap();
    let campaign = Campaign {
        blocks: BLOCKS,
        seed: 12,
    };
    match campaign.run(program(), &workshop, &mut |_| {}) {
        Ok(totals) => println!("{totals}"),
        Err(found) => panic!("{}: {}", found.1.note, found.0),
    }
}
