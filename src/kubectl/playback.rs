//! Plays command lines on a world, as a session does: for tests.

use super::program;
use crate::api::{Millis, Time};
use crate::shell::{Context, Environment, Files, Host, Output, Progress, Stdin, Stream};
use crate::sim::{Settings, World};

/// A world with a kubectl.
#[derive(Clone)]
pub struct Player {
    pub world: World,
    pub files: Files,
    pub env: Environment,
}

/// What a command printed and how it ended. No exit code: it was still waiting when its time was up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    pub out: String,
    pub err: String,
    pub code: Option<i32>,
}

impl Player {
    pub fn new(settings: Settings) -> Player {
        Player {
            world: World::new(settings),
            files: Files::default(),
            env: Environment::default(),
        }
    }

    /// Runs everything that is due until `to`.
    pub fn advance(&mut self, to: Time) {
        while self.world.next_due().is_some_and(|due| due <= to) {
            self.world.run_event();
        }
        self.world.set_now(to);
    }

    /// Runs a command line for at most `limit`.
    pub fn run(&mut self, line: &str, stdin: &str, limit: Millis) -> Said {
        let argv = words(line);
        let mut process = program(&argv);
        let mut stdin = Stdin {
            text: stdin.to_owned(),
            ..Stdin::default()
        };
        let mut out = Output::default();
        let end = self.world.now().plus(limit);
        let code = loop {
            let mut cx = Context {
                world: &mut self.world,
                files: &mut self.files,
                env: &mut self.env,
                stdin: &mut stdin,
                out: &mut out,
                host: Host::Workstation,
                work: &Default::default(),
                programs: |_, _, _| None,
            };
            let wait = match process.poll(&mut cx) {
                Progress::Done(code) => break Some(code),
                Progress::Wait(wait) => wait,
            };
            let until = wait.until.unwrap_or(end).min(end);
            let version = self.world.store().resource_version();
            loop {
                let changed = wait.change && self.world.store().resource_version() != version;
                if changed || self.world.now() >= until {
                    break;
                }
                match self.world.next_due() {
                    Some(due) if due <= until => {
                        self.world.run_event();
                    }
                    _ => self.world.set_now(until),
                }
            }
            if self.world.now() >= end {
                break None;
            }
        };
        let mut said = Said {
            code,
            ..Said::default()
        };
        for (stream, text) in out.take() {
            match stream {
                Stream::Stdout => said.out.push_str(&text),
                Stream::Stderr => said.err.push_str(&text),
            }
        }
        said
    }

    /// What a command prints on standard output; it must succeed.
    pub fn ok(&mut self, line: &str) -> String {
        let said = self.run(line, "", 120_000);
        assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{line}");
        said.out
    }
}

/// The words of a line; quotes and backslashes as in a shell.
pub fn words(line: &str) -> Vec<String> {
    let (mut words, mut word) = (Vec::new(), None::<String>);
    let mut quoted = None;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match (c, quoted) {
            (c, Some(quote)) if c == quote => quoted = None,
            ('\\', Some('"')) => match chars.next() {
                Some(next @ ('"' | '\\' | '$')) => word.get_or_insert_default().push(next),
                Some(next) => word.get_or_insert_default().extend(['\\', next]),
                None => {}
            },
            (c, Some(_)) => word.get_or_insert_default().push(c),
            ('\'' | '"', None) => {
                quoted = Some(c);
                word.get_or_insert_default();
            }
            ('\\', None) => word.get_or_insert_default().extend(chars.next()),
            (' ' | '\n' | '\t', None) => words.extend(word.take()),
            (c, None) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}
