//! Plays a scenario against a session.

use super::in_pod;
use super::scenario::{LOOK_TAKES, Scenario, Step};
use super::state::{self, State};
use crate::api::{Key, Kind, Millis, Str, Time};
use crate::session::{Input, LineKind, Origin, Session};
use crate::sim::Settings;
use std::collections::BTreeMap;

/// After this time a command is said not to end.
const TIMEOUT: Millis = 180_000;
/// How long kubectl takes to start: commands of a script are that far apart.
const STARTS: Millis = 100;
/// From the start of a watch to the next step.
const WATCH_STARTS: Millis = 1000;
/// A cluster that has not settled after this time is looked at as it is.
const SETTLES_WITHIN: Millis = 120_000;
/// How long a settling cluster is given to make containers.
const MAKING_CONTAINERS: Millis = 25_000;
/// How often a settling cluster is looked at while it makes containers.
const LOOK_AGAIN: Millis = 200;
/// More engine events than any scenario needs.
const BUDGET: u64 = 10_000_000;

/// What came of a command.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// The exit code; `None`: it did not end in time.
    pub code: Option<i32>,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

/// A state and the kinds that changed since the one before.
pub struct Seen {
    pub state: State,
    pub changed: Vec<String>,
}

/// A scenario after it was played; the maps are by the number of the step.
pub struct Played {
    pub session: Session,
    pub results: BTreeMap<usize, Outcome>,
    pub watched: BTreeMap<usize, Vec<String>>,
    pub states: BTreeMap<usize, Seen>,
    /// Acts that cannot be played, and why.
    pub refused: BTreeMap<usize, String>,
}

/// Plays the steps, each at the end of the one before plus the recorded gap.
pub fn play(scenario: &Scenario) -> Played {
    let settings = Settings {
        storage_class: false,
        placements: scenario.placements(),
        ..Settings::default()
    };
    let mut player = Player {
        session: Session::with_programs(settings, in_pod::programs),
        watches: BTreeMap::new(),
        last_state: State::new(),
        marker: scenario.marker,
        stopped_node: String::new(),
    };
    for (name, text) in &scenario.files {
        let (file, text) = (Str::new(name), Str::new(text));
        player.session.input(Input::Save { file, text });
    }
    let mut played = Played {
        session: player.session.clone(),
        results: BTreeMap::new(),
        watched: BTreeMap::new(),
        states: BTreeMap::new(),
        refused: BTreeMap::new(),
    };
    for (at, (step, gap)) in scenario.steps.iter().zip(&scenario.gaps).enumerate() {
        player.wait(*gap);
        player.step(at, step, &mut played);
    }
    for (at, process) in std::mem::take(&mut player.watches).into_values() {
        played.watched.insert(at, player.end_watch(process));
    }
    played.session = player.session;
    played
}

struct Player {
    session: Session,
    /// By name: the step that started the watch, and its process.
    watches: BTreeMap<String, (usize, u32)>,
    last_state: State,
    stopped_node: String,
    marker: &'static str,
}

impl Player {
    fn now(&self) -> Time {
        self.session.now()
    }

    fn wait(&mut self, time: Millis) {
        let to = self.now().plus(time);
        self.session.advance(to, BUDGET);
    }

    fn spawn(&mut self, line: &str) -> u32 {
        self.session.input(Input::Spawn {
            line: Str::new(line),
            from: Origin::Api,
        })
    }

    fn step(&mut self, at: usize, step: &Step, played: &mut Played) {
        match step {
            Step::Note => {}
            Step::Run { line, .. } => {
                self.wait(STARTS);
                played.results.insert(at, self.run(line));
            }
            Step::Watch { name, line, .. } => {
                self.wait(STARTS);
                let process = self.spawn(line);
                self.watches.insert(name.clone(), (at, process));
                self.wait(WATCH_STARTS - STARTS);
            }
            Step::Stop { name } => {
                if let Some((at, process)) = self.watches.remove(name) {
                    played.watched.insert(at, self.end_watch(process));
                }
            }
            Step::Settle { quiet, .. } => {
                self.settle(*quiet);
                played.states.insert(at, self.look());
            }
            Step::Snapshot { .. } => {
                self.wait(LOOK_TAKES);
                played.states.insert(at, self.look());
            }
            Step::Sleep { wait } => self.wait(*wait),
            Step::Act { verb, pod } => {
                let command = match verb.as_str() {
                    "kill" => "crash --code=0",
                    "hang" => "hang --code=0",
                    "unready" => "fail-ready",
                    "ready" => "pass-ready",
                    "unhang" => "obey",
                    other => other,
                };
                self.act(at, &format!("cluster {command} {pod}"), played);
            }
            Step::Node { start, node } => {
                let node = match node.strip_prefix('@') {
                    Some(pod) => self.node_of(pod),
                    None if node.is_empty() => self.stopped_node.clone(),
                    None => node.clone(),
                };
                let verb = if *start { "start-node" } else { "stop-node" };
                self.act(at, &format!("cluster {verb} {node}"), played);
                self.stopped_node = node;
            }
        }
    }

    /// Something that happens to the cluster, and is not kubectl.
    fn act(&mut self, at: usize, line: &str, played: &mut Played) {
        let outcome = self.run(line);
        if outcome.code != Some(0) {
            let why = outcome.err.lines().next().unwrap_or_default();
            played
                .refused
                .insert(at, format!("not simulated: {line}: {why}"));
        }
    }

    fn node_of(&self, pod: &str) -> String {
        let pod = self
            .session
            .world()
            .store()
            .get(&Key::new(Kind::Pod, "default", pod));
        pod.and_then(|pod| Some(pod.pod()?.node.to_string()))
            .unwrap_or_default()
    }

    /// Runs a command to its end.
    fn run(&mut self, line: &str) -> Outcome {
        let start = self.now();
        let process = self.spawn(line);
        let code = self.session.run_until_done(process, TIMEOUT, BUDGET);
        if code.is_none() {
            self.session.advance(start.plus(TIMEOUT), BUDGET);
            self.session.input(Input::Interrupt { process });
        }
        let printed = |kind| self.printed(process, kind);
        Outcome {
            code,
            out: printed(LineKind::Stdout),
            err: printed(LineKind::Stderr),
        }
    }

    fn printed(&self, process: u32, kind: LineKind) -> String {
        let mut text = String::new();
        let lines = self.session.terminal().lines().iter();
        for line in lines.filter(|line| line.process == process && line.kind == kind) {
            text.push_str(&line.text);
            if !line.open {
                text.push('\n');
            }
        }
        text
    }

    /// What a watch printed on either stream; it ends here.
    fn end_watch(&mut self, process: u32) -> Vec<String> {
        self.session.input(Input::Interrupt { process });
        let lines = self.session.terminal().lines().iter();
        lines
            .filter(|line| line.process == process && !matches!(line.kind, LineKind::Command(_)))
            .map(|line| line.text.to_string())
            .collect()
    }

    /// Waits until nothing was written for `quiet`, but not while containers are made in the first
    /// seconds.
    fn settle(&mut self, quiet: Millis) {
        let start = self.now();
        let limit = start.plus(SETTLES_WITHIN);
        loop {
            let last = self.last_write().map_or(start, |last| last.max(start));
            let due = last.plus(quiet).max(self.now()).min(limit);
            self.session.advance(due, BUDGET);
            if self.now() >= limit {
                return;
            }
            let wrote = self.last_write().is_some_and(|newer| newer > last);
            let making = self.now().since(start) < MAKING_CONTAINERS && self.makes_containers();
            if !wrote && !making {
                return;
            }
            if making {
                self.wait(LOOK_AGAIN);
            }
        }
    }

    fn last_write(&self) -> Option<Time> {
        self.session.world().writes().last().map(|write| write.at)
    }

    fn makes_containers(&self) -> bool {
        let mut pods = self.session.world().store().list(Kind::Pod, "");
        pods.any(|pod| {
            let statuses = pod.tree().items_at(&["status", "containerStatuses"]);
            !pod.meta.terminating()
                && statuses.iter().any(|status| {
                    status.str_at(&["state", "waiting", "reason"]) == Some("ContainerCreating")
                })
        })
    }

    fn look(&mut self) -> Seen {
        let state = state::of(self.session.world().store(), self.marker);
        let changed = state
            .iter()
            .filter(|(kind, objects)| self.last_state.get(*kind) != Some(*objects));
        let changed = changed
            .filter(|(kind, objects)| !objects.is_empty() || self.last_state.contains_key(*kind))
            .map(|(kind, _)| kind.clone())
            .collect();
        self.last_state.clone_from(&state);
        Seen { state, changed }
    }
}
