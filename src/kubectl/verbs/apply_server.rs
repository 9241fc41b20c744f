//! `kubectl apply --server-side`: what is sent to the API server, and the way there from client-side apply.
//! `kubectl/pkg/cmd/apply/apply.go`

use super::apply::LAST_APPLIED;
use crate::api::{Kind, Object, Value};
use crate::kubectl::cli::{Cli, DryRun};
use crate::kubectl::failure::Failure;
use crate::kubectl::flags::quote;
use crate::kubectl::load::Document;
use crate::kubectl::patch::rules::{ListRule, Place};
use crate::kubectl::write;
use crate::manifest;
use crate::shell::Context;
use crate::store::fields::{self, Writer};
use std::sync::Arc;

/// The manager of server-side applies.
const KUBECTL: &str = "kubectl";

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
    let by = match cli.flags.or_empty("field-manager") {
        "" => Writer::component(KUBECTL),
        given => Writer::new(given),
    };
    let force = cli.flags.on("force-conflicts");
    let mut object = send(cx, kind, tree, force, &by, dry_run)?;
    if dry_run == DryRun::No {
        object = migrate(cx, object, tree, force, &by)?;
    }
    for warning in manifest::warnings(kind, object.tree()) {
        cx.out.stderr(format!("Warning: {warning}\n"));
    }
    Ok((object, DONE))
}

fn send(
    cx: &mut Context<'_>,
    kind: Kind,
    config: &Value,
    force: bool,
    by: &Writer,
    dry_run: DryRun,
) -> Result<Arc<Object>, Failure> {
    let done = cx
        .world
        .apply(kind, config.clone(), force, by, dry_run.on());
    done.map_err(|error| {
        if error.message.starts_with("Apply failed") {
            return Failure::error(format!("{}\n{ADVICE}", error.message));
        }
        error.into()
    })
}

/// Takes over what was applied from the client before: its manager's fields become those of the
/// applies, and what is not applied any more goes with a second one. kubectl leaves the annotation of
/// client-side apply to a manager of its own (`migrateToSSAIfNecessary`, `csaupgrade`).
fn migrate(
    cx: &mut Context<'_>,
    object: Arc<Object>,
    config: &Value,
    force: bool,
    by: &Writer,
) -> Result<Arc<Object>, Failure> {
    let kind = object.kind;
    let mut object = object;
    if by.manager == KUBECTL
        && let Some(text) = object.meta.annotation(LAST_APPLIED)
    {
        let mut note = Value::empty_map();
        for key in ["name", "namespace"] {
            if let Some(value) = object.tree().at(&["metadata", key]) {
                note.set(&["metadata", key], value.clone());
            }
        }
        note.set(&["metadata", "annotations", LAST_APPLIED], text);
        let by = Writer::component("kubectl-last-applied");
        object = send(cx, kind, &note, true, &by, DryRun::No)?;
    }
    let entries = cx.world.store().managed_fields(&object);
    let Some(upgraded) = fields::upgraded(kind, &entries, &by.manager) else {
        return Ok(object);
    };
    let mut tree = object.tree().clone();
    let managed = fields::to_value(kind, &upgraded);
    tree.set(&["metadata", "managedFields"], managed);
    cx.world.update(kind, tree, by, false)?;
    send(cx, kind, config, force, by, DryRun::No)
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
