//! The shell as a program: the terminal's lines, `sh -c`, scripts, and a shell that reads commands.

use super::files;
use super::limits;
use super::machine::{Machine, with};
use super::parse;
use super::program::{Context, Environment, Host, Program, Progress, Wait};
use super::reader::Dialect;
use super::tools;
use super::variables;
use crate::api::{Str, Value};
use std::sync::Arc;

/// Runs a typed line or a paste.
#[derive(Clone)]
pub(super) struct Terminal {
    line: Str,
    machine: Option<Machine>,
}

impl Terminal {
    pub(super) fn new(line: &str) -> Terminal {
        Terminal {
            line: Str::new(line),
            machine: None,
        }
    }
}

impl Program for Terminal {
    fn poll(&mut self, cx: &mut Context<'_>) -> Progress {
        if self.machine.is_none() {
            set_up(cx.env, &Host::Workstation);
            tools::remember(cx, &self.line);
        }
        let line = &self.line;
        let status = cx.env.status;
        let machine = self.machine.get_or_insert_with(|| {
            let mut machine = Machine::new(parse::paste(line, Dialect::Bash), Dialect::Bash);
            machine.status = status;
            machine
        });
        let progress = machine.poll(cx);
        if let Progress::Done(code) = progress {
            cx.env.status = code;
        }
        progress
    }

    fn interrupt(&mut self, cx: &mut Context<'_>) -> Progress {
        if let Some(machine) = &mut self.machine {
            machine.interrupt(cx);
        }
        cx.env.status = 130;
        Progress::Done(130)
    }

    fn clone_box(&self) -> Box<dyn Program> {
        Box::new(self.clone())
    }
}

/// The variables that a shell starts with.
fn set_up(env: &mut Environment, host: &Host) {
    let defaults: &[(&str, &str)] = match host {
        Host::Workstation => &[
            ("HOME", files::HOME),
            ("PWD", files::HOME),
            ("USER", "learner"),
            ("SHELL", "/bin/bash"),
            ("PATH", "/usr/local/bin:/usr/bin:/bin"),
            ("TERM", "xterm-256color"),
            ("SHLVL", "1"),
        ],
        Host::Container { .. } => &[("HOME", "/root"), ("PWD", "/")],
    };
    for (name, value) in defaults {
        if variables::get(env, name).is_none() {
            variables::export(env, name, *value);
        }
    }
}

/// What `sh` and `bash` run.
#[derive(Clone)]
enum Source {
    /// `-c`
    Text(String),
    File(String),
    /// Commands from the input.
    Input,
}

/// `sh` and `bash`.
#[derive(Clone)]
struct Shell {
    name: Str,
    source: Source,
    params: Vec<String>,
    flags: String,
    dialect: Dialect,
    env: Option<Environment>,
    machine: Option<Machine>,
    buffer: String,
    prompted: bool,
}

/// `sh`, `bash` with their words.
pub(super) fn program(argv: &[String]) -> Result<Box<dyn Program>, (String, i32)> {
    let name = argv.first().map_or("sh", |name| files::base(name));
    let mut shell = Shell {
        name: Str::new(name),
        source: Source::Input,
        params: Vec::new(),
        flags: String::new(),
        dialect: if name == "bash" {
            Dialect::Bash
        } else {
            Dialect::Sh
        },
        env: None,
        machine: None,
        buffer: String::new(),
        prompted: false,
    };
    let mut words = argv.iter().skip(1);
    let mut text = false;
    let mut operands: Vec<String> = Vec::new();
    while let Some(word) = words.next() {
        match word.strip_prefix('-') {
            Some("-") => break,
            Some("o") => {
                if words.next().is_some_and(|option| option == "pipefail") {
                    shell.flags.push('p');
                }
            }
            Some(flags) if !flags.is_empty() && !flags.starts_with('-') => {
                text |= flags.contains('c');
                shell
                    .flags
                    .extend(flags.chars().filter(|c| "eux".contains(*c)));
            }
            Some(_) if word.starts_with("--") => {}
            _ => {
                operands.push(word.clone());
                break;
            }
        }
    }
    operands.extend(words.cloned());
    if text && operands.is_empty() {
        return Err((format!("{name}: -c: option requires an argument\n"), 2));
    }
    if !operands.is_empty() {
        let first = operands.remove(0);
        shell.source = if text {
            Source::Text(first)
        } else {
            Source::File(first)
        };
        if text && !operands.is_empty() {
            shell.name = Str::from(operands.remove(0));
        }
        shell.params = operands;
    }
    Ok(Box::new(shell))
}

impl Shell {
    /// Its variables: what is exported around it. A number counts shells within shells.
    fn start(&mut self, cx: &mut Context<'_>) -> Result<(), i32> {
        let mut env = Environment {
            variables: cx.env.variables.clone(),
            namespace: cx.env.namespace.clone(),
            ..Environment::default()
        };
        let own: Vec<Str> = env
            .variables
            .iter()
            .filter(|(_, value)| !matches!(value, Value::Str(_)))
            .map(|(name, _)| name.clone())
            .collect();
        for name in own {
            env.variables.remove(&name);
        }
        set_up(&mut env, &cx.host);
        let level = variables::get(&env, "SHLVL").and_then(|text| text.parse::<usize>().ok());
        let level = level.unwrap_or(0) + 1;
        if level > limits::DEPTH / 2 {
            cx.out.stderr(format!(
                "{}: shells nest more than {} deep\n",
                self.name,
                level - 1
            ));
            return Err(1);
        }
        variables::export(&mut env, "SHLVL", level.to_string());
        if !self.flags.is_empty() {
            variables::set(&mut env, "-", self.flags.as_str());
        }
        self.env = Some(env);
        let text = match &self.source {
            Source::Input => return Ok(()),
            Source::Text(text) => text.clone(),
            Source::File(name) => match files::read(cx, name) {
                Ok(text) => text.as_str().to_owned(),
                Err(error) => {
                    let text = match self.dialect {
                        Dialect::Bash => format!("{}: {name}: {error}\n", self.name),
                        Dialect::Sh => format!("{}: 0: cannot open {name}: {error}\n", self.name),
                    };
                    cx.out.stderr(text);
                    return Err(if self.dialect == Dialect::Bash {
                        127
                    } else {
                        2
                    });
                }
            },
        };
        self.begin(&text);
        Ok(())
    }

    fn begin(&mut self, text: &str) {
        let mut machine = Machine::new(parse::paste(text, self.dialect), self.dialect);
        machine.params = Arc::from(self.params.clone());
        machine.script = !matches!(self.source, Source::Input);
        machine.ends = machine.script;
        machine.name = self.name.clone();
        machine.prefix = match (&self.source, self.dialect) {
            (Source::Text(_), Dialect::Bash) => Str::from(format!("{}: line 1", self.name)),
            (Source::File(file), _) => {
                machine.name = Str::new(file);
                Str::new(file)
            }
            (_, Dialect::Sh) => Str::from(format!("{}: 1", self.name)),
            _ => self.name.clone(),
        };
        if let Some(env) = &self.env {
            machine.status = env.status;
        }
        self.machine = Some(machine);
    }

    fn prompt(&self, cx: &Context<'_>, more: bool) -> String {
        if more {
            return "> ".to_owned();
        }
        match &cx.host {
            Host::Container { pod, .. } if self.dialect == Dialect::Bash => {
                let folder = self.env.as_ref().and_then(|env| variables::get(env, "PWD"));
                format!(
                    "root@{}:{}# ",
                    pod.name,
                    folder.unwrap_or(Str::literal("/"))
                )
            }
            Host::Container { .. } => "# ".to_owned(),
            Host::Workstation => "$ ".to_owned(),
        }
    }

    /// Reads commands until one is whole; `None`: waits for more.
    fn next_command(&mut self, cx: &mut Context<'_>) -> Option<Option<String>> {
        if !cx.stdin.terminal {
            // A script on the input: all of it.
            if cx.stdin.open {
                return None;
            }
            let text = cx.stdin.take();
            return Some((!text.is_empty()).then_some(text));
        }
        loop {
            if !std::mem::replace(&mut self.prompted, true) {
                let prompt = self.prompt(cx, !self.buffer.is_empty());
                cx.out.stdout(prompt);
            }
            let Some(line) = cx.stdin.line() else {
                if cx.stdin.open {
                    return None;
                }
                cx.out.stdout("\n");
                return Some(None);
            };
            self.prompted = false;
            self.buffer.push_str(&line);
            self.buffer.push('\n');
            if self.buffer.len() > limits::SCRIPT || !parse::incomplete(&self.buffer) {
                return Some(Some(std::mem::take(&mut self.buffer)));
            }
        }
    }

    fn run(&mut self, cx: &mut Context<'_>) -> Progress {
        let Some(mut env) = self.env.take() else {
            return Progress::Done(1);
        };
        env.namespace = cx.env.namespace.clone();
        let progress = with(cx, Some(&mut env), None, None, |cx| {
            match &mut self.machine {
                Some(machine) => machine.poll(cx),
                None => Progress::Done(0),
            }
        });
        cx.env.namespace = env.namespace.clone();
        if let Progress::Done(code) = progress {
            env.status = code;
        }
        self.env = Some(env);
        progress
    }
}

impl Program for Shell {
    fn poll(&mut self, cx: &mut Context<'_>) -> Progress {
        if self.env.is_none()
            && let Err(code) = self.start(cx)
        {
            return Progress::Done(code);
        }
        // A line that does nothing lasts no time: many of them at once are still bounded.
        for _ in 0..limits::WORDS {
            if self.machine.is_none() {
                let Some(command) = self.next_command(cx) else {
                    return Progress::Wait(Wait {
                        input: true,
                        ..Wait::default()
                    });
                };
                let Some(command) = command else {
                    return Progress::Done(self.env.as_ref().map_or(0, |env| env.status));
                };
                self.begin(&command);
            }
            let progress = self.run(cx);
            let Progress::Done(code) = progress else {
                return progress;
            };
            let exits = self.machine.as_ref().is_some_and(Machine::exits);
            self.machine = None;
            if exits || !matches!(self.source, Source::Input) {
                return Progress::Done(code);
            }
        }
        Progress::Done(1)
    }

    fn interrupt(&mut self, cx: &mut Context<'_>) -> Progress {
        if let Some(machine) = &mut self.machine {
            machine.interrupt(cx);
            // What is trapped runs as far as it goes at once.
            if let Some(env) = &self.env
                && (machine.spring("INT", env) || machine.spring("EXIT", env))
            {
                machine.ends = false;
                self.run(cx);
            }
        }
        let reads = matches!(self.source, Source::Input) && cx.stdin.terminal;
        if !reads {
            return Progress::Done(130);
        }
        self.machine = None;
        self.buffer.clear();
        self.prompted = false;
        cx.out.stdout("^C\n");
        if let Some(env) = &mut self.env {
            env.status = 130;
        }
        self.poll(cx)
    }

    fn clone_box(&self) -> Box<dyn Program> {
        Box::new(self.clone())
    }
}
