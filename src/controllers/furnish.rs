//! What every Namespace is given: the ServiceAccount `default` and the certificate of the cluster.
//! `pkg/controller/serviceaccount/serviceaccounts_controller.go`,
//! `pkg/controller/certificates/rootcacertpublisher/publisher.go` (corpus B-get-spelling-57, B-describe-54)

use super::{Action, Cluster, Reason};
use crate::api::{Kind, Value};

/// The ConfigMap that holds the certificate.
pub const ROOT_CERTIFICATE: &str = "kube-root-ca.crt";

/// The key of the certificate in it.
const KEY: &str = "ca.crt";

/// What the publisher says of it.
const DESCRIPTION: &str = "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.";

/// A certificate as every cluster makes one for itself. It was made for this simulation and its key thrown
/// away: nothing here is signed by it.
const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----
MIIBSzCB8aADAgECAgEBMAoGCCqGSM49BAMCMBUxEzARBgNVBAMMCmt1YmVybmV0
ZXMwHhcNMjUxMjMxMDAwMDAwWhcNMzUxMjI5MDAwMDAwWjAVMRMwEQYDVQQDDApr
dWJlcm5ldGVzMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE7ov63wnU+QYOICBx
X0r7wvatgu0zlRtkeQbKmDtXvN046AEm7I6nR2cHA0xowOAbXJT69d2D71eHlwGp
tivgQqMyMDAwDwYDVR0TAQH/BAUwAwEB/zAdBgNVHQ4EFgQUxoa60KTYC7J2lQ88
SmmODSmjVdowCgYIKoZIzj0EAwIDSQAwRgIhAP4zovVDENSn5cvA6Smx675nJvb1
5b4meAtHzr23/8aJAiEA6Ld67ORQ8Ku9rSoygn86jX9oRNrRyFY8ytiP4MFWd3s=
-----END CERTIFICATE-----
";

/// The ServiceAccount of a namespace.
#[must_use]
pub fn default_account(namespace: &str) -> Value {
    let metadata = [("name", "default".into()), ("namespace", namespace.into())];
    Value::map([("metadata", Value::map(metadata))])
}

/// The certificate of the cluster, for a namespace.
#[must_use]
pub fn certificate(namespace: &str) -> Value {
    let note = Value::Map(
        [("kubernetes.io/description", DESCRIPTION)]
            .into_iter()
            .collect(),
    );
    let metadata = [
        ("annotations", note),
        ("name", ROOT_CERTIFICATE.into()),
        ("namespace", namespace.into()),
    ];
    let data = Value::Map([(KEY, CERTIFICATE)].into_iter().collect());
    Value::map([("data", data), ("metadata", Value::map(metadata))])
}

/// Makes the ServiceAccount `default` of a namespace. Key: the Namespace.
pub fn service_account(cluster: &mut dyn Cluster, namespace: &str) -> Action {
    give(
        cluster,
        Kind::ServiceAccount,
        namespace,
        default_account(namespace),
    )
}

/// Keeps the certificate of a namespace as it is. Key: the Namespace.
pub fn root_certificate(cluster: &mut dyn Cluster, namespace: &str) -> Action {
    let wanted = certificate(namespace);
    let Ok(there) = cluster.get(Kind::ConfigMap, namespace, ROOT_CERTIFICATE) else {
        return give(cluster, Kind::ConfigMap, namespace, wanted);
    };
    if there.tree().get("data") == wanted.get("data") || there.meta.terminating() {
        return Action::DONE;
    }
    let mut tree = there.tree().clone();
    tree.set(&["data"], wanted.get("data").cloned().unwrap_or_default());
    tree.set(
        &["metadata", "annotations", "kubernetes.io/description"],
        DESCRIPTION,
    );
    match cluster.update(Kind::ConfigMap, tree, Reason::Furnished) {
        Ok(_) => Action::DONE,
        Err(error) => Action::failed(error.message),
    }
}

/// Creates what is not there, in a namespace that is not being deleted.
fn give(cluster: &mut dyn Cluster, kind: Kind, namespace: &str, tree: Value) -> Action {
    let name = tree.str_at(&["metadata", "name"]).unwrap_or_default();
    let gone = cluster
        .get(Kind::Namespace, "", namespace)
        .map_or(true, |namespace| namespace.meta.terminating());
    if gone || cluster.get(kind, namespace, name).is_ok() {
        return Action::DONE;
    }
    match cluster.create(kind, tree, Reason::Furnished) {
        Ok(_) => Action::DONE,
        Err(error) => Action::failed(error.message),
    }
}
