//! The Pods of a pass, by ordinal.
//! The first part of `updateStatefulSet` in `pkg/controller/statefulset/stateful_set_control.go`

use crate::api::{Object, PodView, SetView};
use std::sync::Arc;

/// A Pod of the set with its typed view and its ordinal.
#[derive(Clone, Copy, Debug)]
pub struct Member<'a> {
    /// The Pod.
    pub pod: &'a Arc<Object>,
    /// What is read of it.
    pub view: &'a PodView,
    /// The ordinal of its name, not negative.
    pub ordinal: i32,
}

/// The Pods of a set, split by whether their ordinal is in range.
#[derive(Clone, Debug, Default)]
pub struct Members<'a> {
    /// Those in range, ascending. A missing ordinal has no entry: nothing is made for it before it is to
    /// be created, so that a pass over a set of thousands of which few exist stays cheap.
    pub replicas: Vec<Member<'a>>,
    /// Those outside, highest first: below `ordinals.start` as well as above the range.
    pub condemned: Vec<Member<'a>>,
}

impl<'a> Members<'a> {
    /// Sorts the Pods in. Of two Pods with one ordinal the later in the list counts; a Pod without an
    /// ordinal belongs nowhere.
    #[must_use]
    pub fn of(set: &SetView, pods: &'a [Arc<Object>]) -> Members<'a> {
        let end = i64::from(set.start) + i64::from(set.replicas);
        let mut members = Members::default();
        members.replicas.reserve(pods.len());
        for pod in pods {
            let Some(view) = pod.pod() else { continue };
            let ordinal = view.ordinal();
            let member = Member { pod, view, ordinal };
            if ordinal >= set.start && i64::from(ordinal) < end {
                members.replicas.push(member);
            } else if ordinal >= 0 {
                members.condemned.push(member);
            }
        }
        members.replicas = ascending(members.replicas, set.start);
        members.condemned.sort_by_key(|member| -member.ordinal);
        members
    }

    /// Every member, replicas first.
    pub fn iter(&self) -> impl Iterator<Item = &Member<'a>> {
        self.replicas.iter().chain(&self.condemned)
    }

    /// The Pod with this ordinal, if it is in range and there.
    #[must_use]
    pub fn replica(&self, ordinal: i32) -> Option<&Member<'a>> {
        let lowest = self.replicas.first()?.ordinal;
        let dense = usize::try_from(i64::from(ordinal) - i64::from(lowest)).ok()?;
        if let Some(member) = self.replicas.get(dense)
            && member.ordinal == ordinal
        {
            return Some(member);
        }
        let at = self
            .replicas
            .binary_search_by_key(&ordinal, |member| member.ordinal);
        at.ok().and_then(|at| self.replicas.get(at))
    }

    /// The lowest ordinal in range that no Pod has, from `from` on.
    #[must_use]
    pub fn first_missing(&self, set: &SetView, from: i32) -> Option<i32> {
        let at = self
            .replicas
            .partition_point(|member| member.ordinal < from);
        let mut expected = i64::from(from);
        for member in self.replicas.get(at..).unwrap_or_default() {
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
}

/// Puts members in order of their ordinals. They come in order of their names, in which `web-10` stands
/// before `web-2`; where the ordinals are dense each is put straight into its place.
fn ascending<'a>(mut members: Vec<Member<'a>>, start: i32) -> Vec<Member<'a>> {
    if members.is_sorted_by(|a, b| a.ordinal < b.ordinal) {
        return members;
    }
    let offset = |member: &Member<'_>| (i64::from(member.ordinal) - i64::from(start)) as usize;
    let span = members.iter().map(offset).max().map_or(0, |max| max + 1);
    if span > members.len() * 2 + 16 {
        members.sort_by_key(|member| member.ordinal);
        // Of equal ordinals the last one stays.
        members.reverse();
        members.dedup_by_key(|member| member.ordinal);
        members.reverse();
        return members;
    }
    let mut places: Vec<Option<Member<'a>>> = vec![None; span];
    for member in members {
        let place = offset(&member);
        places[place] = Some(member);
    }
    places.into_iter().flatten().collect()
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
        let ordinals = |list: &[Member<'_>]| list.iter().map(|m| m.ordinal).collect::<Vec<_>>();
        for member in &members.replicas {
            let found = members.replica(member.ordinal);
            assert!(found.is_some_and(|found| Arc::ptr_eq(found.pod, member.pod)));
        }
        let missing = members.first_missing(view, view.start);
        (
            ordinals(&members.replicas),
            ordinals(&members.condemned),
            missing,
        )
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
