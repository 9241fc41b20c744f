//! An object's metadata, parsed.

use super::{Map, Millis, Object, Str, Time, Value};
use std::sync::Arc;

/// The parsed `metadata` of an object.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Meta {
    /// `metadata.name`
    pub name: Str,
    /// `metadata.namespace`; empty for kinds without one.
    pub namespace: Str,
    /// `metadata.uid`
    pub uid: Str,
    /// `metadata.resourceVersion`; 0 before it is stored.
    pub resource_version: u64,
    /// `metadata.generation`; 0 if the kind has none.
    pub generation: i64,
    /// `metadata.creationTimestamp`, whole seconds.
    pub created: Time,
    /// `metadata.deletionTimestamp`: the end of the grace period, whole seconds.
    pub deletion: Option<Time>,
    /// `metadata.deletionGracePeriodSeconds` in milliseconds.
    pub grace: Option<Millis>,
    /// `metadata.labels`
    pub labels: Map,
    /// `metadata.annotations`
    pub annotations: Map,
    /// `metadata.ownerReferences`
    pub owners: Arc<[OwnerRef]>,
    /// `metadata.finalizers`
    pub finalizers: Arc<[Str]>,
}

/// An entry of `metadata.ownerReferences`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OwnerRef {
    /// `apiVersion` of the owner.
    pub api_version: Str,
    /// `kind` of the owner.
    pub kind: Str,
    /// `name` of the owner.
    pub name: Str,
    /// `uid` of the owner.
    pub uid: Str,
    /// Whether the owner is the managing controller; at most one is.
    pub controller: bool,
    /// Whether a foreground deletion of the owner waits for this object.
    pub block_owner_deletion: bool,
}

fn items(list: &Value) -> &[Value] {
    list.as_list().map_or(&[], |list| list.as_slice())
}

impl Meta {
    /// Parses the `metadata` of an object's tree; what is absent or malformed is empty.
    #[must_use]
    pub fn parse(tree: &Value) -> Meta {
        Meta::parse_after(tree, None)
    }

    /// The same for the next version of an object: what has not changed is shared with it.
    pub(super) fn parse_after(tree: &Value, old: Option<&Object>) -> Meta {
        let mut parsed = Meta::default();
        let Some(meta) = tree.get("metadata").and_then(Value::as_map) else {
            return parsed;
        };
        let text = |value: &Value| value.as_shared().cloned().unwrap_or_default();
        let map = |value: &Value| value.as_map().cloned().unwrap_or_default();
        let time = |value: &Value| value.as_str().and_then(Time::parse);
        for (key, value) in meta.iter() {
            match key.as_str() {
                "name" => parsed.name = text(value),
                "namespace" => parsed.namespace = text(value),
                "uid" => parsed.uid = text(value),
                "resourceVersion" => parsed.resource_version = text(value).parse().unwrap_or(0),
                "generation" => parsed.generation = value.as_int().unwrap_or(0),
                "creationTimestamp" => parsed.created = time(value).unwrap_or_default(),
                "deletionTimestamp" => parsed.deletion = time(value),
                "deletionGracePeriodSeconds" => {
                    parsed.grace = value.as_int().map(|seconds| seconds.saturating_mul(1000));
                }
                "labels" => parsed.labels = map(value),
                "annotations" => parsed.annotations = map(value),
                "ownerReferences" => {
                    let same = old.filter(|old| {
                        old.tree().at(&["metadata", "ownerReferences"]) == Some(value)
                    });
                    parsed.owners = match same {
                        Some(old) => old.meta.owners.clone(),
                        None => items(value).iter().map(OwnerRef::parse).collect(),
                    };
                }
                "finalizers" => {
                    let texts = items(value).iter().filter_map(Value::as_shared);
                    parsed.finalizers = texts.cloned().collect();
                }
                _ => {}
            }
        }
        parsed
    }

    /// Whether a deletion has begun.
    #[must_use]
    pub fn terminating(&self) -> bool {
        self.deletion.is_some()
    }

    /// The managing controller, if there is one.
    #[must_use]
    pub fn controller(&self) -> Option<&OwnerRef> {
        self.owners.iter().find(|owner| owner.controller)
    }

    /// Whether the object with this uid is the managing controller.
    #[must_use]
    pub fn controlled_by(&self, uid: &str) -> bool {
        self.controller().is_some_and(|owner| owner.uid == uid)
    }

    /// The value of a label.
    #[must_use]
    pub fn label(&self, key: &str) -> Option<&str> {
        self.labels.get_str(key)
    }

    /// The value of an annotation.
    #[must_use]
    pub fn annotation(&self, key: &str) -> Option<&str> {
        self.annotations.get_str(key)
    }

    /// Whether the finalizer is there.
    #[must_use]
    pub fn has_finalizer(&self, name: &str) -> bool {
        self.finalizers.iter().any(|finalizer| finalizer == name)
    }
}

impl OwnerRef {
    /// Parses an entry of `metadata.ownerReferences`.
    #[must_use]
    pub fn parse(tree: &Value) -> OwnerRef {
        let text = |key: &str| {
            tree.get(key)
                .and_then(Value::as_shared)
                .cloned()
                .unwrap_or_default()
        };
        let truth = |key: &str| tree.get(key).and_then(Value::as_bool).unwrap_or(false);
        OwnerRef {
            api_version: text("apiVersion"),
            kind: text("kind"),
            name: text("name"),
            uid: text("uid"),
            controller: truth("controller"),
            block_owner_deletion: truth("blockOwnerDeletion"),
        }
    }

    /// The tree of this reference; a `false` is left out, as the API leaves it out.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let mut map = Map::default();
        map.insert("apiVersion", &self.api_version);
        map.insert("kind", &self.kind);
        map.insert("name", &self.name);
        map.insert("uid", &self.uid);
        if self.controller {
            map.insert("controller", true);
        }
        if self.block_owner_deletion {
            map.insert("blockOwnerDeletion", true);
        }
        Value::Map(map)
    }
}
