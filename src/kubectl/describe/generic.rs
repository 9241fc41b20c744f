//! `describe` of ConfigMaps, Namespaces, Nodes, and of what has no text of its own.

use super::page::{Page, date, date_at, number, text};
use crate::api::Arrange as _;
use crate::api::{Kind, Map, Object, Value};
use crate::kubectl::print::cells::cluster::roles;
use crate::sim::World;

fn heading(page: &mut Page, object: &Object) {
    page.entry(0, "Name", object.name());
    if object.kind.namespaced() {
        page.entry(0, "Namespace", object.namespace());
    }
    page.labels(0, "Labels", &object.meta.labels);
    page.annotations(0, &object.meta.annotations);
}

pub fn config_map(page: &mut Page, map: &Object) {
    heading(page, map);
    page.line(0, "");
    page.line(0, "Data");
    page.line(0, "====");
    for (key, value) in map.tree().map_at(&["data"]).texts() {
        page.line(0, format!("{key}:"));
        page.line(0, "----");
        page.line(0, value);
        page.line(0, "");
    }
    page.line(0, "");
    page.line(0, "BinaryData");
    page.line(0, "====");
    page.line(0, "");
}

pub fn account(page: &mut Page, account: &Object) {
    heading(page, account);
    let secrets = account.tree().items_at(&["imagePullSecrets"]);
    let names: Vec<String> = secrets.iter().map(|s| text(s, &["name"])).collect();
    page.several(0, "Image pull secrets", &names);
}

pub fn autoscaler(page: &mut Page, autoscaler: &Object) {
    heading(page, autoscaler);
    page.entry(0, "CreationTimestamp", date(autoscaler.meta.created));
    let tree = autoscaler.tree();
    let target = |key: &str| text(tree, &["spec", "scaleTargetRef", key]);
    page.entry(
        0,
        "Reference",
        format!("{}/{}", target("kind"), target("name")),
    );
    page.entry(0, "Metrics", "( current / target )");
    for metric in tree.items_at(&["spec", "metrics"]) {
        let about = format!("resource {} on pods", text(metric, &["resource", "name"]));
        // Nothing measures here, as in a cluster without metrics.
        match metric.at(&["resource", "target", "averageValue"]) {
            Some(value) => {
                let aim = value.as_str().unwrap_or_default();
                page.entry(1, &about, format!("<unknown> / {aim}"));
            }
            None => {
                let aim = number(metric, &["resource", "target", "averageUtilization"]);
                let about = format!("{about}  (as a percentage of request)");
                page.entry(1, &about, format!("<unknown> / {aim}%"));
            }
        }
    }
    for (key, field) in [
        ("Min replicas", "minReplicas"),
        ("Max replicas", "maxReplicas"),
    ] {
        page.entry(0, key, number(tree, &["spec", field]).to_string());
    }
    let count = |key: &str| number(tree, &["status", key]);
    page.entry(
        0,
        &format!("{} pods", target("kind")),
        format!(
            "{} current / {} desired",
            count("currentReplicas"),
            count("desiredReplicas")
        ),
    );
}

pub fn namespace(page: &mut Page, world: &World, namespace: &Object) {
    heading(page, namespace);
    page.entry(0, "Status", text(namespace.tree(), &["status", "phase"]));
    page.line(0, "");
    let mut quotas = world
        .store()
        .list(Kind::ResourceQuota, namespace.name())
        .peekable();
    if quotas.peek().is_some() {
        page.line(0, "Resource Quotas");
    } else {
        page.line(0, "No resource quota.");
    }
    for quota in quotas {
        page.entry(1, "Name", quota.name());
        page.line(1, "Resource\tUsed\tHard");
        page.line(1, "--------\t---\t---");
        super::storage::used(page, 1, quota);
    }
    page.line(0, "");
    page.line(0, "No LimitRange resource.");
}

pub fn node(page: &mut Page, world: &World, node: &Object) {
    let tree = node.tree();
    page.entry(0, "Name", node.name());
    page.entry(0, "Roles", roles(node));
    page.labels(0, "Labels", &node.meta.labels);
    page.annotations(0, &node.meta.annotations);
    page.entry(0, "CreationTimestamp", date(node.meta.created));
    let taints: Vec<String> = tree
        .items_at(&["spec", "taints"])
        .iter()
        .map(|taint| {
            let value = text(taint, &["value"]);
            let value = if value.is_empty() {
                value
            } else {
                format!("={value}")
            };
            format!(
                "{}{value}:{}",
                text(taint, &["key"]),
                text(taint, &["effect"])
            )
        })
        .collect();
    page.several(0, "Taints", &taints);
    let unschedulable = node.node().is_some_and(|view| view.unschedulable);
    page.entry(0, "Unschedulable", unschedulable.to_string());
    let conditions = tree.items_at(&["status", "conditions"]);
    if !conditions.is_empty() {
        page.line(0, "Conditions:");
        page.line(
            0,
            "  Type\tStatus\tLastHeartbeatTime\tLastTransitionTime\tReason\tMessage",
        );
        page.line(
            0,
            "  ----\t------\t-----------------\t------------------\t------\t-------",
        );
        for condition in conditions {
            let time = |key: &str| date_at(condition, &[key]).unwrap_or_default();
            page.line(
                0,
                format!(
                    "  {} \t{} \t{} \t{} \t{} \t{}",
                    text(condition, &["type"]),
                    text(condition, &["status"]),
                    time("lastHeartbeatTime"),
                    time("lastTransitionTime"),
                    text(condition, &["reason"]),
                    text(condition, &["message"])
                ),
            );
        }
    }
    page.line(0, "Addresses:");
    for address in tree.items_at(&["status", "addresses"]) {
        page.entry(1, &text(address, &["type"]), text(address, &["address"]));
    }
    for (key, field) in [("Capacity", "capacity"), ("Allocatable", "allocatable")] {
        page.line(0, format!("{key}:"));
        for (name, _) in tree.map_at(&["status", field]).iter() {
            page.entry(1, name, text(tree, &["status", field, name]));
        }
    }
    pods(page, world, node);
}

fn pods(page: &mut Page, world: &World, node: &Object) {
    let here: Vec<_> = world
        .store()
        .list(Kind::Pod, "")
        .filter(|pod| {
            pod.pod()
                .is_some_and(|view| view.node == *node.name() && !view.phase.terminal())
        })
        .collect();
    page.line(
        0,
        format!("Non-terminated Pods:\t({} in total)", here.len()),
    );
    page.line(0, "  Namespace\tName\tAge");
    page.line(0, "  ---------\t----\t---");
    for pod in here {
        let age = crate::api::human_duration(world.now().since(pod.meta.created));
        page.line(0, format!("  {}\t{}\t{age}", pod.namespace(), pod.name()));
    }
}

/// An object that has no text of its own: its fields, their names in words.
pub fn any(page: &mut Page, object: &Object) {
    heading(page, object);
    let mut rest = object.tree().as_map().cloned().unwrap_or_default();
    let mut metadata = rest.remove("metadata").unwrap_or_default();
    for key in [
        "name",
        "namespace",
        "labels",
        "annotations",
        "managedFields",
    ] {
        metadata.remove(&[key]);
    }
    rest.insert("metadata", metadata);
    fields(page, 0, &rest);
}

fn fields(page: &mut Page, level: usize, map: &Map) {
    let mut entries: Vec<(String, &Value)> =
        map.iter().map(|(key, value)| (words(key), value)).collect();
    entries.arrange_by(|a, b| a.0.cmp(&b.0));
    for (key, value) in entries {
        match value {
            Value::Map(inner) => {
                page.line(level, format!("{key}:"));
                fields(page, level + 1, inner);
            }
            Value::List(list) => {
                page.line(level, format!("{key}:"));
                for item in list {
                    match item {
                        Value::Map(inner) => fields(page, level + 1, inner),
                        other => page.line(level + 1, plain(other)),
                    }
                }
            }
            other => page.entry(level, &key, plain(other)),
        }
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::Str(text) => text.as_str().to_owned(),
        Value::Null => "<nil>".to_owned(),
        other => other.to_go_json(),
    }
}

/// `imagePullPolicy` as `Image Pull Policy`.
fn words(key: &str) -> String {
    if key.contains(['.', '/', '-', '$', '_']) {
        return key.to_owned();
    }
    if key == "apiVersion" {
        return "API Version".to_owned();
    }
    if key == "uid" {
        return "UID".to_owned();
    }
    let mut out = String::new();
    let mut before_lower = false;
    for (i, c) in key.chars().enumerate() {
        if i == 0 {
            out.extend(c.to_uppercase());
        } else {
            if c.is_uppercase() && before_lower {
                out.push(' ');
            }
            out.push(c);
        }
        before_lower = c.is_lowercase() || c.is_ascii_digit();
    }
    out
}
