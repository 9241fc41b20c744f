//! `kubectl patch`
//! `kubectl/pkg/cmd/patch/patch.go`

use super::get_other::{scale_of, scales};
use super::{
    DRY_RUN, FIELD_MANAGER, FILENAME, KUSTOMIZE, MANAGED_FIELDS, MISSING_KEYS, OUTPUT, RECURSIVE,
    TEMPLATE,
};
use crate::api::{ApiError, Cause, ErrorReason, Object, Value};
use crate::kubectl::cli::{Cli, DryRun, Outcome};
use crate::kubectl::cluster::targets;
use crate::kubectl::failure::Failure;
use crate::kubectl::flags::{Flag, FlagType, flag, quote};
use crate::kubectl::print::output::{Output, without_managed_fields};
use crate::kubectl::write::{self, PatchType};
use crate::manifest;
use crate::shell::{Context, editor_name};
use crate::store::fields::Writer;
use std::sync::Arc;

/// The flags of `kubectl patch`.
pub const FLAGS: &[Flag] = &[
    MISSING_KEYS,
    DRY_RUN,
    FIELD_MANAGER,
    FILENAME,
    KUSTOMIZE,
    flag("local", None, FlagType::Bool),
    OUTPUT,
    flag("patch", Some('p'), FlagType::Text),
    flag("patch-file", None, FlagType::Text),
    super::RECORD,
    RECURSIVE,
    MANAGED_FIELDS,
    flag("subresource", None, FlagType::Text),
    TEMPLATE,
    flag("type", None, FlagType::Text),
];

/// Runs it.
pub fn run(cx: &mut Context<'_>, cli: &Cli) -> Result<Outcome, Failure> {
    let flags = &cli.flags;
    let inline = flags.text("patch").filter(|text| !text.is_empty());
    let text = match (inline, flags.text("patch-file")) {
        (Some(_), Some(_)) => {
            return Err(Failure::error(
                "cannot specify --patch and --patch-file together",
            ));
        }
        (Some(text), None) => text.to_owned(),
        (None, Some(file)) => cx
            .files
            .get(&editor_name(cx.env, file))
            .map(ToString::to_string)
            .ok_or_else(|| {
                Failure::error(format!(
                    "unable to read patch file: open {file}: no such file or directory"
                ))
            })?,
        (None, None) => {
            return Err(Failure::error(
                "must specify --patch or --patch-file containing the contents of the patch",
            ));
        }
    };
    let how = match flags.text("type").map(str::to_ascii_lowercase).as_deref() {
        None | Some("" | "strategic") => PatchType::Strategic,
        Some("merge") => PatchType::Merge,
        Some("json") => PatchType::Json,
        Some(_) => {
            return Err(Failure::error(format!(
                "--type must be one of [json merge strategic], not {}",
                quote(flags.or_empty("type"))
            )));
        }
    };
    let part = match flags.text("subresource") {
        None | Some("") => Part::Whole,
        Some("status") => Part::Status,
        Some("scale") => Part::Scale,
        Some("resize") => {
            return Err(Failure::error("--subresource=resize is not simulated here"));
        }
        Some(_) => {
            let message = "the server could not find the requested resource";
            return Err(ApiError::new(ErrorReason::NotFound, message).into());
        }
    };
    let dry_run = cli.dry_run()?;
    let local = flags.on("local");
    if local && !flags.args.is_empty() {
        return Err(Failure::error(
            "cannot specify --local and server resources",
        ));
    }
    let output = Output::read(cli, cx)?;
    let targets = targets(cx, cli, &flags.args)?;
    let patch = read(&text, flags.or_empty("patch"), how)?;
    let mut failure = targets.failure;
    for target in &targets.found {
        let object = &target.object;
        let answer = if local {
            patched_here(object, &patch, how)
        } else {
            match part {
                Part::Whole => write::patch(cx, object, &patch, how, &cli.writer(), dry_run),
                Part::Status => patch_status(cx, object, &patch, how, &cli.writer(), dry_run),
                Part::Scale => patch_scale(cx, object, &patch, how, cli, dry_run),
            }
        };
        let name = match part {
            Part::Scale => "scale.autoscaling".to_owned(),
            _ => target.of.qualified_singular(),
        };
        match answer {
            Ok(answer) => {
                noted(cx, cli, &answer.object, dry_run)?;
                answer.warn(cx);
                if output.human() {
                    // A Scale is compared with the object itself, and so never the same.
                    let same = part != Part::Scale
                        && without_managed_fields(answer.object.tree()) == *object.tree();
                    cx.out.stdout(format!(
                        "{}/{} patched{}\n",
                        name,
                        object.name(),
                        if same { " (no change)" } else { "" }
                    ));
                } else if part == Part::Scale && matches!(output, Output::Name) {
                    cx.out.stdout(format!("{name}/{}\n", object.name()));
                } else {
                    cx.out.stdout(output.one(cx.world, &answer.object)?);
                }
            }
            Err(error) => failure.add(error),
        }
    }
    failure.result()?;
    Ok(Outcome::Done(0))
}

/// `--record`: the annotation comes with a request of its own.
fn noted(cx: &mut Context<'_>, cli: &Cli, object: &Object, dry_run: DryRun) -> Result<(), Failure> {
    if !cli.flags.on("record") || dry_run.on() || cli.flags.on("local") {
        return Ok(());
    }
    let mut tree = object.tree().clone();
    super::record(cli, &mut tree);
    cx.world.update(object.kind, tree, &cli.writer(), false)?;
    Ok(())
}

/// `--local`: the patch alone. kubectl knows no schema here, but which lists are merged.
fn patched_here(object: &Object, patch: &Value, how: PatchType) -> Result<write::Answer, Failure> {
    let tree = write::patched_tree(object, patch, how)?;
    Ok(write::Answer {
        object: Arc::new(Object::new(object.kind, tree)),
        warnings: Vec::new(),
    })
}

/// What of an object is patched.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Whole,
    Status,
    Scale,
}

/// `--subresource=scale`: of the Scale only the count of replicas is kept.
/// `pkg/registry/apps/statefulset/storage/storage.go` (`ScaleREST.Update`)
fn patch_scale(
    cx: &mut Context<'_>,
    object: &Object,
    patch: &Value,
    how: PatchType,
    cli: &Cli,
    dry_run: DryRun,
) -> Result<write::Answer, Failure> {
    if !scales(object.kind) {
        let message = "the server could not find the requested resource";
        return Err(ApiError::new(ErrorReason::NotFound, message).into());
    }
    let (replicas, mut patched, warnings) =
        write::patched_scale(cx.world.store(), object, patch, how)?;
    if dry_run == DryRun::Client {
        patched.set(&["spec", "replicas"], replicas);
        return Ok(write::Answer {
            object: Arc::new(Object::new(object.kind, patched)),
            warnings,
        });
    }
    if replicas < 0 {
        let cause = Cause {
            field: "spec.replicas".to_owned(),
            message: format!("Invalid value: {replicas}: must be greater than or equal to 0"),
        };
        let mut error = ApiError::invalid(object.kind, object.name(), vec![cause]);
        error.about = Some(("Scale".to_owned(), object.name().to_string()));
        return Err(error.into());
    }
    let by = Writer {
        subresource: "scale",
        ..cli.writer()
    };
    let mut tree = object.tree().clone();
    tree.set(&["spec", "replicas"], replicas);
    let object = cx.world.update(object.kind, tree, &by, dry_run.on())?;
    Ok(write::Answer {
        object: Arc::new(Object::new(object.kind, scale_of(&object))),
        warnings,
    })
}

fn patch_status(
    cx: &mut Context<'_>,
    object: &Object,
    patch: &Value,
    how: PatchType,
    by: &Writer,
    dry_run: DryRun,
) -> Result<write::Answer, Failure> {
    let (tree, warnings) = write::patched(cx.world.store(), object, patch, how, false)?;
    if dry_run.on() {
        return Ok(write::Answer {
            object: Arc::new(Object::new(object.kind, tree)),
            warnings,
        });
    }
    let object = cx.world.update_status(object.kind, tree, by)?;
    Ok(write::Answer { object, warnings })
}

/// Reads a patch: JSON if it begins with a brace, else YAML.
fn read(text: &str, inline: &str, how: PatchType) -> Result<Value, Failure> {
    if let Ok(value) = Value::from_json(text) {
        return Ok(value);
    }
    if text.trim_start().starts_with('{') {
        let why = match manifest::yaml::json_fault(text) {
            Some(why) => why,
            None => "invalid character after top-level value".to_owned(),
        };
        let prefix = if how == PatchType::Strategic {
            ""
        } else {
            "error decoding patch: "
        };
        return Err(ApiError::new(ErrorReason::BadRequest, format!("{prefix}{why}")).into());
    }
    let stream = manifest::read_stream(text);
    if let Some(error) = stream.error {
        let why = error
            .message
            .trim_start_matches("error converting YAML to JSON: ");
        return Err(Failure::error(format!(
            "unable to parse {}: {why}",
            quote(inline)
        )));
    }
    Ok(stream
        .documents
        .into_iter()
        .next()
        .map(|document| document.tree)
        .unwrap_or_default())
}
