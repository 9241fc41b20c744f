//! An object's metadata, parsed.

use super::{Map, Millis, Str, Time, Value};
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

impl Meta {
    /// Parses the `metadata` of an object's tree; what is absent or malformed is empty.
    #[must_use]
    pub fn parse(tree: &Value) -> Meta {
        let Some(meta) = tree.get("metadata").and_then(Value::as_map) else {
            return Meta::default();
        };
        let text = |key: &str| {
            meta.get(key)
                .and_then(Value::as_shared)
                .cloned()
                .unwrap_or_default()
        };
        let map = |key: &str| {
            meta.get(key)
                .and_then(Value::as_map)
                .cloned()
                .unwrap_or_default()
        };
        let list = |key: &str| {
            meta.get(key)
                .and_then(Value::as_list)
                .cloned()
                .unwrap_or_default()
        };
        let time = |key: &str| meta.get_str(key).and_then(Time::parse);
        Meta {
            name: text("name"),
            namespace: text("namespace"),
            uid: text("uid"),
            resource_version: text("resourceVersion").parse().unwrap_or(0),
            generation: meta.get("generation").and_then(Value::as_int).unwrap_or(0),
            created: time("creationTimestamp").unwrap_or_default(),
            deletion: time("deletionTimestamp"),
            grace: meta
                .get("deletionGracePeriodSeconds")
                .and_then(Value::as_int)
                .map(|seconds| seconds.saturating_mul(1000)),
            labels: map("labels"),
            annotations: map("annotations"),
            owners: list("ownerReferences")
                .iter()
                .map(OwnerRef::parse)
                .collect(),
            finalizers: list("finalizers")
                .iter()
                .filter_map(|v| v.as_shared().cloned())
                .collect(),
        }
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
