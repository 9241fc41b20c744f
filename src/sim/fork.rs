//! What a controller's pass sees: the world as it is, with the pass's own writes on top.

use super::ControllerId;
use super::events::{self, About, Event};
use crate::api::{ApiError, DeleteOptions, Key, Kind, NodeLoad, Object, Str, Time, Value};
use crate::controllers::{Cluster, EventType, Reason};
use crate::store::{Change, Request, Store};
use std::sync::Arc;

/// A write that a pass made on its fork and the world has yet to make.
#[derive(Clone, Debug)]
pub(super) struct Planned {
    pub what: Plan,
    /// The resourceVersion before, and the API server after: if nothing else was written meanwhile the
    /// world takes this over as it is.
    pub base: u64,
    pub after: Store,
}

/// What is planned.
#[derive(Clone, Debug)]
pub(super) enum Plan {
    Write { request: Request, why: Reason },
    Event { event: Event },
}

/// A pass's own view of the API server.
pub(super) struct Fork {
    pub store: Store,
    pub now: Time,
    pub who: ControllerId,
    /// See [`super::Settings::placements`].
    pub chosen_node: Option<Str>,
    /// See [`Cluster::last_try`].
    pub last_try: Option<Time>,
    pub planned: Vec<Planned>,
    pub decisions: Vec<(Key, Reason)>,
}

impl Fork {
    pub fn new(store: Store, now: Time, who: ControllerId) -> Fork {
        Fork {
            store,
            now,
            who,
            chosen_node: None,
            last_try: None,
            planned: Vec::new(),
            decisions: Vec::new(),
        }
    }

    fn write(&mut self, request: Request, why: Reason) -> Result<Arc<Object>, ApiError> {
        let base = self.store.resource_version();
        let outcome = self.store.execute(&request, &self.who.writer(), self.now)?;
        if !outcome.changes.is_empty() {
            let what = Plan::Write { request, why };
            self.planned.push(Planned {
                what,
                base,
                after: self.store.clone(),
            });
        }
        Ok(outcome.object)
    }

    fn note(
        &mut self,
        about: &Object,
        field_path: &str,
        event_type: EventType,
        reason: &'static str,
        message: String,
    ) {
        let base = self.store.resource_version();
        let node = about.pod().map(|pod| pod.node.clone()).unwrap_or_default();
        let mut about_whom = About::of(about, field_path);
        if self.who == ControllerId::TaintEviction {
            // It refers to the Pod by name only, so that `describe` does not find the event (recording
            // 28a-node-lost-force-delete).
            about_whom.forget_uid();
        }
        let event = Event {
            source: self.who.name(),
            host: if self.who == ControllerId::Kubelet {
                node
            } else {
                Str::EMPTY
            },
            about: about_whom,
            event_type,
            reason,
            message: message.into(),
        };
        events::record(&mut self.store, &event, self.now);
        self.planned.push(Planned {
            what: Plan::Event { event },
            base,
            after: self.store.clone(),
        });
    }
}

impl Cluster for Fork {
    fn now(&self) -> Time {
        self.now
    }

    fn get(&self, kind: Kind, namespace: &str, name: &str) -> Result<Arc<Object>, ApiError> {
        self.store.find(kind, namespace, name)
    }

    fn list(&self, kind: Kind, namespace: &str) -> Vec<Arc<Object>> {
        self.store.list(kind, namespace).cloned().collect()
    }

    fn owned(&self, kind: Kind, namespace: &str, uid: &str) -> Vec<Arc<Object>> {
        self.store.owned(kind, namespace, uid)
    }

    fn orphans(&self, kind: Kind, namespace: &str) -> Vec<Arc<Object>> {
        self.store.orphans(kind, namespace).cloned().collect()
    }

    fn version(&self) -> Option<u64> {
        Some(self.store.resource_version())
    }

    fn changes_since(&self, version: u64) -> Option<Vec<Change>> {
        self.store.all_changes_since(version)
    }

    fn node_load(&self, node: &str) -> NodeLoad {
        self.store.node_load(node)
    }

    fn chosen_node(&self, _pod: &Object) -> Option<Str> {
        self.chosen_node.clone()
    }

    fn last_try(&self, _pod: &Object) -> Option<Time> {
        self.last_try
    }

    fn dependents(&self, uid: &str) -> Vec<Arc<Object>> {
        self.store.dependents(uid).cloned().collect()
    }

    fn volumes_for(&self, namespace: &str, claim: &str) -> Vec<Arc<Object>> {
        self.store.volumes_for(namespace, claim).cloned().collect()
    }

    fn create(&mut self, kind: Kind, tree: Value, why: Reason) -> Result<Arc<Object>, ApiError> {
        self.write(Request::Create { kind, tree }, why)
    }

    fn update(&mut self, kind: Kind, tree: Value, why: Reason) -> Result<Arc<Object>, ApiError> {
        self.write(Request::Update { kind, tree }, why)
    }

    fn update_status(
        &mut self,
        kind: Kind,
        tree: Value,
        why: Reason,
    ) -> Result<Arc<Object>, ApiError> {
        self.write(Request::UpdateStatus { kind, tree }, why)
    }

    fn delete(
        &mut self,
        kind: Kind,
        namespace: &str,
        name: &str,
        options: &DeleteOptions,
        why: Reason,
    ) -> Result<(), ApiError> {
        let key = Key::new(kind, namespace, name);
        self.write(
            Request::Delete {
                key,
                options: options.clone(),
            },
            why,
        )
        .map(|_| ())
    }

    fn bind(
        &mut self,
        namespace: &str,
        pod: &str,
        node: &str,
        why: Reason,
    ) -> Result<(), ApiError> {
        let request = Request::Bind {
            namespace: Str::new(namespace),
            pod: Str::new(pod),
            node: Str::new(node),
        };
        self.write(request, why).map(|_| ())
    }

    fn event(
        &mut self,
        about: &Object,
        event_type: EventType,
        reason: &'static str,
        message: String,
    ) {
        self.note(about, "", event_type, reason, message);
    }

    fn container_event(
        &mut self,
        pod: &Object,
        container: &str,
        event_type: EventType,
        reason: &'static str,
        message: String,
    ) {
        let init = pod.tree().items_at(&["spec", "initContainers"]).iter();
        let mut init = init.filter(|spec| spec.str_at(&["name"]) == Some(container));
        let list = if init.next().is_some() {
            "initContainers"
        } else {
            "containers"
        };
        self.note(
            pod,
            &format!("spec.{list}{{{container}}}"),
            event_type,
            reason,
            message,
        );
    }

    fn decide(&mut self, about: &Object, why: Reason) {
        self.decisions.push((about.key(), why));
    }
}
