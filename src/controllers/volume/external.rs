//! A provisioner outside the cluster's own controllers, as a storage driver brings it: makes and deletes
//! volumes of the classes that name any provisioner but those of `kubernetes.io/`. Simplified: every
//! driver is there, and always succeeds. `sigs.k8s.io/sig-storage-lib-external-provisioner` (R11.5).

use super::provision::{external_volume, volume_name};
use super::{
    EXTERNAL_FINALIZER, PROVISIONED_BY, STORAGE_PROVISIONER, class_of, is_in_tree, provisioner,
    remove_finalizer,
};
use crate::api::{ApiError, DeleteOptions, Kind};
use crate::controllers::{Action, Cluster, EventType, Reason};

/// Makes the volume that a claim waits for. Key: the PersistentVolumeClaim.
pub fn reconcile_claim(cluster: &mut dyn Cluster, namespace: &str, name: &str) -> Action {
    let kind = Kind::PersistentVolumeClaim;
    let Ok(claim) = cluster.get(kind, namespace, name) else {
        return Action::DONE;
    };
    let Some(view) = claim.claim() else {
        return Action::DONE;
    };
    let Some(class) = class_of(cluster, view) else {
        return Action::DONE;
    };
    let driver = provisioner(&class);
    let asked = claim.meta.annotation(STORAGE_PROVISIONER) == Some(driver)
        && !is_in_tree(driver)
        && view.volume.is_empty()
        && !claim.meta.terminating();
    let volume = volume_name(&claim);
    if !asked || cluster.get(Kind::PersistentVolume, "", &volume).is_ok() {
        return Action::DONE;
    }
    let message =
        format!("External provisioner is provisioning volume for claim \"{namespace}/{name}\"");
    cluster.event(&claim, EventType::Normal, "Provisioning", message);
    let tree = external_volume(&claim, &class);
    match cluster.create(Kind::PersistentVolume, tree, Reason::Provision) {
        Err(error) if !error.is_already_exists() => return Action::failed(error.message),
        _ => {}
    }
    let message = format!("Successfully provisioned volume {volume}");
    cluster.event(&claim, EventType::Normal, "ProvisioningSucceeded", message);
    Action::DONE
}

/// Deletes a released volume of such a driver. Key: the PersistentVolume.
pub fn reconcile_volume(cluster: &mut dyn Cluster, name: &str) -> Action {
    match delete_released(cluster, name) {
        Err(error) if !error.is_not_found() => Action::failed(error.message),
        _ => Action::DONE,
    }
}

fn delete_released(cluster: &mut dyn Cluster, name: &str) -> Result<(), ApiError> {
    let volume = cluster.get(Kind::PersistentVolume, "", name)?;
    let Some(view) = volume.volume() else {
        return Ok(());
    };
    let own = volume
        .meta
        .annotation(PROVISIONED_BY)
        .is_some_and(|driver| !is_in_tree(driver));
    if !own || view.phase != "Released" || view.reclaim != "Delete" {
        return Ok(());
    }
    if !volume.meta.terminating() {
        let options = DeleteOptions::default();
        let kind = Kind::PersistentVolume;
        cluster.delete(kind, "", name, &options, Reason::Reclaim)?;
    }
    let volume = cluster.get(Kind::PersistentVolume, "", name)?;
    let mut tree = volume.tree().clone();
    if remove_finalizer(&mut tree, EXTERNAL_FINALIZER) {
        cluster.update(Kind::PersistentVolume, tree, Reason::Reclaim)?;
    }
    Ok(())
}
