//! `describe` of PersistentVolumeClaims, PersistentVolumes and StorageClasses.

use super::lasts;
use super::page::{Page, text};
use crate::api::{Kind, Object, Time, Value};
use crate::kubectl::print::cells::storage::{access_modes, class_name};
use crate::sim::World;

fn finalizers(object: &Object) -> String {
    let names: Vec<&str> = object.meta.finalizers.iter().map(|f| f.as_str()).collect();
    format!("[{}]", names.join(" "))
}

fn status(object: &Object, now: Time) -> String {
    lasts(object, now).unwrap_or_else(|| text(object.tree(), &["status", "phase"]))
}

pub fn claim(page: &mut Page, world: &World, claim: &Object, now: Time) {
    let tree = claim.tree();
    page.entry(0, "Name", claim.name());
    page.entry(0, "Namespace", claim.namespace());
    page.entry(0, "StorageClass", class_name(claim));
    page.entry(0, "Status", status(claim, now));
    page.entry(0, "Volume", text(tree, &["spec", "volumeName"]));
    page.labels(0, "Labels", &claim.meta.labels);
    page.annotations(0, &claim.meta.annotations);
    page.entry(0, "Finalizers", finalizers(claim));
    let bound = !text(tree, &["spec", "volumeName"]).is_empty();
    let capacity = if bound {
        text(tree, &["status", "capacity", "storage"])
    } else {
        String::new()
    };
    page.entry(0, "Capacity", capacity);
    let modes = if bound {
        access_modes(tree.items_at(&["status", "accessModes"]))
    } else {
        String::new()
    };
    page.entry(0, "Access Modes", modes);
    page.entry(0, "VolumeMode", text(tree, &["spec", "volumeMode"]));
    let users: Vec<String> = world
        .store()
        .list(Kind::Pod, claim.namespace())
        .filter(|pod| {
            pod.pod()
                .is_some_and(|view| view.claims.iter().any(|(_, name)| name == claim.name()))
        })
        .map(|pod| pod.name().to_string())
        .collect();
    page.several(0, "Used By", &users);
    let conditions = tree.items_at(&["status", "conditions"]);
    if !conditions.is_empty() {
        page.line(0, "Conditions:");
        page.line(
            0,
            "  Type\tStatus\tLastProbeTime\tLastTransitionTime\tReason\tMessage",
        );
        page.line(
            0,
            "  ----\t------\t-----------------\t------------------\t------\t-------",
        );
        for condition in conditions {
            let date = |key: &str| super::page::date_at(condition, &[key]).unwrap_or_default();
            page.line(
                0,
                format!(
                    "  {} \t{} \t{} \t{} \t{} \t{}",
                    text(condition, &["type"]),
                    text(condition, &["status"]),
                    date("lastProbeTime"),
                    date("lastTransitionTime"),
                    text(condition, &["reason"]),
                    text(condition, &["message"])
                ),
            );
        }
    }
}

pub fn volume(page: &mut Page, volume: &Object, now: Time) {
    let tree = volume.tree();
    page.entry(0, "Name", volume.name());
    page.labels(0, "Labels", &volume.meta.labels);
    page.annotations(0, &volume.meta.annotations);
    page.entry(0, "Finalizers", finalizers(volume));
    page.entry(0, "StorageClass", class_name(volume));
    page.entry(0, "Status", status(volume, now));
    let claim = tree
        .at(&["spec", "claimRef"])
        .map_or_else(String::new, |claim| {
            format!("{}/{}", text(claim, &["namespace"]), text(claim, &["name"]))
        });
    page.entry(0, "Claim", claim);
    page.entry(
        0,
        "Reclaim Policy",
        text(tree, &["spec", "persistentVolumeReclaimPolicy"]),
    );
    page.entry(
        0,
        "Access Modes",
        access_modes(tree.items_at(&["spec", "accessModes"])),
    );
    page.entry(0, "VolumeMode", text(tree, &["spec", "volumeMode"]));
    page.entry(0, "Capacity", text(tree, &["spec", "capacity", "storage"]));
    affinity(page, tree);
    page.entry(0, "Message", text(tree, &["status", "message"]));
    page.line(0, "Source:");
    source(page, tree);
}

fn affinity(page: &mut Page, tree: &Value) {
    let terms = tree.items_at(&["spec", "nodeAffinity", "required", "nodeSelectorTerms"]);
    if terms.is_empty() {
        let none = tree.at(&["spec", "nodeAffinity"]).is_none();
        page.line(
            0,
            if none {
                "Node Affinity:\t<none>"
            } else {
                "Node Affinity:\t"
            },
        );
        return;
    }
    page.line(0, "Node Affinity:\t");
    page.line(1, "Required Terms:\t");
    for (i, term) in terms.iter().enumerate() {
        let requirements: Vec<String> = term
            .items_at(&["matchExpressions"])
            .iter()
            .map(|e| {
                let values: Vec<&str> = e
                    .items_at(&["values"])
                    .iter()
                    .filter_map(Value::as_str)
                    .collect();
                format!(
                    "{} {} [{}]",
                    text(e, &["key"]),
                    text(e, &["operator"]).to_ascii_lowercase(),
                    values.join(", ")
                )
            })
            .collect();
        page.several(2, &format!("Term {i}"), &requirements);
    }
}

fn source(page: &mut Page, tree: &Value) {
    if let Some(host) = tree.at(&["spec", "hostPath"]) {
        page.entry(2, "Type", "HostPath (bare host directory volume)");
        page.entry(2, "Path", text(host, &["path"]));
        page.entry(2, "HostPathType", text(host, &["type"]));
    } else if let Some(local) = tree.at(&["spec", "local"]) {
        page.entry(
            2,
            "Type",
            "LocalVolume (a persistent volume backed by local storage on a node)",
        );
        page.entry(2, "Path", text(local, &["path"]));
    } else if let Some(csi) = tree.at(&["spec", "csi"]) {
        page.entry(
            2,
            "Type",
            "CSI (a Container Storage Interface (CSI) volume source)",
        );
        page.entry(2, "Driver", text(csi, &["driver"]));
        page.entry(2, "VolumeHandle", text(csi, &["volumeHandle"]));
    } else if let Some(nfs) = tree.at(&["spec", "nfs"]) {
        page.entry(
            2,
            "Type",
            "NFS (an NFS mount that lasts the lifetime of a pod)",
        );
        page.entry(2, "Server", text(nfs, &["server"]));
        page.entry(2, "Path", text(nfs, &["path"]));
    } else {
        page.line(2, "<unknown>");
    }
}

pub fn class(page: &mut Page, class: &Object) {
    let tree = class.tree();
    let or_unset = |value: String| {
        if value.is_empty() {
            "<unset>".to_owned()
        } else {
            value
        }
    };
    page.entry(0, "Name", class.name());
    let default = class
        .meta
        .annotation("storageclass.kubernetes.io/is-default-class")
        == Some("true");
    page.entry(0, "IsDefaultClass", if default { "Yes" } else { "No" });
    let annotations: Vec<String> = class
        .meta
        .annotations
        .texts()
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    page.entry(
        0,
        "Annotations",
        if annotations.is_empty() {
            "<none>".to_owned()
        } else {
            annotations.join(",")
        },
    );
    page.entry(0, "Provisioner", text(tree, &["provisioner"]));
    let parameters: Vec<String> = tree
        .map_at(&["parameters"])
        .texts()
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    page.entry(
        0,
        "Parameters",
        if parameters.is_empty() {
            "<none>".to_owned()
        } else {
            parameters.join(",")
        },
    );
    page.entry(
        0,
        "AllowVolumeExpansion",
        match tree.get("allowVolumeExpansion").and_then(Value::as_bool) {
            Some(true) => "True",
            Some(false) => "False",
            None => "<unset>",
        },
    );
    let options: Vec<&str> = tree
        .items_at(&["mountOptions"])
        .iter()
        .filter_map(Value::as_str)
        .collect();
    if options.is_empty() {
        page.line(0, "MountOptions:\t<none>");
    } else {
        page.line(0, "MountOptions:");
        for option in options {
            page.line(1, option);
        }
    }
    page.entry(0, "ReclaimPolicy", or_unset(text(tree, &["reclaimPolicy"])));
    page.entry(
        0,
        "VolumeBindingMode",
        or_unset(text(tree, &["volumeBindingMode"])),
    );
}

/// A Secret: how long its values are, not what they are.
pub fn secret(page: &mut Page, secret: &Object) {
    page.entry(0, "Name", secret.name());
    page.entry(0, "Namespace", secret.namespace());
    page.labels(0, "Labels", &secret.meta.labels);
    page.annotations(0, &secret.meta.annotations);
    page.line(0, "");
    page.entry(0, "Type", text(secret.tree(), &["type"]));
    page.line(0, "");
    page.line(0, "Data");
    page.line(0, "====");
    for (key, value) in secret.tree().map_at(&["data"]).texts() {
        let padding = value.bytes().rev().take_while(|byte| *byte == b'=').count();
        let bytes = (value.len() / 4 * 3).saturating_sub(padding);
        page.entry(0, key, format!("{bytes} bytes"));
    }
}

/// A ResourceQuota: what is used of what it allows.
pub fn quota(page: &mut Page, quota: &Object) {
    page.entry(0, "Name", quota.name());
    page.entry(0, "Namespace", quota.namespace());
    page.line(0, "Resource\tUsed\tHard");
    page.line(0, "--------\t----\t----");
    used(page, 0, quota);
}

/// A line for each resource that a quota limits.
pub fn used(page: &mut Page, level: usize, quota: &Object) {
    let used = quota.tree().map_at(&["status", "used"]);
    for (name, hard) in quota.tree().map_at(&["status", "hard"]).texts() {
        let used = used.get_str(name).unwrap_or("0");
        page.line(level, format!("{name}\t{used}\t{hard}"));
    }
}
