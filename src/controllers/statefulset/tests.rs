//! The whole controller against an API server: what the recordings do not reach.

use super::cache::Known;
use super::{Action, Cache, Gates, POD_NAME_LABEL, REVISION_LABEL, Reason, adoption, reconcile};
use crate::api::{DeleteOptions, Kind, Propagation, Time, Value};
use crate::controllers::Cluster;
use crate::controllers::test_cluster::TestCluster;

const SET: &str = r#"{
    "metadata": {"name": "web", "namespace": "default"},
    "spec": {
        "replicas": 2, "serviceName": "nginx",
        "selector": {"matchLabels": {"app": "nginx"}},
        "template": {
            "metadata": {"labels": {"app": "nginx"}},
            "spec": {"containers": [{"name": "nginx", "image": "nginx:1"}]}
        }
    }
}"#;

fn pass(cluster: &mut TestCluster) -> Action {
    cluster.writes.clear();
    cluster.decisions.clear();
    reconcile(
        cluster,
        "default",
        "web",
        Gates::default(),
        &mut Cache::default(),
    )
}

fn make_ready(cluster: &mut TestCluster, pod: &str, since: Time) {
    // A Pod that is on no node has no grace period: a deletion would remove it at once.
    let placed = cluster.object(Kind::Pod, pod);
    if placed.pod().is_some_and(|view| view.node.is_empty()) {
        let bound = cluster.bind("default", pod, "node-1", Reason::Kubelet);
        assert_eq!(bound, Ok(()));
    }
    cluster.change(Kind::Pod, pod, |tree| {
        tree.set(&["status", "phase"], "Running");
        let condition = Value::map([
            ("type", Value::from("Ready")),
            ("status", Value::from("True")),
            ("lastTransitionTime", Value::from(since)),
        ]);
        tree.set(&["status", "conditions"], vec![condition]);
    });
}

/// A set of two Ready Pods at rest.
fn running() -> TestCluster {
    let mut cluster = TestCluster::new();
    cluster.add(Kind::StatefulSet, SET);
    for pod in ["web-0", "web-1"] {
        assert_eq!(pass(&mut cluster), Action::DONE);
        make_ready(&mut cluster, pod, Time::EPOCH);
    }
    pass(&mut cluster);
    pass(&mut cluster);
    cluster
}

fn decisions(cluster: &mut TestCluster) -> Vec<Reason> {
    assert_eq!(pass(cluster), Action::DONE);
    cluster.decisions.clone()
}

#[test]
fn pods_are_created_in_order_and_the_wait_is_told() {
    let mut cluster = TestCluster::new();
    cluster.add(Kind::StatefulSet, SET);
    pass(&mut cluster);
    let revision = "web-";
    assert!(cluster.writes[0].starts_with(&format!("create controllerrevisions {revision}")));
    assert_eq!(
        cluster.writes[1..],
        ["create pods web-0", "update statefulsets/status web"]
    );
    assert_eq!(cluster.decisions, []);
    let waiting = Reason::WaitReadyToCreate {
        pod: "web-0".into(),
        next: "web-1".into(),
    };
    assert_eq!(decisions(&mut cluster), [waiting]);
    make_ready(&mut cluster, "web-0", Time::EPOCH);
    assert_eq!(decisions(&mut cluster), []);
    assert_eq!(cluster.writes[0], "create pods web-1");
    make_ready(&mut cluster, "web-1", Time::EPOCH);
    assert_eq!(decisions(&mut cluster), [Reason::Stable { replicas: 2 }]);
    pass(&mut cluster);
    assert_eq!(pass(&mut cluster), Action::DONE);
    assert_eq!(cluster.writes, [""; 0]);
}

#[test]
fn an_update_tells_what_it_waits_for() {
    let mut cluster = running();
    cluster.change(Kind::StatefulSet, "web", |tree| {
        let containers = r#"[{"name": "nginx", "image": "nginx:2"}]"#;
        let containers = Value::from_json(containers).expect("JSON");
        tree.set(&["spec", "template", "spec", "containers"], containers);
    });
    pass(&mut cluster);
    assert_eq!(cluster.writes[1], "delete pods web-1");
    let going = Reason::WaitTerminating {
        pod: "web-1".into(),
    };
    assert_eq!(decisions(&mut cluster), [going]);
    let now = DeleteOptions {
        grace: Some(0),
        ..DeleteOptions::default()
    };
    cluster.remove(Kind::Pod, "web-1", &now);
    pass(&mut cluster);
    let waiting = Reason::WaitToUpdate {
        pod: "web-1".into(),
        next: "web-0".into(),
    };
    assert_eq!(decisions(&mut cluster), [waiting]);
}

#[test]
fn a_partition_and_on_delete_hold_pods_back() {
    let change_image = |tree: &mut Value| {
        let containers = r#"[{"name": "nginx", "image": "nginx:2"}]"#;
        let containers = Value::from_json(containers).expect("JSON");
        tree.set(&["spec", "template", "spec", "containers"], containers);
    };
    let mut cluster = running();
    cluster.change(Kind::StatefulSet, "web", |tree| {
        tree.set(&["spec", "updateStrategy", "rollingUpdate", "partition"], 2);
        change_image(tree);
    });
    let held = Reason::Partition {
        partition: 2,
        held: 2,
    };
    assert_eq!(decisions(&mut cluster), [held]);
    cluster.change(Kind::StatefulSet, "web", |tree| {
        let strategy = Value::map([("type", Value::from("OnDelete"))]);
        tree.set(&["spec", "updateStrategy"], strategy);
    });
    assert_eq!(decisions(&mut cluster), [Reason::OnDelete { outdated: 2 }]);
}

#[test]
fn min_ready_seconds_asks_for_another_look() {
    let mut cluster = running();
    cluster.time = Time::EPOCH.plus(4000);
    cluster.change(Kind::StatefulSet, "web", |tree| {
        tree.set(&["spec", "minReadySeconds"], 10);
    });
    assert_eq!(pass(&mut cluster), Action::requeue(6000));
    let waiting = Reason::WaitAvailable {
        pod: "web-0".into(),
        seconds: 10,
    };
    assert_eq!(cluster.decisions, [waiting]);
}

#[test]
fn a_parallel_set_and_a_scale_down_tell_what_they_wait_for() {
    let mut cluster = TestCluster::new();
    let mut tree = Value::from_json(SET).expect("JSON");
    tree.set(&["spec", "podManagementPolicy"], "Parallel");
    cluster.add(Kind::StatefulSet, &tree.to_go_json());
    assert_eq!(decisions(&mut cluster), []);
    make_ready(&mut cluster, "web-0", Time::EPOCH);
    let waiting = Reason::WaitAllReady {
        pod: "web-1".into(),
        ready: 1,
        replicas: 2,
    };
    assert_eq!(decisions(&mut cluster), [waiting]);

    let mut cluster = running();
    cluster.change(Kind::Pod, "web-0", |tree| {
        tree.remove(&["status", "conditions"]);
    });
    let scale = |tree: &mut Value| tree.set(&["spec", "replicas"], 1);
    cluster.change(Kind::StatefulSet, "web", scale);
    let unhealthy = Reason::WaitUnhealthyToScale {
        pod: "web-1".into(),
        blocked: "web-0".into(),
    };
    assert_eq!(decisions(&mut cluster), [unhealthy]);
    make_ready(&mut cluster, "web-0", Time::EPOCH);
    assert_eq!(decisions(&mut cluster), []);
    let gone = Reason::WaitGone {
        pod: "web-1".into(),
    };
    assert_eq!(decisions(&mut cluster), [gone]);
}

/// Deleting a set without its Pods and making it again changes nothing about them: the revision has the
/// same data, so the same name (transcript 10a-delete-orphan).
#[test]
fn orphans_are_adopted_and_nothing_restarts() {
    let mut cluster = running();
    let uid = cluster.object(Kind::Pod, "web-0").meta.uid.clone();
    for (kind, name) in [(Kind::Pod, "web-0"), (Kind::Pod, "web-1")] {
        cluster.change(kind, name, |tree| {
            tree.remove(&["metadata", "ownerReferences"]);
        });
    }
    let revision = cluster.object(Kind::StatefulSet, "web");
    let revision = revision.set().map(|v| v.status.update_revision.clone());
    let revision = revision.expect("a set");
    cluster.change(Kind::ControllerRevision, &revision, |tree| {
        tree.remove(&["metadata", "ownerReferences"]);
    });
    let orphan = DeleteOptions {
        propagation: Propagation::Background,
        ..DeleteOptions::default()
    };
    cluster.remove(Kind::StatefulSet, "web", &orphan);
    let set = cluster.add(Kind::StatefulSet, SET);
    assert_eq!(pass(&mut cluster), Action::DONE);
    let adopted = format!("update controllerrevisions {revision}");
    let expected = [
        adopted.as_str(),
        "update pods web-0",
        "update pods web-1",
        "update statefulsets/status web",
    ];
    assert_eq!(cluster.writes, expected);
    let pod = cluster.object(Kind::Pod, "web-0");
    assert_eq!(pod.meta.uid, uid);
    assert!(pod.meta.controlled_by(&set.meta.uid));
    assert_eq!(pod.meta.label(REVISION_LABEL), Some(revision.as_str()));
}

/// A Pod whose label no longer matches is released, and its name is then in the way (transcript 59).
#[test]
fn a_relabelled_pod_is_released_and_blocks_its_name() {
    let mut cluster = running();
    cluster.change(Kind::Pod, "web-0", |tree| {
        tree.set(&["metadata", "labels", "app"], "other");
    });
    let action = pass(&mut cluster);
    assert_eq!(
        action.error.as_deref(),
        Some(r#"pods "web-0" already exists"#)
    );
    assert_eq!(
        cluster.writes[..2],
        ["update pods web-0", "create pods web-0 AlreadyExists"]
    );
    assert_eq!(cluster.object(Kind::Pod, "web-0").meta.owners.len(), 0);
    let failed = Reason::Failed {
        error: r#"pods "web-0" already exists"#.into(),
    };
    assert_eq!(cluster.decisions, [failed]);
    cluster.change(Kind::Pod, "web-0", |tree| {
        tree.set(&["metadata", "labels", "app"], "nginx");
    });
    assert_eq!(pass(&mut cluster), Action::DONE);
    assert_eq!(cluster.writes[0], "update pods web-0");
}

#[test]
fn a_set_that_is_gone_adopts_nothing() {
    let mut cluster = running();
    let old = cluster.object(Kind::StatefulSet, "web");
    let view = old.set().expect("a set");
    cluster.change(Kind::Pod, "web-0", |tree| {
        tree.remove(&["metadata", "ownerReferences"]);
    });
    cluster.remove(Kind::StatefulSet, "web", &DeleteOptions::default());
    cluster.add(Kind::StatefulSet, SET);
    cluster.writes.clear();
    let mut known = Known::read(&cluster, &old, view);
    let refused = adoption::claim_pods(&mut cluster, &old, view, &mut known);
    let refused = refused.expect_err("another uid");
    let text = refused.to_string();
    assert!(
        text.starts_with("can't adopt Pod default/web-0 ("),
        "{text}"
    );
    assert!(
        text.contains("original StatefulSet default/web is gone: got uid "),
        "{text}"
    );
    assert_eq!(cluster.writes, [""; 0]);
}

#[test]
fn a_pod_with_a_wrong_name_label_is_repaired() {
    let mut cluster = running();
    cluster.change(Kind::Pod, "web-1", |tree| {
        tree.remove(&["metadata", "labels", POD_NAME_LABEL]);
    });
    pass(&mut cluster);
    assert_eq!(cluster.writes, ["update pods web-1"]);
    let pod = cluster.object(Kind::Pod, "web-1");
    assert_eq!(pod.meta.label(POD_NAME_LABEL), Some("web-1"));
}

#[test]
fn a_missing_set_needs_nothing() {
    let mut cluster = TestCluster::new();
    assert_eq!(pass(&mut cluster), Action::DONE);
    assert_eq!(cluster.writes, [""; 0]);
}

/// A source of numbers for the walk below; the same ones each time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

/// One thing that a user, the kubelet or the garbage collector might do.
fn disturb(cluster: &mut TestCluster, numbers: &mut Numbers) {
    let pod = format!("web-{}", numbers.below(5));
    let claim = format!("www-{pod}");
    let there = cluster.has(Kind::Pod, &pod);
    let grace = DeleteOptions {
        grace: (numbers.below(2) == 0).then_some(0),
        ..DeleteOptions::default()
    };
    match numbers.below(12) {
        0..=4 if there => make_ready(cluster, &pod, Time::EPOCH),
        5 if there => cluster.remove(Kind::Pod, &pod, &grace),
        6 if there => cluster.change(Kind::Pod, &pod, |tree| {
            tree.set(&["metadata", "labels", "app"], "other");
        }),
        7 if there => cluster.change(Kind::Pod, &pod, |tree| {
            tree.remove(&["metadata", "ownerReferences"]);
            tree.set(&["metadata", "labels", "app"], "nginx");
        }),
        8 if there => cluster.change(Kind::Pod, &pod, |tree| {
            tree.remove(&["metadata", "labels", POD_NAME_LABEL]);
        }),
        9 if cluster.has(Kind::PersistentVolumeClaim, &claim) => {
            cluster.change(Kind::PersistentVolumeClaim, &claim, |tree| {
                tree.remove(&["metadata", "ownerReferences"]);
            });
        }
        10 => {
            let replicas = i32::try_from(numbers.below(5)).expect("small");
            let image = format!("nginx:{}", numbers.below(3));
            let policy = ["Retain", "Delete"][usize::from(numbers.below(2) == 0)];
            cluster.change(Kind::StatefulSet, "web", |tree| {
                tree.set(&["spec", "replicas"], replicas);
                let containers = [("name", Value::from("nginx")), ("image", image.into())];
                let containers = vec![Value::map(containers)];
                tree.set(&["spec", "template", "spec", "containers"], containers);
                let retention = [
                    "spec",
                    "persistentVolumeClaimRetentionPolicy",
                    "whenDeleted",
                ];
                tree.set(&retention, policy);
            });
        }
        _ => {}
    }
}

/// What is remembered between passes changes nothing: after any course of things a pass with it does what
/// one without it does.
#[test]
fn what_is_remembered_changes_nothing() {
    for seed in 0..20 {
        let mut numbers = Numbers(seed);
        let mut cluster = TestCluster::new();
        let claims = r#"[{"metadata": {"name": "www"}, "spec": {"accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "1Gi"}}}}]"#;
        let mut tree = Value::from_json(SET).expect("JSON");
        let claims = Value::from_json(claims).expect("JSON");
        tree.set(&["spec", "volumeClaimTemplates"], claims);
        let policy = ["OrderedReady", "Parallel"][usize::from(seed % 2 == 0)];
        tree.set(&["spec", "podManagementPolicy"], policy);
        cluster.add(Kind::StatefulSet, &tree.to_go_json());
        let mut cache = Cache::default();
        for step in 0..100 {
            disturb(&mut cluster, &mut numbers);
            let mut other = TestCluster::new();
            other.store = cluster.store.clone();
            let fresh = pass(&mut other);
            cluster.take_writes();
            cluster.decisions.clear();
            let (gates, before) = (Gates::default(), cluster.store.clone());
            let action = reconcile(&mut cluster, "default", "web", gates, &mut cache);
            assert_eq!(action, fresh, "seed {seed} step {step}");
            assert_eq!(cluster.writes, other.writes, "seed {seed} step {step}");
            assert_eq!(
                cluster.decisions, other.decisions,
                "seed {seed} step {step}"
            );
            if numbers.below(4) == 0 {
                // What a pass planned may come to nothing, as someone else wrote first.
                cluster.store = before;
            }
        }
    }
}
