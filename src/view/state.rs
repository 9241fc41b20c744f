//! The state of a world as plain JSON: what the page's public API answers.

use super::panels::{self, EventRow};
use crate::api::{Kind, Object, Time, pod_status};
use crate::store::Store;
use serde_json::{Map, Value as Json, json};

/// The state: `time` in seconds, every other value an array of rows with a `name`. The same state gives the
/// same text.
#[must_use]
pub fn state(store: &Store, now: Time) -> Json {
    let rows = |kind: Kind, row: &dyn Fn(&Object) -> Json| -> Json {
        store
            .list(kind, "")
            .map(|object| row(object))
            .collect::<Vec<_>>()
            .into()
    };
    let mut state = Map::new();
    state.insert("time".into(), seconds(now));
    state.insert("pods".into(), rows(Kind::Pod, &|pod| pod_row(store, pod)));
    state.insert(
        "claims".into(),
        rows(Kind::PersistentVolumeClaim, &claim_row),
    );
    state.insert("volumes".into(), rows(Kind::PersistentVolume, &volume_row));
    state.insert("dns".into(), dns_rows(store).into());
    state.insert("sets".into(), rows(Kind::StatefulSet, &set_row));
    state.insert("nodes".into(), rows(Kind::Node, &node_row));
    state.insert(
        "events".into(),
        panels::events(store)
            .iter()
            .map(event_row)
            .collect::<Vec<_>>()
            .into(),
    );
    Json::Object(state)
}

fn seconds(time: Time) -> Json {
    json!(time.since(Time::EPOCH) as f64 / 1000.0)
}

fn pod_row(store: &Store, pod: &Object) -> Json {
    let shown = pod_status(pod);
    let view = pod.pod().cloned().unwrap_or_default();
    json!({
        "name": pod.name().as_str(),
        "namespace": pod.namespace().as_str(),
        "uid": pod.meta.uid.as_str(),
        "ready": format!("{}/{}", shown.ready, shown.total),
        "status": shown.status.as_str(),
        "restarts": shown.restarts,
        "ip": view.ip.as_str(),
        "node": view.node.as_str(),
        "revision": view.revision.as_str(),
        "created": seconds(pod.meta.created),
        "nth": store.births(&pod.key()),
    })
}

fn claim_row(claim: &Object) -> Json {
    let view = claim.claim().cloned().unwrap_or_default();
    json!({
        "name": claim.name().as_str(),
        "namespace": claim.namespace().as_str(),
        "status": if claim.meta.deletion.is_some() { "Terminating" } else { view.phase.as_str() },
        "volume": view.volume.as_str(),
    })
}

fn volume_row(volume: &Object) -> Json {
    let view = volume.volume().cloned().unwrap_or_default();
    let claim = view
        .claim
        .map(|(namespace, name, _)| format!("{namespace}/{name}"));
    json!({
        "name": volume.name().as_str(),
        "status": view.phase.as_str(),
        "claim": claim.unwrap_or_default(),
        "reclaim": view.reclaim.as_str(),
    })
}

/// A row per name that a headless Service answers for.
fn dns_rows(store: &Store) -> Vec<Json> {
    let mut rows = Vec::new();
    for service in store.list(Kind::Service, "") {
        if service.tree().str_at(&["spec", "clusterIP"]) != Some("None") {
            continue;
        }
        let zone = format!(
            "{}.{}.svc.cluster.local",
            service.name(),
            service.namespace()
        );
        for (host, address) in super::service::answers(store, service.namespace(), service.name()) {
            rows.push(json!({ "name": format!("{host}.{zone}"), "address": address.as_str() }));
        }
    }
    rows
}

fn set_row(set: &Object) -> Json {
    let view = set.set();
    let status = view.map(|view| view.status.clone()).unwrap_or_default();
    json!({
        "name": set.name().as_str(),
        "namespace": set.namespace().as_str(),
        "replicas": view.map_or(0, |view| view.replicas),
        "ready": status.ready,
        "current": status.current,
        "updated": status.updated,
        "currentRevision": status.current_revision.as_str(),
        "updateRevision": status.update_revision.as_str(),
        "generation": set.meta.generation,
    })
}

fn node_row(node: &Object) -> Json {
    let view = node.node().cloned().unwrap_or_default();
    json!({
        "name": node.name().as_str(),
        "ready": view.ready,
        "schedulable": !view.unschedulable,
        "pods": view.pods,
    })
}

fn event_row(event: &EventRow) -> Json {
    json!({
        "name": event.name.as_str(),
        "time": seconds(event.last),
        "type": event.kind.as_str(),
        "reason": event.reason.as_str(),
        "object": event.object,
        "message": event.message.as_str(),
        "count": event.count,
    })
}

/// Merges a part of the settings into the whole: objects by their keys, anything else replaced.
#[must_use]
pub fn merged(whole: Json, part: &Json) -> Json {
    match (whole, part) {
        (Json::Object(mut whole), Json::Object(part)) => {
            for (key, value) in part {
                let old = whole.remove(key).unwrap_or(Json::Null);
                whole.insert(key.clone(), merged(old, value));
            }
            Json::Object(whole)
        }
        (_, part) => part.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::{Settings, World};

    #[test]
    fn a_fresh_world_has_nodes_and_no_pods() {
        let world = World::new(Settings::default());
        let state = state(world.store(), world.now());
        assert_eq!(state["time"], json!(0.0));
        assert_eq!(state["pods"], json!([]));
        let names: Vec<&str> = state["nodes"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|n| n["name"].as_str())
            .collect();
        assert_eq!(names, ["node-1", "node-2", "node-3"]);
    }

    #[test]
    fn the_same_state_is_the_same_text() {
        let text = || {
            let world = World::new(Settings::default());
            state(world.store(), world.now()).to_string()
        };
        assert_eq!(text(), text());
    }

    #[test]
    fn a_part_of_the_settings_is_merged() {
        let whole = json!({"seed": 1, "nodes": {"count": 3, "pods": 110}});
        let part = json!({"nodes": {"count": 20}});
        assert_eq!(
            merged(whole, &part),
            json!({"seed": 1, "nodes": {"count": 20, "pods": 110}})
        );
    }
}
