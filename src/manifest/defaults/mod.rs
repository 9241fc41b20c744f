//! What the API server fills in: defaults (`pkg/apis/*/v1/defaults.go`), what it sets and drops when an
//! object is created (`pkg/registry/*/strategy.go`), and what admission adds to Pods.

mod admission;
mod pod;
mod prepare;
mod service;

pub use admission::{DEFAULT_SERVICE_ACCOUNT, admit_pod, default_tolerations, qos_class};
pub use pod::pull_policy;
pub use prepare::{base64, prepare_create};

use super::canonical::canonicalise;
use crate::api::{Kind, Value};

/// Fills in the defaults of an object, and writes it the way the API server writes it back: empty fields
/// left out, quantities in canonical form. Applying it twice changes nothing.
///
/// Recordings: `controller/revisions.jsonl`, corpus A `default`.
pub fn default_object(kind: Kind, tree: &mut Value) {
    tree.set(&["apiVersion"], kind.api_version());
    tree.set(&["kind"], kind.name());
    canonicalise(kind.name(), tree);
    match kind {
        Kind::StatefulSet => stateful_set(tree),
        Kind::Deployment => deployment(tree),
        Kind::ReplicaSet => {
            in_spec(tree, |spec| set_absent(spec, "replicas", 1));
            within(tree, &["spec", "template", "spec"], pod::template_spec);
        }
        Kind::Pod => within(tree, &["spec"], pod::pod_spec),
        Kind::Service => within(tree, &["spec"], service::spec),
        Kind::PersistentVolumeClaim => {
            claim(tree);
            prepare::same_data_source(tree);
        }
        Kind::PersistentVolume => volume(tree),
        Kind::StorageClass => {
            set_absent(tree, "reclaimPolicy", "Delete");
            set_absent(tree, "volumeBindingMode", "Immediate");
        }
        Kind::Namespace => {
            let name = tree.str_at(&["metadata", "name"]).unwrap_or_default();
            let name = name.to_owned();
            tree.set(&["metadata", "labels", "kubernetes.io/metadata.name"], name);
            within(tree, &["status"], |status| {
                set_absent(status, "phase", "Active");
            });
        }
        Kind::HorizontalPodAutoscaler => within(tree, &["spec"], autoscaler),
        Kind::Secret => {
            set_absent(tree, "type", "Opaque");
            prepare::string_data(tree);
        }
        Kind::Endpoints => each(tree, &["subsets"], |subset| {
            each(subset, &["ports"], |port| {
                set_absent(port, "protocol", "TCP")
            });
        }),
        Kind::EndpointSlice => each(tree, &["ports"], |port| {
            set_absent(port, "name", "");
            set_absent(port, "protocol", "TCP");
        }),
        _ => {}
    }
}

/// `pkg/apis/autoscaling/v2/defaults.go`
fn autoscaler(spec: &mut Value) {
    set_absent(spec, "minReplicas", 1);
    if spec.items_at(&["metrics"]).is_empty() {
        let target = [
            ("averageUtilization", 80.into()),
            ("type", "Utilization".into()),
        ];
        let resource = [("name", "cpu".into()), ("target", Value::map(target))];
        let metric = [
            ("resource", Value::map(resource)),
            ("type", "Resource".into()),
        ];
        spec.set(&["metrics"], vec![Value::map(metric)]);
    }
}

/// `SetDefaults_StatefulSet`: a strategy without a type gets both type and partition; a given type
/// `RollingUpdate` without `rollingUpdate` stays without it.
fn stateful_set(tree: &mut Value) {
    in_spec(tree, |spec| {
        set_absent(spec, "podManagementPolicy", "OrderedReady");
        within(spec, &["updateStrategy"], |strategy| {
            if strategy.get("type").is_none() {
                strategy.set(&["type"], "RollingUpdate");
                if strategy.get("rollingUpdate").is_none() {
                    strategy.set(&["rollingUpdate"], Value::empty_map());
                }
            }
            if strategy.str_at(&["type"]) == Some("RollingUpdate") {
                present(strategy, "rollingUpdate", |rolling| {
                    set_absent(rolling, "partition", 0);
                });
            }
        });
        within(spec, &["persistentVolumeClaimRetentionPolicy"], |policy| {
            set_absent(policy, "whenDeleted", "Retain");
            set_absent(policy, "whenScaled", "Retain");
        });
        set_absent(spec, "replicas", 1);
        set_absent(spec, "revisionHistoryLimit", 10);
        each(spec, &["volumeClaimTemplates"], |claim_template| {
            set_absent(claim_template, "apiVersion", "v1");
            set_absent(claim_template, "kind", "PersistentVolumeClaim");
            claim(claim_template);
        });
    });
    within(tree, &["spec", "template", "spec"], pod::template_spec);
}

/// `SetDefaults_Deployment`
fn deployment(tree: &mut Value) {
    in_spec(tree, |spec| {
        set_absent(spec, "replicas", 1);
        set_absent(spec, "revisionHistoryLimit", 10);
        set_absent(spec, "progressDeadlineSeconds", 600);
        within(spec, &["strategy"], |strategy| {
            set_absent(strategy, "type", "RollingUpdate");
            if strategy.str_at(&["type"]) == Some("RollingUpdate") {
                within(strategy, &["rollingUpdate"], |rolling| {
                    set_absent(rolling, "maxUnavailable", "25%");
                    set_absent(rolling, "maxSurge", "25%");
                });
            }
        });
    });
    within(tree, &["spec", "template", "spec"], pod::template_spec);
}

/// `SetDefaults_PersistentVolumeClaim`
fn claim(tree: &mut Value) {
    in_spec(tree, |spec| set_absent(spec, "volumeMode", "Filesystem"));
    within(tree, &["status"], |status| {
        set_absent(status, "phase", "Pending");
    });
}

/// `SetDefaults_PersistentVolume`
fn volume(tree: &mut Value) {
    in_spec(tree, |spec| {
        set_absent(spec, "persistentVolumeReclaimPolicy", "Retain");
        set_absent(spec, "volumeMode", "Filesystem");
        present(spec, "hostPath", |path| set_absent(path, "type", ""));
    });
    within(tree, &["status"], |status| {
        set_absent(status, "phase", "Pending");
    });
}

/// Sets `key` unless it is there. Nothing is copied if it is.
fn set_absent(tree: &mut Value, key: &str, value: impl Into<Value>) {
    if tree.get(key).is_none() {
        tree.make_map().insert(key, value);
    }
}

fn in_spec(tree: &mut Value, change: impl FnOnce(&mut Value)) {
    within(tree, &["spec"], change);
}

/// Changes the value at a path, made if it is absent.
fn within(tree: &mut Value, path: &[&str], change: impl FnOnce(&mut Value)) {
    change(tree.slot(path));
}

/// Changes the value of `key` if it is there.
fn present(tree: &mut Value, key: &str, change: impl FnOnce(&mut Value)) {
    if tree.get(key).is_some_and(|value| !value.is_null()) {
        change(tree.slot(&[key]));
    }
}

/// Changes every item of the sequence at a path, if there is one.
fn each(tree: &mut Value, path: &[&str], mut change: impl FnMut(&mut Value)) {
    if tree.items_at(path).is_empty() {
        return;
    }
    for item in tree.slot(path).make_list() {
        change(item);
    }
}

#[cfg(test)]
mod tests;
