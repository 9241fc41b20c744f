//! Which volume fits a claim.
//! `pkg/controller/volume/persistentvolume/index.go`, `pkg/volume/util/finder.go`

use super::is_reserved;
use crate::api::{ClaimView, Object, Selector, Str, VolumeView};
use crate::controllers::Cluster;
use std::sync::Arc;

/// The volume for a claim: the one that is reserved for it, else the smallest free one that fits, those
/// with the fewest access modes first (`findBestMatchForClaim`; R11.3). `delayed`: the class waits for
/// a consumer, so only a reserved one counts.
pub(super) fn find(cluster: &dyn Cluster, claim: &Object, delayed: bool) -> Option<Arc<Object>> {
    let view = claim.claim()?;
    // A volume that was provisioned for this claim need not be searched for.
    let own = cluster.get(
        crate::api::Kind::PersistentVolume,
        "",
        &super::provision::volume_name(claim),
    );
    if let Ok(own) = own
        && own
            .volume()
            .is_some_and(|volume| is_reserved(volume, claim) && suits(volume, view))
        && !own.meta.terminating()
    {
        return Some(own);
    }
    let selector = claim.tree().at(&["spec", "selector"]);
    let selector = selector.map(Selector::from_label_selector);
    let mut best: Option<(bool, Arc<Object>)> = None;
    for volume in cluster.volumes_for(claim.namespace(), claim.name()) {
        let Some(candidate) = volume.volume() else {
            continue;
        };
        if volume.meta.terminating() || !suits(candidate, view) {
            continue;
        }
        let reserved = is_reserved(candidate, claim);
        let fits = reserved
            || (!delayed
                && candidate.claim.is_none()
                && candidate.phase == "Available"
                && candidate.class == view.class.clone().unwrap_or_default()
                && selector
                    .as_ref()
                    .is_none_or(|selector| selector.matches(&volume.meta.labels)));
        let better = best
            .as_ref()
            .is_none_or(|(former, other)| rank(reserved, &volume) < rank(*former, other));
        if fits && better {
            best = Some((reserved, volume));
        }
    }
    best.map(|(_, volume)| volume)
}

/// Reserved ones first, then few access modes, then small ones, then by name.
fn rank(reserved: bool, volume: &Object) -> impl Ord + use<> {
    let view = volume.volume();
    (
        !reserved,
        view.map_or(0, |view| view.access_modes.len()),
        view.and_then(|view| view.capacity),
        volume.name().clone(),
    )
}

/// Whether size, volume mode and access modes of a volume are what a claim asks for.
fn suits(volume: &VolumeView, claim: &ClaimView) -> bool {
    volume.capacity >= claim.request
        && volume.volume_mode == claim.volume_mode
        && has_modes(volume, claim)
}

fn has_modes(volume: &VolumeView, claim: &ClaimView) -> bool {
    let has = |mode: &Str| volume.access_modes.contains(mode);
    claim.access_modes.iter().all(has)
}

/// Why a volume that a claim asks for by name does not suit it (`checkVolumeSatisfyClaim`).
pub(super) fn refusal(volume: &Object, claim: &ClaimView) -> Option<String> {
    let view = volume.volume()?;
    if volume.meta.terminating() {
        let name = volume.name();
        return Some(format!("the volume is marked for deletion \"{name}\""));
    }
    let why = if view.capacity < claim.request {
        "requested PV is too small"
    } else if view.class != claim.class.clone().unwrap_or_default() {
        "storageClassName does not match"
    } else if view.volume_mode != claim.volume_mode {
        "incompatible volumeMode"
    } else if !has_modes(view, claim) {
        "incompatible accessMode"
    } else {
        return None;
    };
    Some(why.to_owned())
}
