//! Growing a claim: nobody does that here, and the controller says so.
//! `pkg/controller/volume/expand/expand_controller.go` (transcript 42-pvc-resize).

use crate::api::{Kind, Quantity};
use crate::controllers::{Action, Cluster, EventType};

/// Says that an expander from outside would have to act. Key: a PersistentVolumeClaim whose request grew.
pub fn reconcile(cluster: &mut dyn Cluster, namespace: &str, name: &str) -> Action {
    let Ok(claim) = cluster.get(Kind::PersistentVolumeClaim, namespace, name) else {
        return Action::DONE;
    };
    let capacity = claim.tree().str_at(&["status", "capacity", "storage"]);
    let capacity = capacity.and_then(Quantity::parse);
    let grown = claim
        .claim()
        .is_some_and(|view| view.phase == "Bound" && view.request > capacity);
    if grown {
        let message = "waiting for an external controller to expand this PVC";
        cluster.event(
            &claim,
            EventType::Normal,
            "ExternalExpanding",
            message.into(),
        );
    }
    Action::DONE
}
