//! The project's commands: `cargo xtask serve`, `test`, `dist`, ...
//!
//! Runs on Linux, macOS and Windows, needs no shell, and does not depend on the
//! simulation: what needs it is done by the `tools` binary, which this starts.

mod bench;
mod page;
mod places;
mod run;
mod serve;
mod setup;
mod test;
mod tidy;

use std::process::{Command, ExitCode};

/// What went wrong, as a sentence for the person at the terminal.
pub type Result<T> = std::result::Result<T, String>;

const HELP: &str = "\
The project's commands:

  cargo xtask serve [--release] [--host ADDRESS] [--port N]
      build the page and serve it on http://localhost:8080, building again on
      each change; --host 0.0.0.0 lets others on the network open it
  cargo xtask test [--from STAGE] [--only STAGE]
      everything that decides whether a change may land
  cargo xtask dist [--record]
      the release site into dist/, with its sizes; --record notes them in sizes.tsv
  cargo xtask tidy
      the rules on the source text alone: which room may import which, ...
  cargo xtask browser [--on chromium|firefox] [FILTER]
      the browser tests alone, on the site in dist/ (`cargo xtask dist` first)
  cargo xtask shots [--docs | --no-axe] [FILTER]
      photographs every state of the screen in every theme, size and language
      into shots/ and has axe look at each; FILTER is a part of
      STATE-SIZE-THEME-LANGUAGE; --docs makes the pictures of the README anew
  cargo xtask bench
      measures what has a budget, and prints it all as one table; the page's rows
      need the site in dist/ (`cargo xtask dist` first)
  cargo xtask conformance|model|fuzz|soak|doctest|lessons [ARGUMENTS]
      passed to the `tools` binary, which is built optimised; soak then goes on
      with the page in dist/, if it is there
  cargo xtask schema
      write src/manifest/schema_table.txt, the fields of the API's kinds, anew
  cargo xtask manual KUBECTL
      record kubectl's help pages and the API's descriptions anew, from a real
      kubectl and the cluster it talks to
  cargo xtask setup
      install what is missing and stop
";

fn main() -> ExitCode {
    run::stop_children_on_interrupt();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match dispatch(&arguments) {
        Ok(code) => code,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(arguments: &[String]) -> Result<ExitCode> {
    let Some((command, rest)) = arguments.split_first() else {
        print!("{HELP}");
        return Ok(ExitCode::FAILURE);
    };
    match command.as_str() {
        "serve" => serve::serve(&serve::Options::parse(rest)?),
        "test" => test::test(&test::Options::parse(rest)?),
        "dist" => dist(rest),
        "tidy" => tidy::check(&places::workspace()?).map(|()| ExitCode::SUCCESS),
        "browser" => test::browser_alone(rest),
        "schema" => recorder("schema", rest),
        "manual" => recorder("manual", rest),
        "shots" => test::shots(rest),
        "setup" => setup::everything().map(|()| ExitCode::SUCCESS),
        "bench" => test::bench(arguments),
        "soak" => test::soak(arguments),
        "conformance" | "model" | "fuzz" | "doctest" | "lessons" => test::tools(arguments),
        "help" | "--help" | "-h" => {
            print!("{HELP}");
            Ok(ExitCode::SUCCESS)
        }
        other => Err(format!("there is no command `{other}`\n\n{HELP}")),
    }
}

/// Runs a program that writes data which is committed. They are apart from this one, as they are rarely used
/// and take a while to build.
fn recorder(package: &str, arguments: &[String]) -> Result<ExitCode> {
    let mut cargo = Command::new("cargo");
    cargo
        .args(["run", "--package", package, "--"])
        .args(arguments);
    cargo.current_dir(places::workspace()?);
    run::run(&mut cargo).map(|()| ExitCode::SUCCESS)
}

fn dist(arguments: &[String]) -> Result<ExitCode> {
    let record = match arguments {
        [] => false,
        [flag] if flag == "--record" => true,
        _ => return Err("dist takes no argument but --record".into()),
    };
    setup::for_the_page()?;
    let place = places::Target::claim("test")?;
    let site = places::workspace()?.join("dist");
    page::build(&page::Build {
        release: true,
        site: &site,
        target: place.folder(),
    })?;
    page::sizes(&site, record)?;
    println!("The site is in {}", site.display());
    Ok(ExitCode::SUCCESS)
}
