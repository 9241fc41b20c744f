//! Trees by their schema: what two differ in, which fields one has, merging, taking fields away.
//! `structured-merge-diff/typed`; how lists and mappings are owned is what the API server's OpenAPI
//! document says (`x-kubernetes-list-type`, `-list-map-keys`, `-map-type`).

use super::set::{FieldSet, branch, is_member};
use crate::api::{Kind, Map, Str, Value};
use crate::manifest::schema::{self, Mark, Type};

/// Lists whose items are told apart by keys: the owner (`*`: all), the field, the keys.
const KEYED: [(&str, &str, &[&str]); 23] = [
    ("Container", "ports", &["containerPort", "protocol"]),
    (
        "EphemeralContainer",
        "ports",
        &["containerPort", "protocol"],
    ),
    ("ServiceSpec", "ports", &["port", "protocol"]),
    ("NodeStatus", "addresses", &["type"]),
    ("ResourceStatus", "resources", &["resourceID"]),
    ("PodSpec", "volumes", &["name"]),
    ("PodSpec", "containers", &["name"]),
    ("*", "initContainers", &["name"]),
    ("*", "ephemeralContainers", &["name"]),
    ("*", "env", &["name"]),
    ("*", "volumeDevices", &["devicePath"]),
    ("*", "volumeMounts", &["mountPath"]),
    ("*", "allocatedResourcesStatus", &["name"]),
    ("*", "conditions", &["type"]),
    ("*", "ownerReferences", &["uid"]),
    ("*", "hostAliases", &["ip"]),
    ("*", "imagePullSecrets", &["name"]),
    ("*", "resourceClaims", &["name"]),
    ("*", "schedulingGates", &["name"]),
    (
        "*",
        "topologySpreadConstraints",
        &["topologyKey", "whenUnsatisfiable"],
    ),
    ("*", "podIPs", &["ip"]),
    ("*", "resourceClaimStatuses", &["name"]),
    ("*", "claims", &["name"]),
];

/// Lists that are sets of plain values.
const SETS: [(&str, &str); 4] = [
    ("ContainerRestartRuleOnExitCodes", "values"),
    ("Endpoint", "addresses"),
    ("ObjectMeta", "finalizers"),
    ("NodeSpec", "podCIDRs"),
];

/// Structs that are owned as a whole.
const ATOMIC: [&str; 18] = [
    "ConfigMapKeySelector",
    "EndpointAddress",
    "EndpointPort",
    "FileKeySelector",
    "LabelSelector",
    "LocalObjectReference",
    "NodeSelector",
    "NodeSelectorTerm",
    "ObjectFieldSelector",
    "ObjectReference",
    "OwnerReference",
    "ResourceFieldSelector",
    "ScopeSelector",
    "SecretKeySelector",
    "SecretReference",
    "TopologySelectorTerm",
    "TypedLocalObjectReference",
    "discovery.EndpointPort",
];

/// What stands at a place of an object.
#[derive(Clone, Copy, Debug)]
pub enum Shape {
    /// Owned as a whole: a plain value, an atomic list or mapping.
    Leaf,
    /// A struct of the schema's table.
    Struct(&'static str),
    /// A mapping from text, owned key by key.
    Mapping(&'static Type),
    /// A list owned item by item, told apart by keys.
    Keyed(&'static Type, &'static [&'static str]),
    /// A list of plain values owned one by one.
    Set,
}

impl Shape {
    /// A whole object.
    #[must_use]
    pub fn root(kind: Kind) -> Shape {
        Shape::Struct(kind.name())
    }

    fn of_type(kind: &'static Type) -> Shape {
        match kind {
            Type::Struct(name) if !ATOMIC.contains(name) => Shape::Struct(name),
            Type::Map(item) => Shape::Mapping(item),
            _ => Shape::Leaf,
        }
    }

    /// The field `name` here, and whether the schema names it.
    #[must_use]
    pub fn field(self, name: &str) -> (Shape, bool) {
        let owner = match self {
            Shape::Struct(owner) => owner,
            Shape::Mapping(item) => return (Shape::of_type(item), false),
            _ => return (Shape::Leaf, false),
        };
        let Some(field) = schema::field(owner, name) else {
            return (Shape::Leaf, false);
        };
        let shape = match &field.kind {
            Type::List(item) => {
                let keyed = KEYED
                    .iter()
                    .find(|(of, field, _)| *field == name && (*of == "*" || *of == owner));
                match keyed {
                    Some((_, _, keys)) => Shape::Keyed(item, keys),
                    None if SETS.contains(&(owner, field.name)) => Shape::Set,
                    None => Shape::Leaf,
                }
            }
            Type::Map(_)
                if matches!(
                    (owner, name),
                    ("PodSpec", "nodeSelector") | ("ServiceSpec", "selector")
                ) =>
            {
                Shape::Leaf
            }
            // The only reference that the document calls granular.
            Type::Struct(of) if (owner, name) == ("PersistentVolumeSpec", "claimRef") => {
                Shape::Struct(of)
            }
            other => Shape::of_type(other),
        };
        (shape, true)
    }

    /// What Go writes of the field `name` when it is not set, if it is a plain value that it always writes.
    fn zero_of(self, name: &str) -> Option<Value> {
        let Shape::Struct(owner) = self else {
            return None;
        };
        let field = schema::field(owner, name).filter(|field| field.mark == Mark::Always)?;
        Some(match field.kind {
            Type::Text => Value::from(""),
            Type::Int32 | Type::Int64 => Value::from(0),
            Type::Bool => Value::from(false),
            _ => return None,
        })
    }

    fn item(self) -> Shape {
        match self {
            // An item that is told apart by keys but owned as a whole is a leaf: an owner reference.
            Shape::Keyed(item, _) => Shape::of_type(item),
            _ => Shape::Leaf,
        }
    }

    /// How an item of a list is told apart: `k:{"name":"a"}`, `v:"x"`.
    #[must_use]
    pub fn key_of(self, item: &Value) -> Str {
        match self {
            Shape::Keyed(_, keys) => {
                let parts = keys.iter().filter_map(|key| {
                    let default = || (*key == "protocol").then(|| Value::from("TCP"));
                    Some((*key, item.get(key).cloned().or_else(default)?))
                });
                let key: Map = parts
                    .map(|(key, value)| (Str::literal(key), value))
                    .collect();
                Str::from(format!("k:{}", Value::Map(key).to_go_json()))
            }
            _ => Str::from(format!("v:{}", item.to_go_json())),
        }
    }

    /// The shape of the items of a list.
    #[must_use]
    pub fn of_item(list: Shape) -> Shape {
        list.item()
    }

    /// How the items of a list are told apart: `k:{"name":"a"}`, `v:"x"`.
    fn keys(self, value: Option<&Value>) -> Vec<(Str, &Value)> {
        let items = value
            .and_then(Value::as_list)
            .map_or(&[][..], |list| list.as_slice());
        let mut found: Vec<(Str, &Value)> = Vec::with_capacity(items.len());
        for item in items {
            let key = self.key_of(item);
            if !found.iter().any(|(other, _)| *other == key) {
                found.push((key, item));
            }
        }
        found
    }
}

/// What two trees differ in.
#[derive(Clone, Debug, Default)]
pub struct Delta {
    /// What the new one has and the old one has not, or has otherwise.
    pub changed: FieldSet,
    /// What only the old one has.
    pub removed: FieldSet,
}

/// What differs at a place: changed and removed.
type Found = (Option<Map>, Option<Map>);

/// Compares two objects, but for the fields of the root that `skip` names.
#[must_use]
pub fn compare(kind: Kind, old: &Value, new: &Value, skip: &dyn Fn(&str) -> bool) -> Delta {
    let (changed, removed) = differ(Shape::root(kind), Some(old), Some(new), skip);
    Delta {
        changed: FieldSet::of(changed),
        removed: FieldSet::of(removed),
    }
}

fn differ(
    shape: Shape,
    old: Option<&Value>,
    new: Option<&Value>,
    skip: &dyn Fn(&str) -> bool,
) -> Found {
    if old == new {
        return (None, None);
    }
    let empty = |value: Option<&Value>| match value {
        None | Some(Value::Null) => true,
        Some(Value::Map(map)) => map.is_empty(),
        Some(Value::List(list)) => list.is_empty(),
        _ => false,
    };
    if matches!(shape, Shape::Leaf) || empty(old) && empty(new) {
        return match new {
            None => (None, Some(Map::default())),
            Some(_) => (Some(Map::default()), None),
        };
    }
    let (mut changed, mut removed) = (Vec::new(), Vec::new());
    let mut note = |key: &dyn Fn() -> Str, found: Found| {
        changed.extend(found.0.map(|branch| (key(), Value::Map(branch))));
        removed.extend(found.1.map(|branch| (key(), Value::Map(branch))));
    };
    if let Shape::Struct(_) | Shape::Mapping(_) = shape {
        let none = Map::default();
        let both = old.is_some() && new.is_some();
        let old = old.and_then(Value::as_map).unwrap_or(&none);
        let new = new.and_then(Value::as_map).unwrap_or(&none);
        let gone = old.keys().filter(|key| !new.contains(key));
        for key in new.keys().chain(gone).filter(|key| !skip(key)) {
            let (a, b) = (old.get(key), new.get(key));
            let zero = if both { shape.zero_of(key) } else { None };
            let (a, b) = (a.or(zero.as_ref()), b.or(zero.as_ref()));
            if a != b {
                let found = differ(shape.field(key).0, a, b, &|_| false);
                note(&|| Str::from(format!("f:{key}")), found);
            }
        }
    } else {
        let (old, new) = (shape.keys(old), shape.keys(new));
        let of = |items: &[(Str, &Value)], key: &Str| {
            let found = items.iter().find(|(other, _)| other == key);
            found.map(|(_, item)| (*item).clone())
        };
        let gone = old.iter().filter(|(key, _)| of(&new, key).is_none());
        for (key, _) in new.iter().chain(gone) {
            let (a, b) = (of(&old, key), of(&new, key));
            let found = differ(shape.item(), a.as_ref(), b.as_ref(), &|_| false);
            note(&|| key.clone(), found);
        }
    }
    (
        branch(old.is_none(), changed),
        branch(new.is_none(), removed),
    )
}

/// The fields that a tree states, as an applied configuration owns them (`ToFieldSet`).
#[must_use]
pub fn stated(kind: Kind, tree: &Value) -> FieldSet {
    FieldSet::of(fields(Shape::root(kind), tree))
}

fn fields(shape: Shape, value: &Value) -> Option<Map> {
    let mut children = Vec::new();
    match (shape, value) {
        (Shape::Leaf, _) => return Some(Map::default()),
        (Shape::Struct(_) | Shape::Mapping(_), Value::Map(map)) => {
            for (key, value) in map.iter() {
                let (inner, named) = shape.field(key);
                let nothing = match value {
                    Value::Null => true,
                    Value::Map(map) => map.is_empty(),
                    _ => false,
                };
                let mut found = if nothing {
                    Some(Map::default())
                } else {
                    fields(inner, value)
                };
                if !named {
                    found = owned(found);
                }
                children
                    .extend(found.map(|found| (Str::from(format!("f:{key}")), Value::Map(found))));
            }
        }
        (Shape::Keyed(..) | Shape::Set, Value::List(_)) => {
            for (key, item) in shape.keys(Some(value)) {
                let found = owned(fields(shape.item(), item));
                children.extend(found.map(|found| (key, Value::Map(found))));
            }
        }
        _ => {}
    }
    branch(false, children)
}

/// The branch as a member.
fn owned(found: Option<Map>) -> Option<Map> {
    let children = found.unwrap_or_default();
    let children = children.iter().filter(|(key, _)| *key != ".");
    branch(
        true,
        children
            .map(|(key, child)| (key.clone(), child.clone()))
            .collect(),
    )
}

/// The set with every field of a struct on the way to a member (`EnsureNamedFieldsAreMembers`).
#[must_use]
pub fn with_named(kind: Kind, set: &FieldSet) -> FieldSet {
    FieldSet(named(Shape::root(kind), &set.0))
}

fn named(shape: Shape, set: &Map) -> Map {
    let mut children = Vec::new();
    for (key, child) in set.iter() {
        let Some(inside) = child.as_map() else {
            continue;
        };
        let (inner, is_named) = match key.strip_prefix("f:") {
            Some(name) => shape.field(name),
            None => (shape.item(), false),
        };
        let mut inside = named(inner, inside);
        if is_named && !is_member(&inside) {
            inside.insert(".", Value::empty_map());
        }
        children.push((key.clone(), Value::Map(inside)));
    }
    children.into_iter().collect()
}

/// The tree without the fields of a set.
#[must_use]
pub fn without(kind: Kind, tree: &Value, set: &FieldSet) -> Value {
    taken(Shape::root(kind), tree, &set.0).unwrap_or_default()
}

fn taken(shape: Shape, value: &Value, set: &Map) -> Option<Value> {
    let kept = |inner: Shape, key: &str, value: &Value| match set.get(key).and_then(Value::as_map) {
        None => Some(value.clone()),
        Some(branch) if is_member(branch) => None,
        Some(branch) => taken(inner, value, branch),
    };
    match (shape, value) {
        (Shape::Struct(_) | Shape::Mapping(_), Value::Map(map)) => {
            let left: Map = map
                .iter()
                .filter_map(|(key, value)| {
                    let inner = shape.field(key).0;
                    Some((key.clone(), kept(inner, &format!("f:{key}"), value)?))
                })
                .collect();
            (!left.is_empty()).then_some(Value::Map(left))
        }
        (Shape::Keyed(..) | Shape::Set, Value::List(_)) => {
            let left: Vec<Value> = shape
                .keys(Some(value))
                .into_iter()
                .filter_map(|(key, item)| kept(shape.item(), &key, item))
                .collect();
            (!left.is_empty()).then(|| Value::from(left))
        }
        _ => Some(value.clone()),
    }
}

/// The live tree with what a configuration states.
#[must_use]
pub fn merged(kind: Kind, live: &Value, config: &Value) -> Value {
    merge(Shape::root(kind), live, config)
}

fn merge(shape: Shape, live: &Value, config: &Value) -> Value {
    match (shape, live, config) {
        (Shape::Struct(_) | Shape::Mapping(_), Value::Map(live), Value::Map(config)) => {
            let mut out = live.clone();
            for (key, value) in config.iter() {
                let new = match live.get(key) {
                    Some(former) => merge(shape.field(key).0, former, value),
                    None => value.clone(),
                };
                out.insert(key.clone(), new);
            }
            Value::Map(out)
        }
        (Shape::Keyed(..) | Shape::Set, Value::List(_), Value::List(_)) => {
            Value::from(merge_lists(shape, live, config))
        }
        (Shape::Struct(_) | Shape::Mapping(_) | Shape::Keyed(..) | Shape::Set, _, Value::Null) => {
            live.clone()
        }
        _ => config.clone(),
    }
}

/// The items of both: in the configuration's order, and what only the live list has where it stood between
/// them.
fn merge_lists(shape: Shape, live: &Value, config: &Value) -> Vec<Value> {
    let (left, right) = (shape.keys(Some(live)), shape.keys(Some(config)));
    let has = |items: &[(Str, &Value)], key: &Str| items.iter().any(|(other, _)| other == key);
    let former = |key: &Str| left.iter().find(|(other, _)| other == key);
    let mut shared = right.iter().filter(|(key, _)| has(&left, key)).peekable();
    let (mut l, mut r) = (0, 0);
    let mut out = Vec::new();
    let both = |key: &Str, item: &Value| match former(key) {
        Some((_, live)) => merge(shape.item(), live, item),
        None => item.clone(),
    };
    while l < left.len() || r < right.len() {
        if let (Some((lk, _)), Some((rk, item))) = (left.get(l), right.get(r)) {
            if lk == rk {
                out.push(both(rk, item));
                (l, r) = (l + 1, r + 1);
                shared.next();
                continue;
            }
            // An item of both, but not the next of them.
            if has(&right, lk) && shared.peek().is_some_and(|(next, _)| next != lk) {
                l += 1;
                continue;
            }
        }
        if let Some((key, item)) = left.get(l) {
            if !has(&right, key) {
                out.push((*item).clone());
                l += 1;
                continue;
            }
            if right[..r].iter().any(|(other, _)| other == key) {
                l += 1;
                continue;
            }
        }
        if let Some((key, item)) = right.get(r) {
            out.push(both(key, item));
            r += 1;
            if shared.peek().is_some_and(|(next, _)| next == key) {
                shared.next();
            }
        }
    }
    out
}

/// An object of this kind without any field set: what Go writes even then. A new object is compared with it.
#[must_use]
pub fn nothing(kind: Kind) -> Value {
    zero(kind.name())
}

fn zero(name: &'static str) -> Value {
    let fields = schema::fields(name).map_or(&[][..], Vec::as_slice);
    // Those of a Pod are a list that Go writes even when it is null.
    let always = |field: &&schema::Field| {
        field.mark == Mark::Always || (name, field.name) == ("PodSpec", "containers")
    };
    let entries = fields.iter().filter(always).map(|field| {
        let value = match &field.kind {
            Type::Struct(name) => zero(name),
            _ => Shape::Struct(name).zero_of(field.name).unwrap_or_default(),
        };
        (Str::literal(field.name), value)
    });
    Value::Map(entries.collect())
}
