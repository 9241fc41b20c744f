//! cat, head, tail, wc, uniq.

use super::filter::{Filter, Line, Lines, More};
use super::options::{Accepts, Options};
use crate::shell::program::{Output, Program};

/// A program or its complaint with an exit code.
pub(super) type Made = Result<Box<dyn Program>, (String, i32)>;

pub(super) fn usage(code: i32) -> impl Fn(String) -> (String, i32) {
    move |complaint| (complaint, code)
}

pub(super) fn newline(text: &str, ended: bool) -> String {
    if ended {
        format!("{text}\n")
    } else {
        text.to_owned()
    }
}

#[derive(Clone)]
struct Cat {
    number: bool,
    nonblank: bool,
    at: usize,
    ends: bool,
}

impl Filter for Cat {
    const NAME: &'static str = "cat";
    fn line(&mut self, line: Line<'_>, out: &mut Output) -> More {
        let end = match (self.ends && line.ended, line.ended) {
            (true, _) => "$\n",
            (_, true) => "\n",
            _ => "",
        };
        if self.number || (self.nonblank && !line.text.is_empty()) {
            self.at += 1;
            out.stdout(format!("{:6}\t{}{end}", self.at, line.text));
        } else {
            out.stdout(format!("{}{end}", line.text));
        }
        More::Yes
    }
    fn end(&mut self, _out: &mut Output) -> i32 {
        0
    }
}

pub(super) fn cat(argv: &[String]) -> Made {
    let accepts = Accepts {
        flags: "nbeEAuvT",
        values: "",
        long: &[("number", 'n')],
        number: false,
    };
    let options = Options::read(argv, &accepts).map_err(usage(1))?;
    let filter = Cat {
        number: options.has('n') && !options.has('b'),
        nonblank: options.has('b'),
        at: 0,
        ends: options.has('e') || options.has('E') || options.has('A'),
    };
    Ok(Lines::program(filter, options.operands))
}

fn banner(first: &mut bool, name: &str, out: &mut Output) {
    let name = if name == "-" { "standard input" } else { name };
    let gap = if std::mem::take(first) { "" } else { "\n" };
    out.stdout(format!("{gap}==> {name} <==\n"));
}

#[derive(Clone)]
struct Head {
    count: i64,
    bytes: bool,
    seen: i64,
    kept: Vec<String>,
    first: bool,
    banner: Option<bool>,
}

impl Filter for Head {
    const NAME: &'static str = "head";
    fn file(&mut self, name: &str, several: bool, out: &mut Output) {
        self.seen = 0;
        self.kept.clear();
        if self.banner.unwrap_or(several) {
            banner(&mut self.first, name, out);
        }
    }
    fn line(&mut self, line: Line<'_>, out: &mut Output) -> More {
        if self.bytes {
            let text = newline(line.text, line.ended);
            let left = usize::try_from(self.count - self.seen).unwrap_or(0);
            let end = text.floor_char_boundary(left.min(text.len()));
            self.seen += i64::try_from(end).unwrap_or(0);
            out.stdout(&text[..end]);
            return if end < text.len() {
                More::NextFile
            } else {
                More::Yes
            };
        }
        if self.count < 0 {
            self.kept.push(newline(line.text, line.ended));
            if self.kept.len() as i64 > -self.count {
                out.stdout(self.kept.remove(0));
            }
            return More::Yes;
        }
        if self.seen < self.count {
            out.stdout(newline(line.text, line.ended));
            self.seen += 1;
        }
        if self.seen >= self.count {
            More::NextFile
        } else {
            More::Yes
        }
    }
    fn end(&mut self, _out: &mut Output) -> i32 {
        0
    }
    fn unreadable(&self, name: &str, error: crate::shell::files::FileError) -> (String, i32) {
        (cannot_open("head", name, error), 1)
    }
}

fn cannot_open(tool: &str, name: &str, error: crate::shell::files::FileError) -> String {
    match error {
        crate::shell::files::FileError::IsDirectory => {
            format!("{tool}: error reading '{name}': {error}\n")
        }
        _ => format!("{tool}: cannot open '{name}' for reading: {error}\n"),
    }
}

/// `-n 5`, `-n +5`, `-n -5`: the sign and the number.
fn count_of(options: &Options, tool: &str) -> Result<(char, i64), (String, i32)> {
    let text = options.value('c').or(options.value('n')).unwrap_or("10");
    let what = if options.has('c') { "bytes" } else { "lines" };
    let sign = text.chars().next().filter(|c| "+-".contains(*c));
    let digits = text.trim_start_matches(['+', '-']);
    match digits.parse::<i64>() {
        Ok(count) => Ok((sign.unwrap_or(' '), count)),
        Err(_) => Err((format!("{tool}: invalid number of {what}: '{text}'\n"), 1)),
    }
}

pub(super) fn head(argv: &[String]) -> Made {
    let accepts = Accepts {
        flags: "qv",
        values: "nc",
        long: &[("lines", 'n'), ("bytes", 'c'), ("quiet", 'q')],
        number: true,
    };
    let options = Options::read(argv, &accepts).map_err(usage(1))?;
    let (sign, count) = count_of(&options, "head")?;
    if count == 0 && sign != '-' {
        return Ok(super::done("", 0));
    }
    let filter = Head {
        count: if sign == '-' { -count } else { count },
        bytes: options.has('c'),
        seen: 0,
        kept: Vec::new(),
        first: true,
        banner: if options.has('q') {
            Some(false)
        } else {
            options.has('v').then_some(true)
        },
    };
    Ok(Lines::program(filter, options.operands))
}

#[derive(Clone)]
struct Tail {
    from_start: bool,
    count: usize,
    bytes: bool,
    seen: usize,
    kept: std::collections::VecDeque<String>,
    first: bool,
    quiet: bool,
}

impl Filter for Tail {
    const NAME: &'static str = "tail";
    fn file(&mut self, name: &str, several: bool, out: &mut Output) {
        self.seen = 0;
        if several && !self.quiet {
            banner(&mut self.first, name, out);
        }
    }
    fn line(&mut self, line: Line<'_>, out: &mut Output) -> More {
        self.seen += 1;
        let text = newline(line.text, line.ended);
        if self.from_start && !self.bytes {
            if self.seen >= self.count {
                out.stdout(text);
            }
            return More::Yes;
        }
        self.kept.push_back(text);
        if !self.bytes && self.kept.len() > self.count {
            self.kept.pop_front();
        }
        More::Yes
    }
    fn file_end(&mut self, out: &mut Output) {
        let mut text: String = self.kept.drain(..).collect();
        if self.bytes {
            let start = if self.from_start {
                self.count.saturating_sub(1)
            } else {
                text.len().saturating_sub(self.count)
            };
            let start = text.ceil_char_boundary(start.min(text.len()));
            text.drain(..start);
        }
        out.stdout(text);
    }
    fn end(&mut self, _out: &mut Output) -> i32 {
        0
    }
    fn unreadable(&self, name: &str, error: crate::shell::files::FileError) -> (String, i32) {
        (cannot_open("tail", name, error), 1)
    }
}

pub(super) fn tail(argv: &[String]) -> Made {
    let accepts = Accepts {
        flags: "qfF",
        values: "nc",
        long: &[
            ("lines", 'n'),
            ("bytes", 'c'),
            ("quiet", 'q'),
            ("follow", 'f'),
        ],
        number: true,
    };
    let options = Options::read(argv, &accepts).map_err(|complaint| (complaint, 1))?;
    let (sign, count) = count_of(&options, "tail")?;
    let filter = Tail {
        from_start: sign == '+',
        count: usize::try_from(count).unwrap_or(0),
        bytes: options.has('c'),
        seen: 0,
        kept: std::collections::VecDeque::new(),
        first: true,
        quiet: options.has('q'),
    };
    let names = options.operands.clone();
    let shown = Lines::program(filter, options.operands.clone());
    // What comes through a pipe is read to its end anyway.
    if !(options.has('f') || options.has('F')) || names.is_empty() {
        return Ok(shown);
    }
    Ok(Box::new(super::follow::Follow::new(
        shown,
        names,
        options.has('q'),
    )))
}

#[derive(Clone, Default)]
struct Count {
    which: String,
    name: String,
    here: [usize; 4],
    total: [usize; 4],
    rows: Vec<([usize; 4], String)>,
    several: bool,
}

impl Filter for Count {
    const NAME: &'static str = "wc";
    fn file(&mut self, name: &str, several: bool, _out: &mut Output) {
        self.name = name.to_owned();
        self.several = several;
        self.here = [0; 4];
    }
    fn line(&mut self, line: Line<'_>, _out: &mut Output) -> More {
        let end = usize::from(line.ended);
        self.here[0] += end;
        self.here[1] += line.text.split_whitespace().count();
        self.here[2] += line.text.chars().count() + end;
        self.here[3] += line.text.len() + end;
        More::Yes
    }
    fn file_end(&mut self, _out: &mut Output) {
        for (total, here) in self.total.iter_mut().zip(self.here) {
            *total += here;
        }
        self.rows.push((self.here, self.name.clone()));
    }
    fn end(&mut self, out: &mut Output) -> i32 {
        if self.several {
            self.rows.push((self.total, "total".to_owned()));
        }
        let numbers = |counts: &[usize; 4]| -> Vec<usize> {
            let shown = "lwmc".chars().zip(counts);
            shown
                .filter(|(letter, _)| self.which.contains(*letter))
                .map(|(_, count)| *count)
                .collect()
        };
        let only = self.rows.len() == 1 && self.which.chars().count() == 1;
        let piped = self.rows.iter().any(|(_, name)| name == "-");
        let width = match (only, piped) {
            (true, _) => 1,
            (_, true) => 7,
            _ => self.total[3].to_string().len(),
        };
        for (counts, name) in &self.rows {
            let columns: Vec<String> = numbers(counts)
                .iter()
                .map(|count| format!("{count:>width$}"))
                .collect();
            let name = if name == "-" && !self.several {
                String::new()
            } else {
                format!(" {name}")
            };
            out.stdout(format!("{}{name}\n", columns.join(" ")));
        }
        0
    }
}

pub(super) fn wc(argv: &[String]) -> Made {
    let accepts = Accepts {
        flags: "lwcm",
        values: "",
        long: &[
            ("lines", 'l'),
            ("words", 'w'),
            ("bytes", 'c'),
            ("chars", 'm'),
        ],
        number: false,
    };
    let options = Options::read(argv, &accepts).map_err(usage(1))?;
    let mut which: String = "lwmc".chars().filter(|c| options.has(*c)).collect();
    if which.is_empty() {
        which = "lwc".to_owned();
    }
    let filter = Count {
        which,
        ..Count::default()
    };
    Ok(Lines::program(filter, options.operands))
}

#[derive(Clone, Default)]
struct Uniq {
    count: bool,
    repeated: bool,
    unique: bool,
    ignore_case: bool,
    last: Option<(String, usize)>,
}

impl Uniq {
    fn flush(&mut self, out: &mut Output) {
        let Some((text, times)) = self.last.take() else {
            return;
        };
        if (self.repeated && times < 2) || (self.unique && times > 1) {
            return;
        }
        if self.count {
            out.stdout(format!("{times:7} {text}\n"));
        } else {
            out.stdout(format!("{text}\n"));
        }
    }
}

impl Filter for Uniq {
    const NAME: &'static str = "uniq";
    fn line(&mut self, line: Line<'_>, out: &mut Output) -> More {
        let same = self.last.as_ref().is_some_and(|(text, _)| {
            if self.ignore_case {
                text.eq_ignore_ascii_case(line.text)
            } else {
                text == line.text
            }
        });
        if same {
            if let Some((_, times)) = &mut self.last {
                *times += 1;
            }
        } else {
            self.flush(out);
            self.last = Some((line.text.to_owned(), 1));
        }
        More::Yes
    }
    fn end(&mut self, out: &mut Output) -> i32 {
        self.flush(out);
        0
    }
}

pub(super) fn uniq(argv: &[String]) -> Made {
    let accepts = Accepts {
        flags: "cdui",
        values: "",
        long: &[("count", 'c'), ("repeated", 'd'), ("unique", 'u')],
        number: false,
    };
    let options = Options::read(argv, &accepts).map_err(usage(1))?;
    let filter = Uniq {
        count: options.has('c'),
        repeated: options.has('d'),
        unique: options.has('u'),
        ignore_case: options.has('i'),
        last: None,
    };
    Ok(Lines::program(filter, options.operands))
}
