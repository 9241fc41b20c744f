//! The scheduler: finds a node for a Pod, or says why there is none.
//!
//! `pkg/scheduler/schedule_one.go`, `pkg/scheduler/framework/plugins`; recordings 01-create, 20, 21, 58,
//! 72-cordon-all, 73-node-selector, 74-insufficient-resources, 81-taints. Nothing is preempted.

use super::{Action, Cluster, EventType, Reason};
use crate::api::Arrange as _;
use crate::api::{Kind, Map, Millis, NodeView, Object, PodView, Quantity, Str, Time, Value};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A node whose labels the Pod's nodeSelector does not allow.
pub(super) const NOT_SELECTED: &str = "node(s) didn't match Pod's node affinity/selector";
/// A node with another Pod that has a port of the node that the Pod wants.
pub(super) const PORTS_TAKEN: &str = "node(s) didn't have free ports for the requested pod ports";

/// The annotation that tells the provisioner which node a claim is for.
const SELECTED_NODE: &str = "volume.kubernetes.io/selected-node";

/// How long a Pod that could not be placed waits for a change that helps, in milliseconds.
const PATIENCE: Millis = 300_000;
/// How often Pods that have waited longer are looked for, in milliseconds.
const FLUSH_EVERY: Millis = 30_000;

/// Why a Pod cannot be placed.
struct Unfit {
    message: String,
}

/// Looks at a Pod that has no node yet.
pub fn reconcile(cluster: &mut dyn Cluster, namespace: &str, name: &str) -> Action {
    let Ok(pod) = cluster.get(Kind::Pod, namespace, name) else {
        return Action::DONE;
    };
    let Some(view) = pod.pod() else {
        return Action::DONE;
    };
    let gated = !pod.tree().items_at(&["spec", "schedulingGates"]).is_empty();
    if !view.node.is_empty() || pod.meta.terminating() || gated {
        return Action::DONE;
    }
    match place(cluster, &pod, view) {
        Ok(Some(node)) => assign(cluster, &pod, &node),
        Ok(None) => Action::DONE,
        Err(unfit) => refuse(cluster, &pod, unfit.message),
    }
}

/// The node for a Pod; `None` while claims are being bound for the node that was chosen.
fn place(cluster: &mut dyn Cluster, pod: &Object, view: &PodView) -> Result<Option<Str>, Unfit> {
    let nodes = cluster.list(Kind::Node, "");
    let claims = claims(cluster, pod, view, nodes.len())?;
    let exclusive = exclusive_claim_in_use(cluster, pod, &claims);
    let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
    let mut resolvable = 0;
    let mut best: Option<(i64, &Arc<Object>)> = None;
    let chosen = cluster.chosen_node(pod);
    let asks = Asks::of(pod, view, exclusive);
    for node in &nodes {
        let Some(facts) = node.node() else { continue };
        let problems = problems(cluster, &asks, node, facts);
        if problems.is_empty() {
            let load = if chosen.as_ref() == Some(node.name()) {
                -1
            } else {
                cluster.node_load(node.name()).pods
            };
            if best.is_none_or(|(least, _)| load < least) {
                best = Some((load, node));
            }
            continue;
        }
        resolvable += usize::from(problems.iter().all(|(_, resolvable)| *resolvable));
        for (reason, _) in problems {
            *reasons.entry(reason).or_default() += 1;
        }
    }
    match best {
        Some((_, node)) => {
            let node = node.name().clone();
            let waits = wait_for_claims(cluster, &claims, &node);
            Ok((!waits).then_some(node))
        }
        None => Err(Unfit {
            message: no_node(&reasons, nodes.len(), resolvable),
        }),
    }
}

/// `0/3 nodes are available: 3 node(s) were unschedulable. no new claims to deallocate, preemption: …`
fn no_node(reasons: &BTreeMap<String, usize>, nodes: usize, resolvable: usize) -> String {
    let mut counted: Vec<String> = reasons
        .iter()
        .map(|(reason, count)| format!("{count} {reason}"))
        .collect();
    counted.arrange();
    let helpless = nodes - resolvable;
    let mut preemption = Vec::new();
    if resolvable > 0 {
        preemption.push(format!(
            "{resolvable} No preemption victims found for incoming pod"
        ));
    }
    if helpless > 0 {
        preemption.push(format!(
            "{helpless} Preemption is not helpful for scheduling"
        ));
    }
    preemption.arrange();
    if nodes == 0 {
        return "no nodes available to schedule pods".into();
    }
    format!(
        "0/{nodes} nodes are available: {}. no new claims to deallocate, preemption: 0/{nodes} nodes are available: {}.",
        counted.join(", "),
        preemption.join(", ")
    )
}

/// The claims of a Pod; an error if one is missing, dying, or waits for a volume by itself.
fn claims(
    cluster: &dyn Cluster,
    pod: &Object,
    view: &PodView,
    nodes: usize,
) -> Result<Vec<Arc<Object>>, Unfit> {
    let unfit = |why: String| Unfit {
        message: format!("0/{nodes} nodes are available: {why}. not found"),
    };
    let mut claims = Vec::new();
    for (_, name) in view.claims.iter() {
        let claim = cluster
            .get(Kind::PersistentVolumeClaim, pod.namespace(), name)
            .map_err(|_| unfit(format!("persistentvolumeclaim \"{name}\" not found")))?;
        if claim.meta.terminating() {
            return Err(unfit(format!(
                "persistentvolumeclaim \"{name}\" is being deleted"
            )));
        }
        claims.push(claim);
    }
    for claim in &claims {
        let Some(facts) = claim.claim() else { continue };
        if facts.volume.is_empty() || facts.phase != "Bound" {
            if !waits_for_consumer(cluster, claim) {
                return Err(unfit(
                    "pod has unbound immediate PersistentVolumeClaims".into(),
                ));
            }
        } else if cluster
            .get(Kind::PersistentVolume, "", &facts.volume)
            .is_err()
        {
            return Err(unfit(format!(
                "persistentvolume \"{}\" not found",
                facts.volume
            )));
        }
    }
    Ok(claims)
}

/// Whether the claim's class binds only once a Pod is placed.
fn waits_for_consumer(cluster: &dyn Cluster, claim: &Object) -> bool {
    let class = claim
        .claim()
        .and_then(|facts| facts.class.clone())
        .unwrap_or_default();
    !class.is_empty()
        && cluster
            .get(Kind::StorageClass, "", &class)
            .is_ok_and(|class| {
                class.tree().str_at(&["volumeBindingMode"]) == Some("WaitForFirstConsumer")
            })
}

/// Tells the provisioner of unbound claims for which node they are; whether any is unbound.
fn wait_for_claims(cluster: &mut dyn Cluster, claims: &[Arc<Object>], node: &Str) -> bool {
    let mut waits = false;
    for claim in claims {
        if claim
            .claim()
            .is_some_and(|facts| facts.phase == "Bound" && !facts.volume.is_empty())
        {
            continue;
        }
        waits = true;
        if claim.meta.annotation(SELECTED_NODE) != Some(node) {
            let mut tree = claim.tree().clone();
            tree.set(&["metadata", "annotations", SELECTED_NODE], node);
            // Refused: the claim changed; its change wakes the scheduler again.
            let _ = cluster.update(
                Kind::PersistentVolumeClaim,
                tree,
                Reason::Schedule { node: node.clone() },
            );
        }
    }
    waits
}

/// Whether a ReadWriteOncePod claim of the Pod is used by another Pod on a node.
fn exclusive_claim_in_use(cluster: &dyn Cluster, pod: &Object, claims: &[Arc<Object>]) -> bool {
    let exclusive: Vec<&Str> = claims
        .iter()
        .filter(|claim| {
            claim
                .claim()
                .is_some_and(|c| c.access_modes.iter().any(|m| m == "ReadWriteOncePod"))
        })
        .map(|claim| claim.name())
        .collect();
    if exclusive.is_empty() {
        return false;
    }
    cluster
        .list(Kind::Pod, pod.namespace())
        .iter()
        .any(|other| {
            other.name() != pod.name()
                && other.pod().is_some_and(|view| {
                    !view.node.is_empty()
                        && !view.phase.terminal()
                        && view
                            .claims
                            .iter()
                            .any(|(_, claim)| exclusive.contains(&claim))
                })
        })
}

/// What a Pod asks of a node, looked up once for all nodes.
struct Asks<'a> {
    pod: &'a Object,
    view: &'a PodView,
    tolerations: &'a [Value],
    selector: Map,
    ports: Vec<(&'a str, i64)>,
    /// Whether it wants a claim for itself that another Pod uses.
    exclusive: bool,
}

impl<'a> Asks<'a> {
    fn of(pod: &'a Object, view: &'a PodView, exclusive: bool) -> Asks<'a> {
        Asks {
            pod,
            view,
            tolerations: pod.tree().items_at(&["spec", "tolerations"]),
            selector: node_selector(pod),
            ports: host_ports(pod),
            exclusive,
        }
    }
}

/// What speaks against a node, each with whether removing other Pods could help. The first filter that
/// refuses a node gives its reason; the resources are told together.
fn problems(
    cluster: &dyn Cluster,
    asks: &Asks<'_>,
    node: &Object,
    facts: &NodeView,
) -> Vec<(String, bool)> {
    let hard = |reason: &str| vec![(reason.to_owned(), false)];
    let Asks {
        tolerations, view, ..
    } = *asks;
    if facts.unschedulable
        && !tolerated(
            tolerations,
            "node.kubernetes.io/unschedulable",
            "",
            "NoSchedule",
        )
    {
        return hard("node(s) were unschedulable");
    }
    let untolerated = facts.taints.iter().any(|(key, value, effect)| {
        effect != "PreferNoSchedule" && !tolerated(tolerations, key, value, effect)
    });
    if untolerated {
        return hard("node(s) had untolerated taint(s)");
    }
    if !allows(&asks.selector, node) {
        return hard(NOT_SELECTED);
    }
    if any_taken(cluster, asks.pod, &asks.ports, node.name()) {
        return vec![(PORTS_TAKEN.to_owned(), true)];
    }
    let mut missing = Vec::new();
    let load = cluster.node_load(node.name());
    if load.pods >= facts.pods {
        missing.push(("Too many pods".to_owned(), true));
    }
    for (name, asked, used, there) in [
        ("cpu", view.cpu, load.cpu, facts.cpu),
        ("memory", view.memory, load.memory, facts.memory),
    ] {
        if asked != Quantity::default() && used.millis + asked.millis > there.millis {
            missing.push((format!("Insufficient {name}"), asked <= there));
        }
    }
    if !missing.is_empty() {
        return missing;
    }
    if asks.exclusive {
        let why = "node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod";
        return vec![(why.to_owned(), true)];
    }
    Vec::new()
}

/// Whether the Pod's nodeSelector allows the node.
pub(super) fn selects(pod: &Object, node: &Object) -> bool {
    allows(&node_selector(pod), node)
}

fn node_selector(pod: &Object) -> Map {
    pod.tree().map_at(&["spec", "nodeSelector"])
}

fn allows(selector: &Map, node: &Object) -> bool {
    selector
        .texts()
        .all(|(key, value)| node.meta.label(key) == Some(value))
}

/// The ports of the node itself that a Pod wants: protocol and number.
fn host_ports(pod: &Object) -> Vec<(&str, i64)> {
    let containers = pod.tree().items_at(&["spec", "containers"]).iter();
    let ports = containers.flat_map(|container| container.items_at(&["ports"]));
    ports
        .filter_map(|port| {
            let number = port.int_at(&["hostPort"]).filter(|number| *number > 0)?;
            Some((port.str_at(&["protocol"]).unwrap_or("TCP"), number))
        })
        .collect()
}

/// Whether another Pod on the node has a port that the Pod wants.
pub(super) fn ports_are_taken(cluster: &dyn Cluster, pod: &Object, node: &str) -> bool {
    any_taken(cluster, pod, &host_ports(pod), node)
}

fn any_taken(cluster: &dyn Cluster, pod: &Object, wanted: &[(&str, i64)], node: &str) -> bool {
    !wanted.is_empty()
        && cluster.list(Kind::Pod, "").iter().any(|other| {
            other.meta.uid != pod.meta.uid
                && other
                    .pod()
                    .is_some_and(|view| view.node == node && !view.phase.terminal())
                && host_ports(other).iter().any(|port| wanted.contains(port))
        })
}

/// Whether one of the tolerations covers a taint.
fn tolerated(tolerations: &[Value], key: &str, value: &str, effect: &str) -> bool {
    tolerations
        .iter()
        .any(|toleration| tolerates(toleration, key, value, effect))
}

/// Whether a toleration covers a taint (`ToleratesTaint`).
pub(super) fn tolerates(toleration: &Value, key: &str, value: &str, effect: &str) -> bool {
    let text = |name: &str| toleration.str_at(&[name]).unwrap_or_default();
    let key_fits = text("key") == key || (text("key").is_empty() && text("operator") == "Exists");
    let effect_fits = text("effect").is_empty() || text("effect") == effect;
    let value_fits = text("operator") == "Exists" || text("value") == value;
    key_fits && effect_fits && value_fits
}

fn assign(cluster: &mut dyn Cluster, pod: &Object, node: &Str) -> Action {
    let why = Reason::Schedule { node: node.clone() };
    if let Err(error) = cluster.bind(pod.namespace(), pod.name(), node, why) {
        return Action::failed(error.message);
    }
    let message = format!(
        "Successfully assigned {}/{} to {node}",
        pod.namespace(),
        pod.name()
    );
    cluster.event(pod, EventType::Normal, "Scheduled", message);
    Action::DONE
}

/// Notes on the Pod, and as an event, why it cannot be placed.
fn refuse(cluster: &mut dyn Cluster, pod: &Object, message: String) -> Action {
    let why = Reason::Unschedulable {
        pod: pod.name().clone(),
        message: Str::new(&message),
    };
    let now = cluster.now();
    let old = pod
        .tree()
        .items_at(&["status", "conditions"])
        .iter()
        .find(|condition| condition.str_at(&["type"]) == Some("PodScheduled"));
    let since = old
        .filter(|condition| condition.str_at(&["status"]) == Some("False"))
        .and_then(|condition| condition.get("lastTransitionTime").cloned());
    let condition = Value::map([
        ("lastProbeTime", Value::Null),
        ("lastTransitionTime", since.unwrap_or_else(|| now.into())),
        ("message", Value::from(message.as_str())),
        ("observedGeneration", pod.meta.generation.into()),
        ("reason", "Unschedulable".into()),
        ("status", "False".into()),
        ("type", "PodScheduled".into()),
    ]);
    let mut tree = pod.tree().clone();
    tree.set(&["status", "conditions"], Value::list([condition]));
    let news = tree != *pod.tree();
    let last_try = cluster
        .last_try(pod)
        .filter(|last| !news && now < flush(*last));
    if last_try.is_none() {
        cluster.event(pod, EventType::Warning, "FailedScheduling", message);
    }
    if news && let Err(error) = cluster.update_status(Kind::Pod, tree, why.clone()) {
        return Action::failed(error.message);
    }
    cluster.decide(pod, why);
    Action::requeue(flush(last_try.unwrap_or(now)).since(now))
}

/// When a Pod that could not be placed is tried again without a cause: what has waited for more than five
/// minutes is looked for every 30 s (`flushUnschedulablePodsLeftover`,
/// `pkg/scheduler/backend/queue/scheduling_queue.go`; corpus B-events-04).
fn flush(last_try: Time) -> Time {
    let waited = last_try.plus(PATIENCE).since(Time::EPOCH);
    Time::EPOCH.plus((waited / FLUSH_EVERY + 1) * FLUSH_EVERY)
}
