//! JSON patch (RFC 6902).
//! `evanphx/json-patch`

use crate::api::Value;

/// The value after the operations of a JSON patch. `None`: one of them does not fit, as when the path is
/// not there or a test fails.
#[must_use]
pub fn apply(original: &Value, operations: &[Value]) -> Option<Value> {
    let mut value = original.clone();
    for operation in operations {
        one(&mut value, operation)?;
    }
    Some(value)
}

fn one(value: &mut Value, operation: &Value) -> Option<()> {
    let path = steps(operation.str_at(&["path"])?)?;
    let given = || operation.get("value").cloned().unwrap_or_default();
    match operation.str_at(&["op"])? {
        "add" => add(value, &path, given()),
        "remove" => remove(value, &path).map(|_| ()),
        "replace" => replace(value, &path, given()),
        "test" => {
            let found = find(value, &path).cloned().unwrap_or_default();
            (found == given()).then_some(())
        }
        "copy" => {
            let from = steps(operation.str_at(&["from"])?)?;
            let copied = read(value, &from)?;
            add(value, &path, copied)
        }
        "move" => {
            let from = steps(operation.str_at(&["from"])?)?;
            let moved = remove(value, &from)?;
            add(value, &path, moved)
        }
        _ => None,
    }
}

/// `/metadata/labels/x~1y` as its steps. What stands before the first slash, mostly nothing, does not count.
fn steps(path: &str) -> Option<Vec<String>> {
    if path.is_empty() {
        return Some(Vec::new());
    }
    let steps = path.split_once('/')?.1.split('/');
    Some(
        steps
            .map(|s| s.replace("~1", "/").replace("~0", "~"))
            .collect(),
    )
}

fn find<'a>(value: &'a Value, path: &[String]) -> Option<&'a Value> {
    path.iter().try_fold(value, |at, step| match at {
        Value::Map(map) => map.get(step),
        Value::List(list) => list.as_slice().get(index(step, list.len())?),
        _ => None,
    })
}

/// What stands at a path to copy: a key that a mapping does not have is null.
fn read(value: &Value, path: &[String]) -> Option<Value> {
    let Some((last, parents)) = path.split_last() else {
        return Some(value.clone());
    };
    match find(value, parents)? {
        Value::Map(map) => Some(map.get(last).cloned().unwrap_or_default()),
        Value::List(list) => list.as_slice().get(index(last, list.len())?).cloned(),
        _ => None,
    }
}

/// The mapping or sequence that holds the last step of a path, to change.
fn holder<'a>(value: &'a mut Value, parents: &[String]) -> Option<&'a mut Value> {
    parents.iter().try_fold(value, |at, step| match at {
        Value::Map(map) if map.contains(step) => Some(map.entry(step)),
        Value::List(list) => {
            let at = index(step, list.len())?;
            list.make_mut().get_mut(at)
        }
        _ => None,
    })
}

fn index(step: &str, length: usize) -> Option<usize> {
    match step.strip_prefix('-') {
        Some(back) => length.checked_sub(back.parse().ok()?),
        None => step.parse().ok(),
    }
}

fn add(value: &mut Value, path: &[String], given: Value) -> Option<()> {
    let Some((last, parents)) = path.split_last() else {
        *value = given;
        return Some(());
    };
    match holder(value, parents)? {
        Value::Map(map) => {
            map.insert(last.as_str(), given);
            Some(())
        }
        Value::List(list) => {
            let length = list.len();
            let at = if last == "-" {
                length
            } else {
                index(last, length)?
            };
            (at <= length).then(|| list.make_mut().insert(at, given))
        }
        _ => None,
    }
}

fn remove(value: &mut Value, path: &[String]) -> Option<Value> {
    let (last, parents) = path.split_last()?;
    match holder(value, parents)? {
        Value::Map(map) => map.remove(last),
        Value::List(list) => {
            let at = index(last, list.len())?;
            (at < list.len()).then(|| list.make_mut().remove(at))
        }
        _ => None,
    }
}

/// Replacing a key that a mapping does not have adds it, as recorded.
fn replace(value: &mut Value, path: &[String], given: Value) -> Option<()> {
    let Some((last, parents)) = path.split_last() else {
        *value = given;
        return Some(());
    };
    match holder(value, parents)? {
        Value::Map(map) => {
            map.insert(last.as_str(), given);
            Some(())
        }
        Value::List(list) => {
            let at = index(last, list.len())?;
            *list.make_mut().get_mut(at)? = given;
            Some(())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Recorded: corpus C, `kubectl patch sts web --type json`.
    #[test]
    fn operations() {
        let old = Value::from_json(r#"{"spec":{"replicas":0,"list":[{"a":1}]},"metadata":{}}"#)
            .expect("json");
        let patched = |ops: &str| {
            let ops = Value::from_json(ops).expect("json");
            let list = ops.as_list().expect("list").clone();
            apply(&old, list.as_slice()).map(|v| v.to_go_json())
        };
        let ok = |text: &str| Some(text.to_owned());
        assert_eq!(
            patched(
                r#"[{"op":"add","path":"/spec/list/-","value":2},{"op":"test","path":"/spec/replicas","value":0}]"#
            ),
            ok(r#"{"metadata":{},"spec":{"list":[{"a":1},2],"replicas":0}}"#)
        );
        assert_eq!(
            patched(
                r#"[{"op":"add","path":"/metadata/x~1y","value":"z"},{"op":"remove","path":"/spec/list/0"}]"#
            ),
            ok(r#"{"metadata":{"x/y":"z"},"spec":{"list":[],"replicas":0}}"#)
        );
        for refused in [
            r#"[{"op":"replace","path":"/spec/list/a/x","value":1}]"#,
            r#"[{"op":"add","path":"/spec/a/b","value":7}]"#,
            r#"[{"op":"remove","path":"/spec/nosuch"}]"#,
            r#"[{"op":"test","path":"/spec/replicas","value":5}]"#,
            r#"[{"op":"bogus","path":"/spec/replicas","value":5}]"#,
        ] {
            assert_eq!(patched(refused), None, "{refused}");
        }
    }
}
