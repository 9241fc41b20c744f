//! PersistentVolumeClaims, PersistentVolumes, StorageClasses.

use super::{age, text};
use crate::api::{Object, Time, Value};

const DEFAULT_CLASS: [&str; 2] = [
    "storageclass.kubernetes.io/is-default-class",
    "storageclass.beta.kubernetes.io/is-default-class",
];

pub(crate) fn claim(claim: &Object, now: Time) -> Vec<String> {
    let tree = claim.tree();
    let volume = text(tree, &["spec", "volumeName"]);
    let bound = !volume.is_empty();
    vec![
        claim.name().to_string(),
        status(claim),
        volume,
        // Between the two steps of binding the volume is known and its size is not: recording 20.
        match tree.str_at(&["status", "capacity", "storage"]) {
            Some(size) => size.to_owned(),
            None if bound => "0".to_owned(),
            None => String::new(),
        },
        access_modes(tree.items_at(&["status", "accessModes"])),
        class_name(claim),
        attributes_class(tree),
        age(claim, now),
        text(tree, &["spec", "volumeMode"]),
    ]
}

pub(crate) fn volume(volume: &Object, now: Time) -> Vec<String> {
    let tree = volume.tree();
    let claim = tree
        .at(&["spec", "claimRef"])
        .map_or_else(String::new, |claim| {
            format!("{}/{}", text(claim, &["namespace"]), text(claim, &["name"]))
        });
    vec![
        volume.name().to_string(),
        text(tree, &["spec", "capacity", "storage"]),
        access_modes(tree.items_at(&["spec", "accessModes"])),
        text(tree, &["spec", "persistentVolumeReclaimPolicy"]),
        status(volume),
        claim,
        class_name(volume),
        attributes_class(tree),
        text(tree, &["status", "reason"]),
        age(volume, now),
        text(tree, &["spec", "volumeMode"]),
    ]
}

pub(crate) fn class(class: &Object, now: Time) -> Vec<String> {
    let tree = class.tree();
    let default = DEFAULT_CLASS
        .iter()
        .any(|key| class.meta.annotation(key) == Some("true"));
    let expands = tree.get("allowVolumeExpansion").and_then(Value::as_bool) == Some(true);
    let or = |key: &str, absent: &str| tree.str_at(&[key]).unwrap_or(absent).to_owned();
    vec![
        format!(
            "{}{}",
            class.name(),
            if default { " (default)" } else { "" }
        ),
        text(tree, &["provisioner"]),
        or("reclaimPolicy", "Delete"),
        or("volumeBindingMode", "Immediate"),
        expands.to_string(),
        age(class, now),
    ]
}

fn status(object: &Object) -> String {
    if object.meta.terminating() {
        "Terminating".to_owned()
    } else {
        text(object.tree(), &["status", "phase"])
    }
}

/// The class of a claim or volume: the old annotation, else the field.
#[must_use]
pub fn class_name(object: &Object) -> String {
    match object
        .meta
        .annotation("volume.beta.kubernetes.io/storage-class")
    {
        Some(class) => class.to_owned(),
        None => text(object.tree(), &["spec", "storageClassName"]),
    }
}

fn attributes_class(tree: &Value) -> String {
    match tree.str_at(&["spec", "volumeAttributesClassName"]) {
        Some(name) if !name.is_empty() => name.to_owned(),
        _ => "<unset>".to_owned(),
    }
}

/// `RWO,ROX`, in Kubernetes' fixed order.
#[must_use]
pub fn access_modes(modes: &[Value]) -> String {
    let all = [
        ("ReadWriteOnce", "RWO"),
        ("ReadOnlyMany", "ROX"),
        ("ReadWriteMany", "RWX"),
        ("ReadWriteOncePod", "RWOP"),
    ];
    let short: Vec<&str> = all
        .iter()
        .filter(|(long, _)| modes.iter().any(|mode| mode.as_str() == Some(long)))
        .map(|(_, short)| *short)
        .collect();
    short.join(",")
}
