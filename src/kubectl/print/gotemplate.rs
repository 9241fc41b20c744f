//! Go templates: `{{range .items}}{{.metadata.name}}{{end}}`.
//! `text/template`; `cli-runtime/pkg/printers/template.go`

use super::gotemplate_call::{Argument, arity, call, truth, type_name};
use super::gotemplate_parse::{
    Command, Node, Operand, OperandKind, Parsed, Pipeline, Place, parse,
};
use crate::api::Value;
use crate::kubectl::failure::Failure;
use crate::kubectl::flags::quote;
use crate::kubectl::patch::strategic::go_map;

/// A template, read.
#[derive(Clone, Debug)]
pub struct GoTemplate {
    text: String,
    parsed: Parsed,
    /// A missing key is an error.
    strict: bool,
}

/// More steps than this are refused, so that no template hangs the page.
const STEPS: usize = 1_000_000;
/// Templates that call each other more deeply are refused.
const DEPTH: usize = 100;

impl GoTemplate {
    /// Reads a template. `strict`: a missing key is an error when it is filled in.
    ///
    /// # Errors
    /// `error parsing template {{…, template: output:1: …`
    pub fn parse(text: &str, strict: bool) -> Result<GoTemplate, Failure> {
        let parsed = parse(text).map_err(|why| {
            Failure::error(format!(
                "error parsing template {text}, template: output:1: {why}"
            ))
        })?;
        Ok(GoTemplate {
            text: text.to_owned(),
            parsed,
            strict,
        })
    }

    /// The template filled in with a value.
    ///
    /// # Errors
    /// What the template engine says, after what it had printed.
    pub fn print(&self, value: &Value) -> Result<String, Failure> {
        let mut run = Run {
            template: self,
            out: String::new(),
            variables: vec![("$".to_owned(), value.clone())],
            steps: 0,
            depth: 0,
        };
        match run.nodes(&self.parsed.nodes, value) {
            Ok(_) => Ok(run.out),
            Err(why) => {
                let said = format!(
                    "{}Error executing template: {why}. Printing more information for debugging the template:\n\ttemplate was:\n\t\t{}\n\traw data was:\n\t\t{}\n\tobject given to template engine was:\n\t\t{}\n\n",
                    run.out,
                    self.text,
                    value.to_go_json(),
                    go_map(value)
                );
                let text = quote(&self.text);
                Err(Failure::error(format!("error executing template {text}: {why}")).after(said))
            }
        }
    }
}

/// Where the execution goes on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Flow {
    On,
    Break,
    Continue,
}

struct Run<'a> {
    template: &'a GoTemplate,
    out: String,
    variables: Vec<(String, Value)>,
    steps: usize,
    depth: usize,
}

impl Run<'_> {
    /// An error at a place, in the engine's words.
    fn at(&self, place: &Place, what: &str) -> String {
        let before = self.template.text.get(..place.at).unwrap_or_default();
        let line = 1 + before.matches('\n').count();
        let column = before.len() - before.rfind('\n').map_or(0, |at| at + 1);
        format!(
            "template: output:{line}:{column}: executing \"output\" at <{}>: {what}",
            place.text
        )
    }

    fn nodes(&mut self, nodes: &[Node], dot: &Value) -> Result<Flow, String> {
        for node in nodes {
            self.steps += 1;
            if self.steps > STEPS {
                return Err("the template takes too many steps".to_owned());
            }
            let mark = self.variables.len();
            let flow = match node {
                Node::Text(text) => {
                    self.out.push_str(text);
                    Flow::On
                }
                Node::Action(pipeline) => {
                    let value = self.pipeline(pipeline, dot)?;
                    if pipeline.variables.is_empty() {
                        self.out.push_str(&printed(&value));
                    }
                    continue;
                }
                Node::If(pipeline, then, otherwise) => {
                    let truth = truth(&self.pipeline(pipeline, dot)?);
                    self.nodes(if truth { then } else { otherwise }, dot)?
                }
                Node::With(pipeline, then, otherwise) => {
                    let value = self.pipeline(pipeline, dot)?;
                    if truth(&value) {
                        self.nodes(then, &value)?
                    } else {
                        self.nodes(otherwise, dot)?
                    }
                }
                Node::Range(pipeline, body, otherwise) => {
                    self.range(pipeline, body, otherwise, dot)?
                }
                Node::Break => Flow::Break,
                Node::Continue => Flow::Continue,
                Node::Template(name, about, place) => {
                    self.called(name, about.as_ref(), place, dot)?;
                    Flow::On
                }
            };
            self.variables.truncate(mark);
            if flow != Flow::On {
                return Ok(flow);
            }
        }
        Ok(Flow::On)
    }

    /// `{{template "name" about}}`
    fn called(
        &mut self,
        name: &str,
        about: Option<&Pipeline>,
        place: &Place,
        dot: &Value,
    ) -> Result<(), String> {
        let template = self.template;
        let mut defined = template.parsed.defined.iter().rev();
        let Some((_, body)) = defined.find(|(known, _)| known == name) else {
            return Err(self.at(place, &format!("template {} not defined", quote(name))));
        };
        let dot = match about {
            Some(about) => self.pipeline(about, dot)?,
            None => Value::Null,
        };
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(self.at(place, "exceeded maximum template depth (100000)"));
        }
        let outside = std::mem::replace(&mut self.variables, vec![("$".to_owned(), dot.clone())]);
        self.nodes(body, &dot)?;
        self.variables = outside;
        self.depth -= 1;
        Ok(())
    }

    fn range(
        &mut self,
        pipeline: &Pipeline,
        body: &[Node],
        otherwise: &[Node],
        dot: &Value,
    ) -> Result<Flow, String> {
        let over = self.commands(pipeline, dot)?;
        let count = |at: usize| Value::Int(i64::try_from(at).unwrap_or(i64::MAX));
        let entries: Vec<(Value, Value)> = match &over {
            Value::List(list) => list
                .iter()
                .enumerate()
                .map(|(at, value)| (count(at), value.clone()))
                .collect(),
            Value::Map(map) => map
                .iter()
                .map(|(key, value)| (Value::from(key), value.clone()))
                .collect(),
            Value::Int(most) => (0..(*most).min(STEPS as i64))
                .map(|i| (Value::Int(i), Value::Int(i)))
                .collect(),
            Value::Null => Vec::new(),
            other => {
                let last = pipeline.commands.last();
                let place = last.and_then(|command| command.words.first());
                let place = place.map(|word| word.place.clone()).unwrap_or_default();
                let what = format!("range can't iterate over {}", printed(other));
                return Err(self.at(&place, &what));
            }
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
            let flow = self.nodes(body, &value)?;
            self.variables.truncate(mark);
            if flow == Flow::Break {
                break;
            }
        }
        Ok(Flow::On)
    }

    fn pipeline(&mut self, pipeline: &Pipeline, dot: &Value) -> Result<Value, String> {
        let value = self.commands(pipeline, dot)?;
        if let [name] = pipeline.variables.as_slice() {
            let mut known = self.variables.iter_mut().rev();
            match known.find(|(known, _)| known == name) {
                Some((_, slot)) if pipeline.assigns => *slot = value.clone(),
                None if pipeline.assigns => {
                    let last = pipeline.commands.last().and_then(|c| c.words.last());
                    let place = last.map(|word| word.place.clone()).unwrap_or_default();
                    return Err(self.at(&place, &format!("undefined variable: {name}")));
                }
                _ => self.variables.push((name.clone(), value.clone())),
            }
        }
        Ok(value)
    }

    fn commands(&mut self, pipeline: &Pipeline, dot: &Value) -> Result<Value, String> {
        let mut last: Option<Argument> = None;
        for command in &pipeline.commands {
            last = Some(self.command(command, last, dot)?);
        }
        Ok(last.map(|argument| argument.value).unwrap_or_default())
    }

    fn command(
        &mut self,
        command: &Command,
        last: Option<Argument>,
        dot: &Value,
    ) -> Result<Argument, String> {
        let Some((first, rest)) = command.words.split_first() else {
            return Err("an empty command".to_owned());
        };
        if let OperandKind::Function(name) = &first.kind {
            if let Some(what) = arity(name, rest.len() + usize::from(last.is_some())) {
                return Err(self.at(&first.place, &what));
            }
            let mut arguments = Vec::new();
            for word in rest {
                arguments.push(self.operand(word, dot)?);
            }
            arguments.extend(last);
            let value = call(name, &arguments).map_err(|why| {
                let why = why.replacen(
                    "non-function of",
                    &format!(
                        "non-function {} of",
                        rest.first().map_or("", |word| word.place.text.as_str())
                    ),
                    1,
                );
                self.at(&command.place, &format!("error calling {name}: {why}"))
            })?;
            let literal = true;
            return Ok(Argument { value, literal });
        }
        if !rest.is_empty() || last.is_some() {
            let what = match &first.kind {
                OperandKind::Field(steps) | OperandKind::Variable(_, steps)
                    if !steps.is_empty() =>
                {
                    let name = steps.last().map_or("", String::as_str);
                    format!("{name} is not a method but has arguments")
                }
                _ => format!("can't give argument to non-function {}", first.place.text),
            };
            return Err(self.at(&first.place, &what));
        }
        if matches!(first.kind, OperandKind::Nil) {
            return Err(self.at(&first.place, "nil is not a command"));
        }
        self.operand(first, dot)
    }

    fn operand(&mut self, operand: &Operand, dot: &Value) -> Result<Argument, String> {
        let place = &operand.place;
        let (value, literal) = match &operand.kind {
            OperandKind::Literal(value) => (value.clone(), true),
            OperandKind::Nil => (Value::Null, true),
            OperandKind::Field(steps) => (self.follow(dot, steps, place, false)?, false),
            OperandKind::Variable(name, steps) => {
                let mut known = self.variables.iter().rev();
                let found = known.find(|(known, _)| known == name);
                let value = found.map(|(_, value)| value.clone()).unwrap_or_default();
                (self.follow(&value, steps, place, true)?, false)
            }
            OperandKind::Group(pipeline, steps) => {
                let value = self.commands(pipeline, dot)?;
                if steps.is_empty() {
                    (value, true)
                } else {
                    // The engine still stands at the last word inside.
                    let last = pipeline.commands.last().and_then(|c| c.words.last());
                    let place = last.map_or(place, |word| &word.place);
                    (self.follow(&value, steps, place, false)?, false)
                }
            }
            OperandKind::Function(name) => {
                if let Some(what) = arity(name, 0) {
                    return Err(self.at(place, &what));
                }
                let value = call(name, &[])
                    .map_err(|why| self.at(place, &format!("error calling {name}: {why}")))?;
                (value, true)
            }
        };
        Ok(Argument { value, literal })
    }

    /// The value at a path of fields. `known`: the type of the first is known, as a variable has one.
    fn follow(
        &self,
        value: &Value,
        steps: &[String],
        place: &Place,
        known: bool,
    ) -> Result<Value, String> {
        let mut at = value;
        for (number, step) in steps.iter().enumerate() {
            at = match at {
                Value::Map(map) => match map.get(step) {
                    Some(found) => found,
                    None if self.template.strict => {
                        let what = format!("map has no entry for key {}", quote(step));
                        return Err(self.at(place, &what));
                    }
                    None => return Ok(Value::Null),
                },
                Value::Null => return Ok(Value::Null),
                other => {
                    let kind = match known && number == 0 {
                        true => type_name(other, false),
                        false => "interface {}",
                    };
                    let what = format!("can't evaluate field {step} in type {kind}");
                    return Err(self.at(place, &what));
                }
            };
        }
        Ok(at.clone())
    }
}

fn printed(value: &Value) -> String {
    match value {
        Value::Null => "<no value>".to_owned(),
        other => go_map(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn print(template: &str) -> String {
        let pod = Value::from_json(
            r#"{"metadata":{"name":"web-0","labels":{"apps.kubernetes.io/pod-index":"0"}},"spec":{"containers":[{"image":"i","name":"nginx"},{"image":"j","name":"side"}]},"status":{"phase":"Running"}}"#,
        )
        .expect("json");
        match GoTemplate::parse(template, false).and_then(|template| template.print(&pod)) {
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
            (
                "{{define \"x\"}}[{{.}}]{{end}}{{template \"x\" .status.phase}}",
                "[Running]",
            ),
            (
                "{{range .spec.containers}}{{.name}}{{break}}{{end}}{{with $x := 5}}{{$x}}{{end}}",
                "nginx5",
            ),
            (
                "{{range .spec.containers}}{{if eq .name \"nginx\"}}{{continue}}{{end}}{{.name}}{{end}}",
                "side",
            ),
            (
                "{{printf \"%v %s %d %5s|%-5s|%t %x %05d %.2f\" .status.phase \"x\" 3 \"a\" \"b\" true 255 42 1.5}}",
                "Running x 3     a|b    |true ff 00042 1.50",
            ),
            (
                "{{printf \"%s\" 3}} {{printf \"%s\"}} {{printf \"a\" 1}}",
                "%!s(int=3) %!s(MISSING) a%!(EXTRA int=1)",
            ),
            ("{{html \"<a>\"}} {{urlquery \"a b\"}}", "&lt;a&gt; a+b"),
            (
                "{{slice .status.phase 0 3}} {{print 1 2 \"x\"}}",
                "Run 1 2x",
            ),
            (
                "{{index .spec.containers 5}}",
                "error: error executing template \"{{index .spec.containers 5}}\": template: output:1:2: executing \"output\" at <index .spec.containers 5>: error calling index: index out of range: 5",
            ),
            (
                "{{.status.phase.foo}}",
                "error: error executing template \"{{.status.phase.foo}}\": template: output:1:9: executing \"output\" at <.status.phase.foo>: can't evaluate field foo in type interface {}",
            ),
            (
                "{{len 1 2}}",
                "error: error executing template \"{{len 1 2}}\": template: output:1:2: executing \"output\" at <len>: wrong number of args for len: want 1 got 2",
            ),
            (
                "{{lt .status.phase 2}}",
                "error: error executing template \"{{lt .status.phase 2}}\": template: output:1:2: executing \"output\" at <lt .status.phase 2>: error calling lt: incompatible types for comparison: string and int",
            ),
            (
                "{{$x.foo}}",
                "error: error parsing template {{$x.foo}}, template: output:1: undefined variable \"$x\"",
            ),
            (
                "{{nosuch .kind}}",
                "error: error parsing template {{nosuch .kind}}, template: output:1: function \"nosuch\" not defined",
            ),
            (
                "{{if}}x{{end}}",
                "error: error parsing template {{if}}x{{end}}, template: output:1: missing value for if",
            ),
            (
                "{{break}}",
                "error: error parsing template {{break}}, template: output:1: {{break}} outside {{range}}",
            ),
        ] {
            assert_eq!(print(template), text, "{template}");
        }
    }
}
