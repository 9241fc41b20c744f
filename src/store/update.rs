//! Updating an object, its status, its binding.
//! `registry/generic/registry/store.go` and the strategies in `pkg/registry/*/*/strategy.go`

use super::fields::{Claim, Writer, updated};
use super::{Outcome, Store};
use crate::api::{ApiError, Cause, Kind, Map, Object, Time, Value};
use std::sync::Arc;

/// Parts of the metadata that belong to the API server: an update cannot change them.
const SERVER_OWNED: [&str; 6] = [
    "uid",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "generation",
    "resourceVersion",
];

impl Store {
    /// Replaces an object but for its status.
    pub(super) fn update(
        &mut self,
        kind: Kind,
        mut tree: Value,
        by: &Writer,
        now: Time,
    ) -> Result<Outcome, ApiError> {
        let given = Store::given_entries(&mut tree);
        let mut claim = Claim::update(by, now, Value::Null);
        if let Some(given) = given {
            let old = self.current(kind, &tree)?;
            let mut new = tree.clone();
            crate::manifest::default_object(kind, &mut new);
            let entries = updated(kind, given, Some(old.tree()), &new, by, now);
            claim = Claim::Entries(Arc::new(entries));
        }
        self.update_as(kind, tree, claim, now)
    }

    /// Replaces an object. The tree of an update's claim becomes what was written, with its defaults.
    pub(super) fn update_as(
        &mut self,
        kind: Kind,
        mut tree: Value,
        mut claim: Claim,
        now: Time,
    ) -> Result<Outcome, ApiError> {
        let old = self.current(kind, &tree)?;
        super::admission::check_bounds(kind, old.name(), &tree)?;
        // What is stored is complete already, and what controllers write of these kinds is.
        let complete = matches!(kind, Kind::EndpointSlice | Kind::Endpoints | Kind::Event);
        if !complete && spec_of(kind, &tree) != spec_of(kind, old.tree()) {
            crate::manifest::default_object(kind, &mut tree);
        }
        keep_server_owned(&old, &mut tree);
        keep_part(&old, &mut tree, "status");
        if let Claim::Update { tree: written, .. } = &mut claim {
            written.clone_from(&tree);
        }
        self.prepare_update(&old, &mut tree);
        // Of a Deployment the annotations count as well: `pkg/registry/apps/deployment/strategy.go`.
        let annotated = kind == Kind::Deployment
            && tree.map_at(&["metadata", "annotations"])
                != old.tree().map_at(&["metadata", "annotations"]);
        let respecified = spec_of(kind, &tree) != spec_of(kind, old.tree());
        if old.meta.generation > 0 && (respecified || annotated) {
            tree.set(&["metadata", "generation"], old.meta.generation + 1);
        }
        let causes = crate::manifest::validate_update(kind, &tree, old.tree());
        if !causes.is_empty() {
            return Err(ApiError::invalid(kind, old.name(), causes));
        }
        if matches!(kind, Kind::PersistentVolumeClaim | Kind::Service) {
            self.check_resize(&old, &tree)?;
            self.check_quotas(&old.key(), &tree, Some(&old))?;
        }
        let outcome = self.replace(&old, tree, claim);
        Ok(self.finish_deletion(outcome, now))
    }

    /// Replaces the status of an object by that of `tree`; its metadata stays, but for the annotations of
    /// a Deployment.
    pub(super) fn update_status(
        &mut self,
        kind: Kind,
        tree: Value,
        by: &Writer,
        now: Time,
    ) -> Result<Outcome, ApiError> {
        let old = self.current(kind, &tree)?;
        let mut new = old.tree().clone();
        match tree.get("status") {
            Some(status) => new.set(&["status"], status.clone()),
            None => {
                new.remove(&["status"]);
            }
        }
        // The strategy of Deployments keeps spec and labels only, and their controller writes the
        // revision this way.
        if kind == Kind::Deployment
            && let Some(annotations) = tree.at(&["metadata", "annotations"])
        {
            new.set(&["metadata", "annotations"], annotations.clone());
        }
        // Stands for the subresource `finalize` too.
        if kind == Kind::Namespace {
            keep_part_of(&tree, &mut new, "spec");
        }
        if kind == Kind::StatefulSet {
            let mut causes = status_causes(&new);
            let count = |tree: &Value| tree.int_at(&["status", "collisionCount"]);
            if count(&new) < count(old.tree()) {
                let now = count(&new).map_or("null".to_owned(), |count| count.to_string());
                causes.push(Cause {
                    field: "status.collisionCount".to_owned(),
                    message: format!("Invalid value: {now}: cannot be decremented"),
                });
            }
            if !causes.is_empty() {
                return Err(ApiError::invalid(kind, old.name(), causes));
            }
        }
        let by = Writer {
            subresource: "status",
            ..by.clone()
        };
        let mut written = new.clone();
        if kind == Kind::PersistentVolume {
            // The strategy's, not the writer's.
            const SINCE: [&str; 2] = ["status", "lastPhaseTransitionTime"];
            if let Some(since) = old.tree().at(&SINCE) {
                written.set(&SINCE, since.clone());
            }
        }
        let claim = Claim::update(&by, now, written);
        let outcome = self.replace(&old, new, claim);
        Ok(self.finish_deletion(outcome, now))
    }

    /// Puts a Pod on a node and notes that it is scheduled (`pkg/registry/core/pod/storage/storage.go`).
    pub(super) fn bind(
        &mut self,
        namespace: &str,
        pod: &str,
        node: &str,
        now: Time,
    ) -> Result<Outcome, ApiError> {
        let old = self.find(Kind::Pod, namespace, pod)?;
        if old.meta.terminating() {
            let why = format!("pod {pod} is being deleted, cannot be assigned to a host");
            return Err(ApiError::conflict(Kind::Pod, pod, &why));
        }
        if let Some(view) = old.pod()
            && !view.node.is_empty()
        {
            let why = format!("pod {pod} is already assigned to node \"{}\"", view.node);
            return Err(ApiError::conflict(Kind::Pod, pod, &why));
        }
        let mut tree = old.tree().clone();
        tree.set(&["spec", "nodeName"], node);
        let condition = Value::map([
            ("lastProbeTime", Value::Null),
            ("lastTransitionTime", now.into()),
            ("status", "True".into()),
            ("type", "PodScheduled".into()),
        ]);
        set_condition(&mut tree, "PodScheduled", condition);
        Ok(self.replace(&old, tree, Claim::Nobody))
    }

    /// The stored object that `tree` is to replace; its uid and resourceVersion must agree if given.
    fn current(&self, kind: Kind, tree: &Value) -> Result<Arc<Object>, ApiError> {
        let namespace = tree.str_at(&["metadata", "namespace"]).unwrap_or("default");
        let name = tree.str_at(&["metadata", "name"]).unwrap_or_default();
        let old = self.find(kind, namespace, name)?;
        if let Some(version) = tree.str_at(&["metadata", "resourceVersion"])
            && !version.is_empty()
            && version.parse() != Ok(old.meta.resource_version)
        {
            return Err(ApiError::modified(kind, name));
        }
        if let Some(uid) = tree.str_at(&["metadata", "uid"])
            && !uid.is_empty()
            && old.meta.uid != uid
        {
            let why = format!(
                "Precondition failed: UID in precondition: {uid}, UID in object meta: {}",
                old.meta.uid
            );
            return Err(ApiError::conflict(kind, name, &why));
        }
        Ok(old)
    }
}

fn keep_server_owned(old: &Object, tree: &mut Value) {
    for key in SERVER_OWNED {
        match old.tree().at(&["metadata", key]) {
            Some(value) if tree.at(&["metadata", key]) == Some(value) => {}
            Some(value) => tree.set(&["metadata", key], value.clone()),
            None => {
                tree.remove(&["metadata", key]);
            }
        }
    }
    for key in ["apiVersion", "kind"] {
        keep_part(old, tree, key);
    }
    for key in ["labels", "annotations", "ownerReferences", "finalizers"] {
        let empty = match tree.at(&["metadata", key]) {
            Some(Value::Map(map)) => map.is_empty(),
            Some(Value::List(list)) => list.is_empty(),
            Some(Value::Null) => true,
            _ => false,
        };
        if empty {
            tree.remove(&["metadata", key]);
        }
    }
}

fn keep_part(old: &Object, tree: &mut Value, key: &str) {
    keep_part_of(old.tree(), tree, key);
}

fn keep_part_of(old: &Value, tree: &mut Value, key: &str) {
    match old.get(key) {
        Some(value) if tree.get(key) == Some(value) => {}
        Some(value) => tree.set(&[key], value.clone()),
        None => {
            tree.remove(&[key]);
        }
    }
}

/// What a change of `generation` looks at: everything but metadata and status.
fn spec_of(_kind: Kind, tree: &Value) -> Map {
    let mut rest = tree.as_map().cloned().unwrap_or_default();
    rest.remove("metadata");
    rest.remove("status");
    rest
}

/// Sets the condition of this type in `status.conditions`, in its place or at the end.
pub(crate) fn set_condition(tree: &mut Value, condition_type: &str, condition: Value) {
    let conditions = tree.slot(&["status", "conditions"]).make_list();
    match conditions
        .iter_mut()
        .find(|c| c.str_at(&["type"]) == Some(condition_type))
    {
        Some(place) => *place = condition,
        None => conditions.push(condition),
    }
}

/// What the API server refuses in the status of a StatefulSet
/// (`ValidateStatefulSetStatus`, `pkg/apis/apps/validation/validation.go`).
pub fn status_causes(tree: &Value) -> Vec<Cause> {
    let status = tree.get("status").unwrap_or(&Value::Null);
    let count = |key: &str| status.int_at(&[key]).unwrap_or(0);
    let mut causes = Vec::new();
    let mut refuse = |key: &str, why: &str| {
        causes.push(Cause {
            field: format!("status.{key}"),
            message: format!("Invalid value: {}: {why}", count(key)),
        });
    };
    const COUNTS: [&str; 5] = [
        "replicas",
        "readyReplicas",
        "currentReplicas",
        "updatedReplicas",
        "availableReplicas",
    ];
    for key in COUNTS
        .into_iter()
        .chain(["observedGeneration", "collisionCount"])
    {
        if count(key) < 0 {
            refuse(key, "must be greater than or equal to 0");
        }
    }
    for key in &COUNTS[1..] {
        if count(key) > count("replicas") {
            refuse(key, "cannot be greater than status.replicas");
        }
    }
    if count("availableReplicas") > count("readyReplicas") {
        refuse(
            "availableReplicas",
            "cannot be greater than status.readyReplicas",
        );
    }
    causes
}
