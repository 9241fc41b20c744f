//! The events of the controller, all about the set.
//! `pkg/controller/statefulset/stateful_pod_control.go`
//!
//! A Pod's event ends in `successful`, a claim's in `success`, and a failed claim says `for Pod`: that
//! is how Kubernetes spells them (`reconcile` d0280).

use super::failure::Failure;
use crate::api::Object;
use crate::controllers::{Cluster, EventType};

/// What was done to a Pod, or failed (`recordPodEvent`). `verb` is Create, Update or Delete.
pub fn pod(
    cluster: &mut dyn Cluster,
    verb: &'static str,
    set: &Object,
    pod: &str,
    failure: Option<&Failure>,
) {
    match failure {
        Some(failure) => pod_failed(cluster, verb, set, pod, failure),
        None => {
            let message = format!("{verb} Pod {pod} in StatefulSet {} successful", set.name());
            let (reason, _) = reasons(verb);
            cluster.event(set, EventType::Normal, reason, message);
        }
    }
}

/// What could not be done to a Pod.
pub fn pod_failed(
    cluster: &mut dyn Cluster,
    verb: &'static str,
    set: &Object,
    pod: &str,
    failure: &Failure,
) {
    let name = set.name();
    let message = format!("{verb} Pod {pod} in StatefulSet {name} failed error: {failure}");
    let (_, reason) = reasons(verb);
    cluster.event(set, EventType::Warning, reason, message);
}

fn reasons(verb: &str) -> (&'static str, &'static str) {
    match verb {
        "Create" => ("SuccessfulCreate", "FailedCreate"),
        "Delete" => ("SuccessfulDelete", "FailedDelete"),
        _ => ("SuccessfulUpdate", "FailedUpdate"),
    }
}

/// A claim was made, or could not be (`recordClaimEvent`).
pub fn claim_created(
    cluster: &mut dyn Cluster,
    set: &Object,
    pod: &str,
    claim: &str,
    failure: Option<&Failure>,
) {
    let name = set.name();
    match failure {
        None => {
            let message = format!("Create Claim {claim} Pod {pod} in StatefulSet {name} success");
            cluster.event(set, EventType::Normal, "SuccessfulCreate", message);
        }
        Some(failure) => {
            let message = format!(
                "Create Claim {claim} for Pod {pod} in StatefulSet {name} failed error: {failure}"
            );
            cluster.event(set, EventType::Warning, "FailedCreate", message);
        }
    }
}

/// Something else manages a claim. The misspelling is Kubernetes' own.
pub fn conflicting_controller(cluster: &mut dyn Cluster, set: &Object, claim: &str) {
    let message = format!(
        "PersistentVolumeClaim {claim} has a conflicting OwnerReference that acts as a manging controller, the retention policy is ignored for this claim"
    );
    cluster.event(set, EventType::Warning, "ConflictingController", message);
}
