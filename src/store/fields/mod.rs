//! `metadata.managedFields`: who wrote which field.
//! `apimachinery/pkg/util/managedfields`, `structured-merge-diff/merge/update.go`
//!
//! Nothing of it is kept in the objects. A change of an object says who made it and of what ([`Claim`]);
//! what the fields' managers are is worked out from the changes when somebody looks. What leaves the window
//! of kept changes is worked out then, into [`Entry`]s per object.

mod apply;
pub mod set;
#[cfg(test)]
mod tests;
pub mod typed;

use super::{Change, ChangeKind, Store};
use crate::api::Arrange as _;
use crate::api::{Key, Kind, Map, Object, Str, Time, Value};
use set::FieldSet;
use std::sync::Arc;
use typed::Delta;

/// So many managers of updates are kept apart (`maxUpdateManagers`).
const MOST_UPDATERS: usize = 10;
/// The manager of client-side applies.
const CLIENT_SIDE: &str = "kubectl-client-side-apply";
/// Who is said to manage what the oldest of more updaters managed.
const ANCIENT: &str = "ancient-changes";

/// Who makes a request, as managedFields tell it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Writer {
    /// `--field-manager`, or the first part of the client's user agent.
    pub manager: Str,
    /// `scale`, if that is what is written to; `status` follows from the request.
    pub subresource: &'static str,
}

impl Claim {
    /// The claim of an update; the tree is filled in when it is known.
    pub fn update(by: &Writer, at: Time, tree: Value) -> Claim {
        if by.manager.is_empty() {
            return Claim::Nobody;
        }
        let by = by.clone();
        Claim::Update { by, at, tree }
    }
}

impl Writer {
    /// A writer to the object itself or its status.
    #[must_use]
    pub fn new(manager: &str) -> Writer {
        Writer {
            manager: Str::new(manager),
            subresource: "",
        }
    }

    /// The API server itself, whose writes are not accounted for: what a subresource does to its object.
    pub const UNNAMED: Writer = Writer::component("");

    /// A component of the control plane.
    #[must_use]
    pub const fn component(manager: &'static str) -> Writer {
        Writer {
            manager: Str::literal(manager),
            subresource: "",
        }
    }
}

/// What a change says of the managers of fields.
#[derive(Clone, Debug)]
pub(super) enum Claim {
    /// Nothing: the API server's own doing.
    Nobody,
    /// The writer's fields are those in which `tree` differs from the object before.
    Update {
        by: Writer,
        at: Time,
        /// What was written, before admission and the strategies of the kind changed it.
        tree: Value,
    },
    /// The managers after the change.
    Entries(Arc<Vec<Entry>>),
}

/// An entry of `metadata.managedFields`.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// `manager`
    pub manager: Str,
    /// `subresource`; empty for the object itself.
    pub subresource: Str,
    /// `operation`: `Apply`, or else `Update`.
    pub applied: bool,
    /// `time`
    pub time: Option<Time>,
    fields: Fields,
}

/// Which fields an entry holds.
#[derive(Clone, Debug, PartialEq)]
enum Fields {
    Set(FieldSet),
    /// All that this tree, which made the object, states.
    Whole(Value),
}

impl Entry {
    /// The fields.
    #[must_use]
    pub fn fields(&self, kind: Kind) -> FieldSet {
        match &self.fields {
            Fields::Set(set) => set.clone(),
            Fields::Whole(tree) => delta(kind, &typed::nothing(kind), tree, "").changed,
        }
    }

    fn same_manager(&self, other: &Entry) -> bool {
        (&self.manager, self.applied, &self.subresource)
            == (&other.manager, other.applied, &other.subresource)
    }

    fn to_value(&self, kind: Kind) -> Value {
        let operation = if self.applied { "Apply" } else { "Update" };
        let mut value = Value::map([
            ("apiVersion", Value::Str(Str::literal(kind.api_version()))),
            ("fieldsType", "FieldsV1".into()),
            ("fieldsV1", Value::Map(self.fields(kind).0)),
            ("manager", (&self.manager).into()),
            ("operation", operation.into()),
        ]);
        if !self.subresource.is_empty() {
            value.set(&["subresource"], &self.subresource);
        }
        if let Some(time) = self.time {
            value.set(&["time"], time);
        }
        value
    }

    fn parse(value: &Value) -> Entry {
        let text = |key: &str| Str::new(value.str_at(&[key]).unwrap_or_default());
        Entry {
            manager: text("manager"),
            subresource: text("subresource"),
            applied: value.str_at(&["operation"]) == Some("Apply"),
            time: value.str_at(&["time"]).and_then(Time::parse),
            fields: Fields::Set(FieldSet(value.map_at(&["fieldsV1"]))),
        }
    }
}

/// The entries as `metadata.managedFields` lists them.
#[must_use]
pub fn to_value(kind: Kind, entries: &[Entry]) -> Value {
    Value::list(entries.iter().map(|entry| entry.to_value(kind)))
}

impl Store {
    /// Who manages which fields of an object of this store, as it was at its resourceVersion.
    #[must_use]
    pub fn managed_fields(&self, object: &Object) -> Vec<Entry> {
        if object.kind == Kind::Event {
            return of_event(object);
        }
        let key = object.key();
        let folded = self.managed.get(&key);
        let mut entries = folded.map_or_else(Vec::new, |entries| entries.to_vec());
        for change in &self.changes {
            if change.resource_version > object.meta.resource_version {
                break;
            }
            let one = change.object.name() == &key.name && change.object.kind == key.kind;
            if one && change.object.namespace() == &key.namespace {
                entries = after(entries, change);
            }
        }
        entries
    }

    /// The tree of an object with its `metadata.managedFields`, as the API server answers it.
    #[must_use]
    pub fn with_managed_fields(&self, object: &Object) -> Value {
        let mut tree = object.tree().clone();
        if tree.at(&["metadata", "managedFields"]).is_none() {
            let entries = self.managed_fields(object);
            if !entries.is_empty() {
                tree.set(
                    &["metadata", "managedFields"],
                    to_value(object.kind, &entries),
                );
            }
        }
        tree
    }

    /// Works out what a change that is no longer kept said.
    pub(super) fn fold(&mut self, change: &Change) {
        if change.object.kind == Kind::Event {
            return;
        }
        let key = change.object.key();
        if change.kind == ChangeKind::Deleted {
            self.managed.remove(&key);
            return;
        }
        if matches!(change.claim, Claim::Nobody) {
            return;
        }
        let before = self.managed.get(&key);
        let mut entries = after(
            before.map_or_else(Vec::new, |entries| entries.to_vec()),
            change,
        );
        // Objects of one kind and manager have nearly the same fields: branches are shared with the last.
        for entry in &mut entries {
            if let Fields::Set(set) = &mut entry.fields {
                let like = (key.kind, entry.manager.clone());
                if let Some(like) = self.alike.get(&like) {
                    *set = set.sharing(like);
                }
                self.alike.insert(like, set.clone());
            }
        }
        self.managed.insert(key, Arc::new(entries));
    }

    /// Whether an update that leaves the object as it is changes who manages it: its writer had something to
    /// say that the API server dropped (transcript 53-max-unavailable).
    pub(super) fn claims_more(&self, old: &Object, claim: &Claim) -> bool {
        let kind = old.kind;
        let (before, entries) = match claim {
            Claim::Nobody => return false,
            Claim::Update { tree, .. } if tree == old.tree() => return false,
            Claim::Update { by, at, tree } => {
                let before = self.managed_fields(old);
                let entries = updated(kind, before.clone(), Some(old.tree()), tree, by, *at);
                (before, entries)
            }
            Claim::Entries(entries) => (self.managed_fields(old), entries.to_vec()),
        };
        differ(kind, &before, &entries)
    }

    /// What is written to `metadata.managedFields` by hand: taken out of the tree. The managers to go on
    /// from, `None` for those that the object has (`decodeLiveOrNew`).
    pub(super) fn given_entries(tree: &mut Value) -> Option<Vec<Entry>> {
        let given = tree.remove(&["metadata", "managedFields"])?;
        let given = given.as_list()?.as_slice();
        let nothing = |entry: &Value| entry.as_map().is_none_or(Map::is_empty);
        match given {
            [] => None,
            [only] if nothing(only) => Some(Vec::new()),
            many => Some(many.iter().map(Entry::parse).collect()),
        }
    }
}

/// The managers after a change.
fn after(entries: Vec<Entry>, change: &Change) -> Vec<Entry> {
    match &change.claim {
        _ if change.kind == ChangeKind::Deleted => Vec::new(),
        Claim::Nobody => entries,
        Claim::Entries(entries) => entries.to_vec(),
        Claim::Update { by, at, tree } => {
            let old = change.old.as_deref().map(Object::tree);
            updated(change.object.kind, entries, old, tree, by, *at)
        }
    }
}

/// The managers after an update (`managedFieldsUpdater.Update`): what differs belongs to the writer, and
/// what is gone to nobody.
pub(super) fn updated(
    kind: Kind,
    entries: Vec<Entry>,
    old: Option<&Value>,
    new: &Value,
    by: &Writer,
    at: Time,
) -> Vec<Entry> {
    let fresh = |fields: Fields| Entry {
        manager: by.manager.clone(),
        subresource: Str::literal(by.subresource),
        applied: false,
        // Only entries of `scale` have no time (`ScaleHandler.ToParent`).
        time: (by.subresource != "scale").then_some(at),
        fields,
    };
    let Some(old) = old else {
        if entries.is_empty() {
            let made = fresh(Fields::Whole(new.clone()));
            // A ServiceAccount of which nothing is said has no manager, and never gets one by updates.
            let only_meta = new.as_map().is_none_or(|map| {
                map.keys()
                    .all(|key| matches!(key.as_str(), "apiVersion" | "kind" | "metadata"))
            });
            if only_meta && made.fields(kind).is_empty() {
                return Vec::new();
            }
            return vec![made];
        }
        let whole = delta(kind, &typed::nothing(kind), new, by.subresource);
        return claimed(
            kind,
            entries,
            &whole,
            fresh(Fields::Set(whole.changed.clone())),
        );
    };
    // Managers are counted from the creation on or not at all.
    if entries.is_empty() {
        return entries;
    }
    let delta = delta(kind, old, new, by.subresource);
    let own = fresh(Fields::Set(delta.changed.clone()));
    claimed(kind, entries, &delta, own)
}

/// The managers after a change of which `own` is what its writer has to say.
fn claimed(kind: Kind, entries: Vec<Entry>, delta: &Delta, own: Entry) -> Vec<Entry> {
    if delta.changed.is_empty() && delta.removed.is_empty() {
        return entries;
    }
    let mut left = reduced(kind, entries, delta, None);
    if !delta.changed.is_empty() {
        match left.iter_mut().find(|entry| entry.same_manager(&own)) {
            Some(entry) => {
                entry.fields = Fields::Set(entry.fields(kind).union(&delta.changed));
                entry.time = own.time;
            }
            None => left.push(own),
        }
    }
    cap(kind, &mut left);
    arrange(&mut left);
    left
}

/// The entries without what a change gives to another or takes away; those left empty are dropped. The one
/// at `except` is spared.
fn reduced(kind: Kind, entries: Vec<Entry>, delta: &Delta, except: Option<usize>) -> Vec<Entry> {
    let lost = delta.changed.union(&delta.removed);
    let of_status = lost.0.keys().all(|key| key == "f:status");
    let mut left = Vec::with_capacity(entries.len() + 1);
    for (at, mut entry) in entries.into_iter().enumerate() {
        // Who makes an object writes no status.
        let untouched = matches!(entry.fields, Fields::Whole(_)) && of_status;
        if Some(at) != except && !untouched {
            let fields = entry.fields(kind);
            let rest = fields.difference(&lost);
            if rest != fields {
                entry.fields = Fields::Set(rest);
            }
        }
        let empty = matches!(&entry.fields, Fields::Set(set) if set.is_empty());
        if !empty {
            left.push(entry);
        }
    }
    left
}

/// What a writer changes: of a status nothing else, of all else not the status
/// (`GetResetFields` of the strategies).
fn delta(kind: Kind, old: &Value, new: &Value, subresource: &str) -> Delta {
    let status = subresource == "status";
    let skip = |key: &str| match key {
        "apiVersion" | "kind" => true,
        "status" => !status,
        "metadata" => false,
        // The finalizers of a namespace are written by `finalize`.
        _ => status && kind != Kind::Namespace,
    };
    let found = typed::compare(kind, old, new, &skip);
    let stripped = stripped();
    Delta {
        changed: found.changed.difference(&stripped),
        removed: found.removed.difference(&stripped),
    }
}

/// Fields that nobody manages (`stripMetaManager`).
fn stripped() -> FieldSet {
    const OF_META: [&str; 10] = [
        "f:creationTimestamp",
        "f:deletionGracePeriodSeconds",
        "f:deletionTimestamp",
        "f:generation",
        "f:managedFields",
        "f:name",
        "f:namespace",
        "f:resourceVersion",
        "f:selfLink",
        "f:uid",
    ];
    let meta: Map = OF_META
        .iter()
        .map(|key| (Str::literal(key), Value::empty_map()))
        .collect();
    let all = [
        ("f:apiVersion", Value::empty_map()),
        ("f:kind", Value::empty_map()),
        ("f:metadata", Value::Map(meta)),
    ];
    FieldSet(
        all.into_iter()
            .map(|(key, value)| (Str::literal(key), value))
            .collect(),
    )
}

/// Makes one of the oldest updaters when there are too many (`capManagersManager`).
fn cap(kind: Kind, entries: &mut Vec<Entry>) {
    let updaters = entries.iter().filter(|entry| !entry.applied).count();
    if updaters <= MOST_UPDATERS {
        return;
    }
    arrange(entries);
    let first = entries.iter().position(|entry| !entry.applied).unwrap_or(0);
    let merged: Vec<Entry> = entries
        .drain(first..=first + updaters - MOST_UPDATERS)
        .collect();
    let mut fields = FieldSet::default();
    for entry in &merged {
        fields = fields.union(&entry.fields(kind));
    }
    entries.push(Entry {
        manager: Str::literal(ANCIENT),
        subresource: Str::EMPTY,
        applied: false,
        time: merged.last().and_then(|entry| entry.time),
        fields: Fields::Set(fields),
    });
}

/// The order of the entries (`sortEncodedManagedFields`): those of applies first, then by time, manager and
/// subresource.
fn arrange(entries: &mut [Entry]) {
    let seconds = |entry: &Entry| entry.time.map(|time| time.0.div_euclid(1000));
    entries.arrange_by(|a, b| {
        b.applied
            .cmp(&a.applied)
            .then_with(|| seconds(a).cmp(&seconds(b)))
            .then_with(|| a.manager.cmp(&b.manager))
            .then_with(|| a.subresource.cmp(&b.subresource))
    });
}

/// The entries with what client-side applies manage given to the server-side applies of `to`; `None` if there
/// is nothing of the kind (`csaupgrade.UpgradeManagedFields`).
#[must_use]
pub fn upgraded(kind: Kind, entries: &[Entry], to: &Str) -> Option<Vec<Entry>> {
    let notes = |entry: &Entry| {
        let [meta, annotations, note] = apply::LAST_APPLIED.map(|key| format!("f:{key}"));
        let set = Value::Map(entry.fields(kind).0);
        set.at(&[&meta, &annotations, &note]).is_some()
    };
    let from_client = |entry: &Entry| {
        let whole = !entry.applied && entry.subresource.is_empty();
        whole && (entry.manager == CLIENT_SIDE || notes(entry))
    };
    let (from, mut left): (Vec<Entry>, Vec<Entry>) = entries.iter().cloned().partition(from_client);
    let own = left
        .iter_mut()
        .find(|entry| entry.applied && entry.manager == *to)?;
    if from.is_empty() {
        return None;
    }
    for entry in from {
        own.fields = Fields::Set(own.fields(kind).union(&entry.fields(kind)));
    }
    Some(left)
}

/// Whether two lists of entries differ in more than their times.
pub(super) fn differ(kind: Kind, a: &[Entry], b: &[Entry]) -> bool {
    let same = |(a, b): (&Entry, &Entry)| a.same_manager(b) && a.fields(kind) == b.fields(kind);
    a.len() != b.len() || !a.iter().zip(b).all(same)
}

/// An event is written by one component only, which makes it and counts it up.
fn of_event(event: &Object) -> Vec<Entry> {
    let tree = event.tree();
    let manager = match tree.str_at(&["source", "component"]) {
        Some("kubelet") => "kubelet",
        Some("default-scheduler") => "kube-scheduler",
        _ => "kube-controller-manager",
    };
    vec![Entry {
        manager: Str::literal(manager),
        subresource: Str::EMPTY,
        applied: false,
        time: tree.str_at(&["lastTimestamp"]).and_then(Time::parse),
        fields: Fields::Whole(tree.clone()),
    }]
}

/// The managers of objects, as far as they were worked out.
pub(super) type Managed = imbl::OrdMap<Key, Arc<Vec<Entry>>>;
