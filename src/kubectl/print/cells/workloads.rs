//! Pods, StatefulSets, Deployments, ReplicaSets, ControllerRevisions, PodDisruptionBudgets.

use super::{age, int_or_text, number, text, text_or_none};
use crate::api::{Kind, Object, Selector, Time, Value, human_duration, pod_status};

pub(crate) fn pod(pod: &Object, now: Time) -> Vec<String> {
    let shown = pod_status(pod);
    let tree = pod.tree();
    let restarts = match shown.last_restart {
        Some(then) if shown.restarts > 0 => {
            format!(
                "{} ({} ago)",
                shown.restarts,
                human_duration(now.since(then))
            )
        }
        _ => shown.restarts.to_string(),
    };
    let ip = match tree.items_at(&["status", "podIPs"]).first() {
        Some(first) => text_or_none(first, &["ip"]),
        None => text_or_none(tree, &["status", "podIP"]),
    };
    vec![
        pod.name().to_string(),
        format!("{}/{}", shown.ready, shown.total),
        shown.status.to_string(),
        restarts,
        age(pod, now),
        ip,
        text_or_none(tree, &["spec", "nodeName"]),
        text_or_none(tree, &["status", "nominatedNodeName"]),
        readiness_gates(tree),
    ]
}

fn readiness_gates(tree: &Value) -> String {
    let gates = tree.items_at(&["spec", "readinessGates"]);
    if gates.is_empty() {
        return "<none>".to_owned();
    }
    let conditions = tree.items_at(&["status", "conditions"]);
    let passed = gates.iter().filter(|gate| {
        conditions.iter().any(|condition| {
            condition.get("type") == gate.get("conditionType")
                && condition.str_at(&["status"]) == Some("True")
        })
    });
    format!("{}/{}", passed.count(), gates.len())
}

pub(crate) fn stateful_set(set: &Object, now: Time) -> Vec<String> {
    let tree = set.tree();
    let (names, images) = containers(tree);
    vec![
        set.name().to_string(),
        format!(
            "{}/{}",
            number(tree, &["status", "readyReplicas"]),
            number(tree, &["spec", "replicas"])
        ),
        age(set, now),
        names,
        images,
    ]
}

pub(crate) fn deployment(deployment: &Object, now: Time) -> Vec<String> {
    let tree = deployment.tree();
    let (names, images) = containers(tree);
    vec![
        deployment.name().to_string(),
        format!(
            "{}/{}",
            number(tree, &["status", "readyReplicas"]),
            number(tree, &["spec", "replicas"])
        ),
        number(tree, &["status", "updatedReplicas"]).to_string(),
        number(tree, &["status", "availableReplicas"]).to_string(),
        age(deployment, now),
        names,
        images,
        selector(tree),
    ]
}

pub(crate) fn replica_set(set: &Object, now: Time) -> Vec<String> {
    let tree = set.tree();
    let (names, images) = containers(tree);
    vec![
        set.name().to_string(),
        number(tree, &["spec", "replicas"]).to_string(),
        number(tree, &["status", "replicas"]).to_string(),
        number(tree, &["status", "readyReplicas"]).to_string(),
        age(set, now),
        names,
        images,
        selector(tree),
    ]
}

pub(crate) fn revision(revision: &Object, now: Time) -> Vec<String> {
    let controller = revision.meta.controller().map_or_else(
        || "<none>".to_owned(),
        |owner| {
            let kind = Kind::from_type(&owner.api_version, &owner.kind);
            let singular =
                kind.map_or_else(|| owner.kind.to_ascii_lowercase(), Kind::qualified_singular);
            format!("{singular}/{}", owner.name)
        },
    );
    vec![
        revision.name().to_string(),
        controller,
        number(revision.tree(), &["revision"]).to_string(),
        age(revision, now),
    ]
}

pub(crate) fn budget(budget: &Object, now: Time) -> Vec<String> {
    let tree = budget.tree();
    vec![
        budget.name().to_string(),
        int_or_text(tree.at(&["spec", "minAvailable"]), "N/A"),
        int_or_text(tree.at(&["spec", "maxUnavailable"]), "N/A"),
        number(tree, &["status", "disruptionsAllowed"]).to_string(),
        age(budget, now),
    ]
}

/// Names and images of the template's containers, joined by commas.
fn containers(tree: &Value) -> (String, String) {
    let containers = tree.items_at(&["spec", "template", "spec", "containers"]);
    let join = |key: &str| {
        let all: Vec<&str> = containers
            .iter()
            .map(|container| container.str_at(&[key]).unwrap_or_default())
            .collect();
        all.join(",")
    };
    (join("name"), join("image"))
}

fn selector(tree: &Value) -> String {
    let selector = tree.at(&["spec", "selector"]).unwrap_or(&Value::Null);
    let text = Selector::from_label_selector(selector).to_string();
    if text.is_empty() {
        "<none>".to_owned()
    } else {
        text
    }
}

pub(crate) fn autoscaler(autoscaler: &Object, now: Time) -> Vec<String> {
    let tree = autoscaler.tree();
    let target = |key: &str| text(tree, &["spec", "scaleTargetRef", key]);
    vec![
        autoscaler.name().to_string(),
        format!("{}/{}", target("kind"), target("name")),
        targets(tree.items_at(&["spec", "metrics"])),
        number(tree, &["spec", "minReplicas"]).to_string(),
        number(tree, &["spec", "maxReplicas"]).to_string(),
        number(tree, &["status", "currentReplicas"]).to_string(),
        age(autoscaler, now),
    ]
}

/// What is measured and aimed at, two at most. Nothing measures here, as in a cluster without metrics.
fn targets(metrics: &[Value]) -> String {
    const SHOWN: usize = 2;
    if metrics.is_empty() {
        return "<none>".to_owned();
    }
    let shown = metrics.iter().take(SHOWN).map(|metric| {
        let aim = metric.at(&["resource", "target"]).cloned();
        let aim = aim.unwrap_or_default();
        let aim = match aim.get("averageValue") {
            Some(_) => text(&aim, &["averageValue"]),
            None => format!("{}%", number(&aim, &["averageUtilization"])),
        };
        format!("{}: <unknown>/{aim}", text(metric, &["resource", "name"]))
    });
    let mut all = shown.collect::<Vec<_>>().join(", ");
    if metrics.len() > SHOWN {
        all.push_str(&format!(" + {} more...", metrics.len() - SHOWN));
    }
    all
}
