//! Recorded from Kubernetes v1.36.3: what `kubectl get --show-managed-fields` printed after the same
//! requests.

use super::{Entry, Writer};
use crate::api::{Key, Kind, Time, Value};
use crate::store::{Gates, Request, Store};

const KUBECTL: Writer = Writer::component("kubectl");

fn store() -> Store {
    Store::new(1, Gates::default())
}

fn map(labels: &str, data: &str) -> Value {
    let text = format!(
        r#"{{"apiVersion":"v1","kind":"ConfigMap","metadata":{{"name":"a","namespace":"default","labels":{{{labels}}}}},"data":{{{data}}}}}"#
    );
    Value::from_json(&text).expect("json")
}

fn send(store: &mut Store, request: Request, by: &Writer, second: i64) -> Result<(), String> {
    let done = store.execute(&request, by, Time(second * 1000));
    done.map(|_| ()).map_err(|error| error.message)
}

fn apply(store: &mut Store, tree: Value, by: &str, force: bool, second: i64) -> Result<(), String> {
    let request = Request::Apply {
        kind: Kind::ConfigMap,
        tree,
        force,
    };
    send(store, request, &Writer::new(by), second)
}

fn entries(store: &Store) -> Vec<String> {
    let key = Key::new(Kind::ConfigMap, "default", "a");
    let object = store.get(&key).expect("there");
    let entries = store.managed_fields(object);
    let line = |entry: &Entry| {
        let operation = if entry.applied { "Apply" } else { "Update" };
        let fields = Value::Map(entry.fields(Kind::ConfigMap).0).to_go_json();
        let second = entry.time.map(|time| time.0 / 1000);
        format!("{} {operation} {second:?} {fields}", entry.manager)
    };
    entries.iter().map(line).collect()
}

#[test]
fn an_apply_takes_gives_up_and_removes_fields() {
    let mut store = store();
    let both = || map(r#""x":"1","y":"2""#, r#""k":"v","l":"w""#);
    let one = || map(r#""x":"1""#, r#""k":"v2""#);
    apply(&mut store, both(), "kubectl", false, 1).expect("created");
    let whole = r#"{"f:data":{"f:k":{},"f:l":{}},"f:metadata":{"f:labels":{"f:x":{},"f:y":{}}}}"#;
    assert_eq!(entries(&store), [format!("kubectl Apply Some(1) {whole}")]);
    apply(&mut store, one(), "kubectl", false, 2).expect("applied");
    let part = r#"{"f:data":{"f:k":{}},"f:metadata":{"f:labels":{"f:x":{}}}}"#;
    assert_eq!(entries(&store), [format!("kubectl Apply Some(2) {part}")]);
    let version = store.resource_version();
    apply(&mut store, one(), "kubectl", false, 3).expect("nothing to do");
    assert_eq!(store.resource_version(), version);
    assert_eq!(
        apply(&mut store, both(), "bob", false, 4),
        Err(r#"Apply failed with 1 conflict: conflict with "kubectl": .data.k"#.to_owned())
    );
    apply(&mut store, both(), "bob", true, 5).expect("forced");
    assert_eq!(
        entries(&store),
        [
            r#"kubectl Apply Some(2) {"f:metadata":{"f:labels":{"f:x":{}}}}"#.to_owned(),
            format!("bob Apply Some(5) {whole}"),
        ]
    );
}

#[test]
fn an_update_takes_what_it_changes_and_conflicts_name_it() {
    let mut store = store();
    let tree = map(r#""x":"1""#, r#""k":"v","l":"w""#);
    let create = Request::Create {
        kind: Kind::ConfigMap,
        tree,
    };
    send(&mut store, create, &KUBECTL, 1).expect("created");
    let update = |data: &str| Request::Update {
        kind: Kind::ConfigMap,
        tree: map(r#""x":"1""#, data),
    };
    let label = Writer::new("kubectl-label");
    send(&mut store, update(r#""k":"new","m":"1""#), &label, 2).expect("updated");
    assert_eq!(
        entries(&store),
        [
            r#"kubectl Update Some(1) {"f:data":{},"f:metadata":{"f:labels":{".":{},"f:x":{}}}}"#,
            r#"kubectl-label Update Some(2) {"f:data":{"f:k":{},"f:m":{}}}"#,
        ]
    );
    let other = map(r#""x":"9""#, r#""k":"v","m":"2""#);
    assert_eq!(
        apply(&mut store, other, "bob", false, 3),
        Err("Apply failed with 3 conflicts: conflicts with \"kubectl\" using v1:\n- .metadata.labels.x\nconflicts with \"kubectl-label\" using v1:\n- .data.k\n- .data.m".to_owned())
    );
}

#[test]
fn more_than_ten_updaters_become_one() {
    let mut store = store();
    let create = Request::Create {
        kind: Kind::ConfigMap,
        tree: map("", r#""k":"v""#),
    };
    send(&mut store, create, &KUBECTL, 0).expect("created");
    for n in 1..=12 {
        let data: Vec<String> = (1..=n).map(|n| format!(r#""k{n}":"v""#)).collect();
        let update = Request::Update {
            kind: Kind::ConfigMap,
            tree: map("", &format!(r#""k":"v",{}"#, data.join(","))),
        };
        send(&mut store, update, &Writer::new(&format!("m{n}")), n).expect("updated");
    }
    let entries = entries(&store);
    assert_eq!(entries.len(), 10);
    assert_eq!(
        entries.first().map(String::as_str),
        Some(
            r#"ancient-changes Update Some(3) {"f:data":{".":{},"f:k":{},"f:k1":{},"f:k2":{},"f:k3":{}}}"#
        )
    );
}

#[test]
fn what_left_the_window_is_known_all_the_same() {
    let mut short = store();
    let mut long = store();
    for (store, rounds) in [(&mut short, 3), (&mut long, 5_000)] {
        let create = Request::Create {
            kind: Kind::ConfigMap,
            tree: map(r#""x":"1""#, r#""k":"v""#),
        };
        send(store, create, &KUBECTL, 1).expect("created");
        for n in 0..rounds {
            let update = Request::Update {
                kind: Kind::ConfigMap,
                tree: map(r#""x":"1""#, &format!(r#""k":"{n}""#)),
            };
            send(store, update, &Writer::new("other"), 2).expect("updated");
        }
    }
    assert_eq!(entries(&short), entries(&long));
}
