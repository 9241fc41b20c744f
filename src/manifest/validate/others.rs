//! The smaller kinds. `pkg/apis/{core,policy,apps}/validation/validation.go`

use super::report::{NOT_NEGATIVE, Path, Report};
use super::workload::number_or_percent;
use super::{meta, names};
use crate::api::{Kind, Value};

/// `ValidatePodDisruptionBudget`: its metadata is not looked at.
pub fn budget(report: &mut Report, tree: &Value) {
    let path = Path::new("spec");
    let none = Value::Null;
    let spec = tree.get("spec").unwrap_or(&none);
    let get = |key: &str| spec.get(key).cloned().unwrap_or_default();
    if spec.get("minAvailable").is_some() && spec.get("maxUnavailable").is_some() {
        let shown = format!(
            "{{\"MinAvailable\":{},\"Selector\":{},\"MaxUnavailable\":{},\"UnhealthyPodEvictionPolicy\":{}}}",
            get("minAvailable").to_go_json(),
            get("selector").to_go_json(),
            get("maxUnavailable").to_go_json(),
            get("unhealthyPodEvictionPolicy").to_go_json()
        );
        let detail = "minAvailable and maxUnavailable cannot be both set";
        report.invalid_as(&path, &shown, detail);
    }
    for key in ["minAvailable", "maxUnavailable"] {
        let value = get(key);
        let path = path.key(key);
        if number_or_percent(report, &path, &value) && percent(&value).is_some_and(|p| p > 100) {
            report.invalid(&path, value, "must not be greater than 100%");
        }
    }
    if let Some(selector) = spec.get("selector") {
        meta::selector(report, &path.key("selector"), selector);
    }
    report.one_of(
        &path.key("unhealthyPodEvictionPolicy"),
        spec.str_at(&["unhealthyPodEvictionPolicy"]),
        &["AlwaysAllow", "IfHealthyBudget"],
    );
}

fn percent(value: &Value) -> Option<i64> {
    value.as_str()?.strip_suffix('%')?.parse().ok()
}

/// A ConfigMap or a Secret.
pub fn data(report: &mut Report, kind: Kind, tree: &Value) {
    meta::object(report, kind, tree);
    keys(report, tree);
    if kind == Kind::Secret {
        required_keys(report, tree);
    }
}

/// What a Secret of a known type must hold. `ValidateSecret`
fn required_keys(report: &mut Report, tree: &Value) {
    let data = tree.map_at(&["data"]);
    let missing = |key: &&str| !data.contains(key);
    let needed: &[&str] = match tree.str_at(&["type"]).unwrap_or_default() {
        // One of the two is enough.
        "kubernetes.io/basic-auth" if !data.contains("username") && !data.contains("password") => {
            &["username", "password"]
        }
        "kubernetes.io/ssh-auth" => &["ssh-privatekey"],
        "kubernetes.io/tls" => &["tls.crt", "tls.key"],
        "kubernetes.io/dockerconfigjson" => &[".dockerconfigjson"],
        "kubernetes.io/dockercfg" => &[".dockercfg"],
        "kubernetes.io/service-account-token" => {
            let name = "kubernetes.io/service-account.name";
            if tree.str_at(&["metadata", "annotations", name]).is_none() {
                report.required(&Path::new("metadata.annotations").entry(name), "");
            }
            &[]
        }
        _ => &[],
    };
    for key in needed.iter().filter(|key| missing(key)) {
        report.required(&Path::new("data").entry(key), "");
    }
}

/// A ResourceQuota: its amounts and scopes. `ValidateResourceQuotaSpec`
pub fn quota(report: &mut Report, tree: &Value) {
    meta::object(report, Kind::ResourceQuota, tree);
    let path = Path::new("spec");
    for (name, amount) in tree.map_at(&["spec", "hard"]).texts() {
        if amount.starts_with('-') {
            let detail = "must be greater than or equal to 0";
            report.invalid(&path.key("hard").entry(name), amount, detail);
        }
    }
    const SCOPES: [&str; 7] = [
        "BestEffort",
        "NotBestEffort",
        "Terminating",
        "NotTerminating",
        "PriorityClass",
        "CrossNamespacePodAffinity",
        "VolumeAttributesClass",
    ];
    let scopes = tree.items_at(&["spec", "scopes"]);
    let known = |scope: &Value| scope.as_str().is_some_and(|scope| SCOPES.contains(&scope));
    if !scopes.iter().all(known) {
        let shown = Value::list(scopes.iter().cloned()).to_go_json();
        report.invalid_as(&path.key("scopes"), &shown, "unsupported scope");
    }
}

/// The keys of the data.
pub fn keys(report: &mut Report, tree: &Value) {
    for part in ["data", "binaryData"] {
        for key in tree.map_at(&[part]).keys() {
            let path = Path::new(part).entry(key);
            report.invalid_each(&path, key, names::config_key(key));
            if part == "data" && tree.map_at(&["binaryData"]).contains(key) {
                report.invalid(
                    &path,
                    key.as_str(),
                    "duplicate of key present in binaryData",
                );
            }
        }
    }
}

/// A HorizontalPodAutoscaler: its bounds. `pkg/apis/autoscaling/validation/validation.go`
pub fn autoscaler(report: &mut Report, tree: &Value) {
    meta::object(report, Kind::HorizontalPodAutoscaler, tree);
    let path = Path::new("spec");
    let int = |key: &str| tree.int_at(&["spec", key]);
    let (least, most) = (int("minReplicas"), int("maxReplicas").unwrap_or(0));
    if let Some(least) = least.filter(|least| *least < 1) {
        report.invalid(
            &path.key("minReplicas"),
            least,
            "must be greater than or equal to 1",
        );
    }
    if most < 1 {
        report.invalid(&path.key("maxReplicas"), most, "must be greater than 0");
    }
    if least.is_some_and(|least| most < least) {
        let detail = "must be greater than or equal to `minReplicas`";
        report.invalid(&path.key("maxReplicas"), most, detail);
    }
}

/// A ControllerRevision.
pub fn revision(report: &mut Report, tree: &Value) {
    meta::object(report, Kind::ControllerRevision, tree);
    let number = tree.int_at(&["revision"]).unwrap_or(0);
    if number < 0 {
        report.invalid(&Path::new("revision"), number, NOT_NEGATIVE);
    }
    if tree.get("data").is_none_or(Value::is_null) {
        report.required(&Path::new("data"), "data is mandatory");
    }
}
