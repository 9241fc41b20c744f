//! The one door: input in, a new state out. Wires the programs to the world.

mod cluster;
mod complete;
mod desk;
mod files;
mod save;
mod shown;
#[cfg(test)]
mod states;
mod terminal;
#[cfg(test)]
mod tests;

pub use complete::Candidates;
pub use desk::{Desk, Input, Origin, programs};
pub use files::WEB_YAML;
pub use save::{Kept, LoadError};
pub use shown::Shown;
pub use terminal::{Line, LineKind, Terminal};

use crate::api::{Millis, Str, Time};
use crate::shell::{Files, Lookup};
use crate::sim::history::{History, Machine, Position, Run};
use crate::sim::{Settings, World, WriteRecord};
use crate::view::{Due, Next};
use imbl::Vector;

/// The most engine events that looking ahead may cost.
const LOOK_AHEAD: u64 = 2_000;
/// A cluster that has not come to rest after this much virtual time is said not to.
const SETTLES_WITHIN: Millis = 3_600_000;

/// A session: a world, its terminal and files, their past and possible futures.
#[derive(Clone)]
pub struct Session {
    history: History<Desk>,
}

/// How a run towards a stable cluster stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stability {
    /// Nothing will happen by itself any more.
    Stable,
    /// The budget is used up; call again.
    More,
    /// An hour of virtual time has passed since `from`, and things still happen.
    Unsettled,
}

impl Session {
    /// A fresh session: the default files, nothing applied.
    #[must_use]
    pub fn new(settings: Settings) -> Session {
        Session::with_programs(settings, programs)
    }

    /// A fresh session whose terminal finds its programs elsewhere.
    #[must_use]
    pub fn with_programs(settings: Settings, programs: Lookup) -> Session {
        Session {
            history: History::new(Desk::new(settings, programs)),
        }
    }

    /// Takes an input and acts on it; acting in the past leaves the future, which is kept as a branch.
    /// Answers the id of the process that it started, else 0.
    pub fn input(&mut self, input: Input) -> u32 {
        self.history.act(input)
    }

    /// Goes on to the next visible write or, in the past, the next recorded state. Whether there was one.
    pub fn step(&mut self) -> bool {
        if self.history.step() {
            return true;
        }
        let Due::Write(next) = self.due() else {
            return false;
        };
        // Its pass has failed before and is tried again, which alone keeps no cluster from being stable.
        let at = self.now().plus(next.after);
        while self.desk().next_foreground().is_none() {
            if self.history.advance(at, 1) == Run::Done {
                break;
            }
        }
        self.history.step()
    }

    /// Goes back to the state before: the exact inverse of [`Session::step`].
    pub fn back(&mut self) -> bool {
        self.history.back()
    }

    /// Goes to the state after all events due at or before `at`.
    pub fn seek(&mut self, at: Time, budget: u64) -> Run {
        self.history.seek(at, budget)
    }

    /// Goes to a place of the past, or to the end.
    pub fn go(&mut self, place: Position) {
        self.history.go(place);
    }

    /// Runs the clock on to `to`, at most `budget` engine events.
    pub fn advance(&mut self, to: Time, budget: u64) -> Run {
        self.history.advance(to, budget)
    }

    /// Runs on until nothing will happen by itself, at most `budget` engine events. `from` is when the
    /// run began: the first call passes the present time, the next ones the same.
    pub fn run_until_stable(&mut self, from: Time, budget: u64) -> Stability {
        let limit = from.plus(SETTLES_WITHIN);
        match self.history.run_until_stable(limit, budget) {
            Run::More => Stability::More,
            Run::Done if self.desk().next_foreground().is_some() => Stability::Unsettled,
            Run::Done => Stability::Stable,
        }
    }

    /// Runs the clock on until a process has ended or `cap` has passed; the exit code, `None` if it
    /// still runs.
    pub fn run_until_done(&mut self, process: u32, cap: Millis, budget: u64) -> Option<i32> {
        let limit = self.now().plus(cap);
        let mut left = budget;
        while self.desk().is_running(process) && left > 0 {
            match self.desk().next_due() {
                Some(due) if due <= limit => {
                    self.history.advance(due, 64);
                    left = left.saturating_sub(1);
                }
                _ => break,
            }
        }
        self.desk().exit_code(process)
    }

    /// This place in time.
    #[must_use]
    pub fn position(&self) -> Position {
        self.history.position()
    }

    /// The end of what was played so far.
    #[must_use]
    pub fn end(&self) -> Position {
        self.history.end()
    }

    /// Whether this place lies before the end.
    #[must_use]
    pub fn in_past(&self) -> bool {
        self.history.in_past()
    }

    /// Every state that steps stop at.
    #[must_use]
    pub fn stops(&self) -> &[Position] {
        self.history.stops()
    }

    /// The history itself: its log and branches.
    #[must_use]
    pub fn history(&self) -> &History<Desk> {
        &self.history
    }

    /// Goes back to a former future.
    pub fn restore(&mut self, branch: usize) -> bool {
        self.history.restore(branch)
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> Time {
        self.desk().now()
    }

    /// The cluster.
    #[must_use]
    pub fn world(&self) -> &World {
        self.desk().world()
    }

    /// Every write that was played, also those after this place.
    #[must_use]
    pub fn played(&self) -> &Vector<WriteRecord> {
        self.history.last().world().writes()
    }

    /// The files of the editor.
    #[must_use]
    pub fn files(&self) -> &Files {
        self.desk().files()
    }

    /// What the terminal shows.
    #[must_use]
    pub fn terminal(&self) -> &Terminal {
        self.desk().terminal()
    }

    /// Commands that have not ended: process id and line.
    #[must_use]
    pub fn running(&self) -> Vec<(u32, Str)> {
        self.desk().running()
    }

    /// The desk: the world with its processes.
    #[must_use]
    pub fn desk(&self) -> &Desk {
        self.history.present()
    }

    /// What is due, found by letting a copy of the desk run.
    #[must_use]
    pub fn due(&self) -> Due {
        let mut ahead = self.desk().ahead();
        let (start, seen) = (ahead.now(), ahead.world().writes().len());
        let mut retry = ahead.world().next_retry();
        for _ in 0..LOOK_AHEAD {
            if ahead.world().only_retries() {
                retry = retry.or_else(|| ahead.world().next_retry());
                let Some((at, controller)) = retry else {
                    return Due::Nothing;
                };
                if ahead.next_due().is_none_or(|due| due > at) {
                    let after = at.since(start).max(0);
                    return Due::Retry(after, controller);
                }
            }
            let stops = ahead.run_event();
            if let Some(write) = ahead.world().writes().get(seen) {
                return Due::Write(Box::new(Next {
                    after: write.at.since(start).max(0),
                    write: write.clone(),
                }));
            }
            if stops {
                break;
            }
        }
        Due::Later(ahead.now().since(start))
    }

    /// The next write that a learner can see.
    #[must_use]
    pub fn next(&self) -> Option<Next> {
        match self.due() {
            Due::Write(next) => Some(*next),
            _ => None,
        }
    }
}
