//! `-o json`: four blanks for a level, keys in byte order.

use crate::api::Value;

/// The value as kubectl prints it, with a line end.
#[must_use]
pub fn to_json(value: &Value) -> String {
    let mut out = String::new();
    write(value, 0, &mut out);
    out.push('\n');
    out
}

fn write(value: &Value, depth: usize, out: &mut String) {
    let line = |depth: usize, out: &mut String| {
        out.push('\n');
        out.extend(std::iter::repeat_n("    ", depth));
    };
    match value {
        Value::List(list) if !list.is_empty() => {
            out.push('[');
            for (i, item) in list.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                line(depth + 1, out);
                write(item, depth + 1, out);
            }
            line(depth, out);
            out.push(']');
        }
        Value::Map(map) if !map.is_empty() => {
            out.push('{');
            for (i, (key, item)) in map.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                line(depth + 1, out);
                out.push_str(&Value::from(key).to_go_json());
                out.push_str(": ");
                write(item, depth + 1, out);
            }
            line(depth, out);
            out.push('}');
        }
        other => out.push_str(&other.to_go_json()),
    }
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
}
