//! Plain tools: grep, sed, sort and the like, as GNU's behave in the C locale.

mod awk;
mod awk_parse;
mod awk_value;
mod columns;
mod dates;
mod filter;
mod follow;
mod fs;
mod grep;
mod misc;
mod options;
mod run;
mod sed;
mod sed_parse;
mod sort;
mod text;
mod vi;

use super::program::{Context, Program, Progress};
use super::sh;
use crate::api::Str;
pub(super) use misc::remember;
use options::Options;
use text::Made;

type Maker = fn(&[String]) -> Made;

const TOOLS: [(&str, Maker); 53] = [
    ("awk", awk::awk),
    ("base64", misc::base64),
    ("basename", misc::basename),
    ("bash", sh::program),
    ("cat", text::cat),
    ("chmod", fs::chmod),
    ("clear", misc::clear),
    ("cp", fs::cp),
    ("cut", columns::cut),
    ("date", dates::date),
    ("dirname", misc::dirname),
    ("echo", misc::echo),
    ("egrep", grep::grep),
    ("env", run::env),
    ("expr", misc::expr),
    ("false", |_| Ok(done("", 1))),
    ("fgrep", grep::grep),
    ("grep", grep::grep),
    ("head", text::head),
    ("history", misc::history),
    ("hostname", misc::hostname),
    ("ls", fs::ls),
    ("mkdir", fs::mkdir),
    ("mv", fs::mv),
    ("nl", columns::nl),
    ("printenv", misc::printenv),
    ("pwd", misc::pwd),
    ("rev", columns::rev),
    ("nano", vi::vi),
    ("rm", fs::rm),
    ("rmdir", fs::rmdir),
    ("sed", sed::sed),
    ("seq", misc::seq),
    ("sh", sh::program),
    ("sleep", misc::sleep),
    ("sort", sort::sort),
    ("tac", sort::tac),
    ("tail", text::tail),
    ("tee", fs::tee),
    ("time", run::time),
    ("timeout", run::timeout),
    ("touch", fs::touch),
    ("tr", columns::tr),
    ("true", |_| Ok(done("", 0))),
    ("uniq", text::uniq),
    ("vi", vi::vi),
    ("vim", vi::vi),
    ("watch", run::watch),
    ("wc", text::wc),
    ("which", misc::which),
    ("whoami", misc::whoami),
    ("xargs", run::xargs),
    ("yes", misc::yes),
];

/// The tool with this name, ready to run; its words are wrong: a program that says so.
#[must_use]
pub fn program(words: &[String]) -> Option<Box<dyn Program>> {
    let name = words.first()?;
    let (_, make) = TOOLS.iter().find(|(known, _)| known == name)?;
    Some(match make(words) {
        Ok(program) => program,
        Err((complaint, code)) => Box::new(Finished {
            stdout: Str::EMPTY,
            stderr: Str::from(complaint),
            code,
        }),
    })
}

/// The names of all tools, for completion and `help`.
pub fn names() -> impl Iterator<Item = &'static str> {
    TOOLS.iter().map(|(name, _)| *name)
}

/// Prints and ends.
#[derive(Clone)]
struct Finished {
    stdout: Str,
    stderr: Str,
    code: i32,
}

impl Program for Finished {
    fn poll(&mut self, cx: &mut Context<'_>) -> Progress {
        // What is ready to be printed was made for this.
        cx.work.take(2 * self.stdout.len());
        cx.out.stdout(&self.stdout);
        cx.out.stderr(&self.stderr);
        Progress::Done(self.code)
    }

    fn clone_box(&self) -> Box<dyn Program> {
        Box::new(self.clone())
    }
}

/// A program that prints this and ends.
fn done(text: &str, code: i32) -> Box<dyn Program> {
    Box::new(Finished {
        stdout: Str::new(text),
        stderr: Str::EMPTY,
        code,
    })
}

/// A program that acts at once: its options, and what it does with them.
#[derive(Clone)]
struct Act<T> {
    options: T,
    act: fn(&T, &mut Context<'_>) -> i32,
}

impl<T: Clone + 'static> Program for Act<T> {
    fn poll(&mut self, cx: &mut Context<'_>) -> Progress {
        Progress::Done((self.act)(&self.options, cx))
    }

    fn clone_box(&self) -> Box<dyn Program> {
        Box::new(self.clone())
    }
}

fn act(options: Options, act: fn(&Options, &mut Context<'_>) -> i32) -> Box<dyn Program> {
    Box::new(Act { options, act })
}

/// Complains and answers the exit code.
fn usage_line(cx: &mut Context<'_>, complaint: &str, code: i32) -> i32 {
    cx.out.stderr(complaint);
    code
}
