//! JSON merge patch (RFC 7386).

use crate::api::Value;

/// The value changed by a merge patch: null takes away, mappings are merged, all else replaces.
#[must_use]
pub fn apply(original: &Value, patch: &Value) -> Value {
    let Value::Map(changes) = patch else {
        return patch.clone();
    };
    let mut merged = original.as_map().cloned().unwrap_or_default();
    for (key, change) in changes.iter() {
        if change.is_null() {
            merged.remove(key);
        } else {
            let old = merged.get(key).cloned().unwrap_or_default();
            merged.insert(key, apply(&old, change));
        }
    }
    Value::Map(merged)
}

/// The merge patch that makes `modified` of `original`.
#[must_use]
pub fn diff(original: &Value, modified: &Value) -> Value {
    let (Value::Map(old), Value::Map(new)) = (original, modified) else {
        return modified.clone();
    };
    let mut patch = crate::api::Map::default();
    for (key, value) in new.iter() {
        match old.get(key) {
            Some(before) if before == value => {}
            Some(before @ Value::Map(_)) if matches!(value, Value::Map(_)) => {
                patch.insert(key, diff(before, value));
            }
            _ => {
                patch.insert(key, value.clone());
            }
        }
    }
    for key in old.keys().filter(|key| !new.contains(key)) {
        patch.insert(key, Value::Null);
    }
    Value::Map(patch)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merges_and_takes_away() {
        let json = |text: &str| Value::from_json(text).expect("json");
        let old = json(r#"{"a":{"b":1,"c":2},"l":[1]}"#);
        let new = apply(&old, &json(r#"{"a":{"b":null,"d":3},"l":[2]}"#));
        assert_eq!(new.to_go_json(), r#"{"a":{"c":2,"d":3},"l":[2]}"#);
        assert_eq!(
            diff(&old, &new).to_go_json(),
            r#"{"a":{"b":null,"d":3},"l":[2]}"#
        );
        assert_eq!(diff(&new, &new).to_go_json(), "{}");
    }
}
