//! What may not change. `pkg/apis/*/validation/validation.go`

use super::go_form::{difference, pod_difference};
use super::report::{Path, Report};
use super::{meta, others, pod, service, storage, workload};
use crate::api::{Cause, Kind, Value};
use crate::manifest::quantity;

/// What is wrong with a changed, defaulted object; empty if nothing is.
///
/// Recordings: corpus A `upd`, `41-forbidden-updates`, `42-pvc-resize`.
#[must_use]
pub fn validate_update(kind: Kind, new: &Value, old: &Value) -> Vec<Cause> {
    let mut report = Report::default();
    let to = &mut report;
    let none = Value::Null;
    let spec = new.get("spec").unwrap_or(&none);
    let before = old.get("spec").unwrap_or(&none);
    if kind != Kind::PodDisruptionBudget {
        meta::update(to, new);
    }
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
        Kind::Pod => pod_update(to, spec, before),
        Kind::Service => service_update(to, spec, before),
        Kind::PersistentVolumeClaim => claim(to, new, old),
        Kind::PersistentVolume => volume(to, spec, before),
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
        Kind::ConfigMap | Kind::Secret => data(to, new, old),
        Kind::ControllerRevision => {
            immutable(to, &Path::new("data"), new.get("data"), old.get("data"))
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
    let path = Path::new("spec");
    immutable(report, &path.key(key), spec.get(key), before.get(key));
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

/// A claim may grow while it is bound; the rest is fixed but for what binding fills in.
fn claim(report: &mut Report, new: &Value, old: &Value) {
    let none = Value::Null;
    let spec = new.get("spec").unwrap_or(&none);
    let before = old.get("spec").unwrap_or(&none);
    let path = Path::new("spec");
    storage::claim_spec(report, &path, spec);
    let mut wanted = before.clone();
    let mut may_change = |key: &[&str]| match spec.at(key) {
        Some(value) => wanted.set(key, value.clone()),
        None => {
            wanted.remove(key);
        }
    };
    let bound = old.str_at(&["status", "phase"]) == Some("Bound");
    let unnamed = before
        .str_at(&["volumeName"])
        .unwrap_or_default()
        .is_empty();
    if unnamed {
        may_change(&["volumeName"]);
        if before.get("storageClassName").is_none() && spec.get("storageClassName").is_some() {
            may_change(&["storageClassName"]);
        }
    }
    if bound {
        may_change(&["resources", "requests"]);
        may_change(&["volumeAttributesClassName"]);
        shrunk(report, new, old);
    }
    if *spec != wanted {
        let difference = difference("PersistentVolumeClaimSpec", &wanted, spec);
        let detail = format!(
            "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims\n{difference}"
        );
        report.forbidden(&path, &detail);
    }
    let mode = Path::new("volumeMode");
    immutable(
        report,
        &mode,
        spec.get("volumeMode"),
        before.get("volumeMode"),
    );
}

fn shrunk(report: &mut Report, new: &Value, old: &Value) {
    let request = ["spec", "resources", "requests", "storage"];
    let size = |tree: &Value, path: &[&str]| quantity::nanos(tree.str_at(path).unwrap_or_default());
    let (now, then) = (size(new, &request), size(old, &request));
    let capacity = size(old, &["status", "capacity", "storage"]);
    if now < then && now <= capacity {
        let path = Path::new("spec.resources.requests.storage");
        report.forbidden(&path, "field can not be less than status.capacity");
    }
}

fn volume(report: &mut Report, spec: &Value, before: &Value) {
    storage::volume_spec(report, spec);
    let source = |spec: &Value| without(spec, &storage::NOT_SOURCES);
    let (new, old) = (source(spec), source(before));
    if new != old {
        let difference = difference("PersistentVolumeSource", &old, &new);
        let detail =
            format!("spec.persistentvolumesource is immutable after creation\n{difference}");
        report.forbidden(&Path::new("spec.persistentvolumesource"), &detail);
    }
    let mode = Path::new("volumeMode");
    immutable(
        report,
        &mode,
        spec.get("volumeMode"),
        before.get("volumeMode"),
    );
}

/// `ValidatePodUpdate`
fn pod_update(report: &mut Report, spec: &Value, before: &Value) {
    let path = Path::new("spec");
    for list in ["containers", "initContainers"] {
        if spec.items_at(&[list]).len() != before.items_at(&[list]).len() {
            let detail = "pod updates may not add or remove containers";
            report.forbidden(&path.key(list), detail);
            return;
        }
    }
    pod::spec_update(report, spec);
    deadline(report, spec, before);
    tolerations(report, spec, before);
    let allowed = with_mutable_fields(spec, before);
    if allowed != *before {
        let difference = pod_difference(before, &allowed);
        let detail = format!(
            "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)\n{difference}"
        );
        report.forbidden(&path, &detail);
    }
}

fn deadline(report: &mut Report, spec: &Value, before: &Value) {
    let path = Path::new("spec.activeDeadlineSeconds");
    let new = spec.int_at(&["activeDeadlineSeconds"]);
    match (before.int_at(&["activeDeadlineSeconds"]), new) {
        (Some(_), None) => {
            let detail = "must not update from a positive integer to nil value";
            report.invalid(&path, Value::Null, detail);
        }
        (Some(old), Some(new)) if new > old => {
            report.invalid(&path, new, "must be less than or equal to previous value");
        }
        _ => {}
    }
}

/// Tolerations may be added; of those there, only the seconds may change.
fn tolerations(report: &mut Report, spec: &Value, before: &Value) {
    let of = |spec: &Value| -> Vec<Value> {
        let items = spec.items_at(&["tolerations"]).iter();
        items.map(|t| without(t, &["tolerationSeconds"])).collect()
    };
    let new = of(spec);
    if of(before)
        .iter()
        .any(|toleration| !new.contains(toleration))
    {
        let detail = "existing toleration can not be modified except its tolerationSeconds";
        report.forbidden(&Path::new("spec.tolerations"), detail);
    }
}

/// The new spec with the old values of all that may change.
fn with_mutable_fields(spec: &Value, before: &Value) -> Value {
    let mut allowed = spec.clone();
    for list in ["containers", "initContainers"] {
        if before.items_at(&[list]).is_empty() {
            continue;
        }
        let images = before
            .items_at(&[list])
            .iter()
            .map(|c| c.get("image").cloned());
        let containers = allowed.slot(&[list]).make_list().iter_mut();
        for (container, image) in containers.zip(images) {
            container.set(&["image"], image.unwrap_or_default());
        }
    }
    for key in ["activeDeadlineSeconds", "tolerations"] {
        match before.get(key) {
            Some(value) => allowed.set(&[key], value.clone()),
            None => {
                allowed.remove(&[key]);
            }
        }
    }
    let grace = |spec: &Value| spec.int_at(&["terminationGracePeriodSeconds"]);
    if grace(before).is_some_and(|old| old < 0) && grace(spec) == Some(1) {
        let old = before.get("terminationGracePeriodSeconds");
        allowed.set(
            &["terminationGracePeriodSeconds"],
            old.cloned().unwrap_or_default(),
        );
    }
    allowed
}

/// ConfigMaps and Secrets marked immutable.
fn data(report: &mut Report, new: &Value, old: &Value) {
    let truth = |tree: &Value| tree.get("immutable").and_then(Value::as_bool) == Some(true);
    if truth(old) {
        let detail = "field is immutable when `immutable` is set";
        if !truth(new) {
            report.forbidden(&Path::new("immutable"), detail);
        }
        for key in ["data", "binaryData"] {
            if new.get(key) != old.get(key) {
                report.forbidden(&Path::new(key), detail);
            }
        }
    }
    if new.get("type") != old.get("type") {
        immutable(report, &Path::new("type"), new.get("type"), old.get("type"));
    }
    others::keys(report, new);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::{default_object, read_documents};

    /// The causes of changing one object to another.
    fn causes(kind: Kind, old: &str, new: &str) -> Vec<String> {
        let read = |text: &str| {
            let mut tree = read_documents(text).unwrap().remove(0).tree;
            default_object(kind, &mut tree);
            tree
        };
        validate_update(kind, &read(new), &read(old))
            .iter()
            .map(|cause| format!("{}: {}", cause.field, cause.message))
            .collect()
    }

    const POD: &str = "metadata: {name: a}\nspec:\n  containers: [{name: c, image: x:1}]\n";

    #[test]
    fn of_a_pod_only_images_may_change() {
        assert_eq!(
            causes(Kind::Pod, POD, &POD.replace("x:1", "x:2")),
            Vec::<String>::new()
        );
        let more = POD.replace("x:1}", "x:1}, {name: d, image: y:1}");
        assert_eq!(
            causes(Kind::Pod, POD, &more),
            ["spec.containers: Forbidden: pod updates may not add or remove containers"]
        );
        let told = causes(Kind::Pod, POD, &format!("{POD}  restartPolicy: Never\n"));
        assert!(
            told[0].starts_with("spec: Forbidden: pod updates may not change fields other than")
        );
        assert!(
            told[0].ends_with("\"DNSPolicy\": \"ClusterFirst\",\n"),
            "{}",
            told[0]
        );
    }

    #[test]
    fn a_claim_may_grow_but_not_shrink() {
        let claim = "metadata: {name: a}\nspec:\n  accessModes: [ReadWriteOnce]\n  resources: {requests: {storage: 2Gi}}\n  volumeName: v\nstatus: {phase: Bound, capacity: {storage: 2Gi}}\n";
        let kind = Kind::PersistentVolumeClaim;
        assert_eq!(
            causes(
                kind,
                claim,
                &claim.replace("storage: 2Gi}}", "storage: 3Gi}}")
            ),
            Vec::<String>::new()
        );
        assert_eq!(
            causes(
                kind,
                claim,
                &claim.replace("storage: 2Gi}}\n  vol", "storage: 1Gi}}\n  vol")
            ),
            [
                "spec.resources.requests.storage: Forbidden: field can not be less than status.capacity"
            ]
        );
        let told = causes(
            kind,
            claim,
            &claim.replace("volumeName: v", "volumeName: w"),
        );
        assert!(told[0].contains("- \"VolumeName\": \"v\",\n+ \"VolumeName\": \"w\",\n"));
    }

    #[test]
    fn a_sets_fixed_fields() {
        let set = "metadata: {name: web}\nspec:\n  serviceName: a\n  selector: {matchLabels: {app: a}}\n  template:\n    metadata: {labels: {app: a}}\n    spec: {containers: [{name: c, image: x}]}\n";
        let told = causes(
            Kind::StatefulSet,
            set,
            &set.replace("serviceName: a", "serviceName: b"),
        );
        assert!(told[0].starts_with(
            "spec: Forbidden: updates to statefulset spec for fields other than 'replicas'"
        ));
        assert_eq!(told.len(), 1);
        let scaled = set.replace("  serviceName: a", "  replicas: 5\n  serviceName: a");
        assert_eq!(
            causes(Kind::StatefulSet, set, &scaled),
            Vec::<String>::new()
        );
        // Recording 41: first the mismatch, then the refusal.
        let told = causes(
            Kind::StatefulSet,
            set,
            &set.replace("{matchLabels: {app: a}}", "{matchLabels: {app: b}}"),
        );
        assert!(
            told[0].starts_with("spec.template.metadata.labels: Invalid value: {\"app\":\"a\"}")
        );
        assert_eq!(told.len(), 2);
    }

    #[test]
    fn fixed_fields_of_other_kinds() {
        let class = "metadata: {name: a}\nprovisioner: x\n";
        assert_eq!(
            causes(Kind::StorageClass, class, &class.replace(": x", ": z")),
            ["provisioner: Invalid value: \"z\": field is immutable"]
        );
        let service = "metadata: {name: a}\nspec: {clusterIP: 10.96.1.1, ports: [{port: 80}]}\n";
        assert_eq!(
            causes(
                Kind::Service,
                service,
                &service.replace("10.96.1.1", "None")
            ),
            ["spec.clusterIPs[0]: Invalid value: [\"None\"]: may not change once set"]
        );
    }
}
