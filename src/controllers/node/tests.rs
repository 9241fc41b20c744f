use super::*;
use crate::controllers::test_cluster::TestCluster;

const NODE: &str = r#"{"metadata":{"name":"node-1"},"status":{"conditions":[
    {"type":"MemoryPressure","status":"False"},{"type":"Ready","status":"True"}]}}"#;
/// The tolerations that admission gives every Pod.
const PATIENT: &str = r#"[
    {"key":"node.kubernetes.io/not-ready","operator":"Exists","effect":"NoExecute","tolerationSeconds":300},
    {"key":"node.kubernetes.io/unreachable","operator":"Exists","effect":"NoExecute","tolerationSeconds":300}]"#;

/// A cluster of one node with one Pod, `web-0`, that is ready there.
fn cluster(tolerations: &str) -> TestCluster {
    let mut cluster = TestCluster::new();
    cluster.add(Kind::Node, NODE);
    let pod = format!(
        r#"{{"metadata":{{"name":"web-0"}},"spec":{{"nodeName":"node-1","tolerations":{tolerations}}},
          "status":{{"phase":"Running","conditions":[{{"type":"Ready","status":"True"}}]}}}}"#
    );
    cluster.add(Kind::Pod, &pod);
    cluster
}

fn node(cluster: &TestCluster) -> Arc<Object> {
    cluster.get(Kind::Node, "", "node-1").expect("node-1")
}

/// `NoSchedule node.kubernetes.io/unreachable` of each taint, in order.
fn taints(cluster: &TestCluster) -> Vec<String> {
    let node = node(cluster);
    let taints = node.tree().items_at(&["spec", "taints"]).iter();
    taints
        .map(|taint| {
            let text = |key: &str| taint.str_at(&[key]).unwrap_or_default().to_owned();
            format!("{} {}", text("effect"), text("key"))
        })
        .collect()
}

/// The reason of the Pod's condition DisruptionTarget.
fn target(pod: &Object) -> Option<&str> {
    let conditions = pod.tree().items_at(&["status", "conditions"]).iter();
    let mut targets = conditions.filter(|c| c.str_at(&["type"]) == Some("DisruptionTarget"));
    targets.next()?.str_at(&["reason"])
}

fn taint_node(cluster: &mut TestCluster, taint: &str) {
    let mut tree = node(cluster).tree().clone();
    let taint = Value::from_json(taint).expect("JSON of the test");
    tree.set(&["spec", "taints"], Value::list([taint]));
    cluster
        .update(Kind::Node, tree, Reason::NodeTaint)
        .expect("tainted");
    cluster.take_writes();
}

/// Recordings 28a to 28e: the verdict comes 45 s after the death, and not before.
#[test]
fn a_silent_node_is_given_time_and_then_marked() {
    let mut cluster = cluster(PATIENT);
    let died = cluster.time;
    cluster.time = died.plus(GRACE - 1);
    let action = reconcile(&mut cluster, "node-1", Some(died));
    assert_eq!(action, Action::requeue(1));
    assert!(cluster.take_writes().is_empty());

    cluster.time = died.plus(GRACE);
    assert_eq!(reconcile(&mut cluster, "node-1", Some(died)), Action::DONE);
    assert_eq!(ready_status(&node(&cluster)), Some("Unknown"));
    assert_eq!(
        taints(&cluster),
        [
            "NoSchedule node.kubernetes.io/unreachable",
            "NoExecute node.kubernetes.io/unreachable"
        ]
    );
    assert!(
        !cluster
            .object(Kind::Pod, "web-0")
            .pod()
            .expect("a Pod")
            .ready
            .ready
    );
    assert_eq!(
        cluster.take_events(),
        [
            "Normal NodeNotReady node-1: Node node-1 status is now: NodeNotReady",
            "Warning NodeNotReady web-0: Node is not ready"
        ]
    );
    cluster.take_writes();
    reconcile(&mut cluster, "node-1", Some(died));
    assert!(cluster.take_writes().is_empty(), "marked once");
}

/// Recording 28d-node-lost-comes-back-early.
#[test]
fn a_node_that_reports_again_loses_its_taints() {
    let mut cluster = cluster(PATIENT);
    let died = cluster.time;
    cluster.time = died.plus(GRACE);
    reconcile(&mut cluster, "node-1", Some(died));
    reconcile(&mut cluster, "node-1", None);
    assert_eq!(ready_status(&node(&cluster)), Some("True"));
    let conditions = node(&cluster)
        .tree()
        .items_at(&["status", "conditions"])
        .to_vec();
    assert_eq!(
        conditions[0].str_at(&["status"]),
        Some("False"),
        "no pressure"
    );
    assert!(taints(&cluster).is_empty());
}

/// Recording 72-cordon-all: the taint follows the cordon.
#[test]
fn a_cordoned_node_is_tainted() {
    let mut cluster = cluster(PATIENT);
    let mut cordon = |cordoned: bool| {
        let mut tree = node(&cluster).tree().clone();
        tree.set(&["spec", "unschedulable"], cordoned);
        let cordoned = cluster.update(Kind::Node, tree, Reason::UserAsked);
        cordoned.expect("cordoned");
        reconcile(&mut cluster, "node-1", None);
        taints(&cluster)
    };
    assert_eq!(
        cordon(true),
        ["NoSchedule node.kubernetes.io/unschedulable"]
    );
    assert!(cordon(false).is_empty());
}

/// Recording 28a-node-lost-force-delete: 300 s of toleration, counted from the taint.
#[test]
fn a_pod_goes_when_its_toleration_ends() {
    let mut cluster = cluster(PATIENT);
    let died = cluster.time;
    cluster.time = died.plus(GRACE);
    reconcile(&mut cluster, "node-1", Some(died));
    cluster.take_events();
    assert_eq!(
        evict(&mut cluster, "default", "web-0"),
        Action::requeue(300_000)
    );
    cluster.time = cluster.time.plus(300_000);
    assert_eq!(evict(&mut cluster, "default", "web-0"), Action::DONE);
    let pod = cluster.object(Kind::Pod, "web-0");
    assert!(
        pod.meta.terminating(),
        "its kubelet would have to let it go"
    );
    assert_eq!(target(&pod), Some("DeletionByTaintManager"));
    assert_eq!(
        cluster.take_events(),
        ["Normal TaintManagerEviction web-0: Marking for deletion Pod default/web-0"]
    );
    cluster.take_writes();
    evict(&mut cluster, "default", "web-0");
    assert!(cluster.take_writes().is_empty(), "once");
}

/// Recording 81-taints: a taint that nothing tolerates acts at once; one that is tolerated without end
/// never, and NoSchedule never on a Pod that is there.
#[test]
fn tolerations_decide_who_stays() {
    const EXPELS: &str = r#"{"key":"key","value":"value","effect":"NoExecute"}"#;
    let leaves = |tolerations: &str, taint: &str| {
        let mut cluster = cluster(tolerations);
        taint_node(&mut cluster, taint);
        assert_eq!(evict(&mut cluster, "default", "web-0"), Action::DONE);
        cluster.object(Kind::Pod, "web-0").meta.terminating()
    };
    assert!(leaves(PATIENT, EXPELS));
    assert!(!leaves(r#"[{"key":"key","operator":"Exists"}]"#, EXPELS));
    assert!(!leaves(PATIENT, &EXPELS.replace("NoExecute", "NoSchedule")));
}

/// Recording 28b-node-lost-node-deleted.
#[test]
fn a_pod_of_a_node_that_is_gone_is_collected() {
    let mut cluster = cluster(PATIENT);
    assert_eq!(collect(&mut cluster, "default", "web-0"), Action::DONE);
    assert!(cluster.take_writes().is_empty(), "its node is there");
    let gone = DeleteOptions::default();
    cluster
        .delete(Kind::Node, "", "node-1", &gone, Reason::UserAsked)
        .expect("deleted");
    cluster.take_writes();
    collect(&mut cluster, "default", "web-0");
    assert_eq!(
        cluster.take_writes(),
        ["update pods/status web-0", "delete pods web-0"]
    );
    assert!(!cluster.has(Kind::Pod, "web-0"));
}

/// Recordings 28e-node-lost-out-of-service and 104-node-lost-parallel: only a terminating Pod, and only of a
/// node that does not report.
#[test]
fn out_of_service_frees_terminating_pods_of_silent_nodes() {
    const OUT: &str =
        r#"{"key":"node.kubernetes.io/out-of-service","value":"x","effect":"NoExecute"}"#;
    let mut cluster = cluster(PATIENT);
    taint_node(&mut cluster, OUT);
    assert!(!is_out_of_service(&node(&cluster)), "it reports");
    let died = cluster.time;
    cluster.time = died.plus(GRACE);
    reconcile(&mut cluster, "node-1", Some(died));
    assert!(is_out_of_service(&node(&cluster)));
    collect(&mut cluster, "default", "web-0");
    assert!(cluster.has(Kind::Pod, "web-0"), "nobody deleted it yet");
    cluster.remove(Kind::Pod, "web-0", &DeleteOptions::default());
    assert!(cluster.has(Kind::Pod, "web-0"));
    collect(&mut cluster, "default", "web-0");
    assert!(!cluster.has(Kind::Pod, "web-0"));
}
