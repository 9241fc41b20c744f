//! Scaling a Deployment that is not rolling, or is paused in the middle.
//! `sync`, `scale`, `isScalingEvent` in `pkg/controller/deployment/sync.go`

use super::sets::{Sets, available, desired, most, scale_set, total, with_revisions};
use super::{Limits, clean_up, is_paused, status};
use crate::api::Arrange as _;
use crate::api::{ApiError, Object};
use crate::controllers::replicaset::replicas_of;
use crate::controllers::{Action, Cluster};
use std::sync::Arc;

/// Whether a ReplicaSet was last scaled for another size of the Deployment.
pub(super) fn is_due(deployment: &Object, owned: &[Arc<Object>]) -> bool {
    let wanted = replicas_of(deployment);
    owned
        .iter()
        .filter(|set| replicas_of(set) > 0)
        .any(|set| desired(set).is_some_and(|desired| desired != wanted))
}

/// Scales without rolling on.
pub(super) fn sync(
    cluster: &mut dyn Cluster,
    deployment: &Arc<Object>,
    owned: Vec<Arc<Object>>,
) -> Result<Action, ApiError> {
    let (deployment, mut sets) = with_revisions(cluster, deployment.clone(), owned)?;
    scale(cluster, &deployment, &mut sets)?;
    if is_paused(&deployment) {
        clean_up(cluster, &deployment, &sets)?;
    }
    status::write(cluster, &deployment, &sets)?;
    Ok(Action::DONE)
}

fn scale(cluster: &mut dyn Cluster, deployment: &Object, sets: &mut Sets) -> Result<(), ApiError> {
    let wanted = replicas_of(deployment);
    let active = sets.all().filter(|set| replicas_of(set) > 0).count();
    if active <= 1 {
        // The one that has Pods, else the latest.
        let at = sets.old.iter().position(|set| replicas_of(set) > 0);
        let at = match (at, &sets.new) {
            (Some(at), _) => Some(at),
            (None, Some(_)) => None,
            (None, None) => sets.old.len().checked_sub(1),
        };
        let set = match at {
            Some(at) => sets.old.get_mut(at),
            None => sets.new.as_mut(),
        };
        if let Some(set) = set
            && replicas_of(set) != wanted
        {
            *set = scale_set(cluster, deployment, set, wanted)?;
        }
        return Ok(());
    }
    let saturated = sets.new.as_ref().is_some_and(|new| {
        replicas_of(new) == wanted && available(new) == wanted && desired(new) == Some(wanted)
    });
    if saturated {
        for set in sets.old.iter_mut().filter(|set| replicas_of(set) > 0) {
            *set = scale_set(cluster, deployment, set, 0)?;
        }
        return Ok(());
    }
    if deployment.tree().str_at(&["spec", "strategy", "type"]) == Some("Recreate") {
        return Ok(());
    }
    in_proportion(cluster, deployment, sets)
}

/// Spreads the difference over the ReplicaSets by their sizes, the largest first.
fn in_proportion(
    cluster: &mut dyn Cluster,
    deployment: &Object,
    sets: &mut Sets,
) -> Result<(), ApiError> {
    let wanted = replicas_of(deployment);
    let allowed = if wanted > 0 {
        wanted + Limits::of(deployment).surge
    } else {
        0
    };
    let add = allowed - total(sets.all());
    let mut active: Vec<&mut Arc<Object>> = sets
        .old
        .iter_mut()
        .chain(&mut sets.new)
        .filter(|set| replicas_of(set) > 0)
        .collect();
    // Growing favours the newer one of equals, shrinking the older one.
    active.arrange_by(|a, b| {
        let by_age = if add > 0 {
            b.meta.created.cmp(&a.meta.created)
        } else {
            a.meta.created.cmp(&b.meta.created)
        };
        replicas_of(b).cmp(&replicas_of(a)).then(by_age)
    });
    let mut added = 0;
    let mut sizes = Vec::with_capacity(active.len());
    for set in &active {
        let share = share(deployment, set, allowed);
        let rest = add - added;
        let part = match add {
            0 => 0,
            1.. => share.min(rest),
            _ => share.max(rest),
        };
        added += part;
        sizes.push(replicas_of(set) + part);
    }
    if let Some(first) = sizes.first_mut() {
        *first = (*first + add - added).max(0);
    }
    for (set, size) in active.into_iter().zip(sizes) {
        *set = scale_set(cluster, deployment, set, size)?;
    }
    Ok(())
}

/// What a ReplicaSet would gain or lose if all grew alike, rounded (`getReplicaSetFraction`).
fn share(deployment: &Object, set: &Object, allowed: i64) -> i64 {
    let has = replicas_of(set);
    if replicas_of(deployment) == 0 {
        return -has;
    }
    let before = most(set)
        .filter(|most| *most > 0)
        .or_else(|| deployment.tree().int_at(&["status", "replicas"]))
        .unwrap_or(allowed)
        .max(1);
    let size = (has.saturating_mul(allowed).saturating_mul(2) + before) / (before * 2);
    size - has
}
