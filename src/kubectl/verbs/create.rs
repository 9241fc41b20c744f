//! `kubectl create -f`, `kubectl replace -f`
//! `kubectl/pkg/cmd/create/create.go`, `kubectl/pkg/cmd/replace/replace.go`

use super::apply::{check_validate, with_last_applied};
use super::get_other::raw_write;
use super::{
    DRY_RUN, FIELD_MANAGER, FILENAME, KUSTOMIZE, MANAGED_FIELDS, MISSING_KEYS, OUTPUT, RECURSIVE,
    SELECTOR, TEMPLATE, TIMEOUT,
};
use crate::api::{DeleteOptions, Object};
use crate::kubectl::cli::{Cli, DryRun, Outcome};
use crate::kubectl::cluster::{fetch, not_found};
use crate::kubectl::failure::Failure;
use crate::kubectl::flags::{Flag, FlagType, flag, quote};
use crate::kubectl::load::{Document, documents};
use crate::kubectl::print::output::Output;
use crate::kubectl::write;
use crate::shell::Context;
use std::sync::Arc;

/// The flags of `kubectl create`.
pub const FLAGS: &[Flag] = &[
    MISSING_KEYS,
    DRY_RUN,
    flag("edit", None, FlagType::Bool).missing(),
    FIELD_MANAGER,
    FILENAME,
    KUSTOMIZE,
    OUTPUT,
    flag("raw", None, FlagType::Text),
    flag("record", None, FlagType::Bool).missing(),
    RECURSIVE,
    flag("save-config", None, FlagType::Bool),
    SELECTOR,
    MANAGED_FIELDS,
    TEMPLATE,
    flag("validate", None, FlagType::Text).bare("strict"),
    flag("windows-line-endings", None, FlagType::Bool).missing(),
];

/// The flags of `kubectl replace`.
pub const REPLACE_FLAGS: &[Flag] = &[
    MISSING_KEYS,
    flag("cascade", None, FlagType::Text).bare("background"),
    DRY_RUN,
    FIELD_MANAGER,
    FILENAME,
    flag("force", None, FlagType::Bool),
    flag("grace-period", None, FlagType::Int),
    KUSTOMIZE,
    OUTPUT,
    flag("raw", None, FlagType::Text),
    RECURSIVE,
    flag("save-config", None, FlagType::Bool),
    MANAGED_FIELDS,
    flag("subresource", None, FlagType::Text).missing(),
    TEMPLATE,
    TIMEOUT,
    flag("validate", None, FlagType::Text).bare("strict"),
    flag("wait", None, FlagType::Bool).missing(),
];

/// Runs `create`.
pub fn run(cx: &mut Context<'_>, cli: &Cli) -> Result<Outcome, Failure> {
    if let Some(path) = cli.flags.text("raw").filter(|path| !path.is_empty()) {
        return raw_write(cx, cli, path);
    }
    let args = &cli.flags.args;
    if !args.is_empty() {
        return Err(cli.usage(&format!("Unexpected args: [{}]", args.join(" "))));
    }
    if cli.files().is_empty() {
        return Err(Failure::error("must specify one of -f and -k"));
    }
    each(
        cx,
        cli,
        "no objects passed to create",
        |cx, document, dry_run| {
            let tree = if cli.flags.on("save-config") {
                with_last_applied(&document.tree)
            } else {
                document.tree.clone()
            };
            if dry_run == DryRun::Client {
                return Ok((
                    Arc::new(Object::new(write::kind_of(document.of)?, tree)),
                    "created",
                ));
            }
            let _ = write::kind_to_create(document, cli)?;
            let answer = write::create(cx, document.of, &tree, cli, dry_run.on())
                .map_err(|error| Failure::server(error, "creating", &document.file))?;
            answer.warn(cx);
            Ok((answer.object, "created"))
        },
    )
}

/// Runs `replace`.
pub fn run_replace(cx: &mut Context<'_>, cli: &Cli) -> Result<Outcome, Failure> {
    if let Some(path) = cli.flags.text("raw").filter(|path| !path.is_empty()) {
        return raw_write(cx, cli, path);
    }
    if cli.files().is_empty() {
        return Err(Failure::error("must specify one of -f and -k"));
    }
    if !cli.flags.args.is_empty() {
        return Err(cli.usage(&format!("Unexpected args: [{}]", cli.flags.args.join(" "))));
    }
    let options = forced(cx, cli)?;
    each(cx, cli, "", |cx, document, dry_run| {
        let _ = write::kind_of(document.of)?;
        let tree = if cli.flags.on("save-config") {
            with_last_applied(&document.tree)
        } else {
            document.tree.clone()
        };
        let failed = |error| Failure::server(error, "replacing", &document.file);
        let current = fetch(cx.world, document.of, &document.namespace, &document.name);
        if cli.flags.on("force") && dry_run == DryRun::No {
            if let Ok(current) = current {
                write::remove_at_once(cx, &current, &options)?;
                cx.out.stdout(format!(
                    "{} \"{}\" deleted from {} namespace\n",
                    document.of.qualified_singular(),
                    current.name(),
                    current.namespace()
                ));
            }
            let answer = write::create(cx, document.of, &tree, cli, false).map_err(failed)?;
            answer.warn(cx);
            return Ok((answer.object, "replaced"));
        }
        if document.name.is_empty() {
            return Err(Failure::error(format!(
                "error when replacing {}: resource name may not be empty",
                quote(&document.file)
            )));
        }
        // A Service that is not there is made; nothing else is, whatever its namespace.
        if current.is_err() {
            let of = document.of;
            if of.kind != "Service" || dry_run == DryRun::Client {
                return Err(failed(not_found(of, &document.name)));
            }
            let answer = write::create(cx, of, &tree, cli, dry_run.on()).map_err(failed)?;
            answer.warn(cx);
            return Ok((answer.object, "replaced"));
        }
        if dry_run == DryRun::Client {
            return Ok((
                Arc::new(Object::new(write::kind_of(document.of)?, tree)),
                "replaced",
            ));
        }
        let answer = write::replace(cx, document.of, &tree, cli, dry_run.on()).map_err(failed)?;
        answer.warn(cx);
        Ok((answer.object, "replaced"))
    })
}

/// How `replace --force` deletes: at once, unless a grace period is given.
fn forced(cx: &mut Context<'_>, cli: &Cli) -> Result<DeleteOptions, Failure> {
    let (flags, force) = (&cli.flags, cli.flags.on("force"));
    let grace = flags.grace();
    if force && cli.dry_run()? != DryRun::No {
        return Err(Failure::error(
            "--dry-run can not be used when --force is set",
        ));
    }
    if grace.is_some() && !force {
        return Err(Failure::error("--grace-period must have --force specified"));
    }
    if flags
        .duration("timeout")
        .is_some_and(|timeout| timeout != 0)
        && !force
    {
        return Err(Failure::error("--timeout must have --force specified"));
    }
    Ok(DeleteOptions {
        grace: Some(grace.unwrap_or(0)),
        propagation: super::delete::cascade(cx, cli)?,
        ..DeleteOptions::default()
    })
}

type Made = Result<(Arc<Object>, &'static str), Failure>;

fn each(
    cx: &mut Context<'_>,
    cli: &Cli,
    none: &str,
    make: impl Fn(&mut Context<'_>, &Document, DryRun) -> Made,
) -> Result<Outcome, Failure> {
    check_validate(cli)?;
    let dry_run = cli.dry_run()?;
    let output = Output::read(cli, cx)?;
    let loaded = documents(cx, cli)?;
    if loaded.documents.is_empty() && loaded.failure.is_empty() && !none.is_empty() {
        return Err(Failure::error(none));
    }
    let mut failure = loaded.failure;
    for document in &loaded.documents {
        match make(cx, document, dry_run) {
            Ok((object, what)) if output.human() => cx.out.stdout(format!(
                "{}/{} {what}{}\n",
                document.of.qualified_singular(),
                object.name(),
                dry_run.suffix()
            )),
            Ok((object, _)) => cx.out.stdout(output.one(cx.world, &object)?),
            Err(error) => failure.add(error),
        }
    }
    failure.result()?;
    Ok(Outcome::Done(0))
}
