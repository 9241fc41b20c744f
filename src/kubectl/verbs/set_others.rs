//! `kubectl set selector`, `set serviceaccount`
//! `kubectl/pkg/cmd/set/set_selector.go`, `kubectl/pkg/cmd/set/set_serviceaccount.go`

use super::set_image::{local, pod_spec_path};
use super::{
    ALL, DRY_RUN, FIELD_MANAGER, FILENAME, KUSTOMIZE, MANAGED_FIELDS, MISSING_KEYS, OUTPUT,
    RECURSIVE, SELECTOR, TEMPLATE,
};
use crate::api::{Kind, Object, Value};
use crate::kubectl::cli::{Cli, DryRun, Outcome};
use crate::kubectl::cluster::{NOTHING_GIVEN, Target, targets};
use crate::kubectl::failure::Failure;
use crate::kubectl::flags::{Flag, FlagType, flag};
use crate::kubectl::print::output::Output;
use crate::shell::Context;
use std::sync::Arc;

/// The flags of `set selector`.
pub const SELECTOR_FLAGS: &[Flag] = &[
    ALL,
    MISSING_KEYS,
    DRY_RUN,
    FIELD_MANAGER,
    FILENAME,
    flag("local", None, FlagType::Bool),
    OUTPUT,
    RECURSIVE,
    flag("resource-version", None, FlagType::Text).missing(),
    MANAGED_FIELDS,
    TEMPLATE,
];

/// The flags of `set serviceaccount`.
pub const ACCOUNT_FLAGS: &[Flag] = &[
    ALL,
    MISSING_KEYS,
    DRY_RUN,
    FIELD_MANAGER,
    FILENAME,
    KUSTOMIZE,
    flag("local", None, FlagType::Bool),
    OUTPUT,
    RECURSIVE,
    MANAGED_FIELDS,
    TEMPLATE,
];

/// The flags of `set subject`.
pub const SUBJECT_FLAGS: &[Flag] = &[
    ALL,
    MISSING_KEYS,
    DRY_RUN,
    FIELD_MANAGER,
    FILENAME,
    flag("group", None, FlagType::Texts),
    KUSTOMIZE,
    flag("local", None, FlagType::Bool),
    OUTPUT,
    RECURSIVE,
    SELECTOR,
    flag("serviceaccount", None, FlagType::Texts),
    MANAGED_FIELDS,
    TEMPLATE,
    flag("user", None, FlagType::Texts),
];

/// Runs `set subject`: no bindings are stored here that could be found.
/// `kubectl/pkg/cmd/set/set_subject.go`
pub fn run_subject(cx: &mut Context<'_>, cli: &Cli) -> Result<Outcome, Failure> {
    each(cx, cli, &cli.flags.args, "subjects", |target| {
        Err(Failure::error(format!(
            "{}/{} setting subjects is only supported for RoleBinding/ClusterRoleBinding",
            target.of.plural,
            target.object.name()
        )))
    })
}

/// Runs `set selector`.
pub fn run_selector(cx: &mut Context<'_>, cli: &Cli) -> Result<Outcome, Failure> {
    let Some((expression, resources)) = cli.flags.args.split_last() else {
        return Err(Failure::error("one selector is required"));
    };
    if resources.is_empty() && cli.files().is_empty() {
        return Err(Failure::error(
            "one or more resources must be specified as <resource> <name> or <resource>/<name>",
        ));
    }
    each(cx, cli, resources, "selector", |target| {
        if target.object.kind != Kind::Service {
            return Err(Failure::error(
                "setting a selector is only supported for Services",
            ));
        }
        let mut selector = crate::api::Map::default();
        for pair in expression.split(',') {
            match pair.split_once('=') {
                Some((key, value)) => {
                    selector.insert(key, value.trim_start_matches('='));
                }
                None => {
                    return Err(Failure::error(format!(
                        "match expression [{{{pair} Exists []}}] not supported on this object"
                    )));
                }
            }
        }
        let mut tree = target.object.tree().clone();
        tree.set(&["spec", "selector"], Value::Map(selector));
        Ok(tree)
    })
}

/// Runs `set serviceaccount`.
pub fn run_account(cx: &mut Context<'_>, cli: &Cli) -> Result<Outcome, Failure> {
    let Some((account, resources)) = cli.flags.args.split_last() else {
        return Err(Failure::error("serviceaccount is required"));
    };
    if resources.is_empty() && cli.files().is_empty() {
        return Err(Failure::error(NOTHING_GIVEN));
    }
    // The API server fills in the older name.
    let unsent = cli.flags.on("local") || cli.dry_run()? == DryRun::Client;
    let fields: &[&str] = match unsent {
        true => &["serviceAccountName"],
        false => &["serviceAccountName", "serviceAccount"],
    };
    each(cx, cli, resources, "serviceaccount", |target| {
        let Some(path) = pod_spec_path(target.object.kind) else {
            return Err(Failure::error(format!(
                "{}/{} the object is not a pod or does not have a pod template: *v1.{}",
                target.of.plural,
                target.object.name(),
                target.of.kind
            )));
        };
        let mut tree = target.object.tree().clone();
        for field in fields {
            let path: Vec<&str> = path.iter().copied().chain([*field]).collect();
            tree.set(&path, account.as_str());
        }
        Ok(tree)
    })
}

/// Changes every object and says that `what` of it is updated.
fn each(
    cx: &mut Context<'_>,
    cli: &Cli,
    resources: &[String],
    what: &str,
    change: impl Fn(&Target) -> Result<Value, Failure>,
) -> Result<Outcome, Failure> {
    let (local, dry_run) = (local(cli, resources)?, cli.dry_run()?);
    let output = Output::read(cli, cx)?;
    let found = targets(cx, cli, resources)?;
    let mut failure = found.failure;
    for target in &found.found {
        let kind = target.object.kind;
        let made = change(target).and_then(|tree| match dry_run {
            _ if local => Ok(Arc::new(Object::new(kind, tree))),
            DryRun::Client => Ok(Arc::new(Object::new(kind, tree))),
            _ => cx
                .world
                .update(kind, tree, &cli.writer(), dry_run.on())
                .map_err(|error| {
                    let field = if what == "selector" {
                        "selector"
                    } else {
                        "ServiceAccountName"
                    };
                    Failure::error(format!("failed to patch {field} {}", error.message))
                }),
        });
        match made {
            Ok(object) if output.human() => cx.out.stdout(format!(
                "{}/{} {what} updated{}\n",
                target.of.qualified_singular(),
                object.name(),
                dry_run.suffix()
            )),
            Ok(object) => cx.out.stdout(output.typed(cx.world, &object)?),
            Err(refused) => failure.add(refused),
        }
    }
    failure.result()?;
    Ok(Outcome::Done(0))
}
