//! How many Pods of a PodDisruptionBudget may be evicted now.
//! `pkg/controller/disruption/disruption.go` (transcript 62-pdb-drain, corpus A-default-pdb-web).

use super::{Action, Cluster, EventType, Reason};
use crate::api::{ApiError, Kind, Map, Millis, Object, Selector, Str, Time, Value};
use std::collections::BTreeMap;
use std::sync::Arc;

/// How long a Pod whose eviction was granted counts as gone, in milliseconds (`DeletionTimeout`).
const DELETION_TIMEOUT: Millis = 120_000;

/// Writes the status of a budget (`sync`). Key: the PodDisruptionBudget.
pub fn reconcile(cluster: &mut dyn Cluster, namespace: &str, name: &str) -> Action {
    let Ok(budget) = cluster.get(Kind::PodDisruptionBudget, namespace, name) else {
        return Action::DONE;
    };
    match sync(cluster, &budget) {
        Ok(action) => action,
        Err(error) => Action::failed(error.message),
    }
}

fn sync(cluster: &mut dyn Cluster, budget: &Arc<Object>) -> Result<Action, ApiError> {
    let pods = pods_of(cluster, budget);
    if pods.is_empty() {
        let message = "No matching pods found".to_owned();
        cluster.event(budget, EventType::Normal, "NoPods", message);
    }
    let (expected, desired) = match wanted(cluster, budget, &pods) {
        Ok(counts) => counts,
        Err(why) => return fail_safe(cluster, budget, why),
    };
    let disrupted = granted(budget, &pods, cluster.now());
    let healthy = pods
        .iter()
        .filter(|pod| is_healthy(pod, &disrupted))
        .count();
    let healthy = i64::try_from(healthy).unwrap_or(i64::MAX);
    let allowed = if expected > 0 {
        (healthy - desired).max(0)
    } else {
        0
    };

    let mut status = Map::default();
    let (truth, reason) = if allowed > 0 {
        ("True", "SufficientPods")
    } else {
        ("False", "InsufficientPods")
    };
    let condition = condition(budget, truth, reason, "", cluster.now());
    status.insert("conditions", vec![condition]);
    status.insert("currentHealthy", healthy);
    status.insert("desiredHealthy", desired);
    status.insert("disruptionsAllowed", allowed);
    status.insert("expectedPods", expected);
    status.insert("observedGeneration", budget.meta.generation);
    let next = disrupted.values().min().copied();
    if !disrupted.is_empty() {
        let times: Map = disrupted.into_iter().collect();
        status.insert("disruptedPods", times);
    }
    if budget.tree().get("status").and_then(Value::as_map) != Some(&status) {
        let mut tree = budget.tree().clone();
        tree.set(&["status"], status);
        cluster.update_status(Kind::PodDisruptionBudget, tree, Reason::Status)?;
    }
    // A Pod that was to be evicted and is still there counts again after a while.
    let wait = next.map(|granted| granted.plus(DELETION_TIMEOUT).since(cluster.now()).max(1));
    Ok(wait.map_or(Action::DONE, Action::requeue))
}

/// A budget that cannot be worked out allows nothing, and is tried again (`failSafe`).
fn fail_safe(cluster: &mut dyn Cluster, budget: &Object, why: String) -> Result<Action, ApiError> {
    let message = format!("Failed to calculate the number of expected pods: {why}");
    let reason = "CalculateExpectedPodCountFailed";
    cluster.event(budget, EventType::Warning, reason, message);
    let mut tree = budget.tree().clone();
    let condition = condition(budget, "False", "SyncFailed", &why, cluster.now());
    tree.set(&["status", "disruptionsAllowed"], 0);
    tree.set(&["status", "conditions"], vec![condition]);
    if tree != *budget.tree() {
        cluster.update_status(Kind::PodDisruptionBudget, tree, Reason::Status)?;
    }
    Ok(Action::failed(why))
}

/// The Pods of the budget. No selector selects none, an empty one all.
fn pods_of(cluster: &dyn Cluster, budget: &Object) -> Vec<Arc<Object>> {
    let Some(selector) = budget
        .tree()
        .at(&["spec", "selector"])
        .filter(|s| !s.is_null())
    else {
        return Vec::new();
    };
    let selector = Selector::from_label_selector(selector);
    let mut pods = cluster.list(Kind::Pod, budget.namespace());
    pods.retain(|pod| selector.matches(&pod.meta.labels));
    pods
}

fn is_healthy(pod: &Object, disrupted: &BTreeMap<Str, Time>) -> bool {
    !pod.meta.terminating()
        && !disrupted.contains_key(pod.name())
        && pod.pod().is_some_and(|view| view.ready.ready)
}

/// How many Pods there should be, and how many of them healthy (`getExpectedPodCount`); why that cannot be
/// said.
fn wanted(
    cluster: &dyn Cluster,
    budget: &Object,
    pods: &[Arc<Object>],
) -> Result<(i64, i64), String> {
    let spec = |key: &str| {
        budget
            .tree()
            .at(&["spec", key])
            .filter(|value| !value.is_null())
    };
    if let Some(limit) = spec("maxUnavailable") {
        let expected = expected_scale(cluster, pods)?;
        let unavailable = scaled(limit, expected);
        return Ok((expected, (expected - unavailable).max(0)));
    }
    Ok(match spec("minAvailable") {
        Some(Value::Str(percent)) => {
            let expected = expected_scale(cluster, pods)?;
            let percent = Value::Str(percent.clone());
            (expected, scaled(&percent, expected))
        }
        Some(number) => {
            let expected = i64::try_from(pods.len()).unwrap_or(i64::MAX);
            (expected, number.as_int().unwrap_or(0))
        }
        None => (i64::try_from(pods.len()).unwrap_or(i64::MAX), 0),
    })
}

/// The sum of the replicas of the Pods' controllers; Pods without one do not count, but one whose controller
/// is gone spoils it all (`getExpectedScale`; recording 89-budget-and-scale).
fn expected_scale(cluster: &dyn Cluster, pods: &[Arc<Object>]) -> Result<i64, String> {
    let mut scales: BTreeMap<Str, i64> = BTreeMap::new();
    for pod in pods.iter().filter(|pod| pod.meta.controller().is_some()) {
        let (uid, replicas) = controller_scale(cluster, pod)
            .ok_or_else(|| format!("found no controllers for pod \"{}\"", pod.name()))?;
        scales.insert(uid, replicas);
    }
    Ok(scales.values().sum())
}

fn controller_scale(cluster: &dyn Cluster, pod: &Object) -> Option<(Str, i64)> {
    let mut object = controller(cluster, pod)?;
    // The Deployment above a ReplicaSet says how many there should be.
    if object.kind == Kind::ReplicaSet
        && let Some(above) = controller(cluster, &object)
    {
        object = above;
    }
    let replicas = object.tree().int_at(&["spec", "replicas"]).unwrap_or(1);
    Some((object.meta.uid.clone(), replicas))
}

fn controller(cluster: &dyn Cluster, object: &Object) -> Option<Arc<Object>> {
    let owner = object.meta.controller()?;
    let kind = Kind::from_type(&owner.api_version, &owner.kind)?;
    let found = cluster.get(kind, object.namespace(), &owner.name).ok()?;
    (found.meta.uid == owner.uid).then_some(found)
}

/// A number, or a percentage of `total`, rounded up (`GetScaledValueFromIntOrPercent`).
fn scaled(value: &Value, total: i64) -> i64 {
    match value {
        Value::Str(text) => {
            let percent: i64 = text
                .strip_suffix('%')
                .and_then(|number| number.parse().ok())
                .unwrap_or(0);
            let product = percent.saturating_mul(total);
            product.div_euclid(100) + i64::from(product.rem_euclid(100) > 0)
        }
        number => number.as_int().unwrap_or(0),
    }
}

/// The Pods whose eviction was granted and which are still there (`buildDisruptedPodMap`).
fn granted(budget: &Object, pods: &[Arc<Object>], now: Time) -> BTreeMap<Str, Time> {
    let times = budget.tree().map_at(&["status", "disruptedPods"]);
    let waits = |name: &str, time: Time| {
        now < time.plus(DELETION_TIMEOUT)
            && pods
                .iter()
                .any(|pod| *pod.name() == name && !pod.meta.terminating())
    };
    times
        .texts()
        .filter_map(|(name, time)| Some((name, Time::parse(time)?)))
        .filter(|(name, time)| waits(name, *time))
        .map(|(name, time)| (Str::new(name), time))
        .collect()
}

/// The condition DisruptionAllowed (`UpdateDisruptionAllowedCondition`).
fn condition(budget: &Object, status: &str, reason: &str, message: &str, now: Time) -> Value {
    let former = budget
        .tree()
        .items_at(&["status", "conditions"])
        .iter()
        .find(|condition| {
            condition.str_at(&["type"]) == Some("DisruptionAllowed")
                && condition.str_at(&["status"]) == Some(status)
        });
    let since = former.and_then(|condition| condition.get("lastTransitionTime").cloned());
    Value::map([
        ("lastTransitionTime", since.unwrap_or_else(|| now.into())),
        ("message", message.into()),
        ("observedGeneration", budget.meta.generation.into()),
        ("reason", reason.into()),
        ("status", status.into()),
        ("type", "DisruptionAllowed".into()),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::controllers::test_cluster::TestCluster;

    fn status(cluster: &TestCluster) -> String {
        let budget = cluster.object(Kind::PodDisruptionBudget, "web");
        let mut status = budget.tree().get("status").cloned().unwrap_or_default();
        if let Some(Value::List(conditions)) = status.remove(&["conditions"]) {
            let reason = conditions.as_slice()[0].get("reason").cloned();
            status.set(&["reason"], reason.unwrap_or_default());
        }
        status.to_go_json()
    }

    fn with_budget(spec: &str) -> TestCluster {
        let mut cluster = TestCluster::new();
        let json = format!(
            r#"{{"metadata":{{"name":"web"}},"spec":{{"selector":{{"matchLabels":{{"app":"nginx"}}}},{spec}}}}}"#
        );
        cluster.add(Kind::PodDisruptionBudget, &json);
        cluster
    }

    fn add_pods(cluster: &mut TestCluster, ready: [&str; 3]) {
        let set = cluster.add(
            Kind::StatefulSet,
            r#"{"metadata":{"name":"web"},"spec":{"replicas":3}}"#,
        );
        for (n, ready) in ready.into_iter().enumerate() {
            let mut tree = Value::from_json(&format!(
                r#"{{"metadata":{{"name":"web-{n}","labels":{{"app":"nginx"}}}},
                  "status":{{"phase":"Running","conditions":[{{"type":"Ready","status":"{ready}"}}]}}}}"#
            ))
            .expect("JSON");
            tree.set(
                &["metadata", "ownerReferences"],
                vec![set.controller_ref().to_value()],
            );
            cluster.add(Kind::Pod, &tree.to_go_json());
        }
    }

    /// Corpus A-default-pdb-web.
    #[test]
    fn a_budget_without_pods_allows_nothing() {
        let mut cluster = with_budget(r#""minAvailable":2"#);
        assert_eq!(reconcile(&mut cluster, "default", "web"), Action::DONE);
        assert_eq!(
            status(&cluster),
            r#"{"currentHealthy":0,"desiredHealthy":2,"disruptionsAllowed":0,"expectedPods":0,"observedGeneration":1,"reason":"InsufficientPods"}"#
        );
        reconcile(&mut cluster, "default", "web");
        assert_eq!(cluster.take_writes().len(), 1);
    }

    /// Transcript 62-pdb-drain.
    #[test]
    fn what_is_not_ready_uses_the_budget_up() {
        let mut cluster = with_budget(r#""maxUnavailable":1"#);
        add_pods(&mut cluster, ["True", "True", "True"]);
        reconcile(&mut cluster, "default", "web");
        assert_eq!(
            status(&cluster),
            r#"{"currentHealthy":3,"desiredHealthy":2,"disruptionsAllowed":1,"expectedPods":3,"observedGeneration":1,"reason":"SufficientPods"}"#
        );
        cluster.change(Kind::Pod, "web-0", |tree| {
            let condition = Value::map([("type", "Ready".into()), ("status", "False".into())]);
            tree.set(&["status", "conditions"], vec![condition]);
        });
        reconcile(&mut cluster, "default", "web");
        assert_eq!(
            status(&cluster),
            r#"{"currentHealthy":2,"desiredHealthy":2,"disruptionsAllowed":0,"expectedPods":3,"observedGeneration":1,"reason":"InsufficientPods"}"#
        );
    }

    #[test]
    fn percentages_are_rounded_up_and_granted_evictions_count_for_a_while() {
        let mut cluster = with_budget(r#""minAvailable":"50%""#);
        add_pods(&mut cluster, ["True", "True", "True"]);
        cluster.change(Kind::PodDisruptionBudget, "web", |tree| {
            tree.set(&["status", "disruptedPods", "web-2"], Time::EPOCH);
        });
        cluster.time = Time::EPOCH.plus(20_000);
        let action = reconcile(&mut cluster, "default", "web");
        assert_eq!(action, Action::requeue(100_000));
        assert!(status(&cluster).starts_with(
            r#"{"currentHealthy":2,"desiredHealthy":2,"disruptedPods":{"web-2":"2026-01-01T00:00:00Z"},"disruptionsAllowed":0"#
        ));
        cluster.time = cluster.time.plus(100_000);
        reconcile(&mut cluster, "default", "web");
        assert!(
            status(&cluster)
                .starts_with(r#"{"currentHealthy":3,"desiredHealthy":2,"disruptionsAllowed":1"#)
        );
    }
}
