//! `proz-prozvm`, which `proz prozvm …` runs.

fn main() -> std::process::ExitCode {
    proz_prozvm_tools::main()
}
