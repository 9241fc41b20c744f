//! `-o json`: four blanks for a level, keys in byte order or, of what kubectl holds as a type of Go's, in the
//! order of that type's fields.

use crate::api::{Map, Value};
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

/// An object on one line, as the API server quotes it in errors: its fields in Go's order.
#[must_use]
pub fn to_typed_line(kind: &'static str, value: &Value) -> String {
    let mut out = String::new();
    write(value, Some(&Type::Struct(kind)), None, &mut out);
    out
}

fn printed(value: &Value, kind: Option<&Type>) -> String {
    let mut out = String::new();
    write(value, kind, Some(0), &mut out);
    out.push('\n');
    out
}

/// Writes a value; `depth` is the level of its lines, `None` to write it in one line.
fn write(value: &Value, kind: Option<&Type>, depth: Option<usize>, out: &mut String) {
    let inner = depth.map(|depth| depth + 1);
    let line = |depth: Option<usize>, out: &mut String| {
        if let Some(depth) = depth {
            out.push('\n');
            out.extend(std::iter::repeat_n("    ", depth));
        }
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
                out.push_str(if depth.is_some() { ": " } else { ":" });
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
            to_typed_line("StatefulSet", &value),
            r#"{"kind":"StatefulSet","apiVersion":"apps/v1","metadata":{"name":"web","labels":{"a":"2","b":"1"}},"spec":{"replicas":1,"template":{"spec":{"containers":[{"name":"c","image":"i"}]}},"serviceName":"x"}}"#
        );
    }
}
