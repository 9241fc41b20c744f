//! Who owns a claim, and who should: the retention policy as owner references.
//! `pkg/controller/statefulset/stateful_set_utils.go`
//!
//! The controller never deletes a claim. It makes the set or the Pod its owner, and the garbage
//! collector deletes it with them.

use super::claims::Holder;
use super::identity;
use super::mistakes::{self, Mistake};
use crate::api::{Kind, Object, OwnerRef, PolicyType, SetView, Str};

/// One life of a set or a Pod: what a reference by kind and name means, and which uid it has now.
#[derive(Clone, Copy, Debug)]
pub struct Incarnation<'a> {
    kind: Kind,
    name: &'a str,
    uid: &'a str,
}

impl<'a> Incarnation<'a> {
    /// The set as an owner.
    pub fn set(set: &'a Object) -> Incarnation<'a> {
        Incarnation {
            kind: Kind::StatefulSet,
            name: set.name(),
            uid: &set.meta.uid,
        }
    }

    /// The Pod as an owner.
    pub fn pod(pod: Holder<'a>) -> Incarnation<'a> {
        Incarnation {
            kind: Kind::Pod,
            name: pod.name,
            uid: pod.uid,
        }
    }

    /// Whether the reference means an object of this kind and name, of whatever life (`matchesRef`).
    fn named_by(&self, owner: &OwnerRef) -> bool {
        owner.name == self.name
            && owner.kind == self.kind.name()
            && owner.api_version == self.kind.api_version()
    }

    /// Whether it is among the owners (`hasOwnerRef`).
    fn owns(&self, owners: &[OwnerRef]) -> bool {
        owners.iter().any(|owner| owner.uid == self.uid)
    }

    fn controller_ref(&self) -> OwnerRef {
        OwnerRef {
            api_version: Str::literal(self.kind.api_version()),
            kind: Str::literal(self.kind.name()),
            name: Str::new(self.name),
            uid: Str::new(self.uid),
            controller: true,
            block_owner_deletion: true,
        }
    }
}

/// Who should own a claim: at most one of the two.
fn wanted_owners(view: &SetView, ordinal: i32) -> (bool, bool) {
    let condemned = !identity::in_range(view, ordinal);
    let deletes_with_set = view.when_deleted == PolicyType::Delete;
    let when_scaled =
        view.when_scaled == PolicyType::Delete || mistakes::made(Mistake::ClaimsOwned);
    let deletes_with_pod = when_scaled && condemned;
    (deletes_with_set && !deletes_with_pod, deletes_with_pod)
}

/// Whether an owner is a former life of `object` (`hasStaleOwnerRef`).
#[must_use]
pub fn has_stale(owners: &[OwnerRef], object: &Incarnation<'_>) -> bool {
    owners
        .iter()
        .any(|owner| object.named_by(owner) && owner.uid != object.uid)
}

/// Whether something else manages the claim (`hasUnexpectedController`). With Retain and Retain it
/// may: the policy then needs no reference.
#[must_use]
pub fn has_unexpected_controller(
    owners: &[OwnerRef],
    set: &Object,
    view: &SetView,
    pod: Holder<'_>,
) -> bool {
    if view.when_deleted == PolicyType::Retain && view.when_scaled == PolicyType::Retain {
        return false;
    }
    let (set, pod) = (Incarnation::set(set), Incarnation::pod(pod));
    owners.iter().any(|owner| {
        if set.named_by(owner) {
            owner.uid != set.uid
        } else if pod.named_by(owner) {
            owner.uid != pod.uid
        } else {
            owner.controller
        }
    })
}

/// Whether a claim's owners are right (`isClaimOwnerUpToDate`). A claim of a former set or Pod of the
/// same name counts as right: it is left alone.
#[must_use]
pub fn up_to_date(
    owners: &[OwnerRef],
    set_object: &Object,
    view: &SetView,
    holder: Holder<'_>,
) -> bool {
    let (set, pod) = (Incarnation::set(set_object), Incarnation::pod(holder));
    if owners.is_empty() {
        return wanted_owners(view, holder.ordinal) == (false, false);
    }
    if has_stale(owners, &set) || has_stale(owners, &pod) {
        return true;
    }
    if has_unexpected_controller(owners, set_object, view, holder) {
        return !set.owns(owners) && !pod.owns(owners);
    }
    let ours = |owner: &&OwnerRef| owner.uid == set.uid || owner.uid == pod.uid;
    if owners.iter().filter(ours).any(|owner| !owner.controller) {
        return false;
    }
    (set.owns(owners), pod.owns(owners)) == wanted_owners(view, holder.ordinal)
}

/// The owners that a claim should have (`updateClaimOwnerRefForSetAndPod`): those that are neither the
/// set nor the Pod, then the wanted one, unless something else manages the claim.
#[must_use]
pub fn wanted(
    owners: &[OwnerRef],
    set_object: &Object,
    view: &SetView,
    holder: Holder<'_>,
) -> Vec<OwnerRef> {
    let (set, pod) = (Incarnation::set(set_object), Incarnation::pod(holder));
    let mut kept: Vec<OwnerRef> = owners
        .iter()
        .filter(|owner| !set.named_by(owner) && !pod.named_by(owner))
        .cloned()
        .collect();
    if !has_unexpected_controller(owners, set_object, view, holder) {
        match wanted_owners(view, holder.ordinal) {
            (true, _) => kept.push(set.controller_ref()),
            (_, true) => kept.push(pod.controller_ref()),
            _ => {}
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Value;

    const NAME: Str = Str::literal("web-1");

    fn set(when_deleted: &str, when_scaled: &str) -> Object {
        let mut tree = Value::empty_map();
        tree.set(&["metadata", "name"], "web");
        tree.set(&["metadata", "uid"], "set-uid");
        tree.set(&["spec", "replicas"], 2);
        let policy = ["spec", "persistentVolumeClaimRetentionPolicy"];
        tree.set(&[policy[0], policy[1], "whenDeleted"], when_deleted);
        tree.set(&[policy[0], policy[1], "whenScaled"], when_scaled);
        Object::new(Kind::StatefulSet, tree)
    }

    fn holder(ordinal: i32) -> Holder<'static> {
        static POD: Str = NAME;
        Holder {
            name: &POD,
            uid: "pod-uid",
            ordinal,
        }
    }

    fn owner(kind: &'static str, uid: &'static str, controller: bool) -> OwnerRef {
        let (api_version, name) = match kind {
            "StatefulSet" => ("apps/v1", "web"),
            "Pod" => ("v1", "web-1"),
            _ => ("example.com/v1", "other"),
        };
        OwnerRef {
            api_version: Str::literal(api_version),
            kind: Str::literal(kind),
            name: Str::literal(name),
            uid: Str::literal(uid),
            controller,
            block_owner_deletion: controller,
        }
    }

    /// Ends at the owners that the policy wants, from no owner at all, and stays there.
    #[test]
    fn the_policy_decides_the_owner() {
        for (deleted, scaled, in_range, condemned) in [
            ("Retain", "Retain", None, None),
            ("Delete", "Retain", Some("set-uid"), Some("set-uid")),
            ("Retain", "Delete", None, Some("pod-uid")),
            ("Delete", "Delete", Some("set-uid"), Some("pod-uid")),
        ] {
            let set = set(deleted, scaled);
            let view = set.set().expect("a set");
            for (ordinal, expected) in [(1, in_range), (2, condemned)] {
                let owners = wanted(&[], &set, view, holder(ordinal));
                assert_eq!(owners.first().map(|o| o.uid.as_str()), expected);
                assert!(
                    owners
                        .iter()
                        .all(|o| o.controller && o.block_owner_deletion)
                );
                assert!(up_to_date(&owners, &set, view, holder(ordinal)));
                assert_eq!(
                    up_to_date(&[], &set, view, holder(ordinal)),
                    expected.is_none()
                );
                assert_eq!(wanted(&owners, &set, view, holder(ordinal)), owners);
            }
        }
    }

    #[test]
    fn a_former_incarnation_is_left_alone() {
        let set = set("Delete", "Delete");
        let view = set.set().expect("a set");
        for stale in [owner("StatefulSet", "old", true), owner("Pod", "old", true)] {
            assert!(up_to_date(&[stale], &set, view, holder(1)));
        }
    }

    #[test]
    fn a_foreign_controller_takes_our_references_away() {
        let foreign = owner("Backup", "other", true);
        let ours = owner("StatefulSet", "set-uid", true);
        let (both, alone) = ([foreign.clone(), ours], [foreign]);
        let set_delete = set("Delete", "Retain");
        let view = set_delete.set().expect("a set");
        assert!(!up_to_date(&both, &set_delete, view, holder(1)));
        assert_eq!(wanted(&both, &set_delete, view, holder(1)), alone);
        assert!(up_to_date(&alone, &set_delete, view, holder(1)));
        // With Retain and Retain nothing of ours is needed, and a foreign controller is no conflict.
        let set_retain = set("Retain", "Retain");
        let view = set_retain.set().expect("a set");
        assert!(!has_unexpected_controller(
            &both,
            &set_retain,
            view,
            holder(1)
        ));
        assert!(up_to_date(&alone, &set_retain, view, holder(1)));
    }

    #[test]
    fn a_reference_that_is_no_controller_is_rewritten() {
        let set = set("Delete", "Retain");
        let view = set.set().expect("a set");
        let weak = [owner("StatefulSet", "set-uid", false)];
        assert!(!up_to_date(&weak, &set, view, holder(1)));
        assert!(wanted(&weak, &set, view, holder(1))[0].controller);
    }
}
