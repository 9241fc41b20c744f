//! What holds a set back that its controller does not wait for: dependents that keep a foreground deletion
//! open, and a Pod that cannot be made into one of the set's own.

use super::why::{Way, Why, WhyTone};
use super::{panels, t};
use crate::api::{Key, Kind, Object, Str};
use crate::controllers::Reason;
use crate::store::{FOREGROUND, Store};
use std::sync::Arc;

/// How many dependents are named.
const NAMED: usize = 3;

/// The line of a set that is deleted in the foreground: the dependents that must go first, and what keeps
/// them (`processDeletingDependentsItem`; recording 106-foreground-held).
pub(super) fn foreground(store: &Store, set: &Object) -> Option<Why> {
    if !set.meta.terminating() || !set.meta.has_finalizer(FOREGROUND) {
        return None;
    }
    let held: Vec<&Arc<Object>> = store
        .dependents(&set.meta.uid)
        .filter(|dependent| blocks(dependent, set))
        .collect();
    if let Some(why) = held.iter().find_map(|dependent| knot(store, dependent)) {
        return Some(why);
    }
    if let Some(why) = held.iter().find_map(|claim| in_use(store, claim)) {
        return Some(why);
    }
    let mut named: Vec<String> = held
        .iter()
        .take(NAMED)
        .map(|dependent| format!("{} {}", dependent.kind, dependent.name()))
        .collect();
    if held.len() > NAMED {
        named.push("…".to_owned());
    }
    let first = Str::from(named.join(", "));
    let count = i32::try_from(held.len()).unwrap_or(i32::MAX);
    let say = panels::say(&Reason::WaitDependents { count, first })?;
    let rule = Some(t::rule_foreground());
    Some(Why::new(WhyTone::Wait, say, rule))
}

/// Whether `owner` waits for this dependent when it is deleted in the foreground.
fn blocks(dependent: &Object, owner: &Object) -> bool {
    let mut owners = dependent.meta.owners.iter();
    owners.any(|reference| reference.uid == owner.meta.uid && reference.block_owner_deletion)
}

/// A Pod that is itself deleted in the foreground and so waits for a claim that it owns, which is kept for as
/// long as a Pod uses it: nothing ends this (recording 106-foreground-held).
fn knot(store: &Store, pod: &Object) -> Option<Why> {
    let view = pod.pod()?;
    if !pod.meta.terminating() || !pod.meta.has_finalizer(FOREGROUND) {
        return None;
    }
    let mut owned = store.dependents(&pod.meta.uid);
    let claim = owned.find(|claim| {
        blocks(claim, pod)
            && claim.meta.terminating()
            && view.claims.iter().any(|(_, name)| name == claim.name())
    })?;
    let say = t::why_knot(claim.name(), pod.name());
    let mut why = Why::new(WhyTone::Block, say, Some(t::rule_foreground()));
    why.ways.push(release(pod));
    Some(why)
}

/// A claim that is going and that a Pod uses which is not.
fn in_use(store: &Store, claim: &Object) -> Option<Why> {
    claim.claim().filter(|_| claim.meta.terminating())?;
    let user = store.list(Kind::Pod, claim.namespace()).find(|pod| {
        !pod.meta.terminating()
            && pod.pod().is_some_and(|view| {
                !view.node.is_empty() && view.claims.iter().any(|(_, name)| name == claim.name())
            })
    })?;
    let say = t::why_claim_holds_set(claim.name(), user.name());
    let mut why = Why::new(WhyTone::Block, say, Some(t::rule_foreground()));
    why.ways.push(delete(user));
    Some(why)
}

/// The line of a set whose pass fails because one of its Pods has not the claims of its ordinal: someone else
/// made the Pod, and a Pod's volumes cannot be changed (R4.11; recording 107-stranger-adopted).
pub(super) fn stranger(store: &Store, set: &Object) -> Option<Why> {
    let (pod, claim) = stranger_pod(store, set)?;
    let say = t::why_stranger(claim, pod.name());
    let mut why = Why::new(WhyTone::Block, say, Some(t::rule_identity()));
    why.ways.push(delete(&pod));
    Some(why)
}

/// The Pod that stops a set's passes as a stranger, and the claim that it has not.
pub(super) fn stranger_pod(store: &Store, set: &Object) -> Option<(Arc<Object>, String)> {
    let view = set.set()?;
    let wanted = view.start..view.start.saturating_add(view.replicas);
    let pods = store.owned(Kind::Pod, set.namespace(), &set.meta.uid);
    pods.iter().find_map(|pod| {
        let own = pod.pod()?;
        if !wanted.contains(&own.ordinal()) || pod.meta.terminating() {
            return None;
        }
        let claim = view.claim_templates.iter().find_map(|template| {
            let claim = format!("{template}-{}", pod.name());
            let has = own.claims.iter().any(|(_, name)| name.as_str() == claim);
            (!has).then_some(claim)
        })?;
        Some((pod.clone(), claim))
    })
}

/// The line of a set whose pass fails because a Pod that it does not own, and whose labels it does not select, has the
/// name of one that it needs (R4.11; `kubectl run web-0` before the set, as the API server then answers `already exists`).
pub(super) fn taken(store: &Store, set: &Object) -> Option<Why> {
    let view = set.set()?;
    let pod = (view.start..view.start.saturating_add(view.replicas)).find_map(|ordinal| {
        let name = format!("{}-{ordinal}", set.name());
        let pod = store.get(&Key::new(Kind::Pod, set.namespace(), &*name))?;
        (!pod.meta.controlled_by(&set.meta.uid)).then_some(pod)
    })?;
    let say = t::why_name_taken(pod.name());
    let mut why = Why::new(WhyTone::Block, say, Some(t::rule_identity()));
    why.ways.push(delete(pod));
    Some(why)
}

/// The way out of an object that only its finalizers keep.
pub(super) fn release(object: &Object) -> Way {
    let (name, space) = (object.name(), place(object));
    let kind = object.kind.name().to_ascii_lowercase();
    Way {
        label: t::way_let_go(name),
        line: format!(
            "kubectl patch {kind} {name}{space} -p '{{\"metadata\":{{\"finalizers\":null}}}}'"
        ),
    }
}

/// Deletes a Pod.
pub(super) fn delete(pod: &Object) -> Way {
    let name = pod.name();
    Way {
        label: t::way_delete(name),
        line: format!("kubectl delete pod {name}{}", place(pod)),
    }
}

/// The flag that names an object's namespace, where it needs one.
pub(super) fn place(object: &Object) -> String {
    match object.namespace().as_str() {
        "default" => String::new(),
        other => format!(" -n {other}"),
    }
}
