//! The legacy Endpoints object of a Service, which `kubectl get endpoints` shows.
//! `pkg/controller/endpoint/endpoints_controller.go` (transcript 01-create, corpus B-get-spelling-39).

use super::endpointslice::{
    HEADLESS, ServicePorts, can_serve, hash, hostname, is_headless, printed, publishes_not_ready,
    target_ref,
};
use super::{Action, Cluster, Reason};
use crate::api::Arrange as _;
use crate::api::{ApiError, DeleteOptions, Kind, Map, Object, Selector, Str, Value};
use std::collections::BTreeMap;
use std::sync::Arc;

/// How many addresses one object holds; the rest is left out and said so in an annotation.
const MAX_ADDRESSES: usize = 1000;
const OVER_CAPACITY: &str = "endpoints.kubernetes.io/over-capacity";
const READY: &str = "addresses";
const WAITING: &str = "notReadyAddresses";
const MANAGED_BY: &str = "endpoints.kubernetes.io/managed-by";

/// Brings the Endpoints of a Service in line with the Pods it selects (`syncService`). Key: the Service.
pub fn reconcile(cluster: &mut dyn Cluster, namespace: &str, name: &str) -> Action {
    let result = match cluster.get(Kind::Service, namespace, name) {
        Err(_) => remove(cluster, namespace, name),
        Ok(service) => sync(cluster, &service),
    };
    result.map_or_else(|error| Action::failed(error.message), |()| Action::DONE)
}

/// The same for a change of these Pods only: the other addresses are left as they are. Falls back to the
/// whole pass where that is not enough.
pub fn reconcile_pods(
    cluster: &mut dyn Cluster,
    namespace: &str,
    name: &str,
    pods: &[Str],
) -> Action {
    let changed = cluster.get(Kind::Service, namespace, name).ok();
    let changed = changed.and_then(|service| change_pods(cluster, &service, pods));
    match changed {
        Some(None) => Action::DONE,
        Some(Some(tree)) => match cluster.update(Kind::Endpoints, tree, Reason::Endpoints) {
            Ok(_) => Action::DONE,
            Err(error) => Action::failed(error.message),
        },
        None => reconcile(cluster, namespace, name),
    }
}

/// The stored object with the addresses of these Pods brought up to date, or `Some(None)` if nothing
/// changes. `None` where it takes all Pods to know.
fn change_pods(cluster: &dyn Cluster, service: &Object, pods: &[Str]) -> Option<Option<Value>> {
    let stored = cluster
        .get(Kind::Endpoints, service.namespace(), service.name())
        .ok()?;
    let ports = ServicePorts::of(service);
    let [subset] = stored.tree().items_at(&["subsets"]) else {
        return None;
    };
    let fixed = ports.fixed().filter(|ports| !ports.is_null())?;
    if stored.meta.labels != labels_of(service) || subset.get("ports") != Some(&ports_of(fixed)) {
        return None;
    }
    let mut lists = [READY, WAITING].map(|key| subset.items_at(&[key]).to_vec());
    let choice = Choice::of(service)?;
    let full = stored.meta.annotation(OVER_CAPACITY).is_some();
    if full && lists[0].len() < MAX_ADDRESSES {
        return None;
    }
    let mut differs = false;
    for name in pods {
        let found = cluster.get(Kind::Pod, service.namespace(), name).ok();
        let pod = found.as_ref().filter(|pod| choice.chooses(pod));
        let waits = pod.is_some_and(|pod| !choice.ready(pod));
        let own = |address: &Value| address.str_at(&["targetRef", "name"]) == Some(name);
        let places = lists.each_ref().map(|list| list.iter().position(own));
        if full {
            // How many there are in all is only known from all Pods, so one that goes takes a look at them.
            match (places, pod) {
                ([None, None], None)
                    if found.as_ref().is_some_and(|pod| place_of(pod).0.is_empty()) => {}
                // Behind those that are listed it changes nothing, before them it takes the place of the last.
                ([None, None], Some(pod)) => {
                    let last = lists[0].last().map(place_of_address)?;
                    if !waits && place_of(pod) < last {
                        differs = true;
                        insert(&mut lists[0], pod, address(service, pod));
                        lists[0].pop();
                    }
                }
                ([Some(at), None], Some(pod))
                    if !waits && lists[0][at] == address(service, pod) => {}
                _ => return None,
            }
            continue;
        }
        let former = places.into_iter().zip(&lists);
        let mut former = former.filter_map(|(place, list)| list.get(place?));
        let new = pod.map(|pod| address(service, pod));
        let list = usize::from(waits);
        if new.as_ref() == former.next() && new.is_some() == places[list].is_some() {
            continue;
        }
        differs = true;
        for (list, place) in lists.iter_mut().zip(places) {
            if let Some(place) = place {
                list.remove(place);
            }
        }
        if let (Some(pod), Some(new)) = (pod, new) {
            insert(&mut lists[list], pod, new);
        }
    }
    let count: usize = lists.iter().map(Vec::len).sum();
    if count == 0 || !full && count > MAX_ADDRESSES {
        return None;
    }
    if !differs {
        return Some(None);
    }
    let mut changed = subset.clone();
    for (key, list) in [READY, WAITING].into_iter().zip(lists) {
        if list.is_empty() {
            changed.remove(&[key]);
        } else {
            changed.set(&[key], list);
        }
    }
    let mut tree = stored.tree().clone();
    tree.set(&["subsets"], vec![changed]);
    Some(Some(tree))
}

fn insert(list: &mut Vec<Value>, pod: &Object, address: Value) {
    let place = place_of(pod);
    let at = list.partition_point(|other| place_of_address(other) < place);
    list.insert(at, address);
}

/// Where a Pod stands among addresses: by the text of its own, then by name.
fn place_of(pod: &Object) -> (&str, &str) {
    (pod.pod().map_or("", |view| &view.ip), pod.name())
}

fn place_of_address(address: &Value) -> (&str, &str) {
    let name = address.str_at(&["targetRef", "name"]);
    let ip = address.str_at(&["ip"]);
    (ip.unwrap_or_default(), name.unwrap_or_default())
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
    let Some(choice) = Choice::of(service) else {
        return Ok(());
    };
    let stored = cluster.get(Kind::Endpoints, service.namespace(), service.name());
    let (subsets, truncated) = subsets(cluster, service, &choice);
    let labels = labels_of(service);
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

/// Which Pods a Service chooses.
struct Choice {
    selector: Selector,
    publish: bool,
}

impl Choice {
    /// None if it has no selector.
    fn of(service: &Object) -> Option<Choice> {
        let selector = service.tree().map_at(&["spec", "selector"]);
        let external = service.tree().str_at(&["spec", "type"]) == Some("ExternalName");
        (!selector.is_empty() && !external).then(|| Choice {
            selector: Selector::from_labels(&selector),
            publish: publishes_not_ready(service),
        })
    }

    fn chooses(&self, pod: &Object) -> bool {
        self.selector.matches(&pod.meta.labels)
            && can_serve(pod)
            && (self.publish || !pod.meta.terminating())
    }

    fn ready(&self, pod: &Object) -> bool {
        self.publish || pod.pod().is_some_and(|view| view.ready.ready)
    }
}

/// The addresses by the ports they serve on, and whether some were left out.
fn subsets(cluster: &dyn Cluster, service: &Object, choice: &Choice) -> (Value, bool) {
    let mut ports = ServicePorts::of(service);
    let mut found: BTreeMap<usize, Found> = BTreeMap::new();
    for pod in cluster.list(Kind::Pod, service.namespace()) {
        if !choice.chooses(&pod) {
            continue;
        }
        let group = ports.group_of(&pod);
        // Without ports only a headless Service has addresses.
        if ports.groups.get(group).is_none_or(Value::is_null) && !is_headless(service) {
            continue;
        }
        let found = found.entry(group).or_default();
        if choice.ready(&pod) {
            found.ready.push(pod);
        } else {
            found.waiting.push(pod);
        }
    }
    let (mut room, mut truncated) = (MAX_ADDRESSES, false);
    let mut list = Vec::new();
    for (group, Found { ready, waiting }) in found {
        let mut subset = Map::default();
        for (key, pods) in [(READY, ready), (WAITING, waiting)] {
            truncated |= pods.len() > room;
            let addresses = addresses(service, pods, room);
            room = room.saturating_sub(addresses.len());
            if !addresses.is_empty() {
                subset.insert(key, addresses);
            }
        }
        if let Some(ports) = ports.groups.get(group).filter(|ports| !ports.is_null()) {
            subset.insert("ports", ports_of(ports));
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
    pods.arrange_by(|a, b| place_of(a).cmp(&place_of(b)));
    let pods = pods.iter().take(room);
    pods.map(|pod| address(service, pod)).collect()
}

fn address(service: &Object, pod: &Object) -> Value {
    let ip = pod.pod().map(|view| view.ip.clone()).unwrap_or_default();
    let mut address = Value::map([("ip", ip.into()), ("targetRef", target_ref(pod))]);
    if let Some(hostname) = hostname(service, pod) {
        address.set(&["hostname"], hostname);
    }
    if let Some(node) = pod.tree().str_at(&["spec", "nodeName"]) {
        address.set(&["nodeName"], node);
    }
    address
}

/// The ports as Endpoints have them: without empty names, in an order of their own (`RepackSubsets`; recording
/// 114-port-order).
fn ports_of(ports: &Value) -> Value {
    let named = |port: &Value| {
        let mut port = port.clone();
        if port.str_at(&["name"]) == Some("") {
            port.remove(&["name"]);
        }
        port
    };
    let items = ports.as_list().map_or(&[][..], |list| list.as_slice());
    let mut items: Vec<Value> = items.iter().map(named).collect();
    items.arrange_by_key(|port| {
        let [name, number, protocol, app] = printed(port);
        hash(&format!(
            "(v1.EndpointPort){{Name:(string){name} Port:(int32){number} \
             Protocol:(v1.Protocol){protocol} AppProtocol:(*string){app}}}"
        ))
    });
    items.into()
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
