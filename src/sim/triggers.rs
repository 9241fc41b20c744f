//! Which changes wake which controllers: their informers' event handlers.

use crate::api::{Key, Kind, Millis, Object, Selector, Str};
use crate::controllers;
use crate::controllers::furnish::ROOT_CERTIFICATE;
use crate::store::fields::Writer;
use crate::store::{Change, ChangeKind, FOREGROUND, ORPHAN, Store};
use std::sync::Arc;

/// A controller of the control plane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum ControllerId {
    StatefulSet,
    Deployment,
    ReplicaSet,
    Disruption,
    EndpointSlice,
    Endpoints,
    Scheduler,
    Kubelet,
    NodeLifecycle,
    TaintEviction,
    /// Pods whose node is gone.
    PodCollector,
    /// Terminating Pods of nodes that are out of service.
    OutOfService,
    ClaimBinder,
    VolumeBinder,
    Provisioner,
    Expander,
    ClaimProtection,
    VolumeProtection,
    Garbage,
    Namespace,
    Quota,
    ServiceAccount,
    RootCertificate,
    /// kube-apiserver itself.
    ApiServer,
}

impl ControllerId {
    /// The component's name in events and in the record of writes.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            ControllerId::StatefulSet => "statefulset-controller",
            ControllerId::Deployment => "deployment-controller",
            ControllerId::ReplicaSet => "replicaset-controller",
            ControllerId::Disruption => "controllermanager",
            ControllerId::EndpointSlice => "endpointslice-controller",
            ControllerId::Endpoints => "endpoint-controller",
            ControllerId::Scheduler => "default-scheduler",
            ControllerId::Kubelet => "kubelet",
            ControllerId::NodeLifecycle => "node-controller",
            ControllerId::TaintEviction => "taint-eviction-controller",
            ControllerId::PodCollector | ControllerId::OutOfService => "pod-garbage-collector",
            ControllerId::ClaimBinder | ControllerId::VolumeBinder => "persistentvolume-controller",
            ControllerId::Provisioner => "external-provisioner",
            ControllerId::Expander => "volume_expand",
            ControllerId::ClaimProtection => "pvc-protection-controller",
            ControllerId::VolumeProtection => "pv-protection-controller",
            ControllerId::Garbage => "generic-garbage-collector",
            ControllerId::Namespace => "namespace-controller",
            ControllerId::Quota => "resourcequota-controller",
            ControllerId::ServiceAccount => "service-account-controller",
            ControllerId::RootCertificate => "root-ca-cert-publisher",
            ControllerId::ApiServer => "system:apiserver",
        }
    }

    /// The manager of the fields that it writes: the program that it is a part of.
    #[must_use]
    pub fn writer(self) -> Writer {
        Writer::component(match self {
            ControllerId::Scheduler => "kube-scheduler",
            ControllerId::Kubelet => "kubelet",
            ControllerId::ApiServer => "kube-apiserver",
            ControllerId::Provisioner => "csi-provisioner",
            _ => "kube-controller-manager",
        })
    }

    /// From a change to the pass that it causes: the watch and the work queue of a small idle cluster.
    ///
    /// Only the order to which they lead is meant. Between the real programs it is chance, if a likely one; the
    /// recordings show some 5 to 50 ms for all of them. Two decide an order and are fitted:
    ///
    /// - ReplicaSet (2) before Deployment: 30-deployment-contrast. Chance: in 113-deployment-failing three writes
    ///   of the Deployment's controller are refused, as the ReplicaSet was counted meanwhile.
    /// - Scheduler (12) before claim binder (13): the scheduler has tried a new Pod before its claims are bound.
    ///   Chance, and so told in most recordings; the event is not compared (`conformance/README.md`).
    #[must_use]
    pub fn latency(self) -> Millis {
        match self {
            ControllerId::ReplicaSet => 2,
            ControllerId::StatefulSet | ControllerId::Deployment => 10,
            ControllerId::Scheduler => 12,
            ControllerId::ClaimBinder => 13,
            ControllerId::VolumeBinder => 14,
            ControllerId::Kubelet => 16,
            ControllerId::EndpointSlice => 18,
            // The legacy object is housekeeping: brought up to date once a second at most.
            ControllerId::Endpoints => 1000,
            ControllerId::ClaimProtection
            | ControllerId::VolumeProtection
            | ControllerId::Provisioner
            | ControllerId::Disruption
            | ControllerId::NodeLifecycle
            | ControllerId::TaintEviction
            | ControllerId::Expander
            | ControllerId::Quota
            | ControllerId::ServiceAccount
            | ControllerId::RootCertificate
            | ControllerId::ApiServer => 20,
            ControllerId::Garbage => 24,
            // So that all API servers know that the namespace takes nothing new.
            ControllerId::Namespace => 5000,
            // A node must be missing for 40 s, and the collector looks every 20 s.
            ControllerId::PodCollector => 60_000,
            ControllerId::OutOfService => 20_000,
        }
    }
}

/// From the end of a dependent to the collector's look at the owner that waits for it. Fitted: before a set has
/// made a revision anew that went (95-delete-cascades). A Pod's end is looked at with the collector's usual
/// latency, after the set has counted it and looked again: a revision made meanwhile goes too
/// (124-finalizers-foreground, two runs). Who is first is chance where Pods go at once: of two runs of
/// 106-foreground-held the revision is there at rest in one and not in the other.
const SECOND_LOOK: Millis = 4;

/// From a volume to its first status. Fitted: before the claim beside it in a manifest is looked at, which is
/// created after it (corpus B-describe-38). Chance: kubectl's two requests are milliseconds apart.
const NEW_VOLUME: Millis = 8;

/// From a change of its claim to the next try of a Pod that could not be placed. Fitted: before a claim that a
/// provisioner has taken up is bound, so that the refusal is told once more (corpus B-events-20). Chance.
const HINTED: Millis = 6;

/// Whether the scheduler tries a Pod again for this change, and tells it again if nothing came of it: a claim
/// of the Pod changed (`isSchedulableAfterPersistentVolumeClaimChange`; corpus B-events-20).
pub(super) fn hints(controller: ControllerId, change: &Change) -> bool {
    controller == ControllerId::Scheduler && change.object.kind == Kind::PersistentVolumeClaim
}

/// From a claim whose class waits for a Pod to the event that says so. Fitted: before the scheduler has a node
/// for it (58-wait-for-first-consumer). Chance.
const TOLD_TO_WAIT: Millis = 11;

fn waits_for_pod(change: &Change, store: &Store) -> bool {
    let class = change.object.claim().and_then(|view| view.class.clone());
    let class = class.and_then(|class| store.get(&Key::new(Kind::StorageClass, "", class)));
    class.is_some_and(|class| {
        class.tree().str_at(&["volumeBindingMode"]) == Some("WaitForFirstConsumer")
    })
}

/// From this change to the pass over `key` that it causes.
pub(super) fn latency(
    controller: ControllerId,
    change: &Change,
    key: &Key,
    store: &Store,
) -> Millis {
    let mut owners = change.object.meta.owners.iter();
    let waited = controller == ControllerId::Garbage
        && change.kind == ChangeKind::Deleted
        && owners.any(|owner| {
            owner_key(&change.object, &owner.api_version, &owner.kind, &owner.name).as_ref()
                == Some(key)
        });
    let new_volume = controller == ControllerId::VolumeBinder
        && change.kind == ChangeKind::Added
        && change.object.kind == Kind::PersistentVolume;
    match waited {
        false if hints(controller, change) => HINTED,
        false if controller == ControllerId::ClaimBinder && waits_for_pod(change, store) => {
            TOLD_TO_WAIT
        }
        false if new_volume => NEW_VOLUME,
        true if change.object.kind != Kind::Pod => SECOND_LOOK,
        _ => controller.latency(),
    }
}

/// Calls `wake` for every controller and key that a change concerns.
pub(super) fn triggers(change: &Change, store: &Store, wake: &mut dyn FnMut(ControllerId, Key)) {
    let object = &change.object;
    garbage(change, store, wake);
    quotas(change, store, wake);
    match object.kind {
        Kind::StatefulSet => wake(ControllerId::StatefulSet, object.key()),
        Kind::Deployment => wake(ControllerId::Deployment, object.key()),
        Kind::ReplicaSet => replica_set(change, store, wake),
        Kind::PodDisruptionBudget => wake(ControllerId::Disruption, object.key()),
        Kind::Pod => pod(change, store, wake),
        Kind::Service => {
            wake(ControllerId::EndpointSlice, object.key());
            wake(ControllerId::Endpoints, object.key());
            if change.kind == ChangeKind::Deleted && object.name() == "kubernetes" {
                wake(ControllerId::ApiServer, object.key());
            }
        }
        Kind::Namespace if object.meta.terminating() => {
            wake(ControllerId::Namespace, object.key());
        }
        Kind::Namespace if change.kind == ChangeKind::Added => {
            wake(ControllerId::ServiceAccount, object.key());
            wake(ControllerId::RootCertificate, object.key());
        }
        Kind::ServiceAccount if change.kind == ChangeKind::Deleted => {
            let namespace = Key::new(Kind::Namespace, "", object.namespace());
            wake(ControllerId::ServiceAccount, namespace);
        }
        Kind::ConfigMap if object.name() == ROOT_CERTIFICATE => {
            let namespace = Key::new(Kind::Namespace, "", object.namespace());
            wake(ControllerId::RootCertificate, namespace);
        }
        Kind::EndpointSlice => {
            if let Some(service) = object.meta.label("kubernetes.io/service-name") {
                wake(
                    ControllerId::EndpointSlice,
                    Key::new(Kind::Service, object.namespace(), service),
                );
            }
        }
        Kind::PersistentVolumeClaim => claim(change, store, wake),
        Kind::PersistentVolume => volume(change, wake),
        Kind::Node => {
            unscheduled(store, wake);
            node(change, store, wake);
        }
        _ => {}
    }
}

/// The quotas that may count an object.
fn quotas(change: &Change, store: &Store, wake: &mut dyn FnMut(ControllerId, Key)) {
    if change.object.kind == Kind::Event || change.object.namespace().is_empty() {
        return;
    }
    for quota in store.list(Kind::ResourceQuota, change.object.namespace()) {
        wake(ControllerId::Quota, quota.key());
    }
}

/// Objects whose deletion the garbage collector must finish, and dependents of what is gone.
fn garbage(change: &Change, store: &Store, wake: &mut dyn FnMut(ControllerId, Key)) {
    let object = &change.object;
    if change.kind == ChangeKind::Deleted {
        for dependent in store.dependents(&object.meta.uid) {
            wake(ControllerId::Garbage, dependent.key());
        }
        for owner in object.meta.owners.iter() {
            if let Some(key) = owner_key(object, &owner.api_version, &owner.kind, &owner.name) {
                wake_terminating_owner(store, key, wake);
            }
        }
        return;
    }
    // Only the change that begins it: what is written to an object that waits already wakes nobody
    // (`processTransitions`; recording 95-delete-cascades).
    let waits = waits(object) && !change.old.as_deref().is_some_and(waits);
    let owners_changed = change
        .old
        .as_ref()
        .is_none_or(|old| old.meta.owners != object.meta.owners);
    // A new dependent is looked at only if an owner is not there: one of an owner that goes in the foreground
    // waits until that one is looked at again (recording 95-delete-cascades).
    let lacks_owner = || {
        let mut owners = object.meta.owners.iter();
        owners.any(|owner| {
            let key = owner_key(object, &owner.api_version, &owner.kind, &owner.name);
            let there = key.and_then(|key| store.get(&key));
            there.is_none_or(|there| there.meta.uid != owner.uid)
        })
    };
    if waits || owners_changed && lacks_owner() {
        wake(ControllerId::Garbage, object.key());
    }
    if owners_changed && let Some(old) = &change.old {
        for owner in old.meta.owners.iter() {
            if let Some(key) = owner_key(object, &owner.api_version, &owner.kind, &owner.name) {
                wake_terminating_owner(store, key, wake);
            }
        }
    }
}

/// Whether an object's deletion is the garbage collector's to finish.
fn waits(object: &Object) -> bool {
    let meta = &object.meta;
    meta.terminating() && (meta.has_finalizer(FOREGROUND) || meta.has_finalizer(ORPHAN))
}

fn wake_terminating_owner(store: &Store, key: Key, wake: &mut dyn FnMut(ControllerId, Key)) {
    if store
        .get(&key)
        .is_some_and(|owner| owner.meta.terminating())
    {
        wake(ControllerId::Garbage, key);
    }
}

fn owner_key(dependent: &Object, api_version: &Str, kind: &Str, name: &Str) -> Option<Key> {
    let kind = Kind::from_type(api_version, kind)?;
    Some(Key::new(kind, dependent.namespace(), name))
}

fn pod(change: &Change, store: &Store, wake: &mut dyn FnMut(ControllerId, Key)) {
    let pod = &change.object;
    let namespace = pod.namespace();
    controller_of(pod, wake);
    if let Some(old) = &change.old
        && old.meta.owners != pod.meta.owners
    {
        controller_of(old, wake);
    }
    orphan(change, store, wake);
    services_of(change, store, wake);
    budgets_of(change, store, wake);
    if let Some(view) = pod.pod() {
        let gone = change.kind == ChangeKind::Deleted;
        if view.node.is_empty() && !gone {
            wake(ControllerId::Scheduler, pod.key());
        }
        if gone || view.phase.terminal() {
            // Room on a node, and an exclusive claim, may have become free.
            unscheduled(store, wake);
        }
        if !view.node.is_empty() {
            expelled(change, store, wake);
            wake(ControllerId::Kubelet, pod.key());
        }
        for (_, claim) in view.claims.iter() {
            let key = Key::new(Kind::PersistentVolumeClaim, namespace, claim);
            if gone
                && store
                    .get(&key)
                    .is_some_and(|claim| claim.meta.terminating())
            {
                wake(ControllerId::ClaimProtection, key.clone());
            }
        }
    }
}

/// The set that controls a Pod.
fn controller_of(pod: &Object, wake: &mut dyn FnMut(ControllerId, Key)) {
    let Some(owner) = pod.meta.controller() else {
        return;
    };
    let (controller, kind) = match owner.kind.as_str() {
        "StatefulSet" => (ControllerId::StatefulSet, Kind::StatefulSet),
        "ReplicaSet" => (ControllerId::ReplicaSet, Kind::ReplicaSet),
        _ => return,
    };
    wake(controller, Key::new(kind, pod.namespace(), &owner.name));
}

/// A Pod without a controller that is new, or whose labels or controller changed, wakes every set whose
/// selector matches it (R8.1).
fn orphan(change: &Change, store: &Store, wake: &mut dyn FnMut(ControllerId, Key)) {
    if !is_new_orphan(change) {
        return;
    }
    let pod = &change.object;
    for set in store.list(Kind::StatefulSet, pod.namespace()) {
        if set
            .set()
            .is_some_and(|view| view.selector.matches(&pod.meta.labels))
        {
            wake(ControllerId::StatefulSet, set.key());
        }
    }
    matching(store, Kind::ReplicaSet, pod, &mut |key| {
        wake(ControllerId::ReplicaSet, key);
    });
}

/// Whether the object has no controller and is new, or has just changed its labels or lost its controller.
fn is_new_orphan(change: &Change) -> bool {
    let object = &change.object;
    object.meta.controller().is_none()
        && change.kind != ChangeKind::Deleted
        && change.old.as_ref().is_none_or(|old| {
            old.meta.labels != object.meta.labels || old.meta.owners != object.meta.owners
        })
}

/// The objects of a kind whose `spec.selector` matches the labels of an object.
fn matching(store: &Store, kind: Kind, object: &Object, found: &mut dyn FnMut(Key)) {
    for candidate in store.list(kind, object.namespace()) {
        let selector = candidate.tree().at(&["spec", "selector"]);
        let selector = selector.filter(|selector| !selector.is_null());
        let selects = selector.is_some_and(|selector| {
            Selector::from_label_selector(selector).matches(&object.meta.labels)
        });
        if selects {
            found(candidate.key());
        }
    }
}

/// A ReplicaSet wakes its own controller and the Deployment above it, also the former one.
fn replica_set(change: &Change, store: &Store, wake: &mut dyn FnMut(ControllerId, Key)) {
    let set = &change.object;
    wake(ControllerId::ReplicaSet, set.key());
    for set in change.old.iter().chain([set]) {
        if let Some(owner) = set.meta.controller()
            && owner.kind == "Deployment"
        {
            let key = Key::new(Kind::Deployment, set.namespace(), &owner.name);
            wake(ControllerId::Deployment, key);
        }
    }
    if is_new_orphan(change) {
        matching(store, Kind::Deployment, set, &mut |key| {
            wake(ControllerId::Deployment, key);
        });
    }
}

/// The budgets that select a Pod, or did.
fn budgets_of(change: &Change, store: &Store, wake: &mut dyn FnMut(ControllerId, Key)) {
    for pod in change.old.iter().chain([&change.object]) {
        matching(store, Kind::PodDisruptionBudget, pod, &mut |key| {
            wake(ControllerId::Disruption, key);
        });
    }
}

/// The Services that select a Pod, or did, if the change shows in their endpoints
/// (`podEndpointsChanged`, `pkg/controller/util/endpoint/controller_utils.go`).
fn services_of(change: &Change, store: &Store, wake: &mut dyn FnMut(ControllerId, Key)) {
    let pod = &change.object;
    if let Some(old) = change.old.as_ref()
        && change.kind == ChangeKind::Modified
        && endpoint_facts(old) == endpoint_facts(pod)
    {
        return;
    }
    for service in store.list(Kind::Service, pod.namespace()) {
        let selector = service.tree().map_at(&["spec", "selector"]);
        if selector.texts().next().is_none() {
            continue;
        }
        let matches = |pod: &Arc<Object>| {
            let mut wanted = selector.texts();
            wanted.all(|(label, value)| pod.meta.label(label) == Some(value))
        };
        if matches(pod) || change.old.as_ref().is_some_and(matches) {
            wake(ControllerId::EndpointSlice, service.key());
            wake(ControllerId::Endpoints, service.key());
        }
    }
}

/// What an endpoint tells of its Pod.
fn endpoint_facts(pod: &Object) -> impl PartialEq {
    let view = pod.pod();
    (
        view.map(|view| {
            (
                view.ip.clone(),
                view.node.clone(),
                view.ready.ready,
                view.phase.terminal(),
            )
        }),
        pod.meta.terminating(),
        pod.meta.labels.clone(),
    )
}

/// A node's own state, and the Pods on it if it has a NoExecute taint or is gone.
fn node(change: &Change, store: &Store, wake: &mut dyn FnMut(ControllerId, Key)) {
    let node = &change.object;
    let gone = change.kind == ChangeKind::Deleted;
    wake(ControllerId::NodeLifecycle, node.key());
    let expels = node
        .node()
        .is_some_and(|view| view.taints.iter().any(|(.., effect)| effect == "NoExecute"));
    if !gone && !expels {
        return;
    }
    for pod in store.list(Kind::Pod, "") {
        if pod.pod().is_some_and(|view| view.node == *node.name()) {
            if gone {
                wake(ControllerId::PodCollector, pod.key());
            } else {
                wake(ControllerId::TaintEviction, pod.key());
                if pod.meta.terminating() && controllers::node::is_out_of_service(node) {
                    wake(ControllerId::OutOfService, pod.key());
                }
            }
        }
    }
}

/// What the taints of a Pod's node mean for it.
fn expelled(change: &Change, store: &Store, wake: &mut dyn FnMut(ControllerId, Key)) {
    let pod = &change.object;
    let name = pod.pod().map(|view| view.node.clone()).unwrap_or_default();
    let Some(node) = store.get(&Key::new(Kind::Node, "", name)) else {
        // A Pod whose manifest names a node that there is not.
        if change.kind != ChangeKind::Deleted {
            wake(ControllerId::PodCollector, pod.key());
        }
        return;
    };
    let view = node.node();
    if view.is_some_and(|view| view.taints.iter().any(|(.., effect)| effect == "NoExecute")) {
        wake(ControllerId::TaintEviction, pod.key());
        if pod.meta.terminating() && controllers::node::is_out_of_service(node) {
            wake(ControllerId::OutOfService, pod.key());
        }
    }
}

/// Pods that wait for a node.
fn unscheduled(store: &Store, wake: &mut dyn FnMut(ControllerId, Key)) {
    for pod in store.unscheduled() {
        wake(ControllerId::Scheduler, pod.key());
    }
}

fn claim(change: &Change, store: &Store, wake: &mut dyn FnMut(ControllerId, Key)) {
    let claim = &change.object;
    if change.kind != ChangeKind::Deleted {
        wake(ControllerId::ClaimBinder, claim.key());
        wake(ControllerId::Provisioner, claim.key());
        if grew(change) {
            wake(ControllerId::Expander, claim.key());
        }
        // Also one whose protection was taken off by hand: it is put back.
        if claim.meta.terminating() || !claim.meta.has_finalizer("kubernetes.io/pvc-protection") {
            wake(ControllerId::ClaimProtection, claim.key());
        }
    }
    if let Some(view) = claim.claim()
        && !view.volume.is_empty()
    {
        wake(
            ControllerId::VolumeBinder,
            Key::new(Kind::PersistentVolume, "", &view.volume),
        );
    }
    for pod in store.waiting_for(claim.namespace(), claim.name()) {
        wake(ControllerId::Scheduler, pod.clone());
    }
}

/// Whether a claim asks for more than before.
fn grew(change: &Change) -> bool {
    let request = |object: &Arc<Object>| object.claim().and_then(|view| view.request);
    change
        .old
        .as_ref()
        .is_some_and(|old| request(old) < request(&change.object))
}

fn volume(change: &Change, wake: &mut dyn FnMut(ControllerId, Key)) {
    let volume = &change.object;
    if change.kind != ChangeKind::Deleted {
        wake(ControllerId::VolumeBinder, volume.key());
        wake(ControllerId::Provisioner, volume.key());
        if volume.meta.terminating() || !volume.meta.has_finalizer("kubernetes.io/pv-protection") {
            wake(ControllerId::VolumeProtection, volume.key());
        }
    }
    if let Some((namespace, name, _)) = volume.volume().and_then(|view| view.claim.as_ref()) {
        wake(
            ControllerId::ClaimBinder,
            Key::new(Kind::PersistentVolumeClaim, namespace, name),
        );
    }
    // A free volume wakes no claim: they look at the next resync (transcript 20-missing-storageclass).
}
