//! Small tools: seq, sleep, base64, basename, expr, which and others.

use super::options::{Accepts, Options};
use super::text::Made;
use super::{Act, act, done, usage_line};
use crate::api::{Millis, Time};
use crate::shell::builtins;
use crate::shell::files;
use crate::shell::limits;
use crate::shell::program::{Context, Program, Progress, Wait};
use crate::shell::variables;

fn read(argv: &[String], accepts: Accepts, code: i32) -> Result<Options, (String, i32)> {
    Options::read(argv, &accepts).map_err(|text| (text, code))
}

const NONE: Accepts = Accepts {
    flags: "",
    values: "",
    long: &[],
    number: false,
};

pub(super) fn echo(argv: &[String]) -> Made {
    let words = argv.get(1..).unwrap_or_default();
    let (newline, words) = match words.first().map(String::as_str) {
        Some("-n") => ("", &words[1..]),
        _ => ("\n", words),
    };
    Ok(done(&format!("{}{newline}", words.join(" ")), 0))
}

pub(super) fn clear(_argv: &[String]) -> Made {
    // What a terminal does on these bytes: clears the screen, and the lines above it.
    Ok(done("\u{1b}[H\u{1b}[2J\u{1b}[3J", 0))
}

pub(super) fn pwd(_argv: &[String]) -> Made {
    Ok(Box::new(Act {
        options: (),
        act: |(), cx| {
            let folder = files::working_folder(cx.env, &cx.host);
            cx.out.stdout(format!("{folder}\n"));
            0
        },
    }))
}

pub(super) fn whoami(_argv: &[String]) -> Made {
    Ok(Box::new(Act {
        options: (),
        act: |(), cx| {
            cx.out.stdout(format!("{}\n", files::owner(&cx.host)));
            0
        },
    }))
}

pub(super) fn hostname(_argv: &[String]) -> Made {
    Ok(done("playground\n", 0))
}

pub(super) fn history(_argv: &[String]) -> Made {
    Ok(Box::new(Act {
        options: (),
        act: |(), cx| {
            let lines = variables::get(cx.env, "history lines").unwrap_or_default();
            let text: String = lines
                .lines()
                .enumerate()
                .map(|(i, line)| format!("{:5}  {line}\n", i + 1))
                .collect();
            cx.out.stdout(text);
            0
        },
    }))
}

pub(super) fn printenv(argv: &[String]) -> Made {
    let options = read(argv, NONE, 2)?;
    Ok(act(options, |options, cx| {
        if options.operands.is_empty() {
            let text: String = variables::exported(cx.env)
                .map(|(name, value)| format!("{name}={value}\n"))
                .collect();
            cx.out.stdout(text);
            return 0;
        }
        let mut status = 0;
        for name in &options.operands {
            match cx.env.variable(name).map(str::to_owned) {
                Some(value) => cx.out.stdout(format!("{value}\n")),
                None => status = 1,
            }
        }
        status
    }))
}

pub(super) fn which(argv: &[String]) -> Made {
    let accepts = Accepts { flags: "a", ..NONE };
    let options = read(argv, accepts, 2)?;
    Ok(act(options, |options, cx| {
        let mut status = 0;
        for name in &options.operands {
            if (cx.programs)(cx.world, &cx.host, std::slice::from_ref(name)).is_some() {
                let path = builtins::program_path(&cx.host, name);
                cx.out.stdout(format!("{path}\n"));
            } else {
                status = 1;
            }
        }
        status
    }))
}

pub(super) fn basename(argv: &[String]) -> Made {
    let options = read(argv, NONE, 1)?;
    let Some(name) = options.operands.first() else {
        return Err(("basename: missing operand\n".to_owned(), 1));
    };
    let base = if name.chars().all(|c| c == '/') && !name.is_empty() {
        "/"
    } else {
        files::base(name)
    };
    let base = match options.operands.get(1) {
        Some(suffix) if base != suffix => base.strip_suffix(suffix.as_str()).unwrap_or(base),
        _ => base,
    };
    Ok(done(&format!("{base}\n"), 0))
}

pub(super) fn dirname(argv: &[String]) -> Made {
    let options = read(argv, NONE, 1)?;
    if options.operands.is_empty() {
        return Err(("dirname: missing operand\n".to_owned(), 1));
    }
    let mut text = String::new();
    for name in &options.operands {
        let trimmed = name.trim_end_matches('/');
        let parent = match trimmed {
            "" if name.is_empty() => ".",
            "" => "/",
            _ => match files::parent(trimmed) {
                "" => ".",
                parent => parent,
            },
        };
        text.push_str(&format!("{parent}\n"));
    }
    Ok(done(&text, 0))
}

pub(super) fn seq(argv: &[String]) -> Made {
    let mut separator = "\n".to_owned();
    let mut width = false;
    let mut numbers = Vec::new();
    let mut words = argv.iter().skip(1);
    while let Some(word) = words.next() {
        match word.as_str() {
            "-w" => width = true,
            "-s" => separator = words.next().cloned().unwrap_or_default(),
            word if word.starts_with("-s") => word[2..].clone_into(&mut separator),
            word => match word.parse::<f64>() {
                Ok(number) if number.is_finite() => numbers.push((number, word.to_owned())),
                _ => {
                    return Err((
                        format!("seq: invalid floating point argument: '{word}'\n"),
                        1,
                    ));
                }
            },
        }
    }
    let digits = numbers
        .iter()
        .map(|(_, text)| text.split_once('.').map_or(0, |(_, d)| d.len().min(20)))
        .max()
        .unwrap_or(0);
    let values: Vec<f64> = numbers.iter().map(|(number, _)| *number).collect();
    let (first, step, last) = match values.as_slice() {
        [last] => (1.0, 1.0, *last),
        [first, last] => (*first, 1.0, *last),
        [first, step, last] => (*first, *step, *last),
        [] => return Err(("seq: missing operand\n".to_owned(), 1)),
        _ => return Err(("seq: extra operand\n".to_owned(), 1)),
    };
    if step == 0.0 {
        return Err(("seq: invalid Zero increment value: '0'\n".to_owned(), 1));
    }
    let count = ((last - first) / step + 1e-9).floor();
    if count >= 1_000_000.0 {
        return Err((
            "seq: more than 1000000 numbers are not printed here\n".to_owned(),
            1,
        ));
    }
    let mut texts = Vec::new();
    let mut i = 0.0;
    while i <= count {
        let number: f64 = first + i * step;
        // Whole numbers are written several times as fast as such.
        texts.push(match digits {
            0 if number.abs() < 1e15 => (number.round() as i64).to_string(),
            _ => format!("{number:.digits$}"),
        });
        i += 1.0;
    }
    if width {
        let longest = texts.iter().map(String::len).max().unwrap_or(0);
        for text in &mut texts {
            let negative = text.starts_with('-');
            let rest = text.trim_start_matches('-');
            let room = longest - usize::from(negative);
            *text = format!("{}{rest:0>room$}", if negative { "-" } else { "" });
        }
    }
    if texts.is_empty() {
        return Ok(done("", 0));
    }
    Ok(done(&format!("{}\n", texts.join(&separator)), 0))
}

/// Waits in virtual time.
#[derive(Clone)]
struct Sleep {
    length: Millis,
    until: Option<Time>,
}

impl Program for Sleep {
    fn poll(&mut self, cx: &mut Context<'_>) -> Progress {
        let until = *self.until.get_or_insert(cx.now().plus(self.length));
        if cx.now() >= until {
            return Progress::Done(0);
        }
        Progress::Wait(Wait {
            until: Some(until),
            ..Wait::default()
        })
    }

    fn clone_box(&self) -> Box<dyn Program> {
        Box::new(self.clone())
    }
}

pub(super) fn sleep(argv: &[String]) -> Made {
    let mut length: Millis = 0;
    let words = argv.get(1..).unwrap_or_default();
    if words.is_empty() {
        return Err(("sleep: missing operand\n".to_owned(), 1));
    }
    for word in words {
        match duration(word) {
            Some(millis) => length = length.saturating_add(millis),
            None => {
                let text = format!(
                    "sleep: invalid time interval '{word}'\nTry 'sleep --help' for more information.\n"
                );
                return Err((text, 1));
            }
        }
    }
    Ok(Box::new(Sleep {
        length,
        until: None,
    }))
}

/// `0.5`, `10s`, `2m`, `1h`; a hundred years at most.
pub(super) fn duration(text: &str) -> Option<Millis> {
    let (number, unit) = match text.chars().next_back() {
        Some('s') => (&text[..text.len() - 1], 1.0),
        Some('m') => (&text[..text.len() - 1], 60.0),
        Some('h') => (&text[..text.len() - 1], 3600.0),
        Some('d') => (&text[..text.len() - 1], 86_400.0),
        _ if matches!(text, "infinity" | "inf") => ("3153600000", 1.0),
        _ => (text, 1.0),
    };
    let seconds = number.parse::<f64>().ok()? * unit;
    (seconds >= 0.0).then(|| (seconds.min(3_153_600_000.0) * 1000.0).round() as Millis)
}

pub(super) fn yes(argv: &[String]) -> Made {
    const LINES: usize = 10_000;
    let words = argv.get(1..).unwrap_or_default();
    let text = if words.is_empty() {
        "y".to_owned()
    } else {
        words.join(" ")
    };
    let lines = LINES.min(limits::TEXT / 2 / (text.len() + 1)).max(1);
    Ok(done(&format!("{text}\n").repeat(lines), 0))
}

pub(super) fn base64(argv: &[String]) -> Made {
    let accepts = Accepts {
        flags: "di",
        values: "w",
        long: &[("decode", 'd'), ("wrap", 'w')],
        number: false,
    };
    let options = read(argv, accepts, 1)?;
    Ok(Box::new(Base64 { options }))
}

#[derive(Clone)]
struct Base64 {
    options: Options,
}

impl Program for Base64 {
    fn poll(&mut self, cx: &mut Context<'_>) -> Progress {
        let text = match self.options.operands.first() {
            Some(name) if name != "-" => match files::read(cx, name) {
                Ok(text) => text.as_str().to_owned(),
                Err(error) => {
                    let complaint = format!("base64: {name}: {error}\n");
                    return Progress::Done(usage_line(cx, &complaint, 1));
                }
            },
            _ if cx.stdin.open => {
                return Progress::Wait(Wait {
                    input: true,
                    ..Wait::default()
                });
            }
            _ => cx.stdin.take(),
        };
        if self.options.has('d') {
            let (decoded, fine) = decode(&text);
            cx.out.stdout(String::from_utf8_lossy(&decoded));
            return Progress::Done(match fine {
                true => 0,
                false => usage_line(cx, "base64: invalid input\n", 1),
            });
        }
        let width = self
            .options
            .value('w')
            .and_then(|w| w.parse().ok())
            .unwrap_or(76);
        cx.out.stdout(encode(text.as_bytes(), width));
        Progress::Done(0)
    }

    fn clone_box(&self) -> Box<dyn Program> {
        Box::new(self.clone())
    }
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn encode(bytes: &[u8], width: usize) -> String {
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let part = |i: usize| u32::from(chunk.get(i).copied().unwrap_or(0));
        let group = part(0) << 16 | part(1) << 8 | part(2);
        for i in 0..4 {
            let index = (group >> (18 - 6 * i)) as usize & 63;
            text.push(if i <= chunk.len() {
                char::from(ALPHABET[index])
            } else {
                '='
            });
        }
    }
    if width == 0 {
        return text;
    }
    let mut lines = String::new();
    for (i, c) in text.chars().enumerate() {
        if i > 0 && i % width == 0 {
            lines.push('\n');
        }
        lines.push(c);
    }
    if !lines.is_empty() {
        lines.push('\n');
    }
    lines
}

fn decode(text: &str) -> (Vec<u8>, bool) {
    let mut bytes = Vec::new();
    let (mut group, mut bits) = (0_u32, 0);
    for c in text
        .bytes()
        .filter(|b| !b.is_ascii_whitespace() && *b != b'=')
    {
        let Some(value) = ALPHABET.iter().position(|a| *a == c) else {
            return (bytes, false);
        };
        group = group << 6 | u32::try_from(value).unwrap_or(0);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((group >> bits) as u8);
            group &= (1 << bits) - 1;
        }
    }
    (bytes, bits < 6)
}

pub(super) fn expr(argv: &[String]) -> Made {
    let words: Vec<&str> = argv.iter().skip(1).map(String::as_str).collect();
    let number = |text: &str| text.parse::<i64>();
    let result = match words.as_slice() {
        [] => return Err(("expr: missing operand\n".to_owned(), 2)),
        [one] => (*one).to_owned(),
        ["length", text] => text.chars().count().to_string(),
        [a, "=", b] => i32::from(a == b).to_string(),
        [a, "!=", b] => i32::from(a != b).to_string(),
        [first, rest @ ..] => {
            let mut value = match number(first) {
                Ok(value) => value,
                Err(_) => return Err(("expr: non-integer argument\n".to_owned(), 2)),
            };
            for pair in rest.chunks(2) {
                let [operator, text] = pair else {
                    return Err((
                        format!(
                            "expr: syntax error: missing argument after '{}'\n",
                            pair.join("")
                        ),
                        2,
                    ));
                };
                let Ok(right) = number(text) else {
                    return Err(("expr: non-integer argument\n".to_owned(), 2));
                };
                value = match *operator {
                    "+" => value.wrapping_add(right),
                    "-" => value.wrapping_sub(right),
                    "*" => value.wrapping_mul(right),
                    "/" | "%" if right == 0 => {
                        return Err(("expr: division by zero\n".to_owned(), 2));
                    }
                    "/" => value.wrapping_div(right),
                    "%" => value.wrapping_rem(right),
                    "<" => i64::from(value < right),
                    "<=" => i64::from(value <= right),
                    ">" => i64::from(value > right),
                    ">=" => i64::from(value >= right),
                    "&" => {
                        if value != 0 && right != 0 {
                            value
                        } else {
                            0
                        }
                    }
                    "|" => {
                        if value != 0 {
                            value
                        } else {
                            right
                        }
                    }
                    _ => {
                        return Err((
                            format!("expr: syntax error: unexpected argument '{operator}'\n"),
                            2,
                        ));
                    }
                };
            }
            value.to_string()
        }
    };
    let code = i32::from(result.is_empty() || result == "0");
    Ok(done(&format!("{result}\n"), code))
}

/// The history that the terminal keeps, for `history`.
pub(in crate::shell) fn remember(cx: &mut Context<'_>, line: &str) {
    let mut lines = variables::get(cx.env, "history lines")
        .unwrap_or_default()
        .as_str()
        .to_owned();
    for line in line.lines().filter(|line| !line.trim().is_empty()) {
        lines.push_str(line);
        lines.push('\n');
    }
    while lines.len() > 64 * 1024 {
        match lines.find('\n') {
            Some(end) => lines.drain(..=end),
            None => break,
        };
    }
    variables::set(cx.env, "history lines", lines);
}
