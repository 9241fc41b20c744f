//! The desk: a world with the learner's processes, files and terminal. The machine whose history a
//! session is.

use super::Terminal;
use crate::api::{Str, Time};
use crate::shell::{
    Context, Environment, Files, Host, Lookup, Output, Program, Progress, Stdin, Wait, Work,
};
use crate::sim::history::Machine;
use crate::sim::{Ran, Settings, World};
use imbl::OrdMap;
use serde::{Deserialize, Serialize};

/// The most characters of a line or paste, and of a file.
const LONGEST_TEXT: usize = 1 << 20;
/// The most processes that wait at one time.
const MOST_PROCESSES: usize = 64;
/// How often processes may wake each other at one instant before they have to wait for the next event.
const ROUNDS: usize = 100;

/// An act of the learner.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "do")]
pub enum Input {
    /// A command line, or several.
    Spawn {
        /// The text.
        line: Str,
        /// Where it came from.
        #[serde(default)]
        from: Origin,
    },
    /// Text to a running program.
    Write {
        /// The program's process.
        process: u32,
        /// The text.
        text: Str,
    },
    /// Ctrl+C.
    Interrupt {
        /// The process.
        process: u32,
    },
    /// A file is saved.
    Save {
        /// Its name.
        file: Str,
        /// Its text.
        text: Str,
    },
    /// The settings are changed.
    Configure {
        /// The new settings.
        settings: Settings,
    },
}

/// Where a command line came from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Origin {
    /// Typed at the prompt.
    #[default]
    Prompt,
    /// A click on the board.
    Board,
    /// The Apply button.
    Apply,
    /// The Watch tab.
    Watch,
    /// The public API of the page.
    Api,
}

/// A command that runs.
#[derive(Clone)]
struct Process {
    line: Str,
    program: Box<dyn Program>,
    stdin: Stdin,
    wait: Wait,
    work: Work,
    /// When it ran last: what it may compute grows with the time since.
    polled: Time,
}

/// A world with the learner's processes, files and terminal. Cheap to clone.
#[derive(Clone)]
pub struct Desk {
    world: World,
    processes: OrdMap<u32, Process>,
    exit_codes: OrdMap<u32, i32>,
    last_process: u32,
    terminal: Terminal,
    files: Files,
    env: Environment,
    programs: Lookup,
}

impl Desk {
    /// A fresh desk.
    #[must_use]
    pub fn new(settings: Settings, programs: Lookup) -> Desk {
        Desk {
            programs,
            world: World::new(settings),
            processes: OrdMap::new(),
            exit_codes: OrdMap::new(),
            last_process: 0,
            terminal: Terminal::default(),
            files: super::files::fresh(),
            env: Environment::default(),
        }
    }

    /// A copy to run on from here and throw away ([`World::ahead`]).
    #[must_use]
    pub fn ahead(&self) -> Desk {
        Desk {
            world: self.world.ahead(),
            ..self.clone()
        }
    }

    /// The cluster.
    #[must_use]
    pub fn world(&self) -> &World {
        &self.world
    }

    /// The files of the editor.
    #[must_use]
    pub fn files(&self) -> &Files {
        &self.files
    }

    /// What the terminal shows.
    #[must_use]
    pub fn terminal(&self) -> &Terminal {
        &self.terminal
    }

    /// The shell's variables and kubectl's settings.
    #[must_use]
    pub fn environment(&self) -> &Environment {
        &self.env
    }

    /// Commands that have not ended.
    #[must_use]
    pub fn running(&self) -> Vec<(u32, Str)> {
        self.processes
            .iter()
            .map(|(id, process)| (*id, process.line.clone()))
            .collect()
    }

    /// Whether a process has not ended.
    #[must_use]
    pub fn is_running(&self, process: u32) -> bool {
        self.processes.contains_key(&process)
    }

    /// The exit code of a process that has ended.
    #[must_use]
    pub fn exit_code(&self, process: u32) -> Option<i32> {
        self.exit_codes.get(&process).copied()
    }

    /// A number that is equal for equal desks: the world, what the terminal shows, the files, what runs.
    #[must_use]
    pub fn state_hash(&self) -> u64 {
        let rest = format!(
            "{:?} {:?} {:?} {:?}",
            self.terminal,
            self.files,
            self.running(),
            self.env
        );
        rest.bytes().fold(self.world.state_hash(), |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        })
    }

    /// Whether a process waits for text.
    #[must_use]
    pub fn reads(&self, process: u32) -> bool {
        self.processes
            .get(&process)
            .is_some_and(|process| process.wait.input)
    }

    /// Runs a line whose standard input is this text and no terminal, as a script does; answers the
    /// process. Not part of any log: for programs that hold the desk themselves.
    pub fn spawn_piped(&mut self, line: &Str, text: &str) -> u32 {
        let stdin = Stdin {
            text: text.to_owned(),
            ..Stdin::default()
        };
        self.start(line, Origin::Api, stdin)
    }

    /// Takes a file away, as for [`Desk::spawn_piped`].
    pub fn remove_file(&mut self, name: &str) {
        self.files.remove(name);
    }

    fn spawn(&mut self, line: &Str, from: Origin) -> u32 {
        let stdin = Stdin {
            open: true,
            terminal: true,
            ..Stdin::default()
        };
        self.start(line, from, stdin)
    }

    fn start(&mut self, line: &Str, from: Origin, stdin: Stdin) -> u32 {
        self.last_process += 1;
        let id = self.last_process;
        let now = self.world.now();
        self.terminal.command(line, from, id, now);
        let refused = if line.len() > LONGEST_TEXT {
            Some("bash: the text is too long: at most 1 MiB can be pasted at once\n")
        } else if self.processes.len() >= MOST_PROCESSES {
            Some("bash: fork: retry: Resource temporarily unavailable\n")
        } else {
            None
        };
        if let Some(why) = refused {
            self.terminal
                .print(crate::shell::Stream::Stderr, why, id, now);
            self.exit_codes.insert(id, 1);
            return id;
        }
        let program = crate::shell::program(line);
        let process = Process {
            line: line.clone(),
            program,
            stdin,
            wait: Wait::default(),
            work: Work::default(),
            polled: now,
        };
        self.poll(id, process, false);
        self.settle();
        id
    }

    /// Lets a process run until it is done or waits.
    fn poll(&mut self, id: u32, mut process: Process, interrupt: bool) {
        let now = self.world.now();
        process.work.refill(now.since(process.polled));
        process.polled = now;
        let mut out = Output::to(true);
        let mut context = Context {
            world: &mut self.world,
            files: &mut self.files,
            env: &mut self.env,
            stdin: &mut process.stdin,
            out: &mut out,
            work: &process.work,
            host: Host::Workstation,
            programs: self.programs,
        };
        let progress = if interrupt {
            process.program.interrupt(&mut context)
        } else {
            process.program.poll(&mut context)
        };
        let now = self.world.now();
        for (stream, text) in out.take() {
            self.terminal.print(stream, &text, id, now);
        }
        self.world.cancel_wake(id);
        match progress {
            Progress::Done(code) => {
                self.env.status = code;
                self.exit_codes.insert(id, code);
            }
            Progress::Wait(wait) => {
                if let Some(until) = wait.until {
                    self.world.wake_at(id, until);
                }
                process.wait = wait;
                self.processes.insert(id, process);
            }
        }
    }

    fn poll_id(&mut self, id: u32, interrupt: bool) {
        if let Some(process) = self.processes.remove(&id) {
            self.poll(id, process, interrupt);
        }
    }

    /// Wakes the processes that wait for a change, until none of them changes anything.
    fn settle(&mut self) {
        let mut seen = None;
        for _ in 0..ROUNDS {
            let version = self.world.version();
            if seen == Some(version) {
                return;
            }
            seen = Some(version);
            let waiting: Vec<u32> = self
                .processes
                .iter()
                .filter(|(_, process)| process.wait.change)
                .map(|(id, _)| *id)
                .collect();
            for id in waiting {
                self.poll_id(id, false);
            }
        }
    }

    fn write(&mut self, id: u32, text: &str) {
        let Some(process) = self.processes.get_mut(&id) else {
            return;
        };
        if process.stdin.text.len() + text.len() <= LONGEST_TEXT {
            process.stdin.text.push_str(text);
        }
        if process.wait.input {
            self.poll_id(id, false);
            self.settle();
        }
    }
}

/// The programs of the terminal and of the containers: finds one by its name.
#[must_use]
pub fn programs(world: &World, host: &Host, words: &[String]) -> Option<Box<dyn Program>> {
    let name = words.first()?;
    match host {
        Host::Workstation => match name.as_str() {
            "kubectl" | "k" => Some(crate::kubectl::program(words)),
            "cluster" => Some(Box::new(super::cluster::Cluster::new(words))),
            _ => crate::shell::tools::program(words),
        },
        Host::Container { .. } => crate::inside::program(world, host, words),
    }
}

impl Machine for Desk {
    type Input = Input;

    fn events(&self) -> u64 {
        self.world.events()
    }

    fn now(&self) -> Time {
        self.world.now()
    }

    fn set_now(&mut self, now: Time) {
        self.world.set_now(now);
    }

    fn next_due(&self) -> Option<Time> {
        self.world.next_due()
    }

    fn next_foreground(&self) -> Option<Time> {
        self.world.next_foreground()
    }

    fn run_event(&mut self) -> bool {
        let version = self.world.version();
        let lines = self.terminal.end();
        let Some(ran) = self.world.run_event() else {
            return false;
        };
        if let Ran::Wake(id) = ran {
            self.poll_id(id, false);
        }
        if self.world.version() != version {
            self.settle();
        }
        let printed = self.terminal.end() != lines;
        match ran {
            Ran::Visible => true,
            Ran::Hidden => false,
            // A program that wakes and prints, or writes, is something to stop at.
            Ran::Wake(_) => printed || self.world.version() != version,
        }
    }

    fn apply(&mut self, input: &Input) -> u32 {
        match input {
            Input::Spawn { line, from } => return self.spawn(line, *from),
            Input::Write { process, text } => self.write(*process, text),
            Input::Interrupt { process } => {
                self.poll_id(*process, true);
                self.settle();
            }
            Input::Save { file, text } => {
                if text.len() <= LONGEST_TEXT {
                    self.files.set(file, text.clone());
                }
            }
            Input::Configure { settings } => {
                self.world.configure(settings.clone());
                self.settle();
            }
        }
        0
    }
}
