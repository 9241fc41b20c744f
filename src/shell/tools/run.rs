//! Tools that run other programs: env, xargs, watch, time, timeout.

use super::fs::forward;
use super::misc::duration;
use super::text::Made;
use super::{done, usage_line};
use crate::api::{Millis, Time};
use crate::shell::limits;
use crate::shell::machine::with;
use crate::shell::program::{Context, Environment, Output, Program, Progress, Stdin, Wait};
use crate::shell::variables;

fn find(cx: &Context<'_>, words: &[String]) -> Option<Box<dyn Program>> {
    (cx.programs)(cx.world, &cx.host, words)
}

/// `env A=b command`
#[derive(Clone)]
struct Env {
    assigns: Vec<(String, String)>,
    words: Vec<String>,
    empty: bool,
    running: Option<(Box<dyn Program>, Environment)>,
}

pub(super) fn env(argv: &[String]) -> Made {
    let mut words = argv.get(1..).unwrap_or_default();
    let mut empty = false;
    while let [first, rest @ ..] = words
        && first.starts_with('-')
    {
        match first.as_str() {
            "-i" | "-" => empty = true,
            _ => return Err((format!("env: invalid option -- '{first}'\n"), 125)),
        }
        words = rest;
    }
    let mut assigns = Vec::new();
    while let [first, rest @ ..] = words
        && let Some((name, value)) = first.split_once('=')
    {
        assigns.push((name.to_owned(), value.to_owned()));
        words = rest;
    }
    Ok(Box::new(Env {
        assigns,
        words: words.to_vec(),
        empty,
        running: None,
    }))
}

impl Program for Env {
    fn poll(&mut self, cx: &mut Context<'_>) -> Progress {
        if self.running.is_none() {
            let mut env = cx.env.clone();
            if self.empty {
                env.variables = crate::api::Map::default();
            }
            for (name, value) in &self.assigns {
                variables::export(&mut env, name, value.as_str());
            }
            if self.words.is_empty() {
                let text: String = variables::exported(&env)
                    .map(|(name, value)| format!("{name}={value}\n"))
                    .collect();
                cx.out.stdout(text);
                return Progress::Done(0);
            }
            match find(cx, &self.words) {
                Some(program) => self.running = Some((program, env)),
                None => {
                    let name = self.words.first().map_or("", String::as_str);
                    let text = format!("env: '{name}': No such file or directory\n");
                    return Progress::Done(usage_line(cx, &text, 127));
                }
            }
        }
        match &mut self.running {
            Some((program, env)) => with(cx, Some(env), None, None, |cx| program.poll(cx)),
            None => Progress::Done(0),
        }
    }

    fn interrupt(&mut self, cx: &mut Context<'_>) -> Progress {
        match &mut self.running {
            Some((program, env)) => with(cx, Some(env), None, None, |cx| program.interrupt(cx)),
            None => Progress::Done(130),
        }
    }

    fn clone_box(&self) -> Box<dyn Program> {
        Box::new(self.clone())
    }
}

/// xargs: reads all, then runs one command after the other.
#[derive(Clone)]
struct Xargs {
    words: Vec<String>,
    replace: Option<String>,
    at_most: usize,
    lines: bool,
    skip_empty: bool,
    trace: bool,
    text: String,
    queue: Option<std::collections::VecDeque<Vec<String>>>,
    running: Option<Box<dyn Program>>,
    status: i32,
}

pub(super) fn xargs(argv: &[String]) -> Made {
    let mut xargs = Xargs {
        words: Vec::new(),
        replace: None,
        at_most: usize::MAX,
        lines: false,
        skip_empty: false,
        trace: false,
        text: String::new(),
        queue: None,
        running: None,
        status: 0,
    };
    let mut words = argv.iter().skip(1);
    while let Some(word) = words.next() {
        let mut value = |short: &str| match word.strip_prefix(short) {
            Some("") | None => words.next().cloned().unwrap_or_default(),
            Some(rest) => rest.to_owned(),
        };
        match word.as_str() {
            "-r" | "--no-run-if-empty" => xargs.skip_empty = true,
            "-t" => xargs.trace = true,
            w if w.starts_with("-I") => xargs.replace = Some(value("-I")),
            w if w.starts_with("-n") => xargs.at_most = count(&value("-n"))?,
            w if w.starts_with("-L") => {
                xargs.lines = true;
                xargs.at_most = count(&value("-L"))?;
            }
            w if w.starts_with("-P") => drop(value("-P")),
            w if w.starts_with('-') => {
                return Err((format!("xargs: invalid option -- '{}'\n", &w[1..]), 1));
            }
            _ => {
                xargs.words.push(word.clone());
                xargs.words.extend(words.cloned());
                break;
            }
        }
    }
    if xargs.words.is_empty() {
        xargs.words.push("echo".to_owned());
    }
    Ok(Box::new(xargs))
}

fn count(text: &str) -> Result<usize, (String, i32)> {
    match text.parse() {
        Ok(count) if count > 0 => Ok(count),
        _ => Err((format!("xargs: invalid number \"{text}\"\n"), 1)),
    }
}

impl Xargs {
    fn plan(&self) -> Result<std::collections::VecDeque<Vec<String>>, String> {
        if let Some(mark) = &self.replace {
            let lines = self.text.lines().map(str::trim_start);
            return Ok(lines
                .filter(|line| !line.is_empty())
                .map(|line| {
                    self.words
                        .iter()
                        .map(|word| word.replace(mark, line))
                        .collect()
                })
                .collect());
        }
        let mut arguments: Vec<Vec<String>> = Vec::new();
        if self.lines {
            for line in self.text.lines() {
                arguments.push(split(line)?);
            }
            arguments.retain(|words| !words.is_empty());
            arguments = arguments.chunks(self.at_most).map(<[_]>::concat).collect();
        } else {
            let all = split(&self.text)?;
            arguments = all
                .chunks(self.at_most.min(limits::WORDS))
                .map(<[_]>::to_vec)
                .collect();
        }
        if arguments.is_empty() && !self.skip_empty {
            arguments.push(Vec::new());
        }
        let command = |more: Vec<String>| [self.words.clone(), more].concat();
        Ok(arguments.into_iter().map(command).collect())
    }
}

/// Words in quotes or with backslashes, as xargs reads them.
fn split(text: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\'' | '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next() {
                        Some(end) if end == c => break,
                        Some('\n') | None => {
                            let kind = if c == '"' { "double" } else { "single" };
                            return Err(format!(
                                "xargs: unmatched {kind} quote; by default quotes are special to xargs unless you use the -0 option\n"
                            ));
                        }
                        Some(inside) => word.push(inside),
                    }
                }
            }
            '\\' => word.get_or_insert_default().extend(chars.next()),
            c if c.is_whitespace() => words.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Ok(words)
}

impl Program for Xargs {
    fn poll(&mut self, cx: &mut Context<'_>) -> Progress {
        if self.queue.is_none() {
            self.text.push_str(&cx.stdin.take());
            if cx.stdin.open {
                return Progress::Wait(Wait {
                    input: true,
                    ..Wait::default()
                });
            }
            match self.plan() {
                Ok(queue) => self.queue = Some(queue),
                Err(text) => return Progress::Done(usage_line(cx, &text, 1)),
            }
        }
        loop {
            let mut program = match self.running.take() {
                Some(program) => program,
                None => {
                    let Some(words) = self.queue.as_mut().and_then(|queue| queue.pop_front())
                    else {
                        return Progress::Done(self.status);
                    };
                    if self.trace {
                        cx.out.stderr(format!("{}\n", words.join(" ")));
                    }
                    match find(cx, &words) {
                        Some(program) => program,
                        None => {
                            let name = words.first().map_or("", String::as_str);
                            let text = format!("xargs: {name}: No such file or directory\n");
                            return Progress::Done(usage_line(cx, &text, 127));
                        }
                    }
                }
            };
            let mut stdin = Stdin::default();
            match with(cx, None, Some(&mut stdin), None, |cx| program.poll(cx)) {
                Progress::Done(0) => {}
                Progress::Done(_) => self.status = 123,
                wait @ Progress::Wait(_) => {
                    self.running = Some(program);
                    return wait;
                }
            }
        }
    }

    fn interrupt(&mut self, cx: &mut Context<'_>) -> Progress {
        if let Some(program) = &mut self.running {
            program.interrupt(cx);
        }
        Progress::Done(130)
    }

    fn clone_box(&self) -> Box<dyn Program> {
        Box::new(self.clone())
    }
}

/// watch: the command again and again, the screen cleared before each.
#[derive(Clone)]
struct Watch {
    line: String,
    every: Millis,
    title: bool,
    running: Option<(Box<dyn Program>, Output, Environment)>,
    next: Option<Time>,
}

pub(super) fn watch(argv: &[String]) -> Made {
    let mut every = 2000;
    let mut title = true;
    let mut words = argv.get(1..).unwrap_or_default();
    while let [first, rest @ ..] = words
        && first.starts_with('-')
    {
        words = rest;
        match first.as_str() {
            "-t" | "--no-title" => title = false,
            "-d" | "--differences" | "-c" => {}
            word if word.starts_with("-n") || word == "--interval" => {
                let mut text = word.strip_prefix("-n").unwrap_or_default();
                if text.is_empty() {
                    text = rest.first().map_or("", String::as_str);
                    words = rest.get(1..).unwrap_or_default();
                }
                match duration(text) {
                    Some(millis) => every = millis.max(100),
                    None => {
                        return Err((format!("watch: failed to parse argument: '{text}'\n"), 1));
                    }
                }
            }
            word => return Err((format!("watch: invalid option -- '{word}'\n"), 1)),
        }
    }
    if words.is_empty() {
        return Err(("Usage: watch [options] command\n".to_owned(), 1));
    }
    Ok(Box::new(Watch {
        line: words.join(" "),
        every,
        title,
        running: None,
        next: None,
    }))
}

impl Watch {
    fn header(&self, cx: &Context<'_>) -> String {
        let tenths = self.every / 100;
        let when = cx.now();
        if self.title {
            format!(
                "Every {}.{}s: {}    {when}\n\n",
                tenths / 10,
                tenths % 10,
                self.line
            )
        } else {
            String::new()
        }
    }
}

impl Program for Watch {
    fn poll(&mut self, cx: &mut Context<'_>) -> Progress {
        if let Some(next) = self.next {
            if cx.now() < next {
                return Progress::Wait(Wait {
                    until: Some(next),
                    ..Wait::default()
                });
            }
            self.next = None;
        }
        let (mut program, mut printed, mut env) = match self.running.take() {
            Some(running) => running,
            None => {
                let words = ["sh", "-c", &self.line].map(str::to_owned);
                match find(cx, &words) {
                    Some(program) => (program, Output::default(), cx.env.clone()),
                    None => return Progress::Done(usage_line(cx, "watch: no shell\n", 127)),
                }
            }
        };
        let mut stdin = Stdin::default();
        let progress = with(
            cx,
            Some(&mut env),
            Some(&mut stdin),
            Some(&mut printed),
            |cx| program.poll(cx),
        );
        if let Progress::Wait(_) = progress {
            self.running = Some((program, printed, env));
            return progress;
        }
        cx.out.stdout("\u{1b}[H\u{1b}[2J\u{1b}[3J");
        let header = self.header(cx);
        cx.out.stdout(header);
        forward(&mut printed, cx);
        let next = cx.now().plus(self.every);
        self.next = Some(next);
        Progress::Wait(Wait {
            until: Some(next),
            ..Wait::default()
        })
    }

    fn clone_box(&self) -> Box<dyn Program> {
        Box::new(self.clone())
    }
}

/// A program with a clock: `time`, `timeout`.
#[derive(Clone)]
struct Clocked {
    words: Vec<String>,
    limit: Option<Millis>,
    started: Option<Time>,
    running: Option<Box<dyn Program>>,
}

pub(super) fn time(argv: &[String]) -> Made {
    if argv.len() < 2 {
        return Ok(done("", 0));
    }
    Ok(clocked(argv.get(1..).unwrap_or_default(), None))
}

pub(super) fn timeout(argv: &[String]) -> Made {
    let (Some(limit), Some(words)) = (argv.get(1), argv.get(2..).filter(|w| !w.is_empty())) else {
        return Err(("timeout: missing operand\n".to_owned(), 125));
    };
    match duration(limit) {
        Some(limit) => Ok(clocked(words, Some(limit))),
        None => {
            let text = format!(
                "timeout: invalid time interval '{limit}'\nTry 'timeout --help' for more information.\n"
            );
            Err((text, 125))
        }
    }
}

fn clocked(words: &[String], limit: Option<Millis>) -> Box<dyn Program> {
    Box::new(Clocked {
        words: words.to_vec(),
        limit,
        started: None,
        running: None,
    })
}

impl Program for Clocked {
    fn poll(&mut self, cx: &mut Context<'_>) -> Progress {
        let now = cx.now();
        let started = *self.started.get_or_insert(now);
        let mut program = match self.running.take() {
            Some(program) => program,
            None => match find(cx, &self.words) {
                Some(program) => program,
                None => {
                    let name = self.words.first().map_or("", String::as_str);
                    let text = match self.limit {
                        Some(_) => format!(
                            "timeout: failed to run command '{name}': No such file or directory\n"
                        ),
                        None => format!("bash: {name}: command not found\n"),
                    };
                    return Progress::Done(usage_line(cx, &text, 127));
                }
            },
        };
        let end = self.limit.map(|limit| started.plus(limit));
        if end.is_some_and(|end| now >= end && now > started) {
            return Progress::Done(124);
        }
        match program.poll(cx) {
            Progress::Wait(mut wait) => {
                self.running = Some(program);
                wait.until = match (wait.until, end) {
                    (Some(a), Some(b)) => Some(a.min(b)),
                    (a, b) => a.or(b),
                };
                Progress::Wait(wait)
            }
            Progress::Done(code) => {
                if self.limit.is_none() {
                    let spent = cx.now().since(started);
                    cx.out.stderr(format!(
                        "\nreal\t{}m{}.{:03}s\n",
                        spent / 60_000,
                        spent / 1000 % 60,
                        spent % 1000
                    ));
                }
                Progress::Done(code)
            }
        }
    }

    fn interrupt(&mut self, cx: &mut Context<'_>) -> Progress {
        match &mut self.running {
            Some(program) => program.interrupt(cx),
            None => Progress::Done(130),
        }
    }

    fn clone_box(&self) -> Box<dyn Program> {
        Box::new(self.clone())
    }
}
