//! Empties a namespace that is being deleted, then lets it go.
//! `pkg/controller/namespace/deletion/namespaced_resources_deleter.go` (recording 82-namespace)

use super::{Action, Cluster, Reason};
use crate::api::{DeleteOptions, Kind, Millis, Object, Time, Value};
use std::collections::BTreeMap;
use std::sync::Arc;

/// How long, in seconds, what still has finalizers is thought to need.
const FINALIZERS_TAKE: i64 = 15;

/// Deletes what is in a terminating namespace: the Pods first, and all else when they are gone. Key: the
/// Namespace. A pass that writes the conditions causes the next one.
pub fn reconcile(cluster: &mut dyn Cluster, name: &str) -> Action {
    let Ok(namespace) = cluster.get(Kind::Namespace, "", name) else {
        return Action::DONE;
    };
    if !namespace.meta.terminating() {
        return Action::DONE;
    }
    let pods = cluster.list(Kind::Pod, name);
    let (left, takes) = if pods.is_empty() {
        for kind in Kind::ALL.into_iter().filter(|kind| kind.namespaced()) {
            let there = cluster.list(kind, name);
            delete_all(cluster, &there);
        }
        (Some(what_is_left(cluster, name)), FINALIZERS_TAKE)
    } else {
        delete_all(cluster, &pods);
        let grace = pods.iter().map(|pod| grace_seconds(pod));
        (None, grace.max().unwrap_or(0))
    };
    if left.as_ref().is_some_and(Vec::is_empty) {
        let mut tree = namespace.tree().clone();
        tree.remove(&["spec", "finalizers"]);
        return write(cluster, tree);
    }
    let mut tree = namespace.tree().clone();
    let conditions = conditions(&namespace, &left.unwrap_or_default(), cluster.now());
    tree.set(&["status", "conditions"], conditions);
    if tree != *namespace.tree() {
        return write(cluster, tree);
    }
    let wait: Millis = (takes / 2 + 1) * 1000;
    Action::requeue(wait)
}

fn write(cluster: &mut dyn Cluster, tree: Value) -> Action {
    match cluster.update_status(Kind::Namespace, tree, Reason::NamespaceDeleted) {
        Ok(_) => Action::DONE,
        Err(error) => Action::failed(error.message),
    }
}

fn delete_all(cluster: &mut dyn Cluster, objects: &[Arc<Object>]) {
    for object in objects.iter().filter(|object| !object.meta.terminating()) {
        // One that someone else removed in the meantime is gone too.
        let _ = cluster.delete(
            object.kind,
            object.namespace(),
            object.name(),
            &DeleteOptions::default(),
            Reason::NamespaceDeleted,
        );
    }
}

fn grace_seconds(pod: &Object) -> i64 {
    pod.tree()
        .int_at(&["spec", "terminationGracePeriodSeconds"])
        .unwrap_or(0)
}

fn what_is_left(cluster: &dyn Cluster, name: &str) -> Vec<Arc<Object>> {
    let kinds = Kind::ALL.into_iter().filter(|kind| kind.namespaced());
    kinds.flat_map(|kind| cluster.list(kind, name)).collect()
}

/// The conditions that tell what is left in the namespace.
fn conditions(namespace: &Object, left: &[Arc<Object>], now: Time) -> Value {
    let mut kinds = BTreeMap::new();
    let mut finalizers = BTreeMap::new();
    for object in left {
        let resource = format!("{}.{}", object.kind.plural(), object.kind.group());
        *kinds.entry(resource).or_insert(0) += 1;
        for finalizer in object.meta.finalizers.iter() {
            *finalizers.entry(finalizer.to_string()).or_insert(0) += 1;
        }
    }
    let told = |counts: &BTreeMap<String, i32>, verb: &str| {
        let each = counts.iter();
        each.map(|(name, count)| format!("{name} {verb} {count} resource instances"))
            .collect::<Vec<_>>()
            .join(", ")
    };
    let remaining = if kinds.is_empty() {
        (
            "ContentRemoved",
            "All content successfully removed".to_owned(),
        )
    } else {
        let told = told(&kinds, "has");
        (
            "SomeResourcesRemain",
            format!("Some resources are remaining: {told}"),
        )
    };
    let held = if finalizers.is_empty() {
        let message = "All content-preserving finalizers finished".to_owned();
        ("ContentHasNoFinalizers", message)
    } else {
        let told = told(&finalizers, "in");
        let message = format!("Some content in the namespace has finalizers remaining: {told}");
        ("SomeFinalizersRemain", message)
    };
    let fixed = |reason, message: &str| (reason, message.to_owned());
    let all = [
        (
            "NamespaceDeletionDiscoveryFailure",
            false,
            fixed(
                "ResourcesDiscovered",
                "All resources successfully discovered",
            ),
        ),
        (
            "NamespaceDeletionGroupVersionParsingFailure",
            false,
            fixed(
                "ParsedGroupVersions",
                "All legacy kube types successfully parsed",
            ),
        ),
        (
            "NamespaceDeletionContentFailure",
            false,
            fixed(
                "ContentDeleted",
                "All content successfully deleted, may be waiting on finalization",
            ),
        ),
        ("NamespaceContentRemaining", !kinds.is_empty(), remaining),
        ("NamespaceFinalizersRemaining", !finalizers.is_empty(), held),
    ];
    let old = namespace.tree().items_at(&["status", "conditions"]);
    Value::list(all.map(|(kind, truth, (reason, message))| {
        let status = if truth { "True" } else { "False" };
        let former = old
            .iter()
            .find(|c| c.str_at(&["type"]) == Some(kind) && c.str_at(&["status"]) == Some(status));
        let since = former.and_then(|c| c.get("lastTransitionTime").cloned());
        Value::map([
            ("lastTransitionTime", since.unwrap_or_else(|| now.into())),
            ("message", message.into()),
            ("reason", reason.into()),
            ("status", status.into()),
            ("type", kind.into()),
        ])
    }))
}
