//! The status of a Deployment and its conditions.
//! `calculateStatus` in `pkg/controller/deployment/sync.go`, `pkg/controller/deployment/progress.go`

use super::sets::{self, Sets, available};
use super::{Limits, is_paused};
use crate::api::{ApiError, Kind, Map, Millis, Object, Time, Value};
use crate::controllers::replicaset::replicas_of;
use crate::controllers::{Action, Cluster, Reason};
use std::sync::Arc;

const PROGRESSING: &str = "Progressing";
const AVAILABLE: &str = "Available";
const DONE: &str = "NewReplicaSetAvailable";
const TIMED_OUT: &str = "ProgressDeadlineExceeded";

/// Writes the counts (`syncDeploymentStatus`).
pub(super) fn write(
    cluster: &mut dyn Cluster,
    deployment: &Arc<Object>,
    sets: &Sets,
) -> Result<(), ApiError> {
    let status = calculate(deployment, sets, cluster.now());
    store(cluster, deployment, status).map(drop)
}

/// Writes the counts and how the rollout gets on (`syncRolloutStatus`).
pub(super) fn roll_on(
    cluster: &mut dyn Cluster,
    deployment: &Arc<Object>,
    sets: &Sets,
) -> Result<Action, ApiError> {
    let now = cluster.now();
    let mut status = calculate(deployment, sets, now);
    let Some(deadline) = deadline(deployment) else {
        remove(&mut status, PROGRESSING);
        store(cluster, deployment, status)?;
        return Ok(Action::DONE);
    };
    let name = sets.new.as_ref().map(|new| new.name().to_string());
    let subject = name.map_or_else(
        || format!("Deployment \"{}\"", deployment.name()),
        |name| format!("ReplicaSet \"{name}\""),
    );
    let former = condition(deployment.tree(), PROGRESSING).cloned();
    let reason = |condition: &Value| condition.str_at(&["reason"]).map(str::to_owned);
    let over = former.as_ref().and_then(reason).as_deref() == Some(DONE)
        && number(&status, "replicas") == number(&status, "updatedReplicas");
    if !over {
        if complete(deployment, &status) {
            let message = format!("{subject} has successfully progressed.");
            set(&mut status, PROGRESSING, "True", DONE, message, now);
        } else if progresses(deployment, &status) {
            let message = format!("{subject} is progressing.");
            let since = former
                .as_ref()
                .filter(|condition| condition.str_at(&["status"]) == Some("True"))
                .and_then(|condition| condition.get("lastTransitionTime").cloned());
            remove(&mut status, PROGRESSING);
            set(
                &mut status,
                PROGRESSING,
                "True",
                "ReplicaSetUpdated",
                message,
                now,
            );
            if let Some(since) = since {
                keep_since(&mut status, since);
            }
        } else if former
            .as_ref()
            .is_some_and(|former| is_late(former, deadline, now))
        {
            let message = format!("{subject} has timed out progressing.");
            set(&mut status, PROGRESSING, "False", TIMED_OUT, message, now);
        }
    }
    match sets::failure(sets) {
        Some(failure) => {
            let text = |key: &str| failure.get_str(key).unwrap_or_default().to_owned();
            let (state, reason) = (text("status"), text("reason"));
            set(
                &mut status,
                "ReplicaFailure",
                &state,
                &reason,
                text("message"),
                now,
            );
        }
        None => remove(&mut status, "ReplicaFailure"),
    }
    let stored = store(cluster, deployment, status)?;
    Ok(check_again(&stored, deadline, now))
}

/// Nobody else wakes a rollout that is stuck when its deadline comes (`requeueStuckDeployment`).
fn check_again(deployment: &Object, deadline: Millis, now: Time) -> Action {
    let Some(condition) = condition(deployment.tree(), PROGRESSING) else {
        return Action::DONE;
    };
    let reason = condition.str_at(&["reason"]);
    if is_complete(deployment) || reason == Some(DONE) || reason == Some(TIMED_OUT) {
        return Action::DONE;
    }
    let updated = condition.str_at(&["lastUpdateTime"]).and_then(Time::parse);
    updated.map_or(Action::DONE, |updated| {
        Action::requeue(updated.plus(deadline).since(now).max(0) + 1000)
    })
}

/// `spec.progressDeadlineSeconds`; none for the largest number, which means never.
fn deadline(deployment: &Object) -> Option<Millis> {
    let seconds = deployment
        .tree()
        .int_at(&["spec", "progressDeadlineSeconds"])?;
    (seconds != i64::from(i32::MAX)).then(|| seconds.saturating_mul(1000))
}

fn is_late(former: &Value, deadline: Millis, now: Time) -> bool {
    let reason = former.str_at(&["reason"]);
    if reason == Some(TIMED_OUT) {
        return true;
    }
    let updated = former.str_at(&["lastUpdateTime"]).and_then(Time::parse);
    reason != Some(DONE) && updated.is_some_and(|updated| updated.plus(deadline) < now)
}

/// Whether the stored status says that the rollout is over (`DeploymentComplete`).
pub(super) fn is_complete(deployment: &Object) -> bool {
    let status = deployment.tree().map_at(&["status"]);
    complete(deployment, &status)
}

fn complete(deployment: &Object, status: &Map) -> bool {
    let wanted = replicas_of(deployment);
    ["updatedReplicas", "replicas", "availableReplicas"]
        .iter()
        .all(|key| number(status, key) == wanted)
        && number(status, "observedGeneration") >= deployment.meta.generation
}

/// Whether the counts got better (`DeploymentProgressing`).
fn progresses(deployment: &Object, status: &Map) -> bool {
    let old = deployment.tree().map_at(&["status"]);
    let outdated = |status: &Map| number(status, "replicas") - number(status, "updatedReplicas");
    let more = |key: &str| number(status, key) > number(&old, key);
    more("updatedReplicas")
        || more("readyReplicas")
        || more("availableReplicas")
        || outdated(status) < outdated(&old)
}

fn number(status: &Map, key: &str) -> i64 {
    status.get(key).and_then(Value::as_int).unwrap_or(0)
}

fn calculate(deployment: &Object, sets: &Sets, now: Time) -> Map {
    let sum = |key: &str| -> i64 {
        let of = |set: &Arc<Object>| set.tree().int_at(&["status", key]).unwrap_or(0);
        sets.all().map(of).sum()
    };
    let all: i64 = sets.all().map(|set| available(set)).sum();
    let updated = sets
        .new
        .as_ref()
        .and_then(|new| new.tree().int_at(&["status", "replicas"]));
    let mut status = Map::default();
    for (key, count) in [
        ("availableReplicas", all),
        ("readyReplicas", sum("readyReplicas")),
        ("replicas", sum("replicas")),
        ("unavailableReplicas", super::total(sets.all()) - all),
        ("updatedReplicas", updated.unwrap_or(0)),
    ] {
        if count > 0 {
            status.insert(key, count);
        }
    }
    status.insert("observedGeneration", deployment.meta.generation);
    status.insert("terminatingReplicas", sum("terminatingReplicas"));
    for key in ["conditions", "collisionCount"] {
        if let Some(value) = deployment.tree().at(&["status", key]) {
            status.insert(key, value.clone());
        }
    }
    let enough = all >= replicas_of(deployment) - Limits::of(deployment).unavailable;
    let (state, reason, does) = if enough {
        ("True", "MinimumReplicasAvailable", "has")
    } else {
        ("False", "MinimumReplicasUnavailable", "does not have")
    };
    let message = format!("Deployment {does} minimum availability.");
    set(&mut status, AVAILABLE, state, reason, message, now);
    status
}

/// Notes the new ReplicaSet: its revision and that there is one (in `getNewReplicaSet`).
pub(super) fn note_new(
    cluster: &mut dyn Cluster,
    deployment: &Arc<Object>,
    new: &Object,
    revision: i64,
    made: bool,
) -> Result<Arc<Object>, ApiError> {
    let mut tree = deployment.tree().clone();
    let mut changed = sets::set_revision(&mut tree, revision);
    let known = condition(&tree, PROGRESSING).is_some();
    if deadline(deployment).is_some() && (made || !known) {
        let (reason, what) = if made {
            ("NewReplicaSetCreated", "Created")
        } else {
            ("FoundNewReplicaSet", "Found")
        };
        let message = format!("{what} new replica set \"{}\"", new.name());
        let mut status = tree.map_at(&["status"]);
        set(
            &mut status,
            PROGRESSING,
            "True",
            reason,
            message,
            cluster.now(),
        );
        tree.set(&["status"], status);
        changed = true;
    }
    if !changed {
        return Ok(deployment.clone());
    }
    cluster.update_status(Kind::Deployment, tree, Reason::Status)
}

/// Notes that the Deployment was paused, or goes on (`checkPausedConditions`).
pub(super) fn note_pause(
    cluster: &mut dyn Cluster,
    deployment: Arc<Object>,
) -> Result<Arc<Object>, ApiError> {
    if deadline(&deployment).is_none() {
        return Ok(deployment);
    }
    let reason = condition(deployment.tree(), PROGRESSING).and_then(|c| c.str_at(&["reason"]));
    if reason == Some(TIMED_OUT) {
        return Ok(deployment);
    }
    let noted = reason == Some("DeploymentPaused");
    let (reason, message) = match (is_paused(&deployment), noted) {
        (true, false) => ("DeploymentPaused", "Deployment is paused"),
        (false, true) => ("DeploymentResumed", "Deployment is resumed"),
        _ => return Ok(deployment),
    };
    let mut status = deployment.tree().map_at(&["status"]);
    set(
        &mut status,
        PROGRESSING,
        "Unknown",
        reason,
        message.into(),
        cluster.now(),
    );
    store(cluster, &deployment, status)
}

/// Another hash is to be tried for the template.
pub(super) fn count_collision(
    cluster: &mut dyn Cluster,
    deployment: &Arc<Object>,
) -> Result<(), ApiError> {
    let mut status = deployment.tree().map_at(&["status"]);
    let count = number(&status, "collisionCount") + 1;
    status.insert("collisionCount", count);
    store(cluster, deployment, status).map(drop)
}

fn store(
    cluster: &mut dyn Cluster,
    deployment: &Arc<Object>,
    status: Map,
) -> Result<Arc<Object>, ApiError> {
    if deployment.tree().get("status").and_then(Value::as_map) == Some(&status) {
        return Ok(deployment.clone());
    }
    let mut tree = deployment.tree().clone();
    tree.set(&["status"], status);
    cluster.update_status(Kind::Deployment, tree, Reason::Status)
}

fn condition<'a>(tree: &'a Value, name: &str) -> Option<&'a Value> {
    let conditions = tree.items_at(&["status", "conditions"]);
    conditions
        .iter()
        .find(|condition| condition.str_at(&["type"]) == Some(name))
}

fn remove(status: &mut Map, name: &str) {
    let conditions = status.entry("conditions").make_list();
    conditions.retain(|condition| condition.str_at(&["type"]) != Some(name));
    if conditions.is_empty() {
        status.remove("conditions");
    }
}

/// Sets a condition. One of the same status and reason stays as it is; another goes to the end
/// (`SetDeploymentCondition`).
fn set(status: &mut Map, name: &str, state: &str, reason: &str, message: String, now: Time) {
    let conditions = status.entry("conditions").make_list();
    let former = conditions
        .iter()
        .find(|condition| condition.str_at(&["type"]) == Some(name));
    let same_state = former.is_some_and(|former| former.str_at(&["status"]) == Some(state));
    if same_state && former.is_some_and(|former| former.str_at(&["reason"]) == Some(reason)) {
        return;
    }
    let since = former
        .filter(|_| same_state)
        .and_then(|former| former.get("lastTransitionTime").cloned());
    conditions.retain(|condition| condition.str_at(&["type"]) != Some(name));
    conditions.push(Value::map([
        ("lastTransitionTime", since.unwrap_or_else(|| now.into())),
        ("lastUpdateTime", now.into()),
        ("message", message.into()),
        ("reason", reason.into()),
        ("status", state.into()),
        ("type", name.into()),
    ]));
}

/// The condition set last has been true since `since`.
fn keep_since(status: &mut Map, since: Value) {
    if let Some(last) = status.entry("conditions").make_list().last_mut() {
        last.set(&["lastTransitionTime"], since);
    }
}
