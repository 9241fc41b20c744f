//! sort and tac: they need all their lines.

use super::filter::{Filter, Line, Lines, More};
use super::options::{Accepts, Options};
use super::text::{Made, usage};
use crate::api::Arrange as _;
use crate::shell::program::{Output, Program};

/// A program that needs all its lines: a plain function from lines to lines.
#[derive(Clone)]
pub(super) struct Whole<T> {
    name: &'static str,
    lines: Vec<String>,
    with: T,
    act: fn(&T, Vec<String>) -> Vec<String>,
}

impl<T: Clone + 'static> Filter for Whole<T> {
    const NAME: &'static str = "";
    fn line(&mut self, line: Line<'_>, _out: &mut Output) -> More {
        self.lines.push(line.text.to_owned());
        More::Yes
    }
    fn end(&mut self, out: &mut Output) -> i32 {
        let lines = (self.act)(&self.with, std::mem::take(&mut self.lines));
        let mut text = lines.join("\n");
        if !lines.is_empty() {
            text.push('\n');
        }
        out.stdout(text);
        0
    }
    fn unreadable(&self, name: &str, error: crate::shell::files::FileError) -> (String, i32) {
        let text = match self.name {
            "sort" => format!("sort: cannot read: {name}: {error}\n"),
            tool => format!("{tool}: {name}: {error}\n"),
        };
        (text, if self.name == "sort" { 2 } else { 1 })
    }
}

fn whole<T: Clone + 'static>(
    name: &'static str,
    with: T,
    operands: Vec<String>,
    act: fn(&T, Vec<String>) -> Vec<String>,
) -> Box<dyn Program> {
    let filter = Whole {
        name,
        lines: Vec::new(),
        with,
        act,
    };
    Lines::program(filter, operands)
}

pub(super) fn tac(argv: &[String]) -> Made {
    let operands = argv.get(1..).unwrap_or_default().to_vec();
    let reverse = |_: &(), mut lines: Vec<String>| {
        lines.reverse();
        lines
    };
    Ok(whole("tac", (), operands, reverse))
}

#[derive(Clone)]
struct Sort {
    numeric: bool,
    human: bool,
    reverse: bool,
    unique: bool,
    fold: bool,
    version: bool,
    blanks: bool,
    separator: Option<char>,
    keys: Vec<Key>,
}

#[derive(Clone)]
struct Key {
    from: usize,
    to: usize,
    flags: String,
}

pub(super) fn sort(argv: &[String]) -> Made {
    let accepts = Accepts {
        flags: "nrufVhsb",
        values: "kt",
        long: &[
            ("numeric-sort", 'n'),
            ("reverse", 'r'),
            ("unique", 'u'),
            ("key", 'k'),
            ("field-separator", 't'),
            ("version-sort", 'V'),
        ],
        number: false,
    };
    let options = Options::read(argv, &accepts).map_err(usage(2))?;
    let mut keys = Vec::new();
    for text in options.values('k') {
        keys.push(sort_key(text)?);
    }
    let sort = Sort {
        numeric: options.has('n'),
        human: options.has('h'),
        reverse: options.has('r'),
        unique: options.has('u'),
        fold: options.has('f'),
        version: options.has('V'),
        blanks: options.has('b'),
        separator: options.value('t').and_then(|text| text.chars().next()),
        keys,
    };
    Ok(whole("sort", sort, options.operands, Sort::lines))
}

/// `2`, `2,3`, `2nr`
fn sort_key(text: &str) -> Result<Key, (String, i32)> {
    let bad = || {
        (
            format!("sort: invalid number at field start: invalid count at start of '{text}'\n"),
            2,
        )
    };
    let (from, to) = text.split_once(',').unwrap_or((text, ""));
    let digits = |part: &str| -> String { part.chars().take_while(char::is_ascii_digit).collect() };
    let flags = text.chars().filter(char::is_ascii_alphabetic).collect();
    let number: usize = digits(from).parse().map_err(|_| bad())?;
    if number == 0 {
        return Err((
            format!("sort: -: invalid field specification '{text}'\n"),
            2,
        ));
    }
    Ok(Key {
        from: number,
        to: digits(to).parse().unwrap_or(usize::MAX),
        flags,
    })
}

impl Sort {
    fn lines(&self, mut lines: Vec<String>) -> Vec<String> {
        lines.arrange_by(|a, b| self.compare(a, b));
        if self.unique {
            lines.dedup_by(|a, b| self.by_keys(a, b).is_eq());
        }
        lines
    }

    fn compare(&self, a: &str, b: &str) -> std::cmp::Ordering {
        let order = self.by_keys(a, b);
        if order.is_ne() || self.unique {
            return order;
        }
        let last = a.cmp(b);
        if self.reverse { last.reverse() } else { last }
    }

    fn by_keys(&self, a: &str, b: &str) -> std::cmp::Ordering {
        if self.keys.is_empty() {
            let order = self.by(a, b, "");
            return if self.reverse { order.reverse() } else { order };
        }
        for key in &self.keys {
            let order = self.by(&self.part(a, key), &self.part(b, key), &key.flags);
            if order.is_ne() {
                let own = key.flags.contains('r');
                let inherited = key.flags.is_empty() && self.reverse;
                return if own || inherited {
                    order.reverse()
                } else {
                    order
                };
            }
        }
        std::cmp::Ordering::Equal
    }

    fn part(&self, line: &str, key: &Key) -> String {
        let take = key.to.saturating_sub(key.from).saturating_add(1);
        match self.separator {
            Some(separator) => {
                let parts: Vec<&str> = line
                    .split(separator)
                    .skip(key.from - 1)
                    .take(take)
                    .collect();
                parts.join(&separator.to_string())
            }
            None => {
                // A field begins with the blanks before it.
                let mut parts = Vec::new();
                let mut rest = line;
                while !rest.is_empty() {
                    let word = rest.len() - rest.trim_start().len();
                    let end = rest[word..]
                        .find(char::is_whitespace)
                        .map_or(rest.len(), |i| word + i);
                    parts.push(&rest[..end]);
                    rest = &rest[end..];
                }
                let text: String = parts.into_iter().skip(key.from - 1).take(take).collect();
                if self.blanks || key.flags.contains('b') {
                    text.trim_start().to_owned()
                } else {
                    text
                }
            }
        }
    }

    fn by(&self, a: &str, b: &str, flags: &str) -> std::cmp::Ordering {
        let global = flags.is_empty();
        if flags.contains('n') || (global && self.numeric) {
            return number(a).total_cmp(&number(b));
        }
        if flags.contains('h') || (global && self.human) {
            return human(a).total_cmp(&human(b));
        }
        if flags.contains('V') || (global && self.version) {
            return version(a, b);
        }
        if flags.contains('f') || (global && self.fold) {
            return a.to_uppercase().cmp(&b.to_uppercase());
        }
        a.cmp(b)
    }
}

fn number(text: &str) -> f64 {
    let text = text.trim_start();
    let end = text
        .char_indices()
        .find(|(i, c)| !(c.is_ascii_digit() || *c == '.' || (*i == 0 && *c == '-')))
        .map_or(text.len(), |(i, _)| i);
    text[..end].parse().unwrap_or(0.0)
}

fn human(text: &str) -> f64 {
    let text = text.trim();
    let suffix = text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.' || c == '-');
    let power = suffix
        .chars()
        .next()
        .and_then(|c| "KMGTP".find(c.to_ascii_uppercase()));
    number(text) * 1024_f64.powi(power.map_or(0, |p| i32::try_from(p).unwrap_or(0) + 1))
}

/// Numbers inside names compare as numbers: web-2 before web-10.
fn version(a: &str, b: &str) -> std::cmp::Ordering {
    let (mut a, mut b) = (a, b);
    loop {
        let split = |text: &str, digits: bool| {
            text.find(|c: char| c.is_ascii_digit() != digits)
                .unwrap_or(text.len())
        };
        let (i, j) = (split(a, false), split(b, false));
        let order = a[..i].cmp(&b[..j]);
        if order.is_ne() {
            return order;
        }
        (a, b) = (&a[i..], &b[j..]);
        let (i, j) = (split(a, true), split(b, true));
        let value = |text: &str| text.parse::<u64>().unwrap_or(0);
        let order = value(&a[..i]).cmp(&value(&b[..j]));
        if order.is_ne() || (i == 0 && j == 0) {
            return order.then(a.cmp(b));
        }
        (a, b) = (&a[i..], &b[j..]);
    }
}
