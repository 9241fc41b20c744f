//! Programs: what runs in the terminal and inside containers, as explicit state machines.

use super::work::Work;
use crate::api::{Key, Map, Str, Time, Value};
use crate::sim::World;
use imbl::OrdMap;

/// A program that runs until it is done or must wait; a snapshot is a clone.
///
/// A program does not block, sleep or call itself back: all that it knows is in its fields, so that a
/// `delete` that waits, a `get -w` or a shell inside a Pod can be stepped back through.
pub trait Program {
    /// Runs until the program is done or must wait. Called again when what it waits for has come.
    fn poll(&mut self, cx: &mut Context<'_>) -> Progress;

    /// Ctrl+C.
    fn interrupt(&mut self, cx: &mut Context<'_>) -> Progress {
        let _ = cx;
        Progress::Done(130)
    }

    /// A copy, for a snapshot.
    fn clone_box(&self) -> Box<dyn Program>;
}

impl Clone for Box<dyn Program> {
    fn clone(&self) -> Self {
        self.clone_box()
    }
}

/// What [`Program::poll`] answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Ended with this exit code.
    Done(i32),
    /// Waits for any of these.
    Wait(Wait),
}

/// What a program waits for; any one of them wakes it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wait {
    /// A moment of virtual time.
    pub until: Option<Time>,
    /// Any change of an object.
    pub change: bool,
    /// Text written to it, or the end of its input.
    pub input: bool,
}

/// What a program sees while it runs.
pub struct Context<'a> {
    /// The cluster.
    pub world: &'a mut World,
    /// The files of the editor: the working folder.
    pub files: &'a mut Files,
    /// Variables and kubectl's settings.
    pub env: &'a mut Environment,
    /// What it reads.
    pub stdin: &'a mut Stdin,
    /// What it prints.
    pub out: &'a mut Output,
    /// What its command line may still compute.
    pub work: &'a Work,
    /// Where it runs.
    pub host: Host,
    /// Finds a program by its words, the first of which is its name.
    pub programs: Lookup,
}

/// Finds a program by where it is to run and its words, the first of which is its name. What a container has
/// depends on its image, which the world knows.
pub type Lookup = fn(&World, &Host, &[String]) -> Option<Box<dyn Program>>;

impl Context<'_> {
    /// The time.
    #[must_use]
    pub fn now(&self) -> Time {
        self.world.now()
    }
}

/// Where a program runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Host {
    /// The learner's own machine, where kubectl is.
    #[default]
    Workstation,
    /// A container of a Pod.
    Container {
        /// The Pod.
        pod: Key,
        /// The container's name.
        container: Str,
    },
}

/// The files of the editor: the folder in which commands run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Files {
    texts: OrdMap<Str, Str>,
    applied: OrdMap<Str, Applied>,
    editing: Option<Str>,
}

/// What `kubectl apply` read in a file when it last accepted all of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// The text.
    pub text: Str,
    /// When.
    pub at: Time,
}

impl Files {
    /// The text of a file.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Str> {
        self.texts.get(plain(name))
    }

    /// Writes a file.
    pub fn set(&mut self, name: &str, text: impl Into<Str>) {
        self.texts.insert(Str::new(plain(name)), text.into());
    }

    /// Takes a file away; answers whether it was there.
    pub fn remove(&mut self, name: &str) -> bool {
        self.texts.remove(plain(name)).is_some()
    }

    /// Notes that a file's text was applied now, for the editor to compare with.
    pub fn note_applied(&mut self, name: &str, at: Time) {
        if let Some(text) = self.get(name).cloned() {
            self.applied
                .insert(Str::new(plain(name)), Applied { text, at });
        }
    }

    /// What was applied of a file last.
    #[must_use]
    pub fn applied(&self, name: &str) -> Option<&Applied> {
        self.applied.get(plain(name))
    }

    /// Names in order.
    pub fn names(&self) -> impl Iterator<Item = &Str> {
        self.texts.keys()
    }

    /// The file that a program (`vi`, `kubectl edit`) holds open in the editor. The editor saves it and then
    /// writes `:q` to the program.
    #[must_use]
    pub fn editing(&self) -> Option<&Str> {
        self.editing.as_ref()
    }

    /// Opens a file in the editor, or closes it.
    pub fn edit(&mut self, name: Option<Str>) {
        self.editing = name;
    }
}

/// `./web.yaml` is `web.yaml`.
fn plain(name: &str) -> &str {
    name.strip_prefix("./").unwrap_or(name)
}

/// Variables and kubectl's settings. A pod's shell has its own.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Environment {
    /// Shell variables.
    pub variables: Map,
    /// The namespace of kubectl's current context; empty: `default`.
    pub namespace: Str,
    /// `$?`
    pub status: i32,
}

impl Environment {
    /// The namespace that kubectl uses without `-n`.
    #[must_use]
    pub fn namespace(&self) -> &str {
        if self.namespace.is_empty() {
            "default"
        } else {
            &self.namespace
        }
    }

    /// A variable.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.variables.get(name).and_then(Value::as_str)
    }
}

/// What a program reads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stdin {
    /// Text not read yet.
    pub text: String,
    /// Whether more may come.
    pub open: bool,
    /// Whether a person types it.
    pub terminal: bool,
}

impl Stdin {
    /// Takes all that has come so far.
    pub fn take(&mut self) -> String {
        std::mem::take(&mut self.text)
    }

    /// Takes the next whole line without its end; the rest if the input is closed.
    pub fn line(&mut self) -> Option<String> {
        if let Some(end) = self.text.find('\n') {
            let line = self.text[..end].to_owned();
            self.text.drain(..=end);
            return Some(line);
        }
        if self.open || self.text.is_empty() {
            None
        } else {
            Some(self.take())
        }
    }
}

/// Where printed text goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Stream {
    Stdout,
    Stderr,
}

/// What a program printed, in order.
#[derive(Clone, Debug, Default)]
pub struct Output {
    /// Whether standard output is a terminal: some programs print otherwise then.
    pub terminal: bool,
    /// Neighbours are of different streams.
    pieces: Vec<(Stream, String)>,
}

impl Output {
    /// Output that goes to a terminal, or does not.
    #[must_use]
    pub fn to(terminal: bool) -> Self {
        Output {
            terminal,
            pieces: Vec::new(),
        }
    }

    /// Prints on standard output.
    pub fn stdout(&mut self, text: impl AsRef<str>) {
        self.push(Stream::Stdout, text.as_ref());
    }

    /// Prints on standard error.
    pub fn stderr(&mut self, text: impl AsRef<str>) {
        self.push(Stream::Stderr, text.as_ref());
    }

    /// Prints on a stream.
    pub fn push(&mut self, stream: Stream, text: &str) {
        match self.pieces.last_mut() {
            _ if text.is_empty() => {}
            Some((last, piece)) if *last == stream => piece.push_str(text),
            _ => self.pieces.push((stream, text.to_owned())),
        }
    }

    /// Takes all that was printed: one text after the other, of alternating streams.
    pub fn take(&mut self) -> Vec<(Stream, String)> {
        std::mem::take(&mut self.pieces)
    }

    /// Takes what was printed on standard output, joined; the rest stays.
    pub fn take_stdout(&mut self) -> String {
        let mut text = String::new();
        self.pieces.retain(|(stream, piece)| {
            let stays = *stream == Stream::Stderr;
            if !stays {
                text.push_str(piece);
            }
            stays
        });
        text
    }
}
