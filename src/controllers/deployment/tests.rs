use super::*;
use crate::api::Millis;
use crate::controllers::replicaset;
use crate::controllers::test_cluster::TestCluster;

fn cluster_with(replicas: i64, more: &str) -> TestCluster {
    let mut cluster = TestCluster::new();
    let json = format!(
        r#"{{"metadata":{{"name":"web"}},"spec":{{"replicas":{replicas},"progressDeadlineSeconds":600,"revisionHistoryLimit":10,
          "selector":{{"matchLabels":{{"app":"nginx"}}}},
          "template":{{"metadata":{{"labels":{{"app":"nginx"}}}},
            "spec":{{"containers":[{{"name":"nginx","image":"nginx:1"}}]}}}}{more}}}}}"#
    );
    cluster.add(Kind::Deployment, &json);
    cluster
}

fn set_image(cluster: &mut TestCluster, image: &str) {
    let container = Value::map([("name", "nginx".into()), ("image", image.into())]);
    cluster.change(Kind::Deployment, "web", |tree| {
        tree.set(&["spec", "template", "spec", "containers"], vec![container]);
    });
}

/// Passes of both controllers and of a kubelet that makes every Pod Ready at once, but for bad images,
/// until nothing is written; answers the events of the Deployment.
fn settle(cluster: &mut TestCluster) -> Vec<String> {
    cluster.take_writes();
    for _ in 0..60 {
        cluster.time = cluster.time.plus(100);
        reconcile(cluster, "default", "web");
        for set in cluster.list(Kind::ReplicaSet, "default") {
            replicaset::reconcile(cluster, "default", set.name());
        }
        let wrote = !cluster.take_writes().is_empty();
        let ran = kubelet(cluster);
        if !wrote && !ran {
            let events = cluster.take_events();
            let scaled = events
                .iter()
                .filter_map(|event| event.strip_prefix("Normal ScalingReplicaSet web: "));
            return scaled.map(str::to_owned).collect();
        }
    }
    panic!("does not settle: {}", status(cluster));
}

fn kubelet(cluster: &mut TestCluster) -> bool {
    let mut ran = false;
    for pod in cluster.list(Kind::Pod, "default") {
        let image = pod.tree().items_at(&["spec", "containers"])[0].str_at(&["image"]);
        if pod.meta.terminating() {
            let now = DeleteOptions {
                grace: Some(0),
                ..DeleteOptions::default()
            };
            cluster.remove(Kind::Pod, pod.name(), &now);
            ran = true;
        } else if image != Some("bad") && !pod.pod().is_some_and(|view| view.ready.ready) {
            let since = cluster.time;
            cluster.change(Kind::Pod, pod.name(), |tree| {
                tree.set(&["spec", "nodeName"], "node-1");
                tree.set(&["status", "phase"], "Running");
                let condition = Value::map([
                    ("type", "Ready".into()),
                    ("status", "True".into()),
                    ("lastTransitionTime", since.into()),
                ]);
                tree.set(&["status", "conditions"], vec![condition]);
            });
            ran = true;
        }
    }
    ran
}

fn status(cluster: &TestCluster) -> String {
    let deployment = cluster.object(Kind::Deployment, "web");
    let mut status = deployment.tree().get("status").cloned().unwrap_or_default();
    for condition in status.slot(&["conditions"]).make_list() {
        condition.remove(&["lastTransitionTime"]);
        condition.remove(&["lastUpdateTime"]);
    }
    status.to_go_json()
}

/// The ReplicaSets: revision and size, by revision.
fn sizes(cluster: &TestCluster) -> Vec<(i64, i64)> {
    let sets = cluster.list(Kind::ReplicaSet, "default");
    let mut sizes: Vec<(i64, i64)> = sets
        .iter()
        .map(|set| (sets::revision(set), replicas_of(set)))
        .collect();
    sizes.sort_unstable();
    sizes
}

fn name_of(cluster: &TestCluster, revision: i64) -> String {
    let sets = cluster.list(Kind::ReplicaSet, "default");
    let set = sets.iter().find(|set| sets::revision(set) == revision);
    set.map(|set| set.name().to_string()).unwrap_or_default()
}

/// Transcript 30-deployment-contrast, from the creation to the undo.
#[test]
fn a_rollout_goes_up_and_down_in_turns_and_back() {
    let mut cluster = cluster_with(3, "");
    reconcile(&mut cluster, "default", "web");
    let first = name_of(&cluster, 1);
    assert_eq!(
        cluster.take_writes()[..2],
        [
            format!("create replicasets {first}"),
            "update deployments/status web".into()
        ]
    );
    assert!(
        first
            .strip_prefix("web-")
            .is_some_and(|hash| hash.chars().all(|c| "456789bcdf".contains(c)))
    );
    assert_eq!(
        settle(&mut cluster),
        [format!("Scaled up replica set {first} from 0 to 3")]
    );
    assert_eq!(
        status(&cluster),
        format!(
            r#"{{"availableReplicas":3,"conditions":[{{"message":"Deployment has minimum availability.","reason":"MinimumReplicasAvailable","status":"True","type":"Available"}},{{"message":"ReplicaSet \"{first}\" has successfully progressed.","reason":"NewReplicaSetAvailable","status":"True","type":"Progressing"}}],"observedGeneration":1,"readyReplicas":3,"replicas":3,"terminatingReplicas":0,"updatedReplicas":3}}"#
        )
    );
    set_image(&mut cluster, "nginx:2");
    let events = settle(&mut cluster);
    let second = name_of(&cluster, 2);
    assert_eq!(
        events,
        [
            format!("Scaled up replica set {second} from 0 to 1"),
            format!("Scaled down replica set {first} from 3 to 2"),
            format!("Scaled up replica set {second} from 1 to 2"),
            format!("Scaled down replica set {first} from 2 to 1"),
            format!("Scaled up replica set {second} from 2 to 3"),
            format!("Scaled down replica set {first} from 1 to 0"),
        ]
    );
    assert_eq!(sizes(&cluster), [(1, 0), (2, 3)]);
    let deployment = cluster.object(Kind::Deployment, "web");
    assert_eq!(sets::revision(&deployment), 2);
    cluster.change(Kind::Deployment, "web", |tree| {
        tree.set(&["spec", "replicas"], 1)
    });
    assert_eq!(
        settle(&mut cluster),
        [format!("Scaled down replica set {second} from 3 to 1")]
    );
    set_image(&mut cluster, "nginx:1");
    assert_eq!(
        settle(&mut cluster),
        [
            format!("Scaled up replica set {first} from 0 to 1"),
            format!("Scaled down replica set {second} from 1 to 0"),
        ]
    );
    assert_eq!(sizes(&cluster), [(2, 0), (3, 1)]);
    let set = cluster.object(Kind::ReplicaSet, &first);
    assert_eq!(
        set.meta
            .annotation("deployment.kubernetes.io/revision-history"),
        Some("1")
    );
    assert!(status(&cluster).contains(r#""observedGeneration":4"#));
}

/// The same: a bad image leaves the old Pods alone, and an undo removes the bad ones (R16.7).
#[test]
fn a_bad_image_keeps_the_old_pods() {
    let mut cluster = cluster_with(3, "");
    settle(&mut cluster);
    set_image(&mut cluster, "bad");
    settle(&mut cluster);
    assert_eq!(sizes(&cluster), [(1, 3), (2, 1)]);
    let stuck = status(&cluster);
    assert!(stuck.contains(r#""unavailableReplicas":1"#), "{stuck}");
    assert!(
        stuck.contains("is progressing.") || stuck.contains("NewReplicaSetCreated"),
        "{stuck}"
    );
    // The deadline passes.
    let deadline: Millis = 602_000;
    cluster.time = cluster.time.plus(deadline);
    settle(&mut cluster);
    assert!(status(&cluster).contains(r#""reason":"ProgressDeadlineExceeded","status":"False""#));
    set_image(&mut cluster, "nginx:1");
    settle(&mut cluster);
    assert_eq!(sizes(&cluster), [(2, 0), (3, 3)]);
    assert!(status(&cluster).contains("NewReplicaSetAvailable"));
}

#[test]
fn recreate_removes_the_old_pods_first() {
    let mut cluster = cluster_with(2, r#","strategy":{"type":"Recreate"}"#);
    settle(&mut cluster);
    set_image(&mut cluster, "nginx:2");
    let (first, events) = (name_of(&cluster, 1), settle(&mut cluster));
    let second = name_of(&cluster, 2);
    assert_eq!(
        events,
        [
            format!("Scaled down replica set {first} from 2 to 0"),
            format!("Scaled up replica set {second} from 0 to 2"),
        ]
    );
}

#[test]
fn a_paused_rollout_scales_in_proportion_and_history_is_cut() {
    let mut cluster = cluster_with(
        10,
        r#","strategy":{"rollingUpdate":{"maxSurge":3,"maxUnavailable":2}}"#,
    );
    settle(&mut cluster);
    set_image(&mut cluster, "bad");
    settle(&mut cluster);
    assert_eq!(sizes(&cluster), [(1, 8), (2, 5)]);
    cluster.change(Kind::Deployment, "web", |tree| {
        tree.set(&["spec", "replicas"], 15);
        tree.set(&["spec", "paused"], true);
    });
    settle(&mut cluster);
    // The example of the documentation: of five more, three go to the larger one.
    assert_eq!(sizes(&cluster), [(1, 11), (2, 7)]);
    assert!(status(&cluster).contains("DeploymentPaused"));
    cluster.change(Kind::Deployment, "web", |tree| {
        tree.set(&["spec", "paused"], false);
        tree.set(&["spec", "revisionHistoryLimit"], 1);
    });
    for image in ["nginx:2", "nginx:3"] {
        set_image(&mut cluster, image);
        settle(&mut cluster);
    }
    assert_eq!(sizes(&cluster), [(3, 0), (4, 15)]);
}
