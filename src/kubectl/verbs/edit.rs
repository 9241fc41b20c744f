//! `kubectl edit`: the objects as text in an editor, and a patch of what was changed.
//! `kubectl/pkg/cmd/util/editor/editoptions.go`, `kubectl/pkg/cmd/util/editor/editor.go`

use super::apply::{check_validate, with_last_applied};
use super::{
    FIELD_MANAGER, FILENAME, KUSTOMIZE, MANAGED_FIELDS, MISSING_KEYS, OUTPUT, RECURSIVE, TEMPLATE,
};
use crate::api::{ApiError, Cause, ErrorReason, Kind, Object, Value};
use crate::kubectl::cli::{Cli, DryRun, Outcome};
use crate::kubectl::cluster::{Target, Targets, list, targets};
use crate::kubectl::fail;
use crate::kubectl::failure::Failure;
use crate::kubectl::flags::{Flag, FlagType, flag, quote};
use crate::kubectl::patch::diff::three_way;
use crate::kubectl::print::output::{Output, list_of};
use crate::kubectl::print::{json, yaml};
use crate::kubectl::resources::{Wanted, wanted};
use crate::kubectl::selector::Query;
use crate::kubectl::write::{self, PatchType};
use crate::manifest;
use crate::shell::{self, Context, Program, Progress};
use crate::store::fields::Writer;

/// The flags of `kubectl edit`.
pub const FLAGS: &[Flag] = &[
    MISSING_KEYS,
    FIELD_MANAGER,
    FILENAME,
    KUSTOMIZE,
    OUTPUT,
    flag("output-patch", None, FlagType::Bool),
    RECURSIVE,
    flag("save-config", None, FlagType::Bool),
    MANAGED_FIELDS,
    flag("subresource", None, FlagType::Text),
    TEMPLATE,
    flag("validate", None, FlagType::Text).bare("strict"),
    flag("windows-line-endings", None, FlagType::Bool).missing(),
];

const HEAD: &str = "\
# Please edit the object below. Lines beginning with a '#' will be ignored,
# and an empty file will abort the edit. If an error occurs while saving this file will be
# reopened with the relevant failures.
#
";

/// What of an object is edited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Whole,
    Status,
    Scale,
}

/// Runs it.
pub fn run(cx: &mut Context<'_>, cli: &Cli) -> Result<Outcome, Failure> {
    check_validate(cli)?;
    let printed = cli.flags.or_empty("output");
    if !matches!(printed, "" | "yaml" | "json") {
        return Err(Failure::error(format!(
            "unable to match a printer suitable for the output format {}, allowed formats are: json,kyaml,yaml",
            quote(printed)
        )));
    }
    let output = Output::read(cli, cx)?;
    let part = match cli.flags.or_empty("subresource") {
        "" => Part::Whole,
        "status" => Part::Status,
        "scale" => Part::Scale,
        _ => return Err(no_such_part().into()),
    };
    let found = chosen(cx, cli)?;
    found.failure.result()?;
    let targets = found.found;
    if targets.is_empty() {
        return Err(Failure::error("edit cancelled, no objects found"));
    }
    if part != Part::Whole && targets.iter().any(|target| !has_part(target, part)) {
        return Err(no_such_part().into());
    }
    let originals: Vec<Value> = targets.iter().map(|target| shown(target, part)).collect();
    let text = written(&originals, printed);
    Ok(Outcome::Run(Box::new(Edit {
        targets,
        originals,
        part,
        output,
        by: cli.writer(),
        save: cli.flags.on("save-config"),
        say_patch: cli.flags.on("output-patch"),
        session: Editing::new(cx, HEAD, &text, printed == "json"),
    })))
}

fn no_such_part() -> ApiError {
    let message = "the server could not find the requested resource";
    ApiError::new(ErrorReason::NotFound, message)
}

fn has_part(target: &Target, part: Part) -> bool {
    use Kind::{
        Deployment, Namespace, Node, PersistentVolume, PersistentVolumeClaim, Pod,
        PodDisruptionBudget, ReplicaSet, ResourceQuota, Service, StatefulSet,
    };
    let kind = target.object.kind;
    let scales = matches!(kind, Deployment | ReplicaSet | StatefulSet);
    match part {
        Part::Whole => true,
        Part::Scale => scales,
        Part::Status => {
            scales
                || matches!(
                    kind,
                    Namespace
                        | Node
                        | PersistentVolume
                        | PersistentVolumeClaim
                        | Pod
                        | PodDisruptionBudget
                        | ResourceQuota
                        | Service
                )
        }
    }
}

/// The objects that are meant; of a type without names, all.
pub(super) fn chosen(cx: &mut Context<'_>, cli: &Cli) -> Result<Targets, Failure> {
    if cli.files().is_empty()
        && let Wanted::Types(types) = wanted(&cli.flags.args)?
    {
        let mut all = Targets::default();
        for of in types {
            let query = Query::parse("", "", of)?;
            for object in list(cx.world, of, &cli.namespace, &query) {
                let file = String::new();
                all.found.push(Target { object, of, file });
            }
        }
        return Ok(all);
    }
    targets(cx, cli, &cli.flags.args)
}

/// What of the object is put before the editor.
fn shown(target: &Target, part: Part) -> Value {
    match part {
        Part::Scale => super::get_other::scale_of(&target.object),
        _ => target.object.tree().clone(),
    }
}

fn written(objects: &[Value], format: &str) -> String {
    let value = match objects {
        [one] => one.clone(),
        many => {
            let mut list = list_of(many.to_vec());
            list.set(&["metadata"], Value::empty_map());
            list
        }
    };
    if format == "json" {
        json::to_json(&value)
    } else {
        yaml::to_yaml(&value)
    }
}

/// A text in an editor: opened again until it is of use or left as it is.
#[derive(Clone)]
pub(super) struct Editing {
    /// What stands above the text.
    head: &'static str,
    /// The text as it was first, without its head.
    original: String,
    /// The text as it was left last, if that was of no use.
    refused: Option<String>,
    /// Why it was of no use, as lines of its head.
    reasons: Vec<String>,
    editor: String,
    file: String,
    child: Option<Box<dyn Program>>,
}

/// How an editor was left.
pub(super) enum Left {
    /// It is still open.
    Open(Progress),
    /// With a text that was changed.
    Changed(String),
    /// There is nothing more to do.
    Ended(i32),
}

impl Editing {
    /// A text that `$KUBE_EDITOR` or `$EDITOR` is to open; else the page's own editor, by the name of vi.
    pub(super) fn new(cx: &Context<'_>, head: &'static str, text: &str, json: bool) -> Editing {
        let set = |wanted: &str| {
            let mut all = shell::exported(cx.env);
            let found = all.find(|(name, value)| name.as_str() == wanted && !value.is_empty());
            found.map(|(_, value)| value.to_string())
        };
        let editor = set("KUBE_EDITOR").or_else(|| set("EDITOR"));
        let number = 1_000_000_000 + cx.world.store().resource_version();
        let ending = if json { "json" } else { "yaml" };
        Editing {
            head,
            original: text.to_owned(),
            refused: None,
            reasons: Vec::new(),
            editor: editor.unwrap_or_else(|| "vi".to_owned()),
            file: format!("/tmp/kubectl-edit-{number}.{ending}"),
            child: None,
        }
    }

    fn open(&mut self, cx: &mut Context<'_>) -> Result<Box<dyn Program>, Failure> {
        let body = self.refused.as_ref().unwrap_or(&self.original);
        let text = if self.file.ends_with(".json") {
            body.clone()
        } else {
            let comment = |line: &String| format!("# {}\n", line.replace('\n', "\n# "));
            let reasons: String = self.reasons.iter().map(comment).collect();
            let end = if reasons.is_empty() { "" } else { "#\n" };
            format!("{}{reasons}{end}{body}", self.head)
        };
        cx.files.set(&self.file, text);
        let special = |c: char| "!\"#$%&'()*;<=>?[\\]^`{|}~".contains(c);
        let words: Vec<String> = if self.editor.contains(special) {
            let line = format!("{} {}", self.editor, self.file);
            vec!["sh".to_owned(), "-c".to_owned(), line]
        } else {
            let words = self.editor.split_whitespace().map(str::to_owned);
            words.chain([self.file.clone()]).collect()
        };
        (cx.programs)(cx.world, &cx.host, &words).ok_or_else(|| {
            Failure::error(format!(
                "unable to launch the editor {}",
                quote(&self.editor)
            ))
        })
    }

    /// Goes on with the editor.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Result<Left, Failure> {
        let mut child = match self.child.take() {
            Some(child) => child,
            None => self.open(cx)?,
        };
        match child.poll(cx) {
            Progress::Wait(wait) => {
                self.child = Some(child);
                Ok(Left::Open(Progress::Wait(wait)))
            }
            Progress::Done(code) => self.left(cx, code),
        }
    }

    /// Ctrl+C goes to the editor.
    pub(super) fn interrupt(&mut self, cx: &mut Context<'_>) {
        if let Some(mut child) = self.child.take() {
            child.interrupt(cx);
        }
        cx.files.remove(&self.file);
    }

    fn left(&mut self, cx: &mut Context<'_>, code: i32) -> Result<Left, Failure> {
        let text = cx.files.get(&self.file).map(ToString::to_string);
        if code != 0 {
            cx.files.remove(&self.file);
            return Err(Failure::error(format!(
                "there was a problem with the editor {}",
                quote(&self.editor)
            )));
        }
        let text = without_comments(&text.unwrap_or_default());
        if self.refused.as_ref() == Some(&text) {
            return Ok(Left::Ended(self.give_up(cx)));
        }
        if text == without_comments(&self.original) {
            cx.files.remove(&self.file);
            cx.out.stderr("Edit cancelled, no changes made.\n");
            return Ok(Left::Ended(0));
        }
        Ok(Left::Changed(text))
    }

    /// Opens the text again, with why it was of no use.
    pub(super) fn again(&mut self, text: String, reasons: Vec<String>) {
        self.refused = Some(text);
        self.reasons = reasons;
    }

    /// Says where the text is.
    pub(super) fn keep(&self, cx: &mut Context<'_>) {
        cx.out.stderr(format!(
            "A copy of your changes has been stored to {}\n",
            quote(&self.file)
        ));
    }

    pub(super) fn give_up(&self, cx: &mut Context<'_>) -> i32 {
        self.keep(cx);
        cx.out
            .stderr("error: Edit cancelled, no valid changes were saved.\n");
        1
    }

    /// Takes the file away: what it held was saved.
    pub(super) fn close(&self, cx: &mut Context<'_>) {
        cx.files.remove(&self.file);
    }
}

fn without_comments(text: &str) -> String {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| format!("{line}\n")).collect()
}

/// Objects in an editor.
#[derive(Clone)]
struct Edit {
    targets: Vec<Target>,
    originals: Vec<Value>,
    part: Part,
    output: Output,
    by: Writer,
    save: bool,
    say_patch: bool,
    session: Editing,
}

/// What became of an edited text.
enum Saved {
    Ended(i32),
    /// To be opened again.
    Refused(Vec<String>),
}

impl Program for Edit {
    fn poll(&mut self, cx: &mut Context<'_>) -> Progress {
        // An editor that changes the text each time it is opened would go on for ever.
        for _ in 0..100 {
            match self.session.poll(cx) {
                Ok(Left::Open(progress)) => return progress,
                Ok(Left::Ended(code)) => return Progress::Done(code),
                Ok(Left::Changed(text)) => match self.save(cx, &text) {
                    Ok(Saved::Ended(code)) => return Progress::Done(code),
                    Ok(Saved::Refused(reasons)) => self.session.again(text, reasons),
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
        cx.out.stderr("Edit cancelled, no changes made.\n");
        Progress::Done(130)
    }

    fn clone_box(&self) -> Box<dyn Program> {
        Box::new(self.clone())
    }
}

impl Edit {
    fn save(&mut self, cx: &mut Context<'_>, text: &str) -> Result<Saved, Failure> {
        let edited = match parse(text) {
            Ok(edited) => edited,
            Err(why) => {
                let mut reasons = Vec::new();
                for target in &self.targets {
                    say_invalid(cx, target);
                    reasons.push(heading(target));
                    reasons.push(format!(
                        "* <nil>: Invalid value: \"The edited file failed validation\": {why}"
                    ));
                }
                return Ok(Saved::Refused(reasons));
            }
        };
        let text_of = |tree: &Value, key: &str| {
            let found = tree.str_at(&["metadata", key]).unwrap_or_default();
            found.to_owned()
        };
        let (mut reasons, mut code, mut again) = (Vec::new(), 0, false);
        for (at, tree) in edited.iter().enumerate() {
            let kind = tree.str_at(&["kind"]).unwrap_or_default();
            let known = crate::kubectl::resources::TYPES
                .iter()
                .any(|of| of.kind == kind);
            if self.part == Part::Scale || !known {
                again = true;
                continue;
            }
            let (target, original) = self.original_of(tree, at)?;
            let same = ["apiVersion", "kind"]
                .iter()
                .all(|key| tree.get(key) == original.get(key));
            if !same || text_of(tree, "name") != text_of(&original, "name") {
                return Err(Failure::error(
                    "At least one of apiVersion, kind and name was changed",
                ));
            }
            match self.patch(cx, &target, &original, tree) {
                Ok(()) => {}
                Err(failure) => match failure.refusal() {
                    Some(error) if error.reason == ErrorReason::Invalid => {
                        say_invalid(cx, &target);
                        reasons.push(heading(&target));
                        reasons.extend(causes(error));
                        again = true;
                    }
                    Some(error) if error.reason == ErrorReason::Conflict => again = true,
                    Some(error) => {
                        cx.out.stderr(format!(
                            "error: {} could not be patched: {}\nYou can run `kubectl replace -f {}` to try this update again.\n",
                            named(&target),
                            error.message,
                            self.session.file
                        ));
                        code = 1;
                    }
                    None => return Err(failure),
                },
            }
        }
        if again {
            return Ok(Saved::Refused(reasons));
        }
        if code == 0 {
            self.session.close(cx);
        }
        Ok(Saved::Ended(code))
    }

    /// The object that an edited text was made of: that of its uid.
    fn original_of(&self, tree: &Value, at: usize) -> Result<(Target, Value), Failure> {
        let uid = tree.at(&["metadata", "uid"]);
        let found = self
            .originals
            .iter()
            .position(|original| original.at(&["metadata", "uid"]) == uid)
            .or_else(|| uid.is_none().then_some(at));
        let pair = found.and_then(|at| Some((self.targets.get(at)?, self.originals.get(at)?)));
        let (target, original) = pair.ok_or_else(|| {
            Failure::error("no original object found for the edited one: its uid was changed")
        })?;
        let namespace = |tree: &Value| {
            let found = tree.str_at(&["metadata", "namespace"]).unwrap_or_default();
            found.to_owned()
        };
        let (given, wanted) = (namespace(tree), namespace(original));
        if given != wanted {
            return Err(Failure::error(format!(
                "the namespace from the provided object \"{given}\" does not match the namespace \"{wanted}\". You must pass '--namespace={given}' to perform this operation."
            )));
        }
        Ok((target.clone(), original.clone()))
    }

    /// Patches an object with what was changed of it.
    fn patch(
        &self,
        cx: &mut Context<'_>,
        target: &Target,
        original: &Value,
        edited: &Value,
    ) -> Result<(), Failure> {
        let edited = if self.save {
            with_last_applied(edited)
        } else {
            edited.clone()
        };
        let patch = three_way(original, &edited, original);
        let name = format!(
            "{}/{}",
            target.of.qualified_singular(),
            target.object.name()
        );
        if patch.as_map().is_some_and(crate::api::Map::is_empty) {
            cx.out.stdout(format!("{name} skipped\n"));
            return Ok(());
        }
        let key = target.object.key();
        let missing = || ApiError::not_found(key.kind, &key.name);
        let current = cx.world.store().get(&key).cloned().ok_or_else(missing)?;
        let object = if self.part == Part::Status {
            let (tree, _) = write::patched(
                cx.world.store(),
                &current,
                &patch,
                PatchType::Strategic,
                false,
            )?;
            cx.world.update_status(current.kind, tree, &self.by)?
        } else {
            let strict = write::patched(
                cx.world.store(),
                &current,
                &patch,
                PatchType::Strategic,
                true,
            );
            strict?;
            let how = PatchType::Strategic;
            write::patch(cx, &current, &patch, how, &self.by, DryRun::No)?.object
        };
        if self.say_patch {
            cx.out.stdout(format!("Patch: {}\n", patch.to_go_json()));
        }
        if self.output.human() {
            cx.out.stdout(format!("{name} edited\n"));
        } else {
            cx.out
                .stdout(self.output.one(cx.world, &Object::clone(&object))?);
        }
        Ok(())
    }
}

/// The objects of an edited text.
pub(super) fn parse(text: &str) -> Result<Vec<Value>, String> {
    let stream = manifest::read_stream(text);
    if let Some(error) = stream.error {
        let why = error.message;
        let why = why.trim_start_matches("error converting YAML to JSON: ");
        return Err(why.to_owned());
    }
    let mut objects = Vec::new();
    for document in stream.documents {
        let tree = document.tree;
        let is_list = tree.str_at(&["kind"]) == Some("List");
        match tree {
            tree if is_list => objects.extend(tree.items_at(&["items"]).to_vec()),
            tree if tree.as_map().is_some() => objects.push(tree),
            _ => return Err("invalid object to validate".to_owned()),
        }
    }
    if objects.is_empty() {
        return Err("invalid object to validate".to_owned());
    }
    Ok(objects)
}

/// `statefulsets.apps "web"`
fn named(target: &Target) -> String {
    format!("{} \"{}\"", target.of.resource(), target.object.name())
}

pub(super) fn say_invalid(cx: &mut Context<'_>, target: &Target) {
    cx.out
        .stderr(format!("error: {} is invalid\n", named(target)));
}

fn heading(target: &Target) -> String {
    format!("{} was not valid:", named(target))
}

fn causes(error: &ApiError) -> Vec<String> {
    let line = |cause: &Cause| match cause.field.is_empty() {
        true => format!("* {}", cause.message),
        false => format!("* {}: {}", cause.field, cause.message),
    };
    error.causes.iter().map(line).collect()
}
