//! A desk at which the command lines of cases and setups are typed.

use crate::api::{Kind, Millis, Str};
use crate::session::{Desk, Input, LineKind, programs};
use crate::sim::Settings;
use crate::sim::history::Machine;

/// After this time a command is said not to end.
const TIMEOUT: Millis = 180_000;
/// How long kubectl takes to start.
const STARTS: Millis = 100;
/// A cluster in which nothing was written for this long has come to rest.
pub const SETTLED: Millis = 3000;
/// A cluster that has not come to rest after this time is taken as it is.
const SETTLES_WITHIN: Millis = 120_000;

/// What came of a command.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// The exit code, `interrupted`, or `timeout`.
    pub code: String,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

/// A cluster and the folder in which one works. A clone is cheap, and shares nothing that changes.
#[derive(Clone)]
pub struct Table {
    desk: Desk,
}

impl Table {
    /// A cluster without a StorageClass, and an empty folder.
    pub fn new() -> Table {
        let settings = Settings {
            storage_class: false,
            ..Settings::default()
        };
        let mut table = Table {
            desk: Desk::new(settings, programs),
        };
        table.clear();
        table
    }

    /// Empties the folder.
    pub fn clear(&mut self) {
        let names: Vec<Str> = self.desk.files().names().cloned().collect();
        for name in names {
            self.desk.remove_file(&name);
        }
    }

    /// Puts a file into the folder.
    pub fn save(&mut self, name: &str, text: &str) {
        let (file, text) = (Str::new(name), Str::new(text));
        self.desk.apply(&Input::Save { file, text });
    }

    /// Runs a command to its end, with this on its standard input.
    pub fn run(&mut self, line: &str, stdin: &str) -> Outcome {
        self.typed(line, stdin, TIMEOUT, "timeout")
    }

    /// Runs a command; Ctrl+C ends it after so many seconds.
    pub fn run_until(&mut self, line: &str, seconds: f64) -> Outcome {
        self.typed(line, "", (seconds * 1000.0) as Millis, "interrupted")
    }

    /// Runs a command for at most `limit`; `unended` is its status if it does not end by then.
    fn typed(&mut self, line: &str, stdin: &str, limit: Millis, unended: &str) -> Outcome {
        self.wait(STARTS);
        let process = self.desk.spawn_piped(&Str::new(line), stdin);
        let end = self.desk.now().plus(limit);
        while self.desk.is_running(process) && self.desk.next_due().is_some_and(|due| due <= end) {
            self.desk.run_event();
        }
        let code = match self.desk.exit_code(process) {
            Some(code) => code.to_string(),
            None => {
                self.desk.set_now(end);
                self.desk.apply(&Input::Interrupt { process });
                unended.to_owned()
            }
        };
        Outcome {
            code,
            out: self.printed(process, LineKind::Stdout),
            err: self.printed(process, LineKind::Stderr),
        }
    }

    fn printed(&self, process: u32, kind: LineKind) -> String {
        let mut text = String::new();
        let lines = self.desk.terminal().lines().iter();
        for line in lines.filter(|line| line.process == process && line.kind == kind) {
            text.push_str(&line.text);
            if !line.open {
                text.push('\n');
            }
        }
        text
    }

    /// Lets time pass.
    pub fn wait(&mut self, time: Millis) {
        let to = self.desk.now().plus(time);
        while self.desk.next_due().is_some_and(|due| due <= to) {
            self.desk.run_event();
        }
        self.desk.set_now(to);
    }

    /// Waits until nothing was written for `quiet`.
    pub fn settle(&mut self, quiet: Millis) {
        let mut seen = self.desk.world().writes().len();
        let limit = self.desk.now().plus(SETTLES_WITHIN);
        let mut rest = self.desk.now().plus(quiet);
        while rest < limit {
            match self.desk.next_due() {
                Some(due) if due <= rest => self.desk.run_event(),
                _ => return self.desk.set_now(rest),
            };
            let writes = self.desk.world().writes().len();
            if writes != seen {
                seen = writes;
                rest = self.desk.now().plus(quiet);
            }
        }
    }

    /// Whether a Pod of the namespace default is there.
    pub fn has_pod(&self, name: &str) -> bool {
        let mut pods = self.desk.world().store().list(Kind::Pod, "default");
        pods.any(|pod| pod.meta.name == name)
    }
}
