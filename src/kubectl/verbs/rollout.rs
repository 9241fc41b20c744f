//! `kubectl rollout`: restart, pause, resume, undo, history
//! `kubectl/pkg/cmd/rollout`, `kubectl/pkg/polymorphichelpers`

use super::apply::LAST_APPLIED;
use super::rollout_status;
use super::{
    DRY_RUN, FIELD_MANAGER, FILENAME, KUSTOMIZE, MANAGED_FIELDS, MISSING_KEYS, OUTPUT, RECURSIVE,
    SELECTOR, TEMPLATE, TIMEOUT,
};
use crate::api::Arrange as _;
use crate::api::{Kind, Map, Object, Value};
use crate::kubectl::cli::{Cli, DryRun, Outcome};
use crate::kubectl::cluster::{Target, Targets, fetch, list, scope, targets};
use crate::kubectl::describe::template;
use crate::kubectl::describe::writer::expand;
use crate::kubectl::failure::Failure;
use crate::kubectl::flags::{Flag, FlagType, flag};
use crate::kubectl::print::output::Output;
use crate::kubectl::resources::{Wanted, wanted};
use crate::kubectl::selector::Query;
use crate::kubectl::write::{self, PatchType};
use crate::shell::Context;
use std::sync::Arc;

/// The flags of `rollout history`.
pub const HISTORY_FLAGS: &[Flag] = &[
    MISSING_KEYS,
    FILENAME,
    KUSTOMIZE,
    OUTPUT,
    RECURSIVE,
    flag("revision", None, FlagType::Int),
    SELECTOR,
    MANAGED_FIELDS,
    TEMPLATE,
];
/// The flags of `rollout pause` and `rollout resume`.
pub const PAUSE_FLAGS: &[Flag] = &[
    MISSING_KEYS,
    FIELD_MANAGER,
    FILENAME,
    KUSTOMIZE,
    OUTPUT,
    RECURSIVE,
    SELECTOR,
    MANAGED_FIELDS,
    TEMPLATE,
];
/// The flags of `rollout restart`.
pub const RESTART_FLAGS: &[Flag] = PAUSE_FLAGS;
/// The flags of `rollout status`.
pub const STATUS_FLAGS: &[Flag] = &[
    FILENAME,
    KUSTOMIZE,
    RECURSIVE,
    flag("revision", None, FlagType::Int),
    SELECTOR,
    TIMEOUT,
    flag("watch", Some('w'), FlagType::Bool),
];
/// The flags of `rollout undo`.
pub const UNDO_FLAGS: &[Flag] = &[
    MISSING_KEYS,
    DRY_RUN,
    FILENAME,
    KUSTOMIZE,
    OUTPUT,
    RECURSIVE,
    SELECTOR,
    MANAGED_FIELDS,
    TEMPLATE,
    flag("to-revision", None, FlagType::Int),
];

/// What a rollout command is about: a type without names means all of them.
fn find(cx: &mut Context<'_>, cli: &Cli) -> Result<Targets, Failure> {
    let args = &cli.flags.args;
    if args.is_empty() && cli.files().is_empty() {
        return Err(Failure::error("required resource not specified"));
    }
    if cli.files().is_empty()
        && let Wanted::Types(types) = wanted(args)?
    {
        let mut all = Targets::default();
        for of in types {
            let query = Query::parse(cli.flags.or_empty("selector"), "", of)?;
            for object in list(cx.world, of, scope(cli), &query) {
                all.found.push(Target {
                    object,
                    of,
                    file: String::new(),
                });
            }
        }
        return Ok(all);
    }
    targets(cx, cli, args)
}

fn nothing(cx: &mut Context<'_>, cli: &Cli) -> Result<Outcome, Failure> {
    cx.out.stderr(format!(
        "No resources found in {} namespace.\n",
        cli.namespace
    ));
    Ok(Outcome::Done(0))
}

/// Does something to each target and prints what was done.
fn each(
    cx: &mut Context<'_>,
    cli: &Cli,
    dry_run: DryRun,
    act: impl Fn(&mut Context<'_>, &Target) -> Result<(Arc<Object>, String), Failure>,
) -> Result<Outcome, Failure> {
    let output = Output::read(cli, cx)?;
    let found = find(cx, cli)?;
    if found.found.is_empty() && found.failure.is_empty() {
        if cli.path == "rollout undo" {
            return Ok(Outcome::Done(0));
        }
        return nothing(cx, cli);
    }
    let mut failure = found.failure;
    for target in &found.found {
        match act(cx, target) {
            Ok((object, what)) if output.human() => cx.out.stdout(format!(
                "{}/{} {what}{}\n",
                target.of.qualified_singular(),
                object.name(),
                dry_run.suffix()
            )),
            Ok((object, _)) => cx.out.stdout(output.typed(cx.world, &object)?),
            Err(error) => failure.add(error),
        }
    }
    failure.result()?;
    Ok(Outcome::Done(0))
}

fn unsupported(target: &Target, doing: &str) -> Failure {
    Failure::error(format!(
        "error: {} \"{}\" {doing} is not supported",
        target.of.resource(),
        target.object.name()
    ))
}

/// What is said of a kind without revisions: of one with Pods that it has no `worker`, of any other that nobody
/// comes to look for `what`.
fn not_rolled(target: &Target, what: &str, worker: &str) -> Failure {
    let kind = target.of.qualified_kind();
    let has_pods = matches!(
        target.of.kind,
        "Pod" | "ReplicationController" | "ReplicaSet" | "Job" | "CronJob"
    );
    Failure::error(match has_pods {
        true => format!("no {worker} has been implemented for \"{kind}\""),
        false => format!(
            "error retrieving {what} for \"{kind}\", no visitor method exists for {{{} {}}}",
            target.of.group(),
            target.of.kind
        ),
    })
}

/// Runs `rollout restart`.
pub fn restart(cx: &mut Context<'_>, cli: &Cli) -> Result<Outcome, Failure> {
    each(cx, cli, DryRun::No, |cx, target| {
        let object = &target.object;
        if !matches!(object.kind, Kind::StatefulSet | Kind::Deployment) {
            return Err(unsupported(target, "restarting"));
        }
        if paused(object) {
            return Err(Failure::error(format!(
                "error: {} \"{}\" can't restart paused deployment (run rollout resume first)",
                target.of.resource(),
                object.name()
            )));
        }
        let path = [
            "spec",
            "template",
            "metadata",
            "annotations",
            "kubectl.kubernetes.io/restartedAt",
        ];
        let mut tree = object.tree().clone();
        tree.set(&path, cx.now());
        if tree == *object.tree() {
            return Err(Failure::error(format!(
                "failed to create patch for {}: if restart has already been triggered within the past second, please wait before attempting to trigger another",
                object.name()
            )));
        }
        // A patch does not say of which version.
        tree.remove(&["metadata", "resourceVersion"]);
        Ok((
            cx.world.update(object.kind, tree, &cli.writer(), false)?,
            "restarted".to_owned(),
        ))
    })
}

fn paused(object: &Object) -> bool {
    object
        .tree()
        .at(&["spec", "paused"])
        .and_then(Value::as_bool)
        == Some(true)
}

/// Runs `rollout pause`.
pub fn pause(cx: &mut Context<'_>, cli: &Cli) -> Result<Outcome, Failure> {
    each(cx, cli, DryRun::No, |cx, target| {
        let object = &target.object;
        if object.kind != Kind::Deployment {
            return Err(unsupported(target, "pausing"));
        }
        if paused(object) {
            let text = format!(
                "error: {} \"{}\" is already paused",
                target.of.resource(),
                object.name()
            );
            return Err(Failure::error(text));
        }
        let changed = object.with(|tree| tree.set(&["spec", "paused"], true));
        Ok((
            cx.world
                .update(object.kind, changed.tree().clone(), &cli.writer(), false)?,
            "paused".to_owned(),
        ))
    })
}

/// Runs `rollout resume`.
pub fn resume(cx: &mut Context<'_>, cli: &Cli) -> Result<Outcome, Failure> {
    each(cx, cli, DryRun::No, |cx, target| {
        let object = &target.object;
        if object.kind != Kind::Deployment {
            return Err(unsupported(target, "resuming"));
        }
        if !paused(object) {
            let text = format!(
                "error: {} \"{}\" is not paused",
                target.of.resource(),
                object.name()
            );
            return Err(Failure::error(text));
        }
        let changed = object.with(|tree| {
            tree.remove(&["spec", "paused"]);
        });
        Ok((
            cx.world
                .update(object.kind, changed.tree().clone(), &cli.writer(), false)?,
            "resumed".to_owned(),
        ))
    })
}

/// A revision of a set or a Deployment: its number, its object, its template, why it was made.
#[derive(Clone, Debug)]
struct Revision {
    number: i64,
    template: Value,
    cause: String,
    object: Arc<Object>,
}

/// The annotation that says why something was changed.
const CHANGE_CAUSE: &str = "kubernetes.io/change-cause";

/// The revisions of an object, oldest first; `None` for kinds that have none.
fn revisions(cx: &Context<'_>, object: &Object) -> Option<Vec<Revision>> {
    let cause = |of: &Object| {
        of.meta
            .annotation(CHANGE_CAUSE)
            .unwrap_or("<none>")
            .to_owned()
    };
    let owned = |kind| {
        cx.world
            .store()
            .owned(kind, object.namespace(), &object.meta.uid)
    };
    let mut all: Vec<Revision> = match object.kind {
        Kind::StatefulSet => owned(Kind::ControllerRevision)
            .into_iter()
            .map(|revision| {
                let mut template = revision
                    .tree()
                    .at(&["data", "spec", "template"])
                    .cloned()
                    .unwrap_or_default();
                template.remove(&["$patch"]);
                let unset = template
                    .at(&["metadata", "creationTimestamp"])
                    .is_some_and(Value::is_null);
                if unset {
                    template.remove(&["metadata", "creationTimestamp"]);
                }
                Revision {
                    number: revision.revision_number().unwrap_or(0),
                    template,
                    cause: cause(&revision),
                    object: revision,
                }
            })
            .collect(),
        Kind::Deployment => owned(Kind::ReplicaSet)
            .into_iter()
            .filter_map(|set| {
                let number = set
                    .meta
                    .annotation("deployment.kubernetes.io/revision")?
                    .parse()
                    .ok()?;
                let template = set
                    .tree()
                    .at(&["spec", "template"])
                    .cloned()
                    .unwrap_or_default();
                Some(Revision {
                    number,
                    template,
                    cause: cause(&set),
                    object: set,
                })
            })
            .collect(),
        _ => return None,
    };
    all.arrange_by_key(|revision| revision.number);
    Some(all)
}

/// Runs `rollout history`.
pub fn history(cx: &mut Context<'_>, cli: &Cli) -> Result<Outcome, Failure> {
    let wanted = cli.flags.int("revision").unwrap_or(0);
    if wanted < 0 {
        return Err(Failure::error(format!(
            "revision must be a positive integer: {wanted}"
        )));
    }
    let output = Output::read(cli, cx)?;
    let found = find(cx, cli)?;
    let mut failure = found.failure;
    for target in &found.found {
        let object = &target.object;
        let Some(all) = revisions(cx, object) else {
            failure.add(not_rolled(target, "history", "history viewer"));
            continue;
        };
        let name = format!("{}/{}", target.of.qualified_singular(), object.name());
        if wanted == 0 && output.human() {
            cx.out.stdout(format!("{name} \n{}\n", table(&all)));
            continue;
        }
        if wanted == 0 {
            for revision in &all {
                cx.out
                    .stdout(output.typed(cx.world, &shown(object, revision))?);
            }
            continue;
        }
        let Some(revision) = all.iter().find(|revision| revision.number == wanted) else {
            failure.add(Failure::error("unable to find the specified revision"));
            continue;
        };
        if output.human() {
            let mut template = revision.template.clone();
            if object.kind == Kind::Deployment && revision.cause != "<none>" {
                template.set(
                    &["metadata", "annotations", CHANGE_CAUSE],
                    revision.cause.as_str(),
                );
            }
            let text = template::describe(&template);
            cx.out
                .stdout(format!("{name} with revision #{wanted}\n{text}\n"));
        } else {
            cx.out
                .stdout(output.typed(cx.world, &shown(object, revision))?);
        }
    }
    failure.result()?;
    Ok(Outcome::Done(0))
}

/// What `-o` prints of a revision: the set as it was, or the ReplicaSet. A set's claim templates come without
/// their kinds: kubectl reads them in a form that has none inside an object.
fn shown(object: &Object, revision: &Revision) -> Object {
    if object.kind != Kind::StatefulSet {
        return revision.object.as_ref().clone();
    }
    object.with(|tree| {
        tree.set(&["spec", "template"], revision.template.clone());
        if let Some(Value::List(claims)) = tree.at(&["spec", "volumeClaimTemplates"]).cloned() {
            let claims = claims.iter().cloned().map(|mut claim| {
                claim.remove(&["apiVersion"]);
                claim.remove(&["kind"]);
                claim
            });
            tree.set(&["spec", "volumeClaimTemplates"], Value::list(claims));
        }
    })
}

fn table(all: &[Revision]) -> String {
    if all.is_empty() {
        return "No rollout history found.\n".to_owned();
    }
    let mut text = "REVISION\tCHANGE-CAUSE\n".to_owned();
    for revision in all {
        text.push_str(&format!("{}\t{}\n", revision.number, revision.cause));
    }
    expand(&text)
}

/// Runs `rollout undo`.
pub fn undo(cx: &mut Context<'_>, cli: &Cli) -> Result<Outcome, Failure> {
    let to = cli.flags.int("to-revision").unwrap_or(0);
    let dry_run = cli.dry_run()?;
    each(cx, cli, DryRun::No, |cx, target| {
        let object = &target.object;
        if object.meta.annotation(LAST_APPLIED).is_some() {
            cx.out.stderr(format!(
                "Warning: resource {}/{} was previously managed with 'kubectl apply'. Rolling back will not update the {LAST_APPLIED} annotation, which may cause unexpected behavior on future 'kubectl apply' operations. Consider using 'kubectl apply' with your previous configuration file instead.\n",
                target.of.plural,
                object.name()
            ));
        }
        let Some(all) = revisions(cx, object) else {
            return Err(not_rolled(target, "rollbacker", "rollbacker"));
        };
        let revision = goal(object, &all, to)?;
        let mut template = revision.template.clone();
        template.remove(&["metadata", "labels", "pod-template-hash"]);
        if object.tree().at(&["spec", "template"]) == Some(&template) {
            let text = format!("skipped rollback (current template already matches revision {to})");
            return Ok((object.clone(), text));
        }
        if dry_run == DryRun::Client {
            // Only of a set kubectl says what it is that it prints.
            let said = match object.kind {
                Kind::StatefulSet => "will roll back to ",
                _ => "",
            };
            let text = format!(
                "{said}{}{}",
                template::describe(&revision.template),
                dry_run.suffix()
            );
            return Ok((object.clone(), text));
        }
        let mut patch = vec![replacement("/spec/template", template)];
        if object.kind == Kind::Deployment {
            let annotations = annotations_after(object, &revision.object);
            patch.push(replacement(
                "/metadata/annotations",
                Value::Map(annotations),
            ));
        }
        let patch = Value::from(patch);
        let answer = write::patch(cx, object, &patch, PatchType::Json, &cli.writer(), dry_run)?;
        Ok((answer.object, format!("rolled back{}", dry_run.suffix())))
    })
}

fn replacement(path: &str, value: Value) -> Value {
    Value::map([
        ("op", Value::from("replace")),
        ("path", Value::from(path)),
        ("value", value),
    ])
}

/// The annotations of a Deployment that goes back to a ReplicaSet: those of the ReplicaSet, but for those that
/// are each object's own. `kubectl/pkg/polymorphichelpers/rollback.go` (`Rollback`)
fn annotations_after(deployment: &Object, set: &Object) -> Map {
    const OWN: [&str; 6] = [
        LAST_APPLIED,
        "deployment.kubernetes.io/revision",
        "deployment.kubernetes.io/revision-history",
        "deployment.kubernetes.io/desired-replicas",
        "deployment.kubernetes.io/max-replicas",
        "deprecated.deployment.rollback.to",
    ];
    let is_own = |key: &str| OWN.contains(&key);
    let kept = deployment.meta.annotations.iter();
    let taken = set.meta.annotations.iter();
    kept.filter(|(key, _)| is_own(key))
        .chain(taken.filter(|(key, _)| !is_own(key)))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}

/// The revision to go back to.
fn goal<'a>(object: &Object, all: &'a [Revision], to: i64) -> Result<&'a Revision, Failure> {
    if object.kind == Kind::Deployment {
        let none = || {
            Failure::error(format!(
                "no rollout history found for deployment \"{}\"",
                object.name()
            ))
        };
        let found = match to {
            0 => all.iter().rev().nth(1).ok_or_else(none)?,
            _ => number(all, to)?,
        };
        if paused(object) {
            return Err(Failure::error(
                "you cannot rollback a paused deployment; resume it first with 'kubectl rollout resume' and try again",
            ));
        }
        return Ok(found);
    }
    if to == 0 {
        return all
            .iter()
            .rev()
            .nth(1)
            .ok_or_else(|| Failure::error("no last revision to roll back to"));
    }
    number(all, to)
}

fn number(all: &[Revision], to: i64) -> Result<&Revision, Failure> {
    all.iter()
        .find(|revision| revision.number == to)
        .ok_or_else(|| Failure::error(format!("unable to find specified revision {to} in history")))
}

/// Runs `rollout status`.
pub fn status(cx: &mut Context<'_>, cli: &Cli) -> Result<Outcome, Failure> {
    let found = find(cx, cli)?;
    found.failure.result()?;
    if found.found.is_empty() {
        return nothing(cx, cli);
    }
    let revision = cli.flags.int("revision").unwrap_or(0);
    if revision < 0 {
        return Err(Failure::error(format!(
            "revision must be a positive integer: {revision}"
        )));
    }
    for target in &found.found {
        if !matches!(target.object.kind, Kind::StatefulSet | Kind::Deployment) {
            return Err(Failure::error(format!(
                "no status viewer has been implemented for {}",
                target.of.qualified_kind()
            )));
        }
        let _ = fetch(
            cx.world,
            target.of,
            target.object.namespace(),
            target.object.name(),
        )?;
    }
    rollout_status::start(cx, cli, found.found)
}
