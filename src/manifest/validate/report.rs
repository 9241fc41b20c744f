//! Collecting causes, in the words of `apimachinery/pkg/util/validation/field/errors.go`.

use crate::api::{Cause, Value};

/// The deepest path that is told in full.
const DEEPEST: usize = 20;

/// The path of a field. Written out only when something is wrong there, as most objects are fine.
#[derive(Clone, Copy, Debug)]
pub struct Path<'a> {
    parts: [Part<'a>; DEEPEST],
    count: usize,
}

#[derive(Clone, Copy, Debug)]
enum Part<'a> {
    Key(&'a str),
    Index(usize),
    Entry(&'a str),
}

impl<'a> Path<'a> {
    /// A field of the object itself, or one below it with dots between.
    pub fn new(name: &'a str) -> Path<'a> {
        Path {
            parts: [Part::Key(name); DEEPEST],
            count: 1,
        }
    }

    fn then(&self, part: Part<'a>) -> Path<'a> {
        let mut path = *self;
        if let Some(slot) = path.parts.get_mut(path.count) {
            *slot = part;
            path.count += 1;
        }
        path
    }

    /// A field below.
    pub fn key(&self, name: &'a str) -> Path<'a> {
        self.then(Part::Key(name))
    }

    /// An item of a list.
    pub fn at(&self, index: usize) -> Path<'a> {
        self.then(Part::Index(index))
    }

    /// An entry of a map.
    pub fn entry(&self, key: &'a str) -> Path<'a> {
        self.then(Part::Entry(key))
    }
}

impl std::fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (at, part) in self.parts.iter().take(self.count).enumerate() {
            match part {
                Part::Key(name) if at == 0 => f.write_str(name)?,
                Part::Key(name) => write!(f, ".{name}")?,
                Part::Index(index) => write!(f, "[{index}]")?,
                Part::Entry(key) => write!(f, "[{key}]")?,
            }
        }
        Ok(())
    }
}

/// What was found so far.
#[derive(Debug, Default)]
pub struct Report {
    pub causes: Vec<Cause>,
    pub warnings: Vec<String>,
}

impl Report {
    /// A cause in words of its own.
    pub fn add(&mut self, path: &Path, message: String) {
        self.causes.push(Cause {
            field: path.to_string(),
            message,
        });
    }

    /// `Required value: <detail>`
    pub fn required(&mut self, path: &Path, detail: &str) {
        self.add(path, with_detail("Required value", detail));
    }

    /// `Forbidden: <detail>`
    pub fn forbidden(&mut self, path: &Path, detail: &str) {
        self.add(path, with_detail("Forbidden", detail));
    }

    /// `Invalid value: <value>: <detail>`
    pub fn invalid(&mut self, path: &Path, value: impl Into<Value>, detail: &str) {
        let shown = format!("Invalid value: {}", shown(&value.into()));
        self.add(path, with_detail(&shown, detail));
    }

    /// The same for a value whose form is not that of the API (Go's own names of fields).
    pub fn invalid_as(&mut self, path: &Path, shown: &str, detail: &str) {
        self.add(
            path,
            with_detail(&format!("Invalid value: {shown}"), detail),
        );
    }

    /// One `Invalid value` for each detail.
    pub fn invalid_each(&mut self, path: &Path, value: &str, details: Vec<String>) {
        for detail in details {
            self.invalid(path, value, &detail);
        }
    }

    /// `Unsupported value: <value>: supported values: "A", "B"`
    pub fn unsupported(&mut self, path: &Path, value: impl Into<Value>, supported: &[&str]) {
        self.unsupported_text(path, &shown(&value.into()), supported);
    }

    /// The same with a value as it is shown.
    pub fn unsupported_text(&mut self, path: &Path, shown: &str, supported: &[&str]) {
        let list: Vec<String> = supported.iter().map(|s| go_quote(s)).collect();
        let message = format!(
            "Unsupported value: {shown}: supported values: {}",
            list.join(", ")
        );
        self.add(path, message);
    }

    /// `Duplicate value: <value>`
    pub fn duplicate(&mut self, path: &Path, value: impl Into<Value>) {
        self.add(path, format!("Duplicate value: {}", shown(&value.into())));
    }

    /// `Not found: <value>`
    pub fn not_found(&mut self, path: &Path, value: impl Into<Value>) {
        self.add(path, format!("Not found: {}", shown(&value.into())));
    }

    /// `must be greater than or equal to 0`, for a number that is there and below 0.
    pub fn not_negative(&mut self, path: &Path, number: Option<i64>) {
        if let Some(number) = number.filter(|number| *number < 0) {
            self.invalid(path, number, NOT_NEGATIVE);
        }
    }

    /// Refuses a text that is there and not one of `supported`.
    pub fn one_of(&mut self, path: &Path, value: Option<&str>, supported: &[&str]) {
        if let Some(value) = value.filter(|value| !supported.contains(value)) {
            self.unsupported(path, value, supported);
        }
    }

    /// Adds a warning.
    pub fn warn(&mut self, text: String) {
        self.warnings.push(text);
    }
}

/// What is said of negative numbers.
pub const NOT_NEGATIVE: &str = "must be greater than or equal to 0";

fn with_detail(what: &str, detail: &str) -> String {
    if detail.is_empty() {
        what.to_owned()
    } else {
        format!("{what}: {detail}")
    }
}

/// Text in Go's quotes, everything else as JSON.
fn shown(value: &Value) -> String {
    match value {
        Value::Str(text) => go_quote(text),
        other => plain_json(other),
    }
}

/// JSON without the escapes that Go adds for HTML.
fn plain_json(value: &Value) -> String {
    value
        .to_go_json()
        .replace("\\u003c", "<")
        .replace("\\u003e", ">")
        .replace("\\u0026", "&")
}

/// Text in quotes as Go's `%q` prints it.
pub fn go_quote(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\u{b}' => out.push_str("\\v"),
            '\'' => out.push(c),
            c if c.is_ascii_control() => out.push_str(&format!("\\x{:02x}", c as u32)),
            c if c.escape_debug().count() > 1 && u32::from(c) > 0xffff => {
                out.push_str(&format!("\\U{:08x}", c as u32));
            }
            c if c.escape_debug().count() > 1 => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_as_go_does() {
        assert_eq!(go_quote("ng\u{200b}inx\""), r#""ng\u200binx\"""#);
        assert_eq!(go_quote("웹 it's\u{1}"), "\"웹 it's\\x01\"");
    }
}
