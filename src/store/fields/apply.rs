//! Server-side apply: merging a configuration into an object, conflicts, and the fields that are no longer
//! applied. `structured-merge-diff/merge/update.go` (`Apply`, `prune`)

use super::set::FieldSet;
use super::{Claim, Entry, Fields, Writer, arrange, delta, differ, reduced, stripped, typed};
use crate::api::{ApiError, ErrorReason, Kind, Map, Object, Str, Time, Value};
use crate::store::{Outcome, Store};
use std::sync::Arc;

/// What client-side apply notes of what it applied.
pub const LAST_APPLIED: [&str; 3] = [
    "metadata",
    "annotations",
    "kubectl.kubernetes.io/last-applied-configuration",
];
/// The manager of kubectl's server-side applies.
const KUBECTL: &str = "kubectl";
/// Who is said to manage an object of which nobody kept account before its first apply.
const BEFORE: &str = "before-first-apply";

impl Store {
    /// Applies a configuration.
    ///
    /// # Errors
    /// The fields that others manage and that would change, unless `force`; what an update is refused for.
    pub(in crate::store) fn apply(
        &mut self,
        kind: Kind,
        config: &Value,
        force: bool,
        by: &Writer,
        now: Time,
    ) -> Result<Outcome, ApiError> {
        let mut config = config.clone();
        if config.remove(&["metadata", "managedFields"]).is_some() {
            let why = "metadata.managedFields must be nil";
            return Err(ApiError::new(ErrorReason::BadRequest, why));
        }
        let own = Entry {
            manager: by.manager.clone(),
            subresource: Str::EMPTY,
            applied: true,
            time: Some(now),
            fields: Fields::Set(owned(kind, &config)),
        };
        let key = super::super::Request::Create {
            kind,
            tree: config.clone(),
        }
        .key();
        let Some(live) = self.get(&key).cloned() else {
            let entries = if own.fields(kind).is_empty() {
                Vec::new()
            } else {
                vec![own]
            };
            return self.create_as(kind, config, Claim::Entries(Arc::new(entries)), now);
        };
        let before = self.before_apply(&live, now);
        let (tree, entries) = match applied(&live, &config, before.clone(), &own, force) {
            Err(found) if by.manager == KUBECTL => {
                // kubectl takes over what is still as it was applied from the client.
                let allowed = as_last_applied(&live);
                let found: Vec<Conflict> = found
                    .into_iter()
                    .map(|conflict| Conflict {
                        fields: conflict.fields.difference(&allowed),
                        ..conflict
                    })
                    .filter(|conflict| !conflict.fields.is_empty())
                    .collect();
                if !found.is_empty() {
                    return Err(refusal(kind, &found));
                }
                applied(&live, &config, before.clone(), &own, true)
            }
            other => other,
        }
        .map_err(|found| refusal(kind, &found))?;
        let mut tree = tree;
        if by.manager == KUBECTL && live.tree().at(&LAST_APPLIED).is_some() {
            note_last_applied(&config, &mut tree);
        }
        let same = !differ(kind, &before, &entries);
        let entries = if same { before } else { entries };
        let version = live.meta.resource_version.to_string();
        tree.set(&["metadata", "resourceVersion"], version);
        self.update_as(kind, tree, Claim::Entries(Arc::new(entries)), now)
    }

    /// The managers that an apply begins with (`skipNonAppliedManager`).
    fn before_apply(&self, live: &Object, now: Time) -> Vec<Entry> {
        let entries = self.managed_fields(live);
        if !entries.is_empty() {
            return entries;
        }
        vec![Entry {
            manager: Str::literal(BEFORE),
            subresource: Str::EMPTY,
            applied: false,
            time: Some(now),
            fields: Fields::Whole(live.tree().clone()),
        }]
    }
}

/// The fields that a configuration states, but for those that nobody manages.
fn owned(kind: Kind, config: &Value) -> FieldSet {
    let status: Map = [("f:status", Value::empty_map())].into_iter().collect();
    let mut config = config.clone();
    config.remove(&["status"]);
    typed::stated(kind, &config)
        .difference(&stripped())
        .difference(&FieldSet(status))
}

/// Fields of a manager that an apply would change.
struct Conflict {
    by: Entry,
    fields: FieldSet,
}

/// The object after an apply, and its managers.
fn applied(
    live: &Object,
    config: &Value,
    mut entries: Vec<Entry>,
    own: &Entry,
    force: bool,
) -> Result<(Value, Vec<Entry>), Vec<Conflict>> {
    let kind = live.kind;
    let mut config = config.clone();
    config.remove(&["status"]);
    let mut tree = typed::merged(kind, live.tree(), &config);
    let former = entries.iter().position(|entry| entry.same_manager(own));
    let last = former.map(|at| entries[at].fields(kind));
    let (at, was) = match former {
        Some(at) => (at, Some(std::mem::replace(&mut entries[at], own.clone()))),
        None => {
            entries.push(own.clone());
            (entries.len() - 1, None)
        }
    };
    if let Some(last) = last.filter(|last| !last.is_empty()) {
        tree = pruned(kind, tree, &entries, &last);
    }
    let delta = delta(kind, live.tree(), &tree, "");
    if !force {
        let conflicts = entries.iter().enumerate().filter(|(i, _)| *i != at);
        let conflicts = conflicts.map(|(_, entry)| Conflict {
            by: entry.clone(),
            fields: entry.fields(kind).intersection(&delta.changed),
        });
        let found: Vec<Conflict> = conflicts.filter(|c| !c.fields.is_empty()).collect();
        if !found.is_empty() {
            return Err(found);
        }
    }
    let nothing = delta.changed.is_empty() && delta.removed.is_empty();
    if nothing {
        // The time is that of the last apply that changed the object.
        entries[at].time = was.and_then(|was| was.time);
    }
    let mut entries = reduced(kind, entries, &delta, Some(at));
    arrange(&mut entries);
    Ok((tree, entries))
}

/// The tree without what the manager applied before and applies no more, unless somebody else manages it.
fn pruned(kind: Kind, merged: Value, entries: &[Entry], last: &FieldSet) -> Value {
    let named = |set: &FieldSet| typed::with_named(kind, set);
    let all = |tree: &Value| named(&typed::stated(kind, tree));
    let last = named(last);
    let first = typed::without(kind, &merged, &last);
    let before = all(&merged);
    // What others manage comes back,
    let mut managed = FieldSet::default();
    for entry in entries {
        managed = managed.union(&entry.fields(kind));
    }
    let gone = before.difference(&all(&first)).difference(&named(&managed));
    let second = typed::without(kind, &merged, &gone);
    // and what only went because that in which it stood did.
    let gone = before.difference(&all(&second)).intersection(&last);
    typed::without(kind, &merged, &gone)
}

/// The fields that are as they were last applied from the client (`lastAppliedManager`).
fn as_last_applied(live: &Object) -> FieldSet {
    let text = live.tree().str_at(&LAST_APPLIED).unwrap_or_default();
    let Ok(last) = Value::from_json(text) else {
        return FieldSet::default();
    };
    let fields = typed::stated(live.kind, &last);
    let compared = typed::compare(live.kind, &last, live.tree(), &|_| false);
    fields
        .difference(&compared.changed)
        .difference(&compared.removed)
}

/// Keeps the annotation of client-side apply in step (`lastAppliedUpdater`).
fn note_last_applied(config: &Value, tree: &mut Value) {
    let mut last = config.clone();
    last.remove(&LAST_APPLIED);
    if last
        .at(&LAST_APPLIED[..2])
        .and_then(Value::as_map)
        .is_some_and(Map::is_empty)
    {
        last.remove(&LAST_APPLIED[..2]);
    }
    tree.set(&LAST_APPLIED, format!("{}\n", last.to_go_json()));
}

/// `Apply failed with 1 conflict: conflict with "bob": .data.k` (`merge/conflict.go`)
fn refusal(kind: Kind, found: &[Conflict]) -> ApiError {
    let name = |entry: &Entry| {
        let mut name = crate::manifest::go_quote(&entry.manager);
        if !entry.subresource.is_empty() {
            name.push_str(&format!(
                " with subresource {}",
                crate::manifest::go_quote(&entry.subresource)
            ));
        }
        if !entry.applied {
            name.push_str(&format!(" using {}", kind.api_version()));
        }
        name
    };
    let mut named: Vec<(String, Vec<String>)> = Vec::new();
    for conflict in found {
        let mut paths = Vec::new();
        conflict
            .fields
            .paths(&mut |path| paths.push(path.to_owned()));
        named.push((name(&conflict.by), paths));
    }
    crate::api::Arrange::arrange(&mut named[..]);
    let count: usize = named.iter().map(|(_, paths)| paths.len()).sum();
    let what = match named.as_slice() {
        [(name, paths)] if count == 1 => {
            format!("1 conflict: conflict with {name}: {}", paths.concat())
        }
        many => {
            let lines = many
                .iter()
                .map(|(name, paths)| format!("conflicts with {name}:\n- {}", paths.join("\n- ")));
            format!(
                "{count} conflicts: {}",
                lines.collect::<Vec<_>>().join("\n")
            )
        }
    };
    ApiError::new(ErrorReason::Conflict, format!("Apply failed with {what}"))
}
