//! The ReplicaSets of a Deployment: which is the new one, their revisions and annotations.
//! `getNewReplicaSet` in `pkg/controller/deployment/sync.go`,
//! `pkg/controller/deployment/util/deployment_util.go`

use super::{limits::Limits, status};
use crate::api::{ApiError, Kind, Map, Object, Value};
use crate::controllers::replicaset::replicas_of;
use crate::controllers::{Cluster, EventType, Reason};
use std::sync::Arc;

const HASH_LABEL: &str = "pod-template-hash";
const REVISION: &str = "deployment.kubernetes.io/revision";
const REVISION_HISTORY: &str = "deployment.kubernetes.io/revision-history";
const DESIRED: &str = "deployment.kubernetes.io/desired-replicas";
const MOST: &str = "deployment.kubernetes.io/max-replicas";
/// Annotations of a Deployment that its ReplicaSets do not get (`annotationsToSkip`).
const NOT_COPIED: [&str; 6] = [
    "kubectl.kubernetes.io/last-applied-configuration",
    REVISION,
    REVISION_HISTORY,
    DESIRED,
    MOST,
    "deprecated.deployment.rollback.to",
];

/// The new ReplicaSet and the old ones, oldest first.
pub(super) struct Sets {
    pub new: Option<Arc<Object>>,
    pub old: Vec<Arc<Object>>,
}

impl Sets {
    /// Sorts ReplicaSets out: the new one has the Deployment's template (`FindNewReplicaSet`).
    pub fn find(deployment: &Object, mut owned: Vec<Arc<Object>>) -> Sets {
        let template = bare_template(deployment);
        let new = owned.iter().position(|set| bare_template(set) == template);
        let new = new.map(|at| owned.remove(at));
        Sets { new, old: owned }
    }

    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = &Arc<Object>> {
        self.old.iter().chain(&self.new)
    }
}

/// How many Pods these are to have together.
pub(super) fn total<'a>(sets: impl Iterator<Item = &'a Arc<Object>>) -> i64 {
    sets.map(|set| replicas_of(set)).sum()
}

/// `status.availableReplicas`
pub(super) fn available(set: &Object) -> i64 {
    set.tree()
        .int_at(&["status", "availableReplicas"])
        .unwrap_or(0)
}

/// The number in the revision annotation; 0 if there is none.
pub(super) fn revision(object: &Object) -> i64 {
    annotated(object, REVISION).unwrap_or(0)
}

/// For how many replicas of the Deployment the ReplicaSet was last scaled.
pub(super) fn desired(set: &Object) -> Option<i64> {
    annotated(set, DESIRED)
}

/// How many Pods all ReplicaSets might have when this one was last scaled.
pub(super) fn most(set: &Object) -> Option<i64> {
    annotated(set, MOST)
}

fn annotated(object: &Object, key: &str) -> Option<i64> {
    object.meta.annotation(key)?.parse().ok()
}

fn bare_template(object: &Object) -> Option<Value> {
    let mut template = object.tree().at(&["spec", "template"])?.clone();
    template.remove(&["metadata", "labels", HASH_LABEL]);
    Some(template)
}

/// The ReplicaSets with their revisions up to date, the new one made if there is none
/// (`getAllReplicaSetsAndSyncRevision`); and the Deployment, whose own revision follows.
pub(super) fn with_new(
    cluster: &mut dyn Cluster,
    deployment: Arc<Object>,
    owned: Vec<Arc<Object>>,
) -> Result<(Arc<Object>, Sets), ApiError> {
    let mut sets = Sets::find(&deployment, owned);
    let number = sets.old.iter().map(|set| revision(set)).max().unwrap_or(0) + 1;
    if sets.new.is_none() {
        let new = create(cluster, &deployment, &sets, number)?;
        // What the pass goes on with is the object before this write: its own status is refused then, and
        // the next pass counts what the new ReplicaSet has made by then (recording 30-deployment-contrast).
        status::note_new(cluster, &deployment, &new, number, true)?;
        sets.new = Some(new);
        return Ok((deployment, sets));
    }
    Ok((keep_revision(cluster, deployment, &mut sets, number)?, sets))
}

/// The same without making one.
pub(super) fn with_revisions(
    cluster: &mut dyn Cluster,
    deployment: Arc<Object>,
    owned: Vec<Arc<Object>>,
) -> Result<(Arc<Object>, Sets), ApiError> {
    let mut sets = Sets::find(&deployment, owned);
    let number = sets.old.iter().map(|set| revision(set)).max().unwrap_or(0) + 1;
    Ok((keep_revision(cluster, deployment, &mut sets, number)?, sets))
}

/// An old ReplicaSet that is the new one again gets the next revision; annotations are copied.
fn keep_revision(
    cluster: &mut dyn Cluster,
    deployment: Arc<Object>,
    sets: &mut Sets,
    number: i64,
) -> Result<Arc<Object>, ApiError> {
    let Some(new) = &mut sets.new else {
        return Ok(deployment);
    };
    let mut tree = new.tree().clone();
    copy_annotations(&deployment, &mut tree);
    let former = revision(new);
    if former < number {
        if former > 0 {
            let history = new.meta.annotation(REVISION_HISTORY).unwrap_or_default();
            let history = if history.is_empty() {
                former.to_string()
            } else {
                format!("{history},{former}")
            };
            tree.set(&["metadata", "annotations", REVISION_HISTORY], history);
        }
        tree.set(&["metadata", "annotations", REVISION], number.to_string());
    }
    set_or_remove(&mut tree, "minReadySeconds", &deployment);
    if tree != *new.tree() {
        *new = cluster.update(Kind::ReplicaSet, tree, Reason::NewReplicaSet)?;
    }
    let number = revision(new);
    status::note_new(cluster, &deployment, new, number, false)
}

fn set_or_remove(tree: &mut Value, key: &str, deployment: &Object) {
    match deployment.tree().at(&["spec", key]) {
        Some(value) => tree.set(&["spec", key], value.clone()),
        None => {
            tree.remove(&["spec", key]);
        }
    }
}

fn copy_annotations(deployment: &Object, tree: &mut Value) {
    for (key, value) in deployment.meta.annotations.texts() {
        if !NOT_COPIED.contains(&key) {
            tree.set(&["metadata", "annotations", key], value);
        }
    }
}

/// Makes the ReplicaSet of the Deployment's template, as large as maxSurge allows.
fn create(
    cluster: &mut dyn Cluster,
    deployment: &Arc<Object>,
    sets: &Sets,
    number: i64,
) -> Result<Arc<Object>, ApiError> {
    let hash = template_hash(deployment);
    let name = format!("{}-{hash}", deployment.name());
    let limits = Limits::of(deployment);
    let size = limits.new_size(deployment, 0, total(sets.old.iter()));
    let mut template = deployment
        .tree()
        .at(&["spec", "template"])
        .cloned()
        .unwrap_or_default();
    template.set(&["metadata", "labels", HASH_LABEL], hash.as_str());
    let selector = deployment.tree().at(&["spec", "selector"]).cloned();
    let mut tree = Value::empty_map();
    tree.set(&["metadata", "name"], name.as_str());
    tree.set(&["metadata", "namespace"], deployment.namespace());
    tree.set(
        &["metadata", "labels"],
        template.map_at(&["metadata", "labels"]),
    );
    let owner = deployment.controller_ref().to_value();
    tree.set(&["metadata", "ownerReferences"], vec![owner]);
    copy_annotations(deployment, &mut tree);
    tree.set(&["metadata", "annotations", REVISION], number.to_string());
    annotate_size(deployment, &mut tree);
    set_or_remove(&mut tree, "minReadySeconds", deployment);
    tree.set(&["spec", "replicas"], size);
    tree.set(&["spec", "selector"], selector.unwrap_or_default());
    tree.set(&["spec", "selector", "matchLabels", HASH_LABEL], hash);
    tree.set(&["spec", "template"], template);
    match cluster.create(Kind::ReplicaSet, tree, Reason::NewReplicaSet) {
        Ok(new) => {
            if size > 0 {
                say_scaled(cluster, deployment, &name, 0, size);
            }
            Ok(new)
        }
        Err(error) if error.is_already_exists() => {
            // Another template has this hash: the next pass tries another one.
            status::count_collision(cluster, deployment)?;
            Err(error)
        }
        Err(error) => {
            let message = format!(
                "Failed to create new replica set \"{name}\": {}",
                error.message
            );
            cluster.event(
                deployment,
                EventType::Warning,
                "ReplicaSetCreateError",
                message,
            );
            Err(error)
        }
    }
}

/// Scales a ReplicaSet, and notes for what size of the Deployment (`scaleReplicaSet`).
pub(super) fn scale_set(
    cluster: &mut dyn Cluster,
    deployment: &Object,
    set: &Arc<Object>,
    size: i64,
) -> Result<Arc<Object>, ApiError> {
    let mut tree = set.tree().clone();
    tree.set(&["spec", "replicas"], size);
    annotate_size(deployment, &mut tree);
    if tree == *set.tree() {
        return Ok(set.clone());
    }
    let why = Reason::ScaleReplicaSet {
        set: set.name().clone(),
        replicas: i32::try_from(size).unwrap_or(i32::MAX),
    };
    let before = replicas_of(set);
    let scaled = cluster.update(Kind::ReplicaSet, tree, why)?;
    if before != size {
        say_scaled(cluster, deployment, set.name(), before, size);
    }
    Ok(scaled)
}

fn annotate_size(deployment: &Object, tree: &mut Value) {
    let wanted = replicas_of(deployment);
    let most = wanted + Limits::of(deployment).surge;
    tree.set(&["metadata", "annotations", DESIRED], wanted.to_string());
    tree.set(&["metadata", "annotations", MOST], most.to_string());
}

fn say_scaled(cluster: &mut dyn Cluster, deployment: &Object, set: &str, from: i64, to: i64) {
    let way = if to > from { "up" } else { "down" };
    let message = format!("Scaled {way} replica set {set} from {from} to {to}");
    cluster.event(deployment, EventType::Normal, "ScalingReplicaSet", message);
}

/// Sets the revision annotation of a Deployment's tree; answers whether it differed.
pub(super) fn set_revision(tree: &mut Value, number: i64) -> bool {
    let text = number.to_string();
    let same = tree.str_at(&["metadata", "annotations", REVISION]) == Some(text.as_str());
    if !same {
        tree.set(&["metadata", "annotations", REVISION], text);
    }
    !same
}

/// The hash of a template: FNV-1a over its JSON and the collision count, its decimal digits in letters
/// that make no words. Kubernetes hashes Go's printed form instead, so the names differ (R16.1).
fn template_hash(deployment: &Object) -> String {
    let template = deployment.tree().at(&["spec", "template"]);
    let mut text = template.map(Value::to_go_json).unwrap_or_default();
    if let Some(count) = deployment.tree().int_at(&["status", "collisionCount"]) {
        text.push_str(&count.to_string());
    }
    let mut hash = 0x811c_9dc5_u32;
    for byte in text.bytes() {
        hash = (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    }
    const LETTERS: [char; 10] = ['4', '5', '6', '7', '8', '9', 'b', 'c', 'd', 'f'];
    let digit = |c: char| c.to_digit(10).and_then(|digit| LETTERS.get(digit as usize));
    hash.to_string().chars().filter_map(digit).collect()
}

/// The failure that a ReplicaSet reports, if one does.
pub(super) fn failure(sets: &Sets) -> Option<Map> {
    let newest_first = sets.new.iter().chain(&sets.old);
    newest_first
        .flat_map(|set| set.tree().items_at(&["status", "conditions"]))
        .find(|condition| condition.str_at(&["type"]) == Some("ReplicaFailure"))
        .and_then(|condition| condition.as_map().cloned())
}
