//! The model test: random acts on random worlds through the session's door. After every event what must
//! hold of a StatefulSet is checked on the objects; when the faults are mended and time has run, each set
//! has converged, or the Why line names what is in its way.

mod acts;
mod rest;
mod rules;
#[cfg(test)]
mod tests;

use crate::api::{Str, Time};
use crate::controllers::Reason;
use crate::session::{Input, Origin, Session, Stability};
use crate::store::Draw;
use acts::{Act, Shape};
use rules::Watch;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// How many acts a world sees.
const ACTS: u32 = 40;
/// The most engine events after one act.
const EVENTS: u32 = 20_000;
/// How often a reason must have been reached in a run that is long enough.
const REACHED: u64 = 100;
/// How many steps a run must have for the counts to be asked for.
const LONG: u64 = 100_000;

/// A stream of random numbers.
pub struct Dice {
    draw: Draw,
    drawn: u64,
}

impl Dice {
    fn new(seed: u64) -> Dice {
        Dice {
            draw: Draw::new(seed),
            drawn: 0,
        }
    }

    /// A number from 0 to `most`.
    fn up_to(&mut self, most: u32) -> u32 {
        self.drawn += 1;
        let number = self.draw.number("model", "", self.drawn) % (u64::from(most) + 1);
        u32::try_from(number).unwrap_or(0)
    }

    fn one_in(&mut self, of: u32) -> bool {
        self.up_to(of.max(1) - 1) == 0
    }
}

/// What came of a run.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// Worlds played.
    pub worlds: u64,
    /// Writes checked that a learner can see: the steps of the page.
    pub steps: u64,
    /// Engine events executed.
    pub events: u64,
    /// Acts done.
    pub acts: u64,
    /// Acts that changed something.
    pub effective: u64,
    /// Sets that had converged at the end of their world.
    pub converged: u64,
    /// Sets that had not, and whose Why line names what is in their way.
    pub blocked: u64,
    /// How often each reason was given, by its id.
    pub reasons: BTreeMap<&'static str, u64>,
    /// What did not hold: the number of the world, and what.
    pub faults: Vec<String>,
    /// The acts and writes in order, a line each, if they were asked for.
    pub story: Vec<String>,
}

impl Outcome {
    /// The counts and faults as text.
    #[must_use]
    pub fn table(&self) -> String {
        let mut text = String::new();
        for id in Reason::IDS {
            let count = self.reasons.get(id).copied().unwrap_or(0);
            let _ = writeln!(text, "{id}\t{count}");
        }
        let _ = writeln!(
            text,
            "{} worlds, {} steps, {} events; {} of {} acts effective ({} %); {} sets converged, {} blocked as told",
            self.worlds,
            self.steps,
            self.events,
            self.effective,
            self.acts,
            self.effective * 100 / self.acts.max(1),
            self.converged,
            self.blocked
        );
        for fault in self.faults.iter().take(20) {
            let _ = writeln!(text, "FAULT {fault}");
        }
        text
    }

    /// What the run did not show that it has to: too few effective acts, reasons reached too rarely.
    #[must_use]
    pub fn missing(&self) -> Vec<String> {
        let mut missing = Vec::new();
        if self.effective * 10 < self.acts * 6 {
            missing.push("fewer than 60 % of the acts were effective".to_owned());
        }
        for id in self.reasons.keys().filter(|id| !Reason::IDS.contains(id)) {
            missing.push(format!("{id} is not in Reason::IDS"));
        }
        for id in Reason::IDS.iter().filter(|_| self.steps >= LONG) {
            let count = self.reasons.get(id).copied().unwrap_or(0);
            if count < REACHED {
                missing.push(format!("{id} was reached {count} times of {REACHED}"));
            }
        }
        missing
    }

    fn add(&mut self, other: Outcome) {
        self.worlds += other.worlds;
        self.steps += other.steps;
        self.events += other.events;
        self.acts += other.acts;
        self.effective += other.effective;
        self.converged += other.converged;
        self.blocked += other.blocked;
        for (id, count) in other.reasons {
            *self.reasons.entry(id).or_default() += count;
        }
        self.faults.extend(other.faults);
    }
}

/// Plays worlds from number `first` on until `steps` writes were checked, or until `faults` things did not
/// hold.
#[must_use]
pub fn run(first: u64, steps: u64, faults: usize) -> Outcome {
    let mut all = Outcome::default();
    for number in first.. {
        if all.steps >= steps || all.faults.len() >= faults {
            break;
        }
        all.add(world(number));
    }
    all
}

/// Plays the world of this number.
#[must_use]
pub fn world(number: u64) -> Outcome {
    play(number, false)
}

/// Plays the world of this number and keeps its story: what to read when it broke a rule.
#[must_use]
pub fn told(number: u64) -> Outcome {
    play(number, true)
}

fn play(number: u64, tell: bool) -> Outcome {
    let mut dice = Dice::new(number);
    let session = Session::new(acts::settings(&mut dice, number));
    let shape = Shape::of(&mut dice);
    let mut play = Play {
        watch: Watch::new(&session),
        session,
        tell,
        outcome: Outcome {
            worlds: 1,
            ..Outcome::default()
        },
    };
    for act in shape.opening(&mut dice) {
        play.act(act);
    }
    for _ in 0..ACTS {
        let act = shape.act(&mut dice, &play.session);
        play.act(act);
        let wait = acts::wait(&mut dice, &play.session);
        play.run_for(wait, dice.up_to(EVENTS));
    }
    play.come_to_rest();
    let faults = std::mem::take(&mut play.watch.faults);
    let faults = faults
        .iter()
        .map(|fault| format!("world {number}: {fault}"));
    play.outcome.faults = faults.collect();
    play.outcome
}

/// A world that is played.
struct Play {
    session: Session,
    watch: Watch,
    tell: bool,
    outcome: Outcome,
}

impl Play {
    fn act(&mut self, act: Act) {
        if self.tell {
            let clock = self.session.now().since(Time::EPOCH);
            self.outcome.story.push(format!("{clock} {act:?}"));
        }
        let world = self.session.world();
        let (version, decisions) = (world.store().resource_version(), world.decisions().clone());
        let line = match act {
            Act::Line(line) => line,
            Act::File(file, text, line) => {
                self.session.input(Input::Save {
                    file: Str::literal(file),
                    text: text.into(),
                });
                line
            }
            Act::Nodes(count) => {
                let mut settings = self.session.world().settings().clone();
                settings.nodes.count = count;
                self.session.input(Input::Configure { settings });
                String::new()
            }
        };
        let fault = line.starts_with("cluster");
        let nodes = fault.then(|| self.session.world().runtime().fingerprint());
        if !line.is_empty() {
            let from = Origin::Prompt;
            let line = line.into();
            self.session.input(Input::Spawn { line, from });
        }
        let world = self.session.world();
        let changed = world.store().resource_version() != version
            || nodes.is_some_and(|before| before != world.runtime().fingerprint());
        self.outcome.acts += 1;
        self.outcome.effective += u64::from(changed);
        self.count(true);
        self.count_decisions(&decisions);
    }

    /// Runs the clock on by `millis`, event by event, but at most so many.
    fn run_for(&mut self, millis: i64, events: u32) {
        let until = self.session.now().plus(millis);
        for _ in 0..events.max(1) {
            match self.session.desk().world().next_due() {
                Some(due) if due <= until => self.event(due),
                _ => {
                    self.session.advance(until, 1);
                    break;
                }
            }
        }
    }

    fn event(&mut self, due: Time) {
        let decisions = self.session.world().decisions().clone();
        self.session.advance(due, 1);
        self.outcome.events += 1;
        self.count(false);
        self.count_decisions(&decisions);
    }

    fn count(&mut self, act: bool) {
        for write in self.watch.look(&self.session, act) {
            self.outcome.steps += 1;
            if self.tell {
                self.outcome.story.push(rules::line(&write));
            }
            *self.outcome.reasons.entry(write.why.id()).or_default() += 1;
        }
    }

    fn count_decisions(&mut self, before: &imbl::OrdMap<crate::api::Key, crate::sim::Decision>) {
        let now = self.session.world().decisions();
        if now.ptr_eq(before) {
            return;
        }
        for change in before.diff(now) {
            let (imbl::ordmap::DiffItem::Add(_, decision)
            | imbl::ordmap::DiffItem::Update {
                new: (_, decision), ..
            }) = change
            else {
                continue;
            };
            *self.outcome.reasons.entry(decision.why.id()).or_default() += 1;
        }
    }

    /// Mends the faults and lets time run; then every set has converged, or says why not.
    fn come_to_rest(&mut self) {
        for line in acts::mend(self.session.world().store()) {
            self.session.input(Input::Spawn {
                line: line.into(),
                from: Origin::Prompt,
            });
        }
        self.count(true);
        let from = self.session.now();
        loop {
            let stability = self.session.run_until_stable(from, 1);
            self.outcome.events += 1;
            self.count(false);
            if stability != Stability::More {
                break;
            }
        }
        match rest::judge(&self.session) {
            rest::Rest::Nothing => {}
            rest::Rest::Converged => self.outcome.converged += 1,
            rest::Rest::Blocked => self.outcome.blocked += 1,
            rest::Rest::Untold(fault) => self.watch.faults.push(fault),
        }
    }
}
