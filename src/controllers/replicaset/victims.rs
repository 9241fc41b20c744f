//! Which Pods go first when a ReplicaSet shrinks.
//! `ActivePodsWithRanks`, `pkg/controller/controller_utils.go` (R16.4)

use crate::api::Arrange as _;
use crate::api::{Kind, Object, Phase, Str, Time};
use crate::controllers::Cluster;
use std::cmp::{Ordering, Reverse};
use std::collections::BTreeMap;
use std::sync::Arc;

const DELETION_COST: &str = "controller.kubernetes.io/pod-deletion-cost";

/// The first `number` Pods to delete.
pub(super) fn choose(
    cluster: &dyn Cluster,
    set: &Object,
    pods: &[Arc<Object>],
    number: usize,
) -> Vec<Arc<Object>> {
    if number == 0 || number >= pods.len() {
        return pods.iter().take(number).cloned().collect();
    }
    let neighbours = neighbours(cluster, set);
    let now = cluster.now();
    let mut ranked: Vec<(Rank, Arc<Object>)> = pods
        .iter()
        .map(|pod| (Rank::of(pod, &neighbours), pod.clone()))
        .collect();
    ranked.arrange_by(|(a, pod_a), (b, pod_b)| {
        a.compare(b, now)
            .then_with(|| pod_a.meta.uid.cmp(&pod_b.meta.uid))
    });
    ranked
        .into_iter()
        .take(number)
        .map(|(_, pod)| pod)
        .collect()
}

/// How many living Pods of the set's siblings (the ReplicaSets of one Deployment) each node has.
fn neighbours(cluster: &dyn Cluster, set: &Object) -> BTreeMap<Str, i64> {
    let siblings = match set.meta.controller() {
        Some(owner) => cluster.owned(Kind::ReplicaSet, set.namespace(), &owner.uid),
        None => cluster
            .get(Kind::ReplicaSet, set.namespace(), set.name())
            .into_iter()
            .collect(),
    };
    let mut nodes = BTreeMap::new();
    for sibling in siblings {
        for pod in cluster.owned(Kind::Pod, set.namespace(), &sibling.meta.uid) {
            if let Some(view) = pod.pod().filter(|view| !view.phase.terminal())
                && !pod.meta.terminating()
            {
                *nodes.entry(view.node.clone()).or_default() += 1;
            }
        }
    }
    nodes
}

/// What decides: what is smaller goes first.
struct Rank {
    first: (bool, u8, bool, i64, Reverse<i64>),
    ready: Option<Time>,
    restarts: Reverse<i64>,
    created: Time,
}

impl Rank {
    fn of(pod: &Object, neighbours: &BTreeMap<Str, i64>) -> Rank {
        let view = pod.pod();
        let node = view.map(|view| view.node.clone()).unwrap_or_default();
        let phase = match view.map(|view| view.phase) {
            Some(Phase::Pending) => 0,
            Some(Phase::Unknown) => 1,
            _ => 2,
        };
        let ready = view.is_some_and(|view| view.ready.ready);
        let cost = pod.meta.annotation(DELETION_COST);
        let cost = cost.and_then(|text| text.parse().ok()).unwrap_or(0);
        let crowd = neighbours.get(&node).copied().unwrap_or(0);
        let statuses = pod.tree().items_at(&["status", "containerStatuses"]);
        let restarts = statuses
            .iter()
            .filter_map(|status| status.int_at(&["restartCount"]))
            .max();
        Rank {
            first: (!node.is_empty(), phase, ready, cost, Reverse(crowd)),
            ready: view.and_then(|view| view.ready.since).filter(|_| ready),
            restarts: Reverse(restarts.unwrap_or(0)),
            created: pod.meta.created,
        }
    }

    fn compare(&self, other: &Rank, now: Time) -> Ordering {
        // Times count by their order of magnitude only, so that it is not always the newest that goes.
        let age = |time: Option<Time>| time.map(|time| magnitude(now.since(time)));
        let by_ready = if self.ready == other.ready {
            Ordering::Equal
        } else {
            age(self.ready).cmp(&age(other.ready))
        };
        self.first
            .cmp(&other.first)
            .then(by_ready)
            .then(self.restarts.cmp(&other.restarts))
            .then_with(|| age(Some(self.created)).cmp(&age(Some(other.created))))
    }
}

/// The power of two of a span (`logarithmicRankDiff`).
fn magnitude(millis: i64) -> i64 {
    u64::try_from(millis)
        .ok()
        .and_then(u64::checked_ilog2)
        .map_or(-1, i64::from)
}
