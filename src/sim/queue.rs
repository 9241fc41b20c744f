//! What is due, ordered by time and then by order of arrival.

use super::ControllerId;
use crate::api::{Key, Time};
use imbl::OrdMap;

/// Something to be done at a moment of virtual time. A task is in the queue at most once, as in
/// client-go's work queue.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Task {
    /// A pass of a controller over a key.
    Reconcile(ControllerId, Key),
    /// A process of the session wakes.
    Wake(u32),
}

/// When a task is due, and whether it is only a look without a cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    due: Time,
    sequence: u64,
    background: bool,
}

/// The queue.
#[derive(Clone, Debug, Default)]
pub struct Queue {
    by_time: OrdMap<(Time, u64), Task>,
    places: OrdMap<Task, Place>,
    next: u64,
}

impl Queue {
    /// Adds a task. One that is there already keeps the earlier time.
    ///
    /// A `background` task looks again without a cause (a resync, a retry that changed nothing last
    /// time): a cluster in which only such tasks are due is stable.
    pub fn push(&mut self, task: Task, due: Time, background: bool) {
        if let Some(place) = self.places.get(&task).copied() {
            if place.due <= due {
                if place.background && !background {
                    self.places.insert(
                        task,
                        Place {
                            background,
                            ..place
                        },
                    );
                }
                return;
            }
            self.by_time.remove(&(place.due, place.sequence));
        }
        let sequence = self.next;
        self.next += 1;
        self.by_time.insert((due, sequence), task.clone());
        self.places.insert(
            task,
            Place {
                due,
                sequence,
                background,
            },
        );
    }

    /// When the next task is due.
    #[must_use]
    pub fn next_due(&self) -> Option<Time> {
        self.by_time.get_min().map(|((due, _), _)| *due)
    }

    /// When the next task that has a cause is due.
    #[must_use]
    pub fn next_foreground(&self) -> Option<Time> {
        self.by_time
            .iter()
            .find(|(_, task)| {
                self.places
                    .get(*task)
                    .is_some_and(|place| !place.background)
            })
            .map(|((due, _), _)| *due)
    }

    /// The tasks in the order in which they are due.
    pub fn iter(&self) -> impl Iterator<Item = (Time, &Task)> {
        self.by_time.iter().map(|((due, _), task)| (*due, task))
    }

    /// Takes the next task.
    pub fn pop(&mut self) -> Option<(Time, Task)> {
        let (task, rest) = self.by_time.without_min();
        let task = task?;
        self.by_time = rest;
        let place = self.places.remove(&task)?;
        Some((place.due, task))
    }

    /// Takes a task out.
    pub fn remove(&mut self, task: &Task) {
        if let Some(place) = self.places.remove(task) {
            self.by_time.remove(&(place.due, place.sequence));
        }
    }

    /// The tasks that have a cause, in the order in which they are due.
    pub fn foreground(&self) -> impl Iterator<Item = &Task> {
        let tasks = self.by_time.values();
        tasks.filter(|task| {
            let place = self.places.get(*task);
            place.is_some_and(|place| !place.background)
        })
    }

    /// When a task is due.
    #[must_use]
    pub fn due_of(&self, task: &Task) -> Option<Time> {
        self.places.get(task).map(|place| place.due)
    }

    /// Whether a task is there.
    #[must_use]
    pub fn contains(&self, task: &Task) -> bool {
        self.places.contains_key(task)
    }

    /// How many tasks there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_is_there_once_at_its_earliest_time() {
        let mut queue = Queue::default();
        queue.push(Task::Wake(1), Time(30), false);
        queue.push(Task::Wake(2), Time(20), false);
        queue.push(Task::Wake(1), Time(10), false);
        queue.push(Task::Wake(1), Time(40), false);
        assert_eq!(queue.pop(), Some((Time(10), Task::Wake(1))));
        assert_eq!(queue.pop(), Some((Time(20), Task::Wake(2))));
        assert_eq!(queue.pop(), None);
    }

    #[test]
    fn equal_times_keep_the_order_of_arrival() {
        let mut queue = Queue::default();
        for id in [3, 1, 2] {
            queue.push(Task::Wake(id), Time(5), false);
        }
        let order: Vec<Task> = std::iter::from_fn(|| queue.pop().map(|(_, task)| task)).collect();
        assert_eq!(order, [Task::Wake(3), Task::Wake(1), Task::Wake(2)]);
    }

    #[test]
    fn a_cause_makes_a_background_task_count() {
        let mut queue = Queue::default();
        queue.push(Task::Wake(1), Time(5), true);
        assert_eq!(queue.next_foreground(), None);
        queue.push(Task::Wake(1), Time(9), false);
        assert_eq!(queue.next_foreground(), Some(Time(5)));
    }
}
