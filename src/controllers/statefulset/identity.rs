//! What makes a Pod one of its set: name, labels, hostname, volumes.
//! `pkg/controller/statefulset/stateful_set_utils.go`

use super::claims;
use super::mistakes::{self, Mistake};
use crate::api::{Map, Object, PodView, SetView, Str, Value};

/// The label with the name of the revision that a Pod was made from.
pub const REVISION_LABEL: &str = "controller-revision-hash";
/// The label with the name of the Pod.
pub const POD_NAME_LABEL: &str = "statefulset.kubernetes.io/pod-name";
/// The label with the ordinal.
pub const POD_INDEX_LABEL: &str = "apps.kubernetes.io/pod-index";

/// The name of the Pod with this ordinal (`getPodName`).
#[must_use]
pub fn pod_name(set: &str, ordinal: i32) -> String {
    format!("{set}-{ordinal}")
}

/// Whether the Pod's name is one that the set gives (`isMemberOf`).
#[must_use]
pub fn is_member(set: &Object, pod: &PodView) -> bool {
    pod.parent_and_ordinal
        .as_ref()
        .is_some_and(|(parent, _)| parent == set.name())
}

/// Whether the ordinal is one of the set's own (`podInOrdinalRange`).
#[must_use]
pub fn in_range(view: &SetView, ordinal: i32) -> bool {
    let index = i64::from(ordinal) - i64::from(view.start);
    (0..i64::from(view.replicas)).contains(&index)
}

/// Whether name and labels are those that the set gives (`identityMatches`). The index label is not
/// looked at: `reconcile` d1235 has one missing and nothing repaired.
#[must_use]
pub fn identity_matches(set: &Object, pod: &Object, view: &PodView) -> bool {
    is_member(set, view)
        && pod.namespace() == set.namespace()
        && pod.meta.label(POD_NAME_LABEL) == Some(pod.name().as_str())
}

/// Whether each claim template has its volume, pointing to the claim of this ordinal (`storageMatches`).
#[must_use]
pub fn storage_matches(set: &Object, view: &SetView, pod: &PodView) -> bool {
    let ordinal = pod.ordinal();
    view.claim_templates.iter().all(|template| {
        // A later volume of the same name wins, as in a Go map.
        let volume = pod.claims.iter().rev().find(|(name, _)| name == template);
        volume.is_some_and(|(_, claim)| claims::is_claim_name(claim, template, set.name(), ordinal))
    })
}

/// Gives a Pod's tree the name and labels of its ordinal (`updateIdentity`).
pub fn set_identity(tree: &mut Value, set: &Object, ordinal: i32) {
    let name = Str::from(pod_name(set.name(), ordinal));
    tree.set(&["metadata", "name"], &name);
    tree.set(&["metadata", "namespace"], set.namespace());
    tree.set(&["metadata", "labels", POD_NAME_LABEL], name);
    tree.set(
        &["metadata", "labels", POD_INDEX_LABEL],
        ordinal.to_string(),
    );
}

/// Gives a Pod's tree the volumes of its claims, before those of the template (`updateStorage`).
pub fn set_storage(tree: &mut Value, set: &Object, view: &SetView, ordinal: i32) {
    let templates = claims::template_names(view);
    if templates.is_empty() {
        return;
    }
    let mut volumes: Vec<Value> = templates
        .iter()
        .map(|template| {
            let of = if mistakes::made(Mistake::ClaimsShared) {
                ordinal.saturating_sub(1).max(0)
            } else {
                ordinal
            };
            let claim = claims::claim_name(template, set.name(), of);
            Value::map([
                ("name", Value::from(template)),
                (
                    "persistentVolumeClaim",
                    Value::map([("claimName", Value::from(claim))]),
                ),
            ])
        })
        .collect();
    let others = tree.items_at(&["spec", "volumes"]).iter().filter(|volume| {
        match volume.str_at(&["name"]) {
            Some(name) => !templates.iter().any(|template| template == name),
            None => true,
        }
    });
    volumes.extend(others.cloned());
    tree.set(&["spec", "volumes"], volumes);
}

/// A new Pod of the set from a revision's template (`newStatefulSetPod`, `initIdentity`; `GetPodFromTemplate`
/// of `pkg/controller/controller_utils.go`). Its branches are those of the template where nothing is added.
#[must_use]
pub fn new_pod(
    set: &Object,
    view: &SetView,
    template: &Value,
    revision: &Str,
    ordinal: i32,
) -> Value {
    let mut meta = Map::default();
    for key in ["labels", "annotations", "finalizers"] {
        if let Some(value) = template.at(&["metadata", key]) {
            meta.insert(Str::literal(key), value.clone());
        }
    }
    meta.insert("generateName", format!("{}-", set.name()));
    let owner = set.controller_ref().to_value();
    meta.insert("ownerReferences", vec![owner]);
    let mut spec = template.map_at(&["spec"]);
    spec.insert("hostname", pod_name(set.name(), ordinal));
    if view.service.is_empty() {
        spec.remove("subdomain");
    } else {
        spec.insert("subdomain", &view.service);
    }
    let mut tree = Value::map([
        ("apiVersion", Value::Str(Str::literal("v1"))),
        ("kind", Value::Str(Str::literal("Pod"))),
        ("metadata", Value::Map(meta)),
        ("spec", Value::Map(spec)),
    ]);
    set_identity(&mut tree, set, ordinal);
    tree.set(&["metadata", "labels", REVISION_LABEL], revision);
    set_storage(&mut tree, set, view, ordinal);
    tree
}
