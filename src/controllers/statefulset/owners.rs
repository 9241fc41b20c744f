//! Who owns a claim, and who should: the retention policy as owner references.
//! `pkg/controller/statefulset/stateful_set_utils.go`
//!
//! The controller never deletes a claim. It makes the set or the Pod its owner, and the garbage
//! collector deletes it with them.

use super::claims::Holder;
use super::identity;
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
    let deletes_with_pod = view.when_scaled == PolicyType::Delete && condemned;
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
