//! The three-way strategic merge patch of `kubectl apply`: what was applied last, what is applied now,
//! what is there.
//! `apimachinery/pkg/util/strategicpatch/patch.go` (`CreateThreeWayMergePatch`)

use super::rules::{ListRule, Place};
use crate::api::{List, Map, Value};

/// The patch that brings what was written last (`original`) to what is written now (`modified`) on the
/// object as it is (`current`): additions and changes against `current`, deletions against `original`.
/// An empty mapping means that nothing is to be done.
#[must_use]
pub fn three_way(original: &Value, modified: &Value, current: &Value) -> Value {
    let place = Place {
        budget: modified.str_at(&["kind"]) == Some("PodDisruptionBudget"),
        ..Place::default()
    };
    let changes = map_diff(&map(current), &map(modified), Wanted::CHANGES, place);
    let deletions = map_diff(&map(original), &map(modified), Wanted::DELETIONS, place);
    Value::Map(join(&deletions, &changes, place))
}

fn map(value: &Value) -> Map {
    value.as_map().cloned().unwrap_or_default()
}

/// What a diff looks for.
#[derive(Clone, Copy)]
struct Wanted {
    changes: bool,
    deletions: bool,
}

impl Wanted {
    const CHANGES: Wanted = Wanted {
        changes: true,
        deletions: false,
    };
    const DELETIONS: Wanted = Wanted {
        changes: false,
        deletions: true,
    };
}

fn map_diff(old: &Map, new: &Map, wanted: Wanted, place: Place) -> Map {
    let mut patch = Map::default();
    for (key, value) in new.iter() {
        match old.get(key) {
            Some(before) => entry_diff(&mut patch, key, before, value, wanted, place),
            None if wanted.changes && !value.is_null() => {
                patch.insert(key, value.clone());
            }
            None => {}
        }
    }
    if wanted.deletions {
        for key in old.keys().filter(|key| !new.contains(key)) {
            patch.insert(key, Value::Null);
        }
    }
    patch
}

fn entry_diff(
    patch: &mut Map,
    key: &str,
    before: &Value,
    after: &Value,
    wanted: Wanted,
    place: Place,
) {
    match (before, after) {
        (Value::Map(_), Value::Map(_)) if place.replaces(key) => {
            let whole = wanted.changes.then(|| after.clone());
            if let Some(whole) = whole {
                patch.insert(key, whole);
            }
        }
        (Value::Map(old), Value::Map(new)) => {
            let mut inner = map_diff(old, new, wanted, place.inside(key));
            if !inner.is_empty() {
                if wanted.changes && place.retains_keys(key) {
                    retain_keys(&mut inner, new);
                }
                patch.insert(key, Value::Map(inner));
            }
        }
        (Value::List(old), Value::List(new)) => list_diff(patch, key, old, new, wanted, place),
        _ if before != after && wanted.changes => {
            patch.insert(key, after.clone());
        }
        _ => {}
    }
}

fn retain_keys(patch: &mut Map, new: &Map) {
    patch.insert("$retainKeys", Value::list(new.keys()));
}

fn list_diff(patch: &mut Map, key: &str, old: &List, new: &List, wanted: Wanted, place: Place) {
    match place.rule(key) {
        ListRule::Atomic => {
            if wanted.changes && old != new {
                patch.insert(key, Value::List(new.clone()));
            }
        }
        ListRule::Set => set_diff(patch, key, old, new, wanted),
        ListRule::ByKey(merge_key) => {
            let items = keyed_diff(key, old, new, merge_key, wanted, place);
            if !items.is_empty() {
                let order = new.iter().filter_map(|item| {
                    Some(Value::map([(merge_key, item.get(merge_key)?.clone())]))
                });
                let order = Value::list(order);
                patch.insert(format!("$setElementOrder/{key}"), order);
                patch.insert(key, Value::from(items));
            }
        }
    }
}

fn set_diff(patch: &mut Map, key: &str, old: &List, new: &List, wanted: Wanted) {
    let without = |from: &List, other: &List| -> Vec<Value> {
        from.iter()
            .filter(|item| !other.iter().any(|o| o == *item))
            .cloned()
            .collect()
    };
    let added = if wanted.changes {
        without(new, old)
    } else {
        Vec::new()
    };
    let removed = if wanted.deletions {
        without(old, new)
    } else {
        Vec::new()
    };
    if added.is_empty() && removed.is_empty() {
        return;
    }
    patch.insert(format!("$setElementOrder/{key}"), Value::List(new.clone()));
    if !added.is_empty() {
        patch.insert(key, Value::from(added));
    }
    if !removed.is_empty() {
        patch.insert(
            format!("$deleteFromPrimitiveList/{key}"),
            Value::from(removed),
        );
    }
}

fn keyed_diff(
    name: &str,
    old: &List,
    new: &List,
    merge_key: &'static str,
    wanted: Wanted,
    place: Place,
) -> Vec<Value> {
    // Items of one key, as two ports of one number, are taken in pairs as they come (recording C-daily-063).
    let same =
        |a: &Value, b: &Value| a.get(merge_key).is_some() && a.get(merge_key) == b.get(merge_key);
    let pair = |list: &List, of: &List, at: usize| {
        let item = of.iter().nth(at)?;
        let before = of.iter().take(at).filter(|other| same(other, item)).count();
        list.iter()
            .filter(|other| same(other, item))
            .nth(before)
            .cloned()
    };
    let mut items = Vec::new();
    for (at, item) in new.iter().enumerate() {
        let Some(before) = pair(old, new, at) else {
            if wanted.changes {
                items.push(item.clone());
            }
            continue;
        };
        let mut inner = map_diff(&map(&before), &map(item), wanted, place.inside(name));
        if inner.is_empty() {
            continue;
        }
        if wanted.changes && place.retains_keys(name) {
            retain_keys(&mut inner, &map(item));
        }
        inner.insert(merge_key, item.get(merge_key).cloned().unwrap_or_default());
        items.push(Value::Map(inner));
    }
    if wanted.deletions {
        for (at, item) in old.iter().enumerate() {
            if pair(new, old, at).is_none()
                && let Some(id) = item.get(merge_key)
            {
                let delete = [(merge_key, id.clone()), ("$patch", Value::from("delete"))];
                items.push(Value::map(delete));
            }
        }
    }
    items
}

/// Two patches of the same object as one.
fn join(first: &Map, second: &Map, place: Place) -> Map {
    let mut joined = first.clone();
    for (key, value) in second.iter() {
        let both = match (joined.get(key), value) {
            (Some(Value::Map(a)), Value::Map(b)) => Value::Map(join(a, b, place.inside(key))),
            (Some(Value::List(a)), Value::List(b)) if !key.starts_with('$') => {
                join_lists(a, b, key, place)
            }
            _ => value.clone(),
        };
        joined.insert(key, both);
    }
    joined
}

fn join_lists(first: &List, second: &List, name: &str, place: Place) -> Value {
    let ListRule::ByKey(merge_key) = place.rule(name) else {
        return Value::list(first.iter().chain(second).cloned());
    };
    let mut items: Vec<Value> = first.iter().cloned().collect();
    for item in second {
        let same = |other: &&mut Value| other.get(merge_key) == item.get(merge_key);
        match (items.iter_mut().find(same), item) {
            (Some(Value::Map(a)), Value::Map(b)) => *a = join(a, b, place.inside(name)),
            _ => items.push(item.clone()),
        }
    }
    Value::from(items)
}

#[cfg(test)]
mod tests {
    use super::super::strategic;
    use super::*;

    fn json(text: &str) -> Value {
        Value::from_json(text).expect("json")
    }

    fn patch(original: &str, modified: &str, current: &str) -> String {
        three_way(&json(original), &json(modified), &json(current)).to_go_json()
    }

    #[test]
    fn nothing_to_do_is_an_empty_patch() {
        let written = r#"{"spec":{"replicas":2}}"#;
        assert_eq!(
            patch(
                written,
                written,
                r#"{"spec":{"replicas":2,"minReadySeconds":0}}"#
            ),
            "{}"
        );
    }

    // Finding 6: the server's defaults in the claim templates never agree with the manifest.
    #[test]
    fn claim_templates_always_differ() {
        let written = r#"{"spec":{"volumeClaimTemplates":[{"metadata":{"name":"www"}}]}}"#;
        let live = r#"{"spec":{"volumeClaimTemplates":[{"kind":"PersistentVolumeClaim","metadata":{"name":"www"}}]}}"#;
        assert_eq!(patch(written, written, live), written);
    }

    #[test]
    fn what_the_manifest_no_longer_has_is_taken_away() {
        let last = r#"{"spec":{"containers":[{"name":"a","env":[{"name":"X","value":"1"}]},{"name":"b"}],"minReadySeconds":5}}"#;
        let now = r#"{"spec":{"containers":[{"name":"a","image":"i"}]}}"#;
        let live = r#"{"spec":{"containers":[{"name":"a","env":[{"name":"X","value":"1"}]},{"name":"b"},{"name":"injected"}],"minReadySeconds":5,"replicas":3}}"#;
        let made = three_way(&json(last), &json(now), &json(live));
        let after = strategic::apply(&json(live), &made).map(|v| v.to_go_json());
        assert_eq!(
            after.as_deref(),
            Ok(
                r#"{"spec":{"containers":[{"image":"i","name":"a"},{"name":"injected"}],"replicas":3}}"#
            )
        );
    }

    #[test]
    fn scaling_by_hand_is_undone_only_if_the_manifest_says_so() {
        let live = r#"{"spec":{"replicas":5,"serviceName":"x"}}"#;
        let with = r#"{"spec":{"replicas":2,"serviceName":"x"}}"#;
        let without = r#"{"spec":{"serviceName":"x"}}"#;
        assert_eq!(patch(with, with, live), r#"{"spec":{"replicas":2}}"#);
        assert_eq!(patch(without, without, live), "{}");
        assert_eq!(patch(with, without, live), r#"{"spec":{"replicas":null}}"#);
    }

    #[test]
    fn a_deployments_strategy_forgets_the_defaults() {
        let now = r#"{"spec":{"strategy":{"type":"Recreate"}}}"#;
        let live =
            r#"{"spec":{"strategy":{"rollingUpdate":{"maxSurge":"25%"},"type":"RollingUpdate"}}}"#;
        let made = three_way(&json("{\"spec\":{}}"), &json(now), &json(live));
        let after = strategic::apply(&json(live), &made).map(|v| v.to_go_json());
        assert_eq!(after.as_deref(), Ok(now));
    }
}
