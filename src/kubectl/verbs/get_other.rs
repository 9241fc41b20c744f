//! What `kubectl get` reads besides objects: `--subresource`, `--raw`.
//! `pkg/registry/apps/statefulset/storage/storage.go` (`ScaleREST`)

use crate::api::{ApiError, DeleteOptions, ErrorReason, Kind, Object, Selector, Value};
use crate::kubectl::cli::{Cli, Outcome};
use crate::kubectl::cluster::fetch;
use crate::kubectl::failure::Failure;
use crate::kubectl::print::cells;
use crate::kubectl::print::json;
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
pub(super) fn scales(kind: Kind) -> bool {
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

/// The server's version, as its own path answers it.
pub(super) const VERSION: &str = r#"{
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
    if !path.starts_with('/') {
        return Err(Failure::error(format!(
            "--raw must be a valid URL path: parse {}: invalid URI for request",
            crate::kubectl::flags::quote(path)
        )));
    }
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
            Ok(json::to_patched_line("Scale", &scale_of(&object), &[]))
        }
        [plural, name] if of(plural).is_ok() => {
            let of = of(plural)?;
            let object = fetch(cx.world, of, namespace, name)?;
            let tree = cx.world.store().with_managed_fields(&object);
            Ok(json::to_patched_line(of.kind, &tree, &[]))
        }
        [plural, ..] if of(plural).is_ok() => Err(Failure::error(format!(
            "--raw {path} is not simulated here"
        ))),
        _ => Err(no_such_path()),
    }
}

/// The object that a path names: its type, namespace and name, which is empty where all of a type are meant.
fn place(path: &str) -> Result<(&'static ResourceType, String, String), Failure> {
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    let (version, rest) = match parts.as_slice() {
        ["api", version, rest @ ..] => ((*version).to_owned(), rest),
        ["apis", group, version, rest @ ..] => (format!("{group}/{version}"), rest),
        _ => return Err(no_such_path()),
    };
    let (namespace, rest) = match rest {
        ["namespaces", namespace, rest @ ..] if !rest.is_empty() => (*namespace, rest),
        rest => ("", rest),
    };
    let (plural, name) = match rest {
        [plural] => (*plural, ""),
        [plural, name] => (*plural, *name),
        _ => return Err(no_such_path()),
    };
    let known = TYPES
        .iter()
        .find(|of| of.api_version == version && of.plural == plural);
    let of = known.ok_or_else(no_such_path)?;
    if of.namespaced == namespace.is_empty() {
        return Err(no_such_path());
    }
    Ok((of, namespace.to_owned(), name.to_owned()))
}

/// `create --raw`, `replace --raw`, `delete --raw`: a request as it is, and what the API server answers.
///
/// # Errors
/// A path that is not there, or the API server's refusal.
pub fn raw_write(cx: &mut Context<'_>, cli: &Cli, path: &str) -> Result<Outcome, Failure> {
    let files = cli.files();
    if cli.path != "delete" && files.is_empty() {
        return Err(Failure::error("must specify one of -f and -k"));
    }
    let body = match files.first().map(String::as_str) {
        Some("-") => cx.stdin.take(),
        Some(file) => crate::shell::files::read(cx, file)
            .map_err(|why| {
                let why = why.to_string().to_ascii_lowercase();
                Failure::error(format!("open {file}: {why}"))
            })?
            .to_string(),
        None => String::new(),
    };
    let (of, namespace, name) = place(path)?;
    let kind = crate::kubectl::write::kind_of(of)?;
    let object = if cli.path == "delete" {
        let object = fetch(cx.world, of, &namespace, &name)?;
        cx.world
            .delete(&object.key(), &DeleteOptions::default(), false)?;
        match cx.world.store().get(&object.key()).cloned() {
            Some(left) => left,
            None => {
                cx.out.stdout(format!("{}\n", deleted(of, &object)));
                return Ok(Outcome::Done(0));
            }
        }
    } else {
        let mut tree = Value::from_json(&body).map_err(|_| unread(of, &body))?;
        if of.namespaced {
            tree.set(&["metadata", "namespace"], namespace);
        }
        if cli.path == "create" {
            crate::kubectl::write::create(cx, of, &tree, cli, false)?.object
        } else {
            fetch(
                cx.world,
                of,
                tree.str_at(&["metadata", "namespace"]).unwrap_or_default(),
                &name,
            )?;
            crate::kubectl::write::replace(cx, of, &tree, cli, false)?.object
        }
    };
    let tree = cx.world.store().with_managed_fields(&object);
    let line = json::to_patched_line(kind.name(), &tree, &[]);
    cx.out.stdout(format!("{line}\n"));
    Ok(Outcome::Done(0))
}

/// The `Status` of a deletion.
fn deleted(of: &ResourceType, object: &Object) -> String {
    let json = |text: &str| Value::from(text).to_go_json();
    let group = match of.group() {
        "" => String::new(),
        group => format!("\"group\":{},", json(group)),
    };
    format!(
        "{{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{{}},\"status\":\"Success\",\"details\":{{\"name\":{},{group}\"kind\":{},\"uid\":{}}}}}",
        json(object.name()),
        json(of.plural),
        json(&object.meta.uid)
    )
}

/// The refusal of a text that is no JSON: with the beginning of its bytes.
fn unread(of: &ResourceType, body: &str) -> Failure {
    const SHOWN: usize = 30;
    let first = body.trim_start().chars().next().unwrap_or(' ');
    let bytes: String = body
        .bytes()
        .take(SHOWN)
        .map(|b| format!("{b:02x}"))
        .collect();
    let more = if body.len() > SHOWN { " ..." } else { "" };
    let message = format!(
        "the object provided is unrecognized (must be of type {}): couldn't get version/kind; json parse error: invalid character '{first}' looking for beginning of value ({bytes}{more})",
        of.kind
    );
    ApiError::new(ErrorReason::BadRequest, message).into()
}
