//! What keeps claims that Pods use, and volumes that are bound, from being deleted.
//! `pkg/controller/volume/pvcprotection/pvc_protection_controller.go`,
//! `pkg/controller/volume/pvprotection/pv_protection_controller.go`
//! (transcripts 24-delete-f, 60-pvc-stuck-terminating; R11.7).

use super::remove_finalizer;
use crate::api::{Kind, Object, Str};
use crate::controllers::{Action, Cluster, Reason};
use std::sync::Arc;

const CLAIM_FINALIZER: &str = "kubernetes.io/pvc-protection";
const VOLUME_FINALIZER: &str = "kubernetes.io/pv-protection";

/// Lets a claim go once it is deleted and no Pod on a node names it. Key: the PersistentVolumeClaim.
pub fn reconcile_claim(cluster: &mut dyn Cluster, namespace: &str, name: &str) -> Action {
    let kind = Kind::PersistentVolumeClaim;
    let Ok(claim) = cluster.get(kind, namespace, name) else {
        return Action::DONE;
    };
    if !claim.meta.terminating() {
        return protect(cluster, &claim, CLAIM_FINALIZER);
    }
    if !claim.meta.has_finalizer(CLAIM_FINALIZER) {
        return Action::DONE;
    }
    if let Some(pod) = user_of(cluster, &claim) {
        cluster.decide(&claim, Reason::ClaimInUse { pod });
        return Action::DONE;
    }
    let_go(cluster, &claim, CLAIM_FINALIZER)
}

/// Lets a volume go once it is deleted and not bound. Key: the PersistentVolume.
pub fn reconcile_volume(cluster: &mut dyn Cluster, name: &str) -> Action {
    let Ok(volume) = cluster.get(Kind::PersistentVolume, "", name) else {
        return Action::DONE;
    };
    if !volume.meta.terminating() {
        return protect(cluster, &volume, VOLUME_FINALIZER);
    }
    if !volume.meta.has_finalizer(VOLUME_FINALIZER) {
        return Action::DONE;
    }
    if let Some(view) = volume.volume()
        && view.phase == "Bound"
    {
        let claim = view.claim.as_ref().map(|(_, name, _)| name.clone());
        let claim = claim.unwrap_or_default();
        cluster.decide(&volume, Reason::VolumeInUse { claim });
        return Action::DONE;
    }
    let_go(cluster, &volume, VOLUME_FINALIZER)
}

/// The first Pod that holds the claim: one that was placed on a node, even if it has ended.
fn user_of(cluster: &dyn Cluster, claim: &Object) -> Option<Str> {
    let holds = |pod: &Arc<Object>| {
        pod.pod().is_some_and(|view| {
            !view.node.is_empty() && view.claims.iter().any(|(_, used)| used == claim.name())
        })
    };
    let pods = cluster.list(Kind::Pod, claim.namespace());
    pods.iter()
        .find(|pod| holds(pod))
        .map(|pod| pod.name().clone())
}

/// Puts a finalizer back that someone took off.
fn protect(cluster: &mut dyn Cluster, object: &Object, finalizer: &'static str) -> Action {
    if object.meta.has_finalizer(finalizer) {
        return Action::DONE;
    }
    let mut tree = object.tree().clone();
    let finalizers = tree.slot(&["metadata", "finalizers"]).make_list();
    finalizers.push(finalizer.into());
    answer(cluster.update(object.kind, tree, Reason::Protect).map(drop))
}

fn let_go(cluster: &mut dyn Cluster, object: &Object, finalizer: &str) -> Action {
    let mut tree = object.tree().clone();
    remove_finalizer(&mut tree, finalizer);
    answer(cluster.update(object.kind, tree, Reason::Protect).map(drop))
}

fn answer(result: Result<(), crate::api::ApiError>) -> Action {
    match result {
        Err(error) if !error.is_not_found() => Action::failed(error.message),
        _ => Action::DONE,
    }
}
