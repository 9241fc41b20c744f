//! Command-line tools over the simulation; `cargo xtask` starts them.

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.first().map(String::as_str) {
        Some(other) => eprintln!("error: tools has no command `{other}`"),
        None => eprintln!("error: tools needs a command"),
    }
    ExitCode::FAILURE
}
