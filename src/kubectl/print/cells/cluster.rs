//! Nodes, Namespaces, Events, ConfigMaps, Secrets, ResourceQuotas.

use super::{age, number, since, text};
use crate::api::{Object, Time, Value};

pub(crate) fn node(node: &Object, now: Time) -> Vec<String> {
    let tree = node.tree();
    let info = |key: &str| match tree.str_at(&["status", "nodeInfo", key]) {
        Some(value) if !value.is_empty() => value.to_owned(),
        _ => "<unknown>".to_owned(),
    };
    let address = |kind: &str| {
        let all = tree.items_at(&["status", "addresses"]);
        let found = all.iter().find(|a| a.str_at(&["type"]) == Some(kind));
        found.map_or_else(|| "<none>".to_owned(), |a| text(a, &["address"]))
    };
    vec![
        node.name().to_string(),
        node_status(tree),
        roles(node),
        age(node, now),
        text(tree, &["status", "nodeInfo", "kubeletVersion"]),
        address("InternalIP"),
        address("ExternalIP"),
        info("osImage"),
        info("kernelVersion"),
        info("containerRuntimeVersion"),
    ]
}

fn node_status(tree: &Value) -> String {
    let conditions = tree.items_at(&["status", "conditions"]);
    let ready = conditions
        .iter()
        .find(|c| c.str_at(&["type"]) == Some("Ready"));
    let mut status = match ready.map(|c| c.str_at(&["status"])) {
        Some(Some("True")) => "Ready",
        Some(_) => "NotReady",
        None => "Unknown",
    }
    .to_owned();
    if tree.at(&["spec", "unschedulable"]).and_then(Value::as_bool) == Some(true) {
        status.push_str(",SchedulingDisabled");
    }
    status
}

/// The roles of a node by its labels; `<none>` if it has none.
#[must_use]
pub fn roles(node: &Object) -> String {
    let roles: Vec<&str> = node
        .meta
        .labels
        .texts()
        .filter_map(
            |(key, value)| match key.strip_prefix("node-role.kubernetes.io/") {
                Some(role) if !role.is_empty() => Some(role),
                _ if key == "kubernetes.io/role" && !value.is_empty() => Some(value),
                _ => None,
            },
        )
        .collect();
    if roles.is_empty() {
        "<none>".to_owned()
    } else {
        roles.join(",")
    }
}

pub(crate) fn namespace(namespace: &Object, now: Time) -> Vec<String> {
    vec![
        namespace.name().to_string(),
        text(namespace.tree(), &["status", "phase"]),
        age(namespace, now),
    ]
}

pub(crate) fn config_map(map: &Object, now: Time) -> Vec<String> {
    let tree = map.tree();
    let count = tree.map_at(&["data"]).len() + tree.map_at(&["binaryData"]).len();
    vec![map.name().to_string(), count.to_string(), age(map, now)]
}

pub(crate) fn secret(secret: &Object, now: Time) -> Vec<String> {
    let tree = secret.tree();
    vec![
        secret.name().to_string(),
        text(tree, &["type"]),
        tree.map_at(&["data"]).len().to_string(),
        age(secret, now),
    ]
}

pub(crate) fn quota(quota: &Object, now: Time) -> Vec<String> {
    let tree = quota.tree();
    let used = tree.map_at(&["status", "used"]);
    let (mut requests, mut limits) = (Vec::new(), Vec::new());
    for (name, hard) in tree.map_at(&["status", "hard"]).texts() {
        let cell = format!("{name}: {}/{hard}", used.get_str(name).unwrap_or("0"));
        if name.starts_with("limits.") {
            limits.push(cell)
        } else {
            requests.push(cell)
        }
    }
    vec![
        quota.name().to_string(),
        requests.join(", "),
        limits.join(", "),
        age(quota, now),
    ]
}

pub(crate) fn event(event: &Object, now: Time) -> Vec<String> {
    let tree = event.tree();
    let about = |key: &str| text(tree, &["involvedObject", key]);
    let count = number(tree, &["series", "count"])
        .max(number(tree, &["count"]))
        .max(1);
    vec![
        since(last_seen(tree), now),
        text(tree, &["type"]),
        text(tree, &["reason"]),
        format!("{}/{}", about("kind").to_ascii_lowercase(), about("name")),
        about("fieldPath"),
        source(tree),
        super::super::table::one_line(text(tree, &["message"]).trim()),
        since(first_seen(tree), now),
        count.to_string(),
        event.name().to_string(),
    ]
}

/// When an event was last seen.
#[must_use]
pub fn last_seen(tree: &Value) -> Time {
    time(tree, &["series", "lastObservedTime"])
        .or_else(|| time(tree, &["lastTimestamp"]))
        .or_else(|| time(tree, &["eventTime"]))
        .or_else(|| time(tree, &["metadata", "creationTimestamp"]))
        .unwrap_or_default()
}

/// When an event was first seen.
#[must_use]
pub fn first_seen(tree: &Value) -> Time {
    time(tree, &["firstTimestamp"])
        .or_else(|| time(tree, &["eventTime"]))
        .unwrap_or_default()
}

fn source(tree: &Value) -> String {
    let component = match tree.str_at(&["source", "component"]) {
        Some(component) if !component.is_empty() => component.to_owned(),
        _ => text(tree, &["reportingComponent"]),
    };
    match tree.str_at(&["source", "host"]) {
        Some(host) if !host.is_empty() => format!("{component}, {host}"),
        _ => component,
    }
}

fn time(tree: &Value, path: &[&str]) -> Option<Time> {
    tree.str_at(path).and_then(Time::parse)
}
