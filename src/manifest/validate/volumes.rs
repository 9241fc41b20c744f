//! Volumes of a pod spec. `pkg/apis/core/validation/validation.go`

use super::container::relative;
use super::report::{Path, Report};
use super::{names, storage};
use crate::api::Value;
use std::collections::BTreeSet;

/// Every volume: its source, then its name.
pub fn all(report: &mut Report, path: &Path, volumes: &[Value]) {
    let mut taken = BTreeSet::new();
    for (at, volume) in volumes.iter().enumerate() {
        let path = path.at(at);
        let before = report.causes.len();
        source(report, &path, volume);
        let name = volume.str_at(&["name"]).unwrap_or_default();
        let name_path = path.key("name");
        if name.is_empty() {
            report.required(&name_path, "");
        } else {
            report.invalid_each(&name_path, name, names::label(name));
        }
        if taken.contains(name) {
            report.duplicate(&name_path, name);
        }
        if report.causes.len() == before {
            taken.insert(name);
        }
    }
}

fn source(report: &mut Report, path: &Path, volume: &Value) {
    let Some(entries) = volume.as_map() else {
        return;
    };
    let mut found = 0;
    for (key, source) in entries.iter() {
        if key.as_str() == "name" || source.is_null() {
            continue;
        }
        let path = path.key(key);
        found += 1;
        if found > 1 {
            report.forbidden(&path, "may not specify more than 1 volume type");
            continue;
        }
        one(report, &path, key, source);
    }
    if found == 0 {
        report.required(path, "must specify a volume type");
    }
}

fn one(report: &mut Report, path: &Path, key: &str, source: &Value) {
    let text = |key: &str| source.str_at(&[key]).unwrap_or_default();
    match key {
        "persistentVolumeClaim" if text("claimName").is_empty() => {
            report.required(&path.key("claimName"), "");
        }
        "configMap" => {
            if text("name").is_empty() {
                report.required(&path.key("name"), "");
            }
            files(report, path, source);
        }
        "secret" => {
            if text("secretName").is_empty() {
                report.required(&path.key("secretName"), "");
            }
            files(report, path, source);
        }
        "hostPath" => storage::host_path(report, path, source),
        "nfs" => storage::nfs(report, path, source),
        _ => {}
    }
}

fn files(report: &mut Report, path: &Path, source: &Value) {
    if let Some(mode) = source
        .int_at(&["defaultMode"])
        .filter(|m| !(0..=0o777).contains(m))
    {
        let detail = "must be a number between 0 and 0777 (octal), both inclusive";
        report.invalid(&path.key("defaultMode"), mode, detail);
    }
    for (at, item) in source.items_at(&["items"]).iter().enumerate() {
        let path = path.key("items").at(at);
        if item.str_at(&["key"]).unwrap_or_default().is_empty() {
            report.required(&path.key("key"), "");
        }
        match item.str_at(&["path"]).unwrap_or_default() {
            "" => report.required(&path.key("path"), ""),
            target => relative(report, &path.key("path"), target),
        }
    }
}
