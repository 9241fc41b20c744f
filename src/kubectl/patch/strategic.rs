//! Strategic merge patch.
//! `apimachinery/pkg/util/strategicpatch/patch.go`

use super::rules::{ListRule, Place};
use crate::api::Arrange as _;
use crate::api::{List, Map, Value};

/// The value changed by a strategic merge patch.
///
/// # Errors
/// The API server's words for a patch that does not fit.
pub fn apply(original: &Value, patch: &Value) -> Result<Value, String> {
    merge(original, patch, Place::default())
}

fn merge(original: &Value, patch: &Value, place: Place) -> Result<Value, String> {
    let Value::Map(changes) = patch else {
        return Ok(patch.clone());
    };
    match changes.get_str("$patch") {
        Some("replace") => {
            let mut plain = changes.clone();
            plain.remove("$patch");
            return Ok(Value::Map(plain));
        }
        Some("delete") => return Ok(Value::empty_map()),
        Some(other) => return Err(format!("unknown patch type found in map: {other}")),
        None => {}
    }
    let mut merged = original.as_map().cloned().unwrap_or_default();
    if let Some(Value::List(kept)) = changes.get("$retainKeys") {
        merged = merged
            .iter()
            .filter(|(key, _)| kept.iter().any(|k| k.as_str() == Some(key)))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
    }
    for (key, change) in changes.iter().filter(|(key, _)| !key.starts_with('$')) {
        merge_entry(&mut merged, key, change, changes, place)?;
    }
    merge_leftovers(&mut merged, changes, place);
    Ok(Value::Map(merged))
}

fn merge_entry(
    merged: &mut Map,
    key: &str,
    change: &Value,
    changes: &Map,
    place: Place,
) -> Result<(), String> {
    if change.is_null() {
        merged.remove(key);
        return Ok(());
    }
    let old = merged.get(key).cloned();
    let new = match (&old, change) {
        (_, Value::List(items)) => {
            let order = changes.get(&format!("$setElementOrder/{key}"));
            let gone = changes.get(&format!("$deleteFromPrimitiveList/{key}"));
            let old = old
                .as_ref()
                .and_then(Value::as_list)
                .cloned()
                .unwrap_or_default();
            merge_list(&old, items, order, gone, key, place)?
        }
        (Some(old), Value::Map(_)) => merge(old, change, place.inside(key))?,
        (None, Value::Map(_)) => merge(&Value::Null, change, place.inside(key))?,
        _ => change.clone(),
    };
    merged.insert(key, new);
    Ok(())
}

/// Directives about lists of which the patch has no items: an order alone, or plain values to take away.
fn merge_leftovers(merged: &mut Map, changes: &Map, place: Place) {
    for (directive, value) in changes.iter() {
        if let Some(name) = directive.strip_prefix("$deleteFromPrimitiveList/")
            && !changes.contains(name)
            && let (Some(Value::List(old)), Value::List(gone)) = (merged.get(name), value)
        {
            let kept: List = old
                .iter()
                .filter(|v| !gone.iter().any(|g| g == *v))
                .cloned()
                .collect();
            merged.insert(name.to_owned(), Value::List(kept));
        }
        if let Some(name) = directive.strip_prefix("$setElementOrder/")
            && !changes.contains(name)
            && let (Some(Value::List(old)), Value::List(order)) = (merged.get(name), value)
        {
            let rule = place.rule(name);
            let items: Vec<Value> = old.iter().cloned().collect();
            let ordered = reorder(items, old.as_slice(), order.as_slice(), rule);
            merged.insert(name.to_owned(), Value::from(ordered));
        }
    }
}

fn merge_list(
    old: &List,
    patch: &List,
    order: Option<&Value>,
    gone: Option<&Value>,
    name: &str,
    place: Place,
) -> Result<Value, String> {
    let rule = place.rule(name);
    if rule == ListRule::Atomic {
        return Ok(Value::List(patch.clone()));
    }
    let replace = patch
        .iter()
        .any(|item| item.str_at(&["$patch"]) == Some("replace"));
    if replace {
        let plain = patch
            .iter()
            .filter(|item| item.str_at(&["$patch"]).is_none());
        return Ok(Value::list(plain.cloned()));
    }
    let mut merged: Vec<Value> = old.iter().cloned().collect();
    if let Some(Value::List(gone)) = gone {
        merged.retain(|item| !gone.iter().any(|g| g == item));
    }
    let inside = place.inside(name);
    for item in patch {
        match rule {
            ListRule::ByKey(key) => merge_item(&mut merged, item, key, inside)?,
            _ => {
                if !merged.contains(item) {
                    merged.push(item.clone());
                }
            }
        }
    }
    let own: Vec<Value> = patch
        .iter()
        .filter(|item| item.str_at(&["$patch"]).is_none())
        .cloned()
        .collect();
    let wished = order
        .and_then(Value::as_list)
        .map_or(own.as_slice(), List::as_slice);
    Ok(Value::from(reorder(merged, old.as_slice(), wished, rule)))
}

fn merge_item(
    merged: &mut Vec<Value>,
    item: &Value,
    key: &str,
    place: Place,
) -> Result<(), String> {
    let Some(id) = item.get(key) else {
        return Err(format!(
            "map: {} does not contain declared merge key: {key}",
            go_map(item)
        ));
    };
    if item.str_at(&["$patch"]) == Some("delete") {
        merged.retain(|old| old.get(key) != Some(id));
        return Ok(());
    }
    match merged.iter_mut().find(|old| old.get(key) == Some(id)) {
        Some(old) => *old = merge(old, item, place)?,
        None => merged.push(merge(&Value::Null, item, place)?),
    }
    Ok(())
}

/// Puts the items that the patch names in the patch's order, the server's own ones between them as they
/// stood before.
fn reorder(items: Vec<Value>, server: &[Value], wished: &[Value], rule: ListRule) -> Vec<Value> {
    let same = |a: &Value, b: &Value| match rule {
        ListRule::ByKey(key) => a.get(key).is_some() && a.get(key) == b.get(key),
        _ => a == b,
    };
    let place = |list: &[Value], item: &Value| list.iter().position(|other| same(other, item));
    let (mut named, own): (Vec<Value>, Vec<Value>) = items
        .into_iter()
        .partition(|item| place(wished, item).is_some());
    named.arrange_by_key(|item| place(wished, item));
    let mut own = own;
    own.arrange_by_key(|item| place(server, item));
    let mut ordered = Vec::with_capacity(named.len() + own.len());
    let (mut named, mut own) = (named.into_iter().peekable(), own.into_iter().peekable());
    while let (Some(left), Some(right)) = (own.peek(), named.peek()) {
        let earlier = match (place(server, left), place(server, right)) {
            (Some(left), Some(right)) => left < right,
            _ => false,
        };
        ordered.extend(if earlier { own.next() } else { named.next() });
    }
    ordered.extend(own);
    ordered.extend(named);
    ordered
}

/// `map[image:nginx ports:[…]]`: a value as Go prints it.
#[must_use]
pub fn go_map(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::Str(text) => text.as_str().to_owned(),
        Value::List(list) => {
            let items: Vec<String> = list.iter().map(go_map).collect();
            format!("[{}]", items.join(" "))
        }
        Value::Map(map) => {
            let entries: Vec<String> = map
                .iter()
                .map(|(key, value)| format!("{key}:{}", go_map(value)))
                .collect();
            format!("map[{}]", entries.join(" "))
        }
        other => other.to_go_json(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patched(old: &str, patch: &str) -> Result<String, String> {
        let json = |text: &str| Value::from_json(text).expect("json");
        apply(&json(old), &json(patch)).map(|value| value.to_go_json())
    }

    // Recorded: corpus C, C-patch-14 to C-patch-16, C-patch-11, C-patch-112.
    #[test]
    fn containers_are_merged_by_name() {
        let old = r#"{"containers":[{"image":"a","name":"nginx","ports":[{"containerPort":80}]}]}"#;
        assert_eq!(
            patched(old, r#"{"containers":[{"name":"nginx","image":"b"}]}"#).as_deref(),
            Ok(r#"{"containers":[{"image":"b","name":"nginx","ports":[{"containerPort":80}]}]}"#)
        );
        assert_eq!(
            patched(old, r#"{"containers":[{"name":"other","image":"c"}]}"#).as_deref(),
            Ok(
                r#"{"containers":[{"image":"c","name":"other"},{"image":"a","name":"nginx","ports":[{"containerPort":80}]}]}"#
            )
        );
        assert_eq!(
            patched(old, r#"{"containers":[{"image":"nginx:1.27"}]}"#),
            Err("map: map[image:nginx:1.27] does not contain declared merge key: name".to_owned())
        );
        assert_eq!(
            patched(
                old,
                r#"{"containers":[{"name":"nginx","$patch":"delete"}]}"#
            )
            .as_deref(),
            Ok(r#"{"containers":[]}"#)
        );
    }

    #[test]
    fn directives() {
        let old = r#"{"u":{"rollingUpdate":{"partition":0},"type":"RollingUpdate"}}"#;
        assert_eq!(
            patched(old, r#"{"u":{"$retainKeys":["type"],"type":"OnDelete"}}"#).as_deref(),
            Ok(r#"{"u":{"type":"OnDelete"}}"#)
        );
        assert_eq!(
            patched(old, r#"{"u":{"type":"OnDelete","rollingUpdate":null}}"#).as_deref(),
            Ok(r#"{"u":{"type":"OnDelete"}}"#)
        );
        assert_eq!(
            patched(
                r#"{"finalizers":["a","b"]}"#,
                r#"{"$deleteFromPrimitiveList/finalizers":["a"]}"#
            )
            .as_deref(),
            Ok(r#"{"finalizers":["b"]}"#)
        );
    }

    #[test]
    fn claim_templates_and_tolerations_are_replaced() {
        let old =
            r#"{"tolerations":[{"key":"a"}],"volumeClaimTemplates":[{"metadata":{"name":"www"}}]}"#;
        assert_eq!(
            patched(
                old,
                r#"{"tolerations":[{"key":"b"}],"volumeClaimTemplates":[]}"#
            )
            .as_deref(),
            Ok(r#"{"tolerations":[{"key":"b"}],"volumeClaimTemplates":[]}"#)
        );
    }
}
