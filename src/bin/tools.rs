//! Command-line tools over the simulation; `cargo xtask` starts them.

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.split_first() {
        Some((tool, rest)) if tool == "conformance" => return playground::conformance::run(rest),
        Some((other, _)) => eprintln!("error: tools has no command `{other}`"),
        None => eprintln!("error: tools needs a command"),
    }
    ExitCode::FAILURE
}
