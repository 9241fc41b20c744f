//! `describe pod`

use super::page::{Page, date_at, text};
use super::{lasts, template};
use crate::api::{Object, Time, Value};

pub fn pod(page: &mut Page, pod: &Object, now: Time) {
    let tree = pod.tree();
    let status = |key: &str| text(tree, &["status", key]);
    page.entry(0, "Name", pod.name());
    page.entry(0, "Namespace", pod.namespace());
    if let Some(priority) = tree.int_at(&["spec", "priority"]) {
        page.entry(0, "Priority", priority.to_string());
    }
    let class = text(tree, &["spec", "priorityClassName"]);
    if !class.is_empty() {
        page.entry(0, "Priority Class Name", class);
    }
    page.entry(
        0,
        "Service Account",
        text(tree, &["spec", "serviceAccountName"]),
    );
    let node = text(tree, &["spec", "nodeName"]);
    if node.is_empty() {
        page.entry(0, "Node", "<none>");
    } else {
        page.entry(0, "Node", format!("{node}/{}", status("hostIP")));
    }
    if let Some(started) = date_at(tree, &["status", "startTime"]) {
        page.entry(0, "Start Time", started);
    }
    page.labels(0, "Labels", &pod.meta.labels);
    page.annotations(0, &pod.meta.annotations);
    let phase = status("phase");
    match lasts(pod, now).filter(|_| !matches!(phase.as_str(), "Succeeded" | "Failed")) {
        Some(lasts) => {
            page.entry(0, "Status", lasts);
            let grace = pod.meta.grace.unwrap_or(0) / 1000;
            page.entry(0, "Termination Grace Period", format!("{grace}s"));
        }
        None => page.entry(0, "Status", phase),
    }
    for (key, field) in [("Reason", "reason"), ("Message", "message")] {
        if !status(field).is_empty() {
            page.entry(0, key, status(field));
        }
    }
    page.entry(0, "IP", status("podIP"));
    let ips = tree.items_at(&["status", "podIPs"]);
    if ips.is_empty() {
        page.entry(0, "IPs", "<none>");
    } else {
        page.line(0, "IPs:");
        for ip in ips {
            page.entry(1, "IP", text(ip, &["ip"]));
        }
    }
    if let Some(owner) = pod.meta.controller() {
        page.entry(0, "Controlled By", format!("{}/{}", owner.kind, owner.name));
    }
    let spec = |key: &str| tree.items_at(&["spec", key]);
    let statuses = |key: &str| tree.items_at(&["status", key]);
    if !spec("initContainers").is_empty() {
        template::containers(
            page,
            "Init Containers",
            spec("initContainers"),
            statuses("initContainerStatuses"),
            false,
        );
    }
    template::containers(
        page,
        "Containers",
        spec("containers"),
        statuses("containerStatuses"),
        false,
    );
    gates(page, tree);
    conditions(page, tree);
    template::volumes(page, spec("volumes"), 0);
    if !status("qosClass").is_empty() {
        page.entry(0, "QoS Class", status("qosClass"));
    }
    page.labels(0, "Node-Selectors", &tree.map_at(&["spec", "nodeSelector"]));
    page.several(
        0,
        "Tolerations",
        &template::tolerations(spec("tolerations")),
    );
}

fn gates(page: &mut Page, tree: &Value) {
    let gates = tree.items_at(&["spec", "readinessGates"]);
    if gates.is_empty() {
        return;
    }
    page.line(0, "Readiness Gates:");
    page.line(0, "  Type\tStatus");
    for gate in gates {
        let kind = text(gate, &["conditionType"]);
        let all = tree.items_at(&["status", "conditions"]);
        let found = all
            .iter()
            .find(|c| c.str_at(&["type"]) == Some(kind.as_str()));
        let status = found.map_or_else(|| "<none>".to_owned(), |c| text(c, &["status"]));
        page.line(0, format!("  {kind}\t{status} "));
    }
}

fn conditions(page: &mut Page, tree: &Value) {
    let all = tree.items_at(&["status", "conditions"]);
    if all.is_empty() {
        return;
    }
    page.line(0, "Conditions:");
    page.line(0, "  Type\tStatus");
    for condition in all {
        page.line(
            0,
            format!(
                "  {} \t{} ",
                text(condition, &["type"]),
                text(condition, &["status"])
            ),
        );
    }
}
