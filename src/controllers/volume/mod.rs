//! Claims and volumes: binding, provisioning, reclaiming, protection.
//! `pkg/controller/volume/persistentvolume/pv_controller.go`, `index.go`,
//! `pkg/controller/volume/pvcprotection`, `pvprotection`, `expand`.

pub mod binder;
pub mod expand;
pub mod external;
mod matching;
pub mod protection;
mod provision;
pub mod reclaim;
#[cfg(test)]
mod tests;

use super::{Action, Cluster, Reason};
use crate::api::{ApiError, ClaimView, Kind, Millis, Object, Time, Value, VolumeView};
use std::sync::Arc;

/// How often claims and volumes are looked at without a cause (`--pvclaimbinder-sync-period`), in
/// milliseconds. All of them at the same moments.
const RESYNC: Millis = 15_000;

const BIND_COMPLETED: &str = "pv.kubernetes.io/bind-completed";
const BOUND_BY_CONTROLLER: &str = "pv.kubernetes.io/bound-by-controller";
const PROVISIONED_BY: &str = "pv.kubernetes.io/provisioned-by";
const STORAGE_PROVISIONER: &str = "volume.kubernetes.io/storage-provisioner";
const STORAGE_PROVISIONER_BETA: &str = "volume.beta.kubernetes.io/storage-provisioner";
/// Where the scheduler says which node the first consumer goes to.
pub const SELECTED_NODE: &str = "volume.kubernetes.io/selected-node";
/// The finalizer of volumes that a controller of the cluster has to delete in the background storage.
const IN_TREE_FINALIZER: &str = "kubernetes.io/pv-controller";
/// The finalizer of volumes that a provisioner from outside has to delete in the background storage.
const EXTERNAL_FINALIZER: &str = "external-provisioner.volume.kubernetes.io/finalizer";
/// The provisioner that the controllers of the cluster have in them.
const HOST_PATH: &str = "kubernetes.io/host-path";

/// Look again at the next resync.
fn at_resync(now: Time) -> Action {
    Action::requeue(RESYNC - now.0.rem_euclid(RESYNC))
}

/// What a pass answers: a failed one is not retried by itself, but at the next resync (FINDINGS 22).
fn finish(cluster: &mut dyn Cluster, about: &Object, result: Result<Action, ApiError>) -> Action {
    result.unwrap_or_else(|error| {
        let error = error.message.into();
        cluster.decide(about, Reason::Failed { error });
        at_resync(cluster.now())
    })
}

/// Whether a volume is reserved for a claim: by its name, and by its uid if the reservation has one
/// (`IsVolumeBoundToClaim`).
fn is_reserved(volume: &VolumeView, claim: &Object) -> bool {
    volume.claim.as_ref().is_some_and(|(namespace, name, uid)| {
        namespace == claim.namespace()
            && name == claim.name()
            && (uid.is_empty() || *uid == claim.meta.uid)
    })
}

/// The class of a claim, if it names one that is there.
fn class_of(cluster: &dyn Cluster, claim: &ClaimView) -> Option<Arc<Object>> {
    let class = claim.class.as_ref().filter(|class| !class.is_empty())?;
    cluster.get(Kind::StorageClass, "", class).ok()
}

/// `provisioner` of a class.
fn provisioner(class: &Object) -> &str {
    class.tree().str_at(&["provisioner"]).unwrap_or_default()
}

/// Whether a class has `volumeBindingMode: WaitForFirstConsumer`.
fn waits_for_consumer(class: &Object) -> bool {
    class.tree().str_at(&["volumeBindingMode"]) == Some("WaitForFirstConsumer")
}

/// Whether a provisioner is one that the controllers of the cluster have in them, or should have.
fn is_in_tree(provisioner: &str) -> bool {
    provisioner.starts_with("kubernetes.io/")
}

/// Takes a finalizer off a tree; answers whether it was there.
fn remove_finalizer(tree: &mut Value, name: &str) -> bool {
    let finalizers = tree.slot(&["metadata", "finalizers"]).make_list();
    let before = finalizers.len();
    finalizers.retain(|finalizer| finalizer.as_str() != Some(name));
    finalizers.len() != before
}

/// Writes the phase of a volume, if it differs (`updateVolumePhase`).
fn set_volume_phase(
    cluster: &mut dyn Cluster,
    volume: &Arc<Object>,
    phase: &'static str,
    message: &str,
    why: Reason,
) -> Result<Arc<Object>, ApiError> {
    if volume.volume().is_some_and(|view| view.phase == phase) {
        return Ok(volume.clone());
    }
    let mut tree = volume.tree().clone();
    tree.set(&["status", "phase"], phase);
    tree.set(&["status", "lastPhaseTransitionTime"], cluster.now());
    if message.is_empty() {
        tree.remove(&["status", "message"]);
    } else {
        tree.set(&["status", "message"], message);
    }
    cluster.update_status(Kind::PersistentVolume, tree, why)
}
