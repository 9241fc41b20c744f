//! `printf`.

use super::escapes::{self, Escape};
use super::limits;
use super::machine::Machine;
use super::program::Context;
use super::reader::is_name;
use super::variables;

/// The builtin.
pub(super) fn run(machine: &Machine, words: &[String], cx: &mut Context<'_>) -> i32 {
    let words = match words.first().map(String::as_str) {
        Some("--") => &words[1..],
        _ => words,
    };
    let (into, words) = match words {
        [flag, name, rest @ ..] if flag == "-v" && is_name(name) => (Some(name), rest),
        _ => (None, words),
    };
    let Some((format, arguments)) = words.split_first() else {
        machine.complain(cx, "printf: usage: printf [-v var] format [arguments]");
        return 2;
    };
    let (text, problems) = print(format, arguments);
    match into {
        Some(name) => variables::set(cx.env, name, text),
        None => cx.out.stdout(text),
    }
    for problem in &problems {
        machine.complain(cx, &format!("printf: {problem}"));
    }
    i32::from(!problems.is_empty())
}

/// What `printf` prints, and what it complains about.
fn print(format: &str, arguments: &[String]) -> (String, Vec<String>) {
    let mut printer = Printer {
        out: String::new(),
        problems: Vec::new(),
        arguments,
        used: 0,
        stopped: false,
    };
    loop {
        let before = printer.used;
        printer.once(format);
        let done = printer.used >= arguments.len() || printer.used == before;
        if done || printer.stopped || printer.out.len() > limits::TEXT {
            return (printer.out, printer.problems);
        }
    }
}

struct Printer<'a> {
    out: String,
    problems: Vec<String>,
    arguments: &'a [String],
    used: usize,
    stopped: bool,
}

#[derive(Default)]
struct Spec {
    minus: bool,
    zero: bool,
    plus: bool,
    width: usize,
    precision: Option<usize>,
}

impl Printer<'_> {
    fn argument(&mut self) -> String {
        let text = self.arguments.get(self.used).cloned().unwrap_or_default();
        self.used += 1;
        text
    }

    fn once(&mut self, format: &str) {
        let mut chars = format.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '\\' => match escapes::one(&mut chars, false) {
                    Escape::Char(c) => self.out.push(c),
                    Escape::Stop => {
                        self.stopped = true;
                        return;
                    }
                    Escape::Unknown(Some('"')) => self.out.push('"'),
                    Escape::Unknown(c) => {
                        self.out.push('\\');
                        self.out.extend(c);
                    }
                },
                '%' if chars.peek() == Some(&'%') => {
                    chars.next();
                    self.out.push('%');
                }
                '%' => self.directive(&mut chars),
                _ => self.out.push(c),
            }
            if self.stopped {
                return;
            }
        }
    }

    fn number(&mut self, chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> usize {
        if chars.peek() == Some(&'*') {
            chars.next();
            return self.argument().parse::<usize>().unwrap_or(0).min(4096);
        }
        let mut number = 0_usize;
        while let Some(digit) = chars.peek().and_then(|c| c.to_digit(10)) {
            chars.next();
            number = (number * 10 + digit as usize).min(4096);
        }
        number
    }

    fn directive(&mut self, chars: &mut std::iter::Peekable<std::str::Chars<'_>>) {
        let mut spec = Spec::default();
        while let Some(c) = chars.peek() {
            match c {
                '-' => spec.minus = true,
                '0' => spec.zero = true,
                '+' => spec.plus = true,
                ' ' | '#' => {}
                _ => break,
            }
            chars.next();
        }
        spec.width = self.number(chars);
        if chars.peek() == Some(&'.') {
            chars.next();
            spec.precision = Some(self.number(chars));
        }
        let Some(kind) = chars.next() else {
            self.problems
                .push("`%': missing format character".to_owned());
            return;
        };
        let text = match kind {
            's' => cut(&self.argument(), spec.precision),
            'q' => quoted(&self.argument()),
            'b' => {
                let (text, stopped) = escapes::echo(&self.argument());
                self.stopped = stopped;
                text
            }
            'c' => self.argument().chars().take(1).collect(),
            'd' | 'i' | 'u' | 'x' | 'X' | 'o' => self.integer(kind, &spec),
            'f' | 'F' | 'g' | 'e' => {
                let value: f64 = self.argument().trim().parse().unwrap_or(0.0);
                let digits = spec.precision.unwrap_or(6);
                if kind == 'e' {
                    exponent(value, digits)
                } else {
                    format!("{value:.digits$}")
                }
            }
            other => {
                self.problems
                    .push(format!("`{other}': invalid format character"));
                self.stopped = true;
                return;
            }
        };
        self.pad(&text, &spec, !"sbcq".contains(kind));
    }

    fn integer(&mut self, kind: char, spec: &Spec) -> String {
        let raw = self.argument();
        let text = raw.trim();
        let quoted = text
            .strip_prefix(['\'', '"'])
            .and_then(|rest| rest.chars().next());
        let value = if let Some(c) = quoted {
            i64::from(u32::from(c))
        } else if text.is_empty() {
            0
        } else if let Some(hex) = text.strip_prefix("0x") {
            i64::from_str_radix(hex, 16).unwrap_or(0)
        } else {
            match text.parse() {
                Ok(value) => value,
                Err(_) => {
                    self.problems.push(format!("{raw}: invalid number"));
                    let digits: String = text
                        .char_indices()
                        .take_while(|(i, c)| c.is_ascii_digit() || (*i == 0 && *c == '-'))
                        .map(|(_, c)| c)
                        .collect();
                    digits.parse().unwrap_or(0)
                }
            }
        };
        let mut digits = match kind {
            'x' => format!("{value:x}"),
            'X' => format!("{value:X}"),
            'o' => format!("{value:o}"),
            _ => value.unsigned_abs().to_string(),
        };
        if let Some(precision) = spec.precision {
            digits = format!("{digits:0>precision$}");
        }
        match kind {
            'd' | 'i' if value < 0 => format!("-{digits}"),
            'd' | 'i' if spec.plus => format!("+{digits}"),
            _ => digits,
        }
    }

    fn pad(&mut self, text: &str, spec: &Spec, numeric: bool) {
        let missing = spec.width.saturating_sub(text.chars().count());
        if spec.minus {
            self.out.push_str(text);
            self.out.extend(std::iter::repeat_n(' ', missing));
        } else if spec.zero && numeric && spec.precision.is_none() {
            let (sign, digits) = text.split_at(usize::from(text.starts_with(['-', '+'])));
            self.out.push_str(sign);
            self.out.extend(std::iter::repeat_n('0', missing));
            self.out.push_str(digits);
        } else {
            self.out.extend(std::iter::repeat_n(' ', missing));
            self.out.push_str(text);
        }
    }
}

fn cut(text: &str, precision: Option<usize>) -> String {
    match precision {
        Some(count) => text.chars().take(count).collect(),
        None => text.to_owned(),
    }
}
/// A word as the shell would read it back, for words of one line.
fn quoted(word: &str) -> String {
    if word.is_empty() {
        return "''".to_owned();
    }
    let plain = |c: char| c.is_alphanumeric() || "_-./:=@%+,^".contains(c);
    let mut text = String::with_capacity(word.len());
    for c in word.chars() {
        if !plain(c) {
            text.push('\\');
        }
        text.push(c);
    }
    text
}

/// `1.500000e+03`
fn exponent(value: f64, digits: usize) -> String {
    let text = format!("{value:.digits$e}");
    let (mantissa, power) = text.split_once('e').unwrap_or((&text, "0"));
    let (sign, power) = match power.strip_prefix('-') {
        Some(power) => ('-', power),
        None => ('+', power),
    };
    format!("{mantissa}e{sign}{power:0>2}")
}
