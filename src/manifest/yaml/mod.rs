//! Text to documents: YAML 1.1 as Kubernetes reads it, with the place of every field.
//!
//! `sigs.k8s.io/yaml` over go-yaml, cut into documents by `apimachinery/pkg/util/yaml/decoder.go`.

mod compose;
mod json;
mod libyaml;
mod scalar;
mod split;

pub use compose::push_key;

use super::Diagnostic;
use crate::api::Value;
use compose::{Composed, Problem};
use libyaml::Mark;
use std::collections::BTreeMap;

/// The largest text that is read, in bytes: the API server's own limit of a request.
pub const MAX_BYTES: usize = 3 * 1024 * 1024;

/// Where a field stands: lines and columns from 1, columns in characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// Line of the key, or of the item.
    pub line: usize,
    /// Column of the key, or of the item.
    pub column: usize,
    /// Line of the value.
    pub value_line: usize,
    /// Column of the value.
    pub value_column: usize,
}

impl Place {
    fn new(key: Mark, value: Mark) -> Place {
        Place {
            line: key.line + 1,
            column: key.column + 1,
            value_line: value.line + 1,
            value_column: value.column + 1,
        }
    }

    fn moved(self, lines: usize) -> Place {
        Place {
            line: self.line + lines,
            value_line: self.value_line + lines,
            ..self
        }
    }
}

/// The places of a document's fields, by path (`spec.template.spec.containers[0].image`; the document
/// itself is the empty path; keys with dots or slashes stand in brackets).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Positions(BTreeMap<String, Place>);

impl Positions {
    fn set(&mut self, path: String, place: Place) {
        self.0.insert(path, place);
    }

    /// The place of exactly this path.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<Place> {
        self.0.get(path).copied()
    }

    /// The place of the path or, if it is not in the text, of the nearest field around it.
    #[must_use]
    pub fn nearest(&self, path: &str) -> Place {
        let mut path = path;
        loop {
            if let Some(place) = self.get(path) {
                return place;
            }
            match path.rfind(['.', '[']) {
                Some(at) => path = &path[..at],
                None => return self.get("").unwrap_or_default(),
            }
        }
    }

    /// Every path with its place, in path order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Place)> {
        self.0.iter().map(|(path, place)| (path.as_str(), *place))
    }
}

/// A document of a stream.
#[derive(Clone, Debug, Default)]
pub struct Document {
    /// What it says.
    pub tree: Value,
    /// Where its fields stand, counted over the whole text.
    pub positions: Positions,
    /// The line of its first content, from 1.
    pub line: usize,
    /// Paths of keys given more than once, with the place of the later one. The last one counts.
    pub duplicates: Vec<(String, Place)>,
}

/// What was read before the end or the first error. kubectl applies the documents before the error.
#[derive(Clone, Debug, Default)]
pub struct Stream {
    /// The documents, empty ones left out.
    pub documents: Vec<Document>,
    /// Why reading stopped early.
    pub error: Option<Diagnostic>,
}

/// Reads every document of a text.
///
/// # Errors
/// What kubectl says after `error: error parsing FILE: `, with its place.
pub fn read_documents(text: &str) -> Result<Vec<Document>, Diagnostic> {
    let stream = read_stream(text);
    match stream.error {
        Some(error) => Err(error),
        None => Ok(stream.documents),
    }
}

/// What Go says of text that is not JSON; `None` if it begins with a JSON value.
#[must_use]
pub fn json_fault(text: &str) -> Option<String> {
    json::value_end(text.as_bytes()).err().map(|(_, why)| why)
}

/// Reads the documents up to the first error.
#[must_use]
pub fn read_stream(text: &str) -> Stream {
    if text.len() > MAX_BYTES {
        let message = format!("Request entity too large: limit is {MAX_BYTES}");
        return Stream {
            documents: Vec::new(),
            error: Some(Diagnostic::at(1, 1, message)),
        };
    }
    let bare = text.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']);
    if bare.starts_with('{') {
        read_json(text, text.len() - bare.len())
    } else {
        read_yaml(text)
    }
}

fn read_yaml(text: &str) -> Stream {
    let (chunks, bad) = split::split(text);
    let mut stream = Stream::default();
    for chunk in chunks {
        if let Err(error) = stream.read(chunk.text, chunk.line, "error converting YAML to JSON: ") {
            stream.error = Some(error);
            return stream;
        }
    }
    stream.error = bad.map(|bad| {
        let message = format!("invalid Yaml document separator: {}", bad.behind);
        Diagnostic::at(bad.line + 1, 1, message)
    });
    stream
}

/// JSON values one after the other. If the first is not JSON, the text may still be YAML in braces; if it
/// is not that either, the JSON error is told.
fn read_json(text: &str, start: usize) -> Stream {
    let mut stream = Stream::default();
    let mut at = start;
    while !text[at..].trim().is_empty() {
        let end = match json::value_end(&text.as_bytes()[at..]) {
            Ok(length) if text.is_char_boundary(at + length) => at + length,
            Ok(_) => return stream,
            Err((offset, what)) => {
                let as_yaml = read_yaml(&text[start..]);
                if as_yaml.error.is_none() && stream.documents.is_empty() {
                    return as_yaml;
                }
                let line = 1 + text[..at].matches('\n').count();
                let message = format!("json: offset {offset}: {what}");
                stream.error = Some(Diagnostic::at(line, 1, message));
                return stream;
            }
        };
        let line = text[..at].matches('\n').count();
        let _ = stream.read(&text[at..end], line, "json: ");
        at = end;
    }
    stream
}

impl Stream {
    fn read(&mut self, text: &str, line: usize, prefix: &str) -> Result<(), Diagnostic> {
        let told = |problem: Problem| {
            let message = format!("{prefix}{}", problem.message);
            Diagnostic::at(
                problem.mark.line + line + 1,
                problem.mark.column + 1,
                message,
            )
        };
        let composed = compose::compose(text).map_err(told)?;
        if !composed.tree.is_null() {
            self.documents.push(document(composed, line));
        }
        Ok(())
    }
}

fn document(composed: Composed, line: usize) -> Document {
    let positions = Positions(
        composed
            .positions
            .0
            .into_iter()
            .map(|(path, place)| (path, place.moved(line)))
            .collect(),
    );
    Document {
        line: positions.nearest("").line,
        tree: composed.tree,
        positions,
        duplicates: composed
            .duplicates
            .into_iter()
            .map(|(path, mark)| (path, Place::new(mark, mark).moved(line)))
            .collect(),
    }
}

#[cfg(test)]
mod tests;
