//! Creating, repairing and deleting one Pod.
//! `pkg/controller/statefulset/stateful_pod_control.go`

use super::claims::{self, Holder};
use super::events;
use super::failure::Failure;
use super::identity;
use crate::api::{DeleteOptions, Kind, Object, SetView, Str, Value};
use crate::controllers::{Cluster, Reason};
use std::sync::Arc;

/// How often an update is tried when the object had changed (`retry.DefaultBackoff`). No time passes
/// between the tries: the waits of the real control are below 100 ms in all.
const TRIES: usize = 4;

/// Makes a Pod, its claims first (`CreateStatefulPod`). `tree` makes the Pod's object, once the claims
/// are there. `reconcile` d0280 shows that a failure to set the claims' owners comes instead of the
/// event of success.
pub fn create(
    cluster: &mut dyn Cluster,
    set: &Object,
    view: &SetView,
    pod: Holder<'_>,
    tree: impl FnOnce() -> Value,
) -> Result<(), Failure> {
    if let Err(failure) = claims::create(cluster, set, view, pod) {
        events::pod_failed(cluster, "Create", set, pod.name, &failure);
        return Err(failure);
    }
    let why = Reason::PodMissing {
        pod: pod.name.clone(),
    };
    let made = cluster.create(Kind::Pod, tree(), why);
    let made = made.map(drop).map_err(Failure::from);
    if made.as_ref().is_err_and(Failure::is_already_exists) {
        return made;
    }
    if let Err(failure) = claims::set_owners(cluster, set, view, pod) {
        events::pod_failed(cluster, "Update", set, pod.name, &failure);
        return Err(failure);
    }
    events::pod(cluster, "Create", set, pod.name, made.as_ref().err());
    made
}

/// Repairs a Pod's identity and volumes and its claims' owners (`UpdateStatefulPod`). If only the claims
/// were wrong the Pod is written too, unchanged (`reconcile` d0153).
pub fn update(
    cluster: &mut dyn Cluster,
    set: &Object,
    view: &SetView,
    pod: &Arc<Object>,
) -> Result<(), Failure> {
    let mut pod = pod.clone();
    let mut attempted = false;
    let mut outcome = Ok(());
    for _ in 0..TRIES {
        outcome = try_update(cluster, set, view, &pod, &mut attempted);
        if !outcome.as_ref().is_err_and(Failure::is_conflict) {
            break;
        }
        if attempted && let Ok(newer) = cluster.get(Kind::Pod, pod.namespace(), pod.name()) {
            pod = newer;
        }
    }
    if attempted {
        events::pod(cluster, "Update", set, pod.name(), outcome.as_ref().err());
    }
    outcome
}

fn try_update(
    cluster: &mut dyn Cluster,
    set: &Object,
    view: &SetView,
    pod: &Arc<Object>,
    attempted: &mut bool,
) -> Result<(), Failure> {
    let Some(pod_view) = pod.pod() else {
        return Ok(());
    };
    let ordinal = pod_view.ordinal();
    let holder = Holder::of(pod, ordinal);
    let mut tree = pod.tree().clone();
    let mut consistent = true;
    if !identity::identity_matches(set, pod, pod_view) {
        identity::set_identity(&mut tree, set, ordinal);
        consistent = false;
    }
    let claims_first = |cluster: &mut dyn Cluster| -> Result<bool, Failure> {
        let mut consistent = true;
        if !identity::storage_matches(set, view, pod_view) {
            claims::create(cluster, set, view, holder)?;
            consistent = false;
        }
        if !claims::match_policy(cluster, set, view, holder)? {
            claims::set_owners(cluster, set, view, holder)?;
            consistent = false;
        }
        Ok(consistent)
    };
    match claims_first(cluster) {
        Ok(right) => consistent &= right,
        Err(failure) => {
            events::pod_failed(cluster, "Update", set, holder.name, &failure);
            return Err(failure);
        }
    }
    if consistent {
        return Ok(());
    }
    if !identity::storage_matches(set, view, pod_view) {
        identity::set_storage(&mut tree, set, view, ordinal);
    }
    *attempted = true;
    let why = Reason::RepairPod {
        pod: pod.name().clone(),
    };
    cluster.update(Kind::Pod, tree, why)?;
    Ok(())
}

/// Deletes a Pod (`DeleteStatefulPod`). One that is gone already counts as deleted, with the event.
pub fn delete(
    cluster: &mut dyn Cluster,
    set: &Object,
    pod: &Str,
    why: Reason,
) -> Result<(), Failure> {
    let options = DeleteOptions::default();
    let outcome = cluster.delete(Kind::Pod, set.namespace(), pod, &options, why);
    let outcome = match outcome {
        Err(error) if !error.is_not_found() => Err(Failure::from(error)),
        _ => Ok(()),
    };
    events::pod(cluster, "Delete", set, pod, outcome.as_ref().err());
    outcome
}
