//! Passes that failed and are tried again.

use super::queue::Task;
use super::{ControllerId, World};
use crate::api::{Key, Time};

impl World {
    /// When the next failed pass is tried again, and whose.
    #[must_use]
    pub fn next_retry(&self) -> Option<(Time, ControllerId)> {
        let retry = |(controller, key): &(ControllerId, Key)| {
            let task = Task::Reconcile(*controller, key.clone());
            Some((self.queue.due_of(&task)?, *controller))
        };
        self.failures.keys().filter_map(retry).min()
    }

    /// Whether nothing is due but that failed passes are tried again.
    #[must_use]
    pub fn only_retries(&self) -> bool {
        let failed = |task: &Task| match task {
            Task::Reconcile(controller, key) => {
                self.failures.contains_key(&(*controller, key.clone()))
            }
            Task::Wake(_) => false,
        };
        !self.mid_pass() && self.queue.foreground().all(failed)
    }
}
