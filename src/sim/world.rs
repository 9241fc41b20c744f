//! One simulated cluster.

use super::events;
use super::fork::{Fork, Plan, Planned};
use super::queue::{Queue, Task};
use super::settings::Settings;
use super::triggers::{ControllerId, hints, latency, triggers};
use crate::api::{ApiError, DeleteOptions, Key, Kind, Millis, Object, Str, Time, pod_status};
use crate::controllers::kubelet::Runtime;
use crate::controllers::{self, Action, Reason};
use crate::store::fields::Writer;
use crate::store::{Change, ChangeKind, Gates, Request, Store};
use imbl::{OrdMap, OrdSet, Vector};
use std::sync::Arc;

/// The first and the longest wait before a failed pass is tried again
/// (`DefaultTypedControllerRateLimiter`, client-go).
const BACK_OFF: (Millis, Millis) = (5, 1_000_000);

/// One simulated cluster: API server, controllers, nodes, and what is due. Cheap to clone.
#[derive(Clone)]
pub struct World {
    now: Time,
    events: u64,
    pub(super) store: Store,
    pub(super) queue: Queue,
    /// The writes of a pass that are still to be made, one event each.
    pending: Vector<Arc<Planned>>,
    /// Whose writes they are.
    pass: Option<(ControllerId, Key)>,
    /// Whether something else was written since that pass began: what it planned is executed again then. The
    /// resourceVersion alone does not tell, as a planned write that is executed again may change nothing.
    overtaken: bool,
    pub(super) failures: OrdMap<(ControllerId, Key), u32>,
    /// For each Service whose pass is due only because Pods changed: the names of those Pods.
    changed_pods: OrdMap<(ControllerId, Key), OrdSet<Str>>,
    /// Services whose Endpoints someone else wrote than their controller.
    foreign_endpoints: OrdSet<Key>,
    /// Pods without a node that the scheduler tries again because a claim of theirs changed.
    hinted: OrdSet<Key>,
    decisions: OrdMap<Key, Decision>,
    /// The StatefulSet that was removed last.
    departed: Option<Arc<Object>>,
    writes: Vector<WriteRecord>,
    /// How many lines containers have printed.
    pub(super) printed_lines: u64,
    runtime: Runtime,
    /// What the StatefulSet controller need not read again.
    sets: controllers::statefulset::Cache,
    settings: Arc<Settings>,
    /// Answers of the name server that clients remember.
    names: super::names::Remembered,
}

/// Why a controller last did nothing more about an object.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// When.
    pub at: Time,
    /// Why.
    pub why: Reason,
}

/// Who wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Who {
    User,
    Controller(ControllerId),
}

impl Who {
    /// `user`, or the controller's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Who::User => "user",
            Who::Controller(controller) => controller.name(),
        }
    }
}

/// The verb of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Verb {
    Create,
    Update,
    UpdateStatus,
    Bind,
    Delete,
}

impl Verb {
    /// `create`
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Verb::Create => "create",
            Verb::Update => "update",
            Verb::UpdateStatus => "update status",
            Verb::Bind => "bind",
            Verb::Delete => "delete",
        }
    }
}

/// One write that the API server accepted and that changed something.
#[derive(Clone, Debug)]
pub struct WriteRecord {
    /// When.
    pub at: Time,
    /// The number of engine events executed when it was made.
    pub event: u64,
    /// Who wrote.
    pub who: Who,
    /// What was done.
    pub verb: Verb,
    /// To what.
    pub key: Key,
    /// The object's uid.
    pub uid: Str,
    /// The resourceVersion that it made.
    pub version: u64,
    /// Why.
    pub why: Reason,
    /// Whether the object is gone after it.
    pub gone: bool,
    /// For a Pod: what it looks like after the write.
    pub pod: Option<PodMark>,
}

/// What a Pod looked like after a write: what a lane of the timeline draws.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodMark {
    /// The column STATUS of `kubectl get pods`.
    pub status: Str,
    /// Whether the condition Ready is True.
    pub ready: bool,
    /// Whether its deletion has begun.
    pub terminating: bool,
    /// Whether it is on a node.
    pub scheduled: bool,
    /// The number of its ControllerRevision then; 0 if it has none.
    pub revision: i64,
}

/// What an engine event was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ran {
    /// A write that a learner can see, or several in one request.
    Visible,
    /// Housekeeping, or a pass that wrote nothing.
    Hidden,
    /// A process of the session is to be woken.
    Wake(u32),
}

impl World {
    /// A fresh cluster, ten minutes old, at [`Time::EPOCH`].
    #[must_use]
    pub fn new(settings: Settings) -> World {
        let gates = Gates {
            max_unavailable: settings.max_unavailable,
        };
        let mut world = World {
            now: Time::EPOCH,
            events: 0,
            store: Store::new(settings.seed, gates),
            queue: Queue::default(),
            pending: Vector::new(),
            pass: None,
            overtaken: false,
            failures: OrdMap::new(),
            changed_pods: OrdMap::new(),
            foreign_endpoints: OrdSet::new(),
            hinted: OrdSet::new(),
            decisions: OrdMap::new(),
            departed: None,
            writes: Vector::new(),
            printed_lines: 0,
            runtime: Runtime::default(),
            sets: controllers::statefulset::Cache::default(),
            settings: Arc::new(settings),
            names: super::names::Remembered::default(),
        };
        super::boot::boot(&mut world.store, &world.settings);
        world
    }

    /// A copy to run on from here and throw away: its controllers need not read again what this world's know. A
    /// plain clone is smaller.
    #[must_use]
    pub fn ahead(&self) -> World {
        World {
            sets: self.sets.copy(),
            ..self.clone()
        }
    }

    /// The time. [`Time::EPOCH`] is 00:00.000 on the playground's clock.
    #[must_use]
    pub fn now(&self) -> Time {
        self.now
    }

    /// How many engine events were executed.
    #[must_use]
    pub fn events(&self) -> u64 {
        self.events
    }

    /// The API server's storage.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The settings.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The nodes' side of the Pods: containers, images, files.
    #[must_use]
    pub fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    pub(super) fn names(&self) -> &super::names::Remembered {
        &self.names
    }

    pub(super) fn names_mut(&mut self) -> &mut super::names::Remembered {
        &mut self.names
    }

    /// Every write so far that is not housekeeping, oldest first.
    #[must_use]
    pub fn writes(&self) -> &Vector<WriteRecord> {
        &self.writes
    }

    /// Why a controller last did nothing more about an object.
    #[must_use]
    pub fn decision(&self, key: &Key) -> Option<&Decision> {
        self.decisions.get(key)
    }

    /// Whether a pass has writes left that it planned.
    #[must_use]
    pub fn mid_pass(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Why controllers last did nothing more, by object.
    #[must_use]
    pub fn decisions(&self) -> &OrdMap<Key, Decision> {
        &self.decisions
    }

    /// The StatefulSet that was removed last, as it was then: what is told of the past goes on without it.
    #[must_use]
    pub fn departed(&self) -> Option<&Arc<Object>> {
        self.departed.as_ref()
    }

    /// When the next engine event is due: at once while a pass has writes left.
    #[must_use]
    pub fn next_due(&self) -> Option<Time> {
        if self.pending.is_empty() {
            self.queue.next_due()
        } else {
            Some(self.now)
        }
    }

    /// When the next engine event is due that has a cause. `None`: nothing will happen by itself.
    #[must_use]
    pub fn next_foreground(&self) -> Option<Time> {
        if self.pending.is_empty() {
            self.queue.next_foreground()
        } else {
            Some(self.now)
        }
    }

    /// The tasks in the order in which they are due.
    pub fn due(&self) -> impl Iterator<Item = (Time, &Task)> {
        self.queue.iter()
    }

    /// Moves the clock forward to `time`; what is due before is not executed.
    pub fn set_now(&mut self, time: Time) {
        self.now = self.now.max(time);
    }

    /// Has a process of the session woken at `time`.
    pub fn wake_at(&mut self, process: u32, time: Time) {
        self.queue.push(Task::Wake(process), time, false);
    }

    /// Takes a process's wake-up call back.
    pub fn cancel_wake(&mut self, process: u32) {
        self.queue.remove(&Task::Wake(process));
    }

    /// Executes the next engine event: one write of a pass, or the next task. `None` if nothing is due.
    pub fn run_event(&mut self) -> Option<Ran> {
        if !self.pending.is_empty() {
            self.events += 1;
            return Some(self.commit());
        }
        let (due, task) = self.queue.pop()?;
        self.events += 1;
        self.now = self.now.max(due);
        match task {
            Task::Wake(process) => Some(Ran::Wake(process)),
            Task::Reconcile(controller, key) => {
                self.pass(controller, key);
                Some(Ran::Hidden)
            }
        }
    }

    /// Runs a pass on a fork of the world and plans its writes.
    fn pass(&mut self, controller: ControllerId, key: Key) {
        let mut fork = Fork::new(self.store.clone(), self.now, controller);
        let action = self.dispatch(&mut fork, controller, &key);
        // The scheduler's answer is new also when it is told again.
        let told = controller == ControllerId::Scheduler
            && fork
                .planned
                .iter()
                .any(|plan| matches!(plan.what, Plan::Event { .. }));
        for (about, why) in fork.decisions {
            let changed = self
                .decisions
                .get(&about)
                .is_none_or(|former| told || former.why != why);
            if changed {
                self.decisions.insert(about, Decision { at: self.now, why });
            }
        }
        let wrote = !fork.planned.is_empty();
        self.pending = fork.planned.into_iter().map(Arc::new).collect();
        self.requeue(controller, &key, action, wrote);
        self.pass = Some((controller, key));
        self.overtaken = false;
    }

    fn dispatch(&mut self, fork: &mut Fork, controller: ControllerId, key: &Key) -> Action {
        let (namespace, name) = (key.namespace.as_str(), key.name.as_str());
        match controller {
            ControllerId::StatefulSet => {
                let gates = self.store.gates();
                controllers::statefulset::reconcile(fork, namespace, name, gates, &mut self.sets)
            }
            ControllerId::Deployment => controllers::deployment::reconcile(fork, namespace, name),
            ControllerId::ReplicaSet => controllers::replicaset::reconcile(fork, namespace, name),
            ControllerId::Disruption => controllers::disruption::reconcile(fork, namespace, name),
            ControllerId::EndpointSlice => match self.take_changed_pods(controller, key) {
                Some(pods) => {
                    controllers::endpointslice::reconcile_pods(fork, namespace, name, &pods)
                }
                None => controllers::endpointslice::reconcile(fork, namespace, name),
            },
            ControllerId::Endpoints => {
                let pods = self.take_changed_pods(controller, key);
                match (pods, self.foreign_endpoints.remove(key)) {
                    (Some(pods), None) => {
                        controllers::endpoints::reconcile_pods(fork, namespace, name, &pods)
                    }
                    _ => controllers::endpoints::reconcile(fork, namespace, name),
                }
            }
            ControllerId::Namespace => controllers::namespace::reconcile(fork, name),
            ControllerId::Quota => controllers::quota::reconcile(fork, namespace, name),
            ControllerId::ServiceAccount => controllers::furnish::service_account(fork, name),
            ControllerId::RootCertificate => controllers::furnish::root_certificate(fork, name),
            ControllerId::ApiServer => controllers::apiserver::reconcile(fork),
            ControllerId::Garbage => {
                controllers::garbage::reconcile(fork, key.kind, namespace, name)
            }
            ControllerId::Scheduler => {
                fork.chosen_node = self.recorded_node(key);
                let last = self.decisions.get(key);
                let last = last.filter(|last| matches!(last.why, Reason::Unschedulable { .. }));
                let hinted = self.hinted.remove(key).is_some();
                fork.last_try = last.map(|last| last.at).filter(|_| !hinted);
                controllers::scheduler::reconcile(fork, namespace, name)
            }
            ControllerId::Kubelet => controllers::kubelet::reconcile(
                fork,
                &mut self.runtime,
                &self.settings.timings.into(),
                namespace,
                name,
            ),
            ControllerId::NodeLifecycle => {
                let silent_since = self.runtime.silent_since(&key.name);
                controllers::node::reconcile(fork, name, silent_since)
            }
            ControllerId::TaintEviction => controllers::node::evict(fork, namespace, name),
            ControllerId::PodCollector | ControllerId::OutOfService => {
                controllers::node::collect(fork, namespace, name)
            }
            ControllerId::ClaimBinder => {
                controllers::volume::binder::reconcile(fork, namespace, name)
            }
            ControllerId::VolumeBinder => {
                controllers::volume::reclaim::reconcile_volume(fork, name)
            }
            ControllerId::Provisioner => {
                if key.kind == Kind::PersistentVolume {
                    controllers::volume::external::reconcile_volume(fork, name)
                } else {
                    controllers::volume::external::reconcile_claim(fork, namespace, name)
                }
            }
            ControllerId::Expander => controllers::volume::expand::reconcile(fork, namespace, name),
            ControllerId::ClaimProtection => {
                controllers::volume::protection::reconcile_claim(fork, namespace, name)
            }
            ControllerId::VolumeProtection => {
                controllers::volume::protection::reconcile_volume(fork, name)
            }
        }
    }

    /// The Pods for whose sake the pass of a Service is due; `None` if it is due for another reason too.
    fn take_changed_pods(&mut self, controller: ControllerId, service: &Key) -> Option<Vec<Str>> {
        let pods = self.changed_pods.remove(&(controller, service.clone()))?;
        Some(pods.into_iter().collect())
    }

    /// The node of this Pod in the recording that is played again.
    fn recorded_node(&self, pod: &Key) -> Option<Str> {
        if self.settings.placements.is_empty() {
            return None;
        }
        let name = format!("{}/{}", pod.namespace, pod.name);
        let bound = |write: &&WriteRecord| write.verb == Verb::Bind && write.key == *pod;
        let former = self.writes.iter().filter(bound).count();
        let mut of_name = self
            .settings
            .placements
            .iter()
            .filter(|(pod, _)| *pod == name.as_str());
        of_name.nth(former).map(|(_, node)| node.clone())
    }

    /// Looks at the key again when the pass asked for it, or with back-off when it failed.
    fn requeue(&mut self, controller: ControllerId, key: &Key, action: Action, wrote: bool) {
        let item = (controller, key.clone());
        let task = Task::Reconcile(controller, key.clone());
        if let Some(error) = action.error {
            let failures = self.failures.get(&item).copied().unwrap_or(0);
            let wait = BACK_OFF
                .0
                .saturating_mul(1 << failures.min(20))
                .min(BACK_OFF.1);
            self.failures.insert(item, failures + 1);
            let decision = Decision {
                at: self.now,
                why: Reason::Failed {
                    error: Str::from(error),
                },
            };
            self.decisions.insert(key.clone(), decision);
            // A retry that changed nothing last time is no reason to call the cluster unstable.
            self.queue
                .push(task, self.now.plus(wait), !wrote && failures > 3);
        } else {
            self.failures.remove(&item);
            if let Some(wait) = action.requeue_after {
                let background = matches!(
                    controller,
                    ControllerId::ClaimBinder
                        | ControllerId::VolumeBinder
                        | ControllerId::Scheduler
                );
                self.queue.push(task, self.now.plus(wait), background);
            }
        }
    }

    /// Makes the next planned write, with the events that follow it.
    fn commit(&mut self) -> Ran {
        let Some(planned) = self.pending.pop_front() else {
            return Ran::Hidden;
        };
        let mut visible = self.commit_one(planned);
        while self
            .pending
            .get(0)
            .is_some_and(|next| matches!(next.what, Plan::Event { .. }))
        {
            if let Some(event) = self.pending.pop_front() {
                visible |= self.commit_one(event);
            }
        }
        if visible { Ran::Visible } else { Ran::Hidden }
    }

    fn commit_one(&mut self, planned: Arc<Planned>) -> bool {
        let planned = Arc::unwrap_or_clone(planned);
        self.overtaken |= self.store.resource_version() != planned.base;
        let untouched = !self.overtaken;
        match planned.what {
            Plan::Event { event } => {
                if untouched {
                    self.store = planned.after;
                } else {
                    events::record(&mut self.store, &event, self.now);
                }
                false
            }
            Plan::Write { request, why } => {
                let changes = if untouched {
                    self.store = planned.after;
                    self.store.changes_since(planned.base).cloned().collect()
                } else {
                    match self.store.execute(&request, &self.writer(), self.now) {
                        Ok(outcome) => outcome.changes,
                        Err(error) => {
                            self.abandon_pass(&error);
                            return false;
                        }
                    }
                };
                let Some((controller, _)) = self.pass.clone() else {
                    return false;
                };
                self.after_write(Who::Controller(controller), &request, &why, &changes)
            }
        }
    }

    /// The component whose pass it is.
    fn writer(&self) -> Writer {
        let whose = self.pass.as_ref().map(|(controller, _)| *controller);
        whose.unwrap_or(ControllerId::ApiServer).writer()
    }

    /// A write of the pass was refused, as someone else wrote in the meantime: the rest of the pass is
    /// void and its key is tried again.
    fn abandon_pass(&mut self, error: &ApiError) {
        self.pending = Vector::new();
        if let Some((controller, key)) = self.pass.clone() {
            self.requeue(
                controller,
                &key,
                Action::failed(error.message.clone()),
                true,
            );
        }
    }

    /// Notes a write and wakes who is concerned. Whether a learner can see it.
    pub(super) fn after_write(
        &mut self,
        who: Who,
        request: &Request,
        why: &Reason,
        changes: &[Change],
    ) -> bool {
        let Some(last) = changes.last() else {
            return false;
        };
        for change in changes {
            self.wake_controllers(who, change);
        }
        if housekeeping(last.object.kind) {
            return false;
        }
        self.writes.push_back(WriteRecord {
            at: self.now,
            event: self.events,
            who,
            verb: match request {
                Request::Create { .. } => Verb::Create,
                Request::Apply { .. } if last.kind == ChangeKind::Added => Verb::Create,
                Request::Update { .. } | Request::Apply { .. } => Verb::Update,
                Request::UpdateStatus { .. } => Verb::UpdateStatus,
                Request::Bind { .. } => Verb::Bind,
                Request::Delete { .. } => Verb::Delete,
            },
            key: last.object.key(),
            uid: last.object.meta.uid.clone(),
            version: last.resource_version,
            why: why.clone(),
            gone: last.kind == ChangeKind::Deleted,
            pod: pod_mark(&last.object, &self.store),
        });
        if last.kind == ChangeKind::Deleted {
            self.decisions.remove(&last.object.key());
            if last.object.kind == Kind::PersistentVolume {
                self.runtime.drop_volume(last.object.name());
            }
            if last.object.kind == Kind::StatefulSet {
                self.departed = Some(last.object.clone());
            }
        }
        true
    }

    fn wake_controllers(&mut self, who: Who, change: &Change) {
        let World {
            store,
            queue,
            now,
            changed_pods,
            foreign_endpoints,
            hinted,
            ..
        } = self;
        if change.object.kind == Kind::Endpoints && who != Who::Controller(ControllerId::Endpoints)
        {
            let (namespace, name) = (change.object.namespace(), change.object.name());
            foreign_endpoints.insert(Key::new(Kind::Service, namespace, name));
        }
        triggers(change, store, &mut |controller, key| {
            match controller {
                // Its own writes are what it expects to see.
                ControllerId::EndpointSlice if who == Who::Controller(controller) => return,
                ControllerId::EndpointSlice | ControllerId::Endpoints => {
                    note_changed_pod(changed_pods, queue, change, controller, &key);
                }
                _ => {}
            }
            if hints(controller, change) {
                hinted.insert(key.clone());
            }
            let due = now.plus(latency(controller, change, &key, store));
            queue.push(Task::Reconcile(controller, key), due, false);
        });
    }

    /// Changes the containers' side of the cluster, and has the kubelet look at the Pod after a time.
    pub(super) fn touch_runtime<T>(
        &mut self,
        pod: &Key,
        after: Millis,
        change: impl FnOnce(&mut Runtime) -> T,
    ) -> T {
        let result = change(&mut self.runtime);
        let due = self.now.plus(after);
        self.queue.push(
            Task::Reconcile(ControllerId::Kubelet, pod.clone()),
            due,
            false,
        );
        result
    }

    /// Has the node controller look at a node. Whether there is such a node.
    pub(super) fn wake_node(&mut self, node: Key) -> bool {
        let there = self.store.get(&node).is_some();
        let due = self.now.plus(ControllerId::NodeLifecycle.latency());
        self.queue.push(
            Task::Reconcile(ControllerId::NodeLifecycle, node),
            due,
            false,
        );
        there
    }

    /// Changes files only; nobody needs to look.
    pub(super) fn runtime_mut(&mut self) -> &mut Runtime {
        &mut self.runtime
    }

    /// Gives a node another number of Pods that it can hold.
    fn resize_node(&mut self, number: u32, pods: u32) {
        let key = Key::new(Kind::Node, "", format!("node-{number}"));
        let Some(node) = self.store.get(&key) else {
            return;
        };
        let mut tree = node.tree().clone();
        for part in ["capacity", "allocatable"] {
            tree.set(&["status", part, "pods"], pods.to_string());
        }
        // A node that has this size already is not written.
        let _ = self.update_status(Kind::Node, tree, &ControllerId::Kubelet.writer());
    }

    /// Changes the settings: nodes are added or taken away, gates and timings hold from now on. The seed
    /// stays what it was.
    pub fn configure(&mut self, settings: Settings) {
        let former = self.settings.nodes.bounded().count;
        let settings = Settings {
            seed: self.settings.seed,
            ..settings
        };
        let nodes = settings.nodes.bounded();
        self.store.set_gates(Gates {
            max_unavailable: settings.max_unavailable,
        });
        self.overtaken = true;
        for number in 1..=former.min(nodes.count) {
            self.resize_node(number, nodes.pods);
        }
        for number in former + 1..=nodes.count {
            let tree = super::boot::node(number, nodes.pods, self.now);
            // A node of that name that the learner made by hand stays as it is.
            let _ = self.create(Kind::Node, tree, &ControllerId::Kubelet.writer(), false);
        }
        for number in nodes.count + 1..=former {
            let key = Key::new(Kind::Node, "", format!("node-{number}"));
            let _ = self.delete(&key, &DeleteOptions::default(), false);
        }
        self.settings = Arc::new(settings);
    }

    /// A number that is equal for equal worlds: every object, the clock and what is due.
    #[must_use]
    pub fn state_hash(&self) -> u64 {
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        let mut feed = |text: &str| {
            for byte in text.bytes().chain([0]) {
                hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
            }
        };
        feed(&format!(
            "{} {} {}",
            self.now.0,
            self.events,
            self.store.resource_version()
        ));
        for object in self.store.all() {
            feed(&object.tree().to_go_json());
        }
        for (due, task) in self.queue.iter() {
            feed(&format!("{} {task:?}", due.0));
        }
        feed(&self.runtime.fingerprint());
        hash
    }
}

/// Keeps count of the Pods for whose sake a Service's slices or Endpoints are due. Once they are due for
/// another reason all Pods are looked at.
fn note_changed_pod(
    changed_pods: &mut OrdMap<(ControllerId, Key), OrdSet<Str>>,
    queue: &Queue,
    change: &Change,
    controller: ControllerId,
    service: &Key,
) {
    let pod = &change.object;
    let item = (controller, service.clone());
    let due = queue.contains(&Task::Reconcile(controller, service.clone()));
    if pod.kind != Kind::Pod {
        changed_pods.remove(&item);
    } else if !due || changed_pods.contains_key(&item) {
        changed_pods
            .entry(item)
            .or_default()
            .insert(pod.name().clone());
    }
}

/// Kinds whose writes are neither stepped nor counted for "stable".
#[must_use]
pub fn housekeeping(kind: Kind) -> bool {
    matches!(kind, Kind::Event | Kind::Endpoints)
}

fn pod_mark(object: &Object, store: &Store) -> Option<PodMark> {
    let pod = object.pod()?;
    let revision = Key::new(
        Kind::ControllerRevision,
        object.namespace().clone(),
        pod.revision.clone(),
    );
    let revision = store.get(&revision).and_then(|r| r.revision_number());
    Some(PodMark {
        status: pod_status(object).status,
        ready: pod.ready.ready,
        terminating: object.meta.terminating(),
        scheduled: !pod.node.is_empty(),
        revision: revision.unwrap_or(0),
    })
}
