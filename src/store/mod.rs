//! The API server: storage, versions, admission, graceful deletion, finalizers, watch. No policy of any
//! controller.
//!
//! A [`Store`] is a value: cloning it is cheap and gives an independent API server. Every request is a
//! [`Request`]; it changes nothing if it is refused.

mod admission;
mod delete;
pub mod fields;
mod names;
mod node_ports;
mod quota;
mod update;

pub use delete::{FOREGROUND, ORPHAN};
pub use names::Draw;
pub use quota::used as quota_used;
pub use update::status_causes;

use fields::{Claim, Writer};

use crate::api::{ApiError, Key, Kind, NodeLoad, Object, Str, Time, Value};
use imbl::{OrdMap, OrdSet, Vector};
use std::sync::Arc;

/// How many changes a watch may lie behind before it has to list again.
const WATCH_WINDOW: usize = 4096;

/// The API server's storage.
#[derive(Clone, Debug)]
pub struct Store {
    objects: OrdMap<Key, Arc<Object>>,
    /// Objects by the uid of an owner.
    owned: OrdSet<(Str, Key)>,
    /// What the Pods on each node ask for.
    loads: OrdMap<Str, NodeLoad>,
    /// Pods and ControllerRevisions without a managing controller.
    orphans: OrdSet<Key>,
    /// How many Pods there are.
    pods: usize,
    /// Pods without a node.
    unscheduled: OrdSet<Key>,
    /// The same Pods by the namespace and name of each claim of theirs.
    waiting: OrdSet<(Str, Str, Key)>,
    /// PersistentVolumes by the namespace and name of their claim, empty for none.
    reserved: OrdSet<(Str, Str, Key)>,
    /// How often an object of this name was created: part of what its uid is drawn from.
    births: OrdMap<Key, u32>,
    resource_version: u64,
    changes: Vector<Change>,
    /// The managers of fields, as far as the changes that are no longer kept made them.
    managed: fields::Managed,
    /// The last set of fields by kind and manager, whose branches others share.
    alike: OrdMap<(Kind, Str), fields::set::FieldSet>,
    draw: Draw,
    gates: Gates,
}

/// Feature gates that the API server reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gates {
    /// `MaxUnavailableStatefulSet`: beta and off in v1.36.
    pub max_unavailable: bool,
}

/// A change of one object, as a watch tells it.
#[derive(Clone, Debug)]
pub struct Change {
    /// The resourceVersion that the change made.
    pub resource_version: u64,
    /// What happened.
    pub kind: ChangeKind,
    /// The object after the change; for a deletion its last state.
    pub object: Arc<Object>,
    /// The object before the change.
    pub old: Option<Arc<Object>>,
    /// What it says of the managers of fields.
    claim: Claim,
}

/// What a watch says happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum ChangeKind {
    Added,
    Modified,
    Deleted,
}

/// A request that writes.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub enum Request {
    Create {
        kind: Kind,
        tree: Value,
    },
    /// Replaces the object but for its status.
    Update {
        kind: Kind,
        tree: Value,
    },
    /// Applies a configuration on the server's side.
    Apply {
        kind: Kind,
        tree: Value,
        force: bool,
    },
    /// Replaces the status.
    UpdateStatus {
        kind: Kind,
        tree: Value,
    },
    /// The `binding` subresource of a Pod.
    Bind {
        namespace: Str,
        pod: Str,
        node: Str,
    },
    Delete {
        key: Key,
        options: crate::api::DeleteOptions,
    },
}

impl Request {
    /// What the request is about; the name may be empty in a `Create` that leaves it to the API server.
    #[must_use]
    pub fn key(&self) -> Key {
        match self {
            Request::Create { kind, tree }
            | Request::Update { kind, tree }
            | Request::Apply { kind, tree, .. }
            | Request::UpdateStatus { kind, tree } => key_of(*kind, tree),
            Request::Bind { namespace, pod, .. } => Key::new(Kind::Pod, namespace, pod),
            Request::Delete { key, .. } => key.clone(),
        }
    }
}

fn key_of(kind: Kind, tree: &Value) -> Key {
    let shared = |key: &str| tree.at(&["metadata", key]).and_then(Value::as_shared);
    let namespace = shared("namespace").cloned();
    Key::new(
        kind,
        namespace.unwrap_or(Str::literal("default")),
        shared("name").cloned().unwrap_or_default(),
    )
}

/// What a request that was accepted did.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The object after the request; for a deletion its last state.
    pub object: Arc<Object>,
    /// The changes, in order: none if nothing differed.
    pub changes: Vec<Change>,
}

impl Store {
    /// An empty API server whose names and uids are drawn from `seed`.
    #[must_use]
    pub fn new(seed: u64, gates: Gates) -> Store {
        Store {
            objects: OrdMap::new(),
            owned: OrdSet::new(),
            loads: OrdMap::new(),
            orphans: OrdSet::new(),
            pods: 0,
            unscheduled: OrdSet::new(),
            waiting: OrdSet::new(),
            reserved: OrdSet::new(),
            births: OrdMap::new(),
            resource_version: 0,
            changes: Vector::new(),
            managed: OrdMap::new(),
            alike: OrdMap::new(),
            draw: Draw::new(seed),
            gates,
        }
    }

    /// The object of this name.
    #[must_use]
    pub fn get(&self, key: &Key) -> Option<&Arc<Object>> {
        self.objects.get(key)
    }

    /// The object of this name.
    ///
    /// # Errors
    /// NotFound.
    pub fn find(&self, kind: Kind, namespace: &str, name: &str) -> Result<Arc<Object>, ApiError> {
        let key = Key::new(kind, namespace, name);
        self.objects
            .get(&key)
            .cloned()
            .ok_or_else(|| ApiError::not_found(kind, name))
    }

    /// The objects of a kind in a namespace (all namespaces if empty), in name order.
    pub fn list(&self, kind: Kind, namespace: &str) -> impl Iterator<Item = &Arc<Object>> {
        self.list_from(kind, namespace, "")
    }

    /// The objects of a kind in a namespace whose names do not sort before `name`, in name order.
    pub fn list_from(
        &self,
        kind: Kind,
        namespace: &str,
        name: &str,
    ) -> impl Iterator<Item = &Arc<Object>> {
        let namespace = Str::new(namespace);
        let first = Key {
            kind,
            namespace: namespace.clone(),
            name: Str::new(name),
        };
        self.objects
            .range(first..)
            .take_while(move |(key, _)| {
                key.kind == kind && (namespace.is_empty() || key.namespace == namespace)
            })
            .map(|(_, object)| object)
    }

    /// Every object, by kind, namespace and name.
    pub fn all(&self) -> impl Iterator<Item = &Arc<Object>> {
        self.objects.values()
    }

    /// The objects that name the owner with this uid, by kind, namespace and name.
    pub fn dependents(&self, uid: &str) -> impl Iterator<Item = &Arc<Object>> {
        let uid = Str::new(uid);
        let first = Key {
            kind: Kind::ALL[0],
            namespace: Str::EMPTY,
            name: Str::EMPTY,
        };
        self.owned
            .range((uid.clone(), first)..)
            .take_while(move |(owner, _)| *owner == uid)
            .filter_map(|(_, key)| self.objects.get(key))
    }

    /// The objects of a kind whose managing controller has this uid, in name order.
    #[must_use]
    pub fn owned(&self, kind: Kind, namespace: &str, uid: &str) -> Vec<Arc<Object>> {
        let uid_text = Str::new(uid);
        let first = Key {
            kind,
            namespace: Str::new(namespace),
            name: Str::EMPTY,
        };
        self.owned
            .range((uid_text.clone(), first)..)
            .take_while(|(owner, key)| {
                *owner == uid_text
                    && key.kind == kind
                    && (namespace.is_empty() || key.namespace == namespace)
            })
            .filter_map(|(_, key)| self.objects.get(key))
            .filter(|object| object.meta.controlled_by(uid))
            .cloned()
            .collect()
    }

    /// The Pods or ControllerRevisions of a namespace that have no managing controller, in name order.
    pub fn orphans(&self, kind: Kind, namespace: &str) -> impl Iterator<Item = &Arc<Object>> {
        let first = Key::new(kind, namespace, "");
        let namespace = Str::new(namespace);
        self.orphans
            .range(first..)
            .take_while(move |key| key.kind == kind && key.namespace == namespace)
            .filter_map(|key| self.objects.get(key))
    }

    /// The Pods that have no node yet, in name order.
    pub fn unscheduled(&self) -> impl Iterator<Item = &Arc<Object>> {
        self.unscheduled
            .iter()
            .filter_map(|key| self.objects.get(key))
    }

    /// The Pods without a node that use the claim of this name, in name order.
    pub fn waiting_for(&self, namespace: &str, claim: &str) -> impl Iterator<Item = &Key> {
        under(&self.waiting, Str::new(namespace), Str::new(claim))
    }

    /// What the Pods on a node ask for; Pods that have ended do not count.
    #[must_use]
    pub fn node_load(&self, node: &str) -> NodeLoad {
        self.loads.get(node).copied().unwrap_or_default()
    }

    /// The PersistentVolumes that are reserved for the claim of this name, then those reserved for none.
    pub fn volumes_for(&self, namespace: &str, claim: &str) -> impl Iterator<Item = &Arc<Object>> {
        self.reserved_for(Str::new(namespace), Str::new(claim))
            .chain(self.reserved_for(Str::EMPTY, Str::EMPTY))
    }

    fn reserved_for(&self, namespace: Str, claim: Str) -> impl Iterator<Item = &Arc<Object>> {
        under(&self.reserved, namespace, claim).filter_map(|key| self.objects.get(key))
    }

    /// The resourceVersion of the last change.
    #[must_use]
    pub fn resource_version(&self) -> u64 {
        self.resource_version
    }

    /// The changes after this resourceVersion, oldest first. Only the last few thousand are kept.
    pub fn changes_since(&self, resource_version: u64) -> impl Iterator<Item = &Change> {
        let total = self.changes.len();
        let newer = self
            .changes
            .iter()
            .rev()
            .take_while(|change| change.resource_version > resource_version)
            .count();
        (total - newer..total).filter_map(|at| self.changes.get(at))
    }

    /// How many objects of this name there have been.
    #[must_use]
    pub fn births(&self, key: &Key) -> u32 {
        self.births.get(key).copied().unwrap_or(0)
    }

    /// The changes after this resourceVersion, oldest first, if all of them are still kept.
    #[must_use]
    pub fn all_changes_since(&self, resource_version: u64) -> Option<Vec<Change>> {
        let newest_first = self.changes.iter().rev();
        let newer = newest_first.take_while(|change| change.resource_version > resource_version);
        let mut newer: Vec<Change> = newer.cloned().collect();
        newer.reverse();
        // Every change raises the version by one.
        let count = self.resource_version.checked_sub(resource_version)?;
        (newer.len() as u64 == count).then_some(newer)
    }

    /// The last change, if it is still kept.
    #[must_use]
    pub fn last_change(&self) -> Option<&Change> {
        self.changes.last()
    }

    /// The changes after this one, oldest first; `None` if it is none of the last few thousand of this API
    /// server. It is known by its object itself, so that a change of another course of time is none of them.
    #[must_use]
    pub fn changes_after(&self, former: &Change) -> Option<Vec<Change>> {
        let newer = self.resource_version.checked_sub(former.resource_version)?;
        let newer = usize::try_from(newer).ok()?;
        let at = self.changes.len().checked_sub(newer)?;
        let same = self.changes.get(at.checked_sub(1)?)?;
        let known = Arc::ptr_eq(&same.object, &former.object);
        known.then(|| {
            self.changes
                .focus()
                .narrow(at..)
                .into_iter()
                .cloned()
                .collect()
        })
    }

    /// The feature gates.
    #[must_use]
    pub fn gates(&self) -> Gates {
        self.gates
    }

    /// Changes the feature gates from now on.
    pub fn set_gates(&mut self, gates: Gates) {
        self.gates = gates;
    }

    /// Where random names come from.
    #[must_use]
    pub fn draw(&self) -> &Draw {
        &self.draw
    }

    /// Executes a request of `by`.
    ///
    /// # Errors
    /// The API server's refusal; nothing was changed then.
    pub fn execute(
        &mut self,
        request: &Request,
        by: &Writer,
        now: Time,
    ) -> Result<Outcome, ApiError> {
        match request {
            Request::Create { kind, tree } => self.create(*kind, tree.clone(), by, now),
            Request::Update { kind, tree } => self.update(*kind, tree.clone(), by, now),
            Request::Apply { kind, tree, force } => self.apply(*kind, tree, *force, by, now),
            Request::UpdateStatus { kind, tree } => {
                self.update_status(*kind, tree.clone(), by, now)
            }
            Request::Bind {
                namespace,
                pod,
                node,
            } => self.bind(namespace, pod, node, now),
            Request::Delete { key, options } => self.delete(key, options, now),
        }
    }

    fn create(
        &mut self,
        kind: Kind,
        tree: Value,
        by: &Writer,
        now: Time,
    ) -> Result<Outcome, ApiError> {
        let claim = Claim::update(by, now, Value::Null);
        self.create_as(kind, tree, claim, now)
    }

    /// Creates an object. The tree of an update's claim becomes what was written, with its defaults.
    fn create_as(
        &mut self,
        kind: Kind,
        mut tree: Value,
        mut claim: Claim,
        now: Time,
    ) -> Result<Outcome, ApiError> {
        self.name_new(kind, &mut tree)?;
        let key = key_of(kind, &tree);
        self.check_namespace(&key, true)?;
        admission::check_bounds(kind, &key.name, &tree)?;
        self.check_room(kind, &key.name)?;
        let given = Store::given_entries(&mut tree);
        let written = self.admit_new(kind, &mut tree, now)?;
        if let Claim::Update { by, at, tree } = &mut claim {
            *tree = written;
            if let Some(given) = given {
                let entries = fields::updated(kind, given, None, tree, by, *at);
                claim = Claim::Entries(Arc::new(entries));
            }
        }
        let causes = crate::manifest::validate_create(kind, &tree);
        if !causes.is_empty() {
            return Err(ApiError::invalid(kind, &key.name, causes));
        }
        self.check_quotas(&key, &tree, None)?;
        if self.objects.contains_key(&key) {
            return Err(ApiError::already_exists(kind, &key.name));
        }
        let birth = self.births.get(&key).copied().unwrap_or(0) + 1;
        self.births.insert(key.clone(), birth);
        tree.set(&["metadata", "uid"], self.draw.uid(&key, birth));
        tree.set(&["metadata", "creationTimestamp"], now);
        let object = self.put(None, kind, tree);
        let change = self.record(ChangeKind::Added, object.clone(), None, claim);
        Ok(Outcome {
            object,
            changes: vec![change],
        })
    }

    /// Stores a tree, the next version of `old`, under its next resourceVersion.
    fn put(&mut self, old: Option<&Object>, kind: Kind, mut tree: Value) -> Arc<Object> {
        self.resource_version += 1;
        tree.set(
            &["metadata", "resourceVersion"],
            self.resource_version.to_string(),
        );
        let object = Arc::new(Object::after(old, kind, tree));
        let key = object.key();
        if matches!(kind, Kind::Pod | Kind::ControllerRevision) {
            if object.meta.controller().is_none() {
                self.orphans.insert(key.clone());
            } else {
                self.orphans.remove(&key);
            }
        }
        if let Some(pod) = object.pod() {
            let old = self.objects.get(&key).cloned();
            let former = old.as_deref().and_then(Object::pod);
            let same = former.is_some_and(|former| {
                former.node.is_empty() == pod.node.is_empty()
                    && Arc::ptr_eq(&former.claims, &pod.claims)
            });
            if let Some(old) = &old {
                self.count_load(old, false);
                if !same {
                    self.await_claims(old, false);
                }
            }
            self.count_load(&object, true);
            if !same {
                self.await_claims(&object, true);
            }
            if pod.node.is_empty() {
                self.unscheduled.insert(key.clone());
            } else {
                self.unscheduled.remove(&key);
            }
        }
        let old = self.objects.insert(key.clone(), object.clone());
        self.pods += usize::from(kind == Kind::Pod && old.is_none());
        if kind == Kind::PersistentVolume {
            if let Some(old) = &old {
                self.reserved.remove(&reservation(old));
            }
            self.reserved.insert(reservation(&object));
        }
        if let Some(old) = old {
            if old.meta.owners == object.meta.owners {
                return object;
            }
            for owner in old.meta.owners.iter() {
                self.owned.remove(&(owner.uid.clone(), key.clone()));
            }
        }
        for owner in object.meta.owners.iter() {
            self.owned.insert((owner.uid.clone(), key.clone()));
        }
        object
    }

    fn count_load(&mut self, pod: &Object, there: bool) {
        let Some(node) = pod
            .pod()
            .map(|view| view.node.clone())
            .filter(|n| !n.is_empty())
        else {
            return;
        };
        let load = self.loads.entry(node.clone()).or_default();
        if there {
            load.add(pod, &node);
        } else {
            load.remove(pod, &node);
        }
    }

    /// Notes which claims a Pod without a node uses, or that it waits no longer.
    fn await_claims(&mut self, pod: &Object, waits: bool) {
        let Some(view) = pod.pod().filter(|view| view.node.is_empty()) else {
            return;
        };
        for (_, claim) in view.claims.iter() {
            let place = (pod.namespace().clone(), claim.clone(), pod.key());
            if waits {
                self.waiting.insert(place);
            } else {
                self.waiting.remove(&place);
            }
        }
    }

    /// Removes an object; its last state gets the resourceVersion of the removal.
    fn remove(&mut self, key: &Key) -> Option<Change> {
        let old = self.objects.remove(key)?;
        self.pods -= usize::from(key.kind == Kind::Pod);
        self.unscheduled.remove(key);
        self.orphans.remove(key);
        self.count_load(&old, false);
        self.await_claims(&old, false);
        if key.kind == Kind::PersistentVolume {
            self.reserved.remove(&reservation(&old));
        }
        for owner in old.meta.owners.iter() {
            self.owned.remove(&(owner.uid.clone(), key.clone()));
        }
        self.resource_version += 1;
        let version = self.resource_version.to_string();
        let last = old.with(|tree| tree.set(&["metadata", "resourceVersion"], version));
        Some(self.record(
            ChangeKind::Deleted,
            Arc::new(last),
            Some(old),
            Claim::Nobody,
        ))
    }

    fn record(
        &mut self,
        kind: ChangeKind,
        object: Arc<Object>,
        old: Option<Arc<Object>>,
        claim: Claim,
    ) -> Change {
        let change = Change {
            resource_version: self.resource_version,
            kind,
            object,
            old,
            claim,
        };
        self.changes.push_back(change.clone());
        if self.changes.len() > WATCH_WINDOW
            && let Some(oldest) = self.changes.pop_front()
        {
            self.fold(&oldest);
        }
        change
    }

    /// Replaces `old` by `tree`; no change at all if nothing but the resourceVersion and the times of
    /// managers would differ.
    fn replace(&mut self, old: &Arc<Object>, mut tree: Value, claim: Claim) -> Outcome {
        const VERSION: [&str; 2] = ["metadata", "resourceVersion"];
        if let Some(version) = old.tree().at(&VERSION)
            && tree.at(&VERSION) != Some(version)
        {
            tree.set(&VERSION, version.clone());
        }
        if tree == *old.tree() && !self.claims_more(old, &claim) {
            return Outcome {
                object: old.clone(),
                changes: Vec::new(),
            };
        }
        let object = self.put(Some(old), old.kind, tree);
        let change = self.record(
            ChangeKind::Modified,
            object.clone(),
            Some(old.clone()),
            claim,
        );
        Outcome {
            object,
            changes: vec![change],
        }
    }
}

/// What stands under a namespace and a claim's name, in order.
fn under(
    places: &OrdSet<(Str, Str, Key)>,
    namespace: Str,
    claim: Str,
) -> impl Iterator<Item = &Key> {
    let first = Key::new(Kind::ALL[0], "", "");
    places
        .range((namespace.clone(), claim.clone(), first)..)
        .take_while(move |(of, name, _)| *of == namespace && *name == claim)
        .map(|(_, _, key)| key)
}

/// Where a PersistentVolume stands among the reserved ones.
fn reservation(volume: &Object) -> (Str, Str, Key) {
    let claim = volume.volume().and_then(|view| view.claim.as_ref());
    let (namespace, name) = claim.map_or((Str::EMPTY, Str::EMPTY), |(namespace, name, _)| {
        (namespace.clone(), name.clone())
    });
    (namespace, name, volume.key())
}
