//! Pods and pod templates. `pkg/apis/core/validation/validation.go`

use super::container::{self, Place};
use super::report::{Path, Report};
use super::{affinity, meta, names, volumes};
use crate::api::{Kind, Value};

/// A new Pod.
pub fn create(report: &mut Report, tree: &Value) {
    meta::object(report, Kind::Pod, tree);
    let none = Value::Null;
    let body = tree.get("spec").unwrap_or(&none);
    let path = Path::new("spec");
    spec(report, &path, body, body.items_at(&["volumes"]), true);
    if !body.items_at(&["ephemeralContainers"]).is_empty() {
        report.forbidden(&path.key("ephemeralContainers"), "cannot be set on create");
    }
    warnings(report, &path, body);
    let name = tree.str_at(&["metadata", "name"]).unwrap_or_default();
    name_warning(report, name, "this is used in the Pod's hostname");
}

/// Names that are fine but for their use in host names.
pub fn name_warning(report: &mut Report, name: &str, why: &str) {
    let wrong = names::label(name);
    if !wrong.is_empty() && names::subdomain(name).is_empty() {
        report.warn(format!(
            "metadata.name: {why}, which can result in surprising behavior; a DNS label is recommended: [{}]",
            wrong.join(" ")
        ));
    }
}

/// A template in a workload; `claims` are volumes that the workload adds, in the place of those of the
/// same name.
pub fn template(report: &mut Report, path: &Path, template: &Value, claims: &[Value]) {
    let labels = template.map_at(&["metadata", "labels"]);
    meta::labels(report, &path.key("labels"), &labels);
    let annotations = template.map_at(&["metadata", "annotations"]);
    meta::annotations(report, &path.key("annotations"), &annotations);
    let none = Value::Null;
    let body = template.get("spec").unwrap_or(&none);
    let path = path.key("spec");
    let mut volumes: Vec<Value> = Vec::new();
    let name = |volume: &Value| volume.str_at(&["name"]).unwrap_or_default().to_owned();
    for claim in claims {
        if !volumes.iter().any(|other| name(other) == name(claim)) {
            volumes.push(claim.clone());
        }
    }
    let own = body.items_at(&["volumes"]).iter();
    let own = own.filter(|volume| !claims.iter().any(|claim| name(claim) == name(volume)));
    volumes.extend(own.cloned());
    spec(report, &path, body, &volumes, false);
    if !body.items_at(&["ephemeralContainers"]).is_empty() {
        let detail = "ephemeral containers not allowed in pod template";
        report.forbidden(&path.key("ephemeralContainers"), detail);
    }
    warnings(report, &path, body);
}

/// The spec of a changed Pod.
pub fn spec_update(report: &mut Report, body: &Value) {
    spec(
        report,
        &Path::new("spec"),
        body,
        body.items_at(&["volumes"]),
        true,
    );
}

/// `ValidatePodSpec`, of a Pod or of a template.
fn spec(report: &mut Report, path: &Path, spec: &Value, volumes: &[Value], alone: bool) {
    volumes::all(report, &path.key("volumes"), volumes);
    let host_network = truth(spec, "hostNetwork");
    let place = Place {
        volumes,
        host_network,
        alone,
    };
    container::all(report, path, spec, &place);
    let text = |key: &str| spec.str_at(&[key]).filter(|text| !text.is_empty());
    report.one_of(
        &path.key("restartPolicy"),
        text("restartPolicy"),
        &["Always", "OnFailure", "Never"],
    );
    dns(report, path, spec);
    meta::labels(
        report,
        &path.key("nodeSelector"),
        &spec.map_at(&["nodeSelector"]),
    );
    security(
        report,
        &path.key("securityContext"),
        spec.get("securityContext"),
    );
    for (at, secret) in spec.items_at(&["imagePullSecrets"]).iter().enumerate() {
        if secret.str_at(&["name"]).unwrap_or_default().is_empty() {
            report.required(&path.key("imagePullSecrets").at(at).key("name"), "");
        }
    }
    affinity::affinity(report, &path.key("affinity"), spec.get("affinity"));
    affinity::spread(report, path, spec);
    if let Some(name) = text("serviceAccountName") {
        report.invalid_each(
            &path.key("serviceAccountName"),
            name,
            names::subdomain(name),
        );
    }
    if let Some(name) = text("nodeName") {
        report.invalid_each(&path.key("nodeName"), name, names::subdomain(name));
    }
    if let Some(deadline) = spec.int_at(&["activeDeadlineSeconds"])
        && !(1..=i64::from(i32::MAX)).contains(&deadline)
    {
        let detail = "must be between 1 and 2147483647, inclusive";
        report.invalid(&path.key("activeDeadlineSeconds"), deadline, detail);
    }
    // The control of a workload sets these itself.
    for key in ["hostname", "subdomain"] {
        if let Some(name) = text(key).filter(|_| alone) {
            report.invalid_each(&path.key(key), name, names::label(name));
        }
    }
    affinity::tolerations(report, &path.key("tolerations"), spec);
    host_aliases(report, path, spec);
    for key in ["priorityClassName", "runtimeClassName"] {
        if let Some(name) = text(key) {
            report.invalid_each(&path.key(key), name, names::subdomain(name));
        }
    }
    report.one_of(
        &path.key("preemptionPolicy"),
        text("preemptionPolicy"),
        &["PreemptLowerPriority", "Never"],
    );
}

fn truth(tree: &Value, key: &str) -> bool {
    tree.get(key).and_then(Value::as_bool) == Some(true)
}

fn dns(report: &mut Report, path: &Path, spec: &Value) {
    let policy = spec.str_at(&["dnsPolicy"]).filter(|text| !text.is_empty());
    report.one_of(
        &path.key("dnsPolicy"),
        policy,
        &["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"],
    );
    if policy == Some("None") && spec.items_at(&["dnsConfig", "nameservers"]).is_empty() {
        let what = "must provide at least one DNS nameserver when `dnsPolicy` is None";
        let path = path.key("dnsConfig");
        if spec.get("dnsConfig").is_none() {
            let what = "must provide `dnsConfig` when `dnsPolicy` is None";
            report.required(&path, what);
        } else {
            report.required(&path.key("nameservers"), what);
        }
    }
}

fn security(report: &mut Report, path: &Path, context: Option<&Value>) {
    let Some(context) = context else { return };
    for key in ["fsGroup", "runAsUser", "runAsGroup"] {
        id(report, &path.key(key), context.int_at(&[key]));
    }
    for (at, group) in context.items_at(&["supplementalGroups"]).iter().enumerate() {
        id(
            report,
            &path.key("supplementalGroups").at(at),
            group.as_int(),
        );
    }
}

/// A user's or group's number.
pub fn id(report: &mut Report, path: &Path, number: Option<i64>) {
    if let Some(number) = number.filter(|n| !(0..=i64::from(i32::MAX)).contains(n)) {
        report.invalid(path, number, "must be between 0 and 2147483647, inclusive");
    }
}

fn host_aliases(report: &mut Report, path: &Path, spec: &Value) {
    for (at, alias) in spec.items_at(&["hostAliases"]).iter().enumerate() {
        let path = path.key("hostAliases").at(at);
        let ip = alias.str_at(&["ip"]).unwrap_or_default();
        if let Some(wrong) = names::address(ip) {
            report.invalid(&path.key("ip"), ip, wrong);
        }
        for (at, name) in alias.items_at(&["hostnames"]).iter().enumerate() {
            let name = name.as_str().unwrap_or_default();
            report.invalid_each(&path.key("hostnames").at(at), name, names::subdomain(name));
        }
    }
}

/// What is accepted and still told of. `pkg/api/pod/warnings.go`
fn warnings(report: &mut Report, path: &Path, spec: &Value) {
    if spec
        .int_at(&["terminationGracePeriodSeconds"])
        .is_some_and(|s| s < 0)
    {
        let path = path.key("terminationGracePeriodSeconds");
        report.warn(format!(
            "{path}: must be >= 0; negative values are invalid and will be treated as 1"
        ));
    }
    for list in ["initContainers", "containers"] {
        for (at, container) in spec.items_at(&[list]).iter().enumerate() {
            container::warnings(report, &path.key(list).at(at), container);
        }
    }
}
