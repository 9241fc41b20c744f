//! Writes what is used of a ResourceQuota (`pkg/controller/resourcequota/resource_quota_controller.go`).

use super::{Action, Cluster, Reason};
use crate::api::{Kind, Value};
use crate::store::quota_used;

/// Writes the status of a quota. Key: the ResourceQuota.
pub fn reconcile(cluster: &mut dyn Cluster, namespace: &str, name: &str) -> Action {
    let Ok(quota) = cluster.get(Kind::ResourceQuota, namespace, name) else {
        return Action::DONE;
    };
    let mut objects = Vec::new();
    for kind in Kind::ALL.into_iter().filter(|kind| kind.namespaced()) {
        objects.extend(cluster.list(kind, namespace));
    }
    let used = quota_used(&quota, objects.iter().map(|object| &**object));
    let mut tree = quota.tree().clone();
    let hard = tree.at(&["spec", "hard"]).cloned();
    let hard = hard.unwrap_or_else(Value::empty_map);
    let status = Value::map([("hard", hard), ("used", Value::Map(used))]);
    tree.set(&["status"], status);
    if tree == *quota.tree() {
        return Action::DONE;
    }
    match cluster.update_status(Kind::ResourceQuota, tree, Reason::Status) {
        Ok(_) => Action::DONE,
        Err(error) => Action::failed(error.message),
    }
}
