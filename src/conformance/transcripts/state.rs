//! States of a cluster, cut down to the fields that the recordings keep.

use super::super::{Difference, compare, normalise};
use crate::api::{Kind, Map, Object, Value};
use crate::store::Store;
use std::collections::BTreeMap;

/// The kinds of a state, under the names that the recordings use, and what is kept of the objects beside
/// their metadata.
const KINDS: &[(&str, Kind, &[&str])] = &[
    (
        "statefulsets",
        Kind::StatefulSet,
        &[
            "spec.replicas",
            "spec.serviceName",
            "spec.podManagementPolicy",
            "spec.updateStrategy",
            "spec.persistentVolumeClaimRetentionPolicy",
            "spec.ordinals",
            "spec.minReadySeconds",
            "spec.revisionHistoryLimit",
            "spec.selector",
            "spec.template",
            "status",
        ],
    ),
    (
        "deployments",
        Kind::Deployment,
        &[
            "spec.replicas",
            "spec.paused",
            "spec.strategy.type",
            "status",
        ],
    ),
    (
        "replicasets",
        Kind::ReplicaSet,
        &["spec.replicas", "status"],
    ),
    (
        "controllerrevisions",
        Kind::ControllerRevision,
        &["revision"],
    ),
    (
        "pods",
        Kind::Pod,
        &[
            "spec.hostname",
            "spec.subdomain",
            "spec.nodeName",
            "spec.containers",
            "spec.volumes",
            "spec.nodeSelector",
            "status.phase",
            "status.reason",
            "status.message",
            "status.podIP",
            "status.conditions",
            "status.containerStatuses",
            "status.initContainerStatuses",
        ],
    ),
    ("pvc", Kind::PersistentVolumeClaim, &["spec", "status"]),
    (
        "pv",
        Kind::PersistentVolume,
        &[
            "spec.capacity",
            "spec.accessModes",
            "spec.claimRef",
            "spec.persistentVolumeReclaimPolicy",
            "spec.storageClassName",
            "spec.nodeAffinity",
            "status.phase",
            "status.reason",
        ],
    ),
    (
        "services",
        Kind::Service,
        &[
            "spec.type",
            "spec.clusterIP",
            "spec.selector",
            "spec.ports",
            "spec.publishNotReadyAddresses",
        ],
    ),
    (
        "endpointslices",
        Kind::EndpointSlice,
        &["ports", "endpoints"],
    ),
    (
        "nodes",
        Kind::Node,
        &["spec.unschedulable", "spec.taints", "status.conditions"],
    ),
    (
        "poddisruptionbudgets",
        Kind::PodDisruptionBudget,
        &["spec", "status"],
    ),
];

const METADATA: &[&str] = &[
    "name",
    "namespace",
    "uid",
    "labels",
    "annotations",
    "finalizers",
    "generation",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "ownerReferences",
];

/// Annotations of the volume controllers, and kubectl's.
const LEFT_OUT_ANNOTATIONS: &[&str] = &[
    "kubectl.kubernetes.io/last-applied-configuration",
    "pv.kubernetes.io/bind-completed",
    "pv.kubernetes.io/bound-by-controller",
    "pv.kubernetes.io/provisioned-by",
    "volume.beta.kubernetes.io/storage-provisioner",
    "volume.kubernetes.io/storage-provisioner",
];

/// Finalizers that every claim and volume has.
const USUAL_FINALIZERS: &[&str] = &[
    r#"["kubernetes.io/pvc-protection"]"#,
    r#"["kubernetes.io/pv-protection"]"#,
    r#"["kubernetes.io/pv-controller","kubernetes.io/pv-protection"]"#,
];

/// A state: the objects of each kind, cut down and normalised, in a fixed order.
pub type State = BTreeMap<String, Vec<Value>>;

/// The state of a cluster.
pub fn of(store: &Store, given: &str) -> State {
    let mut state = State::new();
    for (name, kind, paths) in KINDS {
        let objects = store.list(*kind, "").filter(|object| {
            let api_server = matches!(*kind, Kind::Service | Kind::EndpointSlice)
                && object.name().as_str() == "kubernetes";
            !api_server && (*kind != Kind::Node || node_is_told(object.tree()))
        });
        let slim = objects.map(|object| slim(*kind, object, paths)).collect();
        state.insert((*name).to_owned(), in_order(slim, given));
    }
    state
}

/// The kinds that a recorded state names.
pub fn recorded(state: &Value, given: &str) -> State {
    let kinds = state.as_map().cloned().unwrap_or_default();
    let entries = kinds.iter().map(|(kind, items)| {
        let items = items.as_list().map(|items| items.as_slice().to_vec());
        (
            kind.as_str().to_owned(),
            in_order(items.unwrap_or_default(), given),
        )
    });
    entries.collect()
}

/// Normalised, and sorted by name: names may be random.
fn in_order(objects: Vec<Value>, given: &str) -> Vec<Value> {
    let mut objects: Vec<Value> = objects
        .iter()
        .map(|object| normalise::tree(object, given))
        .collect();
    for object in &mut objects {
        if !object.items_at(&["endpoints"]).is_empty() {
            let endpoints = object.slot(&["endpoints"]).make_list();
            endpoints.sort_by_key(|endpoint| {
                (
                    endpoint.str_at(&["targetRef", "name"]).map(str::to_owned),
                    endpoint.to_go_json(),
                )
            });
        }
        if !object.items_at(&["spec", "volumes"]).is_empty() {
            let volumes = object.slot(&["spec", "volumes"]).make_list();
            volumes.sort_by_key(Value::to_go_json);
        }
        // A ReplicaSet counts the steps of its Deployment's rollout.
        if object
            .at(&["metadata", "labels", "pod-template-hash"])
            .is_some()
            && object.at(&["status", "replicas"]).is_some()
        {
            object.remove(&["status", "observedGeneration"]);
        }
        // A slice is known by its Service.
        if object.get("endpoints").is_some() || object.get("ports").is_some() {
            let name = object
                .str_at(&["metadata", "name"])
                .unwrap_or_default()
                .to_owned();
            if let Some((service, _)) = name.rsplit_once('-') {
                object.set(&["metadata", "name"], format!("{service}-xxxxx"));
            }
        }
    }
    objects.sort_by_cached_key(|object| (name_of(object), object.to_go_json()));
    objects
}

fn name_of(object: &Value) -> String {
    let name = object.str_at(&["metadata", "name"]).unwrap_or("?");
    let namespace = object.str_at(&["metadata", "namespace"]);
    let claim = object.str_at(&["spec", "claimRef", "name"]);
    match (namespace, claim) {
        (Some(namespace), _) => format!("{namespace}/{name}"),
        (None, Some(claim)) => format!("{name} of {claim}"),
        (None, None) => name.to_owned(),
    }
}

/// Compares the objects of a kind by name.
pub fn compare_kind(
    place: &str,
    expected: &[Value],
    got: &[Value],
    differences: &mut Vec<Difference>,
) {
    let by_name = |objects: &[Value]| {
        let mut map = Map::default();
        for object in objects {
            let mut name = name_of(object);
            while map.contains(&name) {
                name.push('\'');
            }
            map.insert(name.as_str(), conditions_by_type(object));
        }
        Value::Map(map)
    };
    compare(place, &by_name(expected), &by_name(got), differences);
}

/// Lists of conditions and containers as mappings, so that a difference names its place. Their order
/// counts: it is kept as an entry.
fn conditions_by_type(object: &Value) -> Value {
    let mut object = object.clone();
    for (field, key) in [
        ("conditions", "type"),
        ("containerStatuses", "name"),
        ("initContainerStatuses", "name"),
    ] {
        let items = object.items_at(&["status", field]).to_vec();
        if items.is_empty() {
            continue;
        }
        let names: Vec<&str> = items
            .iter()
            .filter_map(|item| item.str_at(&[key]))
            .collect();
        let order = Value::from(names.join(" "));
        let entries = items
            .iter()
            .map(|item| (item.str_at(&[key]).unwrap_or("?"), item.clone()));
        let mut map: Map = entries.collect();
        map.insert("(order)", order);
        object.set(&["status", field], map);
    }
    object
}

/// Only nodes with something to tell are in a state.
fn node_is_told(tree: &Value) -> bool {
    tree.at(&["spec", "unschedulable"]).and_then(Value::as_bool) == Some(true)
        || !tree.items_at(&["spec", "taints"]).is_empty()
        || tree
            .items_at(&["status", "conditions"])
            .iter()
            .any(|condition| {
                condition.str_at(&["type"]) == Some("Ready")
                    && condition.str_at(&["status"]) != Some("True")
            })
}

fn empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Str(text) => text.is_empty(),
        Value::List(items) => items.is_empty(),
        Value::Map(entries) => entries.is_empty(),
        _ => false,
    }
}

/// The given dotted paths that are there and not empty, in the object's own shape.
fn pick(tree: &Value, paths: &[&str]) -> Value {
    let mut picked = Value::empty_map();
    for path in paths {
        let path: Vec<&str> = path.split('.').collect();
        if let Some(value) = tree.at(&path).filter(|value| !empty(value)) {
            picked.set(&path, value.clone());
        }
    }
    picked
}

fn each(tree: &mut Value, path: &[&str], change: impl Fn(&Value) -> Value) {
    let items = tree.items_at(path);
    if !items.is_empty() {
        let changed: Vec<Value> = items.iter().map(change).collect();
        tree.set(path, changed);
    }
}

/// An object as the recordings keep it.
fn slim(kind: Kind, object: &Object, paths: &[&str]) -> Value {
    let tree = object.tree();
    let mut slim = pick(tree, paths);
    slim.set(&["metadata"], metadata(kind, tree));
    each(&mut slim, &["metadata", "ownerReferences"], |owner| {
        let mut short = pick(owner, &["kind", "name"]);
        for flag in ["controller", "blockOwnerDeletion"] {
            if let Some(value) = owner
                .get(flag)
                .filter(|value| value.as_bool() != Some(true))
            {
                short.set(&[flag], value.clone());
            }
        }
        short
    });
    match kind {
        Kind::StatefulSet => template(&mut slim),
        Kind::Pod => pod(&mut slim),
        Kind::PersistentVolumeClaim => {
            slim.remove(&["spec", "volumeMode"]);
            slim.remove(&["spec", "dataSource"]);
        }
        Kind::PersistentVolume => {
            if let Some(claim) = slim.at(&["spec", "claimRef"]).cloned() {
                slim.set(&["spec", "claimRef"], pick(&claim, &["namespace", "name"]));
            }
        }
        Kind::EndpointSlice => {
            let endpoints = tree.items_at(&["endpoints"]).iter();
            let endpoints = endpoints.map(|endpoint| {
                pick_all(
                    endpoint,
                    &["addresses", "conditions", "hostname"],
                    "targetRef",
                )
            });
            slim.set(&["endpoints"], endpoints.collect::<Vec<_>>());
        }
        Kind::PodDisruptionBudget => drop(slim.remove(&["status", "conditions"])),
        Kind::Node => node(&mut slim),
        _ => {}
    }
    slim
}

fn pick_all(endpoint: &Value, fields: &[&str], target: &str) -> Value {
    let mut short = Value::empty_map();
    for field in fields {
        if let Some(value) = endpoint.get(field) {
            short.set(&[field], value.clone());
        }
    }
    if let Some(name) = endpoint.str_at(&[target, "name"]) {
        short.set(&[target, "name"], name);
    }
    short
}

fn metadata(kind: Kind, tree: &Value) -> Value {
    let from = tree.get("metadata").cloned().unwrap_or_default();
    let mut metadata = pick(&from, METADATA);
    for annotation in LEFT_OUT_ANNOTATIONS {
        metadata.remove(&["annotations", annotation]);
    }
    let no_annotations = matches!(
        kind,
        Kind::Deployment
            | Kind::ReplicaSet
            | Kind::ControllerRevision
            | Kind::EndpointSlice
            | Kind::PersistentVolume
    );
    if no_annotations || metadata.map_at(&["annotations"]).is_empty() {
        metadata.remove(&["annotations"]);
    }
    if metadata.str_at(&["namespace"]) == Some("default") {
        metadata.remove(&["namespace"]);
    }
    if !matches!(
        kind,
        Kind::StatefulSet | Kind::ControllerRevision | Kind::PodDisruptionBudget
    ) {
        metadata.remove(&["generation"]);
    }
    if matches!(
        kind,
        Kind::ControllerRevision | Kind::EndpointSlice | Kind::Node
    ) {
        metadata.remove(&["labels"]);
        metadata.remove(&["uid"]);
    }
    if kind == Kind::PersistentVolume {
        metadata.remove(&["uid"]);
    }
    let usual = metadata
        .get("finalizers")
        .is_some_and(|list| USUAL_FINALIZERS.contains(&list.to_go_json().as_str()));
    if usual {
        metadata.remove(&["finalizers"]);
    }
    metadata
}

fn template(slim: &mut Value) {
    let Some(template) = slim.at(&["spec", "template"]).cloned() else {
        return;
    };
    let mut short = pick(
        &template,
        &["metadata.annotations", "metadata.labels", "spec.containers"],
    );
    each(&mut short, &["spec", "containers"], |container| {
        pick(container, &["name", "image"])
    });
    slim.set(&["spec", "template"], short);
}

fn pod(slim: &mut Value) {
    each(slim, &["spec", "containers"], |container| {
        pick(container, &["name", "image"])
    });
    let volumes = slim.items_at(&["spec", "volumes"]).to_vec();
    let claims: Vec<Value> = volumes
        .into_iter()
        .filter(|volume| volume.get("persistentVolumeClaim").is_some())
        .collect();
    if claims.is_empty() {
        slim.remove(&["spec", "volumes"]);
    } else {
        slim.set(&["spec", "volumes"], claims);
    }
    each(slim, &["status", "conditions"], |condition| {
        pick(condition, &["type", "status", "reason", "message"])
    });
    if slim.at(&["status", "conditions"]).is_none() {
        slim.set(&["status", "conditions"], Vec::<Value>::new());
    }
    for field in ["containerStatuses", "initContainerStatuses"] {
        each(slim, &["status", field], container_status);
    }
}

fn container_status(status: &Value) -> Value {
    let mut short = pick(status, &["name", "ready", "started", "restartCount"]);
    for field in ["state", "lastState"] {
        let state = status.map_at(&[field]);
        if state.is_empty() {
            continue;
        }
        let states = state.iter().map(|(name, detail)| {
            let fields = detail.as_map().cloned().unwrap_or_default();
            let kept = fields.iter().filter(|(key, _)| {
                matches!(key.as_str(), "reason" | "message" | "exitCode" | "signal")
            });
            let kept = kept.map(|(key, value)| (key.clone(), value.clone()));
            (name.clone(), Value::Map(kept.collect::<Map>()))
        });
        short.set(&[field], Value::Map(states.collect::<Map>()));
    }
    short
}

fn node(slim: &mut Value) {
    let conditions = slim.items_at(&["status", "conditions"]).to_vec();
    slim.remove(&["status"]);
    let ready = conditions
        .iter()
        .filter(|condition| condition.str_at(&["type"]) == Some("Ready"))
        .map(|condition| pick(condition, &["type", "status", "reason"]));
    slim.set(&["conditions"], ready.collect::<Vec<_>>());
}
