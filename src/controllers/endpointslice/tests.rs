use super::*;
use crate::controllers::test_cluster::TestCluster;

const SERVICE: &str = r#"{"metadata":{"name":"nginx","labels":{"app":"nginx"}},
  "spec":{"clusterIP":"None","selector":{"app":"nginx"},"ports":[{"name":"web","port":80,"protocol":"TCP"}]}}"#;

fn add_pod(cluster: &mut TestCluster, n: usize, ready: &str) {
    let json = format!(
        r#"{{"metadata":{{"name":"web-{n}","labels":{{"app":"nginx"}}}},
          "spec":{{"hostname":"web-{n}","subdomain":"nginx","nodeName":"node-1",
            "containers":[{{"name":"nginx","ports":[{{"name":"http","containerPort":8080}}]}}]}},
          "status":{{"phase":"Running","podIP":"10.244.{}.{}",
            "conditions":[{{"type":"Ready","status":"{ready}","lastTransitionTime":"2026-01-01T00:00:02Z"}}]}}}}"#,
        n / 200,
        n % 200
    );
    cluster.add(Kind::Pod, &json);
}

fn slices(cluster: &TestCluster) -> Vec<Arc<Object>> {
    cluster.list(Kind::EndpointSlice, "default")
}

fn only_slice(cluster: &TestCluster) -> Arc<Object> {
    let slices = slices(cluster);
    assert_eq!(slices.len(), 1);
    slices[0].clone()
}

fn endpoint_json(cluster: &TestCluster, at: usize) -> String {
    let mut endpoint = only_slice(cluster).tree().items_at(&["endpoints"])[at].clone();
    endpoint.remove(&["targetRef", "uid"]);
    endpoint.to_go_json()
}

#[test]
fn a_service_without_pods_has_an_empty_slice_that_is_filled_later() {
    let mut cluster = TestCluster::new();
    cluster.add(Kind::Service, SERVICE);
    assert_eq!(reconcile(&mut cluster, "default", "nginx"), Action::DONE);
    let slice = only_slice(&cluster);
    assert_eq!(
        cluster.take_writes(),
        [format!("create endpointslices {}", slice.name())]
    );
    assert!(slice.name().starts_with("nginx-") && slice.name().len() == 11);
    assert_eq!(slice.tree().get("ports"), Some(&Value::Null));
    assert_eq!(slice.tree().get("endpoints"), Some(&Value::Null));
    assert_eq!(
        Value::Map(slice.meta.labels.clone()).to_go_json(),
        r#"{"app":"nginx","endpointslice.kubernetes.io/managed-by":"endpointslice-controller.k8s.io","kubernetes.io/service-name":"nginx","service.kubernetes.io/headless":""}"#
    );
    assert_eq!(
        slice.meta.annotation(TRIGGER_TIME),
        Some("2026-01-01T00:00:00Z")
    );

    // A Pod without an address changes nothing; one with an address does, once.
    cluster.add(
        Kind::Pod,
        r#"{"metadata":{"name":"web-1","labels":{"app":"nginx"}},"status":{"phase":"Pending"}}"#,
    );
    add_pod(&mut cluster, 0, "True");
    reconcile(&mut cluster, "default", "nginx");
    reconcile(&mut cluster, "default", "nginx");
    assert_eq!(
        cluster.take_writes(),
        [format!("update endpointslices {}", slice.name())]
    );
    assert_eq!(
        endpoint_json(&cluster, 0),
        r#"{"addresses":["10.244.0.0"],"conditions":{"ready":true,"serving":true,"terminating":false},"hostname":"web-0","nodeName":"node-1","targetRef":{"kind":"Pod","name":"web-0","namespace":"default"}}"#
    );
    let slice = only_slice(&cluster);
    assert_eq!(
        slice.tree().get("ports").map(Value::to_go_json).as_deref(),
        Some(r#"[{"name":"web","port":80,"protocol":"TCP"}]"#)
    );
    assert_eq!(
        slice.meta.annotation(TRIGGER_TIME),
        Some("2026-01-01T00:00:02Z")
    );
}

#[test]
fn a_pod_that_terminates_serves_on_but_is_not_ready() {
    let mut cluster = TestCluster::new();
    cluster.add(Kind::Service, SERVICE);
    add_pod(&mut cluster, 0, "True");
    reconcile(&mut cluster, "default", "nginx");
    cluster.remove(Kind::Pod, "web-0", &DeleteOptions::default());
    reconcile_pods(&mut cluster, "default", "nginx", &["web-0".into()]);
    assert!(
        endpoint_json(&cluster, 0).contains(r#""ready":false,"serving":true,"terminating":true"#)
    );
    // Nothing is left, and the ports go with the endpoints (transcript 50-selector-mismatch).
    cluster.change(Kind::Service, "nginx", |tree| {
        tree.set(&["spec", "selector", "app"], "ngnix")
    });
    reconcile(&mut cluster, "default", "nginx");
    let slice = only_slice(&cluster);
    assert_eq!(slice.tree().get("ports"), Some(&Value::Null));
    assert!(slice.tree().items_at(&["endpoints"]).is_empty());
}

#[test]
fn not_ready_addresses_are_ready_where_they_are_published() {
    let mut cluster = TestCluster::new();
    cluster.add(
        Kind::Service,
        r#"{"metadata":{"name":"nginx-all"},"spec":{"clusterIP":"None","publishNotReadyAddresses":true,
          "selector":{"app":"nginx"},"ports":[{"port":80,"targetPort":"http"}]}}"#,
    );
    add_pod(&mut cluster, 0, "False");
    reconcile(&mut cluster, "default", "nginx-all");
    // Transcript 48-publish-not-ready: no hostname, as the Pods' subdomain is another Service.
    assert_eq!(
        endpoint_json(&cluster, 0),
        r#"{"addresses":["10.244.0.0"],"conditions":{"ready":true,"serving":false,"terminating":false},"nodeName":"node-1","targetRef":{"kind":"Pod","name":"web-0","namespace":"default"}}"#
    );
    let ports = only_slice(&cluster).tree().items_at(&["ports"])[0].to_go_json();
    assert_eq!(ports, r#"{"name":"","port":8080,"protocol":"TCP"}"#);
}

#[test]
fn more_than_a_hundred_endpoints_take_several_slices() {
    let mut cluster = TestCluster::new();
    cluster.add(Kind::Service, SERVICE);
    for n in 0..150 {
        add_pod(&mut cluster, n, "True");
    }
    reconcile(&mut cluster, "default", "nginx");
    let sizes = |cluster: &TestCluster| {
        let mut sizes: Vec<usize> = slices(cluster)
            .iter()
            .map(|slice| slice.tree().items_at(&["endpoints"]).len())
            .collect();
        sizes.sort_unstable();
        sizes
    };
    assert_eq!(sizes(&cluster), [50, 100]);
    // One more Pod is one more write, and the same by either way.
    cluster.take_writes();
    add_pod(&mut cluster, 150, "True");
    reconcile_pods(&mut cluster, "default", "nginx", &["web-150".into()]);
    assert_eq!(cluster.take_writes().len(), 1);
    assert_eq!(sizes(&cluster), [51, 100]);
    reconcile(&mut cluster, "default", "nginx");
    assert!(cluster.take_writes().is_empty());
    // The last Pods of a slice take it with them.
    for n in 0..151 {
        cluster.remove(
            Kind::Pod,
            &format!("web-{n}"),
            &DeleteOptions {
                grace: Some(0),
                ..DeleteOptions::default()
            },
        );
    }
    reconcile(&mut cluster, "default", "nginx");
    assert_eq!(sizes(&cluster), [0]);
}

#[test]
fn new_ports_are_written_into_the_same_slice() {
    let mut cluster = TestCluster::new();
    cluster.add(Kind::Service, SERVICE);
    add_pod(&mut cluster, 0, "True");
    reconcile(&mut cluster, "default", "nginx");
    let name = only_slice(&cluster).name().clone();
    cluster.change(Kind::Service, "nginx", |tree| {
        let port = Value::map([("name", "web".into()), ("port", 81.into())]);
        tree.set(&["spec", "ports"], vec![port]);
    });
    reconcile_pods(&mut cluster, "default", "nginx", &[]);
    let slice = only_slice(&cluster);
    assert_eq!(*slice.name(), name);
    assert_eq!(
        slice.tree().items_at(&["ports"])[0].int_at(&["port"]),
        Some(81)
    );
    assert_eq!(slice.tree().items_at(&["endpoints"]).len(), 1);
}
