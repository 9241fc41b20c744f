//! `describe` of Services and Endpoints.

use super::page::{Page, number, text};
use crate::api::{Kind, Object, Value};
use crate::sim::World;

pub fn service(page: &mut Page, world: &World, service: &Object) {
    let tree = service.tree();
    let spec = |key: &str| text(tree, &["spec", key]);
    let joined = |key: &str| {
        let all: Vec<&str> = tree
            .items_at(&["spec", key])
            .iter()
            .filter_map(Value::as_str)
            .collect();
        all.join(",")
    };
    let or_none = |value: String| {
        if value.is_empty() {
            "<none>".to_owned()
        } else {
            value
        }
    };
    page.entry(0, "Name", service.name());
    page.entry(0, "Namespace", service.namespace());
    page.labels(0, "Labels", &service.meta.labels);
    page.annotations(0, &service.meta.annotations);
    let selector: Vec<String> = tree
        .map_at(&["spec", "selector"])
        .texts()
        .map(|(k, v)| format!("{k}={v}"))
        .collect();
    page.entry(0, "Selector", or_none(selector.join(",")));
    page.entry(0, "Type", spec("type"));
    if !spec("ipFamilyPolicy").is_empty() {
        page.entry(0, "IP Family Policy", spec("ipFamilyPolicy"));
    }
    page.entry(0, "IP Families", or_none(joined("ipFamilies")));
    page.entry(0, "IP", spec("clusterIP"));
    page.entry(0, "IPs", or_none(joined("clusterIPs")));
    if !joined("externalIPs").is_empty() {
        page.entry(0, "External IPs", joined("externalIPs"));
    }
    if !spec("externalName").is_empty() {
        page.entry(0, "External Name", spec("externalName"));
    }
    for port in tree.items_at(&["spec", "ports"]) {
        ports(page, world, service, port);
    }
    page.entry(0, "Session Affinity", spec("sessionAffinity"));
    if !spec("externalTrafficPolicy").is_empty() {
        page.entry(0, "External Traffic Policy", spec("externalTrafficPolicy"));
    }
    if !spec("internalTrafficPolicy").is_empty() {
        page.entry(0, "Internal Traffic Policy", spec("internalTrafficPolicy"));
    }
}

fn ports(page: &mut Page, world: &World, service: &Object, port: &Value) {
    let name = text(port, &["name"]);
    let shown = if name.is_empty() { "<unset>" } else { &name };
    let protocol = port.str_at(&["protocol"]).unwrap_or("TCP");
    page.line(
        0,
        format!("Port:\t{shown}\t{}/{protocol}", number(port, &["port"])),
    );
    page.entry(
        0,
        "TargetPort",
        format!("{}/{protocol}", text(port, &["targetPort"])),
    );
    let node = number(port, &["nodePort"]);
    if node != 0 {
        page.line(0, format!("NodePort:\t{shown}\t{node}/{protocol}"));
    }
    page.entry(0, "Endpoints", ready_endpoints(world, service, &name));
}

/// `10.244.1.2:80,…`: the ready endpoints of a port, three at most.
fn ready_endpoints(world: &World, service: &Object, port_name: &str) -> String {
    let mut all = Vec::new();
    let mut any = false;
    let slices = world
        .store()
        .list(Kind::EndpointSlice, service.namespace())
        .filter(|slice| {
            slice.meta.label("kubernetes.io/service-name") == Some(service.name().as_str())
        });
    for slice in slices {
        any = true;
        let tree = slice.tree();
        let ports = tree.items_at(&["ports"]);
        let Some(port) = ports
            .iter()
            .find(|p| p.str_at(&["name"]).unwrap_or_default() == port_name)
        else {
            continue;
        };
        for endpoint in tree.items_at(&["endpoints"]) {
            let ready = endpoint
                .at(&["conditions", "ready"])
                .and_then(Value::as_bool)
                != Some(false);
            if ready {
                let addresses = endpoint
                    .items_at(&["addresses"])
                    .iter()
                    .filter_map(Value::as_str);
                all.extend(
                    addresses.map(|address| format!("{address}:{}", number(port, &["port"]))),
                );
            }
        }
    }
    match all.len() {
        0 if !any => "<none>".to_owned(),
        0 => String::new(),
        1..=3 => all.join(","),
        more => format!(
            "{} + {} more...",
            all.iter().take(3).cloned().collect::<Vec<_>>().join(","),
            more - 3
        ),
    }
}

pub fn endpoints(page: &mut Page, endpoints: &Object) {
    page.entry(0, "Name", endpoints.name());
    page.entry(0, "Namespace", endpoints.namespace());
    page.labels(0, "Labels", &endpoints.meta.labels);
    page.annotations(0, &endpoints.meta.annotations);
    page.line(0, "Subsets:");
    for subset in endpoints.tree().items_at(&["subsets"]) {
        for (key, field) in [
            ("Addresses", "addresses"),
            ("NotReadyAddresses", "notReadyAddresses"),
        ] {
            let all: Vec<String> = subset
                .items_at(&[field])
                .iter()
                .map(|a| text(a, &["ip"]))
                .collect();
            page.entry(
                1,
                key,
                if all.is_empty() {
                    "<none>".to_owned()
                } else {
                    all.join(",")
                },
            );
        }
        named_ports(page, 1, subset.items_at(&["ports"]));
        page.line(0, "");
    }
}

/// The table of ports under its title.
fn named_ports(page: &mut Page, level: usize, ports: &[Value]) {
    page.line(level, "Ports:");
    page.line(level + 1, "Name\tPort\tProtocol");
    page.line(level + 1, "----\t----\t--------");
    for port in ports {
        let name = port.str_at(&["name"]).filter(|name| !name.is_empty());
        page.line(
            level + 1,
            format!(
                "{}\t{}\t{}",
                name.unwrap_or("<unset>"),
                number(port, &["port"]),
                text(port, &["protocol"])
            ),
        );
    }
}

/// `describeEndpointSliceV1` (recording B-daily-072).
pub fn slice(page: &mut Page, slice: &Object) {
    let tree = slice.tree();
    page.entry(0, "Name", slice.name());
    page.entry(0, "Namespace", slice.namespace());
    page.labels(0, "Labels", &slice.meta.labels);
    page.annotations(0, &slice.meta.annotations);
    page.entry(0, "AddressType", text(tree, &["addressType"]));
    match tree.items_at(&["ports"]) {
        [] => page.entry(0, "Ports", "<unset>"),
        ports => named_ports(page, 0, ports),
    }
    let endpoints = tree.items_at(&["endpoints"]);
    if endpoints.is_empty() {
        page.line(0, "Endpoints: <none>");
        return;
    }
    page.line(0, "Endpoints:");
    for endpoint in endpoints {
        let addresses = endpoint.items_at(&["addresses"]).iter();
        let addresses: Vec<&str> = addresses.filter_map(Value::as_str).collect();
        page.line(1, format!("- Addresses:\t{}", addresses.join(",")));
        page.line(2, "Conditions:");
        let shown = |path: &[&str]| match text(endpoint, path) {
            none if none.is_empty() => "<unset>".to_owned(),
            some => some,
        };
        page.entry(3, "Ready", shown(&["conditions", "ready"]));
        page.entry(2, "Hostname", shown(&["hostname"]));
        if endpoint.at(&["targetRef"]).is_some() {
            let (kind, name) = (
                text(endpoint, &["targetRef", "kind"]),
                text(endpoint, &["targetRef", "name"]),
            );
            page.entry(2, "TargetRef", format!("{kind}/{name}"));
        }
        page.entry(2, "NodeName", shown(&["nodeName"]));
        page.entry(2, "Zone", shown(&["zone"]));
    }
}
