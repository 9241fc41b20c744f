//! `kubectl set env`, `kubectl set resources`
//! `kubectl/pkg/cmd/set/set_env.go`, `kubectl/pkg/cmd/set/set_resources.go`

use super::create_data::check_variable;
use super::set_image::{local, pod_spec_path};
use super::{
    ALL, DRY_RUN, FIELD_MANAGER, FILENAME, KUSTOMIZE, MANAGED_FIELDS, MISSING_KEYS, OUTPUT, RECORD,
    RECURSIVE, SELECTOR, TEMPLATE, record,
};
use crate::api::{Key, Kind, Map, Quantity, Value};
use crate::kubectl::cli::{Cli, Outcome};
use crate::kubectl::cluster::{NOTHING_GIVEN, Target, fetch, targets};
use crate::kubectl::failure::Failure;
use crate::kubectl::flags::{Flag, FlagType, flag, quote};
use crate::kubectl::print::output::Output;
use crate::kubectl::resources::{Wanted, wanted};
use crate::kubectl::write;
use crate::shell::Context;

const CONTAINERS: Flag = flag("containers", Some('c'), FlagType::Text);

/// The flags of `set env`.
pub const ENV_FLAGS: &[Flag] = &[
    ALL,
    MISSING_KEYS,
    CONTAINERS,
    DRY_RUN,
    FIELD_MANAGER,
    FILENAME,
    KUSTOMIZE,
    OUTPUT,
    RECURSIVE,
    SELECTOR,
    MANAGED_FIELDS,
    TEMPLATE,
    flag("env", Some('e'), FlagType::Texts),
    flag("from", None, FlagType::Text),
    flag("keys", None, FlagType::List),
    flag("list", None, FlagType::Bool),
    flag("local", None, FlagType::Bool),
    flag("overwrite", None, FlagType::Bool),
    flag("prefix", None, FlagType::Text),
    flag("resolve", None, FlagType::Bool),
];

/// The flags of `set resources`.
pub const RESOURCES_FLAGS: &[Flag] = &[
    ALL,
    MISSING_KEYS,
    CONTAINERS,
    DRY_RUN,
    FIELD_MANAGER,
    FILENAME,
    KUSTOMIZE,
    OUTPUT,
    RECURSIVE,
    SELECTOR,
    MANAGED_FIELDS,
    TEMPLATE,
    flag("limits", None, FlagType::Text),
    flag("local", None, FlagType::Bool),
    RECORD,
    flag("requests", None, FlagType::Text),
];

/// Runs `set env`.
pub fn run_env(cx: &mut Context<'_>, cli: &Cli) -> Result<Outcome, Failure> {
    let is_change = |word: &String| {
        word.find('=').is_some_and(|at| at > 0) || (word.ends_with('-') && word.len() > 1)
    };
    let args = &cli.flags.args;
    let at = args.iter().position(is_change).unwrap_or(args.len());
    let (resources, changes) = args.split_at(at);
    if let Some(late) = changes.iter().find(|word| !is_change(word)) {
        return Err(Failure::error(format!(
            "all resources must be specified before environment changes: {late}"
        )));
    }
    let changes: Vec<&String> = changes.iter().chain(cli.flags.list("env")).collect();
    if resources.is_empty() && cli.files().is_empty() {
        return Err(Failure::error(
            "one or more resources must be specified as <resource> <name> or <resource>/<name>",
        ));
    }
    let taken = match cli.flags.text("from") {
        Some(from) if !from.is_empty() => from_object(cx, cli, from)?,
        _ => Vec::new(),
    };
    let removed: Vec<&str> = changes
        .iter()
        .filter(|c| !c.contains('='))
        .filter_map(|c| c.strip_suffix('-'))
        .collect();
    // Of a name that is given twice the first value counts.
    let mut set: Vec<(&str, &str)> = Vec::new();
    for (key, value) in changes.iter().filter_map(|c| c.split_once('=')) {
        if !set.iter().any(|(former, _)| *former == key) {
            set.push((key, value));
        }
    }
    if set.iter().any(|(key, _)| removed.contains(key)) {
        return Err(Failure::error(
            "can not both modify and remove the same environment variable in the same command",
        ));
    }
    for (key, _) in &set {
        check_variable(key)?;
    }
    change(cx, cli, resources, "env", |container| {
        let list = container.slot(&["env"]).make_list();
        let set = set.iter().map(|(key, value)| variable(key, value));
        for new in set.chain(taken.iter().cloned()) {
            match list
                .iter_mut()
                .find(|old| old.get("name") == new.get("name"))
            {
                Some(old) => *old = new,
                None => list.push(new),
            }
        }
        list.retain(|v| {
            !v.str_at(&["name"])
                .is_some_and(|name| removed.contains(&name))
        });
        if list.is_empty() {
            container.remove(&["env"]);
        }
    })
}

fn variable(key: &str, value: &str) -> Value {
    Value::map([("name", Value::from(key)), ("value", Value::from(value))])
}

/// The variables that stand for the keys of a ConfigMap or Secret (`configmap/settings`).
/// `kubectl/pkg/cmd/set/set_env.go` (`RunEnv`, `keyToEnvName`)
fn from_object(cx: &mut Context<'_>, cli: &Cli, from: &str) -> Result<Vec<Value>, Failure> {
    let words = [from.to_owned()];
    let Wanted::Names(names) = wanted(&words)? else {
        return Err(Failure::error(
            "the resource must be given as <type>/<name>",
        ));
    };
    let keys = cli.flags.list("keys");
    let mut variables = Vec::new();
    for (of, name) in names {
        let source = match of.plural {
            "configmaps" => "configMapKeyRef",
            "secrets" => "secretKeyRef",
            _ => {
                return Err(Failure::error("unsupported resource specified in --from"));
            }
        };
        let object = fetch(cx.world, of, &cli.namespace, &name)?;
        for (key, _) in object.tree().map_at(&["data"]).iter() {
            if !keys.is_empty() && !keys.iter().any(|wanted| wanted == key.as_str()) {
                continue;
            }
            let plain = key.as_str().replace(['-', '.'], "_").to_ascii_uppercase();
            if plain != key.as_str() {
                cx.out
                    .stderr(format!("Warning: key {key} transferred to {plain}\n"));
            }
            let mut new = Value::map([(
                "name",
                Value::from(format!("{}{plain}", cli.flags.or_empty("prefix"))),
            )]);
            new.set(&["valueFrom", source, "key"], key.as_str());
            new.set(&["valueFrom", source, "name"], name.as_str());
            variables.push(new);
        }
    }
    Ok(variables)
}

/// Runs `set resources`.
pub fn run_resources(cx: &mut Context<'_>, cli: &Cli) -> Result<Outcome, Failure> {
    if cli.flags.args.is_empty() && cli.files().is_empty() {
        return Err(Failure::error(NOTHING_GIVEN));
    }
    let limits = amounts(cli.flags.or_empty("limits"))?;
    let requests = amounts(cli.flags.or_empty("requests"))?;
    if limits.is_empty() && requests.is_empty() {
        return Err(Failure::error(
            "you must specify an update to requests or limits (in the form of --requests/--limits)",
        ));
    }
    change(
        cx,
        cli,
        &cli.flags.args,
        "resource requirements",
        |container| {
            for (field, amounts) in [("limits", &limits), ("requests", &requests)] {
                for (name, amount) in amounts.texts() {
                    container.set(&["resources", field, name], amount);
                }
            }
        },
    )
}

/// `cpu=1,memory=1Gi` as a mapping.
pub(super) fn amounts(text: &str) -> Result<Map, Failure> {
    let mut map = Map::default();
    for part in text.split(',').filter(|part| !part.is_empty()) {
        let (name, amount) = part.split_once('=').ok_or_else(|| {
            Failure::error(format!(
                "Invalid argument syntax {part}, expected <resource>=<value>"
            ))
        })?;
        if Quantity::parse(amount).is_none() {
            return Err(Failure::error(
                "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
            ));
        }
        map.insert(name, amount);
    }
    Ok(map)
}

/// `set env --list`: the variables of a container, as they would be; `resolve`: with what references lead to.
fn list_variables(cx: &mut Context<'_>, target: &Target, container: &Value, resolve: bool) {
    let name = container.str_at(&["name"]).unwrap_or_default();
    let mut lines = format!(
        "# {} {}, container {name}\n",
        target.of.kind,
        target.object.name()
    );
    for variable in container.items_at(&["env"]) {
        let name = variable.str_at(&["name"]).unwrap_or_default();
        let Some(Value::Map(from)) = variable.get("valueFrom") else {
            let value = variable.str_at(&["value"]).unwrap_or_default();
            lines.push_str(&format!("{name}={value}\n"));
            continue;
        };
        for (source, what, kind) in [
            ("configMapKeyRef", "configmap", Kind::ConfigMap),
            ("secretKeyRef", "secret", Kind::Secret),
        ] {
            let Some(reference) = from.get(source) else {
                continue;
            };
            let text = |key: &str| reference.str_at(&[key]).unwrap_or_default();
            let object = Key::new(kind, target.object.namespace(), text("name"));
            let found = cx.world.store().get(&object);
            let value = found.and_then(|object| object.tree().str_at(&["data", text("key")]));
            match value {
                Some(value) if resolve => lines.push_str(&format!("{name}={value}\n")),
                _ => lines.push_str(&format!(
                    "# {name} from {what} {}, key {}\n",
                    text("name"),
                    text("key")
                )),
            }
        }
        if let Some(path) = from.get("fieldRef").and_then(|f| f.str_at(&["fieldPath"])) {
            lines.push_str(&format!("# {name} from field path {path}\n"));
        }
    }
    cx.out.stdout(lines);
}

/// Changes the containers that `-c` names in every target, and says what was updated.
fn change(
    cx: &mut Context<'_>,
    cli: &Cli,
    resources: &[String],
    what: &str,
    act: impl Fn(&mut Value),
) -> Result<Outcome, Failure> {
    let is_local = local(cli, resources)?;
    cli.dry_run()?;
    let output = Output::read(cli, cx)?;
    let wanted = cli.flags.text("containers").unwrap_or("*").to_owned();
    let targets = targets(cx, cli, resources)?;
    let mut failure = targets.failure;
    for target in &targets.found {
        let object = &target.object;
        let Some(path) = pod_spec_path(object.kind) else {
            failure.add(Failure::error(format!(
                "{}/{} the object is not a pod or does not have a pod template: *v1.{}",
                target.of.plural,
                object.name(),
                target.of.kind
            )));
            continue;
        };
        let mut tree = object.tree().clone();
        let (mut seen, mut names) = (false, path.to_vec());
        names.push("containers");
        if tree.at(&names).is_some() {
            for container in tree.slot(&names).make_list() {
                let name = container.str_at(&["name"]).unwrap_or_default();
                if wanted == "*" || wanted == name {
                    seen = true;
                    act(container);
                    if cli.flags.on("list") {
                        list_variables(cx, target, container, cli.flags.on("resolve"));
                    }
                }
            }
        }
        if !seen && what != "env" {
            failure.add(Failure::error(format!(
                "unable to find container named {wanted}"
            )));
            continue;
        }
        if !seen {
            cx.out.stderr(format!(
                "Warning: {}/{} does not have any containers matching {}\n",
                target.of.kind,
                object.name(),
                quote(&wanted)
            ));
            continue;
        }
        record(cli, &mut tree);
        if tree == *object.tree() || cli.flags.on("list") {
            continue;
        }
        let said = (what, if what == "env" { "env" } else { "resources" });
        if let Err(refused) =
            write::template(cx, target.of, object, tree, said, (cli, is_local), &output)?
        {
            failure.add(refused);
        }
    }
    failure.result()?;
    Ok(Outcome::Done(0))
}
