//! Services. `pkg/apis/core/validation/validation.go`, `pkg/registry/core/service/storage/alloc.go`

use super::report::{Path, Report};
use super::{meta, names, probe};
use crate::api::{Kind, Value};
use std::collections::BTreeSet;

/// A new Service. Its address is looked at first: if that is wrong, nothing else is told.
pub fn create(report: &mut Report, tree: &Value) {
    let none = Value::Null;
    let spec = tree.get("spec").unwrap_or(&none);
    if !addresses(report, spec) {
        return;
    }
    meta::object(report, Kind::Service, tree);
    check(report, spec);
    outside(report, spec);
}

/// What only a new Service is asked: fields that belong to load balancers alone.
fn outside(report: &mut Report, spec: &Value) {
    let path = Path::new("spec");
    let balancer = spec.str_at(&["type"]) == Some("LoadBalancer");
    let local = spec.str_at(&["externalTrafficPolicy"]) == Some("Local");
    let ranges = spec.items_at(&["loadBalancerSourceRanges"]);
    let named = path.key("LoadBalancerSourceRanges");
    if !ranges.is_empty() && !balancer {
        report.forbidden(&named, "may only be used when `type` is 'LoadBalancer'");
    }
    for (at, range) in ranges.iter().enumerate() {
        let range = range.as_str().unwrap_or_default();
        if !is_range(range.trim()) {
            let detail = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)";
            report.invalid(&named.at(at), range, detail);
        }
    }
    if spec.get("allocateLoadBalancerNodePorts").is_some() && !balancer {
        let path = path.key("allocateLoadBalancerNodePorts");
        report.forbidden(&path, "may only be used when `type` is 'LoadBalancer'");
    }
    let health = spec.int_at(&["healthCheckNodePort"]).unwrap_or(0);
    if health != 0 && !(balancer && local) {
        let detail =
            "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
        report.invalid(&path.key("healthCheckNodePort"), health, detail);
    }
    if spec.str_at(&["type"]) != Some("ExternalName") && spec.get("externalName").is_some() {
        report
            .warn("spec.externalName is ignored when spec.type is not \"ExternalName\"".to_owned());
    }
}

/// `10.9.8.0/24`
fn is_range(text: &str) -> bool {
    text.split_once('/').is_some_and(|(address, bits)| {
        let most = if address.contains(':') { 128 } else { 32 };
        names::address(address).is_none() && bits.parse::<u8>().is_ok_and(|bits| bits <= most)
    })
}

/// The cluster addresses and families. Answers whether they are fine.
pub fn addresses(report: &mut Report, spec: &Value) -> bool {
    let before = report.causes.len();
    let path = Path::new("spec.clusterIPs");
    for (at, address) in spec.items_at(&["clusterIPs"]).iter().enumerate() {
        let address = address.as_str().unwrap_or_default();
        if matches!(address, "None" | "") && at == 0 {
            continue;
        }
        if let Some(wrong) = names::address(address) {
            report.invalid(&path.at(at), address, wrong);
        } else if !address.starts_with("10.96.") {
            let shown = Value::list([address]).to_go_json();
            let detail = format!(
                "failed to allocate IP {address}: the provided network does not match the current range"
            );
            report.invalid_as(&path, &shown, &detail);
        }
    }
    let headless = spec.str_at(&["clusterIP"]) == Some("None");
    let chooses = !spec.map_at(&["selector"]).is_empty();
    let listed = spec.items_at(&["clusterIPs"]);
    let single = spec.get("clusterIP");
    if single.is_some() && listed.first().is_some_and(|first| Some(first) != single) {
        let shown = Value::list(listed.iter().cloned()).to_go_json();
        report.invalid_as(&path, &shown, "first value must match `clusterIP`");
    }
    let families = spec.items_at(&["ipFamilies"]);
    for (at, family) in families.iter().enumerate() {
        let path = Path::new("spec.ipFamilies").at(at);
        let family = family.as_str().unwrap_or_default();
        report.one_of(&path, Some(family), &["IPv4", "IPv6"]);
        let former = families.get(..at).unwrap_or_default();
        if former.iter().any(|other| other.as_str() == Some(family)) {
            report.duplicate(&path, family);
        } else if family == "IPv6" && (chooses || !headless) {
            report.invalid(&path, family, "not configured on this cluster");
        }
    }
    let policy = spec.str_at(&["ipFamilyPolicy"]);
    if policy == Some("RequireDualStack") && (chooses || !headless) {
        let detail = "this cluster is not configured for dual-stack services";
        report.invalid(
            &Path::new("spec.ipFamilyPolicy"),
            "RequireDualStack",
            detail,
        );
    }
    report.causes.len() == before
}

/// `ValidateService`, but for the metadata.
pub fn check(report: &mut Report, spec: &Value) {
    let path = Path::new("spec");
    let text = |key: &str| spec.str_at(&[key]).unwrap_or_default();
    let kind = text("type");
    let headless = text("clusterIP") == "None";
    if spec.items_at(&["ports"]).is_empty() && !headless && kind != "ExternalName" {
        report.required(&path.key("ports"), "");
    }
    if headless && matches!(kind, "NodePort" | "LoadBalancer") {
        let detail = format!("may not be set to 'None' for {kind} services");
        report.invalid(&path.key("clusterIPs").at(0), "None", &detail);
    }
    if kind == "ExternalName" {
        if !text("clusterIP").is_empty() {
            let detail = "may not be set for ExternalName services";
            report.forbidden(&path.key("clusterIPs"), detail);
        }
        let name = text("externalName").trim_end_matches('.');
        if name.is_empty() {
            report.required(&path.key("externalName"), "");
        } else {
            report.invalid_each(&path.key("externalName"), name, names::subdomain(name));
        }
    }
    ports(report, &path.key("ports"), spec);
    meta::labels(report, &path.key("selector"), &spec.map_at(&["selector"]));
    report.one_of(
        &path.key("sessionAffinity"),
        Some(text("sessionAffinity")),
        &["ClientIP", "None"],
    );
    if !spec.items_at(&["externalIPs"]).is_empty() {
        report.warn(
            "spec.externalIPs is deprecated and may no longer be implemented in some clusters"
                .to_owned(),
        );
    }
    let config = ["sessionAffinityConfig", "clientIP", "timeoutSeconds"];
    let seconds = spec.int_at(&config).unwrap_or(1);
    if text("sessionAffinity") == "ClientIP" && !(1..=86_400).contains(&seconds) {
        let path = path.key(config[0]).key(config[1]).key(config[2]);
        report.invalid(&path, seconds, "must be greater than 0 and less than 86400");
    }
    for (at, address) in spec.items_at(&["externalIPs"]).iter().enumerate() {
        let address = address.as_str().unwrap_or_default();
        if let Some(wrong) = names::address(address) {
            report.invalid(&path.key("externalIPs").at(at), address, wrong);
        }
    }
    report.one_of(
        &path.key("type"),
        Some(kind),
        &["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"],
    );
    traffic(report, &path, spec, kind);
    report.one_of(
        &path.key("ipFamilyPolicy"),
        spec.str_at(&["ipFamilyPolicy"]),
        &["PreferDualStack", "RequireDualStack", "SingleStack"],
    );
}

fn traffic(report: &mut Report, path: &Path, spec: &Value, kind: &str) {
    let external = spec.str_at(&["externalTrafficPolicy"]);
    let outside =
        matches!(kind, "NodePort" | "LoadBalancer") || !spec.items_at(&["externalIPs"]).is_empty();
    if let Some(policy) = external {
        let path = path.key("externalTrafficPolicy");
        if !outside {
            let detail = "may only be set for externally-accessible services";
            report.invalid(&path, policy, detail);
        }
        report.one_of(&path, Some(policy), &["Cluster", "Local"]);
    }
    report.one_of(
        &path.key("internalTrafficPolicy"),
        spec.str_at(&["internalTrafficPolicy"]),
        &["Cluster", "Local"],
    );
    report.one_of(
        &path.key("trafficDistribution"),
        spec.str_at(&["trafficDistribution"]),
        &["PreferClose", "PreferSameZone", "PreferSameNode"],
    );
}

fn ports(report: &mut Report, path: &Path, spec: &Value) {
    let ports = spec.items_at(&["ports"]);
    let mut taken = BTreeSet::new();
    for (at, port) in ports.iter().enumerate() {
        let path = path.at(at);
        let name = port.str_at(&["name"]).unwrap_or_default();
        if name.is_empty() {
            if ports.len() > 1 {
                report.required(&path.key("name"), "");
            }
        } else {
            report.invalid_each(&path.key("name"), name, names::label(name));
            if !taken.insert(name) {
                report.duplicate(&path.key("name"), name);
            }
        }
        let number = port.int_at(&["port"]).unwrap_or(0);
        if let Some(wrong) = names::port_number(number) {
            report.invalid(&path.key("port"), number, wrong);
        }
        let protocol = port.str_at(&["protocol"]).unwrap_or_default();
        report.one_of(
            &path.key("protocol"),
            Some(protocol),
            &["SCTP", "TCP", "UDP"],
        );
        if let Some(own) = port.str_at(&["appProtocol"]) {
            report.invalid_each(&path.key("appProtocol"), own, names::qualified(own));
        }
        probe::port(report, &path.key("targetPort"), port.get("targetPort"));
        node_port(report, &path, spec, port);
    }
    duplicates(report, path, ports);
}

fn node_port(report: &mut Report, path: &Path, spec: &Value, port: &Value) {
    let number = port.int_at(&["nodePort"]).unwrap_or(0);
    if number == 0 {
        return;
    }
    let path = path.key("nodePort");
    if spec.str_at(&["type"]) == Some("ClusterIP") {
        report.forbidden(&path, "may not be used when `type` is 'ClusterIP'");
    } else if !(30_000..=32_767).contains(&number) {
        let detail =
            "provided port is not in the valid range. The range of valid ports is 30000-32767";
        report.invalid(&path, number, detail);
    }
}

/// Two ports of one protocol cannot have the same number.
fn duplicates(report: &mut Report, path: &Path, ports: &[Value]) {
    let mut taken = BTreeSet::new();
    for (at, port) in ports.iter().enumerate() {
        let protocol = port.str_at(&["protocol"]).unwrap_or_default();
        let number = port.int_at(&["port"]).unwrap_or(0);
        if !taken.insert((protocol, number)) {
            // What is compared is a port with nothing but these two, as Go prints it (recording 114-port-order).
            let message = format!(
                r#"Duplicate value: {{"Name":"","Protocol":"{protocol}","AppProtocol":null,"Port":{number},"TargetPort":0,"NodePort":0}}"#
            );
            report.add(&path.at(at), message);
        }
    }
}
