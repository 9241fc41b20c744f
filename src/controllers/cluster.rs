//! What a controller sees of the cluster.

use super::Reason;
use crate::api::{
    ApiError, DeleteOptions, Kind, Millis, NodeLoad, Object, Selector, Str, Time, Value,
};
use crate::store::Change;
use std::sync::Arc;

/// What a controller sees of the cluster: reads from its cache, writes to the API server.
pub trait Cluster {
    /// The time of the pass.
    fn now(&self) -> Time;

    /// Reads an object from the cache.
    ///
    /// # Errors
    /// NotFound, or what the recordings inject.
    fn get(&self, kind: Kind, namespace: &str, name: &str) -> Result<Arc<Object>, ApiError>;

    /// The objects of a kind in a namespace (all namespaces if empty) from the cache, in name order.
    fn list(&self, kind: Kind, namespace: &str) -> Vec<Arc<Object>>;

    /// The objects of a kind and namespace whose managing controller has this uid, in name order.
    fn owned(&self, kind: Kind, namespace: &str, uid: &str) -> Vec<Arc<Object>> {
        let mut objects = self.list(kind, namespace);
        objects.retain(|object| object.meta.controlled_by(uid));
        objects
    }

    /// The objects of every kind that name the owner with this uid, by kind, namespace and name.
    fn dependents(&self, uid: &str) -> Vec<Arc<Object>> {
        let mut objects = Vec::new();
        for kind in Kind::ALL {
            objects.extend(self.list(kind, ""));
        }
        objects.retain(|object| object.meta.owners.iter().any(|owner| owner.uid == uid));
        objects
    }

    /// The objects of a kind in a namespace whose labels match, from the cache, in name order.
    ///
    /// # Errors
    /// None in a cluster; the recordings inject some.
    fn select(
        &self,
        kind: Kind,
        namespace: &str,
        selector: &Selector,
    ) -> Result<Vec<Arc<Object>>, ApiError> {
        let mut objects = self.list(kind, namespace);
        objects.retain(|object| selector.matches(&object.meta.labels));
        Ok(objects)
    }

    /// The objects of a kind and namespace that have no managing controller, in name order.
    fn orphans(&self, kind: Kind, namespace: &str) -> Vec<Arc<Object>> {
        let mut objects = self.list(kind, namespace);
        objects.retain(|object| object.meta.controller().is_none());
        objects
    }

    /// What the Pods on a node ask for; Pods that have ended do not count.
    fn node_load(&self, node: &str) -> NodeLoad {
        let mut load = NodeLoad::default();
        for pod in self.list(Kind::Pod, "") {
            load.add(&pod, node);
        }
        load
    }

    /// The node on which chance is to put the Pod, if it is known and the Pod fits there.
    fn chosen_node(&self, _pod: &Object) -> Option<Str> {
        None
    }

    /// When the scheduler last tried to place this Pod in vain, if that is what came of its last look.
    fn last_try(&self, _pod: &Object) -> Option<Time> {
        None
    }

    /// The PersistentVolumes that are reserved for the claim of this name or for none, in name order.
    fn volumes_for(&self, namespace: &str, claim: &str) -> Vec<Arc<Object>> {
        let mut volumes = self.list(Kind::PersistentVolume, "");
        volumes.retain(
            |volume| match volume.volume().and_then(|v| v.claim.as_ref()) {
                None => true,
                Some((of, name, _)) => of == namespace && name == claim,
            },
        );
        volumes
    }

    /// The version of the cache, raised by every change; `None` if no account of changes is kept.
    fn version(&self) -> Option<u64> {
        None
    }

    /// Every change of the cache after a version of it, oldest first; `None` if they are not all known.
    /// What a controller remembers of the last pass is brought up to date with them.
    fn changes_since(&self, _version: u64) -> Option<Vec<Change>> {
        None
    }

    /// Reads an object from the API server itself, past the cache.
    ///
    /// # Errors
    /// NotFound.
    fn live(&self, kind: Kind, namespace: &str, name: &str) -> Result<Arc<Object>, ApiError> {
        self.get(kind, namespace, name)
    }

    /// Creates an object from its tree.
    ///
    /// # Errors
    /// What the API server answers: AlreadyExists, Forbidden, Invalid, …
    fn create(&mut self, kind: Kind, tree: Value, why: Reason) -> Result<Arc<Object>, ApiError>;

    /// Replaces an object (not its status) by `tree`. A resourceVersion in the tree must be the stored one.
    ///
    /// # Errors
    /// What the API server answers: NotFound, Conflict, Invalid, …
    fn update(&mut self, kind: Kind, tree: Value, why: Reason) -> Result<Arc<Object>, ApiError>;

    /// Replaces the status of an object by the `status` of `tree`.
    ///
    /// # Errors
    /// What the API server answers: NotFound, Conflict, Invalid, …
    fn update_status(
        &mut self,
        kind: Kind,
        tree: Value,
        why: Reason,
    ) -> Result<Arc<Object>, ApiError>;

    /// Deletes an object.
    ///
    /// # Errors
    /// What the API server answers: NotFound, Conflict (preconditions), …
    fn delete(
        &mut self,
        kind: Kind,
        namespace: &str,
        name: &str,
        options: &DeleteOptions,
        why: Reason,
    ) -> Result<(), ApiError>;

    /// Puts a Pod on a node.
    ///
    /// # Errors
    /// What the API server answers: NotFound, Conflict, …
    fn bind(&mut self, namespace: &str, pod: &str, node: &str, why: Reason)
    -> Result<(), ApiError>;

    /// Records an event about an object.
    fn event(
        &mut self,
        about: &Object,
        event_type: EventType,
        reason: &'static str,
        message: String,
    );

    /// Records an event about one container of a Pod.
    fn container_event(
        &mut self,
        pod: &Object,
        container: &str,
        event_type: EventType,
        reason: &'static str,
        message: String,
    ) {
        let _ = container;
        self.event(pod, event_type, reason, message);
    }

    /// Notes a decision that wrote nothing, for the Why line.
    fn decide(&mut self, about: &Object, why: Reason);
}

/// `type` of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum EventType {
    Normal,
    Warning,
}

impl EventType {
    /// `Normal`
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            EventType::Normal => "Normal",
            EventType::Warning => "Warning",
        }
    }
}

/// What a pass answers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Action {
    /// When the key is to be looked at again, in milliseconds from now, without any trigger.
    pub requeue_after: Option<Millis>,
    /// Why the pass failed; its key is tried again with back-off.
    pub error: Option<String>,
}

impl Action {
    /// Nothing more to do until a trigger.
    pub const DONE: Action = Action {
        requeue_after: None,
        error: None,
    };

    /// Look again after `millis`.
    #[must_use]
    pub fn requeue(millis: Millis) -> Action {
        Action {
            requeue_after: Some(millis),
            error: None,
        }
    }

    /// The pass failed.
    #[must_use]
    pub fn failed(error: impl Into<String>) -> Action {
        Action {
            requeue_after: None,
            error: Some(error.into()),
        }
    }
}
