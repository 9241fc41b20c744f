//! ReplicaSets: so many Pods of one template, all alike.
//! `pkg/controller/replicaset/replica_set.go`, `replica_set_utils.go`, `pkg/controller/controller_utils.go`
//! (transcript 30-deployment-contrast).

mod victims;

use super::{Action, Cluster, EventType, Reason};
use crate::api::{ApiError, DeleteOptions, Kind, Map, Millis, Object, OwnerRef, Selector, Value};
use std::sync::Arc;

/// How many Pods one pass creates or deletes at most (`BurstReplicas`).
const BURST: usize = 500;

/// Brings a ReplicaSet to its size and writes its status (`syncReplicaSet`). Key: the ReplicaSet.
pub fn reconcile(cluster: &mut dyn Cluster, namespace: &str, name: &str) -> Action {
    let Ok(set) = cluster.get(Kind::ReplicaSet, namespace, name) else {
        return Action::DONE;
    };
    match sync(cluster, &set) {
        Ok(action) => action,
        Err(error) => Action::failed(error.message),
    }
}

fn sync(cluster: &mut dyn Cluster, set: &Arc<Object>) -> Result<Action, ApiError> {
    let pods = claim_pods(cluster, set)?;
    let ended = |pod: &Arc<Object>| pod.pod().is_none_or(|view| view.phase.terminal());
    let (leaving, staying): (Vec<_>, Vec<_>) = pods
        .into_iter()
        .filter(|pod| !ended(pod))
        .partition(|pod| pod.meta.terminating());
    let mut failure = None;
    let mut result = Ok(());
    if !set.meta.terminating() {
        result = manage(cluster, set, &staying).inspect_err(|_| {
            let short = i64::try_from(staying.len()).unwrap_or(i64::MAX) < replicas_of(set);
            failure = Some(if short {
                "FailedCreate"
            } else {
                "FailedDelete"
            });
        });
    }
    let failure = failure.zip(result.as_ref().err().map(|error| error.message.clone()));
    let available = write_status(cluster, set, &staying, leaving.len(), failure)?;
    result?;
    // Nobody else wakes the set when a Pod has been Ready for long enough.
    let waits = min_ready(set) > 0 && available < count(&staying, is_ready);
    Ok(if waits {
        Action::requeue(min_ready(set))
    } else {
        Action::DONE
    })
}

/// `spec.replicas`
pub(super) fn replicas_of(object: &Object) -> i64 {
    object.tree().int_at(&["spec", "replicas"]).unwrap_or(1)
}

fn min_ready(set: &Object) -> Millis {
    let seconds = set.tree().int_at(&["spec", "minReadySeconds"]);
    seconds.unwrap_or(0).saturating_mul(1000)
}

fn is_ready(pod: &Object) -> bool {
    pod.pod().is_some_and(|view| view.ready.ready)
}

fn count(pods: &[Arc<Object>], test: impl Fn(&Object) -> bool) -> i64 {
    let number = pods.iter().filter(|pod| test(pod)).count();
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The set's Pods: its own that match the selector, after adopting orphans that match and releasing its
/// own that no longer do (`PodControllerRefManager.ClaimPods`).
fn claim_pods(cluster: &mut dyn Cluster, set: &Arc<Object>) -> Result<Vec<Arc<Object>>, ApiError> {
    let selector = set.tree().at(&["spec", "selector"]).unwrap_or(&Value::Null);
    let selector = Selector::from_label_selector(selector);
    let mut pods = Vec::new();
    for pod in cluster.owned(Kind::Pod, set.namespace(), &set.meta.uid) {
        if selector.matches(&pod.meta.labels) {
            pods.push(pod);
        } else if !set.meta.terminating() {
            release(cluster, set, &pod)?;
        }
    }
    if set.meta.terminating() || selector.is_empty() {
        return Ok(pods);
    }
    for pod in cluster.orphans(Kind::Pod, set.namespace()) {
        if selector.matches(&pod.meta.labels) && !pod.meta.terminating() {
            pods.push(adopt(cluster, set, &pod)?);
        }
    }
    Ok(pods)
}

/// Makes `owner` the managing controller of an object.
pub(super) fn adopt(
    cluster: &mut dyn Cluster,
    owner: &Object,
    object: &Object,
) -> Result<Arc<Object>, ApiError> {
    let mut tree = object.tree().clone();
    let references = tree.slot(&["metadata", "ownerReferences"]).make_list();
    references.push(owner.controller_ref().to_value());
    cluster.update(object.kind, tree, Reason::Adopt)
}

fn release(cluster: &mut dyn Cluster, set: &Object, pod: &Object) -> Result<(), ApiError> {
    let mut tree = pod.tree().clone();
    let references = tree.slot(&["metadata", "ownerReferences"]).make_list();
    references.retain(|reference| OwnerRef::parse(reference).uid != set.meta.uid);
    match cluster.update(Kind::Pod, tree, Reason::Release) {
        Err(error) if !error.is_not_found() => Err(error),
        _ => Ok(()),
    }
}

/// Creates what is missing, or deletes what is too much, all at once (`manageReplicas`; R16.3).
fn manage(
    cluster: &mut dyn Cluster,
    set: &Arc<Object>,
    pods: &[Arc<Object>],
) -> Result<(), ApiError> {
    let wanted = usize::try_from(replicas_of(set)).unwrap_or(0);
    for _ in pods.len()..wanted.min(pods.len() + BURST) {
        create_pod(cluster, set)?;
    }
    let surplus = pods.len().saturating_sub(wanted).min(BURST);
    for pod in victims::choose(cluster, set, pods, surplus) {
        delete_pod(cluster, set, &pod)?;
    }
    Ok(())
}

fn create_pod(cluster: &mut dyn Cluster, set: &Arc<Object>) -> Result<(), ApiError> {
    let template = |path: &[&str]| {
        let path: Vec<&str> = ["spec", "template"].iter().chain(path).copied().collect();
        set.tree().at(&path).cloned()
    };
    let mut tree = Value::empty_map();
    tree.set(&["metadata", "generateName"], format!("{}-", set.name()));
    tree.set(&["metadata", "namespace"], set.namespace());
    for key in ["labels", "annotations", "finalizers"] {
        if let Some(value) = template(&["metadata", key]) {
            tree.set(&["metadata", key], value);
        }
    }
    let owner = set.controller_ref().to_value();
    tree.set(&["metadata", "ownerReferences"], vec![owner]);
    tree.set(&["spec"], template(&["spec"]).unwrap_or_default());
    let replicas = i32::try_from(replicas_of(set)).unwrap_or(i32::MAX);
    match cluster.create(Kind::Pod, tree, Reason::ReplicaMissing { replicas }) {
        Ok(pod) => {
            let message = format!("Created pod: {}", pod.name());
            cluster.event(set, EventType::Normal, "SuccessfulCreate", message);
            Ok(())
        }
        Err(error) => {
            let message = format!("Error creating: {}", error.message);
            cluster.event(set, EventType::Warning, "FailedCreate", message);
            Err(error)
        }
    }
}

fn delete_pod(cluster: &mut dyn Cluster, set: &Arc<Object>, pod: &Object) -> Result<(), ApiError> {
    let options = DeleteOptions::default();
    let why = Reason::ScaleDown {
        pod: pod.name().clone(),
        replicas: i32::try_from(replicas_of(set)).unwrap_or(i32::MAX),
    };
    match cluster.delete(Kind::Pod, pod.namespace(), pod.name(), &options, why) {
        Ok(()) => {
            let message = format!("Deleted pod: {}", pod.name());
            cluster.event(set, EventType::Normal, "SuccessfulDelete", message);
            Ok(())
        }
        Err(error) if error.is_not_found() => Ok(()),
        Err(error) => {
            let message = format!("Error deleting: {}", error.message);
            cluster.event(set, EventType::Warning, "FailedDelete", message);
            Err(error)
        }
    }
}

/// Counts the Pods that were there at the beginning of the pass (`calculateStatus`); answers how many
/// are available.
fn write_status(
    cluster: &mut dyn Cluster,
    set: &Arc<Object>,
    pods: &[Arc<Object>],
    leaving: usize,
    failure: Option<(&'static str, String)>,
) -> Result<i64, ApiError> {
    let now = cluster.now();
    let labels = set
        .tree()
        .map_at(&["spec", "template", "metadata", "labels"]);
    let labelled = Selector::from_labels(&labels);
    let available = count(pods, |pod| {
        pod.pod()
            .is_some_and(|view| view.available(min_ready(set), now))
    });
    let mut status = Map::default();
    for (key, number) in [
        ("availableReplicas", available),
        (
            "fullyLabeledReplicas",
            count(pods, |pod| labelled.matches(&pod.meta.labels)),
        ),
        ("readyReplicas", count(pods, is_ready)),
    ] {
        if number > 0 {
            status.insert(key, number);
        }
    }
    status.insert("replicas", count(pods, |_| true));
    let leaving = i64::try_from(leaving).unwrap_or(i64::MAX);
    status.insert("terminatingReplicas", leaving);
    if let Some((reason, message)) = failure {
        let former = set.tree().items_at(&["status", "conditions"]).first();
        let since = former.and_then(|condition| condition.get("lastTransitionTime").cloned());
        let condition = Value::map([
            ("lastTransitionTime", since.unwrap_or_else(|| now.into())),
            ("message", message.into()),
            ("reason", reason.into()),
            ("status", "True".into()),
            ("type", "ReplicaFailure".into()),
        ]);
        status.insert("conditions", vec![condition]);
    }
    status.insert("observedGeneration", set.meta.generation);
    if set.tree().get("status").and_then(Value::as_map) != Some(&status) {
        let mut tree = set.tree().clone();
        tree.set(&["status"], status);
        cluster.update_status(Kind::ReplicaSet, tree, Reason::Status)?;
    }
    Ok(available)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::controllers::test_cluster::TestCluster;

    fn cluster_with_set(replicas: i64) -> TestCluster {
        let mut cluster = TestCluster::new();
        let json = format!(
            r#"{{"metadata":{{"name":"web-6997b9bd95"}},"spec":{{"replicas":{replicas},
              "selector":{{"matchLabels":{{"app":"nginx"}}}},
              "template":{{"metadata":{{"labels":{{"app":"nginx"}}}},
                "spec":{{"containers":[{{"name":"nginx","image":"nginx"}}]}}}}}}}}"#
        );
        cluster.add(Kind::ReplicaSet, &json);
        cluster
    }

    fn sync(cluster: &mut TestCluster) -> Action {
        reconcile(cluster, "default", "web-6997b9bd95")
    }

    fn status(cluster: &TestCluster) -> String {
        let set = cluster.object(Kind::ReplicaSet, "web-6997b9bd95");
        set.tree()
            .get("status")
            .map(Value::to_go_json)
            .unwrap_or_default()
    }

    fn run(cluster: &mut TestCluster, name: &str, node: &str, ready: &str) {
        cluster.change(Kind::Pod, name, |tree| {
            tree.set(&["spec", "nodeName"], node);
            tree.set(&["status", "phase"], "Running");
            let condition = Value::map([
                ("type", "Ready".into()),
                ("status", ready.into()),
                ("lastTransitionTime", "2026-01-01T00:00:00Z".into()),
            ]);
            tree.set(&["status", "conditions"], vec![condition]);
        });
    }

    #[test]
    fn missing_pods_are_created_at_once_and_counted_in_the_next_pass() {
        let mut cluster = cluster_with_set(3);
        sync(&mut cluster);
        let pods = cluster.list(Kind::Pod, "default");
        assert_eq!(pods.len(), 3);
        assert!(pods[0].name().starts_with("web-6997b9bd95-") && pods[0].name().len() == 20);
        assert!(
            pods[0]
                .meta
                .controller()
                .is_some_and(|owner| owner.kind == "ReplicaSet")
        );
        assert_eq!(cluster.take_writes().len(), 4);
        assert!(
            cluster.take_events()[0].starts_with(
                "Normal SuccessfulCreate web-6997b9bd95: Created pod: web-6997b9bd95-"
            )
        );
        assert_eq!(
            status(&cluster),
            r#"{"observedGeneration":1,"replicas":0,"terminatingReplicas":0}"#
        );
        sync(&mut cluster);
        assert_eq!(
            status(&cluster),
            r#"{"fullyLabeledReplicas":3,"observedGeneration":1,"replicas":3,"terminatingReplicas":0}"#
        );
        for pod in &pods {
            run(&mut cluster, pod.name(), "node-1", "True");
        }
        sync(&mut cluster);
        // Transcript 30-deployment-contrast.
        assert_eq!(
            status(&cluster),
            r#"{"availableReplicas":3,"fullyLabeledReplicas":3,"observedGeneration":1,"readyReplicas":3,"replicas":3,"terminatingReplicas":0}"#
        );
        cluster.take_writes();
        sync(&mut cluster);
        assert!(cluster.take_writes().is_empty());
    }

    #[test]
    fn a_terminating_pod_is_replaced_at_once() {
        let mut cluster = cluster_with_set(1);
        sync(&mut cluster);
        let first = cluster.list(Kind::Pod, "default")[0].clone();
        run(&mut cluster, first.name(), "node-1", "True");
        cluster.remove(Kind::Pod, first.name(), &DeleteOptions::default());
        sync(&mut cluster);
        assert_eq!(cluster.list(Kind::Pod, "default").len(), 2);
        sync(&mut cluster);
        assert_eq!(
            status(&cluster),
            r#"{"fullyLabeledReplicas":1,"observedGeneration":1,"replicas":1,"terminatingReplicas":1}"#
        );
    }

    #[test]
    fn pods_that_matter_least_go_first() {
        let mut cluster = cluster_with_set(4);
        sync(&mut cluster);
        let pods = cluster.list(Kind::Pod, "default");
        run(&mut cluster, pods[0].name(), "node-1", "True");
        run(&mut cluster, pods[1].name(), "node-1", "True");
        run(&mut cluster, pods[2].name(), "node-2", "True");
        run(&mut cluster, pods[3].name(), "node-3", "False");
        cluster.change(Kind::ReplicaSet, "web-6997b9bd95", |tree| {
            tree.set(&["spec", "replicas"], 2);
        });
        sync(&mut cluster);
        let left: Vec<_> = cluster
            .list(Kind::Pod, "default")
            .into_iter()
            .filter(|pod| !pod.meta.terminating())
            .map(|pod| pod.name().clone())
            .collect();
        // The one that is not ready, and one of the two on the same node.
        assert_eq!(left.len(), 2);
        assert!(left.contains(pods[2].name()));
        assert!(!left.contains(pods[3].name()));
    }

    #[test]
    fn orphans_that_match_are_adopted_and_strangers_released() {
        let mut cluster = cluster_with_set(1);
        cluster.add(
            Kind::Pod,
            r#"{"metadata":{"name":"stray","labels":{"app":"nginx"}},"status":{"phase":"Running"}}"#,
        );
        sync(&mut cluster);
        assert_eq!(cluster.take_writes()[0], "update pods stray");
        assert_eq!(cluster.list(Kind::Pod, "default").len(), 1);
        cluster.change(Kind::Pod, "stray", |tree| {
            tree.set(&["metadata", "labels", "app"], "x")
        });
        sync(&mut cluster);
        assert!(
            cluster
                .object(Kind::Pod, "stray")
                .meta
                .controller()
                .is_none()
        );
        assert_eq!(cluster.list(Kind::Pod, "default").len(), 2);
    }
}
