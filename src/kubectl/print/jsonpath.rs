//! JSONPath templates: `{range .items[*]}{.metadata.name}{"\n"}{end}`.
//! `client-go/util/jsonpath`

use super::json;
use super::jsonpath_parse::{Comparison, Node, Step, parse};
use crate::api::Value;
use crate::kubectl::failure::Failure;
use crate::kubectl::patch::strategic::go_map;

/// The most values that the steps of a path may lead to together: each `..` multiplies them by the depth of
/// the tree. `{..image}` of 10,000 Pods leads to some 400,000.
const MOST_VALUES: usize = 2_000_000;

/// A template, read.
#[derive(Clone, Debug)]
pub struct JsonPath {
    template: String,
    nodes: Vec<Node>,
    /// A missing key is an error.
    strict: bool,
    as_json: bool,
}

impl JsonPath {
    /// Reads a template.
    ///
    /// # Errors
    /// `error parsing jsonpath {…}, …`
    pub fn parse(template: &str, strict: bool, as_json: bool) -> Result<JsonPath, Failure> {
        let nodes = parse(template)
            .map_err(|why| Failure::error(format!("error parsing jsonpath {template}, {why}")))?;
        Ok(JsonPath {
            template: template.to_owned(),
            nodes,
            strict,
            as_json,
        })
    }

    /// The template filled in with a value.
    ///
    /// # Errors
    /// `error executing jsonpath "…"` with the value, as kubectl prints it.
    pub fn print(&self, value: &Value) -> Result<String, Failure> {
        let mut run = Run {
            strict: self.strict,
            root: value,
            out: String::new(),
            found: Vec::new(),
        };
        run.nodes(&self.nodes, value)
            .map_err(|why| self.failed(&why, value))?;
        if self.as_json {
            return Ok(json::to_json(&Value::from(run.found)));
        }
        Ok(run.out)
    }

    /// Every value that the template's paths find; a missing key finds nothing.
    ///
    /// # Errors
    /// As [`JsonPath::print`].
    pub fn find_all(&self, value: &Value) -> Result<Vec<Value>, Failure> {
        let mut run = Run {
            strict: false,
            root: value,
            out: String::new(),
            found: Vec::new(),
        };
        run.nodes(&self.nodes, value)
            .map_err(|why| self.failed(&why, value))?;
        Ok(run.found)
    }

    /// Whether the managedFields of an object can show in what this prints of it.
    #[must_use]
    pub fn sees_managed_fields(&self) -> bool {
        self.template.contains("managedFields") || sees(&self.nodes)
    }

    fn failed(&self, why: &str, value: &Value) -> Failure {
        Failure::error(format!(
            "error executing jsonpath {}: Error executing template: {why}. Printing more information for debugging the template:\n\ttemplate was:\n\t\t{}\n\tobject given to jsonpath engine was:\n\t\t{}\n\n\n",
            crate::kubectl::flags::quote(&self.template),
            self.template,
            go_syntax(value)
        ))
    }
}

/// Where a path leads.
#[derive(PartialEq)]
enum Leads {
    /// To objects, their metadata, or anywhere.
    Anywhere,
    /// To objects or their metadata, by name.
    Around,
    /// Into another field.
    Past,
}

fn sees(nodes: &[Node]) -> bool {
    nodes.iter().any(|node| match node {
        Node::Path(steps) => leads(steps) != Leads::Past,
        Node::Range(steps, inner) => match leads(steps) {
            Leads::Anywhere => true,
            Leads::Around => sees(inner),
            Leads::Past => false,
        },
        _ => false,
    })
}

fn leads(steps: &[Step]) -> Leads {
    /// The fields of an entry of managedFields, and what is on the way there.
    const WITHIN: [&str; 9] = [
        "apiVersion",
        "fieldsType",
        "fieldsV1",
        "items",
        "manager",
        "metadata",
        "operation",
        "subresource",
        "time",
    ];
    let mut before: Option<&Step> = None;
    for step in steps {
        match step {
            Step::Root | Step::Recursive => {}
            Step::Field(name) if matches!(before, Some(Step::Recursive)) => {
                return if WITHIN.contains(&name.as_str()) {
                    Leads::Anywhere
                } else {
                    Leads::Past
                };
            }
            Step::Field(name) if name == "items" || name == "metadata" => {}
            Step::Field(_) => return Leads::Past,
            _ if before.is_some_and(|step| *step == Step::Field("items".to_owned())) => {}
            _ => return Leads::Anywhere,
        }
        before = Some(step);
    }
    Leads::Around
}

struct Run<'a> {
    strict: bool,
    root: &'a Value,
    out: String,
    found: Vec<Value>,
}

impl<'a> Run<'a> {
    fn nodes(&mut self, nodes: &[Node], at: &'a Value) -> Result<(), String> {
        for node in nodes {
            match node {
                Node::Text(text) => self.out.push_str(text),
                Node::Identifier(name) => {
                    return Err(format!("unrecognized identifier {name}"));
                }
                Node::StrayEnd => return Err("not in range, nothing to end".to_owned()),
                Node::Path(steps) => {
                    let values = self.walk(steps, at)?;
                    let texts: Vec<String> = values.iter().map(|v| plain(v)).collect();
                    self.out.push_str(&texts.join(" "));
                    self.found.extend(values.into_iter().cloned());
                }
                Node::Range(steps, inner) => {
                    for value in self.walk(steps, at)? {
                        self.nodes(inner, value)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn walk(&self, steps: &[Step], at: &'a Value) -> Result<Vec<&'a Value>, String> {
        let mut values = vec![at];
        let mut visited = 0;
        for step in steps {
            let mut next = Vec::new();
            if let Step::Union(parts) = step {
                // First what the first part finds everywhere, then the next.
                for part in parts {
                    for value in &values {
                        next.extend(self.walk(part, value)?);
                    }
                }
                values.clear();
            }
            for value in values {
                self.step(step, value, &mut next)?;
                if visited + next.len() > MOST_VALUES {
                    return Err(format!("the path finds more than {MOST_VALUES} values"));
                }
            }
            visited += next.len();
            values = next;
        }
        Ok(values)
    }

    fn step(&self, step: &Step, value: &'a Value, next: &mut Vec<&'a Value>) -> Result<(), String> {
        match step {
            Step::Root => next.push(self.root),
            Step::Field(name) => match value {
                Value::Map(map) => match map.get(name) {
                    Some(found) => next.push(found),
                    None if self.strict => return Err(format!("{name} is not found")),
                    None => {}
                },
                _ if self.strict => return Err(format!("{name} is not found")),
                _ => {}
            },
            Step::Wildcard => match value {
                Value::List(list) => next.extend(list.iter()),
                Value::Map(map) => next.extend(map.iter().map(|(_, value)| value)),
                _ => {}
            },
            Step::Slice(from, to, by) => {
                let Value::List(list) = value else {
                    return Err(format!("{} is not array or slice", kind_name(value)));
                };
                next.extend(slice(list.as_slice(), *from, *to, *by)?);
            }
            Step::Union(_) => {}
            Step::Recursive => descend(value, next),
            Step::Filter(left, comparison, right) => {
                let items: Vec<&Value> = match value {
                    Value::List(list) => list.iter().collect(),
                    _ => {
                        return Err(format!(
                            "{} is not array or slice and cannot be filtered",
                            go_map(value)
                        ));
                    }
                };
                for item in items {
                    if let Comparison::Unrecognized(operator) = comparison {
                        return Err(format!("unrecognized filter operator {operator}"));
                    }
                    let left = self.operand(left, item)?;
                    let right = self.operand(right, item)?;
                    if compare(left.as_deref(), comparison, right.as_deref()) {
                        next.push(item);
                    }
                }
            }
        }
        Ok(())
    }

    /// What stands on one side of a filter, as text; `None` if the path finds nothing.
    fn operand(&self, node: &Node, item: &'a Value) -> Result<Option<String>, String> {
        match node {
            Node::Text(text) => Ok(Some(text.clone())),
            Node::Path(steps) => Ok(self.walk(steps, item)?.first().map(|v| plain(v))),
            Node::Identifier(name) => Err(format!("unrecognized identifier {name}")),
            _ => Ok(None),
        }
    }
}

fn compare(left: Option<&str>, comparison: &Comparison, right: Option<&str>) -> bool {
    let Some(left) = left else { return false };
    if *comparison == Comparison::Exists {
        return true;
    }
    let Some(right) = right else { return false };
    let order = match (left.parse::<f64>(), right.parse::<f64>()) {
        (Ok(a), Ok(b)) => a.partial_cmp(&b),
        _ => Some(left.cmp(right)),
    };
    let Some(order) = order else { return false };
    match comparison {
        Comparison::Exists => true,
        Comparison::Equal => order.is_eq(),
        Comparison::Different => order.is_ne(),
        Comparison::Less => order.is_lt(),
        Comparison::LessOrEqual => order.is_le(),
        Comparison::Greater => order.is_gt(),
        Comparison::GreaterOrEqual => order.is_ge(),
        Comparison::Unrecognized(_) => false,
    }
}

fn descend<'a>(value: &'a Value, next: &mut Vec<&'a Value>) {
    next.push(value);
    match value {
        Value::Map(map) => map
            .iter()
            .for_each(|(_, inner)| descend_containers(inner, next)),
        Value::List(list) => list
            .iter()
            .for_each(|inner| descend_containers(inner, next)),
        _ => {}
    }
}

fn descend_containers<'a>(value: &'a Value, next: &mut Vec<&'a Value>) {
    if matches!(value, Value::Map(_) | Value::List(_)) {
        descend(value, next);
    }
}

fn slice(
    items: &[Value],
    from: Option<i64>,
    to: Option<i64>,
    by: Option<i64>,
) -> Result<Vec<&Value>, String> {
    let length = items.len() as i64;
    // `[3]` is the slice from 3 to 4 that must not be empty.
    let single = to == Some(i64::MIN);
    let real = |n: i64| if n < 0 { n + length } else { n };
    let from = real(from.unwrap_or(0));
    let to = if single {
        from + 1
    } else {
        real(to.unwrap_or(length))
    };
    if from == to {
        return Ok(Vec::new());
    }
    for (index, fits) in [
        (from, (0..length).contains(&from)),
        (to - 1, (0..=length).contains(&to)),
    ] {
        if !fits {
            return Err(format!(
                "array index out of bounds: index {index}, length {length}"
            ));
        }
    }
    if from > to {
        return Err(format!(
            "starting index {from} is greater than ending index {to}"
        ));
    }
    let by = usize::try_from(by.unwrap_or(1)).unwrap_or(0);
    if by == 0 {
        return Err("step must be > 0".to_owned());
    }
    let part = items.get(from as usize..to as usize).unwrap_or_default();
    Ok(part.iter().step_by(by).collect())
}

/// A value as a template prints it: text bare, the rest as JSON.
fn plain(value: &Value) -> String {
    match value {
        Value::Str(text) => text.as_str().to_owned(),
        Value::Null => String::new(),
        other => other.to_go_json(),
    }
}

fn kind_name(value: &Value) -> &'static str {
    match value {
        Value::Map(_) => "map[string]interface {}",
        Value::Str(_) => "string",
        Value::Bool(_) => "bool",
        Value::Int(_) => "int64",
        Value::Float(_) => "float64",
        _ => "<nil>",
    }
}

/// A value as Go's `%#v` prints it.
#[must_use]
pub fn go_syntax(value: &Value) -> String {
    match value {
        Value::Null => "interface {}(nil)".to_owned(),
        Value::Str(text) => crate::kubectl::flags::quote(text),
        Value::List(list) => {
            let items: Vec<String> = list.iter().map(go_syntax).collect();
            format!("[]interface {{}}{{{}}}", items.join(", "))
        }
        Value::Map(map) => {
            let entries: Vec<String> = map
                .iter()
                .map(|(key, value)| {
                    format!("{}:{}", crate::kubectl::flags::quote(key), go_syntax(value))
                })
                .collect();
            format!("map[string]interface {{}}{{{}}}", entries.join(", "))
        }
        other => other.to_go_json(),
    }
}

/// A path written without braces or the first dot (`metadata.name`) as a template.
///
/// # Errors
/// kubectl's words.
pub fn relaxed(path: &str) -> Result<String, Failure> {
    let inner = match (path.strip_prefix('{'), path.ends_with('}')) {
        (Some(rest), true) => rest.strip_suffix('}').unwrap_or(rest),
        (None, false) => path,
        _ => {
            return Err(Failure::error(
                "unexpected path string, expected a 'name1.name2' or '.name1.name2' or '{name1.name2}' or '{.name1.name2}'",
            ));
        }
    };
    if inner.is_empty() {
        return Ok("{}".to_owned());
    }
    let inner = inner.strip_prefix('.').unwrap_or(inner);
    Ok(format!("{{.{inner}}}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const POD: &str = r#"{"kind":"Pod","metadata":{"name":"web-0","labels":{"app":"nginx","apps.kubernetes.io/pod-index":"0"},"ownerReferences":[{"kind":"StatefulSet","name":"web"}]},"spec":{"containers":[{"name":"nginx","image":"i"}]},"status":{"conditions":[{"type":"Ready","status":"True"},{"type":"Initialized","status":"False"}]}}"#;

    fn print(template: &str) -> String {
        let pod = Value::from_json(POD).expect("json");
        match JsonPath::parse(template, false, false).and_then(|path| path.print(&pod)) {
            Ok(text) => text,
            Err(failure) => failure.text().lines().next().unwrap_or_default().to_owned(),
        }
    }

    #[test]
    fn a_path_that_explodes_is_refused() {
        let path = format!("{{{}name}}", ".".repeat(160));
        let printed = print(&path);
        assert!(printed.contains("more than 2000000 values"), "{printed}");
    }

    // Recorded: corpus B, get-jsonpath.
    #[test]
    fn templates() {
        for (template, text) in [
            ("{.metadata.name}", "web-0"),
            ("{$.metadata.name}", "web-0"),
            ("{@.metadata.name}", "web-0"),
            ("metadata.name", "metadata.name"),
            (".metadata.name}", ".metadata.name}"),
            (r"{.metadata.labels.apps\.kubernetes\.io/pod-index}", "0"),
            (r"{.metadata.labels['apps\.kubernetes\.io/pod-index']}", "0"),
            ("{.metadata.labels.apps.kubernetes.io/pod-index}", ""),
            (r#"{.status.conditions[?(@.type=="Ready")].status}"#, "True"),
            (r#"{.spec.containers[?(.name=="nginx")].image}"#, "i"),
            (
                "{.metadata.ownerReferences[0].kind}/{.metadata.ownerReferences[0].name}",
                "StatefulSet/web",
            ),
            ("{.metadata..name}", "web-0 web"),
            ("{.spec.containers[0]}", r#"{"image":"i","name":"nginx"}"#),
            (r#"{"text"}"#, "text"),
            ("{'text'}", "text"),
            (
                r#"{range .spec.containers[*]}{.name}{"\n"}{end}"#,
                "nginx\n",
            ),
            ("{.status.conditions[*].type}", "Ready Initialized"),
            ("{.status.conditions[-1].type}", "Initialized"),
        ] {
            assert_eq!(print(template), text, "{template}");
        }
    }

    #[test]
    fn refusals() {
        for (template, text) in [
            (
                "{.metadata.name",
                "error: error parsing jsonpath {.metadata.name, unclosed action",
            ),
            (
                "{metadata.name}",
                r#"error: error executing jsonpath "{metadata.name}": Error executing template: unrecognized identifier metadata. Printing more information for debugging the template:"#,
            ),
            (
                "{end}",
                r#"error: error executing jsonpath "{end}": Error executing template: not in range, nothing to end. Printing more information for debugging the template:"#,
            ),
            (
                "{.spec.containers[a].image}",
                "error: error parsing jsonpath {.spec.containers[a].image}, invalid array index a",
            ),
            (
                r#"{.spec.containers[?(@.name=~"ng.*")].image}"#,
                r#"error: error parsing jsonpath {.spec.containers[?(@.name=~"ng.*")].image}, unrecognized character in action: U+007E '~'"#,
            ),
            (
                "{.spec.containers[3].name}",
                r#"error: error executing jsonpath "{.spec.containers[3].name}": Error executing template: array index out of bounds: index 3, length 1. Printing more information for debugging the template:"#,
            ),
        ] {
            assert_eq!(print(template), text, "{template}");
        }
    }
}
