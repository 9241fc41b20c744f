//! Requests that read.

use super::failure::Failure;
use super::resources::{ResourceType, Wanted, wanted};
use super::selector::Query;
use crate::api::{ApiError, ErrorReason, Key, Kind, Object};
use crate::kubectl::cli::Cli;
use crate::shell::Context;
use crate::sim::World;
use std::sync::Arc;

/// Reads an object by name.
///
/// # Errors
/// NotFound: of the object, or of its namespace if there is no such.
pub fn fetch(
    world: &World,
    of: &ResourceType,
    namespace: &str,
    name: &str,
) -> Result<Arc<Object>, ApiError> {
    check_namespace(world, of, namespace)?;
    let found = of
        .simulated()
        .and_then(|kind| world.store().get(&Key::new(kind, namespace, name)));
    found.cloned().ok_or_else(|| not_found(of, name))
}

/// `statefulsets.apps "x" not found`
#[must_use]
pub fn not_found(of: &ResourceType, name: &str) -> ApiError {
    match of.simulated() {
        Some(kind) => ApiError::not_found(kind, name),
        None => ApiError::new(
            ErrorReason::NotFound,
            format!("{} \"{name}\" not found", of.resource()),
        ),
    }
}

/// The API server's answer to a request in a namespace that is not there.
///
/// # Errors
/// `namespaces "x" not found`
pub fn check_namespace(world: &World, of: &ResourceType, namespace: &str) -> Result<(), ApiError> {
    let there = || {
        world
            .store()
            .get(&Key::new(Kind::Namespace, "", namespace))
            .is_some()
    };
    if of.namespaced && !namespace.is_empty() && !there() {
        return Err(ApiError::not_found(Kind::Namespace, namespace));
    }
    Ok(())
}

/// Lists the objects of a type; an empty namespace means all.
#[must_use]
pub fn list(world: &World, of: &ResourceType, namespace: &str, query: &Query) -> Vec<Arc<Object>> {
    let Some(kind) = of.simulated() else {
        return Vec::new();
    };
    let namespace = if of.namespaced { namespace } else { "" };
    let all = world.store().list(kind, namespace);
    all.filter(|object| query.matches(object))
        .cloned()
        .collect()
}

/// An object that a command is about, and the file it was named in.
#[derive(Clone, Debug)]
pub struct Target {
    /// The object as it is stored.
    pub object: Arc<Object>,
    /// Its type.
    pub of: &'static ResourceType,
    /// The file; empty if it was named on the command line.
    pub file: String,
}

/// The objects that a command names, and what could not be found.
#[derive(Clone, Debug, Default)]
pub struct Targets {
    /// Those that are there.
    pub found: Vec<Target>,
    /// What failed.
    pub failure: Failure,
    /// Whether one object was asked for by name.
    pub single: bool,
}

/// What a command says if it is given neither types nor files.
pub const NOTHING_GIVEN: &str = "You must provide one or more resources by argument or filename.\nExample resource specifications include:\n   '-f rsrc.yaml'\n   '--filename=rsrc.json'\n   '<resource> <name>'\n   '<resource>'";

/// Finds the objects that the arguments, `-f`, `-l`, `--field-selector` and `--all` name.
///
/// # Errors
/// Arguments that make no sense. What is merely not there stands in the answer.
pub fn targets(cx: &mut Context<'_>, cli: &Cli, args: &[String]) -> Result<Targets, Failure> {
    if !cli.files().is_empty() {
        if !args.is_empty() {
            return Err(Failure::error(
                "when paths, URLs, or stdin is provided as input, you may not specify resource arguments as well",
            ));
        }
        return from_files(cx, cli);
    }
    let flags = &cli.flags;
    let (labels, fields) = (flags.or_empty("selector"), flags.or_empty("field-selector"));
    let selects = !labels.is_empty() || !fields.is_empty();
    // `wait` takes the selector, `scale` finds nothing.
    if flags.on("all") && selects && cli.path == "scale" {
        return Ok(Targets::default());
    }
    if flags.on("all") && selects && cli.path != "wait" {
        return Err(Failure::error(
            "setting 'all' parameter but found a non empty selector. ",
        ));
    }
    let namespace = scope(cli);
    let mut targets = Targets::default();
    match wanted(args)? {
        Wanted::Nothing if selects || flags.on("all") => {
            return Err(Failure::error(
                "at least one resource must be specified to use a selector",
            ));
        }
        Wanted::Nothing => return Err(Failure::error(NOTHING_GIVEN)),
        Wanted::Types(_) if !selects && !flags.on("all") => {
            return Err(Failure::error(
                "resource(s) were provided, but no name was specified",
            ));
        }
        Wanted::Types(types) => {
            for of in types {
                let query = Query::parse(labels, fields, of)?;
                for object in list(cx.world, of, namespace, &query) {
                    targets.found.push(Target {
                        object,
                        of,
                        file: String::new(),
                    });
                }
            }
        }
        Wanted::Names(_) if selects || flags.on("all") && cli.path != "scale" => {
            return Err(Failure::error(
                "name cannot be provided when a selector is specified",
            ));
        }
        Wanted::Names(names) => {
            targets.single = names.len() == 1;
            for (of, name) in names {
                let file = String::new();
                match fetch(cx.world, of, &cli.namespace, &name) {
                    Ok(object) => targets.found.push(Target { object, of, file }),
                    Err(error) => targets.failure.add(error.into()),
                }
            }
        }
    }
    Ok(targets)
}

/// The objects of files: as they are stored or, with `--local` and where a command makes something new of
/// them, as they are written.
fn from_files(cx: &mut Context<'_>, cli: &Cli) -> Result<Targets, Failure> {
    let loaded = super::load::documents(cx, cli)?;
    let mut targets = Targets {
        failure: loaded.failure,
        single: loaded.documents.len() == 1,
        ..Targets::default()
    };
    for document in loaded.documents {
        let (of, file) = (document.of, document.file);
        // `scale` asks for the subresource at once, and finds out that there is none.
        let scales = matches!(of.kind, "Deployment" | "ReplicaSet" | "StatefulSet");
        let unread = matches!(cli.path, "expose" | "autoscale") || cli.path == "scale" && !scales;
        if cli.flags.on("local") || unread {
            let Some(kind) = of.simulated() else {
                continue;
            };
            let object = Arc::new(Object::new(kind, document.tree));
            targets.found.push(Target { object, of, file });
            continue;
        }
        match fetch(cx.world, of, &document.namespace, &document.name) {
            Ok(object) => targets.found.push(Target { object, of, file }),
            Err(error) => targets.failure.add(error.into()),
        }
    }
    Ok(targets)
}

/// The namespace of lists: that of the command, or empty for all.
#[must_use]
pub fn scope(cli: &Cli) -> &str {
    if cli.flags.on("all-namespaces") {
        ""
    } else {
        &cli.namespace
    }
}
