//! EndpointSlices: which Pods answer for a Service.
//! `pkg/controller/endpointslice/endpointslice_controller.go`,
//! `staging/src/k8s.io/endpointslice/reconciler.go`, `utils.go`
//! (transcripts 01-create, 48-publish-not-ready, 49, 50, 68).

mod place;

use super::{Action, Cluster, Reason};
use crate::api::Arrange as _;
use crate::api::{ApiError, DeleteOptions, Kind, Map, Object, Selector, Str, Time, Value};
use place::{Slice, Wanted, place};
use std::sync::Arc;

/// How many endpoints a slice holds (`--max-endpoints-per-slice`).
const MAX_ENDPOINTS: usize = 100;
const SERVICE_NAME: &str = "kubernetes.io/service-name";
const MANAGED_BY: &str = "endpointslice.kubernetes.io/managed-by";
const CONTROLLER: &str = "endpointslice-controller.k8s.io";
/// The label of slices (and Endpoints) of headless Services.
pub(super) const HEADLESS: &str = "service.kubernetes.io/headless";
/// The annotation that says when the last change of the Pods or the Service happened.
pub(super) const TRIGGER_TIME: &str = "endpoints.kubernetes.io/last-change-trigger-time";

/// Brings the slices of a Service in line with all Pods of its namespace (`syncService`).
pub fn reconcile(cluster: &mut dyn Cluster, namespace: &str, name: &str) -> Action {
    let Some(service) = selecting_service(cluster, namespace, name) else {
        return Action::DONE;
    };
    let slices = slices_of(cluster, &service);
    finish(sync(cluster, &service, slices, None))
}

/// The same for a change of these Pods only: the other endpoints are left as they are. What a large
/// Service is kept up to date by; falls back to the whole pass where that is not enough.
pub fn reconcile_pods(
    cluster: &mut dyn Cluster,
    namespace: &str,
    name: &str,
    pods: &[Str],
) -> Action {
    let Some(service) = selecting_service(cluster, namespace, name) else {
        return Action::DONE;
    };
    let slices = slices_of(cluster, &service);
    let ports = ServicePorts::of(&service);
    let (labels, fixed) = (labels_of(&service), ports.fixed());
    let current = !slices.is_empty()
        && slices.iter().all(|slice| {
            slice.meta.labels == labels
                && slice.meta.controlled_by(&service.meta.uid)
                && slice.tree().get("ports") == fixed
        });
    let only = current.then_some(pods);
    finish(sync(cluster, &service, slices, only))
}

fn finish(result: Result<(), ApiError>) -> Action {
    result.map_or_else(|error| Action::failed(error.message), |()| Action::DONE)
}

/// The Service, if it chooses its Pods by a selector.
fn selecting_service(cluster: &dyn Cluster, namespace: &str, name: &str) -> Option<Arc<Object>> {
    let service = cluster.get(Kind::Service, namespace, name).ok()?;
    let selects = !service.tree().map_at(&["spec", "selector"]).is_empty()
        && service.tree().str_at(&["spec", "type"]) != Some("ExternalName");
    selects.then_some(service)
}

/// The slices that this controller keeps for a Service.
fn slices_of(cluster: &dyn Cluster, service: &Object) -> Vec<Arc<Object>> {
    let mut slices = cluster.list(Kind::EndpointSlice, service.namespace());
    slices.retain(|slice| {
        slice.meta.label(SERVICE_NAME) == Some(service.name())
            && slice.meta.label(MANAGED_BY) == Some(CONTROLLER)
            && !slice.meta.terminating()
    });
    slices
}

fn sync(
    cluster: &mut dyn Cluster,
    service: &Arc<Object>,
    stored: Vec<Arc<Object>>,
    only: Option<&[Str]>,
) -> Result<(), ApiError> {
    // Slices of a former Service of this name are replaced, not kept.
    let (own, foreign): (Vec<_>, Vec<_>) = stored
        .into_iter()
        .partition(|slice| slice.meta.controlled_by(&service.meta.uid));
    let mut ports = ServicePorts::of(service);
    let wanted = wanted_endpoints(cluster, service, &mut ports, only);
    let labels = labels_of(service);
    let first = own.is_empty();
    let slices = place(own, wanted, &ports.groups, only.is_none());
    let trigger = trigger_time(service, &slices, first);
    for slice in slices {
        write(cluster, service, slice, &ports.groups, &labels, trigger)?;
    }
    for slice in foreign {
        delete(cluster, &slice)?;
    }
    Ok(())
}

/// What the Pods that are looked at should contribute, in name order: nothing for one that is gone, has
/// no address, has ended, or is not selected (R13.2).
fn wanted_endpoints(
    cluster: &dyn Cluster,
    service: &Object,
    ports: &mut ServicePorts,
    only: Option<&[Str]>,
) -> Vec<(Str, Option<Wanted>)> {
    let selector = Selector::from_labels(&service.tree().map_at(&["spec", "selector"]));
    let publish = publishes_not_ready(service);
    let mut want = |pod: Arc<Object>| {
        let chosen = selector.matches(&pod.meta.labels) && can_serve(&pod);
        chosen.then(|| Wanted::new(service, publish, ports.group_of(&pod), pod))
    };
    match only {
        None => cluster
            .list(Kind::Pod, service.namespace())
            .into_iter()
            .filter_map(|pod| Some((pod.name().clone(), Some(want(pod)?))))
            .collect(),
        Some(names) => {
            let mut names = names.to_vec();
            names.arrange();
            names.dedup();
            let mut of = |name: &Str| want(cluster.get(Kind::Pod, service.namespace(), name).ok()?);
            names
                .into_iter()
                .map(|name| {
                    let wanted = of(&name);
                    (name, wanted)
                })
                .collect()
        }
    }
}

/// Whether a Pod can be an endpoint: it has an address and has not ended (`ShouldPodBeInEndpoints`).
pub(super) fn can_serve(pod: &Object) -> bool {
    pod.pod()
        .is_some_and(|view| !view.ip.is_empty() && !view.phase.terminal())
}

/// `spec.publishNotReadyAddresses`
pub(super) fn publishes_not_ready(service: &Object) -> bool {
    service
        .tree()
        .at(&["spec", "publishNotReadyAddresses"])
        .and_then(Value::as_bool)
        .unwrap_or(false)
}

/// Whether the Service has no address of its own.
pub(super) fn is_headless(service: &Object) -> bool {
    service.tree().str_at(&["spec", "clusterIP"]) == Some("None")
}

/// The hostname under which a Pod appears in a Service: only if its subdomain is the Service (R13.4).
pub(super) fn hostname<'a>(service: &Object, pod: &'a Object) -> Option<&'a str> {
    let host = pod.tree().str_at(&["spec", "hostname"])?;
    let subdomain = pod.tree().str_at(&["spec", "subdomain"])?;
    (!host.is_empty() && *service.name() == subdomain).then_some(host)
}

/// The reference from an endpoint to its Pod.
pub(super) fn target_ref(pod: &Object) -> Value {
    Value::map([
        ("kind", "Pod".into()),
        ("name", pod.name().into()),
        ("namespace", pod.namespace().into()),
        ("uid", (&pod.meta.uid).into()),
    ])
}

/// The labels of a slice: those of the Service and the controller's own (`setEndpointSliceLabels`).
fn labels_of(service: &Object) -> Map {
    let mut labels = service.meta.labels.clone();
    labels.remove(HEADLESS);
    if is_headless(service) {
        labels.insert(HEADLESS, "");
    }
    labels.insert(MANAGED_BY, CONTROLLER);
    labels.insert(SERVICE_NAME, service.name());
    labels
}

/// When what is new in these slices happened: the earliest turn of a changed Pod's readiness, or the
/// creation of the Service (`endpoints/trigger_time_tracker.go`, without its memory).
fn trigger_time(service: &Object, slices: &[Slice], first: bool) -> Option<Time> {
    let pods = slices.iter().flat_map(|slice| slice.turned.iter().copied());
    pods.chain(first.then_some(service.meta.created)).min()
}

/// Writes one slice, if it differs from the stored one.
fn write(
    cluster: &mut dyn Cluster,
    service: &Arc<Object>,
    slice: Slice,
    groups: &[Value],
    labels: &Map,
    trigger: Option<Time>,
) -> Result<(), ApiError> {
    let ports = slice.group.and_then(|group| groups.get(group));
    let ports = ports.cloned().unwrap_or_default();
    match &slice.stored {
        Some(stored) if slice.surplus => delete(cluster, stored),
        Some(stored) => {
            let same = !slice.touched
                && stored.meta.labels == *labels
                && stored.tree().get("ports") == Some(&ports);
            if same {
                return Ok(());
            }
            let mut tree = stored.tree().clone();
            tree.set(&["metadata", "labels"], labels.clone());
            fill(&mut tree, slice, ports, trigger);
            cluster
                .update(Kind::EndpointSlice, tree, Reason::Endpoints)
                .map(drop)
        }
        None => {
            let mut tree = Value::map([
                ("addressType", "IPv4".into()),
                ("apiVersion", Kind::EndpointSlice.api_version().into()),
                ("kind", Kind::EndpointSlice.name().into()),
            ]);
            tree.set(
                &["metadata", "generateName"],
                format!("{}-", service.name()),
            );
            tree.set(&["metadata", "namespace"], service.namespace());
            tree.set(&["metadata", "labels"], labels.clone());
            let owner = service.controller_ref().to_value();
            tree.set(&["metadata", "ownerReferences"], vec![owner]);
            fill(&mut tree, slice, ports, trigger);
            cluster
                .create(Kind::EndpointSlice, tree, Reason::Endpoints)
                .map(drop)
        }
    }
}

/// Endpoints, ports and the time of the change. An empty slice has neither endpoints nor ports, which
/// kubectl prints as `<unset>` (transcript 50-selector-mismatch).
fn fill(tree: &mut Value, slice: Slice, ports: Value, trigger: Option<Time>) {
    let endpoints = slice.endpoints();
    if endpoints.is_empty() {
        tree.set(&["endpoints"], Value::Null);
    } else {
        tree.set(&["endpoints"], endpoints);
    }
    tree.set(&["ports"], ports);
    match trigger {
        Some(time) => tree.set(&["metadata", "annotations", TRIGGER_TIME], time),
        None => {
            tree.remove(&["metadata", "annotations", TRIGGER_TIME]);
        }
    }
}

fn delete(cluster: &mut dyn Cluster, slice: &Object) -> Result<(), ApiError> {
    let options = DeleteOptions {
        uid: Some(slice.meta.uid.clone()),
        ..DeleteOptions::default()
    };
    let (namespace, name) = (slice.namespace(), slice.name());
    match cluster.delete(
        Kind::EndpointSlice,
        namespace,
        name,
        &options,
        Reason::Endpoints,
    ) {
        Err(error) if !error.is_not_found() => Err(error),
        _ => Ok(()),
    }
}

/// The ports that the Pods of a Service serve on. Pods may differ where a target port is a name.
pub(super) struct ServicePorts {
    declared: Vec<Value>,
    by_name: bool,
    /// The different lists of ports.
    pub groups: Vec<Value>,
}

impl ServicePorts {
    pub(super) fn of(service: &Object) -> ServicePorts {
        let declared = service.tree().items_at(&["spec", "ports"]).to_vec();
        let by_name = declared
            .iter()
            .any(|port| port.str_at(&["targetPort"]).is_some());
        let mut ports = ServicePorts {
            declared,
            by_name,
            groups: Vec::new(),
        };
        if !ports.by_name {
            let fixed = ports.resolve(None);
            ports.groups.push(fixed);
        }
        ports
    }

    /// The list of ports if it is the same for every Pod.
    pub(super) fn fixed(&self) -> Option<&Value> {
        self.groups.first().filter(|_| !self.by_name)
    }

    /// Which of the groups a Pod belongs to.
    pub(super) fn group_of(&mut self, pod: &Object) -> usize {
        if !self.by_name {
            return 0;
        }
        let ports = self.resolve(Some(pod));
        let known = self.groups.iter().position(|group| *group == ports);
        known.unwrap_or_else(|| {
            self.groups.push(ports);
            self.groups.len() - 1
        })
    }

    /// The ports as a Pod serves them; a name that it does not know is left out (`getEndpointPorts`).
    fn resolve(&self, pod: Option<&Object>) -> Value {
        let resolve = |port: &Value| {
            let protocol = port.str_at(&["protocol"]).unwrap_or("TCP");
            let number = match port.get("targetPort") {
                Some(Value::Str(name)) => container_port(pod?, name, protocol)?,
                Some(number) if number.as_int().is_some_and(|n| n != 0) => number.as_int()?,
                _ => port.int_at(&["port"])?,
            };
            let mut map = Map::default();
            if let Some(app) = port.get("appProtocol") {
                map.insert("appProtocol", app.clone());
            }
            map.insert("name", port.str_at(&["name"]).unwrap_or_default());
            map.insert("port", number);
            map.insert("protocol", protocol);
            Some(Value::Map(map))
        };
        let mut ports: Vec<Value> = self.declared.iter().filter_map(resolve).collect();
        ports.arrange_by_key(|port| {
            let [name, number, protocol, app] = printed(port);
            hash(&format!(
                "(v1.EndpointPort){{Name:(*string){name} Protocol:(*v1.Protocol){protocol} \
                 Port:(*int32){number} AppProtocol:(*string){app}}}"
            ))
        });
        if ports.is_empty() {
            Value::Null
        } else {
            ports.into()
        }
    }
}

/// Name, number, protocol and application protocol of a port as Go prints them.
pub(super) fn printed(port: &Value) -> [String; 4] {
    let text = |key: &str| port.str_at(&[key]).map(str::to_owned);
    [
        text("name").unwrap_or_default(),
        port.int_at(&["port"]).unwrap_or(0).to_string(),
        text("protocol").unwrap_or_default(),
        text("appProtocol").unwrap_or_else(|| "<nil>".to_owned()),
    ]
}

/// FNV-1a with 128 bits. Ports come in the order of the hashes of the texts in which Go prints them, fields and
/// types included (`NewPortMapKey`, `staging/src/k8s.io/endpointslice/utils.go`; recording 114-port-order).
pub(super) fn hash(text: &str) -> u128 {
    text.bytes()
        .fold(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d, |hash, byte| {
            (hash ^ u128::from(byte)).wrapping_mul((1 << 88) + 0x13b)
        })
}

/// The number of a container's named port (`FindPort`, `pkg/api/v1/service/util.go`).
fn container_port(pod: &Object, name: &str, protocol: &str) -> Option<i64> {
    let containers = pod.tree().items_at(&["spec", "containers"]);
    containers
        .iter()
        .flat_map(|container| container.items_at(&["ports"]))
        .find(|port| {
            port.str_at(&["name"]) == Some(name)
                && port.str_at(&["protocol"]).unwrap_or("TCP") == protocol
        })?
        .int_at(&["containerPort"])
}

#[cfg(test)]
mod tests;
