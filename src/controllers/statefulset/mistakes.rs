//! Mistakes that a test can seed into the control, to see that it is found out. Outside of tests
//! [`made`] is always false and nothing of it is left in the program.

#[cfg(test)]
use std::cell::Cell;

/// A mistake in the control.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mistake {
    /// OrderedReady goes on past a Pod that is not Ready.
    WaitsForNone,
    /// An update does not stop at the partition.
    PartitionIgnored,
    /// An update goes on after the first Pod that it has deleted.
    UpdatesAll,
    /// `whenScaled: Retain` is taken for Delete.
    ClaimsOwned,
    /// Scaling down takes the lowest condemned Pod first.
    LowestFirst,
    /// A new Pod gets the claims of the ordinal below its own.
    ClaimsShared,
    /// An update is never begun.
    UpdatesNone,
}

#[cfg(test)]
impl Mistake {
    /// Every mistake.
    pub const ALL: [Mistake; 7] = [
        Mistake::WaitsForNone,
        Mistake::PartitionIgnored,
        Mistake::UpdatesAll,
        Mistake::ClaimsOwned,
        Mistake::LowestFirst,
        Mistake::ClaimsShared,
        Mistake::UpdatesNone,
    ];
}

#[cfg(test)]
thread_local! {
    static SEEDED: Cell<Option<Mistake>> = const { Cell::new(None) };
}

/// Runs `work` with a mistake in the control of this thread.
#[cfg(test)]
pub(crate) fn with<T>(mistake: Mistake, work: impl FnOnce() -> T) -> T {
    SEEDED.set(Some(mistake));
    let result = work();
    SEEDED.set(None);
    result
}

/// Whether this mistake is to be made.
#[inline(always)]
pub(crate) fn made(mistake: Mistake) -> bool {
    #[cfg(test)]
    return SEEDED.get() == Some(mistake);
    #[cfg(not(test))]
    {
        let _ = mistake;
        false
    }
}
