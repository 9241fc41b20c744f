//! The order in which the workload controllers create and delete.

use super::super::{Difference, normalise};
use super::scenario::Scenario;
use crate::api::{Kind, Millis, Time, Value};
use crate::sim::{Verb, World};

/// The controllers whose order counts.
const CONTROLLERS: &[&str] = &[
    "statefulset-controller",
    "deployment-controller",
    "replicaset-controller",
];
/// What they create and delete.
const RESOURCES: &[&str] = &["pods", "persistentvolumeclaims", "controllerrevisions"];
/// Writes that are further apart belong to different batches.
const ONE_BATCH: Millis = 500;

/// A create or a delete.
#[derive(Clone, Debug, PartialEq)]
struct Write {
    at: Millis,
    verb: String,
    resource: String,
    name: String,
}

/// Compares the order of writes, controller by controller.
pub fn compare(scenario: &Scenario, world: &World) -> Vec<Difference> {
    let mut differences = Vec::new();
    for controller in CONTROLLERS {
        let expected = in_order(scenario, once(recorded(scenario, controller)));
        let got = in_order(scenario, once(made(world, controller, scenario.marker)));
        let first = (0..expected.len().max(got.len())).find(|at| expected.get(*at) != got.get(*at));
        if let Some(first) = first {
            let show = |writes: &[String]| {
                let shown = writes.iter().skip(first.saturating_sub(1)).take(8).cloned();
                let shown: Vec<String> = shown.collect();
                format!(
                    "{} in all, from {}: {}",
                    writes.len(),
                    first.max(1),
                    shown.join(", ")
                )
            };
            differences.push(Difference {
                place: format!("writes of {controller}"),
                expected: show(&expected),
                got: show(&got),
            });
        }
    }
    differences
}

/// The recorded writes of a controller that were not refused.
fn recorded(scenario: &Scenario, controller: &str) -> Vec<Write> {
    let rows = scenario
        .writes
        .iter()
        .filter_map(Value::as_list)
        .map(|row| row.as_slice());
    let rows = rows.filter_map(|row| {
        let [at, who, verb, resource, name, refused @ ..] = row else {
            return None;
        };
        let counts = who.as_str() == Some(controller)
            && refused.is_empty()
            && matches!(verb.as_str(), Some("create" | "delete"))
            && RESOURCES.contains(&resource.as_str()?);
        let at = match at {
            Value::Int(seconds) => seconds * 1000,
            Value::Float(seconds) => (seconds * 1000.0) as Millis,
            _ => 0,
        };
        counts.then(|| Write {
            at,
            verb: verb.as_str().unwrap_or_default().to_owned(),
            resource: resource.as_str().unwrap_or_default().to_owned(),
            name: normalise::message(name.as_str().unwrap_or_default(), scenario.marker),
        })
    });
    rows.collect()
}

/// What a controller did here.
fn made(world: &World, controller: &str, given: &str) -> Vec<Write> {
    let writes = world
        .writes()
        .iter()
        .filter(|write| write.who.name() == controller);
    let writes = writes.filter(|write| matches!(write.verb, Verb::Create | Verb::Delete));
    let writes = writes.map(|write| {
        let kind: Kind = write.key.kind;
        let namespace = write.key.namespace.as_str();
        let name = if namespace == "default" {
            write.key.name.to_string()
        } else {
            format!("{namespace}/{}", write.key.name)
        };
        Write {
            at: write.at.since(Time::EPOCH),
            verb: write.verb.name().to_owned(),
            resource: kind.plural().to_owned(),
            name: normalise::message(&name, given),
        }
    });
    writes
        .filter(|write| RESOURCES.contains(&write.resource.as_str()))
        .collect()
}

/// A Pod that its node refuses is deleted and made again several times a second, as often as the load of the
/// machine allows: of the rounds one is left.
fn once(mut writes: Vec<Write>) -> Vec<Write> {
    let mut at = 0;
    while let [a, b, c, d] = writes.get(at..at + 4).unwrap_or_default() {
        let alike = |x: &Write, y: &Write| x.name == y.name && x.verb == y.verb;
        let near =
            d.at - a.at < 2 * ONE_BATCH && a.resource == "pods" && !a.name.ends_with("xxxxx");
        if near && a.name == b.name && a.verb != b.verb && alike(a, c) && alike(b, d) {
            writes.drain(at..at + 2);
        } else {
            at += 1;
        }
    }
    writes
}

/// Whether it is a Pod of a ReplicaSet: those that a Deployment's rollout brings and those that it takes away come
/// in as many steps as there happen to be between the readiness of one Pod and of the next.
fn is_replica(write: &Write) -> bool {
    write.resource == "pods" && write.name.ends_with("-xxxxx")
}

/// The set that a Pod or claim belongs to, by its name, if it is a Parallel one.
fn parallel_set<'a>(scenario: &Scenario, write: &'a Write) -> Option<&'a str> {
    if write.resource == "controllerrevisions" {
        return None;
    }
    let (owner, _) = write.name.rsplit_once('-')?;
    let set = match write.resource.as_str() {
        "persistentvolumeclaims" => owner.rsplit_once('-').map_or(owner, |(_, set)| set),
        _ => owner,
    };
    scenario.is_parallel(set).then_some(set)
}

/// The Pod of a claim, by its name.
fn claim_of(write: &Write) -> Option<&str> {
    let (rest, ordinal) = write.name.rsplit_once('-')?;
    let set = rest.rsplit('-').next()?;
    let length = set.len() + ordinal.len() + 1;
    (write.resource == "persistentvolumeclaims")
        .then(|| write.name.get(write.name.len() - length..))
        .flatten()
}

/// The writes as text, those that may come in any order sorted: one batch of a Parallel set (1, 2, 4… at
/// a time), the claims of one Pod, and the Pods of ReplicaSets.
fn in_order(scenario: &Scenario, writes: Vec<Write>) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut at = 0;
    let mut size = 1;
    while let Some(first) = writes.get(at) {
        let mut end = at + 1;
        let near = |end: usize| {
            writes.get(end).filter(|next| {
                let former = writes.get(end - 1).map_or(0, |former| former.at);
                next.verb == first.verb && next.at - former < ONE_BATCH
            })
        };
        if is_replica(first) {
            let goes_on = |end: usize| {
                let former = writes.get(end - 1).map_or(0, |former| former.at);
                let next = writes.get(end);
                next.is_some_and(|next| is_replica(next) && next.at - former < ONE_BATCH)
            };
            while goes_on(end) {
                end += 1;
            }
        } else if let Some(set) = parallel_set(scenario, first) {
            // The batches count the replicas that are there already: after some of those, nobody knows where
            // the next one ends.
            if size == 1 && first.verb == "create" && !first.name.ends_with("-0") {
                size = usize::MAX;
            }
            let mut pods = usize::from(first.resource == "pods");
            while pods < size {
                let Some(next) = near(end).filter(|next| parallel_set(scenario, next) == Some(set))
                else {
                    break;
                };
                pods += usize::from(next.resource == "pods");
                end += 1;
            }
            let goes_on = near(end).is_some_and(|next| parallel_set(scenario, next) == Some(set));
            size = if goes_on { size.saturating_mul(2) } else { 1 };
        } else if claim_of(first).is_some() {
            while near(end).is_some_and(|next| claim_of(next) == claim_of(first)) {
                end += 1;
            }
        }
        let batch = writes.get(at..end).unwrap_or_default().iter();
        let mut batch: Vec<String> = batch
            .map(|write| format!("{} {} {}", write.verb, write.resource, write.name))
            .collect();
        batch.sort();
        out.extend(batch);
        at = end;
    }
    out
}
