//! Defaults of Services. `SetDefaults_Service`, `pkg/registry/core/service/storage/alloc.go`

use super::{each, set_absent, within};
use crate::api::Value;

/// A Service's spec. The cluster address itself is given by the API server's storage.
pub fn spec(spec: &mut Value) {
    set_absent(spec, "sessionAffinity", "None");
    match spec.str_at(&["sessionAffinity"]) {
        Some("None") => {
            spec.remove(&["sessionAffinityConfig"]);
        }
        Some("ClientIP") => within(spec, &["sessionAffinityConfig", "clientIP"], |config| {
            set_absent(config, "timeoutSeconds", 10_800);
        }),
        _ => {}
    }
    set_absent(spec, "type", "ClusterIP");
    each(spec, &["ports"], port);
    let kind = spec.str_at(&["type"]).unwrap_or_default();
    let (external_name, outside) = (
        kind == "ExternalName",
        matches!(kind, "NodePort" | "LoadBalancer"),
    );
    let balancer = kind == "LoadBalancer";
    if outside || !spec.items_at(&["externalIPs"]).is_empty() {
        set_absent(spec, "externalTrafficPolicy", "Cluster");
    }
    if balancer {
        set_absent(spec, "allocateLoadBalancerNodePorts", true);
    }
    if !external_name {
        set_absent(spec, "internalTrafficPolicy", "Cluster");
        addresses(spec);
    }
}

fn port(port: &mut Value) {
    set_absent(port, "protocol", "TCP");
    let unset = match port.get("targetPort") {
        None | Some(Value::Null | Value::Int(0)) => true,
        Some(Value::Str(name)) => name.is_empty(),
        _ => false,
    };
    if unset {
        let number = port.int_at(&["port"]).unwrap_or(0);
        port.set(&["targetPort"], number);
    }
}

/// `clusterIP` and the first of `clusterIPs` are the same; one address family. A headless Service without
/// a selector is marked for both.
fn addresses(spec: &mut Value) {
    let first = spec
        .items_at(&["clusterIPs"])
        .first()
        .and_then(Value::as_shared)
        .cloned();
    let single = spec.get("clusterIP").and_then(Value::as_shared).cloned();
    match (single, first) {
        (Some(address), None) => spec.set(&["clusterIPs"], Value::list([&address])),
        (None, Some(address)) => spec.set(&["clusterIP"], &address),
        _ => {}
    }
    let headless = spec.str_at(&["clusterIP"]) == Some("None");
    if headless && spec.map_at(&["selector"]).is_empty() {
        set_absent(spec, "ipFamilyPolicy", "RequireDualStack");
        set_absent(spec, "ipFamilies", Value::list(["IPv4", "IPv6"]));
        return;
    }
    set_absent(spec, "ipFamilyPolicy", "SingleStack");
    set_absent(spec, "ipFamilies", Value::list(["IPv4"]));
}
