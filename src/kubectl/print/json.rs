//! `-o json`: four blanks for a level, keys in byte order or, of what kubectl holds as a type of Go's, in the
//! order of that type's fields.

use crate::api::{Arrange as _, Map, Value};
use crate::manifest::schema::{Type, fields, in_order};

/// The value as kubectl prints it, with a line end.
#[must_use]
pub fn to_json(value: &Value) -> String {
    printed(value, None)
}

/// The same for an object that kubectl holds as the type of its kind.
#[must_use]
pub fn to_typed_json(kind: &'static str, value: &Value) -> String {
    printed(value, Some(&Type::Struct(kind)))
}

/// A patched object on one line, as the API server quotes it in errors: in Go's order, but for the maps at
/// `sorted` (JSON pointers), which were written again after the patch.
#[must_use]
pub fn to_patched_line(kind: &'static str, value: &Value, sorted: &[String]) -> String {
    let mut out = String::new();
    line(value, Some(&Type::Struct(kind)), "", sorted, &mut out);
    out
}

fn line(value: &Value, kind: Option<&Type>, at: &str, sorted: &[String], out: &mut String) {
    match value {
        Value::Map(map) => {
            let mut all = entries(map, kind);
            if sorted.iter().any(|path| path == at) {
                all.arrange_by(|a, b| a.0.cmp(b.0));
            }
            out.push('{');
            for (i, (key, item, kind)) in all.into_iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                out.push_str(&Value::from(key).to_go_json());
                out.push(':');
                line(item, kind.as_ref(), &format!("{at}/{key}"), sorted, out);
            }
            out.push('}');
        }
        Value::List(list) => {
            let kind = match kind {
                Some(Type::List(kind)) => Some(&**kind),
                _ => None,
            };
            out.push('[');
            for (i, item) in list.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                line(item, kind, &format!("{at}/{i}"), sorted, out);
            }
            out.push(']');
        }
        other => out.push_str(&other.to_go_json()),
    }
}

fn printed(value: &Value, kind: Option<&Type>) -> String {
    let mut out = String::new();
    write(value, kind, 0, &mut out);
    out.push('\n');
    out
}

fn write(value: &Value, kind: Option<&Type>, depth: usize, out: &mut String) {
    let inner = depth + 1;
    let line = |depth: usize, out: &mut String| {
        out.push('\n');
        out.extend(std::iter::repeat_n("    ", depth));
    };
    match value {
        Value::List(list) if !list.is_empty() => {
            let kind = match kind {
                Some(Type::List(kind)) => Some(&**kind),
                _ => None,
            };
            out.push('[');
            for (i, item) in list.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                line(inner, out);
                write(item, kind, inner, out);
            }
            line(depth, out);
            out.push(']');
        }
        Value::Map(map) if !map.is_empty() => {
            out.push('{');
            for (i, (key, item, kind)) in entries(map, kind).into_iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                line(inner, out);
                out.push_str(&Value::from(key).to_go_json());
                out.push_str(": ");
                write(item, kind.as_ref(), inner, out);
            }
            line(depth, out);
            out.push('}');
        }
        other => out.push_str(&other.to_go_json()),
    }
}

/// The entries of a map in the order of its type, with their types.
fn entries<'a>(map: &'a Map, kind: Option<&Type>) -> Vec<(&'a str, &'a Value, Option<Type>)> {
    match kind {
        Some(Type::Struct(name)) if let Some(fields) = fields(name) => in_order(fields, map),
        Some(Type::Map(item)) => plain(map, Some(item)),
        _ => plain(map, None),
    }
}

fn plain<'a>(map: &'a Map, item: Option<&Type>) -> Vec<(&'a str, &'a Value, Option<Type>)> {
    map.iter()
        .map(|(key, value)| (key.as_str(), value, item.cloned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_blanks_and_empty_ones_in_a_line() {
        let value = Value::from_json(r#"{"b":[{"x":1},[]],"a":{}}"#).expect("json");
        assert_eq!(
            to_json(&value),
            "{\n    \"a\": {},\n    \"b\": [\n        {\n            \"x\": 1\n        },\n        []\n    ]\n}\n"
        );
    }

    // Recorded: C-create-20, C-patch-88.
    #[test]
    fn the_order_of_gos_fields() {
        let set = r#"{"apiVersion":"apps/v1","kind":"StatefulSet","metadata":{"labels":{"b":"1","a":"2"},"name":"web"},"spec":{"replicas":1,"serviceName":"x","template":{"spec":{"containers":[{"image":"i","name":"c"}]}}}}"#;
        let value = Value::from_json(set).expect("json");
        assert_eq!(
            to_patched_line("StatefulSet", &value, &[String::new()]),
            r#"{"apiVersion":"apps/v1","kind":"StatefulSet","metadata":{"name":"web","labels":{"a":"2","b":"1"}},"spec":{"replicas":1,"template":{"spec":{"containers":[{"name":"c","image":"i"}]}},"serviceName":"x"}}"#
        );
    }
}
