//! `kubectl apply`
//! `kubectl/pkg/cmd/apply/apply.go`, `kubectl/pkg/cmd/apply/patcher.go`

use super::{
    ALL, DRY_RUN, FIELD_MANAGER, FILENAME, KUSTOMIZE, MANAGED_FIELDS, MISSING_KEYS, OUTPUT, RECORD,
    RECURSIVE, SELECTOR, TEMPLATE, TIMEOUT, apply_server, prune, record,
};
use crate::api::{DeleteOptions, ErrorReason, Kind, Object, Value};
use crate::kubectl::cli::{Cli, DryRun, Outcome};
use crate::kubectl::cluster::fetch;
use crate::kubectl::failure::Failure;
use crate::kubectl::flags::{Flag, FlagType, flag, quote};
use crate::kubectl::load::{Document, documents};
use crate::kubectl::patch::diff::three_way;
use crate::kubectl::print::json;
use crate::kubectl::print::output::{Output, list_of};
use crate::kubectl::resources::ResourceType;
use crate::kubectl::selector::Query;
use crate::kubectl::write::{self, PatchType};
use crate::shell::Context;
use std::sync::Arc;

/// The annotation that holds what was applied last.
pub const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// The flags of `kubectl apply`.
pub const FLAGS: &[Flag] = &[
    ALL,
    MISSING_KEYS,
    flag("cascade", None, FlagType::Text).bare("background"),
    DRY_RUN,
    FIELD_MANAGER,
    FILENAME,
    flag("force", None, FlagType::Bool),
    flag("force-conflicts", None, FlagType::Bool),
    flag("grace-period", None, FlagType::Int),
    KUSTOMIZE,
    flag("openapi-patch", None, FlagType::Bool),
    OUTPUT,
    flag("overwrite", None, FlagType::Bool),
    flag("prune", None, FlagType::Bool),
    flag("prune-allowlist", None, FlagType::Texts),
    RECORD,
    RECURSIVE,
    SELECTOR,
    flag("server-side", None, FlagType::Bool),
    MANAGED_FIELDS,
    flag("subresource", None, FlagType::Text).missing(),
    TEMPLATE,
    TIMEOUT,
    flag("validate", None, FlagType::Text).bare("strict"),
    flag("wait", None, FlagType::Bool),
];

/// Runs it.
pub fn run(cx: &mut Context<'_>, cli: &Cli) -> Result<Outcome, Failure> {
    if !cli.flags.args.is_empty() {
        return Err(cli.usage(&format!("Unexpected args: [{}]", cli.flags.args.join(" "))));
    }
    if cli.files().is_empty() {
        return Err(Failure::error("must specify one of -f and -k"));
    }
    check_validate(cli)?;
    let dry_run = cli.dry_run()?;
    apply_server::check(cli, dry_run)?;
    prune::check(cli)?;
    let output = Output::read(cli, cx)?;
    let mut loaded = documents(cx, cli)?;
    if let Some(labels) = cli.flags.text("selector") {
        let mut kept = Vec::new();
        for document in loaded.documents {
            let query = Query::parse(labels, "", document.of)?;
            let kind = write::kind_of(document.of)?;
            if query.matches(&Object::new(kind, document.tree.clone())) {
                kept.push(document);
            }
        }
        loaded.documents = kept;
    }
    if loaded.documents.is_empty() && loaded.failure.is_empty() {
        return Err(Failure::error("no objects passed to apply"));
    }
    let mut failure = loaded.failure;
    let (mut applied, mut visited) = (Vec::new(), Vec::new());
    for document in &loaded.documents {
        let done = if cli.flags.on("server-side") {
            apply_server::apply(cx, cli, document, dry_run)
        } else {
            one(cx, cli, document, dry_run)
        };
        match done {
            Ok((object, what)) => {
                visited.push(object.key());
                match &output {
                    Output::Human { .. } => cx.out.stdout(format!(
                        "{}/{} {what}{}\n",
                        document.of.qualified_singular(),
                        object.name(),
                        dry_run.suffix()
                    )),
                    Output::Name => cx.out.stdout(output.one(cx.world, &object)?),
                    _ => applied.push(object),
                }
            }
            Err(error) => failure.add(error),
        }
    }
    match applied.as_slice() {
        [] => {}
        [only] => cx.out.stdout(output.one(cx.world, only)?),
        many => {
            let items = many.iter().map(|object| object.tree().clone()).collect();
            cx.out.stdout(output.value(&list_of(items))?);
        }
    }
    failure.result()?;
    if cli.flags.on("prune") {
        prune::prune(cx, cli, &visited, dry_run, &output)?;
    }
    if dry_run == DryRun::No {
        // The editor marks what was changed since.
        let now = cx.now();
        for file in &loaded.read {
            cx.files.note_applied(file, now);
        }
    }
    Ok(Outcome::Done(0))
}

/// `--validate` must be a word that kubectl knows.
///
/// # Errors
/// kubectl's words.
pub fn check_validate(cli: &Cli) -> Result<(), Failure> {
    match cli.flags.text("validate") {
        None | Some("strict" | "true" | "warn" | "ignore" | "false") => Ok(()),
        Some(other) => Err(Failure::error(format!(
            "invalid - validate option {}; must be one of: strict (or true), warn, ignore (or false)",
            quote(other)
        ))),
    }
}

/// The object with the annotation that says how it was written.
#[must_use]
pub fn with_last_applied(tree: &Value) -> Value {
    let mut tree = tree.clone();
    let annotations = tree.slot(&["metadata", "annotations"]).make_map();
    annotations.remove(LAST_APPLIED);
    let written = format!("{}\n", tree.to_go_json());
    tree.set(&["metadata", "annotations", LAST_APPLIED], written);
    tree
}

/// The same for what kubectl made itself, as a type of Go's: no annotations where there were none.
pub fn with_last_applied_typed(kind: Kind, tree: &Value) -> Value {
    let (mut tree, mut written) = (tree.clone(), tree.clone());
    crate::manifest::canonicalise(kind.name(), &mut written);
    let line = json::to_patched_line(kind.name(), &written, &[]);
    tree.set(
        &["metadata", "annotations", LAST_APPLIED],
        format!("{line}\n"),
    );
    tree
}

fn one(
    cx: &mut Context<'_>,
    cli: &Cli,
    document: &Document,
    dry_run: DryRun,
) -> Result<(Arc<Object>, &'static str), Failure> {
    let Document {
        of,
        tree,
        file,
        name,
        namespace,
    } = document;
    let kind = write::kind_to_create(document, cli)?;
    if name.is_empty() {
        return Err(match tree.str_at(&["metadata", "generateName"]) {
            Some(prefix) => Failure::error(format!(
                "from {prefix}: cannot use generate name with apply"
            )),
            None => Failure::error(format!(
                "error when retrieving current configuration of:\n{}from server for: {}: resource name may not be empty",
                about(of, name, namespace),
                quote(file)
            )),
        });
    }
    if let Some(fault) = crate::manifest::path_fault(name) {
        return Err(Failure::error(format!(
            "error when retrieving current configuration of:\n{}from server for: {}: invalid resource name {}: [{fault}]",
            about(of, name, namespace),
            quote(file),
            quote(name)
        )));
    }
    let mut recorded = tree.clone();
    record(cli, &mut recorded);
    let modified = with_last_applied(&recorded);
    let current = match fetch(cx.world, of, namespace, name) {
        Ok(current) => current,
        Err(_) => {
            if dry_run == DryRun::Client {
                return Ok((Arc::new(Object::new(kind, modified)), "created"));
            }
            let answer = write::create(cx, of, &modified, cli, dry_run.on())
                .map_err(|error| Failure::server(error, "creating", file))?;
            answer.warn(cx);
            return Ok((answer.object, "created"));
        }
    };
    let original = match current.meta.annotation(LAST_APPLIED) {
        Some(text) => Value::from_json(text).unwrap_or_default(),
        None => {
            cx.out.stderr(format!(
                "Warning: resource {}/{name} is missing the {LAST_APPLIED} annotation which is required by kubectl apply. kubectl apply should only be used on resources created declaratively by either kubectl create --save-config or kubectl apply. The missing annotation will be patched automatically.\n",
                of.plural
            ));
            Value::Null
        }
    };
    let patch = three_way(&original, &modified, current.tree());
    if patch.as_map().is_some_and(crate::api::Map::is_empty) {
        return Ok((current, "unchanged"));
    }
    if current.meta.terminating() {
        cx.out.stderr(format!(
            "Warning: Detected changes to resource {name} which is currently being deleted.\n"
        ));
    }
    if dry_run == DryRun::Client {
        return Ok((current, "configured"));
    }
    let refused = |failure: Failure| {
        failure.in_patch(&format!(
            "error when applying patch:\n{}\nto:\n{}for: {}: error when patching {}: ",
            patch.to_go_json(),
            about(of, name, namespace),
            quote(file),
            quote(file)
        ))
    };
    let strict = !matches!(
        cli.flags.text("validate"),
        Some("ignore" | "false" | "warn")
    );
    let (tree, _) = write::patched(
        cx.world.store(),
        &current,
        &patch,
        PatchType::Strategic,
        strict,
    )
    .map_err(refused)?;
    let object = match cx.world.update(kind, tree, &cli.writer(), dry_run.on()) {
        Err(error) if cli.flags.on("force") && error.reason == ErrorReason::Invalid => {
            let options = DeleteOptions {
                grace: Some(cli.flags.grace().unwrap_or(0)),
                ..DeleteOptions::default()
            };
            write::remove_at_once(cx, &current, &options)?;
            write::create(cx, of, &modified, cli, false)?.object
        }
        updated => updated.map_err(|error| refused(error.into()))?,
    };
    Ok((object, "configured"))
}

/// The lines in which apply says what an object is.
fn about(of: &ResourceType, name: &str, namespace: &str) -> String {
    let version = if of.group().is_empty() {
        format!("/{}", of.version())
    } else {
        of.api_version.to_owned()
    };
    format!(
        "Resource: \"{version}, Resource={}\", GroupVersionKind: \"{version}, Kind={}\"\nName: {}, Namespace: {}\n",
        of.plural,
        of.kind,
        quote(name),
        quote(namespace)
    )
}
