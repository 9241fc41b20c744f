//! Services, Endpoints, EndpointSlices.

use super::{age, labels, number, text, text_or_none};
use crate::api::{Object, Time, Value};

pub(crate) fn service(service: &Object, now: Time) -> Vec<String> {
    let tree = service.tree();
    vec![
        service.name().to_string(),
        text(tree, &["spec", "type"]),
        text_or_none(tree, &["spec", "clusterIP"]),
        external_ip(tree),
        service_ports(tree),
        age(service, now),
        labels(&tree.map_at(&["spec", "selector"])),
    ]
}

fn external_ip(tree: &Value) -> String {
    let external: Vec<&str> = tree
        .items_at(&["spec", "externalIPs"])
        .iter()
        .filter_map(Value::as_str)
        .collect();
    match tree.str_at(&["spec", "type"]) {
        Some("ExternalName") => text(tree, &["spec", "externalName"]),
        Some("LoadBalancer") => {
            let mut all: Vec<&str> = tree
                .items_at(&["status", "loadBalancer", "ingress"])
                .iter()
                .filter_map(|ingress| ingress.str_at(&["ip"]).or(ingress.str_at(&["hostname"])))
                .collect();
            all.extend(external);
            if all.is_empty() {
                "<pending>".to_owned()
            } else {
                all.join(",")
            }
        }
        _ if external.is_empty() => "<none>".to_owned(),
        _ => external.join(","),
    }
}

fn service_ports(tree: &Value) -> String {
    let ports: Vec<String> = tree
        .items_at(&["spec", "ports"])
        .iter()
        .map(|port| {
            let protocol = port.str_at(&["protocol"]).unwrap_or("TCP");
            match number(port, &["nodePort"]) {
                0 => format!("{}/{protocol}", number(port, &["port"])),
                node => format!("{}:{node}/{protocol}", number(port, &["port"])),
            }
        })
        .collect();
    if ports.is_empty() {
        "<none>".to_owned()
    } else {
        ports.join(",")
    }
}

pub(crate) fn endpoints(endpoints: &Object, now: Time) -> Vec<String> {
    vec![
        endpoints.name().to_string(),
        endpoint_list(endpoints.tree(), None),
        age(endpoints, now),
    ]
}

/// `ip:port,ip:port,…` of the ready addresses, three at most, of one port by name or of all.
#[must_use]
pub fn endpoint_list(tree: &Value, port_name: Option<&str>) -> String {
    let mut all = Vec::new();
    for subset in tree.items_at(&["subsets"]) {
        let addresses = subset.items_at(&["addresses"]);
        let ports = subset.items_at(&["ports"]);
        if ports.is_empty() {
            all.extend(addresses.iter().map(|address| text(address, &["ip"])));
        }
        for port in ports {
            if port_name.is_some_and(|name| port.str_at(&["name"]).unwrap_or_default() != name) {
                continue;
            }
            let port = number(port, &["port"]);
            all.extend(
                addresses.iter().map(|address| {
                    format!("{}:{port}", address.str_at(&["ip"]).unwrap_or_default())
                }),
            );
        }
    }
    if all.is_empty() {
        "<none>".to_owned()
    } else {
        first_three(&all)
    }
}

pub(crate) fn slice(slice: &Object, now: Time) -> Vec<String> {
    let tree = slice.tree();
    let ports: Vec<String> = tree
        .items_at(&["ports"])
        .iter()
        .map(|port| match port.int_at(&["port"]) {
            Some(number) => number.to_string(),
            None => "*".to_owned(),
        })
        .collect();
    let addresses: Vec<String> = tree
        .items_at(&["endpoints"])
        .iter()
        .flat_map(|endpoint| endpoint.items_at(&["addresses"]))
        .filter_map(|address| address.as_str().map(str::to_owned))
        .collect();
    let or_unset = |all: &[String]| {
        if all.is_empty() {
            "<unset>".to_owned()
        } else {
            first_three(all)
        }
    };
    vec![
        slice.name().to_string(),
        text(tree, &["addressType"]),
        or_unset(&ports),
        or_unset(&addresses),
        age(slice, now),
    ]
}

fn first_three(all: &[String]) -> String {
    match all.len() {
        0..=3 => all.join(","),
        more => format!(
            "{} + {} more...",
            all.iter().take(3).cloned().collect::<Vec<_>>().join(","),
            more - 3
        ),
    }
}
