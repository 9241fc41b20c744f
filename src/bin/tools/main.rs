//! Command-line tools over the simulation; `cargo xtask` starts them.

mod bench;

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match arguments.split_first() {
        Some((tool, rest)) if tool == "conformance" => {
            playground::conformance::run(rest, &mut |line| println!("{line}"))
        }
        Some((tool, rest)) if tool == "type" => {
            playground::conformance::type_lines(rest, &mut |text| print!("{text}"))
        }
        Some((tool, _)) if tool == "bench" => {
            bench::run(&mut |line| println!("{line}"));
            Ok(true)
        }
        Some((tool, rest)) if tool == "hashes" => {
            let count = rest
                .first()
                .and_then(|count| count.parse().ok())
                .unwrap_or(200);
            print!("{}", playground::selfcheck::hashes(count));
            Ok(true)
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
