//! Commands that act on the shell itself.

use super::ast::{Command, Node};
use super::condition;
use super::escapes;
use super::files;
use super::limits;
use super::machine::{Flow, Machine};
use super::parse;
use super::program::{Context, Environment, Host, Program, Progress, Wait};
use super::reader::is_name;
use super::variables;
use super::{arrays, traps};
use crate::api::Str;
use std::sync::Arc;

/// What a builtin did.
pub(super) enum Outcome {
    /// Ended with this status.
    Done(i32),
    /// Jumped; the status is set.
    Moved,
    /// Commands to run in its place.
    Nodes(Vec<Node>),
    /// No builtin: a program with these words.
    Run(Vec<String>),
    /// Goes on as a program.
    Program(Box<dyn Program>),
}

const NAMES: [&str; 38] = [
    ":",
    "true",
    "false",
    "cd",
    "pwd",
    "echo",
    "printf",
    "export",
    "unset",
    "set",
    "shift",
    "exit",
    "return",
    "break",
    "continue",
    "eval",
    "exec",
    ".",
    "source",
    "read",
    "test",
    "[",
    "alias",
    "unalias",
    "type",
    "command",
    "let",
    "local",
    "declare",
    "wait",
    "readonly",
    "shopt",
    "trap",
    "getopts",
    "help",
    "typeset",
    "mapfile",
    "readarray",
];

/// The names of all builtins, for completion.
pub fn names() -> impl Iterator<Item = &'static str> {
    NAMES.into_iter()
}

/// Whether the shell runs it itself.
pub(super) fn is_builtin(name: &str) -> bool {
    NAMES.contains(&name)
}

/// Runs a builtin; anything else is handed back as a program to start.
pub(super) fn run(machine: &mut Machine, argv: &[String], cx: &mut Context<'_>) -> Outcome {
    let name = argv.first().map_or("", String::as_str);
    let rest = argv.get(1..).unwrap_or_default();
    match name {
        ":" | "true" | "wait" | "shopt" => Outcome::Done(0),
        "false" => Outcome::Done(1),
        "cd" => Outcome::Done(change_folder(machine, rest, cx)),
        "pwd" => {
            let folder = files::working_folder(cx.env, &cx.host);
            cx.out.stdout(format!("{folder}\n"));
            Outcome::Done(0)
        }
        "echo" => Outcome::Done(echo(machine, rest, cx)),
        "printf" => Outcome::Done(super::printf::run(machine, rest, cx)),
        "export" | "readonly" => Outcome::Done(export(machine, rest, cx)),
        "trap" => Outcome::Done(traps::trap(machine, rest, cx)),
        "getopts" => Outcome::Done(traps::getopts(machine, rest, cx)),
        "help" => Outcome::Done(traps::help(cx)),
        "mapfile" | "readarray" => Outcome::Program(Box::new(Gather(rest.to_vec()))),
        "local" | "declare" | "typeset" => Outcome::Done(declare(machine, rest, cx)),
        "unset" => {
            for name in rest.iter().filter(|name| !name.starts_with('-')) {
                if let Some((array, index)) = arrays::split(name) {
                    let key = machine.expander(cx.env, &[]).key_of(array, index);
                    arrays::unset(cx.env, array, &key.unwrap_or_default());
                    continue;
                }
                variables::unset(cx.env, name);
                variables::unset(cx.env, &variables::function_key(name));
            }
            Outcome::Done(0)
        }
        "set" => Outcome::Done(set(machine, rest, cx)),
        "shift" => shift(machine, rest),
        "exit" | "return" | "break" | "continue" => leave(machine, name, rest, cx),
        "eval" => nodes(machine, &rest.join(" "), cx),
        "." | "source" => source(machine, rest, cx),
        "exec" if rest.is_empty() => Outcome::Done(0),
        "exec" => match rest.first().filter(|name| !name.contains('/')) {
            Some(name) if place(cx, name).is_none() => {
                machine.complain(cx, &format!("exec: {name}: not found"));
                leave(machine, "exit", &["127".to_owned()], cx)
            }
            _ => Outcome::Run(rest.to_vec()),
        },
        "command" => command(rest, cx),
        "type" => Outcome::Done(kinds(machine, rest, cx)),
        "read" => Outcome::Program(Box::new(Read::new(rest, cx.env))),
        "test" => Outcome::Done(test(machine, "test", rest, cx)),
        "[" => match rest.split_last() {
            Some((last, inside)) if last == "]" => Outcome::Done(test(machine, "[", inside, cx)),
            _ => {
                machine.complain(cx, "[: missing `]'");
                Outcome::Done(2)
            }
        },
        "alias" => Outcome::Done(alias(machine, rest, cx)),
        "unalias" => {
            for name in rest {
                variables::unset(cx.env, &variables::alias_key(name));
            }
            Outcome::Done(0)
        }
        "let" => Outcome::Done(evaluate(machine, rest, cx)),
        _ => Outcome::Run(argv.to_vec()),
    }
}

fn change_folder(machine: &Machine, rest: &[String], cx: &mut Context<'_>) -> i32 {
    let home = variables::get(cx.env, "HOME").unwrap_or(Str::literal("/"));
    let target = match rest.iter().find(|word| word.as_str() != "--") {
        None => home.as_str().to_owned(),
        Some(word) if word == "-" => match variables::get(cx.env, "OLDPWD") {
            Some(before) => {
                cx.out.stdout(format!("{before}\n"));
                before.as_str().to_owned()
            }
            None => {
                machine.complain(cx, "cd: OLDPWD not set");
                return 1;
            }
        },
        Some(word) => word.clone(),
    };
    if target.is_empty() {
        return 0;
    }
    let problem = match files::kind(cx, &target) {
        Some(files::FileKind::Directory) => {
            let before = files::working_folder(cx.env, &cx.host);
            let path = files::absolute(cx.env, &cx.host, &target);
            variables::export(cx.env, "OLDPWD", before);
            variables::export(cx.env, "PWD", path);
            return 0;
        }
        Some(_) => files::FileError::NotDirectory,
        None => files::FileError::Missing,
    };
    let text = match machine.dialect {
        super::reader::Dialect::Bash => format!("cd: {target}: {problem}"),
        super::reader::Dialect::Sh => format!("cd: can't cd to {target}"),
    };
    machine.complain(cx, &text);
    if machine.dialect == super::reader::Dialect::Sh {
        2
    } else {
        1
    }
}

fn echo(machine: &Machine, rest: &[String], cx: &mut Context<'_>) -> i32 {
    let mut newline = true;
    // A container's sh (dash) reads escapes always.
    let mut escaped = machine.dialect == super::reader::Dialect::Sh;
    let mut from = 0;
    for word in rest {
        let flags = word.strip_prefix('-').unwrap_or_default();
        if flags.is_empty() || !flags.chars().all(|c| "neE".contains(c)) {
            break;
        }
        for flag in flags.chars() {
            match flag {
                'n' => newline = false,
                'e' => escaped = true,
                _ => escaped = false,
            }
        }
        from += 1;
    }
    let mut text = rest.get(from..).unwrap_or_default().join(" ");
    let mut stopped = false;
    if escaped {
        (text, stopped) = escapes::echo(&text);
    }
    if newline && !stopped {
        text.push('\n');
    }
    cx.out.stdout(text);
    0
}

fn export(machine: &Machine, rest: &[String], cx: &mut Context<'_>) -> i32 {
    let mut status = 0;
    if rest.is_empty() || rest.first().is_some_and(|word| word == "-p") {
        let lines: String = variables::exported(cx.env)
            .map(|(name, value)| format!("declare -x {name}=\"{value}\"\n"))
            .collect();
        cx.out.stdout(lines);
        return 0;
    }
    for word in rest {
        let (name, value) = match word.split_once('=') {
            Some((name, value)) => (name, Some(Str::new(value))),
            None => (word.as_str(), None),
        };
        if !is_name(name) {
            machine.complain(cx, &format!("export: `{word}': not a valid identifier"));
            status = 1;
            continue;
        }
        if let Some(value) = value.or_else(|| variables::get(cx.env, name)) {
            variables::export(cx.env, name, value);
        }
    }
    status
}

fn declare(machine: &mut Machine, rest: &[String], cx: &mut Context<'_>) -> i32 {
    let flags: String = rest
        .iter()
        .filter_map(|word| word.strip_prefix('-'))
        .collect();
    let mut status = 0;
    for word in rest.iter().filter(|word| !word.starts_with('-')) {
        if flags.contains('p') {
            match arrays::declared(cx.env, word) {
                Some(text) => cx.out.stdout(text),
                None => {
                    machine.complain(cx, &format!("declare: {word}: not found"));
                    status = 1;
                }
            }
            continue;
        }
        let (name, value) = match word.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (word.as_str(), None),
        };
        if !is_name(name) {
            continue;
        }
        let local = machine.hide(name, cx.env);
        let known = cx.env.variables.contains(name);
        if flags.contains(['a', 'A']) {
            if local || arrays::elements(cx.env, name).is_none() {
                arrays::make(cx.env, name, flags.contains('A'));
            }
        } else if value.is_some() || local || !known {
            variables::set(cx.env, name, value.unwrap_or_default());
        }
        if flags.contains('x')
            && let Some(value) = variables::get(cx.env, name)
        {
            variables::export(cx.env, name, value);
        }
    }
    status
}

/// `mapfile`, which reads to the end.
#[derive(Clone)]
struct Gather(Vec<String>);

impl Program for Gather {
    fn poll(&mut self, cx: &mut Context<'_>) -> Progress {
        if cx.stdin.open {
            return Progress::Wait(Wait {
                input: true,
                ..Wait::default()
            });
        }
        traps::gather(&self.0, &cx.stdin.take(), cx.env);
        Progress::Done(0)
    }

    fn clone_box(&self) -> Box<dyn Program> {
        Box::new(self.clone())
    }
}

fn set(machine: &mut Machine, rest: &[String], cx: &mut Context<'_>) -> i32 {
    if rest.is_empty() {
        let lines: String = variables::all(cx.env)
            .iter()
            .map(|(name, value)| format!("{name}={value}\n"))
            .collect();
        cx.out.stdout(lines);
        return 0;
    }
    let mut words = rest.iter();
    while let Some(word) = words.next() {
        let (on, flags) = match word.as_bytes().first() {
            Some(b'-') => (true, &word[1..]),
            Some(b'+') => (false, &word[1..]),
            _ => {
                let params: Vec<String> = std::iter::once(word).chain(words).cloned().collect();
                machine.params = Arc::from(params);
                return 0;
            }
        };
        if flags == "-" {
            let params: Vec<String> = words.cloned().collect();
            machine.params = Arc::from(params);
            return 0;
        }
        for flag in flags.chars() {
            let flag = match flag {
                'o' => match words.next().map(String::as_str) {
                    Some("pipefail") => 'p',
                    Some("errexit") => 'e',
                    Some("nounset") => 'u',
                    Some("xtrace") => 'x',
                    _ => continue,
                },
                flag => flag,
            };
            switch(cx.env, flag, on);
        }
    }
    0
}

fn switch(env: &mut Environment, flag: char, on: bool) {
    let mut flags: String = variables::get(env, "-")
        .unwrap_or_default()
        .chars()
        .filter(|c| *c != flag)
        .collect();
    if on {
        flags.push(flag);
    }
    variables::set(env, "-", flags);
}

fn shift(machine: &mut Machine, rest: &[String]) -> Outcome {
    let count = rest.first().and_then(|n| n.parse().ok()).unwrap_or(1);
    if count > machine.params.len() {
        return Outcome::Done(1);
    }
    machine.params = machine.params.iter().skip(count).cloned().collect();
    Outcome::Done(0)
}

fn leave(machine: &mut Machine, name: &str, rest: &[String], cx: &mut Context<'_>) -> Outcome {
    let number = rest.first().map(|word| word.parse::<i64>());
    if let Some(Err(_)) = number {
        let word = rest.first().map_or("", String::as_str);
        machine.complain(cx, &format!("{name}: {word}: numeric argument required"));
        machine.abort(2);
        return Outcome::Moved;
    }
    let number = number.and_then(Result::ok);
    let levels = usize::try_from(number.unwrap_or(1)).unwrap_or(1);
    match name {
        "exit" | "return" => {
            if let Some(code) = number {
                machine.status = i32::try_from(code.rem_euclid(256)).unwrap_or(0);
            }
            machine.jump(if name == "exit" {
                Flow::Exit
            } else {
                Flow::Return
            });
        }
        "break" => {
            machine.status = 0;
            machine.jump(Flow::Break(levels));
        }
        _ => {
            machine.status = 0;
            machine.jump(Flow::Continue(levels));
        }
    }
    Outcome::Moved
}

fn nodes(machine: &mut Machine, text: &str, cx: &mut Context<'_>) -> Outcome {
    if machine.depth > limits::DEPTH {
        machine.complain(cx, &format!("eval: nests more than {} deep", limits::DEPTH));
        return Outcome::Done(1);
    }
    Outcome::Nodes(parse::paste(text, machine.dialect))
}

fn source(machine: &mut Machine, rest: &[String], cx: &mut Context<'_>) -> Outcome {
    let Some(name) = rest.first() else {
        machine.complain(cx, ".: filename argument required");
        return Outcome::Done(2);
    };
    match files::read(cx, name) {
        Ok(text) => {
            let nodes = parse::paste(&text, machine.dialect);
            // As a group of its own, so that a file that sources itself comes to an end.
            let body: Node = Arc::new(Command::List(nodes));
            machine.start_sub(&body, None, super::routes::Routes::default(), cx);
            Outcome::Moved
        }
        Err(error) => {
            machine.complain(cx, &format!("{name}: {error}"));
            Outcome::Done(1)
        }
    }
}

fn command(rest: &[String], cx: &mut Context<'_>) -> Outcome {
    match rest.first().map(String::as_str) {
        None => Outcome::Done(0),
        Some("-v" | "-V") => {
            let mut status = 1;
            for name in rest.iter().skip(1) {
                if let Some(place) = place(cx, name) {
                    cx.out.stdout(format!("{place}\n"));
                    status = 0;
                }
            }
            Outcome::Done(status)
        }
        Some(_) => Outcome::Run(rest.to_vec()),
    }
}

/// Where a command is found: its name for a builtin or function, its path for a program.
pub(super) fn place(cx: &Context<'_>, name: &str) -> Option<String> {
    if is_builtin(name) || variables::get(cx.env, &variables::function_key(name)).is_some() {
        return Some(name.to_owned());
    }
    if let Some(text) = variables::get(cx.env, &variables::alias_key(name)) {
        return Some(format!("alias {name}='{text}'"));
    }
    (cx.programs)(cx.world, &cx.host, &[name.to_owned()])?;
    Some(program_path(&cx.host, name))
}

/// The path of a program that exists.
pub(super) fn program_path(host: &Host, name: &str) -> String {
    match host {
        Host::Workstation if name == "kubectl" => "/usr/local/bin/kubectl".to_owned(),
        _ => format!("/usr/bin/{name}"),
    }
}

fn kinds(machine: &Machine, rest: &[String], cx: &mut Context<'_>) -> i32 {
    let mut status = 0;
    for name in rest {
        if is_builtin(name) {
            cx.out.stdout(format!("{name} is a shell builtin\n"));
        } else if let Some(place) = place(cx, name) {
            let text = if place == *name {
                "a function".to_owned()
            } else {
                place
            };
            cx.out.stdout(format!("{name} is {text}\n"));
        } else {
            machine.complain(cx, &format!("type: {name}: not found"));
            status = 1;
        }
    }
    status
}

fn test(machine: &Machine, name: &str, words: &[String], cx: &mut Context<'_>) -> i32 {
    match condition::single(cx, words) {
        Ok(truth) => i32::from(!truth),
        Err(message) => {
            let number = message.strip_suffix(": integer expression expected");
            let message = match number.filter(|_| machine.dialect == super::reader::Dialect::Sh) {
                Some(text) => format!("Illegal number: {text}"),
                None => message,
            };
            machine.complain(cx, &format!("{name}: {message}"));
            2
        }
    }
}

fn alias(machine: &Machine, rest: &[String], cx: &mut Context<'_>) -> i32 {
    let mut status = 0;
    if rest.is_empty() {
        let lines: String = cx
            .env
            .variables
            .keys()
            .filter_map(|key| {
                let name = key.strip_prefix("alias ")?;
                let text = variables::get(cx.env, key)?;
                Some(format!("alias {name}='{text}'\n"))
            })
            .collect();
        cx.out.stdout(lines);
    }
    for word in rest {
        if let Some((name, text)) = word.split_once('=') {
            variables::set(cx.env, &variables::alias_key(name), text);
        } else if let Some(text) = variables::get(cx.env, &variables::alias_key(word)) {
            cx.out.stdout(format!("alias {word}='{text}'\n"));
        } else {
            machine.complain(cx, &format!("alias: {word}: not found"));
            status = 1;
        }
    }
    status
}

fn evaluate(machine: &Machine, rest: &[String], cx: &mut Context<'_>) -> i32 {
    let mut value = 0;
    for word in rest {
        let result = machine.expander(cx.env, &[]).arithmetic(word);
        match result {
            Ok(number) => value = number,
            Err(message) => {
                machine.complain(cx, &format!("let: {message}"));
                return 1;
            }
        }
    }
    i32::from(value == 0)
}

/// `read`, which may wait for a line.
#[derive(Clone)]
pub(super) struct Read {
    names: Vec<String>,
    /// `-a`: the words become an array.
    array: Option<String>,
    raw: bool,
    prompt: Option<String>,
    /// `$IFS` as it is when the command starts: `IFS=, read a b`.
    separators: Str,
}

impl Read {
    pub(super) fn new(words: &[String], env: &Environment) -> Read {
        let mut read = Read {
            names: Vec::new(),
            array: None,
            raw: false,
            prompt: None,
            separators: variables::get(env, "IFS").unwrap_or(Str::literal(" \t\n")),
        };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match word.strip_prefix('-') {
                Some(flags) if !flags.is_empty() => {
                    read.raw |= flags.contains('r');
                    match flags.chars().next_back() {
                        Some('p') => read.prompt = words.next().cloned(),
                        Some('a') => read.array = words.next().cloned(),
                        Some('t' | 'n' | 'd') => drop(words.next()),
                        _ => {}
                    }
                }
                _ => read.names.push(word.clone()),
            }
        }
        if read.names.is_empty() {
            read.names.push("REPLY".to_owned());
        }
        read
    }

    fn assign(&self, line: &str, env: &mut Environment) {
        let separates = |c: char| self.separators.contains(c);
        let blank = |c: char| separates(c) && c.is_whitespace();
        let mut rest = line.trim_matches(blank);
        if let Some(array) = &self.array {
            let mut words = Vec::new();
            while !rest.is_empty() {
                let end = rest.find(separates).unwrap_or(rest.len());
                words.push(rest[..end].to_owned());
                rest = rest[end..].trim_start_matches(blank);
                if let Some(c) = rest.chars().next().filter(|c| separates(*c)) {
                    rest = rest[c.len_utf8()..].trim_start_matches(blank);
                }
            }
            super::arrays::fill(env, array, words.into_iter());
            return;
        }
        let last = self.names.len().saturating_sub(1);
        for (i, name) in self.names.iter().enumerate() {
            let value = if i == last {
                std::mem::take(&mut rest)
            } else {
                let end = rest.find(separates).unwrap_or(rest.len());
                let (value, after) = rest.split_at(end);
                let mut after = after.trim_start_matches(blank);
                if let Some(c) = after.chars().next().filter(|c| separates(*c)) {
                    after = after[c.len_utf8()..].trim_start_matches(blank);
                }
                rest = after;
                value
            };
            variables::set(env, name, value);
        }
    }
}

impl Program for Read {
    fn poll(&mut self, cx: &mut Context<'_>) -> Progress {
        if let Some(prompt) = self.prompt.take()
            && cx.stdin.terminal
        {
            cx.out.stderr(prompt);
        }
        let whole = cx.stdin.text.contains('\n');
        match cx.stdin.line() {
            Some(line) => {
                let line = if self.raw {
                    line
                } else {
                    line.replace('\\', "")
                };
                self.assign(&line, cx.env);
                Progress::Done(i32::from(!whole))
            }
            None if cx.stdin.open => Progress::Wait(Wait {
                input: true,
                ..Wait::default()
            }),
            None => {
                self.assign("", cx.env);
                Progress::Done(1)
            }
        }
    }

    fn clone_box(&self) -> Box<dyn Program> {
        Box::new(self.clone())
    }
}
