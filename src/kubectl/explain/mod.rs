//! The API's types with their descriptions, and how `kubectl explain` prints them.
//! `kubectl/pkg/explain/v2/templates/plaintext.tmpl`, as recorded
//!
//! The text is large and only read here, by scanning it.

use super::failure::Failure;
use super::resources::ResourceType;

/// Written by `cargo xtask manual`; `xtask/manual/src/fields.rs` says how it is made up.
const FIELDS: &str = include_str!("fields.txt");

/// The descriptions of all types.
fn text() -> &'static str {
    FIELDS
}

/// A type of the API.
#[derive(Clone, Copy, Debug)]
pub struct Described {
    name: &'static str,
    api_version: &'static str,
    plain: &'static str,
    required: &'static str,
    /// Its description, with `\n` for line ends.
    description: &'static str,
    /// The lines of its fields and all that follows them.
    rest: &'static str,
}

/// A field of a type.
#[derive(Clone, Copy, Debug)]
pub struct DescribedField {
    /// Its name.
    pub name: &'static str,
    /// Its type as the table has it: `[]@api.core.v1.Container`.
    written: &'static str,
    enumerated: &'static str,
    description: &'static str,
}

impl Described {
    fn parse(line: &'static str, rest: &'static str) -> Option<Described> {
        let mut columns = line.strip_prefix('=')?.splitn(5, '\t');
        Some(Described {
            name: columns.next()?,
            api_version: columns.next()?,
            plain: columns.next()?,
            required: columns.next()?,
            description: columns.next()?,
            rest,
        })
    }

    fn find(fits: impl Fn(&Described) -> bool) -> Option<Described> {
        let mut rest = text();
        while let Some(at) = rest.find('=') {
            let (line, after) = split_line(rest.get(at..)?);
            rest = after;
            if let Some(found) = Described::parse(line, after).filter(&fits) {
                return Some(found);
            }
            // The next type begins after the fields of this one.
            if !rest.starts_with('=') {
                rest = &rest[rest.find("\n=").map_or(rest.len(), |at| at + 1)..];
            }
        }
        None
    }

    fn by_name(name: &str) -> Option<Described> {
        Described::find(|found| found.name == name)
    }

    /// The type of a resource's objects.
    #[must_use]
    pub fn of_kind(api_version: &str, kind: &str) -> Option<Described> {
        Described::find(|found| {
            found.api_version == api_version && found.name.rsplit('.').next() == Some(kind)
        })
    }

    fn short(&self) -> &'static str {
        if self.plain.is_empty() {
            self.name.rsplit('.').next().unwrap_or_default()
        } else {
            self.plain
        }
    }

    /// Its fields, in name order.
    pub fn fields(&self) -> impl Iterator<Item = DescribedField> + use<> {
        let lines = self.rest.lines().take_while(|line| !line.starts_with('='));
        lines.filter_map(|line| {
            let mut columns = line.splitn(4, '\t');
            Some(DescribedField {
                name: columns.next()?,
                written: columns.next()?,
                enumerated: columns.next()?,
                description: columns.next()?,
            })
        })
    }

    /// Whether an object without this field is refused.
    #[must_use]
    pub fn requires(&self, field: &str) -> bool {
        self.required.split(',').any(|name| name == field)
    }
}

fn split_line(text: &'static str) -> (&'static str, &'static str) {
    text.split_once('\n').unwrap_or((text, ""))
}

impl DescribedField {
    fn said(&self) -> &'static str {
        if self.description.is_empty() {
            "<no description>"
        } else {
            self.description
        }
    }

    /// Its description; empty if it has none.
    #[must_use]
    pub fn text(&self) -> String {
        unescape(self.description)
    }

    /// The values that are allowed, as they are printed; none if any is.
    pub fn values(&self) -> impl Iterator<Item = &'static str> + use<> {
        let values = Some(self.enumerated).filter(|all| !all.is_empty());
        let values = values.into_iter().flat_map(|all| all.split(','));
        values.map(|value| if value.is_empty() { "\"\"" } else { value })
    }

    /// The type of its value, or of the values it holds; none if that is no type of its own.
    #[must_use]
    pub fn inner(&self) -> Option<Described> {
        Described::by_name(self.written.split_once('@')?.1)
    }

    /// Its type as it is printed: `[]Container`, `map[string]string`.
    #[must_use]
    pub fn kind(&self) -> String {
        match self.written.split_once('@') {
            None => self.written.to_owned(),
            Some((before, name)) => {
                let short = Described::by_name(name).map(|inner| inner.short());
                format!("{before}{}", short.unwrap_or(name))
            }
        }
    }
}

/// The field that `path` leads to from an object's root; lists are left out of a path, keys of maps are not.
#[must_use]
pub fn field(api_version: &str, kind: &str, path: &[&str]) -> Option<DescribedField> {
    let mut at = Described::of_kind(api_version, kind)?;
    let mut names = path.iter();
    loop {
        let name = names.next()?;
        let field = at.fields().find(|field| field.name == *name)?;
        // A key of a map is no field.
        if field.written.starts_with("map[") {
            names.next();
        }
        if names.as_slice().is_empty() {
            return Some(field);
        }
        at = field.inner()?;
    }
}

/// What is printed, and what is said if a field does not exist.
pub struct Page {
    /// The text.
    pub text: String,
    /// Why it ends early.
    pub failure: Option<Failure>,
}

/// The page of a resource, or of the field that `path` leads to.
#[must_use]
pub fn page(of: &ResourceType, api_version: &str, path: &[&str], recursive: bool) -> Option<Page> {
    let root = Described::of_kind(api_version, of.kind)?;
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    let mut text = String::new();
    if !group.is_empty() {
        text.push_str(&format!("GROUP:      {group}\n"));
    }
    text.push_str(&format!(
        "KIND:       {}\nVERSION:    {version}\n\n",
        of.kind
    ));
    let (mut at, mut found) = (Some(root), None);
    for name in path {
        let field = at.and_then(|at| at.fields().find(|field| field.name == *name));
        let Some(field) = field else {
            // It is the end of the path that kubectl misses, wherever it broke off.
            let last = path.last().unwrap_or(name);
            let failure = Some(Failure::error(format!("field \"{last}\" does not exist")));
            return Some(Page { text, failure });
        };
        at = field.inner();
        found = Some(field);
    }
    if let Some(field) = &found {
        text.push_str(&format!("FIELD: {} <{}>\n", field.name, field.kind()));
        if !field.enumerated.is_empty() {
            text.push_str("ENUM:\n");
            for value in field.values() {
                text.push_str(&format!("    {value}\n"));
            }
        } else {
            text.push('\n');
        }
        text.push('\n');
    }
    text.push_str("DESCRIPTION:\n");
    if let Some(field) = &found {
        let bare = if at.is_some() {
            field.description
        } else {
            field.said()
        };
        describe(&mut text, bare);
    }
    if let Some(at) = at {
        describe(&mut text, at.description);
    }
    text.push_str("    \n");
    if let Some(at) = at.filter(|at| at.fields().next().is_some()) {
        text.push_str("FIELDS:\n");
        fields(&mut text, &at, 1, recursive);
    }
    text.push('\n');
    Some(Page {
        text,
        failure: None,
    })
}

fn fields(text: &mut String, of: &Described, depth: usize, recursive: bool) {
    let indent = "  ".repeat(depth);
    for field in of.fields() {
        let required = if of.requires(field.name) {
            " -required-"
        } else {
            ""
        };
        text.push_str(&format!(
            "{indent}{}\t<{}>{required}\n",
            field.name,
            field.kind()
        ));
        if !field.enumerated.is_empty() {
            let mut values: Vec<&str> = field.values().take(SHOWN_VALUES + 1).collect();
            if values.len() > SHOWN_VALUES {
                values[SHOWN_VALUES] = "....";
            }
            text.push_str(&format!("{indent}enum: {}\n", values.join(", ")));
        }
        if recursive {
            if let Some(inner) = field.inner() {
                fields(text, &inner, depth + 1, true);
            }
        } else {
            describe(text, field.said());
            text.push('\n');
        }
    }
}

/// How many allowed values of a field are listed in its type's page.
const SHOWN_VALUES: usize = 4;

/// The widest line of a description, without its indent.
const WIDTH: usize = 76;

/// Adds a description, wrapped, four spaces in.
fn describe(text: &mut String, description: &str) {
    if description.is_empty() {
        return;
    }
    for line in unescape(description).split('\n') {
        let mut width = 0;
        text.push_str("    ");
        let mut rest = line;
        while !rest.is_empty() {
            let start = rest.find(|c: char| c != ' ').unwrap_or(rest.len());
            let end = rest[start..]
                .find(' ')
                .map_or(rest.len(), |end| start + end);
            let (space, word) = rest[..end].split_at(start);
            let long = space.len() + word.chars().count();
            if width > 0 && width + long > WIDTH {
                text.push_str("\n    ");
                text.push_str(word);
                width = word.chars().count();
            } else {
                text.push_str(space);
                text.push_str(word);
                width += long;
            }
            rest = &rest[end..];
        }
        text.push('\n');
    }
}

fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (c, c == '\\') {
            (_, true) => match chars.next() {
                Some('n') => out.push('\n'),
                Some('t') => out.push('\t'),
                Some(other) => out.push(other),
                None => {}
            },
            (c, false) => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kubectl::resources::find;

    fn text(word: &str, path: &[&str], recursive: bool) -> String {
        let of = find(word).expect("a type");
        page(of, of.api_version, path, recursive).map_or(String::new(), |page| page.text)
    }

    // Recorded: corpus B, B-explain-08.
    #[test]
    fn a_plain_field() {
        let page = text(
            "sts",
            &["spec", "updateStrategy", "rollingUpdate", "partition"],
            false,
        );
        assert_eq!(
            page,
            "GROUP:      apps\nKIND:       StatefulSet\nVERSION:    v1\n\nFIELD: partition <integer>\n\n\nDESCRIPTION:\n    \
             Partition indicates the ordinal at which the StatefulSet should be\n    partitioned for updates. During a \
             rolling update, all pods from ordinal\n    Replicas-1 to Partition are updated. All pods from ordinal \
             Partition-1 to 0\n    remain untouched. This is helpful in being able to do a canary based\n    deployment. \
             The default value is 0.\n    \n\n"
        );
    }

    #[test]
    fn long_lists_of_values_are_cut() {
        assert!(
            text("pv", &["status"], false)
                .contains("  enum: Available, Bound, Failed, Pending, ....\n")
        );
        assert!(text("pv", &["status", "phase"], false).contains("    Pending\n    Released\n"));
    }

    #[test]
    fn every_simulated_kind_is_described_to_the_leaves() {
        for kind in crate::api::Kind::ALL {
            let page = text(kind.name(), &[], true);
            assert!(
                page.contains("\n    annotations\t<map[string]string>\n"),
                "{kind}"
            );
        }
        let said = field(
            "apps/v1",
            "StatefulSet",
            &["spec", "template", "spec", "containers", "image"],
        );
        assert_eq!(said.map(|field| field.kind()), Some("string".to_owned()));
    }
}
