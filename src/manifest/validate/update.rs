//! What may not change. `pkg/apis/*/validation/validation.go`

use super::report::{Path, Report};
use super::{others, service, workload};
use crate::api::{Cause, Kind, Value};

/// What is wrong with a changed, defaulted object; empty if nothing is.
#[must_use]
pub fn validate_update(kind: Kind, new: &Value, old: &Value) -> Vec<Cause> {
    let mut report = Report::default();
    let to = &mut report;
    let none = Value::Null;
    let (spec, before) = (
        new.get("spec").unwrap_or(&none),
        old.get("spec").unwrap_or(&none),
    );
    match kind {
        Kind::StatefulSet => {
            workload::set_spec(to, spec, false);
            set(to, spec, before);
        }
        Kind::Deployment => {
            workload::deployment_spec(to, spec);
            fixed(to, spec, before, "selector");
        }
        Kind::ReplicaSet => {
            workload::replica_set_spec(to, spec);
            fixed(to, spec, before, "selector");
        }
        Kind::Service => service_update(to, spec, before),
        Kind::PodDisruptionBudget => others::budget(to, new),
        Kind::StorageClass => {
            for key in [
                "provisioner",
                "parameters",
                "reclaimPolicy",
                "volumeBindingMode",
            ] {
                immutable(to, &Path::new(key), new.get(key), old.get(key));
            }
        }
        _ => {}
    }
    report.causes
}

/// The fields of a StatefulSet's spec that may change.
const SET_MUTABLE: [&str; 7] = [
    "replicas",
    "ordinals",
    "template",
    "updateStrategy",
    "revisionHistoryLimit",
    "persistentVolumeClaimRetentionPolicy",
    "minReadySeconds",
];

fn set(report: &mut Report, spec: &Value, before: &Value) {
    if without(spec, &SET_MUTABLE) != without(before, &SET_MUTABLE) {
        let detail = "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden";
        report.forbidden(&Path::new("spec"), detail);
    }
}

fn without(spec: &Value, keys: &[&str]) -> Value {
    let mut rest = spec.clone();
    for key in keys {
        rest.remove(&[key]);
    }
    rest
}

fn fixed(report: &mut Report, spec: &Value, before: &Value, key: &str) {
    let path = Path::new("spec").key(key);
    immutable(report, &path, spec.get(key), before.get(key));
}

/// `field is immutable`
fn immutable(report: &mut Report, path: &Path, new: Option<&Value>, old: Option<&Value>) {
    if new != old {
        let shown = new.cloned().unwrap_or_default();
        report.invalid(path, shown, "field is immutable");
    }
}

/// An address once given stays; if that is broken, nothing else is told.
fn service_update(report: &mut Report, spec: &Value, before: &Value) {
    let external = |spec: &Value| spec.str_at(&["type"]) == Some("ExternalName");
    let (new, old) = (spec.str_at(&["clusterIP"]), before.str_at(&["clusterIP"]));
    let had = old.is_some_and(|address| !address.is_empty());
    if had && new != old && !external(spec) && !external(before) {
        let shown = Value::list([new.unwrap_or_default()]);
        let path = Path::new("spec.clusterIPs").at(0);
        report.invalid(&path, shown, "may not change once set");
        return;
    }
    service::check(report, spec);
}
