//! cut, tr, rev, nl: a line at a time.

use super::filter::{Filter, Line, Lines, More};
use super::options::{Accepts, Options};
use super::text::{Made, newline, usage};
use crate::shell::program::Output;

/// A program that turns every line into another.
#[derive(Clone)]
struct Each<T> {
    with: T,
    act: fn(&T, &str) -> Option<String>,
}

impl<T: Clone + 'static> Filter for Each<T> {
    const NAME: &'static str = "cut";
    fn line(&mut self, line: Line<'_>, out: &mut Output) -> More {
        if let Some(text) = (self.act)(&self.with, line.text) {
            out.stdout(format!("{text}\n"));
        }
        More::Yes
    }
    fn end(&mut self, _out: &mut Output) -> i32 {
        0
    }
}

pub(super) fn rev(argv: &[String]) -> Made {
    let filter = Each {
        with: (),
        act: |(), line| Some(line.chars().rev().collect()),
    };
    Ok(Lines::program(
        filter,
        argv.get(1..).unwrap_or_default().to_vec(),
    ))
}

#[derive(Clone)]
struct Cut {
    fields: bool,
    delimiter: char,
    output: String,
    only: bool,
    ranges: Vec<(usize, usize)>,
}

pub(super) fn cut(argv: &[String]) -> Made {
    let accepts = Accepts {
        flags: "s",
        values: "dfcb",
        long: &[
            ("delimiter", 'd'),
            ("fields", 'f'),
            ("characters", 'c'),
            ("output-delimiter", 'o'),
        ],
        number: false,
    };
    let accepts = Accepts {
        values: "dfcbo",
        ..accepts
    };
    let options = Options::read(argv, &accepts).map_err(usage(1))?;
    let list = options
        .value('f')
        .or(options.value('c'))
        .or(options.value('b'));
    let Some(list) = list else {
        let text = "cut: you must specify a list of bytes, characters, or fields\n";
        return Err((text.to_owned(), 1));
    };
    let mut ranges = Vec::new();
    for part in list.split(',') {
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        let place = |text: &str, default: usize| match text {
            "" => Some(default),
            text => text.parse().ok().filter(|n| *n > 0),
        };
        match (place(from, 1), place(to, usize::MAX)) {
            (Some(from), Some(to)) if part != "-" => ranges.push((from, to)),
            _ => return Err((format!("cut: invalid field value '{part}'\n"), 1)),
        }
    }
    let delimiter = options
        .value('d')
        .and_then(|d| d.chars().next())
        .unwrap_or('\t');
    let with = Cut {
        fields: options.has('f'),
        delimiter,
        output: options
            .value('o')
            .map_or_else(|| delimiter.to_string(), str::to_owned),
        only: options.has('s'),
        ranges,
    };
    Ok(Lines::program(
        Each {
            with,
            act: Cut::line,
        },
        options.operands,
    ))
}

impl Cut {
    fn line(&self, line: &str) -> Option<String> {
        let wanted = |n: usize| self.ranges.iter().any(|(from, to)| *from <= n && n <= *to);
        if !self.fields {
            let chars = line.chars().enumerate();
            return Some(
                chars
                    .filter(|(i, _)| wanted(i + 1))
                    .map(|(_, c)| c)
                    .collect(),
            );
        }
        if !line.contains(self.delimiter) {
            return (!self.only).then(|| line.to_owned());
        }
        let parts: Vec<&str> = line
            .split(self.delimiter)
            .enumerate()
            .filter(|(i, _)| wanted(i + 1))
            .map(|(_, part)| part)
            .collect();
        Some(parts.join(&self.output))
    }
}

#[derive(Clone)]
struct Number {
    at: usize,
}

impl Filter for Number {
    const NAME: &'static str = "nl";
    fn line(&mut self, line: Line<'_>, out: &mut Output) -> More {
        if line.text.is_empty() {
            out.stdout("       \n");
        } else {
            self.at += 1;
            out.stdout(format!("{:6}\t{}\n", self.at, line.text));
        }
        More::Yes
    }
    fn end(&mut self, _out: &mut Output) -> i32 {
        0
    }
}

pub(super) fn nl(argv: &[String]) -> Made {
    Ok(Lines::program(
        Number { at: 0 },
        argv.get(1..).unwrap_or_default().to_vec(),
    ))
}

#[derive(Clone)]
struct Tr {
    from: Vec<char>,
    to: Vec<char>,
    delete: bool,
    squeeze: bool,
    complement: bool,
    last: Option<char>,
}

impl Tr {
    fn within(&self, c: char) -> bool {
        self.from.contains(&c) != self.complement
    }

    fn push(&mut self, c: char, out: &mut String) {
        let mut mapped = c;
        let inside = self.within(c);
        if inside && self.delete {
            return;
        }
        if inside && !self.to.is_empty() {
            let place = if self.complement {
                usize::MAX
            } else {
                self.from
                    .iter()
                    .position(|from| *from == c)
                    .unwrap_or(usize::MAX)
            };
            mapped = *self.to.get(place).or(self.to.last()).unwrap_or(&c);
        }
        let squeezes = if self.to.is_empty() || self.delete {
            self.within(mapped)
        } else {
            self.to.contains(&mapped)
        };
        if self.squeeze && squeezes && self.last == Some(mapped) {
            return;
        }
        self.last = Some(mapped);
        out.push(mapped);
    }
}

impl Filter for Tr {
    const NAME: &'static str = "tr";
    fn line(&mut self, line: Line<'_>, out: &mut Output) -> More {
        let mut text = String::new();
        for c in newline(line.text, line.ended).chars() {
            self.push(c, &mut text);
        }
        out.stdout(text);
        More::Yes
    }
    fn end(&mut self, _out: &mut Output) -> i32 {
        0
    }
}

pub(super) fn tr(argv: &[String]) -> Made {
    let accepts = Accepts {
        flags: "dscC",
        values: "",
        long: &[
            ("delete", 'd'),
            ("squeeze-repeats", 's'),
            ("complement", 'c'),
        ],
        number: false,
    };
    let options = Options::read(argv, &accepts).map_err(usage(1))?;
    let mut sets = options.operands.iter().map(|set| characters(set));
    let Some(from) = sets.next() else {
        return Err(("tr: missing operand\n".to_owned(), 1));
    };
    let to = sets.next().unwrap_or_default();
    if to.is_empty() && !options.has('d') && !options.has('s') {
        let set = options.operands.first().map_or("", String::as_str);
        return Err((format!("tr: missing operand after '{set}'\n"), 1));
    }
    let filter = Tr {
        from,
        to,
        delete: options.has('d'),
        squeeze: options.has('s'),
        complement: options.has('c') || options.has('C'),
        last: None,
    };
    Ok(Lines::program(filter, Vec::new()))
}

/// `a-z`, `[:upper:]`, `\n`
fn characters(set: &str) -> Vec<char> {
    let set = crate::shell::escapes::ansi(set);
    let mut all = Vec::new();
    let mut rest = set.as_str();
    while let Some(c) = rest.chars().next() {
        if let Some((name, after)) = rest.strip_prefix("[:").and_then(|r| r.split_once(":]"))
            && let Some(ranges) = crate::shell::regex::class_ranges(name)
        {
            for (low, high) in ranges {
                all.extend(low..=high);
            }
            rest = after;
            continue;
        }
        rest = &rest[c.len_utf8()..];
        let mut ahead = rest.chars();
        if ahead.next() == Some('-')
            && let Some(high) = ahead.next()
            && u32::from(high).saturating_sub(u32::from(c)) < 4096
        {
            all.extend(c..=high);
            rest = ahead.as_str();
        } else {
            all.push(c);
        }
    }
    all
}
