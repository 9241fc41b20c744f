//! Sets of fields, kept in the form in which `metadata.managedFields` prints them.
//! `structured-merge-diff/fieldpath/set.go`

use crate::api::{Map, Str, Value};

/// The entry that makes a branch with children a member of its set.
const SELF: &str = ".";

/// A set of fields as `fieldsV1` writes it: `f:` a field, `k:` an item by its keys, `v:` an item by its
/// value. A branch is a member if it is empty or holds `.`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FieldSet(pub Map);

/// How two sets are combined.
#[derive(Clone, Copy, PartialEq, Eq)]
enum How {
    Union,
    Difference,
    Intersection,
}

impl FieldSet {
    /// A set from what [`branch`] made of the root.
    #[must_use]
    pub fn of(root: Option<Map>) -> FieldSet {
        FieldSet(root.unwrap_or_default())
    }

    /// Whether nothing is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What is in either.
    #[must_use]
    pub fn union(&self, other: &FieldSet) -> FieldSet {
        self.combined(other, How::Union)
    }

    /// What is in this one only.
    #[must_use]
    pub fn difference(&self, other: &FieldSet) -> FieldSet {
        self.combined(other, How::Difference)
    }

    /// What is in both.
    #[must_use]
    pub fn intersection(&self, other: &FieldSet) -> FieldSet {
        self.combined(other, How::Intersection)
    }

    fn combined(&self, other: &FieldSet, how: How) -> FieldSet {
        // An empty branch is a member, but the root of an empty set is not.
        let root = |set: &FieldSet| (!set.is_empty()).then(|| set.0.clone());
        FieldSet::of(combine(root(self).as_ref(), root(other).as_ref(), how))
    }

    /// This set, its branches shared with those of `like` where they are equal.
    #[must_use]
    pub fn sharing(&self, like: &FieldSet) -> FieldSet {
        FieldSet(sharing(&self.0, &like.0))
    }

    /// Calls `each` with the path of every member, such as `.spec.containers[name="a"].image`; the members
    /// of a branch before those further inside, as `Set.Iterate` does.
    pub fn paths(&self, each: &mut dyn FnMut(&str)) {
        paths(&self.0, "", each);
    }
}

/// Whether a branch is itself a member.
#[must_use]
pub fn is_member(branch: &Map) -> bool {
    branch.is_empty() || branch.contains(SELF)
}

/// A branch of these children, `None` if there is nothing to hold.
#[must_use]
pub fn branch(member: bool, mut children: Vec<(Str, Value)>) -> Option<Map> {
    if children.is_empty() {
        return member.then(Map::default);
    }
    if member {
        children.push((Str::literal(SELF), Value::empty_map()));
    }
    Some(children.into_iter().collect())
}

fn combine(a: Option<&Map>, b: Option<&Map>, how: How) -> Option<Map> {
    let (a, b) = match (a, b) {
        (Some(a), Some(b)) => (a, b),
        (Some(one), None) => return (how != How::Intersection).then(|| one.clone()),
        (None, other) => return other.filter(|_| how == How::Union).cloned(),
    };
    let member = match how {
        How::Union => is_member(a) || is_member(b),
        How::Difference => is_member(a) && !is_member(b),
        How::Intersection => is_member(a) && is_member(b),
    };
    let mut children = Vec::new();
    let inside = |map: &Map, key: &str| map.get(key).and_then(Value::as_map).cloned();
    let more = b.keys().filter(|key| !a.contains(key));
    for key in a.keys().chain(more).filter(|key| *key != SELF) {
        let child = combine(inside(a, key).as_ref(), inside(b, key).as_ref(), how);
        children.extend(child.map(|child| (key.clone(), Value::Map(child))));
    }
    branch(member, children)
}

fn sharing(set: &Map, like: &Map) -> Map {
    if set == like {
        return like.clone();
    }
    let shared = |(key, child): (&Str, &Value)| {
        let child = match (child, like.get(key)) {
            (Value::Map(child), Some(Value::Map(like))) => Value::Map(sharing(child, like)),
            _ => child.clone(),
        };
        (key.clone(), child)
    };
    set.iter().map(shared).collect()
}

fn paths(branch: &Map, path: &str, each: &mut dyn FnMut(&str)) {
    let children = || {
        let all = branch.iter().filter(|(key, _)| *key != SELF);
        all.filter_map(|(key, child)| Some((format!("{path}{}", step(key)), child.as_map()?)))
    };
    for (path, _) in children().filter(|(_, child)| is_member(child)) {
        each(&path);
    }
    for (path, child) in children() {
        paths(child, &path, each);
    }
}

/// `.name` of `f:name`, `[name="a"]` of `k:{"name":"a"}`, `[="x"]` of `v:"x"`.
#[must_use]
pub fn step(key: &str) -> String {
    if let Some(field) = key.strip_prefix("f:") {
        return format!(".{field}");
    }
    if let Some(value) = key.strip_prefix("v:") {
        return format!("[={value}]");
    }
    let keys = Value::from_json(key.trim_start_matches("k:")).unwrap_or_default();
    let keys = keys.as_map().cloned().unwrap_or_default();
    let texts = keys
        .iter()
        .map(|(key, value)| format!("{key}={}", value.to_go_json()));
    format!("[{}]", texts.collect::<Vec<_>>().join(","))
}
