//! Time that runs both ways: the log of inputs, snapshots, seeking, branches.
//!
//! Generic over the machine whose history it is. What is kept is the first state, the inputs with the
//! place of each, and snapshots; every other state is made again from these.

use crate::api::{Millis, Time};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A snapshot is taken each time this many events were executed.
const SNAPSHOT_EVERY: u64 = 256;
/// How many snapshots are kept; beyond it every other one of the older half goes.
const SNAPSHOTS: usize = 512;
/// How many former futures are kept.
const BRANCHES: usize = 3;
/// The most engine events that one step may execute before it gives up finding a visible write.
const STEP_BOUND: u64 = 200_000;

/// What a history is of: a deterministic machine that takes inputs and executes events.
pub trait Machine: Clone {
    /// What acts on it.
    type Input: Clone;

    /// How many engine events were executed.
    fn events(&self) -> u64;
    /// The time.
    fn now(&self) -> Time;
    /// Moves the clock forward.
    fn set_now(&mut self, now: Time);
    /// When the next event is due.
    fn next_due(&self) -> Option<Time>;
    /// When the next event with a cause is due.
    fn next_foreground(&self) -> Option<Time>;
    /// Executes the next event; whether a learner can see what it did.
    fn run_event(&mut self) -> bool;
    /// Takes an input; answers what it made (the id of a process).
    fn apply(&mut self, input: &Self::Input) -> u32;
}

/// An input and its place: after how many engine events, and when.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry<I> {
    /// The number of engine events executed before it: exact under the same engine.
    pub after: u64,
    /// The virtual time: for another engine.
    pub at: Time,
    /// The input.
    pub input: I,
}

/// A place in a history.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// Engine events executed.
    pub events: u64,
    /// Inputs taken.
    pub inputs: usize,
    /// The clock.
    pub at: Time,
}

impl Position {
    fn progress(&self) -> (u64, usize, Time) {
        (self.events, self.inputs, self.at)
    }

    /// Whether this place lies before `other` in the same history.
    #[must_use]
    pub fn before(&self, other: &Position) -> bool {
        self.progress() < other.progress()
    }
}

/// A former future that was left by acting in the past.
#[derive(Clone)]
pub struct Branch<M: Machine> {
    /// Where it leaves the present history.
    pub from: Position,
    /// Where it ends.
    pub end: Position,
    log: Vec<Entry<M::Input>>,
    last: M,
}

impl<M: Machine> Branch<M> {
    /// The machine as it was at its end.
    #[must_use]
    pub fn last(&self) -> &M {
        &self.last
    }
}

/// What a run did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Run {
    /// The time that was asked for is reached, or what was waited for has come.
    Done,
    /// The budget is used up; call again.
    More,
}

/// A machine with its past and its possible futures.
#[derive(Clone)]
pub struct History<M: Machine> {
    origin: M,
    present: M,
    inputs: usize,
    log: Vec<Entry<M::Input>>,
    /// States that a step stops at: after each visible event and each input.
    stops: Vec<Position>,
    end: Position,
    /// The machine at the end, while this place lies before it.
    last: Option<M>,
    snapshots: BTreeMap<(u64, usize), M>,
    branches: Vec<Branch<M>>,
}

impl<M: Machine> History<M> {
    /// The history of a machine that starts now.
    #[must_use]
    pub fn new(origin: M) -> History<M> {
        let start = Position {
            events: origin.events(),
            inputs: 0,
            at: origin.now(),
        };
        History {
            present: origin.clone(),
            origin,
            inputs: 0,
            log: Vec::new(),
            stops: vec![start],
            end: start,
            last: None,
            snapshots: BTreeMap::new(),
            branches: Vec::new(),
        }
    }

    /// A history from its log, played to the end; `None` if the log does not fit this engine.
    #[must_use]
    pub fn replay(origin: M, log: Vec<Entry<M::Input>>, end: Position) -> Option<History<M>> {
        let mut history = History::new(origin);
        for entry in log {
            if !history.run_to_entry(&entry) {
                return None;
            }
            history.act(entry.input);
        }
        history.run_live_to(end);
        Some(history)
    }

    /// The machine at this place.
    #[must_use]
    pub fn present(&self) -> &M {
        &self.present
    }

    /// The machine at the end of what was played so far.
    #[must_use]
    pub fn last(&self) -> &M {
        self.last.as_ref().unwrap_or(&self.present)
    }

    /// The machine as it was at the start.
    #[must_use]
    pub fn origin(&self) -> &M {
        &self.origin
    }

    /// The inputs of this history, with their places.
    #[must_use]
    pub fn log(&self) -> &[Entry<M::Input>] {
        &self.log
    }

    /// This place.
    #[must_use]
    pub fn position(&self) -> Position {
        Position {
            events: self.present.events(),
            inputs: self.inputs,
            at: self.present.now(),
        }
    }

    /// The end of what was played so far.
    #[must_use]
    pub fn end(&self) -> Position {
        self.end
    }

    /// Whether this place lies before the end.
    #[must_use]
    pub fn in_past(&self) -> bool {
        self.position().before(&self.end)
    }

    /// The states that steps stop at, in order.
    #[must_use]
    pub fn stops(&self) -> &[Position] {
        &self.stops
    }

    /// The former futures, oldest first.
    #[must_use]
    pub fn branches(&self) -> &[Branch<M>] {
        &self.branches
    }

    /// Takes an input here. In the past this leaves the future, which is kept as a branch.
    pub fn act(&mut self, input: M::Input) -> u32 {
        if self.in_past() {
            self.fork();
        }
        let entry = Entry {
            after: self.present.events(),
            at: self.present.now(),
            input: input.clone(),
        };
        self.log.push(entry);
        self.inputs += 1;
        let made = self.present.apply(&input);
        self.reach_end(true);
        made
    }

    fn fork(&mut self) {
        let here = self.position();
        self.branches.push(Branch {
            from: here,
            end: self.end,
            log: self.log.clone(),
            last: self.last().clone(),
        });
        if self.branches.len() > BRANCHES {
            self.branches.remove(0);
        }
        self.log.truncate(self.inputs);
        self.stops.retain(|stop| !here.before(stop));
        let limit = (here.events, here.inputs);
        self.snapshots.retain(|place, _| *place <= limit);
        self.end = here;
        self.last = None;
    }

    /// Goes back to a former future; what is left becomes a branch in its place.
    pub fn restore(&mut self, branch: usize) -> bool {
        if branch >= self.branches.len() {
            return false;
        }
        let chosen = self.branches.remove(branch);
        let left = Branch {
            from: chosen.from,
            end: self.end,
            log: self.log.clone(),
            last: self.last().clone(),
        };
        if let Some(history) = History::replay(self.origin.clone(), chosen.log, chosen.end) {
            let mut branches = std::mem::take(&mut self.branches);
            branches.push(left);
            *self = history;
            self.branches = branches;
            return true;
        }
        false
    }

    /// Goes on to the next state that a learner can tell from this one: in the past the next recorded
    /// one. Answers whether there was one.
    pub fn step(&mut self) -> bool {
        let here = self.position();
        if here.before(&self.end) {
            let next = self.stops.iter().find(|stop| here.before(stop)).copied();
            self.go(next.unwrap_or(self.end));
            return true;
        }
        for _ in 0..STEP_BOUND {
            if self.present.next_foreground().is_none() {
                break;
            }
            let visible = self.present.run_event();
            self.snapshot();
            if visible {
                self.reach_end(true);
                return true;
            }
        }
        self.reach_end(false);
        false
    }

    /// Goes back to the state before: the exact inverse of [`History::step`].
    pub fn back(&mut self) -> bool {
        let here = self.position();
        let before = self
            .stops
            .iter()
            .rev()
            .find(|stop| stop.before(&here))
            .copied();
        match before {
            Some(place) => {
                self.go(place);
                true
            }
            None => false,
        }
    }

    /// Goes to the state after all events due at or before `at`. Beyond the end the machine runs on.
    pub fn seek(&mut self, at: Time, budget: u64) -> Run {
        if at >= self.end.at {
            self.go(self.end);
            return self.advance(at, budget);
        }
        self.leave_end();
        self.run_to_time(at);
        self.present.set_now(at);
        Run::Done
    }

    /// Keeps the machine at the end before going back from there.
    fn leave_end(&mut self) {
        if !self.in_past() {
            self.last = Some(self.present.clone());
        }
    }

    /// Goes to the last place whose events and inputs lie at or before `at`: on from here if that is nearer than
    /// the last snapshot before it.
    fn run_to_time(&mut self, at: Time) {
        let start = self
            .snapshots
            .iter()
            .rev()
            .find(|(_, machine)| machine.now() <= at)
            .map(|(place, _)| *place)
            .unwrap_or((self.origin.events(), 0));
        if self.present.now() > at || (self.present.events(), self.inputs) < start {
            self.go_raw(start);
        }
        loop {
            let due = self.present.next_due();
            if let Some(entry) = self.log.get(self.inputs)
                && entry.after == self.present.events()
            {
                if entry.at > at {
                    break;
                }
                self.replay_input();
            } else if due.is_some_and(|due| due <= at) && self.present.events() < self.end.events {
                self.present.run_event();
                self.snapshot();
            } else {
                break;
            }
        }
    }

    /// Runs the clock on to `to`, executing what is due; in the past recorded inputs are taken as they
    /// come. At most `budget` events.
    pub fn advance(&mut self, to: Time, budget: u64) -> Run {
        let mut left = budget;
        while self.in_past() {
            if left == 0 {
                return Run::More;
            }
            if let Some(entry) = self.log.get(self.inputs)
                && entry.after == self.present.events()
            {
                if entry.at > to {
                    break;
                }
                self.replay_input();
            } else if self.present.events() < self.end.events {
                if self.present.next_due().is_none_or(|due| due > to) {
                    break;
                }
                self.present.run_event();
                self.snapshot();
                left -= 1;
            } else {
                break;
            }
        }
        if self.position().progress() >= (self.end.events, self.end.inputs, Time(0)) {
            while self.present.next_due().is_some_and(|due| due <= to) {
                if left == 0 {
                    return Run::More;
                }
                let visible = self.present.run_event();
                self.snapshot();
                self.reach_end(visible);
                left -= 1;
            }
        }
        self.present.set_now(to);
        if !self.in_past() {
            self.reach_end(false);
        }
        Run::Done
    }

    /// Runs on until nothing is due that has a cause, or until `limit`. At most `budget` events.
    pub fn run_until_stable(&mut self, limit: Time, budget: u64) -> Run {
        if self.in_past() {
            self.go(self.end);
        }
        for _ in 0..budget {
            match self.present.next_foreground() {
                Some(due) if due <= limit => {
                    let visible = self.present.run_event();
                    self.snapshot();
                    self.reach_end(visible);
                }
                _ => return Run::Done,
            }
        }
        Run::More
    }

    /// How long until the next event with a cause.
    #[must_use]
    pub fn until_next(&self) -> Option<Millis> {
        self.present
            .next_foreground()
            .map(|due| due.since(self.present.now()).max(0))
    }

    /// Goes to a place of this history.
    pub fn go(&mut self, place: Position) {
        self.leave_end();
        match self.last.take() {
            Some(last) if !place.before(&self.end) => {
                self.present = last;
                self.inputs = self.end.inputs;
            }
            last => {
                self.last = last;
                self.go_raw((place.events, place.inputs));
            }
        }
        self.present.set_now(place.at);
    }

    fn go_raw(&mut self, target: (u64, usize)) {
        let here = (self.present.events(), self.inputs);
        let snapshot = self.snapshots.range(..=target).next_back();
        let base = snapshot.map_or((self.origin.events(), 0), |(place, _)| *place);
        // From here it is only nearer if here is before the target and after the snapshot. The clock of
        // this state may have been moved by hand, so a state of the same place is made again.
        if here >= target || here < base {
            self.present =
                snapshot.map_or_else(|| self.origin.clone(), |(_, machine)| machine.clone());
            self.inputs = base.1;
        }
        while (self.present.events(), self.inputs) < target {
            let takes_input = self.inputs < target.1
                && self
                    .log
                    .get(self.inputs)
                    .is_some_and(|e| e.after == self.present.events());
            if takes_input {
                self.replay_input();
            } else if self.present.events() < target.0 {
                self.present.run_event();
                self.snapshot();
            } else {
                break;
            }
        }
    }

    fn replay_input(&mut self) {
        if let Some(entry) = self.log.get(self.inputs).cloned() {
            self.present.set_now(entry.at);
            self.present.apply(&entry.input);
            self.inputs += 1;
        }
    }

    fn run_to_entry(&mut self, entry: &Entry<M::Input>) -> bool {
        while self.present.events() < entry.after {
            if self.present.next_due().is_none() {
                return false;
            }
            let visible = self.present.run_event();
            self.snapshot();
            self.reach_end(visible);
        }
        if entry.at < self.present.now() {
            return false;
        }
        self.present.set_now(entry.at);
        true
    }

    fn run_live_to(&mut self, end: Position) {
        while self.present.events() < end.events && self.present.next_due().is_some() {
            let visible = self.present.run_event();
            self.snapshot();
            self.reach_end(visible);
        }
        self.present.set_now(end.at);
        self.reach_end(false);
    }

    /// The present is the end; a `stop` is noted if a learner can tell it from what was before.
    fn reach_end(&mut self, stop: bool) {
        self.end = self.position();
        self.last = None;
        if stop {
            self.stops.push(self.end);
        }
    }

    fn snapshot(&mut self) {
        let events = self.present.events();
        if !events.is_multiple_of(SNAPSHOT_EVERY) {
            return;
        }
        self.snapshots
            .entry((events, self.inputs))
            .or_insert_with(|| self.present.clone());
        if self.snapshots.len() > SNAPSHOTS {
            let old: Vec<(u64, usize)> = self
                .snapshots
                .keys()
                .take(SNAPSHOTS / 2)
                .step_by(2)
                .copied()
                .collect();
            for place in old {
                self.snapshots.remove(&place);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts: an event every 10 ms, visible each third time; an input adds 100.
    #[derive(Clone, Debug, PartialEq)]
    struct Counter {
        now: Time,
        events: u64,
        sum: u64,
    }

    impl Machine for Counter {
        type Input = u64;
        fn events(&self) -> u64 {
            self.events
        }
        fn now(&self) -> Time {
            self.now
        }
        fn set_now(&mut self, now: Time) {
            self.now = self.now.max(now);
        }
        fn next_due(&self) -> Option<Time> {
            (self.events < 3000).then(|| Time((self.events as i64 + 1) * 10))
        }
        fn next_foreground(&self) -> Option<Time> {
            self.next_due()
        }
        fn run_event(&mut self) -> bool {
            self.now = self.now.max(Time((self.events as i64 + 1) * 10));
            self.events += 1;
            self.sum = self.sum.wrapping_mul(31).wrapping_add(self.events);
            self.events.is_multiple_of(3)
        }
        fn apply(&mut self, input: &u64) -> u32 {
            self.sum = self.sum.wrapping_add(*input);
            0
        }
    }

    fn start() -> History<Counter> {
        History::new(Counter {
            now: Time(0),
            events: 0,
            sum: 0,
        })
    }

    #[test]
    fn back_is_the_inverse_of_step() {
        let mut history = start();
        let mut states = vec![history.present().clone()];
        for round in 0..400 {
            if round % 7 == 0 {
                history.act(round);
                states.push(history.present().clone());
            }
            assert!(history.step());
            states.push(history.present().clone());
        }
        for state in states.iter().rev().skip(1) {
            assert!(history.back());
            assert_eq!(history.present(), state);
        }
        assert!(!history.back());
        for state in states.iter().skip(1) {
            assert!(history.step());
            assert_eq!(history.present(), state);
        }
        assert!(!history.in_past());
    }

    #[test]
    fn acting_in_the_past_keeps_the_future_as_a_branch() {
        let mut history = start();
        for _ in 0..5 {
            history.step();
        }
        let future = history.present().clone();
        history.back();
        history.back();
        assert_eq!(history.last(), &future);
        history.act(1);
        assert_eq!(history.last(), history.present());
        assert_eq!(history.branches().len(), 1);
        assert_eq!(history.branches()[0].last(), &future);
        assert!(!history.in_past());
        assert!(history.restore(0));
        assert_eq!(history.present(), &future);
    }

    #[test]
    fn seeking_executes_what_is_due_at_that_time() {
        let mut history = start();
        history.advance(Time(1000), u64::MAX);
        history.act(5);
        history.advance(Time(2000), u64::MAX);
        assert_eq!(history.seek(Time(995), u64::MAX), Run::Done);
        assert_eq!(
            (history.present().events, history.present().now),
            (99, Time(995))
        );
        assert_eq!(history.seek(Time(1000), u64::MAX), Run::Done);
        assert_eq!(history.position().inputs, 1);
        assert_eq!(history.seek(Time(2000), u64::MAX), Run::Done);
        assert!(!history.in_past());
    }

    /// From anywhere, near or far, also when the clock was moved between two events.
    #[test]
    fn seeking_leads_to_the_same_state_from_everywhere() {
        let mut history = start();
        for round in 0..6 {
            history.advance(Time(round * 4_800 + 3), u64::MAX);
            history.act(round as u64);
        }
        let fresh = history.clone();
        let mut at = 7;
        for _ in 0..300 {
            at = at * 7_919 % 24_007;
            let time = if at % 3 == 0 {
                history.present().now.plus(at % 40)
            } else {
                Time(at)
            };
            let time = time.min(fresh.end().at);
            history.seek(time, u64::MAX);
            let mut other = fresh.clone();
            other.go(Position::default());
            other.seek(time, u64::MAX);
            assert_eq!(history.present(), other.present());
            assert_eq!(history.position(), other.position());
        }
    }

    #[test]
    fn a_replayed_log_gives_the_same_state() {
        let mut history = start();
        for round in 0..50 {
            history.act(round);
            history.step();
        }
        let replayed = History::replay(history.origin.clone(), history.log.clone(), history.end());
        assert_eq!(
            replayed.map(|h| h.present().clone()),
            Some(history.present().clone())
        );
    }
}
