//! From libyaml's events to a tree with positions.

use super::libyaml::{Event, Failure, Mark, Parser, Scalar};
use super::{Place, Positions, scalar};
use crate::api::{Map, Str, Value};
use std::collections::BTreeMap;

/// How deep a document may nest. Kubernetes' own limit is far higher, but no real object comes near this one.
const MAX_DEPTH: usize = 200;

/// Why a document cannot be read: what kubectl says after `error converting YAML to JSON: `, and where.
#[derive(Debug)]
pub struct Problem {
    pub message: String,
    /// The place in the chunk, from 0.
    pub mark: Mark,
}

impl From<Failure> for Problem {
    /// go-yaml names the problem's line, else the context's, counted from 0 for what its parser finds and
    /// from 1 for what its scanner finds; a first line goes unnamed.
    fn from(failure: Failure) -> Problem {
        let line = match (failure.problem_mark.line, failure.context_mark.line) {
            (0, 0) => None,
            (0, context) => Some(context),
            (problem, _) => Some(problem + usize::from(failure.scanner)),
        };
        let place = line.map_or_else(String::new, |line| format!("line {line}: "));
        // A missing colon is noticed a line late; the key that lacks it is the place to mark.
        let mark = if failure.problem == "could not find expected ':'" {
            failure.context_mark
        } else {
            failure.problem_mark
        };
        Problem {
            message: format!("yaml: {place}{}", failure.problem),
            mark,
        }
    }
}

/// A document as read.
#[derive(Debug, Default)]
pub struct Composed {
    pub tree: Value,
    pub positions: Positions,
    /// Paths of keys given more than once, with the place of the later one.
    pub duplicates: Vec<(String, Mark)>,
}

/// Reads the first document of `text`; a null tree if there is none.
pub fn compose(text: &str) -> Result<Composed, Problem> {
    // libyaml drops a byte-order mark only where it has to guess the encoding.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut composer = Composer {
        parser: Parser::new(text),
        anchors: BTreeMap::new(),
        out: Composed::default(),
        path: String::new(),
        nodes: 0,
        aliased: 0,
    };
    loop {
        match composer.parser.next()? {
            (Event::DocumentStart, _) => break,
            (Event::StreamEnd, _) => return Ok(composer.out),
            _ => {}
        }
    }
    let (event, mark) = composer.parser.next()?;
    composer.place(mark, mark);
    composer.out.tree = composer.node(event, mark, 0)?;
    // go-yaml reads on to the document's end, so what stands wrong before it is told.
    composer.parser.next()?;
    Ok(composer.out)
}

/// An anchor: still open while its own node is read.
enum Anchor {
    Open,
    Done { value: Value, nodes: usize },
}

struct Composer<'a> {
    parser: Parser<'a>,
    anchors: BTreeMap<String, Anchor>,
    out: Composed,
    path: String,
    /// Nodes so far, those of expanded aliases included.
    nodes: usize,
    /// Nodes that came from aliases.
    aliased: usize,
}

impl Composer<'_> {
    fn node(&mut self, event: Event, mark: Mark, depth: usize) -> Result<Value, Problem> {
        if depth > MAX_DEPTH {
            let message = format!("yaml: exceeded max depth of {MAX_DEPTH}");
            return Err(Problem { message, mark });
        }
        self.count(1, 0, mark)?;
        let before = self.nodes;
        let (anchor, value) = match event {
            Event::Alias(name) => return self.alias(&name, mark),
            Event::Scalar(scalar) => {
                let value = scalar_value(&scalar, mark)?;
                (scalar.anchor, value)
            }
            Event::SequenceStart { anchor } => {
                self.open(anchor.as_ref());
                let value = self.sequence(depth)?;
                (anchor, value)
            }
            Event::MappingStart { anchor } => {
                self.open(anchor.as_ref());
                let value = self.mapping(depth)?;
                (anchor, value)
            }
            _ => (None, Value::Null),
        };
        if let Some(name) = anchor {
            let done = Anchor::Done {
                value: value.clone(),
                nodes: self.nodes - before + 1,
            };
            self.anchors.insert(name, done);
        }
        Ok(value)
    }

    fn open(&mut self, anchor: Option<&String>) {
        if let Some(name) = anchor {
            self.anchors.insert(name.clone(), Anchor::Open);
        }
    }

    fn alias(&mut self, name: &str, mark: Mark) -> Result<Value, Problem> {
        let (value, nodes) = match self.anchors.get(name) {
            Some(Anchor::Done { value, nodes }) => (value.clone(), *nodes),
            Some(Anchor::Open) => {
                let message = format!("yaml: anchor '{name}' value contains itself");
                return Err(Problem { message, mark });
            }
            None => {
                let message = format!("yaml: unknown anchor '{name}' referenced");
                return Err(Problem { message, mark });
            }
        };
        self.count(nodes, nodes, mark)?;
        Ok(value)
    }

    /// Counts nodes and refuses documents that consist almost wholly of expanded aliases: up to 400,000
    /// nodes 99 % may come from aliases, from 4,000,000 on 10 %.
    fn count(&mut self, nodes: usize, aliased: usize, mark: Mark) -> Result<(), Problem> {
        const FEW: f64 = 400_000.0;
        const MANY: f64 = 4_000_000.0;
        self.nodes += nodes;
        self.aliased += aliased;
        if self.aliased <= 100 || self.nodes <= 1000 {
            return Ok(());
        }
        let nodes = self.nodes as f64;
        let allowed = 0.99 - 0.89 * ((nodes - FEW) / (MANY - FEW)).clamp(0.0, 1.0);
        if self.aliased as f64 / nodes > allowed {
            let message = "yaml: document contains excessive aliasing".to_owned();
            return Err(Problem { message, mark });
        }
        Ok(())
    }

    fn sequence(&mut self, depth: usize) -> Result<Value, Problem> {
        let mut items = Vec::new();
        loop {
            let (event, mark) = self.parser.next()?;
            if matches!(event, Event::SequenceEnd) {
                return Ok(Value::from(items));
            }
            let outer = self.path.len();
            self.path.push_str(&format!("[{}]", items.len()));
            self.place(mark, mark);
            let item = self.node(event, mark, depth + 1)?;
            self.path.truncate(outer);
            items.push(item);
        }
    }

    fn mapping(&mut self, depth: usize) -> Result<Value, Problem> {
        let mut entries = Map::default();
        loop {
            let (event, key_mark) = self.parser.next()?;
            if matches!(event, Event::MappingEnd) {
                return Ok(Value::Map(entries));
            }
            let merge = matches!(&event, Event::Scalar(s) if s.text == "<<"
                && (s.plain || s.tag.as_deref() == Some("tag:yaml.org,2002:merge")));
            if merge {
                let (event, mark) = self.parser.next()?;
                let value = self.node(event, mark, depth + 1)?;
                merge_into(&mut entries, &value, mark)?;
                continue;
            }
            let key = self.node(event, key_mark, depth + 1)?;
            let outer = self.path.len();
            let name = key_text(&key);
            push_key(&mut self.path, name.as_deref().unwrap_or_default());
            let (event, mark) = self.parser.next()?;
            self.place(key_mark, mark);
            let value = self.node(event, mark, depth + 1)?;
            let name = name.ok_or_else(|| bad_key(&key, &value, key_mark))?;
            if entries.insert(name, value).is_some() {
                self.out.duplicates.push((self.path.clone(), key_mark));
            }
            self.path.truncate(outer);
        }
    }

    fn place(&mut self, key: Mark, value: Mark) {
        self.out
            .positions
            .set(self.path.clone(), Place::new(key, value));
    }
}

fn scalar_value(scalar: &Scalar, mark: Mark) -> Result<Value, Problem> {
    let value = match &scalar.tag {
        Some(tag) if tag != "!" => {
            scalar::resolve_tagged(tag, &scalar.text).map_err(|what| Problem {
                message: format!("yaml: {what}"),
                mark,
            })?
        }
        None if scalar.plain => scalar::resolve(&scalar.text),
        _ => Value::from(scalar.text.as_str()),
    };
    if let Value::Float(number) = value
        && !number.is_finite()
    {
        let shown = if number.is_nan() {
            "NaN"
        } else if number > 0.0 {
            "+Inf"
        } else {
            "-Inf"
        };
        return Err(Problem {
            message: format!("json: unsupported value: {shown}"),
            mark,
        });
    }
    Ok(value)
}

/// Appends a key to a path the way the API server writes paths; keys with dots or slashes in brackets.
pub fn push_key(path: &mut String, key: &str) {
    if key.contains(['.', '/']) {
        path.push('[');
        path.push_str(key);
        path.push(']');
        return;
    }
    if !path.is_empty() {
        path.push('.');
    }
    path.push_str(key);
}

/// Keys become text: numbers and truth values as JSON writes them.
fn key_text(key: &Value) -> Option<Str> {
    match key {
        Value::Str(text) => Some(text.clone()),
        Value::Int(_) | Value::Float(_) | Value::Bool(_) => Some(Str::from(key.to_go_json())),
        _ => None,
    }
}

fn bad_key(key: &Value, value: &Value, mark: Mark) -> Problem {
    let message = if key.is_null() {
        format!(
            "unsupported map key of type: %!s(<nil>), key: <nil>, value: {}",
            go_syntax(value)
        )
    } else {
        format!("yaml: invalid map key: {}", go_syntax(key))
    };
    Problem { message, mark }
}

/// A value as Go's `%#v` prints what go-yaml made of it.
fn go_syntax(value: &Value) -> String {
    match value {
        Value::Null => "interface {}(nil)".to_owned(),
        Value::List(items) => {
            let items: Vec<String> = items.iter().map(go_syntax).collect();
            format!("[]interface {{}}{{{}}}", items.join(", "))
        }
        Value::Map(entries) => {
            let entries: Vec<String> = entries
                .iter()
                .map(|(key, value)| format!("{:?}:{}", key.as_str(), go_syntax(value)))
                .collect();
            format!(
                "map[interface {{}}]interface {{}}{{{}}}",
                entries.join(", ")
            )
        }
        Value::Str(text) => format!("{:?}", text.as_str()),
        other => other.to_go_json(),
    }
}

/// `<<`: the entries of a mapping, or of several, the first of which wins.
fn merge_into(entries: &mut Map, value: &Value, mark: Mark) -> Result<(), Problem> {
    match value {
        Value::Map(merged) => {
            for (key, value) in merged.iter() {
                entries.insert(key.clone(), value.clone());
            }
            Ok(())
        }
        Value::List(several) if several.iter().all(|one| one.as_map().is_some()) => {
            for one in several.iter().rev() {
                merge_into(entries, one, mark)?;
            }
            Ok(())
        }
        _ => Err(Problem {
            message: "yaml: map merge requires map or sequence of maps as the value".to_owned(),
            mark,
        }),
    }
}
