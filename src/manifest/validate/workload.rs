//! StatefulSets, Deployments, ReplicaSets. `pkg/apis/apps/validation/validation.go`

use super::report::{NOT_NEGATIVE, Path, Report};
use super::{meta, names, pod, storage};
use crate::api::{Kind, Value};

/// A new StatefulSet.
pub fn set(report: &mut Report, tree: &Value) {
    meta::object(report, Kind::StatefulSet, tree);
    let none = Value::Null;
    let spec = tree.get("spec").unwrap_or(&none);
    let name = spec.str_at(&["serviceName"]).unwrap_or_default();
    if !name.is_empty() {
        let path = Path::new("spec.serviceName");
        report.invalid_each(&path, name, names::label(name));
    }
    set_spec(report, spec, true);
}

/// What is checked of a StatefulSet's spec in every request; its claim templates only when it is new.
pub fn set_spec(report: &mut Report, spec: &Value, new: bool) {
    let path = Path::new("spec");
    match spec.str_at(&["podManagementPolicy"]).unwrap_or_default() {
        "" => report.required(&path.key("podManagementPolicy"), ""),
        "OrderedReady" | "Parallel" => {}
        other => {
            let detail = "must be 'OrderedReady' or 'Parallel'";
            report.invalid(&path.key("podManagementPolicy"), other, detail);
        }
    }
    set_strategy(report, &path.key("updateStrategy"), spec);
    let policy = path.key("persistentVolumeClaimRetentionPolicy");
    for key in ["whenDeleted", "whenScaled"] {
        report.one_of(
            &policy.key(key),
            spec.str_at(&["persistentVolumeClaimRetentionPolicy", key]),
            &["Retain", "Delete"],
        );
    }
    for key in ["replicas", "minReadySeconds"] {
        report.not_negative(&path.key(key), spec.int_at(&[key]));
    }
    let start = path.key("ordinals").key("start");
    report.not_negative(&start, spec.int_at(&["ordinals", "start"]));
    let claims = spec.items_at(&["volumeClaimTemplates"]);
    if new {
        for (at, claim) in claims.iter().enumerate() {
            let path = path.key("volumeClaimTemplates").at(at);
            let none = Value::Null;
            storage::claim_spec(
                report,
                &path.key("spec"),
                claim.get("spec").unwrap_or(&none),
            );
        }
    }
    if !meta::workload_selector(report, spec, "statefulset") {
        return;
    }
    meta::template_labels(report, spec);
    let volumes: Vec<Value> = claims.iter().map(claim_volume).collect();
    let none = Value::Null;
    let template = spec.get("template").unwrap_or(&none);
    pod::template(report, &path.key("template"), template, &volumes);
    restart_always(report, spec, "StatefulSet");
    if spec
        .int_at(&["revisionHistoryLimit"])
        .is_some_and(|limit| limit < 0)
    {
        report.warn("spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended".to_owned());
    }
    for (at, claim) in claims.iter().enumerate() {
        // This warning's path leaves out the claim's `spec`.
        let path = path
            .key("volumeClaimTemplates")
            .at(at)
            .key("resources")
            .key("requests");
        let requests = claim.map_at(&["spec", "resources", "requests"]);
        super::container::fractions(report, &path, &requests);
    }
}

/// The volume that a claim template adds to every Pod.
fn claim_volume(claim: &Value) -> Value {
    let name = claim.str_at(&["metadata", "name"]).unwrap_or_default();
    let source = Value::map([("claimName", Value::from(name))]);
    Value::map([
        ("name", Value::from(name)),
        ("persistentVolumeClaim", source),
    ])
}

fn set_strategy(report: &mut Report, path: &Path, spec: &Value) {
    let strategy = spec.get("updateStrategy");
    let rolling = strategy.and_then(|s| s.get("rollingUpdate"));
    let kind = spec.str_at(&["updateStrategy", "type"]).unwrap_or_default();
    let rolling_path = path.key("rollingUpdate");
    match (kind, rolling) {
        ("", _) => report.required(path, ""),
        ("OnDelete", Some(rolling)) => {
            let shown = rolling_shown(rolling);
            let detail = "only allowed for updateStrategy 'RollingUpdate'";
            report.invalid_as(&rolling_path, &shown, detail);
        }
        ("RollingUpdate", Some(rolling)) => {
            let partition = rolling.int_at(&["partition"]);
            report.not_negative(&rolling_path.key("partition"), partition);
            if let Some(value) = rolling.get("maxUnavailable") {
                max_unavailable(report, &rolling_path.key("maxUnavailable"), value);
            }
        }
        ("OnDelete" | "RollingUpdate", None) => {}
        (other, rolling) => {
            let rolling = rolling.map_or_else(|| "null".to_owned(), rolling_shown);
            let kind = super::go_quote(other);
            let shown = format!("{{\"Type\":{kind},\"RollingUpdate\":{rolling}}}");
            let detail = "must be 'RollingUpdate' or 'OnDelete'";
            report.invalid_as(path, &shown, detail);
        }
    }
}

/// The stanza as Go prints it, with its own names of fields.
fn rolling_shown(rolling: &Value) -> String {
    let partition = rolling.int_at(&["partition"]).unwrap_or(0);
    let most = rolling.get("maxUnavailable").map(Value::to_go_json);
    let most = most.as_deref().unwrap_or("null");
    format!("{{\"Partition\":{partition},\"MaxUnavailable\":{most}}}")
}

fn max_unavailable(report: &mut Report, path: &Path, value: &Value) {
    if !number_or_percent(report, path, value) {
        return;
    }
    if as_number(value) == Some(0) {
        report.invalid(path, value.clone(), "cannot be 0");
    }
    not_above_hundred(report, path, value);
}

/// A number from 0, or a percentage. Answers whether it is one.
pub fn number_or_percent(report: &mut Report, path: &Path, value: &Value) -> bool {
    match value {
        Value::Str(text) if !names::is_percent(text) => {
            report.invalid(path, value.clone(), names::PERCENT);
            false
        }
        Value::Int(number) if *number < 0 => {
            report.invalid(path, *number, NOT_NEGATIVE);
            false
        }
        _ => true,
    }
}

fn as_number(value: &Value) -> Option<i64> {
    match value {
        Value::Str(text) => text.strip_suffix('%')?.parse().ok(),
        other => other.as_int(),
    }
}

fn not_above_hundred(report: &mut Report, path: &Path, value: &Value) {
    if value.as_str().is_some() && as_number(value).is_some_and(|percent| percent > 100) {
        report.invalid(path, value.clone(), "must not be greater than 100%");
    }
}

/// Pods of a workload are always restarted and have no deadline.
fn restart_always(report: &mut Report, spec: &Value, what: &str) {
    let path = Path::new("spec.template.spec");
    let policy = spec.str_at(&["template", "spec", "restartPolicy"]);
    report.one_of(&path.key("restartPolicy"), policy, &["Always"]);
    if spec
        .int_at(&["template", "spec", "activeDeadlineSeconds"])
        .is_some()
    {
        let detail = format!("activeDeadlineSeconds in {what} is not Supported");
        report.forbidden(&path.key("activeDeadlineSeconds"), &detail);
    }
}

/// A new Deployment.
pub fn deployment(report: &mut Report, tree: &Value) {
    meta::object(report, Kind::Deployment, tree);
    let none = Value::Null;
    deployment_spec(report, tree.get("spec").unwrap_or(&none));
    let name = tree.str_at(&["metadata", "name"]).unwrap_or_default();
    pod::name_warning(report, name, "this is used in Pod names and hostnames");
}

/// `ValidateDeploymentSpec`
pub fn deployment_spec(report: &mut Report, spec: &Value) {
    let path = Path::new("spec");
    report.not_negative(&path.key("replicas"), spec.int_at(&["replicas"]));
    let usable = meta::workload_selector(report, spec, "deployment");
    if usable {
        template(report, spec, "Deployment");
    }
    deployment_strategy(report, &path.key("strategy"), spec);
    let ready = spec.int_at(&["minReadySeconds"]);
    report.not_negative(&path.key("minReadySeconds"), ready);
    let limit = spec.int_at(&["revisionHistoryLimit"]);
    report.not_negative(&path.key("revisionHistoryLimit"), limit);
    if let Some(deadline) = spec.int_at(&["progressDeadlineSeconds"]) {
        let path = path.key("progressDeadlineSeconds");
        report.not_negative(&path, Some(deadline));
        if deadline <= ready.unwrap_or(0) {
            report.invalid(&path, deadline, "must be greater than minReadySeconds");
        }
    }
}

fn template(report: &mut Report, spec: &Value, what: &str) {
    meta::template_labels(report, spec);
    let none = Value::Null;
    let template = spec.get("template").unwrap_or(&none);
    pod::template(report, &Path::new("spec.template"), template, &[]);
    restart_always(report, spec, what);
}

fn deployment_strategy(report: &mut Report, path: &Path, spec: &Value) {
    let rolling = spec.at(&["strategy", "rollingUpdate"]);
    let rolling_path = path.key("rollingUpdate");
    match spec.str_at(&["strategy", "type"]).unwrap_or_default() {
        "Recreate" => {
            if rolling.is_some() {
                let detail = "may not be specified when strategy `type` is 'Recreate'";
                report.forbidden(&rolling_path, detail);
            }
        }
        "RollingUpdate" => {
            let Some(rolling) = rolling else {
                report.required(&rolling_path, "this should be defaulted and never be nil");
                return;
            };
            let none = Value::Null;
            let unavailable = rolling.get("maxUnavailable").unwrap_or(&none);
            let surge = rolling.get("maxSurge").unwrap_or(&none);
            let path = rolling_path.key("maxUnavailable");
            number_or_percent(report, &path, unavailable);
            number_or_percent(report, &rolling_path.key("maxSurge"), surge);
            if as_number(unavailable) == Some(0) && as_number(surge) == Some(0) {
                let detail = "may not be 0 when `maxSurge` is 0";
                report.invalid(&path, unavailable.clone(), detail);
            }
            not_above_hundred(report, &path, unavailable);
        }
        other => {
            // The whole strategy is quoted, by Go's own names.
            let json = |value: Option<&Value>| value.map_or("null".to_owned(), Value::to_go_json);
            let rolling = match rolling {
                Some(rolling) => format!(
                    "{{\"MaxUnavailable\":{},\"MaxSurge\":{}}}",
                    json(rolling.get("maxUnavailable")),
                    json(rolling.get("maxSurge"))
                ),
                None => json(None),
            };
            let kind = json(Some(&Value::from(other)));
            let shown = format!("{{\"Type\":{kind},\"RollingUpdate\":{rolling}}}");
            report.unsupported_text(path, &shown, &["Recreate", "RollingUpdate"]);
        }
    }
}

/// A new ReplicaSet.
pub fn replica_set(report: &mut Report, tree: &Value) {
    meta::object(report, Kind::ReplicaSet, tree);
    let none = Value::Null;
    replica_set_spec(report, tree.get("spec").unwrap_or(&none));
}

/// `ValidateReplicaSetSpec`
pub fn replica_set_spec(report: &mut Report, spec: &Value) {
    let path = Path::new("spec");
    report.not_negative(&path.key("replicas"), spec.int_at(&["replicas"]));
    report.not_negative(
        &path.key("minReadySeconds"),
        spec.int_at(&["minReadySeconds"]),
    );
    if meta::workload_selector(report, spec, "deployment") {
        template(report, spec, "ReplicaSet");
    }
}
