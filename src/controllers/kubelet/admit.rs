//! What a kubelet refuses to run.
//! `pkg/kubelet/lifecycle/predicate.go` (recording 78-failed-pod-replaced)

use super::{Cluster, EventType};
use crate::api::{Kind, Object, PodView, Value};
use crate::controllers::scheduler;

/// Why a Pod that is new on its node cannot run there: `status.reason` and the event's message.
fn refusal(cluster: &dyn Cluster, pod: &Object, view: &PodView) -> Option<(&'static str, String)> {
    let node = cluster.get(Kind::Node, "", &view.node).ok()?;
    let facts = node.node()?;
    // The Pod itself counts already.
    let load = cluster.node_load(node.name());
    let resources = [
        ("OutOfpods", "pods", 1, load.pods - 1, facts.pods),
        (
            "OutOfcpu",
            "cpu",
            view.cpu.millis as i64,
            (load.cpu.millis - view.cpu.millis) as i64,
            facts.cpu.millis as i64,
        ),
        (
            "OutOfmemory",
            "memory",
            (view.memory.millis / 1000) as i64,
            ((load.memory.millis - view.memory.millis) / 1000) as i64,
            (facts.memory.millis / 1000) as i64,
        ),
    ];
    for (reason, name, asked, used, there) in resources {
        if asked > 0 && used + asked > there {
            let message = format!(
                "Node didn't have enough resource: {name}, requested: {asked}, used: {used}, capacity: {there}"
            );
            return Some((reason, message));
        }
    }
    let predicate =
        |name: &'static str, why: &str| Some((name, format!("Predicate {name} failed: {why}")));
    if !scheduler::selects(pod, &node) {
        return predicate("NodeAffinity", scheduler::NOT_SELECTED);
    }
    if scheduler::ports_are_taken(cluster, pod, node.name()) {
        return predicate("NodePorts", scheduler::PORTS_TAKEN);
    }
    None
}

/// The tree of a Pod that is new on its node and cannot run there, with the status that says so.
pub(super) fn refused(cluster: &mut dyn Cluster, pod: &Object, view: &PodView) -> Option<Value> {
    let (reason, message) = refusal(cluster, pod, view)?;
    let mut tree = pod.tree().clone();
    let mut status = vec![
        (
            "message",
            Value::from(format!("Pod was rejected: {message}")),
        ),
        ("observedGeneration", pod.meta.generation.into()),
        ("phase", "Failed".into()),
        ("reason", reason.into()),
        ("startTime", cluster.now().into()),
    ];
    if let Some(class) = tree.at(&["status", "qosClass"]) {
        status.push(("qosClass", class.clone()));
    }
    tree.set(&["status"], Value::Map(status.into_iter().collect()));
    cluster.event(pod, EventType::Warning, reason, message);
    Some(tree)
}
