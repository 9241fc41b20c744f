//! The controllers around the StatefulSet's, in the world.

use super::{apply, ready_pods, run};
use crate::api::{DeleteOptions, Key, Kind, Time, Value};
use crate::sim::{Settings, Verb, Who, World};
use crate::store::fields::Writer;

const DEPLOYMENT: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 3
  selector: {matchLabels: {app: nginx}}
  template:
    metadata: {labels: {app: nginx}}
    spec:
      containers:
      - {name: nginx, image: registry.k8s.io/nginx-slim:0.21}
      volumes:
      - {name: www, persistentVolumeClaim: {claimName: www}}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: www}
spec:
  accessModes: [ReadWriteOnce]
  resources: {requests: {storage: 1Gi}}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web}
spec:
  maxUnavailable: 1
  selector: {matchLabels: {app: nginx}}
";

fn seconds(n: i64) -> Time {
    Time::EPOCH.plus(n * 1000)
}

fn change(world: &mut World, kind: Kind, name: &str, change: impl FnOnce(&mut Value)) {
    let object = world.store().find(kind, "default", name).expect(name);
    let mut tree = object.tree().clone();
    change(&mut tree);
    world
        .update(kind, tree, &Writer::component("kubectl"), false)
        .expect("accepted");
}

fn status(world: &World, kind: Kind, name: &str) -> Value {
    let object = world.store().find(kind, "default", name).expect(name);
    object.tree().get("status").cloned().unwrap_or_default()
}

/// The writes of controllers since `from`: verb and kind, neighbours that are equal once.
fn writes(world: &World, from: Time, kinds: &[Kind]) -> Vec<String> {
    let mut lines: Vec<String> = world
        .writes()
        .iter()
        .filter(|write| write.at >= from && kinds.contains(&write.key.kind))
        .filter(|write| matches!(write.who, Who::Controller(_)))
        .map(|write| {
            format!(
                "{} {:?} {}",
                write.who.name(),
                write.verb,
                write.key.kind.plural()
            )
        })
        .collect();
    lines.dedup();
    lines
}

/// Transcript 30-deployment-contrast: created, a Pod deleted, rolled out, deleted.
#[test]
fn a_deployment_rolls_and_goes() {
    let mut world = World::new(Settings::default());
    apply(&mut world, DEPLOYMENT);
    run(&mut world, seconds(8));
    assert_eq!(ready_pods(&world), 3);
    let now = status(&world, Kind::Deployment, "web");
    assert_eq!(now.int_at(&["availableReplicas"]), Some(3));
    let budget = status(&world, Kind::PodDisruptionBudget, "web");
    assert_eq!(budget.int_at(&["expectedPods"]), Some(3));
    assert_eq!(budget.int_at(&["disruptionsAllowed"]), Some(1));

    let pod = world
        .store()
        .list(Kind::Pod, "default")
        .next()
        .expect("a Pod")
        .key();
    world
        .delete(&pod, &DeleteOptions::default(), false)
        .expect("deleted");
    run(&mut world, seconds(14));
    assert_eq!(ready_pods(&world), 3);

    change(&mut world, Kind::Deployment, "web", |tree| {
        let image = "registry.k8s.io/nginx-slim:0.24";
        let container = Value::map([("name", "nginx".into()), ("image", image.into())]);
        tree.set(&["spec", "template", "spec", "containers"], vec![container]);
    });
    run(&mut world, seconds(30));
    let sizes: Vec<i64> = world
        .store()
        .list(Kind::ReplicaSet, "default")
        .filter_map(|set| set.tree().int_at(&["status", "replicas"]))
        .collect();
    assert_eq!(sizes.iter().sum::<i64>(), 3);
    assert_eq!(sizes.len(), 2);
    assert_eq!(ready_pods(&world), 3);
    assert_eq!(world.next_foreground(), None);

    let key = Key::new(Kind::Deployment, "default", "web");
    world
        .delete(&key, &DeleteOptions::default(), false)
        .expect("deleted");
    run(&mut world, seconds(40));
    for kind in [Kind::ReplicaSet, Kind::Pod] {
        assert_eq!(world.store().list(kind, "default").count(), 0, "{kind}");
    }
}

/// Transcripts 01-create and 13-cleanup: a claim is provisioned for, and its volume goes with it.
#[test]
fn a_claim_and_its_volume_come_and_go() {
    let mut world = World::new(Settings::default());
    apply(
        &mut world,
        DEPLOYMENT.split("---").nth(1).expect("the claim"),
    );
    run(&mut world, seconds(3));
    let kinds = [Kind::PersistentVolumeClaim, Kind::PersistentVolume];
    assert_eq!(
        writes(&world, Time::EPOCH, &kinds),
        [
            "persistentvolume-controller Update persistentvolumeclaims",
            "persistentvolume-controller Create persistentvolumes",
            "persistentvolume-controller UpdateStatus persistentvolumes",
            "persistentvolume-controller Update persistentvolumeclaims",
            "persistentvolume-controller UpdateStatus persistentvolumeclaims",
        ]
    );
    let claim = Key::new(Kind::PersistentVolumeClaim, "default", "www");
    world
        .delete(&claim, &DeleteOptions::default(), false)
        .expect("deleted");
    run(&mut world, seconds(6));
    assert_eq!(
        writes(&world, seconds(3), &kinds),
        [
            "pvc-protection-controller Update persistentvolumeclaims",
            "persistentvolume-controller UpdateStatus persistentvolumes",
            "persistentvolume-controller Update persistentvolumes",
            "persistentvolume-controller Delete persistentvolumes",
            "pv-protection-controller Update persistentvolumes",
        ]
    );
    assert_eq!(world.store().list(Kind::PersistentVolume, "").count(), 0);
    assert_eq!(world.next_foreground(), None);
}

/// Transcript 20-missing-storageclass: a volume made by hand is free until the next resync.
#[test]
fn a_volume_made_by_hand_waits_for_the_resync() {
    let mut world = World::new(Settings::default());
    let claim = DEPLOYMENT.split("---").nth(1).expect("the claim");
    apply(
        &mut world,
        &claim.replace("spec:", "spec:\n  storageClassName: by-hand"),
    );
    run(&mut world, seconds(5));
    apply(
        &mut world,
        "{apiVersion: v1, kind: PersistentVolume, metadata: {name: pv-1}, spec: {storageClassName: by-hand,
          capacity: {storage: 1Gi}, accessModes: [ReadWriteOnce], hostPath: {path: /srv/1}}}",
    );
    run(&mut world, seconds(14));
    let phase = |world: &World| {
        status(world, Kind::PersistentVolumeClaim, "www")
            .str_at(&["phase"])
            .map(str::to_owned)
    };
    assert_eq!(phase(&world).as_deref(), Some("Pending"));
    assert_eq!(world.store().list(Kind::PersistentVolume, "").count(), 1);
    run(&mut world, seconds(16));
    assert_eq!(phase(&world).as_deref(), Some("Bound"));
    let made = world
        .writes()
        .iter()
        .filter(|write| write.verb == Verb::Create)
        .count();
    assert_eq!(made, 2);
}
