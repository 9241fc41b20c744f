//! `-l` and `--field-selector`, with the API server's words for what cannot be read.
//! `apimachinery/pkg/labels/selector.go`, `apimachinery/pkg/fields/selector.go`

use super::failure::Failure;
use super::resources::ResourceType;
use crate::api::Arrange as _;
use crate::api::{ApiError, ErrorReason, Kind, Map, Object, Value};

/// A condition on the labels of an object.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LabelQuery(Vec<Requirement>);

#[derive(Clone, Debug, PartialEq)]
struct Requirement {
    key: String,
    operator: Operator,
    /// The sign that it was written with: `=`, `!=`, `gt`, `lt`; empty for words.
    sign: &'static str,
    values: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    In,
    NotIn,
    Exists,
    Absent,
    Greater,
    Less,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Word(String),
    Symbol(&'static str),
    End,
}

impl Token {
    fn literal(&self) -> &str {
        match self {
            Token::Word(word) => word,
            Token::Symbol(symbol) => symbol,
            Token::End => "",
        }
    }
}

impl LabelQuery {
    /// Reads a selector.
    ///
    /// # Errors
    /// The API server's words.
    pub fn parse(text: &str) -> Result<LabelQuery, String> {
        let mut parser = Parser {
            tokens: tokens(text),
            at: 0,
        };
        let mut requirements = Vec::new();
        loop {
            match parser.peek() {
                Token::Word(_) | Token::Symbol("!") => {
                    let requirement = parser
                        .requirement()
                        .map_err(|why| format!("unable to parse requirement: {why}"))?;
                    requirements.push(requirement);
                    match parser.next() {
                        Token::End => return Ok(LabelQuery(requirements)),
                        Token::Symbol(",") => {
                            let after = parser.peek();
                            if !matches!(after, Token::Word(_) | Token::Symbol("!")) {
                                return Err(format!(
                                    "found '{}', expected: identifier after ','",
                                    after.literal()
                                ));
                            }
                        }
                        other => {
                            return Err(format!(
                                "found '{}', expected: ',' or 'end of string'",
                                other.literal()
                            ));
                        }
                    }
                }
                Token::End => return Ok(LabelQuery(requirements)),
                other => {
                    return Err(format!(
                        "found '{}', expected: !, identifier, or 'end of string'",
                        other.literal()
                    ));
                }
            }
        }
    }

    /// As an object holds it: `matchLabels` and `matchExpressions`.
    /// `apimachinery/pkg/apis/meta/v1/helpers.go` (`ParseToLabelSelector`)
    ///
    /// # Errors
    /// An operator that no object knows.
    pub fn to_selector(&self) -> Result<Value, Failure> {
        let mut selector = Value::empty_map();
        let mut expressions = Vec::new();
        for requirement in &self.0 {
            let key = requirement.key.as_str();
            let operator = match requirement.operator {
                Operator::In if requirement.sign == "=" => {
                    let value = requirement.values.first().map_or("", String::as_str);
                    selector.set(&["matchLabels", key], value);
                    continue;
                }
                Operator::In => "In",
                Operator::NotIn if requirement.sign.is_empty() => "NotIn",
                Operator::Exists => "Exists",
                Operator::Absent => "DoesNotExist",
                Operator::NotIn | Operator::Greater | Operator::Less => {
                    return Err(Failure::error(format!(
                        "\"{}\" is not a valid label selector operator",
                        requirement.sign
                    )));
                }
            };
            let mut expression =
                Value::map([("key", Value::from(key)), ("operator", operator.into())]);
            if !requirement.values.is_empty() {
                let values = requirement.values.iter().map(|v| Value::from(v.as_str()));
                expression.set(&["values"], values.collect::<Vec<_>>());
            }
            expressions.push(expression);
        }
        if !expressions.is_empty() {
            selector.set(&["matchExpressions"], expressions);
        }
        Ok(selector)
    }

    /// Whether the labels fit.
    #[must_use]
    pub fn matches(&self, labels: &Map) -> bool {
        self.0.iter().all(|requirement| {
            let value = labels.get_str(&requirement.key);
            let among = |value: &str| requirement.values.iter().any(|v| v == value);
            let number = |compare: fn(i64, i64) -> bool| {
                let (Some(left), Some(right)) = (value, requirement.values.first()) else {
                    return false;
                };
                matches!((left.parse(), right.parse()), (Ok(a), Ok(b)) if compare(a, b))
            };
            match requirement.operator {
                Operator::In => value.is_some_and(among),
                Operator::NotIn => value.is_none_or(|value| !among(value)),
                Operator::Exists => value.is_some(),
                Operator::Absent => value.is_none(),
                Operator::Greater => number(|a, b| a > b),
                Operator::Less => number(|a, b| a < b),
            }
        })
    }
}

fn tokens(text: &str) -> Vec<Token> {
    const SPECIAL: &str = "=!(),<>";
    const SYMBOLS: [&str; 9] = ["==", "!=", "=", "!", "(", ")", ",", "<", ">"];
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if matches!(c, ' ' | '\t' | '\n' | '\r') {
            rest = rest.get(c.len_utf8()..).unwrap_or_default();
        } else if SPECIAL.contains(c) {
            let found = SYMBOLS.into_iter().find(|symbol| rest.starts_with(symbol));
            let symbol = found.unwrap_or("=");
            tokens.push(Token::Symbol(symbol));
            rest = rest.get(symbol.len()..).unwrap_or_default();
        } else {
            let end = rest
                .find(|c: char| SPECIAL.contains(c) || c.is_ascii_whitespace())
                .unwrap_or(rest.len());
            let (word, after) = rest.split_at(end);
            tokens.push(Token::Word(word.to_owned()));
            rest = after;
        }
    }
    tokens
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
}

impl Parser {
    fn peek(&self) -> Token {
        self.tokens.get(self.at).cloned().unwrap_or(Token::End)
    }

    fn next(&mut self) -> Token {
        let token = self.peek();
        self.at += 1;
        token
    }

    fn requirement(&mut self) -> Result<Requirement, String> {
        let negated = self.peek() == Token::Symbol("!");
        if negated {
            self.at += 1;
        }
        let key = match self.next() {
            Token::Word(word) => word,
            other => return Err(format!("found '{}', expected: identifier", other.literal())),
        };
        check_key(&key)?;
        let bare = matches!(self.peek(), Token::End | Token::Symbol(","));
        if negated || bare {
            let operator = if negated {
                Operator::Absent
            } else {
                Operator::Exists
            };
            return Ok(Requirement {
                key,
                operator,
                sign: "",
                values: Vec::new(),
            });
        }
        let (operator, sign) = match self.next() {
            Token::Symbol("=" | "==") => (Operator::In, "="),
            Token::Symbol("!=") => (Operator::NotIn, "!="),
            Token::Symbol(">") => (Operator::Greater, "gt"),
            Token::Symbol("<") => (Operator::Less, "lt"),
            Token::Word(word) if word == "in" => return self.set(key, Operator::In),
            Token::Word(word) if word == "notin" => return self.set(key, Operator::NotIn),
            other => {
                return Err(format!(
                    "found '{}', expected: in, notin, =, ==, !=, gt, lt",
                    other.literal()
                ));
            }
        };
        let values = vec![self.exact()?];
        check_values(&key, operator, &values)?;
        Ok(Requirement {
            key,
            operator,
            sign,
            values,
        })
    }

    fn exact(&mut self) -> Result<String, String> {
        match self.peek() {
            Token::End | Token::Symbol(",") => Ok(String::new()),
            Token::Word(word) => {
                self.at += 1;
                Ok(word)
            }
            other => Err(format!("found '{}', expected: identifier", other.literal())),
        }
    }

    fn set(&mut self, key: String, operator: Operator) -> Result<Requirement, String> {
        match self.next() {
            Token::Symbol("(") => {}
            other => return Err(format!("found '{}' expected: '('", other.literal())),
        }
        let mut values = Vec::new();
        // Between two commas, and beside a bracket, stands an empty value.
        loop {
            match self.peek() {
                Token::Word(word) => {
                    self.at += 1;
                    values.push(word);
                }
                Token::Symbol(",") => values.push(String::new()),
                Token::Symbol(")") => {
                    self.at += 1;
                    values.push(String::new());
                    break;
                }
                other => {
                    return Err(format!(
                        "found '{}', expected: ',', ')' or identifier",
                        other.literal()
                    ));
                }
            }
            match self.next() {
                Token::Symbol(")") => break,
                Token::Symbol(",") => {}
                other => {
                    return Err(format!("found '{}', expected: ',' or ')'", other.literal()));
                }
            }
        }
        values.arrange();
        check_values(&key, operator, &values)?;
        Ok(Requirement {
            key,
            operator,
            sign: "",
            values,
        })
    }
}

const PREFIX_RULE: &str = "prefix part a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const NAME_RULE: &str = "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const KEY_RULE: &str = "a valid label key must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')";
/// What is said of a label value that is not one.
pub const VALUE_RULE: &str = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

fn check_key(key: &str) -> Result<(), String> {
    let faults = key_faults(key);
    if faults.is_empty() {
        return Ok(());
    }
    let rules = faults.join("; ");
    Err(format!("<nil>: Invalid value: \"{key}\": {rules}"))
}

/// What is wrong with the key of a label or taint.
#[must_use]
pub fn key_faults(key: &str) -> Vec<&'static str> {
    let (prefix, name) = match key.rsplit_once('/') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, key),
    };
    if key.matches('/').count() > 1 {
        return vec![KEY_RULE];
    }
    let faults = [
        (prefix == Some(""), "prefix part must be non-empty"),
        (
            prefix.is_some_and(|prefix| !prefix.is_empty() && !is_subdomain(prefix)),
            PREFIX_RULE,
        ),
        (name.is_empty(), "name part must be non-empty"),
        (
            name.len() > LONGEST,
            "name part must be no more than 63 bytes",
        ),
        (!plain_name(name), NAME_RULE),
    ];
    let wrong = faults.into_iter().filter(|(is_wrong, _)| *is_wrong);
    wrong.map(|(_, rule)| rule).collect()
}

fn check_values(key: &str, operator: Operator, values: &[String]) -> Result<(), String> {
    for (i, value) in values.iter().enumerate() {
        if matches!(operator, Operator::Greater | Operator::Less) && value.parse::<i64>().is_err() {
            return Err(format!(
                "values[{i}]: Invalid value: \"{value}\": for 'Gt', 'Lt' operators, the value must be an integer"
            ));
        }
        if let Some(rule) = value_fault(value) {
            return Err(format!(
                "values[{i}][{key}]: Invalid value: \"{value}\": {rule}"
            ));
        }
    }
    Ok(())
}

/// The most bytes of a label's value, or of its key after the prefix.
const LONGEST: usize = 63;

/// Parts in small letters, digits and hyphens, joined by dots.
fn is_subdomain(text: &str) -> bool {
    let edge = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    text.split('.').all(|part| {
        part.starts_with(edge) && part.ends_with(edge) && part.chars().all(|c| edge(c) || c == '-')
    })
}

fn plain_name(text: &str) -> bool {
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    edge(text.chars().next())
        && edge(text.chars().last())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
}

/// What is wrong with the value of a label; `None` if nothing.
#[must_use]
pub fn value_fault(text: &str) -> Option<&'static str> {
    if text.len() > LONGEST {
        Some("must be no more than 63 bytes")
    } else if text.is_empty() || plain_name(text) {
        None
    } else {
        Some(VALUE_RULE)
    }
}

/// A condition on fields: path, value, whether equal or different.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FieldQuery(Vec<(String, String, bool)>);

impl FieldQuery {
    /// Reads a field selector.
    ///
    /// # Errors
    /// The API server's words.
    pub fn parse(text: &str, kind: Kind) -> Result<FieldQuery, String> {
        let mut fields = Vec::new();
        for part in text.split(',').filter(|part| !part.is_empty()) {
            let found = ["!=", "==", "="]
                .into_iter()
                .find_map(|operator| Some((part.split_once(operator)?, operator)));
            let Some(((path, value), operator)) = found else {
                return Err(format!(
                    "invalid selector: '{text}'; can't understand '{part}'"
                ));
            };
            if let Some(c) = value.chars().find(|c| *c == '=') {
                return Err(format!(
                    "invalid field selector: unescaped character in value: {}",
                    c as u32
                ));
            }
            if !supported(kind, path) {
                return Err(not_supported(kind, path));
            }
            fields.push((path.to_owned(), value.to_owned(), operator != "!="));
        }
        Ok(FieldQuery(fields))
    }

    /// Whether the object fits.
    #[must_use]
    pub fn matches(&self, object: &Object) -> bool {
        self.0.iter().all(|(path, wanted, equal)| {
            let steps: Vec<&str> = path.split('.').collect();
            let found = match object.tree().at(&steps) {
                Some(Value::Str(text)) => text.as_str().to_owned(),
                Some(Value::Bool(truth)) => truth.to_string(),
                Some(Value::Int(number)) => number.to_string(),
                _ if matches!(path.as_str(), "spec.unschedulable" | "spec.hostNetwork") => {
                    "false".to_owned()
                }
                _ => String::new(),
            };
            (found == *wanted) == *equal
        })
    }
}

/// The fields that lists of a kind can be filtered by.
fn supported(kind: Kind, path: &str) -> bool {
    let more: &[&str] = match kind {
        Kind::Pod => &[
            "spec.nodeName",
            "spec.restartPolicy",
            "spec.schedulerName",
            "spec.serviceAccountName",
            "spec.hostNetwork",
            "status.phase",
            "status.podIP",
            "status.nominatedNodeName",
        ],
        Kind::Node => &["spec.unschedulable"],
        Kind::Namespace => &["status.phase"],
        Kind::Service => &["spec.clusterIP", "spec.type"],
        Kind::Secret => &["type"],
        Kind::Event => &[
            "involvedObject.kind",
            "involvedObject.namespace",
            "involvedObject.name",
            "involvedObject.uid",
            "involvedObject.apiVersion",
            "involvedObject.resourceVersion",
            "involvedObject.fieldPath",
            "reason",
            "reportingComponent",
            "source",
            "type",
        ],
        _ => &[],
    };
    let namespace = path == "metadata.namespace" && kind.namespaced();
    path == "metadata.name" || namespace || more.contains(&path)
}

fn not_supported(kind: Kind, path: &str) -> String {
    match kind {
        Kind::Pod | Kind::Node | Kind::Namespace | Kind::Event | Kind::Secret | Kind::Service => {
            format!("field label not supported: {path}")
        }
        _ => format!(
            "\"{path}\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\""
        ),
    }
}

/// Both conditions of a list.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Query {
    labels: LabelQuery,
    fields: FieldQuery,
}

impl Query {
    /// Reads `-l` and `--field-selector` for a list of a type.
    ///
    /// # Errors
    /// The API server's refusal.
    pub fn parse(labels: &str, fields: &str, of: &ResourceType) -> Result<Query, Failure> {
        let refuse = |why: String| {
            let group = if of.group().is_empty() {
                format!("/{}", of.version())
            } else {
                of.api_version.to_owned()
            };
            let message = format!(
                "Unable to find \"{group}, Resource={}\" that match label selector {}, field selector {}: {why}",
                of.plural,
                super::flags::quote(labels),
                super::flags::quote(fields)
            );
            Failure::from(ApiError::new(ErrorReason::BadRequest, message))
        };
        let kind = of.simulated().unwrap_or(Kind::ConfigMap);
        Ok(Query {
            labels: LabelQuery::parse(labels).map_err(refuse)?,
            fields: FieldQuery::parse(fields, kind).map_err(refuse)?,
        })
    }

    /// Whether an object fits.
    #[must_use]
    pub fn matches(&self, object: &Object) -> bool {
        self.labels.matches(&object.meta.labels) && self.fields.matches(object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Recorded: corpus B, get-selector.
    #[test]
    fn label_selectors_match() {
        let labels: Map = [("app", "nginx"), ("index", "1")].into_iter().collect();
        for (text, fits) in [
            ("app=nginx", true),
            ("app = nginx", true),
            ("app!=nginx", false),
            ("!tier", true),
            ("app,!tier", true),
            ("app=", false),
            ("app in ()", false),
            ("app in (a, nginx),index>0", true),
            ("index<1", false),
            ("", true),
        ] {
            let query = LabelQuery::parse(text).expect(text);
            assert_eq!(query.matches(&labels), fits, "{text}");
        }
    }

    #[test]
    fn label_selectors_refused() {
        for (text, why) in [
            (
                "=nginx",
                "found '=', expected: !, identifier, or 'end of string'",
            ),
            (
                "app in nginx",
                "unable to parse requirement: found 'nginx' expected: '('",
            ),
            (
                "app in (nginx",
                "unable to parse requirement: found '', expected: ',' or ')'",
            ),
            (
                "app===nginx",
                "unable to parse requirement: found '=', expected: identifier",
            ),
            ("app=nginx,", "found '', expected: identifier after ','"),
            (
                "a b=c",
                "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt",
            ),
        ] {
            assert_eq!(LabelQuery::parse(text), Err(why.to_owned()), "{text}");
        }
        assert!(LabelQuery::parse("app=~nginx").is_err_and(|why| why.starts_with("unable to parse requirement: values[0][app]: Invalid value: \"~nginx\": a valid label must be")));
        assert!(
            LabelQuery::parse("-app=x").is_err_and(|why| why.starts_with(
                "unable to parse requirement: <nil>: Invalid value: \"-app\": name part must"
            ))
        );
    }

    #[test]
    fn field_selectors() {
        let refused = FieldQuery::parse("status.replicas=3", Kind::StatefulSet);
        assert_eq!(refused, Err("\"status.replicas\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\"".to_owned()));
        let refused = FieldQuery::parse("status.phase", Kind::Pod);
        assert_eq!(
            refused,
            Err("invalid selector: 'status.phase'; can't understand 'status.phase'".to_owned())
        );
        let pod = Object::new(
            Kind::Pod,
            Value::from_json(r#"{"metadata":{"name":"a"},"status":{"phase":"Running"}}"#)
                .expect("json"),
        );
        let fits = |text: &str| FieldQuery::parse(text, Kind::Pod).is_ok_and(|q| q.matches(&pod));
        assert!(fits("metadata.name!=b,status.phase=Running") && !fits("status.phase=running"));
    }
}
