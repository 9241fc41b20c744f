//! Held to recordings of the real Kubernetes: reads them, runs them here, counts what agrees.
//!
//! Not part of the page: the tools binary and the tests use it. A new kind of recording is a file of
//! its own and one more entry in [`KINDS`].

mod cli;
mod corpus;
pub mod doctest;
mod floor;
mod known;
mod memory;
mod normalise;
mod pattern;
mod reconcile;
mod revisions;
mod symbols;
mod traces;
mod transcripts;

pub use cli::run;
pub use corpus::type_lines;

use crate::api::Value;
use std::path::Path;

/// A kind of recording.
pub struct RecordingKind {
    /// Its name on the command line.
    pub name: &'static str,
    /// Whether a file of this name is one.
    pub is: fn(file: &str) -> bool,
    /// Runs a file.
    ///
    /// # Errors
    /// The file, or one beside it that it needs, cannot be read.
    pub run: fn(file: &Path) -> Result<Report, String>,
}

/// Every kind of recording.
pub const KINDS: &[RecordingKind] = &[
    RecordingKind {
        name: "reconcile",
        is: |file| file.starts_with("reconcile") && file.ends_with(".jsonl"),
        run: reconcile::run,
    },
    RecordingKind {
        name: "traces",
        is: |file| file == "traces.jsonl",
        run: traces::run,
    },
    RecordingKind {
        name: "revisions",
        is: |file| file == "revisions.jsonl" || file == "objects.jsonl",
        run: revisions::run,
    },
    RecordingKind {
        name: "transcripts",
        is: |file| file == "transcript.jsonl",
        run: transcripts::run,
    },
    RecordingKind {
        name: "corpus",
        is: corpus::is,
        run: corpus::run,
    },
];

/// What came of a file of recordings.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// How many checks agreed.
    pub passed: usize,
    /// How many did not.
    pub failed: usize,
    /// What was different, in order.
    pub differences: Vec<Difference>,
    /// For each check that failed, the place of its first difference.
    pub failing: Vec<String>,
}

/// One difference between a recording and what happened here.
#[derive(Clone, Debug)]
pub struct Difference {
    /// Which check, and where in it.
    pub place: String,
    /// What is recorded.
    pub expected: String,
    /// What happened.
    pub got: String,
}

impl Report {
    /// Counts one check by its differences.
    pub fn check(&mut self, differences: Vec<Difference>) {
        if differences.is_empty() {
            self.passed += 1;
        } else {
            self.failed += 1;
            let place = differences.first().map(|first| first.place.clone());
            self.failing.extend(place);
            self.differences.extend(differences);
        }
    }

    /// Says why later checks may fail; counts nothing.
    pub fn note(&mut self, place: &str, why: &str) {
        self.differences.push(Difference {
            place: place.to_owned(),
            expected: "a step that can be played".to_owned(),
            got: why.to_owned(),
        });
    }

    /// Counts one check that could not be run.
    pub fn broken(&mut self, place: &str, why: &str) {
        self.check(vec![Difference {
            place: place.to_owned(),
            expected: "a recording that can be run".to_owned(),
            got: why.to_owned(),
        }]);
    }
}

/// Compares two trees part by part, so that a difference names its place.
fn compare(place: &str, expected: &Value, got: &Value, differences: &mut Vec<Difference>) {
    match (expected, got) {
        (Value::Map(a), Value::Map(b)) => {
            let mut keys: Vec<&str> = a.keys().chain(b.keys()).map(|key| key.as_str()).collect();
            keys.sort_unstable();
            keys.dedup();
            for key in keys {
                let absent = Value::Str("(absent)".into());
                let (a, b) = (a.get(key), b.get(key));
                let place = format!("{place}.{key}");
                compare(
                    &place,
                    a.unwrap_or(&absent),
                    b.unwrap_or(&absent),
                    differences,
                );
            }
        }
        _ if expected == got => {}
        _ => differences.push(Difference {
            place: place.to_owned(),
            expected: expected.to_go_json(),
            got: got.to_go_json(),
        }),
    }
}

/// The first line in which two texts differ, with its number.
fn first_difference(expected: &str, got: &str) -> Option<(String, String)> {
    if expected == got {
        return None;
    }
    let (mut a, mut b) = (expected.split('\n'), got.split('\n'));
    let mut number = 0;
    loop {
        number += 1;
        match (a.next(), b.next()) {
            (None, None) => return Some((expected.to_owned(), got.to_owned())),
            (x, y) if x == y => {}
            (x, y) => {
                let show = |line: Option<&str>| match line {
                    Some(line) => format!("line {number}: {line}"),
                    None => format!("line {number}: (end)"),
                };
                return Some((show(x), show(y)));
            }
        }
    }
}

/// The lines of a file with their place in it.
fn lines(file: &Path) -> Result<Vec<Value>, String> {
    let text = read(file)?;
    let lines = text.lines().enumerate();
    lines
        .map(|(at, line)| {
            Value::from_json(line).map_err(|e| format!("{}:{}: {e}", file.display(), at + 1))
        })
        .collect()
}

/// The text of a file.
fn read(file: &Path) -> Result<String, String> {
    std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))
}

/// A file beside another one, or, if it is not there, the one of this repository.
fn beside(file: &Path, name: &str) -> Result<String, String> {
    let near = file.with_file_name(name);
    if near.is_file() {
        return read(&near);
    }
    read(&cli::repository().join("conformance/controller").join(name))
}
