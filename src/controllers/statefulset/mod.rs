//! The StatefulSet controller.
//! `pkg/controller/statefulset`; the outer part, this file, is `stateful_set.go`
//!
//! A pass reads the cache only: what it creates or deletes does not show in its own lists, and so not in
//! the status that it writes. The part that the recordings test is [`update_stateful_set`].

mod adoption;
mod cache;
mod claims;
mod control;
mod events;
mod failure;
mod identity;
mod members;
pub(crate) mod mistakes;
mod owners;
mod pods;
mod replicas;
mod revision;
mod status;
#[cfg(test)]
mod tests;
mod update;
mod waits;

pub use cache::Cache;
pub use claims::claim_name;
pub use control::update_stateful_set;
pub use failure::Failure;
pub use identity::{POD_INDEX_LABEL, POD_NAME_LABEL, REVISION_LABEL, pod_name};
pub use revision::{HASH_LABEL, data as revision_data, hash as revision_hash};
pub use revision::{name as revision_name, template as revision_template};
pub use update::max_unavailable;

use members::Members;

use super::{Action, Cluster, Reason};
use crate::api::{Kind, Millis, Object, SetView, Str, Time};
use crate::store::Gates;
use std::sync::Arc;

/// Brings the set of this name one pass further (`sync`): adopts and releases, then
/// [`update_stateful_set`]. A set that is not there needs nothing: its dependents are the garbage
/// collector's. `cache` saves work and changes nothing else.
pub fn reconcile(
    cluster: &mut dyn Cluster,
    namespace: &str,
    name: &str,
    gates: Gates,
    cache: &mut Cache,
) -> Action {
    let set = match cluster.get(Kind::StatefulSet, namespace, name) {
        Ok(set) => set,
        Err(error) if error.is_not_found() => {
            cache.forget(namespace, name);
            return Action::DONE;
        }
        Err(error) => return Action::failed(error.to_string()),
    };
    match sync(cluster, &set, gates, cache) {
        Ok(action) => action,
        Err(failure) => {
            let error = failure.to_string();
            cluster.decide(
                &set,
                Reason::Failed {
                    error: Str::new(&error),
                },
            );
            Action::failed(error)
        }
    }
}

fn sync(
    cluster: &mut dyn Cluster,
    set: &Arc<Object>,
    gates: Gates,
    cache: &mut Cache,
) -> Result<Action, Failure> {
    let Some(view) = set.set() else {
        return Ok(Action::DONE);
    };
    adoption::adopt_revisions(cluster, set, view)?;
    let mut known = cache.take(cluster, set, view);
    let outcome = adoption::claim_pods(cluster, set, view, &mut known)
        .and_then(|()| control::update_members(cluster, set, view, &known.members, gates));
    let action = outcome.map(|status| {
        if view.min_ready > 0 && status.ready != status.available {
            Action::requeue(next_available(view, &known.members, cluster.now()))
        } else {
            Action::DONE
        }
    });
    cache.keep(cluster, set, known);
    action
}

/// In how many milliseconds the next Ready Pod becomes available; minReadySeconds if none is on its way.
/// `reconcile-maxunavailable` d0031
#[must_use]
pub fn next_availability(view: &SetView, pods: &[Arc<Object>], now: Time) -> Millis {
    next_available(view, &Members::of(view, pods), now)
}

fn next_available(view: &SetView, members: &Members, now: Time) -> Millis {
    let remaining = members
        .iter()
        .filter_map(|member| member.available_in(view.min_ready, now));
    remaining.min().unwrap_or(view.min_ready)
}
