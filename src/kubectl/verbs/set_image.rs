//! `kubectl set image`
//! `kubectl/pkg/cmd/set/set_image.go`

use super::{
    ALL, DRY_RUN, FIELD_MANAGER, FILENAME, KUSTOMIZE, MANAGED_FIELDS, MISSING_KEYS, OUTPUT, RECORD,
    RECURSIVE, SELECTOR, TEMPLATE, record,
};
use crate::api::{Kind, Value};
use crate::kubectl::cli::{Cli, DryRun, Outcome};
use crate::kubectl::cluster::{NOTHING_GIVEN, targets};
use crate::kubectl::failure::Failure;
use crate::kubectl::flags::{Flag, FlagType, flag, quote};
use crate::kubectl::print::output::Output;
use crate::kubectl::write;
use crate::shell::Context;

/// The flags of `kubectl set image`.
pub const FLAGS: &[Flag] = &[
    ALL,
    MISSING_KEYS,
    DRY_RUN,
    FIELD_MANAGER,
    FILENAME,
    KUSTOMIZE,
    flag("local", None, FlagType::Bool),
    OUTPUT,
    RECORD,
    RECURSIVE,
    SELECTOR,
    MANAGED_FIELDS,
    TEMPLATE,
];

/// Whether only files are looked at.
///
/// # Errors
/// kubectl's words for objects of the server beside `--local`.
pub(super) fn local(cli: &Cli, resources: &[String]) -> Result<bool, Failure> {
    let local = cli.flags.on("local");
    if local && cli.dry_run()? == DryRun::Server {
        return Err(Failure::error(
            "cannot specify --local and --dry-run=server - did you mean --dry-run=client?",
        ));
    }
    if local && !resources.is_empty() {
        return Err(Failure::error(
            "you must specify resources by --filename when --local is set.\nExample resource specifications include:\n   '-f rsrc.yaml'\n   '--filename=rsrc.json'",
        ));
    }
    Ok(local)
}

/// Where the Pod's spec stands in an object of a kind.
#[must_use]
pub fn pod_spec_path(kind: Kind) -> Option<&'static [&'static str]> {
    match kind {
        Kind::Pod => Some(&["spec"]),
        Kind::StatefulSet | Kind::Deployment | Kind::ReplicaSet => {
            Some(&["spec", "template", "spec"])
        }
        _ => None,
    }
}

/// Runs it.
pub fn run(cx: &mut Context<'_>, cli: &Cli) -> Result<Outcome, Failure> {
    let args = &cli.flags.args;
    let is_change = |word: &String| word.contains('=') && !word.starts_with('=');
    let at = args.iter().position(is_change).unwrap_or(args.len());
    let (resources, changes) = args.split_at(at);
    if let Some(late) = changes.iter().find(|word| !is_change(word)) {
        return Err(Failure::error(format!(
            "all resources must be specified before image changes: {late}"
        )));
    }
    if args.is_empty() && cli.files().is_empty() {
        return Err(Failure::error(NOTHING_GIVEN));
    }
    if changes.is_empty() && !resources.iter().skip(1).any(|word| !word.contains('/'))
        || changes.is_empty() && resources.iter().all(|word| !word.contains('/'))
    {
        return Err(Failure::error("at least one image update is required"));
    }
    let is_local = local(cli, resources)?;
    cli.dry_run()?;
    let output = Output::read(cli, cx)?;
    let targets = targets(cx, cli, resources)?;
    let mut failure = targets.failure;
    for target in &targets.found {
        let object = &target.object;
        let Some(path) = pod_spec_path(object.kind) else {
            failure.add(Failure::error(format!(
                "{}/{} the object is not a pod or does not have a pod template: *v1.{}",
                target.of.plural,
                object.name(),
                target.of.kind
            )));
            continue;
        };
        let mut tree = object.tree().clone();
        for change in changes {
            let (name, image) = change.split_once('=').unwrap_or((change, ""));
            if !set_image(&mut tree, path, name, image) {
                failure.add(Failure::error(format!(
                    "unable to find container named {}",
                    quote(name)
                )));
            }
        }
        record(cli, &mut tree);
        if tree == *object.tree() {
            continue;
        }
        let said = ("image", "image");
        if let Err(refused) =
            write::template(cx, target.of, object, tree, said, (cli, is_local), &output)?
        {
            failure.add(refused);
        }
    }
    failure.result()?;
    Ok(Outcome::Done(0))
}

/// Sets the image of the containers with this name, `*` for all. Answers whether there was one.
fn set_image(tree: &mut Value, path: &[&str], name: &str, image: &str) -> bool {
    let mut found = false;
    for list in ["initContainers", "containers"] {
        let Some(Value::Map(spec)) = at_mut(tree, path) else {
            continue;
        };
        if !spec.contains(list) {
            continue;
        }
        let Value::List(containers) = spec.entry(list) else {
            continue;
        };
        for container in containers.make_mut() {
            if name == "*" || container.str_at(&["name"]) == Some(name) {
                container.set(&["image"], image);
                found = true;
            }
        }
    }
    found
}

fn at_mut<'a>(tree: &'a mut Value, path: &[&str]) -> Option<&'a mut Value> {
    tree.at(path)?;
    Some(tree.slot(path))
}
