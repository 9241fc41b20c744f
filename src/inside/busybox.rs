//! busybox's words: its programs and its shell say what is wrong in other words than GNU's and dash.
//! Recorded in `tests/inside/busybox.txt`.

use crate::api::Str;
use crate::shell::{Context, Output, Program, Progress, Stream, is_busybox, with};

/// What the tools here say, and what busybox says instead; `{}` is anything. The first that fits counts.
const WORDS: &[(&str, &str)] = &[
    ("cat: {}: Is a directory", "cat: read error: Is a directory"),
    ("cat: {}: {}", "cat: can't open '{}': {}"),
    ("ls: cannot access '{}': {}", "ls: {}: {}"),
    (
        "rm: cannot remove '{}': Is a directory",
        "rm: '{}' is a directory",
    ),
    ("rm: cannot remove '{}': {}", "rm: can't remove '{}': {}"),
    ("rmdir: failed to remove '{}': {}", "rmdir: '{}': {}"),
    (
        "mkdir: cannot create directory '{}': {}",
        "mkdir: can't create directory '{}': {}",
    ),
    ("mv: cannot stat '{}': {}", "mv: can't rename '{}': {}"),
    ("cp: cannot stat '{}': {}", "cp: can't stat '{}': {}"),
    (
        "cp: -r not specified; omitting directory '{}'",
        "cp: omitting directory '{}'",
    ),
    ("chmod: cannot access '{}': {}", "chmod: {}: {}"),
    ("chmod: invalid mode: '{}'", "chmod: invalid mode '{}'"),
    (
        "sleep: invalid time interval '{}'",
        "sleep: invalid number '{}'",
    ),
    ("head: cannot open '{}' for reading: {}", "head: {}: {}"),
    (
        "tail: cannot open '{}' for reading: {}",
        "tail: can't open '{}': {}\ntail: no files",
    ),
    ("sort: cannot read: {}", "sort: {}"),
    ("sed: can't read {}", "sed: {}"),
    ("touch: cannot touch '{}': {}", "touch: {}: {}"),
    ("uniq: {}: {}", "uniq: can't open '{}': {}"),
    ("awk: cannot open \"{}\" ({})", "awk: {}: {}"),
    ("sh: 1: cannot create {}: {}", "sh: can't create {}: {}"),
    (
        "sh: 1: cannot open {}: No such file",
        "sh: can't open {}: no such file",
    ),
    ("sh: 1: exec: {}", "sh: exec: line 0: {}"),
    (
        "sh: 1: cd: can't cd to {}",
        "sh: cd: line 0: can't cd to {}: No such file or directory",
    ),
    ("sh: 1: [: Illegal number: {}", "sh: {}: bad number"),
    (
        "sh: 1: Syntax error: {} unexpected (expecting {})",
        "sh: syntax error: unexpected {} (expecting {})",
    ),
    (
        "sh: 1: Syntax error: {} unexpected",
        "sh: syntax error: unexpected {}",
    ),
    (
        "sh: 1: Syntax error: Unterminated {}",
        "sh: syntax error: unterminated {}",
    ),
    (
        "sh: 1: Syntax error: Missing {}",
        "sh: syntax error: missing {}",
    ),
    ("sh: 1: Syntax error: Bad {}", "sh: syntax error: bad {}"),
    ("sh: 1: Syntax error: {}", "sh: syntax error: {}"),
    (
        "sh: 1: Bad substitution",
        "sh: syntax error: bad substitution",
    ),
    ("sh: 1: {}", "sh: {}"),
];

/// What busybox leaves out.
const NOT_SAID: &str = "Try '";

/// The same program; in a container of busybox's image, in its words.
pub(super) fn in_its_words(name: &str, program: Box<dyn Program>) -> Box<dyn Program> {
    Box::new(Worded {
        name: if name == "bash" { "sh" } else { name }.into(),
        program,
    })
}

#[derive(Clone)]
struct Worded {
    name: Str,
    program: Box<dyn Program>,
}

impl Worded {
    fn run(
        &mut self,
        cx: &mut Context<'_>,
        act: impl FnOnce(&mut dyn Program, &mut Context<'_>) -> Progress,
    ) -> Progress {
        let program = self.program.as_mut();
        if !is_busybox(cx.world, &cx.host) {
            return act(program, cx);
        }
        let mut printed = Output::to(cx.out.terminal);
        let progress = with(cx, None, None, Some(&mut printed), |cx| act(program, cx));
        for (stream, text) in printed.take() {
            let worded: String = match stream {
                Stream::Stderr => {
                    let lines = text.split_inclusive('\n');
                    lines.map(|line| reword(&self.name, line)).collect()
                }
                Stream::Stdout if self.name == "wc" => {
                    text.split_inclusive('\n').map(columns).collect()
                }
                Stream::Stdout => text,
            };
            cx.out.push(stream, &worded);
        }
        match progress {
            // What is missing costs these 1, not 2.
            Progress::Done(2) if matches!(self.name.as_str(), "awk" | "ls") => Progress::Done(1),
            progress => progress,
        }
    }
}

impl Program for Worded {
    fn poll(&mut self, cx: &mut Context<'_>) -> Progress {
        self.run(cx, |program, cx| program.poll(cx))
    }

    fn interrupt(&mut self, cx: &mut Context<'_>) -> Progress {
        self.run(cx, |program, cx| program.interrupt(cx))
    }

    fn clone_box(&self) -> Box<dyn Program> {
        Box::new(self.clone())
    }
}

/// A line that a program said, in busybox's words; what others said, that it ran, is in theirs already.
fn reword(name: &str, line: &str) -> String {
    let (said, end) = match line.strip_suffix('\n') {
        Some(said) => (said, "\n"),
        None => (line, ""),
    };
    if said.starts_with(NOT_SAID) {
        return String::new();
    }
    if !said.starts_with(name) {
        return line.to_owned();
    }
    for (from, to) in WORDS {
        let Some(holes) = holes(said, from) else {
            continue;
        };
        let mut holes = holes.into_iter();
        let mut worded = String::new();
        for (i, part) in to.split("{}").enumerate() {
            if i > 0 {
                worded.push_str(holes.next().unwrap_or_default());
            }
            worded.push_str(part);
        }
        return worded + end;
    }
    line.to_owned()
}

/// What stands for each `{}` of a pattern, if the text is of its form.
fn holes<'a>(text: &'a str, pattern: &str) -> Option<Vec<&'a str>> {
    let mut parts = pattern.split("{}");
    let mut rest = text.strip_prefix(parts.next()?)?;
    let mut holes = Vec::new();
    let mut parts = parts.peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            holes.push(rest.strip_suffix(part)?);
            return Some(holes);
        }
        let (hole, after) = rest.split_once(part)?;
        holes.push(hole);
        rest = after;
    }
    rest.is_empty().then_some(holes)
}

/// Several counts in columns; a single one stays as it is.
fn columns(line: &str) -> String {
    let words: Vec<&str> = line.split_whitespace().collect();
    let is_count = |word: &&&str| word.bytes().all(|byte| byte.is_ascii_digit());
    let counts = words.iter().take_while(is_count).count();
    if counts < 2 {
        return line.to_owned();
    }
    let padded = words.iter().enumerate().map(|(i, word)| match i < counts {
        true => format!("{word:>9}"),
        false => (*word).to_owned(),
    });
    let padded: Vec<String> = padded.collect();
    padded.join(" ") + "\n"
}
