//! Programs that read lines, from files or from what is written to them, as it comes.

use crate::shell::files;
use crate::shell::program::{Context, Output, Program, Progress, Wait};
use crate::shell::work::Work;
use std::collections::VecDeque;

/// A line without its end, and whether it had one.
pub(super) struct Line<'a> {
    pub(super) text: &'a str,
    pub(super) ended: bool,
}

/// Whether a filter wants more lines.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum More {
    Yes,
    /// This file is done with.
    NextFile,
    /// It has all that it needs.
    No,
}

/// What a program does with each line.
pub(super) trait Filter: Clone + 'static {
    /// The name before complaints.
    const NAME: &'static str;

    /// A file begins; `-` is the input. `several`: more than one was named.
    fn file(&mut self, name: &str, several: bool, out: &mut Output) {
        let _ = (name, several, out);
    }

    fn line(&mut self, line: Line<'_>, out: &mut Output) -> More;

    /// A file has ended.
    fn file_end(&mut self, out: &mut Output) {
        let _ = out;
    }

    /// All input has been read: the exit code.
    fn end(&mut self, out: &mut Output) -> i32;

    /// What it computes with, if it counts that: as much as its command line has left.
    fn work(&self) -> Option<&Work> {
        None
    }

    /// How the program words a file that cannot be read, and the exit code it then has at least.
    fn unreadable(&self, name: &str, error: files::FileError) -> (String, i32) {
        (format!("{}: {name}: {error}\n", Self::NAME), 1)
    }
}

/// A filter at work.
#[derive(Clone)]
pub(super) struct Lines<F> {
    filter: F,
    names: VecDeque<String>,
    several: bool,
    open: bool,
    status: i32,
}

impl<F: Filter> Lines<F> {
    /// Reads the files, or the input if there are none.
    pub(super) fn program(filter: F, mut names: Vec<String>) -> Box<dyn Program> {
        if names.is_empty() {
            names.push("-".to_owned());
        }
        Box::new(Lines {
            filter,
            several: names.len() > 1,
            names: names.into(),
            open: false,
            status: 0,
        })
    }

    fn finish(&mut self, cx: &mut Context<'_>) -> Progress {
        let code = self.filter.end(cx.out);
        Progress::Done(code.max(self.status))
    }

    fn read_file(&mut self, name: &str, cx: &mut Context<'_>) -> More {
        let text = match files::read(cx, name) {
            Ok(text) => text,
            Err(error) => {
                let (message, code) = self.filter.unreadable(name, error);
                cx.out.stderr(message);
                self.status = self.status.max(code);
                return More::Yes;
            }
        };
        self.filter.file(name, self.several, cx.out);
        let mut more = More::Yes;
        for piece in text.split_inclusive('\n') {
            let line = Line {
                text: piece.strip_suffix('\n').unwrap_or(piece),
                ended: piece.ends_with('\n'),
            };
            more = self.filter.line(line, cx.out);
            if more != More::Yes {
                break;
            }
        }
        self.filter.file_end(cx.out);
        more
    }

    /// Reads what has come; `None`: more may come.
    fn read_input(&mut self, cx: &mut Context<'_>) -> Option<More> {
        if !self.open {
            self.open = true;
            self.filter.file("-", self.several, cx.out);
        }
        let text = std::mem::take(&mut cx.stdin.text);
        let mut rest = text.as_str();
        let mut more = More::Yes;
        while !rest.is_empty() && more == More::Yes {
            let (line, after) = match rest.split_once('\n') {
                Some((line, after)) => (
                    Line {
                        text: line,
                        ended: true,
                    },
                    after,
                ),
                None if cx.stdin.open => break,
                None => (
                    Line {
                        text: rest,
                        ended: false,
                    },
                    "",
                ),
            };
            more = self.filter.line(line, cx.out);
            rest = after;
        }
        if more == More::Yes && cx.stdin.open {
            rest.clone_into(&mut cx.stdin.text);
            return None;
        }
        if more != More::Yes {
            // What it did not read is left for the next program of a script.
            rest.clone_into(&mut cx.stdin.text);
        }
        self.open = false;
        self.filter.file_end(cx.out);
        Some(more)
    }
}

impl<F: Filter> Program for Lines<F> {
    fn poll(&mut self, cx: &mut Context<'_>) -> Progress {
        if let Some(work) = self.filter.work() {
            work.follow(cx.work);
        }
        let progress = self.read(cx);
        if let Some(work) = self.filter.work() {
            cx.work.follow(work);
        }
        progress
    }

    fn clone_box(&self) -> Box<dyn Program> {
        Box::new(self.clone())
    }
}

impl<F: Filter> Lines<F> {
    fn read(&mut self, cx: &mut Context<'_>) -> Progress {
        while let Some(name) = self.names.front().cloned() {
            let more = if name == "-" {
                match self.read_input(cx) {
                    Some(more) => more,
                    None => {
                        return Progress::Wait(Wait {
                            input: true,
                            ..Wait::default()
                        });
                    }
                }
            } else {
                self.read_file(&name, cx)
            };
            self.names.pop_front();
            if more == More::No {
                break;
            }
        }
        self.finish(cx)
    }
}
