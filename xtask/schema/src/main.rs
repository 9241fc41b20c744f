//! Writes the fields of the API's kinds as compact data, from k8s-openapi's JSON schemas.
//!
//! One line a type: its name, then its fields, separated by spaces. A field is its name, a mark
//! (`:` left out when zero, `*` held by pointer, left out when null, `!` always written), its type, and,
//! where they differ from the plain ones, `=` Go's name of the type and `@` Go's embedded struct.
//! The fields stand in the order of Go's struct (`order.txt`, which names what Go's reflection lists), in which
//! a client prints JSON of what it holds typed.
//! Types: `s` text, `i` 32-bit and `l` 64-bit whole number, `f` float, `b` truth value, `x` number or
//! text, `q` quantity, `t` time, `y` bytes, `a` anything, `[T` list, `{T` map, or a type's name.

mod overlay;

use k8s_openapi::api::{
    apps::v1 as apps, autoscaling::v1::Scale, autoscaling::v2 as autoscaling, core::v1 as core,
    discovery::v1 as discovery, policy::v1 as policy, storage::v1 as storage,
};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

const PATH: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../src/manifest/schema_table.txt"
);

/// A struct a line: its name, and the names of its fields in Go's order.
const ORDER: &str = include_str!("order.txt");

fn main() -> std::io::Result<()> {
    let table = generated();
    std::fs::write(PATH, &table)?;
    println!("{PATH}: {} bytes", table.len());
    Ok(())
}

/// The whole table.
fn generated() -> String {
    let mut generator = schemars::SchemaGenerator::default();
    macro_rules! kinds {
        ($($kind:ty),* $(,)?) => { $( generator.subschema_for::<$kind>(); )* };
    }
    kinds!(
        apps::StatefulSet,
        apps::Deployment,
        apps::ReplicaSet,
        apps::DaemonSet,
        apps::ControllerRevision,
        core::Pod,
        core::Service,
        core::PersistentVolumeClaim,
        core::PersistentVolume,
        core::ConfigMap,
        core::Secret,
        core::Namespace,
        core::Node,
        core::Endpoints,
        core::Event,
        core::ResourceQuota,
        core::ServiceAccount,
        autoscaling::HorizontalPodAutoscaler,
        Scale,
        discovery::EndpointSlice,
        policy::PodDisruptionBudget,
        storage::StorageClass,
    );
    table(generator.definitions())
}

fn table(definitions: &Map<String, Value>) -> String {
    let mut lines = BTreeMap::new();
    for (path, schema) in definitions {
        let Some(fields) = schema.get("properties").and_then(Value::as_object) else {
            continue;
        };
        let name = short(path);
        let required: Vec<&str> = schema
            .get("required")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let mut line = name.clone();
        let order: Vec<&str> = ORDER
            .lines()
            .find_map(|line| line.strip_prefix(name.as_str())?.strip_prefix(' '))
            .map(|fields| fields.split(' ').collect())
            .unwrap_or_default();
        let mut fields: Vec<_> = fields.iter().collect();
        fields.sort_by_key(|(field, _)| order.iter().position(|known| known == field));
        for (field, schema) in fields {
            line.push(' ');
            line.push_str(&field_text(
                &name,
                field,
                schema,
                required.contains(&field.as_str()),
            ));
        }
        lines.insert(name, line);
    }
    let mut out: String = lines.into_values().collect::<Vec<_>>().join("\n");
    out.push('\n');
    out
}

/// The last part of a type's path; the second EndpointPort keeps its group.
fn short(path: &str) -> String {
    let name = path.rsplit('.').next().unwrap_or(path);
    if name == "EndpointPort" && path.contains("discovery") {
        return "discovery.EndpointPort".to_owned();
    }
    name.to_owned()
}

fn listed(list: &[&str], owner: &str, field: &str) -> bool {
    list.iter().any(|entry| matches(entry, owner, field))
}

fn matches(entry: &str, owner: &str, field: &str) -> bool {
    entry
        .rsplit_once('.')
        .is_some_and(|(o, f)| f == field && (o == "*" || o == owner))
}

fn field_text(owner: &str, field: &str, schema: &Value, required: bool) -> String {
    let kind = type_of(schema);
    let mark = mark(owner, field, &kind, required);
    let mut text = format!("{field}{mark}{kind}");
    if let Some((_, go)) = overlay::GO_TYPES
        .iter()
        .find(|(entry, _)| matches(entry, owner, field))
        && (kind.ends_with('s') || kind == "{q")
    {
        text.push('=');
        text.push_str(go);
    }
    for (of, embedded, fields) in overlay::EMBEDDED {
        let inside = match fields.split_first() {
            Some((&"-", outside)) => !outside.contains(&field),
            _ => fields.contains(&field),
        };
        if *of == owner && inside {
            text.push('@');
            text.push_str(embedded);
        }
    }
    text
}

fn mark(owner: &str, field: &str, kind: &str, required: bool) -> char {
    let always = (required || listed(overlay::ALWAYS, owner, field))
        && !listed(overlay::NOT_ALWAYS, owner, field);
    let pointer = match kind.chars().next() {
        Some('i' | 'l' | 'b' | 'f') => !listed(overlay::BY_VALUE, owner, field),
        Some('s') => listed(overlay::STRING_POINTERS, owner, field),
        Some('[' | '{' | 't' | 'y') => false,
        _ => true,
    };
    // A status condition's `status` is text like any other; the always-written ones are structs.
    match (always, pointer) {
        (true, _) if kind == "s" && !required && field != "serviceName" => ':',
        (true, _) => '!',
        (_, true) => '*',
        _ => ':',
    }
}

fn type_of(schema: &Value) -> String {
    let reference = schema
        .get("$ref")
        .or_else(|| schema.get("allOf")?.get(0)?.get("$ref"))
        .and_then(Value::as_str);
    if let Some(path) = reference {
        return match short(path).as_str() {
            "Time" | "MicroTime" => "t".to_owned(),
            "Quantity" => "q".to_owned(),
            "IntOrString" => "x".to_owned(),
            "RawExtension" | "FieldsV1" => "a".to_owned(),
            name => name.to_owned(),
        };
    }
    let format = schema
        .get("format")
        .and_then(Value::as_str)
        .unwrap_or_default();
    match schema
        .get("type")
        .and_then(Value::as_str)
        .unwrap_or_default()
    {
        "integer" if format == "int64" => "l".to_owned(),
        "integer" => "i".to_owned(),
        "number" => "f".to_owned(),
        "boolean" => "b".to_owned(),
        "string" if format == "byte" => "y".to_owned(),
        "string" => "s".to_owned(),
        "array" => format!("[{}", type_of(&schema["items"])),
        "object" => match schema.get("additionalProperties") {
            Some(inner) => format!("{{{}", type_of(inner)),
            None => "a".to_owned(),
        },
        _ => "a".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_committed_table_is_the_generated_one() -> std::io::Result<()> {
        let committed = std::fs::read_to_string(super::PATH)?;
        let generated = super::generated();
        let differ = committed
            .lines()
            .zip(generated.lines())
            .find(|(a, b)| a != b);
        assert_eq!(differ, None, "`cargo xtask schema` writes it anew");
        assert_eq!(committed, generated);
        Ok(())
    }
}
