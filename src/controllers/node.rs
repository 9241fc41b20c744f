//! Nodes that fall silent, their taints, and what these do to Pods.
//! `pkg/controller/nodelifecycle/node_lifecycle_controller.go`, `pkg/controller/tainteviction`,
//! `pkg/controller/podgc/gc_controller.go` (recordings 28a to 28e, 72-cordon-all, 81-taints)

#[cfg(test)]
mod tests;

use super::{Action, Cluster, EventType, Reason};
use crate::api::{ApiError, DeleteOptions, Kind, Millis, Object, Time, Value};
use std::sync::Arc;

/// From the death of a kubelet to the verdict: 50 s after its last heartbeat, which was up to 10 s
/// before; the recordings show 43 to 54 s.
const GRACE: Millis = 45_000;

const UNSCHEDULABLE: &str = "node.kubernetes.io/unschedulable";
const UNREACHABLE: &str = "node.kubernetes.io/unreachable";
const OUT_OF_SERVICE: &str = "node.kubernetes.io/out-of-service";

/// Why the taint manager deletes a Pod, in its condition DisruptionTarget.
const BY_TAINT: &str = "DeletionByTaintManager";

/// The conditions of a node, and reason and message when its kubelet reports them.
const CONDITIONS: &[(&str, &str, &str, &str)] = &[
    (
        "MemoryPressure",
        "False",
        "KubeletHasSufficientMemory",
        "kubelet has sufficient memory available",
    ),
    (
        "DiskPressure",
        "False",
        "KubeletHasNoDiskPressure",
        "kubelet has no disk pressure",
    ),
    (
        "PIDPressure",
        "False",
        "KubeletHasSufficientPID",
        "kubelet has sufficient PID available",
    ),
    (
        "Ready",
        "True",
        "KubeletReady",
        "kubelet is posting ready status",
    ),
];

/// Looks at a node: its heartbeat, then its taints. `silent_since`: when its kubelet died, if it did.
pub fn reconcile(cluster: &mut dyn Cluster, name: &str, silent_since: Option<Time>) -> Action {
    let Ok(node) = cluster.get(Kind::Node, "", name) else {
        return Action::DONE;
    };
    let now = cluster.now();
    if let Some(due) = silent_since
        .map(|since| since.plus(GRACE))
        .filter(|due| now < *due)
    {
        let action = taint(cluster, &node).map(|()| Action::requeue(due.since(now)));
        return action.unwrap_or_else(|error| Action::failed(error.message));
    }
    let result = match silent_since {
        Some(_) => mark_unknown(cluster, &node),
        None => report_ready(cluster, &node),
    };
    match result.and_then(|node| taint(cluster, &node)) {
        Ok(()) => Action::DONE,
        Err(error) => Action::failed(error.message),
    }
}

fn ready_status(node: &Object) -> Option<&str> {
    let conditions = node.tree().items_at(&["status", "conditions"]).iter();
    let mut ready = conditions.filter(|condition| condition.str_at(&["type"]) == Some("Ready"));
    ready.next()?.str_at(&["status"])
}

/// The kubelet has not been heard of: its node's conditions are unknown and its Pods not ready
/// (`tryUpdateNodeHealth`, `MarkPodsNotReady`).
fn mark_unknown(cluster: &mut dyn Cluster, node: &Arc<Object>) -> Result<Arc<Object>, ApiError> {
    if ready_status(node) == Some("Unknown") {
        return Ok(node.clone());
    }
    let unknown = ("NodeStatusUnknown", "Kubelet stopped posting node status.");
    let marked = with_conditions(node, cluster.now(), |_| ("Unknown", unknown.0, unknown.1));
    let node = cluster.update_status(Kind::Node, marked, Reason::NodeSilent)?;
    let message = format!("Node {} status is now: NodeNotReady", node.name());
    cluster.event(&node, EventType::Normal, "NodeNotReady", message);
    for pod in pods_on(cluster, node.name()) {
        if pod.pod().is_none_or(|view| !view.ready.ready) {
            continue;
        }
        let message = "Node is not ready".to_owned();
        cluster.event(&pod, EventType::Warning, "NodeNotReady", message);
        let mut tree = pod.tree().clone();
        let now = cluster.now();
        for condition in tree.slot(&["status", "conditions"]).make_list() {
            if condition.str_at(&["type"]) == Some("Ready") {
                condition.set(&["status"], "False");
                condition.set(&["lastTransitionTime"], now);
            }
        }
        cluster.update_status(Kind::Pod, tree, Reason::NodeSilent)?;
    }
    Ok(node)
}

/// The kubelet reports again.
fn report_ready(cluster: &mut dyn Cluster, node: &Arc<Object>) -> Result<Arc<Object>, ApiError> {
    if ready_status(node) != Some("Unknown") {
        return Ok(node.clone());
    }
    let reported = with_conditions(node, cluster.now(), |condition| {
        let known = CONDITIONS.iter().find(|(name, ..)| *name == condition);
        known.map_or(("True", "", ""), |(_, status, reason, message)| {
            (*status, *reason, *message)
        })
    });
    cluster.update_status(Kind::Node, reported, Reason::NodeReports)
}

/// The node's tree with status, reason and message of each condition.
fn with_conditions(
    node: &Object,
    now: Time,
    verdict: impl Fn(&str) -> (&'static str, &'static str, &'static str),
) -> Value {
    let mut tree = node.tree().clone();
    for condition in tree.slot(&["status", "conditions"]).make_list() {
        let name = condition.str_at(&["type"]).unwrap_or_default().to_owned();
        let (status, reason, message) = verdict(&name);
        condition.set(&["status"], status);
        condition.set(&["reason"], reason);
        condition.set(&["message"], message);
        condition.set(&["lastTransitionTime"], now);
    }
    tree
}

/// Keeps the taints that follow from the node's state (`doNoScheduleTaintingPass`, and the pass for
/// NoExecute that follows it).
fn taint(cluster: &mut dyn Cluster, node: &Arc<Object>) -> Result<(), ApiError> {
    let unschedulable = node.node().is_some_and(|view| view.unschedulable);
    let silent = ready_status(node) == Some("Unknown");
    let no_schedule = [(UNSCHEDULABLE, unschedulable), (UNREACHABLE, silent)];
    let node = set_taints(cluster, node, "NoSchedule", &no_schedule)?;
    set_taints(cluster, &node, "NoExecute", &[(UNREACHABLE, silent)])?;
    Ok(())
}

fn set_taints(
    cluster: &mut dyn Cluster,
    node: &Arc<Object>,
    effect: &'static str,
    wanted: &[(&'static str, bool)],
) -> Result<Arc<Object>, ApiError> {
    let mut taints = node.tree().items_at(&["spec", "taints"]).to_vec();
    for (key, there) in wanted {
        let is = |taint: &Value| {
            taint.str_at(&["key"]) == Some(key) && taint.str_at(&["effect"]) == Some(effect)
        };
        if !there {
            taints.retain(|taint| !is(taint));
        } else if !taints.iter().any(is) {
            taints.push(Value::map([
                ("effect", effect.into()),
                ("key", (*key).into()),
                ("timeAdded", cluster.now().into()),
            ]));
        }
    }
    if taints == node.tree().items_at(&["spec", "taints"]) {
        return Ok(node.clone());
    }
    let mut tree = node.tree().clone();
    if taints.is_empty() {
        tree.remove(&["spec", "taints"]);
    } else {
        tree.set(&["spec", "taints"], taints);
    }
    cluster.update(Kind::Node, tree, Reason::NodeTaint)
}

fn pods_on(cluster: &dyn Cluster, node: &str) -> Vec<Arc<Object>> {
    let mut pods = cluster.list(Kind::Pod, "");
    pods.retain(|pod| pod.pod().is_some_and(|view| view.node == node));
    pods
}

/// Deletes a Pod whose node has a NoExecute taint that it does not, or no longer, tolerate
/// (`processPodOnNode`).
pub fn evict(cluster: &mut dyn Cluster, namespace: &str, name: &str) -> Action {
    let Ok(pod) = cluster.get(Kind::Pod, namespace, name) else {
        return Action::DONE;
    };
    let node = pod.pod().map(|view| view.node.clone()).unwrap_or_default();
    let Ok(node) = cluster.get(Kind::Node, "", &node) else {
        return Action::DONE;
    };
    // Also a Pod that someone else deleted is told to go (recording 104-node-lost-parallel), once.
    let conditions = pod.tree().items_at(&["status", "conditions"]).iter();
    let mut told = conditions.filter_map(|condition| condition.str_at(&["reason"]));
    if told.any(|reason| reason == BY_TAINT) {
        return Action::DONE;
    }
    let Some(due) = eviction_due(&pod, &node, cluster.now()) else {
        return Action::DONE;
    };
    if cluster.now() < due {
        return Action::requeue(due.since(cluster.now()));
    }
    let message = format!("Marking for deletion Pod {namespace}/{name}");
    cluster.event(&pod, EventType::Normal, "TaintManagerEviction", message);
    let why = (BY_TAINT, "Taint manager: deleting due to NoExecute taint");
    let options = DeleteOptions::default();
    finish(disrupt(
        cluster,
        &pod,
        why,
        None,
        &options,
        Reason::TaintEviction,
    ))
}

/// When the Pod has to go: at once, or at the end of the shortest toleration; `None`: never.
pub fn eviction_due(pod: &Object, node: &Object, now: Time) -> Option<Time> {
    let tolerations = pod.tree().items_at(&["spec", "tolerations"]);
    let taints = node.tree().items_at(&["spec", "taints"]).iter();
    let taints = taints.filter(|taint| taint.str_at(&["effect"]) == Some("NoExecute"));
    let dues = taints.filter_map(|taint| {
        let text = |field: &str| taint.str_at(&[field]).unwrap_or_default();
        let added = taint
            .str_at(&["timeAdded"])
            .and_then(Time::parse)
            .unwrap_or(now);
        let tolerated = tolerations.iter().filter(|one| {
            super::scheduler::tolerates(one, text("key"), text("value"), "NoExecute")
        });
        let tolerated: Vec<Option<i64>> = tolerated
            .map(|one| one.int_at(&["tolerationSeconds"]))
            .collect();
        if tolerated.is_empty() {
            return Some(now);
        }
        let seconds = tolerated.into_iter().flatten().min()?;
        Some(added.plus(seconds.clamp(0, 1_000_000_000) * 1000))
    });
    dues.min()
}

/// Removes a Pod whose node is gone, or a terminating one of a node that is out of service
/// (`gcOrphaned`, `gcTerminating`).
pub fn collect(cluster: &mut dyn Cluster, namespace: &str, name: &str) -> Action {
    let Ok(pod) = cluster.get(Kind::Pod, namespace, name) else {
        return Action::DONE;
    };
    let node = pod.pod().map(|view| view.node.clone()).unwrap_or_default();
    if node.is_empty() {
        return Action::DONE;
    }
    let why = match cluster.get(Kind::Node, "", &node) {
        Err(_) => Some(("DeletionByPodGC", "PodGC: node no longer exists")),
        Ok(node) if pod.meta.terminating() && is_out_of_service(&node) => None,
        Ok(_) => return Action::DONE,
    };
    let options = DeleteOptions {
        grace: Some(0),
        ..DeleteOptions::default()
    };
    let target = why.unwrap_or_default();
    finish(disrupt(
        cluster,
        &pod,
        target,
        Some("Failed"),
        &options,
        Reason::PodCollected,
    ))
}

/// Whether a node is silent and an administrator says that it will not come back.
pub fn is_out_of_service(node: &Object) -> bool {
    let taints = node
        .node()
        .map(|view| view.taints.clone())
        .unwrap_or_default();
    ready_status(node) != Some("True") && taints.iter().any(|(key, ..)| key == OUT_OF_SERVICE)
}

/// Notes on the Pod why it is deleted, and deletes it.
fn disrupt(
    cluster: &mut dyn Cluster,
    pod: &Arc<Object>,
    (reason, message): (&'static str, &'static str),
    phase: Option<&'static str>,
    options: &DeleteOptions,
    why: Reason,
) -> Result<(), ApiError> {
    let now = cluster.now();
    let mut tree = pod.tree().clone();
    if !reason.is_empty() {
        let conditions = tree.slot(&["status", "conditions"]).make_list();
        conditions.retain(|condition| condition.str_at(&["type"]) != Some("DisruptionTarget"));
        conditions.push(Value::map([
            ("lastProbeTime", Value::Null),
            ("lastTransitionTime", now.into()),
            ("message", message.into()),
            ("observedGeneration", pod.meta.generation.into()),
            ("reason", reason.into()),
            ("status", "True".into()),
            ("type", "DisruptionTarget".into()),
        ]));
    }
    if let Some(phase) = phase {
        tree.set(&["status", "phase"], phase);
    }
    cluster.update_status(Kind::Pod, tree, why.clone())?;
    cluster.delete(Kind::Pod, pod.namespace(), pod.name(), options, why)
}

fn finish(result: Result<(), ApiError>) -> Action {
    match result {
        Ok(()) => Action::DONE,
        Err(error) => Action::failed(error.message),
    }
}
