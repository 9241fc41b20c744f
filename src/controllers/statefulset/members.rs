//! The Pods of a set by ordinal, with what a pass asks of each of them at hand.
//! The first part of `updateStatefulSet` in `pkg/controller/statefulset/stateful_set_control.go`

use crate::api::Arrange as _;
use crate::api::{Millis, Object, Phase, SetView, Str, Time};
use std::cell::Cell;
use std::sync::Arc;

/// A Pod of the set. A pass asks every Pod the same few questions, so the answers stand here side by side
/// and are not looked up in the object.
#[derive(Clone, Debug)]
pub struct Member {
    /// The Pod.
    pub pod: Arc<Object>,
    /// The ordinal of its name, not negative.
    pub ordinal: i32,
    /// Whether it is being deleted.
    pub terminating: bool,
    /// Its phase.
    pub phase: Phase,
    /// Whether name, labels, volumes and the claims' owners were found right, and nothing of that has
    /// changed since.
    pub settled: Cell<bool>,
    /// Whether the condition Ready is True.
    ready: bool,
    /// Since when; `None` if the condition does not say.
    since: Option<Time>,
    /// Its revision, as a place in [`Members::revisions`].
    revision: u32,
}

impl Member {
    /// Phase Running and condition Ready True (`isRunningAndReady`).
    #[must_use]
    #[inline]
    pub fn running_and_ready(&self) -> bool {
        self.phase == Phase::Running && self.ready
    }

    /// Ready for at least `min_ready` (`isRunningAndAvailable`); the phase is not looked at.
    #[must_use]
    #[inline]
    pub fn available(&self, min_ready: Millis, now: Time) -> bool {
        self.ready
            && (min_ready == 0 || self.since.is_some_and(|since| since.plus(min_ready) <= now))
    }

    /// Whether a pass finds nothing to do about it and nothing to wait for.
    #[must_use]
    #[inline]
    pub fn steady(&self, min_ready: Millis, now: Time) -> bool {
        self.settled.get()
            && self.running_and_ready()
            && !self.terminating
            && self.available(min_ready, now)
    }

    /// In how many milliseconds it becomes available, if it is Ready and will.
    #[must_use]
    pub fn available_in(&self, min_ready: Millis, now: Time) -> Option<Millis> {
        let since = self.since.filter(|_| self.ready)?;
        let left = since.plus(min_ready).since(now);
        (left > 0).then_some(left)
    }

    /// The name of the Pod.
    #[must_use]
    pub fn name(&self) -> &Str {
        self.pod.name()
    }
}

/// A revision's place in [`Members::revisions`]; `None` if no Pod is of that revision.
pub type RevisionId = Option<u32>;

/// The Pods of a set, by ordinal. A missing ordinal has no entry: nothing is made for it before it is to be
/// created, so that a pass over a set of thousands of which few exist stays cheap.
#[derive(Clone, Debug, Default)]
pub struct Members {
    /// Ascending.
    all: Vec<Member>,
    /// The revisions that Pods were made from.
    revisions: Vec<Str>,
    /// Where those in range begin and end in `all`.
    low: usize,
    high: usize,
    /// Whether two Pods claim one ordinal (`web-1` and `web-01`).
    crowded: bool,
}

impl Members {
    /// Sorts the Pods in. Of two Pods with one ordinal the later in the list counts; a Pod without an
    /// ordinal belongs nowhere.
    pub fn of<'a>(set: &SetView, pods: impl IntoIterator<Item = &'a Arc<Object>>) -> Members {
        let mut members = Members::default();
        for pod in pods {
            members.push(pod);
        }
        members.sort();
        members.set_range(set);
        members
    }

    fn push(&mut self, pod: &Arc<Object>) {
        if let Some(member) = self.member(pod) {
            self.all.push(member);
        }
    }

    fn member(&mut self, pod: &Arc<Object>) -> Option<Member> {
        let view = pod.pod()?;
        let ordinal = view.ordinal();
        (ordinal >= 0).then(|| Member {
            pod: pod.clone(),
            ordinal,
            terminating: pod.meta.terminating(),
            phase: view.phase,
            settled: Cell::new(false),
            ready: view.ready.ready,
            since: view.ready.since,
            revision: self.intern(&view.revision),
        })
    }

    fn intern(&mut self, revision: &Str) -> u32 {
        let known = self.revisions.iter().rposition(|known| known == revision);
        let at = known.unwrap_or_else(|| {
            self.revisions.push(revision.clone());
            self.revisions.len() - 1
        });
        u32::try_from(at).unwrap_or(u32::MAX)
    }

    /// The Pods come in order of their names, in which `web-10` stands before `web-2`.
    fn sort(&mut self) {
        if self.all.is_sorted_by(|a, b| a.ordinal < b.ordinal) {
            return;
        }
        self.all.arrange_by_key(|member| member.ordinal);
        let before = self.all.len();
        // Of equal ordinals the last one stays.
        self.all.reverse();
        self.all.dedup_by_key(|member| member.ordinal);
        self.all.reverse();
        self.crowded |= self.all.len() < before;
    }

    /// Sets which ordinals are in range: `start` to `start + replicas`, without the end.
    pub fn set_range(&mut self, set: &SetView) {
        let end = i64::from(set.start) + i64::from(set.replicas.max(0));
        let below = |limit: i64| {
            self.all
                .partition_point(|member| i64::from(member.ordinal) < limit)
        };
        (self.low, self.high) = (below(i64::from(set.start)), below(end));
    }

    /// Whether changes one by one are too little to know these Pods: which of two with one ordinal counts
    /// depends on them all.
    #[must_use]
    pub fn crowded(&self) -> bool {
        self.crowded
    }

    /// Puts a Pod in, in place of the one with its ordinal. [`Members::set_range`] is to follow.
    pub fn put(&mut self, pod: &Arc<Object>) {
        let Some(member) = self.member(pod) else {
            return;
        };
        match self.find(member.ordinal) {
            Ok(at) => {
                if let Some(place) = self.all.get_mut(at) {
                    self.crowded |= place.name() != member.name();
                    *place = member;
                }
            }
            Err(at) => self.all.insert(at, member),
        }
    }

    /// Takes a Pod out, if it is in. [`Members::set_range`] is to follow.
    pub fn take(&mut self, pod: &Object) {
        let ordinal = pod.pod().map_or(-1, |pod| pod.ordinal());
        if let Ok(at) = self.find(ordinal)
            && self.all.get(at).is_some_and(|m| m.name() == pod.name())
        {
            self.all.remove(at);
        }
    }

    /// Every Pod, ascending.
    pub fn iter(&self) -> std::slice::Iter<'_, Member> {
        self.all.iter()
    }

    /// Those in range, ascending.
    #[must_use]
    pub fn replicas(&self) -> &[Member] {
        self.all.get(self.low..self.high).unwrap_or_default()
    }

    /// Those outside, highest first: below `ordinals.start` as well as above the range.
    pub fn condemned(&self) -> impl DoubleEndedIterator<Item = &Member> {
        let below = self.all.get(..self.low).unwrap_or_default();
        let above = self.all.get(self.high..).unwrap_or_default();
        below.iter().chain(above).rev()
    }

    /// The Pod with this ordinal.
    #[must_use]
    pub fn get(&self, ordinal: i32) -> Option<&Member> {
        self.find(ordinal).ok().and_then(|at| self.all.get(at))
    }

    /// The Pod with this ordinal, if it is in range.
    #[must_use]
    pub fn replica(&self, ordinal: i32) -> Option<&Member> {
        let at = self.find(ordinal).ok()?;
        (self.low..self.high)
            .contains(&at)
            .then(|| self.all.get(at))
            .flatten()
    }

    fn find(&self, ordinal: i32) -> Result<usize, usize> {
        // Mostly all are there, from 0 or from `start` on.
        let first = self.all.first().map_or(0, |member| member.ordinal);
        let dense = usize::try_from(i64::from(ordinal) - i64::from(first)).unwrap_or(0);
        match self.all.get(dense) {
            Some(member) if member.ordinal == ordinal => Ok(dense),
            _ => self
                .all
                .binary_search_by_key(&ordinal, |member| member.ordinal),
        }
    }

    /// The lowest ordinal in range that no Pod has, from `from` on.
    #[must_use]
    pub fn first_missing(&self, set: &SetView, from: i32) -> Option<i32> {
        let (Ok(at) | Err(at)) = self.find(from);
        let mut expected = i64::from(from);
        for member in self.all.get(at..).unwrap_or_default() {
            if i64::from(member.ordinal) > expected {
                break;
            }
            expected += 1;
        }
        let end = i64::from(set.start) + i64::from(set.replicas);
        i32::try_from(expected)
            .ok()
            .filter(|missing| i64::from(*missing) < end)
    }

    /// The place of a revision.
    #[must_use]
    pub fn revision_id(&self, name: &str) -> RevisionId {
        let at = self.revisions.iter().position(|known| known == name)?;
        u32::try_from(at).ok()
    }

    /// Whether a Pod was made from this revision.
    #[must_use]
    #[inline]
    pub fn is_of(&self, member: &Member, revision: RevisionId) -> bool {
        Some(member.revision) == revision
    }

    /// Whether any Pod was made from the revision of this name.
    #[must_use]
    pub fn any_of(&self, name: &str) -> bool {
        let id = self.revision_id(name);
        id.is_some() && self.all.iter().any(|member| self.is_of(member, id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{Kind, Value, View};

    fn set(replicas: i32, start: i32) -> Object {
        let mut tree = Value::empty_map();
        tree.set(&["spec", "replicas"], replicas);
        tree.set(&["spec", "ordinals", "start"], start);
        Object::new(Kind::StatefulSet, tree)
    }

    fn pods(names: &[&str]) -> Vec<Arc<Object>> {
        let pod = |name: &&str| {
            let mut tree = Value::empty_map();
            tree.set(&["metadata", "name"], *name);
            Arc::new(Object::new(Kind::Pod, tree))
        };
        names.iter().map(pod).collect()
    }

    fn sorted(set: &Object, names: &[&str]) -> (Vec<i32>, Vec<i32>, Option<i32>) {
        let View::Set(view) = &set.view else {
            unreachable!("made as a set")
        };
        let pods = pods(names);
        let members = Members::of(view, &pods);
        for member in members.replicas() {
            let found = members.replica(member.ordinal);
            assert!(found.is_some_and(|found| Arc::ptr_eq(&found.pod, &member.pod)));
        }
        let condemned = members.condemned().map(|m| m.ordinal).collect();
        for ordinal in &condemned as &Vec<i32> {
            assert!(members.replica(*ordinal).is_none() && members.get(*ordinal).is_some());
        }
        let replicas = members.replicas().iter().map(|m| m.ordinal).collect();
        let missing = members.first_missing(view, view.start);
        (replicas, condemned, missing)
    }

    #[test]
    fn names_in_order_of_text_come_in_order_of_number() {
        let names = [
            "web-0", "web-1", "web-10", "web-11", "web-2", "web-9", "web-x",
        ];
        let (replicas, condemned, missing) = sorted(&set(11, 0), &names);
        assert_eq!(replicas, [0, 1, 2, 9, 10]);
        assert_eq!(condemned, [11]);
        assert_eq!(missing, Some(3));
    }

    #[test]
    fn pods_below_the_start_are_condemned_after_those_above() {
        let (replicas, condemned, missing) =
            sorted(&set(2, 3), &["web-0", "web-1", "web-3", "web-4", "web-7"]);
        assert_eq!(replicas, [3, 4]);
        assert_eq!(condemned, [7, 1, 0]);
        assert_eq!(missing, None);
    }

    #[test]
    fn the_largest_ordinals_are_no_danger() {
        let names = ["web-2147483646", "web-2147483647", "web-0", "web-1"];
        let (replicas, condemned, missing) = sorted(&set(i32::MAX, 0), &names);
        assert_eq!(replicas, [0, 1, 2_147_483_646]);
        assert_eq!(condemned, [i32::MAX]);
        assert_eq!(missing, Some(2));
        let (replicas, ..) = sorted(&set(i32::MAX, i32::MAX), &names);
        assert_eq!(replicas, [i32::MAX]);
        assert_eq!(sorted(&set(-1, 0), &["web-0"]).1, [0]);
    }

    #[test]
    fn of_two_pods_with_one_ordinal_the_later_counts() {
        let (replicas, ..) = sorted(&set(3, 0), &["web-01", "web-1"]);
        assert_eq!(replicas, [1]);
        let pods = pods(&["web-01", "web-1"]);
        let set = set(3, 0);
        let members = set.set().map(|view| Members::of(view, &pods));
        let name = members
            .as_ref()
            .and_then(|m| m.replica(1))
            .map(|m| m.pod.name().as_str());
        assert_eq!(name, Some("web-1"));
    }
}
