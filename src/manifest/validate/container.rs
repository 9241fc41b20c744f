//! Containers of a pod spec. `pkg/apis/core/validation/validation.go`

use super::report::{Path, Report};
use super::{names, pod, probe};
use crate::api::{Map, Value};
use crate::manifest::quantity;
use std::collections::BTreeSet;

/// What containers are checked against.
pub struct Place<'a> {
    /// The volumes of the Pod.
    pub volumes: &'a [Value],
    /// Whether the Pod uses the node's network.
    pub host_network: bool,
    /// Whether it is a Pod itself, not a template.
    pub alone: bool,
}

const POLICIES: [&str; 3] = ["Always", "IfNotPresent", "Never"];

/// Every container of a pod spec: names are unique over all.
pub fn all(report: &mut Report, path: &Path, spec: &Value, place: &Place) {
    let mut names = BTreeSet::new();
    let main = path.key("containers");
    let containers = spec.items_at(&["containers"]);
    if containers.is_empty() {
        report.required(&main, "");
    }
    for (at, container) in containers.iter().enumerate() {
        let path = main.at(at);
        common(report, &path, container, place);
        unique(report, &path, container, &mut names);
        lifecycle(report, &path, container);
        probe::all(report, &path, container);
        if let Some(policy) = container.str_at(&["restartPolicy"]) {
            restart_policy(report, &path, policy);
        }
    }
    host_ports(report, &main, containers);
    for (at, container) in spec.items_at(&["initContainers"]).iter().enumerate() {
        let path = path.key("initContainers").at(at);
        common(report, &path, container, place);
        let sidecar = container.str_at(&["restartPolicy"]) == Some("Always");
        if let Some(policy) = container.str_at(&["restartPolicy"]) {
            restart_policy(report, &path, policy);
        }
        unique(report, &path, container, &mut names);
        if sidecar {
            lifecycle(report, &path, container);
            probe::all(report, &path, container);
        } else {
            not_for_init(report, &path, container);
        }
    }
}

fn restart_policy(report: &mut Report, path: &Path, policy: &str) {
    let supported = ["Always", "Never", "OnFailure"];
    report.one_of(&path.key("restartPolicy"), Some(policy), &supported);
}

fn not_for_init(report: &mut Report, path: &Path, container: &Value) {
    for key in [
        "lifecycle",
        "livenessProbe",
        "readinessProbe",
        "startupProbe",
    ] {
        if container.get(key).is_some() {
            let detail = "may not be set for init containers without restartPolicy=Always";
            report.forbidden(&path.key(key), detail);
        }
    }
}

fn unique(report: &mut Report, path: &Path, container: &Value, names: &mut BTreeSet<String>) {
    let name = container.str_at(&["name"]).unwrap_or_default();
    if !name.is_empty() && !names.insert(name.to_owned()) {
        report.duplicate(&path.key("name"), name);
    }
}

/// `validateContainerCommon`
fn common(report: &mut Report, path: &Path, container: &Value, place: &Place) {
    let text = |key: &str| container.str_at(&[key]).unwrap_or_default();
    match text("name") {
        "" => report.required(&path.key("name"), ""),
        name => report.invalid_each(&path.key("name"), name, names::label(name)),
    }
    let image = text("image");
    if image.is_empty() {
        report.required(&path.key("image"), "");
    } else if place.alone && image.trim() != image {
        let detail = "must not have leading or trailing whitespace";
        report.invalid(&path.key("image"), image, detail);
    }
    let given = |key: &str| container.str_at(&[key]).filter(|text| !text.is_empty());
    report.one_of(
        &path.key("terminationMessagePolicy"),
        given("terminationMessagePolicy"),
        &["File", "FallbackToLogsOnError"],
    );
    ports(report, &path.key("ports"), container, place);
    environment(report, path, container);
    mounts(report, path, container, place);
    report.one_of(
        &path.key("imagePullPolicy"),
        given("imagePullPolicy"),
        &POLICIES,
    );
    resources(report, &path.key("resources"), container);
    security(
        report,
        &path.key("securityContext"),
        container.get("securityContext"),
    );
}

fn ports(report: &mut Report, path: &Path, container: &Value, place: &Place) {
    let mut names = BTreeSet::new();
    for (at, port) in container.items_at(&["ports"]).iter().enumerate() {
        let path = path.at(at);
        let name = port.str_at(&["name"]).unwrap_or_default();
        if !name.is_empty() {
            let wrong = names::port_name(name);
            if !wrong.is_empty() {
                report.invalid_each(&path.key("name"), name, wrong);
            } else if !names.insert(name) {
                report.duplicate(&path.key("name"), name);
            }
        }
        let number = port.int_at(&["containerPort"]).unwrap_or(0);
        if number == 0 {
            report.required(&path.key("containerPort"), "");
        } else if let Some(wrong) = names::port_number(number) {
            report.invalid(&path.key("containerPort"), number, wrong);
        }
        let host = port.int_at(&["hostPort"]).unwrap_or(0);
        if host != 0 {
            if let Some(wrong) = names::port_number(host) {
                report.invalid(&path.key("hostPort"), host, wrong);
            } else if place.host_network && host != number {
                let detail = "must match `containerPort` when `hostNetwork` is true";
                report.invalid(&path.key("hostPort"), host, detail);
            }
        }
        let protocol = port.str_at(&["protocol"]).filter(|text| !text.is_empty());
        report.one_of(&path.key("protocol"), protocol, &["SCTP", "TCP", "UDP"]);
    }
}

/// Two containers cannot have the same port of the node.
fn host_ports(report: &mut Report, path: &Path, containers: &[Value]) {
    let mut taken = BTreeSet::new();
    for (c, container) in containers.iter().enumerate() {
        for (p, port) in container.items_at(&["ports"]).iter().enumerate() {
            let number = port.int_at(&["hostPort"]).unwrap_or(0);
            if number == 0 {
                continue;
            }
            let text = |key: &str| port.str_at(&[key]).unwrap_or_default();
            let used = format!("{}/{}/{number}", text("protocol"), text("hostIP"));
            if !taken.insert(used.clone()) {
                let path = path.at(c).key("ports").at(p).key("hostPort");
                report.duplicate(&path, used);
            }
        }
    }
}

fn environment(report: &mut Report, path: &Path, container: &Value) {
    for (at, variable) in container.items_at(&["env"]).iter().enumerate() {
        let path = path.key("env").at(at);
        let name = variable.str_at(&["name"]).unwrap_or_default();
        if name.is_empty() {
            report.required(&path.key("name"), "");
        } else if let Some(wrong) = names::variable(name) {
            report.invalid(&path.key("name"), name, wrong);
        }
        if let Some(source) = variable.get("valueFrom") {
            value_from(report, &path.key("valueFrom"), variable, source);
        }
    }
    for (at, source) in container.items_at(&["envFrom"]).iter().enumerate() {
        let path = path.key("envFrom");
        let sources: Vec<&str> = ["configMapRef", "secretRef"]
            .into_iter()
            .filter(|key| source.get(key).is_some())
            .collect();
        match sources.as_slice() {
            [] => report.invalid(
                &path,
                "",
                "must specify one of: `configMapRef` or `secretRef`",
            ),
            [key] => {
                if source.str_at(&[key, "name"]).unwrap_or_default().is_empty() {
                    report.required(&path.at(at).key(key).key("name"), "");
                }
            }
            _ => report.invalid(
                &path,
                "",
                "may not have more than one field specified at a time",
            ),
        }
    }
}

const FIELDS: [&str; 8] = [
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.serviceAccountName",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
];

fn value_from(report: &mut Report, path: &Path, variable: &Value, source: &Value) {
    let mut found = 0;
    if let Some(field) = source.get("fieldRef") {
        found += 1;
        field_ref(report, &path.key("fieldRef"), field);
    }
    if let Some(field) = source.get("resourceFieldRef") {
        found += 1;
        if field.str_at(&["resource"]).unwrap_or_default().is_empty() {
            report.required(&path.key("resourceFieldRef").key("resource"), "");
        }
    }
    for key in ["configMapKeyRef", "secretKeyRef"] {
        let Some(reference) = source.get(key) else {
            continue;
        };
        found += 1;
        let path = path.key(key);
        if reference.str_at(&["name"]).unwrap_or_default().is_empty() {
            report.required(&path.key("name"), "");
        }
        match reference.str_at(&["key"]).unwrap_or_default() {
            "" => report.required(&path.key("key"), ""),
            entry => report.invalid_each(&path.key("key"), entry, names::config_key(entry)),
        }
    }
    found += usize::from(source.get("fileKeyRef").is_some());
    let value = variable.str_at(&["value"]).unwrap_or_default();
    if found == 0 {
        let detail = "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`";
        report.invalid(path, "", detail);
    } else if !value.is_empty() {
        report.invalid(path, "", "may not be specified when `value` is not empty");
    } else if found > 1 {
        report.invalid(
            path,
            "",
            "may not have more than one field specified at a time",
        );
    }
}

fn field_ref(report: &mut Report, path: &Path, field: &Value) {
    let wanted = field.str_at(&["fieldPath"]).unwrap_or_default();
    let path = path.key("fieldPath");
    let subscripted = ["metadata.labels['", "metadata.annotations['"]
        .iter()
        .any(|start| wanted.starts_with(start) && wanted.ends_with("']"));
    if wanted.is_empty() {
        report.required(&path, "");
    } else if !subscripted && wanted != "status.podIPs" && !FIELDS.contains(&wanted) {
        let detail = format!("error converting fieldPath: field label not supported: {wanted}");
        report.invalid(&path, wanted, &detail);
    }
}

fn mounts(report: &mut Report, path: &Path, container: &Value, place: &Place) {
    let mut paths = BTreeSet::new();
    for (at, mount) in container.items_at(&["volumeMounts"]).iter().enumerate() {
        let own = path.key("volumeMounts").at(at);
        let text = |key: &str| mount.str_at(&[key]).unwrap_or_default();
        let volume = |v: &&Value| v.str_at(&["name"]) == Some(text("name"));
        if text("name").is_empty() {
            report.required(&own.key("name"), "");
        }
        if place.volumes.iter().find(volume).is_none() {
            report.not_found(&own.key("name"), text("name"));
        }
        let target = text("mountPath");
        if target.is_empty() {
            report.required(&own.key("mountPath"), "");
        }
        if !paths.insert(target) {
            report.invalid(&own.key("mountPath"), target, "must be unique");
        }
        // The path of these two is told without the index.
        let sub = path.key("volumeMounts");
        for key in ["subPath", "subPathExpr"] {
            if !text(key).is_empty() {
                relative(report, &sub.key(key), text(key));
            }
        }
        if !text("subPath").is_empty() && !text("subPathExpr").is_empty() {
            let detail = "subPathExpr and subPath are mutually exclusive";
            report.invalid(&own.key("subPathExpr"), text("subPathExpr"), detail);
        }
    }
}

/// A path inside something else.
pub fn relative(report: &mut Report, path: &Path, text: &str) {
    if text.starts_with('/') {
        report.invalid(path, text, "must be a relative path");
    }
    if text.split('/').any(|part| part == "..") {
        report.invalid(path, text, "must not contain '..'");
    }
}

/// `ValidateContainerResourceRequirements`
fn resources(report: &mut Report, path: &Path, container: &Value) {
    let limits = container.map_at(&["resources", "limits"]);
    let requests = container.map_at(&["resources", "requests"]);
    for (key, amounts) in [("limits", &limits), ("requests", &requests)] {
        for (name, amount) in amounts.texts() {
            let path = path.key(key).entry(name);
            resource_name(report, &path, name);
            amount_of(report, &path, name, amount);
        }
    }
    for (name, request) in requests.texts() {
        let over = quantity::nanos(request) > limit(&limits, name);
        if let Some(limit) = limits.get_str(name).filter(|_| over) {
            let detail = format!("must be less than or equal to {name} limit of {limit}");
            report.invalid(&path.key("requests"), request, &detail);
        }
    }
}

fn limit(limits: &Map, name: &str) -> Option<i128> {
    quantity::nanos(limits.get_str(name)?)
}

/// Plain names that are resources, but not of containers (`pkg/apis/core/helper/helpers.go`,
/// `standardResources`).
const QUOTA_RESOURCES: [&str; 8] = [
    "configmaps",
    "persistentvolumeclaims",
    "pods",
    "replicationcontrollers",
    "resourcequotas",
    "secrets",
    "services",
    "storage",
];

fn resource_name(report: &mut Report, path: &Path, name: &str) {
    let plain = !name.contains('/');
    let standard =
        matches!(name, "cpu" | "memory" | "ephemeral-storage") || name.starts_with("hugepages-");
    let wrong = names::qualified(name);
    if !wrong.is_empty() {
        report.invalid_each(path, name, wrong);
    } else if plain && !standard {
        if !QUOTA_RESOURCES.contains(&name) {
            let detail = "must be a standard resource type or fully qualified";
            report.invalid(path, name, detail);
        }
        report.invalid(path, name, "must be a standard resource for containers");
    }
}

fn amount_of(report: &mut Report, path: &Path, name: &str, amount: &str) {
    let Some(nanos) = quantity::nanos(amount) else {
        return;
    };
    if nanos < 0 {
        report.invalid(path, amount, super::report::NOT_NEGATIVE);
    } else if name.contains('/') && nanos % 1_000_000_000 != 0 {
        report.invalid(path, amount, "must be an integer");
    }
}

fn security(report: &mut Report, path: &Path, context: Option<&Value>) {
    let Some(context) = context else { return };
    for key in ["runAsUser", "runAsGroup"] {
        pod::id(report, &path.key(key), context.int_at(&[key]));
    }
    let truth = |key: &str| context.get(key).and_then(Value::as_bool);
    if truth("allowPrivilegeEscalation") == Some(false) && truth("privileged") == Some(true) {
        let detail = "cannot set `allowPrivilegeEscalation` to false and `privileged` to true";
        let path = path.to_string();
        report.invalid_as(&Path::new(&path), "false", detail);
    }
}

fn lifecycle(report: &mut Report, path: &Path, container: &Value) {
    for hook in ["postStart", "preStop"] {
        if let Some(handler) = container.at(&["lifecycle", hook]) {
            let path = path.key("lifecycle").key(hook);
            probe::handler(
                report,
                &path,
                handler,
                &["exec", "httpGet", "tcpSocket", "sleep"],
            );
        }
    }
}

/// Ports given twice, and amounts of bytes with a fraction.
pub fn warnings(report: &mut Report, path: &Path, container: &Value) {
    let ports = container.items_at(&["ports"]);
    for (at, port) in ports.iter().enumerate() {
        let facts = |port: &Value| {
            let text = |key: &str| port.str_at(&[key]).unwrap_or_default().to_owned();
            let number = |key: &str| port.int_at(&[key]).unwrap_or(0);
            (
                number("containerPort"),
                number("hostPort"),
                text("hostIP"),
                text("protocol"),
            )
        };
        let same = ports
            .iter()
            .take(at)
            .position(|other| facts(other) == facts(port));
        if let Some(first) = same {
            let path = path.key("ports");
            report.warn(format!(
                "{}: duplicate port definition with {}",
                path.at(at),
                path.at(first)
            ));
        }
    }
    for key in ["limits", "requests"] {
        let path = path.key("resources").key(key);
        fractions(report, &path, &container.map_at(&["resources", key]));
    }
}

/// Warns of memory or storage that is not a whole number of bytes.
pub fn fractions(report: &mut Report, path: &Path, amounts: &Map) {
    for name in ["ephemeral-storage", "memory", "storage"] {
        let Some(amount) = amounts.get_str(name) else {
            continue;
        };
        if quantity::nanos(amount).is_some_and(|nanos| nanos % 1_000_000_000 != 0) {
            let path = path.entry(name);
            report.warn(format!(
                "{path}: fractional byte value \"{amount}\" is invalid, must be an integer"
            ));
        }
    }
}
