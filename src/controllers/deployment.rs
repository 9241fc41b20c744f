//! Deployments: Pods without identity, moved from one ReplicaSet to another.
//! `pkg/controller/deployment/deployment_controller.go`, `rolling.go`, `recreate.go`, `sync.go`
//! (transcript 30-deployment-contrast; R16).

mod limits;
mod scale;
mod sets;
mod status;
#[cfg(test)]
mod tests;

use super::replicaset::{adopt, replicas_of};
use super::{Action, Cluster, Reason};
use crate::api::Arrange as _;
use crate::api::{ApiError, DeleteOptions, Kind, Object, Selector, Value};
use limits::Limits;
use sets::{Sets, available, scale_set, total};
use std::sync::Arc;

/// Rolls a Deployment on and writes its status (`syncDeployment`). Key: the Deployment.
pub fn reconcile(cluster: &mut dyn Cluster, namespace: &str, name: &str) -> Action {
    let Ok(deployment) = cluster.get(Kind::Deployment, namespace, name) else {
        return Action::DONE;
    };
    match sync(cluster, deployment) {
        Ok(action) => action,
        Err(error) => Action::failed(error.message),
    }
}

fn sync(cluster: &mut dyn Cluster, deployment: Arc<Object>) -> Result<Action, ApiError> {
    let owned = claim_sets(cluster, &deployment)?;
    if deployment.meta.terminating() {
        let sets = Sets::find(&deployment, owned);
        status::write(cluster, &deployment, &sets)?;
        return Ok(Action::DONE);
    }
    let deployment = status::note_pause(cluster, deployment)?;
    if is_paused(&deployment) || scale::is_due(&deployment, &owned) {
        return scale::sync(cluster, &deployment, owned);
    }
    if deployment.tree().str_at(&["spec", "strategy", "type"]) == Some("Recreate") {
        recreate(cluster, deployment, owned)
    } else {
        roll(cluster, deployment, owned)
    }
}

fn is_paused(deployment: &Object) -> bool {
    let paused = deployment.tree().at(&["spec", "paused"]);
    paused.and_then(Value::as_bool).unwrap_or(false)
}

/// The Deployment's ReplicaSets by age, after adopting orphans that match.
fn claim_sets(
    cluster: &mut dyn Cluster,
    deployment: &Object,
) -> Result<Vec<Arc<Object>>, ApiError> {
    let selector = deployment.tree().at(&["spec", "selector"]);
    let selector = Selector::from_label_selector(selector.unwrap_or(&Value::Null));
    let mut owned = Vec::new();
    for set in cluster.list(Kind::ReplicaSet, deployment.namespace()) {
        if set.meta.controlled_by(&deployment.meta.uid) {
            owned.push(set);
        } else if set.meta.controller().is_none()
            && !set.meta.terminating()
            && !deployment.meta.terminating()
            && !selector.is_empty()
            && selector.matches(&set.meta.labels)
        {
            owned.push(adopt(cluster, deployment, &set)?);
        }
    }
    owned.arrange_by(|a, b| {
        let by_age = a.meta.created.cmp(&b.meta.created);
        by_age.then_with(|| a.name().cmp(b.name()))
    });
    Ok(owned)
}

/// RollingUpdate: one step up or one step down a pass (`rolloutRolling`).
fn roll(
    cluster: &mut dyn Cluster,
    deployment: Arc<Object>,
    owned: Vec<Arc<Object>>,
) -> Result<Action, ApiError> {
    let (deployment, mut sets) = sets::with_new(cluster, deployment, owned)?;
    let moved =
        grow_new(cluster, &deployment, &mut sets)? || shrink_old(cluster, &deployment, &mut sets)?;
    if !moved && status::is_complete(&deployment) {
        clean_up(cluster, &deployment, &sets)?;
    }
    status::roll_on(cluster, &deployment, &sets)
}

/// Recreate: the old Pods go first, all of them (`rolloutRecreate`).
fn recreate(
    cluster: &mut dyn Cluster,
    deployment: Arc<Object>,
    owned: Vec<Arc<Object>>,
) -> Result<Action, ApiError> {
    let mut sets = Sets::find(&deployment, owned);
    let mut moved = false;
    for set in &mut sets.old {
        if replicas_of(set) > 0 {
            *set = scale_set(cluster, &deployment, set, 0)?;
            moved = true;
        }
    }
    if moved || old_pods_run(cluster, &sets) {
        return status::roll_on(cluster, &deployment, &sets);
    }
    let owned = sets.all().cloned().collect();
    let (deployment, mut sets) = sets::with_new(cluster, deployment, owned)?;
    if let Some(new) = &mut sets.new
        && replicas_of(new) != replicas_of(&deployment)
    {
        *new = scale_set(cluster, &deployment, new, replicas_of(&deployment))?;
    }
    if status::is_complete(&deployment) {
        clean_up(cluster, &deployment, &sets)?;
    }
    status::roll_on(cluster, &deployment, &sets)
}

/// Whether Pods of an old ReplicaSet have not ended yet (`oldPodsRunning`).
fn old_pods_run(cluster: &dyn Cluster, sets: &Sets) -> bool {
    sets.old.iter().any(|set| {
        let pods = cluster.owned(Kind::Pod, set.namespace(), &set.meta.uid);
        pods.iter()
            .any(|pod| pod.pod().is_some_and(|view| !view.phase.terminal()))
    })
}

/// Scales the new ReplicaSet as far up as maxSurge allows (`reconcileNewReplicaSet`).
fn grow_new(
    cluster: &mut dyn Cluster,
    deployment: &Object,
    sets: &mut Sets,
) -> Result<bool, ApiError> {
    let wanted = replicas_of(deployment);
    let sum = total(sets.all());
    let Some(new) = &mut sets.new else {
        return Ok(false);
    };
    let has = replicas_of(new);
    if has == wanted {
        return Ok(false);
    }
    let target = if has > wanted {
        wanted
    } else {
        Limits::of(deployment).new_size(deployment, has, sum)
    };
    if target == has {
        return Ok(false);
    }
    *new = scale_set(cluster, deployment, new, target)?;
    Ok(true)
}

/// Scales old ReplicaSets down: first what is unhealthy there, then as far as maxUnavailable allows
/// (`reconcileOldReplicaSets`).
fn shrink_old(
    cluster: &mut dyn Cluster,
    deployment: &Object,
    sets: &mut Sets,
) -> Result<bool, ApiError> {
    if total(sets.old.iter()) == 0 {
        return Ok(false);
    }
    let limits = Limits::of(deployment);
    let least = replicas_of(deployment) - limits.unavailable;
    let new_waits = sets
        .new
        .as_ref()
        .map_or(0, |new| replicas_of(new) - available(new));
    let mut most = total(sets.all()) - least - new_waits;
    if most <= 0 {
        return Ok(false);
    }
    let mut moved = false;
    for set in &mut sets.old {
        let has = replicas_of(set);
        let sick = (has - available(set)).min(most);
        if has > 0 && sick > 0 {
            *set = scale_set(cluster, deployment, set, has - sick)?;
            most -= sick;
            moved = true;
        }
    }
    let mut spare = sets.all().map(|set| available(set)).sum::<i64>() - least;
    for set in &mut sets.old {
        let has = replicas_of(set);
        let down = has.min(spare);
        if down > 0 {
            *set = scale_set(cluster, deployment, set, has - down)?;
            spare -= down;
            moved = true;
        }
    }
    Ok(moved)
}

/// Deletes the oldest empty ReplicaSets beyond revisionHistoryLimit (`cleanupDeployment`).
fn clean_up(cluster: &mut dyn Cluster, deployment: &Object, sets: &Sets) -> Result<(), ApiError> {
    let limit = deployment.tree().int_at(&["spec", "revisionHistoryLimit"]);
    let Some(limit) = limit.and_then(|limit| usize::try_from(limit).ok()) else {
        return Ok(());
    };
    let mut old: Vec<&Arc<Object>> = sets.old.iter().filter(|s| !s.meta.terminating()).collect();
    old.arrange_by_key(|set| sets::revision(set));
    let surplus = old.len().saturating_sub(limit);
    for set in old.into_iter().take(surplus) {
        let status = |key: &str| set.tree().int_at(&["status", key]).unwrap_or(0);
        let empty = status("replicas") == 0
            && replicas_of(set) == 0
            && status("observedGeneration") >= set.meta.generation;
        if empty {
            let options = DeleteOptions::default();
            let (namespace, name) = (set.namespace(), set.name());
            cluster.delete(
                Kind::ReplicaSet,
                namespace,
                name,
                &options,
                Reason::HistoryLimit,
            )?;
        }
    }
    Ok(())
}
