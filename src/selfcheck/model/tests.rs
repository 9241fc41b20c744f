//! A short model test with each build, and the mistakes that it must find.

use super::{Outcome, run, world};
use crate::controllers::statefulset::mistakes::{self, Mistake};

#[test]
fn random_acts_break_no_rule() {
    let outcome = run(1, 3_000, 1);
    assert_eq!(outcome.faults, [""; 0], "{}", outcome.table());
    assert_eq!(outcome.missing(), [""; 0]);
}

/// Each mistake is found within so many worlds, and by a rule: not because the program breaks.
#[test]
fn seeded_mistakes_are_found() {
    for mistake in Mistake::ALL {
        let found = (1..=60).find_map(|number| {
            let outcome: Outcome = mistakes::with(mistake, || world(number));
            outcome.faults.first().cloned()
        });
        println!("{mistake:?}: {found:?}");
        assert!(found.is_some(), "{mistake:?} is not found");
    }
}
