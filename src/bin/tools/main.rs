//! Command-line tools over the simulation; `cargo xtask` starts them.

mod bench;
mod fuzz;

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
        Some((tool, rest)) if tool == "bench" => {
            bench::run(rest, &mut |line| println!("{line}"));
            Ok(true)
        }
        Some((tool, rest)) if tool == "doctest" => {
            playground::conformance::doctest::run(rest, &mut |line| println!("{line}"))
        }
        Some((tool, rest)) if tool == "model" => model(rest),
        Some((tool, rest)) if tool == "world" => world(rest),
        Some((tool, rest)) if tool == "fuzz" => fuzz_inputs(rest),
        Some((tool, _)) if tool == "soak" => soak(),
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

/// `tools fuzz [COUNT [FIRST]] [--slack N]`
fn fuzz_inputs(arguments: &[String]) -> Result<bool, String> {
    let (numbers, slack) = match arguments.iter().position(|word| word == "--slack") {
        Some(at) => (&arguments[..at], number(arguments, at + 1, 1)?),
        None => (arguments, 1),
    };
    let slack = u32::try_from(slack).map_err(|_| "the slack is too large".to_owned())?;
    fuzz::run(number(numbers, 0, 50_000)?, number(numbers, 1, 1)?, slack)
}

/// The number in this place of the arguments.
fn number(arguments: &[String], at: usize, usual: u64) -> Result<u64, String> {
    match arguments.get(at) {
        None => Ok(usual),
        Some(word) => word.parse().map_err(|_| format!("not a number: {word}")),
    }
}

/// `tools model [STEPS [FIRST]]`: the model test on random worlds.
fn model(arguments: &[String]) -> Result<bool, String> {
    let (steps, first) = (number(arguments, 0, 200_000)?, number(arguments, 1, 1)?);
    let outcome = playground::selfcheck::model::run(first, steps, 20);
    print!("{}", outcome.table());
    let missing = outcome.missing();
    for what in &missing {
        println!("MISSING {what}");
    }
    let failed = missing.len() + outcome.faults.len();
    println!("{} passed, {failed} failed", outcome.worlds);
    Ok(failed == 0)
}

/// `tools world NUMBER`: one world of the model test, act by act and write by write.
fn world(arguments: &[String]) -> Result<bool, String> {
    let outcome = playground::selfcheck::model::told(number(arguments, 0, 1)?);
    for line in &outcome.story {
        println!("{line}");
    }
    for fault in &outcome.faults {
        println!("FAULT {fault}");
    }
    Ok(outcome.faults.is_empty())
}

/// `tools soak`: what takes too long for every change.
fn soak() -> Result<bool, String> {
    println!("== fuzz");
    let fuzzed = fuzz::run(1_000_000, 1, 1)?;
    println!("== model");
    let modelled = model(&["10000000".to_owned()])?;
    Ok(fuzzed && modelled)
}
