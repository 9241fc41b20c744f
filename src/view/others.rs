//! What else is in the cluster, one line each: other StatefulSets, Deployments, ReplicaSets, plain Pods, and claims of
//! no set that is there, as a deleted set leaves them behind.

use super::board::{claim_places, claim_prefixes};
use super::pod::PodCard;
use super::{PodState, Word};
use crate::api::{Key, Kind, Object, Str};
use crate::store::Store;
use std::sync::Arc;

/// How many of them, and how many Pods of each, are listed.
const MOST: usize = 40;

/// A line: who owns Pods, a Pod that nobody owns, or a claim.
#[derive(Clone, Debug, PartialEq)]
pub struct OtherRow {
    /// The object.
    pub key: Key,
    /// Pods that are Ready.
    pub ready: usize,
    /// Pods that are wanted; 1 for a Pod.
    pub wanted: i64,
    /// Its Pods.
    pub pods: Vec<OtherPod>,
    /// Pods that are not listed.
    pub more: usize,
    /// A claim's phase and volume.
    pub claim: Option<(Str, Str)>,
}

/// A Pod of such a line.
#[derive(Clone, Debug, PartialEq)]
pub struct OtherPod {
    /// Its name.
    pub name: Str,
    /// Its state.
    pub state: PodState,
    /// In a word.
    pub word: Word,
    /// Its node; empty while it has none.
    pub node: Str,
}

/// What there is beside the set that is shown in full.
#[must_use]
pub fn others(store: &Store, shown: Option<&Key>) -> Vec<OtherRow> {
    let mut rows = Vec::new();
    for set in store.list(Kind::StatefulSet, "") {
        if shown != Some(&set.key()) {
            rows.push(row(set, pods_of(store, set)));
        }
    }
    for deployment in store.list(Kind::Deployment, "") {
        let sets = store.owned(
            Kind::ReplicaSet,
            deployment.namespace(),
            &deployment.meta.uid,
        );
        let pods = sets.iter().flat_map(|set| pods_of(store, set)).collect();
        rows.push(row(deployment, pods));
    }
    for set in store.list(Kind::ReplicaSet, "") {
        if set.meta.controller().is_none() {
            rows.push(row(set, pods_of(store, set)));
        }
    }
    let namespaces: Vec<Str> = store
        .list(Kind::Namespace, "")
        .map(|namespace| namespace.name().clone())
        .collect();
    for namespace in namespaces {
        for pod in store.orphans(Kind::Pod, &namespace) {
            rows.push(row(pod, vec![pod.clone()]));
        }
    }
    rows.extend(claims_left(store));
    rows.truncate(MOST);
    rows
}

/// The claims that are no ordinal's of a set that is there.
fn claims_left(store: &Store) -> impl Iterator<Item = OtherRow> {
    let sets = store.list(Kind::StatefulSet, "");
    let sets: Vec<_> = sets.map(|set| (set, claim_prefixes(set))).collect();
    let of_a_set = move |claim: &Object| {
        sets.iter().any(|(set, prefixes)| {
            set.namespace() == claim.namespace()
                && claim_places(prefixes, claim.name()).next().is_some()
        })
    };
    let claims = store.list(Kind::PersistentVolumeClaim, "");
    claims.filter(move |claim| !of_a_set(claim)).map(|claim| {
        let view = claim.claim().cloned().unwrap_or_default();
        let phase = if claim.meta.terminating() {
            Str::literal("Terminating")
        } else {
            view.phase
        };
        OtherRow {
            claim: Some((phase, view.volume)),
            ..row(claim, Vec::new())
        }
    })
}

fn pods_of(store: &Store, owner: &Object) -> Vec<Arc<Object>> {
    store.owned(Kind::Pod, owner.namespace(), &owner.meta.uid)
}

fn row(owner: &Object, pods: Vec<Arc<Object>>) -> OtherRow {
    let wanted = if owner.kind == Kind::Pod {
        1
    } else {
        owner.tree().int_at(&["spec", "replicas"]).unwrap_or(1)
    };
    let is_ready = |pod: &&Arc<Object>| pod.pod().is_some_and(|view| view.running_and_ready());
    OtherRow {
        key: owner.key(),
        ready: pods.iter().filter(is_ready).count(),
        wanted,
        more: pods.len().saturating_sub(MOST),
        claim: None,
        pods: pods.iter().take(MOST).map(|pod| other_pod(pod)).collect(),
    }
}

fn other_pod(pod: &Object) -> OtherPod {
    let card = PodCard::of(pod, false, 0, 1);
    OtherPod {
        name: pod.name().clone(),
        state: card.state,
        word: card.word,
        node: card.node,
    }
}
