//! Makes programs of the RISC-V ELF files that `build.sh` compiles: `link FOLDER ARTEFACTS`.

#![allow(clippy::unwrap_used, reason = "a build step: what fails must stop it")]

use std::path::PathBuf;

use polkavm_linker::{TargetInstructionSet, program_from_elf};
use proz_prozvm_link::{LinkOptions, link};

fn main() {
    let mut folders = std::env::args_os().skip(1).map(PathBuf::from);
    let (Some(from), Some(to)) = (folders.next(), folders.next()) else {
        panic!("expected two folders");
    };
    let elf = std::fs::read(from.join("prozvm.elf")).unwrap();
    let options = LinkOptions {
        lines: false,
        ..LinkOptions::default()
    };
    let program = link(&elf, &options).unwrap();
    std::fs::write(to.join("kernels.pz"), program.encode()).unwrap();

    let elf = std::fs::read(from.join("polkavm.elf")).unwrap();
    let mut config = polkavm_linker::Config::default();
    config.set_strip(true);
    let blob = program_from_elf(config, TargetInstructionSet::Latest, &elf).unwrap();
    std::fs::write(to.join("kernels.polkavm"), blob).unwrap();
}
