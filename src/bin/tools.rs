//! Command-line tools over the simulation; `cargo xtask` starts them.

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match arguments.split_first() {
        Some((tool, rest)) if tool == "conformance" => {
            playground::conformance::run(rest, &mut |line| println!("{line}"))
        }
        Some((other, _)) => Err(format!("tools has no command `{other}`")),
        None => Err("tools needs a command".to_owned()),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(why) => {
            eprintln!("error: {why}");
            ExitCode::FAILURE
        }
    }
}
