//! What the API server sets and drops before it stores an object. `pkg/registry/*/strategy.go`

use crate::api::{Kind, Value};

/// Whether objects of the kind carry a generation that counts changes of their spec.
fn has_generation(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::StatefulSet
            | Kind::Deployment
            | Kind::ReplicaSet
            | Kind::Pod
            | Kind::PodDisruptionBudget
            | Kind::EndpointSlice
    )
}

/// Gives a defaulted new object its generation 1 and a fresh status. Names, times, uid, finalizers and
/// what feature gates drop are the store's.
pub fn prepare_create(kind: Kind, tree: &mut Value) {
    if has_generation(kind) {
        tree.set(&["metadata", "generation"], 1);
    } else {
        tree.remove(&["metadata", "generation"]);
    }
    fresh_status(kind, tree);
}

fn fresh_status(kind: Kind, tree: &mut Value) {
    match kind {
        Kind::StatefulSet => {
            let status = [
                ("availableReplicas", Value::Int(0)),
                ("replicas", Value::Int(0)),
            ];
            tree.set(&["status"], Value::map(status));
        }
        Kind::ReplicaSet => tree.set(&["status"], Value::map([("replicas", Value::Int(0))])),
        Kind::Deployment | Kind::ResourceQuota => tree.set(&["status"], Value::empty_map()),
        Kind::Service => {
            let status = [("loadBalancer", Value::empty_map())];
            tree.set(&["status"], Value::map(status));
        }
        Kind::PersistentVolumeClaim | Kind::PersistentVolume => {
            tree.set(&["status"], Value::map([("phase", Value::from("Pending"))]));
        }
        Kind::Namespace => tree.set(&["status"], Value::map([("phase", Value::from("Active"))])),
        Kind::PodDisruptionBudget => {
            let zero = Value::Int(0);
            let status = [
                ("currentHealthy", zero.clone()),
                ("desiredHealthy", zero.clone()),
                ("disruptionsAllowed", zero.clone()),
                ("expectedPods", zero),
            ];
            tree.set(&["status"], Value::map(status));
        }
        _ => {}
    }
}

/// `dataSource` and `dataSourceRef` say the same.
pub fn same_data_source(tree: &mut Value) {
    let (old, new) = (["spec", "dataSource"], ["spec", "dataSourceRef"]);
    match (tree.at(&old).cloned(), tree.at(&new).cloned()) {
        (Some(source), None) => tree.set(&new, source),
        (None, Some(source)) if source.get("namespace").is_none() => tree.set(&old, source),
        _ => {}
    }
}

/// `stringData` of a Secret becomes `data`.
pub fn string_data(tree: &mut Value) {
    let texts = tree.map_at(&["stringData"]);
    for (key, text) in texts.texts() {
        tree.set(&["data", key], base64(text.as_bytes()));
    }
    tree.remove(&["stringData"]);
}

/// Standard base64 with padding.
#[must_use]
pub fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |at: usize| u32::from(chunk.get(at).copied().unwrap_or(0));
        let group = byte(0) << 16 | byte(1) << 8 | byte(2);
        for at in 0..4 {
            if at > chunk.len() {
                out.push('=');
            } else {
                let letter = (group >> (18 - 6 * at)) & 63;
                out.push(char::from(LETTERS[letter as usize]));
            }
        }
    }
    out
}
