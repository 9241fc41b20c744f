//! `kubectl rollout status`
//! `kubectl/pkg/polymorphichelpers/rollout_status.go`

use crate::api::{Kind, Object, Time, Value};
use crate::kubectl::cli::{Cli, Outcome};
use crate::kubectl::cluster::Target;
use crate::kubectl::failure::Failure;
use crate::shell::{Context, Program, Progress, Wait};
use crate::store::ChangeKind;
use std::sync::Arc;

/// Looks at one object after the other until each has rolled out.
#[derive(Clone)]
struct Status {
    left: Vec<Target>,
    started: bool,
    resource_version: u64,
    revision: i64,
    watch: bool,
    until: Option<Time>,
}

/// Starts to look.
///
/// # Errors
/// None; the signature is that of a verb.
pub fn start(cx: &mut Context<'_>, cli: &Cli, targets: Vec<Target>) -> Result<Outcome, Failure> {
    let mut status = Status {
        left: targets,
        started: false,
        resource_version: 0,
        revision: cli.flags.int("revision").unwrap_or(0),
        watch: cli.flags.truth("watch", true),
        until: cli
            .flags
            .duration("timeout")
            .filter(|t| *t > 0)
            .map(|t| cx.now().plus(t)),
    };
    match status.poll(cx) {
        Progress::Done(code) => Ok(Outcome::Done(code)),
        Progress::Wait(_) => Ok(Outcome::Run(Box::new(status))),
    }
}

impl Program for Status {
    fn poll(&mut self, cx: &mut Context<'_>) -> Progress {
        while let Some(target) = self.left.first().cloned() {
            match self.look(cx, &target) {
                Ok(true) => {
                    self.left.remove(0);
                    self.started = false;
                }
                Ok(false) => {
                    if self.until.is_some_and(|until| cx.now() >= until) {
                        let failure = Failure::error("timed out waiting for the condition");
                        return crate::kubectl::fail(cx, &failure);
                    }
                    return Progress::Wait(Wait {
                        until: self.until,
                        change: true,
                        input: false,
                    });
                }
                Err(failure) => return crate::kubectl::fail(cx, &failure),
            }
        }
        Progress::Done(0)
    }

    fn clone_box(&self) -> Box<dyn Program> {
        Box::new(self.clone())
    }
}

impl Status {
    /// Prints a line for the object as it is, then one for every change of it. True when it is done.
    fn look(&mut self, cx: &mut Context<'_>, target: &Target) -> Result<bool, Failure> {
        let key = target.object.key();
        let mut seen: Vec<(ChangeKind, Arc<Object>)> = Vec::new();
        let store = cx.world.store();
        if self.started {
            let changes = store.changes_since(self.resource_version);
            seen.extend(
                changes
                    .filter(|change| change.object.kind == key.kind && change.object.key() == key)
                    .map(|change| (change.kind, change.object.clone())),
            );
        } else if let Some(object) = store.get(&key) {
            seen.push((ChangeKind::Added, object.clone()));
        }
        self.started = true;
        self.resource_version = store.resource_version();
        for (kind, object) in seen {
            if kind == ChangeKind::Deleted {
                return Err(Failure::error("object has been deleted"));
            }
            let (line, done) = if object.kind == Kind::StatefulSet {
                stateful_set(&object)?
            } else {
                deployment(&object, self.revision)?
            };
            cx.out.stdout(format!("{line}\n"));
            if done || !self.watch {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// The line for a StatefulSet, and whether it is the last.
///
/// # Errors
/// OnDelete has no rollout to look at.
pub fn stateful_set(set: &Object) -> Result<(String, bool), Failure> {
    let tree = set.tree();
    if tree.str_at(&["spec", "updateStrategy", "type"]) != Some("RollingUpdate") {
        return Err(Failure::error(
            "rollout status is only available for RollingUpdate strategy type",
        ));
    }
    let status = |key: &str| tree.int_at(&["status", key]).unwrap_or(0);
    let text = |key: &str| tree.str_at(&["status", key]).unwrap_or_default();
    let replicas = tree.int_at(&["spec", "replicas"]);
    let observed = status("observedGeneration");
    if observed == 0 || observed < set.meta.generation {
        return Ok((
            "Waiting for statefulset spec update to be observed...".to_owned(),
            false,
        ));
    }
    if let Some(replicas) = replicas
        && status("readyReplicas") < replicas
    {
        let missing = replicas - status("readyReplicas");
        return Ok((format!("Waiting for {missing} pods to be ready..."), false));
    }
    if let Some(rolling) = tree
        .at(&["spec", "updateStrategy", "rollingUpdate"])
        .filter(|r| !r.is_null())
    {
        let updated = status("updatedReplicas");
        if let (Some(replicas), Some(partition)) = (replicas, rolling.int_at(&["partition"]))
            && updated < replicas - partition
        {
            return Ok((
                format!(
                    "Waiting for partitioned roll out to finish: {updated} out of {} new pods have been updated...",
                    replicas - partition
                ),
                false,
            ));
        }
        return Ok((
            format!("partitioned roll out complete: {updated} new pods have been updated..."),
            true,
        ));
    }
    if text("updateRevision") != text("currentRevision") {
        return Ok((
            format!(
                "waiting for statefulset rolling update to complete {} pods at revision {}...",
                status("updatedReplicas"),
                text("updateRevision")
            ),
            false,
        ));
    }
    Ok((
        format!(
            "statefulset rolling update complete {} pods at revision {}...",
            status("currentReplicas"),
            text("currentRevision")
        ),
        true,
    ))
}

/// The line for a Deployment, and whether it is the last.
///
/// # Errors
/// A revision that is not the current one, or a deadline that has passed.
pub fn deployment(deployment: &Object, revision: i64) -> Result<(String, bool), Failure> {
    let tree = deployment.tree();
    let name = deployment.name();
    let status = |key: &str| tree.int_at(&["status", key]).unwrap_or(0);
    if revision > 0 {
        let current = deployment
            .meta
            .annotation("deployment.kubernetes.io/revision")
            .unwrap_or_default();
        if current != revision.to_string() {
            return Err(Failure::error(format!(
                "desired revision ({revision}) is different from the running revision ({current})"
            )));
        }
    }
    if deployment.meta.generation > status("observedGeneration") {
        return Ok((
            "Waiting for deployment spec update to be observed...".to_owned(),
            false,
        ));
    }
    let late = tree
        .items_at(&["status", "conditions"])
        .iter()
        .any(|condition| {
            condition.str_at(&["type"]) == Some("Progressing")
                && condition.str_at(&["reason"]) == Some("ProgressDeadlineExceeded")
        });
    if late {
        return Err(Failure::error(format!(
            "deployment \"{name}\" exceeded its progress deadline"
        )));
    }
    let updated = status("updatedReplicas");
    let wanted = tree.at(&["spec", "replicas"]).and_then(Value::as_int);
    if let Some(wanted) = wanted
        && updated < wanted
    {
        return Ok((
            format!(
                "Waiting for deployment \"{name}\" rollout to finish: {updated} out of {wanted} new replicas have been updated..."
            ),
            false,
        ));
    }
    if status("replicas") > updated {
        return Ok((
            format!(
                "Waiting for deployment \"{name}\" rollout to finish: {} old replicas are pending termination...",
                status("replicas") - updated
            ),
            false,
        ));
    }
    if status("availableReplicas") < updated {
        return Ok((
            format!(
                "Waiting for deployment \"{name}\" rollout to finish: {} of {updated} updated replicas are available...",
                status("availableReplicas")
            ),
            false,
        ));
    }
    Ok((
        format!("deployment \"{name}\" successfully rolled out"),
        true,
    ))
}
