//! `-o kyaml`: YAML in flow style, with quoted texts and no meaning in its blanks.
//! `sigs.k8s.io/yaml/kyaml`, as recorded

use super::scalar::{Style, style_of};
use crate::api::Value;

/// The value as a document, with a line end.
#[must_use]
pub fn to_kyaml(value: &Value) -> String {
    let mut out = "---\n".to_owned();
    write(value, 0, &mut out);
    out.push('\n');
    out
}

fn indent(depth: usize, out: &mut String) {
    out.extend(std::iter::repeat_n("  ", depth));
}

fn write(value: &Value, depth: usize, out: &mut String) {
    match value {
        Value::Map(map) if !map.is_empty() => {
            out.push_str("{\n");
            for (key, item) in map.iter() {
                indent(depth + 1, out);
                if style_of(key, true) == Style::Plain {
                    out.push_str(key);
                } else {
                    text(key, depth + 1, out);
                }
                out.push_str(": ");
                write(item, depth + 1, out);
                out.push_str(",\n");
            }
            indent(depth, out);
            out.push('}');
        }
        Value::List(list) if !list.is_empty() => write_list(list.as_slice(), depth, out),
        Value::Map(_) => out.push_str("{}"),
        Value::List(_) => out.push_str("[]"),
        Value::Str(said) => text(said, depth, out),
        other => out.push_str(&other.to_go_json()),
    }
}

/// Mappings are cuddled: `[{ … }, { … }]`; anything else stands on a line of its own.
fn write_list(list: &[Value], depth: usize, out: &mut String) {
    let cuddled = list
        .iter()
        .all(|item| item.as_map().is_some_and(|map| !map.is_empty()));
    out.push('[');
    for (at, item) in list.iter().enumerate() {
        if cuddled {
            out.push_str(if at > 0 { ", " } else { "" });
            write(item, depth, out);
        } else {
            out.push('\n');
            indent(depth + 1, out);
            write(item, depth + 1, out);
            out.push(',');
        }
    }
    if !cuddled {
        out.push('\n');
        indent(depth, out);
    }
    out.push(']');
}

/// A text in double quotes; one of several lines is folded, a line each.
fn text(said: &str, depth: usize, out: &mut String) {
    out.push('"');
    let mut lines = said.split_inclusive('\n').peekable();
    if !said.contains('\n') {
        escape(said, out);
    } else {
        out.push_str("\\\n");
        while let Some(line) = lines.next() {
            indent(depth + 1, out);
            // A blank at the start would be folded away.
            out.push(if line.starts_with([' ', '\t']) {
                '\\'
            } else {
                ' '
            });
            escape(line.trim_end_matches('\n'), out);
            out.push_str(if line.ends_with('\n') {
                "\\n\\\n"
            } else {
                "\\\n"
            });
            if lines.peek().is_none() {
                indent(depth + 1, out);
            }
        }
    }
    out.push('"');
}

fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\t' => out.push(c),
            '\r' => out.push_str("\\r"),
            c if c < ' ' || c == '\u{7f}' => out.push_str(&format!("\\x{:02X}", c as u32)),
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // As kubectl 1.36.3 prints it.
    #[test]
    fn texts_keys_and_lists() {
        let value = Value::from_json(
            r#"{"1":"n","a.b/c":"say \"hi\"","e":{},"l":["x"],"m":[{"k":1},{"k":null}],"t":"  two\n\nlast","yes":"x"}"#,
        )
        .expect("JSON");
        assert_eq!(
            to_kyaml(&value),
            "---\n{\n  \"1\": \"n\",\n  a.b/c: \"say \\\"hi\\\"\",\n  e: {},\n  l: [\n    \"x\",\n  ],\n  m: [{\n    k: 1,\n  }, {\n    k: null,\n  }],\n  t: \"\\\n    \\  two\\n\\\n     \\n\\\n     last\\\n    \",\n  \"yes\": \"x\",\n}\n"
        );
    }
}
