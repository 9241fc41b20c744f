//! Binding claims to volumes: the claim's side.
//! `syncClaim`, `syncUnboundClaim`, `syncBoundClaim`, `bind` in
//! `pkg/controller/volume/persistentvolume/pv_controller.go`
//! (transcripts 01-create, 20-missing-storageclass, 57, 58).

use super::provision::{claim_ref, provision};
use super::{
    BIND_COMPLETED, BOUND_BY_CONTROLLER, SELECTED_NODE, at_resync, class_of, finish, is_reserved,
    matching, set_volume_phase, waits_for_consumer,
};
use crate::api::{ApiError, Kind, Millis, Object, Str, Value};
use crate::controllers::{Action, Cluster, EventType, Reason};
use std::sync::Arc;

/// A claim younger than this has been seen before the Pod that comes with it. Times of creation are whole
/// seconds.
const JUST_MADE: Millis = 1_100;

/// Looks at one claim. Key: the PersistentVolumeClaim.
pub fn reconcile(cluster: &mut dyn Cluster, namespace: &str, name: &str) -> Action {
    let Ok(claim) = cluster.get(Kind::PersistentVolumeClaim, namespace, name) else {
        return Action::DONE;
    };
    let result = if claim.meta.annotation(BIND_COMPLETED).is_some() {
        sync_bound(cluster, &claim)
    } else {
        sync_unbound(cluster, &claim)
    };
    finish(cluster, &claim, result)
}

/// A claim that is not bound yet (`syncUnboundClaim`).
fn sync_unbound(cluster: &mut dyn Cluster, claim: &Arc<Object>) -> Result<Action, ApiError> {
    let Some(view) = claim.claim() else {
        return Ok(Action::DONE);
    };
    if !view.volume.is_empty() {
        return sync_named(cluster, claim, &view.volume);
    }
    let class = class_of(cluster, view);
    let delayed = class
        .as_ref()
        .is_some_and(|class| waits_for_consumer(class));
    if let Some(volume) = matching::find(cluster, claim, delayed) {
        return bind(cluster, &volume, claim);
    }
    if view.class.is_none()
        && let Some(class) = default_class(cluster)
    {
        let mut tree = claim.tree().clone();
        tree.set(&["spec", "storageClassName"], class);
        cluster.update(Kind::PersistentVolumeClaim, tree, Reason::DefaultClass)?;
        return Ok(Action::DONE);
    }
    if delayed && claim.meta.annotation(SELECTED_NODE).is_none() {
        say_what_is_waited_for(cluster, claim);
        return Ok(at_resync(cluster.now()));
    }
    if view.class.as_ref().is_some_and(|class| !class.is_empty()) {
        return provision(cluster, claim);
    }
    let message = "no persistent volumes available for this claim and no storage class is set";
    cluster.event(claim, EventType::Normal, "FailedBinding", message.into());
    cluster.decide(claim, Reason::WaitVolume);
    Ok(at_resync(cluster.now()))
}

/// A claim that asks for a volume by name.
fn sync_named(
    cluster: &mut dyn Cluster,
    claim: &Arc<Object>,
    name: &Str,
) -> Result<Action, ApiError> {
    let wait = |cluster: &mut dyn Cluster| {
        let volume = name.clone();
        cluster.decide(claim, Reason::WaitNamedVolume { volume });
        Ok(at_resync(cluster.now()))
    };
    let Ok(volume) = cluster.get(Kind::PersistentVolume, "", name) else {
        return wait(cluster);
    };
    let (Some(view), Some(asked)) = (volume.volume(), claim.claim()) else {
        return Ok(Action::DONE);
    };
    if is_reserved(view, claim) {
        return bind(cluster, &volume, claim);
    }
    if view.claim.is_some() {
        let message = format!("volume \"{name}\" already bound to a different claim.");
        cluster.event(claim, EventType::Warning, "FailedBinding", message);
        return wait(cluster);
    }
    if let Some(why) = matching::refusal(&volume, asked) {
        let message = format!("Cannot bind to requested volume \"{name}\": {why}");
        cluster.event(claim, EventType::Warning, "VolumeMismatch", message);
        return wait(cluster);
    }
    bind(cluster, &volume, claim)
}

/// A claim that was bound once: its volume must be there and be its own (`syncBoundClaim`).
fn sync_bound(cluster: &mut dyn Cluster, claim: &Arc<Object>) -> Result<Action, ApiError> {
    let name = claim
        .claim()
        .map(|view| view.volume.clone())
        .unwrap_or_default();
    if name.is_empty() {
        let why = "Bound claim has lost reference to PersistentVolume. Data on the volume is lost!";
        return lose(cluster, claim, "ClaimLost", why);
    }
    let Ok(volume) = cluster.get(Kind::PersistentVolume, "", &name) else {
        let why = "Bound claim has lost its PersistentVolume. Data on the volume is lost!";
        return lose(cluster, claim, "ClaimLost", why);
    };
    let holder = volume.volume().and_then(|view| view.claim.clone());
    match holder {
        Some((_, _, uid)) if uid != claim.meta.uid => {
            let why = "Two claims are bound to the same volume, this one is bound incorrectly";
            lose(cluster, claim, "ClaimMisbound", why)
        }
        _ => bind(cluster, &volume, claim),
    }
}

/// The claim's volume is gone for good.
fn lose(
    cluster: &mut dyn Cluster,
    claim: &Arc<Object>,
    reason: &'static str,
    message: &str,
) -> Result<Action, ApiError> {
    if claim.claim().is_some_and(|view| view.phase == "Lost") {
        return Ok(Action::DONE);
    }
    let mut tree = claim.tree().clone();
    tree.remove(&["status", "accessModes"]);
    tree.remove(&["status", "capacity"]);
    tree.set(&["status", "phase"], "Lost");
    cluster.update_status(Kind::PersistentVolumeClaim, tree, Reason::Bind)?;
    cluster.event(claim, EventType::Warning, reason, message.into());
    Ok(Action::DONE)
}

/// The four steps of binding, each skipped if it is done (`bind`; R11.2). Between the last two, kubectl
/// shows `Pending  pvc-UID  0` (FINDINGS 5).
fn bind(
    cluster: &mut dyn Cluster,
    volume: &Arc<Object>,
    claim: &Arc<Object>,
) -> Result<Action, ApiError> {
    let volume = reserve(cluster, volume, claim)?;
    let volume = set_volume_phase(cluster, &volume, "Bound", "", Reason::Bind)?;
    let claim = name_volume(cluster, &volume, claim)?;
    complete(cluster, &volume, &claim)?;
    Ok(Action::DONE)
}

/// Puts the claim into the volume (`bindVolumeToClaim`).
fn reserve(
    cluster: &mut dyn Cluster,
    volume: &Arc<Object>,
    claim: &Object,
) -> Result<Arc<Object>, ApiError> {
    let Some(view) = volume.volume() else {
        return Ok(volume.clone());
    };
    let complete = view.claim.as_ref().is_some_and(|(namespace, name, uid)| {
        namespace == claim.namespace() && name == claim.name() && *uid == claim.meta.uid
    });
    if complete {
        return Ok(volume.clone());
    }
    let mut tree = volume.tree().clone();
    if !is_reserved(view, claim) {
        tree.set(&["metadata", "annotations", BOUND_BY_CONTROLLER], "yes");
    }
    tree.set(&["spec", "claimRef"], claim_ref(claim));
    cluster.update(Kind::PersistentVolume, tree, Reason::Bind)
}

/// Puts the volume's name into the claim (`bindClaimToVolume`).
fn name_volume(
    cluster: &mut dyn Cluster,
    volume: &Object,
    claim: &Arc<Object>,
) -> Result<Arc<Object>, ApiError> {
    let named = claim
        .claim()
        .is_some_and(|view| view.volume == *volume.name());
    if named && claim.meta.annotation(BIND_COMPLETED).is_some() {
        return Ok(claim.clone());
    }
    let mut tree = claim.tree().clone();
    if !named {
        tree.set(&["spec", "volumeName"], volume.name());
        tree.set(&["metadata", "annotations", BOUND_BY_CONTROLLER], "yes");
    }
    tree.set(&["metadata", "annotations", BIND_COMPLETED], "yes");
    cluster.update(Kind::PersistentVolumeClaim, tree, Reason::Bind)
}

/// Copies size and access modes of the volume into the claim's status (`updateClaimStatus`).
fn complete(
    cluster: &mut dyn Cluster,
    volume: &Object,
    claim: &Arc<Object>,
) -> Result<(), ApiError> {
    let spec = |key: &str| {
        volume
            .tree()
            .at(&["spec", key])
            .cloned()
            .unwrap_or_default()
    };
    let mut tree = claim.tree().clone();
    tree.set(&["status", "accessModes"], spec("accessModes"));
    // The size is that of the moment of binding; after that it is the resizer's.
    if claim.claim().is_none_or(|view| view.phase != "Bound") {
        tree.set(&["status", "capacity"], spec("capacity"));
    }
    tree.set(&["status", "phase"], "Bound");
    if tree.get("status") == claim.tree().get("status") {
        return Ok(());
    }
    cluster
        .update_status(Kind::PersistentVolumeClaim, tree, Reason::Bind)
        .map(drop)
}

/// The default class, given to claims without one also after their creation
/// (`assignDefaultStorageClass`; transcript 57-pvc-pending-no-class).
fn default_class(cluster: &dyn Cluster) -> Option<Str> {
    const DEFAULT: &str = "storageclass.kubernetes.io/is-default-class";
    cluster
        .list(Kind::StorageClass, "")
        .into_iter()
        .filter(|class| class.meta.annotation(DEFAULT) == Some("true"))
        .max_by(|a, b| {
            let by_age = a.meta.created.cmp(&b.meta.created);
            by_age.then_with(|| b.name().cmp(a.name()))
        })
        .map(|class| class.name().clone())
}

/// WaitForFirstConsumer: there is no consumer yet, or it has not been placed
/// (`emitEventForUnboundDelayBindingClaim`; transcript 58-wait-for-first-consumer).
fn say_what_is_waited_for(cluster: &mut dyn Cluster, claim: &Arc<Object>) {
    // The claim of a new Pod is looked at before the Pod is there: it was made just before it
    // (recording 58-wait-for-first-consumer).
    let just_made = cluster.now().since(claim.meta.created) < JUST_MADE;
    let uses = |pod: &Arc<Object>| {
        !just_made
            && pod.pod().is_some_and(|view| {
                view.node.is_empty()
                    && !view.phase.terminal()
                    && view.claims.iter().any(|(_, used)| used == claim.name())
            })
    };
    let pods: Vec<String> = cluster
        .list(Kind::Pod, claim.namespace())
        .iter()
        .filter(|pod| uses(pod))
        .map(|pod| pod.name().to_string())
        .collect();
    let (reason, message) = if pods.is_empty() {
        let message = "waiting for first consumer to be created before binding";
        ("WaitForFirstConsumer", message.to_owned())
    } else {
        let message = format!("waiting for pod {} to be scheduled", pods.join(","));
        ("WaitForPodScheduled", message)
    };
    cluster.event(claim, EventType::Normal, reason, message);
    cluster.decide(claim, Reason::WaitFirstConsumer);
}

/// Frees a volume from a claim that took another one; a user's reservation keeps the name
/// (`unbindVolume`).
pub(super) fn unbind(cluster: &mut dyn Cluster, volume: &Arc<Object>) -> Result<(), ApiError> {
    let mut tree: Value = volume.tree().clone();
    if volume.meta.annotation(BOUND_BY_CONTROLLER).is_some() {
        tree.remove(&["spec", "claimRef"]);
        tree.remove(&["metadata", "annotations", BOUND_BY_CONTROLLER]);
    } else {
        tree.remove(&["spec", "claimRef", "uid"]);
    }
    let volume = cluster.update(Kind::PersistentVolume, tree, Reason::Bind)?;
    set_volume_phase(cluster, &volume, "Available", "", Reason::Bind).map(drop)
}
