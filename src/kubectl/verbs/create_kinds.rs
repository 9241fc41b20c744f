//! `kubectl create namespace`, `quota`, `configmap`, `service`, `deployment` and `kubectl run`: objects made
//! from flags.
//! `kubectl/pkg/cmd/create`, `kubectl/pkg/cmd/run/run.go`

use super::apply::with_last_applied_typed;
use super::create_data::{gathered, is_image};
use super::run_attached::Attached;
use super::{DRY_RUN, FIELD_MANAGER, MANAGED_FIELDS, MISSING_KEYS, OUTPUT, TEMPLATE};
use crate::api::{ApiError, Kind, Map, Object, Value};
use crate::kubectl::cli::{Cli, DryRun, Outcome};
use crate::kubectl::failure::Failure;
use crate::kubectl::flags::{Flag, FlagType, flag};
use crate::kubectl::hash;
use crate::kubectl::print::output::Output;
use crate::kubectl::resources::ResourceType;
use crate::kubectl::write::{self, PatchType};
use crate::shell::Context;
use std::sync::Arc;

pub(super) const SAVE: Flag = flag("save-config", None, FlagType::Bool);
pub(super) const VALIDATE: Flag = flag("validate", None, FlagType::Text).bare("strict");

macro_rules! made_of {
    ($($more:expr),* $(,)?) => {
        &[MISSING_KEYS, DRY_RUN, FIELD_MANAGER, OUTPUT, $crate::kubectl::verbs::create_kinds::SAVE, MANAGED_FIELDS, TEMPLATE, $($more),*]
    };
}
pub(super) use made_of;

/// The flags of `create namespace`.
pub const NAMESPACE_FLAGS: &[Flag] = made_of![VALIDATE];
/// The flags of `create quota`.
pub const QUOTA_FLAGS: &[Flag] = made_of![
    VALIDATE,
    flag("hard", None, FlagType::Text),
    flag("scopes", None, FlagType::Text)
];
/// The flags of `create configmap`.
pub const CONFIG_MAP_FLAGS: &[Flag] = made_of![
    VALIDATE,
    flag("append-hash", None, FlagType::Bool),
    flag("from-env-file", None, FlagType::Texts),
    flag("from-file", None, FlagType::Texts),
    flag("from-literal", None, FlagType::Texts),
];
/// The flags of `create service clusterip`.
pub const SERVICE_FLAGS: &[Flag] = made_of![
    VALIDATE,
    flag("clusterip", None, FlagType::Text),
    flag("tcp", None, FlagType::List)
];
/// The flags of `create deployment`.
pub const DEPLOYMENT_FLAGS: &[Flag] = made_of![
    VALIDATE,
    flag("image", None, FlagType::List),
    flag("port", None, FlagType::Int),
    flag("replicas", Some('r'), FlagType::Int),
];
/// The flags of `run`.
pub const RUN_FLAGS: &[Flag] = made_of![
    flag("annotations", None, FlagType::Texts),
    flag("attach", None, FlagType::Bool),
    flag("command", None, FlagType::Bool),
    flag("env", None, FlagType::Texts),
    flag("expose", None, FlagType::Bool),
    flag("image", None, FlagType::Text),
    flag("image-pull-policy", None, FlagType::Text),
    flag("labels", Some('l'), FlagType::Text),
    flag("leave-stdin-open", None, FlagType::Bool),
    flag("override-type", None, FlagType::Text),
    flag("overrides", None, FlagType::Text),
    flag("port", None, FlagType::Text),
    flag("privileged", None, FlagType::Bool),
    flag("quiet", Some('q'), FlagType::Bool),
    flag("restart", None, FlagType::Text),
    flag("rm", None, FlagType::Bool),
    flag("stdin", Some('i'), FlagType::Bool),
    flag("tty", Some('t'), FlagType::Bool),
];

pub(super) fn one_name(cli: &Cli) -> Result<&str, Failure> {
    match cli.flags.args.as_slice() {
        [name] => Ok(name),
        other => Err(cli.usage(&format!(
            "exactly one NAME is required, got {}",
            other.len()
        ))),
    }
}

pub(super) fn skeleton(kind: Kind, name: &str) -> Value {
    Value::map([
        ("apiVersion", Value::from(kind.api_version())),
        ("kind", Value::from(kind.name())),
        ("metadata", Value::map([("name", Value::from(name))])),
    ])
}

/// Creates the object and prints what was done. `failed` makes kubectl's words of a refusal.
pub(super) fn make(
    cx: &mut Context<'_>,
    cli: &Cli,
    kind: Kind,
    tree: Value,
    failed: impl Fn(ApiError) -> Failure,
) -> Result<Outcome, Failure> {
    let output = Output::read(cli, cx)?;
    make_as(cx, cli, (kind, "created"), tree, failed, &output)
}

/// The same; `done` is what is said of it.
pub(super) fn make_as(
    cx: &mut Context<'_>,
    cli: &Cli,
    (kind, done): (Kind, &str),
    mut tree: Value,
    failed: impl Fn(ApiError) -> Failure,
    output: &Output,
) -> Result<Outcome, Failure> {
    let dry_run = cli.dry_run()?;
    if cli.flags.on("append-hash") {
        tree.set(&["metadata", "name"], hash::named(kind, &tree));
    }
    if cli.flags.on("save-config") {
        tree = with_last_applied_typed(kind, &tree);
    }
    let written = cli.flags.has("namespace") || dry_run != DryRun::Client;
    if kind.namespaced() && written {
        tree.set(&["metadata", "namespace"], cli.namespace.as_str());
    }
    let object = match dry_run {
        DryRun::Client => Arc::new(Object::new(kind, tree)),
        _ => cx
            .world
            .create(kind, tree, &cli.writer(), dry_run.on())
            .map_err(failed)?,
    };
    if output.human() {
        let of = ResourceType::of(kind);
        cx.out.stdout(format!(
            "{}/{} {done}{}\n",
            of.qualified_singular(),
            object.name(),
            dry_run.suffix()
        ));
    } else {
        cx.out.stdout(output.typed(cx.world, &object)?);
    }
    Ok(Outcome::Done(0))
}

pub(super) fn failed_to(what: &'static str) -> impl Fn(ApiError) -> Failure {
    move |error| Failure::error(format!("failed to create {what}: {}", error.message))
}

/// Runs `create namespace`.
pub fn namespace(cx: &mut Context<'_>, cli: &Cli) -> Result<Outcome, Failure> {
    let mut tree = skeleton(Kind::Namespace, one_name(cli)?);
    tree.set(&["spec"], Value::empty_map());
    tree.set(&["status"], Value::empty_map());
    make(cx, cli, Kind::Namespace, tree, Failure::from)
}

/// Runs `create quota`.
pub fn quota(cx: &mut Context<'_>, cli: &Cli) -> Result<Outcome, Failure> {
    let hard = super::set_fields::amounts(cli.flags.or_empty("hard"))?;
    let mut tree = skeleton(Kind::ResourceQuota, one_name(cli)?);
    tree.set(&["spec", "hard"], Value::Map(hard));
    let scopes = cli.flags.or_empty("scopes").split(',');
    let scopes: Vec<Value> = scopes.filter(|s| !s.is_empty()).map(Value::from).collect();
    if !scopes.is_empty() {
        tree.set(&["spec", "scopes"], scopes);
    }
    make(cx, cli, Kind::ResourceQuota, tree, failed_to("quota"))
}

/// Runs `create configmap`.
pub fn config_map(cx: &mut Context<'_>, cli: &Cli) -> Result<Outcome, Failure> {
    let name = one_name(cli)?.to_owned();
    let data = gathered(cx, cli, Kind::ConfigMap, &name)?;
    let mut tree = skeleton(Kind::ConfigMap, &name);
    if !data.is_empty() {
        tree.set(&["data"], Value::Map(data));
    }
    make(cx, cli, Kind::ConfigMap, tree, failed_to("configmap"))
}

/// Runs `create service clusterip`.
pub fn service(cx: &mut Context<'_>, cli: &Cli) -> Result<Outcome, Failure> {
    let name = one_name(cli)?;
    let cluster_ip = cli.flags.or_empty("clusterip");
    let ports: Result<Vec<Value>, Failure> = cli
        .flags
        .list("tcp")
        .iter()
        .map(|text| port(text))
        .collect();
    let ports = ports?;
    if ports.is_empty() && cluster_ip != "None" {
        return Err(Failure::error(
            "at least one tcp port specifier must be provided",
        ));
    }
    let mut tree = skeleton(Kind::Service, name);
    tree.set(&["metadata", "labels", "app"], name);
    tree.set(&["spec", "selector", "app"], name);
    tree.set(&["spec", "type"], "ClusterIP");
    if !cluster_ip.is_empty() {
        tree.set(&["spec", "clusterIP"], cluster_ip);
    }
    if !ports.is_empty() {
        tree.set(&["spec", "ports"], ports);
    }
    tree.set(&["status", "loadBalancer"], Value::empty_map());
    make(cx, cli, Kind::Service, tree, failed_to("ClusterIP service"))
}

/// `80`, `80:8080`, `80:http`
pub(super) fn port(text: &str) -> Result<Value, Failure> {
    // What follows a second colon is in the name alone.
    let (port, target) = text.split_once(':').unwrap_or((text, text));
    let target = target.split(':').next().unwrap_or_default();
    let fault = |why: &str| {
        let port = crate::kubectl::flags::quote(port);
        Failure::error(format!("strconv.ParseUint: parsing {port}: {why}"))
    };
    let is_number = !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
    if !is_number {
        return Err(fault("invalid syntax"));
    }
    let number = port
        .parse::<u16>()
        .map_err(|_| fault("value out of range"))?;
    let target = match target.parse::<i64>() {
        Ok(number) if (1..=65535).contains(&number) => Value::Int(number),
        // Port 0 itself is refused by the API server only.
        Ok(0) if !text.contains(':') => Value::Int(0),
        Ok(_) => {
            return Err(Failure::error("must be between 1 and 65535, inclusive"));
        }
        Err(_) => {
            let faults = crate::manifest::port_name_faults(target);
            if !faults.is_empty() {
                return Err(Failure::error(faults.join(",")));
            }
            Value::from(target)
        }
    };
    Ok(Value::map([
        ("name", Value::from(text.replace(':', "-"))),
        ("port", Value::Int(i64::from(number))),
        ("protocol", Value::from("TCP")),
        ("targetPort", target),
    ]))
}

/// Runs `create deployment`.
pub fn deployment(cx: &mut Context<'_>, cli: &Cli) -> Result<Outcome, Failure> {
    let images = cli.flags.list("image");
    let (names, command) = cli
        .flags
        .args
        .split_at(cli.flags.dash.unwrap_or(cli.flags.args.len()));
    let [name] = names else {
        return Err(cli.usage(&format!(
            "exactly one NAME is required, got {}",
            names.len()
        )));
    };
    if !cli.flags.has("image") {
        return Err(Failure::error("required flag(s) \"image\" not set"));
    }
    if images.len() > 1 && !command.is_empty() {
        return Err(Failure::error(
            "cannot specify multiple --image options and command",
        ));
    }
    let containers = images
        .iter()
        .filter(|image| !image.is_empty())
        .map(|image| {
            let base = image.rsplit('/').next().unwrap_or(image);
            let base = base.split([':', '@']).next().unwrap_or(base);
            let mut container = Value::map([
                ("image", Value::from(image.as_str())),
                ("name", Value::from(base)),
                ("resources", Value::empty_map()),
            ]);
            if !command.is_empty() {
                container.set(
                    &["command"],
                    Value::list(command.iter().map(String::as_str)),
                );
            }
            if let Some(port) = cli.flags.int("port").filter(|port| *port > 0) {
                container.set(
                    &["ports"],
                    vec![Value::map([("containerPort", Value::Int(port))])],
                );
            }
            container
        });
    let containers: Vec<Value> = containers.collect();
    let mut tree = skeleton(Kind::Deployment, name);
    tree.set(&["metadata", "labels", "app"], name.as_str());
    tree.set(
        &["spec", "replicas"],
        cli.flags.int("replicas").unwrap_or(1),
    );
    tree.set(&["spec", "selector", "matchLabels", "app"], name.as_str());
    tree.set(&["spec", "strategy"], Value::empty_map());
    tree.set(
        &["spec", "template", "metadata", "labels", "app"],
        name.as_str(),
    );
    tree.set(&["spec", "template", "spec", "containers"], containers);
    tree.set(&["status"], Value::empty_map());
    make(cx, cli, Kind::Deployment, tree, failed_to("deployment"))
}

/// Runs `run`.
pub fn run(cx: &mut Context<'_>, cli: &Cli) -> Result<Outcome, Failure> {
    let flags = &cli.flags;
    if !flags.has("image") {
        return Err(Failure::error("required flag(s) \"image\" not set"));
    }
    let Some((name, words)) = flags.args.split_first() else {
        return Err(cli.usage("NAME is required for run"));
    };
    let image = flags.or_empty("image");
    if image.is_empty() {
        return Err(Failure::error("--image is required"));
    }
    if !is_image(image) {
        let image = crate::kubectl::flags::quote(image);
        return Err(Failure::error(format!(
            "Invalid image name {image}: invalid reference format"
        )));
    }
    if flags.on("expose") && flags.or_empty("port").is_empty() {
        return Err(cli.usage("--port must be set when exposing a service"));
    }
    if let Some(policy) = flags.text("image-pull-policy")
        && !matches!(policy, "" | "Always" | "IfNotPresent" | "Never")
    {
        return Err(cli.usage(&format!("invalid image pull policy: {policy}")));
    }
    let mut container = Value::map([
        ("image", Value::from(image)),
        ("name", Value::from(name.as_str())),
        ("resources", Value::empty_map()),
    ]);
    if !words.is_empty() {
        let field = if flags.on("command") {
            "command"
        } else {
            "args"
        };
        container.set(&[field], Value::list(words.iter().map(String::as_str)));
    }
    let attach = flags.on("attach") || flags.on("stdin") || flags.on("tty");
    if flags.on("rm") && !attach {
        return Err(cli.usage("--rm should only be used for attached containers"));
    }
    if attach && cli.dry_run()?.on() {
        return Err(cli.usage(
            "--dry-run=[server|client] can't be used with attached containers options (--attach, --stdin, or --tty)",
        ));
    }
    for (field, on) in [
        ("stdin", flags.on("stdin")),
        (
            "stdinOnce",
            flags.on("stdin") && !flags.on("leave-stdin-open"),
        ),
        ("tty", flags.on("tty")),
    ] {
        if on {
            container.set(&[field], true);
        }
    }
    if let Some(text) = flags.text("port")
        && text.parse::<i64>().is_err()
    {
        return Err(Failure::error(format!(
            "strconv.Atoi: parsing {}: invalid syntax",
            crate::kubectl::flags::quote(text)
        )));
    }
    if let Some(port) = flags.int("port") {
        container.set(
            &["ports"],
            vec![Value::map([("containerPort", Value::Int(port))])],
        );
    }
    if let Some(policy) = flags.text("image-pull-policy") {
        container.set(&["imagePullPolicy"], policy);
    }
    let mut variables = Vec::new();
    for pair in flags.list("env") {
        let fault = || Failure::error(format!("invalid env: {pair}"));
        let (key, value) = pair.split_once('=').ok_or_else(fault)?;
        if key.is_empty() {
            return Err(fault());
        }
        variables.push(Value::map([
            ("name", Value::from(key)),
            ("value", Value::from(value)),
        ]));
    }
    if !variables.is_empty() {
        container.set(&["env"], variables);
    }
    if flags.on("privileged") {
        container.set(&["securityContext", "privileged"], true);
    }
    let mut labels = super::expose::labels(flags.or_empty("labels"))?;
    if labels.is_empty() {
        labels.insert("run", name.as_str());
    }
    let mut tree = skeleton(Kind::Pod, name);
    tree.set(&["metadata", "labels"], Value::Map(labels.clone()));
    for pair in flags.list("annotations") {
        let fault = || Failure::error(format!("invalid annotations format: {pair}"));
        let (key, value) = pair.split_once('=').ok_or_else(fault)?;
        tree.set(&["metadata", "annotations", key], value);
    }
    tree.set(&["spec", "containers"], vec![container]);
    tree.set(&["spec", "dnsPolicy"], "ClusterFirst");
    let restart = match flags.or_empty("restart") {
        "" => "Always",
        policy @ ("Always" | "OnFailure" | "Never") => policy,
        other => {
            return Err(Failure::error(format!(
                "invalid restart policy: {other}\nSee 'kubectl run -h' for help and examples"
            )));
        }
    };
    tree.set(&["spec", "restartPolicy"], restart);
    tree.set(&["status"], Value::empty_map());
    let (kind, mut tree) = overridden(cli, tree)?;
    if !attach {
        let output = Output::read(cli, cx)?;
        if flags.on("expose") {
            let port = flags.int("port").unwrap_or_default();
            let mut service = exposing(name, labels.clone(), port);
            // Labels that were asked for are the Service's, too (recording C-daily-099).
            if !flags.or_empty("labels").is_empty() {
                service.set(&["metadata", "labels"], Value::Map(labels));
            }
            make_as(
                cx,
                cli,
                (Kind::Service, "created"),
                service,
                Failure::from,
                &output,
            )?;
            if matches!(output, Output::Yaml(..)) {
                cx.out.stdout("---\n");
            }
        }
        return make_as(cx, cli, (kind, "created"), tree, Failure::from, &output);
    }
    tree.set(&["metadata", "namespace"], cli.namespace.as_str());
    let pod = cx.world.create(Kind::Pod, tree, &cli.writer(), false)?;
    let attached = Attached::new(cx, cli, pod.key(), words, image)?;
    Ok(Outcome::Run(Box::new(attached)))
}

/// The Service of `run --expose`.
fn exposing(name: &str, selector: Map, port: i64) -> Value {
    let mut service = skeleton(Kind::Service, name);
    let port = Value::map([
        ("port", port.into()),
        ("protocol", "TCP".into()),
        ("targetPort", port.into()),
    ]);
    service.set(&["spec", "ports"], vec![port]);
    service.set(&["spec", "selector"], Value::Map(selector));
    service.set(&["status", "loadBalancer"], Value::empty_map());
    service
}

/// The Pod after `--overrides`, which may even change what it is.
/// `kubectl/pkg/cmd/run/run.go` (`createGeneratedObject`)
fn overridden(cli: &Cli, tree: Value) -> Result<(Kind, Value), Failure> {
    let text = cli.flags.or_empty("overrides");
    let how = match cli.flags.text("override-type").unwrap_or("merge") {
        "merge" => PatchType::Merge,
        "strategic" => PatchType::Strategic,
        "json" => PatchType::Json,
        other => return Err(Failure::error(format!("invalid override type: {other}"))),
    };
    if text.is_empty() {
        return Ok((Kind::Pod, tree));
    }
    let Ok(patch) = Value::from_json(text) else {
        return Err(Failure::error("Invalid JSON Patch"));
    };
    let tree = write::patched_tree(&Object::new(Kind::Pod, tree), &patch, how)?;
    let text = |key: &str| tree.str_at(&[key]).unwrap_or_default();
    let kind = Kind::from_type(text("apiVersion"), text("kind")).unwrap_or(Kind::Pod);
    if let Some(fault) = crate::manifest::decode(kind.name(), &tree).types.first() {
        return Err(Failure::error(fault.message.clone()));
    }
    Ok((kind, tree))
}
