//! What a command line may compute: one purse for all programs of its pipes and loops.

use super::limits;
use crate::api::Millis;
use std::cell::Cell;

/// The steps that a command line has left. A step is what takes about 20 ns natively: a character tried by a
/// regular expression, a third of an operator of awk, sixteen characters copied. Virtual time gives back what
/// was spent, slowly: a loop that sleeps goes on for ever, one that only computes does not.
#[derive(Clone, Debug)]
///
/// A program may take more than there is: the line then waits until that is given back, too.
pub struct Work(Cell<i32>);

impl Default for Work {
    fn default() -> Self {
        Work(Cell::new(limits::STEPS))
    }
}

impl Work {
    /// Whether nothing is left: what was searched since was not found for that reason alone.
    #[must_use]
    pub fn spent(&self) -> bool {
        self.0.get() <= 0
    }

    /// Takes steps; not much more than there are.
    pub fn take(&self, steps: usize) {
        let steps = i32::try_from(steps).unwrap_or(i32::MAX);
        let left = self.0.get().saturating_sub(steps);
        self.0.set(left.max(-limits::STEPS));
    }

    /// Gives back what so much virtual time is worth.
    pub fn refill(&self, elapsed: Millis) {
        let elapsed = i32::try_from(elapsed).unwrap_or(i32::MAX);
        let steps = elapsed.saturating_mul(limits::STEPS_BACK);
        self.0
            .set(self.0.get().saturating_add(steps).min(limits::STEPS));
    }

    /// How long it takes until something is left again.
    pub(super) fn repaid_in(&self) -> Millis {
        let owed = i64::from(-self.0.get().min(0));
        limits::PACE.max(owed / i64::from(limits::STEPS_BACK) + 1)
    }

    /// Has as much left as `other`: for a program that keeps its own while it runs.
    pub(super) fn follow(&self, other: &Work) {
        self.0.set(other.0.get());
    }

    /// What is left, for a search that counts for itself.
    pub(super) fn left(&self) -> u32 {
        u32::try_from(self.0.get()).unwrap_or(0)
    }

    pub(super) fn leave(&self, steps: u32) {
        self.0.set(i32::try_from(steps).unwrap_or(limits::STEPS));
    }
}
