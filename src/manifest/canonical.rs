//! A tree as Go writes it back after reading it: empty fields left out, those that are always written
//! filled in, quantities in canonical form.

use super::{quantity, schema};
use crate::api::{List, Map, Value};
use schema::{Field, Mark, Type};

/// Makes the tree of a struct or kind of the schema table canonical. Fields the table does not know stay.
pub fn canonicalise(type_name: &'static str, tree: &mut Value) {
    if let Some(changed) = of_struct(type_name, tree) {
        *tree = changed;
    }
}

/// The canonical form of a struct, if it differs.
fn of_struct(type_name: &str, tree: &Value) -> Option<Value> {
    let fields = schema::fields(type_name)?;
    let empty = Map::default();
    let entries = match tree {
        Value::Map(entries) => entries,
        Value::Null => &empty,
        _ => return None,
    };
    let mut changed: Option<Map> = None;
    for (key, value) in entries.iter() {
        let Some(field) = schema::find(fields, key) else {
            continue;
        };
        if left_out(field, value) {
            changed.get_or_insert_with(|| entries.clone()).remove(key);
        } else if let Some(value) = of_value(&field.kind, value) {
            changed
                .get_or_insert_with(|| entries.clone())
                .insert(key.clone(), value);
        }
    }
    for field in fields.iter().filter(|field| field.mark == Mark::Always) {
        let now = changed.as_ref().unwrap_or(entries);
        if now.contains(field.name) || field.kind == Type::Time {
            continue;
        }
        let zero = zero(&field.kind);
        changed
            .get_or_insert_with(|| entries.clone())
            .insert(field.name, zero);
    }
    match changed {
        Some(changed) => Some(Value::Map(changed)),
        None if tree.is_null() => Some(Value::empty_map()),
        None => None,
    }
}

/// Whether Go would not write this field.
fn left_out(field: &Field, value: &Value) -> bool {
    if value.is_null() {
        // Some conditions hold `lastProbeTime: null`; only objects' own times are left out.
        return field.kind != Type::Time || field.name == "creationTimestamp";
    }
    field.mark == Mark::OmitEmpty && is_zero(&field.kind, value)
}

fn is_zero(kind: &Type, value: &Value) -> bool {
    match value {
        Value::Bool(truth) => !truth,
        Value::Int(number) => *number == 0 && *kind != Type::IntOrString,
        Value::Str(text) => text.is_empty(),
        Value::List(items) => items.is_empty(),
        Value::Map(entries) => entries.is_empty() && matches!(kind, Type::Map(_)),
        _ => false,
    }
}

fn zero(kind: &Type) -> Value {
    match kind {
        Type::Text => Value::from(""),
        Type::Int32 | Type::Int64 | Type::Float | Type::IntOrString => Value::Int(0),
        Type::Bool => Value::Bool(false),
        Type::Quantity => Value::from("0"),
        Type::Struct(name) => of_struct(name, &Value::empty_map()).unwrap_or_else(Value::empty_map),
        _ => Value::Null,
    }
}

/// The canonical form of a value, if it differs.
fn of_value(kind: &Type, value: &Value) -> Option<Value> {
    match (kind, value) {
        (Type::Struct(name), _) => of_struct(name, value),
        (Type::List(item), Value::List(items)) => of_list(item, items),
        (Type::Map(item), Value::Map(entries)) => of_map(item, entries),
        (Type::Quantity, _) => {
            let text = match value {
                Value::Str(text) => text.to_string(),
                other => other.to_go_json(),
            };
            let canonical = quantity::canonical(text.trim())?;
            (value.as_str() != Some(&canonical)).then(|| Value::from(canonical))
        }
        (Type::Int32 | Type::Int64, Value::Float(_)) => value.as_int().map(Value::Int),
        (Type::Text, Value::Null) => Some(Value::from("")),
        _ => None,
    }
}

fn of_list(item: &Type, items: &List) -> Option<Value> {
    let mut changed: Option<List> = None;
    for (at, value) in items.iter().enumerate() {
        if let Some(value) = of_value(item, value) {
            let list = changed.get_or_insert_with(|| items.clone()).make_mut();
            if let Some(slot) = list.get_mut(at) {
                *slot = value;
            }
        }
    }
    changed.map(Value::List)
}

fn of_map(item: &Type, entries: &Map) -> Option<Value> {
    let mut changed: Option<Map> = None;
    for (key, value) in entries.iter() {
        if value.is_null() {
            changed.get_or_insert_with(|| entries.clone()).remove(key);
        } else if let Some(value) = of_value(item, value) {
            changed
                .get_or_insert_with(|| entries.clone())
                .insert(key.clone(), value);
        }
    }
    changed.map(Value::Map)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_go_writes_back() {
        let mut tree = Value::from_json(
            r#"{"name":"a","image":"","args":[],"stdin":false,"tty":true,
                "securityContext":{"privileged":false},
                "resources":{"requests":{"cpu":0.5,"memory":"1024Mi"}},
                "env":[{"value":""}],"ports":[null]}"#,
        )
        .unwrap();
        canonicalise("Container", &mut tree);
        assert_eq!(
            tree.to_go_json(),
            concat!(
                r#"{"env":[{"name":""}],"name":"a","ports":[{"containerPort":0}],"#,
                r#""resources":{"requests":{"cpu":"500m","memory":"1Gi"}},"#,
                r#""securityContext":{"privileged":false},"tty":true}"#
            )
        );
    }
}
