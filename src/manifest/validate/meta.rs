//! Metadata, labels and selectors. `apimachinery/pkg/api/validation/objectmeta.go`,
//! `apimachinery/pkg/apis/meta/v1/validation/validation.go`

use super::names;
use super::report::{Path, Report};
use crate::api::{Kind, Map, Selector, Value};

/// What an object's name must be.
fn name_faults(kind: Kind, name: &str) -> Vec<String> {
    match kind {
        Kind::Service | Kind::StatefulSet | Kind::Namespace => names::label(name),
        _ => names::subdomain(name),
    }
}

/// The metadata of a new object.
pub fn object(report: &mut Report, kind: Kind, tree: &Value) {
    let path = Path::new("metadata");
    let text = |key: &str| tree.str_at(&["metadata", key]).unwrap_or_default();
    let (name, prefix) = (text("name"), text("generateName"));
    if !prefix.is_empty() {
        // A dash at the end is fine, as letters follow.
        let masked = match prefix.strip_suffix('-') {
            Some(start) if prefix.len() > 1 => format!("{start}a"),
            _ => prefix.to_owned(),
        };
        report.invalid_each(
            &path.key("generateName"),
            prefix,
            name_faults(kind, &masked),
        );
    }
    if name.is_empty() {
        report.required(&path.key("name"), "name or generateName is required");
    } else {
        report.invalid_each(&path.key("name"), name, name_faults(kind, name));
    }
    let meta = tree.get("metadata").unwrap_or(&Value::Null);
    labels(report, &path.key("labels"), &meta.map_at(&["labels"]));
    annotations(
        report,
        &path.key("annotations"),
        &meta.map_at(&["annotations"]),
    );
    owners(report, &path, meta);
    finalizers(report, &path, meta);
}

/// The metadata of a changed object.
pub fn update(report: &mut Report, tree: &Value) {
    let path = Path::new("metadata");
    let none = Value::Null;
    let meta = tree.get("metadata").unwrap_or(&none);
    labels(report, &path.key("labels"), &meta.map_at(&["labels"]));
    annotations(
        report,
        &path.key("annotations"),
        &meta.map_at(&["annotations"]),
    );
    finalizers(report, &path, meta);
}

/// Owners; their paths are told without an index.
fn owners(report: &mut Report, path: &Path, meta: &Value) {
    let path = path.key("ownerReferences");
    for owner in meta.items_at(&["ownerReferences"]) {
        for key in ["apiVersion", "kind", "name", "uid"] {
            if !owner.str_at(&[key]).unwrap_or_default().is_empty() {
                continue;
            }
            let detail = match key {
                "apiVersion" => "version must not be empty",
                _ => "must not be empty",
            };
            report.invalid(&path.key(key), "", detail);
        }
    }
}

fn finalizers(report: &mut Report, path: &Path, meta: &Value) {
    const STANDARD: [&str; 3] = ["kubernetes", "orphan", "foregroundDeletion"];
    for (at, finalizer) in meta.items_at(&["finalizers"]).iter().enumerate() {
        let name = finalizer.as_str().unwrap_or_default();
        let path = path.key("finalizers").at(at);
        report.invalid_each(&path, name, names::qualified(name));
        if !name.contains('/') && !STANDARD.contains(&name) {
            let detail = "name is neither a standard finalizer name nor is it fully qualified";
            report.invalid(&path, name, detail);
        }
    }
}

/// Keys and values of labels.
pub fn labels(report: &mut Report, path: &Path, labels: &Map) {
    for (key, value) in labels.texts() {
        report.invalid_each(path, key, names::qualified(key));
        report.invalid_each(path, value, names::label_value(value));
    }
}

/// Keys of annotations, and their size altogether.
pub fn annotations(report: &mut Report, path: &Path, annotations: &Map) {
    const MOST: usize = 256 * 1024;
    let mut size = 0;
    for (key, value) in annotations.texts() {
        report.invalid_each(path, key, names::qualified(&key.to_lowercase()));
        size += key.len() + value.len();
    }
    if size > MOST {
        report.causes.push(crate::api::Cause {
            field: path.to_string(),
            message: format!("Too long: may not be more than {MOST} bytes"),
        });
    }
}

/// A label selector. Answers whether it can be used.
pub fn selector(report: &mut Report, path: &Path, selector: &Value) -> bool {
    let before = report.causes.len();
    labels(
        report,
        &path.key("matchLabels"),
        &selector.map_at(&["matchLabels"]),
    );
    for (at, expression) in selector.items_at(&["matchExpressions"]).iter().enumerate() {
        let path = path.key("matchExpressions").at(at);
        let values = expression.items_at(&["values"]);
        let operator = expression.str_at(&["operator"]).unwrap_or_default();
        match operator {
            "In" | "NotIn" if values.is_empty() => report.required(
                &path.key("values"),
                "must be specified when `operator` is 'In' or 'NotIn'",
            ),
            "Exists" | "DoesNotExist" if !values.is_empty() => report.forbidden(
                &path.key("values"),
                "may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
            ),
            "In" | "NotIn" | "Exists" | "DoesNotExist" => {}
            _ => report.invalid(
                &path.key("operator"),
                operator,
                "not a valid selector operator",
            ),
        }
        let key = expression.str_at(&["key"]).unwrap_or_default();
        report.invalid_each(&path.key("key"), key, names::qualified(key));
        for (at, value) in values.iter().enumerate() {
            let value = value.as_str().unwrap_or_default();
            report.invalid_each(&path.key("values").at(at), value, names::label_value(value));
        }
    }
    report.causes.len() == before
}

/// The selector of a workload: required, not empty, usable, and one that the template's labels match.
/// Answers whether the template is worth a look.
pub fn workload_selector(report: &mut Report, spec: &Value, what: &str) -> bool {
    let path = Path::new("spec.selector");
    let tree = spec.get("selector").filter(|tree| !tree.is_null());
    let Some(tree) = tree else {
        report.required(&path, "");
        return true;
    };
    let usable = selector(report, &path, tree);
    let parts = ["matchLabels", "matchExpressions"];
    let empty = tree.map_at(&["matchLabels"]).is_empty() && tree.items_at(&parts[1..]).is_empty();
    if empty {
        let detail = format!("empty selector is invalid for {what}");
        report.invalid(&path, Value::empty_map(), &detail);
    }
    if !usable {
        report.invalid(&path, tree.clone(), "");
    }
    usable
}

/// The template's labels must be among those that the selector chooses.
pub fn template_labels(report: &mut Report, spec: &Value) {
    let labels = spec.map_at(&["template", "metadata", "labels"]);
    let selector = spec.get("selector").filter(|tree| !tree.is_null());
    // No selector chooses nothing; an empty one is told elsewhere.
    let chosen = match selector {
        None => false,
        Some(tree) => {
            let selector = Selector::from_label_selector(tree);
            selector.is_empty() || selector.matches(&labels)
        }
    };
    if !chosen {
        let shown = if labels.is_empty() {
            Value::Null
        } else {
            Value::Map(labels)
        };
        report.invalid(
            &Path::new("spec.template.metadata.labels"),
            shown,
            "`selector` does not match template `labels`",
        );
    }
}
