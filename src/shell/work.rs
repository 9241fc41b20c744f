//! What a command line may compute: one purse for all programs of its pipes and loops.

use super::limits;
use crate::api::Millis;
use std::cell::Cell;

/// The steps that a command line has left. A step is what takes about 20 ns natively: a character tried by a
/// regular expression, a third of an operator of awk, sixteen characters copied. Virtual time gives back what
/// was spent, slowly: a loop that sleeps goes on for ever, one that only computes does not.
#[derive(Clone, Debug)]
pub struct Work(Cell<u32>);

impl Default for Work {
    fn default() -> Self {
        Work(Cell::new(limits::STEPS))
    }
}

impl Work {
    /// Whether nothing is left: what was searched since was not found for that reason alone.
    #[must_use]
    pub fn spent(&self) -> bool {
        self.0.get() == 0
    }

    /// Takes steps; never more than there are.
    pub fn take(&self, steps: usize) {
        let steps = u32::try_from(steps).unwrap_or(u32::MAX);
        self.0.set(self.0.get().saturating_sub(steps));
    }

    /// Gives back what so much virtual time is worth.
    pub fn refill(&self, elapsed: Millis) {
        let elapsed = u32::try_from(elapsed).unwrap_or(0);
        let steps = elapsed.saturating_mul(limits::STEPS_BACK);
        self.0
            .set(self.0.get().saturating_add(steps).min(limits::STEPS));
    }

    /// Has as much left as `other`: for a program that keeps its own while it runs.
    pub(super) fn follow(&self, other: &Work) {
        self.0.set(other.0.get());
    }

    /// What is left, for a search that counts for itself.
    pub(super) fn left(&self) -> u32 {
        self.0.get()
    }

    pub(super) fn leave(&self, steps: u32) {
        self.0.set(steps);
    }
}
