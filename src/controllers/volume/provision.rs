//! Making a volume for a claim.
//! `provisionClaim`, `provisionClaimOperation` in `pkg/controller/volume/persistentvolume/pv_controller.go`,
//! `pkg/volume/hostpath/host_path.go`

use super::{
    BOUND_BY_CONTROLLER, EXTERNAL_FINALIZER, HOST_PATH, IN_TREE_FINALIZER, PROVISIONED_BY,
    STORAGE_PROVISIONER, STORAGE_PROVISIONER_BETA, at_resync, is_in_tree, provisioner,
};
use crate::api::{ApiError, Kind, Map, Object, Value};
use crate::controllers::{Action, Cluster, EventType, Reason};
use std::sync::Arc;

/// The name of the volume that is made for a claim.
pub(super) fn volume_name(claim: &Object) -> String {
    format!("pvc-{}", claim.meta.uid)
}

/// Makes the volume, or asks the class's provisioner outside the cluster to (transcript 01-create).
pub(super) fn provision(
    cluster: &mut dyn Cluster,
    claim: &Arc<Object>,
) -> Result<Action, ApiError> {
    let class = claim.claim().and_then(|view| view.class.clone());
    let class = class.unwrap_or_default();
    let Ok(class) = cluster.get(Kind::StorageClass, "", &class) else {
        // The lister's words, which name the resource in the singular.
        let resource = Kind::StorageClass.qualified_singular();
        warn(cluster, claim, format!("{resource} \"{class}\" not found"));
        cluster.decide(claim, Reason::ClassMissing { class });
        return Ok(at_resync(cluster.now()));
    };
    let driver = provisioner(&class).to_owned();
    if is_in_tree(&driver) && driver != HOST_PATH {
        warn(
            cluster,
            claim,
            format!("no volume plugin matched name: {driver}"),
        );
        cluster.decide(claim, Reason::WaitVolume);
        return Ok(at_resync(cluster.now()));
    }
    let claim = set_provisioner(cluster, claim, &driver)?;
    if driver != HOST_PATH {
        let message = format!(
            "Waiting for a volume to be created either by the external provisioner '{driver}' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered."
        );
        cluster.event(&claim, EventType::Normal, "ExternalProvisioning", message);
        let provisioner = driver.into();
        cluster.decide(&claim, Reason::WaitProvisioner { provisioner });
        return Ok(at_resync(cluster.now()));
    }
    let mut volume = volume_tree(&claim, &class);
    let path = format!("/tmp/hostpath_pv/{}", claim.meta.uid);
    let source = Value::map([("path", path.into()), ("type", "".into())]);
    volume.set(&["spec", "hostPath"], source);
    for (key, value) in [
        ("kubernetes.io/createdby", "hostpath-dynamic-provisioner"),
        (BOUND_BY_CONTROLLER, "yes"),
        (PROVISIONED_BY, HOST_PATH),
    ] {
        volume.set(&["metadata", "annotations", key], value);
    }
    let finalizers = Value::list([IN_TREE_FINALIZER]);
    volume.set(&["metadata", "finalizers"], finalizers);
    let name = volume_name(&claim);
    match cluster.create(Kind::PersistentVolume, volume, Reason::Provision) {
        Err(error) if !error.is_already_exists() => return Err(error),
        _ => {}
    }
    let message = format!("Successfully provisioned volume {name} using {HOST_PATH}");
    cluster.event(&claim, EventType::Normal, "ProvisioningSucceeded", message);
    Ok(Action::DONE)
}

/// Makes the volume as a provisioner outside the cluster would.
pub(super) fn external_volume(claim: &Object, class: &Object) -> Value {
    let driver = provisioner(class);
    let mut volume = volume_tree(claim, class);
    volume.set(&["metadata", "annotations", PROVISIONED_BY], driver);
    let finalizers = Value::list([EXTERNAL_FINALIZER]);
    volume.set(&["metadata", "finalizers"], finalizers);
    let source = Value::map([
        ("driver", driver.into()),
        ("volumeHandle", volume_name(claim).into()),
    ]);
    volume.set(&["spec", "csi"], source);
    volume
}

/// What every provisioned volume has: the claim's size and modes, the class's policy.
fn volume_tree(claim: &Object, class: &Object) -> Value {
    let spec = |key: &str| claim.tree().at(&["spec", key]).cloned().unwrap_or_default();
    let storage = claim
        .tree()
        .at(&["spec", "resources", "requests", "storage"])
        .cloned()
        .unwrap_or_default();
    let policy = class.tree().str_at(&["reclaimPolicy"]).unwrap_or("Delete");
    let mode = claim.tree().str_at(&["spec", "volumeMode"]);
    let mut volume = Value::empty_map();
    volume.set(&["metadata", "name"], volume_name(claim));
    volume.set(&["spec", "capacity", "storage"], storage);
    volume.set(&["spec", "accessModes"], spec("accessModes"));
    volume.set(&["spec", "claimRef"], claim_ref(claim));
    volume.set(&["spec", "persistentVolumeReclaimPolicy"], policy);
    volume.set(&["spec", "storageClassName"], class.name());
    volume.set(&["spec", "volumeMode"], mode.unwrap_or("Filesystem"));
    if let Some(options) = class.tree().get("mountOptions") {
        volume.set(&["spec", "mountOptions"], options.clone());
    }
    volume
}

/// The reference of a volume to its claim.
pub(super) fn claim_ref(claim: &Object) -> Value {
    let mut map = Map::default();
    map.insert("apiVersion", "v1");
    map.insert("kind", Kind::PersistentVolumeClaim.name());
    map.insert("name", claim.name());
    map.insert("namespace", claim.namespace());
    let version = claim.meta.resource_version.to_string();
    map.insert("resourceVersion", version);
    map.insert("uid", &claim.meta.uid);
    Value::Map(map)
}

/// Notes the provisioner on the claim (`setClaimProvisioner`).
fn set_provisioner(
    cluster: &mut dyn Cluster,
    claim: &Arc<Object>,
    driver: &str,
) -> Result<Arc<Object>, ApiError> {
    if claim.meta.annotation(STORAGE_PROVISIONER) == Some(driver) {
        return Ok(claim.clone());
    }
    let mut tree = claim.tree().clone();
    for key in [STORAGE_PROVISIONER_BETA, STORAGE_PROVISIONER] {
        tree.set(&["metadata", "annotations", key], driver);
    }
    cluster.update(Kind::PersistentVolumeClaim, tree, Reason::Provision)
}

fn warn(cluster: &mut dyn Cluster, claim: &Object, message: String) {
    cluster.event(claim, EventType::Warning, "ProvisioningFailed", message);
}
