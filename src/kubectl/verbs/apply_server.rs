//! `kubectl apply --server-side`: what is sent to the API server, and the way there from client-side apply.
//! `kubectl/pkg/cmd/apply/apply.go`

use super::apply::LAST_APPLIED;
use crate::api::{Kind, List, Object, Value};
use crate::kubectl::cli::{Cli, DryRun};
use crate::kubectl::failure::Failure;
use crate::kubectl::load::Document;
use crate::kubectl::patch::strategic::go_map;
use crate::kubectl::print::jsonpath::go_syntax;
use crate::kubectl::write;
use crate::manifest;
use crate::manifest::schema::{self, Type};
use crate::shell::Context;
use crate::store::fields::typed::Shape;
use crate::store::fields::{self, Writer, set};
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
    let tree = &document.tree;
    let kind = write::kind_of(document.of)?;
    let namespace = &document.namespace;
    let whose = format!("{namespace}/{}; {}", document.name, group_kind(kind));
    let mut faults = Faults::default();
    faults.object(kind, tree);
    if let Some(list) = faults.list() {
        return Err(Failure::bare(format!(
            "Error from server: failed to create typed patch object ({whose}): {list}"
        )));
    }
    if let Some(why) = faults.conversion {
        return Err(Failure::bare(format!(
            "Error from server: failed to convert new object ({whose}) to proper version: unable to convert unstructured object to {}: {why}",
            group_kind(kind)
        )));
    }
    let by = writer(cli)?;
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

/// The manager of the applies: `--field-manager`, or kubectl.
///
/// # Errors
/// It may not be empty.
pub fn writer(cli: &Cli) -> Result<Writer, Failure> {
    match cli.flags.text("field-manager") {
        None => Ok(Writer::component(KUBECTL)),
        Some("") => Err(Failure::bare(
            "The PatchOptions \"\" is invalid: fieldManager: Required value: is required for apply patch",
        )),
        Some(given) => Ok(Writer::new(given)),
    }
}

/// `/v1, Kind=Pod`, `apps/v1, Kind=StatefulSet`
fn group_kind(kind: Kind) -> String {
    let version = kind.api_version();
    let core = if version.contains('/') { "" } else { "/" };
    format!("{core}{version}, Kind={}", kind.name())
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

/// What keeps a configuration from being read by the schema (`structured-merge-diff/typed/validate.go`).
#[derive(Default)]
struct Faults {
    types: Vec<String>,
    unknown: Vec<String>,
    /// What the schema lets through and the kind's own type does not.
    conversion: Option<String>,
}

impl Faults {
    fn list(&self) -> Option<String> {
        let all: Vec<&str> = self
            .types
            .iter()
            .chain(&self.unknown)
            .map(String::as_str)
            .collect();
        match all.as_slice() {
            [] => None,
            [one] => Some((*one).to_owned()),
            many => Some(format!("errors:\n  {}", many.join("\n  "))),
        }
    }

    fn object(&mut self, kind: Kind, tree: &Value) {
        self.check(&Type::Struct(kind.name()), Shape::root(kind), tree, "");
    }

    fn check(&mut self, wanted: &Type, shape: Shape, value: &Value, path: &str) {
        let what = match (wanted, value) {
            (_, Value::Null) => return,
            (Type::Struct(owner), Value::Map(map)) => {
                for (key, value) in map.iter() {
                    let path = format!("{path}.{key}");
                    match schema::field(owner, key) {
                        Some(field) => {
                            self.check(&field.kind, shape.field(key).0, value, &path);
                        }
                        None => self
                            .unknown
                            .push(format!("{path}: field not declared in schema")),
                    }
                }
                return;
            }
            (Type::Map(item), Value::Map(map)) => {
                for (key, value) in map.iter() {
                    let path = format!("{path}.{key}");
                    self.check(item, shape.field(key).0, value, &path);
                }
                return;
            }
            (Type::List(item), Value::List(list)) => return self.items(item, shape, list, path),
            (Type::Text | Type::Time | Type::Bytes, Value::Str(_))
            | (Type::Bool, Value::Bool(_))
            | (Type::Int32 | Type::Int64 | Type::Float, Value::Int(_))
            | (Type::Float, Value::Float(_))
            | (Type::Any | Type::Quantity | Type::IntOrString, _) => return,
            (Type::Int32, Value::Float(_)) => {
                self.conversion = Some("cannot convert float64 to int32".to_owned());
                return;
            }
            (Type::Int64, Value::Float(_)) => {
                self.conversion = Some("cannot convert float64 to int64".to_owned());
                return;
            }
            (Type::Text | Type::Time | Type::Bytes, _) => format!(
                "string, got &value.valueUnstructured{{Value:{}}}",
                go_syntax(value)
            ),
            (Type::Int32 | Type::Int64 | Type::Float, _) => {
                format!("numeric (int or float), got {}", go_type(value))
            }
            (Type::Bool, _) => format!("boolean, got &{{{}}}", go_map(value)),
            (Type::Struct(_) | Type::Map(_), _) => format!("map, got &{{{}}}", go_map(value)),
            (Type::List(_), _) => format!("list, got &{{{}}}", go_map(value)),
        };
        self.types.push(format!("{path}: expected {what}"));
    }

    fn items(&mut self, item: &Type, shape: Shape, list: &List, path: &str) {
        if !matches!(shape, Shape::Keyed(..) | Shape::Set) {
            for (at, value) in list.iter().enumerate() {
                self.check(item, Shape::of_item(shape), value, &format!("{path}[{at}]"));
            }
            return;
        }
        let mut seen: Vec<String> = Vec::new();
        for value in list.iter() {
            let step = set::step(&shape.key_of(value));
            if seen.contains(&step) {
                let fault = format!("{path}: duplicate entries for key {step}");
                if !self.types.contains(&fault) {
                    self.types.push(fault);
                }
            }
            self.check(item, Shape::of_item(shape), value, &format!("{path}{step}"));
            seen.push(step);
        }
    }
}

/// Go's name of the type of a value.
fn go_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "<nil>",
        Value::Bool(_) => "bool",
        Value::Int(_) => "int64",
        Value::Float(_) => "float64",
        Value::Str(_) => "string",
        Value::List(_) => "[]interface {}",
        Value::Map(_) => "map[string]interface {}",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(kind: Kind, json: &str) -> Option<String> {
        let mut faults = Faults::default();
        faults.object(kind, &Value::from_json(json).expect("json"));
        faults.list()
    }

    // Recorded from Kubernetes v1.36.3, some as A-type-server-side.
    #[test]
    fn faults_name_items_by_their_keys() {
        assert_eq!(
            faults(
                Kind::StatefulSet,
                r#"{"spec":{"replicas":"x","serviceName":5,"foo":1}}"#
            )
            .as_deref(),
            Some(
                "errors:\n  .spec.replicas: expected numeric (int or float), got string\n  .spec.serviceName: expected string, got &value.valueUnstructured{Value:5}\n  .spec.foo: field not declared in schema"
            )
        );
        assert_eq!(
            faults(
                Kind::Pod,
                r#"{"spec":{"containers":[{"name":"x","image":"x"},{"name":"x","image":true}]}}"#
            )
            .as_deref(),
            Some(
                "errors:\n  .spec.containers: duplicate entries for key [name=\"x\"]\n  .spec.containers[name=\"x\"].image: expected string, got &value.valueUnstructured{Value:true}"
            )
        );
        assert_eq!(
            faults(Kind::Service, r#"{"spec":{"ports":{"a":"b"}}}"#).as_deref(),
            Some(".spec.ports: expected list, got &{map[a:b]}")
        );
        assert_eq!(
            faults(Kind::Deployment, r#"{"spec":{"paused":1}}"#).as_deref(),
            Some(".spec.paused: expected boolean, got &{1}")
        );
    }
}
