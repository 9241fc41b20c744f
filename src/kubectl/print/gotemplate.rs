//! Go templates: `{{range .items}}{{.metadata.name}}{{end}}`.
//! `text/template`; `cli-runtime/pkg/printers/template.go`

use super::gotemplate_parse::{Node, Operand, Pipeline, parse};
use crate::api::Value;
use crate::kubectl::failure::Failure;
use crate::kubectl::flags::quote;
use crate::kubectl::patch::strategic::go_map;
use std::cmp::Ordering;

/// A template, read.
#[derive(Clone, Debug)]
pub struct GoTemplate {
    nodes: Vec<Node>,
}

/// More steps than this are refused, so that no template hangs the page.
const STEPS: usize = 1_000_000;

impl GoTemplate {
    /// Reads a template.
    ///
    /// # Errors
    /// `error parsing template {{…, template: output:1: …`
    pub fn parse(text: &str) -> Result<GoTemplate, Failure> {
        let nodes = parse(text).map_err(|why| {
            Failure::error(format!(
                "error parsing template {text}, template: output:1: {why}"
            ))
        })?;
        Ok(GoTemplate { nodes })
    }

    /// The template filled in with a value.
    ///
    /// # Errors
    /// What the template engine says.
    pub fn print(&self, value: &Value) -> Result<String, Failure> {
        let mut run = Run {
            out: String::new(),
            variables: vec![("$".to_owned(), value.clone())],
            steps: 0,
        };
        run.nodes(&self.nodes, value)
            .map_err(|why| Failure::error(format!("error executing template: {why}")))?;
        Ok(run.out)
    }
}

struct Run {
    out: String,
    variables: Vec<(String, Value)>,
    steps: usize,
}

impl Run {
    fn nodes(&mut self, nodes: &[Node], dot: &Value) -> Result<(), String> {
        for node in nodes {
            self.steps += 1;
            if self.steps > STEPS {
                return Err("the template takes too many steps".to_owned());
            }
            match node {
                Node::Text(text) => self.out.push_str(text),
                Node::Action(pipeline) => {
                    let value = self.pipeline(pipeline, dot)?;
                    if pipeline.variables.is_empty() {
                        self.out.push_str(&printed(&value));
                    }
                }
                Node::If(pipeline, then, otherwise) => {
                    let mark = self.variables.len();
                    let truth = truth(&self.pipeline(pipeline, dot)?);
                    self.nodes(if truth { then } else { otherwise }, dot)?;
                    self.variables.truncate(mark);
                }
                Node::With(pipeline, then, otherwise) => {
                    let mark = self.variables.len();
                    let value = self.pipeline(pipeline, dot)?;
                    if truth(&value) {
                        self.nodes(then, &value)?;
                    } else {
                        self.nodes(otherwise, dot)?;
                    }
                    self.variables.truncate(mark);
                }
                Node::Range(pipeline, body, otherwise) => {
                    self.range(pipeline, body, otherwise, dot)?
                }
            }
        }
        Ok(())
    }

    fn range(
        &mut self,
        pipeline: &Pipeline,
        body: &[Node],
        otherwise: &[Node],
        dot: &Value,
    ) -> Result<(), String> {
        let over = self.commands(pipeline, dot)?;
        let entries: Vec<(Value, Value)> = match &over {
            Value::List(list) => (0_i64..)
                .map(Value::Int)
                .zip(list.iter().cloned())
                .collect(),
            Value::Map(map) => map
                .iter()
                .map(|(key, value)| (Value::from(key), value.clone()))
                .collect(),
            Value::Int(count) => (0..*count)
                .map(|i| (Value::Int(i), Value::Int(i)))
                .collect(),
            Value::Null => Vec::new(),
            other => return Err(format!("range can't iterate over {}", printed(other))),
        };
        if entries.is_empty() {
            return self.nodes(otherwise, dot);
        }
        for (key, value) in entries {
            let mark = self.variables.len();
            match pipeline.variables.as_slice() {
                [one] => self.variables.push((one.clone(), value.clone())),
                [first, second] => {
                    self.variables.push((first.clone(), key));
                    self.variables.push((second.clone(), value.clone()));
                }
                _ => {}
            }
            self.nodes(body, &value)?;
            self.variables.truncate(mark);
        }
        Ok(())
    }

    fn pipeline(&mut self, pipeline: &Pipeline, dot: &Value) -> Result<Value, String> {
        let value = self.commands(pipeline, dot)?;
        if let [name] = pipeline.variables.as_slice() {
            match self
                .variables
                .iter_mut()
                .rev()
                .find(|(known, _)| known == name)
            {
                Some((_, slot)) if pipeline.assigns => *slot = value.clone(),
                _ => self.variables.push((name.clone(), value.clone())),
            }
        }
        Ok(value)
    }

    fn commands(&mut self, pipeline: &Pipeline, dot: &Value) -> Result<Value, String> {
        let mut last: Option<Value> = None;
        for command in &pipeline.commands {
            last = Some(self.command(command, last, dot)?);
        }
        Ok(last.unwrap_or_default())
    }

    fn command(
        &mut self,
        words: &[Operand],
        last: Option<Value>,
        dot: &Value,
    ) -> Result<Value, String> {
        let Some((first, rest)) = words.split_first() else {
            return Ok(Value::Null);
        };
        if let Operand::Function(name) = first {
            let mut arguments = Vec::new();
            for word in rest {
                arguments.push(self.operand(word, dot)?);
            }
            arguments.extend(last);
            return call(name, &arguments);
        }
        self.operand(first, dot)
    }

    fn operand(&mut self, operand: &Operand, dot: &Value) -> Result<Value, String> {
        match operand {
            Operand::Literal(value) => Ok(value.clone()),
            Operand::Field(steps) => Ok(follow(dot, steps)),
            Operand::Variable(name, steps) => {
                let found = self.variables.iter().rev().find(|(known, _)| known == name);
                let value = found
                    .map(|(_, value)| value)
                    .ok_or(format!("undefined variable {}", quote(name)))?;
                Ok(follow(value, steps))
            }
            Operand::Group(pipeline, steps) => {
                let value = self.commands(pipeline, dot)?;
                Ok(follow(&value, steps))
            }
            Operand::Function(name) => call(name, &[]),
        }
    }
}

fn follow(value: &Value, steps: &[String]) -> Value {
    steps
        .iter()
        .try_fold(value, |at, step| at.get(step))
        .cloned()
        .unwrap_or_default()
}

fn truth(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(truth) => *truth,
        Value::Int(number) => *number != 0,
        Value::Float(number) => *number != 0.0,
        Value::Str(text) => !text.is_empty(),
        Value::List(list) => !list.is_empty(),
        Value::Map(map) => !map.is_empty(),
    }
}

fn printed(value: &Value) -> String {
    match value {
        Value::Null => "<no value>".to_owned(),
        other => go_map(other),
    }
}

fn call(name: &str, arguments: &[Value]) -> Result<Value, String> {
    let first = arguments.first().cloned().unwrap_or_default();
    Ok(match name {
        "len" => match &first {
            Value::List(list) => Value::Int(list.len() as i64),
            Value::Map(map) => Value::Int(map.len() as i64),
            Value::Str(text) => Value::Int(text.len() as i64),
            other => return Err(format!("error calling len: len of {}", printed(other))),
        },
        "index" => arguments
            .iter()
            .skip(1)
            .try_fold(first, |at, key| match (&at, key) {
                (Value::Map(map), Value::Str(key)) => Ok(map.get(key).cloned().unwrap_or_default()),
                (Value::List(list), Value::Int(i)) => usize::try_from(*i)
                    .ok()
                    .and_then(|i| list.as_slice().get(i))
                    .cloned()
                    .ok_or(format!("error calling index: index out of range: {i}")),
                _ => Err("error calling index: can't index item".to_owned()),
            })?,
        "eq" => Value::Bool(arguments.iter().skip(1).any(|other| *other == first)),
        "ne" => Value::Bool(arguments.get(1) != Some(&first)),
        "lt" => Value::Bool(order(arguments) == Some(Ordering::Less)),
        "le" => Value::Bool(order(arguments).is_some_and(Ordering::is_le)),
        "gt" => Value::Bool(order(arguments) == Some(Ordering::Greater)),
        "ge" => Value::Bool(order(arguments).is_some_and(Ordering::is_ge)),
        "and" => arguments
            .iter()
            .find(|v| !truth(v))
            .or(arguments.last())
            .cloned()
            .unwrap_or_default(),
        "or" => arguments
            .iter()
            .find(|v| truth(v))
            .or(arguments.last())
            .cloned()
            .unwrap_or_default(),
        "not" => Value::Bool(!truth(&first)),
        "exists" => {
            let path = arguments.iter().skip(1);
            let found = path
                .into_iter()
                .try_fold(first, |at, key| match (&at, key) {
                    (Value::Map(map), Value::Str(key)) => map.get(key).cloned(),
                    (Value::List(list), Value::Int(i)) => {
                        list.as_slice().get(usize::try_from(*i).ok()?).cloned()
                    }
                    _ => None,
                });
            Value::Bool(found.is_some())
        }
        "print" | "println" => {
            let texts: Vec<String> = arguments.iter().map(printed).collect();
            if name == "print" {
                Value::from(texts.concat())
            } else {
                Value::from(format!("{}\n", texts.join(" ")))
            }
        }
        "printf" => Value::from(format_go(
            &printed(&first),
            arguments.get(1..).unwrap_or_default(),
        )),
        "base64decode" => {
            Value::from(String::from_utf8_lossy(&decode_base64(&printed(&first))).into_owned())
        }
        _ => return Err(format!("function {} not defined", quote(name))),
    })
}

fn order(arguments: &[Value]) -> Option<Ordering> {
    match arguments {
        [Value::Int(a), Value::Int(b)] => Some(a.cmp(b)),
        [Value::Str(a), Value::Str(b)] => Some(a.cmp(b)),
        [Value::Float(a), Value::Float(b)] => a.partial_cmp(b),
        _ => None,
    }
}

/// `printf` with the verbs that templates use: the flags between `%` and the letter are a width.
fn format_go(format: &str, arguments: &[Value]) -> String {
    let mut out = String::new();
    let mut arguments = arguments.iter();
    let mut chars = format.chars();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let mut width = String::new();
        let verb = loop {
            match chars.next() {
                Some(c) if c == '-' || c.is_ascii_digit() => width.push(c),
                other => break other,
            }
        };
        let text = match verb {
            Some('%') => "%".to_owned(),
            Some('q') => arguments
                .next()
                .map(|v| quote(&printed(v)))
                .unwrap_or_default(),
            Some(_) => arguments.next().map(printed).unwrap_or_default(),
            None => String::new(),
        };
        let size: usize = width.trim_start_matches('-').parse().unwrap_or(0).min(1000);
        out.push_str(&if width.starts_with('-') {
            format!("{text:<size$}")
        } else {
            format!("{text:>size$}")
        });
    }
    out
}

fn decode_base64(text: &str) -> Vec<u8> {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bits, mut count, mut out) = (0_u32, 0, Vec::new());
    for byte in text.bytes() {
        let Some(digit) = DIGITS.iter().position(|d| *d == byte) else {
            continue;
        };
        bits = (bits << 6) | digit as u32;
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count) as u8);
            bits &= (1 << count) - 1;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn print(template: &str) -> String {
        let pod = Value::from_json(
            r#"{"metadata":{"name":"web-0","labels":{"apps.kubernetes.io/pod-index":"0"}},"spec":{"containers":[{"image":"i","name":"nginx"},{"image":"j","name":"side"}]},"status":{"phase":"Running"}}"#,
        )
        .expect("json");
        match GoTemplate::parse(template).and_then(|template| template.print(&pod)) {
            Ok(text) => text,
            Err(failure) => failure.text(),
        }
    }

    // Recorded: corpus B, get-template; the tutorial's command.
    #[test]
    fn templates() {
        for (template, text) in [
            (
                "{{range $i, $c := .spec.containers}}{{$c.image}}{{end}}",
                "ij",
            ),
            ("{{.metadata.name}}{{\"\\n\"}}", "web-0\n"),
            ("{{len .spec.containers}}", "2"),
            ("{{if eq .status.phase \"Pending\"}}a{{else}}b{{end}}", "b"),
            ("{{.nosuch.deep}}", "<no value>"),
            (
                "{{index .metadata.labels \"apps.kubernetes.io/pod-index\"}}",
                "0",
            ),
            ("{{with .spec.nodeSelector}}yes{{else}}no{{end}}", "no"),
            ("{{range .spec.containers}}{{.name}} {{end}}", "nginx side "),
            ("{{(index .spec.containers 1).name}}", "side"),
            ("{{.spec.containers | len | printf \"%d!\"}}", "2!"),
            ("a {{- 1 -}} b", "a1b"),
            (
                "{{.spec.containers}}",
                "[map[image:i name:nginx] map[image:j name:side]]",
            ),
            (
                "{{.spec.replicas",
                "error: error parsing template {{.spec.replicas, template: output:1: unclosed action",
            ),
            (
                "{{range .spec.containers}}",
                "error: error parsing template {{range .spec.containers}}, template: output:1: unexpected EOF",
            ),
        ] {
            assert_eq!(print(template), text, "{template}");
        }
    }
}
