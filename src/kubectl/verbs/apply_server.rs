//! `kubectl apply --server-side`: the merge that the API server does, and who owns which field.
//! `apiserver/pkg/endpoints/handlers/patch.go` (`applyPatcher`)
//!
//! Fields that were applied from the client are owned by the manager of those applies, as the annotation
//! that it leaves lists them; other managers are not told apart.

use super::apply::LAST_APPLIED;
use crate::api::{Object, Value};
use crate::kubectl::cli::{Cli, DryRun};
use crate::kubectl::cluster::fetch;
use crate::kubectl::failure::Failure;
use crate::kubectl::flags::quote;
use crate::kubectl::load::Document;
use crate::kubectl::patch::diff::three_way;
use crate::kubectl::patch::rules::{ListRule, Place};
use crate::kubectl::write::{self, PatchType};
use crate::manifest;
use crate::shell::Context;
use std::sync::Arc;

/// The manager of client-side applies.
const CLIENT_SIDE: &str = "kubectl-client-side-apply";

const ADVICE: &str = "\
Please review the fields above--they currently have other managers. Here
are the ways you can resolve this warning:
* If you intend to manage all of these fields, please re-run the apply
  command with the `--force-conflicts` flag.
* If you do not intend to manage all of the fields, please edit your
  manifest to remove references to the fields that should keep their
  current managers.
* You may co-own fields by updating your manifest to match the existing
  value; in this case, you'll become the manager if the other manager(s)
  stop managing the field (remove it from their configuration).
See https://kubernetes.io/docs/reference/using-api/server-side-apply/#conflicts";

/// Flags that do not go together.
///
/// # Errors
/// kubectl's words.
pub fn check(cli: &Cli, dry_run: DryRun) -> Result<(), Failure> {
    let flags = &cli.flags;
    let server_side = flags.on("server-side");
    let why = if server_side && flags.on("force") {
        "--force cannot be used with --server-side"
    } else if flags.on("force-conflicts") && !server_side {
        "--force-conflicts only works with --server-side"
    } else if server_side && dry_run == DryRun::Client {
        "--dry-run=client doesn't work with --server-side (did you mean --dry-run=server instead?)"
    } else if flags.on("force") && dry_run == DryRun::Server {
        "--dry-run=server cannot be used with --force"
    } else {
        return Ok(());
    };
    Err(Failure::error(why))
}

/// Applies one object of a file.
///
/// # Errors
/// The API server's refusal, or the fields that others own.
pub fn apply(
    cx: &mut Context<'_>,
    cli: &Cli,
    document: &Document,
    dry_run: DryRun,
) -> Result<(Arc<Object>, &'static str), Failure> {
    const DONE: &str = "serverside-applied";
    let Document { of, tree, .. } = document;
    let kind = write::kind_of(of)?;
    let decoded = manifest::decode(kind.name(), tree);
    let unknown = decoded.unknown.iter().map(|fault| {
        let path = path_of(tree, &fault.path);
        format!("{path}: field not declared in schema")
    });
    let types = decoded.types.iter().map(|fault| {
        let path = path_of(tree, &fault.path);
        format!("{path}: {}", expected(&fault.message))
    });
    let faults: Vec<String> = types.chain(unknown).collect();
    if !faults.is_empty() {
        let list = match faults.as_slice() {
            [one] => one.clone(),
            many => format!("errors:\n  {}", many.join("\n  ")),
        };
        return Err(Failure::bare(format!(
            "Error from server: failed to create typed patch object ({}/{}; {}, Kind={}): {list}",
            document.namespace, document.name, of.api_version, of.kind
        )));
    }
    let Ok(current) = fetch(cx.world, of, &document.namespace, &document.name) else {
        let answer = write::create(cx, of, tree, cli, dry_run.on())?;
        answer.warn(cx);
        return Ok((answer.object, DONE));
    };
    if !cli.flags.on("force-conflicts") {
        let applied = current.meta.annotation(LAST_APPLIED);
        let owned = applied.and_then(|text| Value::from_json(text).ok());
        let mut found = Vec::new();
        if let Some(owned) = owned {
            let place = Place::default();
            let manager = cli.flags.or_empty("field-manager");
            let is_kubectl = matches!(manager, "" | "kubectl" | "kubectl-client-side-apply");
            conflicts(
                "",
                place,
                tree,
                current.tree(),
                &owned,
                is_kubectl,
                &mut found,
            );
        }
        if !found.is_empty() {
            return Err(conflict(&found, of.api_version));
        }
    }
    let patch = three_way(&Value::Null, tree, current.tree());
    let answer = write::patch(cx, &current, &patch, PatchType::Strategic, dry_run)?;
    answer.warn(cx);
    Ok((answer.object, DONE))
}

fn conflict(fields: &[String], version: &str) -> Failure {
    let what = match fields {
        [one] => {
            format!(
                "1 conflict: conflict with {} using {version}: {one}",
                quote(CLIENT_SIDE)
            )
        }
        many => format!(
            "{} conflicts: conflicts with {} using {version}:\n- {}",
            many.len(),
            quote(CLIENT_SIDE),
            many.join("\n- ")
        ),
    };
    Failure::error(format!("Apply failed with {what}\n{ADVICE}"))
}

/// The fields that are `owned` and are to become something else than what they are. kubectl takes over what
/// is still as it was applied from the client (`managedfields/internal/lastappliedmanager.go`; corpus A,
/// A-upd-sts-conflict-server-side: only the claim templates, which have defaults since, conflict).
fn conflicts(
    path: &str,
    place: Place,
    new: &Value,
    live: &Value,
    owned: &Value,
    is_kubectl: bool,
    found: &mut Vec<String>,
) {
    let (Some(new), Some(owned)) = (new.as_map(), owned.as_map()) else {
        if new != live && !(is_kubectl && live == owned) {
            found.push(path.to_owned());
        }
        return;
    };
    for (key, value) in new.iter() {
        let Some(owned) = owned.get(key) else {
            continue;
        };
        // What the object is, is nobody's.
        if path.is_empty() && matches!(key.as_str(), "apiVersion" | "kind")
            || path == ".metadata" && matches!(key.as_str(), "name" | "namespace")
        {
            continue;
        }
        let path = format!("{path}.{key}");
        let none = Value::Null;
        let live = live.get(key).unwrap_or(&none);
        let inside = place.inside(key);
        let (Value::List(items), ListRule::ByKey(by)) = (value, place.rule(key)) else {
            conflicts(&path, inside, value, live, owned, is_kubectl, found);
            continue;
        };
        for item in items.iter() {
            let same = |list: &Value| -> Option<Value> {
                let mut items = list.as_list()?.iter();
                items.find(|other| other.get(by) == item.get(by)).cloned()
            };
            if let (Some(live), Some(owned)) = (same(live), same(owned)) {
                let path = format!("{path}{}", selector(by, item));
                conflicts(&path, inside, item, &live, &owned, is_kubectl, found);
            }
        }
    }
}

/// `[name="nginx"]`, `[containerPort=80,protocol="TCP"]`
fn selector(by: &str, item: &Value) -> String {
    let key = item.get(by).map(Value::to_go_json).unwrap_or_default();
    if !matches!(by, "containerPort" | "port") {
        return format!("[{by}={key}]");
    }
    let protocol = item.str_at(&["protocol"]).unwrap_or("TCP");
    format!("[{by}={key},protocol={}]", quote(protocol))
}

/// The path of a fault (`spec.containers[0].nmae`) as the merge writes it, with the keys of items.
fn path_of(tree: &Value, path: &str) -> String {
    let (mut out, mut at, mut place) = (String::new(), Some(tree), Place::default());
    for part in path.split('.') {
        let mut pieces = part.split('[');
        let name = pieces.next().unwrap_or_default();
        out.push_str(&format!(".{name}"));
        at = at.and_then(|at| at.get(name));
        let rule = place.rule(name);
        place = place.inside(name);
        for piece in pieces {
            let index = piece.trim_end_matches(']').parse().unwrap_or(usize::MAX);
            at = at.and_then(|at| at.as_list()?.as_slice().get(index));
            match (rule, at) {
                (ListRule::ByKey(by), Some(item)) => out.push_str(&selector(by, item)),
                _ => out.push_str(&format!("[{piece}")),
            }
        }
    }
    out
}

/// What the merge says of a wrong type, from what the decoder says of it.
fn expected(message: &str) -> String {
    let given = message
        .split_once("unmarshal ")
        .and_then(|(_, rest)| rest.split(' ').next())
        .unwrap_or_default();
    let wanted = message.rsplit_once("of type ").map_or("", |(_, what)| what);
    let wanted = match wanted {
        "int32" | "int64" | "int" => "numeric (int or float)",
        "bool" => "boolean",
        "string" => "string",
        list if list.starts_with("[]") => "list",
        _ => "map",
    };
    format!("expected {wanted}, got {given}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_name_items_by_their_keys() {
        let json = r#"{"spec":{"containers":[{"name":"a","ports":[{"containerPort":80,"x":1}]}],"volumeClaimTemplates":[{"y":1}]}}"#;
        let tree = Value::from_json(json).expect("json");
        assert_eq!(
            path_of(&tree, "spec.containers[0].ports[0].x"),
            r#".spec.containers[name="a"].ports[containerPort=80,protocol="TCP"].x"#
        );
        assert_eq!(
            path_of(&tree, "spec.volumeClaimTemplates[0].y"),
            ".spec.volumeClaimTemplates[0].y"
        );
    }

    // Recorded: A-type-server-side.
    #[test]
    fn wrong_types() {
        let message = "json: cannot unmarshal string into Go struct field StatefulSetSpec.spec.replicas of type int32";
        assert_eq!(
            expected(message),
            "expected numeric (int or float), got string"
        );
    }
}
