//! Claims, volumes, classes. `pkg/apis/core/validation/validation.go`, `pkg/apis/storage/validation/validation.go`

use super::report::{Path, Report};
use super::{affinity, meta, names};
use crate::api::{Kind, Value};
use crate::manifest::quantity;

const MODES: [&str; 4] = [
    "ReadOnlyMany",
    "ReadWriteMany",
    "ReadWriteOnce",
    "ReadWriteOncePod",
];
const VOLUME_MODES: [&str; 2] = ["Block", "Filesystem"];

/// A new claim.
pub fn claim(report: &mut Report, tree: &Value) {
    meta::object(report, Kind::PersistentVolumeClaim, tree);
    let none = Value::Null;
    claim_spec(
        report,
        &Path::new("spec"),
        tree.get("spec").unwrap_or(&none),
    );
    let path = Path::new("spec.resources.requests");
    let requests = tree.map_at(&["spec", "resources", "requests"]);
    super::container::fractions(report, &path, &requests);
}

/// `ValidatePersistentVolumeClaimSpec`
pub fn claim_spec(report: &mut Report, path: &Path, spec: &Value) {
    if spec.items_at(&["accessModes"]).is_empty() {
        let detail = "at least 1 access mode is required";
        report.required(&path.key("accessModes"), detail);
    }
    if let Some(selector) = spec.get("selector") {
        meta::selector(report, &path.key("selector"), selector);
    }
    modes(report, &path.key("accessModes"), spec);
    let storage = path.key("resources").entry("storage");
    match spec.str_at(&["resources", "requests", "storage"]) {
        None => report.required(&storage, ""),
        Some(amount) => positive(report, &storage, amount),
    }
    let class = spec.str_at(&["storageClassName"]).unwrap_or_default();
    if !class.is_empty() {
        report.invalid_each(
            &path.key("storageClassName"),
            class,
            names::subdomain(class),
        );
    }
    report.one_of(
        &path.key("volumeMode"),
        spec.str_at(&["volumeMode"]),
        &VOLUME_MODES,
    );
}

fn modes(report: &mut Report, path: &Path, spec: &Value) {
    let modes = spec.items_at(&["accessModes"]);
    for mode in modes {
        report.one_of(path, Some(mode.as_str().unwrap_or_default()), &MODES);
    }
    let single = modes.iter().any(|m| m.as_str() == Some("ReadWriteOncePod"));
    if single && modes.len() > 1 {
        report.forbidden(path, "may not use ReadWriteOncePod with other access modes");
    }
}

fn positive(report: &mut Report, path: &Path, amount: &str) {
    if quantity::nanos(amount).is_some_and(|nanos| nanos <= 0) {
        report.invalid(path, amount, "must be greater than zero");
    }
}

/// The fields of a volume's spec that are not its source.
pub const NOT_SOURCES: [&str; 9] = [
    "accessModes",
    "capacity",
    "claimRef",
    "mountOptions",
    "nodeAffinity",
    "persistentVolumeReclaimPolicy",
    "storageClassName",
    "volumeAttributesClassName",
    "volumeMode",
];

/// A new volume.
pub fn volume(report: &mut Report, tree: &Value) {
    meta::object(report, Kind::PersistentVolume, tree);
    let none = Value::Null;
    volume_spec(report, tree.get("spec").unwrap_or(&none));
}

/// `ValidatePersistentVolumeSpec`
pub fn volume_spec(report: &mut Report, spec: &Value) {
    let path = Path::new("spec");
    if spec.items_at(&["accessModes"]).is_empty() {
        report.required(&path.key("accessModes"), "");
    }
    modes(report, &path.key("accessModes"), spec);
    capacity(report, &path.key("capacity"), spec);
    let policy = spec
        .str_at(&["persistentVolumeReclaimPolicy"])
        .filter(|p| !p.is_empty());
    report.one_of(
        &path.key("persistentVolumeReclaimPolicy"),
        policy,
        &["Delete", "Recycle", "Retain"],
    );
    if let Some(required) = spec.at(&["nodeAffinity", "required"]) {
        let path = path.key("nodeAffinity").key("required");
        affinity::node_selector(report, &path, required);
    }
    volume_source(report, &path, spec);
    if policy == Some("Recycle") {
        report.warn(
            "spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning."
                .to_owned(),
        );
    }
    if spec.str_at(&["hostPath", "path"]) == Some("/") && policy == Some("Recycle") {
        let detail = "may not be 'recycle' for a hostPath mount of '/'";
        report.forbidden(&path.key("persistentVolumeReclaimPolicy"), detail);
    }
    let class = spec.str_at(&["storageClassName"]).unwrap_or_default();
    if !class.is_empty() {
        report.invalid_each(
            &path.key("storageClassName"),
            class,
            names::subdomain(class),
        );
    }
    report.one_of(
        &path.key("volumeMode"),
        spec.str_at(&["volumeMode"]),
        &VOLUME_MODES,
    );
}

fn capacity(report: &mut Report, path: &Path, spec: &Value) {
    let capacity = spec.map_at(&["capacity"]);
    if capacity.is_empty() {
        report.required(path, "");
    }
    let storage = capacity.get_str("storage");
    if storage.is_none() || capacity.len() > 1 {
        let shown = if capacity.is_empty() {
            Value::Null
        } else {
            Value::Map(capacity.clone())
        };
        report.unsupported(path, shown, &["storage"]);
    }
    for (name, amount) in capacity.texts() {
        positive(report, &path.entry(name), amount);
    }
}

fn volume_source(report: &mut Report, path: &Path, spec: &Value) {
    let sources = spec.map_at(&[]);
    let mut found = 0;
    for (key, source) in sources.iter() {
        if NOT_SOURCES.contains(&key.as_str()) || source.is_null() {
            continue;
        }
        found += 1;
        let path = path.key(key);
        if found > 1 {
            report.forbidden(&path, "may not specify more than 1 volume type");
            continue;
        }
        match key.as_str() {
            "hostPath" => host_path(report, &path, source),
            "nfs" => nfs(report, &path, source),
            "local" => {
                if source.str_at(&["path"]).unwrap_or_default().is_empty() {
                    report.required(&path.key("path"), "");
                }
                if spec.at(&["nodeAffinity", "required"]).is_none() {
                    let path = Path::new("spec.nodeAffinity");
                    report.required(&path, "Local volume requires node affinity");
                }
            }
            _ => {}
        }
    }
    if found == 0 {
        report.required(path, "must specify a volume type");
    }
}

/// A folder of the node.
pub fn host_path(report: &mut Report, path: &Path, source: &Value) {
    let target = source.str_at(&["path"]).unwrap_or_default();
    if target.is_empty() {
        report.required(&path.key("path"), "");
        return;
    }
    if target.split('/').any(|part| part == "..") {
        report.invalid(&path.key("path"), target, "must not contain '..'");
    }
    report.one_of(
        &path.key("type"),
        source.str_at(&["type"]),
        &[
            "",
            "BlockDevice",
            "CharDevice",
            "Directory",
            "DirectoryOrCreate",
            "File",
            "FileOrCreate",
            "Socket",
        ],
    );
}

/// A share of an NFS server.
pub fn nfs(report: &mut Report, path: &Path, source: &Value) {
    let text = |key: &str| source.str_at(&[key]).unwrap_or_default();
    for key in ["server", "path"] {
        if text(key).is_empty() {
            report.required(&path.key(key), "");
        }
    }
    if !text("path").is_empty() && !text("path").starts_with('/') {
        report.invalid(&path.key("path"), text("path"), "must be an absolute path");
    }
}

/// A new class.
pub fn class(report: &mut Report, tree: &Value) {
    meta::object(report, Kind::StorageClass, tree);
    let provisioner = tree.str_at(&["provisioner"]).unwrap_or_default();
    let path = Path::new("provisioner");
    if provisioner.is_empty() {
        report.required(&path, "");
    } else {
        let wrong = names::qualified(&provisioner.to_lowercase());
        report.invalid_each(&path, &provisioner.to_lowercase(), wrong);
    }
    if tree.map_at(&["parameters"]).contains("") {
        report.invalid(&Path::new("parameters"), "", "field can not be empty.");
    }
    report.one_of(
        &Path::new("reclaimPolicy"),
        tree.str_at(&["reclaimPolicy"]),
        &["Delete", "Retain"],
    );
    report.one_of(
        &Path::new("volumeBindingMode"),
        tree.str_at(&["volumeBindingMode"]),
        &["Immediate", "WaitForFirstConsumer"],
    );
    for (t, term) in tree.items_at(&["allowedTopologies"]).iter().enumerate() {
        let path = Path::new("allowedTopologies").at(t);
        for (e, expression) in term.items_at(&["matchLabelExpressions"]).iter().enumerate() {
            let path = path.key("matchLabelExpressions").at(e);
            if expression.items_at(&["values"]).is_empty() {
                report.required(&path.key("values"), "");
            }
            let key = expression.str_at(&["key"]).unwrap_or_default();
            report.invalid_each(&path.key("key"), key, names::qualified(key));
        }
    }
}
