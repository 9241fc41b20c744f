//! The cells of a table's row, by kind.

pub mod cluster;
pub mod network;
pub mod storage;
pub mod workloads;

use crate::api::{Object, Time, Value, human_duration};

/// AGE of an object.
#[must_use]
pub fn age(object: &Object, now: Time) -> String {
    since(object.meta.created, now)
}

/// How long ago `then` was; `<unknown>` if it is not set.
#[must_use]
pub fn since(then: Time, now: Time) -> String {
    if then == Time::default() {
        "<unknown>".to_owned()
    } else {
        human_duration(now.since(then))
    }
}

/// The text at a path; `<none>` if empty.
pub(super) fn text_or_none(tree: &Value, path: &[&str]) -> String {
    match tree.str_at(path) {
        Some(text) if !text.is_empty() => text.to_owned(),
        _ => "<none>".to_owned(),
    }
}

/// The text at a path; empty if there is none.
pub(super) fn text(tree: &Value, path: &[&str]) -> String {
    tree.str_at(path).unwrap_or_default().to_owned()
}

/// The number at a path; 0 if there is none.
pub(super) fn number(tree: &Value, path: &[&str]) -> i64 {
    tree.int_at(path).unwrap_or(0)
}

/// A number or a percentage as it is written.
#[must_use]
pub fn int_or_text(value: Option<&Value>, absent: &str) -> String {
    match value {
        Some(Value::Int(number)) => number.to_string(),
        Some(Value::Str(text)) => text.as_str().to_owned(),
        _ => absent.to_owned(),
    }
}

/// `key=value,key=value`; `<none>` if there is none.
#[must_use]
pub fn labels(map: &crate::api::Map) -> String {
    if map.is_empty() {
        return "<none>".to_owned();
    }
    let pairs: Vec<String> = map
        .texts()
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    pairs.join(",")
}
