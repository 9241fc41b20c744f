//! What admission adds to a Pod when it is created. `plugin/pkg/admission/{serviceaccount,defaulttolerationseconds,priority}`

use super::{each, set_absent};
use crate::api::{Map, Value};
use crate::manifest::quantity;

/// The service account of Pods that name none.
pub const DEFAULT_SERVICE_ACCOUNT: &str = "default";

const TOKEN_PATH: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// Adds to a defaulted Pod what admission adds: priority, the default service account with its token
/// volume `kube-api-access-<suffix>`, and five minutes' tolerance of nodes that are not ready or not
/// reachable. Its status becomes that of a new Pod: phase `Pending` and the quality-of-service class.
///
/// Recordings: `01-create` (`get pod web-0 -o yaml`), corpus A `default-pod`.
pub fn admit_pod(tree: &mut Value, suffix: &str) {
    let spec = tree.slot(&["spec"]);
    set_absent(spec, "priority", 0);
    set_absent(spec, "preemptionPolicy", "PreemptLowerPriority");
    set_absent(spec, "serviceAccountName", DEFAULT_SERVICE_ACCOUNT);
    let account = spec.get("serviceAccountName").cloned().unwrap_or_default();
    set_absent(spec, "serviceAccount", account);
    if spec
        .get("automountServiceAccountToken")
        .and_then(Value::as_bool)
        != Some(false)
    {
        mount_token(spec, suffix);
    }
    let class = qos_class(spec);
    let gated = !spec.items_at(&["schedulingGates"]).is_empty();
    let status = [("phase", "Pending".into()), ("qosClass", class.into())];
    tree.set(&["status"], Value::map(status));
    if gated {
        // `pkg/registry/core/pod/strategy.go` (`applySchedulingGatedCondition`)
        let condition = Value::map([
            ("lastProbeTime", Value::Null),
            ("lastTransitionTime", Value::Null),
            (
                "message",
                "Scheduling is blocked due to non-empty scheduling gates".into(),
            ),
            ("reason", "SchedulingGated".into()),
            ("status", "False".into()),
            ("type", "PodScheduled".into()),
        ]);
        tree.set(&["status", "conditions"], vec![condition]);
    }
    default_tolerations(tree);
}

/// Five minutes' tolerance of nodes that are not ready or not reachable, unless a Pod says otherwise; also
/// when it is changed (`plugin/pkg/admission/defaulttolerationseconds`; corpus A, A-upd-pod-toleration).
pub fn default_tolerations(tree: &mut Value) {
    for key in [
        "node.kubernetes.io/not-ready",
        "node.kubernetes.io/unreachable",
    ] {
        tolerate(tree.slot(&["spec"]), key);
    }
}

fn mount_token(spec: &mut Value, suffix: &str) {
    let is_token = |mount: &Value| mount.str_at(&["mountPath"]) == Some(TOKEN_PATH);
    let name = format!("kube-api-access-{suffix}");
    let mut mounted = false;
    for list in ["initContainers", "containers"] {
        each(spec, &[list], |container| {
            if container.items_at(&["volumeMounts"]).iter().any(is_token) {
                return;
            }
            mounted = true;
            let mount = [
                ("mountPath", Value::from(TOKEN_PATH)),
                ("name", Value::from(name.as_str())),
                ("readOnly", Value::from(true)),
            ];
            let mounts = container.slot(&["volumeMounts"]).make_list();
            mounts.push(Value::map(mount));
        });
    }
    if mounted {
        spec.slot(&["volumes"])
            .make_list()
            .push(token_volume(&name));
    }
}

fn token_volume(name: &str) -> Value {
    let token = Value::map([
        ("expirationSeconds", Value::Int(3607)),
        ("path", Value::from("token")),
    ]);
    let certificate = Value::map([
        ("key", Value::from("ca.crt")),
        ("path", Value::from("ca.crt")),
    ]);
    let certificates = Value::map([
        ("items", Value::list([certificate])),
        ("name", Value::from("kube-root-ca.crt")),
    ]);
    let field = Value::map([
        ("apiVersion", Value::from("v1")),
        ("fieldPath", Value::from("metadata.namespace")),
    ]);
    let namespace = Value::map([("fieldRef", field), ("path", Value::from("namespace"))]);
    let namespaces = Value::map([("items", Value::list([namespace]))]);
    let sources = Value::list([
        Value::map([("serviceAccountToken", token)]),
        Value::map([("configMap", certificates)]),
        Value::map([("downwardAPI", namespaces)]),
    ]);
    let projected = Value::map([("defaultMode", Value::Int(420)), ("sources", sources)]);
    Value::map([("name", Value::from(name)), ("projected", projected)])
}

/// Adds the toleration unless one of the Pod's own covers the taint already.
fn tolerate(spec: &mut Value, key: &'static str) {
    let covered = spec.items_at(&["tolerations"]).iter().any(|toleration| {
        let own = toleration.str_at(&["key"]).unwrap_or_default();
        let effect = toleration.str_at(&["effect"]).unwrap_or_default();
        (own.is_empty() || own == key) && (effect.is_empty() || effect == "NoExecute")
    });
    if covered {
        return;
    }
    let toleration = [
        ("effect", Value::from("NoExecute")),
        ("key", Value::from(key)),
        ("operator", Value::from("Exists")),
        ("tolerationSeconds", Value::Int(300)),
    ];
    spec.slot(&["tolerations"])
        .make_list()
        .push(Value::map(toleration));
}

/// The quality-of-service class of a pod spec: `Guaranteed` if every container limits cpu and memory and
/// requests as much, `BestEffort` if none asks for anything, else `Burstable`.
/// `pkg/apis/core/v1/helper/qos/qos.go`
#[must_use]
pub fn qos_class(spec: &Value) -> &'static str {
    let containers = spec
        .items_at(&["containers"])
        .iter()
        .chain(spec.items_at(&["initContainers"]));
    let (mut any, mut all_limited, mut equal) = (false, true, true);
    for container in containers {
        let requests = container.map_at(&["resources", "requests"]);
        let limits = container.map_at(&["resources", "limits"]);
        for name in ["cpu", "memory"] {
            let (request, limit) = (amount(&requests, name), amount(&limits, name));
            any |= request > 0 || limit > 0;
            all_limited &= limit > 0;
            equal &= request == limit;
        }
    }
    match (any, all_limited && equal) {
        (false, _) => "BestEffort",
        (true, true) => "Guaranteed",
        (true, false) => "Burstable",
    }
}

fn amount(of: &Map, name: &str) -> i128 {
    of.get_str(name).and_then(quantity::nanos).unwrap_or(0)
}
