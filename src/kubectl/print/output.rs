//! `-o`: how objects are printed.
//! `cli-runtime/pkg/genericclioptions/print_flags.go`

use super::custom_columns::CustomColumns;
use super::gotemplate::GoTemplate;
use super::jsonpath::JsonPath;
use super::{json, kyaml, yaml};
use crate::api::{Object, Value};
use crate::kubectl::cli::Cli;
use crate::kubectl::failure::Failure;
use crate::kubectl::resources::ResourceType;
use crate::shell::Context;
use crate::sim::World;
use std::cell::Cell;

/// The value of `-o`.
#[derive(Clone, Debug)]
pub enum Output {
    /// A table, with more columns if wide; the lines of other verbs.
    Human {
        /// `-o wide`
        wide: bool,
    },
    /// `statefulset.apps/web`
    Name,
    /// `-o yaml`; whether with managedFields, and whether something has been printed.
    Yaml(bool, Cell<bool>),
    /// `-o kyaml`; whether with managedFields.
    Kyaml(bool),
    /// `-o json`; whether with managedFields.
    Json(bool),
    /// `-o jsonpath=…`
    JsonPath(JsonPath),
    /// `-o go-template=…`, `--template`
    Template(GoTemplate),
    /// `-o custom-columns=…`
    Columns(CustomColumns),
}

const FORMATS: &str = "go-template,go-template-file,json,jsonpath,jsonpath-as-json,jsonpath-file,kyaml,name,template,templatefile";

impl Output {
    /// Reads `-o` and `--template`.
    ///
    /// # Errors
    /// kubectl's words for a format that is unknown or cannot be read.
    pub fn read(cli: &Cli, cx: &Context<'_>) -> Result<Output, Failure> {
        let given = cli.flags.or_empty("output");
        let (format, argument) = match given.split_once('=') {
            Some((format, argument)) if !format.is_empty() => (format, Some(argument)),
            _ => (given, cli.flags.text("template").filter(|t| !t.is_empty())),
        };
        let argument = argument.filter(|text| !text.is_empty() || format == "custom-columns");
        let file = |what: &str| -> Result<String, Failure> {
            let name = argument.unwrap_or_default();
            cx.files.get(name).map(ToString::to_string).ok_or_else(|| {
                Failure::error(format!(
                    "error reading {what}{name}, open {name}: no such file or directory"
                ))
            })
        };
        let managed = cli.flags.on("show-managed-fields");
        let strict = !cli.flags.truth("allow-missing-template-keys", true);
        // Only `get` prints tables.
        let tables = cli.path == "get";
        let unknown = || {
            let (before, after) = match tables {
                true => ("custom-columns,custom-columns-file,", ",wide,yaml"),
                false => ("", ",yaml"),
            };
            Failure::error(format!(
                "unable to match a printer suitable for the output format {}, allowed formats are: {before}{FORMATS}{after}",
                crate::kubectl::flags::quote(given)
            ))
        };
        // Some printers are looked for by the word in lower case, some by the word itself.
        let lower = format.to_ascii_lowercase();
        let format = match lower.as_str() {
            "json" | "yaml" | "kyaml" | "name" => lower.as_str(),
            _ => format,
        };
        match format {
            "" if argument.is_some() => template(argument, strict),
            "" => Ok(Output::Human { wide: false }),
            "wide" | "custom-columns" | "custom-columns-file" if !tables => Err(unknown()),
            "wide" => Ok(Output::Human { wide: true }),
            "name" => Ok(Output::Name),
            "yaml" => Ok(Output::Yaml(managed, Cell::new(false))),
            "kyaml" => Ok(Output::Kyaml(managed)),
            "json" => Ok(Output::Json(managed)),
            "jsonpath" => {
                let template = argument.ok_or_else(needs)?;
                JsonPath::parse(template, strict, false).map(Output::JsonPath)
            }
            "jsonpath-as-json" => {
                let template = argument.ok_or_else(needs)?;
                JsonPath::parse(template, strict, true).map(Output::JsonPath)
            }
            "jsonpath-file" => {
                JsonPath::parse(&file("--template ")?, strict, false).map(Output::JsonPath)
            }
            "custom-columns" => {
                let headers = !cli.flags.on("no-headers");
                CustomColumns::parse(argument.unwrap_or_default(), headers).map(Output::Columns)
            }
            "go-template" | "template" => template(argument, strict),
            "go-template-file" | "templatefile" => {
                GoTemplate::parse(&file("--template ")?, strict).map(Output::Template)
            }
            "custom-columns-file" => {
                let headers = !cli.flags.on("no-headers");
                CustomColumns::of_file(&file("template ")?, headers).map(Output::Columns)
            }
            _ => Err(unknown()),
        }
    }

    /// Whether it is a table or a sentence.
    #[must_use]
    pub fn human(&self) -> bool {
        matches!(self, Output::Human { .. })
    }

    /// Prints one object, which is what the verbs that write do.
    ///
    /// # Errors
    /// A template that does not fit the object.
    pub fn one(&self, world: &World, object: &Object) -> Result<String, Failure> {
        match self {
            Output::Name => Ok(name_line(object)),
            _ => self.whole(world, &[object], true),
        }
    }

    /// Prints objects as the API server answers them, `single`: not as a list.
    ///
    /// # Errors
    /// A template that does not fit the object.
    pub fn whole(
        &self,
        world: &World,
        objects: &[&Object],
        single: bool,
    ) -> Result<String, Failure> {
        let print = |managed: bool| {
            let mut trees = objects.iter().map(|object| {
                if managed {
                    world.store().with_managed_fields(object)
                } else {
                    without_managed_fields(object.tree())
                }
            });
            match trees.next() {
                Some(tree) if single => self.value(&tree),
                first => self.value(&list_of(first.into_iter().chain(trees).collect())),
            }
        };
        match self {
            Output::Yaml(managed, _) | Output::Kyaml(managed) | Output::Json(managed) => {
                print(*managed)
            }
            // A template sees them; where it cannot, they need not be worked out.
            Output::JsonPath(path) if !path.sees_managed_fields() => {
                print(false).or_else(|_| print(true))
            }
            Output::Columns(columns) => print(columns.sees_managed_fields()),
            _ => print(true),
        }
    }

    /// Prints an object that kubectl holds as the type of its kind: what Go always writes stands in it, and as
    /// JSON it has the order of Go's fields.
    ///
    /// # Errors
    /// A template that does not fit the object.
    pub fn typed(&self, world: &World, object: &Object) -> Result<String, Failure> {
        let kind = object.kind.name();
        let object = object.with(|tree| crate::manifest::canonicalise(kind, tree));
        let Output::Json(managed) = self else {
            return self.one(world, &object);
        };
        let tree = match managed {
            true => world.store().with_managed_fields(&object),
            false => without_managed_fields(object.tree()),
        };
        Ok(json::to_typed_json(kind, &tree))
    }

    /// Prints a tree: an object or a list of them.
    ///
    /// # Errors
    /// A template that does not fit the object.
    pub fn value(&self, tree: &Value) -> Result<String, Failure> {
        match self {
            Output::Yaml(_, printed) => {
                let separator = if printed.replace(true) { "---\n" } else { "" };
                Ok(format!("{separator}{}", yaml::to_yaml(tree)))
            }
            Output::Kyaml(_) => Ok(kyaml::to_kyaml(tree)),
            Output::Json(_) => Ok(json::to_json(tree)),
            Output::JsonPath(path) => path.print(tree),
            Output::Template(template) => template.print(tree),
            Output::Columns(columns) => columns.print(tree),
            Output::Human { .. } | Output::Name => Ok(String::new()),
        }
    }
}

/// The tree but for its managedFields.
#[must_use]
pub fn without_managed_fields(tree: &Value) -> Value {
    let mut tree = tree.clone();
    tree.remove(&["metadata", "managedFields"]);
    tree
}

/// `statefulset.apps/web` and a line end.
#[must_use]
pub fn name_line(object: &Object) -> String {
    let of = ResourceType::of(object.kind);
    format!("{}/{}\n", of.qualified_singular(), object.name())
}

/// The objects as a `List`.
#[must_use]
pub fn list_of(items: Vec<Value>) -> Value {
    Value::map([
        ("apiVersion", Value::from("v1")),
        ("items", Value::from(items)),
        ("kind", Value::from("List")),
        (
            "metadata",
            Value::map([("resourceVersion", Value::from(""))]),
        ),
    ])
}

fn needs() -> Failure {
    Failure::error("template format specified but no template given")
}

fn template(text: Option<&str>, strict: bool) -> Result<Output, Failure> {
    let text = text.ok_or_else(needs)?;
    GoTemplate::parse(text, strict).map(Output::Template)
}
