//! What kube-apiserver keeps up itself: the Service that leads to it.
//! `pkg/controlplane/controller/kubernetesservice/controller.go` (recording 25-delete-all)

use super::{Action, Cluster, Reason};
use crate::api::{Kind, Map, Millis, Value};

/// How often it looks.
const EVERY: Millis = 10_000;

/// Makes the Service `kubernetes` again at the next look.
pub fn reconcile(cluster: &mut dyn Cluster) -> Action {
    if cluster.get(Kind::Service, "default", "kubernetes").is_ok() {
        return Action::DONE;
    }
    let late = cluster.now().0.rem_euclid(EVERY);
    if late > 0 {
        return Action::requeue(EVERY - late);
    }
    match cluster.create(Kind::Service, service(), Reason::OwnService) {
        Ok(_) => Action::DONE,
        Err(error) => Action::failed(error.message),
    }
}

/// The Service of the API server itself.
#[must_use]
pub fn service() -> Value {
    let labels: Map = [("component", "apiserver"), ("provider", "kubernetes")]
        .into_iter()
        .collect();
    let metadata = [
        ("labels", Value::Map(labels)),
        ("name", "kubernetes".into()),
    ];
    let port = Value::map([
        ("name", "https".into()),
        ("port", 443.into()),
        ("protocol", "TCP".into()),
        ("targetPort", 6443.into()),
    ]);
    let spec = [
        ("clusterIP", "10.96.0.1".into()),
        ("ipFamilyPolicy", "SingleStack".into()),
        ("ports", Value::list([port])),
        ("type", "ClusterIP".into()),
    ];
    Value::map([
        ("metadata", Value::map(metadata)),
        ("spec", Value::map(spec)),
    ])
}
