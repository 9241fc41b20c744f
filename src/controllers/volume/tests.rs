use super::*;
use crate::api::DeleteOptions;
use crate::controllers::test_cluster::TestCluster;

const CLAIM: Kind = Kind::PersistentVolumeClaim;
const VOLUME: Kind = Kind::PersistentVolume;

fn cluster_with_class(class: &str) -> TestCluster {
    let mut cluster = TestCluster::new();
    cluster.add(Kind::StorageClass, class);
    cluster
}

fn standard(more: &str) -> String {
    format!(r#"{{"metadata":{{"name":"standard"}},"provisioner":"kubernetes.io/host-path"{more}}}"#)
}

fn add_claim(cluster: &mut TestCluster, name: &str, more: &str) -> Arc<Object> {
    let json = format!(
        r#"{{"metadata":{{"name":"{name}","labels":{{"app":"nginx"}}}},
          "spec":{{"accessModes":["ReadWriteOnce"],"resources":{{"requests":{{"storage":"1Gi"}}}},
            "volumeMode":"Filesystem"{more}}}}}"#
    );
    cluster.add(CLAIM, &json)
}

fn add_volume(cluster: &mut TestCluster, name: &str, size: &str, modes: &str, more: &str) {
    let json = format!(
        r#"{{"metadata":{{"name":"{name}"}},
          "spec":{{"accessModes":[{modes}],"capacity":{{"storage":"{size}"}},
            "persistentVolumeReclaimPolicy":"Retain","hostPath":{{"path":"/srv/{name}"}}{more}}}}}"#
    );
    cluster.add(VOLUME, &json);
    reclaim::reconcile_volume(cluster, name);
    assert_eq!(
        cluster.take_writes(),
        [format!("update persistentvolumes/status {name}")]
    );
}

fn sync(cluster: &mut TestCluster, claim: &str) -> Action {
    binder::reconcile(cluster, "default", claim)
}

fn phase(cluster: &TestCluster, kind: Kind, name: &str) -> String {
    let object = cluster.object(kind, name);
    object
        .tree()
        .str_at(&["status", "phase"])
        .unwrap_or_default()
        .to_owned()
}

/// The tree without what differs from run to run.
fn tidy(object: &Object, uid: &str) -> String {
    let mut tree = object.tree().clone();
    for key in ["uid", "resourceVersion", "creationTimestamp"] {
        tree.remove(&["metadata", key]);
    }
    tree.remove(&["spec", "claimRef", "resourceVersion"]);
    tree.to_go_json().replace(uid, "UID")
}

/// Transcripts 01-create (the writes) and 03-storage (both trees).
#[test]
fn a_claim_of_a_class_gets_a_volume_of_its_own() {
    let mut cluster = cluster_with_class(&standard(""));
    let claim = add_claim(
        &mut cluster,
        "www-web-0",
        r#","storageClassName":"standard""#,
    );
    let volume = format!("pvc-{}", claim.meta.uid);
    assert_eq!(sync(&mut cluster, "www-web-0"), Action::DONE);
    assert_eq!(
        cluster.take_writes(),
        [
            "update persistentvolumeclaims www-web-0".to_owned(),
            format!("create persistentvolumes {volume}")
        ]
    );
    assert_eq!(
        cluster.take_events(),
        [format!(
            "Normal ProvisioningSucceeded www-web-0: Successfully provisioned volume {volume} using kubernetes.io/host-path"
        )]
    );
    // The volume's own pass leaves it to the claim's.
    reclaim::reconcile_volume(&mut cluster, &volume);
    assert!(cluster.take_writes().is_empty());
    sync(&mut cluster, "www-web-0");
    assert_eq!(
        cluster.take_writes(),
        [
            format!("update persistentvolumes/status {volume}"),
            "update persistentvolumeclaims www-web-0".to_owned(),
            "update persistentvolumeclaims/status www-web-0".to_owned()
        ]
    );
    assert_eq!(
        tidy(&cluster.object(CLAIM, "www-web-0"), &claim.meta.uid),
        concat!(
            r#"{"apiVersion":"v1","kind":"PersistentVolumeClaim","metadata":{"annotations":{"pv.kubernetes.io/bind-completed":"yes","pv.kubernetes.io/bound-by-controller":"yes","#,
            r#""volume.beta.kubernetes.io/storage-provisioner":"kubernetes.io/host-path","volume.kubernetes.io/storage-provisioner":"kubernetes.io/host-path"},"#,
            r#""finalizers":["kubernetes.io/pvc-protection"],"labels":{"app":"nginx"},"name":"www-web-0","namespace":"default"},"#,
            r#""spec":{"accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"1Gi"}},"storageClassName":"standard","volumeMode":"Filesystem","volumeName":"pvc-UID"},"#,
            r#""status":{"accessModes":["ReadWriteOnce"],"capacity":{"storage":"1Gi"},"phase":"Bound"}}"#
        )
    );
    assert_eq!(
        tidy(&cluster.object(VOLUME, &volume), &claim.meta.uid),
        concat!(
            r#"{"apiVersion":"v1","kind":"PersistentVolume","metadata":{"annotations":{"kubernetes.io/createdby":"hostpath-dynamic-provisioner","pv.kubernetes.io/bound-by-controller":"yes","pv.kubernetes.io/provisioned-by":"kubernetes.io/host-path"},"#,
            r#""finalizers":["kubernetes.io/pv-controller","kubernetes.io/pv-protection"],"name":"pvc-UID"},"#,
            r#""spec":{"accessModes":["ReadWriteOnce"],"capacity":{"storage":"1Gi"},"claimRef":{"apiVersion":"v1","kind":"PersistentVolumeClaim","name":"www-web-0","namespace":"default","uid":"UID"},"#,
            r#""hostPath":{"path":"/tmp/hostpath_pv/UID","type":""},"persistentVolumeReclaimPolicy":"Delete","storageClassName":"standard","volumeMode":"Filesystem"},"#,
            r#""status":{"lastPhaseTransitionTime":"2026-01-01T00:00:00Z","phase":"Bound"}}"#
        )
    );
    // Nothing more to do.
    sync(&mut cluster, "www-web-0");
    reclaim::reconcile_volume(&mut cluster, &volume);
    assert!(cluster.take_writes().is_empty());
}

/// Transcript 20-missing-storageclass: a missing class, a volume made by hand, the next resync.
#[test]
fn a_volume_made_by_hand_is_bound_at_the_next_resync() {
    let mut cluster = TestCluster::new();
    cluster.time = cluster.time.plus(3410);
    add_claim(&mut cluster, "data", r#","storageClassName":"manual""#);
    assert_eq!(sync(&mut cluster, "data"), Action::requeue(11_590));
    assert_eq!(
        cluster.take_events(),
        [r#"Warning ProvisioningFailed data: storageclass.storage.k8s.io "manual" not found"#]
    );
    let manual = r#","storageClassName":"manual""#;
    add_volume(&mut cluster, "big", "10Gi", r#""ReadWriteOnce""#, manual);
    add_volume(&mut cluster, "small", "100Mi", r#""ReadWriteOnce""#, manual);
    add_volume(&mut cluster, "other", "1Gi", r#""ReadWriteOnce""#, "");
    add_volume(
        &mut cluster,
        "many",
        "1Gi",
        r#""ReadWriteOnce","ReadOnlyMany""#,
        manual,
    );
    add_volume(&mut cluster, "fits", "2Gi", r#""ReadWriteOnce""#, manual);
    sync(&mut cluster, "data");
    assert_eq!(
        cluster.take_writes(),
        [
            "update persistentvolumes fits",
            "update persistentvolumes/status fits",
            "update persistentvolumeclaims data",
            "update persistentvolumeclaims/status data"
        ]
    );
    let volume = cluster.object(VOLUME, "fits");
    assert_eq!(volume.meta.annotation(BOUND_BY_CONTROLLER), Some("yes"));
    let claim = cluster.object(CLAIM, "data");
    assert_eq!(
        claim.tree().str_at(&["status", "capacity", "storage"]),
        Some("2Gi")
    );
    assert_eq!(claim.meta.annotation(STORAGE_PROVISIONER), None);
}

#[test]
fn a_reserved_volume_comes_first_and_is_kept_for_its_claim() {
    let mut cluster = TestCluster::new();
    let reserved = r#","claimRef":{"namespace":"default","name":"data"}"#;
    add_volume(&mut cluster, "free", "1Gi", r#""ReadWriteOnce""#, "");
    add_volume(
        &mut cluster,
        "own",
        "5Gi",
        r#""ReadWriteOnce","ReadOnlyMany""#,
        reserved,
    );
    add_claim(&mut cluster, "data", r#","storageClassName":"""#);
    add_claim(&mut cluster, "else", r#","storageClassName":"""#);
    sync(&mut cluster, "data");
    sync(&mut cluster, "else");
    let bound = |name: &str| {
        cluster
            .object(CLAIM, name)
            .claim()
            .map(|view| view.volume.clone())
    };
    assert_eq!(bound("data").as_deref(), Some("own"));
    assert_eq!(bound("else").as_deref(), Some("free"));
    // The user's reservation is not marked as the controller's.
    assert_eq!(
        cluster
            .object(VOLUME, "own")
            .meta
            .annotation(BOUND_BY_CONTROLLER),
        None
    );
}

/// Transcript 57-pvc-pending-no-class.
#[test]
fn a_default_class_made_later_is_given_to_claims_without_one() {
    let mut cluster = TestCluster::new();
    add_claim(&mut cluster, "www-web-0", "");
    sync(&mut cluster, "www-web-0");
    assert_eq!(
        cluster.take_events(),
        [
            "Normal FailedBinding www-web-0: no persistent volumes available for this claim and no storage class is set"
        ]
    );
    let default = r#"{"metadata":{"name":"standard","annotations":{"storageclass.kubernetes.io/is-default-class":"true"}},"provisioner":"kubernetes.io/host-path"}"#;
    cluster.add(Kind::StorageClass, default);
    sync(&mut cluster, "www-web-0");
    assert_eq!(
        cluster.take_writes(),
        ["update persistentvolumeclaims www-web-0"]
    );
    for _ in 0..2 {
        sync(&mut cluster, "www-web-0");
    }
    assert_eq!(phase(&cluster, CLAIM, "www-web-0"), "Bound");
    // An empty class is a class: static volumes only.
    add_claim(&mut cluster, "none", r#","storageClassName":"""#);
    sync(&mut cluster, "none");
    assert_eq!(phase(&cluster, CLAIM, "none"), "Pending");
}

/// Transcript 58-wait-for-first-consumer.
#[test]
fn a_class_may_wait_for_the_first_consumer() {
    let mut cluster =
        cluster_with_class(&standard(r#","volumeBindingMode":"WaitForFirstConsumer""#));
    let claim = add_claim(
        &mut cluster,
        "www-web-0",
        r#","storageClassName":"standard""#,
    );
    sync(&mut cluster, "www-web-0");
    cluster.add(
        Kind::Pod,
        r#"{"metadata":{"name":"web-0"},"spec":{"volumes":[{"name":"www","persistentVolumeClaim":{"claimName":"www-web-0"}}]}}"#,
    );
    // The Pod that comes with its claim is not seen at first, but at the resync.
    sync(&mut cluster, "www-web-0");
    cluster.time = cluster.time.plus(15_000);
    sync(&mut cluster, "www-web-0");
    assert_eq!(
        cluster.take_events(),
        [
            "Normal WaitForFirstConsumer www-web-0: waiting for first consumer to be created before binding",
            "Normal WaitForFirstConsumer www-web-0: waiting for first consumer to be created before binding",
            "Normal WaitForPodScheduled www-web-0: waiting for pod web-0 to be scheduled"
        ]
    );
    assert!(cluster.take_writes().is_empty());
    cluster.change(CLAIM, "www-web-0", |tree| {
        tree.set(&["metadata", "annotations", SELECTED_NODE], "node-1");
    });
    sync(&mut cluster, "www-web-0");
    sync(&mut cluster, "www-web-0");
    assert_eq!(phase(&cluster, CLAIM, "www-web-0"), "Bound");
    assert!(cluster.has(VOLUME, &format!("pvc-{}", claim.meta.uid)));
}

/// Transcript 13-cleanup: the claim goes, then the volume, in this order of writes.
#[test]
fn a_provisioned_volume_goes_with_its_claim() {
    let mut cluster = cluster_with_class(&standard(""));
    let claim = add_claim(
        &mut cluster,
        "www-web-0",
        r#","storageClassName":"standard""#,
    );
    let volume = format!("pvc-{}", claim.meta.uid);
    sync(&mut cluster, "www-web-0");
    sync(&mut cluster, "www-web-0");
    cluster.take_writes();
    cluster.remove(CLAIM, "www-web-0", &DeleteOptions::default());
    protection::reconcile_claim(&mut cluster, "default", "www-web-0");
    assert!(!cluster.has(CLAIM, "www-web-0"));
    reclaim::reconcile_volume(&mut cluster, &volume);
    protection::reconcile_volume(&mut cluster, &volume);
    assert_eq!(
        cluster.take_writes(),
        [
            "update persistentvolumeclaims www-web-0".to_owned(),
            format!("update persistentvolumes/status {volume}"),
            format!("update persistentvolumes {volume}"),
            format!("delete persistentvolumes {volume}"),
            format!("update persistentvolumes {volume}")
        ]
    );
    assert!(!cluster.has(VOLUME, &volume));
}

/// Corpus C-delete-72 and C-delete-75, transcript 60-pvc-stuck-terminating.
#[test]
fn a_retained_volume_stays_and_a_bound_one_waits_for_its_claim() {
    let mut cluster = TestCluster::new();
    add_volume(&mut cluster, "manual", "2Gi", r#""ReadWriteOnce""#, "");
    add_claim(&mut cluster, "data", r#","storageClassName":"""#);
    sync(&mut cluster, "data");
    cluster.add(
        Kind::Pod,
        r#"{"metadata":{"name":"web-0"},"spec":{"nodeName":"node-1","volumes":[{"name":"www","persistentVolumeClaim":{"claimName":"data"}}]}}"#,
    );
    cluster.remove(CLAIM, "data", &DeleteOptions::default());
    protection::reconcile_claim(&mut cluster, "default", "data");
    assert_eq!(
        cluster.decisions.pop(),
        Some(Reason::ClaimInUse {
            pod: "web-0".into()
        })
    );
    let now = DeleteOptions {
        grace: Some(0),
        ..DeleteOptions::default()
    };
    cluster.remove(Kind::Pod, "web-0", &now);
    protection::reconcile_claim(&mut cluster, "default", "data");
    assert!(!cluster.has(CLAIM, "data"));
    protection::reconcile_volume(&mut cluster, "manual");
    reclaim::reconcile_volume(&mut cluster, "manual");
    assert_eq!(phase(&cluster, VOLUME, "manual"), "Released");
    // A new claim of the same name does not get it.
    add_claim(&mut cluster, "data", r#","storageClassName":"""#);
    sync(&mut cluster, "data");
    assert_eq!(phase(&cluster, CLAIM, "data"), "Pending");
    // An administrator frees it; the claim takes it, and the volume, deleted, waits.
    cluster.change(VOLUME, "manual", |tree| {
        tree.remove(&["spec", "claimRef"]);
    });
    reclaim::reconcile_volume(&mut cluster, "manual");
    assert_eq!(phase(&cluster, VOLUME, "manual"), "Available");
    sync(&mut cluster, "data");
    cluster.remove(VOLUME, "manual", &DeleteOptions::default());
    protection::reconcile_volume(&mut cluster, "manual");
    assert_eq!(
        cluster.decisions.pop(),
        Some(Reason::VolumeInUse {
            claim: "data".into()
        })
    );
    assert!(cluster.has(VOLUME, "manual"));
    // Someone takes its finalizer off: the claim has lost its volume.
    cluster.change(VOLUME, "manual", |tree| {
        tree.remove(&["metadata", "finalizers"]);
    });
    cluster.take_events();
    sync(&mut cluster, "data");
    assert_eq!(phase(&cluster, CLAIM, "data"), "Lost");
    assert_eq!(
        cluster.take_events(),
        [
            "Warning ClaimLost data: Bound claim has lost its PersistentVolume. Data on the volume is lost!"
        ]
    );
}

#[test]
fn what_cannot_be_deleted_fails_and_says_so() {
    let mut cluster = TestCluster::new();
    add_volume(&mut cluster, "manual", "2Gi", r#""ReadWriteOnce""#, "");
    cluster.change(VOLUME, "manual", |tree| {
        tree.set(&["spec", "persistentVolumeReclaimPolicy"], "Delete");
    });
    add_claim(&mut cluster, "data", r#","storageClassName":"""#);
    sync(&mut cluster, "data");
    cluster.remove(CLAIM, "data", &DeleteOptions::default());
    protection::reconcile_claim(&mut cluster, "default", "data");
    assert_eq!(
        reclaim::reconcile_volume(&mut cluster, "manual"),
        Action::requeue(15_000)
    );
    assert_eq!(phase(&cluster, VOLUME, "manual"), "Failed");
    assert_eq!(
        cluster.take_events(),
        [
            "Warning VolumeFailedDelete manual: host_path deleter only supports /tmp/.+ but received provided /srv/manual"
        ]
    );
}

#[test]
fn a_claim_may_name_its_volume() {
    let mut cluster = TestCluster::new();
    add_claim(
        &mut cluster,
        "data",
        r#","storageClassName":"","volumeName":"manual""#,
    );
    add_claim(
        &mut cluster,
        "late",
        r#","storageClassName":"","volumeName":"manual""#,
    );
    sync(&mut cluster, "data");
    assert!(cluster.take_writes().is_empty());
    add_volume(&mut cluster, "manual", "500Mi", r#""ReadWriteOnce""#, "");
    sync(&mut cluster, "data");
    assert_eq!(
        cluster.take_events(),
        [
            r#"Warning VolumeMismatch data: Cannot bind to requested volume "manual": requested PV is too small"#
        ]
    );
    cluster.change(VOLUME, "manual", |tree| {
        tree.set(&["spec", "capacity", "storage"], "1Gi")
    });
    sync(&mut cluster, "data");
    assert_eq!(phase(&cluster, CLAIM, "data"), "Bound");
    // The name was the user's, so only the binding is the controller's.
    assert_eq!(
        cluster
            .object(CLAIM, "data")
            .meta
            .annotation(BOUND_BY_CONTROLLER),
        None
    );
    sync(&mut cluster, "late");
    assert_eq!(
        cluster.take_events(),
        [r#"Warning FailedBinding late: volume "manual" already bound to a different claim."#]
    );
}

#[test]
fn a_driver_from_outside_makes_and_deletes_volumes_too() {
    let mut cluster = cluster_with_class(
        r#"{"metadata":{"name":"standard"},"provisioner":"ebs.csi.aws.com","reclaimPolicy":"Delete"}"#,
    );
    let claim = add_claim(&mut cluster, "data", r#","storageClassName":"standard""#);
    let volume = format!("pvc-{}", claim.meta.uid);
    external::reconcile_claim(&mut cluster, "default", "data");
    assert!(cluster.take_writes().is_empty());
    sync(&mut cluster, "data");
    assert!(cluster.take_events()[0].starts_with(
        "Normal ExternalProvisioning data: Waiting for a volume to be created either by the external provisioner 'ebs.csi.aws.com' or manually"
    ));
    external::reconcile_claim(&mut cluster, "default", "data");
    assert_eq!(cluster.take_events().len(), 2);
    sync(&mut cluster, "data");
    assert_eq!(phase(&cluster, CLAIM, "data"), "Bound");
    cluster.remove(CLAIM, "data", &DeleteOptions::default());
    protection::reconcile_claim(&mut cluster, "default", "data");
    reclaim::reconcile_volume(&mut cluster, &volume);
    assert!(cluster.has(VOLUME, &volume));
    external::reconcile_volume(&mut cluster, &volume);
    protection::reconcile_volume(&mut cluster, &volume);
    assert!(!cluster.has(VOLUME, &volume));
}

/// Corpus C-patch-115 and transcript 42-pvc-resize.
#[test]
fn protection_comes_back_and_growth_is_left_to_others() {
    let mut cluster = cluster_with_class(&standard(r#","allowVolumeExpansion":true"#));
    add_claim(&mut cluster, "data", r#","storageClassName":"standard""#);
    sync(&mut cluster, "data");
    sync(&mut cluster, "data");
    cluster.take_events();
    cluster.change(CLAIM, "data", |tree| {
        tree.remove(&["metadata", "finalizers"]);
        tree.set(&["spec", "resources", "requests", "storage"], "2Gi");
    });
    protection::reconcile_claim(&mut cluster, "default", "data");
    let claim = cluster.object(CLAIM, "data");
    assert!(claim.meta.has_finalizer("kubernetes.io/pvc-protection"));
    expand::reconcile(&mut cluster, "default", "data");
    assert_eq!(
        cluster.take_events(),
        ["Normal ExternalExpanding data: waiting for an external controller to expand this PVC"]
    );
}
