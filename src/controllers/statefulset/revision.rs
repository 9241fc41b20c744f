//! The history of a set: one ControllerRevision per Pod template.
//! `pkg/controller/history/controller_history.go`; `getPatch`, `newRevision`, `ApplyRevision` of
//! `pkg/controller/statefulset/stateful_set_utils.go`; `getStatefulSetRevisions` and `truncateHistory` of
//! `stateful_set_control.go`

use super::failure::Failure;
use super::members::Members;
use crate::api::Arrange as _;
use crate::api::{ApiError, DeleteOptions, Kind, List, Map, Object, SetView, Str, Value};
use crate::controllers::{Cluster, Reason};
use crate::manifest::default_object;
use std::sync::Arc;

/// The label with the hash of a revision's data.
pub const HASH_LABEL: &str = "controller.kubernetes.io/hash";
/// How often an update is tried when the object had changed (`retry.DefaultBackoff`).
const TRIES: usize = 4;
/// How much of a set's name goes into the names of its revisions, in bytes.
const NAME_PREFIX: usize = 223;

/// The revisions that a pass goes by.
#[derive(Clone, Debug)]
pub struct Revisions {
    /// The revision that Pods come from.
    pub current: Arc<Object>,
    /// The revision that Pods go to.
    pub update: Arc<Object>,
    /// How many names were taken by other data (`status.collisionCount`).
    pub collisions: i32,
}

/// The data of the revision of a template: the template as a patch that replaces the one of the set
/// (`getPatch`). Numbers go through a 64-bit float on the way (`revisions` dr03). Branches are shared.
#[must_use]
pub fn data(template: &Value) -> Value {
    let mut template = through_float(template).unwrap_or_else(|| template.clone());
    template.make_map().insert("$patch", "replace");
    Value::map([("spec", Value::map([("template", template)]))])
}

/// The value with whole numbers beyond 2^53 as a 64-bit float has them; `None` if there are none.
fn through_float(value: &Value) -> Option<Value> {
    const EXACT: i64 = 1 << 53;
    match value {
        Value::Int(number) if !(-EXACT..=EXACT).contains(number) => {
            Some(Value::Int(*number as f64 as i64))
        }
        Value::List(list) => {
            let changed: Vec<Option<Value>> = list.iter().map(through_float).collect();
            changed.iter().any(Option::is_some).then(|| {
                let pairs = changed.into_iter().zip(list);
                let items = pairs.map(|(new, old)| new.unwrap_or_else(|| old.clone()));
                Value::List(items.collect::<List>())
            })
        }
        Value::Map(map) => {
            let changed: Vec<_> = map.iter().map(|(_, item)| through_float(item)).collect();
            changed.iter().any(Option::is_some).then(|| {
                let pairs = changed.into_iter().zip(map.iter());
                let items = pairs
                    .map(|(new, (key, old))| (key.clone(), new.unwrap_or_else(|| old.clone())));
                Value::Map(items.collect::<Map>())
            })
        }
        _ => None,
    }
}

/// The hash in a revision's name: FNV-1 over the data's JSON and the collision count, its decimal digits
/// as letters (`HashControllerRevision`; `SafeEncodeString` of `apimachinery/pkg/util/rand`).
#[must_use]
pub fn hash(data: &str, collisions: i32) -> String {
    const LETTERS: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";
    let count = collisions.to_string();
    let sum = data
        .bytes()
        .chain(count.bytes())
        .fold(2_166_136_261_u32, |sum, byte| {
            sum.wrapping_mul(16_777_619) ^ u32::from(byte)
        });
    let digits = sum.to_string();
    let letter = |digit: u8| char::from(LETTERS[usize::from(digit) % LETTERS.len()]);
    digits.bytes().map(letter).collect()
}

/// The name of a revision (`ControllerRevisionName`).
#[must_use]
pub fn name(set: &str, hash: &str) -> String {
    let mut end = set.len().min(NAME_PREFIX);
    while !set.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}-{hash}", set.get(..end).unwrap_or_default())
}

/// The template that a revision holds.
#[must_use]
pub fn template(revision: &Object) -> Value {
    let mut template = revision
        .tree()
        .at(&["data", "spec", "template"])
        .cloned()
        .unwrap_or_default();
    template.remove(&["$patch"]);
    template
}

/// Whether a revision holds this template. No copy is made: the branches of a set's template and of the
/// revision made from it are the same, and equal at a glance.
fn holds(revision: &Object, template: &Value) -> bool {
    let (Some(held), Some(template)) = (
        revision
            .tree()
            .at(&["data", "spec", "template"])
            .and_then(Value::as_map),
        template.as_map(),
    ) else {
        return false;
    };
    let held = held.iter().filter(|(key, _)| key.as_str() != "$patch");
    held.eq(template.iter())
}

fn number(revision: &Object) -> i64 {
    revision.revision_number().unwrap_or(0)
}

/// The revisions of a set, oldest first: those that match its selector and are its own or nobody's
/// (`ListControllerRevisions`, `SortControllerRevisions`).
///
/// # Errors
/// What the list answers.
pub fn list(
    cluster: &dyn Cluster,
    set: &Object,
    view: &SetView,
) -> Result<Vec<Arc<Object>>, ApiError> {
    let mut found = cluster.select(Kind::ControllerRevision, set.namespace(), &view.selector)?;
    found.retain(|revision| {
        let controller = revision.meta.controller();
        controller.is_none_or(|owner| owner.uid == set.meta.uid)
    });
    found.arrange_by(|a, b| {
        let key = |r: &Object| (number(r), r.meta.created);
        key(a).cmp(&key(b)).then_with(|| a.name().cmp(b.name()))
    });
    Ok(found)
}

/// Finds the current and the update revision in the sorted history, making or renumbering the latter if
/// need be (`getStatefulSetRevisions`). A template seen before gets its old name back with a new number
/// (`reconcile` d0146).
///
/// # Errors
/// What creating or updating the revision answers.
pub fn resolve(
    cluster: &mut dyn Cluster,
    set: &Object,
    view: &SetView,
    history: &[Arc<Object>],
) -> Result<Revisions, Failure> {
    let mut collisions = view.status.collision_count.unwrap_or(0);
    let update = update_revision(cluster, set, history, &mut collisions)?;
    let named = |r: &&Arc<Object>| *r.name() == view.status.current_revision;
    let current = history.iter().find(named).unwrap_or(&update).clone();
    Ok(Revisions {
        current,
        update,
        collisions,
    })
}

fn update_revision(
    cluster: &mut dyn Cluster,
    set: &Object,
    history: &[Arc<Object>],
    collisions: &mut i32,
) -> Result<Arc<Object>, Failure> {
    let null = Value::Null;
    let template = set.tree().at(&["spec", "template"]).unwrap_or(&null);
    let newest = history.last();
    if let Some(newest) = newest
        && holds(newest, template)
    {
        return Ok(newest.clone());
    }
    let rounded = through_float(template);
    let template = rounded.as_ref().unwrap_or(template);
    let next = newest.map_or(1, |newest| number(newest).saturating_add(1));
    match history.iter().rposition(|r| holds(r, template)) {
        Some(at) if at + 1 == history.len() => Ok(history[at].clone()),
        Some(at) => Ok(renumber(cluster, &history[at], next)?),
        None => match newest {
            Some(newest) if means(newest, set, template) => Ok(newest.clone()),
            _ => Ok(create(cluster, set, template, next, collisions)?),
        },
    }
}

/// Whether a revision's template, defaulted as this version does, is the set's own. An older release may
/// have stored it with other defaults; no Pod should be replaced for that. (Gate
/// `StatefulSetSemanticRevisionComparison`; `reconcile` d1152.)
fn means(revision: &Object, set: &Object, wanted: &Value) -> bool {
    let mut tree = set.tree().clone();
    tree.set(&["spec", "template"], template(revision));
    default_object(Kind::StatefulSet, &mut tree);
    let restored = tree.at(&["spec", "template"]);
    restored.is_some_and(|restored| through_float(restored).as_ref().unwrap_or(restored) == wanted)
}

/// Raises the number of an earlier revision above all others: a roll back (`UpdateControllerRevision`).
fn renumber(
    cluster: &mut dyn Cluster,
    revision: &Arc<Object>,
    next: i64,
) -> Result<Arc<Object>, ApiError> {
    let mut revision = revision.clone();
    let mut tries = 1;
    loop {
        if number(&revision) == next {
            return Ok(revision);
        }
        let mut tree = revision.tree().clone();
        tree.set(&["revision"], next);
        match cluster.update(Kind::ControllerRevision, tree, Reason::RevisionReused) {
            Err(error) if error.is_conflict() && tries < TRIES => {
                tries += 1;
                revision = cluster.get(
                    Kind::ControllerRevision,
                    revision.namespace(),
                    revision.name(),
                )?;
            }
            answer => return answer,
        }
    }
}

/// Makes the revision of a template (`newRevision`, `CreateControllerRevision`). A name that is taken by
/// other data is passed over: the count goes up and the hash is made again (`reconcile` d1806). An object
/// of the same name and data is used as it is, whoever owns it (d0113).
fn create(
    cluster: &mut dyn Cluster,
    set: &Object,
    template: &Value,
    next: i64,
    collisions: &mut i32,
) -> Result<Arc<Object>, ApiError> {
    let data = data(template);
    let text = data.to_go_json();
    let mut tree = new_revision(set, template, &data, &hash(&text, *collisions), next);
    loop {
        let name = name(set.name(), &hash(&text, *collisions));
        tree.set(&["metadata", "name"], name.as_str());
        let why = Reason::RevisionNew;
        match cluster.create(Kind::ControllerRevision, tree.clone(), why) {
            Err(error) if error.is_already_exists() => {
                let found = cluster.live(Kind::ControllerRevision, set.namespace(), &name)?;
                if holds(
                    &found,
                    data.at(&["spec", "template"]).unwrap_or(&Value::Null),
                ) || found.tree().get("data") == Some(&data)
                {
                    return Ok(found);
                }
                *collisions = collisions.saturating_add(1);
            }
            answer => return answer,
        }
    }
}

/// The object of a new revision. Its hash label keeps the first hash, whatever name it ends up with.
fn new_revision(set: &Object, template: &Value, data: &Value, hash: &str, number: i64) -> Value {
    let mut meta = Map::default();
    let mut labels = template.map_at(&["metadata", "labels"]);
    labels.insert(HASH_LABEL, hash);
    meta.insert("labels", labels);
    if !set.meta.annotations.is_empty() {
        meta.insert("annotations", set.meta.annotations.clone());
    }
    meta.insert("namespace", set.namespace());
    let owner = set.controller_ref().to_value();
    meta.insert("ownerReferences", vec![owner]);
    Value::map([
        (
            "apiVersion",
            Value::Str(Str::literal(Kind::ControllerRevision.api_version())),
        ),
        (
            "kind",
            Value::Str(Str::literal(Kind::ControllerRevision.name())),
        ),
        ("metadata", Value::Map(meta)),
        ("data", data.clone()),
        ("revision", Value::Int(number)),
    ])
}

/// Deletes the oldest revisions that nothing uses, down to the limit (`truncateHistory`). Only those of
/// before the pass count; in use are the current one, the update one and those that Pods were made from.
///
/// # Errors
/// What the first failed deletion answers.
pub fn truncate(
    cluster: &mut dyn Cluster,
    view: &SetView,
    history: &[Arc<Object>],
    in_use: Option<&Revisions>,
    members: &Members,
) -> Result<(), ApiError> {
    let Ok(limit) = usize::try_from(view.history_limit) else {
        return Ok(());
    };
    if history.len() <= limit {
        return Ok(());
    }
    let live = |revision: &Object| {
        let name = revision.name();
        let of_pass = in_use.is_some_and(|r| r.current.name() == name || r.update.name() == name);
        of_pass || members.any_of(name)
    };
    let unused: Vec<&Arc<Object>> = history.iter().filter(|r| !live(r)).collect();
    let surplus = unused.len().saturating_sub(limit);
    for revision in unused.into_iter().take(surplus) {
        cluster.delete(
            Kind::ControllerRevision,
            revision.namespace(),
            revision.name(),
            &DeleteOptions::default(),
            Reason::RevisionTruncated,
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const V1: &str = r#"{"spec":{"template":{"$patch":"replace","metadata":{"annotations":{"test":"value"},"creationTimestamp":null,"labels":{"app":"foo"}},"spec":{"containers":[{"image":"test","imagePullPolicy":"Always","name":"test","resources":{},"terminationMessagePath":"/dev/termination-log","terminationMessagePolicy":"File"}],"dnsPolicy":"ClusterFirst","restartPolicy":"Always","schedulerName":"default-scheduler","securityContext":{},"terminationGracePeriodSeconds":30}}}}"#;
    const V2: &str = r#"{"spec":{"template":{"$patch":"replace","metadata":{"labels":{"app":"nginx"}},"spec":{"containers":[{"image":"registry.k8s.io/nginx-slim:0.24","imagePullPolicy":"IfNotPresent","name":"nginx","ports":[{"containerPort":80,"name":"web","protocol":"TCP"}],"resources":{},"terminationMessagePath":"/dev/termination-log","terminationMessagePolicy":"File","volumeMounts":[{"mountPath":"/usr/share/nginx/html","name":"www"}]}],"dnsPolicy":"ClusterFirst","restartPolicy":"Always","schedulerName":"default-scheduler","securityContext":{},"terminationGracePeriodSeconds":30}}}}"#;

    /// The first two suffixes also stand in Kubernetes' own compatibility data of 1.33 and 1.34.
    #[test]
    fn hashes_are_those_of_kubernetes() {
        let newer = V1.replace(r#""creationTimestamp":null,"#, "");
        let shorter = V2.replace(":30}", ":10}");
        for (data, collisions, expected) in [
            (V1, 0, "c77f6d978"),
            (&newer, 0, "776999688b"),
            (V1, 1, "c77f6d979"),
            (&newer, 1, "776999688c"),
            (V2, 0, "7d8559755f"),
            (&shorter, 0, "6cdc958bf"),
        ] {
            assert_eq!(hash(data, collisions), expected);
        }
    }

    #[test]
    fn data_is_the_template_with_a_patch_directive() {
        let whole = Value::from_json(V2).expect("JSON");
        let template = Value::from_json(V2).expect("JSON");
        let mut template = template
            .at(&["spec", "template"])
            .cloned()
            .expect("template");
        template.remove(&["$patch"]);
        assert_eq!(data(&template), whole);
        assert_eq!(data(&template).to_go_json(), V2);
    }

    /// `revisions` dr03
    #[test]
    fn large_numbers_lose_their_last_digits() {
        let template =
            Value::from_json(r#"{"spec":{"a":[9007199254740993,1],"b":2}}"#).expect("JSON");
        let text = data(&template).to_go_json();
        let expected =
            r#"{"spec":{"template":{"$patch":"replace","spec":{"a":[9007199254740992,1],"b":2}}}}"#;
        assert_eq!(text, expected);
    }

    #[test]
    fn long_names_are_cut_between_characters() {
        assert_eq!(name("web", "f99c84b4b"), "web-f99c84b4b");
        assert_eq!(name(&"a".repeat(300), "x").len(), NAME_PREFIX + 2);
        assert_eq!(name(&"é".repeat(200), "x").len(), 222 + 2);
    }

    #[test]
    fn a_revision_holds_its_own_template_only() {
        let mut tree = Value::empty_map();
        tree.set(&["data"], Value::from_json(V2).expect("JSON"));
        let revision = Object::new(Kind::ControllerRevision, tree);
        let mut held = template(&revision);
        assert!(holds(&revision, &held));
        held.set(&["spec", "terminationGracePeriodSeconds"], 10);
        assert!(!holds(&revision, &held));
        assert!(!holds(&revision, &Value::Null));
    }
}
