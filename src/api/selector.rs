//! Label selectors.
//! `apimachinery/pkg/labels/selector.go`, `pkg/apis/meta/v1/helpers.go`

use super::{Map, Str, Value};

/// A conjunction of requirements on labels. The empty selector matches everything.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Selector(Vec<Requirement>);

#[derive(Clone, Debug, PartialEq)]
enum Requirement {
    In(Str, Vec<Str>),
    NotIn(Str, Vec<Str>),
    Exists(Str),
    Absent(Str),
}

impl Selector {
    /// The selector of a plain map of labels (`spec.selector` of a Service).
    #[must_use]
    pub fn from_labels(labels: &Map) -> Selector {
        let equals = |(key, value): (&str, &str)| Requirement::In(key.into(), vec![value.into()]);
        Selector(labels.texts().map(equals).collect())
    }

    /// The selector of a `metav1.LabelSelector` (`matchLabels`, `matchExpressions`).
    #[must_use]
    pub fn from_label_selector(tree: &Value) -> Selector {
        let mut selector = Selector::from_labels(&tree.map_at(&["matchLabels"]));
        for expression in tree.items_at(&["matchExpressions"]) {
            let key = Str::new(expression.str_at(&["key"]).unwrap_or_default());
            let values = expression
                .items_at(&["values"])
                .iter()
                .filter_map(|value| value.as_shared().cloned())
                .collect();
            selector.0.push(match expression.str_at(&["operator"]) {
                Some("NotIn") => Requirement::NotIn(key, values),
                Some("Exists") => Requirement::Exists(key),
                Some("DoesNotExist") => Requirement::Absent(key),
                _ => Requirement::In(key, values),
            });
        }
        selector
    }

    /// Reads the form of kubectl's `-l`: `app=nginx,tier!=x,env in (a,b),env notin (c),key,!key`.
    ///
    /// # Errors
    /// Says what could not be read.
    pub fn parse(text: &str) -> Result<Selector, String> {
        let mut requirements = Vec::new();
        for part in split_outside_parentheses(text) {
            let part = part.trim();
            if part.is_empty() {
                continue;
            }
            requirements.push(parse_requirement(part)?);
        }
        Ok(Selector(requirements))
    }

    /// Whether the labels meet every requirement.
    #[must_use]
    pub fn matches(&self, labels: &Map) -> bool {
        self.0.iter().all(|requirement| match requirement {
            Requirement::In(key, values) => labels
                .get_str(key)
                .is_some_and(|value| values.iter().any(|v| v == value)),
            Requirement::NotIn(key, values) => labels
                .get_str(key)
                .is_none_or(|value| values.iter().all(|v| v != value)),
            Requirement::Exists(key) => labels.contains(key),
            Requirement::Absent(key) => !labels.contains(key),
        })
    }

    /// Whether it has no requirement.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl std::fmt::Display for Selector {
    /// `app=nginx,tier notin (a,b)`, as `metav1.FormatLabelSelector` prints it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (i, requirement) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str(",")?;
            }
            match requirement {
                Requirement::In(key, values) => match values.as_slice() {
                    [one] => write!(f, "{key}={one}")?,
                    many => write!(f, "{key} in ({})", join(many))?,
                },
                Requirement::NotIn(key, values) => write!(f, "{key} notin ({})", join(values))?,
                Requirement::Exists(key) => write!(f, "{key}")?,
                Requirement::Absent(key) => write!(f, "!{key}")?,
            }
        }
        Ok(())
    }
}

fn join(values: &[Str]) -> String {
    values.iter().map(Str::as_str).collect::<Vec<_>>().join(",")
}

fn split_outside_parentheses(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut depth, mut start) = (0_i32, 0);
    for (at, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth <= 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

fn parse_requirement(part: &str) -> Result<Requirement, String> {
    if let Some(key) = part.strip_prefix('!') {
        return Ok(Requirement::Absent(Str::new(key.trim())));
    }
    if let Some((key, value)) = part.split_once("!=") {
        return Ok(Requirement::NotIn(
            Str::new(key.trim()),
            vec![Str::new(value.trim())],
        ));
    }
    if let Some((key, value)) = part.split_once('=') {
        let value = value.strip_prefix('=').unwrap_or(value);
        return Ok(Requirement::In(
            Str::new(key.trim()),
            vec![Str::new(value.trim())],
        ));
    }
    if let Some((head, list)) = part.split_once('(') {
        let list = list
            .trim_end()
            .strip_suffix(')')
            .ok_or("unable to parse requirement: missing ')'")?;
        let values = list
            .split(',')
            .map(|value| Str::new(value.trim()))
            .collect();
        let mut words = head.split_whitespace();
        return match (words.next(), words.next(), words.next()) {
            (Some(key), Some("in"), None) => Ok(Requirement::In(Str::new(key), values)),
            (Some(key), Some("notin"), None) => Ok(Requirement::NotIn(Str::new(key), values)),
            _ => Err(format!("unable to parse requirement: {part}")),
        };
    }
    if part.contains(char::is_whitespace) {
        return Err(format!("unable to parse requirement: {part}"));
    }
    Ok(Requirement::Exists(Str::new(part)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_like_kubectl() {
        let labels: Map = [("app", "nginx"), ("env", "a")].into_iter().collect();
        for (text, wanted) in [
            ("app=nginx", true),
            ("app==nginx,env in (a,b)", true),
            ("app!=nginx", false),
            ("tier", false),
            ("!tier", true),
            ("env notin (a)", false),
            ("", true),
        ] {
            assert_eq!(
                Selector::parse(text).map(|s| s.matches(&labels)),
                Ok(wanted),
                "{text}"
            );
        }
        assert!(Selector::parse("a b").is_err());
    }
}
