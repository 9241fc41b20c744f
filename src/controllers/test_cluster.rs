//! A cluster in memory for the tests of controllers: a store, a clock, and a note of what was written.

use super::{Cluster, EventType, Reason};
use crate::api::{ApiError, DeleteOptions, Key, Kind, Object, Str, Time, Value};
use crate::store::fields::Writer;
use crate::store::{Change, Gates, Request, Store};
use std::sync::Arc;

/// A store whose writes, events and decisions are noted in order.
pub(crate) struct TestCluster {
    pub store: Store,
    pub time: Time,
    /// `create pods default/web-0`, with the reason of the refusal at the end if it was refused.
    pub writes: Vec<String>,
    /// `Normal FailedBinding www-web-0: no persistent volumes …`
    pub events: Vec<String>,
    pub decisions: Vec<Reason>,
}

impl TestCluster {
    /// An empty cluster with the namespace `default`.
    pub fn new() -> TestCluster {
        let mut cluster = TestCluster {
            store: Store::new(1, Gates::default()),
            time: Time::EPOCH,
            writes: Vec::new(),
            events: Vec::new(),
            decisions: Vec::new(),
        };
        cluster.add(Kind::Namespace, r#"{"metadata":{"name":"default"}}"#);
        cluster
    }

    /// Creates an object from JSON as a user would, and sets its status to the one written there.
    pub fn add(&mut self, kind: Kind, json: &str) -> Arc<Object> {
        let mut tree = Value::from_json(json).expect("JSON of the test");
        complete(kind, &mut tree);
        let status = tree.get("status").cloned();
        let request = Request::Create { kind, tree };
        let made = self
            .store
            .execute(&request, &Writer::component("test"), self.time)
            .expect("create");
        match status {
            None => made.object,
            Some(status) => {
                let mut tree = made.object.tree().clone();
                tree.set(&["status"], status);
                let request = Request::UpdateStatus { kind, tree };
                self.store
                    .execute(&request, &Writer::component("test"), self.time)
                    .expect("status")
                    .object
            }
        }
    }

    /// Changes an object as a user would, its status included; a Pod is put on a node by binding it.
    pub fn change(&mut self, kind: Kind, name: &str, change: impl FnOnce(&mut Value)) {
        let mut tree = self.object(kind, name).tree().clone();
        let unbound = kind == Kind::Pod && tree.at(&["spec", "nodeName"]).is_none();
        change(&mut tree);
        if let Some(node) = tree.str_at(&["spec", "nodeName"]).filter(|_| unbound) {
            let bind = Request::Bind {
                namespace: "default".into(),
                pod: name.into(),
                node: node.into(),
            };
            self.store
                .execute(&bind, &Writer::component("test"), self.time)
                .expect("bind");
        }
        tree.remove(&["metadata", "resourceVersion"]);
        let status = tree.get("status").cloned().unwrap_or_default();
        let update = Request::Update { kind, tree };
        let changed = self
            .store
            .execute(&update, &Writer::component("test"), self.time)
            .expect("change");
        if !self.has(kind, name) {
            return;
        }
        let mut tree = changed.object.tree().clone();
        tree.set(&["status"], status);
        let update = Request::UpdateStatus { kind, tree };
        self.store
            .execute(&update, &Writer::component("test"), self.time)
            .expect("change");
    }

    /// Deletes an object as a user would.
    pub fn remove(&mut self, kind: Kind, name: &str, options: &DeleteOptions) {
        let request = Request::Delete {
            key: Key::new(kind, "default", name),
            options: options.clone(),
        };
        self.store
            .execute(&request, &Writer::component("test"), self.time)
            .expect("delete");
    }

    /// Whether the object of this name in `default` is there.
    pub fn has(&self, kind: Kind, name: &str) -> bool {
        self.store.get(&Key::new(kind, "default", name)).is_some()
    }

    /// The object of this name in `default`.
    pub fn object(&self, kind: Kind, name: &str) -> Arc<Object> {
        self.store.find(kind, "default", name).expect(name)
    }

    /// The writes since this was last asked.
    pub fn take_writes(&mut self) -> Vec<String> {
        std::mem::take(&mut self.writes)
    }

    /// The events since this was last asked.
    pub fn take_events(&mut self) -> Vec<String> {
        std::mem::take(&mut self.events)
    }

    fn write(&mut self, verb: &str, request: Request) -> Result<Arc<Object>, ApiError> {
        let key = request.key();
        let answer = self
            .store
            .execute(&request, &Writer::component("test"), self.time);
        let name = match &answer {
            Ok(outcome) => outcome.object.name().clone(),
            Err(_) => key.name,
        };
        let mut line = format!("{verb} {}", name);
        if let Err(error) = &answer {
            line.push_str(&format!(" {:?}", error.reason));
        }
        self.writes.push(line);
        answer.map(|outcome| outcome.object)
    }
}

impl Cluster for TestCluster {
    fn now(&self) -> Time {
        self.time
    }

    fn get(&self, kind: Kind, namespace: &str, name: &str) -> Result<Arc<Object>, ApiError> {
        self.store.find(kind, namespace, name)
    }

    fn list(&self, kind: Kind, namespace: &str) -> Vec<Arc<Object>> {
        self.store.list(kind, namespace).cloned().collect()
    }

    fn dependents(&self, uid: &str) -> Vec<Arc<Object>> {
        self.store.dependents(uid).cloned().collect()
    }

    fn volumes_for(&self, namespace: &str, claim: &str) -> Vec<Arc<Object>> {
        self.store.volumes_for(namespace, claim).cloned().collect()
    }

    fn version(&self) -> Option<u64> {
        Some(self.store.resource_version())
    }

    fn changes_since(&self, version: u64) -> Option<Vec<Change>> {
        self.store.all_changes_since(version)
    }

    fn create(&mut self, kind: Kind, tree: Value, _: Reason) -> Result<Arc<Object>, ApiError> {
        self.write(
            &format!("create {}", kind.plural()),
            Request::Create { kind, tree },
        )
    }

    fn update(&mut self, kind: Kind, tree: Value, _: Reason) -> Result<Arc<Object>, ApiError> {
        self.write(
            &format!("update {}", kind.plural()),
            Request::Update { kind, tree },
        )
    }

    fn update_status(
        &mut self,
        kind: Kind,
        tree: Value,
        _: Reason,
    ) -> Result<Arc<Object>, ApiError> {
        self.write(
            &format!("update {}/status", kind.plural()),
            Request::UpdateStatus { kind, tree },
        )
    }

    fn delete(
        &mut self,
        kind: Kind,
        namespace: &str,
        name: &str,
        options: &DeleteOptions,
        _: Reason,
    ) -> Result<(), ApiError> {
        let key = Key::new(kind, namespace, name);
        let options = options.clone();
        self.write(
            &format!("delete {}", kind.plural()),
            Request::Delete { key, options },
        )
        .map(drop)
    }

    fn bind(&mut self, namespace: &str, pod: &str, node: &str, _: Reason) -> Result<(), ApiError> {
        let request = Request::Bind {
            namespace: Str::new(namespace),
            pod: Str::new(pod),
            node: Str::new(node),
        };
        self.write("bind pods", request).map(drop)
    }

    fn event(
        &mut self,
        about: &Object,
        event_type: EventType,
        reason: &'static str,
        message: String,
    ) {
        let line = format!("{} {reason} {}: {message}", event_type.name(), about.name());
        self.events.push(line);
    }

    fn decide(&mut self, _: &Object, why: Reason) {
        self.decisions.push(why);
    }
}

/// Adds what the API server asks for and a test did not write, as it does not matter there.
fn complete(kind: Kind, tree: &mut Value) {
    let mut absent = |path: &[&str], value: Value| {
        if tree.at(path).is_none() {
            tree.set(path, value);
        }
    };
    match kind {
        Kind::ControllerRevision => absent(&["data"], Value::empty_map()),
        Kind::PersistentVolumeClaim => {
            absent(&["spec", "accessModes"], Value::list(["ReadWriteOnce"]));
            absent(&["spec", "resources", "requests", "storage"], "1Gi".into());
        }
        Kind::Pod => complete_pod(tree, &["spec", "containers"]),
        Kind::StatefulSet | Kind::Deployment | Kind::ReplicaSet => {
            if tree.at(&["spec", "selector"]).is_none() {
                tree.set(&["spec", "selector", "matchLabels", "app"], "any");
                tree.set(&["spec", "template", "metadata", "labels", "app"], "any");
            }
            complete_pod(tree, &["spec", "template", "spec", "containers"]);
        }
        _ => {}
    }
}

/// At least one container, each with an image.
fn complete_pod(tree: &mut Value, path: &[&str]) {
    let containers = tree.slot(path).make_list();
    if containers.is_empty() {
        containers.push(Value::map([("name", "main".into())]));
    }
    for container in containers {
        if container.get("image").is_none() {
            container.set(&["image"], "nginx");
        }
    }
}
