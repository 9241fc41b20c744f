//! Defaults of Pods and of pod templates. `pkg/apis/core/v1/defaults.go`

use super::{each, present, set_absent, within};
use crate::api::{Map, Str, Value};

/// A template's spec: what every pod spec gets.
pub fn template_spec(spec: &mut Value) {
    set_absent(spec, "dnsPolicy", "ClusterFirst");
    set_absent(spec, "restartPolicy", "Always");
    set_absent(spec, "schedulerName", "default-scheduler");
    set_absent(spec, "securityContext", Value::empty_map());
    set_absent(spec, "terminationGracePeriodSeconds", 30);
    both_account_fields(spec);
    each(spec, &["volumes"], volume);
    for list in ["initContainers", "containers", "ephemeralContainers"] {
        each(spec, &[list], container);
    }
}

/// A Pod's own spec: beyond a template's, requests are taken from limits, and host ports from container
/// ports under `hostNetwork`. `SetDefaults_Pod`
pub fn pod_spec(spec: &mut Value) {
    template_spec(spec);
    set_absent(spec, "enableServiceLinks", true);
    let host_network = spec.get("hostNetwork").and_then(Value::as_bool) == Some(true);
    for list in ["initContainers", "containers"] {
        each(spec, &[list], |container| {
            requests_from_limits(container);
            if host_network {
                each(container, &["ports"], |port| {
                    let number = port.int_at(&["containerPort"]).unwrap_or(0);
                    set_absent(port, "hostPort", number);
                });
            }
        });
    }
}

/// The old name of the field is written beside the new one.
fn both_account_fields(spec: &mut Value) {
    let name = spec
        .str_at(&["serviceAccountName"])
        .or_else(|| spec.str_at(&["serviceAccount"]))
        .map(Str::new);
    if let Some(name) = name {
        set_absent(spec, "serviceAccountName", &name);
        set_absent(spec, "serviceAccount", &name);
    }
}

fn requests_from_limits(container: &mut Value) {
    let limits: Map = container.map_at(&["resources", "limits"]);
    for (name, limit) in limits.iter() {
        let path = ["resources", "requests", name.as_str()];
        if container.at(&path).is_none() {
            container.set(&path, limit.clone());
        }
    }
}

fn container(container: &mut Value) {
    let image = container.str_at(&["image"]).unwrap_or_default();
    let policy = pull_policy(image);
    set_absent(container, "imagePullPolicy", policy);
    set_absent(container, "terminationMessagePath", "/dev/termination-log");
    set_absent(container, "terminationMessagePolicy", "File");
    each(container, &["ports"], |port| {
        set_absent(port, "protocol", "TCP");
    });
    each(container, &["env"], |variable| {
        present(variable, "valueFrom", |source| {
            present(source, "fieldRef", |field| {
                set_absent(field, "apiVersion", "v1");
            });
            present(source, "fileKeyRef", |key| {
                set_absent(key, "optional", false)
            });
        });
    });
    for name in ["livenessProbe", "readinessProbe", "startupProbe"] {
        present(container, name, probe);
    }
    present(container, "lifecycle", |lifecycle| {
        for hook in ["postStart", "preStop"] {
            present(lifecycle, hook, |hook| present(hook, "httpGet", http_get));
        }
    });
}

/// `Always` for the tag `latest` or none, else `IfNotPresent`.
#[must_use]
pub fn pull_policy(image: &str) -> &'static str {
    let (name, digest) = match image.split_once('@') {
        Some((name, digest)) => (name, Some(digest)),
        None => (image, None),
    };
    let last = name.rsplit('/').next().unwrap_or(name);
    let tag = last.split_once(':').map(|(_, tag)| tag);
    match (tag, digest) {
        (Some("latest"), _) | (None, None) => "Always",
        _ => "IfNotPresent",
    }
}

fn probe(probe: &mut Value) {
    set_absent(probe, "timeoutSeconds", 1);
    set_absent(probe, "periodSeconds", 10);
    set_absent(probe, "successThreshold", 1);
    set_absent(probe, "failureThreshold", 3);
    present(probe, "httpGet", http_get);
    present(probe, "grpc", |action| set_absent(action, "service", ""));
}

fn http_get(action: &mut Value) {
    set_absent(action, "path", "/");
    set_absent(action, "scheme", "HTTP");
}

fn volume(volume: &mut Value) {
    let without_source = volume.as_map().is_some_and(|map| {
        map.iter()
            .all(|(key, value)| key.as_str() == "name" || value.is_null())
    });
    if without_source {
        volume.set(&["emptyDir"], Value::empty_map());
        return;
    }
    for source in ["secret", "configMap", "downwardAPI", "projected"] {
        present(volume, source, |source| {
            set_absent(source, "defaultMode", 420);
        });
    }
    present(volume, "hostPath", |path| set_absent(path, "type", ""));
    present(volume, "downwardAPI", |files| {
        each(files, &["items"], downward_file);
    });
    present(volume, "projected", |projected| {
        each(projected, &["sources"], projected_source);
    });
    present(volume, "ephemeral", |ephemeral| {
        present(ephemeral, "volumeClaimTemplate", |template| {
            within(template, &["spec"], |spec| {
                set_absent(spec, "volumeMode", "Filesystem");
            });
        });
    });
    present(volume, "image", |image| {
        let policy = pull_policy(image.str_at(&["reference"]).unwrap_or_default());
        set_absent(image, "pullPolicy", policy);
    });
    old_sources(volume);
}

fn projected_source(source: &mut Value) {
    present(source, "serviceAccountToken", |token| {
        set_absent(token, "expirationSeconds", 3600);
    });
    present(source, "downwardAPI", |files| {
        each(files, &["items"], downward_file);
    });
}

fn downward_file(file: &mut Value) {
    present(file, "fieldRef", |field| {
        set_absent(field, "apiVersion", "v1");
    });
}

/// Volume plugins that bring defaults of their own.
fn old_sources(volume: &mut Value) {
    present(volume, "iscsi", |disk| {
        set_absent(disk, "iscsiInterface", "default");
    });
    present(volume, "rbd", |disk| {
        set_absent(disk, "pool", "rbd");
        set_absent(disk, "user", "admin");
        set_absent(disk, "keyring", "/etc/ceph/keyring");
    });
    present(volume, "azureDisk", |disk| {
        set_absent(disk, "cachingMode", "ReadWrite");
        set_absent(disk, "kind", "Shared");
        set_absent(disk, "fsType", "ext4");
        set_absent(disk, "readOnly", false);
    });
    present(volume, "scaleIO", |disk| {
        set_absent(disk, "storageMode", "ThinProvisioned");
        set_absent(disk, "fsType", "xfs");
    });
}
