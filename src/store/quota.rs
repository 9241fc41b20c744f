//! What ResourceQuotas count and refuse.
//! `staging/src/k8s.io/apiserver/pkg/admission/plugin/resourcequota/controller.go`,
//! `pkg/quota/v1/evaluator/core` (recording 79-failed-create)

use super::Store;
use crate::api::{ApiError, Key, Kind, Map, Object, Quantity, Value};
use std::collections::BTreeMap;

/// The kinds whose plural alone is a quota's name for their number.
const COUNTED: [Kind; 6] = [
    Kind::Pod,
    Kind::PersistentVolumeClaim,
    Kind::Service,
    Kind::ConfigMap,
    Kind::Secret,
    Kind::ResourceQuota,
];
/// Names for what the containers of a Pod ask for or are limited to: where it stands in a container.
const COMPUTE: [(&str, [&str; 2]); 6] = [
    ("cpu", ["requests", "cpu"]),
    ("limits.cpu", ["limits", "cpu"]),
    ("limits.memory", ["limits", "memory"]),
    ("memory", ["requests", "memory"]),
    ("requests.cpu", ["requests", "cpu"]),
    ("requests.memory", ["requests", "memory"]),
];
/// What stands between a class and what is counted of its claims.
const OF_CLASS: &str = ".storageclass.storage.k8s.io/";

/// What an object counts for under a quota's name, in thousandths; 0 if the name is not about it.
fn charge(name: &str, kind: Kind, tree: &Value) -> i128 {
    if kind == Kind::Pod
        && matches!(
            tree.str_at(&["status", "phase"]),
            Some("Succeeded" | "Failed")
        )
    {
        return 0;
    }
    let number = |count: usize| count as i128 * 1000;
    if name == kind.plural() && COUNTED.contains(&kind)
        || name.strip_prefix("count/") == Some(kind.resource().as_str())
    {
        return 1000;
    }
    match kind {
        Kind::Pod => COMPUTE
            .iter()
            .find(|(known, _)| *known == name)
            .map_or(0, |(_, path)| compute(tree, path)),
        Kind::PersistentVolumeClaim => {
            let class = tree.str_at(&["spec", "storageClassName"]);
            let counted = match name.split_once(OF_CLASS) {
                Some((of, counted)) if class == Some(of) => counted,
                Some(_) => return 0,
                None => name,
            };
            match counted {
                "persistentvolumeclaims" => 1000,
                "requests.storage" => {
                    amount(tree.at(&["spec", "resources", "requests", "storage"]))
                }
                _ => 0,
            }
        }
        Kind::Service => {
            let service_type = tree.str_at(&["spec", "type"]).unwrap_or_default();
            let ports = tree.items_at(&["spec", "ports"]).len();
            match (name, service_type) {
                ("services.nodeports", "NodePort" | "LoadBalancer") => number(ports),
                ("services.loadbalancers", "LoadBalancer") => 1000,
                _ => 0,
            }
        }
        _ => 0,
    }
}

fn amount(value: Option<&Value>) -> i128 {
    let text = match value {
        Some(Value::Str(text)) => text.to_string(),
        Some(Value::Int(number)) => number.to_string(),
        _ => return 0,
    };
    Quantity::parse(&text).unwrap_or_default().millis
}

/// What a Pod needs: its containers together, or the largest of its init containers if that is more.
fn compute(tree: &Value, path: &[&str; 2]) -> i128 {
    let of = |container: &Value| amount(container.at(&["resources", path[0], path[1]]));
    let containers: i128 = tree.items_at(&["spec", "containers"]).iter().map(of).sum();
    let init = tree.items_at(&["spec", "initContainers"]).iter().map(of);
    init.fold(containers, i128::max)
}

/// A quantity of thousandths as the API server writes what of this name is used.
fn written(name: &str, millis: i128) -> String {
    let (whole, rest) = (millis / 1000, millis % 1000);
    let bytes = name.ends_with("storage") || name.ends_with("memory");
    let text = match (rest, bytes && whole % 1024 == 0) {
        (0, true) => format!("{}Ki", whole / 1024),
        (0, false) => whole.to_string(),
        _ => format!("{millis}m"),
    };
    crate::manifest::canonical_quantity(&text).unwrap_or(text)
}

/// What of each name of a quota's `spec.hard` the objects use, as its `status.used` says it.
#[must_use]
pub fn used<'a>(quota: &Object, objects: impl Iterator<Item = &'a Object>) -> Map {
    let sums = sums(quota, objects);
    sums.iter()
        .map(|(name, sum)| (name.as_str(), Value::from(written(name, *sum))))
        .collect()
}

fn sums<'a>(quota: &Object, objects: impl Iterator<Item = &'a Object>) -> BTreeMap<String, i128> {
    let hard = quota.tree().map_at(&["spec", "hard"]);
    let mut sums: BTreeMap<String, i128> = hard.keys().map(|name| (name.to_string(), 0)).collect();
    for object in objects {
        for (name, sum) in &mut sums {
            *sum += charge(name, object.kind, object.tree());
        }
    }
    sums
}

/// `a=1,b=2`
fn listed<'a>(pairs: impl Iterator<Item = (&'a String, i128)>) -> String {
    let pairs = pairs.map(|(name, millis)| format!("{name}={}", written(name, millis)));
    pairs.collect::<Vec<_>>().join(",")
}

impl Store {
    /// Refuses what would take more than a quota of the namespace leaves. `old`: the object that `tree`
    /// replaces, if there is one.
    pub(super) fn check_quotas(
        &self,
        key: &Key,
        tree: &Value,
        old: Option<&Object>,
    ) -> Result<(), ApiError> {
        if key.namespace.is_empty() {
            return Ok(());
        }
        for quota in self.list(Kind::ResourceQuota, &key.namespace) {
            let refuse = |why: &str| Err(ApiError::forbidden(key.kind, &key.name, why));
            if let Some(missing) = unspecified(quota, key.kind, tree, old) {
                return refuse(&format!(
                    "failed quota: {}: must specify {missing}",
                    quota.name()
                ));
            }
            let hard = quota.tree().map_at(&["spec", "hard"]);
            let more: BTreeMap<String, i128> = hard
                .keys()
                .map(|name| {
                    let before = old.map_or(0, |old| charge(name, key.kind, old.tree()));
                    (name.to_string(), charge(name, key.kind, tree) - before)
                })
                .filter(|(_, more)| *more > 0)
                .collect();
            if more.is_empty() {
                continue;
            }
            let there = self
                .all()
                .filter(|object| *object.namespace() == key.namespace);
            let used = sums(quota, there.map(|object| &**object));
            let limit = |name: &String| amount(hard.get(name.as_str()));
            let over = |name: &&String| {
                used.get(*name).unwrap_or(&0) + more.get(*name).unwrap_or(&0) > limit(name)
            };
            let over: Vec<&String> = more.keys().filter(over).collect();
            if over.is_empty() {
                continue;
            }
            let part =
                |of: &dyn Fn(&String) -> i128| listed(over.iter().map(|name| (*name, of(name))));
            let of =
                |map: &BTreeMap<String, i128>, name: &String| map.get(name).copied().unwrap_or(0);
            return refuse(&format!(
                "exceeded quota: {}, requested: {}, used: {}, limited: {}",
                quota.name(),
                part(&|name| of(&more, name)),
                part(&|name| of(&used, name)),
                part(&limit),
            ));
        }
        Ok(())
    }
}

/// What a quota on computing needs to be told of each container and is not: `requests.cpu for: nginx`.
fn unspecified(quota: &Object, kind: Kind, tree: &Value, old: Option<&Object>) -> Option<String> {
    if kind != Kind::Pod || old.is_some() {
        return None;
    }
    let hard = quota.tree().map_at(&["spec", "hard"]);
    let mut missing = Vec::new();
    for (name, path) in COMPUTE.iter().filter(|(name, _)| hard.get(name).is_some()) {
        let lists = ["initContainers", "containers"].map(|list| tree.items_at(&["spec", list]));
        let containers = lists.into_iter().flatten();
        let without: Vec<&str> = containers
            .filter(|container| container.at(&["resources", path[0], path[1]]).is_none())
            .filter_map(|container| container.str_at(&["name"]))
            .collect();
        if !without.is_empty() {
            missing.push(format!("{name} for: {}", without.join(",")));
        }
    }
    (!missing.is_empty()).then(|| missing.join("; "))
}
