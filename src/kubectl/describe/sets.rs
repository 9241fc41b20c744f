//! `describe` of StatefulSets, Deployments, ReplicaSets and PodDisruptionBudgets.

use super::page::{Page, date, number, text};
use super::template;
use crate::api::{Kind, Object, Phase, Selector, Value};
use crate::kubectl::print::cells::int_or_text;
use crate::sim::World;

fn selector(tree: &Value) -> String {
    let selector = tree.at(&["spec", "selector"]).unwrap_or(&Value::Null);
    match Selector::from_label_selector(selector).to_string() {
        text if text.is_empty() => "<none>".to_owned(),
        text => text,
    }
}

/// `3 Running / 0 Waiting / 0 Succeeded / 0 Failed`
fn pods_status(world: &World, owner: &Object) -> String {
    let pods = world
        .store()
        .owned(Kind::Pod, owner.namespace(), &owner.meta.uid);
    let count = |phase: Phase| {
        pods.iter()
            .filter(|pod| pod.pod().is_some_and(|view| view.phase == phase))
            .count()
    };
    format!(
        "{} Running / {} Waiting / {} Succeeded / {} Failed",
        count(Phase::Running),
        count(Phase::Pending),
        count(Phase::Succeeded),
        count(Phase::Failed)
    )
}

pub fn stateful_set(page: &mut Page, world: &World, set: &Object) {
    let tree = set.tree();
    page.entry(0, "Name", set.name());
    page.entry(0, "Namespace", set.namespace());
    page.entry(0, "CreationTimestamp", date(set.meta.created));
    page.entry(0, "Selector", selector(tree));
    page.labels(0, "Labels", &set.meta.labels);
    page.annotations(0, &set.meta.annotations);
    page.entry(
        0,
        "Replicas",
        format!(
            "{} desired | {} total",
            number(tree, &["spec", "replicas"]),
            number(tree, &["status", "replicas"])
        ),
    );
    page.entry(
        0,
        "Update Strategy",
        text(tree, &["spec", "updateStrategy", "type"]),
    );
    if let Some(rolling) = tree.at(&["spec", "updateStrategy", "rollingUpdate"])
        && let Some(partition) = rolling.int_at(&["partition"])
    {
        page.entry(1, "Partition", partition.to_string());
        if let Some(most) = rolling.get("maxUnavailable") {
            page.entry(1, "MaxUnavailable", int_or_text(Some(most), ""));
        }
    }
    page.entry(0, "Pods Status", pods_status(world, set));
    template::write(page, tree.at(&["spec", "template"]).unwrap_or(&Value::Null));
    claims(page, tree.items_at(&["spec", "volumeClaimTemplates"]));
}

fn claims(page: &mut Page, all: &[Value]) {
    if all.is_empty() {
        page.entry(0, "Volume Claims", "<none>");
        return;
    }
    page.line(0, "Volume Claims:");
    for claim in all {
        page.entry(1, "Name", text(claim, &["metadata", "name"]));
        page.entry(
            1,
            "StorageClass",
            text(claim, &["spec", "storageClassName"]),
        );
        page.labels(1, "Labels", &claim.map_at(&["metadata", "labels"]));
        let annotations: Vec<String> = claim
            .map_at(&["metadata", "annotations"])
            .texts()
            .map(|(key, value)| format!("{key}={value}"))
            .collect();
        page.several(1, "Annotations", &annotations);
        let capacity = text(claim, &["spec", "resources", "requests", "storage"]);
        page.entry(
            1,
            "Capacity",
            if capacity.is_empty() {
                "<default>"
            } else {
                &capacity
            },
        );
        let modes: Vec<&str> = claim
            .items_at(&["spec", "accessModes"])
            .iter()
            .filter_map(Value::as_str)
            .collect();
        page.entry(1, "Access Modes", format!("[{}]", modes.join(" ")));
    }
}

pub fn deployment(page: &mut Page, world: &World, deployment: &Object) {
    let tree = deployment.tree();
    let status = |key: &str| number(tree, &["status", key]);
    page.entry(0, "Name", deployment.name());
    page.entry(0, "Namespace", deployment.namespace());
    page.entry(0, "CreationTimestamp", date(deployment.meta.created));
    page.labels(0, "Labels", &deployment.meta.labels);
    page.annotations(0, &deployment.meta.annotations);
    page.entry(0, "Selector", selector(tree));
    page.entry(
        0,
        "Replicas",
        format!(
            "{} desired | {} updated | {} total | {} available | {} unavailable",
            number(tree, &["spec", "replicas"]),
            status("updatedReplicas"),
            status("replicas"),
            status("availableReplicas"),
            status("unavailableReplicas")
        ),
    );
    page.entry(0, "StrategyType", text(tree, &["spec", "strategy", "type"]));
    page.entry(
        0,
        "MinReadySeconds",
        number(tree, &["spec", "minReadySeconds"]).to_string(),
    );
    if let Some(rolling) = tree.at(&["spec", "strategy", "rollingUpdate"]) {
        page.entry(
            0,
            "RollingUpdateStrategy",
            format!(
                "{} max unavailable, {} max surge",
                int_or_text(rolling.get("maxUnavailable"), "0"),
                int_or_text(rolling.get("maxSurge"), "0")
            ),
        );
    }
    template::write(page, tree.at(&["spec", "template"]).unwrap_or(&Value::Null));
    let conditions = tree.items_at(&["status", "conditions"]);
    if !conditions.is_empty() {
        page.line(0, "Conditions:");
        page.line(0, "  Type\tStatus\tReason");
        page.line(0, "  ----\t------\t------");
        for condition in conditions {
            page.line(
                0,
                format!(
                    "  {} \t{}\t{}",
                    text(condition, &["type"]),
                    text(condition, &["status"]),
                    text(condition, &["reason"])
                ),
            );
        }
    }
    replica_sets(page, world, deployment);
}

fn replica_sets(page: &mut Page, world: &World, deployment: &Object) {
    let all = world.store().owned(
        Kind::ReplicaSet,
        deployment.namespace(),
        &deployment.meta.uid,
    );
    let revision = |set: &Object| {
        set.meta
            .annotation("deployment.kubernetes.io/revision")
            .map(str::to_owned)
    };
    let current = revision(deployment);
    let text = |set: &Object| {
        let tree = set.tree();
        format!(
            "{} ({}/{} replicas created)",
            set.name(),
            number(tree, &["status", "replicas"]),
            number(tree, &["spec", "replicas"])
        )
    };
    let (new, old): (Vec<_>, Vec<_>) = all.iter().partition(|set| revision(set) == current);
    let list = |sets: &[&std::sync::Arc<Object>]| {
        let texts: Vec<String> = sets.iter().map(|set| text(set)).collect();
        if texts.is_empty() {
            "<none>".to_owned()
        } else {
            texts.join(", ")
        }
    };
    page.entry(0, "OldReplicaSets", list(&old));
    page.entry(0, "NewReplicaSet", list(&new));
}

pub fn replica_set(page: &mut Page, world: &World, set: &Object) {
    let tree = set.tree();
    page.entry(0, "Name", set.name());
    page.entry(0, "Namespace", set.namespace());
    page.entry(0, "Selector", selector(tree));
    page.labels(0, "Labels", &set.meta.labels);
    page.annotations(0, &set.meta.annotations);
    if let Some(owner) = set.meta.controller() {
        page.entry(0, "Controlled By", format!("{}/{}", owner.kind, owner.name));
    }
    page.entry(
        0,
        "Replicas",
        format!(
            "{} current / {} desired",
            number(tree, &["status", "replicas"]),
            number(tree, &["spec", "replicas"])
        ),
    );
    page.entry(0, "Pods Status", pods_status(world, set));
    template::write(page, tree.at(&["spec", "template"]).unwrap_or(&Value::Null));
}

pub fn budget(page: &mut Page, budget: &Object) {
    let tree = budget.tree();
    page.entry(0, "Name", budget.name());
    page.entry(0, "Namespace", budget.namespace());
    for (key, field) in [
        ("Min available", "minAvailable"),
        ("Max unavailable", "maxUnavailable"),
    ] {
        if let Some(value) = tree.at(&["spec", field]) {
            page.entry(0, key, int_or_text(Some(value), ""));
        }
    }
    page.entry(0, "Selector", selector(tree));
    page.line(0, "Status:");
    for (key, field) in [
        ("Allowed disruptions", "disruptionsAllowed"),
        ("Current", "currentHealthy"),
        ("Desired", "desiredHealthy"),
        ("Total", "expectedPods"),
    ] {
        page.entry(2, key, number(tree, &["status", field]).to_string());
    }
}
