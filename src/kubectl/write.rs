//! Requests that write: what the API server does before storage (decoding, patching) and the request itself.

use super::cli::{Cli, DryRun};
use super::failure::Failure;
use super::flags::quote;
use super::load::Document;
use super::patch::{json_patch, merge, strategic};
use super::print::json;
use super::print::output::Output;
use super::resources::ResourceType;
use super::verbs::get_other::scale_of;
use crate::api::{ApiError, Cause, DeleteOptions, ErrorReason, Key, Kind, Object, Value};
use crate::manifest::{self, Fault};
use crate::shell::Context;
use crate::store::Store;
use crate::store::fields::Writer;
use std::sync::Arc;

/// What the API server answers, with its warnings.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The object after the request.
    pub object: Arc<Object>,
    /// What is printed after `Warning: `.
    pub warnings: Vec<String>,
}

impl Answer {
    /// Prints the warnings.
    pub fn warn(&self, cx: &mut Context<'_>) {
        for warning in &self.warnings {
            cx.out.stderr(format!("Warning: {warning}\n"));
        }
    }
}

/// The kind of a type, if it can be written here.
///
/// # Errors
/// A sentence for types that are not simulated.
pub fn kind_of(of: &ResourceType) -> Result<Kind, Failure> {
    of.simulated()
        .ok_or_else(|| Failure::error(format!("{} objects are not simulated here", of.kind)))
}

/// The same for a document; what the API server would say of its text comes first.
///
/// # Errors
/// The API server's refusal, or a sentence for types that are not simulated.
pub fn kind_to_create(document: &Document, cli: &Cli) -> Result<Kind, Failure> {
    let of = document.of;
    if of.simulated().is_none() {
        super::load::decode(of, &document.tree, cli)
            .map_err(|error| Failure::server(error, "creating", &document.file))?;
    }
    kind_of(of)
}

/// Writes a changed pod template and says so: the tail of every `kubectl set`. `said` is what the success
/// and the refusal call it. The refusal of one object is answered inside, as the others go on.
///
/// # Errors
/// The object cannot be printed as asked.
pub fn template(
    cx: &mut Context<'_>,
    of: &ResourceType,
    object: &Object,
    tree: Value,
    said: (&str, &str),
    (cli, local): (&Cli, bool),
    output: &Output,
) -> Result<Result<(), Failure>, Failure> {
    let dry_run = cli.dry_run()?;
    let updated = match dry_run {
        _ if local => Ok(Arc::new(Object::new(object.kind, tree))),
        DryRun::Client => Ok(Arc::new(Object::new(object.kind, tree))),
        _ => cx
            .world
            .update(object.kind, tree, &cli.writer(), dry_run.on()),
    };
    match updated {
        Ok(updated) if output.human() => cx.out.stdout(format!(
            "{}/{} {} updated{}\n",
            of.qualified_singular(),
            updated.name(),
            said.0,
            dry_run.suffix()
        )),
        Ok(updated) => cx.out.stdout(output.typed(cx.world, &updated)?),
        Err(error) => {
            // `set resources` forgets the colon.
            let colon = if said.1 == "resources" { "" } else { ":" };
            return Ok(Err(Failure::error(format!(
                "failed to patch {} update to pod template{colon} {}",
                said.1, error.message
            ))));
        }
    }
    Ok(Ok(()))
}

/// Creates an object from its text.
///
/// # Errors
/// The API server's refusal.
pub fn create(
    cx: &mut Context<'_>,
    of: &ResourceType,
    tree: &Value,
    cli: &Cli,
    dry_run: bool,
) -> Result<Answer, ApiError> {
    let Some(kind) = of.simulated() else {
        let what = format!("{} objects are not simulated here", of.kind);
        return Err(ApiError::new(ErrorReason::MethodNotAllowed, what));
    };
    let (tree, mut warnings) = decoded(of, kind, tree, cli)?;
    let mut object = cx.world.create(kind, tree, &cli.writer(), dry_run)?;
    if dry_run {
        // It gets a version when it is stored.
        object = Arc::new(object.with(|tree| {
            tree.remove(&["metadata", "resourceVersion"]);
        }));
    }
    warnings.extend(manifest::warnings(kind, object.tree()));
    Ok(Answer { object, warnings })
}

/// Deletes an object that is to be made again, without grace; its dependents go as the garbage collector
/// comes to them.
///
/// # Errors
/// The API server's refusal, or a sentence for one that finalizers keep.
pub fn remove_at_once(
    cx: &mut Context<'_>,
    current: &Object,
    options: &DeleteOptions,
) -> Result<(), Failure> {
    cx.world.delete(&current.key(), options, false)?;
    if cx.world.store().get(&current.key()).is_some() {
        return Err(Failure::error(
            "--force on an object that finalizers keep is not simulated here",
        ));
    }
    Ok(())
}

/// Replaces an object by its text.
///
/// # Errors
/// The API server's refusal.
pub fn replace(
    cx: &mut Context<'_>,
    of: &ResourceType,
    tree: &Value,
    cli: &Cli,
    dry_run: bool,
) -> Result<Answer, ApiError> {
    let Some(kind) = of.simulated() else {
        let what = format!("{} objects are not simulated here", of.kind);
        return Err(ApiError::new(ErrorReason::MethodNotAllowed, what));
    };
    let (tree, mut warnings) = decoded(of, kind, tree, cli)?;
    let former = cx.world.store().get(&key_of(kind, &tree)).cloned();
    let object = cx.world.update(kind, tree, &cli.writer(), dry_run)?;
    warn_of_change(&mut warnings, former.as_deref(), &object);
    Ok(Answer { object, warnings })
}

fn key_of(kind: Kind, tree: &Value) -> Key {
    let text = |key: &str| tree.str_at(&["metadata", key]).unwrap_or_default();
    Key::new(kind, text("namespace"), text("name"))
}

/// What the API server warns of when an object has changed: of the whole spec only if that changed.
fn warn_of_change(warnings: &mut Vec<String>, former: Option<&Object>, now: &Object) {
    let same = former.is_some_and(|old| old.tree().get("spec") == now.tree().get("spec"));
    let said = manifest::warnings(now.kind, now.tree()).into_iter();
    warnings.extend(said.filter(|text| !same || text.starts_with("spec.revisionHistoryLimit")));
}

fn decoded(
    of: &ResourceType,
    kind: Kind,
    tree: &Value,
    cli: &Cli,
) -> Result<(Value, Vec<String>), ApiError> {
    let warnings = super::load::decode(of, tree, cli)?;
    let mut tree = tree.clone();
    drop_unknown(kind.name(), &mut tree);
    Ok((tree, warnings))
}

/// Takes away the fields that the kind does not have, as a decoder does.
fn drop_unknown(kind: &'static str, tree: &mut Value) -> Vec<Fault> {
    let unknown = manifest::decode(kind, tree).unknown;
    for fault in &unknown {
        remove_at(tree, &fault.path);
    }
    unknown
}

/// Takes away what stands at a path such as `spec.containers[0].cmd`.
fn remove_at(tree: &mut Value, path: &str) {
    let mut steps = Vec::new();
    for part in path.split('.') {
        let mut pieces = part.split('[');
        steps.extend(
            pieces
                .next()
                .filter(|name| !name.is_empty())
                .map(str::to_owned),
        );
        steps.extend(pieces.map(|index| index.trim_end_matches(']').to_owned()));
    }
    let Some((last, parents)) = steps.split_last() else {
        return;
    };
    let holder = parents.iter().try_fold(tree, |at, step| match at {
        Value::Map(map) if map.contains(step) => Some(map.entry(step)),
        Value::List(list) => list.make_mut().get_mut(step.parse::<usize>().ok()?),
        _ => None,
    });
    if let Some(Value::Map(map)) = holder {
        map.remove(last);
    }
}

/// How a patch is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PatchType {
    /// `strategic`
    Strategic,
    /// `merge`
    Merge,
    /// `json`
    Json,
}

/// Patches an object, as the API server does it.
///
/// # Errors
/// A patch that does not fit, or the refusal of the patched object.
pub fn patch(
    cx: &mut Context<'_>,
    current: &Object,
    patch: &Value,
    how: PatchType,
    by: &Writer,
    dry_run: DryRun,
) -> Result<Answer, Failure> {
    let (mut tree, mut warnings) = patched(cx.world.store(), current, patch, how, false)?;
    keep_identity(current, &mut tree)?;
    let object = cx.world.update(current.kind, tree, by, dry_run.on())?;
    warn_of_change(&mut warnings, Some(current), &object);
    Ok(Answer { object, warnings })
}

/// The tree of an object after a patch, with warnings of fields that it does not have.
///
/// # Errors
/// A patch that does not fit. `strict`: unknown fields too.
pub fn patched(
    store: &Store,
    current: &Object,
    patch: &Value,
    how: PatchType,
    strict: bool,
) -> Result<(Value, Vec<String>), Failure> {
    let mut tree = patched_tree(current, patch, how)?;
    let kind = current.kind.name();
    if let Some(fault) = manifest::decode(kind, &tree).types.first() {
        // It is quoted as it is stored, with who manages its fields.
        let managed = store.with_managed_fields(current);
        if let Some(managed) = managed.at(&["metadata", "managedFields"]) {
            tree.set(&["metadata", "managedFields"], managed.clone());
        }
        return Err(bad_value(kind, &tree, patch, how, fault));
    }
    let unknown = drop_unknown(kind, &mut tree);
    if strict && !unknown.is_empty() {
        let texts: Vec<&str> = unknown.iter().map(|fault| fault.message.as_str()).collect();
        let what = format!("strict decoding error: {}", texts.join(", "));
        return Err(invalid_patch(&strategic::go_map(patch), &what));
    }
    Ok((
        tree,
        unknown.into_iter().map(|fault| fault.message).collect(),
    ))
}

/// The count that the Scale of an object asks for after a patch, the Scale itself, and warnings of fields
/// that it does not have.
///
/// # Errors
/// A patch that does not fit.
pub fn patched_scale(
    store: &Store,
    current: &Object,
    patch: &Value,
    how: PatchType,
) -> Result<(i64, Value, Vec<String>), Failure> {
    let scale = Object::new(current.kind, scale_of(current));
    let mut tree = patched_tree(&scale, patch, how)?;
    if let Some(fault) = manifest::decode(SCALE, &tree).types.first() {
        let managed = scale_managers(&store.with_managed_fields(current));
        if !managed.is_empty() {
            tree.set(&["metadata", "managedFields"], managed);
        }
        return Err(bad_value(SCALE, &tree, patch, how, fault));
    }
    let unknown = drop_unknown(SCALE, &mut tree);
    let replicas = tree.int_at(&["spec", "replicas"]).unwrap_or(0);
    let warnings = unknown.into_iter().map(|fault| fault.message).collect();
    Ok((replicas, tree, warnings))
}

/// The kind of a Scale in the schema.
const SCALE: &str = "Scale";

/// The managers of a Scale: those of its object who own the count, and nothing else is told of them.
/// `apimachinery/pkg/util/managedfields/scalehandler.go`
fn scale_managers(object: &Value) -> Vec<Value> {
    let entries = object.items_at(&["metadata", "managedFields"]).iter();
    let own = entries.filter(|entry| entry.at(&["fieldsV1", "f:spec", "f:replicas"]).is_some());
    own.map(|entry| {
        let mut entry = entry.clone();
        let count = Value::map([("f:replicas", Value::empty_map())]);
        entry.set(&["apiVersion"], "autoscaling/v1");
        entry.set(&["fieldsV1"], Value::map([("f:spec", count)]));
        entry
    })
    .collect()
}

/// The tree of an object after a patch, whatever came of it.
///
/// # Errors
/// A patch that does not fit.
pub fn patched_tree(current: &Object, patch: &Value, how: PatchType) -> Result<Value, Failure> {
    Ok(match how {
        PatchType::Strategic => {
            expect_map(patch, "")?;
            let patch = if patch.is_null() {
                Value::empty_map()
            } else {
                patch.clone()
            };
            strategic::apply(current.tree(), &patch)
                .map_err(|why| Failure::bare(format!("Error from server: {why}")))?
        }
        PatchType::Merge if patch.is_null() => {
            return Err(ApiError::new(ErrorReason::BadRequest, "Invalid JSON Patch").into());
        }
        PatchType::Merge => {
            expect_map(patch, "error decoding patch: ")?;
            merge::apply(current.tree(), patch)
        }
        PatchType::Json => {
            let operations = operations(patch)?;
            json_patch::apply(current.tree(), &operations).ok_or_else(rejected)?
        }
    })
}

fn expect_map(patch: &Value, prefix: &str) -> Result<(), Failure> {
    let what = match patch {
        Value::Map(_) | Value::Null => return Ok(()),
        Value::List(_) => "array",
        Value::Str(_) => "string",
        Value::Bool(_) => "bool",
        Value::Int(_) | Value::Float(_) => "number",
    };
    let message = format!(
        "{prefix}json: cannot unmarshal {what} into Go value of type map[string]interface {{}}"
    );
    Err(ApiError::new(ErrorReason::BadRequest, message).into())
}

fn operations(patch: &Value) -> Result<Vec<Value>, Failure> {
    let (odd, wanted) = match patch {
        Value::List(list) => {
            let odd = list
                .iter()
                .find(|operation| !matches!(operation, Value::Map(_) | Value::Null));
            match odd {
                None => return Ok(list.iter().cloned().collect()),
                Some(odd) => (odd, ""),
            }
        }
        Value::Null => return Ok(Vec::new()),
        other => (other, "[]"),
    };
    let what = match odd {
        Value::Map(_) => "object",
        Value::List(_) => "array",
        Value::Str(_) => "string",
        Value::Bool(_) | Value::Null => "bool",
        Value::Int(_) | Value::Float(_) => "number",
    };
    let message = format!(
        "error decoding patch: json: cannot unmarshal {what} into Go value of type {wanted}handlers.jsonPatchOp"
    );
    Err(ApiError::new(ErrorReason::BadRequest, message).into())
}

fn rejected() -> Failure {
    let message = "the server rejected our request due to an error in our request";
    ApiError::new(ErrorReason::Invalid, message).into()
}

fn bad_value(
    kind: &'static str,
    tree: &Value,
    patch: &Value,
    how: PatchType,
    fault: &Fault,
) -> Failure {
    if how != PatchType::Strategic {
        let shown = json::to_patched_line(kind, tree, &touched(patch, how));
        return invalid_patch(&shown, &fault.message);
    }
    let words: Vec<&str> = fault.message.split(' ').collect();
    let given = words.get(3).copied().unwrap_or_default();
    let wanted = fault
        .message
        .rsplit_once("of type ")
        .map_or("", |(_, wanted)| wanted);
    let fraction = words.get(4).is_some_and(|number| number.contains('.'));
    let go = match given {
        "number" if fraction => "float64",
        "number" => "int64",
        "array" => "slice",
        "object" => "map",
        other => other,
    };
    let plain = matches!(wanted, "int32" | "int64" | "string" | "bool");
    // Go itself converts numbers to each other, and whole numbers to text.
    let convertible = given == "number" && wanted != "bool";
    let what = if plain && !convertible {
        format!("unrecognized type: {wanted}")
    } else if plain {
        format!("cannot convert {go} to {wanted}")
    } else if wanted.starts_with("[]") {
        format!("cannot restore slice from {go}")
    } else if wanted.starts_with("map[") {
        format!("cannot restore map from {go}")
    } else {
        format!("cannot restore struct from: {go}")
    };
    invalid_patch(&strategic::go_map(patch), &what)
}

/// The paths of the maps that a patch goes through, as JSON pointers: what is written there again has its keys
/// sorted, the rest stays as the API server had written it.
fn touched(patch: &Value, how: PatchType) -> Vec<String> {
    fn merged(patch: &Value, at: &str, paths: &mut Vec<String>) {
        if let Value::Map(map) = patch {
            paths.push(at.to_owned());
            for (key, value) in map.iter() {
                merged(value, &format!("{at}/{key}"), paths);
            }
        }
    }
    let mut paths = vec![String::new()];
    if how == PatchType::Merge {
        merged(patch, "", &mut paths);
        return paths;
    }
    let Value::List(operations) = patch else {
        return paths;
    };
    for operation in operations {
        for key in ["path", "from"] {
            let path = operation.str_at(&[key]).unwrap_or_default();
            paths.extend(path.match_indices('/').map(|(at, _)| path[..at].to_owned()));
        }
    }
    paths
}

fn invalid_patch(value: &str, what: &str) -> Failure {
    let cause = Cause {
        field: "patch".to_owned(),
        message: format!("Invalid value: {}: {what}", quote(value)),
    };
    let message = format!(" \"\" is invalid: patch: {}", cause.message);
    ApiError {
        causes: vec![cause],
        ..ApiError::new(ErrorReason::Invalid, message)
    }
    .into()
}

/// A patch cannot rename an object or move it to another namespace.
fn keep_identity(current: &Object, tree: &mut Value) -> Result<(), Failure> {
    for (key, of, on) in [
        ("name", "name", current.name()),
        ("namespace", "namespace", current.namespace()),
    ] {
        let written = tree.str_at(&["metadata", key]).unwrap_or_default();
        if written == on.as_str() {
            continue;
        }
        let message = if key == "namespace" {
            "the namespace of the provided object does not match the namespace sent on the request"
                .to_owned()
        } else if written.is_empty() {
            format!(
                "the name of the object ({on} based on URL) was undeterminable: name must be provided"
            )
        } else {
            format!("the {of} of the object ({written}) does not match the {of} on the URL ({on})")
        };
        return Err(ApiError::new(ErrorReason::BadRequest, message).into());
    }
    // Whoever patches means the object that is there.
    let uid = tree.str_at(&["metadata", "uid"]).unwrap_or_default();
    if !uid.is_empty() && current.meta.uid != uid {
        let cause = Cause {
            field: "metadata.uid".to_owned(),
            message: format!("Invalid value: {}: field is immutable", quote(uid)),
        };
        return Err(ApiError::invalid(current.kind, current.name(), vec![cause]).into());
    }
    Ok(())
}
