//! The cluster as it is when a playground opens: ten minutes old.

use super::{ControllerId, Settings};
use crate::api::{Kind, Millis, Time, Value};
use crate::controllers::furnish;
use crate::store::{Request, Store};

/// How old the cluster is when a playground opens.
const AGE: Millis = 600_000;

/// Puts the first objects in place.
pub(super) fn boot(store: &mut Store, settings: &Settings) {
    let then = Time::EPOCH.plus(-AGE);
    let mut create = |kind: Kind, tree: Value| {
        let by = match kind {
            Kind::Node => ControllerId::Kubelet,
            Kind::ServiceAccount | Kind::ConfigMap => ControllerId::Namespace,
            _ => ControllerId::ApiServer,
        };
        // These manifests are ours and valid; one that the API server refused would show in every test.
        let refused = store
            .execute(&Request::Create { kind, tree }, &by.writer(), then)
            .err();
        debug_assert_eq!(refused, None);
    };
    for name in ["default", "kube-node-lease", "kube-public", "kube-system"] {
        create(Kind::Namespace, named(name));
        create(Kind::ServiceAccount, furnish::default_account(name));
        create(Kind::ConfigMap, furnish::certificate(name));
    }
    for name in ACCOUNTS {
        let mut account = furnish::default_account("kube-system");
        account.set(&["metadata", "name"], name);
        create(Kind::ServiceAccount, account);
    }
    create(Kind::ConfigMap, token_tracking());
    let nodes = settings.nodes.bounded();
    for number in 1..=nodes.count {
        create(Kind::Node, node(number, nodes.pods, then));
    }
    create(Kind::Service, crate::controllers::apiserver::service());
    create(Kind::EndpointSlice, kubernetes_slice());
    create(Kind::Endpoints, kubernetes_endpoints());
    if settings.storage_class {
        create(Kind::StorageClass, standard_class());
    }
}

/// The ServiceAccounts of the controllers, which the controller manager makes (recording B-more-038).
/// `staging/src/k8s.io/controller-manager/pkg/clientbuilder/client_builder_dynamic.go`
const ACCOUNTS: [&str; 35] = [
    "attachdetach-controller",
    "certificate-controller",
    "clusterrole-aggregation-controller",
    "cronjob-controller",
    "daemon-set-controller",
    "deployment-controller",
    "device-taint-eviction-controller",
    "disruption-controller",
    "endpoint-controller",
    "endpointslice-controller",
    "endpointslicemirroring-controller",
    "ephemeral-volume-controller",
    "expand-controller",
    "generic-garbage-collector",
    "horizontal-pod-autoscaler",
    "job-controller",
    "legacy-service-account-token-cleaner",
    "namespace-controller",
    "node-controller",
    "persistent-volume-binder",
    "pod-garbage-collector",
    "pv-protection-controller",
    "pvc-protection-controller",
    "replicaset-controller",
    "replication-controller",
    "resource-claim-controller",
    "resourcequota-controller",
    "root-ca-cert-publisher",
    "service-account-controller",
    "service-cidrs-controller",
    "statefulset-controller",
    "ttl-after-finished-controller",
    "ttl-controller",
    "validatingadmissionpolicy-status-controller",
    "volumeattributesclass-protection-controller",
];

/// Since when the API server has noted which tokens of ServiceAccounts kept in Secrets are used.
/// `pkg/controlplane/controller/legacytokentracking/controller.go`
fn token_tracking() -> Value {
    let mut tree = named("kube-apiserver-legacy-service-account-token-tracking");
    tree.set(&["metadata", "namespace"], "kube-system");
    tree.set(&["data", "since"], "2025-12-31");
    tree
}

fn named(name: &str) -> Value {
    Value::map([("metadata", Value::map([("name", name.into())]))])
}

/// A node of the size that the recordings have: 1 cpu, 3840Mi.
pub(super) fn node(number: u32, pods: u32, then: Time) -> Value {
    let name = format!("node-{number}");
    let condition =
        |kind: &'static str, truth: bool, reason: &'static str, message: &'static str| {
            Value::map([
                ("type", kind.into()),
                ("status", if truth { "True" } else { "False" }.into()),
                ("lastHeartbeatTime", then.into()),
                ("lastTransitionTime", then.into()),
                ("reason", reason.into()),
                ("message", message.into()),
            ])
        };
    let size = Value::map([
        ("cpu", "1".into()),
        ("memory", "3840Mi".into()),
        ("pods", pods.to_string().into()),
    ]);
    let address = |kind: &'static str, value: &str| {
        Value::map([("type", kind.into()), ("address", value.into())])
    };
    let info = Value::map([
        ("architecture", "amd64".into()),
        ("bootID", "".into()),
        ("containerRuntimeVersion", "containerd://2.1.4".into()),
        ("kernelVersion", "6.12.0".into()),
        ("kubeProxyVersion", "".into()),
        ("kubeletVersion", "v1.36.3".into()),
        ("machineID", "".into()),
        ("operatingSystem", "linux".into()),
        ("osImage", "Debian GNU/Linux 12 (bookworm)".into()),
        ("systemUUID", "".into()),
    ]);
    let hostname = Value::Map(
        [("kubernetes.io/hostname", name.as_str())]
            .into_iter()
            .collect(),
    );
    Value::map([
        (
            "metadata",
            Value::map([("name", name.as_str().into()), ("labels", hostname)]),
        ),
        ("spec", Value::empty_map()),
        (
            "status",
            Value::map([
                ("capacity", size.clone()),
                ("allocatable", size),
                (
                    "conditions",
                    Value::list([
                        condition(
                            "MemoryPressure",
                            false,
                            "KubeletHasSufficientMemory",
                            "kubelet has sufficient memory available",
                        ),
                        condition(
                            "DiskPressure",
                            false,
                            "KubeletHasNoDiskPressure",
                            "kubelet has no disk pressure",
                        ),
                        condition(
                            "PIDPressure",
                            false,
                            "KubeletHasSufficientPID",
                            "kubelet has sufficient PID available",
                        ),
                        condition(
                            "Ready",
                            true,
                            "KubeletReady",
                            "kubelet is posting ready status",
                        ),
                    ]),
                ),
                (
                    "addresses",
                    Value::list([
                        address("InternalIP", "192.0.2.2"),
                        address("Hostname", &name),
                    ]),
                ),
                ("nodeInfo", info),
            ]),
        ),
    ])
}

/// The address of the API server: its Service has no selector, so it keeps the slice itself
/// (`pkg/controlplane/reconcilers`; recording 48-publish-not-ready).
fn kubernetes_slice() -> Value {
    let mut slice = named("kubernetes");
    const SERVICE: &str = "kubernetes.io/service-name";
    slice.set(&["metadata", "labels", SERVICE], "kubernetes");
    slice.set(&["addressType"], "IPv4");
    let endpoint = Value::map([
        ("addresses", Value::list(["192.0.2.2"])),
        ("conditions", Value::map([("ready", true.into())])),
    ]);
    slice.set(&["endpoints"], vec![endpoint]);
    let port = Value::map([
        ("name", "https".into()),
        ("port", 6443.into()),
        ("protocol", "TCP".into()),
    ]);
    slice.set(&["ports"], vec![port]);
    slice
}

/// The same in the form of v1 Endpoints (corpus B-get-spelling-39).
fn kubernetes_endpoints() -> Value {
    let mut endpoints = named("kubernetes");
    const SKIP: &str = "endpointslice.kubernetes.io/skip-mirror";
    endpoints.set(&["metadata", "labels", SKIP], "true");
    let address = Value::map([("ip", "192.0.2.2".into())]);
    let port = Value::map([
        ("name", "https".into()),
        ("port", 6443.into()),
        ("protocol", "TCP".into()),
    ]);
    let subset = Value::map([
        ("addresses", Value::list([address])),
        ("ports", Value::list([port])),
    ]);
    endpoints.set(&["subsets"], vec![subset]);
    endpoints
}

/// The default StorageClass: a volume is made at once.
fn standard_class() -> Value {
    let mut class = named("standard");
    const DEFAULT: &str = "storageclass.kubernetes.io/is-default-class";
    class.set(&["metadata", "annotations", DEFAULT], "true");
    class.set(&["provisioner"], "kubernetes.io/host-path");
    class.set(&["allowVolumeExpansion"], true);
    class
}
