//! Phases of volumes, and what becomes of one whose claim is gone.
//! `syncVolume`, `reclaimVolume`, `deleteVolumeOperation` in
//! `pkg/controller/volume/persistentvolume/pv_controller.go`
//! (transcripts 13-cleanup, 24-delete-f, 43, 60; R11.8).

use super::binder::unbind;
use super::{
    IN_TREE_FINALIZER, PROVISIONED_BY, at_resync, finish, is_in_tree, remove_finalizer,
    set_volume_phase,
};
use crate::api::{ApiError, DeleteOptions, Kind, Object, Str};
use crate::controllers::{Action, Cluster, EventType, Reason};
use std::sync::Arc;

/// Looks at one volume. Key: the PersistentVolume.
pub fn reconcile_volume(cluster: &mut dyn Cluster, name: &str) -> Action {
    let Ok(volume) = cluster.get(Kind::PersistentVolume, "", name) else {
        return Action::DONE;
    };
    let result = sync(cluster, &volume);
    finish(cluster, &volume, result)
}

fn sync(cluster: &mut dyn Cluster, volume: &Arc<Object>) -> Result<Action, ApiError> {
    let Some(view) = volume.volume() else {
        return Ok(Action::DONE);
    };
    let (namespace, name, uid) = match &view.claim {
        Some((namespace, name, uid)) if !uid.is_empty() => (namespace, name, uid),
        // Free, or reserved by a user for a claim that may come.
        _ => {
            set_volume_phase(cluster, volume, "Available", "", Reason::Bind)?;
            return Ok(Action::DONE);
        }
    };
    let claim = find_claim(cluster, namespace, name, uid);
    let Some(claim) = claim else {
        return release(cluster, volume);
    };
    let bound_to = claim
        .claim()
        .map(|view| view.volume.clone())
        .unwrap_or_default();
    if bound_to == *volume.name() {
        set_volume_phase(cluster, volume, "Bound", "", Reason::Bind)?;
    } else if !bound_to.is_empty() {
        // The claim took another volume.
        if volume.meta.annotation(PROVISIONED_BY).is_some() && view.reclaim == "Delete" {
            return release(cluster, volume);
        }
        unbind(cluster, volume)?;
    }
    // Otherwise the claim's own pass, which the volume's change has caused, binds them.
    Ok(Action::DONE)
}

/// The claim that a volume is reserved for; one of the same name but another uid is another claim.
fn find_claim(
    cluster: &dyn Cluster,
    namespace: &Str,
    name: &Str,
    uid: &Str,
) -> Option<Arc<Object>> {
    let is_it = |claim: &Arc<Object>| claim.meta.uid == *uid;
    let kind = Kind::PersistentVolumeClaim;
    let cached = cluster.get(kind, namespace, name).ok().filter(is_it);
    // What the cache does not know is asked for once more, as data may hang on it.
    cached.or_else(|| cluster.live(kind, namespace, name).ok().filter(is_it))
}

/// The claim is gone: the volume is released and, if its policy says so, deleted (`reclaimVolume`).
fn release(cluster: &mut dyn Cluster, volume: &Arc<Object>) -> Result<Action, ApiError> {
    let Some(view) = volume.volume() else {
        return Ok(Action::DONE);
    };
    let volume = if view.phase == "Released" || view.phase == "Failed" {
        volume.clone()
    } else {
        set_volume_phase(cluster, volume, "Released", "", Reason::Reclaim)?
    };
    match view.reclaim.as_str() {
        "Delete" => delete(cluster, &volume),
        // Retained for an administrator.
        _ => Ok(Action::DONE),
    }
}

/// Deletes the storage behind a volume, and the volume (`deleteVolumeOperation`).
fn delete(cluster: &mut dyn Cluster, volume: &Arc<Object>) -> Result<Action, ApiError> {
    let driver = volume.meta.annotation(PROVISIONED_BY);
    if driver.is_some_and(|driver| !is_in_tree(driver)) {
        // Its own provisioner does that: see `external`.
        return Ok(Action::DONE);
    }
    if let Err(why) = delete_storage(volume) {
        let phase = "Failed";
        let volume = set_volume_phase(cluster, volume, phase, &why, Reason::Reclaim)?;
        cluster.event(&volume, EventType::Warning, "VolumeFailedDelete", why);
        return Ok(at_resync(cluster.now()));
    }
    let mut tree = volume.tree().clone();
    if remove_finalizer(&mut tree, IN_TREE_FINALIZER) {
        cluster.update(Kind::PersistentVolume, tree, Reason::Reclaim)?;
    }
    if volume.meta.terminating() {
        return Ok(Action::DONE);
    }
    let options = DeleteOptions::default();
    match cluster.delete(
        Kind::PersistentVolume,
        "",
        volume.name(),
        &options,
        Reason::Reclaim,
    ) {
        Err(error) if !error.is_not_found() => Err(error),
        _ => Ok(Action::DONE),
    }
}

/// Only directories below /tmp may be deleted by the host-path plugin (`pkg/volume/hostpath/host_path.go`);
/// other sources have no plugin that deletes.
fn delete_storage(volume: &Object) -> Result<(), String> {
    match volume.tree().str_at(&["spec", "hostPath", "path"]) {
        Some(path) if path.len() > 5 && path.starts_with("/tmp/") => Ok(()),
        Some(path) => Err(format!(
            "host_path deleter only supports /tmp/.+ but received provided {path}"
        )),
        None => Err(format!(
            "error getting deleter volume plugin for volume \"{}\": no deletable volume plugin matched",
            volume.name()
        )),
    }
}
