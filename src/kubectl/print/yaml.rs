//! `-o yaml`, with the quoting, folding and key order of the YAML writer that kubectl uses.
//! `sigs.k8s.io/yaml/goyaml.v2` (`encode.go`, `emitterc.go`, `sorter.go`)

use super::scalar::{Style, style_of};
use crate::api::Arrange as _;
use crate::api::{Map, Value};
use std::cmp::Ordering;

/// Texts are folded at the first blank beyond this column.
const WIDTH: usize = 80;

/// The value as kubectl prints it, with a line end.
#[must_use]
pub fn to_yaml(value: &Value) -> String {
    let mut writer = Writer {
        out: String::new(),
        column: 0,
    };
    writer.node(value, 0, Place::Top);
    if !writer.out.ends_with('\n') {
        writer.put("\n");
    }
    writer.out
}

/// Where a node stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Top,
    /// After `key:`.
    Entry,
    /// After `- `.
    Item,
}

struct Writer {
    out: String,
    column: usize,
}

impl Writer {
    fn put(&mut self, text: &str) {
        self.out.push_str(text);
        match text.rsplit_once('\n') {
            Some((_, last)) => self.column = last.chars().count(),
            None => self.column += text.chars().count(),
        }
    }

    fn new_line(&mut self, indent: usize) {
        if self.column > 0 {
            self.put("\n");
        }
        self.put(&" ".repeat(indent));
    }

    /// Writes a node; `indent` is the column of the mapping or sequence that holds it.
    fn node(&mut self, value: &Value, indent: usize, place: Place) {
        match value {
            Value::Map(map) if !map.is_empty() => self.mapping(map, indent, place),
            Value::List(list) if !list.is_empty() => self.sequence(list.as_slice(), indent, place),
            scalar => {
                if place == Place::Entry {
                    self.put(" ");
                }
                match scalar {
                    Value::Str(text) => {
                        let style = style_of(text, false);
                        let indent = if place == Place::Top { 2 } else { indent + 2 };
                        self.scalar(text, style, indent, true);
                    }
                    Value::Map(_) => self.put("{}"),
                    Value::List(_) => self.put("[]"),
                    other => {
                        let text = other.to_go_json();
                        self.put(&text);
                    }
                }
            }
        }
    }

    fn mapping(&mut self, map: &Map, indent: usize, place: Place) {
        let indent = if place == Place::Top { 0 } else { indent + 2 };
        let mut entries: Vec<(&str, &Value)> = map
            .iter()
            .map(|(key, value)| (key.as_str(), value))
            .collect();
        entries.arrange_by(|a, b| natural(a.0, b.0));
        for (i, (key, value)) in entries.into_iter().enumerate() {
            if i > 0 || place == Place::Entry {
                self.new_line(indent);
            }
            let style = style_of(key, true);
            self.scalar(key, style, indent, false);
            self.put(":");
            self.node(value, indent, Place::Entry);
        }
    }

    /// A sequence in a mapping stands under its key, not farther in.
    fn sequence(&mut self, items: &[Value], indent: usize, place: Place) {
        let indent = if place == Place::Item {
            indent + 2
        } else {
            indent
        };
        for (i, item) in items.iter().enumerate() {
            if i > 0 || place == Place::Entry {
                self.new_line(indent);
            }
            self.put("- ");
            self.node(item, indent, Place::Item);
        }
    }

    fn scalar(&mut self, text: &str, style: Style, indent: usize, may_fold: bool) {
        match style {
            Style::Plain => self.folded(text, indent, may_fold),
            Style::Single => {
                self.put("'");
                self.folded(&text.replace('\'', "''"), indent, may_fold);
                self.put("'");
            }
            Style::Double => self.double(text, indent, may_fold),
            Style::Literal => self.literal(text, indent),
        }
    }

    /// Writes text and breaks it at single blanks beyond the width.
    fn folded(&mut self, text: &str, indent: usize, may_fold: bool) {
        let mut chars = text.chars().peekable();
        let (mut after_blank, mut first) = (false, true);
        while let Some(c) = chars.next() {
            let single =
                c == ' ' && !after_blank && !first && chars.peek().is_some_and(|next| *next != ' ');
            if single && may_fold && self.column > WIDTH {
                self.new_line(indent);
            } else {
                self.put(c.encode_utf8(&mut [0; 4]));
            }
            after_blank = c == ' ';
            first = false;
        }
    }

    fn double(&mut self, text: &str, indent: usize, may_fold: bool) {
        self.put("\"");
        let mut chars = text.chars().peekable();
        let (mut after_blank, mut first) = (false, true);
        while let Some(c) = chars.next() {
            let more = chars.peek().copied();
            if c == ' '
                && may_fold
                && !after_blank
                && !first
                && more.is_some()
                && self.column > WIDTH
            {
                self.new_line(indent);
                if more == Some(' ') {
                    self.put("\\");
                }
            } else {
                self.escaped(c);
            }
            after_blank = c == ' ';
            first = false;
        }
        self.put("\"");
    }

    fn escaped(&mut self, c: char) {
        let short = match c {
            '"' => "\\\"",
            '\\' => "\\\\",
            '\0' => "\\0",
            '\u{7}' => "\\a",
            '\u{8}' => "\\b",
            '\t' => "\\t",
            '\n' => "\\n",
            '\u{b}' => "\\v",
            '\u{c}' => "\\f",
            '\r' => "\\r",
            '\u{1b}' => "\\e",
            '\u{85}' => "\\N",
            '\u{a0}' => "\\_",
            '\u{2028}' => "\\L",
            '\u{2029}' => "\\P",
            _ => "",
        };
        if !short.is_empty() {
            self.put(short);
        } else if super::scalar::printable(c) {
            self.put(c.encode_utf8(&mut [0; 4]));
        } else {
            let code = c as u32;
            let text = match code {
                0..=0xff => format!("\\x{code:02X}"),
                0x100..=0xffff => format!("\\u{code:04X}"),
                _ => format!("\\U{code:08X}"),
            };
            self.put(&text);
        }
    }

    fn literal(&mut self, text: &str, indent: usize) {
        self.put("|");
        if text.starts_with([' ', '\n']) {
            self.put("2");
        }
        if !text.ends_with('\n') {
            self.put("-");
        } else if text == "\n" || text.ends_with("\n\n") {
            self.put("+");
        }
        self.put("\n");
        for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
            if !line.is_empty() {
                self.put(&" ".repeat(indent));
                self.put(line);
            }
            self.put("\n");
        }
    }
}

/// The order of keys: letters after other characters, runs of digits by their number.
fn natural(a: &str, b: &str) -> Ordering {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    for (i, (&x, &y)) in a.iter().zip(&b).enumerate() {
        if x == y {
            continue;
        }
        match (x.is_alphabetic(), y.is_alphabetic()) {
            (true, true) => return x.cmp(&y),
            (true, false) => return Ordering::Greater,
            (false, true) => return Ordering::Less,
            (false, false) => {}
        }
        // A zero inside a number is a digit of it, not the beginning of one.
        let inside = (x == '0' || y == '0')
            && a.iter()
                .take(i)
                .rev()
                .take_while(|c| c.is_ascii_digit())
                .any(|c| *c != '0');
        let run = |chars: &[char]| {
            let digits: Vec<char> = chars
                .iter()
                .skip(i)
                .copied()
                .take_while(char::is_ascii_digit)
                .collect();
            let start = u64::from(inside);
            let value = digits.iter().fold(start, |value, digit| {
                value
                    .wrapping_mul(10)
                    .wrapping_add(u64::from(digit.to_digit(10).unwrap_or(0)))
            });
            (value, digits.len())
        };
        return run(&a).cmp(&run(&b)).then(x.cmp(&y));
    }
    a.len().cmp(&b.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn yaml(json: &str) -> String {
        to_yaml(&Value::from_json(json).expect("json"))
    }

    // Recorded: corpus B, `kubectl get pod stuck -o yaml`.
    #[test]
    fn a_long_message_is_folded() {
        let text = yaml(
            r#"{"status":{"conditions":[{"lastProbeTime":null,"message":"0/3 nodes are available: 3 node(s) didn't match Pod's node affinity/selector. no new claims to deallocate, preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.","status":"False"}]}}"#,
        );
        assert_eq!(
            text,
            "status:
  conditions:
  - lastProbeTime: null
    message: '0/3 nodes are available: 3 node(s) didn''t match Pod''s node affinity/selector.
      no new claims to deallocate, preemption: 0/3 nodes are available: 3 Preemption
      is not helpful for scheduling.'
    status: \"False\"
"
        );
    }

    #[test]
    fn the_annotation_is_a_block() {
        assert_eq!(
            yaml(r#"{"metadata":{"annotations":{"last":"{\"a\":1}\n"}}}"#),
            "metadata:\n  annotations:\n    last: |\n      {\"a\":1}\n"
        );
    }

    #[test]
    fn lists_stand_under_their_key() {
        assert_eq!(
            yaml(r#"{"a":[{"x":1,"y":{}},[1,[]],"s"],"b":[]}"#),
            "a:\n- x: 1\n  \"y\": {}\n- - 1\n  - []\n- s\nb: []\n"
        );
    }

    #[test]
    fn keys_are_in_natural_order() {
        assert_eq!(
            yaml(r#"{"a10":1,"a9":1,"ab":1,"a-b":1}"#),
            "a-b: 1\na9: 1\na10: 1\nab: 1\n"
        );
    }
}
