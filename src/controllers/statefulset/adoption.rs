//! Whose Pods and revisions are whose: adopting and releasing.
//! `pkg/controller/controller_ref_manager.go`; `getPodsForStatefulSet`, `adoptOrphanRevisions` of
//! `pkg/controller/statefulset/stateful_set.go`

use super::cache::Known;
use super::failure::Failure;
use super::identity;
use crate::api::{ApiError, ErrorReason, Kind, Object, SetView, Value};
use crate::controllers::{Cluster, Reason};
use std::sync::Arc;

/// The live check before adopting: once for each pass, and only when something is to be adopted.
struct CanAdopt<'a> {
    set: &'a Object,
    answer: Option<Result<(), Failure>>,
}

impl CanAdopt<'_> {
    fn check(&mut self, cluster: &dyn Cluster) -> Result<(), Failure> {
        let set = self.set;
        self.answer
            .get_or_insert_with(|| still_there(cluster, set))
            .clone()
    }
}

/// Whether the set in the API server is the one of the cache and is not being deleted
/// (`canAdoptFunc`, `RecheckDeletionTimestamp`).
fn still_there(cluster: &dyn Cluster, set: &Object) -> Result<(), Failure> {
    let (namespace, name) = (set.namespace(), set.name());
    let fresh = cluster
        .live(Kind::StatefulSet, namespace, name)
        .map_err(|error| Failure::wrapped("can't recheck DeletionTimestamp", error))?;
    if fresh.meta.uid != set.meta.uid {
        let (got, wanted) = (&fresh.meta.uid, &set.meta.uid);
        return Err(Failure::own(format!(
            "can't recheck DeletionTimestamp: original StatefulSet {namespace}/{name} is gone: got uid {got}, wanted {wanted}"
        )));
    }
    if let Some(since) = fresh.meta.deletion {
        return Err(Failure::own(format!(
            "{namespace}/{name} has just been deleted at {since}"
        )));
    }
    Ok(())
}

/// Makes the set the controller of revisions that match its selector and have none
/// (`adoptOrphanRevisions`). They are never released.
///
/// # Errors
/// The set is gone or going, or an adoption failed.
pub fn adopt_revisions(
    cluster: &mut dyn Cluster,
    set: &Object,
    view: &SetView,
) -> Result<(), Failure> {
    let found = cluster.select(Kind::ControllerRevision, set.namespace(), &view.selector)?;
    let mut can_adopt = CanAdopt { set, answer: None };
    for revision in found.iter().filter(|r| r.meta.controller().is_none()) {
        can_adopt
            .check(cluster)
            .map_err(|failure| failure.with_words("can't adopt ControllerRevisions"))?;
        let tree = adopted(set, revision);
        cluster.update(Kind::ControllerRevision, tree, Reason::Adopt)?;
    }
    Ok(())
}

/// The tree of an object with the set as its controller.
fn adopted(set: &Object, object: &Object) -> Value {
    let mut tree = object.tree().clone();
    let owners = tree.slot(&["metadata", "ownerReferences"]).make_list();
    owners.retain(|owner| owner.str_at(&["uid"]) != Some(set.meta.uid.as_str()));
    owners.push(set.controller_ref().to_value());
    tree
}

/// Brings the Pods of the set up to date with who owns what (`ClaimPods`): those that it controls and that
/// match its selector and its names are its own. Others that it controls are released; orphans that
/// match are adopted, unless the set or the Pod is being deleted. There is no event for either.
///
/// # Errors
/// The set is gone or going while there is something to adopt, or a write failed.
pub fn claim_pods(
    cluster: &mut dyn Cluster,
    set: &Object,
    view: &SetView,
    known: &mut Known,
) -> Result<(), Failure> {
    let mut failures = Vec::new();
    for pod in known.strangers() {
        failures.extend(release(cluster, set, &pod).err().map(Failure::from));
    }
    let mut can_adopt = CanAdopt { set, answer: None };
    for pod in known.orphans() {
        let going = set.meta.terminating() || pod.meta.terminating();
        if going || !matches(set, view, &pod) {
            continue;
        }
        match adopt(cluster, set, &pod, &mut can_adopt) {
            Ok(None) => {}
            Ok(Some(pod)) => known.adopted(&pod, view),
            Err(failure) => failures.push(failure),
        }
    }
    Failure::gather(failures)
}

/// Whether the Pod has the labels that the set selects and a name that it gives.
pub fn matches(set: &Object, view: &SetView, pod: &Object) -> bool {
    view.selector.matches(&pod.meta.labels)
        && pod.pod().is_some_and(|pod| identity::is_member(set, pod))
}

/// Makes the set the controller of an orphan (`AdoptPod`); `None` if it is gone by now.
fn adopt(
    cluster: &mut dyn Cluster,
    set: &Object,
    pod: &Object,
    can_adopt: &mut CanAdopt<'_>,
) -> Result<Option<Arc<Object>>, Failure> {
    can_adopt.check(cluster).map_err(|failure| {
        let (namespace, name, uid) = (pod.namespace(), pod.name(), &pod.meta.uid);
        failure.with_words(&format!("can't adopt Pod {namespace}/{name} ({uid})"))
    })?;
    match cluster.update(Kind::Pod, adopted(set, pod), Reason::Adopt) {
        Ok(pod) => Ok(Some(pod)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Takes the set off a Pod that no longer matches (`ReleasePod`), unless the set is being deleted.
fn release(cluster: &mut dyn Cluster, set: &Object, pod: &Object) -> Result<(), ApiError> {
    if set.meta.terminating() {
        return Ok(());
    }
    let mut tree = pod.tree().clone();
    let owners = tree.slot(&["metadata", "ownerReferences"]).make_list();
    owners.retain(|owner| owner.str_at(&["uid"]) != Some(set.meta.uid.as_str()));
    if owners.is_empty() {
        tree.remove(&["metadata", "ownerReferences"]);
    }
    match cluster.update(Kind::Pod, tree, Reason::Release) {
        Err(error) if error.reason == ErrorReason::Invalid || error.is_not_found() => Ok(()),
        answer => answer.map(drop),
    }
}
