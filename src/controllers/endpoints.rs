//! The legacy Endpoints object of a Service, which `kubectl get endpoints` shows.
//! `pkg/controller/endpoint/endpoints_controller.go` (transcript 01-create, corpus B-get-spelling-39).

use super::endpointslice::{
    HEADLESS, ServicePorts, can_serve, hostname, is_headless, publishes_not_ready, target_ref,
};
use super::{Action, Cluster, Reason};
use crate::api::Arrange as _;
use crate::api::{ApiError, DeleteOptions, Kind, Map, Object, Selector, Value};
use std::collections::BTreeMap;
use std::sync::Arc;

/// How many addresses one object holds; the rest is left out and said so in an annotation.
const MAX_ADDRESSES: usize = 1000;
const OVER_CAPACITY: &str = "endpoints.kubernetes.io/over-capacity";
const MANAGED_BY: &str = "endpoints.kubernetes.io/managed-by";

/// Brings the Endpoints of a Service in line with the Pods it selects (`syncService`). Key: the Service.
pub fn reconcile(cluster: &mut dyn Cluster, namespace: &str, name: &str) -> Action {
    let result = match cluster.get(Kind::Service, namespace, name) {
        Err(_) => remove(cluster, namespace, name),
        Ok(service) => sync(cluster, &service),
    };
    result.map_or_else(|error| Action::failed(error.message), |()| Action::DONE)
}

/// The Service is gone, and its Endpoints with it.
fn remove(cluster: &mut dyn Cluster, namespace: &str, name: &str) -> Result<(), ApiError> {
    match cluster.get(Kind::Endpoints, namespace, name) {
        Ok(stored) if stored.meta.label(MANAGED_BY).is_some() => {}
        _ => return Ok(()),
    }
    let options = DeleteOptions::default();
    match cluster.delete(
        Kind::Endpoints,
        namespace,
        name,
        &options,
        Reason::Endpoints,
    ) {
        Err(error) if !error.is_not_found() => Err(error),
        _ => Ok(()),
    }
}

fn sync(cluster: &mut dyn Cluster, service: &Arc<Object>) -> Result<(), ApiError> {
    let selector = service.tree().map_at(&["spec", "selector"]);
    if selector.is_empty() || service.tree().str_at(&["spec", "type"]) == Some("ExternalName") {
        return Ok(());
    }
    let (subsets, truncated) = subsets(cluster, service, &Selector::from_labels(&selector));
    let labels = labels_of(service);
    let stored = cluster.get(Kind::Endpoints, service.namespace(), service.name());
    if let Ok(stored) = &stored {
        let same = stored.meta.labels == labels
            && stored.tree().get("subsets").unwrap_or(&Value::Null) == &subsets
            && stored.meta.annotation(OVER_CAPACITY).is_some() == truncated;
        if same {
            return Ok(());
        }
    }
    let mut tree = match &stored {
        Ok(stored) => stored.tree().clone(),
        Err(_) => new_tree(service),
    };
    tree.set(&["metadata", "labels"], labels);
    if truncated {
        tree.set(&["metadata", "annotations", OVER_CAPACITY], "truncated");
    } else {
        tree.remove(&["metadata", "annotations", OVER_CAPACITY]);
    }
    if subsets.is_null() {
        tree.remove(&["subsets"]);
    } else {
        tree.set(&["subsets"], subsets);
    }
    let written = match stored {
        Ok(_) => cluster.update(Kind::Endpoints, tree, Reason::Endpoints),
        Err(_) => cluster.create(Kind::Endpoints, tree, Reason::Endpoints),
    };
    written.map(drop)
}

fn new_tree(service: &Object) -> Value {
    let mut tree = Value::empty_map();
    tree.set(&["metadata", "name"], service.name());
    tree.set(&["metadata", "namespace"], service.namespace());
    tree
}

fn labels_of(service: &Object) -> Map {
    let mut labels = service.meta.labels.clone();
    labels.remove(HEADLESS);
    if is_headless(service) {
        labels.insert(HEADLESS, "");
    }
    labels.insert(MANAGED_BY, "endpoint-controller");
    labels
}

/// Pods that serve on the same ports.
#[derive(Default)]
struct Found {
    ready: Vec<Arc<Object>>,
    waiting: Vec<Arc<Object>>,
}

/// The addresses by the ports they serve on, and whether some were left out.
fn subsets(cluster: &dyn Cluster, service: &Object, selector: &Selector) -> (Value, bool) {
    let publish = publishes_not_ready(service);
    let mut ports = ServicePorts::of(service);
    let mut found: BTreeMap<usize, Found> = BTreeMap::new();
    for pod in cluster.list(Kind::Pod, service.namespace()) {
        let chosen = selector.matches(&pod.meta.labels)
            && can_serve(&pod)
            && (publish || !pod.meta.terminating());
        if !chosen {
            continue;
        }
        let group = ports.group_of(&pod);
        // Without ports only a headless Service has addresses.
        if ports.groups.get(group).is_none_or(Value::is_null) && !is_headless(service) {
            continue;
        }
        let ready = publish || pod.pod().is_some_and(|view| view.ready.ready);
        let found = found.entry(group).or_default();
        if ready {
            found.ready.push(pod);
        } else {
            found.waiting.push(pod);
        }
    }
    let (mut room, mut truncated) = (MAX_ADDRESSES, false);
    let mut list = Vec::new();
    for (group, Found { ready, waiting }) in found {
        let mut subset = Map::default();
        for (key, pods) in [("addresses", ready), ("notReadyAddresses", waiting)] {
            truncated |= pods.len() > room;
            let addresses = addresses(service, pods, room);
            room = room.saturating_sub(addresses.len());
            if !addresses.is_empty() {
                subset.insert(key, addresses);
            }
        }
        if let Some(ports) = ports.groups.get(group).filter(|ports| !ports.is_null()) {
            subset.insert("ports", without_empty_names(ports));
        }
        list.push(Value::Map(subset));
    }
    if list.is_empty() {
        (Value::Null, false)
    } else {
        (list.into(), truncated)
    }
}

/// The addresses of Pods, in the order of their text (`RepackSubsets`).
fn addresses(service: &Object, mut pods: Vec<Arc<Object>>, room: usize) -> Vec<Value> {
    let ip = |pod: &Object| pod.pod().map(|view| view.ip.clone()).unwrap_or_default();
    pods.arrange_by_key(|pod| ip(pod));
    let address = |pod: &Arc<Object>| {
        let mut address = Value::map([("ip", ip(pod).into()), ("targetRef", target_ref(pod))]);
        if let Some(hostname) = hostname(service, pod) {
            address.set(&["hostname"], hostname);
        }
        if let Some(node) = pod.tree().str_at(&["spec", "nodeName"]) {
            address.set(&["nodeName"], node);
        }
        address
    };
    pods.iter().take(room).map(address).collect()
}

fn without_empty_names(ports: &Value) -> Value {
    let named = |port: &Value| {
        let mut port = port.clone();
        if port.str_at(&["name"]) == Some("") {
            port.remove(&["name"]);
        }
        port
    };
    let items = ports.as_list().map_or(&[][..], |list| list.as_slice());
    Value::list(items.iter().map(named))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::controllers::test_cluster::TestCluster;

    fn pod(name: &str, ip: &str, ready: &str) -> String {
        format!(
            r#"{{"metadata":{{"name":"{name}","labels":{{"app":"nginx"}}}},
              "spec":{{"hostname":"{name}","subdomain":"nginx","nodeName":"node-1"}},
              "status":{{"phase":"Running","podIP":"{ip}","conditions":[{{"type":"Ready","status":"{ready}"}}]}}}}"#
        )
    }

    #[test]
    fn ready_and_waiting_addresses_are_kept_apart_and_go_with_the_service() {
        let mut cluster = TestCluster::new();
        cluster.add(
            Kind::Service,
            r#"{"metadata":{"name":"nginx"},"spec":{"clusterIP":"None","selector":{"app":"nginx"},"ports":[{"port":80}]}}"#,
        );
        for (name, ip, ready) in [
            ("web-0", "10.244.3.2", "True"),
            ("web-1", "10.244.1.2", "True"),
            ("web-2", "10.244.2.2", "False"),
        ] {
            cluster.add(Kind::Pod, &pod(name, ip, ready));
        }
        reconcile(&mut cluster, "default", "nginx");
        reconcile(&mut cluster, "default", "nginx");
        assert_eq!(cluster.take_writes(), ["create endpoints nginx"]);
        let endpoints = cluster.object(Kind::Endpoints, "nginx");
        let subset = &endpoints.tree().items_at(&["subsets"])[0];
        let ips = |key: &str| -> Vec<String> {
            let ip = |a: &Value| a.str_at(&["ip"]).unwrap_or_default().to_owned();
            subset.items_at(&[key]).iter().map(ip).collect()
        };
        assert_eq!(ips("addresses"), ["10.244.1.2", "10.244.3.2"]);
        assert_eq!(ips("notReadyAddresses"), ["10.244.2.2"]);
        assert_eq!(
            Value::list(subset.items_at(&["ports"]).to_vec()).to_go_json(),
            r#"[{"port":80,"protocol":"TCP"}]"#
        );
        cluster.remove(Kind::Service, "nginx", &DeleteOptions::default());
        reconcile(&mut cluster, "default", "nginx");
        assert_eq!(cluster.take_writes(), ["delete endpoints nginx"]);
    }
}
