//! Counting the Pods of a set, and writing the counts.
//! `computeReplicaStatus`, `updateStatus` of `stateful_set_control.go`; `completeRollingUpdate`,
//! `inconsistentStatus` of `stateful_set_utils.go`; `stateful_set_status_updater.go`

use super::failure::Failure;
use super::members::Members;
use super::revision::Revisions;
use crate::api::{Kind, Object, Phase, SetStatus, SetView, Time, UpdateStrategy};
use crate::controllers::{Cluster, Reason};
use std::sync::Arc;

/// How often a status is written when the set had changed (`retry.DefaultRetry`).
const TRIES: usize = 5;

/// Counts Pods as they were before the pass: one that the pass makes is not counted, one that it deletes
/// still is. So one more pass with only a status write usually follows (`traces` dt01).
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    replicas: i32,
    ready: i32,
    available: i32,
    current: i32,
    updated: i32,
}

impl Counts {
    /// Counts Pods (`computeReplicaStatus`).
    pub fn of(members: &Members, set: &SetView, revisions: &Revisions, now: Time) -> Counts {
        let current = members.revision_id(revisions.current.name());
        let update = members.revision_id(revisions.update.name());
        let mut counts = Counts::default();
        for member in members.iter() {
            if member.phase == Phase::None {
                continue;
            }
            counts.replicas += 1;
            if member.running_and_ready() {
                counts.ready += 1;
                counts.available += i32::from(member.available(set.min_ready, now));
            }
            if !member.terminating {
                counts.current += i32::from(members.is_of(member, current));
                counts.updated += i32::from(members.is_of(member, update));
            }
        }
        counts
    }

    /// The status that these counts make.
    pub fn status(&self, set: &Object, revisions: &Revisions) -> SetStatus {
        SetStatus {
            replicas: self.replicas,
            ready: self.ready,
            available: self.available,
            current: self.current,
            updated: self.updated,
            current_revision: revisions.current.name().clone(),
            update_revision: revisions.update.name().clone(),
            observed_generation: set.meta.generation,
            collision_count: Some(revisions.collisions),
        }
    }
}

/// Makes the update revision the current one, once every Pod is at it and Ready
/// (`completeRollingUpdate`). Never with OnDelete (`traces` dt05).
fn complete(status: &mut SetStatus, view: &SetView) {
    let all = |count: i32| count == view.replicas;
    if matches!(view.strategy, UpdateStrategy::RollingUpdate { .. })
        && all(status.updated)
        && all(status.ready)
        && all(status.replicas)
    {
        status.current = status.updated;
        status.current_revision = status.update_revision.clone();
    }
}

/// Whether the status has to be written (`inconsistentStatus`). A collision count alone is no reason.
fn changed(status: &SetStatus, stored: &SetStatus) -> bool {
    status.observed_generation > stored.observed_generation
        || (status.replicas, status.ready, status.available)
            != (stored.replicas, stored.ready, stored.available)
        || (status.current, status.updated) != (stored.current, stored.updated)
        || status.current_revision != stored.current_revision
        || status.update_revision != stored.update_revision
}

/// Completes the status and writes it if it differs from the stored one (`updateStatefulSetStatus`,
/// `UpdateStatefulSetStatus`). Answers the completed status.
///
/// # Errors
/// What the last try answered.
pub fn write(
    cluster: &mut dyn Cluster,
    set: &Arc<Object>,
    view: &SetView,
    mut status: SetStatus,
) -> Result<SetStatus, Failure> {
    complete(&mut status, view);
    if !changed(&status, &view.status) {
        return Ok(status);
    }
    let mut set = set.clone();
    let mut tries = 1;
    loop {
        let mut tree = set.tree().clone();
        tree.set(&["status"], status.to_value());
        match cluster.update_status(Kind::StatefulSet, tree, Reason::Status) {
            Ok(_) => return Ok(status),
            Err(error) if error.is_conflict() && tries < TRIES => {
                tries += 1;
                if let Ok(newer) = cluster.get(Kind::StatefulSet, set.namespace(), set.name()) {
                    set = newer;
                }
            }
            Err(error) => return Err(error.into()),
        }
    }
}
