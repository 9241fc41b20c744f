//! `kubectl apply view-last-applied`, `set-last-applied`, `edit-last-applied`: the annotation that says how
//! an object was written.
//! `kubectl/pkg/cmd/apply/apply_view_last_applied.go`, `apply_set_last_applied.go`

use super::apply::LAST_APPLIED;
use super::edit::{Editing, Left, chosen, parse};
use super::{
    ALL, DRY_RUN, FIELD_MANAGER, FILENAME, KUSTOMIZE, MANAGED_FIELDS, MISSING_KEYS, OUTPUT,
    RECURSIVE, SELECTOR, TEMPLATE,
};
use crate::api::{ApiError, Value};
use crate::kubectl::cli::{Cli, DryRun, Outcome};
use crate::kubectl::cluster::{NOTHING_GIVEN, Target, fetch, targets};
use crate::kubectl::fail;
use crate::kubectl::failure::Failure;
use crate::kubectl::flags::{Flag, FlagType, flag};
use crate::kubectl::load::documents;
use crate::kubectl::print::json;
use crate::kubectl::print::output::{Output, list_of};
use crate::kubectl::print::yaml::to_yaml;
use crate::kubectl::write::{self, PatchType};
use crate::shell::{Context, Program, Progress};
use crate::store::fields::Writer;

/// The flags of `apply view-last-applied`.
pub const VIEW_FLAGS: &[Flag] = &[ALL, FILENAME, KUSTOMIZE, OUTPUT, RECURSIVE, SELECTOR];

/// The flags of `apply set-last-applied`.
pub const SET_FLAGS: &[Flag] = &[
    MISSING_KEYS,
    flag("create-annotation", None, FlagType::Bool),
    DRY_RUN,
    FILENAME,
    OUTPUT,
    MANAGED_FIELDS,
    TEMPLATE,
];

/// The flags of `apply edit-last-applied`.
pub const EDIT_FLAGS: &[Flag] = &[
    MISSING_KEYS,
    FIELD_MANAGER,
    FILENAME,
    KUSTOMIZE,
    OUTPUT,
    RECURSIVE,
    MANAGED_FIELDS,
    TEMPLATE,
    flag("validate", None, FlagType::Text).bare("strict"),
    flag("windows-line-endings", None, FlagType::Bool).missing(),
];

/// What was written last, if that is noted.
fn noted(target: &Target) -> Option<Value> {
    let text = target.object.meta.annotation(LAST_APPLIED)?;
    Value::from_json(text).ok()
}

/// Runs `apply view-last-applied`.
pub fn view(cx: &mut Context<'_>, cli: &Cli) -> Result<Outcome, Failure> {
    let format = cli.flags.text("output").unwrap_or("yaml");
    if !matches!(format, "yaml" | "json") {
        return Err(cli.usage(&format!(
            "Unexpected -o output mode: {format}, the flag 'output' must be one of yaml|json"
        )));
    }
    let found = targets(cx, cli, &cli.flags.args)?;
    for target in &found.found {
        let Some(tree) = noted(target) else { continue };
        if format == "json" {
            // Two spaces a level, and the fields in the order of their names.
            let text = indented(&tree, 0);
            cx.out.stdout(format!("{text}\n"));
        } else {
            cx.out.stdout(to_yaml(&tree));
        }
    }
    found.failure.result()?;
    Ok(Outcome::Done(0))
}

/// JSON as Go's `json.Indent` lays it out.
fn indented(value: &Value, depth: usize) -> String {
    let (open, close) = match value {
        Value::Map(map) if !map.is_empty() => ('{', '}'),
        Value::List(list) if !list.is_empty() => ('[', ']'),
        _ => return value.to_go_json(),
    };
    let inner = "  ".repeat(depth + 1);
    let parts: Vec<String> = match value {
        Value::Map(map) => map
            .iter()
            .map(|(key, value)| {
                let key = Value::from(key.as_str()).to_go_json();
                format!("{inner}{key}: {}", indented(value, depth + 1))
            })
            .collect(),
        _ => {
            let items = value
                .as_list()
                .map(|list| list.as_slice())
                .unwrap_or_default();
            let line = |item: &Value| format!("{inner}{}", indented(item, depth + 1));
            items.iter().map(line).collect()
        }
    };
    format!(
        "{open}\n{}\n{}{close}",
        parts.join(",\n"),
        "  ".repeat(depth)
    )
}

/// Notes a text as what was written last.
fn note(
    cx: &mut Context<'_>,
    target: &Target,
    tree: &Value,
    by: &Writer,
    dry_run: DryRun,
) -> Result<(), Failure> {
    let mut patch = Value::empty_map();
    let text = format!("{}\n", tree.to_go_json());
    patch.set(&["metadata", "annotations", LAST_APPLIED], text);
    let how = PatchType::Merge;
    write::patch(cx, &target.object, &patch, how, by, dry_run)?;
    Ok(())
}

/// Runs `apply set-last-applied`.
pub fn set(cx: &mut Context<'_>, cli: &Cli) -> Result<Outcome, Failure> {
    if cli.files().is_empty() {
        return Err(Failure::error(NOTHING_GIVEN));
    }
    let dry_run = cli.dry_run()?;
    let output = Output::read(cli, cx)?;
    let loaded = documents(cx, cli)?;
    loaded.failure.result()?;
    for document in loaded.documents {
        let (of, name) = (document.of, &document.name);
        let object = fetch(cx.world, of, &document.namespace, name)?;
        let target = Target {
            object,
            of,
            file: document.file,
        };
        let before = noted(&target);
        if before.is_none() && !cli.flags.on("create-annotation") {
            return Err(Failure::error(format!(
                "no last-applied-configuration annotation found on resource: {name}, to create the annotation, run the command with --create-annotation"
            )));
        }
        if before.as_ref() == Some(&document.tree) {
            cx.out
                .stdout(format!("set-last-applied {name}: no changes required.\n"));
            continue;
        }
        if dry_run != DryRun::Client {
            note(cx, &target, &document.tree, &cli.writer(), dry_run)?;
        }
        if output.human() {
            cx.out.stdout(format!(
                "{}/{name} configured{}\n",
                of.qualified_singular(),
                dry_run.suffix()
            ));
        } else {
            let object = fetch(cx.world, of, &document.namespace, name)?;
            cx.out.stdout(output.one(cx.world, &object)?);
        }
    }
    Ok(Outcome::Done(0))
}

const HEAD: &str = "\
# Please edit the 'last-applied-configuration' annotations below.
# Lines beginning with a '#' will be ignored, and an empty file will abort the edit.
#
";

/// Runs `apply edit-last-applied`.
pub fn edit(cx: &mut Context<'_>, cli: &Cli) -> Result<Outcome, Failure> {
    let output = Output::read(cli, cx)?;
    let found = chosen(cx, cli)?;
    found.failure.result()?;
    let targets: Vec<Target> = found
        .found
        .into_iter()
        .filter(|target| noted(target).is_some())
        .collect();
    let mut trees: Vec<Value> = targets.iter().filter_map(noted).collect();
    let json = cli.flags.or_empty("output") == "json";
    let tree = match trees.len() {
        0 => {
            return Err(Failure::error(
                "no last-applied-configuration annotation found on resources, to create the annotation, use command `kubectl apply set-last-applied --create-annotation`",
            ));
        }
        1 => trees.remove(0),
        _ => {
            let mut list = list_of(trees);
            list.set(&["metadata"], Value::empty_map());
            list
        }
    };
    let text = if json {
        json::to_json(&tree)
    } else {
        to_yaml(&tree)
    };
    Ok(Outcome::Run(Box::new(EditNoted {
        targets,
        output,
        by: cli.writer(),
        session: Editing::new(cx, HEAD, &text, json),
    })))
}

/// What was written last, in an editor.
#[derive(Clone)]
struct EditNoted {
    targets: Vec<Target>,
    output: Output,
    by: Writer,
    session: Editing,
}

impl Program for EditNoted {
    fn poll(&mut self, cx: &mut Context<'_>) -> Progress {
        for _ in 0..100 {
            match self.session.poll(cx) {
                Ok(Left::Open(progress)) => return progress,
                Ok(Left::Ended(code)) => return Progress::Done(code),
                Ok(Left::Changed(text)) => match self.save(cx, &text) {
                    Ok(true) => return Progress::Done(0),
                    Ok(false) => self.session.again(text, Vec::new()),
                    Err(failure) => {
                        self.session.keep(cx);
                        return fail(cx, &failure);
                    }
                },
                Err(failure) => return fail(cx, &failure),
            }
        }
        Progress::Done(self.session.give_up(cx))
    }

    fn interrupt(&mut self, cx: &mut Context<'_>) -> Progress {
        self.session.interrupt(cx);
        Progress::Done(130)
    }

    fn clone_box(&self) -> Box<dyn Program> {
        Box::new(self.clone())
    }
}

impl EditNoted {
    /// Notes what was edited; whether it was of use.
    fn save(&mut self, cx: &mut Context<'_>, text: &str) -> Result<bool, Failure> {
        let usable = |tree: &Value| tree.get("kind").is_some() && tree.get("apiVersion").is_some();
        let edited = match parse(text) {
            Ok(edited) if edited.iter().all(usable) => edited,
            _ => {
                for target in &self.targets {
                    super::edit::say_invalid(cx, target);
                }
                return Ok(false);
            }
        };
        for tree in &edited {
            let name = tree.str_at(&["metadata", "name"]).unwrap_or_default();
            let kind = tree.str_at(&["kind"]).unwrap_or_default();
            let is =
                |target: &&Target| target.object.name().as_str() == name && target.of.kind == kind;
            let Some(target) = self.targets.iter().find(is) else {
                return Err(Failure::error(
                    "At least one of apiVersion, kind and name was changed",
                ));
            };
            let line = format!("{}/{name}", target.of.qualified_singular());
            if noted(target).as_ref() == Some(tree) {
                cx.out.stdout(format!("{line} skipped\n"));
                continue;
            }
            note(cx, target, tree, &self.by, DryRun::No)?;
            if self.output.human() {
                cx.out.stdout(format!("{line} edited\n"));
            } else {
                let key = target.object.key();
                let missing = || ApiError::not_found(key.kind, &key.name);
                let object = cx.world.store().get(&key).cloned().ok_or_else(missing)?;
                cx.out.stdout(self.output.one(cx.world, &object)?);
            }
        }
        self.session.close(cx);
        Ok(true)
    }
}
