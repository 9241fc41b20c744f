//! What `kubectl get` reads besides objects: `--subresource`, `--raw`.
//! `pkg/registry/apps/statefulset/storage/storage.go` (`ScaleREST`)

use crate::api::{ApiError, ErrorReason, Kind, Object, Selector, Value};
use crate::kubectl::cli::{Cli, Outcome};
use crate::kubectl::cluster::fetch;
use crate::kubectl::failure::Failure;
use crate::kubectl::print::cells;
use crate::kubectl::print::output::Output;
use crate::kubectl::print::table::TableWriter;
use crate::kubectl::resources::{ResourceType, TYPES};
use crate::shell::Context;
use std::sync::Arc;

/// What a path says that is not there.
fn no_such_path() -> Failure {
    let message = "the server could not find the requested resource";
    ApiError::new(ErrorReason::NotFound, message).into()
}

/// Whether a kind has the subresource `scale`.
fn scales(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::StatefulSet | Kind::Deployment | Kind::ReplicaSet
    )
}

/// Prints the subresource that is asked for. `Ok(None)`: it is one that looks like the object itself.
///
/// # Errors
/// A kind that does not have it.
pub fn subresource(
    cx: &mut Context<'_>,
    name: &str,
    objects: &[Arc<Object>],
    output: &Output,
    cli: &Cli,
) -> Result<Option<Outcome>, Failure> {
    let has = |object: &Arc<Object>| match name {
        "status" => object.tree().get("status").is_some(),
        "scale" => scales(object.kind),
        _ => false,
    };
    if !objects.iter().all(has) {
        return Err(no_such_path());
    }
    if name != "scale" {
        return Ok(None);
    }
    if !output.human() {
        for object in objects {
            let scale = Object::new(object.kind, scale_of(object));
            cx.out.stdout(output.one(cx.world, &scale)?);
        }
        return Ok(Some(Outcome::Done(0)));
    }
    let mut rows = Vec::new();
    if !cli.flags.on("no-headers") {
        let headers = ["NAME", "DESIRED", "AVAILABLE", "AGE"];
        rows.push(headers.map(str::to_owned).to_vec());
    }
    rows.extend(objects.iter().map(|object| {
        let count = |path: &[&str]| object.tree().int_at(path).unwrap_or(0).to_string();
        vec![
            object.name().to_string(),
            count(&["spec", "replicas"]),
            count(&["status", "replicas"]),
            cells::age(object, cx.now()),
        ]
    }));
    cx.out.stdout(TableWriter::default().print(&rows));
    Ok(Some(Outcome::Done(0)))
}

/// The subresource `scale` of an object.
#[must_use]
pub fn scale_of(object: &Object) -> Value {
    let tree = object.tree();
    let mut scale = Value::map([
        ("apiVersion", "autoscaling/v1".into()),
        ("kind", "Scale".into()),
    ]);
    for key in [
        "creationTimestamp",
        "name",
        "namespace",
        "resourceVersion",
        "uid",
    ] {
        if let Some(value) = tree.at(&["metadata", key]) {
            scale.set(&["metadata", key], value.clone());
        }
    }
    let spec = tree.int_at(&["spec", "replicas"]).unwrap_or(0);
    scale.set(&["spec"], Value::empty_map());
    if spec != 0 {
        scale.set(&["spec", "replicas"], spec);
    }
    let replicas = tree.int_at(&["status", "replicas"]).unwrap_or(0);
    scale.set(&["status", "replicas"], replicas);
    let selector = tree.at(&["spec", "selector"]).unwrap_or(&Value::Null);
    let selector = Selector::from_label_selector(selector).to_string();
    scale.set(&["status", "selector"], selector);
    scale
}

const VERSION: &str = r#"{
  "major": "1",
  "minor": "36",
  "emulationMajor": "1",
  "emulationMinor": "36",
  "minCompatibilityMajor": "1",
  "minCompatibilityMinor": "35",
  "gitVersion": "v1.36.3",
  "gitCommit": "$Format:%H$",
  "gitTreeState": "",
  "buildDate": "1970-01-01T00:00:00Z",
  "goVersion": "go1.26.8",
  "compiler": "gc",
  "platform": "linux/amd64"
}"#;

/// `--raw PATH`: what the API server answers there.
///
/// # Errors
/// A path that is not there, or a sentence for one that is not simulated.
pub fn raw(cx: &mut Context<'_>, path: &str) -> Result<Outcome, Failure> {
    match path {
        "/version" => cx.out.stdout(VERSION),
        "/healthz" | "/livez" | "/readyz" => cx.out.stdout("ok"),
        _ => {
            let text = resource(cx, path)?;
            cx.out.stdout(format!("{text}\n"));
        }
    }
    Ok(Outcome::Done(0))
}

/// `/apis/apps/v1/namespaces/default/statefulsets/web/scale`
fn resource(cx: &Context<'_>, path: &str) -> Result<String, Failure> {
    let mut parts = path.split('/').skip(1);
    let version = match parts.next() {
        Some("api") => parts.next().unwrap_or_default().to_owned(),
        Some("apis") => {
            let (group, version) = (parts.next(), parts.next());
            format!(
                "{}/{}",
                group.unwrap_or_default(),
                version.unwrap_or_default()
            )
        }
        _ => return Err(no_such_path()),
    };
    let parts: Vec<&str> = parts.collect();
    let (namespace, rest) = match parts.as_slice() {
        ["namespaces", namespace, rest @ ..] if !rest.is_empty() => (*namespace, rest),
        rest => ("", rest),
    };
    let of = |plural: &str| -> Result<&'static ResourceType, Failure> {
        let mut types = TYPES.iter();
        types
            .find(|of| of.api_version == version && of.plural == plural)
            .ok_or_else(no_such_path)
    };
    match rest {
        [plural, name, "scale"] => {
            let object = fetch(cx.world, of(plural)?, namespace, name)?;
            if !scales(object.kind) {
                return Err(no_such_path());
            }
            Ok(in_order(&scale_of(&object)))
        }
        [plural, ..] if of(plural).is_ok() => Err(Failure::error(format!(
            "--raw {path} is not simulated here"
        ))),
        _ => Err(no_such_path()),
    }
}

/// A Scale with its fields in the order of the API's types.
fn in_order(scale: &Value) -> String {
    let json = |value: Option<&Value>| value.map(Value::to_go_json).unwrap_or_default();
    let fields = [
        "name",
        "namespace",
        "uid",
        "resourceVersion",
        "creationTimestamp",
    ];
    let metadata: Vec<String> = fields
        .iter()
        .map(|key| format!("\"{key}\":{}", json(scale.at(&["metadata", key]))))
        .collect();
    format!(
        "{{\"kind\":\"Scale\",\"apiVersion\":\"autoscaling/v1\",\"metadata\":{{{}}},\"spec\":{},\"status\":{}}}",
        metadata.join(","),
        json(scale.get("spec")),
        json(scale.get("status"))
    )
}
