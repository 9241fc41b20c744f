//! `-f`: reading manifests from files and standard input, and kubectl's own refusals.
//! `cli-runtime/pkg/resource/visitor.go`

use super::cli::Cli;
use super::failure::Failure;
use super::flags::quote;
use super::resources::{ResourceType, TYPES};
use super::selector::LabelQuery;
use crate::api::{ApiError, Value};
use crate::manifest::{self, ClientRefusal};
use crate::shell::{Context, editor_name};

/// An object of a file.
#[derive(Clone, Debug)]
pub struct Document {
    /// What is written.
    pub tree: Value,
    /// Its type.
    pub of: &'static ResourceType,
    /// The file as kubectl names it.
    pub file: String,
    /// Its name; may be empty.
    pub name: String,
    /// Its namespace; empty for types without one.
    pub namespace: String,
}

/// What was read.
#[derive(Clone, Debug, Default)]
pub struct Loaded {
    /// The names of the files that were read.
    pub read: Vec<String>,
    /// The objects, in order.
    pub documents: Vec<Document>,
    /// What could not be read. kubectl still acts on the rest.
    pub failure: Failure,
}

/// Reads everything that `-f` names.
///
/// # Errors
/// A file that is not there.
pub fn documents(cx: &mut Context<'_>, cli: &Cli) -> Result<Loaded, Failure> {
    let mut loaded = Loaded::default();
    // The labels that are written decide.
    let selects = matches!(cli.path, "create" | "delete");
    let labels = cli
        .flags
        .text("selector")
        .filter(|text| selects && !text.is_empty());
    let query = labels.and_then(|labels| LabelQuery::parse(labels).ok());
    for name in cli.files() {
        for (file, text) in texts(cx, name, cli.flags.on("recursive"))? {
            loaded.read.push(file.clone());
            let stream = manifest::read_stream(&text);
            for document in stream.documents {
                loaded.take(document.tree, &file, cli);
            }
            if let Some(query) = &query {
                let labels = |d: &Document| d.tree.map_at(&["metadata", "labels"]);
                loaded.documents.retain(|d| query.matches(&labels(d)));
            }
            if let Some(error) = stream.error {
                let file = if file == "STDIN" { "STDIN" } else { &file };
                let text = format!("error parsing {file}: {}", error.message);
                loaded.failure.add(Failure::error(text));
            }
        }
    }
    Ok(loaded)
}

/// The texts that a name of `-f` stands for: a file, a folder's files, standard input.
fn texts(
    cx: &mut Context<'_>,
    name: &str,
    recursive: bool,
) -> Result<Vec<(String, String)>, Failure> {
    if name == "-" {
        return Ok(vec![("STDIN".to_owned(), cx.stdin.take())]);
    }
    if name.starts_with("http://") || name.starts_with("https://") {
        return Err(Failure::error(format!(
            "reading {name} is not simulated here: this page makes no requests"
        )));
    }
    let key = editor_name(cx.env, name);
    if let Some(text) = cx.files.get(&key) {
        return Ok(vec![(name.to_owned(), text.to_string())]);
    }
    let here = editor_name(cx.env, ".");
    let below = |folder: &str| match folder {
        "" | crate::shell::files::HOME => String::new(),
        folder => format!("{folder}/"),
    };
    let (folder, here) = (below(&key), below(&here));
    let is_manifest = |file: &str| {
        [".yaml", ".yml", ".json"]
            .iter()
            .any(|ending| file.ends_with(ending))
    };
    let names: Vec<String> = cx
        .files
        .names()
        .filter(|file| file.starts_with(folder.as_str()))
        .map(ToString::to_string)
        .collect();
    if names.is_empty() {
        return Err(Failure::error(format!(
            "the path {} does not exist",
            quote(name)
        )));
    }
    let found: Vec<(String, String)> = names
        .into_iter()
        .filter(|file| is_manifest(file))
        .filter(|file| recursive || !file[folder.len()..].contains('/'))
        .filter_map(|file| {
            let shown = file.strip_prefix(here.as_str()).unwrap_or(&file);
            Some((shown.to_owned(), cx.files.get(&file)?.to_string()))
        })
        .collect();
    if found.is_empty() {
        return Err(Failure::error(format!(
            "error reading [{name}]: recognized file extensions are [.json .yaml .yml]"
        )));
    }
    Ok(found)
}

impl Loaded {
    /// Takes a document, or the items of a list (`List`, `ServiceList`).
    fn take(&mut self, tree: Value, file: &str, cli: &Cli) {
        let kind = tree.str_at(&["kind"]).unwrap_or_default();
        if kind.ends_with("List") && matches!(tree.get("items"), Some(Value::List(_))) {
            for item in tree.items_at(&["items"]) {
                self.take_one(item.clone(), file, cli);
            }
        } else {
            self.take_one(tree, file, cli);
        }
    }

    fn take_one(&mut self, mut tree: Value, file: &str, cli: &Cli) {
        match type_of(&tree, file, validates(cli)) {
            Ok(of) => {
                let name = tree
                    .str_at(&["metadata", "name"])
                    .unwrap_or_default()
                    .to_owned();
                let written = tree
                    .str_at(&["metadata", "namespace"])
                    .unwrap_or_default()
                    .to_owned();
                if of.namespaced {
                    if cli.flags.has("namespace") && !written.is_empty() && written != cli.namespace
                    {
                        self.failure.add(Failure::error(format!(
                            "the namespace from the provided object \"{written}\" does not match the namespace \"{}\". You must pass '--namespace={written}' to perform this operation.",
                            cli.namespace
                        )));
                        return;
                    }
                    // What is only read from its file stays as it is.
                    if written.is_empty() && !cli.flags.on("local") {
                        tree.set(&["metadata", "namespace"], cli.namespace.as_str());
                    }
                }
                let namespace = match (of.namespaced, written.is_empty()) {
                    (false, _) => String::new(),
                    (true, true) => cli.namespace.clone(),
                    (true, false) => written,
                };
                self.documents.push(Document {
                    tree,
                    of,
                    file: file.to_owned(),
                    name,
                    namespace,
                });
            }
            Err(failure) => self.failure.add(failure),
        }
    }
}

/// `--validate`: whether kubectl checks the schema by itself. Commands without the flag do not.
fn validates(cli: &Cli) -> bool {
    matches!(cli.path, "apply" | "create" | "replace")
        && !matches!(cli.flags.text("validate"), Some("false" | "ignore"))
}

fn type_of(tree: &Value, file: &str, validate: bool) -> Result<&'static ResourceType, Failure> {
    let refusal = match manifest::check_header(tree, validate) {
        Ok(kind) => return Ok(ResourceType::of(kind)),
        Err(refusal) => refusal,
    };
    let file = quote(file);
    match refusal {
        ClientRefusal::Validating(what) => Err(Failure::error(format!(
            "error validating {file}: error validating data: {what}; if you choose to ignore these errors, turn validation off with --validate=false"
        ))),
        ClientRefusal::Decoding(fault) => Err(Failure::error(format!(
            "unable to decode {file}: {}",
            fault.message
        ))),
        ClientRefusal::NoMatch { kind, version } => {
            let known = TYPES.iter().find(|t| {
                t.api_version == version && (t.kind == kind || t.kind.to_ascii_lowercase() == kind)
            });
            if let Some(of) = known {
                return Ok(of);
            }
            let text = |key: &str| tree.str_at(&["metadata", key]).unwrap_or_default();
            Err(Failure::error(format!(
                "resource mapping not found for name: {} namespace: {} from {file}: no matches for kind {} in version {}\nensure CRDs are installed first",
                quote(text("name")),
                quote(text("namespace")),
                quote(&kind),
                quote(&version)
            )))
        }
    }
}

/// What the API server says of an object's text before it looks at its values: wrong kind spelling, unknown
/// fields, wrong types. Warnings are answered when unknown fields are only warned of.
///
/// # Errors
/// The refusal.
pub fn decode(of: &ResourceType, tree: &Value, cli: &Cli) -> Result<Vec<String>, ApiError> {
    let Some(kind) = of.simulated() else {
        // Some of the kinds that are not simulated are known well enough to be read.
        let decoded = manifest::decode(of.kind, tree);
        let strict = !matches!(
            cli.flags.text("validate"),
            Some("ignore" | "false" | "warn")
        );
        return match decoded.error(of.kind, of.version()).filter(|_| strict) {
            Some(error) => Err(error),
            None => Ok(Vec::new()),
        };
    };
    if let Some(error) = manifest::wrong_case(kind, tree) {
        return Err(error);
    }
    let decoded = manifest::decode(kind.name(), tree);
    let (name, version) = (kind.name(), kind.version());
    match cli.flags.text("validate") {
        Some("ignore" | "false") => decoded
            .type_error(name, version)
            .map_or(Ok(Vec::new()), Err),
        Some("warn") => match decoded.type_error(name, version) {
            Some(error) => Err(error),
            None => Ok(decoded
                .unknown
                .into_iter()
                .map(|fault| fault.message)
                .collect()),
        },
        _ => decoded.error(name, version).map_or(Ok(Vec::new()), Err),
    }
}
