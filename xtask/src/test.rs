//! `cargo xtask test`: the stages that decide whether a change may land.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use crate::run::Counts;
use crate::setup::{Browser, WASI, WASM};
use crate::{Result, page, places, run, setup, tidy};

/// The profile that `tools` is built with: optimised for speed, unlike the page.
const PROFILE: &str = "tools";

/// How many random logs must lead to one world natively and in wasm.
const LOGS: &str = "200";

/// What came of a stage.
type Outcome = std::result::Result<Counts, Failure>;

/// What a stage is given.
struct Bench {
    root: PathBuf,
    target: PathBuf,
}

impl Bench {
    fn cargo(&self, arguments: &[&str]) -> Command {
        let mut cargo = Command::new("cargo");
        cargo
            .args(arguments)
            .env("CARGO_TARGET_DIR", &self.target)
            .current_dir(&self.root);
        cargo
    }

    /// Where the stages put the site: `dist/` is for the person who asks for it.
    fn site(&self) -> PathBuf {
        self.target.join("site")
    }
}

/// The commands of `tools` that a stage needs and that exist. A stage whose
/// command is not here yet says so.
const TOOLS_KNOWS: &[&str] = &["conformance", "fuzz", "hashes", "model"];

/// One thing that must hold. To add one, write a function and name it in [`STAGES`].
struct Stage {
    name: &'static str,
    run: fn(&Bench) -> Outcome,
}

const STAGES: &[Stage] = &[
    Stage {
        name: "fmt",
        run: fmt,
    },
    Stage {
        name: "tidy",
        run: |bench| passes(tidy::check(&bench.root)),
    },
    Stage {
        name: "clippy",
        run: clippy,
    },
    Stage {
        name: "clippy-page",
        run: clippy_page,
    },
    Stage {
        name: "tests",
        run: tests,
    },
    Stage {
        name: "conformance",
        run: conformance,
    },
    Stage {
        name: "model",
        run: model,
    },
    Stage {
        name: "fuzz",
        run: fuzz,
    },
    Stage {
        name: "tests-in-wasm",
        run: tests_in_wasm,
    },
    Stage {
        name: "same-world",
        run: same_world,
    },
    Stage {
        name: "page",
        run: build_page,
    },
    Stage {
        name: "chromium",
        run: |bench| in_browser(bench, Browser::Chromium),
    },
    Stage {
        name: "firefox",
        run: |bench| in_browser(bench, Browser::Firefox),
    },
];

/// The arguments of `cargo xtask test`.
#[derive(Debug, Default)]
pub struct Options {
    from: Option<String>,
    only: Option<String>,
}

impl Options {
    /// Reads the arguments.
    ///
    /// # Errors
    /// On one that is not known or names no stage.
    pub fn parse(arguments: &[String]) -> Result<Self> {
        let mut options = Self::default();
        for pair in arguments.chunks(2) {
            let [flag, name] = pair else {
                return Err(format!("{} needs the name of a stage", pair.join(" ")));
            };
            if !STAGES.iter().any(|stage| stage.name == name) {
                let names: Vec<&str> = STAGES.iter().map(|stage| stage.name).collect();
                return Err(format!(
                    "there is no stage {name}; the stages are {}",
                    names.join(", ")
                ));
            }
            match flag.as_str() {
                "--from" => options.from = Some(name.clone()),
                "--only" => options.only = Some(name.clone()),
                _ => return Err(format!("test does not know {flag}")),
            }
        }
        Ok(options)
    }

    fn stages(&self) -> impl Iterator<Item = &'static Stage> {
        let first = self
            .from
            .as_deref()
            .and_then(|from| STAGES.iter().position(|stage| stage.name == from));
        let only = self.only.clone();
        STAGES
            .iter()
            .skip(first.unwrap_or(0))
            .filter(move |stage| only.as_deref().is_none_or(|only| only == stage.name))
    }
}

/// Runs the stages and stops at the first that fails. The last line printed is
/// `N passed, N failed`, over all tests of all stages.
///
/// # Errors
/// When nothing could be run; a failed stage is a plain failure.
pub fn test(options: &Options) -> Result<ExitCode> {
    let started = Instant::now();
    let place = places::Target::claim("test")?;
    let bench = Bench {
        root: places::workspace()?,
        target: place.folder().to_path_buf(),
    };
    let mut total = Counts::default();
    let mut times = Vec::new();
    let mut failure = None;
    for stage in options.stages() {
        println!("\n== {}", stage.name);
        let began = Instant::now();
        let outcome = (stage.run)(&bench);
        times.push((stage.name, began.elapsed()));
        match outcome {
            Ok(counts) => total.add(counts),
            Err(Failure { counts, message }) => {
                total.add(counts);
                failure = Some((stage.name, message));
                break;
            }
        }
    }
    summary(&times, started.elapsed());
    if let Some((stage, error)) = &failure {
        println!("FAILED at {stage}: {error}");
    }
    println!("{} passed, {} failed", total.passed, total.failed);
    Ok(if failure.is_some() {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

/// Why a stage failed, and the tests it ran nevertheless.
#[derive(Debug, PartialEq, Eq)]
struct Failure {
    counts: Counts,
    message: String,
}

impl From<String> for Failure {
    /// A stage that failed without naming a test counts as one.
    fn from(message: String) -> Self {
        Self {
            counts: Counts {
                passed: 0,
                failed: 1,
            },
            message,
        }
    }
}

/// A stage that runs no tests of its own.
fn passes(done: Result<()>) -> Outcome {
    done?;
    Ok(Counts::default())
}

fn summary(times: &[(&str, Duration)], all: Duration) {
    println!();
    for (name, time) in times {
        println!("{name:>14} {:>7.1} s", time.as_secs_f32());
    }
    println!("{:>14} {:>7.1} s", "all", all.as_secs_f32());
}

fn fmt(bench: &Bench) -> Outcome {
    passes(run::run(&mut bench.cargo(&["fmt", "--all", "--check"])))
}

fn clippy(bench: &Bench) -> Outcome {
    let arguments = [
        "clippy",
        "--locked",
        "--quiet",
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ];
    passes(run::run(&mut bench.cargo(&arguments)))
}

fn clippy_page(bench: &Bench) -> Outcome {
    setup::target(WASM)?;
    let what = [
        "clippy",
        "--locked",
        "--quiet",
        "--lib",
        "--bin",
        "page",
        "--features",
        "ui",
        "--target",
        WASM,
    ];
    passes(run::run(bench.cargo(&what).args(["--", "-D", "warnings"])))
}

fn tests(bench: &Bench) -> Outcome {
    counted(&mut bench.cargo(&[
        "test",
        "--locked",
        "--quiet",
        "--workspace",
        "--no-fail-fast",
    ]))
}

/// Whether `tools` has the command yet; says so if not.
fn is_there(command: &str) -> bool {
    let known = TOOLS_KNOWS.contains(&command);
    if !known {
        println!("NOT THERE YET: `tools {command}`");
    }
    known
}

fn conformance(bench: &Bench) -> Outcome {
    if !is_there("conformance") {
        return Ok(Counts::default());
    }
    counted(&mut with_tools(bench, &["conformance", "--floor"]))
}

/// Random acts on random worlds: what must hold of a StatefulSet holds at every step.
fn model(bench: &Bench) -> Outcome {
    counted(&mut with_tools(bench, &["model"]))
}

/// Recorded commands and manifests with small changes: none panics, takes long or grows without bound. The part
/// of `cargo xtask soak` that is short enough for every change; ten times the time, as others use the machine.
fn fuzz(bench: &Bench) -> Outcome {
    if !is_there("fuzz") {
        return Ok(Counts::default());
    }
    counted(&mut with_tools(bench, &["fuzz", "20000", "--slack", "10"]))
}

/// The core's tests once more, compiled to wasm and run by Node.
fn tests_in_wasm(bench: &Bench) -> Outcome {
    setup::node()?;
    setup::target(WASI)?;
    let mut cargo = bench.cargo(&[
        "test", "--locked", "--quiet", "--lib", "--tests", "--target", WASI,
    ]);
    // cargo splits it at spaces, so the script is named relative to the package.
    cargo.env(
        "CARGO_TARGET_WASM32_WASIP1_RUNNER",
        "node --no-warnings xtask/node/wasi.mjs",
    );
    counted(cargo.arg("--no-fail-fast"))
}

/// The same logs and seeds lead to the same worlds natively and in wasm.
fn same_world(bench: &Bench) -> Outcome {
    if !is_there("hashes") {
        return Ok(Counts::default());
    }
    let native = run::output(&mut with_tools(bench, &["hashes", LOGS]))?;
    let wasm = run::output(&mut in_wasi(bench, &["hashes", LOGS])?)?;
    compare(&native, &wasm)
}

/// `tools` compiled to wasm, run by Node.
fn in_wasi(bench: &Bench, arguments: &[&str]) -> Result<Command> {
    setup::node()?;
    setup::target(WASI)?;
    let build = ["build", "--locked", "--quiet", "--bin", "tools"];
    let profile = ["--profile", PROFILE, "--target", WASI];
    run::run(bench.cargo(&build).args(profile))?;
    let mut node = Command::new("node");
    node.args(["--no-warnings", "xtask/node/wasi.mjs"])
        .arg(bench.target.join(WASI).join(PROFILE).join("tools.wasm"))
        .args(arguments)
        .current_dir(&bench.root);
    Ok(node)
}

/// Counts the lines on which both agree.
fn compare(native: &str, wasm: &str) -> Outcome {
    let lines = native.lines().count().max(wasm.lines().count());
    let agree = native
        .lines()
        .zip(wasm.lines())
        .filter(|(one, other)| one == other)
        .count();
    if let Some((one, other)) = native
        .lines()
        .zip(wasm.lines())
        .find(|(one, other)| one != other)
    {
        println!("native: {one}\nwasm:   {other}");
    }
    let wanted: usize = LOGS.parse().unwrap_or(usize::MAX);
    if lines < wanted {
        return Err(format!("{wanted} logs were asked for, {lines} answered").into());
    }
    println!("{agree} of {lines} worlds are the same natively and in wasm");
    let counts = Counts {
        passed: agree,
        failed: lines - agree,
    };
    if counts.failed == 0 {
        return Ok(counts);
    }
    let message = "the same log led to different worlds".into();
    Err(Failure { counts, message })
}

fn build_page(bench: &Bench) -> Outcome {
    setup::for_the_page()?;
    page::build(&page::Build {
        release: true,
        site: &bench.site(),
        target: &bench.target,
    })?;
    passes(page::sizes(&bench.site(), false))
}

fn in_browser(bench: &Bench, browser: Browser) -> Outcome {
    browser_tests(&bench.root, &bench.site(), browser, &[])
}

/// `cargo xtask browser`: the browser tests on `dist/`.
///
/// # Errors
/// On a wrong argument, without a site, or when a test fails.
pub fn browser_alone(arguments: &[String]) -> Result<ExitCode> {
    let (browsers, rest) = match arguments {
        [flag, name, rest @ ..] if flag == "--on" => {
            let known = Browser::ALL
                .into_iter()
                .find(|browser| browser.name() == name);
            (
                vec![known.ok_or_else(|| format!("--on {name}: chromium or firefox"))?],
                rest,
            )
        }
        rest => (Browser::ALL.to_vec(), rest),
    };
    let root = places::workspace()?;
    for browser in browsers {
        println!("== {}", browser.name());
        browser_tests(&root, &root.join("dist"), browser, rest)
            .map_err(|failure| format!("{}: {}", browser.name(), failure.message))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// `cargo xtask bench`: all budgets as one table: the recorded sizes, the simulation natively and its memory in
/// wasm, and the page on the site in `dist/`. With arguments only `tools bench` with these.
///
/// # Errors
/// When something cannot be built or started.
pub fn bench(arguments: &[String]) -> Result<ExitCode> {
    if arguments.len() > 1 {
        return tools(arguments);
    }
    let root = places::workspace()?;
    let mut rows = Vec::new();
    let sizes = std::fs::read_to_string(root.join("sizes.tsv")).unwrap_or_default();
    rows.extend(crate::bench::first_load(&sizes));
    let place = places::Target::claim("tools")?;
    let bench = Bench {
        root: root.clone(),
        target: place.folder().to_path_buf(),
    };
    measure(&mut with_tools(&bench, &["bench"]), &mut rows)?;
    measure(&mut in_wasi(&bench, &["bench", "heap"])?, &mut rows)?;
    let site = root.join("dist");
    let there = site.join("index.html").is_file();
    if there {
        let mut node = in_node(&root, &site, Browser::Chromium, "bench.mjs")?;
        measure(&mut node, &mut rows)?;
    }
    print!("\n{}", crate::bench::table(&rows));
    if !there {
        println!("The page is measured once it is in dist/: run `cargo xtask dist` first");
    }
    Ok(ExitCode::SUCCESS)
}

/// Runs a program that prints rows of the table.
fn measure(command: &mut Command, rows: &mut Vec<crate::bench::Row>) -> Result<()> {
    let status = run::run_lines(command, &mut |line| {
        rows.extend(crate::bench::Row::read(line))
    })?;
    if status.success() {
        return Ok(());
    }
    Err(format!("a measurement ended with {status}"))
}

/// `cargo xtask soak`: random sessions without end in sight, then axe on every state of the screen in every size,
/// theme and language, on the site in `dist/`.
///
/// # Errors
/// When something cannot be built or started, or axe finds something.
pub fn soak(arguments: &[String]) -> Result<ExitCode> {
    let random = tools(arguments)?;
    let root = places::workspace()?;
    if arguments.len() > 1 || !root.join("dist/index.html").is_file() {
        println!("The page is looked at once it is in dist/: run `cargo xtask dist` first");
        return Ok(random);
    }
    photograph(&root, Path::new("states"), &["--no-pictures".to_string()])?;
    Ok(random)
}

/// `cargo xtask shots`: every state of the screen on the site in `dist/`, as pictures and for axe.
///
/// # Errors
/// Without a site, or when axe finds something.
pub fn shots(arguments: &[String]) -> Result<ExitCode> {
    let root = places::workspace()?;
    let docs = arguments.iter().any(|argument| argument == "--docs");
    let folder = if docs { "docs" } else { "shots/states" };
    photograph(&root, Path::new(folder), arguments)?;
    println!("The pictures are in {folder}/");
    Ok(ExitCode::SUCCESS)
}

fn photograph(root: &Path, folder: &Path, arguments: &[String]) -> Result<()> {
    let mut node = in_node(root, &root.join("dist"), Browser::Chromium, "shots.mjs")?;
    counted(node.arg(root.join(folder)).args(arguments)).map_err(|failure| failure.message)?;
    Ok(())
}

fn browser_tests(root: &Path, site: &Path, browser: Browser, rest: &[String]) -> Outcome {
    let mut node = in_node(root, site, browser, "run.mjs")?;
    counted(node.args(rest))
}

/// Node with a script of tests/browser: its arguments are the browser and the site.
fn in_node(root: &Path, site: &Path, browser: Browser, script: &str) -> Result<Command> {
    if !site.join("index.html").is_file() {
        return Err(format!(
            "{} holds no site: run `cargo xtask dist` first",
            site.display()
        ));
    }
    setup::node()?;
    setup::npm_packages()?;
    let mut node = Command::new("node");
    node.arg(Path::new("tests/browser").join(script))
        .arg(browser.name())
        .arg(browser.program()?)
        .arg(site)
        .current_dir(root);
    Ok(node)
}

/// Runs a program that counts tests. Whether they are good enough is for it to
/// say: conformance counts cases that are known to fail.
fn counted(command: &mut Command) -> Outcome {
    let (status, mut counts) = run::run_counted(command)?;
    let message = match (status.success(), counts.passed + counts.failed) {
        (true, 0) => "no test was run".to_string(),
        (true, _) => return Ok(counts),
        (false, _) if counts.failed > 0 => format!("{} failed", counts.failed),
        (false, _) => format!("it ended with {status}"),
    };
    counts.failed = counts.failed.max(1);
    Err(Failure { counts, message })
}

fn with_tools(bench: &Bench, arguments: &[&str]) -> Command {
    let mut cargo = bench.cargo(&[
        "run",
        "--locked",
        "--quiet",
        "--bin",
        "tools",
        "--profile",
        PROFILE,
        "--",
    ]);
    cargo.args(arguments);
    cargo
}

/// Passes a command on to the `tools` binary.
///
/// # Errors
/// When it cannot be built or started.
pub fn tools(arguments: &[String]) -> Result<ExitCode> {
    let place = places::Target::claim("tools")?;
    let bench = Bench {
        root: places::workspace()?,
        target: place.folder().to_path_buf(),
    };
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    run::run(&mut with_tools(&bench, &arguments)).map(|()| ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn worlds_that_differ_are_counted() {
        let lines = |last: &str| format!("{}{last}\n", "a\n".repeat(199));
        let counts = |passed, failed| Counts { passed, failed };
        assert_eq!(compare(&lines("a"), &lines("a")), Ok(counts(200, 0)));
        let differ = compare(&lines("a"), &lines("b"));
        assert!(differ.is_err_and(|failure| failure.counts == counts(199, 1)));
        assert!(compare("a\n", "a\n").is_err());
    }

    #[test]
    fn a_stage_that_fails_before_its_tests_counts_as_failed() {
        let failure = Failure::from("it does not compile".to_string());
        assert_eq!(
            failure.counts,
            Counts {
                passed: 0,
                failed: 1
            }
        );
    }

    #[test]
    fn stages_are_chosen_by_name() {
        let chosen = |words: &[&str]| {
            let words: Vec<String> = words.iter().map(ToString::to_string).collect();
            Options::parse(&words)
                .map(|options| options.stages().map(|stage| stage.name).collect::<Vec<_>>())
        };
        assert_eq!(
            chosen(&["--from", "chromium"]),
            Ok(vec!["chromium", "firefox"])
        );
        assert_eq!(chosen(&["--only", "tidy"]), Ok(vec!["tidy"]));
        assert!(chosen(&["--only", "no-such"]).is_err());
        assert!(chosen(&["--only"]).is_err());
    }
}
