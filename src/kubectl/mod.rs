//! kubectl 1.36: one file per verb; flags; printers.
//!
//! Output, errors and exit codes are those of kubectl 1.36.3 as recorded.

pub mod cli;
pub mod cluster;
pub mod describe;
pub mod explain;
pub mod failure;
pub mod flags;
mod globals;
mod hash;
pub mod load;
pub mod manual;
pub mod patch;
#[cfg(test)]
mod playback;
pub mod print;
pub mod resources;
pub mod selector;
#[cfg(test)]
mod tests;
pub mod verbs;
pub mod write;

use crate::shell::{Context, Program, Progress, Wait};
use cli::{Command, Outcome};
use failure::Failure;

/// kubectl with these words, the first of which is its name.
#[must_use]
pub fn program(argv: &[String]) -> Box<dyn Program> {
    Box::new(Kubectl {
        words: argv.get(1..).unwrap_or_default().to_vec(),
        running: None,
    })
}

/// kubectl: reads its command line when it first runs, then is what the verb goes on with.
#[derive(Clone)]
struct Kubectl {
    words: Vec<String>,
    running: Option<Box<dyn Program>>,
}

impl Program for Kubectl {
    fn poll(&mut self, cx: &mut Context<'_>) -> Progress {
        if self.running.is_none()
            && let Some(complete) = verbs::complete::program(&self.words)
        {
            self.running = Some(Box::new(complete));
        }
        if self.running.is_none() {
            match start(&self.words, cx) {
                Ok(Started::Reading) => {
                    return Progress::Wait(Wait {
                        input: true,
                        ..Wait::default()
                    });
                }
                Ok(Started::As(Outcome::Done(code))) => return Progress::Done(code),
                Ok(Started::As(Outcome::Run(program))) => self.running = Some(program),
                Err(failure) => return fail(cx, &failure),
            }
        }
        match &mut self.running {
            Some(program) => program.poll(cx),
            None => Progress::Done(0),
        }
    }

    fn interrupt(&mut self, cx: &mut Context<'_>) -> Progress {
        match &mut self.running {
            Some(program) => program.interrupt(cx),
            None => Progress::Done(130),
        }
    }

    fn clone_box(&self) -> Box<dyn Program> {
        Box::new(self.clone())
    }
}

enum Started {
    /// The manifests are still being typed.
    Reading,
    As(Outcome),
}

fn start(words: &[String], cx: &mut Context<'_>) -> Result<Started, Failure> {
    match cli::read(words, cx)? {
        Command::Page(text, stream, code) => {
            cx.out.push(stream, &text);
            Ok(Started::As(Outcome::Done(code)))
        }
        Command::Verb(verb, cli) => {
            let reads = cli.files().iter().any(|file| file == "-");
            if reads && cx.stdin.open {
                return Ok(Started::Reading);
            }
            globals::check(&cli, cx)?;
            warn_of_flags(cx, &cli);
            (verb.run)(cx, &cli).map(Started::As)
        }
    }
}

/// What kubectl says of flags that it would rather not have.
fn warn_of_flags(cx: &mut Context<'_>, cli: &cli::Cli) {
    if cli.flags.on("record") {
        cx.out
            .stderr("Flag --record has been deprecated, --record will be removed in the future\n");
    }
    // The places are those of the source of kubectl 1.36.3, as it prints them.
    let (place, text) = match cli.flags.text("dry-run") {
        Some("unchanged") => (
            "helpers.go:719",
            "--dry-run is deprecated and can be replaced with --dry-run=client.",
        ),
        Some("true") => (
            "helpers.go:733",
            "--dry-run=true is deprecated (boolean value) and can be replaced with --dry-run=client.",
        ),
        Some("false") => (
            "helpers.go:736",
            "--dry-run=false is deprecated (boolean value) and can be replaced with --dry-run=none.",
        ),
        _ => return,
    };
    let line = klog(cx.now(), place, text);
    cx.out.stderr(line);
}

/// A line of the log that kubectl writes to standard error: `W1121 01:38:55.663330   28282 helpers.go:719] …`
pub(crate) fn klog(now: crate::api::Time, place: &str, text: &str) -> String {
    let stamp = now.to_string();
    let (date, time) = stamp.split_once('T').unwrap_or((&stamp, "00:00:00Z"));
    let day = date.get(5..).unwrap_or_default().replace('-', "");
    let clock = time.get(..8).unwrap_or_default();
    format!("W{day} {clock}.000000       1 {place}] {text}\n")
}

/// Prints why a command failed.
pub(crate) fn fail(cx: &mut Context<'_>, failure: &Failure) -> Progress {
    cx.out.stdout(failure.said());
    // Its own words get a line end where there is none, a refusal of the API server always one more.
    let mut text = failure.text();
    if !(text.ends_with('\n') && text.starts_with("error: ")) {
        text.push('\n');
    }
    cx.out.stderr(text);
    Progress::Done(1)
}
