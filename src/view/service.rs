//! What DNS answers for a Service: addresses by host name, and SRV records.

use crate::api::Arrange as _;
use crate::api::{Kind, Object, Str};
use crate::net::dns::{self, Question, RecordType};
use crate::sim::Data;
use crate::store::Store;
use std::collections::BTreeMap;

/// The SRV records of a name, as `dig +short` prints them.
pub(super) fn srv_records(store: &Store, name: &str) -> Vec<String> {
    let question = Question {
        name: Str::new(name),
        kind: RecordType::Srv,
    };
    let records = dns::resolve(store, &question).records;
    let mut lines: Vec<String> = records
        .iter()
        .filter_map(|record| match &record.data {
            Data::Srv {
                priority,
                weight,
                port,
                target,
            } => Some(format!("{priority} {weight} {port} {target}")),
            _ => None,
        })
        .collect();
    lines.arrange();
    lines
}

/// The addresses that DNS answers for a Service: host name, address, whether the Pod is Ready.
fn endpoints(store: &Store, namespace: &str, service: &str) -> BTreeMap<Str, (Str, bool)> {
    let mut found = BTreeMap::new();
    for slice in store.list(Kind::EndpointSlice, namespace) {
        if slice.meta.label("kubernetes.io/service-name") == Some(service) {
            collect_endpoints(slice, &mut found);
        }
    }
    found
}

/// Host names and addresses that a Service answers, by host name.
pub(super) fn answers(store: &Store, namespace: &str, service: &str) -> Vec<(Str, Str)> {
    let found = endpoints(store, namespace, service);
    found
        .into_iter()
        .map(|(host, (address, _))| (host, address))
        .collect()
}

pub(super) fn collect_endpoints(slice: &Object, found: &mut BTreeMap<Str, (Str, bool)>) {
    for endpoint in slice.tree().items_at(&["endpoints"]) {
        let flag = |name: &str| {
            endpoint
                .at(&["conditions", name])
                .and_then(crate::api::Value::as_bool)
        };
        if !flag("ready").unwrap_or(true) {
            continue;
        }
        let host = endpoint
            .get("hostname")
            .or_else(|| endpoint.at(&["targetRef", "name"]))
            .and_then(crate::api::Value::as_shared);
        let address = endpoint
            .items_at(&["addresses"])
            .first()
            .and_then(crate::api::Value::as_shared);
        if let (Some(host), Some(address)) = (host, address) {
            // With publishNotReadyAddresses an endpoint is ready whatever its Pod is; serving tells.
            let serving = flag("serving").unwrap_or(true);
            found.insert(host.clone(), (address.clone(), serving));
        }
    }
}
