//! grep.

use super::filter::{Filter, Line, Lines, More};
use super::options::{Accepts, Options};
use super::text::Made;
use crate::shell::files::{FileError, is_directory, list};
use crate::shell::program::{Context, Output, Program, Progress};
use crate::shell::regex::{Match, Regex};
use crate::shell::work::Work;

#[derive(Clone)]
struct Grep {
    patterns: Vec<Regex>,
    invert: bool,
    number: bool,
    count: bool,
    only: bool,
    quiet: bool,
    names_only: bool,
    word: bool,
    whole: bool,
    with_name: Option<bool>,
    before: usize,
    after: usize,
    most: usize,
    // What follows is the state.
    work: Work,
    name: String,
    prefixed: bool,
    line_number: usize,
    hits: usize,
    found: bool,
    kept: Vec<(usize, String)>,
    trailing: usize,
    printed: Option<usize>,
}

impl Grep {
    fn matches(&self, text: &str) -> bool {
        self.patterns
            .iter()
            .any(|pattern| self.first(pattern, text, 0).is_some())
    }

    fn first(&self, pattern: &Regex, text: &str, mut from: usize) -> Option<Match> {
        loop {
            let found = pattern.find(text, from, &self.work)?;
            let fits = if self.whole {
                found.start == 0 && found.end == text.len()
            } else {
                !self.word || is_word(text, &found)
            };
            if fits {
                return Some(found);
            }
            let step = text.get(found.start..)?.chars().next()?;
            from = found.start + step.len_utf8();
        }
    }

    fn print(&mut self, number: usize, mark: char, text: &str, out: &mut Output) {
        let gap =
            self.before + self.after > 0 && self.printed.is_some_and(|last| number > last + 1);
        if gap {
            out.stdout("--\n");
        }
        self.printed = Some(number);
        let mut line = self.prefix(mark);
        if self.number {
            line.push_str(&format!("{number}{mark}"));
        }
        out.stdout(format!("{line}{text}\n"));
    }

    fn prefix(&self, mark: char) -> String {
        if self.prefixed {
            format!("{}{mark}", self.name)
        } else {
            String::new()
        }
    }

    fn print_parts(&mut self, text: &str, out: &mut Output) {
        let mut from = 0;
        while from <= text.len() {
            let next = self
                .patterns
                .iter()
                .filter_map(|pattern| self.first(pattern, text, from))
                .min_by_key(|found| (found.start, std::cmp::Reverse(found.end)));
            let Some(found) = next else { break };
            if found.end > found.start {
                let part = text
                    .get(found.start..found.end)
                    .unwrap_or_default()
                    .to_owned();
                self.printed = None;
                self.print(self.line_number, ':', &part, out);
                from = found.end;
            } else {
                let step = text.get(from..).and_then(|t| t.chars().next());
                from += step.map_or(1, char::len_utf8);
            }
        }
    }
}

fn is_word(text: &str, found: &Match) -> bool {
    let is_word = |c: char| c == '_' || c.is_alphanumeric();
    let before = text.get(..found.start).and_then(|t| t.chars().next_back());
    let after = text.get(found.end..).and_then(|t| t.chars().next());
    !before.is_some_and(is_word) && !after.is_some_and(is_word)
}

impl Filter for Grep {
    const NAME: &'static str = "grep";

    fn file(&mut self, name: &str, several: bool, _out: &mut Output) {
        self.name = if name == "-" {
            "(standard input)".to_owned()
        } else {
            name.to_owned()
        };
        self.prefixed = self.with_name.unwrap_or(several);
        self.line_number = 0;
        self.hits = 0;
        self.kept.clear();
        self.trailing = 0;
    }

    fn line(&mut self, line: Line<'_>, out: &mut Output) -> More {
        self.line_number += 1;
        if self.hits >= self.most {
            return More::NextFile;
        }
        if self.matches(line.text) == self.invert {
            if self.trailing > 0 {
                self.trailing -= 1;
                self.print(self.line_number, '-', line.text, out);
            } else if self.before > 0 {
                self.kept.push((self.line_number, line.text.to_owned()));
                if self.kept.len() > self.before {
                    self.kept.remove(0);
                }
            }
            return More::Yes;
        }
        self.hits += 1;
        self.found = true;
        if self.quiet {
            return More::No;
        }
        if self.names_only {
            out.stdout(format!("{}\n", self.name));
            return More::NextFile;
        }
        if self.count {
            return More::Yes;
        }
        if self.only {
            if !self.invert {
                self.print_parts(line.text, out);
            }
            return More::Yes;
        }
        for (number, text) in std::mem::take(&mut self.kept) {
            self.print(number, '-', &text, out);
        }
        self.print(self.line_number, ':', line.text, out);
        self.trailing = self.after;
        if self.hits >= self.most && self.after == 0 {
            More::NextFile
        } else {
            More::Yes
        }
    }

    fn file_end(&mut self, out: &mut Output) {
        if self.count && !self.quiet && !self.names_only {
            out.stdout(format!("{}{}\n", self.prefix(':'), self.hits));
        }
        self.printed = self.printed.map(|_| 0);
    }

    fn end(&mut self, out: &mut Output) -> i32 {
        if self.work.spent() {
            out.stderr("grep: the pattern takes too many steps\n");
            return 2;
        }
        if self.found && self.quiet {
            return 0;
        }
        i32::from(!self.found)
    }

    fn work(&self) -> Option<&Work> {
        Some(&self.work)
    }

    fn unreadable(&self, name: &str, error: FileError) -> (String, i32) {
        (format!("grep: {name}: {error}\n"), 2)
    }
}

pub(super) fn grep(argv: &[String]) -> Made {
    let accepts = Accepts {
        flags: "vincoEFGqlwxhHrRsPa",
        values: "eABCmf",
        long: &[
            ("invert-match", 'v'),
            ("ignore-case", 'i'),
            ("line-number", 'n'),
            ("count", 'c'),
            ("only-matching", 'o'),
            ("extended-regexp", 'E'),
            ("fixed-strings", 'F'),
            ("quiet", 'q'),
            ("silent", 'q'),
            ("files-with-matches", 'l'),
            ("word-regexp", 'w'),
            ("line-regexp", 'x'),
            ("no-filename", 'h'),
            ("with-filename", 'H'),
            ("recursive", 'r'),
            ("regexp", 'e'),
            ("after-context", 'A'),
            ("before-context", 'B'),
            ("context", 'C'),
            ("max-count", 'm'),
            ("color", 'a'),
        ],
        number: false,
    };
    let mut options = Options::read(argv, &accepts).map_err(|text| (text, 2))?;
    let mut texts = options.values('e').to_vec();
    if texts.is_empty() {
        if options.operands.is_empty() {
            let text = "Usage: grep [OPTION]... PATTERNS [FILE]...\n";
            return Err((text.to_owned(), 2));
        }
        texts.push(options.operands.remove(0));
    }
    let extended =
        options.has('E') || options.has('P') || argv.first().is_some_and(|name| name == "egrep");
    let fixed = options.has('F') || argv.first().is_some_and(|name| name == "fgrep");
    let mut patterns = Vec::new();
    for text in texts.iter().flat_map(|text| text.split('\n')) {
        let pattern = match (fixed, extended) {
            (true, _) => Ok(Regex::fixed(text, options.has('i'))),
            (_, true) => Regex::extended(text, options.has('i')),
            _ => Regex::basic(text, options.has('i')),
        };
        patterns.push(pattern.map_err(|error| (format!("grep: {error}\n"), 2))?);
    }
    let number = |letter: char| -> Result<Option<usize>, (String, i32)> {
        let Some(text) = options.value(letter) else {
            return Ok(None);
        };
        let problem = if letter == 'm' {
            "invalid max count"
        } else {
            "invalid context length argument"
        };
        text.parse()
            .map(Some)
            .map_err(|_| (format!("grep: {text}: {problem}\n"), 2))
    };
    let context = number('C')?.unwrap_or(0);
    let recursive = options.has('r') || options.has('R');
    let with_name = match (options.has('h'), options.has('H') || recursive) {
        (true, _) => Some(false),
        (_, true) => Some(true),
        _ => None,
    };
    let filter = Grep {
        patterns,
        invert: options.has('v'),
        number: options.has('n'),
        count: options.has('c'),
        only: options.has('o'),
        quiet: options.has('q'),
        names_only: options.has('l'),
        word: options.has('w'),
        whole: options.has('x'),
        with_name,
        before: number('B')?.unwrap_or(context),
        after: number('A')?.unwrap_or(context),
        most: number('m')?.unwrap_or(usize::MAX),
        work: Work::default(),
        name: String::new(),
        prefixed: false,
        line_number: 0,
        hits: 0,
        found: false,
        kept: Vec::new(),
        trailing: 0,
        printed: None,
    };
    if recursive {
        return Ok(Box::new(Recursive {
            filter,
            names: options.operands,
        }));
    }
    Ok(Lines::program(filter, options.operands))
}

/// `grep -r`: finds the files first.
#[derive(Clone)]
struct Recursive {
    filter: Grep,
    names: Vec<String>,
}

impl Program for Recursive {
    fn poll(&mut self, cx: &mut Context<'_>) -> Progress {
        let mut files = Vec::new();
        if self.names.is_empty() {
            self.names.push(String::new());
        }
        for name in &self.names {
            walk(cx, name, &mut files, 0);
        }
        if files.is_empty() {
            return Progress::Done(1);
        }
        Lines::program(self.filter.clone(), files).poll(cx)
    }

    fn clone_box(&self) -> Box<dyn Program> {
        Box::new(self.clone())
    }
}

fn walk(cx: &Context<'_>, name: &str, files: &mut Vec<String>, depth: usize) {
    let folder = if name.is_empty() { "." } else { name };
    if !is_directory(cx, folder) || depth > 20 {
        files.push(name.to_owned());
        return;
    }
    let prefix = if name.is_empty() {
        String::new()
    } else {
        format!("{}/", name.trim_end_matches('/'))
    };
    for entry in list(cx, folder).unwrap_or_default() {
        walk(cx, &format!("{prefix}{}", entry.name), files, depth + 1);
    }
}
