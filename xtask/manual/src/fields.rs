//! The API's types with their descriptions, as the cluster's OpenAPI documents have them.
//!
//! A type is a line `=`, its name without `io.k8s.`, its API version if objects of it are a resource's, the
//! word for it if it is no struct (`string`), the names of its required fields, its description. The lines after it are its fields in name order: name, type, allowed
//! values, description. Columns are parted by tabs, lists by commas, a line end within a description is `\n`.
//! A type is `string`, `integer`, `number`, `boolean`, `Object`, `@` and a type's name, with `[]` or
//! `map[string]` before it.

use crate::run;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The groups whose resources are described: those that workloads are made of.
const GROUPS: [&str; 11] = [
    "",
    "apps",
    "autoscaling",
    "batch",
    "discovery.k8s.io",
    "events.k8s.io",
    "networking.k8s.io",
    "policy",
    "rbac.authorization.k8s.io",
    "scheduling.k8s.io",
    "storage.k8s.io",
];

/// Records the types that are reached from the resources.
pub fn record(kubectl: &str) -> Result<String, String> {
    let index = read(kubectl, "/openapi/v3")?;
    let mut schemas = BTreeMap::new();
    for (path, _) in entries(&index, "paths") {
        let versioned =
            path == "api/v1" || (path.starts_with("apis/") && path.matches('/').count() == 2);
        if versioned {
            let document = read(kubectl, &format!("/openapi/v3/{path}"))?;
            for (name, schema) in entries(&document["components"], "schemas") {
                schemas
                    .entry(name.clone())
                    .or_insert_with(|| schema.clone());
            }
        }
    }
    let kinds = run(kubectl, &["api-resources", "--no-headers"])?;
    let kinds: BTreeSet<&str> = kinds
        .lines()
        .filter_map(|line| line.split_whitespace().last())
        .collect();
    let mut waiting: Vec<&str> = schemas
        .iter()
        .filter(|(name, schema)| {
            let kind = name.rsplit('.').next().unwrap_or_default();
            let version = version(schema, kind);
            let group = version.split_once('/').map_or("", |(group, _)| group);
            kinds.contains(kind) && !version.is_empty() && GROUPS.contains(&group)
        })
        .map(|(name, _)| name.as_str())
        .collect();
    let mut reached = BTreeMap::new();
    while let Some(name) = waiting.pop() {
        if reached.contains_key(name) {
            continue;
        }
        let schema = &schemas[name];
        reached.insert(name, schema);
        for (_, field) in entries(schema, "properties") {
            waiting.extend(
                reference(field)
                    .and_then(|name| schemas.get_key_value(name))
                    .map(|(name, _)| name.as_str()),
            );
        }
    }
    let mut text = String::new();
    for (name, schema) in reached {
        describe(name, schema, &mut text);
    }
    Ok(text)
}

fn read(kubectl: &str, path: &str) -> Result<Value, String> {
    let text = run(kubectl, &["get", "--raw", path])?;
    serde_json::from_str(&text).map_err(|why| format!("{path}: {why}"))
}

/// The entries of a mapping, none if there is no such.
fn entries<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    value[key].as_object().into_iter().flatten()
}

/// The API version of the resource whose objects have this schema; empty if there is none.
fn version(schema: &Value, kind: &str) -> String {
    let known = schema["x-kubernetes-group-version-kind"].as_array();
    // Options of requests belong to every group.
    let Some([one]) = known.map(Vec::as_slice) else {
        return String::new();
    };
    match (
        one["kind"].as_str(),
        one["group"].as_str(),
        one["version"].as_str(),
    ) {
        (Some(of), Some(""), Some(version)) if of == kind => version.to_owned(),
        (Some(of), Some(group), Some(version)) if of == kind => format!("{group}/{version}"),
        _ => String::new(),
    }
}

fn describe(name: &str, schema: &Value, text: &mut String) {
    let kind = name.rsplit('.').next().unwrap_or_default();
    let required = list(&schema["required"]);
    let plain = schema["type"].as_str().unwrap_or_default();
    let plain = if plain == "object" { "" } else { plain };
    let (name, version) = (format!("={}", short(name)), version(schema, kind));
    let said = description(schema);
    row(text, &[&name, &version, plain, &required, &said]);
    for (field, schema) in entries(schema, "properties") {
        row(
            text,
            &[
                field,
                &type_of(schema),
                &list(&schema["enum"]),
                &description(schema),
            ],
        );
    }
}

fn row(text: &mut String, columns: &[&str]) {
    text.push_str(&columns.join("\t"));
    text.push('\n');
}

fn list(value: &Value) -> String {
    let words: Vec<&str> = value
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    words.join(",")
}

fn description(schema: &Value) -> String {
    let text = schema["description"].as_str().unwrap_or_default();
    text.replace('\\', "\\\\")
        .replace('\n', "\\n")
        .replace('\t', "\\t")
}

fn short(name: &str) -> &str {
    name.trim_start_matches("io.k8s.")
}

fn direct(schema: &Value) -> Option<&str> {
    let reference = schema["$ref"]
        .as_str()
        .or_else(|| schema["allOf"][0]["$ref"].as_str())?;
    reference.strip_prefix("#/components/schemas/")
}

/// The name of the type that a field, its items or its values have.
fn reference(schema: &Value) -> Option<&str> {
    let inner = [&schema["items"], &schema["additionalProperties"]];
    direct(schema).or_else(|| {
        inner
            .into_iter()
            .filter(|inner| inner.is_object())
            .find_map(reference)
    })
}

fn type_of(schema: &Value) -> String {
    if let Some(name) = direct(schema) {
        return format!("@{}", short(name));
    }
    if schema["items"].is_object() {
        return format!("[]{}", type_of(&schema["items"]));
    }
    if schema["additionalProperties"].is_object() {
        return format!("map[string]{}", type_of(&schema["additionalProperties"]));
    }
    match schema["type"].as_str() {
        Some("object") | None => "Object".to_owned(),
        Some(plain) => plain.to_owned(),
    }
}
