//! What can be written at a place of a manifest, and what the field there means.
//!
//! Half-written text cannot be read as YAML, so the place is found by the indentation of the lines above it.

use crate::api::Kind;
use crate::kubectl::explain::{Described, DescribedField, field};

/// What can be written at a place.
#[derive(Clone, Debug, PartialEq)]
pub struct Completions {
    /// What is there already, up to the place.
    pub prefix: String,
    /// What of the word follows the place.
    pub rest: String,
    /// Whether a field's name is asked for, not its value.
    pub names: bool,
    /// The possible words.
    pub options: Vec<Completion>,
}

/// A word that can be written.
#[derive(Clone, Debug, PartialEq)]
pub struct Completion {
    /// The word.
    pub label: String,
    /// Its type, or what else tells it apart.
    pub detail: String,
    /// What to write: a name comes with its colon.
    pub apply: String,
    /// Whether only certain words can follow.
    pub more: bool,
    /// Whether the API demands it.
    pub required: bool,
}

/// What a field means.
#[derive(Clone, Debug, PartialEq)]
pub struct Explained {
    /// The line, from 0.
    pub line: usize,
    /// The key's columns, from 0 in characters.
    pub columns: (usize, usize),
    /// The field's path and type.
    pub title: String,
    /// Its description.
    pub text: String,
}

/// What can be written at a byte of a text; none where nothing is known.
#[must_use]
pub fn complete(text: &str, at: usize) -> Option<Completions> {
    let place = Place::find(text, at)?;
    let (names, mut options) = match place.key {
        Some(key) => (false, place.values(key)?),
        None => place.names_or_items()?,
    };
    let written = |option: &Completion| place.siblings.contains(&option.label.as_str());
    if names {
        options.retain(|option| !written(option));
        if place.after.starts_with(':') {
            for option in &mut options {
                option.apply.clone_from(&option.label);
            }
        }
    }
    Some(Completions {
        prefix: place.prefix.to_owned(),
        rest: place.rest.to_owned(),
        names,
        options,
    })
}

/// What the field at a byte of a text means; none beside a field.
#[must_use]
pub fn explain(text: &str, at: usize) -> Option<Explained> {
    let line_end = text
        .get(at..)?
        .find('\n')
        .map_or(text.len(), |end| at + end);
    let start = text.get(..at)?.rfind('\n').map_or(0, |end| end + 1);
    let line = Line::read(text.get(start..line_end)?);
    let key = line.key?;
    let place = Place::find(text, start + line.content + key.len())?;
    let column = text.get(start..at)?.chars().count();
    if column < line.content {
        return None;
    }
    let mut path = place.path.clone();
    path.push(key);
    let (version, kind) = place.object?;
    let field = Kinds { version, kind }.field(&path)?;
    Some(Explained {
        line: text.get(..start)?.matches('\n').count(),
        columns: (line.content, line.content + key.chars().count()),
        title: format!("{} <{}>", path.join("."), field.kind()),
        text: field.text(),
    })
}

/// A line of block YAML.
#[derive(Clone, Copy, Debug)]
struct Line<'a> {
    /// The column of its first dash or, if it has none, of its text.
    start: usize,
    /// The column of its text after the dashes.
    content: usize,
    /// The key that it begins with.
    key: Option<&'a str>,
    /// The text after the key's colon, or all of it.
    value: &'a str,
    blank: bool,
}

impl<'a> Line<'a> {
    fn read(text: &'a str) -> Line<'a> {
        let bare = text.trim_start_matches(' ');
        let start = text.len() - bare.len();
        let mut content = bare;
        while content == "-" || content.starts_with("- ") {
            content = content.get(1..).unwrap_or_default().trim_start_matches(' ');
        }
        let (key, value) = match content.split_once(": ") {
            Some((key, value)) => (Some(key), value),
            None => match content.trim_end().strip_suffix(':') {
                Some(key) => (Some(key), ""),
                None => (None, content),
            },
        };
        Line {
            start,
            content: text.len() - content.len(),
            key: key.filter(|key| is_name(key)),
            value: value.trim(),
            blank: bare.is_empty() || bare.starts_with('#'),
        }
    }

    fn has_dash(&self) -> bool {
        self.content > self.start
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text
            .chars()
            .all(|c| c.is_alphanumeric() || "._/-".contains(c))
}

/// Where in its object a place of the text is.
struct Place<'a> {
    /// The object's apiVersion and kind.
    object: Option<(&'a str, &'a str)>,
    /// The keys that lead here, lists left out.
    path: Vec<&'a str>,
    /// Whether this is an item of a list.
    item: bool,
    /// The key whose value is here; none where a key stands.
    key: Option<&'a str>,
    /// The word before the place, the rest of it behind, and what follows that.
    prefix: &'a str,
    rest: &'a str,
    after: &'a str,
    /// The other keys of this mapping.
    siblings: Vec<&'a str>,
}

impl<'a> Place<'a> {
    fn find(text: &'a str, at: usize) -> Option<Place<'a>> {
        let start = text.get(..at)?.rfind('\n').map_or(0, |end| end + 1);
        let (before, behind) = (text.get(start..at)?, text.get(at..)?);
        let behind = behind.split('\n').next().unwrap_or_default();
        let own = Line::read(before);
        let content = before.get(own.content..)?;
        if own.blank && content.starts_with('#') || content.contains(" #") {
            return None;
        }
        let (key, prefix) = match content.split_once(": ") {
            Some((key, value)) => (Some(key), value.trim_start()),
            None if content.ends_with(':') => return None,
            None => (None, content),
        };
        if !prefix.is_empty() && !is_name(prefix) {
            return None;
        }
        let end = behind.find(|c: char| !(c.is_alphanumeric() || "._/-".contains(c)));
        let (rest, after) = behind.split_at(end.unwrap_or(behind.len()));
        let above: Vec<Line> = lines_of(text.get(..start)?.split('\n').rev().skip(1));
        let below: Vec<Line> = lines_of(text.get(at..)?.split('\n').skip(1));
        let (path, item) = ancestors(&above, &own);
        Some(Place {
            object: object(&above, &below),
            path,
            item,
            key,
            prefix,
            rest,
            after,
            siblings: siblings(&above, &below, &own),
        })
    }

    fn field(&self, path: &[&str]) -> Option<Field> {
        let (version, kind) = self.object?;
        Kinds { version, kind }.field(path)
    }

    fn values(&self, key: &str) -> Option<Vec<Completion>> {
        if self.path.is_empty() {
            match key {
                "kind" => {
                    return Some(
                        Kind::ALL
                            .iter()
                            .map(|k| word(k.name(), k.api_version()))
                            .collect(),
                    );
                }
                "apiVersion" => return Some(self.versions()),
                _ => {}
            }
        }
        let mut path = self.path.clone();
        path.push(key);
        Some(self.field(&path)?.words())
    }

    /// The versions of the kind or, as long as there is none, all of them.
    fn versions(&self) -> Vec<Completion> {
        let mut versions: Vec<&str> = Vec::new();
        for kind in Kind::ALL {
            let fits = self
                .object
                .is_none_or(|(_, name)| name.is_empty() || name == kind.name());
            if fits && !versions.contains(&kind.api_version()) {
                versions.push(kind.api_version());
            }
        }
        versions
            .into_iter()
            .map(|version| word(version, ""))
            .collect()
    }

    /// The names of fields or, in a list of words, those words.
    fn names_or_items(&self) -> Option<(bool, Vec<Completion>)> {
        let known = self.object.filter(|(_, kind)| !kind.is_empty());
        let Some((version, kind)) = known else {
            let first = ["apiVersion", "kind", "metadata"].map(|name| word(name, ""));
            return self
                .path
                .is_empty()
                .then(|| (true, first.map(named).into()));
        };
        let of = match self.path.as_slice() {
            [] => Kinds { version, kind }.root()?,
            path => {
                let field = self.field(path)?;
                match field.inner() {
                    Some(inner) => inner,
                    None if self.item => return Some((false, field.words())),
                    None => return None,
                }
            }
        };
        let root = self.path.is_empty();
        let fields = of
            .fields()
            .filter(|field| !(root && field.name == "status"));
        let options = fields.map(|field| {
            let field = Field(field);
            let kind = field.kind();
            let holds = field
                .inner()
                .is_some_and(|inner| inner.fields().next().is_some());
            let nested = holds || kind.starts_with(['[', 'm']);
            Completion {
                apply: format!("{}:{}", field.0.name, if nested { "" } else { " " }),
                more: !field.words().is_empty() || (root && !nested),
                required: of.requires(field.0.name),
                ..word(field.0.name, &kind)
            }
        });
        Some((true, options.collect()))
    }
}

/// A word without more.
fn word(label: &str, detail: &str) -> Completion {
    Completion {
        label: label.to_owned(),
        detail: detail.to_owned(),
        apply: label.to_owned(),
        more: false,
        required: false,
    }
}

/// A field's name, before the kind is known.
fn named(word: Completion) -> Completion {
    let more = word.label != "metadata";
    Completion {
        apply: format!("{}:{}", word.label, if more { " " } else { "" }),
        more,
        ..word
    }
}

/// The lines of one document, from its middle outwards.
fn lines_of<'a>(lines: impl Iterator<Item = &'a str>) -> Vec<Line<'a>> {
    let inside = lines.take_while(|line| !line.starts_with("---"));
    inside
        .map(|line| Line::read(line.trim_end_matches('\r')))
        .filter(|line| !line.blank)
        .collect()
}

/// The object's apiVersion and kind, each empty if it is not there.
fn object<'a>(above: &[Line<'a>], below: &[Line<'a>]) -> Option<(&'a str, &'a str)> {
    let top = |name: &str| {
        let fits = |line: &&Line<'a>| line.content == 0 && line.key == Some(name);
        let found = above.iter().chain(below).find(fits);
        found.map_or("", |line| line.value.trim_matches(['"', '\'']))
    };
    Some((top("apiVersion"), top("kind")))
}

/// The keys that lead to a line, outermost first, and whether it is an item of the innermost one's list.
fn ancestors<'a>(above: &[Line<'a>], own: &Line<'a>) -> (Vec<&'a str>, bool) {
    let item = own.has_dash();
    let (mut limit, mut in_list) = (own.start, item);
    let mut path = Vec::new();
    let mut in_item = item;
    for line in above {
        if limit == 0 && !in_list {
            break;
        }
        // A list may begin in the column of the key that holds it.
        let inside = line.content < limit || (in_list && line.content == limit);
        if inside && let Some(key) = line.key {
            path.push(key);
            (limit, in_list) = (line.content, false);
        }
        if line.has_dash() && line.start < limit {
            in_item |= path.is_empty();
            (limit, in_list) = (line.start, true);
        }
    }
    path.reverse();
    (path, in_item)
}

/// The keys of the mapping that a line is part of.
fn siblings<'a>(above: &[Line<'a>], below: &[Line<'a>], own: &Line<'a>) -> Vec<&'a str> {
    let column = own.content;
    let mut found = Vec::new();
    let here = |line: &Line<'a>| line.key.filter(|_| line.content == column);
    if !own.has_dash() {
        for line in above {
            found.extend(here(line));
            if line.start < column {
                break;
            }
        }
    }
    for line in below {
        if line.start < column {
            break;
        }
        found.extend(here(line));
    }
    found
}

/// The types of an object.
struct Kinds<'a> {
    version: &'a str,
    kind: &'a str,
}

impl Kinds<'_> {
    fn root(&self) -> Option<Described> {
        self.versions()
            .find_map(|version| Described::of_kind(version, self.kind))
    }

    /// The version that is written, or that of the kind if there is none yet.
    fn versions(&self) -> impl Iterator<Item = &str> {
        let known = Kind::ALL.into_iter().find(|kind| kind.name() == self.kind);
        std::iter::once(self.version).chain(known.map(Kind::api_version))
    }

    fn field(&self, path: &[&str]) -> Option<Field> {
        self.versions()
            .find_map(|version| field(version, self.kind, path))
            .map(Field)
    }
}

/// A field with its description.
struct Field(DescribedField);

impl Field {
    fn kind(&self) -> String {
        self.0.kind()
    }

    fn inner(&self) -> Option<Described> {
        self.0.inner()
    }

    fn text(&self) -> String {
        self.0.text()
    }

    /// The only words that its value can be.
    fn words(&self) -> Vec<Completion> {
        if self.kind() == "boolean" {
            return vec![word("true", ""), word("false", "")];
        }
        self.0
            .values()
            .filter(|value| !value.starts_with('"'))
            .map(|value| word(value, ""))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{complete, explain};

    const SET: &str =
        "apiVersion: apps/v1\nkind: StatefulSet\nmetadata:\n  name: web\nspec:\n  replicas: 2\n";

    /// The words offered where `|` stands.
    fn offered(text: &str) -> Vec<String> {
        let at = text.find('|').unwrap();
        let text = text.replacen('|', "", 1);
        let options = complete(&text, at).map(|found| found.options);
        options
            .unwrap_or_default()
            .into_iter()
            .map(|option| option.apply)
            .collect()
    }

    #[test]
    fn fields_of_the_kind_at_this_indentation() {
        let spec = offered(&format!("{SET}  |"));
        assert!(spec.contains(&"serviceName: ".to_owned()), "{spec:?}");
        assert!(spec.contains(&"template:".to_owned()), "{spec:?}");
        assert!(
            !spec.iter().any(|name| name.starts_with("replicas")),
            "{spec:?}"
        );
        assert_eq!(
            offered(&format!("{SET}  updateStrategy:\n    |")),
            ["rollingUpdate:", "type: "]
        );
        let container = format!(
            "{SET}  template:\n    spec:\n      containers:\n      - name: nginx\n        |\n"
        );
        let container = offered(&container);
        assert!(
            container.contains(&"imagePullPolicy: ".to_owned()),
            "{container:?}"
        );
        assert!(
            !container.iter().any(|name| name.starts_with("name:")),
            "{container:?}"
        );
        let port = format!(
            "{SET}  template:\n    spec:\n      containers:\n      - ports:\n        - |\n"
        );
        assert!(offered(&port).contains(&"containerPort: ".to_owned()));
    }

    #[test]
    fn a_new_document_begins_at_its_head() {
        assert_eq!(
            offered(&format!("{SET}---\n|")),
            ["apiVersion: ", "kind: ", "metadata:"]
        );
        assert_eq!(
            offered(&format!("{SET}---\nkind: Service\napiVersion: |")),
            ["v1"]
        );
        assert!(offered("kind: |").contains(&"StatefulSet".to_owned()));
        assert!(offered("kind: StatefulSet\n|").contains(&"spec:".to_owned()));
    }

    #[test]
    fn values_of_fields_that_take_only_some() {
        assert_eq!(
            offered(&format!("{SET}  podManagementPolicy: |")),
            ["OrderedReady", "Parallel"]
        );
        let tty = format!("{SET}  template:\n    spec:\n      containers:\n      - tty: |");
        assert_eq!(offered(&tty), ["true", "false"]);
        assert_eq!(
            offered(&format!("{SET}  serviceName: |")),
            Vec::<String>::new()
        );
        assert_eq!(offered(&format!("{SET}  # |")), Vec::<String>::new());
        assert_eq!(
            offered(&format!("{SET}  unknown:\n    |")),
            Vec::<String>::new()
        );
    }

    #[test]
    fn a_key_that_has_its_colon_keeps_it() {
        assert!(offered(&format!("{SET}  serv|: nginx")).contains(&"serviceName".to_owned()));
    }

    #[test]
    fn a_field_is_explained() {
        let at = SET.find("replicas").unwrap() + 2;
        let found = explain(SET, at).unwrap();
        assert_eq!(found.title, "spec.replicas <integer>");
        assert_eq!((found.line, found.columns), (5, (2, 10)));
        assert!(
            found
                .text
                .starts_with("replicas is the desired number of replicas")
        );
        let labels = "kind: Pod\napiVersion: v1\nmetadata:\n  labels:\n    app: x\n";
        assert_eq!(
            explain(labels, labels.find("labels").unwrap())
                .unwrap()
                .title,
            "metadata.labels <map[string]string>"
        );
    }

    #[test]
    fn any_place_of_any_text_is_fine() {
        for text in [
            "",
            ":",
            "- - -",
            "a: b: c",
            "가: 나\n  - 다",
            "---",
            "-",
            "kind: Pod\n\t- x",
        ] {
            for (at, _) in text.char_indices() {
                let _ = (complete(text, at), explain(text, at));
            }
            let _ = (complete(text, text.len()), explain(text, text.len()));
        }
    }
}
