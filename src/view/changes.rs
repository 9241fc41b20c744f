//! What differs: between an object before and after a write, since a moment, and between a file and the cluster.

use crate::api::{Key, Object, Value};
use crate::manifest::{Document, canonical_quantity, find_kind};
use crate::sim::WriteRecord;
use crate::store::{ChangeKind, Store};
use std::collections::BTreeMap;
use std::sync::Arc;

/// How many fields of one object are listed.
const MOST_FIELDS: usize = 24;
/// How many objects of one stretch of time are listed.
const MOST_OBJECTS: usize = 200;
/// The longest value that is written out, in characters.
const LONGEST: usize = 80;
/// What every write changes, and says nothing.
const BOOKKEEPING: [&str; 2] = ["metadata.resourceVersion", "metadata.managedFields"];
/// What names an item of a list of mappings.
const NAMES: [&str; 4] = ["name", "type", "containerPort", "uid"];

/// A field that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldChange {
    /// `spec.replicas`, `status.conditions[Ready].status`
    pub path: String,
    /// What it was, as JSON; none if it was not there.
    pub old: Option<String>,
    /// What it is.
    pub new: Option<String>,
}

/// What became of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectChange {
    /// The object.
    pub key: Key,
    /// Whether it was there before.
    pub was: bool,
    /// Whether it is there after.
    pub is: bool,
    /// The fields that differ; none for an object that came or went.
    pub fields: Vec<FieldChange>,
}

/// What a write changed; none if that is too long ago to be kept.
#[must_use]
pub fn write_change(store: &Store, write: &WriteRecord) -> Option<ObjectChange> {
    let mut later = store.changes_since(write.version.saturating_sub(1));
    let change = later
        .next()
        .filter(|change| change.resource_version == write.version)?;
    let gone = change.kind == ChangeKind::Deleted;
    let after = (!gone).then_some(&change.object);
    Some(object_change(write.key.clone(), change.old.as_ref(), after))
}

/// What became of the objects after a resourceVersion, in the order of their last change; none if that is too
/// long ago to be kept.
#[must_use]
pub fn changes_since(store: &Store, version: u64) -> Option<Vec<ObjectChange>> {
    let changes = store.all_changes_since(version)?;
    let mut before: BTreeMap<Key, Option<Arc<Object>>> = BTreeMap::new();
    let mut order: Vec<Key> = Vec::new();
    for change in &changes {
        let key = change.object.key();
        if crate::sim::housekeeping(key.kind) {
            continue;
        }
        before
            .entry(key.clone())
            .or_insert_with(|| change.old.clone());
        order.push(key);
    }
    let mut found: Vec<ObjectChange> = Vec::new();
    for key in order.into_iter().rev() {
        let Some(old) = before.remove(&key) else {
            continue;
        };
        let change = object_change(key.clone(), old.as_ref(), store.get(&key));
        let same =
            old.map(|old| old.meta.uid.clone()) == store.get(&key).map(|now| now.meta.uid.clone());
        let nothing = same && change.fields.is_empty();
        if !nothing && found.len() < MOST_OBJECTS {
            found.push(change);
        }
    }
    Some(found)
}

fn object_change(key: Key, old: Option<&Arc<Object>>, new: Option<&Arc<Object>>) -> ObjectChange {
    let fields = match (old, new) {
        // Another object of the same name: it has nothing to do with the former one.
        (Some(old), Some(new)) if old.meta.uid == new.meta.uid => {
            field_changes(old.tree(), new.tree())
        }
        _ => Vec::new(),
    };
    ObjectChange {
        key,
        was: old.is_some(),
        is: new.is_some(),
        fields,
    }
}

/// The fields in which two trees differ, in the order of the trees.
#[must_use]
pub fn field_changes(old: &Value, new: &Value) -> Vec<FieldChange> {
    let mut found = Vec::new();
    compare("", Some(old), Some(new), &mut found);
    found
}

fn compare(path: &str, old: Option<&Value>, new: Option<&Value>, found: &mut Vec<FieldChange>) {
    if old == new || found.len() >= MOST_FIELDS || BOOKKEEPING.contains(&path) {
        return;
    }
    match (old, new) {
        (Some(Value::Map(a)), Some(Value::Map(b))) => {
            let mut keys: Vec<&str> = a.keys().chain(b.keys()).map(|key| key.as_str()).collect();
            keys.sort_unstable();
            keys.dedup();
            for key in keys {
                let dot = if path.is_empty() { "" } else { "." };
                compare(&format!("{path}{dot}{key}"), a.get(key), b.get(key), found);
            }
        }
        (Some(Value::List(a)), Some(Value::List(b))) => {
            let (a, b) = (items(a.as_slice()), items(b.as_slice()));
            for (name, item) in &a {
                let other = b.iter().find(|(other, _)| other == name);
                let inner = format!("{path}[{name}]");
                compare(&inner, Some(item), other.map(|(_, item)| *item), found);
            }
            for (name, item) in &b {
                if !a.iter().any(|(other, _)| other == name) {
                    compare(&format!("{path}[{name}]"), None, Some(item), found);
                }
            }
        }
        _ => found.push(FieldChange {
            path: path.to_owned(),
            old: old.map(short),
            new: new.map(short),
        }),
    }
}

/// The items of a list with what tells them apart: a name, or their place.
fn items(list: &[Value]) -> Vec<(String, &Value)> {
    let named = |item: &Value| {
        let name = NAMES.iter().find_map(|key| item.get(key))?;
        name.as_str()
            .map(str::to_owned)
            .or_else(|| name.as_int().map(|number| number.to_string()))
    };
    list.iter()
        .enumerate()
        .map(|(at, item)| (named(item).unwrap_or_else(|| at.to_string()), item))
        .collect()
}

fn short(value: &Value) -> String {
    let text = value.to_go_json();
    let text = text.trim_end();
    if text.chars().count() <= LONGEST {
        return text.to_owned();
    }
    text.chars().take(LONGEST - 1).chain(['…']).collect()
}

/// What the cluster has of the objects of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Compared {
    /// How many of them are there.
    pub there: usize,
    /// Where it differs from the file.
    pub differences: Vec<Difference>,
}

/// A field of which a file says something else than the cluster has, or an object that the cluster has not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// `replicas`: the last part of the path is enough for a sentence; of an object `statefulset/web`.
    pub field: String,
    /// What the cluster has; none if it has no such field.
    pub cluster: Option<String>,
    /// What the file says; none for a whole object.
    pub file: Option<String>,
    /// The line in the file, from 1.
    pub line: usize,
}

/// Where the objects of the cluster differ from those of a file. What the file does not mention does not count.
#[must_use]
pub fn differences(store: &Store, documents: &[Document]) -> Compared {
    let mut compared = Compared::default();
    for document in documents {
        let tree = &document.tree;
        let version = tree.str_at(&["apiVersion"]).unwrap_or_default();
        let kind = tree.str_at(&["kind"]).unwrap_or_default();
        let name = tree.str_at(&["metadata", "name"]).unwrap_or_default();
        let Some(kind) = find_kind(version, kind) else {
            continue;
        };
        let place = tree.str_at(&["metadata", "namespace"]);
        let place = if kind.namespaced() {
            place.unwrap_or("default")
        } else {
            ""
        };
        let found = &mut compared.differences;
        match store.get(&Key::new(kind, place, name)) {
            Some(object) => {
                compared.there += 1;
                let mut file = File {
                    document,
                    path: String::new(),
                    found,
                };
                file.differ("", tree, Some(object.tree()));
            }
            None => found.push(Difference {
                field: format!("{}/{name}", kind.name().to_lowercase()),
                cluster: None,
                file: None,
                line: document.line,
            }),
        }
    }
    compared
}

/// A document that is compared, where in it, and what was found.
struct File<'a> {
    document: &'a Document,
    path: String,
    found: &'a mut Vec<Difference>,
}

impl File<'_> {
    fn differ(&mut self, field: &str, file: &Value, cluster: Option<&Value>) {
        let here = self.path.len();
        match (file, cluster) {
            (Value::Map(wanted), Some(Value::Map(there))) => {
                for (key, value) in wanted.iter() {
                    if here > 0 {
                        self.path.push('.');
                    }
                    self.path.push_str(key);
                    self.differ(key, value, there.get(key));
                    self.path.truncate(here);
                }
            }
            (Value::List(wanted), Some(Value::List(there))) => {
                let (wanted, there) = (wanted.as_slice(), there.as_slice());
                // One item in the place of another is the same one with another name.
                let same_length = wanted.len() == there.len();
                let known = items(there);
                for (index, (name, value)) in items(wanted).into_iter().enumerate() {
                    let named = known.iter().find(|(other, _)| *other == name);
                    let other = named.map(|(_, item)| *item);
                    let other = other.or_else(|| there.get(index).filter(|_| same_length));
                    self.path.push_str(&format!("[{index}]"));
                    self.differ(field, value, other);
                    self.path.truncate(here);
                }
            }
            (Value::Null, _) => {}
            (Value::Map(wanted), None) if wanted.is_empty() => {}
            _ if cluster.is_some_and(|there| same(file, there)) => {}
            _ => {
                let (cluster, file) = contrast(cluster, file);
                self.found.push(Difference {
                    field: field.to_owned(),
                    cluster,
                    file: Some(file),
                    line: self.document.positions.nearest(&self.path).line,
                });
            }
        }
    }
}

/// Two values for a sentence: of two long texts only the end, from where they differ.
fn contrast(cluster: Option<&Value>, file: &Value) -> (Option<String>, String) {
    /// A common beginning that is shorter stays.
    const LEAST: usize = 12;
    let Some((Value::Str(a), Value::Str(b))) = cluster.map(|there| (there, file)) else {
        return (cluster.map(short), short(file));
    };
    let (a, b) = (a.as_str(), b.as_str());
    let common = a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count();
    let cut = a.get(..common).and_then(|same| same.rfind([':', '/']));
    match cut.filter(|cut| *cut >= LEAST) {
        Some(cut) => {
            let end = |text: &str| format!("…{}", text.get(cut..).unwrap_or_default());
            (Some(end(a)), end(b))
        }
        None => (Some(a.to_owned()), b.to_owned()),
    }
}

/// Whether two values mean the same: `1024Mi` and `1Gi` do, as the API server writes quantities its own way.
fn same(a: &Value, b: &Value) -> bool {
    let text = |value: &Value| match value {
        Value::Str(text) => text.to_string(),
        other => other.to_go_json().trim_end().to_owned(),
    };
    let (a, b) = (text(a), text(b));
    a == b || canonical_quantity(&a).is_some_and(|a| canonical_quantity(&b) == Some(a))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(json: &str) -> Value {
        Value::from_json(json).expect("valid JSON")
    }

    fn lines(old: &str, new: &str) -> Vec<String> {
        let or = |text: Option<String>| text.unwrap_or("-".to_owned());
        field_changes(&tree(old), &tree(new))
            .into_iter()
            .map(|change| format!("{}: {} > {}", change.path, or(change.old), or(change.new)))
            .collect()
    }

    #[test]
    fn fields_that_differ_are_named_by_their_path() {
        let old = r#"{"metadata":{"resourceVersion":"1"},"spec":{"replicas":2},"status":{"conditions":[{"type":"Ready","status":"False"}]}}"#;
        let new = r#"{"metadata":{"resourceVersion":"2"},"spec":{"replicas":3,"paused":true},"status":{"conditions":[{"type":"Ready","status":"True"}]}}"#;
        assert_eq!(
            lines(old, new),
            [
                "spec.paused: - > true",
                "spec.replicas: 2 > 3",
                r#"status.conditions[Ready].status: "False" > "True""#,
            ]
        );
        assert_eq!(lines(old, old), [""; 0]);
    }

    #[test]
    fn a_list_of_plain_values_is_compared_by_place() {
        assert_eq!(
            lines(r#"{"a":[1,2]}"#, r#"{"a":[1,3,4]}"#),
            ["a[1]: 2 > 3", "a[2]: - > 4"]
        );
    }

    /// What the cluster says otherwise than a manifest: line, field, cluster, file.
    fn told(file: &str, live: &str) -> Vec<String> {
        let documents = crate::manifest::read_documents(file).expect("valid YAML");
        let mut found = Vec::new();
        let mut compared = File {
            document: &documents[0],
            path: String::new(),
            found: &mut found,
        };
        compared.differ("", &documents[0].tree, Some(&tree(live)));
        let or = |text: Option<String>| text.unwrap_or("-".to_owned());
        found
            .into_iter()
            .map(|one| {
                format!(
                    "{} {}: {} > {}",
                    one.line,
                    one.field,
                    or(one.cluster),
                    or(one.file)
                )
            })
            .collect()
    }

    #[test]
    fn what_is_written_otherwise_is_no_difference() {
        let live = r#"{"a":"1Gi","b":1,"c":[{"name":"y"},{"name":"x","v":"2","w":3}],"f":1}"#;
        let file = "a: 1024Mi\nb: 1\nc:\n- name: x\n  v: \"2\"\nd: null\ne: {}\n";
        assert_eq!(told(file, live), [""; 0]);
        assert_eq!(
            told("# b\n\nb: 2\nz: 1\n", live),
            ["3 b: 1 > 2", "4 z: - > 1"]
        );
    }

    #[test]
    fn a_difference_is_told_shortly() {
        let live = r#"{"image":"registry.k8s.io/nginx-slim:0.24","ports":[{"name":"db","port":80}],"s":"a:1"}"#;
        assert_eq!(
            told("image: registry.k8s.io/nginx-slim:0.21\ns: a:2\n", live),
            ["1 image: …:0.24 > …:0.21", "2 s: a:1 > a:2"]
        );
        assert_eq!(
            told("ports:\n- port: 80\n  name: web\n", live),
            ["3 name: db > web"]
        );
    }
}
