//! `kubectl label`, `kubectl annotate`
//! `kubectl/pkg/cmd/label/label.go`, `kubectl/pkg/cmd/annotate/annotate.go`

use super::{
    ALL, ALL_NAMESPACES, DRY_RUN, FIELD_MANAGER, FIELD_SELECTOR, FILENAME, KUSTOMIZE,
    MANAGED_FIELDS, MISSING_KEYS, OUTPUT, RECURSIVE, SELECTOR, TEMPLATE,
};
use crate::api::{Map, Value};
use crate::kubectl::cli::{Cli, DryRun, Outcome};
use crate::kubectl::cluster::{Target, targets};
use crate::kubectl::failure::Failure;
use crate::kubectl::flags::{Flag, FlagType, flag, quote};
use crate::kubectl::print::output::Output;
use crate::kubectl::selector::value_fault;
use crate::shell::Context;

/// The flags of both.
pub const FLAGS: &[Flag] = &[
    ALL,
    ALL_NAMESPACES,
    MISSING_KEYS,
    DRY_RUN,
    FIELD_MANAGER,
    FIELD_SELECTOR,
    FILENAME,
    KUSTOMIZE,
    flag("list", None, FlagType::Bool),
    flag("local", None, FlagType::Bool),
    OUTPUT,
    flag("overwrite", None, FlagType::Bool),
    super::RECORD,
    RECURSIVE,
    flag("resource-version", None, FlagType::Text),
    SELECTOR,
    MANAGED_FIELDS,
    TEMPLATE,
];

/// What is marked.
struct What {
    /// `labels`
    field: &'static str,
    /// `label`
    one: &'static str,
}

/// Runs `label`.
pub fn run_label(cx: &mut Context<'_>, cli: &Cli) -> Result<Outcome, Failure> {
    run(
        cx,
        cli,
        &What {
            field: "labels",
            one: "label",
        },
    )
}

/// Runs `annotate`.
pub fn run_annotate(cx: &mut Context<'_>, cli: &Cli) -> Result<Outcome, Failure> {
    run(
        cx,
        cli,
        &What {
            field: "annotations",
            one: "annotation",
        },
    )
}

/// What to set and what to take away.
#[derive(Debug, Default)]
struct Changes {
    set: Vec<(String, String)>,
    remove: Vec<String>,
}

fn run(cx: &mut Context<'_>, cli: &Cli, what: &What) -> Result<Outcome, Failure> {
    let flags = &cli.flags;
    let (resources, words) = split(&flags.args, what)?;
    let local = flags.on("local");
    if local && !resources.is_empty() {
        return Err(Failure::error(
            "can only use local files by -f pod.yaml or --filename=pod.json when --local=true is set",
        ));
    }
    if local && cli.files().is_empty() {
        return Err(Failure::error(
            "one or more files must be specified as -f pod.yaml or --filename=pod.json",
        ));
    }
    let has_target = !resources.is_empty() || !cli.files().is_empty();
    if !has_target {
        return Err(Failure::error(
            "one or more resources must be specified as <resource> <name> or <resource>/<name>",
        ));
    }
    let changes = read(&words, what)?;
    if changes.set.is_empty() && changes.remove.is_empty() && !flags.on("list") {
        return Err(Failure::error(format!(
            "at least one {} update is required",
            what.one
        )));
    }
    let dry_run = cli.dry_run()?;
    let output = Output::read(cli, cx)?;
    let targets = targets(cx, cli, &resources)?;
    let mut failure = targets.failure;
    for target in &targets.found {
        match one(cx, cli, what, target, &changes, dry_run, &output) {
            Ok(()) => {}
            Err(error) => failure.add(error),
        }
    }
    failure.result()?;
    Ok(Outcome::Done(0))
}

/// The words before the first `key=value` or `key-` are resources.
fn split(args: &[String], what: &What) -> Result<(Vec<String>, Vec<String>), Failure> {
    let is_change = |word: &str| word.contains('=') || (word.ends_with('-') && word.len() > 1);
    let at = args
        .iter()
        .position(|word| is_change(word))
        .unwrap_or(args.len());
    let (resources, changes) = args.split_at(at);
    if let Some(late) = changes.iter().find(|word| !is_change(word)) {
        return Err(Failure::error(format!(
            "all resources must be specified before {} changes: {late}",
            what.one
        )));
    }
    Ok((resources.to_vec(), changes.to_vec()))
}

fn read(words: &[String], what: &What) -> Result<Changes, Failure> {
    let mut changes = Changes::default();
    for word in words {
        if let Some((key, value)) = word.split_once('=') {
            if key.is_empty() {
                return Err(Failure::error(format!(
                    "at least one {} update is required",
                    what.one
                )));
            }
            if what.one == "label" {
                if value.contains('=') {
                    return Err(Failure::error(format!("invalid label spec: {word}")));
                }
                if let Some(rule) = value_fault(value) {
                    return Err(Failure::error(format!(
                        "invalid label value: {}: {rule}",
                        quote(word)
                    )));
                }
            }
            changes.set.push((key.to_owned(), value.to_owned()));
        } else if let Some(key) = word.strip_suffix('-') {
            changes.remove.push(key.to_owned());
        }
    }
    if changes
        .remove
        .iter()
        .any(|key| changes.set.iter().any(|(set, _)| set == key))
    {
        let twice = changes
            .remove
            .iter()
            .filter(|key| changes.set.iter().any(|(set, _)| set == *key));
        return Err(Failure::error(match what.one {
            "label" => "can not both modify and remove a label in the same command".to_owned(),
            _ => format!(
                "can not both modify and remove the following annotation(s) in the same command: {}",
                twice.cloned().collect::<Vec<_>>().join(", ")
            ),
        }));
    }
    Ok(changes)
}

fn one(
    cx: &mut Context<'_>,
    cli: &Cli,
    what: &What,
    target: &Target,
    changes: &Changes,
    dry_run: DryRun,
    output: &Output,
) -> Result<(), Failure> {
    let object = &target.object;
    let before = object.tree().map_at(&["metadata", what.field]);
    check_overwrite(cli, what, &before, changes)?;
    let mut after = before.clone();
    for (key, value) in &changes.set {
        after.insert(key.as_str(), value.as_str());
    }
    for key in &changes.remove {
        if after.remove(key).is_none() && what.one == "label" && !cli.flags.on("list") {
            cx.out
                .stdout(format!("{} {} not found.\n", what.one, quote(key)));
        }
    }
    let mut tree = object.tree().clone();
    if after.is_empty() {
        tree.remove(&["metadata", what.field]);
    } else {
        tree.set(&["metadata", what.field], Value::Map(after.clone()));
    }
    super::record(cli, &mut tree);
    if let Some(version) = cli.flags.text("resource-version").filter(|v| !v.is_empty()) {
        tree.set(&["metadata", "resourceVersion"], version);
    }
    let changed = before != after;
    let unsaved = std::sync::Arc::new(crate::api::Object::new(object.kind, tree.clone()));
    let sent = changed && dry_run != DryRun::Client && !cli.flags.on("local");
    let object = match sent {
        true => cx
            .world
            .update(object.kind, tree, &cli.writer(), dry_run.on())?,
        false => unsaved.clone(),
    };
    // What the server would have made of it is not what is printed (recording C-daily-053).
    let object = if dry_run.on() { unsaved } else { object };
    if cli.flags.on("list") {
        let lines: Vec<String> = after
            .texts()
            .map(|(key, value)| format!("{key}={value}\n"))
            .collect();
        cx.out.stdout(lines.concat());
        return Ok(());
    }
    if !output.human() {
        cx.out.stdout(output.one(cx.world, &object)?);
        return Ok(());
    }
    let verb = match (what.one, changed) {
        ("annotation", _) => "annotated",
        (_, false) => "not labeled",
        (_, true) if changes.set.is_empty() => "unlabeled",
        (_, true) if !changes.remove.is_empty() => "modified",
        (_, true) => "labeled",
    };
    cx.out.stdout(format!(
        "{}/{} {verb}{}\n",
        target.of.qualified_singular(),
        object.name(),
        dry_run.suffix()
    ));
    Ok(())
}

fn check_overwrite(cli: &Cli, what: &What, before: &Map, changes: &Changes) -> Result<(), Failure> {
    let is_label = what.one == "label";
    if cli.flags.on("overwrite") {
        return Ok(());
    }
    let taken: Vec<String> = changes
        .set
        .iter()
        .filter_map(|(key, value)| {
            // The cause of a change is there to be written anew.
            let old = before
                .get_str(key)
                .filter(|_| is_label || key != "kubernetes.io/change-cause")?;
            let end = if is_label {
                ", and --overwrite is false"
            } else {
                ""
            };
            (old != value).then(|| format!("'{key}' already has a value ({old}){end}"))
        })
        .collect();
    if taken.is_empty() {
        Ok(())
    } else {
        Err(match is_label {
            true if taken.len() > 1 => Failure::bare(taken.join("\n")),
            true => Failure::error(taken.concat()),
            false => Failure::error(format!(
                "--overwrite is false but found the following declared annotation(s): {}",
                taken.join("; ")
            )),
        })
    }
}
