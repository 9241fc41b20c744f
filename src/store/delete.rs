//! Deleting: grace periods, finalizers, propagation.
//! `registry/generic/registry/store.go`, `registry/rest/delete.go`, `pkg/registry/core/pod/strategy.go`

use super::fields::Claim;
use super::{Outcome, Store};
use crate::api::{
    ApiError, DeleteOptions, Key, Kind, Millis, Object, Propagation, Str, Time, Value,
};
use std::sync::Arc;

/// The finalizer of a foreground deletion.
pub const FOREGROUND: &str = "foregroundDeletion";
/// The finalizer of an orphaning deletion.
pub const ORPHAN: &str = "orphan";

/// Namespaces that cannot be deleted (`NamespaceLifecycle`).
const UNDELETABLE: [&str; 3] = ["default", "kube-public", "kube-system"];

impl Store {
    /// Deletes an object, or begins to (transcripts 11-cascading-delete, 47-force-delete, 60, 70).
    pub(super) fn delete(
        &mut self,
        key: &Key,
        options: &DeleteOptions,
        now: Time,
    ) -> Result<Outcome, ApiError> {
        let old = self.find(key.kind, &key.namespace, &key.name)?;
        check_uid(&old, options)?;
        if key.kind == Kind::Namespace && UNDELETABLE.contains(&key.name.as_str()) {
            let why = "this namespace may not be deleted";
            return Err(ApiError::forbidden(key.kind, &key.name, why));
        }
        let grace = grace_of(&old, options.grace);
        let finalizers = finalizers_for(&old, options.propagation);
        if grace == 0 && finalizers.is_empty() && !holds_content(&old) {
            return Ok(self.delete_now(&old, now));
        }
        if let Some(deletion) = old.meta.deletion {
            let shortened = old.meta.grace.is_some_and(|former| grace < former);
            let new_finalizers = finalizers[..] != old.meta.finalizers[..];
            if !shortened && !new_finalizers {
                return Ok(Outcome {
                    object: old,
                    changes: Vec::new(),
                });
            }
            let end = if shortened {
                Time(deletion.0 - old.meta.grace.unwrap_or(0) + grace)
            } else {
                deletion
            };
            let grace = if shortened {
                grace
            } else {
                old.meta.grace.unwrap_or(0)
            };
            return Ok(self.mark(&old, end, grace, &finalizers, false));
        }
        Ok(self.mark(&old, now.plus(grace), grace, &finalizers, true))
    }

    /// Removes an object at once. A Pod is first stored as terminating with grace 0, which watches see.
    fn delete_now(&mut self, old: &Arc<Object>, now: Time) -> Outcome {
        let mut changes = Vec::new();
        if old.kind == Kind::Pod {
            let end = old
                .meta
                .deletion
                .filter(|_| old.meta.grace == Some(0))
                .unwrap_or(now);
            let bump = old.meta.deletion.is_none();
            changes = self.mark(old, end, 0, &[], bump).changes;
        }
        let last = self.remove(&old.key());
        let object = last
            .as_ref()
            .map_or_else(|| old.clone(), |change| change.object.clone());
        changes.extend(last);
        Outcome { object, changes }
    }

    /// Stores the marks of a deletion that waits.
    fn mark(
        &mut self,
        old: &Arc<Object>,
        end: Time,
        grace: Millis,
        finalizers: &[Str],
        first: bool,
    ) -> Outcome {
        let mut tree = old.tree().clone();
        tree.set(&["metadata", "deletionTimestamp"], end);
        if old.kind == Kind::Namespace {
            tree.set(&["status", "phase"], "Terminating");
        } else {
            tree.set(&["metadata", "deletionGracePeriodSeconds"], grace / 1000);
        }
        if first && old.meta.generation > 0 {
            tree.set(&["metadata", "generation"], old.meta.generation + 1);
        }
        set_finalizers(&mut tree, finalizers);
        self.replace(old, tree, Claim::Nobody)
    }

    /// Removes an object whose deletion waited only for the finalizers that an update took off.
    pub(super) fn finish_deletion(&mut self, outcome: Outcome, now: Time) -> Outcome {
        let object = outcome.object.clone();
        let done = object.meta.terminating()
            && object.meta.finalizers.is_empty()
            && !holds_content(&object)
            && object.meta.grace.unwrap_or(0) == 0;
        if !done {
            return outcome;
        }
        let mut changes = outcome.changes;
        let removed = self.delete_now(&object, now);
        changes.extend(removed.changes);
        Outcome {
            object: removed.object,
            changes,
        }
    }
}

/// Whether it is a namespace that its controller has not found empty yet.
fn holds_content(object: &Object) -> bool {
    object.kind == Kind::Namespace && !object.tree().items_at(&["spec", "finalizers"]).is_empty()
}

fn check_uid(old: &Object, options: &DeleteOptions) -> Result<(), ApiError> {
    match &options.uid {
        Some(uid) if *uid != old.meta.uid => {
            let why = format!(
                "Precondition failed: UID in precondition: {uid}, UID in object meta: {}",
                old.meta.uid
            );
            Err(ApiError::conflict(old.kind, old.name(), &why))
        }
        _ => Ok(()),
    }
}

/// The grace period of a deletion. Only Pods have one; a Pod that is not on a node, or that has ended,
/// needs none.
fn grace_of(old: &Object, asked: Option<Millis>) -> Millis {
    let Some(pod) = old.pod() else { return 0 };
    if pod.node.is_empty() || pod.phase.terminal() {
        return 0;
    }
    let own = old
        .tree()
        .int_at(&["spec", "terminationGracePeriodSeconds"])
        .unwrap_or(30);
    asked.unwrap_or(own.saturating_mul(1000)).max(0)
}

/// The finalizers after a deletion with this propagation.
fn finalizers_for(old: &Object, propagation: Propagation) -> Vec<Str> {
    let wanted = match propagation {
        Propagation::Background => None,
        Propagation::Foreground => Some(FOREGROUND),
        Propagation::Orphan => Some(ORPHAN),
    };
    let others = old
        .meta
        .finalizers
        .iter()
        .filter(|f| **f != FOREGROUND && **f != ORPHAN);
    // Once begun, a foreground or orphaning deletion stays what it is unless another is asked for.
    let kept = old
        .meta
        .finalizers
        .iter()
        .find(|f| **f == FOREGROUND || **f == ORPHAN);
    let own = wanted
        .map(Str::literal)
        .or_else(|| kept.filter(|_| old.meta.terminating()).cloned());
    others.cloned().chain(own).collect()
}

fn set_finalizers(tree: &mut Value, finalizers: &[Str]) {
    if finalizers.is_empty() {
        tree.remove(&["metadata", "finalizers"]);
    } else {
        tree.set(&["metadata", "finalizers"], Value::list(finalizers.iter()));
    }
}
